# SPDX-License-Identifier: Apache-2.0
"""What takes orders: a broker, or a paper exchange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable
from uuid import UUID

from ttapi_core.accounts import Position
from ttapi_core.orders import Order


@runtime_checkable
class TradingEngine(Protocol):
    """
    Takes orders and tells what is held.

    An order is never sent twice: when it is not known whether one arrived, the error says so
    (`TransportError` with `sent`), and asking again is the caller's decision.
    """

    async def submit(self, order: Order) -> Order:
        """
        Send an order; the answer bears the broker's id and status.

        Raises
        ------
        RequestRefusedError
            If the broker does not take it.
        TransportError
            If it is not known to have arrived; ``sent`` tells what is known.
        """
        ...

    async def cancel(self, order_id: UUID) -> Order:
        """
        Ask for an order's end; it may be filled before that.

        Parameters
        ----------
        order_id
            Our id of the order.

        Raises
        ------
        NotFoundError
            If there is no such order.
        RequestRefusedError
            If it is finished already.
        """
        ...

    async def positions(self, account_number: str) -> Sequence[Position]:
        """
        Return what an account holds, each instrument once.

        Raises
        ------
        NotFoundError
            If there is no such account.
        """
        ...
