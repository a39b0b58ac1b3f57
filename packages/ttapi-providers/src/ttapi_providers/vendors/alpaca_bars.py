# SPDX-License-Identifier: Apache-2.0
"""Alpaca: bars, trades, quotes and snapshots of stocks, crypto pairs and options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Condition, Skip
from ttapi_providers.items import Finder, place
from ttapi_providers.naming import Naming
from ttapi_providers.option_names import contract_of
from ttapi_providers.reading import Row, Values
from ttapi_providers.soundness import priced, sound
from ttapi_providers.spelling import shares_and_pairs

DATA: Final = "https://data.alpaca.markets"
EASTERN: Final = "America/New_York"
_LENGTH: Final = re.compile(r"(\d*)(Min|T|Hour|H|Day|D|Week|W|Month|M)(?:ute|s)*", re.IGNORECASE)
_UNITS: Final = {
    "min": "m",
    "t": "m",
    "hour": "h",
    "h": "h",
    "day": "d",
    "d": "d",
    "week": "w",
    "w": "w",
    "month": "mo",
    "m": "mo",
}
_ADJUSTMENTS: Final = {"": "raw", "raw": "raw", "split": "splits", "all": "splits_dividends"}
_SLASHED, _PLAIN = shares_and_pairs(".", "/"), shares_and_pairs(".", "")


def _to_vendor(symbol: str) -> str:
    return symbol.replace(" ", "") if contract_of(symbol) else _SLASHED.to_vendor(symbol)


def _to_canonical(name: str) -> str | None:
    # The retired interface writes pairs without a mark.
    return contract_of(name) or (_SLASHED if "/" in name else _PLAIN).to_canonical(name)


NAMING: Final = Naming(to_vendor=_to_vendor, to_canonical=_to_canonical)


def _interval(asked: Asked) -> str:
    length = asked.told("timeframe")
    match = _LENGTH.fullmatch(length)
    if match is None:
        raise DecodeError(f"the request does not tell the length of its bars: {length[:20]!r}")
    return f"{match[1] or 1}{_UNITS[match[2].lower()]}"


def length_is(*, day: bool) -> Condition:
    """Hold for requests of daily bars, or of all others."""

    def holds(asked: Asked) -> bool:
        match = _LENGTH.fullmatch(asked.told("timeframe"))
        return match is not None and (_interval(asked) == "1d") is day

    return holds


def by_symbol(path: str, *, inner: bool = False) -> Finder:
    """
    Find records of one instrument or of many: a list, an object of lists, or one of single records.

    With ``inner`` a single record stands alone under ``path``, beside the ``symbol``; the first interface
    called it ``last``. One of many may be answered like a single one as well.
    """

    def find(body: Any, _asked: Asked) -> Iterator[Row]:  # noqa: ANN401 - JSON
        alone = next((name for name in (path, "last") if name in body), path) if inner else path
        single = path.removesuffix("s")
        is_single = inner or (path not in body and "symbol" in body and single in body)
        found = place(body, single if is_single and not inner else alone)
        if is_single or isinstance(found, list):
            found = {str(body.get("symbol") or ""): found}
        for name, records in (found or {}).items():
            for record in records if isinstance(records, list) else [records]:
                if record is not None:
                    yield Row(record, name)

    return find


def name(row: Row) -> Values:
    """Name a row of one of several instruments; a single one is named by the request."""
    return {"vendor_symbol": row.name} if row.name else {}


def _prices(row: Row) -> Values:
    return sound(
        {
            **name(row),
            "open": row.number("o"),
            "high": row.number("h"),
            "low": row.number("l"),
            "close": row.number("c"),
            "volume": row.number("v"),
            "vwap": row.number("vw") or None,
            "trade_count": row.integer("n"),
        }
    )


def daily_bar(row: Row, asked: Asked) -> Values:
    """Read a daily bar: it is stamped with the midnight of New York."""
    opened = row.time("t", zone=EASTERN)
    return {
        **_prices(row),
        "date": opened.astimezone(ZoneInfo(EASTERN)).date() if opened else None,
        "adjustment": _ADJUSTMENTS.get(asked.query.get("adjustment", "")),
    }


def bar(row: Row, asked: Asked) -> Values:
    """Read a bar of another length."""
    return {
        **_prices(row),
        "interval": _interval(asked),
        "opened_at": row.time("t"),
        "adjustment": _ADJUSTMENTS.get(asked.query.get("adjustment", "")),
    }


def latest_bar(row: Row, _asked: Asked) -> Values:
    """Read the last bar of a minute."""
    return {**_prices(row), "interval": "1m", "opened_at": row.time("t"), "adjustment": "raw"}


def crypto_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a pair."""
    interval = _interval(asked) if asked.told("timeframe") else "1m"
    return {
        **_prices(row),
        "interval": interval,
        "opened_at": row.time("t"),
        "venue": row.text("x"),
    }


def trade(row: Row, _asked: Asked) -> Values:
    """Read a trade."""
    conditions = row.raw("c")
    identity = row.text("i")
    moment = row.text("t", "timestamp")
    return {
        **name(row),
        "traded_at": row.time("t") or row.epoch("timestamp", unit="ns"),
        # Trades of options have no number of their own.
        "trade_id": identity if identity is not None else f"{moment} {row.text('x') or ''}".strip(),
        "price": row.number("p", "price"),
        "size": row.number("s", "size"),
        "side": {"B": "buy", "S": "sell"}.get(row.text("tks") or ""),
        "venue": row.text("x"),
        "conditions": ",".join(map(str, conditions)) if isinstance(conditions, list) else row.text("c"),
    }


def _sides(row: Row, *, sizes: bool) -> Values:
    bid, ask = row.number("bp") or None, row.number("ap") or None  # zero stands for no quote
    return {
        "bid": bid,
        "bid_size": row.number("bs") if sizes and bid else None,
        "ask": ask,
        "ask_size": row.number("as") if sizes and ask else None,
        "quoted_at": row.time("t"),
    }


def quote(row: Row, _asked: Asked) -> Values:
    """Read a quote of a stock."""
    # Sizes of stocks are round lots at some feeds and shares at others; they are left out.
    return priced({**name(row), **_sides(row, sizes=False)})


def crypto_quote(row: Row, _asked: Asked) -> Values:
    """Read a quote of a pair."""
    return priced({**name(row), **_sides(row, sizes=True)})


def snapshot(row: Row, _asked: Asked) -> Values:
    """Read a snapshot of a stock."""
    if not isinstance(row.value, dict):
        raise Skip("the instrument has no snapshot")
    return priced(
        {
            **(name(row) or {"vendor_symbol": row.text("symbol")}),
            **_sides(row.row("latestQuote"), sizes=False),
            **_day(row),
        }
    )


def crypto_snapshot(row: Row, asked: Asked) -> Values:
    """Read a snapshot of a pair."""
    return {**snapshot(row, asked), **_sides(row.row("latestQuote"), sizes=True)}


def _day(row: Row) -> Values:
    bar, before = row.row("dailyBar"), row.row("prevDailyBar")
    return {
        "last": row.row("latestTrade").number("p"),
        "open": bar.number("o"),
        "high": bar.number("h"),
        "low": bar.number("l"),
        "volume": bar.number("v"),
        "prev_close": before.number("c"),
    }


def snapshots(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the snapshots of one instrument or of many."""
    if isinstance(body.get("symbol"), str):
        return [Row(body, body["symbol"])]
    found = body.get("snapshots", body)
    return [Row(value, name) for name, value in found.items() if name != "next_page_token"]


def next_page(body: Any, asked: Asked) -> Mapping[str, str] | None:  # noqa: ANN401 - JSON
    """Say what asks for the next page."""
    del asked
    token = body.get("next_page_token")
    return {"page_token": token} if token else None
