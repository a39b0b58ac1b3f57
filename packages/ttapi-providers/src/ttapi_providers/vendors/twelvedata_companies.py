# SPDX-License-Identifier: Apache-2.0
"""Twelve Data: statements, actions, calendars, profiles, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, RowReader
from ttapi_providers.items import Finder, listed, one
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker
from ttapi_providers.statements import items_of, period_of

_SYMBOL: Final = {"symbol": "{symbol}"}
_DEAR: Final = 8  # credits; some cost more than the smallest plan has in a minute, and are not in it
_DAYS: Final = {"start_date": "{since}", "end_date": "{until}"}
_SESSIONS: Final = {
    "pre market": "before_open", "before hours": "before_open", "after hours": "after_close",
    "time not supplied": None,
}  # fmt: skip
_META: Final = frozenset({"fiscal_date", "year", "quarter", "meta"})
_SHARES: Final = ("shares_number", "average_shares")
_ACCESSION: Final = re.compile(r"(\d{10})-?(\d{2})-?(\d{6})(?!\d)")


_US: Final = frozenset({"", "NASDAQ", "NYSE", "OTC", "CBOE", "AMEX", "NYSE ARCA", "BATS"})


def _listed(row: Row) -> str:
    """Name a listing: one outside the United States with its exchange, as it has to be asked for."""
    name, exchange = ticker(row, "symbol"), row.text("exchange") or ""
    return name if exchange.upper() in _US or "/" in name else f"{name}:{exchange}"


def _named(row: Row, asked: Asked) -> str | None:
    """Name what was asked for, else the listing that a record of a calendar is about."""
    if asked.name:
        return asked.name
    return _listed(row) if row.has("symbol") else row.text("meta.symbol")


def _statement(kind: str) -> RowReader:
    def read(row: Row, asked: Asked) -> Iterable[Values]:
        currency = row.text("meta.currency")
        quarter, year, end = row.integer("quarter"), row.integer("year"), row.day("fiscal_date")
        # No fiscal year ends before it begins to be counted; consolidated statements number theirs so.
        is_ahead = year is not None and end is not None and not quarter and year > end.year
        about: Values = {
            "vendor_symbol": _named(row, asked),
            "statement": kind,
            "period_type": period_of(row.text("meta.period") or asked.query.get("period")),
            "period_end": end,
            "fiscal_year": None if is_ahead else year,
            "fiscal_period": f"Q{quarter}" if quarter else None,
            "currency": currency,
        }

        def unit(name: str) -> str | None:
            last = name.rpartition(".")[2]
            if "shares_outstanding" in last or last.endswith(_SHARES) or last == "share_issued":
                return "shares"
            if "rate" in last.split("_"):
                return "ratio"
            if "eps" in last.split("_"):
                return f"{currency}/shares" if currency else None
            return currency

        return items_of(row.value, about, unit=unit, without=_META)

    return read


def _records(name: str) -> Finder:
    """Find the records under a name, each with the ``meta`` of the answer."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        meta = body.get("meta") or {}
        return [Row({**record, "meta": meta}) for record in body[name] or ()]

    return find


def _statistics(row: Row, asked: Asked) -> Iterator[Values]:
    """
    Read what is dated of the statistics: the items of the last twelve months and of the last quarter.

    What the market says of a company on the day of asking has no period and is left out.
    """
    told = row.row("statistics").row("financials")
    currency = row.text("meta.currency")
    end = told.day("most_recent_quarter")
    if end is None:
        raise DataError("the statistics name no quarter", column="period_end")
    for section in ("income_statement", "balance_sheet", "cash_flow"):
        for item in items_of(told.raw(section) or {}, {}, unit=lambda _name: None):
            name = str(item["item"])
            kind = "ttm" if name.endswith("_ttm") else "instant" if name.endswith("_mrq") else None
            if kind is not None:
                yield {
                    **item, "vendor_symbol": _named(row, asked), "statement": "ratios", "period_type": kind,
                    "period_end": end, "currency": currency,
                }  # fmt: skip


def _profile(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "name": row.text("name"),
        "exchange": row.text("exchange"),
        "country": row.text("country"),
        "sector": row.text("sector"),
        "industry": row.text("industry"),
        "website": row.text("website"),
        "description": row.text("description"),
        "employees": row.integer("employees"),
        "address": row.text("address"),
        "city": row.text("city"),
        "state": row.text("state"),
        "phone": row.text("phone"),
    }


def _fund(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "symbol"),
        "name": row.text("name"),
        "country": row.text("domicile", "country"),
        "currency": row.text("currency"),
        "description": row.text("overview"),
        "listed_date": row.day("share_class_inception_date"),
    }


def _dividend(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": _named(row, asked),
        "ex_date": row.day("ex_date", "payment_date"),
        "action": "dividend",
        "adjusted_amount": row.number("amount"),  # the vendor adjusts for later splits
        "currency": row.text("meta.currency"),
    }


def _split(row: Row, asked: Asked) -> Values:
    """Read a split; the vendor's factors are those of "4-for-1": ``from_factor`` shares for ``to_factor``."""
    return {
        "vendor_symbol": _named(row, asked),
        "ex_date": row.day("date"),
        "action": "split",
        "split_from": row.number("to_factor"),
        "split_to": row.number("from_factor"),
        "description": row.text("description"),
    }


def _earnings(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": _named(row, asked),
        "report_date": row.day("date"),
        "session": _SESSIONS.get((row.text("time") or "").lower()),
        "eps_estimate": row.number("eps_estimate"),
        "eps_actual": row.number("eps_actual"),
        "eps_surprise_percent": row.number("surprise_prc"),
        "name": row.text("name", "meta.name"),
        "currency": row.text("currency", "meta.currency"),
    }


def _by_day(path: str = "") -> Finder:
    """Find records that stand under their days."""

    def find(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
        days = body[path] if path else body
        for day, records in (days or {}).items():
            yield from (Row({**record, "date": day}) for record in records)

    return find


def _offering(row: Row, _asked: Asked) -> Values:
    issuer = row.text("name")
    if issuer is None:
        raise DataError("the offering names no issuer", column="issuer")
    return {
        "issuer": issuer,
        "symbol": _listed(row),
        "vendor_symbol": _listed(row),
        "date": row.day("date"),
        "exchange": row.text("exchange"),
        "price": row.number("offer_price") or None,
        "price_low": row.number("price_range_low") or None,
        "price_high": row.number("price_range_high") or None,
        "shares": row.number("shares") or None,
        "currency": row.text("currency"),
    }


def _listing(row: Row, _asked: Asked) -> Values:
    kind = row.text("type", "instrument_type")
    base, quote = row.text("currency_base"), row.text("currency_quote")
    return {
        "vendor_symbol": _listed(row),
        "description": row.text("name", "instrument_name")
        or (f"{base} / {quote}" if base and quote else None),
        "instrument_type": kind,
        "is_etf": kind == "ETF" if kind else None,
        "is_index": kind == "Index" if kind else None,
        "listed_market": row.text("mic_code", "exchange"),
        "currency": row.text("currency"),
        "country": row.text("country"),
        "isin": _shown(row, "isin"),
        "figi": _shown(row, "figi_code"),
    }


def _shown(row: Row, field: str) -> str | None:
    """Return an identifier, unless the plan hides it behind a note."""
    text = row.text(field)
    return None if text is None or " " in text or "_" in text else text


def _list(path: str, *, items: Finder = listed("data"), first: bool = False) -> Endpoint:  # noqa: B008 - frozen
    return Endpoint(
        dataset="symbols",
        request=get(f"/{path}", {"symbol": "{key}"} if first else {}),
        row=_listing,
        items=items,
        batch=1 if first else 0,
    )  # fmt: skip


def _filing(row: Row, asked: Asked) -> Values:
    url = row.text("filing_url") or ""
    found = _ACCESSION.search(url)
    if found is None:
        raise DataError("the address of the filing has no accession number", column="accession")
    filed = row.epoch("filed_at")
    return {
        "vendor_symbol": _named(row, asked),
        "filed_date": filed.date() if filed else None,
        "accession": "-".join(found.groups()),
        "form": row.text("form_type"),
        "cik": row.text("cik"),
        "url": url,
    }


def _of_calendar(name: str) -> Finder:
    return lambda body, asked: listed("" if isinstance(body, list) else name)(body, asked)


def _statements(kind: str, path: str) -> Iterator[Endpoint]:
    for end in ("", "/consolidated"):
        yield Endpoint(
            dataset="fundamentals",
            request=get(f"/{path}{end}", {**_SYMBOL, "period": "annual"}),
            row=_statement(kind),
            items=_records(path),
            weight=_DEAR,
        )


ENDPOINTS: Final = (
    *_statements("income", "income_statement"),
    *_statements("balance", "balance_sheet"),
    *_statements("cash_flow", "cash_flow"),
    Endpoint(
        dataset="fundamentals",
        request=get("/statistics", _SYMBOL),
        row=_statistics,
        items=one(),
        weight=_DEAR,
    ),
    Endpoint(
        dataset="company_profiles", request=get("/profile", _SYMBOL), row=_profile, items=one(), weight=_DEAR
    ),
    *(
        Endpoint(
            dataset="company_profiles",
            request=get(f"/{kind}/{path}".rstrip("/"), _SYMBOL),
            row=_fund,
            items=one(f"{member}.summary"),
            weight=_DEAR,
        )
        for kind, member in (("etfs/world", "etf"), ("mutual_funds/world", "mutual_fund"))
        for path in ("summary", "")
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/dividends", {**_SYMBOL, **_DAYS}),
        row=_dividend,
        items=_records("dividends"),
        weight=_DEAR,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/splits", {**_SYMBOL, **_DAYS}),
        row=_split,
        items=_records("splits"),
        besides=True,
        weight=_DEAR,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/dividends_calendar", _DAYS),
        row=_dividend,
        items=_of_calendar("dividends"),
        weight=_DEAR,
    ),
    Endpoint(
        dataset="corporate_actions",
        request=get("/splits_calendar", _DAYS),
        row=_split,
        items=_of_calendar("splits"),
        weight=_DEAR,
    ),
    Endpoint(
        dataset="earnings_calendar",
        request=get("/earnings_calendar", _DAYS),
        row=_earnings,
        items=_by_day("earnings"),
        batch=0,
        weight=_DEAR,
    ),
    Endpoint(
        dataset="earnings_calendar",
        request=get("/earnings", {**_SYMBOL, **_DAYS}),
        row=_earnings,
        items=_records("earnings"),
        weight=_DEAR,
    ),
    Endpoint(
        dataset="ipo_calendar",
        request=get("/ipo_calendar", _DAYS),
        row=_offering,
        items=_by_day(),
        batch=0,
        weight=_DEAR,
    ),
    _list("symbol_search", first=True),
    *(
        _list(path)
        for path in ("stocks", "etf", "etfs", "indices", "forex_pairs", "cryptocurrencies", "commodities")
    ),
    *(
        _list(path, items=listed("result.list"))
        for path in ("funds", "bonds", "etfs/list", "mutual_funds/list")
    ),
    _list("cross_listings", items=listed("result.list")),
    Endpoint(
        dataset="filings",
        request=get("/edgar_filings/archive", _SYMBOL),
        row=_filing,
        items=_records("values"),
        weight=_DEAR,
    ),
)
