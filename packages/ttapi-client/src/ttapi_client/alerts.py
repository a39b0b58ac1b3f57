# SPDX-License-Identifier: Apache-2.0
"""Quote alerts: a word from the broker when a price crosses a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_client.readers import Reader
from ttapi_client.wire import id_of
from ttapi_core import InstrumentType
from ttapi_core.errors import ParameterError

if TYPE_CHECKING:
    from ttapi_client.api import Api, RequestTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteAlert:
    """
    An alert at the broker.

    Parameters
    ----------
    symbol
        What is watched.
    alert_external_id
        Its id; None where not told.
    field, operator, threshold
        Such as ``Last``, ``>`` and the price, in the broker's words.
    threshold_numeric
        The price as a number; None where not told.
    dx_symbol, user_external_id, instrument_type
        In the broker's words; None where not told.
    created_at, triggered_at, completed_at, expires_at
        When what happened (UTC); None where it did not.
    """

    symbol: str
    alert_external_id: str | None = None
    field: str | None = None
    operator: str | None = None
    threshold: str | None = None
    threshold_numeric: Decimal | None = None
    dx_symbol: str | None = None
    user_external_id: str | None = None
    instrument_type: InstrumentType | None = None
    created_at: datetime | None = None
    triggered_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None


quote_alert_of: Final = Reader(QuoteAlert, fields={"alert_external_id": id_of, "user_external_id": id_of})
"""Read an alert; `DataError` if its symbol is missing or a field cannot be read."""

OPERATORS: Final = (">", "<")


class AlertCalls:
    """The calls about quote alerts."""

    _api: Api

    async def quote_alerts(self, *, trace: RequestTrace | None = None) -> list[QuoteAlert]:
        """
        Return the customer's alerts.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If the call failed.
        """
        return [quote_alert_of(row) for row in await self._api.items("/quote-alerts", trace=trace)]

    async def create_quote_alert(
        self,
        symbol: str,
        threshold: Decimal,
        *,
        operator: str = ">",
        field: str = "Last",
        instrument_type: InstrumentType = InstrumentType.EQUITY,
        trace: RequestTrace | None = None,
    ) -> QuoteAlert:
        """
        Make an alert and return it as the broker keeps it.

        Parameters
        ----------
        symbol, instrument_type
            What to watch.
        threshold
            The line.
        operator
            ``>`` or ``<``: from which side it is crossed.
        field
            Of the quote: ``Last``, ``Bid``, ``Ask`` and what else the broker knows.
        trace
            Takes note of the request.

        Raises
        ------
        ParameterError
            If the operator is another, or the threshold no finite number.
        RequestRefusedError
            If the broker does not take it.
        """
        if operator not in OPERATORS:
            raise ParameterError("operator", operator, f"one of {', '.join(OPERATORS)}")
        if not threshold.is_finite():
            raise ParameterError("threshold", threshold, "a finite number")
        body = {
            "symbol": symbol,
            "field": field,
            "operator": operator,
            "threshold": f"{threshold:f}",
            "instrument-type": instrument_type.value,
        }
        row = await self._api.data("/quote-alerts", method="POST", json=body, trace=trace)
        return quote_alert_of(row)

    async def delete_quote_alert(self, alert_id: str, *, trace: RequestTrace | None = None) -> None:
        """
        Remove an alert.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        """
        await self._api.touch("DELETE", "/quote-alerts/{id}", segments={"id": alert_id}, trace=trace)
