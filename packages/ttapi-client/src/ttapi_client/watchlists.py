# SPDX-License-Identifier: Apache-2.0
"""Watchlists: the customer's, public ones, and pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.readers import Reader
from ttapi_client.wire import id_of, word_of
from ttapi_core import InstrumentType
from ttapi_core.errors import AnswerMismatchError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ttapi_client.api import Api, RequestTrace
    from ttapi_client.wire import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistEntry:
    """An instrument on a watchlist; its symbol is as it was written, None where there is none."""

    symbol: str | None = None
    instrument_type: InstrumentType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """
    A list of instruments.

    Parameters
    ----------
    name
        Of the list.
    watchlist_entries
        In order.
    group_name, order_index, cms_id
        How lists are put in order; None where not told.
    """

    name: str
    watchlist_entries: tuple[WatchlistEntry, ...] = ()
    group_name: str | None = None
    order_index: int | None = None
    cms_id: str | None = None

    @property
    def symbols(self) -> list[str]:
        """The symbols of its entries, in order, as they were written."""
        return [entry.symbol for entry in self.watchlist_entries if entry.symbol]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two instruments that are traded against each other."""

    left_symbol: str
    right_symbol: str
    left_action: str | None = None
    left_quantity: int | None = None
    right_action: str | None = None
    right_quantity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairsWatchlist:
    """A list of pairs."""

    name: str
    order_index: int | None = None
    pairs_equations: tuple[Pair, ...] = ()


watchlist_of: Final = Reader(Watchlist, fields={"name": word_of, "cms_id": id_of})
"""Read a watchlist; `DataError` if its name is missing or a field cannot be read."""
pairs_watchlist_of: Final = Reader(PairsWatchlist, fields={"name": word_of})
"""Read a list of pairs; `DataError` if a name is missing or a field cannot be read."""


def _body(watchlist: Watchlist) -> dict[str, Any]:
    if not watchlist.name.strip():
        raise ParameterError("name", watchlist.name, "the name of a watchlist")
    entries: list[dict[str, str]] = []
    for entry in watchlist.watchlist_entries:
        if not entry.symbol:
            raise ParameterError("symbol", entry.symbol, "the symbol of an entry")
        kind = {} if entry.instrument_type is None else {"instrument-type": entry.instrument_type.value}
        entries.append({"symbol": entry.symbol, **kind})
    body: dict[str, Any] = {"name": watchlist.name, "watchlist-entries": entries}
    if watchlist.group_name is not None:
        body["group-name"] = watchlist.group_name
    if watchlist.order_index is not None:
        body["order-index"] = watchlist.order_index
    return body


def _named(name: str) -> Callable[[Row], None]:
    def check(row: Row) -> None:
        if row.get("name") != name:
            raise AnswerMismatchError(
                f"watchlist {row.get('name')!r:.40} was answered where {name!r:.40} was asked for"
            )

    return check


class WatchlistCalls:
    """The calls about watchlists."""

    _api: Api

    async def watchlists(self, *, trace: RequestTrace | None = None) -> list[Watchlist]:
        """
        Return the customer's watchlists.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If the call failed.
        """
        return [watchlist_of(row) for row in await self._api.items("/watchlists", trace=trace)]

    async def watchlist(self, name: str, *, trace: RequestTrace | None = None) -> Watchlist:
        """
        Return one of the customer's watchlists.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If there is none of that name.
        """
        return await self._one("/watchlists/{name}", name, trace)

    async def create_watchlist(self, watchlist: Watchlist, *, trace: RequestTrace | None = None) -> Watchlist:
        """
        Make a watchlist and return it as the broker keeps it.

        Raises
        ------
        ParameterError
            If it has no name, or an entry no symbol.
        RequestRefusedError
            If the broker does not take it.
        """
        row = await self._api.data("/watchlists", method="POST", json=_body(watchlist), trace=trace)
        return watchlist_of(row)

    async def replace_watchlist(
        self, name: str, watchlist: Watchlist, *, trace: RequestTrace | None = None
    ) -> Watchlist:
        """
        Put another watchlist, as a whole, in the place of the one of that name.

        Raises
        ------
        ParameterError
            If it has no name, or an entry no symbol.
        NotFoundError
            If there is none of that name.
        """
        row = await self._api.data(
            "/watchlists/{name}",
            method="PUT",
            segments={"name": name},
            json=_body(watchlist),
            trace=trace,
        )
        return watchlist_of(row)

    async def delete_watchlist(self, name: str, *, trace: RequestTrace | None = None) -> None:
        """
        Remove a watchlist.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        await self._api.touch("DELETE", "/watchlists/{name}", segments={"name": name}, trace=trace)

    async def public_watchlist(self, name: str, *, trace: RequestTrace | None = None) -> Watchlist:
        """
        Return a public watchlist.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If there is none of that name.
        """
        return await self._one("/public-watchlists/{name}", name, trace)

    async def public_watchlists(
        self, *, counts_only: bool = False, trace: RequestTrace | None = None
    ) -> list[Watchlist]:
        """
        Return the public watchlists; with ``counts_only`` without their entries.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If the call failed.
        """
        params = {"counts-only": True} if counts_only else None
        rows = await self._api.items("/public-watchlists", params=params, trace=trace)
        return [watchlist_of(row) for row in rows]

    async def pairs_watchlists(self, *, trace: RequestTrace | None = None) -> list[PairsWatchlist]:
        """
        Return the lists of pairs.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If the call failed.
        """
        return [pairs_watchlist_of(row) for row in await self._api.items("/pairs-watchlists", trace=trace)]

    async def pairs_watchlist(self, name: str, *, trace: RequestTrace | None = None) -> PairsWatchlist:
        """
        Return one list of pairs.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If there is none of that name.
        """
        row = await self._api.data(
            "/pairs-watchlists/{name}", segments={"name": name}, check=_named(name), trace=trace
        )
        return pairs_watchlist_of(row)

    async def _one(self, template: str, name: str, trace: RequestTrace | None) -> Watchlist:
        row = await self._api.data(template, segments={"name": name}, check=_named(name), trace=trace)
        return watchlist_of(row)
