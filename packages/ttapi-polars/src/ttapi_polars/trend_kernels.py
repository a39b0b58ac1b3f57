# SPDX-License-Identifier: Apache-2.0
"""Compiled indicators of trends whose rows depend on all rows before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ttapi_polars.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]


@kernel
def parabolic_sar(high: Floats, low: Floats, acceleration: float, maximum: float) -> Floats:
    """
    Follow the stop of `ttapi_polars.parabolic_sar` through the rows; NaN is a gap and the first row after it.

    A falling trend is the mirror image of a rising one. So all is computed for a rising trend, from prices as
    `_facing` turns them: with ``side`` -1 while the trend falls.
    """
    out = np.full(high.size, np.nan)
    side, stop, extreme, share = 1.0, 0.0, 0.0, acceleration
    begun = False
    for row in range(1, high.size):
        if np.isnan(high[row]) or np.isnan(high[row - 1]):
            begun = False
            continue
        before = row - 1
        if not begun:
            side = _first_side(high[row] - high[before], low[before] - low[row])
            stop = _facing(high[before], low[before], side)[1]
            extreme = _facing(high[row], low[row], side)[0]
            share, begun, before = acceleration, True, row
        top, bottom = _facing(high[row], low[row], side)
        top_before, bottom_before = _facing(high[before], low[before], side)
        if bottom > stop:
            out[row] = stop * side
            if top > extreme:
                extreme, share = top, min(share + acceleration, maximum)
            stop = min(stop + share * (extreme - stop), bottom_before, bottom)
        else:
            touched = max(extreme, top_before, top)
            out[row] = touched * side
            stop = -max(touched + acceleration * (bottom - touched), top_before, top)
            side, extreme, share = -side, -bottom, acceleration
    return out


@kernel
def _first_side(rise: float, fall: float) -> float:
    return -1.0 if fall > 0 and fall > rise else 1.0


@kernel
def _facing(high: float, low: float, side: float) -> tuple[float, float]:
    """Give top and bottom of a bar, upside down while the trend falls."""
    if side > 0:
        return high, low
    return -low, -high
