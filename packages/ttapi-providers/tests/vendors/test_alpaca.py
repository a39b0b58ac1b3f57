# SPDX-License-Identifier: Apache-2.0
"""Alpaca's answers become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ttapi_core import NotFoundError
from ttapi_providers import Asked, Wanted, recognise
from ttapi_providers.vendors.alpaca import PROVIDER

Answered = Callable[..., Any]

DATA = "https://data.alpaca.markets"
TRADING = "https://paper-api.alpaca.markets"
BAR = {"t": "2026-01-05T05:00:00Z", "o": 10, "h": 12, "l": 9, "c": 11, "v": 700, "n": 5, "vw": 10.5}


def test_a_daily_bar_has_the_date_of_new_york_and_the_adjustment_that_was_asked_for(
    answered: Answered,
) -> None:
    url = f"{DATA}/v2/stocks/bars?symbols=BRK.B&timeframe=1Day&adjustment=all"
    (row,) = answered(PROVIDER, url, {"bars": {"BRK.B": [BAR]}, "next_page_token": None}).rows("eod_data")
    assert (row["symbol"], row["date"], row["adjustment"]) == ("BRK/B", date(2026, 1, 5), "splits_dividends")
    assert (row["vwap"], row["trade_count"]) == (10.5, 5)


def test_bars_of_one_symbol_stand_in_a_list(answered: Answered) -> None:
    url = f"{DATA}/v2/stocks/KO/bars?timeframe=15Min"
    (row,) = answered(PROVIDER, url, {"bars": [BAR], "symbol": "KO"}).rows("intraday_bars")
    assert (row["symbol"], row["interval"], row["adjustment"]) == ("KO", "15m", "raw")


def test_null_bars_are_no_bars(answered: Answered) -> None:
    url = f"{DATA}/v2/stocks/KO/bars?timeframe=1Day"
    replayed = answered(PROVIDER, url, {"bars": None, "symbol": "KO", "next_page_token": None})["eod_data"]
    assert (replayed.error, replayed.rows) == (None, 0)


@pytest.mark.parametrize(
    ("url", "bars"),
    [
        (f"{DATA}/v1beta3/crypto/us/bars?symbols=BTC/USD&timeframe=1Hour", {"BTC/USD": [BAR]}),
        (f"{DATA}/v1beta1/crypto/BTCUSD/bars?timeframe=1Hour", [BAR]),
    ],
)
def test_pairs_are_named_alike_in_the_present_and_the_retired_interface(
    answered: Answered, url: Any, bars: Any
) -> None:
    (row,) = answered(PROVIDER, url, {"bars": bars}).rows("crypto_bars")
    assert (row["symbol"], row["interval"], row["volume"]) == ("BTC/USD", "1h", 700.0)


def test_a_snapshot_is_a_quote_and_sizes_of_stocks_are_left_out(answered: Answered) -> None:
    body = {
        "KO": {
            "latestTrade": {"t": "2026-01-05T20:00:00.123456789Z", "p": 70.1},
            "latestQuote": {"t": "2026-01-05T20:00:01Z", "bp": 70, "bs": 3, "ap": 70.2, "as": 2},
            "dailyBar": BAR, "prevDailyBar": {**BAR, "c": 69.5},
        },
        "NOPE": None,
    }  # fmt: skip
    answers = answered(PROVIDER, f"{DATA}/v2/stocks/snapshots?symbols=KO,NOPE", body)
    (row,) = answers.rows("quotes")
    assert (row["last"], row["bid"], row["ask"], row["prev_close"]) == (70.1, 70.0, 70.2, 69.5)
    assert row["bid_size"] is None
    assert answers["quotes"].decoded.skipped_count == 0 or row["symbol"] == "KO"


def test_quotes_over_time_are_not_taken_for_the_last_quote() -> None:
    assert PROVIDER.claims(Asked.of("GET", f"{DATA}/v2/stocks/KO/quotes?start=2026-01-05")) == []


def test_an_asset_that_was_asked_for_by_its_id_is_named_by_its_answer(answered: Answered) -> None:
    body = {
        "symbol": "KO",
        "class": "us_equity",
        "status": "active",
        "exchange": "NYSE",
        "easy_to_borrow": True,
    }
    url = f"{TRADING}/v2/assets/cf80d13f-470c-4947-8593-c5e098aeba4e"
    (row,) = answered(PROVIDER, url, body).rows("symbols")
    assert (row["symbol"], row["lendability"], row["active"]) == ("KO", "Easy To Borrow", True)


def test_a_last_quote_of_zeros_is_no_quote(answered: Answered) -> None:
    body = {
        "status": "success",
        "symbol": "KO",
        "last": {"askprice": 0, "bidprice": 0, "timestamp": 1593205454888000000},
    }
    replayed = answered(PROVIDER, f"{DATA}/v1/last_quote/stocks/KO", body)["quotes"]
    assert (replayed.error, replayed.rows) == (None, 0)


def test_an_option_is_read_from_its_name(answered: Answered) -> None:
    snapshot = {"latestQuote": {"bp": 1.5, "ap": 1.6, "bs": 4, "as": 5, "t": "2026-01-05T20:00:01Z"},
                "impliedVolatility": 0.25, "greeks": {"delta": 0.5}}  # fmt: skip
    body = {"snapshots": {"KO260320C00070000": snapshot}, "next_page_token": None}
    (row,) = answered(PROVIDER, f"{DATA}/v1beta1/options/snapshots/KO", body).rows("option_chains")
    assert (row["symbol"], row["contract"], row["strike"]) == ("KO", "KO    260320C00070000", 70.0)
    assert (row["expiration_date"], row["implied_volatility"]) == (date(2026, 3, 20), 0.25)


def test_corporate_actions_that_are_no_split_or_dividend_are_skipped(answered: Answered) -> None:
    body = {
        "corporate_actions": {
            "forward_splits": [{"symbol": "KO", "new_rate": 2, "old_rate": 1, "ex_date": "2026-01-05"}],
            "cash_dividends": [{"symbol": "KO", "rate": 0.51, "special": True, "ex_date": "2026-01-06"}],
            "name_changes": [{"old_symbol": "AA", "new_symbol": "BB", "process_date": "2026-01-05"}],
        },
        "next_page_token": None,
    }
    answers = answered(PROVIDER, f"{DATA}/v1/corporate-actions?symbols=KO", body)
    rows = answers.rows("corporate_actions")
    assert {(row["action"], row["kind"], row["split_to"], row["amount"]) for row in rows} == {
        ("split", "forward_split", 2.0, None),
        ("dividend", "special", None, 0.51),
    }
    assert answers["corporate_actions"].decoded.skipped_count == 1


def test_sessions_are_told_in_utc_with_their_early_close(answered: Answered) -> None:
    body = [{"date": "2025-11-28", "open": "09:30", "close": "13:00"}]
    (row,) = answered(PROVIDER, f"{TRADING}/v2/calendar?start=2025-11-28", body).rows("trading_days")
    assert row["close_at"] == datetime(2025, 11, 28, 18, 0, tzinfo=UTC)
    assert row["early_close"] is True


def test_the_next_page_is_asked_for_by_its_token() -> None:
    asked = Asked.of("GET", f"{DATA}/v2/stocks/bars?symbols=KO&timeframe=1Day")
    (endpoint,) = PROVIDER.claims(asked)
    assert recognise(endpoint, asked).names == ("KO",)
    assert endpoint.next_page({"next_page_token": "abc"}, asked) == {"page_token": "abc"}
    assert endpoint.next_page({"next_page_token": None}, asked) is None


def test_an_unknown_asset_is_not_found(answered: Answered) -> None:
    body = {"code": 40410000, "message": "asset not found for NOPE"}
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{TRADING}/v2/assets/NOPE", body, status=404).frame("symbols")


def test_a_day_that_is_not_over_has_no_end_in_the_request() -> None:
    endpoint = next(e for e in PROVIDER.endpoints if e.dataset == "eod_data")
    today = date(2026, 1, 6)
    over = Wanted(keys=("KO",), names=("KO",), since=today, until=date(2026, 1, 5), today=today)
    assert endpoint.request.ask(over, DATA).query["end"] == "2026-01-05T23:59:59-04:00"
    assert (
        "end"
        not in endpoint.request.ask(Wanted(keys=("KO",), names=("KO",), until=today, today=today), DATA).query
    )


def test_an_asset_asked_for_by_its_id_is_named_by_the_answer(answered: Answered) -> None:
    number = "c33af055-182d-4391-b180-7c3f6ad92743"
    body = {"id": number, "class": "us_equity", "exchange": "NYSE", "symbol": "BRK.B", "status": "inactive"}
    (row,) = answered(PROVIDER, f"{TRADING}/v2/assets/{number}", body).rows("symbols")
    assert (row["symbol"], row["active"]) == ("BRK/B", False)


def test_bonds_stand_under_the_name_of_their_group(answered: Answered) -> None:
    bond = {"cusip": "912810UG1", "isin": "US912810UG12", "bond_status": "outstanding", "coupon": 2.0,
            "description": "A bond"}  # fmt: skip
    url = f"{TRADING}/v2/assets/fixed_income/us_treasuries"
    (row,) = answered(PROVIDER, url, {"us_treasuries": [bond]}).rows("symbols")
    assert (row["symbol"], row["isin"], row["active"]) == ("912810UG1", "US912810UG12", True)


def test_sessions_of_the_third_calendar_are_of_its_market(answered: Answered) -> None:
    session = {"date": "2026-01-05", "core_start": "2026-01-05T09:30:00-05:00",
               "core_end": "2026-01-05T16:00:00-05:00", "settlement_date": "2026-01-06"}  # fmt: skip
    body = {
        "market": {"acronym": "NYSE", "mic": "XNYS", "timezone": "America/New_York"},
        "calendar": [session],
    }
    (row,) = answered(PROVIDER, f"{TRADING}/v3/calendar/NYSE", body).rows("trading_days")
    assert row["date"] == date(2026, 1, 5)
    assert datetime(2026, 1, 5, 21, tzinfo=UTC) in row.values()


def test_mergers_alone_are_no_splits_and_no_dividends(answered: Answered) -> None:
    merger = {"acquiree_symbol": "KO", "effective_date": "2026-01-05", "rate": 5.37}
    url = f"{DATA}/v1beta1/corporate-actions?symbols=KO"
    replayed = answered(PROVIDER, url, {"corporate_actions": {"cash_mergers": [merger]}})["corporate_actions"]
    assert (replayed.error, replayed.rows, replayed.decoded.skipped_count) == (None, 0, 1)


def test_a_dividend_of_shares_is_a_split(answered: Answered) -> None:
    dividend = {"symbol": "KO", "rate": 0.05, "ex_date": "2026-01-05"}
    url = f"{DATA}/v1beta1/corporate-actions?symbols=KO"
    (row,) = answered(PROVIDER, url, {"corporate_actions": {"stock_dividends": [dividend]}}).rows(
        "corporate_actions"
    )
    assert (row["action"], row["split_from"], row["split_to"]) == ("split", 1.0, 1.05)


def test_contracts_are_asked_for_by_the_names_of_the_clearing_house(answered: Answered) -> None:
    url = f"{DATA}/v1beta1/options/bars?symbols=KO260116C00055000&timeframe=1Hour"
    (row,) = answered(PROVIDER, url, {"bars": {"KO260116C00055000": [BAR]}}).rows("intraday_bars")
    assert row["vendor_symbol"] == "KO260116C00055000"
    assert PROVIDER.naming.to_vendor(row["symbol"]) == "KO260116C00055000"
