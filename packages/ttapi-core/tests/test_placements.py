# SPDX-License-Identifier: Apache-2.0
"""What a broker says of orders is kept whole, and survives JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from ttapi_core import (
    Balance,
    BalanceSnapshot,
    BuyingPowerEffect,
    ComplexOrder,
    ComplexOrderType,
    DataError,
    FeeCalculation,
    InstrumentKind,
    InstrumentType,
    Lot,
    NetLiquidity,
    Order,
    OrderAction,
    OrderCondition,
    OrderLeg,
    OrderMessage,
    OrderRule,
    OrderStatus,
    OrderType,
    ParameterError,
    PlacedComplexOrder,
    PlacedFill,
    PlacedLeg,
    PlacedOrder,
    Placement,
    PriceEffect,
    Symbol,
    TimeInForce,
    Transaction,
)
from ttapi_core.values import decode, encode

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def fill(number: int, quantity: str, price: str) -> PlacedFill:
    moment = NOW.replace(second=number)
    return PlacedFill(id=f"f-{number}", quantity=Decimal(quantity), price=Decimal(price), time=moment)


LEG = PlacedLeg(
    symbol="SPY",
    instrument_type=InstrumentType.EQUITY,
    action=OrderAction.BUY_TO_OPEN,
    quantity=Decimal(10),
    remaining_quantity=Decimal(4),
    fills=(fill(2, "4", "612.50"), fill(1, "2", "612.20")),
)
CONDITION = OrderCondition(
    action="route",
    symbol="SPY",
    instrument_type=InstrumentType.EQUITY,
    indicator="last",
    comparator="gte",
    threshold=Decimal("600.0"),
)
ORDER = PlacedOrder(
    account_number="5WT00001",
    status_word="Live",
    id="430071",
    order_type=OrderType.LIMIT,
    time_in_force=TimeInForce.DAY,
    status=OrderStatus.LIVE,
    legs=(LEG,),
    price=Decimal("612.350"),
    price_effect=PriceEffect.DEBIT,
    received_at=NOW,
    rule=OrderRule(route_after=NOW, conditions=(CONDITION,)),
)
EFFECT = BuyingPowerEffect(
    change_in_margin_requirement=Decimal("-310.0"),
    change_in_buying_power=Decimal("-311.14"),
    current_buying_power=Decimal(25000),
    new_buying_power=Decimal("24688.86"),
)
VALUES = [
    ORDER,
    Placement(
        order=ORDER,
        buying_power_effect=EFFECT,
        fee_calculation=FeeCalculation(total_fees=Decimal("-1.14")),
        warnings=(OrderMessage(code="x", message="y"),),
    ),
    PlacedComplexOrder(
        account_number="5WT00001", id="1", type=ComplexOrderType.OTO, orders=(ORDER,), trigger_order=ORDER
    ),
    Transaction(
        id="1",
        account_number="5WT00001",
        transaction_type="Trade",
        executed_at=NOW,
        transaction_date=date(2026, 11, 20),
        value=Decimal("-6120.0"),
        net_value=Decimal("-6120.01"),
        lots=(Lot(id="l", quantity=Decimal(10), price=Decimal(612)),),
    ),
    BalanceSnapshot(
        account_number="5WT00001", cash_balance=Decimal("-1.50"), snapshot_date=date(2026, 11, 20)
    ),
    NetLiquidity(time=NOW, open=Decimal(1), high=Decimal(3), low=Decimal(1), close=Decimal("2.50")),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_value_survives_json_without_loss(value: object) -> None:
    again = decode(type(value), json.loads(json.dumps(encode(value))))
    assert (again, repr(again)) == (value, repr(value))


def test_fills_add_up_and_come_in_order_of_time() -> None:
    assert LEG.filled_quantity == 6
    assert LEG.average_fill_price == Decimal("612.40")
    assert [fill.id for fill in ORDER.fills] == ["f-1", "f-2"]
    assert PlacedLeg(symbol="SPY").average_fill_price is None


def test_status_that_is_not_known_is_neither_working_nor_final() -> None:
    strange = PlacedOrder(account_number="5WT00001", status_word="Thinking")
    assert (strange.is_working, strange.is_terminal) == (False, False)
    assert (ORDER.is_working, ORDER.is_terminal) == (True, False)


def test_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(DataError):
        FeeCalculation(total_fees=Decimal("NaN"))
    with pytest.raises(ParameterError):
        FeeCalculation(total_fees=1.5)


def test_balance_keeps_what_is_optional() -> None:
    balance = Balance(
        account_number="5WT00001",
        time=NOW,
        cash_balance=Decimal(1),
        net_liquidating_value=Decimal(2),
        equity_buying_power=Decimal(3),
        derivative_buying_power=Decimal(4),
        maintenance_requirement=Decimal(5),
        pending_cash=Decimal("-12.5"),
    )
    assert (balance.pending_cash, balance.long_equity_value, balance.currency) == (
        Decimal("-12.5"),
        None,
        "USD",
    )


@pytest.mark.parametrize("kind", InstrumentKind)
def test_every_kind_has_a_word_of_the_broker(kind: InstrumentKind) -> None:
    word = InstrumentType.of_kind(kind)
    assert word.kind is kind or (kind, word) == (InstrumentKind.ETF, InstrumentType.EQUITY)


def test_words_without_a_symbol_have_no_kind() -> None:
    assert InstrumentType.BOND.kind is None
    assert InstrumentType.UNKNOWN.kind is None


def order(order_type: OrderType, **changes: object) -> Order:
    terms: dict[str, object] = {
        "account_number": "5WT00001",
        "order_type": order_type,
        "time_in_force": TimeInForce.DAY,
        "legs": (OrderLeg(symbol=Symbol.parse("SPY"), action=OrderAction.BUY_TO_OPEN, quantity=Decimal(1)),),
        "received_at": NOW,
    }
    return Order(**terms | changes)


LIMIT = order(OrderType.LIMIT, price=Decimal(1), price_effect=PriceEffect.DEBIT)
STOP = order(OrderType.STOP, stop_trigger=Decimal(2))


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("orders", {"type": ComplexOrderType.OCO, "orders": (LIMIT,)}),
        ("orders", {"type": ComplexOrderType.OCO, "orders": (STOP, order(OrderType.MARKET))}),
        ("orders", {"type": ComplexOrderType.OTO, "orders": (LIMIT,), "trigger_order": LIMIT}),
        ("trigger_order", {"type": ComplexOrderType.OTOCO, "orders": (LIMIT, STOP)}),
        ("ratio_price_threshold", {"type": ComplexOrderType.PAIRS, "orders": (LIMIT, STOP)}),
        (
            "ratio_price_comparator",
            {
                "type": ComplexOrderType.PAIRS,
                "orders": (LIMIT, STOP),
                "ratio_price_threshold": Decimal(1),
                "ratio_price_comparator": "eq",
            },
        ),
    ],
)
def test_contradicting_complex_order_is_refused(field: str, terms: dict[str, object]) -> None:
    with pytest.raises(ParameterError) as caught:
        ComplexOrder(account_number="5WT00001", **terms)
    assert caught.value.parameter == field


def test_complex_order_lists_the_one_that_triggers_first() -> None:
    bracket = ComplexOrder(
        account_number="5WT00001",
        type=ComplexOrderType.OTO,
        orders=(LIMIT,),
        trigger_order=STOP,
    )
    assert bracket.all_orders == (STOP, LIMIT)
