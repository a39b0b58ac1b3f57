# SPDX-License-Identifier: Apache-2.0
"""``ttapi order``: orders tried out, placed, replaced and ended, each at most once and never unasked."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import typer

from ttapi_core.errors import NotFoundError, OrderUnknownError, ParameterError
from ttapi_onboarding.amounts import plain
from ttapi_onboarding.brokerage import broker_session
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.order_files import document_of
from ttapi_onboarding.order_screens import (
    effect_lines,
    legs_text,
    order_summary,
    placed_summary,
    show_placement,
)
from ttapi_onboarding.screens import (
    note,
    stdin_is_terminal,
    stdout_is_terminal,
    warn,
    write_json,
    write_line,
)
from ttapi_onboarding.tickets import changed_order, check_flags, order_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ttapi_core import Account, Order, PlacedOrder, Placement
    from ttapi_onboarding.brokerage import BrokerSession
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings
    from ttapi_onboarding.tickets import Ticket

LOOK_AGAIN_S: Final = 0.3
"""Seconds between two looks at an order that is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """
    How a command is carried out.

    Parameters
    ----------
    account
        Which account; None for the only one.
    yes
        Whether nothing is asked.
    as_json
        Whether the answer is one JSON document.
    wait_s
        Seconds for which the order is waited for, after it was placed.
    """

    account: str | None = None
    yes: bool = False
    as_json: bool = False
    wait_s: float = 0.0

    @property
    def is_for_programs(self) -> bool:
        """Whether the answer is for programs."""
        return self.as_json or not stdout_is_terminal()


def run_dry_run(invocation: Invocation, settings: Settings, ticket: Ticket, manner: Manner) -> ExitCode:
    """Show what an order would do; `ExitCode.FAILURE` if the broker names errors."""
    check_flags(ticket)
    with broker_session(invocation, settings, trades=True) as session:
        account, name = _account(session, manner)
        order = _order(session, ticket, account)
        with _unknown_instrument_named(order):
            placement = session.ask(session.broker.dry_run(order))
    if manner.is_for_programs:
        write_json(_placement_document(order, placement))
    else:
        note(f"{name} · {order_summary(order)}")
        show_placement(f"dry run · nothing was placed · {session.label}", placement)
    return ExitCode.FAILURE if placement.errors else ExitCode.COMPLETE


def run_submit(invocation: Invocation, settings: Settings, ticket: Ticket, manner: Manner) -> ExitCode:
    """Place an order; `ExitCode.FAILURE` if the broker rejected it, or a person said no."""
    check_flags(ticket)
    with broker_session(invocation, settings, trades=True) as session:
        _require_answerable(session, manner)
        account, name = _account(session, manner)
        order = _order(session, ticket, account)
        note(f"{name} · {order_summary(order)}")
        if _asks(session, manner):
            with _unknown_instrument_named(order):
                tried = session.ask(session.broker.dry_run(order))
            for line in effect_lines(tried):
                note(line)
            if not _confirmed(session, name, "Send this order?"):
                return ExitCode.FAILURE
        note(f"external id {order.id}")
        with _unknown_instrument_named(order), _told_when_interrupted(order):
            placement = session.ask(session.broker.submit(order, look_first=ticket.external_id is not None))
        placed = _waited(session, placement.order, manner)
    return _tell_placement(session, order, _with_order(placement, placed), manner)


def run_replace(
    invocation: Invocation, settings: Settings, order_id: str, ticket: Ticket, manner: Manner
) -> ExitCode:
    """Put another order in the place of one; `ExitCode.FAILURE` as `run_submit`."""
    with broker_session(invocation, settings, trades=True) as session:
        _require_answerable(session, manner)
        account, name = _account(session, manner)
        old = _found(session, account, order_id)
        order = changed_order(old, ticket, made_at=datetime.now(UTC))
        note(f"{name} · order {order_id}, {placed_summary(old)}")
        note(f"becomes {order_summary(order)}")
        if _asks(session, manner) and not _confirmed(session, name, "Replace it?"):
            return ExitCode.FAILURE
        with _told_when_interrupted(order):
            placed = session.ask(session.broker.replace(order_id, order))
        placed = _waited(session, placed, manner)
    if manner.is_for_programs:
        write_json({"replaces_order_id": order_id, "external_id": str(order.id), "order": plain(placed)})
    else:
        write_line(f"order {order_id} is replaced by {placed.id}: {placed.status_word}")
    return _verdict(placed)


def run_cancel(invocation: Invocation, settings: Settings, order_id: str, manner: Manner) -> ExitCode:
    """Ask for an order's end."""
    with broker_session(invocation, settings, trades=True) as session:
        _require_answerable(session, manner)
        account, name = _account(session, manner)
        old = _found(session, account, order_id)
        note(f"{name} · order {order_id}, {placed_summary(old)}")
        if _asks(session, manner) and not _confirmed(session, name, "Cancel it?"):
            return ExitCode.FAILURE
        placed = _waited(session, session.ask(session.broker.cancel(account.number, order_id)), manner)
    if manner.is_for_programs:
        write_json({"order": plain(placed)})
    else:
        filled = "" if not placed.fills else f", {legs_text(placed)} filled in part"
        write_line(f"order {order_id}: {placed.status_word}{filled}")
    return ExitCode.COMPLETE


def _account(session: BrokerSession, manner: Manner) -> tuple[Account, str]:
    account, number = session.chosen(manner.account)
    return account, f"account {number}"


def _order(session: BrokerSession, ticket: Ticket, account: Account) -> Order:
    held = session.ask(session.broker.positions(account.number)) if ticket.needs_positions else ()
    return order_of(ticket, account.number, held=held, made_at=datetime.now(UTC))


def _found(session: BrokerSession, account: Account, order_id: str) -> PlacedOrder:
    try:
        return session.ask(session.broker.order(account.number, order_id))
    except NotFoundError as exc:
        raise ParameterError("ID", order_id, "an order of this account; ttapi orders lists them") from exc


@contextmanager
def _unknown_instrument_named(order: Order) -> Iterator[None]:
    """Tell of an instrument that is not known as of any other flag that is wrong; the account is known."""
    try:
        yield
    except NotFoundError as exc:
        names = ", ".join(str(leg.symbol) for leg in order.legs)
        raise ParameterError("symbol", names, "what the broker knows", hint=exc.message) from exc


def _asks(session: BrokerSession, manner: Manner) -> bool:
    return session.broker.is_real_money and not manner.yes


def _require_answerable(session: BrokerSession, manner: Manner) -> None:
    """Refuse before anything else what would have to be asked where nobody can answer."""
    if _asks(session, manner) and not stdin_is_terminal():
        raise ParameterError("--yes", None, "to be given: this is real money, and nobody is here to be asked")


def _confirmed(session: BrokerSession, name: str, question: str) -> bool:
    warn(f"REAL MONEY at {session.broker.name}, {name}")
    with suppress(typer.Abort):  # Ctrl-C, or the end of the input
        if typer.confirm(question, default=False, err=True):
            return True
    note("nothing was sent")
    return False


@contextmanager
def _told_when_interrupted(order: Order) -> Iterator[None]:
    """Say after Ctrl-C that the order may be there nevertheless, and how to find out."""
    try:
        yield
    except KeyboardInterrupt:
        again = f"ttapi orders tells; submit with --external-id {order.id} sends it only if it is not there"
        raise KeyboardInterrupt(f"the order may have been placed: {again}") from None
    except OrderUnknownError:
        note(f"the same with --external-id {order.id} looks again, and sends it only if it is not there")
        raise


def _waited(session: BrokerSession, placed: PlacedOrder, manner: Manner) -> PlacedOrder:
    """Look at an order until it has ended or time is up; return it as it was seen last."""
    until_s = time.monotonic() + manner.wait_s
    while placed.id is not None and not placed.is_terminal and time.monotonic() < until_s:
        time.sleep(min(LOOK_AGAIN_S, max(0.0, until_s - time.monotonic())))
        placed = session.ask(session.broker.order(placed.account_number, placed.id))
    return placed


def _with_order(placement: Placement, order: PlacedOrder) -> Placement:
    from dataclasses import replace

    return replace(placement, order=order)


def _tell_placement(session: BrokerSession, order: Order, placement: Placement, manner: Manner) -> ExitCode:
    if placement.is_recovered:
        note("the order was there already, found by its external id: it was sent once")
    if manner.is_for_programs:
        write_json(_placement_document(order, placement))
    else:
        show_placement(f"order {placement.order.id} · {session.label}", placement)
        if not placement.order.is_terminal:
            note("ttapi orders tells what becomes of it")
    return _verdict(placement.order)


def _verdict(placed: PlacedOrder) -> ExitCode:
    if placed.status_word == "Rejected":
        warn(f"the broker rejected it: {placed.reject_reason or 'it does not say why'}")
        return ExitCode.FAILURE
    return ExitCode.COMPLETE


def _placement_document(order: Order, placement: Placement) -> dict[str, Any]:
    return {
        "account_number": order.account_number,
        "external_id": str(order.id),
        "is_recovered": placement.is_recovered,
        "request": document_of(order),
        "order": plain(placement.order),
        "buying_power_effect": plain(placement.buying_power_effect),
        "fees": plain(placement.fee_calculation),
        "warnings": plain(placement.warnings),
        "errors": plain(placement.errors),
    }
