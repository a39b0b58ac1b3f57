# SPDX-License-Identifier: Apache-2.0
"""Accounts, balances and positions as tastytrade writes them, read into the values of ttapi-core."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_client.wire import (
    Row,
    decimal_of,
    flag_of,
    money_of,
    required_time_of,
    text_of,
    time_of,
    unreadable,
    word_of,
)
from ttapi_core import Account, Balance, InstrumentKind, Position, QuantityDirection, Symbol
from ttapi_core.errors import DataError, ParameterError

if TYPE_CHECKING:
    from datetime import datetime

KINDS: Final = {
    "Equity": InstrumentKind.EQUITY,
    "Equity Option": InstrumentKind.EQUITY_OPTION,
    "Future": InstrumentKind.FUTURE,
    "Future Option": InstrumentKind.FUTURE_OPTION,
    "Cryptocurrency": InstrumentKind.CRYPTO,
    "Index": InstrumentKind.INDEX,
    "Currency Pair": InstrumentKind.FX,
}
"""The broker's words for kinds of instruments."""


def account_of(row: Row) -> Account:
    """
    Read the ``account`` object of an account.

    Raises
    ------
    DataError
        If its number is missing or a field cannot be read.
    """
    return Account(
        number=word_of(row, "account-number"),
        nickname=text_of(row, "nickname"),
        account_type=text_of(row, "account-type-name") or "",
        margin_or_cash=text_of(row, "margin-or-cash") or "",
        opened_at=time_of(row, "opened-at"),
        is_closed=flag_of(row, "is-closed"),
    )


def balance_of(row: Row, *, read_at: datetime) -> Balance:
    """
    Read a balance.

    Parameters
    ----------
    row
        The object.
    read_at
        The time of the balance where it does not say itself.

    Raises
    ------
    DataError
        If an amount is missing or no finite decimal number.
    """
    return Balance(
        account_number=word_of(row, "account-number"),
        time=time_of(row, "updated-at") or read_at,
        cash_balance=money_of(row, "cash-balance"),
        net_liquidating_value=money_of(row, "net-liquidating-value"),
        equity_buying_power=money_of(row, "equity-buying-power"),
        derivative_buying_power=money_of(row, "derivative-buying-power"),
        maintenance_requirement=money_of(row, "maintenance-requirement"),
        currency=text_of(row, "currency") or "USD",
    )


def position_of(row: Row) -> Position:
    """
    Read a position.

    Raises
    ------
    DataError
        If a field is missing or cannot be read, or its symbol is none.
    """
    direction = word_of(row, "quantity-direction")
    try:
        return Position(
            account_number=word_of(row, "account-number"),
            symbol=Symbol.parse(
                word_of(row, "symbol"), kind=KINDS.get(text_of(row, "instrument-type") or "")
            ),
            time=required_time_of(row, "updated-at"),
            quantity=money_of(row, "quantity"),
            direction=QuantityDirection(direction),
            average_open_price=money_of(row, "average-open-price"),
            multiplier=decimal_of(row, "multiplier") or Decimal(1),
            mark=decimal_of(row, "mark-price"),
            close_price=decimal_of(row, "close-price"),
            realized_day_gain=_signed(row, "realized-day-gain"),
        )
    except ParameterError as exc:
        raise DataError(exc.message, column=exc.parameter) from exc
    except ValueError as exc:
        if isinstance(exc, DataError):
            raise
        raise unreadable("quantity-direction", direction, "direction") from exc


def _signed(row: Row, field: str) -> Decimal:
    amount = decimal_of(row, field) or Decimal(0)
    return -amount if text_of(row, f"{field}-effect") == "Debit" else amount
