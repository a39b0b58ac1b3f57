# SPDX-License-Identifier: Apache-2.0
"""Sharpe ratios: against exact fractions, real prices and empyrical, and null where there is no dispersion."""

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
    log_returns,
    probabilistic_sharpe_ratio,
    rolling_sharpe_ratio,
    sharpe_ratio,
    simple_returns,
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


def moment(values: list[Fraction], order: int) -> Fraction:
    mean = sum(values, Fraction(0)) / len(values)
    return sum(((value - mean) ** order for value in values), Fraction(0)) / len(values)


def root(value: Fraction) -> float:
    """Square root of a fraction whose parts may be beyond float."""
    return math.sqrt(value) if value < Fraction(10) ** 300 else math.isqrt(int(value))


def exact_sharpe(returns: list[float]) -> float | None:
    values = [Fraction(r) for r in returns]
    if len(values) < 2 or max(values) - min(values) <= 64 * EPSILON * (1 + max(map(abs, values))):
        return None
    deviation = root(moment(values, 2) * len(values) / (len(values) - 1))
    return float(sum(values) / len(values)) / deviation


def error_of_ratio(returns: list[float], ratio: float) -> float:
    """What rounding the largest return may do to a mean and a deviation, in units of the deviation."""
    values = [Fraction(r) for r in returns]
    relative = max(abs(r) for r in returns) / root(moment(values, 2))
    return EPSILON * len(returns) * relative * (1 + abs(ratio))


def check(ours: float | None, returns: list[float], *, factor: float) -> None:
    expected = exact_sharpe(returns)
    if ours is None or expected is None:
        assert ours is expected
    else:
        assert abs(ours - expected) <= factor * error_of_ratio(returns, expected)


@given(RETURNS)
@settings(max_examples=60)
def test_sharpe_ratio_equals_exact_fractions(returns: list[float | None]) -> None:
    ours = column(returns, sharpe_ratio(R, periods_per_year=1))[0]
    check(ours, usable(returns), factor=4)


@given(RETURNS, st.integers(min_value=2, max_value=6))
@settings(max_examples=60)
def test_rolling_sharpe_ratio_equals_exact_fractions_of_each_window(
    returns: list[float | None], window: int
) -> None:
    """Values of 1e12 that have left a window leave no trace in it."""
    answer = column(returns, rolling_sharpe_ratio(R, window=window, periods_per_year=1))
    assert len(answer) == len(returns)
    for i, ours in enumerate(answer):
        inside = usable(returns[max(0, i + 1 - window) : i + 1])
        if len(inside) < window:
            assert ours is None
        else:
            check(ours, inside, factor=4)


@pytest.mark.parametrize("value", [0.1, 0.01, 1 / 3, -0.1, 0.0, 1e12, 1e-9])
@pytest.mark.parametrize("count", [2, 3, 7, 10, 100, 1001])
def test_sharpe_ratios_of_constant_returns_are_null(value: float, count: int) -> None:
    """Polars finds a deviation of 1e-17 in a hundred times 0.1."""
    for function in (sharpe_ratio, probabilistic_sharpe_ratio, partial(rolling_sharpe_ratio, window=2)):
        assert set(column([value] * count, function(R))) == {None}


@pytest.mark.parametrize("start", [1e-6, 1.0, 100.0, 1e9])
@pytest.mark.parametrize("growth", [1.01, 1.0001, 0.97, 1 + 1e-9])
@pytest.mark.parametrize("returns", [simple_returns, log_returns])
def test_sharpe_ratios_of_constant_growth_are_null(start: float, growth: float, returns: Function) -> None:
    """Prices that are rounded to floats differ from a constant rate, but by no risk."""
    prices = [start * growth**i for i in range(300)]
    assert column(prices, sharpe_ratio(returns(R))) == [None]
    assert set(column(prices, rolling_sharpe_ratio(returns(R), window=20))) == {None}


def test_sharpe_ratios_with_a_risk_free_rate_equal_those_of_excess_returns() -> None:
    frame = pl.DataFrame({"r": [0.5, 0.25, None, 1.0, -0.5], "f": [0.25, 0.25, 0.25, None, 0.125]})
    for function in (sharpe_ratio, probabilistic_sharpe_ratio, partial(rolling_sharpe_ratio, window=2)):
        by_row = frame.select(function(R, risk_free=pl.col("f")))["r"]
        assert_series_equal(by_row, frame.select((R - pl.col("f")).alias("r")).select(function(R))["r"])
        by_number = frame.select(function(R, risk_free=0.25))["r"]
        assert_series_equal(by_number, frame.select(R - 0.25).select(function(R))["r"])


@given(st.lists(st.floats(min_value=-0.5, max_value=0.5), min_size=3, max_size=20))
@settings(max_examples=40)
def test_sharpe_ratio_grows_with_the_root_of_the_periods_and_not_with_the_stake(returns: list[float]) -> None:
    daily, yearly = (column(returns, sharpe_ratio(R, periods_per_year=n))[0] for n in (1, 256))
    assert yearly == (None if daily is None else 16 * daily)
    doubled, opposite = ([factor * r for r in returns] for factor in (2, -1))
    if daily is not None and max(returns) - min(returns) > 1e-9:
        assert column(doubled, sharpe_ratio(R, periods_per_year=1))[0] == pytest.approx(daily, rel=1e-14)
        assert column(opposite, sharpe_ratio(R, periods_per_year=1))[0] == pytest.approx(-daily, rel=1e-14)


def test_sharpe_ratios_beyond_float_are_null_not_zero() -> None:
    """The variance of these is infinite, and a mean over infinity would be 0."""
    assert column([1e300, 0.1, -0.1], sharpe_ratio(R)) == [None]
    assert column([1e308, 1e308, -1e308], probabilistic_sharpe_ratio(R)) == [None]


def exact_probability(returns: list[float], benchmark: float) -> float:
    values, ratio = [Fraction(r) for r in returns], exact_sharpe(returns)
    variance = moment(values, 2)
    skew = float(moment(values, 3)) / root(variance) ** 3
    kurtosis = float(moment(values, 4) / variance**2)
    shape = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    return 0.5 * (1 + math.erf((ratio - benchmark) * math.sqrt((len(values) - 1) / shape / 2)))


@given(
    st.lists(st.floats(min_value=-0.2, max_value=0.2).map(lambda r: round(r, 4)), min_size=4, max_size=30),
    st.floats(min_value=-1, max_value=1),
)
@settings(max_examples=60)
def test_probabilistic_sharpe_ratio_equals_exact_moments(returns: list[float], benchmark: float) -> None:
    ours = column(returns, probabilistic_sharpe_ratio(R, benchmark_sharpe=benchmark, periods_per_year=1))[0]
    if ours is None:
        assert max(returns) == min(returns)
    else:
        assert 0 <= ours <= 1
        # Four decimals bound how near to constant the returns are; powers of four magnify the rounding.
        assert ours == pytest.approx(exact_probability(returns, benchmark), abs=1e-8)


def test_probabilistic_sharpe_ratio_is_a_half_at_the_ratio_itself_and_falls_with_the_benchmark() -> None:
    """The benchmark is annual: the ratio that `sharpe_ratio` gives with the same periods."""
    returns = [0.02, -0.01, 0.03, 0.0, 0.01, -0.02, 0.02]
    annual = column(returns, sharpe_ratio(R, periods_per_year=12))[0]
    probability = [
        column(returns, probabilistic_sharpe_ratio(R, benchmark_sharpe=annual + x, periods_per_year=12))[0]
        for x in (-1, 0, 1)
    ]
    assert probability[1] == pytest.approx(0.5, abs=1e-15)
    assert probability[0] > 0.6
    assert probability[2] < 0.4


def test_probabilistic_sharpe_ratio_grows_with_the_sample() -> None:
    returns = [0.02, -0.01, 0.03, 0.0, 0.01, -0.02, 0.02]
    values = [column(returns * n, probabilistic_sharpe_ratio(R))[0] for n in (1, 2, 8)]
    assert values == sorted(values)


@pytest.fixture(scope="module")
def empyrical() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("empyrical")


@pytest.mark.parametrize("risk_free", [0.0, 0.0001])
def test_sharpe_ratios_of_real_prices_equal_those_of_empyrical(
    empyrical: ModuleType, published_bars: pl.DataFrame, risk_free: float
) -> None:
    """The same conventions: ddof = 1, a risk-free rate per bar, the square root of 252."""
    for _, group in published_bars.group_by("symbol"):
        frame = group.select(simple_returns(pl.col("adjusted_close")).alias("r"))
        array = frame["r"].drop_nulls().to_numpy()
        ours = frame.select(sharpe_ratio(R, risk_free=risk_free)).item()
        assert ours == pytest.approx(empyrical.sharpe_ratio(array, risk_free), rel=1e-11)
        rolling = frame.select(rolling_sharpe_ratio(R, window=60, risk_free=risk_free))["r"]
        assert rolling.null_count() == 60
        for last in (61, 100, len(array)):
            theirs = empyrical.sharpe_ratio(array[last - 60 : last], risk_free)
            assert rolling[last] == pytest.approx(theirs, rel=1e-10)


def test_probabilistic_sharpe_ratio_of_real_prices_equals_scipy(published_bars: pl.DataFrame) -> None:
    stats = import_module("scipy.stats")
    for _, group in published_bars.group_by("symbol"):
        frame = group.select(simple_returns(pl.col("adjusted_close")).alias("r"))
        array = frame["r"].drop_nulls().to_numpy()
        ratio = array.mean() / array.std(ddof=1)
        shape = 1 - stats.skew(array) * ratio + (stats.kurtosis(array, fisher=False) - 1) / 4 * ratio**2
        theirs = stats.norm.cdf((ratio - 0.3 / 252**0.5) * (len(array) - 1) ** 0.5 / shape**0.5)
        ours = frame.select(probabilistic_sharpe_ratio(R, benchmark_sharpe=0.3)).item()
        assert ours == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize(
    "function", [sharpe_ratio, partial(rolling_sharpe_ratio, window=3), probabilistic_sharpe_ratio]
)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.floats(-0.5, 0.5) | st.sampled_from(UNUSABLE)), max_size=30),
    st.integers(min_value=0, max_value=30),
)
@settings(max_examples=25)
def test_sharpe_ratios_are_the_same_by_group_by_chunk_and_by_engine(
    function: Function, rows: list[tuple[str, float | None]], cut: int
) -> None:
    # Rounded to six decimals, so that no near constant group magnifies the order of a sum.
    frame = pl.DataFrame(rows, schema={"symbol": pl.String, "r": pl.Float64}, orient="row").with_columns(
        R.round(6)
    )
    over = function(R).over("symbol").alias("answer")
    whole = frame.with_columns(over)
    for symbol in frame["symbol"].unique():
        alone = frame.filter(symbol=symbol).with_columns(function(R).alias("answer"))
        assert_series_equal(
            whole.filter(symbol=symbol)["answer"], alone["answer"], rel_tol=1e-8, abs_tol=1e-8
        )
    chunks = pl.concat([frame[:cut], frame[cut:]], rechunk=False).lazy()
    for engine in ("in-memory", "streaming"):
        answer = chunks.with_columns(over).collect(engine=engine)
        assert_frame_equal(answer, whole, rel_tol=1e-8, abs_tol=1e-8)


@pytest.mark.parametrize("function", [sharpe_ratio, probabilistic_sharpe_ratio])
def test_sharpe_ratios_by_group_in_the_streaming_engine_equal_those_alone(function: Function) -> None:
    frame = pl.LazyFrame({"symbol": ["A", "B", "C"] * 4, "r": [0.1, 0.2, None, 0.0, -0.1, 0.3] * 2})
    grouped = frame.group_by("symbol").agg(function(R)).sort("symbol").collect(engine="streaming")
    for symbol, answer in grouped.iter_rows():
        assert answer == pytest.approx(frame.filter(symbol=symbol).select(function(R)).collect().item())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"periods_per_year": 0}, "periods_per_year"),
        ({"periods_per_year": math.nan}, "periods_per_year"),
        ({"risk_free": math.inf}, "risk_free"),
        ({"risk_free": "0.01"}, "risk_free"),
    ],
)
def test_sharpe_ratios_given_wrong_numbers_raise_when_built(options: dict[str, object], name: str) -> None:
    for function in (sharpe_ratio, probabilistic_sharpe_ratio, partial(rolling_sharpe_ratio, window=2)):
        with pytest.raises(ParameterError, match=name):
            function(R, **options)


def test_sharpe_ratios_given_a_wrong_window_or_benchmark_raise_when_built() -> None:
    for window in (1, 0, 2.0, True):
        with pytest.raises(ParameterError, match="window"):
            rolling_sharpe_ratio(R, window=window)
    with pytest.raises(ParameterError, match="benchmark_sharpe"):
        probabilistic_sharpe_ratio(R, benchmark_sharpe=math.nan)


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Float32(), pl.Decimal(10, 2), pl.Null()])
@pytest.mark.parametrize(
    "function", [sharpe_ratio, partial(rolling_sharpe_ratio, window=2), probabilistic_sharpe_ratio]
)
def test_sharpe_ratios_of_any_numeric_type_are_float64_under_the_same_name(
    function: Function, dtype: pl.DataType
) -> None:
    numbers = pl.LazyFrame({"r": [None, None] if dtype == pl.Null() else [3, 1]}, schema={"r": dtype})
    expected = pl.Schema({"r": pl.Float64()})
    assert numbers.select(function(pl.col("r"))).collect_schema() == expected
    assert numbers.select(function(pl.col("r"))).collect().schema == expected


@pytest.mark.parametrize(
    "returns", [[1e80, 0.1], [1e80, 0.1, -0.2, 0.3], [1e150, -1e150, 1.0], [1e308, -1e308, 0.5]]
)
def test_probabilistic_sharpe_ratio_of_moments_beyond_float_is_null(returns: list[float]) -> None:
    frame = pl.DataFrame({"r": returns})
    assert frame.select(probabilistic_sharpe_ratio(pl.col("r"))).item() is None
