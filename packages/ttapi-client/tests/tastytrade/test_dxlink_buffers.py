# SPDX-License-Identifier: Apache-2.0
"""What waits for the reader: the policy of each type, the bound, and the counts."""

from __future__ import annotations

from ttapi_client.dxlink_buffers import EventBuffer
from ttapi_client.dxlink_events import CandleEvent, EventRejected, QuoteEvent
from ttapi_client.dxlink_reports import BackfillReport, FeedStatistics
from ttapi_core import DataError


def quote(symbol: str, bid: float) -> QuoteEvent:
    return QuoteEvent(symbol, 1, 1, bid, bid, 1, 1)


def candle(symbol: str, index: int, close: float) -> CandleEvent:
    return CandleEvent(symbol, 0, index, index, 0, 1, close, close, close, close, 1, close)


def test_latest_quote_of_a_symbol_waits_and_the_others_are_counted() -> None:
    statistics = FeedStatistics()
    buffer = EventBuffer(statistics)
    buffer.put_latest("Quote", ["A", "B", "A"], [quote("A", 1), quote("B", 2), quote("A", 3)])
    buffer.put_latest("Quote", ["B"], [quote("B", 4)])
    assert buffer.waiting == 2
    assert buffer.take() == [quote("A", 3), quote("B", 4)]
    assert (statistics.conflated["Quote"], statistics.delivered["Quote"]) == (2, 2)
    assert buffer.take() == []


def test_queued_events_beyond_the_bound_are_dropped_oldest_first_and_counted() -> None:
    statistics = FeedStatistics()
    buffer = EventBuffer(statistics, waiting_max=5)
    buffer.put_queued("Trade", [1, 2, 3])
    buffer.put_queued("TimeAndSale", [4, 5, 6, 7])
    assert buffer.take() == [3, 4, 5, 6, 7]
    assert statistics.dropped == {"Trade": 2}
    assert statistics.waiting_peak == 5


def test_latest_candle_of_each_index_waits_and_drops_are_told() -> None:
    statistics = FeedStatistics()
    buffer = EventBuffer(statistics, waiting_max=2)
    assert buffer.put_candles([candle("A", 1, 1), candle("A", 1, 2), candle("A", 2, 3)]) == []
    assert buffer.put_candles([candle("B", 1, 4)]) == ["A"]
    assert buffer.take() == [candle("A", 2, 3), candle("B", 1, 4)]
    assert (statistics.conflated["Candle"], statistics.dropped["Candle"]) == (1, 1)


def test_backfill_report_comes_behind_its_candles_and_rejections_before() -> None:
    buffer = EventBuffer(FeedStatistics())
    rejected = EventRejected("Quote", "A", DataError("no"))
    report = BackfillReport(gap=1, candles=1)
    buffer.put_report(report)
    buffer.put_rejected(rejected)
    buffer.put_candles([candle("A", 1, 1)])
    assert buffer.take() == [rejected, candle("A", 1, 1), report]


def test_rejections_that_nobody_takes_are_counted_and_bounded() -> None:
    statistics = FeedStatistics()
    buffer = EventBuffer(statistics)
    for _ in range(5000):
        buffer.put_rejected(EventRejected("Quote", "A", DataError("no")))
    assert len(buffer.take()) == 1000
    assert statistics.rejected["Quote"] == 5000


def test_symbol_that_is_not_subscribed_any_more_is_forgotten() -> None:
    buffer = EventBuffer(FeedStatistics())
    buffer.put_latest("Quote", ["A", "B"], [quote("A", 1), quote("B", 2)])
    buffer.forget("Quote", "A")
    assert buffer.take() == [quote("B", 2)]
