# SPDX-License-Identifier: Apache-2.0
"""What Yahoo knows of companies: profiles, statements, estimates, short interest, filings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors.yahoo_charts import has_error
from ttapi_providers.vendors.yahoo_quotes import is_priced, plain, quote

_NEW_YORK: Final = ZoneInfo("America/New_York")
_PERIODS: Final = {"annual": "annual", "quarterly": "quarter", "trailing": "ttm", "monthly": "other"}
_STATEMENTS: Final = {20: "income", 23: "balance", 26: "cash_flow", 29: "income"}
_SHARE_COUNTS: Final = frozenset(
    {"OrdinarySharesNumber", "ShareIssued", "TreasurySharesNumber", "PreferredSharesNumber"}
)
_VALUATION: Final = re.compile(r"(Pe|Peg|Ps|Pb)Ratio|ForwardPeRatio|EnterprisesValue\w+Ratio")
_ACCESSION: Final = re.compile(r"\d{10}-\d{2}-\d{6}")


def summary(*modules: str) -> Callable[[Any], bool]:
    """Hold for summaries that have one of some modules."""

    def holds(body: Any) -> bool:  # noqa: ANN401 - JSON
        return has_error(body) or any(place(body, "quoteSummary.result.0").get(name) for name in modules)

    return holds


def summarised(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the one summary of an answer."""
    return [Row(plain(item)) for item in place(body, "quoteSummary.result") or []]


def profile(row: Row, _asked: Asked) -> Values:
    """Read what a company is."""
    about = row.row("assetProfile" if row.has("assetProfile.maxAge") else "summaryProfile")
    return {
        "name": row.text("price.longName", "quoteType.longName", "price.shortName", "quoteType.shortName")
        or about.text("name"),
        "exchange": row.text("price.exchangeName", "quoteType.exchange"),
        "country": about.text("country"),
        "currency": row.text("price.currency", "summaryDetail.currency"),
        "sector": about.text("sector"),
        "industry": about.text("industry"),
        "website": about.text("website"),
        "description": about.text("longBusinessSummary", "description"),
        "employees": about.integer("fullTimeEmployees"),
        "market_cap": row.number("price.marketCap", "summaryDetail.marketCap"),
        "shares_outstanding": row.number("defaultKeyStatistics.sharesOutstanding"),
        "address": about.text("address1"),
        "city": about.text("city"),
        "state": about.text("state"),
        "phone": about.text("phone"),
    }


def short_interest(row: Row, _asked: Asked) -> Values:
    """Read the shares sold short out of the key statistics."""
    told = row.row("defaultKeyStatistics")
    settled = told.epoch("dateShortInterest")
    if settled is None or told.number("sharesShort") is None:
        raise Skip("no short interest")
    return {
        "settlement_date": settled.date(),
        "short_interest": told.number("sharesShort"),
        "previous_short_interest": told.number("sharesShortPriorMonth"),
        "days_to_cover": told.number("shortRatio"),
    }


def has_short_interest(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Hold for summaries that tell the shares sold short."""
    return has_error(body) or bool(
        plain(place(body, "quoteSummary.result.0.defaultKeyStatistics.sharesShort?"))
    )


def has_price(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Hold for summaries with a price."""
    return has_error(body) or any(
        is_priced(_merged(row)) for row in summarised(body, Asked(method="", base="", path=""))
    )


def _merged(row: Row) -> Row:
    told = {**(row.raw("summaryDetail") or {})}
    told |= {name: value for name, value in (row.raw("price") or {}).items() if value is not None}
    return Row(told | {"quoteType": row.text("price.quoteType", "quoteType.quoteType")})


def summary_quote(row: Row, _asked: Asked) -> Values:
    """Read the quote in a summary."""
    return {**quote(_merged(row), _asked), "vendor_symbol": None}


def summary_filings(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the filings in a summary."""
    return [
        Row(item)
        for result in place(body, "quoteSummary.result") or []
        for item in place(result, "secFilings.filings?") or []
    ]


def filing(row: Row, _asked: Asked) -> Values:
    """Read a filing; its accession number stands in its address alone."""
    url = row.text("edgarUrl") or ""
    found = _ACCESSION.search(url)
    if found is None:
        raise Skip("no accession number")
    return {
        "filed_date": row.day("date"),
        "accession": found[0],
        "form": row.text("type"),
        "title": row.text("title"),
        "url": url,
    }


def report_days(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Hold for summaries with the one day of the next report; two are a guess at a span of days."""
    if has_error(body):
        return True
    days = place(body, "quoteSummary.result.0.calendarEvents.earnings.earningsDate?")
    return bool(days) and len({str(plain(day)) for day in days}) == 1


def next_report(row: Row, _asked: Asked) -> Values:
    """Read the next report of earnings."""
    told = row.row("calendarEvents.earnings")
    at = told.epoch("earningsDate.0")
    zone = row.text("quoteType.timeZoneFullName")
    return {
        "report_date": at.astimezone(ZoneInfo(zone) if zone else _NEW_YORK).date() if at else None,
        "eps_estimate": told.number("earningsAverage"),
        "revenue_estimate": told.number("revenueAverage"),
    }


# --- statements and estimates ----------------------------------------------------------------------------


def statements(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the statements, estimates and past results in a summary."""
    found = []
    for result in plain(place(body, "quoteSummary.result")) or []:
        for module, statement, inner in _MODULES:
            for name, period in ((module, "annual"), (f"{module}Quarterly", "quarter")):
                held = (result.get(name) or {}).get(inner) or []
                found += [Row(item | {"_statement": statement, "_period": period}, name) for item in held]
        for name, inner in (("earningsTrend", "trend"), ("earningsHistory", "history")):
            found += [Row(item, name) for item in (result.get(name) or {}).get(inner) or []]
    return found


_MODULES: Final = (
    ("incomeStatementHistory", "income", "incomeStatementHistory"),
    ("balanceSheetHistory", "balance", "balanceSheetStatements"),
    ("cashflowStatementHistory", "cash_flow", "cashflowStatements"),
)
STATEMENT_MODULES: Final = (
    *(name for module, _, _ in _MODULES for name in (module, f"{module}Quarterly")),
    "earningsTrend",
    "earningsHistory",
)


def statement(row: Row, _asked: Asked) -> list[Values]:
    """Read a statement, an estimate or a past result: a row an item."""
    if row.name == "earningsTrend":
        return _estimates(row)
    if row.name == "earningsHistory":
        return _results(row)
    end = _day(row, "endDate")
    # Since 2024 Yahoo tells a few items of an income statement here, and writes a zero for most others.
    is_emptied = row.text("_statement") == "income"
    return [
        {
            "statement": row.text("_statement"),
            "item": name,
            "value": row.number(name),
            "period_type": row.text("_period"),
            "period_end": end,
        }
        for name, value in row.value.items()
        if isinstance(value, int | float) and name not in {"maxAge", "endDate"}
        if value or not is_emptied
    ]


def _day(row: Row, field: str) -> date | None:
    if isinstance(row.raw(field), int):
        at = row.epoch(field)
        return at.date() if at else None
    return row.day(field)


def _estimates(row: Row) -> list[Values]:
    period, end = row.text("period") or "", _day(row, "endDate")
    if end is None or period[-1:] not in {"q", "y"}:
        raise Skip(f"no period that ends on a day: {period}")
    return [
        {
            "statement": "facts",
            "item": f"{group}.{name}",
            "value": number,
            "unit": _estimate_unit(group, name, currency),
            "period_type": "quarter" if period.endswith("q") else "annual",
            "period_end": end,
            "currency": currency,
        }
        for group in ("earningsEstimate", "revenueEstimate")
        for currency in [row.text(f"{group}.earningsCurrency", f"{group}.revenueCurrency")]
        for name in ("avg", "low", "high", "numberOfAnalysts")
        if (number := row.number(f"{group}.{name}")) is not None
    ]


def _estimate_unit(group: str, name: str, currency: str | None) -> str | None:
    if name == "numberOfAnalysts":
        return "analysts"
    return f"{currency}/shares" if currency and group == "earningsEstimate" else currency


def _results(row: Row) -> list[Values]:
    end = _day(row, "quarter")
    if end is None:
        raise Skip("no quarter")
    return [
        {
            "statement": "facts",
            "item": f"earningsHistory.{name}",
            "value": row.number(name),
            "period_type": "quarter",
            "period_end": end,
            "currency": row.text("currency"),
        }
        for name in ("epsActual", "epsEstimate")
        if row.number(name) is not None
    ]


def series(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the values of time series of statements; a series that Yahoo leaves empty has none."""
    found = []
    for result in place(body, "timeseries.result") or []:
        for name in result["meta"]["type"]:
            found += [Row(item, name) for item in result.get(name) or [] if item is not None]
    return found


def value(row: Row, _asked: Asked) -> Values:
    """Read one value of a series: its name begins with the kind of period."""
    prefix = next((word for word in _PERIODS if row.name.startswith(word)), "")
    if not prefix:
        raise Skip(f"no item of a statement: {row.name}")
    item, currency = row.name.removeprefix(prefix), row.text("currencyCode")
    return {
        "statement": _statement(item, row.integer("dataId") or 0),
        "item": item,
        "value": row.number("reportedValue.raw", "reportedValue.parsedValue"),
        "unit": _unit(item, currency),
        "period_type": _PERIODS[prefix],
        "period_end": row.day("asOfDate"),
        "currency": currency,
    }


def _statement(item: str, number: int) -> str:
    if item in _SHARE_COUNTS:
        return "balance"
    if _VALUATION.fullmatch(item):
        return "ratios"
    return _STATEMENTS.get(number // 1000, "facts")


def _unit(item: str, currency: str | None) -> str | None:
    if item in _SHARE_COUNTS or item.endswith("AverageShares"):
        return "shares"
    if item.endswith(("EPS", "PerShare")):
        return f"{currency}/shares" if currency else None
    return "ratio" if item.endswith(("Rate", "RateForCalcs", "Ratio")) else currency
