# SPDX-License-Identifier: Apache-2.0
"""Frankfurter's rates become pairs, in all versions of its interface."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import NotFoundError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.frankfurter import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://api.frankfurter.dev"
ONE = {"date": "2026-03-02", "base": "EUR", "quote": "USD", "rate": 1.15}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("v2/rates?base=EUR&quotes=USD", [ONE]),
        ("v2/rates?expand=providers", [{**ONE, "providers": ["ecb"]}]),
        ("v2/rate/EUR/USD", ONE),
        ("v1/current?base=EUR", {"amount": 1.0, "base": "EUR", "date": "2026-03-02", "rates": {"USD": 1.15}}),
        ("v1/latest?base=EUR&symbols=USD", {"amount": 1.0, "base": "EUR", "date": "2026-03-02", "rates": {"USD": 1.15}}),
        ("v1/2026-03-02..?base=EUR", {"base": "EUR", "start_date": "2026-03-02", "end_date": "2026-03-02", "rates": {"2026-03-02": {"USD": 1.15}}}),
        ("v1/2026-03-02?amount=10", {"amount": 10, "base": "EUR", "date": "2026-03-02", "rates": {"USD": 11.5}}),
    ],
)  # fmt: skip
def test_every_shape_gives_the_same_rate(answered: Answered, path: str, body: Any) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/{path}", body).rows("fx_rates")
    assert (row["symbol"], row["vendor_symbol"], row["date"]) == ("EUR/USD", "USD", date(2026, 3, 2))
    assert row["rate"] == pytest.approx(1.15)


def test_the_old_server_is_read_still(answered: Answered) -> None:
    body = {"amount": 1.0, "base": "EUR", "date": "2020-01-02", "rates": {"USD": 1.1, "GBP": 0.85}}
    rows = answered(PROVIDER, "https://api.frankfurter.app/latest", body).rows("fx_rates")
    assert {row["symbol"] for row in rows} == {"EUR/USD", "EUR/GBP"}


def test_the_table_is_read(answered: Answered) -> None:
    body = "date,base,quote,rate\n2026-03-02,EUR,USD,1.15\n"
    (row,) = answered(PROVIDER, f"{ROOT}/v2/rates.csv", body, content_type="text/csv").rows("fx_rates")
    assert (row["symbol"], row["rate"]) == ("EUR/USD", 1.15)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("v2/currencies", [{"iso_code": "CHF", "name": "Swiss Franc"}]),
        ("v2/currency/CHF", {"iso_code": "CHF", "name": "Swiss Franc", "symbol": "CHF", "peg": None}),
        ("v1/currencies", {"CHF": "Swiss Franc"}),
    ],
)
def test_currencies_are_symbols(answered: Answered, path: str, body: Any) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/{path}", body).rows("symbols")
    assert (row["symbol"], row["description"]) == ("CHF", "Swiss Franc")


def test_a_day_without_a_rate_is_skipped(answered: Answered) -> None:
    replayed = answered(PROVIDER, f"{ROOT}/v2/rates", [ONE, {**ONE, "quote": "GBP", "rate": None}])[
        "fx_rates"
    ]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)


def test_no_days_are_no_rows(answered: Answered) -> None:
    assert answered(PROVIDER, f"{ROOT}/v2/rates?from=2026-03-01", [])["fx_rates"].rows == 0


def test_an_unknown_day_is_not_found(answered: Answered) -> None:
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ROOT}/v1/1900-01-01", {"message": "not found"}, status=404).frame("fx_rates")


def test_an_unknown_currency_is_not_found(answered: Answered) -> None:
    body = {"status": 422, "message": "invalid currency: XXX"}
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ROOT}/v2/rates?base=XXX", body, status=422).frame("fx_rates")


def test_a_pair_is_asked_for_by_base_and_quote() -> None:
    wanted = Wanted(keys=("GBP/JPY",), names=("GBP/JPY",), since=date(2026, 1, 1))
    asked = PROVIDER.endpoints[0].request.ask(wanted, PROVIDER.bases[0])
    assert asked.query == {"base": "GBP", "quotes": "JPY", "from": "2026-01-01"}
