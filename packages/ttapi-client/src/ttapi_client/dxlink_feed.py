# SPDX-License-Identifier: Apache-2.0
"""
A live feed over real sockets: the thin shell around `FeedEngine`.

Needs the extra ``stream``. One task drives the engine; each connection has a task that reads and one that
sends. A reader of the feed that is slow delays nobody: what becomes of events is the buffer's policy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Self

from ttapi_client.dxlink_buffers import FeedItem
from ttapi_client.dxlink_engine import FeedEngine, FeedPolicy, Instant, OpenLine
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import FeedStatistics
from ttapi_client.link import open_socket, require_stream_extra
from ttapi_client.logs import get_logger
from ttapi_client.socket_lines import SocketLines, pause
from ttapi_core.clock import Clock, SystemClock
from ttapi_core.errors import StreamInterruptedError, TTError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from ttapi_client.market_data import QuoteToken

_log = get_logger(__name__)


class MarketFeed:
    """
    Typed live events, with a report of every gap; open while its context is entered.

    Parameters
    ----------
    quote_token
        Asks for a new quote token; asked again before the token ends, or when it is refused.
    policy
        Waits and bounds.
    clock
        Tells the time and waits.
    seed
        Seed of the jitter.

    Raises
    ------
    MissingExtraError
        If the extra ``stream`` is not installed.

    Examples
    --------
    Quotes and minute candles of one name, from a client that is logged in::

        async with MarketFeed(client.quote_token) as feed:
            feed.add([Subscription("Quote", "SPY"), Subscription("Candle", "SPY{=m}", from_time_ms)])
            async for item in feed.items():
                ...
    """

    def __init__(
        self,
        quote_token: Callable[[], Awaitable[QuoteToken]],
        *,
        policy: FeedPolicy | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        require_stream_extra()
        self._ask_token = quote_token
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._engine = FeedEngine(policy or FeedPolicy(), self._instant(), seed=seed)
        self._token: QuoteToken | None = None
        self._lines = SocketLines(received=self._on_frame, lost=self._on_lost)
        self._wakeup = asyncio.Event()
        self._due_s = 0.0
        self._arrived = asyncio.Event()
        self._driver: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def statistics(self) -> FeedStatistics:
        """What the feed saw."""
        return self._engine.statistics

    def _instant(self) -> Instant:
        return Instant(self._clock.monotonic(), self._clock.now())

    async def __aenter__(self) -> Self:
        """
        Begin to connect.

        Raises
        ------
        UsageError
            If it was entered before.
        """
        if self._driver is not None or self._closed:
            raise UsageError("this feed was started before", hint="make a new one")
        self._engine.start(self._instant())
        self._driver = asyncio.create_task(self._drive(), name="feed-driver")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all sockets and join all tasks; whoever reads the items comes to their end. Idempotent."""
        self._closed = True
        self._arrived.set()
        if self._driver is not None:
            self._driver.cancel()
            await asyncio.gather(self._driver, return_exceptions=True)
        await self._lines.aclose()

    def add(self, subscriptions: Iterable[Subscription]) -> None:
        """
        Subscribe, at any time; candles are given with the time from which they are wanted.

        Raises
        ------
        ParameterError
            If an event type or a candle symbol is none.
        """
        self._engine.add(subscriptions)
        self._wakeup.set()

    def remove(self, subscriptions: Iterable[Subscription]) -> None:
        """Unsubscribe, at any time."""
        self._engine.remove(subscriptions)
        self._wakeup.set()

    def use_format(self, data_format: str) -> None:
        """Ask for ``COMPACT`` or ``FULL`` from now on; ParameterError if it is neither."""
        self._engine.use_format(data_format)
        self._wakeup.set()

    async def items(self) -> AsyncGenerator[FeedItem, None]:
        """
        Yield events and reports as they come, until the feed is closed. For one reader.

        Yields
        ------
        FeedItem
            A typed event, a `GapReport`, a `BackfillReport`, or an `EventRejected`.

        Raises
        ------
        TTError
            If the feed cannot go on: the grant was refused, or the outage lasted too long.
        UsageError
            If the feed was not entered.
        """
        if self._driver is None:
            raise UsageError("this feed was not started", hint="enter it with `async with`")
        while True:
            self._arrived.clear()
            for item in self._engine.buffer.take():
                yield item
            if self._closed:
                return
            if self._engine.failure is not None:
                raise self._engine.failure
            if not self._engine.buffer.waiting:
                await self._arrived.wait()

    # The driver

    async def _drive(self) -> None:
        try:
            while self._engine.failure is None:
                self._engine.tick(self._instant())
                self._act()
                self._due_s = self._engine.next_timer_s
                await pause(self._clock, self._due_s, self._wakeup)
        except Exception:
            _log.exception("feed_driver_failed")
            self._engine.failure = StreamInterruptedError("the feed failed")
            raise
        finally:
            self._arrived.set()

    def _act(self) -> None:
        for action in self._engine.actions():
            if isinstance(action, OpenLine):
                self._lines.start(action.line, self._open(action.line, fresh=action.fresh_token))
            else:
                self._lines.close(action.line)
        for line, frames in self._engine.frames_to_send():
            self._lines.send(line, frames)
        if self._engine.buffer.waiting:
            self._arrived.set()

    # A connection

    async def _open(self, line: int, *, fresh: bool) -> None:
        try:
            token = await self._good_token(fresh=fresh)
            socket = await open_socket(token.dxlink_url)
        except TTError as exc:
            self._on_failed(line, exc)
            return
        except Exception as exc:  # noqa: BLE001 - the end of a task: a fault of the caller's function too
            self._on_failed(line, StreamInterruptedError(f"no connection: {type(exc).__name__}"))
            return
        self._lines.attach(line, socket)
        self._engine.opened(line, token.token, self._instant(), token_ends=token.expires_at)
        self._wakeup.set()
        await self._lines.serve(line, socket)

    async def _good_token(self, *, fresh: bool) -> QuoteToken:
        token = self._token
        if fresh or token is None or token.ends_within(1.0, self._clock.now()):
            token = self._token = await self._ask_token()
        return token

    def _on_failed(self, line: int, cause: TTError) -> None:
        self._engine.failed(line, cause, self._instant())
        self._wakeup.set()

    def _on_frame(self, line: int, frame: bytes) -> None:
        self._engine.received(line, frame, self._instant())
        self._act()
        if self._engine.next_timer_s < self._due_s:
            self._wakeup.set()

    def _on_lost(self, line: int, reason: str) -> None:
        self._engine.lost(line, reason, self._instant())
        self._wakeup.set()
