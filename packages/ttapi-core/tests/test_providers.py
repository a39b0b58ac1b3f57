# SPDX-License-Identifier: Apache-2.0
"""Requests, answers and the protocols of providers and engines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from ttapi_core import (
    DataAnswer,
    DataProvider,
    DataRequest,
    Event,
    Health,
    MarketDataStream,
    NotFoundError,
    Order,
    OrderAction,
    OrderLeg,
    OrderStatus,
    OrderType,
    Outcome,
    ParameterError,
    Position,
    Quote,
    RequestCounts,
    Symbol,
    TimeInForce,
    TradingEngine,
)

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


class OneQuote:
    """The smallest provider there is: it knows SPY."""

    name = "one"
    simulated = True
    datasets = frozenset({"quotes"})
    counts = RequestCounts()

    async def universe(self, name: str) -> Sequence[str]:
        return ("SPY",)

    async def get_data(self, request: DataRequest) -> AsyncIterator[DataAnswer]:
        for key in request.keys:
            if key == "SPY":
                yield DataAnswer(dataset="quotes", key=key, outcome=Outcome.FRESH, columns={"bid": [1.0]})
            else:
                yield DataAnswer(
                    dataset="quotes", key=key, outcome=Outcome.UNKNOWN_SYMBOL, cause=NotFoundError(key)
                )

    async def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncIterator[Event]:
        for symbol in symbols:
            yield Event(payload=Quote(symbol=Symbol.parse(symbol), time=NOW), time=NOW, source=self.name)

    async def health_check(self) -> Health:
        return Health(reachable=True, latency_s=0.0)

    async def aclose(self) -> None:
        return


class Paper:
    """The smallest engine there is: it remembers orders."""

    def __init__(self) -> None:
        self.orders: dict[UUID, Order] = {}

    async def submit(self, order: Order) -> Order:
        self.orders[order.id] = order.with_status(OrderStatus.LIVE, at=NOW)
        return self.orders[order.id]

    async def cancel(self, order_id: UUID) -> Order:
        return self.orders[order_id].with_status(OrderStatus.CANCELLED, at=NOW)

    async def positions(self, account_number: str) -> Sequence[Position]:
        return ()


async def test_provider_answers_each_key_once() -> None:
    provider: DataProvider = OneQuote()
    assert isinstance(provider, DataProvider)
    assert isinstance(provider, MarketDataStream)
    answers = [
        answer async for answer in provider.get_data(DataRequest(dataset="quotes", keys=("SPY", "NONE")))
    ]
    assert [(answer.key, answer.outcome) for answer in answers] == [
        ("SPY", Outcome.FRESH),
        ("NONE", Outcome.UNKNOWN_SYMBOL),
    ]


async def test_stream_yields_events() -> None:
    stream: MarketDataStream = OneQuote()
    events = [event async for event in stream.subscribe(["quote"], ["SPY"])]
    assert [event.symbols for event in events] == [{Symbol.parse("SPY")}]


async def test_engine_takes_and_cancels_orders() -> None:
    engine: TradingEngine = Paper()
    assert isinstance(engine, TradingEngine)
    leg = OrderLeg(symbol=Symbol.parse("SPY"), action=OrderAction.BUY_TO_OPEN, quantity=Decimal(1))
    order = Order(
        account_number="5WT00001",
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.DAY,
        legs=(leg,),
        received_at=NOW,
    )
    assert (await engine.submit(order)).status is OrderStatus.LIVE
    assert (await engine.cancel(order.id)).status is OrderStatus.CANCELLED


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": ("SPY", "SPY")},
        {"keys": "SPY"},
        {"keys": "SPYS"},
        {"since": date(2026, 1, 2), "until": date(2026, 1, 1)},
    ],
)
def test_request_that_cannot_be_meant_raises(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        DataRequest(dataset="quotes", **wrong)  # type: ignore[arg-type]  # the point of the test


def test_request_for_one_day_is_taken() -> None:
    day = date(2026, 1, 2)
    assert DataRequest(dataset="eod_data", keys=("SPY",), since=day, until=day).keys == ("SPY",)


def test_outcomes_bear_the_words_of_the_report() -> None:
    words = {"fresh", "cached", "stale", "empty", "unknown", "not_entitled", "failed"}
    assert {outcome.value for outcome in Outcome} == words
