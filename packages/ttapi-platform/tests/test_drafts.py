# SPDX-License-Identifier: Apache-2.0
"""What the store refuses to be handed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import pytest

from ttapi_core import DataError, Outcome, ParameterError
from ttapi_platform.drafts import EntryDraft


def test_items_are_sorted_by_key(sample: Any) -> None:
    assert [item.key for item in sample.entry(sample.item("B"), sample.item("A")).items] == ["A", "B"]


def test_entry_without_items_is_refused() -> None:
    with pytest.raises(ParameterError, match="at least one"):
        EntryDraft(schema_version=1, run_id="r", items=())


def test_repeated_key_is_refused(sample: Any) -> None:
    with pytest.raises(ParameterError, match="distinct"):
        sample.entry(sample.item("A"), sample.item("A"))


def test_time_without_zone_is_refused(sample: Any) -> None:
    with pytest.raises(ParameterError, match="time zone"):
        sample.item("A", fetched_at=datetime(2026, 1, 2))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [(3, Outcome.EMPTY), (0, Outcome.FRESH), (3, Outcome.STALE), (3, Outcome.CACHED), (0, Outcome.FAILED)],
)
def test_outcome_that_contradicts_the_rows_is_refused(sample: Any, rows: int, outcome: Outcome) -> None:
    with pytest.raises(ParameterError, match="outcome"):
        sample.item("A", rows=rows, outcome=outcome)


@pytest.mark.parametrize("values", [[[1, 2]], [{"a": 1}], [b"x"], [object()]])
def test_column_without_a_form_in_csv_is_refused(sample: Any, values: list[Any]) -> None:
    frame = pl.DataFrame({"good": [1], "bad": pl.Series(values)})
    with pytest.raises(DataError, match="CSV") as caught:
        sample.item("A", frame=frame)
    assert caught.value.column == "bad"


def test_other_columns_are_refused_with_both_lists(sample: Any) -> None:
    other = sample.frame("B").rename({"close": "last"})
    with pytest.raises(DataError, match=r"'last'.*'close'"):
        sample.entry(sample.item("A"), sample.item("B", frame=other))


def test_other_type_is_refused_with_the_column(sample: Any) -> None:
    other = sample.frame("B").cast({"close": pl.Float32})
    with pytest.raises(DataError, match=r"Float32.*Float64") as caught:
        sample.entry(sample.item("A"), sample.item("B", frame=other))
    assert caught.value.column == "close"


def test_given_schema_holds_for_all_items(sample: Any) -> None:
    schema = sample.frame("A").schema
    nothing = sample.item("A", rows=0, frame=None)
    assert EntryDraft(schema_version=1, run_id="r", items=(nothing,), schema=schema).table_schema == schema
    with pytest.raises(DataError):
        EntryDraft(schema_version=1, run_id="r", items=(sample.item("A"),), schema=pl.Schema({"x": pl.Int64}))
