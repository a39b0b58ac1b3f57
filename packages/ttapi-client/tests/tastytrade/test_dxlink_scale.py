# SPDX-License-Identifier: Apache-2.0
"""Twenty-two thousand option contracts on one connection for ten simulated hours; twenty thousand spoilt frames."""

from __future__ import annotations

import gc
import json
import random
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ttapi_client.dxlink_engine import FeedEngine, FeedPolicy, Instant, OpenLine
from ttapi_client.dxlink_events import EventRejected, QuoteEvent, TimeAndSaleEvent
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import GapReport
from ttapi_client.dxlink_testing import Simulation, Wire
from ttapi_core import TTError

START = datetime(2026, 11, 19, 14, tzinfo=UTC)
CONTRACTS = [f".SPY{20 + n // 8800}1218{'CP'[n % 2]}{100 + (n // 2) % 4400 / 4:g}" for n in range(22_000)]
A_FRAME = 500
FRAME_MAX = 65_536


class Line:
    """A server that answers the handshake, and then says what it is told."""

    def __init__(self, engine: FeedEngine) -> None:
        self.engine = engine
        self.now_s = 0.0
        self.subscribed: list[tuple[str, str]] = []
        self.frame_bytes_max = 0
        engine.start(self.now)
        (opening,) = engine.actions()
        assert isinstance(opening, OpenLine)
        self.line = opening.line
        engine.opened(self.line, "t", self.now)
        self.answer()

    @property
    def now(self) -> Instant:
        return Instant(self.now_s, START + timedelta(seconds=self.now_s))

    def hear(self, message: dict[str, Any]) -> None:
        self.engine.received(self.line, msgspec.json.encode(message), self.now)

    def answer(self) -> None:
        while frames := [frame for _, some in self.engine.frames_to_send() for frame in some]:
            for frame in frames:
                self.frame_bytes_max = max(self.frame_bytes_max, len(frame.encode()))
                message = json.loads(frame)
                channel = message["channel"]
                match message["type"]:
                    case "SETUP":
                        self.hear({"type": "SETUP", "channel": 0, "keepaliveTimeout": 60})
                        self.hear({"type": "AUTH_STATE", "channel": 0, "state": "UNAUTHORIZED"})
                    case "AUTH":
                        self.hear({"type": "AUTH_STATE", "channel": 0, "state": "AUTHORIZED"})
                    case "CHANNEL_REQUEST":
                        self.hear({"type": "CHANNEL_OPENED", "channel": channel})
                    case "FEED_SUBSCRIPTION":
                        self.subscribed += [(one["type"], one["symbol"]) for one in message.get("add", [])]

    def quotes(self, number: int) -> None:
        """Say a quote of every contract; its bid is the number."""
        for start in range(0, len(CONTRACTS), A_FRAME):
            values: list[Any] = []
            for symbol in CONTRACTS[start : start + A_FRAME]:
                values += (symbol, number, number, number + 0.25, number + 0.5, 10, 20)
            frame = msgspec.json.encode({"type": "FEED_DATA", "channel": 1, "data": ["Quote", values]})
            assert len(frame) <= FRAME_MAX
            self.engine.received(self.line, frame, self.now)

    def sales(self, number: int, symbols: list[str]) -> None:
        """Say a sale of some contracts; its time is the number."""
        values: list[Any] = []
        for symbol in symbols:
            values += (
                symbol,
                0,
                number,
                number,
                0,
                "C",
                1.5,
                2,
                1.4,
                1.6,
                "@",
                "",
                "BUY",
                False,
                False,
                True,
                "NEW",
            )
        for start in range(0, len(values), 17 * 400):
            part = values[start : start + 17 * 400]
            self.hear({"type": "FEED_DATA", "channel": 1, "data": ["TimeAndSale", part]})


@pytest.mark.slow
def test_every_contract_comes_complete_in_order_and_in_level_memory_for_ten_hours() -> None:
    assert len({*CONTRACTS}) == 22_000
    engine = FeedEngine(FeedPolicy(gap_s=400, silence_max_s=1000), Instant(0.0, START), seed=1)
    engine.add(Subscription("Quote", symbol) for symbol in CONTRACTS)
    traded = CONTRACTS[:1000]
    engine.add(Subscription("TimeAndSale", symbol) for symbol in traded)
    line = Line(engine)
    assert Counter(kind for kind, _ in line.subscribed) == {"Quote": 22_000, "TimeAndSale": 1000}
    assert line.frame_bytes_max <= 8192
    latest: dict[str, float] = {}
    sold: dict[str, int] = dict.fromkeys(traded, 0)
    blocks = []
    rounds = 10 * 12  # one in five minutes
    for number in range(1, rounds + 1):
        line.now_s += 300
        engine.tick(line.now)
        line.answer()
        line.quotes(number)
        line.sales(number, traded)
        if number % 3:  # a reader that is slower than the feed
            continue
        items = engine.buffer.take()
        for item in items:
            if isinstance(item, QuoteEvent):
                assert item.bid is not None
                assert item.bid > latest.get(item.symbol, 0.0)
                latest[item.symbol] = item.bid
            else:
                assert isinstance(item, TimeAndSaleEvent)
                assert item.time_ms == sold[item.symbol] + 1
                sold[item.symbol] = item.time_ms
        assert latest == dict.fromkeys(CONTRACTS, number + 0.25)
        del items, item
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    assert sold == dict.fromkeys(traded, rounds)
    assert engine.statistics.received == {"Quote": rounds * 22_000, "TimeAndSale": rounds * 1000}
    assert engine.statistics.conflated["Quote"] == rounds * 22_000 * 2 // 3
    assert engine.statistics.dropped.total() == engine.statistics.rejected.total() == 0
    hour = len(blocks) // 10
    assert max(blocks[hour:]) - min(blocks[hour:]) <= 0.02 * blocks[hour]


JUNK: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1.5,
        1 << 70,
        10**400,
        "",
        "NaN",
        "Infinity",
        "-Infinity",
        "x" * 300,
        "\u0000",
    ),
    *([], {}, [[]], [None], ["Quote"], {"a": 1}, "SPY", "Quote", "Candle", "FEED_DATA", "612.31", "12"),
]


def spoilt(chance: random.Random, wire: Wire) -> str | bytes:
    """Make a frame that was good once."""
    truth = wire.peer.truth
    kind = chance.choice(["Quote", "TimeAndSale", "Candle", "Trade", "Greeks", "Nope"])
    rows = {
        "Quote": truth.quote("SPY", 5),
        "TimeAndSale": truth.sale("SPY", chance.randint(0, 10**6)),
        "Candle": truth.candle("SPY", 1, 90),
    }
    values = list(rows.get(kind, ["SPY", *chance.choices(JUNK, k=11)]))
    for _ in range(chance.randint(0, 3)):
        values[chance.randrange(len(values))] = chance.choice(JUNK)
    data: Any = [kind, values]
    if chance.random() < 0.3:
        names = ["eventSymbol", "eventType", "index", "time", "bidPrice", "price", "eventFlags"]
        data = [{name: chance.choice([*JUNK, kind]) for name in names} | {"eventType": kind}]
    message: dict[str, Any] = {
        "type": "FEED_DATA",
        "channel": chance.choice([1, 1, 1, 3, 3, 2, 77]),
        "data": data,
    }
    types = [
        "SETUP",
        "AUTH_STATE",
        "CHANNEL_OPENED",
        "CHANNEL_CLOSED",
        "FEED_CONFIG",
        "ERROR",
        "KEEPALIVE",
        "NEWS",
    ]
    if chance.random() < 0.3:
        names = [
            "state",
            "dataFormat",
            "eventFields",
            "aggregationPeriod",
            "error",
            "message",
            "keepaliveTimeout",
        ]
        message |= {"type": chance.choice(types)} | {
            name: chance.choice(JUNK) for name in chance.sample(names, 3)
        }
    if chance.random() < 0.1:
        message[chance.choice(list(message))] = chance.choice(JUNK)
    text = json.dumps(message)
    match chance.randint(0, 9):
        case 0:
            return text[: chance.randrange(len(text))]
        case 1:
            raw = bytearray(text.encode())
            raw[chance.randrange(len(raw))] = chance.randrange(256)
            return bytes(raw)
        case _:
            return text


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_spoilt_frames_give_documented_errors_and_the_feed_goes_on(seed: int) -> None:
    chance = random.Random(seed)
    simulation = Simulation(["AAPL", "SPY"], seed=seed)
    simulation.subscribe("Quote", "TimeAndSale", "Candle", "Trade", "Greeks")
    simulation.run_until(60)
    for _ in range(5000):
        for line, wire in list(simulation.peer.wires.items()):
            simulation.engine.received(line, spoilt(chance, wire), simulation.instant())
        simulation.settle()
        if chance.random() < 0.05 or not simulation.wires():
            simulation.run_until(simulation.now_s + 20)
        assert simulation.engine.failure is None
    simulation.items.clear()
    simulation.run_until(simulation.now_s + 120)
    assert {item.symbol for item in simulation.items if isinstance(item, QuoteEvent)} >= {"AAPL", "SPY"}
    rejected = [item for item in simulation.items if isinstance(item, EventRejected | GapReport)]
    assert all(isinstance(item.cause, TTError) for item in rejected)
    assert simulation.engine.statistics.rejected.total() > 1000
