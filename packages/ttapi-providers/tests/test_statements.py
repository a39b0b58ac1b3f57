# SPDX-License-Identifier: Apache-2.0
"""A wide statement becomes a row for each of its numbers."""

from __future__ import annotations

import pytest

from ttapi_providers.statements import items_of, period_of


def test_numbers_are_items_and_everything_else_is_not() -> None:
    record = {"revenue": "1,234.50", "cost": 7, "note": "a text", "gone": None, "flag": True, "year": 2025}
    rows = list(items_of(record, {"statement": "income"}, unit=lambda _name: "USD", without={"year"}))
    assert [(row["item"], row["value"], row["unit"]) for row in rows] == [
        ("revenue", 1234.5, "USD"),
        ("cost", 7.0, "USD"),
    ]


def test_items_within_are_named_by_their_path() -> None:
    record = {"assets": {"current": {"cash": 1}}}
    (row,) = items_of(record, {}, unit=lambda name: name)
    assert row == {"item": "assets.current.cash", "value": 1.0, "unit": "assets.current.cash"}


@pytest.mark.parametrize(
    ("word", "period"),
    [
        ("FY", "annual"),
        ("Annual", "annual"),
        ("Q3", "quarter"),
        ("quarterly", "quarter"),
        ("TTM", "ttm"),
        ("H1", None),
        (None, None),
    ],
)
def test_words_for_periods(word: str | None, period: str | None) -> None:
    assert period_of(word) == period
