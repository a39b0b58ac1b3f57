# SPDX-License-Identifier: Apache-2.0
"""
Live market data on one core: what it costs to make typed events of frames.

- COMPACT quotes a second, from the bytes of a frame to frozen typed events, and the time over that of bare
  JSON decoding (msgspec) of the same bytes, in turns, so that a busy machine slows both.
- The same through the whole engine with 22,000 contracts subscribed: checked, conflated, counted, taken.
- Other event types, and quotes in FULL, for comparison.

Run: ``pytest benchmarks/bench_dxlink.py --benchmark-only -n 0 -s``
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import msgspec
import pytest

from ttapi_client.dxlink_engine import FeedEngine, FeedPolicy, Instant, OpenLine
from ttapi_client.dxlink_events import FIELDS, decode_events
from ttapi_client.dxlink_protocol import DXLinkProtocol, FeedData, Subscription

EVENTS = 500
FRAMES = 200
ROUNDS = 15
QUOTES_PER_S_MIN = 200_000
RATIO_MAX = 2.5
START = datetime(2026, 11, 19, 14, tzinfo=UTC)
CONTRACTS = [f".SPY{20 + n // 8800}1218{'CP'[n % 2]}{100 + (n // 2) % 4400 / 4:g}" for n in range(22_000)]
NUMBERS = {"eventSymbol": ".SPY261218C600", "eventFlags": 0, "index": 7_710_036_667_976_908_800}
TEXTS = {"exchangeCode": "C", "aggressorSide": "BUY", "type": "NEW", "exchangeSaleConditions": "@"} | {
    "tickDirection": "UP",
    "tradeThroughExempt": "",
}


def quote(number: int) -> list[Any]:
    bid = round(19.4 + number % 97 / 100, 2)
    time_ms = 1_795_188_601_400 + number
    return [CONTRACTS[number % 22_000], time_ms, time_ms, bid, bid + 0.2, 31 + number % 7, 12]


def frame_of(kind: str, rows: list[list[Any]], *, full: bool = False) -> bytes:
    data: list[Any] = [kind, [value for row in rows for value in row]]
    if full:
        data = [{"eventType": kind, **dict(zip(FIELDS[kind], row, strict=True))} for row in rows]
    return msgspec.json.encode({"type": "FEED_DATA", "channel": 1, "data": data})


def row_of(kind: str, number: int) -> list[Any]:
    special = NUMBERS | TEXTS | {"time": 1_795_188_601_400, "sequence": number, "count": 12, "dayId": 20_776}
    flags = {"spreadLeg", "extendedTradingHours", "validTick"}
    return [special.get(name, False if name in flags else number / 8) for name in FIELDS[kind]]


def opened() -> DXLinkProtocol:
    protocol = DXLinkProtocol()
    protocol.connect("t", 0.0)
    for state in ("UNAUTHORIZED", "AUTHORIZED"):
        protocol.receive_frame(json.dumps({"type": "AUTH_STATE", "channel": 0, "state": state}), 0.0)
    channel = protocol.open_channel("AUTO")
    protocol.receive_frame(json.dumps({"type": "CHANNEL_OPENED", "channel": channel}), 0.0)
    protocol.setup_feed(channel, FIELDS)
    return protocol


def seconds(work: Callable[[bytes], Any], frames: list[bytes]) -> float:
    started = time.perf_counter()
    for frame in frames:
        work(frame)
    return time.perf_counter() - started


def measured(work: Callable[[bytes], Any], frames: list[bytes], name: str) -> tuple[float, float]:
    """Return events a second, and the time over bare decoding: medians of rounds taken in turns."""
    gc.collect()
    pairs = [(seconds(msgspec.json.decode, frames), seconds(work, frames)) for _ in range(ROUNDS)]
    rate = EVENTS * len(frames) / median(ours for _, ours in pairs)
    ratio = median(ours / bare for bare, ours in pairs)
    print(f"\n{name}: {rate:,.0f} events/s, {ratio:.2f} times bare JSON decoding")
    return rate, ratio


def decoder() -> Callable[[bytes], Any]:
    protocol = opened()

    def decode(frame: bytes) -> None:
        (data,) = protocol.receive_frame(frame, 0.0)
        assert isinstance(data, FeedData)
        decoded = decode_events(data)
        assert len(decoded.events) == EVENTS

    return decode


def test_compact_quotes(benchmark: Any) -> None:
    frames = [frame_of("Quote", [quote(EVENTS * n + m) for m in range(EVENTS)]) for n in range(FRAMES)]
    assert max(map(len, frames)) <= 65_536
    work = decoder()
    rate, ratio = measured(work, frames, "COMPACT quotes")
    benchmark.extra_info |= {"events_per_s": rate, "over_json": ratio}
    benchmark.pedantic(seconds, (work, frames), rounds=3)
    assert rate >= QUOTES_PER_S_MIN
    assert ratio <= RATIO_MAX


@pytest.mark.parametrize("kind", ["Trade", "Greeks", "Candle", "TimeAndSale", "FULL"])
def test_other_events(benchmark: Any, kind: str) -> None:
    if kind == "FULL":
        frames = [frame_of("Quote", [quote(n) for n in range(EVENTS)], full=True)] * FRAMES
    else:
        frames = [frame_of(kind, [row_of(kind, n) for n in range(EVENTS)])] * FRAMES
    work = decoder()
    rate, ratio = measured(work, frames, kind)
    benchmark.extra_info |= {"events_per_s": rate, "over_json": ratio}
    benchmark.pedantic(seconds, (work, frames), rounds=3)


def test_engine_with_twenty_two_thousand_contracts(benchmark: Any) -> None:
    now = Instant(0.0, START)
    engine = FeedEngine(FeedPolicy(), now, seed=1)
    engine.add(Subscription("Quote", symbol) for symbol in CONTRACTS)
    engine.start(now)
    (opening,) = engine.actions()
    assert isinstance(opening, OpenLine)
    engine.opened(opening.line, "t", now)
    for message in (
        {"type": "AUTH_STATE", "channel": 0, "state": "UNAUTHORIZED"},
        {"type": "AUTH_STATE", "channel": 0, "state": "AUTHORIZED"},
        {"type": "CHANNEL_OPENED", "channel": 1},
    ):
        engine.received(opening.line, json.dumps(message), now)
        engine.frames_to_send()
    frames = [frame_of("Quote", [quote(EVENTS * n + m) for m in range(EVENTS)]) for n in range(FRAMES)]
    taken = 0

    def work(frame: bytes) -> None:
        nonlocal taken
        engine.received(opening.line, frame, Instant(1.0, START + timedelta(seconds=1)))
        if engine.buffer.waiting > 10_000:
            taken += len(engine.buffer.take())

    rate, ratio = measured(work, frames, "22,000 contracts through the engine")
    benchmark.extra_info |= {"events_per_s": rate, "over_json": ratio}
    benchmark.pedantic(seconds, (work, frames), rounds=3)
    assert engine.statistics.dropped.total() == engine.statistics.rejected.total() == 0
    assert rate >= QUOTES_PER_S_MIN
