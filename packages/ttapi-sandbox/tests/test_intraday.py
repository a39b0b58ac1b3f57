# SPDX-License-Identifier: Apache-2.0
"""The minutes of a day make its bar, and candles of any period follow from them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import ManualClock
from ttapi_sandbox.candles import (
    CandleSymbol,
    bucket_start,
    candles,
    joined,
    parse_candle_symbol,
    snapshot,
)
from ttapi_sandbox.intraday import DayPath
from ttapi_sandbox.market import Market
from ttapi_sandbox.trading_days import midnight_ms

if TYPE_CHECKING:
    from ttapi_sandbox.bars import Bar

OPEN = datetime(2026, 11, 19, 17, 7, 30, tzinfo=UTC)
HALF_DAY = date(2025, 11, 28)


def path_of(market: Market, symbol: str, number: int) -> DayPath:
    return market.path(market.by_symbol[symbol], number, market.moment().number)


@pytest.mark.parametrize("symbol", ["SPY", "F", "MSTR", "SPX", "VIX", "BRK/B"])
def test_minutes_make_the_bar_of_the_day(market: Market, symbol: str) -> None:
    number = market.moment().number
    for earlier in (number, number - 1, number - 300):
        path = path_of(market, symbol, earlier)
        assert path.minutes == 390
        whole = path.until(390)
        bar = market.series(market.by_symbol[symbol]).bar(earlier, number)
        assert whole[:6] == bar[:6]
        assert min(path.prices) == bar.low
        assert max(path.prices) == bar.high
        assert path.volumes == sorted(path.volumes)


def test_half_day_has_fewer_minutes(market: Market) -> None:
    number = market.days.number(HALF_DAY)
    assert number is not None
    assert path_of(market, "SPY", number).minutes == 210


@given(st.integers(0, 389), st.floats(0.01, 390))
def test_any_part_of_a_day_is_a_well_formed_bar(market: Market, first: int, length: float) -> None:
    path = path_of(market, "AAPL", market.moment().number)
    bar = path.between(first, first + length)
    assert bar.low <= min(bar.open, bar.close, bar.vwap)
    assert bar.high >= max(bar.open, bar.close, bar.vwap)
    assert path.bar.low <= bar.low <= bar.high <= path.bar.high
    assert 0 <= bar.volume <= path.bar.volume


def test_running_bar_grows_until_it_is_the_bar_of_the_day() -> None:
    clock = ManualClock(datetime(2026, 11, 19, 14, 30, tzinfo=UTC))
    market = Market(seed=7, symbols=5, clock=clock)
    listing = market.by_symbol["AAPL"]
    before: Bar | None = None
    for _ in range(14):
        bar = market.day_bar(listing, market.moment())
        if before is not None:
            assert bar.open == before.open
            assert bar.high >= before.high
            assert bar.low <= before.low
            assert bar.volume >= before.volume
        before = bar
        clock.advance(1800)
    moment = market.moment()
    assert not moment.is_open
    assert before == market.series(listing).bar(moment.number, moment.number)


def test_day_before_the_open_is_yesterday() -> None:
    clock = ManualClock(datetime(2026, 11, 19, 14, 29, 59, tzinfo=UTC))
    market = Market(seed=7, symbols=5, clock=clock)
    assert market.day_bar(market.by_symbol["SPY"], market.moment()).day == date(2026, 11, 18)
    clock.advance(1)
    assert market.day_bar(market.by_symbol["SPY"], market.moment()).day == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SPY{=d}", CandleSymbol("SPY", 1, "d")),
        ("SPY{=1d,tho=true}", CandleSymbol("SPY", 1, "d")),
        ("BRK/B{tho=true,=5m}", CandleSymbol("BRK/B", 5, "m")),
        ("SPY&Q{=2mo,a=s}", CandleSymbol("SPY", 2, "mo")),
        ("SPY{}", CandleSymbol("SPY", 1, "t")),
        (".SPY261218C600{=1h}", CandleSymbol(".SPY261218C600", 1, "h")),
        ("SPY", None),
        ("SPY{=0d}", None),
        ("SPY{=dd}", None),
        ("{=d}", None),
        ("SPY{=d}x", None),
    ],
)
def test_candle_symbol_is_taken_apart(text: str, expected: CandleSymbol | None) -> None:
    assert parse_candle_symbol(text) == expected


@pytest.fixture(scope="module")
def live() -> Market:
    return Market(seed=7, symbols=5, clock=ManualClock(OPEN), as_of=OPEN)


@pytest.mark.parametrize("minutes", [1, 5, 7, 15, 30, 60, 120, 390])
def test_candles_of_minutes_make_the_days(live: Market, minutes: int) -> None:
    moment = live.moment()
    found = candles(live, CandleSymbol("AAPL", minutes, "m"), midnight_ms(date(2026, 11, 16)), moment)
    by_day: dict[date, list[Bar]] = {}
    for candle in found:
        assert candle.bar is not None
        assert (candle.time // 60_000) % minutes == 0 or minutes == 7
        by_day.setdefault(candle.bar.day, []).append(candle.bar)
    assert sorted(by_day) == [date(2026, 11, day) for day in (16, 17, 18, 19)]
    for day, bars in by_day.items():
        whole = live.daily_bars(live.by_symbol["AAPL"], day, moment)[0]
        one = joined(bars)
        assert (one.open, one.high, one.low, one.close) == whole[1:5]
        assert one.volume == pytest.approx(whole.volume, abs=1)


@pytest.mark.parametrize(("unit", "count"), [("w", 1), ("mo", 1), ("mo", 3), ("y", 1), ("d", 5)])
def test_candles_of_days_are_joined_within_their_period(live: Market, unit: str, count: int) -> None:
    moment = live.moment()
    found = candles(live, CandleSymbol("SPX", count, unit), 0, moment)
    bars = live.daily_bars(live.by_symbol["SPX"], live.days.dates[0], moment)
    times = [candle.time for candle in found]
    assert times == sorted(set(times))
    assert len(found) == len({bucket_start(bar.day, count, unit) for bar in bars})
    assert found[-1].bar is not None
    assert found[-1].bar.close == bars[-1].close
    assert max(candle.bar.high for candle in found if candle.bar) == max(bar.high for bar in bars)


@given(st.dates(date(1900, 1, 1)), st.integers(1, 99), st.sampled_from(["d", "w", "mo", "y"]))
def test_bucket_begins_before_its_days_and_holds_its_own_begin(day: date, count: int, unit: str) -> None:
    start = bucket_start(day, count, unit)
    assert start <= day
    assert bucket_start(start, count, unit) == start


@pytest.mark.parametrize("unit", ["t", "s", "v", "p", "o"])
def test_periods_without_bars_and_unknown_names_are_empty(live: Market, unit: str) -> None:
    assert candles(live, CandleSymbol("SPY", 1, unit), 0, live.moment()) == []
    assert candles(live, CandleSymbol("NOPE", 1, "d"), 0, live.moment()) == []


def test_depth_of_minutes_is_limited(live: Market) -> None:
    found = candles(live, CandleSymbol("SPY", 1, "m"), 0, live.moment())
    assert 3000 < len(found) <= 3900
    assert len(candles(live, CandleSymbol("SPY", 2, "h"), 0, live.moment())) < 130 * 5


def test_snapshot_is_newest_first_with_its_ends_flagged(live: Market) -> None:
    found = candles(live, CandleSymbol("SPY", 1, "d"), midnight_ms(date(2026, 11, 16)), live.moment())
    exact = snapshot(list(found), found[0].time)
    assert [candle.flags for candle in exact] == [4, 0, 0, 8]
    assert [candle.time for candle in exact] == sorted((candle.time for candle in found), reverse=True)
    earlier = snapshot(list(found), found[0].time - 86_400_000)
    assert [candle.flags for candle in earlier] == [4, 0, 0, 0, 10]
    assert earlier[-1].bar is None
    assert [candle.flags for candle in snapshot(found[:1], found[0].time)] == [12]
    assert [(candle.flags, candle.time) for candle in snapshot([], 5)] == [(14, 5)]


def test_snapshot_beyond_the_limit_is_snipped(live: Market) -> None:
    found = candles(live, CandleSymbol("SPY", 1, "d"), 0, live.moment())
    many = (found * 5)[:8001]
    cut = snapshot(many, 0)
    assert (len(cut), cut[0].flags, cut[-1].flags) == (8000, 4, 16)
    assert cut[-1].time == many[1].time
