# SPDX-License-Identifier: Apache-2.0
"""Equities: the universe, its pages and its filters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


def test_active_list_given_no_filter_has_507_names_and_two_indexes(data: Callable[[str], Any]) -> None:
    items = data("/instruments/equities/active")["items"]
    assert len(items) == len({item["symbol"] for item in items}) == 509
    assert [item["symbol"] for item in items if item["is-index"]] == ["SPX", "VIX"]
    assert sum(item["is-etf"] for item in items) == 40
    assert {"BRK/B", "BF/B"} <= {item["symbol"] for item in items}
    assert all(item["description"].startswith("SIMULATED ") for item in items)


def test_pages_make_up_the_whole_list(ask: Callable[..., Any]) -> None:
    symbols: list[str] = []
    offset = 0
    while True:
        body = json.loads(ask(f"/instruments/equities/active?per-page=100&page-offset={offset}").body)
        page, pagination = body["data"]["items"], body["pagination"]
        assert pagination["item-offset"] == len(symbols)
        assert pagination["current-item-count"] == len(page)
        symbols += [item["symbol"] for item in page]
        if offset >= pagination["total-pages"] - 1:
            break
        offset += 1
    assert len(symbols) == len(set(symbols)) == pagination["total-items"] == 509
    assert pagination["total-pages"] == 6


def test_page_beyond_the_end_is_empty(data: Callable[[str], Any]) -> None:
    assert data("/instruments/equities/active?page-offset=7") == {"items": []}


@pytest.mark.parametrize(
    "query", ["per-page=1001", "per-page=0", "per-page=x", "page-offset=-1", "per-page=1e9"]
)
def test_page_size_beyond_bounds_is_refused_not_clamped(ask: Callable[..., Any], query: str) -> None:
    answer = ask(f"/instruments/equities/active?{query}")
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (400, "validation_error")
    assert error["errors"][0]["domain"] == query.split("=", maxsplit=1)[0]


@pytest.mark.parametrize(
    "query",
    [
        "symbol[]=AAPL&symbol[]=BRK/B",
        "symbol%5B%5D=AAPL&symbol%5B%5D=BRK%2FB",
        "symbol=AAPL&symbol=BRK%2FB",
        "symbol=AAPL,BRK/B,NOPE",
        "symbol=AAPL%2CBRK%2FB",
    ],
)
def test_list_of_symbols_is_read_in_every_form(data: Callable[[str], Any], query: str) -> None:
    assert [item["symbol"] for item in data(f"/instruments/equities?{query}")["items"]] == ["AAPL", "BRK/B"]


def test_filters_by_kind_and_lendability(data: Callable[[str], Any]) -> None:
    assert len(data("/instruments/equities?is-etf=true")["items"]) == 40
    assert len(data("/instruments/equities?is-index=true")["items"]) == 2
    locate = data("/instruments/equities/active?lendability=Locate%20Required")["items"]
    assert {item["lendability"] for item in locate} == {"Locate Required"}
    assert 0 < len(locate) < 100


@pytest.mark.parametrize("query", ["is-etf=maybe", "lendability=Free"])
def test_filter_given_unknown_word_is_refused(ask: Callable[..., Any], query: str) -> None:
    assert ask(f"/instruments/equities?{query}").status == 400


@pytest.mark.parametrize("path", ["BRK%2FB", "BRK/B"])
def test_symbol_with_a_slash_is_found_encoded_and_bare(data: Callable[[str], Any], path: str) -> None:
    assert data(f"/instruments/equities/{path}")["symbol"] == "BRK/B"


@pytest.mark.parametrize("path", ["NOPE", "aapl", "..%2F..%2Fetc", "%00", "A" * 10_000])
def test_unknown_symbol_is_not_found(ask: Callable[..., Any], path: str) -> None:
    answer = ask(f"/instruments/equities/{path}")
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (404, "record_not_found")
