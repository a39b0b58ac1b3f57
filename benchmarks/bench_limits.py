# SPDX-License-Identifier: Apache-2.0
"""
Eight programs that share a budget, against a peer that allows so many requests and does not say so.

After the warm-up: the share of the answers that is 429, the share of the limit that is used, how even the
parts of the programs are, and the CPU of a program for a request.

Run: ``pytest benchmarks/bench_limits.py -n 0 -s``
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

PROGRAMS, WARM_UP_S, MEASURED_S = 8, 30.0, 30.0

# Buckets of tokens, or sliding windows, as the path says: /bucket/100/1 and /window/100/1. /counts tells.
SERVER = """
import asyncio, collections, json, sys, time
NO = b"HTTP/1.1 429 Too Many Requests\\r\\nContent-Length: 0\\r\\n\\r\\n"
limits, counts = {}, collections.Counter()

class Bucket:
    def __init__(self, count, seconds):
        self.count, self.rate, self.tokens, self.at = count, count / seconds, count, time.monotonic()
    def __call__(self):
        now = time.monotonic()
        self.tokens, self.at = min(self.count, self.tokens + (now - self.at) * self.rate), now
        self.tokens -= (passed := self.tokens >= 1)
        return passed

class Window:
    def __init__(self, count, seconds):
        self.count, self.seconds, self.times = count, seconds, collections.deque()
    def __call__(self):
        now = time.monotonic()
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if passed := len(self.times) < self.count:
            self.times.append(now)
        return passed

def ok(body):
    return b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body

class Peer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""
    def data_received(self, data):
        self.rest += data
        while b"\\r\\n\\r\\n" in self.rest:
            head, _, self.rest = self.rest.partition(b"\\r\\n\\r\\n")
            path, _, program = head.split(b" ", 2)[1].decode().partition("?")
            if path == "/counts":
                self.transport.write(ok(json.dumps(counts).encode()))
                counts.clear()
                continue
            _, kind, count, seconds = path.split("/")
            if path not in limits:
                limits[path] = {"bucket": Bucket, "window": Window}[kind](int(count), float(seconds))
            passed = limits[path]()
            counts["passed" if passed else "refused"] += 1
            counts[program] += passed
            self.transport.write(ok(b"{}") if passed else NO)

async def main():
    server = await asyncio.get_running_loop().create_server(Peer, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""

# One program: asks with eight tasks until its standard input ends, then tells its CPU for a request.
PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from ttapi_client import ResilientClient, SharedBudget

async def main(url, path, directory, number):
    budget = SharedBudget.open(Path(directory), provider="peer", credential="key")
    async with ResilientClient(url, budget=budget) as client:
        stopping = asyncio.Event()
        async def work():
            while not stopping.is_set():
                await client.request("GET", path, params={"p": number})
        began = time.process_time()
        tasks = [asyncio.create_task(work()) for _ in range(8)]
        print("started", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        stopping.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        print((time.process_time() - began) / max(1, client.counts.sent), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def url() -> Iterator[str]:
    """Start the server in its own process; it ends with its standard input."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()


def counted(url: str) -> dict[str, int]:
    """Return what the server counted since it was last asked."""
    with urllib.request.urlopen(f"{url}/counts") as answer:
        counts: dict[str, int] = json.load(answer)
        return counts


def run(url: str, path: str, directory: Path) -> tuple[dict[str, int], list[float]]:
    """Let the programs ask; return the counts after the warm-up, and CPU seconds a request of each."""
    with ExitStack() as stack:
        running = []
        for number in range(PROGRAMS):
            command = [sys.executable, "-c", PROGRAM, url, path, str(directory), str(number)]
            program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            running.append(stack.enter_context(program))
        for program in running:
            assert program.stdout is not None
            assert program.stdout.readline() == "started\n"
        time.sleep(WARM_UP_S)
        counted(url)
        time.sleep(MEASURED_S)
        counts = counted(url)
        told = [program.communicate("")[0] for program in running]
    return counts, [float(cpu_s) for cpu_s in told]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("kind", "count"),
    [("bucket", 20), ("bucket", 100), ("bucket", 400), ("window", 20), ("window", 100), ("window", 400)],
)
def test_eight_programs_share_a_hidden_limit(url: str, tmp_path: Path, kind: str, count: int) -> None:
    counts, cpu_s = run(url, f"/{kind}/{count}/1", tmp_path)
    passed, refused = counts["passed"], counts.get("refused", 0)
    parts = sorted(counts.get(f"p={number}", 0) for number in range(PROGRAMS))
    print(
        f"\n{kind} of {count} a second: {refused / (passed + refused):.2%} refused, "
        f"{passed / count / MEASURED_S:.1%} of the limit used, "
        f"a program {parts[0]} to {parts[-1]}, {sorted(cpu_s)[len(cpu_s) // 2] * 1e3:.2f} ms of CPU a request"
    )
    assert refused <= 0.01 * (passed + refused)
    assert passed >= 0.9 * count * MEASURED_S
