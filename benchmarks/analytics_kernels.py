# SPDX-License-Identifier: Apache-2.0
"""The barest compiled kernels on two threads: running sums, no nulls, no checks, a row a symbol."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

YEAR, WINDOW, BETA_WINDOW, DECAY = 252, 20, 60, 0.94


@numba.njit(parallel=True)
def rolling_volatility(close: Any, out: Any) -> Any:
    for s in numba.prange(close.shape[0]):
        total, squares = 0.0, 0.0
        change = np.empty(close.shape[1])
        change[0] = 0.0
        for t in range(1, close.shape[1]):
            change[t] = math.log(close[s, t] / close[s, t - 1])
            total += change[t]
            squares += change[t] * change[t]
            if t > WINDOW:
                total -= change[t - WINDOW]
                squares -= change[t - WINDOW] * change[t - WINDOW]
            out[s, t] = math.sqrt(max(squares - total * total / WINDOW, 0.0) / (WINDOW - 1) * YEAR)
    return out


@numba.njit(parallel=True)
def ewma_volatility(close: Any, out: Any) -> Any:
    for s in numba.prange(close.shape[0]):
        estimate = 0.0
        for t in range(1, close.shape[1]):
            change = math.log(close[s, t] / close[s, t - 1])
            estimate = change * change if t == 1 else DECAY * estimate + (1 - DECAY) * change * change
            out[s, t] = math.sqrt(estimate * YEAR)
    return out


@numba.njit(parallel=True)
def drawdown(close: Any, out: Any) -> Any:
    for s in numba.prange(close.shape[0]):
        peak = 0.0
        for t in range(close.shape[1]):
            peak = max(peak, close[s, t])
            out[s, t] = close[s, t] / peak - 1
    return out


@numba.njit(parallel=True)
def rolling_beta(close: Any, market: Any, out: Any) -> Any:
    for s in numba.prange(close.shape[0]):
        x, y, xy, yy = 0.0, 0.0, 0.0, 0.0
        change = np.empty(close.shape[1])
        change[0] = 0.0
        for t in range(1, close.shape[1]):
            change[t] = close[s, t] / close[s, t - 1] - 1
            x, y = x + change[t], y + market[s, t]
            xy, yy = xy + change[t] * market[s, t], yy + market[s, t] ** 2
            if t > BETA_WINDOW:
                old = t - BETA_WINDOW
                x, y = x - change[old], y - market[s, old]
                xy, yy = xy - change[old] * market[s, old], yy - market[s, old] ** 2
            out[s, t] = (xy - x * y / BETA_WINDOW) / (yy - y * y / BETA_WINDOW)
    return out


@numba.njit(parallel=True)
def yang_zhang(o: Any, h: Any, low: Any, c: Any, out: Any) -> Any:
    k = 0.34 / (1.34 + (WINDOW + 1) / (WINDOW - 1))
    for s in numba.prange(c.shape[0]):
        days = c.shape[1]
        outside, inside, ranges = np.zeros(days), np.zeros(days), np.zeros(days)
        a, aa, b, bb, r = 0.0, 0.0, 0.0, 0.0, 0.0
        before = math.log(c[s, 0])
        for t in range(1, days):
            lo, lh, ll, lc = math.log(o[s, t]), math.log(h[s, t]), math.log(low[s, t]), math.log(c[s, t])
            outside[t], inside[t] = lo - before, lc - lo
            ranges[t] = (lh - lc) * (lh - lo) + (ll - lc) * (ll - lo)
            before = lc
            a, aa = a + outside[t], aa + outside[t] ** 2
            b, bb, r = b + inside[t], bb + inside[t] ** 2, r + ranges[t]
            if t > WINDOW:
                old = t - WINDOW
                a, aa = a - outside[old], aa - outside[old] ** 2
                b, bb, r = b - inside[old], bb - inside[old] ** 2, r - ranges[old]
            variance = (aa - a * a / WINDOW + k * (bb - b * b / WINDOW)) / (WINDOW - 1) + (1 - k) * r / WINDOW
            out[s, t] = math.sqrt(max(variance, 0.0) * YEAR)
    return out


KERNELS = {
    "rolling_volatility": rolling_volatility,
    "ewma_volatility": ewma_volatility,
    "drawdown": drawdown,
    "rolling_beta": rolling_beta,
    "yang_zhang": yang_zhang,
}
