# SPDX-License-Identifier: Apache-2.0
"""Financial Modeling Prep: bars, quotes, statements, calendars, profiles, news, filings, rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ttapi_core import RateWindow
from ttapi_providers.asking import Asked, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Credential, Endpoint, Provider, RowReader
from ttapi_providers.items import Finder, listed, with_parent
from ttapi_providers.reading import Row
from ttapi_providers.vendors import fmp_companies as read
from ttapi_providers.vendors import fmp_prices as prices

_DAYS: Final = {"from": "{since}", "to": "{until}"}
_SYMBOL: Final = {"symbol": "{symbol}"}
_PAGED: Final = {**_DAYS, "page": "0", "limit": "100"}


def _two(
    dataset: str, row: RowReader, new: str, old: str = "", *, params: Mapping[str, str] = _SYMBOL
) -> Iterator[Endpoint]:
    """Give an endpoint of the present interface and the one of version 3 that it took the place of."""
    batch = 1 if "{symbol}" in params.values() or "{symbols}" in params.values() else 0
    yield Endpoint(dataset=dataset, request=get(f"/stable/{new}", params), row=row, batch=batch)
    if old:
        yield _old(dataset, row, old)


def _old(dataset: str, row: RowReader, path: str, items: Finder = listed()) -> Endpoint:  # noqa: B008 - frozen
    return Endpoint(dataset=dataset, request=get(f"/api/{path}"), row=row, items=items, retired=True)


def _read(dataset: str, row: RowReader, path: str, *, form: Format = Format.JSON) -> Endpoint:
    """Give an endpoint of the present interface that is read, not asked: another tells the same."""
    return Endpoint(dataset=dataset, request=get(f"/stable/{path}"), row=row, format=form, retired=True)


def _statements(kind: str, path: str, *, amounts: bool = True) -> Iterator[Endpoint]:
    params = {**_SYMBOL, "period": "annual", "limit": "5"}
    yield from _two(
        "fundamentals", read.statement(kind, amounts=amounts), path, f"v3/{path}/{{symbol}}", params=params
    )


def _pages(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    full = isinstance(body, list) and len(body) >= int(asked.query.get("limit", "100"))
    return {"page": str(int(asked.query.get("page", "0")) + 1)} if full and asked.query.get("from") else None


def _news(path: str, *, batch: int = 1, **params: str) -> Endpoint:
    return Endpoint(
        dataset="news",
        request=get(f"/stable/news/{path}", {**params, **_PAGED}),
        row=read.news,
        batch=batch,
        next_page=_pages,
    )


def _as_profile(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the profile that version 3 wrote as one object, or the several of a list."""
    if isinstance(body, dict):
        return [Row(one) for one in body.get("companyProfiles", [body] if body else [])]
    return [*listed()(body, asked)]


PROVIDER: Final = Provider(
    name="fmp",
    title="Financial Modeling Prep",
    site="https://site.financialmodelingprep.com/developer/docs",
    bases=("https://financialmodelingprep.com",),
    aliases=("fmpcloud.io", "www.financialmodelingprep.com"),
    credentials=(Credential(variable="TTAPI_FMP_KEY", param="apikey"),),
    limits=(RateWindow(requests=250, seconds=86_400),),
    naming=prices.NAMING,
    told=read.told,
    codes=read.CODES,
    samples={"economic_series": "GDP"},
    endpoints=(
        *prices.ENDPOINTS,
        *_statements("income", "income-statement"),
        *_statements("balance", "balance-sheet-statement"),
        *_statements("cash_flow", "cash-flow-statement"),
        *_statements("ratios", "ratios", amounts=False),
        *_statements("ratios", "key-metrics", amounts=False),
        *_statements("ratios", "enterprise-values", amounts=False),
        *_statements("ratios", "income-statement-growth", amounts=False),
        *_statements("ratios", "balance-sheet-statement-growth", amounts=False),
        *_statements("ratios", "cash-flow-statement-growth", amounts=False),
        *_statements("ratios", "financial-growth", amounts=False),
        *_two(
            "fundamentals",
            read.statement("ratios", amounts=False),
            "ratios-ttm",
            "v3/ratios-ttm/{symbol}",
        ),
        *_two(
            "fundamentals",
            read.statement("ratios", amounts=False),
            "key-metrics-ttm",
            "v3/key-metrics-ttm/{symbol}",
        ),
        *_two("fundamentals", read.statement("income"), "income-statement-ttm"),
        *_two("fundamentals", read.statement("balance"), "balance-sheet-statement-ttm"),
        *_two("fundamentals", read.statement("cash_flow"), "cash-flow-statement-ttm"),
        *_two("fundamentals", read.statement("income", amounts=False), "income-statement-as-reported"),
        *_two(
            "fundamentals", read.statement("balance", amounts=False), "balance-sheet-statement-as-reported"
        ),
        *_two("fundamentals", read.statement("cash_flow", amounts=False), "cash-flow-statement-as-reported"),
        _read(
            "fundamentals",
            read.statement("facts", amounts=False),
            "financial-statement-full-as-reported",
        ),
        *_two("company_profiles", read.profile, "profile", "v3/profile/{symbols}"),
        *_two("company_profiles", read.profile, "profile-cik", params={"cik": "{key}"}),
        _old("company_profiles", read.profile, "v3/company/profile/{symbols}", _as_profile),
        *(
            _read("company_profiles", read.profile, path)
            for path in ("sec-profile", "search-exchange-variants")
        ),
        _read("company_profiles", read.profile, "profile-bulk", form=Format.ANY),
        _read("symbols", read.listing, "company-screener"),
        *_two("company_profiles", read.fund, "etf/info", "v4/etf-info"),
        Endpoint(dataset="corporate_actions", request=get("/stable/dividends", _SYMBOL), row=read.dividend),
        Endpoint(
            dataset="corporate_actions", request=get("/stable/splits", _SYMBOL), row=read.split, besides=True
        ),
        *_two(
            "corporate_actions",
            read.dividend,
            "dividends-calendar",
            "v3/stock_dividend_calendar",
            params=_DAYS,
        ),
        *_two("corporate_actions", read.split, "splits-calendar", "v3/stock_split_calendar", params=_DAYS),
        _old(
            "corporate_actions",
            read.dividend,
            "v3/historical-price-full/stock_dividend/{symbol}",
            with_parent("", "historical"),
        ),
        _old(
            "corporate_actions",
            read.split,
            "v3/historical-price-full/stock_split/{symbol}",
            with_parent("", "historical"),
        ),
        *_two("earnings_calendar", read.earnings, "earnings-calendar", "v3/earning_calendar", params=_DAYS),
        *_two("earnings_calendar", read.earnings, "earnings", "v3/historical/earning_calendar/{symbol}"),
        _old("earnings_calendar", read.earnings, "v3/earnings-surprises/{symbol}"),
        *(
            Endpoint(dataset="earnings_calendar", request=get(path), row=read.earnings, retired=True)
            for path in ("/api/v4/earning-calendar-confirmed", "/stable/earning-calendar-confirmed")
        ),
        *_two("ipo_calendar", read.offering, "ipos-calendar", "v3/ipo_calendar", params=_DAYS),
        _news("stock", symbols="{symbols}"),
        _news("press-releases", symbols="{symbols}"),
        _news("crypto", symbols="{symbols}"),
        _news("forex", symbols="{symbols}"),
        *(
            _news(f"{kind}-latest", batch=0)
            for kind in ("stock", "general", "press-releases", "crypto", "forex")
        ),
        *_two("news", read.news, "fmp-articles", params={"page": "0", "limit": "100"}),
        Endpoint(
            dataset="news",
            request=get("/api/v3/stock_news", {"tickers": "{symbols}"}),
            row=read.news,
            retired=True,
        ),
        *(_old("news", read.news, f"v4/{kind}_news") for kind in ("general", "crypto", "forex")),
        _old("news", read.news, "v3/press-releases/{symbol}"),
        _old("news", read.news, "v3/fmp/articles", listed("content")),
        *_two(
            "filings",
            read.filing,
            "sec-filings-search/symbol",
            "v3/sec_filings/{symbol}",
            params={**_SYMBOL, **_PAGED},
        ),
        *_two("filings", read.filing, "sec-filings-search/cik", params={"cik": "{key}", **_PAGED}),
        *(
            _old("filings", read.filing, path)
            for path in ("v4/rss_feed", "v3/rss_feed", "v3/rss_feed_8k", "v4/rss_feed_8k")
        ),
        *(
            Endpoint(dataset="filings", request=get(f"/stable/{path}", _PAGED), row=read.filing, batch=0)
            for path in ("sec-filings-8k", "sec-filings-financials", "sec-filings-search/form-type")
        ),
        *_two("symbols", read.listing, "stock-list", "v3/stock/list", params={}),
        *(
            Endpoint(dataset="symbols", request=get(f"/stable/{path}"), row=read.listing, batch=0)
            for path in (
                "etf-list",
                "actively-trading-list",
                "financial-statement-symbol-list",
                "cryptocurrency-list",
                "forex-list",
                "index-list",
                "commodities-list",
                "delisted-companies",
                "search-symbol",
                "search-name",
                "search-cik",
                "search-cusip",
                "search-isin",
            )
        ),
        *(
            _old("symbols", read.listing, f"v3/{path}")
            for path in (
                "available-traded/list",
                "etf/list",
                "search",
                "search-ticker",
                "search-name",
                "stock-screener",
                "delisted-companies",
                "symbol/{list}",
            )
        ),
        *_two("yield_curves", read.curve, "treasury-rates", "v4/treasury", params=_DAYS),
        *_two(
            "economic_series",
            read.observation,
            "economic-indicators",
            "v4/economic",
            params={"name": "{symbol}", **_DAYS},
        ),
        *_two(
            "commitments_of_traders",
            read.commitments,
            "commitment-of-traders-report",
            "v4/commitment_of_traders_report/{symbol}",
            params=_DAYS,
        ),
    ),
)
