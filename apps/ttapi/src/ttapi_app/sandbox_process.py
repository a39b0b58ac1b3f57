# SPDX-License-Identifier: Apache-2.0
"""The sandbox as a child process, for the length of one run."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ttapi_core import ConnectError, DecodeError

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Sequence

    from ttapi_onboarding import SandboxSettings

READY_TIMEOUT_S: Final = 60.0
"""A cold start on a busy machine, with the market of a year to make, takes a few seconds."""
EXIT_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Where a sandbox listens and what it wants to see."""

    url: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


@asynccontextmanager
async def running_sandbox(command: Sequence[str], settings: SandboxSettings) -> AsyncIterator[Ready]:
    """
    Run a sandbox on a free port of loopback; it ends with the context, and with this process in any case.

    Parameters
    ----------
    command
        The command without flags.
    settings
        The market to simulate.

    Raises
    ------
    ConnectError
        If it does not come up.
    DecodeError
        If it says something else than that it listens.
    """
    # Its own session, so that Ctrl-C on the terminal reaches this process alone, which then ends it in order.
    process = await asyncio.create_subprocess_exec(
        *command, *flags(settings), stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    assert process.stderr is not None
    complaints = asyncio.create_task(_last_words(process.stderr), name="sandbox standard error")
    try:
        yield await _ready(process, complaints)
    finally:
        await asyncio.shield(_end(process, complaints))


def flags(settings: SandboxSettings) -> list[str]:
    """Return the command line that stands for these settings."""
    named = {
        "seed": settings.seed,
        "as-of": settings.as_of,
        "symbols": settings.symbols,
        "rate-limit": settings.rate_limit,
    }
    given = [f"--{name}={value}" for name, value in named.items() if value is not None]
    faults = [f"--fault={fault}" for fault in settings.faults]
    return ["--port=0", "--ready=json", "--exit-on-stdin-close", *given, *faults]


async def _ready(process: Process, complaints: asyncio.Task[str]) -> Ready:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            line = await process.stdout.readline()
            if not line:
                words = await complaints
                raise ConnectError(f"the sandbox did not start: {words or 'it said nothing'}")
    except TimeoutError as exc:
        raise ConnectError(f"the sandbox did not start within {READY_TIMEOUT_S:.0f} s") from exc
    try:
        said = json.loads(line)
        return Ready(
            url=said["url"], client_secret=said["client_secret"], refresh_token=said["refresh_token"]
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise DecodeError("the sandbox does not say where it listens") from exc


async def _last_words(stream: asyncio.StreamReader) -> str:
    """Read standard error to its end, so that the child never waits for us; return its last line."""
    last = b""
    with suppress(ValueError):  # a line longer than the reader's limit is dropped
        async for line in stream:
            last = line.strip() or last
    return last.decode("utf-8", "replace")[:500]


async def _end(process: Process, complaints: asyncio.Task[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(EXIT_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    complaints.cancel()
    with suppress(asyncio.CancelledError):
        await complaints
