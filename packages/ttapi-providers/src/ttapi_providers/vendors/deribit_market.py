# SPDX-License-Identifier: Apache-2.0
"""Deribit's records: instruments, tickers and summaries, books, trades, charts, funding."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ttapi_core import DataError, DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.exchanges import interval_of, is_priced, level, price
from ttapi_providers.items import Finder, listed, place
from ttapi_providers.naming import Naming, pair
from ttapi_providers.reading import Row, Values, day_of, number_of

_PAIR: Final = re.compile(r"([A-Z0-9]+)_([A-Z]+)")
_OPTION: Final = re.compile(r"(\w+)-(\d{1,2}[A-Z]{3}\d{2})-(\d+(?:d\d+)?)-([CP])")
_FUTURE: Final = re.compile(r"(\w+)-(?:(\d{1,2}[A-Z]{3}\d{2})|PERPETUAL)")
_PERCENT: Final = 0.01


def _to_canonical(name: str) -> str | None:
    match = _PAIR.fullmatch(name)
    return pair(match[1], match[2]) if match else None


NAMING: Final = Naming(to_vendor=lambda symbol: symbol.replace("/", "_"), to_canonical=_to_canonical)


@dataclass(frozen=True, slots=True)
class _Contract:
    """What the name of a contract tells; the underlying has a currency where the contract is linear."""

    name: str
    underlying: str
    expiration: date | None = None
    strike: float | None = None
    right: str = ""

    @property
    def is_inverse(self) -> bool:
        """Whether it is settled in its coin."""
        return "_" not in self.underlying

    @property
    def currency(self) -> str:
        """What its price is in."""
        base, _, quote = self.underlying.partition("_")
        return quote or (base if self.right else "USD")


def _contract(name: str) -> _Contract:
    option, future = _OPTION.fullmatch(name), _FUTURE.fullmatch(name)
    if option is not None:
        strike = number_of(option[3].replace("d", "."), "instrument_name")
        return _Contract(name, option[1], _day(option[2]), strike, option[4])
    if future is not None:
        return _Contract(name, future[1], _day(future[2]) if future[2] else None)
    raise Skip(f"{name} is no option and no future of one expiration")


def _day(text: str) -> date | None:
    return day_of(text.title(), "instrument_name", form="%d%b%y")


def is_option(name: str) -> bool:
    """Return whether a name is that of an option."""
    return _OPTION.fullmatch(name) is not None


def is_future(name: str) -> bool:
    """Return whether a name is that of a future or perpetual contract."""
    return _FUTURE.fullmatch(name) is not None


def underlying(name: str) -> str:
    """Return what a contract is on; empty for what is no contract of one expiration."""
    match = _OPTION.fullmatch(name) or _FUTURE.fullmatch(name)
    return match[1] if match else ""


def named(condition: Callable[[str], bool]) -> Finder:
    """Find the records of instruments with some kind of name."""

    def find(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        return [row for row in listed("result")(body, asked) if condition(row.text("instrument_name") or "")]

    return find


def _name(row: Row, asked: Asked) -> str:
    name = row.text("instrument_name", "book.instrument_name") or asked.query.get("instrument_name")
    if not name:
        raise DataError("neither the record nor the request names an instrument", column="instrument_name")
    return name


def _names(row: Row, asked: Asked) -> Values:
    name = _name(row, asked)
    return {"symbol": NAMING.canonical(name), "vendor_symbol": name}


def instrument(row: Row, asked: Asked) -> Values:
    """Read an instrument of the list."""
    kind = row.text("kind")
    is_perpetual = row.text("settlement_period") == "perpetual"
    return {
        **_names(row, asked),
        "description": row.text("instrument_type", "future_type"),
        "instrument_type": "perpetual" if is_perpetual else "crypto" if kind == "spot" else kind,
        "active": row.flag("is_active"),
        "currency": row.text("quote_currency"),
    }


def quote(row: Row, asked: Asked) -> Values:
    """Read a ticker, a summary, or the head of a book."""
    name = _name(row, asked)
    inverse = is_future(name) and _contract(name).is_inverse
    values: Values = {
        **_names(row, asked),
        "bid": price(row, "best_bid_price", "bid_price"),
        "ask": price(row, "best_ask_price", "ask_price"),
        # An inverse future's amounts are dollars, its volume is in coins all the same.
        "bid_size": None if inverse else row.number("best_bid_amount"),
        "ask_size": None if inverse else row.number("best_ask_amount"),
        "mid": price(row, "mid_price"),
        "mark": price(row, "mark_price"),
        "last": price(row, "last_price", "last"),
        "high": price(row, "stats.high", "high"),
        "low": price(row, "stats.low", "low"),
        "volume": row.number("stats.volume", "volume"),
        "quoted_at": row.epoch("timestamp", "creation_timestamp", unit="ms"),
    }
    if not is_priced(values):
        raise Skip(f"{name} has no price")
    _refuse_negative(name, *(values[side] for side in ("bid", "ask", "mark", "mid", "last")))
    return values


def _refuse_negative(name: str, *prices: object) -> None:
    # A combination of legs may cost less than nothing, which no price of one instrument does.
    if any(isinstance(price, float) and price < 0 for price in prices):
        raise Skip(f"{name} has a negative price")


def chain_contract(row: Row, asked: Asked) -> Values:
    """Read an option; volatilities are written in percent."""
    contract = _contract(_name(row, asked))
    return {
        "symbol": NAMING.canonical(contract.underlying),
        "vendor_symbol": contract.name,
        "expiration_date": contract.expiration,
        "strike": contract.strike,
        "option_type": contract.right,
        "bid": price(row, "best_bid_price", "bid_price"),
        "bid_size": row.number("best_bid_amount"),
        "ask": price(row, "best_ask_price", "ask_price"),
        "ask_size": row.number("best_ask_amount"),
        "last": price(row, "last_price", "last"),
        "mark": price(row, "mark_price"),
        "volume": row.number("stats.volume", "volume"),
        "open_interest": row.number("open_interest"),
        "implied_volatility": _volatility(row),
        **{name: row.number(f"greeks.{name}") for name in ("delta", "gamma", "theta", "vega", "rho")},
        "underlying_price": price(row, "underlying_price"),
        "currency": contract.currency,
        "quoted_at": row.epoch("timestamp", "creation_timestamp", unit="ms"),
    }


def _volatility(row: Row) -> float | None:
    percent = price(row, "mark_iv")
    return percent * _PERCENT if percent is not None else None


def curve_contract(row: Row, asked: Asked) -> Values:
    """Read a future; the perpetual contract has no expiration, and inverse ones count interest in dollars."""
    contract = _contract(_name(row, asked))
    values: Values = {
        "symbol": NAMING.canonical(contract.underlying),
        "contract": contract.name,
        "vendor_symbol": contract.name,
        "expiration_date": contract.expiration,
        "last": price(row, "last_price", "last"),
        "bid": price(row, "best_bid_price", "bid_price"),
        "ask": price(row, "best_ask_price", "ask_price"),
        "high": price(row, "stats.high", "high"),
        "low": price(row, "stats.low", "low"),
        "settlement": price(row, "settlement_price"),
        "volume": row.number("stats.volume", "volume"),
        "open_interest": None if contract.is_inverse else row.number("open_interest"),
        "currency": contract.currency,
        "quoted_at": row.epoch("timestamp", "creation_timestamp", unit="ms"),
    }
    if not is_priced({**values, "mark": values["settlement"]}):
        raise Skip(f"{contract.name} has no price")
    return values


def book_level(row: Row, asked: Asked) -> Values:
    """Read a level of a book."""
    values = level(row)
    _refuse_negative(_name(row, asked), values["price"])
    return {
        **_names(row, asked),
        **values,
        "sequence": row.text("book.change_id"),
        "quoted_at": row.epoch("book.timestamp", "book.tstamp", unit="ms"),
    }


def trade(row: Row, asked: Asked) -> Values:
    """Read a trade; the direction is that of the taker."""
    return {
        **_names(row, asked),
        "traded_at": row.epoch("timestamp", unit="ms"),
        "trade_id": row.text("trade_id"),
        "price": row.number("price"),
        "size": row.number("amount", "quantity"),
        "side": row.text("direction"),
        "conditions": "liquidation" if row.text("liquidation") else None,
    }


def bar(row: Row, asked: Asked) -> Values:
    """Read a candle of a chart; its volume is in coins, its cost in what the price is in."""
    told = asked.query.get("resolution", "")
    if told != "1D" and not told.isdigit():
        raise DataError(f"{told!r} is no length of a bar", column="resolution")
    return {
        **_names(row, asked),
        "interval": "1d" if told == "1D" else interval_of(60 * int(told)),
        "opened_at": row.epoch("ticks", unit="ms"),
        **{name: row.number(name) for name in ("open", "high", "low", "close", "volume")},
        # What an option costs is in the coin itself.
        "quote_volume": None if is_option(asked.name) else row.number("cost"),
    }


def funding(row: Row, asked: Asked) -> Values:
    """Read the funding of one hour."""
    return {
        **_names(row, asked),
        "funded_at": row.epoch("timestamp", unit="ms"),
        "rate": row.number("interest_1h"),
        "interval_hours": 1.0,
        "index_price": price(row, "index_price"),
        "predicted": False,
    }


def rate_between(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the one number of an answer."""
    return [Row({"rate": place(body, "result")})]


def funding_between(row: Row, asked: Asked) -> Values:
    """Read the funding between two times of the request."""
    start, end = (number_of(asked.query.get(f"{name}_timestamp"), name) for name in ("start", "end"))
    if start is None or end is None or end <= start:
        raise DecodeError("the request does not say which stretch the rate is for")
    return {
        **_names(row, asked),
        "funded_at": Row({"at": int(end)}).epoch("at", unit="ms"),
        "rate": row.number("rate"),
        "interval_hours": (end - start) / 3_600_000,
        "predicted": False,
    }


def index(row: Row, asked: Asked) -> Values:
    """Read the value of an index: ``btc_usd``."""
    return {
        "symbol": asked.name,  # no pair that is traded
        "vendor_symbol": asked.name,
        "last": price(row, "index_price"),
    }


def old_index(row: Row, asked: Asked) -> Values:
    """Read the value of an index under the name of its coin, in dollars."""
    return {"last": price(row, asked.name), "currency": "USD"}


def combination(row: Row, _asked: Asked) -> Values:
    """Read a combination of legs."""
    state, legs = row.text("state"), row.rows("legs")
    of_options = any(is_option(leg.text("instrument_name") or "") for leg in legs)
    return {
        "symbol": row.text("id"),
        "vendor_symbol": row.text("id"),
        "instrument_type": "option_combo" if of_options else "future_combo",
        "active": None if state is None else state == "active",
    }


def volatility_bar(row: Row, asked: Asked) -> Values:
    """Read a candle of a volatility index: time and four values, in percent."""
    told = asked.query.get("resolution", "")
    if told != "1D" and not told.isdigit():
        raise DataError(f"{told!r} is no length of a bar", column="resolution")
    opened_at = row.epoch(0, unit="ms")
    when: Values = (
        {"date": opened_at.date() if opened_at else None}
        if told == "1D"
        else {"opened_at": opened_at, "interval": interval_of(int(told))}
    )
    return {
        "symbol": asked.name,
        **when,
        **{name: row.number(at) for at, name in enumerate(("open", "high", "low", "close"), 1)},
    }


def announcement(row: Row, _asked: Asked) -> Values:
    """Read an announcement, which names no instrument."""
    return {
        "symbol": "MARKET",
        "published_at": row.epoch("publication_timestamp", "publication_time", unit="ms"),
        "news_id": row.text("id"),
        "title": row.text("title"),
        "summary": row.text("body"),
        "source": "Deribit",
    }
