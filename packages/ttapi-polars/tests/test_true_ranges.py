# SPDX-License-Identifier: Apache-2.0
"""True ranges: against TA-Lib."""

import numpy as np
import polars as pl
import pytest
import talib

from ttapi_polars import average_true_range, true_range

HIGH, LOW, CLOSE, VOLUME = (pl.col(name) for name in ("high", "low", "close", "volume"))


def arrays(bars: pl.DataFrame, *columns: str) -> list[np.ndarray]:
    return [bars[column].to_numpy() for column in columns]


def assert_same(answer: pl.Series, expected: np.ndarray, *, tolerance: float = 1e-12) -> None:
    """Every row, nulls included; a fraction of the greatest value is what sums in another order may differ by."""
    expected_nulls = np.isnan(expected)
    assert answer.is_null().to_list() == expected_nulls.tolist()
    found, known = answer.drop_nulls().to_numpy(), expected[~expected_nulls]
    assert known.size > 0
    assert np.abs(found - known).max() <= tolerance * np.abs(known).max()


def test_true_range_equals_talib_to_the_last_digit(stock: pl.DataFrame) -> None:
    answer = stock.select(true_range(HIGH, LOW, close=CLOSE)).to_series()
    assert_same(answer, talib.TRANGE(*arrays(stock, "high", "low", "close")), tolerance=0)


@pytest.mark.parametrize("window", [1, 2, 5, 14, 50])
def test_average_true_range_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(average_true_range(HIGH, LOW, close=CLOSE, window=window)).to_series()
    assert_same(answer, talib.ATR(*arrays(stock, "high", "low", "close"), window))


def test_true_range_given_a_bar_without_close_takes_its_row_and_the_next() -> None:
    bars = pl.DataFrame(
        {"high": [3.0, 4.0, 5.0, 6.0], "low": [1.0, 2.0, 3.0, 4.0], "close": [2.0, None, 4.0, 5.0]}
    )
    answer = bars.select(true_range(HIGH, LOW, close=CLOSE)).to_series()
    assert answer.to_list() == [None, None, None, 2.0]
