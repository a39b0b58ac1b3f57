# SPDX-License-Identifier: Apache-2.0
"""
Events that wait for the reader of a feed: bounded, and with a policy for each type.

=============================================== =======================================================
Quote, Summary, Profile, Greeks, TheoPrice,     the latest of a symbol waits; earlier ones are conflated
Underlying
Candle                                          the latest of a symbol and index waits
Trade, TradeETH, TimeAndSale                    all wait, in order; at the bound the oldest is dropped
reports                                         all wait
=============================================== =======================================================

Conflated types are bounded by what is subscribed; the others by ``waiting_max``. Whatever is conflated or
dropped is counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from ttapi_client.dxlink_events import CandleEvent, EventRejected, MarketEvent
from ttapi_client.dxlink_reports import BackfillReport, FeedStatistics, GapReport

FeedItem = MarketEvent | GapReport | BackfillReport | EventRejected
"""What a feed hands out."""

CONFLATED: Final = frozenset({"Quote", "Summary", "Profile", "Greeks", "TheoPrice", "Underlying"})
"""Types of which only the latest of a symbol waits."""
WAITING_MAX: Final = 100_000
"""Events of the types that are not conflated that may wait, and as many candles."""
_REJECTED_MAX: Final = 1000
"""Rejections that wait; beyond that they are counted only."""


class EventBuffer:
    """
    What waits to be taken.

    Parameters
    ----------
    statistics
        Counts.
    waiting_max
        The bound of queued events, and of candles.
    """

    def __init__(self, statistics: FeedStatistics, *, waiting_max: int = WAITING_MAX) -> None:
        self._statistics = statistics
        self._waiting_max = waiting_max
        self._latest: dict[str, dict[str, Any]] = {kind: {} for kind in sorted(CONFLATED)}
        self._candles: dict[tuple[str, int], CandleEvent] = {}
        self._queue: deque[tuple[str, Any]] = deque()
        self._reports: deque[GapReport | BackfillReport | EventRejected] = deque()
        self._rejected = 0

    @property
    def waiting(self) -> int:
        """Events and reports that wait."""
        latest = sum(map(len, self._latest.values()))
        return latest + len(self._candles) + len(self._queue) + len(self._reports)

    def put_latest(self, event_type: str, symbols: Sequence[str], events: Sequence[Any]) -> None:
        """Take events of a conflated type, with the symbol of each."""
        waiting = self._latest[event_type]
        before = len(waiting)
        waiting.update(zip(symbols, events, strict=True))
        conflated = len(events) - (len(waiting) - before)
        if conflated:
            self._statistics.conflated[event_type] += conflated
        self._note_peak()

    def put_queued(self, event_type: str, events: Sequence[Any]) -> None:
        """Take events of a type of which none may go missing uncounted."""
        self._queue.extend((event_type, event) for event in events)
        while len(self._queue) > self._waiting_max:
            dropped, _ = self._queue.popleft()
            self._statistics.dropped[dropped] += 1
        self._note_peak()

    def put_candles(self, events: Sequence[CandleEvent]) -> list[str]:
        """Take candles; return the symbols of those that had to be dropped."""
        for event in events:
            key = event.symbol, event.index
            self._statistics.conflated["Candle"] += key in self._candles
            self._candles[key] = event
        dropped = []
        while len(self._candles) > self._waiting_max:
            oldest = next(iter(self._candles))
            del self._candles[oldest]
            dropped.append(oldest[0])
        self._statistics.dropped["Candle"] += len(dropped)
        self._note_peak()
        return dropped

    def put_report(self, report: GapReport | BackfillReport) -> None:
        """Take a report."""
        self._reports.append(report)

    def put_rejected(self, rejected: EventRejected) -> None:
        """Take word of an event that cannot be read."""
        self._statistics.rejected[rejected.event_type] += 1
        if self._rejected < _REJECTED_MAX:
            self._rejected += 1
            self._reports.append(rejected)

    def forget(self, event_type: str, symbol: str) -> None:
        """Drop what waits of a conflated type and symbol: it is not subscribed any more."""
        if event_type in self._latest:
            self._latest[event_type].pop(symbol, None)

    def take(self) -> list[FeedItem]:
        """Return what waits, each once: reports, then queued events in order, candles, and latest values."""
        delivered = self._statistics.delivered
        items: list[FeedItem] = [item for item in self._reports if not isinstance(item, BackfillReport)]
        for event_type, event in self._queue:
            delivered[event_type] += 1
            items.append(event)
        items += self._candles.values()
        delivered["Candle"] += len(self._candles)
        for event_type, waiting in self._latest.items():
            delivered[event_type] += len(waiting)
            items += waiting.values()
            waiting.clear()
        items += [item for item in self._reports if isinstance(item, BackfillReport)]  # behind its candles
        self._candles.clear()
        self._queue.clear()
        self._reports.clear()
        self._rejected = 0
        return items

    def _note_peak(self) -> None:
        self._statistics.waiting_peak = max(self._statistics.waiting_peak, self.waiting)
