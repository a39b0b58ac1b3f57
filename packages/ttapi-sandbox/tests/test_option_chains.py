# SPDX-License-Identifier: Apache-2.0
"""Option chains: the three forms agree, and symbols are well made."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import Symbol
from ttapi_sandbox.expirations import Expiration
from ttapi_sandbox.option_chains import ChainBook, Contract, OptionChains, expires_at, years_left
from ttapi_sandbox.requests import Request
from ttapi_sandbox.universe import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.market import Market


def nested_symbols(items: list[dict[str, Any]]) -> set[str]:
    return {
        strike[side]
        for item in items
        for expiration in item["expirations"]
        for strike in expiration["strikes"]
        for side in ("call", "put")
    }


@pytest.mark.parametrize("symbol", ["AAPL", "SPX", "BRK%2FB", "F", "VIX"])
def test_three_forms_list_the_same_contracts(data: Callable[[str], Any], symbol: str) -> None:
    nested = nested_symbols(data(f"/option-chains/{symbol}/nested")["items"])
    compact = data(f"/option-chains/{symbol}/compact")["items"]
    detailed = data(f"/option-chains/{symbol}")["items"]
    assert nested == {text for item in compact for text in item["symbols"]}
    assert nested == {item["symbol"] for item in detailed}
    assert len(detailed) == len(nested)
    for item in compact:
        assert len(item["symbols"]) == len(item["streamer-symbols"])


def test_symbols_of_both_notations_name_the_same_contract(data: Callable[[str], Any]) -> None:
    for item in data("/option-chains/BRK%2FB")["items"]:
        parsed = Symbol.parse(item["symbol"])
        assert parsed.streamer == item["streamer-symbol"]
        assert parsed.root == item["root-symbol"] == "BRKB"
        assert str(parsed.expiration) == item["expiration-date"]
        assert float(parsed.strike or 0) == float(item["strike-price"])


def test_index_has_a_morning_and_an_evening_root(data: Callable[[str], Any]) -> None:
    items = data("/option-chains/SPX/nested")["items"]
    settlements = {
        item["root-symbol"]: {one["settlement-type"] for one in item["expirations"]} for item in items
    }
    assert settlements == {"SPX": {"AM"}, "SPXW": {"PM"}}


def test_chain_of_every_name_is_of_sensible_size(market: Market, ask: Callable[..., Any]) -> None:
    sizes = []
    for listing in table()[::13]:
        answer = ask(f"/option-chains/{listing.symbol.replace('/', '%2F')}/nested")
        (item,) = json.loads(answer.body)["data"]["items"]
        dates = [expiration["expiration-date"] for expiration in item["expirations"]]
        assert dates == sorted(set(dates))
        assert 10 <= len(dates) <= 24
        for expiration in item["expirations"]:
            strikes = [float(strike["strike-price"]) for strike in expiration["strikes"]]
            assert strikes == sorted(set(strikes))
            assert 11 <= len(strikes) <= 141
            assert strikes[0] < market.reference_price(listing, market.moment()) < strikes[-1]
        sizes.append(len(answer.body))
    assert 30_000 < sorted(sizes)[len(sizes) // 2] < 150_000


def test_unknown_underlying_is_not_found(ask: Callable[..., Any]) -> None:
    for form in ("", "/nested", "/compact"):
        assert ask(f"/option-chains/NOPE{form}").status == 404


@pytest.mark.parametrize(
    "option", ["SPY%20%20%20261218C00650001", "SPY", "SPY%20%20%20269918C00650000", ".SPY261218"]
)
def test_option_that_is_not_listed_is_not_found(ask: Callable[..., Any], option: str) -> None:
    assert ask(f"/instruments/equity-options/{option}").status == 404


@given(
    strike=st.integers(1, 9_999_999).map(lambda mills: mills / 1000),
    is_call=st.booleans(),
    root=st.sampled_from(["A", "SPY", "BRKB", "SPXW", "AAPL1"]),
    day=st.dates(date(2020, 1, 1), date(2049, 12, 31)),
)
def test_contract_is_read_back_from_both_of_its_symbols(
    strike: float, is_call: bool, root: str, day: date
) -> None:
    contract = Contract(table()[0], root, Expiration(day, "Weekly"), is_call, strike)
    assert Symbol.parse(contract.symbol).streamer == contract.streamer_symbol
    assert Symbol.from_streamer(contract.streamer_symbol).canonical == contract.symbol


def test_book_finds_what_it_lists_and_nothing_else(market: Market) -> None:
    book = ChainBook(market)
    moment = market.moment()
    listing = market.by_symbol["SPX"]
    root = market.roots(listing, moment)[1]
    contracts = list(book.contracts(listing, root, moment))
    for contract in contracts[::97]:
        assert book.find_symbol(contract.symbol) == contract
        assert book.find_symbol(contract.streamer_symbol) == contract
    first = contracts[0]
    assert book.find(root.symbol, date(2026, 11, 21), first.strike, is_call=True) is None
    assert book.find("NOPE", first.expiration.day, first.strike, is_call=True) is None


def test_options_end_at_the_close_of_new_york_in_winter_and_summer() -> None:
    winter, summer = Expiration(date(2026, 12, 18), "Regular"), Expiration(date(2027, 6, 17), "Regular", "AM")
    assert expires_at(winter) == datetime(2026, 12, 18, 21, 15, tzinfo=UTC)
    assert expires_at(summer) == datetime(2027, 6, 17, 13, 30, tzinfo=UTC)
    assert years_left(winter, datetime(2027, 1, 1, tzinfo=UTC)) == 0


def test_kept_chains_are_forgotten_by_size(market: Market) -> None:
    chains = OptionChains(market, kept_bytes_max=100_000)
    for symbol in ("AAPL", "MSFT", "NVDA", "AAPL"):
        answer = chains.nested(Request("GET", "/x", parameters={"symbol": symbol}))
        assert symbol.encode() in answer.body
    assert chains.kept_bytes <= 160_000
