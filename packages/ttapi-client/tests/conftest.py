# SPDX-License-Identifier: Apache-2.0
"""A peer on loopback that misbehaves as told, and clients that talk to it over each transport."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from ttapi_client import ResilientClient, open_transport
from ttapi_core import LimitPolicy, RetryPolicy

QUICK = RetryPolicy(wait_initial_s=0.001, wait_max_s=0.005)
"""Waits that a test can afford on the real clock."""


@dataclass(frozen=True)
class Hit:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


Step = Callable[[Hit, asyncio.StreamWriter], Awaitable[bool]]
"""Answers a request; returns whether the connection stays open."""


@dataclass
class Peer:
    """
    An HTTP/1.1 server that follows a script.

    `on` sets the steps of a path; they are used up in order, and the last one stays.
    """

    hits: list[Hit] = field(default_factory=list)
    url: str = ""
    connections: int = 0
    _scripts: dict[str, list[Step]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    def on(self, path: str, *steps: Step) -> None:
        """Set the steps of ``path``."""
        self._scripts[path] = list(steps)

    def hits_of(self, path: str) -> list[Hit]:
        """Return what arrived for ``path``."""
        return [hit for hit in self.hits if hit.path == path]

    async def start(self) -> None:
        """Listen on a port of loopback."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=512)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while await self._serve_one(reader, writer):
                    await writer.drain()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        fields = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in fields}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        hit = Hit(method, target, headers, body)
        self.hits.append(hit)
        script = self._scripts.get(hit.path, [self.answer(404)])
        step = script.pop(0) if len(script) > 1 else script[0]
        return await step(hit, writer)

    # The steps.

    @staticmethod
    def raw(data: bytes, *, stay: bool = False, gap_s: float = 0.0, step: int = 0) -> Step:
        """Send bytes as they are, at once or ``step`` at a time with gaps; then close unless told to stay."""
        size = step or max(len(data), 1)

        async def run(_: Hit, writer: asyncio.StreamWriter) -> bool:
            for start in range(0, len(data), size):
                writer.write(data[start : start + size])
                await writer.drain()
                await asyncio.sleep(gap_s)
            return stay

        return run

    @staticmethod
    def answer(
        status: int = 200,
        body: bytes | dict[str, Any] = b"{}",
        headers: dict[str, str] | None = None,
        *,
        after_s: float = 0.0,
    ) -> Step:
        """Send a whole answer."""
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        fields = {"Content-Length": str(len(content))} | (headers or {})
        lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        head = "\r\n".join(lines).encode()

        async def run(hit: Hit, writer: asyncio.StreamWriter) -> bool:
            await asyncio.sleep(after_s)
            writer.write(head if hit.method == "HEAD" else head + content)
            return True

        return run

    def drop(self) -> Step:
        """Execute the request, then close without an answer."""
        return self.raw(b"")

    @staticmethod
    def reset() -> Step:
        """Execute the request, then reset the connection."""

        async def run(_: Hit, writer: asyncio.StreamWriter) -> bool:
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False

        return run

    def cut(self) -> Step:
        """Announce more than is sent."""
        return self.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a": ')

    def cut_chunked(self) -> Step:
        """End a chunked body before its last chunk."""
        return self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    def cut_head(self) -> Step:
        """End in the middle of the head."""
        return self.raw(b"HTTP/1.1 200 OK\r\nContent-Le")

    def garbage(self) -> Step:
        """Send something that is no HTTP."""
        return self.raw(b"\x00\x01 this is not HTTP \r\n\r\n")

    @staticmethod
    def mute() -> Step:
        """Take the request and say nothing."""

        async def run(_: Hit, __: asyncio.StreamWriter) -> bool:
            await asyncio.sleep(3600)
            return False

        return run

    def drip(self, *, gap_s: float = 0.02) -> Step:
        """Send a body that takes for ever, some bytes at a time."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
        return self.raw(head + b"x" * 100_000, gap_s=gap_s, step=len(head))


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    """Return a peer that listens."""
    peer = Peer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture(params=["pyreqwest", "httpx"])
def transport_name(request: pytest.FixtureRequest) -> str:
    """Return the name of each transport."""
    return str(request.param)


@pytest.fixture
async def client_of(transport_name: str) -> AsyncIterator[Callable[..., ResilientClient]]:
    """Return a maker of clients over each transport; they are closed at the end."""
    async with AsyncExitStack() as stack:

        def make(url: str, *, limits: LimitPolicy | None = None, **options: Any) -> ResilientClient:
            limits = limits or LimitPolicy()
            transport = open_transport(limits, base_url=url, prefer=transport_name)
            options = {"retry": QUICK, "seed": 1} | options
            client = ResilientClient(url, limits=limits, transport=transport, **options)
            stack.push_async_callback(client.aclose)
            return client

        yield make
