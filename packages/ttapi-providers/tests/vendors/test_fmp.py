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


def test_a_fund_has_a_profile(answered: Answered) -> None:
    body = [{"symbol": "SPY", "name": "A fund", "isin": "US78462F1030", "website": "https://x.invalid"}]
    (row,) = answered(PROVIDER, f"{HOST}/stable/etf/info?symbol=SPY", body).rows("company_profiles")
    assert (row["symbol"], row["isin"]) == ("SPY", "US78462F1030")


def test_a_company_found_by_its_number_has_a_symbol(answered: Answered) -> None:
    body = [{"symbol": "KO", "name": "Sugar water", "isin": "US1912161007"}]
    (row,) = answered(PROVIDER, f"{HOST}/stable/search-isin?isin=US1912161007", body).rows("symbols")
    assert (row["symbol"], row["isin"]) == ("KO", "US1912161007")


@pytest.mark.parametrize("version", ["api/v4", "stable"])
def test_a_confirmed_report_tells_when_it_comes(answered: Answered, version: str) -> None:
    body = [{"symbol": "KO", "date": "2026-02-10", "time": "06:55", "when": "pre market"}]
    url = f"{HOST}/{version}/earning-calendar-confirmed?from=2026-02-01"
    (row,) = answered(PROVIDER, url, body).rows("earnings_calendar")
    assert (row["report_date"], row["session"]) == (date(2026, 2, 10), "before_open")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("sec-profile?symbol=KO", [{"symbol": "KO", "registrantName": "Sugar water", "isActive": True}]),
        ("search-exchange-variants?symbol=KO", [{"symbol": "KO", "companyName": "Sugar water"}]),
        ("profile-bulk?part=0", "symbol,companyName,employees\nKO,Sugar water,\n"),
    ],
)
def test_profiles_come_in_several_shapes(answered: Answered, path: str, body: Any) -> None:
    (row,) = answered(PROVIDER, f"{HOST}/stable/{path}", body).rows("company_profiles")
    assert (row["symbol"], row["name"]) == ("KO", "Sugar water")


def test_a_screener_lists_instruments(answered: Answered) -> None:
    body = [{"symbol": "KO", "companyName": "Sugar water", "exchangeShortName": "NYSE", "isEtf": False}]
    for path in ("stable/company-screener", "api/v3/stock-screener"):
        (row,) = answered(PROVIDER, f"{HOST}/{path}?limit=1", body).rows("symbols")
        assert (row["symbol"], row["is_etf"]) == ("KO", False)


def test_a_trade_after_hours_is_a_quote(answered: Answered) -> None:
    body = [{"symbol": "KO", "price": 70.5, "tradeSize": 10, "timestamp": 1767657600000}]
    (row,) = answered(PROVIDER, f"{HOST}/stable/aftermarket-trade?symbol=KO", body).rows("quotes")
    assert (row["last"], row["quoted_at"]) == (70.5, datetime(2026, 1, 6, tzinfo=UTC))


def test_all_that_was_reported_is_facts(answered: Answered) -> None:
    body = [{"symbol": "KO", "fiscalYear": 2025, "period": "FY", "reportedCurrency": None, "date": "2025-12-31",
             "data": {"assets": 100, "documenttype": "10-K", "amendmentflag": "false",
                      "entitycentralindexkey": "0000021344"}}]  # fmt: skip
    url = f"{HOST}/stable/financial-statement-full-as-reported?symbol=KO"
    rows = answered(PROVIDER, url, body).rows("fundamentals")
    assert [(row["statement"], row["item"], row["value"]) for row in rows] == [("facts", "assets", 100.0)]
