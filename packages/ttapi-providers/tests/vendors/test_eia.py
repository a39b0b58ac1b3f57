# SPDX-License-Identifier: Apache-2.0
"""Tables of the Energy Information Administration become series with their units."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import AuthenticationError, NotFoundError, RequestRefusedError
from ttapi_providers.asking import Asked
from ttapi_providers.vendors.eia import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://api.eia.gov"


def _answer(*data: Any, columns: Any = ("value",), total: Any = None, frequency: Any = "monthly") -> Any:
    return {
        "response": {"total": str(total or len(data)), "frequency": frequency, "data": list(data)},
        "request": {"params": {"data": list(columns)}},
    }


def test_a_series_by_its_old_name(answered: Answered) -> None:
    body = _answer(
        {"period": "2026-02-27", "series": "RWTC", "value": "71.5", "units": "$/BBL"}, frequency="daily"
    )
    (row,) = answered(PROVIDER, f"{ROOT}/v2/seriesid/PET.RWTC.D?api_key=x", body).rows("economic_series")
    assert (row["series"], row["vendor_symbol"], row["date"]) == ("PET.RWTC.D", "RWTC", date(2026, 2, 27))
    assert (row["value"], row["unit"], row["frequency"]) == (71.5, "$/BBL", "daily")


def test_each_column_of_a_table_is_a_series_named_by_its_facets(answered: Answered) -> None:
    record = {"period": "2026-01", "stateid": "CO", "stateDescription": "Colorado", "sectorid": "RES",
              "sectorName": "residential", "price": "15.1", "sales": "1700.2", "price-units": "cents per kWh",
              "sales-units": "million kWh"}  # fmt: skip
    url = f"{ROOT}/v2/electricity/retail-sales/data?data[0]=price&data[1]=sales"
    rows = answered(PROVIDER, url, _answer(record, columns=("price", "sales"))).rows("economic_series")
    assert {(row["series"], row["value"], row["unit"]) for row in rows} == {
        ("electricity/retail-sales:price:CO:RES", 15.1, "cents per kWh"),
        ("electricity/retail-sales:sales:CO:RES", 1700.2, "million kWh"),
    }


@pytest.mark.parametrize(
    ("period", "day"),
    [("2026", date(2026, 1, 1)), ("2026-03", date(2026, 3, 1)), ("2026-Q2", date(2026, 4, 1))],
)
def test_periods_begin_with_their_first_day(answered: Answered, period: str, day: date) -> None:
    body = _answer({"period": period, "value": None})
    (row,) = answered(PROVIDER, f"{ROOT}/v2/seriesid/X.Y.M", body).rows("economic_series")
    assert (row["date"], row["value"]) == (day, None)


def test_one_name_for_all_states_is_completed_by_the_state(answered: Answered) -> None:
    records = [
        {"period": "2023", "seriesId": "BDFDB", "stateId": state, "value": "1", "unit": "x"}
        for state in ("CA", "CO")
    ]
    rows = answered(PROVIDER, f"{ROOT}/v2/seds/data/", _answer(*records)).rows("economic_series")
    assert {row["series"] for row in rows} == {"BDFDB:CA", "BDFDB:CO"}


def test_the_case_and_region_of_an_outlook_are_parts_of_its_name(answered: Answered) -> None:
    record = {"period": "2040", "history": "PROJECTION", "scenario": "ref2025", "regionId": "1-2",
              "seriesId": "prce_real", "seriesName": "Prices", "tableId": "3", "value": "31.5", "unit": "2024 $/MMBtu"}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/v2/aeo/2025/data?data[]=value", _answer(record)).rows(
        "economic_series"
    )
    assert (row["series"], row["unit"]) == ("prce_real:ref2025:1-2:3", "2024 $/MMBtu")


@pytest.mark.parametrize("mark", ["w", "--", "NA", "(s)", "Q"])
def test_a_withheld_value_is_null_and_its_mark_the_status(answered: Answered, mark: str) -> None:
    body = _answer({"period": "2026", "duoarea": "NUS", "value": mark, "units": "MMCF"})
    (row,) = answered(PROVIDER, f"{ROOT}/v2/natural-gas/prod/data", body).rows("economic_series")
    assert (row["value"], row["status"], row["unit"]) == (None, mark, "MMCF")


def test_columns_of_words_are_no_series(answered: Answered) -> None:
    record = {
        "period": "2026-01",
        "plantid": "7",
        "county": "Weld",
        "latitude": "40.1",
        "latitude-units": "degrees",
    }
    columns = ("county", "latitude")
    body = _answer(record, columns=columns)
    url = f"{ROOT}/v2/electricity/operating-generator-capacity/data?data[0]=county&data[1]=latitude"
    (row,) = answered(PROVIDER, url, body).rows("economic_series")
    assert row["series"] == "electricity/operating-generator-capacity:latitude:7"


def test_a_mark_at_the_data_is_their_status_and_no_part_of_a_name(answered: Answered) -> None:
    record = {"period": "2023", "countryRegionId": "DZA", "countryRegionName": "Algeria", "dataFlagId": "E",
              "dataFlagDescription": "estimate", "value": "3.1", "unit": "MT"}  # fmt: skip
    (row,) = answered(PROVIDER, f"{ROOT}/v2/international/data", _answer(record)).rows("economic_series")
    assert (row["series"], row["status"]) == ("international:value:DZA:MT", "E")


@pytest.mark.parametrize("frequency", ["hourly", "local-hourly"])
def test_an_answer_of_hours_is_no_economic_series(answered: Answered, frequency: str) -> None:
    body = _answer({"period": "2026-03-02T05", "respondent": "PJM", "value": "1"}, frequency=frequency)
    with pytest.raises(AssertionError, match="does not claim"):
        answered(PROVIDER, f"{ROOT}/v2/electricity/rto/region-data/data", body)


def test_hours_are_left_out_with_a_reason(answered: Answered) -> None:
    body = _answer({"period": "2026-03-02T05", "value": "1"}, {"period": "2026-03-02", "value": "2"})
    replayed = answered(PROVIDER, f"{ROOT}/v2/seriesid/X.Y.M", body)["economic_series"]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)


def test_the_first_version_is_read_still(answered: Answered) -> None:
    series = {
        "series_id": "PET.RWTC.M",
        "name": "Spot",
        "units": "$/BBL",
        "f": "M",
        "data": [["202602", 70.1], ["202601", None]],
    }
    rows = answered(PROVIDER, f"{ROOT}/series/?api_key=x&series_id=PET.RWTC.M", {"series": [series]}).rows(
        "economic_series"
    )
    assert [(row["date"], row["value"]) for row in rows] == [
        (date(2026, 1, 1), None),
        (date(2026, 2, 1), 70.1),
    ]


def test_several_series_of_the_first_version_stand_in_one_answer(answered: Answered) -> None:
    held = [
        {"series_id": name, "units": "$", "f": "A", "data": [["2025", value]]}
        for name, value in (("A.B.A", 1), ("C.D.A", "w"))
    ]
    rows = answered(PROVIDER, f"{ROOT}/series?series_id=A.B.A;C.D.A", {"series": held}).rows(
        "economic_series"
    )
    assert {(row["series"], row["value"], row["status"]) for row in rows} == {
        ("A.B.A", 1.0, None), ("C.D.A", None, "w")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (
            {"error": {"code": "API_KEY_INVALID", "message": "An invalid api_key was supplied."}},
            403,
            AuthenticationError,
        ),
        ({"error": "invalid series_id. For key registration see ...", "code": 404}, 200, NotFoundError),
        ({"data": {"error": "invalid series_id. For key registration, see ..."}}, 200, NotFoundError),
        ({"error": "Invalid data column", "code": 400}, 200, RequestRefusedError),
    ],
)
def test_refusals_are_typed(answered: Answered, body: Any, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        answered(PROVIDER, f"{ROOT}/v2/seriesid/X", body, status=status).frame("economic_series")


def test_an_empty_answer_is_empty(answered: Answered) -> None:
    assert answered(PROVIDER, f"{ROOT}/v2/seriesid/X", _answer())["economic_series"].rows == 0


def test_the_next_page_begins_where_the_last_one_ended() -> None:
    endpoint: Any = PROVIDER.endpoints[0]
    asked = Asked(method="GET", base=ROOT, path="/v2/seriesid/X", query={"length": "5000"})
    assert endpoint.next_page(_answer(total=7000), asked) == {"offset": "5000"}
    assert endpoint.next_page(_answer(total=5000), asked) is None
