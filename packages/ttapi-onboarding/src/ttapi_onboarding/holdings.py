# SPDX-License-Identifier: Apache-2.0
"""``ttapi accounts`` and ``ttapi positions``: what a trader has."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ttapi_core.errors import TTError
from ttapi_onboarding.amounts import (
    gain_text,
    money_text,
    percent_text,
    plain,
    price_text,
    quantity_text,
    symbol_text,
)
from ttapi_onboarding.brokerage import broker_session
from ttapi_onboarding.columns import Column, show_fitted
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.screens import note, stdout_is_terminal, warn, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttapi_core import Account, Balance, Broker, Position
    from ttapi_core.errors import DataError
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings


def run_accounts(invocation: Invocation, settings: Settings, *, as_json: bool) -> ExitCode:
    """List the accounts with their money; `ExitCode.MISSING` if the money of one could not be read."""
    with broker_session(invocation, settings, trades=True) as session:
        accounts = session.accounts()
        balances = session.ask(_balances(session.broker, accounts))
        is_real_money = session.broker.is_real_money
        names = {account.number: session.shown_number(account, accounts) for account in accounts}
    failed = {number: told for number, told in balances.items() if isinstance(told, TTError)}
    money = {number: told for number, told in balances.items() if not isinstance(told, TTError)}
    for number, error in failed.items():
        warn(session.masked(f"the balance of {number} cannot be read: {error}"))
    if as_json or not stdout_is_terminal():
        write_json([_account_row(one, money.get(one.number), is_real_money) for one in accounts])
    else:
        rows = [money.get(one.number) for one in accounts]
        show_fitted(f"accounts · {session.label}", _account_columns(accounts, names, rows))
        note("amounts in the currency of the account" if _currencies(accounts) else "amounts in USD")
    return ExitCode.MISSING if failed else ExitCode.COMPLETE


def _currencies(accounts: Sequence[Account]) -> bool:
    return any(account.currency != "USD" for account in accounts)


async def _balances(broker: Broker, accounts: Sequence[Account]) -> dict[str, Balance | TTError]:
    async def balance(number: str) -> Balance | TTError:
        try:
            return await broker.balance(number)
        except TTError as exc:  # the other accounts are shown
            return exc

    told = await asyncio.gather(*(balance(account.number) for account in accounts))
    return {account.number: one for account, one in zip(accounts, told, strict=True)}


def _account_row(account: Account, balance: Balance | None, is_real_money: bool) -> dict[str, Any]:  # noqa: FBT001 - one row
    money = (
        "net_liquidating_value",
        "cash_balance",
        "equity_buying_power",
        "derivative_buying_power",
        "maintenance_requirement",
    )
    return {
        "number": account.number,
        "nickname": account.nickname,
        "type": account.account_type,
        "margin_or_cash": account.margin_or_cash,
        "currency": account.currency,
        "is_closed": account.is_closed,
        "is_real_money": is_real_money,
        **{name: plain(getattr(balance, name, None)) for name in money},
        "time": plain(balance.time) if balance is not None else None,
    }


def _account_columns(
    accounts: Sequence[Account], names: dict[str, str], balances: Sequence[Balance | None]
) -> list[Column]:
    def amounts(name: str) -> list[str | None]:
        return [money_text(getattr(balance, name, None)) for balance in balances]

    return [
        Column(heading="account", cells=[names[account.number] for account in accounts], is_left=True),
        Column(heading="nickname", cells=[account.nickname for account in accounts], rank=3, is_left=True),
        Column(heading="type", cells=[_type(account) for account in accounts], rank=2, is_left=True),
        Column(heading="net liq", cells=amounts("net_liquidating_value")),
        Column(heading="cash", cells=amounts("cash_balance")),
        Column(heading="stock bp", cells=amounts("equity_buying_power")),
        Column(heading="option bp", cells=amounts("derivative_buying_power"), rank=1),
        Column(heading="maintenance", cells=amounts("maintenance_requirement"), rank=4),
    ]


def _type(account: Account) -> str:
    words = f"{account.account_type} {account.margin_or_cash.lower()}".strip()
    return f"{words} (closed)" if account.is_closed else words


def run_positions(
    invocation: Invocation, settings: Settings, *, account: str | None, as_json: bool
) -> ExitCode:
    """Show what an account holds; `ExitCode.MISSING` if a position could not be read."""
    refused: dict[str, DataError] = {}
    with broker_session(invocation, settings, trades=True) as session:
        chosen, name = session.chosen(account)
        held = session.ask(session.broker.positions(chosen.number, refused=refused))
    held = sorted(held, key=lambda position: (position.underlying_symbol or "", position.symbol))
    for symbol, error in refused.items():
        warn(f"position {symbol} cannot be read: {error}")
    if as_json or not stdout_is_terminal():
        write_json([_position_row(position) for position in held])
    elif held:
        show_fitted(f"positions of {name} · {session.label}", _position_columns(held))
    else:
        note(f"account {name} holds nothing")
    return ExitCode.MISSING if refused else ExitCode.COMPLETE


def day_gain(position: Position) -> Decimal | None:
    """Return what a position gained since the close before, realised today included; None where not known."""
    start = position.average_daily_close_price
    start = position.close_price if start is None else start
    if position.mark is None or start is None:
        return None
    moved = (position.mark - start) * position.signed_quantity * position.multiplier
    return moved + position.realized_day_gain


def open_gain_fraction(position: Position) -> Decimal | None:
    """Return the gain since opening as a part of what was paid or received; None where not known."""
    cost = abs(position.average_open_price * position.quantity * position.multiplier)
    return position.open_gain / cost if position.open_gain is not None and cost else None


def _position_row(position: Position) -> dict[str, Any]:
    return {
        "account_number": position.account_number,
        "symbol": position.symbol.canonical,
        "underlying_symbol": position.underlying_symbol,
        "quantity": plain(position.signed_quantity),
        "average_open_price": plain(position.average_open_price),
        "mark": plain(position.mark),
        "close_price": plain(position.close_price),
        "multiplier": plain(position.multiplier),
        "market_value": plain(position.market_value),
        "open_gain": plain(position.open_gain),
        "day_gain": plain(day_gain(position)),
        "realized_day_gain": plain(position.realized_day_gain),
        "expires_at": plain(position.expires_at),
        "time": plain(position.time),
    }


def _position_columns(held: Sequence[Position]) -> list[Column]:
    total = _sums(held)
    return [
        Column(heading="symbol", cells=[*(symbol_text(p.symbol) for p in held), "total"], is_left=True),
        Column(heading="quantity", cells=[*(quantity_text(p.signed_quantity) for p in held), ""]),
        Column(heading="open", cells=[*(price_text(p.average_open_price) for p in held), ""]),
        Column(heading="mark", cells=[*(price_text(p.mark) for p in held), ""]),
        Column(heading="close", cells=[*(price_text(p.close_price) for p in held), ""], rank=3),
        Column(
            heading="value", cells=[*(money_text(p.market_value) for p in held), money_text(total[0])], rank=2
        ),
        Column(heading="gain", cells=[*(gain_text(p.open_gain) for p in held), gain_text(total[1])]),
        Column(heading="gain %", cells=[*(percent_text(open_gain_fraction(p)) for p in held), ""], rank=4),
        Column(heading="day", cells=[*(gain_text(day_gain(p)) for p in held), gain_text(total[2])], rank=1),
    ]


def _sums(held: Sequence[Position]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return value, gain and gain of the day of all; a sum with an unknown part is not known."""

    def total(amounts: list[Decimal | None]) -> Decimal | None:
        known = [amount for amount in amounts if amount is not None]
        return sum(known, start=Decimal(0)) if len(known) == len(amounts) else None

    return (
        total([position.market_value for position in held]),
        total([position.open_gain for position in held]),
        total([day_gain(position) for position in held]),
    )
