# SPDX-License-Identifier: Apache-2.0
"""Statements of companies in long form: a row for each item of a wide record."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from decimal import Decimal
from typing import Any

from ttapi_core import DataError
from ttapi_providers.reading import Values, number_of


def items_of(
    record: Mapping[str, Any],
    about: Values,
    *,
    unit: Callable[[str], str | None],
    without: Container[str] = (),
    prefix: str = "",
) -> Iterator[Values]:
    """
    Yield a row for each number of a record; records within give theirs under ``outer.inner``.

    Parameters
    ----------
    record
        Names and values, as they came; what is no number is no item.
    about
        Columns that are the same in every row.
    unit
        Tells the unit of an item by its name.
    without
        Names that are no items.
    prefix
        Stands before each name.
    """
    for name, value in record.items():
        if name in without:
            continue
        if isinstance(value, dict):
            yield from items_of(value, about, unit=unit, without=without, prefix=f"{prefix}{name}.")
            continue
        number = _number(value)
        if number is not None:
            yield {**about, "item": prefix + name, "value": number, "unit": unit(prefix + name)}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        return number_of(value, "value")
    except DataError:
        return None


def period_of(word: str | None) -> str | None:
    """Return the period type of a word such as ``FY``, ``Q3`` or ``TTM``; None for another."""
    upper = (word or "").strip().upper()
    if upper in {"FY", "ANNUAL", "YEAR", "YEARLY", "Y", "A"}:
        return "annual"
    if upper == "TTM":
        return "ttm"
    if upper in {"QUARTER", "QUARTERLY", "Q"} or (upper[:1] == "Q" and upper[1:].isdigit()):
        return "quarter"
    return None
