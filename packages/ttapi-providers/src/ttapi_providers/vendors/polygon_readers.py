# SPDX-License-Identifier: Apache-2.0
"""How Polygon (Massive) writes names, bars, quotes, trades and options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import DecodeError, InstrumentKind, NotEntitledError, NotFoundError
from ttapi_providers.asking import Asked, RequestForm, Wanted, get
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.naming import Naming, pair, pairs, share_classes
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Row, Values, number_of
from ttapi_providers.soundness import sound
from ttapi_providers.spelling import kind_of

_NEW_YORK: Final = ZoneInfo("America/New_York")
_UNITS: Final = {
    "second": "s",
    "minute": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "mo",
    "year": "y",
}
_CLASSES: Final = share_classes(".")
_PLAIN: Final = pairs()
_LEAST_NS: Final = 10**16  # smaller counts of a time since 1970 are milliseconds
_HISTORY: Final = timedelta(days=2 * 365)  # what the smallest plan reaches back


def _to_vendor(symbol: str) -> str:
    kind = kind_of(symbol)
    if kind is InstrumentKind.CRYPTO:
        return f"X:{symbol.replace('/', '')}"
    if kind is InstrumentKind.FX:
        return f"C:{symbol.replace('/', '')}"
    if kind is InstrumentKind.EQUITY_OPTION:
        return f"O:{symbol.replace(' ', '')}"
    return _CLASSES.to_vendor(symbol)


def _to_canonical(name: str) -> str | None:
    market, mark, rest = name.partition(":")
    if not mark:
        return _CLASSES.to_canonical(name)
    if market == "O":
        return contract_of(rest)
    base, dash, quote = rest.partition("-")
    if market == "C":
        return pair(base, quote) if dash else pair(rest[:3], rest[3:]) if len(rest) == 6 else None
    return (pair(base, quote) if dash else _PLAIN.to_canonical(rest)) if market == "X" else None


NAMING: Final = Naming(to_vendor=_to_vendor, to_canonical=_to_canonical)
"""``BRK.B``, ``X:BTCUSD``, ``C:EURUSD``, ``O:AAPL250117C00150000``, ``I:SPX``."""


def of_market(*marks: str, daily: bool | None = None) -> Callable[[Asked], bool]:
    """Hold for names with a mark (``X`` of crypto, empty for none), and daily bars, or others."""

    def holds(asked: Asked) -> bool:
        name = asked.told("symbol") or (asked.names[0] if asked.names else "")
        mark = name.partition(":")[0] if ":" in name else ""
        is_daily = (asked.told("multiplier") or "1", asked.told("timespan") or "day") == ("1", "day")
        return mark in marks and daily in {None, is_daily}

    return holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(RequestForm):
    """A request of bars between two days, both of which it needs; ``length`` is that of the asked bars."""

    length: str = "1/day"

    def ask(self, wanted: Wanted, base: str) -> Asked:
        """Return the request; without days, for as far back as the smallest plan reaches."""
        since, until = wanted.since or wanted.today - _HISTORY, wanted.until or wanted.today
        form = get(self.path.replace("{multiplier}/{timespan}", self.length), self.params)
        return form.ask(replace(wanted, since=since, until=until), base)


def bars_of(length: str) -> Range:
    """Return the request of bars of a length."""
    return Range(
        path="/v2/aggs/ticker/{symbol}/range/{multiplier}/{timespan}/{since}/{until}",
        params={"adjusted": "true", "sort": "asc", "limit": "50000"},
        length=length,
    )


# --- bars ------------------------------------------------------------------------------------------------


def bars(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the bars of an answer, each with whether prices are adjusted; without any there is no list."""
    adjusted = body.get("adjusted")
    return [Row(bar | {"adjusted": adjusted}) for bar in place(body, "results?") or []]


def _ohlc(row: Row) -> Values:
    return {
        "open": row.number("o", "open"),
        "high": row.number("h", "high"),
        "low": row.number("l", "low"),
        "close": row.number("c", "close"),
    }


def _adjustment(row: Row) -> str | None:
    return {True: "splits", False: "raw"}.get(row.raw("adjusted"))


def _start(row: Row) -> datetime:
    at = row.epoch("t", unit="ms")
    if at is None:
        raise Skip("no time")
    return at


def daily(row: Row, asked: Asked) -> Values:
    """Read a daily bar: its time lies in its day in New York."""
    name = row.text("T") or asked.name
    return sound(
        {
            "vendor_symbol": name or None,
            "date": _start(row).astimezone(_NEW_YORK).date(),
            **_ohlc(row),
            "volume": row.number("v"),
            "vwap": row.number("vw"),
            "trade_count": row.integer("n"),
            "adjustment": _adjustment(row),
            "currency": "USD" if not name.startswith("I:") else None,
        }
    )


def intraday(row: Row, asked: Asked) -> Values:
    """Read a bar of another length than a day."""
    return sound(
        {
            "interval": _interval(asked),
            "opened_at": _start(row),
            **_ohlc(row),
            "volume": row.number("v") if not asked.name.startswith("C:") else None,
            "vwap": row.number("vw"),
            "trade_count": row.integer("n"),
            "adjustment": _adjustment(row) if ":" not in asked.name else None,
        }
    )


def _interval(asked: Asked) -> str:
    many, unit = int(asked.told("multiplier") or 1), asked.told("timespan") or "day"
    if unit == "quarter":
        return f"{3 * many}mo"
    if unit not in _UNITS:
        raise Skip(f"bars of an unknown length: {unit}")
    return f"{many}{_UNITS[unit]}"


def coin_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a coin; bars of a day are stamped with any moment of it."""
    interval, at = _interval(asked), _start(row)
    return sound(
        {
            "vendor_symbol": row.text("T") or asked.name or None,
            "interval": interval,
            "opened_at": datetime.combine(at.date(), time(), UTC) if interval == "1d" else at,
            **_ohlc(row),
            "volume": row.number("v"),
            "vwap": row.number("vw"),
            "trade_count": row.integer("n"),
        }
    )


def rate(row: Row, asked: Asked) -> Values:
    """Read the rate of a day: the close."""
    prices = _ohlc(row)
    return {
        "vendor_symbol": row.text("T") or asked.name or None,
        "date": _start(row).date(),
        "rate": prices.pop("close"),
        **prices,
    }


def open_close(row: Row, asked: Asked) -> Values:
    """Read the prices of one day."""
    return {
        "vendor_symbol": row.text("symbol"),
        "date": row.day("from"),
        **_ohlc(row),
        "volume": row.number("volume"),
        "adjustment": "raw" if asked.told("adjusted") == "false" else "splits",
    }


def coin_open_close(row: Row, _asked: Asked) -> Values:
    """Read the first and the last price of a day of a coin."""
    name = row.text("symbol") or ""
    day = row.day("day")
    return {
        "symbol": pair(*name.split("-")[:2]),
        "vendor_symbol": name,
        "interval": "1d",
        "opened_at": datetime.combine(day, time(), UTC) if day else None,
        "open": row.number("open"),
        "close": row.number("close"),
    }


def future_bar(row: Row, _asked: Asked) -> Values:
    """Read a daily bar of a future, of its session."""
    return sound(
        {
            "date": row.day("session_end_date"),
            **_ohlc(row),
            "volume": row.number("volume"),
            "trade_count": row.integer("transactions"),
        }
    )


# --- quotes and trades -----------------------------------------------------------------------------------


def sides(bid: float | None, ask: float | None) -> Values:
    """Return the two sides of a quote; zeros stand for no price."""
    if bid and ask and bid > ask:
        return {}  # crossed: neither can be relied on
    return {"bid": bid or None, "ask": ask or None}


def past_quotes(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the quotes of a history, each with whether it is the last."""
    rows = [Row(item) for item in place(body, "results?") or []]
    last = max((_quoted(row) for row in rows), default=0)
    return [Row(row.value | {"is_last": _quoted(row) == last}) for row in rows]


def _quoted(row: Row) -> int:
    return row.integer("sip_timestamp", "participant_timestamp") or 0


def past_quote(row: Row, _asked: Asked) -> Values:
    """Read the last quote of a history; its sizes are in lots of a length that is not told."""
    if not row.raw("is_last"):
        raise Skip("an earlier quote")
    return {
        **sides(row.number("bid_price"), row.number("ask_price")),
        "quoted_at": row.epoch("sip_timestamp", "participant_timestamp", unit="ns"),
    }


def last_quote(row: Row, _asked: Asked) -> Values:
    """Read the last best bid and ask."""
    return {
        "vendor_symbol": row.text("T"),
        **sides(row.number("p"), row.number("P")),
        "quoted_at": row.epoch("t", unit="ns"),
    }


def last_trade(row: Row, _asked: Asked) -> Values:
    """Read the last price."""
    return {"vendor_symbol": row.text("T"), "last": row.number("p"), "quoted_at": row.epoch("t", unit="ns")}


def past_share(row: Row, _asked: Asked) -> Values:
    """Read the last trade or quote in its retired form, which names the share beside it."""
    last = row.row("last")
    return {
        "vendor_symbol": row.text("symbol"),
        "last": last.number("price"),
        **sides(last.number("bidprice"), last.number("askprice")),
        "quoted_at": last.epoch("timestamp", unit="ms"),
    }


def last_pair(row: Row, _asked: Asked) -> Values:
    """Read the last price, or bid and ask, of a pair: the answer names it itself."""
    name = row.text("symbol") or ""
    return {
        "symbol": pair(*name.replace("-", "/").split("/")[:2]),
        "vendor_symbol": name,
        "last": row.number("last.price"),
        **sides(row.number("last.bid"), row.number("last.ask")),
        "quoted_at": row.epoch("last.timestamp", unit="ms"),
    }


def tickers(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the snapshots of one name or of many."""
    found = body.get("tickers", body.get("ticker"))
    if found is None:
        raise DecodeError(f"the answer has no tickers; it has {', '.join(body)}")
    return [Row(item) for item in (found if isinstance(found, list) else [found])]


def snapshot(row: Row, _asked: Asked) -> Values:
    """Read a snapshot; zeros stand for prices of a day that has not begun."""
    quoted, is_pair = row.row("lastQuote"), ":" in (row.text("ticker") or "")
    return {
        "vendor_symbol": row.text("ticker"),
        **sides(
            quoted.number("b") if is_pair else quoted.number("p"), quoted.number("a" if is_pair else "P")
        ),
        "last": row.number("lastTrade.p") or None,
        "open": row.number("day.o") or None,
        "high": row.number("day.h") or None,
        "low": row.number("day.l") or None,
        "prev_close": row.number("prevDay.c") or None,
        "volume": None if is_pair and str(row.raw("ticker")).startswith("C:") else row.number("day.v"),
        "quoted_at": _updated(row),
    }


def _updated(row: Row) -> datetime | None:
    # Stocks count nanoseconds; crypto and currencies milliseconds, in answers of their age.
    count = row.integer("updated")
    return row.epoch("updated", unit="ns" if count > _LEAST_NS else "ms") if count else None


_REFUSALS: Final = {"NOT_FOUND": NotFoundError, "NOT_ENTITLED": NotEntitledError}


def universal(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find snapshots of any kind; where all names are refused, the refusal is that of the answer."""
    found = [Row(item) for item in place(body, "results?") or []]
    if found and all(row.raw("error") for row in found):
        words = f"{found[0].text('ticker')}: {found[0].text('message')}"
        raise _REFUSALS.get(found[0].text("error") or "", NotFoundError)(words, status=404)
    return found


def universal_quote(row: Row, _asked: Asked) -> Values:
    """Read a snapshot of any kind."""
    if row.raw("error"):
        raise Skip(f"{row.text('ticker')}: {row.text('message')}")
    session = row.row("session")
    low, high = session.number("low"), session.number("high")
    is_sane = low is None or high is None or low <= high
    return {
        "vendor_symbol": row.text("ticker"),
        **sides(row.number("last_quote.bid"), row.number("last_quote.ask")),
        "last": row.number("last_trade.price", "value", "price"),
        "open": session.number("open"),
        "high": high if is_sane else None,
        "low": low if is_sane else None,
        "prev_close": session.number("previous_close"),
        "volume": session.number("volume") if row.text("type") != "fx" else None,
        "quoted_at": row.epoch("last_quote.last_updated", "last_updated", unit="ns"),
    }


def trade(row: Row, _asked: Asked) -> Values:
    """Read a trade; its number is one of its exchange alone."""
    conditions = [str(code) for code in row.raw("conditions") or []]
    return {
        "traded_at": row.epoch("sip_timestamp", "participant_timestamp", unit="ns"),
        "trade_id": f"{row.text('exchange')}:{row.text('id', 'sequence_number')}",
        "price": row.number("price"),
        "size": row.number("size"),
        "venue": row.text("exchange"),
        "conditions": ",".join(conditions) or None,
    }


def levels(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the levels of a book, best first; each has its sizes by exchange."""
    data = place(body, "data")
    best = [float(side[0]["p"]) for name in ("bids", "asks") if (side := data.get(name))]
    is_crossed = len(best) > 1 and best[0] > best[1]
    about = {"ticker": data["ticker"], "updated": data.get("updated"), "is_crossed": is_crossed}
    return [
        Row(level | about | {"level": at, "side": side})
        for side, name in (("bid", "bids"), ("ask", "asks"))
        for at, level in enumerate(data.get(name) or [], start=1)
    ]


def level(row: Row, _asked: Asked) -> Values:
    """Read a level: the sizes of all exchanges together; those may disagree on the price."""
    if row.raw("is_crossed"):
        raise Skip("the best bid is above the best ask")
    return {
        "vendor_symbol": row.text("ticker"),
        "side": row.text("side"),
        "level": row.integer("level"),
        "price": row.number("p"),
        "size": sum(number_of(size, "x") or 0.0 for size in (row.raw("x") or {}).values()),
        "quoted_at": _updated(row),
    }
