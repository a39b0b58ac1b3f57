# SPDX-License-Identifier: Apache-2.0
"""
Series in SDMX, the format of statistical offices and central banks: their names, periods, and rows.

The name of a series is ``FLOW/KEY``, as in the path of its request, such as ``EXR/D.USD.EUR.SP00.A``. A key
with an empty part stands for several series, and is a name only where the answer holds a single one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from ttapi_core import DataError, DecodeError, TTError
from ttapi_providers.asking import Asked, Param, RequestForm, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Condition, Endpoint, RowReader, Skip, refused
from ttapi_providers.reading import Row, Values
from ttapi_providers.sdmx_messages import first_of, observations

_ACCEPT: Final = {"Accept": "application/vnd.sdmx.data+csv, text/csv;q=0.9"}
_FREQUENCIES: Final = ("FREQ", "FREQUENCY", "freq", "BBK_STD_FREQ")
_ADJUSTMENTS: Final = ("ADJUSTMENT", "SEASONAL_ADJUST", "SEASONAL_ADJUSTMENT", "s_adj", "BBK_STD_SEASON")
_UNITS: Final = ("UNIT_ENG", "UNIT_MEASURE", "UNIT", "unit", "BBK_UNIT_ENG", "BBK_UNIT")
_POWERS: Final = ("UNIT_MULT", "BBK_UNIT_MULT", "POWERCODE")
_TITLES: Final = ("TITLE_COMPL", "TITLE", "BBK_TITLE_ENG", "BBK_TITLE", "Title")
_WILD: Final = frozenset({"", "*", "all"})
# The standard's own codes of errors, as statuses of HTTP.
_STATUSES: Final = {100: 404, 110: 401, 130: 413, 140: 400, 150: 403}

_NOBODY: Final = Asked(method="GET", base="", path="")
_PERIOD: Final = re.compile(r"(\d{4})(?:-?([A-Z])(\d{1,3})|-(\d{2})(?:-(\d{2}))?)?")
_MONTHS_OF: Final = {"A": 12, "Y": 12, "S": 6, "H": 6, "T": 4, "Q": 3, "M": 1}


def first_day(text: str) -> date:
    """
    Return the first day of a period, such as ``2024``, ``2024-03``, ``2024-Q3``, ``2024-S1``, ``2024-W05``.

    Raises
    ------
    DataError
        If it is no period.
    """
    head = text.strip().partition("/")[0]
    match = _PERIOD.fullmatch(head[:10] if head[10:11] in {"T", " "} else head)
    try:
        day = _first_day(match) if match is not None else None
    except (ValueError, LookupError):
        day = None
    if day is None:
        raise DataError(f"{text[:40]!r} is no period", column="TIME_PERIOD")
    return day


def _first_day(match: re.Match[str]) -> date | None:
    year, kind, number = int(match[1]), match[2], int(match[3] or 0)
    if kind is None:
        return date(year, int(match[4] or 1), int(match[5] or 1))
    if kind == "W":
        return date.fromisocalendar(year, number, 1)
    if kind == "D":
        day = date(year, 1, 1) + timedelta(days=number - 1)
        return day if day.year == year else None
    return date(year, (number - 1) * _MONTHS_OF[kind] + 1, 1)


# --- what a request tells -----------------------------------------------------------------------------------


def key_of(asked: Asked) -> tuple[str, list[str]]:
    """Return flow and parts of the key that a request names; an empty part stands for any."""
    text = asked.name or asked.told("resource") or asked.path
    steps = [step for step in text.split("/") if step]
    if len(steps) > 1 and steps[-1] in {"all", "ALL"} and "." in steps[-2]:
        steps = steps[:-1]
    if len(steps) < 2:
        return (steps[0] if steps else ""), []
    parts = steps[-1].split(".")
    return "/".join(steps[:-1]), ["" if part in _WILD else part for part in parts]


def series_of(row: Row, asked: Asked) -> str:
    """Return the name of the series that an observation belongs to: as asked for, where that names one."""
    flow, parts = key_of(asked)
    if not parts or not (row.raw("alone") or all(part and "+" not in part for part in parts)):
        return _full_name(row, asked)
    return asked.name or f"{flow}/{'.'.join(parts)}"


def _name_of(asked: Asked) -> tuple[str, ...]:
    """Return the name in a path, without the providers of the data, where all of them are asked."""
    name = asked.told("symbol").strip("/")
    several = name.count("/") > 1 and "." in name.split("/")[-2]
    return (re.sub(r"/all$", "", name, flags=re.IGNORECASE) if several else name,)


def _stands_for_several(asked: Asked) -> bool:
    return any(not part or "+" in part for part in key_of(asked)[1])


def _full_name(row: Row, asked: Asked) -> str:
    flow, parts = key_of(asked)
    flow = flow or str(row.raw("flow") or "")
    codes = [str(code) for code in (row.raw("dims") or {}).values()]
    return f"{flow}/{'.'.join(_filled(parts, codes))}"


def _filled(parts: list[str], codes: list[str]) -> list[str]:
    # An answer may leave out the dimensions that its request fixed, and may have attributes after them.
    if len(parts) < 2 or len(parts) == len(codes):
        return codes
    left = iter(codes)
    current = next(left, None)
    filled = []
    for part in parts:
        wild = not part or "+" in part
        if current is not None and (wild or part == current):
            filled.append(current)
            current = next(left, None)
        else:
            filled.append(part)
    return filled


def code_of(row: Row, asked: Asked, name: str, *, position: int) -> str:
    """Return the code of a dimension; of one that the answer leaves out, the one that was asked for."""
    told = row.text(f"dims.{name}")
    if told is not None:
        return told
    parts = key_of(asked)[1]
    part = parts[position] if position < len(parts) else ""
    if not part or "+" in part:
        raise DecodeError(f"neither the answer nor its request tells {name}")
    return part


# --- rows of economic series --------------------------------------------------------------------------------


def period_of(row: Row) -> date:
    """Return the first day of an observation's period."""
    text = row.text("period")
    if text is None:
        raise Skip("an observation without a period")
    return first_day(text)


def observation(row: Row, asked: Asked) -> Values:
    """Read an observation as a row of ``economic_series``."""
    series = series_of(row, asked)
    if asked.name and not row.raw("alone") and _stands_for_several(asked):
        raise Skip(f"{series} is one of several series of that name: ask for it in full")
    return {
        "series": series,
        "date": period_of(row),
        "value": row.number("value"),
        "unit": None if asked.query.get("detail") == "dataonly" else _unit(row),
        "frequency": _code(row, _FREQUENCIES),
        "seasonal_adjustment": _code(row, _ADJUSTMENTS),
        "title": _code(row, _TITLES),
        "vintage_date": row.day("attrs.VALID_FROM"),
        "status": _code(row, ("OBS_STATUS", "obs_status", "OBS_FLAG")),
        "vendor_symbol": _code(row, ("BBK_ID", "KEY")) or _full_name(row, asked),
    }


def _code(row: Row, names: Iterable[str]) -> str | None:
    return row.text(*(f"{part}.{name}" for name in names for part in ("attrs", "dims")))


def _unit(row: Row) -> str | None:
    unit = _code(row, _UNITS)
    power = _code(row, _POWERS)
    # The value stays as it is published; that it counts thousands or millions belongs to its unit.
    return f"10^{power} {unit or 'units'}" if power not in {None, "0"} else unit


def endpoint(
    dataset: str,
    request: RequestForm,
    row: RowReader,
    *,
    when: Condition | None = None,
    batch: int = 1,
) -> Endpoint:
    """
    Return the endpoint of a resource whose answers may be SDMX-CSV, SDMX-JSON or SDMX-ML.

    Parameters
    ----------
    dataset, request, row, when, batch
        As of `Endpoint`.
    """
    return Endpoint(
        dataset=dataset,
        request=replace(request, headers={**_ACCEPT, **request.headers}),
        row=row,
        items=observations,
        format=Format.ANY,
        when=when,
        batch=batch,
    )


def series_endpoints(
    path: str, params: Mapping[str, Param], *, when: Condition | None = None, retired: bool = False
) -> tuple[Endpoint, Endpoint]:
    """
    Return the endpoints of ``economic_series`` below a path that ends in ``/FLOW/KEY``.

    A key that stands for several series is not asked for; an answer to one is read, each by its full name.

    Parameters
    ----------
    path
        What stands before flow and key.
    params, when, retired
        As of `Endpoint` and its request.
    """
    one = endpoint("economic_series", get(f"{path}/{{symbol*}}", params), observation, when=when)
    several = endpoint("economic_series", get(f"{path}/{{resource*}}", params), observation, when=when)
    return (
        replace(one, shape=_holds_one, found_by=_name_of, retired=retired),
        replace(several, shape=_holds_several, retired=True),
    )


def _holds_one(body: Any) -> bool:  # noqa: ANN401 - a parsed body
    try:
        found = observations(body, _NOBODY)
    except DecodeError:
        return True  # it is told when it is decoded
    return not found or (bool(found[0].raw("alone")) and _have_time(found))


def _holds_several(body: Any) -> bool:  # noqa: ANN401 - a parsed body
    try:
        found = observations(body, _NOBODY)
    except DecodeError:
        return False
    return bool(found) and not found[0].raw("alone") and _have_time(found)


def _have_time(found: list[Row]) -> bool:
    # Some tables have no dimension of time: what they hold are no series.
    return any(row.raw("period") is not None for row in found)


def told(body: Any, _asked: Asked) -> TTError | None:  # noqa: ANN401 - a parsed body
    """Find the error in an answer: the standard's own message, or that of a gateway."""
    if not isinstance(body, dict):
        return None
    found = body.get("Error") or body.get("error")
    if isinstance(found, dict) and "ErrorMessage" in found:
        message = first_of(found["ErrorMessage"])
        return _refused(message.get("code"), _text_of(first_of(message.get("Text", ""))))
    errors = body.get("errors")
    if isinstance(errors, list) and errors and not {"data", "dataSets"} & body.keys():
        first = errors[0] if isinstance(errors[0], dict) else {"title": str(errors[0])}
        return _refused(first.get("code"), str(first.get("detail") or first.get("title") or ""))
    return None


def _refused(code: object, words: str) -> TTError:
    number = int(str(code)) if str(code).isdigit() else 0
    status = _STATUSES.get(number, number if 400 <= number < 600 else 400)
    return refused(words[:200] or "refused", status=status, code=str(code or ""))


def _text_of(value: object) -> str:
    return str(value.get("#text", "")) if isinstance(value, dict) else str(value)
