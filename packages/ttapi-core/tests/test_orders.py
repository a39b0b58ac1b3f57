# SPDX-License-Identifier: Apache-2.0
"""Orders: what may not be built, and what fills and statuses do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import (
    Fill,
    Order,
    OrderAction,
    OrderLeg,
    OrderStatus,
    OrderType,
    ParameterError,
    PriceEffect,
    Symbol,
    TimeInForce,
)

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
CALL, HIGHER_CALL = Symbol.parse("SPY   261218C00610000"), Symbol.parse("SPY   261218C00620000")
TERMINAL = {"Filled", "Cancelled", "Expired", "Rejected", "Removed", "Partially Removed"}
WORKING = {"Live", "Cancel Requested", "Replace Requested"}


def leg(
    symbol: Symbol = CALL, *, action: OrderAction = OrderAction.BUY_TO_OPEN, quantity: str | None = "10"
) -> OrderLeg:
    return OrderLeg(symbol=symbol, action=action, quantity=None if quantity is None else Decimal(quantity))


def order(**changes: object) -> Order:
    """A limit order to buy ten calls for 3.10."""
    values: dict[str, object] = {
        "account_number": "5WT00001",
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.DAY,
        "legs": (leg(),),
        "received_at": NOW,
        "price": Decimal("3.10"),
        "price_effect": PriceEffect.DEBIT,
    }
    return Order(**(values | changes))  # type: ignore[arg-type]  # the cases put wrong things in


def market(**changes: object) -> Order:
    return order(**({"order_type": OrderType.MARKET, "price": None, "price_effect": None} | changes))


def notional(**changes: object) -> Order:
    terms = {"order_type": OrderType.NOTIONAL_MARKET, "value": Decimal(50), "value_effect": PriceEffect.DEBIT}
    return market(**(terms | {"legs": (leg(Symbol.parse("SPY"), quantity=None),)} | changes))


def fill(quantity: str, *, symbol: Symbol = CALL, price: str = "3.05", order_id: UUID | None = None) -> Fill:
    return Fill(
        symbol=symbol,
        action=OrderAction.BUY_TO_OPEN,
        quantity=Decimal(quantity),
        price=Decimal(price),
        time=NOW + timedelta(seconds=1),
        order_id=order_id,
    )


def test_statuses_are_terminal_or_working_as_the_broker_says() -> None:
    assert {status.value for status in OrderStatus if status.is_terminal} == TERMINAL
    assert {status.value for status in OrderStatus if status.is_working} == WORKING


@pytest.mark.parametrize("action", list(OrderAction))
def test_action_knows_buying(action: OrderAction) -> None:
    assert action.is_buy == action.value.startswith("Buy")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"order_type": OrderType.MARKETABLE_LIMIT},
        {"order_type": OrderType.STOP_LIMIT, "stop_trigger": Decimal(3)},
        {"order_type": OrderType.STOP, "stop_trigger": Decimal(3), "price": None, "price_effect": None},
        {"time_in_force": TimeInForce.GTD, "gtc_date": date(2026, 12, 1)},
        {"order_type": OrderType.MARKET, "price": None, "price_effect": None},
    ],
)
def test_order_types_with_their_terms_are_taken(changes: dict[str, object]) -> None:
    assert order(**changes).status is OrderStatus.RECEIVED


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"price": None}, "price"),
        ({"price": 3.10}, "price"),
        ({"price": Decimal(-1)}, "price"),
        ({"price_effect": None}, "price_effect"),
        ({"price_effect": PriceEffect.CREDIT}, "price_effect"),
        ({"stop_trigger": Decimal(3)}, "stop_trigger"),
        ({"order_type": OrderType.STOP_LIMIT}, "stop_trigger"),
        ({"order_type": OrderType.MARKET}, "price"),
        ({"value": Decimal(50)}, "value"),
        ({"time_in_force": TimeInForce.GTD}, "gtc_date"),
        ({"gtc_date": date(2026, 12, 1)}, "gtc_date"),
        ({"time_in_force": TimeInForce.GTD, "gtc_date": NOW}, "gtc_date"),
        ({"legs": ()}, "legs"),
        ({"legs": (leg(), leg())}, "legs"),
        ({"legs": (leg(), leg(Symbol.parse("SPY")))}, "legs"),
        ({"legs": tuple(leg(Symbol.parse(f"SPY   261218C0060{n}000")) for n in range(5))}, "legs"),
        ({"legs": (leg(quantity=None),)}, "legs"),
        ({"status": OrderStatus.FILLED}, "status"),
        ({"received_at": datetime(2026, 1, 1)}, "received_at"),  # noqa: DTZ001 - the point of the case
        ({"id": "1"}, "id"),
    ],
)
def test_order_whose_fields_contradict_each_other_raises(changes: dict[str, object], parameter: str) -> None:
    with pytest.raises(ParameterError) as caught:
        order(**changes)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    "changes",
    [
        {"legs": (leg(), leg(HIGHER_CALL, action=OrderAction.SELL_TO_OPEN))},
        {"time_in_force": TimeInForce.GTC},
        {"time_in_force": TimeInForce.GTC_EXT_OVERNIGHT},
    ],
)
def test_market_order_is_single_legged_and_of_the_day(changes: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        market(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": None},
        {"value": Decimal(0)},
        {"value_effect": PriceEffect.CREDIT},
        {"legs": (leg(Symbol.parse("SPY")),)},
    ],
)
def test_notional_order_names_money_and_no_quantity(changes: dict[str, object]) -> None:
    assert notional().legs[0].remaining_quantity is None
    with pytest.raises(ParameterError):
        notional(**changes)


def test_spread_may_be_bought_for_a_credit() -> None:
    """Which side pays is plain for one leg only."""
    legs = (leg(), leg(HIGHER_CALL, action=OrderAction.SELL_TO_OPEN))
    assert order(legs=legs, price_effect=PriceEffect.CREDIT).symbols == {CALL, HIGHER_CALL}


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("/ESZ6", OrderAction.BUY_TO_OPEN),
        ("SPY", OrderAction.BUY),
        ("./ESZ6 ESZ6  261218C6000", OrderAction.SELL),
    ],
)
def test_futures_alone_are_bought_and_sold_without_open_and_close(text: str, action: OrderAction) -> None:
    with pytest.raises(ParameterError, match="action"):
        leg(Symbol.parse(text), action=action)
    assert leg(Symbol.parse("/ESZ6"), action=OrderAction.SELL).remaining_quantity == 10


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_quantities_are_above_zero(quantity: str) -> None:
    with pytest.raises(ParameterError):
        leg(quantity=quantity)
    with pytest.raises(ParameterError):
        fill(quantity)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_remaining_is_ordered_less_filled_until_nothing_is_left(quantities: list[int]) -> None:
    value = order()
    for quantity in quantities:
        part = fill(str(quantity))
        if quantity > (value.legs[0].remaining_quantity or 0):
            with pytest.raises(ParameterError):
                value.with_fill(part)
            continue
        value = value.with_fill(part)
        current = value.legs[0]
        assert current.quantity == current.filled_quantity + (current.remaining_quantity or 0)
    assert value.is_filled == (value.status is OrderStatus.FILLED) == (value.legs[0].filled_quantity == 10)


def test_average_fill_price_is_weighted() -> None:
    value = order().with_fill(fill("9", price="3.00")).with_fill(fill("1", price="4.00"))
    assert value.legs[0].average_fill_price == Decimal("3.10")
    assert order().legs[0].average_fill_price is None
    assert [part.quantity for part in value.fills] == [9, 1]
    assert value.updated_at == NOW + timedelta(seconds=1)


def test_fill_of_something_else_is_refused() -> None:
    value = order()
    part = fill("1", order_id=value.id)
    taken = value.with_fill(part)
    for foreign in (fill("1", symbol=HIGHER_CALL), fill("1", order_id=uuid4()), part):
        with pytest.raises(ParameterError):
            taken.with_fill(foreign)
    with pytest.raises(ParameterError):
        replace(leg(), fills=(fill("1", symbol=HIGHER_CALL),))


def test_fill_that_crosses_a_cancellation_is_kept() -> None:
    cancelled = order().with_status(OrderStatus.CANCELLED, at=NOW)
    late = cancelled.with_fill(fill("10"))
    assert (late.status, late.is_filled) == (OrderStatus.CANCELLED, True)


def test_fill_of_one_leg_leaves_the_other_open() -> None:
    legs = (leg(), leg(HIGHER_CALL, action=OrderAction.SELL_TO_OPEN))
    value = order(legs=legs).with_fill(fill("10"))
    assert (value.is_filled, value.legs[1].remaining_quantity) == (False, Decimal(10))


def test_notional_order_is_filled_when_the_broker_says_so() -> None:
    value = notional().with_fill(fill("0.08", symbol=Symbol.parse("SPY")))
    assert value.status is OrderStatus.RECEIVED
    assert value.with_status(OrderStatus.FILLED, at=NOW).is_filled


@pytest.mark.parametrize("status", [status for status in OrderStatus if status.is_terminal])
def test_final_status_is_never_left(status: OrderStatus) -> None:
    value = order().with_fill(fill("10")) if status is OrderStatus.FILLED else order(status=status)
    with pytest.raises(ParameterError):
        value.with_status(OrderStatus.LIVE, at=NOW)


def test_status_filled_with_a_quantity_left_is_refused() -> None:
    with pytest.raises(ParameterError):
        order().with_status(OrderStatus.FILLED, at=NOW)


def test_with_status_keeps_the_order_and_tells_why() -> None:
    value = order()
    rejected = value.with_status(OrderStatus.REJECTED, at=NOW, reject_reason="no buying power")
    assert (rejected.id, rejected.status, rejected.reject_reason) == (
        value.id,
        OrderStatus.REJECTED,
        "no buying power",
    )
    assert (value.status, rejected.updated_at) == (OrderStatus.RECEIVED, NOW)
