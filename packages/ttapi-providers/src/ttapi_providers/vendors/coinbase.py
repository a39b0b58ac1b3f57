# SPDX-License-Identifier: Apache-2.0
"""Coinbase: the Exchange (also under its old hosts) and the public market data of Advanced Trade."""

from __future__ import annotations

from typing import Final

from ttapi_core import NotFoundError, RateWindow
from ttapi_providers.asking import Asked, Param, get
from ttapi_providers.declaring import Endpoint, Provider
from ttapi_providers.exchanges import book_levels, one_or_many
from ttapi_providers.items import by_name, listed, one
from ttapi_providers.naming import pairs
from ttapi_providers.vendors import coinbase_advanced as advanced
from ttapi_providers.vendors import coinbase_exchange as exchange
from ttapi_providers.vendors.coinbase_international import HOST, INTERNATIONAL

_ADVANCED: Final = "https://api.coinbase.com"
_MARKET: Final = "/api/v3/brokerage/market"
_WINDOW: Final[dict[str, Param]] = {"start": "{since_s}", "end": "{until_s}", "granularity": "ONE_DAY"}

_PRODUCT: Final = "/products/{symbol}"
_CANDLES: Final[dict[str, Param]] = {
    "granularity": exchange.DAY_S,
    "start": exchange.window_start,
    "end": exchange.window_end,
}
_FUTURES: Final[dict[str, Param]] = {"product_type": "FUTURE"}


def _is_product(asked: Asked) -> bool:
    return asked.told("symbol") not in {"stats", "volume-summary", "spark-lines"}


PROVIDER: Final = Provider(
    name="coinbase",
    title="Coinbase",
    site="https://docs.cdp.coinbase.com/exchange",
    bases=("https://api.exchange.coinbase.com", _ADVANCED),
    aliases=("api.pro.coinbase.com", "api.gdax.com", "api-public.sandbox.exchange.coinbase.com", HOST),
    limits=(RateWindow(requests=10, seconds=1),),
    naming=pairs("-"),
    codes={"valid product_id": NotFoundError},
    headers={"User-Agent": "ttapi"},
    samples={
        **dict.fromkeys(("quotes", "trades", "symbols", "futures_curves"), "BTC/USD"),
        "funding_rates": "BIP-20DEC30-CDE",
    },
    endpoints=(
        Endpoint(
            dataset="crypto_bars",
            items=exchange.candles,
            row=exchange.candle,
            next_page=exchange.next_window,
            request=get(f"{_PRODUCT}/candles", _CANDLES),
        ),
        Endpoint(
            dataset="order_books",
            items=book_levels(),
            row=exchange.book_level,
            request=get(f"{_PRODUCT}/book", {"level": 2}),
        ),
        Endpoint(dataset="quotes", items=one(), row=exchange.ticker, request=get(f"{_PRODUCT}/ticker")),
        Endpoint(dataset="quotes", items=one(), row=exchange.statistics, request=get(f"{_PRODUCT}/stats")),
        Endpoint(
            dataset="quotes",
            items=by_name(),
            row=exchange.statistics,
            request=get("/products/stats"),
            batch=0,
        ),
        Endpoint(dataset="trades", row=exchange.trade, request=get(f"{_PRODUCT}/trades", {"limit": 1000})),
        Endpoint(dataset="symbols", row=exchange.product, request=get("/products"), batch=0),
        Endpoint(
            dataset="symbols",
            items=one(),
            row=exchange.product,
            request=get(_PRODUCT),
            when=_is_product,
        ),
        *(
            endpoint
            for retired, market in (
                (False, _MARKET),
                (True, "/api/v3/brokerage"),
            )  # the second wants a signature
            for endpoint in (
                Endpoint(
                    dataset="crypto_bars",
                    items=listed("candles"),
                    row=advanced.candle,
                    retired=retired,
                    request=get(f"{market}/products/{{symbol}}/candles", _WINDOW, base=_ADVANCED),
                ),
                Endpoint(
                    dataset="order_books",
                    items=book_levels("pricebook"),
                    row=advanced.book_level,
                    retired=retired,
                    request=get(f"{market}/product_book", {"product_id": "{symbol}"}, base=_ADVANCED),
                ),
                Endpoint(
                    dataset="trades",
                    items=listed("trades"),
                    row=advanced.trade,
                    retired=retired,
                    request=get(f"{market}/products/{{symbol}}/ticker", {"limit": 1000}, base=_ADVANCED),
                ),
                Endpoint(
                    dataset="quotes",
                    items=one(),
                    row=advanced.best,
                    retired=retired,
                    request=get(f"{market}/products/{{symbol}}/ticker", {"limit": 1}, base=_ADVANCED),
                ),
                *(
                    Endpoint(
                        dataset=dataset,
                        items=items,
                        row=row,
                        retired=retired,
                        batch=batch,
                        request=get(f"{market}/{path}", base=_ADVANCED),
                    )
                    for dataset, row in (("symbols", advanced.product), ("quotes", advanced.quote))
                    for path, items, batch in (
                        ("products", listed("products"), 0),
                        ("products/{symbol}", one(), 1),
                    )
                ),
                *(
                    Endpoint(
                        dataset=dataset,
                        items=items,
                        row=row,
                        shape=shape,
                        batch=0,
                        retired=retired or params is None,
                        request=get(f"{market}/{path}", params, base=_ADVANCED),
                    )
                    for dataset, items, row, shape in (
                        ("futures_curves", advanced.futures, advanced.curve_contract, advanced.has_futures),
                        ("funding_rates", advanced.funded, advanced.funding, advanced.has_funding),
                    )
                    # One product is read; all futures are asked for together.
                    for path, params in (("products", _FUTURES), ("products/{contract}", None))
                ),
            )
        ),
        Endpoint(
            dataset="order_books",
            items=advanced.pricebooks,
            row=advanced.book_level,
            retired=True,
            batch=0,
            request=get("/api/v3/brokerage/best_bid_ask", base=_ADVANCED),
        ),
        Endpoint(
            dataset="quotes",
            items=one("data"),
            row=advanced.spot_price,
            when=lambda asked: "-" in asked.name and not asked.told("date"),  # a day has its price, no quote
            request=get("/v2/prices/{symbol}/spot", base=_ADVANCED),
        ),
        *(
            Endpoint(
                dataset="quotes",
                items=one_or_many("data"),
                row=advanced.spot_price,
                when=lambda asked: "-" not in asked.told("currency") and not asked.told("date"),
                retired=True,  # read; of all coins in one currency, and of bitcoins
                request=get(path, base=_ADVANCED),
            )
            for path in ("/v2/prices/{currency}/spot", "/v2/prices/spot")
        ),
        Endpoint(
            dataset="fx_rates",
            items=one("data"),
            row=advanced.price_of_day,
            when=lambda asked: bool(asked.told("date")),
            retired=True,  # read; candles of the Exchange tell more of a day
            request=get("/v2/prices/{symbol}/spot", base=_ADVANCED),
        ),
        Endpoint(
            dataset="crypto_bars",
            items=advanced.prices_over_time,
            row=advanced.price_of_moment,
            retired=True,
            request=get("/v2/prices/{symbol}/historic", base=_ADVANCED),
        ),
        *(
            Endpoint(
                dataset="quotes",
                items=one("data"),
                row=row,
                retired=True,  # read; the Exchange gives both sides
                request=get(f"/v2/prices/{{symbol}}/{side}", base=_ADVANCED),
            )
            for side, row in (("buy", advanced.buy_price), ("sell", advanced.sell_price))
        ),
        Endpoint(
            dataset="quotes",
            items=advanced.rates,
            row=advanced.rate,
            batch=0,
            retired=True,  # read; the rates are of a consumer service and no market's
            request=get("/v2/exchange-rates", base=_ADVANCED),
        ),
        *INTERNATIONAL,
    ),
)
