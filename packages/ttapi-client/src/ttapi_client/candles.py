# SPDX-License-Identifier: Apache-2.0
"""
Candle series and how they are put together from events.

A DXLink candle snapshot comes newest first, over many messages, and says by flags where it begins and ends.
`SnapshotAssembler` is fed with columns of events, in pieces of any size, and gives back whole series only:
a snapshot that is cut, or that another one replaces, is never taken for a short one.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final, NamedTuple

from ttapi_core.errors import ParameterError

CANDLE_FIELDS: Final = (
    "eventSymbol",
    "eventFlags",
    "index",
    "time",
    "count",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "vwap",
)
"""The fields that a candle channel asks for, in this order."""

_PRICES: Final = ("open", "high", "low", "close")
_MEASURES: Final = ("count", *_PRICES, "volume", "vwap")
_REASONS_MAX: Final = 100  # kept word by word; the rest is counted


class EventFlags(IntFlag):
    """Flags of an event of a time series."""

    TX_PENDING = 1
    REMOVE_EVENT = 2
    SNAPSHOT_BEGIN = 4
    SNAPSHOT_END = 8
    SNAPSHOT_SNIP = 16
    SNAPSHOT_MODE = 64


_PENDING: Final = int(EventFlags.TX_PENDING)
_REMOVE: Final = int(EventFlags.REMOVE_EVENT)
_BEGIN: Final = int(EventFlags.SNAPSHOT_BEGIN)
_SNIP: Final = int(EventFlags.SNAPSHOT_SNIP)
_LAST: Final = int(EventFlags.SNAPSHOT_END | EventFlags.SNAPSHOT_SNIP)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleSeries:
    """
    The candles of one symbol, one list a column, ascending in time.

    Parameters
    ----------
    symbol
        The symbol as it was asked for, without its candle part.
    times_ms
        Beginning of each candle, milliseconds since 1970-01-01 UTC.
    open, high, low, close
        Prices, finite.
    volume, vwap
        As given; NaN where there is none.
    counts
        Trades of each candle; NaN where there is none.
    snipped
        Whether the server cut the series at its own limit: older candles exist.
    silent
        Whether the server never answered for this symbol although it answered others: it does not know the
        symbol, or has no candles of it, and does not say which.
    attempts
        Subscriptions that it took.
    skipped
        One text a candle that was left out because it cannot be read or has no prices, at most 100,
        and then how many more.
    skipped_count
        How many candles were left out in all.
    """

    symbol: str
    times_ms: Sequence[int] = ()
    open: Sequence[float] = ()
    high: Sequence[float] = ()
    low: Sequence[float] = ()
    close: Sequence[float] = ()
    volume: Sequence[float] = ()
    vwap: Sequence[float] = ()
    counts: Sequence[float] = ()
    snipped: bool = False
    silent: bool = False
    attempts: int = 1
    skipped: tuple[str, ...] = ()
    skipped_count: int = 0

    def __len__(self) -> int:
        return len(self.times_ms)


class CandleColumns(NamedTuple):
    """Candle events of one symbol, in order of arrival, one list a field."""

    flags: list[Any]
    indexes: list[Any]
    times: list[Any]
    counts: list[Any]
    opens: list[Any]
    highs: list[Any]
    lows: list[Any]
    closes: list[Any]
    volumes: list[Any]
    vwaps: list[Any]


_ALIASES: Final = {"VWAP": "vwap"}
_PLACES: Final = {
    "eventFlags": 0,
    "index": 1,
    "time": 2,
    **{name: place for place, name in enumerate(_MEASURES, start=3)},
}


def split_by_symbol(fields: Sequence[str], columns: Sequence[list[Any]]) -> list[tuple[str, CandleColumns]]:
    """
    Split events that came in one message into runs of one symbol.

    Parameters
    ----------
    fields, columns
        Names and values of the fields of the message; a field that is not there is read as all None.

    Returns
    -------
    list
        Symbol (with its candle part) and its events, in order of arrival. Events without a symbol are left
        out.
    """
    by_name = {_ALIASES.get(name, name): column for name, column in zip(fields, columns, strict=True)}
    symbols = by_name.get("eventSymbol", [])
    absent = [None] * len(symbols)
    ordered = [by_name.get(name, absent) for name in _PLACES]
    return [
        (symbols[start], CandleColumns(*(column[start:end] for column in ordered)))
        for start, end in _runs(symbols)
        if isinstance(symbols[start], str)
    ]


def _runs(symbols: list[Any]) -> list[tuple[int, int]]:
    if not symbols or symbols.count(symbols[0]) == len(symbols):  # nearly every message holds one symbol
        return [(0, len(symbols))] if symbols else []
    starts = [n for n in range(len(symbols)) if n == 0 or symbols[n] != symbols[n - 1]]
    return list(zip(starts, [*starts[1:], len(symbols)], strict=True))


@dataclass(slots=True)
class SnapshotAssembler:
    """
    Puts the snapshot of one symbol together.

    It ignores what comes before a snapshot begins, and starts again when another one begins.
    """

    symbol: str
    _columns: CandleColumns | None = None
    _last_seen: bool = False
    _snipped: bool = False

    @property
    def begun(self) -> bool:
        """Whether a part of a snapshot is here."""
        return self._columns is not None

    def restart(self) -> None:
        """Forget what is here, and wait for a snapshot to begin."""
        self._columns, self._last_seen, self._snipped = None, False, False

    def feed(self, events: CandleColumns) -> CandleSeries | None:
        """Take the next events; return the series if they complete it. What follows them is left."""
        flags = [_flags_of(value) for value in events.flags]
        if not any(flags):  # the middle of a snapshot
            if self._columns is not None and not self._last_seen:
                self._extend(events, 0, len(flags))
                return None
            if self._columns is None:
                return None
        return self._feed_flagged(events, flags)

    def _feed_flagged(self, events: CandleColumns, flags: list[int]) -> CandleSeries | None:
        taken = 0
        for place, flag in enumerate(flags):
            if flag & _BEGIN:
                self.restart()
                self._columns, taken = CandleColumns(*([] for _ in CandleColumns._fields)), place
            if self._columns is None:
                continue
            if flag & _LAST:
                self._last_seen, self._snipped = True, bool(flag & _SNIP)
            if self._last_seen and not flag & _PENDING:
                self._extend(events, taken, place + 1)
                return self._completed()
        if self._columns is not None:
            self._extend(events, taken, len(flags))
        return None

    def _extend(self, events: CandleColumns, start: int, end: int) -> None:
        assert self._columns is not None
        for kept, column in zip(self._columns, events, strict=True):
            kept.extend(column[start:end])

    def _completed(self) -> CandleSeries:
        assert self._columns is not None
        series = series_of(self.symbol, self._columns, snipped=self._snipped)
        self.restart()
        return series


def _flags_of(value: Any) -> int:  # noqa: ANN401 - a value as it came from the wire
    return value if type(value) is int else 0


def series_of(symbol: str, events: CandleColumns, *, snipped: bool = False) -> CandleSeries:
    """
    Make a series of all events of one snapshot.

    The last event of an index counts. Events with REMOVE carry no candle. A candle without prices, or with a
    value that cannot be read, is left out and named in ``skipped``.
    """
    fast = _series_of_clean_events(symbol, events, snipped=snipped)
    return fast if fast is not None else _series_of_any_events(symbol, events, snipped=snipped)


def _series_of_clean_events(symbol: str, events: CandleColumns, *, snipped: bool) -> CandleSeries | None:
    # Whole columns at a time. None if any event needs a look of its own; the other way gives the same result.
    end = len(events.flags)
    if end and _flags_of(events.flags[-1]) & _REMOVE:
        end -= 1  # the usual end of a snapshot: a removed event without a candle
    if any(_flags_of(flag) & _REMOVE for flag in events.flags[:end]):
        return None
    times = events.times[:end]
    if not (_is_descending(events.indexes) and _is_descending(times)):
        return None
    if times and not (times[-1] >= 0 and times[0] <= _TIME_MAX_MS):
        return None
    measures = _clean_measures(events, end)
    return None if measures is None else _series(symbol, times[::-1], measures, snipped=snipped)


def _is_descending(values: list[Any]) -> bool:
    return {*map(type, values)} <= {int} and all(map(operator.gt, values, values[1:]))


def _clean_measures(events: CandleColumns, end: int) -> list[list[float]] | None:
    try:
        measures = [_numbers(column[:end][::-1]) for column in events[3:]]
    except ValueError:
        return None
    prices, others = measures[1:5], (measures[0], *measures[5:])
    if not all(math.isfinite(sum(column)) for column in prices):
        return None
    return None if any(math.isinf(value) for column in others for value in column) else measures


def _series(
    symbol: str,
    times: list[int],
    measures: list[list[float]],
    *,
    snipped: bool,
    refused: Sequence[str] = (),
) -> CandleSeries:
    counts, opens, highs, lows, closes, volumes, vwaps = measures
    return CandleSeries(
        symbol=symbol,
        times_ms=times,
        open=opens,
        high=highs,
        low=lows,
        close=closes,
        volume=volumes,
        vwap=vwaps,
        counts=counts,
        snipped=snipped,
        skipped=bounded_reasons(symbol, refused),
        skipped_count=len(refused),
    )


def bounded_reasons(symbol: str, reasons: Sequence[str]) -> tuple[str, ...]:
    """Return the first hundred reasons, and then how many more there are."""
    more = len(reasons) - _REASONS_MAX
    return (*reasons[:_REASONS_MAX], *([f"{symbol}: {more} more"] if more > 0 else []))


_TIME_MAX_MS: Final = 253_402_300_799_999  # the last millisecond of the year 9999


def _numbers(values: list[Any]) -> list[float]:
    if {*map(type, values)} <= {int, float}:
        return list(map(float, values))
    return list(map(_number, values))


def _number(value: Any) -> float:  # noqa: ANN401 - a value as it came from the wire
    if value is None:
        return math.nan
    if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
        raise ValueError("no number")
    try:
        return float(value)  # also "NaN", "Infinity" and numbers as texts
    except (TypeError, OverflowError) as exc:
        raise ValueError("no number") from exc


def _series_of_any_events(symbol: str, events: CandleColumns, *, snipped: bool) -> CandleSeries:
    rows: dict[Any, tuple[int, list[float]]] = {}
    refused: dict[Any, str] = {}
    for place, values in enumerate(zip(*events, strict=True)):
        flags, index, time, *measures = values
        key = index if type(index) is int else f"event {place}"
        rows.pop(key, None)
        refused.pop(key, None)
        if _flags_of(flags) & _REMOVE:
            continue
        reason = _reason_to_skip(index, time, measures)
        if reason:
            refused[key] = f"{symbol} at {_shown(time)}: {reason}"
        else:
            rows[index] = (time, list(map(_number, measures)))
    return _series_of_rows(symbol, rows, list(refused.values()), snipped=snipped)


def _reason_to_skip(index: Any, time: Any, measures: list[Any]) -> str:  # noqa: ANN401 - values as they came
    if type(index) is not int:
        return f"index {_shown(index)} is no whole number"
    if type(time) is not int or not 0 <= time <= _TIME_MAX_MS:
        return f"time {_shown(time)} is no time"
    numbers: dict[str, float] = {}
    for name, value in zip(_MEASURES, measures, strict=True):
        try:
            numbers[name] = _number(value)
        except ValueError:
            return f"{name} {_shown(value)} is no number"
        if math.isinf(numbers[name]):
            return f"{name} is infinite"
    absent = [name for name in _PRICES if math.isnan(numbers[name])]
    if len(absent) == len(_PRICES):
        return "no prices"
    return f"no {' and '.join(absent)}" if absent else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _series_of_rows(
    symbol: str, rows: dict[Any, tuple[int, list[float]]], refused: list[str], *, snipped: bool
) -> CandleSeries:
    by_time: dict[int, list[float]] = {}
    for index in sorted(rows):
        time, values = rows[index]
        if time in by_time:
            refused.append(f"{symbol} at {time}: another candle of the same time follows")
        by_time[time] = values
    times = sorted(by_time)
    measures = [[by_time[time][place] for time in times] for place in range(len(_MEASURES))]
    return _series(symbol, times, measures, snipped=snipped, refused=refused)


_SYMBOL_MAX: Final = 100
_PERIOD: Final = re.compile(r"(\d+(?:\.\d+)?)?(t|s|m|h|d|w|mo|o|y|v|p)")


def candle_symbol(symbol: str, *, period: str = "d", regular_hours_only: bool = True) -> str:
    """
    Compose the symbol of a candle subscription, in the canonical form in which it comes back.

    Parameters
    ----------
    symbol
        Streamer symbol, such as ``SPY`` or ``/ESZ26:XCME``.
    period
        Number and type: ``5m``, ``h``, ``d``. A leading 1 is dropped.
    regular_hours_only
        Leave out trades outside regular hours.

    Raises
    ------
    ParameterError
        If the period is none, or the symbol is empty or has a candle part already.

    Examples
    --------
    >>> candle_symbol("SPY", period="1d")
    'SPY{=d,tho=true}'
    """
    if not 0 < len(symbol) <= _SYMBOL_MAX or "{" in symbol or "}" in symbol:
        raise ParameterError(
            "symbol", symbol, f"a streamer symbol of at most {_SYMBOL_MAX} characters, without braces"
        )
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise ParameterError("period", period, "a number and a type, such as 5m, h or d")
    number, kind = match.groups()
    canonical = f"{'' if number in {None, '1'} else number}{kind}"
    return f"{symbol}{{={canonical}{',tho=true' if regular_hours_only else ''}}}"


def canonical_candle_symbol(event_symbol: str) -> str:
    """
    Return the canonical form of a candle symbol as the server echoes it, for comparing.

    Examples
    --------
    >>> canonical_candle_symbol("SPY{tho=true,=1d}")
    'SPY{=d,tho=true}'
    """
    base, brace, rest = event_symbol.partition("{")
    if not brace or not rest.endswith("}"):
        return event_symbol
    parts = sorted(rest[:-1].split(","))  # "=d" sorts before every name
    return f"{base}{{{','.join(_canonical_part(part) for part in parts)}}}"


def _canonical_part(part: str) -> str:
    match = _PERIOD.fullmatch(part[1:]) if part.startswith("=") else None
    if match is None:
        return part
    number, kind = match.groups()
    return f"={'' if number in {None, '1'} else number}{kind}"
