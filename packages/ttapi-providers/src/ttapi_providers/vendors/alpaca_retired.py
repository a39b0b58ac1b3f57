# SPDX-License-Identifier: Apache-2.0
"""Alpaca: the retired first interface, whose old answers are read."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors.alpaca_bars import DATA, EASTERN, by_symbol


def _old_bar(row: Row, _asked: Asked) -> Values:
    opened = row.epoch("t")
    if opened is None:
        raise DataError("the bar has no time", column="t")
    return {
        "vendor_symbol": row.name,
        "date": opened.astimezone(ZoneInfo(EASTERN)).date(),
        "opened_at": opened,
        **{name: row.number(name[0]) for name in ("open", "high", "low", "close", "volume")},
    }


def _old_day(row: Row, asked: Asked) -> Values:
    return {name: value for name, value in _old_bar(row, asked).items() if name != "opened_at"}


def _old_minutes(row: Row, asked: Asked) -> Values:
    values = {name: value for name, value in _old_bar(row, asked).items() if name != "date"}
    return {**values, "interval": _OLD_LENGTHS[asked.variables["length"]]}


_OLD_LENGTHS: Final = {"minute": "1m", "1Min": "1m", "5Min": "5m", "15Min": "15m"}


def _old_last(row: Row, _asked: Asked) -> Values:
    last = row.row("last")
    return {
        "vendor_symbol": row.text("symbol"),
        "last": last.number("price"),
        "bid": last.number("bidprice") or None,
        "ask": last.number("askprice") or None,
        "quoted_at": last.epoch("timestamp", unit="ns"),
    }


def _with_price(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the last quote or trade; one of zeros, outside trading hours, is none."""
    last = Row(body).row("last")
    return [Row(body)] if any(last.number(name) for name in ("price", "bidprice", "askprice")) else []


ENDPOINTS: Final = (
    *(
        Endpoint(
            dataset="eod_data",
            request=get(f"/v1/bars/{length}", {"symbols": "{symbols}"}, base=DATA),
            row=_old_day,
            items=by_symbol(""),
            retired=True,
        )
        for length in ("1D", "day", "1Day")
    ),
    Endpoint(
        dataset="intraday_bars",
        request=get("/v1/bars/{length}", {"symbols": "{symbols}"}, base=DATA),
        row=_old_minutes,
        items=by_symbol(""),
        when=lambda asked: asked.variables["length"] in _OLD_LENGTHS,
        retired=True,
    ),
    *(
        Endpoint(
            dataset="quotes",
            request=get(f"/v1/{path}/{{symbol}}", base=DATA),
            row=_old_last,
            items=_with_price,
            retired=True,
        )
        for path in ("last/stocks", "last_quote/stocks")
    ),
)
