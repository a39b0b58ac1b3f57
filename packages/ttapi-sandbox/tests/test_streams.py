# SPDX-License-Identifier: Apache-2.0
"""The market data stream on a real socket, spoken to by a plain websocket client."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import websockets

from ttapi_core import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

OPEN = datetime(2026, 11, 19, 17, tzinfo=UTC)
YEAR = int(datetime(2025, 11, 19, tzinfo=UTC).timestamp()) * 1000


async def test_whole_flow_from_the_quote_token_to_a_quote(
    run: Callable[..., Any], stream: Callable[..., Any]
) -> None:
    async with run() as (sandbox, client), stream(sandbox) as feed:
        token = (await client.get("/api-quote-tokens")).json()["data"]["token"]
        await feed.say("SETUP", version="0.1-test", keepaliveTimeout=30, acceptKeepaliveTimeout=40)
        setup = await feed.hear()
        assert (setup["type"], setup["keepaliveTimeout"]) == ("SETUP", 40)
        assert "SIMULATED" in setup["version"]
        assert await feed.hear() == {"type": "AUTH_STATE", "channel": 0, "state": "UNAUTHORIZED"}
        await feed.say("AUTH", token=token)
        assert (await feed.hear())["state"] == "AUTHORIZED"
        await feed.say("CHANNEL_REQUEST", 3, service="FEED", parameters={"contract": "TICKER"})
        assert await feed.hear() == {
            "type": "CHANNEL_OPENED",
            "channel": 3,
            "service": "FEED",
            "parameters": {"contract": "TICKER", "subFormat": "LIST"},
        }
        fields = ["eventSymbol", "bidPrice", "unknown", "askPrice"]
        await feed.say("FEED_SETUP", 3, acceptDataFormat="COMPACT", acceptEventFields={"Quote": fields})
        config = await feed.hear()
        assert (config["type"], config["dataFormat"]) == ("FEED_CONFIG", "COMPACT")
        assert "eventFields" not in config
        await feed.say("FEED_SUBSCRIPTION", 3, add=[{"type": "Quote", "symbol": "BRK/B"}])
        assert (await feed.hear())["eventFields"] == {"Quote": fields}
        message = await feed.hear()
        kind, (symbol, bid, unknown, ask) = message["data"]
        quote = (await client.get("/market-data/Equity/BRK%2FB")).json()["data"]
        assert (message["channel"], kind, symbol, unknown) == (3, "Quote", "BRK/B", None)
        assert (bid, ask) == (float(quote["bid"]), float(quote["ask"]))
        await feed.say("KEEPALIVE")
        assert await feed.hear() == {"type": "KEEPALIVE", "channel": 0}
        await feed.say("CHANNEL_CANCEL", 3)
        assert await feed.hear() == {"type": "CHANNEL_CLOSED", "channel": 3}
        assert sandbox.statistics.streams == 1


async def test_wrong_token_is_an_error_and_the_end(
    run: Callable[..., Any], stream: Callable[..., Any]
) -> None:
    async with run() as (sandbox, _), stream(sandbox) as feed:
        await feed.say("SETUP", version="0.1-test")
        await feed.say("AUTH", token="nope")
        assert (await feed.hear_kind("ERROR"))["error"] == "UNAUTHORIZED"
        with pytest.raises(websockets.ConnectionClosedOK):
            await feed.hear()


async def test_year_of_candles_for_eighteen_names_is_complete_and_small_enough(
    run: Callable[..., Any], stream: Callable[..., Any], quote_token: Callable[..., str]
) -> None:
    async with run() as (sandbox, _), stream(sandbox) as feed:
        await feed.open(quote_token(sandbox), contract="HISTORY")
        symbols = [listing.symbol for listing in sandbox.application.market.listings[:18]]
        await feed.add(*(("Candle", f"{symbol}{{=d}}", YEAR) for symbol in symbols))
        events = await feed.events(18 * 252)
        by_symbol: dict[str, list[dict[str, Any]]] = {}
        for event in events:
            by_symbol.setdefault(event["eventSymbol"], []).append(event)
        assert set(by_symbol) == {f"{symbol}{{=d}}" for symbol in symbols}
        for candles in by_symbol.values():
            assert [candle["time"] for candle in candles] == sorted(
                {candle["time"] for candle in candles}, reverse=True
            )
            flags = [candle["eventFlags"] for candle in candles]
            assert (flags[0], flags[-1], set(flags[1:-1])) == (4, 8, {0})
            assert candles[-1]["time"] == YEAR


async def test_nineteen_snapshots_at_once_are_refused_whole(
    run: Callable[..., Any], stream: Callable[..., Any], quote_token: Callable[..., str]
) -> None:
    async with run() as (sandbox, _), stream(sandbox) as feed:
        await feed.open(quote_token(sandbox))
        symbols = [listing.symbol for listing in sandbox.application.market.listings[:19]]
        await feed.add(*(("Candle", f"{symbol}{{=d}}", YEAR) for symbol in symbols))
        refusal = await feed.hear_kind("ERROR")
        assert (refusal["channel"], refusal["error"]) == (1, "BAD_ACTION")
        assert "subscription size" in refusal["message"]
        await feed.add(("Candle", "SPY{=d}", YEAR))
        assert (await feed.events(1))[0]["eventSymbol"] == "SPY{=d}"


async def test_live_quotes_follow_while_the_market_is_open(
    run: Callable[..., Any], stream: Callable[..., Any], quote_token: Callable[..., str]
) -> None:
    clock = ManualClock(OPEN)
    async with run(clock=clock, ticks_per_s=1, candle_ticks=True) as (sandbox, _), stream(sandbox) as feed:
        await feed.open(quote_token(sandbox))
        await feed.add(("Quote", "SPY"), ("Trade", "SPY"), ("Candle", "SPY{=d}", YEAR))
        first = await feed.events(3 + 251)
        clock.advance(600)
        more = await feed.events(3)
        assert {event["eventType"] for event in more} == {"Quote", "Trade", "Candle"}
        newest = next(event for event in first if event["eventType"] == "Candle")
        running = next(event for event in more if event["eventType"] == "Candle")
        assert (running["index"], running["eventFlags"]) == (newest["index"], 0)
        assert running["volume"] > newest["volume"]


async def test_nothing_ticks_once_the_market_has_shut(
    run: Callable[..., Any], stream: Callable[..., Any], quote_token: Callable[..., str]
) -> None:
    clock = ManualClock(datetime(2026, 11, 19, 21, 30, tzinfo=UTC))
    async with run(clock=clock) as (sandbox, _), stream(sandbox) as feed:
        await feed.open(quote_token(sandbox))
        await feed.add(("Quote", "SPY"))
        await feed.events(1)
        clock.advance(5)
        await asyncio.sleep(0.05)
        await feed.say("KEEPALIVE")
        assert (await feed.hear())["type"] == "KEEPALIVE"


async def test_silent_client_is_given_up_after_its_own_timeout(
    run: Callable[..., Any], stream: Callable[..., Any]
) -> None:
    clock = ManualClock(OPEN)
    async with run(clock=clock, ticks_per_s=0) as (sandbox, _), stream(sandbox) as feed:
        await feed.say("SETUP", version="0.1-test", keepaliveTimeout=20, acceptKeepaliveTimeout=20)
        await feed.hear_kind("AUTH_STATE")

        async def pass_time() -> None:
            while True:
                clock.advance(5)
                await asyncio.sleep(0.01)

        passing = asyncio.create_task(pass_time())
        # Iterating ends without an error only when the server closed the connection in good order.
        heard = [json.loads(message) async for message in feed.socket]
        passing.cancel()
        assert heard[-1]["error"] == "TIMEOUT"
        assert {"type": "KEEPALIVE", "channel": 0} in heard


async def test_streams_are_told_of_the_restart_when_the_server_ends(
    run: Callable[..., Any], stream: Callable[..., Any], quote_token: Callable[..., str]
) -> None:
    async with run() as (sandbox, _), stream(sandbox) as feed:
        await feed.open(quote_token(sandbox))
        closing = sandbox.application.closing
        assert not closing.is_set()
        ending = asyncio.create_task(sandbox.__aexit__(None, None, None))
        with pytest.raises(websockets.ConnectionClosed) as caught:
            await feed.hear()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1012
        await ending


async def test_unknown_stream_path_is_refused(run: Callable[..., Any]) -> None:
    async with run() as (sandbox, _):
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(sandbox.url.replace("http", "ws") + "/nope")


async def faulty(
    run: Callable[..., Any], stream: Callable[..., Any], fault: str, act: Callable[..., Any]
) -> Any:
    async with run(faults=(fault,)) as (sandbox, _), stream(sandbox) as feed:
        await feed.open(sandbox.application.tokens.issue("quote", 1e6))
        result = await act(feed)
        (kind,) = sandbox.statistics.faults
        assert fault.startswith(f"kind={kind}")
        return result


async def listen(feed: Any) -> list[dict[str, Any]]:
    heard = []
    await feed.add(("Quote", "SPY"), ("Trade", "SPY"), ("Summary", "SPY"), ("Profile", "SPY"))
    while True:
        try:
            heard.append(await asyncio.wait_for(feed.hear(), 0.2))
        except (TimeoutError, websockets.ConnectionClosed) as exc:
            heard.append(
                {"type": type(exc).__name__, "code": getattr(getattr(exc, "rcvd", None), "code", None)}
            )
            return heard


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("kind=stream-drop,after=8", {"type": "ConnectionClosedError", "code": None}),
        ("kind=stream-reset,after=8", {"type": "ConnectionClosedError", "code": None}),
        ("kind=stream-restart,after=8", {"type": "ConnectionClosedError", "code": 1012}),
        ("kind=stream-mute,after=8", {"type": "TimeoutError", "code": None}),
    ],
)
async def test_stream_fault_ends_or_silences_it_after_so_many_messages(
    run: Callable[..., Any], stream: Callable[..., Any], fault: str, end: dict[str, Any]
) -> None:
    heard = await faulty(run, stream, fault, listen)
    assert heard[-1] == end
    # Five messages open the channel; three more came before the fault.
    assert len(heard) == 4


async def test_error_fault_says_so_and_goes_on(run: Callable[..., Any], stream: Callable[..., Any]) -> None:
    heard = await faulty(run, stream, "kind=stream-error", listen)
    assert [message.get("error") for message in heard].count("UNKNOWN") == 1
    assert sum(message["type"] == "FEED_DATA" for message in heard) == 4


async def test_full_fault_switches_the_format_unasked(
    run: Callable[..., Any], stream: Callable[..., Any]
) -> None:
    async def listen_twice(feed: Any) -> list[dict[str, Any]]:
        return [*await listen(feed), *await listen(feed)]

    heard = await faulty(run, stream, "kind=stream-full", listen_twice)
    switch = next(number for number, message in enumerate(heard) if message.get("dataFormat") == "FULL")
    after = [message for message in heard[switch:] if message["type"] == "FEED_DATA"]
    before = [message for message in heard[:switch] if message["type"] == "FEED_DATA"]
    assert [type(message["data"][0]) for message in (*before, *after)] == [str] * 4 + [dict] * 4


async def test_empty_fault_takes_the_candles_out_of_snapshots(
    run: Callable[..., Any], stream: Callable[..., Any]
) -> None:
    async def candles(feed: Any) -> list[dict[str, Any]]:
        await feed.add(("Candle", "SPY{=d}", YEAR))
        await feed.add(("Candle", "QQQ{=d}", YEAR))
        found: list[dict[str, Any]] = await feed.events(1)
        return found

    (event,) = await faulty(run, stream, "kind=stream-empty,after=5", candles)
    assert (event["eventFlags"], event["time"], event["close"]) == (14, YEAR, "NaN")


async def test_twenty_years_asked_of_every_name_keep_frames_small_in_both_formats(
    run: Callable[..., Any], stream: Callable[..., Any], quote_token: Callable[..., str]
) -> None:
    # The client refuses frames beyond 65,536 bytes, and `hear` checks it again.
    for data_format in ("COMPACT", "FULL"):
        async with run() as (sandbox, _), stream(sandbox) as feed:
            await feed.open(quote_token(sandbox), data_format=data_format)
            await feed.add(("Candle", "AAPL{=d,tho=true}", 0), ("Quote", "AAPL"))
            events = await feed.events(2236)
            candles = [event for event in events if event["eventType"] == "Candle"]
            assert len(candles) == 2234 + 1
            assert (candles[-1]["eventFlags"], candles[-1]["time"]) == (10, 0)
            assert json.dumps(candles[-1]).count("NaN") in {0, 11}
