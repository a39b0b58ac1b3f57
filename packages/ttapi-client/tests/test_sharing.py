# SPDX-License-Identifier: Apache-2.0
"""Sharing a budget: what one learns all obey, nobody starves, the dead hold nothing, windows are kept."""

from __future__ import annotations

import heapq
import itertools
import json
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.budget import Permit
from ttapi_client.limits import AdaptiveRate
from ttapi_client.sharing import SILENT_S, Answer, Grant, Quota, Report, Settled, Sharing
from ttapi_core import RateWindow

MINUTE = RateWindow(requests=5, seconds=60)
WALL = 1.7e9


@dataclass
class World:
    """A shared state and a clock; between exchanges the state is kept as text."""

    sharing: Sharing = field(default_factory=Sharing)
    now: float = 1000.0
    wall: float = WALL

    def tell(self, program: str, weights: Sequence[int] | None = None, **facts: object) -> Grant:
        grant = self.sharing.exchange(
            Report(program=program, weights=weights, **facts),  # type: ignore[arg-type] # facts of a report
            now=self.now,
            wall=self.wall,
        )
        text = json.dumps(self.sharing.state(now=self.now, wall=self.wall))
        self.sharing = Sharing.restored(json.loads(text), now=self.now, wall=self.wall)
        return grant

    def forward(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds

    def over(self, permit: Permit, *, spent: bool = True) -> Settled:
        return Settled(permit.weight, self.wall, spent)


def limited(rate_per_s: float) -> World:
    return World(Sharing(AdaptiveRate(initial_per_s=rate_per_s)))


def test_programs_without_any_limit_go_on_freely() -> None:
    world = World()
    for program in "abc":
        grant = world.tell(program, [1] * 10)
        assert grant.free_s > 0
        assert grant.permits == ()


def test_refusal_of_one_limits_all() -> None:
    world = World()
    sent = [world.now + step / 1000 for step in range(50)]
    world.forward(0.1)
    passed = [Answer(Permit(at), world.now) for at in sent[:-1]]
    refused = Answer(Permit(sent[-1]), world.now, is_refusal=True)
    world.tell("a", sent=sent, answers=[*passed, refused])
    grant = world.tell("b", [1])
    assert grant.free_s == 0
    assert grant.rate_per_s == 49
    assert grant.refusing_since == world.now


def test_pause_that_one_was_told_holds_for_all() -> None:
    world = World()
    world.tell("a", sent=[world.now], answers=[Answer(Permit(world.now), world.now, True, 20.0)])
    assert world.tell("b", [1]).permits == ()
    world.forward(19.9)
    assert world.tell("b", [1]).permits == ()
    world.forward(0.15)
    assert len(world.tell("b", [1]).permits) == 1


def test_quota_that_one_was_told_is_not_overrun_by_all_together() -> None:
    world = World()
    world.tell("a", quotas=[Quota(7, 60.0, world.now)])
    given_out = [permit for program in "abc" for permit in world.tell(program, [1] * 5).permits]
    assert len(given_out) == 7
    world.forward(61)
    assert world.tell("c", [1] * 5).free_s > 0


def test_permits_are_spaced_and_good_in_the_near_future_only() -> None:
    world = limited(100)
    permits = world.tell("a", [1] * 32).permits
    times = [permit.at for permit in permits]
    assert times == sorted(times)
    assert times[-1] <= world.now + 0.05 + 1e-9
    world.forward(0.05)
    more = [permit.at for permit in world.tell("a", [1] * 32).permits]
    gaps = [later - earlier for earlier, later in itertools.pairwise([times[-1], *more])]
    assert min(gaps) >= 0.01 - 1e-9


def turns(world: World, programs: str, *, seconds: float, step_s: float = 0.001) -> Counter[str]:
    """Let each program ask, with a backlog, whenever it was told to; return the permits of each."""
    taken: Counter[str] = Counter()
    ask_at = dict.fromkeys(programs, world.now)
    until = world.now + seconds
    while world.now < until:
        for program in programs:
            if world.now >= ask_at[program]:
                grant = world.tell(program, [1] * 8, settled=[])
                taken[program] += len(grant.permits)
                ask_at[program] = world.now + max(grant.delay_s, step_s)
        world.forward(step_s)
    return taken


@pytest.mark.parametrize("rate_per_s", [4, 40, 400])
def test_programs_in_need_get_equal_parts_and_all_there_is(rate_per_s: float) -> None:
    taken = turns(limited(rate_per_s), "abcdefgh", seconds=4)
    assert sum(taken.values()) == pytest.approx(4 * rate_per_s, rel=0.1, abs=2)
    assert max(taken.values()) - min(taken.values()) <= max(6, 0.05 * rate_per_s)


def test_program_that_asks_late_gets_its_part_beside_one_that_asks_all_the_time() -> None:
    world = limited(50)
    taken: Counter[str] = Counter()
    for step in range(4000):
        taken["eager"] += len(world.tell("eager", [1] * 32).permits)
        if step % 30 == 0:
            taken["slow"] += len(world.tell("slow", [1]).permits)
        world.forward(0.001)
    assert taken["slow"] >= 0.25 * 133


def test_program_that_died_first_in_line_holds_up_nobody() -> None:
    world = limited(50)
    world.tell("a", [1] * 2)
    for program in ("dead", "dead too"):
        world.tell(program, [1])
    assert turns(world, "a", seconds=2)["a"] >= 90


def test_program_that_died_frees_what_it_had_but_what_it_may_have_sent_is_spent() -> None:
    world = World()
    granted = world.tell("a", [1] * 5, windows=(MINUTE,)).permits
    assert len(granted) == 5
    assert world.tell("b", [1], windows=(MINUTE,)).permits == ()
    world.tell("a", settled=[world.over(permit, spent=False) for permit in granted[:2]], windows=(MINUTE,))
    assert len(world.tell("b", [1], windows=(MINUTE,)).permits) == 1
    world.forward(SILENT_S + 0.1)  # both are silent
    assert len(world.tell("c", [1] * 5, windows=(MINUTE,)).permits) == 1
    world.forward(60)
    assert len(world.tell("d", [1] * 5, windows=(MINUTE,)).permits) == 4


def test_one_taken_for_dead_that_comes_back_changes_nothing_that_is_spent() -> None:
    world = World()
    granted = world.tell("a", [1] * 5, windows=(MINUTE,)).permits
    world.forward(SILENT_S + 0.1)
    world.tell("b", [1], windows=(MINUTE,))
    world.tell("a", settled=[world.over(permit, spent=False) for permit in granted], windows=(MINUTE,))
    assert world.tell("b", [1], windows=(MINUTE,)).permits == ()


def test_heavy_request_first_in_line_is_not_starved_by_light_ones() -> None:
    world = World()
    windows = (MINUTE,)
    first = world.tell("light", [1] * 3, windows=windows).permits
    world.tell("light", settled=[world.over(permit) for permit in first], windows=windows)
    assert world.tell("heavy", [4], windows=windows).permits == ()
    for _ in range(100):
        assert world.tell("light", [1], windows=windows).permits == ()
        world.forward(0.59)
        world.tell("heavy", [4], windows=windows)
    world.forward(1.1)
    assert len(world.tell("heavy", [4], windows=windows).permits) == 1


def test_state_given_restart_of_the_machine_keeps_rate_pause_and_windows() -> None:
    world = World()
    world.tell("a", [1] * 3, windows=(MINUTE,))
    world.tell(
        "a", answers=[Answer(Permit(world.now), world.now, True, 40.0)], windows=(MINUTE,), is_leaving=True
    )
    text = json.dumps(world.sharing.state(now=world.now, wall=world.wall))
    later = World(Sharing.restored(json.loads(text), now=3.0, wall=world.wall + 30), 3.0, world.wall + 30)
    assert later.tell("b", [1], windows=(MINUTE,)).permits == ()
    later.forward(10.2)
    assert later.tell("b", [1] * 5, windows=(MINUTE,)).permits != ()
    later.forward(10)
    assert later.tell("b", [1] * 5, windows=(MINUTE,)).blocked_s > 5


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.integers(1, 3),
            st.floats(0, 4),
            st.sampled_from(["end", "die", "keep"]),
        ),
        max_size=60,
    )
)
def test_windows_given_any_programs_and_deaths_are_never_exceeded(
    steps: list[tuple[str, int, float, str]],
) -> None:
    """Whatever dies when: what was let out in any minute, as a peer may count it, stays within the limit."""
    world = World()
    out: dict[str, list[Permit]] = {program: [] for program in "abc"}
    generation: Counter[str] = Counter()
    sent: list[float] = []
    for program, weight, pause_s, end in steps:
        world.forward(pause_s)
        name = f"{program}{generation[program]}"
        grant = world.tell(name, [weight], windows=(MINUTE,))
        out[program] += grant.permits
        for permit in grant.permits:
            sent += [world.wall] * permit.weight
        if end == "end":
            settled = [world.over(permit) for permit in out[program]]
            world.tell(name, settled=settled, windows=(MINUTE,))
            out[program] = []
        elif end == "die" or pause_s > SILENT_S:
            out[program], generation[program] = [], generation[program] + 1
    for start in sent:
        assert sum(start <= at < start + MINUTE.seconds for at in sent) <= MINUTE.requests


class Peer:
    """A sliding window of a second, or a bucket of tokens for a second; says only yes or no."""

    def __init__(self, limit: int, *, is_bucket: bool) -> None:
        self.limit, self.is_bucket = limit, is_bucket
        self.times: deque[float] = deque()
        self.tokens, self.at = float(limit), 0.0

    def __call__(self, now: float) -> bool:
        if self.is_bucket:
            self.tokens, self.at = min(self.limit, self.tokens + (now - self.at) * self.limit), now
            self.tokens -= (passed := self.tokens >= 1)
            return passed
        while self.times and self.times[0] <= now - 1:
            self.times.popleft()
        if len(self.times) >= self.limit:
            return False
        self.times.append(now)
        return True


TELL = Permit(-1.0)
"""Stands for no permit: it is time to tell what came of others."""


def shared_job(peer: Peer, *, seconds: float, warm_up_s: float, programs: int = 8) -> tuple[int, int]:
    """Let programs with backlogs share ``peer``; return how many passed and were refused after the warm-up."""
    draw = random.Random(1)
    sharing = Sharing(AdaptiveRate(initial_per_s=2 * peer.limit))
    news: list[list[Answer]] = [[] for _ in range(programs)]
    settled: list[list[Settled]] = [[] for _ in range(programs)]
    order = itertools.count()
    events: list[tuple[float, int, int, Permit | None]] = [
        (n / 100, next(order), n, None) for n in range(programs)
    ]
    passed = refused = 0
    while events[0][0] < seconds:
        now, _, program, permit = heapq.heappop(events)
        if permit is not None and permit is not TELL:
            ok = peer(now)
            passed += ok and now > warm_up_s
            refused += not ok and now > warm_up_s
            news[program].append(Answer(permit, now + 0.005, not ok))
            settled[program].append(Settled(1, WALL + now, True))
            heapq.heappush(events, (now + 0.025, next(order), program, TELL))
            continue
        ready = [answer for answer in news[program] if answer.at <= now]
        news[program] = [answer for answer in news[program] if answer.at > now]
        report = Report(program=str(program), answers=ready, settled=settled[program])
        settled[program] = []
        if permit is TELL:
            sharing.exchange(report, now=now, wall=WALL + now)
            continue
        report = replace(report, weights=[1] * 8)
        grant = sharing.exchange(report, now=now, wall=WALL + now)
        for each in grant.permits:
            there = max(now, each.at) + draw.uniform(0.002, 0.01)
            heapq.heappush(events, (there, next(order), program, each))
        last = max((each.at for each in grant.permits), default=now)
        again = max(now + max(grant.delay_s, 0.001), last) + draw.uniform(0, 0.002)
        heapq.heappush(events, (again, next(order), program, None))
    return passed, refused


@pytest.mark.parametrize("is_bucket", [True, False], ids=["bucket", "window"])
@pytest.mark.parametrize("limit", [10, 50, 200])
def test_eight_programs_use_nine_tenths_of_a_hidden_limit_and_one_in_a_hundred_is_refused(
    limit: int, is_bucket: bool
) -> None:
    seconds = 80 + 600 / limit
    passed, refused = shared_job(Peer(limit, is_bucket=is_bucket), seconds=seconds, warm_up_s=40)
    assert refused <= 0.01 * (passed + refused)
    assert passed >= 0.9 * limit * (seconds - 40)
