# SPDX-License-Identifier: Apache-2.0
"""
Bitstamp: spot pairs, and perpetual contracts, which keep their names (``btcusd-perp``).

Of a ticker the open is the first price of the day in UTC; high, low and volume are of the last 24 hours.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    DataError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
)
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.declaring import Endpoint, Provider, Skip
from ttapi_providers.exchanges import (
    book_levels,
    interval_of,
    is_priced,
    is_single,
    level,
    one_or_many,
    price,
    spacing_s,
)
from ttapi_providers.items import listed, one, place
from ttapi_providers.naming import Naming, pair, pairs
from ttapi_providers.reading import Row, Values

_BARS_MAX: Final = 1000
_ONLY_PAIR: Final = "btcusd"
"""The one pair of the first version."""
_PERPETUAL: Final = "-PERP"
_FIAT: Final = frozenset({"USD", "EUR", "GBP"})
_BUY_OR_SELL: Final = {0: "buy", 1: "sell"}
_plain: Final = pairs(
    lower=True,
    quotes=(
        "USD",
        "EUR",
        "GBP",
        "USDT",
        "USDC",
        "PAX",
        "BTC",
        "ETH",
        "PYUSD",
        "RLUSD",
        "EURCV",
        "EURC",
        "EURQ",
        "EURR",
        "USDQ",
    ),
)


def _to_canonical(name: str) -> str | None:
    upper = name.upper()
    if upper.endswith(_PERPETUAL):
        return upper.replace("/", "").lower()  # lists of prices write BTC/USD-PERP
    base, slash, counter = re.sub(r"[-_]", "/", upper).partition("/")
    return pair(base, counter) if slash else _plain.to_canonical(upper)


_NAMING: Final = Naming(to_vendor=_plain.to_vendor, to_canonical=_to_canonical)


def _told(body: Any, _asked: Asked) -> RequestRefusedError | None:  # noqa: ANN401 - JSON
    """Find an error: a status with a reason, or a code with errors by field."""
    if not isinstance(body, dict) or not (
        body.get("status") == "error" or "error" in body or "errors" in body
    ):
        return None
    words = body.get("reason") or body.get("error") or body.get("errors") or "it does not say why"
    return RequestRefusedError(str(words), status=400, peer_code=str(body.get("code", "")))


def _named(asked: Asked) -> str:
    """Return the pair in the path; what a list was asked for says nothing of its records."""
    return asked.told("symbol")


def _quote(row: Row, asked: Asked) -> Values:
    values: Values = {
        "vendor_symbol": _named(asked) or row.text("pair", "market") or _ONLY_PAIR,
        "bid": price(row, "bid"),
        "ask": price(row, "ask"),
        "mark": price(row, "mark_price"),
        "last": price(row, "last"),
        "open": price(row, "open"),
        "high": price(row, "high"),
        "low": price(row, "low"),
        "volume": row.number("volume"),
        "quoted_at": row.epoch("timestamp"),
    }
    if not is_priced(values):
        raise Skip(f"{values['vendor_symbol']} has no price")
    return values


def _conversion(row: Row, _asked: Asked) -> Values:
    """Read the rate between the two currencies: what one sells a euro for, and buys one at."""
    return {
        "symbol": "EUR/USD",
        "vendor_symbol": "eurusd",
        "bid": price(row, "sell"),
        "ask": price(row, "buy"),
        "currency": "USD",
    }


def _bars(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the candles, each with its length: as asked for, else the distance from one to the next."""
    candles, step = place(body, "data.ohlc"), asked.query.get("step", "")
    seconds = int(step) if step.isdigit() else spacing_s(float(candle["timestamp"]) for candle in candles)
    return [Row({"of": candle, "seconds": seconds}) for candle in candles]


def _bar(row: Row, _asked: Asked) -> Values:
    seconds = row.integer("seconds")
    if not seconds:
        raise DataError("neither the request nor the answer says how long a bar is")
    return {
        "interval": interval_of(seconds),
        "opened_at": row.epoch("of.timestamp"),
        **{name: row.number(f"of.{name}") for name in ("open", "high", "low", "close", "volume")},
    }


def _level(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": _named(asked) or _ONLY_PAIR,
        **level(row),
        "sequence": row.text("book.microtimestamp"),
        "quoted_at": row.epoch("book.microtimestamp", unit="us") or row.epoch("book.timestamp"),
    }


def _trade(row: Row, asked: Asked) -> Values:
    side = row.integer("type")
    return {
        "vendor_symbol": _named(asked) or _ONLY_PAIR,
        "traded_at": row.epoch("microtimestamp", unit="us") or row.epoch("date"),
        "trade_id": row.text("tid"),
        "price": row.number("price"),
        "size": row.number("amount"),
        "side": None if side is None else _BUY_OR_SELL.get(side),
    }


def _market(row: Row, _asked: Asked) -> Values:
    name, title, traded = row.text("market_symbol", "url_symbol"), row.text("name") or "", row.text("trading")
    base, _, counter = title.partition("/")
    base, counter = row.text("base_currency") or base, row.text("counter_currency") or counter
    perpetual = row.text("market_type") == "PERPETUAL" or title.endswith(_PERPETUAL)
    if not name or not base or not counter:
        raise DataError("the market has no name or no two currencies", column="market_symbol")
    return {
        "symbol": name if perpetual else pair(base, counter),
        "vendor_symbol": name,
        "description": row.text("description", "name"),
        "instrument_type": "perpetual"
        if perpetual
        else "fx"
        if _FIAT.issuperset({base, counter})
        else "crypto",
        "active": None if traded is None else traded == "Enabled",
        "currency": counter.removesuffix(_PERPETUAL),
        "isin": row.text("isin"),
    }


def _funding(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": _named(asked) or row.text("market"),
        "funded_at": row.epoch("timestamp"),
        "rate": row.number("funding_rate"),
        "predicted": False,
    }


def _funding_expected(row: Row, asked: Asked) -> Values:
    return {
        **_funding(row, asked),
        "funded_at": row.epoch("next_funding_time"),
        "predicted": True,
    }


def _end(wanted: Wanted) -> str | None:
    """Return the last second to ask for: of a full page the last candles before it are given."""
    words = wanted.words()
    return words["until_s"] if wanted.until and wanted.until < wanted.today else words["today_s"]


def _earlier(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask for what is missing before a full page, until the first day that was asked for."""
    bars, start = body["data"]["ohlc"], asked.query.get("start")
    if start is None or not bars or str(len(bars)) != asked.query.get("limit"):
        return None
    first = min(int(bar["timestamp"]) for bar in bars)
    return {"end": str(first - 1)} if first > int(start) else None


PROVIDER: Final = Provider(
    name="bitstamp",
    title="Bitstamp",
    site="https://www.bitstamp.net/api/",
    bases=("https://www.bitstamp.net",),
    aliases=("bitstamp.net", "sandbox.bitstamp.net"),
    limits=(RateWindow(requests=400, seconds=1), RateWindow(requests=10_000, seconds=600)),
    naming=_NAMING,
    told=_told,
    codes={
        "not found": NotFoundError,
        "invalid pair": NotFoundError,
        "rate limit": RateLimitError,
        "request limit": RateLimitError,
        "API0001": AuthenticationError,
        "API0002": AuthenticationError,
    },
    samples={
        **dict.fromkeys(("quotes", "trades", "symbols"), "BTC/USD"),
        "funding_rates": "btcusd-perp",
    },
    endpoints=(
        Endpoint(
            dataset="crypto_bars",
            request=get(
                "/api/v2/ohlc/{symbol}/",
                {
                    "step": 86_400,
                    "limit": _BARS_MAX,
                    "start": "{since_s}",
                    "end": _end,
                    "exclude_current_candle": "true",
                },
            ),
            items=_bars,
            row=_bar,
            next_page=_earlier,
        ),
        Endpoint(dataset="quotes", request=get("/api/v2/ticker/"), items=listed(), row=_quote, batch=0),
        *(
            Endpoint(dataset="quotes", request=get(f"/api/v2/{path}/{{symbol}}/"), items=one(), row=_quote)
            for path in ("ticker", "ticker_hour")
        ),
        Endpoint(
            dataset="order_books",
            request=get("/api/v2/order_book/{symbol}/"),
            items=book_levels(),
            row=_level,
        ),
        Endpoint(
            dataset="trades", request=get("/api/v2/transactions/{symbol}/", {"time": "day"}), row=_trade
        ),
        Endpoint(dataset="symbols", request=get("/api/v2/markets/"), row=_market, batch=0),
        Endpoint(dataset="symbols", request=get("/api/v2/trading-pairs-info/"), row=_market, batch=0),
        Endpoint(
            dataset="funding_rates",
            takes=is_single,
            request=get("/api/v2/funding_rate_history/{symbol}/"),
            items=listed("funding_rate_history"),
            row=_funding,
        ),
        Endpoint(
            dataset="funding_rates",
            takes=is_single,
            request=get("/api/v2/funding_rate/{symbol}/"),
            items=one(),
            row=_funding_expected,
            besides=True,
        ),
        *(
            Endpoint(dataset="quotes", request=get(path), items=one(), row=_conversion, batch=0, retired=True)
            for path in ("/api/eur_usd/", "/api/v2/eur_usd/")
        ),
        # The first version knew one pair.
        *(
            Endpoint(dataset=dataset, request=get(f"/api/{path}/"), items=items, row=row, retired=True)
            for dataset, path, items, row in (
                ("quotes", "ticker", one_or_many(), _quote),
                ("quotes", "ticker_hour", one_or_many(), _quote),
                ("order_books", "order_book", book_levels(), _level),
                ("trades", "transactions", listed(), _trade),
            )
        ),
    ),
)
