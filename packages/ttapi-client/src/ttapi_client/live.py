# SPDX-License-Identifier: Apache-2.0
"""Events of a DXLink feed as the values of ttapi-core."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ttapi_core import Quote, Symbol, Trade
from ttapi_core.errors import DataError

QUOTE_FIELDS: Final = ("bidTime", "askTime", "bidPrice", "askPrice", "bidSize", "askSize")
"""What a `Quote` is made of."""
TRADE_FIELDS: Final = ("time", "exchangeCode", "price", "size", "extendedTradingHours")
"""What a `Trade` is made of."""


def quote_of(symbol: Symbol, values: Mapping[str, Any], *, read_at: datetime) -> Quote:
    """
    Read a ``Quote`` event; its time is the later of both sides', or ``read_at`` where the feed has none.

    Raises
    ------
    DataError
        If a field cannot be read.
    """
    times = [time for name in ("bidTime", "askTime") if (time := _time_of(values, name)) is not None]
    return Quote(
        symbol=symbol,
        time=max(times, default=read_at),
        bid=_decimal_of(values, "bidPrice"),
        ask=_decimal_of(values, "askPrice"),
        bid_size=_decimal_of(values, "bidSize"),
        ask_size=_decimal_of(values, "askSize"),
    )


def trade_of(symbol: Symbol, values: Mapping[str, Any], *, read_at: datetime) -> Trade:
    """
    Read a ``Trade`` event; its time is ``read_at`` where the feed has none.

    Raises
    ------
    DataError
        If a field cannot be read, or there is no price.
    """
    price = _decimal_of(values, "price")
    if price is None:
        raise DataError("is missing", column="price")
    code = values.get("exchangeCode")
    return Trade(
        symbol=symbol,
        time=_time_of(values, "time") or read_at,
        price=price,
        size=_decimal_of(values, "size") or Decimal(0),
        exchange_code=code if isinstance(code, str) and code.isprintable() else "",
        extended_hours=values.get("extendedTradingHours") is True,
    )


def _decimal_of(values: Mapping[str, Any], name: str) -> Decimal | None:
    value = values.get(name)
    if value is None or value == "NaN":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DataError("is no number", column=name)
    try:
        number = Decimal(str(value))
    except InvalidOperation as exc:
        raise DataError("is no number", column=name) from exc
    if not number.is_finite():
        raise DataError("is not finite", column=name)
    return number


def _time_of(values: Mapping[str, Any], name: str) -> datetime | None:
    milliseconds = values.get(name)
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool) or milliseconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise DataError(f"{milliseconds} is no time", column=name) from exc
