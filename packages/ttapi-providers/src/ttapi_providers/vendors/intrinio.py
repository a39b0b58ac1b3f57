# SPDX-License-Identifier: Apache-2.0
"""Intrinio: bars, quotes and options of US securities; statements, profiles, calendars, news, filings."""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    InstrumentKind,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    TTError,
)
from ttapi_providers.asking import Asked, get
from ttapi_providers.contracts import contract_columns
from ttapi_providers.declaring import Condition, Credential, Endpoint, Provider, refused
from ttapi_providers.items import listed, one
from ttapi_providers.naming import Naming, share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import priced
from ttapi_providers.spelling import ticker
from ttapi_providers.vendors import intrinio_companies
from ttapi_providers.vendors.intrinio_companies import actions, beside, following, named

_DAYS: Final = {"start_date": "{since}", "end_date": "{until}"}
_LENGTHS: Final = {"1m": "1m", "5m": "5m", "10m": "10m", "15m": "15m", "30m": "30m", "60m": "1h", "1h": "1h"}
_CLASSES: Final = share_classes(".")
_STOCKS: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF})


def _prices(row: Row) -> Values:
    return {name: row.number(name) for name in ("open", "high", "low", "close", "volume")}


def _bar(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": named(row, asked),
        "date": row.day("date"),
        **_prices(row),
        "adjusted_close": row.number("adj_close"),
        "currency": row.text("security.currency"),
    }


def _index_bar(row: Row, asked: Asked) -> Values:
    return {"vendor_symbol": asked.name, "date": row.day("date"), **_prices(row)}


def _interval(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": named(row, asked),
        "interval": _LENGTHS[row.text("interval") or asked.query.get("interval_size") or "1m"],
        "opened_at": row.time("open_time", zone="UTC"),
        **_prices(row),
        "trade_count": row.integer("trade_count"),
    }


def _quote(row: Row, asked: Asked) -> Values:
    bid, ask = row.number("bid_price") or None, row.number("ask_price") or None
    return priced(
        {
            "vendor_symbol": asked.name or named(row, asked),
            "last": row.number("last_price"),
            "bid": bid,
            "bid_size": row.number("bid_size") if bid else None,
            "ask": ask,
            "ask_size": row.number("ask_size") if ask else None,
            "open": row.number("open_price"),
            "high": row.number("high_price"),
            "low": row.number("low_price"),
            "prev_close": row.number("previous_close_price"),
            "volume": row.number("market_volume"),
            "quoted_at": row.time("last_time", "updated_on", zone="UTC"),
        }
    )


def _option(row: Row, asked: Asked) -> Values:
    option = row.row("option")
    price = row.row("prices") if row.has("prices") else row.row("price")
    stats = row.row("stats") if row.has("stats") else price
    name = ticker(option, "code")
    contract = contract_columns(name.replace("_", ""))
    return {
        **contract,
        "vendor_symbol": name,
        "symbol": asked.keys[0] if len(asked.keys) == 1 else contract["symbol"],
        "expiration_date": option.day("expiration"),
        "strike": option.number("strike"),
        "bid": price.number("bid", "close_bid"),
        "bid_size": price.number("bid_size"),
        "ask": price.number("ask", "close_ask"),
        "ask_size": price.number("ask_size"),
        "last": price.number("last", "close"),
        "mark": price.number("mark"),
        "volume": price.number("volume"),
        "open_interest": price.number("open_interest"),
        "implied_volatility": stats.number("implied_volatility"),
        **{greek: stats.number(greek) for greek in ("delta", "gamma", "theta", "vega")},
        "underlying_price": stats.number("underlying_price"),
        "last_traded_at": price.time("last_timestamp", zone="UTC"),
        "quoted_at": price.time("bid_timestamp", zone="UTC"),
        "currency": "USD",
    }


def _length(*lengths: str) -> Condition:
    return lambda asked: asked.query.get("frequency", "daily") in lengths


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    error = body.get("error") if isinstance(body, dict) else None
    return refused(str(body.get("message") or error)) if isinstance(error, str) else None


PROVIDER: Final = Provider(
    name="intrinio",
    title="Intrinio",
    site="https://docs.intrinio.com/documentation/api_v2",
    bases=("https://api-v2.intrinio.com",),
    credentials=(Credential(variable="TTAPI_INTRINIO_KEY", param="api_key"),),
    samples={"economic_series": "$GDP"},
    limits=(RateWindow(requests=300, seconds=60),),
    naming=Naming(
        to_vendor=_CLASSES.to_vendor,
        to_canonical=lambda name: _CLASSES.to_canonical(name.removesuffix(":US")),
    ),
    told=_told,
    codes={
        **intrinio_companies.CODES,
        "invalid api key": AuthenticationError,
        "access to the requested data": NotEntitledError,
        "subscription": NotEntitledError,
        "could not be found": NotFoundError,
        "limit": RateLimitError,
    },
    endpoints=(
        Endpoint(
            dataset="eod_data",
            request=get("/securities/{symbol}/prices", {**_DAYS, "frequency": "daily", "page_size": "10000"}),
            row=_bar,
            items=beside("stock_prices", "security"),
            when=_length("daily"),
            kinds=_STOCKS,
            next_page=following,
            constant={"adjustment": "raw"},
        ),
        Endpoint(
            dataset="corporate_actions",
            request=get("/securities/{symbol}/prices", {**_DAYS, "page_size": "10000"}),
            row=actions,
            items=lambda body, asked: [
                row
                for row in beside("stock_prices", "security")(body, asked)
                if row.number("dividend") or row.number("split_ratio") not in {None, 1.0}
            ],
            when=_length("daily"),
            shape=lambda body: any("dividend" in bar for bar in body["stock_prices"]),
            kinds=_STOCKS,
            next_page=following,
        ),
        Endpoint(
            dataset="eod_data",
            request=get("/indices/stock_market/{symbol}/historical_data/{tag}"),
            row=_index_bar,
            items=listed("historical_data"),
            shape=lambda body: "open" in body["historical_data"][0],
            next_page=following,
            retired=True,  # read, not asked: which of its numbers is wanted is not known
        ),
        Endpoint(
            dataset="eod_data",
            request=get("/stock_exchanges/{exchange}/prices"),
            row=_bar,
            items=listed("stock_prices"),
            constant={"adjustment": "raw"},
            retired=True,  # read, not asked: all of an exchange on its last day
        ),
        Endpoint(
            dataset="quotes",
            request=get("/stock_exchanges/{exchange}/prices/realtime"),
            row=_quote,
            items=listed("stock_prices"),
            retired=True,
        ),
        Endpoint(
            dataset="intraday_bars",
            request=get(
                "/securities/{symbol}/prices/intervals",
                {**_DAYS, "interval_size": "5m", "page_size": "10000"},
            ),
            row=_interval,
            items=beside("intervals", "security"),
            when=lambda asked: asked.query.get("interval_size", "1m") in _LENGTHS,
            kinds=_STOCKS,
            next_page=following,
        ),
        Endpoint(
            dataset="quotes", request=get("/securities/{symbol}/prices/realtime"), row=_quote, items=one()
        ),
        *(
            Endpoint(
                dataset="option_chains",
                request=get(path, {"page_size": "1000"}),
                row=_option,
                items=listed("chain"),
                when=lambda asked: asked.variables["symbol"] != "expirations",
                next_page=following,
                retired="{expiration}" in path,  # read, not asked: one request has all of them
            )
            for path in (
                "/options/chain/{symbol}/eod",
                "/options/chain/{symbol}/{expiration}/eod",
                "/options/chain/{symbol}/{expiration}/realtime",
                "/options/chain/{symbol}/{expiration}",
            )
        ),
        *intrinio_companies.ENDPOINTS,
    ),
)
