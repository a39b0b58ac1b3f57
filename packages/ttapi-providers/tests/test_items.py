# SPDX-License-Identifier: Apache-2.0
"""Records are found where they stand, and an answer of another shape is never an empty one."""

from __future__ import annotations

from typing import Any

import pytest

from ttapi_core import DecodeError
from ttapi_providers import Asked, by_name, listed, one, parallel, place, with_parent
from ttapi_providers.items import Finder

ASKED = Asked.of("GET", "https://api.example.com/x")


def found(finder: Finder, body: Any) -> list[Any]:
    return [row.value for row in finder(body, ASKED)]


def test_a_list_is_found_at_its_path() -> None:
    assert found(listed("data.items"), {"data": {"items": [1, 2]}}) == [1, 2]
    assert found(listed(), [3]) == [3]
    assert found(listed("data"), {"data": None}) == []
    assert found(listed("data"), {"data": {"a": 1}}) == [{"a": 1}]


@pytest.mark.parametrize("body", [{}, {"data": 3}, {"data": {"other": []}}, []])
def test_an_answer_of_another_shape_is_an_error(body: Any) -> None:
    with pytest.raises(DecodeError):
        found(listed("data.items"), body)


def test_a_path_with_a_question_mark_may_be_absent() -> None:
    assert found(listed("data.items?"), {"data": {}}) == []
    assert place({"a": [{"b": 1}]}, "a.0.b") == 1


def test_members_have_their_name() -> None:
    rows = list(by_name("days")({"days": {"2026-01-02": {"c": 1}}}, ASKED))
    assert [(row.name, row.value) for row in rows] == [("2026-01-02", {"c": 1})]


def test_a_single_object_is_one_record() -> None:
    assert found(one("data"), {"data": {"a": 1}}) == [{"a": 1}]
    with pytest.raises(DecodeError, match="no object"):
        found(one("data"), {"data": [1]})


def test_lists_side_by_side_become_records() -> None:
    finder = parallel({"t": "t", "c": "quote.close", "v": "volume?"})
    assert found(finder, {"t": [1, 2], "quote": {"close": [3, 4]}}) == [{"t": 1, "c": 3}, {"t": 2, "c": 4}]


def test_lists_of_different_lengths_are_an_error() -> None:
    with pytest.raises(DecodeError, match="c has 1 values beside 2 of t"):
        found(parallel({"t": "t", "c": "c"}), {"t": [1, 2], "c": [3]})


def test_nested_records_know_their_parent_and_win_over_it() -> None:
    body = {"series": [{"id": "A", "x": 1, "data": [{"v": 5}, {"v": 6, "x": 2}]}]}
    assert found(with_parent("series", "data"), body) == [
        {"id": "A", "x": 1, "v": 5},
        {"id": "A", "x": 2, "v": 6},
    ]
