# SPDX-License-Identifier: Apache-2.0
"""Momentum of closes: relative strength, MACD, rate of change, TRIX."""

from __future__ import annotations

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.averages import exponential_average
from ttapi_polars.domains import require_count
from ttapi_polars.indicator_terms import in_one_list, once, share, smoothed, smoothed_alike, sound
from ttapi_polars.inputs import positive
from ttapi_polars.window_sums import whole_window_mean


def relative_strength_index(close: pl.Expr, *, window: int = 14) -> pl.Expr:
    """
    Share of the gains in all that the price moved, Wilder's averages of both.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Changes whose mean is the seed, at least 2. The first ``window`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, from 0 to 100. Length and order are kept. A price that is null, NaN, infinite
        or not positive is a gap: its row is null, and the index starts anew after it. Null where the price
        has not moved at all, for then there is no share (TA-Lib says 0).

    Raises
    ------
    ParameterError
        If ``window < 2`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``100 * gain / (gain + loss)``, each the `wilder_moving_average` of the rises or falls.
    Source: J. W. Wilder, *New Concepts in Technical Trading Systems*, section "The Relative Strength Index",
    1978.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [10.0, 11.0, 10.0, 12.0]})
    >>> frame.select(relative_strength_index(pl.col("close"), window=2).round(6))["close"].to_list()
    [None, None, 50.0, 83.333333]
    """
    require_count("window", window, least=2)

    def index(gain: pl.Expr, loss: pl.Expr) -> pl.Expr:
        return share(gain, gain + loss) * 100

    def build(change: pl.Expr) -> pl.Expr:
        return once(averages, change.clip(lower_bound=0.0), (-change).clip(lower_bound=0.0))

    def averages(rise: pl.Expr, fall: pl.Expr) -> pl.Expr:
        means = [whole_window_mean(moves, window) for moves in (rise, fall)]
        return smoothed_alike(index, [rise, fall], means, weight=1 / window)

    return in_one_list(lambda prices: once(build, sound(once(positive, prices).diff())), close)


def macd(close: pl.Expr, *, fast_window: int = 12, slow_window: int = 26, signal_window: int = 9) -> pl.Expr:
    """
    Distance of a fast from a slow exponential average, and its own average (convergence and divergence).

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    fast_window, slow_window
        Windows of the averages of the price, at least 1, the fast one shorter.
    signal_window
        Window of the average of the distance, at least 1.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``, in the unit of the prices: ``macd`` (fast less slow), ``signal``
        (its average) and ``histogram`` (macd less signal). Length and order are kept. The fields start
        together: the first ``slow_window + signal_window - 2`` rows are null. A price that is null, NaN,
        infinite or not positive is a gap: its row is null, and all averages start anew after it.

    Raises
    ------
    ParameterError
        If a window is below 1, or ``fast_window >= slow_window``; on construction, not on collect.

    Notes
    -----
    Both averages of the price are seeded in row ``slow_window - 1``, each with the mean of its
    own window, as in TA-Lib. Source: G. Appel, *Technical Analysis: Power Tools for Active Investors*,
    chapter 8, 2005.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [1.0, 2.0, 4.0, 8.0]})
    >>> lines = macd(pl.col("close"), fast_window=1, slow_window=2, signal_window=2)
    >>> frame.select(lines.struct.field("macd").round(6))["macd"].to_list()
    [None, None, 0.833333, 1.611111]
    """
    require_count("fast_window", fast_window, least=1)
    require_count("slow_window", slow_window, least=1)
    require_count("signal_window", signal_window, least=1)
    if fast_window >= slow_window:
        raise ParameterError("fast_window", fast_window, f"less than slow_window, {slow_window}")

    def lines(distance: pl.Expr, signal: pl.Expr) -> pl.Expr:
        shown = pl.when(signal.is_not_null()).then(distance)
        return pl.struct(macd=shown, signal=signal, histogram=distance - signal)

    def with_signal(distance: pl.Expr) -> pl.Expr:
        return once(lines, distance, exponential_average(distance, signal_window))

    def build(price: pl.Expr, fast_mean: pl.Expr, slow_mean: pl.Expr) -> pl.Expr:
        fast_seed = pl.when(slow_mean.is_finite()).then(fast_mean)
        fast = smoothed(price, fast_seed, weight=2 / (fast_window + 1))
        slow = smoothed(price, slow_mean, weight=2 / (slow_window + 1))
        return once(with_signal, fast - slow)

    def with_means(price: pl.Expr) -> pl.Expr:
        fast_mean = whole_window_mean(price, fast_window)
        slow_mean = whole_window_mean(price, slow_window)
        return once(build, price, fast_mean, slow_mean)

    return in_one_list(lambda prices: once(with_means, positive(prices)), close)


def rate_of_change(close: pl.Expr, *, window: int = 10) -> pl.Expr:
    """
    Relative change over ``window`` bars, in percent.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Bars between the two prices, at least 1. The first ``window`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, percent (1.0 is 1 %), as the indicator is defined. Length and order are kept.
        Null where one of the two prices is null, NaN, infinite or not positive; those between them do not
        matter.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``100 * (close[t] / close[t-window] - 1)``. Source: J. J. Murphy, *Technical Analysis of the Financial
    Markets*, chapter 10, 1999.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 110.0, 99.0]})
    >>> frame.select(rate_of_change(pl.col("close"), window=1).round(6))["close"].to_list()
    [None, 10.0, -10.0]
    """
    require_count("window", window, least=1)
    return in_one_list(lambda prices: _percent_change(prices, window), close)


def _percent_change(close: pl.Expr, window: int) -> pl.Expr:
    def build(price: pl.Expr) -> pl.Expr:
        before = price.shift(window)
        return sound((price - before) / before * 100)

    return once(build, once(positive, close))


def trix(close: pl.Expr, *, window: int = 15) -> pl.Expr:
    """
    Relative change, bar to bar, of a triple exponential average of the price, in percent.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Window of each of the three averages, at least 1. The first ``3 * (window - 1) + 1`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, percent a bar, as the indicator is defined. Length and order are kept. A
        price that is null, NaN, infinite or not positive is a gap: its row is null, and all starts anew after
        it.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    `rate_of_change` over one bar of `exponential_moving_average` applied three times, each seeded
    with the mean of its own first ``window`` values. Source: J. Hutson, "Good TRIX", *Stocks & Commodities*
    1:5, 1983.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [1.0, 2.0, 4.0, 8.0, 16.0]})
    >>> frame.select(trix(pl.col("close"), window=2).round(6))["close"].to_list()
    [None, None, None, None, 118.034618]
    """
    require_count("window", window, least=1)

    def build(prices: pl.Expr) -> pl.Expr:
        average = once(positive, prices)
        for _ in range(3):
            average = exponential_average(average, window)
        return _percent_change(average, 1)

    return in_one_list(build, close)
