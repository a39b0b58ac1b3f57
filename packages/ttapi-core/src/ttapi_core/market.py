# SPDX-License-Identifier: Apache-2.0
"""
Market data values: immutable, prices and sizes as `decimal.Decimal`, times in UTC.

A time in another zone is converted to UTC, one without a zone is refused. Prices may be negative (crude oil
was); sizes may not. Analytics use columns of floats instead (see ttapi-polars); these are for exact work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise

from ttapi_core.errors import DataError
from ttapi_core.symbols import Symbol
from ttapi_core.values import check_fields


class AggressorSide(Enum):
    """Who crossed the spread."""

    UNDEFINED = "UNDEFINED"
    BUY = "BUY"
    SELL = "SELL"


def _check_not_negative(owner: object, *names: str) -> None:
    for name in names:
        value = getattr(owner, name)
        if value is not None and value < 0:
            raise DataError(f"{value} is below zero", column=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """
    The best bid and offer at one time.

    Parameters
    ----------
    symbol, time
        What and when (UTC).
    bid, ask
        Best prices; None where that side is empty.
    bid_size, ask_size
        Shares or contracts at those prices; None where not told.

    Raises
    ------
    ParameterError
        If a field has the wrong type.
    DataError
        If a number is not finite or a size is negative.

    Notes
    -----
    A crossed quote (bid above ask) happens between venues and is kept: ask `is_crossed`.
    """

    symbol: Symbol
    time: datetime
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        _check_not_negative(self, "bid_size", "ask_size")

    @property
    def mid(self) -> Decimal | None:
        """The middle of bid and ask; None unless both are there."""
        return _mid(self.bid, self.ask)

    @property
    def spread(self) -> Decimal | None:
        """Ask less bid, negative when crossed; None unless both are there."""
        return _spread(self.bid, self.ask)

    @property
    def is_crossed(self) -> bool:
        """Whether the bid is above the ask."""
        return _is_crossed(self.bid, self.ask)

    @property
    def is_locked(self) -> bool:
        """Whether bid and ask are the same price."""
        return self.bid is not None and self.bid == self.ask


def _mid(bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    return None if bid is None or ask is None else (bid + ask) / 2


def _spread(bid: Decimal | None, ask: Decimal | None) -> Decimal | None:
    return None if bid is None or ask is None else ask - bid


def _is_crossed(bid: Decimal | None, ask: Decimal | None) -> bool:
    return bid is not None and ask is not None and bid > ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """
    One sale.

    Parameters
    ----------
    symbol, time
        What and when (UTC).
    price, size
        Price of one share or contract, and how many.
    exchange_code
        Code of the venue as the feed gives it; empty where not told.
    aggressor_side
        Who crossed the spread.
    extended_hours
        Whether it was made outside the regular session.

    Raises
    ------
    ParameterError
        If a field has the wrong type.
    DataError
        If a number is not finite or the size is negative.
    """

    symbol: Symbol
    time: datetime
    price: Decimal
    size: Decimal
    exchange_code: str = ""
    aggressor_side: AggressorSide = AggressorSide.UNDEFINED
    extended_hours: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        _check_not_negative(self, "size")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """
    Open, high, low and close of one period.

    Parameters
    ----------
    symbol
        What.
    time
        When the period begins (UTC); a daily bar bears 00:00 of its trading day.
    open, high, low, close
        Prices.
    volume, vwap, trade_count
        Shares or contracts, their average price, and the number of trades; None where not told.
    period
        Length as the feed spells it: ``d``, ``5m``, ``h``.
    final
        False while the period runs.

    Raises
    ------
    ParameterError
        If a field has the wrong type.
    DataError
        If a number is not finite, open or close lie outside low to high, or a count is negative.
    """

    symbol: Symbol
    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None
    vwap: Decimal | None = None
    trade_count: int | None = None
    period: str = "d"
    final: bool = True

    def __post_init__(self) -> None:
        check_fields(self)
        _check_not_negative(self, "volume", "trade_count")
        if self.low > self.high:
            raise DataError(f"low {self.low} is above high {self.high}", column="low")
        for name in ("open", "close"):
            price = getattr(self, name)
            if not self.low <= price <= self.high:
                raise DataError(f"{price} is outside low {self.low} to high {self.high}", column=name)

    @property
    def spread(self) -> Decimal:
        """High less low."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class PriceLevel:
    """A price and the size offered there, above zero."""

    price: Decimal
    size: Decimal

    def __post_init__(self) -> None:
        check_fields(self)
        if self.size <= 0:
            raise DataError(f"{self.size} is not above zero", column="size")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """
    The levels of a book at one time, best first.

    Parameters
    ----------
    symbol, time
        What and when (UTC).
    bids
        Levels by strictly falling price.
    asks
        Levels by strictly rising price.

    Raises
    ------
    ParameterError
        If a field has the wrong type.
    DataError
        If the levels are out of order, repeated, or of no size. `of` sorts them.
    """

    symbol: Symbol
    time: datetime
    bids: tuple[PriceLevel, ...] = ()
    asks: tuple[PriceLevel, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        if any(better.price <= worse.price for better, worse in pairwise(self.bids)):
            raise DataError("prices do not fall from level to level", column="bids")
        if any(better.price >= worse.price for better, worse in pairwise(self.asks)):
            raise DataError("prices do not rise from level to level", column="asks")

    @classmethod
    def of(
        cls,
        symbol: Symbol,
        time: datetime,
        *,
        bids: Iterable[tuple[Decimal, Decimal]] = (),
        asks: Iterable[tuple[Decimal, Decimal]] = (),
    ) -> OrderBook:
        """
        Make a book from (price, size) pairs in any order.

        Raises
        ------
        ParameterError, DataError
            As the constructor does; two levels at one price are refused, not added up.
        """
        bid_levels = sorted((PriceLevel(*pair) for pair in bids), key=_price, reverse=True)
        ask_levels = sorted((PriceLevel(*pair) for pair in asks), key=_price)
        return cls(symbol=symbol, time=time, bids=tuple(bid_levels), asks=tuple(ask_levels))

    @property
    def best_bid(self) -> PriceLevel | None:
        """The highest bid; None where there is none."""
        return self.bids[0] if self.bids else None

    @property
    def best_ask(self) -> PriceLevel | None:
        """The lowest ask; None where there is none."""
        return self.asks[0] if self.asks else None

    @property
    def mid(self) -> Decimal | None:
        """The middle of the best prices; None unless both sides are there."""
        return _mid(*self._touch())

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid, negative when crossed; None unless both sides are there."""
        return _spread(*self._touch())

    @property
    def is_crossed(self) -> bool:
        """Whether the best bid is above the best ask."""
        return _is_crossed(*self._touch())

    @property
    def depth(self) -> int:
        """Levels of the deeper side."""
        return max(len(self.bids), len(self.asks))

    def _touch(self) -> tuple[Decimal | None, Decimal | None]:
        bid, ask = self.best_bid, self.best_ask
        return (None if bid is None else bid.price, None if ask is None else ask.price)


def _price(level: PriceLevel) -> Decimal:
    return level.price
