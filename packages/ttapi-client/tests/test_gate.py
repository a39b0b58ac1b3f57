# SPDX-License-Identifier: Apache-2.0
"""The gate: oldest ticket first, within the number and the rate, and nothing leaks."""

from __future__ import annotations

import asyncio

from ttapi_client.budget import LocalBudget, Permit
from ttapi_client.gate import Gate, Passage
from ttapi_core import LimitPolicy, ManualClock, UsageError

PASSAGE = Passage(0.0, Permit(0.0))
"""One of weight 1, whoever holds it."""


def local(clock: ManualClock, limits: LimitPolicy | None = None) -> LocalBudget:
    """Return the budget that a policy describes."""
    budget = LocalBudget(clock=clock)
    budget.obey(limits or LimitPolicy())
    return budget


def gate_of(
    concurrency_max: int, *, clock: ManualClock | None = None, rate_per_s: float | None = None
) -> Gate:
    """Return a gate with a budget of its own."""
    clock = clock or ManualClock()
    return Gate(concurrency_max, local(clock, LimitPolicy(rate_initial_per_s=rate_per_s)), clock=clock)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def waiting_tasks(gate: Gate, tickets: list[int], let_out: list[int]) -> list[asyncio.Task[None]]:
    async def wait(ticket: int) -> None:
        await gate.acquire(ticket)
        let_out.append(ticket)

    return [asyncio.create_task(wait(ticket)) for ticket in tickets]


async def test_gate_given_free_slots_lets_out_at_once() -> None:
    gate = gate_of(2)
    assert await gate.acquire(1) == Passage(0.0, Permit(0.0))
    await gate.acquire(2)
    assert (gate.in_flight, gate.waiting) == (2, 0)


async def test_gate_given_more_than_it_holds_lets_the_oldest_out_first() -> None:
    gate = gate_of(1)
    await gate.acquire(0)
    let_out: list[int] = []
    tasks = waiting_tasks(gate, [5, 3, 9, 1], let_out)
    await turns()
    assert gate.waiting == 4
    for _ in range(4):
        gate.release(PASSAGE, spent=True)
        await turns()
    assert let_out == [1, 3, 5, 9]
    assert gate.peak == 1
    await asyncio.gather(*tasks)


async def test_gate_given_rate_spaces_by_the_clock_and_says_who_waited() -> None:
    clock = ManualClock()
    gate = gate_of(100, clock=clock, rate_per_s=10)
    passages: list[Passage] = []

    async def go(ticket: int) -> None:
        passages.append(await gate.acquire(ticket))

    tasks = [asyncio.create_task(go(ticket)) for ticket in range(22)]
    await turns()
    for _ in range(20):
        clock.advance(0.1 + 1e-9)
        await turns()
    assert [round(passage.given_at, 3) for passage in passages[2:5]] == [0.1, 0.2, 0.3]
    assert [passage.permit.waited for passage in passages[:3]] == [False, False, True]
    await asyncio.gather(*tasks)
    assert clock.waiting == 0


async def test_gate_given_cancelled_waiters_passes_them_over_and_leaks_nothing() -> None:
    gate = gate_of(1)
    await gate.acquire(0)
    let_out: list[int] = []
    tasks = waiting_tasks(gate, [1, 2, 3], let_out)
    await turns()
    tasks[0].cancel()
    tasks[1].cancel()
    gate.release(PASSAGE, spent=True)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert let_out == [3]
    gate.release(PASSAGE, spent=True)
    assert (gate.in_flight, gate.waiting) == (0, 0)


async def test_gate_given_waiter_cancelled_in_the_moment_it_is_let_out_takes_the_slot_back() -> None:
    gate = gate_of(1)
    await gate.acquire(0)
    let_out: list[int] = []
    tasks = waiting_tasks(gate, [1, 2], let_out)
    await turns()
    gate.release(PASSAGE, spent=True)
    tasks[0].cancel()
    await turns()
    assert let_out == [2]
    assert gate.in_flight == 1
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_gate_given_close_refuses_everybody_and_stops_its_timer() -> None:
    clock = ManualClock()
    gate = gate_of(100, clock=clock, rate_per_s=1)
    tasks = [asyncio.create_task(gate.acquire(ticket)) for ticket in range(5)]
    await turns()
    await gate.aclose()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ended] == [Passage, Passage, UsageError, UsageError, UsageError]
    assert len(asyncio.all_tasks()) == 1
    await gate.aclose()


async def test_gate_given_longer_pause_while_it_waits_obeys_it() -> None:
    clock = ManualClock()
    budget = local(clock, LimitPolicy(rate_initial_per_s=1))
    gate = Gate(100, budget, clock=clock)
    let_out: list[int] = []
    tasks = waiting_tasks(gate, [1, 2, 3], let_out)
    await turns()
    budget.refused(Permit(0.0), 0.0, retry_after_s=30)
    clock.advance(29.9)
    await turns()
    assert let_out == [1, 2]
    clock.advance(0.2)
    await turns()
    assert let_out == [1, 2, 3]
    await asyncio.gather(*tasks)
