# SPDX-License-Identifier: Apache-2.0
"""tastytrade as a `Broker`: what a person at a terminal asks, put together from the calls of the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from ttapi_client.decimals import exact
from ttapi_client.link import require_stream_extra
from ttapi_core import (
    InstrumentKind,
    MarketSnapshot,
    OptionExpiration,
    OptionStrike,
    ParameterError,
    Symbol,
    SystemClock,
)
from ttapi_core.errors import DataError, SymbolError

if TYPE_CHECKING:
    from ttapi_client.futures import FutureChainExpiration
    from ttapi_client.market_data import MarketData
    from ttapi_client.market_watch import FeedWatch
    from ttapi_client.option_chains import ChainExpiration, ChainStrike, OptionChain
    from ttapi_client.tastytrade import TastytradeClient
    from ttapi_core import Account, Balance, Clock, Order, PlacedOrder, Placement, Position

_PLAIN: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF})
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
UNITS_PER_FUTURE_OPTION: Final = 1
"""An option on a future delivers one future."""


class TastytradeBroker:
    """
    A `Broker` over the tastytrade API.

    Parameters
    ----------
    api
        Its calls; what sends them is not closed here.
    name
        Short name.
    is_real_money
        Whether an order can cost money.
    clock
        Tells the time and waits.
    """

    def __init__(
        self, api: TastytradeClient, *, name: str, is_real_money: bool, clock: Clock | None = None
    ) -> None:
        self._api = api
        self._name = name
        self._is_real_money = is_real_money
        self._clock: Clock = clock if clock is not None else SystemClock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self._name!r}, is_real_money={self._is_real_money})"

    @property
    def name(self) -> str:
        """Short name."""
        return self._name

    @property
    def is_real_money(self) -> bool:
        """Whether an order can cost money."""
        return self._is_real_money

    async def accounts(self) -> list[Account]:
        """Return the accounts of the customer; raises `TTError`."""
        return await self._api.accounts()

    async def balance(self, account_number: str) -> Balance:
        """Return the money of an account; raises `TTError`."""
        return await self._api.balance(account_number)

    async def positions(
        self, account_number: str, *, refused: dict[str, DataError] | None = None
    ) -> list[Position]:
        """Return what an account holds, with marks; raises `TTError`."""
        held = await self._api.positions(account_number, include_marks=True, refused=refused)
        return [position for position in held if position.quantity]

    async def orders(self, account_number: str, *, since: date | None = None) -> list[PlacedOrder]:
        """Return the orders of today, or from a day on, the newest first; raises `TTError`."""
        if since is not None:
            return [order async for order in self._api.orders(account_number, first=since)]
        orders = await self._api.live_orders(account_number)
        return sorted(orders, key=lambda order: order.received_at or _FIRST, reverse=True)

    async def order(self, account_number: str, order_id: str) -> PlacedOrder:
        """Return an order; raises `TTError`."""
        return await self._api.order(account_number, order_id)

    async def dry_run(self, order: Order) -> Placement:
        """Ask what an order would do; raises `TTError`."""
        return await self._api.dry_run_order(order)

    async def submit(self, order: Order, *, look_first: bool = False) -> Placement:
        """Place an order once; raises `TTError`."""
        return await self._api.submit_order(order, look_first=look_first)

    async def replace(self, order_id: str, order: Order) -> PlacedOrder:
        """Put an order in the place of another, once; raises `TTError`."""
        return await self._api.replace_order(order_id, order)

    async def cancel(self, account_number: str, order_id: str) -> PlacedOrder:
        """Ask for an order's end; raises `TTError`."""
        return await self._api.cancel_order(account_number, order_id)

    async def option_expirations(self, symbol: Symbol) -> list[OptionExpiration]:
        """
        Return the options on an equity, an index or a future; raises `TTError`.

        Raises
        ------
        ParameterError
            If it is none of these.
        """
        if symbol.kind is InstrumentKind.FUTURE:
            chain = await self._api.nested_future_option_chain(symbol.root)
            found = [
                _future_expiration(subchain.root_symbol, row)
                for subchain in chain.option_chains
                for row in subchain.expirations
                if row.underlying_symbol == symbol.canonical
            ]
        elif symbol.kind in {*_PLAIN, InstrumentKind.INDEX}:
            chains = await self._api.nested_option_chain(symbol.canonical)
            found = [_expiration(chain, row) for chain in chains for row in chain.expirations]
        else:
            raise ParameterError("symbol", symbol, "an equity, an index or a future")
        return sorted(found, key=lambda row: (row.expiration, row.root, row.settlement_type))

    async def snapshots(self, symbols: Sequence[Symbol]) -> list[MarketSnapshot]:
        """Return markets in the order of their symbols; unknown ones are left out; raises `TTError`."""
        found = {row.symbol: row for row in await self._api.market_data(map(str, symbols))}
        missing = [s.canonical for s in symbols if s.canonical not in found and s.kind in _PLAIN]
        if missing:
            # An index looks like an equity, and is another type to ask for.
            more = await self._api.market_data(missing, kind=InstrumentKind.INDEX)
            found |= {row.symbol: row for row in more}
        return [snapshot_of(s, found[s.canonical]) for s in symbols if s.canonical in found]

    @asynccontextmanager
    async def watch(self, symbols: Sequence[Symbol]) -> AsyncIterator[FeedWatch]:
        """
        Watch the markets of instruments.

        Raises
        ------
        ParameterError
            If one is not known to the broker.
        MissingExtraError
            If the extra ``stream`` is not installed.
        TTError
            If the watch cannot begin.
        """
        # They need the extra ``stream``; the rest of a broker does not.
        require_stream_extra()
        from ttapi_client.dxlink_feed import MarketFeed  # noqa: PLC0415 - as said
        from ttapi_client.market_watch import FeedWatch  # noqa: PLC0415 - as said

        first = await self.snapshots(symbols)
        known = {snapshot.symbol for snapshot in first}
        for symbol in symbols:
            if symbol not in known:
                raise ParameterError("symbol", symbol, "an instrument that the broker knows")
        by_streamer = {await self._streamer(snapshot.symbol): snapshot for snapshot in first}
        async with MarketFeed(self._api.quote_token, clock=self._clock) as feed:
            watch = FeedWatch(feed, by_streamer, self._clock)
            feed.add(watch.subscriptions())
            tasks = [
                asyncio.create_task(watch.read(), name="watch-reader"),
                asyncio.create_task(watch.look(), name="watch-gaps"),
            ]
            try:
                yield watch
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _streamer(self, symbol: Symbol) -> str:
        # The exchange of a future is a part of its name there, and the API knows more of them than we do.
        told = None
        if symbol.kind is InstrumentKind.FUTURE:
            told = (await self._api.future(symbol.canonical)).streamer_symbol
        elif symbol.kind is InstrumentKind.FUTURE_OPTION:
            told = (await self._api.future_option(symbol.canonical)).streamer_symbol
        return told or symbol.streamer


def snapshot_of(symbol: Symbol, row: MarketData) -> MarketSnapshot:
    """
    Return a quote of the API as a snapshot.

    Raises
    ------
    DataError
        If a number is out of bounds.
    """
    return MarketSnapshot(
        symbol=symbol,
        time=row.quoted_at,
        bid=exact(row.bid),
        ask=exact(row.ask),
        bid_size=exact(row.bid_size),
        ask_size=exact(row.ask_size),
        last=exact(row.last),
        last_trade_at=row.last_trade_at,
        open=exact(row.open),
        high=exact(row.high),
        low=exact(row.low),
        volume=exact(row.volume),
        previous_close=exact(row.prev_close),
        open_interest=exact(row.open_interest),
        is_halted=row.is_halted,
    )


def _expiration(chain: OptionChain, row: ChainExpiration) -> OptionExpiration:
    return OptionExpiration(
        root=chain.root,
        expiration=row.expiration_date,
        expiration_type=row.expiration_type,
        settlement_type=row.settlement_type,
        days_to_expiration=row.days_to_expiration,
        shares_per_contract=chain.shares_per_contract,
        strikes=tuple(_strike(strike) for strike in row.strikes),
    )


def _future_expiration(root: str, row: FutureChainExpiration) -> OptionExpiration:
    return OptionExpiration(
        root=row.option_root_symbol or root,
        expiration=row.expiration_date,
        expiration_type=row.expiration_type or "",
        settlement_type=row.settlement_type or "",
        days_to_expiration=row.days_to_expiration or 0,
        shares_per_contract=UNITS_PER_FUTURE_OPTION,
        strikes=tuple(sorted(map(_strike, row.strikes), key=lambda strike: strike.strike)),
    )


def _strike(row: ChainStrike) -> OptionStrike:
    return OptionStrike(strike=row.strike, call=_option(row.call, "call"), put=_option(row.put, "put"))


def _option(text: str, column: str) -> Symbol | None:
    try:
        return Symbol.parse(text) if text else None
    except SymbolError as exc:
        raise DataError(exc.message, column=column) from exc
