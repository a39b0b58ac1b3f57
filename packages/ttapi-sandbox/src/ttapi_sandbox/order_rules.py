# SPDX-License-Identifier: Apache-2.0
"""What an order has to obey before it is taken; each rule that it breaks has a code of its own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.answers import RefusalError, problem
from ttapi_sandbox.ledger import FRACTION_STEP
from ttapi_sandbox.tickets import EXTENDED, LASTING, LIMITED, STOPPED, Ticket, TicketLeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from ttapi_sandbox.ledger import Position
    from ttapi_sandbox.venue import Tradable, Venue

OPTION_LEGS_MAX: Final = 4
NOTIONAL_LEAST: Final = Decimal(5)
QUANTITY_MOST: Final = Decimal(1_000_000)
_OPTIONS: Final = frozenset({"Equity Option", "Future Option"})
_FUTURES_ACTIONS: Final = frozenset({"Buy", "Sell"})


@dataclass(frozen=True, slots=True)
class Problem:
    """A broken rule."""

    code: str
    message: str


def refused(code: str, message: str, problems: list[Problem] | None = None) -> RefusalError:
    """Return the refusal of an order: 422 with a code, and the rules that it breaks."""
    errors = [{"code": one.code, "message": one.message} for one in problems or ()]
    return RefusalError(problem(422, code, message, errors))


def check(
    ticket: Ticket,
    venue: Venue,
    now: datetime,
    *,
    held: Callable[[str], Decimal],
    contingent: bool = False,
) -> list[Tradable]:
    """
    Return what the legs of an order trade.

    Parameters
    ----------
    ticket
        What is asked for.
    venue
        What is listed, and when it is open.
    now
        The instant of the check.
    held
        The signed quantity that is held of a symbol.
    contingent
        Whether it waits for another order, which may open what it closes.

    Raises
    ------
    RefusalError
        422 with the code of what it breaks: of its own where there is one, ``preflight_check_failure`` and
        the list of all broken rules otherwise.
    """
    _check_type(ticket)
    tradables = [_tradable(leg, venue, now) for leg in ticket.legs]
    problems = [
        *_leg_problems(ticket),
        *_quantity_problems(ticket, tradables),
        *_price_problems(ticket, tradables),
        *_time_problems(ticket, venue, now),
    ]
    if not contingent:
        problems += _position_problems(ticket, held)
    if problems:
        raise refused("preflight_check_failure", "One or more preflight checks failed", problems)
    return tradables


def check_in_cash(legs: Iterable[TicketLeg], positions: Iterable[Position]) -> None:
    """
    Check what an account that pays in full may not do: futures, short sales, calls that no shares cover.

    Parameters
    ----------
    legs
        What is left to be traded.
    positions
        What is held.

    Raises
    ------
    RefusalError
        422 ``preflight_check_failure`` with the list of all broken rules.
    """
    held = list(positions)
    problems = []
    for leg in legs:
        if leg.kind in {"Future", "Future Option"}:
            problems.append(Problem("futures_not_enabled", "A cash account cannot trade futures"))
        elif leg.action == "Sell to Open" and leg.kind == "Equity":
            problems.append(Problem("short_sale_not_allowed", "A cash account cannot sell short"))
        elif leg.action == "Sell to Open" and leg.symbol[12:13] == "C" and not _is_covered(leg, held):
            message = f"The shares of {leg.symbol[:6].rstrip()} that {leg.symbol} would deliver are not held"
            problems.append(Problem("uncovered_call_not_allowed", message))
        elif leg.action == "Sell to Close" and leg.kind == "Equity" and _is_pledged(leg, held):
            message = f"The shares of {leg.symbol} cover calls that were written"
            problems.append(Problem("uncovered_call_not_allowed", message))
    if problems:
        raise refused("preflight_check_failure", "One or more preflight checks failed", problems)


def _is_covered(leg: TicketLeg, held: list[Position]) -> bool:
    root = leg.symbol[:6].rstrip()
    return _shares(root, held) // 100 - _calls_written(root, held) >= (leg.quantity or Decimal(0))


def _is_pledged(leg: TicketLeg, held: list[Position]) -> bool:
    root = leg.symbol.replace("/", "")
    written = _calls_written(root, held)
    return written > 0 and _shares(root, held) - 100 * written < (leg.quantity or Decimal(0))


def _shares(root: str, held: list[Position]) -> Decimal:
    found = (one.quantity for one in held if one.instrument.symbol.replace("/", "") == root)
    return sum(found, Decimal(0))


def _calls_written(root: str, held: list[Position]) -> Decimal:
    found = (
        -one.quantity
        for one in held
        if one.quantity < 0
        and one.instrument.kind == "Equity Option"
        and one.instrument.underlying.replace("/", "") == root
        and one.instrument.symbol[12:13] == "C"
    )
    return sum(found, Decimal(0))


def _check_type(ticket: Ticket) -> None:
    kind = ticket.order_type
    if kind in {"Market", "Notional Market", "Stop"} and ticket.price is not None:
        raise refused("order_must_omit_price", f"A {kind} order must omit the price")
    if kind in {"Market", "Notional Market"} and ticket.time_in_force in {*LASTING, "GTD"}:
        raise refused("gtc_market_orders_not_supported", "Market orders cannot be good till cancelled")


def _tradable(leg: TicketLeg, venue: Venue, now: datetime) -> Tradable:
    if leg.kind == "Cryptocurrency":
        raise refused("closing_only", "Cryptocurrency orders are disabled")
    found = venue.find(leg.kind, leg.symbol, now)
    if found is None and leg.closes:
        found = venue.known(leg.kind, leg.symbol, now)
    if found is None:
        message = f"{leg.kind} {leg.symbol} is not tradable"
        problems = [Problem("instrument_not_found", message)]
        raise refused("instrument_validation_failed", "The instrument cannot be traded", problems)
    return found


def _leg_problems(ticket: Ticket) -> list[Problem]:
    found = []
    legs = ticket.legs
    if len({leg.symbol for leg in legs}) < len(legs):
        found.append(Problem("duplicate_leg_symbols", "Each leg must have a symbol of its own"))
    if len(legs) > 1 and any(leg.kind not in _OPTIONS for leg in legs):
        found.append(Problem("too_many_legs", "Orders of several legs can hold options only"))
    if len(legs) > OPTION_LEGS_MAX:
        found.append(Problem("too_many_legs", f"An order can have at most {OPTION_LEGS_MAX} legs"))
    if len(legs) > 1 and ticket.order_type in {"Market", "Notional Market"}:
        found.append(Problem("market_order_single_leg", "Market orders can have one leg only"))
    for leg in legs:
        futures = leg.kind == "Future"
        if (leg.action in _FUTURES_ACTIONS) != futures:
            found.append(Problem("invalid_action", f"{leg.action} is no action for {leg.kind}"))
    return found


def _quantity_problems(ticket: Ticket, tradables: list[Tradable]) -> list[Problem]:
    if ticket.order_type == "Notional Market":
        return _notional_problems(ticket, tradables)
    found = []
    for leg, tradable in zip(ticket.legs, tradables, strict=True):
        quantity = leg.quantity
        if quantity is None or not 0 < quantity <= QUANTITY_MOST:
            found.append(
                Problem("invalid_quantity", f"The quantity of {leg.symbol} is missing or out of range")
            )
        elif quantity != quantity.to_integral_value():
            whole = not tradable.fractional or len(ticket.legs) > 1
            if whole or quantity % FRACTION_STEP or ticket.order_type not in {"Market", "Limit"}:
                found.append(Problem("invalid_quantity", f"The quantity of {leg.symbol} must be whole"))
            elif ticket.price is not None and ticket.price * quantity < NOTIONAL_LEAST:
                found.append(Problem("notional_below_minimum", "Fractional orders begin at 5 dollars"))
    return found


def _notional_problems(ticket: Ticket, tradables: list[Tradable]) -> list[Problem]:
    found = []
    if any(leg.quantity is not None for leg in ticket.legs):
        found.append(Problem("invalid_quantity", "Legs of a notional order have no quantity"))
    if not all(one.fractional for one in tradables):
        found.append(Problem("notional_not_supported", "Notional orders are for shares only"))
    if ticket.value is None:
        found.append(Problem("invalid_value", "A notional order needs a value"))
    elif ticket.value < NOTIONAL_LEAST:
        found.append(Problem("notional_below_minimum", "Notional orders begin at 5 dollars"))
    elif ticket.value_effect != ("Debit" if ticket.legs[0].sign > 0 else "Credit"):
        found.append(Problem("invalid_value_effect", "The effect of the value does not fit the action"))
    return found


def _price_problems(ticket: Ticket, tradables: list[Tradable]) -> list[Problem]:
    found = []
    if ticket.order_type in LIMITED and ticket.price is None:
        found.append(Problem("price_required", f"A {ticket.order_type} order needs a price"))
    if ticket.order_type in STOPPED and not ticket.stop_trigger:
        found.append(Problem("stop_trigger_required", f"A {ticket.order_type} order needs a stop trigger"))
    if ticket.order_type not in STOPPED and ticket.stop_trigger is not None:
        found.append(Problem("stop_trigger_not_allowed", f"A {ticket.order_type} order has no stop trigger"))
    if len(ticket.legs) == 1 and ticket.price is not None and ticket.order_type in LIMITED:
        found += _side_problems(ticket)
    step = min(one.tick(abs(ticket.price or Decimal(0))) for one in tradables)
    for price in (ticket.price, ticket.stop_trigger):
        if price is not None and price % step:
            found.append(Problem("invalid_price_increment", f"Price must be in increments of {step}"))
    return found


def _side_problems(ticket: Ticket) -> list[Problem]:
    buys = ticket.legs[0].sign > 0
    if buys and ticket.price_effect == "Credit" and ticket.price:
        return [Problem("cant_buy_for_credit", "You cannot buy for a credit.")]
    if not buys and ticket.price_effect == "Debit" and ticket.price:
        return [Problem("cant_sell_for_debit", "You cannot sell for a debit.")]
    if not ticket.price:
        return [Problem("price_required", "The price must be above zero")]
    return []


def _time_problems(ticket: Ticket, venue: Venue, now: datetime) -> list[Problem]:
    found = []
    in_force = ticket.time_in_force
    if in_force == "GTD":
        today = venue.market.moment_at(now).today
        if ticket.gtc_date is None:
            found.append(Problem("gtc_date_required", "A GTD order needs a gtc-date"))
        elif ticket.gtc_date < today:
            found.append(Problem("gtc_date_in_the_past", "The gtc-date lies in the past"))
    if in_force in EXTENDED:
        if any(leg.kind != "Equity" for leg in ticket.legs):
            found.append(Problem("extended_hours_not_supported", "Only shares trade in extended hours"))
        if ticket.order_type != "Limit":
            found.append(Problem("extended_hours_limit_only", "Only limit orders trade in extended hours"))
    at_once = in_force == "IOC" or ticket.order_type == "Notional Market"
    if at_once and not venue.trades(in_force, now):
        found.append(Problem("market_closed", "The market is closed"))
    if ticket.order_type == "Stop" and in_force == "IOC":
        found.append(Problem("ioc_stop_not_supported", "Stop orders cannot be immediate"))
    return found


def _position_problems(ticket: Ticket, held: Callable[[str], Decimal]) -> list[Problem]:
    found = []
    for leg in ticket.legs:
        quantity = held(leg.symbol) * leg.sign
        if leg.closes and quantity >= 0:
            found.append(Problem("no_position_to_close", f"There is nothing of {leg.symbol} to close"))
        elif leg.closes and leg.quantity is not None and leg.quantity > -quantity:
            found.append(Problem("closing_more_than_held", f"Less of {leg.symbol} is held than is closed"))
        elif leg.action.endswith("Open") and quantity < 0:
            found.append(Problem("opening_against_position", f"The other side of {leg.symbol} is held"))
    return found
