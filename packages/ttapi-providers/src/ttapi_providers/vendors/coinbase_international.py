# SPDX-License-Identifier: Apache-2.0
"""
Coinbase's International Exchange, whose markets are closed: old answers are read.

Perpetual contracts keep their names (``BTC-PERP``), spot pairs are canonical.
"""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint
from ttapi_providers.exchanges import one_or_many, price
from ttapi_providers.items import listed, one
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors.coinbase_advanced import LENGTHS
from ttapi_providers.vendors.coinbase_exchange import priced

HOST: Final = "api.international.coinbase.com"
_INSTRUMENTS: Final = "/api/v1/instruments"
_PERPETUAL: Final = "-PERP"


def _key(name: str) -> str:
    base, mark, quote = name.partition("-")
    return pair(base, quote) if mark and not name.endswith(_PERPETUAL) else name


def _names(name: str | None) -> Values:
    if not name:
        raise DataError("neither the record nor the request names an instrument", column="symbol")
    return {"symbol": _key(name), "vendor_symbol": name}


def _quote(row: Row, asked: Asked) -> Values:
    """Read a quote, alone or beside the instrument that it is of."""
    found = row.row("quote") if row.has("quote") else row
    return priced(
        {
            **_names(row.text("symbol") or asked.told("instrument")),
            "bid": price(found, "best_bid_price"),
            "bid_size": found.number("best_bid_size"),
            "ask": price(found, "best_ask_price"),
            "ask_size": found.number("best_ask_size"),
            "mark": price(found, "mark_price"),
            "last": price(found, "trade_price"),
            "volume": row.number("qty_24hr"),
            "quoted_at": found.time("timestamp"),
        }
    )


def _instrument(row: Row, _asked: Asked) -> Values:
    kind, state = row.text("type"), row.text("trading_state")
    return {
        **_names(row.text("symbol")),
        "instrument_type": {"PERP": "perpetual", "SPOT": "crypto"}.get(kind or ""),
        "active": None if state is None else state == "TRADING",
        "currency": row.text("quote_asset_name"),
    }


def _funding(row: Row, asked: Asked) -> Values:
    return {
        **_names(asked.told("instrument")),
        "funded_at": row.time("event_time"),
        "rate": row.number("funding_rate"),
        "interval_hours": 1.0,
        "mark_price": price(row, "mark_price"),
        "predicted": False,
    }


def _bar(row: Row, asked: Asked) -> Values:
    told = asked.query.get("granularity", "")
    if told not in LENGTHS:
        raise DataError(f"{told!r} is no length of a bar", column="granularity")
    return {
        **_names(asked.told("instrument")),
        "interval": LENGTHS[told],
        "opened_at": row.time("start"),
        **{name: row.number(name) for name in ("open", "high", "low", "close", "volume")},
    }


def _is_here(asked: Asked) -> bool:
    return asked.host == HOST


def _named(asked: Asked) -> list[str]:
    name = asked.told("instrument")
    return [_key(name)] if name else []


def _has_quote(body: Any) -> bool:  # noqa: ANN401 - JSON
    found = body if isinstance(body, list) else [body]
    return any("quote" in record or "title" in record for record in found if isinstance(record, dict))


INTERNATIONAL: Final = tuple(
    Endpoint(
        dataset=dataset,
        request=get(f"{_INSTRUMENTS}{path}"),
        items=items,
        row=row,
        shape=shape,
        when=_is_here,
        batch=0 if not path else 1,
        found_by=_named,
        retired=True,
    )
    for dataset, path, items, row, shape in (
        ("symbols", "", listed(), _instrument, None),
        ("symbols", "/{instrument}", one_or_many(), _instrument, None),
        ("quotes", "", listed(), _quote, _has_quote),
        ("quotes", "/{instrument}", one_or_many(), _quote, _has_quote),
        ("quotes", "/{instrument}/quote", one(), _quote, None),
        ("funding_rates", "/{instrument}/funding", listed("results"), _funding, None),
        ("crypto_bars", "/{instrument}/candles", listed("aggregations"), _bar, None),
    )
)
"""What is read of it."""
