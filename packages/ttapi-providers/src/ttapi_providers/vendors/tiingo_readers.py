# SPDX-License-Identifier: Apache-2.0
"""How Tiingo writes bars, quotes, statements and news."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import InstrumentKind
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Skip
from ttapi_providers.items import Finder, place
from ttapi_providers.naming import Naming, pair, pairs, share_classes
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import sound, uncrossed
from ttapi_providers.spelling import PAIRS, kind_of
from ttapi_providers.statements import items_of

SHARES: Final = frozenset({InstrumentKind.EQUITY, InstrumentKind.ETF, InstrumentKind.INDEX})
_NEW_YORK: Final = ZoneInfo("America/New_York")
_UNITS: Final = {"min": "m", "hour": "h", "day": "d"}
_PAIR_LENGTH_MIN: Final = 6
_STATEMENTS: Final = {
    "incomeStatement": "income",
    "balanceSheet": "balance",
    "cashFlow": "cash_flow",
    "overview": "ratios",
}
_SHARE_COUNTS: Final = frozenset({"sharesBasic", "shareswa", "shareswaDil"})
_TWO: Final = pairs(lower=True)
_CLASSES: Final = share_classes("-")


def _to_vendor(symbol: str) -> str:
    return (_TWO if kind_of(symbol) in PAIRS else _CLASSES).to_vendor(symbol)


def _to_canonical(name: str) -> str | None:
    is_pair = len(name) >= _PAIR_LENGTH_MIN and name.isalnum()
    return (_TWO.to_canonical(name) if is_pair else None) or _CLASSES.to_canonical(name.upper())


NAMING: Final = Naming(to_vendor=_to_vendor, to_canonical=_to_canonical)
"""``BRK-B``, and pairs as ``btcusd``."""


_OHLC: Final = frozenset({"open", "high", "low", "close"})


def _prices(row: Row) -> Values:
    return {name: row.number(name) for name in ("open", "high", "low", "close")}


def has_columns(*names: str) -> Callable[[Any], bool]:
    """Hold for answers with some columns, since a request may choose them; one without lines has all."""

    def holds(body: Any) -> bool:  # noqa: ANN401 - JSON, or the lines of a table
        lines = [item for item in body if isinstance(item, dict)] if isinstance(body, list) else []
        return not lines or lines[0].keys() >= set(names)

    return holds


has_prices: Final = has_columns(*_OHLC)
"""Whether an answer has all four prices of its bars."""


def bar(row: Row, asked: Asked) -> Values:
    """Read a daily bar: as it was traded, and the close adjusted for splits and dividends."""
    return sound(
        {
            "date": row.day("date"),
            **_prices(row),
            "volume": row.number("volume"),
            "adjusted_close": row.number("adjClose"),
            "currency": None if asked.name[:1].isdigit() else "USD",  # shares of China have names of digits
        }
    )


def with_events(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the days on which a dividend or a split took effect."""
    rows = [Row(item) for item in place(body, "")]
    return [row for row in rows if row.number("divCash") or _factor(row) != 1.0]


def _factor(row: Row) -> float:
    return row.number("splitFactor") or 1.0


def event(row: Row, _asked: Asked) -> list[Values]:
    """Read the dividend and the split of a day."""
    day, made = row.day("date"), list[Values]()
    if amount := row.number("divCash"):
        made.append({"ex_date": day, "action": "dividend", "amount": amount})
    if (factor := _factor(row)) != 1.0:
        made.append({"ex_date": day, "action": "split", "split_from": 1.0, "split_to": factor})
    return made


def long_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a week, month or year: Tiingo names it by its last day."""
    last = row.day("date")
    if last is None:
        raise Skip("no day")
    interval, first = _period(last, asked.told("resampleFreq"))
    return sound(
        {
            "interval": interval,
            "opened_at": datetime.combine(first, time(), _NEW_YORK).astimezone(UTC),
            **_prices(row),
            "volume": row.number("volume"),
            "adjustment": "raw",
        }
    )


def _period(last: date, length: str) -> tuple[str, date]:
    if length == "weekly":
        return "1w", last - timedelta(days=last.weekday())
    return ("1mo", last.replace(day=1)) if length == "monthly" else ("1y", last.replace(month=1, day=1))


def interval_of(asked: Asked) -> str:
    """Return the length of bars that was asked for; five minutes where the request leaves it out."""
    word = asked.told("resampleFreq").lower() or "5min"
    unit = word.lstrip("0123456789")
    if unit not in _UNITS:
        raise Skip(f"bars of an unknown length: {word}")
    return f"{word.removesuffix(unit) or 1}{_UNITS[unit]}"


def is_daily(asked: Asked) -> bool:
    """Hold for requests of bars of a day."""
    return asked.told("resampleFreq").lower() in {"1day", "day", "daily"}


def is_shorter(asked: Asked) -> bool:
    """Hold for requests of bars of minutes or hours."""
    return not is_daily(asked)


def short_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of minutes; its volume is that of one exchange, and is left out."""
    return sound(
        {
            "interval": interval_of(asked),
            "opened_at": row.time("date"),
            **_prices(row),
            "vendor_symbol": row.text("ticker") or asked.name or None,
        }
    )


def within(name: str) -> Finder:
    """Find the records that each pair of a list holds under a name, with what is told of the pair."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        return [
            Row({key: outer.get(key) for key in ("ticker", "baseCurrency", "quoteCurrency")} | inner)
            for outer in place(body, "")
            for inner in outer.get(name) or []
        ]

    return find


def coin_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a coin over all exchanges."""
    return sound(
        {
            "symbol": pair(row.text("baseCurrency") or "", row.text("quoteCurrency") or ""),
            "vendor_symbol": row.text("ticker"),
            "interval": interval_of(asked),
            "opened_at": row.time("date"),
            **_prices(row),
            "volume": row.number("volume"),
            "quote_volume": row.number("volumeNotional"),
            "trade_count": row.integer("tradesDone"),
        }
    )


def rate(row: Row, asked: Asked) -> Values:
    """Read the rate of a day: the close."""
    prices = _prices(row)
    return {
        "date": row.day("date"),
        "rate": prices.pop("close"),
        **prices,
        "vendor_symbol": row.text("ticker") or asked.name or None,
    }


def quote(row: Row, _asked: Asked) -> Values:
    """
    Read a quote; the volume of shares is that of one exchange, and is left out.

    Of coins the two sides come from two exchanges, and are crossed where one of those stopped long ago.
    """
    values = uncrossed(
        {
            "vendor_symbol": row.text("ticker"),
            "bid": row.number("bidPrice"),
            "bid_size": row.number("bidSize"),
            "ask": row.number("askPrice"),
            "ask_size": row.number("askSize"),
            "mid": row.number("mid", "midPrice"),
            "last": row.number("last", "lastPrice", "tngoLast"),
            "open": row.number("open"),
            "high": row.number("high"),
            "low": row.number("low"),
            "prev_close": row.number("prevClose"),
            "quoted_at": row.time("quoteTimestamp", "timestamp", "lastSaleTimestamp"),
        }
    )
    if values["bid"] is None and row.number("bidPrice") is not None:
        return values | {"mid": None, "quoted_at": row.time("lastSaleTimestamp", "timestamp")}
    return values


def listing(row: Row, _asked: Asked) -> Values:
    """Read what an instrument is."""
    kind = row.text("assetType")
    return {
        "vendor_symbol": row.text("ticker"),
        "description": row.text("name"),
        "instrument_type": kind,
        "is_etf": kind.upper() == "ETF" if kind else None,
        "active": row.flag("isActive"),
        "listed_market": row.text("exchangeCode"),
        "country": row.text("countryCode"),
        "figi": row.text("openFIGIComposite"),
    }


def coin(row: Row, _asked: Asked) -> Values:
    """Read what a pair is."""
    return {
        "symbol": pair(row.text("baseCurrency") or "", row.text("quoteCurrency") or ""),
        "vendor_symbol": row.text("ticker"),
        "description": row.text("name"),
        "instrument_type": "Crypto",
        "currency": (row.text("quoteCurrency") or "").upper() or None,
    }


def profile(row: Row, _asked: Asked) -> Values:
    """Read what a company is."""
    return {
        "vendor_symbol": row.text("ticker"),
        "name": row.text("name"),
        "exchange": row.text("exchangeCode"),
        "currency": (row.text("reportingCurrency") or "").upper() or None,
        "sector": row.text("sector"),
        "industry": row.text("industry"),
        "sic": row.text("sicCode"),
        "website": row.text("companyWebsite"),
        "description": row.text("description"),
        "active": row.flag("isActive"),
    }


def measures(row: Row, _asked: Asked) -> Iterable[Values]:
    """Read what a company was worth on a day: a row an item."""
    about: Values = {"statement": "ratios", "period_type": "instant", "period_end": row.day("date")}
    return items_of(row.value, about, unit=_measure_unit, without={"date"})


def _measure_unit(name: str) -> str | None:
    return None if name in {"marketCap", "enterpriseVal"} else "ratio"


def statement(row: Row, asked: Asked) -> list[Values]:
    """Read the statements of a period, or a line of them; as reported, the day is that of the filing."""
    quarter = row.integer("quarter")
    about: Values = {
        "period_type": "quarter" if quarter else "annual",
        "filed_date" if asked.told("asReported").lower() == "true" else "period_end": row.day("date"),
        "fiscal_year": row.integer("year"),
        "fiscal_period": f"Q{quarter}" if quarter else "FY",
    }
    lines = [(row.text("statementType") or "", row)] if row.has("statementType") else _lines(row)
    return [
        {
            **about,
            "statement": _STATEMENTS[kind],
            "item": line.text("dataCode"),
            "value": line.number("value"),
            "unit": "shares" if line.text("dataCode") in _SHARE_COUNTS else None,
        }
        for kind, line in lines
        if line.number("value") is not None
    ]


def _lines(row: Row) -> list[tuple[str, Row]]:
    return [(kind.name, Row(line)) for kind in row.rows("statementData") for line in kind.value or []]


def distribution(row: Row, _asked: Asked) -> Values:
    """Read a dividend."""
    return {
        "vendor_symbol": row.text("ticker"),
        "ex_date": row.day("exDate"),
        "action": "dividend",
        "amount": row.number("distribution"),
        "frequency": row.text("distributionFreq", "distributionFrequency"),
        "declared_date": row.day("declarationDate"),
        "record_date": row.day("recordDate"),
        "payment_date": row.day("paymentDate"),
    }


def split(row: Row, _asked: Asked) -> Values:
    """Read a split."""
    return {
        "vendor_symbol": row.text("ticker"),
        "ex_date": row.day("exDate"),
        "action": "split",
        "split_from": row.number("splitFrom"),
        "split_to": row.number("splitTo"),
    }


def news(row: Row, asked: Asked) -> Values:
    """Read a piece of news: of the first asked name that it tells, else of the first that it tells."""
    names = [str(name) for name in row.raw("tickers") or []]
    first = next((name for name in asked.names if name.lower() in names), names[0] if names else None)
    return {
        "symbol": None if first else "MARKET",
        "vendor_symbol": first,
        "published_at": row.time("publishedDate"),
        "news_id": row.text("id"),
        "title": row.text("title"),
        "summary": row.text("description"),
        "url": row.text("url"),
        "source": row.text("source"),
        "symbols": ",".join(names) or None,
    }
