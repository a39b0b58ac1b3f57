# SPDX-License-Identifier: Apache-2.0
"""
An order as a JSON file: what ``ttapi order dry-run --json`` prints as ``request``, and ``--file`` reads.

Words are the broker's (``Buy to Open``, ``Limit``, ``GTC``), numbers are texts or numbers and read exactly. A
member that is not known is an error: a misspelt price shall not become an order without one.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ttapi_core import InstrumentType, OrderAction, OrderLeg, OrderType, PriceEffect, TimeInForce
from ttapi_core.errors import ParameterError, StoreUnavailableError
from ttapi_onboarding.amounts import plain
from ttapi_onboarding.written import instrument, number

if TYPE_CHECKING:
    from pathlib import Path

    from ttapi_core import Order

E = TypeVar("E", bound=Enum)
_TERMS: Final = ("price", "price_effect", "stop_trigger", "value", "value_effect", "gtc_date")
_MEMBERS: Final = ("order_type", "time_in_force", "legs", *_TERMS)
_LEG_MEMBERS: Final = ("symbol", "action", "quantity", "instrument_type")


def document_of(order: Order) -> dict[str, Any]:
    """Return an order as a file has it."""
    document: dict[str, Any] = {
        "order_type": order.order_type.value,
        "time_in_force": order.time_in_force.value,
        "legs": [
            {
                "symbol": leg.symbol.canonical,
                "instrument_type": InstrumentType.of_kind(leg.symbol.kind).value,
                "action": leg.action.value,
                "quantity": plain(leg.quantity),
            }
            for leg in order.legs
        ],
    }
    given = {name: plain(getattr(order, name)) for name in _TERMS}
    return document | {name: value for name, value in given.items() if value is not None}


def terms_of(path: Path) -> dict[str, Any]:
    """
    Read the fields of an `Order` from a file.

    Raises
    ------
    ParameterError
        If it is no order; names the member.
    StoreUnavailableError
        If it cannot be read.
    """
    document = _read(path)
    _check_members(document, _MEMBERS, "")
    legs = document.get("legs")
    if not isinstance(legs, list) or not all(isinstance(leg, dict) for leg in legs):
        raise ParameterError("legs", legs, "a list of objects")
    return {
        "order_type": _word(document, "order_type", OrderType),
        "time_in_force": _word(document, "time_in_force", TimeInForce),
        "legs": tuple(map(_leg, legs)),
        "price": _amount(document, "price"),
        "price_effect": _optional_word(document, "price_effect", PriceEffect),
        "stop_trigger": _amount(document, "stop_trigger"),
        "value": _amount(document, "value"),
        "value_effect": _optional_word(document, "value_effect", PriceEffect),
        "gtc_date": _day(document),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as exc:
        raise StoreUnavailableError(path, f"cannot be read: {exc.strerror}") from exc
    except (ValueError, RecursionError) as exc:
        raise ParameterError("--file", str(path), "a file with one JSON object") from exc
    if not isinstance(document, dict):
        raise ParameterError("--file", str(path), "a file with one JSON object")
    return document


def _check_members(document: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for name, value in document.items():
        if name not in known:
            raise ParameterError(f"{where}{name}", value, f"no such member: there are {', '.join(known)}")


def _leg(leg: dict[str, Any]) -> OrderLeg:
    _check_members(leg, _LEG_MEMBERS, "legs.")
    symbol = leg.get("symbol")
    if not isinstance(symbol, str):
        raise ParameterError("legs.symbol", symbol, "an instrument")
    found = instrument(symbol)
    kind = InstrumentType.of_kind(found.kind).value
    if leg.get("instrument_type") not in (None, kind):
        raise ParameterError("legs.instrument_type", leg["instrument_type"], f"{kind}, for {found}")
    return OrderLeg(
        symbol=found,
        action=_word(leg, "action", OrderAction, where="legs."),
        quantity=_amount(leg, "quantity", where="legs."),
    )


def _word(document: dict[str, Any], name: str, words: type[E], *, where: str = "") -> E:
    given = document.get(name)
    for item in words:
        if given == item.value:
            return item
    raise ParameterError(f"{where}{name}", given, f"one of {', '.join(str(item.value) for item in words)}")


def _optional_word(document: dict[str, Any], name: str, words: type[E]) -> E | None:
    return None if document.get(name) is None else _word(document, name, words)


def _amount(document: dict[str, Any], name: str, *, where: str = "") -> Decimal | None:
    given = document.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        raise ParameterError(f"{where}{name}", given, "a number such as 612.35")
    return number(f"{where}{name}", str(given))


def _day(document: dict[str, Any]) -> date | None:
    given = document.get("gtc_date")
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError) as exc:
        raise ParameterError("gtc_date", given, "a date such as 2026-12-18") from exc
