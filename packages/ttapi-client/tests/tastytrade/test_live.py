# SPDX-License-Identifier: Apache-2.0
"""What the items of a feed mean as events: exact values, bars that end once, notices of what is missing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.dxlink_events import CandleEvent, EventRejected, QuoteEvent, TradeEvent
from ttapi_client.dxlink_protocol import Subscription
from ttapi_client.dxlink_reports import BackfillReport, GapReport
from ttapi_client.live import LiveSubscription, quote_of, trade_of
from ttapi_core import (
    Bar,
    DataError,
    Notice,
    ParameterError,
    Quote,
    StreamInterruptedError,
    Symbol,
    SymbolError,
    Trade,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPY = Symbol.parse("SPY")


def live(*kinds: str) -> LiveSubscription:
    return LiveSubscription(kinds or ("quote", "trade", "bar"), ["SPY", "BRK/B"], source="sandbox")


def candle(minute: int, close: float | None, *, flags: int = 0, high: float | None = None) -> CandleEvent:
    time_ms = round((NOON + minute * MINUTE).timestamp() * 1000)
    top = close if high is None else high
    index = (time_ms // 1000) << 32
    return CandleEvent("SPY{=m}", flags, index, time_ms, 0, 7, close, top, close, close, 100.0, close)


def trade(price: float | None, size: float | None = 7, time_ms: int = 0) -> TradeEvent:
    return TradeEvent(
        "SPY", time_ms, 0, "Q", price, None, size, None, None, None, "ZERO", extended_hours=True
    )


def told(subscription: LiveSubscription, item: Any, minute: float = 0) -> list[Any]:
    events = subscription.events_of(item, NOON + minute * MINUTE)
    assert {event.source for event in events} <= {"sandbox"}
    return [event.payload for event in events]


def bars(subscription: LiveSubscription, item: Any, minute: float) -> list[tuple[int, Decimal, bool]]:
    return [((bar.time - NOON) // MINUTE, bar.close, bar.final) for bar in told(subscription, item, minute)]


def test_subscriptions_are_those_of_the_kinds_and_bars_begin_with_the_running_minute() -> None:
    late = NOON + timedelta(seconds=59)
    noon_ms = round(NOON.timestamp() * 1000)
    assert live("trade", "bar").subscriptions(late) == [
        Subscription("Trade", "SPY"),
        Subscription("Candle", "SPY{=m}", noon_ms),
        Subscription("Trade", "BRK/B"),
        Subscription("Candle", "BRK/B{=m}", noon_ms),
    ]


@pytest.mark.parametrize("kinds", [[], ["news"], ["quote", "news"]])
def test_other_kinds_are_a_parameter_error(kinds: list[str]) -> None:
    with pytest.raises(ParameterError, match="kinds"):
        LiveSubscription(kinds, ["SPY"], source="sandbox")


def test_symbol_that_is_none_is_named() -> None:
    with pytest.raises(SymbolError):
        LiveSubscription(["quote"], ["../x"], source="sandbox")


def test_quote_and_trade_are_exact() -> None:
    quote = quote_of(SPY, QuoteEvent("SPY", 0, 1_795_046_400_000, 1.1, None, None, 3), read_at=NOON)
    assert (quote.bid, quote.ask, quote.bid_size, quote.ask_size) == (Decimal("1.1"), None, None, Decimal(3))
    assert quote.time == datetime(2026, 11, 19, tzinfo=UTC)
    sale = trade_of(SPY, trade(2.5), read_at=NOON)
    assert (sale.price, sale.size, sale.exchange_code) == (Decimal("2.5"), Decimal(7), "Q")
    assert (sale.time, sale.extended_hours) == (NOON, True)
    kinds = [type(told(live(), item)[0]) for item in (QuoteEvent("SPY", 0, 0, 1, 2, 3, 4), trade(1))]
    assert kinds == [Quote, Trade]


@given(st.decimals(min_value=0, max_value=10**9, places=4))
def test_price_of_the_wire_keeps_its_digits(price: Decimal) -> None:
    assert trade_of(SPY, trade(float(price)), read_at=NOON).price == price


@pytest.mark.parametrize(
    "item", [trade(None), trade(1, time_ms=10**20), trade(1, size=-1), candle(0, 2.0, high=1.0)]
)
def test_item_without_meaning_is_left_out(item: Any) -> None:
    assert told(live(), item) == []


def test_trade_without_a_price_names_the_field() -> None:
    with pytest.raises(DataError, match="price"):
        trade_of(SPY, trade(None), read_at=NOON)


def test_running_bar_is_told_with_each_change_and_ends_once_the_next_begins() -> None:
    subscription = live()
    assert bars(subscription, candle(0, 1.0), 0.2) == [(0, Decimal("1.0"), False)]
    assert bars(subscription, candle(0, 2.0), 0.9) == [(0, Decimal("2.0"), False)]
    assert bars(subscription, candle(1, 3.0), 1.1) == [(0, Decimal("2.0"), True), (1, Decimal("3.0"), False)]


def test_bars_of_the_past_come_final_and_once() -> None:
    subscription = live()
    bars(subscription, candle(0, 1.0), 0.5)
    assert bars(subscription, candle(0, 1.5), 3.5) == []
    assert bars(subscription, candle(1, 2.0), 3.5) == [(0, Decimal("1.5"), True)]
    assert bars(subscription, candle(3, 4.0), 3.5) == [(1, Decimal("2.0"), True), (3, Decimal("4.0"), False)]


def test_correction_of_an_earlier_bar_is_final_and_leaves_the_running_one() -> None:
    subscription = live()
    bars(subscription, candle(1, 3.0), 1.1)
    assert bars(subscription, candle(0, 2.5), 0.9) == [(0, Decimal("2.5"), True)]
    assert bars(subscription, candle(2, 9.0), 2.1) == [(1, Decimal("3.0"), True), (2, Decimal("9.0"), False)]


def test_bar_in_which_nothing_was_traded_or_that_is_no_more_is_none() -> None:
    subscription = live()
    assert bars(subscription, candle(0, None), 0.5) == []
    bars(subscription, candle(1, 3.0), 1.1)
    assert bars(subscription, candle(1, 3.0, flags=2), 1.2) == []
    assert bars(subscription, candle(2, 9.0), 2.1) == [(2, Decimal("9.0"), False)]


def test_spoilt_bar_does_not_swallow_the_end_of_the_one_before() -> None:
    subscription = live()
    bars(subscription, candle(0, 1.0), 0.5)
    assert bars(subscription, candle(1, 2.0, high=1.0), 1.1) == [(0, Decimal("1.0"), True)]


def test_bar_has_its_fields() -> None:
    (bar,) = told(live(), candle(0, 1.0))
    assert isinstance(bar, Bar)
    assert (bar.symbol, bar.period, bar.trade_count, bar.volume) == (SPY, "m", 7, Decimal("100.0"))


def test_gap_is_a_notice_that_says_when_whose_and_why() -> None:
    gap = GapReport(
        number=1,
        start=NOON,
        detected=NOON + MINUTE,
        end=NOON + 2 * MINUTE,
        symbols=("BRK/B", "SPY{=m}"),
        cause=StreamInterruptedError("code 1006"),
    )
    (notice,) = told(live(), gap)
    assert isinstance(notice, Notice)
    assert notice.name == "events_missing"
    facts = {fact.name: fact.value for fact in notice.facts}
    assert facts["symbols"] == "BRK/B SPY"
    assert (facts["start"], facts["end"]) == (NOON.isoformat(), (NOON + 2 * MINUTE).isoformat())


def test_only_an_incomplete_backfill_is_a_notice() -> None:
    assert told(live(), BackfillReport(gap=1, candles=3)) == []
    (notice,) = told(live(), BackfillReport(gap=1, candles=3, incomplete=("SPY{=m}",)))
    assert (notice.name, notice.facts[0].value) == ("bars_missing", "SPY")


def test_dropped_trades_are_told_once() -> None:
    subscription = live()
    dropped = Counter({"Trade": 3, "Candle": 9})
    (event,) = subscription.dropped(dropped, NOON)
    assert (event.payload.name, event.payload.facts[0].value) == ("events_dropped", "3")  # type: ignore[union-attr] # it is a Notice, or this fails
    assert subscription.dropped(dropped, NOON) == []


def test_rejected_event_is_left_out() -> None:
    assert told(live(), EventRejected("Quote", "SPY", DataError("is no number", column="bidPrice"))) == []
