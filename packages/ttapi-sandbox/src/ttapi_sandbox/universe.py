# SPDX-License-Identifier: Apache-2.0
"""Who is listed: 507 real names with made-up figures, two indexes, and as many made-up names as asked for."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from itertools import islice, product
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE_SIZE: Final = 507
"""Equities and ETFs in the shipped table."""

LISTINGS_MAX: Final = 10_000
"""As many equities and ETFs as a sandbox can list: about as many as the real list has."""


class Listing(NamedTuple):
    """
    A listed name and the figures that its simulated prices are made from.

    ``price`` is the price on the anchor date of the simulation, ``beta`` the slope against the market,
    ``volatility`` the annualised long-run volatility (0.2 is 20 %).
    """

    symbol: str
    name: str
    kind: str
    sector: str
    market: str
    price: float
    beta: float
    volatility: float

    @property
    def is_index(self) -> bool:
        """Whether it is an index, which has no bid, no ask and no volume."""
        return self.kind == "INDEX"

    @property
    def is_etf(self) -> bool:
        """Whether it is an exchange-traded fund."""
        return self.kind == "ETF"

    @property
    def option_root(self) -> str:
        """The root of its standard options: the symbol without a slash."""
        return self.symbol.replace("/", "")


INDEXES: Final = (
    Listing("SPX", "S&P 500 Index", "INDEX", "Broad Market", "XCBO", 6260.0, 1.0, 0.155),
    Listing("VIX", "Cboe Volatility Index", "INDEX", "Volatility", "XCBO", 17.0, -4.0, 0.9),
)


@cache
def table() -> tuple[Listing, ...]:
    """Return the shipped equities and ETFs, the best known first."""
    with files("ttapi_sandbox").joinpath("universe.csv").open(encoding="utf-8") as lines:
        rows = csv.reader(lines)
        next(rows)
        return tuple(_listing(row) for row in rows)


def _listing(row: list[str]) -> Listing:
    symbol, name, kind, sector, market, price, beta, volatility = row
    return Listing(symbol, name, kind, sector, market, float(price), float(beta), float(volatility))


@cache
def listings(count: int) -> tuple[Listing, ...]:
    """Return the first ``count`` equities and ETFs; beyond the shipped table come made-up ones."""
    return (*table()[:count], *islice(_made_up(), max(0, count - TABLE_SIZE)))


def _made_up() -> Iterator[Listing]:
    # Five letters that begin with Z: no US stock that trades today is named so.
    sectors = sorted({listing.sector for listing in table() if listing.kind == "EQUITY"})
    for number, letters in enumerate(product(ascii_uppercase, repeat=3)):
        yield Listing(
            f"ZZ{''.join(letters)}",
            f"Sample Company {number + 1}",
            "EQUITY",
            sectors[number % len(sectors)],
            "XNYS",
            round(8.0 + (number * 37) % 290 + (number % 100) / 100, 2),
            round(0.5 + (number * 7) % 13 / 10, 1),
            round(0.18 + (number * 11) % 30 / 100, 2),
        )
