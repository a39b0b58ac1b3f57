# SPDX-License-Identifier: Apache-2.0
"""Orders are written as documented, and what is wrong with one is said before it is sent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.order_bodies import order_body
from ttapi_client.tastytrade import TastytradeClient
from ttapi_client.ticks import LegRule, check_order
from ttapi_core import (
    ComplexOrder,
    ComplexOrderType,
    InstrumentType,
    NotFoundError,
    Order,
    OrderAction,
    OrderCondition,
    OrderLeg,
    OrderRule,
    OrderStatus,
    OrderType,
    ParameterError,
    PriceEffect,
    RequestRefusedError,
    ServerFaultError,
    Symbol,
    TickSize,
    TimeInForce,
)

ACCOUNT = "5WT00001"
ORDERS = f"/accounts/{ACCOUNT}/orders"
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
CALLS = ["SPY   261218C00610000", "SPY   261218C00620000"]


def leg(symbol: str, quantity: str | None = "1", action: OrderAction | None = None) -> OrderLeg:
    name = Symbol.parse(symbol)
    buying = OrderAction.BUY if symbol.startswith("/") else OrderAction.BUY_TO_OPEN
    amount = None if quantity is None else Decimal(quantity)
    return OrderLeg(symbol=name, action=action or buying, quantity=amount)


def limit(amount: str, /, *legs: OrderLeg, **changes: Any) -> Order:
    terms: dict[str, Any] = {
        "account_number": ACCOUNT,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.DAY,
        "legs": legs or (leg("SPY", "10"),),
        "received_at": NOW,
        "price": Decimal(amount),
        "price_effect": PriceEffect.DEBIT,
    }
    return Order(**terms | changes)


def market(*legs: OrderLeg, **changes: Any) -> Order:
    none = {"order_type": OrderType.MARKET, "price": None, "price_effect": None}
    return limit("1", *legs, **none | changes)


def notional(value: str, symbol: str = "SPY") -> Order:
    return market(
        leg(symbol, None),
        order_type=OrderType.NOTIONAL_MARKET,
        value=Decimal(value),
        value_effect=PriceEffect.DEBIT,
    )


GOOD = [
    limit("612.35"),
    limit("0.0001"),
    limit("0.9999", leg("SPY", "10")),
    limit("10.00", leg("SPY", "0.5")),
    limit("2.95", leg(CALLS[0])),
    limit("3.10", leg(CALLS[0])),
    limit("3.05", leg(CALLS[0]), leg(CALLS[1], action=OrderAction.SELL_TO_OPEN)),
    limit("6000.25", leg("/ESZ6")),
    limit("9.95", leg("./ESZ6 ESZ6  261218C6000")),
    limit("3000.01", leg("ETH/USD", "0.00000001")),
    market(leg("SPY", "3")),
    market(leg("SPY"), order_type=OrderType.STOP, stop_trigger=Decimal("600.01")),
    notional("5"),
]
BAD = [
    ("price", limit("612.355")),
    ("price", limit("0.99999")),
    ("price", limit("1.0001")),
    ("price", limit("2.99", leg(CALLS[0]))),
    ("price", limit("3.05", leg(CALLS[0]))),
    ("price", limit("3.01", leg(CALLS[0]), leg(CALLS[1], action=OrderAction.SELL_TO_OPEN))),
    ("price", limit("6000.1", leg("/ESZ6"))),
    ("price", limit("10.05", leg("./ESZ6 ESZ6  261218C6000"))),
    ("price", limit("3000.001", leg("ETH/USD"))),
    ("stop_trigger", market(leg("SPY"), order_type=OrderType.STOP, stop_trigger=Decimal("600.001"))),
    ("quantity", limit("3.10", leg(CALLS[0], "1.5"))),
    ("quantity", limit("6000.25", leg("/ESZ6", "0.1"))),
    ("quantity", limit("612.35", leg("WHOLE", "0.5"))),
    ("quantity", limit("3000.01", leg("ETH/USD", "0.000000001"))),
    ("quantity", limit("8.00", leg("SPY", "0.5"))),
    ("value", notional("4.99")),
]


@pytest.mark.parametrize("order", GOOD, ids=lambda order: f"{order.price} {order.legs[0].symbol}")
async def test_order_that_its_instruments_take_is_sent(
    api: TastytradeClient, desk: Any, order: Order
) -> None:
    await api.submit_order(order)
    assert desk.executed == {str(order.id): 1}


@pytest.mark.parametrize(("field", "order"), BAD, ids=lambda value: str(getattr(value, "price", value)))
async def test_order_that_its_instruments_do_not_take_is_refused_before_it_is_sent(
    api: TastytradeClient, desk: Any, field: str, order: Order
) -> None:
    for call in (api.submit_order, api.dry_run_order):
        with pytest.raises(ParameterError) as caught:
            await call(order)
        assert caught.value.parameter == field
    with pytest.raises(ParameterError):
        await api.replace_order("430000", order)
    assert {method for method, _, _, _ in desk.calls} <= {"GET"}


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("price_effect", lambda: limit("1.00", price_effect=PriceEffect.CREDIT)),
        ("price_effect", lambda: limit("1.00", price_effect=None)),
        ("quantity", lambda: limit("1.00", leg("SPY", "0"))),
        ("quantity", lambda: limit("1.00", leg("SPY", "-1"))),
        ("price", lambda: limit("-1.00")),
        ("price", lambda: market(price=Decimal(1))),
        ("time_in_force", lambda: market(time_in_force=TimeInForce.GTC)),
        ("legs", lambda: limit("1.00", leg("SPY"), leg("QQQ"))),
        ("action", lambda: leg("/ESZ6", action=OrderAction.BUY_TO_OPEN)),
        ("gtc_date", lambda: limit("1.00", time_in_force=TimeInForce.GTD)),
    ],
)
def test_contradicting_order_cannot_be_made(field: str, make: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert caught.value.parameter == field


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("orders", {"orders": (limit("1.00"), limit("2.00"))}),
        ("orders", {"orders": (limit("1.00"),)}),
        ("trigger_order", {"trigger_order": limit("1.00")}),
        ("account_number", {"account_number": "5WT00002"}),
        ("ratio_price_threshold", {"ratio_price_threshold": Decimal(1)}),
    ],
)
def test_contradicting_complex_order_cannot_be_made(field: str, changes: dict[str, Any]) -> None:
    stop = market(leg("SPY"), order_type=OrderType.STOP, stop_trigger=Decimal(600))
    terms = {"account_number": ACCOUNT, "type": ComplexOrderType.OCO, "orders": (limit("620.00"), stop)}
    assert ComplexOrder(**terms).all_orders == terms["orders"]
    with pytest.raises(ParameterError) as caught:
        ComplexOrder(**terms | changes)
    assert caught.value.parameter == field


async def test_part_of_a_complex_order_is_checked_too(api: TastytradeClient, desk: Any) -> None:
    stop = market(leg("SPY"), order_type=OrderType.STOP, stop_trigger=Decimal("600.001"))
    order = ComplexOrder(account_number=ACCOUNT, type=ComplexOrderType.OCO, orders=(limit("620.00"), stop))
    with pytest.raises(ParameterError) as caught:
        await api.submit_complex_order(order)
    assert (caught.value.parameter, desk.complex) == ("stop_trigger", {})


def pair_of_exits() -> ComplexOrder:
    stop = market(leg("SPY"), order_type=OrderType.STOP, stop_trigger=Decimal(600))
    return ComplexOrder(account_number=ACCOUNT, type=ComplexOrderType.OCO, orders=(limit("620.00"), stop))


async def test_complex_order_goes_through_its_life(api: TastytradeClient, desk: Any) -> None:
    order = pair_of_exits()
    tried = await api.dry_run_complex_order(order)
    assert (tried.complex_order.id, desk.complex) == (None, {})
    assert tried.fee_calculation is not None
    placed = (await api.submit_complex_order(order)).complex_order
    assert placed.id is not None
    assert (await api.edit_complex_order(placed.id, order)).id == placed.id
    assert await api.find_complex_order(order) == placed == await api.complex_order(ACCOUNT, placed.id)
    ended = await api.cancel_complex_order(ACCOUNT, placed.id)
    assert {part.status for part in ended.orders} == {OrderStatus.CANCEL_REQUESTED}
    assert await api.find_complex_order(pair_of_exits()) is None


@pytest.mark.parametrize("is_heard", [True, False])
async def test_cancellation_of_a_complex_order_is_repeated_without_harm(
    api: TastytradeClient, desk: Any, is_heard: bool
) -> None:
    """The first answer is lost; the second request is refused, since it was heard or since all is filled."""
    placed = (await api.submit_complex_order(pair_of_exits())).complex_order
    assert placed.id is not None
    left = iter([1])

    def replaced(method: str, path: str, body: Any) -> httpx.Response | None:
        if method != "DELETE" or next(left, None) is None:
            return None
        if is_heard:
            desk.answer(method, path, body)
        else:
            desk.complex[placed.id]["orders"][0]["status"] = "Live"
        raise httpx.ReadError("cut")

    desk.replaced = replaced
    if is_heard:
        ended = await api.cancel_complex_order(ACCOUNT, placed.id)
        assert {part.status for part in ended.orders} == {OrderStatus.CANCEL_REQUESTED}
    else:
        with pytest.raises(RequestRefusedError):
            await api.cancel_complex_order(ACCOUNT, placed.id)
    with pytest.raises(RequestRefusedError):
        await api.cancel_complex_order(ACCOUNT, placed.id)


async def test_replacement_is_tried(api: TastytradeClient, desk: Any) -> None:
    first = (await api.submit_order(limit("612.35"))).order
    assert first.id is not None
    tried = await api.dry_run_replacement(first.id, limit("612.30"))
    assert tried.order.price == Decimal("612.30")
    assert [order["price"] for order in desk.orders.values()] == ["612.35"]


async def test_pair_is_written_as_documented(api: TastytradeClient, desk: Any) -> None:
    order = ComplexOrder(
        account_number=ACCOUNT,
        type=ComplexOrderType.PAIRS,
        orders=(limit("1.00"), limit("2.00", leg("QQQ"))),
        ratio_price_threshold=Decimal("1.25"),
        ratio_price_comparator="gte",
    )
    await api.submit_complex_order(order)
    (body,) = desk.sent("POST", f"/accounts/{ACCOUNT}/complex-orders")
    assert (body["type"], body["ratio-price-threshold"], body["ratio-price-comparator"]) == (
        "PAIRS",
        "1.25",
        "gte",
    )
    assert body["external-identifier"] == str(order.id)


def test_body_is_as_documented() -> None:
    order = limit("3.10", leg(CALLS[0]), leg(CALLS[1], action=OrderAction.SELL_TO_OPEN))
    assert order_body(order) == {
        "order-type": "Limit",
        "time-in-force": "Day",
        "price": "3.10",
        "price-effect": "Debit",
        "source": "ttapi/0.1",
        "external-identifier": str(order.id),
        "legs": [
            {
                "instrument-type": "Equity Option",
                "symbol": CALLS[0],
                "quantity": "1",
                "action": "Buy to Open",
            },
            {
                "instrument-type": "Equity Option",
                "symbol": CALLS[1],
                "quantity": "1",
                "action": "Sell to Open",
            },
        ],
    }


def test_body_has_what_is_rare() -> None:
    condition = OrderCondition(
        action="route",
        symbol="SPY",
        instrument_type=InstrumentType.EQUITY,
        indicator="last",
        comparator="gte",
        threshold=Decimal("600.0"),
    )
    rule = OrderRule(route_after=NOW, conditions=(condition,))
    order = limit(
        "1E+2",
        time_in_force=TimeInForce.GTD,
        gtc_date=date(2026, 12, 18),
        rule=rule,
        strict_position_effect=True,
    )
    body = order_body(order, with_legs=False)
    assert (body["price"], body["gtc-date"], "legs" in body) == ("100", "2026-12-18", False)
    assert body["advanced-instructions"] == {"strict-position-effect-validation": True}
    assert body["rules"]["route-after"] == "2026-11-20T15:30:00Z"
    assert body["rules"]["conditions"][0]["threshold"] == "600.0"


async def test_margin_of_an_order_is_told_and_nothing_placed(api: TastytradeClient, desk: Any) -> None:
    names = ("margin-requirement", "maintenance-requirement", "margin-equity", "option-buying-power")
    names += ("reg-t-margin-requirement", "reg-t-option-buying-power", "maintenance-excess")
    path = f"/margin/accounts/{ACCOUNT}/dry-run"
    desk.fixed[path] = {"data": {"account-number": ACCOUNT} | dict.fromkeys(names, "1.50")}
    report = await api.dry_run_margin(limit("612.35"))
    assert (report.margin_requirement, desk.orders) == (Decimal("1.50"), {})
    assert desk.sent("POST", path)[0]["price"] == "612.35"


async def test_notional_order_has_a_value_and_no_quantity(api: TastytradeClient, desk: Any) -> None:
    await api.submit_order(notional("50.00"))
    (body,) = desk.sent("POST", ORDERS)
    assert (body["value"], body["value-effect"], "quantity" in body["legs"][0]) == ("50.00", "Debit", False)
    assert "price" not in body


async def test_order_goes_through_its_life(api: TastytradeClient, desk: Any) -> None:
    tried = await api.dry_run_order(limit("612.35"))
    assert (tried.order.id, desk.orders) == (None, {})
    first = (await api.submit_order(limit("612.35"))).order
    assert first.id is not None
    second = await api.replace_order(first.id, limit("612.30"))
    assert second.id is not None
    assert (second.replaces_order_id, second.legs[0].symbol) == (first.id, "SPY")
    third = await api.edit_order(second.id, limit("612.25"))
    assert third.id is not None
    assert (await api.cancel_order(ACCOUNT, third.id)).status is OrderStatus.CANCEL_REQUESTED
    found = [order.id async for order in api.orders(ACCOUNT, first=date(2026, 11, 20))]
    assert found == [order.id for order in await api.live_orders(ACCOUNT)] == [first.id, second.id, third.id]
    assert (await api.order(ACCOUNT, first.id)).replacing_order_id == second.id
    assert await api.find_order(ACCOUNT, "nobody's") is None


async def test_steps_are_asked_for_once_a_root(api: TastytradeClient, desk: Any) -> None:
    for price in ("2.95", "2.90", "2.85"):
        await api.submit_order(limit(price, leg(CALLS[0])))
        await api.submit_order(limit(price, leg(CALLS[1])))
    assert [path for method, path, _, _ in desk.calls if "instruments" in path] == [
        "/instruments/equities/SPY"
    ]


async def test_root_that_is_not_its_underlying_is_asked_of_the_option(
    api: TastytradeClient, desk: Any
) -> None:
    symbol = "ODDW  261218C00600000"
    told = {"symbol": symbol, "underlying-symbol": "SPY", "option-type": "C", "strike-price": "600.0"}
    desk.fixed["/instruments/equity-options/ODDW%20%20261218C00600000"] = {
        "data": told | {"expiration-date": "2026-12-18"}
    }
    missing = httpx.Response(404, json={"error": {"code": "record_not_found", "message": "no"}})
    desk.replaced = lambda _method, path, _body: missing if path.endswith("/ODDW") else None
    with pytest.raises(ParameterError):
        await api.submit_order(limit("2.99", leg(symbol)))
    await api.submit_order(limit("2.95", leg(symbol)))


async def test_order_of_an_instrument_that_cannot_be_asked_for_is_not_sent_unless_unchecked(
    api: TastytradeClient, desk: Any
) -> None:
    desk.replaced = lambda _method, path, _body: httpx.Response(502) if "instruments" in path else None
    with pytest.raises(ServerFaultError):
        await api.submit_order(limit("612.35"))
    assert desk.orders == {}
    await api.submit_order(limit("612.35"), check=False)
    desk.replaced = lambda _method, path, _body: httpx.Response(404) if "instruments" in path else None
    with pytest.raises(NotFoundError):
        await api.submit_order(limit("612.35", leg("NOPE")))


@given(
    st.decimals("0.0001", "99999", places=4),
    st.sampled_from(["0.0001", "0.01", "0.05", "0.25", "0.015625"]),
)
def test_price_passes_if_and_only_if_it_is_a_multiple_of_its_step(price: Decimal, step: str) -> None:
    order = limit(str(price))
    rules = {order.legs[0].symbol: LegRule((TickSize(value=Decimal(step)),))}
    is_multiple = (price / Decimal(step)) == (price / Decimal(step)).to_integral_value()
    try:
        check_order(order, rules)
    except ParameterError:
        assert not is_multiple
    else:
        assert is_multiple
