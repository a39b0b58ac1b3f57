# SPDX-License-Identifier: Apache-2.0
"""
Whole series of candles over DXLink, each asked for once, through broken connections.

Needs the extra ``stream``. What a frame means is decided in `dxlink_protocol`, which snapshot is asked for
next in `snapshots`, the socket is `link`'s; this module owns the connections one after another, and the
waits. Series that go on growing are `MarketFeed`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
)
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Final, Self

from ttapi_client.candles import CANDLE_FIELDS, CandleSeries
from ttapi_client.dxlink_protocol import (
    KEEPALIVE_EVERY_S,
    SILENCE_MAX_S,
    DXLinkProtocol,
    FeedData,
    FrameRejected,
    PeerError,
    ProtocolEvent,
    Subscription,
)
from ttapi_client.link import Channel, Link, StreamStatistics, open_socket, require_stream_extra
from ttapi_client.logs import get_logger
from ttapi_client.snapshots import Changes, SnapshotPlan, SnapshotPolicy
from ttapi_core.clock import Clock, SystemClock
from ttapi_core.errors import (
    AuthenticationError,
    GrantRefusedError,
    TTError,
    UsageError,
)

if TYPE_CHECKING:
    from types import TracebackType

    from ttapi_client.market_data import QuoteToken

_log = get_logger(__name__)

_CANARY_MS: Final = 30 * 86_400_000  # the canary is asked for so much more: there are candles for certain
_TICK_S: Final = 1.0  # how often the timeouts of snapshots are looked at
_TOKEN_MARGIN_S: Final = 300.0  # a quote token is not used so shortly before its end
_TOO_MANY: Final = ("too big", "subscription size")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPolicy:
    """
    Waits and bounds of a connection.

    Parameters
    ----------
    snapshots
        How candle snapshots are asked for.
    connects_max
        Connections opened in a row without any result before it is given up.
    wait_initial_s, wait_max_s
        Before the n-th new connection in a row, a wait is drawn from zero to ``min(wait_max_s, wait_initial_s
        * 2**n)``.
    handshake_timeout_s
        Seconds from opening the socket to a channel that may be used.
    keepalive_every_s, silence_max_s
        See `DXLinkProtocol`.
    """

    snapshots: SnapshotPolicy = field(default_factory=SnapshotPolicy)
    connects_max: int = 6
    wait_initial_s: float = 0.2
    wait_max_s: float = 10.0
    handshake_timeout_s: float = 10.0
    keepalive_every_s: float = KEEPALIVE_EVERY_S
    silence_max_s: float = SILENCE_MAX_S


class CandleHistory:
    """
    Candle series over one DXLink connection, opened when needed and opened again when it breaks.

    Parameters
    ----------
    quote_token
        Asks for a new quote token; it is asked again when the token ends or is refused.
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
    """

    def __init__(
        self,
        quote_token: Callable[[], Awaitable[QuoteToken]],
        *,
        policy: HistoryPolicy | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        require_stream_extra()
        self._ask_token = quote_token
        self._policy = policy if policy is not None else HistoryPolicy()
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._random = random.Random(seed)  # noqa: S311 - jitter, no secret
        self._token: QuoteToken | None = None
        self._link: Link | None = None
        self._connecting = asyncio.Lock()
        self._closed = False
        self.statistics = StreamStatistics()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the socket; iterators under way end with an error. Idempotent."""
        self._closed = True
        link, self._link = self._link, None
        if link is not None:
            await link.aclose()

    async def candles(
        self, symbols: Iterable[str], *, period: str = "d", since: date, regular_hours_only: bool = True
    ) -> AsyncGenerator[tuple[str, CandleSeries | TTError], None]:
        """
        Yield the candles of each symbol exactly once, as they come in.

        Parameters
        ----------
        symbols
            Streamer symbols; a second mention counts for nothing.
        period
            ``d``, ``5m``, ``h`` and so on.
        since
            First day, inclusive, from 00:00 UTC.
        regular_hours_only
            Leave out trades outside regular hours.

        Yields
        ------
        tuple
            A symbol, and its series or why there is none. A symbol that the server never answers for,
            although it answers others, gets an empty series marked ``silent``.

        Raises
        ------
        ParameterError
            If the period or a symbol cannot be used.
        UsageError
            If the connection is closed.
        """
        plan = SnapshotPlan(
            dict.fromkeys(symbols),
            period=period,
            regular_hours_only=regular_hours_only,
            policy=self._policy.snapshots,
        )
        since_ms = round(datetime.combine(since, time(), UTC).timestamp() * 1000)
        patience = _Patience(self._policy, self._clock, self._random)
        while not plan.done:
            try:
                async with self._channel("HISTORY") as channel:
                    async for result in _pump_candles(channel, plan, patience, since_ms):
                        yield result
            except UsageError:
                raise
            except TTError as exc:
                plan.on_disconnected()
                if not await self._worth_another(exc, patience):
                    plan.give_up(exc)
                for result in plan.take_results():
                    yield result

    async def _worth_another(self, cause: TTError, patience: _Patience) -> bool:
        token_refused = isinstance(cause, AuthenticationError) and not isinstance(cause, GrantRefusedError)
        if token_refused:
            self._token = None
        worth = (token_refused or cause.retryable) and await patience.wait()
        _log.warning("stream_interrupted", cause=str(cause), again=worth)
        return worth

    @contextlib.asynccontextmanager
    async def _channel(self, contract: str) -> AsyncIterator[Channel]:
        link = await self._connected()
        channel = await link.open_channel(contract, timeout_s=self._policy.handshake_timeout_s)
        try:
            yield channel
        finally:
            link.leave_channel(channel)

    async def _connected(self) -> Link:
        async with self._connecting:
            if self._closed:
                raise UsageError("the stream is closed")
            if self._link is None or self._link.cause is not None:
                await self._connect()
            assert self._link is not None
            return self._link

    async def _connect(self) -> None:
        stale, self._link = self._link, None
        if stale is not None:
            await stale.aclose()
        token = await self._good_token()
        self.statistics.connects += 1
        link = Link(await open_socket(token.dxlink_url), self._protocol(), self._clock, self.statistics)
        try:
            await link.start(token.token, timeout_s=self._policy.handshake_timeout_s)
        except BaseException:
            await link.aclose()
            raise
        if self._closed:  # closed while connecting
            await link.aclose()
            raise UsageError("the stream is closed")
        self._link = link

    def _protocol(self) -> DXLinkProtocol:
        return DXLinkProtocol(
            keepalive_every_s=self._policy.keepalive_every_s, silence_max_s=self._policy.silence_max_s
        )

    async def _good_token(self) -> QuoteToken:
        token = self._token
        if token is None or token.ends_within(_TOKEN_MARGIN_S, self._clock.now()):
            token = self._token = await self._ask_token()
        return token


class _Patience:
    """How often a broken connection is opened again: full jitter, bounded, begun anew with every result."""

    def __init__(self, policy: HistoryPolicy, clock: Clock, jitter: random.Random) -> None:
        self._policy = policy
        self._clock = clock
        self._random = jitter
        self._failures = 0

    def progress(self) -> None:
        self._failures = 0

    async def wait(self) -> bool:
        self._failures += 1
        if self._failures >= self._policy.connects_max:
            return False
        bound_s = min(self._policy.wait_max_s, self._policy.wait_initial_s * 2 ** (self._failures - 1))
        await self._clock.sleep(self._random.uniform(0, bound_s))
        return True


async def _pump_candles(
    channel: Channel, plan: SnapshotPlan, patience: _Patience, since_ms: int
) -> AsyncGenerator[tuple[str, CandleSeries | TTError], None]:
    """Ask, take, yield, until the plan is done; raises what ended the channel."""
    clock = channel.link.clock
    channel.handler = functools.partial(_on_candle_event, channel, plan)
    channel.link.protocol.setup_feed(channel.number, {"Candle": CANDLE_FIELDS})
    ticking = asyncio.create_task(_tick(channel, plan), name="dxlink-candles-tick")
    try:
        while True:
            channel.wakeup.clear()
            results = plan.take_results()
            _send_changes(channel, plan.changes(clock.monotonic()), since_ms)
            for result in results:
                patience.progress()
                yield result
            if plan.done:
                return
            channel.check()
            if plan.mute:
                channel.link.abandon("it fell mute: not even the canary had an answer with candles")
                channel.check()
            if not results:
                await channel.wakeup.wait()
    finally:
        channel.handler = None
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)


def _on_candle_event(channel: Channel, plan: SnapshotPlan, event: ProtocolEvent) -> None:
    match event:
        case FeedData(event_type="Candle"):
            if plan.on_data(event, channel.link.clock.monotonic()):
                channel.wakeup.set()
        case FrameRejected():
            plan.on_frame_lost()
            channel.wakeup.set()
        case PeerError(_, _, message) if any(words in message for words in _TOO_MANY):
            plan.on_too_many(message, channel.link.clock.monotonic())
            channel.wakeup.set()
        case _:
            pass


async def _tick(channel: Channel, plan: SnapshotPlan) -> None:
    while True:
        await channel.link.clock.sleep(_TICK_S)
        plan.tick(channel.link.clock.monotonic())
        channel.wakeup.set()


def _send_changes(channel: Channel, changes: Changes, since_ms: int) -> None:
    if changes.empty or channel.ended is not None:
        return
    add = [Subscription("Candle", symbol, since_ms) for symbol in changes.add]
    if changes.canary is not None:
        add.append(Subscription("Candle", changes.canary, since_ms - _CANARY_MS))
    channel.link.protocol.subscribe(
        channel.number,
        add,
        remove=[Subscription("Candle", symbol) for symbol in changes.remove],
    )
    channel.link.flush()
