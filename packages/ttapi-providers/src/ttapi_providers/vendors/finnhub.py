# SPDX-License-Identifier: Apache-2.0
"""Finnhub: quotes, bars, companies, statements, calendars and news of the world's exchanges."""

from __future__ import annotations

from datetime import timedelta
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
from ttapi_providers.asking import Asked, Param, RequestForm, Wanted, get
from ttapi_providers.declaring import Credential, Endpoint, Provider, RowReader, refused
from ttapi_providers.items import listed
from ttapi_providers.spelling import PAIRS
from ttapi_providers.vendors import finnhub_companies as companies
from ttapi_providers.vendors import finnhub_readers as readers

_API: Final = "/api/v1"
_MILLIONS: Final = frozenset({"value"})
_SHARES: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF, InstrumentKind.INDEX})
_STARTS: Final = frozenset({"opened_at"})
_DAYS: Final[dict[str, Param]] = {"from": "{since}", "to": "{until}"}
_MONTH: Final = timedelta(days=30)
_YEAR_S: Final = 365 * 86_400
_HOST: Final = "https://finnhub.io"


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    words = body.get("error") if isinstance(body, dict) else None
    return refused(str(words)) if words else None


def _from(wanted: Wanted) -> str:
    words = wanted.words()
    return words["since_s"] or str(int(words["today_s"] or 0) - _YEAR_S)


def _to(wanted: Wanted) -> str:
    words = wanted.words()
    return words["until_s"] or str(int(words["today_s"] or 0) + 86_400)


def _first(wanted: Wanted) -> str:
    return (wanted.since or wanted.today).isoformat()


def _last(wanted: Wanted) -> str:
    return (wanted.until or max(wanted.since or wanted.today, wanted.today)).isoformat()


_PAST: Final[dict[str, Param]] = {"from": "{since}", "to": _last}


def _ahead(wanted: Wanted) -> str:
    return (wanted.until or max(wanted.since or wanted.today, wanted.today) + _MONTH).isoformat()


def _from_month(wanted: Wanted) -> str:
    words = wanted.words()
    return words["since_s"] or str(int(words["today_s"] or 0) - readers.MONTH_S + 86_400)


def _to_month(wanted: Wanted) -> str:
    return str(min(int(_to(wanted)), int(_from_month(wanted)) + readers.MONTH_S - 1))


def _of(path: str, **params: Param) -> RequestForm:
    return get(f"{_API}{path}", {"symbol": "{symbol}", **params})


def _bars(market: str, resolution: str) -> RequestForm:
    return _of(f"/{market}/candle", resolution=resolution, **{"from": _from, "to": _to})


def _span(path: str) -> RequestForm:
    return get(f"{_API}{path}", {"from": _first, "to": _ahead})


def _series(dataset: str, market: str, row: RowReader, resolution: str, **more: Any) -> Endpoint:  # noqa: ANN401 - handed on
    return Endpoint(
        dataset=dataset, request=_bars(market, resolution), items=readers.candles, row=row, **more
    )


_PRICES: Final = (
    _series(
        "eod_data",
        "stock",
        readers.daily,
        "D",
        when=readers.is_daily,
        kinds=_SHARES,
        constant={"adjustment": "splits"},
    ),
    _series("fx_rates", "forex", readers.rate, "D", when=readers.is_daily),
    _series("crypto_bars", "crypto", readers.coin_bar, "D", derived=_STARTS),
    Endpoint(  # a month at a time
        dataset="intraday_bars",
        request=_of("/stock/candle", resolution="5", **{"from": _from_month, "to": _to_month}),
        when=readers.is_longer_or_shorter,
        kinds=_SHARES,
        items=readers.candles,
        row=readers.share_bar,
        next_page=readers.next_bars,
        derived=_STARTS,
    ),
    _series(
        "intraday_bars",
        "forex",
        readers.bar,
        "5",
        when=readers.is_longer_or_shorter,
        kinds=PAIRS,
        derived=_STARTS,
    ),
    Endpoint(dataset="quotes", request=_of("/quote"), items=readers.quoted, row=readers.quote),
    Endpoint(
        dataset="quotes", request=_of("/stock/bidask"), items=readers.told_something(), row=readers.best
    ),
    Endpoint(
        dataset="quotes",
        request=get(f"{_API}/forex/rates", {"base": "{key}"}),
        when=lambda asked: not asked.told("date"),
        batch=0,
        items=readers.rates,
        row=readers.rate_now,
    ),
    Endpoint(
        dataset="fx_rates",
        request=get(f"{_API}/forex/rates", {"base": "{key}", "date": _first}),
        when=lambda asked: bool(asked.told("date")),
        batch=0,
        items=readers.rates,
        row=readers.dated_rate,
    ),
    Endpoint(
        dataset="option_chains",
        request=_of("/stock/option-chain"),
        items=readers.contracts,
        row=readers.option,
    ),
)

_COMPANIES: Final = (
    Endpoint(
        dataset="symbols",
        request=get(f"{_API}/stock/symbol", {"exchange": "US"}),
        batch=0,
        row=companies.instrument,
    ),
    *(
        Endpoint(
            dataset="symbols",
            request=get(f"{_API}/{market}/symbol", {"exchange": venue}),
            batch=0,
            row=companies.instrument,
        )
        for market, venue in (("crypto", "binance"), ("forex", "oanda"))
    ),
    Endpoint(
        dataset="symbols",
        request=get(f"{_API}/search", {"q": "{key}"}),
        items=listed("result"),
        row=companies.instrument,
    ),
    *(
        Endpoint(
            dataset="company_profiles",
            request=_of(path),
            items=readers.told_something(),
            row=companies.profile,
        )
        for path in ("/stock/profile2", "/stock/profile")
    ),
    Endpoint(
        dataset="company_profiles",
        request=_of("/etf/profile"),
        items=readers.told_something("profile"),
        row=companies.fund,
    ),
    Endpoint(
        dataset="fundamentals",
        request=_of("/stock/financials-reported", freq="annual"),
        items=listed("data"),
        row=companies.filed_statement,
    ),
    Endpoint(
        dataset="fundamentals",
        request=_of("/stock/metric", metric="all"),
        items=companies.measures,
        row=companies.measure,
        besides=True,
    ),
    Endpoint(
        dataset="fundamentals",
        request=_of("/stock/financials", statement="ic", freq="annual"),
        items=listed("financials"),
        row=companies.standard_statement,
        derived=_MILLIONS,
    ),
    Endpoint(dataset="fundamentals", request=_of("/stock/earnings"), row=companies.past_earnings),
    *(
        Endpoint(
            dataset="fundamentals",
            request=_of(f"/stock/{name}-estimate", freq="quarterly"),
            items=companies.estimates,
            row=companies.estimate,
        )
        for name in ("eps", "revenue", "ebitda", "ebit")
    ),
    Endpoint(
        dataset="short_interest",
        request=_of("/stock/short-interest", **_PAST),
        items=listed("data"),
        row=companies.short_interest,
        retired=True,
    ),
    Endpoint(
        dataset="earnings_calendar",
        request=_span("/calendar/earnings"),
        batch=0,
        items=listed("earningsCalendar"),
        row=companies.report,
    ),
    Endpoint(
        dataset="ipo_calendar",
        request=_span("/calendar/ipo"),
        batch=0,
        items=listed("ipoCalendar"),
        row=companies.offering,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=_of("/stock/dividend", **_PAST),
        row=companies.dividend,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=_of("/stock/split", **_PAST),
        row=companies.split,
        besides=True,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=_of("/stock/dividend2"),
        items=listed("data"),
        row=companies.dividend,
    ),
    Endpoint(dataset="filings", request=_of("/stock/filings", **_DAYS), row=companies.filing),
    Endpoint(
        dataset="news",
        request=_of("/company-news", **{"from": _first, "to": _last}),
        row=companies.news,
    ),
    Endpoint(
        dataset="news",
        request=get(f"{_API}/news", {"category": "general"}),
        batch=0,
        row=companies.news,
    ),
    Endpoint(
        dataset="economic_series",
        request=get(f"{_API}/economic", {"code": "{symbol}"}),
        items=listed("data"),
        row=companies.observation,
    ),
    Endpoint(
        dataset="yield_curves",
        request=get(f"{_API}/bond/yield-curve", {"code": "10y"}),
        batch=0,
        items=listed("data"),
        row=companies.yields,
        derived=frozenset({"months"}),
    ),
)

PROVIDER: Final = Provider(
    name="finnhub",
    title="Finnhub",
    site="https://finnhub.io/docs/api",
    bases=(_HOST,),
    aliases=("api.finnhub.io", "www.finnhub.io"),
    credentials=(
        Credential(
            variable="TTAPI_FINNHUB_KEY",
            header="X-Finnhub-Token",
            obtained="https://finnhub.io/dashboard",
        ),
    ),
    limits=(RateWindow(requests=60, seconds=60), RateWindow(requests=30, seconds=1)),
    naming=readers.NAMING,
    told=_told,
    codes={
        "api limit": RateLimitError,
        "access to this resource": NotEntitledError,
        "api key": AuthenticationError,
        "symbol not supported": NotFoundError,
        "symbol not found": NotFoundError,
    },
    samples={"economic_series": "MA-USA-656880030"},
    endpoints=(*_PRICES, *_COMPANIES),
)
