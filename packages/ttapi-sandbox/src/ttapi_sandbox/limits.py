# SPDX-License-Identifier: Apache-2.0
"""How many requests a second are let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ttapi_core import Clock


class TokenBucket:
    """
    A bucket of ``rate`` tokens that fills at ``rate`` tokens a second; a refused request takes none.

    Parameters
    ----------
    rate
        Tokens a second, and the most that the bucket holds; above zero.
    clock
        Tells how much time has passed.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        self.rate = rate
        self._size = max(1.0, rate)
        self._tokens = self._size
        self._clock = clock
        self._filled_at = clock.monotonic()

    def take(self) -> float:
        """Take one token and return 0, or return the seconds until there is one."""
        now = self._clock.monotonic()
        self._tokens = min(self._size, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self.rate

    @property
    def remaining(self) -> int:
        """Whole tokens left."""
        return int(self._tokens)
