# SPDX-License-Identifier: Apache-2.0
"""
Covariance and correlation of every pair of symbols, in long form: over a whole sample, or rolling.

Long form has one row a pair, and each pair of two symbols in both orders, so that a pivot gives the matrix::

    covariance_matrix(frame).collect().pivot("symbol_b", index="symbol_a", values="covariance")

Each pair is computed once and written twice, so the matrix is symmetric to the last bit.
"""

from __future__ import annotations

import polars as pl

from ttapi_polars.domains import require_count
from ttapi_polars.extras import has_kernels
from ttapi_polars.inputs import Kind, finite, require_columns
from ttapi_polars.moments import pearson, rolling_correlation, rolling_covariance

# Inside a plan a symbol is its place in the sorted list of symbols: shorter to join on, and in one order
# whatever type the column has.
_PAIR = ["a", "b"]
_SUMS = {
    "a": pl.UInt32(),
    "b": pl.UInt32(),
    "observations": pl.UInt32(),
    "xx": pl.Float64(),
    "xy": pl.Float64(),
    "yy": pl.Float64(),
}


def covariance_matrix(
    frame: pl.LazyFrame,
    *,
    value: str = "return",
    symbol: str = "symbol",
    time: str = "date",
    observations_min: int = 2,
) -> pl.LazyFrame:
    """
    Sample covariance of every pair of symbols over the whole sample.

    Parameters
    ----------
    frame
        One row a symbol and time, rows in any order.
    value, symbol, time
        Names of the columns of returns (or any numbers), of instrument names, and of dates or times.
    observations_min
        Times that a pair must share, at least 2.

    Returns
    -------
    pl.LazyFrame
        Sorted by the first two of the columns ``symbol_a``, ``symbol_b`` (as given), ``observations``
        (UInt32, times at which both have a usable value) and ``covariance`` (Float64, the unit of the value
        squared). Each symbol of the frame is paired with each, itself included, in both orders.

        Pairwise complete: a time at which one of the two has no row, or a value that is null, NaN or
        infinite, is left out for this pair alone. Such a matrix need not be positive semi-definite. The
        covariance is null where fewer than ``observations_min`` times are left, and for a symbol that has a
        time twice or a null time: ``observations`` is 0 then. Rows with a null symbol are left out.

    Raises
    ------
    ParameterError
        If ``observations_min < 2``; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    The measure is `covariance`. Cost: with ``s`` symbols and ``t`` times a join of ``s * s * t / 2`` rows;
    with the extra ``kernels`` a pass of as many steps over a matrix of ``s * t`` doubles, ten times as fast.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> frame = pl.LazyFrame(
    ...     {
    ...         "symbol": ["A", "A", "A", "B", "B", "B"],
    ...         "date": [date(2024, 1, day) for day in (2, 3, 4)] * 2,
    ...         "return": [1.0, 2.0, 3.0, 3.0, 5.0, 7.0],
    ...     }
    ... )
    >>> covariance_matrix(frame).collect().pivot("symbol_b", index="symbol_a", values="covariance").rows()
    [('A', 1.0, 2.0), ('B', 2.0, 4.0)]
    """
    require_count("observations_min", observations_min, least=2)
    rows = _rows(frame, value=value, symbol=symbol, time=time)
    measure = finite(pl.col("xy") / (pl.col("observations") - 1))
    return _whole(rows, measure, observations_min).rename({"measure": "covariance"})


def correlation_matrix(
    frame: pl.LazyFrame,
    *,
    value: str = "return",
    symbol: str = "symbol",
    time: str = "date",
    observations_min: int = 2,
) -> pl.LazyFrame:
    """
    Pearson's correlation of every pair of symbols over the whole sample.

    Parameters
    ----------
    frame
        One row a symbol and time, rows in any order.
    value, symbol, time
        Names of the columns of returns (or any numbers), of instrument names, and of dates or times.
    observations_min
        Times that a pair must share, at least 2.

    Returns
    -------
    pl.LazyFrame
        As `covariance_matrix` gives, with ``correlation`` (Float64, from -1 to 1) in place of the covariance.
        Also null where one of the two is constant; a symbol that is not has a correlation of 1 with itself.

    Raises
    ------
    ParameterError
        If ``observations_min < 2``; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    The measure is `correlation`; cost as of `covariance_matrix`.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> frame = pl.LazyFrame(
    ...     {
    ...         "symbol": ["A", "A", "A", "B", "B", "B"],
    ...         "date": [date(2024, 1, day) for day in (2, 3, 4)] * 2,
    ...         "return": [1.0, 2.0, 3.0, 3.0, None, 7.0],
    ...     }
    ... )
    >>> correlation_matrix(frame).with_columns(pl.col("correlation").round(6)).collect().rows()
    [('A', 'A', 3, 1.0), ('A', 'B', 2, 1.0), ('B', 'A', 2, 1.0), ('B', 'B', 2, 1.0)]
    """
    require_count("observations_min", observations_min, least=2)
    rows = _rows(frame, value=value, symbol=symbol, time=time)
    measure = pearson(pl.col("xx"), pl.col("xy"), pl.col("yy"))
    return _whole(rows, measure, observations_min).rename({"measure": "correlation"})


def rolling_covariance_matrix(
    frame: pl.LazyFrame,
    *,
    window: int,
    value: str = "return",
    symbol: str = "symbol",
    time: str = "date",
) -> pl.LazyFrame:
    """
    Sample covariance of every pair of symbols over a rolling window of times.

    Parameters
    ----------
    frame
        One row a symbol and time, rows in any order.
    window
        Times per estimate, at least 2. The first ``window - 1`` times are null.
    value, symbol, time
        Names of the columns of returns (or any numbers), of instrument names, and of dates or times.

    Returns
    -------
    pl.LazyFrame
        Sorted by the first three of the columns: the time under its own name, ``symbol_a``, ``symbol_b`` (as
        given) and ``covariance`` (Float64, the unit of the value squared). Each time of the frame has all
        pairs, a symbol with itself included, in both orders.

        A window counts the times of the whole frame, so that all pairs of a row share one window. It is null
        for a pair where one of the two has no row, or a value that is null, NaN or infinite, at one of its
        times: no gap is bridged, and markets with different holidays are best kept in frames of their own.
        Null throughout for a symbol that has a time twice or a null time. Rows with a null symbol are left
        out.

    Raises
    ------
    ParameterError
        If ``window < 2``; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    The measure is `rolling_covariance`. Cost: with ``s`` symbols and ``t`` times the result has ``s * s * t``
    rows, about 30 bytes each.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> frame = pl.LazyFrame(
    ...     {
    ...         "symbol": ["A", "A", "A", "B", "B", "B"],
    ...         "date": [date(2024, 1, day) for day in (2, 3, 4)] * 2,
    ...         "return": [1.0, 2.0, 4.0, 3.0, 5.0, 9.0],
    ...     }
    ... )
    >>> table = rolling_covariance_matrix(frame, window=2).collect()
    >>> table.filter(symbol_a="A", symbol_b="B")["covariance"].to_list()
    [None, 1.0, 4.0]
    """
    require_count("window", window, least=2)
    rows = _rows(frame, value=value, symbol=symbol, time=time)
    measure = rolling_covariance(pl.col("x"), pl.col("y"), window=window)
    return _rolling(rows, measure).rename({"measure": "covariance", "time": time})


def rolling_correlation_matrix(
    frame: pl.LazyFrame,
    *,
    window: int,
    value: str = "return",
    symbol: str = "symbol",
    time: str = "date",
) -> pl.LazyFrame:
    """
    Pearson's correlation of every pair of symbols over a rolling window of times.

    Parameters
    ----------
    frame
        One row a symbol and time, rows in any order.
    window
        Times per estimate, at least 2. The first ``window - 1`` times are null.
    value, symbol, time
        Names of the columns of returns (or any numbers), of instrument names, and of dates or times.

    Returns
    -------
    pl.LazyFrame
        As `rolling_covariance_matrix` gives, with ``correlation`` (Float64, from -1 to 1) in place of the
        covariance. Also null where one of the two is constant over the window.

    Raises
    ------
    ParameterError
        If ``window < 2``; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    The measure is `rolling_correlation`; cost as of `rolling_covariance_matrix`.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> frame = pl.LazyFrame(
    ...     {
    ...         "symbol": ["A", "A", "A", "B", "B", "B"],
    ...         "date": [date(2024, 1, day) for day in (2, 3, 4)] * 2,
    ...         "return": [1.0, 2.0, 4.0, 3.0, 5.0, 4.0],
    ...     }
    ... )
    >>> table = rolling_correlation_matrix(frame, window=2).collect()
    >>> table.filter(symbol_a="A", symbol_b="B")["correlation"].round(6).to_list()
    [None, 1.0, -1.0]
    """
    require_count("window", window, least=2)
    rows = _rows(frame, value=value, symbol=symbol, time=time)
    measure = rolling_correlation(pl.col("x"), pl.col("y"), window=window)
    return _rolling(rows, measure).rename({"measure": "correlation", "time": time})


def _rows(frame: pl.LazyFrame, *, value: str, symbol: str, time: str) -> pl.LazyFrame:
    require_columns(frame, {symbol: Kind.ANY, time: Kind.TIME, value: Kind.NUMBER})
    return frame.select(
        pl.col(symbol).alias("symbol"), pl.col(time).alias("time"), finite(pl.col(value)).alias("value")
    ).filter(pl.col("symbol").is_not_null())


def _symbols(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select(pl.col("symbol").unique().sort()).with_row_index("place")


def _cells(rows: pl.LazyFrame, symbols: pl.LazyFrame) -> pl.LazyFrame:
    """Give place, time and value, of the usable values of sound symbols: no time twice, none null."""
    sound = pl.col("time").is_not_null().all() & pl.col("time").is_unique().all()
    return (
        rows.filter(sound.over("symbol") & pl.col("value").is_not_null())
        .join(symbols, on="symbol")
        .select("place", "time", "value")
    )


def _whole(rows: pl.LazyFrame, measure: pl.Expr, observations_min: int) -> pl.LazyFrame:
    symbols = _symbols(rows)
    enough = pl.col("observations") >= observations_min
    cells = _cells(rows, symbols)
    sums = _summed_at_once(cells) if has_kernels() else _centred_sums(_pair_rows(cells))
    pairs = sums.select(*_PAIR, "observations", pl.when(enough).then(measure).alias("measure"))
    return (
        _both_orders(symbols)
        .join(pairs, on=_PAIR, how="left")
        .sort("place", "place_b")
        .select("symbol_a", "symbol_b", pl.col("observations").fill_null(0), "measure")
    )


def _summed_at_once(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Give what `_centred_sums` does, in a compiled pass that takes a tenth of the time."""
    from ttapi_polars.pair_kernels import pair_sums  # noqa: PLC0415 - an extra

    return cells.map_batches(
        pair_sums,
        predicate_pushdown=False,
        projection_pushdown=False,
        slice_pushdown=False,
        schema=_SUMS,
    )


def _centred_sums(rows: pl.LazyFrame) -> pl.LazyFrame:
    """
    Give each pair its observations and centred sums of products ``xx``, ``xy`` and ``yy``.

    The formula of `moments.covariance`, in aggregations that the streaming engine has: that expression itself
    takes over four times as long in a `group_by`, and the one for the correlation 25 times.
    """
    x, y = pl.col("x"), pl.col("y")
    means = rows.group_by(_PAIR).agg(
        x.mean().alias("mean_x"),
        y.mean().alias("mean_y"),
        (x.min() < x.max()).alias("varies_x"),
        (y.min() < y.max()).alias("varies_y"),
    )
    # What is constant to the last bit deviates by exactly nothing, however its mean is rounded.
    dx = pl.when("varies_x").then(x - pl.col("mean_x")).otherwise(0.0)
    dy = pl.when("varies_y").then(y - pl.col("mean_y")).otherwise(0.0)
    sums = (
        rows.join(means, on=_PAIR)
        .select(*_PAIR, dx.alias("x"), dy.alias("y"))
        .group_by(_PAIR)
        .agg(
            pl.len().cast(pl.UInt32).alias("observations"),
            x.sum(),
            y.sum(),
            (x * x).sum().alias("xx"),
            (x * y).sum().alias("xy"),
            (y * y).sum().alias("yy"),
        )
    )
    # What the rounding of the means has left in the sums.
    left = [(f"{u}{v}", pl.col(u) * pl.col(v) / pl.col("observations")) for u, v in ("xx", "xy", "yy")]
    return sums.with_columns(pl.col(name) - rest for name, rest in left)


def _rolling(rows: pl.LazyFrame, measure: pl.Expr) -> pl.LazyFrame:
    symbols = _symbols(rows)
    times = rows.select(pl.col("time").drop_nulls().unique().sort())
    # Each symbol gets a row for each time, so that a missing row is a null in the window, not a shorter way.
    grid = (
        times.join(symbols.select("place"), how="cross")
        .join(_cells(rows, symbols), on=["place", "time"], how="left")
        .select("place", "time", "value")
    )
    pairs = _pair_rows(grid).sort(*_PAIR, "time").select(*_PAIR, "time", measure.over(_PAIR).alias("measure"))
    return (
        _both_orders(symbols)
        .join(pairs, on=_PAIR)
        .sort("time", "place", "place_b")
        .select("time", "symbol_a", "symbol_b", "measure")
    )


def _pair_rows(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Give the values ``x`` and ``y`` of each pair ``a <= b`` at each time that both have."""
    left = cells.select(pl.col("place").alias("a"), "time", pl.col("value").alias("x"))
    right = cells.select(pl.col("place").alias("b"), "time", pl.col("value").alias("y"))
    return left.join(right, on="time").filter(pl.col("a") <= pl.col("b"))


def _both_orders(symbols: pl.LazyFrame) -> pl.LazyFrame:
    """Give every ordered pair of symbols, and in ``a`` and ``b`` the pair that it is computed as."""
    return symbols.join(symbols, how="cross", suffix="_b").select(
        "place",
        "place_b",
        pl.col("symbol").alias("symbol_a"),
        "symbol_b",
        pl.min_horizontal("place", "place_b").alias("a"),
        pl.max_horizontal("place", "place_b").alias("b"),
    )
