# SPDX-License-Identifier: Apache-2.0
"""TMX: quotes, bars, dividends, news, filings of the Toronto exchanges, as the pages of its sites ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import DataError, NotFoundError, RateWindow, TTError
from ttapi_providers.asking import Asked, Wanted, get, post
from ttapi_providers.declaring import Endpoint, Provider, RowReader, refused
from ttapi_providers.items import Finder, listed, place, with_parent
from ttapi_providers.naming import Naming, share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import priced, sound
from ttapi_providers.spelling import ticker
from ttapi_providers.vendors.tmx_queries import QUERIES

_TORONTO: Final = "America/Toronto"
_SITE: Final = "https://www.tsx.com"
_UNITS_OF_DOLLARS: Final = re.compile(r".+\.U")  # no class of shares, but units in US dollars
_CLASSES: Final = share_classes(".")
_SESSIONS: Final = {"BTO": "before_open", "BMO": "before_open", "DMH": "during", "AMC": "after_close"}
_LENGTHS: Final = {"minute": "m", "hour": "h"}
_ADJUSTMENTS: Final = {"SO": "splits", "SPLIT": "splits", "": None}


def _to_canonical(name: str) -> str | None:
    return None if _UNITS_OF_DOLLARS.fullmatch(name) else _CLASSES.to_canonical(name.removesuffix(":US"))


def _quote(row: Row, _asked: Asked) -> Values:
    return priced(
        {
            "vendor_symbol": ticker(row, "symbol"),
            "last": row.number("price"),
            "open": row.number("openPrice"),
            "high": row.number("dayHigh"),
            "low": row.number("dayLow"),
            "prev_close": row.number("prevClose"),
            "volume": row.number("volume"),
        }
    )


def _profile(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "name": row.text("name"),
        "exchange": row.text("exchangeCode", "exShortName"),
        "sector": row.text("sector"),
        "industry": row.text("industry"),
        "website": row.text("website"),
        "description": row.text("longDescription", "shortDescription"),
        "employees": row.integer("employees"),
        "market_cap": row.number("MarketCap"),
        "shares_outstanding": row.number("shareOutStanding"),
        "address": row.text("fullAddress"),
        "phone": row.text("phoneNumber"),
    }


def _adjustment(asked: Asked) -> str | None:
    if str(asked.posted("variables", "unadjusted")).lower() == "true":
        return "raw"
    return _ADJUSTMENTS.get(str(asked.posted("variables", "adjustmentType") or ""))


def _bar(row: Row, asked: Asked) -> Values:
    return sound(
        {
            "date": row.day("datetime", "dateTime"),
            "open": row.number("openPrice", "open"),
            "high": row.number("high"),
            "low": row.number("low"),
            "close": row.number("closePrice", "close"),
            "volume": row.number("volume"),
            "vwap": row.number("vwap"),
            "trade_count": row.integer("numberOfTrade"),
            "adjustment": _adjustment(asked),
        }
    )


def _intraday(row: Row, asked: Asked) -> Values:
    """Read a bar of minutes; those without an offset are in the time of Toronto."""
    freq = str(asked.posted("variables", "freq") or "minute")
    interval = asked.posted("variables", "interval") or 1
    return {
        "interval": f"{interval}{_LENGTHS.get(freq, 'm')}",
        "opened_at": row.time("dateTime", zone=_TORONTO),
        **{name: row.number(name) for name in ("open", "high", "low", "close", "volume")},
    }


def _is_timed(body: Any) -> bool:  # noqa: ANN401 - JSON
    bars = next(iter(body["data"].values()))
    return bool(bars) and "dateTime" in bars[0] and len(bars[0]["dateTime"]) > 10


def _is_dated(body: Any) -> bool:  # noqa: ANN401 - JSON
    bars = next(iter(body["data"].values()))
    return (
        isinstance(bars, list)
        and (not bars or ("closePrice" in bars[0] or "close" in bars[0]))
        and not _is_timed(body)
    )


def _dividend(row: Row, _asked: Asked) -> Values:
    return {
        "ex_date": row.day("exDate"),
        "action": "dividend",
        "amount": row.number("amount"),
        "currency": row.text("currency"),
        "declared_date": row.day("declarationDate"),
        "record_date": row.day("recordDate"),
        "payment_date": row.day("payableDate"),
    }


def _news(row: Row, _asked: Asked) -> Values:
    return {
        "published_at": row.time("datetime", zone=_TORONTO),
        "news_id": row.text("newsid"),
        "title": row.text("headline"),
        "summary": row.text("summary"),
        "source": row.text("source"),
    }


def _filing(row: Row, _asked: Asked) -> Values:
    url = row.text("urlToPdf")
    if url is None:
        raise DataError("the filing has neither a number nor an address", column="accession")
    return {
        "filed_date": row.day("filingDate"),
        "accession": url.rpartition("/")[2],
        "form": row.text("name"),
        "title": row.text("description"),
        "url": url,
    }


def _earnings(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "report_date": Row([asked.posted("variables", "date")]).day(0),
        "session": _SESSIONS.get(row.text("announceTime") or ""),
        "eps_estimate": row.number("estimatedEps"),
        "eps_actual": row.number("actualEps"),
        "eps_surprise_percent": row.number("epsSurprisePercent"),
        "name": row.text("companyName"),
    }


def _trade(row: Row, _asked: Asked) -> Values:
    moment = row.text("datetime")
    sides = [row.text("sellerId") or "", row.text("buyerId") or ""]
    return {
        "traded_at": row.time("datetime", zone=_TORONTO),
        # The exchange gives its trades no number here.
        "trade_id": " ".join(
            [moment or "", row.text("price") or "", row.text("volume") or "", *sides]
        ).strip(),
        "price": row.number("price"),
        "size": row.number("volume"),
        "venue": row.text("exchangeCode"),
    }


def _listing(row: Row, _asked: Asked) -> Values:
    return {"vendor_symbol": ticker(row, "symbol"), "description": row.text("name")}


def _fund(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "description": row.text("longname", "shortname", "name"),
        "instrument_type": "ETF",
        "is_etf": True,
        "currency": row.text("currency"),
    }


def _midnight(day: date | None) -> int | None:
    return int(datetime.combine(day, time(), ZoneInfo(_TORONTO)).timestamp()) if day else None


def _variables(wanted: Wanted, operation: str) -> Mapping[str, object]:
    since, until = wanted.since, wanted.until or wanted.today
    symbol: dict[str, object] = {"symbol": wanted.names[0] if wanted.names else None}
    start = since.isoformat() if since else None
    midnight = [_midnight(day) for day in (since, until)]
    by_operation: dict[str, dict[str, object]] = {
        "getQuoteBySymbol": {**symbol, "locale": "en"},
        "getCompanyPriceHistory": {
            **symbol,
            "start": start,
            "end": until.isoformat(),
            "adjusted": True,
            "adjustmentType": "SO",
            "unadjusted": False,
        },
        "getTimeSeriesData": {
            **symbol,
            "freq": "minute",
            "interval": 5,
            **dict(zip(("startDateTime", "endDateTime"), midnight, strict=True)),
        },
        "getDividendsForSymbol": {**symbol, "page": 1, "batch": 500},
        "getNewsAndEvents": {**symbol, "page": 1, "limit": 100, "locale": "en"},
        "getCompanyFilings": {**symbol, "fromDate": start, "toDate": until.isoformat(), "limit": 1000},
        "getEnhancedEarningsForDate": {"date": (since or wanted.today).isoformat()},
    }
    return by_operation[operation]


def _names(asked: Asked) -> Sequence[str]:
    several = asked.posted("variables", "symbols")
    one = asked.posted("variables", "symbol")
    return [str(name) for name in several] if isinstance(several, list) else [str(one)] if one else []


def _asks(*operations: str) -> Callable[[Asked], bool]:
    """
    Hold for requests of an operation; those whose body was not kept are told apart by their answers.

    Bars of weeks and months are none of ours: whether they are dated by their first day is not known.
    """
    return lambda asked: (
        asked.posted("operationName") in {None, *operations}
        and asked.posted("variables", "freq") not in {"week", "month"}
    )


def _answers(*names: str) -> Callable[[Any], bool]:
    """Hold for answers that have one of the names, and for errors, which have none."""
    return lambda body: "errors" in body or any(name in body["data"] for name in names)


def _found(*names: str) -> Finder:
    """Find the records under the first of some names; null is no records."""

    def find(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        data = place(body, "data")
        name = next((name for name in names if name in data), names[0])
        return [*listed(f"data.{name}")(body, asked)]

    return find


def _operation(
    dataset: str,
    operation: str,
    row: RowReader,
    items: Finder,
    *,
    shape: Callable[[Any], bool],
    also: tuple[str, ...] = (),
    batch: int = 1,
) -> Endpoint:
    return Endpoint(
        dataset=dataset,
        request=post(
            "/graphql",
            lambda wanted: {
                "operationName": operation,
                "variables": _variables(wanted, operation),
                "query": QUERIES[operation],
            },
        ),
        row=row,
        items=items,
        shape=shape,
        when=_asks(operation, *also),
        batch=batch,
        found_by=_names,
    )


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    errors = body.get("errors") if isinstance(body, dict) else None
    if isinstance(errors, list) and errors:
        return refused("; ".join(str(Row(error).raw("message")) for error in errors)[:500])
    data = body.get("data") if isinstance(body, dict) else None
    if isinstance(data, dict) and data.get("getQuoteBySymbol", "") is None:
        return refused("the symbol is not known", status=404)
    return None


_HISTORY: Final = ("getCompanyPriceHistory", "company_price_history", "getCompanyPriceHistoryForDownload")
_SERIES: Final = ("getTimeSeriesData", "timeseries")
_QUOTES: Final = ("getQuoteBySymbol", "getQuoteForSymbols")

PROVIDER: Final = Provider(
    name="tmx",
    title="TMX Money",
    site="https://money.tmx.com",
    bases=("https://app-money.tmx.com", _SITE, "https://dgr53wu9i7rmp.cloudfront.net"),
    samples=dict.fromkeys(
        ("quotes", "company_profiles", "eod_data", "intraday_bars", "corporate_actions", "news", "filings"),
        "SHOP",
    ),
    limits=(RateWindow(requests=60, seconds=60),),
    naming=Naming(to_vendor=_CLASSES.to_vendor, to_canonical=_to_canonical),
    headers={
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Origin": "https://money.tmx.com",
        "Referer": "https://money.tmx.com/",
        "locale": "en",
    },
    told=_told,
    codes={"not found": NotFoundError},
    endpoints=(
        _operation(
            "quotes",
            "getQuoteBySymbol",
            _quote,
            _found(*_QUOTES),
            shape=_answers(*_QUOTES),
            also=("getQuoteForSymbols",),
        ),
        _operation(
            "company_profiles",
            "getQuoteBySymbol",
            _profile,
            _found("getQuoteBySymbol"),
            shape=_answers("getQuoteBySymbol"),
        ),
        _operation(
            "eod_data",
            "getCompanyPriceHistory",
            _bar,
            _found(*_HISTORY, *_SERIES),
            shape=lambda body: _answers(*_HISTORY, *_SERIES)(body) and _is_dated(body),
            also=("getCompanyPriceHistoryForDownload", "getTimeSeriesData"),
        ),
        _operation(
            "intraday_bars",
            "getTimeSeriesData",
            _intraday,
            _found(*_SERIES),
            shape=lambda body: _answers(*_SERIES)(body) and _is_timed(body),
        ),
        _operation(
            "corporate_actions",
            "getDividendsForSymbol",
            _dividend,
            listed("data.dividends.dividends"),
            shape=_answers("dividends"),
        ),
        _operation("news", "getNewsAndEvents", _news, _found("news"), shape=_answers("news")),
        _operation("filings", "getCompanyFilings", _filing, _found("filings"), shape=_answers("filings")),
        _operation(
            "earnings_calendar",
            "getEnhancedEarningsForDate",
            _earnings,
            _found("getEnhancedEarningsForDate"),
            shape=_answers("getEnhancedEarningsForDate"),
            batch=0,
        ),
        Endpoint(
            dataset="trades",
            request=post("/graphql", lambda _wanted: None),
            row=_trade,
            items=_found("trades", "getCompanyMostRecentTrades"),
            shape=_answers("trades", "getCompanyMostRecentTrades"),
            when=_asks("getCompanyMostRecentTrades"),
            found_by=_names,
            retired=True,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/json/company-directory/search/tsx/*", base=_SITE),
            row=_listing,
            items=with_parent("results", "instruments"),
            batch=0,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/json/company-directory/search/{exchange}/{query}", base=_SITE),
            row=_listing,
            items=with_parent("results", "instruments"),
            when=lambda asked: asked.path != "/json/company-directory/search/tsx/*",
            batch=0,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/etfs/etfs.json", base="https://dgr53wu9i7rmp.cloudfront.net"),
            row=_fund,
            batch=0,
        ),
    ),
)
