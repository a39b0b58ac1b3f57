# SPDX-License-Identifier: Apache-2.0
"""Tradier's answers become rows, one or many, and its refusals typed errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from ttapi_core import AuthenticationError, DataRequest, NotFoundError, RateLimitError
from ttapi_providers import DeclaredProvider, Wanted, recognise
from ttapi_providers.vendors.tradier import PROVIDER
from ttapi_providers.vendors.tradier_readers import next_chain

Answered = Callable[..., Any]

HOST = "https://api.tradier.com/v1/markets"
NOON_MS = 1_767_373_200_000  # 2026-01-02 12:00 in New York
QUOTE = {
    "symbol": "BRK/B",
    "description": "Berkshire",
    "exch": "N",
    "type": "stock",
    "last": 11.0,
    "prevclose": 10.5,
    "bid": 10.9,
    "bidsize": 2,
    "ask": 11.1,
    "bid_date": NOON_MS,
    "ask_date": NOON_MS - 5,
    "trade_date": 0,
    "close": None,
}


@pytest.mark.parametrize("quote", [QUOTE, [QUOTE]])
def test_one_quote_stands_alone_or_in_a_list(answered: Answered, quote: object) -> None:
    body = {"quotes": {"quote": quote, "unmatched_symbols": {"symbol": "NONE"}}}
    answers = answered(PROVIDER, f"{HOST}/quotes?symbols=BRK/B,NONE", body)
    (row,) = answers.rows("quotes")
    assert (row["symbol"], row["last"], row["bid_size"], row["close"]) == ("BRK/B", 11.0, None, None)
    assert row["quoted_at"] == datetime(2026, 1, 2, 17, tzinfo=UTC)
    assert answers.rows("symbols")[0]["description"] == "Berkshire"


def test_zeros_on_both_sides_are_no_quote_and_a_bid_of_zero_is_one(answered: Answered) -> None:
    index = {"symbol": "SPX", "type": "index", "last": 11.0, "bid": 0.0, "ask": 0.0}
    body = {"quotes": {"quote": [index, QUOTE | {"bid": 0.0, "ask": 0.05}]}}
    first, second = answered(PROVIDER, f"{HOST}/quotes?symbols=SPX,BRK/B", body).rows("quotes")
    sides = {row["symbol"]: (row["bid"], row["ask"]) for row in (first, second)}
    assert sides == {"SPX": (None, None), "BRK/B": (0.0, 0.05)}


def test_the_same_in_xml(answered: Answered) -> None:
    body = "<quotes><quote><symbol>AAPL</symbol><type>stock</type><last>11.5</last><close/></quote></quotes>"
    (row,) = answered(PROVIDER, f"{HOST}/quotes?symbols=AAPL", body, content_type="application/xml").rows(
        "quotes"
    )
    assert (row["symbol"], row["last"]) == ("AAPL", 11.5)


def test_nothing_but_unmatched_names_is_an_unknown_symbol(answered: Answered) -> None:
    body = {"quotes": {"unmatched_symbols": {"symbol": "NONE"}}}
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{HOST}/quotes?symbols=NONE", body).frame("quotes")


def test_a_chain_takes_from_the_name_what_a_short_answer_leaves_out(answered: Answered) -> None:
    option = {"symbol": "AAPL260220P00100000", "strike": 100.0, "bid": 1.5, "ask": 1.6, "open_interest": 8}
    full = option | {
        "symbol": "AAPL260220C00100000",
        "underlying": "AAPL",
        "expiration_date": "2026-02-20",
        "contract_size": 100,
        "greeks": {"delta": 0.6, "mid_iv": 0.0, "smv_vol": 0.35},
    }
    url = f"{HOST}/options/chains?symbol=AAPL&expiration=2026-02-20&greeks=true"
    call, put = answered(PROVIDER, url, {"options": {"option": [full, option]}}).rows("option_chains")
    assert (put["expiration_date"], put["option_type"], put["contract"]) == (
        date(2026, 2, 20),
        "P",
        "AAPL  260220P00100000",
    )
    assert (call["implied_volatility"], call["delta"], call["multiplier"]) == (0.35, 0.6, 100.0)


def test_no_options_is_empty(answered: Answered) -> None:
    replayed = answered(
        PROVIDER, f"{HOST}/options/chains?symbol=AAPL&expiration=2026-02-20", {"options": None}
    )
    assert replayed["option_chains"].error is None


def test_the_chain_of_each_expiration_is_asked_for() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "option_chains")
    asked = endpoint.request.ask(Wanted(keys=("AAPL",), names=("AAPL",)), PROVIDER.bases[0])
    pages, body = [], {"expirations": {"date": ["2026-02-20", "2026-03-20"]}}
    while (following := next_chain(body, asked)) is not None:
        assert recognise(endpoint, following) is not None
        pages.append(following.query["expiration"])
        asked, body = following, {"options": None}
    assert pages == ["2026-02-20", "2026-03-20"]


def test_daily_and_monthly_bars(answered: Answered) -> None:
    day = {"date": "2026-01-02", "open": 10, "high": 12, "low": 9, "close": 11, "volume": 700}
    (row,) = answered(PROVIDER, f"{HOST}/history?symbol=AAPL", {"history": {"day": day}}).rows("eod_data")
    assert (row["date"], row["close"], row["adjustment"]) == (date(2026, 1, 2), 11.0, None)
    url = f"{HOST}/history?symbol=AAPL&interval=monthly"
    (row,) = answered(PROVIDER, url, {"history": {"day": day}}).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("1mo", datetime(2026, 1, 1, 5, tzinfo=UTC))


def test_minutes_are_in_new_york_where_no_count_of_seconds_is_told(answered: Answered) -> None:
    bar = {
        "time": "2026-01-02T09:30:00",
        "open": 10,
        "high": 12,
        "low": 9,
        "close": 11,
        "volume": 7,
        "vwap": 10.5,
    }
    url = f"{HOST}/timesales?symbol=AAPL&interval=5min"
    (row,) = answered(PROVIDER, url, {"series": {"data": [bar]}}).rows("intraday_bars")
    assert (row["interval"], row["opened_at"]) == ("5m", datetime(2026, 1, 2, 14, 30, tzinfo=UTC))


def test_trades_are_counted_within_their_second(answered: Answered) -> None:
    tick = {"time": "2026-01-02T09:30:01", "price": 10.5, "volume": 100}
    body = {"series": {"data": [tick, tick]}}
    rows = answered(PROVIDER, f"{HOST}/timesales?symbol=AAPL&interval=tick", body).rows("trades")
    assert [row["trade_id"] for row in rows] == ["2026-01-02T09:30:01#1", "2026-01-02T09:30:01#2"]


def test_sessions_of_open_days(answered: Answered) -> None:
    days = [
        {"date": "2026-11-27", "status": "open", "open": {"start": "09:30", "end": "13:00"}},
        {"date": "2026-11-28", "status": "closed"},
    ]
    body = {"calendar": {"month": 11, "year": 2026, "days": {"day": days}}}
    answers = answered(PROVIDER, f"{HOST}/calendar?month=11&year=2026", body)
    (row,) = answers.rows("trading_days")
    assert (row["venue"], row["early_close"]) == ("XNYS", True)
    assert row["close_at"] == datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert answers["trading_days"].decoded.skipped_count == 1


def test_dividends_and_splits_of_the_fundamentals(answered: Answered) -> None:
    def tables(**held: object) -> list[dict[str, Any]]:
        return [{"request": "AAPL", "type": "Symbol", "results": [{"type": "Stock", "tables": held}]}]

    url = "https://api.tradier.com/beta/markets/fundamentals"
    paid = {"ex_date": "2026-02-06", "cash_amount": 0.25, "currency_i_d": "USD"}
    (row,) = answered(PROVIDER, f"{url}/dividends?symbols=AAPL", tables(cash_dividends=[paid])).rows(
        "corporate_actions"
    )
    assert (row["symbol"], row["amount"], row["currency"]) == ("AAPL", 0.25, "USD")
    cut = {"2026-02-06": {"ex_date": "2026-02-06", "split_from": 1.0, "split_to": 7.0}}
    (row,) = answered(PROVIDER, f"{url}/corporate_actions?symbols=AAPL", tables(stock_splits=cut)).rows(
        "corporate_actions"
    )
    assert (row["split_from"], row["split_to"]) == (1.0, 7.0)


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"fault": {"faultstring": "Invalid Access Token"}}, 401, AuthenticationError),
        ({"fault": {"faultstring": "Rate limit quota violation"}}, 200, RateLimitError),
    ],
)
def test_refusals_are_typed(answered: Answered, body: object, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        answered(PROVIDER, f"{HOST}/history?symbol=AAPL", body, status=status).frame("eod_data")


def test_what_is_asked_of_days_reaches_to_their_end() -> None:
    wanted = Wanted(
        keys=("AAPL",),
        names=("AAPL",),
        since=date(2026, 11, 2),
        until=date(2026, 11, 20),
        today=date(2026, 12, 1),
    )
    asked = {endpoint.dataset: endpoint.request.ask(wanted, HOST).query for endpoint in PROVIDER.endpoints}
    assert asked["trades"]["end"] == "2026-11-20 23:59"
    assert (asked["trading_days"]["month"], asked["trading_days"]["year"]) == ("11", "2026")


@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        (date(2025, 11, 3), date(2025, 11, 28), ["2025-11"]),
        (date(2025, 11, 3), date(2026, 1, 5), ["2025-11", "2025-12", "2026-1"]),
        (date(2025, 11, 3), date(2025, 12, 1), ["2025-11", "2025-12"]),
    ],
)
def test_the_calendar_is_asked_for_month_by_month(since: date, until: date, months: list[str]) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        month = f"{request.url.params['year']}-{request.url.params['month']}"
        asked.append(month)
        day = {"date": _padded(month), "status": "open", "open": {"start": "09:30", "end": "16:00"}}
        return httpx.Response(200, json={"calendar": {"days": {"day": [day]}}})

    async def main() -> None:
        provider = DeclaredProvider(
            PROVIDER,
            credentials={"TTAPI_TRADIER_TOKEN": "secret"},
            transport=lambda _: httpx.MockTransport(answer),
        )
        async with provider:
            request = DataRequest(dataset="trading_days", keys=("XNYS",), since=since, until=until)
            (part,) = [part async for part in provider.get_data(request)]
        assert part.columns is not None
        assert len(part.columns["date"]) == len(asked)

    asyncio.run(main())
    assert asked == months


def _padded(month: str) -> str:
    year, _, number = month.partition("-")
    return f"{year}-{int(number):02}-05"


def test_a_day_on_which_an_option_was_not_traded_is_skipped(answered: Answered) -> None:
    quiet = {"date": "2026-01-02", "open": "NaN", "high": "NaN", "low": "NaN", "close": 0.45, "volume": 0}
    traded = {"date": "2026-01-05", "open": 1, "high": 1.5, "low": 1, "close": 1.25, "volume": 7}
    url = f"{HOST}/history?symbol=SPY260220C00600000&interval=daily"
    replayed = answered(PROVIDER, url, {"history": {"day": [quiet, traded]}})["eod_data"]
    assert (replayed.rows, replayed.decoded.skipped) == (1, ("record 0: no trade in that time",))
