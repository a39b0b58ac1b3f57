# SPDX-License-Identifier: Apache-2.0
"""Momentum: against TA-Lib, and what it leaves null."""

import numpy as np
import polars as pl
import pytest
import talib

from ttapi_core.errors import ParameterError
from ttapi_polars import macd, rate_of_change, relative_strength_index, trix

HIGH, LOW, CLOSE, VOLUME = (pl.col(name) for name in ("high", "low", "close", "volume"))


ON_WINDOWS = pytest.mark.parametrize("window", [2, 5, 14, 50])


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
def test_relative_strength_index_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(relative_strength_index(CLOSE, window=window)).to_series()
    assert_same(answer, talib.RSI(*arrays(stock, "close"), window))


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (3, 5, 2), (2, 50, 20)])
def test_macd_equals_talib(stock: pl.DataFrame, fast: int, slow: int, signal: int) -> None:
    lines = macd(CLOSE, fast_window=fast, slow_window=slow, signal_window=signal)
    answer = stock.select(lines).unnest("close")
    assert answer.columns == ["macd", "signal", "histogram"]
    for line, expected in zip(answer, talib.MACD(*arrays(stock, "close"), fast, slow, signal), strict=True):
        assert_same(line, expected)


@ON_WINDOWS
def test_rate_of_change_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(rate_of_change(CLOSE, window=window)).to_series()
    assert_same(answer, talib.ROC(*arrays(stock, "close"), window))


@ON_WINDOWS
def test_trix_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(trix(CLOSE, window=window)).to_series()
    assert_same(answer, talib.TRIX(*arrays(stock, "close"), window))


def test_relative_strength_index_given_no_movement_is_null_where_talib_says_nought() -> None:
    flat = pl.DataFrame({"close": [5.0] * 10})
    answer = flat.select(relative_strength_index(CLOSE, window=3)).to_series()
    assert answer.null_count() == 10
    assert talib.RSI(flat["close"].to_numpy(), 3)[3:].tolist() == [0.0] * 7


@pytest.mark.parametrize(("last", "expected"), [(9.0, 100.0), (0.5, 0.0)])
def test_relative_strength_index_given_one_direction_is_at_its_end(last: float, expected: float) -> None:
    frame = pl.DataFrame({"close": pl.Series(np.linspace(5.0, last, 30))})
    answer = frame.select(relative_strength_index(CLOSE, window=14)).to_series()
    assert answer.drop_nulls().unique().to_list() == [expected]


def test_rate_of_change_looks_at_both_ends_only() -> None:
    frame = pl.DataFrame({"close": [10.0, None, 11.0, 12.0]})
    answer = frame.select(rate_of_change(CLOSE, window=2)).to_series()
    assert answer.to_list() == [None, None, pytest.approx(10.0), None]


@pytest.mark.parametrize(("fast", "slow"), [(26, 26), (27, 26)])
def test_macd_given_a_fast_window_that_is_not_shorter_raises_when_built(fast: int, slow: int) -> None:
    """TA-Lib changes them round in silence."""
    with pytest.raises(ParameterError, match="less than slow_window, 26"):
        macd(CLOSE, fast_window=fast, slow_window=slow)
