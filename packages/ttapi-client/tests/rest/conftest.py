# SPDX-License-Identifier: Apache-2.0
"""A broker in a function: one answer a path, in the documented shape, and a desk that takes orders."""

from __future__ import annotations

import copy
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx
import pytest

from ttapi_client.client import ResilientClient
from ttapi_client.tastytrade import TastytradeClient
from ttapi_core import BreakerPolicy, LostAnswerPolicy, RetryPolicy

ACCOUNT = "5WT00001"
QUICK = RetryPolicy(attempts_max=3, wait_initial_s=0.001, wait_max_s=0.002)
NEVER_OPEN = BreakerPolicy(failures_max=1_000_000)
LOOKS = LostAnswerPolicy(looks=3, wait_initial_s=0.001, wait_max_s=0.002)
TICKS = [{"threshold": "1.0", "value": "0.0001"}, {"value": "0.01"}]
OPTION_TICKS = [{"threshold": "3.0", "value": "0.05"}, {"value": "0.1"}]


def equity(symbol: str) -> dict[str, Any]:
    """Make an equity."""
    return {
        "id": 7001,
        "symbol": symbol,
        "instrument-type": "Equity",
        "description": "Sample",
        "is-etf": True,
        "is-fractional-quantity-eligible": symbol != "WHOLE",
        "lendability": "Easy To Borrow",
        "borrow-rate": "0.0",
        "streamer-symbol": symbol,
        "halted-at": -1,
        "tick-sizes": TICKS,
        "option-tick-sizes": OPTION_TICKS,
    }


def future(symbol: str) -> dict[str, Any]:
    """Make a future."""
    product = {
        "code": "ES",
        "root-symbol": "/ES",
        "listed-months": ["H", "M", "U", "Z"],
        "roll": {"name": "equity"},
    }
    return {
        "symbol": symbol,
        "product-code": "ES",
        "active": True,
        "tick-size": "0.25",
        "notional-multiplier": "50.0",
        "expiration-date": "2026-12-18",
        "expires-at": "2026-12-18T14:30:00.000+00:00",
        "security-id": 123456,
        "streamer-symbol": "/ESZ26:XCME",
        "tick-sizes": [{"value": "0.25"}],
        "option-tick-sizes": [{"threshold": "10.0", "value": "0.05"}, {"value": "0.25"}],
        "spread-tick-sizes": [{"value": "0.05", "symbol": "/ESH7"}],
        "future-etf-equivalent": {"symbol": "SPY", "share-quantity": 501},
        "future-product": product,
    }


def crypto(symbol: str) -> dict[str, Any]:
    """Make a cryptocurrency."""
    venue = {"id": 31, "symbol": symbol, "destination-venue": "SAMPLE_VENUE", "max-quantity-precision": 8}
    return {
        "id": 3,
        "symbol": symbol,
        "tick-size": "0.01",
        "streamer-symbol": f"{symbol}:CXTALP",
        "destination-venue-symbols": [{**venue, "max-price-precision": "2", "routable": True}],
    }


def listed(*items: Any) -> dict[str, Any]:
    """Make an unpaged list."""
    return {"data": {"items": list(items)}, "context": "/x", "pagination": None}


def one(value: dict[str, Any]) -> dict[str, Any]:
    """Make the answer with one object."""
    return {"data": value, "context": "/x"}


class Desk:
    """
    Takes orders as the documented API does, and answers what ``fixed`` has for a path.

    ``executed`` counts how often an order with an identifier was executed; ``replaced`` has functions from
    method, path and body to an answer, None for the usual one.
    """

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.complex: dict[str, dict[str, Any]] = {}
        self.executed: Counter[str] = Counter()
        self.calls: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.fixed: dict[str, Any] = {}
        self.replaced: Callable[[str, str, Any], httpx.Response | None] = lambda *_: None
        self.repeats_identifier = True
        self._ids = itertools.count(430_000)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        target = request.url.raw_path.decode()
        path, _, query = target.partition("?")
        self.calls.append((request.method, path, parse_qs(query), body))
        replaced = self.replaced(request.method, path, body)
        if replaced is not None:
            return replaced
        status, answer = self.answer(request.method, target, body)
        return httpx.Response(status, json=answer) if answer is not None else httpx.Response(status)

    def sent(self, method: str, path: str) -> list[Any]:
        """Return the bodies of the calls of a path."""
        return [body for name, called, _, body in self.calls if (name, called) == (method, path)]

    def answer(self, method: str, target: str, body: Any) -> tuple[int, Any]:
        """Answer a request; orders are executed before it returns."""
        path = target.partition("?")[0]
        if path in self.fixed:
            return 200, self.fixed[path]
        match method, [unquote(part) for part in path.split("/")[1:]]:
            case "GET", ["instruments", "equities", symbol]:
                return 200, one(equity(symbol))
            case "GET", ["instruments", "futures", symbol]:
                return 200, one(future(f"/{symbol}"))
            case "GET", ["instruments", "cryptocurrencies", symbol]:
                return 200, one(crypto(symbol))
            case "POST", ["accounts", number, "orders", "dry-run"]:
                order = self._order(number, body)
                return 201, one(
                    {"order": {k: v for k, v in order.items() if k != "id"} | {"updated-at": 0}} | EFFECTS
                )
            case "POST", ["accounts", number, "orders"]:
                return 201, one({"order": self._place(number, body)} | EFFECTS)
            case "GET", ["accounts", _, "orders", "live"]:
                return 200, listed(*self.orders.values())
            case "GET", ["accounts", _, "orders"]:
                return self._page(list(self.orders.values()), target)
            case "GET", ["accounts", _, "orders", order_id]:
                return self._known(self.orders, order_id)
            case (("PUT" | "PATCH"), ["accounts", number, "orders", order_id]):
                return self._replace(number, order_id, body)
            case "DELETE", ["accounts", _, "orders", order_id]:
                return self._cancel(order_id)
            case "POST", ["accounts", number, "complex-orders"]:
                return 201, one({"complex-order": self._place_complex(number, body)} | EFFECTS)
            case "POST", ["accounts", number, "complex-orders", "dry-run"]:
                parts = [self._order(number, part) for part in body["orders"]]
                tried = {"account-number": number, "type": body["type"], "orders": parts}
                return 201, one({"complex-order": tried} | EFFECTS)
            case "POST", ["accounts", number, "orders", order_id, "dry-run"]:
                return 201, one({"order": self._order(number, body, self.orders[order_id]["legs"])} | EFFECTS)
            case "PATCH", ["accounts", _, "complex-orders", order_id]:
                return 200, one(self.complex[order_id])
            case "DELETE", ["accounts", _, "complex-orders", order_id]:
                return self._cancel_complex(order_id)
            case "GET", ["accounts", _, "complex-orders", "live"]:
                return 200, listed(*self.complex.values())
            case "GET", ["accounts", _, "complex-orders", order_id]:
                return self._known(self.complex, order_id)
            case _:
                return 404, {"error": {"code": "record_not_found", "message": "no"}}

    def _known(self, table: dict[str, dict[str, Any]], order_id: str) -> tuple[int, Any]:
        if order_id not in table:
            return 404, {"error": {"code": "record_not_found", "message": "no"}}
        return 200, one(table[order_id])

    def _order(self, number: str, body: dict[str, Any], legs: list[Any] | None = None) -> dict[str, Any]:
        identifier = {"external-identifier": body["external-identifier"]} if self.repeats_identifier else {}
        taken = [
            leg | {"remaining-quantity": leg.get("quantity"), "fills": []}
            for leg in body.get("legs") or legs or []
        ]
        return {
            "id": next(self._ids),
            "account-number": number,
            "status": "Received",
            "cancellable": True,
            "editable": True,
            "edited": False,
            "updated-at": 1795188601250,
            "received-at": "2026-11-20T15:30:01.250+00:00",
            "underlying-symbol": "SPY",
            "underlying-instrument-type": "Equity",
            "legs": taken,
            **{name: body[name] for name in TERMS if name in body},
            **identifier,
        }

    def _place(self, number: str, body: dict[str, Any]) -> dict[str, Any]:
        order = self._order(number, body)
        self.orders[str(order["id"])] = order
        self.executed[body["external-identifier"]] += 1
        return order

    def _replace(self, number: str, order_id: str, body: dict[str, Any]) -> tuple[int, Any]:
        assert "legs" not in body
        old = self.orders[order_id]
        if old["status"] != "Received":
            return 422, {"error": {"code": "cannot_update_order", "message": "no"}}
        new = self._order(number, body, old["legs"]) | {"replaces-order-id": int(order_id)}
        old |= {"status": "Cancelled", "replacing-order-id": new["id"]}
        self.orders[str(new["id"])] = new
        self.executed[body["external-identifier"]] += 1
        return 200, one(new)

    def _cancel(self, order_id: str) -> tuple[int, Any]:
        order = self.orders[order_id]
        if order["status"] != "Received":
            return 422, {"error": {"code": "cannot_update_order", "message": "no"}}
        order["status"] = "Cancel Requested"
        return 200, one(order)

    def _place_complex(self, number: str, body: dict[str, Any]) -> dict[str, Any]:
        complex_id = next(self._ids)
        parts = [self._place(number, part) | {"complex-order-id": complex_id} for part in body["orders"]]
        order = {"id": complex_id, "account-number": number, "type": body["type"], "orders": parts}
        if "trigger-order" in body:
            order["trigger-order"] = self._place(number, body["trigger-order"])
        self.complex[str(complex_id)] = order
        return order

    def _cancel_complex(self, order_id: str) -> tuple[int, Any]:
        parts = self.complex[order_id]["orders"]
        if any(part["status"] != "Received" for part in parts):
            return 422, {"error": {"code": "cannot_update_order", "message": "no"}}
        for part in parts:
            part["status"] = "Cancel Requested"
        return 200, one(self.complex[order_id])

    def _page(self, rows: list[dict[str, Any]], target: str) -> tuple[int, Any]:
        query = parse_qs(target.partition("?")[2])
        if "start-date" not in query and "start-at" not in query:
            return 400, {"error": {"code": "validation_error", "message": "start-date"}}
        size, offset = int(query["per-page"][0]), int(query.get("page-offset", ["0"])[0])
        page = rows[offset * size : (offset + 1) * size]
        told = {
            "per-page": size,
            "page-offset": offset,
            "item-offset": offset * size,
            "total-items": len(rows),
            "total-pages": max(1, -(-len(rows) // size)),
            "current-item-count": len(page),
        }
        return 200, listed(*page) | {"pagination": told}


TERMS = (
    "order-type",
    "time-in-force",
    "price",
    "price-effect",
    "stop-trigger",
    "value",
    "value-effect",
    "gtc-date",
    "source",
)
EFFECTS: dict[str, Any] = {
    "buying-power-effect": {
        "change-in-margin-requirement": "310.0",
        "change-in-margin-requirement-effect": "Debit",
        "change-in-buying-power": "311.14",
        "change-in-buying-power-effect": "Debit",
        "current-buying-power": "25000.0",
        "current-buying-power-effect": "Credit",
        "new-buying-power": "24688.86",
        "new-buying-power-effect": "Credit",
        "isolated-order-margin-requirement": "310.0",
        "isolated-order-margin-requirement-effect": "Debit",
        "is-spread": True,
        "impact": "311.14",
        "effect": "Debit",
    },
    "fee-calculation": {
        "regulatory-fees": "0.04",
        "regulatory-fees-effect": "Debit",
        "clearing-fees": "0.1",
        "clearing-fees-effect": "Debit",
        "commission": 1.0,
        "commission-effect": "Debit",
        "proprietary-index-option-fees": "0.0",
        "proprietary-index-option-fees-effect": "None",
        "total-fees": "1.14",
        "total-fees-effect": "Debit",
    },
    "warnings": [{"code": "tif_next_valid_sesssion", "message": "next session"}],
    "errors": [{"domain": "price", "reason": "odd"}],
}


@pytest.fixture
def desk() -> Desk:
    """A desk that takes orders; a test changes its answers."""
    return Desk()


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[TastytradeClient]:
    """A client of the desk, whose waits between looks cost no time."""
    transport = httpx.MockTransport(desk)
    async with ResilientClient(
        "https://api.example.com", transport=transport, retry=QUICK, breaker=NEVER_OPEN, seed=1
    ) as client:
        yield TastytradeClient(client, lost_answers=LOOKS)


@pytest.fixture
async def persistent(desk: Desk) -> AsyncIterator[TastytradeClient]:
    """A client of the desk that sends up to three times what the broker does not show."""
    looks = LostAnswerPolicy(looks=3, wait_initial_s=0.001, wait_max_s=0.002, sends_max=3)
    transport = httpx.MockTransport(desk)
    async with ResilientClient(
        "https://api.example.com", transport=transport, retry=QUICK, breaker=NEVER_OPEN, seed=1
    ) as client:
        yield TastytradeClient(client, lost_answers=looks)


@pytest.fixture
def samples() -> dict[str, Any]:
    """What the tests need of this module."""
    return copy.deepcopy(
        {"effects": EFFECTS, "equity": equity("SPY"), "future": future("/ESZ6"), "crypto": crypto("ETH/USD")}
    )
