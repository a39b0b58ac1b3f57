# SPDX-License-Identifier: Apache-2.0
"""
The contract of adapters as a pytest plugin: every recorded interaction is a test of its own.

For authors of providers. In ``pyproject.toml`` or ``pytest.ini``::

    [pytest]
    addopts = -p ttapi_platform.pytest_recordings
    ttapi_recordings = tests/recordings
    ttapi_provider = acme

Each JSON file below the directory is collected; an interaction passes if the provider claims it and all
checks hold, or if the answer is a refusal that becomes the right typed error. Without ``ttapi_provider`` any
installed provider may claim it. The fixture ``ttapi_verify`` gives the same verdict on an answer that a test
makes up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ttapi_platform.replaying import Exchange, exchanges_of
from ttapi_platform.verification import Verdict, verdict_on
from ttapi_providers import Asked, Provider, load_provider, load_providers

if TYPE_CHECKING:
    from _pytest._code.code import TerminalRepr

Verify = Callable[..., Verdict]


class BrokenContractError(AssertionError):
    """An interaction that no one claims, or a check that does not hold."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two settings."""
    parser.addini("ttapi_recordings", "directory of recorded exchanges", type="paths", default=[])
    parser.addini("ttapi_provider", "name of the provider that they are of; empty for any", default="")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> RecordingFile | None:
    """Collect the recordings of the directories that are set."""
    directories = [Path(path) for path in parent.config.getini("ttapi_recordings")]
    if file_path.suffix != ".json" or not any(file_path.is_relative_to(path) for path in directories):
        return None
    return RecordingFile.from_parent(parent, path=file_path)


class RecordingFile(pytest.File):
    """A recording: one test for each of its interactions."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield them."""
        for exchange in exchanges_of(self.path, named=self.path.name):
            name = f"{exchange.number}-{exchange.asked.method}-{exchange.asked.path.strip('/') or 'root'}"
            yield Interaction.from_parent(self, name=name, exchange=exchange)


class Interaction(pytest.Item):
    """One recorded request and its answer."""

    def __init__(self, *, exchange: Exchange, **rest: object) -> None:
        super().__init__(**rest)  # type: ignore[arg-type] # pytest hands on what it needs
        self.exchange = exchange

    def runtest(self) -> None:
        """Replay it, and raise what does not hold."""
        hold(judged(self.exchange, _providers(str(self.config.getini("ttapi_provider")))))

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: object = None,  # noqa: ARG002 - as pytest calls it
    ) -> str | TerminalRepr:
        """Say what is broken, without the stack of the kit."""
        if isinstance(excinfo.value, BrokenContractError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name it as file and interaction."""
        return self.path, self.exchange.number, self.name


@cache
def _providers(name: str) -> Mapping[str, Provider]:
    return {name: load_provider(name)} if name else load_providers()


def judged(exchange: Exchange, providers: Mapping[str, Provider]) -> Verdict:
    """Return the verdict on an exchange."""
    return asyncio.run(verdict_on(exchange, providers))


def hold(verdict: Verdict) -> None:
    """
    Raise if a verdict is not a good one.

    Raises
    ------
    BrokenContractError
        If no one claimed the interaction, or a check is broken; the message names each.
    """
    if not verdict.claims:
        asked = verdict.exchange.asked
        raise BrokenContractError(f"no provider claims {asked.method} {asked.base}{asked.path}")
    lines = [
        f"{claim.provider} {claim.dataset}: {name}: {problem}"
        for claim in verdict.claims
        for name, problem in claim.broken.items()
    ]
    if lines:
        raise BrokenContractError("\n".join(lines))


@pytest.fixture
def ttapi_verify() -> Verify:
    """
    Give a function that sends a request through a provider and answers it with a body.

    Call it with the provider, the URL and the body (JSON values, text or bytes), and ``method=``,
    ``posted=``, ``status=`` or ``content_type=`` where they differ from a GET that is answered with JSON and
    200.
    """

    def verify(
        provider: Provider,
        url: str,
        body: object,
        *,
        method: str = "GET",
        posted: object = None,
        status: int = 200,
        content_type: str = "application/json",
    ) -> Verdict:
        content = body.encode() if isinstance(body, str) else body
        exchange = Exchange(
            file="made-up",
            number=0,
            provider=provider.name,
            dataset="",
            fidelity="sample",
            trimmed=False,
            asked=Asked.of(method, url, body=posted),
            status=status,
            content=content if isinstance(content, bytes) else json.dumps(content).encode(),
            content_type=content_type,
        )
        return judged(exchange, {provider.name: provider})

    return verify
