# SPDX-License-Identifier: Apache-2.0
"""Records of the Coinbase Exchange."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from ttapi_core import DataError, DecodeError
from ttapi_providers.asking import Asked, Wanted
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import currency_code, interval_of, is_priced, level, price, spacing_s
from ttapi_providers.reading import Row, Values, number_of

DAY_S: Final = 86_400
_WINDOW_LENGTH: Final = timedelta(days=299)
"""Distance of the first and the last of the 300 daily candles that one answer holds."""


def candles(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find candles and how long they are, by the distance between them where the request does not say."""
    if not isinstance(body, list):
        raise DecodeError("the answer is no list of candles")
    told = number_of(asked.query.get("granularity"), "granularity")
    if told is None:
        told = spacing_s(number_of(candle[0], "time") or 0.0 for candle in body)
    return [Row({"of": candle, "seconds": told}) for candle in body]


def candle(row: Row, _asked: Asked) -> Values:
    """Read a candle: time, low, high, open, close, volume."""
    seconds = row.integer("seconds")
    if not seconds:
        raise DataError("neither the request nor the answer says how long a bar is")
    return {
        "interval": interval_of(seconds),
        "opened_at": row.epoch("of.0"),
        "low": row.number("of.1"),
        "high": row.number("of.2"),
        "open": row.number("of.3"),
        "close": row.number("of.4"),
        "volume": row.number("of.5"),
    }


def _first(wanted: Wanted) -> date:
    return wanted.since or (wanted.until or wanted.today) - _WINDOW_LENGTH


def window_start(wanted: Wanted) -> str:
    """Return the first day to ask for."""
    return f"{_first(wanted)}T00:00:00Z"


def window_end(wanted: Wanted) -> str:
    """Return the last day to ask for at once."""
    # More candles than one answer holds are refused as a whole.
    return f"{min(_first(wanted) + _WINDOW_LENGTH, wanted.until or wanted.today)}T00:00:00Z"


def next_window(_body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask for what follows a full stretch, up to now; one before a pair was listed is empty."""
    if asked.query.get("granularity") != str(DAY_S):
        return None
    try:
        start, end = (datetime.fromisoformat(asked.query.get(name, "")) for name in ("start", "end"))
    except ValueError:
        return None  # not asked by day
    following = end + timedelta(days=1)
    if end - start < _WINDOW_LENGTH or following.replace(tzinfo=UTC) > datetime.now(UTC):
        return None
    return {
        "start": f"{following.date()}T00:00:00Z",
        "end": f"{(following + _WINDOW_LENGTH).date()}T00:00:00Z",
    }


def book_level(row: Row, asked: Asked) -> Values:
    """Read a level of a book."""
    counted = asked.query.get("level") != "3"  # level 3 has the id of one order there
    return {
        **level(row),
        "order_count": row.integer("at.2") if counted else None,
        "sequence": row.text("book.sequence"),
        "quoted_at": row.time("book.time"),
    }


def ticker(row: Row, _asked: Asked) -> Values:
    """Read a ticker."""
    return priced(
        {
            "bid": price(row, "bid"),
            "bid_size": row.number("bid_size"),
            "ask": price(row, "ask"),
            "ask_size": row.number("ask_size"),
            "last": price(row, "price"),
            "volume": row.number("volume"),
            "quoted_at": row.time("time"),
        }
    )


def statistics(row: Row, _asked: Asked) -> Values:
    """Read the last 24 hours of one product, or of one of many under its name."""
    day = row.row("stats_24hour") if row.has("stats_24hour") else row
    return priced(
        {
            "vendor_symbol": row.name or None,
            "last": price(day, "last"),
            "open": price(day, "open"),
            "high": price(day, "high"),
            "low": price(day, "low"),
            "volume": day.number("volume"),
        }
    )


def priced(values: Values) -> Values:
    """Return a quote; skip it where it has no price at all."""
    if not is_priced(values):
        raise Skip("the product has no price")
    return values


def trade(row: Row, _asked: Asked) -> Values:
    """Read a trade."""
    # The Exchange tells the side of the order that was already there; the taker's is the other one.
    return {
        "traded_at": row.time("time"),
        "trade_id": row.text("trade_id"),
        "price": row.number("price"),
        "size": row.number("size"),
        "side": {"buy": "sell", "sell": "buy"}.get(row.text("side") or ""),
    }


def product(row: Row, _asked: Asked) -> Values:
    """Read a pair of the list."""
    return {
        "vendor_symbol": row.text("id"),
        "description": row.text("display_name"),
        "instrument_type": "crypto",
        "active": None
        if row.text("status") is None
        else row.text("status") == "online" and not row.flag("trading_disabled"),
        "is_closing_only": row.flag("cancel_only"),
        "currency": currency_code(row.text("quote_currency")),
    }
