# SPDX-License-Identifier: Apache-2.0
"""Values as vendors write them: read, or refused by name, and never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import DataError
from ttapi_providers import Row


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), ("1.5", 1.5), ("1,234,567.5", 1234567.5), (" -3e2 ", -300.0), (".5", 0.5), ("+7", 7.0)],
)
def test_numbers_are_read_in_every_dress(value: object, number: float) -> None:
    assert Row({"x": value}).number("x") == number


@pytest.mark.parametrize("value", [None, "", "-", "None", "N/A", ".", "NaN", "null"])
def test_words_for_nothing_are_null(value: object) -> None:
    assert Row({"x": value}).number("x") is None


@pytest.mark.parametrize(
    "value", ["12 %", "1.2.3", "abc", True, [1], {"raw": 1}, "1,23", "Infinity", "1e999"]
)
def test_what_is_no_number_is_an_error_that_names_the_field(value: object) -> None:
    with pytest.raises(DataError, match="'x'"):
        Row({"x": value}).number("x")


def test_the_first_field_with_a_value_counts_and_a_scale_changes_the_unit() -> None:
    row = Row({"a": None, "b": "250"})
    assert row.number("a", "b", scale=0.01) == 2.5
    assert row.number("c") is None


def test_fields_are_found_by_path_position_and_their_own_dotted_name() -> None:
    row = Row({"1. open": "3", "quote": [{"close": 4}]})
    assert row.number("1. open") == 3
    assert row.number("quote.0.close") == 4
    assert Row([5, 6]).number(-1) == 6


def test_percent_signs_are_dropped_only_where_that_is_asked() -> None:
    assert Row({"x": "12.5%"}).percent("x") == 12.5
    with pytest.raises(DataError):
        Row({"x": "12.5%"}).number("x")


def test_whole_numbers_keep_every_digit_and_fractions_are_refused() -> None:
    assert Row({"x": "9007199254740993"}).integer("x") == 9007199254740993
    assert Row({"x": 3.0}).integer("x") == 3
    with pytest.raises(DataError, match="whole"):
        Row({"x": 3.5}).integer("x")


@pytest.mark.parametrize("name", ["NA", "NAN", "ND", "TRUE"])
def test_tickers_that_look_like_nothing_are_texts(name: str) -> None:
    assert Row({"x": name}).text("x") == name


@pytest.mark.parametrize(
    ("value", "flag"), [("true", True), (1, True), ("N", False), (0, False), (None, None)]
)
def test_flags_are_read_in_every_dress(value: object, flag: bool | None) -> None:
    assert Row({"x": value}).flag("x") is flag


def test_a_flag_that_is_neither_is_an_error() -> None:
    with pytest.raises(DataError, match="yes or no"):
        Row({"x": "maybe"}).flag("x")


@pytest.mark.parametrize(
    "value", ["2026-11-20", "2026-11-20T16:00:00Z", "20261120", 20261120, "2026-11-20 00:00"]
)
def test_days_are_read_also_as_the_head_of_a_time(value: object) -> None:
    assert Row({"x": value}).day("x") == date(2026, 11, 20)


def test_days_of_another_form_need_it_named() -> None:
    assert Row({"x": "11/20/2026"}).day("x", form="%m/%d/%Y") == date(2026, 11, 20)
    with pytest.raises(DataError, match="day"):
        Row({"x": "11/20/2026"}).day("x")


def test_a_time_without_an_offset_needs_its_zone_named() -> None:
    row = Row({"x": "2026-07-01 16:00:00"})
    assert row.time("x", zone="America/New_York") == datetime(2026, 7, 1, 20, tzinfo=UTC)
    with pytest.raises(DataError, match="offset"):
        row.time("x")


def test_nanoseconds_are_cut_to_what_a_time_holds() -> None:
    when = Row({"x": "2026-01-02T03:04:05.123456789Z"}).time("x")
    assert when == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (1767323045, "s"),
        ("1767323045000", "ms"),
        (1767323045000000, "us"),
        ("1767323045000000000", "ns"),
        (1767323045.0, "s"),
    ],
)
def test_counts_since_1970_are_read_in_their_unit(value: object, unit: str) -> None:
    assert Row({"x": value}).epoch("x", unit=unit) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_count_in_the_wrong_unit_is_an_error_not_a_year_far_away() -> None:
    with pytest.raises(DataError, match="since 1970"):
        Row({"x": 1767323045000000}).epoch("x", unit="s")


@given(st.integers(-2_208_988_800_000_000, 7_258_118_400_000_000))
def test_microseconds_survive_the_count(count: int) -> None:
    when = Row({"x": count}).epoch("x", unit="us")
    assert when - datetime(1970, 1, 1, tzinfo=UTC) == timedelta(microseconds=count)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_stands_there_is_a_value_null_or_a_data_error(value: object) -> None:
    row = Row({"x": value})
    for read in (
        row.number,
        row.percent,
        row.integer,
        row.text,
        row.flag,
        row.day,
        row.epoch,
        row.rows,
        row.row,
    ):
        try:
            read("x")
        except DataError:
            continue
