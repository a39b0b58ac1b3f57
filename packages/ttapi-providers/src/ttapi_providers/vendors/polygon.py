# SPDX-License-Identifier: Apache-2.0
"""Polygon, now named Massive: US shares and options, indices, currencies, crypto, companies, news."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from ttapi_core import (
    AuthenticationError,
    NotEntitledError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    ResponseError,
)
from ttapi_providers.asking import Asked, Param, RequestForm, get
from ttapi_providers.declaring import Credential, Endpoint, Provider, RowReader, refused
from ttapi_providers.items import Finder, listed, one
from ttapi_providers.vendors import polygon_companies as companies
from ttapi_providers.vendors import polygon_options as options
from ttapi_providers.vendors import polygon_readers as readers

_REFUSED: Final = frozenset({"ERROR", "NOT_FOUND", "NOT_AUTHORIZED", "AUTH_ERROR"})
_STARTS: Final = frozenset({"opened_at"})
_RESULTS: Final = listed("results?")
_SNAPSHOTS: Final = "/v2/snapshot/locale/{locale}/markets/{market}"
_PAGED: Final[dict[str, Param]] = {"limit": "1000"}


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    if not isinstance(body, dict) or body.get("status") not in _REFUSED:
        return None
    return refused(str(body.get("error") or body.get("message") or body["status"]), code=str(body["status"]))


def _next(body: Any, asked: Asked) -> str | None:  # noqa: ANN401 - JSON
    # The next page is named on the newer host; it is asked for where the first one was.
    parts = urlsplit(body.get("next_url") or "")
    return f"{asked.base}{parts.path}?{parts.query}" if parts.path else None


def _endpoint(
    dataset: str,
    request: RequestForm,
    row: RowReader,
    *,
    items: Finder = _RESULTS,
    **more: Any,  # noqa: ANN401 - handed on
) -> Endpoint:
    return Endpoint(dataset=dataset, request=request, row=row, items=items, next_page=_next, **more)


def _of(path: str, **params: Param) -> RequestForm:
    return get(path, {**params, **_PAGED})


def _is_name(asked: Asked) -> bool:
    return asked.name not in {"types", "index"}


_DAY: Final = readers.bars_of("1/day")
_MINUTES: Final = readers.bars_of("5/minute")
_PREVIOUS: Final = get("/v2/aggs/ticker/{symbol}/prev", {"adjusted": "true"})
_GROUPED: Final = "/v2/aggs/grouped/locale/{locale}/market/{market}/{date}"
_TICKER: Final = get("/v3/reference/tickers/{symbol}")
_LAST_PAIR: Final = (
    "/v1/last/crypto/{from}/{to}",
    "/v1/last_quote/currencies/{from}/{to}",
    "/v1/conversion/{from}/{to}",
)


def _market(name: str) -> Any:  # noqa: ANN401 - a condition
    return lambda asked: asked.told("market") == name


_INSTANTS: Final = {"timestamp.gte": "{since_ms}000000", "timestamp.lte": "{until_ms}999999"}  # in ns
_BARS: Final = (
    *(
        endpoint
        for request in (_DAY, _PREVIOUS)
        for endpoint in (
            _endpoint(
                "eod_data",
                request,
                readers.daily,
                items=readers.bars,
                when=readers.of_market("", "I", "O", daily=True),
            ),
            _endpoint(
                "fx_rates", request, readers.rate, items=readers.bars, when=readers.of_market("C", daily=True)
            ),
            _endpoint(
                "crypto_bars",
                request,
                readers.coin_bar,
                items=readers.bars,
                when=readers.of_market("X"),
                derived=_STARTS,
            ),
        )
    ),
    _endpoint(
        "intraday_bars",
        _MINUTES,
        readers.intraday,
        items=readers.bars,
        when=readers.of_market("", "I", "O", "C", daily=False),
    ),
    _endpoint(
        "eod_data", get(_GROUPED), readers.daily, items=readers.bars, when=_market("stocks"), retired=True
    ),
    _endpoint("fx_rates", get(_GROUPED), readers.rate, items=readers.bars, when=_market("fx"), retired=True),
    _endpoint(
        "crypto_bars",
        get(_GROUPED),
        readers.coin_bar,
        items=readers.bars,
        when=_market("crypto"),
        retired=True,
        derived=_STARTS,
    ),
    _endpoint(
        "eod_data", get("/v1/open-close/{symbol}/{date}"), readers.open_close, items=one(), retired=True
    ),
    _endpoint(
        "crypto_bars",
        get("/v1/open-close/crypto/{from}/{to}/{date}"),
        readers.coin_open_close,
        items=one(),
        retired=True,
        derived=_STARTS,
    ),
    _endpoint(
        "eod_data",
        get("/futures/vX/aggs/{symbol}"),
        readers.future_bar,
        when=lambda asked: asked.told("resolution") in {"", "1day", "1session"},
    ),
)

_QUOTES: Final = (
    _endpoint(
        "quotes",
        get("/v3/snapshot", {"ticker.any_of": "{symbols}", "limit": "250"}),
        readers.universal_quote,
        items=readers.universal,
        batch=250,
    ),
    _endpoint(
        "quotes",
        get("/v3/snapshot/indices", {"ticker.any_of": "{symbols}"}),
        readers.universal_quote,
        items=readers.universal,
    ),
    _endpoint(
        "quotes",
        get("/v1/summaries", {"ticker.any_of": "{symbols}"}),
        readers.universal_quote,
        items=readers.universal,
    ),
    _endpoint(
        "quotes",
        get(f"{_SNAPSHOTS}/tickers/{{symbol}}"),
        readers.snapshot,
        items=readers.tickers,
        when=_is_name,
        retired=True,
    ),
    *(
        _endpoint("quotes", get(_SNAPSHOTS + path), readers.snapshot, items=readers.tickers, retired=True)
        for path in ("/tickers", "/tickers/index", "/gainers", "/losers")
    ),
    Endpoint(
        dataset="quotes",
        request=get("/v3/quotes/{symbol}", {"limit": "1", "order": "desc", "sort": "timestamp"}),
        when=lambda asked: not asked.told("cursor"),  # later pages hold earlier quotes
        items=readers.past_quotes,
        row=readers.past_quote,
    ),
    _endpoint("quotes", get("/v2/last/nbbo/{symbol}"), readers.last_quote),
    _endpoint("quotes", get("/v2/last/trade/{symbol}"), readers.last_trade),
    *(_endpoint("quotes", get(path), readers.last_pair, items=one(), retired=True) for path in _LAST_PAIR),
    *(
        _endpoint(
            "quotes", get(f"/v1/{name}/stocks/{{symbol}}"), readers.past_share, items=one(), retired=True
        )
        for name in ("last", "last_quote")
    ),
    Endpoint(  # the newest of the wanted days: a share has ten such pages a day
        dataset="trades",
        request=get(
            "/v3/trades/{symbol}", {**_INSTANTS, "limit": "50000", "order": "desc", "sort": "timestamp"}
        ),
        items=_RESULTS,
        row=readers.trade,
    ),
    _endpoint(
        "order_books",
        get(f"{_SNAPSHOTS}/tickers/{{symbol}}/book"),
        readers.level,
        items=readers.levels,
        retired=True,
        derived=frozenset({"size"}),
    ),
    _endpoint("option_chains", get("/v3/snapshot/options/{symbol}", {"limit": "250"}), options.option),
    _endpoint("option_chains", get("/v3/snapshot/options/{symbol}/{contract}"), options.option, retired=True),
    _endpoint(
        "option_chains",
        _of("/v3/reference/options/contracts", underlying_ticker="{symbol}"),
        options.listed_option,
    ),
    _endpoint(
        "option_chains",
        get("/v3/reference/options/contracts/{contract}"),
        options.listed_option,
        retired=True,
    ),
)


def _within(field: str, end: str = "") -> dict[str, Param]:
    return {f"{field}.gte": "{since}", f"{field}.lte": f"{{until}}{end}"}


def _companies() -> tuple[Endpoint, ...]:
    by_name: dict[str, Param] = {"ticker": "{symbol}"}
    by_names: dict[str, Param] = {"tickers": "{symbol}"}
    since = _within("date")
    return (
        _endpoint("symbols", _TICKER, companies.instrument, when=_is_name),
        _endpoint("symbols", _of("/v3/reference/tickers", active="true"), companies.instrument, batch=0),
        _endpoint("company_profiles", _TICKER, companies.profile, when=_is_name),
        _endpoint("corporate_actions", _of("/v3/reference/dividends", **by_name), companies.dividend),
        _endpoint("corporate_actions", _of("/v3/reference/splits", **by_name), companies.split, besides=True),
        _endpoint(
            "corporate_actions", get("/v2/reference/dividends/{symbol}"), companies.dividend, retired=True
        ),
        _endpoint("corporate_actions", _of("/stocks/v1/dividends", **by_name), companies.dividend),
        _endpoint("corporate_actions", _of("/stocks/v1/splits", **by_name), companies.split),
        *(
            _endpoint(
                "fundamentals",
                _of(f"/stocks/financials/v1/{name}", **by_names),
                companies.statement,
                besides=name != "income-statements",
            )
            for name in ("income-statements", "balance-sheets", "cash-flow-statements")
        ),
        _endpoint("fundamentals", _of("/stocks/financials/v1/ratios", **by_name), companies.statement),
        _endpoint(
            "fundamentals", get("/vX/reference/financials", {**by_name, "limit": "100"}), companies.filed
        ),
        _endpoint(
            "short_interest",
            _of("/stocks/v1/short-interest", **by_name, **_within("settlement_date")),
            companies.short_interest,
        ),
        _endpoint(
            "off_exchange_volume",
            _of("/stocks/v1/short-volume", **by_name, **_within("date")),
            companies.short_volume,
        ),
        _endpoint("ipo_calendar", _of("/vX/reference/ipos"), companies.offering, batch=0),
        _endpoint("earnings_calendar", _of("/benzinga/v1/earnings", **since), companies.report, batch=0),
        _endpoint(
            "news",
            _of("/v2/reference/news", **by_name, **_within("published_utc", "T23:59:59Z")),
            companies.news,
        ),
        _endpoint(
            "news", _of("/benzinga/v2/news", **by_names, **_within("published", "T23:59:59Z")), companies.news
        ),
        _endpoint("news", _of("/benzinga/v1/news", **by_names), companies.news),
        _endpoint(
            "yield_curves",
            get("/fed/v1/treasury-yields", {**since, "limit": "50000"}),
            companies.yields,
            batch=0,
            derived=frozenset({"months"}),
        ),
        *(
            _endpoint(
                "economic_series",
                get(f"/fed/v1/{name}", {**since, "limit": "50000"}),
                companies.observation,
                items=companies.economy,
                batch=len(series),
                takes=series.__contains__,
            )
            for name, series in companies.ECONOMY.items()
        ),
    )


PROVIDER: Final = Provider(
    name="polygon",
    title="Massive (formerly Polygon)",
    site="https://massive.com/docs",
    bases=("https://api.massive.com", "https://api.polygon.io"),
    credentials=(
        Credential(
            variable="TTAPI_POLYGON_KEY",
            header="Authorization",
            form="Bearer {}",
            obtained="https://massive.com/dashboard/keys",
        ),
    ),
    limits=(RateWindow(requests=5, seconds=60),),
    naming=readers.NAMING,
    told=_told,
    codes={
        "NOT_FOUND": NotFoundError,
        "NOT_AUTHORIZED": NotEntitledError,
        "AUTH_ERROR": AuthenticationError,
        "unknown api key": AuthenticationError,
        "exceeded the maximum requests": RateLimitError,
    },
    samples={"economic_series": "cpi"},
    endpoints=(*_BARS, *_QUOTES, *_companies()),
)
