# SPDX-License-Identifier: Apache-2.0
"""Quotes over REST agree with the bars, and with themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ttapi_core import ManualClock
from ttapi_sandbox.market import Market
from ttapi_sandbox.market_data import MarketData
from ttapi_sandbox.requests import Request
from ttapi_sandbox.universe import table

if TYPE_CHECKING:
    from collections.abc import Callable

OPEN = datetime(2026, 11, 19, 17, tzinfo=UTC)


def quotes_of(market: Market, query: str) -> dict[str, Any]:
    answer = MarketData(market).by_type(Request("GET", "/market-data/by-type", query.encode()))
    return {item["symbol"]: item for item in json.loads(answer.body)["data"]["items"]}


def test_quotes_agree_with_the_bars_of_the_day(data: Callable[[str], Any], market: Market) -> None:
    moment = market.moment()
    symbols = [listing.symbol for listing in table()[:100]]
    for quote in data("/market-data/by-type?equity=" + ",".join(symbols))["items"]:
        bar = market.day_bar(market.by_symbol[quote["symbol"]], moment)
        shown = [float(quote[name]) for name in ("open", "day-high-price", "day-low-price", "close", "last")]
        assert shown == [bar.open, bar.high, bar.low, bar.close, bar.close]
        assert float(quote["bid"]) < float(quote["ask"])
        assert float(quote["bid"]) <= bar.close <= float(quote["ask"]) + 0.011
        assert float(quote["prev-close"]) == market.previous_close(market.by_symbol[quote["symbol"]], moment)
        assert quote["summary-date"] == "2026-11-19"
        assert quote["prev-close-date"] == "2026-11-18"


@pytest.mark.parametrize(
    "form", ["equity=AAPL,BRK%2FB", "equity[]=AAPL&equity[]=BRK/B", "equity=AAPL&equity=BRK/B"]
)
def test_symbols_are_read_in_every_form_and_unknown_ones_left_out(
    data: Callable[[str], Any], form: str
) -> None:
    items = data(f"/market-data/by-type?{form}&equity=NOPE&index=SPX&index=AAPL&future=%2FXXZ6")["items"]
    assert [item["symbol"] for item in items] == ["SPX", "AAPL", "BRK/B"]


def test_index_has_no_bid_and_no_ask(data: Callable[[str], Any]) -> None:
    (quote,) = data("/market-data/by-type?index=SPX")["items"]
    assert not quote.keys() & {"bid", "ask", "mid"}


def test_more_than_a_hundred_symbols_are_refused(ask: Callable[..., Any]) -> None:
    symbols = [listing.symbol for listing in table()[:100]]
    assert ask("/market-data/by-type?equity=" + ",".join(symbols)).status == 200
    answer = ask("/market-data/by-type?index=SPX&equity=" + ",".join(symbols))
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "validation_error")


def test_answer_has_null_pagination(ask: Callable[..., Any]) -> None:
    body = json.loads(ask("/market-data/by-type?equity=NOPE").body)
    assert body["data"] == {"items": []}
    assert body["pagination"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("Equity/BRK/B", 200),
        ("Equity/BRK%2FB", 200),
        ("Index/SPX", 200),
        ("Equity%20Option/SPY%20%20%20261218C00650000", 200),
        ("Index/AAPL", 404),
        ("Equity/NOPE", 404),
        ("Future//ESZ6", 200),
        ("Future/%2FESZ6", 200),
        ("Future//XXZ6", 404),
        ("Cryptocurrency/BTC/USD", 200),
        ("Cryptocurrency/NOPE", 404),
        ("Bond/AAPL", 404),
    ],
)
def test_single_quote_by_type_and_symbol(ask: Callable[..., Any], path: str, status: int) -> None:
    assert ask(f"/market-data/{path}").status == status


def test_running_quote_moves_with_the_clock_and_lies_in_its_own_range() -> None:
    clock = ManualClock(OPEN)
    market = Market(seed=3, symbols=3, clock=clock)
    seen = set()
    for _ in range(20):
        quote = quotes_of(market, "equity=SPY")["SPY"]
        low, last, high = (float(quote[name]) for name in ("day-low-price", "last", "day-high-price"))
        assert low <= last <= high
        assert "close" not in quote
        assert quote["close-price-type"] == "Unknown"
        seen.add(last)
        clock.advance(600)
    assert len(seen) > 5


def test_close_becomes_final_some_time_after_the_close() -> None:
    clock = ManualClock(datetime(2026, 11, 19, 21, tzinfo=UTC))
    market = Market(seed=3, symbols=3, clock=clock)
    assert quotes_of(market, "equity=SPY")["SPY"]["close-price-type"] == "Regular"
    clock.advance(timedelta(hours=1).total_seconds())
    final = quotes_of(market, "equity=SPY")["SPY"]
    assert final["close-price-type"] == "Final"
    assert final["updated-at"] == "2026-11-19T21:00:00.000Z"


def test_quote_that_was_kept_is_renewed_when_the_market_has_moved() -> None:
    clock = ManualClock(OPEN)
    noun = MarketData(Market(seed=3, symbols=3, clock=clock))
    request = Request("GET", "/market-data/by-type", b"equity=SPY")
    first = noun.by_type(request)
    assert noun.by_type(request) == first
    clock.advance(3600)
    assert noun.by_type(request) != first
