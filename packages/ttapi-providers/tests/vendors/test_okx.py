# SPDX-License-Identifier: Apache-2.0
"""OKX's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError, RequestRefusedError, TTError
from ttapi_providers import Asked
from ttapi_providers.vendors.okx import PROVIDER

Answered = Callable[..., Any]

API = "https://www.okx.com/api/v5"
T = 1_790_000_000_000


def ok(*data: Any) -> Any:
    return {"code": "0", "msg": "", "data": list(data)}


def test_candles_of_a_pair_count_coins_and_the_running_one_is_left_out(answered: Answered) -> None:
    running = [str(T + 60_000), "11", "11", "11", "11", "1", "11", "11", "0"]
    done = [str(T), "10", "12", "9", "11", "5", "55", "55", "1"]
    answers = answered(PROVIDER, f"{API}/market/candles?instId=BTC-USDT&bar=1H", ok(running, done))
    (row,) = answers.rows("crypto_bars")
    assert (row["symbol"], row["interval"], row["volume"], row["quote_volume"]) == (
        "BTC/USDT",
        "1h",
        5.0,
        55.0,
    )
    assert row["opened_at"] == datetime.fromtimestamp(T / 1000, UTC)
    assert answers["crypto_bars"].decoded.skipped == ("record 0: the candle is not over",)


def test_candles_of_contracts_have_contracts_before_coins(answered: Answered) -> None:
    done = [str(T), "10", "12", "9", "11", "5000", "0.5", "5.5", "1"]
    (row,) = answered(
        PROVIDER, f"{API}/market/history-candles?instId=BTC-USDT-SWAP&bar=1Dutc", ok(done)
    ).rows("crypto_bars")
    assert (row["symbol"], row["interval"], row["volume"], row["quote_volume"]) == (
        "BTC-USDT-SWAP",
        "1d",
        0.5,
        5.5,
    )
    old = done[:7]
    (row,) = answered(
        PROVIDER, "https://www.okex.com/api/v5/market/candles?instId=BTC-USD-SWAP", ok(old)
    ).rows("crypto_bars")
    assert (row["interval"], row["volume"], row["quote_volume"]) == ("1m", 0.5, None)
    index = [str(T), "10", "12", "9", "11", "1"]
    (row,) = answered(PROVIDER, f"{API}/market/index-candles?instId=BTC-USD&bar=1M", ok(index)).rows(
        "crypto_bars"
    )
    assert (row["interval"], row["volume"], row["venue"]) == ("1mo", None, "index price")


def test_volume_of_a_quote_is_in_coins(answered: Answered) -> None:
    spot = {
        "instType": "SPOT",
        "instId": "BTC-USDT",
        "last": "100",
        "askPx": "101",
        "askSz": "2",
        "bidPx": "99",
        "bidSz": "3",
        "open24h": "90",
        "high24h": "110",
        "low24h": "80",
        "vol24h": "7",
        "volCcy24h": "700",
        "ts": str(T),
    }
    dead = {"instId": "OLD-USDT", "last": "", "askPx": "", "bidPx": "", "ts": str(T)}
    answers = answered(PROVIDER, f"{API}/market/tickers?instType=SPOT", ok(spot, dead))
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["bid"], row["ask_size"], row["volume"]) == ("BTC/USDT", 99.0, 2.0, 7.0)
    assert answers["quotes"].decoded.skipped_count == 1
    swap = {**spot, "instType": "SWAP", "instId": "BTC-USDT-SWAP", "vol24h": "7000", "volCcy24h": "70"}
    (row,) = answered(PROVIDER, f"{API}/market/ticker?instId=BTC-USDT-SWAP", ok(swap)).rows("quotes")
    assert (row["symbol"], row["volume"]) == ("BTC-USDT-SWAP", 70.0)


def test_tickers_of_futures_are_a_curve(answered: Answered) -> None:
    future = {
        "instType": "FUTURES",
        "instId": "BTC-USD-260327",
        "last": "105",
        "bidPx": "104",
        "askPx": "106",
        "vol24h": "9",
        "ts": str(T),
    }
    (row,) = answered(PROVIDER, f"{API}/market/tickers?instType=FUTURES&instFamily=BTC-USD", ok(future)).rows(
        "futures_curves"
    )
    assert (row["symbol"], row["contract"], row["expiration_date"], row["currency"]) == (
        "BTC/USD",
        "BTC-USD-260327",
        date(2026, 3, 27),
        "USD",
    )


def test_options_have_volatility_as_a_fraction_and_greeks_in_dollars(answered: Answered) -> None:
    summary = {
        "instType": "OPTION",
        "instId": "BTC-USD-260327-90000-P",
        "uly": "BTC-USD",
        "delta": "0.9",
        "deltaBS": "-0.4",
        "gammaBS": "0.1",
        "thetaBS": "-20",
        "vegaBS": "50",
        "markVol": "0.61",
        "fwdPx": "91000",
        "ts": str(T),
    }
    (row,) = answered(PROVIDER, f"{API}/public/opt-summary?uly=BTC-USD", ok(summary)).rows("option_chains")
    assert (row["symbol"], row["strike"], row["option_type"], row["currency"]) == (
        "BTC/USD",
        90_000.0,
        "P",
        "BTC",
    )
    assert (row["implied_volatility"], row["delta"], row["underlying_price"]) == (0.61, -0.4, 91_000.0)


def test_books_and_trades_are_read(answered: Answered) -> None:
    book = {"asks": [["101", "4", "0", "2"]], "bids": [["99", "3", "0", "1"]], "ts": str(T), "seqId": 9}
    rows = answered(PROVIDER, f"{API}/market/books?instId=BTC-USDT&sz=1", ok(book)).rows("order_books")
    assert [(r["side"], r["price"], r["size"], r["order_count"], r["sequence"]) for r in rows] == [
        ("ask", 101.0, 4.0, 2, "9"),
        ("bid", 99.0, 3.0, 1, "9"),
    ]
    trade = {"instId": "BTC-USDT", "side": "sell", "sz": "0.5", "px": "100", "tradeId": "7", "ts": str(T)}
    (row,) = answered(PROVIDER, f"{API}/market/trades?instId=BTC-USDT", ok(trade)).rows("trades")
    assert (row["trade_id"], row["side"], row["size"]) == ("7", "sell", 0.5)


def test_funding_is_realised_or_expected(answered: Answered) -> None:
    paid = {
        "instId": "BTC-USDT-SWAP",
        "fundingRate": "0.0002",
        "realizedRate": "0.0001",
        "fundingTime": str(T),
    }
    (row,) = answered(PROVIDER, f"{API}/public/funding-rate-history?instId=BTC-USDT-SWAP", ok(paid)).rows(
        "funding_rates"
    )
    assert (row["rate"], row["predicted"]) == (0.0001, False)
    due = {
        "instId": "BTC-USDT-SWAP",
        "fundingRate": "0.0003",
        "nextFundingRate": "",
        "fundingTime": str(T),
        "nextFundingTime": str(T + 28_800_000),
    }
    (row,) = answered(PROVIDER, f"{API}/public/funding-rate?instId=BTC-USDT-SWAP", ok(due)).rows(
        "funding_rates"
    )
    assert (row["rate"], row["interval_hours"], row["predicted"]) == (0.0003, 8.0, True)
    both = ok({**due, "nextFundingRate": "0.0004"})
    assert [
        r["rate"]
        for r in answered(PROVIDER, f"{API}/public/funding-rate?instId=BTC-USDT-SWAP", both).rows(
            "funding_rates"
        )
    ] == [0.0003, 0.0004]


def test_instruments_are_listed_once(answered: Answered) -> None:
    swap = {
        "instType": "SWAP",
        "instId": "BTC-USD-SWAP",
        "ctType": "inverse",
        "settleCcy": "BTC",
        "state": "live",
    }
    answers = answered(PROVIDER, f"{API}/public/instruments?instType=SWAP", ok(swap, {"instType": "SWAP"}))
    (row,) = answers.rows("symbols")
    assert (row["symbol"], row["instrument_type"], row["active"], row["currency"]) == (
        "BTC-USD-SWAP",
        "perpetual",
        True,
        "USD",
    )
    assert answers["symbols"].decoded.skipped_count == 1


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("51001", NotFoundError),
        ("50011", RateLimitError),
        ("50113", AuthenticationError),
        ("51000", RequestRefusedError),
    ],
)
def test_refusals_inside_an_answer_are_typed(answered: Answered, code: str, error: type[TTError]) -> None:
    body = {"code": code, "msg": "no", "data": []}
    (replayed,) = answered(PROVIDER, f"{API}/market/trades?instId=XXX", body).values()
    assert type(replayed.error) is error


def test_older_candles_are_asked_for_until_the_first_day() -> None:
    bars = next(e for e in PROVIDER.endpoints if e.dataset == "crypto_bars")
    page = ok([str(T + 1), "1"], [str(T), "1"])
    url = f"{API}/market/history-candles?instId=BTC-USDT"
    assert bars.next_page(page, Asked.of("GET", f"{url}&before=5")) == {"after": str(T)}
    assert bars.next_page(page, Asked.of("GET", f"{url}&before={T - 1}")) is None
    assert bars.next_page(page, Asked.of("GET", url)) is None
    assert bars.next_page(ok(), Asked.of("GET", f"{url}&before=5")) is None


def test_a_candle_that_another_follows_is_over(answered: Answered) -> None:
    body = ok(
        [str(T + 60_000), "2", "2", "2", "2", "1", "1", "1", "0"],
        [str(T), "1", "1", "1", "1", "1", "1", "1", "0"],
    )
    rows = answered(PROVIDER, f"{API}/market/candles?instId=BTC-USDT&bar=1m", body).rows("crypto_bars")
    assert [row["close"] for row in rows] == [1.0]


def test_instruments_of_other_kinds_keep_their_names(answered: Answered) -> None:
    spread = {"sprdId": "ABC-USDT_ABC-USDT-SWAP", "sprdType": "linear", "state": "live", "quoteCcy": "USDT"}
    (row,) = answered(PROVIDER, f"{API}/sprd/spreads", ok(spread)).rows("symbols")
    assert (row["symbol"], row["instrument_type"], row["active"]) == (spread["sprdId"], "spread", True)
    event = {
        "instId": "ABC-HIT-DAILY-260101-1600-5",
        "eventId": "ABC-HIT-DAILY-260101-1600",
        "state": "expired",
    }
    (row,) = answered(PROVIDER, f"{API}/public/event-contract/markets", ok(event)).rows("symbols")
    assert (row["symbol"], row["active"], row["currency"]) == (event["instId"], False, None)


def test_funding_of_all_contracts_at_once(answered: Answered) -> None:
    due = {"fundingRate": "0.001", "fundingTime": str(T), "nextFundingTime": str(T + 28_800_000)}
    body = ok({**due, "instId": "ABC-USDT-SWAP"}, {**due, "instId": "XYZ-USDT-SWAP"})
    rows = answered(PROVIDER, f"{API}/public/funding-rate?instId=ANY", body).rows("funding_rates")
    assert {row["symbol"] for row in rows} == {"ABC-USDT-SWAP", "XYZ-USDT-SWAP"}


def test_announcements_are_news_of_no_instrument(answered: Answered) -> None:
    page = {"details": [{"title": "A notice", "url": "https://x.test/n", "pTime": str(T)}], "totalPage": "1"}
    (row,) = answered(PROVIDER, f"{API}/support/announcements", ok(page)).rows("news")
    assert (row["symbol"], row["title"], row["news_id"]) == ("MARKET", "A notice", "https://x.test/n")


def test_an_index_is_told_with_what_it_is_made_of(answered: Answered) -> None:
    data = {
        "components": [{"symbol": "BTC/USDT", "symPx": "9"}],
        "last": "10",
        "index": "BTC-USD",
        "ts": "1630985335599",
    }
    url = "https://www.okx.com/api/v5/market/index-components?index=BTC-USD"
    (row,) = answered(PROVIDER, url, {"code": "0", "msg": "", "data": data}).rows("quotes")
    assert (row["symbol"], row["vendor_symbol"], row["last"]) == ("BTC/USD", "BTC-USD", 10.0)


def test_the_rate_of_the_dollar_is_in_yuan(answered: Answered) -> None:
    url = "https://www.okx.com/api/v5/market/exchange-rate"
    (row,) = answered(PROVIDER, url, {"code": "0", "msg": "", "data": [{"usdCny": "7.1"}]}).rows("quotes")
    assert (row["symbol"], row["last"]) == ("USD/CNY", 7.1)
