# SPDX-License-Identifier: Apache-2.0
"""A running sandbox: the application behind a socket, in the loop that asks for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import uvicorn

from ttapi_core import ConfigurationError, UsageError
from ttapi_sandbox.application import Application
from ttapi_sandbox.connections import SandboxProtocol
from ttapi_sandbox.settings import SandboxSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from ttapi_core import Clock
    from ttapi_sandbox.faults import FaultPlan
    from ttapi_sandbox.statistics import Statistics

GRACE_S = 2
"""Seconds that running answers and streams get when the server ends."""

IDLE_S = 75
"""Seconds that a connection may be idle between requests."""

BACKLOG = 2048
"""Connections that may wait to be accepted."""


class _Server(uvicorn.Server):
    """A server that leaves signals alone and tells the application that it ends."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing
        self.begun = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signal handlers of the process as they are."""
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to exit; whatever happens, nobody waits for the beginning in vain."""
        try:
            await super().serve(sockets)
        finally:
            self.begun.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.begun.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End whatever waits for nothing but time, then everything else."""
        self._closing.set()
        await super().shutdown(sockets)


class Sandbox:
    """
    A sandbox that listens while its context is entered.

    It runs in the caller's event loop, installs no signal handlers, and closes all its sockets on exit.

    Parameters
    ----------
    settings
        What it is told; the defaults when left out.
    clock
        Runs the market (unless the settings hold it still), ages tokens and fills the rate limit.

    Examples
    --------
    >>> import asyncio
    >>> async def main() -> bool:
    ...     async with Sandbox(SandboxSettings(seed=7)) as sandbox:
    ...         return sandbox.url.startswith("http://127.0.0.1:")
    >>> asyncio.run(main())
    True
    """

    def __init__(self, settings: SandboxSettings | None = None, *, clock: Clock | None = None) -> None:
        self.settings = settings if settings is not None else SandboxSettings()
        self._clock = clock
        self._application: Application | None = None
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._passing: asyncio.Task[None] | None = None
        self._url = ""

    async def __aenter__(self) -> Self:
        """
        Listen.

        Raises
        ------
        ConfigurationError
            If the address cannot be listened on, or the as-of date cannot be simulated.
        UsageError
            If it was started before.
        """
        if self._application is not None:
            raise UsageError("this sandbox was started before", hint="make a new one")
        application = self._application = Application(self.settings, self._clock)
        listener = _listener(self.settings)
        port = listener.getsockname()[1]
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        self._url = application.tokens.base_url = f"http://{host}:{port}"
        self._server = _Server(_config(application), application.closing)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="sandbox")
        await self._server.begun.wait()
        if self._serving.done():
            self._serving.result()
        self._passing = asyncio.create_task(application.run(), name="sandbox time")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening, end streams and answers, close all sockets."""
        if self._passing is not None:
            self._passing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._passing
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        if self._passing is not None:
            self.application.keep()

    @property
    def application(self) -> Application:
        """
        The application behind the socket.

        Raises
        ------
        UsageError
            If the sandbox was not started.
        """
        if self._application is None:
            raise UsageError("this sandbox was not started", hint="enter it with `async with`")
        return self._application

    @property
    def url(self) -> str:
        """The address of the REST API, without a slash at the end."""
        return self._url

    @property
    def client_secret(self) -> str:
        """The client secret that it accepts; a made-up one."""
        return self.application.tokens.client_secret

    @property
    def refresh_token(self) -> str:
        """The refresh token that it accepts; a made-up one."""
        return self.application.tokens.refresh_token

    @property
    def statistics(self) -> Statistics:
        """What it counted."""
        return self.application.statistics

    @property
    def faults(self) -> FaultPlan:
        """What goes wrong; can be changed while it runs."""
        return self.application.faults


def _config(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=SandboxProtocol,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=1024 * 1024,
        ws_ping_interval=None,
        lifespan="off",
        loop="asyncio",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        headers=[("x-simulated", "true")],
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=GRACE_S,
    )


def _listener(settings: SandboxSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as exc:
        address = f"{settings.host}:{settings.port}"
        raise ConfigurationError(
            "port", f"cannot listen on {address}: {exc.strerror}", accepted="a free port"
        ) from exc
