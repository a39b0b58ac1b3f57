# SPDX-License-Identifier: Apache-2.0
"""Both live streams against a sandbox on loopback: every event type, and what happens when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ttapi_client import open_tastytrade
from ttapi_client.account_engine import AccountNotice, AccountState
from ttapi_client.dxlink_engine import FeedPolicy
from ttapi_client.dxlink_events import EVENT_TYPES, CandleEvent, QuoteEvent
from ttapi_client.dxlink_feed import MarketFeed
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import BackfillReport, GapReport
from ttapi_core import Balance, Bar, ManualClock, NotEntitledError, Position
from ttapi_sandbox import Sandbox, SandboxSettings, parse_fault
from ttapi_sandbox.option_chains import ChainBook

OPEN = datetime(2026, 11, 19, 17, tzinfo=UTC)
OPTION = ".SPY261218C650"
QUICK = FeedPolicy(wait_initial_s=0.001, wait_max_s=0.002)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    clock = ManualClock(OPEN)
    async with Sandbox(SandboxSettings(seed=7, symbols=10, candle_ticks=True), clock=clock) as sandbox:
        yield sandbox


async def until(items: Any, done: Callable[[list[Any]], bool]) -> list[Any]:
    found: list[Any] = []
    async with asyncio.timeout(20), contextlib.aclosing(items) as reading:
        async for item in reading:
            found.append(item)
            if done(found):
                break
    return found


def has(*kinds: type[Any]) -> Callable[[list[Any]], bool]:
    return lambda found: {*kinds} <= {type(item) for item in found}


@contextlib.asynccontextmanager
async def market_feed(sandbox: Sandbox, policy: FeedPolicy = QUICK) -> AsyncIterator[MarketFeed]:
    provider = open_tastytrade(sandbox.url, sandbox.client_secret, sandbox.refresh_token)
    try:
        async with MarketFeed(provider.api.quote_token, policy=policy, seed=1) as feed:
            yield feed
    finally:
        await provider.aclose()


@pytest.mark.parametrize("data_format", ["COMPACT", "FULL"])
async def test_every_event_type_comes_typed_in_both_formats(sandbox: Sandbox, data_format: str) -> None:
    options = ["Greeks", "TheoPrice", "Quote", "TimeAndSale"]
    listed = ["Quote", "Trade", "TradeETH", "Summary", "Profile", "Underlying", "TimeAndSale"]
    day_ms = round(OPEN.timestamp() * 1000) - 3_600_000
    async with market_feed(sandbox, FeedPolicy(data_format=data_format)) as feed:
        feed.add(Subscription(kind, "SPY") for kind in listed)
        feed.add(Subscription(kind, OPTION) for kind in options)
        feed.add([Subscription("Candle", "SPY{=5m}", day_ms)])
        found = await until(feed.items(), has(*EVENT_TYPES))
    assert {type(item) for item in found} == {*EVENT_TYPES}
    candles = [item for item in found if isinstance(item, CandleEvent)]
    assert [candle.index for candle in candles] == sorted(candle.index for candle in candles)
    assert feed.statistics.rejected.total() == feed.statistics.unasked == 0


@pytest.mark.parametrize("fault", ["stream-drop", "stream-reset", "stream-restart"])
async def test_market_feed_survives_a_fault_and_reports_it(sandbox: Sandbox, fault: str) -> None:
    async with market_feed(sandbox) as feed:
        sandbox.faults.replace((parse_fault(f"kind={fault},times=1,after=9"),))
        feed.add([Subscription("Quote", "SPY"), Subscription("Candle", "SPY{=d}", 0)])
        ticking = asyncio.create_task(tick(sandbox))
        found = await until(feed.items(), has(GapReport, BackfillReport, QuoteEvent, CandleEvent))
        ticking.cancel()
    assert [item.incomplete for item in found if isinstance(item, BackfillReport)] == [()]
    assert feed.statistics.connects == 2


async def tick(sandbox: Sandbox) -> None:
    clock = sandbox.application.clock
    assert isinstance(clock, ManualClock)
    while True:
        await asyncio.sleep(0.01)
        clock.advance(1)


@pytest.mark.slow
async def test_twenty_two_thousand_contracts_come_complete_on_one_connection(sandbox: Sandbox) -> None:
    market = sandbox.application.market
    moment = market.moment()
    book = ChainBook(market)
    contracts: list[str] = []
    for listing in market.by_symbol.values():
        for root in market.roots(listing, moment):
            contracts += (one.streamer_symbol for one in book.contracts(listing, root, moment))
    contracts = list(dict.fromkeys(contracts))[:22_000]
    assert len(contracts) == 22_000
    async with market_feed(sandbox, FeedPolicy(gap_s=60)) as feed:
        feed.add(Subscription("Quote", contract) for contract in contracts)
        seen: set[str] = set()
        async with asyncio.timeout(90), contextlib.aclosing(feed.items()) as items:
            async for item in items:
                assert isinstance(item, QuoteEvent)
                seen.add(item.symbol)
                if len(seen) == len(contracts):
                    break
    assert seen == {*contracts}
    assert feed.statistics.connects == 1
    assert feed.statistics.dropped.total() == feed.statistics.rejected.total() == feed.statistics.unasked == 0


async def test_account_feed_of_a_provider_hands_out_notices_and_the_state_after_an_outage(
    sandbox: Sandbox,
) -> None:
    board = sandbox.application.notices
    async with open_tastytrade(sandbox.url, sandbox.client_secret, sandbox.refresh_token) as provider:
        number = (await provider.api.accounts())[0].number
        rows = {"account-number": number, "status": "Sample"}
        async with provider.account_feed([number]) as feed:
            async with asyncio.timeout(5):
                while not board.subscriptions:  # noqa: ASYNC110 - a socket's other end has no event to wait for
                    await asyncio.sleep(0.01)
            board.publish(number, {"type": "TradingStatus", "data": rows, "timestamp": 1_795_188_601_400})
            (notice,) = await until(feed.items(), has(AccountNotice))
            assert notice.value == rows
            sandbox.application.tokens.expire_all()
            for connection in list(sandbox.application.notices._subscriptions):
                connection.overflowed = True
                connection.close()
            found = await until(feed.items(), has(GapReport, AccountState))
        state = next(item for item in found if isinstance(item, AccountState))
        assert {type(value) for value in state.values} >= {Balance, Position}


async def test_account_of_another_customer_ends_the_feed(sandbox: Sandbox) -> None:
    async with (
        open_tastytrade(sandbox.url, sandbox.client_secret, sandbox.refresh_token) as provider,
        provider.account_feed(["5WT99999"]) as feed,
    ):
        with pytest.raises(NotEntitledError, match="5WT99999"):
            await until(feed.items(), lambda _: False)


async def test_bars_of_a_provider_run_end_and_go_on(sandbox: Sandbox) -> None:
    options: dict[str, Any] = {"clock": sandbox.application.clock, "feed": FeedPolicy(gap_s=3600)}
    bars: list[Bar] = []
    async with open_tastytrade(
        sandbox.url, sandbox.client_secret, sandbox.refresh_token, **options
    ) as provider:
        ticking = asyncio.create_task(tick(sandbox))
        async with asyncio.timeout(20), contextlib.aclosing(provider.subscribe(["bar"], ["SPY"])) as events:
            async for event in events:
                assert isinstance(event.payload, Bar)
                bars.append(event.payload)
                if sum(bar.final for bar in bars) == 3:
                    break
        ticking.cancel()
    finals = [bar.time for bar in bars if bar.final]
    assert [later - earlier for earlier, later in itertools.pairwise(finals)] == [timedelta(minutes=1)] * 2
    assert len({(bar.time, bar.final) for bar in bars if bar.final}) == 3
    assert any(not bar.final for bar in bars)
    assert [bar.time for bar in bars] == sorted(bar.time for bar in bars)
