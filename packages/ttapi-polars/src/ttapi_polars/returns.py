# SPDX-License-Identifier: Apache-2.0
"""Returns from prices: what a bar brought, and what many of them bring together."""

from __future__ import annotations

import math
from typing import Final

import polars as pl

from ttapi_polars.adjoining import over, over_adjoining
from ttapi_polars.domains import require_count, require_finite, require_positive
from ttapi_polars.extras import has_kernels
from ttapi_polars.inputs import finite, positive, require_expression

# What rounding leaves of returns that are equal: a price rounded to a float moves a simple return by up to
# two units in the last place of 1, and a log return of a price near 1e9 by up to sixteen. Returns that differ
# by less than this fraction of one plus the largest of them count as equal, or a ratio would divide by noise.
ROUNDING: Final = 64 * 2.0**-52
_EXPONENT_MAX: Final = 600.0  # exp of it is 4e260: what is made of such a rate is still within float


def simple_returns(price: pl.Expr, *, periods: int = 1, by: pl.Expr | None = None) -> pl.Expr:
    """
    Return the relative change over ``periods`` bars, ``p[t] / p[t - periods] - 1``.

    Parameters
    ----------
    price
        Prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
    periods
        Bars from one price to the other, at least 1. With more than one the returns of neighbouring rows
        overlap.
    by
        What tells the instruments apart when the column holds several. The result is that of
        ``.over(by)``; with the extra ``kernels`` it takes one compiled pass, quickest where the rows of an
        instrument adjoin, and the last digits may differ.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction (0.01 is 1 %). Length and order are kept. The first ``periods``
        rows are null, and so is each row one of whose two prices is null, NaN, infinite or not positive: a
        gap is never bridged. The bars between the two prices do not matter. A ratio beyond float is null.

    Raises
    ------
    ParameterError
        If ``periods < 1``; on construction, not on collect.

    Notes
    -----
    Source: J. Y. Campbell, A. W. Lo, A. C. MacKinlay, *The Econometrics of Financial Markets*, section 1.4.1,
    1997.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 110.0, None, 99.0, 49.5]})
    >>> frame.select(simple_returns(pl.col("close")).round(6))["close"].to_list()
    [None, 0.1, None, None, -0.5]
    >>> frame.select(simple_returns(pl.col("close"), periods=3).round(6))["close"].to_list()
    [None, None, None, -0.01, -0.55]
    """
    require_count("periods", periods, least=1)
    if by is not None and has_kernels():
        from ttapi_polars import passes  # noqa: PLC0415 - an extra

        return over_adjoining([price], by, passes.simple_returns(periods=periods))
    kept = positive(price)
    return over(_change(kept, kept.shift(periods)), by)


def log_returns(price: pl.Expr, *, periods: int = 1) -> pl.Expr:
    """
    Return the change of the logarithm over ``periods`` bars, ``ln p[t] - ln p[t - periods]``.

    Parameters
    ----------
    price
        Prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    periods
        Bars from one price to the other, at least 1. With more than one the returns of neighbouring rows
        overlap.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``. Length and order are kept. Null as in `simple_returns`, but for a ratio
        beyond float, whose logarithm is known. Log returns of adjoining bars add up.

    Raises
    ------
    ParameterError
        If ``periods < 1``; on construction, not on collect.

    Notes
    -----
    A difference of logarithms, so that every price has one logarithm and sums over bars lose nothing but the
    rounding of that logarithm (a few 1e-16). Source: J. Y. Campbell, A. W. Lo, A. C. MacKinlay,
    *The Econometrics of Financial Markets*, section 1.4.1, 1997.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 110.0, 100.0]})
    >>> frame.select(log_returns(pl.col("close")).round(6))["close"].to_list()
    [None, 0.09531, -0.09531]
    """
    require_count("periods", periods, least=1)
    return positive(price).log().diff(periods)


def overnight_returns(open_: pl.Expr, close: pl.Expr) -> pl.Expr:
    """
    Return what happened while the market was closed, ``open[t] / close[t-1] - 1``.

    Parameters
    ----------
    open_, close
        Opening and closing prices in time order, one per session, strictly positive, both raw or both
        adjusted for splits and dividends. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction. Length and order are kept. The first row is null, and so is each
        row whose opening price or the closing price before it cannot be used. ``(1 + overnight) * (1 +
        intraday) - 1`` is the `simple_returns` of ``close``.

    Notes
    -----
    Source: D. Lou, C. Polk, S. Skouras, "A tug of war: Overnight versus intraday expected returns",
    *Journal of Financial Economics* 134(1), section 2, 2019.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"open": [99.0, 102.0, 101.0], "close": [100.0, 105.0, 100.0]})
    >>> frame.select(overnight_returns(pl.col("open"), pl.col("close")).round(6))["open"].to_list()
    [None, 0.02, -0.038095]
    """
    return _change(positive(open_), positive(close).shift(1))


def intraday_returns(open_: pl.Expr, close: pl.Expr) -> pl.Expr:
    """
    Return what happened while the market was open, ``close[t] / open[t] - 1``.

    Parameters
    ----------
    open_, close
        Opening and closing prices, one per session, strictly positive. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction. Length and order are kept. Null where one of the two prices of
        the row cannot be used; rows do not depend on each other.

    Notes
    -----
    Source as in `overnight_returns`.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"open": [100.0, 102.0, 0.0], "close": [101.0, 102.0, 100.0]})
    >>> frame.select(intraday_returns(pl.col("open"), pl.col("close")).round(6))["close"].to_list()
    [0.01, 0.0, None]
    """
    return _change(positive(close), positive(open_))


def excess_returns(returns: pl.Expr, risk_free: pl.Expr | float) -> pl.Expr:
    """
    Return what each bar brought above the risk-free rate, ``r[t] - risk_free[t]``.

    Parameters
    ----------
    returns
        Simple returns, one per bar. Any numeric type, shape ``(n,)``.
    risk_free
        The rate of the same bar, a fraction per bar and not per year: one number, or an expression of shape
        ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction. Length and order are kept. Null where one of the two is null, NaN
        or infinite.

    Raises
    ------
    ParameterError
        If ``risk_free`` is neither an expression nor a finite number; on construction, not on collect.

    Notes
    -----
    An arithmetic difference, as in W. F. Sharpe, "The Sharpe Ratio", *Journal of Portfolio Management* 21(1),
    1994.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01], "bill": [0.001, 0.001, 0.002]})
    >>> frame.select(excess_returns(pl.col("r"), pl.col("bill")).round(6))["r"].to_list()
    [None, 0.019, -0.012]
    """
    if isinstance(risk_free, pl.Expr):
        return finite(finite(returns) - finite(risk_free))
    require_finite("risk_free", risk_free)
    return finite(finite(returns) - float(risk_free))


def simple_to_log(returns: pl.Expr) -> pl.Expr:
    """
    Turn simple returns into log returns, ``ln(1 + r)``.

    Parameters
    ----------
    returns
        Simple returns above -1, fractions. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``. Length and order are kept. Null where the return is null, NaN, infinite, or
        -1 or less: a total loss has no finite log return. Small returns keep their digits.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [0.1, -1.0, None]})
    >>> frame.select(simple_to_log(pl.col("r")).round(6))["r"].to_list()
    [0.09531, None, None]
    """
    require_expression("returns", returns)
    return finite(pl.when(returns > -1).then(returns.cast(pl.Float64).log1p()))


def log_to_simple(returns: pl.Expr) -> pl.Expr:
    """
    Turn log returns into simple returns, ``exp(r) - 1``.

    Parameters
    ----------
    returns
        Log returns. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction. Length and order are kept. Null where the return is null, NaN or
        infinite, or the result is beyond float. Small returns keep their digits.

    Notes
    -----
    Computed as ``2 sinh(r / 2) exp(r / 2)``, the same number without the cancellation near zero.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [0.0953101798, 1e-18, None]})
    >>> frame.select(log_to_simple(pl.col("r")).round_sig_figs(6))["r"].to_list()
    [0.1, 1e-18, None]
    """
    half = finite(returns) / 2
    return finite(half.sinh() * half.exp() * 2)


def cumulative_returns(returns: pl.Expr) -> pl.Expr:
    """
    Return what the bars up to and including each one brought together, compounded.

    Parameters
    ----------
    returns
        Simple returns in time order, one per bar. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction (0.5 is a gain of 50 % since the start). Length and order are
        kept. Leading nulls, such as the first row of returns made from prices, stay null. Any other row
        whose return is null, NaN, infinite or below -1 is null together with every row after it: what was
        earned across a gap is not known. Null also from where the product is beyond float.

    Notes
    -----
    ``(1 + r[0]) * ... * (1 + r[t]) - 1``. A return of -1 is a total loss, and the result stays -1 from there.
    Source: C. R. Bacon, *Practical Portfolio Performance Measurement and Attribution*, 2nd edition, chapter
    2, 2008.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.1, 0.1, None, 0.1]})
    >>> frame.select(cumulative_returns(pl.col("r")).round(6))["r"].to_list()
    [None, 0.1, 0.21, None, None]
    """
    require_expression("returns", returns)
    sound = _is_compoundable(returns)
    # The rows of the first unbroken run: run 0, or run 1 where leading rows are missing.
    unbroken = sound & (sound.rle_id() <= 1)
    # What is there and cannot be compounded is no missing row: it makes all products after it NaN.
    impossible = returns.is_not_null() & sound.not_()
    factor = pl.when(unbroken).then(returns.cast(pl.Float64) + 1).when(impossible).then(math.nan)
    return finite(factor.cum_prod() - 1)


def annualized_return(returns: pl.Expr, *, periods_per_year: float) -> pl.Expr:
    """
    Compound the returns of the whole sample and state them as a rate per year.

    Parameters
    ----------
    returns
        Simple returns, one per bar. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year (252 for daily bars of US equities).

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per year. Returns that are null, NaN or infinite are left out, and so
        is their time; null where none is left, where a return is below -1 (nothing compounds past a total
        loss), and where the rate is beyond 1e260. A return of exactly -1 gives -1.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    Geometric: ``((1 + r[1]) * ... * (1 + r[n])) ** (periods_per_year / n) - 1``, computed through the mean of
    ``ln(1 + r)``, so that long samples do not overflow. Source: C. R. Bacon, *Practical Portfolio Performance
    Measurement and Attribution*, 2nd edition, chapter 2, 2008.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.1, -0.05, 0.2]})
    >>> frame.select(annualized_return(pl.col("r"), periods_per_year=12).round(6))["r"].to_list()
    [1.472807]
    """
    require_positive("periods_per_year", periods_per_year)
    # A return of -1 makes the mean minus infinity, and one below it NaN, which Polars takes for the greatest.
    exponent = finite(returns).log1p().mean() * float(periods_per_year)
    return pl.when(exponent < _EXPONENT_MAX).then(exponent.exp() - 1)


def _is_compoundable(returns: pl.Expr) -> pl.Expr:
    return returns.is_between(-1, float("inf"), closed="left").fill_null(value=False)


def _change(after: pl.Expr, before: pl.Expr) -> pl.Expr:
    # Two representable prices may have a ratio that is none (1e300 over 1e-300): null, not infinity.
    return finite((after - before) / before)
