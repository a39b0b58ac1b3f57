# SPDX-License-Identifier: Apache-2.0
"""
Orders, as tastytrade writes them, and the calls that place, change and end them.

An order goes with its id as external identifier. When the answer is lost it is looked for by that, and sent
again only when the broker answered that it has none (`ttapi_client.placing`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.accounts import check_account, check_own
from ttapi_client.order_bodies import order_body
from ttapi_client.parameters import chosen, time_text
from ttapi_client.readers import Reader
from ttapi_client.transactions import fee_calculation_of
from ttapi_client.wire import Row, id_of, text_of, time_of, unreadable, word_of
from ttapi_core import (
    BuyingPowerEffect,
    InstrumentType,
    Order,
    OrderMessage,
    OrderRule,
    OrderStatus,
    PlacedFill,
    PlacedLeg,
    PlacedOrder,
    Placement,
)
from ttapi_core.errors import AnswerMismatchError, DataError, ParameterError, RequestRefusedError
from ttapi_core.orders import OrderCondition

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from ttapi_client.api import Api, RequestTrace
    from ttapi_client.call import SentOnce
    from ttapi_client.placing import Placer
    from ttapi_client.ticks import TickRules

PER_PAGE: Final = 100
_ENDING: Final = frozenset({OrderStatus.CANCEL_REQUESTED, OrderStatus.CANCELLED})


def _moment(row: Row, member: str) -> datetime | None:
    # Zero stands for "never", as in a dry run.
    return None if row.get(member) in (0, "0") else time_of(row, member)


_rule: Final = Reader(OrderRule, names={"conditions": "order-conditions"})
Reader(OrderCondition)


def _rule_of(row: Row, member: str) -> OrderRule | None:
    value = row.get(member)
    if value is not None and not isinstance(value, dict):
        raise unreadable(member, value, "object")
    return _rule(value) if value else None


Reader(
    PlacedFill,
    names={
        "id": "fill-id",
        "price": "fill-price",
        "time": "filled-at",
        "venue": "destination-venue",
        "group_fill_id": "ext-group-fill-id",
        "exec_id": "ext-exec-id",
    },
    fields={"id": id_of},
)
Reader(PlacedLeg)
tried_order_of: Final = Reader(
    PlacedOrder,
    names={"status_word": "status", "rule": "order-rule"},
    fields={
        "account_number": word_of,
        "status_word": word_of,
        "id": id_of,
        "updated_at": _moment,
        "replaces_order_id": id_of,
        "replacing_order_id": id_of,
        "complex_order_id": id_of,
        "external_identifier": text_of,
        "preflight_id": id_of,
        "rule": _rule_of,
    },
)
"""Read an order that may have no id, as in a dry run; `DataError` as `placed_order_of`."""
_effect: Final = Reader(
    BuyingPowerEffect,
    signed={
        "change_in_margin_requirement",
        "change_in_buying_power",
        "current_buying_power",
        "new_buying_power",
        "isolated_order_margin_requirement",
    },
)
buying_power_effect_of: Final = _effect
"""Read what an order does to the buying power; `DataError` if an amount is no finite decimal number."""
Reader(OrderMessage, fields={"preflight_id": id_of})


def placed_order_of(row: Row) -> PlacedOrder:
    """
    Read an order at the broker.

    Raises
    ------
    DataError
        If its id, account or status is missing, or an amount or a time cannot be read.
    """
    order = tried_order_of(row)
    if order.id is None:
        raise DataError("is missing", column="id")
    return order


def _message_of(item: Row) -> OrderMessage:
    # Two dresses: {code, message} and {domain, reason}.
    return OrderMessage(
        code=text_of(item, "code") or text_of(item, "domain") or "",
        message=text_of(item, "message") or text_of(item, "reason") or "",
        preflight_id=id_of(item, "preflight-id"),
    )


def answer_parts_of(row: Row) -> dict[str, Any]:
    """
    Read what comes with an order in the answer to it.

    Raises
    ------
    DataError
        If an amount is missing or no finite decimal number.
    """
    parts: dict[str, Any] = {}
    effect, fees = row.get("buying-power-effect"), row.get("fee-calculation")
    for member, value in (("buying-power-effect", effect), ("fee-calculation", fees)):
        if value is not None and not isinstance(value, dict):
            raise unreadable(member, value, "object")
    if effect:
        parts["buying_power_effect"] = buying_power_effect_of(effect)
    if fees:
        parts["fee_calculation"] = fee_calculation_of(fees)
    for member in ("warnings", "errors"):
        value = row.get(member)
        if value is not None and not isinstance(value, list):
            raise unreadable(member, value, "list")
        parts[member] = tuple(_message_of(item) for item in value or () if isinstance(item, dict))
    return parts


def placement_of(row: Row, *, is_dry_run: bool = False) -> Placement:
    """
    Read the answer to an order.

    Raises
    ------
    DataError
        If the order is missing, or a field of it or an amount cannot be read.
    """
    inner = row.get("order")
    if not isinstance(inner, dict):
        raise DataError("is missing", column="order")
    order = tried_order_of(inner) if is_dry_run else placed_order_of(inner)
    return Placement(order=order, **answer_parts_of(row))


def _check_answer(order: Order) -> Callable[[Row], None]:
    def check(row: Row) -> None:
        inner = row.get("order")
        check_sent(inner if isinstance(inner, dict) else {}, order)

    return check


def check_sent(row: Row, order: Order) -> None:
    """
    Check that an order in an answer is the one that was sent.

    Raises
    ------
    AnswerMismatchError
        If it is another's.
    """
    check_account((row,), order.account_number)
    identifier = row.get("external-identifier")
    if identifier is not None and identifier != str(order.id):
        raise AnswerMismatchError(f"order {identifier!r:.60} was answered where {order.id} was sent")


def account_rows(
    api: Api, path: str, number: str, params: Mapping[str, Any], trace: RequestTrace | None
) -> AsyncIterator[Row]:
    """Yield the orders of an account, single or complex ones, each once: what ``path`` below it lists."""
    return api.rows(
        f"/accounts/{{number}}{path}",
        segments={"number": number},
        params=params,
        key="id",
        check=lambda items: check_account(items, number),
        trace=trace,
    )


class OrderCalls:
    """The calls about orders."""

    _api: Api
    _placer: Placer
    _ticks: TickRules

    async def dry_run_order(
        self, order: Order, *, check: bool = True, trace: RequestTrace | None = None
    ) -> Placement:
        """
        Ask what an order would do; nothing is placed.

        Parameters
        ----------
        order
            The order.
        check
            Whether it is checked first against the price steps of its instruments.
        trace
            Takes note of the request.

        Raises
        ------
        ParameterError
            If a price or quantity is none that its instruments take; it names the field.
        RequestRefusedError
            If the broker would not take it.
        TTError
            If a call failed.
        """
        if check:
            await self._ticks.check(order)
        row = await self._api.data(
            "/accounts/{number}/orders/dry-run",
            method="POST",
            segments={"number": order.account_number},
            json=order_body(order),
            check=_check_answer(order),
            trace=trace,
        )
        return placement_of(row, is_dry_run=True)

    async def submit_order(
        self,
        order: Order,
        *,
        check: bool = True,
        look_first: bool = False,
        trace: RequestTrace | None = None,
    ) -> Placement:
        """
        Place an order once, also when answers get lost.

        Parameters
        ----------
        order
            The order; its id goes along as external identifier.
        check
            Whether it is checked first against the price steps of its instruments.
        look_first
            Whether it may have been sent before, by another process for one, or before a restart: it is
            looked for first.
        trace
            Takes note of the requests that were answered.

        Returns
        -------
        Placement
            ``is_recovered`` where the answer was lost and the order was found.

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
        if check:
            await self._ticks.check(order)

        async def send(once: SentOnce) -> Placement:
            row = await self._api.data(
                "/accounts/{number}/orders",
                method="POST",
                segments={"number": order.account_number},
                json=order_body(order),
                once=once,
                check=_check_answer(order),
                trace=trace,
            )
            return placement_of(row)

        async def find() -> Placement | None:
            found = await self.find_order(order.account_number, str(order.id), since=self._since(order))
            return None if found is None else Placement(order=found, is_recovered=True)

        return await self._placer.place(str(order.id), send=send, find=find, look_first=look_first)

    async def replace_order(
        self,
        order_id: str,
        order: Order,
        *,
        check: bool = True,
        look_first: bool = False,
        trace: RequestTrace | None = None,
    ) -> PlacedOrder:
        """
        Put an order in the place of another; the new one has an id of its own.

        Parameters
        ----------
        order_id
            The broker's id of the old one.
        order
            The new one, of the same instruments: price, type and time in force may differ.
        check, look_first, trace
            As in `submit_order`.

        Raises
        ------
        ParameterError, RequestRefusedError, OrderUnknownError, UsageError, TTError
            As `submit_order`.
        """
        return await self._change("PUT", order_id, order, check=check, look_first=look_first, trace=trace)

    async def edit_order(
        self,
        order_id: str,
        order: Order,
        *,
        check: bool = True,
        look_first: bool = False,
        trace: RequestTrace | None = None,
    ) -> PlacedOrder:
        """
        Change price, type or time in force of an order; see `replace_order`.

        Raises
        ------
        ParameterError, RequestRefusedError, OrderUnknownError, UsageError, TTError
            As `submit_order`.
        """
        return await self._change("PATCH", order_id, order, check=check, look_first=look_first, trace=trace)

    async def _change(
        self,
        method: str,
        order_id: str,
        order: Order,
        *,
        check: bool,
        look_first: bool,
        trace: RequestTrace | None,
    ) -> PlacedOrder:
        if check:
            await self._ticks.check(order)

        async def send(once: SentOnce) -> PlacedOrder:
            row = await self._api.data(
                "/accounts/{number}/orders/{id}",
                method=method,
                segments={"number": order.account_number, "id": order_id},
                json=order_body(order, with_legs=False),
                once=once,
                check=check_own(order.account_number),
                trace=trace,
            )
            return placed_order_of(row)

        async def find() -> PlacedOrder | None:
            return await self._find_order(
                order.account_number,
                lambda row: _is_change(row, order, order_id),
                self._since(order),
            )

        return await self._placer.place(str(order.id), send=send, find=find, look_first=look_first)

    async def dry_run_replacement(
        self, order_id: str, order: Order, *, check: bool = True, trace: RequestTrace | None = None
    ) -> Placement:
        """
        Ask what a replacement would do; nothing is placed. See `replace_order`.

        Raises
        ------
        ParameterError
            If a price or quantity is none that its instruments take; it names the field.
        RequestRefusedError
            If the broker would not take it.
        TTError
            If a call failed.
        """
        if check:
            await self._ticks.check(order)
        row = await self._api.data(
            "/accounts/{number}/orders/{id}/dry-run",
            method="POST",
            segments={"number": order.account_number, "id": order_id},
            json=order_body(order, with_legs=False),
            trace=trace,
        )
        return placement_of(row, is_dry_run=True)

    async def cancel_order(
        self, number: str, order_id: str, *, trace: RequestTrace | None = None
    ) -> PlacedOrder:
        """
        Ask for an order's end; it may be filled before that.

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
                "/accounts/{number}/orders/{id}",
                method="DELETE",
                segments={"number": number, "id": order_id},
                check=check_own(number),
                trace=trace,
            )
        except RequestRefusedError as exc:
            if exc.attempts <= 1:
                raise
            order = await self.order(number, order_id, trace=trace)
            if order.status not in _ENDING:
                raise
            return order
        return placed_order_of(row)

    async def reconfirm_order(
        self, number: str, order_id: str, *, trace: RequestTrace | None = None
    ) -> PlacedOrder:
        """
        Confirm an order for an equity offering once more.

        Raises
        ------
        NotFoundError
            If there is no such order.
        RequestRefusedError
            If there is nothing to confirm.
        """
        row = await self._api.data(
            "/accounts/{number}/orders/{id}/reconfirm",
            method="POST",
            segments={"number": number, "id": order_id},
            check=check_own(number),
            trace=trace,
        )
        return placed_order_of(row)

    async def order(self, number: str, order_id: str, *, trace: RequestTrace | None = None) -> PlacedOrder:
        """
        Return an order.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If there is no such order.
        """

        def check(row: Row) -> None:
            check_account((row,), number)
            if id_of(row, "id") != order_id:
                raise AnswerMismatchError(
                    f"order {row.get('id')!r:.40} was answered where {order_id} was asked for"
                )

        row = await self._api.data(
            "/accounts/{number}/orders/{id}",
            segments={"number": number, "id": order_id},
            check=check,
            trace=trace,
        )
        return placed_order_of(row)

    async def live_orders(self, number: str, *, trace: RequestTrace | None = None) -> list[PlacedOrder]:
        """
        Return the orders that were made or changed today, finished ones too.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        return [
            placed_order_of(row) async for row in account_rows(self._api, "/orders/live", number, {}, trace)
        ]

    async def orders(  # noqa: PLR0913 - the filters of the API
        self,
        number: str,
        *,
        first: date | None = None,
        last: date | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        statuses: Sequence[OrderStatus] = (),
        underlying: str | None = None,
        underlying_type: InstrumentType | None = None,
        futures_symbol: str | None = None,
        newest_first: bool = True,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[PlacedOrder]:
        """
        Yield the orders of a time, page by page, each once.

        Parameters
        ----------
        number
            The account.
        first, last
            Days, both inclusive.
        start, end
            Times with a zone, for finer bounds. One of ``first`` and ``start`` has to be given.
        statuses, underlying, underlying_type, futures_symbol
            Only those.
        newest_first
            In which order.
        trace
            Takes note of the requests.

        Raises
        ------
        ParameterError
            If no start is given, or a range ends before it begins.
        DataError
            If one cannot be read.
        AnswerMismatchError, DecodeError
            If the pages are not the whole list.
        TTError
            If a call failed.
        """
        params = _search(first, last, start, end, newest_first=newest_first) | chosen(
            {
                "status[]": tuple(statuses),
                "underlying-symbol": underlying,
                "underlying-instrument-type": underlying_type,
                "futures-symbol": futures_symbol,
            }
        )
        async for row in account_rows(self._api, "/orders", number, params, trace):
            yield placed_order_of(row)

    async def customer_orders(
        self,
        account_numbers: Sequence[str],
        *,
        first: date | None = None,
        last: date | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        customer_id: str = "me",
        newest_first: bool = True,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[PlacedOrder]:
        """
        Yield the orders of several accounts of a time, page by page, each once; see `orders`.

        Raises
        ------
        ParameterError
            If no account or no start is given.
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        params = _search(first, last, start, end, newest_first=newest_first)
        async for order in self._customer_orders("", account_numbers, customer_id, params, trace):
            yield order

    async def customer_live_orders(
        self,
        account_numbers: Sequence[str],
        *,
        customer_id: str = "me",
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[PlacedOrder]:
        """
        Yield the orders of several accounts that were made or changed today, page by page.

        Raises
        ------
        ParameterError
            If no account is given.
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        params = {"per-page": PER_PAGE}
        async for order in self._customer_orders("/live", account_numbers, customer_id, params, trace):
            yield order

    async def _customer_orders(
        self,
        ending: str,
        account_numbers: Sequence[str],
        customer_id: str,
        params: dict[str, Any],
        trace: RequestTrace | None,
    ) -> AsyncIterator[PlacedOrder]:
        if not account_numbers:
            raise ParameterError("account_numbers", list(account_numbers), "at least one account")
        known = frozenset(account_numbers)

        def check(items: list[Row]) -> None:
            for item in items:
                if item.get("account-number") not in known:
                    raise AnswerMismatchError(
                        f"account {item.get('account-number')!r:.40} was answered, which was not asked for"
                    )

        async for row in self._api.rows(
            f"/customers/{{id}}/orders{ending}",
            segments={"id": customer_id},
            params={**params, "account-numbers[]": list(account_numbers)},
            key="id",
            check=check,
            trace=trace,
        ):
            yield placed_order_of(row)

    async def find_order(
        self, number: str, external_identifier: str, *, since: date | None = None
    ) -> PlacedOrder | None:
        """
        Look for an order by the identifier that it was sent with.

        Parameters
        ----------
        number
            The account.
        external_identifier
            Our id of it.
        since
            The day from which on it is looked for, beside today; None for yesterday.

        Returns
        -------
        PlacedOrder or None
            None where the broker answered and has no such order.

        Raises
        ------
        TTError
            If a call failed, or the order cannot be read: it may be there.
        """
        return await self._find_order(
            number, lambda row: row.get("external-identifier") == external_identifier, since
        )

    def _since(self, order: Order) -> date:
        # The day before: days of the broker are not those of UTC.
        made_at = min(order.received_at, self._api.clock.now())
        return (made_at.astimezone(UTC) - timedelta(days=1)).date()

    async def _find_order(
        self, number: str, matches: Callable[[Row], bool], since: date | None
    ) -> PlacedOrder | None:
        # Today's orders are one call; the search also knows an order of a day that ended meanwhile.
        async for row in account_rows(self._api, "/orders/live", number, {}, None):
            if matches(row):
                return placed_order_of(row)
        since = since or (self._api.clock.now() - timedelta(days=1)).date()
        params = _search(since, None, None, None, newest_first=True)
        async for row in account_rows(self._api, "/orders", number, params, None):
            if matches(row):
                return placed_order_of(row)
        return None


def _is_change(row: Row, order: Order, old_id: str) -> bool:
    identifier = row.get("external-identifier")
    if identifier == str(order.id):
        return True
    # A broker that does not repeat the identifier still tells which order a new one replaces.
    told = id_of(row, "replaces-order-id")
    return identifier is None and told == old_id


def _search(
    first: date | None, last: date | None, start: datetime | None, end: datetime | None, *, newest_first: bool
) -> dict[str, Any]:
    if first is None and start is None:
        raise ParameterError("first", first, "a day, or a time as start: a search without is refused")
    return chosen(
        {
            "per-page": PER_PAGE,
            "sort": "Desc" if newest_first else "Asc",
            "start-date": first,
            "end-date": last,
            "start-at": time_text("start", start),
            "end-at": time_text("end", end),
        }
    )
