# SPDX-License-Identifier: Apache-2.0
"""The simulated broker of the program: it never asks, and remembers from one command to the next."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ttapi_app.sandbox_state import kept_state
from ttapi_core import StoreUnavailableError, UsageError

Run = Callable[..., "subprocess.CompletedProcess[str]"]
OPEN = {"TTAPI_SANDBOX__AS_OF": "2026-06-30T15:30"}


def told(done: "subprocess.CompletedProcess[str]") -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_an_order_is_placed_unasked_and_found_by_a_later_command(run: Run, tmp_path: Path) -> None:
    placed = told(run("order", "submit", "SPY", "3", "--buy", "--limit", "100.00", **OPEN))
    (order,) = told(run("orders", **OPEN))
    assert order["id"] == placed["order"]["id"]
    assert order["external_identifier"] == placed["external_id"]
    assert order["price"] == "100.0"
    assert [path.suffix for path in sorted((tmp_path / "data" / ".simulated").iterdir())] == [
        ".lock",
        ".state",
    ]


async def test_a_state_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    async with kept_state(tmp_path, "market") as path:
        assert path.parent.is_dir()
        with pytest.raises(UsageError, match="another command"):
            async with kept_state(tmp_path, "market", wait_max_s=0):
                pass
        async with kept_state(tmp_path, "another market", wait_max_s=0):
            pass
    async with kept_state(tmp_path, "market", wait_max_s=0):
        pass


async def test_a_command_waits_for_another_one(tmp_path: Path) -> None:
    entered = asyncio.Event()

    async def second() -> None:
        async with kept_state(tmp_path, "market"):
            entered.set()

    async with kept_state(tmp_path, "market"):
        task = asyncio.create_task(second())
        await asyncio.sleep(0.1)
        assert not entered.is_set()
    await asyncio.wait_for(task, 10)


async def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\nfrom ttapi_app.sandbox_state import kept_state\n"
        "async def main():\n"
        "    async with kept_state(pathlib.Path(sys.argv[1]), 'market'):\n"
        "        print('held', flush=True)\n        await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    with pytest.raises(UsageError):
        async with kept_state(tmp_path, "market", wait_max_s=0):
            pass
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with kept_state(tmp_path, "market", wait_max_s=5):
        pass


async def test_a_directory_that_cannot_be_used_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError):
        async with kept_state(tmp_path / "file", "market"):
            pass
