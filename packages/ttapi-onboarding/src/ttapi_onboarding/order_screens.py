# SPDX-License-Identifier: Apache-2.0
"""``ttapi orders``, and what a person sees of an order anywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ttapi_core import OrderAction, OrderType, PriceEffect, Symbol
from ttapi_core.errors import SymbolError
from ttapi_onboarding.amounts import money_text, plain, price_text, quantity_text, symbol_text, time_text
from ttapi_onboarding.brokerage import broker_session
from ttapi_onboarding.columns import Column, show_fitted
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.screens import note, show, stdout_is_terminal, table, warn, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from decimal import Decimal

    from ttapi_core import Order, OrderLeg, PlacedLeg, PlacedOrder, Placement
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings

_WORDS: Final = {
    OrderAction.BUY_TO_OPEN: "buy to open",
    OrderAction.BUY_TO_CLOSE: "buy to close",
    OrderAction.SELL_TO_OPEN: "sell to open",
    OrderAction.SELL_TO_CLOSE: "sell to close",
    OrderAction.BUY: "buy",
    OrderAction.SELL: "sell",
}
_LETTERS: Final = {
    OrderAction.BUY_TO_OPEN: "BTO",
    OrderAction.BUY_TO_CLOSE: "BTC",
    OrderAction.SELL_TO_OPEN: "STO",
    OrderAction.SELL_TO_CLOSE: "STC",
    OrderAction.BUY: "buy",
    OrderAction.SELL: "sell",
}


def run_orders(
    invocation: Invocation,
    settings: Settings,
    *,
    account: str | None,
    since: date | None,
    only_live: bool,
    as_json: bool,
) -> ExitCode:
    """List the orders of today, or from a day on, the newest first."""
    with broker_session(invocation, settings, trades=True) as session:
        chosen, name = session.chosen(account)
        orders = session.ask(session.broker.orders(chosen.number, since=since))
    if only_live:
        orders = [order for order in orders if not order.is_terminal]
    if as_json or not stdout_is_terminal():
        write_json([plain(order) for order in orders])
    elif orders:
        show_fitted(f"orders of {name} · times in UTC · {session.label}", _columns(orders))
    else:
        when = f"since {since}" if since is not None else "today"
        note(f"account {name} has no {'live ' if only_live else ''}orders {when}")
    return ExitCode.COMPLETE


def _columns(orders: Sequence[PlacedOrder]) -> list[Column]:
    today = datetime.now(UTC).date()
    return [
        Column(heading="order", cells=[order.id for order in orders], is_left=True),
        Column(heading="status", cells=[_status_text(order) for order in orders], is_left=True),
        Column(heading="what", cells=[_short_legs_text(order) for order in orders], folds=True),
        Column(heading="price", cells=[_short_price_text(order) for order in orders]),
        Column(heading="filled", cells=[_filled_text(order) for order in orders]),
        Column(heading="at", cells=[_fill_prices_text(order) for order in orders], rank=3),
        Column(
            heading="placed",
            cells=[time_text(o.received_at, today=today) for o in orders],
            rank=1,
            is_left=True,
        ),
        Column(heading="stands", cells=[_stands_text(order) for order in orders], rank=2, is_left=True),
        Column(heading="external id", cells=[o.external_identifier for o in orders], rank=4, is_left=True),
    ]


def _status_text(order: PlacedOrder) -> Any:  # noqa: ANN401 - text with a style
    from rich.text import Text

    style = "green" if order.status_word == "Filled" else "red" if order.status_word == "Rejected" else ""
    return Text(order.status_word, style="bold" if order.is_working else style)


def legs_text(order: PlacedOrder) -> str:
    """Return what an order does, one line an instrument."""
    return "\n".join(_placed_leg_text(leg, _WORDS) for leg in order.legs) or "-"


def _short_legs_text(order: PlacedOrder) -> str:
    lines = [_placed_leg_text(leg, _LETTERS) for leg in order.legs]
    return "\n".join(lines) or "-"


def _short_price_text(order: PlacedOrder) -> str:
    text = placed_price_text(order).replace(" debit", " db").replace(" credit", " cr")
    return text.replace(" limit ", "\nlimit ")


def _placed_leg_text(leg: PlacedLeg, words: Mapping[OrderAction, str]) -> str:
    action = words[leg.action] if leg.action is not None else "?"
    quantity = quantity_text(leg.quantity)
    return " ".join(part for part in (action, quantity, _readable(leg.symbol)) if part)


def _readable(text: str) -> str:
    try:
        return symbol_text(Symbol.parse(text))
    except SymbolError:
        return text


def _filled_text(order: PlacedOrder) -> str | None:
    lines = [
        f"{quantity_text(leg.filled_quantity)}/{quantity_text(leg.quantity) or '?'}" for leg in order.legs
    ]
    return "\n".join(lines) or None


def _fill_prices_text(order: PlacedOrder) -> str | None:
    return "\n".join(price_text(leg.average_fill_price) or "-" for leg in order.legs) or None


def _stands_text(order: PlacedOrder) -> str | None:
    if order.gtc_date is not None:
        return f"until {order.gtc_date}"
    return order.time_in_force.value if order.time_in_force is not None else None


def placed_price_text(order: PlacedOrder | Order) -> str:
    """Return the price of an order in a few words: ``612.35 debit``, ``market``, ``stop 600.00``."""
    words = [] if order.stop_trigger is None else [f"stop {price_text(order.stop_trigger)}"]
    if order.price is not None:
        words.append(_with_effect(price_text(order.price), order.price_effect))
    elif order.value is not None:
        words.append(_with_effect(f"{money_text(order.value)} USD", order.value_effect))
    elif order.order_type is OrderType.MARKET:
        words.append("market")
    return " limit ".join(words) or "-"


def _with_effect(text: str | None, effect: PriceEffect | None) -> str:
    return f"{text} {effect.value.lower()}" if effect is not None else f"{text}"


def order_summary(order: Order) -> str:
    """Return an order that is to be sent in one line."""
    legs = ", ".join(_leg_text(leg) for leg in order.legs)
    stands = f"until {order.gtc_date}" if order.gtc_date is not None else order.time_in_force.value.lower()
    price = placed_price_text(order)
    kind = (
        "" if order.order_type in {OrderType.MARKET, OrderType.STOP} else f"{order.order_type.value.lower()} "
    )
    return f"{legs} · {kind if order.stop_trigger is None else ''}{price} · {stands}"


def _leg_text(leg: OrderLeg) -> str:
    quantity = quantity_text(leg.quantity)
    return " ".join(part for part in (_WORDS[leg.action], quantity, symbol_text(leg.symbol)) if part)


def placed_summary(order: PlacedOrder) -> str:
    """Return an order at the broker in one line."""
    return f"{order.status_word}: {legs_text(order).replace(chr(10), ', ')} · {placed_price_text(order)}"


def effect_lines(placement: Placement) -> Iterator[str]:
    """Yield what a person has to know before an order is sent: buying power, fees, warnings."""
    effect, fees = placement.buying_power_effect, placement.fee_calculation
    if effect is not None:
        change, left = money_text(effect.change_in_buying_power), money_text(effect.new_buying_power)
        yield f"buying power {_plus(change)}, leaves {left}"
    if fees is not None:
        yield f"fees {money_text(abs(fees.total_fees))}"
    for message in (*placement.warnings, *placement.errors):
        yield f"{message.message or message.code}"


def _plus(text: str | None) -> str:
    return text if text is None or text.startswith("-") else f"+{text}"  # type: ignore[return-value] # None is not given


def show_placement(title: str, placement: Placement) -> None:
    """Draw the answer to an order."""
    rows = [(name, text) for name, text in _facts(placement) if text is not None]
    show(table(title, [("", "left"), ("", "text")], rows))
    for message in placement.warnings:
        warn(message.message or message.code)
    for message in placement.errors:
        note(f"refused: {message.message or message.code}")


def _facts(placement: Placement) -> Iterator[tuple[str, str | None]]:
    order = placement.order
    yield "status", order.status_word
    yield "what", legs_text(order).replace("\n", ", ")
    yield "price", f"{placed_price_text(order)}, {(_stands_text(order) or '-').lower()}"
    if order.fills:
        filled = (_filled_text(order) or "").replace("\n", ", ")
        yield "filled", f"{filled} at {(_fill_prices_text(order) or '').replace(chr(10), ', ')}"
    effect, fees = placement.buying_power_effect, placement.fee_calculation
    if effect is not None:
        before, after = money_text(effect.current_buying_power), money_text(effect.new_buying_power)
        yield "buying power", f"{before} {_signed(effect.change_in_buying_power)} = {after}"
        yield "margin", _signed(effect.change_in_margin_requirement)
    if fees is not None:
        parts = {
            "commission": fees.commission,
            "clearing": fees.clearing_fees,
            "regulatory": fees.regulatory_fees,
            "index options": fees.proprietary_index_option_fees,
        }
        told = ", ".join(f"{name} {money_text(abs(part))}" for name, part in parts.items() if part)
        yield "fees", f"{money_text(abs(fees.total_fees))}{f' ({told})' if told else ''}"
    yield "external id", order.external_identifier


def _signed(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else '+'} {money_text(abs(amount))}"
