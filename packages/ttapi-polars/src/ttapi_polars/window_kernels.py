# SPDX-License-Identifier: Apache-2.0
"""
Compiled passes over the rows of many instruments that adjoin, one instrument after the other.

Every function takes ``starts``, the first row of each instrument and, last, the number of rows; it begins
afresh at each of them. NaN is what is missing, in and out.

A rolling window is two halves: the tail of one block of ``window`` rows and the head of the next. The moments
of all tails are made once a block from its end, those of the heads grow row by row, and the two are merged
(T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
Variances", 1979). So a row costs three merges whatever the window, nothing is ever subtracted from a running
sum, and a value leaves no trace once it is out of the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ttapi_polars.compiled import kernel
from ttapi_polars.moments import SQUARES_LEAST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Rows: TypeAlias = NDArray[np.int64]


@kernel
def price_or_nan(value: float) -> float:
    """Return the price if it can be used, else NaN."""
    return value if 0.0 < value < np.inf else np.nan


@kernel
def simple_returns(price: Floats, starts: Rows, periods: int, out: Floats) -> None:
    """Return ``p[t] / p[t-periods] - 1``; the first rows of each instrument are missing."""
    for group in range(starts.size - 1):
        first = starts[group]
        for row in range(first, starts[group + 1]):
            before = price_or_nan(price[row - periods]) if row - first >= periods else np.nan
            change = (price_or_nan(price[row]) - before) / before
            out[row] = change if np.isfinite(change) else np.nan


@kernel
def log_returns(price: Floats, starts: Rows, out: Floats) -> None:
    """Return ``ln p[t] - ln p[t-1]``; the first row of each instrument is missing."""
    for group in range(starts.size - 1):
        before = np.nan
        for row in range(starts[group], starts[group + 1]):
            now = np.log(price_or_nan(price[row]))
            out[row] = now - before
            before = now


@kernel
def drawdown(price: Floats, starts: Rows, out: Floats) -> None:
    """Return ``p[t] / max(p[..t]) - 1``; missing where the price is."""
    for group in range(starts.size - 1):
        peak = 0.0
        for row in range(starts[group], starts[group + 1]):
            now = price_or_nan(price[row])
            peak = max(peak, now)  # a missing price is greater than nothing
            out[row] = (now - peak) / peak


@kernel
def ewma_variance(returns: Floats, starts: Rows, decay: float, out: Floats) -> None:
    """
    Return the exponentially weighted mean of squares, begun with the first square of each instrument.

    Rows without a return let the weight of what was before decay and have no estimate themselves.
    """
    for group in range(starts.size - 1):
        estimate, weight = np.nan, 1.0
        for row in range(starts[group], starts[group + 1]):
            square = returns[row] * returns[row]
            weight *= decay
            if np.isnan(square):
                out[row] = np.nan
                continue
            if np.isnan(estimate):
                estimate = square
            else:
                share = weight / (weight + (1.0 - decay))
                estimate = share * estimate + (1.0 - share) * square
            weight = 1.0
            out[row] = estimate


@kernel
def rolling_variance(values: Floats, starts: Rows, window: int, out: Floats) -> None:
    """Return the sample variance (ddof = 1) of the last ``window`` values."""
    tail_mean, tail_square = np.empty(window), np.empty(window)
    one, shares, between = merging(window)
    for group in range(starts.size - 1):
        first, end = starts[group], starts[group + 1]
        mean, square = 0.0, 0.0
        for row in range(first, end):
            place = (row - first) % window
            if place == 0:
                if row > first:
                    variance_tails(values, row - window, one, shares, tail_mean, tail_square)
                mean, square = values[row], 0.0 * values[row]
            else:
                delta = values[row] - mean
                mean += delta * one[place]
                square += delta * delta * shares[place]
            if row - first < window - 1:
                out[row] = np.nan
            elif place == window - 1:
                out[row] = square / (window - 1)
            else:
                apart = mean - tail_mean[place + 1]
                whole = square + tail_square[place + 1] + apart * apart * between[place]
                out[row] = whole / (window - 1)


@kernel
def variance_tails(
    values: Floats, first: int, one: Floats, shares: Floats, means: Floats, squares: Floats
) -> None:
    """Fill in mean and sum of squared deviations of ``values[first + place : first + window]``."""
    window = means.size
    mean, square = values[first + window - 1], 0.0 * values[first + window - 1]
    means[window - 1], squares[window - 1] = mean, square
    for count in range(1, window):
        place = window - 1 - count
        delta = values[first + place] - mean
        mean += delta * one[count]
        square += delta * delta * shares[count]
        means[place], squares[place] = mean, square


@kernel
def merging(window: int) -> tuple[Floats, Floats, Floats]:
    """
    Return the weights of merging, so that no row has to divide.

    They are, for ``count`` values and one more, ``1 / (count + 1)`` and ``count / (count + 1)``; and for a
    head that ends at ``place`` and its tail, the product of their lengths over ``window``.
    """
    counts = np.arange(window)
    return 1.0 / (counts + 1), counts / (counts + 1), (counts + 1) * (window - counts - 1.0) / window


@kernel
def rolling_mean(values: Floats, starts: Rows, window: int, out: Floats) -> None:
    """Return the mean of the last ``window`` values."""
    tails = np.empty(window)
    for group in range(starts.size - 1):
        first, end = starts[group], starts[group + 1]
        head = 0.0
        for row in range(first, end):
            place = (row - first) % window
            if place == 0 and row > first:
                tail = 0.0
                for back in range(window - 1, -1, -1):
                    tail += values[row - window + back]
                    tails[back] = tail
            head = head + values[row] if place else values[row]
            if row - first < window - 1:
                out[row] = np.nan
            elif place == window - 1:
                out[row] = head / window
            else:
                out[row] = (head + tails[place + 1]) / window


@kernel
def rolling_beta(x: Floats, y: Floats, starts: Rows, window: int, out: Floats) -> None:
    """Return the slope of ``x`` on ``y`` over the last ``window`` pairs; missing where ``y`` is constant."""
    tails = np.empty((4, window))
    one, shares, between = merging(window)
    for group in range(starts.size - 1):
        first, end = starts[group], starts[group + 1]
        mean_x, mean_y, cross, square = 0.0, 0.0, 0.0, 0.0
        for row in range(first, end):
            place = (row - first) % window
            if place == 0:
                if row > first:
                    beta_tails(x, y, row - window, one, shares, tails)
                hole = 0.0 * x[row] + 0.0 * y[row]
                mean_x, mean_y, cross, square = x[row], y[row], hole, hole
            else:
                apart_x, apart_y = x[row] - mean_x, y[row] - mean_y
                mean_x += apart_x * one[place]
                mean_y += apart_y * one[place]
                cross += apart_x * apart_y * shares[place]
                square += apart_y * apart_y * shares[place]
            if row - first < window - 1:
                out[row] = np.nan
                continue
            whole_cross, whole_square = cross, square
            if place < window - 1:
                apart_x = mean_x - tails[0, place + 1]
                apart_y = mean_y - tails[1, place + 1]
                whole_cross += tails[2, place + 1] + apart_x * apart_y * between[place]
                whole_square += tails[3, place + 1] + apart_y * apart_y * between[place]
            slope = whole_cross / whole_square if whole_square > SQUARES_LEAST else np.nan
            out[row] = slope if np.isfinite(slope) else np.nan


@kernel
def beta_tails(x: Floats, y: Floats, first: int, one: Floats, shares: Floats, tails: Floats) -> None:
    """Fill in the means, the sum of cross products and that of squares of ``y`` of all tails of a block."""
    window = one.size
    last = first + window - 1
    mean_x, mean_y = x[last], y[last]
    cross = 0.0 * mean_x + 0.0 * mean_y
    square = cross
    tails[0, window - 1], tails[1, window - 1] = mean_x, mean_y
    tails[2, window - 1], tails[3, window - 1] = cross, square
    for count in range(1, window):
        place = window - 1 - count
        apart_x, apart_y = x[first + place] - mean_x, y[first + place] - mean_y
        mean_x += apart_x * one[count]
        mean_y += apart_y * one[count]
        cross += apart_x * apart_y * shares[count]
        square += apart_y * apart_y * shares[count]
        tails[0, place], tails[1, place], tails[2, place], tails[3, place] = mean_x, mean_y, cross, square


@kernel
def bar_logs(
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    starts: Rows,
    overnight: Floats,
    intraday: Floats,
    range_term: Floats,
) -> None:
    """
    Split bars into the three parts of the estimator of Yang and Zhang.

    They are ``ln(O / C before)``, ``ln(C / O)``, and the term of Rogers and Satchell. A bar whose open or
    close lies outside its high and low, or that has an unusable price, is missing.
    """
    for group in range(starts.size - 1):
        before = np.nan
        for row in range(starts[group], starts[group + 1]):
            o, h, l, c = open_[row], high[row], low[row], close[row]  # noqa: E741 - the names of the field
            sound = l > 0.0 and h < np.inf and l <= o <= h and l <= c <= h
            if not sound:
                overnight[row], intraday[row], range_term[row], before = np.nan, np.nan, np.nan, np.nan
                continue
            log_o, log_h, log_l, log_c = np.log(o), np.log(h), np.log(l), np.log(c)
            overnight[row] = log_o - before
            intraday[row] = log_c - log_o
            range_term[row] = (log_h - log_c) * (log_h - log_o) + (log_l - log_c) * (log_l - log_o)
            before = log_c
