# SPDX-License-Identifier: Apache-2.0
"""Bars on exchange sessions: pauses, early closes, changes of clocks, and what lies outside."""

import math
import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core import sessions
from ttapi_core.errors import CalendarRangeError, DataError, ParameterError, UnknownNameError
from ttapi_polars import label_sessions, outside_sessions, session_bars, sessions_frame

VENUES = ("XNYS", "XTKS", "XHKG", "XLON", "CMES")
SCHEMA = {"symbol": pl.String, "time": pl.Datetime("us", "UTC"), "price": pl.Float64, "size": pl.Int64}
FIRST = datetime(2026, 3, 5, tzinfo=UTC)  # clocks change in New York on the 8th and in London on the 29th
TIMES = st.integers(0, 26 * 24 * 60).map(lambda minute: FIRST + timedelta(minutes=minute))
ROWS = st.lists(
    st.tuples(
        st.sampled_from("AB"), TIMES, st.sampled_from([10.0, 11.0, 12.0, math.nan]), st.integers(0, 99)
    ),
    max_size=40,
)


def trades_at(*times: datetime) -> pl.LazyFrame:
    rows = [("A", time.astimezone(UTC), 10.0 + i, 100) for i, time in enumerate(times)]
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def local(zone: str, *parts: int) -> datetime:
    year, month, day, hour, minute, *rest = parts
    return datetime(year, month, day, hour, minute, *rest, tzinfo=ZoneInfo(zone))


def spans(frame: pl.LazyFrame, zone: str, **arguments: Any) -> list[tuple[str, str, bool]]:
    """Beginning and end of each bar on the clock of the venue, and whether it is cut."""
    bars = session_bars(frame, **arguments).collect()
    clock = bars.select(pl.col("time", "end").dt.convert_time_zone(zone).dt.strftime("%H:%M"), "cut")
    return clock.rows()


def naive_place(venue: str, time: datetime, every: timedelta) -> tuple[date, datetime, datetime] | None:
    """Ask core which session an instant lies in, and count bars from the opening or the end of the pause."""
    session = sessions.session_at(venue, time)
    if session is None or not session.is_open_at(time):
        return None
    begin, stop = session.open_at, session.close_at
    if session.break_start is not None and session.break_end is not None:
        begin, stop = (
            (begin, session.break_start) if time < session.break_start else (session.break_end, stop)
        )
    start = begin + (time - begin) // every * every
    return session.date, start, min(start + every, stop)


@given(st.sampled_from(VENUES), ROWS, st.sampled_from([7, 30, 60, 240]))
@settings(max_examples=60)
def test_session_bars_equals_core_asked_row_by_row(venue: str, rows: list[Any], minutes: int) -> None:
    frame = pl.LazyFrame(rows, schema=SCHEMA, orient="row")
    places = [
        (symbol, *place)
        for symbol, time, _, _ in rows
        if (place := naive_place(venue, time, timedelta(minutes=minutes)))
    ]
    bars = session_bars(frame, venue=venue, every=f"{minutes}m").collect()
    assert bars.select("symbol", "date", "time", "end").rows() == sorted(set(places))


@given(st.sampled_from(VENUES), ROWS)
@settings(max_examples=60)
def test_session_bars_and_outside_sessions_account_for_every_row(venue: str, rows: list[Any]) -> None:
    frame = pl.LazyFrame(rows, schema=SCHEMA, orient="row")
    outside = outside_sessions(frame, venue=venue).collect()
    for every in (None, "1h"):
        bars = session_bars(frame, venue=venue, every=every).collect()
        used = bars["trade_count"].sum() + bars["excluded"].sum()
        assert used + outside.height == len(rows)
    volume = sum(size for *_, price, size in rows if not math.isnan(price))
    volume_outside = outside.filter(pl.col("price").is_finite())["size"].sum()
    assert bars["volume"].sum() + volume_outside == volume


@given(st.sampled_from(VENUES), ROWS)
@settings(max_examples=30)
def test_session_bars_in_any_engine_are_the_same(venue: str, rows: list[Any]) -> None:
    frame = pl.LazyFrame(rows, schema=SCHEMA, orient="row")
    for query in (
        session_bars(frame, venue=venue, every="15m"),
        outside_sessions(frame, venue=venue),
        label_sessions(frame, venue=venue),
    ):
        assert_frame_equal(query.collect(engine="streaming"), query.collect(), rel_tol=1e-14, abs_tol=0)


def test_session_bars_given_an_early_close_in_new_york_is_cut_at_13_00() -> None:
    zone = "America/New_York"
    inside = local(zone, 2024, 11, 29, 12, 59)
    after = local(zone, 2024, 11, 29, 13, 0)
    frame = trades_at(inside, after)
    assert spans(frame, zone, venue="XNYS") == [("09:30", "13:00", True)]
    assert spans(frame, zone, venue="XNYS", every="2h") == [("11:30", "13:00", True)]
    assert outside_sessions(frame, venue="XNYS").collect()["reason"].to_list() == ["closed"]


@pytest.mark.parametrize(
    ("venue", "zone", "pause", "expected"),
    [
        ("XHKG", "Asia/Hong_Kong", (12, 13), [("11:30", "12:00", True), ("13:00", "14:00", False)]),
        ("XTKS", "Asia/Tokyo", (11.5, 12.5), [("11:00", "11:30", True), ("12:30", "13:30", False)]),
    ],
)
def test_session_bars_given_a_lunch_break_cuts_and_counts_anew(
    venue: str, zone: str, pause: tuple[float, float], expected: list[tuple[str, str, bool]]
) -> None:
    midnight, minute = local(zone, 2026, 3, 9, 0, 0), timedelta(minutes=1)
    stop, begin = (midnight + timedelta(hours=hour) for hour in pause)
    frame = trades_at(stop - minute, stop, begin - minute, begin)
    assert spans(frame, zone, venue=venue, every="1h") == expected
    assert outside_sessions(frame, venue=venue).collect()["reason"].to_list() == ["pause", "pause"]
    whole = session_bars(frame, venue=venue).collect().row(0, named=True)
    assert (whole["trade_count"], whole["open"], whole["close"]) == (2, 10.0, 13.0)


@pytest.mark.parametrize(
    ("venue", "zone", "days", "hours"),
    [
        ("XNYS", "America/New_York", ((2026, 3, 6), (2026, 3, 9)), ("09:30", "16:00")),
        ("XNYS", "America/New_York", ((2026, 10, 30), (2026, 11, 2)), ("09:30", "16:00")),
        ("XLON", "Europe/London", ((2026, 3, 27), (2026, 3, 30)), ("08:00", "16:30")),
    ],
)
def test_session_bars_across_a_change_of_clocks_keeps_local_hours(
    venue: str, zone: str, days: tuple[tuple[int, int, int], ...], hours: tuple[str, str]
) -> None:
    frame = trades_at(*(local(zone, *day, 12, 0) for day in days))
    assert spans(frame, zone, venue=venue) == [(*hours, False)] * 2
    utc = session_bars(frame, venue=venue).collect()["time"].dt.hour().to_list()
    assert abs(utc[0] - utc[1]) == 1


def test_session_bars_given_a_session_that_opens_the_day_before_has_its_trading_day() -> None:
    sunday = local("America/Chicago", 2026, 3, 8, 18, 0)
    bar = session_bars(trades_at(sunday), venue="CMES").collect().row(0, named=True)
    assert bar["date"] == date(2026, 3, 9)


def test_session_bars_given_grace_takes_the_closing_auction_into_the_last_bar() -> None:
    zone = "America/New_York"
    times = [
        local(zone, 2026, 3, 9, 15, 59),
        local(zone, 2026, 3, 9, 16, 0, 2),
        local(zone, 2026, 3, 9, 16, 9),
    ]
    frame = trades_at(*times)
    arguments = {"venue": "XNYS", "grace": timedelta(minutes=5)}
    bars = session_bars(frame, every="30m", **arguments).collect()
    assert bars.select("trade_count", "close").rows() == [(2, 11.0)]
    assert spans(frame, zone, every="30m", **arguments) == [("15:30", "16:00", False)]
    assert outside_sessions(frame, **arguments).collect()["price"].to_list() == [12.0]


def test_session_bars_given_grace_stays_partial_until_it_is_over() -> None:
    zone, grace = "America/New_York", timedelta(minutes=5)
    frame = trades_at(local(zone, 2026, 3, 9, 15, 59))
    partial = [
        session_bars(frame, venue="XNYS", grace=grace, as_of=local(zone, 2026, 3, 9, 16, minute)).collect()
        for minute in (4, 5)
    ]
    assert [bars["partial"].item() for bars in partial] == [True, False]


def test_session_bars_given_grace_leaves_the_next_session_its_own() -> None:
    chicago = local(
        "America/Chicago", 2026, 3, 9, 17, 1
    )  # a minute after one session of CMES became the next
    frame = trades_at(chicago)
    with_grace = session_bars(frame, venue="CMES", grace=timedelta(hours=2)).collect()
    assert with_grace["date"].item() == date(2026, 3, 10)


def test_session_bars_without_grace_begins_with_the_opening_and_ends_before_the_close() -> None:
    zone = "Europe/London"
    edges = [local(zone, 2026, 3, 9, 8, 0), local(zone, 2026, 3, 9, 16, 30)]
    before = edges[0] - timedelta(microseconds=1)
    frame = trades_at(before, *edges)
    assert session_bars(frame, venue="XLON").collect()["trade_count"].to_list() == [1]
    assert outside_sessions(frame, venue="XLON").collect()["price"].to_list() == [10.0, 12.0]


def test_session_bars_given_rows_beyond_the_table_or_without_time_lists_them_outside() -> None:
    frame = trades_at(datetime(1980, 1, 2, 15, tzinfo=UTC), datetime(2035, 1, 2, 15, tzinfo=UTC))
    frame = pl.concat([frame, frame.head(1).with_columns(time=pl.lit(None, SCHEMA["time"]))])
    assert session_bars(frame, venue="XNYS").collect().height == 0
    reasons = outside_sessions(frame, venue="XNYS").collect()["reason"].to_list()
    assert reasons == ["no time", "beyond the table", "beyond the table"]


def test_outside_sessions_given_days_lists_holidays() -> None:
    days = pl.LazyFrame({"date": [date(2024, 11, 29), date(2024, 11, 28), date(2035, 1, 2), None]})
    outside = outside_sessions(days, venue="XNYS", time="date").collect()
    assert outside.rows() == [
        (None, "no time"),
        (date(2024, 11, 28), "closed"),
        (date(2035, 1, 2), "beyond the table"),
    ]


def test_label_sessions_keeps_rows_and_order() -> None:
    zone = "Asia/Tokyo"
    times = [local(zone, 2026, 3, 9, 12, 0), local(zone, 2026, 3, 10, 9, 0), local(zone, 2026, 3, 9, 9, 0)]
    labelled = label_sessions(trades_at(*times), venue="XTKS").collect()
    assert labelled["price"].to_list() == [10.0, 11.0, 12.0]
    assert labelled["session_date"].to_list() == [None, date(2026, 3, 10), date(2026, 3, 9)]


def test_session_bars_given_minutes_equals_the_same_from_trades() -> None:
    zone = "Asia/Hong_Kong"
    frame = trades_at(*(local(zone, 2026, 3, 9, 9, 30) + timedelta(seconds=37 * i) for i in range(500)))
    minutes = session_bars(frame, venue="XHKG", every="1m")
    in_steps = session_bars(minutes.drop("date", "cut", "end"), venue="XHKG").collect()
    assert_frame_equal(in_steps, session_bars(frame, venue="XHKG").collect(), rel_tol=1e-13, abs_tol=0)


@pytest.mark.parametrize("venue", VENUES)
def test_sessions_frame_equals_exchange_calendars(venue: str) -> None:
    """The tables were made with that library once; this holds our frame to what it says today."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from exchange_calendars import get_calendar  # noqa: PLC0415 - slow, and it warns of its own imports

        schedule = get_calendar(venue, start="2019-01-01", end="2025-12-31").schedule
    ours = sessions_frame(venue, date(2019, 1, 1), date(2025, 12, 31)).collect()
    for column in ("open", "close", "break_start", "break_end"):
        theirs = [None if x is None or x != x else x.to_pydatetime() for x in schedule[column]]
        assert ours[column].to_list() == theirs
    assert ours["date"].to_list() == [day.date() for day in schedule.index]


def test_sessions_frame_given_no_session_is_empty_with_its_schema() -> None:
    weekend = sessions_frame("XNYS", date(2026, 3, 7), date(2026, 3, 8))
    week = sessions_frame("XTKS", date(2026, 3, 9), date(2026, 3, 13))
    assert weekend.collect().height == 0
    assert weekend.collect_schema() == week.collect_schema()
    assert week.collect().height == 5


def test_session_functions_given_an_unknown_venue_or_day_refuse_at_the_call() -> None:
    for function in (session_bars, outside_sessions, label_sessions):
        with pytest.raises(UnknownNameError):
            function(trades_at(), venue="NYSE")
    with pytest.raises(CalendarRangeError):
        sessions_frame("XNYS", date(1980, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    "wrong",
    [
        {"every": "1d"},
        {"every": "0m"},
        {"every": "1mo"},
        {"grace": timedelta(days=1)},
        {"grace": timedelta(-1)},
        {"as_of": date(2026, 3, 9)},
        {"since": date(2026, 3, 9)},
    ],
)
def test_session_bars_given_a_wrong_argument_names_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as caught:
        session_bars(trades_at(), venue="XNYS", **wrong)
    assert caught.value.parameter == next(iter(wrong))


@pytest.mark.parametrize("function", [session_bars, outside_sessions, label_sessions])
def test_session_functions_given_times_without_zone_refuse(function: Any) -> None:
    with pytest.raises(DataError):
        function(trades_at().with_columns(pl.col("time").dt.replace_time_zone(None)), venue="XNYS")


def test_session_functions_given_days_or_taken_names_refuse() -> None:
    days = trades_at().with_columns(pl.col("time").dt.date())
    with pytest.raises(DataError, match="days"):
        session_bars(days, venue="XNYS")
    with pytest.raises(DataError, match="already"):
        label_sessions(trades_at().with_columns(session_date=1), venue="XNYS")
    with pytest.raises(DataError, match="already"):
        outside_sessions(trades_at().with_columns(reason=1), venue="XNYS")
