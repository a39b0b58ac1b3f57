# SPDX-License-Identifier: Apache-2.0
"""
The market data protocol as a state machine without a socket: messages in, messages out.

A connection goes through SETUP and AUTH to CHANNEL_REQUEST, a channel through FEED_SETUP to
FEED_SUBSCRIPTION. Answers that are cheap come back from `Session.receive` at once. Snapshots of series are
not: they wait in line until `Session.next_snapshot` is asked for them, and no more than a set number may.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ttapi_sandbox.answers import encode
from ttapi_sandbox.candles import Candle, candles, parse_candle_symbol, snapshot
from ttapi_sandbox.events import FIELDS, LIVE, EventSource
from ttapi_sandbox.frames import COMPACT, FULL, candle_rows, event_rows, feed_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ttapi_sandbox.market import Market, Moment

VERSION: Final = "1.0-SIMULATED"
TIMEOUT_S: Final = 60
TIMEOUT_MAX_S: Final = 3600
CONTRACTS: Final = ("AUTO", "TICKER", "HISTORY", "STREAM")
SNAPSHOT_CONTRACTS: Final = frozenset({"AUTO", "HISTORY"})
CHANNELS_MAX: Final = 1000
SUBSCRIPTIONS_MAX: Final = 100_000
SYMBOLS_A_TICK: Final = 2_000
"""Symbols of a type that one tick updates; of more, each has its turn."""


@dataclass(slots=True)
class Channel:
    """
    A feed channel.

    ``subscriptions`` maps event type and symbol to the start of its candles or sales (epoch milliseconds), or
    None. ``sold_until_ms`` is the time of the latest sale that was sent; ``turns`` is where a tick goes on.
    """

    number: int
    contract: str
    data_format: str = FULL
    aggregation_s: float = 0.0
    fields: dict[str, list[str]] = field(default_factory=dict)
    announced: set[str] = field(default_factory=set)
    subscriptions: dict[tuple[str, str], int | None] = field(default_factory=dict)
    sold_until_ms: int | None = None
    turns: dict[str, int] = field(default_factory=dict)

    def turn_of(self, kind: str) -> list[str]:
        """Return the symbols of a type whose turn it is at this tick: all of them, unless there are many."""
        symbols = [symbol for name, symbol in self.subscriptions if name == kind]
        if len(symbols) <= SYMBOLS_A_TICK:
            return symbols
        start = self.turns.get(kind, 0) % len(symbols)
        self.turns[kind] = start + SYMBOLS_A_TICK
        return (symbols[start:] + symbols[:start])[:SYMBOLS_A_TICK]

    def fields_of(self, kind: str) -> list[str]:
        """Return the fields that events of a type are sent with."""
        return self.fields.get(kind) or list(FIELDS[kind])


Work = tuple[int, str, str, int]
"""A snapshot to be made: channel, event type, symbol, start."""


class Session:
    """
    One connection.

    Parameters
    ----------
    market
        Where events come from.
    events
        Last values of events.
    accepts
        Says whether a token is valid.
    snapshots_max
        Snapshots that may wait in line; a subscription that would make it more is refused.

    Attributes
    ----------
    ended
        Set once the connection has to be closed, after what was answered last.
    client_timeout_s
        The client is given up when it is silent for so many seconds.
    server_timeout_s
        The client gives the server up when that is silent for so many seconds.
    empty_snapshots
        Whether snapshots come without their candles: a fault.
    """

    def __init__(
        self, market: Market, events: EventSource, *, accepts: Callable[[str], bool], snapshots_max: int
    ) -> None:
        self._market = market
        self._events = events
        self._accepts = accepts
        self._snapshots_max = snapshots_max
        self._set_up = False
        self._authorized = False
        self._in_flight: Work | None = None
        self._waiting: deque[Work] = deque()
        self.channels: dict[int, Channel] = {}
        self.client_timeout_s: float = TIMEOUT_S
        self.server_timeout_s: float = TIMEOUT_S
        self.empty_snapshots = False
        self.ended = False

    def receive(self, text: str) -> list[str]:
        """Take a message and return the answers to it, in order."""
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return [error(0, "INVALID_MESSAGE", "The message is not JSON")]
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            return [error(0, "INVALID_MESSAGE", "The message has no type")]
        number = message.get("channel")
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            return [error(0, "INVALID_MESSAGE", "The message has no channel")]
        return list(self._answer(message["type"], number, message))

    def _answer(self, kind: str, number: int, message: dict[str, Any]) -> Iterable[str]:
        if kind == "SETUP":
            return self._setup(message)
        if not self._set_up:
            return [error(0, "BAD_ACTION", "SETUP has to come first")]
        if kind == "AUTH":
            return self._auth(message)
        if kind in {"KEEPALIVE", "ERROR"}:
            return [said("KEEPALIVE", 0)] if kind == "KEEPALIVE" else []
        if not self._authorized:
            return [error(0, "UNAUTHORIZED", "AUTH has to come first")]
        answer = self._open if kind == "CHANNEL_REQUEST" else partial(self._answer_on_channel, kind)
        return answer(number, message)

    def _setup(self, message: dict[str, Any]) -> Iterator[str]:
        if not isinstance(message.get("version"), str):
            yield error(0, "UNSUPPORTED_PROTOCOL", "SETUP has no version")
            self.ended = True
            return
        self.client_timeout_s = _seconds(message.get("keepaliveTimeout"))
        self.server_timeout_s = _seconds(message.get("acceptKeepaliveTimeout"))
        yield said(
            "SETUP",
            0,
            version=VERSION,
            keepaliveTimeout=self.server_timeout_s,
            acceptKeepaliveTimeout=self.client_timeout_s,
        )
        if not self._set_up:
            self._set_up = True
            yield said("AUTH_STATE", 0, state="UNAUTHORIZED")

    def _auth(self, message: dict[str, Any]) -> Iterator[str]:
        token = message.get("token")
        if isinstance(token, str) and self._accepts(token):
            self._authorized = True
            yield said("AUTH_STATE", 0, state="AUTHORIZED", userId="SIMULATED")
            return
        yield error(0, "UNAUTHORIZED", "The token is invalid or has expired")
        self.ended = True

    def _open(self, number: int, message: dict[str, Any]) -> Iterator[str]:
        parameters = message.get("parameters")
        contract = parameters.get("contract") if isinstance(parameters, dict) else None
        if number % 2 == 0:
            yield error(number, "BAD_ACTION", "Illegal even channel usage: clients open odd ones")
        elif number in self.channels:
            yield error(number, "BAD_ACTION", f"Channel {number} is open already")
        elif message.get("service") != "FEED":
            yield error(number, "BAD_ACTION", f"Service {message.get('service')!r} is not known")
        elif contract not in CONTRACTS:
            yield error(number, "BAD_ACTION", f"Contract {contract!r} is not known")
        elif len(self.channels) >= CHANNELS_MAX:
            yield error(number, "BAD_ACTION", "Too many channels")
        else:
            self.channels[number] = Channel(number, contract)
            opened = {"contract": contract, "subFormat": "LIST"}
            yield said("CHANNEL_OPENED", number, service="FEED", parameters=opened)

    def _answer_on_channel(self, kind: str, number: int, message: dict[str, Any]) -> Iterable[str]:
        channel = self.channels.get(number)
        if channel is None:
            return [error(number, "BAD_ACTION", f"Channel {number} is not open")]
        if kind == "FEED_SETUP":
            return self._configure(channel, message)
        if kind == "FEED_SUBSCRIPTION":
            return self._subscribe(channel, message)
        if kind == "CHANNEL_CANCEL":
            del self.channels[number]
            return [said("CHANNEL_CLOSED", number)]
        return [error(number, "INVALID_MESSAGE", f"Type {kind!r} is not known")]

    def _configure(self, channel: Channel, message: dict[str, Any]) -> Iterator[str]:
        wanted = message.get("acceptEventFields")
        if isinstance(wanted, dict):
            for kind, names in wanted.items():
                if kind in FIELDS and isinstance(names, list) and names:
                    channel.fields[kind] = [str(name) for name in names]
                    channel.announced.discard(kind)
        if message.get("acceptDataFormat") in (COMPACT, FULL):
            channel.data_format = message["acceptDataFormat"]
        period = message.get("acceptAggregationPeriod")
        if isinstance(period, int | float) and 0 <= period <= TIMEOUT_MAX_S:
            channel.aggregation_s = period
        yield self._config(channel)

    def _config(self, channel: Channel, **members: object) -> str:
        period, form = channel.aggregation_s, channel.data_format
        return said("FEED_CONFIG", channel.number, aggregationPeriod=period, dataFormat=form, **members)

    def switch_to_full(self) -> list[str]:
        """Turn every channel to FULL, unasked, and return the messages that say so."""
        for channel in self.channels.values():
            channel.data_format = FULL
        return [self._config(channel) for channel in self.channels.values()]

    def _subscribe(self, channel: Channel, message: dict[str, Any]) -> Iterator[str]:
        # Always in this order: reset, remove, add.
        if message.get("reset"):
            channel.subscriptions.clear()
        for item in _entries(message.get("remove")):
            channel.subscriptions.pop((item["type"], item["symbol"]), None)
        added = _entries(message.get("add"))
        unknown = sorted({item["type"] for item in added if item["type"] not in FIELDS})
        if unknown:
            yield error(channel.number, "INVALID_MESSAGE", f"Event types {unknown} are not known")
        added = [item for item in added if item["type"] in FIELDS]
        if len(channel.subscriptions) + len(added) > SUBSCRIPTIONS_MAX:
            yield error(channel.number, "BAD_ACTION", "subscription size is too big")
            return
        yield from self._announce(channel, added)
        yield from self._add_events(channel, [item for item in added if not _is_series(channel, item)])
        yield from self._add_series(channel, [item for item in added if _is_series(channel, item)])

    def _announce(self, channel: Channel, added: list[dict[str, Any]]) -> Iterator[str]:
        fresh = {item["type"] for item in added} - channel.announced
        if fresh:
            channel.announced |= fresh
            yield self._config(channel, eventFields={kind: channel.fields_of(kind) for kind in sorted(fresh)})

    def _add_events(self, channel: Channel, added: list[dict[str, Any]]) -> Iterator[str]:
        symbols: dict[str, dict[str, None]] = {}
        for item in added:
            channel.subscriptions[item["type"], item["symbol"]] = None
            symbols.setdefault(item["type"], {})[item["symbol"]] = None
        if "TimeAndSale" in symbols and channel.sold_until_ms is None:
            channel.sold_until_ms = self._events.latest_sale_ms()
        for kind, of_kind in symbols.items():
            yield from self._last_values(channel, kind, of_kind)

    def _last_values(self, channel: Channel, kind: str, symbols: Iterable[str]) -> Iterator[str]:
        events = self._events.last_values(kind, symbols)
        rows = event_rows(kind, channel.data_format, channel.fields_of(kind), events)
        return feed_data(channel.number, kind, channel.data_format, rows)

    def _add_series(self, channel: Channel, added: list[dict[str, Any]]) -> Iterator[str]:
        snapshots = channel.contract in SNAPSHOT_CONTRACTS
        size = self.snapshots_in_flight + len(added)
        if snapshots and added and size > self._snapshots_max:
            yield error(
                channel.number,
                "BAD_ACTION",
                f"subscription size {size} is too big: at most {self._snapshots_max} snapshots in flight",
            )
            return
        for item in added:
            from_ms = _from_ms(item.get("fromTime"))
            channel.subscriptions[item["type"], item["symbol"]] = from_ms
            if snapshots:
                self._waiting.append((channel.number, item["type"], item["symbol"], from_ms))
            elif channel.contract == "TICKER":
                yield from self._running_candle(channel, item["symbol"], self._market.moment())

    @property
    def snapshots_in_flight(self) -> int:
        """Snapshots that were asked for and are not sent to their end."""
        return len(self._waiting) + (self._in_flight is not None)

    def next_snapshot(self) -> Iterator[str] | None:
        """Return the messages of the snapshot next in line, or None; `snapshot_sent` has to follow."""
        while self._waiting:
            work = self._waiting.popleft()
            number, kind, symbol, from_ms = work
            channel = self.channels.get(number)
            # What was removed, or asked for anew with another start, is left out.
            if channel is not None and channel.subscriptions.get((kind, symbol)) == from_ms:
                self._in_flight = work
                if kind == "TimeAndSale":
                    return self._sales(channel, symbol, from_ms)
                return self._snapshot(channel, symbol, from_ms)
        return None

    def snapshot_sent(self) -> None:
        """Take note that the last snapshot was sent to its end."""
        self._in_flight = None

    def _snapshot(self, channel: Channel, symbol: str, from_ms: int) -> Iterator[str]:
        parsed = parse_candle_symbol(symbol)
        found: list[Candle] = []
        if parsed is not None and not self.empty_snapshots:
            found = candles(self._market, parsed, from_ms, self._market.moment())
        return self._candle_messages(channel, symbol, snapshot(found, from_ms))

    def _sales(self, channel: Channel, symbol: str, from_ms: int) -> Iterator[str]:
        latest = self._events.latest_sale_ms()
        channel.sold_until_ms = max(latest, channel.sold_until_ms or latest)
        events = self._events.sales(symbol, from_ms)
        rows = event_rows("TimeAndSale", channel.data_format, channel.fields_of("TimeAndSale"), events)
        return feed_data(channel.number, "TimeAndSale", channel.data_format, rows)

    def _candle_messages(self, channel: Channel, symbol: str, found: list[Candle]) -> Iterator[str]:
        rows = candle_rows(symbol, channel.data_format, channel.fields_of("Candle"), found)
        return feed_data(channel.number, "Candle", channel.data_format, rows)

    def _running_candle(self, channel: Channel, symbol: str, moment: Moment) -> Iterator[str]:
        parsed = parse_candle_symbol(symbol)
        if parsed is None:
            return iter(())
        start = int(self._market.session(moment).open_at.timestamp() * 1000) - 7 * 86_400_000
        return self._candle_messages(channel, symbol, candles(self._market, parsed, start, moment)[-1:])

    def tick(self, *, with_candles: bool) -> Iterator[str]:
        """Yield the live updates of all subscriptions at this moment; none while the market is shut."""
        moment = self._market.moment()
        if not moment.is_open:
            return
        for channel in list(self.channels.values()):
            for kind in LIVE:
                yield from self._last_values(channel, kind, channel.turn_of(kind))
            yield from self._new_sales(channel)
            if with_candles:
                for symbol in [symbol for name, symbol in channel.subscriptions if name == "Candle"]:
                    yield from self._running_candle(channel, symbol, moment)

    def _new_sales(self, channel: Channel) -> Iterator[str]:
        symbols = channel.turn_of("TimeAndSale")
        if not symbols or channel.sold_until_ms is None:
            return iter(())
        events, channel.sold_until_ms = self._events.sales_since(symbols, channel.sold_until_ms)
        rows = event_rows("TimeAndSale", channel.data_format, channel.fields_of("TimeAndSale"), events)
        return feed_data(channel.number, "TimeAndSale", channel.data_format, rows)


def said(kind: str, channel: int, **members: object) -> str:
    """Return a message."""
    return encode({"type": kind, "channel": channel, **members}).decode()


def error(channel: int, code: str, message: str) -> str:
    """Return an ERROR message."""
    return said("ERROR", channel, error=code, message=message)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return TIMEOUT_S
    return value if 0 < value <= TIMEOUT_MAX_S else TIMEOUT_S


def _from_ms(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return max(0, min(int(value), 1 << 52))


def _entries(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [
        item
        for item in items
        if isinstance(item, dict)
        and isinstance(item.get("type"), str)
        and isinstance(item.get("symbol"), str)
    ]


def _is_series(channel: Channel, item: dict[str, Any]) -> bool:
    # Candles always; sales where their history is asked for.
    return item["type"] == "Candle" or (item["type"] == "TimeAndSale" and channel.contract == "HISTORY")
