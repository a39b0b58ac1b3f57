# SPDX-License-Identifier: Apache-2.0
"""Money, prices and times of a broker: exact for programs, readable for people."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from ttapi_core import Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.text import Text

_FINEST: Final = Decimal("0.0001")


def plain(value: object) -> Any:  # noqa: ANN401 - JSON is any value
    """
    Return a value as JSON takes it.

    Numbers of money, prices and quantities become texts with every digit, ``"612.350"``; times are ISO 8601
    in UTC; what is not known is None, and no field is left out.
    """
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, Symbol):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return _plain_leaf(value)


def _plain_leaf(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Enum():
            return value.value
        case date() | Symbol() | UUID():
            return str(value)
    return value


def price_text(price: Decimal | None) -> str | None:
    """Return a price with two decimals, or up to four where it has them; None stays None."""
    if price is None:
        return None
    shown = price if abs(price) >= Decimal(10) ** 20 else price.quantize(_FINEST, ROUND_HALF_EVEN)
    text = f"{shown:,f}"
    whole, point, decimals = text.partition(".")
    return f"{whole}{point}{decimals.rstrip('0').ljust(2, '0')}" if point else text


def price_texts(prices: Iterable[Decimal | None]) -> list[str | None]:
    """Return the prices of a column, all with as many decimals as one of them needs; None stays None."""
    texts = [price_text(price) for price in prices]
    decimals = max((len(text.partition(".")[2]) for text in texts if text is not None), default=0)
    return [
        text if text is None else f"{text}{'0' * (decimals - len(text.partition('.')[2]))}" for text in texts
    ]


def money_text(amount: Decimal | None) -> str | None:
    """Return an amount of money to the cent; None stays None."""
    if amount is None:
        return None
    return f"{amount:,.2f}"


def quantity_text(quantity: Decimal | None) -> str | None:
    """Return a quantity without needless zeros; None stays None."""
    if quantity is None:
        return None
    text = f"{quantity:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def gain_text(amount: Decimal | None) -> Text | None:
    """Return an amount with its sign, green above zero and red below; None stays None."""
    return None if amount is None else _signed(f"{amount:+,.2f}", amount)


def change_text(change: Decimal | None) -> Text | None:
    """Return the change of a price with its sign and colour; None stays None."""
    if change is None:
        return None
    sign = "-" if change < 0 else "+"
    return _signed(f"{sign}{price_text(abs(change))}", change)


def percent_text(fraction: Decimal | None) -> Text | None:
    """Return a fraction in percent with its sign and colour; None stays None."""
    return None if fraction is None else _signed(f"{fraction:+.2%}", fraction)


def _signed(text: str, amount: Decimal) -> Text:
    from rich.text import Text

    return Text(text, style="green" if amount > 0 else "red" if amount < 0 else "")


def time_text(time: datetime | None, *, today: date) -> str | None:
    """Return a time of today as such, of another day with its date; in UTC."""
    if time is None:
        return None
    return f"{time:%H:%M:%S}" if time.date() == today else f"{time:%Y-%m-%d %H:%M}"


def symbol_text(symbol: Symbol | str) -> str:
    """Return an option as a person reads it, ``SPY 2026-12-18 600 C``; anything else as it is."""
    if isinstance(symbol, str):
        return symbol
    if symbol.expiration is None or symbol.option_type is None or symbol.strike is None:
        return symbol.canonical
    return f"{symbol.root} {symbol.expiration} {symbol.strike:f} {symbol.option_type.value}"
