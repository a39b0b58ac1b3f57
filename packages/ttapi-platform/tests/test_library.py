# SPDX-License-Identifier: Apache-2.0
"""The library: one key at a time, one fetch for many askers, stale rather than nothing."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from ttapi_core import (
    DiskFullError,
    ManualClock,
    NotEntitledError,
    Outcome,
    ParameterError,
    ProtocolError,
    ServerFaultError,
    UnknownNameError,
)
from ttapi_platform import DataLibrary, DeferredProvider, Store
from ttapi_platform.disk import Disk
from ttapi_platform.testing import NOW, ScriptedProvider


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW, auto_advance=True)


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def library(tmp_path: Path, clock: ManualClock, provider: ScriptedProvider) -> DataLibrary:
    return DataLibrary(Store(tmp_path / "data", clock=clock), provider, clock=clock)


async def test_a_hundred_tasks_that_miss_one_key_ask_once(
    library: DataLibrary, provider: ScriptedProvider
) -> None:
    readings = await asyncio.gather(*(library.get("quotes", "AAPL") for _ in range(100)))
    assert provider.asked("quotes") == ["AAPL"]
    assert all(reading.frame.height == 1 for reading in readings)


async def test_what_is_fresh_is_served_without_asking(
    library: DataLibrary, provider: ScriptedProvider
) -> None:
    await library.get("quotes", "AAPL")
    again = await library.get("quotes", "AAPL")
    assert again.outcome is Outcome.CACHED
    assert len(provider.requests) == 1


async def test_failure_serves_the_older_record_with_its_cause(
    library: DataLibrary, provider: ScriptedProvider, clock: ManualClock
) -> None:
    await library.get("quotes", "AAPL")
    clock.advance(301)
    cause = ServerFaultError("down", status=503)
    provider.fail("quotes", "AAPL", cause=cause)
    stale = await library.get("quotes", "AAPL")
    assert (stale.outcome, stale.cause, stale.frame.height) == (Outcome.STALE, cause, 1)


async def test_full_disk_costs_the_record_and_not_the_rows(
    tmp_path: Path, clock: ManualClock, provider: ScriptedProvider
) -> None:
    class FullDisk(Disk):
        def step(self, operation: str, path: Path) -> None:
            if operation == "write":
                raise OSError(errno.ENOSPC, "no space left")

    store = Store(tmp_path / "data", clock=clock, disk=FullDisk())
    reading = await DataLibrary(store, provider, clock=clock).get("quotes", "AAPL")
    assert (reading.outcome, reading.frame.height, reading.record) == (Outcome.FRESH, 1, None)
    assert isinstance(reading.cause, DiskFullError)


async def test_failure_without_an_older_record_is_raised(
    library: DataLibrary, provider: ScriptedProvider
) -> None:
    provider.fail("quotes", "AAPL", cause=NotEntitledError("no", status=403), outcome=Outcome.NOT_ENTITLED)
    with pytest.raises(NotEntitledError):
        await library.get("quotes", "AAPL")
    provider.overrides["quotes", "AAPL"] = lambda request, key: None
    with pytest.raises(ProtocolError, match="did not answer"):
        await library.get("quotes", "AAPL")
    with pytest.raises(ParameterError, match="one that the provider has"):
        await library.get("accounts", "none")
    with pytest.raises(UnknownNameError):
        await library.get("bars", "AAPL")


async def test_expirations_bring_their_calendar_and_do_without_one(
    library: DataLibrary, provider: ScriptedProvider
) -> None:
    provider.fail("trading_days", "XNYS", cause=ServerFaultError("down", status=503))
    first = await library.get("expiration_series", "AAPL")
    provider.overrides.clear()
    second = await library.get("expiration_series", "AAPL")
    assert first.outcome is second.outcome is Outcome.FRESH  # a calendar has come: fetched again
    assert second.frame["trading_days_to_expiration"].to_list() == [19, 37]
    assert list(second.record.upstream) == ["trading_days/XNYS"]


async def test_deferred_provider_is_opened_by_the_first_question_alone(
    tmp_path: Path, clock: ManualClock
) -> None:
    opened: list[ScriptedProvider] = []

    class Opening:
        async def __aenter__(self) -> ScriptedProvider:
            opened.append(ScriptedProvider())
            return opened[-1]

        async def __aexit__(self, *exc: object) -> None:
            await opened[-1].aclose()

    deferred = DeferredProvider(
        "scripted", simulated=True, datasets=ScriptedProvider().datasets, opened=Opening
    )
    library = DataLibrary(Store(tmp_path / "data", clock=clock), deferred, clock=clock)
    assert (deferred.is_open, deferred.counts.sent) == (False, 0)
    await asyncio.gather(
        library.get("quotes", "AAPL"), library.get("quotes", "MSFT"), deferred.universe("all")
    )
    assert (len(opened), deferred.counts.sent) == (1, 2)
    assert (await deferred.health_check()).reachable
    assert [event async for event in deferred.subscribe(["quote"], ["AAPL"])] == []
    await deferred.aclose()
    assert opened[0].closed
    assert not (await deferred.health_check()).reachable
