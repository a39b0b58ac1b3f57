# SPDX-License-Identifier: Apache-2.0
"""Moving averages: against TA-Lib, and against exact arithmetic."""

import itertools
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
import talib
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from ttapi_polars import (
    exponential_moving_average,
    simple_moving_average,
    weighted_moving_average,
    wilder_moving_average,
)

HIGH, LOW, CLOSE, VOLUME = (pl.col(name) for name in ("high", "low", "close", "volume"))


ON_WINDOWS = pytest.mark.parametrize("window", [2, 5, 14, 50])


def assert_near(found: pl.Series, expected: list[float | None], *, rel: float, absolute: float = 0.0) -> None:
    known = pl.Series(expected, dtype=pl.Float64)
    assert_series_equal(found, known, rel_tol=rel, abs_tol=absolute, check_names=False)


def arrays(bars: pl.DataFrame, *columns: str) -> list[np.ndarray]:
    return [bars[column].to_numpy() for column in columns]


def assert_same(answer: pl.Series, expected: np.ndarray, *, tolerance: float = 1e-12) -> None:
    """Every row, nulls included; a fraction of the greatest value is what sums in another order may differ by."""
    expected_nulls = np.isnan(expected)
    assert answer.is_null().to_list() == expected_nulls.tolist()
    found, known = answer.drop_nulls().to_numpy(), expected[~expected_nulls]
    assert known.size > 0
    assert np.abs(found - known).max() <= tolerance * np.abs(known).max()


@ON_WINDOWS
def test_simple_moving_average_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(simple_moving_average(CLOSE, window=window)).to_series()
    assert_same(answer, talib.SMA(*arrays(stock, "close"), window))


@ON_WINDOWS
def test_weighted_moving_average_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(weighted_moving_average(CLOSE, window=window)).to_series()
    assert_same(answer, talib.WMA(*arrays(stock, "close"), window))


@ON_WINDOWS
def test_exponential_moving_average_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(exponential_moving_average(CLOSE, window=window)).to_series()
    assert_same(answer, talib.EMA(*arrays(stock, "close"), window))


VALUES = st.one_of(
    st.integers(-100, 100).map(float), st.floats(-1e3, 1e3), st.sampled_from([1e12, -1e12, 0.1, 1e-9])
)
SERIES = st.lists(VALUES, max_size=40)
WINDOWS = st.integers(1, 9)


def windows(values: list[float], window: int) -> list[list[Fraction]]:
    exact = [Fraction(value) for value in values]
    return [exact[i - window : i] for i in range(window, len(exact) + 1)]


def assert_exact(answer: list[float | None], expected: list[Fraction], parts: list[list[Fraction]]) -> None:
    """Known rows are the last ones; each may be off by the last digits of the largest value in its window."""
    missing = len(answer) - len(expected)
    assert answer[:missing] == [None] * missing
    for found, exact, part in zip(answer[missing:], expected, parts, strict=True):
        assert found is not None
        assert abs(Fraction(found) - exact) <= Fraction(1, 10**12) * max(abs(x) for x in part)


def averaged(values: list[float], expression: pl.Expr) -> list[float | None]:
    return pl.DataFrame({"value": values}, schema={"value": pl.Float64}).select(expression)["value"].to_list()


@given(SERIES, WINDOWS)
@example([1e12, -1e12, 0.0, 0.0, 0.0, 0.1, 0.0, 0.0], 6)
@settings(max_examples=60)
def test_simple_moving_average_equals_exact_arithmetic(values: list[float], window: int) -> None:
    parts = windows(values, window)
    answer = averaged(values, simple_moving_average(pl.col("value"), window=window))
    assert_exact(answer, [sum(part) / window for part in parts], parts)


@given(SERIES, WINDOWS)
@settings(max_examples=60)
def test_weighted_moving_average_equals_exact_arithmetic(values: list[float], window: int) -> None:
    parts = windows(values, window)
    weight = Fraction(window * (window + 1), 2)
    expected = [sum(i * x for i, x in enumerate(part, start=1)) / weight for part in parts]
    answer = averaged(values, weighted_moving_average(pl.col("value"), window=window))
    assert_exact(answer, expected, parts)


def recursion(values: list[float], window: int, weight: Fraction) -> list[Fraction]:
    parts = windows(values, window)
    if not parts:
        return []
    later = [part[-1] for part in parts[1:]]
    return list(
        itertools.accumulate(later, lambda s, x: s + weight * (x - s), initial=sum(parts[0]) / window)
    )


@given(SERIES, WINDOWS, st.booleans())
@settings(max_examples=60)
def test_recursive_averages_equal_exact_arithmetic(values: list[float], window: int, wilder: bool) -> None:
    """The memory of an average is all before it: its error is measured by the largest value so far."""
    function = wilder_moving_average if wilder else exponential_moving_average
    expected = recursion(values, window, Fraction(1, window) if wilder else Fraction(2, window + 1))
    so_far = [[Fraction(x) for x in values[:i]] for i in range(window, len(values) + 1)]
    assert_exact(averaged(values, function(pl.col("value"), window=window)), expected, so_far)


@given(
    st.lists(st.lists(st.floats(1, 2), max_size=6), min_size=2, max_size=8),
    st.sampled_from([1e300, 1e12, 1.0]),
)
@settings(max_examples=40)
def test_exponential_moving_average_keeps_nothing_from_before_a_gap(
    runs: list[list[float]], outlier: float
) -> None:
    """Not even a price of 1e300 leaves a trace."""
    values: list[float | None] = []
    expected: list[float | None] = []
    for run in runs:
        values += [outlier, None, *run, None]
        alone = averaged(run, exponential_moving_average(pl.col("value"), window=1))
        expected += [outlier, None, *alone, None]
    assert averaged(values, exponential_moving_average(pl.col("value"), window=1)) == expected
    twos = averaged(values, exponential_moving_average(pl.col("value"), window=2))
    starts = [i for i, value in enumerate(values) if value is None]
    for start, end in itertools.pairwise(starts):
        run = values[start + 1 : end]
        if run and outlier not in run:
            alone = averaged(run, exponential_moving_average(pl.col("value"), window=2))
            assert_near(pl.Series(twos[start + 1 : end], dtype=pl.Float64), alone, rel=1e-12)


def test_recursive_average_stays_true_over_many_restarts_and_long_windows() -> None:
    """A clock counts every row and every restart; it must not run over."""
    frame = pl.DataFrame({"value": [1.0, 3.0, 2.0, None] * 50_000})
    answer = frame.select(exponential_moving_average(pl.col("value"), window=2))["value"]
    assert_near(answer.tail(4), [None, 2.0, 2.0, None], rel=1e-12)
    long = frame.select(wilder_moving_average(pl.col("value").fill_null(2.0), window=100_000))["value"]
    assert long[-1] == pytest.approx(2.0, rel=1e-5)


def test_averages_given_several_columns_are_those_of_each() -> None:
    frame = pl.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, None, 5.0]})
    for function in (
        simple_moving_average,
        weighted_moving_average,
        exponential_moving_average,
        wilder_moving_average,
    ):
        both = frame.select(function(pl.col("a", "b"), window=2))
        alone = frame.select(function(pl.col("a"), window=2), function(pl.col("b"), window=2))
        assert both.equals(alone)
