# SPDX-License-Identifier: Apache-2.0
"""The live feed over real sockets: typed events, reconnection, changes while running, and its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ttapi_client.dxlink_engine import FeedPolicy
from ttapi_client.dxlink_events import CandleEvent, QuoteEvent
from ttapi_client.dxlink_feed import MarketFeed
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import BackfillReport, GapReport
from ttapi_client.market_data import QuoteToken
from ttapi_core import GrantRefusedError, StreamInterruptedError, SystemClock, UsageError

QUICK = FeedPolicy(wait_initial_s=0.001, wait_max_s=0.002, outage_max_s=0.5)
SPY = [Subscription("Quote", "SPY")]


@pytest.fixture
async def feed_of(dxlink_server: Any) -> AsyncIterator[Callable[..., Any]]:
    """Open feeds to the fake server; they are closed at the end."""
    async with contextlib.AsyncExitStack() as feeds:

        async def token() -> QuoteToken:
            end = datetime.now(UTC) + timedelta(hours=24)
            return QuoteToken(token="t", dxlink_url=dxlink_server.url, expires_at=end)

        async def make(ask: Any = token, policy: FeedPolicy = QUICK) -> MarketFeed:
            return await feeds.enter_async_context(
                MarketFeed(ask, policy=policy, clock=SystemClock(), seed=1)
            )

        yield make


async def until(feed: MarketFeed, done: Callable[[list[Any]], bool]) -> list[Any]:
    """Read items until ``done`` says so of all that came."""
    found: list[Any] = []
    async with asyncio.timeout(10), contextlib.aclosing(feed.items()) as items:
        async for item in items:
            found.append(item)
            if done(found):
                break
    return found


def one(kind: type[Any]) -> Callable[[list[Any]], bool]:
    return lambda found: any(isinstance(item, kind) for item in found)


async def test_typed_quote_comes(feed_of: Any) -> None:
    feed = await feed_of()
    feed.add(SPY)
    (quote,) = await until(feed, one(QuoteEvent))
    assert (quote.symbol, quote.bid, quote.ask, quote.ask_size) == ("SPY", 10.0, 11.0, 4)
    assert feed.statistics.delivered["Quote"] == 1


async def test_candles_come_oldest_first_from_the_snapshot(feed_of: Any) -> None:
    feed = await feed_of()
    feed.add([Subscription("Candle", "SPY{=d}", 0)])
    candles = await until(feed, lambda found: len(found) == 5)
    assert all(isinstance(candle, CandleEvent) for candle in candles)
    assert [candle.time_ms for candle in candles] == sorted(candle.time_ms for candle in candles)
    assert candles[-1].time.isoformat() == "2026-11-19T00:00:00+00:00"


async def test_broken_connection_is_reported_and_subscribed_again(dxlink_server: Any, feed_of: Any) -> None:
    feed = await feed_of()
    feed.add([*SPY, Subscription("Candle", "SPY{=d}", 0)])
    await until(feed, lambda found: one(QuoteEvent)(found) and one(CandleEvent)(found))
    await dxlink_server.open_sockets[0].close(1012)
    found = await until(feed, lambda found: one(BackfillReport)(found) and one(QuoteEvent)(found))
    gaps = [item for item in found if isinstance(item, GapReport)]
    assert {gap.symbols for gap in gaps} == {("SPY",), ("SPY{=d}",)}
    assert all("1012" in str(gap.cause) and gap.attempts == 1 for gap in gaps)
    assert feed.statistics.connects == 2


async def test_subscriptions_change_while_running(dxlink_server: Any, feed_of: Any) -> None:
    feed = await feed_of()
    feed.add(SPY)
    await until(feed, one(QuoteEvent))
    feed.add([Subscription("Quote", "QQQ")])
    feed.remove(SPY)
    (quote,) = await until(feed, one(QuoteEvent))
    assert quote.symbol == "QQQ"
    feed.use_format("FULL")
    for _ in range(100):
        await asyncio.sleep(0.01)
        if any(frame.get("acceptDataFormat") == "FULL" for frame in dxlink_server.frames):
            break
    assert [frame["remove"] for frame in dxlink_server.frames if "remove" in frame] == [
        [{"type": "Quote", "symbol": "SPY"}]
    ]
    assert dxlink_server.frames[-1]["acceptDataFormat"] == "FULL"


async def test_refused_grant_ends_the_feed(feed_of: Any) -> None:
    async def refuse() -> QuoteToken:
        raise GrantRefusedError("no")

    feed = await feed_of(refuse)
    with pytest.raises(GrantRefusedError):
        await until(feed, lambda _: False)


async def test_outage_that_lasts_too_long_ends_the_feed(feed_of: Any) -> None:
    async def nowhere() -> QuoteToken:
        return QuoteToken(token="t", dxlink_url="ws://127.0.0.1:1/x")

    feed = await feed_of(nowhere)
    with pytest.raises(StreamInterruptedError):
        await until(feed, lambda _: False)
    assert feed.statistics.connects > 3


async def test_fault_of_the_callers_function_is_an_interruption(feed_of: Any) -> None:
    async def broken() -> QuoteToken:
        raise KeyError("token")

    feed = await feed_of(broken)
    with pytest.raises(StreamInterruptedError):
        await until(feed, lambda _: False)


async def test_feed_that_was_not_entered_or_is_entered_twice_is_a_usage_error(feed_of: Any) -> None:
    feed = await feed_of()
    with pytest.raises(UsageError):
        await feed.__aenter__()

    async def token() -> QuoteToken:
        raise AssertionError

    with pytest.raises(UsageError):
        await anext(MarketFeed(token).items())


async def test_closing_ends_the_reader_and_leaves_no_task(dxlink_server: Any) -> None:
    async def token() -> QuoteToken:
        return QuoteToken(token="t", dxlink_url=dxlink_server.url)

    before = asyncio.all_tasks()
    async with MarketFeed(token, policy=QUICK) as feed:
        feed.add(SPY)
        await until(feed, one(QuoteEvent))
        reading = asyncio.create_task(until(feed, lambda _: False))
        await asyncio.sleep(0.01)
    assert await reading == []
    assert {task for task in asyncio.all_tasks() - before if task.get_name().startswith("feed")} == set()
