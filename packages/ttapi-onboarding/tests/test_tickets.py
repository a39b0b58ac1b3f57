# SPDX-License-Identifier: Apache-2.0
"""What a person says of an order becomes that order, or an error that names the flag."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import (
    InstrumentType,
    OrderAction,
    OrderType,
    ParameterError,
    PlacedLeg,
    PlacedOrder,
    Position,
    PriceEffect,
    QuantityDirection,
    StoreUnavailableError,
    Symbol,
    SymbolError,
    TimeInForce,
)
from ttapi_onboarding.order_files import document_of
from ttapi_onboarding.tickets import Ticket, changed_order, check_flags, order_of
from ttapi_onboarding.written import instrument, number

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
CALL, PUT = "SPY   261218C00600000", "SPY   261218P00600000"


def position(symbol: str, quantity: int) -> Position:
    return Position(
        account_number="1",
        symbol=Symbol.parse(symbol),
        time=NOW,
        quantity=Decimal(abs(quantity)),
        direction=QuantityDirection.LONG if quantity > 0 else QuantityDirection.SHORT,
        average_open_price=Decimal(1),
    )


def order(*held: Position, **flags: Any) -> Any:
    return order_of(Ticket(**flags), "1", held=held, made_at=NOW)


def single(**flags: Any) -> dict[str, Any]:
    return {"symbol": "SPY", "quantity": "10", "buys": True, "limit": "612.35", **flags}


def test_a_limit_order_is_what_was_said_to_the_last_digit() -> None:
    made = order(**single(quantity="0.125", limit="612.3500"))
    (leg,) = made.legs
    assert (leg.symbol, leg.action, leg.quantity) == (
        Symbol.parse("SPY"),
        OrderAction.BUY_TO_OPEN,
        Decimal("0.125"),
    )
    assert str(made.price) == "612.3500"
    assert (made.order_type, made.price_effect, made.time_in_force) == (
        OrderType.LIMIT,
        PriceEffect.DEBIT,
        TimeInForce.DAY,
    )


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ({"limit": "1", "stop": "2"}, OrderType.STOP_LIMIT),
        ({"limit": None, "stop": "2"}, OrderType.STOP),
        ({"limit": None, "market": True}, OrderType.MARKET),
        ({"limit": None, "quantity": None, "value": "50"}, OrderType.NOTIONAL_MARKET),
    ],
)
def test_the_prices_given_make_the_type(prices: dict[str, Any], expected: OrderType) -> None:
    assert order(**single(**prices)).order_type is expected


@pytest.mark.parametrize(
    ("held", "buys", "quantity", "expected"),
    [
        (0, True, 5, OrderAction.BUY_TO_OPEN),
        (10, True, 5, OrderAction.BUY_TO_OPEN),
        (10, False, 10, OrderAction.SELL_TO_CLOSE),
        (-10, True, 3, OrderAction.BUY_TO_CLOSE),
    ],
)
def test_what_is_held_tells_whether_it_is_opened_or_closed(
    held: int, buys: bool, quantity: int, expected: OrderAction
) -> None:
    positions = [position("SPY", held)] if held else []
    made = order(*positions, position("AAPL", -50), **single(buys=buys, quantity=str(quantity)))
    assert made.legs[0].action is expected


@pytest.mark.parametrize(
    ("held", "buys", "quantity", "flag"),
    [
        (0, False, "5", "--open/--close"),
        (-10, False, "5", "--open/--close"),
        (10, False, "11", "QUANTITY"),
        (-10, True, "11", "QUANTITY"),
    ],
)
def test_a_short_sale_or_a_turn_of_sides_is_never_guessed(
    held: int, buys: bool, quantity: str, flag: str
) -> None:
    positions = [position("SPY", held)] if held else []
    with pytest.raises(ParameterError) as caught:
        order(*positions, **single(buys=buys, quantity=quantity))
    assert caught.value.parameter == flag


@given(held=st.integers(-20, 20), quantity=st.integers(1, 30), buys=st.booleans(), others=st.integers(-5, 5))
def test_what_is_inferred_never_opens_a_short_position_or_turns_one_around(
    held: int, quantity: int, buys: bool, others: int
) -> None:
    positions = [position(name, n) for name, n in (("SPY", held), ("AAPL", others)) if n]
    try:
        made = order(*positions, **single(buys=buys, quantity=str(quantity)))
    except ParameterError:
        # Only what would leave, or begin, a short position, or go through zero.
        after = held + (quantity if buys else -quantity)
        assert (not buys and after < 0) or (held < 0 < after)
        return
    after = held + (quantity if buys else -quantity)
    action = made.legs[0].action
    assert action is not OrderAction.SELL_TO_OPEN
    if action in {OrderAction.SELL_TO_CLOSE, OrderAction.BUY_TO_CLOSE}:
        assert abs(after) < abs(held)
        assert after * held >= 0


def test_a_short_sale_that_is_said_is_one() -> None:
    assert order(**single(buys=False, opens=True)).legs[0].action is OrderAction.SELL_TO_OPEN


def test_futures_are_bought_and_sold_and_need_no_positions() -> None:
    flags = single(symbol="/ESZ6", quantity="1", buys=False, limit="6000.25")
    assert not Ticket(**flags).needs_positions
    assert order(**flags).legs[0].action is OrderAction.SELL


def test_several_legs_with_the_side_of_the_money_said() -> None:
    made = order(
        legs=(f"sell-to-open 1 '{CALL}'", "BTO 1 SPY 261218P00600000"),
        limit="1.25",
        is_debit=False,
        tif="GTC",
    )
    assert [leg.symbol.canonical for leg in made.legs] == [CALL, PUT]
    assert [leg.action for leg in made.legs] == [OrderAction.SELL_TO_OPEN, OrderAction.BUY_TO_OPEN]
    assert (made.price_effect, made.time_in_force) == (PriceEffect.CREDIT, TimeInForce.GTC)


@pytest.mark.parametrize(
    ("flags", "flag"),
    [
        (single(limit=None), "--limit"),
        (single(market=True), "--market"),
        (single(buys=None), "--buy/--sell"),
        (single(quantity=None), "QUANTITY"),
        (single(quantity="ten"), "QUANTITY"),
        (single(quantity="-1"), "QUANTITY"),
        (single(quantity="0"), "QUANTITY"),
        (single(quantity="1_0"), "QUANTITY"),
        (single(quantity="NaN"), "QUANTITY"),
        (single(quantity="１２"), "QUANTITY"),
        (single(quantity="1e-99"), "QUANTITY"),
        (single(limit="1e400"), "--limit"),
        (single(limit="Infinity"), "--limit"),
        (single(limit="-1"), "--limit"),
        (single(stop="x"), "--stop"),
        (single(value="50", quantity=None), "--value"),
        (single(is_debit=False), "--debit/--credit"),
        (single(tif="tomorrow"), "--tif"),
        (single(tif="gtd"), "--until"),
        (single(tif="day", until=date(2026, 12, 1)), "--until"),
        (single(symbol="not a symbol"), "symbol"),
        (single(symbol=None), "SYMBOL"),
        (single(external_id="7"), "--external-id"),
        (single(symbol="/ESZ6", opens=True), "--open/--close"),
        (single(legs=("bto 1 SPY",)), "SYMBOL"),
        ({"legs": ("buy 1 SPY",), "limit": "1"}, "action"),
        ({"legs": ("hold 1 SPY",), "limit": "1"}, "--leg"),
        ({"legs": ("bto SPY",), "limit": "1"}, "--leg"),
        ({"legs": (f"bto 1 {CALL}", f"sto 1 {PUT}"), "limit": "1"}, "--debit/--credit"),
        ({"legs": (f"bto 1 {CALL}", f"sto 1 {PUT}"), "market": True}, "legs"),
        (single(limit=None, market=True, tif="gtc"), "time_in_force"),
    ],
)
def test_a_flag_that_is_wrong_is_named(flags: dict[str, Any], flag: str) -> None:
    with pytest.raises(ParameterError) as caught:
        check_flags(Ticket(**flags))
    assert caught.value.parameter == flag


def test_a_last_day_makes_it_good_till_then() -> None:
    made = order(**single(until=date(2026, 12, 18)))
    assert (made.time_in_force, made.gtc_date) == (TimeInForce.GTD, date(2026, 12, 18))


@pytest.mark.parametrize(
    "text", [CALL, "SPY 261218C00600000", "spy  261218c00600000", ".SPY261218C600", f"'{CALL}'"]
)
def test_an_option_can_be_written_in_every_usual_way(text: str) -> None:
    assert instrument(text) == Symbol.parse(CALL)


@pytest.mark.parametrize("text", ["", "SPY SPY", ".SPY", "./ESZ6", "A B C"])
def test_what_is_no_instrument_is_refused(text: str) -> None:
    with pytest.raises(SymbolError):
        instrument(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_number_is_read_exactly(value: Decimal) -> None:
    assert number("--limit", f" {value} ") == value


# Replacing


def placed(**changes: Any) -> PlacedOrder:
    leg = PlacedLeg(
        symbol="SPY",
        instrument_type=InstrumentType.EQUITY,
        action=OrderAction.BUY_TO_OPEN,
        quantity=Decimal(10),
        remaining_quantity=Decimal(4),
    )
    terms: dict[str, Any] = {
        "account_number": "1",
        "status_word": "Live",
        "id": "7",
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "legs": (leg,),
        "price": Decimal("600.00"),
        "price_effect": PriceEffect.DEBIT,
    }
    return PlacedOrder(**terms | changes)


def test_a_replacement_keeps_what_no_flag_says() -> None:
    made = changed_order(placed(), Ticket(limit="601.05"), made_at=NOW)
    assert (made.price, made.time_in_force, made.order_type) == (
        Decimal("601.05"),
        TimeInForce.GTC,
        OrderType.LIMIT,
    )
    assert made.legs[0].quantity == 4, "what is filled is not ordered again"


def test_a_replacement_can_become_a_stop_limit_or_a_market_order() -> None:
    assert changed_order(placed(), Ticket(stop="602"), made_at=NOW).order_type is OrderType.STOP_LIMIT
    market = changed_order(placed(), Ticket(market=True, tif="day"), made_at=NOW)
    assert (market.order_type, market.price) == (OrderType.MARKET, None)


def test_a_replacement_of_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="something to change"):
        changed_order(placed(), Ticket(), made_at=NOW)


def test_an_order_whose_action_is_not_known_cannot_be_replaced() -> None:
    strange = placed(legs=(PlacedLeg(symbol="SPY", quantity=Decimal(1)),))
    with pytest.raises(ParameterError, match="ID is '7'"):
        changed_order(strange, Ticket(limit="1"), made_at=NOW)


# Files


def written(path: Path, document: object) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.mark.parametrize(
    "flags",
    [
        single(),
        single(limit=None, market=True),
        single(stop="612.10", until=date(2026, 12, 1)),
        single(limit=None, quantity=None, value="100.00"),
        {"legs": (f"sto 2 {CALL}", f"bto 2 {PUT}"), "limit": "0", "is_debit": False},
    ],
)
def test_what_is_printed_can_be_read_back(tmp_path: Path, flags: dict[str, Any]) -> None:
    made = order(**flags)
    file = written(tmp_path / "order.json", document_of(made))
    again = order(file=file)
    assert document_of(again) == document_of(made)
    assert again.id != made.id


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prise": "1"}, "prise"),
        ({"price": True}, "price"),
        ({"price": "NaN"}, "price"),
        ({"order_type": "limit"}, "order_type"),
        ({"time_in_force": None}, "time_in_force"),
        ({"legs": {}}, "legs"),
        ({"legs": [{"symbol": "SPY", "action": "Buy"}]}, "action"),
        ({"legs": [{"symbol": "SPY", "action": "Hold"}]}, "legs.action"),
        ({"legs": [{"symbol": 1, "action": "Buy to Open"}]}, "legs.symbol"),
        ({"legs": [{"symbol": "SPY", "action": "Buy to Open", "size": 1}]}, "legs.size"),
        ({"legs": [{"symbol": "SPY", "action": "Buy to Open", "quantity": []}]}, "legs.quantity"),
        (
            {"legs": [{"symbol": "SPY", "action": "Buy to Open", "instrument_type": "Future"}]},
            "legs.instrument_type",
        ),
        ({"gtc_date": "soon"}, "gtc_date"),
    ],
)
def test_a_member_that_is_wrong_is_named(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    file = written(tmp_path / "order.json", document_of(order(**single())) | change)
    with pytest.raises(ParameterError) as caught:
        order(file=file)
    assert caught.value.parameter == named


def test_numbers_of_a_file_are_exact(tmp_path: Path) -> None:
    document = json.dumps(document_of(order(**single()))).replace('"612.35"', "612.123456789012345678")
    assert str(order(file=written(tmp_path / "o", document)).price) == "612.123456789012345678"


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_file_that_is_no_order_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        order(file=written(tmp_path / "order.json", text))
    assert caught.value.parameter == "--file"


def test_a_file_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        order(file=tmp_path / "absent")


def test_nothing_may_stand_beside_a_file(tmp_path: Path) -> None:
    for flags in (
        {"limit": "1"},
        {"market": True},
        {"symbol": "SPY"},
        {"legs": ("bto 1 SPY",)},
        {"tif": "day"},
    ):
        with pytest.raises(ParameterError, match="nothing beside --file"):
            order(file=tmp_path / "order.json", **flags)
