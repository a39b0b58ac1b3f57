# SPDX-License-Identifier: Apache-2.0
"""
Compiled functions of options: the Mills ratio and the inverse of the normalised Black formula.

Notation. An option out of the money, with asset and bond ``A`` and ``B``, has the moneyness ``m = |log(A /
B)|`` and, with the deviation ``s`` of the log price, ``y = m / s`` and ``t = s / 2``. Measured in ``sqrt(A *
B)`` its value ``b`` and what is missing to its ceiling ``c = exp(-m / 2) - b`` are

    b = v * (Y(y - t) - Y(y + t))
    c = v * (Y(t - y) + Y(t + y))
    v = exp(-(y**2 + t**2) / 2) / sqrt(2 pi)

where ``v`` is the slope of ``b`` in ``s`` and ``Y(a) = (1 - N(a)) / n(a)`` the Mills ratio, the integral of
``exp(-a u - u**2 / 2)`` over positive ``u``. All logarithms are thus known without underflow, and the slope
of ``log b`` is one over the bracket. Only the difference in ``b`` may cancel; its series in ``t`` does not:

    Y(y - t) - Y(y + t) = 2 * sum over odd k of m_k t**k
    m_k = integral of u**k exp(-y u - u**2 / 2) / k!

with ``m_(k-1) = y m_k + (k + 1) m_(k+1)`` and ``1 = y m_0 + m_1``, stable upwards for small ``y``, downwards
else. Sources: P. Jackel, "Let's Be Rational", *Wilmott* 2015 (75), for the normalisation and the use of a
method of higher order on the logarithm; W. Gautschi, "Computational aspects of three-term recurrence
relations", *SIAM Review* 9 (1), 1967, for the direction of the recurrence.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ttapi_polars.compiled import kernel

Column = NDArray[np.float64]

# Minimax in relative error, 9e-18, of the Mills ratio over a >= 0: a quotient of polynomials of degree 10 and
# 11, fitted in 60 digits. No coefficient is negative, so that neither polynomial cancels. Highest power
# first.
_UPPER: Final = (
    8.329284316245053e-07,
    2.4428791600466407e-05,
    0.000355114963722899,
    0.0033164938884264745,
    0.02184320866836984,
    0.10548816886844503,
    0.3775104461391779,
    0.9891312152388312,
    1.822682308395975,
    2.1503353361352815,
    1.2533141373155003,
)
_LOWER: Final = (
    8.329284316245053e-07,
    2.442879160046643e-05,
    0.0003559478921545103,
    0.003340922680029607,
    0.022196657774951216,
    0.10875580519127444,
    0.398651753423028,
    1.0882307064105734,
    2.1599953575835316,
    2.959855837689599,
    2.5136039260540484,
    1.0,
)
_LOG_ROOT_TWO_PI: Final = 0.5 * math.log(2 * math.pi)
_ROOT_TWO_PI: Final = math.sqrt(2 * math.pi)

# Steps are of fourth order: one of this relative size leaves an error far below the rounding.
_LAST_STEP: Final = 1e-5
# Four are the most that millions of random contracts took; a bound all the same, with bisection inside it.
_STEPS_MAX: Final = 60


@kernel
def mills(a: float) -> float:
    """Return the Mills ratio of the normal distribution; below zero it grows like ``exp(a**2 / 2)``."""
    z = abs(a)
    if z > 1e20:
        ratio = 1 / z  # which it is by far; the polynomials would overflow
    else:
        upper, lower = 0.0, 0.0
        for coefficient in _UPPER:
            upper = upper * z + coefficient
        for coefficient in _LOWER:
            lower = lower * z + coefficient
        ratio = upper / lower
    return ratio if a >= 0 else _ROOT_TWO_PI * math.exp(0.5 * a * a) - ratio


@kernel
def mills_difference(y: float, t: float) -> float:
    """Return ``mills(y - t) - mills(y + t)`` for y, t >= 0, to full relative accuracy."""
    if t >= 0.2 * max(1.0, y):
        return mills(y - t) - mills(y + t)
    if y < 3:
        return _series_up(y, t)
    return _series_down(y, t, 35 if y < 5 else 23)


@kernel
def _series_up(y: float, t: float) -> float:
    before = mills(y)
    here = 1 - y * before
    power, total = t, t * here
    for k in range(1, 23, 2):
        before, here = here, (before - y * here) / (k + 1)
        before, here = here, (before - y * here) / (k + 2)
        power *= t * t
        total += power * here
    return 2 * total


@kernel
def _series_down(y: float, t: float, terms: int) -> float:
    # Starts from the ratio that two moments far up nearly have; the last step arrives at y m_0 + m_1, which
    # would be one had the scale been right.
    here = 1.0
    after = 0.5 * (math.sqrt(y * y + 4 * (terms + 1)) - y) / (terms + 1)
    total = 0.0
    for k in range(terms, 0, -2):
        total = total * t * t + here
        here, after = y * here + (k + 1) * after, here
        here, after = y * here + k * after, here
    return 2 * t * total / here


@kernel
def black_deviation(m: float, value: float, room: float) -> float:
    """
    Return the deviation ``s`` at which the normalised option is worth ``value``.

    Parameters
    ----------
    m
        Absolute log-moneyness.
    value
        Price out of the money over ``sqrt(asset * bond)``, above zero.
    room
        What is missing to its ceiling, above zero; given apart since a difference would lose it.
    """
    is_high = value > room
    turn = math.sqrt(2 * m)  # where the value as a function of s changes from convex to concave
    at_turn = 0.5 * math.exp(-0.5 * m) * (1 - mills(math.sqrt(2 * m)) * math.sqrt(2 / math.pi))
    low, high = turn, math.inf
    if value < at_turn:
        low, high = 0.0, turn
        s = m / _guess_below(m, math.log(value))
    else:
        s = turn + (value - at_turn) * _ROOT_TWO_PI * math.exp(
            0.5 * m
        )  # tangent at the turn: not beyond the root
        if is_high:
            s = max(s, _guess_above(m, room))
    target = math.log(room) if is_high else math.log(value)
    for _ in range(_STEPS_MAX):
        y, t = m / s, 0.5 * s
        bracket = mills(t - y) + mills(t + y) if is_high else mills_difference(y, t)
        miss = math.log(bracket) - 0.5 * (y * y + t * t) - _LOG_ROOT_TWO_PI - target
        if (miss < 0) == is_high:
            high = s
        else:
            low = s
        after = s + _step(miss, -1 / bracket if is_high else 1 / bracket, m, s)
        if not low <= after <= high:
            after = 0.5 * (low + high) if high < math.inf else 2 * s
        if abs(after - s) <= _LAST_STEP * s:
            return after
        s = after
    return s


@kernel
def _step(miss: float, slope: float, m: float, s: float) -> float:
    # Householder's method of order three: `slope` is that of the logarithm, v / b or -v / c; v itself has
    # the logarithmic slope `bend`.
    bend = m * m / (s * s * s) - 0.25 * s
    bend_slope = -3 * m * m / (s * s * s * s) - 0.25
    newton = -miss / slope
    second = bend - slope
    third = bend * bend + bend_slope - 3 * slope * bend + 2 * slope * slope
    return newton * (1 + 0.5 * second * newton) / (1 + newton * (second + third * newton / 6))


@kernel
def _guess_below(m: float, log_value: float) -> float:
    # y from log b with the first term of the series, whose moment is about 1 / (1 + y**2 + 2 y / (y + 1.2)).
    # Newton's method twice, from the leading term; never below its value at the turn.
    least = math.sqrt(0.5 * m)
    goal = math.log(m) - log_value - _LOG_ROOT_TWO_PI
    y = max(least, math.sqrt(2 * max(goal, 0.0)))
    for _ in range(3):
        divisor = 1 + y * y + 2 * y / (y + 1.2)
        excess = 0.5 * y * y + m * m / (8 * y * y) + math.log(y * divisor) - goal
        y = max(least, y - excess / (y + 1 / y + 2 * y / divisor))
    return y


@kernel
def _guess_above(m: float, room: float) -> float:
    # c = 2 cosh(m / 2) N(-s / 2) for a deviation far above the moneyness; the quantile is formula 26.2.22 of
    # M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions", 1964.
    w = math.sqrt(max(0.0, -2 * math.log(room / (2 * math.cosh(0.5 * m)))))
    return 2 * (w - (2.30753 + 0.27061 * w) / (1 + w * (0.99229 + 0.04481 * w)))


@kernel
def implied_deviation(price: float, asset: float, bond: float, sign: float) -> float:
    """Return the deviation of the log price that a price implies; NaN where there is none."""
    ceiling = asset if sign > 0 else bond
    value = price - max(sign * (asset - bond), 0.0)
    room = ceiling - price
    if not (value > 0 and room > 0 and ceiling < math.inf):
        return math.nan
    unit = math.sqrt(asset) * math.sqrt(bond)
    ratio = asset / bond
    m = math.log1p((asset - bond) / bond) if 0.5 < ratio < 2 else math.log(ratio)
    return black_deviation(abs(m), value / unit, room / unit)


@kernel
def implied_volatilities(
    price: Column, asset: Column, bond: Column, years: Column, sign: Column, answer: Column
) -> None:
    """Fill ``answer`` row by row; NaN where a price has no volatility."""
    for i in range(len(answer)):
        answer[i] = implied_deviation(price[i], asset[i], bond[i], sign[i]) / math.sqrt(years[i])
