# SPDX-License-Identifier: Apache-2.0
"""Federal Reserve Bank of New York: reference rates, open market holdings, primary dealers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from ttapi_core import DataError, DecodeError
from ttapi_providers.asking import Asked, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, Skip
from ttapi_providers.items import listed
from ttapi_providers.reading import Row, Values

_BILLION: Final = 1e9
# JSON and XML write the names at the left, tables those at the right, in several spellings.
_FIELDS: Final = {
    "percentRate": "rate", "percentPercentile1": "1stpercentile", "percentPercentile25": "25thpercentile",
    "percentPercentile75": "75thpercentile", "percentPercentile99": "99thpercentile",
    "volumeInBillions": "volume$billions", "targetRateFrom": "targetratefrom", "targetRateTo": "targetrateto",
    "average30day": "30dayaveragesofr", "average90day": "90dayaveragesofr",
    "average180day": "180dayaveragesofr",
    "type": "ratetype", "effectiveDate": "effectivedate", "revisionIndicator": "revisionindicatoryn",
}  # fmt: skip
_BY_HEADER: Final = {header: name for name, header in _FIELDS.items()}
_AVERAGES: Final = {"average30day": "SOFR_30D", "average90day": "SOFR_90D", "average180day": "SOFR_180D"}
_SOMA: Final = "SOMA/"
_HOLDINGS: Final = (
    "total", "notesbonds", "bills", "tips", "tipsInflationCompensation", "frn", "agencies", "mbs", "cmbs",
)  # fmt: skip


def _first(wanted: Wanted) -> str:
    return (wanted.since or wanted.today - timedelta(days=7)).isoformat()


def _last(wanted: Wanted) -> str:
    return (wanted.until or wanted.today).isoformat()


def _tabled(row: Row) -> Row:
    names = {re.sub(r"\(%\)|[^a-z0-9$]", "", header.lower()): header for header in row.value}
    return Row(
        {name: row.value[header] for short, header in names.items() if (name := _BY_HEADER.get(short))}
    )


def _of_table(row: Row, asked: Asked) -> Iterator[Values]:
    return _rates(_tabled(row), asked)


def _rates(row: Row, _asked: Asked) -> Iterator[Values]:
    kind = row.text("type")
    text = row.text("effectiveDate") or ""
    day = row.day("effectiveDate", form="%m/%d/%Y") if "/" in text else row.day("effectiveDate")
    shared: Values = {"date": day, "currency": "USD", "status": row.text("revisionIndicator")}
    if kind == "SOFRAI":
        for field, name in _AVERAGES.items():
            average = row.number(field)
            if average is not None:
                yield {**shared, "rate": name, "rate_percent": average}
        return
    rate = row.number("percentRate")
    if rate is None:
        raise Skip("a day without a rate")
    yield {
        **shared,
        "rate": kind,
        "rate_percent": rate,
        "percentile_1_percent": row.number("percentPercentile1"),
        "percentile_25_percent": row.number("percentPercentile25"),
        "percentile_75_percent": row.number("percentPercentile75"),
        "percentile_99_percent": row.number("percentPercentile99"),
        "target_low_percent": row.number("targetRateFrom"),
        "target_high_percent": row.number("targetRateTo"),
        "volume": row.number("volumeInBillions", scale=_BILLION),
    }


def _xml_rates(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    name, root = next(iter(body.items()))
    if name.lower() == "html":
        raise DecodeError("the answer is a page instead of data")
    groups = [
        root.get(name) for name in ("refRates", "rates") if isinstance(root, dict) and name in root
    ] or [root]
    found = []
    for group in groups:
        held = (
            group.get("rate", group.get("refRate", group.get("rates"))) if isinstance(group, dict) else None
        )
        found += held if isinstance(held, list) else [held] if held else []
    return [Row(one) for one in found]


def _holdings(row: Row, _asked: Asked) -> Iterator[Values]:
    for name in _HOLDINGS:
        if row.has(name):
            yield {
                "series": f"{_SOMA}{name}",
                "date": row.day("asOfDate"),
                "value": row.number(name),
                "unit": "US dollars, par value",
                "frequency": "weekly",
            }


def _dealers(row: Row, _asked: Asked) -> Values:
    text = row.text("value", "Value (millions)")
    if text is not None and text.strip("*") == "":
        text = None  # withheld, as it would tell of a single dealer
    try:
        value = Row({"value": text}).number("value")
    except DataError as exc:
        raise Skip(f"{text!r} is no number") from exc
    return {
        "series": row.text("keyid", "Time Series"),
        "vendor_symbol": row.text("keyid", "Time Series"),
        "date": row.day("asofdate", "As Of Date"),
        "value": value,
        "unit": "millions of US dollars",
    }


def _series(row: Row, _asked: Asked) -> Values:
    return {
        "symbol": row.text("keyid"),
        "vendor_symbol": row.text("keyid"),
        "description": row.text("description"),
        "instrument_type": "Economic series",
    }


def _rate_endpoints() -> Iterator[Endpoint]:
    live = get("/api/rates/all/search.json", {"startDate": _first, "endDate": _last})
    yield Endpoint(dataset="reference_rates", request=live, items=listed("refRates"), row=_rates, batch=0)
    for form, items, row in (
        ("json", listed("refRates"), _rates), ("csv", listed(), _of_table), ("xml", _xml_rates, _rates),
    ):  # fmt: skip
        for path in (
            "/api/rates/{group}/{rate}/{span}",
            "/api/rates/{group}/{rate}/last/{number}",
            "/api/rates/all/{span}",
        ):
            yield Endpoint(
                dataset="reference_rates",
                request=get(f"{path}.{form}"),
                when=lambda asked: asked.path != live.path,
                items=items,
                format=Format(form),
                row=row,
            )
    yield Endpoint(
        dataset="reference_rates",
        request=get("/read"),
        when=lambda asked: asked.query.get("format") == "csv",
        format=Format.CSV,
        row=_of_table,
        retired=True,
    )


def _dealer_endpoints() -> Iterator[Endpoint]:
    yield Endpoint(
        dataset="economic_series",
        request=get("/api/pd/get/{symbols}.json", separator="_"),
        takes=lambda key: not key.startswith(_SOMA),
        items=listed("pd.timeseries"),
        row=_dealers,
        batch=10,
    )
    for path in (
        "/api/pd/get/{period}/timeseries/{series}.json",
        "/api/pd/get/asof/{day}.json",
        "/api/pd/latest/{period}.json",
    ):
        yield Endpoint(
            dataset="economic_series",
            request=get(path),
            items=listed("pd.timeseries"),
            row=_dealers,
            retired=True,
        )
    for path in ("/api/pd/get/{series*}.csv", "/api/pd/latest/{period}.csv"):
        yield Endpoint(
            dataset="economic_series", request=get(path), format=Format.CSV, row=_dealers, retired=True
        )


PROVIDER: Final = Provider(
    name="nyfed",
    title="Federal Reserve Bank of New York",
    site="https://markets.newyorkfed.org/static/docs/markets-api.html",
    bases=("https://markets.newyorkfed.org",),
    samples={"economic_series": "PDPOSGST-TOT"},
    endpoints=(
        *_rate_endpoints(),
        *_dealer_endpoints(),
        Endpoint(
            dataset="economic_series",
            request=get("/api/soma/summary.json"),
            items=listed("soma.summary"),
            row=_holdings,
            takes=lambda key: key.startswith(_SOMA),
            batch=len(_HOLDINGS),
        ),
        Endpoint(
            dataset="symbols",
            request=get("/api/pd/list/timeseries.json"),
            items=listed("pd.timeseries"),
            row=_series,
            batch=0,
            retired=True,
        ),
    ),
)
