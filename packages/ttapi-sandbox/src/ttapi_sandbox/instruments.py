# SPDX-License-Identifier: Apache-2.0
"""Equities, ETFs and indexes as instruments."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.answers import Answer, encode, invalid, not_found, page_answer
from ttapi_sandbox.randomness import generator
from ttapi_sandbox.routing import Route
from ttapi_sandbox.universe import INDEXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttapi_sandbox.market import Market
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.universe import Listing

PAGE_SIZE: Final = 1000
PAGE_SIZE_MAX: Final = 1000
EASY_TO_BORROW: Final = "Easy To Borrow"
LENDABILITIES: Final = (EASY_TO_BORROW, "Locate Required", "Preborrow")


class Instruments:
    """Answers about equities; the lists are encoded once."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._pages: dict[tuple[object, ...], Answer] = {}

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/instruments/equities", self.listed),
            Route("GET", "/instruments/equities/active", self.active),
            Route("GET", "/instruments/equities/{symbol}", self.one),
        ]

    @cached_property
    def _listings(self) -> tuple[Listing, ...]:
        return (*self._market.listings, *INDEXES)

    @cached_property
    def _encoded(self) -> dict[str, bytes]:
        return {
            listing.symbol: encode(equity(listing, number, self._market.seed))
            for number, listing in enumerate(self._listings)
        }

    def listed(self, request: Request) -> Answer:
        """Answer with the equities asked for, by symbols or by kind, a page at a time."""
        symbols = request.items("symbol")
        is_etf, is_index = request.flag("is-etf"), request.flag("is-index")
        found: Iterable[Listing] = self._listings
        if symbols:
            found = [self._market.by_symbol[symbol] for symbol in symbols if symbol in self._market.by_symbol]
        chosen = [
            listing
            for listing in found
            if is_etf in {None, listing.is_etf} and is_index in {None, listing.is_index}
        ]
        return self._page(request, chosen)

    def active(self, request: Request) -> Answer:
        """Answer with all active equities, a page at a time."""
        key = (request.path, request.raw_query)
        answer = self._pages.get(key)
        if answer is None:
            answer = self._page(request, self._listings)
            if len(self._pages) < 256:
                self._pages[key] = answer
        return answer

    def _page(self, request: Request, listings: Iterable[Listing]) -> Answer:
        wanted = request.text("lendability")
        if wanted is not None and wanted not in LENDABILITIES:
            raise invalid("lendability", "does not have a valid value")
        items = [
            self._encoded[listing.symbol]
            for listing in listings
            if wanted in {None, lendability(listing, self._market.seed)}
        ]
        per_page = request.whole("per-page", PAGE_SIZE, least=1, most=PAGE_SIZE_MAX)
        offset = request.whole("page-offset", 0, least=0, most=1_000_000)
        return page_answer(request.path, items, per_page=per_page, page_offset=offset)

    def one(self, request: Request) -> Answer:
        """Answer with one equity."""
        symbol = request.parameters["symbol"]
        if symbol not in self._encoded:
            raise not_found(f"equity {symbol}")
        return Answer(200, b'{"data":%b,"context":%b}' % (self._encoded[symbol], encode(request.path)))


def lendability(listing: Listing, seed: int) -> str:
    """Return how easily a name is borrowed; indexes have to have a word for it, too."""
    if listing.is_etf or listing.is_index:
        return EASY_TO_BORROW
    chance = generator(seed, listing.symbol, "lendability").random()
    return LENDABILITIES[0 if chance < 0.94 else 1 if chance < 0.98 else 2]


def equity(listing: Listing, number: int, seed: int) -> dict[str, object]:
    """Return a listing as the wire has it."""
    index = listing.is_index
    return {
        "id": 7001 + number,
        "symbol": listing.symbol,
        "instrument-type": "Equity",
        "short-description": listing.name.upper()[:24],
        "description": f"SIMULATED {listing.name}",
        "is-index": index,
        "is-etf": listing.is_etf,
        "active": True,
        "is-illiquid": False,
        "is-closing-only": False,
        "is-options-closing-only": False,
        "is-fractional-quantity-eligible": not index,
        "listed-market": listing.market,
        "lendability": lendability(listing, seed),
        "borrow-rate": "0.0",
        "market-time-instrument-collection": "Equity",
        "streamer-symbol": listing.symbol,
        "tick-sizes": [{"threshold": "1.0", "value": "0.0001"}, {"value": "0.01"}],
        "option-tick-sizes": option_tick_sizes(listing),
    }


def option_tick_sizes(listing: Listing) -> list[dict[str, str]]:
    """Return the ticks of a name's options: a cent for the most traded, else five cents and ten."""
    if listing.is_etf or (listing.price > 100 and not listing.is_index):
        return [{"value": "0.01"}]
    return [{"threshold": "3.0", "value": "0.05"}, {"value": "0.1"}]
