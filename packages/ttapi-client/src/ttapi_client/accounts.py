# SPDX-License-Identifier: Apache-2.0
"""Accounts, what they may do, and what they hold, as tastytrade writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.readers import Reader
from ttapi_client.wire import Row, flag_of, text_of, word_of
from ttapi_core import Account, Balance, InstrumentType, Position, Symbol
from ttapi_core.errors import AnswerMismatchError, DataError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ttapi_client.api import Api, RequestTrace
    from ttapi_client.call import QueryParams


def _or_empty(row: Row, member: str) -> str:
    return text_of(row, member) or ""


def _day_trader(row: Row, member: str) -> bool:
    # A boolean on the wire, a text by the book.
    value = row.get(member)
    return value.lower() == "true" if isinstance(value, str) else flag_of(row, member)


_account: Final = Reader(
    Account,
    names={
        "number": "account-number",
        "account_type": "account-type-name",
        "is_day_trader": "day-trader-status",
    },
    fields={"account_type": _or_empty, "margin_or_cash": _or_empty, "is_day_trader": _day_trader},
)


def account_of(row: Row) -> Account:
    """
    Read an account, alone or in the list of a customer's with the authority over it.

    Raises
    ------
    DataError
        If its number is missing or a field cannot be read.
    """
    inner = row.get("account")
    if isinstance(inner, dict):
        row = {"authority-level": row.get("authority-level"), **inner}
    return _account(row)


_balance: Final = Reader(
    Balance,
    names={"time": "updated-at"},
    signed={"pending_cash", "unsettled_cryptocurrency_fiat_amount"},
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
    return _balance(row if row.get("updated-at") is not None else {**row, "updated-at": read_at.isoformat()})


def _symbol(row: Row, member: str) -> Symbol:
    text, word = word_of(row, member), text_of(row, "instrument-type") or ""
    kind = next((item.kind for item in InstrumentType if item.value == word), None)
    try:
        return Symbol.parse(text, kind=kind)
    except ParameterError as exc:
        raise DataError(exc.message, column=member) from exc


position_of: Final = Reader(
    Position,
    names={
        "time": "updated-at",
        "direction": "quantity-direction",
        "mark": "mark-price",
        "average_daily_close_price": "average-daily-market-close-price",
        "average_yearly_close_price": "average-yearly-market-close-price",
    },
    signed={"realized_day_gain"},
    fields={"symbol": _symbol},
)
"""Read a position; `DataError` if a field is missing or cannot be read, or its symbol is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingStatus:
    """
    What an account may do, in the broker's words and flags; a flag that is not told is False.

    Parameters
    ----------
    account_number
        Whose.
    id
        The broker's; None where not told.
    equities_margin_calculation_type, fee_schedule_name, options_level
        In the broker's words; None where not told.
    futures_margin_rate_multiplier, small_notional_futures_margin_rate_multiplier
        Factors; None where not told.
    day_trade_count
        Day trades counted lately; None where not told.
    updated_at
        When (UTC); None where not told.
    """

    account_number: str
    id: str | None = None
    equities_margin_calculation_type: str | None = None
    fee_schedule_name: str | None = None
    options_level: str | None = None
    futures_margin_rate_multiplier: Decimal | None = None
    small_notional_futures_margin_rate_multiplier: Decimal | None = None
    day_trade_count: int | None = None
    updated_at: datetime | None = None
    has_intraday_equities_margin: bool = False
    is_aggregated_at_clearing: bool = False
    is_closed: bool = False
    is_closing_only: bool = False
    is_cryptocurrency_enabled: bool = False
    is_cryptocurrency_closing_only: bool = False
    is_frozen: bool = False
    is_full_equity_margin_required: bool = False
    is_futures_closing_only: bool = False
    is_futures_enabled: bool = False
    is_futures_intra_day_enabled: bool = False
    is_in_day_trade_equity_maintenance_call: bool = False
    is_in_margin_call: bool = False
    is_pattern_day_trader: bool = False
    is_portfolio_margin_enabled: bool = False
    is_risk_reducing_only: bool = False
    is_roll_the_day_forward_enabled: bool = False
    is_small_notional_futures_intra_day_enabled: bool = False
    is_equity_offering_enabled: bool = False
    is_equity_offering_closing_only: bool = False
    are_far_otm_net_options_restricted: bool = False
    short_calls_enabled: bool = False


trading_status_of: Final = Reader(TradingStatus)
"""Read a trading status; `DataError` if a field cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLimit:
    """How large orders and positions of an account may be, in shares and contracts; None where not told."""

    account_number: str
    equity_order_size: Decimal | None = None
    equity_option_order_size: Decimal | None = None
    future_order_size: Decimal | None = None
    future_option_order_size: Decimal | None = None
    equity_position_size: Decimal | None = None
    equity_option_position_size: Decimal | None = None
    future_position_size: Decimal | None = None
    future_option_position_size: Decimal | None = None
    underlying_opening_order_limit: Decimal | None = None


position_limit_of: Final = Reader(PositionLimit)
"""Read a position limit; `DataError` if a field cannot be read."""


def check_account(items: Iterable[Row], number: str) -> None:
    """
    Check that objects are those of an account.

    Raises
    ------
    AnswerMismatchError
        If one is another's.
    """
    for item in items:
        answered = item.get("account-number")
        if answered != number:
            raise AnswerMismatchError(f"account {answered!r:.40} was answered where {number} was asked for")


def check_own(number: str) -> Any:  # noqa: ANN401 - a check of one object
    """Return a check that an object is that of an account."""
    return lambda row: check_account((row,), number)


class AccountCalls:
    """The calls about accounts, their permissions and positions."""

    _api: Api

    async def accounts(self, *, trace: RequestTrace | None = None) -> list[Account]:
        """
        Return the customer's accounts, closed ones too.

        Raises
        ------
        DataError
            If one of them cannot be read.
        TTError
            If the call failed.
        """
        return [account_of(item) for item in await self._api.items("/customers/me/accounts", trace=trace)]

    async def account(self, number: str, *, trace: RequestTrace | None = None) -> Account:
        """
        Return one account of the customer.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """
        return account_of(
            await self._api.data(
                "/customers/me/accounts/{number}",
                segments={"number": number},
                check=check_own(number),
                trace=trace,
            )
        )

    async def trading_status(self, number: str, *, trace: RequestTrace | None = None) -> TradingStatus:
        """
        Return what an account may do.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """
        return trading_status_of(
            await self._api.data(
                "/accounts/{number}/trading-status",
                segments={"number": number},
                check=check_own(number),
                trace=trace,
            )
        )

    async def position_limit(self, number: str, *, trace: RequestTrace | None = None) -> PositionLimit:
        """
        Return how large orders and positions of an account may be.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """
        return position_limit_of(
            await self._api.data(
                "/accounts/{number}/position-limit",
                segments={"number": number},
                check=check_own(number),
                trace=trace,
            )
        )

    async def positions(
        self,
        number: str,
        *,
        underlyings: Sequence[str] = (),
        symbol: str | None = None,
        include_marks: bool = False,
        include_closed: bool = False,
        refused: dict[str, DataError] | None = None,
        trace: RequestTrace | None = None,
    ) -> list[Position]:
        """
        Return the positions of an account; those closed today are there with quantity zero until the night.

        Parameters
        ----------
        number
            The account.
        underlyings, symbol
            Only positions of these.
        include_marks
            Whether each has its mark.
        include_closed
            Whether closed ones of earlier days are there too.
        refused
            Takes, by symbol as written, why one cannot be read, such as a bond that no `Symbol` names; None
            raises instead.
        trace
            Takes note of the request.

        Raises
        ------
        DataError
            If one cannot be read.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """
        params: dict[str, Any] = {
            "underlying-symbol[]": list(underlyings) or None,
            "symbol": symbol,
            "include-marks": include_marks or None,
            "include-closed-positions": include_closed or None,
        }
        params = {name: value for name, value in params.items() if value is not None}
        positions: list[Position] = []
        for row in await self.position_rows(number, params=params, trace=trace):
            try:
                positions.append(position_of(row))
            except DataError as exc:
                if refused is None:
                    raise
                refused[str(row.get("symbol"))] = exc
        return positions

    async def position_rows(
        self, number: str, *, params: QueryParams | None = None, trace: RequestTrace | None = None
    ) -> list[Row]:
        """Return the positions of an account as they came, for callers that need less than all fields."""
        return await self._api.items(
            "/accounts/{number}/positions",
            segments={"number": number},
            params=params,
            check=lambda items: check_account(items, number),
            trace=trace,
        )
