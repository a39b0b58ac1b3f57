# SPDX-License-Identifier: Apache-2.0
"""
pyreqwest as an httpx transport.

pyreqwest ships one itself, which we do not use: it says ``ConnectError`` of every connection that breaks
before the answer and ``ConnectTimeout`` of every answer that is late, also when the peer has executed the
request. An order repeated on that word would be placed twice. Only the chain of causes tells: hyper's
``client error (Connect)`` stands in it if, and only if, no connection was made. Anything else may have been
sent. Besides, its messages hold the whole URL, query included; ours are made of the causes without it.

A cancellation that comes together with the answer is lost in pyreqwest (about one in a thousand): the await
returns as though nobody had asked to stop. So the count of cancellations is compared before and after.

Its thread wakes the event loop from within Python. If the interpreter ends before that thread has left it,
the process is aborted, after all was done and written. So the end waits for it (`wait_for_foreign_threads`).
"""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

import httpx
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    DetailedPyreqwestError,
    PyreqwestError,
)
from pyreqwest.exceptions import (
    DecodeError as PyreqwestDecodeError,
)
from pyreqwest.exceptions import (
    RequestTimeoutError as PyreqwestTimeoutError,
)
from pyreqwest.proxy import ProxyBuilder
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from ttapi_core import LimitPolicy

T = TypeVar("T")

NOT_CONNECTED: Final = "client error (Connect)"
"""hyper's word for: the connection was not made."""
FOREIGN_WAIT_MAX_S: Final = 0.5
"""Seconds that the end of the interpreter waits for threads that are not its own."""
_SET_BY_TRANSPORT: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def wait_for_foreign_threads(wait_max_s: float = FOREIGN_WAIT_MAX_S) -> None:
    """
    Wait until no thread that Python did not start is within Python, or for so long at most.

    Parameters
    ----------
    wait_max_s
        Seconds; a thread that never leaves shall not keep the process.
    """
    until_s = time.monotonic() + wait_max_s
    while time.monotonic() < until_s:
        own = {thread.ident for thread in threading.enumerate()}
        if own.issuperset(sys._current_frames()):  # noqa: SLF001 - documented, and there is no other way
            return
        time.sleep(0.001)


atexit.register(wait_for_foreign_threads)


class PyreqwestTransport(httpx.AsyncBaseTransport):
    """
    An httpx transport over pyreqwest, with exact failures.

    Timeouts are those of ``limits``; the ``timeout`` extension of a request is not read.

    Parameters
    ----------
    limits
        Number of idle connections, timeouts.
    proxy
        URL of the proxy, or None for none.
    idle_s
        Seconds that an idle connection is kept.
    """

    def __init__(self, limits: LimitPolicy, *, proxy: str | None = None, idle_s: float = 20.0) -> None:
        builder = (
            ClientBuilder()
            .follow_redirects(False)
            .referer(False)
            .gzip(False)
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .http2(True)
            .http2_adaptive_window(True)
            .no_proxy()
            .connect_timeout(timedelta(seconds=limits.connect_timeout_s))
            .read_timeout(timedelta(seconds=limits.read_timeout_s))
            .pool_idle_timeout(timedelta(seconds=idle_s))
            .pool_max_idle_per_host(limits.concurrency_max)
        )
        if proxy is not None:
            builder = builder.proxy(ProxyBuilder.all(proxy))
        self._client: Client = builder.build()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its answer, the body not yet read."""
        exchange = self._exchange(request)
        failure: httpx.TransportError
        try:
            response = await heeding_cancellation(exchange.__aenter__(), undo=lambda: _closed(exchange))
        except PyreqwestError as exc:
            failure = _failure(exc)
        else:
            return httpx.Response(
                response.status,
                headers=list(response.headers.items()),
                stream=_Stream(exchange, response),
                extensions={"http_version": response.version.encode("ascii")},
            )
        # Raised outside of the handler: the context would bring back the text with the URL.
        raise failure

    def _exchange(self, request: httpx.Request) -> StreamRequest:
        headers = [pair for pair in request.headers.multi_items() if pair[0] not in _SET_BY_TRANSPORT]
        failure: httpx.TransportError
        try:
            builder = self._client.request(request.method, str(request.url)).headers(headers)
            return builder.body_bytes(request.content).build_streamed()
        except (PyreqwestError, ValueError) as exc:
            failure = httpx.LocalProtocolError(
                f"refused before sending ({type(exc).__name__})", request=request
            )
        raise failure

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.close()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, exchange: StreamRequest, response: Response) -> None:
        self._exchange = exchange
        self._reader = response.body_reader

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._read()) is not None:
            yield chunk

    async def _read(self) -> bytes | None:
        failure: httpx.TransportError
        try:
            chunk = await heeding_cancellation(self._reader.read_chunk())
        except PyreqwestError as exc:
            failure = _failure(exc)
        else:
            return None if chunk is None else bytes(chunk)
        raise failure

    async def aclose(self) -> None:
        await self._exchange.__aexit__(None, None, None)


async def _closed(exchange: StreamRequest) -> None:
    await exchange.__aexit__(None, None, None)


async def heeding_cancellation(
    waited_for: Awaitable[T], *, undo: Callable[[], Awaitable[None]] | None = None
) -> T:
    """
    Await something, and end with the cancellation that it swallowed, if it did.

    Parameters
    ----------
    waited_for
        What is awaited.
    undo
        Called first, where what came has to be given back.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    result = await waited_for
    if task is not None and task.cancelling() > before:
        if undo is not None:
            await undo()
        raise asyncio.CancelledError
    return result


def _failure(error: PyreqwestError) -> httpx.TransportError:
    # Most specific first: not connected; too late; not HTTP; anything else is a connection that broke.
    causes = _causes(error)
    text = f"{type(error).__name__}: {causes[-1] if causes else 'no cause given'}"
    if NOT_CONNECTED in causes:
        return httpx.ConnectError(text)
    if isinstance(error, BuilderError):
        return httpx.LocalProtocolError(text)
    if isinstance(error, PyreqwestTimeoutError):
        return httpx.ReadTimeout(text)
    if isinstance(error, PyreqwestDecodeError):
        return httpx.RemoteProtocolError(text)
    return httpx.ReadError(text)


def _causes(error: PyreqwestError) -> list[str]:
    details: Any = error.details if isinstance(error, DetailedPyreqwestError) else {}
    messages = [str(cause.get("message", "")) for cause in details.get("causes") or ()]
    return [message for message in messages if "://" not in message]
