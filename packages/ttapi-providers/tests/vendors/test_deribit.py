# SPDX-License-Identifier: Apache-2.0
"""Deribit's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import NotFoundError, RateLimitError, RequestRefusedError, TTError
from ttapi_providers import Asked, Wanted
from ttapi_providers.vendors.deribit import PROVIDER

Answered = Callable[..., Any]

API = "https://www.deribit.com/api/v2/public"
T = 1_790_000_000_000
OPTION = {
    "instrument_name": "BTC-27MAR26-90000-C",
    "best_bid_price": 0.05,
    "best_bid_amount": 3,
    "best_ask_price": 0,
    "best_ask_amount": 0,
    "mark_price": 0.051,
    "mark_iv": 55.5,
    "underlying_price": 91_000,
    "open_interest": 12,
    "last_price": 0.049,
    "timestamp": T,
    "stats": {"volume": 4.5, "high": 0.06, "low": 0.04},
    "greeks": {"delta": 0.4, "gamma": 0.00001, "theta": -30, "vega": 90, "rho": 10},
}


def rpc(result: Any) -> Any:
    return {"jsonrpc": "2.0", "result": result, "usIn": 1, "usOut": 2, "usDiff": 1, "testnet": False}


def test_an_option_is_priced_in_its_coin_and_its_volatility_a_fraction(answered: Answered) -> None:
    answers = answered(PROVIDER, f"{API}/ticker?instrument_name=BTC-27MAR26-90000-C", rpc(OPTION))
    (row,) = answers.rows("option_chains")
    assert (row["symbol"], row["vendor_symbol"], row["currency"]) == ("BTC", "BTC-27MAR26-90000-C", "BTC")
    assert (row["expiration_date"], row["strike"], row["option_type"]) == (date(2026, 3, 27), 90_000.0, "C")
    assert row["implied_volatility"] == pytest.approx(0.555)
    assert (row["bid"], row["ask"], row["volume"], row["delta"], row["underlying_price"]) == (
        0.05,
        None,
        4.5,
        0.4,
        91_000.0,
    )
    (quote,) = answers.rows("quotes")
    assert (quote["symbol"], quote["bid"], quote["mark"]) == ("BTC-27MAR26-90000-C", 0.05, 0.051)


def test_a_chain_is_read_from_the_summaries_of_a_currency(answered: Answered) -> None:
    body = rpc(
        [
            {
                "instrument_name": "XRP_USDC-3APR26-0d625-P",
                "bid_price": 0.01,
                "ask_price": 0.02,
                "mark_iv": 80,
                "mark_price": 0.015,
            },
            {
                "instrument_name": "XRP_USDC-PERPETUAL",
                "bid_price": 0.6,
                "ask_price": 0.7,
                "mark_price": 0.65,
                "open_interest": 5,
            },
        ]
    )
    answers = answered(PROVIDER, f"{API}/get_book_summary_by_currency?currency=USDC", body)
    (row,) = answers.rows("option_chains")
    assert (row["symbol"], row["strike"], row["option_type"], row["currency"]) == (
        "XRP/USDC",
        0.625,
        "P",
        "USDC",
    )
    (future,) = answers.rows("futures_curves")
    assert (future["symbol"], future["contract"], future["open_interest"]) == (
        "XRP/USDC",
        "XRP_USDC-PERPETUAL",
        5.0,
    )
    assert len(answers.rows("quotes")) == 2


def test_dollars_of_inverse_futures_are_no_coins(answered: Answered) -> None:
    future = {
        "instrument_name": "BTC-PERPETUAL",
        "best_bid_price": 99,
        "best_bid_amount": 5000,
        "best_ask_price": 101,
        "best_ask_amount": 10,
        "mark_price": 100,
        "last_price": 100,
        "open_interest": 9_000_000,
        "settlement_price": 98,
        "stats": {"volume": 7},
        "timestamp": T,
    }
    answers = answered(PROVIDER, f"{API}/ticker?instrument_name=BTC-PERPETUAL", rpc(future))
    (quote,) = answers.rows("quotes")
    assert (quote["bid"], quote["bid_size"], quote["volume"]) == (99.0, None, 7.0)
    (row,) = answers.rows("futures_curves")
    assert (
        row["symbol"],
        row["expiration_date"],
        row["open_interest"],
        row["settlement"],
        row["currency"],
    ) == ("BTC", None, None, 98.0, "USD")


def test_charts_are_bars_with_both_volumes(answered: Answered) -> None:
    body = rpc(
        {
            "ticks": [T, T + 60_000],
            "open": [1, 2],
            "high": [3, 3],
            "low": [1, 1],
            "close": [2, 3],
            "volume": [5, 6],
            "cost": [10, 18],
            "status": "ok",
        }
    )
    url = f"{API}/get_tradingview_chart_data?instrument_name=BTC_USDC&resolution=1"
    rows = answered(PROVIDER, url, body).rows("crypto_bars")
    assert [(r["symbol"], r["interval"], r["volume"], r["quote_volume"]) for r in rows] == [
        ("BTC/USDC", "1m", 5.0, 10.0),
        ("BTC/USDC", "1m", 6.0, 18.0),
    ]
    empty = rpc(
        {name: [] for name in ("ticks", "open", "high", "low", "close", "volume", "cost")}
        | {"status": "no_data"}
    )
    assert answered(PROVIDER, url, empty)["crypto_bars"].rows == 0


def test_funding_of_hours_and_of_a_stretch(answered: Answered) -> None:
    hour = {
        "timestamp": T,
        "interest_1h": 0.00001,
        "interest_8h": 0.00008,
        "index_price": 100,
        "prev_index_price": 99,
    }
    (row,) = answered(
        PROVIDER, f"{API}/get_funding_rate_history?instrument_name=BTC-PERPETUAL", rpc([hour])
    ).rows("funding_rates")
    assert (row["rate"], row["interval_hours"], row["index_price"]) == (0.00001, 1.0, 100.0)
    url = f"{API}/get_funding_rate_value?instrument_name=BTC-PERPETUAL&start_timestamp={T}&end_timestamp={T + 7_200_000}"
    (row,) = answered(PROVIDER, url, rpc(0.0002)).rows("funding_rates")
    assert (row["rate"], row["interval_hours"]) == (0.0002, 2.0)
    assert row["funded_at"] == datetime.fromtimestamp(T / 1000 + 7200, UTC)


def test_earlier_hours_are_asked_for_until_the_first_day() -> None:
    funding = next(e for e in PROVIDER.endpoints if e.dataset == "funding_rates")
    url = f"{API}/get_funding_rate_history?instrument_name=BTC-PERPETUAL&end_timestamp={T}"
    body = rpc([{"timestamp": T - 3_600_000}, {"timestamp": T}])
    assert funding.next_page(body, Asked.of("GET", f"{url}&start_timestamp=0")) == {
        "end_timestamp": str(T - 3_600_001)
    }
    assert funding.next_page(body, Asked.of("GET", f"{url}&start_timestamp={T - 7_200_000}")) is None
    assert funding.next_page(rpc([]), Asked.of("GET", f"{url}&start_timestamp=0")) is None


def test_books_trades_and_indices_are_read(answered: Answered) -> None:
    book = {**OPTION, "bids": [[0.05, 3]], "asks": [[0.06, 2]], "change_id": 9}
    rows = answered(PROVIDER, f"{API}/get_order_book?instrument_name=BTC-27MAR26-90000-C", rpc(book)).rows(
        "order_books"
    )
    assert [(r["side"], r["price"], r["size"], r["sequence"]) for r in rows] == [
        ("ask", 0.06, 2.0, "9"),
        ("bid", 0.05, 3.0, "9"),
    ]
    trade = {
        "trade_id": "1",
        "instrument_name": "BTC-PERPETUAL",
        "price": 100,
        "amount": 50,
        "direction": "sell",
        "timestamp": T,
        "liquidation": "T",
    }
    (row,) = answered(
        PROVIDER,
        f"{API}/get_last_trades_by_currency?currency=BTC",
        rpc({"trades": [trade], "has_more": False}),
    ).rows("trades")
    assert (row["symbol"], row["side"], row["size"], row["conditions"]) == (
        "BTC-PERPETUAL",
        "sell",
        50.0,
        "liquidation",
    )
    (index,) = answered(
        PROVIDER, f"{API}/get_index_price?index_name=btc_usd", rpc({"index_price": 100.5})
    ).rows("quotes")
    assert (index["symbol"], index["last"]) == ("btc_usd", 100.5)


def test_instruments_are_listed(answered: Answered) -> None:
    body = rpc(
        [
            {"instrument_name": "BTC_USDC", "kind": "spot", "is_active": True, "quote_currency": "USDC"},
            {
                "instrument_name": "BTC-PERPETUAL",
                "kind": "future",
                "settlement_period": "perpetual",
                "is_active": False,
                "quote_currency": "USD",
            },
            {"kind": "option"},
        ]
    )
    answers = answered(PROVIDER, f"{API}/get_instruments?currency=any", body)
    rows = {row["symbol"]: (row["instrument_type"], row["active"]) for row in answers.rows("symbols")}
    assert rows == {"BTC/USDC": ("crypto", True), "BTC-PERPETUAL": ("perpetual", False)}
    assert answers["symbols"].decoded.skipped_count == 1


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        (13020, 400, NotFoundError),
        (10028, 429, RateLimitError),
        (-32602, 400, RequestRefusedError),
        (13020, 200, NotFoundError),
    ],
)
def test_refusals_are_typed(answered: Answered, code: int, status: int, error: type[TTError]) -> None:
    body = {"jsonrpc": "2.0", "error": {"code": code, "message": "no"}}
    (replayed,) = answered(
        PROVIDER, f"{API}/get_funding_rate_history?instrument_name=XXX", body, status=status
    ).values()
    assert isinstance(replayed.error, error)


def test_a_chain_on_a_linear_underlying_is_asked_for_by_its_currency() -> None:
    chain = next(e for e in PROVIDER.endpoints if e.dataset == "option_chains" and not e.retired)
    for key, currency in (("BTC", "BTC"), ("SOL/USDC", "USDC")):
        wanted = Wanted(keys=(key,), names=(PROVIDER.naming.to_vendor(key),))
        assert chain.request.ask(wanted, PROVIDER.bases[0]).query == {"currency": currency, "kind": "option"}


OLD_SUMMARY = {
    "instrumentName": "BTC-PERPETUAL",
    "bidPrice": 99.5,
    "askPrice": 100.5,
    "midPrice": "",
    "markPrice": 100,
    "last": 100,
    "volume": 5000,
    "volumeBtc": 7.5,
    "openInterestAmount": 9000,
    "created": "2019-11-18 04:28:48 GMT",
}


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_summaries_of_the_first_interface_are_the_same_quotes(answered: Answered, version: str) -> None:
    url = f"https://www.deribit.com/api/{version}/public/getsummary?instrument=BTC-PERPETUAL"
    answers = answered(PROVIDER, url, {"result": OLD_SUMMARY})
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["bid"], row["mid"], row["volume"]) == ("BTC-PERPETUAL", 99.5, None, 7.5)
    assert row["quoted_at"] == datetime(2019, 11, 18, 4, 28, 48, tzinfo=UTC)
    (contract,) = answers.rows("futures_curves")
    assert (contract["symbol"], contract["contract"]) == ("BTC", "BTC-PERPETUAL")


def test_all_summaries_of_the_first_interface_are_told_apart(answered: Answered) -> None:
    option = {**OLD_SUMMARY, "instrumentName": "BTC-27MAR20-24000-P", "openInterestAmount": 3}
    url = "https://www.deribit.com/api/v1/public/getsummary?instrument=all"
    answers = answered(PROVIDER, url, {"result": [OLD_SUMMARY, option]})
    assert len(answers.rows("quotes")) == 2
    (row,) = answers.rows("option_chains")
    assert (row["strike"], row["option_type"], row["open_interest"], row["volume"]) == (
        24000.0,
        "P",
        3.0,
        None,
    )


def test_books_and_trades_of_the_first_interface_count_dollars(answered: Answered) -> None:
    level = {"quantity": 2, "amount": 20.0, "price": 100.5}
    book = {"instrument": "BTC-PERPETUAL", "bids": [{**level, "price": 99.5}], "asks": [level], "tstamp": T}
    rows = answered(PROVIDER, f"{API}/getorderbook?instrument=BTC-PERPETUAL", {"result": book}).rows(
        "order_books"
    )
    assert {(row["side"], row["price"], row["size"]) for row in rows} == {
        ("ask", 100.5, 20.0),
        ("bid", 99.5, 20.0),
    }
    trade = {
        "tradeId": 5,
        "instrument": "BTC-PERPETUAL",
        "timeStamp": T,
        "quantity": 2,
        "amount": 20.0,
        "price": 100.5,
        "direction": "sell",
    }
    (row,) = answered(PROVIDER, f"{API}/getlasttrades?instrument=BTC-PERPETUAL", {"result": [trade]}).rows(
        "trades"
    )
    assert (row["trade_id"], row["size"], row["side"]) == ("5", 20.0, "sell")


def test_a_combination_is_an_instrument_and_its_negative_prices_are_left_out(answered: Answered) -> None:
    legs = [{"amount": 1, "instrument_name": "BTC-27MAR26-90000-C"}]
    combo = {"id": "BTC-CS-27MAR26-90000_95000", "state": "active", "legs": legs}
    (row,) = answered(PROVIDER, f"{API}/get_combos?currency=BTC", {"result": [combo]}).rows("symbols")
    assert (row["symbol"], row["instrument_type"], row["active"]) == (combo["id"], "option_combo", True)
    book = {"instrument_name": "BTC-FS-27MAR26_PERP", "bids": [[-3.5, 10]], "asks": [[5, 10]], "timestamp": T}
    answers = answered(
        PROVIDER, f"{API}/get_order_book?instrument_name=BTC-FS-27MAR26_PERP", {"result": book}
    )
    assert [row["price"] for row in answers.rows("order_books")] == [5.0]
    assert answers["order_books"].decoded.skipped_count == 1


def test_a_volatility_index_has_bars_of_days_and_of_hours(answered: Answered) -> None:
    body = {"result": {"data": [[T, 50, 55, 49, 54]], "continuation": None}}
    url = f"{API}/get_volatility_index_data?currency=ETH&resolution="
    (row,) = answered(PROVIDER, f"{url}3600", body).rows("intraday_bars")
    assert (row["symbol"], row["interval"], row["close"]) == ("ETH-DVOL", "1h", 54.0)
    (row,) = answered(PROVIDER, f"{url}1D", body).rows("eod_data")
    assert (row["symbol"], row["date"]) == ("ETH-DVOL", datetime.fromtimestamp(T / 1000, UTC).date())


def test_announcements_are_news_of_no_instrument(answered: Answered) -> None:
    body = {"result": [{"id": 7, "title": "A notice", "body": "Words", "publication_timestamp": T}]}
    (row,) = answered(PROVIDER, f"{API}/get_announcements", body).rows("news")
    assert (row["symbol"], row["news_id"], row["title"], row["summary"]) == (
        "MARKET",
        "7",
        "A notice",
        "Words",
    )


def test_an_index_over_time_has_bars_of_one_price(answered: Answered) -> None:
    values = [[T, 100.0], [T + 60_000, 101.0]]
    rows = answered(
        PROVIDER, f"{API}/get_index_chart_data?index_name=btc_usd&range=1h", {"result": values}
    ).rows("crypto_bars")
    assert [(r["symbol"], r["interval"], r["close"], r["open"]) for r in rows] == [
        ("btc_usd", "1m", 100.0, None),
        ("btc_usd", "1m", 101.0, None),
    ]


def test_what_contracts_are_delivered_at_is_the_rate_of_a_day(answered: Answered) -> None:
    data = [{"date": "2026-01-02", "delivery_price": 7131.21}]
    url = f"{API}/get_delivery_prices?index_name=btc_usd"
    (row,) = answered(PROVIDER, url, {"result": {"data": data, "records_total": 1}}).rows("fx_rates")
    assert (row["symbol"], row["date"], row["rate"]) == ("BTC/USD", date(2026, 1, 2), 7131.21)


def test_the_funding_of_a_chart_is_of_eight_hours(answered: Answered) -> None:
    data = [{"timestamp": T, "index_price": 100.0, "interest_8h": 0.0001}]
    url = f"{API}/get_funding_chart_data?instrument_name=BTC-PERPETUAL&length=8h"
    answer = {"result": {"data": data, "current_interest": 0.1, "interest_8h": 0.2}}
    (row,) = answered(PROVIDER, url, answer).rows("funding_rates")
    assert (row["symbol"], row["rate"], row["interval_hours"], row["index_price"]) == (
        "BTC-PERPETUAL",
        0.0001,
        8.0,
        100.0,
    )
