# SPDX-License-Identifier: Apache-2.0
"""Yahoo's quotes, option chains and futures chains."""

from __future__ import annotations

import re
from typing import Any, Final

from ttapi_core import NotFoundError, Symbol, SymbolError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import Finder, place
from ttapi_providers.naming import Naming, pair
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors.yahoo_charts import money

_FUTURE: Final = re.compile(r"([A-Z0-9]{1,4}[FGHJKMNQUVXZ]\d{2})\.[A-Z]{2,4}")
_CLASS: Final = re.compile(r"([A-Z]{1,5})-([A-Z])")
_COIN_QUOTES: Final = frozenset(
    {"USD", "EUR", "GBP", "JPY", "CAD", "AUD", "CHF", "CNY", "INR", "KRW", "RUB", "TWD", "BTC", "ETH", "USDT"}
)
_SHARES: Final = frozenset({"EQUITY", "ETF", "INDEX", "FUTURE", "OPTION"})
_NO_VOLATILITY: Final = 1e-4


def _to_vendor(symbol: str) -> str:
    base, slash, quote = symbol.partition("/")
    if slash and base and len(quote) > 1:
        return f"{base}{quote}=X" if _kind(symbol) == "fx" else f"{base}-{quote}"
    return symbol.replace("/", "-").replace(" ", "") if base else symbol


def _kind(text: str) -> str:
    try:
        return Symbol.parse(text).kind.value
    except SymbolError:
        return ""


def _to_canonical(name: str) -> str | None:
    if name.endswith("=X") and len(name) in {5, 8}:
        return pair(name[:3], name[3:6]) if len(name) == 8 else pair("USD", name[:3])
    base, dash, quote = name.rpartition("-")
    if dash and quote in _COIN_QUOTES:
        return pair(base, quote)
    if (found := _CLASS.fullmatch(name)) is not None:
        return f"{found[1]}/{found[2]}"
    return contract_of(name) or _parsed(name)


def _contract(name: str) -> str:
    # A future has a canonical name, but not one that tells the exchange and the decade that Yahoo asks for.
    found = _FUTURE.fullmatch(name)
    return (_parsed(f"/{found[1]}") if found else None) or name


def _parsed(text: str) -> str | None:
    try:
        return Symbol.parse(text).canonical
    except SymbolError:
        return None


NAMING: Final = Naming(to_vendor=_to_vendor, to_canonical=_to_canonical)
"""``BRK-B``, ``BTC-USD``, ``EURUSD=X``, ``JPY=X`` (of the dollar), ``AAPL250228C00110000``."""


_DRESS: Final = frozenset({"raw", "fmt", "longFmt"})


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what Yahoo sends without the dress of its formatted numbers: ``{"raw": 1.5, "fmt": "1.50"}``."""
    if isinstance(value, dict):
        if "raw" in value and value.keys() <= _DRESS:
            return value["raw"]
        return {name: plain(part) for name, part in value.items()} or None
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value


def quoted(path: str, *, priced: bool) -> Finder:
    """Find quotes; where ``priced``, one without any price is no quote but an instrument that is gone."""

    def find(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        found = [Row(plain(item)) for item in place(body, path) or []]
        if asked.names and not found:
            raise NotFoundError(f"no such symbol: {', '.join(asked.names)}", status=404)
        if priced and found and not any(is_priced(row) for row in found):
            raise NotFoundError(f"no price of {found[0].text('symbol')}: it trades no more", status=404)
        return found

    return find


def is_priced(row: Row) -> bool:
    """Return whether a quote has any price."""
    return row.raw("regularMarketPrice", "regularMarketPreviousClose", "bid", "ask") is not None


def _price(row: Row, *names: str, scale: float = 1.0) -> float | None:
    # Yahoo writes a zero for a price that it does not have.
    return row.number(*names, scale=scale) or None


def _sides(row: Row, scale: float) -> Values:
    bid, ask = _price(row, "bid", scale=scale), _price(row, "ask", scale=scale)
    if bid is not None and ask is not None and bid > ask:
        return {}  # of currencies the two are at times crossed: neither can be relied on
    return {"bid": bid, "ask": ask}


def quote(row: Row, _asked: Asked) -> Values:
    """Read a quote; its sizes are in lots of a length that it does not tell, and are left out."""
    if not is_priced(row):
        raise Skip("no price")
    currency, scale = money(row.text("currency"))
    return {
        "vendor_symbol": row.text("symbol"),
        **_sides(row, scale),
        "last": _price(row, "regularMarketPrice", scale=scale),
        "open": _price(row, "regularMarketOpen", scale=scale),
        "high": _price(row, "regularMarketDayHigh", scale=scale),
        "low": _price(row, "regularMarketDayLow", scale=scale),
        "prev_close": _price(row, "regularMarketPreviousClose", scale=scale),
        "volume": row.number("regularMarketVolume") if row.text("quoteType") in _SHARES else None,
        "quoted_at": row.epoch("regularMarketTime"),
        "currency": currency,
    }


def instrument(row: Row, _asked: Asked) -> Values:
    """Read what an instrument is, from a quote or from a hit of a search."""
    name = row.text("symbol")
    if name is None:
        raise Skip("no instrument that is quoted")
    kind = row.text("quoteType", "typeDisp")
    return {
        "vendor_symbol": name,
        "description": row.text("longName", "longname", "shortName", "shortname", "name"),
        "instrument_type": kind,
        "is_etf": kind.upper() == "ETF" if kind else None,
        "is_index": kind.upper() == "INDEX" if kind else None,
        "listed_market": row.text("exchange", "exch"),
        "currency": money(row.text("currency"))[0],
    }


def hits(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the instruments that a search came upon."""
    return [Row(plain(item)) for item in place(body, "quotes") or []]


def contracts(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the contracts of an option chain, each with its side and what it is written on."""
    chains = place(body, "optionChain.result") or []
    if asked.names and not chains:
        raise NotFoundError(f"no such symbol: {', '.join(asked.names)}", status=404)
    return [
        Row(
            plain(contract)
            | {"side": side, "underlying": plain(chain)["quote"], "of": chain["underlyingSymbol"]}
        )
        for chain in chains
        for expiry in chain.get("options") or []
        for side in ("calls", "puts")
        for contract in expiry.get(side) or []
    ]


def next_expiry(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask for the expiration after the one that was answered: Yahoo sends one at a time."""
    chain = place(body, "optionChain.result.0")
    answered = int(asked.query.get("date") or place(chain, "options.0.expirationDate?") or 0)
    later = sorted(day for day in chain["expirationDates"] if day > answered)
    return {"date": str(later[0])} if later else None


def contract(row: Row, asked: Asked) -> Values:
    """Read a contract; Yahoo writes 0.00001 for a volatility that it does not have."""
    name = row.text("contractSymbol") or ""
    expires = row.epoch("expiration")
    currency, scale = money(row.text("currency"))
    # Without an ask the volatility is where a solver gave up.
    volatility = row.number("impliedVolatility") if _price(row, "ask") else None
    return {
        "symbol": asked.keys[0] if asked.keys else NAMING.canonical(row.text("of") or ""),
        "vendor_symbol": name,
        "contract": contract_of(name),
        "expiration_date": expires.date() if expires else None,
        "strike": row.number("strike"),
        "option_type": "C" if row.text("side") == "calls" else "P",
        **(_sides(row, scale) if _price(row, "ask") else {}),
        "last": _price(row, "lastPrice", scale=scale),
        "volume": row.number("volume"),
        "open_interest": row.number("openInterest"),
        "implied_volatility": volatility if volatility and volatility > _NO_VOLATILITY else None,
        "underlying_price": _price(row, "underlying.regularMarketPrice"),
        "multiplier": {"REGULAR": 100.0, "MINI": 10.0}.get(row.text("contractSize") or ""),
        "currency": currency,
        "last_traded_at": row.epoch("lastTradeDate"),
    }


def chained(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the contracts of a futures chain."""
    return [
        Row(item)
        for result in plain(place(body, "quoteSummary.result")) or []
        for item in (place(result, "futuresChain.futuresChainDetails?") or {}).values()
    ]


def future(row: Row, asked: Asked) -> Values:
    """Read a contract of a futures chain."""
    name = row.text("symbol") or ""
    expires = row.epoch("expireDate")
    currency, scale = money(row.text("currency"))
    return {
        "symbol": asked.keys[0] if asked.keys else row.text("headSymbolAsString"),
        "contract": _contract(name),
        "vendor_symbol": name,
        "expiration_date": expires.date() if expires else None,
        "last": row.number("regularMarketPrice", scale=scale),
        **_sides(row, scale),
        "open": _price(row, "regularMarketOpen", scale=scale),
        "high": _price(row, "regularMarketDayHigh", scale=scale),
        "low": _price(row, "regularMarketDayLow", scale=scale),
        "volume": row.number("regularMarketVolume"),
        "open_interest": row.number("openInterest"),
        "currency": currency,
        "quoted_at": row.epoch("regularMarketTime"),
    }
