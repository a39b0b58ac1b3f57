# SPDX-License-Identifier: Apache-2.0
"""Twelve Data's answers become rows, and its refusals, of status 200 as well, typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError
from ttapi_providers.vendors.twelvedata import PROVIDER

Answered = Callable[..., Any]

ROOT = "https://api.twelvedata.com"
PRICES = {"open": "10.0", "high": "12.0", "low": "9.0", "close": "11.0", "volume": "700"}


def _series(symbol: str, interval: str, when: str, **meta: str) -> dict[str, Any]:
    about = {"symbol": symbol, "interval": interval, **meta}
    return {"meta": about, "values": [{"datetime": when, **PRICES}], "status": "ok"}


def test_daily_bars_are_adjusted_for_splits_unless_asked_otherwise(answered: Answered) -> None:
    body = _series("BRK.B", "1day", "2026-01-05", currency="USD", type="Common Stock")
    (row,) = answered(PROVIDER, f"{ROOT}/time_series?symbol=BRK.B&interval=1day", body).rows("eod_data")
    assert (row["symbol"], row["date"], row["adjustment"]) == ("BRK/B", date(2026, 1, 5), "splits")
    url = f"{ROOT}/time_series?symbol=BRK.B&interval=1day&adjust=none"
    assert answered(PROVIDER, url, body).rows("eod_data")[0]["adjustment"] == "raw"


def test_times_are_of_the_exchange_unless_a_zone_was_asked_for(answered: Answered) -> None:
    body = _series("KO", "5min", "2026-01-05 09:30:00", exchange_timezone="America/New_York")
    url = f"{ROOT}/time_series?symbol=KO&interval=5min"
    (row,) = answered(PROVIDER, url, body).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("5m", datetime(2026, 1, 5, 14, 30, tzinfo=UTC))
    (row,) = answered(PROVIDER, f"{url}&timezone=UTC", body).rows("intraday_bars")
    assert row["opened_at"] == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("symbol", "kind", "dataset"),
    [("BTC/USD", "Digital Currency", "crypto_bars"), ("EUR/USD", "Physical Currency", "fx_rates")],
)
def test_bars_of_pairs_go_where_pairs_belong(
    answered: Answered, symbol: Any, kind: Any, dataset: Any
) -> None:
    answers = answered(PROVIDER, f"{ROOT}/time_series?symbol={symbol}&interval=1day",
                       _series(symbol, "1day", "2026-01-05", type=kind))  # fmt: skip
    assert list(answers) == [dataset]
    assert answers.rows(dataset)[0]["symbol"] == symbol


def test_of_several_symbols_the_unknown_one_is_skipped_with_the_vendors_words(answered: Answered) -> None:
    body = {
        "KO": _series("KO", "1day", "2026-01-05", type="Common Stock"),
        "NOPE": {"code": 400, "message": "**symbol** not found: NOPE", "status": "error"},
    }
    answers = answered(PROVIDER, f"{ROOT}/time_series?symbol=KO,NOPE&interval=1day", body)
    assert [row["symbol"] for row in answers.rows("eod_data")] == ["KO"]
    assert "not found: NOPE" in answers["eod_data"].decoded.skipped[0]


def test_a_split_is_read_as_it_is_worded(answered: Answered) -> None:
    body = [{"date": "2020-08-31", "symbol": "AAPL", "exchange": "NASDAQ", "description": "4-for-1 split",
             "ratio": 0.25, "from_factor": 4, "to_factor": 1}]  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/splits_calendar", body).rows("corporate_actions")
    assert (row["split_from"], row["split_to"]) == (1.0, 4.0)


def test_one_ticker_of_two_exchanges_is_two_instruments(answered: Answered) -> None:
    records = [
        {"symbol": "CBO", "exchange": exchange, "name": "CBo", "type": "Common Stock"}
        for exchange in ("FSX", "NYSE")
    ]
    rows = answered(PROVIDER, f"{ROOT}/stocks", {"data": records, "status": "ok"}).rows("symbols")
    assert {row["symbol"] for row in rows} == {"CBO:FSX", "CBO"}


def test_nested_statements_keep_their_path(answered: Answered) -> None:
    body = {"meta": {"symbol": "KO", "currency": "USD", "period": "Annual"},
            "balance_sheet": [{"fiscal_date": "2025-12-31", "assets": {"current_assets": {"cash": 9, "gone": None}}}]}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/balance_sheet?symbol=KO", body).rows("fundamentals")
    assert (row["item"], row["value"], row["unit"]) == ("assets.current_assets.cash", 9.0, "USD")


def test_earnings_stand_under_their_days(answered: Answered) -> None:
    body = {
        "earnings": {
            "2026-02-10": [{"symbol": "KO", "exchange": "NYSE", "time": "Pre Market", "eps_estimate": 0.56}]
        }
    }
    (row,) = answered(PROVIDER, f"{ROOT}/earnings_calendar", body).rows("earnings_calendar")
    assert (row["report_date"], row["session"]) == (date(2026, 2, 10), "before_open")


def test_a_rate_has_the_time_it_was_observed(answered: Answered) -> None:
    body = {"symbol": "EUR/USD", "rate": 1.17, "timestamp": 1767600000}
    (row,) = answered(PROVIDER, f"{ROOT}/exchange_rate?symbol=EUR/USD", body).rows("fx_rates")
    assert (row["rate"], row["date"]) == (1.17, date(2026, 1, 5))


@pytest.mark.parametrize(
    ("code", "words", "error"),
    [
        (401, "**apikey** parameter is incorrect or not specified.", AuthenticationError),
        (429, "You have run out of API credits for the current minute.", RateLimitError),
        (400, "**symbol** not found: NOPE. Please specify it correctly", NotFoundError),
    ],
)
def test_an_error_of_status_200_is_one(
    answered: Answered, code: Any, words: Any, error: type[Exception]
) -> None:
    body = {"code": code, "message": words, "status": "error"}
    with pytest.raises(error):
        answered(PROVIDER, f"{ROOT}/profile?symbol=NOPE", body).frame("company_profiles")


def test_a_consolidated_statement_counts_shares_and_tells_no_year_that_cannot_be(answered: Answered) -> None:
    record = {"fiscal_date": "2025-09-30", "year": 2026, "revenue": {"total_revenue": 391},
              "dividends_and_shares": {"diluted_average_shares": 15}}  # fmt: skip
    url = f"{ROOT}/income_statement/consolidated?symbol=KO"
    rows = answered(PROVIDER, url, {"income_statement": [record], "status": "ok"}).rows("fundamentals")
    assert {row["unit"] for row in rows if "shares" in row["item"]} == {"shares"}
    assert {row["fiscal_year"] for row in rows} == {None}


def test_a_fund_has_a_profile(answered: Answered) -> None:
    body = {"etf": {"summary": {"symbol": "IVV", "name": "A fund", "currency": "USD"}}, "status": "ok"}
    (row,) = answered(PROVIDER, f"{ROOT}/etfs/world/summary?symbol=IVV", body).rows("company_profiles")
    assert (row["symbol"], row["name"]) == ("IVV", "A fund")
