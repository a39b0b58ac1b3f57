# SPDX-License-Identifier: Apache-2.0
"""The shared budget as programs see it: real files, real processes, a real peer on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from ttapi_client import ResilientClient, SharedBudget
from ttapi_client.budget_file import BUSY_S, NAME
from ttapi_core import (
    BudgetSpentError,
    ConfigurationError,
    LimitPolicy,
    ManualClock,
    ParameterError,
    RateWindow,
    RetryPolicy,
    StoreUnavailableError,
    UsageError,
)

BASE = "https://api.example.com"
MINUTE_AND_DAY = LimitPolicy(
    windows=(RateWindow(requests=5, seconds=60), RateWindow(requests=8, seconds=86_400))
)
QUICK = RetryPolicy(wait_initial_s=0.001, wait_max_s=0.002)

# Programs: one interpreter that splits itself up, for to start eight of them takes longer than the test. Each
# asks with four tasks until it has had enough answers, or for ever, and tells how it ended.
PROGRAMS = """
import asyncio, os, sys, traceback
from pathlib import Path
from ttapi_client import ResilientClient, SharedBudget
from ttapi_core import BudgetSpentError, LimitPolicy, RateWindow

async def main(url, directory, name, count, *windows):
    limits = LimitPolicy(windows=tuple(
        RateWindow(requests=int(requests), seconds=float(seconds))
        for requests, _, seconds in (each.partition("/") for each in windows)
    ))
    budget = SharedBudget.open(Path(directory), provider="peer", credential="key")
    left = iter(range(int(count) or 10**9))
    async with ResilientClient(url, limits=limits, budget=budget) as client:
        async def work():
            for _ in left:
                await client.request("GET", "/x", params={"p": name})
        ends = await asyncio.gather(*(work() for _ in range(4)), return_exceptions=True)
        assert all(end is None or isinstance(end, BudgetSpentError) for end in ends), ends
        return sum(end is not None for end in ends)

def run(name, url, directory, *facts):
    try:
        os._exit(asyncio.run(main(url, directory, name, *facts)))
    except BaseException:
        traceback.print_exc()
        os._exit(99)

url, directory, names, *facts = sys.argv[1:]
pids = []
for name in names:
    pid = os.fork()
    if pid == 0:
        run(name, url, directory, *facts)
    print(pid, flush=True)
    pids.append(pid)
for pid in pids:
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class LimitedPeer:
    """An HTTP server with a bucket of tokens (none: no limit) that only says 200 or 429, and counts."""

    def __init__(self) -> None:
        self.rate_per_s = 0.0
        self.tokens = self.filled_at = 0.0
        self.passed: Counter[str] = Counter()
        self.times: deque[float] = deque()
        self.refused = 0
        self.answer_after_s = 0.0
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=512)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def limit(self, rate_per_s: float) -> None:
        self.rate_per_s, self.tokens, self.filled_at = rate_per_s, rate_per_s, time.monotonic()

    def forget(self) -> None:
        self.passed.clear()
        self.times.clear()
        self.refused = 0

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _lets_through(self) -> bool:
        if not self.rate_per_s:
            return True
        now = time.monotonic()
        self.tokens = min(self.rate_per_s, self.tokens + (now - self.filled_at) * self.rate_per_s)
        self.filled_at = now
        self.tokens -= (passed := self.tokens >= 1)
        return passed

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await self._serve_one(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        program = head.split(b" ", 2)[1].decode().partition("?p=")[2]
        if self._lets_through():
            self.passed[program] += 1
            self.times.append(time.monotonic())
            await asyncio.sleep(self.answer_after_s)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        else:
            self.refused += 1
            writer.write(b"HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()


@pytest.fixture
async def limited() -> AsyncIterator[LimitedPeer]:
    peer = LimitedPeer()
    await peer.start()
    yield peer
    await peer.stop()


@dataclass
class Programs:
    """What was started: a process for each letter of ``names``."""

    parent: subprocess.Popen[str]
    pids: list[int] = field(default_factory=list)

    async def line(self) -> int:
        assert self.parent.stdout is not None
        return int(await asyncio.to_thread(self.parent.stdout.readline))

    async def ends(self) -> list[int]:
        """Wait for all; return how many tasks of each were refused for want of budget, or minus the signal."""
        return [await self.line() for _ in self.pids]


Start = Callable[..., Awaitable[Programs]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start programs; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    async def begin(url: str, names: str, count: int, *windows: str) -> Programs:
        command = [sys.executable, "-c", PROGRAMS, url, str(tmp_path / "state"), names, str(count), *windows]
        parent = subprocess.Popen(  # noqa: ASYNC220 - returns at once
            command, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        running.append(parent)
        programs = Programs(parent)
        for _ in names:
            programs.pids.append(await programs.line())
        return programs

    yield begin
    for parent in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()


async def passed_in(peer: LimitedPeer, seconds: float, *, least: int = 0, at_most_s: float = 30.0) -> int:
    """Return what passed in so long; or until enough did, however slow the machine is."""
    began = time.monotonic()
    for _ in range(round(at_most_s / 0.05)):
        await asyncio.sleep(0.05)
        if time.monotonic() >= began + seconds and sum(peer.passed.values()) >= least:
            break
    return sum(peer.passed.values())


# Eight programs.


@pytest.mark.slow
async def test_eight_programs_share_a_hidden_limit_and_none_starves(
    limited: LimitedPeer, start: Start
) -> None:
    limited.limit(60)
    await start(limited.url, "abcdefgh", 0)
    await passed_in(limited, 2.0, least=180)
    limited.forget()
    passed = await passed_in(limited, 2.0, least=120)
    # Loosely, for the machine may be busy: the shares themselves are measured by the benchmark.
    assert limited.refused <= 0.25 * passed
    assert len(limited.passed) == 8
    assert min(limited.passed.values()) >= 0.2 * passed / 8


@pytest.mark.slow
async def test_program_that_is_killed_frees_its_part_within_five_seconds(
    limited: LimitedPeer, start: Start
) -> None:
    limited.limit(40)
    programs = await start(limited.url, "ab", 0)
    await passed_in(limited, 1.0, least=80)
    os.kill(programs.pids[0], signal.SIGKILL)
    killed_at = time.monotonic()
    limited.forget()
    await passed_in(limited, 1.0, least=60)
    took_s = time.monotonic() - killed_at
    assert limited.passed["b"] >= 50
    assert took_s <= 60 / 40 + 5


@pytest.mark.slow
async def test_quota_of_a_day_is_not_overspent_by_many_programs_deaths_and_restarts(
    limited: LimitedPeer, start: Start
) -> None:
    day = "40/86400"
    assert await (await start(limited.url, "ab", 8, day)).ends() == [0, 0]
    assert sum(limited.passed.values()) == 16
    limited.answer_after_s = 0.1
    killed = await start(limited.url, "c", 0, day)
    await passed_in(limited, 0.0, least=20)
    os.kill(killed.pids[0], signal.SIGKILL)
    assert await killed.ends() == [-signal.SIGKILL]
    limited.answer_after_s = 0.0
    # More than there is left: all four tasks of both are refused at last.
    assert await (await start(limited.url, "de", 40, day)).ends() == [4, 4]
    # What the killed one had under way is spent, whether the peer saw it or not.
    assert 36 <= sum(limited.passed.values()) <= 40


@pytest.mark.slow
async def test_declared_rate_is_kept_exactly_by_four_programs(limited: LimitedPeer, start: Start) -> None:
    programs = await start(limited.url, "abcd", 8, "10/0.5")
    assert await programs.ends() == [0, 0, 0, 0]
    times = sorted(limited.times)
    assert len(times) == 32
    assert all(later - earlier >= 0.5 for earlier, later in zip(times, times[10:], strict=False))


# One program.


def over(
    directory: Path, clock: ManualClock, handler: Callable[[httpx.Request], httpx.Response], **options: Any
) -> ResilientClient:
    budget = SharedBudget.open(
        directory, provider="p", credential=options.pop("credential", "k"), clock=clock
    )
    options = {"retry": QUICK, "limits": MINUTE_AND_DAY, "clock": clock, "seed": 1} | options
    return ResilientClient(BASE, transport=httpx.MockTransport(handler), budget=budget, **options)


def yes(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={})


async def moved(clock: ManualClock, call: Awaitable[Any], *, step_s: float = 1.0) -> Any:
    """Move the clock until ``call`` is done."""
    task = asyncio.ensure_future(call)
    for _ in range(2000):
        await asyncio.sleep(0.001)
        if task.done():
            break
        clock.advance(step_s)
    return await asyncio.wait_for(task, 0)


async def test_day_of_a_free_key_outlives_the_program_and_fails_loudly(tmp_path: Path) -> None:
    clock = ManualClock()
    for _ in range(2):
        async with over(tmp_path, clock, yes) as client:
            for _ in range(4):
                await moved(clock, client.request("GET", "/x"))
    async with over(tmp_path, clock, yes) as client:
        with pytest.raises(BudgetSpentError, match="8 in 86400 s") as caught:
            await moved(clock, client.request("GET", "/x"))
        assert client.counts.sent == 0
    assert caught.value.retry_after_s == pytest.approx(86_400, abs=300)
    assert caught.value.limit == 8
    clock.advance(86_400)
    async with over(tmp_path, clock, yes) as client:
        await moved(clock, client.request("GET", "/x"))


async def test_credentials_have_budgets_of_their_own_and_leave_no_trace(tmp_path: Path) -> None:
    clock = ManualClock()
    for credential in ("first-secret", "second-secret"):
        async with over(tmp_path, clock, yes, credential=credential) as client:
            for _ in range(8):
                await moved(clock, client.request("GET", "/x"))
    file = tmp_path / NAME
    assert b"secret" not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_weight_is_charged_and_one_that_never_fits_is_refused(tmp_path: Path) -> None:
    clock = ManualClock()
    async with over(tmp_path, clock, yes) as client:
        await moved(clock, client.request("GET", "/x", weight=5))
        before = clock.monotonic()
        await moved(clock, client.request_json("GET", "/x", weight=3, check=None), step_s=0.5)
        assert clock.monotonic() - before >= 59
        with pytest.raises(ParameterError, match="weight"):
            await client.request("GET", "/x", weight=6)


async def test_request_that_was_never_sent_is_not_charged(tmp_path: Path) -> None:
    clock = ManualClock()

    def no_connection(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with over(tmp_path, clock, no_connection, retry=RetryPolicy(attempts_max=1)) as client:
        for _ in range(20):
            with pytest.raises(ConnectionError):
                await moved(clock, client.request("GET", "/x"))
    async with over(tmp_path, clock, yes) as client:
        await moved(clock, client.request("GET", "/x", weight=5))


async def test_limit_learnt_by_one_client_is_known_to_the_next(tmp_path: Path) -> None:
    clock = ManualClock()
    answers = [httpx.Response(429, headers={"Retry-After": "30"})]

    def once_refused(_: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else httpx.Response(200)

    free = LimitPolicy()
    async with over(tmp_path, clock, once_refused, limits=free) as client:
        await moved(clock, client.request("GET", "/x"))
        assert clock.monotonic() >= 30
    async with over(tmp_path, clock, yes, limits=free) as client:
        await moved(clock, client.request("GET", "/x"))
        assert client.rate_per_s < 10


async def test_client_that_is_cancelled_while_it_waits_holds_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    async with over(tmp_path, clock, yes) as client:
        await moved(clock, client.request("GET", "/x", weight=5))
        tasks = [asyncio.create_task(client.request("GET", "/x")) for _ in range(3)]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        clock.advance(61)
        await moved(clock, client.request("GET", "/x", weight=3))


async def test_closed_budget_is_not_used_again(tmp_path: Path) -> None:
    budget = SharedBudget.open(tmp_path, provider="p")
    async with ResilientClient(BASE, budget=budget, transport=httpx.MockTransport(yes)):
        pass
    await budget.aclose()
    with pytest.raises(UsageError):
        ResilientClient(BASE, budget=budget)


# Files that cannot be used.


@pytest.mark.parametrize("where", ["a file", "nowhere"])
def test_directory_that_cannot_be_written_is_a_setting_that_cannot_be_used(
    tmp_path: Path, where: str
) -> None:
    (tmp_path / "a file").write_text("")
    directory = {"a file": tmp_path / "a file", "nowhere": Path("/proc/nowhere")}[where]
    with pytest.raises(ConfigurationError, match="budget directory"):
        SharedBudget.open(directory, provider="p")


def test_damaged_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database " * 1000)
    with pytest.raises(StoreUnavailableError, match=f"{NAME}: is damaged"):
        SharedBudget.open(tmp_path, provider="p")


async def test_damaged_state_is_an_error_of_the_call_and_not_forgotten(tmp_path: Path) -> None:
    clock = ManualClock()
    async with over(tmp_path, clock, yes) as client:
        await moved(clock, client.request("GET", "/x"))
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as file, file:
        file.execute("UPDATE budgets SET state = '{}'")
    async with over(tmp_path, clock, yes) as client:
        with pytest.raises(StoreUnavailableError, match="is damaged"):
            await moved(clock, client.request("GET", "/x"))


@pytest.mark.slow
async def test_locked_file_is_an_error_in_time_and_works_again_after(tmp_path: Path) -> None:
    clock = ManualClock()
    async with over(tmp_path, clock, yes) as client:
        await moved(clock, client.request("GET", "/x"))
        with contextlib.closing(sqlite3.connect(tmp_path / NAME, isolation_level=None)) as file:
            file.execute("BEGIN EXCLUSIVE")
            began = time.monotonic()
            with pytest.raises(StoreUnavailableError, match="locked"):
                await client.request("GET", "/x")
            assert time.monotonic() - began < 3 * BUSY_S + 2
            file.execute("ROLLBACK")
        await moved(clock, client.request("GET", "/x"))
