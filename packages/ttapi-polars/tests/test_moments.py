# SPDX-License-Identifier: Apache-2.0
"""Covariance, correlation and beta: against exact rational arithmetic, and untouched by what left the window."""

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import correlation, covariance, rolling_beta, rolling_correlation, rolling_covariance

Pairs = list[tuple[float | None, float | None]]
Rolling = Callable[..., pl.Expr]
X, Y = pl.col("x"), pl.col("y")
ROLLING = [rolling_covariance, rolling_correlation, rolling_beta]
UNUSABLE = [None, math.nan, math.inf, -math.inf]
RETURN = st.floats(min_value=-0.5, max_value=0.5, allow_subnormal=False)
# Ties, outliers, and what cannot be used, beside plain returns.
VALUE = st.one_of(RETURN, st.sampled_from([0.0, 0.1, 0.1, 1e12, -1e12]), st.sampled_from(UNUSABLE))
PAIRS = st.lists(st.tuples(VALUE, VALUE), max_size=24)


def table(pairs: Pairs) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"x": pl.Float64, "y": pl.Float64}, orient="row")


def usable(pairs: Pairs) -> list[tuple[float, float]]:
    return [(x, y) for x, y in pairs if None not in (x, y) and math.isfinite(x) and math.isfinite(y)]


def exact_sums(pairs: list[tuple[float, float]]) -> tuple[Fraction, Fraction, Fraction]:
    """Centred sums of squares and products, exactly."""
    xs, ys = ([Fraction(value) for value in side] for side in zip(*pairs, strict=True))
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    return (
        sum((x - mean_x) ** 2 for x in xs),
        sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)),
        sum((y - mean_y) ** 2 for y in ys),
    )


def assert_window_is_exact(pairs: list[tuple[float, float]], answers: dict[str, float | None]) -> None:
    xx, xy, yy = exact_sums(pairs)
    largest_x, largest_y = (max(map(abs, side)) for side in zip(*pairs, strict=True))
    # A mean is rounded at 1e-16 of the largest value; that error meets the deviations of the other side.
    loss = 64 * 2.0**-53 * len(pairs)
    error_xy = (
        loss * (largest_x * math.sqrt(yy) + largest_y * math.sqrt(xx)) + loss**2 * largest_x * largest_y
    )
    error_yy = loss * largest_y * math.sqrt(yy) + (loss * largest_y) ** 2
    assert abs(answers["covariance"] * (len(pairs) - 1) - float(xy)) <= error_xy
    if yy == 0:
        assert answers["beta"] is None
        assert answers["correlation"] is None
    elif error_yy < 0.1 * yy and math.sqrt(yy) > 1e-100:
        bound = error_xy / float(yy) + abs(float(xy / yy)) * 2 * error_yy / float(yy)
        assert abs(answers["beta"] - float(xy / yy)) <= bound * 1.2
    if xx == 0:
        assert answers["correlation"] is None


@given(PAIRS, st.integers(min_value=2, max_value=9))
@settings(max_examples=60)
def test_rolling_measures_equal_exact_arithmetic_window_by_window(pairs: Pairs, window: int) -> None:
    answer = table(pairs).select(
        rolling_covariance(X, Y, window=window).alias("covariance"),
        rolling_correlation(X, Y, window=window).alias("correlation"),
        rolling_beta(X, Y, window=window).alias("beta"),
    )
    assert answer.height == len(pairs)
    for row, answers in enumerate(answer.iter_rows(named=True)):
        inside = pairs[max(row - window + 1, 0) : row + 1]
        if len(usable(inside)) < window:
            assert set(answers.values()) == {None}
        else:
            assert_window_is_exact(usable(inside), answers)


def root(square: Fraction) -> float:
    """Return the square root also of what is too small for a float."""
    return float((Decimal(square.numerator) / Decimal(square.denominator)).sqrt())


@example([(0.0, 0.0), (0.0, 0.5), (2.2141699562659847e-245, 0.0)])
@given(st.lists(st.tuples(VALUE, VALUE), min_size=2, max_size=24))
@settings(max_examples=60)
def test_covariance_of_the_sample_equals_exact_arithmetic(pairs: Pairs) -> None:
    answer = table(pairs).select(covariance(X, Y)).item()
    kept = usable(pairs)
    if len(kept) < 2:
        assert answer is None
    else:
        xx, xy, yy = exact_sums(kept)
        # Two passes lose what rounding the deviations and adding them up loses, nothing to the means.
        error = 8 * 2.0**-53 * len(kept) * root(xx) * root(yy) + 1e-300
        assert abs(answer * (len(kept) - 1) - float(xy)) <= error


@given(st.lists(st.tuples(RETURN, RETURN), min_size=3, max_size=12))
@settings(max_examples=25)
def test_squared_correlation_equals_exact_arithmetic(pairs: Pairs) -> None:
    frame = table(pairs).select(
        whole=correlation(X, Y), last=rolling_correlation(X, Y, window=len(pairs)).last()
    )
    xx, xy, yy = exact_sums(pairs)
    for answer in frame.row(0):
        if xx == 0 or yy == 0:
            assert answer is None
        elif min(xx, yy) > 1e-20:  # below, the returns themselves have too few digits for 1e-6
            assert answer * abs(answer) == pytest.approx(float(xy * abs(xy) / (xx * yy)), abs=1e-6)


@pytest.mark.parametrize("function", ROLLING)
@pytest.mark.parametrize("window", [2, 3, 7, 8, 61])
def test_rolling_measure_does_not_see_an_outlier_that_has_left(function: Rolling, window: int) -> None:
    """To the last bit: the rows after it are as if it had never been."""
    calm = table([(math.sin(i) / 100, math.cos(3 * i) / 100) for i in range(200)])
    wild = pl.concat([table([(1e12, -1e12), (1e300, 1e200), (math.nan, 0.0), (None, 1e12)]), calm])
    expected = calm.select(function(X, Y, window=window))
    answer = wild.select(function(X, Y, window=window)).tail(calm.height)
    assert answer[: window - 1].null_count().item() == window - 1
    assert_frame_equal(answer[window - 1 :], expected[window - 1 :], check_exact=True)


@pytest.mark.parametrize("function", [rolling_correlation, rolling_beta])
@pytest.mark.parametrize("window", [2, 3, 6, 10, 37])
def test_rolling_measure_given_a_constant_benchmark_is_null(function: Rolling, window: int) -> None:
    """Also one whose sum is rounded: ten times 0.1 is not 1."""
    frame = table([(i * 0.01, 0.1) for i in range(50)])
    assert frame.select(function(X, Y, window=window))["x"].null_count() == 50


def test_rolling_covariance_given_a_constant_is_exactly_zero() -> None:
    frame = table([(i * 0.01, 0.1) for i in range(50)])
    answer = frame.select(rolling_covariance(X, Y, window=7))["x"].to_list()
    assert answer == [None] * 6 + [0.0] * 44


@given(PAIRS, st.integers(min_value=2, max_value=9))
@settings(max_examples=30)
def test_rolling_measures_of_swapped_sides_are_equal_to_the_last_bit(pairs: Pairs, window: int) -> None:
    frame = table(pairs)
    for function in (rolling_covariance, rolling_correlation):
        one, other = (frame.select(r=function(a, b, window=window))["r"] for a, b in ((X, Y), (Y, X)))
        assert_series_equal(one, other, check_exact=True)


@given(PAIRS, st.integers(min_value=2, max_value=9))
@settings(max_examples=30)
def test_rolling_correlation_of_a_series_with_itself_is_one_or_null(pairs: Pairs, window: int) -> None:
    answer = table(pairs).select(rolling_correlation(X, X, window=window))["x"]
    assert set(answer.drop_nulls()) <= {1.0}


@given(PAIRS, st.integers(min_value=2, max_value=9), st.integers(min_value=-60, max_value=60))
@settings(max_examples=30)
def test_rolling_beta_scales_with_the_returns_to_the_last_bit(pairs: Pairs, window: int, power: int) -> None:
    """A power of two changes no digit."""
    frame, factor = table(pairs), 2.0**power
    scaled = frame.select(rolling_beta(X * factor, Y, window=window))["x"]
    assert_series_equal(scaled, frame.select(rolling_beta(X, Y, window=window))["x"] * factor, rel_tol=1e-15)


@pytest.mark.parametrize("function", ROLLING)
@given(groups=st.lists(PAIRS, min_size=1, max_size=4), window=st.integers(min_value=2, max_value=5))
@settings(max_examples=25)
def test_rolling_measure_over_groups_equals_each_group_in_each_engine(
    function: Rolling, groups: list[Pairs], window: int
) -> None:
    expression = function(X, Y, window=window).alias("r")
    frames = [table(pairs).with_columns(group=pl.lit(i)) for i, pairs in enumerate(groups)]
    expected = pl.concat([frame.with_columns(expression) for frame in frames])
    whole = pl.concat(frames, rechunk=False).lazy()
    over = whole.with_columns(expression.over("group"))
    grouped = whole.group_by("group", maintain_order=True).agg("x", "y", expression)
    assert_frame_equal(over.collect(engine="streaming"), expected, check_exact=True)
    assert_frame_equal(over.collect(engine="in-memory"), expected, check_exact=True)
    exploded = grouped.explode("x", "y", "r").select(expected.columns).collect()
    assert_frame_equal(exploded, expected, check_exact=True)


@pytest.mark.parametrize("function", ROLLING)
def test_rolling_measure_without_groups_is_equal_in_each_engine_and_of_one_piece(function: Rolling) -> None:
    frame = table([(math.sin(i), math.cos(2 * i)) for i in range(5000)])
    pieces = pl.concat([frame[:1], frame[1:1700], frame[1700:]], rechunk=False)
    expression = function(X, Y, window=100)
    expected = frame.select(expression)
    assert expected.columns == ["x"]
    for engine in ("streaming", "in-memory"):
        answer = pieces.lazy().select(expression).collect(engine=engine)
        assert_frame_equal(answer, expected, check_exact=True)
        assert answer.n_chunks() == 1


@pytest.mark.parametrize("function", ROLLING)
@pytest.mark.parametrize("engine", ["streaming", "in-memory"])
def test_rolling_measure_can_be_aggregated_further_in_each_engine(function: Rolling, engine: str) -> None:
    frame = table([(math.sin(i), math.cos(2 * i)) for i in range(40)]).with_columns(g=pl.int_range(40) % 3)
    measure = function(X, Y, window=5)
    expected = (
        frame.with_columns(r=measure.over("g"))
        .group_by("g")
        .agg(last=pl.col("r").last(), mean=pl.col("r").mean(), some=pl.col("r").filter(Y > 0).sum())
    )
    answer = (
        frame.lazy()
        .group_by("g")
        .agg(last=measure.last(), mean=measure.mean(), some=measure.filter(Y > 0).sum())
    )
    assert_frame_equal(answer.sort("g").collect(engine=engine), expected.sort("g"), rel_tol=1e-13)


@pytest.mark.parametrize("function", ROLLING)
@pytest.mark.parametrize("pairs", [[], [(1.0, 2.0)], [(None, None)] * 3])
def test_rolling_measure_given_too_little_is_null_and_as_long(function: Rolling, pairs: Pairs) -> None:
    answer = table(pairs).lazy().with_columns(function(X, Y, window=2).alias("r")).collect()["r"]
    assert answer.dtype == pl.Float64
    assert answer.to_list() == [None] * len(pairs)


@pytest.mark.parametrize("function", ROLLING)
def test_rolling_measure_beyond_a_double_is_null(function: Rolling) -> None:
    answer = table([(1e308, -1e308), (-1e308, 1e308)]).select(function(X, Y, window=2))
    assert answer["x"].to_list() == [None, None]


@pytest.mark.parametrize("function", ROLLING)
@pytest.mark.parametrize("window", [1, 0, -3, True, 2.0])
def test_rolling_measure_given_a_wrong_window_raises_when_built(function: Rolling, window: object) -> None:
    with pytest.raises(ParameterError, match="window"):
        function(X, Y, window=window)


@pytest.mark.parametrize("function", [covariance, correlation])
@pytest.mark.parametrize("pairs", [[], [(1.0, 2.0)], [(1.0, None), (2.0, 3.0), (math.nan, 1.0)]])
def test_measure_of_the_sample_given_fewer_than_two_pairs_is_null(function: Rolling, pairs: Pairs) -> None:
    assert table(pairs).select(function(X, Y)).item() is None


def test_measures_of_the_sample_work_over_groups_and_in_aggregations() -> None:
    frame = table([(1.0, 2.0), (2.0, 5.0), (4.0, 3.0), (0.1, 7.0), (0.1, 8.0)]).with_columns(
        g=pl.Series(["a", "a", "a", "b", "b"])
    )
    over = frame.select("g", c=covariance(X, Y).over("g"), r=correlation(X, Y).over("g")).unique().sort("g")
    grouped = frame.lazy().group_by("g").agg(c=covariance(X, Y), r=correlation(X, Y)).sort("g").collect()
    assert_frame_equal(over, grouped)
    assert grouped["c"].to_list() == pytest.approx([1 / 3, 0.0], rel=1e-14)
    assert grouped["r"].to_list() == [pytest.approx(1 / 7, rel=1e-14), None]
