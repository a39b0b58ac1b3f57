# SPDX-License-Identifier: Apache-2.0
"""Bindings: each value computed once however deep, under the name of the first, for several columns too."""

import polars as pl
import pytest

from ttapi_polars import (
    average_directional_index,
    average_true_range,
    bollinger_bands,
    commodity_channel_index,
    exponential_moving_average,
    macd,
    money_flow_index,
    relative_strength_index,
    rolling_vwap,
)
from ttapi_polars.indicator_terms import once

CLOSE = pl.col("close")


def square_and_more(value: pl.Expr) -> pl.Expr:
    return value * value + value


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_once_within_once_computes_each_value_once(engine: str) -> None:
    lengths: list[int] = []

    def count(values: pl.Series) -> pl.Series:
        lengths.append(values.len())
        return values

    def inner(value: pl.Expr) -> pl.Expr:
        return once(square_and_more, value.map_batches(count, return_dtype=pl.Float64, is_elementwise=False))

    frame = pl.LazyFrame({"close": [1.0, 2.0, 3.0]})
    answer = frame.select(once(inner, CLOSE + 1)).collect(engine=engine)["close"]
    assert answer.to_list() == [6.0, 12.0, 20.0]
    assert lengths == [3]


@pytest.mark.parametrize(
    ("expression", "sums", "deviations"),
    [
        (bollinger_bands(CLOSE), 3, 1),
        (relative_strength_index(CLOSE), 4, 0),
        (macd(CLOSE), 6, 0),
        (average_directional_index(pl.col("high"), pl.col("low"), close=CLOSE), 8, 0),
    ],
)
def test_indicator_names_each_of_its_windows_once(expression: pl.Expr, sums: int, deviations: int) -> None:
    """A window that stands in the expression twice is computed twice; a mean has two, one to find gaps."""
    assert (str(expression).count("rolling_rsum"), str(expression).count("rolling_std")) == (sums, deviations)


def test_once_has_the_name_of_the_first_value() -> None:
    frame = pl.DataFrame({"close": [2.0], "other": [3.0]})
    assert frame.select(once(lambda x, y: y * x, CLOSE, pl.col("other"))).to_dicts() == [{"close": 6.0}]
    kept = once(square_and_more, CLOSE.alias("renamed").name.keep())
    assert frame.select(kept).to_dicts() == [{"close": 6.0}]


@pytest.mark.parametrize("several", [pl.all(), pl.col("a", "b"), pl.col("^[ab]$"), pl.selectors.numeric()])
def test_once_of_several_columns_is_that_of_each(several: pl.Expr) -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, None]})
    expected = frame.select(once(square_and_more, pl.col("a")), once(square_and_more, pl.col("b")))
    assert frame.select(once(square_and_more, several)).equals(expected)


WILD = [1e16, 1e300, 3e16, 1.7]
"""A running sum that these have passed through is wrong by a tenth of values near one, for good."""
CALM = [1.0, 2.0, 4.0, 3.0, 5.0, 4.0, 6.0, 7.0, 5.0, 8.0, 7.0, 9.0]
HIGH, LOW, VOLUME = pl.col("high"), pl.col("low"), pl.col("volume")


@pytest.mark.parametrize("gap", [[], [None]], ids=["adjoining", "after a gap"])
@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        (rolling_vwap(CLOSE, VOLUME, window=3), 3),
        (money_flow_index(HIGH, LOW, close=CLOSE, volume=VOLUME, window=3), 4),
        (bollinger_bands(CLOSE, window=3).struct.field("middle"), 3),
        (commodity_channel_index(HIGH, LOW, close=CLOSE, window=3), 3),
    ],
    ids=["vwap", "mfi", "bollinger", "cci"],
)
def test_window_knows_nothing_of_wild_rows_before_it(expression: pl.Expr, rows: int, gap: list[None]) -> None:
    answer = bars_of([*WILD, *gap, *CALM]).select(expression.alias("it"))["it"]
    alone = bars_of(CALM).select(expression.alias("it"))["it"]
    assert alone[rows - 1 :].null_count() == 0
    assert answer[-len(CALM) + rows - 1 :].to_list() == pytest.approx(alone[rows - 1 :].to_list(), rel=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        exponential_moving_average(CLOSE, window=3),
        relative_strength_index(CLOSE, window=3),
        average_true_range(HIGH, LOW, close=CLOSE, window=3),
        macd(CLOSE, fast_window=2, slow_window=3, signal_window=2).struct.field("histogram"),
        average_directional_index(HIGH, LOW, close=CLOSE, window=3).struct.field("adx"),
    ],
    ids=["ema", "rsi", "atr", "macd", "adx"],
)
def test_seed_after_a_gap_knows_nothing_of_wild_rows_before_it(expression: pl.Expr) -> None:
    answer = bars_of([*WILD, None, *CALM]).select(expression.alias("it"))["it"][-len(CALM) :]
    alone = bars_of(CALM).select(expression.alias("it"))["it"]
    assert answer.is_null().to_list() == alone.is_null().to_list()
    assert answer.drop_nulls().to_list() == pytest.approx(alone.drop_nulls().to_list(), rel=1e-12)


def bars_of(closes: list[float | None]) -> pl.DataFrame:
    volumes = [float(3 + i % 5) for i in range(len(closes), 0, -1)]
    frame = pl.DataFrame({"close": closes, "volume": volumes}, schema_overrides={"close": pl.Float64})
    return frame.with_columns(high=CLOSE * 1.25, low=CLOSE * 0.75)
