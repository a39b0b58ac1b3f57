# SPDX-License-Identifier: Apache-2.0
"""Which strikes are listed: a grid around the price, wider for wilder names and longer times."""

from __future__ import annotations

import math
from typing import Final

_GRID: Final = (
    # below this price: step of near expirations, step of far ones
    (5.0, 0.5, 0.5),
    (25.0, 0.5, 1.0),
    (100.0, 1.0, 2.5),
    (250.0, 2.5, 5.0),
    (500.0, 5.0, 10.0),
    (1500.0, 10.0, 20.0),
    (5000.0, 25.0, 50.0),
    (math.inf, 50.0, 100.0),
)
_FINE: Final = {"SPY": 1.0, "QQQ": 1.0, "IWM": 1.0, "SPX": 5.0}
NEAR_DAYS: Final = 70
"""Expirations up to so many days away have the finer grid."""

_STEPS_MIN: Final = 10
_STEPS_MAX: Final = 24
_STEPS_MAX_FINE: Final = 70


def step_of(symbol: str, price: float, days: int) -> float:
    """Return the distance between strikes of an expiration ``days`` away."""
    near, far = next((near, far) for below, near, far in _GRID if price < below)
    fine = _FINE.get(symbol)
    if fine is not None:
        near, far = fine, 5 * fine
    return near if days <= NEAR_DAYS else far


def strikes(symbol: str, price: float, *, volatility: float, days: int) -> list[float]:
    """Return the listed strikes, ascending and above zero; every one is a multiple of half a dollar."""
    step = step_of(symbol, price, days)
    reach = 2.4 * price * volatility * math.sqrt(max(days, 2) / 365)
    limit = _STEPS_MAX_FINE if symbol in _FINE else _STEPS_MAX
    count = min(max(int(reach / step), _STEPS_MIN), limit)
    centre = max(round(price / step), 1)
    return [number * step for number in range(max(1, centre - count), centre + count + 1)]
