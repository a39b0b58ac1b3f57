# SPDX-License-Identifier: Apache-2.0
"""What moved money or instruments in an account; signed, received is above zero and paid below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ttapi_core.instruments import InstrumentType
from ttapi_core.orders import OrderAction
from ttapi_core.values import check_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A part of a position that a transaction opened or closed."""

    id: str
    quantity: Decimal
    price: Decimal
    quantity_direction: str | None = None
    transaction_id: str | None = None
    executed_at: datetime | None = None
    transaction_date: date | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """
    One entry in the books of an account.

    Parameters
    ----------
    id, account_number
        The broker's id, and whose.
    transaction_type, transaction_sub_type
        ``Trade``, ``Receive Deliver`` or ``Money Movement``, and finer, in the broker's words.
    executed_at, transaction_date
        When (UTC), and of which day.
    value, net_value
        Without and with fees; negative where it was paid.
    symbol, underlying_symbol, instrument_type, action, quantity, price
        Of a trade; None for dividends and transfers.
    regulatory_fees, clearing_fees, commission, proprietary_index_option_fees, other_charge
        Negative where they were paid; None where not told.
    order_id, leg_count, destination_venue, exec_id
        Of a trade; None where not told.
    reverses_id
        The transaction that it takes back.
    is_estimated_fee
        Whether the fees may still change.
    description
        In the broker's words.
    currency
        Of its amounts.
    lots
        The parts of the position.
    """

    id: str
    account_number: str
    transaction_type: str
    executed_at: datetime
    transaction_date: date
    value: Decimal
    net_value: Decimal
    transaction_sub_type: str | None = None
    description: str = ""
    symbol: str | None = None
    underlying_symbol: str | None = None
    instrument_type: InstrumentType | None = None
    action: OrderAction | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    regulatory_fees: Decimal | None = None
    clearing_fees: Decimal | None = None
    commission: Decimal | None = None
    proprietary_index_option_fees: Decimal | None = None
    other_charge: Decimal | None = None
    order_id: str | None = None
    leg_count: int | None = None
    destination_venue: str | None = None
    exec_id: str | None = None
    reverses_id: str | None = None
    is_estimated_fee: bool = False
    currency: str = "USD"
    lots: tuple[Lot, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self)
