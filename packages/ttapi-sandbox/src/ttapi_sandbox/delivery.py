# SPDX-License-Identifier: Apache-2.0
"""Putting an answer on the wire, whole or as a fault of the transport would have it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ttapi_sandbox.answers import Answer
    from ttapi_sandbox.asgi import Receive, Send
    from ttapi_sandbox.connections import Connection
    from ttapi_sandbox.faults import Fault

LATENCY_S: Final = 0.5
DRIP_S: Final = 2.0
DRIP_PIECES: Final = 20


async def deliver(answer: Answer, send: Send) -> None:
    """Send a whole answer."""
    await _begin(answer, send)
    await send({"type": "http.response.body", "body": answer.body})


async def _begin(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", answer.media_type),
        (b"content-length", str(len(answer.body)).encode()),
        *answer.headers,
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


class Delivery:
    """
    How one answer reaches its client under a fault.

    Parameters
    ----------
    connection
        The client's connection.
    receive, send
        The channels of the request.
    closing
        Set when the server ends; whoever waits then stops waiting.
    """

    def __init__(
        self, connection: Connection, *, receive: Receive, send: Send, closing: asyncio.Event
    ) -> None:
        self._connection = connection
        self._receive = receive
        self._send = send
        self._closing = closing

    async def deliver(self, answer: Answer, fault: Fault) -> None:
        """Send an answer as the fault's kind demands."""
        if fault.kind == "latency":
            await self._pause(fault.seconds(LATENCY_S))
        elif fault.kind == "drip":
            await self._drip(answer, fault.seconds(DRIP_S))
            return
        elif fault.kind in {"drop", "mute"}:
            await self._be_silent(drop=fault.kind == "drop")
            return
        elif fault.kind in {"reset", "truncated"}:
            await self._break_off(answer, reset=fault.kind == "reset")
            return
        await deliver(answer, self._send)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return

    async def _drip(self, answer: Answer, seconds: float) -> None:
        await _begin(answer, self._send)
        size = max(1, -(-len(answer.body) // DRIP_PIECES))
        for start in range(0, len(answer.body), size):
            await self._pause(seconds / DRIP_PIECES)
            piece = answer.body[start : start + size]
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def _be_silent(self, *, drop: bool) -> None:
        if not drop:
            await self._wait_for_the_end()
        self._connection.abort()
        await self._gone()

    async def _break_off(self, answer: Answer, *, reset: bool) -> None:
        await _begin(answer, self._send)
        half = answer.body[: len(answer.body) // 2]
        await self._send({"type": "http.response.body", "body": half, "more_body": True})
        if reset:
            self._connection.reset()
        elif self._connection.transport is not None:
            # A close after what was written: the peer reads less than was promised, then the end.
            self._connection.transport.close()
        await self._gone()

    async def _wait_for_the_end(self) -> None:
        closing = asyncio.ensure_future(self._closing.wait())
        gone = asyncio.ensure_future(self._gone())
        _, waiting = await asyncio.wait({closing, gone}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _gone(self) -> None:
        # The server knows that the connection is lost only some turns of the loop after it was cut.
        while (await self._receive())["type"] != "http.disconnect":
            pass
