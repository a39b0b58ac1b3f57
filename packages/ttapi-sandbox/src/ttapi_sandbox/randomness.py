# SPDX-License-Identifier: Apache-2.0
"""Random numbers that are a pure function of their names: the same everywhere, whatever else was asked."""

from __future__ import annotations

import math
from functools import cache
from random import Random
from statistics import NormalDist
from struct import unpack
from typing import Final

_LEVELS: Final = 4096
_TAIL: Final = 0.05


@cache
def heavy_tailed_quantiles() -> tuple[float, ...]:
    """
    Return 4096 equally likely values with mean 0, variance 1 and heavier tails than the normal law.

    They are ``z + 0.05 z**3`` of normal quantiles, scaled: about seven standard deviations at most.
    """
    normal = NormalDist()
    scores = [normal.inv_cdf((level + 0.5) / _LEVELS) for level in range(_LEVELS)]
    bent = [score * (1 + _TAIL * score * score) for score in scores]
    scale = 1 / math.sqrt(sum(value * value for value in bent) / _LEVELS)
    return tuple(value * scale for value in bent)


def generator(*names: object) -> Random:
    """Return a generator that depends on nothing but ``names``."""
    return Random("/".join(map(str, names)))  # noqa: S311 - a simulation, no secret


def shocks(count: int, *names: object) -> list[float]:
    """
    Return ``count`` independent heavy-tailed shocks (mean 0, variance 1).

    A longer series begins with the shorter one of the same names.
    """
    # Four bytes at a time: only then does a longer draw of the generator begin with the shorter one.
    words = (count + 1) // 2
    levels = unpack(f"<{2 * words}H", generator(*names).randbytes(4 * words))
    quantiles = heavy_tailed_quantiles()
    return [quantiles[level >> 4] for level in levels[:count]]
