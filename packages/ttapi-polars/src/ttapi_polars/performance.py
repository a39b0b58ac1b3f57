# SPDX-License-Identifier: Apache-2.0
"""Return for risk where only losses count: Sortino, Calmar, omega and tail ratios."""

from __future__ import annotations

import math
from typing import Final

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.domains import require_count, require_finite, require_positive
from ttapi_polars.inputs import finite
from ttapi_polars.returns import ROUNDING, annualized_return, excess_returns
from ttapi_polars.window_sums import window_mean

_INFINITY: Final = math.inf


def sortino_ratio(
    returns: pl.Expr, *, target: pl.Expr | float = 0.0, periods_per_year: float = 252
) -> pl.Expr:
    """
    Mean return above a target in units of its downside deviation, annualised.

    Parameters
    ----------
    returns
        Simple returns, one per bar. Any numeric type, shape ``(n,)``.
    target
        The least acceptable return, or the risk-free rate, a fraction per bar and not per year; one number or
        one per row.
    periods_per_year
        Bars in a year (252 for daily bars of US equities); 1 gives the ratio per bar.

    Returns
    -------
    pl.Expr
        Float64, one value, per square-root year. Returns that are null, NaN or infinite are left out. Null
        where fewer than two are left, and where none falls short of the target by more than rounding.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0`` or ``target`` is no finite number; on construction, not on collect.

    Notes
    -----
    ``mean(r - t) / sqrt(mean(min(r - t, 0)**2)) * sqrt(periods_per_year)``: the downside deviation is about
    the target and divided by all n returns, not by those below it. Source: F. A. Sortino, L. N. Price,
    "Performance Measurement in a Downside Risk Framework", *Journal of Investing* 3(3), 1994.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01, 0.03, 0.0]})
    >>> frame.select(sortino_ratio(pl.col("r"), periods_per_year=12).round(6)).item()
    6.928203
    """
    require_positive("periods_per_year", periods_per_year)
    above = _above(returns, "target", target)
    downside = _shortfall(above).pow(2).mean().sqrt()
    is_known = _has_losses(above) & (downside < _INFINITY)
    return pl.when(is_known).then(above.mean() / downside * math.sqrt(periods_per_year))


def rolling_sortino_ratio(
    returns: pl.Expr, *, window: int, target: pl.Expr | float = 0.0, periods_per_year: float = 252
) -> pl.Expr:
    """
    Sortino ratio of the last ``window`` bars, annualised.

    Parameters
    ----------
    returns
        Simple returns in time order, one per bar. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Returns per ratio, at least 2.
    target
        The least acceptable return, a fraction per bar and not per year; one number or one per row.
    periods_per_year
        Bars in a year; 1 gives the ratio per bar.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, per square-root year. Length and order are kept. The first ``window - 1``
        rows are null, and so is each row whose window holds a return that is null, NaN or infinite, or none
        that falls short of the target by more than rounding.

    Raises
    ------
    ParameterError
        If ``window < 2``, ``periods_per_year <= 0`` or ``target`` is no finite number; on construction.

    Notes
    -----
    Formula and source as in `sortino_ratio`. Each window is added up anew, so that an outlier that has left
    it leaves no error; the cost grows with ``window``.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01, 0.03, 0.0]})
    >>> ratio = rolling_sortino_ratio(pl.col("r"), window=2, periods_per_year=1)
    >>> frame.select(ratio.round(6))["r"].to_list()
    [None, None, 0.707107, 1.414214, None]
    """
    require_count("window", window, least=2)
    require_positive("periods_per_year", periods_per_year)
    above = _above(returns, "target", target)
    downside = window_mean(_shortfall(above).pow(2), window).sqrt()
    smallest = above.rolling_min(window, min_samples=window)
    size = pl.max_horizontal(above.rolling_max(window, min_samples=window), -smallest)
    is_known = (smallest < -ROUNDING * (1 + size)) & (downside < _INFINITY)
    return pl.when(is_known).then(window_mean(above, window) / downside * math.sqrt(periods_per_year))


def calmar_ratio(returns: pl.Expr, *, periods_per_year: float = 252) -> pl.Expr:
    """
    Annualised return of the whole sample divided by the depth of its deepest drawdown.

    Parameters
    ----------
    returns
        Simple returns in time order, one per bar. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year (252 for daily bars of US equities).

    Returns
    -------
    pl.Expr
        Float64, one value, per year. Returns that are null, NaN or infinite are left out. Null where none is
        left, where nothing was lost but rounding, and where a return is below -1.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    `annualized_return` over the greatest fall of compounded wealth from its highest so far, the starting
    value 1 included. The whole sample counts, where the source takes the last 36 months: pass those to have
    the same. Source: T. W. Young, "Calmar Ratio: A Smoother Tool", *Futures* 20(1), 1991.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.1, -0.05, 0.2]})
    >>> frame.select(calmar_ratio(pl.col("r"), periods_per_year=3).round(6)).item()
    5.08
    """
    rate = annualized_return(returns, periods_per_year=periods_per_year)
    # In logarithms no product can run out of float, and a total loss is minus infinity.
    wealth = finite(returns).log1p().cum_sum()
    fall = (wealth - wealth.cum_max().clip(lower_bound=0)).min()
    return pl.when(fall < -ROUNDING).then(rate / (1 - fall.exp()))


def omega_ratio(returns: pl.Expr, *, threshold: pl.Expr | float = 0.0) -> pl.Expr:
    """
    Sum of the returns' excess over a threshold, divided by the sum of what they fall short of it.

    Parameters
    ----------
    returns
        Simple returns, one per bar. Any numeric type, shape ``(n,)``.
    threshold
        The return that parts gains from losses, a fraction per bar and not per year; one number or one per
        row.

    Returns
    -------
    pl.Expr
        Float64, one value, no unit; above 1 where the mean is above the threshold. Returns that are null, NaN
        or infinite are left out. Null where fewer than two are left, and where none falls short of the
        threshold by more than rounding.

    Raises
    ------
    ParameterError
        If ``threshold`` is no finite number; on construction, not on collect.

    Notes
    -----
    ``sum(max(r - t, 0)) / sum(max(t - r, 0))``. Source: C. Keating, W. F. Shadwick, "A Universal Performance
    Measure", *Journal of Performance Measurement* 6(3), 2002.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01, 0.03, 0.0]})
    >>> frame.select(omega_ratio(pl.col("r")).round(6)).item()
    5.0
    """
    above = _above(returns, "threshold", threshold)
    gains = above.clip(lower_bound=0).sum()
    losses = -_shortfall(above).sum()
    is_known = _has_losses(above) & (gains < _INFINITY) & (losses < _INFINITY)
    return pl.when(is_known).then(gains / losses)


def tail_ratio(returns: pl.Expr, *, tail: float = 0.05) -> pl.Expr:
    """
    Size of the gain at the upper end of the returns divided by the size of the loss at the lower end.

    Parameters
    ----------
    returns
        Simple returns, one per bar. Any numeric type, shape ``(n,)``.
    tail
        Probability of each tail, above 0 and below 0.5 (0.05 compares the 95th with the 5th percentile).

    Returns
    -------
    pl.Expr
        Float64, one value, no unit; above 1 where large gains are larger than large losses. Returns that are
        null, NaN or infinite are left out. Null where the lower quantile is no loss but for rounding, or the
        upper no gain, so that there are no two tails to compare.

    Raises
    ------
    ParameterError
        If ``tail`` is not between 0 and 0.5; on construction, not on collect.

    Notes
    -----
    ``q(1 - tail) / -q(tail)``; a quantile is interpolated linearly between order statistics, at position
    ``(n - 1) * p`` counted from zero. Source of the quantile: R. J. Hyndman, Y. Fan, "Sample Quantiles in
    Statistical Packages", *The American Statistician* 50(4), type 7, 1996.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [0.04, -0.02, 0.01, -0.01, 0.0]})
    >>> frame.select(tail_ratio(pl.col("r"), tail=0.25).round(6)).item()
    1.0
    """
    _require_tail(tail)
    kept = finite(returns)
    lower = kept.quantile(tail, interpolation="linear")
    upper = kept.quantile(1 - tail, interpolation="linear")
    return pl.when((upper > 0) & (lower < -ROUNDING * (1 + upper))).then(upper / -lower)


def _above(returns: pl.Expr, parameter: str, level: pl.Expr | float) -> pl.Expr:
    if not isinstance(level, pl.Expr):
        require_finite(parameter, level)
    return excess_returns(returns, level)


def _shortfall(above: pl.Expr) -> pl.Expr:
    return above.clip(upper_bound=0)


def _has_losses(above: pl.Expr) -> pl.Expr:
    return (above.count() >= 2) & (above.min() < -ROUNDING * (1 + above.abs().max()))


def _require_tail(tail: float) -> None:
    require_positive("tail", tail)
    if tail >= 0.5:
        raise ParameterError("tail", tail, "a probability above 0 and below 0.5")
