# SPDX-License-Identifier: Apache-2.0
"""Bars of trades, volume and value: against a loop in plain Python, and what they conserve."""

import math
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import dollar_bars, tick_bars, volume_bars

START = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)
SCHEMA = {"symbol": pl.String, "time": pl.Datetime("us", "UTC"), "price": pl.Float64, "size": pl.Int64}
ROWS = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.integers(0, 300).map(lambda second: START + timedelta(seconds=second)),
        st.sampled_from([9.5, 10.0, 10.25, 11.0, None, -3.0, math.nan]),  # exact in binary, so values are too
        st.sampled_from([0, 1, 5, 40, 100, 350, None, -1]),
    ),
    max_size=50,
)


def trades_of(rows: list[tuple[Any, ...]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def sizes(*given: float) -> pl.LazyFrame:
    rows = [("A", START + timedelta(seconds=i), 10.0, size) for i, size in enumerate(given)]
    return pl.LazyFrame(rows, schema=SCHEMA | {"size": pl.Float64}, orient="row")


def amounts(kind: str, price: float, size: int) -> Fraction:
    return {"ticks": Fraction(1), "volume": Fraction(size), "value": Fraction(price) * size}[kind]


def naive_bars(rows: list[tuple[Any, ...]], kind: str, threshold: int) -> list[tuple[Any, ...]]:
    """Walk through the trades of a symbol: symbol, number, trades, volume, close, partial and excluded."""
    answer = []
    for symbol in sorted({row[0] for row in rows}):
        own = sorted((row for row in rows if row[0] == symbol), key=lambda row: row[1])
        reached, cut, bars = Fraction(0), None, []
        for _, _, price, size in own:
            usable = price is not None and price > 0 and size is not None and size >= 0
            if cut != reached // threshold:
                cut = reached // threshold
                bars.append([symbol, len(bars), None, None, None, True, 0])
            if not usable:
                bars[-1][6] += 1
                continue
            reached += amounts(kind, price, size)
            bars[-1][2:5] = [(bars[-1][2] or 0) + 1, (bars[-1][3] or 0.0) + size, price]
            bars[-1][5] = reached // threshold == cut
        answer += [tuple(bar) for bar in bars]
    return answer


BARS_OF = {
    "ticks": lambda frame, threshold: tick_bars(frame, ticks=threshold),
    "volume": lambda frame, threshold: volume_bars(frame, volume=threshold),
    "value": lambda frame, threshold: dollar_bars(frame, value=threshold),
}


@given(ROWS, st.sampled_from(sorted(BARS_OF)), st.integers(1, 400))
@settings(max_examples=60)
def test_bars_equal_a_loop_over_the_trades(rows: list[Any], kind: str, threshold: int) -> None:
    bars = BARS_OF[kind](trades_of(rows), threshold).collect()
    columns = ("symbol", "bar", "trade_count", "volume", "close", "partial", "excluded")
    assert bars.select(columns).rows() == naive_bars(rows, kind, threshold)


@given(ROWS, st.sampled_from(sorted(BARS_OF)), st.integers(1, 400))
@settings(max_examples=40)
def test_bars_conserve_what_was_traded(rows: list[Any], kind: str, threshold: int) -> None:
    frame = trades_of(rows)
    used = frame.filter(pl.col("price").fill_nan(-1) > 0, pl.col("size") >= 0).collect()
    bars = BARS_OF[kind](frame, threshold).collect()
    assert bars["volume"].sum() == used["size"].sum()
    assert bars["trade_count"].sum() == used.height
    assert bars["excluded"].sum() == len(rows) - used.height
    last = pl.col("bar") == pl.col("bar").max().over("symbol")
    assert bars.filter(~last)["partial"].any() is False


@given(ROWS, st.sampled_from(sorted(BARS_OF)), st.integers(1, 400))
@settings(max_examples=30)
def test_bars_in_any_engine_and_among_other_symbols_are_the_same(
    rows: list[Any], kind: str, threshold: int
) -> None:
    bars = BARS_OF[kind](trades_of(rows), threshold)
    assert_frame_equal(bars.collect(engine="streaming"), bars.collect(), rel_tol=1e-14, abs_tol=0)
    alone = BARS_OF[kind](trades_of([row for row in rows if row[0] == "A"]), threshold).collect()
    assert_frame_equal(bars.filter(symbol="A").collect(), alone)


def test_tick_bars_given_ties_keep_the_order_of_the_rows() -> None:
    rows = [("A", START, price, 1) for price in (10.0, 13.0, 12.0, 11.0)]
    bars = tick_bars(trades_of(rows), ticks=2).collect()
    assert bars.select("open", "close").rows() == [(10.0, 13.0), (12.0, 11.0)]


def test_volume_bars_carry_the_surplus_and_never_divide_a_trade() -> None:
    bars = volume_bars(sizes(60, 70, 70, 500, 10), volume=100).collect()
    assert bars["volume"].to_list() == [130.0, 70.0, 500.0, 10.0]
    assert bars["bar"].to_list() == [0, 1, 2, 3]
    assert bars["partial"].to_list() == [False, False, False, True]


def test_volume_bars_given_an_exact_threshold_are_complete() -> None:
    bars = volume_bars(sizes(60, 40, 100), volume=100).collect()
    assert bars.select("volume", "partial").rows() == [(100.0, False), (100.0, False)]


def test_volume_bars_in_the_long_run_hold_the_threshold() -> None:
    """The surplus is carried on: n bars hold n thresholds, give or take one trade."""
    frame = sizes(*(1 + (i * 37) % 90 for i in range(2000)))
    bars = volume_bars(frame, volume=100).collect().filter(~pl.col("partial"))
    assert abs(bars["volume"].sum() - 100 * bars.height) < 100


def test_tick_bars_have_the_times_of_their_first_and_last_trade() -> None:
    bars = tick_bars(sizes(1, 1, 1), ticks=2).collect()
    second = timedelta(seconds=1)
    assert bars.select("time", "end").rows() == [
        (START, START + second),
        (START + 2 * second, START + 2 * second),
    ]


def test_bars_given_no_trades_have_none() -> None:
    for make in BARS_OF.values():
        assert make(trades_of([]), 10).collect().height == 0


@pytest.mark.parametrize("threshold", [0, -1, math.nan, math.inf, True])
@pytest.mark.parametrize("kind", sorted(BARS_OF))
def test_bars_given_no_threshold_refuse_at_the_call(kind: str, threshold: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        BARS_OF[kind](trades_of([]), threshold)
    assert caught.value.parameter == kind


def test_bars_given_bars_or_days_refuse_at_the_call() -> None:
    bars = trades_of([]).select(
        "symbol", "time", *(pl.lit(1.0).alias(x) for x in ("open", "high", "low", "close"))
    )
    days = trades_of([]).with_columns(pl.col("time").dt.date())
    for frame in (bars, days):
        with pytest.raises(DataError):
            tick_bars(frame, ticks=1)
