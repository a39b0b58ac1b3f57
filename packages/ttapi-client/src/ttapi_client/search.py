# SPDX-License-Identifier: Apache-2.0
"""Searching for instruments by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ttapi_client.parameters import chosen
from ttapi_client.readers import Reader
from ttapi_core import InstrumentType
from ttapi_core.errors import ParameterError

if TYPE_CHECKING:
    from datetime import date

    from ttapi_client.api import Api, RequestTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolHit:
    """
    An instrument that a search found.

    Parameters
    ----------
    symbol, description
        Its name, and what it is in words.
    instrument_type, listed_market, price_increments, trading_hours
        In the broker's words; None where not told.
    options
        Whether there are options on it; None where not told.
    """

    symbol: str
    description: str = ""
    instrument_type: InstrumentType | None = None
    listed_market: str | None = None
    price_increments: str | None = None
    trading_hours: str | None = None
    options: bool | None = None


symbol_hit_of: Final = Reader(SymbolHit)
"""Read a hit; `DataError` if its symbol is missing or a field cannot be read."""


class SearchCalls:
    """The calls that search."""

    _api: Api

    async def search_symbols(self, text: str, *, trace: RequestTrace | None = None) -> list[SymbolHit]:
        """
        Return the instruments whose symbol begins with ``text``; none is no error.

        Raises
        ------
        ParameterError
            If the text is empty.
        DataError
            If a hit cannot be read.
        TTError
            If the call failed.
        """
        if not text.strip():
            raise ParameterError("text", text, "the beginning of a symbol")
        rows = await self._api.items("/symbols/search/{text}", segments={"text": text}, trace=trace)
        return [symbol_hit_of(row) for row in rows]

    async def search_instruments(
        self,
        query: str,
        *,
        category: str | None = None,
        exchange: str | None = None,
        instrument_type: str | None = None,
        since: date | None = None,
        limit: int = 25,
        trace: RequestTrace | None = None,
    ) -> list[SymbolHit]:
        """
        Return the instruments that a query finds, ``limit`` at most.

        Parameters
        ----------
        query
            Words.
        category, exchange, instrument_type, since
            Only those.
        limit
            How many at most.
        trace
            Takes note of the request.

        Raises
        ------
        ParameterError
            If the query is empty or the limit below 1.
        DataError
            If a hit cannot be read.
        TTError
            If the call failed.
        """
        if not query.strip():
            raise ParameterError("query", query, "words to look for")
        if limit < 1:
            raise ParameterError("limit", limit, "at least 1")
        params = chosen(
            {
                "query": query,
                "category": category,
                "exchange": exchange,
                "type": instrument_type,
                "from-date": since,
                "limit": limit,
            }
        )
        rows = await self._api.items("/instruments/search", params=params, trace=trace)
        return [symbol_hit_of(row) for row in rows]
