# SPDX-License-Identifier: Apache-2.0
"""Yahoo's charts: bars of all lengths, currency pairs, dividends and splits; and its retired tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import DecodeError, NotFoundError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import place
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import sound

INTERVALS: Final = {"60m": "1h", "1wk": "1w"}
"""Lengths of bars that Yahoo writes in its own way."""
_LENGTH_S: Final = {"m": 60, "h": 3600, "d": 86_400, "wk": 7 * 86_400, "mo": 28 * 86_400}
_MINOR: Final = {"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ZAX": "ZAR", "ILA": "ILS"}
_SECURITIES: Final = frozenset({"EQUITY", "ETF", "MUTUALFUND"})
_EVENING: Final = 17
"""From this hour on a futures session is that of the next day."""
_PRICES: Final = ("open", "high", "low", "close", "volume")


def money(currency: str | None) -> tuple[str | None, float]:
    """Return the currency that amounts are counted in, and the value of one unit of what Yahoo sends."""
    major = _MINOR.get(currency or "")
    return (major, 0.01) if major else (currency, 1.0)


def has_error(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether an answer says no inside."""
    return isinstance(body, dict) and any(
        isinstance(part, dict) and part.get("error") for part in body.values()
    )


def drawn(*kinds: str, other_than: tuple[str, ...] = (), daily: bool | None = None) -> Callable[[Any], bool]:
    """Hold for charts of some kinds of instrument, or of all but some; daily ones, others, or both."""

    def holds(body: Any) -> bool:  # noqa: ANN401 - JSON
        if has_error(body):
            return True
        meta = place(body, "chart.result.0.meta")
        kind = meta.get("instrumentType", "")
        is_daily = meta.get("dataGranularity", "1d") == "1d"
        return (kind in kinds if kinds else kind not in other_than) and daily in {None, is_daily}

    return holds


def has_events(body: Any) -> bool:  # noqa: ANN401 - JSON
    """Return whether a chart has dividends or splits."""
    return has_error(body) or bool(place(body, "chart.result.0.events?"))


def bars(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the bars of a chart: lists side by side, each bar with the description of the whole."""
    chart = _chart(body)
    if chart is None:
        return []
    times = place(chart, "timestamp?") or []
    quote = place(chart, "indicators.quote.0?") or {}
    adjusted = (place(chart, "indicators.adjclose.0?") or {}).get("adjclose")
    columns = {name: quote.get(name) for name in _PRICES} | {"adjclose": adjusted}
    for name, values in columns.items():
        if values is not None and len(values) != len(times):
            raise DecodeError(f"{len(values)} values of {name} beside {len(times)} times")
    return [
        Row(
            {name: values[at] for name, values in columns.items() if values is not None}
            | {"at": when, "before": times[at - 1] if at else None, "meta": chart["meta"]}
        )
        for at, when in enumerate(times)
    ]


def _chart(body: Any) -> Any:  # noqa: ANN401 - JSON
    result = place(body, "chart.result")
    return result[0] if result else None


def _zone(meta: dict[str, Any]) -> ZoneInfo:
    return ZoneInfo(meta["exchangeTimezoneName"])


def _local_day(at: datetime, meta: dict[str, Any]) -> date:
    return at.astimezone(_zone(meta)).date()


def _opened(row: Row) -> datetime:
    if row.number("close") is None:
        raise Skip("no price in that time")
    at = row.epoch("at")
    if at is None:
        raise Skip("no time")
    return at


def _ohlc(row: Row, scale: float) -> Values:
    return {name: row.number(name, scale=scale) for name in ("open", "high", "low", "close")}


def _is_snapshot(row: Row) -> bool:
    """Whether a row is the last price put behind the bars, as Yahoo does while a market is open."""
    before, at = row.integer("before"), row.integer("at")
    granularity = row.text("meta.dataGranularity") or ""
    unit = granularity.lstrip("0123456789")
    length_s = int(granularity.removesuffix(unit)) * _LENGTH_S[unit]
    if before is None or at is None:
        return False
    if length_s < 86_400:
        return at == row.integer("meta.regularMarketTime") and (at - before) % length_s != 0
    return at - before < length_s - 2 * 3600  # a day that ends daylight saving time is an hour short


def daily(row: Row, _asked: Asked) -> Values:
    """Read a daily bar: adjusted for splits, as all prices of Yahoo are."""
    meta = row.raw("meta")
    if meta.get("instrumentType") in {"CRYPTOCURRENCY", "CURRENCY"}:
        raise Skip("a currency pair is no daily bar of a security")
    at = _opened(row)
    currency, scale = money(meta.get("currency"))
    day, before = _local_day(at, meta), row.epoch("before")
    if before is not None and _local_day(before, meta) == day:
        raise Skip("the last price of a day that has its bar")
    if meta.get("instrumentType") == "FUTURE" and at.astimezone(_zone(meta)).hour >= _EVENING:
        raise Skip("an evening session, which belongs to the next day")
    is_security = meta.get("instrumentType") in _SECURITIES
    return sound(
        {
            "date": day,
            **_ohlc(row, scale),
            "volume": row.number("volume"),
            "adjusted_close": row.number("adjclose", scale=scale) if is_security else None,
            "final": not _is_running(meta, at),
            "adjustment": "splits" if is_security else None,
            "currency": currency,
        }
    )


def _is_running(meta: dict[str, Any], at: datetime) -> bool:
    regular = Row(meta).row("currentTradingPeriod.regular")
    start, end, last = regular.epoch("start"), regular.epoch("end"), Row(meta).epoch("regularMarketTime")
    return start is not None and end is not None and last is not None and start <= last < end and at >= start


def intraday(row: Row, _asked: Asked) -> Values:
    """Read a bar of another length than a day."""
    at = _opened(row)
    if _is_snapshot(row):
        raise Skip("the last price, not a bar")
    currency, scale = money(row.text("meta.currency"))
    kind = row.text("meta.instrumentType")
    return sound(
        {
            "interval": _interval(row),
            "opened_at": at,
            **_ohlc(row, scale),
            "volume": row.number("volume") if kind != "CURRENCY" else None,
            "adjustment": "splits" if kind in _SECURITIES else None,
            "currency": currency,
        }
    )


def _interval(row: Row) -> str:
    granularity = row.text("meta.dataGranularity") or "1d"
    return INTERVALS.get(granularity, granularity)


def crypto(row: Row, _asked: Asked) -> Values:
    """Read a bar of a coin; Yahoo counts its volume in the quote currency."""
    at, interval = _opened(row), _interval(row)
    if interval == "1d":
        at = datetime.combine(at.date(), datetime.min.time(), UTC)  # the day under way is stamped with now
        if (before := row.epoch("before")) is not None and before.date() == at.date():
            raise Skip("the last price of a day that has its bar")
    elif _is_snapshot(row):
        raise Skip("the last price, not a bar")
    bar = {"interval": interval, "opened_at": at, **_ohlc(row, 1.0), "quote_volume": row.number("volume")}
    return sound(bar)


def rate(row: Row, _asked: Asked) -> Values:
    """Read the rate of a day: the close."""
    at = _opened(row)
    day, before = _local_day(at, row.raw("meta")), row.epoch("before")
    if before is not None and _local_day(before, row.raw("meta")) == day:
        raise Skip("the last price of a day that has its rate")
    prices = _ohlc(row, 1.0)
    return {"date": day, "rate": prices.pop("close"), **prices}


def events(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the dividends, gains paid out and splits of a chart."""
    chart = _chart(body)
    if chart is None:
        return []
    found = place(chart, "events?") or {}
    return [
        Row({**event, "meta": chart["meta"]}, kind)
        for kind in ("dividends", "capitalGains", "splits")
        for event in (found.get(kind) or {}).values()
    ]


def event(row: Row, _asked: Asked) -> Values:
    """Read a dividend, adjusted for later splits, or a split."""
    at = row.epoch("date")
    if at is None:
        raise Skip("no day")
    day = _local_day(at, row.raw("meta"))
    if row.name == "splits":
        return {
            "ex_date": day,
            "action": "split",
            "split_from": row.number("denominator"),
            "split_to": row.number("numerator"),
        }
    currency, scale = money(row.text("currency", "meta.currency"))
    return {
        "ex_date": day,
        "action": "dividend",
        "kind": "capital_gain" if row.name == "capitalGains" else None,
        "adjusted_amount": row.number("amount", scale=scale),
        "currency": currency,
    }


def table_row(row: Row, _asked: Asked) -> Values:
    """Read a line of the retired table of daily prices."""
    if row.number("Close") is None:
        raise Skip("no price on that day")
    prices = {name.lower(): row.number(name) for name in ("Open", "High", "Low", "Close")}
    return sound(
        {
            "date": row.day("Date"),
            **prices,
            "volume": row.number("Volume"),
            "adjusted_close": row.number("Adj Close"),
            "adjustment": "splits",
        }
    )


def table_event(row: Row, _asked: Asked) -> Values:
    """Read a line of the retired tables of dividends and of splits."""
    ratio = row.text("Stock Splits")
    if ratio is None:
        return {"ex_date": row.day("Date"), "action": "dividend", "adjusted_amount": row.number("Dividends")}
    parts = Row(ratio.replace("/", ":").split(":"))
    return {
        "ex_date": row.day("Date"),
        "action": "split",
        "split_to": parts.number(0),
        "split_from": parts.number(1),
    }


def sparks(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the small charts of several symbols: the newer form is by name, the older one a list."""
    if isinstance(body, dict) and "spark" in body:
        results = place(body, "spark.result") or []
        found = [Row(part, result["symbol"]) for result in results for part in result.get("response") or []]
    else:
        found = [Row(part, name) for name, part in body.items() if isinstance(part, dict)]
    if not found and asked.names:
        raise NotFoundError(f"no chart of {', '.join(asked.names)}", status=404)
    return found


def spark(row: Row, _asked: Asked) -> Values:
    """Read the last price of a small chart."""
    closes = row.raw("close", "indicators.quote.0.close") or []
    times = row.raw("timestamp") or []
    priced = [(at, close) for at, close in zip(times, closes, strict=True) if close is not None]
    if not priced:
        raise Skip("no price")
    currency, scale = money(row.text("meta.currency"))
    last = Row({"at": priced[-1][0], "close": priced[-1][1]})
    return {
        "vendor_symbol": row.text("symbol", "meta.symbol") or row.name,
        "last": last.number("close", scale=scale),
        "prev_close": row.number("previousClose", "meta.previousClose", scale=scale),
        "quoted_at": last.epoch("at"),
        "currency": currency,
    }
