# SPDX-License-Identifier: Apache-2.0
"""Futures contracts by name: month letters, products and their exchanges, and the year behind one digit."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import Final

MONTH_LETTERS: Final = "FGHJKMNQUVXZ"
"""January to December."""

CRYPTO_VENUE: Final = "CXTALP"
"""Suffix of streamer symbols of cryptocurrencies."""

_PRODUCTS_BY_EXCHANGE: Final = {
    "XCME": (
        "ES MES NQ MNQ RTY M2K EMD NKD NIY SR1 SR3 ZQ GE GF HE LE BTC MBT ETH MET SOL MSL XRP MXP "
        "6A 6B 6C 6E 6J 6L 6M 6N 6S M6A M6B M6E MJY MCD MSF MIR"
    ),
    "XCBT": "YM MYM ZB ZN ZF ZT UB TN TWE ZC ZS ZW ZL ZM ZO ZR KE XC XW XK YC YW YK 2YY 5YY 10Y 30Y",
    "XNYM": "CL MCL QM BZ NG QG MNG HO RB PL PA",
    "XCEC": "GC MGC QO 1OZ SI SIL QI HG MHG QC",
    "XCBF": "VX VXM",
}

EXCHANGE_BY_PRODUCT: Final = MappingProxyType(
    {product: exchange for exchange, codes in _PRODUCTS_BY_EXCHANGE.items() for product in codes.split()}
)
"""Streamer exchange code of the common products; the API tells it for all."""


def contract_year(digit: int, *, month: int, on: date) -> int:
    """
    Return the year that a one-digit contract year means on a day.

    It is the first year with that last digit whose contract month lies no more than twelve months before
    the month of ``on``: contracts are listed for years ahead, and are looked up for a while after they end.

    Parameters
    ----------
    digit
        Last digit of the year, 0 to 9.
    month
        Contract month, 1 to 12.
    on
        The day on which the symbol is, or was, in use.

    Examples
    --------
    >>> from datetime import date
    >>> contract_year(6, month=12, on=date(2026, 11, 20))
    2026
    >>> contract_year(5, month=3, on=date(2026, 11, 20))
    2035
    """
    earliest = on.year - 1 if month >= on.month else on.year
    return year_from(earliest, digit)


def year_from(earliest: int, digit: int) -> int:
    """Return the first year not before ``earliest`` that ends in ``digit``."""
    return earliest + (digit - earliest) % 10
