# SPDX-License-Identifier: Apache-2.0
"""The simulated market at a moment: who is listed, what was traded, what is quoted."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from ttapi_core import ConfigurationError
from ttapi_core.sessions import Session, coverage
from ttapi_sandbox.bars import ANCHOR_DAY, Bar, BarSeries
from ttapi_sandbox.expirations import Root, roots
from ttapi_sandbox.factors import Factors
from ttapi_sandbox.intraday import DayPath, day_path, minutes_since_open
from ttapi_sandbox.surface import Surface
from ttapi_sandbox.trading_days import VENUE, TradingDays, new_york_date
from ttapi_sandbox.universe import INDEXES, Listing, listings

if TYPE_CHECKING:
    from ttapi_core import Clock

FIRST_AS_OF: Final = date(2018, 2, 1)
"""The first date at which the market can stand: some sessions have to lie before it."""

_AHEAD: Final = timedelta(days=30)
"""So much of the table of sessions has to lie ahead, for the next sessions and expirations."""


@dataclass(frozen=True, slots=True)
class Moment:
    """
    Where the market stands.

    Parameters
    ----------
    now
        The instant, UTC.
    today
        The date in New York.
    number
        Number of the last session that has opened.
    minute
        Minutes since its open; all of its minutes when it has closed.
    is_open
        Whether that session is still open.
    """

    now: datetime
    today: date
    number: int
    minute: float
    is_open: bool


class Market:
    """
    A market that is a pure function of a seed and a moment.

    Parameters
    ----------
    seed
        What all prices depend on.
    symbols
        How many equities and ETFs are listed; the two indexes come on top.
    clock
        Tells the time while ``as_of`` is None.
    as_of
        The instant at which the market stands still, UTC; None lets it run with the clock.

    Raises
    ------
    ConfigurationError
        If the moment lies before the first day of the simulation or beyond the table of sessions.
    """

    def __init__(self, *, seed: int, symbols: int, clock: Clock, as_of: datetime | None = None) -> None:
        self.seed = seed
        self.as_of = as_of
        self._clock = clock
        start = new_york_date(self.now())
        last = min(date(max(start, ANCHOR_DAY).year + 1, 12, 31), coverage(VENUE)[1])
        latest = last - _AHEAD
        if not FIRST_AS_OF <= start <= latest:
            accepted = f"{FIRST_AS_OF} to {latest}"
            raise ConfigurationError("as_of", f"{start} cannot be simulated", accepted=accepted)
        self._last = last
        self._series: dict[str, BarSeries] = {}
        self._running_paths: dict[str, tuple[int, DayPath]] = {}
        self._roots: dict[str, tuple[date, tuple[Root, ...]]] = {}
        self.listings: tuple[Listing, ...] = listings(symbols)
        self.by_symbol: dict[str, Listing] = {item.symbol: item for item in (*self.listings, *INDEXES)}

    @cached_property
    def days(self) -> TradingDays:
        """The sessions of the simulation, past and to come."""
        return TradingDays(self._last)

    @cached_property
    def _factors(self) -> Factors:
        return Factors(self.seed, len(self.days))

    @cached_property
    def by_root(self) -> dict[str, Listing]:
        """Listings by option root."""
        found = {item.option_root: item for item in self.by_symbol.values()}
        return found | {f"{index.symbol}W": index for index in INDEXES}

    @property
    def latest(self) -> datetime:
        """The last instant at which the market can stand: some sessions have to lie ahead."""
        return datetime.combine(self._last - _AHEAD, time(22), UTC)

    def neighbour(self, symbol: str) -> str | None:
        """Return another listed symbol, always the same one for ``symbol``; None if that is not listed."""
        listing = self.by_symbol.get(symbol)
        if listing is None or len(self.listings) < 2:
            return None
        index = self.listings.index(listing) if not listing.is_index else -1
        return self.listings[(index + 1) % len(self.listings)].symbol

    def now(self) -> datetime:
        """Return the instant of the market, UTC."""
        return self.as_of if self.as_of is not None else self._clock.now()

    def moment(self) -> Moment:
        """Return where the market stands now."""
        return self.moment_at(self.now())

    def moment_at(self, now: datetime) -> Moment:
        """Return where the market stands at an instant (UTC)."""
        number = self.days.opened_by(now)
        session = self.days.sessions[number]
        minute = minutes_since_open(session, now)
        return Moment(now, new_york_date(now), number, minute, now < session.close_at)

    def session(self, moment: Moment) -> Session:
        """Return the session that opened last."""
        return self.days.sessions[moment.number]

    def series(self, listing: Listing) -> BarSeries:
        """Return the bars of a name."""
        series = self._series.get(listing.symbol)
        if series is None:
            series = self._series[listing.symbol] = BarSeries(listing, self._factors, self.days)
        return series

    def path(self, listing: Listing, number: int, as_of: int) -> DayPath:
        """Return how session ``number`` ran minute by minute; those of the running session are kept."""
        kept = self._running_paths.get(listing.symbol)
        if kept is not None and kept[0] == number == as_of:
            return kept[1]
        bar = self.series(listing).bar(number, as_of)
        path = day_path(bar, self.days.sessions[number], self.seed, listing.symbol)
        if number == as_of:
            self._running_paths[listing.symbol] = (number, path)
        return path

    def day_bar(self, listing: Listing, moment: Moment) -> Bar:
        """Return the bar of the session that opened last, as it stands at the moment."""
        if moment.is_open:
            return self.path(listing, moment.number, moment.number).until(moment.minute)
        return self.series(listing).bar(moment.number, moment.number)

    def previous_close(self, listing: Listing, moment: Moment) -> float:
        """Return the close of the session before the one that opened last."""
        return self.series(listing).close(max(moment.number - 1, 0), moment.number)

    def daily_bars(self, listing: Listing, first: date, moment: Moment) -> list[Bar]:
        """Return the daily bars from ``first`` on, ascending; the last one may be running."""
        series, number = self.series(listing), moment.number
        start = self.days.at_or_after(first)
        if start > number:
            return []
        bars = [series.bar(earlier, number) for earlier in range(start, number)]
        return [*bars, self.day_bar(listing, moment)]

    def year_range(self, listing: Listing, moment: Moment) -> tuple[float, float]:
        """Return the lowest and the highest close of 252 sessions."""
        series = self.series(listing)
        path = series.log_closes[max(0, moment.number - 251) : moment.number + 1]
        lowest, highest = path.index(min(path)), path.index(max(path))
        start = max(0, moment.number - 251)
        return series.close(start + lowest, moment.number), series.close(start + highest, moment.number)

    def roots(self, listing: Listing, moment: Moment) -> tuple[Root, ...]:
        """Return the option roots of a name with their expirations."""
        kept = self._roots.get(listing.symbol)
        if kept is None or kept[0] != moment.today:
            kept = self._roots[listing.symbol] = (moment.today, roots(listing, moment.today, self.days))
        return kept[1]

    def reference_price(self, listing: Listing, moment: Moment) -> float:
        """Return the price that the grid of strikes is built around: the close before the New York date."""
        return self.series(listing).close(self._session_before(moment.today), moment.number)

    def surface(self, listing: Listing, moment: Moment, *, spot: float | None = None) -> Surface:
        """Return the volatility surface of a name, around ``spot`` or the last price."""
        price = self.day_bar(listing, moment).close if spot is None else spot
        current = self.series(listing).volatility(self._session_before(moment.today))
        long_run = listing.volatility
        return Surface(price, min(max(current, 0.6 * long_run), 1.8 * long_run), long_run)

    def _session_before(self, day: date) -> int:
        return max(0, self.days.at_or_before(day - timedelta(days=1)))

    def last_splits(self, listing: Listing, moment: Moment) -> list[tuple[date, float]]:
        """Return the splits up to the moment, as date and ratio, ascending."""
        found = self.series(listing).splits
        return [(self.days.dates[number], ratio) for number, ratio in found if number <= moment.number]

    def dividends(self, listing: Listing, moment: Moment) -> list[tuple[date, float]]:
        """Return the dividends up to the moment, as ex-date and dollars a share of today, ascending."""
        series = self.series(listing)
        numbers = series.ex_dividend_numbers
        past = numbers[: bisect_right(numbers, moment.number)]
        part = series.dividends.annual_yield / 4
        return [
            (self.days.dates[number], round(part * series.close(max(number - 1, 0), moment.number), 3))
            for number in past
        ]
