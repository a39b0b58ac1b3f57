# SPDX-License-Identifier: Apache-2.0
"""The program over a provider in memory, run in this process."""

import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from ttapi_core import DataProvider
from ttapi_onboarding import Connection, ProviderSpec, build_app
from ttapi_platform.testing import ScriptedProvider

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take back what a command did to the logging of the process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def provider() -> ScriptedProvider:
    return ScriptedProvider()


@pytest.fixture
def specs(provider: ScriptedProvider) -> list[ProviderSpec]:
    @asynccontextmanager
    async def opened(_connection: Connection) -> AsyncIterator[DataProvider]:
        yield provider

    def spec(name: str, *, needs_credentials: bool, simulated: bool) -> ProviderSpec:
        return ProviderSpec(
            name=name,
            description=f"the {name} of a test",
            simulated=simulated,
            needs_credentials=needs_credentials,
            datasets=tuple(sorted(provider.datasets)),
            open=opened,
            source=lambda _settings: provider.name,
        )

    return [
        spec("sandbox", needs_credentials=False, simulated=True),
        spec("tastytrade", needs_credentials=True, simulated=False),
    ]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Variables of a person who has set nothing up yet."""
    unset = {name: "" for name in os.environ if name.startswith(("TTAPI_", "TT_"))}
    return {
        **unset,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TTAPI_DATA_DIR": str(tmp_path / "data"),
        "NO_COLOR": "1",
        "COLUMNS": "80",
    }


@pytest.fixture
def run(specs: list[ProviderSpec], home: dict[str, str]) -> Run:
    """Return what runs the program: arguments, variables by name, and text to type."""

    def invoke(*arguments: str, typed: str | None = None, **variables: str) -> Result:
        app = build_app(specs, distribution="ttapi-onboarding", sandbox_command=("sandbox",))
        return CliRunner().invoke(app, arguments, input=typed, env={**home, **variables})

    return invoke
