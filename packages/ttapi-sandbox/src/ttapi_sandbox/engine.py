# SPDX-License-Identifier: Apache-2.0
"""
The order engine: takes orders, works them at the simulated market, keeps the books.

It does no input or output and has no clock: time comes in as an argument, and what changed goes out as a list
of `Change` for whoever wants to know. Between two calls of `advance` it goes through every minute of the
sessions in which an order works, and through every opening, close and expiration, so that it makes no
difference whether time runs or is turned by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ttapi_sandbox.answers import RefusalError, not_found
from ttapi_sandbox.fees import ZERO, fees_of
from ttapi_sandbox.ledger import Cause, Ledger
from ttapi_sandbox.matching import Liquidity, is_triggered, plan
from ttapi_sandbox.nightly import Nightly, Snapshot
from ttapi_sandbox.order_rules import check, check_in_cash, refused
from ttapi_sandbox.order_states import WORKING, Status, Step, after, can
from ttapi_sandbox.orders import ComplexOrder, Fill, Order, OrderLeg, order_item
from ttapi_sandbox.standing import OrderEffect, effect_of, standing_of
from ttapi_sandbox.tickets import LASTING, TicketLeg
from ttapi_sandbox.venue import AFTER_CLOSE, BEFORE_OPEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ttapi_sandbox.matching import PlannedFill
    from ttapi_sandbox.standing import Standing
    from ttapi_sandbox.tickets import Condition, Ticket
    from ttapi_sandbox.venue import Tradable, Venue

FIRST_ORDER: Final = 430_001
FIRST_COMPLEX_ORDER: Final = 91_001
STEPS_MAX: Final = 4000
"""Minutes that one call of `advance` goes through; over a longer time it takes every second, third … one."""

_MINUTE: Final = timedelta(minutes=1)
_OPTIONS_END: Final = timedelta(minutes=15)


class Change(NamedTuple):
    """Something changed: an order (as answered), a complex order (its id), a position (symbol), a balance."""

    kind: str
    what: Any
    at: datetime


@dataclass(slots=True)
class Books:
    """All that the engine keeps: what a state file has to hold."""

    ledger: Ledger
    at: datetime
    orders: dict[int, Order] = field(default_factory=dict)
    complex_orders: dict[int, ComplexOrder] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    fills: int = 0


class Engine:
    """
    Orders of one account.

    Parameters
    ----------
    venue
        The market that orders are filled at.
    books
        What was kept so far.
    """

    def __init__(self, venue: Venue, books: Books) -> None:
        self.venue = venue
        self.books = books
        self._changes: list[Change] = []
        self._liquidity = Liquidity()
        self._active = {one.id for one in books.orders.values() if not one.is_final}
        self._nightly = Nightly(venue, books.ledger, books.snapshots)

    def take_changes(self) -> list[Change]:
        """Return what changed since the last call."""
        found, self._changes = self._changes, []
        return found

    @property
    def has_open_orders(self) -> bool:
        """Whether any order is not finished."""
        return bool(self._active)

    # What is asked of it

    def standing(self, now: datetime, *, without: int | None = None) -> Standing:
        """Return how the account stands; without the reservation of an order that is to be replaced."""
        return standing_of(self.books.ledger, self.venue, now, self._reserved(without))

    def _reserved(self, without: int | None) -> Decimal:
        orders = self.books.orders
        return sum(
            (
                orders[number].reserved * orders[number].share_left
                for number in self._active
                if number != without
            ),
            ZERO,
        )

    def preflight(
        self, ticket: Ticket, now: datetime, *, contingent: bool = False, without: int | None = None
    ) -> tuple[Order, OrderEffect]:
        """
        Return an order as it would be taken, and what it would change; nothing is kept.

        Raises
        ------
        RefusalError
            422, if it breaks a rule or costs more than there is.
        """
        ledger = self.books.ledger
        tradables = check(ticket, self.venue, now, held=ledger.quantity, contingent=contingent)
        if ledger.in_cash:
            check_in_cash(ticket.legs, ledger.positions.values())
        touches = self.venue.touches(tradables, now)
        effect = effect_of(
            ticket,
            tradables,
            touches,
            before=self.standing(now, without=without),
            venue=self.venue,
            now=now,
        )
        if not contingent and effect.buying_power_change < 0 and effect.buying_power_after < 0:
            raise refused(
                "margin_check_failed",
                "Account does not have sufficient buying power available for this order.",
            )
        order = self._order(ticket, tradables, now)
        order.reserved = ZERO if contingent else max(ZERO, -effect.buying_power_change)
        return order, effect

    def _order(self, ticket: Ticket, tradables: list[Tradable], now: datetime) -> Order:
        first = tradables[0]
        legs = [OrderLeg(leg.kind, leg.symbol, leg.action, leg.quantity, leg.quantity) for leg in ticket.legs]
        return Order(
            0,
            self.books.ledger.account_number,
            ticket,
            first.instrument.underlying,
            first.underlying_kind,
            legs,
            now,
            now,
            expires_at=self._end(ticket, tradables, now),
        )

    def _end(self, ticket: Ticket, tradables: list[Tradable], now: datetime) -> datetime | None:
        # No order outlives what it trades.
        ends = [one.instrument.expires_at for one in tradables] + [self._end_of_time(ticket, now)]
        return min((end for end in ends if end is not None), default=None)

    def _end_of_time(self, ticket: Ticket, now: datetime) -> datetime | None:
        if ticket.time_in_force in LASTING:
            return None
        if ticket.time_in_force != "GTD" or ticket.gtc_date is None:
            return self.venue.end_of_day(ticket.time_in_force, now)
        days = self.venue.market.days
        number = days.at_or_before(ticket.gtc_date)
        return days.sessions[number].close_at if number >= 0 else now

    def submit(self, order: Order, now: datetime) -> Order:
        """Take an order that `preflight` returned; it is `Received`, and goes its way with `settle`."""
        order.id = self.books.ledger.id_from(FIRST_ORDER, len(self.books.orders))
        self.books.orders[order.id] = order
        self._active.add(order.id)
        self._emit_order(order, now)
        return order

    def order(self, number: int) -> Order:
        """
        Return an order.

        Raises
        ------
        RefusalError
            404, if there is none of that number.
        """
        found = self.books.orders.get(number)
        if found is None:
            raise not_found(f"order {number}")
        return found

    def request_cancel(self, number: int, now: datetime) -> Order:
        """
        Ask for an order's end; it is `Cancel Requested`, and ends with `settle`.

        Raises
        ------
        RefusalError
            404, or 422 ``cannot_update_order`` if it is finished.
        """
        order = self.order(number)
        if not order.cancellable:
            raise refused("cannot_update_order", "Order can no longer be updated")
        self._move(order, Step.REQUEST_CANCEL, now)
        return order

    def check_replaceable(self, number: int) -> Order:
        """
        Return an order that can be replaced.

        Raises
        ------
        RefusalError
            404, or 422 ``cannot_update_order`` if it cannot.
        """
        order = self.order(number)
        if not order.editable:
            raise refused("cannot_update_order", "Order can no longer be updated")
        return order

    def replace(self, old: Order, order: Order, now: datetime, *, edited: bool = False) -> Order:
        """Take an order in place of another: it is `Contingent` until the other one is cancelled."""
        order.replaces, order.edited = old.id, edited
        order.waits_for = "Pending Replacement"
        self.submit(order, now)
        self._move(order, Step.HOLD, now)
        old.replaced_by = order.id
        self._move(old, Step.REQUEST_REPLACE, now)
        return order

    def submit_complex(
        self, complex_order: ComplexOrder, orders: list[Order], trigger: Order | None
    ) -> ComplexOrder:
        """Take orders that depend on each other; those that wait for the trigger are `Contingent`."""
        complex_order.id = self.books.ledger.id_from(FIRST_COMPLEX_ORDER, len(self.books.complex_orders))
        self.books.complex_orders[complex_order.id] = complex_order
        now = orders[0].received_at
        complex_order.created_at = now
        held = (
            "Pending Order"
            if trigger is not None
            else "Pending Ratio"
            if complex_order.kind == "PAIRS"
            else None
        )
        if trigger is not None:
            trigger.complex_id, trigger.complex_tag = complex_order.id, f"{complex_order.kind}::trigger-order"
            complex_order.trigger_id = self.submit(trigger, now).id
        for order in orders:
            order.complex_id, order.complex_tag = complex_order.id, f"{complex_order.kind}::order"
            order.waits_for = held
            complex_order.order_ids.append(self.submit(order, now).id)
            if held is not None:
                self._move(order, Step.HOLD, now)
        self._changes.append(Change("ComplexOrder", complex_order.id, now))
        return complex_order

    def complex_order(self, number: int) -> ComplexOrder:
        """
        Return a complex order.

        Raises
        ------
        RefusalError
            404, if there is none of that number.
        """
        found = self.books.complex_orders.get(number)
        if found is None:
            raise not_found(f"complex order {number}")
        return found

    def cancel_complex(self, number: int, now: datetime) -> ComplexOrder:
        """
        Ask for the end of all orders of a complex one.

        Raises
        ------
        RefusalError
            404, or 422 ``cannot_update_order`` if all are finished.
        """
        found = self.complex_order(number)
        open_orders = [one for one in map(self.order, found.all_ids) if one.cancellable]
        if not open_orders:
            raise refused("cannot_update_order", "Order can no longer be updated")
        for order in open_orders:
            self._move(order, Step.REQUEST_CANCEL, now)
        return found

    # What time does

    def settle(self, now: datetime) -> None:
        """Do what was asked for at this instant, after its answer was written."""
        self._work(now)

    def advance(self, now: datetime) -> None:
        """Let time pass up to ``now``; nothing happens if it has passed already."""
        if now <= self.books.at:
            return
        for instant in self._agenda(self.books.at, now):
            self._nightly.pass_by(instant, self._announce)
            self._cancel_split(instant)
            self.books.at = instant
            self._work(instant)
        self.books.at = now

    def _agenda(self, first: datetime, last: datetime) -> list[datetime]:
        # All instants after the first and up to the last at which something can happen, ascending.
        found: set[datetime] = {last}
        minutes: list[datetime] = []
        extended = any("Ext" in self.books.orders[one].ticket.time_in_force for one in self._active)
        for _, session in self.venue.sessions_between(first, last):
            end = session.close_at + AFTER_CLOSE
            found |= {session.open_at, session.close_at, session.close_at + _OPTIONS_END, end}
            if self._active:
                start = session.open_at - BEFORE_OPEN if extended else session.open_at
                minutes += _minutes(max(start, first), min(end if extended else session.close_at, last))
        for number in self._active:
            ticket = self.books.orders[number].ticket
            found |= {one for one in (ticket.route_after, ticket.cancel_at) if one is not None}
        stride = -(-len(minutes) // STEPS_MAX) or 1
        found.update(minutes[::stride])
        return sorted(one for one in found if first < one <= last)

    def _cancel_split(self, now: datetime) -> None:
        for symbol in self._nightly.take_split_symbols():
            for order in self._orders(Step.CANCEL):
                if order.underlying == symbol:
                    self._finish(order, Step.CANCEL, now)

    def _orders(self, step: Step) -> list[Order]:
        orders = self.books.orders
        return [orders[number] for number in sorted(self._active) if can(orders[number].status, step)]

    def _work(self, now: datetime) -> None:
        self._end_what_ends(now)
        self._release(now)
        self._match(now)
        # What was filled may have been waited for.
        while self._release(now):
            self._match(now)

    def _end_what_ends(self, now: datetime) -> None:
        # 1. What was asked to be cancelled. 2. What is replaced. 3. What lives no longer.
        for order in self._orders(Step.CANCEL):
            asked = order.status in {Status.CANCEL_REQUESTED, Status.REPLACE_REQUESTED}
            if asked or self._is_due(order, "cancel", order.ticket.cancel_at, now):
                self._finish(order, Step.CANCEL, now)
        for order in self._orders(Step.EXPIRE):
            if order.expires_at is not None and order.expires_at <= now:
                self._finish(order, Step.EXPIRE, now)

    def _release(self, now: datetime) -> int:
        released = 0
        for order in self._orders(Step.ROUTE):
            if order.status is Status.CONTINGENT and not self._may_go(order, now):
                continue
            if not self._conditions_hold(order, now) or not self.venue.trades(
                order.ticket.time_in_force, now
            ):
                continue
            for step in (Step.ROUTE, Step.TRANSMIT, Step.WORK):
                self._move(order, step, now)
            released += 1
        return released

    def _may_go(self, order: Order, now: datetime) -> bool:
        if order.replaces is not None:
            return self.order(order.replaces).is_final
        if order.complex_id is None:
            return True
        whole = self.complex_order(order.complex_id)
        if whole.trigger_id is not None:
            return self.order(whole.trigger_id).status is Status.FILLED
        return whole.kind != "PAIRS" or self._ratio_reached(whole, now)

    def _ratio_reached(self, whole: ComplexOrder, now: datetime) -> bool:
        if whole.ratio_threshold is None:
            return True
        values = []
        for order in map(self.order, whole.order_ids):
            leg = order.legs[0]
            tradable = self.venue.known(leg.kind, leg.symbol, now)
            if tradable is None:
                return False
            mark = self.venue.touches([tradable], now)[leg.symbol].mark
            values.append(mark * (leg.quantity or 1) if whole.ratio_is_notional else mark)
        ratio = values[0] / values[1]
        reached = ratio - whole.ratio_threshold
        return reached >= 0 if whole.ratio_comparator == "gte" else reached <= 0

    def _conditions_hold(self, order: Order, now: datetime) -> bool:
        ticket = order.ticket
        if ticket.route_after is not None and now < ticket.route_after:
            return False
        return all(self._is_met(one, now) for one in ticket.conditions if one.action == "route")

    def _is_due(self, order: Order, action: str, at: datetime | None, now: datetime) -> bool:
        if at is not None and at <= now:
            return True
        conditions = [one for one in order.ticket.conditions if one.action == action]
        return bool(conditions) and all(self._is_met(one, now) for one in conditions)

    def _is_met(self, condition: Condition, now: datetime) -> bool:
        tradable = self.venue.known(condition.kind, condition.symbol, now)
        if tradable is None:
            return False
        difference = self.venue.touches([tradable], now)[condition.symbol].last - condition.threshold
        return difference >= 0 if condition.comparator == "gte" else difference <= 0

    def _match(self, now: datetime) -> None:
        working = [
            order
            for order in self._orders(Step.COMPLETE)
            if order.status in WORKING and self.venue.trades(order.ticket.time_in_force, now)
        ]
        if not working:
            return
        self._liquidity.begin(int(now.timestamp() // 60))
        legs = [[self.venue.known(leg.kind, leg.symbol, now) for leg in order.legs] for order in working]
        found = [[one for one in row if one is not None] for row in legs]
        unique = {one.instrument.symbol: one for row in found for one in row}
        touches = self.venue.touches(list(unique.values()), now)
        for order, tradables in zip(working, found, strict=True):
            # An order of the same complex one may have ended it meanwhile.
            if order.status not in WORKING or not is_triggered(order, touches):
                continue
            order.triggered = True
            fills = plan(order, tradables, touches, self._liquidity)
            if self._is_void(order, fills):
                self._finish(order, Step.REMOVE_REST if order.has_fills else Step.REMOVE, now)
            elif fills:
                self._fill(order, fills, now)
            if order.ticket.time_in_force == "IOC" and not order.is_final:
                self._finish(order, Step.CANCEL, now)

    def _is_void(self, order: Order, fills: list[PlannedFill]) -> bool:
        """Return whether what an order closes is gone, and its account must not open something instead."""
        ledger = self.books.ledger
        if not (order.ticket.strict_close or ledger.in_cash):
            return False
        for leg in order.legs:
            closable = -ledger.quantity(leg.symbol) * leg.sign
            if leg.closes and closable <= 0:
                return True
            # Of an amount of money it is known only now how much that is.
            planned = sum((one.quantity for one in fills if one.leg is leg), ZERO)
            if ledger.in_cash and leg.closes and max(leg.remaining or ZERO, planned) > closable:
                return True
        return ledger.in_cash and self._is_refused_in_cash(order)

    def _is_refused_in_cash(self, order: Order) -> bool:
        left = [TicketLeg(leg.kind, leg.symbol, leg.action, leg.remaining) for leg in order.legs]
        try:
            check_in_cash(left, self.books.ledger.positions.values())
        except RefusalError:
            return True
        return False

    def _fill(self, order: Order, fills: list[PlannedFill], now: datetime) -> None:
        day = self.venue.market.moment_at(now).today
        self.books.fills += 1
        group = f"G{self.books.fills}"
        for number, one in enumerate(fills, start=1):
            self._liquidity.take(one.leg.symbol, one.price, one.quantity)
            fill = Fill(f"{order.id}_{self.books.fills}_{number}", one.quantity, one.price, now, group)
            one.leg.fills.append(fill)
            if one.leg.quantity is None:
                one.leg.quantity, one.leg.remaining = one.quantity, one.quantity
            one.leg.remaining = (one.leg.remaining or ZERO) - one.quantity
            self._book(order, one, fill, day=day)
        done = all(not leg.remaining for leg in order.legs)
        self._move(order, Step.COMPLETE if done else Step.FILL, now)
        for symbol in {one.leg.symbol for one in fills}:
            self._announce("CurrentPosition", symbol, now)
        self._announce("AccountBalance", None, now)
        self._after(order, now)

    def _book(self, order: Order, planned: PlannedFill, fill: Fill, *, day: Any) -> None:  # noqa: ANN401 - a date
        leg, quantity = planned.leg, planned.leg.sign * planned.quantity
        held = self.books.ledger.quantity(leg.symbol)
        opens = not leg.closes if leg.kind != "Future" else held * leg.sign >= 0
        fees = fees_of(
            leg.kind,
            planned.quantity,
            planned.price,
            opens=opens,
            sells=leg.sign < 0,
            index=planned.tradable.is_index_option,
        )
        self.books.ledger.trade(
            planned.tradable.instrument,
            quantity,
            price=planned.price,
            at=fill.at,
            day=day,
            cause=Cause(leg.action, fees, order.id, fill.id),
        )

    # How orders change

    def _finish(self, order: Order, step: Step, now: datetime) -> None:
        self._move(order, step, now)
        self._after(order, now)

    def _move(self, order: Order, step: Step, now: datetime) -> None:
        order.status = after(order.status, step)
        order.updated_at = now
        if order.status is Status.IN_FLIGHT:
            order.in_flight_at = now
        elif order.status is Status.LIVE and order.live_at is None:
            order.live_at = now
        elif order.is_final:
            order.terminal_at = now
            order.cancelled_at = now if order.status is Status.CANCELLED else None
            self._active.discard(order.id)
        self._emit_order(order, now)

    def _after(self, order: Order, now: datetime) -> None:
        # What the end or a fill of an order does to those that depend on it.
        if order.replaced_by is not None and order.status is not Status.CANCELLED and order.is_final:
            self._cancel_if_open(self.order(order.replaced_by), now)
        if order.complex_id is None:
            return
        whole = self.complex_order(order.complex_id)
        is_trigger = order.id == whole.trigger_id
        if is_trigger and order.is_final and order.status is not Status.FILLED:
            self._cancel_all(whole.order_ids, now)
        elif not is_trigger and whole.kind in {"OCO", "OTOCO"} and (order.has_fills or order.is_final):
            self._cancel_all([one for one in whole.order_ids if one != order.id], now)
        if whole.terminal_at is None and all(self.order(one).is_final for one in whole.all_ids):
            whole.terminal_at = now
        self._changes.append(Change("ComplexOrder", whole.id, now))

    def _cancel_all(self, numbers: list[int], now: datetime) -> None:
        for number in numbers:
            self._cancel_if_open(self.order(number), now)

    def _cancel_if_open(self, order: Order, now: datetime) -> None:
        if can(order.status, Step.CANCEL):
            self._finish(order, Step.CANCEL, now)

    def _emit_order(self, order: Order, now: datetime) -> None:
        self._changes.append(Change("Order", order_item(order), now))

    def _announce(self, kind: str, what: str | None, now: datetime) -> None:
        self._changes.append(Change(kind, what, now))


def _minutes(first: datetime, last: datetime) -> Iterator[datetime]:
    # Whole minutes from the first that is not before ``first``, up to ``last``.
    instant = first.replace(second=0, microsecond=0)
    if instant < first:
        instant += _MINUTE
    while instant <= last:
        yield instant
        instant += _MINUTE
