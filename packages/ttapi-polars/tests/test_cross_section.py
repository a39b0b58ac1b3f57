# SPDX-License-Identifier: Apache-2.0
"""One time across symbols: against pandas, numpy and scipy, exact where whole numbers decide, ties included."""

import math
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import (
    cross_rank,
    neutralize,
    neutralize_beta,
    quantile_portfolio,
    quantile_returns,
    winsorize,
    z_score,
)

Measure = Callable[[], pl.Expr]
V, E, G = pl.col("v"), pl.col("e"), pl.col("g")
NUMBER = st.one_of(
    st.floats(min_value=-10, max_value=10, allow_subnormal=False), st.sampled_from([0.0, -0.0, 0.1, 0.1, 3.0])
)
VALUE = st.one_of(NUMBER, st.sampled_from([None, math.nan, math.inf, -math.inf]))
VALUES = st.lists(VALUE, max_size=20)
MEASURES: list[pl.Expr] = [
    cross_rank(V),
    cross_rank(V, descending=True),
    z_score(V),
    winsorize(V, lower=0.1, upper=0.8),
    neutralize(V, by=G),
    neutralize_beta(V, E),
    quantile_portfolio(V, quantiles=3),
]
NAMES = {"signal": "signal", "forward_return": "next"}


def column(values: list[float | None], expression: pl.Expr) -> list[float | None]:
    return pl.DataFrame({"v": values}, schema={"v": pl.Float64}).select(expression)["v"].to_list()


def usable(values: list[float | None]) -> list[float]:
    return [value for value in values if value is not None and math.isfinite(value)]


@pytest.fixture(scope="module")
def real(published_bars: pl.DataFrame) -> pl.DataFrame:
    """Returns of five companies by day, and those of the day after."""
    close = pl.col("adjusted_close")
    returns = (close / close.shift(1) - 1).over("symbol")
    frame = published_bars.select("symbol", "date", signal=returns).filter(pl.col("date") >= date(2011, 1, 1))
    return frame.with_columns(next=pl.col("signal").shift(-1).over("symbol", order_by="date"))


@given(VALUES)
@settings(max_examples=40)
def test_cross_rank_counts_what_is_below_and_half_of_what_is_equal(values: list[float | None]) -> None:
    kept, answer = usable(values), column(values, cross_rank(V))
    for value, rank in zip(values, answer, strict=True):
        if value is None or not math.isfinite(value) or len(kept) < 2:
            assert rank is None
        else:
            below, equal = sum(x < value for x in kept), sum(x == value for x in kept)
            assert rank == float(Fraction(2 * below + equal - 1, 2 * (len(kept) - 1)))


def test_cross_rank_of_real_returns_equals_pandas(real: pl.DataFrame) -> None:
    ours = real.select(cross_rank(pl.col("signal")).over("date"))["signal"]
    groups = real.to_pandas().groupby("date")["signal"]
    theirs = (groups.rank() - 1) / (groups.transform("count") - 1)
    assert ours.to_numpy() == pytest.approx(theirs.to_numpy(), rel=1e-15, nan_ok=True)


@pytest.mark.parametrize("count", [50, 99, 108])
def test_cross_rank_reaches_exactly_one(count: int) -> None:
    """Times the inverse, 49 / 49 would be below it."""
    assert column([float(i) for i in range(count)], cross_rank(V))[-1] == 1.0


@given(VALUES)
@settings(max_examples=40)
def test_cross_rank_descending_is_the_rest_to_one(values: list[float | None]) -> None:
    up, down = column(values, cross_rank(V)), column(values, cross_rank(V, descending=True))
    assert [None if x is None else pytest.approx(1 - x, abs=1e-15) for x in up] == down


@given(VALUES)
@settings(max_examples=40)
def test_z_score_equals_exact_arithmetic(values: list[float | None]) -> None:
    kept = [Fraction(value) for value in usable(values)]
    answer = column(values, z_score(V))
    mean = sum(kept) / len(kept) if kept else 0
    squares = sum((value - mean) ** 2 for value in kept)
    if squares == 0:
        assert answer == [None] * len(values)
    elif squares > 1e-12:  # below, the deviations themselves have too few digits
        variance = squares / (len(kept) - 1)
        scores = [float(Fraction(v) - mean) / math.sqrt(variance) for v in usable(values)]
        assert [score for score in answer if score is not None] == pytest.approx(scores, rel=1e-8, abs=1e-8)


def test_z_score_keeps_its_digits_beside_an_offset() -> None:
    assert column([1e12 + 1, 1e12 + 2, 1e12 + 3], z_score(V)) == [-1.0, 0.0, 1.0]


@given(st.lists(NUMBER, min_size=1, max_size=20), st.floats(0, 0.45), st.floats(0.55, 1))
@settings(max_examples=40)
def test_winsorize_equals_numpy(values: list[float], lower: float, upper: float) -> None:
    expected = np.clip(values, np.quantile(values, lower), np.quantile(values, upper))
    answer = column([None, *values, math.nan], winsorize(V, lower=lower, upper=upper))
    assert answer[0] is answer[-1] is None
    assert answer[1:-1] == pytest.approx(expected.tolist(), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize(
    ("lower", "upper"), [(-0.1, 1), (0, 1.1), (0.5, 0.5), (0.9, 0.1), (math.nan, 1), (True, 1)]
)
def test_winsorize_given_wrong_quantiles_raises_when_built(lower: float, upper: float) -> None:
    with pytest.raises(ParameterError, match=r"lower|upper"):
        winsorize(V, lower=lower, upper=upper)


@given(st.lists(st.tuples(VALUE, st.sampled_from(["x", "y", None])), max_size=20))
@settings(max_examples=40)
def test_neutralize_takes_the_mean_of_each_group(rows: list[tuple[float | None, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"v": pl.Float64, "g": pl.String}, orient="row")
    answer = frame.select(neutralize(V, by=G))["v"].to_list()
    for (value, group), result in zip(rows, answer, strict=True):
        members = [Fraction(v) for v, g in rows if g == group and usable([v])]
        if group is None or not usable([value]):
            assert result is None
        else:
            assert result == pytest.approx(float(Fraction(value) - sum(members) / len(members)), abs=1e-14)


def test_neutralize_over_date_is_that_of_date_and_group() -> None:
    random = Random(1)
    frame = pl.DataFrame(
        [(random.randrange(9), random.choice("xyz"), random.random()) for _ in range(300)],
        schema=["d", "g", "v"],
        orient="row",
    )
    for engine in ("streaming", "in-memory"):
        one = frame.lazy().select(neutralize(V, by=G).over("d")).collect(engine=engine)
        other = frame.lazy().select((V - V.mean()).over("d", "g")).collect(engine=engine)
        assert_frame_equal(one, other, abs_tol=1e-15)


@given(st.lists(st.tuples(VALUE, VALUE), max_size=20))
@settings(max_examples=40)
def test_neutralize_beta_leaves_what_the_exact_line_leaves(
    rows: list[tuple[float | None, float | None]],
) -> None:
    frame = pl.DataFrame(rows, schema={"v": pl.Float64, "e": pl.Float64}, orient="row")
    answer = frame.select(neutralize_beta(V, E))["v"].to_list()
    kept = [(Fraction(v), Fraction(e)) for v, e in rows if len(usable([v, e])) == 2]
    mean_v, mean_e = (sum(side) / len(kept) for side in zip(*kept, strict=True)) if kept else (0, 0)
    squares = sum((e - mean_e) ** 2 for _, e in kept)
    if squares == 0:
        assert answer == [None] * len(rows)
    elif squares > 1e-12:
        slope = sum((v - mean_v) * (e - mean_e) for v, e in kept) / squares
        residuals = [float(v - mean_v - slope * (e - mean_e)) for v, e in kept]
        assert [value for value in answer if value is not None] == pytest.approx(residuals, abs=1e-8)
        assert sum(value is not None for value in answer) == len(kept)


@given(VALUES, st.integers(min_value=2, max_value=6))
@settings(max_examples=40)
def test_quantile_portfolio_counts_what_is_below(values: list[float | None], quantiles: int) -> None:
    kept, answer = usable(values), column(values, quantile_portfolio(V, quantiles=quantiles))
    for value, number in zip(values, answer, strict=True):
        if not usable([value]) or len(kept) < quantiles:
            assert number is None
        else:
            assert number == 1 + quantiles * sum(x < value for x in kept) // len(kept)


@given(st.sets(NUMBER, min_size=6, max_size=20), st.integers(min_value=2, max_value=6))
@settings(max_examples=40)
def test_quantile_portfolios_without_ties_differ_in_size_by_one_at_most(
    values: set[float], quantiles: int
) -> None:
    numbers = column(list(values), quantile_portfolio(V, quantiles=quantiles))
    sizes = [numbers.count(number) for number in range(1, quantiles + 1)]
    assert sum(sizes) == len(values)
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("quantiles", [1, 0, -2, True, 2.5])
def test_quantile_portfolio_given_a_wrong_number_raises_when_built(quantiles: object) -> None:
    with pytest.raises(ParameterError, match="quantiles"):
        quantile_portfolio(V, quantiles=quantiles)
    with pytest.raises(ParameterError, match="quantiles"):
        quantile_returns(pl.LazyFrame(), **NAMES, quantiles=quantiles)


@pytest.mark.parametrize("expression", MEASURES, ids=str)
def test_measure_over_groups_equals_each_group_in_each_engine(expression: pl.Expr) -> None:
    random = Random(2)
    pool = [None, math.nan, 0.1, *(random.random() for _ in range(30))]
    rows = [(random.randrange(5), random.choice("xy"), *random.choices(pool, k=2)) for _ in range(120)]
    frame = pl.DataFrame(rows, schema=["d", "g", "v", "e"], orient="row").sort("d", maintain_order=True)
    expected = pl.concat([frame.filter(d=d).select("d", expression) for d in range(5)])
    assert expected.columns == ["d", "v"]
    pieces = pl.concat([frame[:7], frame[7:50], frame[50:]], rechunk=False).lazy()
    for engine in ("streaming", "in-memory"):
        over = pieces.select("d", expression.over("d")).collect(engine=engine)
        grouped = (
            pieces.group_by("d", maintain_order=True).agg(expression).explode("v").collect(engine=engine)
        )
        assert_frame_equal(over, expected, rel_tol=1e-13)
        assert_frame_equal(grouped, expected, rel_tol=1e-13)


@pytest.mark.parametrize("expression", MEASURES, ids=str)
@pytest.mark.parametrize("values", [[], [None], [math.nan, None]])
def test_measure_given_nothing_usable_is_null_and_as_long(
    expression: pl.Expr, values: list[float | None]
) -> None:
    frame = pl.DataFrame({"v": values}, schema={"v": pl.Float64}).with_columns(e=V, g=pl.lit("x"))
    assert frame.with_columns(expression.alias("r"))["r"].to_list() == [None] * len(values)


def test_quantile_returns_of_real_prices_equal_pandas(real: pl.DataFrame) -> None:
    answer = quantile_returns(
        real.sample(fraction=1, shuffle=True, seed=1).lazy(), **NAMES, quantiles=2
    ).collect()
    pandas = real.drop_nulls("signal").to_pandas()
    ranks = pandas.groupby("date")["signal"].rank(method="min") - 1
    pandas["quantile"] = (ranks * 2 // pandas.groupby("date")["signal"].transform("count") + 1).astype(int)
    means = pandas.groupby(["date", "quantile"])["next"].mean().unstack()
    for quantile in (1, 2):
        ours = answer.filter(quantile=quantile)["mean_return"].to_numpy()
        assert ours == pytest.approx(means[quantile].to_numpy(), rel=1e-12, abs=1e-17, nan_ok=True)
    spread = answer.filter(quantile=1)["long_short"].to_numpy()
    assert spread == pytest.approx((means[2] - means[1]).to_numpy(), rel=1e-11, abs=1e-17, nan_ok=True)


def section(rows: list[tuple[int | None, str | None, float | None, float | None]]) -> pl.LazyFrame:
    dated = [(day and date(2024, 1, day), *rest) for day, *rest in rows]
    schema = {"date": pl.Date, "symbol": pl.String, "signal": pl.Float64, "next": pl.Float64}
    return pl.LazyFrame(dated, schema=schema, orient="row")


def test_quantile_returns_form_portfolios_without_looking_at_what_followed() -> None:
    frame = section([(2, "A", 1.0, None), (2, "B", 2.0, 0.02), (2, "C", 3.0, math.nan), (2, "D", 4.0, 0.05)])
    answer = quantile_returns(frame, **NAMES, quantiles=2).collect()
    assert answer.drop("date").rows() == [
        (1, 2, 1, 0.02, pytest.approx(0.03)),
        (2, 2, 1, 0.05, pytest.approx(0.03)),
    ]
    assert answer.columns == ["date", "quantile", "symbols", "observations", "mean_return", "long_short"]
    assert answer.schema.dtypes()[1:] == [pl.UInt32, pl.UInt32, pl.UInt32, pl.Float64, pl.Float64]


def test_quantile_returns_leave_out_a_symbol_that_stands_twice() -> None:
    rows = [(2, "A", 1.0, 0.01), (2, "B", 2.0, 0.02), (2, "C", 9.0, 0.5), (2, "C", 8.0, -0.5)]
    whole = quantile_returns(section(rows), **NAMES, quantiles=2).collect()
    assert_frame_equal(whole, quantile_returns(section(rows[:2]), **NAMES, quantiles=2).collect())


def test_quantile_returns_have_all_portfolios_of_each_time_and_none_of_no_time() -> None:
    rows = [
        (2, "A", 1.0, 0.01),
        (3, "A", 1.0, 0.01),
        (3, "B", 1.0, 0.03),
        (None, "A", 1.0, 0.1),
        (3, None, 2.0, 0.1),
    ]
    answer = quantile_returns(section(rows), **NAMES, quantiles=2).collect()
    assert answer["date"].to_list() == [date(2024, 1, 2)] * 2 + [date(2024, 1, 3)] * 2
    assert answer["symbols"].to_list() == [0, 0, 2, 0]
    assert answer["mean_return"].to_list() == [None, None, pytest.approx(0.02), None]
    assert answer["long_short"].to_list() == [None] * 4
    assert quantile_returns(section([]), **NAMES, quantiles=2).collect().height == 0


def test_quantile_returns_given_other_names_and_engines_give_the_same() -> None:
    frame = section(
        [(day, symbol, day * 7.0 % 5 + ord(symbol), day / 100) for day in (2, 3, 4) for symbol in "ABCD"]
    )
    expected = quantile_returns(frame, **NAMES, quantiles=3).collect(engine="in-memory")
    renamed = frame.rename({"date": "time", "symbol": "ticker"})
    answer = quantile_returns(renamed, **NAMES, quantiles=3, time="time", symbol="ticker").collect(
        engine="streaming"
    )
    assert_frame_equal(answer.rename({"time": "date"}), expected)


def test_quantile_returns_given_a_missing_column_names_it() -> None:
    with pytest.raises(DataError, match=r"'next'.*columns present: date, symbol, signal"):
        quantile_returns(section([]).drop("next"), **NAMES, quantiles=2)


def test_neutralize_given_a_name_in_place_of_an_expression_raises() -> None:
    with pytest.raises(ParameterError, match="by"):
        neutralize(V, by="g")
