# SPDX-License-Identifier: Apache-2.0
"""Drawdowns: how far prices fell from their highest, for how long, and when they were back."""

from __future__ import annotations

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.adjoining import over, over_adjoining
from ttapi_polars.domains import require_not_negative
from ttapi_polars.extras import has_kernels
from ttapi_polars.inputs import Kind, positive, require_columns


def drawdown(price: pl.Expr, *, by: pl.Expr | None = None) -> pl.Expr:
    """
    Return how far each price is below the highest so far, ``p[t] / max(p[0..t]) - 1``.

    Parameters
    ----------
    price
        Prices, or the value of an account, in time order, one per bar, strictly positive. Any numeric type,
        shape ``(n,)``.
    by
        What tells the instruments apart when the column holds several. The result is that of
        ``.over(by)``; with the extra ``kernels`` it takes one compiled pass, quickest where the rows of an
        instrument adjoin.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction from -1 to 0 (-0.2 is 20 % below the peak). Length and order are
        kept. Null where the price is null, NaN, infinite or not positive; the highest price is the highest of
        those that can be used, so a peak inside a gap is not known.

    Notes
    -----
    Source: A. Chekhlov, S. Uryasev, M. Zabarankin, "Drawdown measure in portfolio optimization",
    *International Journal of Theoretical and Applied Finance* 8(1), section 2, 2005, here relative to the
    peak.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 80.0, None, 90.0, 120.0]})
    >>> frame.select(drawdown(pl.col("close")).round(6))["close"].to_list()
    [0.0, -0.2, None, -0.1, 0.0]
    """
    if by is not None and has_kernels():
        from ttapi_polars import passes  # noqa: PLC0415 - an extra

        return over_adjoining([price], by, passes.drawdown)
    kept = positive(price)
    peak = kept.cum_max()
    return over((kept - peak) / peak, by)


def max_drawdown(price: pl.Expr) -> pl.Expr:
    """
    Return the deepest drawdown of the whole sample, the smallest value of `drawdown`.

    Parameters
    ----------
    price
        Prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction from -1 to 0: negative, as `drawdown` is. Zero where prices never fell,
        null where no price can be used.

    Notes
    -----
    Source: M. Magdon-Ismail, A. F. Atiya, "Maximum drawdown", *Risk* 17(10), 2004.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 80.0, 120.0, 90.0]})
    >>> frame.select(max_drawdown(pl.col("close")).round(6)).item()
    -0.25
    """
    return drawdown(price).min()


def drawdown_table(
    frame: pl.LazyFrame,
    *,
    price: str = "close",
    symbol: str = "symbol",
    time: str = "date",
    depth_min: float = 0.0,
) -> pl.LazyFrame:
    """
    List the drawdowns of each symbol, one row for every fall from a peak until the price is back.

    Parameters
    ----------
    frame
        Bars, one row a symbol and time, rows in any order.
    price, symbol, time
        Names of the columns of prices, of instrument names, and of dates or times.
    depth_min
        The least depth that is listed, a fraction from 0 to 1, inclusive (0.1 leaves out falls under 10 %).

    Returns
    -------
    pl.LazyFrame
        Sorted by symbol, then start, with the columns

        - ``symbol``: as given;
        - ``start``: time of the peak, the last bar at that price before the fall;
        - ``trough``: time of the lowest price, the first bar at it;
        - ``end``: time of the first bar at or above the peak again, null where there is none yet;
        - ``peak``: Float64, the price that was fallen from;
        - ``depth``: Float64, a positive fraction of the peak, ``1 - lowest / peak`` (0.2 is a fall of 20 %);
        the
          greatest depth of a symbol is ``-max_drawdown``;
        - ``bars_to_trough``: UInt32, bars from the peak to the trough;
        - ``bars``: UInt32, bars from the peak to the end, or to the newest bar where there is no end.

        Rows without a usable price (see `drawdown`) take no part and are not counted as bars. A symbol whose
        prices never fell has no row. A symbol of which no drawdown can be known, because it has a time twice
        or a null time, or no usable price at all, has one row that is null but for the symbol, whatever
        ``depth_min``.

    Raises
    ------
    ParameterError
        If ``depth_min`` is below 0 or above 1; at the call.
    DataError
        If a column is missing, the prices are no numbers or the times no dates; at the call, from the schema
        alone.

    Notes
    -----
    Source: M. Magdon-Ismail, A. F. Atiya, "Maximum drawdown", *Risk* 17(10), 2004, for the peak and the
    trough.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> bars = pl.LazyFrame({
    ...     "symbol": "A",
    ...     "date": [date(2024, 1, day) for day in (2, 3, 4, 5, 8)],
    ...     "close": [100.0, 80.0, 100.0, 120.0, 90.0],
    ... })
    >>> table = drawdown_table(bars).collect()
    >>> table.select(pl.col("start", "end").dt.day(), pl.col("depth").round(6), "bars").rows()
    [(2, 4, 0.2, 2), (5, None, 0.25, 1)]
    """
    _require_depth(depth_min)
    require_columns(frame, {symbol: Kind.ANY, time: Kind.TIME, price: Kind.NUMBER})
    rows = frame.select(
        pl.col(symbol).alias("symbol"), pl.col(time).alias("time"), positive(pl.col(price)).alias("price")
    ).with_columns(_is_sound().over("symbol").alias("sound"))
    known = _drawdowns_of(rows.filter("sound", pl.col("price").is_not_null()))
    unknown = rows.filter(~pl.col("sound")).select("symbol").unique()
    deep = known.filter(pl.col("depth") >= depth_min)
    return pl.concat([deep, unknown], how="diagonal").sort("symbol", "start")


# A bar at or above every one before it opens a stretch, which the bars below it belong to: a stretch of one
# bar is no drawdown, and the next stretch opens with the recovery.
def _drawdowns_of(rows: pl.LazyFrame) -> pl.LazyFrame:
    ordered = rows.sort("symbol", "time")
    at_peak = pl.col("price") == pl.col("price").cum_max()
    stretches = ordered.with_columns(at_peak.cum_sum().over("symbol").alias("stretch"))
    fallen = pl.col("price").arg_min()
    return (
        stretches.group_by("symbol", "stretch")
        .agg(
            pl.col("time").first().alias("start"),
            pl.col("time").get(fallen).alias("trough"),
            pl.col("price").first().alias("peak"),
            _depth().alias("depth"),
            fallen.cast(pl.UInt32).alias("bars_to_trough"),
            pl.len().cast(pl.UInt32).alias("length"),
        )
        .sort("symbol", "stretch")
        .with_columns(pl.col("start").shift(-1).over("symbol").alias("end"))
        .filter(pl.col("length") > 1)
        .select(
            "symbol",
            "start",
            "trough",
            "end",
            "peak",
            "depth",
            "bars_to_trough",
            (pl.col("length") - pl.col("end").is_null()).cast(pl.UInt32).alias("bars"),
        )
    )


def _depth() -> pl.Expr:
    peak = pl.col("price").first()
    return (peak - pl.col("price").min()) / peak


def _is_sound() -> pl.Expr:
    time = pl.col("time")
    return time.is_not_null().all() & time.is_unique().all() & pl.col("price").is_not_null().any()


def _require_depth(depth_min: float) -> None:
    require_not_negative("depth_min", depth_min)
    if depth_min > 1:
        raise ParameterError("depth_min", depth_min, "a fraction from 0 to 1")
