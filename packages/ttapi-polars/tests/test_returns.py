# SPDX-License-Identifier: Apache-2.0
"""Returns: the definition, what is null, and groups."""

import math
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_polars import log_returns, simple_returns

Function = Callable[[pl.Expr], pl.Expr]
PRICES = st.lists(
    st.one_of(
        st.floats(min_value=1e-6, max_value=1e9),
        st.sampled_from([None, 0.0, -1.0, math.nan, math.inf, -math.inf]),
    ),
    max_size=30,
)


def usable(price: float | None) -> bool:
    return price is not None and math.isfinite(price) and price > 0


def naive_returns(prices: list[float | None], *, log: bool) -> list[float | None]:
    answers: list[float | None] = []
    for i, price in enumerate(prices):
        before = prices[i - 1] if i else None
        if not usable(price) or not usable(before):
            answers.append(None)
        else:
            answers.append(math.log(price / before) if log else price / before - 1)
    return answers


def assert_near(answer: list[float | None], expected: list[float | None]) -> None:
    assert [x is None for x in answer] == [x is None for x in expected]
    for x, y in zip(answer, expected, strict=True):
        assert x == y or math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-15)


def column(prices: list[float | None], expression: pl.Expr) -> list[float | None]:
    frame = pl.DataFrame({"close": prices}, schema={"close": pl.Float64})
    return frame.select(expression)["close"].to_list()


@given(PRICES)
@settings(max_examples=60)
def test_simple_returns_equals_the_definition_row_by_row(prices: list[float | None]) -> None:
    answer = column(prices, simple_returns(pl.col("close")))
    assert_near(answer, naive_returns(prices, log=False))


@given(PRICES)
@settings(max_examples=60)
def test_log_returns_equals_the_definition_row_by_row(prices: list[float | None]) -> None:
    answer = column(prices, log_returns(pl.col("close")))
    assert_near(answer, naive_returns(prices, log=True))


@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=2, max_size=30))
@settings(max_examples=40)
def test_log_returns_add_up_to_the_return_of_the_whole(prices: list[float]) -> None:
    total = sum(column(prices, log_returns(pl.col("close")))[1:])
    assert total == pytest.approx(math.log(prices[-1] / prices[0]), abs=1e-12)


@pytest.mark.parametrize("function", [simple_returns, log_returns])
def test_returns_given_a_ratio_beyond_float_are_null(function: Function) -> None:
    assert column([1e-300, 1e300], function(pl.col("close"))) == [None, None]


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Float32(), pl.Decimal(10, 2)])
def test_returns_given_any_numeric_type_are_float64(dtype: pl.DataType) -> None:
    frame = pl.DataFrame({"close": [100, 50]}).cast({"close": dtype})
    answer = frame.select(simple_returns(pl.col("close")))["close"]
    assert answer.dtype == pl.Float64
    assert answer.to_list() == [None, -0.5]


@pytest.mark.parametrize("function", [simple_returns, log_returns])
def test_returns_over_symbol_never_cross_from_one_to_the_next(function: Function) -> None:
    """Interleaving the rows of two symbols changes nothing for either."""
    a, b = [10.0, 11.0, 12.5], [200.0, 180.0, 190.0]
    mixed = pl.DataFrame(
        {"symbol": ["A", "B"] * 3, "close": [x for pair in zip(a, b, strict=True) for x in pair]}
    )
    answer = mixed.with_columns(function(pl.col("close")).over("symbol"))
    assert answer.filter(symbol="A")["close"].to_list() == column(a, function(pl.col("close")))
    assert answer.filter(symbol="B")["close"].to_list() == column(b, function(pl.col("close")))


def test_returns_given_no_rows_have_no_rows() -> None:
    assert column([], log_returns(pl.col("close"))) == []
