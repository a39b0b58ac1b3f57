# SPDX-License-Identifier: Apache-2.0
"""Kraken: the spot market and Kraken Futures (formerly Crypto Facilities)."""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    ResponseError,
    ServerFaultError,
)
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.declaring import Endpoint, Provider, query_is
from ttapi_providers.exchanges import book_levels, is_pair, is_single
from ttapi_providers.items import by_name, listed, with_parent
from ttapi_providers.vendors.kraken_futures import (
    candle,
    curve_contract,
    execution,
    funding,
    future_level,
    future_listed,
    future_quote,
    future_trade,
)
from ttapi_providers.vendors.kraken_spot import (
    NAMING,
    bar,
    bars,
    book,
    book_level,
    pair_listed,
    quote,
    reported,
    reported_level,
    reported_trade,
    trade,
    trades,
)

_FUTURES: Final = "https://futures.kraken.com"
_V3: Final = "/derivatives/api/v3"
_CHARTS: Final = "/api/charts/v1"

_CODES: Final[dict[str, type[ResponseError]]] = {
    "unknown asset": NotFoundError,
    "unknown method": NotFoundError,
    "too many requests": RateLimitError,
    "rate limit exceeded": RateLimitError,
    "invalid key": AuthenticationError,
    "permission denied": AuthenticationError,
    "eservice:": ServerFaultError,
    "internal error": ServerFaultError,
    "apiLimitExceeded": RateLimitError,
    "authenticationError": AuthenticationError,
    "contractNotFound": NotFoundError,
    "marketNotFound": NotFoundError,
    "notFound": NotFoundError,
    "Unavailable": ServerFaultError,
    "Server Error": ServerFaultError,
}


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    """Find an error: a list of codes on the spot market (those with W are warnings), a word on the other."""
    if not isinstance(body, dict):
        return None
    told = body.get("error")
    words = [told] if isinstance(told, str) else [str(w) for w in told or () if not str(w).startswith("W")]
    if not words:
        return None
    return RequestRefusedError("; ".join(words), status=400, peer_code=words[0])


def _since(wanted: Wanted) -> str | None:
    # Kraken gives what is later than that.
    start = wanted.words()["since_s"]
    return str(int(start) - 1) if start else None


def _not_daily(asked: Asked) -> bool:
    return asked.told("length") != "1d"


PROVIDER: Final = Provider(
    name="kraken",
    title="Kraken",
    site="https://docs.kraken.com/api/",
    bases=("https://api.kraken.com", _FUTURES),
    aliases=(
        "www.cryptofacilities.com",
        "cryptofacilities.com",
        "demo-futures.kraken.com",
        "api.futures.kraken.com",
    ),
    limits=(RateWindow(requests=1, seconds=1),),
    naming=NAMING,
    told=_told,
    codes=_CODES,
    samples={
        **dict.fromkeys(("quotes", "trades", "symbols", "futures_curves"), "BTC/USD"),
        "funding_rates": "PF_XBTUSD",
    },
    endpoints=(
        Endpoint(
            dataset="crypto_bars",
            items=bars,
            row=bar,
            takes=is_pair,
            request=get("/0/public/OHLC", {"pair": "{symbol}", "interval": 1440, "since": _since}),
        ),
        Endpoint(
            dataset="quotes",
            items=by_name("result"),
            row=quote,
            takes=is_pair,
            batch=50,
            request=get("/0/public/Ticker", {"pair": "{symbols}"}),
        ),
        Endpoint(
            dataset="order_books",
            items=book,
            row=book_level,
            takes=is_pair,
            request=get("/0/public/Depth", {"pair": "{symbol}", "count": 100}),
        ),
        Endpoint(
            dataset="trades",
            items=trades,
            row=trade,
            takes=is_pair,
            request=get("/0/public/Trades", {"pair": "{symbol}", "count": 1000}),
        ),
        # The same facts as they are published for transparency, under names with a slash.
        Endpoint(
            dataset="order_books",
            items=reported,
            row=reported_level,
            request=get("/0/public/PreTrade", {"symbol": "{symbol}"}),
            retired=True,  # read; Depth gives more levels
        ),
        Endpoint(
            dataset="trades",
            items=listed("result.trades"),
            row=reported_trade,
            request=get("/0/public/PostTrade"),
            batch=0,
            retired=True,  # read; Trades gives the side as well
        ),
        Endpoint(
            dataset="symbols",
            items=by_name("result"),
            row=pair_listed,
            batch=0,
            when=query_is(info=("", "info")),  # others give fees or margins alone
            request=get("/0/public/AssetPairs"),
        ),
        Endpoint(
            dataset="symbols",
            items=listed("instruments"),
            row=future_listed,
            batch=0,
            besides=True,
            request=get(f"{_V3}/instruments", base=_FUTURES),
        ),
        Endpoint(
            dataset="crypto_bars",
            takes=is_single,
            items=listed("candles"),
            row=candle,
            request=get(
                f"{_CHARTS}/trade/{{symbol}}/1d", {"from": "{since_s}", "to": "{until_s}"}, base=_FUTURES
            ),
        ),
        *(
            Endpoint(
                dataset="crypto_bars",
                takes=is_single,
                items=listed("candles"),
                row=candle,
                constant={"venue": venue},
                when=_not_daily if tick == "trade" else None,
                request=get(f"{_CHARTS}/{tick}/{{symbol}}/{{length}}", base=_FUTURES),
                retired=True,  # read, not asked: daily bars of trades are what is asked for
            )
            for tick, venue in (("trade", None), ("mark", "mark price"), ("spot", "index price"))
        ),
        Endpoint(
            dataset="quotes",
            takes=is_single,
            items=with_parent("", "ticker"),
            row=future_quote,
            request=get(f"{_V3}/tickers/{{symbol}}", base=_FUTURES),
        ),
        Endpoint(
            dataset="futures_curves",
            items=with_parent("", "ticker"),
            row=curve_contract,
            request=get(f"{_V3}/tickers/{{contract}}", base=_FUTURES),
            retired=True,  # read; a curve is asked for with all its contracts
        ),
        *(
            Endpoint(
                dataset=dataset,
                items=with_parent("", "tickers"),
                row=row,
                batch=0,
                request=get(f"{_V3}/tickers", base=_FUTURES),
            )
            for dataset, row in (("quotes", future_quote), ("futures_curves", curve_contract))
        ),
        Endpoint(
            dataset="order_books",
            takes=is_single,
            items=book_levels("orderBook"),
            row=future_level,
            request=get(f"{_V3}/orderbook", {"symbol": "{symbol}"}, base=_FUTURES),
        ),
        Endpoint(
            dataset="trades",
            takes=is_single,
            items=listed("history"),
            row=future_trade,
            request=get(f"{_V3}/history", {"symbol": "{symbol}"}, base=_FUTURES),
        ),
        *(
            Endpoint(
                dataset="trades",
                takes=is_single,
                items=listed("elements"),
                row=execution,
                request=get(f"/api/history/{version}/market/{{symbol}}/executions", base=_FUTURES),
            )
            for version in ("v3", "v2")
        ),
        *(
            Endpoint(
                dataset="funding_rates",
                takes=is_single,
                items=listed("rates"),
                row=funding,
                request=get(path, {"symbol": "{symbol}"}, base=_FUTURES),
            )
            for path in (f"{_V3}/historical-funding-rates", "/derivatives/api/v4/historicalfundingrates")
        ),
    ),
)
