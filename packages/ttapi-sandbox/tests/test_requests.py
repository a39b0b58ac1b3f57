# SPDX-License-Identifier: Apache-2.0
"""Parameters and bodies in the forms that clients send them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_sandbox.answers import RefusalError
from ttapi_sandbox.requests import Request

if TYPE_CHECKING:
    from collections.abc import Callable


def of(query: str) -> Request:
    return Request("GET", "/x", query.encode())


@given(st.lists(st.text("ABC/.^ ", min_size=1).map(str.strip).filter(bool), min_size=1))
def test_list_is_read_the_same_from_every_form(symbols: list[str]) -> None:
    def quoted(text: str) -> str:
        return text.replace("/", "%2F").replace(" ", "%20").replace("^", "%5E")

    forms = [
        "&".join(f"s={quoted(one)}" for one in symbols),
        "&".join(f"s[]={quoted(one)}" for one in symbols),
        "&".join(f"s%5B%5D={quoted(one)}" for one in symbols),
        "s=" + ",".join(map(quoted, symbols)),
        "s=" + "%2C".join(map(quoted, symbols)),
    ]
    for form in forms:
        assert of(form).items("s") == symbols


def test_absent_parameters_have_their_defaults() -> None:
    request = of("")
    assert request.text("a") is None
    assert request.items("a") == []
    assert request.flag("a") is None
    assert request.whole("a", 7, least=1, most=9) == 7
    assert request.day("a", date(2026, 1, 2)) == date(2026, 1, 2)


@pytest.mark.parametrize(
    "read",
    [
        lambda request: request.required("none"),
        lambda request: request.flag("a"),
        lambda request: request.whole("a", 1, least=0, most=10),
        lambda request: request.whole("n", 1, least=0, most=10),
        lambda request: request.day("a"),
        lambda request: request.day("none"),
    ],
)
def test_bad_parameter_is_refused(read: Callable[[Request], Any]) -> None:
    with pytest.raises(RefusalError) as caught:
        read(of("a=x&n=%D9%A3"))
    assert caught.value.answer.status == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff"])
def test_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(RefusalError):
        Request("POST", "/x", body=body).fields()
