# SPDX-License-Identifier: Apache-2.0
"""Events of an instrument put together, and gaps told when they begin and when they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.decimals import exact
from ttapi_client.dxlink_events import EventRejected, QuoteEvent, SummaryEvent, TradeETHEvent, TradeEvent
from ttapi_client.dxlink_reports import FeedStatistics, GapReport
from ttapi_client.market_watch import LOOK_S, FeedWatch, with_event
from ttapi_core import (
    ConnectionLostError,
    DataError,
    FeedGap,
    ManualClock,
    MarketSnapshot,
    MarketWatch,
    StreamInterruptedError,
    Symbol,
    TTError,
)

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
SPY = MarketSnapshot(symbol=Symbol.parse("SPY"), time=NOW, previous_close=Decimal(600))


def quote(
    bid: float | None = 612.34, ask: float | None = 612.36, time_ms: int | None = NOW_MS + 1000
) -> QuoteEvent:
    return QuoteEvent("SPY", time_ms, time_ms, bid, ask, 100.0, 200.0)


def sale(
    price: float | None, time_ms: int | None = NOW_MS, volume: float | None = 5e6, kind: Any = TradeEvent
) -> Any:
    return kind("SPY", time_ms, 1, "Q", price, 0.1, 100.0, 20_000, volume, None, "UP", kind is TradeETHEvent)


def summary(previous_close: float | None = 601.5) -> SummaryEvent:
    return SummaryEvent("SPY", 20_000, 610.0, None, 609.0, None, "", 19_999, previous_close, "", None, 7)


def after(*events: object) -> MarketSnapshot:
    known = SPY
    for event in events:
        known = with_event(known, event, read_at=NOW)
    return known


@given(st.decimals(min_value=0, max_value=10**9, places=4))
def test_a_price_keeps_the_digits_of_the_wire(price: Decimal) -> None:
    assert exact(float(price)) == price


def test_events_add_up_to_one_market() -> None:
    known = after(quote(), sale(612.35), summary())
    assert (known.bid, known.ask, known.bid_size) == (Decimal("612.34"), Decimal("612.36"), Decimal(100))
    assert (known.last, known.last_trade_at, known.volume) == (Decimal("612.35"), NOW, Decimal(5_000_000))
    assert (known.open, known.high, known.previous_close) == (Decimal(610), None, Decimal("601.5"))
    assert known.change == Decimal("10.85")
    assert known.time == NOW + timedelta(seconds=1), "a later time is never taken back"


def test_a_side_that_is_empty_now_is_none() -> None:
    assert after(quote(), quote(bid=None)).bid is None


def test_what_says_nothing_new_is_the_same_value() -> None:
    known = after(quote())
    assert with_event(known, quote(time_ms=NOW_MS + 9000), read_at=NOW) is known
    assert with_event(known, object(), read_at=NOW) is known


def test_a_summary_that_does_not_know_the_close_before_keeps_it() -> None:
    assert after(summary(previous_close=None)).previous_close == 600


def test_the_newest_sale_counts_in_and_out_of_hours_and_the_volume_is_that_of_the_session() -> None:
    late = sale(613.0, NOW_MS + 5000, volume=1000.0, kind=TradeETHEvent)
    known = after(sale(612.0), late, sale(612.0))
    assert (known.last, known.volume) == (Decimal(613), Decimal(5_000_000))
    assert after(sale(612.0), sale(None)).last == 612


class ScriptedFeed:
    """A feed whose items are put in by hand."""

    def __init__(self) -> None:
        self.statistics = FeedStatistics()
        self.queue: asyncio.Queue[Any] = asyncio.Queue()

    async def items(self) -> AsyncGenerator[Any, None]:
        while True:
            item = await self.queue.get()
            if isinstance(item, TTError):
                raise item
            yield item


class Running:
    """A watch over a feed by hand, its tasks under way."""

    def __init__(self) -> None:
        self.feed, self.clock = ScriptedFeed(), ManualClock()
        self.watch = FeedWatch(self.feed, {"SPY": SPY}, self.clock)  # type: ignore[arg-type] # a fake of it
        self.seen: list[MarketSnapshot | FeedGap] = []
        self.error: TTError | None = None

    async def _collect(self) -> None:
        try:
            async with aclosing(self.watch.updates()) as updates:
                async for update in updates:
                    self.seen.append(update)
        except TTError as exc:
            self.error = exc

    async def __aenter__(self) -> Self:
        self.tasks = [
            asyncio.create_task(work) for work in (self.watch.read(), self.watch.look(), self._collect())
        ]
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def settle(self, *items: object) -> None:
        for item in items:
            self.feed.queue.put_nowait(item)
        for _ in range(20):
            await asyncio.sleep(0)


def gap(number: int) -> GapReport:
    cause = ConnectionLostError("cut")
    return GapReport(number=number, start=NOW, detected=NOW, end=NOW, symbols=("SPY",), cause=cause)


async def test_updates_come_and_it_is_live_from_the_first_one_on() -> None:
    async with Running() as running:
        assert isinstance(running.watch, MarketWatch)
        assert not running.watch.is_live
        await running.settle(quote())
        assert running.watch.is_live
        assert [getattr(update, "bid", None) for update in running.seen] == [Decimal("612.34")]


async def test_a_gap_is_told_when_it_begins_and_when_it_ends() -> None:
    async with Running() as running:
        await running.settle(quote())
        running.feed.statistics.gaps = 1
        running.clock.advance(LOOK_S)
        await running.settle()
        assert not running.watch.is_live
        assert running.seen[-1] == FeedGap(number=1, cause="nothing comes in")
        await running.settle(gap(1), quote(bid=613.0))
        assert running.watch.is_live
        ended, update = running.seen[-2:]
        assert (ended, running.watch.gaps) == (FeedGap(number=1, cause="cut", start=NOW, end=NOW), 1)
        assert getattr(update, "bid", None) == 613


async def test_a_gap_too_short_to_be_seen_beginning_is_counted_once() -> None:
    async with Running() as running:
        await running.settle(quote())
        running.feed.statistics.gaps = 1
        await running.settle(gap(1))
        running.clock.advance(LOOK_S)
        await running.settle()
        assert [update for update in running.seen if isinstance(update, FeedGap)] == [
            FeedGap(number=1, cause="cut", start=NOW, end=NOW)
        ]
        assert (running.watch.gaps, running.watch.is_live) == (1, True)


async def test_a_slow_reader_gets_the_latest_of_each_instrument() -> None:
    running = Running()
    reader = asyncio.create_task(running.watch.read())
    await running.settle(*(quote(bid=float(bid)) for bid in range(600, 700)))
    async with aclosing(running.watch.updates()) as updates:
        update = await anext(updates)
    assert getattr(update, "bid", None) == 699
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)


async def test_what_cannot_be_read_is_counted_and_the_rest_goes_on() -> None:
    async with Running() as running:
        await running.settle(
            EventRejected("Quote", "SPY", DataError("is no number", column="bidPrice")),
            quote(bid=float("inf")),
            quote(),
        )
        assert running.watch.left_out == 2
        assert len(running.seen) == 1


async def test_what_ends_the_feed_ends_the_updates_after_what_came_before() -> None:
    async with Running() as running:
        await running.settle(quote(), StreamInterruptedError("the grant was refused"))
        assert len(running.seen) == 1
        assert "the grant was refused" in str(running.error)
        assert not running.watch.is_live


@pytest.mark.parametrize("symbol", ["AAPL", ""])
async def test_an_event_of_another_instrument_changes_nothing(symbol: str) -> None:
    async with Running() as running:
        await running.settle(QuoteEvent(symbol, 1, 1, 1.0, 2.0, 3.0, 4.0))
        assert running.seen == []
