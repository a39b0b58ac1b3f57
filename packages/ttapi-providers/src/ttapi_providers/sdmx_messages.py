# SPDX-License-Identifier: Apache-2.0
"""
Data messages of SDMX, read: SDMX-CSV and SDMX-JSON 1.0 and 2.0, SDMX-ML generic and structure-specific.

Whatever it is written in, an observation becomes one record with ``flow``, ``dims`` and ``attrs`` (codes by
name; in structure-specific XML the two cannot be told apart, and those of a series are all in ``dims``),
``period``, ``value``, and ``alone`` where the whole answer holds a single series.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ttapi_core import DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.reading import Row

TIME: Final = "TIME_PERIOD"
VALUE: Final = "OBS_VALUE"
_VALUE_NAMES: Final = (VALUE, "Value", "value")
_TIME_NAMES: Final = frozenset({TIME, "TIME", "time", "time_period"})
_LEADING: Final = frozenset(
    {"DATAFLOW", "STRUCTURE", "STRUCTURE[;]", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION"}
    | {"KEY", "SERIES_KEY", "OBS_KEY"}
)
_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_XML_NOTES: Final = frozenset({"Obs", "type", "#text", "Annotations"})
_OF_OBSERVATIONS: Final = ("OBS_", "CONF_", "PRE_BREAK", "DECIMALS", "UNIT_MULT", "EMBARGO")


def observations(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - a parsed body
    """
    Find the observations of a data message in any of the three.

    Raises
    ------
    DecodeError
        If it is none.
    """
    if isinstance(body, list):
        found = _csv_rows(body)
    elif isinstance(body, dict) and {"data", "dataSets", "meta", "structure"} & body.keys():
        found = _json_rows(body)
    elif isinstance(body, dict):
        found = _xml_rows(body)
    else:
        raise DecodeError(f"the answer is no data message; it is a {type(body).__name__}")
    return _counted(found)


def _counted(rows: Iterable[Row]) -> list[Row]:
    """Mark the observations of an answer that holds a single series."""
    found = list(rows)
    if len({tuple(row.value["dims"].items()) for row in found}) == 1:
        for row in found:
            row.value["alone"] = True
    return found


# --- SDMX-CSV -----------------------------------------------------------------------------------------------


def _csv_rows(lines: list[dict[str, str]]) -> Iterator[Row]:
    """Yield the observations of SDMX-CSV 1.0 or 2.0, with labels or without."""
    columns = list(lines[0]) if lines else []
    names = {column: column.partition(":")[0].strip() for column in columns}
    # Columns of labels stand behind the codes that they explain, and are written as words.
    in_words = any(" " in name and name != "LAST UPDATE" for name in names.values())
    kept = [column for column in columns if not in_words or _CODE.fullmatch(names[column])]
    time = next((column for column in kept if names[column] in _TIME_NAMES), None)
    value = next((column for column in columns if names[column] in _VALUE_NAMES), None)
    if lines and (time is None or value is None):
        raise DecodeError(f"the answer has no {TIME} and {VALUE}; it has {', '.join(columns)[:200]}")
    at = kept.index(time) if time is not None else 0
    dims = [column for column in kept[:at] if names[column] not in _LEADING and column != value]
    attrs = [column for column in kept if column not in {*dims, time, value}]
    for line in lines:
        codes = {names[column]: _code_in(line, column) for column in (*dims, *attrs, *filter(None, (time,)))}
        yield Row(
            {
                "flow": _flow(line),
                "dims": {names[column]: codes[names[column]] for column in dims},
                "attrs": {names[column]: code for column in attrs if (code := codes[names[column]])},
                "period": codes[names[time]] if time is not None else None,
                "value": line[value] if value is not None else None,
            }
        )


def _code_in(line: Mapping[str, str], column: str) -> str:
    # Under a name with a label, "FREQ: Frequency", codes have one as well: "M: Monthly".
    return line[column].partition(": ")[0] if ":" in column else line[column]


def _flow(line: Mapping[str, str]) -> str:
    told = line.get("DATAFLOW") or line.get("STRUCTURE_ID") or ""
    return re.split(r"[:(]", told.partition(":")[2] or told)[0]


# --- SDMX-JSON ----------------------------------------------------------------------------------------------


def _json_rows(body: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the observations of SDMX-JSON 1.0 or 2.0, grouped by series or flat."""
    data = body["data"] if isinstance(body.get("data"), dict) else body
    if "dataSets" not in data:
        raise DecodeError(f"the answer has no dataSets; it has {', '.join(map(str, data))[:200]}")
    structures = data.get("structures") or [data.get("structure") or body.get("structure") or {}]
    for data_set in data.get("dataSets") or ():
        place = data_set.get("structure", 0)
        yield from _json_set(data_set, structures[place if isinstance(place, int) else 0])


def _json_set(data_set: Mapping[str, Any], structure: Mapping[str, Any]) -> Iterator[Row]:
    dims, attrs = structure.get("dimensions") or {}, structure.get("attributes") or {}
    places = {d["id"]: d.get("keyPosition", 0) for group in dims.values() for d in group or ()}
    fixed = {d["id"]: _id(first_of(d.get("values"))) for d in dims.get("dataSet") or ()}
    fixed_attrs = _told_by(attrs.get("dataSet") or attrs.get("dataset"), data_set.get("attributes"))
    by_series = data_set.get("series")
    if not by_series and "observations" not in data_set:
        return  # nothing is known of what was asked for, and its dimensions have no values
    groups = by_series.items() if by_series else [("", data_set)]
    for key, group in groups:
        above = {**fixed, **_picked(dims.get("series"), key)}
        above_attrs = {
            **fixed_attrs,
            **_told_by(attrs.get("series"), group.get("attributes") if by_series else None),
        }
        for place, values in (group.get("observations") or {}).items():
            found = {**above, **_picked(dims.get("observation"), place)}
            period = next((found.pop(name) for name in list(found) if name in _TIME_NAMES), None)
            listed = values if isinstance(values, list) else [values]
            yield Row(
                {
                    "flow": "",
                    "dims": dict(sorted(found.items(), key=lambda item: places.get(item[0], 0))),
                    "attrs": {**above_attrs, **_told_by(attrs.get("observation"), listed[1:])},
                    "period": period,
                    "value": listed[0] if listed else None,
                }
            )


def _picked(dimensions: list[Any] | None, key: str) -> dict[str, str]:
    places = [int(place) for place in key.split(":")] if key else []
    chosen = list(dimensions or ())
    if len(places) < len(chosen):
        raise DecodeError(f"the key {key!r} has {len(places)} parts for {len(chosen)} dimensions")
    return {d["id"]: _id(d["values"][at]) for d, at in zip(chosen, places, strict=False)}


def _told_by(attributes: list[Any] | None, places: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    found = {}
    for attribute, at in zip(attributes or (), places if isinstance(places, list) else (), strict=False):
        values = attribute.get("values") or ()
        if isinstance(at, int) and not isinstance(at, bool) and 0 <= at < len(values):
            found[attribute["id"]] = _id(values[at])
        elif isinstance(at, str):
            found[attribute["id"]] = at
    return {name: text for name, text in found.items() if text}


def _id(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        told = next((value[name] for name in ("id", "value", "name") if value.get(name) is not None), "")
        return str(told) if not isinstance(told, dict) else str(next(iter(told.values()), ""))
    return "" if value is None else str(value)


# --- SDMX-ML ------------------------------------------------------------------------------------------------


def _xml_rows(body: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the observations of SDMX-ML, generic or structure-specific (compact), by series or flat."""
    root = next(iter(body.values()), None)
    if not isinstance(root, dict) or ("DataSet" not in root and not {"Header", "Footer"} & root.keys()):
        raise DecodeError(f"the answer has no DataSet; it is {next(iter(body), 'empty')}")
    for data_set in _many(root.get("DataSet")):
        yield from _xml_set(data_set, str(data_set.get("setID") or data_set.get("structureRef") or ""))


def _many(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - XML
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _xml_set(data_set: Mapping[str, Any], flow: str) -> Iterator[Row]:
    shared = _pairs(data_set.get("Attributes"))
    for series in _many(data_set.get("Series")):
        if "SeriesKey" in series:
            dims, attrs = _pairs(series["SeriesKey"]), {**shared, **_pairs(series.get("Attributes"))}
        else:
            dims, attrs = _codes(series), shared
        yield from (_xml_row(flow, dims, attrs, one) for one in _many(series.get("Obs")))
    yield from (_xml_row(flow, {}, shared, one) for one in _many(data_set.get("Obs")))


def _xml_row(flow: str, dims: Mapping[str, str], attrs: Mapping[str, str], found: Mapping[str, Any]) -> Row:
    if TIME in found or VALUE in found:
        codes = _codes(found)
        period, value = codes.pop(TIME, None), codes.pop(VALUE, None)
        notes = {name: code for name, code in codes.items() if dims or name.startswith(_OF_OBSERVATIONS)}
        own_dims, own_attrs = {name: code for name, code in codes.items() if name not in notes}, notes
    else:
        own_dims, own_attrs = _pairs(found.get("ObsKey")), _pairs(found.get("Attributes"))
        place = found.get("ObsDimension", found.get("Time"))
        period = place.get("value") if isinstance(place, dict) else place
        period = next((own_dims.pop(name) for name in list(own_dims) if name in _TIME_NAMES), period)
        held = found.get("ObsValue")
        value = held.get("value") if isinstance(held, dict) else held
    return Row(
        {
            "flow": flow,
            "dims": {**dims, **own_dims},
            "attrs": {**attrs, **own_attrs},
            "period": period,
            "value": value,
        }
    )


def _codes(element: Mapping[str, Any]) -> dict[str, str]:
    return {name: code for name, code in element.items() if isinstance(code, str) and name not in _XML_NOTES}


def _pairs(element: Any) -> dict[str, str]:  # noqa: ANN401 - XML
    if not isinstance(element, dict):
        return {}
    return {
        str(pair.get("id") or pair.get("concept")): str(pair.get("value", ""))
        for pair in _many(element.get("Value"))
    }


def first_of(value: Any) -> Any:  # noqa: ANN401 - a part of a parsed body
    """Return the first of a list; anything else as it is."""
    return value[0] if isinstance(value, list) and value else value
