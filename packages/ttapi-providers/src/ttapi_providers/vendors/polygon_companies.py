# SPDX-License-Identifier: Apache-2.0
"""What Polygon (Massive) knows of companies and economies: listings, actions, statements, calendars, news."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.reading import Row, Values, rows_of
from ttapi_providers.statements import items_of, period_of

_STATEMENTS: Final = {
    "income_statement": "income",
    "comprehensive_income": "income",
    "balance_sheet": "balance",
    "cash_flow_statement": "cash_flow",
}
_NEWER: Final = {
    "income-statements": "income",
    "balance-sheets": "balance",
    "cash-flow-statements": "cash_flow",
}
_FRAMES: Final = {"quarterly": "quarter", "annual": "annual", "trailing_twelve_months": "ttm"}
_ABOUT: Final = frozenset(
    {
        *("cik", "ticker", "tickers", "date", "period_end", "filing_date", "fiscal_year", "fiscal_quarter"),
        *("timeframe", "price"),
    }
)
_ACCESSION: Final = re.compile(r"\d{10}-\d{2}-\d{6}")
_TENOR: Final = re.compile(r"yield_(\d+)_(month|year)")
_CURRENCY_LENGTH: Final = 3


def instrument(row: Row, _asked: Asked) -> Values:
    """Read what an instrument is."""
    kind, market = row.text("type"), row.text("market")
    return {
        "vendor_symbol": row.text("ticker"),
        "description": row.text("name"),
        "instrument_type": kind or market,
        "is_etf": kind in {"ETF", "ETN", "ETV", "ETS"} if kind else None,
        "is_index": market == "indices" if market else None,
        "active": row.flag("active"),
        "listed_market": row.text("primary_exchange"),
        "currency": (row.text("currency_symbol", "currency_name") or "").upper() or None,
        "figi": row.text("composite_figi"),
        "cik": row.text("cik"),
    }


def profile(row: Row, _asked: Asked) -> Values:
    """Read what a company is."""
    return {
        "vendor_symbol": row.text("ticker"),
        "name": row.text("name"),
        "exchange": row.text("primary_exchange"),
        "currency": (row.text("currency_name") or "").upper() or None,
        "industry": row.text("sic_description"),
        "sic": row.text("sic_code"),
        "cik": row.text("cik"),
        "figi": row.text("composite_figi"),
        "website": row.text("homepage_url"),
        "description": row.text("description"),
        "employees": row.integer("total_employees"),
        "listed_date": row.day("list_date"),
        "market_cap": row.number("market_cap"),
        "shares_outstanding": row.number("weighted_shares_outstanding", "share_class_shares_outstanding"),
        "address": row.text("address.address1"),
        "city": row.text("address.city"),
        "state": row.text("address.state"),
        "phone": row.text("phone_number"),
        "active": row.flag("active"),
    }


def dividend(row: Row, _asked: Asked) -> Values:
    """Read a dividend."""
    return {
        "vendor_symbol": row.text("ticker"),
        "ex_date": row.day("ex_dividend_date", "exDate"),
        "action": "dividend",
        "kind": row.text("dividend_type", "distribution_type"),
        "amount": row.number("cash_amount", "amount"),
        "adjusted_amount": row.number("split_adjusted_cash_amount"),
        "currency": row.text("currency"),
        "declared_date": row.day("declaration_date", "declaredDate"),
        "record_date": row.day("record_date", "recordDate"),
        "payment_date": row.day("pay_date", "paymentDate"),
        "frequency": row.text("frequency"),
    }


def split(row: Row, _asked: Asked) -> Values:
    """Read a split."""
    return {
        "vendor_symbol": row.text("ticker"),
        "ex_date": row.day("execution_date"),
        "action": "split",
        "kind": row.text("adjustment_type"),
        "split_from": row.number("split_from"),
        "split_to": row.number("split_to"),
    }


def filed(row: Row, asked: Asked) -> list[Values]:
    """Read the statements of a filing: a row an item, with its unit."""
    names = row.raw("tickers") or []
    is_unlisted = not asked.names and not names
    name = asked.name or (str(names[0]) if names else row.text("cik"))
    source = _ACCESSION.search(row.text("source_filing_url") or "")
    about: Values = {
        "vendor_symbol": name,
        "symbol": name if is_unlisted else None,
        "period_type": period_of(row.text("fiscal_period")),
        "period_start": row.day("start_date"),
        "period_end": row.day("end_date"),
        "fiscal_year": row.integer("fiscal_year"),
        "fiscal_period": row.text("fiscal_period"),
        "filed_date": row.day("filing_date"),
        "source_id": source[0] if source else None,
    }
    return [
        about
        | {
            "statement": _STATEMENTS[statement.name],
            "item": item.name,
            "value": item.number("value"),
            "unit": (item.text("unit") or "").replace(" ", "") or None,
            "currency": _currency(item.text("unit")),
        }
        for statement in row.rows("financials")
        if statement.name in _STATEMENTS
        for item in rows_of(statement.value, statement.name)
        if item.number("value") is not None
    ]


def _currency(unit: str | None) -> str | None:
    """Return the currency of a unit such as ``USD / shares``; shares alone have none."""
    first = (unit or "").partition("/")[0].strip()
    return first if len(first) == _CURRENCY_LENGTH and first.isupper() else None


def statement(row: Row, asked: Asked) -> Iterable[Values]:
    """Read a statement of the newer interface: a row an item."""
    names = row.raw("tickers") or []
    frame, quarter = row.text("timeframe") or "", row.integer("fiscal_quarter")
    about: Values = {
        "vendor_symbol": asked.name or row.text("ticker") or (str(names[0]) if names else None),
        "statement": _NEWER.get(asked.path.rstrip("/").rpartition("/")[2], "ratios"),
        "period_type": _FRAMES.get(frame, "instant" if row.has("date") else None),
        "period_end": row.day("period_end", "date"),
        "fiscal_year": row.integer("fiscal_year"),
        "fiscal_period": f"Q{quarter}" if quarter and frame == "quarterly" else None,
        "filed_date": row.day("filing_date"),
    }
    return items_of(row.value, about, unit=_unit, without=_ABOUT)


def _unit(name: str) -> str | None:
    return "shares" if name.endswith("shares_outstanding") else None


def short_interest(row: Row, _asked: Asked) -> Values:
    """Read the shares sold short on a settlement day."""
    return {
        "vendor_symbol": row.text("ticker"),
        "settlement_date": row.day("settlement_date"),
        "short_interest": row.number("short_interest"),
        "average_daily_volume": row.number("avg_daily_volume"),
        "days_to_cover": row.number("days_to_cover"),
    }


def short_volume(row: Row, _asked: Asked) -> Values:
    """Read the volume that was sold short on a day."""
    return {
        "vendor_symbol": row.text("ticker"),
        "period_start": row.day("date"),
        "period": "day",
        "kind": "short_sale",
        "shares": row.number("total_volume"),
        "short_shares": row.number("short_volume"),
        "short_exempt_shares": row.number("exempt_volume"),
    }


def offering(row: Row, _asked: Asked) -> Values:
    """Read a public offering."""
    if row.text("issuer_name") is None:
        raise Skip("no issuer")
    return {
        "issuer": row.text("issuer_name"),
        "symbol": row.text("ticker"),
        "vendor_symbol": row.text("ticker"),
        "date": row.day("listing_date", "announced_date"),
        "status": row.text("ipo_status"),
        "exchange": row.text("primary_exchange"),
        "price": row.number("final_issue_price"),
        "price_low": row.number("lowest_offer_price"),
        "price_high": row.number("highest_offer_price"),
        "shares": row.number("max_shares_offered"),
        "amount": row.number("total_offer_size"),
        "currency": row.text("currency_code"),
    }


def report(row: Row, _asked: Asked) -> Values:
    """Read a report of earnings."""
    period = row.text("fiscal_period") or ""
    return {
        "vendor_symbol": row.text("ticker"),
        "report_date": row.day("date"),
        "fiscal_year": row.integer("fiscal_year"),
        "fiscal_quarter": int(period[1:]) if period[:1] == "Q" and period[1:].isdigit() else None,
        "eps_estimate": row.number("estimated_eps"),
        "eps_actual": row.number("actual_eps"),
        "revenue_estimate": row.number("estimated_revenue"),
        "revenue_actual": row.number("actual_revenue"),
        "name": row.text("company_name"),
        "currency": row.text("currency"),
    }


def news(row: Row, asked: Asked) -> Values:
    """Read a piece of news."""
    names = [str(name) for name in row.raw("tickers") or []]
    first = asked.name or (names[0] if names else None)
    return {
        "symbol": None if first else "MARKET",
        "vendor_symbol": first,
        "published_at": row.time("published_utc", "published", zone="UTC"),
        "news_id": row.text("id", "benzinga_id"),
        "title": row.text("title"),
        "summary": row.text("description", "teaser"),
        "url": row.text("article_url", "url"),
        "source": row.text("publisher.name") or ("Benzinga" if row.has("benzinga_id") else None),
        "author": row.text("author"),
        "symbols": ",".join(names) or None,
    }


def yields(row: Row, _asked: Asked) -> list[Values]:
    """Read the yields of a day: a row a tenor."""
    day, made = row.day("date"), list[Values]()
    for name in row.value:
        found = _TENOR.fullmatch(name)
        if found is not None and row.number(name) is not None:
            many, unit = int(found[1]), found[2]
            made.append(
                {
                    "curve": "UST_PAR",
                    "date": day,
                    "tenor": f"{many}{unit[0].upper()}",
                    "months": float(many * (12 if unit == "year" else 1)),
                    "rate_percent": row.number(name),
                    "kind": "par",
                    "currency": "USD",
                }
            )
    return made


ECONOMY: Final[Mapping[str, frozenset[str]]] = {
    "inflation": frozenset(
        {"cpi", "cpi_core", "cpi_year_over_year", "pce", "pce_core", "pce_spending"},
    ),
    "inflation-expectations": frozenset(
        {
            *("market_5_year", "market_10_year", "forward_years_5_to_10"),
            *("model_1_year", "model_5_year", "model_10_year", "model_30_year"),
        }
    ),
    "labor-market": frozenset(
        {
            *("unemployment_rate", "labor_force_participation_rate"),
            *("avg_hourly_earnings", "job_openings"),
        }
    ),
}
"""The series of each list of the Federal Reserve's numbers."""


def economy(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the observations of several series that stand side by side, or of those that are asked for."""
    return [
        Row({"date": line["date"], "series": name, "value": value})
        for line in place(body, "results?") or []
        for name, value in line.items()
        if name != "date" and (not asked.names or name in asked.names)
    ]


def observation(row: Row, _asked: Asked) -> Values:
    """Read an observation of a series that has its name from its column."""
    name = row.text("series")
    return {"series": name, "vendor_symbol": name, "date": row.day("date"), "value": row.number("value")}
