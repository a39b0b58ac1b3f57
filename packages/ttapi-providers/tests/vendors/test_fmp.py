# SPDX-License-Identifier: Apache-2.0
"""Answers of Financial Modeling Prep become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotEntitledError, RateLimitError
from ttapi_providers.vendors.fmp import PROVIDER

Answered = Callable[..., Any]

HOST = "https://financialmodelingprep.com"
BAR = {"date": "2026-01-02", "open": 10, "high": 12, "low": 9, "close": 11, "volume": 700, "vwap": 10.5}


def test_daily_prices_are_adjusted_for_splits_and_the_mean_is_not_taken_for_a_vwap(
    answered: Answered,
) -> None:
    url = f"{HOST}/stable/historical-price-eod/full?symbol=BRK-B"
    (row,) = answered(PROVIDER, url, [{"symbol": "BRK-B", **BAR}]).rows("eod_data")
    assert (row["symbol"], row["vendor_symbol"], row["close"]) == ("BRK/B", "BRK-B", 11.0)
    assert (row["adjustment"], row["vwap"]) == ("splits", None)


def test_the_retired_history_of_several_symbols_gives_rows_of_each(answered: Answered) -> None:
    body = {
        "historicalStockList": [{"symbol": s, "historical": [{**BAR, "adjClose": 5.5}]} for s in ("KO", "PG")]
    }
    rows = answered(PROVIDER, f"{HOST}/api/v3/historical-price-full/KO,PG", body).rows("eod_data")
    assert [(row["symbol"], row["adjusted_close"]) for row in rows] == [("KO", 5.5), ("PG", 5.5)]


@pytest.mark.parametrize(
    ("name", "dataset", "symbol"), [("BTCUSD", "crypto_bars", "BTC/USD"), ("EURUSD", "fx_rates", "EUR/USD")]
)
def test_bars_of_pairs_go_where_pairs_belong(
    answered: Answered, name: Any, dataset: Any, symbol: Any
) -> None:
    url = f"{HOST}/stable/historical-price-eod/full?symbol={name}"
    answers = answered(PROVIDER, url, [{"symbol": name, **BAR}])
    assert list(answers) == [dataset]
    assert answers.rows(dataset)[0]["symbol"] == symbol


def test_bars_of_minutes_are_stamped_in_the_time_of_new_york(answered: Answered) -> None:
    bar = {**BAR, "date": "2026-01-02 15:55:00"}
    (row,) = answered(PROVIDER, f"{HOST}/stable/historical-chart/5min?symbol=KO", [bar]).rows("intraday_bars")
    assert row["interval"] == "5m"
    assert row["opened_at"] == datetime(2026, 1, 2, 20, 55, tzinfo=UTC)


def test_statements_become_items_with_units(answered: Answered) -> None:
    body = [
        {
            "date": "2025-12-31",
            "symbol": "KO",
            "reportedCurrency": "USD",
            "fiscalYear": "2025",
            "period": "FY",
            "filingDate": "2026-02-20",
            "revenue": 47_000_000_000,
            "eps": 2.5,
            "weightedAverageShsOut": 4_300_000_000,
        }
    ]
    rows = answered(PROVIDER, f"{HOST}/stable/income-statement?symbol=KO", body).rows("fundamentals")
    units = {row["item"]: (row["value"], row["unit"]) for row in rows}
    assert units["eps"] == (2.5, "USD/shares")
    assert units["revenue"] == (47e9, "USD")
    assert units["weightedAverageShsOut"] == (4.3e9, "shares")
    assert {row["period_type"] for row in rows} == {"annual"}


def test_a_split_names_the_shares_before_and_after(answered: Answered) -> None:
    body = [{"symbol": "KO", "date": "2012-08-13", "numerator": 2, "denominator": 1}]
    (row,) = answered(PROVIDER, f"{HOST}/stable/splits?symbol=KO", body).rows("corporate_actions")
    assert (row["action"], row["split_from"], row["split_to"]) == ("split", 1.0, 2.0)


def test_a_dividend_without_an_amount_is_skipped_with_a_reason(answered: Answered) -> None:
    body = [
        {"symbol": "KO", "date": "2026-03-13", "dividend": 0.51, "adjDividend": 0.51},
        {"symbol": "XX", "date": "2026-03-13", "dividend": 0, "adjDividend": 0},
    ]
    replayed = answered(PROVIDER, f"{HOST}/stable/dividends-calendar?from=2026-03-13", body)[
        "corporate_actions"
    ]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)


def test_yields_have_tenors_in_months(answered: Answered) -> None:
    body = [{"date": "2026-01-02", "month1": 3.7, "year10": 4.2}]
    rows = answered(PROVIDER, f"{HOST}/stable/treasury-rates?from=2026-01-01", body).rows("yield_curves")
    assert {(row["tenor"], row["months"], row["rate_percent"]) for row in rows} == {
        ("1M", 1.0, 3.7),
        ("10Y", 120.0, 4.2),
    }


def test_an_offering_with_a_range_of_prices(answered: Answered) -> None:
    body = [
        {"symbol": "NEWC", "date": "2026-02-01", "company": "New Co", "exchange": "NASDAQ", "actions": "Expected",
         "shares": 5_000_000, "priceRange": "14.00 - 16.00"}
    ]  # fmt: skip
    (row,) = answered(PROVIDER, f"{HOST}/stable/ipos-calendar?from=2026-02-01", body).rows("ipo_calendar")
    assert (row["price"], row["price_low"], row["price_high"], row["status"]) == (
        None,
        14.0,
        16.0,
        "expected",
    )
    assert row["date"] == date(2026, 2, 1)


def test_an_unknown_symbol_of_the_retired_interface_is_empty(answered: Answered) -> None:
    assert answered(PROVIDER, f"{HOST}/api/v3/historical-price-full/NOPE", {})["eod_data"].rows == 0


@pytest.mark.parametrize(
    ("words", "status", "error"),
    [
        ("Invalid API KEY. Please retry or visit our documentation", 200, AuthenticationError),
        ("Limit Reach . Please upgrade your plan or visit our documentation", 429, RateLimitError),
        (
            "Exclusive Endpoint : This endpoint is not available under your current subscription",
            403,
            NotEntitledError,
        ),
    ],
)
def test_refusals_are_told_apart_by_their_words(
    answered: Answered, words: Any, status: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        answered(PROVIDER, f"{HOST}/stable/profile?symbol=KO", {"Error Message": words}, status=status).frame(
            "company_profiles"
        )
