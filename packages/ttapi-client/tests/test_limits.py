# SPDX-License-Identifier: Apache-2.0
"""The learnt rate, simulated against peers with limits: how long a job takes, and how often it is refused."""

from __future__ import annotations

import heapq
import itertools
import json
import math
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client import AdaptiveRate

Allow = Callable[[float], tuple[bool, float | None]]
"""Whether a request that arrives then passes, and what a refusal says to wait."""


@dataclass
class Bucket:
    """A token bucket; refusals cost nothing."""

    rate: Callable[[float], float]
    burst: float
    tokens: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def __call__(self, now: float) -> tuple[bool, float | None]:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate(now))
        self.at = now
        if self.tokens < 1 - 1e-9:
            return False, None
        self.tokens -= 1
        return True, None


@dataclass
class Window:
    """So many in each fixed window; tells to wait for the next if it is a kind one."""

    count_max: int
    length_s: float
    kind: bool
    number: int = -1
    count: int = 0

    def __call__(self, now: float) -> tuple[bool, float | None]:
        number = int(now // self.length_s)
        if number != self.number:
            self.number, self.count = number, 0
        self.count += 1
        return self.count <= self.count_max, (number + 1) * self.length_s - now if self.kind else None


@dataclass
class Sliding:
    """So many in any stretch of a second."""

    count_max: int
    times: deque[float] = field(default_factory=deque)

    def __call__(self, now: float) -> tuple[bool, float | None]:
        while self.times and self.times[0] <= now - 1:
            self.times.popleft()
        if len(self.times) >= self.count_max:
            return False, None
        self.times.append(now)
        return True, None


@dataclass
class Result:
    seconds: float
    refused_early: int
    refused_late: int


def simulate(
    allow: Allow,
    count: int,
    *,
    latency_s: float = 0.01,
    concurrency: int = 100,
    jitter: float = 0.2,
    seed: int = 0,
) -> Result:
    """Send ``count`` requests through the rate, oldest first, with jitter; return when the last passed."""
    draw = random.Random(seed)
    rate = AdaptiveRate()
    queue = list(range(count))
    events: list[tuple[float, int, bool | None, float | None, int, float, bool]] = []
    order = itertools.count()
    now, in_flight, done, waited = 0.0, 0, 0, False
    refused: list[float] = []
    while done < count:
        while queue and in_flight < concurrency and rate.delay_s(now) <= 0:
            number = heapq.heappop(queue)
            rate.take(now)
            in_flight += 1
            there = now + latency_s * draw.uniform(0.5, 0.5 + jitter)
            heapq.heappush(events, (there, next(order), None, None, number, now, waited))
        waited = False
        wake = math.inf
        if queue and in_flight < concurrency:
            wake = now + max(rate.delay_s(now), 0) + draw.uniform(0, 0.001)
        if not events or wake < events[0][0]:
            now, waited = wake, True
            continue
        now, _, passed, wait_s, number, sent_at, had_waited = heapq.heappop(events)
        if passed is None:
            passed, wait_s = allow(now)
            heapq.heappush(
                events, (now + latency_s / 2, next(order), passed, wait_s, number, sent_at, had_waited)
            )
            continue
        in_flight -= 1
        if passed:
            done += 1
            rate.passed(sent_at, now, waited=had_waited)
        else:
            refused.append(now)
            rate.refused(sent_at, now, retry_after_s=wait_s)
            heapq.heappush(queue, number)
    early = sum(at < 2 for at in refused)
    return Result(now, early, len(refused) - early)


@pytest.mark.parametrize("latency_s", [0.002, 0.05])
@pytest.mark.parametrize("burst_s", [1, 10])
@pytest.mark.parametrize("limit", [2, 5, 10, 50, 200, 500])
def test_job_given_token_bucket_takes_hardly_longer_than_it_must(
    limit: int, burst_s: int, latency_s: float
) -> None:
    burst = limit * burst_s
    count = max(500, 10 * limit + burst)
    result = simulate(Bucket(lambda _: limit, burst), count, latency_s=latency_s)
    least_s = (count - burst) / limit + latency_s
    assert result.seconds <= 1.05 * least_s
    assert result.refused_late <= 0.05 * count


def test_job_given_ten_a_second_and_five_hundred_requests_keeps_the_promise() -> None:
    result = simulate(Bucket(lambda _: 10, 10), 500)
    assert result.seconds <= 1.02 * 49
    assert result.refused_early <= 110
    assert result.refused_late <= 25


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("limit", [5, 25, 100])
def test_job_given_busy_machine_and_answers_out_of_order_still_learns(limit: int, seed: int) -> None:
    """Answers take up to ten times as long as others, so that refusals overtake what passed before them."""
    count = 20 * limit
    result = simulate(Bucket(lambda _: limit, limit), count, latency_s=0.03, jitter=10, seed=seed)
    assert result.seconds <= 1.1 * (count - limit) / limit
    assert result.refused_late <= max(12, 0.06 * count)


@pytest.mark.parametrize(
    ("before", "after", "ratio"), [(2, 50, 1.6), (10, 100, 1.6), (50, 5, 1.3), (200, 20, 1.3)]
)
def test_job_given_changing_limit_follows_it(before: int, after: int, ratio: float) -> None:
    change_s = 20.0
    count = int(change_s * before + 30 * after)
    result = simulate(Bucket(lambda now: before if now < change_s else after, before), count)
    least_s = change_s + (count - change_s * before - before) / after
    assert result.seconds <= ratio * least_s
    assert result.refused_late <= 0.07 * count


@pytest.mark.parametrize("count_max", [10, 50])
def test_job_given_fixed_windows_takes_little_longer(count_max: int) -> None:
    result = simulate(Window(count_max, 1.0, kind=False), 50 * count_max)
    assert result.seconds <= 1.35 * 50


def test_job_given_minute_windows_that_tell_waits_as_told() -> None:
    result = simulate(Window(100, 60, kind=True), 500)
    assert result.seconds <= 1.02 * 240


def test_rate_given_no_refusal_never_delays() -> None:
    rate = AdaptiveRate()
    for step in range(10_000):
        assert rate.delay_s(step / 1e6) <= 0
        rate.take(step / 1e6)
        rate.passed(step / 1e6, step / 1e6, waited=False)
    assert rate.rate_per_s == math.inf


def test_rate_given_initial_rate_spaces_from_the_start() -> None:
    rate = AdaptiveRate(initial_per_s=10)
    rate.take(0.0)
    rate.take(0.0)
    assert rate.delay_s(0.0) == pytest.approx(0.1)


def test_rate_given_unused_slots_does_not_climb() -> None:
    rate = AdaptiveRate(initial_per_s=10)
    for second in range(100):
        rate.take(float(second))
        rate.passed(float(second), second + 0.1, waited=False)
    assert rate.rate_per_s == 10


def test_rate_given_retry_after_pauses_everybody_until_then() -> None:
    rate = AdaptiveRate()
    rate.refused(0.0, 1.0, retry_after_s=30)
    rate.refused(0.0, 2.0, retry_after_s=5)
    assert rate.delay_s(2.0) == pytest.approx(29)


def test_rate_given_refusals_of_one_burst_cuts_once() -> None:
    rate = AdaptiveRate()
    for _ in range(10):
        rate.passed(0.0, 0.1, waited=False)
    for _ in range(90):
        rate.refused(0.0, 0.1)
    assert rate.rate_per_s == 10


def test_rate_given_quota_stops_before_it_is_overrun_and_goes_on_after() -> None:
    rate = AdaptiveRate()
    rate.told(2, 10.0, now=100.0)
    rate.take(100.0)
    assert rate.delay_s(100.0) <= 0
    rate.take(100.0)
    assert rate.delay_s(101.0) == pytest.approx(9)
    rate.told(5, 9.0, now=101.0)  # an answer that was overtaken
    assert rate.delay_s(101.0) == pytest.approx(9)
    assert rate.delay_s(110.0) <= 0


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["pass", "refuse", "refuse after", "quota"]),
            st.floats(0, 100),
            st.floats(0, 10),
        ),
        max_size=200,
    )
)
def test_rate_given_anything_stays_within_bounds_and_waits_finitely(
    steps: list[tuple[str, float, float]],
) -> None:
    rate = AdaptiveRate(min_per_s=0.5)
    now = 0.0
    for what, forward_s, age_s in steps:
        now += forward_s
        rate.take(now)
        if what == "pass":
            rate.passed(now - age_s, now, waited=True)
        elif what == "quota":
            rate.told(int(age_s), forward_s, now)
        else:
            rate.refused(now - age_s, now, retry_after_s=age_s if "after" in what else None)
        assert rate.rate_per_s >= 0.5
        assert not math.isnan(rate.rate_per_s)
        assert rate.delay_s(now) <= 100 + 2 * len(steps) + 2


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["pass", "refuse", "quota"]), st.floats(0, 3), st.floats(0, 2)), max_size=80
    ),
    after=st.floats(0, 20),
)
def test_rate_given_state_and_back_behaves_the_same(
    steps: list[tuple[str, float, float]], after: float
) -> None:
    rate = AdaptiveRate()
    twin = AdaptiveRate()
    now = 0.0
    for what, forward_s, age_s in steps:
        now += forward_s
        for each in (rate, twin):
            each.take(now)
            if what == "pass":
                each.passed(now - age_s, now, waited=True)
            elif what == "quota":
                each.told(int(age_s * 3), forward_s, now)
            else:
                each.refused(now - age_s, now)
        twin = AdaptiveRate.restored(json.loads(json.dumps(twin.state())))
    assert twin.state() == rate.state()
    moved = AdaptiveRate.restored(rate.state(), forward_s=1000.0)
    # Below zero, and a delay that the sum with 1,000 s swallows, both mean: at once.
    waits = (max(0.0, one.delay_s(at)) for one, at in ((moved, now + after + 1000.0), (rate, now + after)))
    assert next(waits) == pytest.approx(next(waits), abs=1e-6)


@pytest.mark.parametrize(
    ("limit", "is_window"), [(5, False), (10, True), (50, False), (50, True), (200, True)]
)
def test_steady_job_is_refused_once_in_a_hundred_and_uses_nine_tenths(limit: int, is_window: bool) -> None:
    allow: Allow = Sliding(limit) if is_window else Bucket(lambda _: limit, limit)
    passed = Counter[bool]()

    def counting(now: float) -> tuple[bool, float | None]:
        answer = allow(now)
        passed[answer[0]] += now > 40
        return answer

    count = 40 * limit + 800
    result = simulate(counting, count)
    assert passed[False] <= 0.011 * passed.total()
    assert passed[True] >= 0.9 * limit * (result.seconds - 40)
