# SPDX-License-Identifier: Apache-2.0
"""Intrinio: statements, profiles, lists, actions, calendars, news, filings, economic series."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ttapi_core import DataError, NotFoundError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, RowReader, Skip
from ttapi_providers.items import Finder, listed, one, place
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker
from ttapi_providers.statements import period_of

_STATEMENTS: Final = {
    "income_statement": "income", "balance_sheet_statement": "balance", "cash_flow_statement": "cash_flow",
    "calculations": "ratios",
}  # fmt: skip
_UNITS: Final = {
    "usd": "USD",
    "usdpershare": "USD/shares",
    "shares": "shares",
    "percentage": "ratio",
    "multiple": "ratio",
}
_ACCESSION: Final = re.compile(r"(\d{10})-?(\d{2})-?(\d{6})(?!\d)")
_PAGE: Final = {"page_size": "1000"}
_DAYS: Final = {"start_date": "{since}", "end_date": "{until}"}


def following(body: Any, _asked: Asked) -> dict[str, str] | None:  # noqa: ANN401 - JSON
    """Say what asks for the next page."""
    token = body.get("next_page")
    return {"next_page": token} if token else None


def beside(path: str, *about: str) -> Finder:
    """Find the records of a list, each with the members that stand beside the list."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        rest = {name: body.get(name) for name in about}
        return [Row({**rest, **record}) for record in place(body, path) or ()]

    return find


def named(row: Row, asked: Asked) -> str | None:
    """Name the company or security of a record, as it was asked for where it was."""
    return asked.name or row.text("ticker", "company.ticker", "security.ticker", "security.composite_ticker")


def _item(row: Row, _asked: Asked) -> Values:
    about, tag = row.row("fundamental"), row.row("data_tag") if row.has("data_tag") else row.row("xbrl_tag")
    value = row.number("value")
    if value is None:
        raise Skip(f"{tag.text('tag')} has no value")
    period = about.text("fiscal_period")
    unit = tag.text("unit")
    code = about.text("statement_code") or ""
    return {
        "vendor_symbol": about.text("company.ticker"),
        "statement": _STATEMENTS.get(code, "facts"),
        "item": tag.text("tag"),
        "value": value,
        "unit": _UNITS.get((unit or "").lower(), unit),
        "period_type": period_of(period),
        "period_start": about.day("start_date"),
        "period_end": about.day("end_date"),
        "fiscal_year": about.integer("fiscal_year"),
        "fiscal_period": period,
        "filed_date": about.day("filing_date"),
        "source_id": about.text("id"),
        "currency": "USD" if (unit or "").lower().startswith("usd") else None,
    }


def _historical(row: Row, asked: Asked) -> Values:
    value = row.number("value")
    if value is None:
        raise Skip("a day without a value")
    return {
        "vendor_symbol": named(row, asked),
        "statement": "facts",
        "item": asked.variables["tag"],
        "value": value,
        "period_end": row.day("date"),
    }


def _profile(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": named(row, asked),
        "name": row.text("name", "legal_name"),
        "exchange": row.text("stock_exchange"),
        "country": row.text("hq_country"),
        "sector": row.text("sector"),
        "industry": row.text("industry_category", "industry_group"),
        "sic": row.text("sic"),
        "cik": row.text("cik"),
        "lei": row.text("lei"),
        "website": row.text("company_url"),
        "description": row.text("long_description", "short_description"),
        "employees": row.integer("employees"),
        "address": row.text("business_address", "hq_address1"),
        "city": row.text("hq_address_city", "hq_city"),
        "state": row.text("hq_state"),
        "phone": row.text("business_phone_no"),
    }


def _company(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "ticker"),
        "description": row.text("name"),
        "cik": row.text("cik"),
    }


def _security(row: Row, _asked: Asked) -> Values:
    code = row.text("code")
    return {
        "vendor_symbol": ticker(row, "ticker", "composite_ticker"),
        "description": row.text("name"),
        "instrument_type": code,
        "is_etf": row.flag("etf") if row.has("etf") else (code == "ETF" if code else None),
        "active": row.flag("active"),
        "listed_market": row.text("exchange_mic", "listing_exchange_mic", "exchange", "exchange_ticker"),
        "currency": row.text("currency"),
        "isin": row.text("isin"),
        "figi": row.text("composite_figi", "figi", "share_class_figi"),
    }


def _fund(row: Row, asked: Asked) -> Values:
    return {**_security(row, asked), "instrument_type": "ETF", "is_etf": True}


def _own_fund(row: Row, asked: Asked) -> Values:
    return {**_fund(row, asked), "vendor_symbol": asked.name}


def _fund_profile(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": asked.name,
        "name": row.text("name"),
        "exchange": row.text("exchange_mic"),
        "isin": row.text("isin"),
        "figi": row.text("share_class_figi"),
        "description": row.text("description"),
    }


def _index(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "description": row.text("name"),
        "is_index": True,
        "country": row.text("country"),
    }


def _pair(row: Row, _asked: Asked) -> Values:
    base, quote = row.text("base_currency"), row.text("quote_currency")
    return {
        "vendor_symbol": ticker(row, "code"),
        "symbol": f"{base}/{quote}" if base and quote else None,
        "instrument_type": "fx",
        "currency": quote,
    }


def actions(row: Row, asked: Asked) -> Iterator[Values]:
    """Read the dividend and the split of a day of trading or of an adjustment."""
    about: Values = {"vendor_symbol": named(row, asked), "ex_date": row.day("date", "ex_dividend")}
    amount, ratio = row.number("dividend", "ex_dividend_amount"), row.number("split_ratio")
    if amount:
        yield {**about, "action": "dividend", "amount": amount, "currency": row.text("dividend_currency")}
    if ratio and ratio != 1:
        yield {**about, "action": "split", "split_from": 1.0, "split_to": ratio}
    if not amount and (not ratio or ratio == 1):
        raise Skip("a day without a dividend or a split")


def _offering(row: Row, _asked: Asked) -> Values:
    issuer = row.text("company.name", "name", "issuer", "ticker")
    if issuer is None:
        raise DataError("the offering names no issuer", column="issuer")
    return {
        "issuer": issuer,
        "symbol": row.text("ticker"),
        "vendor_symbol": row.text("ticker"),
        "date": row.day("date"),
        "status": row.text("status"),
        "exchange": row.text("exchange"),
        "price": row.number("share_price"),
        "price_low": row.number("share_price_lowest"),
        "price_high": row.number("share_price_highest"),
        "shares": row.number("share_count"),
        "amount": row.number("offer_amount"),
        "currency": "USD",
    }


def _news(row: Row, asked: Asked) -> Values:
    name = named(row, asked)
    return {
        "symbol": None if name else "MARKET",
        "vendor_symbol": name,
        "published_at": row.time("publication_date", zone="UTC"),
        "news_id": row.text("id", "url"),
        "title": row.text("title"),
        "summary": row.text("summary"),
        "url": row.text("url"),
        "source": row.text("source"),
        "symbols": row.text("company.ticker"),
        "language": row.text("language"),
    }


def _filing(row: Row, asked: Asked) -> Values:
    url = row.text("filing_url", "report_url") or ""
    found = _ACCESSION.search(row.text("sec_unique_id") or "") or _ACCESSION.search(url)
    return {
        "vendor_symbol": named(row, asked),
        "filed_date": row.day("filing_date"),
        "accession": "-".join(found.groups()) if found else row.text("id"),
        "form": row.text("report_type"),
        "cik": row.text("company.cik"),
        "company": row.text("company.name"),
        "report_date": row.day("period_end_date"),
        "accepted_at": row.time("accepted_date", zone="UTC"),
        "url": url or None,
    }


def _surprise(row: Row, asked: Asked) -> Values:
    session = {"bto": "before_open", "amc": "after_close"}.get(
        (row.text("actual_reported_time") or "").lower()
    )
    quarter = row.text("fiscal_quarter") or ""
    return {
        "vendor_symbol": named(row, asked),
        "report_date": row.day("actual_reported_date"),
        "session": session,
        "fiscal_year": row.integer("fiscal_year"),
        "fiscal_quarter": int(quarter[-1]) if quarter[-1:].isdigit() else None,
        "eps_estimate": row.number("eps_mean_estimate"),
        "eps_actual": row.number("eps_actual"),
        "eps_surprise_percent": row.number("eps_percent_diff"),
        "name": row.text("company_name", "company.name"),
    }


def _observation(row: Row, asked: Asked) -> Values:
    index = row.row("index")
    return {
        "series": asked.name or index.text("symbol"),
        "date": row.day("date"),
        "value": row.number("value"),
        "unit": index.text("units"),
        "frequency": index.text("update_frequency"),
        "seasonal_adjustment": index.text("seasonal_adjustment"),
        "title": index.text("name"),
    }


def _list(
    dataset: str, path: str, row: RowReader, items: Finder, params: Mapping[str, str] | None = None
) -> Endpoint:
    return Endpoint(
        dataset=dataset,
        request=get(path, {**(params or {}), **_PAGE}),
        row=row,
        items=items,
        batch=1 if "{symbol}" in path else 0,
        next_page=following,
    )


ENDPOINTS: Final = (
    *(
        Endpoint(
            dataset="fundamentals",
            request=get(f"/fundamentals/{{statement}}/{kind}_financials", _PAGE),
            row=_item,
            items=beside(f"{kind}_financials", "fundamental"),
            next_page=following,
        )
        for kind in ("standardized", "reported")
    ),
    *(
        Endpoint(
            dataset="fundamentals",
            request=get(f"/{what}/{{symbol}}/historical_data/{{tag}}", {**_DAYS, **_PAGE}),
            row=_historical,
            items=beside("historical_data", "company", "security"),
            next_page=following,
            retired=True,  # read, not asked: which number is wanted is not known
        )
        for what in ("companies", "securities")
    ),
    Endpoint(
        dataset="fundamentals",
        request=get("/historical_data/{symbol}/{tag}", {**_DAYS, **_PAGE}),
        row=_historical,
        items=beside("historical_data", "entity"),
        next_page=following,
        retired=True,
    ),
    Endpoint(
        dataset="company_profiles", request=get("/companies/{symbol}"), row=_profile, items=one(),
        when=lambda asked: asked.variables["symbol"] not in {"news", "ipos", "search"},
    ),
    _list("symbols", "/securities", _security, listed("securities"), {"active": "true"}),
    _list("symbols", "/securities/search", _security, listed("securities")),
    Endpoint(
        dataset="symbols", request=get("/securities/{symbol}"), row=_security, items=one(),
        when=lambda asked: asked.variables["symbol"] != "search",
    ),
    _list("symbols", "/companies", _company, listed("companies")),
    _list("symbols", "/companies/search", _company, listed("companies")),
    _list("symbols", "/etfs", _fund, listed("etfs")),
    _list("symbols", "/etfs/search", _fund, listed("etfs")),
    *(
        Endpoint(
            dataset=dataset,
            request=get("/etfs/{symbol}"),
            row=row,
            items=one(),
            when=lambda asked: asked.variables["symbol"] != "search",
        )
        for dataset, row in (("symbols", _own_fund), ("company_profiles", _fund_profile))
    ),
    _list("symbols", "/indices/stock_market", _index, listed("indices")),
    *(
        Endpoint(
            dataset="symbols",
            request=get(path, _PAGE),
            row=_security,
            items=listed("securities"),
            next_page=following,
            retired=True,  # read, not asked: of one exchange, of one company
        )
        for path in ("/stock_exchanges/{exchange}/securities", "/companies/{company}/securities")
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/stock_exchanges/{exchange}/prices/adjustments", _PAGE),
        row=actions,
        items=listed("stock_price_adjustments"),
        next_page=following,
        retired=True,
    ),
    _list("symbols", "/forex/pairs", _pair, listed("pairs")),
    Endpoint(
        dataset="corporate_actions",
        request=get("/securities/{symbol}/prices/adjustments", {**_DAYS, **_PAGE}),
        row=actions,
        items=beside("stock_price_adjustments", "security"),
        next_page=following,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/securities/{symbol}/dividends", _PAGE),
        row=actions,
        items=beside("dividends", "security"),
        next_page=following,
    ),
    _list("ipo_calendar", "/companies/ipos", _offering, listed("initial_public_offerings"), _DAYS),
    _list("earnings_calendar", "/zacks/eps_surprises", _surprise, listed("eps_surprises"), _DAYS),
    _list("news", "/companies/{symbol}/news", _news, beside("news", "company"), _DAYS),
    _list("news", "/companies/news", _news, listed("news")),
    _list(
        "filings", "/companies/{symbol}/filings", _filing, beside("filings", "company"), _DAYS
    ),
    _list("filings", "/filings", _filing, listed("filings")),
    Endpoint(
        dataset="economic_series",
        request=get("/indices/economic/{symbol}/historical_data/level", {**_DAYS, **_PAGE}),
        row=_observation,
        items=beside("historical_data", "index"),
        next_page=following,
    ),
)  # fmt: skip
CODES: Final = {"not found": NotFoundError, "cannot be found": NotFoundError}
