# SPDX-License-Identifier: Apache-2.0
"""The sandbox as the program starts it: a process of its own, reached over real loopback sockets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ttapi_client import TastytradeProvider, open_tastytrade
from ttapi_core import RetryPolicy


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox process that listens."""

    url: str
    client_secret: str
    refresh_token: str
    process: subprocess.Popen[str]

    def provider(self) -> TastytradeProvider:
        return open_tastytrade(
            self.url,
            self.client_secret,
            self.refresh_token,
            name="sandbox",
            simulated=True,
            retry=RetryPolicy(wait_initial_s=0.05, wait_max_s=0.2),
        )


Starter = Callable[..., RunningSandbox]


@pytest.fixture
def start_sandbox() -> Iterator[Starter]:
    """Start sandboxes with the flags that a test asks for; each ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*flags: str) -> RunningSandbox:
        command = [sys.executable, "-m", "ttapi_sandbox", "--port", "0", "--ready", "json"]
        process = subprocess.Popen(
            [*command, "--exit-on-stdin-close", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        return RunningSandbox(ready["url"], ready["client_secret"], ready["refresh_token"], process)

    yield start
    for process in started:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(10)
        process.stdout.close()
