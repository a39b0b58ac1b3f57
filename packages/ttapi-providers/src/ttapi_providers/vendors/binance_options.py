# SPDX-License-Identifier: Apache-2.0
"""Binance's options on coins: all are settled in USDT, and their names tell expiration, strike and type."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked
from ttapi_providers.exchanges import price
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values, day_of, number_of
from ttapi_providers.vendors.binance_market import moment

_NAME: Final = re.compile(r"(\w+)-(\d{6})-([\d.]+)-([CP])")


def _contract(row: Row) -> tuple[Values, str]:
    name = row.text("symbol") or ""
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError(f"{name!r} is no name of an option", column="symbol")
    expiration: date | None = day_of(match[2], "symbol", form="%y%m%d")
    values: Values = {
        "symbol": pair(match[1], "USDT"),
        "vendor_symbol": name,
        "expiration_date": expiration,
        "strike": number_of(match[3], "symbol"),
        "option_type": match[4],
        "currency": "USDT",
    }
    return values, match[1]


def chain_contract(row: Row, _asked: Asked) -> Values:
    """Read an option's quote, or its mark price with volatility and greeks."""
    values, _ = _contract(row)
    return {
        **values,
        "bid": price(row, "bidPrice"),
        "ask": price(row, "askPrice"),
        "last": price(row, "lastPrice"),
        "mark": price(row, "markPrice"),
        "volume": row.number("volume"),
        "implied_volatility": price(row, "markIV"),
        "delta": row.number("delta"),
        "gamma": row.number("gamma"),
        "theta": row.number("theta"),
        "vega": row.number("vega"),
        "quoted_at": moment(row, "closeTime"),
    }


def open_interest(row: Row, _asked: Asked) -> Values:
    """Read the contracts that are open."""
    values, _ = _contract(row)
    return {**values, "open_interest": row.number("sumOpenInterest"), "quoted_at": moment(row, "timestamp")}


def option_listed(row: Row, _asked: Asked) -> Values:
    """Read an option of the list of instruments."""
    values, base = _contract(row)
    return {
        "symbol": values["vendor_symbol"],
        "vendor_symbol": values["vendor_symbol"],
        "description": f"{base} option",
        "instrument_type": "option",
        "currency": row.text("quoteAsset") or "USDT",
    }
