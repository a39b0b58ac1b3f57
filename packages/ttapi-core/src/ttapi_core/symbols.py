# SPDX-License-Identifier: Apache-2.0
"""
Names of instruments: one validated, canonical text each, and the forms that other systems use.

The canonical form is the one of the REST interface:

================  ==============================  =======================
kind              canonical                       streamer
================  ==============================  =======================
equity, ETF       ``AAPL``, ``BRK/B``             the same
index             ``SPX``                         the same
equity option     ``SPY   261218C00600000``       ``.SPY261218C600``
future            ``/ESZ6``                       ``/ESZ26:XCME``
future option     ``./ESZ6 ESZ6  261218C6000``    ``./ESZ26C6000:XCME``
crypto            ``BTC/USD``                     ``BTC/USD:CXTALP``
FX                ``EUR/USD``                     the same
================  ==============================  =======================

Identity is the canonical text alone. Equities, ETFs and indices share one namespace and the text does not
tell them apart, so ``kind`` is what the caller knows: it takes no part in comparing. Nor do
``contract_year`` and ``exchange`` of a future, which its canonical form leaves out. Years of two digits are
those from 2000 to 2099.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from ttapi_core import notation
from ttapi_core.errors import ParameterError, SymbolError
from ttapi_core.futures import CRYPTO_VENUE, EXCHANGE_BY_PRODUCT, MONTH_LETTERS, contract_year, year_from
from ttapi_core.notation import InstrumentKind, OptionType

__all__ = ["InstrumentKind", "OptionType", "Symbol"]

# Characters of canonical texts that file names cannot carry everywhere, and what stands for them.
_TO_FILE: Final = str.maketrans({"/": "_", " ": "-", ".": "+"})
_FROM_FILE: Final = str.maketrans({"_": "/", "-": " ", "+": "."})
_RESERVED: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))]
)
_RESERVED_MARK: Final = "~"


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Symbol:
    """
    The name of one instrument; immutable, hashable, ordered by its canonical text.

    Make it with `parse`, `from_streamer` or `from_file_name`; the constructor takes the canonical form only.

    Parameters
    ----------
    canonical
        The REST form.
    kind
        What it names; not part of the identity.
    contract_year
        Full year of a future, where known; its canonical form has the last digit only.
    exchange
        Streamer exchange code of a future, such as ``XCME``, where known.

    Attributes
    ----------
    root
        Option root (``SPXW``), product code of a future (``ES``), base of a pair, else the canonical text.
    underlying
        Canonical text of what an option is written on, else the canonical text itself. For an equity option
        it is read from the root (``SPXW`` is on ``SPX``, ``AAPL1`` on ``AAPL``); the option chain has the
        last word.
    expiration
        Expiration day of an option; None for everything else: the name of a future has the month only.
    option_type, strike
        Of an option; None for everything else.

    Raises
    ------
    SymbolError
        If the text is not a canonical name of that kind.

    Examples
    --------
    >>> option = Symbol.parse("SPY   261218C00602500")
    >>> option.root, option.expiration.isoformat(), option.strike, option.streamer
    ('SPY', '2026-12-18', Decimal('602.5'), '.SPY261218C602.5')
    """

    canonical: str
    kind: InstrumentKind = field(compare=False)
    contract_year: int | None = field(default=None, compare=False, kw_only=True)
    exchange: str | None = field(default=None, compare=False, kw_only=True)
    root: str = field(init=False, compare=False)
    underlying: str = field(init=False, compare=False)
    expiration: date | None = field(init=False, compare=False)
    option_type: OptionType | None = field(init=False, compare=False)
    strike: Decimal | None = field(init=False, compare=False)

    def __post_init__(self) -> None:
        _check_kind(self.kind)
        _check_text(self.canonical)
        reading = notation.READERS[self.kind](self.canonical)
        if reading is None:
            raise SymbolError(self.canonical, notation.FORMS[self.kind])
        for name, value in reading._asdict().items():
            object.__setattr__(self, name, value)
        self._check_contract()

    def _check_contract(self) -> None:
        if self.contract_year is None and self.exchange is None:
            return
        if self.kind is not InstrumentKind.FUTURE:
            raise ParameterError("kind", self.kind, "FUTURE where a contract year or an exchange is given")
        year = self.contract_year
        if year is not None and (not 2000 <= year <= 2099 or year % 10 != int(self.canonical[-1])):
            raise ParameterError(
                "contract_year", year, f"a year from 2000 to 2099 that ends in {self.canonical[-1]}"
            )

    @classmethod
    def parse(cls, text: str, *, kind: InstrumentKind | None = None) -> Symbol:
        """
        Read a name as a person or the REST interface writes it.

        Blanks around it are dropped, and equities and pairs are put in upper case (``" aapl "`` is ``AAPL``);
        futures and options are taken as they stand. A future may have a year of two digits (``/ESZ26``).

        Parameters
        ----------
        text
            The name.
        kind
            What it is, where known. Without it the form decides: a plain name is an equity, and a pair is FX
            if both parts are currencies and crypto if only the second is a currency or a coin.

        Raises
        ------
        SymbolError
            If it is no name, or not one of the given kind.
        """
        if not isinstance(text, str):
            raise SymbolError(text, "a text")
        if kind is not None:
            _check_kind(kind)
        return _parse(text, kind)

    @classmethod
    def from_streamer(cls, text: str, *, kind: InstrumentKind | None = None) -> Symbol:
        """
        Read a name as the streamer writes it.

        Parameters
        ----------
        text
            The streamer symbol, without a candle's braces.
        kind
            What it is, where known; as in `parse`.

        Raises
        ------
        SymbolError
            If it is no streamer symbol; and for every future option, because its streamer symbol has neither
            the underlying future nor the expiration day: take the canonical form from the option chain.
        """
        _check_text(text)
        if text.startswith("./"):
            raise SymbolError(
                text,
                "a streamer symbol that can be read back",
                hint="that of a future option has no expiration day: take the symbol from the option chain",
            )
        if text.startswith("."):
            return _of_kind(_option_from_streamer(text), kind)
        name, colon, venue = text.partition(":")
        if name.startswith("/"):
            return _of_kind(_future(name, exchange=venue if colon else None), kind)
        if colon and venue != CRYPTO_VENUE:
            raise SymbolError(text, f"a streamer symbol such as AAPL, /ESZ26:XCME or BTC/USD:{CRYPTO_VENUE}")
        return cls.parse(name, kind=kind or (InstrumentKind.CRYPTO if colon else None))

    @classmethod
    def from_file_name(cls, name: str, *, kind: InstrumentKind | None = None) -> Symbol:
        """
        Read back what `file_name` wrote.

        Raises
        ------
        SymbolError
            If no symbol has that file name.
        """
        if not isinstance(name, str):
            raise SymbolError(name, "a text")
        symbol = cls.parse(name.removesuffix(_RESERVED_MARK).translate(_FROM_FILE), kind=kind)
        if symbol.file_name != name:
            raise SymbolError(name, "a file name made from a symbol")
        return symbol

    @property
    def file_name(self) -> str:
        """
        A name for files and folders, without an extension.

        Distinct symbols have distinct names, also where case is ignored; no name is reserved on any system,
        begins with a dot or a dash, or is longer than 64 bytes. `from_file_name` is its inverse.
        """
        if self.canonical in _RESERVED:
            return self.canonical + _RESERVED_MARK
        return self.canonical.translate(_TO_FILE)

    @property
    def streamer(self) -> str:
        """The streamer form, with the year of a future as of today in UTC; see `streamer_on`."""
        return self.streamer_on(datetime.now(UTC).date())

    def streamer_on(self, on: date) -> str:
        """
        Return the streamer form.

        Prefer the one that the API delivers where it is at hand.

        Parameters
        ----------
        on
            Day on which the symbol is in use. It settles the decade of a future whose ``contract_year`` is
            not known: the first that fits, from a contract month twelve months before that day's on.

        Raises
        ------
        SymbolError
            If the exchange of a future is neither known nor in the table of common products.
        """
        if self.kind is InstrumentKind.FUTURE:
            month = MONTH_LETTERS.index(self.canonical[-2]) + 1
            year = self.contract_year or contract_year(int(self.canonical[-1]), month=month, on=on)
            return f"{self.canonical[:-1]}{year % 100:02}:{self._exchange_of(self.root)}"
        if self.kind is InstrumentKind.CRYPTO:
            return f"{self.canonical}:{CRYPTO_VENUE}"
        if self.expiration is None or self.option_type is None or self.strike is None:
            return self.canonical
        right = f"{self.option_type.value}{self.strike:f}"
        if self.kind is InstrumentKind.EQUITY_OPTION:
            return f".{self.root}{self.expiration:%y%m%d}{right}"
        contract = self.canonical[7:13].rstrip()
        # Contract months lie at or after the expiration, so the year is certain within a decade.
        year = year_from(self.expiration.year, int(contract[-1]))
        return f"./{contract[:-1]}{year % 100:02}{right}:{self._exchange_of(self.underlying[1:-2])}"

    def _exchange_of(self, product: str) -> str:
        exchange = self.exchange or EXCHANGE_BY_PRODUCT.get(product)
        if exchange is None:
            raise SymbolError(
                self.canonical,
                "a product whose exchange is known",
                hint="take the streamer symbol from the API",
            )
        return exchange

    def __str__(self) -> str:
        return self.canonical

    def __repr__(self) -> str:
        return f"Symbol({self.canonical!r}, {self.kind})"


def _check_kind(kind: object) -> None:
    if not isinstance(kind, InstrumentKind):
        raise ParameterError("kind", kind, "an InstrumentKind")


def _check_text(text: object) -> None:
    if not isinstance(text, str) or len(text) > notation.LENGTH_MAX:
        raise SymbolError(text, f"a text of at most {notation.LENGTH_MAX} characters")
    if not (text.isascii() and text.isprintable()):
        raise SymbolError(text, "printable ASCII characters only")


@lru_cache(maxsize=32_768)  # symbols repeat: one object each keeps a stream of quotes cheap
def _parse(text: str, kind: InstrumentKind | None) -> Symbol:
    _check_text(text)
    trimmed = text.strip(" ")
    if trimmed.startswith("./"):
        return _of_kind(Symbol(trimmed, InstrumentKind.FUTURE_OPTION), kind)
    if trimmed.startswith("/"):
        return _of_kind(_future(trimmed), kind)
    if trimmed.startswith("."):
        raise SymbolError(text, notation.ANY_FORM, hint="a streamer symbol is read by Symbol.from_streamer")
    if notation.OPTION.fullmatch(trimmed):
        return _of_kind(Symbol(trimmed, InstrumentKind.EQUITY_OPTION), kind)
    canonical = trimmed.upper()
    return Symbol(canonical, kind or _kind_of_plain(canonical))


def _of_kind(symbol: Symbol, kind: InstrumentKind | None) -> Symbol:
    if kind not in (None, symbol.kind):
        raise SymbolError(symbol.canonical, notation.FORMS[kind])
    return symbol


def _kind_of_plain(canonical: str) -> InstrumentKind:
    if pair := notation.PAIR.fullmatch(canonical):
        base, quote = pair.groups()
        if base in notation.CURRENCIES and quote in notation.CURRENCIES:
            return InstrumentKind.FX
        if quote in notation.CRYPTO_QUOTES:
            return InstrumentKind.CRYPTO
    if not notation.EQUITY.fullmatch(canonical):
        share_class = re.search(r"\w[.\-]\w", canonical)
        hint = "share classes are written with a slash, as in BRK/B" if share_class else ""
        raise SymbolError(canonical, notation.ANY_FORM, hint=hint)
    return InstrumentKind.EQUITY


def _future(text: str, *, exchange: str | None = None) -> Symbol:
    match = notation.FUTURE.fullmatch(text)
    if match is None:
        raise SymbolError(text, notation.FORMS[InstrumentKind.FUTURE])
    if exchange is not None and not re.fullmatch("[A-Z]{4}", exchange):
        raise SymbolError(f"{text}:{exchange}", "a future such as /ESZ26:XCME")
    product, letter, digits = match.groups()
    year = 2000 + int(digits) if len(digits) == 2 else None
    return Symbol(
        f"/{product}{letter}{digits[-1]}", InstrumentKind.FUTURE, contract_year=year, exchange=exchange
    )


def _option_from_streamer(text: str) -> Symbol:
    match = notation.OPTION_STREAMER.fullmatch(text)
    if match is None:
        raise SymbolError(text, "an option such as .SPY261218C600")
    root, day, right, strike = match.groups()
    thousandths = int(Decimal(strike).scaleb(3))
    return Symbol(f"{root:<6}{day}{right}{thousandths:08}", InstrumentKind.EQUITY_OPTION)
