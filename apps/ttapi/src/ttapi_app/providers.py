# SPDX-License-Identifier: Apache-2.0
"""The providers of the program, and how each is opened. Libraries are loaded when one is."""

from __future__ import annotations

import hashlib
import re
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ttapi_onboarding import Connection, ProviderSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ttapi_client import TastytradeProvider
    from ttapi_core import Broker, DataProvider
    from ttapi_onboarding import Settings
    from ttapi_platform import FilesProvider

SANDBOX_COMMAND: Final = (sys.executable, "-m", "ttapi_sandbox")
_ALL: Final = ("accounts", "symbols", "trading_days", "quotes", "eod_data", "expiration_series")
_TASTYTRADE_URLS: Final = {
    "production": "https://api.tastyworks.com",
    "cert": "https://api.cert.tastyworks.com",
}
_PORTS: Final = {"https": 443, "http": 80}
_PLAIN_SERVER: Final = re.compile(r"[a-z0-9.-]{1,50}")


@asynccontextmanager
async def _open_sandbox(
    connection: Connection, command: Sequence[str] = SANDBOX_COMMAND
) -> AsyncIterator[TastytradeProvider]:
    from ttapi_app.sandbox_process import running_sandbox
    from ttapi_client import open_tastytrade

    settings = connection.settings
    async with (
        running_sandbox(command, settings.sandbox) as ready,
        open_tastytrade(
            ready.url,
            client_secret=ready.client_secret,
            refresh_token=ready.refresh_token,
            name=_sandbox_source(settings),
            simulated=True,
            limits=settings.limits(),
            retry=settings.retry(),
        ) as provider,
    ):
        yield provider


@asynccontextmanager
async def _open_sandbox_broker(connection: Connection) -> AsyncIterator[Broker]:
    from ttapi_app.sandbox_state import kept_state
    from ttapi_client import TastytradeBroker

    settings = connection.settings
    async with AsyncExitStack() as stack:
        command = list(SANDBOX_COMMAND)
        if connection.trades:
            name = f"{_sandbox_source(settings)}-{settings.sandbox.symbols or 'all'}"
            path = await stack.enter_async_context(kept_state(Path(settings.data_dir), name))
            command.append(f"--state-file={path}")
        provider = await stack.enter_async_context(_open_sandbox(connection, command))
        yield TastytradeBroker(provider.api, name=provider.name, is_real_money=False)


def _sandbox_source(settings: Settings) -> str:
    """Name each simulated market apart: what one made up is no cached answer of another."""
    seed, as_of = settings.sandbox.seed, settings.sandbox.as_of
    parts = ["sandbox"]
    if seed not in (None, 1):
        parts.append(f"seed{seed}")
    if as_of is not None:
        parts.append(as_of.replace(":", ""))
    return "-".join(parts)


@asynccontextmanager
async def _open_tastytrade(connection: Connection) -> AsyncIterator[TastytradeProvider]:
    from ttapi_client import open_tastytrade
    from ttapi_onboarding import read_credentials

    settings = connection.settings
    credentials = read_credentials(connection.environment)
    async with open_tastytrade(
        _tastytrade_url(settings),
        client_secret=credentials.client_secret,
        refresh_token=credentials.refresh_token,
        name=_tastytrade_source(settings),
        simulated=False,
        limits=settings.limits(),
        retry=settings.retry(),
    ) as provider:
        # One cheap question first finds wrong credentials and an absent server at once, not symbol by symbol.
        health = await provider.health_check()
        if health.cause is not None:
            raise health.cause
        yield provider


@asynccontextmanager
async def _open_tastytrade_broker(connection: Connection) -> AsyncIterator[Broker]:
    from ttapi_client import TastytradeBroker

    real = is_real_money(connection.settings)
    async with _open_tastytrade(connection) as provider:
        yield TastytradeBroker(provider.api, name=provider.name, is_real_money=real)


def is_real_money(settings: Settings) -> bool:
    """Tell whether orders can cost money: everywhere but at the broker's own test system."""
    return _server(_tastytrade_url(settings)) != _server(_TASTYTRADE_URLS["cert"])


def _tastytrade_url(settings: Settings) -> str:
    return settings.tastytrade.base_url or _TASTYTRADE_URLS[settings.tastytrade.environment]


def _tastytrade_source(settings: Settings) -> str:
    """Name each server apart: what one said is no cached answer of another."""
    server = _server(_tastytrade_url(settings))
    environment = next((name for name, url in _TASTYTRADE_URLS.items() if _server(url) == server), None)
    if environment is not None:
        return "tastytrade" if environment == "production" else f"tastytrade-{environment}"
    if _PLAIN_SERVER.fullmatch(server):
        return f"tastytrade-{server.replace('.', '_')}"
    # Of any other only a digest is its own.
    digest = hashlib.sha256(server.encode()).hexdigest()[:12]
    return f"tastytrade-{re.sub('[^a-z0-9-]+', '_', server.lower())[:38]}-{digest}"


def _server(url: str) -> str:
    """Return host, port and path of a URL, and nothing that is secret."""
    from ttapi_core import ConfigurationError

    server = None
    with suppress(ValueError):  # not named as the cause below: it may show a password
        parts = urlsplit(url)
        if parts.hostname:
            server = f"{parts.hostname}-{parts.port or _PORTS[parts.scheme]}{parts.path.rstrip('/')}"
    if server is None:
        raise ConfigurationError(
            "tastytrade.base_url",
            "the value cannot be used",
            accepted="a URL such as https://api.example.com",
        )
    return server


@asynccontextmanager
async def _open_files(connection: Connection) -> AsyncIterator[DataProvider]:
    provider = _files_provider(connection.settings)
    try:
        yield provider
    finally:
        await provider.aclose()


def _files_provider(settings: Settings) -> FilesProvider:
    from ttapi_core import ConfigurationError
    from ttapi_platform import FilesProvider

    path, mapping = settings.files.path, settings.files.mapping
    if path is None:
        raise ConfigurationError("files.path", "is not set", hint="name the directory with --path")
    return FilesProvider(
        Path(path).expanduser(), mapping=Path(mapping).expanduser() if mapping is not None else None
    )


SPECS: Final = (
    ProviderSpec(
        name="sandbox",
        description="a simulated tastytrade on this machine: 507 symbols, nothing to set up",
        simulated=True,
        needs_credentials=False,
        datasets=_ALL,
        open=_open_sandbox,
        open_broker=_open_sandbox_broker,
        source=_sandbox_source,
    ),
    ProviderSpec(
        name="tastytrade",
        description="the tastytrade API, with your account",
        simulated=False,
        needs_credentials=True,
        datasets=_ALL,
        open=_open_tastytrade,
        open_broker=_open_tastytrade_broker,
        source=_tastytrade_source,
    ),
    ProviderSpec(
        name="files",
        description="a directory of CSV or Parquet files that you have",
        simulated=False,
        needs_credentials=False,
        datasets=("eod_data",),
        open=_open_files,
        opens_late=False,
        since_default=date(1900, 1, 1),
    ),
)
"""Every provider, in the order in which they are listed."""
