# SPDX-License-Identifier: Apache-2.0
"""The ECB's rates are units of a currency for one euro; its curves and key rates are in percent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from ttapi_core import NotFoundError
from ttapi_providers.asking import Wanted
from ttapi_providers.vendors.ecb import PROVIDER

Answered = Callable[..., Any]


ROOT = "https://data-api.ecb.europa.eu/service/data"
FX_HEAD = "KEY,FREQ,CURRENCY,CURRENCY_DENOM,EXR_TYPE,EXR_SUFFIX,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n"
YC_HEAD = (
    "KEY,FREQ,REF_AREA,CURRENCY,PROVIDER_FM,INSTRUMENT_FM,PROVIDER_FM_ID,DATA_TYPE_FM,TIME_PERIOD,OBS_VALUE\n"
)


def test_reference_rates_are_of_one_euro(answered: Answered) -> None:
    body = FX_HEAD + (
        "EXR.D.JPY.EUR.SP00.A,D,JPY,EUR,SP00,A,2026-03-02,171.5,A\n"
        "EXR.D.JPY.EUR.SP00.A,D,JPY,EUR,SP00,A,2026-03-03,,H\n"
    )
    replayed = answered(PROVIDER, f"{ROOT}/EXR/D.JPY.EUR.SP00.A?format=csvdata", body)
    (row,) = replayed.rows("fx_rates")
    assert (row["symbol"], row["vendor_symbol"], row["rate"]) == ("EUR/JPY", "JPY", 171.5)
    assert replayed["fx_rates"].decoded.skipped_count == 1
    first, second = replayed.rows("economic_series")
    assert (first["series"], first["vendor_symbol"]) == ("EXR/D.JPY.EUR.SP00.A", "EXR.D.JPY.EUR.SP00.A")
    assert (second["value"], second["status"]) == (None, "H")


def test_monthly_averages_are_series_and_no_daily_rates(answered: Answered) -> None:
    body = FX_HEAD + "EXR.M.USD.EUR.SP00.A,M,USD,EUR,SP00,A,2026-03,1.15,A\n"
    found = answered(PROVIDER, f"{ROOT}/EXR/M.USD.EUR.SP00.A?format=csvdata", body)
    assert set(found) == {"economic_series"}
    (row,) = found.rows("economic_series")
    assert row["date"] == date(2026, 3, 1)


def test_a_key_of_several_series_gives_each_its_name(answered: Answered) -> None:
    body = FX_HEAD + "".join(
        f"EXR.A.{code}.EUR.SP00.A,A,{code},EUR,SP00,A,2025,{rate},A\n"
        for code, rate in (("USD", 1.1), ("GBP", 0.85))
    )
    rows = answered(PROVIDER, f"{ROOT}/EXR/A.USD+GBP.EUR.SP00.A?format=csvdata", body).rows("economic_series")
    assert {row["series"] for row in rows} == {"EXR/A.USD.EUR.SP00.A", "EXR/A.GBP.EUR.SP00.A"}


def test_the_reference_rates_in_xml(answered: Answered) -> None:
    body = (
        '<g:Envelope xmlns:g="g" xmlns="x"><g:subject>Reference rates</g:subject><Cube><Cube time="2026-03-02">'
        '<Cube currency="USD" rate="1.15"/><Cube currency="GBP" rate="0.86"/></Cube></Cube></g:Envelope>'
    )
    rows = answered(PROVIDER, "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml", body).rows(
        "fx_rates"
    )
    assert {(row["symbol"], row["rate"], row["date"]) for row in rows} == {
        ("EUR/USD", 1.15, date(2026, 3, 2)), ("EUR/GBP", 0.86, date(2026, 3, 2))
    }  # fmt: skip


def test_the_news_of_a_rate_are_read(answered: Answered) -> None:
    items = "".join(
        f"<item><title>x</title><d:date>{day}T14:15:00+01:00</d:date><c:statistics><c:exchangeRate>"
        f'<c:value decimals="4">{rate}</c:value><c:baseCurrency unit="1">EUR</c:baseCurrency>'
        "<c:targetCurrency>USD</c:targetCurrency></c:exchangeRate></c:statistics></item>"
        for day, rate in (("2026-03-02", "1.15"), ("2026-02-27", "1.16"))
    )
    body = f'<r:RDF xmlns:r="r" xmlns:c="c" xmlns:d="d"><channel/>{items}</r:RDF>'
    rows = answered(PROVIDER, "https://www.ecb.europa.eu/rss/fxref-usd.html", body).rows("fx_rates")
    assert {(row["symbol"], row["date"], row["rate"]) for row in rows} == {
        ("EUR/USD", date(2026, 2, 27), 1.16), ("EUR/USD", date(2026, 3, 2), 1.15)
    }  # fmt: skip


def test_curves_are_told_apart_by_issuer_and_kind(answered: Answered) -> None:
    key = "B.U2.EUR.4F"
    body = YC_HEAD + "".join(
        f"YC.{key}.{issuer}.SV_C_YM.{code},B,U2,EUR,4F,{issuer},SV_C_YM,{code},2026-03-02,{value}\n"
        for issuer, code, value in (
            ("G_N_A", "SR_10Y", 2.7), ("G_N_A", "SR_1Y6M", 2.1), ("G_N_C", "PY_3M", 2.0), ("G_N_A", "BETA0", 1.5))
    )  # fmt: skip
    replayed = answered(PROVIDER, f"{ROOT}/YC/{key}...?format=csvdata", body)
    rows = replayed.rows("yield_curves")
    assert {
        (row["curve"], row["tenor"], row["months"], row["rate_percent"], row["kind"]) for row in rows
    } == {
        ("EUR_AAA_SPOT", "10Y", 120.0, 2.7, "spot"),
        ("EUR_AAA_SPOT", "18M", 18.0, 2.1, "spot"),
        ("EUR_ALL_PAR", "3M", 3.0, 2.0, "par"),
    }
    assert replayed["yield_curves"].decoded.skipped_count == 1


def test_key_rates_and_the_overnight_rate_are_reference_rates(answered: Answered) -> None:
    estr, key_rates, *_ = [
        endpoint.request for endpoint in PROVIDER.endpoints if endpoint.dataset == "reference_rates"
    ]
    body = "FREQ,BENCHMARK_ITEM,DATA_TYPE_EST,TIME_PERIOD,OBS_VALUE\nB,EU000A2X2A25,WT,2026-03-02,1.93\n"
    (row,) = answered(PROVIDER, f"https://data-api.ecb.europa.eu{estr.path}", body).rows("reference_rates")
    assert (row["rate"], row["rate_percent"], row["currency"]) == ("ESTR", 1.93, "EUR")
    head = (
        "FREQ,REF_AREA,CURRENCY,PROVIDER_FM,INSTRUMENT_FM,PROVIDER_FM_ID,DATA_TYPE_FM,TIME_PERIOD,OBS_VALUE\n"
    )
    body = head + "D,U2,EUR,4F,KR,DFR,LEV,2026-03-02,2.0\nD,U2,EUR,4F,KR,MLFR,LEV,2026-03-02,2.4\n"
    rows = answered(PROVIDER, f"https://data-api.ecb.europa.eu{key_rates.path}", body).rows("reference_rates")
    assert {row["rate"]: row["rate_percent"] for row in rows} == {"ECB_DFR": 2.0, "ECB_MLF": 2.4}


def test_percentiles_and_volume_of_the_overnight_rate_stand_in_one_row(answered: Answered) -> None:
    kinds = (("WT", "1.93", 0), ("R25", "1.91", 0), ("R75", "1.95", 0), ("TT", "45.5", 9), ("NT", "300", 0))
    body = "FREQ,BENCHMARK_ITEM,DATA_TYPE_EST,TIME_PERIOD,OBS_VALUE,UNIT_MULT\n" + "".join(
        f"B,EU000A2X2A25,{kind},2026-03-02,{value},{power}\n" for kind, value, power in kinds
    )
    body += "B,EU000A2QQF08,WT,2026-03-02,1.99,0\n"  # an average of the rate over a week
    replayed = answered(PROVIDER, f"{ROOT}/EST/B..?format=csvdata", body)
    (row,) = replayed.rows("reference_rates")
    assert (row["rate"], row["rate_percent"]) == ("ESTR", 1.93)
    assert (row["percentile_25_percent"], row["percentile_75_percent"], row["volume"]) == (1.91, 1.95, 45.5e9)
    assert replayed["economic_series"].rows == 6


@pytest.mark.parametrize(
    ("key", "told"), [("B.U2.EUR.4F.KR.MRR_FR.LEV", True), ("D.U2.EUR.4F.KR.MRR_FR.CHG", False)]
)
def test_levels_of_the_key_rates_are_rates_and_their_changes_none(
    answered: Answered, key: str, told: bool
) -> None:
    names = "FREQ,REF_AREA,CURRENCY,PROVIDER_FM,INSTRUMENT_FM,PROVIDER_FM_ID,DATA_TYPE_FM"
    body = f"{names},TIME_PERIOD,OBS_VALUE\n{key.replace('.', ',')},2026-03-02,2.15\n"
    found = answered(PROVIDER, f"{ROOT}/FM/{key}?format=csvdata", body)
    assert ("reference_rates" in found) is told
    if told:
        (row,) = found.rows("reference_rates")
        assert (row["rate"], row["rate_percent"]) == ("ECB_MRO", 2.15)


def test_a_flow_may_be_written_with_its_agency_and_version(answered: Answered) -> None:
    body = FX_HEAD + "EXR.D.USD.EUR.SP00.A,D,USD,EUR,SP00,A,2026-03-02,1.15,A\n"
    found = answered(PROVIDER, f"{ROOT}/ECB,EXR,1.0/D.USD.EUR.SP00.A?format=csvdata", body)
    (row,) = found.rows("fx_rates")
    assert (row["symbol"], row["rate"]) == ("EUR/USD", 1.15)


def test_what_the_portal_asks_is_read(answered: Answered) -> None:
    portal = "https://data.ecb.europa.eu/data-detail-api"
    point = {"SERIES": "YC.B.U2.EUR.4F.G_N_A.SV_C_YM.SR_10Y", "PERIOD": "2026-03-02", "FREQUENCY": "B", "OBS": "2.7",
             "OBS_VALUE_AS_IS": "2.7123", "UNIT": "PCPA", "OBS_STATUS": "A"}  # fmt: skip
    found = answered(PROVIDER, f"{portal}/{point['SERIES']}", [point])
    (row,) = found.rows("yield_curves")
    assert (row["curve"], row["tenor"], row["rate_percent"]) == ("EUR_AAA_SPOT", "10Y", 2.7123)
    (row,) = found.rows("economic_series")
    assert (row["series"], row["value"]) == ("YC/B.U2.EUR.4F.G_N_A.SV_C_YM.SR_10Y", 2.7123)
    quarter = {**point, "SERIES": "BPS.Q.X", "FREQUENCY": "Q", "PERIOD": "2025-12-31"}
    (row,) = answered(PROVIDER, f"{portal}/BPS.Q.X", [quarter]).rows("economic_series")
    assert (row["series"], row["date"]) == ("BPS/Q.X", date(2025, 10, 1))


def test_nothing_found_is_not_found(answered: Answered) -> None:
    with pytest.raises(NotFoundError):
        answered(PROVIDER, f"{ROOT}/EXR/D.XXX.EUR.SP00.A", "No results found.", status=404).frame("fx_rates")


def test_without_a_first_day_the_last_one_is_asked_for() -> None:
    request = PROVIDER.endpoints[0].request
    assert request.ask(Wanted(), PROVIDER.bases[0]).query["lastNObservations"] == "1"
    since = request.ask(Wanted(since=date(2026, 1, 1)), PROVIDER.bases[0]).query
    assert (since["startPeriod"], "lastNObservations" in since) == ("2026-01-01", False)
