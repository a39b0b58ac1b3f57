# SPDX-License-Identifier: Apache-2.0
"""
Whether an order's prices and quantities are such as its instruments take: rules, and where they come from.

A price has to be a multiple of the price step that holds at it. Of several legs, the smallest step of any
counts, since their difference may lie between the steps of each. Where the broker tells no step, none is
demanded. Quantities are whole, save of shares that may be split and of cryptocurrencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Final, Protocol

from ttapi_core import Clock, InstrumentKind, Order, OrderLeg, Symbol, TickSize
from ttapi_core.errors import NotFoundError, ParameterError

if TYPE_CHECKING:
    from ttapi_client.crypto import Cryptocurrency
    from ttapi_client.futures import Future
    from ttapi_client.instruments import Equity, EquityOption

KEPT_S: Final = 3600.0
"""How long the rules of an instrument are believed."""
KEPT_MAX: Final = 4096
FRACTIONAL_MIN: Final = Decimal(5)
"""The least amount of money of an order for parts of a share."""
_DIGITS: Final = 120
_SHARES: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF})


@dataclass(frozen=True, slots=True)
class LegRule:
    """
    What an instrument takes.

    Parameters
    ----------
    ticks
        Price steps by rising threshold; none where the broker tells none.
    decimals
        Digits after the point of a quantity; None for any number.
    """

    ticks: tuple[TickSize, ...] = ()
    decimals: int | None = 0


def check_order(order: Order, rules: Mapping[Symbol, LegRule]) -> None:
    """
    Check an order against what its instruments take.

    Raises
    ------
    ParameterError
        It names ``quantity``, ``price``, ``stop_trigger`` or ``value``.
    """
    for leg in order.legs:
        _check_quantity(leg, rules[leg.symbol])
    _check_amount(order)
    for name in ("price", "stop_trigger"):
        price: Decimal | None = getattr(order, name)
        if price:
            _check_price(name, price, [rules[leg.symbol].ticks for leg in order.legs])


def check_quantities(order: Order) -> None:
    """
    Check what needs no knowledge of the instruments: futures and options come whole.

    Raises
    ------
    ParameterError
        It names ``quantity`` or ``value``.
    """
    for leg in order.legs:
        divisible = leg.symbol.kind in _SHARES or leg.symbol.kind is InstrumentKind.CRYPTO
        _check_quantity(leg, LegRule(decimals=None if divisible else 0))
    _check_amount(order)


def _check_quantity(leg: OrderLeg, rule: LegRule) -> None:
    if leg.quantity is None or rule.decimals is None:
        return
    if not _is_multiple(leg.quantity, Decimal(1).scaleb(-rule.decimals)):
        expected = f"at most {rule.decimals} decimals" if rule.decimals else "a whole number"
        raise ParameterError("quantity", leg.quantity, f"{expected} of {leg.symbol}")


def _check_amount(order: Order) -> None:
    if order.value is not None and order.value < FRACTIONAL_MIN:
        raise ParameterError("value", order.value, f"an amount of at least {FRACTIONAL_MIN}")
    leg = order.legs[0]
    if leg.symbol.kind not in _SHARES or leg.quantity is None or order.price is None:
        return
    if not _is_multiple(leg.quantity, Decimal(1)) and leg.quantity * order.price < FRACTIONAL_MIN:
        raise ParameterError("quantity", leg.quantity, f"parts of shares worth at least {FRACTIONAL_MIN}")


def _check_price(name: str, price: Decimal, tables: list[tuple[TickSize, ...]]) -> None:
    if len(tables) == 1:
        tick = next((row.value for row in tables[0] if row.threshold is None or price < row.threshold), None)
    else:
        tick = min((row.value for table in tables for row in table), default=None)
    if tick is not None and not _is_multiple(price, tick):
        raise ParameterError(name, price, f"a multiple of the price step {tick}")


def _is_multiple(number: Decimal, step: Decimal) -> bool:
    with localcontext(prec=_DIGITS):
        return number % step == 0


class InstrumentSource(Protocol):
    """Tells of instruments what the broker knows."""

    async def equity(self, symbol: str) -> Equity:
        """Return an equity."""
        ...

    async def equity_option(self, symbol: str) -> EquityOption:
        """Return an option on an equity."""
        ...

    async def future(self, symbol: str) -> Future:
        """Return a future."""
        ...

    async def cryptocurrency(self, symbol: str) -> Cryptocurrency:
        """Return a cryptocurrency."""
        ...


class TickRules:
    """
    The rules of instruments, asked for when first needed and kept for an hour.

    Parameters
    ----------
    source
        Tells of instruments.
    clock
        Measures their age.

    Notes
    -----
    Of `KEPT_MAX` instruments at most; the one that was asked for first is forgotten first.
    """

    def __init__(self, source: InstrumentSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._kept: dict[str, tuple[float, LegRule]] = {}

    async def check(self, order: Order) -> None:
        """
        Check an order before it is sent.

        Raises
        ------
        ParameterError
            It names the field that is wrong.
        TTError
            If an instrument is not known, or asking for it failed; nothing was sent.
        """
        check_quantities(order)
        check_order(order, {leg.symbol: await self._rule(leg.symbol) for leg in order.legs})

    async def _rule(self, symbol: Symbol) -> LegRule:
        key = symbol.canonical
        if symbol.kind is InstrumentKind.EQUITY_OPTION:
            key = f"options on {symbol.root}"  # one rule for all options of a root
        if symbol.kind is InstrumentKind.FUTURE_OPTION:
            key = f"options on {symbol.underlying}"
        kept = self._kept.get(key)
        if kept is not None and self._clock.monotonic() - kept[0] < KEPT_S:
            return kept[1]
        rule = await self._asked(symbol)
        self._kept.pop(key, None)
        self._kept[key] = (self._clock.monotonic(), rule)
        if len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]
        return rule

    async def _asked(self, symbol: Symbol) -> LegRule:
        match symbol.kind:
            case InstrumentKind.EQUITY | InstrumentKind.ETF | InstrumentKind.INDEX:
                equity = await self._source.equity(symbol.canonical)
                whole = equity.is_fractional_quantity_eligible is False
                return LegRule(equity.tick_sizes, 0 if whole else None)
            case InstrumentKind.EQUITY_OPTION:
                return LegRule((await self._underlying(symbol)).option_tick_sizes)
            case InstrumentKind.FUTURE:
                future = await self._source.future(symbol.canonical)
                single = () if not future.tick_size else (TickSize(value=future.tick_size),)
                return LegRule(future.tick_sizes or single)
            case InstrumentKind.FUTURE_OPTION:
                return LegRule((await self._source.future(symbol.underlying)).option_tick_sizes)
            case InstrumentKind.CRYPTO:
                return _crypto_rule(await self._source.cryptocurrency(symbol.canonical))
            case _:
                return LegRule()

    async def _underlying(self, symbol: Symbol) -> Equity:
        try:
            return await self._source.equity(symbol.underlying)
        except NotFoundError:
            # The root does not always tell the underlying; the option itself does.
            option = await self._source.equity_option(symbol.canonical)
            return await self._source.equity(option.underlying_symbol)


def _crypto_rule(crypto: Cryptocurrency) -> LegRule:
    decimals = [venue.max_quantity_precision for venue in crypto.destination_venue_symbols]
    told = [number for number in decimals if number is not None]
    ticks = () if not crypto.tick_size else (TickSize(value=crypto.tick_size),)
    return LegRule(ticks, max(told) if told else None)
