# SPDX-License-Identifier: Apache-2.0
"""Polygon's answers become rows, under its old name and its new one, and its refusals typed errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from ttapi_core import AuthenticationError, DataRequest, NotEntitledError, NotFoundError
from ttapi_providers import Asked, DeclaredProvider, Wanted, recognise
from ttapi_providers.vendors.polygon import PROVIDER

Answered = Callable[..., Any]

HOST = "https://api.massive.com"
NOON = 1_767_373_200_000  # 2026-01-02 12:00 in New York
BAR = {"o": 10, "h": 12, "l": 9, "c": 11, "v": 700.0, "vw": 10.5, "n": 7, "t": NOON}


def bars(symbol: str, length: str = "1/day") -> str:
    return f"{HOST}/v2/aggs/ticker/{symbol}/range/{length}/2026-01-01/2026-01-05"


@pytest.mark.parametrize("host", [HOST, "https://api.polygon.io"])
def test_daily_bars_have_their_day_in_new_york(answered: Answered, host: str) -> None:
    body = {"adjusted": True, "results": [BAR], "status": "OK"}
    (row,) = answered(PROVIDER, bars("BRK.B").replace(HOST, host), body).rows("eod_data")
    assert (row["symbol"], row["vendor_symbol"], row["date"]) == ("BRK/B", "BRK.B", date(2026, 1, 2))
    assert (row["adjustment"], row["vwap"], row["trade_count"]) == ("splits", 10.5, 7)


def test_marks_tell_coins_and_currencies(answered: Answered) -> None:
    body = {"results": [BAR], "status": "OK"}
    (coin,) = answered(PROVIDER, bars("X:BTCUSD", "4/hour"), body).rows("crypto_bars")
    assert (coin["symbol"], coin["interval"], coin["volume"]) == ("BTC/USD", "4h", 700.0)
    (rate,) = answered(PROVIDER, bars("C:EURUSD"), body).rows("fx_rates")
    assert (rate["symbol"], rate["rate"]) == ("EUR/USD", 11.0)
    (bar,) = answered(PROVIDER, bars("AAPL", "1/week"), body).rows("intraday_bars")
    assert bar["interval"] == "1w"
    assert PROVIDER.naming.to_vendor("EUR/USD") == "C:EURUSD"
    assert PROVIDER.naming.canonical("O:AAPL260220C00100000") == "AAPL  260220C00100000"


def test_bars_are_asked_for_between_two_days_even_without_any() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "eod_data")
    asked = endpoint.request.ask(Wanted(keys=("AAPL",), names=("AAPL",), today=date(2026, 6, 1)), HOST)
    assert asked.path == "/v2/aggs/ticker/AAPL/range/1/day/2024-06-01/2026-06-01"
    assert recognise(endpoint, asked) is not None


def test_no_bars_at_all_is_empty(answered: Answered) -> None:
    replayed = answered(PROVIDER, bars("AAPL"), {"resultsCount": 0, "status": "OK"})["eod_data"]
    assert (replayed.error, replayed.rows) == (None, 0)


def test_the_next_page_is_asked_for_where_the_first_was() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "symbols")
    asked = Asked.of("GET", "https://api.polygon.io/v3/reference/tickers")
    body = {"results": [], "next_url": f"{HOST}/v3/reference/tickers?cursor=abc"}
    assert endpoint.next_page is not None
    assert endpoint.next_page(body, asked) == "https://api.polygon.io/v3/reference/tickers?cursor=abc"
    assert endpoint.next_page({"results": []}, asked) is None


def test_snapshots_of_refused_names_are_skipped_with_the_reason(answered: Answered) -> None:
    known = {
        "ticker": "AAPL",
        "type": "stocks",
        "last_quote": {"bid": 10.9, "ask": 11.1},
        "last_trade": {"price": 11.0},
        "session": {"open": 10, "high": 9, "low": 12, "previous_close": 10.5, "volume": 37},
    }
    unknown = {"ticker": "NOPE", "error": "NOT_FOUND", "message": "Ticker not found."}
    url = f"{HOST}/v3/snapshot?ticker.any_of=AAPL,NOPE"
    answers = answered(PROVIDER, url, {"results": [known, unknown], "status": "OK"})
    (row,) = answers.rows("quotes")
    assert (row["last"], row["high"], row["low"], row["prev_close"]) == (11.0, None, None, 10.5)
    assert answers["quotes"].decoded.skipped == ("record 1: NOPE: Ticker not found.",)
    with pytest.raises(NotFoundError):
        answered(PROVIDER, url, {"results": [unknown], "status": "OK"}).frame("quotes")


def test_an_option_has_its_greeks_and_its_underlying(answered: Answered) -> None:
    contract = {
        "details": {
            "ticker": "O:AAPL260220C00100000",
            "contract_type": "call",
            "expiration_date": "2026-02-20",
            "strike_price": 100,
            "shares_per_contract": 100,
        },
        "greeks": {"delta": 0.6},
        "implied_volatility": 0.35,
        "last_quote": {"bid": 1.5, "ask": 1.6, "bid_size": 12},
        "open_interest": 8,
        "underlying_asset": {"price": 101.5, "ticker": "AAPL"},
    }
    body = {"results": [contract], "status": "OK"}
    (row,) = answered(PROVIDER, f"{HOST}/v3/snapshot/options/AAPL", body).rows("option_chains")
    assert (row["symbol"], row["contract"], row["delta"]) == ("AAPL", "AAPL  260220C00100000", 0.6)
    assert (row["implied_volatility"], row["underlying_price"], row["bid_size"]) == (0.35, 101.5, 12.0)


def test_filed_statements_carry_their_units(answered: Answered) -> None:
    financials = {
        "income_statement": {"basic_earnings_per_share": {"value": 2.5, "unit": "USD / shares"}},
        "balance_sheet": {"assets": {"value": 2.1e9, "unit": "USD"}},
        "comprehensive_income": {"shares_counted": {"value": 5e6, "unit": "shares"}},
    }
    filing = {
        "financials": financials,
        "tickers": ["NXPI"],
        "fiscal_period": "Q1",
        "fiscal_year": "2026",
        "end_date": "2026-04-03",
    }
    body = {"results": [filing], "status": "OK"}
    assets, eps, shares = answered(PROVIDER, f"{HOST}/vX/reference/financials", body).rows("fundamentals")
    assert (assets["symbol"], assets["value"], assets["currency"]) == ("NXPI", 2.1e9, "USD")
    assert (eps["unit"], eps["period_type"], eps["fiscal_year"]) == ("USD/shares", "quarter", 2026)
    assert (eps["currency"], shares["currency"], shares["unit"]) == ("USD", None, "shares")


def test_trades_are_numbered_within_their_exchange(answered: Answered) -> None:
    trade = {
        "id": "7",
        "exchange": 11,
        "price": 10.5,
        "size": 3,
        "sip_timestamp": NOON * 1_000_000,
        "conditions": [12],
    }
    body = {"results": [trade, trade | {"exchange": 12}], "status": "OK"}
    rows = answered(PROVIDER, f"{HOST}/v3/trades/AAPL", body).rows("trades")
    assert [row["trade_id"] for row in rows] == ["11:7", "12:7"]
    assert rows[0]["traded_at"] == datetime(2026, 1, 2, 17, tzinfo=UTC)


def test_dividends_and_splits(answered: Answered) -> None:
    paid = {"ticker": "AAPL", "cash_amount": 0.25, "ex_dividend_date": "2026-02-06", "frequency": 4}
    (row,) = answered(PROVIDER, f"{HOST}/v3/reference/dividends?ticker=AAPL", {"results": [paid]}).rows(
        "corporate_actions"
    )
    assert (row["amount"], row["ex_date"], row["frequency"]) == (0.25, date(2026, 2, 6), "4")
    cut = {"ticker": "AAPL", "execution_date": "2026-02-06", "split_from": 1, "split_to": 4}
    (row,) = answered(PROVIDER, f"{HOST}/v3/reference/splits?ticker=AAPL", {"results": [cut]}).rows(
        "corporate_actions"
    )
    assert (row["split_from"], row["split_to"]) == (1.0, 4.0)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"status": "ERROR", "error": "Unknown API Key"}, 401, AuthenticationError),
        ({"status": "NOT_AUTHORIZED", "message": "Your plan does not include this"}, 403, NotEntitledError),
        ({"status": "NOT_FOUND", "message": "Data not found."}, 200, NotFoundError),
    ],
)
def test_refusals_are_typed(answered: Answered, body: object, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        answered(PROVIDER, bars("AAPL"), body, status=status).frame("eod_data")


@pytest.mark.parametrize(
    ("dataset", "key", "target"),
    [
        ("economic_series", "job_openings", "/fed/v1/labor-market"),
        ("economic_series", "cpi", "/fed/v1/inflation"),
        ("symbols", "BRK/B", "/v3/reference/tickers/BRK.B"),
        ("symbols", "", "/v3/reference/tickers"),
    ],
)
def test_each_key_is_asked_of_the_list_that_holds_it(dataset: str, key: str, target: str) -> None:
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json={"status": "OK", "results": []})

    async def main() -> None:
        provider = DeclaredProvider(
            PROVIDER,
            credentials={"TTAPI_POLYGON_KEY": "secret"},
            transport=lambda _: httpx.MockTransport(answer),
        )
        async with provider:
            request = DataRequest(dataset=dataset, keys=(key,) if key else ())
            assert len([part async for part in provider.get_data(request)]) == len(request.keys)

    asyncio.run(main())
    assert paths == [target]


def test_a_crossed_book_has_no_level_that_can_be_relied_on(answered: Answered) -> None:
    url = f"{HOST}/v2/snapshot/locale/global/markets/crypto/tickers/X:BTCUSD/book"
    bids, asks = [{"p": 12.0, "x": {"1": 1}}], [{"p": 11.0, "x": {"2": 1}}]
    crossed = {"data": {"ticker": "X:BTCUSD", "bids": bids, "asks": asks}}
    answers = answered(PROVIDER, url, crossed)["order_books"]
    assert (answers.rows, answers.decoded.skipped_count) == (0, 2)
    sound = {"data": {"ticker": "X:BTCUSD", "bids": asks, "asks": bids}}
    assert answered(PROVIDER, url, sound)["order_books"].rows == 2


def test_retired_prices_of_a_share_are_read(answered: Answered) -> None:
    last = {"price": 11.5, "size": 20, "timestamp": NOON}
    body = {"status": "success", "symbol": "BRK.B", "last": last}
    (row,) = answered(PROVIDER, f"{HOST}/v1/last/stocks/BRK.B", body).rows("quotes")
    assert (row["symbol"], row["last"]) == ("BRK/B", 11.5)
    assert row["quoted_at"] == datetime(2026, 1, 2, 17, tzinfo=UTC)


def test_the_last_quote_of_a_history_is_the_quote(answered: Answered) -> None:
    early = {"bid_price": 10.0, "ask_price": 10.5, "sip_timestamp": NOON * 10**6 - 1}
    last = {"bid_price": 11.0, "ask_price": 11.5, "sip_timestamp": NOON * 10**6}
    body = {"results": [early, last], "status": "OK"}
    answers = answered(PROVIDER, f"{HOST}/v3/quotes/AAPL", body)
    (row,) = answers.rows("quotes")
    assert (row["bid"], row["quoted_at"]) == (11.0, datetime(2026, 1, 2, 17, tzinfo=UTC))
    assert answers["quotes"].decoded.skipped == ("record 0: an earlier quote",)
    later = Asked.of("GET", f"{HOST}/v3/quotes/AAPL?cursor=x")
    assert all(recognise(endpoint, later) is None for endpoint in PROVIDER.endpoints)
