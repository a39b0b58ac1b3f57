# SPDX-License-Identifier: Apache-2.0
"""The market data stream on its socket: reads, answers, sends snapshots and ticks, gives up who is silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ttapi_sandbox.dxlink import Session, error, said
from ttapi_sandbox.events import EventSource
from ttapi_sandbox.option_chains import ChainBook
from ttapi_sandbox.sockets import EndedError, StreamSocket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttapi_sandbox.application import Application
    from ttapi_sandbox.asgi import Receive, Send
    from ttapi_sandbox.connections import Connection
    from ttapi_sandbox.faults import Fault


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
        self._receive = receive
        self._socket = StreamSocket(application, fault, connection, send=send, suffer=self._suffer)
        self._session = Session(
            market,
            EventSource(market, ChainBook(market)),
            accepts=application.tokens.accepts,
            snapshots_max=application.settings.snapshots_max,
        )
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
        except* (EndedError, OSError):
            # Either side ended it, or the client went away while something was on its way to it.
            pass

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                raise EndedError
            self._heard_at = self._application.clock.monotonic()
            self._application.statistics.messages_in += 1
            text = message.get("text")
            if text is None:
                text = (message.get("bytes") or b"").decode("utf-8", "replace")
            async with self._turn:
                await self._send(self._session.receive(text))
            if self._session.ended:
                await self._socket.close(1000)
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
                await self._socket.close(1000)
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
        await self._socket.send(messages)
        if self._switching:
            self._switching = False
            await self._socket.send(self._session.switch_to_full())

    def _suffer(self, kind: str) -> Iterable[str]:
        if kind == "stream-empty":
            self._session.empty_snapshots = True
        elif kind == "stream-full":
            # Only after what is on its way: it was written in the old format.
            self._switching = True
        elif kind == "stream-expired":
            self._session.ended = True
            return [error(0, "UNAUTHORIZED", "The token has expired (a simulated fault)")]
        else:
            return [error(0, "UNKNOWN", "Something went wrong (a simulated fault)")]
        return []
