# SPDX-License-Identifier: Apache-2.0
"""Finnhub's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, DecodeError, NotEntitledError, NotFoundError, RateLimitError
from ttapi_providers import Wanted
from ttapi_providers.vendors.finnhub import PROVIDER
from ttapi_providers.vendors.finnhub_readers import next_bars

Answered = Callable[..., Any]

API = "https://finnhub.io/api/v1"
DAY = 1_767_312_000  # 2026-01-02
CANDLES = {"s": "ok", "t": [DAY], "o": [10], "h": [12], "l": [9], "c": [11], "v": [700]}


def test_bars_stand_side_by_side(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{API}/stock/candle?symbol=BRK.B&resolution=D", CANDLES).rows("eod_data")
    assert (row["symbol"], row["date"], row["close"], row["volume"]) == (
        "BRK/B",
        date(2026, 1, 2),
        11.0,
        700.0,
    )
    (row,) = answered(PROVIDER, f"{API}/stock/candle?symbol=AAPL&resolution=W", CANDLES).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("1w", datetime(2025, 12, 29, tzinfo=UTC))


def test_pairs_have_a_venue(answered: Answered) -> None:
    url = f"{API}/crypto/candle?symbol=BINANCE:BTCUSDT&resolution=D"
    (row,) = answered(PROVIDER, url, CANDLES).rows("crypto_bars")
    assert (row["symbol"], row["venue"], row["interval"]) == ("BTC/USDT", "BINANCE", "1d")
    (row,) = answered(PROVIDER, f"{API}/forex/candle?symbol=OANDA:EUR_USD&resolution=D", CANDLES).rows(
        "fx_rates"
    )
    assert (row["symbol"], row["rate"]) == ("EUR/USD", 11.0)
    for symbol in ("EUR/USD", "BTC/USD", "BTC/USDT", "BRK/B"):
        assert PROVIDER.naming.canonical(PROVIDER.naming.to_vendor(symbol)) == symbol


def test_no_data_is_empty_and_unequal_lists_are_refused(answered: Answered) -> None:
    url = f"{API}/stock/candle?symbol=AAPL&resolution=D"
    assert answered(PROVIDER, url, {"s": "no_data"})["eod_data"].rows == 0
    with pytest.raises(DecodeError, match="2 values"):
        answered(PROVIDER, url, CANDLES | {"c": [11, 12]}).frame("eod_data")


def test_a_quote_of_zeros_is_an_unknown_symbol(answered: Answered) -> None:
    known = {"c": 11.0, "d": 0.5, "dp": 4.8, "h": 12, "l": 9, "o": 10, "pc": 10.5, "t": DAY}
    (row,) = answered(PROVIDER, f"{API}/quote?symbol=AAPL", known).rows("quotes")
    assert (row["last"], row["prev_close"], row["quoted_at"]) == (
        11.0,
        10.5,
        datetime(2026, 1, 2, tzinfo=UTC),
    )
    with pytest.raises(NotFoundError):
        answered(
            PROVIDER, f"{API}/quote?symbol=NONE", {"c": 0, "h": 0, "l": 0, "o": 0, "pc": 0, "t": 0}
        ).frame("quotes")


def test_a_profile_is_told_in_millions(answered: Answered) -> None:
    body = {
        "ticker": "AAPL",
        "name": "Apple",
        "marketCapitalization": 1415.5,
        "shareOutstanding": 4.25,
        "ipo": "1980-12-12",
    }
    (row,) = answered(PROVIDER, f"{API}/stock/profile2?symbol=AAPL", body).rows("company_profiles")
    assert (row["market_cap"], row["shares_outstanding"]) == (1.4155e9, 4.25e6)
    assert row["listed_date"] == date(1980, 12, 12)
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{API}/stock/profile2?symbol=NONE", {}).frame("company_profiles")


def test_filed_statements_in_the_newer_and_the_older_form(answered: Answered) -> None:
    report = {
        "bs": [
            {"concept": "Assets", "unit": "usd", "value": 5e9},
            {"concept": "Debt", "unit": "usd", "value": "N/A"},
        ],
        "ic": {"EarningsPerShareBasic": 2.5},
    }
    filing = {
        "accessNumber": "0000320193-25-000119",
        "symbol": "AAPL",
        "year": 2025,
        "quarter": 0,
        "form": "10-K",
        "endDate": "2025-09-27 00:00:00",
        "filedDate": "2025-10-31 00:00:00",
        "report": report,
    }
    url = f"{API}/stock/financials-reported?symbol=AAPL"
    assets, eps = answered(PROVIDER, url, {"cik": "320193", "data": [filing]}).rows("fundamentals")
    assert (assets["value"], assets["unit"], assets["period_type"]) == (5e9, "USD", "annual")
    assert (eps["item"], eps["unit"], eps["filed_date"]) == (
        "EarningsPerShareBasic",
        None,
        date(2025, 10, 31),
    )


def test_standard_statements_are_in_millions_but_for_what_is_per_share(answered: Answered) -> None:
    period = {"period": "2025-09-27", "year": 2025, "revenue": 391.5, "dilutedEPS": 6.25}
    url = f"{API}/stock/financials?symbol=AAPL&statement=ic&freq=annual"
    eps, revenue = answered(PROVIDER, url, {"symbol": "AAPL", "financials": [period]}).rows("fundamentals")
    assert (revenue["value"], revenue["statement"], eps["value"]) == (391.5e6, "income", 6.25)


def test_calendars(answered: Answered) -> None:
    report = {
        "symbol": "AAPL",
        "date": "2026-01-29",
        "hour": "amc",
        "quarter": 1,
        "year": 2026,
        "epsEstimate": 2.5,
    }
    url = f"{API}/calendar/earnings?from=2026-01-29&to=2026-01-29"
    (row,) = answered(PROVIDER, url, {"earningsCalendar": [report]}).rows("earnings_calendar")
    assert (row["session"], row["fiscal_quarter"], row["eps_actual"]) == ("after_close", 1, None)
    offers = [
        {
            "name": "Alpha",
            "symbol": "ALFA",
            "date": "2026-01-29",
            "price": "12.00-14.00",
            "status": "expected",
        },
        {"name": "Beta", "symbol": None, "date": "2026-01-29", "price": "10.00", "status": "priced"},
    ]
    alpha, beta = answered(PROVIDER, f"{API}/calendar/ipo", {"ipoCalendar": offers}).rows("ipo_calendar")
    assert (alpha["price"], alpha["price_low"], alpha["price_high"]) == (None, 12.0, 14.0)
    assert (beta["price"], beta["symbol"]) == (10.0, None)


def test_rates_of_no_day_are_quotes(answered: Answered) -> None:
    body = {"base": "EUR", "quote": {"USD": 1.15}}
    (row,) = answered(PROVIDER, f"{API}/forex/rates?base=EUR", body).rows("quotes")
    assert (row["symbol"], row["last"]) == ("EUR/USD", 1.15)
    (row,) = answered(PROVIDER, f"{API}/forex/rates?base=EUR&date=2026-01-02", body).rows("fx_rates")
    assert (row["date"], row["rate"]) == (date(2026, 1, 2), 1.15)


def test_ratios_over_time_news_and_yields(answered: Answered) -> None:
    body = {"metric": {}, "series": {"annual": {"currentRatio": [{"period": "2025-09-27", "v": 1.5}]}}}
    (ratio,) = answered(PROVIDER, f"{API}/stock/metric?symbol=AAPL&metric=all", body).rows("fundamentals")
    assert (ratio["item"], ratio["value"], ratio["period_type"]) == ("currentRatio", 1.5, "annual")
    piece = {"id": 7, "datetime": DAY, "headline": "News", "related": ""}
    (news,) = answered(PROVIDER, f"{API}/news?category=general", [piece]).rows("news")
    assert (news["symbol"], news["title"]) == ("MARKET", "News")
    body = {"code": "10y", "data": [{"d": "2026-01-02", "v": 4.25}]}
    (point,) = answered(PROVIDER, f"{API}/bond/yield-curve?code=10y", body).rows("yield_curves")
    assert (point["tenor"], point["months"], point["rate_percent"]) == ("10Y", 120.0, 4.25)


@pytest.mark.parametrize(
    ("words", "status", "kind"),
    [
        ("Invalid API key", 401, AuthenticationError),
        ("You don't have access to this resource.", 403, NotEntitledError),
        ("You don't have access to this resource.", 200, NotEntitledError),
        ("API limit reached. Please try again later. Remaining Limit: 0", 429, RateLimitError),
    ],
)
def test_refusals_are_typed(answered: Answered, words: str, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        answered(PROVIDER, f"{API}/quote?symbol=AAPL", {"error": words}, status=status).frame("quotes")


def test_bars_within_a_day_are_asked_for_month_by_month() -> None:
    wanted = Wanted(keys=("AAPL",), names=("AAPL",), since=date(2025, 1, 2), today=date(2025, 3, 1))
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "intraday_bars")
    asked = endpoint.request.ask(wanted, "https://finnhub.io")
    first, last = int(asked.query["from"]), int(asked.query["to"])
    assert (first, last - first + 1) == (1_735_776_000, 30 * 86_400)
    assert next_bars({}, asked) == {"from": str(last + 1), "to": str(last + 30 * 86_400)}
    short = endpoint.request.ask(replace(wanted, until=date(2025, 1, 3)), "https://finnhub.io")
    assert next_bars({}, short) is None
    longer = endpoint.request.ask(replace(wanted, until=date(2025, 2, 3)), "https://finnhub.io")
    assert next_bars({}, longer) == {"from": str(last + 1), "to": "1738627199"}  # the end of 3 February
    whole = endpoint.request.ask(replace(wanted, until=date(2025, 1, 31)), "https://finnhub.io")
    assert next_bars({}, whole) is None


def test_estimates_and_short_interest(answered: Answered) -> None:
    estimate = {"period": "2026-03-31", "quarter": 1, "year": 2026, "epsAvg": 1.5, "numberAnalysts": 7}
    body = {"data": [estimate], "freq": "quarterly", "symbol": "AAPL"}
    rows = answered(PROVIDER, f"{API}/stock/eps-estimate?symbol=AAPL", body).rows("fundamentals")
    assert [(row["item"], row["value"], row["unit"]) for row in rows] == [
        ("epsAvg", 1.5, None),
        ("numberAnalysts", 7.0, "analysts"),
    ]
    assert (rows[0]["period_type"], rows[0]["fiscal_period"]) == ("quarter", "Q1")
    short = {"data": [{"date": "2026-01-15", "shortInterest": 700}], "symbol": "AAPL"}
    (row,) = answered(PROVIDER, f"{API}/stock/short-interest?symbol=AAPL", short).rows("short_interest")
    assert (row["settlement_date"], row["short_interest"]) == (date(2026, 1, 15), 700.0)
