# SPDX-License-Identifier: Apache-2.0
"""The Bundesbank's rates count what their titles say; its own tables are read beside SDMX."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import NotFoundError
from ttapi_providers.vendors.bundesbank import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://api.statistiken.bundesbank.de/rest"
HEAD = (
    "DATAFLOW;BBK_STD_FREQ;BBK_STD_CURRENCY;BBK_ERX_PARTNER_CURRENCY;BBK_ERX_SERIES_TYPE;BBK_ERX_RATE_TYPE;"
    "BBK_ERX_SUFFIX;TIME_PERIOD;OBS_VALUE;BBK_ID;BBK_UNIT;BBK_UNIT_MULT;BBK_TITLE;OBS_STATUS\n"
)


@pytest.mark.parametrize(
    ("currency", "partner", "kind", "title", "value", "symbol", "rate"),
    [
        (
            "USD",
            "EUR",
            "BB.AC",
            "Reference rate of the ECB / EUR 1 = USD ... / United States",
            "1.15",
            "EUR/USD",
            1.15,
        ),
        ("USD", "EUR", "BB.AC", "", "1.15", "EUR/USD", 1.15),
        ("USD", "DEM", "AA.AC", "Exchange / 1 USD = ... DEM / United States", "1.67", "USD/DEM", 1.67),
        ("ATS", "DEM", "AA.AC", "Exchange / 100 ATS = ... DEM / Austria, then", "14.2", "ATS/DEM", 0.142),
        ("ITL", "DEM", "AA.AC", "Exchange / 1 000 ITL = ... DEM / Italy", "1.01", "ITL/DEM", 0.00101),
    ],
)
def test_rates_count_what_the_title_says(
    answered: Answered,
    currency: str,
    partner: str,
    kind: str,
    title: str,
    value: Any,
    symbol: str,
    rate: float,
) -> None:
    one, two = kind.split(".")
    key = f"D.{currency}.{partner}.{kind}.000"
    line = f"BBK:BBEX3(1.0);D;{currency};{partner};{one};{two};000;1998-12-30;{value};BBEX3.{key};{partner};0;{title};\n"
    missing = line.replace("1998-12-30", "1998-12-31").replace(f";{value};", ";.;")
    replayed = answered(PROVIDER, f"{ROOT}/data/BBEX3/{key}?format=sdmx_csv", HEAD + line + missing)
    (row,) = replayed.rows("fx_rates")
    assert (row["symbol"], row["vendor_symbol"], row["rate"]) == (symbol, currency, pytest.approx(rate))
    assert replayed["fx_rates"].decoded.skipped_count == 1
    first, second = replayed.rows("economic_series")
    assert (first["series"], first["vendor_symbol"], first["value"]) == (
        f"BBEX3/{key}",
        f"BBEX3.{key}",
        float(value),
    )
    assert second["value"] is None


def _xml(maturity: str, *observations: Any) -> Any:
    codes = {
        "BBK_STD_FREQ": "D", "BBK_SEIS_BEARER_REG": "I", "BBK_SEIS_ITEM": "ZST", "BBK_SEIS_VALUATION": "ZI",
        "BBK_STD_CURRENCY": "EUR", "BBK_SEIS_ISSUER_CLASS": "S1311", "BBK_SEIS_LISTED_SUB": "B",
        "BBK_SEIS_SECURITY_CLASS": "A604", "BBK_SEIS_MATURITY": maturity,
    }  # fmt: skip
    key = "".join(f'<g:Value id="{name}" value="{code}"/>' for name, code in codes.items())
    held = "".join(
        f'<g:Obs><g:ObsDimension value="{day}"/>{f"<g:ObsValue value={value!r}/>" if value else ""}</g:Obs>'
        for day, value in observations
    )
    return (
        f'<m:GenericData xmlns:m="m" xmlns:g="g"><m:Header/><m:DataSet setID="BBSIS"><g:Series><g:SeriesKey>{key}'
        f'</g:SeriesKey><g:Attributes><g:Value id="UNIT_ENG" value="percent"/></g:Attributes>{held}</g:Series>'
        "</m:DataSet></m:GenericData>"
    )


def test_yields_of_the_term_structure_are_a_curve(answered: Answered) -> None:
    key = "D.I.ZST.ZI.EUR.S1311.B.A604.R10XX.R.A.A._Z._Z.A"
    body = _xml("R10XX", ("2026-03-02", "2.71"), ("2026-03-03", ""))
    replayed = answered(PROVIDER, f"{ROOT}/data/BBSIS/{key}", body, content_type="application/xml")
    (row,) = replayed.rows("yield_curves")
    assert (row["curve"], row["tenor"], row["rate_percent"], row["kind"]) == (
        "DE_FEDERAL_SPOT",
        "10Y",
        2.71,
        "spot",
    )
    first, second = replayed.rows("economic_series")
    assert (first["value"], first["unit"], second["value"]) == (2.71, "percent", None)


TABLES = {
    "english": '"",BBEX3.M.USD.EUR.BB.AC.A01,BBEX3.M.USD.EUR.BB.AC.A01_FLAGS\n"","Average rate, euro",\nunit,USD,\n'
               'unit multiplier,thousand,\nlast update,2026-03-01 10:00:00,\n2026-01,1.17,\n2026-02,.,No value available\n',
    "german": '"";BBEX3.M.USD.EUR.BB.AC.A01;BBEX3.M.USD.EUR.BB.AC.A01_FLAGS\n"";Average rate, euro;\nEinheit;USD;\n'
              'Dimension;Tausend;\n2026-01;1,17;\n2026-02;.;Kein Wert vorhanden\n',
}  # fmt: skip


@pytest.mark.parametrize("body", TABLES.values(), ids=TABLES)
def test_the_banks_own_tables_are_read(answered: Answered, body: Any) -> None:
    url = f"{ROOT}/data/BBEX3/M.USD.EUR.BB.AC.A01?format=csv"
    first, second = answered(PROVIDER, url, body, content_type="text/csv").rows("economic_series")
    assert (first["series"], first["date"], first["value"]) == (
        "BBEX3/M.USD.EUR.BB.AC.A01",
        date(2026, 1, 1),
        1.17,
    )
    assert (first["unit"], first["title"], second["value"]) == ("10^3 USD", "Average rate, euro", None)


def test_downloads_are_read_as_well(answered: Answered) -> None:
    key = "D.I.ZST.ZI.EUR.S1311.B.A604.R10XX.R.A.A._Z._Z.A"
    found = answered(
        PROVIDER, f"{ROOT}/download/BBSIS/{key}?format=sdmx&lang=en", _xml("R10XX", ("2026-03-02", "2.71"))
    )
    assert {dataset: part.rows for dataset, part in found.items()} == {
        "economic_series": 1,
        "yield_curves": 1,
    }
    url = f"{ROOT}/download/BBEX3/M.USD.EUR.BB.AC.A01?format=csv&lang=de"
    assert answered(PROVIDER, url, TABLES["german"])["economic_series"].rows == 2
    url = "https://www.bundesbank.de/statistic-rmi/StatisticDownload?tsId=BBEX3.M.USD.EUR.BB.AC.A01&its_csvFormat=de"
    assert answered(PROVIDER, f"{url}&its_fileFormat=csv", TABLES["german"])["economic_series"].rows == 2


def test_an_unknown_series_is_not_found(answered: Answered) -> None:
    body = {"title": "The dataflow is not found", "status": 404}
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ROOT}/data/NOPE/X", body, status=404).frame("economic_series")


def test_a_series_without_observations_is_empty(answered: Answered) -> None:
    replayed = answered(PROVIDER, f"{ROOT}/data/BBSIS/D.X.Y", _xml("R10XX"), content_type="application/xml")
    assert replayed["economic_series"].rows == 0
