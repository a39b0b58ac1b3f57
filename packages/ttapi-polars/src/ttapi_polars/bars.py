# SPDX-License-Identifier: Apache-2.0
"""Bars on clock time: open, high, low, close and volume of each minute, hour, day, week or month."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.bar_periods import Period, bounds, require_instant, require_period, require_zone
from ttapi_polars.bar_rows import BAR_COLUMNS, aggregated, bar_rows, is_bars, require_rows


def resample_bars(
    frame: pl.LazyFrame,
    *,
    every: str | timedelta,
    time_zone: str = "UTC",
    since: date | None = None,
    as_of: date | None = None,
    symbol: str = "symbol",
    time: str = "time",
) -> pl.LazyFrame:
    """
    Bars on clock time from trades, or from finer bars.

    Parameters
    ----------
    frame
        Rows in any order; rows of equal time count in the order given. Trades: ``price`` and ``size``.
        Bars: ``open``, ``high``, ``low``, ``close``, ``volume``, and where there are any ``vwap``,
        ``trade_count``, ``partial`` and ``excluded``; their time is their beginning.
    every
        Length of a bar: ``5m``, ``1h``, ``1d``, ``1w`` (from Monday), ``1mo``, ``1q``, ``1y``, or a
        timedelta. Whole days, or a length that divides a day evenly.
    time_zone
        Whose midnight the bars are counted from, such as ``America/New_York``.
    since
        The rows are complete from here on: a bar that begins before is partial.
    as_of
        What is known: later rows are left out, and a bar that ends after is partial. Without it, the newest
        time of the whole frame stands in for it. An aware time; a date where the frame has days, which are
        then known to their end.
    symbol, time
        Names of the columns of instrument names and of times: times with a time zone, or days.

    Returns
    -------
    pl.LazyFrame
        One row a symbol and bar that has rows, sorted by symbol and time; empty periods have no row:

        - ``symbol`` as given; ``time`` and ``end``: when the bar begins (included) and ends (excluded), in
          UTC, or as days;
        - ``open``, ``high``, ``low``, ``close`` (Float64);
        - ``volume`` and ``vwap``, the average price by volume (Float64): null where a row did not tell;
        - ``trade_count`` (Int64): null where a row did not tell;
        - ``partial``: whether the bar's period is not covered to its end, or a finer bar in it was partial;
        - ``excluded`` (Int64): rows of the bar that could not be used, so that nothing in it comes from them:
          a price or size that is null, NaN, infinite or negative, a price of zero, an open or close outside
          low to high, a bar whose time the symbol has twice. `excluded_rows` lists them.

        A row without a time or a symbol belongs to no bar; `excluded_rows` lists it too.

    Raises
    ------
    ParameterError
        If ``every`` is no such length, the zone is unknown, or ``since`` or ``as_of`` is no aware time.
    DataError
        If a column is missing, of the wrong type, or times have no zone; at the call, from the schema.

    Notes
    -----
    Bars shorter than a day are counted in elapsed time from midnight, and the last one of a day ends at the
    next midnight: where clocks change, bars keep their length, and a day has one more or one less. Bars of
    several days (``3d``) are counted from 1970-01-01. Volumes and counts add up: making bars of bars is the
    same as making them at once. A finer bar belongs whole to the bar in which it begins.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> trades = pl.LazyFrame({
    ...     "symbol": ["A", "A", "A"],
    ...     "time": [datetime(2026, 3, 9, 14, minute, tzinfo=UTC) for minute in (30, 34, 36)],
    ...     "price": [10.0, 13.0, 12.0],
    ...     "size": [100, 50, 10],
    ... })
    >>> bars = resample_bars(trades, every="5m").collect()
    >>> bars.select("open", "high", "low", "close", "volume", "vwap", "partial").rows()
    [(10.0, 13.0, 10.0, 13.0, 150.0, 11.0, False), (12.0, 12.0, 12.0, 12.0, 10.0, 12.0, True)]
    """
    period = require_period("every", every)
    require_zone("time_zone", time_zone)
    dtype = require_rows(frame, symbol=symbol, time=time)
    of_days = dtype == pl.Date
    if of_days:
        _require_days(every, period, time_zone)
    known = require_instant("as_of", as_of, of_days=of_days)
    covered = require_instant("since", since, of_days=of_days)
    rows = known_rows(bar_rows(frame, symbol=symbol, time=time), known)
    start, end = bounds(pl.col("time"), period, dtype=dtype, zone=time_zone)
    rows = rows.filter(pl.col("symbol").is_not_null(), pl.col("time").is_not_null())
    bars = aggregated(
        rows.with_columns(time=start, end=end),
        ["symbol", "time"],
        pl.col("end", "newest").first(),
        of_trades=not is_bars(frame),
    )
    if of_days:  # a day that is known is known to its end
        bars = bars.with_columns(pl.col("newest").dt.offset_by("1d")) if known is not None else bars
    bars = flag_partial(bars, end=pl.col("end"), since=covered)
    return bars.select("symbol", "time", "end", *BAR_COLUMNS).sort("symbol", "time")


def excluded_rows(frame: pl.LazyFrame, *, symbol: str = "symbol", time: str = "time") -> pl.LazyFrame:
    """
    List the trades or bars that no bar is made from, and why.

    Parameters
    ----------
    frame
        Trades or bars, as `resample_bars` takes them.
    symbol, time
        Names of the columns of instrument names and of times.

    Returns
    -------
    pl.LazyFrame
        The rows concerned, in order of time, with ``symbol``, ``time`` (UTC, or days) and ``problem``
        (String): ``no symbol``, ``no time``, ``no usable price``, ``no usable size or volume``,
        ``open or close outside low to high``, ``time given twice``.

    Raises
    ------
    DataError
        As `resample_bars` does.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> trades = pl.LazyFrame({
    ...     "symbol": ["A", "A"],
    ...     "time": [datetime(2026, 3, 9, 14, 30, tzinfo=UTC), None],
    ...     "price": [-1.0, 13.0],
    ...     "size": [100, 50],
    ... })
    >>> sorted(excluded_rows(trades).collect()["problem"])
    ['no time', 'no usable price']
    """
    require_rows(frame, symbol=symbol, time=time)
    rows = bar_rows(frame, symbol=symbol, time=time)
    return rows.filter(pl.col("problem").is_not_null()).select("symbol", "time", "problem")


def known_rows(rows: pl.LazyFrame, as_of: date | None) -> pl.LazyFrame:
    """Leave out what came after ``as_of``, and add ``newest``: it, or else the latest time of all rows."""
    if as_of is None:
        return rows.with_columns(newest=pl.col("time").max())
    # In the unit of the times, as Polars would compare in the coarser of the two units.
    known = pl.lit(as_of).cast(rows.collect_schema()["time"])
    return rows.filter((pl.col("time") <= known) | pl.col("time").is_null()).with_columns(newest=known)


def flag_partial(bars: pl.LazyFrame, *, end: pl.Expr, since: date | None) -> pl.LazyFrame:
    """Flag the bars that are not known to their ``end``, or begin before ``since``."""
    unfinished = end > pl.col("newest")
    if since is not None:
        begin = (
            pl.col("time").cast(pl.Datetime("us", "UTC")) if isinstance(since, datetime) else pl.col("time")
        )
        unfinished |= begin < pl.lit(since)
    return bars.with_columns(partial=pl.col("partial") | unfinished)


def _require_days(every: object, period: Period, time_zone: str) -> None:
    if period.length is not None:
        raise ParameterError("every", every, "whole days, such as '1w': the frame has days, not times")
    if time_zone != "UTC":
        raise ParameterError("time_zone", time_zone, "'UTC': the frame has days, not times")
