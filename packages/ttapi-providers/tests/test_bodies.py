# SPDX-License-Identifier: Apache-2.0
"""What a body holds, in each way that it may be written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import DecodeError
from ttapi_providers import Format, parsed


def test_csv_lines_become_objects_under_their_header() -> None:
    assert parsed(b'\xef\xbb\xbfa,b\r\n1,"x, y"\r\n\r\n', Format.CSV) == [{"a": "1", "b": "x, y"}]


def test_a_csv_line_of_another_length_is_an_error_that_names_it() -> None:
    with pytest.raises(DecodeError, match="line 3 has 1 values under 2 names"):
        parsed(b"a,b\n1,2\n3\n", Format.CSV)


def test_columns_of_one_name_are_told_apart() -> None:
    assert parsed(b"a,a\n1,2\n", Format.CSV) == [{"a": "1", "a.1": "2"}]


@pytest.mark.parametrize("content", [b"<html>busy</html>", b'{"error": 1}'])
def test_a_page_or_an_object_is_no_table(content: bytes) -> None:
    with pytest.raises(DecodeError):
        parsed(content, Format.CSV)


def test_xml_elements_become_objects_by_local_name() -> None:
    body = b'<f:feed xmlns:f="urn:x"><f:e id="1"><v>2</v></f:e><f:e id="2">t</f:e></f:feed>'
    assert parsed(body, Format.XML) == {"feed": {"e": [{"id": "1", "v": "2"}, {"id": "2", "#text": "t"}]}}


@pytest.mark.parametrize(
    "content",
    [b"<a><b></a>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<a>" * 100 + b"</a>" * 100, b"", b"text"],
)
def test_xml_that_is_broken_deep_or_declares_entities_is_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        parsed(content, Format.XML)


@pytest.mark.parametrize("content", [b"", b"[1,", b"NaN", b'{"a": Infinity}', b"[" * 5000, b"\xff"])
def test_json_that_is_cut_or_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(DecodeError):
        parsed(content, Format.JSON)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b' {"a": 1}', {"a": 1}),
        (b"<a>1</a>", {"a": "1"}),
        (b"a\n1\n", [{"a": "1"}]),
        (b"\xef\xbb\xbf[2]", [2]),
    ],
)
def test_any_goes_by_what_the_body_begins_with(content: bytes, value: object) -> None:
    assert parsed(content, Format.ANY) == value


@given(st.binary(max_size=300), st.sampled_from(Format))
def test_whatever_comes_is_a_value_or_a_decode_error(content: bytes, form: Format) -> None:
    try:
        parsed(content, form)
    except DecodeError:
        return
