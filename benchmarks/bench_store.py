# SPDX-License-Identifier: Apache-2.0
"""
What the store costs: a universe written, looked up and read, and the event loop while 200 MB are persisted.

Run with ``pytest benchmarks/bench_store.py --benchmark-only -n 0``.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_platform.store import Store
from ttapi_platform.writer import BackgroundWriter

SYMBOLS, DAYS = 507, 252
DATASETS = ("accounts", "symbols", "trading_days", "quotes", "eod_data", "expiration_series")
LOOP_GAP_MAX_S = 0.05
PERSISTED_BYTES = 200_000_000


def bars(key: str, days: int, seed: int) -> pl.DataFrame:
    """Return daily bars that compress about as badly as real ones."""
    noise = pl.Series(range(days)).hash(seed=seed) % 10_000
    close = 100 + noise.cast(pl.Float64) / 7
    first = date(2025, 11, 20)
    return pl.DataFrame(
        {
            "symbol": [key] * days,
            "date": [first + timedelta(days=day) for day in range(days)],
            "open": close + 0.125,
            "high": close + 1.5,
            "low": close - 1.5,
            "close": close,
            "volume": (noise * 997).cast(pl.Float64),
            "vwap": close / 3,
            "trade_count": noise,
            "adjusted_close": close * 0.9,
            "final": [True] * days,
        }
    )


def items(days: int, *, symbols: int = SYMBOLS) -> tuple[ItemDraft, ...]:
    now = datetime.now(UTC)
    return tuple(
        ItemDraft(key=f"S{number:03d}", frame=bars(f"S{number:03d}", days, number), fetched_at=now)
        for number in range(symbols)
    )


def draft(days: int, *, symbols: int = SYMBOLS) -> EntryDraft:
    return EntryDraft(schema_version=1, run_id=uuid.uuid4().hex, items=items(days, symbols=symbols))


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    with Store(tmp_path / "data") as store:
        for dataset in DATASETS:
            store.write("sandbox", dataset, draft(DAYS if dataset == "eod_data" else 1))
    return tmp_path / "data"


def test_write_a_year_of_bars_of_507_symbols(benchmark: Any, tmp_path: Path) -> None:
    numbers = itertools.count()

    def fresh() -> tuple[tuple[Store, EntryDraft], dict[str, Any]]:
        return (Store(tmp_path / f"data-{next(numbers)}"), year), {}

    year = draft(DAYS)
    benchmark.pedantic(lambda store, entry: store.write("sandbox", "eod_data", entry), setup=fresh, rounds=5)
    (parquet,) = (tmp_path / "data-0").glob("*/*/*/data.parquet")
    benchmark.extra_info |= {"rows": SYMBOLS * DAYS, "parquet_bytes": parquet.stat().st_size}


def test_first_look_at_six_datasets(benchmark: Any, filled: Path) -> None:
    """A new process: manifests are loaded, Parquet files compared with their digests."""

    def look() -> int:
        store = Store(filled, read_only=True)
        return sum(len(store.records("sandbox", dataset, verify=True)) for dataset in DATASETS)

    assert benchmark(look) == SYMBOLS * len(DATASETS)


def test_every_record_of_six_datasets_asked_for_one_by_one(benchmark: Any, filled: Path) -> None:
    """What a warm run asks: is this key of this dataset fresh?"""
    store = Store(filled, read_only=True)
    keys = [f"S{number:03d}" for number in range(SYMBOLS)]
    now, ttl = datetime.now(UTC), timedelta(days=1)
    time.sleep(0.15)  # the directories settle: see `DatasetIndex`

    def look() -> int:
        found = (store.record("sandbox", dataset, key) for dataset in DATASETS for key in keys)
        return sum(record is not None and record.is_fresh(now, ttl) for record in found)

    assert benchmark(look) == SYMBOLS * len(DATASETS)


def test_read_a_year_of_bars_of_507_symbols(benchmark: Any, filled: Path) -> None:
    store = Store(filled, read_only=True)

    def read() -> int:
        store.memory.clear()
        return store.read("sandbox", "eod_data").height

    assert benchmark(read) == SYMBOLS * DAYS


@pytest.mark.parametrize("memory", ["cold", "warm"])
def test_read_one_symbol_of_507(benchmark: Any, filled: Path, memory: str) -> None:
    store = Store(filled, read_only=True)

    def read() -> int:
        if memory == "cold":
            store.memory.clear()
        return store.read("sandbox", "eod_data", ["S250"]).height

    assert benchmark(read) == DAYS


def test_refresh_one_symbol_of_507(benchmark: Any, filled: Path) -> None:
    with Store(filled) as store:
        one = draft(DAYS, symbols=1)
        benchmark.pedantic(lambda: store.write("sandbox", "eod_data", one), rounds=30)
        written = max((filled / "sandbox" / "eod_data").iterdir(), key=lambda path: path.name)
        size = sum(path.stat().st_size for path in written.iterdir())
    benchmark.extra_info["bytes_written"] = size


def test_event_loop_is_free_while_200_megabytes_are_persisted(benchmark: Any, tmp_path: Path) -> None:
    """The longest time between two turns of the loop, which does nothing but submit and measure."""
    share = items(8_000, symbols=50)
    size = sum(item.size_bytes for item in share)
    numbers, worst = itertools.count(), []

    async def watch(stop: asyncio.Event) -> float:
        longest, last = 0.0, time.perf_counter()
        while not stop.is_set():
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
        return longest

    async def persist() -> None:
        stop = asyncio.Event()
        watching = asyncio.create_task(watch(stop))
        store = Store(tmp_path / f"data-{next(numbers)}")
        async with BackgroundWriter(store, provider="sandbox", run_id="bench") as writer:
            for round_ in range(-(-PERSISTED_BYTES // size)):
                for item in share:
                    await writer.submit(f"eod_{round_}", 1, item)
            await writer.drain()
            assert not writer.failures
        stop.set()
        worst.append(await watching)
        store.close()

    benchmark.pedantic(lambda: asyncio.run(persist()), rounds=3)
    written = sum(path.stat().st_size for path in (tmp_path / "data-0").glob("*/*/*/data.*"))
    benchmark.extra_info |= {
        "submitted_bytes": -(-PERSISTED_BYTES // size) * size,
        "written_bytes": written,
        "longest_loop_gap_ms": [round(gap * 1000, 1) for gap in worst],
    }
    print(f"\nlongest gap of the loop {max(worst) * 1000:.0f} ms (at most {LOOP_GAP_MAX_S * 1000:.0f} ms)")
