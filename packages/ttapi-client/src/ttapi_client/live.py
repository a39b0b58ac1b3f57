# SPDX-License-Identifier: Apache-2.0
"""
What a live feed hands out, as the events of ttapi-core: quotes, trades, bars, and notices of what is missing.

Bars are those of a minute, of all hours. Each change of the running one is told with ``final`` False; once
the next one has begun it is told a last time, with ``final`` True. Bars of the past are told final only, and
a correction of one is final again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.candles import candle_symbol
from ttapi_client.dxlink_events import CandleEvent, EventRejected, QuoteEvent, TradeEvent
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import BackfillReport, GapReport
from ttapi_client.logs import get_logger
from ttapi_core import Bar, Event, Fact, Notice, Quote, Symbol, Trade
from ttapi_core.errors import DataError, ParameterError

if TYPE_CHECKING:
    from ttapi_client.dxlink_buffers import FeedItem

_log = get_logger(__name__)

_EVENT_TYPES: Final = {"quote": "Quote", "trade": "Trade", "bar": "Candle"}
_PERIOD: Final = "m"
_PERIOD_MS: Final = 60_000


class LiveSubscription:
    """
    What one subscriber asks a feed for, and what its items mean to them.

    Parameters
    ----------
    kinds
        Some of ``quote``, ``trade`` and ``bar``.
    symbols
        Their symbols; a second mention counts for nothing.
    source
        Who says so: the source of the events.

    Raises
    ------
    ParameterError
        If a kind is none, or there is none.
    SymbolError
        If a symbol is none.
    """

    def __init__(self, kinds: Sequence[str], symbols: Iterable[str], *, source: str) -> None:
        if not kinds or any(kind not in _EVENT_TYPES for kind in kinds):
            raise ParameterError("kinds", tuple(kinds), f"some of {', '.join(_EVENT_TYPES)}")
        self._event_types = tuple(dict.fromkeys(_EVENT_TYPES[kind] for kind in kinds))
        self._symbols = {symbol.streamer: symbol for symbol in map(Symbol.parse, symbols)}
        self._source = source
        self._newest: dict[Symbol, CandleEvent] = {}
        self._dropped = 0

    def subscriptions(self, now: datetime) -> list[Subscription]:
        """Return what the feed is asked for; bars from the running minute on."""
        minute_ms = round(now.timestamp() * 1000) // _PERIOD_MS * _PERIOD_MS
        return [
            Subscription(
                "Candle", candle_symbol(streamer, period=_PERIOD, regular_hours_only=False), minute_ms
            )
            if event_type == "Candle"
            else Subscription(event_type, streamer)
            for streamer in self._symbols
            for event_type in self._event_types
        ]

    def events_of(self, item: FeedItem, now: datetime) -> list[Event]:
        """Return what an item means; what cannot be read is left out and logged."""
        events: list[Event] = []
        try:
            for payload in self._payloads_of(item, now):
                events.append(Event(payload=payload, time=now, source=self._source))  # noqa: PERF401 - kept on error
        except (DataError, ParameterError) as exc:
            _log.warning(
                "event_left_out",
                symbol=getattr(item, "symbol", ""),
                kind=type(item).__name__,
                cause=str(exc),
            )
        return events

    def dropped(self, dropped: Counter[str], now: datetime) -> list[Event]:
        """Return a notice if trades were given up at the bound since it was asked last; candles are a gap."""
        before, self._dropped = self._dropped, dropped["Trade"]
        if self._dropped == before:
            return []
        count = self._dropped - before
        notice = Notice(
            name="events_dropped",
            message=f"{count} trades were dropped: they came faster than they were taken",
            facts=(Fact("trades", str(count)),),
        )
        return [Event(payload=notice, time=now, source=self._source)]

    def _payloads_of(self, item: FeedItem, now: datetime) -> Iterator[Quote | Trade | Bar | Notice]:
        match item:
            case QuoteEvent():
                yield quote_of(self._symbols[item.symbol], item, read_at=now)
            case TradeEvent():
                yield trade_of(self._symbols[item.symbol], item, read_at=now)
            case CandleEvent():
                yield from self._bars_of(self._symbols[item.symbol.partition("{")[0]], item, now)
            case GapReport():
                yield self._gap_notice(item)
            case BackfillReport() if item.incomplete:
                yield self._incomplete_notice(item)
            case EventRejected():
                _log.warning(
                    "event_left_out", symbol=item.symbol, kind=item.event_type, cause=str(item.cause)
                )

    def _bars_of(self, symbol: Symbol, candle: CandleEvent, now: datetime) -> Iterator[Bar]:
        # 1. an earlier one than the newest: a correction; 2. the next one, so that the newest is over;
        # 3. the newest one again. What comes of a minute that is past waits for its end to be told.
        newest = self._newest.get(symbol)
        if newest is not None and candle.index < newest.index:
            if not candle.is_removed:
                yield from _bar_of(symbol, candle, final=True)
            return
        if newest is not None and candle.index > newest.index:
            del self._newest[symbol]
            yield from _bar_of(symbol, newest, final=True)
        if candle.is_removed:
            self._newest.pop(symbol, None)
            return
        self._newest[symbol] = candle
        if candle.time_ms + _PERIOD_MS > now.timestamp() * 1000:
            yield from _bar_of(symbol, candle, final=False)

    def _named(self, streamers: Iterable[str]) -> str:
        bases = dict.fromkeys(streamer.partition("{")[0] for streamer in streamers)
        return " ".join(self._symbols[base].canonical for base in bases if base in self._symbols)

    def _gap_notice(self, gap: GapReport) -> Notice:
        return Notice(
            name="events_missing",
            message=f"events may be missing from {gap.start:%H:%M:%S} to {gap.end:%H:%M:%S} UTC: {gap.cause}",
            facts=(
                Fact("start", gap.start.isoformat()),
                Fact("detected", gap.detected.isoformat()),
                Fact("end", gap.end.isoformat()),
                Fact("cause", gap.cause.code),
                Fact("symbols", self._named(gap.symbols)),
            ),
        )

    def _incomplete_notice(self, report: BackfillReport) -> Notice:
        return Notice(
            name="bars_missing",
            message=f"the bars of {len(report.incomplete)} symbols could not be filled in whole",
            facts=(Fact("symbols", self._named(report.incomplete)),),
        )


def quote_of(symbol: Symbol, event: QuoteEvent, *, read_at: datetime) -> Quote:
    """
    Read a quote; its time is the later of both sides', or ``read_at`` where the feed has none.

    Raises
    ------
    DataError
        If a field has no meaning.
    """
    times = [
        time
        for name, milliseconds in (("bidTime", event.bid_time_ms), ("askTime", event.ask_time_ms))
        if (time := _time_of(milliseconds, name)) is not None
    ]
    return Quote(
        symbol=symbol,
        time=max(times, default=read_at),
        bid=_decimal_of(event.bid),
        ask=_decimal_of(event.ask),
        bid_size=_decimal_of(event.bid_size),
        ask_size=_decimal_of(event.ask_size),
    )


def trade_of(symbol: Symbol, event: TradeEvent, *, read_at: datetime) -> Trade:
    """
    Read a trade; its time is ``read_at`` where the feed has none.

    Raises
    ------
    DataError
        If a field has no meaning, or there is no price.
    """
    price = _decimal_of(event.price)
    if price is None:
        raise DataError("is missing", column="price")
    return Trade(
        symbol=symbol,
        time=_time_of(event.time_ms, "time") or read_at,
        price=price,
        size=_decimal_of(event.size) or Decimal(0),
        exchange_code=event.exchange_code,
        extended_hours=event.extended_hours,
    )


def _bar_of(symbol: Symbol, candle: CandleEvent, *, final: bool) -> list[Bar]:
    """Read a bar; none of a minute in which nothing was traded."""
    prices = {
        name: price
        for name in ("open", "high", "low", "close")
        if (price := _decimal_of(getattr(candle, name))) is not None
    }
    if not prices:
        return []
    missing = [name for name in ("open", "high", "low", "close") if name not in prices]
    if missing:
        raise DataError("is missing", column=missing[0])
    time = _time_of(candle.time_ms, "time")
    if time is None:
        raise DataError("is missing", column="time")
    values: dict[str, Any] = {"volume": _decimal_of(candle.volume), "vwap": _decimal_of(candle.vwap)}
    return [
        Bar(
            symbol=symbol,
            time=time,
            **prices,
            **values,
            trade_count=candle.count,
            period=_PERIOD,
            final=final,
        )
    ]


def _decimal_of(number: float | None) -> Decimal | None:
    # By way of the shortest text that reads back as this number: the digits that were sent.
    return None if number is None else Decimal(str(number))


def _time_of(milliseconds: int | None, name: str) -> datetime | None:
    if milliseconds is None or milliseconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise DataError(f"{milliseconds} is no time", column=name) from exc
