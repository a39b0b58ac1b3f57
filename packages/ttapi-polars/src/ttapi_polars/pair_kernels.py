# SPDX-License-Identifier: Apache-2.0
"""A compiled pass over every pair of symbols: the centred sums of products over the times that both have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import polars as pl

from ttapi_polars.compiled import kernel, summing_kernel
from ttapi_polars.run_kernels import total
from ttapi_polars.threads import even_pieces, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Rows: TypeAlias = NDArray[np.int64]

_SYMBOLS_TOGETHER: Final = 8


def pair_sums(cells: pl.DataFrame) -> pl.DataFrame:
    """
    Sum up for each pair of symbols.

    Parameters
    ----------
    cells
        ``place``, ``time`` and ``value`` of finite values; no place has a time twice.

    Returns
    -------
    pl.DataFrame
        The places ``a <= b``, ``observations`` and ``xx``, ``xy`` and ``yy``, a row for each pair.
    """
    places, times = cells["place"].unique().sort(), cells["time"].rank("dense")
    grid = np.full((len(places), times.n_unique()), np.nan)
    rows = cells["place"].rank("dense").to_numpy().astype(np.int64) - 1
    grid[rows, times.to_numpy().astype(np.int64) - 1] = cells["value"].to_numpy()
    count = len(places)
    firsts, seconds = np.triu_indices(count)
    observations, sums = np.zeros(firsts.size, np.int64), np.zeros((3, firsts.size))
    side_by_side(
        even_pieces(count, size=_SYMBOLS_TOGETHER),
        lambda first, end: _sum_pairs(grid, first, end, observations, sums),
    )
    known = places.to_numpy()
    return pl.DataFrame(
        {
            "a": known[firsts],
            "b": known[seconds],
            "observations": observations.astype(np.uint32),
            "xx": sums[0],
            "xy": sums[1],
            "yy": sums[2],
        }
    )


@kernel
def _sum_pairs(grid: Floats, first: int, end: int, observations: Rows, sums: Floats) -> None:
    count, times = grid.shape
    x, y = np.empty(times), np.empty(times)
    for a in range(first, end):
        pair = a * count - a * (a - 1) // 2
        for b in range(a, count):
            shared = 0
            for time in range(times):
                x[shared], y[shared] = grid[a, time], grid[b, time]
                shared += not (np.isnan(x[shared]) or np.isnan(y[shared]))
            observations[pair] = shared
            if shared > 0:
                _centre(x[:shared])
                _centre(y[:shared])
                sums[0, pair] = _centred_product(x[:shared], x[:shared])
                sums[1, pair] = _centred_product(x[:shared], y[:shared])
                sums[2, pair] = _centred_product(y[:shared], y[:shared])
            pair += 1


@kernel
def _centre(values: Floats) -> None:
    """Take the mean away; what is constant to the last bit deviates by exactly nothing."""
    mean, row = total(values) / values.size, 1
    while row < values.size and values[row] == values[0]:
        row += 1
    if row == values.size:
        values[:] = 0.0
    else:
        values -= mean


@summing_kernel
def _centred_product(x: Floats, y: Floats) -> float:
    """Sum the products, less what the rounding of the means has left in them."""
    product, left, right = 0.0, 0.0, 0.0
    for row in range(x.size):
        product += x[row] * y[row]
        left += x[row]
        right += y[row]
    return product - left * right / x.size
