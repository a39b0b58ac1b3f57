# SPDX-License-Identifier: Apache-2.0
"""
The DXLink protocol without sockets: frames and the time in, events and frames out.

State of the connection::

    NEW --connect--> SETUP --SETUP--> AUTHORIZING --AUTH_STATE AUTHORIZED--> READY --close, silence--> CLOSED

Whoever does the input and output calls, in a loop: `receive_frame` for what came, `tick` when `next_timer_s`
has come, and sends what `frames_to_send` gives. Nothing here waits, and nothing that a peer sends raises:
what cannot be read becomes a `FrameRejected`, because a lost frame may have held a part of something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple

from ttapi_client.wire import decode_json, encode_json
from ttapi_core.errors import (
    AuthenticationError,
    DecodeError,
    ParameterError,
    ProtocolError,
    StreamInterruptedError,
    TTError,
    UsageError,
)

VERSION: Final = "0.1-ttapi/0.1.0"
"""What we call ourselves in SETUP."""
KEEPALIVE_EVERY_S: Final = 30.0
"""A frame is sent at least this often."""
SILENCE_MAX_S: Final = 60.0
"""A peer that sends no frame for this long is gone, where it has not announced a longer time itself."""
_ERROR_MAX: Final = 100_000  # characters of an error that are looked at
_SECONDS_MAX: Final = 1e6  # a longer time is none
_PLAIN_MIN: Final = 300  # shorter frames are read the general way at once
SUBSCRIPTION_BYTES_MAX: Final = 8192
"""A subscription message is no longer than this."""


class State(Enum):
    """Where a connection stands."""

    NEW = "new"
    SETUP = "setup sent"
    AUTHORIZING = "authorizing"
    READY = "ready"
    CLOSED = "closed"


class ChannelState(Enum):
    """Where a channel stands."""

    REQUESTED = "requested"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Ready:
    """The connection is authorized; channels may be opened."""


@dataclass(frozen=True, slots=True)
class ChannelOpened:
    """The peer opened a channel."""

    channel: int


@dataclass(frozen=True, slots=True)
class ChannelClosed:
    """The peer closed a channel, asked or not."""

    channel: int


@dataclass(frozen=True, slots=True)
class FeedConfigured:
    """The peer said how a feed is delivered from now on."""

    channel: int
    data_format: str
    aggregation_period_s: float | None


@dataclass(frozen=True, slots=True)
class FeedData:
    """
    Events of one type, columnar, in order of arrival.

    Parameters
    ----------
    channel
        Number of the channel.
    event_type
        ``Quote``, ``Candle`` and so on.
    fields, columns
        Names of the fields, and for each the values of all events as they came (``"NaN"`` is a text); None
        where absent.
    plain
        Whether it is known that all values are texts, numbers or None.
    """

    channel: int
    event_type: str
    fields: tuple[str, ...]
    columns: Sequence[list[Any]]
    plain: bool = False

    @property
    def count(self) -> int:
        """Number of events."""
        return len(self.columns[0]) if self.columns else 0


@dataclass(frozen=True, slots=True)
class PeerError:
    """An ERROR message. The specification calls it informational: what follows says what it meant."""

    channel: int
    error: str
    message: str


@dataclass(frozen=True, slots=True)
class FrameRejected:
    """A frame, or a part of one, that cannot be read and is lost. Channel 0 where that is not known."""

    channel: int
    cause: TTError


@dataclass(frozen=True, slots=True)
class Closed:
    """The connection is of no use any more; ``cause`` says why."""

    cause: TTError


ProtocolEvent = (
    Ready | ChannelOpened | ChannelClosed | FeedConfigured | FeedData | PeerError | FrameRejected | Closed
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """
    One event type of one symbol.

    Parameters
    ----------
    event_type, symbol
        As the wire has them.
    from_time_ms
        For time series: the oldest event wanted, milliseconds since 1970-01-01 UTC.
    """

    event_type: str
    symbol: str
    from_time_ms: int | None = None

    def _message(self) -> dict[str, Any]:
        message: dict[str, Any] = {"type": self.event_type, "symbol": self.symbol}
        if self.from_time_ms is not None:
            message["fromTime"] = self.from_time_ms
        return message


@dataclass(slots=True)
class _Channel:
    state: ChannelState = ChannelState.REQUESTED
    asked_fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    data_format: str = "COMPACT"


class DXLinkProtocol:
    """
    One DXLink connection as a plain object: no sockets, no clock.

    Parameters
    ----------
    keepalive_every_s
        Send a KEEPALIVE when nothing else was sent for this long.
    silence_max_s
        Take the peer for gone when no frame came for this long. It is told so in SETUP; a peer may announce
        its own.
    """

    def __init__(
        self, *, keepalive_every_s: float = KEEPALIVE_EVERY_S, silence_max_s: float = SILENCE_MAX_S
    ) -> None:
        self._keepalive_every_s = keepalive_every_s
        self._silence_max_s = silence_max_s
        self._state = State.NEW
        self._token = ""
        self._auth_sent = False
        self._channels: dict[int, _Channel] = {}
        self._next_channel = 1
        self._out: list[str] = []
        self._sent_at_s = 0.0
        self._received_at_s = 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(state={self._state.value!r}, channels={len(self._channels)})"

    @property
    def state(self) -> State:
        """Where the connection stands."""
        return self._state

    @property
    def next_timer_s(self) -> float:
        """When `tick` has something to do, by the caller's monotonic clock; infinite while not connected."""
        if self._state in {State.NEW, State.CLOSED}:
            return float("inf")
        return min(self._sent_at_s + self._keepalive_every_s, self._received_at_s + self._silence_max_s)

    @property
    def has_frames_to_send(self) -> bool:
        """Whether `frames_to_send` has something to give."""
        return bool(self._out)

    def frames_to_send(self) -> list[str]:
        """Return the frames that are to be sent now, in order, each once."""
        frames, self._out = self._out, []
        return frames

    # Commands

    def connect(self, token: str, now_s: float) -> None:
        """Begin: SETUP goes out; the token follows when the peer asks for it."""
        if self._state is not State.NEW:
            raise UsageError(f"this connection is {self._state.value} already")
        self._token = token
        self._state = State.SETUP
        self._received_at_s = self._sent_at_s = now_s
        self._send(
            {
                "type": "SETUP",
                "channel": 0,
                "version": VERSION,
                "keepaliveTimeout": round(self._silence_max_s),
                "acceptKeepaliveTimeout": round(self._silence_max_s),
            }
        )

    def open_channel(self, contract: str, *, service: str = "FEED") -> int:
        """
        Ask for a channel; its number is returned, and `ChannelOpened` follows.

        Parameters
        ----------
        contract
            ``HISTORY`` for time series with a snapshot, ``TICKER`` for latest values, ``STREAM``, ``AUTO``.

        Raises
        ------
        UsageError
            If the connection is not ready.
        """
        if self._state is not State.READY:
            raise UsageError(f"no channel can be opened: the connection is {self._state.value}")
        channel, self._next_channel = self._next_channel, self._next_channel + 2  # a client's are odd
        self._channels[channel] = _Channel()
        self._send(
            {
                "type": "CHANNEL_REQUEST",
                "channel": channel,
                "service": service,
                "parameters": {"contract": contract},
            }
        )
        return channel

    def setup_feed(
        self,
        channel: int,
        fields: Mapping[str, Sequence[str]],
        *,
        aggregation_period_s: float | None = None,
        data_format: str = "COMPACT",
    ) -> None:
        """
        Say which fields of which event types are wanted, how often, and in which format.

        May be changed at any time. The peer decides, and says so with a `FeedConfigured`.
        """
        feed = self._opened(channel)
        feed.asked_fields = {event_type: tuple(names) for event_type, names in fields.items()}
        message: dict[str, Any] = {
            "type": "FEED_SETUP",
            "channel": channel,
            "acceptDataFormat": data_format,
            "acceptEventFields": {event_type: list(names) for event_type, names in fields.items()},
        }
        if aggregation_period_s is not None:
            message["acceptAggregationPeriod"] = aggregation_period_s
        self._send(message)

    def subscribe(
        self,
        channel: int,
        add: Iterable[Subscription] = (),
        *,
        remove: Iterable[Subscription] = (),
        reset: bool = False,
    ) -> None:
        """Change what a channel delivers: reset, then remove, then add, in as many messages as it takes."""
        self._opened(channel)
        if reset:
            self._send({"type": "FEED_SUBSCRIPTION", "channel": channel, "reset": True})
        for key, subscriptions in (("remove", remove), ("add", add)):
            items = [subscription._message() for subscription in subscriptions]  # noqa: SLF001 - the same module
            for piece in _pieces(items):
                self._send({"type": "FEED_SUBSCRIPTION", "channel": channel, key: piece})

    def cancel_channel(self, channel: int) -> None:
        """Close a channel; `ChannelClosed` follows. A channel that is closed already is left alone."""
        feed = self._channels.get(channel)
        if feed is not None and feed.state is not ChannelState.CLOSED and self._state is State.READY:
            self._send({"type": "CHANNEL_CANCEL", "channel": channel})

    def _opened(self, channel: int) -> _Channel:
        feed = self._channels.get(channel)
        if feed is None or feed.state is not ChannelState.OPEN or self._state is not State.READY:
            raise UsageError(f"channel {channel} is not open")
        return feed

    def _send(self, message: dict[str, Any]) -> None:
        self._out.append(encode_json(message))

    # Time

    def sent(self, now_s: float) -> None:
        """Take note that frames were sent at ``now_s``."""
        self._sent_at_s = now_s

    def tick(self, now_s: float) -> list[ProtocolEvent]:
        """Do what is due at ``now_s``: a KEEPALIVE goes out, or the peer has been silent for too long."""
        if self._state in {State.NEW, State.CLOSED}:
            return []
        # Compared as `next_timer_s` adds them up: a difference may round to just less.
        if now_s >= self._received_at_s + self._silence_max_s:
            silent_s = now_s - self._received_at_s
            return self._close(StreamInterruptedError(f"the peer was silent for {silent_s:.0f} s"))
        if now_s >= self._sent_at_s + self._keepalive_every_s:
            self._send({"type": "KEEPALIVE", "channel": 0})
            self._sent_at_s = now_s
        return []

    def closed(self, reason: str) -> list[ProtocolEvent]:
        """Take note that the socket closed."""
        return self._close(StreamInterruptedError(f"the connection closed: {reason}"))

    def _close(self, cause: TTError) -> list[ProtocolEvent]:
        if self._state is State.CLOSED:
            return []
        self._state = State.CLOSED
        return [Closed(cause)]

    # Frames

    def receive_frame(self, frame: str | bytes, now_s: float) -> list[ProtocolEvent]:
        """Take one frame from the peer; return what it means. Never raises for what the peer sent."""
        if self._state in {State.NEW, State.CLOSED}:
            return []
        self._received_at_s = now_s
        plain = _read_plain(frame)
        if plain is not None:
            return list(self._on_feed_data(plain.channel, plain.data, plain=True))
        try:
            kind, channel, message = _read(frame)
        except DecodeError as exc:
            return [FrameRejected(0, exc)]
        if kind == "FEED_DATA":
            return list(self._on_feed_data(channel, message.get("data"), plain=False))
        handler = _HANDLERS.get(kind)
        return (
            [] if handler is None else handler(self, channel, message)
        )  # none: KEEPALIVE, and what may come

    def _on_setup(self, _channel: int, message: Mapping[str, Any]) -> list[ProtocolEvent]:
        announced = _seconds_of(message.get("keepaliveTimeout"))
        if announced:
            # The peer drops us after this silence: be twice as early.
            self._keepalive_every_s = min(self._keepalive_every_s, max(1.0, announced / 2))
        if self._state is State.SETUP:
            self._state = State.AUTHORIZING
        return []

    def _on_auth_state(self, _channel: int, message: Mapping[str, Any]) -> list[ProtocolEvent]:
        state = message.get("state")
        if state == "AUTHORIZED":
            if self._state is State.READY:
                return []
            self._state = State.READY
            return [Ready()]
        if state != "UNAUTHORIZED":
            return [FrameRejected(0, DecodeError(f"an AUTH_STATE of {_shown(state)}"))]
        if self._auth_sent:  # the first one means "send AUTH"; a second one is a refusal, not an invitation
            return self._close(AuthenticationError("the quote token was refused"))
        self._auth_sent = True
        self._send({"type": "AUTH", "channel": 0, "token": self._token})
        return []

    def _on_channel_opened(self, channel: int, _message: Mapping[str, Any]) -> list[ProtocolEvent]:
        feed = self._channels.get(channel)
        if feed is None:
            return [FrameRejected(channel, ProtocolError(f"channel {channel} was never asked for"))]
        if feed.state is not ChannelState.REQUESTED:
            return []
        feed.state = ChannelState.OPEN
        return [ChannelOpened(channel)]

    def _on_channel_closed(self, channel: int, _message: Mapping[str, Any]) -> list[ProtocolEvent]:
        feed = self._channels.pop(channel, None)
        return [] if feed is None else [ChannelClosed(channel)]

    def _on_feed_config(self, channel: int, message: Mapping[str, Any]) -> list[ProtocolEvent]:
        feed = self._channels.get(channel)
        if feed is None:
            if self._was_ours(channel):
                return []
            return [FrameRejected(channel, ProtocolError(f"channel {channel} was never asked for"))]
        data_format, fields = message.get("dataFormat", feed.data_format), message.get("eventFields", {})
        if data_format not in ("COMPACT", "FULL") or not _are_event_fields(fields):
            return [
                FrameRejected(channel, DecodeError(f"a FEED_CONFIG that cannot be used on channel {channel}"))
            ]
        feed.data_format = data_format
        feed.fields |= {event_type: tuple(names) for event_type, names in fields.items()}
        period = _seconds_of(message.get("aggregationPeriod"))
        return [FeedConfigured(channel, data_format, period)]

    def _on_error(self, channel: int, message: Mapping[str, Any]) -> list[ProtocolEvent]:
        error, text = self._without_token(message.get("error")), self._without_token(message.get("message"))
        event = PeerError(channel, error, text)
        if error == "UNAUTHORIZED":
            return [event, *self._close(AuthenticationError("the quote token was refused", peer_code=error))]
        if self._state is not State.READY:
            cause = StreamInterruptedError(f"the peer refused the connection: {error} {text}")
            return [event, *self._close(cause)]
        return [event]

    def _without_token(self, value: object) -> str:
        text = _shown(value or "", _ERROR_MAX)
        return _shown(text.replace(self._token, "[token]") if self._token else text)

    def _on_feed_data(self, channel: int, data: object, *, plain: bool) -> Iterator[ProtocolEvent]:
        feed = self._channels.get(channel)
        if feed is None:
            if not self._was_ours(channel):  # else late data of a channel that is closed
                yield FrameRejected(
                    channel, ProtocolError(f"data on channel {channel}, which was never opened")
                )
        elif not isinstance(data, list):
            yield FrameRejected(channel, DecodeError("FEED_DATA without a list"))
        elif data and isinstance(data[0], dict):  # the data says itself which format it is in
            yield from _full(channel, data)
        else:
            yield from _compact(channel, data, feed, plain=plain)

    def _was_ours(self, channel: int) -> bool:
        return channel % 2 == 1 and 0 < channel < self._next_channel


class _PlainFrame(NamedTuple):
    type: str
    channel: int
    data: list[str | list[str | int | float | None]]


_decode_plain: Callable[[bytes | str], _PlainFrame] | None = None
try:
    import msgspec

    class _FeedFrame(msgspec.Struct, gc=False):
        """FEED_DATA in COMPACT, and nothing in it but texts, numbers and null: nearly every frame."""

        type: str
        channel: int
        data: list[str | list[str | int | float | None]]

    _decode_plain = msgspec.json.Decoder(type=_FeedFrame).decode  # type: ignore[assignment] # has its members
    _NotPlain: tuple[type[Exception], ...] = (msgspec.MsgspecError, RecursionError, UnicodeError)
except ModuleNotFoundError:  # pragma: no cover - the extra "stream" is absent
    _NotPlain = ()


def _read_plain(frame: str | bytes) -> _PlainFrame | None:
    # What the decoder checks on the way need not be checked value by value afterwards.
    if _decode_plain is None or len(frame) < _PLAIN_MIN:
        return None
    try:
        plain = _decode_plain(frame)
    except _NotPlain:
        return None
    return plain if plain.type == "FEED_DATA" else None


def _read(frame: str | bytes) -> tuple[str, int, dict[str, Any]]:
    message = decode_json(frame)
    if not isinstance(message, dict):
        raise DecodeError("a frame that is no object")
    kind, channel = message.get("type"), message.get("channel", 0)
    if not isinstance(kind, str) or type(channel) is not int:
        raise DecodeError("a frame without a type, or with a channel that is no number")
    return kind, channel, message


def _compact(channel: int, data: list[Any], feed: _Channel, *, plain: bool) -> Iterator[ProtocolEvent]:
    if len(data) % 2:
        yield FrameRejected(channel, DecodeError("COMPACT data of an odd length"))
    for event_type, values in zip(data[::2], data[1::2], strict=False):
        if not isinstance(event_type, str) or not isinstance(values, list):
            yield FrameRejected(channel, DecodeError("COMPACT data that is no type and list"))
            continue
        fields = feed.fields.get(event_type) or feed.asked_fields.get(event_type)
        if not fields or len(values) % len(fields):
            count = len(fields) if fields else 0
            yield FrameRejected(
                channel, DecodeError(f"{len(values)} values of {event_type} for {count} fields")
            )
            continue
        columns = [values[place :: len(fields)] for place in range(len(fields))]
        yield FeedData(channel, event_type, fields, columns, plain)


def _full(channel: int, data: list[Any]) -> Iterator[ProtocolEvent]:
    alike = _full_alike(channel, data)
    if alike is not None:
        yield alike
        return
    by_type: dict[str, list[dict[str, Any]]] = {}
    rejected = 0
    for item in data:
        event_type = item.get("eventType") if isinstance(item, dict) else None
        if isinstance(event_type, str):
            by_type.setdefault(event_type, []).append(item)
        else:
            rejected += 1
    if rejected:
        yield FrameRejected(channel, DecodeError(f"{rejected} FULL events without a type"))
    for event_type, items in by_type.items():
        fields = tuple(dict.fromkeys(name for item in items for name in item))
        yield FeedData(channel, event_type, fields, [[item.get(name) for item in items] for name in fields])


def _full_alike(channel: int, data: list[Any]) -> FeedData | None:
    # Nearly every message: one event type, and the same members in all of them. Nothing is made per event,
    # for a few hundred more objects would have the garbage collector look at all of the message.
    fields = tuple(data[0])
    try:
        if {*map(len, data)} != {len(fields)}:
            return None
        columns = [[item[name] for item in data] for name in fields]
        event_type, *others = {*columns[fields.index("eventType")]}
    except (TypeError, KeyError, ValueError):  # not alike, or no events: looked at one by one
        return None
    return (
        FeedData(channel, event_type, fields, columns) if isinstance(event_type, str) and not others else None
    )


def _are_event_fields(fields: object) -> bool:
    return isinstance(fields, dict) and all(
        isinstance(names, list) and names and all(isinstance(name, str) for name in names)
        for names in fields.values()
    )


def _pieces(items: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    room = SUBSCRIPTION_BYTES_MAX - 100  # for what stands around the list
    piece: list[dict[str, Any]] = []
    size = 0
    for item in items:
        item_size = len(encode_json(item)) + 1
        if item_size > room:
            raise ParameterError("symbol", item["symbol"], "a symbol that fits into one message")
        if size + item_size > room:
            yield piece
            piece, size = [], 0
        piece.append(item)
        size += item_size
    if piece:
        yield piece


def _seconds_of(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _SECONDS_MAX:
        return None
    return float(value)


def _shown(value: object, limit: int = 200) -> str:
    try:
        text = str(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits has no text
        return f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[:limit]}…"


_HANDLERS: Final = {
    "SETUP": DXLinkProtocol._on_setup,  # noqa: SLF001 - the table of the class above
    "AUTH_STATE": DXLinkProtocol._on_auth_state,  # noqa: SLF001 - likewise
    "CHANNEL_OPENED": DXLinkProtocol._on_channel_opened,  # noqa: SLF001 - likewise
    "CHANNEL_CLOSED": DXLinkProtocol._on_channel_closed,  # noqa: SLF001 - likewise
    "FEED_CONFIG": DXLinkProtocol._on_feed_config,  # noqa: SLF001 - likewise
    "ERROR": DXLinkProtocol._on_error,  # noqa: SLF001 - likewise
}
