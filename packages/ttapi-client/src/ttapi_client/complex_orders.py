# SPDX-License-Identifier: Apache-2.0
"""Orders that depend on each other, as tastytrade writes them; placed once, like single ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ttapi_client.accounts import check_account, check_own
from ttapi_client.order_bodies import SOURCE, number_text, order_body
from ttapi_client.orders import account_rows, answer_parts_of, tried_order_of
from ttapi_client.readers import Reader
from ttapi_client.wire import Row, id_of, rows_of, unreadable
from ttapi_core import ComplexOrder, ComplexPlacement, PlacedComplexOrder, PlacedOrder, RelatedOrder
from ttapi_core.errors import AnswerMismatchError, DataError, RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import date

    from ttapi_client.api import Api, RequestTrace
    from ttapi_client.call import SentOnce
    from ttapi_client.placing import Placer
    from ttapi_client.ticks import TickRules

PER_PAGE: Final = 10


def complex_order_body(order: ComplexOrder) -> dict[str, Any]:
    """Write a complex order as the body of a request; each of its orders carries its own identifier."""
    body: dict[str, Any] = {
        "type": order.type.value,
        "source": SOURCE,
        "external-identifier": str(order.id),
        "orders": [order_body(part) for part in order.orders],
    }
    if order.trigger_order is not None:
        body["trigger-order"] = order_body(order.trigger_order)
    if order.ratio_price_threshold is not None:
        body["ratio-price-threshold"] = number_text(order.ratio_price_threshold)
        body["ratio-price-comparator"] = order.ratio_price_comparator
        body["ratio-price-is-threshold-based-on-notional"] = order.ratio_price_is_threshold_based_on_notional
    return body


def _orders_of(row: Row, member: str) -> tuple[PlacedOrder, ...]:
    value = row.get(member)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise unreadable(member, value, "list")
    # In a dry run its orders have no ids.
    return tuple(_order_of({member: item}, member) for item in value)


def _order_of(row: Row, member: str) -> PlacedOrder:
    value = row.get(member)
    if not isinstance(value, dict):
        raise unreadable(member, value, "order")
    return tried_order_of(value)


def _trigger_of(row: Row, member: str) -> PlacedOrder | None:
    return None if row.get(member) is None else _order_of(row, member)


Reader(
    RelatedOrder,
    fields={
        "id": id_of,
        "complex_order_id": id_of,
        "replaces_order_id": id_of,
        "replacing_order_id": id_of,
    },
)
_complex: Final = Reader(
    PlacedComplexOrder,
    fields={"id": id_of, "orders": _orders_of, "trigger_order": _trigger_of},
)


def placed_complex_order_of(row: Row, *, is_dry_run: bool = False) -> PlacedComplexOrder:
    """
    Read a complex order at the broker.

    Raises
    ------
    DataError
        If its id or account is missing, or one of its orders cannot be read.
    """
    order = _complex(row)
    if order.id is None and not is_dry_run:
        raise DataError("is missing", column="id")
    return order


def complex_placement_of(row: Row, *, is_dry_run: bool = False) -> ComplexPlacement:
    """
    Read the answer to a complex order.

    Raises
    ------
    DataError
        If the order is missing, or a field of it or an amount cannot be read.
    """
    inner = row.get("complex-order")
    if not isinstance(inner, dict):
        raise DataError("is missing", column="complex-order")
    order = placed_complex_order_of(inner, is_dry_run=is_dry_run)
    return ComplexPlacement(complex_order=order, **answer_parts_of(row))


def _identifiers(row: Row) -> set[object]:
    parts = [row, *rows_of(row.get("orders"))]
    trigger = row.get("trigger-order")
    parts += [trigger] if isinstance(trigger, dict) else []
    return {part["external-identifier"] for part in parts if isinstance(part.get("external-identifier"), str)}


def _own_identifiers(order: ComplexOrder) -> set[object]:
    return {str(order.id), *(str(part.id) for part in order.all_orders)}


def _check_answer(order: ComplexOrder) -> Callable[[Row], None]:
    def check(row: Row) -> None:
        inner = row.get("complex-order")
        inner = inner if isinstance(inner, dict) else {}
        check_account((inner,), order.account_number)
        if not _identifiers(inner) <= _own_identifiers(order):
            raise AnswerMismatchError(f"another complex order was answered where {order.id} was sent")

    return check


class ComplexOrderCalls:
    """The calls about orders that depend on each other."""

    _api: Api
    _placer: Placer
    _ticks: TickRules

    if TYPE_CHECKING:

        async def find_order(
            self, number: str, external_identifier: str, *, since: date | None = None
        ) -> PlacedOrder | None:
            """See `OrderCalls`."""
            ...

    async def dry_run_complex_order(
        self, order: ComplexOrder, *, check: bool = True, trace: RequestTrace | None = None
    ) -> ComplexPlacement:
        """
        Ask what a complex order would do; nothing is placed.

        Raises
        ------
        ParameterError
            If a price or quantity is none that its instruments take; it names the field.
        RequestRefusedError
            If the broker would not take it.
        TTError
            If a call failed.
        """
        await self._check_parts(order, check=check)
        row = await self._api.data(
            "/accounts/{number}/complex-orders/dry-run",
            method="POST",
            segments={"number": order.account_number},
            json=complex_order_body(order),
            check=_check_answer(order),
            trace=trace,
        )
        return complex_placement_of(row, is_dry_run=True)

    async def submit_complex_order(
        self,
        order: ComplexOrder,
        *,
        check: bool = True,
        look_first: bool = False,
        trace: RequestTrace | None = None,
    ) -> ComplexPlacement:
        """
        Place a complex order once, also when answers get lost.

        Parameters
        ----------
        order
            The orders; the id of each goes along as its external identifier.
        check
            Whether they are checked first against the price steps of their instruments.
        look_first
            Whether it may have been sent before, by another process for one, or before a restart: it is
            looked for first.
        trace
            Takes note of the requests that were answered.

        Raises
        ------
        ParameterError
            If a price or quantity is none that its instruments take; it names the field. Nothing was sent.
        RequestRefusedError
            If the broker does not take it.
        OrderUnknownError
            If the answer was lost, and looking for the order found nothing, or failed: its fate is unknown.
        UsageError
            If the same order is being placed already.
        TTError
            If the call failed and nothing was placed.
        """
        await self._check_parts(order, check=check)

        async def send(once: SentOnce) -> ComplexPlacement:
            row = await self._api.data(
                "/accounts/{number}/complex-orders",
                method="POST",
                segments={"number": order.account_number},
                json=complex_order_body(order),
                once=once,
                check=_check_answer(order),
                trace=trace,
            )
            return complex_placement_of(row)

        async def find() -> ComplexPlacement | None:
            found = await self.find_complex_order(order)
            return None if found is None else ComplexPlacement(complex_order=found, is_recovered=True)

        return await self._placer.place(str(order.id), send=send, find=find, look_first=look_first)

    async def _check_parts(self, order: ComplexOrder, *, check: bool) -> None:
        if check:
            for part in order.all_orders:
                await self._ticks.check(part)

    async def find_complex_order(self, order: ComplexOrder) -> PlacedComplexOrder | None:
        """
        Look for a complex order by the identifiers that it and its orders were sent with.

        Returns
        -------
        PlacedComplexOrder or None
            None where the broker answered and has no such order.

        Raises
        ------
        TTError
            If a call failed, or the order cannot be read: it may be there.
        """
        number, own = order.account_number, _own_identifiers(order)
        async for row in account_rows(self._api, "/complex-orders/live", number, {}, None):
            if own & _identifiers(row):
                return placed_complex_order_of(row)
        # Its orders are among the single ones too, also those of a day that ended meanwhile.
        part = await self.find_order(number, str(order.all_orders[0].id))
        if part is None:
            return None
        if part.complex_order_id is None:
            raise AnswerMismatchError(f"order {part.id} does not say of which complex order it is a part")
        return await self.complex_order(number, part.complex_order_id)

    async def complex_order(
        self, number: str, order_id: str, *, trace: RequestTrace | None = None
    ) -> PlacedComplexOrder:
        """
        Return a complex order.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If there is no such order.
        """
        row = await self._api.data(
            "/accounts/{number}/complex-orders/{id}",
            segments={"number": number, "id": order_id},
            check=check_own(number),
            trace=trace,
        )
        return placed_complex_order_of(row)

    async def live_complex_orders(
        self, number: str, *, trace: RequestTrace | None = None
    ) -> list[PlacedComplexOrder]:
        """
        Return the complex orders that were made or changed today, finished ones too.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        return [
            placed_complex_order_of(row)
            async for row in account_rows(self._api, "/complex-orders/live", number, {}, trace)
        ]

    async def complex_orders(
        self, number: str, *, trace: RequestTrace | None = None
    ) -> AsyncIterator[PlacedComplexOrder]:
        """
        Yield the complex orders of an account, page by page, each once.

        Raises
        ------
        DataError
            If one cannot be read.
        AnswerMismatchError, DecodeError
            If the pages are not the whole list.
        TTError
            If a call failed.
        """
        async for row in account_rows(self._api, "/complex-orders", number, {"per-page": PER_PAGE}, trace):
            yield placed_complex_order_of(row)

    async def edit_complex_order(
        self, order_id: str, order: ComplexOrder, *, check: bool = True, trace: RequestTrace | None = None
    ) -> PlacedComplexOrder:
        """
        Change the terms of a complex order.

        Parameters
        ----------
        order_id
            The broker's id of it.
        order
            The new terms.
        check
            Whether they are checked first against the price steps of their instruments.
        trace
            Takes note of the request.

        Raises
        ------
        ParameterError
            If a price or quantity is none that its instruments take; it names the field.
        RequestRefusedError
            If the broker does not take it.
        TTError
            If the call failed; read the order to see what became of it.
        """
        await self._check_parts(order, check=check)
        row = await self._api.data(
            "/accounts/{number}/complex-orders/{id}",
            method="PATCH",
            segments={"number": order.account_number, "id": order_id},
            json=complex_order_body(order),
            trace=trace,
        )
        inner = row.get("complex-order")
        return placed_complex_order_of(inner if isinstance(inner, dict) else row)

    async def cancel_complex_order(
        self, number: str, order_id: str, *, trace: RequestTrace | None = None
    ) -> PlacedComplexOrder:
        """
        Ask for the end of a complex order; parts of it may be filled before that.

        A cancellation that was asked for twice because the first answer was lost is no error.

        Raises
        ------
        NotFoundError
            If there is no such order.
        RequestRefusedError
            If it is finished already.
        TTError
            If the call failed; asking again does no harm.
        """
        try:
            row = await self._api.data(
                "/accounts/{number}/complex-orders/{id}",
                method="DELETE",
                segments={"number": number, "id": order_id},
                check=check_own(number),
                trace=trace,
            )
        except RequestRefusedError as exc:
            if exc.attempts <= 1:
                raise
            # The lost answer may have been a yes.
            return await self._ended(number, order_id, exc, trace)
        return placed_complex_order_of(row)

    async def _ended(
        self, number: str, order_id: str, refusal: RequestRefusedError, trace: RequestTrace | None
    ) -> PlacedComplexOrder:
        order = await self.complex_order(number, order_id, trace=trace)
        working = [part for part in order.all_orders if not part.is_terminal]
        if any(part.status_word != "Cancel Requested" for part in working):
            raise refusal
        return order
