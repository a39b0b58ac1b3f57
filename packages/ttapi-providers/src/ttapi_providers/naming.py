# SPDX-License-Identifier: Apache-2.0
"""
How vendors write the names of instruments, and how those names become canonical again.

Canonical is what `ttapi_core.Symbol` reads: ``BRK/B``, ``BTC/USD``, ``EUR/USD``. A name that has no canonical
form, such as ``VOD.L`` or ``BTC-27DEC24-100000-C``, stays as the vendor writes it; the column
``vendor_symbol`` has the vendor's own spelling in every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ttapi_core import Symbol, SymbolError

_SHARE_CLASS: Final = re.compile(r"([A-Z]{1,5})[.\-]([A-Z])")
# Without BUSD and TUSD: XBTUSD is XBT/USD, BNBUSD is BNB/USD. A venue that has no other dollars names them.
_QUOTES: Final = (
    *(
        "USDT",
        "USDC",
        "FDUSD",
        "DAI",
        "USD",
        "EUR",
        "GBP",
        "JPY",
        "CHF",
        "CAD",
        "AUD",
        "TRY",
        "BRL",
        "KRW",
        "RUB",
    ),
    *("UAH", "NGN", "ZAR", "PLN", "ARS", "MXN", "SGD", "BTC", "XBT", "ETH", "BNB"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """
    How one vendor writes names.

    Parameters
    ----------
    to_vendor
        From the canonical form.
    to_canonical
        From the vendor's; None where there is no canonical form.
    """

    to_vendor: Callable[[str], str]
    to_canonical: Callable[[str], str | None]

    def canonical(self, name: str) -> str:
        """Return the canonical form, or the vendor's own where there is none."""
        return self.to_canonical(name) or name


def _parsed(text: str) -> str | None:
    try:
        return Symbol.parse(text).canonical
    except SymbolError:
        return None


def share_classes(mark: str) -> Naming:
    """Write share classes with a mark: ``BRK-B`` or ``BRK.B`` for ``BRK/B``."""

    def to_canonical(name: str) -> str | None:
        match = _SHARE_CLASS.fullmatch(name)
        if match is not None and mark in name:
            return _parsed(f"{match[1]}/{match[2]}")
        return _parsed(name) if "/" not in name else None

    return Naming(to_vendor=lambda symbol: symbol.replace("/", mark), to_canonical=to_canonical)


def pairs(
    mark: str = "",
    *,
    lower: bool = False,
    coins: Mapping[str, str] | None = None,
    quotes: tuple[str, ...] = _QUOTES,
) -> Naming:
    """
    Write currency pairs with a mark between the two, or none: ``BTC-USD``, ``BTCUSDT``.

    Parameters
    ----------
    mark
        Between base and quote.
    lower
        Whether the vendor writes lower case.
    coins
        The vendor's own names of currencies by canonical name (``{"BTC": "XBT"}``).
    quotes
        Currencies that can stand second, for names without a mark; of several that fit the longest is taken.
    """
    ours = {vendor: name for name, vendor in (coins or {}).items()}
    longest_first = sorted(quotes, key=len, reverse=True)

    def to_vendor(symbol: str) -> str:
        base, slash, quote = symbol.partition("/")
        if not slash:
            return symbol.lower() if lower else symbol
        name = mark.join((coins or {}).get(part, part) for part in (base, quote))
        return name.lower() if lower else name

    def to_canonical(name: str) -> str | None:
        upper = name.upper()
        if mark:
            base, found, quote = upper.partition(mark.upper())
            if not found or mark.upper() in quote:
                return None
        else:
            quote = next((q for q in longest_first if upper.endswith(q) and len(upper) > len(q)), "")
            base = upper.removesuffix(quote)
        if not base or not quote:
            return None
        return pair(ours.get(base, base), ours.get(quote, quote))

    return Naming(to_vendor=to_vendor, to_canonical=to_canonical)


def pair(base: str, quote: str) -> str:
    """Return the canonical form of a currency pair: units of ``quote`` for one of ``base``."""
    return f"{base.strip().upper()}/{quote.strip().upper()}"


AS_IS: Final = Naming(to_vendor=lambda symbol: symbol, to_canonical=_parsed)
"""Names as they are."""
