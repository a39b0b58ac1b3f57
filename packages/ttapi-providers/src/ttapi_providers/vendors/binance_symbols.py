# SPDX-License-Identifier: Apache-2.0
"""Binance's lists of instruments."""

from __future__ import annotations

from ttapi_core import DataError
from ttapi_providers.asking import Asked
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values


def pair_listed(row: Row, _asked: Asked) -> Values:
    """Read a pair of the spot market."""
    base, quote = row.text("baseAsset"), row.text("quoteAsset")
    if not base or not quote:
        raise DataError("the pair has no base or quote asset", column="baseAsset")
    return {
        "symbol": pair(base, quote),
        "vendor_symbol": row.text("symbol"),
        "instrument_type": "crypto",
        "active": _is_active(row),
        "currency": quote,
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
        "currency": row.text("quoteAsset"),
    }


def _is_active(row: Row) -> bool | None:
    status = row.text("status", "contractStatus")
    return None if status is None else status == "TRADING"
