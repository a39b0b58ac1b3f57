# SPDX-License-Identifier: Apache-2.0
"""Quote alerts: kept, listed and deleted; the prices that they wait for are looked at as time passes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import (
    Answer,
    RefusalError,
    encode,
    invalid,
    items_answer,
    not_found,
    object_answer,
    problem,
    timestamp,
)
from ttapi_sandbox.quotes import listing_quote
from ttapi_sandbox.routing import Route
from ttapi_sandbox.tickets import decimal_of
from ttapi_sandbox.venue import exact

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.market import Market
    from ttapi_sandbox.notices import NoticeBoard
    from ttapi_sandbox.requests import Request

ALERTS_MAX: Final = 1000
ALERTS_ACCOUNT: Final = "quote-alerts"
"""The name under which alerts are published: they belong to the customer and not to an account."""

FIELDS: Final = ("Last", "Bid", "Ask", "IV")
_LIFETIME: Final = timedelta(days=90)


class QuoteAlerts:
    """
    Answers about alerts.

    Parameters
    ----------
    market
        Whose prices are waited for.
    board
        Where an alert that fires is published, under `ALERTS_ACCOUNT`.
    alerts
        What was kept so far, by id; changed in place.
    on_change
        Called after they changed.
    """

    def __init__(
        self,
        market: Market,
        board: NoticeBoard,
        alerts: dict[str, dict[str, Any]] | None = None,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._market = market
        self._board = board
        self._alerts = alerts if alerts is not None else {}
        self._on_change = on_change

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/quote-alerts", self.all),
            Route("POST", "/quote-alerts", self.create),
            Route("DELETE", "/quote-alerts/{id}", self.delete),
        ]

    def all(self, request: Request) -> Answer:
        """Answer with all alerts, fired ones included."""
        self.look()
        return items_answer(request.path, map(encode, self._alerts.values()))

    def create(self, request: Request) -> Answer:
        """Keep a new alert."""
        fields = request.fields()
        symbol, field, operator = (str(fields.get(name) or "") for name in ("symbol", "field", "operator"))
        if symbol not in self._market.by_symbol:
            raise invalid("symbol", "is not listed")
        if field not in FIELDS:
            raise invalid("field", "does not have a valid value")
        if operator not in {">", "<"}:
            raise invalid("operator", "does not have a valid value")
        threshold = decimal_of(fields.get("threshold"), "threshold")
        if len(self._alerts) >= ALERTS_MAX:
            raise RefusalError(problem(422, "too_many_alerts", f"At most {ALERTS_MAX} alerts can be kept"))
        now = self._market.now()
        number = 1 + max((int(one.removeprefix("QA")) for one in self._alerts), default=0)
        alert = {
            "user-external-id": "U0000000000",
            "alert-external-id": f"QA{number}",
            "symbol": symbol,
            "dx-symbol": symbol,
            "instrument-type": "Equity",
            "field": field,
            "operator": operator,
            "threshold": str(fields.get("threshold")),
            "threshold-numeric": f"{threshold:f}",
            "created-at": timestamp(now),
            "expires-at": int((now + _LIFETIME).timestamp() * 1000),
        }
        self._alerts[f"QA{number}"] = alert
        self._on_change()
        return object_answer(request.path, alert, status=201)

    def delete(self, request: Request) -> Answer:
        """Forget an alert; the answer has no body."""
        if self._alerts.pop(request.parameters["id"], None) is None:
            raise not_found(f"quote alert {request.parameters['id']}")
        self._on_change()
        return Answer(204, b"")

    def look(self) -> None:
        """Let those alerts fire whose price is reached."""
        waiting = [one for one in self._alerts.values() if "triggered-at" not in one]
        if not waiting:
            return
        moment = self._market.moment()
        now = timestamp(moment.now)
        for alert in waiting:
            value = self._value(alert)
            threshold = Decimal(alert["threshold-numeric"])
            if value is not None and (value > threshold if alert["operator"] == ">" else value < threshold):
                alert |= {"triggered-at": now, "completed-at": now}
                milliseconds = int(moment.now.timestamp() * 1000)
                notice = {"type": "QuoteAlert", "data": dict(alert), "timestamp": milliseconds}
                self._board.publish(ALERTS_ACCOUNT, notice)
                self._on_change()

    def _value(self, alert: dict[str, Any]) -> Decimal | None:
        moment = self._market.moment()
        listing = self._market.by_symbol.get(alert["symbol"])
        if listing is None:
            return None
        if alert["field"] == "IV":
            return exact(self._market.surface(listing, moment).current)
        quote = listing_quote(self._market, listing, moment)
        if alert["field"] == "Last" or quote.quotation is None:
            return exact(quote.bar.close)
        return exact(quote.quotation.bid if alert["field"] == "Bid" else quote.quotation.ask)
