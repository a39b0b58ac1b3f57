# SPDX-License-Identifier: Apache-2.0
"""A request form is read in both directions: what it sends, it recognises."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_providers import Asked, Wanted, get, post
from ttapi_providers.asking import wire_path

BASE = "https://api.example.com"
PRICES = get("/v1/{symbol}/prices", {"from": "{since}", "to": "{until}", "format": "json"})
QUOTES = get("/quotes", {"symbols": "{symbols}"})


def test_templates_are_filled_and_days_that_are_not_wanted_leave_their_parameter_out() -> None:
    asked = PRICES.ask(Wanted(keys=("BRK/B",), names=("BRK-B",), since=date(2026, 1, 2)), BASE)
    assert (asked.base, asked.path) == (BASE, "/v1/BRK-B/prices")
    assert dict(asked.query) == {"from": "2026-01-02", "format": "json"}


def test_days_are_written_as_the_vendor_counts_them() -> None:
    form = get("/x", {"a": "{since_s}", "b": "{until_s}", "c": "{until_ms}", "d": "{since_compact}"})
    query = form.ask(Wanted(since=date(1970, 1, 2), until=date(1970, 1, 2)), BASE).query
    assert dict(query) == {"a": "86400", "b": "172799", "c": "172799999", "d": "19700102"}


def test_a_parameter_may_be_worked_out_from_what_is_wanted() -> None:
    form = get("/x", {"n": lambda wanted: str(len(wanted.names)), "none": lambda _wanted: None})
    assert dict(form.ask(Wanted(names=("a", "b")), BASE).query) == {"n": "2"}


@pytest.mark.parametrize("url", [f"{BASE}/v1/AAPL/prices?format=json", f"{BASE}/v1/AAPL/prices/"])
def test_a_request_tells_its_symbol(url: str) -> None:
    recognised = PRICES.recognise(Asked.of("get", url))
    assert recognised is not None
    assert (recognised.name, recognised.told("symbol")) == ("AAPL", "AAPL")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/AAPL/prices"), ("GET", "/v1/a/b/prices"), ("GET", "/v1/AAPL/price")]
)
def test_a_request_of_another_form_is_not_recognised(method: str, path: str) -> None:
    assert PRICES.recognise(Asked.of(method, BASE + path)) is None


def test_many_symbols_are_told_apart() -> None:
    recognised = QUOTES.recognise(Asked.of("GET", f"{BASE}/quotes?symbols=AAPL,MSFT,%5EGSPC"))
    assert recognised is not None
    assert recognised.names == ("AAPL", "MSFT", "^GSPC")
    assert recognised.name == ""


def test_a_repeated_parameter_keeps_all_values_and_a_separate_query_adds_to_the_url() -> None:
    asked = Asked.of("GET", f"{BASE}/quotes?a=1&a=2", query={"a": "9", "b": ["3", "4"]})
    assert dict(asked.query) == {"a": "1,2", "b": "3,4"}


def test_what_was_posted_is_found_by_its_place() -> None:
    form = post("/graphql", lambda wanted: {"variables": {"symbol": wanted.names[0]}})
    asked = form.ask(Wanted(names=("SHOP",)), BASE)
    assert asked.posted("variables", "symbol") == "SHOP"
    assert asked.posted("variables", "nothing", 3) is None


@given(st.text(min_size=1, max_size=12).filter(lambda name: "/" not in name and name.strip() == name))
def test_every_name_that_is_sent_in_a_path_is_told_by_it(name: str) -> None:
    sent = PRICES.ask(Wanted(keys=(name,), names=(name,)), BASE)
    recognised = PRICES.recognise(Asked.of("GET", BASE + wire_path(sent.path)))
    assert recognised is not None
    assert recognised.name == name.strip()
