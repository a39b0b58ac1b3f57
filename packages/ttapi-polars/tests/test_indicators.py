# SPDX-License-Identifier: Apache-2.0
"""What every indicator keeps: groups, chunks, engines, scale, gaps, first rows, and null rather than wrong."""

import math
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    aroon,
    average_directional_index,
    average_true_range,
    bollinger_bands,
    commodity_channel_index,
    donchian_channel,
    exponential_moving_average,
    ichimoku_cloud,
    keltner_channel,
    macd,
    money_flow_index,
    on_balance_volume,
    parabolic_sar,
    rate_of_change,
    relative_strength_index,
    simple_moving_average,
    stochastic_oscillator,
    trix,
    true_range,
    weighted_moving_average,
    wilder_moving_average,
    williams_percent_r,
)

HIGH, LOW, CLOSE, VOLUME = (pl.col(name) for name in ("high", "low", "close", "volume"))
COLUMNS = ["high", "low", "close", "volume"]


class Case(NamedTuple):
    """An indicator of small windows: its first known row (of each field), and the power of prices it scales with."""

    expression: pl.Expr
    first: int | dict[str, int]
    power: int | dict[str, int] = 0


CASES = {
    "simple_moving_average": Case(simple_moving_average(CLOSE, window=5), 4, 1),
    "weighted_moving_average": Case(weighted_moving_average(CLOSE, window=5), 4, 1),
    "exponential_moving_average": Case(exponential_moving_average(CLOSE, window=5), 4, 1),
    "wilder_moving_average": Case(wilder_moving_average(CLOSE, window=5), 4, 1),
    "true_range": Case(true_range(HIGH, LOW, close=CLOSE), 1, 1),
    "average_true_range": Case(average_true_range(HIGH, LOW, close=CLOSE, window=4), 4, 1),
    "relative_strength_index": Case(relative_strength_index(CLOSE, window=4), 4),
    "macd": Case(macd(CLOSE, fast_window=2, slow_window=4, signal_window=3), 5, 1),
    "rate_of_change": Case(rate_of_change(CLOSE, window=4), 4),
    "trix": Case(trix(CLOSE, window=3), 7),
    "stochastic_oscillator": Case(
        stochastic_oscillator(HIGH, LOW, close=CLOSE, window=4, k_smoothing=2, d_smoothing=3), 6
    ),
    "williams_percent_r": Case(williams_percent_r(HIGH, LOW, close=CLOSE, window=4), 3),
    "commodity_channel_index": Case(commodity_channel_index(HIGH, LOW, close=CLOSE, window=5), 4),
    "on_balance_volume": Case(on_balance_volume(CLOSE, VOLUME), 0),
    "money_flow_index": Case(money_flow_index(HIGH, LOW, close=CLOSE, volume=VOLUME, window=4), 4),
    "bollinger_bands": Case(
        bollinger_bands(CLOSE, window=5),
        4,
        {"lower": 1, "middle": 1, "upper": 1, "percent_b": 0, "bandwidth": 0},
    ),
    "keltner_channel": Case(keltner_channel(HIGH, LOW, close=CLOSE, window=4, range_window=5), 5, 1),
    "donchian_channel": Case(donchian_channel(HIGH, LOW, window=5), 4, 1),
    "ichimoku_cloud": Case(
        ichimoku_cloud(
            HIGH, LOW, close=CLOSE, conversion_window=2, base_window=3, span_window=5, displacement=2
        ),
        {"conversion": 1, "base": 2, "span_a": 4, "span_b": 6, "lagging": 0},
        1,
    ),
    "average_directional_index": Case(
        average_directional_index(HIGH, LOW, close=CLOSE, window=4), {"plus_di": 4, "minus_di": 4, "adx": 7}
    ),
    "aroon": Case(aroon(HIGH, LOW, window=4), 4),
    "parabolic_sar": Case(parabolic_sar(HIGH, LOW), 1, 1),
}
EXPRESSIONS = [case.expression.alias(name) for name, case in CASES.items()]
ALL = pytest.mark.parametrize("name", CASES)
# A plan of all indicators costs far more than its rows: few examples of long frames prove more than many short.
SEEDS = st.integers(0, 2**32)


def bars(rows: int, seed: int, *, still: float = 0.2) -> pl.DataFrame:
    """A walk in whole cents; a share of the bars stands still."""
    random, close, table = Random(seed), 10_000, []
    for _ in range(rows):
        low, high = close, close
        if random.random() >= still:
            close = max(100, close + random.randint(-200, 200))
            low = min(low, close) - random.randint(0, 50)
            high = max(high, close) + random.randint(0, 50)
        table.append((high / 100, low / 100, close / 100, random.randint(1, 9) * 100))
    return pl.DataFrame(
        table, schema=dict(zip(COLUMNS, [pl.Float64] * 3 + [pl.Int64], strict=True)), orient="row"
    )


def fields(answer: pl.Series) -> pl.DataFrame:
    return answer.struct.unnest() if answer.dtype == pl.Struct else answer.alias("").to_frame()


def computed(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    return fields(frame.select(CASES[name].expression).to_series())


def flat(answers: pl.DataFrame) -> pl.DataFrame:
    """Every field of every indicator as a column: ``macd.signal``."""
    parts = [
        (f"{answer.name}.{part.name}".rstrip("."), part) for answer in answers for part in fields(answer)
    ]
    return pl.DataFrame([part.alias(name) for name, part in parts])


def all_computed(frame: pl.DataFrame) -> pl.DataFrame:
    return flat(frame.select(EXPRESSIONS))


def power(column: str) -> int:
    """The power of the price that a column of `all_computed` scales with."""
    name, _, field = column.partition(".")
    powers = CASES[name].power
    return powers[field] if isinstance(powers, dict) else powers


@ALL
def test_indicator_keeps_length_and_first_name_and_is_float64(name: str) -> None:
    frame = bars(30, 1).cast({"close": pl.Float32, "volume": pl.UInt32, "low": pl.Decimal(10, 2)})
    answer = frame.select(CASES[name].expression).to_series()
    assert answer.name == CASES[name].expression.meta.root_names()[0]
    assert answer.len() == 30
    assert set(fields(answer).dtypes) == {pl.Float64()}


@ALL
def test_indicator_starts_in_the_row_it_promises(name: str) -> None:
    promised = CASES[name].first
    for series in computed(bars(40, 2, still=0), name):
        first = promised[series.name] if isinstance(promised, dict) else promised
        assert series.is_null().to_list() == [True] * first + [False] * (40 - first)


@ALL
def test_indicator_given_too_few_rows_is_null(name: str) -> None:
    promised = CASES[name].first
    for series in computed(bars(40, 2, still=0), name):
        first = promised[series.name] if isinstance(promised, dict) else promised
        assert computed(bars(40, 2, still=0).head(first), name)[series.name].null_count() == first


@ALL
def test_indicator_given_no_rows_has_no_rows_and_the_same_schema(name: str) -> None:
    assert computed(bars(0, 1), name).schema == computed(bars(9, 1), name).schema


@ALL
def test_indicator_given_only_nulls_is_null(name: str) -> None:
    frame = pl.DataFrame({column: [None] * 20 for column in COLUMNS})
    assert {series.null_count() for series in computed(frame, name)} == {20}


@settings(max_examples=6)
@given(seed=SEEDS, sizes=st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_indicators_over_symbol_equal_each_alone(seed: int, sizes: list[int]) -> None:
    """Rows of several symbols are shuffled into each other; each keeps its own order."""
    labels = [i for i, size in enumerate(sizes) for _ in range(size)]
    Random(seed).shuffle(labels)
    alone = [bars(size, seed + i) for i, size in enumerate(sizes)]
    upcoming = [frame.iter_rows() for frame in alone]
    rows = [next(upcoming[label]) for label in labels]
    mixed = pl.DataFrame(rows, schema=alone[0].schema, orient="row").with_columns(
        symbol=pl.Series(labels, dtype=pl.Int64)
    )
    answer = mixed.select("symbol", *(case.expression.over("symbol").alias(n) for n, case in CASES.items()))
    for i, frame in enumerate(alone):
        group = answer.filter(pl.col("symbol") == i).drop("symbol")
        assert_frame_equal(flat(group), all_computed(frame), check_exact=True)


@ALL
def test_indicator_in_an_aggregation_equals_each_alone(name: str) -> None:
    alone = {symbol: bars(30, seed) for seed, symbol in enumerate("AB")}
    frame = pl.concat([rows.with_columns(symbol=pl.lit(symbol)) for symbol, rows in alone.items()])
    answers = frame.group_by("symbol").agg(CASES[name].expression.alias("answer"))
    assert answers.height == 2
    for symbol, answer in answers.iter_rows():
        assert answer == alone[symbol].select(CASES[name].expression).to_series().to_list()


@settings(max_examples=6)
@given(seed=SEEDS, cut=st.integers(0, 240))
def test_indicators_given_chunks_are_the_same(seed: int, cut: int) -> None:
    frame = bars(240, seed)
    pieces = pl.concat([frame.head(cut), frame.tail(240 - cut)], rechunk=False)
    assert_frame_equal(all_computed(pieces), all_computed(frame), check_exact=True)


@settings(max_examples=5)
@given(seed=SEEDS)
def test_indicators_are_the_same_lazy_eager_and_streaming(seed: int) -> None:
    frame = bars(400, seed)
    eager = all_computed(frame)
    plan = frame.lazy().select(EXPRESSIONS)
    # Polars sums a window in one order where a column may hold nulls and in another where it cannot, and the
    # optimiser changes which it is: the last digit of a mean, and what an index of small differences makes of it.
    for answer in (plan.collect(), plan.collect(engine="streaming")):
        assert_frame_equal(flat(answer), eager, rel_tol=1e-10, abs_tol=1e-10)


@settings(max_examples=8)
@given(seed=SEEDS, exponent=st.integers(-8, 8))
def test_indicators_scale_with_the_price_as_their_units_say(seed: int, exponent: int) -> None:
    """A power of two changes no digit, so that the law holds exactly."""
    frame = bars(240, seed)
    scaled = all_computed(frame.with_columns(pl.col("high", "low", "close") * 2.0**exponent))
    for series in all_computed(frame):
        assert scaled[series.name].to_list() == (series * 2.0 ** (exponent * power(series.name))).to_list()


@settings(max_examples=8)
@given(seed=SEEDS, gap=st.integers(0, 59), wrong=st.sampled_from([None, math.nan, math.inf, -math.inf]))
def test_indicators_given_a_gap_equal_the_parts_alone(seed: int, gap: int, wrong: float | None) -> None:
    """The unusable row is null; before it nothing changes; after it everything starts as in a new series."""
    whole = bars(60, seed)
    unusable = pl.Series([i == gap for i in range(60)])
    prices = pl.col("high", "low", "close")
    frame = whole.with_columns(pl.when(~unusable).then(prices).otherwise(pl.lit(wrong, dtype=pl.Float64)))
    # These two look over a gap on purpose: at the price, or the cloud, of some rows ago.
    answer = all_computed(frame).drop("rate_of_change", "^ichimoku_cloud.*$")
    assert_frame_equal(
        answer.head(gap), all_computed(whole.head(gap)).select(answer.columns), check_exact=True
    )
    assert answer[gap].null_count().row(0) == (1,) * answer.width
    # A window that rolls on from before the gap is summed in another order than one that begins after it.
    after = all_computed(whole.tail(59 - gap)).select(answer.columns)
    assert_frame_equal(answer.tail(59 - gap), after, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("wrong", [0.0, -1.0])
@pytest.mark.parametrize("column", ["high", "low", "close"])
def test_indicators_of_prices_given_none_above_zero_are_null_there(column: str, wrong: float) -> None:
    row = pl.int_range(pl.len()) == 30
    frame = bars(40, 5).with_columns(pl.when(~row).then(pl.col(column)).otherwise(wrong))
    for name, case in CASES.items():
        if column in case.expression.meta.root_names() and not name.endswith("moving_average"):
            ahead = 2 if name == "ichimoku_cloud" and column != "close" else 0
            assert computed(frame, name)[30 + ahead].null_count().row(0)[-1 - bool(ahead)] == 1, name


NASTY = st.one_of(
    st.none(),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 5e-324, 1e-300, 1e300, 1.7e308, 1e12]),
    st.floats(min_value=1, max_value=2),
)


@settings(max_examples=16)
@given(rows=st.lists(st.tuples(NASTY, NASTY, NASTY, NASTY), max_size=60))
def test_indicators_given_anything_are_finite_or_null(rows: list[tuple[float | None, ...]]) -> None:
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.Float64), orient="row")
    answer = all_computed(frame)
    assert answer.height == frame.height
    for series in answer:
        assert series.drop_nulls().is_finite().all(), series.name


@ALL
def test_indicator_given_a_constant_price_has_no_share_of_nothing(name: str) -> None:
    """0.1 is no binary fraction: its means and sums are off by the last digit, which must not look like a result."""
    frame = pl.DataFrame({"close": [7.7, 9.3, *[0.1] * 40], "volume": [3.3] * 42})
    frame = frame.with_columns(high="close", low="close")
    last = computed(frame, name).tail(1).to_dicts()[0]
    without = {"williams_percent_r", "commodity_channel_index", "money_flow_index", "stochastic_oscillator"}
    if name in without:
        assert set(last.values()) == {None}
    elif name == "bollinger_bands":
        assert last == {
            "lower": pytest.approx(0.1),
            "middle": pytest.approx(0.1),
            "upper": pytest.approx(0.1),
            "percent_b": None,
            "bandwidth": 0.0,
        }
    else:
        assert None not in last.values()


def test_indicators_given_a_high_below_the_low_are_null_there() -> None:
    row = pl.int_range(pl.len()) == 30
    frame = bars(40, 3).with_columns(low=pl.when(row).then(HIGH + 1).otherwise(LOW))
    for name, case in CASES.items():
        if {"high", "low"} <= set(case.expression.meta.root_names()):
            assert computed(frame, name)[30].null_count().row(0)[0] == 1, name


WRONG_COUNTS = [0, -1, True, 2.0, "3", None]
COUNTED: dict[str, tuple[str, Callable[..., pl.Expr]]] = {
    "simple_moving_average": ("window", lambda n: simple_moving_average(CLOSE, window=n)),
    "weighted_moving_average": ("window", lambda n: weighted_moving_average(CLOSE, window=n)),
    "exponential_moving_average": ("window", lambda n: exponential_moving_average(CLOSE, window=n)),
    "wilder_moving_average": ("window", lambda n: wilder_moving_average(CLOSE, window=n)),
    "average_true_range": ("window", lambda n: average_true_range(HIGH, LOW, close=CLOSE, window=n)),
    "relative_strength_index": ("window", lambda n: relative_strength_index(CLOSE, window=n)),
    "macd_fast": ("fast_window", lambda n: macd(CLOSE, fast_window=n)),
    "macd_slow": ("slow_window", lambda n: macd(CLOSE, slow_window=n)),
    "macd_signal": ("signal_window", lambda n: macd(CLOSE, signal_window=n)),
    "rate_of_change": ("window", lambda n: rate_of_change(CLOSE, window=n)),
    "trix": ("window", lambda n: trix(CLOSE, window=n)),
    "stochastic": ("window", lambda n: stochastic_oscillator(HIGH, LOW, close=CLOSE, window=n)),
    "stochastic_k": ("k_smoothing", lambda n: stochastic_oscillator(HIGH, LOW, close=CLOSE, k_smoothing=n)),
    "stochastic_d": ("d_smoothing", lambda n: stochastic_oscillator(HIGH, LOW, close=CLOSE, d_smoothing=n)),
    "williams": ("window", lambda n: williams_percent_r(HIGH, LOW, close=CLOSE, window=n)),
    "cci": ("window", lambda n: commodity_channel_index(HIGH, LOW, close=CLOSE, window=n)),
    "mfi": ("window", lambda n: money_flow_index(HIGH, LOW, close=CLOSE, volume=VOLUME, window=n)),
    "bollinger": ("window", lambda n: bollinger_bands(CLOSE, window=n)),
    "keltner": ("window", lambda n: keltner_channel(HIGH, LOW, close=CLOSE, window=n)),
    "keltner_range": ("range_window", lambda n: keltner_channel(HIGH, LOW, close=CLOSE, range_window=n)),
    "donchian": ("window", lambda n: donchian_channel(HIGH, LOW, window=n)),
    "ichimoku_conversion": (
        "conversion_window",
        lambda n: ichimoku_cloud(HIGH, LOW, close=CLOSE, conversion_window=n),
    ),
    "ichimoku_base": ("base_window", lambda n: ichimoku_cloud(HIGH, LOW, close=CLOSE, base_window=n)),
    "ichimoku_span": ("span_window", lambda n: ichimoku_cloud(HIGH, LOW, close=CLOSE, span_window=n)),
    "adx": ("window", lambda n: average_directional_index(HIGH, LOW, close=CLOSE, window=n)),
    "aroon": ("window", lambda n: aroon(HIGH, LOW, window=n)),
}


@pytest.mark.parametrize("wrong", WRONG_COUNTS)
@pytest.mark.parametrize("name", COUNTED)
def test_indicator_given_a_wrong_count_raises_when_built(name: str, wrong: object) -> None:
    parameter, build = COUNTED[name]
    with pytest.raises(ParameterError, match=parameter) as caught:
        build(wrong)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize("wrong", [0, -1.0, math.nan, math.inf, True, "2"])
def test_channel_given_a_wrong_multiplier_raises_when_built(wrong: float) -> None:
    with pytest.raises(ParameterError, match="multiplier"):
        bollinger_bands(CLOSE, multiplier=wrong)
    with pytest.raises(ParameterError, match="multiplier"):
        keltner_channel(HIGH, LOW, close=CLOSE, multiplier=wrong)
