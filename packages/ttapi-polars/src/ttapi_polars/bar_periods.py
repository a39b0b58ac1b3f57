# SPDX-License-Identifier: Apache-2.0
"""The periods of bars on clock time: read from ``5m`` or a timedelta, and applied to a column of times."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from ttapi_core.errors import ParameterError

_FORM: Final = re.compile(r"([1-9][0-9]{0,8})(ms|s|m|h|d|w|mo|q|y)")
_EXPECTED: Final = "a period such as '5m', '1h', '1d', '1w' or '1mo', or a timedelta above zero"
_FIXED: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_LONGEST: Final = {"mo": 1200, "q": 400, "y": 100}
# When a day begins whose midnight is skipped: an hour later, three (Casey 2016), or never (Apia 2011).
_LATE_STARTS: Final = (0, 1, 2, 3, 24)
_DAY: Final = timedelta(days=1)
_CENTURY: Final = timedelta(days=36_525)
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """
    How long a bar lasts.

    Parameters
    ----------
    length
        Elapsed time, for bars shorter than a day; None for bars of days, weeks, months, quarters, years.
    text
        As Polars spells it.
    """

    length: timedelta | None
    text: str

    @property
    def microseconds(self) -> int:
        """The elapsed time, of a bar shorter than a day."""
        assert self.length is not None
        return self.length // timedelta(microseconds=1)


def require_period(parameter: str, value: str | timedelta) -> Period:
    """Raise `ParameterError` unless ``value`` is a period of whole milliseconds or of whole days; read it."""
    length, text = _read(parameter, value)
    if length is None or length % _DAY == timedelta(0):
        return Period(None, text)
    if length > _DAY or _DAY % length != timedelta(0):
        raise ParameterError(parameter, value, "a period that divides a day evenly, or whole days")
    return Period(length, text)


def require_length(parameter: str, value: str | timedelta) -> Period:
    """Raise `ParameterError` unless ``value`` is an elapsed time above zero and below a day; read it."""
    length, text = _read(parameter, value)
    if length is None or length >= _DAY:
        raise ParameterError(parameter, value, "a period shorter than a day, such as '5m'")
    return Period(length, text)


def _read(parameter: str, value: object) -> tuple[timedelta | None, str]:
    if isinstance(value, timedelta):
        if not _MILLISECOND <= value <= _CENTURY or value % _MILLISECOND:
            raise ParameterError(parameter, value, "a timedelta of whole milliseconds, up to a century")
        days, rest = divmod(value, _DAY)
        return value, f"{value // _MILLISECOND}ms" if rest else f"{days}d"
    form = _FORM.fullmatch(value) if isinstance(value, str) else None
    if form is None:
        raise ParameterError(parameter, value, _EXPECTED)
    count, unit = int(form[1]), _FIXED.get(form[2])
    if count > (_LONGEST[form[2]] if unit is None else _CENTURY // unit):
        raise ParameterError(parameter, value, "a period of at most a hundred years")
    return (None if unit is None else count * unit), form[0]


def require_zone(parameter: str, value: str) -> None:
    """Raise `ParameterError` unless ``value`` names a time zone."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, TypeError, OSError):  # a folder of the zone database raises OSError
        raise ParameterError(
            parameter, value, "a name of the time zone database, such as 'Asia/Tokyo'"
        ) from None


def require_instant(parameter: str, value: date | None, *, of_days: bool) -> date | None:
    """Raise `ParameterError` unless ``value`` is None, or a day or an aware time as the frame has; UTC."""
    if value is None:
        return None
    is_time = isinstance(value, datetime)
    if of_days:
        if is_time or not isinstance(value, date):
            raise ParameterError(parameter, value, "a date without a time, as the frame has")
        return value
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ParameterError(parameter, value, "a time with a time zone")
    return value.astimezone(UTC)


def bounds(time: pl.Expr, period: Period, *, dtype: pl.DataType, zone: str) -> tuple[pl.Expr, pl.Expr]:
    """
    Return when the bar of each time begins, and when it ends.

    ``time`` is in UTC, or holds days. Bars shorter than a day are counted from local midnight in elapsed
    time, and the day's last one ends at the next midnight: on a day of 23 or 25 hours the bars keep their
    length, and none reaches into the next day.
    """
    if dtype == pl.Date:
        start = time.dt.truncate(period.text)
        return start, start.dt.offset_by(period.text)
    day = time.dt.convert_time_zone(zone).dt.date()
    if period.length is None:
        first = day.dt.truncate(period.text)
        return _midnight(first, dtype, zone), _midnight(first.dt.offset_by(period.text), dtype, zone)
    midnight, next_midnight = _midnight(day, dtype, zone), _midnight(day.dt.offset_by("1d"), dtype, zone)
    start = grid_start(time, midnight, period).cast(dtype)
    return start, pl.min_horizontal((start + period.length).cast(dtype), next_midnight)


def grid_start(time: pl.Expr, origin: pl.Expr, period: Period) -> pl.Expr:
    """Return the latest of ``origin``, ``origin + period``, ... that is not after ``time``."""
    steps = (time - origin).dt.total_microseconds() // period.microseconds
    return origin + pl.duration(microseconds=steps * period.microseconds)


def _midnight(day: pl.Expr, dtype: pl.DataType, zone: str) -> pl.Expr:
    hours = _LATE_STARTS if _leaps_over_midnight(zone) else (0,)
    return pl.coalesce(_local(day, hour, zone) for hour in hours).dt.convert_time_zone("UTC").cast(dtype)


def _local(day: pl.Expr, hour: int, zone: str) -> pl.Expr:
    wall = day.cast(pl.Datetime("us")) + timedelta(hours=hour)
    return wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")


@lru_cache(maxsize=64)
def _leaps_over_midnight(zone: str) -> bool:
    """Tell whether clocks of a zone ever skip a midnight; few do, and looking for it costs time a row."""
    days = pl.date_range(date(1900, 1, 1), date(2100, 1, 1), eager=True).to_frame("day")
    return days.select(_local(pl.col("day"), 0, zone).is_null().any()).item() is True
