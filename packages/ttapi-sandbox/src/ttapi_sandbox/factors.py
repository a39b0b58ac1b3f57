# SPDX-License-Identifier: Apache-2.0
"""What moves many prices at once: the market and its sectors, with volatility that clusters."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_sandbox.randomness import shocks

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS_PER_YEAR: Final = 252
MARKET_VOLATILITY: Final = 0.15
"""Long-run annualised volatility of the market factor."""

SECTOR_VOLATILITY: Final = 0.08
"""The same of a sector factor, which is independent of the market."""

_SECTORLESS: Final = frozenset({"Broad Market", "Volatility"})


class Volatility(NamedTuple):
    """
    A GARCH(1,1) law of daily variance: ``h' = base (1 - alpha - beta) + alpha e**2 + beta h``.

    ``base`` is the long-run daily variance; the variance stays below twelve times that.
    """

    base: float
    alpha: float
    beta: float


class FactorPath(NamedTuple):
    """Daily log returns of a factor without drift, and the variance that was known before each."""

    returns: list[float]
    variances: list[float]


def daily_variance(volatility: float) -> float:
    """Return the daily variance of an annualised volatility."""
    return volatility * volatility / DAYS_PER_YEAR


def clustered(innovations: Sequence[float], law: Volatility) -> FactorPath:
    """Return the path that ``innovations`` (mean 0, variance 1) make under a law of volatility."""
    base, alpha, beta = law
    floor = base * (1 - alpha - beta)
    ceiling = 12 * base
    variance = base
    returns = []
    variances = []
    # A sandbox spends most of its time here: no calls but the needed ones.
    root = math.sqrt
    for innovation in innovations:
        variances.append(variance)
        step = root(variance) * innovation
        returns.append(step)
        variance = floor + alpha * step * step + beta * variance
        variance = min(variance, ceiling)
    return FactorPath(returns, variances)


class Factors:
    """
    The factor paths of one simulation, made when first asked for.

    Parameters
    ----------
    seed
        The seed of the simulation.
    count
        Trading days from the first day of the simulation.
    """

    def __init__(self, seed: int, count: int) -> None:
        self.seed = seed
        self.count = count
        self._sectors: dict[str, list[float]] = {}

    @cached_property
    def market(self) -> FactorPath:
        """The market factor."""
        law = Volatility(daily_variance(MARKET_VOLATILITY), 0.10, 0.87)
        return clustered(shocks(self.count, self.seed, "market"), law)

    def sector(self, name: str) -> list[float]:
        """Return the daily log returns of a sector beyond the market's; zeros for the broad market."""
        path = self._sectors.get(name)
        if path is None:
            path = self._sectors[name] = self._sector_path(name)
        return path

    def _sector_path(self, name: str) -> list[float]:
        if name in _SECTORLESS:
            return [0.0] * self.count
        law = Volatility(daily_variance(SECTOR_VOLATILITY), 0.06, 0.90)
        return clustered(shocks(self.count, self.seed, "sector", name), law).returns


def has_sector(name: str) -> bool:
    """Return whether names of this sector move with a factor besides the market."""
    return name not in _SECTORLESS
