# SPDX-License-Identifier: Apache-2.0
"""
Orders and fills, in the broker's words; quantities and prices are `decimal.Decimal`.

::

    Received → Routed → In Flight → Live → Filled
                            ↑         ├→ Cancel Requested → Cancelled
    Contingent ─────────────┘         ├→ Replace Requested → Cancelled
                                      └→ Expired, Rejected, Removed, Partially Removed

A final status is never left: `Order.with_status` refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Final
from uuid import UUID, uuid4

from ttapi_core.errors import ParameterError
from ttapi_core.instruments import InstrumentType
from ttapi_core.notation import InstrumentKind
from ttapi_core.symbols import Symbol
from ttapi_core.values import check_fields


class OrderType(Enum):
    """How the price of an order is found."""

    LIMIT = "Limit"
    MARKET = "Market"
    MARKETABLE_LIMIT = "Marketable Limit"
    STOP = "Stop"
    STOP_LIMIT = "Stop Limit"
    NOTIONAL_MARKET = "Notional Market"


class TimeInForce(Enum):
    """How long an order stands."""

    DAY = "Day"
    GTC = "GTC"
    GTD = "GTD"
    EXT = "Ext"
    EXT_OVERNIGHT = "Ext Overnight"
    GTC_EXT = "GTC Ext"
    GTC_EXT_OVERNIGHT = "GTC Ext Overnight"
    IOC = "IOC"


class OrderAction(Enum):
    """What is done with an instrument; futures know ``Buy`` and ``Sell`` alone."""

    BUY_TO_OPEN = "Buy to Open"
    BUY_TO_CLOSE = "Buy to Close"
    SELL_TO_OPEN = "Sell to Open"
    SELL_TO_CLOSE = "Sell to Close"
    BUY = "Buy"
    SELL = "Sell"

    @property
    def is_buy(self) -> bool:
        """Whether the quantity held grows."""
        return self in {OrderAction.BUY_TO_OPEN, OrderAction.BUY_TO_CLOSE, OrderAction.BUY}


class PriceEffect(Enum):
    """Whether money is paid or received."""

    DEBIT = "Debit"
    CREDIT = "Credit"


class OrderStatus(Enum):
    """Where an order stands."""

    RECEIVED = "Received"
    ROUTED = "Routed"
    IN_FLIGHT = "In Flight"
    CONTINGENT = "Contingent"
    LIVE = "Live"
    CANCEL_REQUESTED = "Cancel Requested"
    REPLACE_REQUESTED = "Replace Requested"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"
    REJECTED = "Rejected"
    REMOVED = "Removed"
    PARTIALLY_REMOVED = "Partially Removed"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing will happen to the order any more."""
        return self in _TERMINAL

    @property
    def is_working(self) -> bool:
        """Whether the order may be filled at the market now."""
        return self in _WORKING


_WORKING: Final = frozenset({OrderStatus.LIVE, OrderStatus.CANCEL_REQUESTED, OrderStatus.REPLACE_REQUESTED})
_TERMINAL: Final = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
        OrderStatus.REMOVED,
        OrderStatus.PARTIALLY_REMOVED,
    }
)
_PRICED: Final = frozenset({OrderType.LIMIT, OrderType.MARKETABLE_LIMIT, OrderType.STOP_LIMIT})
_STOPPED: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_STANDING: Final = frozenset(
    {TimeInForce.GTC, TimeInForce.GTD, TimeInForce.GTC_EXT, TimeInForce.GTC_EXT_OVERNIGHT}
)
_OPTION_KINDS: Final = frozenset({InstrumentKind.EQUITY_OPTION, InstrumentKind.FUTURE_OPTION})
_FUTURE_ACTIONS: Final = frozenset({OrderAction.BUY, OrderAction.SELL})
_LEGS_MAX: Final = 4
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """
    One execution of one leg.

    Parameters
    ----------
    symbol, action
        What was done with what.
    quantity
        Shares or contracts, above zero.
    price
        Of one share or contract.
    time
        When (UTC).
    id
        Ours.
    order_id
        Our id of the order; None where it is not known.
    broker_id, venue
        The broker's id of the fill, and where it happened; None where not told.

    Raises
    ------
    ParameterError
        If a field has the wrong type or the quantity is not above zero.
    DataError
        If a number is not finite.
    """

    symbol: Symbol
    action: OrderAction
    quantity: Decimal
    price: Decimal
    time: datetime
    id: UUID = field(default_factory=uuid4)
    order_id: UUID | None = None
    broker_id: str | None = None
    venue: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.quantity <= 0:
            raise ParameterError("quantity", self.quantity, "a number above zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLeg:
    """
    One instrument of an order.

    Parameters
    ----------
    symbol, action
        What to do with what.
    quantity
        Shares or contracts, above zero; None for a notional order, which names an amount of money instead.
    fills
        What was executed so far.

    Raises
    ------
    ParameterError
        If a field has the wrong type, the action does not fit the instrument, a fill is of another instrument
        or side or comes twice, or more was filled than ordered.
    """

    symbol: Symbol
    action: OrderAction
    quantity: Decimal | None
    fills: tuple[Fill, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
        if (self.symbol.kind is InstrumentKind.FUTURE) != (self.action in _FUTURE_ACTIONS):
            raise ParameterError(
                "action", self.action, f"an action that {self.symbol} ({self.symbol.kind.value}) knows"
            )
        if any((fill.symbol, fill.action) != (self.symbol, self.action) for fill in self.fills):
            raise ParameterError("fills", self.fills, f"fills of {self.symbol}, {self.action.value}")
        if len({fill.id for fill in self.fills}) != len(self.fills):
            raise ParameterError("fills", self.fills, "each fill once")
        if self.quantity is not None and not self.quantity > 0:
            raise ParameterError("quantity", self.quantity, "a number above zero")
        if self.quantity is not None and self.filled_quantity > self.quantity:
            raise ParameterError("fills", self.filled_quantity, f"at most the ordered {self.quantity}")

    @property
    def filled_quantity(self) -> Decimal:
        """What was executed so far."""
        return sum((fill.quantity for fill in self.fills), start=_ZERO)

    @property
    def remaining_quantity(self) -> Decimal | None:
        """What is still to be executed; None for a notional order."""
        return None if self.quantity is None else self.quantity - self.filled_quantity

    @property
    def average_fill_price(self) -> Decimal | None:
        """Average price of the fills, weighted by quantity; None without fills."""
        if not self.fills:
            return None
        return sum((fill.price * fill.quantity for fill in self.fills), start=_ZERO) / self.filled_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCondition:
    """
    What has to happen before an order is routed, or cancelled.

    Parameters
    ----------
    action
        ``route`` or ``cancel``.
    symbol, instrument_type
        What is watched.
    indicator
        ``last`` or ``nat``.
    comparator
        ``gte`` or ``lte``.
    threshold
        The price that is compared with.
    is_threshold_based_on_notional
        Whether it is an amount of money instead.
    """

    action: str
    symbol: str
    instrument_type: InstrumentType
    indicator: str
    comparator: str
    threshold: Decimal
    is_threshold_based_on_notional: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRule:
    """When an order is routed and cancelled; None and no conditions mean at once, and never."""

    route_after: datetime | None = None
    cancel_at: datetime | None = None
    conditions: tuple[OrderCondition, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    An order and what became of it; immutable, each change is a new value.

    Parameters
    ----------
    account_number, order_type, time_in_force
        For whom, how, and how long.
    legs
        One to four instruments, each once; several only if all are options.
    received_at
        When it was made (UTC).
    price, price_effect
        Not negative, and whether paid or received: both for limit types, neither for others.
    stop_trigger
        For stop types only.
    value, value_effect
        Amount of money, above zero, of a notional order only; its leg has no quantity.
    gtc_date
        Last day of a ``GTD`` order, and only of that.
    status
        Where it stands.
    updated_at
        When its status or fills changed last (UTC); None before the first change.
    id
        Ours; it goes with the order as external identifier.
    broker_id
        The broker's id; None before it answered.
    replaces
        Our id of the order that this one replaces; None for a first order.
    reject_reason
        The broker's words; None where there are none.
    rule
        When it is routed and cancelled; None for at once, and never.
    strict_position_effect
        Whether a closing order is dropped when its position is gone, instead of opening the other way.

    Raises
    ------
    ParameterError
        If a field has the wrong type or the fields contradict each other.
    DataError
        If a number is not finite.
    """

    account_number: str
    order_type: OrderType
    time_in_force: TimeInForce
    legs: tuple[OrderLeg, ...]
    received_at: datetime
    price: Decimal | None = None
    price_effect: PriceEffect | None = None
    stop_trigger: Decimal | None = None
    value: Decimal | None = None
    value_effect: PriceEffect | None = None
    gtc_date: date | None = None
    status: OrderStatus = OrderStatus.RECEIVED
    updated_at: datetime | None = None
    id: UUID = field(default_factory=uuid4)
    broker_id: str | None = None
    replaces: UUID | None = None
    reject_reason: str | None = None
    rule: OrderRule | None = None
    strict_position_effect: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
        self._check_legs()
        self._check_terms()
        self._check_market()
        self._check_effect()
        if self.status is OrderStatus.FILLED and not self.is_filled:
            raise ParameterError("status", self.status, "another status while a quantity remains")

    def _check_legs(self) -> None:
        symbols = {leg.symbol for leg in self.legs}
        if not 1 <= len(self.legs) <= _LEGS_MAX or len(symbols) != len(self.legs):
            raise ParameterError("legs", len(self.legs), f"one to {_LEGS_MAX} legs of distinct symbols")
        if len(self.legs) > 1 and any(symbol.kind not in _OPTION_KINDS for symbol in symbols):
            raise ParameterError("legs", len(self.legs), "one leg, unless all are options")

    def _check_terms(self) -> None:
        notional = self.order_type is OrderType.NOTIONAL_MARKET
        expected = {
            "price": self.order_type in _PRICED,
            "price_effect": self.order_type in _PRICED,
            "stop_trigger": self.order_type in _STOPPED,
            "value": notional,
            "value_effect": notional,
            "gtc_date": self.time_in_force is TimeInForce.GTD,
        }
        for name, wanted in expected.items():
            given = getattr(self, name)
            if (given is not None) != wanted:
                terms = f"{self.order_type.value}, {self.time_in_force.value}"
                raise ParameterError(name, given, f"{'a value' if wanted else 'None'} for an order {terms}")
        if self.price is not None and self.price < 0:
            raise ParameterError("price", self.price, "zero or more: the effect tells who pays")
        if self.value is not None and self.value <= 0:
            raise ParameterError("value", self.value, "an amount above zero")
        if any((leg.quantity is None) != notional for leg in self.legs):
            raise ParameterError(
                "legs", self.order_type, "a quantity in each leg, or none in a notional order"
            )

    def _check_market(self) -> None:
        if self.order_type not in {OrderType.MARKET, OrderType.NOTIONAL_MARKET}:
            return
        if len(self.legs) > 1:
            raise ParameterError("legs", len(self.legs), "one leg in a market order")
        if self.time_in_force in _STANDING:
            raise ParameterError("time_in_force", self.time_in_force, "the day, for a market order")

    def _check_effect(self) -> None:
        effect = self.price_effect or self.value_effect
        if effect is None or len(self.legs) > 1:
            return
        if self.legs[0].action.is_buy != (effect is PriceEffect.DEBIT):
            raise ParameterError("price_effect", effect, "Debit for buying and Credit for selling")

    @property
    def symbols(self) -> frozenset[Symbol]:
        """The instruments of its legs."""
        return frozenset(leg.symbol for leg in self.legs)

    @property
    def fills(self) -> tuple[Fill, ...]:
        """The fills of all legs, in order of time."""
        return tuple(sorted((fill for leg in self.legs for fill in leg.fills), key=lambda fill: fill.time))

    @property
    def is_filled(self) -> bool:
        """Whether nothing remains; for a notional order, whether it has a fill."""
        return all(
            bool(leg.fills) if leg.quantity is None else not leg.remaining_quantity for leg in self.legs
        )

    def with_status(self, status: OrderStatus, *, at: datetime, reject_reason: str | None = None) -> Order:
        """
        Return the order in another status.

        Raises
        ------
        ParameterError
            If the order has a final status already, or the status contradicts its fills.
        """
        if self.status.is_terminal:
            raise ParameterError("status", status, f"no change: the order is {self.status.value}")
        return replace(self, status=status, updated_at=at, reject_reason=reject_reason or self.reject_reason)

    def with_fill(self, fill: Fill) -> Order:
        """
        Return the order with one more fill; it is ``Filled`` when nothing remains.

        Of a notional order only the broker knows when that is, so its status stays. A fill that arrives after
        a cancellation is taken too, and the status stays: what was executed, was.

        Raises
        ------
        ParameterError
            If no leg has the fill's symbol and action, it came before, it is of another order, or it fills
            more than remains.
        """
        if fill.order_id not in (None, self.id):
            raise ParameterError("fill", fill.order_id, f"a fill of order {self.id}")
        if not any((leg.symbol, leg.action) == (fill.symbol, fill.action) for leg in self.legs):
            raise ParameterError("fill", str(fill.symbol), "a fill of one of the legs")
        legs = tuple(
            replace(leg, fills=(*leg.fills, fill)) if leg.symbol == fill.symbol else leg for leg in self.legs
        )
        filled = all(leg.remaining_quantity == 0 for leg in legs)
        status = OrderStatus.FILLED if filled and not self.status.is_terminal else self.status
        return replace(self, legs=legs, status=status, updated_at=fill.time)
