# SPDX-License-Identifier: Apache-2.0
"""Splits and dividends of the simulated names."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_sandbox.randomness import generator

if TYPE_CHECKING:
    from ttapi_sandbox.trading_days import TradingDays
    from ttapi_sandbox.universe import Listing

SPLIT_CHANCE_PER_YEAR: Final = 0.03
_RATIOS: Final = (2.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 0.1)
_NO_INCOME: Final = frozenset({"Precious Metals", "Volatility"})
_PAYERS: Final = {"Technology": 0.45, "Communication": 0.5, "Consumer Discretionary": 0.6, "Health Care": 0.6}


class Split(NamedTuple):
    """From session ``number`` on, one old share is ``ratio`` new ones; below 1 for a reverse split."""

    number: int
    ratio: float


class DividendPolicy(NamedTuple):
    """
    A yearly yield paid in four parts.

    ``months`` are the three-month cycle's months, ``day`` the day of the month whose first session on or
    after it is the ex-dividend date.
    """

    annual_yield: float
    months: tuple[int, ...]
    day: int


NO_DIVIDEND: Final = DividendPolicy(0.0, (), 1)


def splits(listing: Listing, seed: int, days: TradingDays) -> tuple[Split, ...]:
    """Return the splits of a stock over all ``days``; funds and indexes have none."""
    if listing.kind != "EQUITY":
        return ()
    found = []
    for year in range(days.dates[0].year, days.dates[-1].year + 1):
        chance = generator(seed, listing.symbol, "split", year)
        if chance.random() < SPLIT_CHANCE_PER_YEAR:
            number = days.at_or_after(date(year, chance.randint(2, 12), chance.randint(1, 28)))
            found.append(Split(number, chance.choice(_RATIOS)))
    return tuple(split for split in found if split.number < len(days))


def dividend_policy(listing: Listing, seed: int) -> DividendPolicy:
    """Return how a name pays; `NO_DIVIDEND` if it does not."""
    if listing.is_index or listing.sector in _NO_INCOME:
        return NO_DIVIDEND
    chance = generator(seed, listing.symbol, "dividend")
    if not listing.is_etf and chance.random() > _PAYERS.get(listing.sector, 0.85):
        return NO_DIVIDEND
    annual_yield = 0.012 if listing.is_etf else round(chance.uniform(0.004, 0.042), 4)
    first = chance.randint(1, 3)
    return DividendPolicy(annual_yield, tuple(range(first, 13, 3)), chance.randint(3, 25))


def ex_dividend_numbers(policy: DividendPolicy, days: TradingDays) -> list[int]:
    """Return the numbers of all sessions that open without the dividend, ascending."""
    years = range(days.dates[0].year, days.dates[-1].year + 1)
    numbers = (days.at_or_after(date(year, month, policy.day)) for year in years for month in policy.months)
    return [number for number in numbers if number < len(days)]
