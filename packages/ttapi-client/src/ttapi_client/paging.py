# SPDX-License-Identifier: Apache-2.0
"""
Whether the pages of a list are the whole list: an account without sockets.

What a page says of itself must agree with what it holds, and what the list says of itself with what was
taken. A list may grow while it is read: items that come again are left out then. One that shrinks may have
lost items between two pages, and is an error.
"""

from __future__ import annotations

from typing import Any, Final

from ttapi_client.wire import Row
from ttapi_core.errors import AnswerMismatchError, DecodeError

_DIGITS_MAX: Final = 10
PAGES_MAX: Final = 10_000
"""A list of more pages is not believed."""


class PageAccount:
    """
    What was taken of a list so far.

    Parameters
    ----------
    key
        The member that tells items apart; None compares whole pages only.

    Attributes
    ----------
    offset
        The page to ask for next.
    pages
        How many there are, as far as is known.
    """

    def __init__(self, key: str | None = None) -> None:
        self._key = key
        self.offset = 0
        self.pages = 1
        self._first_total: int | None = None
        self._total: int | None = None
        self._taken = 0
        self._seen: set[object] = set()
        self._before: list[Row] = []

    def check(self, body: Any, items: list[Row]) -> None:  # noqa: ANN401 - JSON is any value
        """
        Check a page, without taking it: it may be asked for again.

        Raises
        ------
        AnswerMismatchError
            If it is another page than the one asked for, or came before, or the list became shorter.
        DecodeError
            If it has fewer items than it says, or is the last one and items are missing.
        """
        told = _pagination_of(body)
        answered, count = _count(told, "page-offset"), _count(told, "current-item-count")
        if answered is not None and answered != self.offset:
            raise AnswerMismatchError(f"page {answered} was answered where page {self.offset} was asked for")
        if count is not None and count != len(items):
            raise DecodeError(f"a page of {len(items)} items says that it has {count}")
        pages, total = total_pages(body), _count(told, "total-items")
        if self.offset and not told:
            raise DecodeError(f"page {self.offset} of {self.pages} does not say how many there are")
        if pages < self.pages and self.offset:
            raise AnswerMismatchError(f"a list of {self.pages} pages has {pages} now")
        if total is not None and self._total is not None and total < self._total:
            raise AnswerMismatchError(f"a list of {self._total} items has {total} now")
        self._check_repetition(items, total)
        self._check_complete(items, pages, total)

    def _check_repetition(self, items: list[Row], total: int | None) -> None:
        keys = self._keys(items)
        if len(set(keys)) != len(keys):
            raise AnswerMismatchError(f"page {self.offset} has items twice")
        has_grown = total is not None and self._first_total is not None and total > self._first_total
        if has_grown and self._key is not None:
            return  # what moved on from the page before comes again, and is left out
        if items and items == self._before:
            raise AnswerMismatchError(f"page {self.offset} is the one before it once more")
        if any(key in self._seen for key in keys):
            raise AnswerMismatchError(f"page {self.offset} repeats items of an earlier page")

    def _check_complete(self, items: list[Row], pages: int, total: int | None) -> None:
        first = self._first_total if self._first_total is not None else total
        if first is None or self.offset + 1 < pages:
            if not items and self.offset + 1 < pages:
                raise DecodeError(f"page {self.offset} of {pages} is empty")
            return
        taken = self._taken + len(self._fresh(items))
        if taken < first:
            raise DecodeError(f"the pages have {taken} items of a list of {first}")

    def taken(self, body: Any, items: list[Row]) -> list[Row]:  # noqa: ANN401 - JSON is any value
        """Take a page that was checked; return its items that did not come before."""
        fresh = self._fresh(items)
        self._seen.update(self._keys(items))
        self._taken += len(fresh)
        self._before = items
        self._total = _count(_pagination_of(body), "total-items")
        if self.offset == 0:
            self._first_total = self._total
        self.pages = total_pages(body)
        self.offset += 1
        return fresh

    def _keys(self, items: list[Row]) -> list[object]:
        if self._key is None:
            return []
        return [key for item in items if isinstance(key := item.get(self._key), str | int)]

    def _fresh(self, items: list[Row]) -> list[Row]:
        if not self._seen or self._key is None:
            return items
        return [item for item in items if not self._is_seen(item.get(self._key))]

    def _is_seen(self, key: object) -> bool:
        return isinstance(key, str | int) and key in self._seen


def _pagination_of(body: Any) -> Row:  # noqa: ANN401 - JSON is any value
    pagination = body.get("pagination")
    return pagination if isinstance(pagination, dict) else {}


def _count(told: Row, member: str) -> int | None:
    count = told.get(member)
    if isinstance(count, str) and count.isdecimal() and len(count) < _DIGITS_MAX:
        return int(count)
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def total_pages(body: Any) -> int:  # noqa: ANN401 - JSON is any value
    """
    Return how many pages a list has; 1 where it does not say.

    Raises
    ------
    DecodeError
        If the number cannot be used.
    """
    told = _pagination_of(body)
    total = told.get("total-pages") if (count := _count(told, "total-pages")) is None else count
    if total is None:
        items, per_page = _count(told, "total-items"), _count(told, "per-page")
        if items is None or per_page is None or per_page <= 0:
            return 1
        total = -(-items // per_page)
    if isinstance(total, bool) or not isinstance(total, int) or not 0 <= total <= PAGES_MAX:
        raise DecodeError("the number of pages cannot be used")
    return total
