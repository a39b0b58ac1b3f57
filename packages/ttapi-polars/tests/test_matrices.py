# SPDX-License-Identifier: Apache-2.0
"""Matrices in long form: against pandas on real prices and the expressions pair by pair; symmetric, never wrong."""

import math
from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import (
    correlation,
    correlation_matrix,
    covariance,
    covariance_matrix,
    rolling_correlation,
    rolling_correlation_matrix,
    rolling_covariance,
    rolling_covariance_matrix,
)
from ttapi_polars.matrices import _centred_sums, _pair_rows
from ttapi_polars.pair_kernels import pair_sums

Matrix = Callable[..., pl.LazyFrame]
WHOLE = [(covariance_matrix, "covariance"), (correlation_matrix, "correlation")]
ROLLING = [(rolling_covariance_matrix, "covariance"), (rolling_correlation_matrix, "correlation")]
ALL: list[tuple[Matrix, dict[str, int]]] = [
    *((function, {}) for function, _ in WHOLE),
    *((function, {"window": 2}) for function, _ in ROLLING),
]
SCHEMA = {"symbol": pl.String, "date": pl.Date, "return": pl.Float64}
VALUE = st.one_of(
    st.floats(min_value=-0.5, max_value=0.5, allow_subnormal=False),
    st.sampled_from([0.1, 0.1, 1e12, None, math.nan, math.inf]),
)
SERIES = st.dictionaries(st.sampled_from(["A", "BRK/B", "C"]), st.lists(VALUE, max_size=9), max_size=3)


def day(i: int) -> date:
    return date(2024, 1, 1) + timedelta(days=i)


def rows(series: dict[str, list[float | None]]) -> pl.LazyFrame:
    records = [(symbol, day(i), value) for symbol, values in series.items() for i, value in enumerate(values)]
    return pl.LazyFrame(records, schema=SCHEMA, orient="row")


def shuffled(frame: pl.LazyFrame, seed: int) -> pl.LazyFrame:
    collected = frame.collect()
    order = list(range(collected.height))
    Random(seed).shuffle(order)
    return collected[order].lazy()


@pytest.fixture(scope="module")
def real(published_bars: pl.DataFrame) -> pl.LazyFrame:
    """Daily returns of five companies; two of them are listed later than the others."""
    close = pl.col("adjusted_close")
    returns = (close / close.shift(1) - 1).over("symbol")
    return published_bars.select("symbol", "date", returns.alias("return")).lazy()


@pytest.mark.parametrize(("function", "column"), WHOLE)
def test_matrix_of_real_prices_equals_pandas(real: pl.LazyFrame, function: Matrix, column: str) -> None:
    wide = real.collect().pivot("symbol", index="date", values="return").sort("date").drop("date")
    pandas = wide.to_pandas()
    expected = pandas.cov() if column == "covariance" else pandas.corr()
    answer = function(shuffled(real, 1)).collect()
    assert answer.height == 25
    for a, b, _, value in answer.iter_rows():
        assert value == pytest.approx(expected.loc[a, b], rel=1e-11)
    assert answer.filter(symbol_a="FB", symbol_b="IBM")["observations"].item() == 195


@pytest.mark.parametrize(("function", "column"), ROLLING)
def test_rolling_matrix_of_real_prices_equals_pandas(
    real: pl.LazyFrame, function: Matrix, column: str
) -> None:
    recent = real.filter(pl.col("date") >= date(2012, 1, 1)).collect()
    wide = recent.pivot("symbol", index="date", values="return").sort("date")
    pandas = wide.to_pandas().set_index("date").rolling(60)
    expected = pandas.cov(pairwise=True) if column == "covariance" else pandas.corr(pairwise=True)
    answer = function(recent.lazy(), window=60).collect()
    assert answer.columns == ["date", "symbol_a", "symbol_b", column]
    ours = answer.sort("date", "symbol_a", "symbol_b")[column].to_list()
    theirs = expected.sort_index(axis=0).sort_index(axis=1).to_numpy().ravel().tolist()
    assert [value is None for value in ours] == [math.isnan(value) for value in theirs]
    known = [pair for pair in zip(ours, theirs, strict=True) if pair[0] is not None]
    assert len(known) > 4900
    # Theirs keeps running sums, which lose a few digits.
    assert [a for a, _ in known] == pytest.approx([b for _, b in known], rel=1e-8, abs=1e-12)


@given(SERIES, st.integers(min_value=0, max_value=99))
@settings(max_examples=25)
def test_matrix_equals_the_expression_pair_by_pair_in_any_order_of_rows(
    series: dict[str, list[float | None]], seed: int
) -> None:
    for function, expression in ((covariance_matrix, covariance), (correlation_matrix, correlation)):
        answer = function(shuffled(rows(series), seed)).collect()
        names = sorted(symbol for symbol, values in series.items() if values)
        assert answer.select("symbol_a", "symbol_b").rows() == [(a, b) for a in names for b in names]
        for a, b, _, value in answer.iter_rows():
            length = min(len(series[a]), len(series[b]))
            pair = pl.DataFrame(
                [series[a][:length], series[b][:length]], schema={"x": pl.Float64, "y": pl.Float64}
            )
            expected = pair.select(expression(pl.col("x"), pl.col("y"))).item()
            spread = pair.select(pl.col("x", "y").fill_nan(None).abs().max()).row(0)
            # Both are of two passes; sums in another order, of squares of the largest value.
            error = 1e-14 * (spread[0] or 0) * (spread[1] or 0) if function is covariance_matrix else 1e-7
            assert value == (expected if expected is None else pytest.approx(expected, rel=1e-9, abs=error))


@given(SERIES, st.integers(min_value=0, max_value=99), st.integers(min_value=2, max_value=4))
@settings(max_examples=25)
def test_rolling_matrix_equals_the_expression_to_the_last_bit(
    series: dict[str, list[float | None]], seed: int, window: int
) -> None:
    length = max(map(len, series.values()), default=0)
    wide = {name: [*values, *[None] * (length - len(values))] for name, values in series.items() if values}
    frame = pl.DataFrame(wide, schema=dict.fromkeys(sorted(wide), pl.Float64))
    for function, expression in (
        (rolling_covariance_matrix, rolling_covariance),
        (rolling_correlation_matrix, rolling_correlation),
    ):
        answer = function(shuffled(rows(series), seed), window=window).collect()
        assert answer.height == length * len(wide) ** 2
        for a in wide:
            for b in wide:
                ours = answer.filter(symbol_a=a, symbol_b=b).to_series(3).to_list()
                measure = expression(pl.col(a), pl.col(b), window=window)
                assert ours == frame.select(r=measure)["r"].to_list()


@pytest.mark.parametrize(("function", "options"), ALL)
def test_matrix_is_symmetric_to_the_last_bit(
    real: pl.LazyFrame, function: Matrix, options: dict[str, int]
) -> None:
    answer = function(real.filter(pl.col("date") >= date(2012, 10, 1)), **options).collect()
    order = [name for name in ("date", "symbol_a", "symbol_b") if name in answer.columns]
    swapped = (
        answer.rename({"symbol_a": "symbol_b", "symbol_b": "symbol_a"}).select(answer.columns).sort(order)
    )
    assert_frame_equal(answer, swapped, check_exact=True)


def test_correlation_matrix_has_a_diagonal_of_exactly_one(real: pl.LazyFrame) -> None:
    for answer in (correlation_matrix(real), rolling_correlation_matrix(real, window=20)):
        diagonal = answer.filter(pl.col("symbol_a") == pl.col("symbol_b")).collect()
        assert set(diagonal["correlation"].drop_nulls()) == {1.0}


@pytest.mark.parametrize(("function", "options"), ALL)
@pytest.mark.parametrize("broken", [day(1), None])
def test_matrix_given_a_time_twice_or_no_time_is_null_for_that_symbol(
    function: Matrix, options: dict[str, int], broken: date | None
) -> None:
    sound = rows({"A": [0.1, 0.2, 0.4], "B": [0.3, 0.1, 0.2]})
    extra = pl.LazyFrame([("A", broken, 0.7)], schema=SCHEMA, orient="row")
    answer = function(pl.concat([sound, extra]), **options).collect()
    touched = (pl.col("symbol_a") == "A") | (pl.col("symbol_b") == "A")
    assert answer.filter(touched).to_series(3).null_count() == answer.filter(touched).height > 0
    expected = function(sound, **options).collect()
    assert_frame_equal(answer.filter(~touched), expected.filter(~touched))
    assert expected.to_series(3).is_not_null().any()


def test_matrix_given_fewer_shared_times_than_asked_is_null_but_counted() -> None:
    frame = rows({"A": [0.1, 0.2, 0.4, 0.3], "B": [0.3, None, 0.2, math.nan]})
    answer = covariance_matrix(frame, observations_min=3).collect()
    assert answer["observations"].to_list() == [4, 2, 2, 2]
    assert answer["covariance"].is_null().to_list() == [False, True, True, True]


def test_rolling_matrix_given_a_missing_row_does_not_bridge_it() -> None:
    frame = rows({"A": [0.1, 0.2, 0.4, 0.3], "B": [0.3, 0.1, 0.2, 0.5]})
    holed = frame.filter((pl.col("symbol") != "A") | (pl.col("date") != day(1)))
    answer = rolling_covariance_matrix(holed, window=2).collect()
    assert answer.filter(symbol_a="A", symbol_b="B")["covariance"].is_null().to_list() == [
        True,
        True,
        True,
        False,
    ]
    assert answer.filter(symbol_a="B", symbol_b="B")["covariance"].null_count() == 1


@pytest.mark.parametrize(("function", "options"), ALL)
def test_matrix_given_other_names_and_engines_gives_the_same(
    function: Matrix, options: dict[str, int]
) -> None:
    frame = rows({"A": [0.1, 0.2, 0.4, 0.3], "B": [0.3, 0.1, 0.2, 0.5]})
    renamed = frame.rename({"symbol": "ticker", "date": "time", "return": "change"})
    names = {"symbol": "ticker", "time": "time", "value": "change"}
    expected = function(frame, **options).collect(engine="in-memory")
    answer = function(renamed, **names, **options).collect(engine="streaming")
    assert_frame_equal(answer.rename({"time": "date"}, strict=False), expected)


@pytest.mark.parametrize(("function", "options"), ALL)
def test_matrix_of_no_rows_has_no_rows_and_a_symbol_alone_has_one_pair(
    function: Matrix, options: dict[str, int]
) -> None:
    assert function(rows({}), **options).collect().height == 0
    answer = function(rows({"A": [None]}), **options).collect()
    assert answer.select("symbol_a", "symbol_b").rows() == [("A", "A")]
    assert answer.to_series(3).to_list() == [None]


@pytest.mark.parametrize(("function", "options"), ALL)
def test_matrix_given_a_wrong_column_raises_at_the_call(function: Matrix, options: dict[str, int]) -> None:
    with pytest.raises(DataError, match=r"'return'.*columns present: symbol, date"):
        function(rows({}).drop("return"), **options)
    with pytest.raises(DataError, match="dates or times"):
        function(rows({}).cast({"date": pl.String}), **options)


@pytest.mark.parametrize("count", [1, 0, True, 2.0])
def test_matrix_given_a_wrong_count_raises_at_the_call(count: object) -> None:
    for function, _ in WHOLE:
        with pytest.raises(ParameterError, match="observations_min"):
            function(rows({}), observations_min=count)
    for function, _ in ROLLING:
        with pytest.raises(ParameterError, match="window"):
            function(rows({}), window=count)


@given(SERIES, st.integers(0, 99))
@settings(max_examples=40)
def test_compiled_sums_of_pairs_are_those_of_the_plan(
    series: dict[str, list[float | None]], seed: int
) -> None:
    """The plan is what runs without the extra; beside 1e12 a sum of products is good to the last digits."""
    frame = shuffled(rows(series), seed).filter(pl.col("return").is_finite())
    cells = frame.select(
        (pl.col("symbol").rank("dense") * 7).alias("place"), pl.col("date").alias("time"), value="return"
    ).collect()
    plan = (
        _centred_sums(_pair_rows(cells.lazy())).select("a", "b", "observations", "xx", "xy", "yy").collect()
    )
    compiled = pair_sums(cells).filter(pl.col("observations") > 0)
    largest = float(frame.select(pl.col("return").abs().max()).collect().item() or 0.0)
    assert_frame_equal(
        compiled.select(plan.columns), plan, check_row_order=False, rel_tol=1e-9, abs_tol=1e-15 * largest**2
    )
