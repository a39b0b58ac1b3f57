# SPDX-License-Identifier: Apache-2.0
"""Tables of Fiscal Data become series, one a number and set of labels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import RequestRefusedError
from ttapi_providers.asking import Asked, Wanted
from ttapi_providers.vendors.treasury_fiscal import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://api.fiscaldata.treasury.gov/services/api/fiscal_service"
RATES = f"{ROOT}/v2/accounting/od/avg_interest_rates"
TYPES = {
    "record_date": "DATE", "security_desc": "STRING", "avg_interest_rate_amt": "PERCENTAGE", "src_line_nbr": "NUMBER",
    "record_fiscal_year": "YEAR",
}  # fmt: skip


def _answer(*records: Any, types: Any = TYPES, pages: int = 1) -> Any:
    return {"data": list(records), "meta": {"dataTypes": types, "labels": {}, "total-pages": pages}}


def test_each_label_is_a_series_of_its_own(answered: Answered) -> None:
    line = {"record_date": "2026-01-31", "src_line_nbr": "1", "record_fiscal_year": "2026"}
    body = _answer(
        {**line, "security_desc": "Bills", "avg_interest_rate_amt": "3.9"},
        {**line, "security_desc": "Notes", "avg_interest_rate_amt": "null"},
    )
    rows = answered(PROVIDER, RATES, body).rows("economic_series")
    name = "v2/accounting/od/avg_interest_rates:avg_interest_rate_amt"
    assert {(row["series"], row["value"], row["unit"]) for row in rows} == {
        (f"{name}:security_desc=Bills", 3.9, "PERCENTAGE"), (f"{name}:security_desc=Notes", None, "PERCENTAGE")
    }  # fmt: skip
    assert rows[0]["date"] == date(2026, 1, 31)


def test_a_record_with_several_numbers_gives_as_many_rows(answered: Answered) -> None:
    types = {"record_date": "DATE", "debt_held_amt": "CURRENCY", "total_amt": "CURRENCY"}
    body = _answer(
        {"record_date": "2026-01-02", "debt_held_amt": "1.5", "total_amt": "2000000000000.25"}, types=types
    )
    rows = answered(PROVIDER, f"{ROOT}/v2/accounting/od/debt_to_penny", body).rows("economic_series")
    assert {row["series"].rpartition(":")[2]: row["value"] for row in rows} == {
        "debt_held_amt": 1.5, "total_amt": 2000000000000.25
    }  # fmt: skip


def test_a_table_in_csv_is_read_by_the_names_of_its_columns(answered: Answered) -> None:
    body = "record_date,security_desc,avg_interest_rate_amt,src_line_nbr\n2026-01-31,Bills,3.9,1\n"
    (row,) = answered(PROVIDER, f"{RATES}?format=csv", body, content_type="text/csv").rows("economic_series")
    assert (row["series"].rpartition(":")[2], row["value"]) == ("security_desc=Bills", 3.9)


def test_a_record_without_a_date_is_skipped_with_a_reason(answered: Answered) -> None:
    good = {"record_date": "2026-01-31", "security_desc": "Bills", "avg_interest_rate_amt": "3.9"}
    replayed = answered(PROVIDER, RATES, _answer(good, {**good, "record_date": "null"}))["economic_series"]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)


def test_an_empty_table_has_no_rows(answered: Answered) -> None:
    assert answered(PROVIDER, RATES, _answer())["economic_series"].rows == 0


def test_auctions_are_no_series() -> None:
    asked = Asked.of("GET", f"{ROOT}/v1/accounting/od/auctions_query")
    assert PROVIDER.claims(asked) == []


def _asked(key: str, **days: Any) -> Any:
    wanted = Wanted(keys=(key,), names=(PROVIDER.naming.to_vendor(key),), **days)
    return PROVIDER.endpoints[0].request.ask(wanted, PROVIDER.bases[0])


def test_a_series_is_asked_for_by_its_table_number_labels_and_days() -> None:
    key = "v2/accounting/od/avg_interest_rates:avg_interest_rate_amt:security_desc=Treasury Bills"
    asked = _asked(key, since=date(2026, 1, 1), until=date(2026, 2, 1))
    assert asked.path.endswith("/v2/accounting/od/avg_interest_rates")
    assert asked.query["fields"] == "record_date,avg_interest_rate_amt,security_desc"
    assert asked.query["filter"] == (
        "security_desc:eq:Treasury Bills,record_date:gte:2026-01-01,record_date:lte:2026-02-01"
    )
    assert "fields" not in _asked("v2/accounting/od/debt_to_penny").query


def test_pages_are_asked_for_until_the_last() -> None:
    endpoint: Any = PROVIDER.endpoints[0]
    asked = _asked("v2/accounting/od/debt_to_penny:total_amt")
    assert endpoint.next_page(_answer(pages=2), asked) == {"page[number]": "2"}
    assert endpoint.next_page(_answer(pages=1), asked) is None


def test_a_refusal_is_typed(answered: Answered) -> None:
    body = {"error": "Invalid Query Param", "message": "Invalid query parameter 'x'"}
    with pytest.raises(RequestRefusedError):
        answered(PROVIDER, RATES, body, status=400).frame("economic_series")
