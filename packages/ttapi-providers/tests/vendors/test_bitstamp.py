# SPDX-License-Identifier: Apache-2.0
"""Bitstamp's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ttapi_core import NotFoundError, RequestRefusedError
from ttapi_providers import Asked, Wanted, decode, recognise
from ttapi_providers.vendors.bitstamp import PROVIDER

Answered = Callable[..., Any]

API = "https://www.bitstamp.net/api/v2"
TICKER = {
    "timestamp": "1790000000",
    "open": "90",
    "high": "110",
    "low": "80",
    "last": "100",
    "volume": "12.5",
    "vwap": "95",
    "bid": "99.5",
    "ask": "100.5",
    "side": "0",
    "open_24": "91",
    "percent_change_24": "9.89",
}


def test_a_ticker_is_a_quote_of_the_pair_that_was_asked_for(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{API}/ticker/btcusd/", TICKER).rows("quotes")
    assert (row["symbol"], row["vendor_symbol"]) == ("BTC/USD", "btcusd")
    assert (row["bid"], row["ask"], row["last"], row["open"], row["volume"]) == (
        99.5,
        100.5,
        100.0,
        90.0,
        12.5,
    )
    assert row["quoted_at"] == datetime.fromtimestamp(1_790_000_000, UTC)


def test_all_tickers_tell_their_pairs_and_a_dead_one_is_skipped(answered: Answered) -> None:
    dead = {**dict.fromkeys(TICKER, "0"), "pair": "OLD/USD"}
    body = [{**TICKER, "pair": "ETH/EUR"}, {**TICKER, "pair": "BTC/USD-PERP"}, dead]
    answers = answered(PROVIDER, f"{API}/ticker/", body)
    assert {row["symbol"] for row in answers.rows("quotes")} == {"ETH/EUR", "btcusd-perp"}
    assert answers["quotes"].decoded.skipped_count == 1


def test_candles_are_as_long_as_the_step_that_was_asked_for(answered: Answered) -> None:
    bar = {"timestamp": "1790006400", "open": "1", "high": "3", "low": "0.5", "close": "2", "volume": "4"}
    body = {"data": {"pair": "BTC/USD", "ohlc": [bar]}}
    (row,) = answered(PROVIDER, f"{API}/ohlc/btcusd/?step=3600&limit=10", body).rows("crypto_bars")
    assert (row["interval"], row["close"], row["volume"]) == ("1h", 2.0, 4.0)
    assert row["opened_at"] == datetime.fromtimestamp(1_790_006_400, UTC)


def test_books_have_levels_from_the_best_on(answered: Answered) -> None:
    body = {
        "timestamp": "1790000000",
        "microtimestamp": "1790000000123456",
        "bids": [["99.5", "1"], ["99", "2"]],
        "asks": [["100.5", "0.25"]],
    }
    rows = answered(PROVIDER, f"{API}/order_book/btcusd", body).rows("order_books")
    assert [(r["side"], r["level"], r["price"], r["size"]) for r in rows] == [
        ("ask", 1, 100.5, 0.25),
        ("bid", 1, 99.5, 1.0),
        ("bid", 2, 99.0, 2.0),
    ]
    assert rows[0]["quoted_at"].microsecond == 123_456


def test_the_type_of_a_trade_is_the_side_of_its_taker(answered: Answered) -> None:
    body = [
        {"date": "1790000000", "tid": "2", "amount": "0.5", "type": "1", "price": "100"},
        {"date": "1790000000", "tid": "1", "amount": "0.5", "type": "0", "price": "101"},
    ]
    rows = answered(PROVIDER, f"{API}/transactions/btcusd/?time=hour", body).rows("trades")
    assert [(r["trade_id"], r["side"]) for r in rows] == [("1", "buy"), ("2", "sell")]


def test_markets_are_listed_with_contracts_under_their_own_names(answered: Answered) -> None:
    body = [
        {
            "market_symbol": "btcusd",
            "base_currency": "BTC",
            "counter_currency": "USD",
            "trading": "Enabled",
            "market_type": "SPOT",
        },
        {
            "market_symbol": "btcusd-perp",
            "base_currency": "BTC",
            "counter_currency": "USD",
            "trading": "Disabled",
            "market_type": "PERPETUAL",
        },
        {"trading": "Enabled"},
    ]
    answers = answered(PROVIDER, f"{API}/markets/", body)
    rows = {row["symbol"]: row for row in answers.rows("symbols")}
    assert rows["BTC/USD"]["active"] is True
    assert (rows["btcusd-perp"]["instrument_type"], rows["btcusd-perp"]["active"]) == ("perpetual", False)
    assert answers["symbols"].decoded.skipped_count == 1


def test_funding_is_a_fraction_of_a_contract(answered: Answered) -> None:
    body = {
        "market": "ETH/USD-PERP",
        "funding_rate_history": [{"funding_rate": "-0.00011", "timestamp": "1790000000"}],
    }
    (row,) = answered(PROVIDER, f"{API}/funding_rate_history/ethusd-perp/", body).rows("funding_rates")
    assert (row["symbol"], row["rate"], row["predicted"]) == ("ethusd-perp", -0.00011, False)


def test_the_conversion_rate_is_a_quote_of_the_euro(answered: Answered) -> None:
    (row,) = answered(
        PROVIDER, "https://www.bitstamp.net/api/eur_usd/", {"sell": "1.12", "buy": "1.13"}
    ).rows("quotes")
    assert (row["symbol"], row["bid"], row["ask"]) == ("EUR/USD", 1.12, 1.13)


def test_errors_inside_an_answer_are_raised(answered: Answered) -> None:
    with pytest.raises(RequestRefusedError, match="Invalid step"):
        answered(
            PROVIDER, f"{API}/ohlc/btcusd/?step=7", {"code": 1, "errors": [{"message": "Invalid step"}]}
        ).frame("crypto_bars")
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{API}/ticker/xxxyyy/", "<html>Page not found</html>", status=404).frame("quotes")


def test_what_is_missing_before_a_full_page_is_asked_for() -> None:
    bars = next(e for e in PROVIDER.endpoints if e.dataset == "crypto_bars")
    body = {"data": {"ohlc": [{"timestamp": "86400"}, {"timestamp": "172800"}]}}
    full = f"{API}/ohlc/btcusd/?step=86400&limit=2"
    assert bars.next_page(body, Asked.of("GET", f"{full}&start=5")) == {"end": "86399"}
    assert bars.next_page(body, Asked.of("GET", f"{full}&start=86400")) is None
    assert bars.next_page(body, Asked.of("GET", full)) is None
    assert bars.next_page(body, Asked.of("GET", f"{API}/ohlc/btcusd/?step=86400&limit=3&start=5")) is None


def test_a_list_of_tickers_is_not_all_of_the_pair_that_was_asked_for() -> None:
    tickers = next(e for e in PROVIDER.endpoints if e.dataset == "quotes")
    asked = tickers.request.ask(Wanted(keys=("BTC/USD",), names=("btcusd",)), PROVIDER.bases[0])
    recognised = recognise(tickers, asked)
    assert recognised is not None
    body = [{**TICKER, "pair": "ETH/EUR"}, {**TICKER, "pair": "BTC/USD"}]
    assert [row["symbol"] for row in decode(PROVIDER, tickers, recognised, body).rows] == [
        "ETH/EUR",
        "BTC/USD",
    ]
