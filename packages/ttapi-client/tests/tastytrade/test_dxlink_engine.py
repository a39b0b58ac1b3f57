# SPDX-License-Identifier: Apache-2.0
"""The live feed against a simulated server: gaps, backfills, renewals, mute channels, a day of faults."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from ttapi_client.dxlink_engine import FeedPolicy
from ttapi_client.dxlink_events import CandleEvent, EventRejected, QuoteEvent, TimeAndSaleEvent
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import BackfillReport, GapReport
from ttapi_client.dxlink_testing import START_MS, STEP_S, Simulation
from ttapi_core import (
    AnswerMismatchError,
    AuthenticationError,
    CapacityError,
    DecodeError,
    GrantRefusedError,
    ParameterError,
    ProtocolError,
    StreamInterruptedError,
)

SYMBOLS = ["AAPL", "QQQ", "SPY"]
QUICK = FeedPolicy(gap_s=15, candle_gap_s=15)


def running(
    *kinds: str, policy: FeedPolicy = QUICK, until_s: float = 600, seed: int = 1, token_life_s: float = 86_400
) -> Simulation:
    simulation = Simulation(SYMBOLS, policy=policy, seed=seed, token_life_s=token_life_s)
    simulation.subscribe(*(kinds or ("Quote", "TimeAndSale", "Candle")))
    simulation.run_until(until_s)
    return simulation


def of(simulation: Simulation, kind: type[Any]) -> list[Any]:
    return [item for item in simulation.items if isinstance(item, kind)]


def check_candles(simulation: Simulation) -> None:
    """The table that the candles make is the truth, and no candle was said twice."""
    table: dict[tuple[str, int], CandleEvent] = {}
    for candle in of(simulation, CandleEvent):
        key = candle.symbol, candle.index
        assert table.get(key) != candle
        table[key] = candle
    minutes = range(int(simulation.now_s // 60) + 1)
    truth = simulation.peer.truth
    expected = {
        (row[0], row[2]): CandleEvent(*row)
        for symbol in SYMBOLS
        for row in (truth.candle(symbol, minute, simulation.now_s) for minute in minutes)
    }
    assert table == expected


def check_sales(simulation: Simulation) -> None:
    """Sales come in order, each once; those that are missing lie within a gap that was reported."""
    gaps = [
        (gap.start.timestamp() * 1000, gap.end.timestamp() * 1000)
        for gap in of(simulation, GapReport)
        if not gap.series
    ]
    for symbol in SYMBOLS:
        times = [sale.time_ms for sale in of(simulation, TimeAndSaleEvent) if sale.symbol == symbol]
        assert times[0] == START_MS
        for before, after in pairwise(times):
            assert after > before
            missing = range(before + STEP_S * 1000, after, STEP_S * 1000)
            assert all(any(start <= time <= end for start, end in gaps) for time in missing)


def test_quiet_feed_hands_out_everything_once_and_reports_no_gap() -> None:
    simulation = running()
    assert of(simulation, GapReport) == []
    check_candles(simulation)
    check_sales(simulation)
    assert len(of(simulation, TimeAndSaleEvent)) == len(SYMBOLS) * (600 // STEP_S + 1)
    last = {quote.symbol: quote for quote in of(simulation, QuoteEvent)}
    assert last == {
        symbol: QuoteEvent(*simulation.peer.truth.quote(symbol, simulation.now_s)) for symbol in SYMBOLS
    }


def test_broken_connection_is_a_gap_of_both_channels_and_the_candles_are_filled_in() -> None:
    simulation = running()
    simulation.drop()
    simulation.run_until(900)
    other, candles = sorted(of(simulation, GapReport), key=lambda gap: bool(gap.series))
    assert other.symbols == tuple(SYMBOLS)
    assert candles.series == candles.symbols == tuple(f"{symbol}{{=m}}" for symbol in SYMBOLS)
    assert isinstance(other.cause, StreamInterruptedError)
    assert other.start <= other.detected <= other.end
    (filled,) = of(simulation, BackfillReport)
    assert (filled.gap, filled.incomplete) == (candles.number, ())
    check_candles(simulation)
    check_sales(simulation)


@pytest.mark.parametrize("contract", ["AUTO", "HISTORY"])
def test_mute_channel_of_a_living_connection_is_found_within_twice_its_expected_gap(contract: str) -> None:
    simulation = running()
    simulation.mute(contract)
    simulation.run_until(900)
    gap = next(gap for gap in of(simulation, GapReport) if bool(gap.series) == (contract == "HISTORY"))
    assert 0 < (gap.detected - gap.start).total_seconds() <= 30
    assert "mute" in str(gap.cause)
    check_candles(simulation)


def test_channel_without_news_is_asked_and_not_given_up() -> None:
    policy = FeedPolicy(gap_s=2, candle_gap_s=2)
    simulation = running(policy=policy)
    assert simulation.engine.statistics.probes > 100
    assert of(simulation, GapReport) == []
    check_candles(simulation)


def test_channel_whose_symbols_are_unknown_lives_on_the_canary() -> None:
    simulation = Simulation(["SPY"], policy=QUICK)
    simulation.engine.add([Subscription("Quote", "NOPE"), Subscription("Candle", "NOPE{=m}", START_MS)])
    simulation.run_until(900)
    assert simulation.engine.statistics.connects == 1
    assert simulation.items == []


def test_frame_that_cannot_be_read_is_a_gap_of_a_connection_that_goes_on() -> None:
    simulation = running()
    simulation.garble()
    simulation.run_until(900)
    gaps = of(simulation, GapReport)
    assert {type(gap.cause) for gap in gaps} == {DecodeError}
    assert {gap.attempts for gap in gaps} == {0}
    assert simulation.engine.statistics.connects == 1
    assert simulation.engine.statistics.frames_rejected == 1
    check_candles(simulation)
    check_sales(simulation)


def test_quote_that_was_in_a_lost_frame_is_asked_for_again() -> None:
    simulation = running("Quote")
    simulation.garble()
    simulation.run_until(simulation.now_s + STEP_S)
    asked = simulation.engine.statistics.received["Quote"]
    simulation.run_until(simulation.now_s + 1)
    simulation.engine.tick(simulation.instant())
    assert simulation.engine.statistics.received["Quote"] >= asked
    assert of(simulation, GapReport)


def test_expired_token_is_replaced_and_the_gap_reported() -> None:
    simulation = running()
    simulation.expire()
    simulation.run_until(900)
    assert {type(gap.cause) for gap in of(simulation, GapReport)} == {AuthenticationError}
    assert simulation.peer.issued == 2
    check_candles(simulation)


def test_token_is_renewed_before_its_end_without_a_gap() -> None:
    simulation = running(until_s=3990, token_life_s=1300)
    assert simulation.peer.issued == 4
    assert simulation.engine.statistics.connects == 4
    assert of(simulation, GapReport) == []
    assert len(simulation.wires()) == 1
    check_candles(simulation)
    check_sales(simulation)


def test_renewal_that_fails_leaves_the_old_connection_alone() -> None:
    simulation = running("Quote", "Candle", until_s=3200, token_life_s=3600)
    simulation.connections_refused = StreamInterruptedError("no")
    simulation.run_until(3500)
    assert of(simulation, GapReport) == []
    simulation.connections_refused = None
    simulation.run_until(3900)
    assert of(simulation, GapReport) == []
    check_candles(simulation)


def test_waits_between_connections_grow_and_the_outage_ends_the_feed() -> None:
    simulation = running(policy=FeedPolicy(outage_max_s=600))
    simulation.connections_refused = StreamInterruptedError("no")
    simulation.drop()
    simulation.run_until(5000)
    assert simulation.engine.failure is simulation.connections_refused
    assert 600 <= simulation.now_s - 600 <= 700
    assert 20 <= simulation.engine.statistics.connects <= 100


def test_refused_grant_ends_the_feed_at_once() -> None:
    simulation = running()
    simulation.connections_refused = GrantRefusedError("no")
    simulation.drop()
    simulation.run_until(5000)
    assert simulation.engine.failure is simulation.connections_refused
    assert simulation.now_s < 610


def test_subscriptions_change_while_running() -> None:
    simulation = running("Quote")
    simulation.engine.remove([Subscription("Quote", "SPY")])
    simulation.engine.add([Subscription("Candle", "AAPL{=m}", START_MS), Subscription("TimeAndSale", "QQQ")])
    simulation.items.clear()
    simulation.run_until(700)
    assert {item.symbol for item in of(simulation, QuoteEvent)} == {"AAPL", "QQQ"}
    assert {item.symbol for item in of(simulation, TimeAndSaleEvent)} == {"QQQ"}
    assert len({item.index for item in of(simulation, CandleEvent)}) == 12
    assert of(simulation, EventRejected) == []


def test_answer_for_another_symbol_is_an_error_that_names_it_and_not_the_end() -> None:
    simulation = running("Quote")
    wire = simulation.wires()[0]
    channel = next(iter(wire.contracts))
    wire.say(
        "FEED_DATA", channel, data=["Quote", ["MSFT", 1, 1, 9.0, 9.1, 1, 1, *wire.peer.truth.quote("SPY", 5)]]
    )
    wire.say("FEED_DATA", 77, data=["Quote", ["SPY", 1, 1, 9.0, 9.1, 1, 1]])
    simulation.items.clear()
    simulation.settle()
    causes = [item.cause for item in of(simulation, EventRejected)]
    assert [type(cause) for cause in causes] == [AnswerMismatchError, ProtocolError]
    assert "MSFT" in str(causes[0])
    assert [item.symbol for item in of(simulation, QuoteEvent)] == ["SPY"]


@pytest.mark.parametrize(
    "one", [Subscription("Nope", "SPY"), Subscription("Candle", "SPY"), Subscription("Order", "SPY")]
)
def test_subscription_that_makes_no_sense_is_refused(one: Subscription) -> None:
    with pytest.raises(ParameterError):
        Simulation(["SPY"]).engine.add([one])


def test_full_and_compact_change_while_running() -> None:
    simulation = running("Quote", "Candle")
    for data_format in ("FULL", "COMPACT"):
        simulation.engine.use_format(data_format)
        simulation.run_until(simulation.now_s + 120)
    assert of(simulation, GapReport) == []
    check_candles(simulation)
    with pytest.raises(ParameterError):
        simulation.engine.use_format("XML")


def test_candles_that_nobody_takes_are_a_gap_that_names_their_symbols() -> None:
    simulation = running("Candle", policy=FeedPolicy(waiting_max=5))
    simulation.connections_refused = StreamInterruptedError("no")
    simulation.drop()
    simulation.run_until(1800)
    simulation.connections_refused = None
    simulation.run_until(2400)
    full = [gap for gap in of(simulation, GapReport) if isinstance(gap.cause, CapacityError)]
    assert full
    assert {symbol for gap in full for symbol in gap.symbols} <= {f"{symbol}{{=m}}" for symbol in SYMBOLS}
    assert simulation.engine.statistics.dropped["Candle"] > 0


def test_series_that_is_answered_with_nothing_is_named_incomplete() -> None:
    simulation = running("Candle")
    known, simulation.peer.truth.symbols = simulation.peer.truth.symbols, []
    simulation.drop()
    simulation.run_until(700)
    (filled,) = of(simulation, BackfillReport)
    assert filled.incomplete == tuple(f"{symbol}{{=m}}" for symbol in SYMBOLS)
    simulation.peer.truth.symbols = known
    simulation.items.clear()
    simulation.run_until(800)
    assert {candle.symbol for candle in of(simulation, CandleEvent)} == {*filled.incomplete}


def test_refused_number_of_snapshots_makes_the_window_smaller() -> None:
    simulation = running("Quote")
    wire = simulation.wires()[0]
    simulation.engine.add(Subscription("Candle", f"{symbol}{{=m}}", START_MS) for symbol in SYMBOLS)
    wire.say("ERROR", 3, error="BAD_ACTION", message="subscription size 3 is too big")
    simulation.run_until(900)
    assert simulation.engine.statistics.peer_errors == 1
    check_candles(simulation)


FAULTS = ("drop", "freeze", "mute", "expire", "garble")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_day_of_two_hundred_faults_loses_no_candle_and_reports_every_gap(seed: int) -> None:
    chance = random.Random(seed)
    simulation = running(until_s=60, seed=seed)
    times = sorted(chance.uniform(120, 86_000) for _ in range(200))
    faults: list[tuple[float, str]] = []
    for time_s in times:
        simulation.run_until(time_s)
        kind = chance.choice(FAULTS)
        faults.append((simulation.now_s, kind))
        contract = chance.choice(("AUTO", "HISTORY"))
        getattr(simulation, kind)(*([contract] if kind == "mute" else []))
        simulation.settle()
    simulation.run_until(86_400)
    check_candles(simulation)
    check_sales(simulation)
    gaps = of(simulation, GapReport)
    filled = Counter(report.gap for report in of(simulation, BackfillReport))
    assert filled == Counter(gap.number for gap in gaps if gap.series)
    assert all(report.incomplete == () for report in of(simulation, BackfillReport))
    begin = START_MS / 1000
    spans = [
        (gap.start.timestamp() - begin, gap.detected.timestamp() - begin, gap.end.timestamp() - begin)
        for gap in gaps
    ]
    for time_s, kind in faults:
        # Twice the expected gap; another fault may have come before, and then ends with it.
        assert any(
            start <= time_s + STEP_S and time_s <= end and detected <= time_s + 30 + STEP_S
            for start, detected, end in spans
        ), (time_s, kind)
    assert simulation.engine.statistics.dropped.total() == 0
