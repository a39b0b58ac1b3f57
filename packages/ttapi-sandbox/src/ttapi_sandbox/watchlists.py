# SPDX-License-Identifier: Apache-2.0
"""Public watchlists: the whole universe, its funds, and one a sector."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ttapi_sandbox.answers import Answer, encode, items_answer, not_found, object_answer
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from ttapi_sandbox.market import Market
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.universe import Listing


class Watchlists:
    """Answers with public watchlists."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/public-watchlists", self.all),
            Route("GET", "/public-watchlists/{name}", self.one),
        ]

    @cached_property
    def _lists(self) -> dict[str, list[Listing]]:
        listings = self._market.listings
        found = {f"Sandbox {len(listings)}": list(listings)}
        found["Sandbox ETFs"] = [listing for listing in listings if listing.is_etf]
        for sector in sorted({listing.sector for listing in listings}):
            found[f"Sandbox {sector}"] = [
                listing for listing in listings if (listing.sector, listing.is_etf) == (sector, False)
            ]
        return {name: members for name, members in found.items() if members}

    def all(self, request: Request) -> Answer:
        """Answer with every list, or with how long each is."""
        if request.flag("counts-only"):
            counts = [{"name": name, "entry-count": len(members)} for name, members in self._lists.items()]
            return items_answer(request.path, map(encode, counts))
        return items_answer(request.path, [encode(self._watchlist(name)) for name in self._lists])

    def one(self, request: Request) -> Answer:
        """Answer with one list."""
        name = request.parameters["name"]
        if name not in self._lists:
            raise not_found(f"public watchlist {name}")
        return object_answer(request.path, self._watchlist(name))

    def _watchlist(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "group-name": "SIMULATED",
            "order-index": 1 + list(self._lists).index(name),
            "watchlist-entries": [
                {"symbol": listing.symbol, "instrument-type": "Equity"} for listing in self._lists[name]
            ],
        }
