# SPDX-License-Identifier: Apache-2.0
"""The memory layer: bounded, ageing by the given clock, safe between threads."""

from __future__ import annotations

import random
import threading

import polars as pl

from ttapi_core import ManualClock
from ttapi_platform.memory import MemoryLayer


def frame(rows: int, value: int = 0) -> pl.DataFrame:
    """Return a frame of 8 bytes a row."""
    return pl.DataFrame({"x": [value] * rows})


def test_frame_is_found_again_and_counted() -> None:
    memory = MemoryLayer()
    memory.put("a", frame(3))
    found = memory.get("a")
    assert found is not None
    assert found.equals(frame(3))
    assert memory.get("b") is None
    statistics = memory.statistics
    assert (statistics.frames, statistics.size_bytes, statistics.hits, statistics.misses) == (1, 24, 1, 1)


def test_least_recently_used_goes_at_the_bound() -> None:
    memory = MemoryLayer(max_bytes=240)
    for key in "abc":
        memory.put(key, frame(10))
    memory.get("a")
    memory.put("d", frame(10))
    assert [key for key in "abcd" if memory.get(key) is not None] == ["a", "c", "d"]
    assert memory.statistics.size_bytes == 240


def test_frame_larger_than_the_bound_is_not_kept() -> None:
    memory = MemoryLayer(max_bytes=80)
    memory.put("small", frame(10))
    memory.put("large", frame(11))
    assert memory.get("large") is None
    assert memory.get("small") is not None
    assert memory.statistics.refused == 1


def test_frame_ages_out_by_the_clock() -> None:
    clock = ManualClock()
    memory = MemoryLayer(ttl_s=10, clock=clock)
    memory.put("a", frame(1))
    clock.advance(9.9)
    assert memory.get("a") is not None
    clock.advance(0.2)
    assert memory.get("a") is None
    assert memory.statistics.size_bytes == 0


def test_empty_frames_are_bounded_too() -> None:
    memory = MemoryLayer(max_bytes=10)
    for number in range(100):
        memory.put(number, pl.DataFrame())
    assert memory.statistics.frames == 10


def test_change_in_place_stays_with_the_caller() -> None:
    memory, mine = MemoryLayer(), frame(3)
    memory.put("a", mine)
    mine[0, "x"] = 99
    found = memory.get("a")
    assert found is not None
    assert found["x"].to_list() == [0, 0, 0]


def test_threads_never_break_it() -> None:
    """Unlocked, the same load breaks the cache below for good within a second."""
    memory, errors = MemoryLayer(max_bytes=8000, ttl_s=0.001), []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(2000):
                key = chance.randrange(50)
                found = memory.get(key)
                assert found is None or found["x"][0] == key
                memory.put(key, frame(chance.randrange(1, 50), key))
        except BaseException as error:  # noqa: BLE001 - whatever a thread dies of is the result
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert 0 <= memory.statistics.size_bytes <= 8000
