# SPDX-License-Identifier: Apache-2.0
"""The accounts of the sandbox: themselves, their permissions, balances and positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import Answer, encode, items_answer, not_found, object_answer, timestamp
from ttapi_sandbox.desk import CURRENCY
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from ttapi_sandbox.account_cards import AccountCard
    from ttapi_sandbox.desks import Desks
    from ttapi_sandbox.requests import Request

_ACCOUNT: Final[dict[str, Any]] = {
    "nickname": "SIMULATED",
    "account-type-name": "Individual",
    "opened-at": "2025-02-03T15:04:05.000+00:00",
    "created-at": "2025-02-03T15:00:00.000+00:00",
    "is-closed": False,
    "is-firm-error": False,
    "is-firm-proprietary": False,
    "is-foreign": False,
    "is-futures-approved": True,
    "is-test-drive": False,
    "day-trader-status": False,
    "investment-objective": "SPECULATION",
    "suitable-options-level": "No Restrictions",
}
_TRADING_STATUS: Final[dict[str, Any]] = {
    "equities-margin-calculation-type": "Reg T",
    "fee-schedule-name": "SIMULATED",
    "options-level": "No Restrictions",
    "futures-margin-rate-multiplier": "1.0",
    "small-notional-futures-margin-rate-multiplier": "1.0",
    "has-intraday-equities-margin": False,
    "is-aggregated-at-clearing": False,
    "is-closed": False,
    "is-closing-only": False,
    "is-cryptocurrency-enabled": False,
    "is-frozen": False,
    "is-full-equity-margin-required": False,
    "is-futures-closing-only": False,
    "is-futures-intra-day-enabled": False,
    "is-futures-enabled": True,
    "is-in-day-trade-equity-maintenance-call": False,
    "is-in-margin-call": False,
    "is-pattern-day-trader": False,
    "is-small-notional-futures-intra-day-enabled": False,
    "is-roll-the-day-forward-enabled": True,
    "are-far-otm-net-options-restricted": False,
    "short-calls-enabled": True,
    "is-equity-offering-enabled": False,
    "is-equity-offering-closing-only": False,
}
_POSITION_LIMIT: Final[dict[str, Any]] = {
    "equity-order-size": 1_000_000,
    "equity-option-order-size": 1_000_000,
    "future-order-size": 1_000_000,
    "future-option-order-size": 1_000_000,
    "underlying-opening-order-limit": 1_000_000,
    "equity-position-size": 10_000_000,
    "equity-option-position-size": 10_000_000,
    "future-position-size": 10_000_000,
    "future-option-position-size": 10_000_000,
}


class Accounts:
    """Answers about accounts, balances and positions."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/customers/{customer}/accounts", self.all),
            Route("GET", "/customers/{customer}/accounts/{account}", self.one),
            Route("GET", "/accounts/{account}/trading-status", self.trading_status),
            Route("GET", "/accounts/{account}/position-limit", self.position_limit),
            Route("GET", "/accounts/{account}/balances", self.balances),
            Route("GET", "/accounts/{account}/balances/{currency}", self.balance),
            Route("GET", "/accounts/{account}/positions", self.positions),
        ]

    def all(self, request: Request) -> Answer:
        """Answer with every account and what the customer may do with it."""
        items = [{"account": _account(desk.account), "authority-level": "owner"} for desk in self._desks]
        return items_answer(request.path, map(encode, items))

    def one(self, request: Request) -> Answer:
        """Answer with one account."""
        desk = self._desks.of(request)
        return object_answer(request.path, _account(desk.account))

    def trading_status(self, request: Request) -> Answer:
        """Answer with what the account may trade."""
        desk = self._desks.of(request)
        card = desk.account
        status = _numbered(card, _TRADING_STATUS) | {"updated-at": timestamp(desk.market.now())}
        if card.in_cash:
            status |= {"equities-margin-calculation-type": "Cash", "is-futures-enabled": False}
            status |= {"short-calls-enabled": False, "is-full-equity-margin-required": True}
        return object_answer(request.path, status)

    def position_limit(self, request: Request) -> Answer:
        """Answer with how much the account may hold and order."""
        desk = self._desks.of(request)
        return object_answer(request.path, _numbered(desk.account, _POSITION_LIMIT))

    def balances(self, request: Request) -> Answer:
        """Answer with the balances, one a currency."""
        desk = self._desks.of(request)
        desk.catch_up()
        return items_answer(request.path, [encode(desk.balance_item())])

    def balance(self, request: Request) -> Answer:
        """Answer with the balance of a currency."""
        desk = self._desks.of(request)
        if request.parameters["currency"].upper() != CURRENCY:
            raise not_found(f"balance in {request.parameters['currency']}")
        desk.catch_up()
        return object_answer(request.path, desk.balance_item())

    def positions(self, request: Request) -> Answer:
        """Answer with the positions, filtered as asked."""
        desk = self._desks.of(request)
        underlyings, symbol = request.items("underlying-symbol"), request.text("symbol")
        kind, code = request.text("instrument-type"), request.text("underlying-product-code")
        with_closed = request.flag("include-closed-positions")
        found = [
            one
            for one in desk.ledger.positions.values()
            if (one.lots or with_closed)
            and (not underlyings or one.instrument.underlying in underlyings)
            and symbol in {None, one.instrument.symbol}
            and kind in {None, one.instrument.kind}
            and (code is None or one.instrument.underlying.startswith(f"/{code.lstrip('/')}"))
        ]
        with_marks = bool(request.flag("include-marks"))
        items = desk.position_items(found, with_marks=with_marks)
        return items_answer(request.path, map(encode, items))


def _account(card: AccountCard) -> dict[str, Any]:
    return {
        "account-number": card.number,
        "external-id": f"A{card.place + 1:010d}",
        "margin-or-cash": "Cash" if card.in_cash else "Margin",
        **_ACCOUNT,
        "is-futures-approved": not card.in_cash,
    }


def _numbered(card: AccountCard, members: dict[str, Any]) -> dict[str, Any]:
    return {"id": card.place + 1, "account-number": card.number, **members}
