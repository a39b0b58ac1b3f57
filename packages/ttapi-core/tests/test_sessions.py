# SPDX-License-Identifier: Apache-2.0
"""Sessions: facts known by hand, lookups against a naive search, and the ends of the tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core import CalendarRangeError, DataError, ParameterError, Session, UnknownNameError
from ttapi_core import sessions as calendar
from ttapi_core.sessions import _read_table

VENUES = (
    *("BVMF", "CMES", "XAMS", "XASX", "XBOM", "XCBF", "XETR", "XFRA", "XHKG", "XKRX"),
    *("XLON", "XNAS", "XNYS", "XPAR", "XSES", "XSHG", "XSWX", "XTKS", "XTSE"),
)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on(venue: str, day: date) -> Session:
    (session,) = calendar.sessions(venue, day, day)
    return session


def test_venues_are_the_main_ones_of_the_world() -> None:
    assert calendar.venues() == VENUES


@pytest.mark.parametrize(
    ("venue", "day", "open_at", "close_at"),
    [
        ("XNYS", date(2026, 3, 6), "2026-03-06T14:30", "2026-03-06T21:00"),
        ("XNYS", date(2026, 3, 9), "2026-03-09T13:30", "2026-03-09T20:00"),
        ("XNYS", date(2026, 11, 27), "2026-11-27T14:30", "2026-11-27T18:00"),
        ("XNAS", date(2026, 11, 20), "2026-11-20T14:30", "2026-11-20T21:00"),
        ("XLON", date(2026, 7, 1), "2026-07-01T07:00", "2026-07-01T15:30"),
        ("XETR", date(2026, 1, 5), "2026-01-05T08:00", "2026-01-05T16:30"),
        ("XTKS", date(2024, 11, 1), "2024-11-01T00:00", "2024-11-01T06:00"),
        ("XTKS", date(2024, 11, 5), "2024-11-05T00:00", "2024-11-05T06:30"),
        ("CMES", date(2026, 11, 16), "2026-11-15T23:00", "2026-11-16T23:00"),
        ("XASX", date(2026, 1, 5), "2026-01-04T23:00", "2026-01-05T05:00"),
    ],
)
def test_hours_known_by_hand(venue: str, day: date, open_at: str, close_at: str) -> None:
    session = on(venue, day)
    assert (session.date, session.open_at, session.close_at) == (day, at(open_at), at(close_at))


@pytest.mark.parametrize(
    ("venue", "day"),
    [
        ("XNYS", date(2001, 9, 11)),
        ("XNYS", date(2012, 10, 29)),
        ("XNYS", date(2025, 1, 9)),
        ("XNYS", date(2026, 6, 19)),
        ("XNYS", date(2026, 11, 26)),
        ("XLON", date(2022, 9, 19)),
        ("XTKS", date(2019, 5, 1)),
        ("XHKG", date(2026, 2, 17)),
        ("XNYS", date(2026, 11, 21)),
    ],
)
def test_days_known_to_be_closed(venue: str, day: date) -> None:
    assert not calendar.is_session(venue, day)
    assert calendar.sessions(venue, day, day) == ()


@pytest.mark.parametrize(("year", "count"), [(2001, 248), (2012, 250), (2024, 252), (2025, 250), (2026, 251)])
def test_new_york_has_the_known_number_of_sessions_a_year(year: int, count: int) -> None:
    assert calendar.session_count("XNYS", date(year, 1, 1), date(year, 12, 31)) == count


@pytest.mark.parametrize(
    ("venue", "start", "end"),
    [("XHKG", "04:00", "05:00"), ("XTKS", "02:30", "03:30"), ("XSHG", "03:30", "05:00")],
)
def test_east_asia_pauses_for_lunch(venue: str, start: str, end: str) -> None:
    session = on(venue, date(2026, 11, 20))
    assert (session.break_start, session.break_end) == (at(f"2026-11-20T{start}"), at(f"2026-11-20T{end}"))
    noon = at(f"2026-11-20T{start}")
    assert calendar.is_open(venue, noon - timedelta(seconds=1))
    assert not calendar.is_open(venue, noon)
    assert calendar.session_at(venue, noon) == session
    assert calendar.is_open(venue, at(f"2026-11-20T{end}"))


def test_session_knows_when_it_trades() -> None:
    session = on("XHKG", date(2026, 11, 20))
    times = ("01:29", "01:30", "04:00", "05:00", "08:00")
    assert [session.is_open_at(at(f"2026-11-20T{time}")) for time in times] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_half_day_is_marked() -> None:
    assert on("XNYS", date(2026, 11, 27)).early_close
    assert not on("XNYS", date(2026, 11, 25)).early_close


def test_chicago_opens_monday_on_sunday() -> None:
    sunday = at("2026-11-15T23:30")
    session = calendar.session_at("CMES", sunday)
    assert session is not None
    assert (session.date, calendar.is_open("CMES", sunday)) == (date(2026, 11, 16), True)
    assert not calendar.is_open("CMES", at("2026-11-14T12:00"))


@pytest.mark.parametrize(
    ("instant", "is_open", "last_close"),
    [
        ("2026-11-20T14:29:59", False, "2026-11-19T21:00"),
        ("2026-11-20T14:30:00", True, "2026-11-19T21:00"),
        ("2026-11-20T20:59:59", True, "2026-11-19T21:00"),
        ("2026-11-20T21:00:00", False, "2026-11-20T21:00"),
        ("2026-11-22T12:00:00", False, "2026-11-20T21:00"),
        ("2026-11-23T00:00:00", False, "2026-11-20T21:00"),
    ],
)
def test_session_holds_its_opening_and_not_its_close(instant: str, is_open: bool, last_close: str) -> None:
    assert calendar.is_open("XNYS", at(instant)) == is_open
    assert calendar.last_close("XNYS", at(instant)) == at(last_close)


def test_neighbours_skip_weekends_and_holidays() -> None:
    assert calendar.next_session("XNYS", date(2026, 11, 25)).date == date(2026, 11, 27)
    assert calendar.next_session("XNYS", date(2026, 11, 26)).date == date(2026, 11, 27)
    assert calendar.previous_session("XNYS", date(2026, 11, 23)).date == date(2026, 11, 20)
    assert calendar.previous_session("XNYS", date(2026, 11, 22)).date == date(2026, 11, 20)


@pytest.mark.parametrize("venue", VENUES)
def test_table_is_in_order_and_small(venue: str) -> None:
    first, last = calendar.coverage(venue)
    listed = calendar.sessions(venue, first, last)
    assert len(listed) == calendar.session_count(venue, first, last) > 5_000
    assert first <= date(1997, 1, 1)
    assert last >= date(2026, 12, 31)
    assert all(one.date < two.date and one.close_at <= two.open_at for one, two in pairwise(listed))
    for session in listed:
        start, end = session.break_start or session.open_at, session.break_end or session.open_at
        assert session.open_at <= start <= end < session.close_at
        assert (session.break_start is None) == (session.break_end is None)
    assert len((calendar._tables() / f"{venue}.csv").read_bytes()) < 100_000


INSTANTS = st.datetimes(
    at("1997-02-01").replace(tzinfo=None), at("2026-12-20").replace(tzinfo=None), timezones=st.just(UTC)
)
DATES = st.dates(date(1997, 1, 6), date(2026, 12, 20))


@given(st.sampled_from(VENUES), DATES, st.integers(0, 60))
@settings(max_examples=60)
def test_count_and_neighbours_equal_a_naive_search(venue: str, first: date, length: int) -> None:
    last = min(first + length * DAY, date(2026, 12, 20))
    days = [first + n * DAY for n in range((last - first).days + 1)]
    found = [day for day in days if calendar.is_session(venue, day)]
    assert [session.date for session in calendar.sessions(venue, first, last)] == found
    assert calendar.session_count(venue, first, last) == len(found)
    following = calendar.next_session(venue, first).date
    assert not any(calendar.is_session(venue, first + n * DAY) for n in range(1, (following - first).days))
    assert calendar.previous_session(venue, following).date <= first


@given(
    st.sampled_from(VENUES),
    INSTANTS,
)
@settings(max_examples=100)
def test_instants_equal_a_naive_search(venue: str, instant: datetime) -> None:
    near = calendar.sessions(
        venue, instant.date() - 30 * DAY, min(instant.date() + 3 * DAY, date(2026, 12, 31))
    )
    inside = [session for session in near if session.open_at <= instant < session.close_at]
    assert calendar.session_at(venue, instant) == (inside[0] if inside else None)
    closes = [session.close_at for session in near if session.close_at <= instant]
    assert not closes or calendar.last_close(venue, instant) == closes[-1]


@pytest.mark.parametrize("venue", ["XNYS", "XSES", "CMES"])
def test_days_beyond_the_table_raise_and_name_its_ends(venue: str) -> None:
    first, last = calendar.coverage(venue)
    for day in (first - DAY, last + DAY):
        with pytest.raises(CalendarRangeError, match=venue) as caught:
            calendar.is_session(venue, day)
        assert str(first) in str(caught.value)
        assert str(last) in str(caught.value)
        with pytest.raises(CalendarRangeError):
            calendar.session_at(venue, datetime(day.year, day.month, day.day, tzinfo=UTC))
        with pytest.raises(CalendarRangeError):
            calendar.last_close(venue, datetime(day.year, day.month, day.day, tzinfo=UTC))
    for begin, end in ((first - DAY, last), (first, last + DAY)):
        with pytest.raises(CalendarRangeError):
            calendar.sessions(venue, begin, end)


def test_neighbours_beyond_the_table_raise() -> None:
    first, last = calendar.coverage("XNYS")
    with pytest.raises(CalendarRangeError):
        calendar.next_session("XNYS", last)
    with pytest.raises(CalendarRangeError):
        calendar.previous_session("XNYS", first)
    with pytest.raises(CalendarRangeError):
        calendar.last_close("XNYS", datetime(first.year, first.month, first.day, tzinfo=UTC))


def test_evening_that_only_the_next_table_could_tell_raises() -> None:
    """Chicago opens the next day's session in the evening; New York does not."""
    evening = datetime(2030, 12, 31, 23, 30, tzinfo=UTC)
    with pytest.raises(CalendarRangeError):
        calendar.session_at("CMES", evening)
    assert calendar.session_at("XNYS", evening) is None


@pytest.mark.parametrize("venue", ["NYSE", "", "../../etc/passwd", "xnys", None, ["XNYS"]])
def test_venue_without_a_table_raises_and_lists_the_others(venue: object) -> None:
    with pytest.raises(UnknownNameError, match="XNYS"):
        calendar.coverage(venue)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("day", [datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02", None, 20260102])
def test_what_is_no_date_raises(day: object) -> None:
    with pytest.raises(ParameterError):
        calendar.is_session("XNYS", day)  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize("instant", [datetime(2026, 1, 2), date(2026, 1, 2), None])  # noqa: DTZ001 - the point of the case
def test_instant_without_zone_raises(instant: object) -> None:
    with pytest.raises(ParameterError):
        calendar.is_open("XNYS", instant)  # type: ignore[arg-type]  # the point of the test


def test_range_the_wrong_way_round_raises() -> None:
    with pytest.raises(ParameterError):
        calendar.session_count("XNYS", date(2026, 1, 2), date(2026, 1, 1))


HEAD = "# first: 2026-01-01\n# last: 2026-01-31\n# weekdays: 1111100\n"
COLUMNS = "first,last,open,close,break_start,break_end,early_close\n"


def test_table_with_a_day_off_the_mask_and_a_late_close_is_read() -> None:
    text = (
        HEAD
        + COLUMNS
        + "2026-01-02,2026-01-06,09:00,01:00+1,12:00,13:00,\n2026-01-03,2026-01-03,09:00,12:00,,,early\n"
    )
    table = _read_table("TEST", text)
    listed = [table.session(position) for position in range(len(table.days))]
    assert [session.date.day for session in listed] == [2, 3, 5, 6]
    assert (listed[0].close_at, listed[1].early_close) == (at("2026-01-03T01:00"), True)
    assert table.reaches_over(date(2026, 1, 1))
    assert not table.reaches_over(date(2026, 1, 31))


@pytest.mark.parametrize(
    "text",
    [
        "",
        COLUMNS,
        HEAD,
        HEAD.replace("1111100", "1") + COLUMNS + "2026-01-01,2026-01-31,09:00,17:00,,,\n",
        HEAD + "first,last\n2026-01-02,2026-01-06\n",
        HEAD + COLUMNS + "2026-01-02,2026-01-06,09:00\n",
        HEAD + COLUMNS + "2026-01-02,2026-01-06,nine,17:00,,,\n",
        HEAD + COLUMNS + "2026-01-02,2026-02-31,09:00,17:00,,,\n",
        HEAD + COLUMNS + "2026-01-02,2026-01-06,09:00,17:00,,,\n2026-01-05,2026-01-05,09:00,17:00,,,\n",
    ],
)
def test_damaged_table_raises_data_error(text: str) -> None:
    with pytest.raises(DataError, match="TEST"):
        _read_table("TEST", text)
