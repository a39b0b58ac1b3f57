# SPDX-License-Identifier: Apache-2.0
"""Every record becomes rows or a reason, whatever a vendor's module trips over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import DataError, DecodeError, NotFoundError, RateLimitError, TTError
from ttapi_providers import (
    Asked,
    Endpoint,
    Provider,
    Row,
    Skip,
    Values,
    decode,
    get,
    listed,
    recognise,
    refused,
)

URL = "https://api.acme.example/x/AAPL"


def _row(row: Row, _asked: Asked) -> Values | list[Values]:
    if row.value == "split":
        return [{"last": 1.0}, {"last": 2.0}]
    if row.value == "none":
        return []
    return {"last": row.value["a"] / row.value["b"]}


def _provider(**options: Any) -> Provider:
    endpoint = Endpoint(dataset="quotes", request=get("/x/{symbol}"), row=_row, items=listed("data"))
    return Provider(
        name="acme",
        title="Acme",
        site="",
        bases=("https://api.acme.example",),
        endpoints=(endpoint,),
        **options,
    )


def decoded(body: Any, **options: Any) -> Any:
    provider = _provider(**options)
    (endpoint,) = provider.endpoints
    asked = recognise(endpoint, Asked.of("GET", URL))
    assert asked is not None
    return decode(provider, endpoint, asked, body)


def test_rows_have_the_key_that_was_asked_for_and_the_vendors_name_of_it() -> None:
    found = decoded({"data": [{"a": 3, "b": 2}]})
    assert found.rows == [{"last": 1.5, "symbol": "AAPL", "vendor_symbol": "AAPL"}]


def test_records_are_used_or_skipped_with_a_reason() -> None:
    found = decoded({"data": ["split", {"a": 1, "b": 0}, {"a": 1}, "none", 7]})
    assert (found.records, found.used, found.skipped_count, len(found.rows)) == (5, 1, 4, 2)
    assert [reason.split(":")[1].strip() for reason in found.skipped] == [
        "ZeroDivisionError",
        "KeyError",
        "holds nothing for quotes",
        "TypeError",
    ]


def test_an_answer_of_which_no_record_can_be_read_is_an_error() -> None:
    with pytest.raises(DecodeError, match="none of 2 records"):
        decoded({"data": [1, 2]})


def test_an_answer_of_which_all_is_passed_over_on_purpose_is_empty() -> None:
    def row(_record: Row, _asked: Asked) -> Values:
        raise Skip("no price")

    endpoint = Endpoint(dataset="quotes", request=get("/x/{symbol}"), row=row)
    asked = recognise(endpoint, Asked.of("GET", URL))
    assert asked is not None
    found = decode(_provider(), endpoint, asked, [1, 2])
    assert (found.rows, found.skipped_count, found.passed_over) == ([], 2, 2)


def test_of_all_there_is_a_record_without_a_name_has_no_key() -> None:
    endpoint = Endpoint(
        dataset="quotes", request=get("/all"), row=lambda _row, _asked: {"last": 1.0}, batch=0
    )
    asked = Asked.of("GET", "https://api.acme.example/all")
    with pytest.raises(DecodeError, match="tells its symbol"):
        decode(_provider(), endpoint, replace(asked, names=("AAPL",), keys=("AAPL",)), [{}])


@pytest.mark.parametrize("body", [{}, [], None, 7, {"data": 3}])
def test_an_answer_of_another_shape_is_an_error(body: Any) -> None:
    with pytest.raises(DecodeError):
        decoded(body)


def test_an_error_told_inside_goes_by_the_vendors_codes() -> None:
    def told(body: Any, _asked: Asked) -> TTError | None:
        return refused(body["note"]) if "note" in body else None

    with pytest.raises(RateLimitError):
        decoded({"note": "Calls per minute exceeded"}, told=told, codes={"calls per minute": RateLimitError})
    with pytest.raises(NotFoundError):
        decoded({"note": "x"}, told=lambda _body, _asked: refused("gone", status=404))


def test_a_question_after_errors_that_trips_is_an_unknown_shape() -> None:
    with pytest.raises(DecodeError, match="unknown shape"):
        decoded([], told=lambda body, _asked: body["error"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["data", "a", "b"]), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_whatever_comes_is_rows_or_a_documented_error(body: Any) -> None:
    try:
        found = decoded(body)
    except TTError:
        return
    assert found.used + found.skipped_count == found.records


def test_a_reader_that_names_a_field_says_so_in_the_reason() -> None:
    def row(record: Row, _asked: Asked) -> Values:
        if record.value == 1:
            raise DataError("is no price", column="p")
        return {"last": 1.0}

    endpoint = Endpoint(dataset="quotes", request=get("/x/{symbol}"), row=row)
    asked = recognise(endpoint, Asked.of("GET", URL))
    assert asked is not None
    assert decode(_provider(), endpoint, asked, [1, 2]).skipped == ("record 0: column 'p': is no price",)
