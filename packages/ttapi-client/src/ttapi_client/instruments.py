# SPDX-License-Identifier: Apache-2.0
"""Equities, options on them, warrants and currency pairs, as tastytrade writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ttapi_client.api import check_asked, check_symbols
from ttapi_client.readers import Reader
from ttapi_client.wire import (
    Row,
    decimal_of,
    id_of,
    money_of,
    text_of,
    time_of,
    unreadable,
    word_of,
)
from ttapi_core import OptionType, TickSize
from ttapi_core.errors import DataError, DecodeError

if TYPE_CHECKING:
    from ttapi_client.api import Api, RequestTrace

QUERY_BYTES_MAX: Final = 6000
"""Symbols in the query of one call take no more than this."""
SHARES_PER_CONTRACT: Final = 100
"""Where a chain does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """
    A share, a fund or an index.

    Parameters
    ----------
    symbol, streamer_symbol
        Its names for REST and for the stream.
    description
        As the broker words it.
    instrument_type
        The broker's word, ``Equity`` for indexes too.
    is_etf, is_index, active, is_closing_only
        Flags; an inactive one is not traded any more.
    listed_market
        MIC of its home exchange; None where not told.
    lendability
        ``Easy To Borrow``, ``Locate Required`` or ``Preborrow``; None where not told.
    has_options
        Whether the broker gives tick sizes of its options; None where it says nothing of them.
    id, short_description, cusip, market_time_instrument_collection
        In the broker's words; None where not told.
    is_illiquid, is_options_closing_only, is_fractional_quantity_eligible
        Flags; the last is None where not told.
    borrow_rate
        Of a short position; None where not told.
    halted_at, stops_trading_at
        Times (UTC); None where there are none.
    tick_sizes, option_tick_sizes
        Price steps of the share and of options on it, by rising threshold.
    """

    symbol: str
    streamer_symbol: str
    description: str = ""
    instrument_type: str = "Equity"
    is_etf: bool = False
    is_index: bool = False
    active: bool = True
    is_closing_only: bool = False
    listed_market: str | None = None
    lendability: str | None = None
    has_options: bool | None = None
    id: str | None = None
    short_description: str | None = None
    cusip: str | None = None
    market_time_instrument_collection: str | None = None
    is_illiquid: bool = False
    is_options_closing_only: bool = False
    is_fractional_quantity_eligible: bool | None = None
    borrow_rate: Decimal | None = None
    halted_at: datetime | None = None
    stops_trading_at: datetime | None = None
    tick_sizes: tuple[TickSize, ...] = ()
    option_tick_sizes: tuple[TickSize, ...] = ()


def tick_sizes_of(row: Row, member: str) -> tuple[TickSize, ...]:
    """
    Read price steps, by rising threshold, the one without a threshold last.

    Raises
    ------
    DataError
        If a step is missing, is not above zero, or is no finite decimal number.
    """
    value = row.get(member)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise unreadable(member, value, "list")
    if not all(isinstance(item, dict) for item in value):
        raise unreadable(member, next(item for item in value if not isinstance(item, dict)), "price step")
    pairs = tuple((item.get("value"), item.get("threshold")) for item in value)
    # Nearly all instruments have one of a few tables; as texts, equal ones are the same.
    is_text = all(isinstance(step, str) and isinstance(end, str | None) for step, end in pairs)
    return _known_table(pairs) if is_text else _table(pairs)


def _table(pairs: tuple[tuple[object, object], ...]) -> tuple[TickSize, ...]:
    rows = ({"value": step, "threshold": end} for step, end in pairs)
    steps = (TickSize(value=money_of(row, "value"), threshold=decimal_of(row, "threshold")) for row in rows)
    return tuple(sorted(steps, key=_threshold))


_known_table = lru_cache(maxsize=1024)(_table)


def _threshold(step: TickSize) -> Decimal:
    return Decimal("Infinity") if step.threshold is None else step.threshold


def _has_options(row: Row, _member: str) -> bool | None:
    return None if (ticks := row.get("option-tick-sizes")) is None else bool(ticks)


def _streamer_symbol(row: Row, member: str) -> str:
    return text_of(row, member) or word_of(row, "symbol")


def _halted_at(row: Row, member: str) -> datetime | None:
    # -1 and 0 in epoch milliseconds stand for "never".
    value = row.get(member)
    return None if value in (-1, 0) else time_of(row, member)


_shape_of_equity: Final = Reader(
    Equity,
    fields={
        "symbol": word_of,
        "streamer_symbol": _streamer_symbol,
        "has_options": _has_options,
        "id": id_of,
        "halted_at": _halted_at,
        "stops_trading_at": _halted_at,
        "tick_sizes": tick_sizes_of,
        "option_tick_sizes": tick_sizes_of,
    },
)


def equity_of(row: Row) -> Equity:
    """
    Read an equity.

    Raises
    ------
    DataError
        If its symbol is missing or a field cannot be read.
    """
    return _shape_of_equity(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityOption:
    """
    An option on an equity or an index.

    Parameters
    ----------
    symbol, streamer_symbol
        Its names for REST and for the stream.
    underlying_symbol, root_symbol
        What it is written on.
    expiration_date, option_type, strike_price
        Which one.
    exercise_style, option_chain_type, expiration_type, settlement_type, listed_market, \
market_time_instrument_collection
        In the broker's words; None where not told.
    shares_per_contract
        Units of the underlying that one contract delivers.
    days_to_expiration, stops_trading_at, expires_at, halted_at
        When it ends; None where not told.
    active, is_closing_only
        Flags.
    """

    symbol: str
    underlying_symbol: str
    expiration_date: date
    option_type: OptionType
    strike_price: Decimal
    root_symbol: str | None = None
    streamer_symbol: str | None = None
    exercise_style: str | None = None
    option_chain_type: str = "Standard"
    expiration_type: str | None = None
    settlement_type: str | None = None
    listed_market: str | None = None
    market_time_instrument_collection: str | None = None
    shares_per_contract: int = SHARES_PER_CONTRACT
    days_to_expiration: int | None = None
    stops_trading_at: datetime | None = None
    expires_at: datetime | None = None
    halted_at: datetime | None = None
    active: bool = True
    is_closing_only: bool = False


equity_option_of: Final = Reader(EquityOption, fields={"halted_at": _halted_at})
"""Read an option; `DataError` if a field is missing or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrant:
    """A warrant."""

    symbol: str
    description: str = ""
    listed_market: str | None = None
    cusip: str | None = None
    active: bool = True
    is_closing_only: bool = False


warrant_of: Final = Reader(Warrant)
"""Read a warrant; `DataError` if its symbol is missing or a field cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyPair:
    """Two currencies; ``dx_symbol`` is its name for the stream, None where not told."""

    symbol: str
    description: str = ""
    dx_symbol: str | None = None
    id: str | None = None


currency_pair_of: Final = Reader(CurrencyPair, fields={"id": id_of})
"""Read a currency pair; `DataError` if its symbol is missing or a field cannot be read."""


def check_one(symbol: str, member: str = "symbol") -> Callable[[Row], None]:
    """Return a check that an object is the one that was asked for."""

    def check(row: Row) -> None:
        check_symbols((row,), frozenset({symbol}), field_name=member)

    return check


async def instrument_row(api: Api, kind: str, symbol: str, trace: RequestTrace | None) -> Row:
    """Ask for one instrument of a kind, by its symbol; in a path, futures stand without their slash."""
    return await api.data(
        f"/instruments/{kind}/{{symbol}}",
        segments={"symbol": symbol.removeprefix("/")},
        check=check_one(symbol),
        trace=trace,
    )


def chunks(symbols: Iterable[str], size: int) -> Iterator[list[str]]:
    """Split symbols into lists of at most ``size``."""
    chunk: list[str] = []
    for symbol in symbols:
        chunk.append(symbol)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def chunks_by_length(symbols: Iterable[str]) -> Iterator[list[str]]:
    """Split symbols into lists that fit into the query of one call."""
    chunk: list[str] = []
    length = 0
    for symbol in symbols:
        symbol_length = len("symbol%5B%5D=&") + len(quote(symbol, safe=""))
        if chunk and length + symbol_length > QUERY_BYTES_MAX:
            yield chunk
            chunk, length = [], 0
        chunk.append(symbol)
        length += symbol_length
    if chunk:
        yield chunk


def _check_named(items: list[Row]) -> None:
    if not all(isinstance(item.get("symbol"), str) for item in items):
        raise DecodeError("an instrument without a symbol")


class InstrumentCalls:
    """The calls about equities, options on them, warrants and currency pairs."""

    _api: Api

    def active_equities(self, *, trace: RequestTrace | None = None) -> AsyncIterator[Equity]:
        """
        Yield every equity, fund and index that is traded, page by page.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        rows = self._api.rows("/instruments/equities/active", key="symbol", check=_check_named, trace=trace)
        return self._equities(rows)

    async def equities(
        self, symbols: Iterable[str], *, trace: RequestTrace | None = None
    ) -> AsyncIterator[Equity]:
        """
        Yield the equities, funds and indexes of these symbols, in as few calls as their length allows.

        Unknown symbols are left out.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        for chunk in chunks_by_length(symbols):
            async for equity in self.equities_of_chunk(chunk, trace=trace):
                yield equity

    def equities_of_chunk(
        self,
        symbols: Sequence[str],
        *,
        refused: dict[str, DataError] | None = None,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[Equity]:
        """
        Yield the equities of the symbols of one call; see `equities` and `chunks_by_length`.

        Parameters
        ----------
        symbols
            As many as a query holds.
        refused
            Takes, by symbol, why one cannot be read; None raises instead.
        trace
            Takes note of the requests.
        """
        rows = self._api.rows(
            "/instruments/equities",
            params={"symbol[]": list(symbols)},
            key="symbol",
            check=check_asked(symbols),
            trace=trace,
        )
        return self._equities(rows, refused)

    async def _equities(
        self, rows: AsyncIterator[Row], refused: dict[str, DataError] | None = None
    ) -> AsyncIterator[Equity]:
        async for row in rows:
            try:
                equity = equity_of(row)
            except DataError as exc:
                if refused is None:
                    raise
                refused[str(row.get("symbol"))] = exc
            else:
                yield equity

    async def equity(self, symbol: str, *, trace: RequestTrace | None = None) -> Equity:
        """
        Return one equity, fund or index.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return equity_of(await instrument_row(self._api, "equities", symbol, trace))

    async def equity_option(self, symbol: str, *, trace: RequestTrace | None = None) -> EquityOption:
        """
        Return one option by its symbol of 21 characters.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return equity_option_of(await instrument_row(self._api, "equity-options", symbol, trace))

    async def equity_options(
        self, symbols: Iterable[str], *, trace: RequestTrace | None = None
    ) -> AsyncIterator[EquityOption]:
        """
        Yield options by their symbols, in as few calls as their length allows; unknown ones are left out.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed; some environments refuse this one.
        """
        for chunk in chunks_by_length(symbols):
            async for row in self._api.rows(
                "/instruments/equity-options",
                params={"symbol[]": chunk},
                key="symbol",
                check=check_asked(chunk),
                trace=trace,
            ):
                yield equity_option_of(row)

    async def warrants(
        self, symbols: Sequence[str] = (), *, trace: RequestTrace | None = None
    ) -> list[Warrant]:
        """
        Return all warrants, or those of ``symbols``; unknown ones are left out.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        params = {"symbol[]": list(symbols)} if symbols else None
        rows = self._api.rows("/instruments/warrants", params=params, key="symbol", trace=trace)
        return [warrant_of(row) async for row in rows]

    async def warrant(self, symbol: str, *, trace: RequestTrace | None = None) -> Warrant:
        """
        Return one warrant.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return warrant_of(await instrument_row(self._api, "warrants", symbol, trace))

    async def currency_pairs(self, *, trace: RequestTrace | None = None) -> list[CurrencyPair]:
        """
        Return the currency pairs.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        rows = self._api.rows("/instruments/currency-pairs", key="symbol", trace=trace)
        return [currency_pair_of(row) async for row in rows]
