# SPDX-License-Identifier: Apache-2.0
"""EODHD: actions, calendars, lists, news."""

from __future__ import annotations

import re
from typing import Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, RowReader, Skip, query_is
from ttapi_providers.items import listed
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker

_DAYS: Final = {"from": "{since}", "to": "{until}", "fmt": "json"}
_RATIO: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[/:]\s*(\d+(?:\.\d+)?)\s*")
_SESSIONS: Final = {"BeforeMarket": "before_open", "AfterMarket": "after_close"}


def _name(row: Row) -> Values:
    """Name a row of a whole exchange; one of a single instrument is named by the request."""
    code, exchange = row.text("code"), row.text("exchange")
    if code is None:
        return {}
    return {"vendor_symbol": f"{code}.{exchange}" if exchange and "." not in code else code}


def _dividend(row: Row, _asked: Asked) -> Values:
    plain = row.number("unadjustedValue")
    value = row.number("value", "Dividends")
    if value is None and plain is None and not row.has("value"):
        plain = row.number("dividend")
    return {
        **_name(row),
        "ex_date": row.day("date", "Date"),
        "action": "dividend",
        "amount": plain,
        "adjusted_amount": value,
        "currency": row.text("currency"),
        "declared_date": row.day("declarationDate"),
        "record_date": row.day("recordDate"),
        "payment_date": row.day("paymentDate"),
        "frequency": row.text("period"),
    }


def _split(row: Row, _asked: Asked) -> Values:
    match = _RATIO.fullmatch(row.text("split", "Stock Splits") or "")
    if match is None:
        raise DataError("the split has no ratio", column="split")
    return {
        **_name(row),
        "ex_date": row.day("date", "Date"),
        "action": "split",
        "split_from": float(match[2]),
        "split_to": float(match[1]),
    }


def _australian(row: Row, _asked: Asked) -> Values:
    if row.text("type") != "dividends":
        raise Skip(f"what the value of {row.text('type')} counts is not told")
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "ex_date": row.day("ex_date"),
        "action": "dividend",
        "amount": row.number("value"),
        "currency": row.text("currency"),
        "record_date": row.day("record_date"),
        "payment_date": row.day("payment_date"),
    }


def _calendar_split(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "code"),
        "ex_date": row.day("split_date"),
        "action": "split",
        "split_from": row.number("old_shares"),
        "split_to": row.number("new_shares"),
    }


def earnings(row: Row, _asked: Asked) -> Values:
    """Read a report of earnings, past or to come."""
    return {
        "vendor_symbol": row.text("code"),
        "report_date": row.day("report_date", "reportDate"),
        "session": _SESSIONS.get(row.text("before_after_market", "beforeAfterMarket") or ""),
        "fiscal_period_end": row.day("date"),
        "eps_estimate": row.number("estimate", "epsEstimate"),
        "eps_actual": row.number("actual", "epsActual"),
        "eps_surprise_percent": row.number("percent", "surprisePercent"),
        "currency": row.text("currency"),
    }


def _offering(row: Row, _asked: Asked) -> Values:
    issuer = row.text("name")
    if issuer is None:
        raise DataError("the offering names no issuer", column="issuer")
    low, high = row.number("price_from") or None, row.number("price_to") or None
    return {
        "issuer": issuer,
        "vendor_symbol": row.text("code"),
        "symbol": row.text("code"),
        "date": row.day("start_date"),
        "status": (row.text("deal_type") or "").lower() or None,
        "exchange": row.text("exchange"),
        "price": row.number("offer_price") or None,
        "price_low": low,
        "price_high": high,
        "shares": row.number("shares") or None,
        "currency": row.text("currency"),
    }


def _listing(row: Row, asked: Asked) -> Values:
    exchange = asked.variables.get("exchange") or row.text("Exchange")
    kind = row.text("Type")
    return {
        "vendor_symbol": f"{ticker(row, 'Code')}.{exchange}",
        "description": row.text("Name"),
        "instrument_type": kind,
        "is_etf": kind == "ETF" if kind else None,
        "is_index": kind == "INDEX" if kind else None,
        "listed_market": row.text("Exchange"),
        "currency": row.text("Currency"),
        "country": row.text("Country"),
        "isin": row.text("Isin", "ISIN"),
    }


def _identifiers(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "isin": row.text("isin"),
        "figi": row.text("figi"),
        "cik": row.text("cik"),
    }


def _news(row: Row, asked: Asked) -> Values:
    names = [str(name) for name in row.raw("symbols") or ()]
    first = asked.name or (names[0] if names else None)
    link, title = row.text("link"), row.text("title")
    return {
        "symbol": None if first else "MARKET",
        "vendor_symbol": first,
        "published_at": row.time("date", zone="UTC"),
        "news_id": link or title,
        "title": title,
        "summary": row.text("content"),
        "url": link,
        "symbols": ",".join(names) or None,
    }


def _of_exchange(kind: str, row: RowReader) -> Endpoint:
    return Endpoint(
        dataset="corporate_actions",
        request=get("/api/eod-bulk-last-day/{exchange}", {"type": kind, "fmt": "json"}),
        row=row,
        when=query_is(type=kind, fmt="json"),
    )


def _calendar(dataset: str, name: str, row: RowReader, *, besides: bool = False) -> Endpoint:
    return Endpoint(
        dataset=dataset,
        request=get(f"/api/calendar/{name}", _DAYS),
        row=row,
        items=listed(name),
        batch=0,
        besides=besides,
    )


ENDPOINTS: Final = (
    Endpoint(  # without fmt=json the answer is CSV
        dataset="corporate_actions",
        request=get("/api/div/{symbol}", _DAYS),
        row=_dividend,
        format=Format.ANY,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/api/splits/{symbol}", _DAYS),
        row=_split,
        format=Format.ANY,
        besides=True,
    ),
    _of_exchange("dividends", _dividend),
    _of_exchange("splits", _split),
    Endpoint(
        dataset="corporate_actions",
        request=get("/api/calendar/splits", _DAYS),
        row=_calendar_split,
        items=listed("splits"),
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/api/asx-corporate-actions", {"symbol": "{symbol}"}),
        row=_australian,
        items=listed("data"),
    ),
    _calendar("earnings_calendar", "earnings", earnings),
    _calendar("ipo_calendar", "ipos", _offering),
    Endpoint(
        dataset="symbols",
        request=get("/api/exchange-symbol-list/{exchange}", {"fmt": "json"}),
        row=_listing,
        format=Format.ANY,
    ),
    Endpoint(dataset="symbols", request=get("/api/search/{query}", {"fmt": "json"}), row=_listing),
    Endpoint(
        dataset="symbols",
        request=get("/api/id-mapping", {"filter[symbol]": "{symbol}", "fmt": "json"}),
        row=_identifiers,
        items=listed("data"),
    ),
    Endpoint(
        dataset="news",
        request=get("/api/news", {"s": "{symbol}", **_DAYS, "limit": "100", "offset": "0"}),
        row=_news,
        weight=5,
    ),
)
