# SPDX-License-Identifier: Apache-2.0
"""EODHD's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.eodhd import PROVIDER

Answered = Callable[..., Any]

ROOT = "https://eodhd.com/api"
BAR = {
    "date": "2026-01-07",
    "open": 10,
    "high": 12,
    "low": 9,
    "close": 11,
    "adjusted_close": 5.5,
    "volume": 700,
}


@pytest.mark.parametrize(
    ("name", "dataset", "symbol"),
    [
        ("BRK-B.US", "eod_data", "BRK/B"),
        ("BHP.AU", "eod_data", "BHP.AU"),
        ("BTC-USD.CC", "crypto_bars", "BTC/USD"),
        ("EURUSD.FOREX", "fx_rates", "EUR/USD"),
    ],
)
def test_daily_bars_go_where_their_instrument_belongs(
    answered: Answered, name: Any, dataset: Any, symbol: Any
) -> None:
    answers = answered(PROVIDER, f"{ROOT}/eod/{name}?fmt=json&period=d", [BAR])
    assert list(answers) == [dataset]
    (row,) = answers.rows(dataset)
    assert (row["symbol"], row["vendor_symbol"]) == (symbol, name)
    assert PROVIDER.naming.to_vendor(symbol) == name


def test_prices_are_as_traded_with_the_adjusted_close_beside(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/eod/KO.US?fmt=json", [BAR]).rows("eod_data")
    assert (row["close"], row["adjusted_close"], row["adjustment"]) == (11.0, 5.5, "raw")


def test_a_table_is_read_like_json(answered: Answered) -> None:
    text = "Date,Open,High,Low,Close,Adjusted_close,Volume\n2026-01-07,10,12,9,11,5.5,700\n"
    (row,) = answered(PROVIDER, f"{ROOT}/eod/KO.US", text, content_type="text/csv").rows("eod_data")
    assert (row["date"], row["close"]) == (date(2026, 1, 7), 11.0)


def test_a_week_begins_on_its_monday_whatever_day_it_is_dated(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/eod/KO.US?period=w&fmt=json", [BAR]).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("1w", datetime(2026, 1, 5, tzinfo=UTC))


def test_a_whole_exchange_in_one_answer_names_each_and_leaves_out_what_is_no_bar(answered: Answered) -> None:
    body = [
        {"code": "BHP", "exchange_short_name": "AU", **BAR},
        {"code": "XX", "exchange_short_name": "AU", **BAR, "high": 8},
    ]
    answers = answered(PROVIDER, f"{ROOT}/eod-bulk-last-day/AU?fmt=json", body)
    assert [row["symbol"] for row in answers.rows("eod_data")] == ["BHP.AU"]
    assert answers["eod_data"].decoded.skipped_count == 1


def test_a_split_of_four_for_one(answered: Answered) -> None:
    body = [{"date": "2020-08-31", "split": "4.000000/1.000000"}]
    (row,) = answered(PROVIDER, f"{ROOT}/splits/AAPL.US?fmt=json", body).rows("corporate_actions")
    assert (row["split_from"], row["split_to"]) == (1.0, 4.0)


def test_a_dividend_has_both_amounts(answered: Answered) -> None:
    body = [
        {
            "date": "2020-08-07",
            "value": 0.205,
            "unadjustedValue": 0.82,
            "currency": "USD",
            "period": "Quarterly",
        }
    ]
    (row,) = answered(PROVIDER, f"{ROOT}/div/AAPL.US?fmt=json", body).rows("corporate_actions")
    assert (row["amount"], row["adjusted_amount"], row["frequency"]) == (0.82, 0.205, "Quarterly")


def test_fundamentals_give_a_profile_items_and_reports(answered: Answered) -> None:
    body = {
        "General": {"Code": "KO", "Exchange": "NYSE", "Name": "Coca-Cola", "CurrencyCode": "USD", "IsDelisted": False},
        "Highlights": {"MarketCapitalization": 3e11},
        "Financials": {
            "Income_Statement": {
                "yearly": {"2025-12-31": {"date": "2025-12-31", "currency_symbol": "USD", "totalRevenue": "470.00"}}
            }
        },
        "Earnings": {"History": {"2025-12-31": {"reportDate": "2026-02-10", "date": "2025-12-31", "epsActual": 0.5,
                                                "beforeAfterMarket": "BeforeMarket"}}},
    }  # fmt: skip
    answers = answered(PROVIDER, f"{ROOT}/fundamentals/KO.US?fmt=json", body)
    assert answers.rows("company_profiles")[0]["market_cap"] == 3e11
    (item,) = answers.rows("fundamentals")
    assert (item["item"], item["value"], item["unit"], item["period_type"]) == (
        "totalRevenue",
        470.0,
        "USD",
        "annual",
    )
    (report,) = answers.rows("earnings_calendar")
    assert (report["session"], report["eps_actual"]) == ("before_open", 0.5)


def test_an_indicator_of_a_year_is_dated_with_its_first_day(answered: Answered) -> None:
    body = [
        {"CountryCode": "USA", "Indicator": "GDP", "Date": "2024-12-31", "Period": "Annual", "Value": 29.2}
    ]
    url = f"{ROOT}/macro-indicator/USA?indicator=gdp_current_usd&fmt=json"
    (row,) = answered(PROVIDER, url, body).rows("economic_series")
    assert (row["series"], row["date"]) == ("USA/gdp_current_usd", date(2024, 1, 1))


def test_pages_are_followed_by_their_link() -> None:
    (endpoint,) = [e for e in PROVIDER.endpoints if e.request.path == "/api/rates/policy-rates"]
    asked = endpoint.request.ask(Wanted(), PROVIDER.bases[0])
    assert endpoint.next_page({"links": {"next": f"{ROOT}/rates/policy-rates?page%5Boffset%5D=20"}}, asked)
    assert endpoint.next_page({"links": []}, asked) is None


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [(401, "Unauthenticated", AuthenticationError), (404, "Ticker Not Found.", NotFoundError)],
)
def test_refusals_in_plain_text_are_typed(
    answered: Answered, status: int, text: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        answered(PROVIDER, f"{ROOT}/eod/KO.US?fmt=json", text, status=status, content_type="text/html").frame(
            "eod_data"
        )


COMPANY = {
    "General": {
        "Code": "KO",
        "Name": "Sugar water",
        "Exchange": "NYSE",
        "CurrencyCode": "USD",
        "CIK": "21344",
    },
    "SharesStats": {"SharesOutstanding": 4e9},
    "Financials": {
        "Balance_Sheet": {
            "currency_symbol": "USD",
            "quarterly": {},
            "yearly": {
                "2025-12-31": {
                    "date": "2025-12-31",
                    "filing_date": "2026-02-20",
                    "totalAssets": "100.0",
                    "commonStockSharesOutstanding": "4000000000.0",
                }
            },
        }
    },
}


@pytest.mark.parametrize(
    ("path", "body"), [("fundamentals/KO.US", COMPANY), ("bulk-fundamentals/NYSE", {"0": COMPANY})]
)
def test_a_company_and_an_exchange_tell_alike(answered: Answered, path: str, body: Any) -> None:
    answers = answered(PROVIDER, f"{ROOT}/{path}?fmt=json", body)
    (profile,) = answers.rows("company_profiles")
    assert (profile["symbol"], profile["shares_outstanding"]) == ("KO", 4e9)
    items = {row["item"]: row for row in answers.rows("fundamentals")}
    assert {row["symbol"] for row in items.values()} == {"KO"}
    assert {row["unit"] for row in items.values()} == {"USD", "shares"}


def test_filings_come_with_their_numbers(answered: Answered) -> None:
    filing = {"accession_number": "0000021344-26-000010", "filed_at": "2026-02-20",
              "period_of_report": "2025-12-31", "fiscal_year_end": "2025-12-31", "revenue": 47e9}  # fmt: skip
    answers = answered(PROVIDER, f"{ROOT}/sec-filings/KO.US/10k", {"data": [filing], "links": {"next": None}})
    (row,) = answers.rows("filings")
    assert (row["form"], row["accession"]) == ("10-K", "0000021344-26-000010")
    (item,) = answers.rows("fundamentals")
    assert (item["period_type"], item["value"]) == ("annual", 47e9)
    notice = {"accession_number": "0000021344-26-000011", "filed_at": "2026-02-20", "items": ["2.02", "9.01"]}
    (row,) = answered(PROVIDER, f"{ROOT}/sec-filings/KO.US/8k", {"data": [notice]}).rows("filings")
    assert (row["form"], row["items"]) == ("8-K", "2.02,9.01")


def test_yields_of_good_corporate_bonds_are_a_curve(answered: Answered) -> None:
    point = {"series_id": "HQMCB2YRP", "tenor_years": 2, "yield_type": "par", "as_of_date": "2026-01-01",
             "yield_value": 4.12}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/credit-risk/corporate/hqm-yields", {"data": [point]}).rows(
        "yield_curves"
    )
    assert 4.12 in {round(100 * v, 6) for v in row.values() if isinstance(v, float)} | set(row.values())


def test_ticks_are_trades(answered: Answered) -> None:
    body = [{"timestamp": 1767623400, "price": 70.5, "volume": 100}]
    (row,) = answered(PROVIDER, f"{ROOT}/ticks/KO.US?fmt=json", body).rows("trades")
    assert (row["symbol"], row["price"], row["size"]) == ("KO", 70.5, 100.0)


def test_what_is_not_asked_for_in_json_is_a_table(answered: Answered) -> None:
    (dividend,) = answered(PROVIDER, f"{ROOT}/div/KO.US", "Date,Dividends\n2026-01-05,0.51\n").rows(
        "corporate_actions"
    )
    assert (dividend["action"], dividend["adjusted_amount"]) == ("dividend", 0.51)
    (split,) = answered(
        PROVIDER, f"{ROOT}/splits/KO.US", 'Date,"Stock Splits"\n2026-01-05,2.000000/1.000000\n'
    ).rows("corporate_actions")
    assert (split["action"], split["split_from"], split["split_to"]) == ("split", 1.0, 2.0)
    text = 'Code,Name,Country,Exchange,Currency,Type,Isin\nKO,"Sugar, water",USA,NYSE,USD,"Common Stock",US1912161007\n'
    (row,) = answered(PROVIDER, f"{ROOT}/exchange-symbol-list/US", text).rows("symbols")
    assert (row["symbol"], row["isin"]) == ("KO", "US1912161007")
