# SPDX-License-Identifier: Apache-2.0
"""Volatility: against the standard library, and null rather than wrong."""

import itertools
import math
import statistics

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    bipower_volatility,
    ewma_volatility,
    realized_volatility,
    rolling_bipower_volatility,
    volatility,
)

PRICE = st.floats(min_value=0.01, max_value=1e5)


def stdev_of_log_returns(prices: list[float]) -> float:
    return statistics.stdev(math.log(after / before) for before, after in itertools.pairwise(prices))


@given(st.lists(PRICE, min_size=3, max_size=40))
@settings(max_examples=50)
def test_volatility_equals_the_standard_library(prices: list[float]) -> None:
    answer = pl.DataFrame({"close": prices}).select(volatility(pl.col("close"))).item()
    assert answer == pytest.approx(stdev_of_log_returns(prices) * math.sqrt(252), rel=1e-10, abs=1e-13)


def test_volatility_given_one_return_is_null() -> None:
    assert pl.DataFrame({"close": [1.0, 2.0]}).select(volatility(pl.col("close"))).item() is None


@given(st.lists(PRICE, min_size=1, max_size=40), st.integers(min_value=2, max_value=10))
@settings(max_examples=50)
def test_realized_volatility_equals_a_loop_over_windows(prices: list[float], window: int) -> None:
    expression = realized_volatility(pl.col("close"), window=window, periods_per_year=12)
    answer = pl.DataFrame({"close": prices}).select(expression)["close"].to_list()
    expected = [
        stdev_of_log_returns(prices[i - window : i + 1]) * math.sqrt(12) for i in range(window, len(prices))
    ]
    assert answer[:window] == [None] * min(window, len(prices))
    assert answer[window:] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_realized_volatility_given_a_gap_is_null_until_the_window_is_whole_again() -> None:
    prices = [10.0, 11.0, 10.0, None, 12.0, 11.0, 12.0]
    expression = realized_volatility(pl.col("close"), window=2, periods_per_year=1)
    answer = pl.DataFrame({"close": prices}).select(expression.is_null())["close"].to_list()
    assert answer == [True, True, False, True, True, True, False]


def test_realized_volatility_scales_with_the_root_of_the_periods() -> None:
    frame = pl.DataFrame({"close": [10.0, 11.0, 10.5, 12.0]})
    yearly, daily = (
        frame.select(realized_volatility(pl.col("close"), window=3, periods_per_year=n)).to_series()[3]
        for n in (252, 1)
    )
    assert yearly == pytest.approx(daily * math.sqrt(252))


@pytest.mark.parametrize("window", [1, 0, -3, True, 2.0])
def test_realized_volatility_given_a_wrong_window_raises_when_built(window: object) -> None:
    with pytest.raises(ParameterError, match="window"):
        realized_volatility(pl.col("close"), window=window, periods_per_year=252)


@pytest.mark.parametrize("periods", [0, -252, math.nan, math.inf, True, "252"])
def test_volatility_given_wrong_periods_raises_when_built(periods: object) -> None:
    with pytest.raises(ParameterError, match="periods_per_year"):
        volatility(pl.col("close"), periods_per_year=periods)


def log_returns_of(prices: list[float | None]) -> list[float | None]:
    pairs = itertools.pairwise(prices)
    return [None, *(math.log(b / a) if a and b else None for a, b in pairs)]


@given(st.lists(st.one_of(PRICE, st.none()), min_size=1, max_size=40), st.sampled_from([0.5, 0.94, 0.97]))
@settings(max_examples=60)
def test_ewma_volatility_equals_the_recursion(prices: list[float | None], decay: float) -> None:
    """After a gap of k rows the old weight has decayed k + 1 times, and weights still add up to one."""
    expected, estimate, old = [], None, 1.0
    for change in log_returns_of(prices):
        old *= decay
        if change is not None:
            new = 1 - decay
            estimate = change**2 if estimate is None else (old * estimate + new * change**2) / (old + new)
            old = 1.0
        expected.append(None if change is None else math.sqrt(estimate * 252))
    frame = pl.DataFrame({"close": prices}, schema={"close": pl.Float64})
    answer = frame.select(ewma_volatility(pl.col("close"), decay=decay, periods_per_year=252)).to_series()
    assert answer.is_null().to_list() == [value is None for value in expected]
    # Squares of returns near the rounding of the logarithm have few digits, hence the absolute part.
    assert answer.drop_nulls().to_list() == pytest.approx(
        [value for value in expected if value is not None], rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("decay", [0, 1, -0.5, 94, math.nan, None])
def test_ewma_volatility_given_a_wrong_decay_raises_when_built(decay: object) -> None:
    with pytest.raises(ParameterError, match="decay"):
        ewma_volatility(pl.col("close"), decay=decay, periods_per_year=252)


@given(st.lists(st.one_of(PRICE, st.none()), min_size=1, max_size=30))
@settings(max_examples=60)
def test_bipower_volatility_equals_the_mean_of_products(prices: list[float | None]) -> None:
    pairs = itertools.pairwise(log_returns_of(prices))
    products = [abs(a) * abs(b) for a, b in pairs if a is not None and b is not None]
    frame = pl.DataFrame({"close": prices}, schema={"close": pl.Float64})
    answer = frame.select(bipower_volatility(pl.col("close"), periods_per_year=12)).item()
    if not products:
        assert answer is None
    else:
        expected = math.sqrt(12 * math.pi / 2 * statistics.fmean(products))
        assert answer == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_bipower_volatility_hardly_sees_a_jump() -> None:
    calm = [100.0 + i % 2 for i in range(200)]
    jumped = calm[:100] + [2 * price for price in calm[100:]]
    frame = pl.DataFrame({"calm": calm, "jumped": jumped})
    robust = frame.select(bipower_volatility(pl.all())).row(0)
    plain = frame.select(volatility(pl.all())).row(0)
    assert robust[1] / robust[0] < 1.5
    assert plain[1] / plain[0] > 4


def test_rolling_bipower_volatility_is_the_whole_one_of_each_window() -> None:
    prices = pl.Series("close", [100.0, 103.0, 101.0, 104.0, 104.0, 99.0, 100.0])
    answer = prices.to_frame().select(
        rolling_bipower_volatility(pl.col("close"), window=2, periods_per_year=252)
    )
    whole = [
        prices.slice(i - 3, 4).to_frame().select(bipower_volatility(pl.col("close"))).item()
        for i in range(3, 7)
    ]
    assert answer["close"].to_list()[:3] == [None] * 3
    assert answer["close"].to_list()[3:] == pytest.approx(whole)
