# SPDX-License-Identifier: Apache-2.0
"""
Schemas of what is known about instruments and economies.

Units stand in the names: ``_percent`` is percent (4.25 is 4.25 %); amounts are whole units of ``currency``,
not thousands or millions; shares are shares. Days are calendar days where the fact is dated.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_platform.declared_columns import day, flag, moment, number, text, whole
from ttapi_platform.schemas import Check, Schema

SYMBOLS: Final = Schema(
    version=2,
    order=("symbol",),
    columns={
        "symbol": text(),
        "description": text(null=True),
        "instrument_type": text(null=True),
        "is_etf": flag(null=True),
        "is_index": flag(null=True),
        "active": flag(null=True),
        "is_closing_only": flag(null=True),
        "listed_market": text(null=True),
        "lendability": text(null=True),
        "streamer_symbol": text(null=True),
        "currency": text(null=True),
        "country": text(null=True),
        "isin": text(null=True),
        "figi": text(null=True),
        "cik": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

CORPORATE_ACTIONS: Final = Schema(
    version=1,
    order=("symbol", "ex_date", "action", "kind", "amount"),
    columns={
        "symbol": text(),
        "ex_date": day(),
        "action": text(one_of=("split", "dividend")),
        "kind": text(null=True),  # as the provider calls it: cash, special, stock, reverse
        "amount": number(low=0),  # of a dividend, in currency a share
        "adjusted_amount": number(low=0),  # the same, adjusted for later splits
        "currency": text(null=True),
        "split_from": number(low=0),  # shares before
        "split_to": number(low=0),  # shares after: 4-for-1 is from 1 to 4
        "declared_date": day(null=True),
        "record_date": day(null=True),
        "payment_date": day(null=True),
        "frequency": text(null=True),
        "description": text(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(
        Check(
            "a dividend has no amount",
            (pl.col("action") == "dividend")
            & pl.col("amount").is_null()
            & pl.col("adjusted_amount").is_null(),
        ),
        Check(
            "a split has no ratio",
            (pl.col("action") == "split")
            & (
                pl.col("split_from").is_null()
                | pl.col("split_to").is_null()
                | (pl.col("split_from") == 0)
                | (pl.col("split_to") == 0)
            ),
        ),
    ),
)

EARNINGS_CALENDAR: Final = Schema(
    version=1,
    order=("symbol", "report_date", "fiscal_period_end"),
    columns={
        "symbol": text(),
        "report_date": day(),
        "reported_at": moment(null=True),
        "session": text(null=True, one_of=("before_open", "during", "after_close")),
        "fiscal_period_end": day(null=True),
        "fiscal_year": whole(),
        "fiscal_quarter": whole(low=1),
        "eps_estimate": number(),
        "eps_actual": number(),
        "eps_surprise_percent": number(),
        "revenue_estimate": number(),
        "revenue_actual": number(),
        "name": text(null=True),
        "currency": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

IPO_CALENDAR: Final = Schema(
    version=1,
    order=("issuer", "date", "symbol"),
    columns={
        "issuer": text(),
        "symbol": text(null=True),
        "date": day(null=True),
        "status": text(null=True),  # expected, priced, filed, withdrawn
        "exchange": text(null=True),
        "price": number(low=0),
        "price_low": number(low=0),
        "price_high": number(low=0),
        "shares": number(low=0),
        "amount": number(low=0),  # the whole offer, in currency
        "currency": text(null=True),
        "vendor_symbol": text(null=True),
    },
    checks=(Check("the lowest price is above the highest", pl.col("price_low") > pl.col("price_high")),),
)

FUNDAMENTALS: Final = Schema(
    version=1,
    order=(
        *("symbol", "statement", "item", "unit", "period_end", "period_type"),
        *("period_start", "fiscal_year", "fiscal_period", "source_id"),
    ),
    columns={
        "symbol": text(),
        "statement": text(one_of=("income", "balance", "cash_flow", "ratios", "facts")),
        "item": text(),  # as the provider calls it
        "value": number(null=False),
        "unit": text(null=True),  # USD, shares, USD/shares, ratio, percent
        "period_type": text(null=True, one_of=("annual", "quarter", "ttm", "instant", "other")),
        "period_start": day(null=True),
        "period_end": day(null=True),  # null: as reported, known by its fiscal year and period alone
        "fiscal_year": whole(),
        "fiscal_period": text(null=True),
        "filed_date": day(null=True),
        "form": text(null=True),
        "source_id": text(null=True),  # of the filing
        "currency": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

COMPANY_PROFILES: Final = Schema(
    version=1,
    order=("symbol",),
    columns={
        "symbol": text(),
        "name": text(null=True),
        "exchange": text(null=True),
        "country": text(null=True),
        "currency": text(null=True),
        "sector": text(null=True),
        "industry": text(null=True),
        "sic": text(null=True),
        "cik": text(null=True),
        "isin": text(null=True),
        "cusip": text(null=True),
        "figi": text(null=True),
        "lei": text(null=True),
        "website": text(null=True),
        "description": text(null=True),
        "employees": whole(low=0),
        "listed_date": day(null=True),
        "market_cap": number(low=0),  # in currency
        "shares_outstanding": number(low=0),
        "address": text(null=True),
        "city": text(null=True),
        "state": text(null=True),
        "phone": text(null=True),
        "active": flag(null=True),
        "vendor_symbol": text(null=True),
    },
)

NEWS: Final = Schema(
    version=1,
    order=("symbol", "published_at", "news_id"),
    columns={
        "symbol": text(),  # what was asked for, or the first that the item names; MARKET for none
        "published_at": moment(),
        "news_id": text(),
        "title": text(),
        "summary": text(null=True),
        "url": text(null=True),
        "source": text(null=True),
        "author": text(null=True),
        "symbols": text(null=True),  # all that the item names, parted by commas, as the provider writes them
        "language": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

FILINGS: Final = Schema(
    version=1,
    order=("symbol", "filed_date", "accession"),
    columns={
        "symbol": text(),  # the ticker, or the CIK of ten digits where that was asked for
        "filed_date": day(),
        "accession": text(),
        "form": text(),
        "cik": text(null=True),
        "company": text(null=True),
        "report_date": day(null=True),
        "accepted_at": moment(null=True),
        "title": text(null=True),
        "url": text(null=True),
        "items": text(null=True),
        "size_bytes": whole(low=0),
        "vendor_symbol": text(null=True),
    },
)

SHORT_INTEREST: Final = Schema(
    version=1,
    order=("symbol", "settlement_date"),
    columns={
        "symbol": text(),
        "settlement_date": day(),
        "short_interest": number(null=False, low=0),  # shares
        "previous_short_interest": number(low=0),
        "change_percent": number(),
        "average_daily_volume": number(low=0),
        "days_to_cover": number(low=0),
        "market": text(null=True),
        "name": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

OFF_EXCHANGE_VOLUME: Final = Schema(
    version=1,
    order=("symbol", "period_start", "period", "kind", "venue"),
    columns={
        "symbol": text(),
        "period_start": day(),
        "period": text(one_of=("day", "week", "month")),
        "kind": text(one_of=("ats", "otc", "otc_small", "short_sale")),
        "venue": text(null=True),
        "venue_name": text(null=True),
        "tier": text(null=True),
        "shares": number(low=0),
        "trades": number(low=0),
        "short_shares": number(low=0),
        "short_exempt_shares": number(low=0),
        "updated_date": day(null=True),
        "name": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

COMMITMENTS_OF_TRADERS: Final = Schema(
    version=1,
    order=("market", "report_date", "report", "category"),
    columns={
        "market": text(),  # contract market code, such as 13874A
        "report_date": day(),
        "report": text(),  # legacy, disaggregated, financial, supplemental; _futures or _combined
        "category": text(),
        "market_name": text(null=True),
        "commodity": text(null=True),
        "open_interest": number(low=0),  # contracts, of the whole market
        "long": number(low=0),
        "short": number(low=0),
        "spreading": number(low=0),
        "long_change": number(),
        "short_change": number(),
        "long_percent": number(low=0, high=100.5),
        "short_percent": number(low=0, high=100.5),
        "traders_long": number(low=0),
        "traders_short": number(low=0),
    },
)

ECONOMIC_SERIES: Final = Schema(
    version=1,
    order=("series", "date", "vintage_date"),
    columns={
        "series": text(),
        "date": day(),  # first day of the period
        "value": number(),  # null: the period has no value
        "unit": text(null=True),  # as the provider words it
        "frequency": text(null=True),
        "seasonal_adjustment": text(null=True),
        "title": text(null=True),
        "vintage_date": day(null=True),  # since when the value is known
        "status": text(null=True),
        "vendor_symbol": text(null=True),
    },
)

YIELD_CURVES: Final = Schema(
    version=1,
    order=("curve", "date", "months"),
    columns={
        "curve": text(),
        "date": day(),
        "tenor": text(),  # 1M, 10Y
        "months": number(null=False, low=0),
        "rate_percent": number(null=False, low=-20, high=1000),
        "kind": text(null=True, one_of=("par", "spot", "forward", "bill", "real", "swap")),
        "currency": text(null=True),
    },
)

REFERENCE_RATES: Final = Schema(
    version=1,
    order=("rate", "date"),
    columns={
        "rate": text(),  # SOFR, EFFR, SONIA
        "date": day(),
        "rate_percent": number(null=False, low=-20, high=1000),
        "percentile_1_percent": number(),
        "percentile_25_percent": number(),
        "percentile_75_percent": number(),
        "percentile_99_percent": number(),
        "target_low_percent": number(),
        "target_high_percent": number(),
        "volume": number(low=0),  # in currency
        "currency": text(null=True),
        "title": text(null=True),
        "status": text(null=True),
    },
)
