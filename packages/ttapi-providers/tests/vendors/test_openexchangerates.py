# SPDX-License-Identifier: Apache-2.0
"""Open Exchange Rates counts units of a currency for one of the base; its refusals are typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotEntitledError, NotFoundError, RateLimitError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.openexchangerates import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://openexchangerates.org/api"
NOON = 1772452800  # 2026-03-02T12:00:00Z


def _answer(rates: Any, **told: Any) -> Any:
    return {"disclaimer": "x", "license": "y", "timestamp": NOON, "base": "USD", "rates": rates, **told}


def test_the_latest_rates_are_of_one_dollar(answered: Answered) -> None:
    replayed = answered(PROVIDER, f"{ROOT}/latest.json?app_id=x", _answer({"EUR": 0.87, "USD": 1}))
    (row,) = replayed.rows("fx_rates")
    assert (row["symbol"], row["vendor_symbol"], row["rate"]) == ("USD/EUR", "EUR", 0.87)
    assert (row["date"], row["observed_at"]) == (date(2026, 3, 2), datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert replayed["fx_rates"].decoded.skipped_count == 1


def test_another_base_stands_first(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/latest.json?base=GBP", _answer({"JPY": 211.5}, base="GBP")).rows(
        "fx_rates"
    )
    assert (row["symbol"], row["rate"]) == ("GBP/JPY", 211.5)


def test_both_sides_are_read_where_they_are_shown(answered: Answered) -> None:
    body = _answer({"EUR": {"bid": 0.869, "ask": 0.871, "mid": 0.87}})
    (row,) = answered(PROVIDER, f"{ROOT}/latest.json?show_bid_ask=1", body).rows("fx_rates")
    assert (row["bid"], row["ask"], row["rate"]) == (0.869, 0.871, 0.87)


def test_a_past_day_is_the_day_that_was_asked_for(answered: Answered) -> None:
    midnight = 1772409600 + 86_400  # 2026-03-03T00:00:00Z
    (row,) = answered(
        PROVIDER, f"{ROOT}/historical/2026-03-02.json", _answer({"EUR": 0.87}, timestamp=midnight)
    ).rows("fx_rates")
    assert row["date"] == date(2026, 3, 2)


def test_rates_over_time_are_read_by_day(answered: Answered) -> None:
    body = {"start_date": "2026-03-01", "end_date": "2026-03-02", "base": "USD",
            "rates": {"2026-03-01": {"EUR": 0.86}, "2026-03-02": {"EUR": 0.87}}}  # fmt: skip
    rows = answered(PROVIDER, f"{ROOT}/time-series.json?start=2026-03-01&end=2026-03-02", body).rows(
        "fx_rates"
    )
    assert [(row["date"].day, row["rate"]) for row in rows] == [(1, 0.86), (2, 0.87)]


@pytest.mark.parametrize(("end", "rows"), [("2026-03-02T23:59:59Z", 1), ("2026-03-03T00:00:00Z", 1)])
def test_a_bar_of_a_day_is_a_rate_with_its_range(answered: Answered, end: str, rows: int) -> None:
    bar = {"open": 0.86, "high": 0.88, "low": 0.85, "close": 0.87, "average": 0.865}
    body = _answer({"EUR": bar}, start_time="2026-03-02T00:00:00Z", end_time=end)
    found = answered(PROVIDER, f"{ROOT}/ohlc.json?start_time=2026-03-02T00:00:00Z&period=1d", body).rows(
        "fx_rates"
    )
    assert len(found) == rows
    assert (found[0]["open"], found[0]["high"], found[0]["rate"], found[0]["date"]) == (
        0.86,
        0.88,
        0.87,
        date(2026, 3, 2),
    )


def test_a_bar_of_half_an_hour_is_an_intraday_bar_and_no_rate(answered: Answered) -> None:
    bar = {"open": 0.86, "high": 0.88, "low": 0.85, "close": 0.87, "average": 0.865}
    body = _answer({"EUR": bar}, start_time="2026-03-02T10:00:00Z", end_time="2026-03-02T10:29:59Z")
    found = answered(PROVIDER, f"{ROOT}/ohlc.json?start_time=2026-03-02T10:00:00Z&period=30m", body)
    assert set(found) == {"intraday_bars"}
    (row,) = found.rows("intraday_bars")
    assert (row["symbol"], row["interval"], row["close"]) == ("USD/EUR", "30m", 0.87)
    assert row["opened_at"] == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_a_conversion_tells_the_rate_of_one_unit(answered: Answered) -> None:
    body = {
        "request": {"amount": 100, "from": "GBP", "to": "EUR"},
        "meta": {"timestamp": NOON, "rate": 1.157},
        "response": 115.7,
    }
    (row,) = answered(PROVIDER, f"{ROOT}/convert/100/GBP/EUR", body).rows("fx_rates")
    assert (row["symbol"], row["rate"], row["date"]) == ("GBP/EUR", 1.157, date(2026, 3, 2))


def test_currencies_are_symbols(answered: Answered) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/currencies.json", {"CHF": "Swiss Franc"}).rows("symbols")
    assert (row["symbol"], row["description"]) == ("CHF", "Swiss Franc")


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("invalid_app_id", 401, AuthenticationError),
        ("missing_app_id", 401, AuthenticationError),
        ("not_allowed", 403, NotEntitledError),
        ("access_restricted", 429, RateLimitError),
        ("not_available", 400, NotFoundError),
    ],
)
@pytest.mark.parametrize("inside", [True, False])
def test_refusals_are_typed_inside_an_answer_and_by_status(
    answered: Answered, code: str, status: int, error: type[Exception], inside: bool
) -> None:
    body = {"error": True, "status": status, "message": code, "description": f"No: {code}"}
    with pytest.raises(error):
        answered(PROVIDER, f"{ROOT}/latest.json", body, status=200 if inside else status).frame("fx_rates")


def test_an_answer_without_rates_is_empty(answered: Answered) -> None:
    assert answered(PROVIDER, f"{ROOT}/latest.json?symbols=XXX", _answer({}))["fx_rates"].rows == 0


def test_dollars_are_asked_for_together_and_another_base_by_itself() -> None:
    dollars: Any = PROVIDER.endpoints[0]
    others = PROVIDER.endpoints[1]
    keys = ("USD/EUR", "USD/CHF")
    assert dollars.request.ask(Wanted(keys=keys, names=keys), PROVIDER.bases[0]).query["symbols"] == "CHF,EUR"
    assert not dollars.takes("EUR/USD")
    asked = others.request.ask(Wanted(keys=("EUR/USD",), names=("EUR/USD",)), PROVIDER.bases[0])
    assert (asked.query["base"], asked.query["symbols"]) == ("EUR", "USD")


@pytest.mark.parametrize(
    ("since", "path"),
    [
        (None, "/api/latest.json"),
        (date(2026, 3, 20), "/api/latest.json"),
        (date(2026, 3, 1), "/api/time-series.json"),
    ],
)
def test_past_days_are_asked_for_over_time(since: date | None, path: str) -> None:
    wanted = Wanted(keys=("USD/EUR",), names=("USD/EUR",), since=since, today=date(2026, 3, 20))
    endpoint = next(one for one in PROVIDER.endpoints if one.asked_when is None or one.asked_when(wanted))
    assert endpoint.request.ask(wanted, PROVIDER.bases[0]).path == path
