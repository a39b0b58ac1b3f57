# SPDX-License-Identifier: Apache-2.0
"""Metrics, dividends and earnings."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from ttapi_sandbox.market_metrics import earnings_reports
from ttapi_sandbox.universe import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.market import Market

EVENTS = "/market-metrics/historic-corporate-events"


def test_metrics_leave_out_unknown_symbols_and_keep_to_their_units(data: Callable[[str], Any]) -> None:
    items = data("/market-metrics?symbols=SPY,NOPE%2CAAPL,SPX")["items"]
    assert [item["symbol"] for item in items] == ["SPY", "AAPL", "SPX"]
    for item in items:
        index = float(item["implied-volatility-index"])
        assert 0.05 < index < 1
        assert abs(100 * index - float(item["implied-volatility-30-day"])) < 0.01
        assert 0 <= float(item["implied-volatility-index-rank"]) <= 1
    assert ["earnings" in item for item in items] == [False, True, False]


def test_metrics_name_every_expiration_of_the_chain(data: Callable[[str], Any]) -> None:
    (metrics,) = data("/market-metrics?symbols=AAPL")["items"]
    (chain,) = data("/option-chains/AAPL/nested")["items"]
    assert [one["expiration-date"] for one in metrics["option-expiration-implied-volatilities"]] == [
        expiration["expiration-date"] for expiration in chain["expirations"]
    ]


def test_dividends_are_newest_first_and_in_the_past(data: Callable[[str], Any], market: Market) -> None:
    items = data(f"{EVENTS}/dividends/SPY")["items"]
    dates = [item["occurred-date"] for item in items]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] <= "2026-11-19"
    assert 33 <= len(dates) <= 36
    payers = [listing for listing in table() if market.series(listing).ex_dividend_numbers]
    assert 300 < len(payers) < 450


def test_earnings_come_quarterly_within_the_range(
    data: Callable[[str], Any], ask: Callable[..., Any]
) -> None:
    items = data(f"{EVENTS}/earnings-reports/AAPL?start-date=2024-01-01&end-date=2025-12-31")["items"]
    assert len(items) == 8
    assert data(f"{EVENTS}/earnings-reports/SPY?start-date=2024-01-01") == {"items": []}
    assert ask(f"{EVENTS}/earnings-reports/AAPL").status == 400
    assert ask(f"{EVENTS}/earnings-reports/NOPE?start-date=2024-01-01").status == 404
    assert ask(f"{EVENTS}/dividends/NOPE").status == 404


def test_earnings_of_a_range_do_not_depend_on_the_range() -> None:
    whole = earnings_reports(table()[3], 1, date(2023, 1, 1), date(2026, 1, 1))
    parts = [
        *earnings_reports(table()[3], 1, date(2023, 1, 1), date(2024, 7, 4)),
        *earnings_reports(table()[3], 1, date(2024, 7, 5), date(2026, 1, 1)),
    ]
    assert whole == parts


def test_context_repeats_the_path(ask: Callable[..., Any]) -> None:
    assert json.loads(ask("/market-metrics?symbols=SPY").body)["context"] == "/market-metrics"
