# SPDX-License-Identifier: Apache-2.0
"""Missing sessions: found against core's calendar, filled without inventing prices."""

import math
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core import sessions
from ttapi_core.errors import DataError, ParameterError, UnknownNameError
from ttapi_polars import fill_gaps, missing_sessions, sessions_frame

FIRST = date(2024, 11, 18)  # Thanksgiving and an early close follow
DAYS = st.integers(0, 45).map(lambda day: FIRST + timedelta(days=day))
ROWS = st.lists(
    st.tuples(st.sampled_from("AB"), DAYS, st.sampled_from([10.0, 11.0, None, math.nan, -1.0])),
    max_size=25,
    unique_by=lambda row: row[:2],
)
SCHEMA = {"symbol": pl.String, "date": pl.Date, "close": pl.Float64}


def bars_of(rows: list[tuple[Any, ...]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def naive_missing(rows: list[tuple[Any, ...]]) -> list[tuple[str, date]]:
    answer = []
    for symbol in sorted({row[0] for row in rows}):
        own = {row[1] for row in rows if row[0] == symbol}
        open_days = (session.date for session in sessions.sessions("XNYS", min(own), max(own)))
        answer += [(symbol, day) for day in open_days if day not in own]
    return answer


@given(ROWS)
@settings(max_examples=60)
def test_missing_sessions_equals_core_asked_symbol_by_symbol(rows: list[Any]) -> None:
    assert missing_sessions(bars_of(rows), venue="XNYS").collect().rows() == naive_missing(rows)


@given(ROWS)
@settings(max_examples=60)
def test_fill_gaps_adds_the_missing_sessions_and_changes_no_bar(rows: list[Any]) -> None:
    filled = fill_gaps(bars_of(rows), venue="XNYS").collect()
    kept = filled.filter(~pl.col("filled")).drop("filled")
    assert_frame_equal(kept, bars_of(rows).collect().sort("symbol", "date"))
    added = filled.filter("filled")
    assert added.select("symbol", "date").rows() == naive_missing(rows)
    assert added["close"].is_null().all()
    assert missing_sessions(filled.lazy(), venue="XNYS").collect().height == 0


@given(ROWS)
@settings(max_examples=40)
def test_fill_gaps_given_previous_close_carries_the_bar_before_and_never_further(rows: list[Any]) -> None:
    bars = bars_of(rows).with_columns(open=pl.lit(9.0), volume=pl.lit(5), other=pl.lit("x"))
    filled = fill_gaps(bars, venue="XNYS", filling="previous_close").collect()
    for row in filled.filter("filled").iter_rows(named=True):
        before = max(
            (bar for bar in rows if bar[0] == row["symbol"] and bar[1] < row["date"]), key=lambda bar: bar[1]
        )
        close = before[2] if before[2] is not None and before[2] > 0 else None
        assert (row["open"], row["close"], row["volume"], row["other"]) == (close, close, 0, None)


@given(ROWS)
@settings(max_examples=30)
def test_gaps_in_any_engine_are_the_same(rows: list[Any]) -> None:
    for query in (
        missing_sessions(bars_of(rows), venue="XNYS"),
        fill_gaps(bars_of(rows), venue="XNYS"),
        fill_gaps(bars_of(rows), venue="XNYS", filling="previous_close"),
    ):
        assert_frame_equal(query.collect(engine="streaming"), query.collect())


def test_gaps_given_a_calendar_equal_the_same_given_its_venue() -> None:
    bars = bars_of([("A", date(2024, 11, 25), 1.0), ("A", date(2024, 12, 6), 2.0)])
    calendar = sessions_frame("XNYS", date(2024, 1, 1), date(2024, 12, 31))
    by_venue = missing_sessions(bars, venue="XNYS").collect()
    assert_frame_equal(missing_sessions(bars, calendar=calendar).collect(), by_venue)
    assert date(2024, 11, 28) not in by_venue["date"]
    assert by_venue.height == 7


def test_gaps_beyond_the_table_are_not_claimed() -> None:
    bars = bars_of([("A", date(2030, 12, 30), 1.0), ("A", date(2031, 1, 10), 2.0)])
    assert missing_sessions(bars, venue="XNYS").collect()["date"].to_list() == [date(2030, 12, 31)]


def test_fill_gaps_keeps_types_names_and_rows_that_are_no_bars() -> None:
    bars = pl.LazyFrame(
        {
            "ticker": ["A", "A", None, "A"],
            "day": [date(2024, 11, 27), date(2024, 12, 2), date(2024, 12, 2), None],
            "close": [10, 11, 12, 13],
            "volume": [1, 2, 3, 4],
        },
        schema_overrides={"close": pl.Float32, "volume": pl.UInt32},
    )
    filled = fill_gaps(bars, venue="XNYS", filling="previous_close", symbol="ticker", date="day").collect()
    assert filled.drop("filled").schema == bars.collect_schema()
    assert filled.height == 5
    assert filled.filter("filled").rows() == [("A", date(2024, 11, 29), 10.0, 0, True)]


def test_fill_gaps_given_bars_on_holidays_keeps_them() -> None:
    rows = [("A", date(2024, 11, 27), 1.0), ("A", date(2024, 11, 28), 2.0), ("A", date(2024, 11, 29), 3.0)]
    filled = fill_gaps(bars_of(rows), venue="XNYS").collect()
    assert filled["filled"].to_list() == [False] * 3


def test_gaps_given_no_rows_have_none() -> None:
    assert missing_sessions(bars_of([]), venue="XNYS").collect().height == 0
    filled = fill_gaps(bars_of([]), venue="XNYS", filling="previous_close").collect()
    assert filled.schema == pl.Schema(SCHEMA | {"filled": pl.Boolean})


@pytest.mark.parametrize("function", [missing_sessions, fill_gaps])
def test_gaps_given_wrong_arguments_refuse_at_the_call(function: Any) -> None:
    calendar = sessions_frame("XNYS", FIRST, FIRST)
    with pytest.raises(ParameterError):
        function(bars_of([]))
    with pytest.raises(ParameterError):
        function(bars_of([]), venue="XNYS", calendar=calendar)
    with pytest.raises(UnknownNameError):
        function(bars_of([]), venue="NYSE")
    with pytest.raises(DataError):
        function(bars_of([]).cast({"date": pl.Datetime}), venue="XNYS")
    with pytest.raises(DataError):
        function(bars_of([]), calendar=pl.LazyFrame({"date": [datetime(2024, 1, 1)]}))  # noqa: DTZ001
    with pytest.raises(DataError):
        function(bars_of([]).drop("symbol"), venue="XNYS")


def test_fill_gaps_given_wrong_arguments_refuse_at_the_call() -> None:
    with pytest.raises(ParameterError, match="filling"):
        fill_gaps(bars_of([]), venue="XNYS", filling="linear")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="already"):
        fill_gaps(bars_of([]).with_columns(filled=True), venue="XNYS")
    with pytest.raises(DataError, match="close"):
        fill_gaps(bars_of([]).drop("close"), venue="XNYS", filling="previous_close")
