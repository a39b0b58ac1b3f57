# SPDX-License-Identifier: Apache-2.0
"""Kraken's answers of both markets become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import NotFoundError, RateLimitError, RequestRefusedError, ServerFaultError, TTError
from ttapi_providers import Wanted
from ttapi_providers.vendors.kraken import PROVIDER

Answered = Callable[..., Any]

SPOT = "https://api.kraken.com/0/public"
FUTURES = "https://futures.kraken.com"
V3 = f"{FUTURES}/derivatives/api/v3"


def spot(result: Any) -> Any:
    return {"error": [], "result": result}


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("XXBTZUSD", "BTC/USD"),
        ("XBTUSD", "BTC/USD"),
        ("XBT/USDT", "BTC/USDT"),
        ("XDGEUR", "DOGE/EUR"),
        ("XETHXXBT", "ETH/BTC"),
        ("XTZUSD", "XTZ/USD"),
        ("USDTZUSD", "USDT/USD"),
        ("ZUSDZJPY", "USD/JPY"),
        ("BATUSD", "BAT/USD"),
        ("PI_XBTUSD", "PI_XBTUSD"),
    ],
)
def test_old_and_new_names_of_pairs_are_one(name: str, symbol: str) -> None:
    assert PROVIDER.naming.canonical(name) == symbol


def test_the_candle_that_is_not_over_is_left_out(answered: Answered) -> None:
    body = spot(
        {
            "XXBTZUSD": [
                [1_790_000_040, "10", "12", "9", "11", "10.5", "3", 4],
                [1_790_000_100, "11", "11", "11", "11", "0", "0", 0],
                [1_790_000_160, "11", "11", "11", "11", "11", "1", 1],
            ],
            "last": 1_790_000_100,
        }
    )
    answers = answered(PROVIDER, f"{SPOT}/OHLC?pair=XBTUSD&interval=1", body)
    first, second = answers.rows("crypto_bars")
    assert (first["symbol"], first["interval"], first["vwap"], first["volume"], first["trade_count"]) == (
        "BTC/USD",
        "1m",
        10.5,
        3.0,
        4,
    )
    assert (second["vwap"], second["volume"]) == (None, 0.0)
    assert answers["crypto_bars"].decoded.skipped == ("record 2: the candle is not over",)


def test_a_ticker_is_of_today(answered: Answered) -> None:
    ticker = {
        "a": ["101", "1", "1.5"],
        "b": ["99", "2", "2.5"],
        "c": ["100", "0.1"],
        "v": ["7", "70"],
        "p": ["1", "2"],
        "t": [1, 2],
        "l": ["90", "80"],
        "h": ["110", "120"],
        "o": "95",
    }
    (row,) = answered(PROVIDER, f"{SPOT}/Ticker?pair=XBTUSD", spot({"XXBTZUSD": ticker})).rows("quotes")
    assert (row["symbol"], row["bid"], row["bid_size"], row["ask"], row["ask_size"]) == (
        "BTC/USD",
        99.0,
        2.5,
        101.0,
        1.5,
    )
    assert (row["last"], row["open"], row["high"], row["low"], row["volume"]) == (
        100.0,
        95.0,
        110.0,
        90.0,
        7.0,
    )


def test_trades_and_books_stand_under_the_name_of_the_pair(answered: Answered) -> None:
    body = spot(
        {"XXBTZUSD": [["100.5", "0.2", 1790000000.1234, "s", "m", "", 77]], "last": "1790000000123400000"}
    )
    (trade,) = answered(PROVIDER, f"{SPOT}/Trades?pair=XBTUSD", body).rows("trades")
    assert (trade["trade_id"], trade["side"], trade["price"], trade["conditions"]) == (
        "77",
        "sell",
        100.5,
        "market",
    )
    book = spot({"XXBTZUSD": {"asks": [["101", "1", 1790000000]], "bids": [["99", "2", 1790000001]]}})
    rows = answered(PROVIDER, f"{SPOT}/Depth?pair=XBTUSD", book).rows("order_books")
    assert [(r["side"], r["price"], r["quoted_at"].second) for r in rows] == [
        ("ask", 101.0, datetime.fromtimestamp(1_790_000_000, UTC).second),
        ("bid", 99.0, datetime.fromtimestamp(1_790_000_001, UTC).second),
    ]


def test_pairs_are_listed_by_their_common_names_and_dark_pools_by_their_own(answered: Answered) -> None:
    body = spot(
        {
            "XXBTZUSD": {
                "altname": "XBTUSD",
                "wsname": "XBT/USD",
                "base": "XXBT",
                "quote": "ZUSD",
                "status": "online",
            },
            "XXBTZUSD.d": {"altname": "XBTUSD.d", "base": "XXBT", "quote": "ZUSD"},
            "broken": {"altname": "broken"},
        }
    )
    answers = answered(PROVIDER, f"{SPOT}/AssetPairs", body)
    rows = {row["symbol"]: row for row in answers.rows("symbols")}
    assert (rows["BTC/USD"]["vendor_symbol"], rows["BTC/USD"]["currency"], rows["BTC/USD"]["active"]) == (
        "XXBTZUSD",
        "USD",
        True,
    )
    assert set(rows) == {"BTC/USD", "XXBTZUSD.d"}
    assert answers["symbols"].decoded.skipped_count == 1


def test_volume_of_inverse_futures_is_no_volume_in_coins(answered: Answered) -> None:
    candle = {
        "time": 1_790_000_000_000,
        "open": "10",
        "high": "12",
        "low": "9",
        "close": "11",
        "volume": "500",
    }
    body = {"candles": [candle], "more_candles": False}
    (inverse,) = answered(PROVIDER, f"{FUTURES}/api/charts/v1/trade/PI_XBTUSD/1h", body).rows("crypto_bars")
    assert (inverse["symbol"], inverse["interval"], inverse["volume"]) == ("PI_XBTUSD", "1h", None)
    (linear,) = answered(PROVIDER, f"{FUTURES}/api/charts/v1/trade/PF_XBTUSD/1d", body).rows("crypto_bars")
    assert (linear["interval"], linear["volume"]) == ("1d", 500.0)
    (mark,) = answered(PROVIDER, f"{FUTURES}/api/charts/v1/mark/PF_XBTUSD/1d", body).rows("crypto_bars")
    assert (mark["volume"], mark["venue"]) == (None, "mark price")


def test_tickers_are_quotes_and_a_curve_without_indices(answered: Answered) -> None:
    contract = {
        "symbol": "FI_XBTUSD_260327",
        "pair": "XBT:USD",
        "tag": "quarter",
        "bid": 99,
        "ask": 101,
        "markPrice": 100.5,
        "last": 100,
        "vol24h": 5000,
        "openInterest": 7000,
        "suspended": False,
        "lastTime": "2026-01-02T03:04:05Z",
    }
    index = {"symbol": "in_xbtusd", "last": 100, "lastTime": "2026-01-02T03:04:00Z"}
    body = {"result": "success", "tickers": [contract, index], "serverTime": "2026-01-02T03:05:00Z"}
    answers = answered(PROVIDER, f"{V3}/tickers", body)
    quotes = {row["symbol"]: row for row in answers.rows("quotes")}
    assert (quotes["FI_XBTUSD_260327"]["mark"], quotes["FI_XBTUSD_260327"]["volume"]) == (100.5, None)
    assert quotes["FI_XBTUSD_260327"]["quoted_at"] == datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
    (row,) = answers.rows("futures_curves")
    assert (row["symbol"], row["contract"], row["expiration_date"]) == (
        "BTC/USD",
        "FI_XBTUSD_260327",
        date(2026, 3, 27),
    )
    assert (row["volume"], row["open_interest"]) == (5000.0, 7000.0)
    assert answers["futures_curves"].decoded.skipped_count == 1


def test_the_relative_funding_rate_is_the_fraction(answered: Answered) -> None:
    rate = {"timestamp": "2026-01-02T03:00:00Z", "fundingRate": 1.25, "relativeFundingRate": -0.00002}
    (row,) = answered(
        PROVIDER, f"{V3}/historical-funding-rates?symbol=PF_XBTUSD", {"rates": [rate], "result": "success"}
    ).rows("funding_rates")
    assert (row["symbol"], row["rate"]) == ("PF_XBTUSD", -0.00002)


def test_books_and_trades_of_futures_are_read(answered: Answered) -> None:
    book = {"result": "success", "orderBook": {"bids": [[99, 3]], "asks": [[101, 4]]}}
    assert len(answered(PROVIDER, f"{V3}/orderbook?symbol=PI_XBTUSD", book).rows("order_books")) == 2
    trade = {
        "time": "2026-01-02T03:04:05.678Z",
        "trade_id": 9,
        "price": 100,
        "size": 5,
        "side": "buy",
        "type": "fill",
        "uid": "a-b",
    }
    (row,) = answered(
        PROVIDER, f"{V3}/history?symbol=PI_XBTUSD", {"result": "success", "history": [trade]}
    ).rows("trades")
    assert (row["symbol"], row["trade_id"], row["side"]) == ("PI_XBTUSD", "a-b", "buy")


@pytest.mark.parametrize(
    ("url", "body", "error"),
    [
        (f"{SPOT}/Ticker?pair=XXX", {"error": ["EQuery:Unknown asset pair"]}, NotFoundError),
        (f"{SPOT}/Ticker?pair=XXX", {"error": ["EGeneral:Too many requests"]}, RateLimitError),
        (f"{SPOT}/Ticker?pair=XXX", {"error": ["EService:Unavailable"]}, ServerFaultError),
        (f"{SPOT}/Ticker?pair=XXX", {"error": ["EGeneral:Invalid arguments"]}, RequestRefusedError),
        (f"{V3}/orderbook?symbol=XXX", {"result": "error", "error": "contractNotFound"}, NotFoundError),
        (f"{V3}/orderbook?symbol=XXX", {"result": "error", "error": "apiLimitExceeded"}, RateLimitError),
    ],
)
def test_refusals_inside_an_answer_are_typed(
    answered: Answered, url: str, body: Any, error: type[TTError]
) -> None:
    (replayed,) = answered(PROVIDER, url, body).values()
    assert type(replayed.error) is error


def test_each_market_is_asked_for_its_own_names() -> None:
    def asked(key: str) -> str:
        taken = next(
            e
            for e in PROVIDER.endpoints
            if e.dataset == "crypto_bars" and not e.retired and (e.takes is None or e.takes(key))
        )
        return taken.request.ask(
            Wanted(keys=(key,), names=(PROVIDER.naming.to_vendor(key),)), PROVIDER.bases[0]
        ).path

    assert [asked(k) for k in ("BTC/USD", "PF_XBTUSD")] == [
        "/0/public/OHLC",
        "/api/charts/v1/trade/PF_XBTUSD/1d",
    ]


def test_the_history_of_a_futures_market_has_trades_and_other_events(answered: Answered) -> None:
    execution = {
        "uid": "x",
        "timestamp": 1_790_000_000_123,
        "quantity": "0.5",
        "price": "100",
        "takerOrder": {"direction": "Sell"},
    }
    body = {
        "elements": [{"event": {"Execution": {"execution": execution}}}, {"event": {"Other": {}}}],
        "len": 2,
    }
    answers = answered(PROVIDER, f"{FUTURES}/api/history/v3/market/PF_XBTUSD/executions", body)
    (row,) = answers.rows("trades")
    assert (row["symbol"], row["trade_id"], row["side"], row["size"]) == ("PF_XBTUSD", "x", "sell", 0.5)
    assert answers["trades"].decoded.skipped_count == 1


def test_an_answer_tells_pair_and_length_where_the_request_does_not(answered: Answered) -> None:
    candles = [[1_790_000_000 + n * 3600, "10", "12", "9", "11", "10", "3", 4] for n in range(3)]
    body = spot({"XETHZEUR": candles, "last": candles[-1][0]})
    rows = answered(PROVIDER, f"{SPOT}/OHLC", body).rows("crypto_bars")
    assert {(row["symbol"], row["interval"]) for row in rows} == {("ETH/EUR", "1h")}


def test_trades_without_numbers_at_one_time_are_told_apart(answered: Answered) -> None:
    trade = ["10", "1", 1_790_000_000.5, "b", "l", ""]
    body = spot({"XXBTZUSD": [trade, trade, [*trade[:2], 1_790_000_001.5, *trade[3:]]], "last": "5"})
    rows = answered(PROVIDER, f"{SPOT}/Trades?pair=XBTUSD", body).rows("trades")
    assert [row["trade_id"] for row in rows] == ["1790000000.5", "1790000000.5-2", "1790000001.5"]


def test_names_with_a_slash_are_canonical_and_another_venue_keeps_its_own(answered: Answered) -> None:
    ticker = {"a": ["2", "1", "1"], "b": ["1", "1", "1"], "c": ["1.5", "1"]}
    body = spot({"BTC/USD": ticker, "BTC/USD:BTNL": ticker})
    rows = answered(PROVIDER, f"{SPOT}/Ticker?assetVersion=1", body).rows("quotes")
    assert {row["symbol"] for row in rows} == {"BTC/USD", "BTC/USD:BTNL"}
    pair = {"base": "BTC", "quote": "USD", "status": "online"}
    listed = spot({"BTC/USD": pair, "BTC/USD:BTNL": pair})
    rows = answered(PROVIDER, f"{SPOT}/AssetPairs?assetVersion=1", listed).rows("symbols")
    assert {row["symbol"] for row in rows} == {"BTC/USD", "BTC/USD:BTNL"}


def test_what_is_published_for_transparency_is_read(answered: Answered) -> None:
    at = "2026-01-02T10:00:00.000000Z"
    level = {"side": "BUY", "price": "9", "qty": "0.5", "count": 2, "publication_ts": at}
    book = spot({"symbol": "ABC/EUR", "bids": [level], "asks": [{**level, "price": "10"}]})
    rows = answered(PROVIDER, f"{SPOT}/PreTrade?symbol=ABC/EUR", book).rows("order_books")
    assert {(row["symbol"], row["price"], row["size"], row["order_count"]) for row in rows} == {
        ("ABC/EUR", 9.0, 0.5, 2),
        ("ABC/EUR", 10.0, 0.5, 2),
    }
    trade = {"trade_id": "T1", "price": "9", "quantity": "2", "symbol": "ABC/EUR", "trade_ts": at}
    (row,) = answered(PROVIDER, f"{SPOT}/PostTrade", spot({"trades": [trade]})).rows("trades")
    assert (row["symbol"], row["size"], row["traded_at"]) == (
        "ABC/EUR",
        2.0,
        datetime(2026, 1, 2, 10, tzinfo=UTC),
    )
