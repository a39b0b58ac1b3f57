# SPDX-License-Identifier: Apache-2.0
"""The time of the market: as fast as the wall's, faster, or turned by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ttapi_core import ParameterError

if TYPE_CHECKING:
    from ttapi_core import Clock

SPEED_MAX: Final = 100_000.0
"""Seconds of the market in one second of the wall, at most."""

_LOOK_S: Final = 0.05


class Timeline:
    """
    A clock that runs ``speed`` times as fast as another one, and can be moved forward by hand.

    Parameters
    ----------
    clock
        The clock that it follows.
    start
        Where it begins, aware; the other clock's time when left out.
    speed
        Its seconds in one second of the other clock; 0 stands still until moved.
    """

    def __init__(self, clock: Clock, *, start: datetime | None = None, speed: float = 1.0) -> None:
        self._clock = clock
        self._follows = start is None
        self._anchor = clock.now() if start is None else start.astimezone(UTC)
        self._anchor_s = clock.monotonic()
        self._begin = self._anchor
        self._speed = 0.0
        self.set_speed(speed)

    @property
    def speed(self) -> float:
        """Its seconds in one second of the clock that it follows."""
        return self._speed

    def now(self) -> datetime:
        """Return the time in UTC, aware; never goes back unless the clock it follows does."""
        if self._follows:
            return self._clock.now()
        return self._anchor + timedelta(seconds=(self._clock.monotonic() - self._anchor_s) * self._speed)

    def monotonic(self) -> float:
        """Return seconds since it was made, by itself."""
        return (self.now() - self._begin).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Wait until it was moved by ``seconds``, whoever moves it."""
        end = self.monotonic() + seconds
        await asyncio.sleep(0)
        while (left := end - self.monotonic()) > 0:
            await self._clock.sleep(min(_LOOK_S, left / self._speed) if self._speed else _LOOK_S)

    def set_speed(self, speed: float) -> None:
        """
        Run at another speed from now on.

        Raises
        ------
        ParameterError
            If the speed is no number from 0 to `SPEED_MAX`.
        """
        if not 0 <= speed <= SPEED_MAX:
            raise ParameterError("speed", speed, f"a number from 0 to {SPEED_MAX:g}")
        self._anchor, self._anchor_s = self.now(), self._clock.monotonic()
        self._follows = self._follows and speed == 1
        self._speed = float(speed)

    def move_to(self, moment: datetime) -> None:
        """
        Move forward to an instant, and go on from there.

        Raises
        ------
        ParameterError
            If the instant has no time zone or lies in the past.
        """
        if moment.tzinfo is None or moment < self.now():
            raise ParameterError("moment", moment, f"an aware time not before {self.now().isoformat()}")
        self._anchor, self._anchor_s = moment.astimezone(UTC), self._clock.monotonic()
        self._follows = False
