# SPDX-License-Identifier: Apache-2.0
"""
A live feed without sockets: which connections to open, what to ask, what is missing, what to hand out.

Whoever does the input and output calls, in a loop: it does the `actions`, tells what came of them (`opened`,
`failed`, `received`, `lost`), calls `tick` when `next_timer_s` has come, sends what `frames_to_send` gives,
and takes what the `buffer` holds. Nothing here waits, and nothing that a peer sends raises.

A feed has one connection, and for a moment two: before its token ends, another one is opened with a new
token, and takes over once it delivers. A connection has a channel for candles (contract HISTORY) and one for
everything else (AUTO). Each is expected to say something every so often; when it does not, one symbol is
asked for anew, which has to be answered; when that is not, the connection is given up. So a channel that fell
mute, although the connection is alive, is found out within twice the expected time.

Every way to miss an event ends in a `GapReport`, and has the candles asked for again: a connection that
broke, a channel that fell mute or was closed, a frame that could not be read.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from ttapi_client.dxlink_buffers import CONFLATED, WAITING_MAX, EventBuffer
from ttapi_client.dxlink_events import FIELDS, CandleEvent, EventRejected, TimeAndSaleEvent, decode_events
from ttapi_client.dxlink_protocol import (
    KEEPALIVE_EVERY_S,
    SILENCE_MAX_S,
    ChannelClosed,
    ChannelOpened,
    Closed,
    DXLinkProtocol,
    FeedConfigured,
    FeedData,
    FrameRejected,
    PeerError,
    ProtocolEvent,
    Ready,
    State,
    Subscription,
)
from ttapi_client.dxlink_reports import BackfillReport, FeedStatistics, GapReport
from ttapi_client.dxlink_series import SeriesPlan, SeriesPolicy
from ttapi_client.logs import get_logger
from ttapi_core.errors import (
    AnswerMismatchError,
    AuthenticationError,
    CapacityError,
    GrantRefusedError,
    ParameterError,
    StreamInterruptedError,
    TTError,
)

_log = get_logger(__name__)

AUTO: Final = "AUTO"
HISTORY: Final = "HISTORY"
_TOO_MANY: Final = ("too big", "subscription size")
_CANARY_MS: Final = 30 * 86_400_000  # candles of the canary are asked for so far back: there are some
_LATE_MAX: Final = 100_000  # symbols lately removed, of which events may still come


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPolicy:
    """
    Waits and bounds of a live feed.

    Parameters
    ----------
    gap_s, candle_gap_s
        Seconds within which the channel of all types, and that of candles, is expected to say something.
    canary
        A symbol that has a quote for certain; asked for when no other symbol has answered yet.
    series
        How candles are asked for.
    wait_initial_s, wait_max_s
        Before the n-th new connection in a row, a wait is drawn from zero to ``min(wait_max_s, wait_initial_s
        * 2**n)``.
    outage_max_s
        Seconds without a connection after which the feed ends with the error.
    handshake_timeout_s
        Seconds from opening the socket to channels that may be used.
    token_margin_s
        Seconds before the end of the quote token at which another connection takes over.
    keepalive_every_s, silence_max_s
        See `DXLinkProtocol`.
    refresh_every_s
        After a frame that could not be read, latest values are asked for again, but not more often than this.
    data_format
        ``COMPACT`` or ``FULL``; the peer may choose the other one, and change it at any time.
    waiting_max
        See `EventBuffer`.
    """

    gap_s: float = 15.0
    candle_gap_s: float = 30.0
    canary: str = "SPY"
    series: SeriesPolicy = field(default_factory=SeriesPolicy)
    wait_initial_s: float = 0.2
    wait_max_s: float = 30.0
    outage_max_s: float = 3600.0
    handshake_timeout_s: float = 10.0
    token_margin_s: float = 300.0
    keepalive_every_s: float = KEEPALIVE_EVERY_S
    silence_max_s: float = SILENCE_MAX_S
    refresh_every_s: float = 60.0
    data_format: str = "COMPACT"
    waiting_max: int = WAITING_MAX

    def __post_init__(self) -> None:
        for name in ("gap_s", "candle_gap_s", "outage_max_s", "handshake_timeout_s"):
            if not getattr(self, name) > 0:
                raise ParameterError(name, getattr(self, name), "more than zero seconds")
        if self.data_format not in {"COMPACT", "FULL"}:
            raise ParameterError("data_format", self.data_format, "COMPACT or FULL")


class Instant(NamedTuple):
    """A time, by both clocks: monotonic seconds, and UTC."""

    s: float
    at: datetime


class OpenLine(NamedTuple):
    """Open a connection: ask for a quote token, a new one if ``fresh_token``, and open its socket."""

    line: int
    fresh_token: bool


class CloseLine(NamedTuple):
    """Close the socket of a connection: it is of no use any more."""

    line: int


Action = OpenLine | CloseLine


@dataclass(slots=True)
class _Channel:
    contract: str
    number: int
    heard: Instant
    open: bool = False
    answered: bool = False
    probed_at_s: float | None = None


@dataclass(slots=True)
class _Line:
    number: int
    started_s: float
    protocol: DXLinkProtocol | None = None  # None until the socket is open
    renew_at: datetime | None = None
    channels: dict[int, _Channel] = field(default_factory=dict)
    closing: bool = False

    def channel(self, contract: str) -> _Channel | None:
        return next((one for one in self.channels.values() if one.contract == contract), None)


@dataclass(slots=True)
class _Gap:
    start: datetime
    detected: datetime
    cause: TTError
    symbols: tuple[str, ...]
    attempts: int = 0


class FeedEngine:
    """
    The decisions of one live feed.

    Parameters
    ----------
    policy
        Waits and bounds.
    now
        The time.
    seed
        Seed of the jitter.

    Attributes
    ----------
    failure
        Why the feed has ended; None while it goes on.
    """

    def __init__(self, policy: FeedPolicy, now: Instant, *, seed: int | None = None) -> None:
        self.policy = policy
        self.statistics = FeedStatistics()
        self.buffer = EventBuffer(self.statistics, waiting_max=policy.waiting_max)
        self.failure: TTError | None = None
        self._random = random.Random(seed)  # noqa: S311 - jitter, no secret
        self._now = now
        self._series = SeriesPlan(policy.series, self.statistics)
        self._asked: dict[str, dict[str, None]] = {kind: {} for kind in FIELDS if kind != "Candle"}
        self._answered: dict[tuple[str, str], None] = {}  # a few that have answered, for probes
        self._late: dict[tuple[str, str], None] = {}
        self._last_sale: dict[str, int] = {}
        self._last_trade: dict[tuple[str, str], object] = {}
        self._gaps: dict[str, _Gap] = {}
        self._gap_numbers = 0
        self._lines: dict[int, _Line] = {}
        self._current: int | None = None
        self._line_numbers = 0
        self._actions: list[Action] = []
        self._failures = 0
        self._open_at_s: float | None = None
        self._down_since_s: float | None = now.s
        self._fresh_token = False
        self._data_format = policy.data_format
        self._refresh_due_s: float | None = None
        self._refreshed_at_s = float("-inf")

    @property
    def _canary_candle(self) -> str:
        return f"{self.policy.canary}{{=d}}"

    # What is wanted

    @property
    def symbols(self) -> int:
        """Subscriptions: event types times symbols."""
        return len(self._series) + sum(map(len, self._asked.values()))

    def add(self, subscriptions: Iterable[Subscription]) -> None:
        """
        Subscribe; what is subscribed already is left as it is.

        Raises
        ------
        ParameterError
            If an event type is not one of the ten, or a candle symbol has no period.
        """
        wanted = list(subscriptions)
        for one in wanted:
            if one.event_type not in FIELDS:
                raise ParameterError("event_type", one.event_type, f"one of {', '.join(FIELDS)}")
            if one.event_type == "Candle" and not one.symbol.endswith("}"):
                raise ParameterError("symbol", one.symbol, "a candle symbol such as SPY{=5m}")
        fresh: list[Subscription] = []
        for one in wanted:
            if one.event_type == "Candle":
                self._series.add(one.symbol, one.from_time_ms or 0)
            elif one.symbol not in self._asked[one.event_type]:
                self._asked[one.event_type][one.symbol] = None
                self._late.pop((one.event_type, one.symbol), None)
                fresh.append(Subscription(one.event_type, one.symbol))
        for line in self._serving():
            self._open_channels(line)
            channel = line.channel(AUTO)
            if fresh and channel is not None and channel.open and line.protocol is not None:
                line.protocol.subscribe(channel.number, fresh)
        self._send_questions()

    def remove(self, subscriptions: Iterable[Subscription]) -> None:
        """Unsubscribe; nothing of a symbol is handed out any more."""
        gone: dict[str, list[Subscription]] = {AUTO: [], HISTORY: []}
        for one in subscriptions:
            if one.event_type == "Candle":
                self._series.remove(one.symbol)
                gone[HISTORY].append(Subscription("Candle", one.symbol))
            elif self._asked.get(one.event_type, {}).pop(one.symbol, 0) is None:
                self.buffer.forget(one.event_type, one.symbol)
                self._answered.pop((one.event_type, one.symbol), None)
                self._last_sale.pop(one.symbol, None)
                self._last_trade.pop((one.event_type, one.symbol), None)
                gone[AUTO].append(Subscription(one.event_type, one.symbol))
            self._late[one.event_type, one.symbol] = None
        while len(self._late) > _LATE_MAX:
            del self._late[next(iter(self._late))]
        for line in self._serving():
            for contract, removed in gone.items():
                channel = line.channel(contract)
                if removed and channel is not None and channel.open and line.protocol is not None:
                    line.protocol.subscribe(channel.number, remove=removed)

    def use_format(self, data_format: str) -> None:
        """
        Ask for ``COMPACT`` or ``FULL`` from now on; the peer may refuse.

        Raises
        ------
        ParameterError
            If it is neither.
        """
        if data_format not in {"COMPACT", "FULL"}:
            raise ParameterError("data_format", data_format, "COMPACT or FULL")
        self._data_format = data_format
        for line in self._serving():
            for channel in line.channels.values():
                if channel.open:
                    self._setup(line, channel)

    def _serving(self) -> list[_Line]:
        return [line for line in self._lines.values() if line.protocol is not None and not line.closing]

    # What to do

    def start(self, now: Instant) -> None:
        """Begin; the first connection is among the `actions`."""
        self._now = now
        self._down_since_s = now.s
        self._open_line()

    def actions(self) -> list[Action]:
        """Return what is to be done now, each once."""
        actions, self._actions = self._actions, []
        return actions

    def frames_to_send(self) -> list[tuple[int, list[str]]]:
        """Return the frames that are to be sent now, for each connection."""
        found = []
        for number, line in self._lines.items():
            if line.protocol is not None and line.protocol.has_frames_to_send:
                line.protocol.sent(self._now.s)
                found.append((number, line.protocol.frames_to_send()))
        return found

    @property
    def next_timer_s(self) -> float:
        """When `tick` has something to do, by the monotonic clock."""
        due = [float("inf")]
        if self._candle_channel() is not None:
            due.append(self._series.next_timer_s)
        if self._open_at_s is not None:
            due.append(self._open_at_s)
        if self._refresh_due_s is not None:
            due.append(self._refresh_due_s)
        for line in self._lines.values():
            if not self._is_up(line):
                due.append(self._handshake_due_s(line))
            if line.protocol is not None:
                due.append(line.protocol.next_timer_s)
                due += [
                    self._due_s(channel) for channel in line.channels.values() if self._is_watched(channel)
                ]
            if line.renew_at is not None and self._may_renew(line):
                due.append(self._now.s + max(0.0, (line.renew_at - self._now.at).total_seconds()))
        return min(due)

    def _open_line(self) -> None:
        self._line_numbers += 1
        self._lines[self._line_numbers] = _Line(self._line_numbers, self._now.s)
        self._actions.append(OpenLine(self._line_numbers, self._fresh_token))
        self._fresh_token = False
        self._open_at_s = None
        self.statistics.connects += 1
        for gap in self._gaps.values():
            gap.attempts += 1

    # What came of it

    def opened(self, line: int, token: str, now: Instant, *, token_ends: datetime | None = None) -> None:
        """Take note that the socket of a connection is open, and which token is to be used."""
        self._now = now
        known = self._lines.get(line)
        if known is None:  # given up meanwhile
            self._actions.append(CloseLine(line))
            return
        known.protocol = DXLinkProtocol(
            keepalive_every_s=self.policy.keepalive_every_s, silence_max_s=self.policy.silence_max_s
        )
        if token_ends is not None and token_ends > now.at:  # else one of the clocks is wrong
            margin = timedelta(seconds=self.policy.token_margin_s)
            known.renew_at = token_ends - min(margin, (token_ends - now.at) / 2)
        known.protocol.connect(token, now.s)

    def failed(self, line: int, cause: TTError, now: Instant) -> None:
        """Take note that a connection could not be opened."""
        self._now = now
        known = self._lines.pop(line, None)
        if known is not None:
            self._after_loss(known, cause)

    def received(self, line: int, frame: str | bytes, now: Instant) -> None:
        """Take a frame."""
        self._now = now
        known = self._lines.get(line)
        if known is not None and known.protocol is not None:
            self._handle(known, known.protocol.receive_frame(frame, now.s))

    def lost(self, line: int, reason: str, now: Instant) -> None:
        """Take note that the socket of a connection closed."""
        self._now = now
        known = self._lines.get(line)
        if known is None:
            return
        if known.protocol is None:
            self.failed(line, StreamInterruptedError(f"the connection closed: {reason}"), now)
        else:
            self._handle(known, known.protocol.closed(reason))

    def tick(self, now: Instant) -> None:
        """Do what is due."""
        self._now = now
        for line in list(self._lines.values()):
            if line.protocol is not None:
                self._handle(line, line.protocol.tick(now.s))
            if line.number in self._lines:
                self._watch(line)
        if self._open_at_s is not None and now.s >= self._open_at_s and self.failure is None:
            self._open_line()
        if self._refresh_due_s is not None and now.s >= self._refresh_due_s:
            self._refresh()
        self._renew()
        self._hand_out_candles(self._series.tick(now.s))
        self._send_questions()

    # A connection

    def _handle(self, line: _Line, events: Iterable[ProtocolEvent]) -> None:
        for event in events:
            match event:
                case FeedData():
                    self._on_data(line, event)
                case Ready():
                    self._open_channels(line)
                case ChannelOpened(number):
                    self._on_channel_opened(line, line.channels[number])
                case ChannelClosed(number):
                    self._on_channel_closed(line, number)
                case FrameRejected(number, cause):
                    self._on_frame_lost(line, number, cause)
                case PeerError():
                    self._on_peer_error(event)
                case FeedConfigured():
                    pass  # the protocol reads both formats, and knows the fields
                case Closed(cause):
                    self._on_closed(line, cause)

    def _wanted(self) -> list[str]:
        # Where nothing is subscribed, a channel is open all the same: what comes first is answered sooner.
        wanted = [AUTO] if any(self._asked.values()) or not len(self._series) else []
        return [*wanted, *([HISTORY] if len(self._series) else [])]

    def _open_channels(self, line: _Line) -> None:
        if line.protocol is None or line.protocol.state is not State.READY:
            return
        for contract in self._wanted():
            if contract == HISTORY and line.number != self._current and self._current is not None:
                continue  # candles move over when the connection takes over
            if line.channel(contract) is None:
                number = line.protocol.open_channel(contract)
                line.channels[number] = _Channel(contract, number, self._now)

    def _setup(self, line: _Line, channel: _Channel) -> None:
        assert line.protocol is not None
        kinds = ["Candle"] if channel.contract == HISTORY else [kind for kind in FIELDS if kind != "Candle"]
        fields = {kind: FIELDS[kind] for kind in kinds}
        line.protocol.setup_feed(channel.number, fields, data_format=self._data_format)

    def _on_channel_opened(self, line: _Line, channel: _Channel) -> None:
        channel.open, channel.heard = True, self._now
        self._setup(line, channel)
        assert line.protocol is not None
        if channel.contract == AUTO:
            pairs = [
                Subscription(kind, symbol) for kind, symbols in self._asked.items() for symbol in symbols
            ]
            line.protocol.subscribe(channel.number, pairs)
        if self._current is None or (line.number != self._current and not any(self._asked.values())):
            self._take_over(line)
        if channel.contract == HISTORY:
            self._send_questions()

    def _take_over(self, line: _Line) -> None:
        """Make a connection the one that candles come from; the one before it is closed."""
        before = self._lines.get(self._current) if self._current is not None else None
        self._current = line.number
        self._down_since_s = None
        if before is not None and before is not line:
            self._drop(before)
            self._series.distrust()  # asked for on the new one, from where the old one stopped
            self._failures = 0
        self._open_channels(line)

    def _drop(self, line: _Line) -> None:
        self._lines.pop(line.number, None)
        line.closing = True
        self._actions.append(CloseLine(line.number))

    def _handshake_due_s(self, line: _Line) -> float:
        opening = (channel.heard.s for channel in line.channels.values() if not channel.open)
        return min(opening, default=line.started_s) + self.policy.handshake_timeout_s

    def _is_up(self, line: _Line) -> bool:
        return bool(line.channels) and all(channel.open for channel in line.channels.values())

    def _on_channel_closed(self, line: _Line, number: int) -> None:
        channel = line.channels.pop(number, None)
        if channel is not None:
            cause = StreamInterruptedError(f"the peer closed the channel of contract {channel.contract}")
            self._begin_gap(channel, cause)
            self._open_channels(line)

    def _on_peer_error(self, error: PeerError) -> None:
        self.statistics.peer_errors += 1
        _log.warning("peer_error", channel=error.channel, error=error.error, text=error.message)
        if any(words in error.message for words in _TOO_MANY):
            self._series.on_too_many(self._now.s)

    def _on_closed(self, line: _Line, cause: TTError) -> None:
        if self._lines.pop(line.number, None) is None:
            return
        self._actions.append(CloseLine(line.number))
        if line.number == self._current:
            self._current = None
            for contract in self._wanted():
                channel = line.channel(contract) or _Channel(contract, 0, self._now)
                self._begin_gap(channel, cause)
        self._after_loss(line, cause)

    def _after_loss(self, line: _Line, cause: TTError) -> None:
        # 1. another connection is there, or coming; 2. it is hopeless; 3. another one, after a wait
        self._fresh_token = self._fresh_token or isinstance(cause, AuthenticationError)
        if self._current is None and self._down_since_s is None:
            self._down_since_s = self._now.s
        down_s = 0.0 if self._down_since_s is None else self._now.s - self._down_since_s
        hopeless = isinstance(cause, GrantRefusedError) or not (
            cause.retryable or isinstance(cause, AuthenticationError)
        )
        takes_over = next((one for one in self._lines.values() if self._is_up(one)), None)
        if self._current is None and takes_over is not None:
            self._take_over(takes_over)
            return
        if self._current is None and (hopeless or down_s >= self.policy.outage_max_s):
            self.failure = cause
        elif not any(one is not line for one in self._lines.values()) or self._current is not None:
            self._failures += 1
            bound_s = min(self.policy.wait_max_s, self.policy.wait_initial_s * 2 ** (self._failures - 1))
            self._open_at_s = self._now.s + self._random.uniform(0, bound_s)
        _log.warning("stream_interrupted", cause=str(cause), line=line.number, failures=self._failures)

    # Time

    def _renew(self) -> None:
        line = self._lines.get(self._current) if self._current is not None else None
        if line is None or line.renew_at is None or not self._may_renew(line):
            return
        if line.renew_at <= self._now.at:
            self._fresh_token = True
            self._open_line()

    def _may_renew(self, line: _Line) -> bool:
        # Not while another connection is coming, or waits to be tried again.
        return line.number == self._current and len(self._lines) == 1 and self._open_at_s is None

    def _expected_gap_s(self, channel: _Channel) -> float:
        return self.policy.gap_s if channel.contract == AUTO else self.policy.candle_gap_s

    def _is_watched(self, channel: _Channel) -> bool:
        if not channel.open:
            return False
        return any(self._asked.values()) if channel.contract == AUTO else bool(len(self._series))

    def _due_s(self, channel: _Channel) -> float:
        expected_s = self._expected_gap_s(channel)
        since_s = channel.heard.s if channel.probed_at_s is None else channel.probed_at_s
        return since_s + expected_s

    def _watch(self, line: _Line) -> None:
        if not self._is_up(line):
            if self._now.s >= self._handshake_due_s(line):
                what = "the handshake" if line.protocol is not None else "opening a connection"
                cause = StreamInterruptedError(f"{what} took more than {self.policy.handshake_timeout_s:g} s")
                self._on_closed(line, cause)
            return
        for channel in list(line.channels.values()):
            if not self._is_watched(channel) or self._now.s < self._due_s(channel):
                continue
            if channel.probed_at_s is not None:
                silent_s = self._now.s - channel.heard.s
                cause = StreamInterruptedError(
                    f"the channel of contract {channel.contract} was mute for {silent_s:.0f} s"
                )
                self._on_closed(line, cause)
                return
            self._probe(line, channel)

    def _probe(self, line: _Line, channel: _Channel) -> None:
        channel.probed_at_s = self._now.s
        self.statistics.probes += 1
        assert line.protocol is not None
        if channel.contract == HISTORY:
            if not self._series.ask_one_again():
                from_ms = round(self._now.at.timestamp() * 1000) - _CANARY_MS
                candle = Subscription("Candle", self._canary_candle, from_ms)
                line.protocol.subscribe(channel.number, [candle], remove=[candle])
            return
        kind, symbol = next(reversed(self._answered), ("Quote", self.policy.canary))
        probe = [Subscription(kind, symbol)]
        line.protocol.subscribe(channel.number, probe, remove=probe)

    # Data

    def _on_data(self, line: _Line, data: FeedData) -> None:
        channel = line.channels[data.channel]
        first, channel.answered = not channel.answered, True
        channel.heard, channel.probed_at_s = self._now, None
        if first:
            self._on_first_data(line, channel)
        decoded = decode_events(data)
        for rejected in decoded.rejected:
            self.buffer.put_rejected(rejected)
        self.statistics.received[data.event_type] += len(decoded.events)
        if not decoded.events:
            return
        if data.event_type == "Candle":
            if line.number == self._current:
                candles, unasked = self._series.on_events(decoded.events, self._now.s)
                self._hand_out_candles(candles)
                self._on_unasked("Candle", unasked)
                self._send_questions()
            return
        self._on_events(data.event_type, decoded.symbols, decoded.events)

    def _on_first_data(self, line: _Line, channel: _Channel) -> None:
        self._failures = 0
        if channel.contract == AUTO and line.number != self._current:
            self._take_over(line)
        gap = self._gaps.pop(channel.contract, None)
        if gap is not None:
            self._report(channel.contract, gap)

    def _on_events(self, event_type: str, symbols: list[str], events: list[object]) -> None:
        asked = self._asked[event_type]
        if not all(map(asked.__contains__, symbols)):
            self._on_unasked(event_type, [symbol for symbol in symbols if symbol not in asked])
            events = [event for event, symbol in zip(events, symbols, strict=True) if symbol in asked]
            symbols = [symbol for symbol in symbols if symbol in asked]
            if not events:
                return
        if event_type in CONFLATED:
            self.buffer.put_latest(event_type, symbols, events)
            self._answered[event_type, symbols[0]] = None
            while len(self._answered) > 8:
                del self._answered[next(iter(self._answered))]
        else:
            fresh = [event for event in events if self._is_new(event_type, event)]
            self.statistics.duplicates[event_type] += len(events) - len(fresh)
            self.buffer.put_queued(event_type, fresh)

    def _is_new(self, event_type: str, event: object) -> bool:
        # The last value is said again after each subscription: it has been handed out already.
        if isinstance(event, TimeAndSaleEvent):
            if event.type not in {"", "NEW"} or event.event_flags & 2:
                return True  # a correction of an earlier sale
            if event.index <= self._last_sale.get(event.symbol, -1):
                return False
            self._last_sale[event.symbol] = event.index
            return True
        key = event_type, event.symbol  # type: ignore[attr-defined] # every event has one
        if self._last_trade.get(key) == event:
            return False
        self._last_trade[key] = event
        return True

    def _on_unasked(self, event_type: str, symbols: list[str]) -> None:
        self.statistics.unasked += len(symbols)
        for symbol in dict.fromkeys(symbols):
            probed = (event_type, symbol) in {
                ("Quote", self.policy.canary),
                ("Candle", self._canary_candle),
            }
            if not probed and (event_type, symbol) not in self._late:
                cause = AnswerMismatchError(f"eventSymbol {symbol[:60]!r} of {event_type} was not asked for")
                self.buffer.put_rejected(EventRejected(event_type, symbol, cause))

    def _hand_out_candles(self, candles: Sequence[CandleEvent]) -> None:
        dropped = self.buffer.put_candles(candles) if candles else []
        if dropped:
            cause = CapacityError(
                f"{len(dropped)} candles were dropped: nobody took them", limit=self.policy.waiting_max
            )
            self.statistics.gaps += 1
            gap = _Gap(self._now.at, self._now.at, cause, tuple(sorted({*dropped})))
            self._report("", gap)
        for number, count, incomplete in self._series.filled():
            self.buffer.put_report(BackfillReport(gap=number, candles=count, incomplete=incomplete))

    def _send_questions(self) -> None:
        found = self._candle_channel()
        if found is None:
            return
        protocol, channel = found
        remove, add = self._series.questions(self._now.s)
        if add:
            protocol.subscribe(channel.number, add, remove=remove)

    def _candle_channel(self) -> tuple[DXLinkProtocol, _Channel] | None:
        line = self._lines.get(self._current) if self._current is not None else None
        channel = line.channel(HISTORY) if line is not None else None
        if line is None or line.protocol is None or channel is None or not channel.open:
            return None
        return line.protocol, channel

    # Gaps

    def _symbols_of(self, contract: str) -> tuple[str, ...]:
        if contract == HISTORY:
            return tuple(sorted(self._series.symbols))
        return tuple(sorted({symbol for symbols in self._asked.values() for symbol in symbols}))

    def _begin_gap(self, channel: _Channel, cause: TTError) -> None:
        symbols = self._symbols_of(channel.contract)
        if not symbols:
            return
        if channel.contract == HISTORY:
            self._series.distrust()
        if channel.contract not in self._gaps:  # else it broke again before it was whole
            self.statistics.gaps += 1
            self._gaps[channel.contract] = _Gap(channel.heard.at, self._now.at, cause, symbols)

    def _report(self, contract: str, gap: _Gap) -> None:
        self._gap_numbers += 1
        series: tuple[str, ...] = ()
        if contract == HISTORY:
            series = self._series.symbols
            self._series.mark_fill(self._gap_numbers)
        self.buffer.put_report(
            GapReport(
                number=self._gap_numbers,
                start=gap.start,
                detected=gap.detected,
                end=self._now.at,
                symbols=gap.symbols,
                cause=gap.cause,
                attempts=gap.attempts,
                series=series,
            )
        )

    def _on_frame_lost(self, line: _Line, number: int, cause: TTError) -> None:
        # Channel 0: the frame was so damaged that it may have been of any channel.
        self.statistics.frames_rejected += 1
        _log.warning("frame_rejected", channel=number, cause=str(cause))
        self.buffer.put_rejected(EventRejected("frame", "", cause))
        if number != 0 and number not in line.channels:
            return
        lost = [one for one in line.channels.values() if number in (0, one.number) and one.answered]
        for channel in lost:
            symbols = self._symbols_of(channel.contract)
            if not symbols or (channel.contract == HISTORY and line.number != self._current):
                continue
            self.statistics.gaps += 1
            if channel.contract == HISTORY:
                self._series.distrust()
            elif self._refresh_due_s is None:
                self._refresh_due_s = max(self._now.s, self._refreshed_at_s + self.policy.refresh_every_s)
            self._report(channel.contract, _Gap(channel.heard.at, self._now.at, cause, symbols))
        self._send_questions()

    def _refresh(self) -> None:
        """Ask for all latest values again: one of them may have been in a frame that was lost."""
        self._refresh_due_s, self._refreshed_at_s = None, self._now.s
        pairs = [
            Subscription(kind, symbol)
            for kind, symbols in self._asked.items()
            if kind in CONFLATED
            for symbol in symbols
        ]
        for line in self._serving():
            channel = line.channel(AUTO)
            if pairs and channel is not None and channel.open and line.protocol is not None:
                line.protocol.subscribe(channel.number, pairs, remove=pairs)
