# SPDX-License-Identifier: Apache-2.0
"""Deribit's indexes over time, and the funding that its charts show: read, never asked."""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint, Skip
from ttapi_providers.exchanges import interval_of, price, spacing_s
from ttapi_providers.items import listed, place
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values, day_of, number_of

_API: Final = "/api/v2/public"
_INDEX: Final = {"index_name": "{symbol}"}
_MOMENT_LENGTH: Final = 2
_FUNDED_HOURS: Final = 8.0


def _points(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    points = place(body, "result")
    times = sorted(number_of(at[0], "time") or 0.0 for at in points if len(at) == _MOMENT_LENGTH)
    spacing = spacing_s(at / 1000 for at in times)
    return [Row({"at": at, "interval": interval_of(spacing) if spacing else None}) for at in points]


def _point(row: Row, asked: Asked) -> Values:
    if not row.has("interval"):
        raise DataError("one value alone does not say how far values lie apart")
    return {
        "symbol": asked.name,
        "vendor_symbol": asked.name,
        "interval": row.text("interval"),
        "opened_at": row.epoch("at.0", unit="ms"),
        "close": price(row, "at.1"),
    }


def _delivery_price(row: Row, asked: Asked) -> Values:
    index = asked.told("index_name")
    base, _, quote = index.partition("_")
    rate = price(row, "delivery_price")
    if not quote or rate is None:
        raise Skip("the price is of no pair of currencies" if rate else "there is no price")
    return {
        "symbol": pair(base, quote),
        "vendor_symbol": index,
        "date": day_of(row.text("date"), "date"),
        "rate": rate,
    }


def _funding_of_chart(row: Row, asked: Asked) -> Values:
    return {
        "symbol": asked.name,
        "vendor_symbol": asked.name,
        "funded_at": row.epoch("timestamp", unit="ms"),
        "rate": row.number("interest_8h"),
        "interval_hours": _FUNDED_HOURS,
        "index_price": price(row, "index_price"),
        "predicted": False,
    }


INDEXES: Final = (
    Endpoint(
        dataset="crypto_bars",
        request=get(f"{_API}/get_index_chart_data", _INDEX),
        items=_points,
        row=_point,
        retired=True,
    ),
    Endpoint(
        dataset="fx_rates",
        request=get(f"{_API}/get_delivery_prices"),
        items=listed("result.data"),
        row=_delivery_price,
        retired=True,
    ),
    Endpoint(
        dataset="funding_rates",
        request=get(f"{_API}/get_funding_chart_data", {"instrument_name": "{symbol}"}),
        items=listed("result.data"),
        row=_funding_of_chart,
        retired=True,
    ),
)
"""Endpoints of what is computed from several exchanges, and of charts."""
