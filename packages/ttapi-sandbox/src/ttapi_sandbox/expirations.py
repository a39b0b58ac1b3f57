# SPDX-License-Identifier: Apache-2.0
"""When options expire: weeklies, monthlies, quarterlies and LEAPS by the real rules and the real calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttapi_sandbox.trading_days import TradingDays
    from ttapi_sandbox.universe import Listing

FRIDAY: Final = 4
DAILY: Final = frozenset({"SPY", "QQQ", "IWM", "SPX"})
"""Names with an expiration on every session of the next two weeks."""

QUARTERLY: Final = frozenset({"SPY", "QQQ", "IWM", "DIA", "GLD", "SPX"})
"""Names with an expiration on the last session of each quarter."""


class Expiration(NamedTuple):
    """An expiration date of a root; ``kind`` is ``Regular``, ``Weekly`` or ``Quarterly``."""

    day: date
    kind: str
    settlement: str = "PM"


class Root(NamedTuple):
    """An option root of an underlying, with its expirations in order of date."""

    symbol: str
    expirations: tuple[Expiration, ...]


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month, trading day or not."""
    first = date(year, month, 1)
    return first + timedelta(days=(FRIDAY - first.weekday()) % 7 + 14)


def monthly_expiration(year: int, month: int, days: TradingDays) -> date:
    """Return the monthly expiration: the third Friday, or the session before it when that is a holiday."""
    day = third_friday(year, month)
    if day > days.dates[-1]:
        # Beyond the table of sessions only Juneteenth can fall on a third Friday of a LEAPS month.
        return day - timedelta(days=1) if (day.month, day.day) == (6, 19) else day
    return days.previous_or_same(day)


def volatility_expiration(year: int, month: int, days: TradingDays) -> date:
    """Return the expiration of volatility options: 30 days before the next month's third Friday."""
    following = month_after(year, month, 1)
    return days.previous_or_same(third_friday(*following) - timedelta(days=30))


def month_after(year: int, month: int, count: int) -> tuple[int, int]:
    """Return year and month ``count`` months later."""
    number = year * 12 + month - 1 + count
    return number // 12, number % 12 + 1


def roots(listing: Listing, today: date, days: TradingDays) -> tuple[Root, ...]:
    """Return the option roots of a name as they are listed on ``today``, the date in New York."""
    if listing.symbol == "VIX":
        return _volatility_roots(today, days)
    monthlies = _monthlies(listing, today, days)
    others = _others(listing, today, days, {expiration.day for expiration in monthlies})
    if listing.symbol != "SPX":
        return (Root(listing.option_root, _ordered([*monthlies, *others])),)
    morning = tuple(expiration._replace(settlement="AM") for expiration in monthlies)
    evening = [Expiration(expiration.day, "Weekly") for expiration in monthlies[:4]]
    return Root("SPX", _ordered(morning)), Root("SPXW", _ordered([*evening, *others]))


def _ordered(expirations: Iterable[Expiration]) -> tuple[Expiration, ...]:
    return tuple(sorted(expirations))


def _volatility_roots(today: date, days: TradingDays) -> tuple[Root, ...]:
    months = (month_after(today.year, today.month, count) for count in range(8))
    monthlies = [volatility_expiration(year, month, days) for year, month in months]
    monthlies = [day for day in monthlies if today <= day <= days.dates[-1]]
    wednesday = today + timedelta(days=(2 - today.weekday()) % 7)
    weeklies = {days.previous_or_same(wednesday + timedelta(weeks=count)) for count in range(5)}
    return (
        Root("VIX", _ordered(Expiration(day, "Regular", "AM") for day in monthlies)),
        Root(
            "VIXW",
            _ordered(Expiration(day, "Weekly", "AM") for day in weeklies - set(monthlies) if day >= today),
        ),
    )


def _monthlies(listing: Listing, today: date, days: TradingDays) -> list[Expiration]:
    # The next four months, then the March cycle up to nine months, then January (and June) LEAPS.
    near = [month_after(today.year, today.month, count) for count in range(10)]
    wanted = [*near[:4], *((year, month) for year, month in near[4:] if month % 3 == 0)]
    wanted += [(today.year + count, 1) for count in (1, 2, 3)]
    wanted += [(today.year + 1, 6)] if listing.symbol in DAILY or listing.is_etf else []
    found = {monthly_expiration(year, month, days) for year, month in wanted}
    return [Expiration(day, "Regular") for day in sorted(found) if day >= today]


def _others(listing: Listing, today: date, days: TradingDays, taken: set[date]) -> list[Expiration]:
    found: dict[date, Expiration] = {}
    if listing.symbol in DAILY:
        start = days.at_or_after(today)
        for day in days.dates[start : start + 10]:
            found[day] = Expiration(day, "Weekly")
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    for count in range(6):
        day = days.previous_or_same(friday + timedelta(weeks=count))
        found[day] = Expiration(day, "Weekly")
    if listing.symbol in QUARTERLY:
        for day in _quarter_ends(today, days):
            found[day] = Expiration(day, "Quarterly")
    return [expiration for day, expiration in found.items() if day >= today and day not in taken]


def _quarter_ends(today: date, days: TradingDays) -> list[date]:
    ends = []
    for count in range(12):
        year, month = month_after(today.year, today.month, count)
        if month % 3 == 0:
            following = date(*month_after(year, month, 1), 1)
            ends.append(days.previous_or_same(following - timedelta(days=1)))
    return ends[:4]
