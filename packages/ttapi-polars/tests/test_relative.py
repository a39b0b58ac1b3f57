# SPDX-License-Identifier: Apache-2.0
"""Measures beside a benchmark: against empyrical on real prices, and exact rational arithmetic."""

import math
import warnings
from collections.abc import Callable
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    alpha,
    beta,
    capture_ratio,
    down_capture,
    information_ratio,
    rolling_alpha,
    rolling_beta,
    tracking_error,
    up_capture,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import empyrical

Measure = Callable[..., pl.Expr]
X, Y = pl.col("x"), pl.col("y")
RETURN = st.floats(min_value=-0.5, max_value=0.5, allow_subnormal=False)
PAIRS = st.lists(st.tuples(RETURN, RETURN), min_size=2, max_size=20)
YEARLY = {"periods_per_year": 252}
MEASURES: list[tuple[Measure, dict[str, float]]] = [
    (beta, {}),
    (alpha, YEARLY),
    (tracking_error, YEARLY),
    (information_ratio, YEARLY),
    (up_capture, {}),
    (down_capture, {}),
    (capture_ratio, {}),
]


def table(pairs: list[tuple[float | None, float | None]]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"x": pl.Float64, "y": pl.Float64}, orient="row")


@pytest.fixture(scope="module")
def real(published_bars: pl.DataFrame) -> pl.DataFrame:
    """Daily returns of a share beside another that stands for the market, 2000 to 2013."""
    returns = pl.col("adjusted_close") / pl.col("adjusted_close").shift(1) - 1
    sides = [
        published_bars.filter(symbol=symbol).select("date", returns.alias(name))
        for symbol, name in (("AAPL", "x"), ("IBM", "y"))
    ]
    joined = sides[0].join(sides[1], on="date").sort("date").drop_nulls()
    assert joined.height == 3269
    return joined


def value(frame: pl.DataFrame, expression: pl.Expr) -> float | None:
    answer = frame.select(expression)
    assert answer.schema.dtypes() == [pl.Float64]
    return answer.item()


@pytest.mark.parametrize("risk_free", [0.0, 0.0001])
def test_alpha_and_beta_of_real_prices_equal_empyrical(real: pl.DataFrame, risk_free: float) -> None:
    x, y = real["x"].to_numpy(), real["y"].to_numpy()
    assert value(real, beta(X, Y)) == pytest.approx(empyrical.beta(x, y, risk_free), rel=1e-12)
    ours = value(real, alpha(X, Y, periods_per_year=252, risk_free=risk_free))
    # Theirs compounds the alpha of one bar over the year.
    assert (1 + ours / 252) ** 252 - 1 == pytest.approx(empyrical.alpha(x, y, risk_free), rel=1e-10)


def test_information_ratio_of_real_prices_equals_empyrical(real: pl.DataFrame) -> None:
    expected = empyrical.excess_sharpe(real["x"].to_numpy(), real["y"].to_numpy())
    assert value(real, information_ratio(X, Y, periods_per_year=1)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("period", "per_year"), [("yearly", 1.0), ("monthly", 12.0)])
def test_captures_of_real_prices_equal_empyrical(real: pl.DataFrame, period: str, per_year: float) -> None:
    pairs = real.select("x", "y").to_pandas()
    for ours, theirs in (
        (up_capture, empyrical.up_capture),
        (down_capture, empyrical.down_capture),
        (capture_ratio, empyrical.up_down_capture),
    ):
        answer = value(real, ours(X, Y, periods_per_year=per_year))
        # Theirs multiplies 1,700 returns where ours adds logarithms.
        assert answer == pytest.approx(theirs(pairs["x"], pairs["y"], period=period), rel=1e-9)


def test_rolling_alpha_and_beta_of_real_prices_equal_empyrical(real: pl.DataFrame) -> None:
    window = 61
    answer = real.select(
        rolling_alpha(X, Y, window=window, periods_per_year=252, risk_free=0.0001).alias("alpha"),
        rolling_beta(X, Y, window=window).alias("beta"),
    )
    assert answer.head(window - 1).null_count().row(0) == (window - 1, window - 1)
    for end in range(window, real.height, 150):
        inside = real[end - window : end]
        x, y = inside["x"].to_numpy(), inside["y"].to_numpy()
        ours, slope = answer.row(end - 1)
        assert slope == pytest.approx(empyrical.beta(x, y, 0.0001), rel=1e-12)
        assert (1 + ours / 252) ** 252 - 1 == pytest.approx(empyrical.alpha(x, y, 0.0001), rel=1e-10)


@given(PAIRS)
@settings(max_examples=40)
def test_beta_and_alpha_equal_exact_arithmetic(pairs: list[tuple[float, float]]) -> None:
    xs, ys = ([Fraction(v) for v in side] for side in zip(*pairs, strict=True))
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    yy = sum((y - mean_y) ** 2 for y in ys)
    answer, intercept = (
        table(pairs).select(b=beta(X, Y), a=alpha(X, Y, periods_per_year=1, risk_free=0.01)).row(0)
    )
    if yy == 0:
        assert answer is intercept is None
    elif yy > 1e-12:  # below, the deviations of the benchmark keep too few digits
        slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / yy
        assert answer == pytest.approx(float(slope), rel=1e-9, abs=1e-9)
        rate = Fraction(0.01)
        assert intercept == pytest.approx(float(mean_x - rate - slope * (mean_y - rate)), rel=1e-9, abs=1e-9)


def test_beta_keeps_its_digits_beside_an_offset() -> None:
    """Products of means would lose all sixteen digits here."""
    pairs = [(1e6 + 2 * i % 7, 1e6 + i % 7) for i in range(70)]
    xs, ys = ([Fraction(v) for v in side] for side in zip(*pairs, strict=True))
    mean_x, mean_y = sum(xs) / 70, sum(ys) / 70
    xy = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    expected = xy / sum((y - mean_y) ** 2 for y in ys)
    assert value(table(pairs), beta(X, Y)) == pytest.approx(float(expected), rel=1e-14, abs=1e-14)


@given(PAIRS, st.integers(min_value=-30, max_value=30))
@settings(max_examples=30)
def test_beta_and_tracking_error_scale(pairs: list[tuple[float, float]], power: int) -> None:
    frame, factor = table(pairs), 2.0**power
    scaled = frame.select(X * factor, Y * factor)
    for measure in (beta(X, Y), tracking_error(X, Y, periods_per_year=12)):
        one, other = value(frame, measure), value(scaled, measure)
        if one is not None and measure.meta.eq(tracking_error(X, Y, periods_per_year=12)):
            one *= factor
        assert other == (one if one is None else pytest.approx(one, rel=1e-14, abs=1e-150))


@pytest.mark.parametrize(("measure", "options"), MEASURES)
def test_measure_leaves_out_rows_with_one_side_unusable(measure: Measure, options: dict[str, float]) -> None:
    pairs = [(0.02, 0.01), (-0.03, -0.01), (0.01, 0.02), (0.005, -0.02), (0.04, 0.015)]
    holes = [(None, 0.5), (0.5, None), (math.nan, 0.5), (-0.5, math.inf), (None, None)]
    mixed = [row for two in zip(holes, pairs, strict=True) for row in two]
    expression = measure(X, Y, **options)
    answer = value(table(mixed), expression)
    assert answer is not None
    assert answer == pytest.approx(value(table(pairs), expression), rel=1e-14)


@pytest.mark.parametrize(("measure", "options"), MEASURES)
@pytest.mark.parametrize("pairs", [[], [(None, 0.1)], [(math.nan, 0.0), (0.1, 0.0)], [(0.1, 0.0)] * 3])
def test_measure_given_too_little_is_null_or_no_error(
    measure: Measure, options: dict[str, float], pairs: list[tuple[float | None, float | None]]
) -> None:
    answer = value(table(pairs), measure(X, Y, **options))
    assert answer is None or (measure is tracking_error and len(pairs) == 3 and answer == 0.0)


@pytest.mark.parametrize(("measure", "options"), MEASURES)
def test_measure_over_groups_equals_aggregation_in_each_engine(
    measure: Measure, options: dict[str, float]
) -> None:
    frame = table([(math.sin(i) / 10, math.cos(5 * i) / 10) for i in range(60)]).with_columns(
        g=pl.int_range(60) % 4
    )
    expression = measure(X, Y, **options).alias("r")
    expected = pl.concat([frame.filter(g=g).select("g", expression).unique() for g in range(4)])
    for engine in ("streaming", "in-memory"):
        over = frame.lazy().select("g", expression.over("g")).unique().sort("g").collect(engine=engine)
        grouped = frame.lazy().group_by("g").agg(expression).sort("g").collect(engine=engine)
        assert_frame_equal(over, expected.cast(over.schema), rel_tol=1e-13)
        assert_frame_equal(grouped, expected.cast(over.schema), rel_tol=1e-13)
    assert frame.select(measure(X, Y, **options)).columns == ["x"]


@pytest.mark.parametrize("spread", [0.001, 0.1, 1 / 3])
def test_information_ratio_given_a_spread_that_only_rounding_varies_is_null(spread: float) -> None:
    pairs = [(i / 100 + spread, i / 100) for i in range(-20, 20)]
    assert value(table(pairs), information_ratio(X, Y, **YEARLY)) is None


def test_captures_given_a_benchmark_on_one_side_only_are_null_on_the_other() -> None:
    frame = table([(0.01, 0.02), (0.03, 0.01), (0.5, 0.0)])
    answer = frame.select(u=up_capture(X, Y), d=down_capture(X, Y), r=capture_ratio(X, Y)).row(0)
    assert answer == (pytest.approx((math.sqrt(1.01 * 1.03) - 1) / (math.sqrt(1.02 * 1.01) - 1)), None, None)


def test_capture_given_a_total_loss_is_that_of_minus_one_and_more_is_left_out() -> None:
    frame = table([(-1.0, -0.5), (0.1, -0.1), (-1.5, -0.2)])
    expected = -1 / (math.sqrt(0.5 * 0.9) - 1)
    assert value(frame, down_capture(X, Y)) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("periods", [0, -252, math.nan, math.inf, True, "252"])
@pytest.mark.parametrize("measure", [measure for measure, _ in MEASURES[1:]])
def test_measure_given_wrong_periods_raises_when_built(measure: Measure, periods: object) -> None:
    with pytest.raises(ParameterError, match="periods_per_year"):
        measure(X, Y, periods_per_year=periods)


@pytest.mark.parametrize("rate", [math.nan, math.inf, True, None])
def test_alpha_given_a_wrong_rate_raises_when_built(rate: object) -> None:
    with pytest.raises(ParameterError, match="risk_free"):
        alpha(X, Y, periods_per_year=252, risk_free=rate)
    with pytest.raises(ParameterError, match="risk_free"):
        rolling_alpha(X, Y, window=5, periods_per_year=252, risk_free=rate)
    with pytest.raises(ParameterError, match="window"):
        rolling_alpha(X, Y, window=1, periods_per_year=252)
