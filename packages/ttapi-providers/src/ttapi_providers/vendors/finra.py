# SPDX-License-Identifier: Apache-2.0
"""FINRA: weekly volume away from exchanges, short interest, and daily volume of short sales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ttapi_core import DataError, RateWindow
from ttapi_providers.asking import Asked, Wanted, get, post
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, RowReader
from ttapi_providers.naming import share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.spelling import ticker

_CDN: Final = "https://cdn.finra.org"
_GROUP: Final = "/data/group/otcMarket/name"
_SMALL: Final = "de minimis"
_PAGE: Final = 5000
_DAYS_MAX: Final = 999.99  # what is more, and what has no volume to be divided by, is written so


def _asked_for(asked: Asked, field: str) -> str | None:
    """Return what a field has to be equal to by the posted filters."""
    for condition in asked.posted("compareFilters") or ():
        if condition.get("fieldName") == field and condition.get("compareType") in {"EQUAL", "equal"}:
            return str(condition.get("fieldValue"))
    for condition in asked.posted("domainFilters") or ():
        values = list(condition.get("values") or ())
        if condition.get("fieldName") == field and len(values) == 1:
            return str(values[0])
    return None


def _told(row: Row, asked: Asked, *fields: str) -> str | None:
    """Return a field of a record, or what the request asked it to be where the record leaves it out."""
    return row.text(*fields) or next((v for f in fields if (v := _asked_for(asked, f))), None)


def _volume(period: str) -> RowReader:
    quantity = "totalWeeklyShareQuantity" if period == "week" else "totalMonthlyShareQuantity"
    count = "totalWeeklyTradeCount" if period == "week" else "totalMonthlyTradeCount"
    start = "weekStartDate" if period == "week" else "monthStartDate"

    def read(row: Row, asked: Asked) -> Values:
        kind = _told(row, asked, "summaryTypeCode") or ""
        firm = row.text("marketParticipantName")
        return {
            "vendor_symbol": _told(row, asked, "issueSymbolIdentifier")
            or ticker(row, "issueSymbolIdentifier"),
            "period_start": Row([_told(row, asked, start, "summaryStartDate")]).day(0),
            "period": period,
            "kind": _kind(kind, firm),
            "venue": row.text("MPID"),
            "venue_name": firm,
            "tier": _told(row, asked, "tierIdentifier"),
            "shares": row.number(quantity),
            "trades": row.number(count),
            "updated_date": row.day("lastUpdateDate"),
            "name": row.text("issueName"),
        }

    return read


def _kind(code: str, firm: str | None) -> str:
    if code.startswith("ATS"):
        return "ats"
    if code.startswith("OTC"):
        return "otc_small" if firm is not None and _SMALL in firm.lower() else "otc"
    raise DataError(f"{code[:20]!r} is no known kind of summary", column="kind")


def _short_interest(row: Row, asked: Asked) -> Values:
    before = row.number("previousShortPositionQuantity", "previousShortShareNumber")
    days = row.number("daysToCoverQuantity", "daysToCoverNumber")
    return {
        "vendor_symbol": ticker(row, "symbolCode", "issueSymbolIdentifier"),
        "settlement_date": Row([_told(row, asked, "settlementDate")]).day(0),
        "short_interest": row.number("currentShortPositionQuantity", "currentShortShareNumber"),
        "previous_short_interest": before,
        # From nothing it is written as 100 percent, whatever it became.
        "change_percent": row.number("changePercent", "percentageChangefromPreviousShort")
        if before != 0
        else None,
        "average_daily_volume": row.number("averageDailyVolumeQuantity", "averageShortShareNumber"),
        "days_to_cover": days if days != _DAYS_MAX else None,
        "market": row.text("marketClassCode", "marketCategoryDescription"),
        "name": row.text("issueName"),
    }


def _daily(row: Row, asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "securitiesInformationProcessorSymbolIdentifier"),
        "period_start": Row([_told(row, asked, "tradeReportDate")]).day(0),
        "period": "day",
        "kind": "short_sale",
        "venue": row.text("reportingFacilityCode", "marketCode"),
        "shares": row.number("totalParQuantity"),
        "short_shares": row.number("shortParQuantity"),
        "short_exempt_shares": row.number("shortExemptParQuantity"),
    }


def _lines(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - text
    """Find the lines of a daily file: parted by bars, the first names them, the last may be their number."""
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    names = lines[0].split("|") if lines else []
    for line in lines[1:]:
        if "|" in line:
            yield Row(dict(zip(names, line.split("|"), strict=False)))


def _line(row: Row, _asked: Asked) -> Values:
    return {
        "vendor_symbol": ticker(row, "Symbol"),
        "period_start": row.day("Date"),
        "period": "day",
        "kind": "short_sale",
        "venue": row.text("Market"),
        "shares": row.number("TotalVolume"),
        "short_shares": row.number("ShortVolume"),
        "short_exempt_shares": row.number("ShortExemptVolume"),
    }


def _filters(field: str, since: str, **fixed: str) -> Any:  # noqa: ANN401 - a maker of bodies
    """Return what makes the posted body of a request for some symbols and days."""

    def body(wanted: Wanted) -> Mapping[str, object]:
        made: dict[str, object] = {
            "limit": _PAGE,
            "offset": 0,
            "compareFilters": [
                {"compareType": "EQUAL", "fieldName": name, "fieldValue": value}
                for name, value in fixed.items()
            ],
        }
        if wanted.names:
            made["domainFilters"] = [{"fieldName": field, "values": list(wanted.names)}]
        if wanted.since:
            made["dateRangeFilters"] = [
                {
                    "fieldName": since,
                    "startDate": wanted.since.isoformat(),
                    "endDate": (wanted.until or wanted.today).isoformat(),
                }
            ]
        return made

    return body


def _names(field: str) -> Any:  # noqa: ANN401 - a finder of names
    def found(asked: Asked) -> list[str]:
        for condition in asked.posted("domainFilters") or ():
            if condition.get("fieldName") == field:
                return [str(value) for value in condition.get("values") or ()]
        one = _asked_for(asked, field)
        return [one] if one else []

    return found


def _following(body: Any, asked: Asked) -> Asked | None:  # noqa: ANN401 - what a body holds
    """Ask for the next page of a posted request, whose place is told in what is posted."""
    limit = asked.posted("limit")
    if not isinstance(limit, int) or len(body) < limit:
        return None
    return replace(asked, body={**asked.body, "offset": int(asked.posted("offset") or 0) + limit})


def _asked_by_post(
    dataset: str, name: str, row: RowReader, *, field: str, since: str, kinds: Mapping[str, str] | None = None
) -> Iterator[Endpoint]:
    """Give the endpoint of a table; the path is written in any case, and is asked by GET as well."""
    path = f"{_GROUP}/{name}"
    filters = _filters(field, since, **(kinds or {}))

    def is_other_case(asked: Asked) -> bool:
        return asked.path != path and asked.path.lower() == path.lower()

    anyhow = "/data/group/{group}/name/{table}"
    for form in (post(path, filters), get(path), post(anyhow, filters), get(anyhow)):
        yield Endpoint(
            dataset=dataset,
            request=form,
            row=row,
            batch=50,
            found_by=_names(field),
            format=Format.ANY,
            next_page=_following if form.method == "POST" else None,
            when=is_other_case if form.path == anyhow else None,
            retired=form.path == anyhow,
        )


def _file(dataset: str, path: str, row: RowReader) -> Endpoint:
    return Endpoint(dataset=dataset, request=get(path, base=_CDN), row=row, items=_lines, format=Format.TEXT)


_SYMBOL: Final = "issueSymbolIdentifier"

PROVIDER: Final = Provider(
    name="finra",
    title="FINRA",
    site="https://developer.finra.org/docs",
    bases=("https://api.finra.org", _CDN),
    aliases=("regsho.finra.org",),
    limits=(RateWindow(requests=1200, seconds=60),),
    naming=share_classes("."),
    endpoints=(
        *_asked_by_post(
            "off_exchange_volume", "weeklySummary", _volume("week"), field=_SYMBOL, since="weekStartDate"
        ),
        *_asked_by_post(
            "off_exchange_volume",
            "weeklySummaryHistoric",
            _volume("week"),
            field=_SYMBOL,
            since="weekStartDate",
        ),
        *_asked_by_post(
            "off_exchange_volume", "monthlySummary", _volume("month"), field=_SYMBOL, since="monthStartDate"
        ),
        *_asked_by_post(
            "off_exchange_volume",
            "regShoDaily",
            _daily,
            field="securitiesInformationProcessorSymbolIdentifier",
            since="tradeReportDate",
        ),
        *_asked_by_post(
            "short_interest",
            "consolidatedShortInterest",
            _short_interest,
            field="symbolCode",
            since="settlementDate",
        ),
        *_asked_by_post(
            "short_interest", "equityShortInterest", _short_interest, field=_SYMBOL, since="settlementDate"
        ),
        *(_file("off_exchange_volume", path, _line) for path in ("/equity/regsho/daily/{file}", "/{file}")),
        _file("short_interest", "/equity/otcmarket/biweekly/{file}", _short_interest),
    ),
)
