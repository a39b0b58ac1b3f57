# SPDX-License-Identifier: Apache-2.0
"""Futures by name: the year behind one digit, and the exchanges of products."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core.futures import EXCHANGE_BY_PRODUCT, contract_year, year_from


@given(st.integers(0, 9), st.integers(1, 12), st.dates(date(1980, 1, 1), date(2090, 12, 31)))
def test_contract_year_is_the_first_from_twelve_months_back(digit: int, month: int, on: date) -> None:
    year = contract_year(digit, month=month, on=on)
    months_ahead = (year - on.year) * 12 + month - on.month
    assert year % 10 == digit
    assert -12 <= months_ahead < 108


@pytest.mark.parametrize(("earliest", "digit", "year"), [(2026, 6, 2026), (2026, 5, 2035), (2029, 0, 2030)])
def test_year_from_is_the_first_that_fits(earliest: int, digit: int, year: int) -> None:
    assert year_from(earliest, digit) == year


@pytest.mark.parametrize(
    ("product", "exchange"),
    [
        ("ES", "XCME"),
        ("ZN", "XCBT"),
        ("CL", "XNYM"),
        ("PL", "XNYM"),
        ("GC", "XCEC"),
        ("HG", "XCEC"),
        ("VX", "XCBF"),
    ],
)
def test_exchange_of_common_products(product: str, exchange: str) -> None:
    assert EXCHANGE_BY_PRODUCT[product] == exchange
