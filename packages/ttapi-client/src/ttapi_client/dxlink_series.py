# SPDX-License-Identifier: Apache-2.0
"""
Candle series that stay whole: which to ask for again, from where on, and which candles are new.

A series is asked for from its beginning, and followed. When events may have been missed it is *stale*: what
comes for it is not used, and it is asked for again from its newest candle on, which may have changed since.
The answer is a snapshot, newest first; once it is whole, its candles are handed out oldest first, and only
those that are new or differ. So nothing is missed and nothing comes twice, however often it breaks.

No more than a window of questions is open at a time; the window shrinks when the server says that it is too
much.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ttapi_client.candles import EventFlags, canonical_candle_symbol
from ttapi_client.dxlink_events import CandleEvent
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import FeedStatistics

_BEGIN: Final = int(EventFlags.SNAPSHOT_BEGIN)
_LAST: Final = int(EventFlags.SNAPSHOT_END | EventFlags.SNAPSHOT_SNIP)
_SNIP: Final = int(EventFlags.SNAPSHOT_SNIP)
_PENDING: Final = int(EventFlags.TX_PENDING)
_REMOVE: Final = int(EventFlags.REMOVE_EVENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPolicy:
    """
    How series are asked for.

    Parameters
    ----------
    in_flight_max
        Series asked for and not yet whole, at a time.
    progress_timeout_s
        Seconds without an event after which an answer is given up and asked for again.
    attempts_max
        Questions for a series that has no whole answer; then it is followed as it is, and named incomplete.
    """

    in_flight_max: int = 16
    progress_timeout_s: float = 10.0
    attempts_max: int = 4


@dataclass(slots=True)
class _Series:
    symbol: str
    from_ms: int
    newest: CandleEvent | None = None
    stale: bool = True
    rows: dict[int, CandleEvent] | None = None
    last_seen: bool = False
    snipped: bool = False
    progress_at_s: float = 0.0
    attempts: int = 0
    fills: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Fill:
    pending: set[str]
    candles: int = 0
    incomplete: list[str] = field(default_factory=list)


class SeriesPlan:
    """The series of one feed."""

    def __init__(self, policy: SeriesPolicy, statistics: FeedStatistics) -> None:
        self._policy = policy
        self._statistics = statistics
        self._series: dict[str, _Series] = {}
        self._waiting: deque[str] = deque()
        self._in_flight: dict[str, _Series] = {}
        self._fills: dict[int, _Fill] = {}
        self._window = policy.in_flight_max
        self._held_until_s = 0.0

    @property
    def symbols(self) -> tuple[str, ...]:
        """The candle symbols, as they are subscribed."""
        return tuple(series.symbol for series in self._series.values())

    def __len__(self) -> int:
        return len(self._series)

    def add(self, symbol: str, from_ms: int) -> None:
        """Follow a series, or ask for it again from an earlier time on."""
        key = canonical_candle_symbol(symbol)
        known = self._series.get(key)
        if known is not None and known.from_ms <= from_ms:
            return
        self._forget(key)
        self._series[key] = _Series(symbol, from_ms)
        self._waiting.append(key)

    def remove(self, symbol: str) -> None:
        """Follow a series no more."""
        self._forget(canonical_candle_symbol(symbol))

    def _forget(self, key: str) -> None:
        series = self._series.pop(key, None)
        self._in_flight.pop(key, None)
        if series is not None:
            for number in series.fills:
                self._fills[number].pending.discard(key)

    # What to ask

    def distrust(self) -> None:
        """Take every series for stale: candles may have been missed, and all are asked for again."""
        self._in_flight.clear()
        self._waiting = deque(self._series)
        for series in self._series.values():
            series.stale, series.rows, series.attempts = True, None, 0

    def mark_fill(self, number: int) -> None:
        """Let the answers of all stale series be the backfill ``number``."""
        stale = {key for key, series in self._series.items() if series.stale}
        for key in stale:
            self._series[key].fills.add(number)
        self._fills[number] = _Fill(stale)

    def ask_one_again(self) -> bool:
        """Take a series that has an answer for stale, to hear whether the server still answers."""
        for key, series in self._series.items():
            if not series.stale:
                series.stale, series.attempts = True, 0
                self._waiting.append(key)
                self._series[key] = self._series.pop(key)  # the next time it is another one's turn
                return True
        return False

    def questions(self, now_s: float) -> tuple[list[Subscription], list[Subscription]]:
        """Return the subscriptions to take away and to add now, in that order."""
        remove: list[Subscription] = []
        add: list[Subscription] = []
        while self._waiting and len(self._in_flight) < self._window and now_s >= self._held_until_s:
            series = self._series.get(key := self._waiting.popleft())
            if series is None or not series.stale or key in self._in_flight:
                continue
            series.rows, series.last_seen, series.snipped = None, False, False
            series.attempts += 1
            series.progress_at_s = now_s
            self._in_flight[key] = series
            remove.append(Subscription("Candle", series.symbol))
            newest_ms = series.newest.time_ms if series.newest is not None else 0
            add.append(Subscription("Candle", series.symbol, max(series.from_ms, newest_ms)))
        return remove, add

    def on_too_many(self, now_s: float) -> None:
        """Ask for less at a time: the server refused."""
        self._window = max(1, self._window // 2)
        self._held_until_s = now_s + self._policy.progress_timeout_s / 10
        for key, series in list(self._in_flight.items()):
            if series.rows is None:
                del self._in_flight[key]
                series.attempts -= 1
                self._waiting.append(key)

    def tick(self, now_s: float) -> list[CandleEvent]:
        """Ask again for what stalled; return candles of those that are given up half-way."""
        released: list[CandleEvent] = []
        for key, series in list(self._in_flight.items()):
            if now_s >= series.progress_at_s + self._policy.progress_timeout_s:
                released += self._try_again(key, series)
        return released

    @property
    def next_timer_s(self) -> float:
        """When `tick` or `questions` has something to do."""
        stalled = (series.progress_at_s for series in self._in_flight.values())
        due = min(stalled, default=float("inf")) + self._policy.progress_timeout_s
        waits = bool(self._waiting) and len(self._in_flight) < self._window
        return min(due, self._held_until_s if waits else float("inf"))

    def _try_again(self, key: str, series: _Series) -> list[CandleEvent]:
        del self._in_flight[key]
        if series.attempts < self._policy.attempts_max:
            self._waiting.append(key)
            return []
        return self._settle(key, series, series.rows or {}, whole=False)

    # What came

    def on_events(self, events: Iterable[CandleEvent], now_s: float) -> tuple[list[CandleEvent], list[str]]:
        """Take candle events; return the candles to hand out, and symbols that are not followed."""
        told: list[CandleEvent] = []
        unasked: list[str] = []
        for event in events:
            series = self._series.get(event.symbol) or self._series.get(canonical_candle_symbol(event.symbol))
            if series is None:
                unasked.append(event.symbol)
            elif series.stale or event.event_flags & _BEGIN:
                told += self._on_snapshot_event(canonical_candle_symbol(series.symbol), series, event, now_s)
            else:
                told += self._on_update(series, event)
        return told, unasked

    def _on_snapshot_event(
        self, key: str, series: _Series, event: CandleEvent, now_s: float
    ) -> list[CandleEvent]:
        flags = event.event_flags
        if key not in self._in_flight and not (flags & _BEGIN and not series.stale):
            self._statistics.late += 1
            return []
        series.progress_at_s = now_s
        if flags & _BEGIN:
            series.rows, series.last_seen, series.snipped, series.stale = {}, False, False, True
            self._in_flight[key] = series
        if series.rows is None:
            self._statistics.late += 1
            return []
        if flags & _REMOVE:
            series.rows.pop(event.index, None)
        else:
            series.rows[event.index] = event
        if flags & _LAST:
            series.last_seen, series.snipped = True, bool(flags & _SNIP)
        if not series.last_seen or flags & _PENDING:
            return []
        return self._on_answer(key, series, series.rows)

    def _on_answer(self, key: str, series: _Series, rows: dict[int, CandleEvent]) -> list[CandleEvent]:
        # A server has been seen to answer with nothing by mistake; of what had candles that is not believed.
        doubtful = series.newest is not None and not rows
        if doubtful:
            return self._try_again(key, series)
        del self._in_flight[key]
        # Cut at the server's limit: what is older than its oldest candle is missing, if we had none of it.
        gap = series.snipped and series.newest is not None and series.newest.index not in rows
        return self._settle(key, series, rows, whole=not gap)

    def _settle(
        self, key: str, series: _Series, rows: dict[int, CandleEvent], *, whole: bool
    ) -> list[CandleEvent]:
        series.stale, series.rows, series.attempts = False, None, 0
        told: list[CandleEvent] = []
        for index in sorted(rows):
            told += self._on_update(series, rows[index])
        for number in series.fills:
            fill = self._fills[number]
            fill.pending.discard(key)
            fill.candles += len(told)
            if not whole:
                fill.incomplete.append(series.symbol)
        series.fills.clear()
        return told

    def _on_update(self, series: _Series, event: CandleEvent) -> list[CandleEvent]:
        # 1. a new candle; 2. the newest one again; 3. an older one that is corrected or removed
        newest = series.newest
        flags = event.event_flags & _REMOVE
        candle = event if event.event_flags == flags else _with_flags(event, flags)
        if newest is None or event.index > newest.index:
            if flags:
                return []
            series.newest = candle
        elif event.index == newest.index:
            if candle == newest:
                self._statistics.duplicates["Candle"] += 1
                return []
            series.newest = candle
        return [candle]

    def filled(self) -> list[tuple[int, int, tuple[str, ...]]]:
        """Return the backfills that are complete, each once: number, candles, incomplete symbols."""
        done = [number for number, fill in self._fills.items() if not fill.pending]
        fills = [(number, self._fills.pop(number)) for number in done]
        return [(number, fill.candles, tuple(sorted(fill.incomplete))) for number, fill in fills]


def _with_flags(event: CandleEvent, flags: int) -> CandleEvent:
    return CandleEvent(
        event.symbol,
        flags,
        event.index,
        event.time_ms,
        event.sequence,
        event.count,
        event.open,
        event.high,
        event.low,
        event.close,
        event.volume,
        event.vwap,
    )
