# SPDX-License-Identifier: Apache-2.0
"""Volatility from whole bars: against sums written out, and bars that are none."""

import math
import statistics
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ttapi_polars as tp
from ttapi_core.errors import ParameterError


class Bar(NamedTuple):
    open: float
    high: float
    low: float
    close: float


LOG = st.floats(min_value=-0.2, max_value=0.2)


@st.composite
def sound_bars(draw: st.DrawFn, min_size: int = 3) -> list[Bar]:
    bars, level = [], 100.0
    for jump, move, above, below in draw(
        st.lists(st.tuples(LOG, LOG, LOG, LOG), min_size=min_size, max_size=25)
    ):
        open_ = level * math.exp(jump)
        level = open_ * math.exp(move)
        high, low = max(open_, level) * math.exp(abs(above)), min(open_, level) * math.exp(-abs(below))
        bars.append(Bar(open_, high, low, level))
    return bars


def parkinson(bars: list[Bar]) -> float:
    return statistics.fmean(math.log(b.high / b.low) ** 2 for b in bars) / (4 * math.log(2))


def garman_klass(bars: list[Bar]) -> float:
    return statistics.fmean(
        math.log(b.high / b.low) ** 2 / 2 - (2 * math.log(2) - 1) * math.log(b.close / b.open) ** 2
        for b in bars
    )


def rogers_satchell(bars: list[Bar]) -> float:
    return statistics.fmean(
        math.log(b.high / b.close) * math.log(b.high / b.open)
        + math.log(b.low / b.close) * math.log(b.low / b.open)
        for b in bars
    )


def yang_zhang(bars: list[Bar]) -> float:
    """The first bar lends its close and nothing else."""
    used = bars[1:]
    n = len(used)
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    overnight = statistics.variance(math.log(b.open / a.close) for a, b in pairwise(bars))
    intraday = statistics.variance(math.log(b.close / b.open) for b in used)
    return overnight + k * intraday + (1 - k) * rogers_satchell(used)


OPEN, HIGH, LOW, CLOSE = (pl.col(name) for name in Bar._fields)
WHOLE: dict[str, tuple[pl.Expr, Callable[[list[Bar]], float]]] = {
    "parkinson": (tp.parkinson_volatility(HIGH, LOW), parkinson),
    "garman_klass": (tp.garman_klass_volatility(OPEN, HIGH, low=LOW, close=CLOSE), garman_klass),
    "rogers_satchell": (tp.rogers_satchell_volatility(OPEN, HIGH, low=LOW, close=CLOSE), rogers_satchell),
    "yang_zhang": (tp.yang_zhang_volatility(OPEN, HIGH, low=LOW, close=CLOSE), yang_zhang),
}
BARS_BEFORE = {"yang_zhang": 1}


def rolling(name: str, window: int) -> pl.Expr:
    bar = {"low": LOW, "close": CLOSE, "window": window, "periods_per_year": 252}
    if name == "parkinson":
        return tp.rolling_parkinson_volatility(HIGH, LOW, window=window, periods_per_year=252)
    return {
        "garman_klass": tp.rolling_garman_klass_volatility,
        "rogers_satchell": tp.rolling_rogers_satchell_volatility,
        "yang_zhang": tp.rolling_yang_zhang_volatility,
    }[name](OPEN, HIGH, **bar)


def frame_of(bars: list[Bar]) -> pl.DataFrame:
    return pl.DataFrame(bars, schema=dict.fromkeys(Bar._fields, pl.Float64), orient="row")


# A sum of squares that all but vanishes has the rounding of the logarithms, 1e-16 each, in it: hence `abs`.
SLACK = {"rel": 1e-9, "abs": 1e-7}


@pytest.mark.parametrize("name", WHOLE)
@given(bars=sound_bars())
@settings(max_examples=40)
def test_whole_sample_equals_the_sum_written_out(name: str, bars: list[Bar]) -> None:
    expression, reference = WHOLE[name]
    answer = frame_of(bars).select(expression).item()
    assert answer == pytest.approx(math.sqrt(252 * max(reference(bars), 0)), **SLACK)


@pytest.mark.parametrize("name", WHOLE)
@given(bars=sound_bars(), window=st.integers(2, 6))
@settings(max_examples=30)
def test_rolling_is_the_whole_sample_of_each_window(name: str, bars: list[Bar], window: int) -> None:
    reach = window + BARS_BEFORE.get(name, 0)
    answer = frame_of(bars).select(rolling(name, window)).to_series().to_list()
    assert answer[: reach - 1] == [None] * min(reach - 1, len(bars))
    expected = [
        math.sqrt(252 * max(WHOLE[name][1](bars[i - reach + 1 : i + 1]), 0))
        for i in range(reach - 1, len(bars))
    ]
    assert answer[reach - 1 :] == pytest.approx(expected, **SLACK)


GOOD = [
    Bar(100, 102, 99, 101),
    Bar(101, 103, 100, 102),
    Bar(102, 102.5, 100, 100.5),
    Bar(100, 101, 99, 100.5),
]
UNSOUND = [
    Bar(100, 99, 102, 101),
    Bar(0, 102, 0, 101),
    Bar(-100, 102, -101, 101),
    Bar(math.nan, 102, 99, math.nan),
    Bar(100, math.inf, 99, 101),
]


# Parkinson's estimate sees high and low alone.
LEFT_OUT = [
    (name, bad)
    for name in WHOLE
    for bad in UNSOUND
    if name != "parkinson" or not 0 < bad.low <= bad.high < math.inf
]


@pytest.mark.parametrize(("name", "bad"), LEFT_OUT)
def test_a_bar_that_is_none_is_left_out_whole(name: str, bad: Bar) -> None:
    expression, reference = WHOLE[name]
    answer = frame_of([bad, *GOOD]).select(expression).item()
    assert answer == pytest.approx(math.sqrt(252 * reference(GOOD)))


@pytest.mark.parametrize("name", ["garman_klass", "rogers_satchell", "yang_zhang"])
@pytest.mark.parametrize("bad", [Bar(103, 102, 99, 101), Bar(100, 102, 99, 98)])
def test_an_open_or_close_outside_the_range_makes_the_bar_unusable(name: str, bad: Bar) -> None:
    expression, reference = WHOLE[name]
    answer = frame_of([bad, *GOOD]).select(expression).item()
    assert answer == pytest.approx(math.sqrt(252 * reference(GOOD)))


@pytest.mark.parametrize("name", WHOLE)
def test_rolling_given_a_bad_bar_is_null_until_it_is_out_of_the_window(name: str) -> None:
    answer = frame_of([*GOOD, Bar(100, 99, 102, 101), *GOOD]).select(rolling(name, 2)).to_series()
    before = BARS_BEFORE.get(name, 0)
    known = [i >= 1 + before and not 4 <= i <= 5 + before for i in range(9)]
    assert answer.is_not_null().to_list() == known


@pytest.mark.parametrize("name", WHOLE)
def test_prices_in_another_currency_give_the_same(name: str) -> None:
    scaled = [Bar(*(price * 1024 for price in bar)) for bar in GOOD]
    expression = WHOLE[name][0]
    assert frame_of(scaled).select(expression).item() == pytest.approx(
        frame_of(GOOD).select(expression).item()
    )


@pytest.mark.parametrize("name", WHOLE)
def test_no_bars_give_null(name: str) -> None:
    assert frame_of([]).select(WHOLE[name][0]).item() is None
    assert frame_of([]).select(rolling(name, 2)).height == 0


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("window", [0, -1, True, 2.0])
def test_a_wrong_window_raises_when_built(name: str, window: object) -> None:
    with pytest.raises(ParameterError, match="window"):
        rolling(name, window)


def test_yang_zhang_given_a_window_of_one_raises() -> None:
    with pytest.raises(ParameterError, match="at least 2"):
        rolling("yang_zhang", 1)
