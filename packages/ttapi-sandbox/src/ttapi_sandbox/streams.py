# SPDX-License-Identifier: Apache-2.0
"""The market data stream on its socket: reads, answers, sends snapshots and ticks, gives up who is silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.dxlink import Session, error, said
from ttapi_sandbox.events import EventSource
from ttapi_sandbox.option_chains import ChainBook

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttapi_sandbox.application import Application
    from ttapi_sandbox.asgi import Receive, Send
    from ttapi_sandbox.connections import Connection
    from ttapi_sandbox.faults import Fault

MESSAGES_BEFORE_FAULT: Final = 6
"""Messages that a faulty stream sends well, unless the fault says otherwise: up to the first data."""

RESTARTING: Final = 1012
_SOCKET_KINDS: Final = frozenset({"stream-drop", "stream-reset", "stream-restart"})


async def serve_stream(
    application: Application,
    fault: Fault | None,
    connection: Connection,
    *,
    receive: Receive,
    send: Send,
) -> None:
    """Serve one stream until either side ends it."""
    await receive()
    await send({"type": "websocket.accept"})
    stream = _Stream(application, fault, connection, receive=receive, send=send)
    await stream.run()


class _EndedError(Exception):
    """Raised by a task of a stream to end all of them."""


class _Stream:
    def __init__(
        self,
        application: Application,
        fault: Fault | None,
        connection: Connection,
        *,
        receive: Receive,
        send: Send,
    ) -> None:
        market = application.market
        self._application = application
        self._fault = fault
        self._connection = connection
        self._receive = receive
        self._send_raw = send
        self._session = Session(
            market,
            EventSource(market, ChainBook(market)),
            accepts=application.tokens.accepts,
            snapshots_max=application.settings.snapshots_max,
        )
        self._sent = 0
        self._muted = False
        self._switching = False
        self._heard_at = application.clock.monotonic()
        self._wanted = asyncio.Event()
        # Held while a message is taken and answered, so that no data overtakes the answer that announces it.
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._read(), name="stream reader")
                tasks.create_task(self._send_snapshots(), name="stream snapshots")
                tasks.create_task(self._keep_alive(), name="stream keepalive")
                if self._application.settings.as_of is None and self._application.settings.ticks_per_s:
                    tasks.create_task(self._tick(), name="stream ticks")
        except* (_EndedError, OSError):
            # Either side ended it, or the client went away while something was on its way to it.
            pass

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                raise _EndedError
            self._heard_at = self._application.clock.monotonic()
            self._application.statistics.messages_in += 1
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode("utf-8", "replace")
            async with self._turn:
                await self._send(self._session.receive(text))
            if self._session.ended:
                await self._close(1000)
            self._wanted.set()

    async def _send_snapshots(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while (messages := self._session.next_snapshot()) is not None:
                async with self._turn:
                    await self._send(messages)
                    self._session.snapshot_sent()
                # Others want to be served, too.
                await asyncio.sleep(0)

    async def _keep_alive(self) -> None:
        clock = self._application.clock
        said_at = clock.monotonic()
        while True:
            session = self._session
            await clock.sleep(min(session.client_timeout_s, session.server_timeout_s / 2) / 4)
            now = clock.monotonic()
            if now - self._heard_at > session.client_timeout_s:
                await self._send([error(0, "TIMEOUT", "Nothing was heard for too long")])
                await self._close(1000)
            if now - said_at >= session.server_timeout_s / 2:
                said_at = now
                await self._send([said("KEEPALIVE", 0)])

    async def _tick(self) -> None:
        settings = self._application.settings
        while True:
            await self._application.clock.sleep(1 / settings.ticks_per_s)
            async with self._turn:
                await self._send(self._session.tick(with_candles=settings.candle_ticks))

    async def _send(self, messages: Iterable[str]) -> None:
        for message in messages:
            await self._suffer_fault()
            if self._muted:
                continue
            self._sent += 1
            self._application.statistics.messages_out += 1
            await self._send_raw({"type": "websocket.send", "text": message})
        if self._switching:
            self._switching = False
            await self._send(self._session.switch_to_full())

    async def _close(self, code: int) -> None:
        if not self._muted:
            await self._send_raw({"type": "websocket.close", "code": code})
        raise _EndedError

    async def _suffer_fault(self) -> None:
        fault = self._fault
        if fault is None or self._sent < (fault.spec.after or MESSAGES_BEFORE_FAULT):
            return
        self._fault = None
        self._application.statistics.faults[fault.kind] += 1
        if fault.kind in _SOCKET_KINDS:
            await self._lose_socket(fault.kind)
        elif fault.kind == "stream-mute":
            self._muted = True
        elif fault.kind == "stream-empty":
            self._session.empty_snapshots = True
        elif fault.kind == "stream-full":
            # Only after what is on its way: it was written in the old format.
            self._switching = True
        else:
            await self._send([error(0, "UNKNOWN", "Something went wrong (a simulated fault)")])

    async def _lose_socket(self, kind: str) -> None:
        if kind == "stream-restart":
            await self._close(RESTARTING)
        elif kind == "stream-reset":
            self._connection.reset()
        else:
            self._connection.abort()
        raise _EndedError
