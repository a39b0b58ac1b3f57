# SPDX-License-Identifier: Apache-2.0
"""Orders as the bodies of requests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from ttapi_client.parameters import chosen, time_text
from ttapi_core import InstrumentType, Order, OrderRule

SOURCE: Final = "ttapi/0.1"
"""What orders say of where they come from."""


def number_text(number: Decimal) -> str:
    """Return a number as the API wants it, without exponent and every digit kept."""
    return f"{number:f}"


def order_body(order: Order, *, with_legs: bool = True) -> dict[str, Any]:
    """
    Write an order as the body of a request.

    Parameters
    ----------
    order
        The order.
    with_legs
        Whether its instruments go along; in the replacement of an order they do not.
    """
    body: dict[str, Any] = {
        "order-type": order.order_type.value,
        "time-in-force": order.time_in_force.value,
        "source": SOURCE,
        "external-identifier": str(order.id),
    }
    for name in ("price", "stop_trigger", "value"):
        amount: Decimal | None = getattr(order, name)
        if amount is not None:
            body[name.replace("_", "-")] = number_text(amount)
    if order.price_effect is not None:
        body["price-effect"] = order.price_effect.value
    if order.value_effect is not None:
        body["value-effect"] = order.value_effect.value
    if order.gtc_date is not None:
        body["gtc-date"] = order.gtc_date.isoformat()
    if order.strict_position_effect:
        body["advanced-instructions"] = {"strict-position-effect-validation": True}
    if order.rule is not None:
        body["rules"] = _rule_body(order.rule)
    if with_legs:
        body["legs"] = [
            {
                "instrument-type": InstrumentType.of_kind(leg.symbol.kind).value,
                "symbol": leg.symbol.canonical,
                "action": leg.action.value,
                **({} if leg.quantity is None else {"quantity": number_text(leg.quantity)}),
            }
            for leg in order.legs
        ]
    return body


def _rule_body(rule: OrderRule) -> dict[str, Any]:
    conditions = [
        {
            "action": condition.action,
            "symbol": condition.symbol,
            "instrument-type": condition.instrument_type.value,
            "indicator": condition.indicator,
            "comparator": condition.comparator,
            "threshold": number_text(condition.threshold),
            "is-threshold-based-on-notional": condition.is_threshold_based_on_notional,
        }
        for condition in rule.conditions
    ]
    return chosen(
        {
            "route-after": time_text("route_after", rule.route_after),
            "cancel-at": time_text("cancel_at", rule.cancel_at),
        }
    ) | ({"conditions": conditions} if conditions else {})
