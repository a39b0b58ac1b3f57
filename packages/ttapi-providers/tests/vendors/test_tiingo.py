# SPDX-License-Identifier: Apache-2.0
"""Tiingo's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotEntitledError, NotFoundError, RateLimitError
from ttapi_providers.vendors.tiingo import PROVIDER

Answered = Callable[..., Any]

HOST = "https://api.tiingo.com"
PRICES = f"{HOST}/tiingo/daily/BRK-B/prices"
BAR = {
    "date": "2026-01-02T00:00:00.000Z",
    "open": 10,
    "high": 12,
    "low": 9.5,
    "close": 11,
    "volume": 700,
    "adjClose": 5.5,
    "divCash": 0.0,
    "splitFactor": 1.0,
}


def test_daily_prices_are_raw_with_the_adjusted_close_beside(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{PRICES}?startDate=2026-01-02", [BAR]).rows("eod_data")
    assert (row["symbol"], row["vendor_symbol"], row["date"]) == ("BRK/B", "BRK-B", date(2026, 1, 2))
    assert (row["close"], row["adjusted_close"], row["adjustment"]) == (11.0, 5.5, "raw")


def test_a_table_holds_the_same(answered: Answered) -> None:
    table = "date,close,high,low,open,volume,adjClose,divCash,splitFactor\n2026-01-02,11,12,9.5,10,700,5.5,0.0,1.0\n"
    (row,) = answered(PROVIDER, f"{PRICES}?format=csv", table, content_type="text/csv").rows("eod_data")
    assert (row["date"], row["close"], row["volume"]) == (date(2026, 1, 2), 11.0, 700.0)


def test_days_with_an_event_alone_have_corporate_actions(answered: Answered) -> None:
    day = BAR | {"date": "2026-01-05T00:00:00.000Z", "divCash": 0.25, "splitFactor": 4.0}
    dividend, split = answered(PROVIDER, PRICES, [BAR, day]).rows("corporate_actions")
    assert (dividend["amount"], dividend["ex_date"]) == (0.25, date(2026, 1, 5))
    assert (split["split_from"], split["split_to"]) == (1.0, 4.0)


def test_weeks_are_stamped_with_their_first_day(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{PRICES}?resampleFreq=weekly", [BAR]).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("1w", datetime(2025, 12, 29, 5, tzinfo=UTC))


def test_coins_have_both_volumes_and_the_length_that_was_asked_for(answered: Answered) -> None:
    point = {
        "date": "2026-01-02T00:00:00+00:00",
        "open": 90.0,
        "high": 95.0,
        "low": 89.0,
        "close": 91.0,
        "volume": 2.0,
        "volumeNotional": 182.0,
        "tradesDone": 7,
    }
    pair = {"ticker": "btcusd", "baseCurrency": "btc", "quoteCurrency": "usd", "priceData": [point]}
    url = f"{HOST}/tiingo/crypto/prices?tickers=btcusd&resampleFreq=1hour"
    (row,) = answered(PROVIDER, url, [pair]).rows("crypto_bars")
    assert (row["symbol"], row["vendor_symbol"], row["interval"]) == ("BTC/USD", "btcusd", "1h")
    assert (row["volume"], row["quote_volume"], row["trade_count"]) == (2.0, 182.0, 7)


def test_rates_of_a_day_are_told_from_bars_of_minutes(answered: Answered) -> None:
    point = {
        "ticker": "eurusd",
        "date": "2026-01-02T00:00:00.000Z",
        "open": 1.1,
        "high": 1.2,
        "low": 1,
        "close": 1.15,
    }
    url = f"{HOST}/tiingo/fx/eurusd/prices?resampleFreq="
    (rate,) = answered(PROVIDER, f"{url}1day", [point]).rows("fx_rates")
    assert (rate["symbol"], rate["rate"]) == ("EUR/USD", 1.15)
    (bar,) = answered(PROVIDER, f"{url}5min", [point]).rows("intraday_bars")
    assert (bar["interval"], bar["volume"]) == ("5m", None)


def test_a_quote_of_one_exchange_has_no_volume(answered: Answered) -> None:
    quote = {"ticker": "AAPL", "last": 11, "bidPrice": 10.9, "askPrice": 11.1, "volume": 5, "prevClose": 10}
    (row,) = answered(PROVIDER, f"{HOST}/iex/?tickers=AAPL", [quote]).rows("quotes")
    assert (row["last"], row["bid"], row["volume"], row["prev_close"]) == (11.0, 10.9, None, 10.0)


def test_statements_as_reported_tell_the_day_of_filing(answered: Answered) -> None:
    data = {
        "incomeStatement": [{"dataCode": "revenue", "value": 5.0}, {"dataCode": "shareswa", "value": 2.0}]
    }
    period = {"date": "2026-02-04", "year": 2025, "quarter": 0, "statementData": data}
    url = f"{HOST}/tiingo/fundamentals/AAPL/statements"
    standard = answered(PROVIDER, url, [period]).rows("fundamentals")
    assert {row["period_end"] for row in standard} == {date(2026, 2, 4)}
    revenue, shares = answered(PROVIDER, f"{url}?asReported=true", [period]).rows("fundamentals")
    assert (revenue["period_end"], revenue["filed_date"], revenue["fiscal_period"]) == (
        None,
        date(2026, 2, 4),
        "FY",
    )
    assert (shares["unit"], revenue["statement"]) == ("shares", "income")


def test_news_are_of_the_asked_name_that_they_tell(answered: Answered) -> None:
    piece = {"id": 7, "publishedDate": "2026-01-02T10:00:00Z", "title": "News", "tickers": ["msft", "aapl"]}
    (row,) = answered(PROVIDER, f"{HOST}/tiingo/news?tickers=aapl,googl", [piece]).rows("news")
    assert (row["symbol"], row["vendor_symbol"], row["symbols"]) == ("AAPL", "aapl", "msft,aapl")


def test_an_answer_without_bars_is_empty_not_an_error(answered: Answered) -> None:
    replayed = answered(PROVIDER, PRICES, [])["eod_data"]
    assert replayed.error is None
    assert replayed.rows == 0


@pytest.mark.parametrize(
    ("words", "status", "kind"),
    [
        ("Invalid token.", 401, AuthenticationError),
        ("Not found.", 404, NotFoundError),
        ("You do not have permission to access the News API", 200, NotEntitledError),
        ("Error: You have run over your hourly request allocation.", 200, RateLimitError),
    ],
)
def test_refusals_are_typed(answered: Answered, words: str, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        answered(PROVIDER, PRICES, {"detail": words}, status=status).frame("eod_data")


def test_sides_of_two_exchanges_that_are_crossed_are_both_left_out(answered: Answered) -> None:
    top = {
        "bidPrice": 12.0,
        "bidSize": 1.0,
        "askPrice": 11.0,
        "lastPrice": 11.5,
        "quoteTimestamp": "2026-01-01T00:00:00+00:00",
        "lastSaleTimestamp": "2026-01-02T00:00:00+00:00",
    }
    coin = {"ticker": "btcusd", "baseCurrency": "btc", "quoteCurrency": "usd", "topOfBookData": [top]}
    (row,) = answered(PROVIDER, f"{HOST}/tiingo/crypto/top?tickers=btcusd", [coin]).rows("quotes")
    assert (row["bid"], row["bid_size"], row["ask"], row["last"]) == (None, None, None, 11.5)
    assert row["quoted_at"] == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left_out", "datasets"),
    [
        ((), ["eod_data", "corporate_actions"]),
        (("low",), ["corporate_actions"]),
        (("divCash",), ["eod_data"]),
    ],
)
def test_an_answer_of_chosen_columns_is_what_they_make_of_it(
    answered: Answered, left_out: tuple[str, ...], datasets: list[str]
) -> None:
    body = [{name: value for name, value in BAR.items() if name not in left_out}]
    assert sorted(answered(PROVIDER, f"{PRICES}?columns=some", body)) == sorted(datasets)


def test_the_yield_of_distributions_is_a_ratio_of_its_day(answered: Answered) -> None:
    body = [{"date": "2026-01-02T00:00:00.000Z", "trailingDiv1Y": 0.025}]
    url = f"{HOST}/tiingo/corporate-actions/SCHD/distribution-yield"
    (row,) = answered(PROVIDER, url, body).rows("fundamentals")
    assert (row["item"], row["value"], row["unit"]) == ("trailingDiv1Y", 0.025, "ratio")
    assert row["period_end"] == date(2026, 1, 2)
