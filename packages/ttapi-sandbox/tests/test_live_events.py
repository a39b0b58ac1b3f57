# SPDX-License-Identifier: Apache-2.0
"""Ticks of every live type, and sales that happen between them: each once, in order."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ttapi_core import ManualClock
from ttapi_sandbox.dxlink import Session
from ttapi_sandbox.events import EventSource
from ttapi_sandbox.market import Market
from ttapi_sandbox.option_chains import ChainBook

OPEN = datetime(2026, 11, 19, 17, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(OPEN)


@pytest.fixture
def session(clock: ManualClock) -> Session:
    market = Market(seed=7, symbols=5, clock=clock)
    session = Session(
        market, EventSource(market, ChainBook(market)), accepts=lambda _: True, snapshots_max=18
    )
    for message in (
        {"type": "SETUP", "channel": 0, "version": "0.1"},
        {"type": "AUTH", "channel": 0, "token": "t"},
        {"type": "CHANNEL_REQUEST", "channel": 1, "service": "FEED", "parameters": {"contract": "AUTO"}},
        {"type": "FEED_SETUP", "channel": 1, "acceptDataFormat": "FULL"},
    ):
        session.receive(json.dumps(message))
    return session


def subscribed(session: Session, *pairs: tuple[str, str]) -> None:
    add = [{"type": kind, "symbol": symbol} for kind, symbol in pairs]
    session.receive(json.dumps({"type": "FEED_SUBSCRIPTION", "channel": 1, "add": add}))


def ticked(session: Session) -> list[dict[str, Any]]:
    messages = [json.loads(text) for text in session.tick(with_candles=False)]
    return [event for message in messages for event in message["data"]]


def test_every_live_type_ticks(session: Session, clock: ManualClock) -> None:
    option = ".SPY261218C650"
    pairs = [("Quote", "SPY"), ("Trade", "SPY"), ("Underlying", "SPY"), ("TimeAndSale", "SPY")]
    pairs += [("Greeks", option), ("TheoPrice", option), ("TimeAndSale", option)]
    subscribed(session, *pairs)
    clock.advance(5)
    assert sorted((event["eventType"], event["eventSymbol"]) for event in ticked(session)) == sorted(pairs)


def test_many_symbols_have_their_turns(session: Session, clock: ManualClock) -> None:
    channel = session.channels[1]
    names = [f"S{n}" for n in range(5001)]
    subscribed(session, *(("Quote", name) for name in names))
    turns = [channel.turn_of("Quote") for _ in range(3)]
    assert [len(turn) for turn in turns] == [2000, 2000, 2000]
    assert {name for turn in turns for name in turn} == {*names}


def test_sales_come_once_and_in_order_however_often_it_ticks(session: Session, clock: ManualClock) -> None:
    subscribed(session, ("TimeAndSale", "SPY"))
    seen = []
    for step_s in (1, 1, 2, 7, 5, 0, 20, 3, 11):
        clock.advance(step_s)
        seen += [event["time"] for event in ticked(session)]
    first = int(OPEN.timestamp() * 1000)
    assert seen == list(range(first + 5000, first + 50_001, 5000))
