# SPDX-License-Identifier: Apache-2.0
"""Bank for International Settlements: policy rates, exchange rates, prices, and all of its series."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from ttapi_providers.asking import Asked, Param, Wanted, get
from ttapi_providers.declaring import Provider, Skip
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values
from ttapi_providers.sdmx import code_of, endpoint, key_of, period_of, series_endpoints, told

_DATA: Final = "/api/v1/data"
_DATA_2: Final = "/api/v2/data/dataflow"
_FX: Final = f"{_DATA}/WS_XRU/D..."
# Members of a currency area have series of their own, in other units before its start: one area each.
_AREAS: Final = {"EUR": "XM", "AUD": "AU", "XOF": "WA", "XAF": "CM", "XCD": "AG"}
_SOBERANO: Final = date(2019, 6, 1)
_EURO: Final = date(1999, 1, 1)


def _last(wanted: Wanted) -> str | None:
    return "1" if wanted.since is None else None


_PARAMS: Final[Mapping[str, Param]] = {"startPeriod": "{since}", "endPeriod": "{until}", "format": "csv"}


def _is_daily_rate(asked: Asked) -> bool:
    flow, parts = key_of(asked)
    return "WS_XRU" in flow and parts[:1] in (["D"], [""]) and asked.path != _FX


def _rate(row: Row, asked: Asked) -> Values:
    frequency, area, currency = (
        code_of(row, asked, name, position=at) for at, name in enumerate(("FREQ", "REF_AREA", "CURRENCY"))
    )
    value = row.number("value")
    day = period_of(row)
    if frequency != "D" or value is None:
        raise Skip("not a daily rate" if frequency != "D" else "a day without a rate")
    if currency == "USD" or _AREAS.get(currency, area) != area:
        raise Skip(f"{currency} of {area}")
    power = int(row.text("attrs.UNIT_MULT", "dims.UNIT_MULT") or 0)
    return {
        "symbol": pair("USD", _currency(currency, day)),
        "vendor_symbol": currency,
        "date": day,
        "rate": value * 10.0**power,
    }


def _currency(code: str, day: date) -> str:
    # Values under these codes are in the units of a successor, or of a predecessor.
    if code == "EUR" and day < _EURO:
        return "XEU"
    if code == "VEF" and day >= _SOBERANO:
        return "VES"
    return "SLE" if code == "SLL" else code


PROVIDER: Final = Provider(
    name="bis",
    title="Bank for International Settlements",
    site="https://stats.bis.org/api-doc/v1/",
    bases=("https://stats.bis.org",),
    told=told,
    samples={"economic_series": "WS_CBPOL/M.CH", "fx_rates": "USD/CHF"},
    endpoints=(
        endpoint("fx_rates", get(_FX, {**_PARAMS, "lastNObservations": _last}), _rate, batch=0),
        endpoint("fx_rates", get(f"{_DATA}/{{resource*}}", _PARAMS), _rate, when=_is_daily_rate),
        endpoint("fx_rates", get(f"{_DATA_2}/{{resource*}}", _PARAMS), _rate, when=_is_daily_rate),
        *series_endpoints(_DATA, _PARAMS),
        *series_endpoints(_DATA_2, _PARAMS),
    ),
)
