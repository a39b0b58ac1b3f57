# SPDX-License-Identifier: Apache-2.0
"""
Binance: spot (and Binance.US), USD-M and COIN-M futures, options.

Spot pairs are canonical (``BTC/USDT``); contracts keep Binance's names (``BTCUSDT`` is the perpetual
contract, ``BTCUSD_PERP`` the coin-margined one). Sizes of books and trades on COIN-M are contracts; volumes
of bars and quotes are always in the base coin.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    ResponseError,
)
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.declaring import Endpoint, Provider
from ttapi_providers.exchanges import book_levels, is_pair, one_or_many
from ttapi_providers.items import listed
from ttapi_providers.vendors.binance_contracts import (
    COIN,
    COIN_API,
    USD,
    USD_API,
    bars,
    coin_curve,
    contracts,
    is_coin_margined,
    is_option,
    is_usd_margined,
    next_bars,
)
from ttapi_providers.vendors.binance_market import NAMING, bar, book_level, quote, trade
from ttapi_providers.vendors.binance_options import chain_contract, open_interest, option_listed
from ttapi_providers.vendors.binance_symbols import pair_listed

_SPOT: Final = "https://api.binance.com"
_OPTIONS: Final = "https://eapi.binance.com"

_CODES: Final[dict[str, type[ResponseError]]] = {
    "-1002": AuthenticationError,
    "-1003": RateLimitError,
    "-1015": RateLimitError,
    "-1022": AuthenticationError,
    "-1121": NotFoundError,
    "-1122": NotFoundError,
    "-2014": AuthenticationError,
    "-2015": AuthenticationError,
    "-4141": NotFoundError,
    "-4144": NotFoundError,
    "restricted location": NotEntitledError,
}


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    if not isinstance(body, dict) or not isinstance(body.get("code"), int) or body["code"] >= 0:
        return None
    code = str(body["code"])
    return RequestRefusedError(str(body.get("msg", "")), status=400, peer_code=code)


def _json_names(wanted: Wanted) -> str | None:
    return json.dumps(list(wanted.names), separators=(",", ":")) if wanted.names else None


def _names_asked(asked: Asked) -> list[str]:
    try:
        names = json.loads(asked.query.get("symbols", "[]"))
    except ValueError:
        return []
    return [str(name) for name in names] if names else [n for n in (asked.query.get("symbol"),) if n]


_TICKERS: Final = ("ticker/24hr", "ticker", "ticker/tradingDay", "ticker/price", "ticker/bookTicker")

PROVIDER: Final = Provider(
    name="binance",
    title="Binance",
    site="https://developers.binance.com/docs",
    bases=(_SPOT, USD, COIN, _OPTIONS),
    aliases=(
        *(f"api{n}.binance.com" for n in ("1", "2", "3", "4", "-gcp")),
        "data-api.binance.vision",
        "data.binance.com",
        "www.binance.com",
        "api.binance.us",
        "testnet.binance.vision",
        "testnet.binancefuture.com",
        *(f"demo-{name}.binance.com" for name in ("api", "fapi", "dapi")),
    ),
    limits=(RateWindow(requests=2400, seconds=60),),
    naming=NAMING,
    told=_told,
    codes=_CODES,
    samples={
        **dict.fromkeys(
            ("crypto_bars", "quotes", "order_books", "trades", "symbols", "option_chains"), "BTC/USDT"
        ),
        "funding_rates": "BTCUSDT",
        "futures_curves": "BTCUSD",
    },
    endpoints=(
        *(
            Endpoint(
                dataset="crypto_bars",
                request=bars(path, _SPOT),
                row=bar,
                takes=is_pair,
                weight=2,
                next_page=next_bars,
            )
            for path in ("/api/v3/klines", "/api/v3/uiKlines")
        ),
        *(
            Endpoint(
                dataset="quotes",
                request=get(f"/api/v3/{path}", {"symbols": _json_names}),
                items=one_or_many(),
                row=quote,
                takes=is_pair,
                batch=20,
                weight=2,
                found_by=_names_asked,
            )
            for path in _TICKERS
        ),
        Endpoint(
            dataset="order_books",
            request=get("/api/v3/depth", {"symbol": "{symbol}", "limit": 100}),
            items=book_levels(),
            row=book_level,
            takes=is_pair,
            weight=5,
        ),
        *(
            Endpoint(
                dataset="trades",
                request=get(f"/api/v3/{path}", {"symbol": "{symbol}", "limit": 1000}),
                row=trade,
                takes=is_pair,
                weight=25,
            )
            for path in ("trades", "aggTrades", "historicalTrades")
        ),
        Endpoint(
            dataset="symbols",
            request=get("/api/v3/exchangeInfo"),
            items=listed("symbols"),
            row=pair_listed,
            batch=0,
            weight=20,
        ),
        # The first version of the spot interface had the same answers under another number.
        *(
            Endpoint(
                dataset=dataset,
                request=get(f"/api/v1/{path}", {"symbol": "{symbol}"}),
                items=items,
                row=row,
                retired=True,
            )
            for dataset, path, items, row in (
                ("crypto_bars", "klines", listed(), bar),
                ("quotes", "ticker/24hr", one_or_many(), quote),
                ("quotes", "ticker/allPrices", one_or_many(), quote),
                ("quotes", "ticker/allBookTickers", one_or_many(), quote),
                ("order_books", "depth", book_levels(), book_level),
                ("trades", "trades", listed(), trade),
                ("trades", "aggTrades", listed(), trade),
                ("trades", "historicalTrades", listed(), trade),
                ("symbols", "exchangeInfo", listed("symbols"), pair_listed),
            )
        ),
        *contracts(USD, USD_API, is_usd_margined),
        *contracts(COIN, COIN_API, is_coin_margined),
        coin_curve(),
        Endpoint(
            dataset="quotes",
            takes=is_usd_margined,
            request=get("/fapi/v2/ticker/price", {"symbol": "{symbol}"}, base=USD),
            items=one_or_many(),
            row=quote,
        ),
        Endpoint(
            dataset="option_chains",
            request=get("/eapi/v1/ticker", base=_OPTIONS),
            row=chain_contract,
            items=one_or_many(),
            batch=0,
        ),
        Endpoint(
            dataset="option_chains",
            request=get("/eapi/v1/mark", base=_OPTIONS),
            row=chain_contract,
            items=one_or_many(),
            batch=0,
        ),
        Endpoint(
            dataset="option_chains",
            retired=True,
            request=get("/eapi/v1/openInterest", base=_OPTIONS),
            row=open_interest,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/eapi/v1/exchangeInfo", base=_OPTIONS),
            row=option_listed,
            items=listed("optionSymbols"),
            batch=0,
            besides=True,
        ),
        Endpoint(dataset="crypto_bars", takes=is_option, request=bars("/eapi/v1/klines", _OPTIONS), row=bar),
        Endpoint(
            dataset="order_books",
            takes=is_option,
            request=get("/eapi/v1/depth", {"symbol": "{symbol}", "limit": 100}, base=_OPTIONS),
            items=book_levels(),
            row=book_level,
        ),
        *(
            Endpoint(
                dataset="trades",
                takes=is_option,
                request=get(f"/eapi/v1/{path}", {"symbol": "{symbol}", "limit": 100}, base=_OPTIONS),
                row=trade,
            )
            for path in ("trades", "historicalTrades", "blockTrades")
        ),
        Endpoint(
            dataset="quotes",
            takes=is_pair,
            request=get("/eapi/v1/index", {"underlying": "{symbol}"}, base=_OPTIONS),
            items=one_or_many(),
            row=quote,
        ),
    ),
)
