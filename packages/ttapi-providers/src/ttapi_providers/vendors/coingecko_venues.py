# SPDX-License-Identifier: Apache-2.0
"""
What CoinGecko tells of single venues: tickers of exchanges and pools; and its news and lists.

A pair at an exchange is ``binance:BTC/USDT``, a pool is its network and address: neither is the average that
the pair alone stands for.
"""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, Skip
from ttapi_providers.exchanges import currency_code, price
from ttapi_providers.items import by_name, listed, place
from ttapi_providers.reading import Row, Values

_V3: Final = "/api/v3"
_ONCHAIN: Final = f"{_V3}/onchain"
_LENGTHS: Final = {"day": "d", "hour": "h", "minute": "m", "second": "s"}
_TITLE_MAX: Final = 120
_TOKEN_BOUGHT: Final = {"buy": "to", "sell": "from"}
"""Where a trade has the first token of its pool: what it leads to, or what it comes from."""


def _ticker(row: Row, _asked: Asked) -> Values:
    base, target, venue = row.text("base"), row.text("target"), row.text("market.identifier", "market.name")
    if not base or not target or not venue:
        raise DataError("the ticker has no pair or no exchange", column="base")
    name, last = f"{venue}:{base}/{target}", price(row, "last")
    if last is None:
        raise Skip(f"{name} has no price")
    if row.flag("is_anomaly"):
        raise Skip(f"CoinGecko calls the price of {name} an anomaly")
    return {
        "symbol": name,
        "vendor_symbol": name,
        "last": last,
        "volume": row.number("volume"),
        "currency": currency_code(target),
        "quoted_at": row.time("last_traded_at", "timestamp"),
    }


def _token_price(row: Row, _asked: Asked) -> Values:
    last = price(Row({"last": row.value}), "last")
    if last is None:
        raise Skip(f"{row.name} has no price")
    return {
        "symbol": f"{row.name}/usd",
        "vendor_symbol": f"{row.name}/usd",
        "last": last,
        "currency": "USD",
    }


def _tokens_asked(asked: Asked) -> list[str]:
    return [f"{address.strip()}/usd" for address in asked.told("addresses").split(",") if address.strip()]


def _pool_asked(asked: Asked) -> list[str]:
    return [f"{asked.told('network')}:{asked.told('address')}"]


def _pool_bar(row: Row, asked: Asked) -> Values:
    """Read a candle of a pool: time, four prices, volume, which is in dollars whatever the prices are in."""
    unit, count = _LENGTHS.get(asked.told("timeframe")), asked.query.get("aggregate") or "1"
    if unit is None or not count.isdigit():
        raise DataError("the request does not say how long a bar is", column="timeframe")
    in_dollars = (asked.query.get("currency") or "usd") == "usd"
    return {
        "symbol": asked.name,
        "interval": f"{int(count)}{unit}",
        "opened_at": row.epoch(0),
        **{name: row.number(at) for at, name in enumerate(("open", "high", "low", "close"), 1)},
        "quote_volume": row.number(5) if in_dollars else None,
    }


def _pool_trade(row: Row, asked: Asked) -> Values:
    """Read a trade of a pool, in dollars for one of its first token."""
    of = row.row("attributes")
    side = of.text("kind")
    if side not in _TOKEN_BOUGHT:
        raise DataError(f"the trade is of kind {side!r}, neither a purchase nor a sale", column="kind")
    token = _TOKEN_BOUGHT[side]
    return {
        "symbol": asked.name,
        "traded_at": of.time("block_timestamp"),
        "trade_id": row.text("id"),
        "price": of.number(f"price_{token}_in_usd"),
        "size": of.number(f"{token}_token_amount"),
        "side": side,
    }


def _movers(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    return [Row(coin) for place_of in ("top_gainers", "top_losers") for coin in place(body, place_of)]


def _mover(row: Row, asked: Asked) -> Values:
    currency = (asked.told("vs_currency") or "usd").lower()
    last = price(row, currency)
    if last is None:
        raise Skip(f"{row.text('id')} has no price")
    return {"vendor_symbol": f"{row.text('id')}/{currency}", "last": last, "currency": currency.upper()}


def _sought(row: Row, _asked: Asked) -> list[Values]:
    """Read the prices of a coin that many seek: in bitcoins, later in dollars too; texts of them are cut."""
    coin = row.text("item.id")
    dollars = row.raw("item.data.price")
    prices = {"btc": row.raw("item.price_btc"), "usd": dollars if isinstance(dollars, int | float) else None}
    return [
        {"vendor_symbol": f"{coin}/{currency}", "last": last, "currency": currency.upper()}
        for currency, last in prices.items()
        if last and (coin, currency) != ("bitcoin", "btc")
    ]


def _article(row: Row, _asked: Asked) -> Values:
    coins = [coin for coin in row.raw("related_coin_ids") or () if isinstance(coin, str)]
    return {
        "symbol": coins[0] if coins else "MARKET",
        "vendor_symbol": coins[0] if coins else None,
        "published_at": row.time("posted_at") or row.epoch("created_at", "crawled_at", "updated_at"),
        "news_id": row.text("id", "url"),
        "title": row.text("title"),
        "summary": row.text("description"),
        "url": row.text("url"),
        "source": row.text("source_name", "news_site"),
        "author": row.text("author"),
        "symbols": ",".join(coins) or None,
    }


def _status(row: Row, _asked: Asked) -> Values:
    """Read what a project or an exchange told of itself: it has no title but its first line."""
    words, project = row.text("description"), row.text("project.id")
    if not words:
        raise Skip("the update says nothing")
    return {
        "symbol": project or "MARKET",
        "vendor_symbol": project,
        "published_at": row.time("created_at"),
        "news_id": f"{project}:{row.text('created_at')}",
        "title": words.splitlines()[0].strip()[:_TITLE_MAX],
        "summary": " ".join(words.split()),
        "source": row.text("project.name"),
        "author": row.text("user"),
    }


def _has_tickers(body: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(body, dict) and ("tickers" in body or "error" in body or "status" in body)


def _of_coin(asked: Asked) -> bool:
    return asked.told("exchange") != "list"


VENUES: Final = (
    *(
        Endpoint(
            dataset="quotes",
            request=get(f"{_V3}/{path}"),
            items=listed("tickers"),
            row=_ticker,
            shape=_has_tickers,
            when=_of_coin,
            batch=0,
            retired=True,
        )
        for path in ("exchanges/{exchange}", "exchanges/{exchange}/tickers", "coins/{id}/tickers")
    ),
    Endpoint(
        dataset="quotes",
        request=get(f"{_ONCHAIN}/simple/networks/{{network}}/token_price/{{addresses}}"),
        items=by_name("data.attributes.token_prices"),
        row=_token_price,
        found_by=_tokens_asked,
        retired=True,
    ),
    *(
        Endpoint(
            dataset="crypto_bars",
            request=get(f"{_ONCHAIN}/networks/{{network}}/{kind}/{{address}}/ohlcv/{{timeframe}}"),
            items=listed("data.attributes.ohlcv_list"),
            row=_pool_bar,
            found_by=_pool_asked,
            retired=True,
        )
        for kind in ("pools", "tokens")
    ),
    Endpoint(
        dataset="trades",
        request=get(f"{_ONCHAIN}/networks/{{network}}/pools/{{address}}/trades"),
        items=listed("data"),
        row=_pool_trade,
        found_by=_pool_asked,
        retired=True,
    ),
    Endpoint(
        dataset="quotes",
        request=get(f"{_V3}/coins/top_gainers_losers"),
        items=_movers,
        row=_mover,
        batch=0,
        retired=True,
    ),
    Endpoint(
        dataset="quotes",
        request=get(f"{_V3}/search/trending"),
        items=listed("coins"),
        row=_sought,
        batch=0,
        retired=True,
    ),
    *(
        Endpoint(dataset="news", request=get(f"{_V3}/{path}"), items=items, row=row, batch=0, retired=True)
        for path, items, row in (
            (
                "news",
                lambda body, asked: listed("data" if isinstance(body, dict) else "")(body, asked),
                _article,
            ),
            ("status_updates", listed("status_updates"), _status),
            ("exchanges/{exchange}/status_updates", listed("status_updates"), _status),
            ("coins/{id}/status_updates", listed("status_updates"), _status),
        )
    ),
)
"""All of them are read; coins are asked for by their average price."""
