# SPDX-License-Identifier: Apache-2.0
"""
Kraken's spot market, and its names of coins: XBT is BTC, XDG is DOGE, old pairs are written ``XXBTZUSD``.

Quotes are of the present day in UTC (open, high, low, volume). The candle that is not over yet is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from ttapi_core import DataError, DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import interval_of, is_priced, level, levels_of, price, spacing_s
from ttapi_providers.items import place
from ttapi_providers.naming import Naming, pair, pairs
from ttapi_providers.reading import Row, Values

_COINS: Final = {"BTC": "XBT", "DOGE": "XDG"}
_OURS: Final = {name: ours for ours, name in _COINS.items()}
_OLD: Final = {
    f"{mark}{name}": name
    for mark, names in (
        (
            "X",
            (
                "ETC",
                "ETH",
                "LTC",
                "MLN",
                "REP",
                "XBT",
                "XDG",
                "XLM",
                "XMR",
                "XRP",
                "ICN",
                "NMC",
                "XVN",
                "DAO",
            ),
        ),
        ("Z", ("AUD", "CAD", "EUR", "GBP", "JPY", "KRW", "USD")),
    )
    for name in names
} | {"XZEC": "ZEC"}
_FIAT: Final = frozenset({"USD", "EUR", "GBP", "CAD", "AUD", "CHF", "JPY", "AED"})
_QUOTES: Final = (
    "USD",
    "EUR",
    "GBP",
    "CAD",
    "AUD",
    "CHF",
    "JPY",
    "AED",
    "XBT",
    "BTC",
    "ETH",
    "USDT",
    "USDC",
    "DAI",
    "PYUSD",
    "EURT",
    "EURQ",
    "EURR",
    "USDQ",
    "USDR",
    "USDG",
    "RLUSD",
    "EURC",
    "DOT",
    "SOL",
    "XDG",
)
_OLD_PAIR: Final = re.compile(r"([XZ][A-Z]{3}|USDT|USDC)([XZ][A-Z]{3})")
_UNNUMBERED: Final = 6
_plain: Final = pairs(coins=_COINS, quotes=_QUOTES)


def coin(name: str) -> str:
    """Return the common name of a coin or currency: ``XXBT`` is ``BTC``, ``ZUSD`` is ``USD``."""
    plain = _OLD.get(name, name)
    return _OURS.get(plain, plain)


def _canonical(name: str) -> str | None:
    upper = name.upper()
    if "/" in upper:
        base, _, quote = upper.partition("/")
        return pair(coin(base), coin(quote))
    if not upper.isalnum() or "_" in upper:
        return None
    match = _OLD_PAIR.fullmatch(upper)
    if match is not None and match[2] in _OLD and (match[1] in _OLD or match[1].startswith("USD")):
        return pair(coin(match[1]), coin(match[2]))
    return _plain.to_canonical(upper)


NAMING: Final = Naming(to_vendor=_plain.to_vendor, to_canonical=_canonical)


def _only(body: Any) -> tuple[str, Any]:  # noqa: ANN401 - JSON
    """Return the one pair of an answer, which stands under Kraken's own name for it."""
    found = [(name, value) for name, value in place(body, "result").items() if name != "last"]
    if len(found) != 1:
        raise DecodeError(f"the answer has {len(found)} pairs")
    return found[0]


def _named(row: Row, asked: Asked) -> Values:
    return {"vendor_symbol": asked.name or row.name}


def bars(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the candles, each with its length and the time of the last one that is over."""
    last, (name, candles) = place(body, "result.last?"), _only(body)
    told = asked.query.get("interval", "")
    seconds = int(told) * 60 if told.isdigit() else spacing_s(float(candle[0]) for candle in candles)
    return [Row({"of": candle, "last": last, "seconds": seconds or 60}, name) for candle in candles]


def bar(row: Row, asked: Asked) -> Values:
    """Read a candle: time, four prices, average price, volume, count."""
    opened_s, over_s = row.integer("of.0"), row.integer("last")
    if opened_s is None:
        raise DataError("the candle has no time")
    if over_s is not None and opened_s > over_s:
        raise Skip("the candle is not over")
    volume = row.number("of.6")
    return {
        **_named(row, asked),
        "interval": interval_of(row.integer("seconds") or 60),
        "opened_at": row.epoch("of.0"),
        "open": row.number("of.1"),
        "high": row.number("of.2"),
        "low": row.number("of.3"),
        "close": row.number("of.4"),
        "vwap": row.number("of.5") if volume else None,  # zero where nothing was traded
        "volume": volume,
        "trade_count": row.integer("of.7"),
    }


def quote(row: Row, _asked: Asked) -> Values:
    """Read a ticker; of pairs of values the first is of today, the second of 24 hours."""
    values: Values = {
        "vendor_symbol": row.name,
        "ask": price(row, "a.0"),
        "ask_size": row.number("a.2"),
        "bid": price(row, "b.0"),
        "bid_size": row.number("b.2"),
        "last": price(row, "c.0"),
        "open": price(row, "o") if not isinstance(row.raw("o"), list) else price(row, "o.0"),
        "high": price(row, "h.0"),
        "low": price(row, "l.0"),
        "volume": row.number("v.0"),
    }
    if not is_priced(values):
        raise Skip(f"{row.name} has no price")
    return values


def book(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the levels of a book."""
    name, levels = _only(body)
    return [Row(found.value, name) for found in levels_of(levels)]


def book_level(row: Row, asked: Asked) -> Values:
    """Read a level; each has the time of its last change."""
    return {**_named(row, asked), **level(row), "quoted_at": row.epoch("at.2")}


def trades(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the trades."""
    name, found = _only(body)
    return [Row(trade, name) for trade in _told_apart(found)]


def _told_apart(found: Any) -> list[Any]:  # noqa: ANN401 - JSON
    """Return trades with a number each: old ones have none but their time, which several may share."""
    seen: Counter[str] = Counter()
    numbered = []
    for trade in found:
        if len(trade) == _UNNUMBERED:
            time = str(trade[2])
            seen[time] += 1
            numbered.append([*trade, time if seen[time] == 1 else f"{time}-{seen[time]}"])
        else:
            numbered.append(trade)
    return numbered


def trade(row: Row, asked: Asked) -> Values:
    """Read a trade: price, volume, time, side, type of order, remarks, number (of old ones: the time)."""
    return {
        **_named(row, asked),
        "traded_at": row.epoch(2),
        "trade_id": row.text(6, 2),
        "price": row.number(0),
        "size": row.number(1),
        "side": {"b": "buy", "s": "sell"}.get(row.text(3) or ""),
        "conditions": {"m": "market", "l": "limit"}.get(row.text(4) or ""),
    }


def pair_listed(row: Row, _asked: Asked) -> Values:
    """Read a pair of the list."""
    base, quote_name = row.text("base"), row.text("quote")
    if not base or not quote_name:
        raise DataError("the pair has no base or quote", column="base")
    status = row.text("status")
    return {
        "symbol": row.name
        if row.name.endswith(".d") or ":" in row.name
        else pair(coin(base), coin(quote_name)),  # .d: a dark pool; a colon: another venue's book
        "vendor_symbol": row.name,
        "description": row.text("wsname", "altname"),
        "instrument_type": _kind(row, {coin(base), coin(quote_name)}),
        "active": None if status is None else status == "online",
        "is_closing_only": None if status is None else status == "reduce_only",
        "currency": coin(quote_name),
    }


def _kind(row: Row, parts: set[str]) -> str:
    if row.text("aclass_base") == "tokenized_asset":
        return "tokenized asset"
    return "fx" if _FIAT.issuperset(parts) else "crypto"


def reported(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the levels of a book as it is published for transparency."""
    book = place(body, "result")
    return [Row({**found.value, "pair": book.get("symbol")}) for found in levels_of(book)]


def reported_level(row: Row, _asked: Asked) -> Values:
    """Read a level that is published for transparency."""
    return {
        "vendor_symbol": row.text("pair"),
        **level(row),
        "order_count": row.integer("at.count"),
        "quoted_at": row.time("at.publication_ts"),
    }


def reported_trade(row: Row, _asked: Asked) -> Values:
    """Read a trade that is published for transparency."""
    return {
        "vendor_symbol": row.text("symbol"),
        "traded_at": row.time("trade_ts"),
        "trade_id": row.text("trade_id"),
        "price": row.number("price"),
        "size": row.number("quantity"),
        "venue": row.text("trade_venue"),
    }
