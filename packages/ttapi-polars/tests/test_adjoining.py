# SPDX-License-Identifier: Apache-2.0
"""Compiled passes: the same as `over`, exact beside outliers, whatever the order of rows and the chunks."""

import math
from collections.abc import Callable
from fractions import Fraction
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from ttapi_core.errors import DataError
from ttapi_polars import (
    drawdown,
    ewma_volatility,
    realized_volatility,
    rolling_beta,
    rolling_yang_zhang_volatility,
    simple_returns,
    window_kernels,
)
from ttapi_polars.adjoining import borders

OPEN, HIGH, LOW, CLOSE, BY = (pl.col(name) for name in ("open", "high", "low", "close", "symbol"))
YEAR = {"periods_per_year": 252}
MEASURES: dict[str, Callable[[pl.Expr | None], pl.Expr]] = {
    "realized": lambda by: realized_volatility(CLOSE, window=4, **YEAR, by=by),
    "ewma": lambda by: ewma_volatility(CLOSE, **YEAR, by=by),
    "simple": lambda by: simple_returns(CLOSE, by=by),
    "simple of three": lambda by: simple_returns(CLOSE, periods=3, by=by),
    "drawdown": lambda by: drawdown(CLOSE, by=by),
    "beta": lambda by: rolling_beta(CLOSE, OPEN, window=3, by=by),
    "beta of prices": lambda by: rolling_beta(CLOSE, OPEN, window=3, by=by, of_prices=True),
    "yang_zhang": lambda by: rolling_yang_zhang_volatility(
        OPEN, HIGH, low=LOW, close=CLOSE, window=3, **YEAR, by=by
    ),
}
UNUSABLE = [None, 0.0, -1.0, math.nan, math.inf]


@st.composite
def panels(draw: st.DrawFn) -> pl.DataFrame:
    """Bars of a few symbols, one after the other, some of them unusable."""
    rows = []
    for symbol in draw(st.lists(st.sampled_from(["A", "B", "C", None]), unique=True, max_size=4)):
        for _ in range(draw(st.integers(1, 12))):
            o, c = draw(st.floats(90, 110)), draw(st.floats(90, 110))
            bar = [o, max(o, c) + draw(st.floats(0, 5)), min(o, c) - draw(st.floats(0, 5)), c]
            if draw(st.integers(0, 9)) == 0:
                bar[draw(st.integers(0, 3))] = draw(st.sampled_from(UNUSABLE))
            rows.append((symbol, *bar))
    floats = dict.fromkeys(("open", "high", "low", "close"), pl.Float64)
    return pl.DataFrame(rows, schema={"symbol": pl.String, **floats}, orient="row")


def values(frame: pl.DataFrame, expression: pl.Expr, engine: str = "in-memory") -> pl.Series:
    return frame.lazy().select(expression.alias("value")).collect(engine=engine).to_series()


@pytest.mark.parametrize("name", MEASURES)
@given(panel=panels())
@settings(max_examples=40)
def test_a_pass_equals_over(name: str, panel: pl.DataFrame) -> None:
    """They round differently: a deviation of 1e-2 by 1e-13, one of nothing by 1e-8, a slope on next to nothing
    by more.
    """
    compiled, plain = (values(panel, e) for e in (MEASURES[name](BY), MEASURES[name](None).over("symbol")))
    assert_series_equal(compiled, plain, rel_tol=1e-7, abs_tol=1e-7)


@pytest.mark.parametrize("name", MEASURES)
@given(panel=panels(), random=st.randoms(), engine=st.sampled_from(["in-memory", "streaming"]))
@settings(max_examples=25)
def test_neither_order_between_symbols_nor_chunks_change_a_digit(
    name: str, panel: pl.DataFrame, random: Random, engine: str
) -> None:
    """The rows of a symbol keep their order; those of others come between them."""
    turns = panel.with_columns(turn=pl.int_range(pl.len()).over("symbol")).sort("turn", maintain_order=True)
    cut = random.randint(0, panel.height)
    chunked = pl.concat([turns.head(cut), turns.slice(cut)], rechunk=False)
    mixed = chunked.select("symbol", "turn", values(chunked, MEASURES[name](BY), engine))
    together = panel.select("symbol", values(panel, MEASURES[name](BY))).with_columns(
        turn=pl.int_range(pl.len()).over("symbol")
    )
    joined = together.join(mixed, on=["symbol", "turn"], nulls_equal=True, how="left", maintain_order="left")
    assert_series_equal(joined["value"], joined["value_right"], check_names=False, check_exact=True)


@pytest.mark.parametrize("descending", [False, True])
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 1500)), max_size=12))
@settings(max_examples=40)
def test_borders_of_a_sorted_column_are_those_of_every_row(
    descending: bool, runs: list[tuple[int, int]]
) -> None:
    """One row in 1,024 is looked at, and stretches between two that differ are bisected."""
    labels = pl.Series([label for label, rows in runs for _ in range(rows)], dtype=pl.Int64)
    told = labels.sort(descending=descending)
    plain = pl.Series(told.to_list(), dtype=pl.Int64)
    assert told.is_empty() or any(told.flags.values())
    assert borders(told).tolist() == borders(plain).tolist()
    seen = told.to_list()
    changes = [i for i in range(len(seen)) if i == 0 or seen[i] != seen[i - 1]]
    assert borders(told).tolist() == [*(changes or [0]), *([len(seen)] if seen else [])]


def test_beta_of_prices_is_beta_of_their_returns_to_the_last_digit() -> None:
    panel = pl.DataFrame(
        {
            "symbol": ["A"] * 6 + ["B"] * 5,
            "close": [10.0, 11.0, 12.0, None, 11.0, 12.5, 5.0, 4.0, 0.0, 4.5, 5.0],
            "open": [0.01, 0.02, -0.01, 0.03, 0.0, 0.01, 0.02, -0.02, 0.01, 0.0, 0.03],
        }
    )
    at_once = values(panel, rolling_beta(CLOSE, OPEN, window=2, by=BY, of_prices=True))
    in_two = values(panel, rolling_beta(simple_returns(CLOSE, by=BY), OPEN, window=2, by=BY))
    assert_series_equal(at_once, in_two, check_exact=True)
    assert at_once.null_count() < len(at_once)


def test_many_symbols_are_taken_in_pieces_and_none_is_lost() -> None:
    symbols = pl.Series("symbol", [f"S{i:04d}" for i in range(3000)]).repeat_by(60).explode()
    close = (symbols.hash(seed=1) % 97 + 50).cast(pl.Float64) + pl.Series(range(symbols.len())) % 7
    panel = pl.DataFrame({"symbol": symbols, "close": close})
    compiled = values(panel, MEASURES["realized"](BY))
    assert compiled.null_count() == 3000 * 4
    assert_series_equal(compiled, values(panel, MEASURES["realized"](None).over("symbol")), rel_tol=1e-9)
    # Without a null, too: the array that a thread writes to is not the one that it gives away.
    whole = values(panel, MEASURES["drawdown"](BY))
    assert_series_equal(whole, values(panel, MEASURES["drawdown"](None).over("symbol")), rel_tol=1e-12)


def test_text_prices_are_refused_with_the_name_of_the_column() -> None:
    panel = pl.DataFrame({"symbol": ["A", "A"], "close": ["1", "2"]})
    with pytest.raises(DataError, match="'close': holds String, expected numbers"):
        values(panel, MEASURES["realized"](BY))


SOME = pl.DataFrame(
    {
        "symbol": ["B", "A", "B", "A", "B", "A", "B", "A"],
        "r": [0.01, 0.02, -0.01, 0.03, 0.0, 0.01, 0.02, -0.02],
        "b": [0.01, 0.0, 0.02, -0.01, 0.01, 0.02, 0.0, 0.01],
    }
)


@pytest.mark.parametrize(
    "by", [pl.col("symbol"), pl.col("symbol").sort(), pl.lit("A"), pl.col("symbol").first()]
)
@pytest.mark.parametrize("against", [pl.col("b").mean(), pl.lit(0.01), pl.col("b")])
def test_a_single_value_is_taken_for_every_row(by: pl.Expr, against: pl.Expr) -> None:
    """A constant benchmark has no slope; what is shared by all rows makes one instrument."""
    frame = SOME.with_columns(by=by, against=against)
    expected = values(frame, rolling_beta(pl.col("r"), pl.col("against"), window=3).over("by"))
    answer = values(SOME, rolling_beta(pl.col("r"), against, window=3, by=by))
    assert_series_equal(answer, expected, rel_tol=1e-12)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="columns of different lengths"):
        values(SOME, rolling_beta(pl.col("r"), pl.col("b").head(5), window=3, by=BY))


# ------------------------------------------------------------------------ kernels against exact arithmetic

OUTLIERS = st.one_of(
    st.integers(-(10**6), 10**6).map(lambda number: number / 1e6),
    st.sampled_from([1e12, -1e12, 1e-12, 0.1, 0.0, math.nan]),
)


def exact_variance(window: list[float]) -> Fraction:
    numbers = [Fraction(value) for value in window]
    mean = sum(numbers) / len(numbers)
    return sum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1)


def exact_beta(x: list[float], y: list[float]) -> Fraction | None:
    a, b = [Fraction(v) for v in x], [Fraction(v) for v in y]
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    square = sum((v - mean_b) ** 2 for v in b)
    cross = sum((u - mean_a) * (v - mean_b) for u, v in zip(a, b, strict=True))
    return cross / square if square else None


def windows(series: list[float], size: int) -> list[list[float] | None]:
    return [
        series[i - size + 1 : i + 1]
        if i >= size - 1 and not any(map(math.isnan, series[i - size + 1 : i + 1]))
        else None
        for i in range(len(series))
    ]


@given(st.lists(OUTLIERS, min_size=1, max_size=40), st.integers(2, 7))
@settings(max_examples=60)
def test_rolling_variance_is_exact_to_rounding_beside_outliers(series: list[float], size: int) -> None:
    """The error is a few roundings of the variance of that very window, whatever was in the one before."""
    out = np.empty(len(series))
    window_kernels.rolling_variance(np.array(series), np.array([0, len(series)]), size, out)
    for answer, window in zip(out.tolist(), windows(series, size), strict=True):
        if window is None:
            assert math.isnan(answer)
        else:
            exact = exact_variance(window)
            rounding = (
                max(abs(v) for v in window) * 2**-50
            ) ** 2 + 1e-300  # of the means, squared; underflow
            assert abs(Fraction(answer) - exact) <= exact * Fraction(1, 10**13) + Fraction(rounding)


@given(st.lists(OUTLIERS, min_size=1, max_size=40), st.integers(1, 7))
@settings(max_examples=60)
def test_rolling_mean_is_exact_to_rounding_beside_outliers(series: list[float], size: int) -> None:
    out = np.empty(len(series))
    window_kernels.rolling_mean(np.array(series), np.array([0, len(series)]), size, out)
    for answer, window in zip(out.tolist(), windows(series, size), strict=True):
        if window is None:
            assert math.isnan(answer)
        else:
            size_sum = sum(abs(Fraction(v)) for v in window)
            assert abs(Fraction(answer) - sum(map(Fraction, window)) / size) <= size_sum * Fraction(1, 10**15)


@given(st.lists(st.tuples(OUTLIERS, OUTLIERS), min_size=1, max_size=40), st.integers(2, 7))
@settings(max_examples=60)
def test_rolling_beta_is_exact_to_rounding_beside_outliers(
    pairs: list[tuple[float, float]], size: int
) -> None:
    x, y = [p[0] for p in pairs], [p[1] for p in pairs]
    out = np.empty(len(pairs))
    window_kernels.rolling_beta(np.array(x), np.array(y), np.array([0, len(pairs)]), size, out)
    for answer, left, right in zip(out.tolist(), windows(x, size), windows(y, size), strict=True):
        if left is None or right is None or exact_beta(left, right) is None:
            assert math.isnan(answer)
            continue
        exact = exact_beta(left, right)
        assert exact is not None
        # Cauchy-Schwarz bounds the slope by the ratio of deviations; roundings are of that size.
        bound = Fraction(math.sqrt(exact_variance(left) / exact_variance(right)))
        condition = Fraction(max(abs(v) for v in right)) ** 2 / exact_variance(right)
        assert abs(Fraction(answer) - exact) <= bound * (Fraction(1, 10**12) + condition * Fraction(2) ** -48)
