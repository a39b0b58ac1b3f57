# SPDX-License-Identifier: Apache-2.0
"""
The resilient client beside plain httpx, over loopback against a server in a process of its own.

- Requests a second at 1, 10 and 100 concurrent, all protections on, beside plain httpx with its own pool,
  in one run and in turns, so that a busy machine slows both.
- CPU a request of the transports that were compared: what the choice in `ttapi_client.transport` stands on.
- A job against a peer that allows so many a second and does not say so: time over the least possible time.

Run: ``pytest benchmarks/bench_client.py --benchmark-only -n 0 -s``
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import httpx
import pytest
from pyreqwest.client import ClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport

from ttapi_client import ResilientClient, open_transport
from ttapi_core import LimitPolicy

ROUNDS = 5
POOL = httpx.Limits(max_connections=100, max_keepalive_connections=100)
ALLOWED_PER_S, BURST, JOB = 25, 25, 250

# Answers every request at once with half a kilobyte of JSON; /limited/ has a token bucket without headers.
SERVER = f"""
import asyncio, sys, time
ITEM = b'{{"symbol": "AAPL", "bid": "1.25", "ask": "1.26"}}'
BODY = b'{{"data": {{"items": [' + b", ".join([ITEM] * 10) + b"]}}}}"
OK = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(BODY)
NO = b"HTTP/1.1 429 Too Many Requests\\r\\nContent-Length: 0\\r\\n\\r\\n"
bucket = [{BURST}, time.monotonic()]

def allowed():
    now = time.monotonic()
    bucket[:] = min({BURST}, bucket[0] + (now - bucket[1]) * {ALLOWED_PER_S}), now
    bucket[0] -= (passed := bucket[0] >= 1)
    return passed

class Peer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""
    def data_received(self, data):
        self.rest += data
        while b"\\r\\n\\r\\n" in self.rest:
            head, _, self.rest = self.rest.partition(b"\\r\\n\\r\\n")
            self.transport.write(OK + BODY if not head.startswith(b"GET /limited") or allowed() else NO)

async def main():
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""

Send = Callable[[], Awaitable[Any]]


@pytest.fixture
def url() -> Iterator[str]:
    """Start the server in its own process; it ends with its standard input."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


@dataclass
class Cost:
    """What a request cost: seconds on the clock and of this process's CPU."""

    wall_s: float
    cpu_s: float


async def measured(send: Send, *, concurrency: int, count: int) -> Cost:
    """Send ``count`` requests, ``concurrency`` at a time, after a warm-up."""
    await spread(send, concurrency=concurrency, count=2 * concurrency)
    wall, cpu = time.perf_counter(), time.process_time()
    await spread(send, concurrency=concurrency, count=count)
    return Cost((time.perf_counter() - wall) / count, (time.process_time() - cpu) / count)


async def spread(send: Send, *, concurrency: int, count: int) -> None:
    """Let ``concurrency`` workers share ``count`` requests."""
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            await send()

    await asyncio.gather(*(work() for _ in range(concurrency)))


@asynccontextmanager
async def plain(url: str) -> AsyncIterator[Send]:
    """Plain httpx: its client, its pool, nothing else."""
    async with httpx.AsyncClient(limits=POOL, trust_env=False) as client:

        async def send() -> None:
            assert (await client.get(f"{url}/quotes")).status_code == 200

        yield send


@asynccontextmanager
async def resilient(url: str) -> AsyncIterator[Send]:
    """Ours, with every protection on."""
    async with ResilientClient(url) as client:

        async def send() -> None:
            assert (await client.request("GET", "/quotes")).status_code == 200

        yield send


async def by_turns(url: str, concurrency: int) -> list[tuple[Cost, Cost]]:
    """Measure plain and resilient in turns."""
    async with plain(url) as other, resilient(url) as ours:
        return [
            (
                await measured(other, concurrency=concurrency, count=300),
                await measured(ours, concurrency=concurrency, count=2000),
            )
            for _ in range(ROUNDS)
        ]


@pytest.mark.parametrize("concurrency", [1, 10, 100])
def test_requests_per_second_beside_plain_httpx(benchmark: Any, url: str, concurrency: int) -> None:
    rounds = benchmark.pedantic(lambda: asyncio.run(by_turns(url, concurrency)), rounds=1)
    other, ours = (median(pair[side].wall_s for pair in rounds) for side in (0, 1))
    ratio = median(pair[0].wall_s / pair[1].wall_s for pair in rounds)
    cpu = median(pair[1].cpu_s for pair in rounds)
    benchmark.extra_info.update(
        plain_per_s=1 / other, resilient_per_s=1 / ours, ratio=ratio, resilient_cpu_us=cpu * 1e6
    )
    print(
        f"\n{concurrency:4d} concurrent: plain httpx {1 / other:6.0f}/s, resilient {1 / ours:6.0f}/s,"
        f" ratio {ratio:.1f} (target at 100: 4), CPU {cpu * 1e6:.0f} us a request"
    )


def direct(transport: httpx.AsyncBaseTransport, url: str) -> Send:
    """Use a transport without any client around it."""

    async def send() -> None:
        response = await transport.handle_async_request(httpx.Request("GET", f"{url}/quotes"))
        await response.aread()
        await response.aclose()

    return send


async def candidates(url: str) -> dict[str, list[Cost]]:
    """Measure each candidate at each concurrency."""
    costs: dict[str, list[Cost]] = {}
    limits = LimitPolicy()
    async with AsyncExitStack() as stack:
        ours = {name: open_transport(limits, base_url=url, prefer=name) for name in ("httpx", "pyreqwest")}
        shipped = HttpxTransport(ClientBuilder().no_proxy().build())
        for transport in (*ours.values(), shipped):
            stack.push_async_callback(transport.aclose)
        sends = {
            "httpx, client and pool": await stack.enter_async_context(plain(url)),
            "httpx, transport alone": direct(ours["httpx"], url),
            "pyreqwest, its own adapter": direct(shipped, url),
            "pyreqwest, our adapter": direct(ours["pyreqwest"], url),
            "resilient client": await stack.enter_async_context(resilient(url)),
        }
        for name, send in sends.items():
            count = 300 if name.startswith("httpx") else 2000
            costs[name] = [await measured(send, concurrency=c, count=count) for c in (1, 10, 100)]
    return costs


def test_cpu_of_the_transports(benchmark: Any, url: str) -> None:
    costs = benchmark.pedantic(lambda: asyncio.run(candidates(url)), rounds=1)
    print(f"\n{'CPU in us a request at':<28}{'1':>8}{'10':>8}{'100':>8}")
    for name, row in costs.items():
        benchmark.extra_info[name] = [cost.cpu_s * 1e6 for cost in row]
        print(f"{name:<28}" + "".join(f"{cost.cpu_s * 1e6:8.0f}" for cost in row))


async def limited_job(url: str) -> tuple[float, int]:
    """Send the whole job at once; return its seconds and the refusals it met."""
    async with ResilientClient(url) as client:
        started = time.perf_counter()
        await asyncio.gather(*(client.request("GET", "/limited/quotes") for _ in range(JOB)))
        return time.perf_counter() - started, client.counts.retried


def test_job_at_a_peer_with_a_silent_limit(benchmark: Any, url: str) -> None:
    seconds, refusals = benchmark.pedantic(lambda: asyncio.run(limited_job(url)), rounds=1)
    least_s = (JOB - BURST) / ALLOWED_PER_S
    benchmark.extra_info.update(seconds=seconds, least_s=least_s, ratio=seconds / least_s, refusals=refusals)
    print(
        f"\n{JOB} requests at {ALLOWED_PER_S}/s: {seconds:.2f} s, least possible {least_s:.2f} s,"
        f" ratio {seconds / least_s:.3f} (target 1.1), {refusals} refusals"
    )
