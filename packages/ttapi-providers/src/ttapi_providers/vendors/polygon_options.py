# SPDX-License-Identifier: Apache-2.0
"""How Polygon (Massive) writes options: contracts with their quotes, and the list of contracts."""

from __future__ import annotations

from ttapi_providers.asking import Asked
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors.polygon_readers import NAMING, sides


def option(row: Row, asked: Asked) -> Values:
    """Read a contract with its quote."""
    details = row.row("details")
    made = _contract(details, asked, row.text("underlying_asset.ticker"))
    quoted = row.row("last_quote")
    return {
        **made,
        **sides(quoted.number("bid"), quoted.number("ask")),
        "bid_size": quoted.number("bid_size"),
        "ask_size": quoted.number("ask_size"),
        "last": row.number("last_trade.price"),
        "volume": row.number("day.volume", "session.volume"),
        "open_interest": row.number("open_interest"),
        "implied_volatility": row.number("implied_volatility"),
        **{name: row.number(f"greeks.{name}") for name in ("delta", "gamma", "theta", "vega")},
        "underlying_price": row.number("underlying_asset.price"),
        "quoted_at": quoted.epoch("last_updated", unit="ns"),
        "last_traded_at": row.epoch("last_trade.sip_timestamp", unit="ns"),
        "currency": "USD",
    }


def listed_option(row: Row, asked: Asked) -> Values:
    """Read a contract of the list of contracts."""
    return _contract(row, asked, row.text("underlying_ticker"))


def _contract(details: Row, asked: Asked, underlying: str | None) -> Values:
    name = details.text("ticker") or ""
    return {
        "symbol": asked.keys[0] if asked.keys else NAMING.canonical(underlying or ""),
        "vendor_symbol": name,
        "contract": contract_of(name.removeprefix("O:")),
        "expiration_date": details.day("expiration_date"),
        "strike": details.number("strike_price"),
        "option_type": {"call": "C", "put": "P"}.get(details.text("contract_type") or ""),
        "multiplier": details.number("shares_per_contract"),
    }
