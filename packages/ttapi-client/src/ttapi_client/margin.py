# SPDX-License-Identifier: Apache-2.0
"""
What margin an account needs, as tastytrade writes it.

The totals of an account are money and strict. In the groups below them the broker writes ``"NaN"`` for what
it did not compute: there, and only there, that is None.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_client.accounts import check_own
from ttapi_client.order_bodies import order_body
from ttapi_client.readers import Reader
from ttapi_client.wire import Row, decimal_of, signed_of, unreadable
from ttapi_core.errors import DataError

if TYPE_CHECKING:
    from ttapi_client.api import Api, RequestTrace
    from ttapi_core import Order

DEPTH_MAX: Final = 20
"""Groups within groups beyond this are not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginGroup:
    """
    The margin of one underlying, or of a part of it.

    Parameters
    ----------
    description, code, underlying_symbol, underlying_type, margin_calculation_type
        What it is of, in the broker's words; None where not told.
    margin_requirement, buying_power, initial_requirement, maintenance_requirement
        Signed; None where not told or not computed.
    expected_price_range_up_percent, expected_price_range_down_percent, point_of_no_return_percent, \
price_increase_percent, price_decrease_percent
        Of the broker's scenario; None where not told.
    groups
        Its parts.
    """

    description: str | None = None
    code: str | None = None
    underlying_symbol: str | None = None
    underlying_type: str | None = None
    margin_calculation_type: str | None = None
    margin_requirement: Decimal | None = None
    buying_power: Decimal | None = None
    initial_requirement: Decimal | None = None
    maintenance_requirement: Decimal | None = None
    expected_price_range_up_percent: float | None = None
    expected_price_range_down_percent: float | None = None
    point_of_no_return_percent: float | None = None
    price_increase_percent: float | None = None
    price_decrease_percent: float | None = None
    groups: tuple[MarginGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginReport:
    """
    What margin an account needs; amounts signed, paid is below zero.

    Parameters
    ----------
    account_number
        Whose.
    margin_requirement, maintenance_requirement, margin_equity, option_buying_power, \
reg_t_margin_requirement, reg_t_option_buying_power, maintenance_excess, initial_requirement
        Money; the last is None where not told.
    description, margin_calculation_type, option_level
        In the broker's words; None where not told.
    last_state_timestamp
        Of when it is (UTC); None where not told.
    groups
        By underlying.
    """

    account_number: str
    margin_requirement: Decimal
    maintenance_requirement: Decimal
    margin_equity: Decimal
    option_buying_power: Decimal
    reg_t_margin_requirement: Decimal
    reg_t_option_buying_power: Decimal
    maintenance_excess: Decimal
    initial_requirement: Decimal | None = None
    description: str | None = None
    margin_calculation_type: str | None = None
    option_level: str | None = None
    last_state_timestamp: datetime | None = None
    groups: tuple[MarginGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveMargin:
    """
    Which share of its value a position in an underlying needs as margin; None where not told.

    Parameters
    ----------
    underlying_symbol
        Of what.
    long_equity_initial, short_equity_initial, long_equity_maintenance, short_equity_maintenance, \
naked_option_standard, naked_option_minimum, naked_option_floor
        Fractions and amounts, as the broker names them.
    clearing_identifier
        In the broker's words.
    is_deleted
        Whether it holds no more.
    """

    underlying_symbol: str
    long_equity_initial: Decimal | None = None
    short_equity_initial: Decimal | None = None
    long_equity_maintenance: Decimal | None = None
    short_equity_maintenance: Decimal | None = None
    naked_option_standard: Decimal | None = None
    naked_option_minimum: Decimal | None = None
    naked_option_floor: Decimal | None = None
    clearing_identifier: str | None = None
    is_deleted: bool = False


_REPORT_SIGNED: Final = {
    "margin_requirement",
    "maintenance_requirement",
    "margin_equity",
    "option_buying_power",
    "reg_t_margin_requirement",
    "reg_t_option_buying_power",
    "maintenance_excess",
    "initial_requirement",
}
_GROUP_SIGNED: Final = (
    "margin_requirement",
    "buying_power",
    "initial_requirement",
    "maintenance_requirement",
)


def _computed(row: Row, member: str) -> Decimal | None:
    return None if row.get(member) == "NaN" else signed_of(row, member)


def _groups(row: Row, member: str, depth: int = 0) -> tuple[MarginGroup, ...] | None:
    value = row.get(member)
    if value is None:
        return None
    if not isinstance(value, list):
        raise unreadable(member, value, "list")
    if depth > DEPTH_MAX:
        raise DataError(f"groups within groups, more than {DEPTH_MAX}", column=member)
    if not all(isinstance(item, dict) for item in value):
        raise unreadable(member, next(item for item in value if not isinstance(item, dict)), "object")
    # An empty object is what the broker writes for a group without positions.
    return tuple(_group_at(item, depth + 1) for item in value if item)


def _group_at(row: Row, depth: int) -> MarginGroup:
    inner = _groups(row, "groups", depth)
    group = _group({name: value for name, value in row.items() if name != "groups"})
    return group if inner is None else replace(group, groups=inner)


_group: Final = Reader(MarginGroup, fields=dict.fromkeys(_GROUP_SIGNED, _computed))
margin_report_of: Final = Reader(MarginReport, signed=_REPORT_SIGNED, fields={"groups": _groups})
"""Read a margin report; `DataError` if a total is missing or no finite decimal number."""
effective_margin_of: Final = Reader(EffectiveMargin)
"""Read the margin of an underlying; `DataError` if a field cannot be read."""


def _risk_free_rate_of(row: Row) -> Decimal:
    rate = decimal_of(row, "risk-free-rate")
    if rate is None:
        raise DataError("is missing", column="risk-free-rate")
    return rate


class MarginCalls:
    """The calls about margin."""

    _api: Api

    async def margin_requirements(self, number: str, *, trace: RequestTrace | None = None) -> MarginReport:
        """
        Return what margin an account needs.

        Raises
        ------
        DataError
            If a total is missing or no finite decimal number.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """
        row = await self._api.data(
            "/margin/accounts/{number}/requirements",
            segments={"number": number},
            check=check_own(number),
            trace=trace,
        )
        return margin_report_of(row)

    async def dry_run_margin(self, order: Order, *, trace: RequestTrace | None = None) -> MarginReport:
        """
        Return what margin the account would need with an order; nothing is placed.

        Raises
        ------
        DataError
            If a total is missing or no finite decimal number.
        RequestRefusedError
            If the broker does not take the order.
        TTError
            If the call failed.
        """
        row = await self._api.data(
            "/margin/accounts/{number}/dry-run",
            method="POST",
            segments={"number": order.account_number},
            json=order_body(order),
            check=check_own(order.account_number),
            trace=trace,
        )
        return margin_report_of(row)

    async def effective_margin(
        self, number: str, underlying: str, *, trace: RequestTrace | None = None
    ) -> EffectiveMargin:
        """
        Return which share of its value a position in an underlying needs as margin.

        Raises
        ------
        DataError
            If a field cannot be read.
        NotFoundError
            If the account or the underlying is unknown.
        """
        row = await self._api.data(
            "/accounts/{number}/margin-requirements/{symbol}/effective",
            segments={"number": number, "symbol": underlying},
            trace=trace,
        )
        return effective_margin_of(row)

    async def risk_free_rate(self, *, trace: RequestTrace | None = None) -> Decimal:
        """
        Return the interest rate that the broker computes with, a fraction a year; needs no credentials.

        Raises
        ------
        DataError
            If it is missing or no finite decimal number.
        TTError
            If the call failed.
        """
        row = await self._api.data(
            "/margin-requirements-public-configuration", authenticated=False, trace=trace
        )
        return _risk_free_rate_of(row)
