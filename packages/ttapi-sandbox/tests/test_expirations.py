# SPDX-License-Identifier: Apache-2.0
"""Expirations keep to the rules of the exchanges."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_sandbox.expirations import (
    Root,
    month_after,
    monthly_expiration,
    roots,
    third_friday,
    volatility_expiration,
)
from ttapi_sandbox.strikes import step_of, strikes
from ttapi_sandbox.surface import Surface
from ttapi_sandbox.trading_days import TradingDays
from ttapi_sandbox.universe import INDEXES, table

DAYS = TradingDays(date(2027, 10, 31))
SPY, AAPL = table()[0], next(listing for listing in table() if listing.symbol == "AAPL")
SPX, VIX = INDEXES


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ((2026, 12), date(2026, 12, 18)),
        ((2027, 1), date(2027, 1, 15)),
        # Good Friday: the day before. Juneteenth on a third Friday: likewise, also beyond the table.
        ((2022, 4), date(2022, 4, 14)),
        ((2019, 4), date(2019, 4, 18)),
        ((2026, 6), date(2026, 6, 18)),
        ((2037, 6), date(2037, 6, 18)),
        ((2029, 1), date(2029, 1, 19)),
    ],
)
def test_monthly_is_the_third_friday_or_the_session_before(month: tuple[int, int], expected: date) -> None:
    assert monthly_expiration(*month, DAYS) == expected


@pytest.mark.parametrize(
    ("month", "expected"),
    [((2026, 11), date(2026, 11, 18)), ((2026, 12), date(2026, 12, 16)), ((2026, 3), date(2026, 3, 18))],
)
def test_volatility_options_end_thirty_days_before_a_third_friday(
    month: tuple[int, int], expected: date
) -> None:
    assert volatility_expiration(*month, DAYS) == expected


@given(st.integers(2000, 2090), st.integers(1, 12))
def test_third_friday_is_a_friday_from_the_15th_to_the_21st(year: int, month: int) -> None:
    day = third_friday(year, month)
    assert day.weekday() == 4
    assert 15 <= day.day <= 21


@given(st.integers(2000, 2090), st.integers(1, 12), st.integers(0, 40))
def test_months_are_counted_across_years(year: int, month: int, count: int) -> None:
    later = month_after(year, month, count)
    assert later[0] * 12 + later[1] == year * 12 + month + count
    assert 1 <= later[1] <= 12


@given(st.dates(date(2018, 2, 1), date(2026, 11, 19)), st.sampled_from([SPY, AAPL, SPX, VIX, table()[300]]))
def test_expirations_are_sessions_to_come_and_each_is_listed_once(today: date, listing: object) -> None:
    for root in roots(listing, today, DAYS):  # type: ignore[arg-type] # a Listing, as sampled
        days = [expiration.day for expiration in root.expirations]
        assert days == sorted(set(days))
        assert days[0] >= today
        assert all(DAYS.number(day) is not None for day in days if day <= DAYS.dates[-1])
        assert {expiration.kind for expiration in root.expirations} <= {"Regular", "Weekly", "Quarterly"}


def only(symbol_roots: tuple[Root, ...]) -> Root:
    (root,) = symbol_roots
    return root


def test_stock_has_weeklies_monthlies_and_leaps() -> None:
    today = date(2026, 11, 19)
    expirations = only(roots(AAPL, today, DAYS)).expirations
    regular = [one.day for one in expirations if one.kind == "Regular"]
    assert regular[:4] == [date(2026, 11, 20), date(2026, 12, 18), date(2027, 1, 15), date(2027, 2, 19)]
    assert regular[-1] - today > timedelta(days=700)
    weekly = [one.day for one in expirations if one.kind == "Weekly"]
    # Thanksgiving is a Thursday: its Friday is a half day. Christmas 2026 is a Friday: the day before.
    assert weekly[:3] == [date(2026, 11, 27), date(2026, 12, 4), date(2026, 12, 11)]
    assert date(2026, 12, 24) in weekly


def test_broad_funds_end_daily_and_quarterly() -> None:
    expirations = only(roots(SPY, date(2026, 11, 19), DAYS)).expirations
    assert [one.day.day for one in expirations[:6]] == [19, 20, 23, 24, 25, 27]
    assert date(2026, 12, 31) in [one.day for one in expirations if one.kind == "Quarterly"]


def test_expiration_of_today_is_listed_with_zero_days_to_go() -> None:
    assert only(roots(AAPL, date(2026, 11, 20), DAYS)).expirations[0].day == date(2026, 11, 20)
    assert only(roots(AAPL, date(2026, 11, 21), DAYS)).expirations[0].day == date(2026, 11, 27)


@given(st.floats(0.5, 9000), st.floats(0.05, 1.2), st.integers(0, 1000), st.sampled_from(["SPY", "X"]))
def test_strikes_are_on_their_grid_around_the_price(
    price: float, volatility: float, days: int, symbol: str
) -> None:
    found = strikes(symbol, price, volatility=volatility, days=days)
    step = step_of(symbol, price, days)
    assert all(strike > 0 and (strike / step).is_integer() and (2 * strike).is_integer() for strike in found)
    assert found == sorted(set(found))
    assert found[0] <= max(price, step)
    assert found[-1] > price
    assert 10 < len(found) <= 141


@given(st.floats(0.1, 1.2), st.floats(0.1, 1.2), st.floats(0, 3), st.floats(0.2, 5))
def test_surface_is_positive_and_bounded_far_out(
    current: float, long_run: float, years: float, part: float
) -> None:
    surface = Surface(100.0, current, long_run)
    level = surface.at_the_money(max(years, 0.002))
    assert min(current, long_run) - 1e-9 <= level <= max(current, long_run) + 1e-9
    assert 0.7 * level < surface.volatility(100.0 * part, years) < 1.5 * level
