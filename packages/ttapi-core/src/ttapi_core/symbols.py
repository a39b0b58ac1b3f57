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
``contract_year`` and ``exchange`` of a future, which its canonical form leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from ttapi_core.errors import ParameterError, SymbolError
from ttapi_core.futures import CRYPTO_VENUE, EXCHANGE_BY_PRODUCT, MONTH_LETTERS, contract_year, year_from


class InstrumentKind(Enum):
    """What an instrument is."""

    EQUITY = "equity"
    ETF = "etf"
    INDEX = "index"
    FUTURE = "future"
    FUTURE_OPTION = "future_option"
    EQUITY_OPTION = "equity_option"
    CRYPTO = "crypto"
    FX = "fx"


class OptionType(Enum):
    """The right of an option, as symbols spell it."""

    CALL = "C"
    PUT = "P"


_FORMS: Final = {
    InstrumentKind.EQUITY: "an equity such as AAPL or BRK/B",
    InstrumentKind.ETF: "an ETF such as SPY",
    InstrumentKind.INDEX: "an index such as SPX",
    InstrumentKind.FUTURE: "a future such as /ESZ6",
    InstrumentKind.FUTURE_OPTION: "a future option such as './ESZ6 ESZ6  261218C6000'",
    InstrumentKind.EQUITY_OPTION: "an option of 21 characters such as 'SPY   261218C00600000'",
    InstrumentKind.CRYPTO: "a cryptocurrency pair such as BTC/USD",
    InstrumentKind.FX: "a currency pair such as EUR/USD",
}
_ANY_FORM: Final = "an instrument such as AAPL, /ESZ6, 'SPY   261218C00600000' or BTC/USD"

_LENGTH_MAX: Final = 64  # the longest real form has fewer than 40 characters
_EQUITY: Final = re.compile(r"[A-Z][A-Z0-9]{0,9}(?:/[A-Z][A-Z0-9]{0,3})?")
_PAIR: Final = re.compile(r"([A-Z0-9]{2,10})/([A-Z]{3,5})")
_FUTURE: Final = re.compile(rf"/([A-Z0-9]{{1,4}})([{MONTH_LETTERS}])([0-9]{{1,2}})")
_CONTRACT: Final = re.compile(rf"([A-Z0-9]{{1,4}})([{MONTH_LETTERS}])([0-9])")
_OPTION: Final = re.compile(r"([A-Z0-9]{1,6}) *([0-9]{6})([CP])([0-9]{8})")
_OPTION_STREAMER: Final = re.compile(
    r"\.([A-Z0-9]{1,6})([0-9]{6})([CP])((?:0|[1-9][0-9]{0,4})(?:\.[0-9]{1,3})?)"
)
_FUTURE_OPTION: Final = re.compile(
    r"\./([A-Z0-9 ]{5})([A-Z0-9 ]{6})([0-9]{6})([CP])((?:0|[1-9][0-9]{0,7})(?:\.[0-9]{1,8})?)"
)

_CURRENCIES: Final = frozenset(
    "USD EUR GBP JPY CHF AUD CAD NZD SEK NOK DKK SGD HKD CNH CNY MXN ZAR TRY PLN CZK HUF INR BRL KRW ILS THB "
    "TWD".split()
)
_CRYPTO_QUOTES: Final = _CURRENCIES | {"USDT", "USDC", "BTC", "ETH"}

# Option roots that are not their underlying's name, beside adjusted roots, which carry a digit.
_UNDERLYING_BY_ROOT: Final = {
    "SPXW": "SPX",
    "NDXP": "NDX",
    "RUTW": "RUT",
    "VIXW": "VIX",
    "MRUT": "RUT",
    "BRKB": "BRK/B",
    "BFB": "BF/B",
}

# Characters of canonical texts that file names cannot carry everywhere, and what stands for them.
_TO_FILE: Final = str.maketrans({"/": "_", " ": "-", ".": "+"})
_FROM_FILE: Final = str.maketrans({"_": "/", "-": " ", "+": "."})
_RESERVED: Final = frozenset(
    ["CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))]
)
_RESERVED_MARK: Final = "~"


class _Reading(NamedTuple):
    """What a canonical text says."""

    root: str
    underlying: str
    expiration: date | None = None
    option_type: OptionType | None = None
    strike: Decimal | None = None


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
        Expiration day of an option; None for everything else, futures included, whose name has the month only.
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
        reading = _READERS[self.kind](self.canonical)
        if reading is None:
            raise SymbolError(self.canonical, _FORMS[self.kind])
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
            raise ParameterError("contract_year", year, f"a year from 2000 to 2099 that ends in {self.canonical[-1]}")

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
            If it is no streamer symbol; and for every future option, because its streamer symbol has neither the
            underlying future nor the expiration day: take the canonical form from the option chain.
        """
        if not isinstance(text, str):
            raise SymbolError(text, "a text")
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
            return _of_kind(_future(name, exchange=venue or None), kind)
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
            Day on which the symbol is in use. It settles the decade of a future whose ``contract_year`` is not
            known: the first year that fits and whose contract month is at most twelve months before that day's.

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


def _check_text(text: str) -> None:
    if not isinstance(text, str) or len(text) > _LENGTH_MAX:
        raise SymbolError(text, f"a text of at most {_LENGTH_MAX} characters")
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
        raise SymbolError(text, _ANY_FORM, hint="a streamer symbol is read by Symbol.from_streamer")
    if _OPTION.fullmatch(trimmed):
        return _of_kind(Symbol(trimmed, InstrumentKind.EQUITY_OPTION), kind)
    canonical = trimmed.upper()
    return Symbol(canonical, kind or _kind_of_plain(canonical))


def _of_kind(symbol: Symbol, kind: InstrumentKind | None) -> Symbol:
    if kind not in (None, symbol.kind):
        raise SymbolError(symbol.canonical, _FORMS[kind])
    return symbol


def _kind_of_plain(canonical: str) -> InstrumentKind:
    if pair := _PAIR.fullmatch(canonical):
        base, quote = pair.groups()
        if base in _CURRENCIES and quote in _CURRENCIES:
            return InstrumentKind.FX
        if quote in _CRYPTO_QUOTES:
            return InstrumentKind.CRYPTO
    if not _EQUITY.fullmatch(canonical):
        hint = "share classes are written with a slash, as in BRK/B" if re.search(r"\w[.\-]\w", canonical) else ""
        raise SymbolError(canonical, _ANY_FORM, hint=hint)
    return InstrumentKind.EQUITY


def _future(text: str, *, exchange: str | None = None) -> Symbol:
    match = _FUTURE.fullmatch(text)
    if match is None:
        raise SymbolError(text, _FORMS[InstrumentKind.FUTURE])
    if exchange is not None and not re.fullmatch("[A-Z]{4}", exchange):
        raise SymbolError(f"{text}:{exchange}", "a future such as /ESZ26:XCME")
    product, letter, digits = match.groups()
    year = 2000 + int(digits) if len(digits) == 2 else None
    return Symbol(f"/{product}{letter}{digits[-1]}", InstrumentKind.FUTURE, contract_year=year, exchange=exchange)


def _option_from_streamer(text: str) -> Symbol:
    match = _OPTION_STREAMER.fullmatch(text)
    if match is None:
        raise SymbolError(text, "an option such as .SPY261218C600")
    root, day, right, strike = match.groups()
    thousandths = int(Decimal(strike).scaleb(3))
    return Symbol(f"{root:<6}{day}{right}{thousandths:08}", InstrumentKind.EQUITY_OPTION)


def _read_plain(canonical: str) -> _Reading | None:
    return _Reading(canonical, canonical) if _EQUITY.fullmatch(canonical) else None


def _read_pair(canonical: str) -> _Reading | None:
    pair = _PAIR.fullmatch(canonical)
    return _Reading(pair[1], canonical) if pair else None


def _read_future(canonical: str) -> _Reading | None:
    match = _CONTRACT.fullmatch(canonical[1:])
    return _Reading(match[1], canonical) if match and canonical.startswith("/") else None


def _read_option(canonical: str) -> _Reading | None:
    match = _OPTION.fullmatch(canonical)
    if match is None or len(canonical) != 21:
        return None
    root, day, right, thousandths = match.groups()
    expiration, strike = _day(day), Decimal(thousandths).scaleb(-3)
    if expiration is None or not strike or root.isdigit():
        return None
    return _Reading(root, _underlying_of(root), expiration, OptionType(right), _plain(strike))


def _read_future_option(canonical: str) -> _Reading | None:
    match = _FUTURE_OPTION.fullmatch(canonical)
    if match is None:
        return None
    future, contract = match[1].rstrip(), _CONTRACT.fullmatch(match[2].rstrip())
    expiration, strike = _day(match[3]), Decimal(match[5])
    if contract is None or not _CONTRACT.fullmatch(future) or expiration is None or not strike:
        return None
    return _Reading(contract[1], f"/{future}", expiration, OptionType(match[4]), _plain(strike))


_READERS: Final[dict[InstrumentKind, Callable[[str], _Reading | None]]] = {
    InstrumentKind.EQUITY: _read_plain,
    InstrumentKind.ETF: _read_plain,
    InstrumentKind.INDEX: _read_plain,
    InstrumentKind.FUTURE: _read_future,
    InstrumentKind.FUTURE_OPTION: _read_future_option,
    InstrumentKind.EQUITY_OPTION: _read_option,
    InstrumentKind.CRYPTO: _read_pair,
    InstrumentKind.FX: _read_pair,
}


def _underlying_of(root: str) -> str:
    plain = root.strip("0123456789")
    return _UNDERLYING_BY_ROOT.get(plain, plain)


def _day(yymmdd: str) -> date | None:
    try:
        return date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return None


def _plain(strike: Decimal) -> Decimal:
    """Drop trailing zeros after the point, and only those: 600.500 is 600.5, 600 stays 600."""
    return Decimal(f"{strike.normalize():f}")
