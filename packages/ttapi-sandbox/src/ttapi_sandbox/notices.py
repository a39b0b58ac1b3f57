# SPDX-License-Identifier: Apache-2.0
"""Where changes of orders, balances and positions are put up, for whoever delivers them to subscribers."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

WAITING_MAX: Final = 10_000
"""Notices that may wait for one subscriber."""


class Subscription:
    """
    The notices of some accounts, in the order in which they were published; an asynchronous iterator.

    At most ``waiting_max`` wait. When one more comes, the subscriber is too slow to be served: `overflowed`
    becomes true, what waits can still be taken, and then the iteration ends. Nothing is lost unnoticed.
    """

    def __init__(self, board: NoticeBoard, accounts: frozenset[str], waiting_max: int) -> None:
        self.accounts = accounts
        self.overflowed = False
        self._board = board
        self._waiting_max = waiting_max
        self._waiting: deque[tuple[str, Mapping[str, Any]]] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, Mapping[str, Any]]:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting.popleft()

    @property
    def waiting(self) -> int:
        """Notices that wait to be taken."""
        return len(self._waiting)

    def close(self) -> None:
        """End the subscription; whoever iterates gets what waits, and then the end."""
        self._closed = True
        self._board.forget(self)
        self._arrived.set()

    def put(self, account_number: str, notice: Mapping[str, Any]) -> None:
        """Take a notice in, or give up if too many wait."""
        if self._closed:
            return
        if len(self._waiting) >= self._waiting_max:
            self.overflowed = True
            self.close()
            return
        self._waiting.append((account_number, notice))
        self._arrived.set()


class NoticeBoard:
    """
    The board itself: what is published goes to those who subscribed before, and is not kept.

    Belongs to one event loop; neither call waits.

    Examples
    --------
    >>> async def main() -> list[str]:
    ...     board = NoticeBoard()
    ...     subscription = board.subscribe(["5WT00001"])
    ...     board.publish("5WT00001", {"type": "Order", "data": {"id": 1}, "timestamp": 0})
    ...     subscription.close()
    ...     return [notice["type"] async for _, notice in subscription]
    >>> asyncio.run(main())
    ['Order']
    """

    def __init__(self, *, waiting_max: int = WAITING_MAX) -> None:
        self._waiting_max = waiting_max
        self._subscriptions: list[Subscription] = []
        self.published = 0

    def publish(self, account_number: str, notice: Mapping[str, Any]) -> None:
        """
        Hand a notice to all subscribers of an account.

        Parameters
        ----------
        account_number
            Whose notice it is.
        notice
            ``type`` (``Order``, ``ComplexOrder``, ``AccountBalance``, ``CurrentPosition``), ``data`` (the
            whole object as REST answers it) and ``timestamp`` (epoch milliseconds); not to be changed
            afterwards.
        """
        self.published += 1
        for subscription in tuple(self._subscriptions):
            if account_number in subscription.accounts:
                subscription.put(account_number, notice)

    def subscribe(self, account_numbers: Iterable[str]) -> Subscription:
        """Return a subscription to the notices of accounts, from now on; close it when done."""
        subscription = Subscription(self, frozenset(account_numbers), self._waiting_max)
        self._subscriptions.append(subscription)
        return subscription

    @property
    def subscriptions(self) -> int:
        """Subscriptions that are open."""
        return len(self._subscriptions)

    def forget(self, subscription: Subscription) -> None:
        """Take a subscription off the board; nothing happens if it is not on it."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)
