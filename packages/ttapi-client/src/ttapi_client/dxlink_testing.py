# SPDX-License-Identifier: Apache-2.0
"""
A market and its DXLink server in a simulation, for tests: no sockets, no waiting, and every fault on demand.

`Simulation` moves a `FeedEngine` and the server together from event to event by a clock of their own, so that
a day with hundreds of faults passes in seconds, and always the same way.
"""

from __future__ import annotations

import json
import random
import zlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from ttapi_client.dxlink_engine import CloseLine, FeedEngine, FeedPolicy, Instant, OpenLine
from ttapi_client.dxlink_protocol import Subscription
from ttapi_core import TTError

START: Final = datetime(2026, 11, 19, tzinfo=UTC)
"""When a simulation begins."""
START_MS: Final = round(START.timestamp() * 1000)
MINUTE_MS: Final = 60_000
STEP_S: Final = 5
"""Seconds between two events of a symbol."""
TOKEN_LIFE_S: Final = 24 * 3600
_ROWS: Final = 100  # candles of one frame
_TURNS_MAX: Final = 1000


def index_of(time_ms: int) -> int:
    """Return the index of an event at a whole second."""
    return (time_ms // 1000) << 32


@cache
def _prices(symbol: str, minute: int) -> list[float]:
    chance = random.Random(f"{symbol}/{minute}")  # noqa: S311 - a simulation
    return [round(100 + chance.uniform(-1, 1), 2) for _ in range(60 // STEP_S)]


class Truth:
    """What the market did: a candle a minute of each symbol, a quote and a sale every `STEP_S` seconds."""

    def __init__(self, symbols: list[str]) -> None:
        self.symbols = symbols

    def candle(self, symbol: str, minute: int, now_s: float) -> list[Any]:
        """Return the candle of a minute as it stands at a time."""
        steps = min(60 // STEP_S, int((now_s - 60 * minute) // STEP_S) + 1)
        prices = _prices(symbol, minute)[:steps]
        time_ms = START_MS + minute * MINUTE_MS
        ohlc = [prices[0], max(prices), min(prices), prices[-1]]
        return [f"{symbol}{{=m}}", 0, index_of(time_ms), time_ms, 0, steps, *ohlc, 100 * steps, prices[0]]

    def quote(self, symbol: str, now_s: float) -> list[Any]:
        """Return the quote of a time."""
        step = int(now_s // STEP_S)
        time_ms = START_MS + step * STEP_S * 1000
        bid = round(100 + (zlib.crc32(f"{symbol}/{step}".encode()) % 1000) / 100, 2)
        return [symbol, time_ms, time_ms, bid, bid + 0.01, 100 + step % 7, 200]

    def sale(self, symbol: str, now_s: float) -> list[Any]:
        """Return the latest sale of a time."""
        time_ms = START_MS + int(now_s // STEP_S) * STEP_S * 1000
        price = 100 + len(symbol)
        head = [symbol, 0, index_of(time_ms), time_ms, 0, "Q", price, 7, price, price]
        return [*head, "@", "", "BUY", False, False, True, "NEW"]


class Wire:
    """
    One connection at the server's side.

    ``frozen`` it says nothing, of the contracts in ``mute`` it sends no data, and so many of its next data
    frames are cut as ``garble`` says.
    """

    def __init__(self, peer: Peer, token: str) -> None:
        self.peer = peer
        self.token = token
        self.contracts: dict[int, str] = {}
        self.subscribed: dict[int, dict[tuple[str, str], int]] = {}
        self.frozen = False
        self.mute: set[str] = set()
        self.garble = 0
        self.closed = False
        self.out: list[str] = []

    def say(self, kind: str, channel: int = 0, **members: object) -> None:
        """Send a message, or what the faults leave of it."""
        if self.frozen or (kind == "FEED_DATA" and self.contracts.get(channel) in self.mute):
            return
        text = json.dumps({"type": kind, "channel": channel, **members})
        if self.garble and kind == "FEED_DATA":
            self.garble -= 1
            text = text[: len(text) * 2 // 3]
        self.out.append(text)

    def hear(self, text: str, now_s: float) -> None:
        """Take a message of the client, and answer it."""
        message = json.loads(text)
        channel = message["channel"]
        match message["type"]:
            case "SETUP":
                self.say("SETUP", version="1.0-simulated", keepaliveTimeout=60)
                self.say("AUTH_STATE", state="UNAUTHORIZED")
            case "AUTH" if message["token"] in self.peer.valid:
                self.say("AUTH_STATE", state="AUTHORIZED", userId="u")
            case "AUTH":
                self.say("ERROR", error="UNAUTHORIZED", message="no")
            case "CHANNEL_REQUEST":
                self.contracts[channel] = message["parameters"]["contract"]
                self.subscribed[channel] = {}
                self.say("CHANNEL_OPENED", channel, service="FEED", parameters={})
            case "FEED_SETUP":
                fields = message["acceptEventFields"]
                self.say(
                    "FEED_CONFIG", channel, dataFormat="COMPACT", aggregationPeriod=0, eventFields=fields
                )
            case "FEED_SUBSCRIPTION":
                self.subscribe(channel, message, now_s)
            case "KEEPALIVE":
                self.say("KEEPALIVE")

    def subscribe(self, channel: int, message: dict[str, Any], now_s: float) -> None:
        """Change what a channel delivers."""
        for item in message.get("remove", []):
            self.subscribed[channel].pop((item["type"], item["symbol"]), None)
        for item in message.get("add", []):
            self.subscribed[channel][item["type"], item["symbol"]] = item.get("fromTime", 0)
            if item["type"] == "Candle":
                self.snapshot(channel, item["symbol"], item.get("fromTime", 0), now_s)
            else:
                self.events(channel, item["type"], [item["symbol"]], now_s)

    def snapshot(self, channel: int, event_symbol: str, from_ms: int, now_s: float) -> None:
        """Send the candles from a time on, newest first."""
        symbol = event_symbol.partition("{")[0]
        first = max(0, (from_ms - START_MS) // MINUTE_MS)
        minutes = range(int(now_s // 60), first - 1, -1) if symbol in self.peer.truth.symbols else []
        rows = [self.peer.truth.candle(symbol, minute, now_s) for minute in minutes]
        if rows:
            rows[0][1] |= 4
            rows[-1][1] |= 8
        else:
            rows = [[event_symbol, 14, index_of(from_ms), from_ms, 0, 0, *["NaN"] * 6]]
        for start in range(0, len(rows), _ROWS):
            values = [value for row in rows[start : start + _ROWS] for value in row]
            self.say("FEED_DATA", channel, data=["Candle", values])

    def events(self, channel: int, kind: str, symbols: list[str], now_s: float) -> None:
        """Send the latest event of symbols."""
        known = [symbol for symbol in symbols if symbol in self.peer.truth.symbols]
        make = self.peer.truth.quote if kind == "Quote" else self.peer.truth.sale
        values = [value for symbol in known for value in make(symbol, now_s)]
        if values:
            self.say("FEED_DATA", channel, data=[kind, values])

    def tick(self, now_s: float) -> None:
        """Send what happened."""
        for channel, subscribed in self.subscribed.items():
            kinds: dict[str, list[str]] = {}
            for kind, symbol in subscribed:
                kinds.setdefault(kind, []).append(symbol)
            for kind, symbols in kinds.items():
                if kind != "Candle":
                    self.events(channel, kind, symbols, now_s)
                    continue
                bases = [symbol.partition("{")[0] for symbol in symbols]
                known = [base for base in bases if base in self.peer.truth.symbols]
                rows = [self.peer.truth.candle(base, int(now_s // 60), now_s) for base in known]
                if rows:
                    self.say("FEED_DATA", channel, data=["Candle", [value for row in rows for value in row]])


class Peer:
    """The server: it knows its tokens, and the wires to it."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.valid: set[str] = set()
        self.issued = 0
        self.wires: dict[int, Wire] = {}

    def issue(self) -> str:
        """Return a new token, which is accepted from now on."""
        self.issued += 1
        token = f"token-{self.issued}"
        self.valid.add(token)
        return token


class Simulation:
    """
    An engine and its server, moved from event to event by a clock of their own.

    Parameters
    ----------
    symbols
        What the server knows.
    policy, seed
        Of the engine.
    token_life_s
        Seconds that a quote token lives.

    Attributes
    ----------
    items
        What was handed out.
    connections_refused
        While it is set, no connection can be opened, for this reason.
    """

    def __init__(
        self,
        symbols: list[str],
        *,
        policy: FeedPolicy | None = None,
        token_life_s: float = TOKEN_LIFE_S,
        seed: int = 1,
    ) -> None:
        self.now_s = 0.0
        self._token_life_s = token_life_s
        self.peer = Peer(Truth(symbols))
        self.engine = FeedEngine(policy or FeedPolicy(), self.instant(), seed=seed)
        self.token: tuple[str, datetime] | None = None
        self.items: list[Any] = []
        self.connections_refused: TTError | None = None
        self.engine.start(self.instant())
        self._next_tick_s = 0.0

    def instant(self) -> Instant:
        """Return the time."""
        return Instant(self.now_s, START + timedelta(seconds=self.now_s))

    def subscribe(self, *kinds: str) -> None:
        """Subscribe event types of all symbols."""
        add = []
        for symbol in self.peer.truth.symbols:
            for kind in kinds:
                candle = kind == "Candle"
                add.append(
                    Subscription(kind, f"{symbol}{{=m}}" if candle else symbol, START_MS if candle else None)
                )
        self.engine.add(add)

    def wires(self) -> list[Wire]:
        """Return the connections that are open."""
        return [wire for wire in self.peer.wires.values() if not wire.closed]

    def drop(self) -> None:
        """Cut all connections."""
        for number, wire in list(self.peer.wires.items()):
            wire.closed = True
            del self.peer.wires[number]
            self.engine.lost(number, "code 1006", self.instant())

    def freeze(self) -> None:
        """Let all connections fall silent, without an end."""
        for wire in self.wires():
            wire.frozen = True

    def mute(self, contract: str) -> None:
        """Let the channels of a contract fall silent; the connections live on."""
        for wire in self.wires():
            wire.mute.add(contract)

    def garble(self) -> None:
        """Cut the next data frame of each connection."""
        for wire in self.wires():
            wire.garble = 1

    def expire(self) -> None:
        """Let all tokens run out, and say so."""
        self.peer.valid.clear()
        for wire in self.wires():
            wire.say("ERROR", error="UNAUTHORIZED", message="the token has expired")

    def settle(self) -> None:
        """Exchange everything that can be exchanged without time passing."""
        for _ in range(_TURNS_MAX):
            busy = False
            for action in self.engine.actions():
                busy = True
                self.act(action)
            for number, frames in self.engine.frames_to_send():
                busy = True
                wire = self.peer.wires.get(number)
                for frame in frames:
                    if wire is not None and not wire.frozen:
                        wire.hear(frame, self.now_s)
            for number, wire in list(self.peer.wires.items()):
                frames, wire.out = wire.out, []
                for frame in frames:
                    busy = True
                    self.engine.received(number, frame, self.instant())
            self.items += self.engine.buffer.take()
            if not busy:
                return
        raise AssertionError("it never comes to rest")

    def act(self, action: OpenLine | CloseLine) -> None:
        """Do what the engine wants done."""
        if isinstance(action, CloseLine):
            wire = self.peer.wires.pop(action.line, None)
            if wire is not None:
                wire.closed = True
            return
        if self.connections_refused is not None:
            self.engine.failed(action.line, self.connections_refused, self.instant())
            return
        if self.token is None or action.fresh_token:
            self.token = self.peer.issue(), self.instant().at + timedelta(seconds=self._token_life_s)
        token, ends = self.token
        self.peer.wires[action.line] = Wire(self.peer, token)
        self.engine.opened(action.line, token, self.instant(), token_ends=ends)

    def run_until(self, end_s: float) -> None:
        """Let time pass."""
        self.settle()
        while self.now_s < end_s and self.engine.failure is None:
            due = min(end_s, self._next_tick_s, max(self.engine.next_timer_s, self.now_s))
            self.now_s = due
            if self.now_s >= self._next_tick_s:
                self._next_tick_s += STEP_S
                for wire in self.wires():
                    wire.tick(self.now_s)
            self.engine.tick(self.instant())
            self.settle()
