# SPDX-License-Identifier: Apache-2.0
"""Adjusted prices: against a loop in plain Python, published adjusted closes, and everything doubtful."""

import math
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import adjust_bars, adjustment_factors

DAY, FIRST = timedelta(days=1), date(2024, 6, 3)
ACTIONS = {"symbol": pl.String, "date": pl.Date, "split_ratio": pl.Float64, "dividend": pl.Float64}
CLOSES = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.integers(0, 12).map(lambda day: FIRST + timedelta(days=day)),
        st.floats(1.0, 500.0),
    ),
    max_size=20,
    unique_by=lambda row: row[:2],
)
# No close is older than the 14 days after which it is not used.
EVENTS = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.integers(-2, 14).map(lambda day: FIRST + timedelta(days=day)),
        st.sampled_from([None, 2.0, 4.0, 0.1, 1.5]),
        st.sampled_from([None, 0.0, 0.25, 0.9]),
    ),
    max_size=6,
    unique_by=lambda row: row[:2],
)


def bars_of(rows: list[tuple[Any, ...]]) -> pl.LazyFrame:
    schema = {"symbol": pl.String, "date": pl.Date, "close": pl.Float64}
    return pl.LazyFrame(rows, schema=schema, orient="row")


def actions_of(*rows: tuple[Any, ...]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=ACTIONS, orient="row")


def closes(*prices: float | None, symbol: str = "A") -> pl.LazyFrame:
    """Make daily bars from 2024-06-03 on."""
    return bars_of([(symbol, FIRST + i * DAY, price) for i, price in enumerate(prices)])


def naive_factor(bars: list[Any], events: list[Any], symbol: str, day: date, *, forward: bool) -> Fraction:
    """Multiply the factors of the actions between a bar and the end of its series, exactly."""
    factor = Fraction(1)
    for acting, ex_date, ratio, dividend in events:
        before = [bar for bar in bars if bar[0] == symbol and bar[1] < ex_date]
        between = bool(before) and ex_date <= day if forward else day < ex_date
        if acting != symbol or not between:
            continue
        close = Fraction(max(before, key=lambda bar: bar[1])[2])
        own = (1 - Fraction(dividend or 0) / close) / Fraction(ratio or 1)
        factor = factor / own if forward else factor * own
    return factor


@given(CLOSES, EVENTS, st.booleans())
@settings(max_examples=60)
def test_adjust_bars_equals_exact_arithmetic(bars: list[Any], events: list[Any], forward: bool) -> None:
    direction: Any = "forward" if forward else "backward"
    adjusted = adjust_bars(bars_of(bars), actions_of(*events), direction=direction).collect()
    assert adjusted.select("symbol", "date", "close").rows() == bars
    for symbol, day, close, factor, value in adjusted.select(
        "symbol", "date", "close", "factor", "adjusted_close"
    ).iter_rows():
        exact = naive_factor(bars, events, symbol, day, forward=forward)
        # Six actions of three roundings each; a dividend of 0.9 on 1.0 leaves a tenth, which costs a digit.
        assert factor == pytest.approx(float(exact), rel=1e-13)
        assert value == pytest.approx(float(exact * Fraction(close)), rel=1e-13)


@given(CLOSES, EVENTS)
@settings(max_examples=40)
def test_adjust_bars_forward_and_backward_differ_by_one_constant(bars: list[Any], events: list[Any]) -> None:
    frame, actions = bars_of(bars), actions_of(*events)
    backward = adjust_bars(frame, actions).collect()
    forward = adjust_bars(frame, actions, direction="forward").collect()
    ratio = forward["adjusted_close"] / backward["adjusted_close"]
    spread = (
        forward.select("symbol", ratio=ratio)
        .group_by("symbol")
        .agg(pl.col("ratio").max() / pl.col("ratio").min())
    )
    assert all(value == pytest.approx(1, rel=1e-12) for value in spread["ratio"])


@given(CLOSES, EVENTS)
@settings(max_examples=25)
def test_adjust_bars_in_any_engine_and_order_of_actions_is_the_same(
    bars: list[Any], events: list[Any]
) -> None:
    frame, actions = bars_of(bars), actions_of(*events)
    for query in (adjust_bars(frame, actions), adjust_bars(frame, actions, direction="forward")):
        assert_frame_equal(query.collect(engine="streaming"), query.collect())
    reverse = adjust_bars(frame, actions_of(*reversed(events))).collect()
    assert_frame_equal(reverse, adjust_bars(frame, actions).collect())
    table = adjustment_factors(actions, frame)
    assert_frame_equal(table.collect(engine="streaming"), table.collect())


@given(CLOSES, EVENTS, st.integers(-1, 15))
@settings(max_examples=60)
def test_adjust_bars_as_of_a_day_knows_nothing_later(bars: list[Any], events: list[Any], day: int) -> None:
    """The answer of that day stays the same whatever bars and actions come after it."""
    as_of = FIRST + timedelta(days=day)
    now = adjust_bars(bars_of(bars), actions_of(*events), as_of=as_of).collect()
    known_bars = bars_of([bar for bar in bars if bar[1] <= as_of])
    known_actions = actions_of(*(event for event in events if event[1] <= as_of))
    then = adjust_bars(known_bars, known_actions).collect()
    assert_frame_equal(now.filter(pl.col("date") <= as_of), then)
    assert now.filter(pl.col("date") > as_of).select(
        "factor", "adjusted_close"
    ).null_count().sum_horizontal().item() == (2 * (now.height - then.height))


def test_adjust_bars_given_a_split_leaves_the_other_returns_unchanged() -> None:
    raw = [100.0, 102.0, 25.0, 26.0]  # 4-for-1 on the third day: 102 is 25.5 in new shares
    adjusted = adjust_bars(closes(*raw), actions_of(("A", FIRST + 2 * DAY, 4.0, None))).collect()
    assert adjusted["adjusted_close"].to_list() == [25.0, 25.5, 25.0, 26.0]
    assert adjusted["close"].to_list() == raw
    assert adjusted["split_factor"].to_list() == [0.25, 0.25, 1.0, 1.0]


def test_adjust_bars_adjusts_every_price_and_volumes_for_splits_only() -> None:
    day = {"open": 99.0, "high": 104.0, "low": 98.0, "volume": 1000}
    bars = closes(100.0, 49.0).with_columns(**{name: pl.lit(value) for name, value in day.items()})
    row = adjust_bars(bars, actions_of(("A", FIRST + DAY, 2.0, 2.0))).collect().row(0, named=True)
    assert (row["split_factor"], row["dividend_factor"], row["factor"]) == (0.5, 0.98, 0.49)
    assert row["adjusted_open"] == 99.0 * 0.49
    assert row["adjusted_high"] == 104.0 * 0.49
    assert row["adjusted_low"] == 98.0 * 0.49
    assert row["adjusted_volume"] == 2000.0


def test_adjust_bars_given_a_reverse_split_raises_prices_and_cuts_volumes() -> None:
    bars = closes(1.0, 10.0).with_columns(volume=1000)
    row = adjust_bars(bars, actions_of(("A", FIRST + DAY, 0.1, None))).collect().row(0, named=True)
    assert (row["adjusted_close"], row["adjusted_volume"]) == (10.0, 100.0)


def test_adjust_bars_given_splits_or_dividends_alone_uses_only_these() -> None:
    actions = actions_of(("A", FIRST + DAY, 2.0, 10.0))
    only = {
        "splits": adjust_bars(closes(100.0, 45.0), actions, dividends=False).collect(),
        "dividends": adjust_bars(closes(100.0, 45.0), actions, splits=False).collect(),
        "none": adjust_bars(closes(100.0, 45.0), actions, splits=False, dividends=False).collect(),
    }
    assert {name: frame["adjusted_close"].to_list() for name, frame in only.items()} == {
        "splits": [50.0, 45.0],
        "dividends": [90.0, 45.0],
        "none": [100.0, 45.0],
    }


def test_adjust_bars_given_an_action_on_a_day_without_bar_counts_from_the_next() -> None:
    bars = bars_of([("A", date(2024, 6, 7), 100.0), ("A", date(2024, 6, 10), 50.0)])
    saturday = actions_of(("A", date(2024, 6, 8), 2.0, None))
    assert adjust_bars(bars, saturday).collect()["adjusted_close"].to_list() == [50.0, 50.0]


@pytest.mark.parametrize("direction", ["backward", "forward"])
@pytest.mark.parametrize("day", [FIRST - DAY, FIRST])
def test_adjust_bars_given_an_action_not_after_the_first_bar_changes_nothing(
    direction: Any, day: date
) -> None:
    actions = actions_of(("A", day, 2.0, 1.0))
    adjusted = adjust_bars(closes(100.0, 101.0), actions, direction=direction).collect()
    assert adjusted["adjusted_close"].to_list() == [100.0, 101.0]
    assert adjustment_factors(actions, closes(100.0, 101.0)).collect()["problem"].item() == "no bar before"


def test_adjust_bars_given_an_action_after_the_last_bar_changes_the_whole_backward_series() -> None:
    actions = actions_of(("A", FIRST + 2 * DAY, 2.0, None))
    assert adjust_bars(closes(10.0, 12.0), actions).collect()["adjusted_close"].to_list() == [5.0, 6.0]
    forward = adjust_bars(closes(10.0, 12.0), actions, direction="forward").collect()
    assert forward["adjusted_close"].to_list() == [10.0, 12.0]


DOUBTFUL = [
    (closes(10.0, None, 9.0), [(None, 1.0)], "no usable previous close"),
    (closes(10.0, math.nan, 9.0), [(None, 1.0)], "no usable previous close"),
    (
        pl.concat([closes(10.0, 9.0, 9.0), closes(10.0, 9.5).tail(1)]),
        [(None, 1.0)],
        "no usable previous close",
    ),
    (closes(10.0, 9.0, 1.0), [(None, 9.0)], "dividend not below the previous close"),
    (closes(10.0, 9.0, 1.0), [(None, 20.0)], "dividend not below the previous close"),
    (closes(10.0, 9.0, 1.0), [(None, -1.0)], "no usable dividend"),
    (closes(10.0, 9.0, 1.0), [(None, math.nan)], "no usable dividend"),
    (closes(10.0, 9.0, 1.0), [(0.0, None)], "no usable split ratio"),
    (closes(10.0, 9.0, 1.0), [(-2.0, None)], "no usable split ratio"),
    (closes(10.0, 9.0, 1.0), [(math.inf, None)], "no usable split ratio"),
    (closes(10.0, 9.0, 1.0), [(2.0, None), (2.0, None)], "given twice"),
    (closes(10.0, 9.0, 1.0), [(None, 0.5), (None, 0.5)], "given twice"),
]


@pytest.mark.parametrize(("bars", "doubtful", "problem"), DOUBTFUL)
def test_adjust_bars_given_a_doubtful_action_is_null_before_it_and_says_why(
    bars: pl.LazyFrame, doubtful: list[tuple[Any, Any]], problem: str
) -> None:
    actions = actions_of(*(("A", FIRST + 2 * DAY, *event) for event in doubtful))
    table = adjustment_factors(actions, bars).collect()
    assert table.select("problem", "factor").row(0) == (problem, None)
    adjusted = adjust_bars(bars, actions).collect().sort("date", maintain_order=True)
    assert adjusted["adjusted_close"].drop_nulls().to_list() == [bars.collect()["close"].to_list()[2]]
    forward = (
        adjust_bars(bars, actions, direction="forward").collect().filter(pl.col("date") >= FIRST + 2 * DAY)
    )
    assert forward["adjusted_close"].to_list() == [None]


def test_adjust_bars_given_a_doubtful_dividend_still_adjusts_for_splits_when_only_these_count() -> None:
    actions = actions_of(("A", FIRST + DAY, 2.0, math.nan))
    adjusted = adjust_bars(closes(10.0, 5.0), actions, dividends=False).collect()
    assert adjusted["adjusted_close"].to_list() == [5.0, 5.0]


def test_adjust_bars_given_an_action_without_a_date_leaves_nothing_of_its_symbol() -> None:
    bars = pl.concat([closes(10.0, 5.0), closes(7.0, symbol="B")])
    adjusted = adjust_bars(bars, actions_of(("A", None, 2.0, None))).collect()
    assert adjusted["adjusted_close"].to_list() == [None, None, 7.0]
    unasked = adjust_bars(bars, actions_of(("A", None, 2.0, None)), splits=False).collect()
    assert unasked["adjusted_close"].to_list() == [10.0, 5.0, 7.0]


def test_adjustment_factors_given_a_close_long_ago_does_not_use_it() -> None:
    actions = actions_of(("A", FIRST + 14 * DAY, None, 1.0), ("B", FIRST + 15 * DAY, None, 1.0))
    bars = pl.concat([closes(10.0), closes(10.0, symbol="B")])
    table = adjustment_factors(actions, bars).collect()
    assert table["dividend_factor"].to_list() == [0.9, None]
    assert table["problem"].to_list() == [None, "previous close too old"]


def test_adjustment_factors_takes_the_actions_of_a_day_together() -> None:
    """A regular and a special dividend, and two splits, on one day."""
    day = FIRST + DAY
    actions = actions_of(("A", day, 2.0, 1.0), ("A", day, 3.0, 4.0), ("A", day, None, None))
    row = adjustment_factors(actions, closes(100.0, 15.0)).collect().row(0, named=True)
    assert (row["split_ratio"], row["dividend"], row["previous_close"]) == (6.0, 5.0, 100.0)
    assert (row["split_factor"], row["dividend_factor"]) == (pytest.approx(1 / 6, rel=1e-15), 0.95)


def test_adjust_bars_given_no_actions_or_no_bars() -> None:
    adjusted = adjust_bars(closes(10.0), actions_of()).collect()
    assert adjusted.select("factor", "adjusted_close").row(0) == (1.0, 10.0)
    assert adjust_bars(closes(), actions_of()).collect().height == 0
    assert adjustment_factors(actions_of(), closes()).collect().height == 0


def test_adjust_bars_given_unusable_rows_keeps_them_without_adjusted_values() -> None:
    rows = [("A", FIRST, -1.0), (None, FIRST, 10.0), ("A", None, 10.0), ("A", FIRST + DAY, math.inf)]
    adjusted = adjust_bars(bars_of(rows), actions_of()).collect()
    assert adjusted["adjusted_close"].to_list() == [None] * 4
    assert adjusted.select("symbol", "date", "close").rows() == rows


# --- published adjusted closes ------------------------------------------------------------------------------


def assert_published(bars: pl.DataFrame, actions: pl.LazyFrame, rounding: float) -> None:
    """The published series knows actions after the bars too: it may differ by one constant, and no more."""
    known = bars.lazy().rename({"adjusted_close": "published"})
    adjusted = adjust_bars(known, actions).collect().sort("date")
    ours, published = adjusted["adjusted_close"], adjusted["published"]
    error = (ours * (published[-1] / ours[-1]) - published).abs()
    # What is rounded is the price itself, and the one that the constant comes from.
    allowed = rounding * (1 + published / published[-1])
    assert (error <= allowed * (1 + 1e-6)).all(), (error / allowed).max()


@pytest.mark.parametrize(
    ("symbol", "until", "splits"),
    [
        ("AAPL", date(2012, 8, 8), [date(2000, 6, 21), date(2005, 2, 28)]),  # no dividend until the day after
        ("MSFT", date(2003, 2, 18), [date(2003, 2, 18)]),
        ("GOOG", date(2013, 3, 1), []),
    ],
)
def test_adjust_bars_given_known_splits_equals_the_published_series(
    published_bars: pl.DataFrame, symbol: str, until: date, splits: list[date]
) -> None:
    """Twelve years of raw closes and two-for-one splits; the vendor's dividends are not ours to the digit."""
    bars = published_bars.filter(pl.col("date") <= until, symbol=symbol)
    # Adjusted closes have six decimals.
    assert_published(bars, actions_of(*((symbol, day, 2.0, None) for day in splits)), 0.5e-6)


APPLE_DIVIDENDS = {
    "0.1825": ["2019-02-08"],  # as published: divided by the split of 2020 like the closes
    "0.1925": ["2019-05-10", "2019-08-09", "2019-11-07", "2020-02-07"],
    "0.205": ["2020-05-08", "2020-08-07", "2020-11-06", "2021-02-05"],
    "0.22": ["2021-05-07", "2021-08-06", "2021-11-05", "2022-02-04"],
    "0.23": ["2022-05-06", "2022-08-05", "2022-11-04", "2023-02-10"],
    "0.24": ["2023-05-12", "2023-08-11", "2023-11-10", "2024-02-09"],
    "0.25": ["2024-05-10", "2024-08-12", "2024-11-08"],
}


def test_adjust_bars_given_known_dividends_equals_the_published_series(apple_bars: pl.DataFrame) -> None:
    """Six years of Apple, twenty-four dividends."""
    events = [
        ("AAPL", date.fromisoformat(day), None, float(money))
        for money, days in APPLE_DIVIDENDS.items()
        for day in days
    ]
    # Half a cent of the adjusted close, and half of the raw one, which was divided by the later split too.
    assert_published(apple_bars, actions_of(*events), 0.01)


# --- bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bars", "actions", "column"),
    [
        (closes().drop("close"), actions_of(), "close"),
        (closes().cast({"close": pl.String}), actions_of(), "close"),
        (closes().cast({"date": pl.Datetime}), actions_of(), "date"),
        (closes().with_columns(volume=pl.lit("x")), actions_of(), "volume"),
        (closes(), actions_of().cast({"date": pl.Datetime}), "date"),
        (closes(), actions_of().drop("symbol"), "symbol"),
        (closes(), actions_of().cast({"symbol": pl.Categorical}), "symbol"),
        (closes(), actions_of().cast({"dividend": pl.String}), "dividend"),
        (closes(), actions_of().drop("dividend", "split_ratio"), "split_ratio"),
        (closes().with_columns(adjusted_close=1.0), actions_of(), "adjusted_close"),
        (closes().with_columns(adjusted_open=1.0), actions_of(), "adjusted_open"),
        (closes().with_columns(factor=1.0), actions_of(), "factor"),
    ],
)
def test_adjust_bars_given_frames_that_do_not_fit_names_the_column(
    bars: pl.LazyFrame, actions: pl.LazyFrame, column: str
) -> None:
    with pytest.raises(DataError) as caught:
        adjust_bars(bars, actions)
    assert caught.value.column == column


@pytest.mark.parametrize(
    "wrong",
    [{"direction": "sideways"}, {"as_of": datetime(2024, 6, 3)}, {"as_of": "2024-06-03"}],  # noqa: DTZ001
)
def test_adjust_bars_given_a_wrong_argument_names_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as caught:
        adjust_bars(closes(), actions_of(), **wrong)
    assert caught.value.parameter == next(iter(wrong))


@pytest.mark.parametrize(
    ("twice", "kept"),
    [((None, 1.0), {"dividends": False}), ((3.0, None), {"splits": False})],
)
def test_what_is_wrong_with_a_kind_that_is_left_out_does_not_matter(
    twice: tuple[float | None, float | None], kept: dict[str, bool]
) -> None:
    day = FIRST + 2 * DAY
    sound = ("A", day, None if twice[0] else 2.0, 1.0 if twice[0] else None)
    bars = closes(100.0, 98.0, 49.0)
    spoiled = adjust_bars(bars, actions_of(sound, ("A", day, *twice), ("A", day, *twice)), **kept).collect()
    assert_frame_equal(spoiled, adjust_bars(bars, actions_of(sound), **kept).collect())
    assert spoiled["adjusted_close"].null_count() == 0
