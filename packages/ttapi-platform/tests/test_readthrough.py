# SPDX-License-Identifier: Apache-2.0
"""One key from the nearest place: memory, disk, another's fetch, the provider; stale when the provider fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from ttapi_core import ConnectError, ManualClock, Outcome, StoreUnavailableError, SystemClock
from ttapi_platform.drafts import EntryDraft
from ttapi_platform.manifests import Record
from ttapi_platform.readthrough import Reading, ReadThrough
from ttapi_platform.store import Store

QUOTES = ("sandbox", "quotes")


class Desk:
    """A provider that counts its calls, beside what asks it."""

    def __init__(self, store: Store, clock: ManualClock, sample: Any) -> None:
        self.through = ReadThrough(store)
        self.store, self.clock, self.sample = store, clock, sample
        self.calls = 0
        self.error: Exception | None = None

    def is_fresh(self, record: Record) -> bool:
        return record.is_fresh(self.clock.now(), timedelta(minutes=5))

    def draft(self) -> EntryDraft:
        self.calls += 1
        if self.error is not None:
            raise self.error
        item = self.sample.item("SPY", self.calls, fetched_at=self.clock.now())
        return self.sample.entry(item)

    async def fetch(self) -> EntryDraft:
        await asyncio.sleep(0.01)
        return self.draft()

    async def get(self) -> Reading:
        return await self.through.get(*QUOTES, "SPY", is_fresh=self.is_fresh, fetch=self.fetch)

    def get_sync(self) -> Reading:
        return self.through.get_sync(*QUOTES, "SPY", is_fresh=self.is_fresh, fetch=self.draft)


@pytest.fixture
def desk(store: Store, clock: ManualClock, sample: Any) -> Desk:
    return Desk(store, clock, sample)


async def test_missing_key_is_fetched_kept_and_then_served(desk: Desk) -> None:
    first, second = await desk.get(), await desk.get()
    assert (first.outcome, second.outcome, desk.calls) == (Outcome.FRESH, Outcome.CACHED, 1)
    assert first.record == second.record
    assert first.frame.equals(second.frame)


async def test_expired_key_is_fetched_again(desk: Desk) -> None:
    await desk.get()
    desk.clock.advance(300)
    again = await desk.get()
    assert (again.outcome, desk.calls, again.frame["close"][0]) == (Outcome.FRESH, 2, 2)


async def test_hundred_tasks_that_miss_cause_one_call(desk: Desk) -> None:
    readings = await asyncio.gather(*(desk.get() for _ in range(100)))
    assert desk.calls == 1
    assert all(reading.frame.equals(readings[0].frame) for reading in readings)


def test_hundred_threads_that_miss_cause_one_call(desk: Desk) -> None:
    ready = threading.Barrier(100)

    def ask(_: int) -> Reading:
        ready.wait()
        return desk.get_sync()

    with ThreadPoolExecutor(100) as pool:
        readings = list(pool.map(ask, range(100)))
    assert desk.calls == 1
    assert all(reading.frame.height == 3 for reading in readings)


@pytest.mark.parametrize("ask", [Desk.get, Desk.get_sync])
async def test_failing_provider_serves_the_older_record_as_stale(
    desk: Desk, ask: Callable[[Desk], Any]
) -> None:
    await desk.get()
    desk.clock.advance(300)
    desk.error = ConnectError("refused")
    found = await ask(desk) if ask is Desk.get else await asyncio.to_thread(ask, desk)
    assert (found.outcome, found.cause, found.frame["close"][0]) == (Outcome.STALE, desk.error, 1)


@pytest.mark.parametrize("error", [ConnectError("refused"), StoreUnavailableError("/x", "gone")])
async def test_error_without_an_older_record_is_raised(desk: Desk, error: Exception) -> None:
    desk.error = error
    with pytest.raises(type(error)) as caught:
        await desk.get()
    assert caught.value is error
    with pytest.raises(type(error)):
        await asyncio.to_thread(desk.get_sync)


async def test_cancelled_asker_leaves_the_fetch_to_the_others(desk: Desk) -> None:
    tasks = [asyncio.create_task(desk.get()) for _ in range(10)]
    await asyncio.sleep(0.005)
    tasks[0].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, Reading) for result in results) == 9
    assert desk.calls == 1


async def test_empty_answer_is_kept_and_served(desk: Desk) -> None:
    async def nothing() -> EntryDraft:
        desk.calls += 1
        return desk.sample.entry(desk.sample.item("SPY", rows=0, frame=None))

    first, second = [
        await desk.through.get(*QUOTES, "SPY", is_fresh=desk.is_fresh, fetch=nothing) for _ in range(2)
    ]
    assert (first.outcome, second.outcome, desk.calls) == (Outcome.EMPTY, Outcome.CACHED, 1)
    assert (first.frame.height, second.frame.height) == (0, 0)


async def test_damaged_entry_is_fetched_again(desk: Desk) -> None:
    await desk.get()
    (parquet,) = desk.store.root.glob("*/*/*/data.parquet")
    parquet.write_bytes(bytes(parquet.stat().st_size))
    desk.store.memory.clear()
    again = await desk.get()
    assert (again.outcome, desk.calls) == (Outcome.FRESH, 2)


async def test_key_that_another_process_fetches_is_waited_for(desk: Desk, tmp_path: Any) -> None:
    """Its lock is held; when it is released, the store has the record, and nobody is asked."""
    with Store(desk.store.root, clock=SystemClock()) as store:
        waiting = Desk(store, desk.clock, desk.sample)
        lease = store.locks.try_acquire(*QUOTES, ["SPY"])
        tasks = [asyncio.create_task(waiting.get()), asyncio.create_task(asyncio.to_thread(waiting.get_sync))]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in tasks)
        desk.store.write(*QUOTES, desk.draft())
        lease.release()
        readings = await asyncio.gather(*tasks)
    assert [reading.outcome for reading in readings] == [Outcome.CACHED] * 2
    assert waiting.calls == 0
