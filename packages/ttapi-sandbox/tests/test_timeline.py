# SPDX-License-Identifier: Apache-2.0
"""The market's time: with the wall, faster, by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ttapi_core import ManualClock, ParameterError
from ttapi_sandbox.timeline import Timeline

START = datetime(2026, 11, 19, 15, tzinfo=UTC)


def test_time_follows_its_clock_even_when_that_is_set_back() -> None:
    clock = ManualClock(START)
    timeline = Timeline(clock)
    clock.advance(5)
    assert timeline.now() == START + timedelta(seconds=5)
    clock.set_wall_time(START)
    assert timeline.now() == START


def test_time_runs_faster_from_where_it_stands_when_the_speed_changes() -> None:
    clock = ManualClock(START)
    timeline = Timeline(clock, start=START + timedelta(days=1), speed=60)
    clock.advance(2)
    timeline.set_speed(0)
    clock.advance(100)
    assert timeline.now() == START + timedelta(days=1, minutes=2)
    timeline.move_to(START + timedelta(days=2))
    assert timeline.monotonic() == 86_400
    timeline.set_speed(1)
    clock.advance(1)
    assert timeline.now() == START + timedelta(days=2, seconds=1)


@pytest.mark.parametrize("moment", [START - timedelta(1), datetime(2027, 1, 1)])  # noqa: DTZ001 - the point
def test_time_does_not_go_back_nor_without_a_zone(moment: datetime) -> None:
    timeline = Timeline(ManualClock(START), speed=0)
    with pytest.raises(ParameterError):
        timeline.move_to(moment)


@pytest.mark.parametrize("speed", [-1, 1e9, float("nan")])
def test_speed_is_bounded(speed: float) -> None:
    with pytest.raises(ParameterError):
        Timeline(ManualClock(START), speed=speed)


async def test_sleeper_wakes_when_the_time_is_moved() -> None:
    clock = ManualClock(START, auto_advance=True)
    timeline = Timeline(clock, start=START, speed=0)
    sleeper = asyncio.create_task(timeline.sleep(3600))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not sleeper.done()
    timeline.move_to(START + timedelta(hours=1))
    await sleeper
