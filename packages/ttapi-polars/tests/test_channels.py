# SPDX-License-Identifier: Apache-2.0
"""Channels: against TA-Lib, and against loops written from the definitions."""

from random import Random

import numpy as np
import polars as pl
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import bollinger_bands, donchian_channel, ichimoku_cloud, keltner_channel

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
@pytest.mark.parametrize("multiplier", [2.0, 0.5])
def test_bollinger_bands_equal_talib(stock: pl.DataFrame, window: int, multiplier: float) -> None:
    bands = bollinger_bands(CLOSE, window=window, multiplier=multiplier)
    answer = stock.select(bands).unnest("close")
    assert answer.columns == ["lower", "middle", "upper", "percent_b", "bandwidth"]
    upper, middle, lower = talib.BBANDS(*arrays(stock, "close"), window, multiplier, multiplier)
    # TA-Lib takes the variance as a difference of large squares, and so the deviation to fewer digits.
    for line, expected in zip(answer, [lower, middle, upper], strict=False):
        assert_same(line, expected, tolerance=1e-9)
    close = stock["close"]
    spread = answer["upper"] - answer["lower"]
    place = ((close - answer["lower"]) / spread).set(spread == 0, None)
    assert_near(answer["percent_b"], place.to_list(), rel=1e-9, absolute=1e-9)
    assert_near(answer["bandwidth"], (spread / answer["middle"]).to_list(), rel=1e-9, absolute=1e-12)


@ON_WINDOWS
def test_donchian_channel_equals_talib_to_the_last_digit(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(donchian_channel(HIGH, LOW, window=window)).unnest("high")
    high, low = arrays(stock, "high", "low")
    lower, upper = talib.MIN(low, window), talib.MAX(high, window)
    for line, expected in zip(answer, [lower, (lower + upper) / 2, upper], strict=True):
        assert_same(line, expected, tolerance=0)


Bars = list[tuple[float, float, float]]


def walk(rows: int, seed: int) -> Bars:
    random, close, bars = Random(seed), 100.0, []
    for _ in range(rows):
        open_, close = close, max(1.0, close + random.uniform(-3, 3))
        bars.append((max(open_, close) + random.random(), min(open_, close) - random.random() / 2, close))
    return bars


def frame_of(bars: Bars) -> pl.DataFrame:
    return pl.DataFrame(bars, schema=dict.fromkeys(["high", "low", "close"], pl.Float64), orient="row")


def keltner_by_loop(bars: Bars, window: int, range_window: int, multiplier: float) -> list[tuple | None]:
    middle = average = None
    ranges: list[float] = []
    answers: list[tuple | None] = []
    for row, (high, low, close) in enumerate(bars):
        if row:
            before = bars[row - 1][2]
            ranges.append(max(high - low, abs(high - before), abs(low - before)))
        if row == window - 1:
            middle = sum(bar[2] for bar in bars[:window]) / window
        elif middle is not None:
            middle += 2 / (window + 1) * (close - middle)
        if len(ranges) == range_window and average is None:
            average = sum(ranges) / range_window
        elif average is not None:
            average += (ranges[-1] - average) / range_window
        known = middle is not None and average is not None
        answers.append(
            (middle - multiplier * average, middle, middle + multiplier * average) if known else None
        )
    return answers


@given(st.integers(0, 50), st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 8), st.floats(0.1, 5))
@settings(max_examples=50)
def test_keltner_channel_equals_a_loop(
    rows: int, seed: int, window: int, range_window: int, multiplier: float
) -> None:
    bars = walk(rows, seed)
    channel = keltner_channel(
        HIGH, LOW, close=CLOSE, window=window, range_window=range_window, multiplier=multiplier
    )
    answer = frame_of(bars).select(channel).unnest("high")
    for found, expected in zip(
        answer.rows(), keltner_by_loop(bars, window, range_window, multiplier), strict=True
    ):
        assert found == (pytest.approx(expected, rel=1e-12) if expected else (None, None, None))


def half_way(bars: Bars, row: int, window: int) -> float | None:
    if row < window - 1:
        return None
    part = bars[row - window + 1 : row + 1]
    return (max(high for high, _, _ in part) + min(low for _, low, _ in part)) / 2


def cloud_by_loop(bars: Bars, row: int, windows: tuple[int, int, int], displacement: int) -> tuple:
    conversion, base = (half_way(bars, row, window) for window in windows[:2])
    then = row - displacement
    fast, slow = (half_way(bars, then, window) for window in windows[:2])
    span_a = None if fast is None or slow is None else (fast + slow) / 2
    return conversion, base, span_a, half_way(bars, then, windows[2]), bars[row][2]


@given(
    st.integers(0, 40),
    st.integers(0, 2**32),
    st.tuples(st.integers(1, 5), st.integers(1, 8), st.integers(1, 12)),
    st.integers(0, 6),
)
@settings(max_examples=50)
def test_ichimoku_cloud_equals_a_loop(
    rows: int, seed: int, windows: tuple[int, int, int], displacement: int
) -> None:
    bars = walk(rows, seed)
    conversion, base, span = windows
    cloud = ichimoku_cloud(
        HIGH,
        LOW,
        close=CLOSE,
        conversion_window=conversion,
        base_window=base,
        span_window=span,
        displacement=displacement,
    )
    answer = frame_of(bars).select(cloud).unnest("high")
    assert answer.columns == ["conversion", "base", "span_a", "span_b", "lagging"]
    expected = [cloud_by_loop(bars, row, windows, displacement) for row in range(rows)]
    for i, line in enumerate(answer):
        assert_near(line, [row[i] for row in expected], rel=1e-14)


@given(st.integers(1, 79), st.integers(0, 2**32))
@settings(max_examples=30)
def test_ichimoku_cloud_knows_nothing_of_later_bars(rows: int, seed: int) -> None:
    """What is cut off behind a row changes nothing in it."""
    frame = frame_of(walk(80, seed))
    cloud = ichimoku_cloud(HIGH, LOW, close=CLOSE)
    assert frame.select(cloud).head(rows).equals(frame.head(rows).select(cloud))


def test_ichimoku_cloud_looks_ahead_only_where_told() -> None:
    frame = frame_of(walk(10, 1))
    cloud = ichimoku_cloud(HIGH, LOW, close=CLOSE, displacement=3, look_ahead=True)
    lagging = frame.select(cloud.struct.field("lagging")).to_series().to_list()
    assert lagging == [*frame["close"].to_list()[3:], None, None, None]


@pytest.mark.parametrize("wrong", [-1, True, 2.0])
def test_ichimoku_cloud_given_a_wrong_displacement_raises_when_built(wrong: int) -> None:
    with pytest.raises(ParameterError, match="displacement"):
        ichimoku_cloud(HIGH, LOW, close=CLOSE, displacement=wrong)


def test_bollinger_bands_given_equal_prices_after_an_outlier_have_no_width() -> None:
    frame = pl.DataFrame({"close": [1e12, 3.7, *[0.1] * 30]})
    last = frame.select(bollinger_bands(CLOSE, window=5)).to_series()[-1]
    assert last["lower"] == last["middle"] == last["upper"] == pytest.approx(0.1, rel=1e-15)
    assert (last["percent_b"], last["bandwidth"]) == (None, 0.0)
