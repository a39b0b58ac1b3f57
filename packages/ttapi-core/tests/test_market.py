# SPDX-License-Identifier: Apache-2.0
"""Market data values: what they refuse, and what they tell."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import Bar, DataError, OrderBook, ParameterError, PriceLevel, Quote, Symbol, Trade

SPY = Symbol.parse("SPY")
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def prices() -> st.SearchStrategy[Decimal]:
    return st.decimals(-1000, 10_000, places=4)


def sizes() -> st.SearchStrategy[Decimal]:
    return st.decimals("0.0001", 1_000_000, places=4)


def quote(bid: str | None, ask: str | None) -> Quote:
    return Quote(
        symbol=SPY,
        time=NOW,
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
    )


def bar(**changes: object) -> Bar:
    values: dict[str, object] = {
        "symbol": SPY,
        "time": NOW,
        "open": Decimal(10),
        "high": Decimal(12),
        "low": Decimal(9),
        "close": Decimal(11),
    }
    return Bar(**(values | changes))  # type: ignore[arg-type]  # the cases put wrong things in


@pytest.mark.parametrize(
    ("bid", "ask", "mid", "spread", "crossed", "locked"),
    [
        ("1.10", "1.20", "1.15", "0.10", False, False),
        ("1.20", "1.20", "1.20", "0.00", False, True),
        ("1.30", "1.20", "1.25", "-0.10", True, False),
        ("-38", "-37", "-37.5", "1", False, False),
    ],
)
def test_quote_tells_mid_spread_and_crossing(
    bid: str, ask: str, mid: str, spread: str, crossed: bool, locked: bool
) -> None:
    value = quote(bid, ask)
    assert (value.mid, value.spread) == (Decimal(mid), Decimal(spread))
    assert (value.is_crossed, value.is_locked) == (crossed, locked)


@pytest.mark.parametrize(("bid", "ask"), [(None, "1"), ("1", None), (None, None)])
def test_one_sided_quote_has_no_mid(bid: str | None, ask: str | None) -> None:
    value = quote(bid, ask)
    assert (value.mid, value.spread, value.is_crossed, value.is_locked) == (None, None, False, False)


@pytest.mark.parametrize("wrong", [1.5, 1, "1.5", True])
def test_price_of_another_type_than_decimal_raises(wrong: object) -> None:
    with pytest.raises(ParameterError) as caught:
        Quote(symbol=SPY, time=NOW, bid=wrong)  # type: ignore[arg-type]  # the point of the test
    assert caught.value.parameter == "bid"


@pytest.mark.parametrize("wrong", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+31", "1E-41"])
def test_price_that_is_no_sensible_number_raises(wrong: str) -> None:
    with pytest.raises(DataError) as caught:
        Trade(symbol=SPY, time=NOW, price=Decimal(wrong), size=Decimal(1))
    assert caught.value.column == "price"


def test_decimal_made_from_a_float_is_found_out() -> None:
    """0.1 as a float has 55 digits: money never has."""
    with pytest.raises(DataError, match="not from a float"):
        Trade(symbol=SPY, time=NOW, price=Decimal(0.1), size=Decimal(1))  # noqa: RUF032 - the point of the test


def test_size_below_zero_raises() -> None:
    with pytest.raises(DataError):
        Quote(symbol=SPY, time=NOW, bid_size=Decimal(-1))
    with pytest.raises(DataError):
        Trade(symbol=SPY, time=NOW, price=Decimal(1), size=Decimal(-1))


def test_time_without_zone_raises_and_another_zone_becomes_utc() -> None:
    with pytest.raises(ParameterError):
        Quote(symbol=SPY, time=NOW.replace(tzinfo=None))
    east = timezone(timedelta(hours=9))
    value = Quote(symbol=SPY, time=NOW.astimezone(east))
    assert (value.time, value.time.tzinfo) == (NOW, UTC)


def test_time_that_utc_cannot_express_raises() -> None:
    with pytest.raises(ParameterError):
        Quote(symbol=SPY, time=datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))))


def test_symbol_as_text_raises() -> None:
    with pytest.raises(ParameterError, match="Symbol"):
        Quote(symbol="SPY", time=NOW)  # type: ignore[arg-type]  # the point of the test


def test_bar_in_order_tells_its_range() -> None:
    assert bar().spread == 3
    assert bar(open=Decimal(9), close=Decimal(12)).final


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"open": Decimal(13)}, "open"),
        ({"close": Decimal("8.99")}, "close"),
        ({"low": Decimal(13)}, "low"),
        ({"volume": Decimal(-1)}, "volume"),
        ({"trade_count": -1}, "trade_count"),
        ({"trade_count": 2**63}, "trade_count"),
        ({"vwap": Decimal("NaN")}, "vwap"),
    ],
)
def test_bar_out_of_order_raises_and_names_the_column(changes: dict[str, object], column: str) -> None:
    with pytest.raises(DataError) as caught:
        bar(**changes)
    assert caught.value.column == column


@pytest.mark.parametrize(
    "wrong", [{"trade_count": True}, {"trade_count": 1.0}, {"final": 1}, {"period": None}]
)
def test_bar_field_of_another_type_raises(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        bar(**wrong)


@given(
    st.dictionaries(prices(), sizes(), max_size=20),
    st.dictionaries(prices(), sizes(), max_size=20),
)
def test_order_book_of_any_levels_is_sorted(
    bids: dict[Decimal, Decimal], asks: dict[Decimal, Decimal]
) -> None:
    book = OrderBook.of(SPY, NOW, bids=bids.items(), asks=asks.items())
    assert [level.price for level in book.bids] == sorted(bids, reverse=True)
    assert [level.price for level in book.asks] == sorted(asks)
    assert book.depth == max(len(bids), len(asks))
    assert book.best_bid == (PriceLevel(max(bids), bids[max(bids)]) if bids else None)
    assert book.best_ask == (PriceLevel(min(asks), asks[min(asks)]) if asks else None)
    assert book.is_crossed == bool(bids and asks and max(bids) > min(asks))
    if bids and asks:
        assert book.spread == min(asks) - max(bids)
        assert book.mid == (min(asks) + max(bids)) / 2
    else:
        assert (book.spread, book.mid) == (None, None)


@pytest.mark.parametrize("side", ["bids", "asks"])
def test_order_book_with_a_repeated_or_unsorted_price_raises(side: str) -> None:
    low, high = PriceLevel(Decimal(1), Decimal(5)), PriceLevel(Decimal(2), Decimal(5))
    unsorted = (low, high) if side == "bids" else (high, low)
    for levels in (unsorted, (low, low)):
        with pytest.raises(DataError) as caught:
            OrderBook(symbol=SPY, time=NOW, **{side: levels})
        assert caught.value.column == side


def test_levels_have_a_size_and_stand_in_a_tuple() -> None:
    with pytest.raises(DataError):
        PriceLevel(Decimal(1), Decimal(0))
    with pytest.raises(ParameterError):
        OrderBook(symbol=SPY, time=NOW, bids=[])  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(ParameterError):
        OrderBook(symbol=SPY, time=NOW, bids=((Decimal(1), Decimal(2)),))  # type: ignore[arg-type]  # the point of the test


def test_values_are_frozen_hashable_and_picklable() -> None:
    value = quote("1.10", "1.20")
    with pytest.raises(AttributeError):
        value.bid = Decimal(2)  # type: ignore[misc]  # the point of the test
    assert {value: 1}[pickle.loads(pickle.dumps(value))] == 1
