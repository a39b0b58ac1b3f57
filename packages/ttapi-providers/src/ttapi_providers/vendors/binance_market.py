# SPDX-License-Identifier: Apache-2.0
"""Binance's bars, quotes, books, trades and funding: one set of records on all its markets."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import interval_of, is_priced, level, price
from ttapi_providers.naming import Naming, pair, pairs
from ttapi_providers.reading import Row, Values, day_of

# Plain USD, which Binance.US alone has, is found apart from these: BATUSD is not BA/TUSD.
_QUOTES: Final = (
    "USDT",
    "USDC",
    "FDUSD",
    "TUSD",
    "BUSD",
    "USD1",
    "USDP",
    "USDS",
    "DAI",
    "PAX",
    "UST",
    "VAI",
    "BTC",
    "ETH",
    "BNB",
    "EUR",
    "EURI",
    "GBP",
    "AUD",
    "TRY",
    "BRL",
    "RUB",
    "UAH",
    "NGN",
    "ZAR",
    "PLN",
    "ARS",
    "MXN",
    "COP",
    "CZK",
    "RON",
    "JPY",
    "BIDR",
    "IDRT",
    "BKRW",
    "BVND",
    "XRP",
    "TRX",
    "DOGE",
    "DOT",
    "SOL",
    "XUSD",
    "RLUSD",
    "BFUSD",
)
_OF_DOLLARS: Final = {
    "BUSD": frozenset({"BNB", "SHIB", "ARB"}),
    "TUSD": frozenset(
        {"ACT", "APT", "BAT", "DOT", "FET", "GRT", "IOST", "LPT", "ONT", "PNUT", "QNT", "USDT", "VET"}
    ),
}
"""Coins that Binance.US trades for USD, whose last letter makes the name look like one on another dollar."""
_MICROSECONDS_FROM: Final = 100_000_000_000_000
_USD: Final = "USD"
_US: Final = "api.binance.us"
_SHORTEST_MONTH_S: Final = 28 * 86_400
_INTERVALS: Final = {"1M": "1mo"}

_plain: Final = pairs(quotes=_QUOTES)


def _canonical(name: str) -> str | None:
    base = name.upper().removesuffix(_USD)
    if base != name.upper() and base:
        dollar = f"{base[-1]}{_USD}"
        if base in _OF_DOLLARS.get(dollar, ()) or not any(name.upper().endswith(q) for q in _QUOTES):
            return pair(base, _USD)
    return _plain.to_canonical(name)


NAMING: Final = Naming(to_vendor=_plain.to_vendor, to_canonical=_canonical)


def moment(row: Row, *fields: str | int) -> datetime | None:
    """Return a time in UTC; Binance counts milliseconds, and microseconds where it was asked for them."""
    for field in fields:
        value = row.integer(field)
        if value:
            return Row([value]).epoch(0, unit="us" if value >= _MICROSECONDS_FROM else "ms")
    return None


def is_contract(asked: Asked) -> bool:
    """Return whether a request is one of the futures or options interfaces."""
    return not asked.path.startswith("/api/")


def named(name: str | None, asked: Asked) -> Values:
    """Return what a record is of: a pair on the spot market, Binance's own name elsewhere."""
    name = name or asked.name
    if not name:
        raise DataError("neither the record nor the request names a symbol")
    if is_contract(asked):
        return {"symbol": name, "vendor_symbol": name}
    if asked.host == _US and _is_uncertain(name):
        return {"symbol": name, "vendor_symbol": name}
    return {"vendor_symbol": name}


def _is_uncertain(name: str) -> bool:
    """Return whether a name ends in a dollar that Binance.US may not have meant: XYZBUSD."""
    dollar = name[-len("BUSD") :]
    return dollar in _OF_DOLLARS and name.removesuffix(_USD) not in _OF_DOLLARS[dollar]


def bar(row: Row, asked: Asked) -> Values:
    """Read a candle: a list of twelve positions."""
    interval = asked.query.get("interval", "") or _length(row)
    in_contracts = asked.path.startswith("/dapi/")
    traded = "mark" not in asked.path and "index" not in asked.path
    if isinstance(row.value, dict):  # options name what the others count
        return {**named(None, asked), "interval": _INTERVALS.get(interval, interval), **_option_bar(row)}
    values: Values = {
        **named(None, asked),
        "interval": _INTERVALS.get(interval, interval),
        "opened_at": moment(row, 0),
        "open": row.number(1),
        "high": row.number(2),
        "low": row.number(3),
        "close": row.number(4),
    }
    if traded:
        # COIN-M counts contracts at 5 and coins at 7; the others coins at 5 and the quote currency at 7.
        values["volume"] = row.number(7 if in_contracts else 5)
        values["quote_volume"] = None if in_contracts else row.number(7)
        values["trade_count"] = row.integer(8)
    return values


def _length(row: Row) -> str:
    """Return how long a bar is, from its first and its last moment."""
    opened_at, closed_at = moment(row, 0, "openTime"), moment(row, 6, "closeTime")
    if opened_at is None or closed_at is None:
        raise DataError("neither the request nor the bar says how long it is")
    seconds = round((closed_at - opened_at).total_seconds())
    return "1mo" if seconds >= _SHORTEST_MONTH_S else interval_of(seconds)


def _option_bar(row: Row) -> Values:
    return {
        "opened_at": moment(row, "openTime"),
        "open": row.number("open"),
        "high": row.number("high"),
        "low": row.number("low"),
        "close": row.number("close"),
        "quote_volume": row.number("amount"),
        "trade_count": row.integer("tradeCount"),
    }


def series_name(asked: Asked) -> str:
    """Return the name of a series without one contract, as Binance's streams have it."""
    return f"{asked.query.get('pair', '')}_{asked.query.get('contractType', '')}"


def quote(row: Row, asked: Asked) -> Values:
    """Read a ticker of any kind; those of a window are of the last 24 hours, or as long as was asked."""
    is_index = asked.path.endswith("/index")
    values: Values = {
        **named(asked.query.get("underlying") if is_index else row.text("symbol"), asked),
        "bid": price(row, "bidPrice"),
        "bid_size": row.number("bidQty"),
        "ask": price(row, "askPrice"),
        "ask_size": row.number("askQty"),
        "mark": price(row, "markPrice"),
        "last": price(row, "lastPrice", "price", *(("indexPrice",) if is_index else ())),
        "open": price(row, "openPrice"),
        "high": price(row, "highPrice"),
        "low": price(row, "lowPrice"),
        "prev_close": price(row, "prevClosePrice"),
        # COIN-M counts contracts under volume.
        "volume": row.number("baseVolume" if asked.path.startswith("/dapi/") else "volume"),
        "quoted_at": moment(row, "closeTime", "time"),
    }
    if not is_priced(values):
        raise Skip(f"{values['vendor_symbol']} has no price")
    return values


def curve_contract(row: Row, _asked: Asked) -> Values:
    """Read a contract of a COIN-M pair; the perpetual one has no expiration."""
    name = row.text("symbol") or ""
    product, _, term = name.partition("_")
    values: Values = {
        "symbol": row.text("pair") or product,
        "contract": name,
        "vendor_symbol": name,
        "expiration_date": day_of(term, "symbol", form="%y%m%d") if term.isdigit() else None,
        "last": price(row, "lastPrice"),
        "open": price(row, "openPrice"),
        "high": price(row, "highPrice"),
        "low": price(row, "lowPrice"),
        "volume": row.number("volume"),
        "currency": "USD",
        "quoted_at": moment(row, "closeTime"),
    }
    if values["last"] is None:
        raise Skip(f"{name} has no price")
    return values


def book_level(row: Row, asked: Asked) -> Values:
    """Read a level of a book."""
    return {
        **named(row.text("book.symbol"), asked),
        **level(row),
        "sequence": row.text("book.lastUpdateId"),
        "quoted_at": moment(row, "book.T", "book.E"),
    }


def trade(row: Row, asked: Asked) -> Values:
    """Read a trade, or the trades of one order at one price (``a``, ``p``, ``q``)."""
    maker_buys = row.flag("isBuyerMaker", "m")
    size = row.number("qty", "q")
    return {
        **named(row.text("symbol"), asked),
        "traded_at": moment(row, "time", "T"),
        "trade_id": row.text("tradeId", "id", "a"),
        "price": row.number("price", "p"),
        "size": None if size is None else abs(size),  # options have a minus where the taker sold
        "side": _side(row) if maker_buys is None else "sell" if maker_buys else "buy",
    }


def _side(row: Row) -> str | None:
    # Options write the side as 1 (the taker bought) or -1.
    return {1: "buy", -1: "sell"}.get(row.integer("side") or 0)


def funding(row: Row, asked: Asked) -> Values:
    """Read a payment that was made."""
    return {
        **named(row.text("symbol"), asked),
        "funded_at": moment(row, "fundingTime"),
        "rate": row.number("fundingRate"),
        "mark_price": price(row, "markPrice"),
        "predicted": False,
    }


def funding_expected(row: Row, asked: Asked) -> Values:
    """Read the payment that is due next."""
    return {
        **named(row.text("symbol"), asked),
        "funded_at": moment(row, "nextFundingTime"),
        "rate": row.number("lastFundingRate"),
        "mark_price": price(row, "markPrice"),
        "index_price": price(row, "indexPrice"),
        "predicted": True,
    }


def expected(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the contracts that are perpetual; the dated ones beside them are paid no funding."""
    records = body if isinstance(body, list) else [body]
    return [Row(record) for record in records if record.get("nextFundingTime")]


def is_funded(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether one contract of an answer is perpetual; errors count as well."""
    return "code" in body or bool(expected(body, Asked(method="GET", base="", path="")))
