# SPDX-License-Identifier: Apache-2.0
"""Returns: the definition, what is null, what compounds to what, and groups."""

import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib import import_module
from itertools import accumulate, pairwise
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    annualized_return,
    cumulative_returns,
    excess_returns,
    intraday_returns,
    log_returns,
    log_to_simple,
    overnight_returns,
    simple_returns,
    simple_to_log,
)

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
            answers.append(math.log(price) - math.log(before) if log else price / before - 1)
    return answers


def assert_near(answer: list[float | None], expected: list[float | None]) -> None:
    assert [x is None for x in answer] == [x is None for x in expected]
    for x, y in zip(answer, expected, strict=True):
        # Logarithms of prices up to 1e9 carry an error of up to 4e-15, and a difference has two of them.
        assert x == y or math.isclose(x, y, rel_tol=1e-12, abs_tol=8e-15)


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


def test_returns_given_a_ratio_beyond_float_are_null_but_its_logarithm_is_known() -> None:
    prices = [1e-300, 1e300]
    assert column(prices, simple_returns(pl.col("close"))) == [None, None]
    assert column(prices, log_returns(pl.col("close")))[1] == pytest.approx(600 * math.log(10))


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


@given(PRICES, st.integers(min_value=1, max_value=5))
@settings(max_examples=60)
def test_returns_over_several_periods_look_at_the_two_ends_only(
    prices: list[float | None], periods: int
) -> None:
    for function in (simple_returns, log_returns):
        answer = column(prices, function(pl.col("close"), periods=periods))
        expected: list[float | None] = [None] * len(prices)
        for start in range(periods):
            expected[start::periods] = column(prices[start::periods], function(pl.col("close")))
        assert answer == expected


@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=40))
@settings(max_examples=60)
def test_cumulative_returns_equal_the_ratio_to_the_first_price(prices: list[float]) -> None:
    answer = column(prices, cumulative_returns(simple_returns(pl.col("close"))))
    # A step rounds 1 + r, an absolute 1e-16, which matters where prices all but vanish: 1 + r of 1e-9.
    expected = [None, *(price / prices[0] - 1 for price in prices[1:])]
    assert answer == [None, *(pytest.approx(x, rel=1e-5, abs=1e-5) for x in expected[1:])]


@given(st.lists(st.floats(min_value=-0.5, max_value=1.0), min_size=1, max_size=40))
@settings(max_examples=60)
def test_cumulative_returns_equal_exact_products(returns: list[float]) -> None:
    exact = list(accumulate(returns, lambda wealth, r: wealth * (1 + Fraction(r)), initial=Fraction(1)))[1:]
    answer = column(returns, cumulative_returns(pl.col("close")))
    for ours, wealth in zip(answer, exact, strict=True):
        # Two roundings a bar, relative to wealth.
        assert abs(Fraction(ours) - (wealth - 1)) <= Fraction(2.0**-52) * len(returns) * (wealth + 1)


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf, -1.5])
def test_cumulative_returns_never_bridge_a_gap(missing: float | None) -> None:
    answer = column([None, None, 0.5, 1.0, missing, 0.5], cumulative_returns(pl.col("close")))
    assert answer == [None, None, 0.5, 2.0, None, None]
    assert column([0.5, missing, 0.5], cumulative_returns(pl.col("close"))) == [0.5, None, None]


def test_cumulative_returns_given_a_total_loss_stay_there() -> None:
    assert column([0.5, -1.0, 3.0], cumulative_returns(pl.col("close"))) == [0.5, -1.0, -1.0]


def test_cumulative_returns_beyond_float_are_null() -> None:
    assert column([1e300, 1e300, -0.5, -1.0], cumulative_returns(pl.col("close"))) == [
        1e300,
        None,
        None,
        None,
    ]


@given(st.lists(st.tuples(*[st.floats(min_value=0.01, max_value=1e4)] * 2), min_size=2, max_size=30))
@settings(max_examples=60)
def test_overnight_and_intraday_returns_compound_to_the_whole(sessions: list[tuple[float, float]]) -> None:
    frame = pl.DataFrame(sessions, schema={"open": pl.Float64, "close": pl.Float64}, orient="row")
    answer = frame.select(
        a=overnight_returns(pl.col("open"), pl.col("close")),
        b=intraday_returns(pl.col("open"), pl.col("close")),
        whole=simple_returns(pl.col("close")),
    )
    compound = answer.select(((pl.col("a") + 1) * (pl.col("b") + 1)).alias("whole"))["whole"]
    # 1 + r rounds an absolute 1e-16 where r is near -1 (1e-6), then times up to 1e6.
    assert_series_equal(compound, answer["whole"] + 1, rel_tol=1e-9, abs_tol=1e-9)
    assert answer["a"][0] is None
    assert answer["b"].null_count() == 0


@pytest.mark.parametrize("broken", [None, math.nan, 0.0, -1.0, math.inf])
def test_overnight_and_intraday_returns_are_null_beside_an_unusable_price(broken: float | None) -> None:
    frame = pl.DataFrame({"open": [1.0, 1.0, 1.0], "close": [1.0, broken, 2.0]}, strict=False)
    prices = pl.col("open"), pl.col("close")
    assert frame.select(overnight_returns(*prices)).to_series().to_list() == [None, 0.0, None]
    assert frame.select(intraday_returns(*prices)).to_series().to_list() == [0.0, None, 1.0]


def test_excess_returns_take_a_number_or_a_rate_for_each_bar() -> None:
    frame = pl.DataFrame({"r": [0.5, None, math.inf, 1.0], "f": [0.25, 0.25, 0.25, math.nan]})
    assert frame.select(excess_returns(pl.col("r"), 0.25))["r"].to_list() == [0.25, None, None, 0.75]
    assert frame.select(excess_returns(pl.col("r"), pl.col("f")))["r"].to_list() == [0.25, None, None, None]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, None, "0.01", True])
def test_excess_returns_given_a_wrong_rate_raise_when_built(wrong: object) -> None:
    with pytest.raises(ParameterError, match="risk_free"):
        excess_returns(pl.col("r"), wrong)


@given(st.lists(st.floats(min_value=-0.9, max_value=2.0), min_size=1, max_size=40))
@settings(max_examples=60)
def test_annualized_return_compounds_back_to_the_whole(returns: list[float]) -> None:
    """Held for as many years as the sample is long, the rate gives the exact product of the sample."""
    rate = column(returns, annualized_return(pl.col("close"), periods_per_year=12))[0]
    exact = math.prod(1 + Fraction(r) for r in returns)
    years = len(returns) / 12
    # The power magnifies a relative rounding of 1e-16 by the exponent, and so does the rate's own rounding.
    assert math.log1p(rate) * years == pytest.approx(
        math.log(exact), rel=1e-9, abs=1e-12 * (1 + years / (1 + rate))
    )


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ([0.1, -1.0, 0.3], -1.0),
        ([0.1, -1.5, -3.0], None),
        ([-1.0, -1.5], None),
        ([], None),
        ([None, math.nan, math.inf], None),
        ([1e300], None),
        ([None, 0.0, math.nan], 0.0),
    ],
)
def test_annualized_return_given_a_total_loss_or_nothing(
    returns: list[float | None], expected: float | None
) -> None:
    assert column(returns, annualized_return(pl.col("close"), periods_per_year=252))[0] == expected


def test_annualized_return_of_a_long_sample_does_not_overflow() -> None:
    """The product of the sample is 2 to the power of 20,000; the rate is 1."""
    answer = column([1.0] * 20_000, annualized_return(pl.col("close"), periods_per_year=1))[0]
    assert answer == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("periods", [0, -1, math.nan, math.inf, "252", True])
def test_annualized_return_given_wrong_periods_raises_when_built(periods: object) -> None:
    with pytest.raises(ParameterError, match="periods_per_year"):
        annualized_return(pl.col("r"), periods_per_year=periods)


@pytest.mark.parametrize("periods", [0, -1, 1.0, True])
@pytest.mark.parametrize("function", [simple_returns, log_returns])
def test_returns_given_wrong_periods_raise_when_built(function: Function, periods: object) -> None:
    with pytest.raises(ParameterError, match="periods"):
        function(pl.col("close"), periods=periods)


@given(
    st.lists(
        st.floats(min_value=-0.99, max_value=1e3) | st.floats(min_value=-1e-9, max_value=1e-9), max_size=20
    )
)
@settings(max_examples=60)
def test_simple_to_log_and_back_keeps_even_small_returns(returns: list[float]) -> None:
    logs = column(returns, simple_to_log(pl.col("close")))
    assert logs == pytest.approx([math.log1p(r) for r in returns], rel=1e-14)
    back = column(logs, log_to_simple(pl.col("close")))
    # A log near -4.6 is known to 4e-16 of itself, and so to 4e-16 / 0.01 of the wealth that is left.
    assert back == pytest.approx(returns, rel=1e-13, abs=1e-300)


def test_simple_to_log_and_back_given_what_has_no_value_are_null() -> None:
    assert column([-1.0, -2.0, None, math.nan, math.inf], simple_to_log(pl.col("close"))) == [None] * 5
    assert column([1e3, None, math.nan, math.inf], log_to_simple(pl.col("close"))) == [None] * 4


FUNCTIONS = [
    partial(simple_returns, periods=2),
    partial(log_returns, periods=2),
    cumulative_returns,
    partial(excess_returns, risk_free=0.01),
    partial(annualized_return, periods_per_year=12),
    simple_to_log,
    log_to_simple,
    partial(overnight_returns, pl.col("value").shift(1)),
    partial(intraday_returns, pl.col("value").shift(1)),
]


@pytest.mark.parametrize("function", FUNCTIONS)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABC"), st.floats(0.1, 9) | st.sampled_from([None, math.nan, -0.5])),
        max_size=30,
    ),
    st.integers(min_value=0, max_value=30),
)
@settings(max_examples=15)
def test_functions_give_the_same_by_group_by_chunk_and_by_engine(
    function: Function, rows: list[tuple[str, float | None]], cut: int
) -> None:
    frame = pl.DataFrame(rows, schema={"symbol": pl.String, "value": pl.Float64}, orient="row")
    over = function(pl.col("value")).over("symbol").alias("answer")
    whole = frame.with_columns(over)
    for symbol in frame["symbol"].unique():
        alone = frame.filter(symbol=symbol).with_columns(function(pl.col("value")).alias("answer"))
        assert_series_equal(whole.filter(symbol=symbol)["answer"], alone["answer"])
    chunks = pl.concat([frame[:cut], frame[cut:]], rechunk=False)
    assert_series_equal(chunks.with_columns(over)["answer"], whole["answer"])
    for engine in ("in-memory", "streaming"):
        lazy = chunks.lazy().with_columns(over).collect(engine=engine)
        assert_series_equal(lazy["answer"], whole["answer"])


@pytest.fixture(scope="module")
def empyrical() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("empyrical")


def test_returns_of_real_prices_equal_those_of_empyrical(
    empyrical: ModuleType, published_bars: pl.DataFrame
) -> None:
    """Five companies from 2000 to 2013. The same conventions: 252 days, geometric, the first row left out."""
    for _, bars in published_bars.group_by("symbol"):
        prices = bars["adjusted_close"].to_list()
        returns = column(prices, simple_returns(pl.col("close")))[1:]
        array = pl.Series(returns).to_numpy()
        cumulative = column(returns, cumulative_returns(pl.col("close")))
        assert cumulative == pytest.approx(empyrical.cum_returns(array).tolist(), rel=1e-12, abs=1e-14)
        yearly = column(returns, annualized_return(pl.col("close"), periods_per_year=252))[0]
        assert yearly == pytest.approx(empyrical.annual_return(array), rel=1e-11)
        assert yearly == pytest.approx((prices[-1] / prices[0]) ** (252 / len(returns)) - 1, rel=1e-10)
        assert returns == pytest.approx([b / a - 1 for a, b in pairwise(prices)], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Float32(), pl.Decimal(10, 2), pl.Null()])
@pytest.mark.parametrize("function", FUNCTIONS[:-2])
def test_returns_of_any_numeric_type_are_float64_under_the_same_name(
    function: Function, dtype: pl.DataType
) -> None:
    numbers = pl.LazyFrame({"value": [None, None] if dtype == pl.Null() else [3, 1]}, schema={"value": dtype})
    expected = pl.Schema({"value": pl.Float64()})
    assert numbers.select(function(pl.col("value"))).collect_schema() == expected
    assert numbers.select(function(pl.col("value"))).collect().schema == expected


@pytest.mark.parametrize("first", [-1.5, math.nan, math.inf])
@pytest.mark.parametrize("before", [[], [None, None]], ids=["at once", "after nulls"])
def test_cumulative_returns_given_an_impossible_first_return_are_null(
    before: list[None], first: float
) -> None:
    answer = column([*before, first, 0.1, 0.1], cumulative_returns(pl.col("close")))
    assert answer == [None] * (len(before) + 3)
