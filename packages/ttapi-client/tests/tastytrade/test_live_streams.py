# SPDX-License-Identifier: Apache-2.0
"""Subscriptions of a provider over real sockets: what comes, what a slow reader gets, outages, and their end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ttapi_client.dxlink_engine import FeedPolicy
from ttapi_client.live_streams import account_url_of
from ttapi_client.provider import TastytradeProvider, open_tastytrade
from ttapi_core import Event, GrantRefusedError, ParameterError, Quote, Trade, UsageError

FEED = FeedPolicy(wait_initial_s=0.001, wait_max_s=0.002, outage_max_s=0.3, waiting_max=400)


@pytest.fixture
async def provider(broker: Any) -> AsyncIterator[TastytradeProvider]:
    async with open_tastytrade(
        "https://api.example.com",
        "secret",
        "refresh",
        name="sandbox",
        simulated=True,
        feed=FEED,
        transport=httpx.MockTransport(broker),
        seed=1,
    ) as provider:
        yield provider


async def reached(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a socket's other end has no event to wait for
            await asyncio.sleep(0.002)


async def until(
    events: AsyncGenerator[Event, None], done: Callable[[list[Any]], object], found: list[Any] | None = None
) -> list[Any]:
    payloads: list[Any] = [] if found is None else found
    async with asyncio.timeout(5):
        while not done(payloads):
            payloads.append((await anext(events)).payload)
    return payloads


async def test_subscription_yields_events_until_closed(provider: TastytradeProvider) -> None:
    events = []
    async with aclosing(provider.subscribe(["quote"], ["AAPL", "MSFT"])) as stream:
        async for event in stream:
            events.append(event)
            if len(events) == 2:
                await provider.aclose()
    assert [(type(event.payload), event.source) for event in events] == [(Quote, "sandbox")] * 2
    assert {event.payload.symbol.canonical for event in events} == {"AAPL", "MSFT"}
    assert events[0].payload.bid == Decimal("10.0")


async def test_event_that_cannot_be_read_is_left_out(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    async with aclosing(provider.subscribe(["quote", "trade"], ["AAPL"])) as events:
        await until(events, len)
        socket = dxlink_server.open_sockets[0]
        await dxlink_server.send_trades(socket, 1, "AAPL", ["much", 12.5])
        await dxlink_server.send_trades(socket, 1, "MSFT", [1])
        (trade,) = await until(events, len)
    assert isinstance(trade, Trade)
    assert (trade.price, trade.exchange_code, trade.extended_hours) == (Decimal("12.5"), "X", True)


@pytest.mark.parametrize("kinds", [[], ["news"], ["quote", "news"]])
async def test_subscription_to_other_kinds_is_a_parameter_error(
    provider: TastytradeProvider, kinds: list[str]
) -> None:
    with pytest.raises(ParameterError):
        await anext(provider.subscribe(kinds, ["AAPL"]))


async def test_outage_is_told_and_quotes_come_again(provider: TastytradeProvider, dxlink_server: Any) -> None:
    async with aclosing(provider.subscribe(["quote"], ["AAPL"])) as events:
        await until(events, len)
        await dxlink_server.open_sockets[0].close(1012)
        notice, quote = await until(events, lambda found: len(found) == 2)
    assert (notice.name, {fact.name: fact.value for fact in notice.facts}["symbols"]) == (
        "events_missing",
        "AAPL",
    )
    assert isinstance(quote, Quote)
    assert dxlink_server.connections == 2


async def test_slow_reader_gets_the_latest_quote(provider: TastytradeProvider, dxlink_server: Any) -> None:
    async with aclosing(provider.subscribe(["quote", "trade"], ["AAPL"])) as events:
        await until(events, len)
        socket = dxlink_server.open_sockets[0]
        for bid in range(50):
            values = ["AAPL", 0, 0, bid, 60, 1, 1]
            await socket.send(json.dumps({"type": "FEED_DATA", "channel": 1, "data": ["Quote", values]}))
        await dxlink_server.send_trades(socket, 1, "AAPL", [7])
        await reached(lambda: next(iter(provider._streams._feeds)).statistics.received["Trade"])
        found = await until(events, lambda found: len(found) == 2)
    assert {type(payload): payload for payload in found}[Quote].bid == Decimal(49)


async def test_trades_come_all_and_in_order(provider: TastytradeProvider, dxlink_server: Any) -> None:
    async with aclosing(provider.subscribe(["trade"], ["AAPL"])) as events:
        first = asyncio.create_task(until(events, len))
        await reached(lambda: any("add" in frame for frame in dxlink_server.frames))
        for n in range(0, 300, 3):
            await dxlink_server.send_trades(dxlink_server.open_sockets[0], 1, "AAPL", [n, n + 1, n + 2])
        found = await until(events, lambda found: len(found) == 300, await first)
    assert [trade.price for trade in found] == list(range(300))


async def test_trades_beyond_the_bound_are_dropped_oldest_first_and_told(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    async with aclosing(provider.subscribe(["quote", "trade"], ["AAPL"])) as events:
        await until(events, len)
        await dxlink_server.send_trades(dxlink_server.open_sockets[0], 1, "AAPL", list(range(407)))
        found = await until(events, lambda found: len(found) == 401)
    assert (found[0].name, found[0].facts[0].value) == ("events_dropped", "7")
    assert [trade.price for trade in found[1:]] == list(range(7, 407))


async def test_subscriptions_have_a_connection_each(provider: TastytradeProvider, dxlink_server: Any) -> None:
    async with aclosing(provider.subscribe(["quote"], ["MSFT"])) as others:
        await until(others, len)
        async with aclosing(provider.subscribe(["quote"], ["AAPL"])) as events:
            await until(events, len)
        await dxlink_server.send_quotes(dxlink_server.open_sockets[0], 1, ["MSFT"])
        (quote,) = await until(others, len)
    assert quote.symbol.canonical == "MSFT"
    assert dxlink_server.connections == 2


async def test_stream_that_cannot_be_had_raises(provider: TastytradeProvider, broker: Any) -> None:
    refusal = {"error_code": "invalid_grant", "error_description": "no"}
    broker.replaced["/oauth/token"] = lambda _request, _number: httpx.Response(400, json=refusal)
    with pytest.raises(GrantRefusedError):
        await anext(provider.subscribe(["quote"], ["AAPL"]))


async def test_closed_provider_is_a_usage_error(provider: TastytradeProvider) -> None:
    await provider.aclose()
    with pytest.raises(UsageError):
        await anext(provider.subscribe(["quote"], ["AAPL"]))
    with pytest.raises(UsageError):
        provider.account_feed(["5WT00001"])


async def test_closing_the_provider_leaves_no_task(provider: TastytradeProvider) -> None:
    before = asyncio.all_tasks()
    async with aclosing(provider.subscribe(["quote"], ["AAPL"])) as events:
        await until(events, len)
        reading = asyncio.create_task(until(events, lambda _: False))
        await asyncio.sleep(0.01)
        await provider.aclose()
        with pytest.raises(StopAsyncIteration):
            await reading
    left = {task for task in asyncio.all_tasks() - before if task is not reading}
    assert {task.get_name() for task in left if task.get_name().startswith(("feed", "line"))} == set()


@pytest.mark.parametrize(
    ("base_url", "account_url"),
    [
        ("https://api.tastyworks.com", "wss://streamer.tastyworks.com"),
        ("https://api.tastytrade.com/", "wss://streamer.tastyworks.com"),
        ("https://api.cert.tastyworks.com", "wss://streamer.cert.tastyworks.com"),
        ("http://127.0.0.1:8123", "ws://127.0.0.1:8123"),
        ("https://[::1]:8123/x", "wss://[::1]:8123"),
    ],
)
def test_account_stream_stands_beside_its_api(base_url: str, account_url: str) -> None:
    assert account_url_of(base_url) == account_url
