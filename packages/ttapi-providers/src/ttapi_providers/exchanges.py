# SPDX-License-Identifier: Apache-2.0
"""
What the answers of exchanges have in common: order books, one record where many could be, zero for no price.

Sizes are in what the exchange counts an order in: coins on a spot market; contracts, or units of the quote
currency, on some others. Each vendor's module says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from statistics import median_low
from typing import Any, Final

from ttapi_core import DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.items import Finder, place
from ttapi_providers.reading import Row, Values

_SIDES: Final = (("bid", "bids"), ("ask", "asks"))
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_SECONDS: Final = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def is_pair(key: str) -> bool:
    """Return whether a key names a pair, as a spot market has them; contracts have names without a slash."""
    return "/" in key


def is_single(key: str) -> bool:
    """Return whether a key is one name, as those of contracts and coins are: no pair."""
    return "/" not in key


def one_or_many(path: str = "") -> Finder:
    """Find the records of a list, or the single object that stands in its place."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        value = place(body, path)
        if value is None:
            return []
        if isinstance(value, dict):
            return [Row(value)]
        if isinstance(value, list):
            return [Row(item) for item in value]
        raise DecodeError(f"{path or 'the answer'} is neither a record nor a list of them")

    return find


def book_levels(path: str = "") -> Finder:
    """Find the levels of a book, best first: ``side``, ``level``, ``at`` (the level), ``book`` (the rest)."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        return levels_of(place(body, path))

    return find


def levels_of(book: Any) -> list[Row]:  # noqa: ANN401 - JSON
    """
    Return the levels of an order book as `book_levels` finds them.

    Raises
    ------
    DecodeError
        If it has no two lists of levels.
    """
    rest = (
        {name: value for name, value in book.items() if name not in {"bids", "asks"}}
        if isinstance(book, dict)
        else {}
    )
    rows = []
    for side, name in _SIDES:
        levels = place(book, name)
        if not isinstance(levels, list | None):
            raise DecodeError(f"{name} is no list")
        for number, level in enumerate(levels or (), 1):
            rows.append(Row({"side": side, "level": number, "at": level, "book": rest}))
    return rows


def level(row: Row) -> Values:
    """Return side, level, price and size of what `book_levels` found."""
    return {
        "side": row.text("side"),
        "level": row.integer("level"),
        "price": row.number("at.0", "at.price"),
        "size": row.number("at.1", "at.size", "at.qty"),
    }


def price(row: Row, *fields: str | int) -> float | None:
    """Return a number; None for zero, which exchanges write for no price."""
    return row.number(*fields) or None


def currency_code(name: str | None) -> str | None:
    """Return a code of a currency; None for names of coins that are none, such as ``1INCH``."""
    return name if name and _CODE.fullmatch(name) else None


def is_priced(values: Values) -> bool:
    """Return whether a quote has any price at all."""
    return any(values.get(name) is not None for name in ("bid", "ask", "mark", "last", "close", "prev_close"))


def interval_of(seconds: int) -> str:
    """Return the length of a bar as ``interval`` has it: ``1m``, ``4h``, ``1d``, ``1w``."""
    if seconds == 7 * 86_400:
        return "1w"
    unit, length = next((u, n) for u, n in _SECONDS if seconds % n == 0)
    return f"{seconds // length}{unit}"


def spacing_s(times_s: Iterable[float]) -> int | None:
    """Return the usual distance between times, in seconds; None for fewer than two of them."""
    gaps = [abs(round(later - earlier)) for earlier, later in pairwise(times_s)]
    return median_low(gaps) if gaps else None
