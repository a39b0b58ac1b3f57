# SPDX-License-Identifier: Apache-2.0
"""TMX's answers to posted queries become rows, told apart by what was asked or, failing that, by what is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import NotFoundError, RequestRefusedError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.tmx import PROVIDER

Answered = Callable[..., Any]

URL = "https://app-money.tmx.com/graphql"
BAR = {
    "datetime": "2026-01-05",
    "openPrice": 10,
    "closePrice": 11,
    "high": 12,
    "low": 9,
    "volume": 700,
    "numberOfTrade": 5,
    "vwap": 10.5,
}


def _posted(operation: str, **variables: Any) -> dict[str, Any]:
    return {"operationName": operation, "variables": variables, "query": "query"}


def test_bars_are_adjusted_as_was_asked(answered: Answered) -> None:
    body = {"data": {"getCompanyPriceHistory": [BAR]}}
    asked = _posted("getCompanyPriceHistory", symbol="BBD.B", adjustmentType="SO", unadjusted=False)
    (row,) = answered(PROVIDER, URL, body, method="POST", posted=asked).rows("eod_data")
    assert (row["symbol"], row["close"], row["adjustment"], row["trade_count"]) == (
        "BBD/B",
        11.0,
        "splits",
        5,
    )
    raw = _posted("getCompanyPriceHistory", symbol="BBD.B", unadjusted=True)
    assert answered(PROVIDER, URL, body, method="POST", posted=raw).rows("eod_data")[0]["adjustment"] == "raw"


def test_bars_without_an_offset_are_in_the_time_of_toronto(answered: Answered) -> None:
    bar = {"dateTime": "2026-01-05T09:30:00", "open": 10, "high": 12, "low": 9, "close": 11, "volume": 700}
    asked = _posted("getTimeSeriesData", symbol="SHOP", freq="minute", interval=5)
    (row,) = answered(PROVIDER, URL, {"data": {"timeseries": [bar]}}, method="POST", posted=asked).rows(
        "intraday_bars"
    )
    assert (row["interval"], row["opened_at"]) == ("5m", datetime(2026, 1, 5, 14, 30, tzinfo=UTC))


def test_a_quote_is_a_profile_as_well(answered: Answered) -> None:
    body = {"data": {"getQuoteBySymbol": {"symbol": "SHOP", "name": "Shopify", "price": 103.5, "prevClose": 101.9,
                                          "employees": "10000", "MarketCap": 124e9}}}  # fmt: skip
    answers = answered(PROVIDER, URL, body, method="POST", posted=_posted("getQuoteBySymbol", symbol="SHOP"))
    assert answers.rows("quotes")[0]["last"] == 103.5
    assert answers.rows("company_profiles")[0]["employees"] == 10_000


def test_an_index_without_a_price_is_skipped(answered: Answered) -> None:
    quotes = [
        {"symbol": "^TSX", "price": 21000.5, "prevClose": 20900},
        {"symbol": "^XX", "price": None, "prevClose": None},
    ]
    answers = answered(PROVIDER, URL, {"data": {"getQuoteForSymbols": quotes}}, method="POST",
                       posted=_posted("getQuoteForSymbols", symbols=["^TSX", "^XX"]))  # fmt: skip
    assert [row["symbol"] for row in answers.rows("quotes")] == ["^TSX"]
    assert answers["quotes"].decoded.skipped_count == 1


def test_dividends_have_their_currency(answered: Answered) -> None:
    body = {
        "data": {
            "dividends": {
                "hasNextPage": False,
                "dividends": [{"exDate": "2026-01-09", "amount": 1.02, "currency": "CAD"}],
            }
        }
    }
    (row,) = answered(
        PROVIDER, URL, body, method="POST", posted=_posted("getDividendsForSymbol", symbol="TD")
    ).rows("corporate_actions")
    assert (row["symbol"], row["amount"], row["currency"], row["ex_date"]) == (
        "TD",
        1.02,
        "CAD",
        date(2026, 1, 9),
    )


def test_an_answer_whose_question_was_not_kept_is_known_by_its_shape(answered: Answered) -> None:
    body = {"data": {"getQuoteForSymbols": [{"symbol": "TD", "price": 80.5}]}}
    answers = answered(PROVIDER, URL, body, method="POST")
    assert list(answers) == ["quotes"]
    assert answers.rows("quotes")[0]["symbol"] == "TD"


def test_units_in_dollars_are_no_class_of_shares(answered: Answered) -> None:
    body = {
        "results": [
            {"symbol": "BTCQ", "name": "A fund", "instruments": [{"symbol": "BTCQ.U", "name": "A fund USD"}]}
        ]
    }
    (row,) = answered(PROVIDER, "https://www.tsx.com/json/company-directory/search/tsx/*", body).rows(
        "symbols"
    )
    assert (row["symbol"], row["description"]) == ("BTCQ.U", "A fund USD")


def test_every_operation_can_be_asked() -> None:
    wanted = Wanted(keys=("SHOP",), names=("SHOP",), since=date(2026, 1, 5), until=date(2026, 1, 6))
    for endpoint in PROVIDER.endpoints:
        if endpoint.request.body is not None and not endpoint.retired:
            asked = endpoint.request.ask(wanted, PROVIDER.bases[0])
            assert asked.posted("query").startswith(f"query {asked.posted('operationName')}(")
            assert endpoint in PROVIDER.claims(asked)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"errors": [{"message": "Syntax Error"}], "data": None}, RequestRefusedError),
        ({"data": {"getQuoteBySymbol": None}}, NotFoundError),
    ],
)
def test_errors_of_status_200(answered: Answered, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        answered(
            PROVIDER, URL, body, method="POST", posted=_posted("getQuoteBySymbol", symbol="NOPE"), status=200
        ).frame("quotes")


def test_reports_of_a_day(answered: Answered) -> None:
    reports = [
        {
            "symbol": "CNR",
            "companyName": "Canadian National",
            "announceTime": "AMC",
            "estimatedEps": 2.1,
            "actualEps": "N/A",
        }
    ]
    asked = _posted("getEnhancedEarningsForDate", date="2026-01-24")
    body = {"data": {"getEnhancedEarningsForDate": reports}}
    (row,) = answered(PROVIDER, URL, body, method="POST", posted=asked).rows("earnings_calendar")
    assert (row["report_date"], row["session"], row["eps_estimate"], row["eps_actual"]) == (
        date(2026, 1, 24),
        "after_close",
        2.1,
        None,
    )
