# SPDX-License-Identifier: Apache-2.0
"""Answers about orders: dry runs, submission, replacement, cancellation, lists; single and complex ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import Answer, encode, invalid, items_answer, not_found, object_answer
from ttapi_sandbox.customers import CUSTOMER_ID
from ttapi_sandbox.fees import ZERO
from ttapi_sandbox.futures import paged
from ttapi_sandbox.order_rules import refused
from ttapi_sandbox.orders import ComplexOrder, Order, effect, money, order_item
from ttapi_sandbox.routing import Route
from ttapi_sandbox.tickets import STOPPED, decimal_of, read_edit, read_replacement, read_ticket
from ttapi_sandbox.trading_days import new_york_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.desk import Desk
    from ttapi_sandbox.desks import Desks
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.standing import OrderEffect
    from ttapi_sandbox.tickets import Ticket

PAGE_SIZE: Final = 10
PAGE_SIZE_MAX: Final = 250
SEARCH_NEEDS_START: Final = "20261012"
"""From this version on a search for orders has to say where it begins."""

KINDS: Final = ("OCO", "OTO", "OTOCO", "PAIRS")
OTO_ORDERS_MAX: Final = 3
DIGITS_MAX: Final = 12


class Trading:
    """Answers about orders."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        orders, whole = "/accounts/{account}/orders", "/accounts/{account}/complex-orders"
        one, one_whole = f"{orders}/{{id}}", f"{whole}/{{id}}"
        customers = "/customers/{customer}/orders"
        return [
            Route("POST", f"{orders}/dry-run", self.dry_run),
            Route("POST", orders, self.submit),
            Route("GET", f"{orders}/live", self.live),
            Route("GET", orders, self.search),
            Route("GET", one, self.one),
            Route("PUT", one, self.replace),
            Route("PATCH", one, self.edit),
            Route("DELETE", one, self.cancel),
            Route("POST", f"{one}/dry-run", self.dry_run_replacement),
            Route("POST", f"{one}/reconfirm", self.reconfirm),
            Route("GET", f"{customers}/live", self.customer_live),
            Route("GET", customers, self.customer_search),
            Route("POST", f"{whole}/dry-run", self.dry_run_complex),
            Route("POST", whole, self.submit_complex),
            Route("GET", f"{whole}/live", self.live_complex),
            Route("GET", whole, self.search_complex),
            Route("GET", one_whole, self.one_complex),
            Route("DELETE", one_whole, self.cancel_complex),
            Route("PATCH", one_whole, self.edit_complex),
        ]

    # Single orders

    def dry_run(self, request: Request) -> Answer:
        """Answer with what an order would do; nothing is kept."""
        desk = self._desks.of(request)
        now = desk.catch_up()
        order, change = desk.engine.preflight(read_ticket(request.fields()), now)
        return object_answer(request.path, _checked(desk, order, change, dry=True), status=201)

    def submit(self, request: Request) -> Answer:
        """Take an order; the answer has it as `Received`."""
        desk = self._desks.of(request)
        now = desk.catch_up()
        order, change = desk.engine.preflight(read_ticket(request.fields()), now)
        desk.engine.submit(order, now)
        answer = object_answer(request.path, _checked(desk, order, change), status=201)
        desk.settle()
        return answer

    def live(self, request: Request) -> Answer:
        """Answer with the orders of today, whatever became of them, and all that still work."""
        desk = self._desks.of(request)
        return items_answer(request.path, [encode(order_item(one)) for one in _live(desk)])

    def search(self, request: Request) -> Answer:
        """Answer with the orders of a span of time, filtered as asked, a page at a time."""
        return _found(request, [self._desks.of(request)])

    def customer_live(self, request: Request) -> Answer:
        """Answer with the orders of today of some accounts, a page at a time."""
        found = [one for desk in self._asked(request) for one in _live(desk)]
        items = [encode(order_item(one)) for one in sorted(found, key=_received_at, reverse=True)]
        return paged(request, items, default=100, most=200)

    def customer_search(self, request: Request) -> Answer:
        """Answer with the orders of some accounts."""
        return _found(request, self._asked(request))

    def _asked(self, request: Request) -> list[Desk]:
        customer = request.parameters["customer"]
        if customer not in {"me", CUSTOMER_ID}:
            raise not_found(f"customer {customer}")
        numbers = request.items("account-numbers")
        if not numbers:
            raise invalid("account-numbers", "is required")
        return [self._desks.numbered(number) for number in dict.fromkeys(numbers)]

    def one(self, request: Request) -> Answer:
        """Answer with one order."""
        desk = self._desks.of(request)
        desk.catch_up()
        return object_answer(request.path, order_item(desk.engine.order(_number(request))))

    def replace(self, request: Request) -> Answer:
        """Put an order in place of another, with the same legs."""
        return self._replaced(request, edited=False)

    def edit(self, request: Request) -> Answer:
        """Change price, type or time in force; a new order takes the place of the old one."""
        return self._replaced(request, edited=True)

    def _replaced(self, request: Request, *, edited: bool) -> Answer:
        desk = self._desks.of(request)
        now = desk.catch_up()
        engine = desk.engine
        old = engine.check_replaceable(_number(request))
        order, _ = _replacement(desk, request, old, now, edited=edited)
        engine.replace(old, order, now, edited=edited)
        answer = object_answer(request.path, order_item(order))
        desk.settle()
        return answer

    def dry_run_replacement(self, request: Request) -> Answer:
        """Answer with what a replacement would do."""
        desk = self._desks.of(request)
        now = desk.catch_up()
        old = desk.engine.check_replaceable(_number(request))
        order, change = _replacement(desk, request, old, now, edited=False)
        return object_answer(request.path, _checked(desk, order, change, dry=True), status=201)

    def cancel(self, request: Request) -> Answer:
        """Ask for an order's end; the answer has it as `Cancel Requested`."""
        desk = self._desks.of(request)
        now = desk.catch_up()
        order = desk.engine.request_cancel(_number(request), now)
        answer = object_answer(request.path, order_item(order))
        desk.settle()
        return answer

    def reconfirm(self, request: Request) -> Answer:
        """Refuse: only orders of equity offerings are confirmed again, and there are none here."""
        desk = self._desks.of(request)
        desk.catch_up()
        desk.engine.order(_number(request))
        raise refused("cannot_update_order", "Only orders of equity offerings can be reconfirmed")

    # Complex orders

    def dry_run_complex(self, request: Request) -> Answer:
        """Answer with what a complex order would do."""
        desk = self._desks.of(request)
        whole, orders, trigger, change = _complex(desk, request)
        item: dict[str, Any] = {
            "account-number": desk.account.number,
            "type": whole.kind,
            "orders": [order_item(one, dry=True) for one in orders],
        }
        if trigger is not None:
            item["trigger-order"] = order_item(trigger, dry=True)
        data = {"complex-order": item, **_complex_checked(desk, trigger or orders[0], change)}
        return object_answer(request.path, data, status=201)

    def submit_complex(self, request: Request) -> Answer:
        """Take a complex order."""
        desk = self._desks.of(request)
        whole, orders, trigger, change = _complex(desk, request)
        desk.engine.submit_complex(whole, orders, trigger)
        data = {
            "complex-order": desk.complex_item(whole),
            **_complex_checked(desk, trigger or orders[0], change),
        }
        answer = object_answer(request.path, data, status=201)
        desk.settle()
        return answer

    def live_complex(self, request: Request) -> Answer:
        """Answer with the complex orders of today, and all that still work."""
        desk = self._desks.of(request)
        live = {one.complex_id for one in _live(desk)}
        found = [one for one in _complex_orders(desk) if one.id in live]
        return items_answer(request.path, [encode(desk.complex_item(one)) for one in found])

    def search_complex(self, request: Request) -> Answer:
        """Answer with all complex orders, the newest first, a page at a time."""
        desk = self._desks.of(request)
        desk.catch_up()
        items = [encode(desk.complex_item(one)) for one in _complex_orders(desk)]
        return paged(request, items, default=PAGE_SIZE, most=PAGE_SIZE_MAX)

    def one_complex(self, request: Request) -> Answer:
        """Answer with one complex order."""
        desk = self._desks.of(request)
        desk.catch_up()
        whole = desk.engine.complex_order(_number(request))
        return object_answer(request.path, desk.complex_item(whole))

    def cancel_complex(self, request: Request) -> Answer:
        """Ask for the end of all orders of a complex one."""
        desk = self._desks.of(request)
        now = desk.catch_up()
        whole = desk.engine.cancel_complex(_number(request), now)
        answer = object_answer(request.path, desk.complex_item(whole))
        desk.settle()
        return answer

    def edit_complex(self, request: Request) -> Answer:
        """Change the ratio that a pair waits for."""
        desk = self._desks.of(request)
        desk.catch_up()
        whole = desk.engine.complex_order(_number(request))
        if whole.kind != "PAIRS" or whole.terminal_at is not None:
            raise refused("cannot_update_order", "Order can no longer be updated")
        _read_ratio(whole, request.fields())
        answer = object_answer(request.path, desk.complex_item(whole))
        desk.settle()
        return answer


def _number(request: Request) -> int:
    text = request.parameters["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise not_found(f"order {text[:40]}")
    return int(text)


def _live(desk: Desk) -> list[Order]:
    today = new_york_date(desk.catch_up())
    orders = desk.engine.books.orders.values()
    return [one for one in reversed(orders) if not one.is_final or new_york_date(one.updated_at) == today]


def _received_at(order: Order) -> datetime:
    return order.received_at


def _found(request: Request, desks: list[Desk]) -> Answer:
    version = request.headers.get(b"accept-version", b"").decode("latin-1")
    if version >= SEARCH_NEEDS_START and not (request.text("start-date") or request.text("start-at")):
        raise invalid("start-date", "start-date or start-at is required")
    keep = _filter(request)
    found: list[Order] = []
    for desk in desks:
        desk.catch_up()
        found += (one for one in desk.engine.books.orders.values() if keep(one))
    found.sort(key=_received_at)
    if descending(request):
        found.reverse()
    items = [encode(order_item(one)) for one in found]
    return paged(request, items, default=PAGE_SIZE, most=PAGE_SIZE_MAX)


def _replacement(
    desk: Desk, request: Request, old: Order, now: datetime, *, edited: bool
) -> tuple[Order, OrderEffect]:
    read = read_edit if edited else read_replacement
    ticket = read(request.fields(), old.ticket, old.legs_left())
    return desk.engine.preflight(ticket, now, without=old.id)


def _checked(desk: Desk, order: Order, change: OrderEffect, *, dry: bool = False) -> dict[str, Any]:
    return {"order": order_item(order, dry=dry), **_complex_checked(desk, order, change)}


def _complex_checked(desk: Desk, order: Order, change: OrderEffect) -> dict[str, Any]:
    warnings = []
    if not desk.venue.trades(order.ticket.time_in_force, desk.market.now()):
        message = "Your order will begin working during next valid session."
        warnings.append({"code": "tif_next_valid_session", "message": message})
    return {
        "buying-power-effect": buying_power_item(change),
        "fee-calculation": fee_item(change),
        "warnings": warnings,
        "errors": [],
    }


def _complex_orders(desk: Desk) -> list[ComplexOrder]:
    return list(reversed(desk.engine.books.complex_orders.values()))


def _complex(desk: Desk, request: Request) -> tuple[ComplexOrder, list[Order], Order | None, OrderEffect]:
    now = desk.catch_up()
    body = request.fields()
    kind = body.get("type")
    if kind not in KINDS:
        raise invalid("type", "does not have a valid value" if kind else "is required")
    tickets = _tickets(body.get("orders"), str(kind))
    engine = desk.engine
    change: OrderEffect | None = None
    trigger = None
    if kind in {"OTO", "OTOCO"}:
        given = body.get("trigger-order")
        if not isinstance(given, dict):
            raise invalid("trigger-order", "is required")
        trigger, change = engine.preflight(read_ticket(given), now)
    orders: list[Order] = []
    for ticket in tickets:
        order, effect_of_it = engine.preflight(ticket, now, contingent=trigger is not None)
        # Only one of two that exclude each other can cost anything.
        order.reserved = ZERO if kind == "OCO" and orders else order.reserved
        change = change or effect_of_it
        orders.append(order)
    whole = ComplexOrder(0, desk.account.number, str(kind), [])
    if kind == "PAIRS":
        _read_ratio(whole, body)
    assert change is not None
    return whole, orders, trigger, change


def descending(request: Request) -> bool:
    """Return whether a list is asked for with the newest first, as it is unless told."""
    sort = request.text("sort") or "Desc"
    if sort not in {"Desc", "Asc"}:
        raise invalid("sort", "does not have a valid value")
    return sort == "Desc"


def span(request: Request) -> Callable[[datetime], bool]:
    """Return whether an instant lies in the span of time that a request names, by dates or by instants."""
    first = request.day("start-date") if request.text("start-date") else None
    last = request.day("end-date") if request.text("end-date") else None
    start, end = _instant(request, "start-at"), _instant(request, "end-at")

    def inside(instant: datetime) -> bool:
        day = new_york_date(instant)
        return (
            (first is None or day >= first)
            and (last is None or day <= last)
            and (start is None or instant >= start)
            and (end is None or instant <= end)
        )

    return inside


def _instant(request: Request, name: str) -> datetime | None:
    text = request.text(name)
    if text is None:
        return None
    try:
        # A plus sign that was not encoded comes as a blank.
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid(name, "is not a time") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _filter(request: Request) -> Callable[[Order], bool]:
    inside = span(request)
    statuses = set(request.items("status"))
    wanted = {
        "underlying": request.text("underlying-symbol") or request.text("futures-symbol"),
        "underlying_kind": request.text("underlying-instrument-type"),
    }

    def keep(order: Order) -> bool:
        if statuses and order.status not in statuses:
            return False
        return inside(order.received_at) and all(
            value in {None, getattr(order, name)} for name, value in wanted.items()
        )

    return keep


def _tickets(given: object, kind: str) -> list[Ticket]:
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise invalid("orders", "is required")
    tickets = [read_ticket(one) for one in given]
    if kind in {"OCO", "OTOCO"}:
        stops = [ticket.order_type in STOPPED for ticket in tickets]
        limits = [ticket.order_type in {"Limit", "Marketable Limit"} for ticket in tickets]
        if len(tickets) != 2 or sum(stops) != 1 or sum(limits) != 1:
            message = "One limit order and one stop order are needed"
            raise refused("invalid_oco_order_type_combo", message)
    if kind == "OTO" and len(tickets) > OTO_ORDERS_MAX:
        raise invalid("orders", f"at most {OTO_ORDERS_MAX} orders can wait for a trigger")
    if kind == "PAIRS" and len(tickets) != 2:
        raise invalid("orders", "a pair has two orders")
    return tickets


def _read_ratio(whole: ComplexOrder, body: dict[str, Any]) -> None:
    if body.get("ratio-price-threshold") is None:
        raise invalid("ratio-price-threshold", "is required")
    if body.get("ratio-price-comparator") not in {"gte", "lte"}:
        raise invalid("ratio-price-comparator", "does not have a valid value")
    whole.ratio_threshold = decimal_of(body["ratio-price-threshold"], "ratio-price-threshold")
    whole.ratio_comparator = str(body["ratio-price-comparator"])
    whole.ratio_is_notional = bool(body.get("ratio-price-is-threshold-based-on-notional"))


def buying_power_item(change: OrderEffect) -> dict[str, Any]:
    """Return what an order would change about the buying power, as the wire has it."""
    amounts = {
        "change-in-margin-requirement": -change.requirement_change,
        "change-in-buying-power": change.buying_power_change,
        "current-buying-power": change.before.buying_power,
        "new-buying-power": change.buying_power_after,
        "isolated-order-margin-requirement": -change.isolated,
    }
    item: dict[str, Any] = {}
    for name, amount in amounts.items():
        item |= {name: money(amount), f"{name}-effect": effect(amount)}
    impact = change.buying_power_change
    return item | {"is-spread": change.is_spread, "impact": money(impact), "effect": effect(impact)}


def fee_item(change: OrderEffect) -> dict[str, Any]:
    """Return the fees of an order, as the wire has them."""
    fees = change.fees
    amounts = {
        "regulatory-fees": fees.regulatory,
        "clearing-fees": fees.clearing,
        "commission": fees.commission,
        "proprietary-index-option-fees": fees.proprietary,
        "total-fees": fees.total,
    }
    item: dict[str, Any] = {}
    for name, amount in amounts.items():
        item |= {name: money(amount), f"{name}-effect": effect(-amount)}
    return item
