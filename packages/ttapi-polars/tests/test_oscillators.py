# SPDX-License-Identifier: Apache-2.0
"""Oscillators: against TA-Lib, and what they leave null."""

import numpy as np
import polars as pl
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from ttapi_polars import commodity_channel_index, stochastic_oscillator, williams_percent_r

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
@pytest.mark.parametrize(("k", "d"), [(3, 3), (2, 5)])
def test_slow_stochastic_equals_talib(stock: pl.DataFrame, window: int, k: int, d: int) -> None:
    lines = stochastic_oscillator(HIGH, LOW, close=CLOSE, window=window, k_smoothing=k, d_smoothing=d)
    answer = stock.select(lines).unnest("high")
    assert answer.columns == ["k", "d"]
    expected = talib.STOCH(*arrays(stock, "high", "low", "close"), window, k, 0, d, 0)
    for line, reference in zip(answer, expected, strict=True):
        assert_same(line, reference)


@ON_WINDOWS
def test_fast_stochastic_equals_talib(stock: pl.DataFrame, window: int) -> None:
    lines = stochastic_oscillator(HIGH, LOW, close=CLOSE, window=window, k_smoothing=1, d_smoothing=3)
    answer = stock.select(lines).unnest("high")
    expected = talib.STOCHF(*arrays(stock, "high", "low", "close"), window, 3, 0)
    for line, reference in zip(answer, expected, strict=True):
        assert_same(line, reference)


@ON_WINDOWS
def test_williams_percent_r_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(williams_percent_r(HIGH, LOW, close=CLOSE, window=window)).to_series()
    assert_same(answer, talib.WILLR(*arrays(stock, "high", "low", "close"), window))


@ON_WINDOWS
def test_commodity_channel_index_equals_talib(stock: pl.DataFrame, window: int) -> None:
    """Where all typical prices are the same TA-Lib says 0 or divides rounding by rounding; here it is null."""
    index = commodity_channel_index(HIGH, LOW, close=CLOSE, window=window)
    answer = stock.select(index).to_series()
    total = sum(arrays(stock, "high", "low", "close"))
    expected = talib.CCI(*arrays(stock, "high", "low", "close"), window)
    shifts = [np.roll(total, i) for i in range(window)]
    expected[np.ptp(shifts, axis=0) == 0] = np.nan
    # An index of some hundred is made of prices of some ten thousand cents and differences of a third of one.
    assert_same(answer, expected, tolerance=1e-9)


@pytest.mark.parametrize("price", [0.1, 7.0, 1e9 / 3])
def test_oscillators_given_no_range_are_null_where_talib_says_nought(price: float) -> None:
    bars = pl.DataFrame(dict.fromkeys(["high", "low", "close"], [price] * 12))
    flat = bars["high"].to_numpy()
    assert bars.select(williams_percent_r(HIGH, LOW, close=CLOSE, window=3)).to_series().null_count() == 12
    assert (
        bars.select(commodity_channel_index(HIGH, LOW, close=CLOSE, window=3)).to_series().null_count() == 12
    )
    slow = bars.select(stochastic_oscillator(HIGH, LOW, close=CLOSE, window=3)).unnest("high")
    assert slow.null_count().row(0) == (12, 12)
    assert np.nanmax(np.abs(talib.WILLR(flat, flat, flat, 3))) == 0
    assert np.nanmax(np.abs(talib.STOCH(flat, flat, flat, 3))) == 0


@given(st.lists(st.integers(1000, 1005), min_size=4, max_size=30))
@settings(max_examples=50)
def test_commodity_channel_index_is_the_same_in_cents_and_in_units(cents: list[int]) -> None:
    """In units the sums of equal prices may differ by a last digit; that is not taken for a movement."""
    high, low, close = [c + 10 for c in cents], [c - 10 for c in cents], [2000 - c for c in cents]
    frame = pl.DataFrame({"high": high, "low": low, "close": close}).cast(pl.Float64)
    index = commodity_channel_index(HIGH, LOW, close=CLOSE, window=3)
    whole = frame.select(index).to_series().to_list()
    units = frame.select(pl.all() / 100).select(index).to_series()
    assert_near(units, whole, rel=1e-9, absolute=1e-9)
