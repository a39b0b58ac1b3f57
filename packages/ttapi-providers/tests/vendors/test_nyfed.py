# SPDX-License-Identifier: Apache-2.0
"""The New York Fed's rates become rows in percent and dollars, from JSON, CSV and XML alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import DecodeError, RequestRefusedError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.nyfed import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://markets.newyorkfed.org/api"
EFFR = {
    "effectiveDate": "2026-03-02", "type": "EFFR", "percentRate": 3.63, "percentPercentile1": 3.6,
    "percentPercentile25": 3.62, "percentPercentile75": 3.64, "percentPercentile99": 3.7, "targetRateFrom": 3.5,
    "targetRateTo": 3.75, "volumeInBillions": 101, "revisionIndicator": "",
}  # fmt: skip


def _is_effr(row: Any) -> Any:
    assert (row["rate"], row["date"], row["rate_percent"]) == ("EFFR", date(2026, 3, 2), 3.63)
    assert (row["percentile_1_percent"], row["percentile_99_percent"]) == (3.6, 3.7)
    assert (row["target_low_percent"], row["target_high_percent"]) == (3.5, 3.75)
    assert (row["volume"], row["currency"]) == (101e9, "USD")


@pytest.mark.parametrize(
    "path",
    ["unsecured/effr/last/1", "unsecured/all/latest", "all/latest", "unsecured/effr/search", "all/search"],
)
def test_json_of_every_path_is_read(answered: Answered, path: str) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/rates/{path}.json", {"refRates": [EFFR]}).rows("reference_rates")
    _is_effr(row)


def test_csv_is_read_by_its_headings(answered: Answered) -> None:
    body = (
        "Effective Date,Rate Type,Rate (%),1st Percentile (%),25th Percentile (%),75th Percentile (%),"
        "99th Percentile (%),Volume ($Billions),Target Rate From (%),Target Rate To (%),SOFR Index,"
        "Revision Indicator (Y/N),Footnote ID\n03/02/2026,EFFR,3.63,3.6,3.62,3.64,3.7,101,3.5,3.75,,,\n"
    )
    (row,) = answered(PROVIDER, f"{ROOT}/rates/unsecured/effr/last/1.csv", body).rows("reference_rates")
    _is_effr(row)


def test_xml_is_read(answered: Answered) -> None:
    held = "".join(f"<{name}>{value}</{name}>" for name, value in EFFR.items())
    body = f"<rates><rate>{held}</rate></rates>"
    (row,) = answered(PROVIDER, f"{ROOT}/rates/unsecured/effr/last/1.xml", body).rows("reference_rates")
    _is_effr(row)


def test_averages_are_rates_of_their_own_and_the_index_is_none(answered: Answered) -> None:
    averages = {"effectiveDate": "2026-03-02", "type": "SOFRAI", "average30day": 3.66, "average90day": 3.8,
                "average180day": 4.0, "index": 1.23456}  # fmt: skip
    rows = answered(PROVIDER, f"{ROOT}/rates/secured/sofrai/last/1.json", {"refRates": [averages]}).rows(
        "reference_rates"
    )
    assert {row["rate"]: row["rate_percent"] for row in rows} == {
        "SOFR_30D": 3.66,
        "SOFR_90D": 3.8,
        "SOFR_180D": 4.0,
    }


def test_a_day_without_a_rate_is_skipped(answered: Answered) -> None:
    body = {"refRates": [EFFR, {"effectiveDate": "2026-03-03", "type": "EFFR", "percentRate": "NA"}]}
    replayed = answered(PROVIDER, f"{ROOT}/rates/all/latest.json", body)["reference_rates"]
    assert (replayed.rows, replayed.decoded.skipped_count) == (1, 1)


def test_holdings_are_series_in_dollars(answered: Answered) -> None:
    body = {
        "soma": {
            "summary": [{"asOfDate": "2026-03-04", "total": "6000000000000.00", "mbs": "2100000000000.00"}]
        }
    }
    rows = answered(PROVIDER, f"{ROOT}/soma/summary.json", body).rows("economic_series")
    assert {row["series"]: row["value"] for row in rows} == {"SOMA/total": 6e12, "SOMA/mbs": 2.1e12}


def test_what_dealers_withhold_has_no_value(answered: Answered) -> None:
    held = [
        {"asofdate": "2026-03-04", "keyid": "PDPOSX", "value": "*"},
        {"asofdate": "2026-03-11", "keyid": "PDPOSX", "value": "12.5"},
    ]
    rows = answered(PROVIDER, f"{ROOT}/pd/get/PDPOSX.json", {"pd": {"timeseries": held}}).rows(
        "economic_series"
    )
    assert [(row["value"], row["unit"]) for row in rows] == [
        (None, "millions of US dollars"), (12.5, "millions of US dollars")
    ]  # fmt: skip


def test_all_series_of_a_day_are_read(answered: Answered) -> None:
    held = [{"asofdate": "2026-03-04", "keyid": name, "value": "1.5"} for name in ("PDPOSX", "PDPOSY")]
    rows = answered(PROVIDER, f"{ROOT}/pd/get/asof/2026-03-04.json", {"pd": {"timeseries": held}}).rows(
        "economic_series"
    )
    assert {(row["series"], row["date"]) for row in rows} == {
        ("PDPOSX", date(2026, 3, 4)), ("PDPOSY", date(2026, 3, 4))
    }  # fmt: skip


def test_tables_of_dealers_hold_several_series(answered: Answered) -> None:
    body = "As Of Date,Time Series,Value (millions)\n2026-03-04,PDPOSX,12.5\n2026-03-04,PDPOSY,*\n"
    rows = answered(PROVIDER, f"{ROOT}/pd/get/all/timeseries.csv", body).rows("economic_series")
    assert {row["series"]: row["value"] for row in rows} == {"PDPOSX": 12.5, "PDPOSY": None}


def test_the_list_of_dealers_series_becomes_symbols(answered: Answered) -> None:
    held = [{"seriesbreak": "SBN2024", "keyid": "PDPOSX", "description": "Positions"}]
    (row,) = answered(PROVIDER, f"{ROOT}/pd/list/timeseries.json", {"pd": {"timeseries": held}}).rows(
        "symbols"
    )
    assert (row["symbol"], row["description"]) == ("PDPOSX", "Positions")


def test_an_empty_answer_is_empty(answered: Answered) -> None:
    assert answered(PROVIDER, f"{ROOT}/rates/all/search.json", {"refRates": []})["reference_rates"].rows == 0


def test_a_page_instead_of_data_is_no_empty_answer(answered: Answered) -> None:
    with pytest.raises(DecodeError):
        answered(PROVIDER, f"{ROOT}/rates/all/latest.xml", "<html><body>Busy</body></html>").frame(
            "reference_rates"
        )


def test_a_refusal_is_typed(answered: Answered) -> None:
    with pytest.raises(RequestRefusedError):
        answered(PROVIDER, f"{ROOT}/rates/all/search.json", "Invalid startDate", status=400).frame(
            "reference_rates"
        )


def test_without_days_the_last_week_is_asked_for() -> None:
    asked = PROVIDER.endpoints[0].request.ask(Wanted(today=date(2026, 3, 20)), PROVIDER.bases[0])
    assert asked.query == {"startDate": "2026-03-13", "endDate": "2026-03-20"}
