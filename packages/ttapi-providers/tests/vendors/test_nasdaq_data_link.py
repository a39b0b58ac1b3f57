# SPDX-License-Identifier: Apache-2.0
"""Answers of Nasdaq Data Link become rows, and its refusals typed errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError
from ttapi_providers import Asked
from ttapi_providers.vendors.nasdaq_data_link import PROVIDER

Answered = Callable[..., Any]

ROOT = "https://data.nasdaq.com/api/v3"


def _series(names: list[str], *lines: Any, **told: str) -> dict[str, Any]:
    return {"dataset": {"database_code": "DB", "dataset_code": "CODE", "name": "A series", "frequency": "monthly",
                        "column_names": names, "data": list(lines), **told}}  # fmt: skip


def test_a_series_is_named_by_database_and_code(answered: Answered) -> None:
    body = _series(["Date", "Value"], ["2026-01-31", 4.5], ["2025-12-31", None])
    rows = answered(PROVIDER, f"{ROOT}/datasets/DB/CODE?column_index=1", body).rows("economic_series")
    assert [(row["series"], row["date"], row["value"]) for row in rows] == [
        ("DB/CODE", date(2025, 12, 31), None),
        ("DB/CODE", date(2026, 1, 31), 4.5),
    ]
    assert "Value" in rows[0]["title"]


def test_of_several_columns_each_is_a_series(answered: Answered) -> None:
    body = _series(["Date", "Low", "High"], ["2026-01-31", 1.0, 2.0])
    rows = answered(PROVIDER, f"{ROOT}/datasets/DB/CODE.json", body).rows("economic_series")
    assert {(row["series"], row["value"]) for row in rows} == {("DB/CODE:Low", 1.0), ("DB/CODE:High", 2.0)}


def test_a_series_of_bars_is_of_bars(answered: Answered) -> None:
    names = ["Date", "Open", "High", "Low", "Close", "Volume", "Adj. Close"]
    body = _series(names, ["2018-03-27", 10, 12, 9, 11, 700, 5.5], database_code="WIKI", dataset_code="BRK_B")
    answers = answered(PROVIDER, f"{ROOT}/datasets/WIKI/BRK_B/data.json", body)
    assert list(answers) == ["eod_data"]
    (row,) = answers.rows("eod_data")
    assert (row["symbol"], row["close"], row["adjusted_close"], row["adjustment"]) == (
        "BRK/B",
        11.0,
        5.5,
        "raw",
    )


def test_a_table_of_bars_is_adjusted_for_splits(answered: Answered) -> None:
    columns = ["ticker", "date", "open", "high", "low", "close", "volume", "closeadj"]
    body = {"datatable": {"data": [["KO", "2026-01-05", 10, 12, 9, 11, 700, 10.9]],
                          "columns": [{"name": name} for name in columns]}, "meta": {"next_cursor_id": None}}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/datatables/SHARADAR/SEP.json?ticker=KO", body).rows("eod_data")
    assert (row["symbol"], row["adjustment"], row["adjusted_close"]) == ("KO", "splits", 10.9)


def test_the_next_page_of_a_table_is_asked_for_by_its_cursor() -> None:
    asked = Asked.of("GET", f"{ROOT}/datatables/SHARADAR/SEP?ticker=KO")
    (endpoint,) = PROVIDER.claims(asked)
    assert endpoint.next_page({"meta": {"next_cursor_id": "abc"}}, asked) == {"qopts.cursor_id": "abc"}
    assert endpoint.next_page({"meta": {"next_cursor_id": None}}, asked) is None


def test_a_table_that_belongs_to_no_dataset_is_not_claimed() -> None:
    assert PROVIDER.claims(Asked.of("GET", f"{ROOT}/datatables/NDAQ/RTAT10/")) == []


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(404, "QECx02", NotFoundError), (400, "QEAx01", AuthenticationError), (429, "QELx04", RateLimitError)],
)
def test_refusals_are_told_apart_by_their_codes(
    answered: Answered, status: int, code: Any, error: type[Exception]
) -> None:
    body = {"quandl_error": {"code": code, "message": "words of the vendor"}}
    with pytest.raises(error):
        answered(PROVIDER, f"{ROOT}/datasets/DB/NOPE", body, status=status).frame("economic_series")


def test_each_column_is_a_series_of_its_own(answered: Answered) -> None:
    dataset = {"database_code": "LBMA", "dataset_code": "GOLD", "column_names": ["Date", "USD (AM)", "USD (PM)"],
               "frequency": "daily", "data": [["2026-01-05", 4000.0, 4010.0]]}  # fmt: skip
    rows = answered(PROVIDER, f"{ROOT}/datasets/LBMA/GOLD.json", {"dataset": dataset}).rows("economic_series")
    assert {(row["series"], row["value"]) for row in rows} == {
        ("LBMA/GOLD:USD (AM)", 4000.0),
        ("LBMA/GOLD:USD (PM)", 4010.0),
    }


@pytest.mark.parametrize("path", ["X/Y/data.json?transform=rdiff", "X/Y.csv", "X/Y/metadata.json"])
def test_what_is_no_plain_series_in_json_is_not_claimed(path: str) -> None:
    assert PROVIDER.claims(Asked.of("GET", f"{ROOT}/datasets/{path}")) == []
