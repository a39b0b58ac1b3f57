# SPDX-License-Identifier: Apache-2.0
"""
One time across many symbols: ranks, scores, neutral signals, and portfolios by quantile.

The expressions take a column as one cross-section. Say where one ends with ``.over("date")`` on the result:
``z_score(pl.col("signal")).over("date")``. `quantile_returns` takes a whole frame and needs none.
"""

from __future__ import annotations

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.domains import require_count, require_not_negative
from ttapi_polars.inputs import Kind, finite, require_columns, require_expression, require_flag
from ttapi_polars.moments import centred, of_rows, paired, slope


def cross_rank(value: pl.Expr, *, descending: bool = False) -> pl.Expr:
    """
    Rank within the cross-section, from 0 (lowest) to 1 (highest).

    Parameters
    ----------
    value
        Any numbers, shape ``(n,)``. Use ``.over("date")`` on the result for one cross-section per date.
    descending
        Give 0 to the highest and 1 to the lowest instead.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, from 0 to 1. Length and order are kept. Null where the value is null, NaN or
        infinite, and where it is the only one that is not: one value has no rank.

    Raises
    ------
    ParameterError
        If ``descending`` is neither True nor False; on construction, not on collect.

    Notes
    -----
    ``(rank - 1) / (count - 1)``; equal values share the mean of their ranks, so a constant cross-section
    is 0.5 throughout.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"signal": [3.0, 1.0, None, 3.0, 2.0, 9.0]})
    >>> frame.select(cross_rank(pl.col("signal")))["signal"].to_list()
    [0.625, 0.0, None, 0.625, 0.25, 1.0]
    """
    require_flag("descending", descending)
    kept = finite(value)
    rank = kept.rank("average", descending=descending)
    # By a column: Polars divides by a single value as it multiplies by its inverse, and 49 / 49 is below 1.
    steps = rank * 0 + (kept.count() - 1)
    return pl.when(kept.count() >= 2).then((rank - 1) / steps)


def z_score(value: pl.Expr) -> pl.Expr:
    """
    Deviation from the mean of the cross-section, in its standard deviations.

    Parameters
    ----------
    value
        Any numbers, shape ``(n,)``. Use ``.over("date")`` on the result for one cross-section per date.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, without unit. Length and order are kept. Null where the value is null, NaN or
        infinite, and throughout a cross-section that is constant or has fewer than two values.

    Notes
    -----
    ``(value - mean) / std``, sample standard deviation, ddof = 1. The mean is taken first, so that a common
    offset costs no digits.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"date": [1, 1, 1, 2], "signal": [1.0, 2.0, 3.0, 7.0]})
    >>> frame.select(z_score(pl.col("signal")).over("date"))["signal"].to_list()
    [-1.0, 0.0, 1.0, None]
    """
    kept, d = pl.field("x"), pl.field("d_x")
    state = _centred().struct.with_fields(squares=(d * d).sum())
    scores = slope(d * (kept.count() - 1).sqrt(), pl.field("squares").sqrt())
    return of_rows(state, scores, value)


def winsorize(value: pl.Expr, *, lower: float = 0.01, upper: float = 0.99) -> pl.Expr:
    """
    Pull what lies beyond two quantiles of the cross-section back to them.

    Parameters
    ----------
    value
        Any numbers, shape ``(n,)``. Use ``.over("date")`` on the result for one cross-section per date.
    lower, upper
        The quantiles, fractions with ``0 <= lower < upper <= 1``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the value. Length and order are kept. Null where the value is
        null, NaN or infinite.

    Raises
    ------
    ParameterError
        If the quantiles are out of order or out of range; on construction, not on collect.

    Notes
    -----
    Quantiles are interpolated linearly between order statistics, definition 7 of R. J. Hyndman and Y. Fan,
    *Sample Quantiles in Statistical Packages*, The American Statistician 50, 1996 (the default of numpy).

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"signal": [1.0, 2.0, None, 3.0, 4.0, 500.0]})
    >>> frame.select(winsorize(pl.col("signal"), lower=0.25, upper=0.75))["signal"].to_list()
    [2.0, 2.0, None, 3.0, 4.0, 4.0]
    """
    _require_fraction("lower", lower)
    _require_fraction("upper", upper)
    if lower >= upper:
        raise ParameterError("lower", lower, f"a fraction below upper, which is {upper}")
    kept = finite(value)
    return kept.clip(kept.quantile(lower, "linear"), kept.quantile(upper, "linear"))


def neutralize(value: pl.Expr, *, by: pl.Expr) -> pl.Expr:
    """
    Take from each value the mean of its group, such as its sector, within the cross-section.

    Parameters
    ----------
    value
        Any numbers, shape ``(n,)``. Use ``.over("date")`` on the result for one cross-section per date.
    by
        The group of each row, any type that can be grouped, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the value; adds up to zero in each group. Length and order are
        kept. Null where the value is null, NaN or infinite, or the group is null: not known is no group.

    Raises
    ------
    ParameterError
        If ``by`` is no expression; on construction, not on collect.

    Notes
    -----
    The groups are a ``.over(by)`` inside; Polars 2 lets another ``.over`` stand around it.
    A group that is constant, or of one row, gives exactly zero.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame(
    ...     {"date": [1, 1, 1, 2], "sector": ["x", "x", "y", "x"], "signal": [1.0, 3.0, 5.0, 7.0]}
    ... )
    >>> neutral = neutralize(pl.col("signal"), by=pl.col("sector")).over("date")
    >>> frame.select(neutral)["signal"].to_list()
    [-1.0, 1.0, 0.0, 0.0]
    """
    require_expression("by", by)
    deviations = of_rows(_centred(), finite(pl.field("d_x")), value)
    return pl.when(by.is_not_null()).then(deviations.over(by))


def neutralize_beta(value: pl.Expr, exposure: pl.Expr) -> pl.Expr:
    """
    Take from each value what its exposure explains: the residual of a line fitted across the section.

    Parameters
    ----------
    value, exposure
        Any numbers, such as a signal and a market beta, shape ``(n,)``. Use ``.over("date")`` on the result
        for one cross-section per date.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the value. Length and order are kept. Null where one of the two
        is null, NaN or infinite (such a row takes no part in the fit), and throughout a cross-section whose
        exposure is constant or that has fewer than two rows.

    Notes
    -----
    ``(v - mean(v)) - b * (e - mean(e))`` with ``b = cov(v, e) / var(e)``: ordinary least squares with
    intercept. The result has mean zero and no correlation with the exposure.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"signal": [1.0, 2.0, 6.0], "beta": [0.5, 1.0, 1.5]})
    >>> frame.select(neutralize_beta(pl.col("signal"), pl.col("beta")).round(6))["signal"].to_list()
    [0.5, -1.0, 0.5]
    """
    v, e = pl.field("d_x"), pl.field("d_y")
    state = centred(paired(), "x", "y").struct.with_fields(products=(v * e).sum(), squares=(e * e).sum())
    residuals = finite(v - slope(pl.field("products"), pl.field("squares")) * e)
    return of_rows(state, residuals, value, exposure)


def quantile_portfolio(value: pl.Expr, *, quantiles: int) -> pl.Expr:
    """
    Give each value the number of its portfolio, from 1 (lowest values) to ``quantiles`` (highest).

    Parameters
    ----------
    value
        Any numbers, shape ``(n,)``. Use ``.over("date")`` on the result for one cross-section per date.
    quantiles
        Portfolios to form, at least 2.

    Returns
    -------
    pl.Expr
        UInt32, shape ``(n,)``, from 1 to ``quantiles``. Length and order are kept. Null where the value is
        null, NaN or infinite, and throughout a cross-section with fewer values than portfolios.

    Raises
    ------
    ParameterError
        If ``quantiles < 2``; on construction, not on collect.

    Notes
    -----
    ``quantiles * below // count + 1``, where ``below`` counts the values that are lower: in whole numbers, so
    without rounding. Without ties the sizes of portfolios differ by one at most. Equal values are never torn
    apart: all go into the portfolio of the lowest place among them, so ties can leave portfolios empty. The
    order of rows makes no difference.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"signal": [0.1, 0.4, 0.2, None, 0.3, 0.3]})
    >>> frame.select(quantile_portfolio(pl.col("signal"), quantiles=2))["signal"].to_list()
    [1, 2, 1, None, 1, 1]
    """
    require_count("quantiles", quantiles, least=2)
    kept = finite(value)
    below = kept.rank("min").cast(pl.Int64) - 1
    number = below * quantiles // kept.count().cast(pl.Int64) + 1
    return pl.when(kept.count() >= quantiles).then(number.cast(pl.UInt32))


def quantile_returns(
    frame: pl.LazyFrame,
    *,
    signal: str,
    forward_return: str,
    quantiles: int,
    time: str = "date",
    symbol: str = "symbol",
) -> pl.LazyFrame:
    """
    Mean return that followed, by time and by portfolio of a signal, and highest minus lowest.

    Parameters
    ----------
    frame
        One row a time and symbol, rows in any order.
    signal, forward_return
        Names of the columns of what is known at the time, and of the return from then on, a fraction.
    quantiles
        Portfolios to form at each time, at least 2; see `quantile_portfolio`.
    time, symbol
        Names of the columns of times and of instrument names.

    Returns
    -------
    pl.LazyFrame
        One row a time and portfolio, sorted by both: the time under its own name, ``quantile`` (UInt32, 1 is
        the lowest signal), ``symbols`` (UInt32, in the portfolio), ``observations`` (UInt32, those with a
        usable return), ``mean_return`` (Float64, of equal weights) and ``long_short`` (Float64: the mean
        return of the highest portfolio minus that of the lowest at that time, on each row of the time).

        Every time of the frame has all portfolios. A mean is null where no return can be used, and
        ``long_short`` where one of its two means is.

        Portfolios are formed of the signal alone: whether a return followed was not known. Left out are rows
        with a null time or symbol, and all rows of a symbol that a time has more than once.

    Raises
    ------
    ParameterError
        If ``quantiles < 2``; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    Sorted portfolios as in E. F. Fama and K. R. French, *The Cross-Section of Expected Stock Returns*,
    Journal of Finance 47, 1992, with equal weights.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> frame = pl.LazyFrame(
    ...     {
    ...         "date": [date(2024, 1, 2)] * 4,
    ...         "symbol": ["A", "B", "C", "D"],
    ...         "signal": [1.0, 2.0, 3.0, 4.0],
    ...         "next": [0.01, 0.03, None, 0.05],
    ...     }
    ... )
    >>> table = quantile_returns(frame, signal="signal", forward_return="next", quantiles=2).collect()
    >>> table.select("quantile", "symbols", "observations", pl.selectors.float().round(6)).rows()
    [(1, 2, 2, 0.02, 0.03), (2, 2, 1, 0.05, 0.03)]
    """
    require_count("quantiles", quantiles, least=2)
    columns = {time: Kind.TIME, symbol: Kind.ANY, signal: Kind.NUMBER, forward_return: Kind.NUMBER}
    require_columns(frame, columns)
    rows = frame.select(
        pl.col(time).alias("time"),
        pl.col(symbol).alias("symbol"),
        finite(pl.col(signal)).alias("signal"),
        finite(pl.col(forward_return)).alias("return"),
    ).filter(pl.col("time").is_not_null() & pl.col("symbol").is_not_null())
    formed = (
        rows.filter(pl.len().over("time", "symbol") == 1)
        .with_columns(
            quantile_portfolio(pl.col("signal"), quantiles=quantiles).over("time").alias("quantile")
        )
        .group_by("time", "quantile")
        .agg(
            pl.len().cast(pl.UInt32).alias("symbols"),
            pl.col("return").count().cast(pl.UInt32).alias("observations"),
            finite(pl.col("return").mean()).alias("mean_return"),
        )
    )
    numbers = pl.LazyFrame({"quantile": range(1, quantiles + 1)}, schema={"quantile": pl.UInt32})
    return (
        rows.select(pl.col("time").unique())
        .join(numbers, how="cross")
        .join(formed, on=["time", "quantile"], how="left")
        .sort("time", "quantile")
        .with_columns(
            pl.col("symbols", "observations").fill_null(0), _long_short(quantiles).alias("long_short")
        )
        .rename({"time": time})
    )


def _long_short(quantiles: int) -> pl.Expr:
    # Every time has one row for each portfolio, so that each sum is of one mean, or null if that one is.
    mean = pl.col("mean_return")
    highest = mean.filter(pl.col("quantile") == quantiles).first()
    lowest = mean.filter(pl.col("quantile") == 1).first()
    return finite((highest - lowest).over("time"))


def _centred() -> pl.Expr:
    return centred(pl.element().struct.with_fields(x=finite(pl.field("x"))), "x")


def _require_fraction(parameter: str, value: float) -> None:
    require_not_negative(parameter, value)
    if value > 1:
        raise ParameterError(parameter, value, "a fraction from 0 to 1")
