# SPDX-License-Identifier: Apache-2.0
"""The trading desks of all accounts: which one a request is about, and what concerns all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ttapi_sandbox.answers import RefusalError, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ttapi_sandbox.desk import Desk
    from ttapi_sandbox.requests import Request


class Desks:
    """
    The desks, by the numbers of their accounts.

    Parameters
    ----------
    desks
        One for each account, at least one.
    """

    def __init__(self, desks: Sequence[Desk]) -> None:
        self._desks = {desk.account.number: desk for desk in desks}
        self.first = desks[0]

    def __iter__(self) -> Iterator[Desk]:
        return iter(self._desks.values())

    @property
    def numbers(self) -> frozenset[str]:
        """The numbers of all accounts."""
        return frozenset(self._desks)

    def of(self, request: Request) -> Desk:
        """
        Return the desk that a request is about.

        Raises
        ------
        RefusalError
            403, if its account is none of these.
        """
        return self.numbered(request.parameters["account"])

    def numbered(self, account_number: str) -> Desk:
        """
        Return the desk of an account.

        Raises
        ------
        RefusalError
            403, if there is none.
        """
        desk = self._desks.get(account_number)
        if desk is None:
            raise RefusalError(problem(403, "not_permitted", "User not permitted access"))
        return desk

    def catch_up(self, *, wake: bool = True) -> None:
        """Let the time pass that has passed, at each desk; of those asleep only if they are to ``wake``."""
        for desk in self:
            if wake or desk.is_awake:
                desk.catch_up()
