# SPDX-License-Identifier: Apache-2.0
"""
What a person says of an order, as an `Order`: words in, one value out, or an error that names the flag.

Nothing that could cost money is guessed. Without a price flag there is no order. Selling what is not held
would open a short position, so that has to be said. Whether money is paid or received follows from buying or
selling one instrument; of several it has to be said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from ttapi_core import (
    InstrumentKind,
    Order,
    OrderAction,
    OrderLeg,
    OrderType,
    PriceEffect,
    Symbol,
    TimeInForce,
)
from ttapi_core.errors import ParameterError
from ttapi_onboarding import order_files
from ttapi_onboarding.written import instrument, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ttapi_core import PlacedOrder, Position

_ACTIONS: Final[Mapping[str, OrderAction]] = {
    **{action.value.casefold().replace(" ", "-"): action for action in OrderAction},
    "bto": OrderAction.BUY_TO_OPEN,
    "btc": OrderAction.BUY_TO_CLOSE,
    "sto": OrderAction.SELL_TO_OPEN,
    "stc": OrderAction.SELL_TO_CLOSE,
}
_TIMES: Final[Mapping[str, TimeInForce]] = {
    item.value.casefold().replace(" ", "-"): item for item in TimeInForce
}
TIMES_IN_FORCE: Final = ", ".join(_TIMES)
"""What `--tif` takes."""
_LEG: Final = "ACTION QUANTITY SYMBOL, such as 'buy-to-open 1 SPY   261218C00600000'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """
    The flags of an order; None is a flag that was not given.

    Parameters
    ----------
    symbol, quantity, buys, opens
        One instrument: what, how much, bought or sold, opened or closed.
    legs
        Several: each `ACTION QUANTITY SYMBOL`.
    limit, stop, market, value
        Its prices: the limit, the stop trigger, whether it is at the market, an amount of money.
    is_debit
        Whether money is paid; of several instruments.
    tif, until
        How long it stands; a last day makes it good till then.
    file
        A file that says all of this.
    external_id
        The identifier of an earlier try.
    """

    symbol: str | None = None
    quantity: str | None = None
    buys: bool | None = None
    opens: bool | None = None
    legs: Sequence[str] = ()
    limit: str | None = None
    stop: str | None = None
    market: bool = False
    value: str | None = None
    is_debit: bool | None = None
    tif: str | None = None
    until: date | None = None
    file: Path | None = None
    external_id: str | None = None

    @property
    def needs_positions(self) -> bool:
        """Whether opening or closing is to be found out from what is held."""
        if self.symbol is None or self.opens is not None:
            return False
        return instrument(self.symbol).kind is not InstrumentKind.FUTURE


def order_of(
    ticket: Ticket, account_number: str, *, held: Sequence[Position] = (), made_at: datetime
) -> Order:
    """
    Return the order that a ticket says.

    Parameters
    ----------
    ticket
        The flags.
    account_number
        For whom.
    held
        What the account holds; needed where `Ticket.needs_positions`.
    made_at
        The time now, aware.

    Raises
    ------
    ParameterError
        If a flag is missing, cannot be read, or contradicts another; it names the flag.
    DataError
        If a number is absurd.
    StoreUnavailableError
        If the file cannot be read.
    """
    order_id = _identifier(ticket.external_id)
    if ticket.file is not None:
        _refuse_beside_file(ticket)
        terms = order_files.terms_of(ticket.file)
        return Order(account_number=account_number, received_at=made_at, id=order_id, **terms)
    legs = tuple(map(_leg, ticket.legs)) if ticket.legs else (_single(ticket, held),)
    if ticket.legs:
        _refuse_with("--leg", ticket)
    terms = _terms(ticket, legs)
    return Order(account_number=account_number, legs=legs, received_at=made_at, id=order_id, **terms)


def check_flags(ticket: Ticket) -> None:
    """
    Check all that can be checked before a broker is asked.

    Raises
    ------
    ParameterError, DataError, StoreUnavailableError
        As `order_of`.
    """
    opens = True if ticket.needs_positions else ticket.opens
    order_of(replace(ticket, opens=opens), "any", made_at=datetime.now(UTC))


def _identifier(text: str | None) -> UUID:
    if text is None:
        return uuid4()
    try:
        return UUID(text)
    except ValueError as exc:
        raise ParameterError("--external-id", text, "a UUID, as an earlier try printed it") from exc


def _single(ticket: Ticket, held: Sequence[Position]) -> OrderLeg:
    if ticket.symbol is None:
        raise ParameterError("SYMBOL", None, "an instrument, or --leg for each of several, or --file")
    symbol = instrument(ticket.symbol)
    if ticket.buys is None:
        raise ParameterError("--buy/--sell", None, "one of them")
    if (ticket.quantity is None) == (ticket.value is None):
        raise ParameterError(
            "QUANTITY", ticket.quantity, "a number, or --value with an amount of money instead"
        )
    quantity = None if ticket.quantity is None else number("QUANTITY", ticket.quantity)
    if quantity is not None and quantity <= 0:
        raise ParameterError("QUANTITY", quantity, "a number above zero: --sell says the side")
    action = _action(symbol, quantity, buys=ticket.buys, opens=ticket.opens, held=held)
    return OrderLeg(symbol=symbol, action=action, quantity=quantity)


def _action(
    symbol: Symbol,
    quantity: Decimal | None,
    *,
    buys: bool,
    opens: bool | None,
    held: Sequence[Position],
) -> OrderAction:
    if symbol.kind is InstrumentKind.FUTURE:
        if opens is not None:
            raise ParameterError("--open/--close", opens, "neither: futures are bought and sold")
        return OrderAction.BUY if buys else OrderAction.SELL
    if opens is None:
        opens = _opens(symbol, quantity, buys=buys, held=held)
    if buys:
        return OrderAction.BUY_TO_OPEN if opens else OrderAction.BUY_TO_CLOSE
    return OrderAction.SELL_TO_OPEN if opens else OrderAction.SELL_TO_CLOSE


def _opens(symbol: Symbol, quantity: Decimal | None, *, buys: bool, held: Sequence[Position]) -> bool:
    # 1. There is something to close on the other side: it is closed, if it is enough.
    # 2. Nothing to close, and bought: opened.  3. Nothing to close, and sold: a short sale has to be said.
    signed = sum((p.signed_quantity for p in held if p.symbol == symbol), start=Decimal(0))
    closable = -signed if buys else signed
    if closable > 0:
        if quantity is not None and quantity > closable:
            raise ParameterError(
                "QUANTITY",
                quantity,
                f"at most the {closable:f} that are held to be closed",
                hint="close them with one order and open the rest with another: --close, --open",
            )
        return False
    if buys:
        return True
    raise ParameterError(
        "--open/--close", None, f"--open: no {symbol} is held, so selling it opens a short position"
    )


def _leg(text: str) -> OrderLeg:
    words = text.split(None, 2)
    if len(words) != 3:
        raise ParameterError("--leg", text, _LEG)
    action = _ACTIONS.get(words[0].casefold().replace("_", "-"))
    if action is None:
        raise ParameterError("--leg", words[0], f"one of {', '.join(_ACTIONS)} at its beginning")
    return OrderLeg(symbol=instrument(words[2]), action=action, quantity=number("--leg", words[1]))


def _refuse_with(flag: str, ticket: Ticket) -> None:
    given = {
        "SYMBOL": ticket.symbol,
        "QUANTITY": ticket.quantity,
        "--buy/--sell": ticket.buys,
        "--open/--close": ticket.opens,
        "--value": ticket.value,
    }
    for name, value in given.items():
        if value is not None:
            raise ParameterError(name, value, f"nothing beside {flag}")


def _refuse_beside_file(ticket: Ticket) -> None:
    _refuse_with("--file", ticket)
    given = {
        "--leg": tuple(ticket.legs) or None,
        "--limit": ticket.limit,
        "--stop": ticket.stop,
        "--market": ticket.market or None,
        "--debit/--credit": ticket.is_debit,
        "--tif": ticket.tif,
        "--until": ticket.until,
    }
    for name, value in given.items():
        if value is not None:
            raise ParameterError(name, value, "nothing beside --file")


def _terms(ticket: Ticket, legs: tuple[OrderLeg, ...]) -> dict[str, Any]:
    price = None if ticket.limit is None else number("--limit", ticket.limit)
    stop = None if ticket.stop is None else number("--stop", ticket.stop)
    value = None if ticket.value is None else number("--value", ticket.value)
    if price is not None and price < 0:
        raise ParameterError("--limit", price, "zero or more: --credit says that money is received")
    order_type = _order_type(ticket)
    effect = _effect(ticket, legs)
    time_in_force, last_day = _time_in_force(ticket)
    return {
        "order_type": order_type,
        "time_in_force": time_in_force,
        "gtc_date": last_day,
        "price": price,
        "price_effect": effect if price is not None else None,
        "stop_trigger": stop,
        "value": value,
        "value_effect": effect if value is not None else None,
    }


def _order_type(ticket: Ticket) -> OrderType:
    if ticket.value is not None:
        if ticket.limit is not None or ticket.stop is not None:
            raise ParameterError("--value", ticket.value, "no price beside it: it is filled at the market")
        return OrderType.NOTIONAL_MARKET
    given = (ticket.limit is not None, ticket.stop is not None, ticket.market)
    match given:
        case (True, False, False):
            return OrderType.LIMIT
        case (True, True, False):
            return OrderType.STOP_LIMIT
        case (False, True, False):
            return OrderType.STOP
        case (False, False, True):
            return OrderType.MARKET
    if ticket.market:
        raise ParameterError("--market", given, "neither --limit nor --stop beside it")
    raise ParameterError("--limit", None, "a price, or --stop PRICE, or --market")


def _effect(ticket: Ticket, legs: tuple[OrderLeg, ...]) -> PriceEffect | None:
    said = None
    if ticket.is_debit is not None:
        said = PriceEffect.DEBIT if ticket.is_debit else PriceEffect.CREDIT
    if len(legs) > 1:
        if said is None and ticket.limit is not None:
            raise ParameterError("--debit/--credit", None, "one of them for an order of several legs")
        return said
    natural = PriceEffect.DEBIT if legs[0].action.is_buy else PriceEffect.CREDIT
    if said not in (None, natural):
        raise ParameterError("--debit/--credit", said.value, f"{natural.value}, or nothing: it is known")
    return natural


def _time_in_force(ticket: Ticket) -> tuple[TimeInForce, date | None]:
    if ticket.tif is None:
        return (TimeInForce.DAY if ticket.until is None else TimeInForce.GTD), ticket.until
    found = _TIMES.get(ticket.tif.casefold().replace("_", "-").replace(" ", "-"))
    if found is None:
        raise ParameterError("--tif", ticket.tif, f"one of {TIMES_IN_FORCE}")
    if (found is TimeInForce.GTD) != (ticket.until is not None):
        raise ParameterError("--until", ticket.until, "a last day with --tif gtd, and with no other")
    return found, ticket.until


def changed_order(placed: PlacedOrder, ticket: Ticket, *, made_at: datetime) -> Order:
    """
    Return what takes the place of an order: the same instruments, and the terms of the ticket where given.

    Raises
    ------
    ParameterError
        If nothing changes, a flag cannot be read or does not fit, or the order has no known terms.
    """
    if (ticket.limit, ticket.stop, ticket.tif, ticket.until, ticket.is_debit) == (
        None,
    ) * 5 and not ticket.market:
        raise ParameterError(
            "--limit", None, "something to change: --limit, --stop, --market, --tif, --until"
        )
    legs = tuple(_leg_again(placed, index) for index in range(len(placed.legs)))
    if ticket.is_debit is None and placed.price_effect is not None and len(legs) > 1:
        ticket = replace(ticket, is_debit=placed.price_effect is PriceEffect.DEBIT)
    if not ticket.market:
        limit, stop = _kept(ticket.limit, placed.price), _kept(ticket.stop, placed.stop_trigger)
        ticket = replace(ticket, limit=limit, stop=stop)
    if ticket.tif is None and ticket.until is None and placed.time_in_force is not None:
        kept = placed.time_in_force.value
        ticket = replace(ticket, tif=kept, until=placed.gtc_date if kept == TimeInForce.GTD.value else None)
    terms = _terms(ticket, legs)
    return Order(
        account_number=placed.account_number,
        legs=legs,
        received_at=made_at,
        id=_identifier(ticket.external_id),
        **terms,
    )


def _kept(given: str | None, before: Decimal | None) -> str | None:
    return given if given is not None or before is None else f"{before:f}"


def _leg_again(placed: PlacedOrder, index: int) -> OrderLeg:
    leg = placed.legs[index]
    if leg.action is None or leg.quantity is None:
        raise ParameterError("ID", placed.id, "an order whose instruments and quantities are told")
    remaining = leg.remaining_quantity or leg.quantity
    symbol = Symbol.parse(leg.symbol, kind=leg.instrument_type.kind)
    return OrderLeg(symbol=symbol, action=leg.action, quantity=remaining)
