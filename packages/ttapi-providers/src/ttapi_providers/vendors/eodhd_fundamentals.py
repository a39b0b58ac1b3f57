# SPDX-License-Identifier: Apache-2.0
"""EODHD: profiles, statements and reports of a company or of an exchange, filings with their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, RowReader
from ttapi_providers.items import Finder, listed
from ttapi_providers.reading import Row, Values
from ttapi_providers.statements import items_of
from ttapi_providers.vendors.eodhd_companies import earnings

_STATEMENTS: Final = {"Income_Statement": "income", "Balance_Sheet": "balance", "Cash_Flow": "cash_flow"}
_PERIODS: Final = {"yearly": "annual", "quarterly": "quarter"}
_FORMS: Final = {"10k": "10-K", "10q": "10-Q", "8k": "8-K"}
_US: Final = frozenset(
    {"NYSE", "NASDAQ", "NYSE ARCA", "NYSE MKT", "BATS", "AMEX", "OTCQB", "OTCQX", "PINK", "US"}
)


def _group(exchange: str | None) -> str:
    return "US" if exchange is None or exchange.upper() in _US or exchange.startswith("OTC") else exchange


def _name_of(general: Row) -> str | None:
    code = general.text("Code")
    return general.text("PrimaryTicker") if code is None else f"{code}.{_group(general.text('Exchange'))}"


def _profile(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": asked.name or _name_of(row),
        "name": row.text("Name"),
        "exchange": row.text("Exchange"),
        "country": row.text("CountryName"),
        "currency": row.text("CurrencyCode"),
        "sector": row.text("Sector"),
        "industry": row.text("Industry"),
        "cik": row.text("CIK"),
        "isin": row.text("ISIN"),
        "cusip": row.text("CUSIP"),
        "figi": row.text("OpenFigi"),
        "lei": row.text("LEI"),
        "website": row.text("WebURL"),
        "description": row.text("Description"),
        "employees": row.integer("FullTimeEmployees"),
        "listed_date": row.day("IPODate"),
        "market_cap": row.number("MarketCapitalization"),
        "shares_outstanding": row.number("SharesOutstanding"),
        "address": row.text("Address"),
        "city": row.text("AddressData.City"),
        "state": row.text("AddressData.State"),
        "phone": row.text("Phone"),
        "active": None if row.flag("IsDelisted") is None else not row.flag("IsDelisted"),
    }


def _companies(body: Any) -> Iterable[Mapping[str, Any]]:  # noqa: ANN401 - JSON
    """Give what is told of each company: of one alone, or of several under numbers."""
    is_bulk = all(str(name).isdigit() for name in body)
    return list(body.values()) if is_bulk else [body]


def _general(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    for told in _companies(body):
        shares, highlights = told.get("SharesStats") or {}, told.get("Highlights") or {}
        yield Row({**shares, **highlights, **told.get("General", told)})


def _of(told: Mapping[str, Any]) -> Values:
    """Name the company of a part of what is told."""
    return {"company": _name_of(Row(told["General"]))} if isinstance(told.get("General"), dict) else {}


def _records(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the records of a statement and the kind of their periods: by their days, or by their number."""
    for name, told in statement.items():
        period = _PERIODS.get(name.partition("_")[0])
        if period is not None:
            found = told.values() if name in _PERIODS else [told]
            yield from ((period, record) for record in found or ())


def _statements(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    for company in _companies(body):
        told = company.get("Financials", company)
        for name, kind in _STATEMENTS.items():
            statement = told.get(name) or {}
            shared = {**_of(company), "statement": kind, "currency_symbol": statement.get("currency_symbol")}
            for period, record in _records(statement):
                yield Row({**shared, **record, "period_type": period})


def _items(row: Row, asked: Asked) -> Iterator[Values]:
    currency = row.text("currency_symbol")
    about: Values = {
        "vendor_symbol": asked.name or row.text("company"),
        "statement": row.text("statement"),
        "period_type": row.text("period_type"),
        "period_end": row.day("date"),
        "filed_date": row.day("filing_date"),
        "currency": currency,
    }
    skipped = {"company", "date", "filing_date", "currency_symbol", "statement", "period_type"}

    def unit(name: str) -> str | None:
        return "shares" if name == "commonStockSharesOutstanding" else currency

    return items_of(row.value, about, unit=unit, without=skipped)


def _reports(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
    for company in _companies(body):
        told = company["Earnings"]
        for report in (told.get("History") or told).values():
            yield Row({**_of(company), **report})


def _report(row: Row, asked: Asked) -> Values:
    return {**earnings(row, asked), "vendor_symbol": asked.name or row.text("company")}


def _has(*names: str) -> Callable[[Any], bool]:
    """Hold for answers whose first company has one of the parts."""

    def holds(body: Any) -> bool:  # noqa: ANN401 - JSON
        if not isinstance(body, dict):
            return False
        first = next(iter(_companies(body)), {})
        return isinstance(first, dict) and any(first.get(name) for name in names)

    return holds


def _has_reports(body: Any) -> bool:  # noqa: ANN401 - JSON
    if not _has("Earnings")(body):
        return False
    told = next(iter(_companies(body)))["Earnings"]
    return bool(told.get("History") or told.get("Last_0"))


def _form(asked: Asked) -> str:
    return _FORMS[asked.path.rstrip("/").rpartition("/")[2]]


def _filing(row: Row, asked: Asked) -> Values:
    return {
        "filed_date": row.day("filed_at"),
        "accession": row.text("accession_number"),
        "form": _form(asked),
        "report_date": row.day("period_of_report"),
        "items": ",".join(map(str, row.raw("items") or ())) or None,
    }


def _filed_items(row: Row, asked: Asked) -> Iterator[Values]:
    # The flows of a quarterly report may be of its quarter or of the year so far; it does not say which.
    about: Values = {
        "statement": "facts",
        "period_type": "annual" if _form(asked) == "10-K" else None,
        "period_end": row.day("fiscal_year_end", "fiscal_quarter_end", "period_of_report"),
        "filed_date": row.day("filed_at"),
        "form": _form(asked),
        "source_id": row.text("accession_number"),
    }
    skipped = {
        "accession_number", "filed_at", "period_of_report", "fiscal_year_end", "fiscal_quarter_end",
        "fiscal_quarter",
    }  # fmt: skip

    def unit(name: str) -> str | None:
        return "shares" if name == "shares_outstanding" or "avg_shares" in name else None

    return items_of(row.value, about, unit=unit, without=skipped)


def _following(body: Any, _asked: Asked) -> str | None:  # noqa: ANN401 - JSON
    return (body.get("links") or {}).get("next")


def _whole(dataset: str, row: RowReader, items: Finder, shape: Any) -> Iterator[Endpoint]:  # noqa: ANN401 - a predicate
    for path in ("/api/fundamentals/{symbol}", "/api/v1.1/fundamentals/{symbol}"):
        yield Endpoint(
            dataset=dataset, request=get(path, {"fmt": "json"}), row=row, items=items, shape=shape, weight=10
        )
    yield Endpoint(
        dataset=dataset,
        request=get("/api/bulk-fundamentals/{exchange}", {"fmt": "json"}),
        row=row,
        items=items,
        shape=shape,
        weight=10,
    )


def _reported(dataset: str, row: RowReader, *forms: str) -> Iterator[Endpoint]:
    for form in forms:
        yield Endpoint(
            dataset=dataset,
            request=get(f"/api/sec-filings/{{symbol}}/{form}"),
            row=row,
            items=listed("data"),
            retired=True,  # read, not asked: dear, and refused for each form that a company has not filed
            next_page=_following,
            weight=10,
        )


ENDPOINTS: Final = (
    *_whole("company_profiles", _profile, _general, _has("General", "Code")),
    *_whole("fundamentals", _items, _statements, _has("Financials", *_STATEMENTS)),
    *_whole("earnings_calendar", _report, _reports, _has_reports),
    *_reported("filings", _filing, *_FORMS),
    *_reported("fundamentals", _filed_items, "10k", "10q"),
)
