# SPDX-License-Identifier: Apache-2.0
"""How Finnhub writes prices: a letter each, lists side by side, zeros for the unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from ttapi_core import DecodeError, InstrumentKind, NotFoundError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.naming import Naming, pair, pairs, share_classes
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import sound, uncrossed
from ttapi_providers.spelling import kind_of

_LETTERS: Final = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
MONTH_S: Final = 30 * 86_400
"""What one answer holds of the bars within a day."""
_LENGTHS: Final = {
    "1": "1m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "D": "1d",
    "W": "1w",
    "M": "1mo",
}
_DOLLAR: Final = "COINBASE"
_CLASSES: Final = share_classes(".")
_TWO: Final = pairs()


def _to_vendor(symbol: str) -> str:
    base, _, quote = symbol.partition("/")
    kind = kind_of(symbol)
    if kind is InstrumentKind.FX:
        return f"OANDA:{base}_{quote}"
    if kind is InstrumentKind.CRYPTO:
        return f"{_DOLLAR}:{base}-{quote}" if quote in {"USD", "EUR", "GBP"} else f"BINANCE:{base}{quote}"
    return _CLASSES.to_vendor(symbol)


def _to_canonical(name: str) -> str | None:
    _, mark, rest = name.partition(":")
    if not mark:
        return _CLASSES.to_canonical(name)
    for between in ("_", "-", "/"):
        base, found, quote = rest.partition(between)
        if found:
            return pair(base, quote)
    return _TWO.to_canonical(rest)


NAMING: Final = Naming(to_vendor=_to_vendor, to_canonical=_to_canonical)
"""``BRK.B``, and pairs with their venue: ``BINANCE:BTCUSDT``, ``OANDA:EUR_USD``."""


def told_something(path: str = "") -> Callable[[Any, Asked], list[Row]]:
    """Find the one object of an answer; an empty one stands for an unknown symbol."""

    def find(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        value = place(body, path)
        if not isinstance(value, dict):
            raise DecodeError(f"{path or 'the answer'} is no object")
        if not value:
            raise NotFoundError(f"no such symbol: {', '.join(asked.names)}", status=404)
        return [Row(value)]

    return find


# --- prices ----------------------------------------------------------------------------------------------


def quote(row: Row, _asked: Asked) -> Values:
    """Read a quote."""
    return {
        "last": row.number("c"),
        "open": row.number("o"),
        "high": row.number("h"),
        "low": row.number("l"),
        "prev_close": row.number("pc"),
        "quoted_at": row.epoch("t"),
    }


def quoted(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the one quote; one of zeros stands for an unknown symbol."""
    if "c" not in body:
        raise DecodeError(f"the answer has no quote; it has {', '.join(body)}")
    if not body.get("c") and not body.get("t"):
        raise NotFoundError(f"no such symbol: {', '.join(asked.names)}", status=404)
    return [Row(body)]


def best(row: Row, _asked: Asked) -> Values:
    """Read the best bid and ask."""
    return uncrossed({"bid": row.number("b"), "ask": row.number("a"), "quoted_at": row.epoch("t", unit="ms")})


def candles(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find bars, which stand in lists side by side; ``no_data`` is none."""
    if body.get("s") == "no_data":
        return []
    times = place(body, "t")
    lists = {name: body[letter] for letter, name in _LETTERS.items() if body.get(letter) is not None}
    for name, values in lists.items():
        if len(values) != len(times):
            raise DecodeError(f"{len(values)} values of {name} beside {len(times)} times")
    return [
        Row({"t": at, **{name: values[n] for name, values in lists.items()}}) for n, at in enumerate(times)
    ]


def is_daily(asked: Asked) -> bool:
    """Hold for requests of daily bars."""
    return asked.told("resolution") == "D"


def is_longer_or_shorter(asked: Asked) -> bool:
    """Hold for requests of other bars."""
    return not is_daily(asked)


def _prices(row: Row) -> Values:
    return {name: row.number(name) for name in ("open", "high", "low", "close")}


def _opened(row: Row, asked: Asked) -> tuple[str, datetime]:
    at, length = row.epoch("t"), asked.told("resolution")
    if at is None or length not in _LENGTHS:
        raise Skip(f"bars of an unknown length: {length}")
    first = at.date()
    if length == "W":
        first -= timedelta(days=first.weekday())
    elif length == "M":
        first = first.replace(day=1)
    elif length != "D":
        return _LENGTHS[length], at
    return _LENGTHS[length], datetime.combine(first, time(), UTC)


def daily(row: Row, _asked: Asked) -> Values:
    """Read a daily bar; its time is the midnight of its day."""
    at = row.epoch("t")
    return sound({"date": at.date() if at else None, **_prices(row), "volume": row.number("volume")})


def bar(row: Row, asked: Asked) -> Values:
    """Read a bar of another length than a day."""
    interval, opened_at = _opened(row, asked)
    volume = None if "_" in asked.name else row.number("volume")
    return sound({"interval": interval, "opened_at": opened_at, **_prices(row), "volume": volume})


def share_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a share: within a day it is as it was traded."""
    return {**bar(row, asked), "adjustment": "raw" if asked.told("resolution").isdigit() else None}


def next_bars(_body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Return the month after the one that was asked for, as far as it has wanted days, and up to now."""
    end = int(datetime.now(UTC).timestamp())
    if asked.until is not None:
        end = min(end, int(datetime.combine(asked.until, time.max, UTC).timestamp()))
    first, last = int(asked.told("from")), int(asked.told("to"))
    if last - first + 1 < MONTH_S or last >= end:
        return None
    return {"from": str(last + 1), "to": str(min(last + MONTH_S, end))}


def coin_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a coin at a venue."""
    interval, opened_at = _opened(row, asked)
    return sound(
        {
            "interval": interval,
            "opened_at": opened_at,
            **_prices(row),
            "volume": row.number("volume"),
            "venue": asked.name.partition(":")[0] or None,
        }
    )


def rate(row: Row, _asked: Asked) -> Values:
    """Read the rate of a day: the close."""
    at, prices = row.epoch("t"), _prices(row)
    return {"date": at.date() if at else None, "rate": prices.pop("close"), **prices}


def rates(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the rates of a base currency."""
    base, day = place(body, "base"), asked.told("date")
    return [
        Row({"base": base, "quote": to, "rate": rate, "date": day})
        for to, rate in place(body, "quote").items()
    ]


def dated_rate(row: Row, _asked: Asked) -> Values:
    """Read a rate of the day that was asked for."""
    name = pair(row.text("base") or "", row.text("quote") or "")
    return {"symbol": name, "vendor_symbol": name, "date": row.day("date"), "rate": row.number("rate")}


def rate_now(row: Row, _asked: Asked) -> Values:
    """Read a rate of this time."""
    name = pair(row.text("base") or "", row.text("quote") or "")
    return {"symbol": name, "vendor_symbol": name, "last": row.number("rate"), "currency": row.text("quote")}


def contracts(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the contracts of an option chain."""
    return [
        Row(contract | {"underlying_price": body.get("lastTradePrice")}, side)
        for expiry in place(body, "data") or []
        for side, contracts in (expiry.get("options") or {}).items()
        for contract in contracts or []
    ]


def option(row: Row, _asked: Asked) -> Values:
    """Read a contract; its volatility has a unit that is not told."""
    name = row.text("contractName") or ""
    return uncrossed(
        {
            "symbol": _asked.keys[0] if _asked.keys else None,
            "vendor_symbol": name,
            "contract": contract_of(name),
            "expiration_date": row.day("expirationDate"),
            "strike": row.number("strike"),
            "option_type": {"CALL": "C", "PUT": "P"}.get(row.name.upper()),
            "bid": row.number("bid"),
            "ask": row.number("ask"),
            "last": row.number("lastPrice"),
            "volume": row.number("volume"),
            "open_interest": row.number("openInterest"),
            "underlying_price": row.number("underlying_price"),
            "currency": row.text("currency"),
        }
    )
