# SPDX-License-Identifier: Apache-2.0
"""CoinGecko's records: prices of coins, charts, descriptions, derivatives."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any, Final

from ttapi_core import DataError, DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import interval_of, price, spacing_s
from ttapi_providers.items import place
from ttapi_providers.naming import Naming, pair
from ttapi_providers.reading import Row, Values, day_of

_IDS: Final = {
    "BTC": "bitcoin",
    "ETH": "ethereum",
    "USDT": "tether",
    "BNB": "binancecoin",
    "SOL": "solana",
    "XRP": "ripple",
    "USDC": "usd-coin",
    "DOGE": "dogecoin",
    "ADA": "cardano",
    "TRX": "tron",
    "AVAX": "avalanche-2",
    "LINK": "chainlink",
    "DOT": "polkadot",
    "TON": "the-open-network",
    "SHIB": "shiba-inu",
    "LTC": "litecoin",
    "BCH": "bitcoin-cash",
    "UNI": "uniswap",
    "XLM": "stellar",
    "ETC": "ethereum-classic",
    "XMR": "monero",
    "ATOM": "cosmos",
    "HBAR": "hedera-hashgraph",
    "FIL": "filecoin",
    "NEAR": "near",
    "ALGO": "algorand",
    "AAVE": "aave",
    "DAI": "dai",
    "EOS": "eos",
    "XTZ": "tezos",
    "ZEC": "zcash",
    "DASH": "dash",
    "SUI": "sui",
    "APT": "aptos",
    "ARB": "arbitrum",
    "OP": "optimism",
    "MKR": "maker",
    "WBTC": "wrapped-bitcoin",
}
_TICKERS: Final = {name: ticker for ticker, name in _IDS.items()}
_DAY_S: Final = 86_400
_LENGTHS: Final = {"daily": "1d", "hourly": "1h", "5m": "5m"}
_GRIDS_S: Final = (300, 3600, _DAY_S)


def _to_vendor(symbol: str) -> str:
    coin, slash, currency = symbol.partition("/")
    return f"{_IDS.get(coin, coin.lower())}/{currency.lower()}" if slash else symbol


def _to_canonical(name: str) -> str | None:
    coin, slash, currency = name.partition("/")
    return pair(_TICKERS[coin], currency) if slash and coin in _TICKERS else None


NAMING: Final = Naming(to_vendor=_to_vendor, to_canonical=_to_canonical)


def simple_prices(row: Row, _asked: Asked) -> list[Values]:
    """Read a coin's prices, one row a currency; what belongs to a price has the currency before it."""
    names = [
        name for name in row.value if not name.endswith(("_market_cap", "_24h_vol", "_24h_change", "_at"))
    ]
    return [
        {
            "vendor_symbol": f"{row.name.lower()}/{name}",
            "last": price(row, name),
            "currency": name.upper() if len(name) > 1 else None,
            "quoted_at": row.epoch("last_updated_at"),
        }
        for name in names
        if price(row, name) is not None
    ]


def _currency_asked(asked: Asked) -> str:
    currency = asked.query.get("vs_currency", "").lower()
    if not currency:
        raise DecodeError("the request does not say which currency prices are in")
    return currency


def market(row: Row, asked: Asked) -> Values:
    """Read a coin of a table of coins."""
    currency = _currency_asked(asked)
    last = price(row, "current_price")
    if last is None:
        raise Skip(f"{row.text('id')} has no price")
    return {
        "vendor_symbol": f"{row.text('id')}/{currency}",
        "last": last,
        "high": price(row, "high_24h"),
        "low": price(row, "low_24h"),
        "currency": currency.upper(),
        "quoted_at": row.time("last_updated"),
    }


def coin_prices(row: Row, _asked: Asked) -> list[Values]:
    """Read the prices that stand in a description, one row a currency."""
    data = row.row("market_data")
    prices = data.row("current_price").value
    return [
        {
            "vendor_symbol": f"{row.text('id')}/{currency}",
            "last": price(data, f"current_price.{currency}"),
            "high": price(data, f"high_24h.{currency}"),
            "low": price(data, f"low_24h.{currency}"),
            "currency": currency.upper(),
            "quoted_at": data.time("last_updated") or row.time("last_updated"),
        }
        for currency in prices
        if price(data, f"current_price.{currency}") is not None
    ]


def exchange_rate(row: Row, _asked: Asked) -> Values:
    """Read how many units of a currency one bitcoin is."""
    if row.name == "btc":
        raise Skip("a bitcoin is a bitcoin")
    return {"vendor_symbol": f"bitcoin/{row.name}", "last": price(row, "value"), "currency": row.name.upper()}


def _times_s(records: Any) -> list[float]:  # noqa: ANN401 - JSON
    if not isinstance(records, list):
        raise DecodeError("the answer is no list of points")
    return [float(record[0]) / 1000 for record in records]


def points(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the prices of a chart, each with the usual distance from one to the next."""
    records = place(body, "prices")
    spacing = spacing_s(_times_s(records))
    nearest = min(_GRIDS_S, key=lambda grid: abs(grid - spacing)) if spacing else None
    told = _LENGTHS.get(asked.query.get("interval", ""))
    return [
        Row({"at": record, "interval": told or (interval_of(nearest) if nearest else None)})
        for record in records
    ]


def moment_price(row: Row, _asked: Asked) -> Values:
    """Read a price of a moment; the last one of a daily chart is of now and belongs to no day yet."""
    interval, when, close = row.text("interval"), row.epoch("at.0", unit="ms"), price(row, "at.1")
    if interval is None or when is None:
        raise DataError("neither the request nor the answer says how far prices lie apart")
    if close is None:
        raise Skip("there is no price")
    if interval == "1d" and when.time() != time():
        raise Skip("the price is of now, not of a day")
    return {"interval": interval, "opened_at": when, "close": close}


def candles(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find candles, each with its beginning: CoinGecko tells the end, which is where the next one begins."""
    ends = _times_s(body)
    spacing = spacing_s(sorted(ends))
    if spacing is None:
        return [Row({"of": candle}) for candle in body]
    earlier = {end: start for start, end in zip(sorted(ends), sorted(ends)[1:], strict=False)}
    return [
        Row(
            {
                "of": candle,
                "start": max(earlier.get(end, 0.0), end - spacing),
                "interval": interval_of(spacing),
            }
        )
        for candle, end in zip(body, ends, strict=True)
    ]


def candle(row: Row, _asked: Asked) -> Values:
    """Read a candle: time, open, high, low, close."""
    if not row.has("interval"):
        raise DataError("one candle alone does not say how long it is")
    return {
        "interval": row.text("interval"),
        "opened_at": row.epoch("start"),
        "open": row.number("of.1"),
        "high": row.number("of.2"),
        "low": row.number("of.3"),
        "close": row.number("of.4"),
    }


def past_prices(row: Row, asked: Asked) -> list[Values]:
    """Read the prices at the beginning of a day."""
    day = day_of(asked.query.get("date"), "date", form="%d-%m-%Y")
    if day is None:
        raise DecodeError("the request does not say which day it is for")
    if not row.has("market_data"):
        raise Skip(f"nothing is known of {row.text('id')} on that day")
    prices = row.row("market_data").row("current_price")
    return [
        {
            "vendor_symbol": f"{row.text('id')}/{currency}",
            "interval": "1d",
            "opened_at": datetime.combine(day, time(), UTC),
            "close": price(prices, currency),
        }
        for currency in prices.value
        if price(prices, currency) is not None
    ]


def coin_listed(row: Row, _asked: Asked) -> Values:
    """Read a coin of the list: under its id, because several have the same ticker."""
    return {
        "symbol": row.text("id"),
        "vendor_symbol": row.text("id"),
        "description": row.text("name"),
        "instrument_type": "crypto",
    }


def profile(row: Row, _asked: Asked) -> Values:
    """Read the description of a coin."""
    worth = price(row, "market_data.market_cap.usd")
    return {
        "symbol": row.text("id"),
        "vendor_symbol": row.text("id"),
        "name": row.text("name"),
        "country": row.text("country_origin"),
        "website": row.text("links.homepage.0"),
        "description": row.text("description.en"),
        "market_cap": worth,
        "currency": "USD" if worth is not None else None,
    }


def derivative(row: Row, _asked: Asked) -> Values:
    """Read a contract of any exchange; its volume and interest are dollars and left out."""
    name, exchange, last = row.text("symbol"), row.text("market", "name"), price(row, "price", "last")
    if last is None:
        raise Skip(f"{name} has no price")
    expires = row.epoch("expired_at")
    return {
        "symbol": row.text("index_id", "base") or name,
        "contract": f"{exchange}: {name}",
        "vendor_symbol": name,
        "expiration_date": expires.date() if expires else None,
        "last": last,
        "quoted_at": row.epoch("last_traded_at", "last_traded"),
    }
