# SPDX-License-Identifier: Apache-2.0
"""Futures, their options, and what else is listed: symbols, chains, quotes."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from ttapi_sandbox.future_options import black_76

if TYPE_CHECKING:
    from collections.abc import Callable

    Data = Callable[[str], Any]


def test_futures_are_found_with_slash_and_without(data: Data) -> None:
    one = data("/instruments/futures/ESZ6")
    assert one == data("/instruments/futures/%2FESZ6")
    assert (one["symbol"], one["streamer-symbol"], one["active-month"]) == ("/ESZ6", "/ESZ26:XCME", True)
    assert one["roll-target-symbol"] == "/ESH7"
    found = data("/instruments/futures?product-code[]=ES&product-code[]=CL")["items"]
    assert [item["symbol"] for item in found[:4]] == ["/ESZ6", "/ESH7", "/ESM7", "/ESU7"]
    assert [item["symbol"] for item in data("/instruments/futures?symbol[]=ESZ6")["items"]] == ["/ESZ6"]
    assert data("/instruments/futures?symbol[]=%2FXXZ6")["items"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/instruments/futures/XXZ6",
        "/instruments/future-products/CME/XX",
        "/instruments/future-products/CFE/ES",
        "/instruments/future-option-products/CME/XX",
        "/instruments/future-options/.%2FXX",
        "/futures-option-chains/XX/nested",
        "/instruments/cryptocurrencies/XX%2FUSD",
        "/instruments/warrants/XX",
    ],
)
def test_unknown_instruments_are_not_found(ask: Callable[..., Any], path: str) -> None:
    assert ask(path).status == 404


def test_chain_lists_options_that_are_found_again(data: Data) -> None:
    chain = data("/futures-option-chains/ES/nested")
    (options,) = chain["option-chains"]
    strike = options["expirations"][0]["strikes"][0]
    assert [one["symbol"] for one in chain["futures"]] == [
        one["underlying-symbol"] for one in options["expirations"]
    ]
    for side in ("call", "put"):
        symbol = strike[side]
        assert symbol.startswith("./ESZ6 ESZ6  261218")
        one = data(f"/instruments/future-options/{quote(symbol, safe='')}")
        assert (one["symbol"], one["streamer-symbol"]) == (symbol, strike[f"{side}-streamer-symbol"])
        assert one in data("/futures-option-chains/ES")["items"]
        parts = {
            "option-root-symbol": "ES",
            "expiration-date": one["expiration-date"],
            "option-type": one["option-type"],
            "strike-price": one["strike-price"],
        }
        query = "&".join(f"{name}={value}" for name, value in parts.items())
        assert data(f"/instruments/future-options?{query}")["items"] == [one]


def test_quotes_of_futures_and_their_options_are_on_ticks(data: Data) -> None:
    chain = data("/futures-option-chains/ES/nested")["option-chains"][0]
    symbol = chain["expirations"][0]["strikes"][20]["call"]
    query = f"future=%2FESZ6&future-option={quote(symbol, safe='')}&cryptocurrency=ETH%2FUSD"
    future, option, coin = data(f"/market-data/by-type?{query}")["items"]
    assert (future["symbol"], option["symbol"], coin["symbol"]) == ("/ESZ6", symbol, "ETH/USD")
    assert Decimal(future["ask"]) - Decimal(future["bid"]) == Decimal("0.5")
    assert Decimal(future["mark"]) % Decimal("0.25") == 0
    assert Decimal(option["mark"]) % Decimal("0.05") == 0
    index = Decimal(data("/market-data/Index/SPX")["last"])
    assert abs(Decimal(future["mark"]) / index - 1) < Decimal("0.01")
    assert data(f"/market-data/Future%20Option/{quote(symbol[2:], safe='')}") == option


def test_price_of_an_option_on_a_forward_obeys_parity_and_bounds() -> None:
    for strike in (80.0, 100.0, 120.0):
        call = black_76(100.0, strike, 0.5, volatility=0.2, is_call=True)
        put = black_76(100.0, strike, 0.5, volatility=0.2, is_call=False)
        discount = (call - put) / (100 - strike) if strike != 100 else None
        assert discount is None or 0.97 < discount < 1
        assert call >= 0
        assert put >= 0
    # Table value of the at-the-money price: F (2 N(s/2) - 1) with s = volatility * sqrt(years).
    assert black_76(100.0, 100.0, 1.0, volatility=0.2, is_call=True) == pytest.approx(
        7.9656 * 0.96185, abs=2e-3
    )


def test_search_finds_instruments_of_all_kinds(data: Data, ask: Callable[..., Any]) -> None:
    found = data("/instruments/search?query=bitcoin")["items"]
    assert [one["symbol"] for one in found] == ["BTC/USD"]
    assert data("/instruments/search?query=ES&type=Future")["items"][0]["instrument-type"] == "Future"
    assert len(data("/instruments/search?query=A&limit=3")["items"]) == 3
    assert ask("/instruments/search").status == 400


def test_all_precisions_and_pairs_are_listed(data: Data) -> None:
    kinds = {one["instrument-type"] for one in data("/instruments/quantity-decimal-precisions")["items"]}
    assert kinds == {"Equity", "Cryptocurrency"}
    assert len(data("/instruments/currency-pairs")["items"]) == 2


def test_orders_of_instruments_are_paged(ask: Callable[..., Any]) -> None:
    page = json.loads(ask("/instruments/futures?per-page=5&page-offset=1").body)["pagination"]
    assert (page["per-page"], page["page-offset"], page["current-item-count"]) == (5, 1, 5)
    assert ask("/instruments/futures?per-page=5000").status == 400
