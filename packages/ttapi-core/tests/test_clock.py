# SPDX-License-Identifier: Apache-2.0
"""Clocks: the system's, and the one that is moved by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ttapi_core import Clock, ManualClock, ParameterError, SystemClock

START = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()])
def test_clocks_fill_the_protocol(clock: Clock) -> None:
    assert isinstance(clock, Clock)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()


async def test_system_clock_sleeps_at_least_that_long() -> None:
    clock = SystemClock()
    begin = clock.monotonic()
    await clock.sleep(0.01)
    await clock.sleep(-1)
    assert clock.monotonic() - begin >= 0.009


def test_manual_clock_moves_when_it_is_moved() -> None:
    clock = ManualClock(START.astimezone(timezone(timedelta(hours=-5))))
    assert (clock.now(), clock.monotonic()) == (START, 0)
    clock.advance(90)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=90), 90)


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan")])
def test_manual_clock_does_not_go_back(seconds: float) -> None:
    clock = ManualClock(START)
    with pytest.raises(ParameterError):
        clock.advance(seconds)
    assert clock.monotonic() == 0


def test_wall_time_is_set_without_moving_monotonic() -> None:
    clock = ManualClock(START)
    clock.advance(60)
    clock.set_wall_time(START - timedelta(days=1))
    assert (clock.now(), clock.monotonic()) == (START - timedelta(days=1), 60)


def test_times_without_zone_are_refused() -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(ParameterError):
        ManualClock(naive)
    with pytest.raises(ParameterError):
        ManualClock(START).set_wall_time(naive)


async def test_sleepers_wake_in_order_of_time_and_not_before() -> None:
    clock, woken = ManualClock(START), list[int]()

    async def sleeper(seconds: int) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async with asyncio.TaskGroup() as tasks:
        for seconds in (30, 10, 20):
            tasks.create_task(sleeper(seconds))
        await settle()
        assert clock.waiting == 3
        clock.advance(9.5)
        await settle()
        assert woken == []
        clock.advance(11)
        await settle()
        assert woken == [10, 20]
        clock.advance(100)
    assert (woken, clock.waiting) == ([10, 20, 30], 0)


async def test_cancelled_sleeper_is_forgotten() -> None:
    clock = ManualClock(START)
    task = asyncio.create_task(clock.sleep(5))
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.waiting == 0
    clock.advance(10)


async def test_sleeper_cancelled_while_it_is_woken_does_no_harm() -> None:
    clock = ManualClock(START)
    task = asyncio.create_task(clock.sleep(5))
    await settle()
    clock.advance(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await settle()


async def test_sleep_of_nothing_returns_at_once() -> None:
    clock = ManualClock(START)
    await clock.sleep(0)
    await clock.sleep(-5)
    assert clock.monotonic() == 0


async def test_clock_that_advances_itself_never_waits() -> None:
    clock = ManualClock(START, auto_advance=True)
    await clock.sleep(3_600)
    await clock.sleep(-5)
    assert (clock.monotonic(), clock.now()) == (3_600, START + timedelta(hours=1))
