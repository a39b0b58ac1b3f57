# SPDX-License-Identifier: Apache-2.0
"""Financial Modeling Prep: statements, calendars, actions, profiles, lists, news, filings, rates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    DataError,
    NotEntitledError,
    RateLimitError,
    ResponseError,
    TTError,
)
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import RowReader, Skip, refused
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker
from ttapi_providers.statements import items_of, period_of

EASTERN: Final = "America/New_York"
_NO_ITEMS: Final = frozenset(
    {
        "date",
        "symbol",
        "reportedCurrency",
        "cik",
        "fillingDate",
        "filingDate",
        "acceptedDate",
        "calendarYear",
        "fiscalYear",
        "period",
        "link",
        "finalLink",
    }
)
_ACCESSION: Final = re.compile(r"(\d{10})-?(\d{2})-?(\d{6})(?!\d)")
_RANGE: Final = re.compile(r"\s*-\s*")
_SESSIONS: Final = {
    "bmo": "before_open", "amc": "after_close", "dmh": "during",
    "pre market": "before_open", "post market": "after_close",
}  # fmt: skip
_TENORS: Final = {f"month{n}": (f"{n}M", n) for n in (1, 2, 3, 6)} | {
    f"year{n}": (f"{n}Y", 12 * n) for n in (1, 2, 3, 5, 7, 10, 20, 30)
}


def _unit(name: str, *, currency: str | None, default: str | None) -> str | None:
    lower = name.lower()
    if lower.startswith("eps") or "pershare" in lower:
        return f"{currency}/shares" if currency else None
    if "weightedaverageshs" in lower:
        return "shares"
    if lower.endswith("ratio"):
        return "ratio"
    if lower.startswith("daysof") or lower.endswith("cycle"):
        return "days"
    return default


def statement(kind: str, *, amounts: bool = True) -> RowReader:
    """Return the reader of a statement; without ``amounts`` only what its name tells has a unit."""

    def read(row: Row, asked: Asked) -> Iterable[Values]:
        currency = row.text("reportedCurrency")
        is_trailing = "-ttm" in asked.path  # the last twelve months, which have no date
        word = "TTM" if is_trailing else row.text("period")
        about: Values = {
            **_named(row),
            "statement": kind,
            "period_type": period_of(word),
            "period_end": row.day("date"),
            "fiscal_year": row.integer("fiscalYear", "calendarYear"),
            "fiscal_period": word,
            "filed_date": row.day("filingDate", "fillingDate"),
            "currency": currency,
        }
        if about["period_end"] is None and not is_trailing:
            raise DataError("the statement has no date", column="period_end")
        default = currency if amounts else None
        record = row.raw("data") if isinstance(row.raw("data"), dict) else row.value
        if kind == "facts":  # among them numbers that only tell who files, written as texts
            record = {name: value for name, value in record.items() if not isinstance(value, str)}
        return items_of(
            record,
            about,
            without=_NO_ITEMS,
            unit=lambda name: _unit(name, currency=currency, default=default),
        )

    return read


def dividend(row: Row, _asked: Asked) -> Values:
    """Read a dividend; a record without an amount is none."""
    plain, adjusted = row.number("dividend"), row.number("adjDividend")
    if not plain and not adjusted:
        raise Skip("a dividend without an amount")
    return {
        **_named(row),
        "ex_date": row.day("date"),
        "action": "dividend",
        "amount": plain or None,
        "adjusted_amount": adjusted,
        "declared_date": row.day("declarationDate"),
        "record_date": row.day("recordDate"),
        "payment_date": row.day("paymentDate"),
        "frequency": row.text("frequency"),
    }


def split(row: Row, _asked: Asked) -> Values:
    """Read a split: the numerator is what there is of shares after it."""
    return {
        **_named(row),
        "ex_date": row.day("date"),
        "action": "split",
        "kind": row.text("splitType"),
        "split_from": row.number("denominator"),
        "split_to": row.number("numerator"),
    }


def _named(row: Row) -> Values:
    return {"vendor_symbol": ticker(row, "symbol")} if row.has("symbol") else {}


def earnings(row: Row, _asked: Asked) -> Values:
    """Read a report of earnings, past or to come."""
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "report_date": row.day("date"),
        "session": _SESSIONS.get((row.text("when", "time") or "").lower()),
        "fiscal_period_end": row.day("fiscalDateEnding"),
        "eps_estimate": row.number("epsEstimated", "estimatedEarning"),
        "eps_actual": row.number("epsActual", "eps", "actualEarningResult"),
        "revenue_estimate": row.number("revenueEstimated"),
        "revenue_actual": row.number("revenueActual", "revenue"),
    }


def offering(row: Row, _asked: Asked) -> Values:
    """Read a public offering; ``priceRange`` is a price, or two."""
    prices = [Row([part]).number(0) for part in _RANGE.split(row.text("priceRange") or "")]
    issuer = row.text("company")
    if issuer is None:
        raise DataError("the offering names no issuer", column="issuer")
    return {
        "issuer": issuer,
        "symbol": row.text("symbol"),
        "vendor_symbol": row.text("symbol"),
        "date": row.day("date"),
        "status": (row.text("actions") or "").lower() or None,
        "exchange": row.text("exchange"),
        "price": prices[0] if len(prices) == 1 else None,
        "price_low": prices[0] if len(prices) == 2 else None,
        "price_high": prices[1] if len(prices) == 2 else None,
        "shares": row.number("shares"),
    }


def profile(row: Row, _asked: Asked) -> Values:
    """Read a profile, of the present form or of version 3, whose members may stand one level down."""
    inner = row.row("profile") if row.has("profile") else row
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "name": inner.text("companyName", "registrantName"),
        "exchange": inner.text("exchangeShortName", "exchange"),
        "country": inner.text("country"),
        "currency": inner.text("currency", "priceCurrency"),
        "sector": inner.text("sector"),
        "industry": inner.text("industry"),
        "cik": inner.text("cik"),
        "isin": inner.text("isin"),
        "cusip": inner.text("cusip"),
        "website": inner.text("website"),
        "description": inner.text("description"),
        "employees": inner.integer("fullTimeEmployees", "employees"),
        "listed_date": inner.day("ipoDate"),
        "market_cap": inner.number("marketCap", "mktCap"),
        "address": inner.text("address", "businessAddress"),
        "city": inner.text("city"),
        "state": inner.text("state"),
        "phone": inner.text("phone", "phoneNumber"),
        "active": inner.flag("isActivelyTrading", "isActive"),
    }


def fund(row: Row, _asked: Asked) -> Values:
    """Read what an exchange-traded fund is."""
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "name": row.text("name"),
        "country": row.text("domicile"),
        "currency": row.text("navCurrency"),
        "isin": row.text("isin"),
        "cusip": row.text("securityCusip", "cusip"),
        "website": row.text("website"),
        "description": row.text("description"),
        "listed_date": row.day("inceptionDate"),
        "active": row.flag("isActivelyTrading"),
    }


def listing(row: Row, _asked: Asked) -> Values:
    """Read an entry of a list of instruments."""
    kind = row.text("type")
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "description": row.text("companyName", "name"),
        "instrument_type": kind,
        "is_etf": kind.lower() == "etf" if kind else row.flag("isEtf"),
        "active": False if row.has("delistedDate") else row.flag("isActivelyTrading"),
        "listed_market": row.text("exchangeShortName", "exchange", "stockExchange"),
        "currency": row.text("currency"),
        "isin": row.text("isin"),
        "cik": row.text("cik"),
    }


def news(row: Row, _asked: Asked) -> Values:
    """Read a piece of news; times without an offset are those of New York."""
    names = row.text("symbol", "tickers")
    first = (names or "").split(",")[0].rpartition(":")[2].strip()
    url = row.text("url", "link")
    title = row.text("title")
    return {
        "symbol": None if first else "MARKET",
        "vendor_symbol": first or None,
        "published_at": row.time("publishedDate", "date", zone=EASTERN),
        "news_id": url or title,
        "title": title,
        "summary": row.text("text"),
        "url": url,
        "source": row.text("publisher", "site"),
        "author": row.text("author"),
        "symbols": names,
    }


def filing(row: Row, _asked: Asked) -> Values:
    """Read a filing; its number stands in its address."""
    link = row.text("link", "finalLink") or ""
    found = _ACCESSION.search(link)
    if found is None:
        raise DataError("the address of the filing has no accession number", column="accession")
    accepted = row.time("acceptedDate", "date", zone=EASTERN)
    day: date | None = row.day("filingDate", "fillingDate", "date")
    return {
        "vendor_symbol": ticker(row, "symbol", "ticker"),
        "filed_date": day,
        "accession": "-".join(found.groups()),
        "form": row.text("formType", "type", "form_type"),
        "cik": row.text("cik"),
        "accepted_at": accepted,
        "title": row.text("title"),
        "url": link,
    }


def curve(row: Row, _asked: Asked) -> Iterator[Values]:
    """Read the par yields of US Treasuries of a day."""
    for field, (tenor, months) in _TENORS.items():
        rate = row.number(field)
        if rate is not None:
            yield {
                "curve": "UST_PAR",
                "kind": "par",
                "currency": "USD",
                "date": row.day("date"),
                "tenor": tenor,
                "months": months,
                "rate_percent": rate,
            }


def observation(row: Row, asked: Asked) -> Values:
    """Read an observation of an economic series."""
    return {
        "series": row.text("name") or asked.told("name"),
        "date": row.day("date"),
        "value": row.number("value"),
    }


_GROUPS: Final = (
    ("noncommercial", "noncomm"),
    ("commercial", "comm"),
    ("reportable", "totRept"),
    ("nonreportable", "nonrept"),
)


def commitments(row: Row, _asked: Asked) -> Iterator[Values]:
    """Read a report of commitments of traders; the vendor does not say whether options are counted."""
    for category, name in _GROUPS:
        capital = name[:1].upper() + name[1:]
        yield {
            "market": row.text("cftcContractMarketCode"),
            "report_date": row.day("date"),
            "report": "legacy",
            "category": category,
            "market_name": row.text("marketAndExchangeNames", "name"),
            "commodity": row.text("commodityName", "name"),
            "open_interest": row.number("openInterestAll"),
            "long": row.number(f"{name}PositionsLongAll"),
            "short": row.number(f"{name}PositionsShortAll"),
            "spreading": row.number(f"{name}PositionsSpreadAll"),
            "long_change": row.number(f"changeIn{capital}LongAll"),
            "short_change": row.number(f"changeIn{capital}ShortAll"),
            "long_percent": row.number(f"pctOfOi{capital}LongAll"),
            "short_percent": row.number(f"pctOfOi{capital}ShortAll"),
            "traders_long": row.number(f"traders{capital}LongAll"),
            "traders_short": row.number(f"traders{capital}ShortAll"),
        }


CODES: Final[Mapping[str, type[ResponseError]]] = MappingProxyType(
    {
        "limit reach": RateLimitError,
        "too many requests": RateLimitError,
        "bandwidth limit": RateLimitError,
        "invalid api key": AuthenticationError,
        "exclusive endpoint": NotEntitledError,
        "special endpoint": NotEntitledError,
        "legacy endpoint": NotEntitledError,
        "restricted endpoint": NotEntitledError,
        "premium": NotEntitledError,
        "subscription": NotEntitledError,
        "upgrade your plan": NotEntitledError,
    }
)


def told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    """Find the error in an answer that looks like none."""
    words = (body.get("Error Message") or body.get("error")) if isinstance(body, dict) else None
    return refused(words) if isinstance(words, str) else None
