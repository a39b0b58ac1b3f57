# SPDX-License-Identifier: Apache-2.0
"""Candle series: snapshots in pieces, flags, values that cannot be read."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_client.candles import (
    CANDLE_FIELDS,
    CandleColumns,
    CandleSeries,
    SnapshotAssembler,
    candle_symbol,
    canonical_candle_symbol,
    series_of,
    split_by_symbol,
)
from ttapi_core import ParameterError

DAY_MS = 86_400_000
BEGIN, END, SNIP, REMOVE, PENDING = 4, 8, 16, 2, 1

Row = list[Any]


def row(day: int, flags: int = 0, price: Any = 10.0, **others: Any) -> Row:
    values = {
        "flags": flags,
        "index": (day * 86_400) << 32,
        "time": day * DAY_MS,
        "count": 3,
        "open": price,
        "high": price,
        "low": price,
        "close": price,
        "volume": 100,
        "vwap": price,
    }
    return list((values | others).values())


def columns(rows: list[Row]) -> CandleColumns:
    return (
        CandleColumns(*(list(column) for column in zip(*rows, strict=True)))
        if rows
        else CandleColumns(*([] for _ in range(10)))
    )


def feed(assembler: SnapshotAssembler, *pieces: list[Row]) -> list[CandleSeries]:
    return [series for piece in pieces if (series := assembler.feed(columns(piece))) is not None]


def days(series: CandleSeries) -> list[int]:
    return [time_ms // DAY_MS for time_ms in series.times_ms]


def test_snapshot_newest_first_becomes_an_ascending_series() -> None:
    (series,) = feed(SnapshotAssembler("SPY"), [row(3, BEGIN, 13), row(2, 0, "12.5"), row(1, END, 11)])
    assert days(series) == [1, 2, 3]
    assert list(series.close) == [11.0, 12.5, 13.0]
    assert (series.symbol, series.snipped, series.skipped) == ("SPY", False, ())


def test_snapshot_ended_by_a_removed_event_leaves_it_out() -> None:
    last = row(1, END | REMOVE, "NaN")
    (series,) = feed(SnapshotAssembler("SPY"), [row(3, BEGIN), row(2), last])
    assert days(series) == [2, 3]
    assert series.skipped == ()


def test_single_event_with_fourteen_is_an_empty_series() -> None:
    (series,) = feed(SnapshotAssembler("SPY"), [row(1, BEGIN | END | REMOVE, "NaN")])
    assert len(series) == 0


def test_snipped_series_says_so() -> None:
    (series,) = feed(SnapshotAssembler("SPY"), [row(2, BEGIN), row(1, SNIP)])
    assert series.snipped
    assert days(series) == [1, 2]


def test_pending_transaction_delays_the_end() -> None:
    assembler = SnapshotAssembler("SPY")
    assert feed(assembler, [row(3, BEGIN), row(2, END | PENDING)]) == []
    (series,) = feed(assembler, [row(2, 0, 99)])
    assert list(series.close) == [99.0, 10.0]


def test_events_before_a_snapshot_begins_are_ignored() -> None:
    assembler = SnapshotAssembler("SPY")
    assert feed(assembler, [row(9), row(8, END)], [row(7)]) == []
    assert not assembler.begun


def test_second_begin_replaces_the_first_snapshot() -> None:
    assembler = SnapshotAssembler("SPY")
    (series,) = feed(assembler, [row(9, BEGIN, 1), row(8, 0, 1)], [row(3, BEGIN, 2), row(2, END, 2)])
    assert days(series) == [2, 3]


def test_restart_forgets_the_half_snapshot() -> None:
    assembler = SnapshotAssembler("SPY")
    feed(assembler, [row(9, BEGIN), row(8)])
    assembler.restart()
    assert feed(assembler, [row(7), row(6, END)]) == []


def test_removed_index_in_the_middle_drops_its_candle() -> None:
    (series,) = feed(SnapshotAssembler("SPY"), [row(3, BEGIN), row(2), row(2, REMOVE, "NaN"), row(1, END)])
    assert days(series) == [1, 3]


def test_later_event_of_an_index_counts() -> None:
    (series,) = feed(SnapshotAssembler("SPY"), [row(3, BEGIN, 1), row(3, 0, 2), row(2, END, 1)])
    assert list(series.close) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (row(2, 0, "NaN"), "no prices"),
        (row(2, 0, 10.0, open=None), "no open"),
        (row(2, 0, 10.0, high="Infinity"), "high is infinite"),
        (row(2, 0, 10.0, low="x"), "low 'x' is no number"),
        (row(2, 0, 10.0, close=True), "close True is no number"),
        (row(2, 0, 10.0, volume=[1]), "volume [1] is no number"),
        (row(2, 0, 10.0, vwap="-Infinity"), "vwap is infinite"),
        (row(2, 0, 10.0, count="1_0"), "count '1_0' is no number"),
        (row(2, 0, 10.0, time="soon"), "time 'soon' is no time"),
        (row(2, 0, 10.0, time=-5), "time -5 is no time"),
        (row(2, 0, 10.0, index=2.5), "index 2.5 is no whole number"),
    ],
)
def test_candle_that_cannot_be_read_is_skipped_and_named(spoilt: Row, reason: str) -> None:
    (series,) = feed(SnapshotAssembler("SPY"), [row(3, BEGIN), spoilt, row(1, END)])
    assert days(series) == [1, 3]
    assert (len(series.skipped), series.skipped_count) == (1, 1)
    assert series.skipped[0].startswith("SPY at ")
    assert series.skipped[0].endswith(reason)


def test_candle_without_volume_keeps_nan() -> None:
    (series,) = feed(
        SnapshotAssembler("SPY"), [row(3, BEGIN | END, 5.0, volume="NaN", vwap=None, count="NaN")]
    )
    assert list(series.close) == [5.0]
    assert all(math.isnan(column[0]) for column in (series.volume, series.vwap, series.counts))


def test_reasons_are_bounded_and_the_rest_is_counted() -> None:
    rows = [row(day, 0, "NaN") for day in range(500, 0, -1)]
    rows[0][0], rows[-1][0] = BEGIN, END
    (series,) = feed(SnapshotAssembler("SPY"), rows)
    assert len(series.skipped) == 101
    assert series.skipped[-1] == "SPY: 400 more"
    assert series.skipped_count == 500


PRICES = st.one_of(
    st.floats(0.01, 1e6), st.integers(1, 1000), st.sampled_from(["NaN", "12.5", "Infinity", None, "x", True])
)


@st.composite
def snapshots(draw: st.DrawFn) -> list[Row]:
    """Draw a snapshot with odd values, repeated and removed indexes."""
    numbers = draw(st.lists(st.integers(1, 12), min_size=1, max_size=20))
    rows = [
        row(
            number,
            draw(st.sampled_from([0, 0, 0, 0, REMOVE])),
            draw(PRICES),
            volume=draw(PRICES),
            time=draw(st.sampled_from([number * DAY_MS] * 5 + ["x"])),
        )
        for number in numbers
    ]
    rows[0][0] |= BEGIN
    rows[-1][0] |= draw(st.sampled_from([END, SNIP]))
    return rows


@settings(max_examples=150)
@given(snapshots(), st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_splitting_events_over_messages_makes_no_difference(rows: list[Row], sizes: list[int]) -> None:
    (whole,) = feed(SnapshotAssembler("SPY"), rows)
    assembler = SnapshotAssembler("SPY")
    pieces, start = [], 0
    for size in sizes:
        pieces.append(rows[start : start + size])
        start += size
    (split,) = feed(assembler, *pieces, rows[start:])
    assert repr(split) == repr(whole)  # NaN equals NaN in text


@settings(max_examples=150)
@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30))
def test_fast_path_equals_the_slow_one(closes: list[float]) -> None:
    """A repeated first event forces the slow path and changes nothing else."""
    rows = [row(100 - n, 0, close) for n, close in enumerate(closes)]
    assert series_of("SPY", columns(rows)) == series_of("SPY", columns([rows[0], *rows]))


@given(st.lists(st.sampled_from(["A{=d}", "B{=d}", "C{=d}"]), max_size=40))
def test_split_by_symbol_keeps_every_event_in_order(symbols: list[str]) -> None:
    fields = ("eventSymbol", "index")
    runs = split_by_symbol(fields, [list(symbols), list(range(len(symbols)))])
    assert [(symbol, n) for symbol, events in runs for n in events.indexes] == [
        (symbol, n) for n, symbol in enumerate(symbols)
    ]


def test_split_by_symbol_reads_the_other_spelling_of_vwap_and_absent_fields() -> None:
    ((symbol, events),) = split_by_symbol(("eventSymbol", "VWAP"), [["A"], [4.5]])
    assert (symbol, events.vwaps, events.opens) == ("A", [4.5], [None])


def test_split_by_symbol_leaves_out_events_without_a_symbol() -> None:
    assert split_by_symbol(("eventSymbol",), [[None, "A", 7]])[0][0] == "A"
    assert split_by_symbol(("index",), [[1, 2]]) == []


@pytest.mark.parametrize(
    ("echo", "canonical"),
    [
        ("SPY{=1d,tho=true}", "SPY{=d,tho=true}"),
        ("SPY{tho=true,=d}", "SPY{=d,tho=true}"),
        ("/ESZ26:XCME{=15m}", "/ESZ26:XCME{=15m}"),
        ("SPY", "SPY"),
        ("SPY{=?}", "SPY{=?}"),
    ],
)
def test_canonical_candle_symbol(echo: str, canonical: str) -> None:
    assert canonical_candle_symbol(echo) == canonical


@given(
    st.integers(1, 99),
    st.sampled_from(["t", "s", "m", "h", "d", "w", "mo", "o", "y", "v", "p"]),
    st.booleans(),
)
def test_candle_symbol_is_its_own_canonical_form(number: int, kind: str, regular: bool) -> None:
    composed = candle_symbol("SPY", period=f"{number}{kind}", regular_hours_only=regular)
    assert canonical_candle_symbol(composed) == composed


@pytest.mark.parametrize(
    ("symbol", "period"), [("", "d"), ("A{=d}", "d"), ("A" * 101, "d"), ("A", ""), ("A", "1x")]
)
def test_candle_symbol_given_rubbish_raises(symbol: str, period: str) -> None:
    with pytest.raises(ParameterError):
        candle_symbol(symbol, period=period)


def test_fuzz_of_events_never_raises() -> None:
    """2,000 snapshots of rubbish: a series or nothing, never an exception, never a non-finite price."""
    rng = random.Random(7)
    rubbish: list[Any] = [None, True, "NaN", "Infinity", "-1", -1, 2**70, 1e308, "", [], {}, "é", 0.1, 5]
    for _ in range(2000):
        rows = [
            row(rng.randrange(20), rng.choice([0, 1, 2, 4, 8, 14, 16, 31])) for _ in range(rng.randrange(12))
        ]
        for spoilt in rows:
            if rng.random() < 0.5:
                spoilt[rng.randrange(10)] = rng.choice(rubbish)
        for series in feed(SnapshotAssembler("X"), rows):
            assert all(map(math.isfinite, [*series.open, *series.high, *series.low, *series.close]))
            assert list(series.times_ms) == sorted(set(series.times_ms))


def test_candle_fields_are_those_of_the_columns() -> None:
    assert len(CANDLE_FIELDS) == len(CandleColumns._fields) + 1
