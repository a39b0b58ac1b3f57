# SPDX-License-Identifier: Apache-2.0
"""Candle series over real sockets: through drops, silence, damage and refusals."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ttapi_client.candle_history import CandleHistory, HistoryPolicy
from ttapi_client.candles import CandleSeries
from ttapi_client.market_data import QuoteToken
from ttapi_client.snapshots import SnapshotPolicy
from ttapi_core import (
    AuthenticationError,
    Clock,
    GrantRefusedError,
    ManualClock,
    NotEntitledError,
    ParameterError,
    ProtocolError,
    StreamInterruptedError,
    SystemClock,
    TTError,
    UsageError,
)

SINCE = date(2026, 1, 1)
SYMBOLS = [f"S{n}" for n in range(60)]
QUICK = HistoryPolicy(wait_initial_s=0.001, wait_max_s=0.002, connects_max=4)


class Tokens:
    """Gives quote tokens for a fake server, and counts them."""

    def __init__(self, fake: Any) -> None:
        self.fake = fake
        self.given = 0

    async def __call__(self) -> QuoteToken:
        self.given += 1
        return QuoteToken(
            token=f"token-{self.given}",
            dxlink_url=self.fake.url,
            expires_at=datetime.now(UTC) + timedelta(hours=24),
        )


@pytest.fixture
async def stream_of(dxlink_server: Any) -> AsyncIterator[Callable[..., CandleHistory]]:
    """Make streams to the fake server; they are closed at the end."""
    async with contextlib.AsyncExitStack() as streams:

        def make(policy: HistoryPolicy = QUICK, clock: Clock | None = None) -> CandleHistory:
            stream = CandleHistory(Tokens(dxlink_server), policy=policy, clock=clock or SystemClock(), seed=1)
            streams.push_async_callback(stream.aclose)
            return stream

        yield make


async def collected(stream: CandleHistory, symbols: list[str]) -> dict[str, CandleSeries | TTError]:
    results: dict[str, CandleSeries | TTError] = {}
    async with aclosing(stream.candles(symbols, since=SINCE)) as candles:
        async for symbol, result in candles:
            assert symbol not in results
            results[symbol] = result
    return results


async def moving(clock: ManualClock, work: asyncio.Task[Any], step_s: float = 1.0) -> float:
    """Move the clock until ``work`` is done; return the seconds that went by."""
    for _ in range(5000):
        if work.done():
            break
        await asyncio.sleep(0.001)
        clock.advance(step_s)
    return clock.monotonic()


def lengths(results: dict[str, CandleSeries | TTError]) -> dict[str, int]:
    return {symbol: len(series) for symbol, series in results.items() if isinstance(series, CandleSeries)}


async def test_candles_of_many_symbols_come_whole(dxlink_server: Any, stream_of: Any) -> None:
    results = await collected(stream_of(), [*SYMBOLS, SYMBOLS[0]])
    assert lengths(results) == dict.fromkeys(SYMBOLS, 5)
    assert dxlink_server.connections == 1
    assert sorted(dxlink_server.asked) == sorted(SYMBOLS)


async def test_candles_ask_for_history_from_a_day_on(dxlink_server: Any, stream_of: Any) -> None:
    await collected(stream_of(), ["SPY"])
    request = next(frame for frame in dxlink_server.frames if frame["type"] == "CHANNEL_REQUEST")
    added = next(frame for frame in dxlink_server.frames if "add" in frame)["add"]
    assert request["parameters"] == {"contract": "HISTORY"}
    assert added == [{"type": "Candle", "symbol": "SPY{=d,tho=true}", "fromTime": 1_767_225_600_000}]


async def test_candles_never_ask_for_more_than_the_window(dxlink_server: Any, stream_of: Any) -> None:
    await collected(stream_of(), SYMBOLS)
    assert max(len(frame.get("add", [])) for frame in dxlink_server.frames) <= 16


async def test_no_symbols_open_no_connection(dxlink_server: Any, stream_of: Any) -> None:
    assert await collected(stream_of(), []) == {}
    assert dxlink_server.connections == 0


@pytest.mark.parametrize("manners", [{"split": 1}, {"full": True}, {"full": True, "split": 2}])
async def test_candles_are_the_same_however_they_come(
    dxlink_server: Any, stream_of: Any, manners: dict[str, Any]
) -> None:
    plain = await collected(stream_of(), ["A", "B"])
    vars(dxlink_server).update(manners)
    assert await collected(stream_of(), ["A", "B"]) == plain


async def test_dropped_connections_resume_with_what_is_missing(dxlink_server: Any, stream_of: Any) -> None:
    dxlink_server.drop_after = 10
    results = await collected(stream_of(), SYMBOLS)
    assert lengths(results) == dict.fromkeys(SYMBOLS, 5)
    assert dxlink_server.connections >= 6
    assert len(dxlink_server.asked) < 2 * len(SYMBOLS)


async def test_connection_that_always_drops_ends_as_an_error_of_every_symbol(
    dxlink_server: Any, stream_of: Any
) -> None:
    dxlink_server.drop_after = 0
    results = await collected(stream_of(), SYMBOLS[:3])
    assert sorted(results) == SYMBOLS[:3]
    assert all(isinstance(result, StreamInterruptedError) for result in results.values())
    assert dxlink_server.connections == QUICK.connects_max


async def test_spoilt_frames_lose_no_candle(dxlink_server: Any, stream_of: Any) -> None:
    dxlink_server.garbage_every, dxlink_server.split = 13, 2
    policy = HistoryPolicy(snapshots=SnapshotPolicy(progress_timeout_s=0.3))
    clock = ManualClock()
    stream = stream_of(policy, clock)
    work = asyncio.create_task(collected(stream, SYMBOLS))
    await moving(clock, work, 0.05)
    assert lengths(await work) == dict.fromkeys(SYMBOLS, 5)
    assert stream.statistics.frames_rejected > 3


async def test_refused_subscriptions_make_the_window_smaller(dxlink_server: Any, stream_of: Any) -> None:
    dxlink_server.in_flight_max = 4
    clock = ManualClock()
    work = asyncio.create_task(collected(stream_of(QUICK, clock), SYMBOLS[:20]))
    await moving(clock, work, 0.2)
    assert lengths(await work) == dict.fromkeys(SYMBOLS[:20], 5)


async def test_silent_symbols_are_empty_and_the_others_whole(dxlink_server: Any, stream_of: Any) -> None:
    dxlink_server.silent, dxlink_server.empty = {"S3", "S40"}, {"S7"}
    clock = ManualClock()
    work = asyncio.create_task(collected(stream_of(QUICK, clock), SYMBOLS))
    await moving(clock, work, 0.5)
    results = await work
    silent = {
        symbol for symbol, series in results.items() if isinstance(series, CandleSeries) and series.silent
    }
    assert silent == {"S3", "S40"}
    assert lengths(results) == {symbol: 0 if symbol in {"S3", "S7", "S40"} else 5 for symbol in SYMBOLS}
    assert dxlink_server.connections == 1


async def test_connection_that_answers_everything_with_nothing_is_not_believed(
    dxlink_server: Any, stream_of: Any
) -> None:
    dxlink_server.days = 0
    results = await collected(stream_of(), SYMBOLS)
    assert {type(result) for result in results.values()} == {StreamInterruptedError}
    assert dxlink_server.connections == QUICK.connects_max


async def test_mute_socket_is_left_and_the_next_one_answers(dxlink_server: Any, stream_of: Any) -> None:
    dxlink_server.mute_connections = 1
    clock = ManualClock()
    work = asyncio.create_task(collected(stream_of(QUICK, clock), SYMBOLS[:5]))
    seconds = await moving(clock, work)
    assert lengths(await work) == dict.fromkeys(SYMBOLS[:5], 5)
    assert dxlink_server.connections == 2
    assert 10 <= seconds <= 25  # twice the progress timeout, and the turns of the test


async def test_socket_that_stays_mute_ends_as_an_error_within_bounds(
    dxlink_server: Any, stream_of: Any
) -> None:
    dxlink_server.mute_connections = 100
    clock = ManualClock()
    work = asyncio.create_task(collected(stream_of(QUICK, clock), ["A", "B"]))
    seconds = await moving(clock, work)
    assert {type(result) for result in (await work).values()} == {StreamInterruptedError}
    assert seconds <= 100


async def test_refused_token_is_replaced(dxlink_server: Any, stream_of: Any) -> None:
    dxlink_server.refuse_tokens = 1
    stream = stream_of()
    assert lengths(await collected(stream, ["A"])) == {"A": 5}
    tokens = [frame["token"] for frame in dxlink_server.frames if frame["type"] == "AUTH"]
    assert tokens == ["token-1", "token-2"]


async def test_token_that_is_always_refused_ends_as_an_authentication_error(
    dxlink_server: Any, stream_of: Any
) -> None:
    dxlink_server.refuse_tokens = 100
    (result,) = (await collected(stream_of(), ["A"])).values()
    assert isinstance(result, AuthenticationError)


@pytest.mark.parametrize("error", [GrantRefusedError("no"), NotEntitledError("no"), ProtocolError("odd")])
async def test_quote_token_that_cannot_be_had_is_not_asked_for_again(error: TTError) -> None:
    asked = 0

    async def refuse() -> QuoteToken:
        nonlocal asked
        asked += 1
        raise error

    async with CandleHistory(refuse, policy=QUICK) as stream:
        assert await collected(stream, ["A", "B"]) == {"A": error, "B": error}
    assert asked == 1


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "ws://example.com/realtime", "nowhere", "ws://127.0.0.1:1/x"]
)
async def test_address_that_cannot_be_used_is_an_error_of_every_symbol(url: str) -> None:
    async def token() -> QuoteToken:
        return QuoteToken(token="t", dxlink_url=url)

    async with CandleHistory(token, policy=QUICK) as stream:
        (result,) = (await collected(stream, ["A"])).values()
    assert isinstance(result, ProtocolError | StreamInterruptedError)


async def test_two_runs_share_one_connection(dxlink_server: Any, stream_of: Any) -> None:
    stream = stream_of()
    first, second = await asyncio.gather(collected(stream, SYMBOLS[:30]), collected(stream, SYMBOLS[30:]))
    assert lengths(first | second) == dict.fromkeys(SYMBOLS, 5)
    assert dxlink_server.connections == 1


async def test_abandoned_run_closes_its_channel(dxlink_server: Any, stream_of: Any) -> None:
    stream = stream_of()
    async with aclosing(stream.candles(SYMBOLS, since=SINCE)) as candles:
        async for _ in candles:
            break
    assert lengths(await collected(stream, ["A"])) == {"A": 5}
    assert "CHANNEL_CANCEL" in [frame["type"] for frame in dxlink_server.frames]


async def test_rubbish_is_refused_before_anything_is_sent(dxlink_server: Any, stream_of: Any) -> None:
    with pytest.raises(ParameterError):
        await collected(stream_of(), ["SPY{=d}"])
    assert dxlink_server.connections == 0


async def test_closed_stream_is_a_usage_error(stream_of: Any) -> None:
    stream = stream_of()
    await stream.aclose()
    await stream.aclose()
    with pytest.raises(UsageError):
        await collected(stream, ["A"])


def test_importing_the_client_loads_no_websockets() -> None:
    """The heavy parts of the extra are loaded when a stream is opened."""
    code = "import sys, ttapi_client.provider; print('websockets' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


def test_absent_extra_is_named() -> None:
    code = """
import sys
sys.modules["msgspec"] = sys.modules["msgspec.json"] = sys.modules["websockets"] = None
import asyncio
import ttapi_client
from ttapi_core import MissingExtraError
provider = ttapi_client.open_tastytrade("http://127.0.0.1:1", "secret", "refresh")

async def subscribe():
    await anext(provider.subscribe(["quote"], ["SPY"]))

for use in (
    lambda: ttapi_client.CandleHistory(None),
    lambda: ttapi_client.MarketFeed,
    lambda: ttapi_client.AccountFeed,
    lambda: provider.account_feed(["5WT00001"]),
    lambda: asyncio.run(subscribe()),
):
    try:
        use()
    except MissingExtraError as exc:
        print(exc.extra, end=" ")
print(ttapi_client.wire.decode_json(b'[1]'))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == f"{5 * 'stream '}[1]"
