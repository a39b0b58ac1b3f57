# SPDX-License-Identifier: Apache-2.0
"""
What a person at a broker does: look at accounts, place and end orders, look at markets.

`Broker` is the seam between the command line and whoever executes. It answers with what the broker says
(`Placement`, `PlacedOrder`), so that fees, warnings and ids are not lost on the way; `TradingEngine` is the
narrower protocol of programs that only trade.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from ttapi_core.accounts import Account, Balance, Position
from ttapi_core.errors import DataError
from ttapi_core.orders import Order
from ttapi_core.placements import PlacedOrder, Placement
from ttapi_core.symbols import Symbol
from ttapi_core.values import check_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSnapshot:
    """
    The market of one instrument at one time, as a person wants to see it.

    Parameters
    ----------
    symbol, time
        What, and when one of the prices changed last (UTC).
    bid, ask, bid_size, ask_size
        The best on each side; None where that side is empty, or not told.
    last, last_size, last_trade_at
        The last sale; None where there was none, or not told.
    open, high, low, volume
        Of the day; None where not told.
    previous_close
        Close of the session before; None where not told.
    open_interest
        Of an option or a future; None for others.
    is_halted
        Whether trading is halted.

    Raises
    ------
    ParameterError
        If a field has the wrong type.
    DataError
        If a number is not finite.
    """

    symbol: Symbol
    time: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    last_size: Decimal | None = None
    last_trade_at: datetime | None = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    volume: Decimal | None = None
    previous_close: Decimal | None = None
    open_interest: Decimal | None = None
    is_halted: bool = False

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def change(self) -> Decimal | None:
        """Last price less the close before; None where one of them is not told."""
        if self.last is None or self.previous_close is None:
            return None
        return self.last - self.previous_close

    @property
    def change_fraction(self) -> Decimal | None:
        """The change as a part of the close before; None where it cannot be told."""
        if self.change is None or not self.previous_close:
            return None
        return self.change / self.previous_close


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGap:
    """
    A time for which updates may be missing.

    Parameters
    ----------
    number
        Of the gap, from 1 on.
    cause
        What happened, in words.
    start
        When the last update came before it (UTC); None where it has just been noticed.
    end
        When the first one came after it; None while it lasts.
    """

    number: int
    cause: str
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionStrike:
    """One strike of an expiration: its call and its put; None where there is none."""

    strike: Decimal
    call: Symbol | None = None
    put: Symbol | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionExpiration:
    """
    The options of one underlying and root that end on one day.

    Parameters
    ----------
    root
        The root of their symbols: ``SPXW`` is another than ``SPX``.
    expiration
        The day.
    expiration_type, settlement_type
        ``Regular``, ``Weekly`` and so on, ``AM`` or ``PM``, in the broker's words.
    days_to_expiration
        Calendar days from the broker's date.
    shares_per_contract
        Units of the underlying that one contract delivers.
    strikes
        Ascending.
    """

    root: str
    expiration: date
    expiration_type: str
    settlement_type: str
    days_to_expiration: int
    shares_per_contract: int = 100
    strikes: tuple[OptionStrike, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)


@runtime_checkable
class MarketWatch(Protocol):
    """Markets that are watched; open while the context is entered that `Broker.watch` returns."""

    @property
    def gaps(self) -> int:
        """Gaps so far, the one that lasts among them."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether updates come in: not before the first one, and not during a gap."""
        ...

    @property
    def left_out(self) -> int:
        """Events that could not be read."""
        ...

    def updates(self) -> AsyncGenerator[MarketSnapshot | FeedGap, None]:
        """
        Yield the latest snapshot of an instrument each time it changed, and each gap when it begins and ends.

        A slow reader gets the latest of each instrument, and not every one; gaps are never left out.

        Raises
        ------
        TTError
            If the feed cannot go on.
        """
        ...


@runtime_checkable
class Broker(Protocol):
    """
    Where accounts are, and orders go.

    An instance is opened and used in one event loop.
    """

    @property
    def name(self) -> str:
        """Short name, such as ``tastytrade``."""
        ...

    @property
    def is_real_money(self) -> bool:
        """Whether an order can cost money; whoever places one for a person asks before."""
        ...

    async def accounts(self) -> Sequence[Account]:
        """
        Return the accounts of the customer.

        Raises
        ------
        TTError
            If they cannot be read.
        """
        ...

    async def balance(self, account_number: str) -> Balance:
        """
        Return the money of an account.

        Raises
        ------
        NotFoundError
            If there is no such account.
        """
        ...

    async def positions(
        self, account_number: str, *, refused: dict[str, DataError] | None = None
    ) -> Sequence[Position]:
        """
        Return what an account holds, with marks; what was closed today is left out.

        Parameters
        ----------
        account_number
            The account.
        refused
            Takes, by symbol as written, why a position cannot be read; None raises instead.

        Raises
        ------
        NotFoundError
            If there is no such account.
        DataError
            If a position cannot be read.
        """
        ...

    async def orders(self, account_number: str, *, since: date | None = None) -> Sequence[PlacedOrder]:
        """
        Return the orders of an account, the newest first.

        Parameters
        ----------
        account_number
            The account.
        since
            The first day, inclusive; None for those that were made or changed today.

        Raises
        ------
        NotFoundError
            If there is no such account.
        """
        ...

    async def order(self, account_number: str, order_id: str) -> PlacedOrder:
        """
        Return an order by the broker's id.

        Raises
        ------
        NotFoundError
            If there is no such order.
        """
        ...

    async def dry_run(self, order: Order) -> Placement:
        """
        Ask what an order would do; nothing is placed.

        Raises
        ------
        ParameterError
            If a price or a quantity is none that its instruments take.
        RequestRefusedError
            If the broker would not take it.
        """
        ...

    async def submit(self, order: Order, *, look_first: bool = False) -> Placement:
        """
        Place an order once, also when answers get lost.

        Parameters
        ----------
        order
            The order; its id goes along as external identifier.
        look_first
            Whether it may have been sent before: it is looked for first.

        Raises
        ------
        ParameterError, RequestRefusedError
            As `dry_run`; nothing was placed.
        OrderUnknownError
            If it may have been executed, and could not be looked for.
        TTError
            If the call failed and nothing was placed.
        """
        ...

    async def replace(self, order_id: str, order: Order) -> PlacedOrder:
        """
        Put an order in the place of another, once; the new one has an id of its own.

        Raises
        ------
        ParameterError, RequestRefusedError, OrderUnknownError, TTError
            As `submit`.
        """
        ...

    async def cancel(self, account_number: str, order_id: str) -> PlacedOrder:
        """
        Ask for an order's end; it may be filled before that.

        Raises
        ------
        NotFoundError
            If there is no such order.
        RequestRefusedError
            If it is finished already.
        """
        ...

    async def option_expirations(self, symbol: Symbol) -> Sequence[OptionExpiration]:
        """
        Return the options on an underlying, in order of expiration, root and settlement.

        Raises
        ------
        NotFoundError
            If there are none.
        """
        ...

    async def snapshots(self, symbols: Sequence[Symbol]) -> Sequence[MarketSnapshot]:
        """
        Return the markets of instruments, in their order; those that the broker does not know are left out.

        Raises
        ------
        TTError
            If a call failed, or one cannot be read.
        """
        ...

    def watch(self, symbols: Sequence[Symbol]) -> AbstractAsyncContextManager[MarketWatch]:
        """
        Watch the markets of instruments.

        Raises
        ------
        ParameterError
            If one is not known to the broker.
        TTError
            If the watch cannot begin.
        """
        ...
