# SPDX-License-Identifier: Apache-2.0
"""Yahoo's calendars of reports, offerings and splits, and its news."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_providers.asking import Asked, RequestForm, Wanted, post
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors.yahoo_charts import has_error

_NEW_YORK: Final = ZoneInfo("America/New_York")
_TITLE: Final = re.compile(r"\bQ([1-4]) (\d{4})\b")
_SESSIONS: Final = {"AMC": "after_close", "BMO": "before_open"}
_BEGIN: Final = "startdatetime"
_PAGE: Final = 250


def calendar(kind: str, *fields: str) -> RequestForm:
    """Return how a calendar is asked for a span of days."""

    def body(wanted: Wanted) -> object:
        since = wanted.since or wanted.today
        until = wanted.until or since
        span = [
            {"operator": "GTE", "operands": [_BEGIN, since.isoformat()]},
            {"operator": "LTE", "operands": [_BEGIN, until.isoformat()]},
        ]
        if kind == "sp_earnings":
            span.append({"operator": "EQ", "operands": ["region", "us"]})
        return {
            "entityIdType": kind,
            "includeFields": ["ticker", "companyshortname", _BEGIN, *fields],
            "sortField": _BEGIN,
            "sortType": "ASC",
            "size": _PAGE,
            "offset": 0,
            "query": {"operator": "AND", "operands": span},
        }

    return post("/v1/finance/visualization", body, params={"lang": "en-US", "region": "US"})


def calendar_of(*kinds: str) -> Callable[[Any], bool]:
    """Hold for calendars of a kind."""

    def holds(body: Any) -> bool:  # noqa: ANN401 - JSON
        if has_error(body):
            return True
        documents = place(body, "finance.result.0.documents")
        return any(str(document.get("entityIdType", "")).upper() in kinds for document in documents)

    return holds


def dated(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the lines of a calendar, by the names of its columns."""
    found = []
    for result in place(body, "finance.result") or []:
        for document in result.get("documents") or []:
            names = [column["id"] for column in document["columns"]]
            found += [Row(dict(zip(names, line, strict=True))) for line in document["rows"]]
    return found


def next_lines(body: Any, asked: Asked) -> Asked | None:  # noqa: ANN401 - JSON
    """Ask for the lines after those that came; a request without its body is not asked again."""
    if not isinstance(asked.body, dict):
        return None
    result = place(body, "finance.result.0")
    before = int(asked.posted("offset") or 0)
    came = before + sum(len(part["rows"]) for part in result.get("documents") or [])
    is_last = came >= int(result.get("total") or 0) or came == before
    return None if is_last else replace(asked, body={**asked.body, "offset": came})


def _new_york_day(row: Row, field: str) -> date | None:
    # Days are written as the midnight of New York in UTC.
    at = row.time(field)
    return at.astimezone(_NEW_YORK).date() if at else None


def report(row: Row, _asked: Asked) -> Values:
    """Read a report of earnings; the surprise counts where there is a result."""
    at, kind = row.time("startdatetime"), row.text("startdatetimetype") or ""
    title = _TITLE.search(row.text("eventname") or "")
    actual = row.number("epsactual")
    return {
        "vendor_symbol": row.text("ticker"),
        "report_date": _new_york_day(row, "startdatetime"),
        "reported_at": at if kind == "TAS" else None,
        "session": _SESSIONS.get(kind),
        "fiscal_year": int(title[2]) if title else None,
        "fiscal_quarter": int(title[1]) if title else None,
        "eps_estimate": row.number("epsestimate"),
        "eps_actual": actual,
        "eps_surprise_percent": row.number("epssurprisepct") if actual is not None else None,
        "name": row.text("companyshortname"),
    }


def offering(row: Row, _asked: Asked) -> Values:
    """Read a public offering."""
    issuer = row.text("companyshortname")
    if issuer is None:
        raise Skip("no issuer")
    status = row.text("dealtype")
    return {
        "issuer": issuer,
        "symbol": row.text("ticker"),
        "vendor_symbol": row.text("ticker"),
        "date": _new_york_day(row, "startdatetime") or _new_york_day(row, "filingdate"),
        "status": status.lower() if status else None,
        "exchange": row.text("exchange_short_name"),
        "price": row.number("offerprice"),
        "price_low": row.number("pricefrom"),
        "price_high": row.number("priceto"),
        "shares": row.number("shares"),
        "currency": row.text("currencyname"),
    }


def split(row: Row, _asked: Asked) -> Values:
    """Read a split of the calendar."""
    before, after = row.number("old_share_worth"), row.number("share_worth")
    if not before or not after or before == after:
        raise Skip(f"a ratio that is cut to whole numbers: {before} to {after}")
    return {
        "vendor_symbol": row.text("ticker"),
        "ex_date": _new_york_day(row, "startdatetime"),
        "action": "split",
        "split_from": before,
        "split_to": after,
    }


# --- news ------------------------------------------------------------------------------------------------


def stream(wanted: Wanted) -> object:
    """Return what is posted for the news of a symbol."""
    return {"serviceConfig": {"snippetCount": 50, "s": list(wanted.names)}}


def posted_symbols(asked: Asked) -> list[str]:
    """Return the symbols that news were asked of."""
    return [str(name) for name in asked.posted("serviceConfig", "s") or []]


def streamed(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the pieces of a news stream; advertisements among them are none."""
    return [Row(item) for item in place(body, "data.tickerStream.stream") or [] if not item.get("ad")]


def found_news(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the news that a search came upon."""
    return [Row(item) for item in place(body, "news") or []]


def news(row: Row, asked: Asked) -> Values:
    """Read a piece of news, of a stream or of a search."""
    inner = row.row("content") if row.raw("content") is not None else row
    names = list(_named(inner))
    at = inner.time("pubDate") or inner.epoch("providerPublishTime")
    return {
        "symbol": (asked.keys[0] if len(asked.keys) == 1 else None) or (names[0] if names else "MARKET"),
        "vendor_symbol": asked.name or None,
        "published_at": at,
        "news_id": row.text("id", "uuid") or inner.text("id"),
        "title": inner.text("title"),
        "summary": inner.text("summary"),
        "url": inner.text("canonicalUrl.url", "clickThroughUrl.url", "link"),
        "source": inner.text("provider.displayName", "publisher"),
        "symbols": ",".join(names) or None,
        "language": inner.text("canonicalUrl.lang"),
    }


def _named(row: Row) -> Iterator[str]:
    for item in row.raw("finance.stockTickers", "relatedTickers") or []:
        name = item.get("symbol") if isinstance(item, dict) else item
        if name:
            yield str(name)
