# SPDX-License-Identifier: Apache-2.0
"""What Finnhub knows of companies (profiles in millions, statements, calendars, news) and of economies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.reading import Row, Values, rows_of
from ttapi_providers.statements import items_of

MILLION: Final = 1e6
_STATEMENTS: Final = {"bs": "balance", "ic": "income", "cf": "cash_flow"}
_FREQUENCIES: Final = {"annual": "annual", "quarterly": "quarter", "ttm": "ttm"}
_SESSIONS: Final = {"bmo": "before_open", "amc": "after_close", "dmh": "during"}
_TENOR: Final = re.compile(r"(\d+)([my])")
_NOT_IN_MILLIONS: Final = re.compile(r"EPS|PerShare|eps|[Rr]atio|[Mm]argin")
_RANGE: Final = re.compile(r"\s*([\d.]+)\s*-\s*([\d.]+)\s*")


def instrument(row: Row, _asked: Asked) -> Values:
    """Read what an instrument is."""
    kind, name = row.text("type"), row.text("symbol")
    return {
        "vendor_symbol": name,
        "description": row.text("description"),
        "instrument_type": kind,
        "is_etf": kind in {"ETP", "ETF"} if kind else None,
        "listed_market": row.text("mic") or (name.partition(":")[0] if name and ":" in name else None),
        "currency": row.text("currency"),
        "isin": row.text("isin"),
        "figi": row.text("figi"),
    }


def profile(row: Row, _asked: Asked) -> Values:
    """Read what a company is; its value and its shares are counted in millions."""
    return {
        "vendor_symbol": row.text("ticker"),
        "name": row.text("name"),
        "exchange": row.text("exchange"),
        "country": row.text("country"),
        "currency": row.text("currency"),
        "sector": row.text("gsector"),
        "industry": row.text("finnhubIndustry", "gind"),
        "isin": row.text("isin"),
        "cusip": row.text("cusip"),
        "website": row.text("weburl"),
        "description": row.text("description"),
        "employees": row.integer("employeeTotal"),
        "listed_date": row.day("ipo"),
        "market_cap": row.number("marketCapitalization", scale=MILLION),
        "shares_outstanding": row.number("shareOutstanding", scale=MILLION),
        "address": row.text("address"),
        "city": row.text("city"),
        "state": row.text("state"),
        "phone": row.text("phone"),
    }


def fund(row: Row, _asked: Asked) -> Values:
    """Read what a fund is."""
    return {
        "name": row.text("name"),
        "currency": row.text("navCurrency"),
        "industry": row.text("investmentSegment"),
        "isin": row.text("isin"),
        "cusip": row.text("cusip"),
        "website": row.text("website"),
        "description": row.text("description"),
        "listed_date": row.day("inceptionDate"),
    }


def measures(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the values of ratios over time."""
    return [
        Row(point | {"item": item.name, "frequency": frequency.name})
        for frequency in rows_of(place(body, "series?") or {}, "series")
        for item in rows_of(frequency.value or {}, frequency.name)
        for point in item.value or []
    ]


def measure(row: Row, _asked: Asked) -> Values:
    """Read a value of a ratio."""
    if row.number("v") is None:
        raise Skip("no value")
    return {
        "statement": "ratios",
        "item": row.text("item"),
        "value": row.number("v"),
        "period_type": _FREQUENCIES.get(row.text("frequency") or "", "other"),
        "period_end": row.day("period"),
    }


def standard_statement(row: Row, asked: Asked) -> Iterable[Values]:
    """Read a statement in Finnhub's own words: amounts in millions, a row an item."""
    about: Values = {
        "statement": _STATEMENTS.get(asked.told("statement"), "facts"),
        "period_type": _FREQUENCIES.get(asked.told("freq"), "other"),
        "period_end": row.day("period"),
        "fiscal_year": row.integer("year"),
    }
    for made in items_of(row.value, about, unit=_unit, without={"period", "year", "quarter"}):
        number = made["value"]
        is_whole = isinstance(number, float) and _NOT_IN_MILLIONS.search(str(made["item"])) is None
        yield {**made, "value": number * MILLION} if is_whole and isinstance(number, float) else made


def _unit(name: str) -> str | None:
    return "shares" if name.endswith("SharesOutstanding") else None


def filed_statement(row: Row, asked: Asked) -> list[Values]:
    """Read a statement as it was filed: a row an item, with its unit."""
    quarter = row.integer("quarter")
    about: Values = {
        "vendor_symbol": row.text("symbol") or asked.name or None,
        "period_type": "quarter" if quarter else "annual",
        "period_start": row.day("startDate"),
        "period_end": row.day("endDate"),
        "fiscal_year": row.integer("year"),
        "fiscal_period": f"Q{quarter}" if quarter else "FY",
        "filed_date": row.day("filedDate"),
        "form": row.text("form"),
        "source_id": row.text("accessNumber"),
    }
    return [
        about | {"statement": _STATEMENTS[kind.name], **item}
        for kind in row.rows("report")
        if kind.name in _STATEMENTS
        for item in _filed_items(kind)
    ]


def _filed_items(kind: Row) -> list[Values]:
    made = []
    for item in rows_of(kind.value or [], kind.name):
        concept, value, unit = item.name, item.value, None
        if isinstance(value, dict):  # the older form has the values alone, under their concepts
            concept, unit, value = item.text("concept") or "", item.text("unit"), value.get("value")
        if isinstance(value, int | float) and not isinstance(value, bool):
            made.append({"item": concept, "value": float(value), "unit": _written(unit)})
    return list[Values](made)


def _written(unit: str | None) -> str | None:
    """Return a unit as others write it: currencies in upper case."""
    if unit is None:
        return None
    parts = unit.split("/")
    return "/".join(part.upper() if len(part) == 3 else part for part in parts)


def past_earnings(row: Row, _asked: Asked) -> list[Values]:
    """Read what was earned and expected in a quarter; the day of the report is not told."""
    about: Values = {
        "vendor_symbol": row.text("symbol"),
        "statement": "facts",
        "period_type": "quarter",
        "period_end": row.day("period"),
        "fiscal_year": row.integer("year"),
    }
    named = {"actual": "epsActual", "estimate": "epsEstimate"}
    return [
        about | {"item": item, "value": row.number(field)}
        for field, item in named.items()
        if row.number(field) is not None
    ]


def estimates(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the estimates of a company, each with the length of its period."""
    frequency = _FREQUENCIES.get(str(body.get("freq")), "other")
    return [Row(item, frequency) for item in place(body, "data") or []]


def estimate(row: Row, _asked: Asked) -> Iterable[Values]:
    """Read the estimates for a period: a row an item."""
    quarter = row.integer("quarter")
    about: Values = {
        "statement": "facts",
        "period_type": row.name,
        "period_end": row.day("period"),
        "fiscal_year": row.integer("year"),
        "fiscal_period": f"Q{quarter}" if quarter and row.name == "quarter" else None,
    }
    return items_of(row.value, about, unit=_estimate_unit, without={"period", "year", "quarter"})


def _estimate_unit(name: str) -> str | None:
    return "analysts" if name == "numberAnalysts" else None


def short_interest(row: Row, _asked: Asked) -> Values:
    """Read the shares sold short on a settlement day."""
    return {"settlement_date": row.day("date"), "short_interest": row.number("shortInterest")}


def report(row: Row, _asked: Asked) -> Values:
    """Read a report of earnings."""
    return {
        "vendor_symbol": row.text("symbol"),
        "report_date": row.day("date"),
        "session": _SESSIONS.get((row.text("hour") or "").lower()),
        "fiscal_year": row.integer("year"),
        "fiscal_quarter": row.integer("quarter"),
        "eps_estimate": row.number("epsEstimate"),
        "eps_actual": row.number("epsActual"),
        "revenue_estimate": row.number("revenueEstimate"),
        "revenue_actual": row.number("revenueActual"),
    }


def offering(row: Row, _asked: Asked) -> Values:
    """Read a public offering; its price is a number or a range."""
    if row.text("name") is None:
        raise Skip("no issuer")
    price = row.text("price") or ""
    found = _RANGE.fullmatch(price)
    bounds = Row({"low": found[1], "high": found[2]} if found else {})
    return {
        "issuer": row.text("name"),
        "symbol": row.text("symbol"),
        "vendor_symbol": row.text("symbol"),
        "date": row.day("date"),
        "status": row.text("status"),
        "exchange": row.text("exchange"),
        "price": None if found else row.number("price"),
        "price_low": bounds.number("low"),
        "price_high": bounds.number("high"),
        "shares": row.number("numberOfShares"),
        "amount": row.number("totalSharesValue"),
    }


def dividend(row: Row, _asked: Asked) -> Values:
    """Read a dividend."""
    return {
        "vendor_symbol": row.text("symbol"),
        "ex_date": row.day("date", "exDate"),
        "action": "dividend",
        "amount": row.number("amount"),
        "adjusted_amount": row.number("adjustedAmount"),
        "currency": row.text("currency"),
        "declared_date": row.day("declarationDate"),
        "record_date": row.day("recordDate"),
        "payment_date": row.day("payDate"),
        "frequency": row.text("freq"),
    }


def split(row: Row, _asked: Asked) -> Values:
    """Read a split."""
    return {
        "vendor_symbol": row.text("symbol"),
        "ex_date": row.day("date"),
        "action": "split",
        "split_from": row.number("fromFactor"),
        "split_to": row.number("toFactor"),
    }


def filing(row: Row, asked: Asked) -> Values:
    """Read a filing; the zone of the time of its acceptance is not told."""
    return {
        "vendor_symbol": row.text("symbol") or asked.name or None,
        "filed_date": row.day("filedDate"),
        "accession": row.text("accessNumber"),
        "form": row.text("form"),
        "cik": row.text("cik"),
        "url": row.text("filingUrl", "reportUrl"),
    }


def news(row: Row, asked: Asked) -> Values:
    """Read a piece of news."""
    related = row.text("related")
    first = asked.name or (related.partition(",")[0] if related else None)
    return {
        "symbol": None if first else "MARKET",
        "vendor_symbol": first,
        "published_at": row.epoch("datetime"),
        "news_id": row.text("id"),
        "title": row.text("headline"),
        "summary": row.text("summary"),
        "url": row.text("url"),
        "source": row.text("source"),
        "symbols": related,
    }


# --- economies -------------------------------------------------------------------------------------------


def observation(row: Row, asked: Asked) -> Values:
    """Read an observation of a series."""
    return {"date": row.day("date", "period"), "value": row.number("value"), "vendor_symbol": asked.name}


def yields(row: Row, asked: Asked) -> Values:
    """Read a point of the curve of the US Treasury: one tenor a request."""
    found = _TENOR.fullmatch(asked.told("code").lower())
    if found is None:
        raise Skip(f"no tenor: {asked.told('code')}")
    many, unit = int(found[1]), found[2]
    return {
        "curve": "UST_PAR",
        "date": row.day("d"),
        "tenor": f"{many}{unit.upper()}",
        "months": float(many * (12 if unit == "y" else 1)),
        "rate_percent": row.number("v"),
        "kind": "par",
        "currency": "USD",
    }
