# SPDX-License-Identifier: Apache-2.0
"""The sending side of a stream's socket, and what faults do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ttapi_sandbox.application import Application
    from ttapi_sandbox.asgi import Send
    from ttapi_sandbox.connections import Connection
    from ttapi_sandbox.faults import Fault

MESSAGES_BEFORE_FAULT: Final = 6
"""Messages that a faulty stream sends well, unless the fault says otherwise: up to the first data."""

RESTARTING: Final = 1012
_SOCKET_KINDS: Final = frozenset({"stream-drop", "stream-reset", "stream-restart"})


class EndedError(Exception):
    """Raised by a task of a stream to end all of them."""


class StreamSocket:
    """
    Sends the messages of one stream, and suffers its fault when its time has come.

    Parameters
    ----------
    application
        Counts messages and faults.
    fault
        What goes wrong, if anything.
    connection
        The client's connection.
    send
        The channel of the socket.
    suffer
        Takes the kind of a fault that is not the socket's, and returns what is to be sent for it.
    """

    def __init__(
        self,
        application: Application,
        fault: Fault | None,
        connection: Connection,
        *,
        send: Send,
        suffer: Callable[[str], Iterable[str]],
    ) -> None:
        self._statistics = application.statistics
        self._fault = fault
        self._connection = connection
        self._send = send
        self._suffer = suffer
        self._sent = 0
        self._muted = False
        self._garbling = False
        self._closed = False

    async def send(self, messages: Iterable[str]) -> None:
        """Send messages in order; nothing reaches the client once the stream is mute."""
        for message in messages:
            await self._suffer_fault()
            if self._closed:  # by another task of the stream
                raise EndedError
            if self._muted:
                continue
            text, self._garbling = (_garbled(message) if self._garbling else message), False
            self._sent += 1
            self._statistics.messages_out += 1
            await self._send({"type": "websocket.send", "text": text})

    async def close(self, code: int) -> None:
        """Close the socket, unless the stream is mute, and end its tasks."""
        if not self._muted and not self._closed:
            self._closed = True
            await self._send({"type": "websocket.close", "code": code})
        raise EndedError

    async def _suffer_fault(self) -> None:
        fault = self._fault
        if fault is None or self._sent < (fault.spec.after or MESSAGES_BEFORE_FAULT):
            return
        self._fault = None
        self._statistics.faults[fault.kind] += 1
        if fault.kind in _SOCKET_KINDS:
            await self._lose(fault.kind)
        elif fault.kind == "stream-mute":
            self._muted = True
        elif fault.kind == "stream-garbled":
            self._garbling = True
        else:
            await self.send(self._suffer(fault.kind))
            if fault.kind == "stream-expired":
                await self.close(1000)

    async def _lose(self, kind: str) -> None:
        if kind == "stream-restart":
            await self.close(RESTARTING)
        elif kind == "stream-reset":
            self._connection.reset()
        else:
            self._connection.abort()
        raise EndedError


def _garbled(message: str) -> str:
    return message[: max(1, 2 * len(message) // 3)]
