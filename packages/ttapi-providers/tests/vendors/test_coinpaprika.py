# SPDX-License-Identifier: Apache-2.0
"""CoinPaprika's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import NotEntitledError, NotFoundError
from ttapi_providers import Wanted
from ttapi_providers.vendors.coinpaprika import PROVIDER

Answered = Callable[..., Any]

API = "https://api.coinpaprika.com/v1"
BAR = {
    "time_open": "2026-01-02T00:00:00Z",
    "time_close": "2026-01-02T23:59:59Z",
    "open": 1.5,
    "high": 3,
    "low": 1,
    "close": 2,
    "volume": 7000,
    "market_cap": 9_000_000,
}


def test_prices_are_quotes_one_a_currency(answered: Answered) -> None:
    coin = {
        "id": "btc-bitcoin",
        "symbol": "BTC",
        "last_updated": "2026-01-02T10:00:00Z",
        "quotes": {"USD": {"price": 100.5, "volume_24h": 5e9}, "ETH": {"price": 30.25}},
    }
    rows = answered(PROVIDER, f"{API}/tickers/btc-bitcoin?quotes=USD,ETH", coin).rows("quotes")
    assert [(r["symbol"], r["vendor_symbol"], r["last"], r["currency"]) for r in rows] == [
        ("BTC/USD", "btc-bitcoin/usd", 100.5, "USD"),
        ("BTC/ETH", "btc-bitcoin/eth", 30.25, "ETH"),
    ]
    assert all(row["volume"] is None for row in rows)


def test_a_coin_without_a_common_ticker_keeps_its_id(answered: Answered) -> None:
    coin = {
        "id": "zk-zksync",
        "symbol": "ZK",
        "last_updated": "2026-01-02T10:00:00Z",
        "quotes": {"USD": {"price": 0.5}},
    }
    nothing = {"id": "old-old", "symbol": "OLD", "quotes": {"USD": {"price": 0}}}
    answers = answered(PROVIDER, f"{API}/tickers", [coin, nothing])
    assert [row["symbol"] for row in answers.rows("quotes")] == ["zk-zksync/usd"]
    assert answers["quotes"].decoded.skipped_count == 1
    assert PROVIDER.naming.to_vendor("BTC/USD") == "btc-bitcoin/usd"


def test_bars_have_their_volume_in_the_quote_currency_and_the_running_one_is_left_out(
    answered: Answered,
) -> None:
    running = {**BAR, "time_open": "2026-01-03T00:00:00Z", "time_close": "2026-01-03T16:42:00Z"}
    url = f"{API}/coins/btc-bitcoin/ohlcv/historical?start=2026-01-02"
    answers = answered(PROVIDER, url, [BAR, running])
    (row,) = answers.rows("crypto_bars")
    assert (row["symbol"], row["interval"], row["volume"], row["quote_volume"]) == (
        "BTC/USD",
        "1d",
        None,
        7000.0,
    )
    assert row["opened_at"] == datetime(2026, 1, 2, tzinfo=UTC)
    assert answers["crypto_bars"].decoded.skipped == ("record 1: the bar is not over",)


def test_the_bar_of_today_is_given_where_it_is_what_was_asked_for(answered: Answered) -> None:
    running = {**BAR, "time_close": "2026-01-02T16:42:00Z"}
    assert (
        answered(PROVIDER, f"{API}/coins/btc-bitcoin/ohlcv/today?quote=btc", [running]).rows("crypto_bars")[
            0
        ]["symbol"]
        == "BTC/BTC"
    )


def test_historical_tickers_are_prices_without_a_range(answered: Answered) -> None:
    point = {"timestamp": "2026-01-02T00:00:00Z", "price": 99.5, "volume_24h": 1, "market_cap": 2}
    url = f"{API}/tickers/eth-ethereum/historical?start=2026-01-02&interval=24h"
    (row,) = answered(PROVIDER, url, [point]).rows("crypto_bars")
    assert (row["interval"], row["open"], row["close"], row["quote_volume"]) == ("1d", None, 99.5, None)


def test_coins_are_listed_and_described_by_their_id(answered: Answered) -> None:
    coin = {"id": "btc-bitcoin", "name": "Bitcoin", "symbol": "BTC", "is_active": True, "type": "coin"}
    (listed,) = answered(PROVIDER, f"{API}/coins", [coin]).rows("symbols")
    assert (listed["symbol"], listed["description"], listed["active"]) == ("btc-bitcoin", "Bitcoin", True)
    told = {**coin, "description": "A coin.", "links": {"website": ["https://bitcoin.example"]}}
    (profile,) = answered(PROVIDER, f"{API}/coins/btc-bitcoin", told).rows("company_profiles")
    assert (profile["name"], profile["website"]) == ("Bitcoin", "https://bitcoin.example")


def test_refusals_are_typed(answered: Answered) -> None:
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{API}/coins/none", {"error": "id not found"}, status=404).frame(
            "company_profiles"
        )
    words = {"error": "Getting historical data before 2025-01-02 is not allowed in this plan"}
    with pytest.raises(NotEntitledError):
        answered(
            PROVIDER, f"{API}/coins/btc-bitcoin/ohlcv/historical?start=2013-01-01", words, status=402
        ).frame("crypto_bars")


def test_a_coin_alone_has_a_description_and_no_price() -> None:
    def taken(key: str) -> set[str]:
        return {
            e.dataset
            for e in PROVIDER.endpoints
            if not e.retired and e.batch and (e.takes is None or e.takes(key))
        }

    assert taken("btc-bitcoin") == {"company_profiles"}
    assert taken("BTC/USD") == {"quotes", "crypto_bars"}


def test_old_tickers_are_read_still(answered: Answered) -> None:
    coin = {"id": "btc-bitcoin", "price_usd": "100.5", "price_btc": "1", "last_updated": "1790000000"}
    rows = answered(PROVIDER, f"{API}/ticker/btc-bitcoin", coin).rows("quotes")
    assert sorted((row["symbol"], row["last"]) for row in rows) == [("BTC/BTC", 1.0), ("BTC/USD", 100.5)]


def test_a_full_page_of_bars_is_followed_by_the_next() -> None:
    bars = next(e for e in PROVIDER.endpoints if e.dataset == "crypto_bars")
    wanted = Wanted(names=("btc-bitcoin/usd",), since=date(2025, 1, 1), today=date(2026, 6, 1))
    asked = bars.request.ask(wanted, PROVIDER.bases[0])
    assert (asked.path, asked.query["quote"], asked.query["start"]) == (
        "/v1/coins/btc-bitcoin/ohlcv/historical",
        "usd",
        "2025-01-01",
    )
    assert bars.next_page([BAR] * 366, asked) == {"start": "2026-01-03"}
    assert bars.next_page([BAR], asked) is None


def test_what_an_amount_is_worth_is_the_price_of_one(answered: Answered) -> None:
    body = {
        "base_currency_id": "btc-bitcoin",
        "quote_currency_id": "usd-us-dollars",
        "base_price_last_updated": "2026-01-02T10:00:00Z",
        "amount": 4,
        "price": 10,
    }
    url = f"{API}/price-converter?base_currency_id=btc-bitcoin&quote_currency_id=usd-us-dollars&amount=4"
    (row,) = answered(PROVIDER, url, body).rows("quotes")
    assert (row["symbol"], row["last"], row["currency"]) == ("BTC/USD", 2.5, "USD")
    assert answered(PROVIDER, url, {**body, "amount": 0}).rows("quotes") == []


def test_contracts_of_a_platform_are_coins(answered: Answered) -> None:
    token = {"address": "0xab", "id": "abc-some", "type": "ERC20", "active": False}
    (row,) = answered(PROVIDER, f"{API}/contracts/eth-ethereum", [token]).rows("symbols")
    assert (row["symbol"], row["active"]) == ("abc-some", False)


def test_a_market_of_an_exchange_is_not_the_average_of_the_pair(answered: Answered) -> None:
    market = {"exchange_id": "some", "pair": "BTC/EUR", "category": "Spot", "outlier": False}
    market |= {"quotes": {"USD": {"price": 10.5, "volume_24h": 9e9}}, "last_updated": "2026-01-02T10:00:00Z"}
    derived = {**market, "category": "Perpetual"}
    odd = {**market, "pair": "BTC/ABC", "outlier": True}
    answers = answered(PROVIDER, f"{API}/coins/btc-bitcoin/markets", [market, derived, odd])
    rows = answers.rows("quotes")
    assert {(row["symbol"], row["last"], row["currency"], row["volume"]) for row in rows} == {
        ("some:BTC/EUR", 10.5, "USD", None),
        ("some:BTC/EUR:Perpetual", 10.5, "USD", None),
    }
    assert answers["quotes"].decoded.skipped_count == 1
    both = {"pair": "BTC/EUR", "quotes": {"USD": {"price": 10.5}, "BTC": {"price": 1}}}
    rows = answered(PROVIDER, f"{API}/exchanges/some/markets?quotes=USD,BTC", [both]).rows("quotes")
    assert {(row["symbol"], row["currency"]) for row in rows} == {
        ("some:BTC/EUR:USD", "USD"),
        ("some:BTC/EUR:BTC", "BTC"),
    }
