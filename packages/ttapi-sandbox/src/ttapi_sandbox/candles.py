# SPDX-License-Identifier: Apache-2.0
"""Candles: symbols such as ``SPY{=5m,tho=true}``, bars of any period, and snapshots with their flags."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_sandbox.intraday import minutes_since_open
from ttapi_sandbox.trading_days import midnight_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ttapi_sandbox.bars import Bar
    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.universe import Listing

REMOVE_EVENT: Final = 2
SNAPSHOT_BEGIN: Final = 4
SNAPSHOT_END: Final = 8
SNAPSHOT_SNIP: Final = 16
SNAPSHOT_BARS_MAX: Final = 8000

_SYMBOL: Final = re.compile(r"(?P<base>[^{}]+?)(?:&[A-Z])?\{(?P<attributes>[^{}]*)\}")
_PERIOD: Final = re.compile(r"(?P<count>[1-9][0-9]{0,4})?(?P<unit>mo|[tsmhdwoyvp])")
_MINUTES: Final = {"m": 1, "h": 60}
_DAYS_DEEP: Final = ((5, 10), (30, 25), (60, 70))
_DAYS_DEEP_MAX: Final = 130
_DAILY_UNITS: Final = frozenset({"d", "w", "mo", "y"})


@dataclass(frozen=True, slots=True)
class CandleSymbol:
    """A candle symbol taken apart: whose candles, how many of which unit of time a candle covers."""

    base: str
    count: int
    unit: str


class Candle(NamedTuple):
    """A candle: its start in epoch milliseconds and its bar; without a bar it only marks a place."""

    time: int
    bar: Bar | None
    flags: int = 0


def parse_candle_symbol(text: str) -> CandleSymbol | None:
    """Read a candle symbol; None if it is none."""
    match = _SYMBOL.fullmatch(text)
    if match is None:
        return None
    periods = [part[1:] for part in match["attributes"].split(",") if part.startswith("=")]
    period = _PERIOD.fullmatch(periods[0] if periods else "t")
    if period is None:
        return None
    return CandleSymbol(match["base"], int(period["count"] or 1), period["unit"])


def candles(market: Market, symbol: CandleSymbol, from_ms: int, moment: Moment) -> list[Candle]:
    """Return the candles from ``from_ms`` on, ascending; none for periods and symbols without bars."""
    listing = market.by_symbol.get(symbol.base)
    if listing is None:
        return []
    if symbol.unit in _MINUTES:
        found = _intraday(market, listing, symbol.count * _MINUTES[symbol.unit], from_ms, moment)
    elif symbol.unit in _DAILY_UNITS:
        found = _daily(market, listing, symbol, from_ms, moment)
    else:
        return []
    return [candle for candle in found if candle.time >= from_ms]


def _daily(
    market: Market, listing: Listing, symbol: CandleSymbol, from_ms: int, moment: Moment
) -> Iterator[Candle]:
    first = bucket_start(_day_of(from_ms), symbol.count, symbol.unit)
    bars = market.daily_bars(listing, first, moment)
    if (symbol.count, symbol.unit) == (1, "d"):
        return (Candle(midnight_ms(bar.day), bar) for bar in bars)
    groups = groupby(bars, lambda bar: bucket_start(bar.day, symbol.count, symbol.unit))
    return (Candle(midnight_ms(start), joined(list(group))) for start, group in groups)


def _day_of(time_ms: int) -> date:
    latest = datetime(9000, 1, 1, tzinfo=UTC)
    return datetime.fromtimestamp(min(time_ms / 1000, latest.timestamp()), UTC).date()


def bucket_start(day: date, count: int, unit: str) -> date:
    """Return the first day of the ``count`` days, weeks, months or years that a day belongs to."""
    if unit == "d":
        return date.fromordinal(max(1, day.toordinal() - day.toordinal() % count))
    if unit == "w":
        week = (day.toordinal() - 1) // 7
        return date.fromordinal(7 * (week - week % count) + 1)
    if unit == "mo":
        month = day.year * 12 + day.month - 1
        month -= month % count
        return date(max(1, month // 12), month % 12 + 1, 1)
    return date(max(1, day.year - day.year % count), 1, 1)


def joined(bars: list[Bar]) -> Bar:
    """Return the one bar that consecutive bars make."""
    volume = sum(bar.volume for bar in bars)
    vwap = sum(bar.vwap * bar.volume for bar in bars) / volume if volume else bars[-1].close
    high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
    return bars[0]._replace(
        high=high,
        low=low,
        close=bars[-1].close,
        volume=volume,
        vwap=min(max(round(vwap, 4), low), high),
        trade_count=sum(bar.trade_count for bar in bars),
    )


def _intraday(
    market: Market, listing: Listing, minutes: int, from_ms: int, moment: Moment
) -> Iterator[Candle]:
    deep = next((days for below, days in _DAYS_DEEP if minutes < below), _DAYS_DEEP_MAX)
    first = max(0, moment.number - deep + 1, market.days.at_or_after(_day_of(from_ms)))
    for number in range(first, moment.number + 1):
        session = market.days.sessions[number]
        path = market.path(listing, number, moment.number)
        end = minutes_since_open(session, moment.now)
        opened_ms = int(session.open_at.timestamp()) * 1000
        # Candles begin on the grid of their period since midnight: the first of a session may be short.
        start = -((opened_ms // 60_000) % minutes)
        while start < end:
            bar = path.between(max(0, start), min(start + minutes, end))
            yield Candle(opened_ms + start * 60_000, bar)
            start += minutes


def snapshot(found: list[Candle], from_ms: int) -> list[Candle]:
    """Return a snapshot: newest first, the ends flagged, and a mark at ``from_ms`` where no candle begins."""
    if not found:
        return [Candle(from_ms, None, SNAPSHOT_BEGIN | SNAPSHOT_END | REMOVE_EVENT)]
    kept = found[-SNAPSHOT_BARS_MAX:]
    kept.reverse()
    if len(kept) < len(found):
        kept[-1] = kept[-1]._replace(flags=SNAPSHOT_SNIP)
    elif kept[-1].time == from_ms:
        kept[-1] = kept[-1]._replace(flags=SNAPSHOT_END)
    else:
        kept.append(Candle(from_ms, None, SNAPSHOT_END | REMOVE_EVENT))
    kept[0] = kept[0]._replace(flags=kept[0].flags | SNAPSHOT_BEGIN)
    return kept


NAN: Final = "NaN"
FIELDS: Final = (
    "eventSymbol",
    "eventTime",
    "eventFlags",
    "index",
    "time",
    "sequence",
    "count",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "vwap",
    "VWAP",
    "bidVolume",
    "askVolume",
    "impVolatility",
    "openInterest",
)


def candle_values(symbol: str, candle: Candle) -> tuple[object, ...]:
    """Return the values of a candle event, in the order of `FIELDS`."""
    time, bar, flags = candle
    index = (time // 1000) << 32 | (time % 1000) << 22
    if bar is None:
        return (symbol, 0, flags, index, time, 0, 0, *(NAN,) * 11)
    volume: object = bar.volume or NAN
    vwap: object = bar.vwap if bar.volume else NAN
    bought: object = math.floor(bar.volume / 2) if bar.volume else NAN
    sold: object = math.ceil(bar.volume / 2) if bar.volume else NAN
    return (
        *(symbol, 0, flags, index, time, 0, bar.trade_count),
        *(bar.open, bar.high, bar.low, bar.close, volume, vwap, vwap, bought, sold, NAN, NAN),
    )
