# SPDX-License-Identifier: Apache-2.0
"""
One fetch for many askers of one process: tasks, threads, event loops.

The first asker leads: the fetch runs in a task of its own, so that the leader's cancellation takes nobody
along. Its result or its error goes to all who came meanwhile; who comes later starts anew. Only if the fetch
itself is cancelled or its loop is closed do those who wait choose another leader.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Final, TypeVar, cast

from ttapi_core.errors import UsageError

_T = TypeVar("_T")
_LOOK_S: Final = 0.5
"""Seconds between two looks at whether the leader's loop is still alive."""


class _AbandonedError(Exception):
    """The fetch ended without result or error; never leaves this module."""


class _Flight:
    """A fetch under way, and the loop that it needs."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self.loop = loop
        self.task: asyncio.Task[Any] | None = None
        self.landed: Future[Any] = Future()
        self.landed.set_running_or_notify_cancel()  # from now on a waiter cannot cancel it for the others

    def is_stranded(self) -> bool:
        return self.loop is not None and self.loop.is_closed()


class Flights:
    """
    The fetches under way, by key; safe to use from any thread and any event loop.

    Examples
    --------
    >>> import asyncio
    >>> async def fetch() -> int:
    ...     calls.append(1)
    ...     await asyncio.sleep(0)
    ...     return 7
    >>> async def main() -> list[int]:
    ...     flights = Flights()
    ...     return await asyncio.gather(*(flights.run("SPY", fetch) for _ in range(3)))
    >>> calls: list[int] = []
    >>> asyncio.run(main()), len(calls)
    ([7, 7, 7], 1)
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    async def run(self, key: str, fetch: Callable[[], Awaitable[_T]]) -> _T:
        """
        Return what ``fetch`` returns, or what the fetch of ``key`` returns that is under way already.

        Parameters
        ----------
        key
            What is fetched.
        fetch
            Called at most once for all who ask while it runs. It goes on if its caller is cancelled, and must
            not ask for the same key itself.

        Raises
        ------
        Exception
            What ``fetch`` raises: one error for all.
        """
        while True:
            flight, leads = self._join(key, asyncio.get_running_loop())
            if leads:
                flight.task = asyncio.create_task(_awaited(fetch), name=f"fetch {key}")
                flight.task.add_done_callback(partial(self._land, key, flight))
            try:
                return cast("_T", await _landing(flight))
            except _AbandonedError:
                self._forget(key, flight)
                await asyncio.sleep(0)

    def run_sync(self, key: str, fetch: Callable[[], _T]) -> _T:
        """
        Do as `run` does, from a plain thread, which is blocked meanwhile.

        Raises
        ------
        UsageError
            If the thread runs an event loop: blocked, it could never finish a fetch of its own.
        Exception
            What ``fetch`` raises.
        """
        if _is_in_loop():
            raise UsageError("run_sync inside an event loop", hint="await run instead")
        while True:
            flight, leads = self._join(key, None)
            if leads:
                return self._lead_sync(key, flight, fetch)
            try:
                return cast("_T", _landed(flight))
            except _AbandonedError:
                self._forget(key, flight)

    @property
    def under_way(self) -> int:
        """Number of fetches under way."""
        with self._lock:
            return len(self._flights)

    def _join(self, key: str, loop: asyncio.AbstractEventLoop | None) -> tuple[_Flight, bool]:
        """Return the flight of ``key`` and whether the caller has to lead it."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None and not flight.is_stranded():
                return flight, False
            self._flights[key] = flight = _Flight(loop)
            return flight, True

    def _forget(self, key: str, flight: _Flight) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]

    def _land(self, key: str, flight: _Flight, task: asyncio.Task[Any]) -> None:
        self._forget(key, flight)  # first: whoever asks from now on starts anew
        error = _AbandonedError() if task.cancelled() else task.exception()
        if error is None:
            flight.landed.set_result(task.result())
        else:
            flight.landed.set_exception(error if isinstance(error, Exception) else _AbandonedError())

    def _lead_sync(self, key: str, flight: _Flight, fetch: Callable[[], _T]) -> _T:
        try:
            result = fetch()
        except BaseException as error:
            self._forget(key, flight)
            # An interrupt is this thread's alone; the others choose another leader.
            flight.landed.set_exception(error if isinstance(error, Exception) else _AbandonedError())
            raise
        self._forget(key, flight)
        flight.landed.set_result(result)
        return result


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _awaited(fetch: Callable[[], Awaitable[_T]]) -> _T:
    return await fetch()


async def _landing(flight: _Flight) -> Any:  # noqa: ANN401 - a flight may bring anything
    landed = asyncio.wrap_future(flight.landed)
    try:
        while not landed.done():
            await asyncio.wait([landed], timeout=_LOOK_S)
            if not landed.done() and flight.is_stranded():
                raise _AbandonedError
        return landed.result()
    except asyncio.CancelledError:
        landed.cancel()  # this waiter's view alone: an error that it brings would be looked at by nobody
        raise


def _landed(flight: _Flight) -> Any:  # noqa: ANN401 - a flight may bring anything
    while True:
        try:
            return flight.landed.result(timeout=_LOOK_S)
        except TimeoutError:
            if flight.landed.done():
                raise  # the fetch itself raised it
            if flight.is_stranded():
                raise _AbandonedError from None
