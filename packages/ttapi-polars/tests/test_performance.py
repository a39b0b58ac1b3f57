# SPDX-License-Identifier: Apache-2.0
"""Sortino, Calmar, omega and tail ratios: against exact fractions, real prices and empyrical."""

import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib import import_module
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    annualized_return,
    calmar_ratio,
    omega_ratio,
    rolling_sortino_ratio,
    simple_returns,
    sortino_ratio,
    tail_ratio,
)

Function = Callable[[pl.Expr], pl.Expr]
R = pl.col("r")
EPSILON = 2.0**-52
UNUSABLE = [None, math.nan, math.inf, -math.inf]
RETURN = st.floats(min_value=-0.5, max_value=0.5) | st.sampled_from([0.1, 0.01, 0.0, -1.0, 1e12, -1e12])
RETURNS = st.lists(RETURN | st.sampled_from(UNUSABLE), max_size=30)


def column(returns: list[float | None], expression: pl.Expr) -> list[float | None]:
    return pl.DataFrame({"r": returns}, schema={"r": pl.Float64}).select(expression)["r"].to_list()


def usable(returns: list[float | None]) -> list[float]:
    return [r for r in returns if r is not None and math.isfinite(r)]


def has_losses(returns: list[float]) -> bool:
    return len(returns) >= 2 and min(returns) < -64 * EPSILON * (1 + max(map(abs, returns)))


def exact_downside(returns: list[float]) -> float:
    return math.sqrt(sum(min(Fraction(r), Fraction(0)) ** 2 for r in returns) / len(returns))


def check_sortino(ours: float | None, returns: list[float], *, factor: float) -> None:
    if not has_losses(returns):
        assert ours is None
        return
    downside = exact_downside(returns)
    expected = float(sum(map(Fraction, returns)) / len(returns)) / downside
    # What rounding the largest return may do to the mean and to the squares, in units of the downside.
    error = EPSILON * len(returns) * max(map(abs, returns)) / downside * (1 + abs(expected))
    assert abs(ours - expected) <= factor * error


@given(RETURNS)
@settings(max_examples=60)
def test_sortino_ratio_equals_exact_fractions(returns: list[float | None]) -> None:
    check_sortino(column(returns, sortino_ratio(R, periods_per_year=1))[0], usable(returns), factor=4)


@given(RETURNS, st.integers(min_value=2, max_value=6))
@settings(max_examples=60)
def test_rolling_sortino_ratio_equals_exact_fractions_of_each_window(
    returns: list[float | None], window: int
) -> None:
    """Values of 1e12 that have left a window leave no trace in it."""
    answer = column(returns, rolling_sortino_ratio(R, window=window, periods_per_year=1))
    assert len(answer) == len(returns)
    for i, ours in enumerate(answer):
        inside = usable(returns[max(0, i + 1 - window) : i + 1])
        if len(inside) < window:
            assert ours is None
        else:
            check_sortino(ours, inside, factor=4)


def test_rolling_sortino_ratio_forgets_a_square_beyond_float() -> None:
    answer = column([-1e300, 0.1, -0.1, 0.2], rolling_sortino_ratio(R, window=2, periods_per_year=1))
    assert answer[:2] == [None, None]
    assert answer[2:] == pytest.approx([0.0, 0.05 / math.sqrt(0.005)], abs=1e-15)


@given(RETURNS, st.sampled_from([0.0, 0.01, -0.25]))
@settings(max_examples=60)
def test_omega_ratio_equals_exact_fractions(returns: list[float | None], threshold: float) -> None:
    ours = column(returns, omega_ratio(R, threshold=threshold))[0]
    above = [r - threshold for r in usable(returns)]
    if not has_losses(above):
        assert ours is None
        return
    gains = sum(max(Fraction(r), Fraction(0)) for r in above)
    losses = sum(max(-Fraction(r), Fraction(0)) for r in above)
    assert ours == pytest.approx(float(gains / losses), rel=2 * EPSILON * len(above))


def exact_depth(returns: list[float]) -> Fraction:
    wealth, peak, depth = Fraction(1), Fraction(1), Fraction(0)
    for r in returns:
        wealth *= 1 + Fraction(r)
        peak = max(peak, wealth)
        depth = max(depth, 1 - wealth / peak)
    return depth


@given(st.lists(st.floats(min_value=-0.5, max_value=1.0) | st.sampled_from(UNUSABLE), max_size=25))
@settings(max_examples=60)
def test_calmar_ratio_equals_exact_fractions(returns: list[float | None]) -> None:
    ours, known = column(returns, calmar_ratio(R, periods_per_year=12))[0], usable(returns)
    depth = exact_depth(known)
    if depth < 1e-14:
        assert ours is None
    elif depth > 2e-14:  # between the two, rounding decides
        wealth = math.prod(1 + Fraction(r) for r in known)
        rate = math.expm1(math.log(wealth) * 12 / len(known))
        # Logarithms add up to within 1e-14, which a power of 12 and a shallow depth magnify.
        assert ours == pytest.approx(
            rate / float(depth), rel=1e-12 + 1e-14 / float(depth), abs=1e-14 / float(depth)
        )


@pytest.mark.parametrize(
    ("returns", "expected"),
    [([0.1, -1.0, 0.3], -1.0), ([0.1, -1.5, 0.3], None), ([0.1, 0.2], None), ([0.0], None), ([], None)],
)
def test_calmar_ratio_given_a_total_loss_or_no_loss(returns: list[float], expected: float | None) -> None:
    assert column(returns, calmar_ratio(R)) == [expected]


def test_calmar_ratio_counts_a_fall_from_the_start() -> None:
    """The first return is a loss: the highest wealth before it is the starting value."""
    assert column([-0.5, 1.0], calmar_ratio(R, periods_per_year=2))[0] == pytest.approx(0.0, abs=1e-15)
    assert column([-0.5, 0.5], calmar_ratio(R, periods_per_year=2))[0] == pytest.approx(-0.25 / 0.5)


def exact_quantile(returns: list[float], probability: float) -> Fraction:
    values = sorted(map(Fraction, returns))
    position = (len(values) - 1) * Fraction(probability)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])


@given(RETURNS, st.sampled_from([0.05, 0.1, 0.25, 0.4]))
@settings(max_examples=60)
def test_tail_ratio_equals_exact_quantiles(returns: list[float | None], tail: float) -> None:
    ours, known = column(returns, tail_ratio(R, tail=tail))[0], usable(returns)
    if not known:
        assert ours is None
        return
    lower, upper = exact_quantile(known, tail), exact_quantile(known, 1 - tail)
    noise = EPSILON * len(known) * max(map(abs, known))
    if lower < -(64 * EPSILON * (1 + upper) + noise) and upper > noise:
        relative = noise / float(min(-lower, upper))
        assert ours == pytest.approx(float(upper / -lower), rel=4 * (relative + EPSILON))
    elif lower > noise or upper < -noise:
        assert ours is None


@pytest.mark.parametrize("returns", [[0.1, 0.2, 0.3], [-0.1, -0.2], [0.0] * 5, [0.1], [], [0.1] * 100])
def test_tail_ratio_without_two_tails_is_null(returns: list[float]) -> None:
    assert column(returns, tail_ratio(R)) == [None]


@pytest.mark.parametrize("value", [0.1, 0.01, 0.0, 1 / 3, 1e12])
@pytest.mark.parametrize(
    "function", [sortino_ratio, calmar_ratio, omega_ratio, partial(rolling_sortino_ratio, window=3)]
)
def test_ratios_of_constant_gains_are_null(function: Function, value: float) -> None:
    """There is no loss to divide by; at a target of the gain itself there is none either."""
    assert set(column([value] * 100, function(R))) == {None}


@pytest.mark.parametrize("growth", [1.01, 1.0001, 1.5])
def test_ratios_at_a_target_that_prices_meet_but_for_rounding_are_null(growth: float) -> None:
    prices, rate = [1e3 * growth**i for i in range(300)], growth - 1
    for ratio in (
        sortino_ratio(simple_returns(R), target=rate),
        rolling_sortino_ratio(simple_returns(R), window=5, target=rate),
        omega_ratio(simple_returns(R), threshold=rate),
        calmar_ratio(simple_returns(R)),
    ):
        assert set(column(prices, ratio)) == {None}


@given(st.lists(st.floats(min_value=-0.4, max_value=0.4), min_size=2, max_size=20))
@settings(max_examples=40)
def test_sortino_and_omega_do_not_depend_on_the_stake(returns: list[float]) -> None:
    returns = [*returns, -0.1]
    doubled = [2 * r for r in returns]
    for function in (sortino_ratio, omega_ratio, tail_ratio):
        ours, twice = column(returns, function(R))[0], column(doubled, function(R))[0]
        if ours is None or twice is None:
            # The lower quantile is no loss, or one that rounding alone may make at the smaller stake.
            assert function is tail_ratio
        else:
            assert ours == pytest.approx(twice, rel=1e-13)
    daily, yearly = (column(returns, sortino_ratio(R, periods_per_year=n))[0] for n in (1, 256))
    assert yearly == pytest.approx(16 * daily, rel=1e-15)


def test_a_target_for_each_row_gives_what_its_excess_gives() -> None:
    frame = pl.DataFrame({"r": [0.5, 0.25, None, 1.0, -0.5], "f": [0.25, 0.5, 0.25, None, 0.125]})
    above = frame.select((R - pl.col("f")).alias("r"))
    by_row = frame.select(
        sortino_ratio(R, target=pl.col("f")).alias("a"),
        omega_ratio(R, threshold=pl.col("f")).alias("b"),
        rolling_sortino_ratio(R, window=2, target=pl.col("f")).alias("c"),
    )
    expected = above.select(sortino_ratio(R).alias("a"), omega_ratio(R).alias("b"))
    assert_frame_equal(by_row.select("a", "b").head(1), expected)
    assert_series_equal(by_row["c"], above.select(rolling_sortino_ratio(R, window=2).alias("c"))["c"])


@pytest.fixture(scope="module")
def empyrical() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("empyrical")


@pytest.mark.parametrize("symbol", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_ratios_of_real_prices_equal_those_of_empyrical(
    empyrical: ModuleType, published_bars: pl.DataFrame, symbol: str
) -> None:
    """
    Thirteen years of a company, the same conventions but for two.

    empyrical takes omega's required return per year, ours the threshold per bar; and it divides the sizes of the
    two quantiles whatever their signs, where ours has no tail ratio without a loss and a gain.
    """
    bars = published_bars.filter(symbol=symbol)
    frame = bars.select(simple_returns(pl.col("adjusted_close")).alias("r"))
    array = frame["r"].drop_nulls().to_numpy()
    ours = frame.select(
        sortino_ratio(R, target=0.0002).alias("sortino"),
        calmar_ratio(R).alias("calmar"),
        omega_ratio(R, threshold=1.05 ** (1 / 252) - 1).alias("omega"),
        tail_ratio(R).alias("tail"),
    ).row(0, named=True)
    assert ours["sortino"] == pytest.approx(empyrical.sortino_ratio(array, 0.0002), rel=1e-11)
    assert ours["calmar"] == pytest.approx(empyrical.calmar_ratio(array), rel=1e-10)
    assert ours["omega"] == pytest.approx(empyrical.omega_ratio(array, required_return=0.05), rel=1e-11)
    assert ours["tail"] == pytest.approx(empyrical.tail_ratio(array), rel=1e-12)
    rolling = frame.select(rolling_sortino_ratio(R, window=60))["r"]
    assert rolling[-1] == pytest.approx(empyrical.sortino_ratio(array[-60:]), rel=1e-11)


@pytest.mark.parametrize(
    "function",
    [
        sortino_ratio,
        partial(rolling_sortino_ratio, window=3),
        calmar_ratio,
        omega_ratio,
        tail_ratio,
        partial(annualized_return, periods_per_year=12),
    ],
)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.floats(-0.5, 0.5) | st.sampled_from(UNUSABLE)), max_size=30),
    st.integers(min_value=0, max_value=30),
)
@settings(max_examples=20)
def test_ratios_are_the_same_by_group_by_chunk_and_by_engine(
    function: Function, rows: list[tuple[str, float | None]], cut: int
) -> None:
    # Rounded to six decimals, so that no tiny loss magnifies the order of a sum.
    frame = pl.DataFrame(rows, schema={"symbol": pl.String, "r": pl.Float64}, orient="row").with_columns(
        R.round(6)
    )
    over = function(R).over("symbol").alias("answer")
    whole = frame.with_columns(over)
    for symbol in frame["symbol"].unique():
        alone = frame.filter(symbol=symbol).with_columns(function(R).alias("answer"))
        assert_series_equal(whole.filter(symbol=symbol)["answer"], alone["answer"], rel_tol=1e-9)
    chunks = pl.concat([frame[:cut], frame[cut:]], rechunk=False).lazy()
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(chunks.with_columns(over).collect(engine=engine), whole, rel_tol=1e-9)


@pytest.mark.parametrize("function", [sortino_ratio, calmar_ratio, omega_ratio, tail_ratio])
def test_ratios_by_group_in_the_streaming_engine_equal_those_alone(function: Function) -> None:
    frame = pl.LazyFrame({"symbol": ["A", "B", "C"] * 4, "r": [0.1, 0.2, None, 0.0, -0.1, 0.3] * 2})
    grouped = frame.group_by("symbol").agg(function(R)).sort("symbol").collect(engine="streaming")
    for symbol, answer in grouped.iter_rows():
        assert answer == pytest.approx(frame.filter(symbol=symbol).select(function(R)).collect().item())


@pytest.mark.parametrize("wrong", [math.nan, math.inf, None, "0", True])
def test_ratios_given_wrong_numbers_raise_when_built(wrong: object) -> None:
    with pytest.raises(ParameterError, match="target"):
        sortino_ratio(R, target=wrong)
    with pytest.raises(ParameterError, match="target"):
        rolling_sortino_ratio(R, window=2, target=wrong)
    with pytest.raises(ParameterError, match="threshold"):
        omega_ratio(R, threshold=wrong)
    for function in (sortino_ratio, calmar_ratio, partial(rolling_sortino_ratio, window=2)):
        with pytest.raises(ParameterError, match="periods_per_year"):
            function(R, periods_per_year=wrong)


def test_ratios_given_a_wrong_window_or_tail_raise_when_built() -> None:
    for window in (1, 2.0, True):
        with pytest.raises(ParameterError, match="window"):
            rolling_sortino_ratio(R, window=window)
    for tail in (0, 0.5, 1, -0.1, math.nan, True):
        with pytest.raises(ParameterError, match="tail"):
            tail_ratio(R, tail=tail)


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Float32(), pl.Decimal(10, 2), pl.Null()])
@pytest.mark.parametrize(
    "function",
    [sortino_ratio, partial(rolling_sortino_ratio, window=2), calmar_ratio, omega_ratio, tail_ratio],
)
def test_ratios_of_any_numeric_type_are_float64_under_the_same_name(
    function: Function, dtype: pl.DataType
) -> None:
    numbers = pl.LazyFrame({"r": [None, None] if dtype == pl.Null() else [3, 1]}, schema={"r": dtype})
    expected = pl.Schema({"r": pl.Float64()})
    assert numbers.select(function(pl.col("r"))).collect_schema() == expected
    assert numbers.select(function(pl.col("r"))).collect().schema == expected
