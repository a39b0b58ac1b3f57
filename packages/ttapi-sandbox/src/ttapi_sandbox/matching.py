# SPDX-License-Identifier: Apache-2.0
"""
Which fills a book allows an order: a plan, made without touching anything.

A purchase meets the asks and a sale the bids, level by level, each at its own price; what one order takes
at a level is gone for the others until the minute ends. Orders of several legs trade at the touch of all legs
at once, as often as the smallest size allows.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, NamedTuple

from ttapi_sandbox.fees import ZERO
from ttapi_sandbox.ledger import FRACTION_STEP
from ttapi_sandbox.tickets import STOPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ttapi_sandbox.orders import Order, OrderLeg
    from ttapi_sandbox.venue import Touch, Tradable


class PlannedFill(NamedTuple):
    """So much of a leg at a price."""

    leg: OrderLeg
    tradable: Tradable
    quantity: Decimal
    price: Decimal


class Liquidity:
    """What is left at each level of the book in a minute."""

    def __init__(self) -> None:
        self._minute = -1
        self._taken: dict[tuple[str, Decimal], Decimal] = {}

    def begin(self, minute: int) -> None:
        """Forget what was taken, if another minute has begun."""
        if minute != self._minute:
            self._minute = minute
            self._taken.clear()

    def left(self, symbol: str, price: Decimal, size: int) -> Decimal:
        """Return what is left of a level."""
        return max(ZERO, size - self._taken.get((symbol, price), ZERO))

    def take(self, symbol: str, price: Decimal, quantity: Decimal) -> None:
        """Take from a level."""
        self._taken[symbol, price] = self._taken.get((symbol, price), ZERO) + quantity


def is_triggered(order: Order, touches: Mapping[str, Touch]) -> bool:
    """Return whether a stop order's price has been reached: by the last price, or by the net of its legs."""
    trigger = order.ticket.stop_trigger
    if order.triggered or order.ticket.order_type not in STOPPED or trigger is None:
        return True
    if len(order.legs) == 1:
        leg = order.legs[0]
        return leg.sign * (touches[leg.symbol].last - trigger) >= 0
    size = order.ticket.size or Decimal(1)
    net = sum(
        (leg.sign * (leg.quantity or ZERO) / size * touches[leg.symbol].mark for leg in order.legs), ZERO
    )
    buys = order.legs[0].sign > 0
    return abs(net) >= trigger if buys else abs(net) <= trigger


def plan(
    order: Order, tradables: Sequence[Tradable], touches: Mapping[str, Touch], liquidity: Liquidity
) -> list[PlannedFill]:
    """Return the fills that an order gets now; none if its price is not reached or nothing is left."""
    if order.ticket.order_type == "Notional Market":
        return _notional(order, tradables[0], touches)
    if len(order.legs) == 1:
        return _single(order, tradables[0], touches, liquidity)
    return _several(order, tradables, touches, liquidity)


def _limit(order: Order) -> Decimal | None:
    return None if order.ticket.order_type == "Stop" else order.ticket.signed_price


def _notional(order: Order, tradable: Tradable, touches: Mapping[str, Touch]) -> list[PlannedFill]:
    leg, value = order.legs[0], order.ticket.value or ZERO
    levels = tradable.levels(touches[leg.symbol], leg.sign)
    if not levels or leg.fills:
        return []
    price = levels[0][0]
    quantity = (value / price).quantize(FRACTION_STEP, ROUND_DOWN)
    return [PlannedFill(leg, tradable, quantity, price)] if quantity else []


def _single(
    order: Order, tradable: Tradable, touches: Mapping[str, Touch], liquidity: Liquidity
) -> list[PlannedFill]:
    leg, limit = order.legs[0], _limit(order)
    left = leg.remaining or ZERO
    found = []
    for price, size in tradable.levels(touches[leg.symbol], leg.sign):
        if limit is not None and leg.sign * price > limit:
            break
        quantity = min(left, liquidity.left(leg.symbol, price, size))
        if quantity:
            found.append(PlannedFill(leg, tradable, quantity, price))
            left -= quantity
    return found


def _several(
    order: Order, tradables: Sequence[Tradable], touches: Mapping[str, Touch], liquidity: Liquidity
) -> list[PlannedFill]:
    size = order.ticket.size or Decimal(1)
    net, units = ZERO, order.share_left * size
    rows = []
    for leg, tradable in zip(order.legs, tradables, strict=True):
        levels = tradable.levels(touches[leg.symbol], leg.sign)
        if not levels:
            return []
        price, available = levels[0]
        ratio = (leg.quantity or ZERO) / size
        net += leg.sign * ratio * price
        units = min(units, liquidity.left(leg.symbol, price, available) // ratio)
        rows.append((leg, tradable, ratio, price))
    limit = _limit(order)
    if units < 1 or (limit is not None and net > limit):
        return []
    return [PlannedFill(leg, tradable, ratio * units, price) for leg, tradable, ratio, price in rows]
