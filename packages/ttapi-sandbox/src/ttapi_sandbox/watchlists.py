# SPDX-License-Identifier: Apache-2.0
"""Watchlists: public ones, pairs, and those that the customer keeps."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from ttapi_sandbox.answers import (
    Answer,
    RefusalError,
    encode,
    invalid,
    items_answer,
    not_found,
    object_answer,
    problem,
)
from ttapi_sandbox.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_sandbox.market import Market
    from ttapi_sandbox.requests import Request
    from ttapi_sandbox.universe import Listing

LISTS_MAX: Final = 500
ENTRIES_MAX: Final = 10_000
NAME_LENGTH_MAX: Final = 200
_DEFAULT_ORDER: Final = 9999
_PAIRS: Final = (("Sandbox Pairs", (("SPY", 1, "QQQ", 1), ("AAPL", 2, "MSFT", 1))),)


class Watchlists:
    """
    Answers with watchlists.

    Parameters
    ----------
    market
        Whose names the public lists hold.
    private
        The customer's lists by name, changed in place.
    on_change
        Called after they changed.
    """

    def __init__(
        self,
        market: Market,
        private: dict[str, dict[str, Any]] | None = None,
        *,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._market = market
        self._private = private if private is not None else {}
        self._on_change = on_change

    def routes(self) -> list[Route]:
        """Return the routes of this noun."""
        return [
            Route("GET", "/public-watchlists", self.all),
            Route("GET", "/public-watchlists/{name}", self.one),
            Route("GET", "/pairs-watchlists", self.all_pairs),
            Route("GET", "/pairs-watchlists/{name}", self.one_pairs),
            Route("GET", "/watchlists", self.all_private),
            Route("POST", "/watchlists", self.create),
            Route("GET", "/watchlists/{name}", self.one_private),
            Route("PUT", "/watchlists/{name}", self.replace),
            Route("DELETE", "/watchlists/{name}", self.delete),
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
        """Answer with every public list, or with how long each is."""
        if request.flag("counts-only"):
            counts = [{"name": name, "entry-count": len(members)} for name, members in self._lists.items()]
            return items_answer(request.path, map(encode, counts))
        return items_answer(request.path, [encode(self._watchlist(name)) for name in self._lists])

    def one(self, request: Request) -> Answer:
        """Answer with one public list."""
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

    def all_pairs(self, request: Request) -> Answer:
        """Answer with every list of pairs."""
        return items_answer(request.path, [encode(self._pairs(number)) for number in range(len(_PAIRS))])

    def one_pairs(self, request: Request) -> Answer:
        """Answer with one list of pairs."""
        for number, (name, _) in enumerate(_PAIRS):
            if name == request.parameters["name"]:
                return object_answer(request.path, self._pairs(number))
        raise not_found(f"pairs watchlist {request.parameters['name']}")

    def _pairs(self, number: int) -> dict[str, Any]:
        name, pairs = _PAIRS[number]
        members = ("left-symbol", "left-quantity", "right-symbol", "right-quantity")
        sides = {"left-action": "Buy to Open", "right-action": "Sell to Open"}
        equations = [dict(zip(members, pair, strict=True)) | sides for pair in pairs]
        return {"name": name, "order-index": number + 1, "pairs-equations": equations}

    def all_private(self, request: Request) -> Answer:
        """Answer with the customer's lists."""
        return items_answer(request.path, map(encode, self._private.values()))

    def one_private(self, request: Request) -> Answer:
        """Answer with one of the customer's lists."""
        return object_answer(request.path, self._found(request))

    def _found(self, request: Request) -> dict[str, Any]:
        name = request.parameters["name"]
        if name not in self._private:
            raise not_found(f"watchlist {name}")
        return self._private[name]

    def create(self, request: Request) -> Answer:
        """Keep a new list."""
        watchlist = _read(request.fields())
        if watchlist["name"] in self._private:
            message = f"A watchlist named {watchlist['name']} exists already"
            raise RefusalError(problem(422, "watchlist_already_exists", message))
        if len(self._private) >= LISTS_MAX:
            raise RefusalError(problem(422, "too_many_watchlists", f"At most {LISTS_MAX} can be kept"))
        self._private[watchlist["name"]] = watchlist
        self._on_change()
        return object_answer(request.path, watchlist, status=201)

    def replace(self, request: Request) -> Answer:
        """Replace one of the customer's lists as a whole; the name can change with it."""
        old = self._found(request)
        watchlist = _read({"name": old["name"], **request.fields()})
        if watchlist["name"] != old["name"] and watchlist["name"] in self._private:
            message = f"A watchlist named {watchlist['name']} exists already"
            raise RefusalError(problem(422, "watchlist_already_exists", message))
        del self._private[old["name"]]
        self._private[watchlist["name"]] = watchlist
        self._on_change()
        return object_answer(request.path, watchlist)

    def delete(self, request: Request) -> Answer:
        """Forget one of the customer's lists, and answer with it."""
        watchlist = self._found(request)
        del self._private[watchlist["name"]]
        self._on_change()
        return object_answer(request.path, watchlist)


def _read(fields: dict[str, Any]) -> dict[str, Any]:
    name = fields.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= NAME_LENGTH_MAX:
        raise invalid("name", f"is not a text of 1 to {NAME_LENGTH_MAX} characters")
    entries = fields.get("watchlist-entries")
    if entries is None:
        entries = []
    if not isinstance(entries, list) or len(entries) > ENTRIES_MAX:
        raise invalid("watchlist-entries", f"is not a list of at most {ENTRIES_MAX}")
    order = fields.get("order-index")
    order = _DEFAULT_ORDER if order is None else order
    if isinstance(order, bool) or not isinstance(order, int):
        raise invalid("order-index", "is not a whole number")
    return {
        "name": name,
        "group-name": str(fields.get("group-name") or "default"),
        "order-index": order,
        "watchlist-entries": [_entry(entry) for entry in entries],
    }


def _entry(entry: object) -> dict[str, str]:
    symbol = entry.get("symbol") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(symbol, str) or not symbol:
        raise invalid("watchlist-entries", "each entry needs a symbol")
    kind = entry.get("instrument-type")
    return {"symbol": symbol} | ({"instrument-type": str(kind)} if kind is not None else {})
