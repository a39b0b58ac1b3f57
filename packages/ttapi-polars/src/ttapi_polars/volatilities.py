# SPDX-License-Identifier: Apache-2.0
"""Volatility from closing prices: over the whole sample, over a rolling window, weighted, robust to jumps."""

from __future__ import annotations

import math

import polars as pl

from ttapi_polars.adjoining import over, over_adjoining
from ttapi_polars.domains import require_count, require_fraction, require_positive
from ttapi_polars.extras import has_kernels
from ttapi_polars.returns import log_returns
from ttapi_polars.window_sums import window_mean


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
    ``sqrt(periods_per_year * sum((r - mean(r))**2) / (n - 1))``. Source: J. C. Hull, *Options, Futures, and
    Other Derivatives*, 11th edition, section 15.4, 2021.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 101.0, 100.0, 102.0]})
    >>> frame.select(volatility(pl.col("close")).round(6)).item()
    0.240604
    """
    require_positive("periods_per_year", periods_per_year)
    return log_returns(close).std(ddof=1) * math.sqrt(periods_per_year)


def realized_volatility(
    close: pl.Expr, *, window: int, periods_per_year: float, by: pl.Expr | None = None
) -> pl.Expr:
    """
    Annualised realised volatility of log returns over a rolling window.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
    window
        Returns per estimate, at least 2. The first ``window`` rows are null.
    periods_per_year
        Bars in a year; scales the variance (252 for daily bars of US equities).
    by
        What tells the instruments apart when the column holds several. The result is that of
        ``.over(by)``; with the extra ``kernels`` it takes one compiled pass, quickest where the rows of an
        instrument adjoin, and the last digits may differ.

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
    if by is not None and has_kernels():
        from ttapi_polars import passes  # noqa: PLC0415 - an extra

        run = passes.rolling_volatility(window=window, periods_per_year=periods_per_year)
        return over_adjoining([close], by, run)
    deviation = log_returns(close).rolling_std(window, min_samples=window, ddof=1)
    return over(deviation * math.sqrt(periods_per_year), by)


def ewma_volatility(
    close: pl.Expr, *, decay: float = 0.94, periods_per_year: float, by: pl.Expr | None = None
) -> pl.Expr:
    """
    Annualised volatility with exponentially decaying weights, as RiskMetrics has it.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
    decay
        What is left of a weight one bar later, above 0 and below 1: 0.94 for daily, 0.97 for monthly bars.
    periods_per_year
        Bars in a year; scales the variance.
    by
        What tells the instruments apart; see `realized_volatility`.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year. Length and order are kept. The first row is
        null and the second is the size of the first return. A row without a return is null, and what was
        before it loses weight as by any other row.

    Raises
    ------
    ParameterError
        If ``decay`` is not between 0 and 1 or ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``v[t] = decay * v[t-1] + (1 - decay) * r[t]**2``, begun with ``r[1]**2``; the mean is not removed.
    Source: J. P. Morgan, Reuters, *RiskMetrics - Technical Document*, 4th edition, section 5.2, 1996.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 101.0, 100.0, 102.0]})
    >>> estimate = ewma_volatility(pl.col("close"), decay=0.94, periods_per_year=252)
    >>> frame.select(estimate.round(6))["close"].to_list()
    [None, 0.157957, 0.157957, 0.171413]
    """
    require_fraction("decay", decay)
    require_positive("periods_per_year", periods_per_year)
    if by is not None and has_kernels():
        from ttapi_polars import passes  # noqa: PLC0415 - an extra

        run = passes.ewma_volatility(decay=decay, periods_per_year=periods_per_year)
        return over_adjoining([close], by, run)
    squares = log_returns(close) ** 2
    variance = squares.ewm_mean(alpha=1 - decay, adjust=False, ignore_nulls=False, min_samples=1)
    known = pl.when(squares.is_not_null()).then(variance)
    return over(known.sqrt() * math.sqrt(periods_per_year), by)


def bipower_volatility(close: pl.Expr, *, periods_per_year: float = 252) -> pl.Expr:
    """
    Annualised volatility of the whole sample from products of adjoining returns, hardly moved by jumps.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per square-root year. Only returns that adjoin make a pair, so a gap
        takes two; null where there is no pair.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``sqrt(periods_per_year * pi / 2 * mean(abs(r[t]) * abs(r[t-1])))``; the mean is not removed. Source:
    O. E. Barndorff-Nielsen, N. Shephard, "Power and Bipower Variation with Stochastic Volatility and Jumps",
    *Journal of Financial Econometrics* 2 (1), 2004.

    Examples
    --------
    >>> import polars as pl
    >>> calm = [100.0, 101.0, 100.0, 101.0, 100.0, 101.0, 100.0]
    >>> jump = [100.0, 101.0, 100.0, 101.0, 202.0, 200.0, 202.0]
    >>> frame = pl.DataFrame({"calm": calm, "jump": jump})
    >>> frame.select(bipower_volatility(pl.all()).round(3)).row(0)
    (0.198, 1.056)
    >>> frame.select(volatility(pl.all()).round(3)).row(0)
    (0.173, 4.482)
    """
    require_positive("periods_per_year", periods_per_year)
    return (_bipower(close).mean() * periods_per_year).sqrt()


def rolling_bipower_volatility(close: pl.Expr, *, window: int, periods_per_year: float) -> pl.Expr:
    """
    Annualised bipower volatility over a rolling window of pairs of returns.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
    window
        Pairs of adjoining returns per estimate, at least 1. The first ``window + 1`` rows are null.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year. Length and order are kept. Null wherever one
        of the returns is null. Formula and source: see `bipower_volatility`.

    Raises
    ------
    ParameterError
        If ``window < 1`` or ``periods_per_year <= 0``; on construction, not on collect.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 101.0, 100.0, 102.0]})
    >>> estimate = rolling_bipower_volatility(pl.col("close"), window=1, periods_per_year=252)
    >>> frame.select(estimate.round(6))["close"].to_list()
    [None, None, 0.197969, 0.27928]
    """
    require_count("window", window, least=1)
    require_positive("periods_per_year", periods_per_year)
    return root_of_mean(_bipower(close), window=window, periods_per_year=periods_per_year)


def root_of_mean(variances: pl.Expr, *, window: int, periods_per_year: float) -> pl.Expr:
    """Return the annualised root of the rolling mean of variances, each of which is zero or above."""
    whole = variances.rolling_min(window, min_samples=window).is_not_null()
    return pl.when(whole).then((window_mean(variances, window) * periods_per_year).sqrt())


def _bipower(close: pl.Expr) -> pl.Expr:
    size = log_returns(close).abs()
    return size * size.shift(1) * (math.pi / 2)
