# SPDX-License-Identifier: Apache-2.0
"""Symbol search and watchlists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def test_search_finds_by_beginning_shortest_first(data: Callable[[str], Any]) -> None:
    symbols = [item["symbol"] for item in data("/symbols/search/sp")["items"]]
    assert {"SPY", "SPX", "SPG", "SPGI", "SPOT"} <= set(symbols)
    assert symbols == sorted(symbols, key=len)
    assert [item["symbol"] for item in data("/symbols/search/BRK%2F")["items"]] == ["BRK/B"]
    assert [item["symbol"] for item in data("/symbols/search/BRK/B")["items"]] == ["BRK/B"]


def test_search_without_a_hit_is_empty(data: Callable[[str], Any]) -> None:
    assert data("/symbols/search/QQQQQ") == {"items": []}


def test_watchlist_of_the_universe_has_507_names(data: Callable[[str], Any]) -> None:
    entries = data("/public-watchlists/Sandbox%20507")["watchlist-entries"]
    assert len(entries) == 507
    assert {entry["instrument-type"] for entry in entries} == {"Equity"}


def test_watchlists_cover_every_name_by_sector_or_as_a_fund(data: Callable[[str], Any]) -> None:
    lists = data("/public-watchlists")["items"]
    whole, *parts = lists
    symbols = [entry["symbol"] for part in parts for entry in part["watchlist-entries"]]
    assert sorted(symbols) == sorted(entry["symbol"] for entry in whole["watchlist-entries"])
    counts = data("/public-watchlists?counts-only=true")["items"]
    assert [one["entry-count"] for one in counts] == [len(one["watchlist-entries"]) for one in lists]


def test_unknown_watchlist_is_not_found(ask: Callable[..., Any]) -> None:
    assert ask("/public-watchlists/Nope").status == 404
