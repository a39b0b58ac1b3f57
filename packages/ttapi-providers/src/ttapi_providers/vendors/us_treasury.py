# SPDX-License-Identifier: Apache-2.0
"""US Treasury: daily par and real yield curves, bill rates, long-term rates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ttapi_core import DecodeError
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, RowReader, Skip, query_is
from ttapi_providers.reading import Row, Values

_PAGES: Final = "/resource-center/data-chart-center/interest-rates"
_COLUMN: Final = re.compile(r"(?:BC_|TC_)?(\d+(?:[._]5)?) ?(MO|MONTH|YR|YEAR)S?", re.IGNORECASE)
_BILL: Final = re.compile(
    r"ROUND_B1_(CLOSE|YIELD)_(\d+)WK_2|(\d+) WEEKS (BANK DISCOUNT|COUPON EQUIVALENT)", re.IGNORECASE
)
_MONTHS_A_WEEK: Final = 12 / 52
_LONG_TERM: Final = {
    "BC_20YEAR": "UST_20Y_PAR", "OVER_10_YEARS": "UST_LONG_TERM_COMPOSITE", "REAL_RATE": "UST_LONG_TERM_REAL",
    "TREASURY 20-YR CMT": "UST_20Y_PAR", "LT COMPOSITE (>10 YRS)": "UST_LONG_TERM_COMPOSITE",
    "LT REAL AVERAGE (>10YRS)": "UST_LONG_TERM_REAL", "LT REAL AVERAGE (>10 YRS)": "UST_LONG_TERM_REAL",
}  # fmt: skip
_DAYS: Final = ("NEW_DATE", "INDEX_DATE", "QUOTE_DATE")


def _plain(value: Any) -> Any:  # noqa: ANN401 - XML
    """Return the text of an element; the feeds write types, and null, as attributes."""
    return value.get("#text") if isinstance(value, dict) else value


def _entries(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    name, root = next(iter(body.items()))
    found = root.get("entry", []) if isinstance(root, dict) else []
    if not found and name not in {"feed", "pre"}:
        raise DecodeError(f"the answer is no feed; it is {name}")
    entries = found if isinstance(found, list) else [found]
    return [
        Row({name: _plain(value) for name, value in entry["content"]["properties"].items()})
        for entry in entries
    ]


def _day(row: Row) -> object:
    return row.day(*_DAYS) if row.has(*_DAYS) else row.day("Date", form="%m/%d/%Y")


def _curve(name: str, kind: str) -> RowReader:
    def read(row: Row, _asked: Asked) -> Iterator[Values]:
        for column in row.value:
            match = _COLUMN.fullmatch(column)
            rate = row.number(column) if match is not None else None
            if match is None or rate is None:
                continue
            number = match[1].replace("_", ".")
            years = match[2][0] in "yY"
            yield {
                "curve": name,
                "date": _day(row),
                "tenor": f"{number}{'Y' if years else 'M'}",
                "months": float(number) * (12 if years else 1),
                "rate_percent": rate,
                "kind": kind,
                "currency": "USD",
            }

    return read


def _bill(row: Row, _asked: Asked) -> Iterator[Values]:
    for column in row.value:
        match = _BILL.fullmatch(column)
        rate = row.number(column) if match is not None else None
        if match is None or rate is None:
            continue
        weeks = int(match[2] or match[3])
        discount = (match[1] or match[4]).upper() in {"CLOSE", "BANK DISCOUNT"}
        yield {
            "curve": "UST_BILL_DISCOUNT" if discount else "UST_BILL_YIELD",
            "date": _day(row),
            "tenor": f"{weeks}W",
            "months": weeks * _MONTHS_A_WEEK,
            "rate_percent": rate,
            "kind": "bill",
            "currency": "USD",
        }


def _long_term(row: Row, asked: Asked) -> Iterator[Values]:
    if row.has("RATE"):
        is_real = "REAL" in f"{asked.path} {asked.told('data')}".upper()
        rates = {row.text("RATE_TYPE") or ("REAL_RATE" if is_real else ""): row.number("RATE")}
    else:
        rates = {column: row.number(column) for column in row.value if column.upper() in _LONG_TERM}
    for told, rate in rates.items():
        if told.upper() not in _LONG_TERM:
            raise Skip(f"{told!r} is no long-term rate")
        if rate is not None:
            yield {
                "rate": _LONG_TERM[told.upper()],
                "date": _day(row),
                "rate_percent": rate,
                "currency": "USD",
            }


def _year(wanted: Wanted) -> str | None:
    return str(wanted.since.year) if wanted.since is not None else None


def _month(wanted: Wanted) -> str | None:
    return f"{wanted.today:%Y%m}" if wanted.since is None else None


def _next_year(body: Any, asked: Asked) -> Mapping[str, str] | None:  # noqa: ANN401 - XML
    """Ask year after year, up to the one in which the feed says that it was written."""
    year = asked.query.get("field_tdr_date_value", "")
    if not year.isdigit():
        return None
    written = Row(next(iter(body.values()))).text("updated") or ""
    if written[:4].isdigit():
        last = int(year) >= int(written[:4])
    else:  # without it, up to the first year that has no days
        last = not any(str(entry.raw(*_DAYS)).startswith(year) for entry in _entries(body, asked))
    return None if last else {"field_tdr_date_value": str(int(year) + 1)}


def _endpoints(
    dataset: str, kind: str, feed: str, row: RowReader, *, besides: bool = False
) -> Iterator[Endpoint]:
    params: Mapping[str, Param] = {
        "data": kind,
        "field_tdr_date_value": _year,
        "field_tdr_date_value_month": _month,
    }
    asked = f"{_PAGES}/pages/xml"
    for path in (asked, f"{_PAGES}/pages/xml-item", f"{_PAGES}/pages/xmlview"):
        yield Endpoint(
            dataset=dataset,
            request=get(path, params),
            when=query_is(data=kind),
            items=_entries,
            format=Format.XML,
            row=row,
            batch=0,
            next_page=_next_year,
            besides=besides,
            retired=path != asked,
        )
    for path in (
        f"{_PAGES}/daily-treasury-rates.csv/{{year}}/{{month}}",
        f"{_PAGES}/daily-treasury-rates.csv/{{year}}",
    ):
        yield Endpoint(
            dataset=dataset, request=get(path), when=query_is(type=kind), format=Format.CSV, row=row
        )
    yield Endpoint(
        dataset=dataset,
        request=get(f"/{{service}}/{feed}"),
        items=_entries,
        format=Format.XML,
        row=row,
        batch=0,
        retired=True,
    )


PROVIDER: Final = Provider(
    name="us_treasury",
    title="US Department of the Treasury",
    site="https://home.treasury.gov/treasury-daily-interest-rate-xml-feed",
    bases=("https://home.treasury.gov",),
    aliases=("data.treasury.gov", "www.treasury.gov", "treasury.gov"),
    endpoints=(
        *_endpoints(
            "yield_curves",
            "daily_treasury_yield_curve",
            "DailyTreasuryYieldCurveRateData",
            _curve("UST_PAR", "par"),
        ),
        *_endpoints(
            "yield_curves",
            "daily_treasury_real_yield_curve",
            "DailyTreasuryRealYieldCurveRateData",
            _curve("UST_REAL", "real"),
            besides=True,
        ),
        *_endpoints(
            "yield_curves", "daily_treasury_bill_rates", "DailyTreasuryBillRateData", _bill, besides=True
        ),
        *_endpoints(
            "reference_rates", "daily_treasury_long_term_rate", "DailyTreasuryLongTermRateData", _long_term
        ),
        *_endpoints(
            "reference_rates",
            "daily_treasury_real_long_term",
            "DailyTreasuryRealLongTermRateAverageData",
            _long_term,
            besides=True,
        ),
    ),
)
