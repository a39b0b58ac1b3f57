# SPDX-License-Identifier: Apache-2.0
"""
What a broker says of orders: placed, tried out, found again.

An `Order` is what we want and holds our rules; a `PlacedOrder` is what the broker tells, and is read
leniently: a word that is not known here is None, and what is not told too. Amounts of money that go one way
or the other carry a sign: received above zero, paid below.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ttapi_core.complex_orders import ComplexOrderType
from ttapi_core.instruments import InstrumentType
from ttapi_core.orders import OrderAction, OrderRule, OrderStatus, OrderType, PriceEffect, TimeInForce
from ttapi_core.values import check_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFill:
    """
    One execution of one leg, as the broker tells it.

    Parameters
    ----------
    id
        The broker's.
    quantity, price
        How much at which price of one.
    time
        When (UTC).
    venue, group_fill_id, exec_id
        Where, and ids of others; None where not told.
    """

    id: str
    quantity: Decimal
    price: Decimal
    time: datetime
    venue: str | None = None
    group_fill_id: str | None = None
    exec_id: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLeg:
    """
    One instrument of an order at the broker.

    Parameters
    ----------
    symbol, instrument_type
        What, in the broker's notation.
    action
        What is done with it; None for a word that is not known here.
    quantity, remaining_quantity
        Ordered, and still to be executed; None where not told, as in a notional order.
    fills
        What was executed so far.
    """

    symbol: str
    instrument_type: InstrumentType = InstrumentType.UNKNOWN
    action: OrderAction | None = None
    quantity: Decimal | None = None
    remaining_quantity: Decimal | None = None
    fills: tuple[PlacedFill, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def filled_quantity(self) -> Decimal:
        """What was executed so far, by the fills."""
        return sum((fill.quantity for fill in self.fills), start=Decimal(0))

    @property
    def average_fill_price(self) -> Decimal | None:
        """Average price of the fills, weighted by quantity; None without fills."""
        if not self.filled_quantity:
            return None
        paid = sum((fill.price * fill.quantity for fill in self.fills), start=Decimal(0))
        return paid / self.filled_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """
    An order at the broker.

    Parameters
    ----------
    account_number
        Whose.
    status_word
        Where it stands, in the broker's word.
    id
        The broker's; None in a dry run.
    order_type, time_in_force, status
        None for a word that is not known here.
    legs
        Its instruments.
    price, price_effect, value, value_effect, stop_trigger, gtc_date
        Its terms; None where they do not apply. Amounts are not negative, the effect tells who pays.
    size
        Quantity of the order as a whole.
    underlying_symbol, underlying_instrument_type
        What it is about.
    cancellable, editable, edited
        What may be done with it, and was.
    received_at, updated_at, in_flight_at, live_at, cancelled_at, terminal_at
        When what happened (UTC); None where it did not.
    replaces_order_id, replacing_order_id
        On the new order the old one's id, and the other way round.
    complex_order_id, complex_order_tag
        What it is a part of.
    external_identifier
        Our id of it, as it was sent.
    reject_reason, contingent_status, confirmation_status, cancel_username, username, preflight_id, source
        In the broker's words; None where not told.
    rule
        When it is routed and cancelled.
    """

    account_number: str
    status_word: str
    id: str | None = None
    order_type: OrderType | None = None
    time_in_force: TimeInForce | None = None
    status: OrderStatus | None = None
    legs: tuple[PlacedLeg, ...] = ()
    price: Decimal | None = None
    price_effect: PriceEffect | None = None
    value: Decimal | None = None
    value_effect: PriceEffect | None = None
    stop_trigger: Decimal | None = None
    gtc_date: date | None = None
    size: Decimal | None = None
    underlying_symbol: str | None = None
    underlying_instrument_type: InstrumentType | None = None
    cancellable: bool = False
    editable: bool = False
    edited: bool = False
    received_at: datetime | None = None
    updated_at: datetime | None = None
    in_flight_at: datetime | None = None
    live_at: datetime | None = None
    cancelled_at: datetime | None = None
    terminal_at: datetime | None = None
    replaces_order_id: str | None = None
    replacing_order_id: str | None = None
    complex_order_id: str | None = None
    complex_order_tag: str | None = None
    external_identifier: str | None = None
    reject_reason: str | None = None
    contingent_status: str | None = None
    confirmation_status: str | None = None
    cancel_username: str | None = None
    username: str | None = None
    preflight_id: str | None = None
    source: str | None = None
    rule: OrderRule | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def is_terminal(self) -> bool:
        """Whether nothing will happen to it any more; False for a status that is not known here."""
        return self.status is not None and self.status.is_terminal

    @property
    def is_working(self) -> bool:
        """Whether it may be filled at the market now; False for a status that is not known here."""
        return self.status is not None and self.status.is_working

    @property
    def fills(self) -> tuple[PlacedFill, ...]:
        """The fills of all legs, in order of time."""
        return tuple(sorted((fill for leg in self.legs for fill in leg.fills), key=lambda fill: fill.time))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingPowerEffect:
    """
    What an order does to the buying power; signed, paid is below zero.

    Parameters
    ----------
    change_in_margin_requirement, isolated_order_margin_requirement
        Of the account, and of the order by itself.
    change_in_buying_power, current_buying_power, new_buying_power
        By how much, from what, to what.
    impact
        The change as the broker shows it.
    effect
        The direction of the impact; None where there is none.
    is_spread
        Whether its legs cover each other.
    """

    change_in_margin_requirement: Decimal
    change_in_buying_power: Decimal
    current_buying_power: Decimal
    new_buying_power: Decimal
    isolated_order_margin_requirement: Decimal | None = None
    impact: Decimal | None = None
    effect: PriceEffect | None = None
    is_spread: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeCalculation:
    """What an order will cost beside its price; signed, paid is below zero."""

    total_fees: Decimal
    regulatory_fees: Decimal | None = None
    clearing_fees: Decimal | None = None
    commission: Decimal | None = None
    proprietary_index_option_fees: Decimal | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMessage:
    """A warning or an error that comes with the answer to an order."""

    code: str
    message: str = ""
    preflight_id: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """
    The answer to an order that was placed, tried out or found again.

    Parameters
    ----------
    order
        The order; without an id in a dry run.
    buying_power_effect, fee_calculation
        None where not told, as for an order that was found again.
    warnings, errors
        The broker's.
    is_recovered
        Whether the answer had been lost and the order was found by its identifier.
    """

    order: PlacedOrder
    buying_power_effect: BuyingPowerEffect | None = None
    fee_calculation: FeeCalculation | None = None
    warnings: tuple[OrderMessage, ...] = ()
    errors: tuple[OrderMessage, ...] = ()
    is_recovered: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedOrder:
    """An order of a complex order by its id; ``status`` is None for a word that is not known here."""

    id: str
    complex_order_id: str | None = None
    complex_order_tag: str | None = None
    replaces_order_id: str | None = None
    replacing_order_id: str | None = None
    status: OrderStatus | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedComplexOrder:
    """
    Orders that depend on each other, at the broker.

    Parameters
    ----------
    account_number
        Whose.
    id
        The broker's; None in a dry run.
    type
        None for a word that is not known here.
    orders, trigger_order, related_orders
        Its parts.
    terminal_at
        When it ended (UTC); None before.
    ratio_price_threshold, ratio_price_comparator, ratio_price_is_threshold_based_on_notional
        Of a pair.
    external_identifier
        Our id of it, where the broker repeats it.
    """

    account_number: str
    id: str | None = None
    type: ComplexOrderType | None = None
    orders: tuple[PlacedOrder, ...] = ()
    trigger_order: PlacedOrder | None = None
    related_orders: tuple[RelatedOrder, ...] = ()
    terminal_at: datetime | None = None
    ratio_price_threshold: Decimal | None = None
    ratio_price_comparator: str | None = None
    ratio_price_is_threshold_based_on_notional: bool = False
    external_identifier: str | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def all_orders(self) -> tuple[PlacedOrder, ...]:
        """Its orders, the one that triggers first."""
        return self.orders if self.trigger_order is None else (self.trigger_order, *self.orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplexPlacement:
    """The answer to a complex order; see `Placement`."""

    complex_order: PlacedComplexOrder
    buying_power_effect: BuyingPowerEffect | None = None
    fee_calculation: FeeCalculation | None = None
    warnings: tuple[OrderMessage, ...] = ()
    errors: tuple[OrderMessage, ...] = ()
    is_recovered: bool = False

    def __post_init__(self) -> None:
        check_fields(self)
