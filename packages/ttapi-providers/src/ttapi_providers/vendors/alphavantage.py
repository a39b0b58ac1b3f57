# SPDX-License-Identifier: Apache-2.0
"""Alpha Vantage: one address, a function in the query; limits and refusals come with status 200."""

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
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Credential, Endpoint, Provider, RowReader, query_is
from ttapi_providers.items import Finder, listed, one
from ttapi_providers.spelling import PAIRS, shares_and_pairs
from ttapi_providers.vendors import alphavantage_bars as bars
from ttapi_providers.vendors import alphavantage_readers as readers

_SHARES: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF, InstrumentKind.INDEX})
# fmt: off
_ECONOMIC: Final = (
    "REAL_GDP", "REAL_GDP_PER_CAPITA", "TREASURY_YIELD", "FEDERAL_FUNDS_RATE", "CPI", "INFLATION",
    "RETAIL_SALES", "DURABLES", "UNEMPLOYMENT", "NONFARM_PAYROLL", "WTI", "BRENT", "NATURAL_GAS", "COPPER",
    "ALUMINUM", "WHEAT", "CORN", "COTTON", "SUGAR", "COFFEE", "ALL_COMMODITIES",
)
# fmt: on
_SHORT_DAYS: Final = 140  # a hundred sessions, with some to spare


def _told(body: Any, asked: Asked) -> ResponseError | None:  # noqa: ANN401 - JSON
    if not isinstance(body, dict) or len(body) > 2:
        return None
    if not body:
        unknown = f"no such symbol: {', '.join(asked.names)}"
        return NotFoundError(unknown, status=404) if asked.names else None
    words = next((str(body[name]) for name in ("Error Message", "Note", "Information") if name in body), None)
    return _refusal(words, is_error="Error Message" in body) if words is not None else None


def _refusal(words: str, *, is_error: bool) -> ResponseError:
    lower = words.lower()
    is_hasty = any(
        part in lower for part in ("rate limit", "requests per", "call frequency", "spreading out")
    )
    if "apikey" in lower or "demo** api key" in lower:
        return AuthenticationError(words, status=401)
    if "premium" in lower and not is_hasty:
        return NotEntitledError(words, status=403)
    return NotFoundError(words, status=404) if is_error else RateLimitError(words)


def _form(function: str, **params: Param) -> RequestForm:
    return get("/query", {"function": function, **params})


def _share(
    dataset: str,
    functions: str,
    row: RowReader,
    *,
    items: Finder = bars.series,
    **more: Any,  # noqa: ANN401 - handed on
) -> Endpoint:
    """Return an endpoint that is asked by a symbol; the first of its functions is the one that is asked."""
    names = tuple(functions.split())
    params = more.pop("params", {})
    return Endpoint(
        dataset=dataset,
        request=_form(names[0], symbol="{symbol}", **params),
        when=query_is(function=names),
        format=Format.ANY,
        items=items,
        row=row,
        **more,
    )


def _pair(
    dataset: str,
    functions: str,
    row: RowReader,
    *,
    names: tuple[str, str],
    items: Finder = bars.series,
    **more: Any,  # noqa: ANN401 - handed on
) -> Endpoint:
    """Return an endpoint that is asked by two currencies, each in a parameter of its own."""
    base, quote = names
    functions_known = tuple(functions.split())
    params = more.pop("params", {})
    return Endpoint(
        dataset=dataset,
        request=_form(functions_known[0], **{base: "{base}", quote: "{quote}"}, **params),
        when=query_is(function=functions_known),
        format=Format.ANY,
        found_by=bars.pair_of(base, quote),
        items=items,
        row=row,
        kinds=PAIRS,
        **more,
    )


def _list(
    dataset: str, function: str, row: RowReader, *, items: Finder | None = None, **params: Param
) -> Endpoint:
    """Return an endpoint that gives all there is."""
    return Endpoint(
        dataset=dataset,
        request=_form(function, **params),
        when=query_is(function=function),
        format=Format.ANY,
        batch=0,
        items=items or listed(),
        row=row,
    )


def _function(wanted: Wanted) -> str | None:
    return wanted.names[0].partition(":")[0] if wanted.names else None


def _size(wanted: Wanted) -> str:
    # The whole history costs a larger plan; the last hundred days do not.
    is_long = wanted.since is not None and wanted.since < wanted.today - timedelta(days=_SHORT_DAYS)
    return "full" if is_long else "compact"


def _maturity(wanted: Wanted) -> str | None:
    return wanted.names[0].partition(":")[2] or None if wanted.names else None


_FX: Final = ("from_symbol", "to_symbol")
_RATE: Final = ("from_currency", "to_currency")
_COIN: Final = ("symbol", "market")
_STARTS: Final = frozenset({"opened_at"})
_SPLITS: Final = frozenset({"split_from"})
_SIZED: Final[dict[str, Param]] = {"outputsize": _size}

PROVIDER: Final = Provider(
    name="alphavantage",
    title="Alpha Vantage",
    site="https://www.alphavantage.co/documentation/",
    bases=("https://www.alphavantage.co",),
    aliases=("alphavantage.co",),
    credentials=(
        Credential(
            variable="TTAPI_ALPHAVANTAGE_KEY",
            param="apikey",
            obtained="https://www.alphavantage.co/support/#api-key",
        ),
    ),
    limits=(RateWindow(requests=1, seconds=1), RateWindow(requests=25, seconds=86_400)),
    naming=shares_and_pairs("-", "/"),
    told=_told,
    samples={"economic_series": "REAL_GDP"},
    endpoints=(
        _share(
            "eod_data",
            "TIME_SERIES_DAILY TIME_SERIES_DAILY_ADJUSTED",
            bars.daily,
            params=_SIZED,
            kinds=_SHARES,
            constant={"adjustment": "raw"},
        ),
        _share(
            "intraday_bars",
            "TIME_SERIES_INTRADAY",
            bars.bar(),
            params={"interval": "5min", "outputsize": _size, "adjusted": "false"},
            items=bars.minutes,
            kinds=_SHARES,
            derived=_STARTS,
        ),
        _share(
            "intraday_bars",
            "TIME_SERIES_INTRADAY_EXTENDED",
            bars.bar(),
            items=bars.minutes,
            retired=True,
            derived=_STARTS,
        ),
        _share(
            "intraday_bars",
            "TIME_SERIES_WEEKLY TIME_SERIES_WEEKLY_ADJUSTED TIME_SERIES_MONTHLY TIME_SERIES_MONTHLY_ADJUSTED",
            bars.bar(adjustment="raw"),
            kinds=_SHARES,
            derived=_STARTS,
        ),
        _pair(
            "intraday_bars",
            "FX_INTRADAY",
            bars.bar("UTC"),
            names=_FX,
            params={"interval": "5min"} | _SIZED,
        ),
        _pair("intraday_bars", "FX_WEEKLY FX_MONTHLY", bars.bar("UTC"), names=_FX, derived=_STARTS),
        _pair("fx_rates", "FX_DAILY", bars.rate, names=_FX, params=_SIZED),
        _pair(
            "crypto_bars",
            "DIGITAL_CURRENCY_DAILY DIGITAL_CURRENCY_WEEKLY DIGITAL_CURRENCY_MONTHLY",
            bars.coin_bar,
            names=_COIN,
            derived=_STARTS,
        ),
        _pair(
            "crypto_bars",
            "CRYPTO_INTRADAY",
            bars.coin_bar,
            names=_COIN,
            params={"interval": "5min"} | _SIZED,
        ),
        _share("quotes", "GLOBAL_QUOTE", readers.quote, items=readers.one_quote, kinds=_SHARES),
        _pair(
            "quotes", "CURRENCY_EXCHANGE_RATE", readers.exchange_rate, names=_RATE, items=readers.one_quote
        ),
        Endpoint(
            dataset="quotes",
            request=_form("BATCH_STOCK_QUOTES", symbols="{symbols}"),
            when=query_is(function=("BATCH_STOCK_QUOTES", "BATCH_QUOTES_US")),
            batch=100,
            items=readers.batch_quotes,
            row=readers.quote,
            retired=True,
        ),
        Endpoint(
            dataset="quotes",
            request=_form("REALTIME_BULK_QUOTES", symbol="{symbols}"),
            when=query_is(function="REALTIME_BULK_QUOTES"),
            batch=100,
            items=listed("data"),
            row=readers.quote,
        ),
        _share("company_profiles", "OVERVIEW", readers.profile, items=one()),
        *(
            _share(
                "fundamentals",
                name,
                readers.statement,
                items=readers.reports,
                besides=name != "INCOME_STATEMENT",
            )
            for name in ("INCOME_STATEMENT", "BALANCE_SHEET", "CASH_FLOW")
        ),
        _share("fundamentals", "EARNINGS", readers.annual_eps, items=listed("annualEarnings")),
        _share("fundamentals", "EARNINGS_ESTIMATES", readers.estimate, items=listed("estimates")),
        _share("fundamentals", "SHARES_OUTSTANDING", readers.share_count, items=listed("data")),
        _list("earnings_calendar", "EARNINGS_CALENDAR", readers.expected_report, horizon="3month"),
        _share("earnings_calendar", "EARNINGS", readers.reported, items=listed("quarterlyEarnings")),
        _list("ipo_calendar", "IPO_CALENDAR", readers.offering),
        _share("corporate_actions", "DIVIDENDS", readers.dividend, items=listed("data")),
        _share(
            "corporate_actions", "SPLITS", readers.split, items=listed("data"), besides=True, derived=_SPLITS
        ),
        _share(
            "corporate_actions",
            "TIME_SERIES_DAILY_ADJUSTED",
            bars.event,
            items=bars.with_events,
            derived=_SPLITS,
        ),
        _list("symbols", "LISTING_STATUS", readers.listing),
        _list("symbols", "SYMBOL_SEARCH", readers.match, items=readers.matches, keywords="{key}"),
        _share("option_chains", "HISTORICAL_OPTIONS REALTIME_OPTIONS", readers.option, items=listed("data")),
        Endpoint(
            dataset="news",
            request=_form(
                "NEWS_SENTIMENT",
                tickers="{symbols}",
                time_from=lambda wanted: f"{wanted.since:%Y%m%dT0000}" if wanted.since else None,
                time_to=lambda wanted: f"{wanted.until:%Y%m%dT2359}" if wanted.until else None,
                limit=1000,
            ),
            when=query_is(function="NEWS_SENTIMENT"),
            items=listed("feed"),
            row=readers.news,
        ),
        Endpoint(
            dataset="economic_series",
            request=get("/query", {"function": _function, "maturity": _maturity}),
            when=query_is(function=_ECONOMIC),
            format=Format.ANY,
            found_by=readers.series_name,
            items=readers.observations,
            row=readers.observation,
        ),
    ),
)
