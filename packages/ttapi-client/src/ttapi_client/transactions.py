# SPDX-License-Identifier: Apache-2.0
"""What moved money or instruments in accounts."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from ttapi_client.accounts import check_account, check_own
from ttapi_client.parameters import chosen, time_text
from ttapi_client.readers import Reader
from ttapi_client.wire import Row, id_of, signed_of
from ttapi_core import FeeCalculation, Lot, Transaction
from ttapi_core.errors import DataError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from decimal import Decimal

    from ttapi_client.api import Api, RequestTrace
    from ttapi_core import InstrumentType, OrderAction

PER_PAGE: Final = 250

Reader(Lot, fields={"id": id_of, "transaction_id": id_of})
transaction_of: Final = Reader(
    Transaction,
    signed={
        "value",
        "net_value",
        "regulatory_fees",
        "clearing_fees",
        "commission",
        "proprietary_index_option_fees",
        "other_charge",
    },
    fields={"id": id_of, "order_id": id_of, "reverses_id": id_of},
)
"""Read a transaction; `DataError` if a field is missing or cannot be read, money above all."""


def total_fees_of(row: Row) -> Decimal:
    """
    Read the fees of a day, negative where they were paid.

    Raises
    ------
    DataError
        If they are missing or no finite decimal number.
    """
    total = signed_of(row, "total-fees")
    if total is None:
        raise DataError("is missing", column="total-fees")
    return total


class TransactionCalls:
    """The calls about transactions."""

    _api: Api

    async def transactions(  # noqa: PLR0913 - the filters of the API
        self,
        number: str,
        *,
        first: date | None = None,
        last: date | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        types: Sequence[str] = (),
        sub_types: Sequence[str] = (),
        symbol: str | None = None,
        underlying: str | None = None,
        futures_symbol: str | None = None,
        instrument_type: InstrumentType | None = None,
        action: OrderAction | None = None,
        currency: str | None = None,
        newest_first: bool = True,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[Transaction]:
        """
        Yield the transactions of an account, page by page, each once.

        Parameters
        ----------
        number
            The account.
        first, last
            Days, both inclusive.
        start, end
            Times with a zone, for finer bounds.
        types, sub_types, symbol, underlying, futures_symbol, instrument_type, action, currency
            Only those.
        newest_first
            In which order.
        trace
            Takes note of the requests.

        Raises
        ------
        ParameterError
            If a range ends before it begins.
        DataError
            If one cannot be read.
        AnswerMismatchError, DecodeError
            If the pages are not the whole list.
        TTError
            If a call failed.
        """
        params = chosen(
            {
                "per-page": PER_PAGE,
                "sort": "Desc" if newest_first else "Asc",
                "start-date": first,
                "end-date": last,
                "start-at": time_text("start", start),
                "end-at": time_text("end", end),
                "types[]": tuple(types),
                "sub-type[]": tuple(sub_types),
                "symbol": symbol,
                "underlying-symbol": underlying,
                "futures-symbol": futures_symbol,
                "instrument-type": instrument_type,
                "action": action,
                "currency": currency,
            }
        )
        async for row in self._api.rows(
            "/accounts/{number}/transactions",
            segments={"number": number},
            params=params,
            key="id",
            check=lambda items: check_account(items, number),
            trace=trace,
        ):
            yield transaction_of(row)

    async def transaction(
        self, number: str, transaction_id: str, *, trace: RequestTrace | None = None
    ) -> Transaction:
        """
        Return one transaction.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If there is none of that id.
        """
        row = await self._api.data(
            "/accounts/{number}/transactions/{id}",
            segments={"number": number, "id": transaction_id},
            check=check_own(number),
            trace=trace,
        )
        return transaction_of(row)

    async def total_fees(
        self, number: str, *, day: date | None = None, trace: RequestTrace | None = None
    ) -> Decimal:
        """
        Return the fees of a day, today's without one; negative where they were paid.

        Raises
        ------
        DataError
            If they are missing or no finite decimal number.
        TTError
            If the call failed.
        """
        row = await self._api.data(
            "/accounts/{number}/transactions/total-fees",
            segments={"number": number},
            params=chosen({"date": day}),
            trace=trace,
        )
        return total_fees_of(row)


fee_calculation_of: Final = Reader(
    FeeCalculation,
    signed={
        "total_fees",
        "regulatory_fees",
        "clearing_fees",
        "commission",
        "proprietary_index_option_fees",
    },
)
"""Read what an order will cost; `DataError` if an amount is missing or no finite decimal number."""
