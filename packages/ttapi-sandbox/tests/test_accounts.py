# SPDX-License-Identifier: Apache-2.0
"""The account's balances and positions agree with each other and with the quotes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

POSITIONS = "/accounts/5WT00001/positions"


def test_account_says_simulated(data: Callable[[str], Any]) -> None:
    (item,) = data("/customers/me/accounts")["items"]
    assert (item["authority-level"], item["account"]["nickname"]) == ("owner", "SIMULATED")


def test_net_liquidating_value_is_cash_and_positions(data: Callable[[str], Any]) -> None:
    balance = data("/accounts/5WT00001/balances/USD")
    positions = data(f"{POSITIONS}?include-marks=true")["items"]
    values = {
        kind: sum((Decimal(one["mark"]) for one in positions if one["instrument-type"] == kind), Decimal(0))
        for kind in ("Equity", "Equity Option")
    }
    assert Decimal(balance["long-equity-value"]) == values["Equity"]
    assert Decimal(balance["long-derivative-value"]) == values["Equity Option"]
    total = Decimal(balance["cash-balance"]) + sum(values.values())
    assert Decimal(balance["net-liquidating-value"]) == total


def test_both_forms_of_balances_are_the_same(data: Callable[[str], Any]) -> None:
    (item,) = data("/accounts/5WT00001/balances")["items"]
    assert item == data("/accounts/5WT00001/balances/usd") | {"currency": "USD"}


def test_positions_agree_with_the_quotes(data: Callable[[str], Any]) -> None:
    for position in data(f"{POSITIONS}?include-marks=true")["items"]:
        symbol, kind = position["symbol"], position["instrument-type"]
        quote = data(f"/market-data/{kind.replace(' ', '%20')}/{symbol.replace(' ', '%20')}")
        assert Decimal(position["close-price"]) == Decimal(quote["prev-close"])
        assert Decimal(position["mark-price"]) == Decimal(quote["mark"])
        assert position["cost-effect"] == "Credit"
        assert ("expires-at" in position) == (kind == "Equity Option")


def test_positions_have_marks_only_when_asked_for(data: Callable[[str], Any]) -> None:
    assert all("mark" not in position for position in data(POSITIONS)["items"])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("underlying-symbol[]=SPY", 2),
        ("underlying-symbol[]=SPY&instrument-type=Equity", 1),
        ("symbol=AAPL", 1),
        ("symbol=NOPE", 0),
    ],
)
def test_positions_are_filtered(data: Callable[[str], Any], query: str, count: int) -> None:
    assert len(data(f"{POSITIONS}?{query}")["items"]) == count


@pytest.mark.parametrize(
    "path",
    ["/customers/me/accounts/5WT99999", "/accounts/5WT99999/positions", "/accounts/5WT99999/balances"],
)
def test_account_of_somebody_else_is_not_permitted(ask: Callable[..., Any], path: str) -> None:
    answer = ask(path)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (403, "not_permitted")


def test_unknown_currency_and_customer_are_not_found(ask: Callable[..., Any]) -> None:
    assert ask("/accounts/5WT00001/balances/EUR").status == 404
    assert ask("/customers/C999").status == 404
