# SPDX-License-Identifier: Apache-2.0
"""Binance's lists of instruments."""

from __future__ import annotations

from ttapi_core import DataError
from ttapi_providers.asking import Asked
from ttapi_providers.exchanges import currency_code
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values


def pair_listed(row: Row, _asked: Asked) -> Values:
    """Read a pair of the spot market."""
    base, quote = row.text("baseAsset"), row.text("quoteAsset")
    if not base or not quote:
        raise DataError("the pair has no base or quote asset", column="baseAsset")
    name, currency = row.text("symbol"), currency_code(quote)
    return {
        # Quotes that are no code make no pair: "U", with which BTC/U reads as a class of shares.
        "symbol": pair(base, quote) if currency or not name else name,
        "vendor_symbol": name,
        "instrument_type": "crypto",
        "active": _is_active(row),
        "currency": currency,
    }


def contract_listed(row: Row, _asked: Asked) -> Values:
    """Read a contract of a futures market."""
    name, kind = row.text("symbol"), row.text("contractType")
    return {
        "symbol": name,
        "vendor_symbol": name,
        "description": " ".join(filter(None, (row.text("pair"), kind))) or None,
        "instrument_type": "perpetual" if kind and "PERPETUAL" in kind else "future",
        "active": _is_active(row),
        "currency": currency_code(row.text("quoteAsset")),
    }


def _is_active(row: Row) -> bool | None:
    status = row.text("status", "contractStatus")
    return None if status is None else status == "TRADING"
