# SPDX-License-Identifier: Apache-2.0
"""The REST wrappers: lenient about what is absent, strict about money, and never another instrument's answer."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.api import RequestTrace
from ttapi_client.client import ResilientClient
from ttapi_client.instruments import QUERY_BYTES_MAX, chunks, chunks_by_length
from ttapi_client.tastytrade import TastytradeClient
from ttapi_core import (
    AnswerMismatchError,
    AuthenticationError,
    BreakerPolicy,
    DataError,
    DecodeError,
    InstrumentKind,
    NotFoundError,
    ParameterError,
    QuantityDirection,
    RetryPolicy,
    TTError,
)

RETRY = RetryPolicy(attempts_max=3, wait_initial_s=0.001, wait_max_s=0.001)
NEVER_OPEN = BreakerPolicy(failures_max=1_000_000)
JUNE = date(2026, 6, 1)


@pytest.fixture
async def api(broker: Any) -> AsyncIterator[TastytradeClient]:
    transport = httpx.MockTransport(broker)
    async with ResilientClient(
        "https://api.example.com", transport=transport, retry=RETRY, breaker=NEVER_OPEN, seed=1
    ) as client:
        yield TastytradeClient(client)


def body(value: object) -> Callable[[httpx.Request, int], httpx.Response]:
    return lambda _request, _number: httpx.Response(200, json=value)


def items(*values: object) -> Callable[[httpx.Request, int], httpx.Response]:
    return body({"data": {"items": list(values)}})


async def test_accounts_are_typed(api: TastytradeClient) -> None:
    first, second = await api.accounts()
    assert (first.number, second.number) == ("5WT00001", "5WT00002")
    assert (first.nickname, first.is_closed, first.margin_or_cash) == (None, False, "Margin")
    assert first.opened_at == datetime(2025, 2, 3, 15, 4, 5, tzinfo=UTC)


async def test_balances_are_exact(api: TastytradeClient) -> None:
    (balance,) = await api.balances("5WT00001")
    assert balance.cash_balance == Decimal("25000.10")
    assert balance.net_liquidating_value == Decimal(31120)
    assert balance.time == datetime(2026, 11, 20, 21, 5, tzinfo=UTC)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "twelve", "", True, [1], {}, "1" * 100, None])
async def test_money_that_is_no_number_is_a_data_error_that_names_it(
    api: TastytradeClient, broker: Any, amount: object
) -> None:
    broker.replaced["/accounts/5WT00001/balances"] = items(
        {**broker.balance("5WT00001"), "cash-balance": amount}
    )
    with pytest.raises(DataError) as caught:
        await api.balances("5WT00001")
    assert caught.value.column == "cash-balance"


async def test_positions_have_a_direction_and_a_signed_gain(api: TastytradeClient) -> None:
    held, closed = await api.positions("5WT00001")
    assert (held.quantity, held.direction) == (Decimal("2.5"), QuantityDirection.LONG)
    assert held.realized_day_gain == Decimal("-3.0")
    assert held.close_price is None
    assert (closed.quantity, closed.direction) == (Decimal(0), QuantityDirection.ZERO)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("quantity", "-1"),
        ("quantity", "x"),
        ("quantity-direction", "Sideways"),
        ("symbol", "../etc"),
        ("symbol", None),
        ("updated-at", "yesterday"),
        ("updated-at", None),
        ("average-open-price", None),
    ],
)
async def test_position_that_cannot_be_read_is_a_data_error(
    api: TastytradeClient, broker: Any, member: str, value: object
) -> None:
    row = {**broker.position("5WT00001", "SPY", "Long"), member: value}
    broker.replaced["/accounts/5WT00001/positions"] = items(row)
    with pytest.raises(DataError):
        await api.positions("5WT00001")


@pytest.mark.parametrize("method", ["balances", "positions"])
async def test_another_accounts_answer_is_asked_for_again_and_then_an_error(
    api: TastytradeClient, broker: Any, method: str
) -> None:
    path = f"/accounts/5WT00001/{method}"
    broker.replaced[path] = items({**broker.balance("5WT99999")})
    with pytest.raises(AnswerMismatchError):
        await getattr(api, method)("5WT00001")
    assert broker.paths()[path] == RETRY.attempts_max


async def test_active_equities_walk_all_pages(api: TastytradeClient, broker: Any) -> None:
    broker.symbols = [f"S{n:03}" for n in range(95)]
    broker.page_size = 10
    trace = RequestTrace()
    assert [equity.symbol async for equity in api.active_equities(trace=trace)] == broker.symbols
    assert len(broker.calls) == trace.attempts == len(set(trace.request_ids)) == 10


@pytest.mark.parametrize(
    ("pagination", "calls"),
    [
        (None, 1),
        ("absent", 1),
        ({}, 1),
        ({"total-pages": 0}, 1),
        ({"total-pages": 1}, 1),
        ({"total-pages": 3}, 3),
        ({"total-items": 3, "per-page": 1}, 3),
        ({"total-items": "3", "per-page": "1"}, 3),
        ({"total-items": 1, "per-page": 0}, 1),
        ({"total-items": None, "total-pages": None}, 1),
    ],
)
async def test_pages_bear_whatever_pagination_says(
    api: TastytradeClient, broker: Any, pagination: Any, calls: int
) -> None:
    def page(_request: httpx.Request, number: int) -> httpx.Response:
        answer = {"data": {"items": [broker.equity(f"S{number}")]}, "pagination": pagination}
        if pagination == "absent":
            del answer["pagination"]
        return httpx.Response(200, json=answer)

    broker.replaced["/instruments/equities/active"] = page
    assert len([equity async for equity in api.active_equities()]) == len(broker.calls) == calls


@pytest.mark.parametrize(
    ("pagination", "error"),
    [
        ({"page-offset": 4, "total-pages": 9}, AnswerMismatchError),
        ({"current-item-count": 250, "total-pages": 1}, DecodeError),
        ({"total-items": 2, "total-pages": 1}, DecodeError),
        ({"total-items": 5, "per-page": 0}, DecodeError),
        ({"total-pages": 10**9}, DecodeError),
        ({"total-pages": "many"}, DecodeError),
        ({"total-pages": True}, DecodeError),
    ],
)
async def test_page_that_contradicts_itself_is_asked_for_again_and_then_an_error(
    api: TastytradeClient, broker: Any, pagination: Any, error: type[TTError]
) -> None:
    broker.replaced["/instruments/equities/active"] = body(
        {"data": {"items": [broker.equity("A")]}, "pagination": pagination}
    )
    with pytest.raises(error):
        _ = [equity async for equity in api.active_equities()]
    assert len(broker.calls) == RETRY.attempts_max


async def test_equities_are_asked_for_with_encoded_symbols(api: TastytradeClient, broker: Any) -> None:
    equities = [equity async for equity in api.equities(["BRK/B", "SPX", "NOPE"])]
    assert [(equity.symbol, equity.is_index) for equity in equities] == [("BRK/B", False), ("SPX", True)]
    assert b"BRK%2FB" in broker.calls[0].url.query


async def test_equity_with_the_least_is_read(api: TastytradeClient, broker: Any) -> None:
    broker.replaced["/instruments/equities"] = items(
        {"symbol": "AAPL", "listed-market": None, "is-etf": None}
    )
    (equity,) = [equity async for equity in api.equities(["AAPL"])]
    assert (equity.streamer_symbol, equity.active, equity.is_etf) == ("AAPL", True, False)
    assert (equity.listed_market, equity.has_options) == (None, None)


@pytest.mark.parametrize("wrong", [["MSFT"], ["AAPL", "AAPL"], [None], [7]])
async def test_equities_of_other_symbols_are_a_mismatch(
    api: TastytradeClient, broker: Any, wrong: list[Any]
) -> None:
    broker.replaced["/instruments/equities"] = items(
        *({**broker.equity("X"), "symbol": symbol} for symbol in wrong)
    )
    with pytest.raises(AnswerMismatchError):
        _ = [equity async for equity in api.equities(["AAPL"])]


@given(st.lists(st.text(min_size=1, max_size=40), max_size=500))
def test_chunks_by_length_lose_nothing_and_fit(symbols: list[str]) -> None:
    split = list(chunks_by_length(symbols))
    assert [symbol for chunk in split for symbol in chunk] == symbols
    for chunk in split:
        query = str(httpx.QueryParams([("symbol[]", symbol) for symbol in chunk]))
        assert len(chunk) == 1 or len(query) <= QUERY_BYTES_MAX


@given(st.lists(st.text(max_size=3), max_size=350), st.integers(1, 100))
def test_chunks_lose_nothing_and_fit(symbols: list[str], size: int) -> None:
    split = list(chunks(symbols, size))
    assert [symbol for chunk in split for symbol in chunk] == symbols
    assert all(0 < len(chunk) <= size for chunk in split)


async def test_nested_chain_has_its_strikes_in_order(api: TastytradeClient, broker: Any) -> None:
    (chain,) = await api.nested_option_chain("BRK/B")
    assert broker.calls[0].url.raw_path == b"/option-chains/BRK%2FB/nested"
    assert [str(expiration.expiration_date) for expiration in chain.expirations] == [
        "2027-01-15",
        "2026-12-18",
    ]
    assert [strike.strike for strike in chain.expirations[0].strikes] == [Decimal("505.5"), Decimal(510)]


async def test_expiration_series_is_columnar_and_sorted(api: TastytradeClient) -> None:
    series = await api.expiration_series("AAPL")
    assert series.columns == {
        "symbol": ["AAPL", "AAPL"],
        "root_symbol": ["AAPL", "AAPL"],
        "option_chain_type": ["Standard", "Standard"],
        "shares_per_contract": [100, 100],
        "expiration_date": [date(2026, 12, 18), date(2027, 1, 15)],
        "expiration_type": ["Regular", "Regular"],
        "settlement_type": ["PM", "PM"],
        "days_to_expiration": [28, 56],
        "strike_count": [2, 2],
        "strike_min": [505.5, 505.5],
        "strike_max": [510.0, 510.0],
    }


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("expiration-date", "soon"),
        ("expiration-date", None),
        ("days-to-expiration", "1.5"),
        ("days-to-expiration", None),
        ("strikes", None),
        ("strikes", [{}]),
        ("strikes", [7]),
        ("strikes", [{"strike-price": "x"}]),
        ("strikes", [{"strike-price": "NaN"}]),
    ],
)
async def test_expiration_that_cannot_be_read_is_skipped_and_named(
    api: TastytradeClient, broker: Any, member: str, value: object
) -> None:
    chain = broker.chain("AAPL")
    chain["expirations"][0][member] = value
    broker.replaced["/option-chains/AAPL/nested"] = items(chain)
    series = await api.expiration_series("AAPL")
    assert series.columns["expiration_date"] == [date(2026, 12, 18)]
    assert len(series.skipped) == 1
    assert member in series.skipped[0] or "strike-price" in series.skipped[0]


async def test_chain_without_a_root_is_skipped_and_named(api: TastytradeClient, broker: Any) -> None:
    broker.replaced["/option-chains/AAPL/nested"] = items({**broker.chain("AAPL"), "root-symbol": None})
    series = await api.expiration_series("AAPL")
    assert (len(series), len(series.skipped)) == (0, 1)


async def test_wrong_chain_is_asked_for_again(api: TastytradeClient, broker: Any) -> None:
    def wrong_once(_request: httpx.Request, number: int) -> httpx.Response | None:
        return httpx.Response(200, json={"data": {"items": [broker.chain("MSFT")]}}) if number == 1 else None

    broker.replaced["/option-chains/AAPL/nested"] = wrong_once
    trace = RequestTrace()
    assert len(await api.expiration_series("AAPL", trace=trace)) == 2
    assert trace.attempts == 2


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"data":', b"null", b"[]", b"{}", b'{"data":null}', b'{"data":{}}']
)
async def test_empty_or_cut_answers_are_asked_for_again_and_then_an_error(
    api: TastytradeClient, broker: Any, content: bytes
) -> None:
    broker.replaced["/option-chains/AAPL/nested"] = lambda _request, _number: httpx.Response(
        200, content=content
    )
    with pytest.raises(DecodeError):
        await api.expiration_series("AAPL")
    assert len(broker.calls) == RETRY.attempts_max


async def test_quotes_of_many_symbols_go_a_hundred_a_call(api: TastytradeClient, broker: Any) -> None:
    broker.symbols = [f"S{n:03}" for n in range(507)]
    quotes = await api.market_data(broker.symbols)
    assert [quote.symbol for quote in quotes] == broker.symbols
    assert len(broker.calls) == 6


async def test_quote_reads_numbers_as_texts_and_leaves_the_rest_none(api: TastytradeClient) -> None:
    (quote,) = await api.market_data(["AAPL"])
    assert (quote.bid, quote.ask, quote.bid_size, quote.last) == (511.2, 511.24, None, None)
    assert (quote.high, quote.volume, quote.is_halted) == (512.0, 21044210.0, False)
    assert quote.quoted_at == datetime(2026, 11, 20, 18, 0, 0, 120000, tzinfo=UTC)


async def test_quotes_of_kinds_go_by_their_own_parameter(api: TastytradeClient, broker: Any) -> None:
    await api.market_data(["AAPL", "SPY   261218C00600000", "/ESZ6", "BTC/USD"])
    assert sorted(broker.calls[0].url.params.keys()) == [
        "cryptocurrency",
        "equity",
        "equity-option",
        "future",
    ]
    (index,) = await api.market_data(["SPX"], kind=InstrumentKind.INDEX)
    assert index.symbol == "SPX"


@pytest.mark.parametrize("symbols", [[], ["A"] * 101, ["EUR/USD"]])
async def test_quotes_that_cannot_be_asked_for_are_a_parameter_error(
    api: TastytradeClient, broker: Any, symbols: list[str]
) -> None:
    with pytest.raises(ParameterError):
        await api.market_data_of_chunk(symbols)
    assert broker.calls == []


async def test_malformed_quote_spoils_itself_only(api: TastytradeClient, broker: Any) -> None:
    broker.replaced["/market-data/by-type"] = items(
        broker.quote("AAPL"),
        {**broker.quote("MSFT"), "bid": "much"},
        {**broker.quote("BRK/B"), "updated-at": None},
    )
    answer = await api.market_data_of_chunk(["AAPL", "MSFT", "BRK/B", "NOPE"])
    assert list(answer.found) == ["AAPL"]
    assert {s: e.column for s, e in answer.refused.items() if isinstance(e, DataError)} == {
        "MSFT": "bid",
        "BRK/B": "updated-at",
    }
    with pytest.raises(DataError):
        await api.market_data(["AAPL", "MSFT", "BRK/B"])


async def test_quote_of_another_symbol_leaves_the_right_ones_usable(
    api: TastytradeClient, broker: Any
) -> None:
    """Asked for three times, then the quotes that say whose they are count, and the missing one is refused."""
    broker.replaced["/market-data/by-type"] = items(
        broker.quote("AAPL"), broker.quote("TSLA"), broker.quote("BRK/B")
    )
    answer = await api.market_data_of_chunk(["AAPL", "MSFT", "BRK/B"])
    assert sorted(answer.found) == ["AAPL", "BRK/B"]
    assert isinstance(answer.refused["MSFT"], AnswerMismatchError)
    assert len(broker.calls) == RETRY.attempts_max


async def test_two_quotes_of_one_symbol_are_both_refused(api: TastytradeClient, broker: Any) -> None:
    broker.replaced["/market-data/by-type"] = items(broker.quote("AAPL"), broker.quote("AAPL"))
    answer = await api.market_data_of_chunk(["AAPL", "MSFT"])
    assert (answer.found, sorted(answer.refused)) == ({}, ["AAPL", "MSFT"])


async def test_sessions_of_years_go_nine_months_a_call(api: TastytradeClient, broker: Any) -> None:
    sessions = await api.sessions(date(2024, 1, 1), date(2025, 12, 31))
    spans = [(c.url.params["from-date"], c.url.params["to-date"]) for c in broker.calls]
    assert len(sessions) == 523
    assert [session.date for session in sessions] == sorted({session.date for session in sessions})
    assert all((date.fromisoformat(last) - date.fromisoformat(first)).days <= 270 for first, last in spans)
    assert {session.date.weekday() for session in sessions if session.early_close} == {4}


async def test_session_that_cannot_be_read_is_skipped_on_demand(api: TastytradeClient, broker: Any) -> None:
    good, bad = broker.sessions("2026-06-01", "2026-06-02")
    broker.replaced["/market-time/sessions"] = items(good, {**bad, "close-at": bad["open-at"]})
    skipped: list[str] = []
    assert len(await api.sessions(JUNE, JUNE, skipped=skipped)) == 1
    assert "2026-06-02" in skipped[0]
    with pytest.raises(DataError):
        await api.sessions(JUNE, JUNE)


@pytest.mark.parametrize("arguments", [{"collection": "Moon"}, {"last": date(2020, 1, 1)}])
async def test_sessions_given_rubbish_raise(api: TastytradeClient, arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        await api.sessions(**{"first": JUNE, "last": JUNE} | arguments)


async def test_market_state_and_holidays_are_typed(api: TastytradeClient, broker: Any) -> None:
    state, holidays = await api.market_state(), await api.holidays()
    assert (state.state, state.session_date) == ("Open", date(2026, 11, 19))
    assert (holidays.holidays, holidays.half_days) == ((date(2026, 11, 26),), (date(2026, 11, 27),))
    broker.replaced["/market-time/equities/holidays"] = body({"data": {"market-holidays": None}})
    assert (await api.holidays()).holidays == ()
    broker.replaced["/market-time/equities/holidays"] = body({"data": {"market-holidays": "often"}})
    with pytest.raises(DataError):
        await api.holidays()


async def test_quote_token_is_in_no_representation(api: TastytradeClient) -> None:
    token = await api.quote_token()
    assert (token.token, token.level) == ("quote-token", "api")
    assert "quote-token" not in repr(token)


@pytest.mark.parametrize("member", ["token", "dxlink-url"])
async def test_quote_token_that_lacks_a_part_is_a_data_error_without_the_other(
    api: TastytradeClient, broker: Any, member: str
) -> None:
    whole = {"token": "quote-token", "dxlink-url": "wss://x"}
    broker.replaced["/api-quote-tokens"] = body({"data": whole | {member: 7}})
    with pytest.raises(DataError) as caught:
        await api.quote_token()
    assert caught.value.column == member
    assert "quote-token" not in str(caught.value)


async def test_quote_token_that_is_cut_off_is_not_shown(api: TastytradeClient, broker: Any) -> None:
    cut = b'{"data":{"token":"quote-token'
    broker.replaced["/api-quote-tokens"] = lambda _request, _number: httpx.Response(200, content=cut)
    with pytest.raises(DecodeError) as caught:
        await api.quote_token()
    assert "quote-token" not in f"{caught.value!r} {caught.value} {caught.value.__cause__}"


async def test_validate_takes_any_success_for_a_yes(api: TastytradeClient, broker: Any) -> None:
    await api.validate()
    broker.replaced["/sessions/validate"] = lambda _request, _number: httpx.Response(401)
    with pytest.raises(AuthenticationError):
        await api.validate()


async def test_watchlists_give_their_symbols(api: TastytradeClient) -> None:
    assert (await api.public_watchlist("Tech")).symbols == ["AAPL", "../x", "AAPL"]
    assert [watchlist.name for watchlist in await api.public_watchlists()] == ["Tech", "Banks"]
    with pytest.raises(NotFoundError):
        await api.public_watchlist("a/b")


CALLS: list[tuple[str, Callable[[TastytradeClient], Awaitable[object]]]] = [
    ("/customers/me/accounts", lambda api: api.accounts()),
    ("/accounts/5WT00001/balances", lambda api: api.balances("5WT00001")),
    ("/accounts/5WT00001/positions", lambda api: api.positions("5WT00001")),
    ("/option-chains/AAPL/nested", lambda api: api.nested_option_chain("AAPL")),
    ("/option-chains/AAPL/nested", lambda api: api.expiration_series("AAPL")),
    ("/market-data/by-type", lambda api: api.market_data_of_chunk(["AAPL", "MSFT"])),
    ("/market-time/sessions", lambda api: api.sessions(JUNE, JUNE)),
    ("/market-time/equities/sessions/current", lambda api: api.market_state()),
    ("/market-time/equities/holidays", lambda api: api.holidays()),
    ("/api-quote-tokens", lambda api: api.quote_token()),
    ("/public-watchlists/Tech", lambda api: api.public_watchlist("Tech")),
]
RUBBISH: list[Any] = [
    None,
    True,
    -1,
    1e308,
    2**70,
    "",
    "NaN",
    "-Infinity",
    "é\u0000",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
    "1e999999999",
]


def spoilt(value: Any, rng: random.Random) -> Any:
    """Replace, drop or add something anywhere in a JSON value."""
    if rng.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return rng.choice(RUBBISH)
    if isinstance(value, list):
        place = rng.randrange(len(value))
        return [spoilt(item, rng) if n == place else item for n, item in enumerate(value)]
    name = rng.choice(list(value))
    if rng.random() < 0.2:
        return {key: item for key, item in value.items() if key != name}
    return {key: spoilt(item, rng) if key == name else item for key, item in value.items()}


async def test_fuzz_of_bodies_gives_values_or_documented_errors_only(broker: Any) -> None:
    """2,000 spoilt bodies over eleven calls: a value, or a `TTError`; cut and flipped bytes too."""
    rng = random.Random(20261120)
    once = RetryPolicy(attempts_max=1)
    async with ResilientClient(
        "https://api.example.com", transport=httpx.MockTransport(broker), retry=once, breaker=NEVER_OPEN
    ) as client:
        api = TastytradeClient(client)
        refusals = 0
        for n in range(2000):
            path, call = CALLS[n % len(CALLS)]
            broker.replaced.clear()
            await call(api) if n < len(CALLS) else None
            usual = broker(
                httpx.Request(
                    "GET", f"https://x{path}?equity=AAPL&equity=MSFT&from-date=2026-06-01&to-date=2026-06-01"
                )
            )
            content = json.dumps(spoilt(json.loads(usual.content), rng)).encode()
            if n % 5 == 0:
                content = usual.content[: rng.randrange(len(usual.content))]
            broker.replaced[path] = lambda _request, _number, content=content: httpx.Response(
                200, content=content
            )
            try:
                await call(api)
            except TTError:
                refusals += 1
    assert 200 < refusals < 2000
