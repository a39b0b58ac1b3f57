# SPDX-License-Identifier: Apache-2.0
"""What a client asks for: an order as its body has it, read and checked for form, not yet for sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ttapi_sandbox.answers import RefusalError, invalid

ORDER_TYPES: Final = ("Limit", "Market", "Marketable Limit", "Stop", "Stop Limit", "Notional Market")
LIMITED: Final = frozenset({"Limit", "Marketable Limit", "Stop Limit"})
"""Order types that name a price."""

STOPPED: Final = frozenset({"Stop", "Stop Limit"})
"""Order types that name a trigger."""

EXTENDED: Final = frozenset({"Ext", "GTC Ext", "Ext Overnight", "GTC Ext Overnight"})
LASTING: Final = frozenset({"GTC", "GTC Ext", "GTC Ext Overnight"})
TIMES_IN_FORCE: Final = ("Day", "GTC", "GTD", "IOC", *sorted(EXTENDED))
ACTIONS: Final = ("Buy to Open", "Buy to Close", "Sell to Open", "Sell to Close", "Buy", "Sell")
INSTRUMENT_TYPES: Final = (
    "Bond",
    "Cryptocurrency",
    "Currency Pair",
    "Equity",
    "Equity Offering",
    "Equity Option",
    "Event Contract",
    "Fixed Income Security",
    "Future",
    "Future Option",
    "Index",
    "Liquidity Pool",
    "Unknown",
    "Warrant",
)
EFFECTS: Final = ("Debit", "Credit", "None")
_DIGITS_MAX: Final = 18


@dataclass(frozen=True, slots=True)
class TicketLeg:
    """What is bought or sold; the quantity is None where an amount of money is given instead."""

    kind: str
    symbol: str
    action: str
    quantity: Decimal | None

    @property
    def sign(self) -> int:
        """1 for a purchase, -1 for a sale."""
        return 1 if self.action.startswith("Buy") else -1

    @property
    def closes(self) -> bool:
        """Whether it says that it closes."""
        return self.action.endswith("Close")


@dataclass(frozen=True, slots=True)
class Condition:
    """A price that has to be reached before an order is routed or cancelled."""

    action: str
    kind: str
    symbol: str
    comparator: str
    threshold: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An order as asked for; `price` and `value` are not negative, their effects say the side."""

    order_type: str
    time_in_force: str
    legs: tuple[TicketLeg, ...]
    price: Decimal | None = None
    price_effect: str | None = None
    stop_trigger: Decimal | None = None
    value: Decimal | None = None
    value_effect: str | None = None
    gtc_date: date | None = None
    source: str | None = None
    external_identifier: str | None = None
    partition_key: str | None = None
    preflight_id: str | None = None
    strict_close: bool = False
    route_after: datetime | None = None
    cancel_at: datetime | None = None
    conditions: tuple[Condition, ...] = ()

    @property
    def signed_price(self) -> Decimal | None:
        """The price, above zero where money is paid and below zero where it is received."""
        if self.price is None:
            return None
        return -self.price if self.price_effect == "Credit" else self.price

    @property
    def size(self) -> Decimal | None:
        """How often the smallest unit of the order is asked for; None where an amount of money is."""
        quantities = [leg.quantity for leg in self.legs if leg.quantity is not None]
        if len(quantities) != len(self.legs):
            return None
        if len(quantities) == 1:
            return quantities[0]
        return Decimal(_common_divisor(quantities))


def _common_divisor(quantities: list[Decimal]) -> int:
    import math  # noqa: PLC0415 - only orders of several legs need it

    return math.gcd(*(int(quantity) for quantity in quantities)) or 1


def read_ticket(body: Mapping[str, Any]) -> Ticket:
    """
    Read the body of an order; unknown members are ignored.

    Raises
    ------
    RefusalError
        400 ``validation_error``, if a member is missing, no number, or no word of its list.
    """
    legs = body.get("legs")
    if not isinstance(legs, list) or not legs:
        raise invalid("legs", "is required")
    return _read(body, tuple(_leg(leg, number) for number, leg in enumerate(legs)))


def read_replacement(body: Mapping[str, Any], old: Ticket, legs: tuple[TicketLeg, ...]) -> Ticket:
    """Read the body of a replacement, which has no legs of its own: those of the old order are kept."""
    ticket = _read(body, legs)
    return replace(
        ticket,
        source=ticket.source or old.source,
        external_identifier=ticket.external_identifier or old.external_identifier,
    )


def read_edit(body: Mapping[str, Any], old: Ticket, legs: tuple[TicketLeg, ...]) -> Ticket:
    """Read an edit: what it does not name stays as it was."""
    kept: dict[str, Any] = {
        "order-type": old.order_type,
        "time-in-force": old.time_in_force,
        "price": old.price,
        "price-effect": old.price_effect,
        "stop-trigger": old.stop_trigger,
        "gtc-date": old.gtc_date.isoformat() if old.gtc_date else None,
        "value": old.value,
        "value-effect": old.value_effect,
    }
    if body.get("order-type") == "Market" and "price" not in body:
        kept |= {"price": None, "price-effect": None}
    return read_replacement({**kept, **body}, old, legs)


def _read(body: Mapping[str, Any], legs: tuple[TicketLeg, ...]) -> Ticket:
    price, price_effect = _amount(body, "price")
    value, value_effect = _amount(body, "value")
    rules = body.get("rules")
    rules = rules if isinstance(rules, dict) else {}
    advanced = body.get("advanced-instructions")
    return Ticket(
        order_type=_word(body, "order-type", ORDER_TYPES),
        time_in_force=_word(body, "time-in-force", TIMES_IN_FORCE),
        legs=legs,
        price=price,
        price_effect=price_effect,
        stop_trigger=_number(body, "stop-trigger"),
        value=value,
        value_effect=value_effect,
        gtc_date=_date(body, "gtc-date"),
        source=_text(body, "source"),
        external_identifier=_text(body, "external-identifier"),
        partition_key=_text(body, "partition-key"),
        preflight_id=_text(body, "preflight-id"),
        strict_close=isinstance(advanced, dict) and bool(advanced.get("strict-position-effect-validation")),
        route_after=_time(rules, "route-after"),
        cancel_at=_time(rules, "cancel-at"),
        conditions=_conditions(rules.get("conditions")),
    )


def _leg(leg: object, number: int) -> TicketLeg:
    domain = f"legs[{number}]"
    if not isinstance(leg, Mapping):
        raise invalid(domain, "is not an object")
    symbol = leg.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise invalid(f"{domain}.symbol", "is required")
    kind = _word(leg, "instrument-type", INSTRUMENT_TYPES, domain=domain)
    action = _word(leg, "action", ACTIONS, domain=domain)
    return TicketLeg(kind, symbol, action, _number(leg, "quantity", domain=domain))


def _conditions(given: object) -> tuple[Condition, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise invalid("rules.conditions", "is not a list of objects")
    return tuple(map(_condition, given))


def _condition(given: object) -> Condition:
    if not isinstance(given, Mapping):
        raise invalid("rules.conditions", "is not a list of objects")
    threshold = _number(given, "threshold", domain="rules.conditions")
    if threshold is None:
        raise invalid("rules.conditions.threshold", "is required")
    return Condition(
        _word(given, "action", ("route", "cancel"), domain="rules.conditions"),
        _word(given, "instrument-type", INSTRUMENT_TYPES, domain="rules.conditions"),
        str(given.get("symbol", "")),
        _word(given, "comparator", ("gte", "lte"), domain="rules.conditions"),
        threshold,
    )


def _amount(body: Mapping[str, Any], name: str) -> tuple[Decimal | None, str | None]:
    amount = _number(body, name)
    effect = body.get(f"{name}-effect")
    if effect is not None and effect not in EFFECTS:
        raise invalid(f"{name}-effect", "does not have a valid value")
    if amount is not None and amount < 0:
        raise invalid(name, "must not be negative: the effect says the side")
    if amount is not None and effect is None:
        raise invalid(f"{name}-effect", "is required")
    return amount, effect if amount is not None else None


def _word(body: Mapping[str, Any], name: str, words: tuple[str, ...], *, domain: str = "") -> str:
    value = body.get(name)
    full = f"{domain}.{name}" if domain else name
    if value is None:
        raise invalid(full, "is required")
    if value not in words:
        raise invalid(full, "does not have a valid value")
    return str(value)


def _number(body: Mapping[str, Any], name: str, *, domain: str = "") -> Decimal | None:
    value = body.get(name)
    if value is None:
        return None
    full = f"{domain}.{name}" if domain else name
    return decimal_of(value, full)


def decimal_of(value: object, domain: str) -> Decimal:
    """
    Read a number, sent as a string or as a JSON number.

    Raises
    ------
    RefusalError
        400 ``validation_error``, if it is no finite number of at most 18 digits.
    """
    refused: RefusalError = invalid(domain, "is not a number")
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise refused
    try:
        number = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        raise refused from None
    if (
        not number.is_finite()
        or len(number.as_tuple().digits) > _DIGITS_MAX
        or abs(number.adjusted()) > _DIGITS_MAX
    ):
        raise refused
    return number


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 256:
        raise invalid(name, "is not a text of at most 256 characters")
    return value


def _date(body: Mapping[str, Any], name: str) -> date | None:
    text = _text(body, name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise invalid(name, "is not a date of the form YYYY-MM-DD") from None


def _time(body: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(body, name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"rules.{name}", "is not a time") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
