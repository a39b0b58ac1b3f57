# SPDX-License-Identifier: Apache-2.0
"""
CoinPaprika: prices of coins in several currencies, averaged over exchanges.

A key is a pair: ``BTC/USD`` for well-known coins, else CoinPaprika's id of the coin and a currency
(``zk-zksync/usd``), because tickers are not unique. The volume of a bar is in the quote currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from ttapi_core import NotEntitledError, RateWindow, RequestRefusedError
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.declaring import Credential, Endpoint, Provider, Skip
from ttapi_providers.exchanges import is_pair, is_single, one_or_many, price
from ttapi_providers.items import listed, one
from ttapi_providers.naming import Naming, pair
from ttapi_providers.reading import Row, Values, day_of
from ttapi_providers.vendors.coinpaprika_venues import VENUES

_PRO: Final = "https://api-pro.coinpaprika.com"
_NAMES: Final = {
    "BTC": "bitcoin",
    "ETH": "ethereum",
    "USDT": "tether",
    "BNB": "binance-coin",
    "SOL": "solana",
    "XRP": "xrp",
    "USDC": "usd-coin",
    "DOGE": "dogecoin",
    "ADA": "cardano",
    "TRX": "tron",
    "AVAX": "avalanche",
    "LINK": "chainlink",
    "DOT": "polkadot",
    "SHIB": "shiba-inu",
    "LTC": "litecoin",
    "BCH": "bitcoin-cash",
    "UNI": "uniswap",
    "XLM": "stellar",
    "ETC": "ethereum-classic",
    "XMR": "monero",
    "ATOM": "cosmos",
    "FIL": "filecoin",
    "ALGO": "algorand",
    "DAI": "dai",
    "EOS": "eos",
    "XTZ": "tezos",
    "ZEC": "zcash",
    "DASH": "dash",
    "NEO": "neo",
}
_IDS: Final = {ticker: f"{ticker.lower()}-{name}" for ticker, name in _NAMES.items()}
_TICKERS: Final = {name: ticker for ticker, name in _IDS.items()}
_INTERVALS: Final = {"24h": "1d", "7d": "1w"}
_DAYS_MAX: Final = 364
_BARS_MAX: Final = 366
_SECOND: Final = timedelta(seconds=1)
_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _to_vendor(symbol: str) -> str:
    coin, slash, currency = symbol.partition("/")
    return f"{_IDS.get(coin, coin.lower())}/{currency.lower()}" if slash else symbol


def _to_canonical(name: str) -> str | None:
    coin, slash, currency = name.partition("/")
    return pair(_TICKERS[coin], currency) if slash and coin in _TICKERS else None


def _told(body: Any, _asked: Asked) -> RequestRefusedError | None:  # noqa: ANN401 - JSON
    error = body.get("error") if isinstance(body, dict) else None
    return RequestRefusedError(error, status=400) if isinstance(error, str) else None


def _quote_of(asked: Asked) -> str:
    return (asked.query.get("quote") or "usd").lower()


def _bar_asked(asked: Asked) -> Sequence[str]:
    coin = asked.told("base")
    return [f"{coin}/{_quote_of(asked)}"] if coin else []


def _quotes_asked(asked: Asked) -> Sequence[str]:
    currencies = (asked.query.get("quotes") or "usd").lower().split(",")
    return [f"{asked.told('base')}/{currency.strip()}" for currency in currencies]


def _start(wanted: Wanted) -> str:
    return (wanted.since or wanted.today - timedelta(days=_DAYS_MAX)).isoformat()


def _ticker(row: Row, _asked: Asked) -> list[Values]:
    """Read a coin's prices, one row a currency."""
    return [
        {
            "vendor_symbol": f"{row.text('id')}/{of.name.lower()}",
            "last": price(of, "price"),
            "currency": of.name.upper(),
            "quoted_at": row.time("last_updated"),
        }
        for of in row.rows("quotes")
        if price(of, "price") is not None
    ]


def _old_ticker(row: Row, _asked: Asked) -> list[Values]:
    """Read a coin's prices as they were written before there were quotes."""
    return [
        {
            "vendor_symbol": f"{row.text('id')}/{currency}",
            "last": last,
            "currency": currency.upper(),
            "quoted_at": row.epoch("last_updated"),
        }
        for currency in ("usd", "btc")
        if (last := price(row, f"price_{currency}")) is not None
    ]


def _bar(row: Row, asked: Asked) -> Values:
    told = asked.query.get("interval") or "1d"
    opened_at, closed_at = row.time("time_open"), row.time("time_close")
    close = price(row, "close")
    if close is None or opened_at is None:
        raise Skip("the bar has no price")
    length = _length(told)
    # The end is the last second; what ends before is not over, which is news of no history.
    if (
        closed_at
        and length
        and closed_at - opened_at + _SECOND < length
        and not asked.path.endswith("/today")
    ):
        raise Skip("the bar is not over")
    return {
        "interval": _INTERVALS.get(told, told),
        "opened_at": opened_at,
        "open": price(row, "open"),
        "high": price(row, "high"),
        "low": price(row, "low"),
        "close": close,
        "quote_volume": row.number("volume"),
    }


def _length(interval: str) -> timedelta | None:
    unit = _UNITS.get(interval[-1:])
    return unit * int(interval[:-1]) if unit and interval[:-1].isdigit() else None


def _next_bars(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Ask on from the last day of a full page."""
    if asked.query.get("interval") != "1d" or str(len(body)) != asked.query.get("limit"):
        return None
    last = max(day for bar in body if (day := day_of(bar["time_open"], "time_open")) is not None)
    return {"start": (last + timedelta(days=1)).isoformat()}


def _point(row: Row, asked: Asked) -> Values:
    """Read the average price of a stretch of time; its volume is of 24 hours whatever the stretch."""
    told = asked.query.get("interval") or "5m"
    close = price(row, "price")
    if close is None:
        raise Skip("there is no price")
    return {"interval": _INTERVALS.get(told, told), "opened_at": row.time("timestamp"), "close": close}


def _coin(row: Row, _asked: Asked) -> Values:
    return {
        "symbol": row.text("id"),
        "vendor_symbol": row.text("id"),
        "description": row.text("name"),
        "instrument_type": "crypto",
        "active": row.flag("is_active"),
    }


def _profile(row: Row, _asked: Asked) -> Values:
    return {
        "symbol": row.text("id"),
        "vendor_symbol": row.text("id"),
        "name": row.text("name"),
        "website": row.text("links.website.0"),
        "description": row.text("description"),
        "active": row.flag("is_active"),
    }


def _converted(row: Row, _asked: Asked) -> Values:
    """Read what an amount of one coin or currency is in another."""
    base, counter = row.text("base_currency_id"), row.text("quote_currency_id") or ""
    amount, worth = price(row, "amount"), price(row, "price")
    if amount is None or worth is None:
        raise Skip("nothing was converted")
    currency = counter.partition("-")[0]
    return {
        "vendor_symbol": f"{base}/{currency}",
        "last": worth / amount,
        "currency": currency.upper() or None,
        "quoted_at": row.time("base_price_last_updated"),
    }


def _converted_asked(asked: Asked) -> Sequence[str]:
    base, counter = (asked.told(f"{side}_currency_id") for side in ("base", "quote"))
    return [f"{base}/{counter.partition('-')[0]}"] if base and counter else []


def _token(row: Row, _asked: Asked) -> Values:
    """Read a coin that has a contract on a platform."""
    return {
        "symbol": row.text("id"),
        "vendor_symbol": row.text("id"),
        "description": row.text("type"),
        "instrument_type": "crypto",
        "active": row.flag("active"),
    }


_QUOTE: Final[dict[str, Param]] = {"quote": "{quote}"}
_WINDOW: Final[dict[str, Param]] = {**_QUOTE, "start": _start, "end": "{until}", "interval": "1d"}
_BARS: Final[dict[str, Param]] = {**_WINDOW, "limit": _BARS_MAX}

PROVIDER: Final = Provider(
    name="coinpaprika",
    title="CoinPaprika",
    site="https://docs.coinpaprika.com",
    bases=("https://api.coinpaprika.com", _PRO),
    credentials=(
        Credential(variable="TTAPI_COINPAPRIKA_KEY", header="Authorization", base=_PRO, optional=True),
    ),
    limits=(RateWindow(requests=10, seconds=1), RateWindow(requests=20_000, seconds=31 * 86_400)),
    naming=Naming(to_vendor=_to_vendor, to_canonical=_to_canonical),
    told=_told,
    codes={
        "this plan": NotEntitledError,
        "your plan": NotEntitledError,
        "payment required": NotEntitledError,
    },
    samples={
        "quotes": "BTC/USD",
        "symbols": "btc-bitcoin",
        "company_profiles": "btc-bitcoin",
    },
    endpoints=(
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get("/v1/tickers/{base}", {"quotes": "{quote}"}),
            items=one(),
            row=_ticker,
            found_by=_quotes_asked,
        ),
        Endpoint(
            dataset="quotes", takes=is_pair, request=get("/v1/tickers"), items=listed(), row=_ticker, batch=0
        ),
        *(
            Endpoint(
                dataset="quotes",
                takes=is_pair,
                request=get(path),
                items=one_or_many(),
                row=_old_ticker,
                retired=True,
            )
            for path in ("/v1/ticker", "/v1/ticker/{coin}")
        ),
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get("/v1/contracts/{platform}/{address}"),
            items=one(),
            row=_ticker,
            retired=True,  # read; coins are asked for by their id
        ),
        *(
            Endpoint(
                dataset="crypto_bars",
                takes=is_pair,
                request=get(f"/v1/coins/{{base}}/ohlcv/{path}", params),
                items=one_or_many(),
                row=_bar,
                found_by=_bar_asked,
                next_page=_next_bars,
            )
            for path, params in (
                ("historical", {**_WINDOW, "limit": _BARS_MAX}),
                ("latest", _QUOTE),
                ("today", _QUOTE),
            )
        ),
        Endpoint(
            dataset="crypto_bars",
            takes=is_pair,
            request=get("/v1/tickers/{base}/historical", _WINDOW),
            items=listed(),
            row=_point,
            found_by=_bar_asked,
        ),
        Endpoint(
            dataset="crypto_bars",
            takes=is_pair,
            request=get("/v1/contracts/{platform}/{base}/historical"),
            items=listed(),
            row=_point,
            found_by=_bar_asked,
            retired=True,
        ),
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get("/v1/price-converter"),
            items=one(),
            row=_converted,
            found_by=_converted_asked,
            derived=frozenset({"last"}),  # of one unit
            retired=True,  # read; tickers give the same
        ),
        Endpoint(dataset="symbols", request=get("/v1/coins"), items=listed(), row=_coin, batch=0),
        Endpoint(
            dataset="symbols",
            request=get("/v1/contracts/{platform}"),
            items=listed(),
            row=_token,
            batch=0,
            retired=True,  # read; the list of coins has them all
        ),
        Endpoint(
            dataset="company_profiles",
            takes=is_single,
            request=get("/v1/coins/{symbol}"),
            items=one(),
            row=_profile,
        ),
        *VENUES,
    ),
)
