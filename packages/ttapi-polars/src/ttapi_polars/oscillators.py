# SPDX-License-Identifier: Apache-2.0
"""Oscillators: where the close stands within the bars before it."""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_polars.averages import simple_average
from ttapi_polars.domains import require_count
from ttapi_polars.indicator_terms import from_bars, in_one_list, once, ratio, share, sound
from ttapi_polars.window_sums import window_mean

SUM_ROUNDING: Final = 2.0**-50
"""Typical prices that differ by less, as a fraction, are the same but for the rounding of their sums."""


def stochastic_oscillator(
    high: pl.Expr,
    low: pl.Expr,
    *,
    close: pl.Expr,
    window: int = 14,
    k_smoothing: int = 3,
    d_smoothing: int = 3,
) -> pl.Expr:
    """
    Place of the close between the lowest low and the highest high, smoothed twice.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Bars that the close is compared with, its own included, at least 1.
    k_smoothing
        Window of the simple average that makes ``k``, at least 1. With 1 this is the fast stochastic, else
        the slow one.
    d_smoothing
        Window of the simple average of ``k`` that makes ``d``, at least 1.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``: ``k`` and ``d``, from 0 to 100. Length and order are kept. The
        fields start together: the first ``window + k_smoothing + d_smoothing - 3`` rows are null. Null
        wherever a bar that counts is unusable: a price that is null, NaN, infinite or not positive, or a high
        below the low; or where highest and lowest are the same, for then there is no place between them
        (TA-Lib says 0).

    Raises
    ------
    ParameterError
        If a window is below 1 or no whole number; on construction, not on collect.

    Notes
    -----
    ``100 * (close - lowest) / (highest - lowest)``, then two simple averages. Source: G. C. Lane, "Lane's
    Stochastics", *Stocks & Commodities* 2:3, 1984.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 4.0, 5.0], "low": [1.0, 2.0, 3.0], "close": [2.0, 4.0, 3.5]})
    >>> fast = stochastic_oscillator(
    ...     pl.col("high"), pl.col("low"), close=pl.col("close"), window=2, k_smoothing=1, d_smoothing=2
    ... )
    >>> bars.select(fast)["high"].to_list()
    [{'k': None, 'd': None}, {'k': None, 'd': None}, {'k': 50.0, 'd': 75.0}]
    """
    require_count("window", window, least=1)
    require_count("k_smoothing", k_smoothing, least=1)
    require_count("d_smoothing", d_smoothing, least=1)

    def lines(k: pl.Expr, d: pl.Expr) -> pl.Expr:
        return pl.struct(k=pl.when(d.is_not_null()).then(k), d=d)

    def build(top: pl.Expr, bottom: pl.Expr, last: pl.Expr) -> pl.Expr:
        k = simple_average(_place(top, bottom, close=last, window=window) * 100, k_smoothing)
        return once(lambda line: once(lines, line, simple_average(line, d_smoothing)), k)

    return in_one_list(build, high, low, close)


def williams_percent_r(high: pl.Expr, low: pl.Expr, *, close: pl.Expr, window: int = 14) -> pl.Expr:
    """
    Distance of the close below the highest high, as a share of the range of the window.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Bars that the close is compared with, its own included, at least 1. The first ``window - 1`` rows are
        null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, from -100 to 0. Length and order are kept. Null as in
        `stochastic_oscillator`.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``-100 * (highest - close) / (highest - lowest)``. Source: L. R. Williams, *How I Made One Million Dollars
    Last Year Trading Commodities*, 1973.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 4.0, 5.0], "low": [1.0, 2.0, 3.0], "close": [2.0, 4.0, 3.5]})
    >>> r = williams_percent_r(pl.col("high"), pl.col("low"), close=pl.col("close"), window=2)
    >>> bars.select(r)["high"].to_list()
    [None, 0.0, -50.0]
    """
    require_count("window", window, least=1)

    def build(top: pl.Expr, bottom: pl.Expr, last: pl.Expr) -> pl.Expr:
        highest, lowest = _extremes(top, bottom, window)
        return once(lambda most, least, now: ratio(now - most, most - least) * 100, highest, lowest, last)

    return in_one_list(lambda *bars: from_bars(build, *bars), high, low, close)


def commodity_channel_index(high: pl.Expr, low: pl.Expr, *, close: pl.Expr, window: int = 20) -> pl.Expr:
    """
    Distance of the typical price from its mean, in units of its mean absolute deviation.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Bars per mean, the current one included, at least 2. The first ``window - 1`` rows are null. The cost
        of the call grows with it.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a pure number, mostly within -100 and 100. Length and order are kept. Null
        wherever one of the ``window`` bars is unusable (see `stochastic_oscillator`), or all typical prices
        are the same, for then there is no unit (TA-Lib says 0).

    Raises
    ------
    ParameterError
        If ``window < 2`` or no whole number; on construction, not on collect.

    Notes
    -----
    Typical price ``p = (high + low + close) / 3``; ``(p - mean) / (0.015 * mean of |p - mean|)``, the mean of
    the same window in both. Source: D. R. Lambert, "Commodity Channel Index: Tool for Trading Cyclic Trends",
    *Commodities* 10, 1980.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 4.0, 5.0], "low": [1.0, 2.0, 3.0], "close": [2.0, 3.0, 4.0]})
    >>> index = commodity_channel_index(pl.col("high"), pl.col("low"), close=pl.col("close"), window=3)
    >>> bars.select(index.round(6))["high"].to_list()
    [None, None, 100.0]
    """
    require_count("window", window, least=2)

    def build(price: pl.Expr) -> pl.Expr:
        extremes = (f(window, min_samples=window) for f in (price.rolling_max, price.rolling_min))
        return once(index, price, window_mean(price, window), *extremes)

    def index(price: pl.Expr, mean: pl.Expr, most: pl.Expr, least: pl.Expr) -> pl.Expr:
        # Null where the window is not whole, for then it has no extremes.
        # Equal sums of different prices may differ in the last digits, and equal prices from their mean.
        return pl.when(most - least > most * SUM_ROUNDING).then(_deviations(price, mean, window))

    return in_one_list(lambda *bars: once(build, from_bars(typical_price, *bars)), high, low, close)


def typical_price(high: pl.Expr, low: pl.Expr, close: pl.Expr) -> pl.Expr:
    """Give the mean of high, low and close; null where the sum is beyond Float64."""
    return sound((high + low + close) / 3)


def _deviations(price: pl.Expr, mean: pl.Expr, window: int) -> pl.Expr:
    distances = [(price.shift(i) - mean).abs() for i in range(window)]
    deviation = pl.sum_horizontal(distances, ignore_nulls=False) / window
    return once(share, price - mean, deviation * 0.015)


def _place(high: pl.Expr, low: pl.Expr, *, close: pl.Expr, window: int) -> pl.Expr:
    def build(top: pl.Expr, bottom: pl.Expr, last: pl.Expr) -> pl.Expr:
        highest, lowest = _extremes(top, bottom, window)
        return once(lambda most, least, now: ratio(now - least, most - least), highest, lowest, last)

    return from_bars(build, high, low, close)


def _extremes(high: pl.Expr, low: pl.Expr, window: int) -> tuple[pl.Expr, pl.Expr]:
    return high.rolling_max(window, min_samples=window), low.rolling_min(window, min_samples=window)
