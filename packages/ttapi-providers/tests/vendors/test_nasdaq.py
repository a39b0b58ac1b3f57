# SPDX-License-Identifier: Apache-2.0
"""Answers of Nasdaq's site become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import NotFoundError, TTError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.nasdaq import PROVIDER

Answered = Callable[..., Any]

ROOT = "https://api.nasdaq.com/api"


def _data(data: Any) -> dict[str, Any]:
    return {"data": data, "message": None, "status": {"rCode": 200, "bCodeMessage": None}}


def test_bars_are_read_from_dollars_and_american_dates(answered: Answered) -> None:
    line = {
        "date": "01/05/2026",
        "close": "$1,011.00",
        "volume": "39,630,000",
        "open": "$1,000",
        "high": "$1,020",
        "low": "$990",
    }
    body = _data({"symbol": "KO", "tradesTable": {"rows": [line]}})
    (row,) = answered(PROVIDER, f"{ROOT}/quote/KO/historical?assetclass=stocks", body).rows("eod_data")
    assert (row["date"], row["close"], row["volume"]) == (date(2026, 1, 5), 1011.0, 39_630_000.0)


def test_a_quote_has_its_time_in_utc(answered: Answered) -> None:
    body = _data(
        {"symbol": "KO", "primaryData": {"lastSalePrice": "$70.10", "lastTradeTimestamp": "Jan 5, 2026 4:00 PM ET",
                                         "bidPrice": "N/A", "askPrice": "$70.20", "volume": "1,000"}}
    )  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/quote/KO/info?assetclass=stocks", body).rows("quotes")
    assert (row["last"], row["bid"], row["ask"]) == (70.1, None, 70.2)
    assert row["quoted_at"] == datetime(2026, 1, 5, 21, 0, tzinfo=UTC)


def test_a_line_of_a_chain_is_a_call_and_a_put_under_the_date_that_heads_it(answered: Answered) -> None:
    lines = [
        {"expirygroup": "January 16, 2026", "strike": None},
        {"expirygroup": "", "strike": "70.00", "c_Last": "1.50", "c_Bid": "1.45", "p_Last": "--", "p_Ask": "0.90",
         "drillDownURL": "/market-activity/stocks/ko/option-chain/call-put-options/ko----260116c00070000"},
    ]  # fmt: skip
    body = _data({"table": {"rows": lines}})
    call, put = answered(PROVIDER, f"{ROOT}/quote/KO/option-chain?assetclass=stocks", body).rows(
        "option_chains"
    )
    assert (call["option_type"], call["bid"], call["contract"]) == ("C", 1.45, "KO    260116C00070000")
    assert (put["option_type"], put["ask"], put["last"]) == ("P", 0.9, None)


def test_amounts_of_statements_are_thousands_and_ratios_percent(answered: Answered) -> None:
    heads = {"value1": "Period Ending:", "value2": "12/31/2025"}
    body = _data(
        {
            "incomeStatementTable": {"headers": heads, "rows": [{"value1": "Total Revenue", "value2": "$47,000"},
                                                                {"value1": "Operating Expenses", "value2": ""}]},
            "financialRatiosTable": {"headers": heads, "rows": [{"value1": "Gross Margin", "value2": "60.5%"}]},
        }
    )  # fmt: skip
    answers = answered(PROVIDER, f"{ROOT}/company/KO/financials?frequency=1", body)
    rows = {row["item"]: (row["value"], row["unit"]) for row in answers.rows("fundamentals")}
    assert rows == {"Total Revenue": (47_000_000.0, "USD"), "Gross Margin": (60.5, "percent")}
    assert answers["fundamentals"].decoded.skipped_count == 1


def test_the_first_day_of_all_stands_for_none(answered: Answered) -> None:
    line = {"symbol": "KO", "dividend_Ex_Date": "3/13/2026", "payment_Date": "1/01/0001", "record_Date": "3/13/2026",
            "dividend_Rate": 0.51, "announcement_Date": "N/A"}  # fmt: skip
    body = _data({"calendar": {"asOf": "Fri, Mar 13, 2026", "rows": [line]}})
    (row,) = answered(PROVIDER, f"{ROOT}/calendar/dividends?date=2026-03-13", body).rows("corporate_actions")
    assert (row["amount"], row["payment_date"], row["declared_date"]) == (0.51, None, None)


def test_a_day_without_dividends_is_empty(answered: Answered) -> None:
    body = _data({"calendar": {"asOf": "Sun, Mar 15, 2026", "rows": None}})
    assert (
        answered(PROVIDER, f"{ROOT}/calendar/dividends?date=2026-03-15", body)["corporate_actions"].rows == 0
    )


@pytest.mark.parametrize(
    ("ratio", "before", "after"), [("4 : 1", 1.0, 4.0), ("1 : 10", 10.0, 1.0), ("5.000%", 100.0, 105.0)]
)
def test_ratios_of_splits(answered: Answered, ratio: Any, before: Any, after: Any) -> None:
    body = _data({"rows": [{"symbol": "KO", "ratio": ratio, "executionDate": "1/05/2026"}]})
    (row,) = answered(PROVIDER, f"{ROOT}/calendar/splits?date=2026-01-05", body).rows("corporate_actions")
    assert (row["split_from"], row["split_to"]) == (before, after)


def test_reports_are_of_the_day_that_was_asked_for(answered: Answered) -> None:
    line = {
        "symbol": "KO",
        "name": "Coca-Cola",
        "time": "time-pre-market",
        "fiscalQuarterEnding": "Dec/2025",
        "epsForecast": "($0.56)",
    }
    (row,) = answered(PROVIDER, f"{ROOT}/calendar/earnings?date=2026-02-10", _data({"rows": [line]})).rows(
        "earnings_calendar"
    )
    assert (row["report_date"], row["fiscal_period_end"]) == (date(2026, 2, 10), date(2025, 12, 31))
    assert (row["session"], row["eps_estimate"]) == ("before_open", -0.56)


def test_offerings_by_what_became_of_them(answered: Answered) -> None:
    body = _data(
        {"priced": {"rows": [{"companyName": "New Co", "proposedTickerSymbol": "NEWC", "proposedSharePrice": "15.00",
                              "sharesOffered": "5,000,000", "pricedDate": "1/05/2026",
                              "dollarValueOfSharesOffered": "$75,000,000"}]},
         "upcoming": {"upcomingTable": {"rows": [{"companyName": "Next Co", "proposedSharePrice": "14.00-16.00",
                                                  "expectedPriceDate": "1/20/2026"}]}},
         "filed": {"rows": None}, "withdrawn": {"rows": []}}
    )  # fmt: skip
    rows = {
        row["issuer"]: row
        for row in answered(PROVIDER, f"{ROOT}/ipo/calendar?date=2026-01", body).rows("ipo_calendar")
    }
    assert (rows["New Co"]["status"], rows["New Co"]["price"], rows["New Co"]["amount"]) == (
        "priced",
        15.0,
        75e6,
    )
    assert (rows["Next Co"]["status"], rows["Next Co"]["price_low"], rows["Next Co"]["price_high"]) == (
        "expected",
        14.0,
        16.0,
    )


def test_an_unknown_symbol_is_not_found_though_the_status_is_200(answered: Answered) -> None:
    body = {"data": None, "message": None,
            "status": {"rCode": 400, "bCodeMessage": [{"code": 1001, "errorMessage": "Symbol not exists."}]}}  # fmt: skip
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ROOT}/quote/NOPE/info?assetclass=stocks", body).frame("quotes")


def test_the_directory_of_symbols_leaves_out_those_for_tests(answered: Answered) -> None:
    text = (
        "Symbol|Security Name|Market Category|Test Issue|Financial Status|Round Lot Size|ETF|NextShares\r\n"
        "AAPL|Apple Inc. - Common Stock|Q|N|N|100|N|N\r\nQQQ|A fund|G|N|N|100|Y|N\r\nZVZZT|For tests|G|Y|N|100|N|N\r\n"
        "File Creation Time: 0105202617:30||||||\r\n"
    )
    url = "https://www.nasdaqtrader.com/dynamic/SymDir/nasdaqlisted.txt"
    answers = answered(PROVIDER, url, text, content_type="text/plain")
    assert {(row["symbol"], row["is_etf"]) for row in answers.rows("symbols")} == {
        ("AAPL", False),
        ("QQQ", True),
    }
    assert answers["symbols"].decoded.skipped_count == 1


def test_an_unknown_stock_is_asked_for_as_a_fund_and_then_as_an_index() -> None:
    body = {"data": None, "status": {"rCode": 400, "bCodeMessage": [{"errorMessage": "Symbol not exists."}]}}
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "quotes")
    asked = endpoint.request.ask(Wanted(keys=("SPY",), names=("SPY",)), PROVIDER.bases[0])
    tried = []
    while (following := endpoint.next_page(body, asked)) is not None:
        assert PROVIDER.told(body, asked) is None
        asked = replace(asked, query={**asked.query, **following})
        tried.append(asked.query["assetclass"])
    assert tried == ["etf", "index"]
    assert isinstance(PROVIDER.told(body, asked), TTError)
    assert endpoint.next_page({"data": {"symbol": "SPY"}, "status": {"rCode": 200}}, asked) is None


def test_the_screener_of_indexes_lists_indexes(answered: Answered) -> None:
    rows = [{"symbol": "COMP", "companyName": "A composite", "lastSalePrice": "20,000"}]
    body = {
        "data": {"records": {"totalrecords": 1, "data": {"headers": {}, "rows": rows}}},
        "status": {"rCode": 200},
    }
    (row,) = answered(PROVIDER, f"{ROOT}/screener/index?offset=0", body).rows("symbols")
    assert (row["symbol"], row["is_index"], row["is_etf"]) == ("COMP", True, False)
