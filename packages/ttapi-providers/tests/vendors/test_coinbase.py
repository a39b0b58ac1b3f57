# SPDX-License-Identifier: Apache-2.0
"""Coinbase's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import NotFoundError, RateLimitError
from ttapi_providers import Wanted
from ttapi_providers.vendors.coinbase import PROVIDER

Answered = Callable[..., Any]

EXCHANGE = "https://api.exchange.coinbase.com"
ADVANCED = "https://api.coinbase.com/api/v3/brokerage/market"


def test_candles_are_low_before_high_and_newest_first(answered: Answered) -> None:
    body = [[1_790_000_060, 9, 12, 10, 11, 5.5], [1_790_000_000, 8, 10, 9, 10, 1]]
    rows = answered(PROVIDER, f"{EXCHANGE}/products/BTC-USD/candles?granularity=60", body).rows("crypto_bars")
    assert [row["opened_at"] for row in rows] == [
        datetime.fromtimestamp(t, UTC) for t in (1_790_000_000, 1_790_000_060)
    ]
    last = rows[-1]
    assert (
        last["symbol"],
        last["interval"],
        last["low"],
        last["high"],
        last["open"],
        last["close"],
        last["volume"],
    ) == (
        "BTC/USD",
        "1m",
        9.0,
        12.0,
        10.0,
        11.0,
        5.5,
    )


def test_the_length_of_a_bar_is_read_from_the_bars_where_it_was_not_asked_for(answered: Answered) -> None:
    body = [
        [1_790_007_200, 9, 12, 10, 11, 5],
        [1_790_003_600, 9, 12, 10, 11, 5],
        [1_790_000_000, 8, 10, 9, 10, 1],
    ]
    rows = answered(PROVIDER, "https://api.gdax.com/products/BTC-EUR/candles", body).rows("crypto_bars")
    assert {row["interval"] for row in rows} == {"1h"}


def test_level_three_of_a_book_has_orders_and_no_counts(answered: Answered) -> None:
    body = {"sequence": 5, "bids": [["99", "1", "3b0f1225"]], "asks": [["101", "2", "da863862"]]}
    rows = answered(PROVIDER, f"{EXCHANGE}/products/BTC-USD/book?level=3", body).rows("order_books")
    assert [(r["side"], r["price"], r["size"], r["order_count"]) for r in rows] == [
        ("ask", 101.0, 2.0, None),
        ("bid", 99.0, 1.0, None),
    ]
    counted = {"sequence": 5, "bids": [["99", "1", 4]], "asks": [], "time": "2026-01-02T03:04:05.678901Z"}
    (row,) = answered(PROVIDER, f"{EXCHANGE}/products/BTC-USD/book?level=2", counted).rows("order_books")
    assert (row["order_count"], row["quoted_at"].microsecond) == (4, 678_901)


def test_the_side_of_an_exchange_trade_is_that_of_the_taker(answered: Answered) -> None:
    body = [{"trade_id": 7, "side": "sell", "size": "0.5", "price": "100", "time": "2026-01-02T03:04:05Z"}]
    (row,) = answered(PROVIDER, f"{EXCHANGE}/products/BTC-USD/trades", body).rows("trades")
    assert (row["trade_id"], row["side"], row["size"]) == ("7", "buy", 0.5)


def test_statistics_of_all_products_leave_out_the_dead(answered: Answered) -> None:
    body = {
        "BTC-USD": {"stats_24hour": {"open": "90", "high": "110", "low": "80", "last": "100", "volume": "5"}},
        "OLD-USD": {"stats_24hour": {"open": "0", "high": "0", "low": "0", "last": "0", "volume": "0"}},
    }
    answers = answered(PROVIDER, f"{EXCHANGE}/products/stats", body)
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["last"], row["open"], row["volume"]) == ("BTC/USD", 100.0, 90.0, 5.0)
    assert answers["quotes"].decoded.skipped_count == 1
    assert "symbols" not in answers


def test_a_product_of_advanced_trade_is_an_instrument_and_a_quote(answered: Answered) -> None:
    spot = {
        "product_id": "ETH-EUR",
        "price": "100",
        "volume_24h": "7",
        "status": "online",
        "product_type": "SPOT",
        "quote_currency_id": "EUR",
        "mid_market_price": "",
    }
    future = {
        "product_id": "BIT-27MAR26-CDE",
        "price": "100",
        "volume_24h": "7",
        "product_type": "FUTURE",
        "quote_currency_id": "USD",
    }
    answers = answered(PROVIDER, f"{ADVANCED}/products", {"products": [spot, future], "num_products": 2})
    quotes = {row["symbol"]: row["volume"] for row in answers.rows("quotes")}
    assert quotes == {"ETH/EUR": 7.0, "BIT-27MAR26-CDE": None}
    assert {row["symbol"]: row["instrument_type"] for row in answers.rows("symbols")} == {
        "ETH/EUR": "crypto",
        "BIT-27MAR26-CDE": "future",
    }


def test_advanced_books_and_candles_are_read(answered: Answered) -> None:
    book = {
        "pricebook": {
            "product_id": "BTC-USD",
            "bids": [{"price": "99", "size": "1"}],
            "asks": [{"price": "101", "size": "2"}],
            "time": "2026-01-02T03:04:05Z",
        }
    }
    rows = answered(PROVIDER, f"{ADVANCED}/product_book?product_id=BTC-USD", book).rows("order_books")
    assert [(r["side"], r["level"], r["price"]) for r in rows] == [("ask", 1, 101.0), ("bid", 1, 99.0)]
    candle = {"start": "1790000000", "low": "1", "high": "4", "open": "2", "close": "3", "volume": "5"}
    (bar,) = answered(
        PROVIDER, f"{ADVANCED}/products/BTC-USD/candles?granularity=SIX_HOUR", {"candles": [candle]}
    ).rows("crypto_bars")
    assert (bar["interval"], bar["high"], bar["low"]) == ("6h", 4.0, 1.0)


def test_refusals_are_typed(answered: Answered) -> None:
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{EXCHANGE}/products/XX-YY/ticker", {"message": "NotFound"}, status=404).frame(
            "quotes"
        )
    with pytest.raises(RateLimitError):
        answered(
            PROVIDER,
            f"{EXCHANGE}/products/BTC-USD/ticker",
            {"message": "Public rate limit exceeded"},
            status=429,
        ).frame("quotes")
    body = {"error": "INVALID_ARGUMENT", "message": "valid product_id is required"}
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ADVANCED}/products/XX-YY", body, status=400).frame("quotes")


def test_an_empty_answer_is_no_error(answered: Answered) -> None:
    assert answered(PROVIDER, f"{EXCHANGE}/products/BTC-USD/trades", [])["trades"].rows == 0


def test_a_long_stretch_is_asked_for_in_windows_of_300_candles() -> None:
    bars = next(e for e in PROVIDER.endpoints if e.dataset == "crypto_bars")
    wanted = Wanted(keys=("BTC/USD",), names=("BTC-USD",), since=date(2020, 1, 1), today=date(2026, 6, 1))
    first = bars.request.ask(wanted, EXCHANGE)
    assert (first.query["start"], first.query["end"]) == ("2020-01-01T00:00:00Z", "2020-10-26T00:00:00Z")
    assert bars.next_page([], first) == {"start": "2020-10-27T00:00:00Z", "end": "2021-08-22T00:00:00Z"}
    near = bars.request.ask(
        Wanted(names=("BTC-USD",), since=date(2026, 5, 1), today=date(2026, 6, 1)), EXCHANGE
    )
    assert bars.next_page([], near) is None


def test_futures_of_advanced_trade_are_a_curve_with_funding(answered: Answered) -> None:
    dated = {
        "product_id": "BIT-24APR26-CDE",
        "price": "101",
        "volume_24h": "7",
        "product_type": "FUTURE",
        "quote_currency_id": "USD",
        "status": "",
        "future_product_details": {
            "contract_expiry": "2026-04-24T15:00:00Z",
            "contract_root_unit": "BTC",
            "open_interest": "35",
            "settlement_price": "100",
            "funding_rate": "",
            "funding_time": None,
        },
    }
    perpetual = {
        **dated,
        "product_id": "BIP-20DEC30-CDE",
        "future_product_details": {
            "contract_root_unit": "BTC",
            "funding_rate": "0.000013",
            "funding_time": "2026-04-07T00:00:00Z",
            "funding_interval": "3600s",
            "contract_expiry": "2030-12-20T16:00:00Z",
        },
    }
    answers = answered(PROVIDER, f"{ADVANCED}/products?product_type=FUTURE", {"products": [dated, perpetual]})
    curve = {row["contract"]: row for row in answers.rows("futures_curves")}
    first = curve["BIT-24APR26-CDE"]
    assert (first["symbol"], first["expiration_date"], first["settlement"], first["open_interest"]) == (
        "BTC/USD",
        date(2026, 4, 24),
        100.0,
        35.0,
    )
    (row,) = answers.rows("funding_rates")
    assert (row["symbol"], row["rate"], row["interval_hours"]) == ("BIP-20DEC30-CDE", 0.000013, 1.0)
    assert {row["symbol"]: row["active"] for row in answers.rows("symbols")} == {
        "BIT-24APR26-CDE": None,
        "BIP-20DEC30-CDE": None,
    }


def test_the_consumer_service_tells_sides_and_rates(answered: Answered) -> None:
    price = {"data": {"amount": "10.5", "currency": "USD"}}
    (row,) = answered(PROVIDER, "https://api.coinbase.com/v2/prices/BTC-USD/buy", price).rows("quotes")
    assert (row["symbol"], row["ask"], row["bid"]) == ("BTC/USD", 10.5, None)
    (row,) = answered(PROVIDER, "https://api.coinbase.com/v2/prices/BTC-USD/sell", price).rows("quotes")
    assert (row["ask"], row["bid"], row["currency"]) == (None, 10.5, "USD")
    rates = {"data": {"currency": "BTC", "rates": {"EUR": "9.5", "BTC": "1", "00": "0"}}}
    answers = answered(PROVIDER, "https://api.coinbase.com/v2/exchange-rates?currency=BTC", rates)
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["last"], row["currency"]) == ("BTC/EUR", 9.5, "EUR")
    assert answers["quotes"].decoded.skipped_count == 2


def test_the_international_exchange_is_read(answered: Answered) -> None:
    host = "https://api.international.coinbase.com/api/v1/instruments"
    quote = {
        "best_bid_price": "9",
        "best_ask_size": "0",
        "mark_price": "10",
        "timestamp": "2026-01-02T10:00:00Z",
    }
    perpetual = {
        "symbol": "ABC-PERP",
        "type": "PERP",
        "quote_asset_name": "USDC",
        "qty_24hr": "5",
        "quote": quote,
    }
    pair = {**perpetual, "symbol": "ABC-USDC", "type": "SPOT", "trading_state": "TRADING"}
    answers = answered(PROVIDER, host, [perpetual, pair])
    assert {(row["symbol"], row["instrument_type"]) for row in answers.rows("symbols")} == {
        ("ABC-PERP", "perpetual"),
        ("ABC/USDC", "crypto"),
    }
    assert {(row["symbol"], row["bid"], row["volume"]) for row in answers.rows("quotes")} == {
        ("ABC-PERP", 9.0, 5.0),
        ("ABC/USDC", 9.0, 5.0),
    }
    paid = {
        "results": [{"funding_rate": "0.00001", "mark_price": "10", "event_time": "2026-01-02T10:00:00Z"}]
    }
    (row,) = answered(PROVIDER, f"{host}/ABC-PERP/funding", paid).rows("funding_rates")
    assert (row["symbol"], row["rate"], row["interval_hours"]) == ("ABC-PERP", 0.00001, 1.0)
    bar = {
        "start": "2026-01-02T00:00:00Z",
        "open": "1",
        "high": "3",
        "low": "0.5",
        "close": "2",
        "volume": "4",
    }
    (row,) = answered(PROVIDER, f"{host}/ABC-PERP/candles?granularity=ONE_DAY", {"aggregations": [bar]}).rows(
        "crypto_bars"
    )
    assert (row["interval"], row["close"], row["volume"]) == ("1d", 2.0, 4.0)


CONSUMERS = "https://api.coinbase.com/v2/prices"


def test_the_price_of_a_day_is_no_quote(answered: Answered) -> None:
    data = {"base": "BTC", "currency": "USD", "amount": "29333.61"}
    (row,) = answered(PROVIDER, f"{CONSUMERS}/BTC-USD/spot?date=2026-01-01", {"data": data}).rows("fx_rates")
    assert (row["symbol"], row["date"], row["rate"]) == ("BTC/USD", date(2026, 1, 1), 29333.61)


def test_prices_of_consumers_over_time_are_bars_of_one_price(answered: Answered) -> None:
    prices = [
        {"price": "11", "time": "2026-01-01T00:05:00Z"},
        {"price": "10", "time": "2026-01-01T00:00:00Z"},
    ]
    data = {"base": "BTC", "currency": "USD", "prices": prices}
    rows = answered(PROVIDER, f"{CONSUMERS}/BTC-USD/historic?period=hour", {"data": data}).rows("crypto_bars")
    assert [(r["symbol"], r["interval"], r["close"]) for r in rows] == [
        ("BTC/USD", "5m", 10.0),
        ("BTC/USD", "5m", 11.0),
    ]


def test_coins_of_a_currency_are_priced_together(answered: Answered) -> None:
    data = [
        {"base": "BTC", "currency": "USD", "amount": "10"},
        {"base": "ETH", "currency": "USD", "amount": "1"},
    ]
    rows = answered(PROVIDER, f"{CONSUMERS}/USD/spot", {"data": data}).rows("quotes")
    assert [(r["symbol"], r["last"]) for r in rows] == [("BTC/USD", 10.0), ("ETH/USD", 1.0)]
