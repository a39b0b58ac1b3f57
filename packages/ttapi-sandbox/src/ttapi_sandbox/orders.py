# SPDX-License-Identifier: Apache-2.0
"""Orders as the sandbox keeps them, and as the wire has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from ttapi_sandbox.answers import timestamp
from ttapi_sandbox.fees import ZERO
from ttapi_sandbox.ledger import plain
from ttapi_sandbox.order_states import FINAL, Status, Step, can
from ttapi_sandbox.tickets import Ticket, TicketLeg

VENUE_NAME: Final = "SIMULATED_EXCHANGE"
USER: Final = {"user-id": "1", "username": "simulated"}


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of a leg that was executed."""

    id: str
    quantity: Decimal
    price: Decimal
    at: datetime
    group: str


@dataclass(slots=True)
class OrderLeg:
    """A leg at work; the remainder of one without a quantity is None until it is filled."""

    kind: str
    symbol: str
    action: str
    quantity: Decimal | None
    remaining: Decimal | None
    fills: list[Fill] = field(default_factory=list)

    @property
    def sign(self) -> int:
        """1 for a purchase, -1 for a sale."""
        return 1 if self.action.startswith("Buy") else -1

    @property
    def closes(self) -> bool:
        """Whether it says that it closes."""
        return self.action.endswith("Close")


@dataclass(slots=True)
class Order:
    """An order and what became of it so far."""

    id: int
    account_number: str
    ticket: Ticket
    underlying: str
    underlying_kind: str
    legs: list[OrderLeg]
    received_at: datetime
    updated_at: datetime
    status: Status = Status.RECEIVED
    expires_at: datetime | None = None
    reserved: Decimal = ZERO
    triggered: bool = False
    in_flight_at: datetime | None = None
    live_at: datetime | None = None
    cancelled_at: datetime | None = None
    terminal_at: datetime | None = None
    reject_reason: str | None = None
    replaces: int | None = None
    replaced_by: int | None = None
    edited: bool = False
    complex_id: int | None = None
    complex_tag: str | None = None
    waits_for: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing happens to it any more."""
        return self.status in FINAL

    @property
    def has_fills(self) -> bool:
        """Whether any part of it was executed."""
        return any(leg.fills for leg in self.legs)

    @property
    def share_left(self) -> Decimal:
        """The part of it that is not filled, from 0 to 1."""
        leg = self.legs[0]
        if leg.quantity is None or leg.remaining is None or not leg.quantity:
            return Decimal(0) if leg.fills else Decimal(1)
        return leg.remaining / leg.quantity

    @property
    def cancellable(self) -> bool:
        """Whether it can be cancelled where it stands."""
        return can(self.status, Step.REQUEST_CANCEL)

    @property
    def editable(self) -> bool:
        """Whether it can be replaced where it stands."""
        return can(self.status, Step.REQUEST_REPLACE) and self.complex_id is None

    def legs_left(self) -> tuple[TicketLeg, ...]:
        """Return the legs of an order for what is not filled of this one."""
        return tuple(TicketLeg(leg.kind, leg.symbol, leg.action, leg.remaining) for leg in self.legs)


@dataclass(slots=True)
class ComplexOrder:
    """Orders that depend on each other, by their ids."""

    id: int
    account_number: str
    kind: str
    order_ids: list[int]
    trigger_id: int | None = None
    terminal_at: datetime | None = None
    ratio_threshold: Decimal | None = None
    ratio_comparator: str | None = None
    ratio_is_notional: bool = False
    created_at: datetime | None = None

    @property
    def all_ids(self) -> list[int]:
        """The ids of all its orders, the trigger first."""
        return [*([] if self.trigger_id is None else [self.trigger_id]), *self.order_ids]


def number(amount: Decimal) -> int | str:
    """Write a quantity: a whole number as one, a part as a decimal string."""
    return int(amount) if amount == amount.to_integral_value() else plain(amount)


def money(amount: Decimal) -> str:
    """Write an amount without a sign: a decimal string with at least one decimal."""
    return plain(abs(amount), 1)


def signed(amount: Decimal) -> str:
    """Write an amount with its sign."""
    return plain(amount, 1)


def effect(amount: Decimal) -> str:
    """Return the side of an amount that is signed by its effect on the cash."""
    return "Credit" if amount > 0 else "Debit" if amount < 0 else "None"


def order_item(order: Order, *, dry: bool = False) -> dict[str, Any]:
    """Return an order as the wire has it; a dry run has no id and was never updated."""
    ticket = order.ticket
    item: dict[str, Any] = {} if dry else {"id": order.id}
    item |= {
        "account-number": order.account_number,
        "time-in-force": ticket.time_in_force,
        "order-type": ticket.order_type,
        "underlying-symbol": order.underlying,
        "underlying-instrument-type": order.underlying_kind,
        "status": str(order.status),
        "cancellable": order.cancellable,
        "editable": order.editable,
        "edited": order.edited,
        "leg-count": len(order.legs),
        "updated-at": 0 if dry else int(order.updated_at.timestamp() * 1000),
        "legs": [_leg(leg) for leg in order.legs],
    }
    size = ticket.size
    if size is not None:
        item["size"] = number(size)
    if not dry:
        item |= USER | {"received-at": timestamp(order.received_at)}
    return item | _asked(ticket) | _became(order)


def _asked(ticket: Ticket) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if ticket.price is not None:
        item |= {"price": money(ticket.price), "price-effect": ticket.price_effect}
    if ticket.value is not None:
        item |= {"value": money(ticket.value), "value-effect": ticket.value_effect}
    if ticket.stop_trigger is not None:
        item["stop-trigger"] = money(ticket.stop_trigger)
    texts = {
        "gtc-date": ticket.gtc_date.isoformat() if ticket.gtc_date else None,
        "source": ticket.source,
        "external-identifier": ticket.external_identifier,
        "preflight-id": ticket.preflight_id,
    }
    return item | {name: value for name, value in texts.items() if value is not None}


def _became(order: Order) -> dict[str, Any]:
    times = {
        "in-flight-at": order.in_flight_at,
        "live-at": order.live_at,
        "cancelled-at": order.cancelled_at,
        "terminal-at": order.terminal_at,
    }
    item: dict[str, Any] = {name: timestamp(value) for name, value in times.items() if value is not None}
    if order.cancelled_at is not None:
        item |= {"cancel-user-id": USER["user-id"], "cancel-username": USER["username"]}
    links = {
        "reject-reason": order.reject_reason,
        "replaces-order-id": order.replaces,
        "replacing-order-id": order.replaced_by,
        "complex-order-id": order.complex_id,
        "complex-order-tag": order.complex_tag,
        "contingent-status": order.waits_for if order.status is Status.CONTINGENT else None,
    }
    item |= {name: value for name, value in links.items() if value is not None}
    return item | _rule(order)


def _rule(order: Order) -> dict[str, Any]:
    # Complete or absent: strict clients insist on each of its times, and on what met each condition.
    times = {
        "route-after": order.ticket.route_after,
        "routed-at": order.in_flight_at,
        "cancel-at": order.ticket.cancel_at,
        "cancelled-at": order.cancelled_at,
    }
    if order.ticket.conditions or None in times.values():
        return {}
    said = {name: timestamp(value) for name, value in times.items() if value is not None}
    return {"order-rule": {**said, "order-conditions": []}}


def _leg(leg: OrderLeg) -> dict[str, Any]:
    item: dict[str, Any] = {"instrument-type": leg.kind, "symbol": leg.symbol, "action": leg.action}
    if leg.quantity is not None:
        item["quantity"] = number(leg.quantity)
    if leg.remaining is not None:
        item["remaining-quantity"] = number(leg.remaining)
    item["fills"] = [
        {
            "fill-id": fill.id,
            "ext-group-fill-id": fill.group,
            "quantity": number(fill.quantity),
            "fill-price": money(fill.price),
            "filled-at": timestamp(fill.at),
            "destination-venue": VENUE_NAME,
        }
        for fill in leg.fills
    ]
    return item
