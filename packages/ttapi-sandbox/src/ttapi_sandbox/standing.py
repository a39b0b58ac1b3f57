# SPDX-License-Identifier: Apache-2.0
"""How an account stands at a moment, and what an order would change about it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ttapi_sandbox.fees import NO_FEES, ZERO, Fees, fees_of
from ttapi_sandbox.ledger import FRACTION_STEP
from ttapi_sandbox.margin import Holding, Requirement, requirements, total

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ttapi_sandbox.ledger import Ledger
    from ttapi_sandbox.tickets import Ticket
    from ttapi_sandbox.venue import Touch, Tradable, Venue


@dataclass(frozen=True, slots=True)
class Standing:
    """Cash, what is held, what must be kept, and what working orders have reserved."""

    cash: Decimal
    holdings: tuple[Holding, ...]
    requirement: Requirement
    reserved: Decimal
    in_cash: bool = False

    @property
    def value(self) -> Decimal:
        """What all that is held is worth, signed."""
        return sum((one.value for one in self.holdings), ZERO)

    @property
    def net(self) -> Decimal:
        """The net liquidating value."""
        return self.cash + self.value

    @property
    def buying_power(self) -> Decimal:
        """What can be spent on what must be paid in full; below zero in a call."""
        return self.net - self.requirement.initial - self.reserved

    def worth(self, kind: str, sign: int) -> Decimal:
        """Return what the long (1) or short (-1) positions of a kind are worth, without a sign."""
        chosen = (
            one for one in self.holdings if one.tradable.instrument.kind == kind and one.quantity * sign > 0
        )
        return abs(sum((one.value for one in chosen), ZERO))


def holdings_of(ledger: Ledger, venue: Venue, now: datetime) -> tuple[Holding, ...]:
    """Return what is held, at its marks."""
    held = [position for position in ledger.positions.values() if position.lots]
    known = [venue.known(one.instrument.kind, one.instrument.symbol, now) for one in held]
    pairs = [(one, tradable) for one, tradable in zip(held, known, strict=True) if tradable is not None]
    touches = venue.touches([tradable for _, tradable in pairs], now)
    found = []
    for position, tradable in pairs:
        mark = touches[tradable.instrument.symbol].mark
        quantity = position.quantity
        gain = quantity * mark * tradable.instrument.multiplier - position.cost
        found.append(Holding(tradable, quantity, mark, venue.spot(tradable, now), gain))
    return tuple(found)


def standing_of(ledger: Ledger, venue: Venue, now: datetime, reserved: Decimal = ZERO) -> Standing:
    """Return how an account stands."""
    holdings = holdings_of(ledger, venue, now)
    needed = total(requirements(holdings, in_cash=ledger.in_cash).values())
    return Standing(ledger.cash, holdings, needed, reserved, ledger.in_cash)


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """What an order would change if it were filled at its price."""

    before: Standing
    requirement_change: Decimal
    buying_power_change: Decimal
    isolated: Decimal
    fees: Fees
    is_spread: bool

    @property
    def buying_power_after(self) -> Decimal:
        """The buying power that would be left."""
        return self.before.buying_power + self.buying_power_change


def effect_of(
    ticket: Ticket,
    tradables: Sequence[Tradable],
    touches: dict[str, Touch],
    *,
    before: Standing,
    venue: Venue,
    now: datetime,
) -> OrderEffect:
    """Return what an order would change about an account."""
    rows = _priced(ticket, tradables, touches)
    spots = {tradable.instrument.symbol: venue.spot(tradable, now) for tradable, _, _ in rows}
    held = {one.tradable.instrument.symbol: one for one in before.holdings}
    fees, cash = NO_FEES, ZERO
    after = dict(held)
    added: list[Holding] = []
    for leg, (tradable, quantity, price) in zip(ticket.legs, rows, strict=True):
        symbol = tradable.instrument.symbol
        fresh = Holding(tradable, quantity, price, spots[symbol])
        fees += fees_of(
            leg.kind,
            abs(quantity),
            price,
            opens=not leg.closes,
            sells=quantity < 0,
            index=tradable.is_index_option,
        )
        if not tradable.instrument.paid_at_close:
            cash -= fresh.value
        old = held.get(symbol)
        if old is not None and old.quantity * quantity < 0:
            share = max(ZERO, 1 + quantity / old.quantity)
            after[symbol] = Holding(tradable, old.quantity + quantity, old.mark, old.spot, old.gain * share)
            if tradable.instrument.paid_at_close:
                cash += old.gain * (1 - share)
        else:
            added.append(fresh)
    changed = Standing(
        before.cash + cash - fees.total,
        (*after.values(), *added),
        total(requirements((*after.values(), *added), in_cash=before.in_cash).values()),
        before.reserved,
    )
    alone = (Holding(*row, spots[row[0].instrument.symbol]) for row in rows)
    return OrderEffect(
        before,
        changed.requirement.initial - before.requirement.initial,
        changed.buying_power - before.buying_power,
        total(requirements(alone, in_cash=before.in_cash).values()).initial,
        fees,
        len(rows) > 1,
    )


def _priced(
    ticket: Ticket, tradables: Sequence[Tradable], touches: dict[str, Touch]
) -> list[tuple[Tradable, Decimal, Decimal]]:
    # What each leg would trade: signed quantity and price; the first leg of several takes the difference
    # between the marks and the price of the whole.
    rows = []
    for leg, tradable in zip(ticket.legs, tradables, strict=True):
        touch = touches[tradable.instrument.symbol]
        side = touch.ask if leg.sign > 0 else touch.bid
        price = side if len(ticket.legs) == 1 else touch.mark
        quantity = leg.quantity
        if quantity is None:
            quantity = ((ticket.value or ZERO) / (price or Decimal(1))).quantize(FRACTION_STEP)
        rows.append((tradable, leg.sign * quantity, price))
    whole = ticket.signed_price
    if whole is None and ticket.stop_trigger is not None and len(rows) == 1:
        whole = ticket.stop_trigger * ticket.legs[0].sign
    if whole is None:
        return rows
    tradable, quantity, mark = rows[0]
    if len(rows) == 1:
        return [(tradable, quantity, abs(whole))]
    net = sum((row[1] * row[2] for row in rows), ZERO)
    missing = whole * (ticket.size or Decimal(1)) - net
    return [(tradable, quantity, max(ZERO, mark + missing / quantity)), *rows[1:]]
