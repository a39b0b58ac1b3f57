# SPDX-License-Identifier: Apache-2.0
"""Intrinio's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotEntitledError
from ttapi_providers import Asked
from ttapi_providers.vendors.intrinio import PROVIDER

Answered = Callable[..., Any]

ROOT = "https://api-v2.intrinio.com"
BAR = {
    "date": "2026-01-05",
    "open": 10.0,
    "high": 12.0,
    "low": 9.0,
    "close": 11.0,
    "volume": 700.0,
    "adj_close": 5.5,
}


def test_one_answer_gives_bars_and_the_actions_among_them(answered: Answered) -> None:
    bars = [
        {**BAR, "dividend": 0.51, "split_ratio": 1.0},
        {**BAR, "date": "2026-01-06", "dividend": 0, "split_ratio": 4.0},
    ]
    body = {"stock_prices": bars, "security": {"ticker": "KO", "currency": "USD"}, "next_page": None}
    answers = answered(PROVIDER, f"{ROOT}/securities/KO/prices?frequency=daily", body)
    assert [(row["close"], row["adjusted_close"], row["currency"]) for row in answers.rows("eod_data")] == [
        (11.0, 5.5, "USD"),
        (11.0, 5.5, "USD"),
    ]
    assert {(row["action"], row["amount"], row["split_to"]) for row in answers.rows("corporate_actions")} == {
        ("dividend", 0.51, None),
        ("split", None, 4.0),
    }


def test_a_bar_of_minutes_is_stamped_with_its_start(answered: Answered) -> None:
    interval = {
        **BAR,
        "open_time": "2026-01-05T14:30:00.000Z",
        "close_time": "2026-01-05T14:35:00.000Z",
        "interval": "5m",
    }
    body = {"intervals": [interval], "security": {"ticker": "KO"}}
    (row,) = answered(PROVIDER, f"{ROOT}/securities/KO/prices/intervals?interval_size=5m", body).rows(
        "intraday_bars"
    )
    assert (row["interval"], row["opened_at"]) == ("5m", datetime(2026, 1, 5, 14, 30, tzinfo=UTC))


def test_items_of_a_statement_have_their_units_and_those_without_a_value_are_skipped(
    answered: Answered,
) -> None:
    tags = [
        {"data_tag": {"tag": "totalrevenue", "unit": "usd"}, "value": 470.0},
        {"data_tag": {"tag": "grossmargin", "unit": "percentage"}, "value": 0.6},
        {"data_tag": {"tag": "othergains", "unit": "usd"}, "value": None},
    ]
    about = {"id": "fun_1", "statement_code": "income_statement", "fiscal_year": 2025, "fiscal_period": "FY",
             "start_date": "2025-01-01", "end_date": "2025-12-31", "company": {"ticker": "KO"}}  # fmt: skip
    body = {"standardized_financials": tags, "fundamental": about, "next_page": None}
    answers = answered(
        PROVIDER, f"{ROOT}/fundamentals/KO-income_statement-2025-FY/standardized_financials", body
    )
    rows = {
        row["item"]: (row["value"], row["unit"], row["period_type"]) for row in answers.rows("fundamentals")
    }
    assert rows == {"totalrevenue": (470.0, "USD", "annual"), "grossmargin": (0.6, "ratio", "annual")}
    assert answers["fundamentals"].decoded.skipped_count == 1


def test_an_option_has_price_and_greeks(answered: Answered) -> None:
    option = {
        "code": "KO____260320C00070000",
        "ticker": "KO",
        "expiration": "2026-03-20",
        "strike": 70.0,
        "type": "call",
    }
    price = {
        "date": "2026-01-05",
        "close": 1.5,
        "close_bid": 1.45,
        "close_ask": 1.55,
        "implied_volatility": 0.25,
        "delta": 0.5,
    }
    (row,) = answered(
        PROVIDER, f"{ROOT}/options/chain/KO/2026-03-20", {"chain": [{"option": option, "price": price}]}
    ).rows("option_chains")
    assert (row["symbol"], row["contract"], row["vendor_symbol"]) == (
        "KO",
        "KO    260320C00070000",
        option["code"],
    )
    assert (row["bid"], row["implied_volatility"], row["delta"]) == (1.45, 0.25, 0.5)


def test_an_observation_keeps_the_vendors_unit(answered: Answered) -> None:
    body = {"historical_data": [{"date": "2026-01-01", "value": 29.5}, {"date": "2025-10-01", "value": None}],
            "index": {"symbol": "$GDP", "units": "Billions of Dollars", "name": "GDP"}}  # fmt: skip
    rows = answered(PROVIDER, f"{ROOT}/indices/economic/$GDP/historical_data/level", body).rows(
        "economic_series"
    )
    assert [(row["series"], row["value"], row["unit"]) for row in rows] == [
        ("$GDP", None, "Billions of Dollars"),
        ("$GDP", 29.5, "Billions of Dollars"),
    ]


def test_news_about_nothing_in_particular_is_of_the_market(answered: Answered) -> None:
    item = {
        "id": "nws_1",
        "title": "A title",
        "publication_date": "2026-01-05T14:30:00.000Z",
        "url": "https://news.example/1",
    }
    (row,) = answered(PROVIDER, f"{ROOT}/companies/news", {"news": [item]}).rows("news")
    assert (row["symbol"], row["news_id"]) == ("MARKET", "nws_1")


def test_pages_are_followed_by_their_token() -> None:
    asked = Asked.of("GET", f"{ROOT}/securities/KO/prices?frequency=daily")
    endpoint = PROVIDER.claims(asked)[0]
    assert endpoint.next_page({"next_page": "abc"}, asked) == {"next_page": "abc"}
    assert endpoint.next_page({"next_page": None}, asked) is None


def test_filings_take_their_number_from_their_address(answered: Answered) -> None:
    filing = {"id": "fil_1", "filing_date": "2026-02-20", "period_end_date": "2025-12-31", "report_type": "10-K",
              "filing_url": "https://www.sec.gov/Archives/edgar/data/21344/000002134426000010/0000021344-26-000010-index.htm"}  # fmt: skip
    body = {"filings": [filing], "company": {"ticker": "KO", "name": "Coca-Cola", "cik": "0000021344"}}
    (row,) = answered(PROVIDER, f"{ROOT}/companies/KO/filings", body).rows("filings")
    assert (row["accession"], row["report_date"], row["company"]) == (
        "0000021344-26-000010",
        date(2025, 12, 31),
        "Coca-Cola",
    )


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"error": "An error occured", "message": "Invalid API Key"}, AuthenticationError),
        (
            403,
            {
                "error": "Forbidden",
                "message": "Access to the requested data is not part of your subscription",
            },
            NotEntitledError,
        ),
    ],
)
def test_refusals(answered: Answered, status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        answered(PROVIDER, f"{ROOT}/companies/KO", body, status=status).frame("company_profiles")


def test_a_fund_is_named_without_its_country(answered: Answered) -> None:
    body = {
        "id": "etf_x",
        "name": "A fund",
        "ticker": "GOVT",
        "figi_ticker": "GOVT:US",
        "isin": "US46429B2676",
    }
    answers = answered(PROVIDER, f"{ROOT}/etfs/GOVT:US", body)
    (row,) = answers.rows("symbols")
    assert (row["symbol"], row["is_etf"], row["isin"]) == ("GOVT", True, "US46429B2676")
    assert [row["symbol"] for row in answers.rows("company_profiles")] == ["GOVT"]


def test_all_of_an_exchange_is_named_by_its_securities(answered: Answered) -> None:
    security = {"ticker": "BRK.B", "code": "EQS", "name": "Insurance", "currency": "USD"}
    price = {"date": "2026-01-05", "open": 10, "high": 12, "low": 9, "close": 11, "volume": 700,
             "security": security}  # fmt: skip
    url = f"{ROOT}/stock_exchanges/USCOMP"
    (row,) = answered(PROVIDER, f"{url}/prices", {"stock_prices": [price], "next_page": None}).rows(
        "eod_data"
    )
    assert (row["symbol"], row["close"], row["currency"]) == ("BRK/B", 11.0, "USD")
    quote = {"last_price": 11, "last_time": "2026-01-05T20:59:59.000Z", "security": security}
    (row,) = answered(PROVIDER, f"{url}/prices/realtime", {"stock_prices": [quote]}).rows("quotes")
    assert (row["symbol"], row["last"]) == ("BRK/B", 11.0)
    (row,) = answered(PROVIDER, f"{url}/securities", {"securities": [security]}).rows("symbols")
    assert row["symbol"] == "BRK/B"
    change = {"date": "2026-01-05", "factor": 0.5, "dividend": 0.0, "split_ratio": 2.0, "security": security}
    body = {"stock_price_adjustments": [change], "next_page": None}
    (row,) = answered(PROVIDER, f"{url}/prices/adjustments", body).rows("corporate_actions")
    assert (row["symbol"], row["split_to"]) == ("BRK/B", 2.0)
