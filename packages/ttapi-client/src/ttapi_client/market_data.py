# SPDX-License-Identifier: Apache-2.0
"""Quotes, sessions and holidays as tastytrade writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ttapi_client.wire import (
    Row,
    day_of,
    flag_of,
    float_of,
    required_time_of,
    text_of,
    time_of,
    unreadable,
    word_of,
)
from ttapi_core import InstrumentKind, Session
from ttapi_core.errors import DataError

TYPE_PARAMETERS: Final = {
    InstrumentKind.EQUITY: "equity",
    InstrumentKind.ETF: "equity",
    InstrumentKind.INDEX: "index",
    InstrumentKind.EQUITY_OPTION: "equity-option",
    InstrumentKind.FUTURE: "future",
    InstrumentKind.FUTURE_OPTION: "future-option",
    InstrumentKind.CRYPTO: "cryptocurrency",
}
"""The parameter of the quotes call for each kind of instrument."""

QUOTES_PER_CALL: Final = 100
SESSIONS_PER_CALL: Final = timedelta(days=270)
"""The sessions of at most nine months come in one answer."""
REGULAR_HOURS: Final = {"Equity": timedelta(hours=6, minutes=30), "CME": timedelta(hours=23)}
"""Length of a whole session, by instrument collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketData:
    """
    The state of one instrument at one time; prices as floats, None where there is none.

    Parameters
    ----------
    symbol
        REST symbol.
    quoted_at
        Time of the state (UTC).
    bid, ask, bid_size, ask_size, mid, mark, last
        The market.
    open, high, low, close
        Of the day; ``close`` once the session has closed.
    prev_close
        Close of the session before.
    volume
        Of the day.
    is_halted
        Whether trading is halted.
    """

    symbol: str
    quoted_at: datetime
    bid: float | None = None
    ask: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None
    mid: float | None = None
    mark: float | None = None
    last: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    prev_close: float | None = None
    volume: float | None = None
    is_halted: bool = False


def market_data_of(row: Row) -> MarketData:
    """
    Read a quote.

    Raises
    ------
    DataError
        If its symbol or time is missing, or a field cannot be read.
    """
    return MarketData(
        symbol=word_of(row, "symbol"),
        quoted_at=required_time_of(row, "updated-at"),
        bid=float_of(row, "bid"),
        ask=float_of(row, "ask"),
        bid_size=float_of(row, "bid-size"),
        ask_size=float_of(row, "ask-size"),
        mid=float_of(row, "mid"),
        mark=float_of(row, "mark"),
        last=float_of(row, "last"),
        open=float_of(row, "open", "day-open"),
        high=float_of(row, "day-high-price", "day-high"),
        low=float_of(row, "day-low-price", "day-low"),
        close=float_of(row, "close", "day-close"),
        prev_close=float_of(row, "prev-close", "prev-day-close"),
        volume=float_of(row, "volume"),
        is_halted=flag_of(row, "is-trading-halted", "trading-halted"),
    )


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
    """

    state: str
    open_at: datetime | None = None
    close_at: datetime | None = None
    session_date: date | None = None


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
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteToken:
    """What opens a DXLink connection; the token is left out of every representation."""

    token: str
    dxlink_url: str
    level: str = ""
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"QuoteToken({self.dxlink_url!r}, level={self.level!r}, expires_at={self.expires_at!r})"

    def ends_within(self, seconds: float, now: datetime) -> bool:
        """Tell whether it ends less than ``seconds`` after ``now``; False where its end is not known."""
        return self.expires_at is not None and self.expires_at - now < timedelta(seconds=seconds)


def quote_token_of(data: Row) -> QuoteToken:
    """
    Read a quote token.

    Raises
    ------
    DataError
        If the token or the address is missing; the message does not show them.
    """
    for field in ("token", "dxlink-url"):
        if not isinstance(data.get(field), str) or not data[field]:
            raise DataError("is missing", column=field)
    return QuoteToken(
        token=data["token"],
        dxlink_url=data["dxlink-url"],
        level=text_of(data, "level") or "",
        expires_at=time_of(data, "expires-at"),
    )
