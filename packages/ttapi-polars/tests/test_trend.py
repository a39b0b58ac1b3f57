# SPDX-License-Identifier: Apache-2.0
"""Trend: against TA-Lib, ties and stops."""

import numpy as np
import polars as pl
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import aroon, average_directional_index, parabolic_sar

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
def test_average_directional_index_equals_talib(stock: pl.DataFrame, window: int) -> None:
    index = average_directional_index(HIGH, LOW, close=CLOSE, window=window)
    answer = stock.select(index).unnest("high")
    assert answer.columns == ["plus_di", "minus_di", "adx"]
    prices = arrays(stock, "high", "low", "close")
    for line, function in zip(answer, [talib.PLUS_DI, talib.MINUS_DI, talib.ADX], strict=True):
        assert_same(line, function(*prices, window))


@ON_WINDOWS
def test_aroon_equals_talib(stock: pl.DataFrame, window: int) -> None:
    answer = stock.select(aroon(HIGH, LOW, window=window)).unnest("high")
    assert answer.columns == ["up", "down", "oscillator"]
    prices = arrays(stock, "high", "low")
    down, up = talib.AROON(*prices, window)
    for line, expected in zip(answer, [up, down, talib.AROONOSC(*prices, window)], strict=True):
        assert_same(line, expected)


@given(st.lists(st.integers(1, 3).map(float), min_size=1, max_size=40), st.integers(2, 8))
@settings(max_examples=60)
def test_aroon_given_ties_takes_the_most_recent_as_talib_does(prices: list[float], window: int) -> None:
    frame = pl.DataFrame({"high": prices, "low": prices})
    answer = frame.select(aroon(HIGH, LOW, window=window)).unnest("high")
    values = frame["high"].to_numpy()
    down, up = talib.AROON(values, values, window)
    for line, expected in ((answer["up"], up), (answer["down"], down)):
        assert_near(line, [None if np.isnan(x) else x for x in expected], rel=1e-15)


@pytest.mark.parametrize(("acceleration", "maximum"), [(0.02, 0.2), (0.05, 0.5), (0.1, 0.1)])
def test_parabolic_sar_equals_talib(stock: pl.DataFrame, acceleration: float, maximum: float) -> None:
    stop = parabolic_sar(HIGH, LOW, acceleration=acceleration, maximum=maximum)
    answer = stock.select(stop).to_series()
    assert_same(answer, talib.SAR(*arrays(stock, "high", "low"), acceleration, maximum))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), min_size=2, max_size=40))
@settings(max_examples=60)
def test_parabolic_sar_given_ties_and_jumps_equals_talib(bars: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame({"low": [low for low, _ in bars], "high": [low + size for low, size in bars]})
    frame = frame.cast(pl.Float64)
    answer = frame.select(parabolic_sar(HIGH, LOW)).to_series()
    assert_same(answer, talib.SAR(frame["high"].to_numpy(), frame["low"].to_numpy()))


def test_average_directional_index_given_no_range_is_null_where_talib_says_nought() -> None:
    frame = pl.DataFrame(dict.fromkeys(["high", "low", "close"], [5.0] * 12))
    answer = frame.select(average_directional_index(HIGH, LOW, close=CLOSE, window=3)).unnest("high")
    assert answer.null_count().row(0) == (12, 12, 12)
    flat = frame["high"].to_numpy()
    assert np.nanmax(talib.PLUS_DI(flat, flat, flat, 3)) == np.nanmax(talib.ADX(flat, flat, flat, 3)) == 0


@pytest.mark.parametrize("wrong", [0, -0.1, float("nan"), float("inf"), True, "0.02", None])
@pytest.mark.parametrize("parameter", ["acceleration", "maximum"])
def test_parabolic_sar_given_a_wrong_share_raises_when_built(parameter: str, wrong: float) -> None:
    with pytest.raises(ParameterError, match=parameter):
        parabolic_sar(HIGH, LOW, **{parameter: wrong})


@pytest.mark.parametrize(("acceleration", "maximum"), [(0.3, 0.2), (0.02, 1.5)])
def test_parabolic_sar_given_shares_out_of_order_raises_when_built(
    acceleration: float, maximum: float
) -> None:
    with pytest.raises(ParameterError):
        parabolic_sar(HIGH, LOW, acceleration=acceleration, maximum=maximum)
