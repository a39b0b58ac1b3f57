# SPDX-License-Identifier: Apache-2.0
"""
Events of a DXLink feed as typed, frozen values.

Needs the extra ``stream``. Reading is by whole columns where every value is of its kind, and value by value
where one is not; both give the same. ``"NaN"`` and an absent value are None: the feed has no such value. A
value of another kind, a number written as text, an infinite one, a fraction for a whole number: that event is
left out, and an `EventRejected` names the field. The other events of the frame are not touched.

Prices and sizes are floats, as they are for analytics: at 200,000 quotes a second there is no time for more.
Words of the wire (``tickDirection``, ``tradingStatus`` ...) are kept as they come: a new word is no error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import starmap
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import msgspec

from ttapi_core.errors import DataError, TTError

if TYPE_CHECKING:
    from ttapi_client.dxlink_protocol import FeedData


class QuoteEvent(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask; a side that is empty is None."""

    symbol: str
    bid_time_ms: int | None
    ask_time_ms: int | None
    bid: float | None
    ask: float | None
    bid_size: float | None
    ask_size: float | None


class TradeEvent(msgspec.Struct, frozen=True, gc=False):
    """The last sale of the regular session, and the day so far."""

    symbol: str
    time_ms: int | None
    sequence: int | None
    exchange_code: str
    price: float | None
    change: float | None
    size: float | None
    day_id: int | None
    day_volume: float | None
    day_turnover: float | None
    tick_direction: str
    extended_hours: bool


class TradeETHEvent(msgspec.Struct, frozen=True, gc=False):
    """The last sale outside the regular session; fields as `TradeEvent`."""

    symbol: str
    time_ms: int | None
    sequence: int | None
    exchange_code: str
    price: float | None
    change: float | None
    size: float | None
    day_id: int | None
    day_volume: float | None
    day_turnover: float | None
    tick_direction: str
    extended_hours: bool


class SummaryEvent(msgspec.Struct, frozen=True, gc=False):
    """Prices of the day and of the day before; day ids count from 1970-01-01."""

    symbol: str
    day_id: int | None
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    close_type: str
    previous_day_id: int | None
    previous_close: float | None
    previous_close_type: str
    previous_volume: float | None
    open_interest: int | None


class ProfileEvent(msgspec.Struct, frozen=True, gc=False):
    """What is known of an instrument for the day."""

    symbol: str
    description: str
    short_sale_restriction: str
    trading_status: str
    status_reason: str
    halt_start_ms: int | None
    halt_end_ms: int | None
    high_limit: float | None
    low_limit: float | None
    high_52_weeks: float | None
    low_52_weeks: float | None
    beta: float | None
    earnings_per_share: float | None
    dividend_frequency: float | None
    ex_dividend_amount: float | None
    ex_dividend_day_id: int | None
    shares: float | None
    free_float: float | None


class GreeksEvent(msgspec.Struct, frozen=True, gc=False):
    """Theory of an option; ``volatility`` is a fraction (0.19 is 19 %)."""

    symbol: str
    event_flags: int
    index: int
    time_ms: int
    sequence: int | None
    price: float | None
    volatility: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    rho: float | None
    vega: float | None


class TheoPriceEvent(msgspec.Struct, frozen=True, gc=False):
    """Theoretical price of an option; ``dividend`` and ``interest`` are fractions a year."""

    symbol: str
    event_flags: int
    index: int
    time_ms: int
    sequence: int | None
    price: float | None
    underlying_price: float | None
    delta: float | None
    gamma: float | None
    dividend: float | None
    interest: float | None


class UnderlyingEvent(msgspec.Struct, frozen=True, gc=False):
    """Volatilities (fractions) and volumes of all options of an underlying."""

    symbol: str
    event_flags: int
    index: int
    time_ms: int
    sequence: int | None
    volatility: float | None
    front_volatility: float | None
    back_volatility: float | None
    call_volume: float | None
    put_volume: float | None
    put_call_ratio: float | None


class CandleEvent(msgspec.Struct, frozen=True, gc=False):
    """A candle; ``symbol`` has the candle part, ``SPY{=5m}``. Prices are None where nothing was traded."""

    symbol: str
    event_flags: int
    index: int
    time_ms: int
    sequence: int | None
    count: int | None
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None
    vwap: float | None

    @property
    def time(self) -> datetime:
        """When the candle begins (UTC)."""
        return datetime.fromtimestamp(self.time_ms / 1000, UTC)

    @property
    def is_removed(self) -> bool:
        """Whether the candle of this index is no more."""
        return bool(self.event_flags & 2)


class TimeAndSaleEvent(msgspec.Struct, frozen=True, gc=False):
    """One sale."""

    symbol: str
    event_flags: int
    index: int
    time_ms: int
    sequence: int | None
    exchange_code: str
    price: float | None
    size: float | None
    bid: float | None
    ask: float | None
    sale_conditions: str
    trade_through_exempt: str
    aggressor_side: str
    spread_leg: bool
    extended_hours: bool
    valid_tick: bool
    type: str


MarketEvent: TypeAlias = (
    QuoteEvent
    | TradeEvent
    | TradeETHEvent
    | SummaryEvent
    | ProfileEvent
    | GreeksEvent
    | TheoPriceEvent
    | UnderlyingEvent
    | CandleEvent
    | TimeAndSaleEvent
)
"""Any typed event."""


class EventRejected(NamedTuple):
    """An event that cannot be read and is left out; ``cause`` names the field."""

    event_type: str
    symbol: str
    cause: TTError


class Decoded(NamedTuple):
    """The events of one message in order of arrival, the symbol of each, and those that were left out."""

    events: list[Any]
    symbols: list[str]
    rejected: list[EventRejected]


# Reading one value. Each takes the value and returns what it means, or raises ValueError with what it is not.


def _symbol(value: Any) -> str:  # noqa: ANN401 - a value as it came
    if isinstance(value, str) and value and value.isprintable():
        return value
    raise ValueError("symbol")


def _number(value: Any) -> float | None:  # noqa: ANN401 - likewise
    if value is None or value == "NaN":
        return None
    if type(value) not in (int, float):
        raise ValueError("finite number" if value in ("Infinity", "-Infinity") else "number")
    try:
        if math.isnan(value):
            return None
        if math.isinf(value):
            raise ValueError("finite number")
    except OverflowError as exc:
        raise ValueError("number of reasonable size") from exc
    return value  # type: ignore[no-any-return] # int or float, see above


def _whole(value: Any) -> int | None:  # noqa: ANN401 - likewise
    number = _number(value)
    if number is None or type(number) is int:
        return number
    if not number.is_integer():
        raise ValueError("whole number")
    return int(number)


def _place(value: Any) -> int:  # noqa: ANN401 - likewise
    if type(value) is not int or value < 0:
        raise ValueError("whole number of a time series")
    return value


def _flags(value: Any) -> int:  # noqa: ANN401 - likewise
    return 0 if value is None else _place(value)


def _text(value: Any) -> str:  # noqa: ANN401 - likewise
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError("text")  # noqa: TRY004 - the reason of a rejection
    return value if value.isprintable() else ""  # an unknown exchange is "\u0000"


def _flag(value: Any) -> bool:  # noqa: ANN401 - likewise
    if value is None:
        return False
    if not isinstance(value, bool):
        raise ValueError("boolean")  # noqa: TRY004 - likewise
    return value


_TYPES: Final[dict[Callable[[Any], Any], Any]] = {
    _symbol: list[str],
    _text: list[str],
    _number: list[int | float],
    _whole: list[int],
    _place: list[int],
    _flags: list[int],
    _flag: list[bool],
}


def _is_clean(column: list[Any], read: Callable[[Any], Any], *, plain: bool) -> bool:
    """
    Tell whether every value of a column means itself, and need not be read one by one.

    Of ``plain`` columns, which hold texts, numbers and None alone, a sum says as much as every value.
    """
    if plain and read is not _flag:
        try:
            if read in (_symbol, _text):
                return "".join(column).isprintable() and (read is _text or "" not in column)
            total = sum(column)
            if read is _number:
                return math.isfinite(total)
        except (TypeError, OverflowError):
            return False
        return type(total) is int and (read is _whole or min(column, default=0) >= 0)
    return _is_clean_by_type(column, read)


def _is_clean_by_type(column: list[Any], read: Callable[[Any], Any]) -> bool:
    try:
        msgspec.convert(
            column, _TYPES[read]
        )  # looks at the type of each, several times as fast as a set of them
        if read is _number:
            return math.isfinite(sum(column))
    except (msgspec.ValidationError, OverflowError):
        return False
    if read in (_symbol, _text):
        return "".join(column).isprintable() and (read is _text or "" not in column)
    return read in (_flag, _whole) or min(column, default=0) >= 0


_Fields = tuple[tuple[str, Callable[[Any], Any]], ...]

_SERIES: Final[_Fields] = (
    ("eventSymbol", _symbol),
    ("eventFlags", _flags),
    ("index", _place),
    ("time", _place),
    ("sequence", _whole),
)
_TRADE: Final[_Fields] = (
    ("eventSymbol", _symbol),
    ("time", _whole),
    ("sequence", _whole),
    ("exchangeCode", _text),
    ("price", _number),
    ("change", _number),
    ("size", _number),
    ("dayId", _whole),
    ("dayVolume", _number),
    ("dayTurnover", _number),
    ("tickDirection", _text),
    ("extendedTradingHours", _flag),
)


def _numbers(*names: str) -> _Fields:
    return tuple((name, _number) for name in names)


_EVENTS: Final[dict[str, tuple[type[Any], _Fields]]] = {
    "Quote": (
        QuoteEvent,
        (
            ("eventSymbol", _symbol),
            ("bidTime", _whole),
            ("askTime", _whole),
            *_numbers("bidPrice", "askPrice", "bidSize", "askSize"),
        ),
    ),
    "Trade": (TradeEvent, _TRADE),
    "TradeETH": (TradeETHEvent, _TRADE),
    "Summary": (
        SummaryEvent,
        (
            ("eventSymbol", _symbol),
            ("dayId", _whole),
            *_numbers("dayOpenPrice", "dayHighPrice", "dayLowPrice", "dayClosePrice"),
            ("dayClosePriceType", _text),
            ("prevDayId", _whole),
            ("prevDayClosePrice", _number),
            ("prevDayClosePriceType", _text),
            ("prevDayVolume", _number),
            ("openInterest", _whole),
        ),
    ),
    "Profile": (
        ProfileEvent,
        (
            ("eventSymbol", _symbol),
            ("description", _text),
            ("shortSaleRestriction", _text),
            ("tradingStatus", _text),
            ("statusReason", _text),
            ("haltStartTime", _whole),
            ("haltEndTime", _whole),
            *_numbers("highLimitPrice", "lowLimitPrice", "high52WeekPrice", "low52WeekPrice", "beta"),
            *_numbers("earningsPerShare", "dividendFrequency", "exDividendAmount"),
            ("exDividendDayId", _whole),
            *_numbers("shares", "freeFloat"),
        ),
    ),
    "Greeks": (
        GreeksEvent,
        (*_SERIES, *_numbers("price", "volatility", "delta", "gamma", "theta", "rho", "vega")),
    ),
    "TheoPrice": (
        TheoPriceEvent,
        (*_SERIES, *_numbers("price", "underlyingPrice", "delta", "gamma", "dividend", "interest")),
    ),
    "Underlying": (
        UnderlyingEvent,
        (
            *_SERIES,
            *_numbers("volatility", "frontVolatility", "backVolatility"),
            *_numbers("callVolume", "putVolume", "putCallRatio"),
        ),
    ),
    "Candle": (
        CandleEvent,
        (*_SERIES, ("count", _whole), *_numbers("open", "high", "low", "close", "volume", "vwap")),
    ),
    "TimeAndSale": (
        TimeAndSaleEvent,
        (
            *_SERIES,
            ("exchangeCode", _text),
            *_numbers("price", "size", "bidPrice", "askPrice"),
            ("exchangeSaleConditions", _text),
            ("tradeThroughExempt", _text),
            ("aggressorSide", _text),
            ("spreadLeg", _flag),
            ("extendedTradingHours", _flag),
            ("validTick", _flag),
            ("type", _text),
        ),
    ),
}

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    event_type: tuple(name for name, _ in fields) for event_type, (_, fields) in _EVENTS.items()
}
"""Event type to the fields that are asked for, in the order of its typed value."""
EVENT_TYPES: Final[dict[type[Any], str]] = {kind: event_type for event_type, (kind, _) in _EVENTS.items()}
"""Typed value to its event type."""

_ALIASES: Final = {"VWAP": "vwap"}


def decode_events(data: FeedData) -> Decoded:
    """
    Read the events of one message.

    An event type that is not one of `FIELDS` is rejected as a whole.
    """
    known = _EVENTS.get(data.event_type)
    if known is None:
        cause = DataError(f"{data.event_type[:40]!r} is no event type that was asked for", column="eventType")
        return Decoded([], [], [EventRejected(data.event_type, "", cause)])
    kind, fields = known
    columns = data.columns if data.fields == FIELDS[data.event_type] else _ordered(data, fields)
    if all(
        _is_clean(column, read, plain=data.plain) for column, (_, read) in zip(columns, fields, strict=True)
    ):
        return Decoded(list(map(kind, *columns)), columns[0], [])
    return _decoded_one_by_one(data.event_type, kind, fields, columns)


def _ordered(data: FeedData, fields: _Fields) -> Sequence[list[Any]]:
    by_name = {
        _ALIASES.get(name, name): column for name, column in zip(data.fields, data.columns, strict=True)
    }
    absent = [None] * data.count
    return [by_name.get(name, absent) for name, _ in fields]


def _decoded_one_by_one(
    event_type: str, kind: type[Any], fields: _Fields, columns: Sequence[list[Any]]
) -> Decoded:
    rejected: dict[int, DataError] = {}
    values = []
    for (name, read), column in zip(fields, columns, strict=True):
        clean = _is_clean_by_type(column, read)
        values.append(column if clean else _read_column(name, read, column, rejected))
    rows = (row for number, row in enumerate(zip(*values, strict=True)) if number not in rejected)
    events = list(starmap(kind, rows))
    symbols = columns[0]
    return Decoded(
        events,
        [event.symbol for event in events],
        [
            EventRejected(event_type, symbols[number] if isinstance(symbols[number], str) else "", cause)
            for number, cause in sorted(rejected.items())
        ],
    )


def _read_column(
    name: str, read: Callable[[Any], Any], column: list[Any], rejected: dict[int, DataError]
) -> list[Any]:
    values = []
    for number, value in enumerate(column):
        try:
            values.append(read(value))
        except ValueError as exc:
            values.append(None)
            shown = _shown(value)
            rejected.setdefault(number, DataError(f"{shown} is no {exc}", column=name, row=number))
    return values


def _shown(value: object, limit: int = 40) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits has no text
        return f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[:limit]}…"
