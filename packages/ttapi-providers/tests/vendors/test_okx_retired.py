# SPDX-License-Identifier: Apache-2.0
"""Answers of OKX from before version 5 are read as the same rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError, TTError
from ttapi_providers.vendors.okx import PROVIDER

Answered = Callable[..., Any]

HOST = "https://www.okex.com"
NOON = "2020-03-01T12:00:00.000Z"
AT_NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)


def test_a_pair_of_version_three_counts_coins(answered: Answered) -> None:
    body = {
        "instrument_id": "ABC-USDT",
        "best_bid": "9.5",
        "best_ask": "10.5",
        "last": "10",
        "open_24h": "9",
        "high_24h": "11",
        "low_24h": "8",
        "base_volume_24h": "77",
        "quote_volume_24h": "770",
        "timestamp": NOON,
    }
    (row,) = answered(PROVIDER, f"{HOST}/api/spot/v3/instruments/ABC-USDT/ticker", body).rows("quotes")
    assert (row["symbol"], row["bid"], row["last"], row["volume"]) == ("ABC/USDT", 9.5, 10.0, 77.0)
    assert row["quoted_at"] == AT_NOON


def test_a_future_of_version_three_is_a_quote_without_volume_and_a_contract_of_a_curve(
    answered: Answered,
) -> None:
    body = [{"instrument_id": "ABC-USD-200327", "last": "10", "volume_24h": "500", "timestamp": NOON}]
    answers = answered(PROVIDER, f"{HOST}/api/futures/v3/instruments/ticker", body)
    (quote,) = answers.rows("quotes")
    (contract,) = answers.rows("futures_curves")
    assert (quote["symbol"], quote["volume"]) == ("ABC-USD-200327", None)
    assert (contract["symbol"], contract["expiration_date"], contract["volume"]) == (
        "ABC/USD",
        date(2020, 3, 27),
        500.0,
    )


def test_the_index_behind_a_contract_has_the_name_of_the_product(answered: Answered) -> None:
    body = {"instrument_id": "ABC-USD-SWAP", "index": "10.25", "timestamp": NOON}
    (row,) = answered(PROVIDER, f"{HOST}/api/swap/v3/instruments/ABC-USD-SWAP/index", body).rows("quotes")
    assert (row["symbol"], row["vendor_symbol"], row["last"]) == ("ABC/USD", "ABC-USD", 10.25)


def test_levels_of_a_pair_have_the_count_of_orders_third_those_of_contracts_fourth(
    answered: Answered,
) -> None:
    spot = {"asks": [["11", "2", "5"]], "bids": [["10", "1", "4"]], "timestamp": NOON}
    swap = {"asks": [["11", "2", "0", "7"]], "bids": [["10", "1", "0", "6"]], "time": NOON}
    for path, body, counts in (
        ("spot/v3/instruments/ABC-USDT/book", spot, {4, 5}),
        ("swap/v3/instruments/ABC-USD-SWAP/depth", swap, {6, 7}),
    ):
        rows = answered(PROVIDER, f"{HOST}/api/{path}", body).rows("order_books")
        assert {row["order_count"] for row in rows} == counts
        assert {row["quoted_at"] for row in rows} == {AT_NOON}


def test_bars_of_version_three_are_lists_or_objects(answered: Answered) -> None:
    listed = [[NOON, "1", "3", "0.5", "2", "40", "4"]]
    (row,) = answered(
        PROVIDER, f"{HOST}/api/swap/v3/instruments/ABC-USD-SWAP/candles?granularity=3600", listed
    ).rows("crypto_bars")
    assert (row["interval"], row["open"], row["close"], row["volume"]) == ("1h", 1.0, 2.0, 4.0)
    named = [{"time": NOON, "open": "1", "high": "3", "low": "0.5", "close": "2", "volume": "40"}]
    (row,) = answered(PROVIDER, f"{HOST}/api/spot/v3/instruments/ABC-USDT/candles", named).rows("crypto_bars")
    assert (row["interval"], row["high"], row["volume"], row["opened_at"]) == ("1m", 3.0, 40.0, AT_NOON)


def test_funding_that_was_paid_and_that_is_due(answered: Answered) -> None:
    swap = f"{HOST}/api/swap/v3/instruments/ABC-USD-SWAP"
    paid = [{"funding_rate": "0.001", "realized_rate": "0.002", "funding_time": NOON}]
    due = {"funding_rate": "0.003", "estimated_rate": "0.004", "funding_time": NOON}
    (row,) = answered(PROVIDER, f"{swap}/historical_funding_rate", paid).rows("funding_rates")
    assert (row["rate"], row["predicted"]) == (0.002, False)
    (row,) = answered(PROVIDER, f"{swap}/funding_time", due).rows("funding_rates")
    assert (row["rate"], row["predicted"], row["funded_at"]) == (0.003, True, AT_NOON)


def test_the_first_version_wrote_pairs_in_lower_case_and_the_best_ask_last(answered: Answered) -> None:
    ticker = {"date": "1583064000", "ticker": {"buy": "9", "sell": "11", "last": "10", "vol": "7"}}
    (row,) = answered(PROVIDER, f"{HOST}/api/v1/ticker.do?symbol=abc_usdt", ticker).rows("quotes")
    assert (row["symbol"], row["vendor_symbol"], row["bid"], row["ask"]) == (
        "ABC/USDT",
        "abc_usdt",
        9.0,
        11.0,
    )
    assert row["quoted_at"] == AT_NOON
    book = {"asks": [["13", "1"], ["12", "1"]], "bids": [["10", "1"], ["9", "1"]]}
    rows = answered(PROVIDER, f"{HOST}/api/v1/depth.do?symbol=abc_usdt", book).rows("order_books")
    assert {(r["side"], r["price"]) for r in rows if r["level"] == 1} == {("ask", 12.0), ("bid", 10.0)}
    bar = [[1_583_064_000_000, "1", "3", "0.5", "2", "40"]]
    (row,) = answered(PROVIDER, f"{HOST}/api/v1/kline.do?symbol=abc_usdt&type=15min", bar).rows("crypto_bars")
    assert (row["interval"], row["opened_at"], row["volume"]) == ("15m", AT_NOON, 40.0)


@pytest.mark.parametrize(
    ("code", "error"), [(30032, NotFoundError), (30014, RateLimitError), (30006, AuthenticationError)]
)
def test_refusals_of_version_three(answered: Answered, code: int, error: type[TTError]) -> None:
    body = {"error_code": str(code), "error_message": "no", "code": code, "message": "no"}
    url = f"{HOST}/api/spot/v3/instruments/ABC-USDT/ticker"
    with pytest.raises(error):
        answered(PROVIDER, url, body, status=200).frame("quotes")


def test_a_refusal_of_version_one_has_a_number_alone(answered: Answered) -> None:
    url = f"{HOST}/api/v1/ticker.do?symbol=abc_usdt"
    with pytest.raises(NotFoundError):
        answered(PROVIDER, url, {"error_code": 1007, "result": False}).frame("quotes")
