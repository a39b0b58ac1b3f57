# SPDX-License-Identifier: Apache-2.0
"""Flow of volume and money: against TA-Lib, and exact totals."""

import math

import numpy as np
import polars as pl
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_polars import money_flow_index, on_balance_volume

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


def test_on_balance_volume_equals_talib_to_the_last_digit(stock: pl.DataFrame) -> None:
    answer = stock.select(on_balance_volume(CLOSE, VOLUME)).to_series()
    assert_same(answer, talib.OBV(*arrays(stock, "close", "volume")), tolerance=0)


@ON_WINDOWS
def test_money_flow_index_equals_talib(stock: pl.DataFrame, window: int) -> None:
    """Where no money was traded at a changed price TA-Lib says 0; here it is null."""
    index = money_flow_index(HIGH, LOW, close=CLOSE, volume=VOLUME, window=window)
    answer = stock.select(index).to_series()
    expected = talib.MFI(*arrays(stock, "high", "low", "close", "volume"), window)
    change = np.diff(sum(arrays(stock, "high", "low", "close")), prepend=0.0)
    unmoved = np.ptp([np.roll(change, i) for i in range(window)], axis=0) == 0
    expected[unmoved & (change == 0)] = np.nan
    assert_same(answer, expected)


def balance_by_loop(closes: list[float | None], volumes: list[int | None]) -> list[int | None]:
    total: int | None = None
    answers: list[int | None] = []
    before = 0.0
    for close, volume in zip(closes, volumes, strict=True):
        if close is None or volume is None:
            total = None
        elif total is None:
            total, before = volume, close
        else:
            total, before = total + volume * ((close > before) - (close < before)), close
        answers.append(total)
    return answers


ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 4).map(float)), st.one_of(st.none(), st.integers(0, 10**12))
    ),
    max_size=40,
)


@given(ROWS)
@settings(max_examples=60)
def test_on_balance_volume_given_gaps_starts_anew_with_exact_totals(
    rows: list[tuple[float | None, int | None]],
) -> None:
    closes, volumes = [close for close, _ in rows], [volume for _, volume in rows]
    frame = pl.DataFrame(
        {"close": closes, "volume": volumes}, schema={"close": pl.Float64, "volume": pl.Int64}
    )
    assert frame.select(on_balance_volume(CLOSE, VOLUME)).to_series().to_list() == balance_by_loop(
        closes, volumes
    )


def test_on_balance_volume_beyond_exact_numbers_is_null_until_the_next_gap() -> None:
    frame = pl.DataFrame(
        {"close": [1.0, 2.0, 3.0, 1.0, None, 2.0], "volume": [1.0, 2.0**53, 1.0, 2.0**53, 1.0, 1.0]}
    )
    answer = frame.select(on_balance_volume(CLOSE, VOLUME)).to_series().to_list()
    assert answer == [1.0, None, None, None, None, 1.0]


def test_on_balance_volume_after_inexact_totals_is_exact_after_the_next_gap() -> None:
    volumes = [2.0**53 - 1, 7.0, 2.0**60, 0.0, 3.0, 5.5, 2.0**53, 0.0, 11.0]
    closes = [1.0, 2.0, 3.0, None, 1.0, 2.0, 3.0, None, 4.0]
    frame = pl.DataFrame({"close": closes, "volume": volumes})
    answer = frame.select(on_balance_volume(CLOSE, VOLUME)).to_series().to_list()
    assert answer == [2.0**53 - 1, None, None, None, 3.0, 8.5, None, None, 11.0]


def test_money_flow_index_given_no_money_is_null_where_talib_says_nought() -> None:
    frame = pl.DataFrame(
        {name: [3.0, 4.0, 5.0, 4.0, 5.0] for name in ("high", "low", "close")} | {"volume": [0.0] * 5}
    )
    answer = frame.select(money_flow_index(HIGH, LOW, close=CLOSE, volume=VOLUME, window=2)).to_series()
    assert answer.null_count() == 5
    assert talib.MFI(*(frame[name].to_numpy() for name in frame.columns), 2)[2:].tolist() == [0.0] * 3


def test_money_flow_index_does_not_take_rounding_for_a_movement() -> None:
    """The first two bars have the same typical price on paper, and not in floats."""
    frame = pl.DataFrame(
        {"high": [10.03, 10.03, 10.4], "low": [10.01, 10.0, 10.1], "close": [10.02, 10.03, 10.3]}
    )
    sums = frame.select(HIGH + LOW + CLOSE).to_series()
    assert 0 < sums[1] - sums[0] < 1e-14
    index = money_flow_index(HIGH, LOW, close=CLOSE, volume=pl.lit(100.0), window=2)
    assert frame.select(index).to_series().to_list() == [None, None, 100.0]
    falling = frame.with_columns(low=pl.Series([10.01, 10.0, 9.0]))
    assert falling.select(index).to_series().to_list() == [None, None, 0.0]


@pytest.mark.parametrize("volume", [None, math.nan, math.inf, -1.0])
def test_flows_given_an_unusable_volume_are_null_there(volume: float | None) -> None:
    frame = pl.DataFrame(
        {"close": [1.0, 2.0, 3.0, 4.0], "volume": [1.0, 1.0, volume, 1.0]},
        schema_overrides={"volume": pl.Float64},
    )
    assert frame.select(on_balance_volume(CLOSE, VOLUME)).to_series().to_list() == [1.0, 2.0, None, 1.0]
    index = money_flow_index(CLOSE, CLOSE, close=CLOSE, volume=VOLUME, window=2)
    assert frame.select(index).to_series().null_count() == 4
