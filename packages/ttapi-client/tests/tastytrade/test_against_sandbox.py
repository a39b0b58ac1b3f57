# SPDX-License-Identifier: Apache-2.0
"""The provider against the sandbox as a process of its own: real sockets, all six datasets, faults."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import date
from typing import Any

import pytest

from ttapi_client.provider import TastytradeProvider, open_tastytrade
from ttapi_core import DataAnswer, DataRequest, GrantRefusedError, Quote

SYMBOLS = 40
SINCE, UNTIL = date(2026, 9, 1), date(2026, 11, 20)


@contextlib.asynccontextmanager
async def sandbox(*arguments: str) -> AsyncIterator[dict[str, Any]]:
    """Start a sandbox as a process and give what it says when it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ttapi_sandbox", "--port", "0", "--as-of", "2026-11-20T18:00", "--symbols", str(SYMBOLS)),
        *("--ready", "json", "--exit-on-stdin-close", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


def opened(said: dict[str, Any], **options: Any) -> TastytradeProvider:
    credentials = {name: said[name] for name in ("client_secret", "refresh_token")} | options
    return open_tastytrade(said["url"], **credentials, name="sandbox", simulated=said["simulated"], seed=1)


async def answers(provider: TastytradeProvider, dataset: str, *keys: str) -> dict[str, DataAnswer]:
    request = DataRequest(dataset=dataset, keys=keys, since=SINCE, until=UNTIL)
    async with aclosing(provider.get_data(request)) as found:
        return {answer.key: answer async for answer in found}


async def everything(provider: TastytradeProvider) -> dict[str, dict[str, DataAnswer]]:
    universe = await provider.universe("all")
    keys = {"accounts": (), "trading_days": ("XNYS",)}
    return {
        name: await answers(provider, name, *keys.get(name, universe)) for name in sorted(provider.datasets)
    }


def rows(found: dict[str, DataAnswer]) -> int:
    return sum(len(next(iter(dict(answer.columns).values()))) for answer in found.values() if answer.columns)


@pytest.mark.slow
async def test_all_datasets_come_whole_from_a_healthy_and_from_a_faulty_sandbox() -> None:
    """Faults at 7 % of requests and a stream that drops: the same rows, symbol by symbol."""
    faults = ("--fault", "mix=0.07", "--fault", "kind=stream-drop,times=2,after=9")
    tables = []
    for arguments in ((), faults):
        async with sandbox(*arguments) as said, opened(said) as provider:
            assert (await provider.health_check()).reachable
            found = await everything(provider)
            tables.append({name: {key: a.columns for key, a in of.items()} for name, of in found.items()})
            for name, of in found.items():
                assert {a.outcome.value for a in of.values()} == {"fresh"}, name
    healthy, faulty = tables
    assert {name: len(of) for name, of in healthy.items()} == {
        "accounts": 1,
        "symbols": SYMBOLS,
        "trading_days": 1,
        "quotes": SYMBOLS,
        "eod_data": SYMBOLS,
        "expiration_series": SYMBOLS,
    }
    assert healthy == faulty


async def test_outcomes_and_live_quotes_of_a_sandbox() -> None:
    async with sandbox() as said, opened(said) as provider:
        quotes = await answers(provider, "quotes", "SPY", "SPX", "NOPE")
        assert {key: answer.outcome.value for key, answer in quotes.items()} == {
            "SPY": "fresh",
            "SPX": "fresh",
            "NOPE": "unknown",
        }
        bars = await answers(provider, "eod_data", "SPY", "NOPE")
        assert Counter(answer.outcome.value for answer in bars.values()) == {"fresh": 1, "unknown": 1}
        assert dict(bars["SPY"].columns)["date"][-1] == UNTIL
        assert dict(bars["SPY"].columns)["final"][-2:] == [True, False]  # it is 18:00 UTC, the market is open
        async with aclosing(provider.subscribe(["quote"], ["SPY"])) as events:
            event = await asyncio.wait_for(anext(events), 20)
        assert isinstance(event.payload, Quote)
        assert event.payload.symbol.canonical == "SPY"


async def test_wrong_credentials_are_refused() -> None:
    async with sandbox() as said, opened(said, refresh_token="wrong") as provider:
        with pytest.raises(GrantRefusedError):
            await answers(provider, "quotes", "SPY")
        assert isinstance((await provider.health_check()).cause, GrantRefusedError)
