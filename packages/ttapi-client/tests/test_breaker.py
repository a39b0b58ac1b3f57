# SPDX-License-Identifier: Apache-2.0
"""The breaker against an independent model, and what pybreaker alone gets wrong."""

from __future__ import annotations

import asyncio
import random

import pybreaker
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ttapi_client import AsyncBreaker, BreakerRegistry
from ttapi_client.breaker import Permit
from ttapi_core import (
    BreakerPolicy,
    CircuitOpenError,
    ConnectError,
    ManualClock,
    NotFoundError,
    RateLimitError,
    ServerFaultError,
)

FAULT = ServerFaultError("down", status=503)
OUTCOMES = ["ok", "fail", "fail", "refused", "cancel"]
WAITS_S = [0.5, 2.5, 5.0, 31.0]


def breaker_of(clock: ManualClock, **policy: float) -> AsyncBreaker:
    defaults = {"failures_max": 3, "reset_timeout_s": 5.0}
    return AsyncBreaker("GET /x", BreakerPolicy(**(defaults | policy)), clock=clock, trial_timeout_s=30)  # type: ignore[arg-type] # counts among the floats


def opened(clock: ManualClock, **policy: float) -> AsyncBreaker:
    breaker = breaker_of(clock, **policy)
    while breaker.state == "closed":
        breaker.failed(breaker.acquire(), FAULT)
    return breaker


class Model:
    """What the breaker should do, written from its description and not from its code."""

    def __init__(self, failures_max: int, trials: int, successes: int) -> None:
        self.failures_max, self.trials_max, self.successes_needed = failures_max, trials, successes
        self.state, self.epoch = "closed", 0
        self.failures = self.successes = 0
        self.opened_at = 0.0
        self.under_way: dict[int, float] = {}

    def change(self, state: str, now: float) -> None:
        self.state, self.epoch = state, self.epoch + 1
        self.failures = self.successes = 0
        self.under_way = {}
        self.opened_at = now

    def ask(self, number: int, now: float) -> bool:
        if self.state == "open" and now - self.opened_at >= 5:
            self.change("half-open", now)
        if self.state == "open":
            return False
        if self.state == "half-open":
            self.under_way = {key: at for key, at in self.under_way.items() if now - at < 30}
            if len(self.under_way) >= self.trials_max:
                return False
            self.under_way[number] = now
        return True

    def end(self, number: int, epoch: int, outcome: str, now: float) -> None:
        late = epoch != self.epoch or (self.state == "half-open" and number not in self.under_way)
        self.under_way.pop(number, None)
        if late or outcome == "cancel":
            return
        if outcome == "fail":
            self.failures += 1
            if self.state == "half-open" or self.failures >= self.failures_max:
                self.change("open", now)
        else:
            self.failures = 0
            self.successes += 1
            if self.state == "half-open" and self.successes >= self.successes_needed:
                self.change("closed", now)


class Pair:
    """A breaker and its model, led through the same events."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.breaker = breaker_of(self.clock, failures_max=3, trials=2, successes_to_close=2)
        self.model = Model(3, 2, 2)
        self.calls: dict[int, tuple[Permit, int]] = {}
        self.count = 0

    def begin(self) -> None:
        self.count += 1
        if self.model.ask(self.count, self.clock.monotonic()):
            self.calls[self.count] = (self.breaker.acquire(), self.model.epoch)
            return
        with pytest.raises(CircuitOpenError) as caught:
            self.breaker.acquire()
        assert 0 < caught.value.retry_after_s <= 5

    def end(self, number: int, outcome: str) -> None:
        permit, epoch = self.calls.pop(number)
        self.model.end(number, epoch, outcome, self.clock.monotonic())
        if outcome == "ok":
            self.breaker.succeeded(permit)
        elif outcome == "cancel":
            self.breaker.release(permit)
        else:
            self.breaker.failed(permit, FAULT if outcome == "fail" else NotFoundError("no", status=404))

    def agree(self) -> None:
        assert self.breaker.state == self.model.state
        assert self.breaker.trials_under_way <= 2
        if self.model.state == "closed":
            assert self.breaker.failures == self.model.failures


class BreakerAgreesWithModel(RuleBasedStateMachine):
    """Calls begin, end well, badly, late or never, are cancelled; time passes, the wall clock is set."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @rule()
    def begin(self) -> None:
        self.pair.begin()

    @precondition(lambda self: bool(self.pair.calls))
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def end(self, data: st.DataObject, outcome: str) -> None:
        self.pair.end(data.draw(st.sampled_from(sorted(self.pair.calls))), outcome)

    @rule(seconds=st.sampled_from(WAITS_S))
    def wait(self, seconds: float) -> None:
        self.pair.clock.advance(seconds)

    @rule(days=st.integers(-2, 2))
    def set_wall_clock(self, days: int) -> None:
        clock = self.pair.clock
        clock.set_wall_time(clock.now().replace(day=10 + days))

    @invariant()
    def agrees(self) -> None:
        self.pair.agree()


TestBreakerAgreesWithModel = BreakerAgreesWithModel.TestCase
TestBreakerAgreesWithModel.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)


def test_breaker_given_ten_thousand_random_steps_agrees_with_the_model() -> None:
    for seed in range(20):
        draw, pair = random.Random(seed), Pair()
        states = set()
        for _ in range(500):
            step = draw.random()
            if step < 0.45:
                pair.begin()
            elif step < 0.9 and pair.calls:
                pair.end(draw.choice(sorted(pair.calls)[-5:]), draw.choice(OUTCOMES))
            else:
                pair.clock.advance(draw.choice(WAITS_S))
            pair.agree()
            states.add(pair.breaker.state)
        assert states == {"closed", "open", "half-open"}, seed


@pytest.mark.parametrize("trials", [1, 3])
async def test_half_open_given_hundred_concurrent_calls_lets_exactly_the_trials_through(trials: int) -> None:
    clock = ManualClock()
    breaker = opened(clock, trials=trials)
    clock.advance(5)
    gate = asyncio.Event()
    upstream = refused = 0

    async def call() -> None:
        nonlocal upstream, refused
        try:
            with breaker.guard():
                upstream += 1
                await gate.wait()
        except CircuitOpenError:
            refused += 1

    tasks = [asyncio.create_task(call()) for _ in range(100)]
    await asyncio.sleep(0)
    assert (upstream, refused) == (trials, 100 - trials)
    gate.set()
    await asyncio.gather(*tasks)
    assert breaker.state == "closed"


async def test_guard_given_cancellation_counts_nothing_and_gives_the_trial_back() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(5)

    async def hang() -> None:
        with breaker.guard():
            await asyncio.Event().wait()

    for _ in range(10):
        task = asyncio.create_task(hang())
        await asyncio.sleep(0)
        assert breaker.trials_under_way == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (breaker.state, breaker.trials_under_way) == ("half-open", 0)


def test_closed_breaker_given_failures_between_successes_stays_closed() -> None:
    breaker = breaker_of(ManualClock())
    for _ in range(20):
        for _ in range(2):
            breaker.failed(breaker.acquire(), FAULT)
        breaker.succeeded(breaker.acquire())
    assert breaker.state == "closed"


def test_slow_success_from_before_the_opening_does_not_count() -> None:
    clock = ManualClock()
    breaker = breaker_of(clock)
    slow = breaker.acquire()
    while breaker.state == "closed":
        breaker.failed(breaker.acquire(), FAULT)
    breaker.succeeded(slow)
    assert breaker.state == "open"
    clock.advance(5)
    breaker.acquire()
    breaker.succeeded(slow)
    assert breaker.state == "half-open"


def test_slow_failure_from_before_the_closing_does_not_count() -> None:
    clock = ManualClock()
    breaker = breaker_of(clock, failures_max=1)
    slow = breaker.acquire()
    breaker.failed(breaker.acquire(), FAULT)
    clock.advance(5)
    breaker.succeeded(breaker.acquire())
    breaker.failed(slow, FAULT)
    assert breaker.state == "closed"


def test_trial_that_never_comes_back_loses_its_permit() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(5)
    stuck = breaker.acquire()
    clock.advance(29)
    with pytest.raises(CircuitOpenError):
        breaker.acquire()
    clock.advance(1)
    second = breaker.acquire()
    breaker.failed(stuck, FAULT)
    assert breaker.state == "half-open"
    breaker.succeeded(second)
    assert breaker.state == "closed"


def test_open_breaker_says_how_long_and_how_often() -> None:
    clock = ManualClock()
    breaker = opened(clock)
    clock.advance(2)
    with pytest.raises(CircuitOpenError) as caught:
        breaker.check()
    assert caught.value.retry_after_s == pytest.approx(3)
    assert caught.value.endpoint == "GET /x"
    clock.advance(3)
    breaker.failed(breaker.acquire(), FAULT)
    assert breaker.openings == 2
    assert breaker.state == "open"


@pytest.mark.parametrize(
    ("error", "opens"),
    [
        (ConnectError("no connection"), True),
        (FAULT, True),
        (RateLimitError("slow down"), False),
        (NotFoundError("no", status=404), False),
        (ValueError("mine"), False),
    ],
)
def test_guard_counts_what_speaks_against_the_peer(error: Exception, opens: bool) -> None:
    breaker = breaker_of(ManualClock())
    for _ in range(3):
        with pytest.raises(type(error)), breaker.guard():
            raise error
    assert (breaker.state == "open") == opens


class _Angry(pybreaker.CircuitBreakerListener):
    def __init__(self) -> None:
        self.calls: list[str] = []

    def state_change(self, cb: object, old_state: object, new_state: object) -> None:
        self.calls.append(str(getattr(new_state, "name", "")))
        raise RuntimeError("listener")

    def failure(self, cb: object, exc: BaseException) -> None:
        self.calls.append(type(exc).__name__)
        raise RuntimeError("listener")

    def success(self, cb: object) -> None:
        raise RuntimeError("listener")

    def before_call(self, cb: object, func: object, *args: object, **kwargs: object) -> None:
        raise RuntimeError("listener")


def test_listener_that_raises_is_told_and_does_no_harm() -> None:
    listener = _Angry()
    clock = ManualClock()
    registry = BreakerRegistry(BreakerPolicy(failures_max=1), clock=clock, listeners=[listener])
    breaker = registry.get("x")
    breaker.failed(breaker.acquire(), FAULT)
    clock.advance(5)
    breaker.succeeded(breaker.acquire())
    assert listener.calls == ["ServerFaultError", "open", "half-open", "closed"]
    assert (breaker.state, breaker.trials_under_way) == ("closed", 0)


def test_registry_keeps_endpoints_apart_and_one_breaker_each() -> None:
    registry = BreakerRegistry(BreakerPolicy(failures_max=1), clock=ManualClock())
    bad = registry.get("bad")
    bad.failed(bad.acquire(), FAULT)
    assert registry.get("bad") is bad
    assert registry.get("good").state == "closed"


def test_registry_given_too_many_endpoints_forgets_the_least_used_closed_one() -> None:
    registry = BreakerRegistry(BreakerPolicy(failures_max=1, endpoints_max=3), clock=ManualClock())
    broken = registry.get("broken")
    broken.failed(broken.acquire(), FAULT)
    used, idle = registry.get("used"), registry.get("idle")
    registry.get("used")
    registry.get("new")
    assert len(registry) == 3
    assert registry.get("broken") is broken
    assert registry.get("used") is used
    assert registry.get("idle") is not idle


def test_registry_given_only_open_breakers_stays_bounded() -> None:
    registry = BreakerRegistry(BreakerPolicy(failures_max=1, endpoints_max=2), clock=ManualClock())
    for name in "abcd":
        breaker = registry.get(name)
        breaker.failed(breaker.acquire(), FAULT)
    assert len(registry) == 2
