# SPDX-License-Identifier: Apache-2.0
"""What a trader has: accounts, balances, positions and risk. Money and quantities are `decimal.Decimal`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
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
    authority_level
        What the customer may do with it, such as ``owner``; None where not told.
    is_futures_approved, is_day_trader
        Whether futures are allowed, and whether it is marked as a day trader's.
    suitable_options_level, investment_objective
        In the broker's words; None where not told.
    closed_at
        When it was closed (UTC); None where it was not, or not told.

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
    authority_level: str | None = None
    is_futures_approved: bool = False
    is_day_trader: bool = False
    suitable_options_level: str | None = None
    investment_objective: str | None = None
    closed_at: datetime | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.number.strip():
            raise ParameterError("number", self.number, "the number of an account")


@dataclass(frozen=True, slots=True, kw_only=True)
class _BalanceDetails:
    """
    What a balance tells beside the main amounts.

    Parameters
    ----------
    currency
        Of all amounts.
    snapshot_date, time_of_day
        Of a balance that was written down: its day, and ``BOD``, ``EOD`` or ``Intraday``.
    pending_cash, unsettled_cryptocurrency_fiat_amount
        Negative where they will be paid; None where not told.
    long_equity_value, short_equity_value, long_derivative_value, short_derivative_value, \
long_futures_value, short_futures_value, long_futures_derivative_value, \
short_futures_derivative_value, long_margineable_value, short_margineable_value, \
long_cryptocurrency_value, short_cryptocurrency_value, long_bond_value, margin_equity, \
day_trading_buying_power, used_derivative_buying_power, effective_cryptocurrency_buying_power, \
futures_margin_requirement, cryptocurrency_margin_requirement, equity_offering_margin_requirement, \
bond_margin_requirement, reg_t_margin_requirement, futures_overnight_margin_requirement, \
futures_intraday_margin_requirement, available_trading_funds, cash_available_to_withdraw, \
closed_loop_available_balance, maintenance_excess, maintenance_call_value, reg_t_call_value, \
day_trading_call_value, day_equity_call_value, day_trade_excess, pending_margin_interest
        In the broker's words; None where not told.
    """

    currency: str = "USD"
    snapshot_date: date | None = None
    time_of_day: str | None = None
    pending_cash: Decimal | None = None
    unsettled_cryptocurrency_fiat_amount: Decimal | None = None
    long_equity_value: Decimal | None = None
    short_equity_value: Decimal | None = None
    long_derivative_value: Decimal | None = None
    short_derivative_value: Decimal | None = None
    long_futures_value: Decimal | None = None
    short_futures_value: Decimal | None = None
    long_futures_derivative_value: Decimal | None = None
    short_futures_derivative_value: Decimal | None = None
    long_margineable_value: Decimal | None = None
    short_margineable_value: Decimal | None = None
    long_cryptocurrency_value: Decimal | None = None
    short_cryptocurrency_value: Decimal | None = None
    long_bond_value: Decimal | None = None
    margin_equity: Decimal | None = None
    day_trading_buying_power: Decimal | None = None
    used_derivative_buying_power: Decimal | None = None
    effective_cryptocurrency_buying_power: Decimal | None = None
    futures_margin_requirement: Decimal | None = None
    cryptocurrency_margin_requirement: Decimal | None = None
    equity_offering_margin_requirement: Decimal | None = None
    bond_margin_requirement: Decimal | None = None
    reg_t_margin_requirement: Decimal | None = None
    futures_overnight_margin_requirement: Decimal | None = None
    futures_intraday_margin_requirement: Decimal | None = None
    available_trading_funds: Decimal | None = None
    cash_available_to_withdraw: Decimal | None = None
    closed_loop_available_balance: Decimal | None = None
    maintenance_excess: Decimal | None = None
    maintenance_call_value: Decimal | None = None
    reg_t_call_value: Decimal | None = None
    day_trading_call_value: Decimal | None = None
    day_equity_call_value: Decimal | None = None
    day_trade_excess: Decimal | None = None
    pending_margin_interest: Decimal | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(_BalanceDetails):
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

    Notes
    -----
    The fields that a broker may leave out are those of `BalanceSnapshot` too.
    """

    account_number: str
    time: datetime
    cash_balance: Decimal
    net_liquidating_value: Decimal
    equity_buying_power: Decimal
    derivative_buying_power: Decimal
    maintenance_requirement: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceSnapshot(_BalanceDetails):
    """
    The money of an account as it was written down on a day.

    Parameters
    ----------
    account_number
        Whose.
    cash_balance
        Cash; may be negative.
    net_liquidating_value, equity_buying_power, derivative_buying_power, maintenance_requirement
        As in `Balance`; None where not told.
    updated_at
        When (UTC); None where only the day is told.
    """

    account_number: str
    cash_balance: Decimal
    net_liquidating_value: Decimal | None = None
    equity_buying_power: Decimal | None = None
    derivative_buying_power: Decimal | None = None
    maintenance_requirement: Decimal | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetLiquidity:
    """
    What an account was worth over one interval of time.

    Parameters
    ----------
    time
        The interval's time (UTC).
    open, high, low, close
        Net liquidating value without pending cash.
    pending_cash_open, pending_cash_high, pending_cash_low, pending_cash_close
        Pending cash.
    total_open, total_high, total_low, total_close
        Both together.
    """

    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    pending_cash_open: Decimal | None = None
    pending_cash_high: Decimal | None = None
    pending_cash_low: Decimal | None = None
    pending_cash_close: Decimal | None = None
    total_open: Decimal | None = None
    total_high: Decimal | None = None
    total_low: Decimal | None = None
    total_close: Decimal | None = None

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
    underlying_symbol
        What it is written on, as the broker says; None where not told.
    average_daily_close_price, average_yearly_close_price
        Average prices by which gains of the day and of the year are counted; None where not told.
    restricted_quantity
        Of the quantity, what may not be closed.
    expires_at
        When it ends (UTC); None for what does not, or where not told.
    is_frozen, is_suppressed
        Marks of the broker.

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
    underlying_symbol: str | None = None
    average_daily_close_price: Decimal | None = None
    average_yearly_close_price: Decimal | None = None
    restricted_quantity: Decimal = Decimal(0)
    expires_at: datetime | None = None
    is_frozen: bool = False
    is_suppressed: bool = False

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
