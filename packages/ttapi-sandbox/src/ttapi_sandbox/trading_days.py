# SPDX-License-Identifier: Apache-2.0
"""The trading days of the simulated market: the real ones of New York."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from ttapi_core.sessions import Session, coverage, sessions

VENUE: Final = "XNYS"
NEW_YORK: Final = ZoneInfo("America/New_York")
FIRST_DAY: Final = date(2018, 1, 2)
"""The first trading day of the simulation."""


class TradingDays:
    """
    The sessions from the first day of the simulation to ``last``, by number and by date.

    Numbers count sessions from `FIRST_DAY`, which is 0.
    """

    def __init__(self, last: date) -> None:
        self.sessions: tuple[Session, ...] = sessions(VENUE, FIRST_DAY, min(last, coverage(VENUE)[1]))
        self.dates: list[date] = [session.date for session in self.sessions]
        self._opens = [session.open_at for session in self.sessions]

    def __len__(self) -> int:
        return len(self.dates)

    def number(self, day: date) -> int | None:
        """Return the number of the session on ``day``, or None when the exchange is shut that day."""
        index = bisect_left(self.dates, day)
        return index if index < len(self.dates) and self.dates[index] == day else None

    def at_or_before(self, day: date) -> int:
        """Return the number of the last session not after ``day``; -1 before the first."""
        return bisect_right(self.dates, day) - 1

    def at_or_after(self, day: date) -> int:
        """Return the number of the first session not before ``day``; ``len(self)`` after the last."""
        return bisect_left(self.dates, day)

    def opened_by(self, moment: datetime) -> int:
        """Return the number of the last session that had opened at ``moment``; -1 before the first."""
        return bisect_right(self._opens, moment) - 1

    def previous_or_same(self, day: date) -> date:
        """Return ``day`` if it is a session, else the session before it; weekdays beyond the table."""
        if day > self.dates[-1]:
            return day
        return self.dates[self.at_or_before(day)]


@cache
def holidays(first: date, last: date) -> tuple[date, ...]:
    """Return the weekdays from ``first`` to ``last``, both included, on which the exchange is shut."""
    days = {session.date for session in sessions(VENUE, first, last)}
    span = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(day for day in span if day.weekday() < 5 and day not in days)


def new_york_date(moment: datetime) -> date:
    """Return the date in New York, which is the broker's date."""
    return moment.astimezone(NEW_YORK).date()


def midnight_ms(day: date) -> int:
    """Return 00:00 UTC of a day in epoch milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
