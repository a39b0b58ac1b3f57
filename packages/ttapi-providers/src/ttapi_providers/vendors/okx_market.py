# SPDX-License-Identifier: Apache-2.0
"""OKX's records: instruments, tickers, candles, books, trades, funding, options."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import currency_code, is_priced, level, price
from ttapi_providers.items import place
from ttapi_providers.naming import Naming, pairs
from ttapi_providers.reading import Row, Values, day_of, number_of

_dashed: Final = pairs("-")
_OPTION: Final = re.compile(r"([^-]+-[^-]+)-(\d{6})-([\d.]+)-([CP])")
_DATED: Final = re.compile(r"([^-]+-[^-]+)-(?:(\d{6})|SWAP)")
_BAR: Final = re.compile(r"(\d+)([smHDWM])(?:utc)?")
_RUNNING: Final = "running"
_LENGTHS_THAT_TELL: Final = frozenset({6, 9})
"""Older candles, of five or seven values, do not say whether they are over."""
_UNITS: Final = {"H": "h", "D": "d", "W": "w", "M": "mo"}


def _canonical(name: str) -> str | None:
    # Version 1 wrote eth_usdt; a spread has both marks and keeps its name.
    return _dashed.to_canonical(name if "-" in name else name.replace("_", "-"))


NAMING: Final = Naming(to_vendor=_dashed.to_vendor, to_canonical=_canonical)


def is_spot(name: str) -> bool:
    """Return whether a name is that of a pair: contracts have more than two parts."""
    return name.count("-") == 1


def product_of(name: str) -> str:
    """Return what a contract is on: ``BTC-USDT`` of ``BTC-USDT-SWAP``."""
    parts = name.split("-")
    return "-".join(parts[:2]) if len(parts) > 2 else ""


def parts_of(name: str) -> tuple[str, date | None]:
    """
    Return what a future is on, and its expiration, which the perpetual one has not.

    Raises
    ------
    Skip
        If the name is not that of a future.
    """
    match = _DATED.fullmatch(name)
    if match is None:
        raise Skip(f"{name} is no future")
    return match[1], _day(match[2])


def priced(values: Values) -> Values:
    """Return a quote; skip it where it has no price at all."""
    if not is_priced(values):
        raise Skip(f"{values['vendor_symbol']} has no price")
    return values


def _name(row: Row, asked: Asked) -> str:
    name = row.text("instId") or asked.query.get("instId")
    if not name:
        raise DataError("neither the record nor the request names an instrument", column="instId")
    return name


def _names(row: Row, asked: Asked) -> Values:
    name = _name(row, asked)
    return {"symbol": NAMING.canonical(name), "vendor_symbol": name}


def _day(text: str | None) -> date | None:
    return day_of(text, "instId", form="%y%m%d") if text else None


def _interval(asked: Asked) -> str:
    match = _BAR.fullmatch(asked.query.get("bar") or "1m")
    if match is None:
        raise DataError(f"{asked.query.get('bar')!r} is no length of a bar", column="bar")
    return f"{match[1]}{_UNITS.get(match[2], match[2])}"


def candles(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the candles; the newest one may not be over, those before it are, whatever they say of it."""
    found = place(body, "data")
    newest = max((str(candle[0]) for candle in found), default="")
    return [
        Row(candle, _RUNNING if str(candle[0]) == newest and _says_running(candle) else "")
        for candle in found
    ]


def _says_running(candle: Any) -> bool:  # noqa: ANN401 - JSON
    return len(candle) in _LENGTHS_THAT_TELL and str(candle[-1]) == "0"


def _candle(row: Row, asked: Asked) -> Values:
    if row.name == _RUNNING:
        raise Skip("the candle is not over")
    return {
        **_names(row, asked),
        "interval": _interval(asked),
        "opened_at": row.epoch(0, unit="ms"),
        "open": row.number(1),
        "high": row.number(2),
        "low": row.number(3),
        "close": row.number(4),
    }


def bar(row: Row, asked: Asked) -> Values:
    """Read a candle: coins and quote currency that were traded; of contracts, those stand before."""
    spot = is_spot(_name(row, asked))
    return {
        **_candle(row, asked),
        "volume": row.number(5 if spot else 6),
        "quote_volume": row.number(6 if spot else 7) if spot or len(row.value) == 9 else None,
    }


def price_bar(row: Row, asked: Asked) -> Values:
    """Read a candle of an index or of mark prices: nothing is traded there."""
    return _candle(row, asked)


def quote(row: Row, asked: Asked) -> Values:
    """Read a ticker, a mark price or an index."""
    name = _name(row, asked)
    values: Values = {
        **_names(row, asked),
        "bid": price(row, "bidPx"),
        "bid_size": row.number("bidSz"),
        "ask": price(row, "askPx"),
        "ask_size": row.number("askSz"),
        "mark": price(row, "markPx"),
        "last": price(row, "last", "idxPx"),
        "open": price(row, "open24h"),
        "high": price(row, "high24h"),
        "low": price(row, "low24h"),
        "volume": row.number("vol24h" if is_spot(name) else "volCcy24h"),
        "quoted_at": row.epoch("ts", unit="ms"),
    }
    return priced(values)


def curve_contract(row: Row, asked: Asked) -> Values:
    """Read the ticker of a future; the perpetual one has no expiration."""
    name = _name(row, asked)
    product, expiration = parts_of(name)
    values: Values = {
        "symbol": NAMING.canonical(product),
        "contract": name,
        "vendor_symbol": name,
        "expiration_date": expiration,
        "last": price(row, "last"),
        "bid": price(row, "bidPx"),
        "ask": price(row, "askPx"),
        "open": price(row, "open24h"),
        "high": price(row, "high24h"),
        "low": price(row, "low24h"),
        "volume": row.number("vol24h"),
        "currency": product.partition("-")[2],
        "quoted_at": row.epoch("ts", unit="ms"),
    }
    return priced(values)


def chain_contract(row: Row, asked: Asked) -> Values:
    """Read an option: its ticker, mark price, open interest, or its volatility and greeks in dollars."""
    name = _name(row, asked)
    match = _OPTION.fullmatch(name)
    if match is None:
        raise Skip(f"{name} is no option")
    base, _, quote_name = match[1].partition("-")
    return {
        "symbol": NAMING.canonical(match[1]),
        "vendor_symbol": name,
        "expiration_date": _day(match[2]),
        "strike": number_of(match[3], "instId"),
        "option_type": match[4],
        "bid": price(row, "bidPx"),
        "bid_size": row.number("bidSz"),
        "ask": price(row, "askPx"),
        "ask_size": row.number("askSz"),
        "last": price(row, "last"),
        "mark": price(row, "markPx"),
        "volume": row.number("vol24h"),
        "open_interest": row.number("oi"),
        "implied_volatility": price(row, "markVol"),
        # Those without BS are in coins.
        **{greek: row.number(f"{greek}BS") for greek in ("delta", "gamma", "theta", "vega")},
        "underlying_price": price(row, "fwdPx"),
        "currency": base if quote_name == "USD" else quote_name,
        "quoted_at": row.epoch("ts", unit="ms"),
    }


def book_level(row: Row, asked: Asked) -> Values:
    """Read a level: price, size, something that is used no more, count of orders."""
    return {
        **_names(row, asked),
        **level(row),
        "order_count": row.integer("at.3"),
        "sequence": row.text("book.seqId"),
        "quoted_at": row.epoch("book.ts", unit="ms"),
    }


def trade(row: Row, asked: Asked) -> Values:
    """Read a trade; the side is that of the taker."""
    return {
        **_names(row, asked),
        "traded_at": row.epoch("ts", unit="ms"),
        "trade_id": row.text("tradeId"),
        "price": row.number("px"),
        "size": row.number("sz"),
        "side": row.text("side"),
    }


def funding(row: Row, asked: Asked) -> Values:
    """Read a payment that was made, at the rate that was realised."""
    return {
        **_names(row, asked),
        "funded_at": row.epoch("fundingTime", unit="ms"),
        "rate": row.number("realizedRate", "fundingRate"),
        "predicted": False,
    }


def funding_expected(row: Row, asked: Asked) -> list[Values]:
    """Read the payment that is due, and the one after it where that is told."""
    due, following = row.epoch("fundingTime", unit="ms"), row.epoch("nextFundingTime", unit="ms")
    hours = (following - due).total_seconds() / 3600 if due and following and following > due else None
    rates = ((due, row.number("fundingRate")), (following, row.number("nextFundingRate")))
    return [
        {**_names(row, asked), "funded_at": at, "rate": rate, "interval_hours": hours, "predicted": True}
        for at, rate in rates
        if at is not None and rate is not None
    ]


def instrument(row: Row, asked: Asked) -> Values:
    """Read an instrument of the list."""
    name, kind = _name(row, asked), (row.text("instType") or asked.query.get("instType") or "").upper()
    product = product_of(name)
    # The name of a contract on an event has parts of another meaning.
    price_in = row.text("settleCcy") if kind in {"OPTION", "EVENTS"} else product.partition("-")[2]
    state = row.text("state")
    return {
        **_names(row, asked),
        "description": row.text("ctType", "alias"),
        "instrument_type": {
            "SPOT": "crypto",
            "MARGIN": "crypto",
            "SWAP": "perpetual",
            "FUTURES": "future",
            "OPTION": "option",
            "EVENTS": "event contract",
        }.get(kind),
        "active": None if state is None else state == "live",
        "currency": currency_code(row.text("quoteCcy") or price_in),
    }


def spread(row: Row, _asked: Asked) -> Values:
    """Read a spread between two instruments."""
    state = row.text("state")
    return {
        "symbol": row.text("sprdId"),
        "vendor_symbol": row.text("sprdId"),
        "description": row.text("sprdType"),
        "instrument_type": "spread",
        "active": None if state is None else state == "live",
        "currency": currency_code(row.text("quoteCcy")),
    }


def event_contract(row: Row, _asked: Asked) -> Values:
    """Read a contract on an event."""
    state = row.text("state")
    return {
        "symbol": row.text("instId"),
        "vendor_symbol": row.text("instId"),
        "description": row.text("eventId"),
        "instrument_type": "event contract",
        "active": None if state is None else state == "live",
    }


def announcement(row: Row, _asked: Asked) -> Values:
    """Read an announcement, which names no instrument."""
    return {
        "symbol": "MARKET",
        "published_at": row.epoch("pTime", "businessPTime", unit="ms"),
        "news_id": row.text("url", "title"),
        "title": row.text("title"),
        "url": row.text("url"),
        "source": "OKX",
    }


def index(row: Row, asked: Asked) -> Values:
    """Read the value of an index among what it is made of."""
    name = row.text("index") or asked.name
    return {
        "symbol": NAMING.canonical(name),
        "vendor_symbol": name,
        "last": price(row, "last"),
        "quoted_at": row.epoch("ts", unit="ms"),
    }


def dollar_in_yuan(row: Row, _asked: Asked) -> Values:
    """Read the average rate of two weeks, which is all of a rate that OKX tells."""
    return {"symbol": "USD/CNY", "vendor_symbol": "usdCny", "last": price(row, "usdCny"), "currency": "CNY"}
