# SPDX-License-Identifier: Apache-2.0
"""The BIS counts units of a currency for one dollar; its policy rates and prices are series."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import NotFoundError
from ttapi_providers.vendors.bis import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://stats.bis.org/api"
FX_HEAD = "FREQ,REF_AREA,CURRENCY,COLLECTION,TIME_PERIOD,OBS_VALUE,UNIT_MULT\n"


@pytest.mark.parametrize(
    "path", ["v1/data/WS_XRU/D...", "v1/data/WS_XRU/D..CHF+EUR.A", "v2/data/dataflow/BIS/WS_XRU/1.0/D..."]
)
def test_rates_are_of_one_dollar_and_one_area_a_currency(answered: Answered, path: str) -> None:
    body = FX_HEAD + (
        "D,CH,CHF,A,2026-03-02,0.79,0\nD,XM,EUR,A,2026-03-02,0.87,0\nD,DE,EUR,A,2026-03-02,0.87,0\n"
        "D,JP,JPY,A,2026-03-02,1.5,2\nD,US,USD,A,2026-03-02,1,0\nD,GB,GBP,A,2026-03-02,,0\n"
    )
    replayed = answered(PROVIDER, f"{ROOT}/{path}?format=csv", body)
    assert {row["symbol"]: row["rate"] for row in replayed.rows("fx_rates")} == {
        "USD/CHF": 0.79, "USD/EUR": 0.87, "USD/JPY": 150.0
    }  # fmt: skip
    assert replayed["fx_rates"].decoded.skipped_count == 3


@pytest.mark.parametrize(
    ("line", "symbol"),
    [
        ("D,XM,EUR,A,1998-12-30,0.85,0", "USD/XEU"),
        ("D,SL,SLL,A,2023-01-02,19.0,0", "USD/SLE"),
        ("D,VE,VEF,A,2020-01-02,46000,0", "USD/VES"),
    ],
)
def test_a_rate_in_the_units_of_another_currency_is_named_by_it(
    answered: Answered, line: str, symbol: str
) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/v1/data/WS_XRU/D...?format=csv", FX_HEAD + line + "\n").rows(
        "fx_rates"
    )
    assert row["symbol"] == symbol


def test_policy_rates_are_series(answered: Answered) -> None:
    body = "FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE,UNIT_MEASURE,UNIT_MULT,TITLE,OBS_STATUS\nM,CH,2026-03,0.25,368,0,Policy rate,A\n"
    (row,) = answered(PROVIDER, f"{ROOT}/v1/data/WS_CBPOL/M.CH?format=csv", body).rows("economic_series")
    assert (row["series"], row["date"], row["value"]) == ("WS_CBPOL/M.CH", date(2026, 3, 1), 0.25)
    assert (row["title"], row["frequency"], row["status"]) == ("Policy rate", "M", "A")


def test_consumer_prices_in_xml_are_series(answered: Answered) -> None:
    body = (
        '<m:StructureSpecificData xmlns:m="m"><m:Header/><m:DataSet><Series FREQ="M" REF_AREA="CH" UNIT_MEASURE="771">'
        '<Obs TIME_PERIOD="2026-01" OBS_VALUE="0.6"/><Obs TIME_PERIOD="2026-02" OBS_VALUE="NaN"/></Series></m:DataSet>'
        "</m:StructureSpecificData>"
    )
    rows = answered(PROVIDER, f"{ROOT}/v2/data/dataflow/BIS/WS_LONG_CPI/1.0/M.CH.771", body).rows(
        "economic_series"
    )
    assert [(row["series"], row["value"]) for row in rows] == [
        ("BIS/WS_LONG_CPI/1.0/M.CH.771", 0.6), ("BIS/WS_LONG_CPI/1.0/M.CH.771", None)
    ]  # fmt: skip


def test_monthly_rates_are_series_alone(answered: Answered) -> None:
    body = FX_HEAD + "M,CH,CHF,A,2026-03,0.79,0\n"
    assert set(answered(PROVIDER, f"{ROOT}/v1/data/WS_XRU/M.CH.CHF.A?format=csv", body)) == {
        "economic_series"
    }


def test_nothing_found_is_not_found(answered: Answered) -> None:
    body = "<m:Error xmlns:m='m'><m:ErrorMessage code='100'><Text>No data</Text></m:ErrorMessage></m:Error>"
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ROOT}/v1/data/WS_CBPOL/M.XX", body, content_type="text/xml").frame(
            "economic_series"
        )
