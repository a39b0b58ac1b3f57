# SPDX-License-Identifier: Apache-2.0
"""
Volatility from whole bars: high and low say more of a day than its close alone.

What a bar must be: all of its prices usable, its open and close between its low and its high. Any other bar
is unusable as a whole, for each of the formulas would make a number of it that looks like one.
"""

from __future__ import annotations

import math
from typing import Final

import polars as pl

from ttapi_polars.adjoining import over, over_adjoining
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.extras import has_kernels
from ttapi_polars.inputs import positive
from ttapi_polars.volatilities import root_of_mean
from ttapi_polars.window_sums import window_mean

_YANG_ZHANG_ALPHA: Final = 1.34
"""The value that the authors recommend in practice."""


def parkinson_volatility(high: pl.Expr, low: pl.Expr, *, periods_per_year: float = 252) -> pl.Expr:
    """
    Annualised volatility over the whole sample from highs and lows.

    Parameters
    ----------
    high, low
        The range of each bar. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per square-root year. Unusable bars are left out (a price not positive
        and finite, a low above the high); null where none is left.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``sqrt(periods_per_year * mean(ln(H / L)**2) / (4 * ln(2)))``; without drift and without what happens
    between the bars. Source: M. Parkinson, "The Extreme Value Method for Estimating the Variance of the Rate
    of Return", *The Journal of Business* 53 (1), 1980.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"high": [102.0, 103.0], "low": [100.0, 101.0]})
    >>> frame.select(parkinson_volatility(pl.col("high"), pl.col("low")).round(6)).item()
    0.187867
    """
    require_positive("periods_per_year", periods_per_year)
    return (_parkinson(high, low).mean() * periods_per_year).sqrt()


def rolling_parkinson_volatility(
    high: pl.Expr, low: pl.Expr, *, window: int, periods_per_year: float
) -> pl.Expr:
    """
    Annualised volatility from highs and lows over a rolling window.

    Parameters
    ----------
    high, low
        The range of each bar, in time order. Any numeric type, shape ``(n,)``.
    window
        Bars per estimate, at least 1. The first ``window - 1`` rows are null.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year. Length and order are kept. Null wherever one
        of the bars is unusable. Formula and source: see `parkinson_volatility`.

    Raises
    ------
    ParameterError
        If ``window < 1`` or ``periods_per_year <= 0``; on construction, not on collect.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"high": [102.0, 103.0], "low": [100.0, 101.0]})
    >>> estimate = rolling_parkinson_volatility(
    ...     pl.col("high"), pl.col("low"), window=2, periods_per_year=252
    ... )
    >>> frame.select(estimate.round(6)).to_series().to_list()
    [None, 0.187867]
    """
    _require(window, periods_per_year)
    return root_of_mean(_parkinson(high, low), window=window, periods_per_year=periods_per_year)


def garman_klass_volatility(
    open_: pl.Expr, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, periods_per_year: float = 252
) -> pl.Expr:
    """
    Annualised volatility over the whole sample from bars, for prices without drift.

    Parameters
    ----------
    open_, high, low, close
        The bars. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per square-root year. Unusable bars are left out (a price not positive
        and finite, an open or close outside low and high); null where none is left.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``sqrt(periods_per_year * mean(ln(H / L)**2 / 2 - (2 * ln(2) - 1) * ln(C / O)**2))``; without what happens
    between the bars. Source: M. B. Garman, M. J. Klass, "On the Estimation of Security Price Volatilities
    from Historical Data", *The Journal of Business* 53 (1), 1980, the simplified form of the best estimator.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame([[100.0, 102.0, 99.5, 101.0], [101.5, 103.0, 101.0, 102.0]], orient="row")
    >>> o, h, l, c = (pl.nth(i) for i in range(4))
    >>> bars.select(garman_klass_volatility(o, h, low=l, close=c).round(6)).item()
    0.238796
    """
    require_positive("periods_per_year", periods_per_year)
    return (_garman_klass(open_, high, low, close).mean() * periods_per_year).sqrt()


def rolling_garman_klass_volatility(
    open_: pl.Expr, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, window: int, periods_per_year: float
) -> pl.Expr:
    """
    Annualised volatility from bars over a rolling window, for prices without drift.

    Parameters
    ----------
    open_, high, low, close
        The bars, in time order. Any numeric type, shape ``(n,)``.
    window
        Bars per estimate, at least 1. The first ``window - 1`` rows are null.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year. Length and order are kept. Null wherever one
        of the bars is unusable. Formula and source: see `garman_klass_volatility`.

    Raises
    ------
    ParameterError
        If ``window < 1`` or ``periods_per_year <= 0``; on construction, not on collect.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame([[100.0, 102.0, 99.5, 101.0], [101.5, 103.0, 101.0, 102.0]], orient="row")
    >>> o, h, l, c = (pl.nth(i) for i in range(4))
    >>> estimate = rolling_garman_klass_volatility(o, h, low=l, close=c, window=1, periods_per_year=252)
    >>> bars.select(estimate.round(6)).to_series().to_list()
    [0.260675, 0.214698]
    """
    _require(window, periods_per_year)
    terms = _garman_klass(open_, high, low, close)
    return root_of_mean(terms, window=window, periods_per_year=periods_per_year)


def rogers_satchell_volatility(
    open_: pl.Expr, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, periods_per_year: float = 252
) -> pl.Expr:
    """
    Annualised volatility over the whole sample from bars, whatever the drift.

    Parameters
    ----------
    open_, high, low, close
        The bars. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per square-root year. Unusable bars are left out, as by
        `garman_klass_volatility`; null where none is left.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``sqrt(periods_per_year * mean(ln(H / C) * ln(H / O) + ln(L / C) * ln(L / O)))``; without what happens
    between the bars. Source: L. C. G. Rogers, S. E. Satchell, "Estimating Variance from High, Low and Closing
    Prices", *The Annals of Applied Probability* 1 (4), 1991.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame([[100.0, 102.0, 99.5, 101.0], [101.5, 103.0, 101.0, 102.0]], orient="row")
    >>> o, h, l, c = (pl.nth(i) for i in range(4))
    >>> bars.select(rogers_satchell_volatility(o, h, low=l, close=c).round(6)).item()
    0.241241
    """
    require_positive("periods_per_year", periods_per_year)
    return (_rogers_satchell(open_, high, low, close).mean() * periods_per_year).sqrt()


def rolling_rogers_satchell_volatility(
    open_: pl.Expr, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, window: int, periods_per_year: float
) -> pl.Expr:
    """
    Annualised volatility from bars over a rolling window, whatever the drift.

    Parameters
    ----------
    open_, high, low, close
        The bars, in time order. Any numeric type, shape ``(n,)``.
    window
        Bars per estimate, at least 1. The first ``window - 1`` rows are null.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year. Length and order are kept. Null wherever one
        of the bars is unusable. Formula and source: see `rogers_satchell_volatility`.

    Raises
    ------
    ParameterError
        If ``window < 1`` or ``periods_per_year <= 0``; on construction, not on collect.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame([[100.0, 102.0, 99.5, 101.0], [101.5, 103.0, 101.0, 102.0]], orient="row")
    >>> o, h, l, c = (pl.nth(i) for i in range(4))
    >>> estimate = rolling_rogers_satchell_volatility(o, h, low=l, close=c, window=1, periods_per_year=252)
    >>> bars.select(estimate.round(6)).to_series().to_list()
    [0.260895, 0.219837]
    """
    _require(window, periods_per_year)
    terms = _rogers_satchell(open_, high, low, close)
    return root_of_mean(terms, window=window, periods_per_year=periods_per_year)


def yang_zhang_volatility(
    open_: pl.Expr, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, periods_per_year: float = 252
) -> pl.Expr:
    """
    Annualised volatility over the whole sample from bars and the jumps between them, whatever the drift.

    Parameters
    ----------
    open_, high, low, close
        The bars, in time order. Any numeric type, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the variance.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per square-root year. Used are the bars that are usable and follow upon
        a usable bar (see `garman_klass_volatility`); null where there are fewer than two.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``sqrt(periods_per_year * (var(o) + k * var(c) + (1 - k) * mean(rs)))`` with ``o = ln(O[t] / C[t-1])``,
    ``c = ln(C / O)``, sample variances (ddof = 1), ``rs`` the term of `rogers_satchell_volatility` and
    ``k = 0.34 / (1.34 + (n + 1) / (n - 1))``. Source: D. Yang, Q. Zhang, "Drift-Independent Volatility
    Estimation Based on High, Low, Open, and Close Prices", *The Journal of Business* 73 (3), 2000.

    Examples
    --------
    >>> import polars as pl
    >>> rows = [[100.0, 102.0, 99.5, 101.0], [101.5, 103.0, 101.0, 102.0], [102.5, 103.0, 101.0, 101.5]]
    >>> bars = pl.DataFrame(rows, orient="row")
    >>> o, h, l, c = (pl.nth(i) for i in range(4))
    >>> bars.select(yang_zhang_volatility(o, h, low=l, close=c).round(6)).item()
    0.202865
    """
    require_positive("periods_per_year", periods_per_year)
    overnight, intraday, ranges = _yang_zhang_parts(open_, high, low, close)
    pairs = overnight.count().cast(pl.Float64)
    # With one pair the variances are null, and so is everything.
    weight = (_YANG_ZHANG_ALPHA - 1) / (_YANG_ZHANG_ALPHA + (pairs + 1) / (pairs - 1))
    variance = overnight.var(ddof=1) + weight * intraday.var(ddof=1) + (1 - weight) * ranges.mean()
    return (variance * periods_per_year).sqrt()


def rolling_yang_zhang_volatility(
    open_: pl.Expr,
    high: pl.Expr,
    *,
    low: pl.Expr,
    close: pl.Expr,
    window: int,
    periods_per_year: float,
    by: pl.Expr | None = None,
) -> pl.Expr:
    """
    Annualised volatility from bars and the jumps between them over a rolling window, whatever the drift.

    Parameters
    ----------
    open_, high, low, close
        The bars, in time order. Any numeric type, shape ``(n,)``.
    window
        Bars per estimate, at least 2, each with the close before it. The first ``window`` rows are null.
    periods_per_year
        Bars in a year; scales the variance.
    by
        What tells the instruments apart; see `realized_volatility`.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year. Length and order are kept. Null wherever one
        of the bars, or the one before the first of them, is unusable. Formula and source: see
        `yang_zhang_volatility`.

    Raises
    ------
    ParameterError
        If ``window < 2`` or ``periods_per_year <= 0``; on construction, not on collect.

    Examples
    --------
    >>> import polars as pl
    >>> rows = [[100.0, 102.0, 99.5, 101.0], [101.5, 103.0, 101.0, 102.0], [102.5, 103.0, 101.0, 101.5]]
    >>> bars = pl.DataFrame(rows, orient="row")
    >>> o, h, l, c = (pl.nth(i) for i in range(4))
    >>> estimate = rolling_yang_zhang_volatility(o, h, low=l, close=c, window=2, periods_per_year=252)
    >>> bars.select(estimate.round(6)).to_series().to_list()
    [None, None, 0.202865]
    """
    require_count("window", window, least=2)
    require_positive("periods_per_year", periods_per_year)
    weight = (_YANG_ZHANG_ALPHA - 1) / (_YANG_ZHANG_ALPHA + (window + 1) / (window - 1))
    if by is not None and has_kernels():
        from ttapi_polars import passes  # noqa: PLC0415 - an extra

        run = passes.rolling_yang_zhang_volatility(
            window=window, weight=weight, periods_per_year=periods_per_year
        )
        return over_adjoining([open_, high, low, close], by, run)
    overnight, intraday, ranges = _yang_zhang_parts(open_, high, low, close)
    outside, inside = (part.rolling_var(window, min_samples=window, ddof=1) for part in (overnight, intraday))
    # A window with an unusable bar is null on account of the other two parts.
    variance = outside + weight * inside + (1 - weight) * window_mean(ranges, window)
    return over((variance * periods_per_year).sqrt(), by)


def _require(window: int, periods_per_year: float) -> None:
    require_count("window", window, least=1)
    require_positive("periods_per_year", periods_per_year)


def _parkinson(high: pl.Expr, low: pl.Expr) -> pl.Expr:
    top, bottom = positive(high), positive(low)
    return pl.when(top >= bottom).then((top.log() - bottom.log()) ** 2 / (4 * math.log(2)))


def _garman_klass(open_: pl.Expr, high: pl.Expr, low: pl.Expr, close: pl.Expr) -> pl.Expr:
    o, h, l, c = _logs(open_, high, low, close)  # noqa: E741 - the names of the field
    return (h - l) ** 2 / 2 - (2 * math.log(2) - 1) * (c - o) ** 2


def _rogers_satchell(open_: pl.Expr, high: pl.Expr, low: pl.Expr, close: pl.Expr) -> pl.Expr:
    o, h, l, c = _logs(open_, high, low, close)  # noqa: E741 - the names of the field
    return (h - c) * (h - o) + (l - c) * (l - o)


def _yang_zhang_parts(
    open_: pl.Expr, high: pl.Expr, low: pl.Expr, close: pl.Expr
) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Return overnight return, return within the bar, and range term; all null where one of them is."""
    o, h, l, c = _logs(open_, high, low, close)  # noqa: E741 - the names of the field
    overnight = o - c.shift(1)
    follows = overnight.is_not_null()
    intraday, ranges = c - o, (h - c) * (h - o) + (l - c) * (l - o)
    return overnight, pl.when(follows).then(intraday), pl.when(follows).then(ranges)


def _logs(open_: pl.Expr, high: pl.Expr, low: pl.Expr, close: pl.Expr) -> tuple[pl.Expr, ...]:
    o, h, l, c = (positive(price) for price in (open_, high, low, close))  # noqa: E741 - likewise
    sound = (l <= o) & (o <= h) & (l <= c) & (c <= h)
    return tuple(pl.when(sound).then(price.log()) for price in (o, h, l, c))
