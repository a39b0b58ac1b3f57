# SPDX-License-Identifier: Apache-2.0
"""What is traded: instruments and option contracts, as a broker describes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Final

from ttapi_core.errors import DataError, ParameterError
from ttapi_core.notation import InstrumentKind, OptionType
from ttapi_core.symbols import Symbol
from ttapi_core.values import check_fields

_OPTION_KINDS = (InstrumentKind.EQUITY_OPTION, InstrumentKind.FUTURE_OPTION)


class ExerciseStyle(Enum):
    """When an option may be exercised."""

    AMERICAN = "American"
    EUROPEAN = "European"


class SettlementType(Enum):
    """Which price of the last day settles an option."""

    AM = "AM"
    PM = "PM"


class InstrumentType(Enum):
    """What an instrument is, in the broker's words."""

    EQUITY = "Equity"
    EQUITY_OPTION = "Equity Option"
    FUTURE = "Future"
    FUTURE_OPTION = "Future Option"
    CRYPTOCURRENCY = "Cryptocurrency"
    INDEX = "Index"
    BOND = "Bond"
    WARRANT = "Warrant"
    EQUITY_OFFERING = "Equity Offering"
    CURRENCY_PAIR = "Currency Pair"
    EVENT_CONTRACT = "Event Contract"
    FIXED_INCOME_SECURITY = "Fixed Income Security"
    LIQUIDITY_POOL = "Liquidity Pool"
    UNKNOWN = "Unknown"

    @property
    def kind(self) -> InstrumentKind | None:
        """The kind of symbol that names it; None for those that no symbol names."""
        return _KIND_BY_TYPE.get(self)

    @classmethod
    def of_kind(cls, kind: InstrumentKind) -> InstrumentType:
        """Return the broker's word for a kind; a fund is an equity."""
        return _TYPE_BY_KIND[kind]


_KIND_BY_TYPE: Final = {
    InstrumentType.EQUITY: InstrumentKind.EQUITY,
    InstrumentType.EQUITY_OPTION: InstrumentKind.EQUITY_OPTION,
    InstrumentType.FUTURE: InstrumentKind.FUTURE,
    InstrumentType.FUTURE_OPTION: InstrumentKind.FUTURE_OPTION,
    InstrumentType.CRYPTOCURRENCY: InstrumentKind.CRYPTO,
    InstrumentType.INDEX: InstrumentKind.INDEX,
    InstrumentType.CURRENCY_PAIR: InstrumentKind.FX,
}
_TYPE_BY_KIND: Final = {kind: word for word, kind in _KIND_BY_TYPE.items()} | {
    InstrumentKind.ETF: InstrumentType.EQUITY
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TickSize:
    """The smallest price step below ``threshold``; without a threshold, for all the rest."""

    value: Decimal
    threshold: Decimal | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.value <= 0:
            raise DataError(f"{self.value} is not above zero", column="value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """
    Something that is traded.

    Parameters
    ----------
    symbol, description
        Its name, and what it is in words.
    currency
        Of its prices.
    multiplier
        Units of currency that one unit of price is worth in one contract: 1 for a share, 50 for ``/ES``.
    active
        Whether it is traded at all.
    is_closing_only
        Whether only closing orders are taken.
    listed_market
        Market identifier code of the listing, such as ``XNAS``; None where not told.
    lendability
        How easy it is to borrow, in the broker's words; None where not told.
    tick_sizes
        Price steps by rising threshold; the row without threshold stands last.
    streamer_symbol
        The streamer's name for it, where the broker told.

    Raises
    ------
    ParameterError
        If a field has the wrong type.
    DataError
        If the multiplier is not above zero or the tick sizes are out of order.
    """

    symbol: Symbol
    description: str = ""
    currency: str = "USD"
    multiplier: Decimal = Decimal(1)
    active: bool = True
    is_closing_only: bool = False
    listed_market: str | None = None
    lendability: str | None = None
    tick_sizes: tuple[TickSize, ...] = ()
    streamer_symbol: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.multiplier <= 0:
            raise DataError(f"{self.multiplier} is not above zero", column="multiplier")
        for lower, upper in pairwise(self.tick_sizes):
            last = upper.threshold is None
            if lower.threshold is None or not (last or lower.threshold < (upper.threshold or 0)):
                raise DataError("thresholds do not rise from row to row", column="tick_sizes")

    def tick_size_at(self, price: Decimal) -> Decimal | None:
        """Return the smallest price step at ``price``; None where no row covers it."""
        for tick in self.tick_sizes:
            if tick.threshold is None or price < tick.threshold:
                return tick.value
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionContract:
    """
    One option, on an equity, an index or a future.

    Parameters
    ----------
    symbol
        An option's symbol: expiration, type and strike are read from it.
    underlying
        What it is written on, as the option chain says.
    shares_per_contract
        Units of the underlying that one contract delivers.
    exercise_style, settlement_type
        Terms; None where not told.
    expiration_type
        ``Regular``, ``Weekly``, ``Quarterly`` or another word of the broker.
    active
        Whether it is traded.
    streamer_symbol
        The streamer's name for it, where the broker told.

    Raises
    ------
    ParameterError
        If a field has the wrong type, or the symbol is not an option's.
    DataError
        If ``shares_per_contract`` is below 1.
    """

    symbol: Symbol
    underlying: Symbol
    shares_per_contract: int = 100
    exercise_style: ExerciseStyle | None = None
    settlement_type: SettlementType | None = None
    expiration_type: str = "Regular"
    active: bool = True
    streamer_symbol: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.symbol.kind not in _OPTION_KINDS:
            raise ParameterError("symbol", self.symbol, "the symbol of an option")
        if self.shares_per_contract < 1:
            raise DataError(f"{self.shares_per_contract} is below 1", column="shares_per_contract")

    @property
    def expiration(self) -> date:
        """The day on which it expires."""
        assert self.symbol.expiration is not None
        return self.symbol.expiration

    @property
    def option_type(self) -> OptionType:
        """Call or put."""
        assert self.symbol.option_type is not None
        return self.symbol.option_type

    @property
    def strike(self) -> Decimal:
        """The price at which it may be exercised."""
        assert self.symbol.strike is not None
        return self.symbol.strike

    def days_to_expiration(self, on: date) -> int:
        """Return calendar days from ``on`` to the expiration: 0 on the day itself, negative after it."""
        return (self.expiration - on).days

    def intrinsic_value(self, price: Decimal) -> Decimal:
        """Return what exercising is worth for one unit of the underlying at ``price``; never below zero."""
        gain = price - self.strike if self.option_type is OptionType.CALL else self.strike - price
        return max(gain, Decimal(0))
