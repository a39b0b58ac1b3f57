# SPDX-License-Identifier: Apache-2.0
"""Volatility of prices: over a rolling window, over a whole sample, and by symbol."""

from __future__ import annotations

import math

import polars as pl

from ttapi_core.errors import DataError
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.returns import log_returns, usable


def realized_volatility(close: pl.Expr, *, window: int, periods_per_year: float) -> pl.Expr:
    """
    Annualised realised volatility of log returns over a rolling window.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Returns per estimate, at least 2. The first ``window`` rows are null.
    periods_per_year
        Bars in a year; scales the variance (252 for daily bars of US equities).

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year (0.2 is 20 %). Length and order are kept.
        Null wherever one of the ``window`` returns is null; see `log_returns`.

    Raises
    ------
    ParameterError
        If ``window < 2`` or ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    Sample standard deviation, mean removed, ddof = 1. Source: J. C. Hull, *Options, Futures, and Other
    Derivatives*, 11th edition, section 15.4, 2021.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 101.0, 100.0, 102.0]})
    >>> estimate = realized_volatility(pl.col("close"), window=2, periods_per_year=252)
    >>> frame.select(estimate.round(6))["close"].to_list()
    [None, None, 0.223384, 0.333976]
    """
    require_count("window", window, least=2)
    require_positive("periods_per_year", periods_per_year)
    return log_returns(close).rolling_std(window, min_samples=window, ddof=1) * math.sqrt(periods_per_year)


def volatility(close: pl.Expr, *, periods_per_year: float = 252) -> pl.Expr:
    """
    Annualised volatility of log returns over the whole sample.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the variance (252 for daily bars of US equities).

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per square-root year (0.2 is 20 %). Null returns are left out
        (see `log_returns`); null where fewer than two are left.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    Sample standard deviation, mean removed, ddof = 1.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 101.0, 100.0, 102.0]})
    >>> frame.select(volatility(pl.col("close")).round(6)).item()
    0.240604
    """
    require_positive("periods_per_year", periods_per_year)
    return log_returns(close).std(ddof=1) * math.sqrt(periods_per_year)


def volatility_by_symbol(
    frame: pl.LazyFrame,
    *,
    days_min: int = 20,
    periods_per_year: float = 252,
    price: str = "close",
    symbol: str = "symbol",
    time: str = "date",
) -> pl.LazyFrame:
    """
    Annualised volatility of daily log returns, one row a symbol.

    Parameters
    ----------
    frame
        Daily bars, one row a symbol and day, rows in any order.
    days_min
        Days that an estimate needs, at least 3.
    periods_per_year
        Bars in a year; scales the variance.
    price, symbol, time
        Names of the columns of prices, of instrument names, and of days.

    Returns
    -------
    pl.LazyFrame
        Sorted by symbol, with the columns ``symbol`` (as given), ``days`` (UInt32, days with a usable price),
        ``volatility`` (Float64, a fraction per square-root year), ``last_close`` (Float64, the newest usable
        price), ``first_date`` and ``last_date`` (the first and last day with a usable price).

        ``volatility`` is null rather than wrong: where fewer than ``days_min`` prices or ``days_min - 1``
        returns can be used (see `log_returns`), and where a symbol has a day twice or a null day.

    Raises
    ------
    ParameterError
        If ``days_min < 3`` or ``periods_per_year <= 0``; at the call.
    DataError
        If a column is missing or the prices are no numbers; at the call, from the schema alone.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> bars = pl.LazyFrame({
    ...     "symbol": ["A", "B", "A", "A"],
    ...     "date": [date(2024, 1, day) for day in (4, 2, 2, 3)],
    ...     "close": [100.0, 7.0, 100.0, 101.0],
    ... })
    >>> table = volatility_by_symbol(bars, days_min=3).collect()
    >>> table.select("symbol", "days", pl.col("volatility").round(6)).rows()
    [('A', 3, 0.223384), ('B', 1, None)]
    """
    require_count("days_min", days_min, least=3)
    require_positive("periods_per_year", periods_per_year)
    _require_columns(frame, price=price, symbol=symbol, time=time)
    rows = frame.select(
        pl.col(symbol).alias("symbol"), pl.col(time).alias("time"), usable(pl.col(price)).alias("price")
    )
    close, day = pl.col("price").sort_by("time"), pl.col("time")
    used_day = day.filter(pl.col("price").is_not_null())
    sound = day.is_not_null().all() & day.is_unique().all()
    enough = (close.count() >= days_min) & (log_returns(close).count() >= days_min - 1)
    return (
        rows.group_by("symbol")
        .agg(
            close.count().cast(pl.UInt32).alias("days"),
            pl.when(sound & enough)
            .then(volatility(close, periods_per_year=periods_per_year))
            .alias("volatility"),
            close.drop_nulls().last().alias("last_close"),
            used_day.min().alias("first_date"),
            used_day.max().alias("last_date"),
        )
        .sort("symbol")
    )


def _require_columns(frame: pl.LazyFrame, *, price: str, symbol: str, time: str) -> None:
    schema = frame.collect_schema()
    for name in (symbol, time, price):
        if name not in schema:
            raise DataError(
                "is missing", column=name, hint=f"columns present: {', '.join(schema.names()) or '(none)'}"
            )
    if not schema[price].is_numeric():
        raise DataError(f"holds {schema[price]}, expected numbers", column=price)
