# SPDX-License-Identifier: Apache-2.0
"""Bank of Canada (Valet): exchange rates, benchmark bond yields, CORRA, and all of its series."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from ttapi_core import DecodeError, NotFoundError
from ttapi_providers.asking import Asked, Param, RequestForm, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, RowReader, Skip
from ttapi_providers.items import by_name, listed, one, place
from ttapi_providers.naming import Naming, pair
from ttapi_providers.reading import Row, Values
from ttapi_providers.sdmx import first_day

_ROOT: Final = "/valet/observations"
_PAIR: Final = re.compile(r"FX([A-Z]{3})([A-Z]{3})")
_YIELD: Final = re.compile(r"BD\.CDN\.(\d+)YR\.DQ\.YLD")
_YIELDS: Final = tuple(f"BD.CDN.{years}YR.DQ.YLD" for years in (2, 3, 5, 7, 10))
_CURVE: Final = "CA_BENCHMARK"
_RATES: Final = {"AVG.INTWO": "CORRA", "V39079": "BOC_TARGET"}
_DAYS: Final[Mapping[str, Param]] = {"start_date": "{since}", "end_date": "{until}"}


def _recent(wanted: Wanted) -> str | None:
    return "10" if wanted.since is None else None


_LATEST: Final[Mapping[str, Param]] = {**_DAYS, "recent": _recent}


def _to_code(name: str) -> str:
    base, slash, quote = name.partition("/")
    return f"FX{base}{quote}" if slash and "CAD" in {base, quote} else name


def _to_pair(code: str) -> str:
    match = _PAIR.fullmatch(code)
    return pair(match[1], match[2]) if match is not None else code


def _cells(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    titles = body.get("seriesDetail") or {}
    return [
        _cell(day.get("d"), code, held.get("v") if isinstance(held, dict) else held, titles.get(code))
        for day in place(body, "observations") or ()
        for code, held in day.items()
        if code != "d"
    ]


def _cell(day: Any, code: str, value: Any, detail: Any) -> Row:  # noqa: ANN401 - JSON
    told = detail if isinstance(detail, dict) else {}
    return Row(
        {"day": day, "code": code, "value": value, "title": told.get("description") or told.get("label")}
    )


def _lines(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - a parsed body
    """Find the observations of the table, which stands below terms and a list of its series."""
    try:
        lines = [
            line for line in csv.reader(io.StringIO(str(body).lstrip("\ufeff"), newline="")) if any(line)
        ]
    except csv.Error as exc:
        raise DecodeError(f"the answer is no table: {exc}") from exc
    start = next((at for at, line in enumerate(lines) if line[0].strip() == "OBSERVATIONS"), None)
    if start is None:
        raise DecodeError("the answer has no OBSERVATIONS")
    titles = {line[0]: {"label": line[1], "description": line[-1]} for line in lines[:start] if len(line) > 1}
    header = lines[start + 1] if len(lines) > start + 1 else ["date"]
    return [
        _cell(line[0], code, value, titles.get(code))
        for line in lines[start + 2 :]
        for code, value in zip(header[1:], line[1:], strict=True)
    ]


def _elements(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    root = next(iter(body.values()))
    details = {one["id"]: one for one in _many(_within(root.get("seriesDetail"), "series")) if "id" in one}
    return [
        _cell(
            day.get("d"),
            str(held.get("s")),
            held.get("#text", held.get("v")),
            details.get(str(held.get("s"))),
        )
        for day in _many(_within(place(root, "observations"), "o"))
        for held in _many(day.get("v"))
    ]


def _within(value: Any, name: str) -> Any:  # noqa: ANN401 - XML
    return value.get(name) if isinstance(value, dict) else None


def _many(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - XML
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _value(row: Row, _asked: Asked) -> Values:
    return {
        "series": row.text("code"),
        "vendor_symbol": row.text("code"),
        "date": first_day(row.text("day") or ""),
        "value": row.number("value"),
        "title": row.text("title"),
    }


def _number(row: Row) -> float:
    value = row.number("value")
    if value is None:
        raise Skip("a day without a rate")
    return value


def _exchange_rate(row: Row, _asked: Asked) -> Values:
    code = row.text("code") or ""
    match = _PAIR.fullmatch(code)
    if match is None:
        raise Skip(f"{code} is no daily exchange rate")
    return {
        "symbol": pair(match[1], match[2]),
        "vendor_symbol": code,
        "date": row.day("day"),
        "rate": _number(row),
    }


def _point(row: Row, _asked: Asked) -> Values:
    code = row.text("code") or ""
    match = _YIELD.fullmatch(code)
    if match is None:
        raise Skip(f"{code} has no maturity in its name")
    return {
        "curve": _CURVE,
        "date": row.day("day"),
        "tenor": f"{match[1]}Y",
        "months": int(match[1]) * 12,
        "rate_percent": _number(row),
        "currency": "CAD",
    }


def _news(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    return list(listed("item?")(place(body, "RDF"), asked))


def _told_as_news(row: Row, _asked: Asked) -> Values:
    """Read a rate of the news feed: units of its base currency, which is Canada's, for one of its target."""
    held = row.row("statistics.exchangeRate")
    unit, currency = held.text("baseCurrency"), held.text("targetCurrency")
    rate = held.number("value.#text") if isinstance(held.raw("value"), dict) else held.number("value")
    if unit is None or currency is None or rate is None:
        raise Skip("an item without a rate and its two currencies")
    return {
        "symbol": pair(currency, unit),
        "vendor_symbol": f"FX{currency}{unit}",
        "date": row.day("date"),
        "rate": rate,
    }


def _rate(row: Row, _asked: Asked) -> Values:
    code = row.text("code") or ""
    if code not in _RATES:
        raise Skip(f"{code} is no rate of reference")
    return {
        "rate": _RATES[code],
        "date": row.day("day"),
        "rate_percent": _number(row),
        "currency": "CAD",
        "title": row.text("title"),
    }


def _series(row: Row, _asked: Asked) -> Values:
    name = row.text("name") or row.name
    return {
        "symbol": name,
        "vendor_symbol": name,
        "description": row.text("label", "description"),
        "instrument_type": "Economic series",
    }


def _asked_of(asked: Asked) -> str:
    return asked.told("symbols", "group", "fixed") or asked.path


def _codes_asked(asked: Asked) -> list[str]:
    return _asked_of(asked).split(",")


def _pairs_asked(asked: Asked) -> list[str]:
    return [code for code in _codes_asked(asked) if _PAIR.fullmatch(code)]


def _curves_asked(asked: Asked) -> list[str]:
    return [_CURVE] if any(_YIELD.fullmatch(code) for code in _codes_asked(asked)) else []


def _rates_asked(asked: Asked) -> list[str]:
    return [_RATES[code] for code in _codes_asked(asked) if code in _RATES]


def _endpoints(
    dataset: str,
    row: RowReader,
    *,
    fixed: str = "",
    group: Collection[str] = (),
    names: Callable[[Asked], list[str]] | None = None,
) -> Iterator[Endpoint]:
    """
    Yield the endpoints of a dataset: of fixed series, which then are asked for, and of any.

    ``names`` tells what of the dataset a request is for; a ``group`` is of it as a whole.
    """

    def fits(asked: Asked) -> bool:
        if asked.path == f"{_ROOT}/{fixed}/json":
            return False
        return names is None or asked.told("group") in group or bool(names(asked))

    if fixed:
        yield Endpoint(
            dataset=dataset, request=get(f"{_ROOT}/{fixed}/json", _LATEST), items=_cells, row=row, batch=0
        )
    for form, items in ((Format.JSON, _cells), (Format.TEXT, _lines), (Format.XML, _elements)):
        ending = "csv" if form is Format.TEXT else form.value
        paths = [f"{_ROOT}/{{symbols}}/{ending}", f"{_ROOT}/group/{{group}}/{ending}"]
        if form is Format.JSON:
            paths += [f"{_ROOT}/{{symbols}}", f"{_ROOT}/group/{{group}}"]  # JSON is what comes unasked
        for path in paths:
            yield Endpoint(
                dataset=dataset,
                request=RequestForm(path=path, params=_DAYS if dataset == "economic_series" else _LATEST),
                when=fits,
                found_by=names,
                items=items,
                format=form,
                row=row,
                batch=20 if "symbols" in path else 0,
                takes=(lambda key: "CAD" in key.split("/")) if dataset == "fx_rates" else None,
                retired=bool(fixed) or "group" in path or not path.endswith(ending),
            )


PROVIDER: Final = Provider(
    name="boc",
    title="Bank of Canada",
    site="https://www.bankofcanada.ca/valet/docs",
    bases=("https://www.bankofcanada.ca",),
    aliases=("bankofcanada.ca", "www.banqueducanada.ca"),
    naming=Naming(to_vendor=_to_code, to_canonical=_to_pair),
    codes={"not found": NotFoundError},
    samples={"economic_series": "FXUSDCAD", "fx_rates": "USD/CAD", "symbols": "FXUSDCAD"},
    endpoints=(
        *_endpoints("economic_series", _value),
        *_endpoints("fx_rates", _exchange_rate, group=("FX_RATES_DAILY",), names=_pairs_asked),
        *_endpoints(
            "yield_curves",
            _point,
            fixed=",".join(_YIELDS),
            group=("bond_yields_benchmark", "bond_yields_all"),
            names=_curves_asked,
        ),
        *_endpoints(
            "reference_rates",
            _rate,
            fixed=",".join(_RATES),
            names=_rates_asked,
        ),
        *(
            Endpoint(
                dataset="fx_rates",
                request=get(f"/valet/fx_rss{ending}"),
                items=_news,
                format=Format.XML,
                row=_told_as_news,
                retired=True,
            )
            for ending in ("", "/{symbols}")
        ),
        Endpoint(
            dataset="symbols",
            request=get("/valet/series/{symbol}/json"),
            items=one("seriesDetails"),
            row=_series,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/valet/lists/series/json"),
            items=by_name("series"),
            row=_series,
            batch=0,
        ),
        Endpoint(
            dataset="symbols",
            request=get("/valet/groups/{group}/json"),
            items=by_name("groupDetails.groupSeries"),
            row=_series,
        ),
    ),
)
