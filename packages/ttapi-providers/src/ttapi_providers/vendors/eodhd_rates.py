# SPDX-License-Identifier: Apache-2.0
"""EODHD: rates of treasuries and central banks, spreads between them, and economic indicators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, RowReader, Skip
from ttapi_providers.items import listed
from ttapi_providers.reading import Row, Values

_DAYS: Final = {"from": "{since}", "to": "{until}", "fmt": "json"}
_TENOR: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(M|MO|Y|YR|W|WK)", re.IGNORECASE)
_MONTHS: Final = {"M": 1.0, "Y": 12.0, "W": 12 / 52}
_BILL: Final = re.compile(r"(\d+)_weeks_(bank_discount|coupon_equivalent)")
_RATES: Final = {"filter[from]": "{since}", "filter[to]": "{until}", "page[limit]": "100", "fmt": "json"}
_LONG_TERM: Final = {
    "BC_20year": "UST_20Y_PAR",
    "Over_10_Years": "UST_LONG_TERM_COMPOSITE",
    "Real_Rate": "UST_LONG_TERM_REAL",
}


def _yield(curve: str, kind: str) -> RowReader:
    def read(row: Row, _asked: Asked) -> Values:
        tenor, months = _tenor(row.text("tenor") or "")
        return {
            "curve": curve,
            "date": row.day("date"),
            "tenor": tenor,
            "months": months,
            "rate_percent": row.number("rate"),
            "kind": kind,
            "currency": "USD",
        }

    return read


def _tenor(text: str) -> tuple[str, float]:
    match = _TENOR.fullmatch(text)
    if match is None:
        raise DataError(f"{text[:20]!r} is no tenor", column="tenor")
    unit = match[2][0].upper()
    return f"{match[1]}{unit}", float(match[1]) * _MONTHS[unit]


def _bills(row: Row, _asked: Asked) -> Iterator[Values]:
    """Read both rates of bills; a record has one tenor, or names all of them in its fields."""
    told = {
        (f"{match[1]}W", match[2]): name for name in row.value if (match := _BILL.fullmatch(name)) is not None
    }
    if row.text("tenor"):
        tenor = row.text("tenor") or ""
        told = {(tenor, "bank_discount"): "discount", (tenor, "coupon_equivalent"): "coupon"}
    for (text, rate), field in told.items():
        tenor, months = _tenor(text)
        if row.number(field) is not None:
            yield {
                "curve": "UST_BILL_DISCOUNT" if rate == "bank_discount" else "UST_BILL_YIELD",
                "date": row.day("date"),
                "tenor": tenor,
                "months": months,
                "rate_percent": row.number(field),
                "kind": "bill",
                "currency": "USD",
            }


def _long_term(row: Row, _asked: Asked) -> Values:
    kind = row.text("rate_type") or ""
    if kind not in _LONG_TERM:
        raise Skip(f"{kind[:30]!r} is no known rate")
    return {
        "rate": _LONG_TERM[kind],
        "date": row.day("date"),
        "rate_percent": row.number("rate"),
        "currency": "USD",
    }


def _spread(row: Row, _asked: Asked) -> Values:
    return {
        "series": row.text("code"),
        "date": row.day("date"),
        "value": row.number("value_bps"),
        "unit": "basis points",
        "frequency": "daily",
        "title": row.text("formula"),
    }


def _policy_rate(row: Row, _asked: Asked) -> Values:
    if row.text("rate_type") == "index":
        raise Skip("an index is no rate")
    return {
        "rate": row.text("code"),
        "date": row.day("date"),
        "rate_percent": row.number("rate"),
        **{f"percentile_{n}_percent": row.number(f"percentiles.p{n}") for n in (1, 25, 75, 99)},
        "volume": row.number("volume_billion_usd", scale=1e9),
        "currency": row.text("currency"),
        "title": row.text("central_bank", "rate_type"),
    }


def _corporate(row: Row, _asked: Asked) -> Values:
    """Read a point of the curve of corporate bonds of high quality."""
    years = row.number("tenor_years")
    if years is None:
        raise DataError("the yield has no tenor", column="tenor")
    kind = row.text("yield_type")
    return {
        "curve": f"US_CORPORATE_HQM_{(kind or '').upper()}".rstrip("_"),
        "date": row.day("as_of_date"),
        "tenor": f"{years:g}Y",
        "months": years * 12,
        "rate_percent": row.number("yield_value"),
        "kind": kind,
        "currency": "USD",
    }


def _indicator(row: Row, asked: Asked) -> Values:
    day = row.day("Date")
    is_annual = row.text("Period") in {None, "Annual"}
    return {
        "series": f"{asked.variables['base']}/{asked.query.get('indicator', 'gdp_current_usd')}",
        "date": day.replace(month=1, day=1) if day and is_annual else day,
        "value": row.number("Value"),
        "frequency": row.text("Period"),
        "title": row.text("Indicator"),
    }


def _following(body: Any, _asked: Asked) -> str | None:  # noqa: ANN401 - JSON
    links = body.get("links")
    return links.get("next") if isinstance(links, dict) else None


def _paged(dataset: str, path: str, row: RowReader, params: Mapping[str, str]) -> Endpoint:
    return Endpoint(
        dataset=dataset,
        request=get(path, params),
        row=row,
        items=listed("data"),
        batch=0,
        next_page=_following,
    )


ENDPOINTS: Final = (
    _paged("yield_curves", "/api/ust/yield-rates", _yield("UST_PAR", "par"), _DAYS),
    _paged("yield_curves", "/api/ust/real-yield-rates", _yield("UST_REAL", "real"), _DAYS),
    _paged("yield_curves", "/api/ust/bill-rates", _bills, _DAYS),
    _paged("yield_curves", "/api/credit-risk/corporate/hqm-yields", _corporate, _RATES),
    _paged("economic_series", "/api/spreads/funding-stress", _spread, {"fmt": "json"}),
    _paged("reference_rates", "/api/rates/policy-rates", _policy_rate, _RATES),
    _paged("reference_rates", "/api/rates/reference-rates", _policy_rate, _RATES),
    _paged("reference_rates", "/api/ust/long-term-rates", _long_term, _DAYS),
    Endpoint(
        dataset="economic_series",
        request=get("/api/macro-indicator/{base}", {"indicator": "{quote}", "fmt": "json"}),
        row=_indicator,
        found_by=lambda asked: [
            f"{asked.variables['base']}/{asked.query.get('indicator', 'gdp_current_usd')}"
        ],
    ),
)
