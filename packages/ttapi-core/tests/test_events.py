# SPDX-License-Identifier: Apache-2.0
"""Events: the envelope, cause and effect, and JSON that survives anything."""

from __future__ import annotations

import copy
import json
import pickle
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from ttapi_core import (
    Account,
    Balance,
    Bar,
    BodyTooLargeError,
    DecodeError,
    Event,
    EventKind,
    Fact,
    Fill,
    InstrumentKind,
    Notice,
    Order,
    OrderAction,
    OrderBook,
    OrderLeg,
    OrderType,
    ParameterError,
    Payload,
    Position,
    PriceEffect,
    QuantityDirection,
    Quote,
    RiskMetrics,
    Symbol,
    TimeInForce,
    Trade,
)
from ttapi_core.events import JSON_SIZE_MAX

NOW = datetime(2026, 11, 20, 15, 30, 0, 1, tzinfo=UTC)
SPY = Symbol.parse("SPY")
SPX = Symbol.parse("SPX", kind=InstrumentKind.INDEX)
CALL = Symbol.parse("SPY   261218C00602500")
ONE = Decimal("1.00")


def some_order() -> Order:
    fill = Fill(
        symbol=CALL,
        action=OrderAction.BUY_TO_OPEN,
        quantity=ONE,
        price=ONE,
        time=NOW,
        broker_id="7",
        venue="X",
    )
    return Order(
        account_number="5WT00001",
        order_type=OrderType.STOP_LIMIT,
        time_in_force=TimeInForce.GTD,
        legs=(OrderLeg(symbol=CALL, action=OrderAction.BUY_TO_OPEN, quantity=Decimal(2), fills=(fill,)),),
        received_at=NOW,
        price=Decimal("3.10"),
        price_effect=PriceEffect.DEBIT,
        stop_trigger=Decimal("3.00"),
        gtc_date=date(2026, 12, 1),
        replaces=uuid4(),
    )


PAYLOADS: dict[str, Payload] = {
    "quote": Quote(symbol=SPX, time=NOW, bid=Decimal("5990.10"), ask=None, bid_size=Decimal("0.5")),
    "trade": Trade(symbol=Symbol.from_streamer("/ESZ26:XCME"), time=NOW, price=Decimal("-37.63"), size=ONE),
    "bar": Bar(
        symbol=SPY, time=NOW, open=ONE, high=ONE, low=ONE, close=ONE, volume=Decimal("1E+6"), trade_count=12
    ),
    "order_book": OrderBook.of(SPY, NOW, bids=[(ONE, ONE)], asks=[(Decimal(2), ONE), (Decimal(3), ONE)]),
    "order": some_order(),
    "fill": Fill(
        symbol=CALL, action=OrderAction.SELL_TO_CLOSE, quantity=ONE, price=ONE, time=NOW, order_id=uuid4()
    ),
    "position": Position(
        account_number="5WT00001",
        symbol=CALL,
        time=NOW,
        quantity=ONE,
        direction=QuantityDirection.SHORT,
        average_open_price=ONE,
        realized_day_gain=Decimal("-0.01"),
    ),
    "balance": Balance(
        account_number="5WT00001",
        time=NOW,
        cash_balance=Decimal("-1.10"),
        net_liquidating_value=ONE,
        equity_buying_power=ONE,
        derivative_buying_power=ONE,
        maintenance_requirement=ONE,
    ),
    "account": Account(
        number="5WT00001", account_type="Individual", margin_or_cash="Margin", nickname="Übung"
    ),
    "risk_metrics": RiskMetrics(
        account_number="5WT00001",
        time=NOW,
        net_liquidating_value=ONE,
        maintenance_requirement=ONE,
        gross_exposure=ONE,
        net_exposure=ONE,
        value_at_risk=ONE,
    ),
    "notice": Notice(
        name="rows_dropped", message="two rows", facts=(Fact("count", "2"), Fact("cause", "“…”\n"))
    ),
}
KINDS = {
    "quote": EventKind.MARKET_DATA,
    "trade": EventKind.MARKET_DATA,
    "bar": EventKind.MARKET_DATA,
    "order_book": EventKind.MARKET_DATA,
    "order": EventKind.ORDER,
    "fill": EventKind.TRADE,
    "position": EventKind.POSITION,
    "balance": EventKind.POSITION,
    "account": EventKind.POSITION,
    "risk_metrics": EventKind.RISK,
    "notice": EventKind.SYSTEM,
}


def event(name: str) -> Event:
    return Event(payload=PAYLOADS[name], time=NOW, source="sandbox")


@pytest.mark.parametrize("name", PAYLOADS)
def test_json_there_and_back_loses_nothing(name: str) -> None:
    value = event("order").caused(PAYLOADS[name], time=NOW, source="sandbox")
    text = value.to_json()
    again = Event.from_json(text)
    assert again == value
    assert again.to_json() == text
    assert Event.from_json(text.encode()) == value
    document = json.loads(text)
    assert (document["type"], document["kind"]) == (name, KINDS[name].value)


def test_json_keeps_what_equality_does_not_see() -> None:
    """Kind and contract year are no part of a symbol's identity, and the digits of a Decimal none of its value."""
    quote = Event.from_json(event("quote").to_json()).payload
    trade = Event.from_json(event("trade").to_json()).payload
    assert isinstance(quote, Quote)
    assert isinstance(trade, Trade)
    assert (quote.symbol.kind, str(quote.bid)) == (InstrumentKind.INDEX, "5990.10")
    assert (trade.symbol.contract_year, trade.symbol.exchange) == (2026, "XCME")


@pytest.mark.parametrize("name", PAYLOADS)
def test_kind_follows_from_the_payload(name: str) -> None:
    assert event(name).kind is KINDS[name]


@pytest.mark.parametrize(
    ("name", "symbols"),
    [("quote", {SPX}), ("order", {CALL}), ("fill", {CALL}), ("account", set()), ("notice", set())],
)
def test_event_knows_its_symbols(name: str, symbols: set[Symbol]) -> None:
    assert event(name).symbols == symbols


def test_first_cause_correlates_with_itself() -> None:
    first = event("quote")
    assert (first.correlation_id, first.causation_id) == (first.id, None)


def test_chain_of_causes_shares_the_correlation_id() -> None:
    first = event("quote")
    second = first.caused(PAYLOADS["order"], time=NOW, source="strategy")
    third = second.caused(PAYLOADS["fill"], time=NOW, source="broker")
    assert {second.correlation_id, third.correlation_id} == {first.id}
    assert (second.causation_id, third.causation_id) == (first.id, second.id)
    assert len({first.id, second.id, third.id}) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"payload": {"a": 1}},
        {"payload": SPY},
        {"time": NOW.replace(tzinfo=None)},
        {"source": None},
        {"id": "1"},
    ],
)
def test_event_of_wrong_fields_raises(wrong: dict[str, object]) -> None:
    fields: dict[str, object] = {"payload": PAYLOADS["quote"], "time": NOW, "source": "x"}
    with pytest.raises(ParameterError):
        Event(**(fields | wrong))  # type: ignore[arg-type]  # the point of the test


def test_event_survives_copy_and_pickle() -> None:
    value = event("order")
    assert copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"quote"',
        "{",
        "{}",
        '{"id":1}',
        b"\xff\xfe",
        "[" * 100_000,
        '{"a":' * 100_000,
        f'{{"id":{"9" * 5_000}}}',
        '{"id":NaN}',
        '{"id":Infinity}',
    ],
)
def test_text_that_is_no_event_raises_decode_error(text: str | bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        Event.from_json(text)
    assert len(str(caught.value)) < 400


def test_member_named_twice_raises() -> None:
    text = event("quote").to_json().replace('"source":', '"source":"a","source":')
    with pytest.raises(DecodeError, match="twice"):
        Event.from_json(text)


def test_document_beyond_the_limit_raises() -> None:
    with pytest.raises(BodyTooLargeError):
        Event.from_json(" " * (JSON_SIZE_MAX + 1))


def test_something_else_than_text_raises() -> None:
    with pytest.raises(ParameterError):
        Event.from_json({"id": 1})  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(
    "changes", [{"type": "fill"}, {"type": "event"}, {"kind": "order"}, {"payload": None}]
)
def test_envelope_that_contradicts_its_payload_raises(changes: dict[str, object]) -> None:
    document = json.loads(event("quote").to_json()) | changes
    with pytest.raises(DecodeError):
        Event.from_json(json.dumps(document))


def test_values_that_break_a_rule_raise_decode_error() -> None:
    document = json.loads(event("bar").to_json())
    document["payload"]["low"] = "2"
    with pytest.raises(DecodeError, match="above high"):
        Event.from_json(json.dumps(document))


WILD: tuple[object, ...] = (
    None,
    True,
    -1,
    2**63,
    10**400,
    1.5,
    1e308,
    "",
    "x",
    "NaN",
    "1e999",
    "\x00",
    "\ud800",
    "9" * 5_000,
    [],
    [[]],
    {},
    {"canonical": "X"},
)


def places(node: object) -> Iterator[tuple[dict[str, object] | list[object], str | int]]:
    """Every member and item of a document, with the container that holds it."""
    items: list[tuple[str | int, object]] = []
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list):
        items = list(enumerate(node))
    for key, child in items:
        yield node, key  # type: ignore[misc]  # only containers have items
        yield from places(child)


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_field_replaced_by_anything_gives_an_event_or_decode_error(name: str) -> None:
    text = event(name).to_json()
    refused = 0
    for index in range(sum(1 for _ in places(json.loads(text)))):
        for wild in WILD:
            document = json.loads(text)
            container, key = list(places(document))[index]
            container[key] = wild  # type: ignore[index]  # the key fits its container
            refused += not is_read(json.dumps(document))
    assert refused > 50


def test_two_thousand_mutated_documents_give_an_event_or_decode_error() -> None:
    randomness = random.Random(20261120)
    texts = [event(name).to_json() for name in PAYLOADS]
    refused = 0
    for _ in range(2_000):
        letters = list(randomness.choice(texts))
        for _ in range(randomness.randint(1, 3)):
            place = randomness.randrange(len(letters))
            letters[place : place + randomness.randint(0, 3)] = randomness.choices(
                '{}[]",:0eE.-nN\\u\x00é', k=randomness.randint(0, 3)
            )
        refused += not is_read("".join(letters))
    assert refused > 1_000


def is_read(text: str) -> bool:
    """Whether a text is read; anything raised but `DecodeError` fails the test."""
    try:
        value = Event.from_json(text)
    except DecodeError:
        return False
    assert Event.from_json(value.to_json()) == value
    return True
