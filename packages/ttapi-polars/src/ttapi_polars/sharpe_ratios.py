# SPDX-License-Identifier: Apache-2.0
"""The Sharpe ratio: of a sample, over a rolling window, and how probable it is that it beats another."""

from __future__ import annotations

import math
from typing import Final

import polars as pl

from ttapi_polars.domains import require_count, require_finite, require_positive
from ttapi_polars.inputs import finite
from ttapi_polars.returns import ROUNDING, excess_returns
from ttapi_polars.window_sums import window_mean

_INFINITY: Final = math.inf


def sharpe_ratio(
    returns: pl.Expr, *, risk_free: pl.Expr | float = 0.0, periods_per_year: float = 252
) -> pl.Expr:
    """
    Mean excess return of the whole sample in units of its standard deviation, annualised.

    Parameters
    ----------
    returns
        Simple returns, one per bar. Any numeric type, shape ``(n,)``.
    risk_free
        The risk-free rate, a fraction per bar and not per year; one number or one per row.
    periods_per_year
        Bars in a year (252 for daily bars of US equities); 1 gives the ratio per bar.

    Returns
    -------
    pl.Expr
        Float64, one value, per square-root year. Excess returns that are null, NaN or infinite are left out.
        Null where fewer than two are left and where they do not vary by more than rounding, as those of a
        price that grows at one constant rate: the ratio has no value there.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0`` or ``risk_free`` is no finite number; on construction, not on collect.

    Notes
    -----
    ``mean(r - f) / std(r - f) * sqrt(periods_per_year)`` with ddof = 1 and arithmetic means. The square root
    holds for returns that do not depend on each other. Source: W. F. Sharpe, "The Sharpe Ratio", *Journal of
    Portfolio Management* 21(1), "The Ex Post Sharpe Ratio" and "Time Dependence", 1994.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01, 0.03, 0.0]})
    >>> frame.select(sharpe_ratio(pl.col("r"), risk_free=0.001, periods_per_year=12).round(6)).item()
    1.70763
    """
    require_positive("periods_per_year", periods_per_year)
    return _per_bar(excess_returns(returns, risk_free)) * math.sqrt(periods_per_year)


def rolling_sharpe_ratio(
    returns: pl.Expr, *, window: int, risk_free: pl.Expr | float = 0.0, periods_per_year: float = 252
) -> pl.Expr:
    """
    Sharpe ratio of the last ``window`` bars, annualised.

    Parameters
    ----------
    returns
        Simple returns in time order, one per bar. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Returns per ratio, at least 2.
    risk_free
        The risk-free rate, a fraction per bar and not per year; one number or one per row.
    periods_per_year
        Bars in a year; 1 gives the ratio per bar.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, per square-root year. Length and order are kept. The first ``window - 1``
        rows are null, and so is each row whose window holds an excess return that is null, NaN or infinite,
        or does not vary by more than rounding.

    Raises
    ------
    ParameterError
        If ``window < 2``, ``periods_per_year <= 0`` or ``risk_free`` is no finite number; on construction.

    Notes
    -----
    Formula and source as in `sharpe_ratio`. Each window is added up anew, so that an outlier that has left it
    leaves no error; the cost grows with ``window``.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01, 0.03, 0.03]})
    >>> ratio = rolling_sharpe_ratio(pl.col("r"), window=2, periods_per_year=1)
    >>> frame.select(ratio.round(6))["r"].to_list()
    [None, None, 0.235702, 0.353553, None]
    """
    require_count("window", window, least=2)
    require_positive("periods_per_year", periods_per_year)
    excess = excess_returns(returns, risk_free)
    largest = excess.rolling_max(window, min_samples=window)
    smallest = excess.rolling_min(window, min_samples=window)
    size = pl.max_horizontal(largest, -smallest)
    deviation = excess.rolling_std(window, min_samples=window, ddof=1)
    ratio = window_mean(excess, window) / deviation
    is_known = (largest - smallest > ROUNDING * (1 + size)) & (deviation < _INFINITY)
    return pl.when(is_known).then(ratio * math.sqrt(periods_per_year))


def probabilistic_sharpe_ratio(
    returns: pl.Expr,
    *,
    benchmark_sharpe: float = 0.0,
    risk_free: pl.Expr | float = 0.0,
    periods_per_year: float = 252,
) -> pl.Expr:
    """
    Probability that the true Sharpe ratio is above a benchmark, given the length and shape of the sample.

    Parameters
    ----------
    returns
        Simple returns, one per bar. Any numeric type, shape ``(n,)``.
    benchmark_sharpe
        The Sharpe ratio to beat, annual, on the scale of `sharpe_ratio` with the same ``periods_per_year``.
        With ``periods_per_year=1`` it is the ratio per bar.
    risk_free
        The risk-free rate, a fraction per bar and not per year; one number or one per row.
    periods_per_year
        Bars in a year; it scales ``benchmark_sharpe`` and nothing else.

    Returns
    -------
    pl.Expr
        Float64, one value, a probability from 0 to 1. Excess returns that are null, NaN or infinite are left
        out. Null where `sharpe_ratio` is, and where the estimated variance of the ratio is
        zero or beyond float.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``, or ``benchmark_sharpe`` or ``risk_free`` is no finite number; on
        construction, not on collect.

    Notes
    -----
    ``N((s - b) * sqrt(n - 1) / sqrt(1 - skew * s + (kurtosis - 1) / 4 * s**2))``, where N is the normal
    distribution function, ``s`` the Sharpe ratio per bar (ddof = 1), ``b`` the benchmark per bar,
    ``benchmark_sharpe / sqrt(periods_per_year)``, and skew and kurtosis are moments of the sample (divisor n,
    kurtosis 3 for normal returns). Source: D. H. Bailey, M. Lopez de Prado, "The Sharpe Ratio Efficient
    Frontier", *Journal of Risk* 15(2), 2012.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [0.02, -0.01, 0.03, 0.0, 0.01, -0.02, 0.02]})
    >>> frame.select(probabilistic_sharpe_ratio(pl.col("r")).round(6)).item()
    0.818411
    """
    require_positive("periods_per_year", periods_per_year)
    require_finite("benchmark_sharpe", benchmark_sharpe)
    excess = excess_returns(returns, risk_free)
    ratio = _per_bar(excess)
    shape = 1 - excess.skew() * ratio + (excess.kurtosis(fisher=False) - 1) / 4 * ratio.pow(2)
    lead = ratio - benchmark_sharpe / math.sqrt(periods_per_year)
    deviations = lead * (excess.count() - 1).cast(pl.Float64).sqrt() / shape.sqrt()
    # Not above infinity either, as NaN is for Polars: the moments of 1e80 are beyond float.
    is_known = (shape > ROUNDING) & (shape < _INFINITY)
    return finite(pl.when(is_known).then(_normal_distribution(deviations)))


# Per bar, or null: a deviation made of rounding alone would give a ratio near 1e15.
def _per_bar(excess: pl.Expr) -> pl.Expr:
    deviation = excess.std(ddof=1)
    spread = excess.max() - excess.min()
    is_known = (spread > ROUNDING * (1 + excess.abs().max())) & (deviation < _INFINITY)
    return pl.when(is_known).then(excess.mean() / deviation)


def _normal_distribution(value: pl.Expr) -> pl.Expr:
    return ((value / math.sqrt(2)).erf() + 1) / 2
