# SPDX-License-Identifier: Apache-2.0
"""
Schemas of prices and what is traded.

Units: prices in ``currency`` for one share, coin or contract unit; sizes and volumes in shares, coins or
contracts; ``implied_volatility`` and funding ``rate`` are fractions (0.2 is 20 %). Times are UTC. ``symbol``
is canonical where there is a canonical form, ``vendor_symbol`` is always as the provider writes it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_platform.declared_columns import (
    ADJUSTMENTS,
    INSIDE,
    PRICED,
    RANGE,
    SPREAD,
    day,
    flag,
    moment,
    number,
    text,
    whole,
)
from ttapi_platform.schemas import Check, Schema

QUOTES: Final = Schema(
    version=2,
    order=("symbol",),
    columns={
        "symbol": text(),
        "bid": number(low=0),
        "bid_size": number(low=0),
        "ask": number(low=0),
        "ask_size": number(low=0),
        "mid": number(low=0),
        "mark": number(low=0),
        "last": number(low=0),
        "open": number(low=0),
        "high": number(low=0),
        "low": number(low=0),
        "close": number(low=0),
        "prev_close": number(low=0),
        "volume": number(low=0),
        "is_halted": flag(null=True),
        "quoted_at": moment(null=True),
        "currency": text(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(
        SPREAD,
        RANGE,
        Check(
            "there is no price at all",
            pl.all_horizontal(pl.col("bid", "ask", "mark", "last", "close", "prev_close").is_null()),
        ),
    ),
)

EOD_DATA: Final = Schema(
    version=2,
    order=("symbol", "date"),
    columns={
        "symbol": text(),
        "date": day(),
        "open": number(null=False, low=0),
        "high": number(null=False, low=0),
        "low": number(null=False, low=0),
        "close": number(null=False, low=0),
        "volume": number(low=0),
        "vwap": number(low=0),
        "trade_count": whole(low=0),
        "adjusted_close": number(),
        "final": flag(null=True),
        "adjustment": text(null=True, one_of=ADJUSTMENTS),
        "currency": text(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(RANGE, INSIDE, PRICED),
)

INTRADAY_BARS: Final = Schema(
    version=1,
    order=("symbol", "interval", "opened_at"),
    columns={
        "symbol": text(),
        "interval": text(),  # 1m, 5m, 1h: a number and a unit
        "opened_at": moment(),
        "open": number(null=False, low=0),
        "high": number(null=False, low=0),
        "low": number(null=False, low=0),
        "close": number(null=False, low=0),
        "volume": number(low=0),
        "vwap": number(low=0),
        "trade_count": whole(low=0),
        "adjustment": text(null=True, one_of=ADJUSTMENTS),
        "currency": text(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(RANGE, INSIDE, PRICED),
)

CRYPTO_BARS: Final = Schema(
    version=1,
    order=("symbol", "interval", "opened_at"),
    columns={
        "symbol": text(),
        "interval": text(),  # 1m, 1h, 1d
        "opened_at": moment(),
        # Some sources know a price for each moment and no range.
        "open": number(low=0),
        "high": number(low=0),
        "low": number(low=0),
        "close": number(null=False, low=0),
        "volume": number(low=0),  # in the base currency
        "quote_volume": number(low=0),  # in the quote currency
        "vwap": number(low=0),
        "trade_count": whole(low=0),
        "venue": text(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(RANGE, INSIDE, PRICED),
)

FX_RATES: Final = Schema(
    version=1,
    order=("symbol", "date"),
    columns={
        "symbol": text(),  # EUR/USD: dollars for one euro
        "date": day(),
        "rate": number(null=False, low=0),
        "bid": number(low=0),
        "ask": number(low=0),
        "open": number(low=0),
        "high": number(low=0),
        "low": number(low=0),
        "observed_at": moment(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(SPREAD, RANGE, Check("the rate is zero", pl.col("rate") == 0)),
)

OPTION_CHAINS: Final = Schema(
    version=1,
    order=("symbol", "expiration_date", "strike", "option_type", "vendor_symbol"),
    columns={
        "symbol": text(),  # the underlying
        "vendor_symbol": text(),  # the contract, as the provider writes it
        "contract": text(null=True),  # canonical, where it is an option on an equity
        "expiration_date": day(),
        "strike": number(null=False, low=0),
        "option_type": text(one_of=("C", "P")),
        "bid": number(low=0),
        "bid_size": number(low=0),
        "ask": number(low=0),
        "ask_size": number(low=0),
        "last": number(low=0),
        "mark": number(low=0),
        "volume": number(low=0),
        "open_interest": number(low=0),
        "implied_volatility": number(low=0),  # a fraction
        "delta": number(low=-1.0001, high=1.0001),
        "gamma": number(),
        "theta": number(),
        "vega": number(),
        "rho": number(),
        "underlying_price": number(low=0),
        "multiplier": number(low=0),
        "currency": text(null=True),
        "last_traded_at": moment(null=True),
        "quoted_at": moment(null=True),
    },
    checks=(SPREAD,),
)

ORDER_BOOKS: Final = Schema(
    version=1,
    order=("symbol", "side", "level"),
    columns={
        "symbol": text(),
        "side": text(one_of=("bid", "ask")),
        "level": whole(null=False, low=1),  # 1 is the best
        "price": number(null=False, low=0),
        "size": number(null=False, low=0),
        "order_count": whole(low=0),
        "sequence": text(null=True),
        "quoted_at": moment(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(Check("the price is zero", pl.col("price") == 0),),
)

TRADES: Final = Schema(
    version=1,
    order=("symbol", "traded_at", "trade_id"),
    columns={
        "symbol": text(),
        "traded_at": moment(),
        "trade_id": text(),
        "price": number(null=False),
        "size": number(null=False, low=0),
        "side": text(null=True, one_of=("buy", "sell")),  # of who took the liquidity
        "venue": text(null=True),
        "conditions": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

FUNDING_RATES: Final = Schema(
    version=1,
    order=("symbol", "funded_at"),
    columns={
        "symbol": text(),
        "funded_at": moment(),
        "rate": number(null=False, low=-1, high=1),  # a fraction of the notional for one interval
        "interval_hours": number(low=0),
        "mark_price": number(low=0),
        "index_price": number(low=0),
        "predicted": flag(null=True),  # whether it is yet to be settled
        "vendor_symbol": text(null=True),
    },
)

FUTURES_CURVES: Final = Schema(
    version=1,
    order=("symbol", "contract"),
    columns={
        "symbol": text(),  # the product
        "contract": text(),  # canonical where there is a canonical form
        "expiration_date": day(null=True),
        "last": number(),  # may be negative
        "settlement": number(),
        "bid": number(),
        "ask": number(),
        "open": number(),
        "high": number(),
        "low": number(),
        "prev_settlement": number(),
        "volume": number(low=0),
        "open_interest": number(low=0),
        "currency": text(null=True),
        "quoted_at": moment(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(
        SPREAD,
        RANGE,
        Check(
            "there is no price at all",
            pl.all_horizontal(pl.col("last", "settlement", "bid", "ask", "prev_settlement").is_null()),
        ),
    ),
)
