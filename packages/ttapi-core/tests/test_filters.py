# SPDX-License-Identifier: Apache-2.0
"""Filters: each condition, and how they combine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import Event, EventFilter, EventKind, Notice, ParameterError, Quote, Symbol, Trade

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
SPY, QQQ = Symbol.parse("SPY"), Symbol.parse("QQQ")
QUOTE = Event(payload=Quote(symbol=SPY, time=NOW), time=NOW, source="sandbox")
TRADE = QUOTE.caused(
    Trade(symbol=QQQ, time=NOW, price=Decimal(1), size=Decimal(1)),
    time=NOW + timedelta(hours=1),
    source="files",
)
NOTICE = Event(payload=Notice(name="started"), time=NOW - timedelta(hours=1), source="sandbox")
EVENTS = (QUOTE, TRADE, NOTICE)


def passing(wanted: EventFilter) -> list[Event]:
    return [event for event in EVENTS if wanted.matches(event)]


@pytest.mark.parametrize(
    ("wanted", "events"),
    [
        (EventFilter(), [QUOTE, TRADE, NOTICE]),
        (EventFilter(kinds={EventKind.MARKET_DATA}), [QUOTE, TRADE]),
        (EventFilter(kinds=set()), []),
        (EventFilter(symbols={SPY}), [QUOTE]),
        (EventFilter(sources={"sandbox"}), [QUOTE, NOTICE]),
        (EventFilter(correlation_id=QUOTE.id), [QUOTE, TRADE]),
        (EventFilter(correlation_id=uuid4()), []),
        (EventFilter(since=NOW), [QUOTE, TRADE]),
        (EventFilter(until=NOW), [NOTICE]),
        (EventFilter(since=NOW, until=NOW), []),
        (EventFilter(kinds={EventKind.MARKET_DATA}, sources={"sandbox"}), [QUOTE]),
        (EventFilter(symbols={SPY}) | EventFilter(kinds={EventKind.SYSTEM}), [QUOTE, NOTICE]),
        (EventFilter(symbols={SPY, QQQ}) & EventFilter(sources={"files"}), [TRADE]),
    ],
)
def test_filter_lets_through_what_it_says(wanted: EventFilter, events: list[Event]) -> None:
    assert passing(wanted) == events


def filters() -> st.SearchStrategy[EventFilter]:
    return st.builds(
        EventFilter,
        kinds=st.none() | st.sets(st.sampled_from(EventKind)),
        symbols=st.none() | st.sets(st.sampled_from([SPY, QQQ])),
        sources=st.none() | st.sets(st.sampled_from(["sandbox", "files"])),
        since=st.none() | st.just(NOW),
    )


@given(filters(), filters(), filters())
def test_combinations_mean_and_and_or(a: EventFilter, b: EventFilter, c: EventFilter) -> None:
    for event in EVENTS:
        in_a, in_b, in_c = (part.matches(event) for part in (a, b, c))
        assert (a & b).matches(event) == (in_a and in_b)
        assert (a | b).matches(event) == (in_a or in_b)
        assert ((a | b) & c).matches(event) == ((in_a or in_b) and in_c)
        assert ((a & b) | c).matches(event) == ((in_a and in_b) or in_c)
        assert (a & (b | c)).matches(event) == (in_a and (in_b or in_c))


def test_long_chain_stays_flat() -> None:
    wanted = EventFilter(kinds=set())
    for _ in range(3_000):
        wanted |= EventFilter(kinds=set())
    wanted |= EventFilter(symbols={SPY})
    assert passing(wanted) == [QUOTE]


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": NOW.replace(tzinfo=None)},
        {"until": NOW.replace(tzinfo=None)},
        {"since": NOW, "until": NOW - timedelta(seconds=1)},
        {"kinds": [EventKind.ORDER]},
        {"symbols": "SPY"},
    ],
)
def test_filter_that_cannot_be_meant_raises(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        EventFilter(**wrong)  # type: ignore[arg-type]  # the point of the test


def test_filter_keeps_its_own_copy_of_a_set() -> None:
    symbols = {SPY}
    wanted = EventFilter(symbols=symbols)
    symbols.add(QQQ)
    assert passing(wanted) == [QUOTE]
    assert hash(wanted) == hash(EventFilter(symbols={SPY}))
