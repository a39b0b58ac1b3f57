# SPDX-License-Identifier: Apache-2.0
"""Typed events: both ways of reading give the same, absence is None, and what cannot be read names its field."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_client.dxlink_events import (
    EVENT_TYPES,
    FIELDS,
    CandleEvent,
    QuoteEvent,
    SummaryEvent,
    TimeAndSaleEvent,
    TradeEvent,
    decode_events,
)
from ttapi_client.dxlink_protocol import FeedData
from ttapi_core import DataError

QUOTE = ["SPY", 1_795_188_601_400, 1_795_188_601_400, 612.31, 612.33, 400, 200]
SALE: list[Any] = ["SPY", 0, 7, 1_795_188_601_400, 0, "Q", 612.3, 7, 612.2, 612.4]
SALE += ["@", "", "BUY", False, True, True, "NEW"]


def data_of(
    kind: str, *rows: list[Any], plain: bool = False, fields: tuple[str, ...] | None = None
) -> FeedData:
    return FeedData(
        1, kind, fields or FIELDS[kind], [list(column) for column in zip(*rows, strict=True)], plain
    )


def changed(row: list[Any], kind: str, **values: Any) -> list[Any]:
    return [values.get(name, value) for name, value in zip(FIELDS[kind], row, strict=True)]


def test_quote_is_read() -> None:
    (event,) = decode_events(data_of("Quote", QUOTE)).events
    assert event == QuoteEvent("SPY", QUOTE[1], QUOTE[2], 612.31, 612.33, 400, 200)
    with pytest.raises(AttributeError):
        event.bid = 1.0


def test_sale_is_read() -> None:
    (event,) = decode_events(data_of("TimeAndSale", SALE)).events
    assert isinstance(event, TimeAndSaleEvent)
    assert (event.aggressor_side, event.extended_hours, event.price, event.size) == ("BUY", True, 612.3, 7)


@pytest.mark.parametrize("value", [None, "NaN"])
@pytest.mark.parametrize("plain", [True, False])
def test_absent_values_are_none(value: Any, plain: bool) -> None:
    row = changed(QUOTE, "Quote", bidPrice=value, bidTime=value, bidSize=value)
    (event,) = decode_events(data_of("Quote", row, plain=plain)).events
    assert (event.bid, event.bid_time_ms, event.bid_size, event.ask) == (None, None, None, 612.33)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bidPrice", "612.31"),
        ("bidPrice", "Infinity"),
        ("askPrice", "-Infinity"),
        ("askPrice", True),
        ("askSize", []),
        ("bidSize", {"a": 1}),
        ("bidPrice", 10**400),
        ("bidPrice", math.inf),
        ("bidTime", 1.5),
        ("askTime", "12"),
        ("eventSymbol", None),
        ("eventSymbol", 7),
        ("eventSymbol", ""),
        ("eventSymbol", "A\nB"),
    ],
)
def test_value_of_another_kind_leaves_out_its_event_alone_and_names_the_field(field: str, value: Any) -> None:
    decoded = decode_events(data_of("Quote", QUOTE, changed(QUOTE, "Quote", **{field: value}), QUOTE))
    assert decoded.symbols == ["SPY", "SPY"]
    (rejected,) = decoded.rejected
    assert isinstance(rejected.cause, DataError)
    assert (rejected.cause.column, rejected.cause.row) == (field, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("index", "NaN"),
        ("index", -1),
        ("index", 1.0),
        ("time", None),
        ("eventFlags", "4"),
        ("exchangeCode", 7),
        ("validTick", "true"),
        ("validTick", 1),
        ("size", "7"),
    ],
)
def test_place_text_and_flag_of_a_sale_are_checked(field: str, value: Any) -> None:
    decoded = decode_events(data_of("TimeAndSale", changed(SALE, "TimeAndSale", **{field: value})))
    assert decoded.events == []
    assert decoded.rejected[0].cause.column == field


def test_unknown_exchange_and_absent_words_are_empty() -> None:
    row = changed(SALE, "TimeAndSale", exchangeCode="\u0000", tradeThroughExempt=None, spreadLeg=None)
    (event,) = decode_events(data_of("TimeAndSale", row)).events
    assert (event.exchange_code, event.trade_through_exempt, event.spread_leg) == ("", "", False)


def test_fields_may_come_in_any_order_be_missing_or_too_many() -> None:
    fields = ("askPrice", "unknown", "eventSymbol", "VWAP")
    (event,) = decode_events(data_of("Quote", [1.5, None, "SPY", 3], fields=fields)).events
    assert event == QuoteEvent("SPY", None, None, None, 1.5, None, None)
    fields = ("eventSymbol", "index", "time", "VWAP")
    (candle,) = decode_events(data_of("Candle", ["SPY{=d}", 1, 2, 3.5], fields=fields)).events
    assert isinstance(candle, CandleEvent)
    assert (candle.vwap, candle.event_flags, candle.is_removed) == (3.5, 0, False)


def test_event_type_that_was_never_asked_for_is_rejected() -> None:
    decoded = decode_events(FeedData(1, "Series", ("eventSymbol",), [["SPY"]]))
    assert decoded.events == []
    assert decoded.rejected[0].cause.column == "eventType"


def test_every_event_type_has_as_many_fields_as_its_value() -> None:
    assert {*EVENT_TYPES.values()} == {*FIELDS}
    for kind, event_type in EVENT_TYPES.items():
        assert len(kind.__struct_fields__) == len(FIELDS[event_type])
    assert {SummaryEvent, TradeEvent} <= {*EVENT_TYPES}


@pytest.mark.parametrize("value", [True, False, "612.31", "Infinity", [1], {}])
@pytest.mark.parametrize("name", ["price", "size", "sequence", "index"])
def test_value_of_another_type_among_booleans_names_its_field(name: str, value: Any) -> None:
    rows = [SALE, changed(SALE, "TimeAndSale", **{name: value}), SALE]
    decoded = decode_events(data_of("TimeAndSale", *rows))
    assert len(decoded.events) == 2
    assert [rejected.cause.column for rejected in decoded.rejected] == [name]


VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "", "x", "\u0000", "612.31"]),
)


@given(st.data())
def test_reading_by_columns_and_one_by_one_agree(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(FIELDS)))
    width = len(FIELDS[kind])
    rows = data.draw(st.lists(st.lists(VALUES, min_size=width, max_size=width), min_size=1, max_size=4))
    together = decode_events(data_of(kind, *rows, plain=True))
    single = [decode_events(data_of(kind, row)) for row in rows]
    assert together.events == [event for decoded in single for event in decoded.events]
    assert [(r.event_type, r.cause.column) for r in together.rejected] == [
        (r.event_type, r.cause.column) for decoded in single for r in decoded.rejected
    ]
