# SPDX-License-Identifier: Apache-2.0
"""
The main job beside a bare script that fetches the same bytes and keeps nothing.

The script is what a hurried expert would write: the fastest HTTP client we measured (pyreqwest) at 100
concurrent requests, one WebSocket for candles decoded by msgspec, no validation, no retry, no store. Each
side gets a sandbox process of its own, freshly started, for it makes its market as it is asked.

Run: ``uv run pytest benchmarks/bench_collect.py --benchmark-only -n 0 -s``
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import websockets
from pyreqwest.client import Client, ClientBuilder

from ttapi_client.provider import open_tastytrade
from ttapi_core import LimitPolicy
from ttapi_platform import Collector, CollectReport, Store, resolve_universe

ROUNDS = 3
CONCURRENCY = 100
SNAPSHOTS_IN_FLIGHT = 16
SINCE = datetime.now(UTC) - timedelta(days=365)


@dataclass
class Ready:
    """What a sandbox says of itself once it listens."""

    url: str
    client_secret: str
    refresh_token: str


@asynccontextmanager
async def sandbox(*flags: str) -> AsyncIterator[Ready]:
    """Run a sandbox in a process of its own."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ttapi_sandbox",
            "--port",
            "0",
            "--ready",
            "json",
            "--exit-on-stdin-close",
            *flags,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        yield Ready(said["url"], said["client_secret"], said["refresh_token"])
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


class BareScript:
    """Fetches the bytes of the six datasets and counts them."""

    def __init__(self, ready: Ready, client: Client) -> None:
        self.ready = ready
        self.client = client
        self.permits = asyncio.Semaphore(CONCURRENCY)
        self.headers = {"User-Agent": "bare/1.0"}
        self.bytes_read = 0

    async def get(self, path: str) -> bytes:
        async with self.permits:
            request = self.client.get(self.ready.url + path).headers(self.headers)
            response = await request.build().send()
            body = bytes(await response.bytes())
        self.bytes_read += len(body)
        return body

    async def run(self) -> None:
        body = {
            "grant_type": "refresh_token",
            "client_secret": self.ready.client_secret,
            "refresh_token": self.ready.refresh_token,
        }
        request = self.client.post(self.ready.url + "/oauth/token").headers(self.headers).body_json(body)
        token = json.loads(bytes(await (await request.build().send()).bytes()))["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"
        listed = json.loads(await self.get("/instruments/equities/active?per-page=1000"))["data"]["items"]
        symbols = [row["symbol"] for row in listed if not row["is-index"]]
        await asyncio.gather(
            self.get("/customers/me/accounts"),
            self.get("/accounts/5WT00001/balances"),
            self.get("/accounts/5WT00001/positions"),
            *(self.get(path) for path in session_paths()),
            *(
                self.get(f"/market-data/by-type?equity={quote(','.join(part))}")
                for part in parts(symbols, 100)
            ),
            *(self.get(f"/option-chains/{quote(symbol, safe='')}/nested") for symbol in symbols),
            self.candles(symbols),
        )

    async def candles(self, symbols: list[str]) -> None:
        token = json.loads(await self.get("/api-quote-tokens"))["data"]
        fields = [
            "eventSymbol",
            "eventFlags",
            "index",
            "time",
            "sequence",
            "count",
            "open",
            "high",
            "low",
            "close",
        ]
        fields += ["volume", "vwap"]
        decode = msgspec.json.Decoder().decode
        async with websockets.connect(token["dxlink-url"], compression=None, max_size=None) as socket:
            said = (
                {"type": "SETUP", "channel": 0, "version": "0.1-bare/1", "keepaliveTimeout": 60},
                {"type": "AUTH", "channel": 0, "token": token["token"]},
                {
                    "type": "CHANNEL_REQUEST",
                    "channel": 1,
                    "service": "FEED",
                    "parameters": {"contract": "HISTORY"},
                },
                {
                    "type": "FEED_SETUP",
                    "channel": 1,
                    "acceptDataFormat": "COMPACT",
                    "acceptEventFields": {"Candle": fields},
                },
            )
            for message in said:
                await socket.send(json.dumps(message))
            waiting = [f"{symbol}{{=d,tho=true}}" for symbol in symbols]
            wanted = len(waiting)
            await self.ask(socket, waiting, SNAPSHOTS_IN_FLIGHT)
            while wanted:
                text = await socket.recv()
                self.bytes_read += len(text)
                message = decode(text)
                if message["type"] != "FEED_DATA":
                    continue
                values = message["data"][1]
                ended = sum(flags & 24 > 0 for flags in values[1 :: len(fields)])
                wanted -= ended
                if ended:
                    await self.ask(socket, waiting, ended)

    @staticmethod
    async def ask(socket: websockets.ClientConnection, waiting: list[str], count: int) -> None:
        since = int(SINCE.timestamp() * 1000)
        asked = [{"type": "Candle", "symbol": symbol, "fromTime": since} for symbol in waiting[:count]]
        del waiting[:count]
        if asked:
            await socket.send(json.dumps({"type": "FEED_SUBSCRIPTION", "channel": 1, "add": asked}))


def session_paths() -> list[str]:
    """The sessions that the platform asks for, nine months a call."""
    first, last = SINCE.date().replace(month=1, day=1), (datetime.now(UTC) + timedelta(days=1095)).date()
    paths = []
    while first < last.replace(month=12, day=31):
        end = min(first + timedelta(days=270), last.replace(month=12, day=31))
        paths.append(f"/market-time/sessions?instrument-collection=Equity&from-date={first}&to-date={end}")
        first = end + timedelta(days=1)
    return paths


def parts(items: list[str], size: int) -> list[list[str]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


async def bare() -> tuple[float, int]:
    async with sandbox() as ready, ClientBuilder().max_connections(CONCURRENCY).build() as client:
        script = BareScript(ready, client)
        started = time.perf_counter()
        await script.run()
        return time.perf_counter() - started, script.bytes_read


@dataclass
class Timed:
    """One run of the platform."""

    seconds: float
    report: CollectReport


async def platform(root: Path, *flags: str, limits: LimitPolicy | None = None) -> tuple[Timed, Timed]:
    """Run the main job cold and then warm."""
    async with sandbox(*flags) as ready:
        provider = open_tastytrade(
            ready.url,
            ready.client_secret,
            ready.refresh_token,
            name="sandbox",
            simulated=True,
            limits=limits or LimitPolicy(),
        )
        async with provider:
            timed = []
            for _ in range(2):
                started = time.perf_counter()
                store = Store(root)
                universe = await resolve_universe(provider, store=store)
                report = await Collector(store, provider).collect(universe.keys)
                timed.append(Timed(time.perf_counter() - started, report))
    return timed[0], timed[1]


def once(benchmark: Any, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    benchmark.pedantic(lambda: asyncio.run(work()), rounds=1, iterations=1)


@pytest.mark.timeout(900)
def test_cold_run_beside_a_bare_script_and_warm_run_beside_cold(benchmark: Any, tmp_path: Path) -> None:
    bare_s: list[float] = []
    cold_s: list[float] = []
    warm_s: list[float] = []
    fetched: list[int] = []

    async def work() -> None:
        for turn in range(ROUNDS):
            seconds, size = await bare()
            cold, warm = await platform(tmp_path / str(turn))
            assert not cold.report.missing
            assert warm.report.requests.sent == 0
            bare_s.append(seconds)
            cold_s.append(cold.seconds)
            warm_s.append(warm.seconds)
            fetched.append(size)

    once(benchmark, work)
    ratio, speedup = median(cold_s) / median(bare_s), median(cold_s) / median(warm_s)
    benchmark.extra_info |= {"cold/bare": round(ratio, 2), "cold/warm": round(speedup, 1)}
    print(f"\nbare script {median(bare_s):.2f} s for {fetched[0] / 1e6:.1f} MB")
    print(f"cold {median(cold_s):.2f} s: {ratio:.2f} times the script (at most 1.5)")
    print(f"warm {median(warm_s):.3f} s: {speedup:.0f} times faster than cold (at least 50)")


@pytest.mark.timeout(900)
def test_run_against_a_server_that_lets_ten_requests_a_second_through(benchmark: Any, tmp_path: Path) -> None:
    seen: dict[str, float] = {}

    async def work() -> None:
        cold, _ = await platform(tmp_path, "--rate-limit", "10")
        assert not cold.report.missing
        served = cold.report.requests.sent - cold.report.requests.retried
        least = (served - 10) / 10  # the bucket holds ten at the start
        seen.update(seconds=cold.seconds, least=least, refused=cold.report.requests.retried)

    once(benchmark, work)
    ratio = seen["seconds"] / seen["least"]
    benchmark.extra_info |= {"run/least": round(ratio, 3), "refused": seen["refused"]}
    print(f"\n{seen['seconds']:.1f} s, least possible {seen['least']:.1f} s: {ratio:.3f} (at most 1.1); ")
    print(f"refused with 429: {seen['refused']:.0f}")


@pytest.mark.timeout(300)
def test_requests_for_quotes_of_the_whole_universe(benchmark: Any, tmp_path: Path) -> None:
    sent: list[int] = []

    async def work() -> None:
        async with sandbox("--rate-limit", "10") as ready:
            provider = open_tastytrade(ready.url, ready.client_secret, ready.refresh_token, name="sandbox")
            async with provider:
                store = Store(tmp_path)
                universe = await resolve_universe(provider, store=store)
                report = await Collector(store, provider).collect(universe.keys, datasets=["quotes"])
                sent.append(report.requests.sent)

    once(benchmark, work)
    benchmark.extra_info |= {"requests": sent[0]}
    print(f"\nquotes of 507 symbols: {sent[0]} requests (at most 8)")
