# SPDX-License-Identifier: Apache-2.0
"""
Kraken Futures: contracts keep their names (``PI_XBTUSD``).

Names that begin with PF or FF count in coins, all others (inverse ones) in contracts of one unit of the quote
currency: their volume is left out where a volume is in coins, and is in contracts in `futures_curves`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import is_priced, level, price
from ttapi_providers.reading import Row, Values, day_of
from ttapi_providers.vendors.kraken_spot import NAMING

_DATED: Final = re.compile(r".*_(\d{6})")
_PERIODS: Final = re.compile(r".*/(\w+)")


def _in_coins(name: str) -> bool:
    return name.upper().startswith(("PF_", "FF_"))


def _expiration(name: str) -> date | None:
    match = _DATED.fullmatch(name)
    return day_of(match[1], "symbol", form="%y%m%d") if match else None


def _is_index(row: Row) -> bool:
    return not row.has("pair") and not row.has("tag")


def _name(row: Row) -> str:
    name = row.text("symbol")
    if not name:
        raise DataError("the record names no contract", column="symbol")
    return name


def candle(row: Row, asked: Asked) -> Values:
    """Read a candle; its length is the last part of the path."""
    match = _PERIODS.fullmatch(asked.path.rstrip("/"))
    traded = "/trade/" in asked.path
    return {
        "symbol": asked.name,
        "interval": match[1] if match else None,
        "opened_at": row.epoch("time", unit="ms"),
        **{name: row.number(name) for name in ("open", "high", "low", "close")},
        "volume": row.number("volume") if traded and _in_coins(asked.name) else None,
    }


def future_quote(row: Row, _asked: Asked) -> Values:
    """Read a ticker of a contract, or the value of an index."""
    name = _name(row)
    values: Values = {
        "symbol": name,
        "vendor_symbol": name,
        "bid": price(row, "bid"),
        "bid_size": row.number("bidSize"),
        "ask": price(row, "ask"),
        "ask_size": row.number("askSize"),
        "mark": price(row, "markPrice"),
        "last": price(row, "last"),
        "open": price(row, "open24h"),
        "high": price(row, "high24h"),
        "low": price(row, "low24h"),
        "volume": row.number("vol24h") if _in_coins(name) else None,
        "is_halted": row.flag("suspended"),
        "quoted_at": row.time("lastTime" if _is_index(row) else "serverTime"),
    }
    if not is_priced(values):
        raise Skip(f"{name} has no price")
    return values


def curve_contract(row: Row, _asked: Asked) -> Values:
    """Read a contract of a product; the perpetual one has no expiration."""
    name = _name(row)
    if _is_index(row):
        raise Skip(f"{name} is an index, no contract")
    product = (row.text("pair") or "").replace(":", "/")
    values: Values = {
        "symbol": NAMING.canonical(product) if product else name,
        "contract": name,
        "vendor_symbol": name,
        "expiration_date": _expiration(name),
        "last": price(row, "last"),
        "bid": price(row, "bid"),
        "ask": price(row, "ask"),
        "open": price(row, "open24h"),
        "high": price(row, "high24h"),
        "low": price(row, "low24h"),
        "volume": row.number("vol24h"),
        "open_interest": row.number("openInterest"),
        "quoted_at": row.time("serverTime"),
    }
    if not is_priced(values):
        raise Skip(f"{name} has no price")
    return values


def funding(row: Row, asked: Asked) -> Values:
    """Read a payment; the relative rate is the fraction, the other one is an amount of money."""
    return {
        "symbol": asked.name,
        "funded_at": row.time("timestamp"),
        "rate": row.number("relativeFundingRate"),
        "predicted": False,
    }


def future_level(row: Row, asked: Asked) -> Values:
    """Read a level of a book."""
    return {"symbol": asked.name, **level(row)}


def future_trade(row: Row, asked: Asked) -> Values:
    """Read a trade."""
    return {
        "symbol": asked.name,
        "traded_at": row.time("time"),
        "trade_id": row.text("uid", "trade_id"),
        "price": row.number("price"),
        "size": row.number("size"),
        "side": row.text("side"),
        "conditions": row.text("type"),
    }


def execution(row: Row, asked: Asked) -> Values:
    """Read a trade of the history of a market."""
    trade = row.row("event.Execution.execution")
    if not trade.value:
        raise Skip("the event is no execution")
    return {
        "symbol": asked.name,
        "traded_at": trade.epoch("timestamp", unit="ms"),
        "trade_id": trade.text("uid"),
        "price": trade.number("price"),
        "size": trade.number("quantity"),
        "side": (trade.text("takerOrder.direction") or "").lower() or None,
    }


def future_listed(row: Row, _asked: Asked) -> Values:
    """Read a contract of the list of instruments."""
    name = _name(row)
    return {
        "symbol": name,
        "vendor_symbol": name,
        "description": row.text("underlying", "pair"),
        "instrument_type": row.text("type"),
        "active": row.flag("tradeable"),
        "isin": row.text("isin"),
    }
