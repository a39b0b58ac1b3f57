# SPDX-License-Identifier: Apache-2.0
"""The door that every request goes through: so many at a time, and no faster than the peer allows."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from dataclasses import dataclass, field

from ttapi_client.limits import AdaptiveRate
from ttapi_core import Clock, UsageError


@dataclass(frozen=True, slots=True)
class Passage:
    """A slot in use: when it was given, and whether the rate made it wait."""

    given_at: float
    waited: bool


@dataclass(order=True, slots=True)
class _Waiter:
    ticket: int
    order: int
    passage: asyncio.Future[Passage] = field(compare=False)


class Gate:
    """
    Lets requests out, oldest ticket first, within a number in flight and a rate.

    A request that comes back with its ticket goes before all that are younger. The queue
    has no bound of its own: it holds the calls of the program, each of which waits. Used in one event loop.

    Parameters
    ----------
    concurrency_max
        Requests in flight at a time.
    rate
        Tells when the next may go out.
    clock
        Tells the time and waits.
    """

    def __init__(self, concurrency_max: int, rate: AdaptiveRate, *, clock: Clock) -> None:
        self._concurrency_max = concurrency_max
        self._rate = rate
        self._clock = clock
        self._in_flight = 0
        self._peak = 0
        self._waiters: list[_Waiter] = []
        self._order = itertools.count()
        self._timer: asyncio.Task[None] | None = None

    @property
    def in_flight(self) -> int:
        """Requests that hold a slot."""
        return self._in_flight

    @property
    def peak(self) -> int:
        """The most requests that held a slot at a time."""
        return self._peak

    @property
    def waiting(self) -> int:
        """Requests that wait for a slot."""
        return sum(not waiter.passage.done() for waiter in self._waiters)

    async def acquire(self, ticket: int) -> Passage:
        """
        Wait for a slot; cancelling gives up the place.

        Raises
        ------
        UsageError
            If the gate is closed meanwhile.
        """
        now = self._clock.monotonic()
        if not self._waiters and self._in_flight < self._concurrency_max and self._rate.delay_s(now) <= 0:
            return self._give(now, waited=False)
        waiter = _Waiter(ticket, next(self._order), asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiters, waiter)
        self._wake()
        try:
            return await waiter.passage
        except asyncio.CancelledError:
            if waiter.passage.done() and not waiter.passage.cancelled():
                self.release()
            waiter.passage.cancel()
            raise

    def release(self) -> None:
        """Give a slot back."""
        self._in_flight -= 1
        if self._waiters:
            self._wake()

    def _give(self, now: float, *, waited: bool) -> Passage:
        self._rate.take(now)
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)
        return Passage(now, waited)

    def _wake(self) -> None:
        if self._timer is None and self._let_out(waited=False) is not None:
            self._timer = asyncio.get_running_loop().create_task(self._run_timer(), name="ttapi rate limit")

    async def _run_timer(self) -> None:
        # Holds as long as somebody waits for the rate; whoever waits only for a slot is let out by `release`.
        try:
            while (delay_s := self._let_out(waited=True)) is not None:
                await self._clock.sleep(delay_s)
        finally:
            self._timer = None

    def _let_out(self, *, waited: bool) -> float | None:
        # Lets out whoever may go; returns the seconds until the rate allows the next, None if nobody waits
        # for it.
        now = self._clock.monotonic()
        while self._waiters and self._in_flight < self._concurrency_max:
            if self._waiters[0].passage.done():
                heapq.heappop(self._waiters)
                continue
            delay_s = self._rate.delay_s(now)
            if delay_s > 0:
                return delay_s
            heapq.heappop(self._waiters).passage.set_result(self._give(now, waited=waited))
        return None

    async def aclose(self) -> None:
        """Refuse everybody who waits; idempotent."""
        for waiter in self._waiters:
            if not waiter.passage.done():
                waiter.passage.set_exception(UsageError("the client was closed while a request waited"))
        self._waiters.clear()
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
