# SPDX-License-Identifier: Apache-2.0
"""What a trader has: accounts, balances, positions and risk. Money and quantities are `decimal.Decimal`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from ttapi_core.errors import ParameterError
from ttapi_core.symbols import Symbol
from ttapi_core.values import check_fields


class QuantityDirection(Enum):
    """Which way a position stands."""

    LONG = "Long"
    SHORT = "Short"
    ZERO = "Zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    An account at a broker.

    Parameters
    ----------
    number
        The broker's number of it.
    account_type
        Such as ``Individual``.
    margin_or_cash
        ``Margin`` or ``Cash``.
    nickname
        The owner's name for it; None where there is none.
    opened_at
        When it was opened (UTC); None where not told.
    is_closed
        Whether it was closed.
    currency
        Of its money.

    Raises
    ------
    ParameterError
        If a field has the wrong type or the number is empty.
    """

    number: str
    account_type: str
    margin_or_cash: str
    nickname: str | None = None
    opened_at: datetime | None = None
    is_closed: bool = False
    currency: str = "USD"

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.number.strip():
            raise ParameterError("number", self.number, "the number of an account")


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """
    The money of an account at one time.

    Parameters
    ----------
    account_number, time
        Whose and when (UTC).
    cash_balance, net_liquidating_value
        Cash, and what the account would be worth if all were closed; both may be negative.
    equity_buying_power, derivative_buying_power, maintenance_requirement
        What may be spent, and what must be kept.
    currency
        Of all amounts.
    """

    account_number: str
    time: datetime
    cash_balance: Decimal
    net_liquidating_value: Decimal
    equity_buying_power: Decimal
    derivative_buying_power: Decimal
    maintenance_requirement: Decimal
    currency: str = "USD"

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """
    What an account holds of one instrument.

    Parameters
    ----------
    account_number, symbol, time
        Whose, what, and when (UTC).
    quantity
        Shares or contracts, never negative: the direction tells the side.
    direction
        Long, short, or zero for a position closed today.
    average_open_price
        Average price at which it was opened.
    multiplier
        Units of currency that one unit of price is worth in one contract.
    mark
        Price at which it is valued; None where not told.
    close_price
        Close of the previous session; None where not told.
    realized_day_gain
        Gain realized today, negative for a loss.

    Raises
    ------
    ParameterError
        If a field has the wrong type, the quantity is negative, or quantity and direction disagree.
    DataError
        If a number is not finite.
    """

    account_number: str
    symbol: Symbol
    time: datetime
    quantity: Decimal
    direction: QuantityDirection
    average_open_price: Decimal
    multiplier: Decimal = Decimal(1)
    mark: Decimal | None = None
    close_price: Decimal | None = None
    realized_day_gain: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        check_fields(self)
        if self.quantity < 0:
            raise ParameterError("quantity", self.quantity, "zero or more: the direction tells the side")
        if (self.quantity == 0) != (self.direction is QuantityDirection.ZERO):
            raise ParameterError("direction", self.direction, f"one that fits a quantity of {self.quantity}")
        if self.multiplier <= 0:
            raise ParameterError("multiplier", self.multiplier, "a number above zero")

    @property
    def signed_quantity(self) -> Decimal:
        """The quantity, negative for a short position."""
        return -self.quantity if self.direction is QuantityDirection.SHORT else self.quantity

    @property
    def market_value(self) -> Decimal | None:
        """What closing at the mark would bring, negative for a short position; None without a mark."""
        return None if self.mark is None else self.mark * self.signed_quantity * self.multiplier

    @property
    def open_gain(self) -> Decimal | None:
        """Gain since opening at the mark, negative for a loss; None without a mark."""
        if self.mark is None:
            return None
        return (self.mark - self.average_open_price) * self.signed_quantity * self.multiplier


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskMetrics:
    """
    The risk of an account at one time.

    Parameters
    ----------
    account_number, time
        Whose and when (UTC).
    net_liquidating_value, maintenance_requirement
        What the account is worth, and what must be kept.
    gross_exposure, net_exposure
        Market values of all positions, added up without and with their signs.
    delta, gamma, theta, vega
        Sums over all positions, in currency for one unit of the underlying, per day, and per point of
        volatility; None where not computed.
    value_at_risk
        Loss not exceeded with probability ``confidence`` over one day, as a number above zero; None where not
        computed.
    confidence
        A fraction between 0 and 1.
    currency
        Of all amounts.

    Raises
    ------
    ParameterError
        If a field has the wrong type, the gross exposure is below the net one, or the confidence is no
        fraction.
    DataError
        If a number is not finite.
    """

    account_number: str
    time: datetime
    net_liquidating_value: Decimal
    maintenance_requirement: Decimal
    gross_exposure: Decimal
    net_exposure: Decimal
    delta: Decimal | None = None
    gamma: Decimal | None = None
    theta: Decimal | None = None
    vega: Decimal | None = None
    value_at_risk: Decimal | None = None
    confidence: Decimal = Decimal("0.95")
    currency: str = "USD"

    def __post_init__(self) -> None:
        check_fields(self)
        if self.gross_exposure < abs(self.net_exposure):
            raise ParameterError("gross_exposure", self.gross_exposure, f"at least |{self.net_exposure}|")
        if not 0 < self.confidence < 1:
            raise ParameterError("confidence", self.confidence, "a fraction between 0 and 1")
        if self.value_at_risk is not None and self.value_at_risk < 0:
            raise ParameterError("value_at_risk", self.value_at_risk, "zero or more")

    @property
    def excess_liquidity(self) -> Decimal:
        """What is left above the maintenance requirement; negative in a margin call."""
        return self.net_liquidating_value - self.maintenance_requirement

    @property
    def leverage(self) -> Decimal | None:
        """Gross exposure as a multiple of the account's worth; None where it is worth nothing or less."""
        if self.net_liquidating_value <= 0:
            return None
        return self.gross_exposure / self.net_liquidating_value
