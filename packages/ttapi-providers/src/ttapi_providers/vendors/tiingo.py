# SPDX-License-Identifier: Apache-2.0
"""Tiingo: daily prices and their corporate actions, quotes, crypto, currencies, statements, news."""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    InstrumentKind,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    ResponseError,
)
from ttapi_providers.asking import Asked, RequestForm, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Credential, Endpoint, Provider, query_is, refused
from ttapi_providers.items import one
from ttapi_providers.vendors import tiingo_readers as readers

_DAYS: Final = {"startDate": "{since}", "endDate": "{until}"}
_PRICES: Final = get("/tiingo/daily/{symbol}/prices", {**_DAYS, "format": "json"})
_META: Final = get("/tiingo/daily/{symbol}")
_COIN_PRICES: Final = get("/tiingo/crypto/prices", {"tickers": "{symbols}", **_DAYS, "resampleFreq": "1day"})
_SPLITS: Final = frozenset({"split_from"})
_CRYPTO: Final = frozenset({InstrumentKind.CRYPTO})
_FX: Final = frozenset({InstrumentKind.FX})


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    words = body.get("detail") if isinstance(body, dict) else None
    return refused(str(words)) if words else None


def _page(wanted: Wanted) -> str:
    return "1000" if wanted.names else "100"


def _fx(length: str) -> tuple[RequestForm, RequestForm]:
    """Return the two ways of asking for rates: of several pairs, and of one."""
    params = {**_DAYS, "resampleFreq": length}
    return get("/tiingo/fx/prices", {"tickers": "{symbols}", **params}), get(
        "/tiingo/fx/{symbol}/prices", params
    )


PROVIDER: Final = Provider(
    name="tiingo",
    title="Tiingo",
    site="https://www.tiingo.com/documentation",
    bases=("https://api.tiingo.com",),
    credentials=(
        Credential(
            variable="TTAPI_TIINGO_KEY",
            header="Authorization",
            form="Token {}",
            obtained="https://www.tiingo.com/account/api/token",
        ),
    ),
    limits=(RateWindow(requests=50, seconds=3600), RateWindow(requests=1000, seconds=86_400)),
    naming=readers.NAMING,
    told=_told,
    codes={
        "not found": NotFoundError,
        "request allocation": RateLimitError,
        "permission": NotEntitledError,
        "token": AuthenticationError,
        "credentials": AuthenticationError,
    },
    endpoints=(
        Endpoint(
            dataset="eod_data",
            request=_PRICES,
            when=query_is(resampleFreq=("", "daily")),
            format=Format.ANY,
            kinds=readers.SHARES,
            shape=readers.has_prices,
            row=readers.bar,
            constant={"adjustment": "raw"},
        ),
        Endpoint(
            dataset="corporate_actions",
            request=_PRICES,
            when=query_is(resampleFreq=("", "daily")),
            format=Format.ANY,
            shape=readers.has_columns("divCash", "splitFactor"),
            items=readers.with_events,
            row=readers.event,
            derived=_SPLITS,
        ),
        Endpoint(
            dataset="corporate_actions",
            request=get("/tiingo/corporate-actions/{symbol}/distributions", {"startExDate": "{since}"}),
            row=readers.distribution,
        ),
        Endpoint(
            dataset="corporate_actions",
            request=get("/tiingo/corporate-actions/{symbol}/splits", {"startExDate": "{since}"}),
            row=readers.split,
        ),
        Endpoint(
            dataset="corporate_actions",
            request=get("/tiingo/corporate-actions/distributions", {"exDate": "{since}"}),
            batch=0,
            row=readers.distribution,
        ),
        Endpoint(
            dataset="corporate_actions",
            request=get("/tiingo/corporate-actions/splits", {"exDate": "{since}"}),
            batch=0,
            row=readers.split,
        ),
        Endpoint(
            dataset="intraday_bars",
            request=get("/iex/{symbol}/prices", {**_DAYS, "resampleFreq": "5min"}),
            format=Format.ANY,
            kinds=readers.SHARES,
            shape=readers.has_prices,
            row=readers.short_bar,
        ),
        Endpoint(
            dataset="intraday_bars",
            request=get("/tiingo/daily/{symbol}/prices", {**_DAYS, "resampleFreq": "weekly"}),
            when=query_is(resampleFreq=("weekly", "monthly", "annually")),
            format=Format.ANY,
            kinds=readers.SHARES,
            shape=readers.has_prices,
            row=readers.long_bar,
            derived=frozenset({"opened_at"}),
        ),
        *(
            Endpoint(
                dataset="intraday_bars",
                request=request,
                when=readers.is_shorter,
                format=Format.ANY,
                kinds=_FX,
                row=readers.short_bar,
            )
            for request in _fx("5min")
        ),
        *(
            Endpoint(
                dataset="fx_rates",
                request=request,
                when=readers.is_daily,
                format=Format.ANY,
                kinds=_FX,
                row=readers.rate,
            )
            for request in reversed(_fx("1day"))
        ),
        Endpoint(
            dataset="crypto_bars",
            request=_COIN_PRICES,
            batch=20,
            kinds=_CRYPTO,
            items=readers.within("priceData"),
            row=readers.coin_bar,
        ),
        Endpoint(
            dataset="quotes",
            request=get("/iex", {"tickers": "{symbols}"}),
            batch=100,
            kinds=readers.SHARES,
            format=Format.ANY,
            row=readers.quote,
        ),
        Endpoint(
            dataset="quotes",
            request=get("/tiingo/crypto/top", {"tickers": "{symbols}"}),
            batch=20,
            kinds=_CRYPTO,
            items=readers.within("topOfBookData"),
            row=readers.quote,
        ),
        Endpoint(
            dataset="quotes",
            request=get("/tiingo/fx/top", {"tickers": "{symbols}"}),
            batch=20,
            kinds=_FX,
            format=Format.ANY,
            row=readers.quote,
        ),
        Endpoint(dataset="quotes", request=get("/iex/{symbol}"), format=Format.ANY, row=readers.quote),
        Endpoint(
            dataset="quotes", request=get("/tiingo/fx/{symbol}/top"), format=Format.ANY, row=readers.quote
        ),
        Endpoint(dataset="symbols", request=_META, kinds=readers.SHARES, items=one(), row=readers.listing),
        Endpoint(
            dataset="symbols",
            request=get("/tiingo/crypto", {"tickers": "{symbols}"}),
            batch=50,
            kinds=_CRYPTO,
            format=Format.ANY,
            row=readers.coin,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/tiingo/utilities/search", {"query": "{key}"}),
            row=readers.listing,
        ),
        Endpoint(dataset="symbols", request=get("/tiingo/utilities/search/{query}"), row=readers.listing),
        Endpoint(dataset="company_profiles", request=_META, items=one(), row=readers.profile),
        Endpoint(
            dataset="company_profiles",
            request=get("/tiingo/fundamentals/meta", {"tickers": "{symbols}"}),
            batch=100,
            format=Format.ANY,
            row=readers.profile,
        ),
        Endpoint(
            dataset="fundamentals",
            request=get("/tiingo/fundamentals/{symbol}/statements", {**_DAYS, "asReported": "false"}),
            format=Format.ANY,
            row=readers.statement,
        ),
        Endpoint(
            dataset="fundamentals",
            request=get("/tiingo/fundamentals/{symbol}/daily", _DAYS),
            format=Format.ANY,
            row=readers.measures,
            besides=True,
        ),
        Endpoint(
            dataset="fundamentals",
            request=get("/tiingo/corporate-actions/{symbol}/distribution-yield", {"startDate": "{since}"}),
            format=Format.ANY,
            row=readers.measures,
        ),
        Endpoint(
            dataset="news",
            request=get("/tiingo/news", {"tickers": "{symbols}", **_DAYS, "limit": _page}),
            row=readers.news,
        ),
    ),
)
