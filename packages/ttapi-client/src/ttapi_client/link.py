# SPDX-License-Identifier: Apache-2.0
"""
One DXLink websocket, from its opening to its end: the thin shell around `DXLinkProtocol`.

Needs the extra ``stream``. Three tasks serve it: the reader feeds the protocol, the writer sends what the
protocol wants sent, the timer lets it see the time. None waits for another, so a peer that stops reading
delays nothing but its own end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from ttapi_client.dxlink_protocol import (
    ChannelClosed,
    ChannelOpened,
    Closed,
    DXLinkProtocol,
    FrameRejected,
    PeerError,
    ProtocolEvent,
    Ready,
)
from ttapi_client.logs import get_logger
from ttapi_core.errors import MissingExtraError, ProtocolError, StreamInterruptedError, TTError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from ttapi_core.clock import Clock

_log = get_logger(__name__)

T = TypeVar("T")

FRAME_BYTES_MAX: Final = 4 * 1024 * 1024
"""A longer frame ends the connection; servers keep theirs at or below 64 KiB."""
_CLOSE_TIMEOUT_S: Final = 1.0

Handler = Callable[[ProtocolEvent], None]
"""Takes the events of one channel, in the reader's task; must not wait."""


@dataclass(slots=True)
class StreamStatistics:
    """Connections that were opened, and frames that could not be read."""

    connects: int = 0
    frames_rejected: int = 0


def require_stream_extra() -> None:
    """Raise `MissingExtraError` if the extra ``stream`` is not installed."""
    try:
        import msgspec  # noqa: F401, PLC0415 - an extra: only asked whether it is there
        import websockets.asyncio.client  # noqa: F401, PLC0415 - an extra, and heavy
    except ModuleNotFoundError as exc:
        raise MissingExtraError("ttapi-client", "stream", "streaming over DXLink") from exc


async def open_socket(url: str) -> ClientConnection:
    """
    Open a websocket; without encryption on loopback only.

    Raises
    ------
    ProtocolError
        If the address is no such.
    StreamInterruptedError
        If there is no connection.
    """
    from websockets.asyncio.client import connect  # noqa: PLC0415 - an extra, and heavy
    from websockets.exceptions import WebSocketException  # noqa: PLC0415 - likewise

    parts = urlsplit(url)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise ProtocolError("the address of the stream is no websocket address")
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme == "ws" and not loopback:
        raise ProtocolError("the address of the stream is a websocket without encryption")
    try:
        return await connect(
            url,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            ping_interval=None,  # DXLink has its own keepalive, and it is ours to watch
            close_timeout=_CLOSE_TIMEOUT_S,
            proxy=None if loopback else True,
            user_agent_header="ttapi/0.1.0",
        )
    except (OSError, WebSocketException, TimeoutError) as exc:
        raise StreamInterruptedError(f"no connection to {parts.hostname}: {type(exc).__name__}") from exc


@dataclass(slots=True)
class Channel:
    """An open channel: its number, and whom its events wake."""

    link: Link
    number: int
    handler: Handler | None = None
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    opened: bool = False
    ended: TTError | None = None

    def on_event(self, event: ProtocolEvent) -> None:
        """Take an event of the channel, or of the connection."""
        match event:
            case ChannelOpened():
                self.opened = True
            case ChannelClosed():
                self.ended = StreamInterruptedError(f"the peer closed channel {self.number}")
            case Closed(cause):
                self.ended = cause
            case _:
                if self.handler is not None:
                    self.handler(event)
                    return
        self.wakeup.set()

    def check(self) -> None:
        """Raise what ended the channel, if something did."""
        if self.ended is not None:
            raise self.ended


class Link:
    """One websocket, from its opening to its end, and the tasks that serve it."""

    def __init__(
        self, socket: ClientConnection, protocol: DXLinkProtocol, clock: Clock, statistics: StreamStatistics
    ) -> None:
        self.protocol = protocol
        self.cause: TTError | None = None
        self._socket = socket
        self.clock = clock
        self._statistics = statistics
        self._channels: dict[int, Channel] = {}
        self._ready = asyncio.Event()
        self._to_send = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, token: str, *, timeout_s: float) -> None:
        """Shake hands; raises what kept it from being ready."""
        self.protocol.connect(token, self.clock.monotonic())
        self._tasks = [
            asyncio.create_task(self._read(), name="dxlink-reader"),
            asyncio.create_task(self._write(), name="dxlink-writer"),
            asyncio.create_task(self._watch_time(), name="dxlink-timer"),
        ]
        self.flush()
        await within(self.clock, timeout_s, self._ready.wait(), "the handshake")
        if self.cause is not None:
            raise self.cause

    async def aclose(self) -> None:
        """Close the socket and join the tasks; idempotent."""
        self._handle(self.protocol.closed("by us"))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def open_channel(self, contract: str, *, timeout_s: float) -> Channel:
        """Open a channel of ``contract``; leave it with `leave_channel`."""
        if self.cause is not None:
            raise self.cause
        channel = Channel(self, self.protocol.open_channel(contract))
        self._channels[channel.number] = channel
        try:
            self.flush()
            await within(self.clock, timeout_s, _until_opened(channel), "the channel")
        except StreamInterruptedError:
            self.abandon("no channel was opened")
            raise
        except BaseException:
            self.leave_channel(channel)
            raise
        return channel

    def leave_channel(self, channel: Channel) -> None:
        """Close a channel, without waiting for the peer."""
        self._channels.pop(channel.number, None)
        self.protocol.cancel_channel(channel.number)
        self.flush()

    def abandon(self, reason: str) -> None:
        """Take the connection for broken, although the socket is still open."""
        self._handle(self.protocol.closed(reason))

    def flush(self) -> None:
        """Let the writer send what waits."""
        if self.protocol.has_frames_to_send:
            self._to_send.set()

    async def _read(self) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - an extra, and heavy

        try:
            while self.cause is None:
                frame = await self._socket.recv(decode=False)
                self._handle(self.protocol.receive_frame(frame, self.clock.monotonic()))
        except ConnectionClosed as exc:
            code = exc.rcvd.code if exc.rcvd is not None else 1006
            self._handle(self.protocol.closed(f"code {code}"))
        except Exception:  # noqa: BLE001 - the end of the task: a fault of ours must end the stream
            _log.exception("stream_reader_failed")
            self._handle(self.protocol.closed("reading failed"))

    async def _write(self) -> None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - an extra, and heavy

        with contextlib.suppress(ConnectionClosed):  # the reader sees it too, and knows why
            while True:
                await self._to_send.wait()
                self._to_send.clear()
                for frame in self.protocol.frames_to_send():
                    await self._socket.send(frame)
                    self.protocol.sent(self.clock.monotonic())

    async def _watch_time(self) -> None:
        while self.cause is None:
            now_s = self.clock.monotonic()
            await self.clock.sleep(max(0.0, self.protocol.next_timer_s - now_s))
            self._handle(self.protocol.tick(self.clock.monotonic()))
        self._socket.transport.abort()  # a reader or writer may still wait for the peer that is gone

    def _handle(self, events: Iterable[ProtocolEvent]) -> None:
        for event in events:
            self._handle_one(event)
        self.flush()

    def _handle_one(self, event: ProtocolEvent) -> None:
        match event:
            case Ready():
                self._ready.set()
            case Closed(cause):
                self.cause = cause
                self._ready.set()
                self._tell(0, event)
            case FrameRejected(channel, cause):
                self._statistics.frames_rejected += 1
                _log.warning("frame_rejected", channel=channel, cause=str(cause))
                self._tell(channel, event)
            case PeerError(channel, error, message):
                _log.warning("peer_error", channel=channel, error=error, text=message)
                self._tell(channel, event)
            case _:
                self._tell(event.channel, event)

    def _tell(self, number: int, event: ProtocolEvent) -> None:
        # Channel 0 is the connection itself: it concerns everyone.
        told = self._channels.values() if number == 0 else filter(None, [self._channels.get(number)])
        for channel in list(told):
            channel.on_event(event)


async def _until_opened(channel: Channel) -> None:
    while not channel.opened:
        channel.check()
        channel.wakeup.clear()
        await channel.wakeup.wait()


async def within(clock: Clock, timeout_s: float, work: Coroutine[Any, Any, T], what: str) -> T:
    """Wait for ``work``, at most ``timeout_s`` by ``clock``."""
    working = asyncio.ensure_future(work)
    timer = asyncio.ensure_future(clock.sleep(timeout_s))
    try:
        await asyncio.wait({working, timer}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise StreamInterruptedError(f"{what} took more than {timeout_s:g} s")
        return working.result()
    finally:
        for task in (working, timer):
            task.cancel()
        await asyncio.gather(working, timer, return_exceptions=True)
