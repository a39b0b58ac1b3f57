# SPDX-License-Identifier: Apache-2.0
"""Alpha Vantage's answers become rows, and its refusals of status 200 typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotEntitledError, NotFoundError, RateLimitError
from ttapi_providers import Wanted
from ttapi_providers.vendors.alphavantage import PROVIDER

Answered = Callable[..., Any]

URL = "https://www.alphavantage.co/query?function="
BAR = {"1. open": "10", "2. high": "12", "3. low": "9", "4. close": "11", "5. volume": "700"}
ADJUSTED = {
    "1. open": "10",
    "2. high": "12",
    "3. low": "9",
    "4. close": "11",
    "5. adjusted close": "5.5",
    "6. volume": "700",
    "7. dividend amount": "0.25",
    "8. split coefficient": "2.0",
}


def test_daily_prices_are_as_traded(answered: Answered) -> None:
    body = {"Meta Data": {}, "Time Series (Daily)": {"2026-01-02": BAR}}
    (row,) = answered(PROVIDER, f"{URL}TIME_SERIES_DAILY&symbol=BRK-B", body).rows("eod_data")
    assert (row["symbol"], row["date"], row["adjustment"]) == ("BRK/B", date(2026, 1, 2), "raw")
    assert (row["close"], row["volume"], row["currency"]) == (11.0, 700.0, None)


def test_adjusted_prices_bring_dividends_and_splits_of_their_days(answered: Answered) -> None:
    quiet = ADJUSTED | {"7. dividend amount": "0.0000", "8. split coefficient": "1.0"}
    body = {"Meta Data": {}, "Time Series (Daily)": {"2026-01-02": ADJUSTED, "2026-01-01": quiet}}
    answers = answered(PROVIDER, f"{URL}TIME_SERIES_DAILY_ADJUSTED&symbol=IBM", body)
    assert answers.rows("eod_data")[1]["adjusted_close"] == 5.5
    dividend, split = answers.rows("corporate_actions")
    assert (dividend["amount"], dividend["ex_date"]) == (0.25, date(2026, 1, 2))
    assert (split["split_from"], split["split_to"]) == (1.0, 2.0)


def test_minutes_are_in_the_zone_that_the_answer_names(answered: Answered) -> None:
    meta = {"6. Time Zone": "US/Eastern"}
    body = {"Meta Data": meta, "Time Series (60min)": {"2026-01-02 09:00:00": BAR}}
    url = f"{URL}TIME_SERIES_INTRADAY&symbol=IBM&interval=60min&adjusted=false"
    (row,) = answered(PROVIDER, url, body).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("1h", datetime(2026, 1, 2, 14, tzinfo=UTC))
    assert row["adjustment"] == "raw"


def test_weeks_are_stamped_with_their_first_day(answered: Answered) -> None:
    body = {"Meta Data": {"4. Time Zone": "US/Eastern"}, "Weekly Time Series": {"2026-01-09": BAR}}
    (row,) = answered(PROVIDER, f"{URL}TIME_SERIES_WEEKLY&symbol=IBM", body).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("1w", datetime(2026, 1, 5, 5, tzinfo=UTC))


def test_pairs_stand_in_two_parameters(answered: Answered) -> None:
    body = {
        "Meta Data": {},
        "Time Series FX (Daily)": {"2026-01-02": {**BAR, "4. close": "1.1", "3. low": "1"}},
    }
    url = f"{URL}FX_DAILY&from_symbol=EUR&to_symbol=USD"
    (row,) = answered(PROVIDER, url, body).rows("fx_rates")
    assert (row["symbol"], row["rate"]) == ("EUR/USD", 1.1)
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "crypto_bars")
    asked = endpoint.request.ask(Wanted(keys=("BTC/EUR",), names=("BTC/EUR",)), PROVIDER.bases[0])
    assert (asked.query["symbol"], asked.query["market"]) == ("BTC", "EUR")


def test_old_crypto_answers_name_their_market_in_each_price(answered: Answered) -> None:
    old = {f"{n}a. {name} (CNY)": "70" for n, name in enumerate(("open", "high", "low", "close"), 1)}
    body = {
        "Meta Data": {},
        "Time Series (Digital Currency Daily)": {"2026-01-02": {**old, "5. volume": "3"}},
    }
    url = f"{URL}DIGITAL_CURRENCY_DAILY&symbol=BTC&market=CNY"
    (row,) = answered(PROVIDER, url, body).rows("crypto_bars")
    assert (row["symbol"], row["close"], row["volume"]) == ("BTC/CNY", 70.0, 3.0)


def test_an_empty_quote_is_an_unknown_symbol(answered: Answered) -> None:
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{URL}GLOBAL_QUOTE&symbol=NONE", {"Global Quote": {}}).frame("quotes")
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{URL}OVERVIEW&symbol=NONE", {}).frame("company_profiles")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"Note": "Our standard API call frequency is 5 calls per minute"}, RateLimitError),
        (
            {"Information": "Our standard API rate limit is 25 requests per day. Subscribe to premium"},
            RateLimitError,
        ),
        ({"Information": "This is a premium endpoint. You may subscribe"}, NotEntitledError),
        ({"Error Message": "the parameter apikey is invalid or missing."}, AuthenticationError),
        ({"Error Message": "Invalid API call. Please retry"}, NotFoundError),
    ],
)
def test_refusals_come_with_status_200(
    answered: Answered, body: dict[str, str], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        answered(PROVIDER, f"{URL}TIME_SERIES_DAILY&symbol=IBM", body).frame("eod_data")


def test_statements_are_a_row_an_item_and_none_is_nothing(answered: Answered) -> None:
    report = {
        "fiscalDateEnding": "2025-12-31",
        "reportedCurrency": "USD",
        "totalAssets": "1000",
        "inventory": "None",
        "commonStockSharesOutstanding": "50",
    }
    body = {"symbol": "IBM", "annualReports": [report], "quarterlyReports": []}
    shares, assets = answered(PROVIDER, f"{URL}BALANCE_SHEET&symbol=IBM", body).rows("fundamentals")
    assert (assets["item"], assets["value"], assets["unit"], assets["period_type"]) == (
        "totalAssets",
        1000,
        "USD",
        "annual",
    )
    assert (shares["unit"], shares["statement"]) == ("shares", "balance")


def test_tables_are_read_as_lists(answered: Answered) -> None:
    table = "symbol,name,reportDate,fiscalDateEnding,estimate,currency,timeOfTheDay\nIBM,Big Blue,2026-01-20,2025-12-31,,USD,post-market\n"
    (row,) = answered(PROVIDER, f"{URL}EARNINGS_CALENDAR&horizon=3month", table).rows("earnings_calendar")
    assert (row["symbol"], row["report_date"], row["eps_estimate"]) == ("IBM", date(2026, 1, 20), None)
    assert row["session"] == "after_close"


def test_a_point_is_a_period_without_a_value(answered: Answered) -> None:
    data = [{"date": "2026-01-01", "value": "."}, {"date": "2025-12-01", "value": "4.25"}]
    body = {"name": "Yield", "interval": "monthly", "unit": "percent", "data": data}
    first, second = answered(PROVIDER, f"{URL}TREASURY_YIELD&maturity=10year", body).rows("economic_series")
    assert (first["series"], first["value"], second["value"]) == ("TREASURY_YIELD:10year", 4.25, None)


def test_the_whole_history_is_asked_for_where_it_is_needed_alone() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "eod_data")
    today = date(2026, 6, 1)
    for days, size in ((20, "compact"), (400, "full")):
        wanted = Wanted(keys=("IBM",), names=("IBM",), since=today - timedelta(days=days), today=today)
        assert endpoint.request.ask(wanted, PROVIDER.bases[0]).query["outputsize"] == size


@pytest.mark.parametrize(
    ("refreshed", "names", "first"),
    [
        ("2018-10-05 15:35:00", ("15:30:00", "15:35:00"), "19:25"),  # an old answer: by ends
        ("2022-10-05 20:00:00", ("19:55:00", "20:00:00"), "23:50"),  # a bar of the end of all trading
        ("2026-07-02 16:05:00", ("16:00:00", "16:05:00"), "20:00"),  # by starts
    ],
)
def test_minutes_named_by_their_ends_are_stamped_with_their_starts(
    answered: Answered, refreshed: str, names: tuple[str, str], first: str
) -> None:
    day = refreshed[:10]
    meta = {"3. Last Refreshed": refreshed, "6. Time Zone": "US/Eastern"}
    body = {"Meta Data": meta, "Time Series (5min)": {f"{day} {name}": BAR for name in names}}
    url = f"{URL}TIME_SERIES_INTRADAY&symbol=IBM&interval=5min"
    rows = answered(PROVIDER, url, body).rows("intraday_bars")
    assert f"{rows[0]['opened_at']:%H:%M}" == first


def test_the_last_bar_of_a_day_may_be_shorter(answered: Answered) -> None:
    meta = {"3. Last Refreshed": "2018-10-05 16:00:00", "6. Time Zone": "US/Eastern"}
    names = ("2018-10-05 15:30:00", "2018-10-05 16:00:00")
    body = {"Meta Data": meta, "Time Series (60min)": dict.fromkeys(names, BAR)}
    url = f"{URL}TIME_SERIES_INTRADAY&symbol=IBM&interval=60min"
    rows = answered(PROVIDER, url, body).rows("intraday_bars")
    assert [f"{row['opened_at']:%H:%M}" for row in rows] == ["18:30", "19:30"]


def test_retired_lists_of_quotes_and_tables_of_minutes_are_read(answered: Answered) -> None:
    quote = {
        "1. symbol": "MSFT",
        "2. price": "11.5",
        "3. volume": "--",
        "4. timestamp": "2018-01-02 15:59:58",
    }
    answers = answered(PROVIDER, f"{URL}BATCH_STOCK_QUOTES&symbols=MSFT,IBM", {"Stock Quotes": [quote]})
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["last"], row["volume"]) == ("MSFT", 11.5, None)
    assert row["quoted_at"] == datetime(2018, 1, 2, 20, 59, 58, tzinfo=UTC)
    table = "time,open,high,low,close,volume\n2021-01-04 09:31:00,10,12,9,11,700\n"
    url = f"{URL}TIME_SERIES_INTRADAY_EXTENDED&symbol=IBM&interval=1min"
    (bar,) = answered(PROVIDER, url, table, content_type="text/csv").rows("intraday_bars")
    assert bar["opened_at"] == datetime(2021, 1, 4, 14, 30, tzinfo=UTC)


def test_a_bar_whose_close_lies_outside_is_skipped(answered: Answered) -> None:
    days = {"2026-01-02": BAR, "2026-01-05": BAR | {"4. close": "13"}}
    url = f"{URL}TIME_SERIES_DAILY&symbol=IBM"
    replayed = answered(PROVIDER, url, {"Meta Data": {}, "Time Series (Daily)": days})["eod_data"]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)
