# SPDX-License-Identifier: Apache-2.0
"""A child process that is no good sandbox."""

import asyncio
import sys
from pathlib import Path

import pytest

from ttapi_app.sandbox_process import flags, running_sandbox
from ttapi_core import ConnectError, DecodeError
from ttapi_onboarding import SandboxSettings

READY = '{"url": "http://127.0.0.1:1", "client_secret": "s3cret", "refresh_token": "t0ken"}'


def command(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_flags_pass_on_what_is_set_and_nothing_else() -> None:
    always = ["--port=0", "--ready=json", "--exit-on-stdin-close"]
    assert flags(SandboxSettings()) == always
    settings = SandboxSettings(
        seed=3, as_of="2026-01-02", symbols=4, rate_limit=5, faults=("mix=0.1", "kind=503")
    )
    assert flags(settings) == [
        *always,
        "--seed=3",
        "--as-of=2026-01-02",
        "--symbols=4",
        "--rate-limit=5",
        "--fault=mix=0.1",
        "--fault=kind=503",
    ]


async def test_a_sandbox_that_is_ready_hides_its_secrets() -> None:
    async with running_sandbox(
        command(f"print('''{READY}''', flush=True); input()"), SandboxSettings()
    ) as ready:
        assert (ready.url, ready.client_secret) == ("http://127.0.0.1:1", "s3cret")
        assert "s3cret" not in repr(ready)


async def test_a_sandbox_that_dies_is_an_error_with_its_last_words() -> None:
    with pytest.raises(ConnectError, match="did not start: no luck"):
        async with running_sandbox(command("import sys; sys.exit('first\\nno luck')"), SandboxSettings()):
            pass


async def test_a_sandbox_that_dies_without_a_word_is_an_error_too() -> None:
    with pytest.raises(ConnectError, match="it said nothing"):
        async with running_sandbox(command(""), SandboxSettings()):
            pass


@pytest.mark.parametrize("said", ["hello", "{}", "[]", '{"url": 1}'])
async def test_a_sandbox_that_says_something_else_is_an_error(said: str) -> None:
    with pytest.raises(DecodeError):
        async with running_sandbox(command(f"print('''{said}''', flush=True); input()"), SandboxSettings()):
            pass


async def test_a_sandbox_ends_with_the_run_even_when_that_is_cancelled(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    program = f"import sys; print('''{READY}''', flush=True); sys.stdin.read(); open({str(mark)!r}, 'w')"
    started = asyncio.Event()

    async def use() -> None:
        async with running_sandbox(command(program), SandboxSettings()):
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(use())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert mark.exists()
