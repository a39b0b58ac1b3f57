# SPDX-License-Identifier: Apache-2.0
"""
US Energy Information Administration: energy prices, stocks, production and use as economic series.

Series are asked for by the names that the agency has always given them, such as ``PET.RWTC.D``. Answers of
the tables of version 2 name theirs by table, column and facets: ``electricity/retail-sales:price:CO:RES``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from ttapi_core import (
    AuthenticationError,
    NotFoundError,
    RateLimitError,
    RateWindow,
    RequestRefusedError,
    ResponseError,
    TTError,
)
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Credential, Endpoint, Provider, Skip, refused
from ttapi_providers.items import place
from ttapi_providers.reading import Row, Values
from ttapi_providers.sdmx import first_day

_PAGE_SIZE: Final = 5000
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)?(\d\d)?")
_NUMBER: Final = re.compile(r"\s*([+-]?[\d,]*\.?\d*([eE][+-]?\d+)?|null)\s*", re.IGNORECASE)
_DATA: Final = re.compile(r"data(\[\d*\])?(\[\])?")
# What stands in place of a number: withheld, not meaningful, not available, not applicable, too small ...
_MARKS: Final = frozenset(
    {"w", "q", "s", "(s)", "c", "d", "e", "x", "*", "**", "--", "-", "na", "n/a", "nm", "ie", "withheld"}
)
_NOT_A_FACET: Final = re.compile(r"period|dataFlag.*|.*[-_]?(name|units|desc|description)", re.IGNORECASE)
# What tells series of one name apart: the states, and the cases and regions of outlooks.
_PARTS: Final = ("stateId", "scenario", "regionId", "tableId")


def _records(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    answer = place(body, "response")
    held = answer.get("data") or []
    told = (body.get("request") or {}).get("params") or {}
    columns = told.get("data") or []
    shared = {
        "frequency": answer.get("frequency"),
        "columns": columns if isinstance(columns, list) else list(columns.values()),
        "facets": list(told.get("facets") or {}),
        "title": answer.get("description"),
    }
    return [Row({"fields": one, **shared}) for one in held]


def _is_of_days(body: Any) -> bool:  # noqa: ANN401 - JSON
    answer = body.get("response") if isinstance(body, dict) else None
    return not isinstance(answer, dict) or "hourly" not in str(answer.get("frequency"))


def _columns(row: Row, asked: Asked) -> list[str]:
    asked_for = [text for name, text in asked.query.items() if _DATA.fullmatch(name)]
    named = [*row.value["columns"], *(part for text in asked_for for part in text.split(","))]
    fields = row.row("fields").value
    with_units = [name.removesuffix("-units") for name in fields if name.endswith("-units")]
    found = [str(name) for name in (*named, *with_units, "value") if name in fields]
    return list(dict.fromkeys(found))


def _period(text: str) -> date:
    if "T" in text:
        raise Skip("an hour: economic series are of days and longer periods")
    compact = _COMPACT.fullmatch(text)
    if compact is not None:  # as version 1 wrote them
        return date(int(compact[1]), int(compact[2] or 1), int(compact[3] or 1))
    return first_day(text)


def _values(row: Row, asked: Asked) -> Iterator[Values]:
    fields = row.row("fields")
    day = _period(fields.text("period") or "")
    columns = _columns(row, asked)
    counted = [column for column in columns if _is_number(fields.raw(column))]
    if not counted:
        raise Skip("no column with data")
    for column in counted:
        value, mark = _observed(fields, column)
        yield {
            "series": _series(fields, asked, column, columns),
            "date": day,
            "value": value,
            "status": mark or fields.text("dataFlagId", "data-flag"),
            "unit": fields.text(f"{column}-units")
            or (fields.text("units", "unit") if column == "value" else None),
            "frequency": row.text("frequency"),
            "title": fields.text("series-description", "seriesDescription", "series-name"),
            "vendor_symbol": fields.text("series", "seriesId", "seriesid"),
        }


def _is_number(value: object) -> bool:
    """Return whether a value is one of a series; some columns of tables hold names, months or places."""
    return (
        not isinstance(value, str) or value.strip().lower() in _MARKS or _NUMBER.fullmatch(value) is not None
    )


def _observed(fields: Row, column: str | int) -> tuple[float | None, str | None]:
    """Return the value of a column, and the mark in its place where it is not told."""
    mark = fields.raw(column)
    if isinstance(mark, str) and mark.strip().lower() in _MARKS:
        return None, mark.strip()
    return fields.number(column), None


def _series(fields: Row, asked: Asked, column: str, columns: list[str]) -> str:
    if asked.name:
        return asked.name
    told = fields.text("series", "seriesId", "seriesid")
    if told is not None:
        parts = [text for name in _PARTS if (text := fields.text(name)) is not None]
        return ":".join([told, *parts, *([column] if column != "value" else [])])
    facets = [
        str(text)
        for name, text in fields.value.items()
        if name not in columns and not _NOT_A_FACET.fullmatch(name) and text not in {None, ""}
    ]
    return ":".join([asked.told("route"), column, *facets])


def _page(body: Any, asked: Asked) -> Mapping[str, str] | None:  # noqa: ANN401 - JSON
    total = int(body["response"].get("total") or 0)
    following = int(asked.query.get("offset") or 0) + int(asked.query.get("length") or _PAGE_SIZE)
    return {"offset": str(following)} if following < total else None


def _old_values(row: Row, _asked: Asked) -> Iterator[Values]:
    for point in row.rows("data"):
        value, mark = _observed(point, 1)
        yield {
            "series": row.text("series_id"),
            "vendor_symbol": row.text("series_id"),
            "date": _period(point.text(0) or ""),
            "value": value,
            "status": mark,
            "unit": row.text("units"),
            "frequency": row.text("f"),
            "title": row.text("name"),
        }


def _old_series(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    return [Row(one) for one in place(body, "series")]


def _told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    held = body.get("data")
    error = body.get("error") or (held.get("error") if isinstance(held, dict) else None)
    if error is None:
        return None
    if isinstance(error, dict):
        return _ERRORS.get(str(error.get("code")), RequestRefusedError)(str(error.get("message")), status=200)
    code = body.get("code")
    words = str(error)
    if "api_key" in words or "api key" in words.lower():
        return AuthenticationError(words, status=200)
    if "invalid series_id" in words.lower() or "not found" in words.lower():
        return NotFoundError(words, status=200)
    return refused(words, status=code if isinstance(code, int) and code >= 400 else 400)


_ERRORS: Final[Mapping[str, type[ResponseError]]] = {
    "API_KEY_MISSING": AuthenticationError,
    "API_KEY_INVALID": AuthenticationError,
    "API_KEY_DISABLED": AuthenticationError,
    "API_KEY_UNAUTHORIZED": AuthenticationError,
    "OVER_RATE_LIMIT": RateLimitError,
    "NOT_FOUND": NotFoundError,
}

PROVIDER: Final = Provider(
    name="eia",
    title="US Energy Information Administration",
    site="https://www.eia.gov/opendata/documentation.php",
    bases=("https://api.eia.gov",),
    credentials=(
        Credential(
            variable="TTAPI_EIA_KEY", param="api_key", obtained="https://www.eia.gov/opendata/register.php"
        ),
    ),
    limits=(RateWindow(requests=5, seconds=1), RateWindow(requests=9000, seconds=3600)),
    told=_told,
    codes=_ERRORS,
    samples={"economic_series": "PET.RWTC.D"},
    endpoints=(
        Endpoint(
            dataset="economic_series",
            request=get(
                "/v2/seriesid/{symbol}", {"start": "{since}", "end": "{until}", "length": _PAGE_SIZE}
            ),
            items=_records,
            row=_values,
            next_page=_page,
        ),
        Endpoint(
            dataset="economic_series",
            request=get("/v2/{route*}/data"),
            when=lambda asked: "hourly" not in asked.told("frequency"),
            shape=_is_of_days,
            items=_records,
            row=_values,
            next_page=_page,
        ),
        Endpoint(
            dataset="economic_series",
            request=get("/series", {"series_id": "{symbols}"}, separator=";"),
            items=_old_series,
            row=_old_values,
            retired=True,
        ),
    ),
)
