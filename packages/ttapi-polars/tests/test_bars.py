# SPDX-License-Identifier: Apache-2.0
"""Bars on clock time: against a loop in plain Python, conservation, order, clocks that change, bad input."""

import math
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import excluded_rows, resample_bars

START = datetime(2026, 3, 7, 22, 0, tzinfo=UTC)  # a day before clocks change in New York
NEW_YORK = ZoneInfo("America/New_York")
TRADE = st.tuples(
    st.sampled_from(["A", "B", "C"]),
    st.integers(0, 60 * 60 * 30).map(lambda second: START + timedelta(seconds=second)),
    st.sampled_from([9.5, 10.0, 10.25, 11.0, None, 0.0, -3.0, math.nan, math.inf]),
    st.sampled_from([0, 1, 5, 100, 2500, None, -1]),
)
TRADES = st.lists(TRADE, max_size=60)
SCHEMA = {
    "symbol": pl.String,
    "time": pl.Datetime("us", "UTC"),
    "price": pl.Float64,
    "size": pl.Int64,
}


def trades_of(rows: list[tuple[Any, ...]]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


def is_usable(price: float | None, size: int | None) -> bool:
    return price is not None and size is not None and math.isfinite(price) and price > 0 and size >= 0


def naive_bars(rows: list[tuple[Any, ...]], minutes: int, as_of: datetime) -> list[dict[str, Any]]:
    """One loop over the trades, in order of time and then as given."""
    groups: dict[tuple[str, datetime], list[tuple[float | None, int | None]]] = defaultdict(list)
    for symbol, time, price, size in sorted(rows, key=lambda row: row[1]):
        begin = time - timedelta(seconds=time.timestamp() % (60 * minutes))
        groups[symbol, begin].append((price, size))
    bars = []
    for (symbol, begin), found in sorted(groups.items()):
        used = [(price, size) for price, size in found if is_usable(price, size)]
        prices, volume = [price for price, _ in used], sum(size for _, size in used)
        end = begin + timedelta(minutes=minutes)
        bars.append(
            {
                "symbol": symbol,
                "time": begin,
                "end": end,
                "open": prices[0] if used else None,
                "high": max(prices, default=None),
                "low": min(prices, default=None),
                "close": prices[-1] if used else None,
                "volume": float(volume) if used else None,
                "vwap": sum(price * size for price, size in used) / volume if volume else None,
                "trade_count": len(used) or None,
                "partial": end > as_of,
                "excluded": len(found) - len(used),
            }
        )
    return bars


@given(TRADES, st.sampled_from([1, 5, 30, 240]))
@settings(max_examples=60)
def test_resample_bars_equals_a_loop_over_the_trades(rows: list[tuple[Any, ...]], minutes: int) -> None:
    as_of = START + timedelta(hours=31)
    bars = resample_bars(trades_of(rows), every=timedelta(minutes=minutes), as_of=as_of).collect()
    expected = pl.DataFrame(naive_bars(rows, minutes, as_of), schema=bars.schema)
    assert_frame_equal(bars, expected, rel_tol=1e-14, abs_tol=0)  # vwap: two sums of up to 60 terms


@given(TRADES)
@settings(max_examples=40)
def test_resample_bars_of_bars_equals_bars_made_at_once(rows: list[tuple[Any, ...]]) -> None:
    at_once = resample_bars(trades_of(rows), every="30m")
    minutes = resample_bars(trades_of(rows), every="1m")
    in_steps = resample_bars(resample_bars(minutes, every="5m"), every="30m")
    # A minute without one usable trade counts in both ways the rows that were left out of it.
    assert_frame_equal(in_steps.collect(), at_once.collect(), rel_tol=1e-13, abs_tol=0)


@given(TRADES)
@settings(max_examples=40)
def test_resample_bars_conserves_volume_trades_and_rows(rows: list[tuple[Any, ...]]) -> None:
    bars = resample_bars(trades_of(rows), every="4h", time_zone="America/New_York").collect()
    used = [size for _, _, price, size in rows if is_usable(price, size)]
    assert bars["volume"].sum() == sum(used)
    assert bars["trade_count"].sum() == len(used)
    assert bars["excluded"].sum() == len(rows) - len(used)
    priced = bars.drop_nulls("open")
    assert (
        priced["high"] >= priced.select(pl.max_horizontal("open", "close", "low", "vwap")).to_series()
    ).all()
    assert (priced["low"] <= priced.select(pl.min_horizontal("open", "close", "vwap")).to_series()).all()


@given(TRADES, st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_resample_bars_in_any_engine_and_order_between_times_is_the_same(
    rows: list[tuple[Any, ...]], random: Any
) -> None:
    rows = list({(row[0], row[1]): row for row in rows}.values())
    lazy = resample_bars(trades_of(rows), every="1h")
    shuffled = random.sample(rows, len(rows))
    chunked = pl.concat([trades_of(shuffled[:7]), trades_of(shuffled[7:])], rechunk=False)
    for other in (lazy.collect(engine="streaming"), resample_bars(chunked, every="1h").collect()):
        assert_frame_equal(other, lazy.collect(), rel_tol=1e-14, abs_tol=0)


def test_resample_bars_given_ties_keeps_the_order_of_the_rows() -> None:
    rows = [("A", START, 10.0, 1), ("B", START, 5.0, 1), ("A", START, 12.0, 1), ("A", START, 11.0, 1)]
    for engine in ("in-memory", "streaming"):
        bar = resample_bars(trades_of(rows), every="1m").collect(engine=engine).row(0, named=True)
        assert (bar["open"], bar["high"], bar["close"]) == (10.0, 12.0, 11.0)


def test_resample_bars_given_many_rows_is_the_same_in_the_streaming_engine() -> None:
    n = 200_000
    frame = pl.select(
        symbol=pl.concat_str(pl.lit("S"), pl.int_range(n) % 7),
        time=pl.lit(START) + pl.duration(seconds=(pl.int_range(n) * 7919) % 5000),
        price=1.0 + (pl.int_range(n) * 104729) % 997,
        size=(pl.int_range(n) * 31) % 50,
    ).lazy()
    bars = resample_bars(frame, every="10m")
    assert_frame_equal(bars.collect(engine="streaming"), bars.collect(), rel_tol=1e-12, abs_tol=0)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 6, 1), 24)]
)
def test_resample_bars_given_a_zone_has_days_of_local_length(day: date, hours: int) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=NEW_YORK)
    frame = trades_of([("A", noon.astimezone(UTC), 10.0, 1)])
    bar = resample_bars(frame, every="1d", time_zone="America/New_York").collect().row(0, named=True)
    assert bar["time"].astimezone(NEW_YORK) == datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
    assert bar["end"] - bar["time"] == timedelta(hours=hours)


def test_resample_bars_given_clocks_set_back_keeps_the_two_hours_apart() -> None:
    """01:30 happens twice in New York on 2026-11-01; the two are different bars of an hour."""
    rows = [("A", datetime(2026, 11, 1, hour, 30, tzinfo=UTC), 10.0, 1) for hour in range(3, 9)]
    bars = resample_bars(trades_of(rows), every="1h", time_zone="America/New_York").collect()
    assert bars["time"].dt.hour().to_list() == [3, 4, 5, 6, 7, 8]
    assert (bars["end"] - bars["time"] == timedelta(hours=1)).all()


def test_resample_bars_given_a_short_day_ends_the_last_bar_at_midnight() -> None:
    rows = [("A", datetime(2026, 3, 9, 3, 30, tzinfo=UTC), 10.0, 1)]  # 23:30 on the day of 23 hours
    bar = (
        resample_bars(trades_of(rows), every="4h", time_zone="America/New_York").collect().row(0, named=True)
    )
    assert (bar["time"], bar["end"]) == (
        datetime(2026, 3, 9, 1, tzinfo=UTC),
        datetime(2026, 3, 9, 4, tzinfo=UTC),
    )


def test_resample_bars_given_a_midnight_that_does_not_exist_begins_at_one() -> None:
    rows = [("A", datetime(2018, 11, 4, 12, tzinfo=UTC), 10.0, 1)]  # Sao Paulo went from 24:00 to 01:00
    bar = resample_bars(trades_of(rows), every="1h", time_zone="America/Sao_Paulo").collect()
    day = resample_bars(trades_of(rows), every="1d", time_zone="America/Sao_Paulo").collect()
    assert bar["time"].item() == datetime(2018, 11, 4, 12, tzinfo=UTC)
    assert day["time"].item() == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert day["end"].item() == datetime(2018, 11, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "noon", "begin", "end"),
    [
        ("Antarctica/Casey", (2016, 10, 22, 6), (2016, 10, 21, 16), (2016, 10, 22, 13)),  # 24:00 to 03:00
        ("Pacific/Apia", (2011, 12, 29, 20), (2011, 12, 29, 10), (2011, 12, 30, 10)),  # no 30 December at all
    ],
)
def test_resample_bars_given_a_leap_of_hours_or_a_day_loses_nothing(
    zone: str, noon: tuple[int, ...], begin: tuple[int, ...], end: tuple[int, ...]
) -> None:
    first, traded, last = (datetime(*parts[:4], tzinfo=UTC) for parts in (begin, noon, end))
    bar = resample_bars(trades_of([("A", traded, 10.0, 1)]), every="1d", time_zone=zone).collect()
    assert bar.select("time", "end").row(0) == (first, last)


@pytest.mark.parametrize(
    ("every", "begin", "end"),
    [
        ("1w", date(2026, 3, 2), date(2026, 3, 9)),
        ("1mo", date(2026, 3, 1), date(2026, 4, 1)),
        ("1q", date(2026, 1, 1), date(2026, 4, 1)),
        ("1y", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_resample_bars_given_daily_bars_makes_calendar_bars(every: str, begin: date, end: date) -> None:
    days = pl.LazyFrame({"symbol": "A", "date": [date(2026, 3, 3), date(2026, 3, 5)], "volume": [10, 20]})
    days = days.with_columns(open=pl.lit(2.0), high=pl.lit(4.0), low=pl.lit(1.0), close=pl.lit(3.0))
    bar = resample_bars(days, every=every, time="date").collect().row(0, named=True)
    assert (bar["time"], bar["end"], bar["volume"], bar["vwap"]) == (begin, end, 30.0, None)


def test_resample_bars_given_as_of_uses_nothing_later() -> None:
    rows = [("A", START + timedelta(minutes=minute), 10.0 + minute, 1) for minute in range(12)]
    as_of = START + timedelta(minutes=7)
    known = resample_bars(trades_of(rows), every="5m", as_of=as_of).collect()
    only_these = resample_bars(trades_of(rows[:8]), every="5m", as_of=as_of).collect()
    assert_frame_equal(known, only_these)
    assert known["partial"].to_list() == [False, True]
    assert known["close"].to_list() == [14.0, 17.0]


def test_resample_bars_without_as_of_flags_what_no_later_row_has_closed() -> None:
    """The newest row of the whole frame tells the time: A's bar is over because B traded after it."""
    rows = [("A", START, 10.0, 1), ("B", START + timedelta(minutes=5), 10.0, 1)]
    bars = resample_bars(trades_of(rows), every="5m").collect()
    assert bars["partial"].to_list() == [False, True]


def test_resample_bars_given_since_flags_the_bar_cut_by_it() -> None:
    rows = [("A", START + timedelta(minutes=minute), 10.0, 1) for minute in (3, 6, 11)]
    since = START + timedelta(minutes=2)
    bars = resample_bars(trades_of(rows), every="5m", since=since).collect()
    assert bars["partial"].to_list() == [True, False, True]


def test_resample_bars_given_partial_daily_bars_on_a_known_day() -> None:
    days = pl.LazyFrame({"symbol": "A", "date": [date(2026, 3, 5), date(2026, 3, 6)], "volume": [10, 20]})
    days = days.with_columns(open=pl.lit(2.0), high=pl.lit(4.0), low=pl.lit(1.0), close=pl.lit(3.0))
    partial = {
        day: resample_bars(days, every="1w", time="date", as_of=day).collect()["partial"].item()
        for day in (date(2026, 3, 7), date(2026, 3, 8))
    }
    assert partial == {date(2026, 3, 7): True, date(2026, 3, 8): False}


def bars_of(**columns: list[Any]) -> pl.LazyFrame:
    sound: dict[str, list[Any]] = {
        "symbol": ["A", "A"],
        "time": [START, START + timedelta(minutes=1)],
        "open": [10.0, 11.0],
        "high": [12.0, 12.0],
        "low": [9.0, 10.0],
        "close": [11.0, 10.0],
        "volume": [100, 300],
        "vwap": [10.0, 11.0],
        "trade_count": [3, 4],
    }
    return pl.LazyFrame(sound | columns)


def test_resample_bars_given_bars_weighs_their_averages_by_volume() -> None:
    bar = resample_bars(bars_of(), every="5m").collect().row(0, named=True)
    assert (bar["open"], bar["high"], bar["low"], bar["close"]) == (10.0, 12.0, 9.0, 10.0)
    assert (bar["volume"], bar["vwap"], bar["trade_count"]) == (400.0, 10.75, 7)


@pytest.mark.parametrize(
    ("column", "untold", "also_null"), [("volume", [100, None], "vwap"), ("vwap", [10.0, None], "vwap")]
)
def test_resample_bars_given_an_untold_part_tells_no_total(
    column: str, untold: list[Any], also_null: str
) -> None:
    bar = resample_bars(bars_of(**{column: untold}), every="5m").collect().row(0, named=True)
    assert bar[column] is None
    assert bar[also_null] is None
    assert (bar["close"], bar["trade_count"], bar["excluded"]) == (10.0, 7, 0)


def test_resample_bars_given_an_untold_average_without_volume_needs_none() -> None:
    bar = resample_bars(bars_of(vwap=[10.0, None], volume=[100, 0]), every="5m").collect()
    assert bar["vwap"].item() == 10.0


@pytest.mark.parametrize(
    ("spoilt", "problem"),
    [
        ({"high": [12.0, 9.0]}, "open or close outside low to high"),
        ({"low": [9.0, 11.5]}, "open or close outside low to high"),
        ({"close": [11.0, math.nan]}, "no usable price"),
        ({"open": [10.0, -11.0]}, "no usable price"),
        ({"volume": [100, -1]}, "no usable size or volume"),
        ({"symbol": ["A", None]}, "no symbol"),
        ({"time": [START, None]}, "no time"),
    ],
)
def test_resample_bars_given_an_unusable_bar_leaves_it_out_and_lists_it(
    spoilt: dict[str, list[Any]], problem: str
) -> None:
    frame = bars_of(**spoilt)
    bar = resample_bars(frame, every="5m").collect().row(0, named=True)
    assert (bar["high"], bar["close"], bar["volume"]) == (12.0, 11.0, 100.0)
    assert bar["excluded"] == (0 if problem in ("no symbol", "no time") else 1)
    assert excluded_rows(frame).collect()["problem"].to_list() == [problem]


def test_resample_bars_given_a_bar_twice_uses_neither() -> None:
    frame = bars_of(time=[START, START])
    bar = resample_bars(frame, every="5m").collect().row(0, named=True)
    assert (bar["open"], bar["volume"], bar["excluded"]) == (None, None, 2)
    assert excluded_rows(frame).collect()["problem"].to_list() == ["time given twice"] * 2


def test_resample_bars_given_sums_beyond_float_are_null() -> None:
    rows = [("A", START, 1e308, 10), ("A", START, 1e308, 10)]
    bar = resample_bars(trades_of(rows), every="5m").collect().row(0, named=True)
    assert (bar["high"], bar["vwap"], bar["volume"]) == (1e308, None, 20.0)


def test_resample_bars_given_no_rows_has_no_bars_of_the_same_schema() -> None:
    empty, full = trades_of([]), trades_of([("A", START, 10.0, 1)])
    bars = resample_bars(empty, every="1d").collect()
    assert bars.height == 0
    assert bars.schema == resample_bars(full, every="1d").collect_schema()


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_resample_bars_keeps_the_unit_of_the_times_and_converts_the_zone(unit: Any) -> None:
    at = pl.lit(START).dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit(unit)
    frame = trades_of([("A", START, 10.0, 1)]).with_columns(time=at)
    for zone in ("UTC", "Asia/Kolkata"):
        bars = resample_bars(frame, every="1m", time_zone=zone).collect()
        assert bars.schema["time"] == bars.schema["end"] == pl.Datetime(unit, "UTC")
        assert bars["time"].item() == START


@pytest.mark.parametrize(
    "every",
    [
        "0m",
        "",
        "5",
        "5x",
        "7h",
        "25h",
        "-5m",
        "5m30s",
        "999999999w",
        "999999999ms",
        "101y",
        timedelta(days=40_000),
        timedelta(0),
        timedelta(hours=5),
    ],
)
def test_resample_bars_given_no_period_refuses_at_the_call(every: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        resample_bars(trades_of([]), every=every)
    assert caught.value.parameter == "every"


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "America"},
        {"as_of": datetime(2026, 3, 9)},  # noqa: DTZ001 - without a zone on purpose
        {"as_of": date(2026, 3, 9)},
        {"time_zone": "/etc"},
        {"since": date(2026, 3, 9)},
    ],
)
def test_resample_bars_given_a_wrong_argument_names_it(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as caught:
        resample_bars(trades_of([]), every="1h", **wrong)
    assert caught.value.parameter == next(iter(wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"every": "1h"}, {"every": "1w", "time_zone": "Asia/Tokyo"}, {"every": "1w", "as_of": START}],
)
def test_resample_bars_given_days_refuses_hours_and_zones(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        resample_bars(bars_of().with_columns(pl.col("time").dt.date()), **wrong)


@pytest.mark.parametrize(
    ("frame", "column"),
    [
        (trades_of([]).drop("size"), "size"),
        (trades_of([]).cast({"price": pl.String}), "price"),
        (trades_of([]).cast({"time": pl.Int64}), "time"),
        (trades_of([]).with_columns(pl.col("time").dt.replace_time_zone(None)), "time"),
        (bars_of().drop("low"), "low"),
        (bars_of().with_columns(partial=pl.lit(1)), "partial"),
        (bars_of().with_columns(price=pl.lit(1.0)), ""),
    ],
)
def test_resample_bars_given_a_frame_that_breaks_its_schema_names_the_column(
    frame: pl.LazyFrame, column: str
) -> None:
    with pytest.raises(DataError) as caught:
        resample_bars(frame, every="1h")
    assert caught.value.column == column


def test_resample_bars_given_as_of_between_ticks_of_a_finer_clock_uses_nothing_later() -> None:
    nanosecond = pl.duration(nanoseconds=pl.int_range(2, dtype=pl.Int64), time_unit="ns")
    frame = trades_of([("A", START, 10.0, 1), ("A", START, 11.0, 1)])
    frame = frame.with_columns(pl.col("time").dt.cast_time_unit("ns") + nanosecond)
    assert resample_bars(frame, every="1m", as_of=START).collect()["close"].to_list() == [10.0]
