# SPDX-License-Identifier: Apache-2.0
"""
Write the session tables of ttapi-core from exchange_calendars.

Run it where exchange_calendars is installed (it brings pandas, which nothing here needs at run time)::

    python packages/ttapi-core/tools/generate_sessions.py

The answer depends on the version of exchange_calendars and on the two days below, and on nothing else.
"""

# ruff: noqa: INP001 - a script, run by path

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Final

import exchange_calendars
import pandas as pd

FIRST: Final = date(1990, 1, 1)
HORIZON: Final = date(2030, 12, 31)
VENUES: Final = (
    "BVMF",
    "CMES",
    "XAMS",
    "XASX",
    "XBOM",
    "XCBF",
    "XETR",
    "XFRA",
    "XHKG",
    "XKRX",
    "XLON",
    "XNAS",
    "XNYS",
    "XPAR",
    "XSES",
    "XSHG",
    "XSWX",
    "XTKS",
    "XTSE",
)
TABLES: Final = Path(__file__).parents[1] / "src" / "ttapi_core" / "session_tables"

_HEAD: Final = """\
# venue: {venue}
# first: {first}
# last: {last}
# weekdays: {weekdays}
# sessions: {count}
# source: exchange_calendars {version}, Apache-2.0
first,last,open,close,break_start,break_end,early_close
"""


@dataclass(frozen=True)
class Day:
    """One session: its day, and the rest of its row as text."""

    date: date
    times: str


def main() -> None:
    """Write one table a venue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TABLES)
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for venue in VENUES:
        text = table_of(venue)
        (output / f"{venue}.csv").write_text(text, encoding="utf-8", newline="\n")


def table_of(venue: str) -> str:
    """Return the table of a venue as text."""
    first, last = bounds_of(venue)
    calendar = exchange_calendars.get_calendar(venue, start=first.isoformat(), end=last.isoformat())
    weekdays = calendar.weekmask
    early_closes = {closing.date() for closing in calendar.early_closes}
    days = [
        day_of(day.date(), row, early=day.date() in early_closes) for day, row in calendar.schedule.iterrows()
    ]
    head = _HEAD.format(
        venue=venue,
        first=first,
        last=last,
        weekdays=weekdays,
        count=len(days),
        version=exchange_calendars.__version__,
    )
    return head + "".join(f"{first},{last},{times}\n" for first, last, times in runs(days, weekdays))


def bounds_of(venue: str) -> tuple[date, date]:
    """Return the first and last day that the source can tell, within `FIRST` and `HORIZON`."""
    kind = type(exchange_calendars.get_calendar(venue))
    earliest, latest = kind.bound_min(), kind.bound_max()
    first = FIRST if earliest is None else max(FIRST, earliest.date())
    last = HORIZON if latest is None else min(HORIZON, latest.date())
    return first, last


def day_of(day: date, row: pd.Series, *, early: bool) -> Day:
    """Return a session with its times relative to its own day, in UTC."""
    times = [clock_of(day, row[name]) for name in ("open", "close", "break_start", "break_end")]
    return Day(day, ",".join([*times, "early" if early else ""]))


def clock_of(day: date, instant: pd.Timestamp) -> str:
    """Return ``HH:MM`` with the distance in days where it is not zero; nothing for no time."""
    if pd.isna(instant):
        return ""
    when = instant.to_pydatetime().astimezone(UTC)
    if when.second or when.microsecond:
        raise SystemExit(f"{when} is not a whole minute")
    distance = when.date() - day
    return f"{when:%H:%M}{distance.days:+d}" if distance else f"{when:%H:%M}"


def runs(days: Iterable[Day], weekdays: str) -> Iterator[tuple[date, date, str]]:
    """Join days that follow each other by the weekday mask and keep the same times."""
    off_mask = []
    first: Day | None = None
    last: Day | None = None
    rows: list[tuple[date, date, str]] = []
    for day in days:
        if weekdays[day.date.weekday()] != "1":
            off_mask.append((day.date, day.date, day.times))
        elif first and last and day.times == last.times and day.date == following(last.date, weekdays):
            last = day
        else:
            if first and last:
                rows.append((first.date, last.date, first.times))
            first = last = day
    if first and last:
        rows.append((first.date, last.date, first.times))
    yield from sorted(rows + off_mask)


def following(day: date, weekdays: str) -> date:
    """Return the next day of the weekday mask."""
    day += timedelta(days=1)
    while weekdays[day.weekday()] != "1":
        day += timedelta(days=1)
    return day


if __name__ == "__main__":
    main()
