# SPDX-License-Identifier: Apache-2.0
"""Bank of England: economic series, exchange rates of sterling, SONIA and Bank Rate."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from ttapi_core import DecodeError, TTError
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Condition, Endpoint, Provider, RowReader, Skip, refused
from ttapi_providers.items import Finder, place
from ttapi_providers.naming import Naming, pair
from ttapi_providers.reading import Row, Values

# Spot rates: units of a currency for one pound.
_PER_POUND: Final = {
    "XUDLUSS": "USD", "XUDLERS": "EUR", "XUDLJYS": "JPY", "XUDLCDS": "CAD", "XUDLSFS": "CHF",
    "XUDLADS": "AUD", "XUDLNDS": "NZD", "XUDLNKS": "NOK", "XUDLSKS": "SEK", "XUDLDKS": "DKK",
    "XUDLHDS": "HKD", "XUDLSGS": "SGD", "XUDLSRS": "SAR", "XUDLZRS": "ZAR", "XUDLTWS": "TWD",
    "XUDLBK25": "CZK", "XUDLBK33": "HUF", "XUDLBK47": "PLN", "XUDLBK78": "ILS", "XUDLBK83": "MYR",
    "XUDLBK87": "THB", "XUDLBK89": "CNY", "XUDLBK93": "KRW", "XUDLBK95": "TRY", "XUDLBK97": "INR",
    "XUDLZOS4": "RON",
}  # fmt: skip
_PAIRS: Final = {code: pair("GBP", currency) for code, currency in _PER_POUND.items()}
_CODES: Final = {symbol: code for code, symbol in _PAIRS.items()}
_RATES: Final = {"IUDSOIA": "SONIA", "IUDBEDR": "BANK_RATE"}
_FREQUENCIES: Final = {"D": "daily", "W": "weekly", "M": "monthly", "Q": "quarterly", "A": "annual"}
_PATH: Final = "/boeapps/database/_iadb-fromshowcolumns.asp"
_OTHER_PATHS: Final = (
    "/boeapps/database/fromshowcolumns.asp",
    "/boeapps/iadb/fromshowcolumns.asp",
    "/boeapps/iadb/_iadb-fromshowcolumns.asp",
    # The server does not mind capitals.
    "/boeapps/database/_iadb-FromShowColumns.asp",
    "/boeapps/iadb/FromShowColumns.asp",
)
_DAY: Final = "%d/%b/%Y"
_MARKUP: Final = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)


def _since(wanted: Wanted) -> str:
    # A first day is required; the oldest series of the database begin in the nineteenth century.
    return (wanted.since or date(1963, 1, 1)).strftime(_DAY)


def _recently(wanted: Wanted) -> str:
    return (wanted.since or wanted.today - timedelta(days=30)).strftime(_DAY)


def _until(wanted: Wanted) -> str:
    return (wanted.until or wanted.today).strftime(_DAY)


_PARAMS: Final[Mapping[str, Param]] = {
    "csv.x": "yes",
    "Dateto": _until,
    "CSVF": "TT",
    "UsingCodes": "Y",
    "VPD": "Y",
    "VFD": "N",
}


def _asked_codes(asked: Asked) -> list[str]:
    return [code.strip().upper() for code in asked.told("SeriesCodes").split(",") if code.strip()]


def _has_exchange_rates(asked: Asked) -> bool:
    return any(code in _PAIRS for code in _asked_codes(asked))


def _has_rates(asked: Asked) -> bool:
    return any(code in _RATES for code in _asked_codes(asked))


def _table(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - a parsed body
    """Find the observations of a table: with titles above or without, a column a series or one in all."""
    try:
        lines = [
            line for line in csv.reader(io.StringIO(str(body).lstrip("\ufeff"), newline="")) if any(line)
        ]
    except csv.Error as exc:
        raise DecodeError(f"the answer is no table: {exc}") from exc
    start = next((at for at, line in enumerate(lines) if line[0].strip().upper() == "DATE"), None)
    if start is None:
        raise DecodeError("the answer has no line of names that begins with DATE")
    titles = {line[0].strip(): line[1].strip() for line in lines[:start] if len(line) > 1}
    header = [name.strip() for name in lines[start]]
    rows = []
    for number, line in enumerate(lines[start + 1 :], start=start + 2):
        if len(line) != len(header):
            raise DecodeError(f"line {number} has {len(line)} values under {len(header)} names")
        cells = (
            [(line[1], line[2])]
            if header[1:] == ["SERIES", "VALUE"]
            else zip(header[1:], line[1:], strict=True)
        )
        rows += [
            Row(
                {
                    "code": code.strip(),
                    "day": line[0].strip(),
                    "value": value,
                    "title": titles.get(code.strip()),
                }
            )
            for code, value in cells
        ]
    return rows


def _cubes(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    seen: set[tuple[object, ...]] = set()
    rows = []
    for series in _many(place(body, "Envelope.Cube")):
        told = {"code": series["SCODE"], "title": series.get("DESC"), "adjustment": _adjustment(series)}
        for one in _many(series.get("Cube")):
            if "TIME" in one:
                key = (series["SCODE"], one["TIME"], one.get("OBS_VALUE"))
                rows.append(
                    Row({**told, "day": one["TIME"], "value": one.get("OBS_VALUE"), "again": key in seen})
                )
                seen.add(key)
    return rows


def _many(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - XML
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def _adjustment(series: dict[str, Any]) -> str | None:
    named = (one for one in _many(series.get("Cube")) if one.get("CAT_NAME") == "SEASONAL ADJUSTMENT")
    return next((one.get("VAL_DESC") for one in named), None)


def _day(row: Row) -> date:
    if row.raw("again"):  # some answers hold a series twice
        raise Skip("an observation that the answer holds twice")
    text = row.text("day") or ""
    day = row.day("day") if "-" in text else row.day("day", form="%d %b %Y")
    if day is None:
        raise Skip("an observation without a day")
    return day


def _value(row: Row, _asked: Asked) -> Values:
    code = row.text("code") or ""
    frequency = code[2:3].upper()  # the third letter of every code
    day = _day(row)
    if frequency in {"M", "Q", "A"}:  # these are dated with the last day of their period
        month = {"M": day.month, "Q": day.month - (day.month - 1) % 3, "A": 1}[frequency]
        day = date(day.year, month, 1)
    return {
        "series": code,
        "vendor_symbol": code,
        "date": day,
        "value": row.number("value"),
        "frequency": _FREQUENCIES.get(frequency),
        "title": row.text("title"),
        "seasonal_adjustment": row.text("adjustment"),
    }


def _exchange_rate(row: Row, _asked: Asked) -> Values:
    code = row.text("code") or ""
    if code not in _PAIRS:
        raise Skip(f"{code} is no spot rate of sterling")
    if row.number("value") is None:
        raise Skip("a day without a rate")
    return {"symbol": _PAIRS[code], "vendor_symbol": code, "date": _day(row), "rate": row.number("value")}


def _rate(row: Row, _asked: Asked) -> Values:
    code = row.text("code") or ""
    if code not in _RATES:
        raise Skip(f"{code} is no rate of reference")
    if row.number("value") is None:
        raise Skip("a day without a rate")
    return {
        "rate": _RATES[code],
        "date": _day(row),
        "rate_percent": row.number("value"),
        "currency": "GBP",
        "title": row.text("title"),
    }


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - a parsed body
    if not isinstance(body, str) or not body.lstrip("\ufeff \r\n\t").startswith("<"):
        return None
    words = " ".join(_MARKUP.sub(" ", body).split())[:200]
    unknown = re.search(
        r"invalid|not (?:been )?(?:found|recognised|valid)|no data|does not exist", words, re.IGNORECASE
    )
    return refused(words or "a page instead of data", status=404 if unknown else 400)


def _endpoints(
    dataset: str, codes: str, row: RowReader, *, when: Condition, batch: int = 50
) -> Iterator[Endpoint]:
    """Yield the endpoints of a dataset: the table, which is asked for, and the XML, which is only read."""

    def written(mark: str) -> Condition:
        return lambda asked: mark in asked.query and when(asked)

    since = _since if dataset == "economic_series" else _recently
    params = {**_PARAMS, "Datefrom": since, "SeriesCodes": codes}
    forms: tuple[tuple[str, Format, Finder], ...] = (
        ("csv.x", Format.TEXT, _table),
        ("xml.x", Format.XML, _cubes),
    )
    for path in (_PATH, *_OTHER_PATHS):
        for mark, form, items in forms:
            yield Endpoint(
                dataset=dataset,
                request=get(path, params),
                when=written(mark),
                items=items,
                format=form,
                row=row,
                batch=batch,
                takes=(lambda key: key in _CODES) if dataset == "fx_rates" else None,
                retired=path != _PATH or form is not Format.TEXT,
            )


PROVIDER: Final = Provider(
    name="boe",
    title="Bank of England",
    site="https://www.bankofengland.co.uk/boeapps/database/help.asp",
    bases=("https://www.bankofengland.co.uk",),
    aliases=("bankofengland.co.uk",),
    # Clients that do not look like a browser are turned away.
    headers={"User-Agent": "Mozilla/5.0 (compatible; ttapi)"},
    naming=Naming(
        to_vendor=lambda name: _CODES.get(name, name), to_canonical=lambda name: _PAIRS.get(name, name)
    ),
    told=_told,
    samples={"economic_series": "LPMVWYR", "fx_rates": "GBP/USD"},
    endpoints=(
        *_endpoints("economic_series", "{symbols}", _value, when=lambda _asked: True),
        *_endpoints("fx_rates", "{symbols}", _exchange_rate, when=_has_exchange_rates),
        *_endpoints("reference_rates", ",".join(_RATES), _rate, when=_has_rates, batch=0),
    ),
)
