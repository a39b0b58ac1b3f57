# SPDX-License-Identifier: Apache-2.0
"""The volatility surface: smooth in strike and time, steeper for stocks the nearer the expiration."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

RISK_FREE_RATE: Final = 0.0389
YEAR_DAYS: Final = 365.25
YEARS_MIN: Final = 0.5 / YEAR_DAYS
_SKEW: Final = -0.055
_SMILE: Final = 0.012
_RETURN_YEARS: Final = 0.4
_WING: Final = 4.0


class Surface(NamedTuple):
    """
    Implied volatility of one underlying at one moment.

    ``current`` is the volatility of now, ``long_run`` where it returns to with the time to expiration.
    """

    spot: float
    current: float
    long_run: float

    def at_the_money(self, years: float) -> float:
        """Return the volatility of an option struck at the forward."""
        return self.long_run + (self.current - self.long_run) * math.exp(-years / _RETURN_YEARS)

    def volatility(self, strike: float, years: float) -> float:
        """Return the volatility of a strike; ``years`` to expiration is at least half a day."""
        years = max(years, YEARS_MIN)
        level = self.at_the_money(years)
        forward = self.spot * math.exp(RISK_FREE_RATE * years)
        distance = math.log(strike / forward) / (level * math.sqrt(years + 0.05))
        # Bounded and smooth, so that no strike far out breaks the order of prices.
        bounded = distance / math.sqrt(1 + (distance / _WING) ** 2)
        return level * (1 + _SKEW * bounded + _SMILE * bounded * bounded)
