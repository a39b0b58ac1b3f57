# SPDX-License-Identifier: Apache-2.0
"""Time as an argument: the system's clock, and one that is moved by hand."""

from __future__ import annotations

import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ttapi_core.errors import ParameterError

if TYPE_CHECKING:
    import asyncio

# asyncio takes longer to import than all the rest; whoever awaits a sleep has imported it already.


@runtime_checkable
class Clock(Protocol):
    """What tells the time and waits; everything that ages or waits takes one."""

    def now(self) -> datetime:
        """Return the time in UTC, aware."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least ``seconds`` by this clock; returns at once for zero or less."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the time in UTC, aware."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait at least ``seconds``; returns at once (after a turn of the loop) for zero or less."""
        import asyncio  # noqa: PLC0415 - see above

        await asyncio.sleep(max(0.0, seconds))


class ManualClock:
    """
    A clock that stands still until it is moved; for tests and simulations.

    Parameters
    ----------
    start
        Aware start time; converted to UTC.
    auto_advance
        If true, a sleeper moves the clock to its own wake-up time instead of waiting to be woken.
        Right for one task at a time; leave it off when several tasks wait.

    Examples
    --------
    >>> from datetime import datetime, timezone
    >>> clock = ManualClock(datetime(2026, 1, 2, tzinfo=timezone.utc))
    >>> clock.advance(60)
    >>> clock.now().isoformat()
    '2026-01-02T00:01:00+00:00'
    """

    def __init__(self, start: datetime | None = None, *, auto_advance: bool = False) -> None:
        start = start if start is not None else datetime(2026, 1, 2, 12, tzinfo=UTC)
        if start.tzinfo is None:
            raise ParameterError("start", start, "a datetime with a time zone")
        self._start = start.astimezone(UTC)
        self._elapsed_s = 0.0
        self._auto_advance = auto_advance
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the time in UTC, aware."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Return the seconds that the clock was moved since it was made."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """
        Move the clock forward and wake every sleeper whose time has come, in order of time.

        Raises
        ------
        ParameterError
            If ``seconds`` is negative or no number: use `set_wall_time` to turn the wall clock back.
        """
        if not seconds >= 0:  # also catches NaN, which would stop the clock for good
            raise ParameterError("seconds", seconds, "zero or more")
        self._elapsed_s += seconds
        while self._sleepers and self._sleepers[0][0] <= self._elapsed_s:
            _, _, wakeup = heapq.heappop(self._sleepers)
            if not wakeup.done():
                wakeup.get_loop().call_soon_threadsafe(_wake, wakeup)

    def set_wall_time(self, when: datetime) -> None:
        """
        Set what `now` says, also into the past, without moving `monotonic`: a clock set wrong.

        Raises
        ------
        ParameterError
            If ``when`` has no time zone.
        """
        if when.utcoffset() is None:
            raise ParameterError("when", when, "a datetime with a time zone")
        self._start = when.astimezone(UTC) - timedelta(seconds=self._elapsed_s)

    @property
    def waiting(self) -> int:
        """Number of sleepers that wait for the clock to move."""
        return sum(not wakeup.done() for _, _, wakeup in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was moved by ``seconds``; for zero or less, for one turn of the loop."""
        import asyncio  # noqa: PLC0415 - see above

        if self._auto_advance and seconds > 0:
            self._elapsed_s += seconds
        if self._auto_advance or seconds <= 0:
            await asyncio.sleep(0)
            return
        wakeup: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds, next(self._order), wakeup))
        await wakeup


def _wake(wakeup: asyncio.Future[None]) -> None:
    if not wakeup.done():
        wakeup.set_result(None)
