# SPDX-License-Identifier: Apache-2.0
"""Declared windows: never exceeded by what a peer counts, never kept waiting without need, remembered."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.charges import GRAIN, UNDER_WAY_S, Charges
from ttapi_core import RateWindow

MINUTE = RateWindow(requests=5, seconds=60)
DAY = RateWindow(requests=12, seconds=86_400)
NOON = 86_400 * 20_000.5


def spend(charges: Charges, *times: float, weight: int = 1) -> None:
    for at in times:
        charges.hold(weight)
        charges.settle(weight, at, spent=True)


def declared(*windows: RateWindow) -> Charges:
    """Return charges that were asked about ``windows``."""
    charges = Charges()
    charges.wait_s(windows, 1, 0.0)
    return charges


@given(
    jobs=st.lists(
        st.tuples(st.floats(0, 30), st.floats(0, 40), st.floats(0, 1), st.integers(1, 3)), max_size=80
    )
)
def test_peer_given_any_latency_never_counts_more_than_the_windows_allow(
    jobs: list[tuple[float, float, float, int]],
) -> None:
    """The peer counts a request at any moment between its sending and its end; one is sent as soon as it fits."""
    windows = (MINUTE, DAY)
    charges = declared(*windows)
    now, counted, ends = 0.0, [], []
    for pause_s, latency_s, share, weight in jobs:
        now += pause_s
        while True:
            for end in sorted(each for each in ends if each[0] <= now):
                charges.settle(end[1], end[0], spent=True)
                ends.remove(end)
            wait_s = charges.wait_s(windows, weight, now)
            if wait_s <= 0:
                break
            now += wait_s
        charges.hold(weight)
        ends.append((now + latency_s, weight))
        counted += [now + share * latency_s] * weight
    for window in windows:
        for start in counted:
            assert sum(start <= at < start + window.seconds for at in counted) <= window.requests


def test_windows_given_room_let_go_at_once_and_else_say_when() -> None:
    charges = declared(MINUTE)
    spend(charges, 0.0, 10.0, 20.0, 30.0)
    assert charges.wait_s([MINUTE], 1, 31.0) == 0
    assert charges.wait_s([MINUTE], 2, 31.0) == pytest.approx(29)
    spend(charges, 31.0)
    assert charges.wait_s([MINUTE], 1, 40.0) == pytest.approx(20)
    assert charges.wait_s([MINUTE], 3, 40.0) == pytest.approx(40)
    assert charges.wait_s([MINUTE], 1, 60.0) == pytest.approx(0, abs=1e-5)
    assert charges.wait_s([MINUTE], 1, 60.001) == 0


def test_windows_given_several_obey_the_strictest() -> None:
    charges = declared(MINUTE, DAY)
    spend(charges, *(100.0 * number for number in range(12)))
    assert charges.wait_s([MINUTE], 1, 1200.0) == 0
    assert charges.wait_s([MINUTE, DAY], 1, 1200.0) == pytest.approx(86_400 - 1200)


def test_aligned_window_given_new_period_is_full_again_and_rolling_one_is_not() -> None:
    day = RateWindow(requests=2, seconds=86_400, aligned=True)
    charges = declared(day)
    spend(charges, NOON, NOON + 1)
    assert charges.wait_s([day], 1, NOON + 3600) == pytest.approx(12 * 3600 - 3600)
    assert charges.wait_s([day], 1, NOON + 12 * 3600 + 1) == 0
    assert charges.wait_s([RateWindow(requests=2, seconds=86_400)], 1, NOON + 12 * 3600 + 1) > 0


def test_aligned_window_given_request_that_ends_in_the_next_period_counts_it_there() -> None:
    day = RateWindow(requests=1, seconds=86_400, aligned=True)
    charges = declared(day)
    spend(charges, NOON + 12 * 3600)
    assert charges.wait_s([day], 1, NOON + 12 * 3600 + 10) == pytest.approx(86_390)


def test_request_under_way_counts_until_it_is_over_and_one_never_sent_costs_nothing() -> None:
    one = RateWindow(requests=1, seconds=60)
    charges = declared(one)
    charges.hold(1)
    assert charges.wait_s([one], 1, 1000.0) == UNDER_WAY_S
    charges.settle(1, 1000.0, spent=False)
    assert charges.wait_s([one], 1, 1000.0) == 0
    assert charges.under_way == 0


def test_clock_set_back_by_years_holds_a_window_no_longer_than_its_length() -> None:
    charges = declared(MINUTE)
    spend(charges, *[NOON] * 5)
    assert charges.wait_s([MINUTE], 1, NOON - 1e8) == pytest.approx(60)
    assert charges.wait_s([MINUTE], 1, NOON - 1e8 + 61) == 0


@given(times=st.lists(st.floats(0, 90_000), max_size=60), weight=st.integers(1, 5), now=st.floats(0, 200_000))
def test_state_given_json_and_back_answers_the_same(times: list[float], weight: int, now: float) -> None:
    charges = declared(MINUTE, DAY)
    spend(charges, *sorted(times), weight=weight)
    charges.hold(1)
    twin = Charges.restored(json.loads(json.dumps(charges.state())))
    for windows in ([MINUTE], [DAY], [MINUTE, DAY]):
        assert twin.wait_s(windows, weight, now) == charges.wait_s(windows, weight, now)
    assert twin.under_way == 1


def test_windows_given_many_requests_keep_few_charges_and_err_on_the_careful_side() -> None:
    busy = RateWindow(requests=50_000, seconds=3600)
    charges = declared(busy)
    exact: list[float] = []
    for number in range(60_000):
        at = number / 10
        spend(charges, at)
        exact.append(at)
    now = 6000.0
    assert len(charges.state()["at"]) < 40_000
    for weight in (14_001, 20_000, 40_000):
        inside = [at for at in exact if at > now - 3600]
        excess = len(inside) + weight - busy.requests
        least_s = max(0.0, inside[excess - 1] + 3600 - now) if excess > 0 else 0.0
        wait_s = charges.wait_s([busy], weight, now)
        assert least_s - 1e-6 <= wait_s <= least_s + 3600 * GRAIN + 1


@pytest.mark.parametrize(
    "broken", [{}, {"at": "x"}, {"at": "AAAA", "weight": "", "under_way": 0, "kept_s": 1}]
)
def test_state_given_something_else_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Charges.restored(broken)


def test_charges_without_windows_keep_nothing() -> None:
    charges = Charges()
    spend(charges, *(float(at) for at in range(100)))
    assert charges.state()["at"] == ""
    assert charges.wait_s([], 1, math.inf) == 0
