# SPDX-License-Identifier: Apache-2.0
"""The past of an account: filters, pages, snapshots, its value over time."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Data = Callable[[str], Any]

ACCOUNT = "/accounts/5WT00001"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("type=Trade", 3),
        ("types[]=Trade&types[]=Money%20Movement", 3),
        ("type=Money%20Movement", 0),
        ("sub-type[]=Buy%20to%20Open", 3),
        ("symbol=AAPL", 1),
        ("underlying-symbol=SPY&action=Buy%20to%20Open", 2),
        ("instrument-type=Future", 0),
        ("start-date=2026-11-20", 0),
        ("end-at=2026-11-19T23:00:00%2B00:00", 3),
        ("currency=EUR", 0),
    ],
)
def test_transactions_are_filtered(traded_data: Data, query: str, count: int) -> None:
    assert len(traded_data(f"{ACCOUNT}/transactions?{query}")["items"]) == count


def test_cash_is_what_it_was_at_first_and_all_net_values(traded_data: Data) -> None:
    items = traded_data(f"{ACCOUNT}/transactions?sort=Asc")["items"]
    assert [one["id"] for one in items] == sorted(one["id"] for one in items)
    signs = {"Debit": -1, "Credit": 1, "None": 0}
    net = sum((signs[one["net-value-effect"]] * Decimal(one["net-value"]) for one in items), Decimal(0))
    assert Decimal(traded_data(f"{ACCOUNT}/balances/USD")["cash-balance"]) == 25_000 + net


def test_snapshots_cover_a_range_or_show_the_last_and_the_current(traded_data: Data) -> None:
    last, current = traded_data(f"{ACCOUNT}/balance-snapshots?time-of-day=EOD")["items"]
    assert (last["snapshot-date"], current["snapshot-date"]) == ("2026-11-19", "2026-11-20")
    ranged = traded_data(f"{ACCOUNT}/balance-snapshots?time-of-day=BOD&start-date=2026-11-20")["items"]
    assert [one["snapshot-date"] for one in ranged] == ["2026-11-20"]
    one = traded_data(f"{ACCOUNT}/balance-snapshots?time-of-day=EOD&snapshot-date=2026-11-19")["items"]
    assert one == [last]


def test_value_over_time_ends_at_the_present_and_begins_in_the_past(traded_data: Data) -> None:
    days = traded_data(f"{ACCOUNT}/net-liq/history?time-back=1m")["items"]
    assert [one["time"] for one in days] == sorted(one["time"] for one in days)
    assert days[-1]["time"] == "2026-11-19 21:00:00+00"
    (last, _) = traded_data(f"{ACCOUNT}/balance-snapshots?time-of-day=EOD")["items"]
    assert days[-1]["close"] == last["net-liquidating-value"]
    minutes = traded_data(f"{ACCOUNT}/net-liq/history?time-back=1d")["items"]
    assert minutes[-1]["time"] == "2026-11-20 16:00:00+00"
    balance = traded_data(f"{ACCOUNT}/balances/USD")
    assert minutes[-1]["close"] == balance["net-liquidating-value"]


def test_buying_power_is_what_is_left_of_the_value(traded_data: Data) -> None:
    balance = traded_data(f"{ACCOUNT}/balances/USD")
    net, needed = Decimal(balance["net-liquidating-value"]), Decimal(balance["used-derivative-buying-power"])
    assert Decimal(balance["derivative-buying-power"]) == net - needed
    assert Decimal(balance["equity-buying-power"]) == 2 * (net - needed)
    report = traded_data("/margin/accounts/5WT00001/requirements")
    assert report["margin-requirement"] == balance["reg-t-margin-requirement"]
    total = sum(Decimal(group["margin-requirement"]) for group in report["groups"])
    assert total == Decimal(report["margin-requirement"])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("transactions?sort=Up", 400),
        ("transactions?per-page=100000", 400),
        ("transactions?start-date=soon", 400),
        ("transactions?start-at=soon", 400),
        ("transactions/1", 404),
        ("transactions/total-fees?date=x", 400),
        ("balance-snapshots?time-of-day=Noon", 400),
        ("net-liq/history?time-back=2w", 400),
        ("net-liq/history?start-time=2026-11-01", 400),
        ("margin-requirements/NOPE/effective", 404),
        ("orders?status[]=Filled&sort=x", 400),
    ],
)
def test_parameters_that_make_no_sense_are_refused(ask: Callable[..., Any], path: str, status: int) -> None:
    assert ask(f"{ACCOUNT}/{path}").status == status


def test_accounts_of_others_are_not_permitted(ask: Callable[..., Any]) -> None:
    for path in (
        "transactions",
        "orders",
        "orders/live",
        "complex-orders",
        "balance-snapshots",
        "position-limit",
    ):
        assert ask(f"/accounts/5WT99999/{path}").status == 403
    assert ask("/margin/accounts/5WT99999/requirements").status == 403
