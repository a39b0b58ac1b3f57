# SPDX-License-Identifier: Apache-2.0
"""Search for symbols by how they begin."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ttapi_sandbox.answers import Answer, encode, items_answer
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market
    from ttapi_sandbox.requests import Request

HITS_MAX: Final = 50


class SymbolSearch:
    """Answers to searches."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [Route("GET", "/symbols/search/{text}", self.search)]

    @cached_property
    def _symbols(self) -> list[str]:
        return sorted(self._market.by_symbol)

    def search(self, request: Request) -> Answer:
        """Answer with the symbols that begin with a text, the shortest first; none is no error."""
        text = request.parameters["text"].upper()
        hits = sorted((symbol for symbol in self._symbols if symbol.startswith(text)), key=len)
        return items_answer(request.path, [encode(self._hit(symbol)) for symbol in hits[:HITS_MAX]])

    def _hit(self, symbol: str) -> dict[str, object]:
        listing = self._market.by_symbol[symbol]
        return {
            "symbol": symbol,
            "description": f"SIMULATED {listing.name}",
            "listed-market": listing.market,
            "price-increments": "0.01",
            "trading-hours": "09:30-16:00 America/New_York",
            "options": True,
            "instrument-type": "Index" if listing.is_index else "Equity",
        }
