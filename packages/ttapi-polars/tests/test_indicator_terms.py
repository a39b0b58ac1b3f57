# SPDX-License-Identifier: Apache-2.0
"""Bindings: each value computed once however deep, under the name of the first, for several columns too."""

import polars as pl
import pytest

from ttapi_polars import average_directional_index, bollinger_bands, macd, relative_strength_index
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
    ("expression", "means", "deviations"),
    [
        (bollinger_bands(CLOSE), 1, 1),
        (relative_strength_index(CLOSE), 2, 0),
        (macd(CLOSE), 3, 0),
        (average_directional_index(pl.col("high"), pl.col("low"), close=CLOSE), 1, 0),
    ],
)
def test_indicator_names_each_of_its_windows_once(expression: pl.Expr, means: int, deviations: int) -> None:
    """A window that stands in the expression twice is computed twice."""
    assert (str(expression).count("rolling_mean"), str(expression).count("rolling_std")) == (
        means,
        deviations,
    )


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
