# SPDX-License-Identifier: Apache-2.0
"""The door that every request goes through: so many at a time, and within the budget."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from copy import copy
from dataclasses import dataclass, field
from typing import Final

from ttapi_client.budget import Budget, Permit
from ttapi_core import BudgetSpentError, Clock, RateWindow, UsageError

ASKED_MAX: Final = 32
"""The budget is asked for at most so many permits at a time."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A slot in use: when it was given, and the permit that was spent on it."""

    given_at: float
    permit: Permit


@dataclass(order=True, slots=True)
class _Waiter:
    ticket: int
    order: int
    weight: int = field(compare=False)
    passage: asyncio.Future[Passage] = field(compare=False)


class Gate:
    """
    Lets requests out, oldest ticket first, within a number in flight and a budget.

    A request that comes back with its ticket goes before all that are younger. The queue
    has no bound of its own: it holds the calls of the program, each of which waits. Used in one event loop.

    Parameters
    ----------
    concurrency_max
        Requests in flight at a time.
    budget
        Gives the permits.
    clock
        Tells the time.
    windows
        The declared limits, for the message of the error.
    patience_s
        Whoever would have to wait for the declared limits longer than this is refused.
    """

    def __init__(
        self,
        concurrency_max: int,
        budget: Budget,
        *,
        clock: Clock,
        windows: tuple[RateWindow, ...] = (),
        patience_s: float = math.inf,
    ) -> None:
        self._concurrency_max = concurrency_max
        self._budget = budget
        self._clock = clock
        self._windows = windows
        self._patience_s = patience_s
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

    async def acquire(self, ticket: int, weight: int = 1) -> Passage:
        """
        Wait for a slot; cancelling gives up the place.

        Raises
        ------
        BudgetSpentError
            If the declared limits have no room for longer than it has patience.
        StoreError
            If the budget is kept in a file that cannot be used.
        UsageError
            If the gate is closed meanwhile.
        """
        now = self._clock.monotonic()
        if not self._waiters and self._may_go(now, weight):
            return self._give(now, weight, waited=False)
        passage: asyncio.Future[Passage] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(ticket, next(self._order), weight, passage)
        heapq.heappush(self._waiters, waiter)
        self._wake()
        try:
            return await waiter.passage
        except asyncio.CancelledError:
            if passage.done() and not passage.cancelled() and passage.exception() is None:
                self.release(passage.result(), spent=False)
            passage.cancel()
            raise

    def release(self, passage: Passage, *, spent: bool) -> None:
        """Give a slot back; a permit that was not ``spent`` too."""
        self._in_flight -= 1
        self._budget.settle(passage.permit, spent=spent)
        if self._waiters:
            self._wake()

    def _may_go(self, now: float, weight: int) -> bool:
        return self._in_flight < self._concurrency_max and self._budget.delay_s(now, weight) <= 0

    def _give(self, now: float, weight: int, *, waited: bool) -> Passage:
        permit = self._budget.take(now, weight, waited=waited)
        self._in_flight += 1
        self._peak = max(self._peak, self._in_flight)
        return Passage(now, permit)

    def _wake(self) -> None:
        if self._timer is None and self._let_out(waited=False) is not None:
            self._timer = asyncio.get_running_loop().create_task(self._run_timer(), name="ttapi rate limit")

    async def _run_timer(self) -> None:
        # Holds as long as somebody waits for the budget; who waits only for a slot is let out by `release`.
        try:
            while (delay_s := self._let_out(waited=True)) is not None:
                await self._budget.wait(delay_s, self._weights())
        except Exception as error:  # noqa: BLE001 - the task ends here, and nobody may wait for it for ever
            self._refuse_all(error)
        finally:
            self._timer = None

    def _weights(self) -> list[int]:
        free = min(self._concurrency_max - self._in_flight, ASKED_MAX)
        waiting = heapq.nsmallest(free, self._waiters)
        return [waiter.weight for waiter in waiting if not waiter.passage.done()]

    def _let_out(self, *, waited: bool) -> float | None:
        # Lets out whoever may go; returns the seconds until the budget allows the next, None if nobody waits
        # for it.
        now = self._clock.monotonic()
        while self._waiters and self._in_flight < self._concurrency_max:
            first = self._waiters[0]
            if not first.passage.done():
                delay_s = self._budget.delay_s(now, first.weight)
                if delay_s > 0 and not self._refused(first, now):
                    return delay_s
                if not first.passage.done():
                    first.passage.set_result(self._give(now, first.weight, waited=waited))
            heapq.heappop(self._waiters)
        return None

    def _refused(self, waiter: _Waiter, now: float) -> bool:
        blocked_s = self._budget.blocked_s(now, waiter.weight) if self._windows else 0.0
        if blocked_s <= self._patience_s:
            return False
        declared = ", ".join(f"{window.requests} in {window.seconds:g} s" for window in self._windows)
        error = BudgetSpentError(
            f"the declared limits ({declared}) have no room for the next {blocked_s:.0f} s",
            limit=max(self._windows, key=lambda window: window.seconds).requests,
            retry_after_s=blocked_s,
        )
        waiter.passage.set_exception(error)
        return True

    def _refuse_all(self, error: Exception) -> None:
        for waiter in self._waiters:
            if not waiter.passage.done():
                waiter.passage.set_exception(copy(error))
        self._waiters.clear()

    async def aclose(self) -> None:
        """Refuse everybody who waits; idempotent."""
        self._refuse_all(UsageError("the client was closed while a request waited"))
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
