# SPDX-License-Identifier: Apache-2.0
"""Daily candles as rows of the dataset ``eod_data``: one a trading day, each saying whether it is final."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.candles import bounded_reasons
from ttapi_core import Session, sessions
from ttapi_core.errors import CalendarRangeError

if TYPE_CHECKING:
    from ttapi_client.calendars import MarketState
    from ttapi_client.candles import CandleSeries

_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_RUNNING: Final = frozenset({"Open", "Pre-market"})

IsFinal = Callable[[date], bool]
"""Whether the session of a day has closed."""


def finality_of(state: MarketState) -> IsFinal:
    """Judge by what the server says of the market: the bar of a session still running is not final."""
    running = state.session_date if state.state in _RUNNING else None
    return lambda day: running is None or day < running


def finality_at(now: datetime, *, venue: str = "XNYS") -> IsFinal:
    """Judge by the shipped calendar and our clock; beyond it a bar is final from the next day (UTC) on."""

    def is_final(day: date) -> bool:
        session = _session_on(venue, day)
        return now.date() > day if session is None else now >= session.close_at

    return is_final


def _session_on(venue: str, day: date) -> Session | None:
    try:
        return next(iter(sessions.sessions(venue, day, day)), None)
    except CalendarRangeError:
        return None


@lru_cache(maxsize=50_000)
def _day_of(days: int) -> date:
    return date.fromordinal(_EPOCH + days)


@dataclass(frozen=True, slots=True)
class BarTable:
    """
    Daily bars, columnar.

    Parameters
    ----------
    columns
        The columns of ``eod_data``.
    skipped
        What was left out and why: a text for what the server cut off, and one a bar, of very many the first.
    skipped_count
        How many bars were left out; what the server cut off counts as one.
    """

    columns: dict[str, list[Any]]
    skipped: tuple[str, ...] = ()
    skipped_count: int = 0

    def __len__(self) -> int:
        return len(self.columns["date"])


def bars_of(
    symbol: str, series: CandleSeries, *, since: date, until: date | None, is_final: IsFinal
) -> BarTable:
    """
    Make rows of daily candles, from ``since`` to ``until``, both inclusive, ascending, one a day.

    A candle is of the day (UTC) in which it begins. If two are of one day, the later counts and the other is
    named in ``skipped``, as is what the server cut off.
    """
    days = [_day_of(time_ms // _DAY_MS) for time_ms in series.times_ms]
    kept = [n for n, day in enumerate(days) if day >= since and (until is None or day <= until)]
    doubled = [n for n, after in itertools.pairwise(kept) if days[n] == days[after]]
    if doubled:
        kept = sorted(set(kept) - set(doubled))
    whole = len(kept) == len(days)

    def column(values: Any) -> list[Any]:  # noqa: ANN401 - a column of any type
        return list(values) if whole else [values[n] for n in kept]

    dates = column(days)
    columns = {
        "symbol": [symbol] * len(dates),
        "date": dates,
        "open": column(series.open),
        "high": column(series.high),
        "low": column(series.low),
        "close": column(series.close),
        "volume": [None if isnan(value) else value for value in column(series.volume)],
        "vwap": [None if isnan(value) else value for value in column(series.vwap)],
        "trade_count": [None if isnan(value) else int(value) for value in column(series.counts)],
        "adjusted_close": [None] * len(dates),
        "final": _finals(dates, is_final),
    }
    doubles = [f"{symbol} on {days[n]}: another bar of the same day follows" for n in doubled]
    is_cut = series.snipped and bool(days) and days[0] > since
    cuts = [f"bars before {days[0]} were cut off by the server (asked since {since})"] if is_cut else []
    return BarTable(
        columns,
        (*cuts, *series.skipped, *bounded_reasons(symbol, doubles)),
        series.skipped_count + len(doubles) + len(cuts),
    )


def _finals(dates: list[date], is_final: IsFinal) -> list[bool]:
    finals = [True] * len(dates)
    for n in range(len(dates) - 1, -1, -1):  # only the newest can be running
        finals[n] = is_final(dates[n])
        if finals[n]:
            break
    return finals
