# SPDX-License-Identifier: Apache-2.0
"""
The calibration of raw SVI to the points of one smile. It needs scipy, and is imported where it is used.

For a given bend, that is ``m`` and ``sigma``, the smile is linear in its three other parameters. Written by
the slopes of its wings, ``right = b (1 + rho)`` and ``left = b (1 - rho)``, it is

    ``w = a + right (S + x) / 2 + left (S - x) / 2``  with  ``x = k - m``  and  ``S = sqrt(x^2 + sigma^2)``

and what the theory demands of the slopes is a box: neither is negative, and neither exceeds 2 (R. Lee, "The
moment formula for implied volatility at extreme strikes", *Mathematical Finance* 14 (3), 2004). So three
steps:

1. a coarse grid of bends, each with its best line, found explicitly (`_fitted_to_bend`);
2. from the best of them, a search over the two numbers of the bend (Nelder-Mead);
3. from there, all five parameters at once by bounded least squares, which also keeps the least variance of
   the smile from falling below zero, for any bend.

Steps 1 and 2 are those of S. De Marco and C. Martini, "Quasi-explicit calibration of Gatheral's SVI model",
Zeliade Systems white paper, 2009; their box for ``a``, which excludes smiles of negative ``a`` though these
may be sound, is replaced by step 3.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, minimize

from ttapi_polars.arbitrage import SLOPE_MAX

_GRID_M, _GRID_SIGMA = 9, 7
_STARTS = 2
_SEARCH_EVALUATIONS = 80
# Relative tolerance of the last step, and its evaluations. Nearly always the first pair is reached, within
# ten or twenty. Five to seven points can leave a valley so flat that it is not; then what scipy calls
# converged will do.
_POLISHES = ((1e-14, 200), (1e-8, 100))

_Numbers = NDArray[np.float64]


class RawSvi(NamedTuple):
    """The parameters of raw SVI; see `ttapi_polars.svi.svi_total_variance`."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def total_variance(self, k: _Numbers) -> _Numbers:
        """Total variance at the log-moneyness ``k``."""
        x = k - self.m
        w: _Numbers = self.a + self.b * (self.rho * x + np.hypot(x, self.sigma))
        return w


class Points(NamedTuple):
    """
    A smile to be fitted.

    Parameters
    ----------
    k
        Log-moneyness, at least five different values.
    w
        Total variance, above zero.
    scale
        What an error in total variance is multiplied with before it is squared and summed.
    """

    k: _Numbers
    w: _Numbers
    scale: _Numbers


class _Line(NamedTuple):
    cost: float
    a: float
    right: float
    left: float


def calibrated(points: Points) -> RawSvi | None:
    """Fit raw SVI by weighted least squares in total variance; None where the last step does not converge."""
    bends = sorted(_searched(points, start) for start in _best_of_grid(points))
    return _polished(points, *bends[0][1:])


def _bounds(k: _Numbers) -> tuple[float, float, float, float]:
    # A bend further out than the width of the quotes, or much narrower or wider than they lie, is not seen.
    low, high = float(k[0]), float(k[-1])
    width = high - low
    return low - width, high + width, 1e-3 * width, max(10 * width, 1.0)


def _best_of_grid(points: Points) -> list[tuple[float, float]]:
    low, high = float(points.k[0]), float(points.k[-1])
    width = high - low
    bends = [
        (m, sigma)
        for m in np.linspace(low - width / 4, high + width / 4, _GRID_M).tolist()
        for sigma in np.geomspace(width / 50, 2 * width, _GRID_SIGMA).tolist()
    ]
    return sorted(bends, key=lambda bend: (_fitted_to_bend(points, *bend).cost, bend))[:_STARTS]


def _searched(points: Points, start: tuple[float, float]) -> tuple[float, float, float]:
    m_low, m_high, sigma_low, sigma_high = _bounds(points.k)
    width = float(points.k[-1] - points.k[0])
    m, log_sigma = start[0], math.log(start[1])
    found = minimize(
        lambda at: _fitted_to_bend(points, float(at[0]), math.exp(float(at[1]))).cost,
        (m, log_sigma),
        method="Nelder-Mead",
        bounds=((m_low, m_high), (math.log(sigma_low), math.log(sigma_high))),
        options={
            "maxfev": _SEARCH_EVALUATIONS,
            "initial_simplex": ((m, log_sigma), (m + width / 10, log_sigma), (m, log_sigma + 0.4)),
        },
    )
    return float(found.fun), float(found.x[0]), math.exp(float(found.x[1]))


def _fitted_to_bend(points: Points, m: float, sigma: float) -> _Line:
    """Solve for the level and the two slopes in their box; the level is raised where variance is negative."""
    x = points.k - m
    root = np.hypot(x, sigma)
    right, left = points.scale * (root + x) / 2, points.scale * (root - x) / 2
    target = points.scale * points.w
    one = points.scale / math.sqrt(float(points.scale @ points.scale))
    # what is left of each column when the level has taken its share
    gr, gl, gt = (column - (one @ column) * one for column in (right, left, target))
    slopes = _slopes(float(gr @ gr), float(gr @ gl), float(gl @ gl), float(gr @ gt), float(gl @ gt))
    rest = target - slopes[0] * right - slopes[1] * left
    a = float(one @ rest) / math.sqrt(float(points.scale @ points.scale))
    a = max(a, -sigma * math.sqrt(slopes[0] * slopes[1]))
    rest = rest - a * points.scale
    return _Line(float(rest @ rest), a, *slopes)


def _slopes(rr: float, rl: float, ll: float, rt: float, lt: float) -> tuple[float, float]:
    """Minimise a quadratic form of two slopes in their box: inside it, else the best of its four edges."""
    determinant = rr * ll - rl * rl
    if determinant > 1e-14 * rr * ll:
        right, left = (rt * ll - lt * rl) / determinant, (lt * rr - rt * rl) / determinant
        if 0 <= right <= SLOPE_MAX and 0 <= left <= SLOPE_MAX:
            return right, left
    edges = [(end, _within(lt - rl * end, ll)) for end in (0.0, SLOPE_MAX)]
    edges += [(_within(rt - rl * end, rr), end) for end in (0.0, SLOPE_MAX)]
    return min(
        edges,
        key=lambda at: at[0] ** 2 * rr + at[1] ** 2 * ll + 2 * (at[0] * at[1] * rl - at[0] * rt - at[1] * lt),
    )


def _within(numerator: float, denominator: float) -> float:
    # where no point weighs on a slope it may as well be zero
    return min(max(numerator / denominator, 0.0), SLOPE_MAX) if denominator > 0 else 0.0


def _polished(points: Points, m: float, sigma: float) -> RawSvi | None:
    # The roots of the slopes are the variables, because the level in terms of the least variance,
    # a = least - sigma sqrt(right left), has no derivative where a slope is zero.
    line = _fitted_to_bend(points, m, sigma)
    m_low, m_high, sigma_low, sigma_high = _bounds(points.k)
    lower = np.array([0.0, 0.0, 0.0, m_low, sigma_low])
    upper = np.array([np.inf, math.sqrt(SLOPE_MAX), math.sqrt(SLOPE_MAX), m_high, sigma_high])
    least = max(line.a + sigma * math.sqrt(line.right * line.left), 0.0)
    at = np.clip([least, math.sqrt(line.right), math.sqrt(line.left), m, sigma], lower, upper)
    for tolerance, evaluations in _POLISHES:
        found = least_squares(
            lambda at: points.scale * (_variance(points.k, at) - points.w),
            at,
            jac=lambda at: points.scale[:, None] * _derivatives(points.k, at),
            bounds=(lower, upper),
            x_scale="jac",
            ftol=tolerance,
            xtol=tolerance,
            gtol=tolerance,
            max_nfev=evaluations,
        )
        at = found.x
        if found.success:
            return _raw(at)
    return None


def _variance(k: _Numbers, at: _Numbers) -> _Numbers:
    return _raw(at).total_variance(k)


def _derivatives(k: _Numbers, at: _Numbers) -> _Numbers:
    _, u, v, m, sigma = at
    x = k - m
    root = np.hypot(x, sigma)
    return np.column_stack(
        (
            np.ones_like(k),
            u * (root + x) - sigma * v,
            v * (root - x) - sigma * u,
            -(u * u * (x / root + 1) + v * v * (x / root - 1)) / 2,
            (u * u + v * v) / 2 * sigma / root - u * v,
        )
    )


def _raw(at: _Numbers) -> RawSvi:
    least, u, v, m, sigma = (float(number) for number in at)
    b = (u * u + v * v) / 2
    rho = (u * u - v * v) / (2 * b) if b > 0 else 0.0
    return RawSvi(least - sigma * u * v, b, rho, m, sigma)
