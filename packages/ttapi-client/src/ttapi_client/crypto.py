# SPDX-License-Identifier: Apache-2.0
"""Cryptocurrencies, and how finely quantities are counted, as tastytrade writes them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_client.api import check_asked
from ttapi_client.instruments import instrument_row
from ttapi_client.parameters import chosen
from ttapi_client.readers import Reader
from ttapi_client.wire import id_of
from ttapi_core import InstrumentType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttapi_client.api import Api, RequestTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationVenueSymbol:
    """The name of a cryptocurrency at a venue, and the digits after the point that it takes there."""

    symbol: str
    destination_venue: str
    id: str | None = None
    max_quantity_precision: int | None = None
    max_price_precision: int | None = None
    routable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cryptocurrency:
    """
    A cryptocurrency pair.

    Parameters
    ----------
    symbol, streamer_symbol
        Its names for REST and for the stream.
    id, description, short_description
        In the broker's words.
    active, is_closing_only
        Flags.
    tick_size
        The price step; None where not told.
    destination_venue_symbols
        Where it is traded.
    """

    symbol: str
    streamer_symbol: str | None = None
    id: str | None = None
    description: str = ""
    short_description: str = ""
    active: bool = True
    is_closing_only: bool = False
    tick_size: Decimal | None = None
    destination_venue_symbols: tuple[DestinationVenueSymbol, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityPrecision:
    """How many digits after the point the quantity of an instrument has; without a symbol, of its type."""

    instrument_type: InstrumentType
    value: int
    symbol: str | None = None
    minimum_increment_precision: int | None = None


Reader(DestinationVenueSymbol, fields={"id": id_of})
cryptocurrency_of: Final = Reader(Cryptocurrency, fields={"id": id_of})
"""Read a cryptocurrency; `DataError` if its symbol is missing or a field cannot be read."""
quantity_precision_of: Final = Reader(QuantityPrecision)
"""Read a precision; `DataError` if a field is missing or cannot be read."""


class CryptoCalls:
    """The calls about cryptocurrencies and precisions."""

    _api: Api

    async def cryptocurrencies(
        self, symbols: Sequence[str] = (), *, trace: RequestTrace | None = None
    ) -> list[Cryptocurrency]:
        """
        Return all cryptocurrencies, or those of ``symbols``; unknown ones are left out.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        rows = self._api.rows(
            "/instruments/cryptocurrencies",
            params=chosen({"symbol[]": tuple(symbols)}),
            key="symbol",
            check=check_asked(symbols),
            trace=trace,
        )
        return [cryptocurrency_of(row) async for row in rows]

    async def cryptocurrency(self, symbol: str, *, trace: RequestTrace | None = None) -> Cryptocurrency:
        """
        Return one cryptocurrency.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return cryptocurrency_of(await instrument_row(self._api, "cryptocurrencies", symbol, trace))

    async def quantity_precisions(self, *, trace: RequestTrace | None = None) -> list[QuantityPrecision]:
        """
        Return how finely quantities are counted.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        rows = self._api.rows("/instruments/quantity-decimal-precisions", trace=trace)
        return [quantity_precision_of(row) async for row in rows]
