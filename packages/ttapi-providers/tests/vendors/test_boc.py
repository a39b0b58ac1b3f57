# SPDX-License-Identifier: Apache-2.0
"""Valet's observations become series, pairs, yields and rates, from JSON, CSV and XML alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import NotFoundError
from ttapi_providers.asking import Asked, Wanted
from ttapi_providers.declaring import recognise
from ttapi_providers.vendors.boc import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://www.bankofcanada.ca/valet"
JSON = json.dumps({
    "terms": {"url": "https://www.bankofcanada.ca/terms/"},
    "seriesDetail": {"FXUSDCAD": {"label": "USD/CAD", "description": "US dollar", "dimension": {"key": "d", "name": "Date"}}},
    "observations": [{"d": "2026-03-02", "FXUSDCAD": {"v": "1.37"}}, {"d": "2026-03-03", "FXUSDCAD": {"v": ""}}],
})  # fmt: skip
CSV = (
    '\ufeff"TERMS AND CONDITIONS"\r\n"https://www.bankofcanada.ca/terms/"\r\n\r\n"SERIES"\r\n"id","label","description"\r\n'
    '"FXUSDCAD","USD/CAD","US dollar"\r\n\r\n"OBSERVATIONS"\r\n"date","FXUSDCAD"\r\n"2026-03-02","1.37"\r\n"2026-03-03",""\r\n'
)
XML = (
    "<data><terms><url>x</url></terms><seriesDetail><series id='FXUSDCAD'><label>USD/CAD</label>"
    "<description>US dollar</description></series></seriesDetail><observations><o d='2026-03-02'>"
    "<v s='FXUSDCAD'>1.37</v></o><o d='2026-03-03'><v s='FXUSDCAD'/></o></observations></data>"
)


@pytest.mark.parametrize(("form", "body"), [("json", JSON), ("csv", CSV), ("xml", XML)])
@pytest.mark.parametrize("path", ["observations/FXUSDCAD", "observations/group/FX_RATES_DAILY"])
def test_rates_are_pairs_in_every_form(answered: Answered, form: str, body: Any, path: str) -> None:
    replayed = answered(PROVIDER, f"{ROOT}/{path}/{form}?start_date=2026-03-02", body)
    (row,) = replayed.rows("fx_rates")
    assert (row["symbol"], row["vendor_symbol"], row["date"]) == ("USD/CAD", "FXUSDCAD", date(2026, 3, 2))
    assert row["rate"] == 1.37
    first, second = replayed.rows("economic_series")
    assert (first["series"], first["title"], first["value"], second["value"]) == (
        "FXUSDCAD",
        "US dollar",
        1.37,
        None,
    )


def test_annual_averages_are_series_alone(answered: Answered) -> None:
    body = {"seriesDetail": {}, "observations": [{"d": "2025-01-01", "FXAUSDCAD": {"v": "1.39"}}]}
    found = answered(PROVIDER, f"{ROOT}/observations/FXAUSDCAD/json", body)
    assert set(found) == {"economic_series"}


@pytest.mark.parametrize("group", ["bond_yields_benchmark", "bond_yields_all"])
def test_benchmark_yields_are_a_curve(answered: Answered, group: str) -> None:
    day = {
        "d": "2026-03-02",
        "BD.CDN.2YR.DQ.YLD": {"v": "2.6"},
        "BD.CDN.10YR.DQ.YLD": {"v": "3.3"},
        "BD.CDN.LONG.DQ.YLD": {"v": "3.7"},
    }
    replayed = answered(PROVIDER, f"{ROOT}/observations/group/{group}/json", {"observations": [day]})
    assert {(row["curve"], row["tenor"], row["months"], row["rate_percent"]) for row in replayed.rows("yield_curves")} == {
        ("CA_BENCHMARK", "2Y", 24.0, 2.6), ("CA_BENCHMARK", "10Y", 120.0, 3.3)
    }  # fmt: skip
    assert replayed["yield_curves"].decoded.skipped_count == 1


def test_corra_is_a_reference_rate(answered: Answered) -> None:
    body = {"observations": [{"d": "2026-03-02", "AVG.INTWO": {"v": "2.25"}, "V39079": {"v": "2.25"}}]}
    rows = answered(PROVIDER, f"{ROOT}/observations/AVG.INTWO,V39079/json", body).rows("reference_rates")
    assert {row["rate"]: row["rate_percent"] for row in rows} == {"CORRA": 2.25, "BOC_TARGET": 2.25}


def test_what_is_asked_for_beside_a_rate_is_none(answered: Answered) -> None:
    day = {"d": "2026-03-02", "V39079": {"v": "2.25"}, "V122514": {"v": "2.2"}, "FXUSDCAD": {"v": "1.37"}}
    body = {"observations": [day]}
    replayed = answered(PROVIDER, f"{ROOT}/observations/V39079,V122514,FXUSDCAD/json", body)
    (row,) = replayed.rows("reference_rates")
    assert (row["rate"], row["rate_percent"]) == ("BOC_TARGET", 2.25)
    (row,) = replayed.rows("fx_rates")
    assert (row["symbol"], row["rate"]) == ("USD/CAD", 1.37)


def test_a_request_tells_what_of_each_dataset_it_is_for() -> None:
    asked = Asked.of("GET", f"{ROOT}/observations/V39079,FXUSDCAD,BD.CDN.2YR.DQ.YLD/json")
    told: Any = {
        endpoint.dataset: recognise(endpoint, asked).names  # type: ignore[union-attr]  # it is claimed
        for endpoint in PROVIDER.claims(asked)
    }
    assert told == {
        "economic_series": ("V39079", "FXUSDCAD", "BD.CDN.2YR.DQ.YLD"),
        "fx_rates": ("FXUSDCAD",),
        "reference_rates": ("BOC_TARGET",),
        "yield_curves": ("CA_BENCHMARK",),
    }


@pytest.mark.parametrize("path", ["fx_rss/", "fx_rss/FXUSDCAD"])
def test_the_news_of_a_rate_are_read(answered: Answered, path: str) -> None:
    body = (
        '<r:RDF xmlns:r="r" xmlns:c="c" xmlns:d="d"><channel><title>x</title></channel><item><title>y</title>'
        "<d:date>2026-03-02T16:30:00-05:00</d:date><c:statistics><c:country>CA</c:country><c:exchangeRate>"
        '<c:value decimals="4">1.3711</c:value><c:baseCurrency>CAD</c:baseCurrency>'
        "<c:targetCurrency>USD</c:targetCurrency></c:exchangeRate></c:statistics></item></r:RDF>"
    )
    (row,) = answered(PROVIDER, f"{ROOT}/{path}", body, content_type="text/xml").rows("fx_rates")
    assert (row["symbol"], row["vendor_symbol"], row["rate"]) == ("USD/CAD", "FXUSDCAD", 1.3711)
    assert row["date"] == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("series/FXUSDCAD", {"seriesDetails": {"name": "FXUSDCAD", "label": "USD/CAD", "description": "x"}}),
        ("lists/series", {"series": {"FXUSDCAD": {"label": "USD/CAD", "description": "x", "link": "y"}}}),
        ("groups/FX_RATES_DAILY", {"groupDetails": {"name": "g", "groupSeries": {"FXUSDCAD": {"label": "USD/CAD", "link": "y"}}}}),
    ],
)  # fmt: skip
def test_what_there_is_becomes_symbols(answered: Answered, path: str, body: Any) -> None:
    (row,) = answered(PROVIDER, f"{ROOT}/{path}/json", body).rows("symbols")
    assert (row["symbol"], row["description"]) == ("FXUSDCAD", "USD/CAD")


def test_an_unknown_series_is_not_found(answered: Answered) -> None:
    body = {"message": "Series NOPE not found.", "docs": "https://www.bankofcanada.ca/valet/docs"}
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ROOT}/observations/NOPE/json", body, status=404).frame("economic_series")


def test_days_without_observations_are_empty(answered: Answered) -> None:
    body: Any = {"seriesDetail": {}, "observations": []}
    assert answered(PROVIDER, f"{ROOT}/observations/FXUSDCAD/json", body)["fx_rates"].rows == 0


def test_pairs_are_asked_for_by_code_both_ways() -> None:
    assert PROVIDER.naming.to_vendor("CAD/USD") == "FXCADUSD"
    assert PROVIDER.naming.to_vendor("EUR/USD") == "EUR/USD"
    endpoint: Any = next(e for e in PROVIDER.endpoints if e.dataset == "fx_rates")
    asked = endpoint.request.ask(
        Wanted(keys=("USD/CAD", "EUR/CAD"), names=("FXUSDCAD", "FXEURCAD")), PROVIDER.bases[0]
    )
    assert (asked.path, asked.query) == ("/valet/observations/FXUSDCAD,FXEURCAD/json", {"recent": "10"})
    assert not endpoint.takes("EUR/USD")
