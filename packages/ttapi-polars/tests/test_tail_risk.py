# SPDX-License-Identifier: Apache-2.0
"""Value at risk and expected shortfall: against exact fractions, scipy, real prices and empyrical."""

import math
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from importlib import import_module
from statistics import NormalDist
from types import ModuleType

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    expected_shortfall,
    historical_value_at_risk,
    parametric_expected_shortfall,
    parametric_value_at_risk,
    rolling_historical_value_at_risk,
    simple_returns,
)

Function = Callable[[pl.Expr], pl.Expr]
R = pl.col("r")
EPSILON = 2.0**-52
UNUSABLE = [None, math.nan, math.inf, -math.inf]
RETURN = st.floats(min_value=-0.5, max_value=0.5) | st.sampled_from([0.1, 0.01, 0.0, -1.0, 1e12, -1e12])
RETURNS = st.lists(RETURN | st.sampled_from(UNUSABLE), max_size=30)
CONFIDENCE = st.sampled_from([0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.3])
CORRECTED = partial(parametric_value_at_risk, cornish_fisher=True)
WHOLE = [
    historical_value_at_risk,
    expected_shortfall,
    parametric_value_at_risk,
    CORRECTED,
    parametric_expected_shortfall,
]


def column(returns: list[float | None], expression: pl.Expr) -> list[float | None]:
    return pl.DataFrame({"r": returns}, schema={"r": pl.Float64}).select(expression)["r"].to_list()


def usable(returns: list[float | None]) -> list[float]:
    return [r for r in returns if r is not None and math.isfinite(r)]


def error_of(returns: list[float]) -> float:
    """What rounding does to a sum of these returns, the smallest floats included."""
    return 4 * EPSILON * len(returns) * max(abs(r) for r in returns) + 1e-300


def exact_quantile(returns: list[float], tail: Fraction) -> Fraction:
    values = sorted(map(Fraction, returns))
    position = (len(values) - 1) * tail
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])


def exact_shortfall(returns: list[float], tail: Fraction) -> Fraction:
    """The mean of the empirical quantile function from 0 to ``tail``, an integral of steps."""
    values, size = sorted(map(Fraction, returns)), len(returns) * tail
    weights = [max(Fraction(0), min(Fraction(1), size - i)) for i in range(len(values))]
    assert sum(weights) == size
    return -sum(w * x for w, x in zip(weights, values, strict=True)) / size


@given(RETURNS, CONFIDENCE)
@settings(max_examples=60)
def test_historical_value_at_risk_equals_the_exact_quantile(
    returns: list[float | None], confidence: float
) -> None:
    ours, known = column(returns, historical_value_at_risk(R, confidence=confidence))[0], usable(returns)
    if not known:
        assert ours is None
    else:
        expected = -float(exact_quantile(known, 1 - Fraction(str(confidence))))
        assert ours == pytest.approx(expected, rel=4 * EPSILON, abs=error_of(known))


@given(RETURNS, CONFIDENCE, st.integers(min_value=1, max_value=6))
@settings(max_examples=60)
def test_rolling_historical_value_at_risk_equals_that_of_each_window(
    returns: list[float | None], confidence: float, window: int
) -> None:
    rolling = rolling_historical_value_at_risk(R, window=window, confidence=confidence)
    answer = column(returns, rolling)
    assert len(answer) == len(returns)
    for i, ours in enumerate(answer):
        inside = returns[max(0, i + 1 - window) : i + 1]
        if len(usable(inside)) < window:
            assert ours is None
        else:
            whole = column(inside, historical_value_at_risk(R, confidence=confidence))[0]
            assert ours == pytest.approx(whole, rel=4 * EPSILON, abs=error_of(usable(inside)))


@given(RETURNS, CONFIDENCE)
@settings(max_examples=60)
def test_expected_shortfall_equals_the_exact_integral(returns: list[float | None], confidence: float) -> None:
    ours, known = column(returns, expected_shortfall(R, confidence=confidence))[0], usable(returns)
    if not known:
        assert ours is None
    else:
        expected = float(exact_shortfall(known, 1 - Fraction(str(confidence))))
        assert ours == pytest.approx(expected, rel=4 * EPSILON, abs=error_of(known))


@given(st.lists(RETURN, min_size=1, max_size=30), CONFIDENCE)
@settings(max_examples=60)
def test_expected_shortfall_is_no_less_than_the_value_at_risk_nor_more_than_the_worst(
    returns: list[float], confidence: float
) -> None:
    value = column(returns, historical_value_at_risk(R, confidence=confidence))[0]
    shortfall = column(returns, expected_shortfall(R, confidence=confidence))[0]
    assert value - error_of(returns) <= shortfall <= -min(returns) + error_of(returns)


@given(st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)), min_size=1, max_size=25), CONFIDENCE)
@settings(max_examples=60)
def test_expected_shortfall_of_two_positions_is_no_more_than_of_each_alone(
    pairs: list[tuple[float, float]], confidence: float
) -> None:
    """Coherence, which an average over whole returns only does not have."""
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    first, second, both = (
        column(returns, expected_shortfall(R, confidence=confidence))[0]
        for returns in (a, b, [x + y for x, y in pairs])
    )
    assert both <= first + second + 1e-14


def exact_normal(returns: list[float]) -> tuple[float, float]:
    values = [Fraction(r) for r in returns]
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return float(mean), math.sqrt(variance)


@given(RETURNS, CONFIDENCE)
@settings(max_examples=60)
def test_parametric_measures_equal_exact_moments(returns: list[float | None], confidence: float) -> None:
    known = usable(returns)
    value = column(returns, parametric_value_at_risk(R, confidence=confidence))[0]
    shortfall = column(returns, parametric_expected_shortfall(R, confidence=confidence))[0]
    if len(known) < 2:
        assert value is None
        assert shortfall is None
        return
    mean, deviation = exact_normal(known)
    tail = float(1 - Fraction(str(confidence)))
    z = NormalDist().inv_cdf(tail)
    assert value == pytest.approx(-(mean + deviation * z), rel=1e-13, abs=4 * error_of(known))
    density = math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    expected = -mean + deviation * density / tail
    assert shortfall == pytest.approx(expected, rel=1e-13, abs=4 * error_of(known))


@given(
    st.lists(st.floats(min_value=-0.2, max_value=0.2).map(lambda r: round(r, 4)), min_size=2, max_size=30),
    CONFIDENCE,
)
@settings(max_examples=60)
def test_cornish_fisher_equals_the_expansion_and_is_null_where_it_falls(
    returns: list[float], confidence: float
) -> None:
    """The slope of the expansion is taken here as a difference over a small step."""
    ours = column(returns, CORRECTED(R, confidence=confidence))[0]
    if max(returns) == min(returns):
        assert ours is None
        return
    mean, deviation = exact_normal(returns)
    z, step = NormalDist().inv_cdf(float(1 - Fraction(str(confidence)))), 1e-5
    slope = (expansion(returns, z + step) - expansion(returns, z - step)) / (2 * step)
    if slope > 1e-6:
        # Four decimals bound how near to constant the returns are.
        assert ours == pytest.approx(-(mean + deviation * expansion(returns, z)), abs=1e-9)
    elif slope < -1e-6:
        assert ours is None


def expansion(returns: list[float], z: float) -> float:
    values = [Fraction(r) for r in returns]
    mean = sum(values) / len(values)
    second, third, fourth = (sum((x - mean) ** n for x in values) / len(values) for n in (2, 3, 4))
    skew, kurtosis = float(third) / float(second) ** 1.5, float(fourth / second**2) - 3
    return z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36


def test_cornish_fisher_given_a_shape_it_cannot_describe_is_null() -> None:
    """One gain among many losses: a skew of 10, with which the expansion turns over."""
    returns = [-0.01, -0.02] * 50 + [5.0]
    assert column(returns, CORRECTED(R)) == [None]
    assert column(returns, parametric_value_at_risk(R))[0] > 0


@pytest.mark.parametrize("function", WHOLE)
@pytest.mark.parametrize("returns", [[], [None, math.nan, math.inf], [1.7e308, -1.7e308, -1.7e308]])
def test_measures_of_nothing_are_null_and_of_the_largest_floats_no_infinity(
    function: Function, returns: list[float | None]
) -> None:
    answer = column(returns, function(R))[0]
    assert answer is None or (usable(returns) and math.isfinite(answer))


@pytest.mark.parametrize("value", [0.1, -0.01, 0.0, 1e12])
def test_measures_of_constant_returns_are_that_loss(value: float) -> None:
    for function in WHOLE:
        expected = None if function is CORRECTED else pytest.approx(-value, rel=1e-14)
        assert column([value] * 100, function(R))[0] == expected


def test_historical_measures_of_one_return_are_that_loss() -> None:
    assert column([-0.1], historical_value_at_risk(R)) == [0.1]
    assert column([-0.1], expected_shortfall(R)) == pytest.approx([0.1], rel=4 * EPSILON)


@given(st.lists(st.floats(-0.4, 0.4), min_size=2, max_size=20), CONFIDENCE)
@settings(max_examples=40)
def test_measures_grow_with_the_stake_and_fall_with_a_sure_gain(
    returns: list[float], confidence: float
) -> None:
    for function in WHOLE:
        if function is CORRECTED:
            continue  # a shape near the edge of its domain may be null for one and not for the other
        ours, twice, shifted = (
            column(changed, function(R, confidence=confidence))[0]
            for changed in (returns, [2 * r for r in returns], [r + 0.5 for r in returns])
        )
        assert twice == pytest.approx(2 * ours, rel=1e-14, abs=1e-300)
        assert shifted == pytest.approx(ours - 0.5, abs=1e-13)


@pytest.fixture(scope="module")
def empyrical() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module("empyrical")


@pytest.mark.parametrize("symbol", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_measures_of_real_prices_equal_those_of_empyrical_and_scipy(
    empyrical: ModuleType, published_bars: pl.DataFrame, symbol: str
) -> None:
    """
    Thirteen years of a company; the same quantile, of opposite sign.

    empyrical's shortfall is the mean of the worst ``int((n - 1) * tail) + 1`` whole returns, ours counts part of
    the last one: the same where ``n * tail`` is whole, as with the newest 180 returns at 5 %.
    """
    stats = import_module("scipy.stats")
    bars = published_bars.filter(symbol=symbol)
    frame = bars.select(simple_returns(pl.col("adjusted_close")).alias("r"))
    array = frame["r"].drop_nulls().to_numpy()
    for confidence in (0.95, 0.99):
        tail, z = 1 - confidence, stats.norm.ppf(1 - confidence)
        value, shortfall, normal, tail_mean = frame.select(
            historical_value_at_risk(R, confidence=confidence).alias("a"),
            expected_shortfall(R, confidence=confidence).alias("b"),
            parametric_value_at_risk(R, confidence=confidence).alias("c"),
            parametric_expected_shortfall(R, confidence=confidence).alias("d"),
        ).row(0)
        assert value == pytest.approx(-empyrical.value_at_risk(array, tail), rel=1e-12)
        assert shortfall == pytest.approx(-empyrical.conditional_value_at_risk(array, tail), rel=0.03)
        assert normal == pytest.approx(-stats.norm.ppf(tail, array.mean(), array.std(ddof=1)), rel=1e-11)
        assert tail_mean == pytest.approx(
            -array.mean() + array.std(ddof=1) * stats.norm.pdf(z) / tail, rel=1e-11
        )
    newest = frame.tail(180).select(expected_shortfall(R)).item()
    assert newest == pytest.approx(-empyrical.conditional_value_at_risk(array[-180:], 0.05), rel=1e-13)


def test_cornish_fisher_of_real_prices_equals_its_formula_with_scipy(published_bars: pl.DataFrame) -> None:
    stats = import_module("scipy.stats")
    bars = published_bars.filter(symbol="MSFT")
    frame = bars.select(simple_returns(pl.col("adjusted_close")).alias("r"))
    array = frame["r"].drop_nulls().to_numpy()
    skew, kurtosis, z = stats.skew(array), stats.kurtosis(array), stats.norm.ppf(0.01)
    corrected = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    ours = frame.select(CORRECTED(R, confidence=0.99)).item()
    assert ours == pytest.approx(-(array.mean() + corrected * array.std(ddof=1)), rel=1e-11)


@pytest.mark.parametrize("function", [*WHOLE, partial(rolling_historical_value_at_risk, window=3)])
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.floats(-0.5, 0.5) | st.sampled_from(UNUSABLE)), max_size=30),
    st.integers(min_value=0, max_value=30),
)
@settings(max_examples=20)
def test_measures_are_the_same_by_group_by_chunk_and_by_engine(
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
        assert_series_equal(whole.filter(symbol=symbol)["answer"], alone["answer"], abs_tol=1e-9)
    chunks = pl.concat([frame[:cut], frame[cut:]], rechunk=False).lazy()
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(chunks.with_columns(over).collect(engine=engine), whole, abs_tol=1e-9)


@pytest.mark.parametrize("function", WHOLE)
def test_measures_by_group_in_the_streaming_engine_equal_those_alone(function: Function) -> None:
    frame = pl.LazyFrame({"symbol": ["A", "B", "C"] * 4, "r": [0.1, 0.2, None, 0.0, -0.1, 0.3] * 2})
    grouped = frame.group_by("symbol").agg(function(R)).sort("symbol").collect(engine="streaming")
    for symbol, answer in grouped.iter_rows():
        assert answer == pytest.approx(frame.filter(symbol=symbol).select(function(R)).collect().item())


@pytest.mark.parametrize("wrong", [0, 1, -0.1, 95, math.nan, None, "0.95", True])
def test_measures_given_a_wrong_confidence_raise_when_built(wrong: object) -> None:
    for function in (*WHOLE, partial(rolling_historical_value_at_risk, window=5)):
        with pytest.raises(ParameterError, match="confidence"):
            function(R, confidence=wrong)


@pytest.mark.parametrize("wrong", [0, -1, 2.0, True])
def test_rolling_historical_value_at_risk_given_a_wrong_window_raises(wrong: object) -> None:
    with pytest.raises(ParameterError, match="window"):
        rolling_historical_value_at_risk(R, window=wrong)


@pytest.mark.parametrize("dtype", [pl.Int64(), pl.UInt8(), pl.Float32(), pl.Decimal(10, 2), pl.Null()])
@pytest.mark.parametrize("function", [*WHOLE, partial(rolling_historical_value_at_risk, window=2)])
def test_measures_of_any_numeric_type_are_float64_under_the_same_name(
    function: Function, dtype: pl.DataType
) -> None:
    numbers = pl.LazyFrame({"r": [None, None] if dtype == pl.Null() else [3, 1]}, schema={"r": dtype})
    expected = pl.Schema({"r": pl.Float64()})
    assert numbers.select(function(pl.col("r"))).collect_schema() == expected
    assert numbers.select(function(pl.col("r"))).collect().schema == expected
