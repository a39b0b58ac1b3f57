# SPDX-License-Identifier: Apache-2.0
"""
Records of Coinbase's Advanced Trade: spot pairs, and futures, which keep their names (``BIT-24APR26-CDE``).

Futures count contracts: their volume is left out of quotes. Of trades the side is not told reliably.
"""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import currency_code, interval_of, level, levels_of, price, spacing_s
from ttapi_providers.items import place
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values, day_of
from ttapi_providers.vendors.coinbase_exchange import priced

LENGTHS: Final = {
    "ONE_MINUTE": "1m",
    "FIVE_MINUTE": "5m",
    "FIFTEEN_MINUTE": "15m",
    "THIRTY_MINUTE": "30m",
    "ONE_HOUR": "1h",
    "TWO_HOUR": "2h",
    "FOUR_HOUR": "4h",
    "SIX_HOUR": "6h",
    "ONE_DAY": "1d",
}
_DETAILS: Final = "future_product_details"


def candle(row: Row, asked: Asked) -> Values:
    """Read a candle of an object."""
    told = asked.query.get("granularity", "")
    if told not in LENGTHS:
        raise DataError(f"{told!r} is no length of a bar", column="granularity")
    return {
        "interval": LENGTHS[told],
        "opened_at": row.epoch("start"),
        **{name: row.number(name) for name in ("open", "high", "low", "close", "volume")},
    }


def _kind_of(name: str) -> str:
    return "crypto" if name == "SPOT" else name.lower()


def product(row: Row, _asked: Asked) -> Values:
    """Read an instrument."""
    return {
        "vendor_symbol": row.text("product_id"),
        "description": row.text("display_name"),
        "instrument_type": _kind_of(row.text("product_type") or "SPOT"),
        "active": None
        if row.text("status") is None
        else row.text("status") == "online" and not row.flag("trading_disabled"),
        "is_closing_only": row.flag("cancel_only"),
        "currency": currency_code(row.text("quote_currency_id")),
    }


def quote(row: Row, _asked: Asked) -> Values:
    """Read the prices that stand in a product."""
    in_coins = (row.text("product_type") or "SPOT") == "SPOT"
    return priced(
        {
            "vendor_symbol": row.text("product_id"),
            "last": price(row, "price"),
            "mid": price(row, "mid_market_price"),
            "bid": price(row, "best_bid_price"),
            "ask": price(row, "best_ask_price"),
            "volume": row.number("volume_24h") if in_coins else None,
            "currency": currency_code(row.text("quote_currency_id")),
        }
    )


def best(row: Row, _asked: Asked) -> Values:
    """Read the best prices beside the last trades."""
    return priced(
        {
            "bid": price(row, "best_bid"),
            "ask": price(row, "best_ask"),
            "last": price(row, "trades.0.price"),
            "quoted_at": row.time("trades.0.time"),
        }
    )


def trade(row: Row, _asked: Asked) -> Values:
    """Read a trade."""
    return {
        "vendor_symbol": row.text("product_id"),
        "traded_at": row.time("time"),
        "trade_id": row.text("trade_id"),
        "price": row.number("price"),
        "size": row.number("size"),
        "venue": row.text("exchange"),
    }


def pricebooks(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the levels of many books."""
    return [row for book in place(body, "pricebooks") for row in levels_of(book)]


def book_level(row: Row, _asked: Asked) -> Values:
    """Read a level of a book."""
    return {
        "vendor_symbol": row.text("book.product_id"),
        **level(row),
        "quoted_at": row.time("book.time"),
    }


def spot_price(row: Row, asked: Asked) -> Values:
    """Read a price of the consumer service, which first had those of bitcoins alone."""
    currency = row.text("currency")
    return {
        "vendor_symbol": asked.name or f"{row.text('base') or 'BTC'}-{currency}",
        "last": price(row, "amount"),
        "currency": currency,
    }


def price_of_day(row: Row, asked: Asked) -> Values:
    """Read a price of the consumer service on the day that was asked for."""
    rate = price(row, "amount")
    if rate is None:
        raise Skip("there is no price")
    return {"date": day_of(asked.told("date"), "date"), "rate": rate}


def prices_over_time(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find prices of the consumer service, each with the usual distance from one to the next."""
    prices = place(body, "data.prices")
    times = sorted(at for held in prices if (at := Row(held).time("time")) is not None)
    spacing = spacing_s(at.timestamp() for at in times)
    return [Row({"of": held, "interval": interval_of(spacing) if spacing else None}) for held in prices]


def price_of_moment(row: Row, _asked: Asked) -> Values:
    """Read a price of the consumer service at a time."""
    if not row.has("interval"):
        raise DataError("one price alone does not say how far prices lie apart")
    close = price(row, "of.price")
    if close is None:
        raise Skip("there is no price")
    return {"interval": row.text("interval"), "opened_at": row.time("of.time"), "close": close}


def buy_price(row: Row, _asked: Asked) -> Values:
    """Read what the consumer service sells a coin for."""
    return {"ask": price(row, "amount"), "currency": row.text("currency")}


def sell_price(row: Row, _asked: Asked) -> Values:
    """Read what the consumer service pays for a coin."""
    return {"bid": price(row, "amount"), "currency": row.text("currency")}


def rates(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find what one unit of a currency is in others."""
    base = place(body, "data.currency")
    return [Row({"base": base, "rate": rate}, name) for name, rate in place(body, "data.rates").items()]


def rate(row: Row, _asked: Asked) -> Values:
    """Read a rate of the consumer service."""
    base, last = row.text("base"), price(row, "rate")
    if base == row.name:
        raise Skip(f"{base} is {base}")
    if last is None:
        raise Skip(f"{row.name} has no rate")
    return {"vendor_symbol": f"{base}-{row.name}", "last": last, "currency": currency_code(row.name)}


def _futures(body: Any) -> list[Row]:  # noqa: ANN401 - JSON
    listing = place(body, "products?")
    products = listing if isinstance(listing, list) else [body]
    return [Row(product) for product in products if product.get("product_type") == "FUTURE"]


def futures(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the futures of a list of products, or the one product where it is one."""
    return _futures(body)


def funded(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the futures that are paid funding."""
    return [
        row
        for row in _futures(body)
        if row.text(f"{_DETAILS}.funding_rate") and row.text(f"{_DETAILS}.funding_time")
    ]


def has_futures(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether there is a future among the products; errors count as well."""
    return "error" in body or bool(_futures(body))


def has_funding(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether there is a future that is paid funding; errors count as well."""
    return "error" in body or bool(funded(body, Asked(method="GET", base="", path="")))


def curve_contract(row: Row, _asked: Asked) -> Values:
    """Read a future of a product; volume and interest are contracts."""
    details = row.row(_DETAILS)
    root, currency = details.text("contract_root_unit"), row.text("quote_currency_id")
    expires = details.time("contract_expiry")
    return {
        "symbol": pair(root, currency) if root and currency else details.text("contract_code"),
        "contract": row.text("product_id"),
        "vendor_symbol": row.text("product_id"),
        "expiration_date": expires.date() if expires else None,
        "last": price(row, "price"),
        "settlement": price(details, "settlement_price"),
        "bid": price(row, "best_bid_price"),
        "ask": price(row, "best_ask_price"),
        "volume": row.number("volume_24h"),
        "open_interest": details.number("open_interest"),
        "currency": currency,
    }


def funding(row: Row, _asked: Asked) -> Values:
    """Read the funding of a future: the rate of one interval."""
    details = row.row(_DETAILS)
    seconds = (details.text("funding_interval") or "").removesuffix("s")
    return {
        "symbol": row.text("product_id"),
        "vendor_symbol": row.text("product_id"),
        "funded_at": details.time("funding_time"),
        "rate": details.number("funding_rate"),
        "interval_hours": int(seconds) / 3600 if seconds.isdigit() else None,
        "index_price": price(details, "index_price"),
    }
