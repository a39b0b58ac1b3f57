# SPDX-License-Identifier: Apache-2.0
"""An instrument beside its benchmark: beta, alpha, tracking error, information ratio and capture."""

from __future__ import annotations

import math
from typing import Final

import polars as pl

from ttapi_polars.domains import require_count, require_finite, require_positive
from ttapi_polars.inputs import finite
from ttapi_polars.moments import centred, of_sample, over_windows, paired, slope

# Rounding of the difference of two returns, and of the returns themselves, relative to the larger one.
_ROUNDING: Final = 2.0**-50


def beta(returns: pl.Expr, benchmark: pl.Expr) -> pl.Expr:
    """
    Slope of returns on those of a benchmark over the whole sample.

    Parameters
    ----------
    returns, benchmark
        Returns of the instrument and of the benchmark, fractions, one per bar, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, one value, without unit. Rows in which one of the two is null, NaN or infinite are left out;
        null where fewer than two are left or the benchmark is constant.

    Notes
    -----
    ``cov(returns, benchmark) / var(benchmark)``: the slope of an ordinary least squares line with intercept.
    Source: M. C. Jensen, *The Performance of Mutual Funds in the Period 1945-1964*, Journal of Finance 23,
    1968, equation 8. A constant rate taken from both makes no difference. `rolling_beta` gives one a row.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.02, -0.02, None, 0.04], "index": [0.01, -0.01, 0.5, 0.02]})
    >>> frame.select(beta(pl.col("fund"), pl.col("index")).round(6)).item()
    2.0
    """
    return of_sample(_line(), pl.field("beta"), returns, benchmark)


def alpha(
    returns: pl.Expr, benchmark: pl.Expr, *, periods_per_year: float, risk_free: float = 0.0
) -> pl.Expr:
    """
    Jensen's alpha over the whole sample, annualised by multiplication.

    Parameters
    ----------
    returns, benchmark
        Returns of the instrument and of the benchmark, fractions, one per bar, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the alpha of one bar (252 for daily bars of US equities).
    risk_free
        Return of the riskless asset per bar (not per year), a fraction.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per year (0.02 is 2 %). Null as in `beta`.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0`` or ``risk_free`` is not finite; on construction, not on collect.

    Notes
    -----
    ``periods_per_year * (mean(returns) - risk_free - beta * (mean(benchmark) - risk_free))``: the intercept
    of the line of which `beta` is the slope, arithmetic. Source: M. C. Jensen, *The Performance of Mutual
    Funds in the Period 1945-1964*, Journal of Finance 23, 1968, equation 8. empyrical compounds it:
    ``(1 + alpha / periods_per_year) ** periods_per_year - 1``.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.021, -0.019, 0.041], "index": [0.01, -0.01, 0.02]})
    >>> frame.select(alpha(pl.col("fund"), pl.col("index"), periods_per_year=252).round(6)).item()
    0.252
    """
    require_positive("periods_per_year", periods_per_year)
    require_finite("risk_free", risk_free)
    excess = pl.field("x").mean() - risk_free
    explained = pl.field("beta") * (pl.field("y").mean() - risk_free)
    measure = finite((excess - explained) * periods_per_year)
    return of_sample(_line(), measure, returns, benchmark)


def rolling_alpha(
    returns: pl.Expr,
    benchmark: pl.Expr,
    *,
    window: int,
    periods_per_year: float,
    risk_free: float = 0.0,
) -> pl.Expr:
    """
    Jensen's alpha over a rolling window, annualised by multiplication.

    Parameters
    ----------
    returns, benchmark
        Returns of the instrument and of the benchmark, fractions, in time order, one per bar, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Rows per estimate, at least 2. The first ``window - 1`` rows are null.
    periods_per_year
        Bars in a year; scales the alpha of one bar (252 for daily bars of US equities).
    risk_free
        Return of the riskless asset per bar (not per year), a fraction.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per year (0.02 is 2 %). Length and order are kept. Null wherever
        the window holds a row in which one of the two is null, NaN or infinite, and wherever the benchmark
        is constant over the window.

    Raises
    ------
    ParameterError
        If ``window < 2``, ``periods_per_year <= 0`` or ``risk_free`` is not finite; on construction.

    Notes
    -----
    The formula and source of `alpha`, computed as `rolling_beta` is.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.021, -0.019, 0.041], "index": [0.01, -0.01, 0.02]})
    >>> measure = rolling_alpha(pl.col("fund"), pl.col("index"), window=2, periods_per_year=252)
    >>> frame.select(measure.round(6))["fund"].to_list()
    [None, 0.252, 0.252]
    """
    require_positive("periods_per_year", periods_per_year)
    require_finite("risk_free", risk_free)
    require_count("window", window, least=2)
    ratio = slope(pl.field("xy"), pl.field("yy"))
    intercept = (pl.field("mean_x") - risk_free) - ratio * (pl.field("mean_y") - risk_free)
    measure = finite(intercept * periods_per_year)
    return over_windows(returns, benchmark, window=window, sums=("xy", "yy"), measure=measure)


def tracking_error(returns: pl.Expr, benchmark: pl.Expr, *, periods_per_year: float) -> pl.Expr:
    """
    Annualised deviation of the return over the benchmark, over the whole sample.

    Parameters
    ----------
    returns, benchmark
        Returns of the instrument and of the benchmark, fractions, one per bar, shape ``(n,)``.
    periods_per_year
        Bars in a year; scales the variance (252 for daily bars of US equities).

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per square-root year. Rows in which one of the two is null, NaN or
        infinite are left out; null where fewer than two are left.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``std(returns - benchmark, ddof = 1) * sqrt(periods_per_year)``. Source: W. F. Sharpe, *The
    Sharpe Ratio*, Journal of Portfolio Management 21, 1994, equation 5 (the deviation of the differential).

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.02, 0.01, 0.03], "index": [0.01, 0.01, 0.01]})
    >>> frame.select(tracking_error(pl.col("fund"), pl.col("index"), periods_per_year=100).round(6)).item()
    0.1
    """
    require_positive("periods_per_year", periods_per_year)
    measure = finite(pl.field("deviation") * math.sqrt(periods_per_year))
    return of_sample(_active(), measure, returns, benchmark)


def information_ratio(returns: pl.Expr, benchmark: pl.Expr, *, periods_per_year: float) -> pl.Expr:
    """
    Annualised return over the benchmark per unit of tracking error, over the whole sample.

    Parameters
    ----------
    returns, benchmark
        Returns of the instrument and of the benchmark, fractions, one per bar, shape ``(n,)``.
    periods_per_year
        Bars in a year (252 for daily bars of US equities).

    Returns
    -------
    pl.Expr
        Float64, one value, per square-root year. Null as in `tracking_error`, and where the two differ by the
        same amount in each row, up to rounding.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``mean(returns - benchmark) * periods_per_year / tracking_error``, arithmetic. Source: W. F. Sharpe, *The
    Sharpe Ratio*, Journal of Portfolio Management 21, 1994, equations 3 to 6, and "time dependence". The
    quantity that empyrical names ``excess_sharpe`` is this one with ``periods_per_year=1``.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.02, 0.01, 0.03], "index": [0.01, 0.01, 0.01]})
    >>> frame.select(information_ratio(pl.col("fund"), pl.col("index"), periods_per_year=100).round(6)).item()
    10.0
    """
    require_positive("periods_per_year", periods_per_year)
    active = pl.field("active")
    largest = pl.max_horizontal(pl.field("x").abs().max(), pl.field("y").abs().max())
    varies = active.max() - active.min() > largest * _ROUNDING
    ratio = active.mean() / pl.field("deviation") * math.sqrt(periods_per_year)
    return of_sample(_active(), finite(pl.when(varies).then(ratio)), returns, benchmark)


def up_capture(returns: pl.Expr, benchmark: pl.Expr, *, periods_per_year: float = 1.0) -> pl.Expr:
    """
    Compound return relative to the benchmark's, over the rows in which the benchmark rose.

    Parameters
    ----------
    returns, benchmark
        Simple returns of the instrument and of the benchmark, fractions, one per bar, shape ``(n,)``.
    periods_per_year
        1 compares the geometric mean returns of one bar. Bars in a year compares them annualised, which is
        what empyrical does; for daily bars that compounds the good days alone for a year: the ratio grows.

    Returns
    -------
    pl.Expr
        Float64, one value: 1.1 means that the instrument gained 1.1 times what the benchmark gained. Rows in
        which one of the two is null, NaN, infinite or below -1 are left out; null where the benchmark never
        rose, or the result is too large for a double.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``g(returns) / g(benchmark)`` over the rows with ``benchmark > 0``, where
    ``g(r) = product(1 + r) ** (periods_per_year / rows) - 1``. Source: E. Pak, *Introducing Upside and
    Downside Capture Ratios*, Morningstar, 2011 (geometric means of the rows with a positive, or a negative,
    return of the benchmark; zero is neither).

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.02, -0.01, 0.04], "index": [0.01, -0.02, 0.02]})
    >>> frame.select(up_capture(pl.col("fund"), pl.col("index")).round(6)).item()
    1.998404
    """
    require_positive("periods_per_year", periods_per_year)
    state = _captures(periods_per_year)
    return of_sample(state, finite(pl.field("up")), *_compoundable(returns, benchmark))


def down_capture(returns: pl.Expr, benchmark: pl.Expr, *, periods_per_year: float = 1.0) -> pl.Expr:
    """
    Compound return relative to the benchmark's, over the rows in which the benchmark fell.

    Parameters
    ----------
    returns, benchmark
        Simple returns of the instrument and of the benchmark, fractions, one per bar, shape ``(n,)``.
    periods_per_year
        As in `up_capture`.

    Returns
    -------
    pl.Expr
        Float64, one value: 0.9 means that the instrument lost 0.9 times what the benchmark lost. Null as in
        `up_capture`, for a benchmark that never fell.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    The formula and sources of `up_capture`, over the rows with ``benchmark < 0``.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.02, -0.01, 0.04], "index": [0.01, -0.02, 0.02]})
    >>> frame.select(down_capture(pl.col("fund"), pl.col("index")).round(6)).item()
    0.5
    """
    require_positive("periods_per_year", periods_per_year)
    state = _captures(periods_per_year)
    return of_sample(state, finite(pl.field("down")), *_compoundable(returns, benchmark))


def capture_ratio(returns: pl.Expr, benchmark: pl.Expr, *, periods_per_year: float = 1.0) -> pl.Expr:
    """
    Up capture over down capture: above 1, the instrument took more of the rises than of the falls.

    Parameters
    ----------
    returns, benchmark
        Simple returns of the instrument and of the benchmark, fractions, one per bar, shape ``(n,)``.
    periods_per_year
        As in `up_capture`.

    Returns
    -------
    pl.Expr
        Float64, one value. Null where one of the two is null or the down capture is zero. Where the
        instrument rose while the benchmark fell, the down capture and so the ratio is negative.

    Raises
    ------
    ParameterError
        If ``periods_per_year <= 0``; on construction, not on collect.

    Notes
    -----
    ``up_capture / down_capture``; empyrical names it ``up_down_capture``.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.02, -0.01, 0.04], "index": [0.01, -0.02, 0.02]})
    >>> frame.select(capture_ratio(pl.col("fund"), pl.col("index")).round(4)).item()
    3.9968
    """
    require_positive("periods_per_year", periods_per_year)
    state = _captures(periods_per_year)
    ratio = finite(pl.field("up") / pl.field("down"))
    return of_sample(state, ratio, *_compoundable(returns, benchmark))


def _line() -> pl.Expr:
    """Give the pairs and the ``beta`` of the line through them, on each row."""
    dx, dy = pl.field("d_x"), pl.field("d_y")
    sums = centred(paired(), "x", "y").struct.with_fields(xy=(dx * dy).sum(), yy=(dy * dy).sum())
    return sums.struct.with_fields(beta=slope(pl.field("xy"), pl.field("yy")))


def _active() -> pl.Expr:
    """Give the pairs, their difference ``active``, and the standard ``deviation`` of it, on each row."""
    pairs = paired().struct.with_fields(active=pl.field("x") - pl.field("y"))
    rows, d = pl.field("active").count(), pl.field("d_active")
    deviation = pl.when(rows >= 2).then(((d * d).sum() / (rows - 1)).sqrt())
    return centred(pairs, "active").struct.with_fields(deviation=deviation)


def _compoundable(returns: pl.Expr, benchmark: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    # More than everything cannot be lost: below -1 is no simple return.
    x, y = (pl.when(value.is_between(-1, math.inf)).then(value) for value in (returns, benchmark))
    return x, y


def _captures(periods: float) -> pl.Expr:
    """Give the captures ``up`` and ``down``, on each row; not always finite."""
    sides = {"up": pl.field("y") > 0, "down": pl.field("y") < 0}
    halves = {
        f"{side}_{name}": pl.field(name).filter(rows).log1p().mean() * (periods / 2)
        for side, rows in sides.items()
        for name in ("x", "y")
    }
    captures = {side: _growth(pl.field(f"{side}_x")) / _growth(pl.field(f"{side}_y")) for side in sides}
    return paired().struct.with_fields(**halves).struct.with_fields(**captures)


def _growth(half: pl.Expr) -> pl.Expr:
    # exp(v) - 1 without cancellation is 2 sinh(v / 2) exp(v / 2); a total loss has the logarithm -infinity.
    return pl.when(half == -math.inf).then(-1.0).otherwise(half.sinh() * half.exp() * 2)
