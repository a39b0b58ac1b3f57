# SPDX-License-Identifier: Apache-2.0
"""Which snapshot is asked for next: the window, attempts, silence, the canary, and one result for each symbol."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_client.candles import CANDLE_FIELDS, CandleSeries
from ttapi_client.dxlink_protocol import FeedData
from ttapi_client.snapshots import SnapshotPlan, SnapshotPolicy
from ttapi_core import CapacityError, DecodeError, StreamInterruptedError, TTError

BEGIN, END = 4, 8
POLICY = SnapshotPolicy(in_flight_max=4, progress_timeout_s=5.0, attempts_max=3, silent_attempts_max=2)


def plan_of(*symbols: str, policy: SnapshotPolicy = POLICY) -> SnapshotPlan:
    return SnapshotPlan(symbols, policy=policy)


def asked(plan: SnapshotPlan, now_s: float = 0.0) -> list[str]:
    changes = plan.changes(now_s)
    event_symbols = [*changes.add, *([changes.canary] if changes.canary is not None else [])]
    return [event_symbol.partition("{")[0] for event_symbol in event_symbols]


def events(symbol: Any, *flags: int) -> FeedData:
    name = f"{symbol}{{=d,tho=true}}" if isinstance(symbol, str) else symbol
    rows = [
        [name, flag, (9 - n) << 32, (9 - n) * 86_400_000, 1, 2.0, 2.0, 2.0, 2.0, 5, 2.0]
        for n, flag in enumerate(flags)
    ]
    return FeedData(1, "Candle", CANDLE_FIELDS, [list(column) for column in zip(*rows, strict=True)])


def answer(plan: SnapshotPlan, symbol: str, now_s: float = 0.0) -> None:
    assert plan.on_data(events(symbol, BEGIN, END), now_s)


def test_window_is_kept_full_and_never_exceeded() -> None:
    plan = plan_of(*"ABCDEF")
    assert asked(plan) == list("ABCD")
    assert asked(plan) == []
    answer(plan, "B")
    assert asked(plan) == []  # a result that nobody took counts
    assert [symbol for symbol, _ in plan.take_results()] == ["B"]
    assert asked(plan) == ["E"]


def test_answered_symbol_is_unsubscribed() -> None:
    plan = plan_of("A")
    asked(plan)
    answer(plan, "A")
    assert plan.changes(0.0).remove == ["A{=d,tho=true}"]


def test_half_a_snapshot_is_asked_for_again_after_a_lost_frame() -> None:
    plan = plan_of("A", "B")
    asked(plan)
    plan.on_data(events("A", BEGIN, 0), 1.0)
    plan.on_frame_lost()
    changes = plan.changes(1.0)
    assert changes.remove == changes.add == ["A{=d,tho=true}"]
    plan.on_data(events("A", 0, END), 1.0)  # the rest of the first one
    assert plan.take_results() == []
    answer(plan, "A")
    ((_, series),) = plan.take_results()
    assert isinstance(series, CandleSeries)
    assert (len(series), series.attempts) == (2, 2)


@pytest.mark.parametrize("symbol", [None, 7, "SPOILT"])
def test_event_of_nobody_spoils_the_half_snapshots(symbol: Any) -> None:
    plan = plan_of("A")
    asked(plan)
    plan.on_data(events("A", BEGIN), 0.0)
    plan.on_data(events(symbol, 0), 0.0)
    assert asked(plan) == ["A"]


def test_snapshot_that_is_always_damaged_ends_as_an_error() -> None:
    plan = plan_of("A")
    for _ in range(POLICY.attempts_max):
        assert asked(plan) == ["A"]
        plan.on_data(events("A", BEGIN), 0.0)
        plan.on_frame_lost()
    ((symbol, error),) = plan.take_results()
    assert symbol == "A"
    assert isinstance(error, DecodeError)
    assert plan.done


def test_symbol_overtaken_by_a_later_question_is_silent() -> None:
    plan = plan_of("X", "A", "B")
    asked(plan)
    for now_s in (5.0, 10.0):
        plan.on_data(events("A", BEGIN), now_s)
        plan.on_data(events("B", BEGIN), now_s)
    answer(plan, "A", 1.0)
    plan.tick(5.0)
    assert asked(plan, 5.0) == ["X"]
    answer(plan, "B", 6.0)
    plan.tick(10.0)
    assert asked(plan, 10.0) == ["SPY"]  # B was asked before X was asked again: no proof
    answer_canary(plan, 10.1)
    plan.tick(10.2)
    results = dict(plan.take_results())
    silent = results["X"]
    assert isinstance(silent, CandleSeries)
    assert (silent.silent, len(silent), silent.attempts) == (True, 0, 2)


def answer_canary(plan: SnapshotPlan, now_s: float) -> None:
    plan.on_data(events("SPY", BEGIN, END), now_s)


def test_single_silent_symbol_is_proven_by_the_canary() -> None:
    plan = plan_of("X")
    assert asked(plan) == ["X"]
    for start_s in (5.0, 10.1):
        plan.tick(start_s)
        assert asked(plan, start_s) == ["SPY"]
        answer_canary(plan, start_s + 0.05)
        plan.tick(start_s + 0.05)
        asked(plan, start_s + 0.05)
    ((_, series),) = plan.take_results()
    assert isinstance(series, CandleSeries)
    assert series.silent
    assert plan.done


def test_nothing_is_concluded_while_the_canary_is_silent_too() -> None:
    plan = plan_of("X")
    asked(plan)
    plan.tick(5.0)
    asked(plan, 5.0)
    plan.tick(9.9)
    assert not plan.mute
    plan.tick(10.0)
    assert plan.mute
    assert plan.take_results() == []


def test_canary_that_was_asked_for_is_no_proof_for_itself() -> None:
    plan = plan_of("SPY")
    asked(plan)
    plan.tick(5.0)
    assert asked(plan, 5.0) == []
    plan.tick(10.0)
    assert plan.mute


def test_snapshot_that_stalls_half_way_is_asked_for_again() -> None:
    plan = plan_of("A", "B")
    asked(plan)
    plan.on_data(events("A", BEGIN), 0.0)
    answer(plan, "B", 1.0)
    plan.tick(5.0)
    assert asked(plan, 5.0) == ["A"]


def test_too_many_halves_the_window_and_asks_again_later() -> None:
    plan = plan_of(*"ABCD")
    asked(plan)
    plan.on_data(events("A", BEGIN), 0.0)
    plan.on_too_many("subscription size 4 is too big", 1.0)
    assert plan.window == 2
    assert asked(plan, 1.0) == []
    assert asked(plan, 1.6) == ["B"]


def test_too_many_at_a_window_of_one_ends_as_an_error() -> None:
    plan = plan_of("A", policy=SnapshotPolicy(in_flight_max=1, attempts_max=2))
    for now_s in (0.0, 10.0):
        assert asked(plan, now_s) == ["A"]
        plan.on_too_many("too big", now_s)
    ((_, error),) = plan.take_results()
    assert isinstance(error, CapacityError)


def test_disconnection_costs_no_attempt_and_keeps_the_order() -> None:
    plan = plan_of(*"ABCDE")
    for _ in range(10):
        assert asked(plan) == list("ABCD")
        plan.on_data(events("A", BEGIN), 0.0)
        plan.on_disconnected()
    answer_all = asked(plan)
    for symbol in answer_all:
        answer(plan, symbol)
    assert len(plan.take_results()) == 4


def test_give_up_gives_every_symbol_without_a_result_the_cause() -> None:
    plan = plan_of("A", "B", "C")
    asked(plan)
    answer(plan, "B")
    cause = StreamInterruptedError("gone")
    plan.give_up(cause)
    results = dict(plan.take_results())
    assert isinstance(results.pop("B"), CandleSeries)
    assert results == {"A": cause, "C": cause}
    assert plan.done


def test_empty_symbol_is_asked_for_twice_and_settled_by_the_next_candles() -> None:
    plan = plan_of("E", "A", policy=SnapshotPolicy(in_flight_max=1))
    for _ in range(2):
        assert asked(plan) == ["E"]
        plan.on_data(events("E", 14 | END), 0.0)
    assert plan.take_results() == []
    assert asked(plan) == ["A"]
    answer(plan, "A")
    results = dict(plan.take_results())
    assert results["E"] == CandleSeries(symbol="E", attempts=2)
    assert plan.done


def test_last_empty_symbol_is_settled_by_the_canary() -> None:
    plan = plan_of("E")
    for _ in range(2):
        asked(plan)
        plan.on_data(events("E", 14), 0.0)
    assert asked(plan) == ["SPY"]
    assert not plan.done
    answer_canary(plan, 0.0)
    assert [symbol for symbol, _ in plan.take_results()] == ["E"]


def test_nothing_is_empty_where_the_canary_is_empty_too() -> None:
    plan = plan_of("E", "SPY")
    for symbol in ("E", "SPY") * 2:
        asked(plan)
        plan.on_data(events(symbol, 14), 0.0)
    assert asked(plan) == ["SPY"]
    plan.on_data(events("SPY", 14), 0.0)
    assert plan.mute
    plan.on_disconnected()
    assert asked(plan) == ["E", "SPY"]
    answer(plan, "SPY")
    answer(plan, "E")
    assert {
        symbol: len(series) for symbol, series in plan.take_results() if isinstance(series, CandleSeries)
    } == {
        "SPY": 2,
        "E": 2,
    }


@settings(max_examples=60)
@given(st.integers(0, 25), st.integers(1, 8), st.integers(0, 2**32))
def test_every_symbol_gets_exactly_one_result_whatever_happens(count: int, window: int, seed: int) -> None:
    rng = random.Random(seed)
    symbols = [f"S{n}" for n in range(count)]
    plan = plan_of(
        *symbols, policy=SnapshotPolicy(in_flight_max=window, attempts_max=3, silent_attempts_max=2)
    )
    open_symbols: set[str] = set()
    results: list[str] = []
    now_s = 0.0
    for _ in range(3000):
        if plan.done:
            break
        now_s += rng.choice([0.0, 0.1, 1.0, 6.0])
        plan.tick(now_s)
        changes = plan.changes(now_s)
        open_symbols = (open_symbols - set(changes.remove)) | set(changes.add)
        open_symbols |= {changes.canary} if changes.canary is not None else set()
        assert len([name for name in open_symbols if not name.startswith("SPY")]) <= window
        match rng.randrange(12):
            case 0:
                plan.on_frame_lost()
            case 1:
                plan.on_too_many("too big", now_s)
            case 2:
                plan.on_disconnected()
                open_symbols.clear()
            case _:
                for name in rng.sample(sorted(open_symbols), min(2, len(open_symbols))):
                    flags = rng.choice([(BEGIN, END), (BEGIN, 0), (0, END), (14,)])
                    plan.on_data(events(name.partition("{")[0], *flags), now_s)
        if plan.mute:
            plan.on_disconnected()
            open_symbols.clear()
        results += [
            symbol for symbol, result in plan.take_results() if isinstance(result, CandleSeries | TTError)
        ]
    plan.give_up(StreamInterruptedError("the end"))
    results += [symbol for symbol, _ in plan.take_results()]
    assert sorted(results) == sorted(symbols)
