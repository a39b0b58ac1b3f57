# SPDX-License-Identifier: Apache-2.0
"""The sessions of an exchange as a frame, and which session each row of a frame falls into."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import polars as pl

from ttapi_core import sessions
from ttapi_core.errors import DataError, ParameterError
from ttapi_polars.bar_rows import require_zoned
from ttapi_polars.inputs import Kind, require_columns

_INSTANT: Final = pl.Datetime("us", "UTC")
_NO_GRACE: Final = timedelta(0)
_GRACE_MAX: Final = timedelta(hours=12)


def sessions_frame(venue: str, first: date, last: date) -> pl.LazyFrame:
    """
    Return the sessions of a venue as a frame.

    Parameters
    ----------
    venue
        Market identifier code, such as ``XNYS``; `ttapi_core.sessions.venues` lists those there are.
    first, last
        Days of trading, both inclusive.

    Returns
    -------
    pl.LazyFrame
        One row a session, in order: ``venue`` (String), ``date`` (Date, the day of trading by the venue's own
        calendar), ``open`` and ``close`` (Datetime in UTC; the opening may lie on the day before),
        ``break_start`` and ``break_end`` (Datetime in UTC, null where there is no pause), ``early_close``
        (Boolean).

    Raises
    ------
    UnknownNameError
        If there is no table of that venue.
    CalendarRangeError
        If either day lies beyond the table.
    ParameterError
        If ``first`` is after ``last``, or one of them is no date.

    Notes
    -----
    The tables come with ttapi-core, which says how they were made.

    Examples
    --------
    >>> from datetime import date
    >>> table = sessions_frame("XNYS", date(2024, 11, 27), date(2024, 11, 30)).collect()
    >>> [(str(row["close"].time()), row["early_close"]) for row in table.to_dicts()]
    [('21:00:00', False), ('18:00:00', True)]
    """
    found = sessions.sessions(venue, first, last)
    return pl.LazyFrame(
        {
            "venue": [venue] * len(found),
            "date": [session.date for session in found],
            "open": [session.open_at for session in found],
            "close": [session.close_at for session in found],
            "break_start": [session.break_start for session in found],
            "break_end": [session.break_end for session in found],
            "early_close": [session.early_close for session in found],
        },
        schema={
            "venue": pl.String,
            "date": pl.Date,
            "open": _INSTANT,
            "close": _INSTANT,
            "break_start": _INSTANT,
            "break_end": _INSTANT,
            "early_close": pl.Boolean,
        },
    )


def label_sessions(
    frame: pl.LazyFrame, *, venue: str, grace: timedelta | None = None, time: str = "time"
) -> pl.LazyFrame:
    """
    Add the day of trading that each row falls into, such as for averages anchored at the opening.

    Parameters
    ----------
    frame
        Any rows with times; rows in any order.
    venue
        Market identifier code.
    grace
        How long after the close a row still counts, at most 12 hours; None is not at all.
    time
        Name of the column of times, with a time zone.

    Returns
    -------
    pl.LazyFrame
        The rows in the order given, with ``session_date`` (Date): null outside sessions and in their pauses,
        beyond the table, and where the time is null.

    Raises
    ------
    UnknownNameError
        If there is no table of that venue.
    ParameterError
        If ``grace`` is negative or longer than 12 hours.
    DataError
        If the column is missing, holds no times or times without a zone, or ``session_date`` is there
        already.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> rows = pl.LazyFrame({"time": [datetime(2026, 3, 9, hour, 45, tzinfo=UTC) for hour in (13, 20)]})
    >>> [str(day) for day in label_sessions(rows, venue="XNYS").collect()["session_date"]]
    ['2026-03-09', 'None']
    """
    allowed = require_grace(grace)
    dtype = require_times(frame, time)
    _require_absent(frame, "session_date")
    instant = pl.col(time).dt.convert_time_zone("UTC")
    rows = frame.with_row_index("__row").sort(time, maintain_order=True).with_columns(__instant=instant)
    placed = placed_in_sessions(rows, venue, grace=allowed, on="__instant", dtype=dtype)
    inside = placed.with_columns(session_date=pl.when("__inside").then("__date"))
    return inside.sort("__row").select(*frame.collect_schema().names(), "session_date")


def outside_sessions(
    frame: pl.LazyFrame, *, venue: str, grace: timedelta | None = None, time: str = "time"
) -> pl.LazyFrame:
    """
    List the rows that lie outside the sessions of a venue, and why: what `session_bars` does not use.

    Parameters
    ----------
    frame
        Any rows with times, or with days; rows in any order.
    venue
        Market identifier code.
    grace
        How long after the close a row still counts, at most 12 hours. None is not at all; times only.
    time
        Name of the column of times (with a time zone) or of days.

    Returns
    -------
    pl.LazyFrame
        The rows concerned with all their columns, sorted by time, and ``reason`` (String): ``closed``,
        ``pause``, ``beyond the table`` or ``no time``; for days, ``closed`` says that there was no session.

    Raises
    ------
    UnknownNameError
        If there is no table of that venue.
    ParameterError
        If ``grace`` is negative or longer than 12 hours.
    DataError
        If the column is missing, holds no times or times without a zone, or ``reason`` is there already.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> rows = pl.LazyFrame({"time": [datetime(2026, 3, 9, hour, tzinfo=UTC) for hour in (1, 3, 7)]})
    >>> outside_sessions(rows, venue="XTKS").collect()["reason"].to_list()
    ['pause', 'closed']
    """
    allowed = require_grace(grace)
    dtype = require_zoned(require_columns(frame, {time: Kind.TIME}), time)
    _require_absent(frame, "reason")
    first, last = sessions.coverage(venue)
    beyond = ~pl.col("__day").is_between(first, last)
    rows = frame.sort(time, maintain_order=True)
    if dtype == pl.Date:
        rows = rows.with_columns(__day=pl.col(time))
        open_days = session_days(venue)
        placed = rows.join(open_days, left_on="__day", right_on="date", how="anti", maintain_order="left")
        outside = placed.with_columns(__pause=pl.lit(value=False))
    else:
        instant = pl.col(time).dt.convert_time_zone("UTC")
        rows = rows.with_columns(__instant=instant, __day=instant.dt.date())
        placed = placed_in_sessions(rows, venue, grace=allowed, on="__instant", dtype=dtype)
        pause = pl.col("__instant") < pl.col("__close")
        outside = placed.filter(~pl.col("__inside")).with_columns(__pause=pause)
    reason = (
        pl.when(pl.col("__day").is_null())
        .then(pl.lit("no time"))
        .when(beyond)
        .then(pl.lit("beyond the table"))
        .when("__pause")
        .then(pl.lit("pause"))
        .otherwise(pl.lit("closed"))
    )
    return outside.with_columns(reason=reason).select(*frame.collect_schema().names(), "reason")


def session_days(venue: str) -> pl.LazyFrame:
    """Return every day of trading in the table of a venue, as ``date``."""
    return _parts(venue).lazy().select(pl.col("__date").alias("date")).unique()


def placed_in_sessions(
    rows: pl.LazyFrame, venue: str, *, grace: timedelta, on: str, dtype: pl.DataType
) -> pl.LazyFrame:
    """
    Add the part of a session that each row falls into; rows are sorted by the instants ``on``.

    Adds ``__date``, ``__open``, ``__close``, ``__early``, ``__begin`` and ``__stop`` (of the part),
    ``__complete`` (until when rows count), and ``__inside``: false, never null, where the row is in no
    session.
    """
    if not isinstance(venue, str):
        raise ParameterError("venue", venue, "a market identifier code, such as 'XNYS'")
    parts = _parts(venue).lazy().with_columns(pl.col("__begin", "__stop", "__open", "__close").cast(dtype))
    is_last = pl.col("__stop") == pl.col("__close")
    complete = pl.col("__stop") + pl.when(is_last).then(pl.lit(grace)).otherwise(pl.lit(_NO_GRACE))
    parts = parts.with_columns(__complete=complete.cast(dtype), __key="__begin")
    placed = rows.join_asof(parts, left_on=on, right_on="__key", strategy="backward")
    return placed.with_columns(__inside=(pl.col(on) < pl.col("__complete")).fill_null(value=False))


def require_times(frame: pl.LazyFrame, time: str) -> pl.DataType:
    """Raise `DataError` unless the column holds times with a zone; return the type they have in UTC."""
    dtype = require_zoned(require_columns(frame, {time: Kind.TIME}), time)
    if dtype == pl.Date:
        raise DataError("holds days, expected times", column=time)
    return dtype


def require_grace(grace: object) -> timedelta:
    """Raise `ParameterError` unless ``grace`` is None or a time from zero to twelve hours; None is zero."""
    if grace is None:
        return _NO_GRACE
    if not isinstance(grace, timedelta) or not _NO_GRACE <= grace <= _GRACE_MAX:
        raise ParameterError("grace", grace, "a timedelta from 0 to 12 hours")
    return grace


@lru_cache(maxsize=32)
def _parts(venue: str) -> pl.DataFrame:
    """Return every stretch of trading without a pause that the table of a venue has."""
    found = sessions.sessions(venue, *sessions.coverage(venue))
    rows = [part for session in found for part in _parts_of(session)]
    names = ("__date", "__open", "__close", "__early", "__begin", "__stop")
    types = (pl.Date, _INSTANT, _INSTANT, pl.Boolean, _INSTANT, _INSTANT)
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row").sort("__begin")


def _parts_of(session: sessions.Session) -> Iterator[tuple[object, ...]]:
    about = (session.date, session.open_at, session.close_at, session.early_close)
    if session.break_start is None or session.break_end is None:
        yield (*about, session.open_at, session.close_at)
        return
    yield (*about, session.open_at, session.break_start)
    yield (*about, session.break_end, session.close_at)


def _require_absent(frame: pl.LazyFrame, name: str) -> None:
    if name in frame.collect_schema().names():
        raise DataError("is there already", column=name, hint="rename it first")
