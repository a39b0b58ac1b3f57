# SPDX-License-Identifier: Apache-2.0
"""
Tables of one row a symbol.

Rows that are known to be in order of symbol and time, as a store keeps them, need no hash table and no
sorting: told so, Polars cuts the column at the borders. What is claimed is checked where that costs next to
nothing: a symbol that turns up twice is an error, and days that do not rise make an estimate null. With the
extra ``kernels`` the two measures that everyone asks for are computed while the rows are being read.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import polars as pl

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.extras import has_kernels
from ttapi_polars.inputs import Kind, finite, positive, require_columns

_RISES: Final = "__rises"
_TIME: Final = pl.col("time")
_IN_ORDER: Final = _TIME.is_not_null().all() & (_TIME.shift(1) < _TIME).all()
_USED: Final = _TIME.filter(pl.col("price").is_not_null())
_USED_DAYS: Final = (_USED.min().alias("first_date"), _USED.max().alias("last_date"))


def summarize(
    frame: pl.LazyFrame,
    *measures: pl.Expr,
    symbol: str = "symbol",
    time: str | None = "date",
    is_sorted: bool = False,
) -> pl.LazyFrame:
    """
    Reduce the rows of each symbol to one row.

    Parameters
    ----------
    frame
        Rows of many symbols.
    *measures
        Expressions with one value a symbol, each with a name of its own, such as
        ``volatility(pl.col("close")).alias("volatility")``. They see the rows of one symbol, in time order.
    symbol, time
        Names of the columns. With ``is_sorted``, None for ``time`` leaves the times unread and unchecked: for
        measures to which their order is nothing, or where it is beyond doubt.
    is_sorted
        Whether the rows are known to be in order of symbol and time, as those of a store's scan; else they
        are sorted first.

    Returns
    -------
    pl.LazyFrame
        The symbol and a column for each measure, sorted by symbol. With ``is_sorted``, a symbol whose rows
        are not together, or whose times do not rise, is an error on collect.

    Raises
    ------
    ParameterError
        If there is no measure; at the call.
    DataError
        If a column is missing, ``symbol`` is a struct or a list, or ``time`` is no time, at the call; if
        ``is_sorted`` was not true, on collect.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.LazyFrame({"symbol": ["A", "A", "B"], "date": [1, 2, 1], "close": [1.0, 2.0, 7.0]})
    >>> bars = bars.with_columns(pl.col("date").cast(pl.Date))
    >>> summarize(bars, pl.col("close").last(), pl.len().alias("rows"), is_sorted=True).collect().rows()
    [('A', 2.0, 2), ('B', 7.0, 1)]
    """
    if not measures:
        raise ParameterError("measures", measures, "at least one expression")
    schema = require_columns(frame, {symbol: Kind.ANY, **({} if time is None else {time: Kind.TIME})})
    if schema[symbol].is_nested():
        raise DataError(f"holds {schema[symbol]}, expected names that can be put in order", column=symbol)
    if time is None:
        if not is_sorted:
            raise ParameterError("time", time, "the name of a column, unless the rows are known to be sorted")
        return _cut_at_borders(frame, symbol, measures)
    if not is_sorted:
        return _cut_at_borders(frame.sort(symbol, time, maintain_order=True), symbol, measures)
    rises = pl.col(time).is_not_null().all() & (pl.col(time) > pl.col(time).shift(1)).all()
    table = _cut_at_borders(frame, symbol, (*measures, rises.alias(_RISES)))
    return _checked(table, lambda found: _require_rising_times(found, symbol, time)).drop(_RISES)


def volatility_by_symbol(
    frame: pl.LazyFrame,
    *,
    days_min: int = 20,
    periods_per_year: float = 252,
    price: str = "close",
    symbol: str = "symbol",
    time: str | None = "date",
    is_sorted: bool = False,
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
        Names of the columns of prices, of instrument names, and of days. With ``is_sorted``, None for
        ``time`` leaves the days unread: the table has no dates, the order of days is beyond doubt, and in a
        long column a symbol is looked for in one row of 256, so that fewer rows that have gone astray among
        those of another symbol may not be found.
    is_sorted
        Whether the rows are known to be in order of symbol and day, as those of a store's scan: then nothing
        is hashed or sorted. A symbol whose rows are not together is an error on collect. With the extra
        ``kernels`` the last digits may differ from those of rows in any order.

    Returns
    -------
    pl.LazyFrame
        Sorted by symbol, with the columns ``symbol`` (as given), ``days`` (UInt32, days with a usable price),
        ``volatility`` (Float64, a fraction per square-root year), ``last_close`` (Float64, the newest usable
        price), ``first_date`` and ``last_date`` (the first and last day with a usable price; not without
        ``time``).

        ``volatility`` is null rather than wrong: where fewer than ``days_min`` prices or ``days_min - 1``
        returns can be used (see `log_returns`), and where a symbol has a day twice or a null day.

    Raises
    ------
    ParameterError
        If ``days_min < 3`` or ``periods_per_year <= 0``; at the call.
    DataError
        If a column is missing or the prices are no numbers, at the call, from the schema alone; if
        ``is_sorted`` was not true, on collect.

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
    timed = {} if time is None else {time: Kind.TIME}
    schema = require_columns(frame, {symbol: Kind.ANY, price: Kind.NUMBER, **timed})
    if time is None and not is_sorted:
        raise ParameterError("time", time, "the name of a column, unless the rows are known to be sorted")
    if is_sorted and _reads_in_runs(schema[symbol]):
        return _volatility_of_runs(frame, days_min, periods_per_year, price=price, symbol=symbol, time=time)
    used = positive(pl.col(price))
    # The logarithm is taken of the whole column at once, outside the groups.
    columns = [pl.col(symbol).alias("symbol"), used.alias("price"), used.log().alias("log")]
    rows = frame.select(*columns, *([] if time is None else [pl.col(time).alias("time")]))
    if is_sorted:
        sound = pl.lit(value=True) if time is None else _IN_ORDER
        measures = _measures(pl.col("price"), pl.col("log"), days_min, periods_per_year, sound=sound)
        return _cut_at_borders(rows, "symbol", measures if time is None else (*measures, *_USED_DAYS))
    price_in_order, log_in_order = (pl.col(name).sort_by("time") for name in ("price", "log"))
    whole = pl.col("time").is_not_null().all() & pl.col("time").is_unique().all()
    measures = _measures(price_in_order, log_in_order, days_min, periods_per_year, sound=whole)
    return rows.group_by("symbol").agg(*measures, *_USED_DAYS).sort("symbol")


def deviation_by_symbol(
    frame: pl.LazyFrame, *, value: str = "close", symbol: str = "symbol", is_sorted: bool = False
) -> pl.LazyFrame:
    """
    Reduce a column to its standard deviation, one row a symbol.

    Parameters
    ----------
    frame
        Rows of many symbols.
    value, symbol
        Names of the columns of numbers and of instrument names.
    is_sorted
        Whether the rows are known to be in order of symbol, as those of a store's scan: then nothing is
        hashed. A symbol whose rows are not together is an error on collect. With the extra ``kernels`` the
        last digits may differ, and in a long column a symbol is looked for in one row of 256, so that fewer
        rows that have gone astray among those of another symbol may not be found.

    Returns
    -------
    pl.LazyFrame
        Sorted by symbol, with the columns ``symbol`` (as given), ``rows`` (UInt32, the finite values) and
        ``deviation`` (Float64, the unit of the values; ddof = 1). It leaves out what is null, NaN or
        infinite, and is null where fewer than two values are left or the result is too large for a double.

    Raises
    ------
    DataError
        If a column is missing or the values are no numbers, at the call; if ``is_sorted`` was not true, on
        collect.

    Notes
    -----
    ``sqrt(sum((x - mean)**2) / (rows - 1))``, the mean taken first and its own rounding taken out again.
    Source: T. F. Chan, G. H. Golub, R. J. LeVeque, *Algorithms for Computing the Sample Variance*, The
    American Statistician 37, 1983, equation 1.7.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.LazyFrame({"symbol": ["A", "A", "B"], "close": [1.0, 3.0, 7.0]})
    >>> table = deviation_by_symbol(bars, is_sorted=True).collect()
    >>> table.select("symbol", pl.col("deviation").round(6)).rows()
    [('A', 1.414214), ('B', None)]
    """
    schema = require_columns(frame, {symbol: Kind.ANY, value: Kind.NUMBER})
    if is_sorted and _reads_in_runs(schema[symbol]):
        from ttapi_polars import symbol_runs as runs  # noqa: PLC0415 - an extra

        table = runs.reduced(frame, runs.DEVIATION, symbol=symbol, value=value)
        count = pl.col("count")
        return _in_order(table).select(
            "symbol", count.cast(pl.UInt32).alias("rows"), _deviation(count).alias("deviation")
        )
    used = finite(pl.col("value"))
    measures = (used.count().cast(pl.UInt32).alias("rows"), finite(used.std()).alias("deviation"))
    rows = frame.select(pl.col(symbol).alias("symbol"), pl.col(value).alias("value"))
    if is_sorted:
        return _cut_at_borders(rows, "symbol", measures)
    return rows.group_by("symbol").agg(measures).sort("symbol")


def _reads_in_runs(dtype: pl.DataType) -> bool:
    return dtype == pl.String and has_kernels()


def _volatility_of_runs(
    frame: pl.LazyFrame,
    days_min: int,
    periods_per_year: float,
    *,
    price: str,
    symbol: str,
    time: str | None,
) -> pl.LazyFrame:
    from ttapi_polars import symbol_runs as runs  # noqa: PLC0415 - an extra

    table = _in_order(runs.reduced(frame, runs.LOG_DEVIATION, symbol=symbol, value=price, time=time))
    days, count = pl.col("days"), pl.col("count")
    sound = (days >= days_min) & (count >= days_min - 1)
    if time is not None:
        sound &= pl.col("rises")
    return table.select(
        "symbol",
        days.cast(pl.UInt32),
        pl.when(sound).then(_deviation(count) * math.sqrt(periods_per_year)).alias("volatility"),
        pl.col("newest").fill_nan(None).alias("last_close"),
        *([] if time is None else [pl.col("first").alias("first_date"), pl.col("last").alias("last_date")]),
    )


def _deviation(count: pl.Expr) -> pl.Expr:
    return finite(pl.when(count >= 2).then((pl.col("squares") / (count - 1)).sqrt()))


def _in_order(table: pl.LazyFrame) -> pl.LazyFrame:
    return _checked(table, lambda found: _require_rising(found, "symbol"))


def _measures(
    price: pl.Expr, log: pl.Expr, days_min: int, periods_per_year: float, *, sound: pl.Expr
) -> tuple[pl.Expr, ...]:
    returns = log.diff()
    enough = (price.count() >= days_min) & (returns.count() >= days_min - 1)
    estimate = returns.std(ddof=1) * math.sqrt(periods_per_year)
    return (
        price.count().cast(pl.UInt32).alias("days"),
        pl.when(sound & enough).then(estimate).alias("volatility"),
        price.drop_nulls().last().alias("last_close"),
    )


def _cut_at_borders(frame: pl.LazyFrame, symbol: str, measures: tuple[pl.Expr, ...]) -> pl.LazyFrame:
    groups = frame.set_sorted(symbol).group_by(symbol, maintain_order=True).agg(measures)
    return _checked(groups, lambda table: _require_rising(table, symbol))


def _checked(table: pl.LazyFrame, check: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.LazyFrame:
    """Look at the table on collect; nothing is pushed down past the check, so it sees every symbol."""
    return table.map_batches(check, predicate_pushdown=False, projection_pushdown=False, slice_pushdown=False)


def _require_rising_times(table: pl.DataFrame, symbol: str, time: str) -> pl.DataFrame:
    unsound = table.filter(~pl.col(_RISES))[symbol]
    if len(unsound):
        raise DataError(
            f"does not rise within {unsound[0]}: it is null, comes twice or goes back",
            column=time,
            hint="leave is_sorted out, or sort by symbol and time",
        )
    return table


def _require_rising(table: pl.DataFrame, symbol: str) -> pl.DataFrame:
    symbols = table[symbol]
    later, before = symbols.slice(1), symbols.slice(0, max(len(symbols) - 1, 0))
    falls = later.is_null() | (before.is_not_null() & (later <= before).fill_null(value=True))
    if falls.any():
        at = falls.arg_true()[0]
        raise DataError(
            f"is not in order: the rows of {later[at]} come after those of {before[at]}",
            column=symbol,
            hint="leave is_sorted out, or sort by symbol and time",
        )
    return table
