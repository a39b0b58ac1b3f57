# SPDX-License-Identifier: Apache-2.0
"""Data messages of SDMX become the same observations, whatever they are written in."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from ttapi_core import DataError, DecodeError, NotFoundError
from ttapi_providers import Asked, Format, Row, parsed
from ttapi_providers.sdmx import first_day, observation, series_endpoints, series_of, told
from ttapi_providers.sdmx_messages import observations

ASKED = Asked(method="GET", base="", path="/data/FLOW/M.DE.", names=("FLOW/M.DE.",))

GENERIC = """<m:GenericData xmlns:m="m" xmlns:g="g"><m:Header/><m:DataSet>
 <g:Series><g:SeriesKey><g:Value id="FREQ" value="M"/><g:Value id="AREA" value="DE"/><g:Value id="ITEM" value="X"/>
 </g:SeriesKey><g:Attributes><g:Value id="TITLE" value="A title"/><g:Value id="UNIT_MULT" value="3"/>
 <g:Value id="UNIT" value="EUR"/></g:Attributes>
 <g:Obs><g:ObsDimension value="2024-01"/><g:ObsValue value="1.5"/>
 <g:Attributes><g:Value id="OBS_STATUS" value="P"/></g:Attributes></g:Obs>
 <g:Obs><g:ObsDimension value="2024-02"/></g:Obs></g:Series></m:DataSet></m:GenericData>"""
SPECIFIC = """<m:StructureSpecificData xmlns:m="m"><m:DataSet>
 <Series FREQ="M" AREA="DE" ITEM="X" TITLE="A title" UNIT_MULT="3" UNIT="EUR">
 <Obs TIME_PERIOD="2024-01" OBS_VALUE="1.5" OBS_STATUS="P"/><Obs TIME_PERIOD="2024-02"/></Series>
 </m:DataSet></m:StructureSpecificData>"""
CSV = """DATAFLOW,FREQ,AREA,ITEM,TIME_PERIOD,OBS_VALUE,OBS_STATUS,TITLE,UNIT,UNIT_MULT
X:FLOW(1.0),M,DE,X,2024-01,1.5,P,A title,EUR,3
X:FLOW(1.0),M,DE,X,2024-02,,,A title,EUR,3
"""
LABELLED = """STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,FREQ,Frequency of it,AREA,Area,ITEM,Item,TIME_PERIOD,Time period,\
OBS_VALUE,Observation value,OBS_STATUS,Observation status,TITLE,Title,UNIT,Unit,UNIT_MULT,Unit multiplier
DATAFLOW,X:FLOW(1.0),A flow,I,M,Monthly,DE,Germany,X,An item,2024-01,,1.5,,P,Provisional,A title,,EUR,Euro,3,Thousands
DATAFLOW,X:FLOW(1.0),A flow,I,M,Monthly,DE,Germany,X,An item,2024-02,,,,,,A title,,EUR,Euro,3,Thousands
"""
IN_ONE = """FREQ:Frequency,AREA:Area,ITEM:Item,TIME_PERIOD:Time period,OBS_VALUE:Value,OBS_STATUS:Status,TITLE:Title,\
UNIT:Unit,UNIT_MULT:Multiplier
M: Monthly,DE: Germany,X: An item,2024-01,1.5,P: Provisional,A title,EUR: Euro,3: Thousands
M: Monthly,DE: Germany,X: An item,2024-02,,,A title,EUR: Euro,3: Thousands
"""


def _json(*, version_2: bool, flat: bool) -> str:
    dims = [
        {"id": name, "keyPosition": at, "values": [{"id": code}]}
        for at, (name, code) in enumerate((("FREQ", "M"), ("AREA", "DE"), ("ITEM", "X")))
    ]
    name = "value" if version_2 else "id"
    time = {"id": "TIME_PERIOD", "values": [{name: "2024-01"}, {name: "2024-02"}]}
    attrs = [
        {"id": name, "values": [{"id": text}]}
        for name, text in (("TITLE", "A title"), ("UNIT", "EUR"), ("UNIT_MULT", "3"))
    ]
    status = {"id": "OBS_STATUS", "values": [{"id": "P"}]}
    structure = {
        "dimensions": {"series": [] if flat else dims, "observation": [*dims, time] if flat else [time]},
        "attributes": {
            "series": [] if flat else attrs,
            "observation": [status, *attrs] if flat else [status],
        },
    }
    if flat:
        data = {"observations": {"0:0:0:0": [1.5, 0, 0, 0, 0], "0:0:0:1": [None, None, 0, 0, 0]}}
    else:
        held = {"attributes": [0, 0, 0], "observations": {"0": [1.5, 0], "1": [None, None]}}
        data = {"series": {"0:0:0": held}}
    if version_2:
        return json.dumps({"meta": {}, "data": {"structures": [structure], "dataSets": [data]}})
    return json.dumps({"header": {}, "structure": structure, "dataSets": [data]})


MESSAGES = {
    "generic": GENERIC, "specific": SPECIFIC, "csv": CSV, "labels beside": LABELLED, "labels within": IN_ONE,
    "json 1": _json(version_2=False, flat=False), "json 1 flat": _json(version_2=False, flat=True),
    "json 2": _json(version_2=True, flat=False),
}  # fmt: skip


@pytest.mark.parametrize("text", MESSAGES.values(), ids=MESSAGES)
def test_every_form_of_a_message_gives_the_same_rows(text: str) -> None:
    rows = [observation(row, ASKED) for row in observations(parsed(text.encode(), Format.ANY), ASKED)]
    first, second = rows
    assert (first["series"], first["date"], first["value"]) == ("FLOW/M.DE.", date(2024, 1, 1), 1.5)
    assert (first["unit"], first["frequency"], first["title"]) == ("10^3 EUR", "M", "A title")
    assert (first["status"], first["vendor_symbol"]) == ("P", "FLOW/M.DE.X")
    assert (second["date"], second["value"]) == (date(2024, 2, 1), None)


def test_a_flat_structure_specific_message_is_read_too() -> None:
    text = '<m:StructureSpecificData xmlns:m="m"><m:DataSet><Obs A="1" TIME_PERIOD="2024" OBS_VALUE="2" OBS_STATUS="A"/>'
    (row,) = observations(parsed(f"{text}</m:DataSet></m:StructureSpecificData>".encode(), Format.XML), ASKED)
    assert (row.raw("dims"), row.raw("attrs"), row.raw("period")) == ({"A": "1"}, {"OBS_STATUS": "A"}, "2024")


def test_dimensions_that_the_request_fixed_may_be_missing_in_the_answer() -> None:
    asked = Asked(method="GET", base="", path="/data/EXR/D..EUR.SP00.A")
    row = Row({"dims": {"FREQ": "D", "CURRENCY": "USD"}})
    assert series_of(row, asked).endswith("/D.USD.EUR.SP00.A")


@pytest.mark.parametrize("name", ["UNIT_MULT", "POWERCODE", "BBK_UNIT_MULT"])
@pytest.mark.parametrize(("power", "unit"), [("6", "10^6 AUD"), ("0", "AUD")])
def test_a_power_of_ten_belongs_to_the_unit(name: str, power: str, unit: str) -> None:
    body = f"FREQ,TIME_PERIOD,OBS_VALUE,UNIT,{name}\nQ,2019-Q1,100.5,AUD,{power}\n"
    (row,) = observations(parsed(body.encode(), Format.CSV), ASKED)
    told = observation(row, ASKED)
    assert (told["value"], told["unit"]) == (100.5, unit)


def test_a_history_tells_since_when_a_value_is_known() -> None:
    body = "FREQ,TIME_PERIOD,OBS_VALUE,VALID_FROM\nA,2024,1.5,2025-03-01T10:00:00.000Z\n"
    (row,) = observations(parsed(body.encode(), Format.CSV), ASKED)
    assert observation(row, ASKED)["vintage_date"] == date(2025, 3, 1)


def test_a_message_without_data_has_no_observations() -> None:
    assert (
        observations(parsed(b"<m:GenericData xmlns:m='m'><m:Header/></m:GenericData>", Format.XML), ASKED)
        == []
    )
    assert observations(parsed(b"FREQ,TIME_PERIOD,OBS_VALUE\n", Format.CSV), ASKED) == []


def test_a_json_data_set_without_series_has_no_observations() -> None:
    told = json.loads(MESSAGES["json 1"])
    told["dataSets"] = [{"action": "Replace", "validFrom": "2026-03-02"}]
    assert observations(told, ASKED) == []


@pytest.mark.parametrize("timed", [True, False])
def test_a_table_without_time_is_no_series(timed: bool) -> None:
    body = json.loads(MESSAGES["json 1 flat"])
    time = body["structure"]["dimensions"]["observation"][-1]
    time["id"] = time["id"] if timed else "MEASURE"
    one, several = series_endpoints("/data", {})
    shapes: Any = (one.shape, several.shape)
    assert [shape(body) for shape in shapes] == [timed, False]


def test_the_wildcards_of_a_key_stay_in_the_name_that_was_asked_for() -> None:
    asked = Asked(method="GET", base="", path="", names=("A/FLOW/1.0/M.DE.*",))
    row = Row({"dims": {"FREQ": "M", "AREA": "DE", "ITEM": "X"}, "alone": True})
    assert series_of(row, asked) == "A/FLOW/1.0/M.DE.*"
    assert series_of(Row({**row.value, "alone": False}), asked) == "A/FLOW/1.0/M.DE.X"


@pytest.mark.parametrize("body", ["<html><body>busy</body></html>", "a,b\n1,2\n", '{"data": 3, "x": 1}'])
def test_what_is_no_data_message_is_refused(body: Any) -> None:
    with pytest.raises(DecodeError):
        observations(parsed(body.encode(), Format.ANY), ASKED)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024", date(2024, 1, 1)),
        ("2024-03", date(2024, 3, 1)),
        ("2024-03-07", date(2024, 3, 7)),
        ("2024-03-07T10:00:00", date(2024, 3, 7)),
        ("2024-Q3", date(2024, 7, 1)),
        ("2024Q3", date(2024, 7, 1)),
        ("2024-S2", date(2024, 7, 1)),
        ("2024-M03", date(2024, 3, 1)),
        ("2024-W05", date(2024, 1, 29)),
        ("2024-T3", date(2024, 9, 1)),
        ("2024-A1", date(2024, 1, 1)),
        ("2024-D060", date(2024, 2, 29)),
        ("2024-01-01/P1Y", date(2024, 1, 1)),
    ],
)
def test_a_period_becomes_its_first_day(text: str, day: date) -> None:
    assert first_day(text) == day


@pytest.mark.parametrize("text", ["", "2024-Q5", "2024-W60", "2023-D366", "2024-13", "spring", "2024-X1"])
def test_what_is_no_period_is_an_error(text: str) -> None:
    with pytest.raises(DataError):
        first_day(text)


def test_errors_of_the_standard_are_typed() -> None:
    body = parsed(
        b"<m:Error xmlns:m='m'><m:ErrorMessage code='100'><c:Text xmlns:c='c'>NoRecordsFound</c:Text>"
        b"</m:ErrorMessage></m:Error>",
        Format.XML,
    )
    assert isinstance(told(body, ASKED), NotFoundError)
    assert isinstance(told({"errors": [{"code": 404, "title": "nothing"}]}, ASKED), NotFoundError)
    assert told({"errors": [], "data": {}}, ASKED) is None
