# SPDX-License-Identifier: Apache-2.0
"""Deutsche Bundesbank: exchange rates, yields of federal securities, and all of its time series."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ttapi_core import DecodeError
from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, Skip
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values
from ttapi_providers.sdmx import code_of, endpoint, first_day, key_of, period_of, series_endpoints, told

_DATA: Final = "/rest/data"
_DOWNLOAD: Final = "/rest/download"
_FX: Final = f"{_DATA}/BBEX3/D..EUR.BB.AC.000"
_CURVE: Final = f"{_DATA}/BBSIS/D.I.ZST.ZI.EUR.S1311.B.A604..R.A.A._Z._Z.A"
# What a rate counts stands in its title alone: "EUR 1 = USD ...", "100 ATS = ... DEM", "1 000 ITL = ... DEM".
_TITLE: Final = re.compile(
    r"(?:([A-Z]{3}) ([\d ]+)|([\d ]+) ([A-Z]{3})) = (?:([A-Z]{3}) \.\.\.|\.\.\. ([A-Z]{3}))"
)
_MATURITY: Final = re.compile(r"R(\d\d)XX")
_KINDS: Final = {"ZST": "spot", "ZAR": "par"}
_POWERS: Final = {
    "one": 0, "eins": 0, "thousand": 3, "thousands": 3, "tausend": 3, "million": 6, "millions": 6,
    "millionen": 6, "billion": 9, "billions": 9, "milliarden": 9,
}  # fmt: skip


def _last(wanted: Wanted) -> str | None:
    return "1" if wanted.since is None else None


_PARAMS: Final[Mapping[str, Param]] = {
    "startPeriod": "{since}",
    "endPeriod": "{until}",
    "format": "sdmx_csv",
    "lang": "en",
}
_LATEST: Final[Mapping[str, Param]] = {**_PARAMS, "lastNObservations": _last}


def _is_daily_rate(asked: Asked) -> bool:
    flow, parts = key_of(asked)
    wanted = flow.endswith("BBEX3") and parts[:1] in (["D"], [""]) and asked.path != _FX
    return wanted and _is_sdmx(asked)


def _is_curve(asked: Asked) -> bool:
    flow, parts = key_of(asked)
    return (
        flow.endswith("BBSIS")
        and len(parts) == 15
        and parts[0] == "D"
        and parts[2] in _KINDS
        and asked.path != _CURVE
        and _is_sdmx(asked)
    )


def _rate(row: Row, asked: Asked) -> Values:
    frequency = code_of(row, asked, "BBK_STD_FREQ", position=0)
    currency = code_of(row, asked, "BBK_STD_CURRENCY", position=1)
    value = row.number("value")
    if frequency != "D" or value is None:
        raise Skip("not a daily rate" if frequency != "D" else "a day without a rate")
    base, quote, units = _quoted(row, asked, currency)
    return {
        "symbol": pair(base, quote),
        "vendor_symbol": currency,
        "date": period_of(row),
        "rate": value / units,
    }


def _quoted(row: Row, asked: Asked, currency: str) -> tuple[str, str, int]:
    """Return base and quote of a rate, and of how many units of the base it is."""
    match = _TITLE.search(
        row.text("attrs.BBK_TITLE_ENG", "attrs.BBK_TITLE", "dims.BBK_TITLE_ENG", "dims.BBK_TITLE") or ""
    )
    if match is not None:
        units = int((match[2] or match[3]).replace(" ", ""))
        return match[1] or match[4], match[5] or match[6], units
    partner = code_of(row, asked, "BBK_ERX_PARTNER_CURRENCY", position=2)
    kind = code_of(row, asked, "BBK_ERX_SERIES_TYPE", position=3)
    if (partner, kind) != ("EUR", "BB"):
        raise Skip("the title does not tell what the rate counts")
    return "EUR", currency, 1  # reference rates of the euro are all of one euro


def _point(row: Row, asked: Asked) -> Values:
    item = code_of(row, asked, "BBK_SEIS_ITEM", position=2)
    maturity = code_of(row, asked, "BBK_SEIS_MATURITY", position=8)
    match = _MATURITY.fullmatch(maturity)
    if match is None or item not in _KINDS:
        raise Skip(f"{item} {maturity} is no point of a curve in whole years")
    if row.number("value") is None:
        raise Skip("a day without a rate")
    return {
        "curve": f"DE_FEDERAL_{_KINDS[item].upper()}",
        "date": period_of(row),
        "tenor": f"{int(match[1])}Y",
        "months": int(match[1]) * 12,
        "rate_percent": row.number("value"),
        "kind": _KINDS[item],
        "currency": "EUR",
    }


def _columns(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - a parsed body
    """Find the observations of the bank's own table: notes above, a column a series and one for its flags."""
    text = str(body).lstrip("\ufeff")
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    except csv.Error as exc:
        raise DecodeError(f"the answer is no table: {exc}") from exc
    if not lines or text[:1] in {"<", "{"}:
        raise DecodeError("the answer is no table of the bank")
    german = delimiter == ";"
    notes = {line[0].strip().lower(): line for line in lines[1:] if not line[0][:4].isdigit()}
    rows = []
    for line in (line for line in lines[1:] if line[0][:4].isdigit()):
        for at, code in enumerate(lines[0]):
            if at and code and not code.upper().endswith("FLAGS") and at < len(line):
                value = (
                    line[at].replace(".", "").replace(",", ".") if german and "," in line[at] else line[at]
                )
                rows.append(Row({"code": code, "day": line[0], "value": value, **_notes(notes, at)}))
    return rows


def _notes(notes: dict[str, list[str]], at: int) -> dict[str, str | None]:
    def told(*names: str) -> str | None:
        return next((notes[name][at] for name in names if name in notes and at < len(notes[name])), None)

    return {
        "title": told(""),
        "unit": told("unit (in english)", "unit", "einheit"),
        "power": told("unit multiplier", "dimension"),
    }


def _value(row: Row, _asked: Asked) -> Values:
    power = _POWERS.get((row.text("power") or "one").lower())
    unit = row.text("unit")
    if power is None:
        unit = None  # what it counts cannot be read
    elif power:
        unit = f"10^{power} {unit or 'units'}"
    code = row.text("code") or ""
    flow, _, key = code.partition(".")
    return {
        "series": f"{flow}/{key}",
        "vendor_symbol": code,
        "date": first_day(row.text("day") or ""),
        "value": row.number("value"),
        "unit": unit,
        "title": row.text("title"),
    }


def _is_sdmx(asked: Asked) -> bool:
    return asked.query.get("format") != "csv"


def _others() -> Iterator[Endpoint]:
    """Yield what is read of other keys than those that are asked for."""
    for path in (_DATA, _DOWNLOAD):
        for dataset, row, condition in (
            ("fx_rates", _rate, _is_daily_rate),
            ("yield_curves", _point, _is_curve),
        ):
            other = endpoint(dataset, get(f"{path}/{{resource*}}"), row, when=condition)
            yield replace(other, retired=True)


def _is_own_table(body: Any) -> bool:  # noqa: ANN401 - a parsed body
    head = str(body).lstrip("\ufeff \r\n").partition("\n")[0]
    return head[:1] not in {"", "<", "{"} and "OBS_VALUE" not in head


def _own_tables() -> Iterator[Endpoint]:
    for path in (f"{_DATA}/{{symbol*}}", f"{_DOWNLOAD}/{{symbol*}}"):
        yield Endpoint(
            dataset="economic_series",
            request=get(path, {"format": "csv"}),
            when=lambda asked: not _is_sdmx(asked),
            shape=_is_own_table,
            items=_columns,
            format=Format.TEXT,
            row=_value,
        )
    yield Endpoint(
        dataset="economic_series",
        request=get("/statistic-rmi/StatisticDownload"),  # of the bank's site, before its web service
        when=lambda asked: asked.query.get("its_fileFormat", "csv") == "csv",
        shape=_is_own_table,
        items=_columns,
        format=Format.TEXT,
        row=_value,
        retired=True,
    )


PROVIDER: Final = Provider(
    name="bundesbank",
    title="Deutsche Bundesbank",
    site="https://www.bundesbank.de/en/statistics/time-series-databases/help-for-sdmx-web-service",
    bases=("https://api.statistiken.bundesbank.de",),
    aliases=("www.bundesbank.de",),
    headers={"Accept-Language": "en"},
    told=told,
    samples={"economic_series": "BBEX3/D.USD.EUR.BB.AC.000"},
    endpoints=(
        endpoint("fx_rates", get(_FX, _LATEST), _rate, batch=0),
        endpoint("yield_curves", get(_CURVE, _LATEST), _point, batch=0),
        *series_endpoints(_DATA, _PARAMS, when=_is_sdmx),
        *series_endpoints(_DOWNLOAD, {"format": "sdmx"}, when=_is_sdmx, retired=True),
        *_own_tables(),
        *_others(),
    ),
)
