# SPDX-License-Identifier: Apache-2.0
"""How Alpha Vantage writes bars and rates: series by day or time, texts for numbers, or tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import RowReader, Skip
from ttapi_providers.naming import pair
from ttapi_providers.reading import Row, Values, day_of, time_of
from ttapi_providers.soundness import sound

NEW_YORK: Final = "America/New_York"
_NUMBERED: Final = re.compile(r"^\d+[a-z]?\.\s+")
_INTERVALS: Final = {"1min": "1m", "5min": "5m", "15min": "15m", "30min": "30m", "60min": "1h"}
_MINUTES: Final = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "60min": 60}
_LAST_END: Final = "20:00:00"
"""The end of the hours after trading: a bar of this name is named by its end."""
_BY_STARTS: Final = "2022"
"""Before this year all bars were named by their ends; since it, or later in it, they are by their starts."""


def unnumbered(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without the numbers before its names: ``"1. open"``, ``"1a. open (USD)"``."""
    return {_NUMBERED.sub("", name): value for name, value in record.items()}


def series(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the points of a time series, each under its day or time; or the lines of the same as a table."""
    if isinstance(body, list):
        lines = [{name.replace("_", " "): value for name, value in line.items()} for line in body]
        return [Row(line, line.get("timestamp") or line.get("time") or "") for line in lines]
    name = next((n for n, v in body.items() if n != "Meta Data" and isinstance(v, dict)), None)
    if name is None:
        raise DecodeError("the answer has no series")
    about = unnumbered(body.get("Meta Data") or {})
    told = {"zone": about.get("Time Zone"), "refreshed": about.get("Last Refreshed")}
    return [Row(unnumbered(point) | told, when) for when, point in body[name].items()]


def minutes(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """
    Find the bars of a share within its days, each with the name of the one before where names tell ends.

    They do in old answers, in those that have a bar of the end of the hours after trading, and in the retired
    tables, whose column is called "time".
    """
    rows = series(body, asked)
    has_ends = any(
        row.name.endswith(_LAST_END)
        or row.has("time")
        or (not asked.told("month") and (row.text("refreshed") or _BY_STARTS) < _BY_STARTS)
        for row in rows
    )
    if has_ends:
        before = dict(pairwise(sorted({row.name for row in rows}, reverse=True)))
        for row in rows:
            row.value |= {"is_end": True, "before": before.get(row.name)}
    return rows


def with_events(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
    """Find the days of an adjusted series on which a dividend or a split took effect."""
    return [row for row in series(body, asked) if row.number("dividend amount") or _coefficient(row) != 1.0]


def _coefficient(row: Row) -> float:
    return row.number("split coefficient") or 1.0


def _ohlc(row: Row, asked: Asked) -> Values:
    market = asked.told("market")
    return {name: row.number(name, f"{name} ({market})") for name in ("open", "high", "low", "close")}


def daily(row: Row, asked: Asked) -> Values:
    """Read a daily bar, as it was traded."""
    return sound(
        {
            "date": day_of(row.name, "date"),
            **_ohlc(row, asked),
            "volume": row.number("volume"),
            "adjusted_close": row.number("adjusted close"),
        }
    )


def event(row: Row, _asked: Asked) -> list[Values]:
    """Read the dividend and the split of a day."""
    day, made = day_of(row.name, "date"), list[Values]()
    if amount := row.number("dividend amount"):
        made.append({"ex_date": day, "action": "dividend", "amount": amount})
    if (coefficient := _coefficient(row)) != 1.0:
        made.append({"ex_date": day, "action": "split", "split_from": 1.0, "split_to": coefficient})
    return made


def _opened(row: Row, asked: Asked, zone: str) -> tuple[str, datetime | None]:
    """Return the length of a bar and its start; weeks and months are named by their last day."""
    zone = row.text("zone") or zone
    function = asked.told("function")
    if interval := asked.told("interval"):
        at = time_of(row.name, "time", zone=zone)
        if at is not None and row.raw("is_end"):
            # The last bar of a day may be shorter than the others, and begins where the one before ends.
            start, before = at - timedelta(minutes=_MINUTES.get(interval, 0)), row.time("before", zone=zone)
            at = max(start, before) if before else start
        return _INTERVALS.get(interval, interval), at
    day = day_of(row.name, "date")
    if day is None:
        raise Skip("no day")
    if "WEEKLY" in function:
        return "1w", _midnight(day - timedelta(days=day.weekday()), zone)
    if "MONTHLY" in function:
        return "1mo", _midnight(day.replace(day=1), zone)
    return "1d", _midnight(day, zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def bar(zone: str = NEW_YORK, **fixed: str) -> RowReader:
    """Return a reader of bars of minutes, weeks or months; ``zone`` where the answer does not tell it."""

    def read(row: Row, asked: Asked) -> Values:
        interval, opened_at = _opened(row, asked, zone)
        adjusted = {"true": "splits_dividends", "false": "raw"}.get(asked.told("adjusted").lower())
        return sound(
            {
                "interval": interval,
                "opened_at": opened_at,
                **_ohlc(row, asked),
                "volume": row.number("volume"),
                **({"adjustment": adjusted} if adjusted else {}),
                **fixed,
            }
        )

    return read


def coin_bar(row: Row, asked: Asked) -> Values:
    """Read a bar of a coin."""
    interval, opened_at = _opened(row, asked, "UTC")
    bar = {"interval": interval, "opened_at": opened_at, **_ohlc(row, asked), "volume": row.number("volume")}
    return sound(bar)


def rate(row: Row, asked: Asked) -> Values:
    """Read the rate of a day: the close."""
    prices = _ohlc(row, asked)
    return {"date": day_of(row.name, "date"), "rate": prices.pop("close"), **prices}


def pair_of(*names: str) -> Callable[[Asked], list[str]]:
    """Return what finds a currency pair in two parameters."""

    def find(asked: Asked) -> list[str]:
        base, quote = (asked.query.get(name, "") for name in names)
        return [pair(base, quote)] if base and quote else []

    return find
