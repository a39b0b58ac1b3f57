# SPDX-License-Identifier: Apache-2.0
"""The provider: every dataset's columns, every outcome, each key exactly once, in the fewest requests."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_client.bars import bars_of, finality_at, finality_of
from ttapi_client.calendars import MarketState
from ttapi_client.candle_history import HistoryPolicy
from ttapi_client.candles import CandleSeries
from ttapi_client.datasets import each
from ttapi_client.provider import TastytradeProvider, open_tastytrade
from ttapi_client.snapshots import SnapshotPolicy
from ttapi_core import (
    AnswerMismatchError,
    BreakerPolicy,
    CredentialsError,
    DataAnswer,
    DataError,
    DataProvider,
    DataRequest,
    GrantRefusedError,
    ManualClock,
    MarketDataStream,
    NotEntitledError,
    Outcome,
    RequestRefusedError,
    RetryPolicy,
    ServerFaultError,
    StreamInterruptedError,
    TTError,
    UnknownNameError,
    UsageError,
)

NOW = datetime(2026, 11, 20, 18, tzinfo=UTC)
RETRY = RetryPolicy(attempts_max=3, wait_initial_s=0.001, wait_max_s=0.001)
NEVER_OPEN = BreakerPolicy(failures_max=1_000_000)
HISTORY = HistoryPolicy(
    snapshots=SnapshotPolicy(progress_timeout_s=3.0), wait_initial_s=0.001, wait_max_s=0.001, connects_max=3
)
DATASETS = {"accounts", "symbols", "trading_days", "quotes", "eod_data", "expiration_series"}


@pytest.fixture
async def clock() -> AsyncIterator[ManualClock]:
    """A clock that runs fifty times as fast as the turns of the loop, so that sockets keep up with it."""
    clock = ManualClock(NOW)

    async def run() -> None:
        while True:
            await asyncio.sleep(0.001)
            clock.advance(0.05)

    running = asyncio.create_task(run())
    yield clock
    running.cancel()


@pytest.fixture
async def provider(broker: Any, clock: ManualClock) -> AsyncIterator[TastytradeProvider]:
    async with open_tastytrade(
        "https://api.example.com",
        "secret",
        "refresh",
        name="sandbox",
        simulated=True,
        retry=RETRY,
        breaker=NEVER_OPEN,
        history=HISTORY,
        transport=httpx.MockTransport(broker),
        clock=clock,
        seed=1,
    ) as provider:
        yield provider


async def answers(
    provider: TastytradeProvider, dataset: str, *keys: str, **span: date
) -> dict[str, DataAnswer]:
    found: dict[str, DataAnswer] = {}
    async with aclosing(provider.get_data(DataRequest(dataset=dataset, keys=keys, **span))) as answers:
        async for answer in answers:
            assert answer.key not in found
            assert answer.dataset == dataset
            found[answer.key] = answer
    return found


def outcomes(found: dict[str, DataAnswer]) -> dict[str, str]:
    return {key: answer.outcome.value for key, answer in found.items()}


def table(answer: DataAnswer) -> dict[str, list[Any]]:
    assert isinstance(answer.columns, dict)
    assert len({len(column) for column in answer.columns.values()}) == 1
    return answer.columns


def status(code: int, **body: Any) -> Callable[[httpx.Request, int], httpx.Response]:
    return lambda _request, _number: httpx.Response(code, json=body)


async def test_provider_is_what_it_says(provider: TastytradeProvider) -> None:
    assert isinstance(provider, DataProvider)
    assert isinstance(provider, MarketDataStream)
    assert (provider.name, provider.simulated, provider.datasets) == ("sandbox", True, DATASETS)
    assert "secret" not in repr(provider)


async def test_accounts_without_keys_are_whatever_there_is(provider: TastytradeProvider) -> None:
    found = await answers(provider, "accounts")
    assert outcomes(found) == {"5WT00001": "fresh", "5WT00002": "fresh"}
    assert table(found["5WT00001"]) == {
        "account_number": ["5WT00001"],
        "nickname": [None],
        "account_type": ["Individual"],
        "margin_or_cash": ["Margin"],
        "opened_at": [datetime(2025, 2, 3, 15, 4, 5, tzinfo=UTC)],
        "is_closed": [False],
        "currency": ["USD"],
        "cash_balance": [Decimal("25000.10")],
        "net_liquidating_value": [Decimal(31120)],
        "equity_buying_power": [Decimal("50000.0")],
        "derivative_buying_power": [Decimal("25000.0")],
        "maintenance_requirement": [Decimal("1836.0")],
        "position_count": [1],
    }


async def test_accounts_by_number(provider: TastytradeProvider, broker: Any) -> None:
    broker.replaced["/accounts/5WT00002/positions"] = status(
        403, error={"code": "not_permitted", "message": "no"}
    )
    found = await answers(provider, "accounts", "5WT00001", "5WT00002", "5WT99999")
    assert outcomes(found) == {"5WT00001": "fresh", "5WT00002": "not_entitled", "5WT99999": "unknown"}


async def test_accounts_that_cannot_be_listed_fail_by_key_or_at_once(
    provider: TastytradeProvider, broker: Any
) -> None:
    broker.replaced["/customers/me/accounts"] = status(500)
    assert outcomes(await answers(provider, "accounts", "5WT00001")) == {"5WT00001": "failed"}
    with pytest.raises(ServerFaultError):
        await answers(provider, "accounts")


async def test_symbols_have_their_columns(provider: TastytradeProvider, broker: Any) -> None:
    found = await answers(provider, "symbols", "BRK/B", "SPX", "NOPE")
    assert outcomes(found) == {"BRK/B": "fresh", "SPX": "fresh", "NOPE": "unknown"}
    assert table(found["SPX"]) == {
        "symbol": ["SPX"],
        "description": ["Sample SPX"],
        "instrument_type": ["Equity"],
        "is_etf": [False],
        "is_index": [True],
        "active": [True],
        "is_closing_only": [False],
        "listed_market": ["XNYS"],
        "lendability": [None],
        "streamer_symbol": ["SPX"],
    }
    assert found["SPX"].request_id
    assert broker.paths()["/instruments/equities"] == 1


async def test_symbols_of_507_take_two_requests_and_none_after_the_universe(
    provider: TastytradeProvider, broker: Any, clock: ManualClock
) -> None:
    broker.symbols = [f"S{n:03}" for n in range(507)]
    await answers(provider, "symbols", *broker.symbols)
    assert broker.paths()["/instruments/equities"] == 2
    universe = await provider.universe("all")
    assert len(await answers(provider, "symbols", *universe, "NOPE")) == 508
    assert broker.paths()["/instruments/equities"] == 3
    clock.advance(61)
    await answers(provider, "symbols", *universe)
    assert broker.paths()["/instruments/equities"] == 5


async def test_symbol_that_cannot_be_read_fails_alone(provider: TastytradeProvider, broker: Any) -> None:
    rows = [broker.equity("AAPL"), {**broker.equity("MSFT"), "is-etf": "perhaps"}]
    broker.replaced["/instruments/equities"] = status(200, data={"items": rows})
    found = await answers(provider, "symbols", "AAPL", "MSFT")
    assert outcomes(found) == {"AAPL": "fresh", "MSFT": "failed"}
    assert isinstance(found["MSFT"].cause, DataError)


@pytest.mark.parametrize(("code", "outcome"), [(404, "unknown"), (400, "failed")])
async def test_symbol_that_the_server_dislikes_is_found_by_halving(
    provider: TastytradeProvider, broker: Any, code: int, outcome: str
) -> None:
    def dislike(request: httpx.Request, _number: int) -> httpx.Response | None:
        return httpx.Response(code) if b"MSFT" in request.url.query else None

    for dataset, path in (("symbols", "/instruments/equities"), ("quotes", "/market-data/by-type")):
        broker.replaced[path] = dislike
        found = await answers(provider, dataset, "AAPL", "BRK/B", "MSFT")
        assert outcomes(found)["MSFT"] == outcome
        assert {outcomes(found)[key] for key in ("AAPL", "BRK/B")} == {"fresh"}


async def test_trading_days_have_their_columns(provider: TastytradeProvider) -> None:
    found = await answers(
        provider, "trading_days", "XNYS", "XLON", since=date(2026, 11, 19), until=date(2026, 11, 20)
    )
    assert outcomes(found) == {"XNYS": "fresh", "XLON": "unknown"}
    opened = [datetime(2026, 11, day, 14, 30, tzinfo=UTC) for day in (19, 20)]
    assert table(found["XNYS"]) == {
        "venue": ["XNYS", "XNYS"],
        "date": [date(2026, 11, 19), date(2026, 11, 20)],
        "open_at": opened,
        "close_at": [opened[0] + timedelta(hours=6.5), opened[1] + timedelta(hours=3.5)],
        "early_close": [False, True],
    }


async def test_trading_days_of_which_none_can_be_read_fail(provider: TastytradeProvider, broker: Any) -> None:
    broker.replaced["/market-time/sessions"] = status(200, data={"items": [{"session-date": "x"}]})
    found = await answers(
        provider, "trading_days", "XNYS", since=date(2026, 11, 19), until=date(2026, 11, 20)
    )
    assert outcomes(found) == {"XNYS": "failed"}
    assert isinstance(found["XNYS"].cause, DataError)
    assert found["XNYS"].skipped_count == 1


async def test_trading_days_are_those_of_the_last_year_by_default(provider: TastytradeProvider) -> None:
    days = table((await answers(provider, "trading_days", "XNYS"))["XNYS"])["date"]
    assert (days[0], days[-1]) == (date(2025, 11, 20), date(2026, 11, 20))


async def test_quotes_have_their_columns_and_find_indexes(provider: TastytradeProvider, broker: Any) -> None:
    found = await answers(provider, "quotes", "AAPL", "SPX", "NOPE", "EUR/USD", "not a symbol")
    assert outcomes(found) == {
        "AAPL": "fresh",
        "SPX": "fresh",
        "NOPE": "unknown",
        "EUR/USD": "unknown",
        "not a symbol": "unknown",
    }
    absent = ("bid_size", "ask_size", "mid", "mark", "last", "open", "low", "close", "prev_close")
    assert table(found["AAPL"]) == {name: [None] for name in absent} | {
        "symbol": ["AAPL"],
        "bid": [511.2],
        "ask": [511.24],
        "high": [512.0],
        "volume": [21044210.0],
        "is_halted": [False],
        "quoted_at": [datetime(2026, 11, 20, 18, 0, 0, 120000, tzinfo=UTC)],
    }
    assert broker.paths()["/market-data/by-type"] == 2


async def test_quotes_of_507_symbols_take_six_requests(provider: TastytradeProvider, broker: Any) -> None:
    broker.symbols = [f"S{n:03}" for n in range(507)]
    found = await answers(provider, "quotes", *broker.symbols)
    assert Counter(outcomes(found).values()) == {"fresh": 507}
    assert broker.paths()["/market-data/by-type"] == 6


async def test_quote_that_cannot_be_read_fails_alone(provider: TastytradeProvider, broker: Any) -> None:
    rows = [broker.quote("AAPL"), {**broker.quote("MSFT"), "bid": "much"}]
    broker.replaced["/market-data/by-type"] = status(200, data={"items": rows})
    assert outcomes(await answers(provider, "quotes", "AAPL", "MSFT")) == {"AAPL": "fresh", "MSFT": "failed"}


async def test_quotes_that_cannot_be_had_fail_with_their_cause(
    provider: TastytradeProvider, broker: Any
) -> None:
    broker.replaced["/market-data/by-type"] = status(503)
    found = await answers(provider, "quotes", "AAPL", "MSFT")
    assert {type(answer.cause) for answer in found.values()} == {ServerFaultError}


async def test_bars_have_their_columns(provider: TastytradeProvider) -> None:
    found = await answers(provider, "eod_data", "BRK/B", since=date(2026, 11, 16), until=date(2026, 11, 19))
    columns = table(found["BRK/B"])
    assert columns["date"] == [date(2026, 11, day) for day in (16, 17, 18, 19)]
    assert columns["final"] == [True, True, True, False]  # the market is open on the 19th
    assert {name: column[0] for name, column in columns.items() if name not in {"date", "final"}} == {
        "symbol": "BRK/B",
        "open": 121.0,
        "high": 122.0,
        "low": 120.0,
        "close": 121.0,
        "volume": 1003.0,
        "vwap": 121.0,
        "trade_count": 7,
        "adjusted_close": None,
    }


async def test_bars_are_those_of_the_last_year_by_default(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    await answers(provider, "eod_data", "AAPL")
    added = next(frame for frame in dxlink_server.frames if "add" in frame)["add"]
    assert added[0]["fromTime"] == datetime(2025, 11, 19, tzinfo=UTC).timestamp() * 1000


async def test_bars_of_empty_silent_and_malformed_symbols(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    """Only what the stream said to be empty is empty; a silence is a failure, and asked for again."""
    dxlink_server.empty, dxlink_server.silent = {"BRK/B"}, {"NOPE"}
    found = await answers(provider, "eod_data", "AAPL", "BRK/B", "NOPE", "../x", since=date(2026, 1, 1))
    assert outcomes(found) == {"AAPL": "fresh", "BRK/B": "empty", "NOPE": "failed", "../x": "unknown"}
    assert found["BRK/B"].cause is None
    assert isinstance(found["NOPE"].cause, StreamInterruptedError)
    assert found["NOPE"].attempts == 3


async def test_bars_that_the_server_cut_say_from_when_they_are_whole(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    dxlink_server.snipped = {"AAPL"}
    found = await answers(provider, "eod_data", "AAPL", "MSFT", since=date(2000, 1, 1))
    first = table(found["AAPL"])["date"][0]
    assert outcomes(found) == {"AAPL": "fresh", "MSFT": "fresh"}
    assert found["AAPL"].skipped == (
        f"bars before {first} were cut off by the server (asked since 2000-01-01)",
    )
    assert [found[key].skipped_count for key in ("AAPL", "MSFT")] == [1, 0]


async def test_bars_that_the_server_cut_before_the_asked_day_are_whole(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    dxlink_server.snipped = {"AAPL"}
    answer = (await answers(provider, "eod_data", "AAPL", since=date(2026, 11, 17)))["AAPL"]
    assert table(answer)["date"][0] == date(2026, 11, 17)
    assert (answer.skipped, answer.skipped_count) == ((), 0)


async def test_bars_that_were_all_cut_off_or_refused_fail(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    dxlink_server.snipped, dxlink_server.unpriced = {"AAPL"}, {"MSFT"}
    found = await answers(
        provider, "eod_data", "AAPL", "MSFT", since=date(2000, 1, 1), until=date(2001, 1, 1)
    )
    assert outcomes(found) == {"AAPL": "failed", "MSFT": "failed"}
    assert {type(answer.cause) for answer in found.values()} == {DataError}
    assert [found[key].skipped_count for key in ("AAPL", "MSFT")] == [1, dxlink_server.days]


async def test_bars_count_every_candle_that_was_refused(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    dxlink_server.days, dxlink_server.unpriced = 250, {"MSFT"}
    answer = (await answers(provider, "eod_data", "MSFT", since=date(2000, 1, 1)))["MSFT"]
    assert (answer.skipped_count, len(answer.skipped)) == (250, 101)
    assert answer.skipped[-1] == "MSFT: 150 more"


async def test_bars_that_cannot_be_had_fail_with_their_cause(
    provider: TastytradeProvider, dxlink_server: Any
) -> None:
    dxlink_server.drop_after = 0
    found = await answers(provider, "eod_data", "AAPL", "MSFT")
    assert {type(answer.cause) for answer in found.values()} == {StreamInterruptedError}
    assert set(outcomes(found).values()) == {"failed"}


async def test_bars_are_judged_by_the_calendar_where_the_server_does_not_tell(
    provider: TastytradeProvider, broker: Any
) -> None:
    broker.replaced["/market-time/equities/sessions/current"] = status(502)
    found = await answers(provider, "eod_data", "AAPL", since=date(2026, 11, 18))
    assert table(found["AAPL"])["final"] == [True, True]


async def test_expirations_have_their_columns(provider: TastytradeProvider) -> None:
    found = await answers(provider, "expiration_series", "BRK/B")
    columns = table(found["BRK/B"])
    assert columns["expiration_date"] == [date(2026, 12, 18), date(2027, 1, 15)]
    assert columns["strike_min"] == [505.5, 505.5]
    assert len(columns) == 11


async def test_expirations_tell_no_options_from_no_symbol(provider: TastytradeProvider, broker: Any) -> None:
    """A chain that is 404 is EMPTY if the instrument list knows the symbol, else unknown: one more request."""
    broker.without_chain = {"MSFT"}
    broker.replaced["/option-chains/BRK%2FB/nested"] = status(200, data={"items": []})
    found = await answers(provider, "expiration_series", "AAPL", "MSFT", "BRK/B", "NOPE")
    assert outcomes(found) == {"AAPL": "fresh", "MSFT": "empty", "BRK/B": "empty", "NOPE": "unknown"}
    assert [found[key].cause for key in ("MSFT", "BRK/B")] == [None, None]
    assert broker.paths()["/instruments/equities"] == 1


async def test_expirations_that_cannot_be_judged_fail(provider: TastytradeProvider, broker: Any) -> None:
    broker.replaced["/instruments/equities"] = status(500)
    found = await answers(provider, "expiration_series", "NOPE")
    assert isinstance(found["NOPE"].cause, ServerFaultError)


async def test_expirations_forbidden_wrong_and_malformed(provider: TastytradeProvider, broker: Any) -> None:
    chain = broker.chain("SPX")
    for expiration in chain["expirations"]:
        expiration["strikes"] = None
    broker.replaced |= {
        "/option-chains/AAPL/nested": status(403),
        "/option-chains/MSFT/nested": status(200, data={"items": [broker.chain("AAPL")]}),
        "/option-chains/SPX/nested": status(200, data={"items": [chain]}),
    }
    found = await answers(provider, "expiration_series", "AAPL", "MSFT", "SPX")
    assert outcomes(found) == {"AAPL": "not_entitled", "MSFT": "failed", "SPX": "failed"}
    assert [type(found[key].cause) for key in ("AAPL", "MSFT", "SPX")] == [
        NotEntitledError,
        AnswerMismatchError,
        DataError,
    ]
    assert (len(found["SPX"].skipped), found["SPX"].skipped_count) == (2, 2)


async def test_refused_grant_is_raised_once_for_everything(provider: TastytradeProvider, broker: Any) -> None:
    broker.replaced["/oauth/token"] = status(400, error_code="invalid_grant")
    for dataset in sorted(DATASETS):
        with pytest.raises(GrantRefusedError):
            await answers(provider, dataset, "XNYS" if dataset == "trading_days" else "AAPL")
    assert broker.paths() == {"/oauth/token": 1}


async def test_token_that_ends_early_is_renewed_once_for_a_hundred_requests(
    provider: TastytradeProvider, broker: Any
) -> None:
    broker.symbols = [f"S{n:03}" for n in range(100)]
    tokens = iter(["old", "new", "too many"])
    broker.replaced["/oauth/token"] = lambda _request, _number: httpx.Response(
        200, json={"access_token": next(tokens), "expires_in": 900}
    )

    def strict(request: httpx.Request, _number: int) -> httpx.Response | None:
        return httpx.Response(401) if request.headers["Authorization"] != "Bearer new" else None

    broker.replaced |= {f"/option-chains/{symbol}/nested": strict for symbol in broker.symbols}
    found = await answers(provider, "expiration_series", *broker.symbols)
    assert Counter(outcomes(found).values()) == {"fresh": 100}
    assert broker.paths()["/oauth/token"] == 2


async def test_unknown_dataset_is_named(provider: TastytradeProvider) -> None:
    with pytest.raises(UnknownNameError, match="eod_data"):
        await answers(provider, "candles", "AAPL")


async def test_universe_all_is_what_is_traded_and_has_options(
    provider: TastytradeProvider, broker: Any
) -> None:
    broker.without_chain = {"MSFT"}
    assert await provider.universe("all") == ["AAPL", "BRK/B"]


async def test_universe_all_counts_everyone_where_options_are_never_mentioned(
    provider: TastytradeProvider, broker: Any
) -> None:
    rows = [{"symbol": symbol} for symbol in ("B", "A")]
    broker.replaced["/instruments/equities/active"] = status(200, data={"items": rows})
    assert await provider.universe("all") == ["A", "B"]


async def test_universe_may_be_a_public_watchlist(provider: TastytradeProvider, broker: Any) -> None:
    assert await provider.universe("Tech") == ["AAPL"]
    with pytest.raises(UnknownNameError) as caught:
        await provider.universe("Nonsense")
    assert caught.value.known == ("all", "Banks", "Tech")
    broker.replaced["/public-watchlists"] = status(500)
    with pytest.raises(UnknownNameError) as caught:
        await provider.universe("Nonsense")
    assert caught.value.known == ("all",)


async def test_health_knows_latency_and_skew(provider: TastytradeProvider, broker: Any) -> None:
    def dated(_request: httpx.Request, _number: int) -> httpx.Response:
        return httpx.Response(
            200, json={"data": {"items": []}}, headers={"Date": "Fri, 20 Nov 2026 18:02:00 GMT"}
        )

    broker.replaced["/customers/me/accounts"] = dated
    health = await provider.health_check()
    assert health.reachable
    assert health.clock_skew_s == pytest.approx(120, abs=2)
    assert health.latency_s is not None


async def test_health_without_a_date_knows_no_skew(provider: TastytradeProvider) -> None:
    health = await provider.health_check()
    assert (health.reachable, health.clock_skew_s) == (True, None)


async def test_health_names_what_is_wrong(provider: TastytradeProvider, broker: Any) -> None:
    broker.replaced["/customers/me/accounts"] = status(500)
    assert isinstance((await provider.health_check()).cause, ServerFaultError)
    await provider.aclose()
    assert isinstance((await provider.health_check()).cause, UsageError)


async def test_counts_include_tokens(provider: TastytradeProvider, broker: Any) -> None:
    await answers(provider, "quotes", "AAPL")
    assert provider.counts.sent == len(broker.calls) == 2


async def test_closed_provider_is_a_usage_error(provider: TastytradeProvider) -> None:
    await provider.aclose()
    await provider.aclose()
    with pytest.raises(UsageError):
        await answers(provider, "quotes", "AAPL")


async def test_absent_credential_is_named() -> None:
    with pytest.raises(CredentialsError):
        open_tastytrade("https://api.example.com", "", "refresh")


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
async def test_each_key_is_answered_exactly_once_whatever_the_server_does(seed: int) -> None:
    """A server that answers at random, with errors, rubbish and other symbols: nothing is lost, nothing doubled."""
    rng = random.Random(seed)
    keys = [f"S{n}" for n in range(rng.randrange(1, 130))]

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            return httpx.Response(200, json={"access_token": "token", "expires_in": 900})
        asked = [value for _, value in request.url.params.multi_items()]
        named = [symbol for symbol in asked if rng.random() < 0.9] + ["X"] * (rng.random() < 0.1)
        rows = [
            {"symbol": symbol, "updated-at": rng.choice(["2026-11-20T18:00:00Z", 7, "x"])} for symbol in named
        ]
        return httpx.Response(
            rng.choice([200, 200, 200, 400, 403, 404, 500]),
            json={"data": {"items": rng.choice([rows, rows, rows, None, [7]])}},
        )

    async with open_tastytrade(
        "https://x",
        "s",
        "r",
        retry=RetryPolicy(attempts_max=2, wait_initial_s=0.001, wait_max_s=0.001),
        breaker=NEVER_OPEN,
        transport=httpx.MockTransport(handle),
        clock=ManualClock(NOW, auto_advance=True),
    ) as provider:
        for dataset in ("quotes", "symbols", "expiration_series"):
            found = await answers(provider, dataset, *keys)
            assert sorted(found) == sorted(keys)
            for answer in found.values():
                assert (answer.columns is not None) == (answer.outcome is Outcome.FRESH)
                assert answer.outcome is not Outcome.FAILED or isinstance(answer.cause, TTError)


async def test_each_ends_the_others_where_one_fails() -> None:
    begun: list[int] = []

    async def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise RequestRefusedError("no")
        await asyncio.sleep(0)
        return item

    async def drain() -> None:
        async with aclosing(each(range(100), work, workers=2)) as results:
            async for _ in results:
                pass

    with pytest.raises(RequestRefusedError):
        await drain()
    assert len(begun) < 20


class Panic(BaseException):
    """Like that of a Rust extension: no `Exception`."""


@pytest.mark.parametrize("kind", [Panic, asyncio.CancelledError])
async def test_each_raises_what_is_no_exception_too(kind: type[BaseException]) -> None:
    async def work(item: int) -> int:
        if item == 1:
            raise kind
        return item

    async def drain() -> None:
        async for _ in each(range(3), work, workers=2):
            pass

    draining = asyncio.create_task(drain())
    await asyncio.wait([draining], timeout=5)
    assert draining.done(), "the consumer waits for ever"
    with pytest.raises(kind):
        draining.result()


async def test_each_cancelled_while_results_wait_ends_every_worker() -> None:
    """A worker that is cancelled does not wait for room in the queue that nobody empties any more."""
    cancelled: list[int] = []
    taken = asyncio.Event()

    async def work(item: int) -> int:
        try:
            await asyncio.sleep(0 if item < 3 else 3600)
        except asyncio.CancelledError:
            cancelled.append(item)
            raise
        return item

    async def drain() -> None:
        async with aclosing(each(range(10), work, workers=2)) as results:
            async for _ in results:
                taken.set()
                await asyncio.Event().wait()

    draining = asyncio.create_task(drain())
    await taken.wait()
    for _ in range(10):
        await asyncio.sleep(0)
    draining.cancel()
    await asyncio.wait([draining], timeout=5)
    assert draining.cancelled()
    assert cancelled
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "dataset-worker"]


def series(*days: int) -> CandleSeries:
    prices = [float(day) for day in days]
    return CandleSeries(
        symbol="A",
        times_ms=[day * 86_400_000 for day in days],
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=[float("nan")] * len(days),
        vwap=prices,
        counts=prices,
    )


def test_bars_are_cut_to_the_asked_days_and_say_null_where_there_is_no_volume() -> None:
    bars = bars_of(
        "A", series(1, 2, 3, 4), since=date(1970, 1, 3), until=date(1970, 1, 4), is_final=lambda _: True
    )
    assert bars.columns["date"] == [date(1970, 1, 3), date(1970, 1, 4)]
    assert bars.columns["volume"] == [None, None]
    assert bars.columns["close"] == [2.0, 3.0]


def test_second_bar_of_a_day_replaces_the_first_and_is_named() -> None:
    names = ("open", "high", "low", "close", "volume", "vwap", "counts")
    candles = CandleSeries(symbol="A", times_ms=[0, 3_600_000], **{name: [1.0, 2.0] for name in names})
    bars = bars_of("A", candles, since=date(1970, 1, 1), until=None, is_final=lambda _: True)
    assert bars.columns["close"] == [2.0]
    assert bars.skipped == ("A on 1970-01-01: another bar of the same day follows",)
    assert bars.skipped_count == 1


def test_second_bars_of_days_are_named_up_to_a_limit_and_all_counted() -> None:
    bars = bars_of(
        "A", series(*sorted([*range(150)] * 2)), since=date(1970, 1, 1), until=None, is_final=lambda _: True
    )
    assert (len(bars), bars.skipped_count, len(bars.skipped)) == (150, 150, 101)


def test_bar_is_final_when_its_session_has_closed() -> None:
    """2026-11-27 closes early, at 18:00 UTC; 2026-11-28 is a Saturday; 2200 is beyond the table."""
    friday = date(2026, 11, 27)
    assert not finality_at(datetime(2026, 11, 27, 17, 59, tzinfo=UTC))(friday)
    assert finality_at(datetime(2026, 11, 27, 18, 0, tzinfo=UTC))(friday)
    assert not finality_at(datetime(2026, 11, 28, 18, 0, tzinfo=UTC))(date(2026, 11, 28))
    assert finality_at(datetime(2200, 1, 3, tzinfo=UTC))(date(2200, 1, 2))


@pytest.mark.parametrize(
    ("state", "final"), [("Open", False), ("Pre-market", False), ("Extended", True), ("Closed", True)]
)
def test_bar_of_today_is_final_unless_the_market_runs(state: str, final: bool) -> None:
    today = date(2026, 11, 20)
    judge = finality_of(MarketState(state=state, session_date=today))
    assert judge(today) is final
    assert judge(today - timedelta(days=1))
