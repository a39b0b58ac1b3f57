# SPDX-License-Identifier: Apache-2.0
"""The volatility cone: where today's volatility stands among what it has been, window by window."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.inputs import Kind, require_columns
from ttapi_polars.volatilities import realized_volatility


def volatility_cone(
    frame: pl.LazyFrame,
    *,
    windows: Sequence[int] = (20, 60, 120, 250),
    periods_per_year: float = 252,
    price: str = "close",
    symbol: str = "symbol",
    time: str = "date",
) -> pl.LazyFrame:
    """
    Realised volatility over several windows: its range so far, and where it is now.

    Parameters
    ----------
    frame
        Bars, one row a symbol and time, rows in any order.
    windows
        Returns per estimate, each at least 2.
    periods_per_year
        Bars in a year; scales the variance.
    price, symbol, time
        Names of the columns.

    Returns
    -------
    pl.LazyFrame
        One row a symbol and window, sorted by both: ``symbol``, ``window`` (UInt32), ``estimates`` (UInt32,
        how many windows there were), ``minimum``, ``lower_quartile``, ``median``, ``upper_quartile``,
        ``maximum``, ``latest`` (Float64, fractions per square-root year; ``latest`` is that of the newest
        bar) and ``percentile`` (the share of estimates not above the latest, 0 to 1).

        Null where a symbol has no whole window, and where it has a time twice or a null time; ``latest`` and
        ``percentile`` also where the newest window has a gap.

    Raises
    ------
    ParameterError
        If ``windows`` is empty, names a window twice or one below 2, or ``periods_per_year <= 0``.
    DataError
        If a column is missing or of the wrong kind; at the call, from the schema alone.

    Notes
    -----
    Quartiles are interpolated linearly. Windows overlap, so the estimates are not independent. Source:
    G. Burghardt, M. Lane, "How to Tell If Options Are Cheap", *The Journal of Portfolio Management* 16 (2),
    1990.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> closes = [100.0, 101.0, 100.0, 102.0, 101.0]
    >>> days = [date(2024, 1, day) for day in range(1, 6)]
    >>> bars = pl.LazyFrame({"symbol": "A", "date": days, "close": closes})
    >>> cone = volatility_cone(bars, windows=[2, 3]).collect()
    >>> cone.select("window", "estimates", pl.col("minimum", "latest").round(3), "percentile").rows()
    [(2, 3, 0.223, 0.333, 0.6666666666666666), (3, 2, 0.241, 0.272, 1.0)]
    """
    _require_windows(windows)
    require_positive("periods_per_year", periods_per_year)
    require_columns(frame, {symbol: Kind.ANY, time: Kind.TIME, price: Kind.NUMBER})
    rows = frame.select(
        pl.col(symbol).alias("symbol"), pl.col(time).alias("time"), pl.col(price).alias("price")
    )
    sound = pl.col("time").is_not_null().all() & pl.col("time").is_unique().all()
    close = pl.when(sound).then(pl.col("price").sort_by("time"))
    groups = rows.group_by("symbol")
    return pl.concat(
        [
            groups.agg(
                realized_volatility(close, window=window, periods_per_year=periods_per_year).alias("estimate")
            )
            .with_columns(pl.lit(window, dtype=pl.UInt32).alias("window"))
            .select("symbol", "window", *_range_so_far(pl.col("estimate")))
            for window in windows
        ]
    ).sort("symbol", "window")


def _range_so_far(estimates: pl.Expr) -> list[pl.Expr]:
    quantiles = {
        "minimum": 0.0,
        "lower_quartile": 0.25,
        "median": 0.5,
        "upper_quartile": 0.75,
        "maximum": 1.0,
    }
    element, latest = pl.element().drop_nulls(), estimates.list.last()
    known = estimates.list.drop_nulls()
    return [
        known.list.len().alias("estimates"),
        *(
            known.list.eval(element.quantile(share, "linear")).list.first().alias(name)
            for name, share in quantiles.items()
        ),
        latest.alias("latest"),
        pl.when(latest.is_not_null())
        .then(estimates.list.eval((pl.element() <= pl.element().last()).mean()).list.first())
        .alias("percentile"),
    ]


def _require_windows(windows: Sequence[int]) -> None:
    if not isinstance(windows, Sequence):
        raise ParameterError("windows", windows, "several whole numbers, such as [20, 60]")
    if not windows or len(set(windows)) < len(windows):
        raise ParameterError("windows", list(windows), "at least one window, each named once")
    for window in windows:
        require_count("windows", window, least=2)
