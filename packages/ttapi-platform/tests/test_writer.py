# SPDX-License-Identifier: Apache-2.0
"""The background writer: batches, bounds, drains, and loses nothing without saying so."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ttapi_core import DataError, DiskFullError, QueueFullError, StoreUnavailableError, UsageError
from ttapi_platform.disk import Disk
from ttapi_platform.store import Store
from ttapi_platform.writer import BackgroundWriter

RUN = {"provider": "sandbox", "run_id": "run-1"}


class GatedDisk(Disk):
    """A disk that waits, or is full, when told so."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.full = False
        self.broken = False

    def step(self, operation: str, path: Path) -> None:
        assert self.gate.wait(20)
        if self.full and operation == "write":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if self.broken and operation == "write":
            raise ZeroDivisionError("a bug")


@pytest.fixture
def disk() -> GatedDisk:
    return GatedDisk()


@pytest.fixture
def gated(tmp_path: Path, disk: GatedDisk) -> Any:
    with Store(tmp_path / "data", disk=disk) as store:
        yield store


async def test_items_of_a_dataset_become_one_entry(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN) as writer:
        written = [
            await writer.submit("quotes", 1, sample.item(f"S{number}", number)) for number in range(507)
        ]
        await writer.flush("quotes")
        assert writer.statistics.entries == 1
        assert [(await record).key for record in written] == [f"S{number}" for number in range(507)]
    assert len(store.records("sandbox", "quotes")) == 507
    record = store.record("sandbox", "quotes", "S5")
    assert record is not None
    assert record.run_id == "run-1"


async def test_flush_concerns_its_dataset_only(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN) as writer:
        quotes = await writer.submit("quotes", 1, sample.item("SPY"))
        symbols = await writer.submit("symbols", 1, sample.item("SPY"))
        await writer.flush("quotes")
        assert (await quotes).dataset == "quotes"
        assert not symbols.done()
        assert await writer.drain() == ()
        assert (await symbols).dataset == "symbols"


async def test_closing_drains(store: Store, sample: Any) -> None:
    writer = BackgroundWriter(store, **RUN)
    written = await writer.submit("quotes", 1, sample.item("SPY"))
    await writer.aclose()
    await writer.aclose()
    assert (await written).key == "SPY"
    with pytest.raises(UsageError, match="closed"):
        await writer.submit("quotes", 1, sample.item("QQQ"))
    with pytest.raises(UsageError, match="closed"):
        writer.submit_nowait("quotes", 1, sample.item("QQQ"))


async def test_error_and_cancellation_inside_the_block_drain_too(store: Store, sample: Any) -> None:
    async def run(error: BaseException, key: str) -> None:
        async with BackgroundWriter(store, **RUN) as writer:
            await writer.submit("quotes", 1, sample.item(key))
            raise error

    for number, error in enumerate([ValueError(), asyncio.CancelledError(), KeyboardInterrupt()]):
        with pytest.raises(type(error)):
            await run(error, f"S{number}")
    assert set(store.records("sandbox", "quotes")) == {"S0", "S1", "S2"}


async def test_cancellation_while_closing_is_obeyed_after_draining(
    gated: Store, disk: GatedDisk, sample: Any
) -> None:
    writer = BackgroundWriter(gated, **RUN)
    await writer.submit("quotes", 1, sample.item("SPY"))
    disk.gate.clear()
    closing = asyncio.create_task(writer.aclose())
    await asyncio.sleep(0.01)
    closing.cancel()
    threading.Timer(0.05, disk.gate.set).start()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert gated.record("sandbox", "quotes", "SPY") is not None


async def test_same_key_twice_becomes_two_generations(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN) as writer:
        for value in (1, 2):
            await writer.submit("quotes", 1, sample.item("SPY", value))
            await writer.submit("quotes", 1, sample.item("QQQ", value))
    assert [store.load([record])["close"][0] for record in store.history("sandbox", "quotes", "SPY")] == [
        2,
        1,
    ]
    assert store.read("sandbox", "quotes", ["QQQ"])["close"][0] == 2


async def test_other_schema_or_version_is_another_entry(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN) as writer:
        other = sample.frame("B").with_columns(vwap=pl.lit(1.0))
        await writer.submit("quotes", 1, sample.item("A"))
        await writer.submit("quotes", 1, sample.item("B", frame=other))
        await writer.submit("quotes", 2, sample.item("C"))
        await writer.submit("quotes", 1, sample.item("D", rows=0, frame=None))
        await writer.drain()
        assert (writer.statistics.entries, writer.failures) == (4, ())
    assert set(store.records("sandbox", "quotes")) == set("ABCD")


async def test_full_batch_is_written_without_being_asked(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN, batch_bytes=1) as writer:
        written = await writer.submit("quotes", 1, sample.item("SPY"))
        assert (await written).rows == 3


async def test_lingering_batch_is_written_without_being_asked(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN, linger_s=0.03) as writer:
        started = time.monotonic()
        await (await writer.submit("quotes", 1, sample.item("SPY")))
        assert 0.02 < time.monotonic() - started < 5


@pytest.mark.parametrize("bound", [{"capacity_items": 3}, {"capacity_bytes": 200}])
async def test_full_queue_makes_the_submitter_wait_and_not_the_loop(
    gated: Store, disk: GatedDisk, sample: Any, bound: dict[str, int]
) -> None:
    writer = BackgroundWriter(gated, **RUN, **bound, linger_s=0.02)
    disk.gate.clear()
    submitting = asyncio.create_task(submit_all(writer, sample, 20))
    for _ in range(20):
        await asyncio.sleep(0.002)
    accepted = writer.statistics.submitted
    assert accepted < 20
    with pytest.raises(QueueFullError):
        writer.submit_nowait("quotes", 1, sample.item("ONE MORE"))
    disk.gate.set()
    written = await submitting
    assert {(await record).key for record in written} == {f"S{number}" for number in range(20)}
    statistics = writer.statistics
    assert (statistics.persisted, statistics.queued_items, statistics.queued_bytes) == (20, 0, 0)
    assert statistics.queued_bytes_peak <= 250
    await writer.aclose()


async def submit_all(writer: BackgroundWriter, sample: Any, count: int) -> list[asyncio.Future[Any]]:
    return [await writer.submit("quotes", 1, sample.item(f"S{number}")) for number in range(count)]


async def test_item_larger_than_the_queue_is_taken_when_it_is_empty(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN, capacity_bytes=10, linger_s=0.02) as writer:
        assert (await (await writer.submit("quotes", 1, sample.item("BIG", rows=50)))).rows == 50


async def test_closing_wakes_who_waits_for_room(gated: Store, disk: GatedDisk, sample: Any) -> None:
    writer = BackgroundWriter(gated, **RUN, capacity_items=1)
    disk.gate.clear()
    submitting = asyncio.create_task(submit_all(writer, sample, 5))
    await asyncio.sleep(0.02)
    threading.Timer(0.02, disk.gate.set).start()
    await writer.aclose()
    with pytest.raises(UsageError):
        await submitting
    statistics = writer.statistics
    assert statistics.submitted == statistics.persisted == len(gated.records("sandbox", "quotes"))


async def test_failed_write_is_reported_for_each_item_and_the_rest_goes_on(
    gated: Store, disk: GatedDisk, sample: Any
) -> None:
    async with BackgroundWriter(gated, **RUN) as writer:
        disk.full = True
        lost = [await writer.submit("quotes", 1, sample.item(key)) for key in ("SPY", "QQQ")]
        failures = await writer.drain()
        assert [(failure.dataset, failure.key) for failure in failures] == [
            ("quotes", "SPY"),
            ("quotes", "QQQ"),
        ]
        disk.full = False
        kept = await writer.submit("symbols", 1, sample.item("SPY"))
    for future in lost:
        with pytest.raises(DiskFullError):
            await future
    assert (await kept).key == "SPY"
    statistics = writer.statistics
    assert (statistics.submitted, statistics.persisted, statistics.failed) == (3, 1, 2)


async def test_unexpected_error_is_reported_and_the_thread_lives(
    gated: Store, disk: GatedDisk, sample: Any
) -> None:
    async with BackgroundWriter(gated, **RUN) as writer:
        disk.broken = True
        lost = await writer.submit("quotes", 1, sample.item("SPY"))
        await writer.flush()
        disk.broken = False
        kept = await writer.submit("quotes", 1, sample.item("QQQ"))
    with pytest.raises(StoreUnavailableError, match="ZeroDivisionError"):
        await lost
    assert (await kept).key == "QQQ"


async def test_item_that_cannot_be_written_does_not_take_the_others_along(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN) as writer:
        items = [sample.item("A"), sample.item("BAD", request_id="\ud800"), sample.item("C")]
        a, bad, c = [await writer.submit("quotes", 1, item) for item in items]
        assert [failure.key for failure in await writer.drain()] == ["BAD"]
        assert ((await a).key, (await c).key) == ("A", "C")
        with pytest.raises(DataError, match="no Unicode"):
            await bad
        alone = await writer.submit("symbols", 1, items[1])
    with pytest.raises(DataError, match="no Unicode"):
        await alone
    assert set(store.records("sandbox", "quotes")) == {"A", "C"}


async def test_many_small_entries_are_merged_at_the_end_of_the_run(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN, batch_bytes=1) as writer:
        await submit_all(writer, sample, 40)
    assert writer.statistics.entries == 40
    assert store.stats().datasets[0].entries == 1
    assert len(store.records("sandbox", "quotes")) == 40


async def test_threads_may_submit(store: Store, sample: Any) -> None:
    async with BackgroundWriter(store, **RUN) as writer:
        future = await asyncio.to_thread(writer.submit_nowait, "quotes", 1, sample.item("SPY"))
        assert future.cancel() is False
        await writer.flush()
        assert future.result(5).key == "SPY"


@pytest.mark.parametrize("ending", ["pass", "raise SystemExit(0)", "raise KeyboardInterrupt"])
def test_forgotten_writer_is_drained_at_the_end_of_the_program(tmp_path: Path, ending: str) -> None:
    code = f"""
import sys
from datetime import UTC, datetime
from pathlib import Path
import polars as pl
from ttapi_platform.drafts import ItemDraft
from ttapi_platform.store import Store
from ttapi_platform.writer import BackgroundWriter
writer = BackgroundWriter(Store(Path(sys.argv[1])), provider="sandbox", run_id="r")
item = ItemDraft(key="SPY", frame=pl.DataFrame({{"x": [1]}}), fetched_at=datetime.now(UTC))
writer.submit_nowait("quotes", 1, item)
{ending}
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "data"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "background_writer_not_closed" in done.stdout + done.stderr
    with Store(tmp_path / "data") as store:
        assert set(store.records("sandbox", "quotes")) == {"SPY"}


async def test_interrupted_flush_and_submit_leave_the_books_right(
    gated: Store, disk: GatedDisk, sample: Any
) -> None:
    """Cancelled at each await: what was accepted is persisted, what was not is not counted."""
    writer = BackgroundWriter(gated, **RUN, capacity_items=2)
    disk.gate.clear()
    submitting = asyncio.create_task(submit_all(writer, sample, 5))
    flushing = asyncio.create_task(writer.flush())
    await asyncio.sleep(0.02)
    for task in (submitting, flushing):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    disk.gate.set()
    await writer.aclose()
    statistics = writer.statistics
    assert statistics.submitted == statistics.persisted == len(gated.records("sandbox", "quotes")) >= 1
    assert (statistics.queued_items, statistics.queued_bytes) == (0, 0)
