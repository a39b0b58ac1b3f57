# SPDX-License-Identifier: Apache-2.0
"""Sessions and holidays, as tastytrade writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ttapi_client.api import gathered
from ttapi_client.parameters import chosen
from ttapi_client.wire import Row, day_of, required_time_of, text_of, time_of, unreadable, word_of
from ttapi_core import Session
from ttapi_core.errors import DataError, ParameterError

if TYPE_CHECKING:
    from ttapi_client.api import Api, RequestTrace

SESSION_COLLECTIONS: Final = ("Equity", "CME", "CFE")
SESSIONS_PER_CALL: Final = timedelta(days=270)
"""The sessions of at most nine months come in one answer."""
REGULAR_HOURS: Final = {"Equity": timedelta(hours=6, minutes=30), "CME": timedelta(hours=23)}
"""Length of a whole session, by instrument collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holidays:
    """Days without a session, and days with a short one."""

    holidays: tuple[date, ...]
    half_days: tuple[date, ...]


def holidays_of(data: Row) -> Holidays:
    """
    Read the list of holidays.

    Raises
    ------
    DataError
        If a day cannot be read.
    """
    return Holidays(holidays=_days(data, "market-holidays"), half_days=_days(data, "market-half-days"))


def _days(data: Row, field: str) -> tuple[date, ...]:
    values = data.get(field)
    if values is None:
        return ()
    if not isinstance(values, list):
        raise unreadable(field, values, "list of days")
    return tuple(
        sorted(day for day in (day_of({field: value}, field) for value in values) if day is not None)
    )


def session_of(row: Row, *, regular_hours: timedelta | None = None) -> Session:
    """
    Read a session.

    Parameters
    ----------
    row
        The object.
    regular_hours
        Length of a whole session; a shorter one counts as an early close. None where it is not known.

    Raises
    ------
    DataError
        If its day or one of its times is missing or cannot be read, or it closes before it opens.
    """
    open_at, close_at = required_time_of(row, "open-at"), required_time_of(row, "close-at")
    if close_at <= open_at:
        raise DataError(f"{close_at} is not after open-at {open_at}", column="close-at")
    day = day_of(row, "session-date")
    return Session(
        date=day if day is not None else close_at.date(),
        open_at=open_at,
        close_at=close_at,
        early_close=regular_hours is not None and close_at - open_at < regular_hours,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketState:
    """
    Where a market stands now.

    Parameters
    ----------
    state
        ``Open``, ``Closed``, ``Pre-market`` or ``Extended``.
    open_at, close_at
        Of the session under way, or the next one; None where not told.
    session_date
        Trading day of that session; None where not told.
    collection
        The market, ``Equity``, ``CME`` or ``CFE``; None where not told.
    start_at, close_at_ext
        Where trading before and after the session begins and ends; None where not told.
    previous, following
        The sessions before and after; None where not told, or where their times are missing.
    """

    state: str
    open_at: datetime | None = None
    close_at: datetime | None = None
    session_date: date | None = None
    collection: str | None = None
    start_at: datetime | None = None
    close_at_ext: datetime | None = None
    previous: Session | None = None
    following: Session | None = None


def market_state_of(data: Row) -> MarketState:
    """
    Read the current session.

    Raises
    ------
    DataError
        If the state is missing or a time cannot be read.
    """
    close_at = time_of(data, "close-at")
    day = day_of(data, "session-date")
    return MarketState(
        state=word_of(data, "state"),
        open_at=time_of(data, "open-at"),
        close_at=close_at,
        session_date=day if day is not None or close_at is None else close_at.date(),
        collection=text_of(data, "instrument-collection"),
        start_at=time_of(data, "start-at"),
        close_at_ext=time_of(data, "close-at-ext"),
        previous=_neighbour_of(data, "previous-session"),
        following=_neighbour_of(data, "next-session"),
    )


def _neighbour_of(data: Row, member: str) -> Session | None:
    row = data.get(member)
    if not isinstance(row, dict) or row.get("open-at") is None or row.get("close-at") is None:
        return None
    return session_of(row, regular_hours=REGULAR_HOURS.get(text_of(data, "instrument-collection") or ""))


def _check_collection(collection: str) -> None:
    if collection not in SESSION_COLLECTIONS:
        raise ParameterError("collection", collection, f"one of {', '.join(SESSION_COLLECTIONS)}")


def _session_path(which: str, collection: str) -> tuple[str, dict[str, str]]:
    _check_collection(collection)
    if collection == "Equity":
        return f"/market-time/equities/sessions/{which}", {}
    return f"/market-time/futures/sessions/{which}/{{collection}}", {"collection": collection}


def _spans(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(first + SESSIONS_PER_CALL, last)
        yield first, end
        first = end + timedelta(days=1)


class CalendarCalls:
    """The calls about sessions and holidays."""

    _api: Api

    async def _sessions_of_span(
        self, collection: str, span: tuple[date, date], trace: RequestTrace | None
    ) -> list[Row]:
        params = {"from-date": str(span[0]), "to-date": str(span[1]), "instrument-collection": collection}
        return await self._api.items("/market-time/sessions", params=params, trace=trace)

    async def sessions(
        self,
        first: date,
        last: date,
        *,
        collection: str = "Equity",
        skipped: list[str] | None = None,
        trace: RequestTrace | None = None,
    ) -> list[Session]:
        """
        Return the sessions from ``first`` to ``last``, both inclusive, in order of time, nine months a call.

        Parameters
        ----------
        first, last
            Trading days.
        collection
            ``Equity``, ``CME`` or ``CFE``.
        skipped
            Takes one text for each session that cannot be read; None raises instead.
        trace
            Takes note of the requests.

        Raises
        ------
        ParameterError
            If the collection is unknown, or ``first`` is after ``last``.
        DataError
            If a session cannot be read.
        TTError
            If a call failed.
        """
        _check_collection(collection)
        if first > last:
            raise ParameterError("first", first, f"a day not after {last}")
        by_day: dict[date, Session] = {}
        spans = (self._sessions_of_span(collection, span, trace) for span in _spans(first, last))
        for rows in await gathered(spans):
            for row in rows:
                try:
                    session = session_of(row, regular_hours=REGULAR_HOURS.get(collection))
                except DataError as exc:
                    if skipped is None:
                        raise
                    skipped.append(f"session {row.get('session-date')!r:.40}: {exc}")
                else:
                    by_day[session.date] = session
        return [by_day[day] for day in sorted(by_day) if first <= day <= last]

    async def market_state(
        self, collection: str = "Equity", *, trace: RequestTrace | None = None
    ) -> MarketState:
        """
        Return where a market stands now.

        Parameters
        ----------
        collection
            ``Equity``, ``CME`` or ``CFE``.
        trace
            Takes note of the request.

        Raises
        ------
        ParameterError
            If the collection is unknown.
        DataError
            If the answer cannot be read.
        TTError
            If the call failed.
        """
        template, segments = _session_path("current", collection)
        return market_state_of(await self._api.data(template, segments=segments, trace=trace))

    async def market_states(
        self, collections: Sequence[str] = SESSION_COLLECTIONS, *, trace: RequestTrace | None = None
    ) -> list[MarketState]:
        """
        Return where several markets stand now.

        Raises
        ------
        ParameterError
            If a collection is unknown.
        DataError
            If the answer cannot be read.
        TTError
            If the call failed.
        """
        for collection in collections:
            _check_collection(collection)
        params = {"instrument-collections[]": list(collections)}
        rows = await self._api.items("/market-time/sessions/current", params=params, trace=trace)
        return [market_state_of(row) for row in rows]

    async def next_session(
        self, collection: str = "Equity", *, after: date | None = None, trace: RequestTrace | None = None
    ) -> Session:
        """
        Return the session after that of today, or after a day.

        Raises
        ------
        ParameterError
            If the collection is unknown.
        DataError
            If it cannot be read.
        TTError
            If the call failed.
        """
        return await self._neighbour("next", collection, after, trace)

    async def previous_session(
        self, collection: str = "Equity", *, before: date | None = None, trace: RequestTrace | None = None
    ) -> Session:
        """
        Return the session before that of today, or before a day.

        Raises
        ------
        ParameterError
            If the collection is unknown.
        DataError
            If it cannot be read.
        TTError
            If the call failed.
        """
        return await self._neighbour("previous", collection, before, trace)

    async def _neighbour(
        self, which: str, collection: str, day: date | None, trace: RequestTrace | None
    ) -> Session:
        template, segments = _session_path(which, collection)
        row = await self._api.data(template, segments=segments, params=chosen({"date": day}), trace=trace)
        return session_of(row, regular_hours=REGULAR_HOURS.get(collection))

    async def holidays(self, collection: str = "Equity", *, trace: RequestTrace | None = None) -> Holidays:
        """
        Return a market's holidays and half days that the server knows.

        Raises
        ------
        ParameterError
            If the collection is unknown.
        DataError
            If a day cannot be read.
        TTError
            If the call failed.
        """
        _check_collection(collection)
        if collection == "Equity":
            return holidays_of(await self._api.data("/market-time/equities/holidays", trace=trace))
        row = await self._api.data(
            "/market-time/futures/holidays/{collection}", segments={"collection": collection}, trace=trace
        )
        return holidays_of(row)
