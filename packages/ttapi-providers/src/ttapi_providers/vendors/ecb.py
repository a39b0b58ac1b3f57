# SPDX-License-Identifier: Apache-2.0
"""European Central Bank: reference exchange rates, yield curves, key rates, and all of its series."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.bodies import Format
from ttapi_providers.declaring import Endpoint, Provider, Skip
from ttapi_providers.items import listed, place
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values
from ttapi_providers.sdmx import code_of, endpoint, key_of, period_of, series_endpoints, told
from ttapi_providers.sdmx_messages import observations

_DATA: Final = "/service/data"
_ANY: Final = f"{_DATA}/{{flow}}/{{wanted}}"
_FX: Final = f"{_DATA}/EXR/D..EUR.SP00.A"
_TENORS: Final = "+".join(
    f"SR_{tenor}" for tenor in ("3M", "6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y", "15Y", "20Y", "30Y")
)
_CURVES: Final = f"{_DATA}/YC/B.U2.EUR.4F.G_N_A+G_N_C.SV_C_YM.{_TENORS}"
_ESTR_ITEM: Final = "EU000A2X2A25"
_ESTR: Final = f"{_DATA}/EST/B.{_ESTR_ITEM}.WT"
_KEY_RATES: Final = f"{_DATA}/FM/D.U2.EUR.4F.KR.DFR+MRR_FR+MLFR.LEV"
_VOLUME_POWER: Final = 6  # millions of euros
_ISSUERS: Final = {"G_N_A": "AAA", "G_N_C": "ALL"}
_KINDS: Final = {"SR": "spot", "IF": "forward", "PY": "par"}
_RATES: Final = {"DFR": "ECB_DFR", "MRR_FR": "ECB_MRO", "MRR_MBR": "ECB_MRO_MINIMUM", "MLFR": "ECB_MLF"}
_LONG_PERIODS: Final = {"M": 1, "Q": 3, "H": 6, "S": 6, "A": 12}
_MATURITY: Final = re.compile(r"(SR|IF|PY)_((?:(\d+)Y)?(?:(\d+)M)?)")


def _last(wanted: Wanted) -> str | None:
    return "1" if wanted.since is None else None


_PARAMS: Final[Mapping[str, Param]] = {"startPeriod": "{since}", "endPeriod": "{until}", "format": "csvdata"}
_LATEST: Final[Mapping[str, Param]] = {**_PARAMS, "lastNObservations": _last}


def _key_in(asked: Asked, flow: str) -> list[str]:
    """Return the parts of the key of a request that is of a flow, written ``EXR`` or ``ECB,EXR,1.0``."""
    fixed = asked.path in {_FX, _CURVES, _ESTR, _KEY_RATES}  # these have endpoints of their own
    return [] if fixed or flow not in asked.told("flow").split(",")[:2] else key_of(asked)[1]


def _has_maturities(asked: Asked) -> bool:
    parts = _key_in(asked, "YC")
    return len(parts) == 7 and (not parts[6] or _MATURITY.match(parts[6]) is not None)


def _is_daily_spot(asked: Asked) -> bool:
    parts = _key_in(asked, "EXR")
    return len(parts) == 5 and parts[0] in {"D", ""} and parts[3] in {"SP00", ""}


def _are_overnight_rates(asked: Asked) -> bool:
    parts = _key_in(asked, "EST")
    return len(parts) == 3 and parts[1] in {_ESTR_ITEM, ""} and {"WT", ""} & set(parts[2].split("+")) != set()


def _are_key_rates(asked: Asked) -> bool:
    parts = _key_in(asked, "FM")
    return len(parts) == 7 and (parts[4], parts[6]) == ("KR", "LEV")


def _rate(row: Row, asked: Asked) -> Values:
    currency, base = (
        code_of(row, asked, name, position=at) for name, at in (("CURRENCY", 1), ("CURRENCY_DENOM", 2))
    )
    if (
        code_of(row, asked, "FREQ", position=0) != "D"
        or code_of(row, asked, "EXR_TYPE", position=3) != "SP00"
    ):
        raise Skip("not a daily spot rate")
    if row.number("value") is None:
        raise Skip("a day without a rate")
    return {
        "symbol": pair(base, currency),
        "vendor_symbol": currency,
        "date": period_of(row),
        "rate": row.number("value"),
    }


def _reference_days(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    days = place(body, "Envelope.Cube.Cube")
    return [
        Row({"time": day["time"], **rate})
        for day in (days if isinstance(days, list) else [days])
        for rate in (day["Cube"] if isinstance(day["Cube"], list) else [day["Cube"]])
    ]


def _reference_rate(row: Row, _asked: Asked) -> Values:
    currency = str(row.text("currency"))
    return {
        "symbol": pair("EUR", currency),
        "vendor_symbol": currency,
        "date": row.day("time"),
        "rate": row.number("rate"),
    }


def _news(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - XML
    return list(listed("item?")(place(body, "RDF"), asked))


def _told_as_news(row: Row, _asked: Asked) -> Values:
    currency = row.text("statistics.exchangeRate.targetCurrency")
    if currency is None:
        raise Skip("an item without a rate")
    return {
        "symbol": pair("EUR", currency),
        "vendor_symbol": currency,
        "date": row.day("date"),
        "rate": row.number("statistics.exchangeRate.value.#text"),
    }


def _point(row: Row, asked: Asked) -> Values:
    code = code_of(row, asked, "DATA_TYPE_FM", position=6)
    match = _MATURITY.fullmatch(code)
    if match is None or not match[2]:
        raise Skip(f"{code} is no maturity")
    if row.number("value") is None:
        raise Skip("a day without a rate")
    issuers = code_of(row, asked, "INSTRUMENT_FM", position=4)
    kind = _KINDS[match[1]]
    months = int(match[3] or 0) * 12 + int(match[4] or 0)
    return {
        "curve": f"EUR_{_ISSUERS.get(issuers, issuers)}_{kind.upper()}",
        "date": period_of(row),
        "tenor": f"{months // 12}Y" if months % 12 == 0 else f"{months}M",
        "months": months,
        "rate_percent": row.number("value"),
        "kind": kind,
        "currency": code_of(row, asked, "CURRENCY", position=2),
    }


def _portal_value(row: Row, _asked: Asked) -> Values:
    name = row.text("SERIES") or ""
    return {
        "series": name.replace(".", "/", 1),
        "vendor_symbol": name,
        "date": _portal_day(row),
        "value": row.number("OBS_VALUE_AS_IS", "OBS"),
        "unit": row.text("UNIT"),
        "frequency": row.text("FREQUENCY"),
        "status": row.text("OBS_STATUS"),
    }


def _portal_day(row: Row) -> date | None:
    day, frequency = row.day("PERIOD"), row.text("FREQUENCY")
    if day is None or frequency not in _LONG_PERIODS:
        return day
    months = _LONG_PERIODS[frequency]
    return date(day.year, day.month - (day.month - 1) % months, 1)


def _portal_point(row: Row, _asked: Asked) -> Values:
    codes = (row.text("SERIES") or "").split(".")[1:]
    told = Asked(method="GET", base="", path="", names=(f"YC/{'.'.join(codes)}",))
    found = {"period": row.text("PERIOD"), "value": row.raw("OBS_VALUE_AS_IS", "OBS")}
    return _point(Row(found), told)


def _overnight_days(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - a parsed body
    """Find the days of the overnight rate: rate, percentiles and volume are series of their own."""
    days: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in observations(body, asked):
        item = code_of(row, asked, "BENCHMARK_ITEM", position=1)
        kind = code_of(row, asked, "DATA_TYPE_EST", position=2)
        day = days.setdefault((item, row.raw("period")), {"item": item, "period": row.raw("period")})
        day[kind] = row.value
    return [Row(day) for day in days.values()]


def _overnight_rate(row: Row, _asked: Asked) -> Values:
    if row.text("item") != _ESTR_ITEM:
        raise Skip(f"{row.text('item')} is an average of the rate or its index")
    power = int(row.text("TT.attrs.UNIT_MULT", "TT.dims.UNIT_MULT") or _VOLUME_POWER)
    return {
        **_interest(Row({"period": row.text("period"), **row.row("WT").value}), "ESTR"),
        "percentile_25_percent": row.number("R25.value"),
        "percentile_75_percent": row.number("R75.value"),
        "volume": row.number("TT.value", scale=10.0**power),
    }


def _key_rate(row: Row, asked: Asked) -> Values:
    code = code_of(row, asked, "PROVIDER_FM_ID", position=5)
    if code not in _RATES:
        raise Skip(f"{code} is no key interest rate")
    return _interest(row, _RATES[code])


def _interest(row: Row, name: str) -> Values:
    if row.number("value") is None:
        raise Skip("a day without a rate")
    return {
        "rate": name,
        "date": period_of(row),
        "rate_percent": row.number("value"),
        "currency": "EUR",
        "title": row.text("attrs.TITLE", "dims.TITLE"),
        "status": row.text("attrs.OBS_STATUS"),
    }


PROVIDER: Final = Provider(
    name="ecb",
    title="European Central Bank",
    site="https://data.ecb.europa.eu/help/api/overview",
    bases=("https://data-api.ecb.europa.eu", "https://www.ecb.europa.eu"),
    aliases=("sdw-wsrest.ecb.europa.eu", "data.ecb.europa.eu", "ecb.europa.eu"),
    told=told,
    samples={"economic_series": "EXR/M.USD.EUR.SP00.A"},
    endpoints=(
        endpoint("fx_rates", get(_FX, _LATEST), _rate, batch=0),
        endpoint("fx_rates", get(_ANY, _PARAMS), _rate, when=_is_daily_spot),
        Endpoint(
            dataset="fx_rates",
            request=get("/stats/eurofxref/{file}", base="https://www.ecb.europa.eu"),
            when=lambda asked: asked.path.endswith(".xml"),
            items=_reference_days,
            format=Format.XML,
            row=_reference_rate,
        ),
        Endpoint(
            dataset="fx_rates",
            request=get("/rss/{file}", base="https://www.ecb.europa.eu"),
            when=lambda asked: asked.told("file").startswith("fxref-"),
            items=_news,
            format=Format.XML,
            row=_told_as_news,
            retired=True,
        ),
        endpoint("yield_curves", get(_CURVES, _LATEST), _point, batch=0),
        endpoint(
            "yield_curves",
            get(_ANY, _PARAMS),
            _point,
            when=_has_maturities,
        ),
        replace(
            endpoint("reference_rates", get(_ESTR, _LATEST), _overnight_rate, batch=0), items=_overnight_days
        ),
        replace(endpoint("reference_rates", get(_KEY_RATES, _LATEST), _key_rate, batch=0), besides=True),
        replace(
            endpoint(
                "reference_rates",
                get(_ANY, _PARAMS),
                _overnight_rate,
                when=_are_overnight_rates,
            ),
            items=_overnight_days,
            retired=True,
        ),
        replace(
            endpoint("reference_rates", get(_ANY, _PARAMS), _key_rate, when=_are_key_rates),
            retired=True,
        ),
        *series_endpoints(_DATA, _PARAMS),
        # What the bank's own portal asks.
        Endpoint(
            dataset="yield_curves",
            request=get("/data-detail-api/{series}"),
            when=lambda asked: asked.told("series").startswith("YC."),
            row=_portal_point,
            retired=True,
        ),
        Endpoint(
            dataset="economic_series",
            request=get("/data-detail-api/{series}"),
            row=_portal_value,
            retired=True,
        ),
    ),
)
