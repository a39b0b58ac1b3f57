# SPDX-License-Identifier: Apache-2.0
"""Bars on exchange sessions: one a session, or several counted from its opening."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from ttapi_polars.bar_periods import Period, grid_start, require_instant, require_length
from ttapi_polars.bar_rows import BAR_COLUMNS, aggregated, bar_rows, is_bars, require_rows
from ttapi_polars.bars import flag_partial, known_rows
from ttapi_polars.session_frames import placed_in_sessions, require_grace, require_times


def session_bars(
    frame: pl.LazyFrame,
    *,
    venue: str,
    every: str | timedelta | None = None,
    grace: timedelta | None = None,
    since: date | None = None,
    as_of: date | None = None,
    symbol: str = "symbol",
    time: str = "time",
) -> pl.LazyFrame:
    """
    Bars on the sessions of an exchange, from trades or from finer bars.

    Parameters
    ----------
    frame
        Trades or finer bars, as `resample_bars` takes them; times with a time zone.
    venue
        Market identifier code, such as ``XNYS``; `ttapi_core.sessions.venues` lists those there are.
    every
        Length of a bar, shorter than a day; None makes one bar a session.
    grace
        How long after the close a row still counts for the last bar, at most 12 hours: closing auctions are
        printed seconds to minutes late. Where the next session has begun, the row is of that one. None is not
        at all.
    since, as_of
        From when, and until when, the rows are complete, as in `resample_bars`.
    symbol, time
        Names of the columns of instrument names and of times.

    Returns
    -------
    pl.LazyFrame
        One row a symbol and bar that has rows, sorted by symbol and time: ``symbol``, ``date`` (the day of
        trading), ``time`` and ``end`` (beginning and end of the bar in UTC), ``open``, ``high``, ``low``,
        ``close``, ``volume``, ``vwap``, ``trade_count``, ``partial``, ``excluded`` as in `resample_bars`, and
        ``cut``: whether the calendar made the bar shorter (a bar that ends at a pause or a close before its
        length is over; a whole session that closes early). A bar is partial until its end is covered, the
        last of a session until ``grace`` is over too.

        Rows outside sessions, in pauses, beyond the table and without a time are in no bar:
        `outside_sessions` lists them, and `excluded_rows` those that could not be used.

    Raises
    ------
    UnknownNameError
        If there is no table of that venue.
    ParameterError
        If ``every`` is no length below a day, ``grace`` is not from 0 to 12 hours, or ``since`` or ``as_of``
        is no aware time.
    DataError
        If a column is missing, of the wrong type, or times have no zone; at the call, from the schema.

    Notes
    -----
    Bars are counted from the opening, and anew from the end of a pause; none reaches over a pause or a close.
    Openings and closes are instants, so that changes of clocks need no care. A session includes its opening
    and excludes its close. A finer bar belongs whole to the bar in which it begins.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> trades = pl.LazyFrame({
    ...     "symbol": ["7203"] * 3,
    ...     "time": [datetime(2026, 3, 9, hour, 10, tzinfo=UTC) for hour in (0, 2, 4)],
    ...     "price": [2800.0, 2810.0, 2790.0],
    ...     "size": [100, 100, 200],
    ... })
    >>> bars = session_bars(trades, venue="XTKS", every="1h").collect()
    >>> [(str(row["time"].time()), str(row["end"].time()), row["cut"]) for row in bars.to_dicts()]
    [('00:00:00', '01:00:00', False), ('02:00:00', '02:30:00', True), ('03:30:00', '04:30:00', False)]
    """
    period = None if every is None else require_length("every", every)
    allowed = require_grace(grace)
    require_times(frame, time)
    dtype = require_rows(frame, symbol=symbol, time=time)
    known = require_instant("as_of", as_of, of_days=False)
    covered = require_instant("since", since, of_days=False)
    rows = known_rows(bar_rows(frame, symbol=symbol, time=time), known)
    placed = placed_in_sessions(rows, venue, grace=allowed, on="time", dtype=dtype)
    placed = placed.filter("__inside", pl.col("symbol").is_not_null())
    timed = _whole_sessions(placed) if period is None else _counted(placed, period, dtype)
    complete = pl.when(pl.col("end") == pl.col("__close")).then("__complete").otherwise("end")
    bars = aggregated(
        timed.rename({"__date": "date"}),
        ["symbol", "date", "time"],
        pl.col("end", "cut", "newest", "__close").first(),
        pl.col("__complete").max(),
        of_trades=not is_bars(frame),
    )
    bars = flag_partial(bars, end=complete, since=covered)
    return bars.select("symbol", "date", "time", "end", *BAR_COLUMNS, "cut").sort("symbol", "time")


def _whole_sessions(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.with_columns(time="__open", end="__close", cut="__early")


def _counted(rows: pl.LazyFrame, period: Period, dtype: pl.DataType) -> pl.LazyFrame:
    # What came within the grace belongs to the last bar, not to one that would begin at the close.
    final = (pl.col("__stop") - timedelta(milliseconds=1)).cast(dtype)
    within = pl.min_horizontal("time", final)
    start = grid_start(within, pl.col("__begin"), period).cast(dtype)
    full = (start + period.length).cast(dtype)
    return rows.with_columns(time=start, end=pl.min_horizontal(full, "__stop"), cut=full > pl.col("__stop"))
