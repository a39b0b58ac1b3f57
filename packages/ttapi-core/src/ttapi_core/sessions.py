# SPDX-License-Identifier: Apache-2.0
"""
When exchanges are open: the sessions of the main venues, from tables that ship with the package.

Venues are named by their market identifier codes (``XNYS``). A table is read when its venue is first asked
for, and kept. It is a CSV file of runs, easy to read and to compare::

    first,last,open,close,break_start,break_end,early_close
    2026-11-02,2026-11-25,14:30,21:00,,,
    2026-11-27,2026-11-27,14:30,18:00,,,early

Each day from ``first`` to ``last`` that falls on a weekday of the venue's mask (in the head of the file) is
a session; a row of one day is a session whatever its weekday. Times are UTC on that day; ``-1`` or ``+1``
behind a time moves it to the day before or after. Days in no row have no session.

Days that the exchanges have not announced yet are there by the rules in force; a day of mourning that nobody
knows of is not. What a provider says of its own venue goes first.
"""

from __future__ import annotations

import csv
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_core.errors import CalendarRangeError, DataError, ParameterError, UnknownNameError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_COLUMNS: Final = ("first", "last", "open", "close", "break_start", "break_end", "early_close")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Session:
    """
    One session of a venue.

    Parameters
    ----------
    date
        The trading day, by the venue's own calendar.
    open_at, close_at
        First and last instant (UTC); the opening may lie on the day before.
    break_start, break_end
        The pause in the middle (UTC); None where there is none.
    early_close
        Whether it ends earlier than usual.
    """

    date: date
    open_at: datetime
    close_at: datetime
    break_start: datetime | None = None
    break_end: datetime | None = None
    early_close: bool = False

    def is_open_at(self, instant: datetime) -> bool:
        """Return whether trading goes on: from the opening to before the close, without the pause."""
        if not self.open_at <= instant < self.close_at:
            return False
        return (
            self.break_start is None
            or self.break_end is None
            or not self.break_start <= instant < self.break_end
        )


class _Times(NamedTuple):
    """Times of a session as distances from 00:00 UTC of its day."""

    open_at: timedelta
    close_at: timedelta
    break_start: timedelta | None
    break_end: timedelta | None
    early_close: bool

    def on(self, day: date) -> Session:
        midnight = datetime.combine(day, time(), UTC)
        return Session(
            date=day,
            open_at=midnight + self.open_at,
            close_at=midnight + self.close_at,
            break_start=None if self.break_start is None else midnight + self.break_start,
            break_end=None if self.break_end is None else midnight + self.break_end,
            early_close=self.early_close,
        )


class _Table(NamedTuple):
    """The sessions of a venue: ordinals of its days, rising, and the times of each."""

    venue: str
    first: date
    last: date
    days: array[int]
    times: list[_Times]

    def check_covers(self, day: object) -> None:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise ParameterError("date", day, "a date without a time")
        if not self.first <= day <= self.last:
            raise CalendarRangeError(self.venue, day, self.first, self.last)

    def span(self, first: date, last: date) -> tuple[int, int]:
        """Return the half-open range of positions of the sessions from ``first`` to ``last``."""
        self.check_covers(first)
        self.check_covers(last)
        if first > last:
            raise ParameterError("first", first, f"a date not after last ({last})")
        return bisect_left(self.days, first.toordinal()), bisect_right(self.days, last.toordinal())

    def session(self, position: int) -> Session:
        return self.times[position].on(date.fromordinal(self.days[position]))

    def reaches_over(self, day: date) -> bool:
        """Whether a session beyond the table could be open on ``day``."""
        if day == self.last:
            return any(times.open_at < timedelta(0) for times in self.times[-5:])
        return day == self.first and any(times.close_at > _DAY for times in self.times[:5])


def _tables() -> Traversable:
    from importlib import resources  # noqa: PLC0415 - slow to import, and most programs ask for no table

    return resources.files("ttapi_core") / "session_tables"


@lru_cache(maxsize=1)
def venues() -> tuple[str, ...]:
    """Return the codes of the venues that have a table, sorted."""
    files = (entry.name for entry in _tables().iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in files if name.endswith(".csv")))


def coverage(venue: str) -> tuple[date, date]:
    """
    Return the first and the last day that the table of a venue speaks of, sessions or not.

    Raises
    ------
    UnknownNameError
        If there is no table of that venue.
    """
    table = _table(venue)
    return table.first, table.last


def sessions(venue: str, first: date, last: date) -> tuple[Session, ...]:
    """
    Return the sessions from ``first`` to ``last``, both inclusive, in order of time.

    Raises
    ------
    UnknownNameError
        If there is no table of that venue.
    CalendarRangeError
        If either day lies beyond the table.
    ParameterError
        If ``first`` is after ``last``, or one of them is no date.

    Examples
    --------
    >>> [session.open_at.isoformat() for session in sessions("XNYS", date(2026, 3, 6), date(2026, 3, 9))]
    ['2026-03-06T14:30:00+00:00', '2026-03-09T13:30:00+00:00']
    """
    table = _table(venue)
    return tuple(table.session(position) for position in range(*table.span(first, last)))


def session_count(venue: str, first: date, last: date) -> int:
    """
    Return the number of sessions from ``first`` to ``last``, both inclusive; two binary searches.

    Raises
    ------
    UnknownNameError, CalendarRangeError, ParameterError
        As `sessions` does.
    """
    begin, end = _table(venue).span(first, last)
    return end - begin


def is_session(venue: str, day: date) -> bool:
    """
    Return whether a venue has a session on a day.

    Raises
    ------
    UnknownNameError, CalendarRangeError, ParameterError
        As `sessions` does.
    """
    return session_count(venue, day, day) == 1


def next_session(venue: str, day: date) -> Session:
    """
    Return the first session after a day.

    Raises
    ------
    UnknownNameError, CalendarRangeError, ParameterError
        As `sessions` does; also where that session lies beyond the table.
    """
    table = _table(venue)
    _, position = table.span(day, day)
    if position == len(table.days):
        raise CalendarRangeError(venue, day, table.first, table.last)
    return table.session(position)


def previous_session(venue: str, day: date) -> Session:
    """
    Return the last session before a day.

    Raises
    ------
    UnknownNameError, CalendarRangeError, ParameterError
        As `sessions` does; also where that session lies before the table.
    """
    table = _table(venue)
    position, _ = table.span(day, day)
    if position == 0:
        raise CalendarRangeError(venue, day, table.first, table.last)
    return table.session(position - 1)


def session_at(venue: str, instant: datetime) -> Session | None:
    """
    Return the session that an instant lies in, pause included; None between sessions.

    A session begins with its opening and ends before its close.

    Raises
    ------
    UnknownNameError
        If there is no table of that venue.
    CalendarRangeError
        If the instant lies beyond the table, or only a day beyond it could tell.
    ParameterError
        If the instant has no time zone.
    """
    table, day = _table(venue), _day_of(instant)
    table.check_covers(day)
    begin = bisect_left(table.days, day.toordinal() - 1)
    end = bisect_right(table.days, day.toordinal() + 1)
    for session in map(table.session, range(begin, end)):
        if session.open_at <= instant < session.close_at:
            return session
    if table.reaches_over(day):
        raise CalendarRangeError(venue, day, table.first, table.last)
    return None


def is_open(venue: str, instant: datetime) -> bool:
    """
    Return whether a venue trades at an instant: in a session and not in its pause.

    Raises
    ------
    UnknownNameError, CalendarRangeError, ParameterError
        As `session_at` does.
    """
    session = session_at(venue, instant)
    return session is not None and session.is_open_at(instant)


def last_close(venue: str, instant: datetime) -> datetime:
    """
    Return the latest close at or before an instant (UTC).

    Raises
    ------
    UnknownNameError, CalendarRangeError, ParameterError
        As `session_at` does; also where that close lies before the table.
    """
    table, day = _table(venue), _day_of(instant)
    table.check_covers(day)
    for position in range(bisect_right(table.days, day.toordinal() + 1) - 1, -1, -1):
        close_at = table.session(position).close_at
        if close_at <= instant:
            return close_at
    raise CalendarRangeError(venue, day, table.first, table.last)


def _day_of(instant: object) -> date:
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise ParameterError("instant", instant, "a time with a time zone")
    return instant.astimezone(UTC).date()


def _table(venue: str) -> _Table:
    if venue not in venues():
        raise UnknownNameError("venue", venue, venues())
    return _shipped_table(venue)


@lru_cache(maxsize=64)
def _shipped_table(venue: str) -> _Table:
    return _read_table(venue, _tables().joinpath(f"{venue}.csv").read_text(encoding="utf-8"))


def _read_table(venue: str, text: str) -> _Table:
    lines = text.splitlines()
    head = dict(line.removeprefix("# ").split(": ", 1) for line in lines if line.startswith("# "))
    rows = csv.reader(line for line in lines if not line.startswith("#"))
    try:
        weekdays = [mark == "1" for mark in head["weekdays"]]
        first, last = date.fromisoformat(head["first"]), date.fromisoformat(head["last"])
        if tuple(next(rows)) != _COLUMNS:
            raise DataError(f"the columns of the session table of {venue} are not {', '.join(_COLUMNS)}")
        entries = sorted((entry for row in rows for entry in _expanded(row, weekdays)), key=itemgetter(0))
    except (ValueError, KeyError, IndexError, StopIteration) as error:
        raise DataError(f"the session table of {venue} cannot be read: {error}") from error
    days = array("l", (day for day, _ in entries))
    if any(day == following for day, following in pairwise(days)):
        raise DataError(f"the session table of {venue} names a day twice")
    return _Table(venue, first, last, days, [times for _, times in entries])


def _expanded(row: list[str], weekdays: list[bool]) -> Iterator[tuple[int, _Times]]:
    first, last, open_at, close_at, break_start, break_end, early_close = row
    begin, end = date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal()
    times = _Times(
        open_at=_distance(open_at),
        close_at=_distance(close_at),
        break_start=_distance(break_start) if break_start else None,
        break_end=_distance(break_end) if break_end else None,
        early_close=early_close == "early",
    )
    for day in range(begin, end + 1):
        if begin == end or weekdays[(day - 1) % 7]:  # ordinal 1 was a Monday
            yield day, times


def _distance(text: str) -> timedelta:
    """Read ``HH:MM`` with an optional ``-1`` or ``+1`` for the day before or after."""
    clock, days = text[:5], text[5:]
    return timedelta(days=int(days or 0), hours=int(clock[:2]), minutes=int(clock[3:]))
