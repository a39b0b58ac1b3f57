# SPDX-License-Identifier: Apache-2.0
"""Answers about margin: what is required for what is held, what an order would require, and for a name."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import Answer, not_found, object_answer
from ttapi_sandbox.fees import ZERO
from ttapi_sandbox.margin import INITIAL, MAINTENANCE, Requirement, requirements
from ttapi_sandbox.orders import effect, money, signed
from ttapi_sandbox.routing import Route
from ttapi_sandbox.tickets import read_ticket

if TYPE_CHECKING:
    from ttapi_sandbox.desk import Desk
    from ttapi_sandbox.desks import Desks
    from ttapi_sandbox.margin import Holding
    from ttapi_sandbox.requests import Request

_KIND: Final = "Reg T"


class MarginRequirements:
    """Answers about margin."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/margin/accounts/{account}/requirements", self.report),
            Route("POST", "/margin/accounts/{account}/dry-run", self.dry_run),
            Route("GET", "/accounts/{account}/margin-requirements/{symbol}/effective", self.effective),
        ]

    def report(self, request: Request) -> Answer:
        """Answer with the requirement for all that is held, by underlying and by position."""
        desk = self._desks.of(request)
        desk.catch_up()
        return object_answer(request.path, _report(desk, desk.standing().holdings))

    def dry_run(self, request: Request) -> Answer:
        """Answer with the requirement as it would be after an order."""
        desk = self._desks.of(request)
        now = desk.catch_up()
        _, change = desk.engine.preflight(read_ticket(request.fields()), now)
        report = _report(desk, change.before.holdings)
        for name in ("margin-requirement", "initial-requirement", "reg-t-margin-requirement"):
            required = change.before.requirement.initial + change.requirement_change
            report |= {name: money(required), f"{name}-effect": effect(-required)}
        report |= {
            "option-buying-power": signed(change.buying_power_after),
            "reg-t-option-buying-power": signed(change.buying_power_after),
        }
        return object_answer(request.path, report, status=201)

    def effective(self, request: Request) -> Answer:
        """Answer with the rates that hold for a name."""
        desk = self._desks.of(request)
        symbol, in_cash = request.parameters["symbol"], desk.account.in_cash
        if symbol not in desk.market.by_symbol:
            raise not_found(f"margin requirement of {symbol}")
        data = {
            "underlying-symbol": symbol,
            "account-number": desk.account.number,
            "long-equity-initial": "1.0" if in_cash else signed(INITIAL),
            "short-equity-initial": signed(INITIAL),
            "long-equity-maintenance": "0.0" if in_cash else signed(MAINTENANCE),
            "short-equity-maintenance": signed(MAINTENANCE),
            "naked-option-standard": "0.2",
            "naked-option-minimum": "0.1",
            "naked-option-floor": "0.0",
            "clearing-identifier": "SIMULATED",
            "is-deleted": False,
        }
        return object_answer(request.path, data)


def _report(desk: Desk, holdings: tuple[Holding, ...]) -> dict[str, Any]:
    standing = desk.standing()
    needed = standing.requirement
    amounts = {
        "margin-requirement": -needed.initial,
        "maintenance-requirement": -needed.maintenance,
        "initial-requirement": -needed.initial,
        "reg-t-margin-requirement": -needed.initial,
        "margin-equity": standing.net,
        "option-buying-power": standing.buying_power,
        "reg-t-option-buying-power": standing.buying_power,
        "maintenance-excess": standing.net - needed.maintenance,
    }
    report: dict[str, Any] = {
        "account-number": desk.account.number,
        "description": "Total",
        "margin-calculation-type": "Cash" if desk.account.in_cash else _KIND,
        "option-level": "No Restrictions",
        "last-state-timestamp": int(desk.market.now().timestamp() * 1000),
    }
    for name, amount in amounts.items():
        report |= {name: money(_four(amount)), f"{name}-effect": effect(amount)}
    found = requirements(holdings, in_cash=desk.account.in_cash)
    report["groups"] = [
        _group(desk, underlying, one, [held for held in holdings if _underlying(held) == underlying])
        for underlying, one in found.items()
    ]
    return report


def _group(desk: Desk, underlying: str, needed: Requirement, held: list[Holding]) -> dict[str, Any]:
    kind = "Future" if underlying.startswith("/") else "Equity"
    group = _entry(underlying, underlying, needed)
    group |= {
        "underlying-symbol": underlying,
        "underlying-type": kind,
        "expected-price-range-up-percent": "0.1",
        "expected-price-range-down-percent": "0.1",
        "groups": [_leaf(desk, one) for one in held],
    }
    return group


def _leaf(desk: Desk, one: Holding) -> dict[str, Any]:
    symbol = one.tradable.instrument.symbol
    alone = next(iter(requirements([one], in_cash=desk.account.in_cash).values()), Requirement())
    side = "LONG" if one.quantity > 0 else "SHORT"
    return _entry(symbol, f"{side}_{one.tradable.instrument.kind.upper().replace(' ', '_')}", alone)


def _underlying(held: Holding) -> str:
    return held.tradable.instrument.underlying


def _entry(description: str, code: str, needed: Requirement) -> dict[str, Any]:
    initial = _four(needed.initial)
    return {
        "description": description,
        "code": code,
        "margin-calculation-type": _KIND,
        "margin-requirement": money(initial),
        "margin-requirement-effect": effect(-initial),
        "initial-requirement": money(initial),
        "initial-requirement-effect": effect(-initial),
        "maintenance-requirement": money(_four(needed.maintenance)),
        "maintenance-requirement-effect": effect(-needed.maintenance),
        "buying-power": money(initial),
        "buying-power-effect": effect(-initial),
    }


def _four(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.0001")) if amount else ZERO
