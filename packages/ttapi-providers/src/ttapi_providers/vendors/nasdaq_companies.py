# SPDX-License-Identifier: Apache-2.0
"""Nasdaq's site: calendars, dividends, statements, profiles, short interest, filings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, RowReader, Skip
from ttapi_providers.items import Finder, one, place
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker

US_DAY: Final = "%m/%d/%Y"
_AS_OF: Final = "%a, %b %d, %Y"
_NO_DAY: Final = "1/01/0001"
_RATIO: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*[:/]\s*(\d+(?:\.\d+)?)\s*")
_PERCENT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_SESSIONS: Final = {"time-pre-market": "before_open", "time-after-hours": "after_close"}
_ACCESSION: Final = re.compile(r"(\d{10})-?(\d{2})-?(\d{6})(?!\d)")
_FILING: Final = re.compile(r"[?&](?:FilingID|ref)=(\w+)", re.IGNORECASE)
_DAYS: Final = {"date": "{since}"}


def money(row: Row, *fields: str) -> float | None:
    """Return an amount such as ``$1,234.50`` or ``($12)``, which is negative."""
    for field in fields:
        value = row.raw(field)
        if isinstance(value, str):
            text = value.replace("$", "").replace(" ", "").strip()
            value = f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text
        number = Row({field: value}).number(field)
        if number is not None:
            return number
    return None


def us_day(row: Row, *fields: str) -> date | None:
    """Return a day such as ``7/04/2024``; the first day of all stands for none."""
    for field in fields:
        text = row.text(field)
        if text is not None and text != _NO_DAY:
            return row.day(field) if "-" in text else row.day(field, form=US_DAY)
    return None


def table(path: str, *more: str) -> Finder:
    """Find the rows of a table of the site, each with ``as_of`` of its calendar; no table is no rows."""

    def find(body: Any, asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
        for place_of in (path, *more):
            where = place(body, f"data.{place_of}?")
            for record in (where or {}).get("rows") or ():
                yield Row({"as_of": where.get("asOf"), "asked": asked.query.get("date"), **record}, place_of)

    return find


_CLASSES: Final = ("stocks", "etf", "index")


def is_unknown(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether an answer says that there is no such symbol in the class that was asked for."""
    told = Row(body).row("status").rows("bCodeMessage") if isinstance(body, dict) else []
    return any("not exist" in str(part.raw("errorMessage")).lower() for part in told)


def next_class(body: Any, asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """
    Say what asks for the same symbol in the next class, where there is none in this one.

    A ticker does not tell what it is, and the site wants to know: stocks are tried first.
    """
    name = next((name for name in ("assetclass", "assetClass") if name in asked.query), "")
    asked_class = asked.query.get(name)
    if not is_unknown(body) or asked_class not in _CLASSES[:-1]:
        return None
    return {name: _CLASSES[_CLASSES.index(asked_class) + 1]}


def _dividend(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "ex_date": us_day(row, "dividend_Ex_Date"),
        "action": "dividend",
        "amount": money(row, "dividend_Rate"),
        "declared_date": us_day(row, "announcement_Date"),
        "record_date": us_day(row, "record_Date"),
        "payment_date": us_day(row, "payment_Date"),
    }


def _split(row: Row, _asked: Asked) -> Values:
    """Read a split: ``4 : 1`` is four for one; ``5.000%`` is a dividend of shares."""
    ratio = row.text("ratio") or ""
    found, percent = _RATIO.fullmatch(ratio), _PERCENT.fullmatch(ratio)
    if found is not None:
        after, before = float(found[1]), float(found[2])
    elif percent is not None:
        after, before = 100.0 + float(percent[1]), 100.0
    else:
        raise DataError(f"{ratio[:20]!r} is no ratio", column="ratio")
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "ex_date": us_day(row, "executionDate", "exDate"),
        "action": "split",
        "kind": "stock" if percent else None,
        "split_from": before,
        "split_to": after,
        "declared_date": us_day(row, "announcedDate"),
        "payment_date": us_day(row, "payableDate"),
    }


def _own_dividend(row: Row, _asked: Asked) -> Values:
    return {
        "ex_date": us_day(row, "exOrEffDate"),
        "action": "dividend",
        "kind": row.text("type"),
        "amount": money(row, "amount"),
        "currency": row.text("currency"),
        "declared_date": us_day(row, "declarationDate"),
        "record_date": us_day(row, "recordDate"),
        "payment_date": us_day(row, "paymentDate"),
    }


def _earnings(row: Row, _asked: Asked) -> Values:
    as_of = row.day("asked") or row.day("as_of", form=_AS_OF)
    quarter = row.text("fiscalQuarterEnding")
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "report_date": as_of,
        "session": _SESSIONS.get(row.text("time") or ""),
        "fiscal_period_end": _month_end(quarter, "%b/%Y"),
        "eps_estimate": money(row, "epsForecast"),
        "eps_actual": money(row, "eps"),
        "eps_surprise_percent": row.percent("surprise"),
        "name": row.text("name"),
        "currency": "USD",
    }


def _month_end(text: str | None, form: str) -> date | None:
    """Return the last day of a month."""
    first = Row([text]).day(0, form=form)
    if first is None:
        return None
    year, month = first.year + first.month // 12, first.month % 12 + 1
    return date.fromordinal(date(year, month, 1).toordinal() - 1)


def _surprise(row: Row, _asked: Asked) -> Values:
    return {
        "report_date": us_day(row, "dateReported"),
        "fiscal_period_end": _month_end(row.text("fiscalQtrEnd"), "%b %Y"),
        "eps_estimate": money(row, "consensusForecast"),
        "eps_actual": money(row, "eps"),
        "eps_surprise_percent": row.percent("percentageSurprise"),
    }


_STATUS: Final = {"upcoming": "expected"}


def _offering(row: Row, _asked: Asked) -> Values:
    issuer = row.text("companyName")
    if issuer is None:
        raise DataError("the offering names no issuer", column="issuer")
    prices = [Row([part]).number(0) for part in (row.text("proposedSharePrice") or "").split("-")]
    status = row.name.partition(".")[0]
    low, high = (prices[0], prices[-1]) if len(prices) > 1 else (None, None)
    return {
        "issuer": issuer,
        "symbol": row.text("proposedTickerSymbol"),
        "vendor_symbol": row.text("proposedTickerSymbol"),
        "date": us_day(row, "pricedDate", "expectedPriceDate", "filedDate", "withdrawDate"),
        "status": _STATUS.get(status, status),
        "exchange": row.text("proposedExchange"),
        "price": prices[0] if len(prices) == 1 else None,
        "price_low": low,
        "price_high": high,
        "shares": money(row, "sharesOffered"),
        "amount": money(row, "dollarValueOfSharesOffered"),
        "currency": "USD",
    }


def _said(row: Row, name: str) -> str | None:
    """Return the value of a member that is written with its label."""
    return row.text(f"{name}.value")


def _profile(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": asked.name or _said(row, "Symbol"),
        "name": _said(row, "CompanyName"),
        "sector": _said(row, "Sector"),
        "industry": _said(row, "Industry"),
        "website": _said(row, "CompanyUrl"),
        "description": _said(row, "CompanyDescription"),
        "address": _said(row, "Address"),
        "phone": _said(row, "Phone"),
    }


def _summary(row: Row, asked: Asked) -> Values:
    told = row.row("summaryData")
    return {
        "vendor_symbol": asked.name or row.text("symbol"),
        "exchange": _said(told, "Exchange"),
        "sector": _said(told, "Sector"),
        "industry": _said(told, "Industry"),
        "market_cap": money(told, "MarketCap.value"),
    }


_TABLES: Final = {
    "incomeStatementTable": "income", "balanceSheetTable": "balance", "cashFlowTable": "cash_flow",
    "financialRatiosTable": "ratios",
}  # fmt: skip


def _statements(body: Any, asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """Find the lines of the four tables, each with the days that head its columns."""
    period = "quarter" if asked.query.get("frequency") == "2" else "annual"
    for name, kind in _TABLES.items():
        found = place(body, f"data.{name}?") or {}
        heads = found.get("headers") or {}
        for line in found.get("rows") or ():
            yield Row({"heads": heads, "line": line, "statement": kind, "period": period})


def _line(row: Row, _asked: Asked) -> Iterator[Values]:
    """Read a line of a table: amounts are thousands of dollars, ratios percent."""
    line, kind = row.row("line"), row.text("statement")
    is_ratio = kind == "ratios"
    found = False
    for column in ("value2", "value3", "value4", "value5"):
        end = us_day(row.row("heads"), column)
        value = line.percent(column) if is_ratio else money(line, column)
        if end is None or value is None:
            continue
        found = True
        yield {
            "statement": kind,
            "item": line.text("value1"),
            "value": value if is_ratio else value * 1000,
            "unit": "percent" if is_ratio else "USD",
            "period_type": row.text("period"),
            "period_end": end,
            "currency": "USD",
        }
    if not found:
        raise Skip("the line is a heading")


def _short_interest(row: Row, _asked: Asked) -> Values:
    return {
        "settlement_date": us_day(row, "settlementDate"),
        "short_interest": money(row, "interest"),
        "average_daily_volume": money(row, "avgDailyShareVolume"),
        "days_to_cover": money(row, "daysToCover"),
    }


def _filing(row: Row, _asked: Asked) -> Values:
    links = row.row("view")
    url = links.text("htmlLink", "docLink", "pdfLink", "xlsLink") or ""
    found, told = _ACCESSION.search(url), _FILING.search(url)
    identity = "-".join(found.groups()) if found else (told[1] if told else None)
    if identity is None:
        raise DataError("the address of the filing has no number", column="accession")
    return {
        "filed_date": us_day(row, "filed"),
        "accession": identity,
        "form": row.text("formType"),
        "company": row.text("companyName"),
        "report_date": us_day(row, "period"),
        "url": url,
    }


def _calendar(dataset: str, path: str, row: RowReader, items: Finder) -> Endpoint:
    return Endpoint(dataset=dataset, request=get(path, _DAYS), row=row, items=items, batch=0)


def _company(dataset: str, path: str, row: RowReader, items: Finder, **params: str) -> Endpoint:
    return Endpoint(dataset=dataset, request=get(path, params), row=row, items=items, next_page=next_class)


def _with_table(path: str) -> Callable[[Any], bool]:
    return lambda body: place(body, f"data.{path}?") is not None


ENDPOINTS: Final = (
    _company(
        "corporate_actions",
        "/api/quote/{symbol}/dividends",
        _own_dividend,
        table("dividends"),
        assetclass="stocks",
        limit="100",
    ),
    _calendar("corporate_actions", "/api/calendar/dividends", _dividend, table("calendar")),
    Endpoint(
        dataset="corporate_actions",
        request=get("/api/calendar/splits", _DAYS),
        row=_split,
        items=table("", "calendar"),
    ),
    _calendar("earnings_calendar", "/api/calendar/earnings", _earnings, table("")),
    _company(
        "earnings_calendar",
        "/api/company/{symbol}/earnings-surprise",
        _surprise,
        table("earningsSurpriseTable"),
    ),
    Endpoint(
        dataset="ipo_calendar",
        request=get("/api/ipo/calendar", {"date": lambda wanted: f"{wanted.since or wanted.today:%Y-%m}"}),
        row=_offering,
        items=table("priced", "upcoming.upcomingTable", "filed", "withdrawn"),
        batch=0,
    ),
    _company("company_profiles", "/api/company/{symbol}/company-profile", _profile, one("data")),
    _company("company_profiles", "/api/quote/{symbol}/summary", _summary, one("data"), assetclass="stocks"),
    _company("fundamentals", "/api/company/{symbol}/financials", _line, _statements, frequency="1"),
    _company(
        "short_interest",
        "/api/quote/{symbol}/short-interest",
        _short_interest,
        table("shortInterestTable"),
        assetClass="stocks",
    ),
    _company(
        "filings",
        "/api/company/{symbol}/sec-filings",
        _filing,
        table(""),
        limit="100",
        sortColumn="filed",
        sortOrder="desc",
    ),
)
