# SPDX-License-Identifier: Apache-2.0
"""The accounts of a sandbox: their numbers, and of which kind they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS: Final = ("margin", "cash")
ACCOUNTS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class AccountCard:
    """
    One account.

    Parameters
    ----------
    place
        Its place among all accounts, from 0 on.
    kind
        One of `KINDS`.
    """

    place: int
    kind: str

    @property
    def number(self) -> str:
        """Its number."""
        return f"5WT{self.place + 1:05d}"

    @property
    def in_cash(self) -> bool:
        """Whether it pays everything in full."""
        return self.kind == "cash"


def cards_of(kinds: Sequence[str]) -> tuple[AccountCard, ...]:
    """Return an account of each kind, in order."""
    return tuple(AccountCard(place, kind) for place, kind in enumerate(kinds))
