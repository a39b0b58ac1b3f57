# SPDX-License-Identifier: Apache-2.0
"""
OKX before version 5, when it was OKEx: answers of versions 3 and 1 are read, nothing is asked there.

Version 3 had one interface a market (``/api/spot/v3``, ``futures``, ``swap``, ``option``) with the same
records; version 1 wrote pairs as ``eth_usdt``.
"""

from __future__ import annotations

from typing import Any, Final

from ttapi_core import DataError
from ttapi_providers.asking import Asked, get
from ttapi_providers.declaring import Endpoint
from ttapi_providers.exchanges import book_levels, interval_of, level, levels_of, one_or_many, price
from ttapi_providers.items import listed, one, place, with_parent
from ttapi_providers.reading import Row, Values
from ttapi_providers.vendors.okx_market import NAMING, is_spot, parts_of, priced, product_of

_V3: Final = "/api/{market}/v3/instruments"
_KINDS: Final = {"spot": "crypto", "futures": "future", "swap": "perpetual", "option": "option"}
_LENGTHS: Final = {"min": "m", "hour": "h", "day": "d", "week": "w"}
_DEFAULT_S: Final = 60


def _names(row: Row, asked: Asked) -> Values:
    name = row.text("instrument_id", "book.instrument_id", "symbol") or asked.name
    if not name:
        raise DataError("neither the record nor the request names an instrument", column="instrument_id")
    return {"symbol": NAMING.canonical(name), "vendor_symbol": name}


def _quote(row: Row, asked: Asked) -> Values:
    names = _names(row, asked)
    spot = is_spot(str(names["vendor_symbol"]))
    return priced(
        {
            **names,
            "bid": price(row, "best_bid", "bid"),
            "bid_size": row.number("best_bid_size"),
            "ask": price(row, "best_ask", "ask"),
            "ask_size": row.number("best_ask_size"),
            "mark": price(row, "mark_price"),
            "last": price(row, "last"),
            "open": price(row, "open_24h"),
            "high": price(row, "high_24h"),
            "low": price(row, "low_24h"),
            # Contracts count contracts under volume_24h.
            "volume": row.number("base_volume_24h" if spot else "volume_token_24h"),
            "quoted_at": row.time("timestamp"),
        }
    )


def _index(row: Row, asked: Asked) -> Values:
    """Read the index behind a contract, under the name of what the contract is on."""
    return priced(
        {
            "vendor_symbol": product_of(row.text("instrument_id") or asked.told("contract")),
            "last": price(row, "index"),
            "quoted_at": row.time("timestamp"),
        }
    )


def _index_asked(asked: Asked) -> list[str]:
    return [name for name in (product_of(asked.told("contract")),) if name]


def _curve_contract(row: Row, asked: Asked) -> Values:
    name = row.text("instrument_id") or asked.told("contract")
    product, expiration = parts_of(name)
    return priced(
        {
            "symbol": NAMING.canonical(product),
            "contract": name,
            "vendor_symbol": name,
            "expiration_date": expiration,
            "last": price(row, "last"),
            "bid": price(row, "best_bid", "bid"),
            "ask": price(row, "best_ask", "ask"),
            "open": price(row, "open_24h"),
            "high": price(row, "high_24h"),
            "low": price(row, "low_24h"),
            "volume": row.number("volume_24h"),
            "currency": product.partition("-")[2],
            "quoted_at": row.time("timestamp"),
        }
    )


def _is_future(asked: Asked) -> bool:
    return asked.told("market") in {"futures", "swap"}


def _level(row: Row, asked: Asked) -> Values:
    spot = asked.told("market") in {"spot", ""}
    return {
        **_names(row, asked),
        **level(row),
        # Contracts have the orders of liquidations before the count of all.
        "order_count": row.integer("at.2" if spot else "at.3"),
        "quoted_at": row.time("book.timestamp", "book.time"),
    }


def _trade(row: Row, asked: Asked) -> Values:
    return {
        **_names(row, asked),
        "traded_at": row.time("timestamp", "time"),
        "trade_id": row.text("trade_id"),
        "price": row.number("price"),
        "size": row.number("size", "qty"),
        "side": row.text("side"),
    }


def _bar(row: Row, asked: Asked) -> Values:
    """Read a candle, a list or an object; contracts are counted before coins."""
    told = asked.query.get("granularity") or str(_DEFAULT_S)
    if not told.isdigit() or told == "0":
        raise DataError(f"{told!r} is no length of a bar", column="granularity")
    names = _names(row, asked)
    spot = is_spot(str(names["vendor_symbol"]))
    return {
        **names,
        "interval": interval_of(int(told)),
        "opened_at": row.time(0, "time", "timestamp"),
        **{name: row.number(at, name) for at, name in enumerate(("open", "high", "low", "close"), 1)},
        "volume": row.number(5, "volume") if spot else row.number(6, "currency_volume"),
    }


def _funding(row: Row, asked: Asked) -> Values:
    return {
        **_names(row, asked),
        "funded_at": row.time("funding_time"),
        "rate": row.number("realized_rate", "funding_rate"),
        "predicted": False,
    }


def _funding_due(row: Row, asked: Asked) -> Values:
    return {
        **_names(row, asked),
        "funded_at": row.time("funding_time"),
        "rate": row.number("funding_rate"),
        "predicted": True,
    }


def _instrument(row: Row, asked: Asked) -> Values:
    return {
        **_names(row, asked),
        "description": row.text("alias"),
        "instrument_type": _KINDS.get(asked.told("market")),
        "currency": row.text("quote_currency"),
    }


def _first_quote(row: Row, asked: Asked) -> Values:
    """Read a ticker of version 1, which stands beside the second of asking."""
    return priced(
        {
            **_names(row, asked),
            "bid": price(row, "ticker.buy", "buy"),
            "ask": price(row, "ticker.sell", "sell"),
            "last": price(row, "ticker.last", "last"),
            "high": price(row, "ticker.high", "high"),
            "low": price(row, "ticker.low", "low"),
            "volume": row.number("ticker.vol", "vol"),
            "quoted_at": row.epoch("date"),
        }
    )


def _first_book(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the levels of a book of version 1, where the best ask stands last."""
    asks = sorted(place(body, "asks") or (), key=lambda at: float(at[0]))
    return levels_of({"bids": place(body, "bids"), "asks": asks})


def _first_level(row: Row, asked: Asked) -> Values:
    return {**_names(row, asked), **level(row)}


def _first_trade(row: Row, asked: Asked) -> Values:
    return {
        **_names(row, asked),
        "traded_at": row.epoch("date_ms", unit="ms") or row.epoch("date"),
        "trade_id": row.text("tid"),
        "price": row.number("price"),
        "size": row.number("amount"),
        "side": row.text("type"),
    }


def _first_bar(row: Row, asked: Asked) -> Values:
    told = asked.query.get("type", "")
    length = told.lstrip("0123456789")
    if length not in _LENGTHS or length == told:
        raise DataError(f"{told!r} is no length of a bar", column="type")
    return {
        **_names(row, asked),
        "interval": f"{told.removesuffix(length)}{_LENGTHS[length]}",
        "opened_at": row.epoch(0, unit="ms"),
        **{name: row.number(at) for at, name in enumerate(("open", "high", "low", "close", "volume"), 1)},
    }


RETIRED: Final = (
    Endpoint(dataset="symbols", request=get(_V3), row=_instrument, batch=0, retired=True),
    Endpoint(dataset="quotes", request=get(f"{_V3}/ticker"), row=_quote, batch=0, retired=True),
    Endpoint(
        dataset="futures_curves",
        request=get(f"{_V3}/ticker"),
        row=_curve_contract,
        when=_is_future,
        batch=0,
        retired=True,
    ),
    Endpoint(
        dataset="futures_curves",
        request=get(f"{_V3}/{{contract}}/ticker"),
        items=one(),
        row=_curve_contract,
        when=_is_future,
        found_by=_index_asked,
        retired=True,
    ),
    Endpoint(
        dataset="quotes",
        request=get(f"{_V3}/{{contract}}/index"),
        items=one(),
        row=_index,
        found_by=_index_asked,
        retired=True,
    ),
    *(
        Endpoint(dataset=dataset, request=get(f"{_V3}/{{symbol}}/{path}"), items=items, row=row, retired=True)
        for dataset, path, items, row in (
            ("quotes", "ticker", one(), _quote),
            ("quotes", "mark_price", one(), _quote),
            ("order_books", "book", book_levels(), _level),
            ("order_books", "depth", book_levels(), _level),
            ("trades", "trades", listed(), _trade),
            ("crypto_bars", "candles", listed(), _bar),
            ("crypto_bars", "history/candles", listed(), _bar),
            ("funding_rates", "historical_funding_rate", listed(), _funding),
            ("funding_rates", "funding_time", one(), _funding_due),
        )
    ),
    *(
        Endpoint(
            dataset=dataset,
            request=get(f"/api/v1/{path}.do", {"symbol": "{symbol}"}),
            items=items,
            row=row,
            batch=batch,
            retired=True,
        )
        for dataset, path, items, row, batch in (
            ("quotes", "ticker", one(), _first_quote, 1),
            ("quotes", "tickers", with_parent("", "tickers"), _first_quote, 0),
            ("order_books", "depth", _first_book, _first_level, 1),
            ("trades", "trades", one_or_many(), _first_trade, 1),
            ("crypto_bars", "kline", listed(), _first_bar, 1),
        )
    ),
)
"""What is read of the versions before."""
