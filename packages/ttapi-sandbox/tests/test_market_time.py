# SPDX-License-Identifier: Apache-2.0
"""Sessions and holidays are those of New York."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ttapi_core import ManualClock
from ttapi_sandbox.market import Market
from ttapi_sandbox.market_time import MarketTime
from ttapi_sandbox.requests import Request
from ttapi_sandbox.trading_days import TradingDays, holidays, midnight_ms, new_york_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.answers import Answer

# Announced by the exchange; independent of the table that the sandbox uses.
HOLIDAYS_2026 = [
    *("2026-01-01", "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25"),
    *("2026-06-19", "2026-07-03", "2026-09-07", "2026-11-26", "2026-12-25"),
]
HALF_DAYS_2026 = ["2026-11-27", "2026-12-24"]


def test_holidays_and_half_days_are_the_announced_ones(data: Callable[[str], Any]) -> None:
    answer = data("/market-time/equities/holidays")
    assert [day for day in answer["market-holidays"] if day.startswith("2026")] == HOLIDAYS_2026
    assert [day for day in answer["market-half-days"] if day.startswith("2026")] == HALF_DAYS_2026


def test_range_of_sessions_has_no_holiday_and_knows_early_closes(data: Callable[[str], Any]) -> None:
    items = data("/market-time/sessions?from-date=2026-11-23&to-date=2026-11-30")["items"]
    assert [item["session-date"][-2:] for item in items] == ["23", "24", "25", "27", "30"]
    assert [item["close-at"][11:16] for item in items] == ["21:00", "21:00", "21:00", "18:00", "21:00"]
    assert items[0]["start-at"] == "2026-11-23T13:15:00.000+00:00"
    assert items[0]["close-at-ext"] == "2026-11-24T01:00:00.000+00:00"


def test_summer_sessions_open_an_hour_earlier_in_utc(data: Callable[[str], Any]) -> None:
    (item,) = data("/market-time/sessions?from-date=2026-07-06&to-date=2026-07-06")["items"]
    assert item["open-at"] == "2026-07-06T13:30:00.000+00:00"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "to-date=2026-13-01",
        "from-date=2026-11-20&to-date=2026-11-19",
        "from-date=2026-01-01&to-date=2026-10-31",
        "to-date=2026-11-30&instrument-collection=NOPE",
    ],
)
def test_range_that_makes_no_sense_is_refused(ask: Callable[..., Any], query: str) -> None:
    answer = ask(f"/market-time/sessions?{query}")
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "validation_error")


def test_nine_months_are_answered_and_past_years_too(data: Callable[[str], Any]) -> None:
    assert len(data("/market-time/sessions?from-date=2026-01-01&to-date=2026-09-30")["items"]) == 187
    assert len(data("/market-time/sessions?from-date=2001-09-10&to-date=2001-09-18")["items"]) == 3


def test_beyond_the_table_of_sessions_nothing_is_made_up(data: Callable[[str], Any]) -> None:
    assert data("/market-time/sessions?from-date=2190-01-01&to-date=2190-02-01") == {"items": []}


@pytest.mark.parametrize(
    ("time", "state", "opens"),
    [
        ("2026-11-20T12:00:00Z", "Closed", "2026-11-20"),
        ("2026-11-20T14:00:00Z", "Pre-market", "2026-11-20"),
        ("2026-11-20T14:30:00Z", "Open", "2026-11-20"),
        ("2026-11-20T20:59:59Z", "Open", "2026-11-20"),
        ("2026-11-20T21:00:00Z", "Extended", "2026-11-20"),
        ("2026-11-21T01:00:00Z", "Closed", "2026-11-23"),
        ("2026-11-26T16:00:00", "Closed", "2026-11-27"),
        ("2026-11-27T18:00:00Z", "Extended", "2026-11-27"),
    ],
)
def test_current_session_has_its_state_and_neighbours(
    data: Callable[[str], Any], time: str, state: str, opens: str
) -> None:
    answer = data(f"/market-time/equities/sessions/current?current-time={time}")
    assert (answer["state"], answer["open-at"][:10]) == (state, opens)
    assert answer["previous-session"]["session-date"] < opens < answer["next-session"]["session-date"]


def test_current_of_several_answers_each_collection(
    data: Callable[[str], Any], ask: Callable[..., Any]
) -> None:
    query = "instrument-collections[]=Equity&instrument-collections[]=CME"
    items = data(f"/market-time/sessions/current?{query}")["items"]
    assert [item["instrument-collection"] for item in items] == ["Equity", "CME"]
    assert ask("/market-time/sessions/current").status == 400
    assert ask("/market-time/sessions/current?instrument-collections[]=X").status == 400
    assert ask("/market-time/futures/sessions/current/X").status == 404
    assert ask("/market-time/equities/sessions/current?current-time=soon").status == 400


def test_next_and_previous_skip_weekends_and_holidays(data: Callable[[str], Any]) -> None:
    following = data("/market-time/equities/sessions/next?date=2026-11-25")
    assert following["session-date"] == "2026-11-27"
    assert data("/market-time/equities/sessions/previous?date=2026-11-27")["session-date"] == "2026-11-25"


def test_next_beyond_the_table_is_not_found(ask: Callable[..., Any]) -> None:
    assert ask("/market-time/equities/sessions/next?date=2190-01-01").status == 404


def test_state_follows_the_clock() -> None:
    clock = ManualClock(datetime(2026, 11, 20, 14, 29, 59, tzinfo=UTC))
    noun = MarketTime(Market(seed=1, symbols=1, clock=clock))

    def state(answer: Answer) -> str:
        return str(json.loads(answer.body)["data"]["state"])

    request = Request("GET", "/market-time/equities/sessions/current")
    assert state(noun.current(request)) == "Pre-market"
    clock.advance(1)
    assert state(noun.current(request)) == "Open"


def test_trading_days_are_numbered_from_the_first() -> None:
    days = TradingDays(datetime(2027, 6, 30, tzinfo=UTC).date())
    first = days.dates[0]
    assert first.isoformat() == "2018-01-02"
    assert days.number(first) == days.at_or_after(first) == days.at_or_before(first) == 0
    saturday = datetime(2026, 11, 21, tzinfo=UTC).date()
    assert days.number(saturday) is None
    assert days.previous_or_same(saturday).isoformat() == "2026-11-20"
    assert days.dates[days.at_or_after(saturday)].isoformat() == "2026-11-23"
    beyond = days.dates[-1] + timedelta(days=400)
    assert days.previous_or_same(beyond) == beyond
    assert days.number(beyond) is None


def test_date_of_new_york_changes_at_its_midnight() -> None:
    assert new_york_date(datetime(2026, 11, 20, 4, 59, tzinfo=UTC)).day == 19
    assert new_york_date(datetime(2026, 11, 20, 5, 0, tzinfo=UTC)).day == 20
    assert midnight_ms(datetime(2026, 11, 20, tzinfo=UTC).date()) == 1795132800000
    assert holidays(datetime(2026, 11, 20, tzinfo=UTC).date(), datetime(2026, 11, 30, tzinfo=UTC).date())
