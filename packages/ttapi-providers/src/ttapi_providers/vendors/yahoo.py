# SPDX-License-Identifier: Apache-2.0
"""Yahoo Finance, as its own pages ask it: prices, options, statements, calendars, news."""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import AuthenticationError, NotFoundError, RateLimitError, RateWindow, ResponseError
from ttapi_providers.asking import Asked, RequestForm, Wanted, get, post
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, query_is, refused
from ttapi_providers.handshake import Handshake
from ttapi_providers.items import listed, place
from ttapi_providers.vendors import yahoo_calendars as calendars
from ttapi_providers.vendors import yahoo_charts as charts
from ttapi_providers.vendors import yahoo_companies as companies
from ttapi_providers.vendors import yahoo_quotes as quotes

_STATUS: Final = {"Not Found": 404, "Unauthorized": 401, "Forbidden": 403, "Too Many Requests": 429}
_CRYPTO: Final = "CRYPTOCURRENCY"
_FX: Final = "CURRENCY"
_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0"
_FORMATTED: Final = {"formatted": "false", "lang": "en-US", "region": "US"}


def _told(body: Any, _asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    for part in body.values() if isinstance(body, dict) else ():
        if isinstance(part, dict) and isinstance(error := part.get("error"), dict):
            code = str(error.get("code", ""))
            status = 500 if "internal" in code.lower() else _STATUS.get(code, 400)
            return refused(str(error.get("description", code)), status=status, code=code)
    return None


def _since(wanted: Wanted) -> str | None:
    return wanted.words()["since_s"] or "0"


def _until(wanted: Wanted) -> str | None:
    words = wanted.words()
    return words["until_s"] or str(int(words["today_s"] or 0) + 86_400)


def _chart(interval: str) -> RequestForm:
    return get(
        "/v8/finance/chart/{symbol}",
        {"interval": interval, "period1": _since, "period2": _until, "events": "div,splits,capitalGains"},
    )


def _recent(wanted: Wanted) -> str | None:
    # Bars of an hour reach back 730 days, and an earlier day is refused; without one a month is asked for.
    words = wanted.words()
    today = int(words["today_s"] or 0)
    return str(max(int(words["since_s"] or today - 30 * 86_400), today - 729 * 86_400))


_HOURS: Final = get("/v8/finance/chart/{symbol}", {"interval": "1h", "period1": _recent, "period2": _until})
_QUOTE: Final = get("/v7/finance/quote", {"symbols": "{symbols}", **_FORMATTED})
_SEARCH: Final = get("/v1/finance/search", {"q": "{symbol}", "quotesCount": "8", "newsCount": "50"})
_HITS: Final = get("/v1/finance/search", {"q": "{key}", "quotesCount": "8", "newsCount": "0"})
_TABLE: Final = get("/v7/finance/download/{symbol}")
# fmt: off
_TYPES: Final = (
    "TotalRevenue", "CostOfRevenue", "GrossProfit", "OperatingExpense", "OperatingIncome", "EBIT", "EBITDA",
    "PretaxIncome", "TaxProvision", "NetIncome", "NetIncomeCommonStockholders", "BasicEPS", "DilutedEPS",
    "BasicAverageShares", "DilutedAverageShares", "TotalAssets", "CurrentAssets", "CashAndCashEquivalents",
    "Inventory", "AccountsReceivable", "NetPPE", "CurrentLiabilities", "LongTermDebt", "TotalDebt",
    "TotalLiabilitiesNetMinorityInterest", "StockholdersEquity", "RetainedEarnings", "OrdinarySharesNumber",
    "OperatingCashFlow", "InvestingCashFlow", "FinancingCashFlow", "CapitalExpenditure", "FreeCashFlow",
    "CashDividendsPaid", "RepurchaseOfCapitalStock", "EndCashPosition",
)
# fmt: on


def _summary(*modules: str) -> RequestForm:
    return get("/v10/finance/quoteSummary/{symbol}", {"modules": ",".join(modules), "formatted": "false"})


def _is_found(body: Any) -> bool:  # noqa: ANN401 - JSON
    return charts.has_error(body) or bool(place(body, "quotes")) or not place(body, "news?")


def _has_news(body: Any) -> bool:  # noqa: ANN401 - JSON
    return charts.has_error(body) or bool(place(body, "news?"))


def _is_chain(body: Any) -> bool:  # noqa: ANN401 - JSON
    return charts.has_error(body) or bool(place(body, "quoteSummary.result.0.futuresChain?"))


_BARS: Final = (
    Endpoint(
        dataset="eod_data",
        request=_chart("1d"),
        items=charts.bars,
        row=charts.daily,
        shape=charts.drawn(other_than=(_CRYPTO, _FX), daily=True),
    ),
    Endpoint(
        dataset="intraday_bars",
        request=_HOURS,
        items=charts.bars,
        row=charts.intraday,
        shape=charts.drawn(other_than=(_CRYPTO,), daily=False),
    ),
    Endpoint(
        dataset="crypto_bars",
        request=_chart("1d"),
        items=charts.bars,
        row=charts.crypto,
        shape=charts.drawn(_CRYPTO),
    ),
    Endpoint(
        dataset="fx_rates",
        request=_chart("1d"),
        items=charts.bars,
        row=charts.rate,
        shape=charts.drawn(_FX, daily=True),
    ),
    Endpoint(
        dataset="corporate_actions",
        request=_chart("1d"),
        items=charts.events,
        row=charts.event,
        shape=charts.has_events,
    ),
    Endpoint(
        dataset="eod_data",
        request=_TABLE,
        when=query_is(events=("", "history"), interval=("", "1d")),
        format=Format.CSV,
        row=charts.table_row,
        retired=True,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=_TABLE,
        when=query_is(events=("div", "split", "dividends", "splits")),
        format=Format.CSV,
        row=charts.table_event,
        retired=True,
    ),
)

_QUOTES: Final = (
    Endpoint(
        dataset="quotes",
        request=_QUOTE,
        batch=100,
        items=quotes.quoted("quoteResponse.result", priced=True),
        row=quotes.quote,
    ),
    Endpoint(
        dataset="symbols",
        request=_QUOTE,
        batch=100,
        items=quotes.quoted("quoteResponse.result", priced=False),
        row=quotes.instrument,
    ),
    Endpoint(
        dataset="quotes",
        request=get("/v6/finance/quote/marketSummary", _FORMATTED),
        batch=0,
        items=quotes.quoted("marketSummaryResponse.result", priced=True),
        row=quotes.quote,
    ),
    *(
        Endpoint(
            dataset="quotes",
            request=get(
                f"/{version}/finance/spark", {"symbols": "{symbols}", "range": "1d", "interval": "1d"}
            ),
            batch=20,
            items=charts.sparks,
            row=charts.spark,
        )
        for version in ("v8", "v7")
    ),
    Endpoint(
        dataset="option_chains",
        request=get("/v7/finance/options/{symbol}", _FORMATTED),
        items=quotes.contracts,
        row=quotes.contract,
        next_page=quotes.next_expiry,
    ),
    Endpoint(
        dataset="futures_curves",
        request=_summary("futuresChain"),
        items=quotes.chained,
        row=quotes.future,
        shape=_is_chain,
    ),
    Endpoint(
        dataset="symbols",
        request=_HITS,
        items=quotes.hits,
        row=quotes.instrument,
        shape=_is_found,
    ),
    Endpoint(
        dataset="symbols",
        request=get("/v1/finance/lookup", {"query": "{key}"}),
        items=listed("finance.result.0.documents"),
        row=quotes.instrument,
    ),
    Endpoint(
        dataset="symbols",
        request=get("/autoc", {"query": "{key}"}, base="https://autoc.finance.yahoo.com"),
        items=listed("ResultSet.Result"),
        row=quotes.instrument,
        retired=True,
    ),
)

_COMPANIES: Final = (
    Endpoint(
        dataset="company_profiles",
        request=_summary("assetProfile", "price", "defaultKeyStatistics"),
        items=companies.summarised,
        row=companies.profile,
        shape=companies.summary("assetProfile", "summaryProfile"),
    ),
    Endpoint(
        dataset="fundamentals",
        request=get(
            "/ws/fundamentals-timeseries/v1/finance/timeseries/{symbol}",
            {
                "symbol": "{symbol}",
                "type": ",".join(f"{period}{name}" for period in ("annual", "quarterly") for name in _TYPES),
                "period1": _since,
                "period2": _until,
            },
        ),
        items=companies.series,
        row=companies.value,
    ),
    Endpoint(
        dataset="fundamentals",
        request=_summary("earningsTrend", "earningsHistory"),
        items=companies.statements,
        row=companies.statement,
        shape=companies.summary(*companies.STATEMENT_MODULES),
    ),
    Endpoint(
        dataset="short_interest",
        request=_summary("defaultKeyStatistics"),
        items=companies.summarised,
        row=companies.short_interest,
        shape=companies.has_short_interest,
    ),
    Endpoint(
        dataset="filings",
        request=_summary("secFilings"),
        items=companies.summary_filings,
        row=companies.filing,
        shape=companies.summary("secFilings"),
    ),
    Endpoint(
        dataset="quotes",
        request=_summary("price", "summaryDetail"),
        items=companies.summarised,
        row=companies.summary_quote,
        shape=companies.has_price,
    ),
    Endpoint(
        dataset="earnings_calendar",
        request=calendars.calendar(
            "sp_earnings",
            "eventname",
            "startdatetimetype",
            "epsestimate",
            "epsactual",
            "epssurprisepct",
        ),
        batch=0,
        items=calendars.dated,
        next_page=calendars.next_lines,
        row=calendars.report,
        shape=calendars.calendar_of("SP_EARNINGS", "EARNINGS"),
    ),
    Endpoint(
        dataset="earnings_calendar",
        request=_summary("calendarEvents", "quoteType"),
        items=companies.summarised,
        row=companies.next_report,
        shape=companies.report_days,
    ),
    Endpoint(
        dataset="ipo_calendar",
        request=calendars.calendar(
            "ipo_info",
            "exchange_short_name",
            "filingdate",
            "pricefrom",
            "priceto",
            "offerprice",
            "currencyname",
            "shares",
            "dealtype",
        ),
        batch=0,
        items=calendars.dated,
        next_page=calendars.next_lines,
        row=calendars.offering,
        shape=calendars.calendar_of("IPO_INFO"),
    ),
    Endpoint(
        dataset="corporate_actions",
        request=calendars.calendar("splits", "old_share_worth", "share_worth"),
        batch=0,
        items=calendars.dated,
        next_page=calendars.next_lines,
        row=calendars.split,
        shape=calendars.calendar_of("SPLITS"),
    ),
    Endpoint(
        dataset="news",
        request=post(
            "/xhr/ncp",
            calendars.stream,
            params={"queryRef": "latestNews", "serviceKey": "ncp_fin"},
            base="https://finance.yahoo.com",
        ),
        items=calendars.streamed,
        row=calendars.news,
        found_by=calendars.posted_symbols,
    ),
    Endpoint(
        dataset="news",
        request=_SEARCH,
        items=calendars.found_news,
        row=calendars.news,
        shape=_has_news,
    ),
)

PROVIDER: Final = Provider(
    name="yahoo",
    title="Yahoo Finance",
    site="https://finance.yahoo.com",
    bases=(
        "https://query2.finance.yahoo.com",
        "https://query1.finance.yahoo.com",
        "https://finance.yahoo.com",
        "https://autoc.finance.yahoo.com",
    ),
    limits=(RateWindow(requests=60, seconds=60), RateWindow(requests=360, seconds=3600)),
    headers={"User-Agent": _BROWSER},
    handshake=Handshake(
        cookie_from="https://fc.yahoo.com/",
        token_from="https://query1.finance.yahoo.com/v1/test/getcrumb",  # noqa: S106 - a page, no secret
        param="crumb",
    ),
    naming=quotes.NAMING,
    told=_told,
    codes={
        "invalid crumb": AuthenticationError,
        "invalid cookie": AuthenticationError,
        "too many requests": RateLimitError,
        "no data found, symbol may be delisted": NotFoundError,
    },
    samples={"futures_curves": "ES=F"},
    endpoints=(*_BARS, *_QUOTES, *_COMPANIES),
)
