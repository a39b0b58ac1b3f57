# SPDX-License-Identifier: Apache-2.0
"""The sockets behind requests and streams: what faults need to cut them."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

    from uvicorn.config import Config
    from uvicorn.server import ServerState

    from ttapi_sandbox.asgi import Scope


class Connection:
    """A client's connection, known from its first byte on; the same for requests and for a stream."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None

    def abort(self) -> None:
        """Close without sending what is still to be sent: the peer reads an early end."""
        if self.transport is not None:
            self.transport.abort()

    def reset(self) -> None:
        """Close so that the peer gets a reset (RST) in place of an end."""
        if self.transport is None:
            return
        peer = self.transport.get_extra_info("socket")
        if peer is not None:
            # Lingering for zero seconds turns the close into a reset.
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class SandboxProtocol(H11Protocol):
    """The HTTP protocol of the server; hands its connection to the application in ``scope["state"]``."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.connection = Connection()
        super().__init__(config, server_state, {**app_state, "connection": self.connection}, _loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as its parent
        """Remember the transport, and let it send every write at once."""
        super().connection_made(transport)
        self.connection.transport = transport
        # Head and body of an answer are two writes: with Nagle's algorithm the second waits 40 ms for the
        # peer to acknowledge the first. The loop switches it off only for sockets that name their protocol.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def connection_of(scope: Scope) -> Connection:
    """Return the connection that a request or stream came in on."""
    connection = scope["state"]["connection"]
    assert isinstance(connection, Connection)
    return connection
