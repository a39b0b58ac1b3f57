# SPDX-License-Identifier: Apache-2.0
"""Binance's answers of four markets become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotEntitledError, NotFoundError, RateLimitError, TTError
from ttapi_providers import Asked, Wanted
from ttapi_providers.vendors.binance import PROVIDER

Answered = Callable[..., Any]

SPOT, USD, COIN, OPTIONS = (f"https://{host}.binance.com" for host in ("api", "fapi", "dapi", "eapi"))
T = 1_790_000_000_000
CANDLE = [T, "10", "12", "9", "11", "5", T + 59_999, "55", 7, "2", "22", "0"]


def test_spot_bars_are_of_a_pair_with_both_volumes(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{SPOT}/api/v3/klines?symbol=BTCUSDT&interval=1M", [CANDLE]).rows(
        "crypto_bars"
    )
    assert (row["symbol"], row["vendor_symbol"], row["interval"]) == ("BTC/USDT", "BTCUSDT", "1mo")
    assert (row["volume"], row["quote_volume"], row["trade_count"]) == (5.0, 55.0, 7)
    assert row["opened_at"] == datetime.fromtimestamp(T / 1000, UTC)


def test_microseconds_are_told_from_milliseconds(answered: Answered) -> None:
    candle = [T * 1000, *CANDLE[1:]]
    (row,) = answered(
        PROVIDER, "https://data-api.binance.vision/api/v3/klines?symbol=ETHBTC&interval=1m", [candle]
    ).rows("crypto_bars")
    assert (row["symbol"], row["opened_at"]) == ("ETH/BTC", datetime.fromtimestamp(T / 1000, UTC))


def test_contracts_keep_their_names_and_coin_margined_volume_is_in_coins(answered: Answered) -> None:
    (linear,) = answered(PROVIDER, f"{USD}/fapi/v1/klines?symbol=BTCUSDT&interval=1h", [CANDLE]).rows(
        "crypto_bars"
    )
    assert (linear["symbol"], linear["volume"], linear["quote_volume"]) == ("BTCUSDT", 5.0, 55.0)
    (inverse,) = answered(PROVIDER, f"{COIN}/dapi/v1/klines?symbol=BTCUSD_PERP&interval=1h", [CANDLE]).rows(
        "crypto_bars"
    )
    assert (inverse["symbol"], inverse["volume"], inverse["quote_volume"]) == ("BTCUSD_PERP", 55.0, None)
    url = f"{COIN}/dapi/v1/continuousKlines?pair=BTCUSD&contractType=CURRENT_QUARTER&interval=1d"
    assert answered(PROVIDER, url, [CANDLE]).rows("crypto_bars")[0]["symbol"] == "BTCUSD_CURRENT_QUARTER"


def test_bars_of_mark_prices_have_no_volume(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{USD}/fapi/v1/markPriceKlines?symbol=BTCUSDT&interval=1m", [CANDLE]).rows(
        "crypto_bars"
    )
    assert (row["close"], row["volume"], row["trade_count"], row["venue"]) == (11.0, None, None, "mark price")


def test_quotes_of_many_pairs_leave_out_the_dead(answered: Answered) -> None:
    ticker = {
        "symbol": "BNBUSDT",
        "bidPrice": "9",
        "bidQty": "1",
        "askPrice": "10",
        "askQty": "2",
        "lastPrice": "9.5",
        "openPrice": "8",
        "highPrice": "11",
        "lowPrice": "7",
        "prevClosePrice": "8",
        "volume": "100",
        "closeTime": T,
    }
    dead = {"symbol": "OLDUSDT", "lastPrice": "0", "bidPrice": "0", "askPrice": "0", "prevClosePrice": "0"}
    answers = answered(PROVIDER, f"{SPOT}/api/v3/ticker/24hr", [ticker, dead])
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["bid"], row["ask_size"], row["last"], row["prev_close"]) == (
        "BNB/USDT",
        9.0,
        2.0,
        9.5,
        8.0,
    )
    assert answers["quotes"].decoded.skipped == ("record 1: OLDUSDT has no price",)


def test_volume_of_a_coin_margined_quote_is_in_coins(answered: Answered) -> None:
    body = [
        {
            "symbol": "BTCUSD_PERP",
            "pair": "BTCUSD",
            "lastPrice": "100",
            "volume": "5000",
            "baseVolume": "50",
            "closeTime": T,
        }
    ]
    (row,) = answered(PROVIDER, f"{COIN}/dapi/v1/ticker/24hr?symbol=BTCUSD_PERP", body).rows("quotes")
    assert (row["last"], row["volume"]) == (100.0, 50.0)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BNBUSD", "BNB/USD"),
        ("DOTUSD", "DOT/USD"),
        ("USDTUSD", "USDT/USD"),
        ("BTCUSDT", "BTC/USDT"),
        ("XYZBUSD", "XYZBUSD"),
    ],
)
def test_names_on_the_american_market_are_cut_where_that_market_cuts_them(
    answered: Answered, name: str, symbol: str
) -> None:
    url = f"https://api.binance.us/api/v3/ticker/price?symbol={name}"
    assert answered(PROVIDER, url, {"symbol": name, "price": "5"}).rows("quotes")[0]["symbol"] == symbol


def test_books_and_trades_tell_time_and_taker(answered: Answered) -> None:
    book = {"lastUpdateId": 7, "T": T, "bids": [["99", "3"]], "asks": [["101", "4"]]}
    rows = answered(PROVIDER, f"{USD}/fapi/v1/depth?symbol=BTCUSDT&limit=5", book).rows("order_books")
    assert [(r["symbol"], r["side"], r["price"], r["size"], r["sequence"]) for r in rows] == [
        ("BTCUSDT", "ask", 101.0, 4.0, "7"),
        ("BTCUSDT", "bid", 99.0, 3.0, "7"),
    ]
    trade = {"id": 1, "price": "100", "qty": "2", "time": T, "isBuyerMaker": True}
    assert (
        answered(PROVIDER, f"{SPOT}/api/v3/trades?symbol=BTCUSDT", [trade]).rows("trades")[0]["side"]
        == "sell"
    )
    joined = {"a": 9, "p": "100", "q": "2", "f": 1, "l": 3, "T": T, "m": False}
    (row,) = answered(PROVIDER, f"{SPOT}/api/v3/aggTrades?symbol=BTCUSDT", [joined]).rows("trades")
    assert (row["trade_id"], row["side"], row["size"]) == ("9", "buy", 2.0)


def test_funding_is_paid_or_expected(answered: Answered) -> None:
    paid = {"symbol": "BTCUSDT", "fundingTime": T, "fundingRate": "-0.0001", "markPrice": "100"}
    (row,) = answered(PROVIDER, f"{USD}/fapi/v1/fundingRate?symbol=BTCUSDT", [paid]).rows("funding_rates")
    assert (row["symbol"], row["rate"], row["predicted"], row["mark_price"]) == (
        "BTCUSDT",
        -0.0001,
        False,
        100.0,
    )
    perpetual = {
        "symbol": "BTCUSD_PERP",
        "markPrice": "100",
        "indexPrice": "101",
        "lastFundingRate": "0.0002",
        "nextFundingTime": T,
    }
    dated = {"symbol": "BTCUSD_260327", "markPrice": "103", "lastFundingRate": "", "nextFundingTime": 0}
    answers = answered(PROVIDER, f"{COIN}/dapi/v1/premiumIndex", [perpetual, dated])
    assert {row["symbol"]: row["mark"] for row in answers.rows("quotes")} == {
        "BTCUSD_PERP": 100.0,
        "BTCUSD_260327": 103.0,
    }
    (due,) = answers.rows("funding_rates")
    assert (due["rate"], due["predicted"], due["index_price"]) == (0.0002, True, 101.0)


def test_options_tell_their_terms_in_their_names(answered: Answered) -> None:
    mark = {
        "symbol": "BTC-260327-90000-C",
        "markPrice": "500",
        "markIV": "0.55",
        "delta": "0.4",
        "gamma": "0.1",
        "theta": "-5",
        "vega": "9",
    }
    (row,) = answered(PROVIDER, f"{OPTIONS}/eapi/v1/mark", [mark]).rows("option_chains")
    assert (row["symbol"], row["vendor_symbol"], row["currency"]) == (
        "BTC/USDT",
        "BTC-260327-90000-C",
        "USDT",
    )
    assert (row["expiration_date"], row["strike"], row["option_type"]) == (date(2026, 3, 27), 90_000.0, "C")
    assert (row["implied_volatility"], row["delta"]) == (0.55, 0.4)


def test_instruments_of_both_kinds_are_listed(answered: Answered) -> None:
    pair = {"symbol": "ETHBTC", "baseAsset": "ETH", "quoteAsset": "BTC", "status": "BREAK"}
    (row,) = answered(PROVIDER, f"{SPOT}/api/v3/exchangeInfo", {"symbols": [pair]}).rows("symbols")
    assert (row["symbol"], row["active"], row["currency"]) == ("ETH/BTC", False, "BTC")
    contract = {
        "symbol": "BTCUSDT_260327",
        "pair": "BTCUSDT",
        "contractType": "CURRENT_QUARTER",
        "quoteAsset": "USDT",
        "status": "TRADING",
    }
    (row,) = answered(PROVIDER, f"{USD}/fapi/v1/exchangeInfo", {"symbols": [contract]}).rows("symbols")
    assert (row["symbol"], row["instrument_type"], row["active"]) == ("BTCUSDT_260327", "future", True)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"code": -1121, "msg": "Invalid symbol."}, NotFoundError),
        (400, {"code": -1121, "msg": "Invalid symbol."}, NotFoundError),
        (418, {"code": -1003, "msg": "Way too many requests; IP banned."}, RateLimitError),
        (401, {"code": -2015, "msg": "Invalid API-key."}, AuthenticationError),
        (451, {"code": 0, "msg": "Service unavailable from a restricted location."}, NotEntitledError),
    ],
)
def test_refusals_are_typed(answered: Answered, status: int, body: Any, error: type[TTError]) -> None:
    with pytest.raises(error):
        answered(PROVIDER, f"{SPOT}/api/v3/depth?symbol=XXX", body, status=status).frame("order_books")


def test_nothing_is_an_empty_answer(answered: Answered) -> None:
    assert answered(PROVIDER, f"{USD}/fapi/v1/fundingRate?symbol=BTCUSDT", "null")["funding_rates"].rows == 0


def test_each_market_is_asked_for_its_own_names() -> None:
    def base_of(key: str) -> str:
        taken = next(
            e
            for e in PROVIDER.endpoints
            if e.dataset == "crypto_bars" and not e.retired and (e.takes is None or e.takes(key))
        )
        return taken.request.ask(
            Wanted(keys=(key,), names=(PROVIDER.naming.to_vendor(key),)), PROVIDER.bases[0]
        ).base

    assert [base_of(k) for k in ("BTC/USDT", "BTCUSDT", "BTCUSD_PERP", "BTC-260327-90000-C")] == [
        SPOT,
        USD,
        COIN,
        OPTIONS,
    ]


def test_a_long_stretch_is_asked_for_page_by_page() -> None:
    bars = next(e for e in PROVIDER.endpoints if e.dataset == "crypto_bars")
    url = f"{SPOT}/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1"
    assert bars.next_page([CANDLE], Asked.of("GET", f"{url}&startTime=5")) == {"startTime": str(T + 60_000)}
    assert bars.next_page([CANDLE], Asked.of("GET", url)) is None
    assert bars.next_page([], Asked.of("GET", f"{url}&startTime=5")) is None


def test_long_stretches_of_coin_margined_bars_are_asked_for_200_days_at_a_time() -> None:
    bars = next(e for e in PROVIDER.endpoints if e.request.path == "/dapi/v1/klines")
    long = Wanted(names=("BTCUSD_PERP",), since=date(2024, 1, 1), today=date(2026, 1, 1))
    asked = bars.request.ask(long, SPOT)
    assert "endTime" not in asked.query
    start = int(asked.query["startTime"])
    assert bars.next_page([], asked) == {"startTime": str(start + 200 * 86_400_000)}
    assert bars.next_page([[*CANDLE[:6], start + 5]], asked) == {"startTime": str(start + 6)}
    short = Wanted(
        names=("BTCUSD_PERP",), since=date(2025, 12, 1), until=date(2025, 12, 9), today=date(2026, 1, 1)
    )
    assert bars.next_page([], bars.request.ask(short, SPOT)) is None


def test_contracts_of_a_coin_margined_pair_are_a_curve(answered: Answered) -> None:
    dated = {"symbol": "BTCUSD_260327", "pair": "BTCUSD", "lastPrice": "103", "volume": "70", "closeTime": T}
    perpetual = {
        "symbol": "BTCUSD_PERP",
        "pair": "BTCUSD",
        "lastPrice": "100",
        "volume": "80",
        "closeTime": T,
    }
    rows = answered(PROVIDER, f"{COIN}/dapi/v1/ticker/24hr?pair=BTCUSD", [dated, perpetual]).rows(
        "futures_curves"
    )
    assert [(r["symbol"], r["contract"], r["expiration_date"], r["volume"]) for r in rows] == [
        ("BTCUSD", "BTCUSD_260327", date(2026, 3, 27), 70.0),
        ("BTCUSD", "BTCUSD_PERP", None, 80.0),
    ]


def test_the_length_of_a_bar_is_read_from_the_bar_where_the_request_does_not_tell(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{SPOT}/api/v3/klines?symbol=BTCUSDT", [CANDLE]).rows("crypto_bars")
    assert row["interval"] == "1m"


@pytest.mark.parametrize("path", ["trades", "historicalTrades", "blockTrades"])
def test_the_size_of_an_option_that_was_sold_has_no_minus(answered: Answered, path: str) -> None:
    trade = {"id": 1, "symbol": "BTC-260327-90000-C", "price": "10", "qty": "-0.5", "side": -1, "time": T}
    (row,) = answered(PROVIDER, f"{OPTIONS}/eapi/v1/{path}?symbol=BTC-260327-90000-C", [trade]).rows("trades")
    assert (row["size"], row["side"]) == (0.5, "sell")


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSDT", "BTC/USDT"),
        ("DOTUSDT", "DOT/USDT"),
        ("BTCFDUSD", "BTC/FDUSD"),
        ("BTCTUSD", "BTC/TUSD"),
        ("DOTUSD", "DOT/USD"),
        ("BTCUSD", "BTC/USD"),
        ("USDTUSD", "USDT/USD"),
        ("BTCUSD_PERP", "BTCUSD_PERP"),
        ("USD", "USD"),
    ],
)
def test_pairs_end_in_one_of_many_dollars(name: str, symbol: str) -> None:
    assert PROVIDER.naming.canonical(name) == symbol


@pytest.mark.parametrize(
    ("base", "quote", "symbol", "currency"),
    [
        ("ETH", "USD1", "ETH/USD1", "USD1"),
        ("BTC", "U", "BTCU", None),
        ("123", "456", "123456", None),
    ],
)
def test_a_quote_that_is_no_code_makes_no_pair(
    answered: Answered, base: str, quote: str, symbol: str, currency: str | None
) -> None:
    listed = {"symbol": base + quote, "status": "BREAK", "baseAsset": base, "quoteAsset": quote}
    (row,) = answered(PROVIDER, f"{SPOT}/api/v3/exchangeInfo", {"symbols": [listed]}).rows("symbols")
    assert (row["symbol"], row["currency"]) == (symbol, currency)
    assert PROVIDER.naming.canonical(base + quote) == symbol


def test_the_first_version_had_older_trades_too(answered: Answered) -> None:
    trade = {"id": 1, "price": "10", "qty": "2", "time": T, "isBuyerMaker": True}
    (row,) = answered(PROVIDER, f"{SPOT}/api/v1/historicalTrades?symbol=BTCUSDT", [trade]).rows("trades")
    assert (row["symbol"], row["side"]) == ("BTC/USDT", "sell")
