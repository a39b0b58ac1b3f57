# SPDX-License-Identifier: Apache-2.0
"""The money of accounts, now and as it was."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.accounts import balance_of, check_account, check_own
from ttapi_client.parameters import chosen, time_text
from ttapi_client.readers import Reader
from ttapi_core import Balance, BalanceSnapshot, NetLiquidity
from ttapi_core.errors import DecodeError, ParameterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ttapi_client.api import Api, RequestTrace
    from ttapi_client.wire import Row

TIMES_OF_DAY: Final = ("BOD", "EOD", "Intraday")
TIME_BACK: Final = ("1d", "1m", "3m", "6m", "1y", "all")

balance_snapshot_of: Final = Reader(
    BalanceSnapshot, signed={"pending_cash", "unsettled_cryptocurrency_fiat_amount"}
)
"""Read a balance that was written down; `DataError` if an amount is no finite decimal number."""
net_liquidity_of: Final = Reader(NetLiquidity)
"""Read a row of the history of an account's worth; `DataError` if a field is missing or cannot be read."""


class BalanceCalls:
    """The calls about balances."""

    _api: Api

    async def balances(self, number: str, *, trace: RequestTrace | None = None) -> list[Balance]:
        """
        Return the balances of an account, one a currency.

        Raises
        ------
        DataError
            If an amount is missing or no finite decimal number.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """

        def check(items: list[Row]) -> None:
            check_account(items, number)
            if not items:
                raise DecodeError(f"account {number} was answered without a balance")

        rows = await self._api.items(
            "/accounts/{number}/balances", segments={"number": number}, check=check, trace=trace
        )
        return [balance_of(row, read_at=datetime.now(UTC)) for row in rows]

    async def balance(
        self, number: str, *, currency: str = "USD", trace: RequestTrace | None = None
    ) -> Balance:
        """
        Return the balance of an account in one currency.

        Raises
        ------
        DataError
            If an amount is missing or no finite decimal number.
        NotFoundError, NotEntitledError
            If there is no such account or balance, or not for these credentials.
        """
        row = await self._api.data(
            "/accounts/{number}/balances/{currency}",
            segments={"number": number, "currency": currency},
            check=check_own(number),
            trace=trace,
        )
        return balance_of(row, read_at=datetime.now(UTC))

    async def balance_snapshots(
        self,
        number: str,
        *,
        time_of_day: str = "EOD",
        currency: str = "USD",
        first: date | None = None,
        last: date | None = None,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[BalanceSnapshot]:
        """
        Yield the balances that were written down, page by page; without a range the last one and today's.

        Parameters
        ----------
        number
            The account.
        time_of_day
            ``BOD``, ``EOD`` or ``Intraday``.
        currency
            Of the balances.
        first, last
            Days, both inclusive.
        trace
            Takes note of the requests.

        Raises
        ------
        ParameterError
            If the time of day is none of these, or ``first`` is after ``last``.
        DataError
            If an amount is no finite decimal number.
        TTError
            If a call failed.
        """
        if time_of_day not in TIMES_OF_DAY:
            raise ParameterError("time_of_day", time_of_day, f"one of {', '.join(TIMES_OF_DAY)}")
        params = chosen(
            {
                "time-of-day": time_of_day,
                "currency": currency,
                "start-date": first,
                "end-date": last,
            }
        )
        async for row in self._api.rows(
            "/accounts/{number}/balance-snapshots",
            segments={"number": number},
            params=params,
            check=lambda items: check_account(items, number),
            trace=trace,
        ):
            yield balance_snapshot_of(row)

    async def net_liquidity_history(
        self,
        number: str,
        *,
        time_back: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        interval: str | None = None,
        trace: RequestTrace | None = None,
    ) -> list[NetLiquidity]:
        """
        Return what an account was worth, in order of time.

        Parameters
        ----------
        number
            The account.
        time_back
            ``1d``, ``1m``, ``3m``, ``6m``, ``1y`` or ``all``; instead of a start.
        start, end
            Times with a zone.
        interval
            Of the rows, in the broker's words; None leaves it to the broker.
        trace
            Takes note of the request.

        Raises
        ------
        ParameterError
            If neither or both of ``time_back`` and ``start`` are given, or a value is none of these.
        DataError
            If a row cannot be read.
        TTError
            If the call failed.
        """
        if (time_back is None) == (start is None):
            raise ParameterError("time_back", time_back, "a value, or a start, and not both")
        if time_back is not None and time_back not in TIME_BACK:
            raise ParameterError("time_back", time_back, f"one of {', '.join(TIME_BACK)}")
        params: dict[str, Any] = chosen(
            {
                "time-back": time_back,
                "start-time": time_text("start", start),
                "end-time": time_text("end", end),
                "interval": interval,
            }
        )
        rows = await self._api.items(
            "/accounts/{number}/net-liq/history", segments={"number": number}, params=params, trace=trace
        )
        return sorted((net_liquidity_of(row) for row in rows), key=lambda row: row.time)
