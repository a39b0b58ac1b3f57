# SPDX-License-Identifier: Apache-2.0
"""Options are priced without arbitrage, as far as ticks allow."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ttapi_sandbox.option_chains import ChainBook, years_left
from ttapi_sandbox.quotes import OptionQuote, option_quotes
from ttapi_sandbox.surface import RISK_FREE_RATE, YEARS_MIN

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market

NAMES = ["SPX", "SPY", "AAPL", "F", "MSTR", "BRK/B"]


def chain(market: Market, symbol: str) -> dict[tuple[str, object], dict[float, list[OptionQuote]]]:
    """Return the quotes of a name by root and expiration, then strike: the call, the put."""
    moment = market.moment()
    book = ChainBook(market)
    listing = market.by_symbol[symbol]
    contracts = [
        contract
        for root in market.roots(listing, moment)
        for contract in book.contracts(listing, root, moment)
    ]
    found: dict[tuple[str, object], dict[float, list[OptionQuote]]] = {}
    for quote in option_quotes(market, contracts, moment):
        contract = quote.contract
        found.setdefault((contract.root, contract.expiration), {}).setdefault(contract.strike, []).append(
            quote
        )
    return found


@pytest.mark.parametrize("symbol", NAMES)
def test_prices_fall_with_the_strike_for_calls_and_rise_for_puts_and_are_convex(
    market: Market, symbol: str
) -> None:
    for strikes in chain(market, symbol).values():
        for side, direction in ((0, -1), (1, 1)):
            points = [(strike, quotes[side].mark) for strike, quotes in strikes.items()]
            slopes = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(points)]
            assert all(-1.001 <= slope <= 1.001 for slope in slopes)
            assert all(direction * slope >= -0.001 for slope in slopes)
            assert all(after - before >= -0.002 for before, after in pairwise(slopes))


@pytest.mark.parametrize("symbol", NAMES)
def test_calls_and_puts_of_a_strike_keep_to_parity(market: Market, symbol: str) -> None:
    moment = market.moment()
    listing = market.by_symbol[symbol]
    spot = market.day_bar(listing, moment).close
    income = market.series(listing).dividends.annual_yield
    for strikes in chain(market, symbol).values():
        for strike, (call, put) in strikes.items():
            years = max(years_left(call.contract.expiration, moment.now), YEARS_MIN)
            forward = spot * math.exp(-income * years) - strike * math.exp(-RISK_FREE_RATE * years)
            difference = call.mark - put.mark
            if listing.is_index:
                assert difference == pytest.approx(forward, abs=2e-4)
            else:
                # Options that can be exercised early only have bounds.
                assert spot * math.exp(-income * years) - strike - 2e-4 <= difference
                assert difference <= max(spot - strike * math.exp(-RISK_FREE_RATE * years), forward) + 2e-4


@pytest.mark.parametrize("symbol", NAMES)
def test_quotes_stand_around_the_mark_on_ticks(market: Market, symbol: str) -> None:
    for strikes in chain(market, symbol).values():
        for quotes in strikes.values():
            for quote in quotes:
                bid, ask = quote.quotation.bid, quote.quotation.ask
                assert 0 <= bid < ask
                assert bid <= quote.mark + 1e-9
                assert quote.mark <= ask + 1e-9
                assert round(bid, 2) == bid
                assert round(ask, 2) == ask
                assert 0.02 < quote.volatility < 4


def test_no_options_need_no_pricing(market: Market) -> None:
    assert option_quotes(market, [], market.moment()) == []
