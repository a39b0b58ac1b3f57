# SPDX-License-Identifier: Apache-2.0
"""FRED and ALFRED of the Federal Reserve Bank of St. Louis: economic series and their vintages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ttapi_core import AuthenticationError, NotFoundError, RateWindow
from ttapi_providers.asking import Asked, Param, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Credential, Endpoint, Provider, Skip, query_is
from ttapi_providers.items import Finder, listed, place
from ttapi_providers.naming import Naming, pair
from ttapi_providers.reading import Row, Values, day_of, number_of
from ttapi_providers.sdmx import first_day

# Noon buying rates of release H.10: DEXxxUS is units of a currency for a dollar, DEXUSxx dollars for a unit.
_PER_DOLLAR: Final = {
    "BZ": "BRL", "CA": "CAD", "CH": "CNY", "DN": "DKK", "HK": "HKD", "IN": "INR", "JP": "JPY", "KO": "KRW",
    "MA": "MYR", "MX": "MXN", "NO": "NOK", "SD": "SEK", "SF": "ZAR", "SI": "SGD", "SL": "LKR", "SZ": "CHF",
    "TA": "TWD", "TH": "THB",
}  # fmt: skip
_IN_DOLLARS: Final = {"AL": "AUD", "EU": "EUR", "NZ": "NZD", "UK": "GBP"}
_PAIRS: Final = {
    **{f"DEX{code}US": pair("USD", currency) for code, currency in _PER_DOLLAR.items()},
    **{f"DEXUS{code}": pair(currency, "USD") for code, currency in _IN_DOLLARS.items()},
}
_SERIES: Final = {symbol: name for name, symbol in _PAIRS.items()}
_QUARTER: Final = re.compile(r"Q([1-4]) (\d{4})")
_VINTAGE: Final = re.compile(r"(.+)_(\d{8})")
_LIMIT: Final = 100_000
_OBSERVATIONS: Final[Mapping[str, Param]] = {
    "series_id": "{symbol}",
    "observation_start": "{since}",
    "observation_end": "{until}",
    "file_type": "json",
    "limit": _LIMIT,
}
_LISTS: Final = (
    "series",
    "series/search",
    "series/updates",
    "release/series",
    "category/series",
    "tags/series",
)


def _page(body: Any, _asked: Asked) -> Mapping[str, str] | None:  # noqa: ANN401 - JSON
    told = body["observations"] if isinstance(body["observations"], dict) else body  # of XML and of JSON
    following = int(told["offset"]) + int(told["limit"])
    return {"offset": str(following)} if following < int(told["count"]) else None


def _value(row: Row, asked: Asked) -> Iterator[Values]:
    day = row.day("date")
    vintages = [match for name in row.value if (match := _VINTAGE.fullmatch(name))]
    shared: Values = {
        "series": asked.name,
        "date": day,
        "unit": _transformed(asked),
        "frequency": asked.told("frequency") or None,
    }
    for match in vintages:  # one column a vintage: output types 2 and 3
        yield {**shared, "value": row.number(match[0]), "vintage_date": day_of(match[2], match[0])}
    if not vintages:
        yield {**shared, "value": row.number("value"), "vintage_date": _vintage(row, asked)}


def _vintage(row: Row, asked: Asked) -> object:
    # Without a real-time period in the request, both ends are the day of asking and say nothing of the value.
    if asked.told("realtime_start", "realtime_end", "vintage_dates") or asked.told("output_type") not in {
        "",
        "1",
    }:
        return row.day("realtime_start")
    return None


def _transformed(asked: Asked) -> str | None:
    units = asked.told("units")
    return units if units not in {"", "lin"} else None


def _rate(row: Row, asked: Asked) -> Values:
    rate = row.number("value")
    if rate is None:
        raise Skip("a day without a rate")
    return {"symbol": _PAIRS[asked.name], "date": row.day("date"), "rate": rate, "vendor_symbol": asked.name}


def _is_rate(asked: Asked) -> bool:
    plain = not asked.told("frequency", "realtime_start", "realtime_end", "vintage_dates", "output_type")
    return asked.query.get("series_id") in _PAIRS and plain and asked.told("units") in {"", "lin"}


def _info(row: Row, _asked: Asked) -> Values:
    return {
        "symbol": row.text("id"),
        "vendor_symbol": row.text("id"),
        "description": row.text("title"),
        "instrument_type": "Economic series",
    }


def _of_release(row: Row, _asked: Asked) -> Iterator[Values]:
    for one in row.rows("observations"):
        yield {
            "series": row.text("series_id"),
            "title": row.text("title"),
            "frequency": row.text("frequency"),
            "unit": row.text("units"),
            "seasonal_adjustment": row.text("seasonal_adjustment"),
            "date": one.day("date"),
            "value": one.number("value"),
        }


def _graph(row: Row, _asked: Asked) -> Iterator[Values]:
    for name, text in row.value.items():
        if name not in {"DATE", "observation_date"}:
            yield {
                "series": name,
                "date": row.day("observation_date", "DATE"),
                "value": number_of(text, name),
            }


def _graph_rate(row: Row, _asked: Asked) -> Iterator[Values]:
    rates = {name: number_of(text, name) for name, text in row.value.items() if name in _PAIRS}
    if all(rate is None for rate in rates.values()):
        raise Skip("a day without a rate")
    for name, rate in rates.items():
        if rate is not None:
            yield {
                "symbol": _PAIRS[name],
                "date": row.day("observation_date", "DATE"),
                "rate": rate,
                "vendor_symbol": name,
            }


def _graph_has_rates(asked: Asked) -> bool:
    plain = not asked.told("fq", "transformation", "vintage_date")
    return plain and any(name in _PAIRS for name in asked.told("id").split(","))


def _elements(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the series of the table of a release: its lines hold lines."""
    found: list[Row] = []
    left: list[dict[str, Any]] = list(place(body, "elements").values())
    while left:
        element = left.pop(0)
        left = [*(element.get("children") or ()), *left]
        if element.get("series_id") is not None:
            found.append(Row(element))
    return found


def _has_values(body: Any) -> bool:  # noqa: ANN401 - JSON
    held = body.get("elements") if isinstance(body, dict) else None
    return isinstance(held, dict) and any(row.has("observation_value") for row in _elements(body, _NOBODY))


def _of_table(row: Row, _asked: Asked) -> Values:
    if not row.has("observation_value"):
        raise Skip("a series without an observation")
    return {
        "series": row.text("series_id"),
        "vendor_symbol": row.text("series_id"),
        "title": row.text("name"),
        "date": _day_of_table(row),
        "value": row.number("observation_value"),
    }


def _day_of_table(row: Row) -> object:
    """Return the first day of a period as tables write it: ``Feb 2026``, ``Q4 2025``, ``Feb 12, 2026``."""
    text = row.text("observation_date") or ""
    quarter = _QUARTER.fullmatch(text)
    if quarter is not None:
        return first_day(f"{quarter[2]}-Q{quarter[1]}")
    if text[:1].isdigit():
        return first_day(text)
    return row.day("observation_date", form="%b %d, %Y" if "," in text else "%b %Y")


def _regions(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the regions of a map: of one day, or by day."""
    meta = place(body, "meta")
    held = place(meta, "data") or {}
    days = held if isinstance(held, dict) else {meta.get("date"): held}
    return [Row({"day": day, "meta": meta, **one}) for day, regions in days.items() for one in regions]


def _of_region(row: Row, _asked: Asked) -> Values:
    title = [text for text in (row.text("region"), row.text("meta.title")) if text]
    return {
        "series": row.text("series_id"),
        "vendor_symbol": row.text("series_id"),
        "title": ": ".join(title) or None,
        "date": row.day("day"),
        "value": row.number("value"),
        "unit": row.text("meta.units"),
        "frequency": row.text("meta.frequency"),
        "seasonal_adjustment": row.text("meta.seasonality"),
    }


def _records(outer: str, inner: str) -> Finder:
    """Find the records of an answer: in JSON they are a list, in XML they stand one level deeper."""

    def find(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - a parsed body
        held = place(body, outer)
        if isinstance(held, dict):
            return list(listed(f"{outer}.{inner}?")(body, asked))
        return list(listed(outer)(body, asked)) if held != "" else []

    return find


def _info_endpoints() -> Iterator[Endpoint]:
    for name in _LISTS:
        yield Endpoint(
            dataset="symbols",
            request=get(f"/fred/{name}", {"series_id": "{symbol}", "file_type": "json"}),
            when=_READABLE,
            items=_records("seriess", "series"),
            format=Format.ANY,
            row=_info,
        )


def _map_endpoints() -> Iterator[Endpoint]:
    for path in ("/geofred/series/data", "/geofred/regional/data"):
        for written in (path, path.replace("/geofred/", "/geofred//")):  # as some clients write it
            yield Endpoint(
                dataset="economic_series",
                request=get(written, {"file_type": "json"}),
                when=query_is(file_type="json"),
                items=_regions,
                row=_of_region,
                retired=True,
            )


_NOBODY: Final = Asked(method="GET", base="", path="")
_READABLE: Final = query_is(file_type=("", "json", "xml"))

PROVIDER: Final = Provider(
    name="fred",
    title="FRED, Federal Reserve Bank of St. Louis",
    site="https://fred.stlouisfed.org/docs/api/fred/",
    bases=("https://api.stlouisfed.org", "https://fred.stlouisfed.org"),
    credentials=(
        Credential(
            variable="TTAPI_FRED_KEY", param="api_key", obtained="https://fredaccount.stlouisfed.org/apikeys"
        ),
    ),
    limits=(RateWindow(requests=120, seconds=60),),
    naming=Naming(
        to_vendor=lambda name: _SERIES.get(name, name), to_canonical=lambda name: _PAIRS.get(name, name)
    ),
    codes={"does not exist": NotFoundError, "api_key": AuthenticationError},
    samples={"economic_series": "GDP", "symbols": "GDP", "fx_rates": "EUR/USD"},
    endpoints=(
        Endpoint(
            dataset="economic_series",
            request=get("/fred/series/observations", _OBSERVATIONS),
            when=_READABLE,
            items=_records("observations", "observation"),
            format=Format.ANY,
            row=_value,
            next_page=_page,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/fred/series/observations", _OBSERVATIONS),
            when=lambda asked: _READABLE(asked) and _is_rate(asked),
            items=_records("observations", "observation"),
            format=Format.ANY,
            row=_rate,
            takes=lambda key: key in _SERIES,
            next_page=_page,
        ),
        *_info_endpoints(),
        Endpoint(
            dataset="economic_series",
            request=get("/fred/release/tables", {"file_type": "json"}),
            when=query_is(file_type="json"),
            shape=_has_values,
            items=_elements,
            row=_of_table,
            retired=True,
        ),
        *_map_endpoints(),
        Endpoint(
            dataset="economic_series",
            request=get("/fred/v2/release/observations"),
            items=listed("series"),
            row=_of_release,
        ),
        Endpoint(
            dataset="economic_series",
            request=get("/graph/fredgraph.csv", base="https://fred.stlouisfed.org"),
            format=Format.CSV,
            row=_graph,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/graph/fredgraph.csv", base="https://fred.stlouisfed.org"),
            when=_graph_has_rates,
            format=Format.CSV,
            row=_graph_rate,
            retired=True,
        ),
    ),
)
