# SPDX-License-Identifier: Apache-2.0
"""When the exchange is open: sessions, holidays, half days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ttapi_core.sessions import Session, coverage, sessions
from ttapi_sandbox.answers import Answer, encode, invalid, items_answer, not_found, object_answer, timestamp
from ttapi_sandbox.routing import Route
from ttapi_sandbox.trading_days import VENUE, holidays, new_york_date

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from ttapi_sandbox.market import Market
    from ttapi_sandbox.requests import Request

SPAN_MAX: Final = timedelta(days=280)
"""The longest range of sessions that is answered: nine months."""

COLLECTIONS: Final = ("Equity", "CME", "CFE")
"""The sandbox keeps one calendar for all of them: that of New York."""

_BEFORE_OPEN: Final = timedelta(minutes=75)
_AFTER_CLOSE: Final = timedelta(hours=4)
_FORTNIGHT: Final = timedelta(days=14)


class MarketTime:
    """Answers about sessions."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        time = "/market-time"
        return [
            Route("GET", f"{time}/sessions", self.range),
            Route("GET", f"{time}/sessions/current", self.current_of_several),
            Route("GET", f"{time}/equities/sessions/current", self.current),
            Route("GET", f"{time}/equities/sessions/next", self.next),
            Route("GET", f"{time}/equities/sessions/previous", self.previous),
            Route("GET", f"{time}/equities/holidays", self.holidays),
            Route("GET", f"{time}/futures/sessions/current/{{collection}}", self.current),
            Route("GET", f"{time}/futures/sessions/next/{{collection}}", self.next),
            Route("GET", f"{time}/futures/sessions/previous/{{collection}}", self.previous),
            Route("GET", f"{time}/futures/holidays/{{collection}}", self.holidays),
        ]

    def range(self, request: Request) -> Answer:
        """Answer with the sessions of a range of at most nine months, both ends included."""
        last = request.day("to-date")
        first = request.day("from-date", self._market.moment().today)
        if first > last:
            raise invalid("from-date", "must not be after to-date")
        if last - first > SPAN_MAX:
            raise invalid("to-date", "must be at most nine months after from-date")
        collection = _known(request.text("instrument-collection") or COLLECTIONS[0])
        found = _sessions(first, last)
        return items_answer(request.path, [encode(_snapshot(one, collection)) for one in found])

    def current_of_several(self, request: Request) -> Answer:
        """Answer with the state of each collection asked for."""
        collections = request.items("instrument-collections")
        if not collections:
            raise invalid("instrument-collections", "is required")
        now = self._market.now()
        return items_answer(request.path, [encode(_current(_known(name), now)) for name in collections])

    def current(self, request: Request) -> Answer:
        """Answer with the session that runs or comes next, and its neighbours."""
        now = self._market.now()
        text = request.text("current-time")
        if text is not None:
            try:
                now = datetime.fromisoformat(text)
            except ValueError:
                raise invalid("current-time", "is not a time") from None
            now = now if now.tzinfo is not None else now.replace(tzinfo=self._market.now().tzinfo)
        return object_answer(request.path, _current(_collection(request), now))

    def next(self, request: Request) -> Answer:
        """Answer with the first session after a date."""
        day = request.day("date", self._market.moment().today)
        found = _sessions(day + timedelta(days=1), day + _FORTNIGHT)
        return _one(request, found[0] if found else None)

    def previous(self, request: Request) -> Answer:
        """Answer with the last session before a date."""
        day = request.day("date", self._market.moment().today)
        found = _sessions(day - _FORTNIGHT, day - timedelta(days=1))
        return _one(request, found[-1] if found else None)

    def holidays(self, request: Request) -> Answer:
        """Answer with weekdays without a session and half days, from last year on as far as known."""
        _collection(request)
        today = self._market.moment().today
        first = max(today.replace(year=today.year - 1, month=1, day=1), coverage(VENUE)[0])
        last = min(today.replace(year=today.year + 1, month=12, day=31), coverage(VENUE)[1])
        half_days = [session.date for session in _sessions(first, last) if session.early_close]
        closed = holidays(first, last)
        return object_answer(request.path, {"market-holidays": closed, "market-half-days": half_days})


def _collection(request: Request) -> str:
    name = request.parameters.get("collection", COLLECTIONS[0])
    if name not in COLLECTIONS:
        raise not_found(f"instrument collection {name}")
    return name


def _known(collection: str) -> str:
    if collection not in COLLECTIONS:
        raise invalid("instrument-collection", "does not have a valid value")
    return collection


def _sessions(first: date, last: date) -> Sequence[Session]:
    # Beyond the table of sessions nothing is known, and nothing is made up.
    known_first, known_last = coverage(VENUE)
    first, last = max(first, known_first), min(last, known_last)
    return sessions(VENUE, first, last) if first <= last else ()


def _snapshot(session: Session, collection: str) -> dict[str, Any]:
    return {"instrument-collection": collection, "session-date": session.date, **_times(session)}


def _times(session: Session) -> dict[str, str]:
    return {
        "start-at": timestamp(session.open_at - _BEFORE_OPEN),
        "open-at": timestamp(session.open_at),
        "close-at": timestamp(session.close_at),
        "close-at-ext": timestamp(session.close_at + _AFTER_CLOSE),
    }


def _current(collection: str, now: datetime) -> dict[str, Any]:
    today = new_york_date(now)
    nearby = list(_sessions(today - _FORTNIGHT, today + _FORTNIGHT))
    past = [session for session in nearby if session.close_at + _AFTER_CLOSE <= now]
    coming = nearby[len(past) :]
    answer: dict[str, Any] = {"instrument-collection": collection, "state": "Closed"}
    if coming:
        answer |= {"state": _state(coming[0], now), **_times(coming[0])}
    if len(coming) > 1:
        answer["next-session"] = _snapshot(coming[1], collection)
    if past:
        answer["previous-session"] = _snapshot(past[-1], collection)
    return answer


def _state(session: Session, now: datetime) -> str:
    if now < session.open_at - _BEFORE_OPEN:
        return "Closed"
    if now < session.open_at:
        return "Pre-market"
    return "Open" if now < session.close_at else "Extended"


def _one(request: Request, session: Session | None) -> Answer:
    if session is None:
        raise not_found("market session")
    return object_answer(request.path, {**_snapshot(session, _collection(request)), "state": "Closed"})
