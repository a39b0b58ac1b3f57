# SPDX-License-Identifier: Apache-2.0
"""The sockets of a stream and the tasks that serve them: reading, sending, closing; no decisions."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.logs import get_logger
from ttapi_core.clock import Clock

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_log = get_logger(__name__)

_FRAMES_A_TURN: Final = 64  # frames read in a row before others have their turn
_PAUSE_MAX_S: Final = 3600.0


class SocketLines:
    """
    Connections by number, each with a task that opens and reads, and one that sends.

    What waits to be sent is bounded by what the engine asks to be sent. Whoever owns this closes it.

    Parameters
    ----------
    received
        Takes a frame.
    lost
        Takes the word that a socket closed, and why.
    """

    def __init__(self, *, received: Callable[[int, bytes], None], lost: Callable[[int, str], None]) -> None:
        self._received = received
        self._lost = lost
        self._sockets: dict[int, ClientConnection] = {}
        self._outboxes: dict[int, asyncio.Queue[str]] = {}
        self._tasks: dict[int, list[asyncio.Task[None]]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def start(self, line: int, opening: Coroutine[Any, Any, None]) -> None:
        """Run what opens the socket of a connection, and then serves it."""
        self._tasks[line] = [asyncio.create_task(opening, name=f"line-{line}")]

    async def serve(self, line: int, socket: ClientConnection) -> None:
        """Read until the socket closes."""
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - an extra, and heavy

        reason = "reading failed"
        try:
            for turn in itertools.count(1):
                self._received(line, await socket.recv(decode=False))
                if turn % _FRAMES_A_TURN == 0:
                    await asyncio.sleep(0)
        except ConnectionClosed as exc:
            reason = f"code {exc.rcvd.code if exc.rcvd is not None else 1006}"
        except Exception:  # noqa: BLE001 - the end of the task: a fault of ours must end the connection
            _log.exception("line_reader_failed", line=line)
        self._lost(line, reason)

    def attach(self, line: int, socket: ClientConnection) -> None:
        """Take a socket in, so that frames can be sent on it."""
        self._sockets[line] = socket
        outbox = self._outboxes[line] = asyncio.Queue()
        sender = asyncio.create_task(_send(socket, outbox), name=f"line-{line}-sender")
        self._tasks.setdefault(line, []).append(sender)

    def send(self, line: int, frames: Iterable[str]) -> None:
        """Send frames, in order; nothing happens where the connection is gone."""
        outbox = self._outboxes.get(line)
        if outbox is not None:
            for frame in frames:
                outbox.put_nowait(frame)

    def close(self, line: int) -> None:
        """Give a connection up, without waiting for its end."""
        tasks = self._tasks.pop(line, [])
        self._outboxes.pop(line, None)
        socket = self._sockets.pop(line, None)
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()
        if socket is not None:
            tasks.append(asyncio.create_task(_close(socket), name=f"line-{line}-closing"))
        for task in tasks:
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def aclose(self) -> None:
        """Close all sockets and join all tasks."""
        for line in list(self._tasks):
            self.close(line)
        await asyncio.gather(*self._ending, return_exceptions=True)


async def _send(socket: ClientConnection, outbox: asyncio.Queue[str]) -> None:
    from websockets.exceptions import ConnectionClosed  # noqa: PLC0415 - an extra, and heavy

    with contextlib.suppress(ConnectionClosed):  # the reader sees it too, and knows why
        while True:
            await socket.send(await outbox.get())


async def _close(socket: ClientConnection) -> None:
    with contextlib.suppress(Exception):
        await socket.close()


async def pause(clock: Clock, until_s: float, wakeup: asyncio.Event) -> None:
    """Wait until the clock says ``until_s`` or ``wakeup`` is set, which is taken back."""
    wait_s = until_s - clock.monotonic()
    if wait_s <= 0:
        await asyncio.sleep(0)
        return
    timer = asyncio.ensure_future(clock.sleep(min(wait_s, _PAUSE_MAX_S)))
    waking = asyncio.ensure_future(wakeup.wait())
    try:
        await asyncio.wait({timer, waking}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        waking.cancel()
        await asyncio.gather(timer, waking, return_exceptions=True)
        wakeup.clear()
