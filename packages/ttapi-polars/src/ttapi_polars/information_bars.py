# SPDX-License-Identifier: Apache-2.0
"""Bars that close by what was traded, not by the clock: so many trades, so much volume, so much money."""

from __future__ import annotations

import polars as pl

from ttapi_core.errors import DataError
from ttapi_polars.bar_rows import BAR_COLUMNS, aggregated, bar_rows, is_bars, require_rows
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.session_frames import require_times


def tick_bars(frame: pl.LazyFrame, *, ticks: int, symbol: str = "symbol", time: str = "time") -> pl.LazyFrame:
    """
    Bars of a fixed number of trades.

    Parameters
    ----------
    frame
        Trades: ``price``, ``size``, a symbol and a time with a time zone; rows in any order, rows of equal
        time count in the order given.
    ticks
        Trades in a bar, at least 1.
    symbol, time
        Names of the columns of instrument names and of times.

    Returns
    -------
    pl.LazyFrame
        One row a symbol and bar, sorted by symbol and bar: ``symbol``, ``bar`` (Int64, counted from 0),
        ``time`` and ``end`` (first and last trade, both included, in UTC), ``open``, ``high``, ``low``,
        ``close``, ``volume``, ``vwap`` (Float64), ``trade_count`` (Int64), ``partial`` (the threshold was not
        reached: at most the last bar of a symbol) and ``excluded`` (Int64, rows in it that could not be used,
        see `resample_bars`; they count towards nothing).

    Raises
    ------
    ParameterError
        If ``ticks`` is no whole number of at least 1.
    DataError
        If the frame holds bars, a column is missing, of the wrong type, or times have no zone.

    Notes
    -----
    Source: M. Lopez de Prado, *Advances in Financial Machine Learning*, section 2.3.1, 2018.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> trades = pl.LazyFrame({
    ...     "symbol": ["A"] * 3,
    ...     "time": [datetime(2026, 3, 9, 14, minute, tzinfo=UTC) for minute in (30, 31, 32)],
    ...     "price": [10.0, 13.0, 12.0],
    ...     "size": [100, 50, 10],
    ... })
    >>> tick_bars(trades, ticks=2).collect().select("open", "close", "volume", "partial").rows()
    [(10.0, 13.0, 150.0, False), (12.0, 12.0, 10.0, True)]
    """
    require_count("ticks", ticks, least=1)
    return _bars_by(frame, pl.col("trade_count"), float(ticks), symbol=symbol, time=time)


def volume_bars(
    frame: pl.LazyFrame, *, volume: float, symbol: str = "symbol", time: str = "time"
) -> pl.LazyFrame:
    """
    Bars of a fixed volume.

    Parameters
    ----------
    frame
        Trades, as `tick_bars` takes them.
    volume
        Shares or contracts in a bar, above zero.
    symbol, time
        Names of the columns of instrument names and of times.

    Returns
    -------
    pl.LazyFrame
        As `tick_bars` returns them.

    Raises
    ------
    ParameterError
        If ``volume`` is not a finite number above zero.
    DataError
        As `tick_bars` does.

    Notes
    -----
    The volume of a symbol since its first row is cut at ``volume``, ``2 volume``, ``3 volume``, ...: a trade
    belongs whole to bar ``floor(volume before it / threshold)``, and bars without a trade are not counted. So
    the trade that reaches the threshold is the last of its bar, what it brings beyond the threshold counts
    towards the next, and a trade of several thresholds makes one bar, not several. In the long run a bar
    holds the threshold, where single trades are smaller. (Variants that begin every bar at zero hold more
    than the threshold on average; they are not this.) Sizes that are whole numbers are summed exactly up to
    2^53; sums of fractions may be off by a rounding at the very threshold.

    Source: M. Lopez de Prado, *Advances in Financial Machine Learning*, section 2.3.1, 2018.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> trades = pl.LazyFrame({
    ...     "symbol": ["A"] * 4,
    ...     "time": [datetime(2026, 3, 9, 14, minute, tzinfo=UTC) for minute in (30, 31, 32, 33)],
    ...     "price": [10.0, 13.0, 12.0, 11.0],
    ...     "size": [60, 70, 70, 10],
    ... })
    >>> volume_bars(trades, volume=100).collect().select("open", "close", "volume", "partial").rows()
    [(10.0, 13.0, 130.0, False), (12.0, 12.0, 70.0, False), (11.0, 11.0, 10.0, True)]
    """
    require_positive("volume", volume)
    return _bars_by(frame, pl.col("volume"), volume, symbol=symbol, time=time)


def dollar_bars(
    frame: pl.LazyFrame, *, value: float, symbol: str = "symbol", time: str = "time"
) -> pl.LazyFrame:
    """
    Bars of a fixed traded value, price times size.

    Parameters
    ----------
    frame
        Trades, as `tick_bars` takes them.
    value
        Money in a bar, in the currency of the prices, above zero.
    symbol, time
        Names of the columns of instrument names and of times.

    Returns
    -------
    pl.LazyFrame
        As `tick_bars` returns them.

    Raises
    ------
    ParameterError
        If ``value`` is not a finite number above zero.
    DataError
        As `tick_bars` does.

    Notes
    -----
    Cut as `volume_bars` says, with the value traded in the place of the volume.
    Source: M. Lopez de Prado, *Advances in Financial Machine Learning*, section 2.3.1, 2018.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> trades = pl.LazyFrame({
    ...     "symbol": ["A"] * 3,
    ...     "time": [datetime(2026, 3, 9, 14, minute, tzinfo=UTC) for minute in (30, 31, 32)],
    ...     "price": [10.0, 13.0, 12.0],
    ...     "size": [100, 50, 10],
    ... })
    >>> dollar_bars(trades, value=1500).collect().select("close", "vwap", "partial").rows()
    [(13.0, 11.0, False), (12.0, 12.0, True)]
    """
    require_positive("value", value)
    return _bars_by(frame, pl.col("turnover"), value, symbol=symbol, time=time)


def _bars_by(
    frame: pl.LazyFrame, amount: pl.Expr, threshold: float, *, symbol: str, time: str
) -> pl.LazyFrame:
    if is_bars(frame):
        raise DataError("holds bars, expected trades", column="open", hint="a bar cannot be divided")
    require_times(frame, time)
    require_rows(frame, symbol=symbol, time=time)
    rows = bar_rows(frame, symbol=symbol, time=time)
    rows = rows.filter(pl.col("symbol").is_not_null(), pl.col("time").is_not_null())
    rows = rows.with_columns(__reached=amount.fill_null(0).cast(pl.Float64).cum_sum().over("symbol"))
    # The sum before a trade is taken from the sums themselves: subtracting its own amount would round.
    before = pl.col("__reached").shift(1, fill_value=0.0).over("symbol")
    bars = aggregated(
        rows.with_columns(__cut=(before / threshold).floor()),
        ["symbol", "__cut"],
        pl.col("time").min(),
        pl.col("time").max().alias("end"),
        pl.col("__reached").max(),
        of_trades=True,
    ).sort("symbol", "__cut")
    return bars.select(
        "symbol",
        pl.int_range(pl.len(), dtype=pl.Int64).over("symbol").alias("bar"),
        "time",
        "end",
        pl.exclude("symbol", "__cut", "time", "end", "partial", "__reached"),
        partial=(pl.col("__reached") / threshold).floor() <= pl.col("__cut"),
    ).select("symbol", "bar", "time", "end", *BAR_COLUMNS)
