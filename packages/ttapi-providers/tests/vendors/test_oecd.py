# SPDX-License-Identifier: Apache-2.0
"""The OECD's series keep the names they are asked by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import NotFoundError, RateLimitError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.oecd import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://sdmx.oecd.org/public/rest"
FLOW = "OECD.SDD.STES,DSD_KEI@DF_KEI,4.0"
HEAD = "DATAFLOW,REF_AREA,FREQ,MEASURE,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT\n"


def _line(area: str, value: Any = "3.5", unit: str | None = "PA", power: str = "") -> Any:
    return f"OECD.SDD.STES:DSD_KEI@DF_KEI(4.0),{area},Q,IRLT,{unit},2026-Q1,{value},A,{power}\n"


@pytest.mark.parametrize("path", ["data", "v1/data", "v2/data/dataflow"])
def test_a_key_of_a_single_series_is_its_name(answered: Answered, path: str) -> None:
    url = f"{ROOT}/{path}/{FLOW}/GBR.Q.IRLT.?format=csvfile"
    (row,) = answered(PROVIDER, url, HEAD + _line("GBR")).rows("economic_series")
    assert (row["series"], row["date"], row["value"], row["unit"]) == (
        f"{FLOW}/GBR.Q.IRLT.",
        date(2026, 1, 1),
        3.5,
        "PA",
    )
    assert row["vendor_symbol"] == f"{FLOW}/GBR.Q.IRLT.PA"


def test_a_key_of_several_gives_each_its_own(answered: Answered) -> None:
    url = f"{ROOT}/data/{FLOW}/GBR+USA.Q.IRLT.?format=csvfile"
    rows = answered(PROVIDER, url, HEAD + _line("GBR") + _line("USA")).rows("economic_series")
    assert {row["series"] for row in rows} == {f"{FLOW}/GBR.Q.IRLT.PA", f"{FLOW}/USA.Q.IRLT.PA"}


@pytest.mark.parametrize(
    ("detail", "power", "unit"), [("", "6", "10^6 USD"), ("", "0", "USD"), ("&detail=dataonly", "", None)]
)
def test_a_unit_tells_what_it_counts_or_nothing(
    answered: Answered, detail: str, power: str, unit: str | None
) -> None:
    url = f"{ROOT}/data/{FLOW}/GBR.Q.IRLT.USD?format=csvfile{detail}"
    (row,) = answered(PROVIDER, url, HEAD + _line("GBR", unit="USD", power=power)).rows("economic_series")
    assert row["unit"] == unit


def test_the_old_server_is_read_still(answered: Answered) -> None:
    body = '"LOCATION","INDICATOR","FREQUENCY","TIME","Value","Flag Codes"\n"GBR","CPI","A","2020","1.5",\n'
    url = "https://stats.oecd.org/sdmx-json/data/DP_LIVE/GBR.CPI.A/OECD?contentType=csv"
    (row,) = answered(PROVIDER, url, body).rows("economic_series")
    assert (row["date"], row["value"], row["frequency"]) == (date(2020, 1, 1), 1.5, "A")


@pytest.mark.parametrize(("status", "error"), [(404, NotFoundError), (429, RateLimitError)])
def test_refusals_are_typed(answered: Answered, status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        answered(PROVIDER, f"{ROOT}/data/{FLOW}/X", "NoRecordsFound", status=status).frame("economic_series")


def test_an_empty_table_is_empty(answered: Answered) -> None:
    assert answered(PROVIDER, f"{ROOT}/data/{FLOW}/X?format=csvfile", HEAD)["economic_series"].rows == 0


def test_a_series_is_asked_for_by_flow_and_key() -> None:
    key = f"{FLOW}/GBR.Q.IRLT."
    asked = PROVIDER.endpoints[0].request.ask(
        Wanted(keys=(key,), names=(key,), since=date(2026, 1, 1)), PROVIDER.bases[0]
    )
    assert (asked.path, asked.query["startPeriod"]) == (f"/public/rest/data/{key}", "2026-01-01")
