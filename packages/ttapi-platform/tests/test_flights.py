# SPDX-License-Identifier: Apache-2.0
"""One fetch for many askers: tasks, threads and loops; failing, cancelled and stranded leaders."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ttapi_core import ConnectError, UsageError
from ttapi_platform.flights import Flights


class Upstream:
    """Counts calls and answers when told to."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.calls = 0
        self.error = error
        self.go = asyncio.Event()

    async def fetch(self) -> int:
        self.calls += 1
        await self.go.wait()
        if self.error is not None:
            raise self.error
        return 42


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_hundred_tasks_cause_one_call() -> None:
    flights, upstream = Flights(), Upstream()
    tasks = [asyncio.create_task(flights.run("SPY", upstream.fetch)) for _ in range(100)]
    await settle()
    assert flights.under_way == 1
    upstream.go.set()
    assert await asyncio.gather(*tasks) == [42] * 100
    assert (upstream.calls, flights.under_way) == (1, 0)


async def test_other_keys_and_later_askers_have_fetches_of_their_own() -> None:
    flights, upstream = Flights(), Upstream()
    upstream.go.set()
    await asyncio.gather(*(flights.run(key, upstream.fetch) for key in ("SPY", "QQQ")))
    await flights.run("SPY", upstream.fetch)
    assert upstream.calls == 3


async def test_cancelled_leader_takes_nobody_along() -> None:
    flights, upstream = Flights(), Upstream()
    tasks = [asyncio.create_task(flights.run("SPY", upstream.fetch)) for _ in range(100)]
    await settle()
    tasks[0].cancel()
    tasks[50].cancel()
    await settle()
    upstream.go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 2
    assert (results.count(42), upstream.calls) == (98, 1)


async def test_failing_leader_shares_its_one_error() -> None:
    error = ConnectError("refused")
    flights, upstream = Flights(), Upstream(error)
    tasks = [asyncio.create_task(flights.run("SPY", upstream.fetch)) for _ in range(100)]
    await settle()
    upstream.go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(result is error for result in results)
    assert (upstream.calls, flights.under_way) == (1, 0)


async def test_error_that_a_cancelled_asker_never_saw_is_no_complaint_of_the_loop() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def scenario() -> None:
        flights, upstream = Flights(), Upstream(ConnectError("refused"))
        tasks = [asyncio.create_task(flights.run("SPY", upstream.fetch)) for _ in range(3)]
        await settle()
        tasks[0].cancel()
        tasks[2].cancel()
        await settle()
        upstream.go.set()
        with pytest.raises(ConnectError):
            await tasks[1]

    await scenario()
    await settle()
    gc.collect()
    assert complaints == []


async def test_cancelled_fetch_makes_another_asker_lead() -> None:
    """Its caller does not cancel it, but the end of its loop may; who waits elsewhere must not wait forever."""
    flights, upstream = Flights(), Upstream()
    tasks = [asyncio.create_task(flights.run("SPY", upstream.fetch)) for _ in range(3)]
    await settle()
    (fetch,) = (task for task in asyncio.all_tasks() if task.get_name() == "fetch SPY")
    fetch.cancel()
    await settle()
    upstream.go.set()
    assert await asyncio.gather(*tasks) == [42] * 3
    assert upstream.calls == 2


def wait_for_askers(flights: Flights, count: int) -> None:
    """Return once so many threads wait for the flight: no fetch is so slow that a busy machine is slower."""
    flight = flights._flights["SPY"]
    deadline = time.monotonic() + 20
    while len(flight.landed._condition._waiters) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_hundred_threads_cause_one_call() -> None:
    flights, calls = Flights(), []

    def fetch() -> int:
        calls.append(1)
        wait_for_askers(flights, 99)
        return 42

    with ThreadPoolExecutor(100) as pool:
        assert list(pool.map(lambda _: flights.run_sync("SPY", fetch), range(100))) == [42] * 100
    assert len(calls) == 1


def test_failing_thread_shares_its_one_error() -> None:
    flights, calls, error = Flights(), [], TimeoutError("upstream")

    def fetch() -> int:
        calls.append(1)
        wait_for_askers(flights, 19)
        raise error

    def ask(_: int) -> BaseException | None:
        try:
            flights.run_sync("SPY", fetch)
        except TimeoutError as caught:
            return caught
        return None

    with ThreadPoolExecutor(20) as pool:
        assert all(caught is error for caught in pool.map(ask, range(20)))
    assert len(calls) == 1


def test_interrupted_thread_leaves_the_fetch_to_another() -> None:
    flights, waiting, calls = Flights(), threading.Event(), []

    def interrupted() -> int:
        calls.append("first")
        waiting.wait(5)
        raise KeyboardInterrupt

    def fetch() -> int:
        calls.append("second")
        return 42

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.run_sync, "SPY", interrupted)
        while not calls:
            time.sleep(0.001)
        second = pool.submit(flights.run_sync, "SPY", fetch)
        waiting.set()
        assert second.result(5) == 42
        assert isinstance(first.exception(5), KeyboardInterrupt)
    assert calls == ["first", "second"]


async def test_thread_joins_the_fetch_of_a_task_and_a_task_that_of_a_thread() -> None:
    flights, upstream = Flights(), Upstream()
    task = asyncio.create_task(flights.run("SPY", upstream.fetch))
    await settle()
    thread = asyncio.create_task(asyncio.to_thread(flights.run_sync, "SPY", lambda: 0))
    await asyncio.sleep(0.02)
    upstream.go.set()
    assert (await task, await thread) == (42, 42)

    go, begun = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go.wait(5)
        return 43

    thread = asyncio.create_task(asyncio.to_thread(flights.run_sync, "SPY", slow))
    await asyncio.to_thread(begun.wait, 5)
    task = asyncio.create_task(flights.run("SPY", upstream.fetch))
    await settle()
    go.set()
    assert (await task, await thread) == (43, 43)


def test_two_loops_share_a_fetch() -> None:
    flights, calls = Flights(), []

    async def fetch() -> int:
        calls.append(1)
        while len(flights._flights["SPY"].landed._done_callbacks) < 4:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)
        return 42

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: asyncio.run(flights.run("SPY", fetch)), range(4))) == [42] * 4
    assert len(calls) == 1


def test_loop_that_was_closed_under_its_fetch_strands_nobody() -> None:
    flights, upstream = Flights(), Upstream()
    loop = asyncio.new_event_loop()
    leader = loop.create_task(flights.run("SPY", upstream.fetch))
    loop.run_until_complete(settle())
    with ThreadPoolExecutor(1) as pool:
        waiter = pool.submit(flights.run_sync, "SPY", lambda: 7)
        time.sleep(0.02)
        # Closed without letting its tasks end: what a careless program does. Their loud complaint is expected.
        loop.set_exception_handler(lambda *_: None)
        tasks = asyncio.all_tasks(loop)
        loop.close()
        assert waiter.result(5) == 7
        assert asyncio.run(flights.run("SPY", lambda: asyncio.sleep(0, 8))) == 8
    for task in tasks:
        task._log_destroy_pending = False
        task.get_coro().close()
    assert not leader.done()


async def test_blocking_call_inside_a_loop_is_refused() -> None:
    with pytest.raises(UsageError, match="event loop"):
        Flights().run_sync("SPY", lambda: 1)
