# SPDX-License-Identifier: Apache-2.0
"""
Daily bars of a name: a pure function of the seed, the symbol and the date.

The close follows market, sector and the name's own shocks; its level is set so that it passes through the
listing's price on `ANCHOR_DAY`. Bars are adjusted for splits up to the as-of date, not for dividends.
"""

from __future__ import annotations

import math
from array import array
from datetime import date
from functools import cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_sandbox.corporate_actions import NO_DIVIDEND, dividend_policy, ex_dividend_numbers, splits
from ttapi_sandbox.factors import (
    DAYS_PER_YEAR,
    MARKET_VOLATILITY,
    SECTOR_VOLATILITY,
    Volatility,
    clustered,
    daily_variance,
    has_sector,
)
from ttapi_sandbox.randomness import shocks

if TYPE_CHECKING:
    from ttapi_sandbox.corporate_actions import DividendPolicy, Split
    from ttapi_sandbox.factors import Factors
    from ttapi_sandbox.trading_days import TradingDays
    from ttapi_sandbox.universe import Listing

ANCHOR_DAY: Final = date(2026, 1, 2)
_OWN_VARIANCE_SHARE_MIN: Final = 0.005
_VIX_PREMIUM: Final = 1.12


class Bar(NamedTuple):
    """One day; prices in dollars, volume in shares, both adjusted for splits."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: float
    vwap: float
    trade_count: int


class BarSeries:
    """
    All daily bars of one name.

    Parameters
    ----------
    listing
        The name.
    factors
        What moves it together with others.
    days
        The sessions; bars are addressed by session number.
    """

    def __init__(self, listing: Listing, factors: Factors, days: TradingDays) -> None:
        self.listing = listing
        self._factors = factors
        self._days = days
        self._seed = factors.seed

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """All splits, past and to come."""
        return splits(self.listing, self._seed, self._days)

    @cached_property
    def dividends(self) -> DividendPolicy:
        """How it pays dividends."""
        return dividend_policy(self.listing, self._seed)

    @cached_property
    def ex_dividend_numbers(self) -> list[int]:
        """Session numbers of all ex-dividend days."""
        return [] if self.dividends is NO_DIVIDEND else ex_dividend_numbers(self.dividends, self._days)

    @cached_property
    def log_closes(self) -> array[float]:
        """Logarithms of all closes, in shares as they are on the anchor day."""
        if self.listing.symbol == "VIX":
            scale = 100 * _VIX_PREMIUM * math.sqrt(DAYS_PER_YEAR)
            return array("d", (math.log(scale * math.sqrt(one)) for one in self._factors.market.variances))
        path = list(accumulate(self._returns()))
        shift = math.log(self.listing.price) - path[self._days.at_or_before(ANCHOR_DAY)]
        return array("d", (value + shift for value in path))

    def _returns(self) -> list[float]:
        listing = self.listing
        drift = (0.03 + 0.04 * listing.beta - listing.volatility**2 / 2) / DAYS_PER_YEAR
        steps = [drift + common + own for common, own in zip(self._common(), self._own(), strict=True)]
        for number in self.ex_dividend_numbers:
            steps[number] -= self.dividends.annual_yield / 4
        return steps

    def _common(self) -> list[float]:
        beta = self.listing.beta
        market = self._factors.market.returns
        sector = self._factors.sector(self.listing.sector)
        return [beta * one + two for one, two in zip(market, sector, strict=True)]

    def _own(self) -> list[float]:
        listing = self.listing
        if listing.is_index:
            return [0.0] * self._factors.count
        total = listing.volatility**2
        explained = (listing.beta * MARKET_VOLATILITY) ** 2
        explained += SECTOR_VOLATILITY**2 if has_sector(listing.sector) else 0.0
        share = max(total - explained, _OWN_VARIANCE_SHARE_MIN * total)
        law = Volatility(daily_variance(math.sqrt(share)), 0.08, 0.88)
        return clustered(shocks(self._factors.count, self._seed, listing.symbol, "own"), law).returns

    @cached_property
    def _within(self) -> list[float]:
        # Four shocks a day: the gap at the open, how far high and low go, the volume.
        return shocks(4 * self._factors.count, self._seed, self.listing.symbol, "within")

    def adjustment(self, as_of: int) -> float:
        """Return the factor from prices in shares of the anchor day to those of session ``as_of``."""
        anchor = self._days.at_or_before(ANCHOR_DAY)
        factor = 1.0
        for number, ratio in self.splits:
            if as_of < number <= anchor:
                factor *= ratio
            elif anchor < number <= as_of:
                factor /= ratio
        return factor

    def close(self, number: int, as_of: int) -> float:
        """Return the close of session ``number`` in shares of session ``as_of``, rounded to its tick."""
        return rounded(math.exp(self.log_closes[number]) * self.adjustment(as_of))

    def volatility(self, number: int) -> float:
        """Return the annualised volatility that twenty sessions up to ``number`` realised."""
        path = self.log_closes[max(0, number - 20) : number + 1]
        squares = [(after - before) ** 2 for before, after in pairwise(path)]
        if not squares:
            return self.listing.volatility
        return math.sqrt(DAYS_PER_YEAR * sum(squares) / len(squares))

    def bar(self, number: int, as_of: int) -> Bar:
        """Return the whole bar of session ``number``, adjusted for splits up to session ``as_of``."""
        factor = self.adjustment(as_of)
        closes = self.log_closes
        previous = closes[number - 1] if number else closes[0]
        step = closes[number] - previous
        size = 0.6 * abs(step) + 0.5 * self.listing.volatility / math.sqrt(DAYS_PER_YEAR)
        gap, up, down, busy = self._within[4 * number : 4 * number + 4]
        first = math.exp(previous + 0.35 * step + 0.25 * size * gap) * factor
        last = math.exp(closes[number]) * factor
        high = rounded(max(first, last) * math.exp(0.4 * size * abs(up)))
        low = rounded(min(first, last) * math.exp(-0.4 * size * abs(down)))
        opened, close = rounded(first), rounded(last)
        volume = self._volume(factor, activity=0.3 * busy + 12 * abs(step))
        vwap = min(max(round((opened + high + low + 2 * close) / 5, 4), low), high)
        return Bar(
            self._days.dates[number], opened, high, low, close, volume, vwap, int(volume / 110) + bool(volume)
        )

    def _volume(self, factor: float, *, activity: float) -> float:
        listing = self.listing
        if listing.is_index:
            return 0.0
        dollars = 4e8 * (8 if listing.is_etf else 1) * (0.3 + listing.volatility)
        return float(int(dollars / listing.price / factor * math.exp(min(activity, 3.0))))


def rounded(price: float) -> float:
    """Return a price on its tick: a cent, below one dollar a hundredth of a cent."""
    return round(price, 2) if price >= 1.0 else max(round(price, 4), 0.0001)
