# SPDX-License-Identifier: Apache-2.0
"""The books conserve: cash to the cent, quantities exactly, whatever is traded, split or paid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_sandbox.fees import NO_FEES, fees_of
from ttapi_sandbox.ledger import Cause, Instrument, Ledger, plain

AT = datetime(2026, 11, 19, 15, tzinfo=UTC)
DAY = date(2026, 11, 19)
CASH = Decimal(25_000)
SHARE = Instrument("SPY", "Equity", "SPY", "SPY")
CALL = Instrument("SPY   261218C00600000", "Equity Option", "SPY", ".SPY261218C600", Decimal(100))
FUTURE = Instrument("/ESZ6", "Future", "/ESZ6", "/ESZ26:XCME", Decimal(50))
NOTE = Instrument("/ZNZ6", "Future", "/ZNZ6", "/ZNZ26:XCBT", Decimal(1000))
ACTIONS = {True: "Buy to Open", False: "Sell to Close"}


def ledger() -> Ledger:
    return Ledger("5WT00001", CASH, AT)


def trade(books: Ledger, instrument: Instrument, quantity: str | Decimal, price: str | Decimal) -> Decimal:
    quantity, price = Decimal(quantity), Decimal(price)
    fees = fees_of(instrument.kind, abs(quantity), price, opens=quantity > 0, sells=quantity < 0, index=False)
    cause = Cause(ACTIONS[quantity > 0], fees)
    return books.trade(instrument, quantity, price=price, at=AT, day=DAY, cause=cause).net


def check(books: Ledger) -> None:
    assert books.cash == CASH + sum((one.net for one in books.transactions), Decimal(0))
    assert books.fees == sum((one.fees.total for one in books.transactions), Decimal(0))
    assert books.cash + books.invested + books.fees - books.realized - books.income == CASH
    assert books.cash == books.cash.quantize(Decimal("0.01"))


def test_ten_thousand_random_fills_splits_and_payments_conserve() -> None:
    chance = Random(4)
    books = ledger()
    held = {one.symbol: Decimal(0) for one in (SHARE, CALL, FUTURE, NOTE)}
    for _ in range(10_000):
        instrument = chance.choice([SHARE, SHARE, CALL, FUTURE, NOTE])
        draw = chance.random()
        if draw < 0.02 and instrument is SHARE:
            ratio = Decimal(chance.choice(["2", "0.5", "10", "0.1"]))
            before = books.quantity("SPY")
            entries = books.split("SPY", ratio, price=Decimal("61.2345"), at=AT, day=DAY)
            sold = sum((one.quantity or Decimal(0) for one in entries[1:]), Decimal(0)).copy_sign(before)
            assert books.quantity("SPY") + sold == before * ratio
            held["SPY"] = books.quantity("SPY")
        elif draw < 0.04:
            books.pay(Decimal(chance.randint(-500, 500)) / 100, "Dividend", "x", at=AT, day=DAY)
        else:
            step = chance.choice(["1", "0.00001"]) if instrument is SHARE else "1"
            quantity = (Decimal(chance.uniform(-50, 50))).quantize(Decimal(step))
            price = Decimal(chance.randint(1, 6_000_000)) / 10_000
            if quantity:
                trade(books, instrument, quantity, price)
                held[instrument.symbol] += quantity
        assert books.quantity(instrument.symbol) == held[instrument.symbol]
        assert books.cash + books.invested + books.fees - books.realized - books.income == CASH
    check(books)
    assert len(books.transactions) > 9000


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-20, 20).filter(bool), st.integers(1, 99_999)),
        min_size=1,
        max_size=30,
    )
)
def test_closing_everything_leaves_cash_that_is_the_realized_gain(trades: list[tuple[int, int]]) -> None:
    books = ledger()
    for quantity, cents in trades:
        trade(books, SHARE, Decimal(quantity), Decimal(cents) / 100)
    left = books.quantity("SPY")
    if left:
        trade(books, SHARE, -left, "10")
    check(books)
    assert books.invested == 0
    assert books.cash == CASH + books.realized - books.fees


def test_average_price_and_gain_of_lots_first_in_first_out() -> None:
    books = ledger()
    trade(books, SHARE, "10", "100")
    trade(books, SHARE, "10", "200")
    position = books.positions["SPY"]
    assert position.average_price == 150
    trade(books, SHARE, "-15", "300")
    assert [position.quantity, position.average_price] == [5, 200]
    assert position.realized_on_day(DAY) == 10 * 200 + 5 * 100
    assert position.realized_on_day(date(2026, 11, 20)) == 0


def test_trade_through_zero_turns_the_position() -> None:
    books = ledger()
    trade(books, CALL, "2", "3")
    trade(books, CALL, "-5", "4")
    assert books.quantity(CALL.symbol) == -3
    assert books.positions[CALL.symbol].cost == -1200
    check(books)


def test_future_costs_nothing_to_open_and_pays_its_gain() -> None:
    books = ledger()
    fee = -trade(books, FUTURE, "1", "6000")
    assert books.cash == CASH - fee
    assert trade(books, FUTURE, "-1", "6010.25") + fee == Decimal("512.5")
    check(books)


def test_reverse_split_pays_for_the_part_of_a_share() -> None:
    books = ledger()
    trade(books, SHARE, "13", "10")
    _, paid = books.split("SPY", Decimal("0.1"), price=Decimal(100), at=AT, day=DAY)
    assert [books.quantity("SPY"), paid.net] == [1, 30]
    assert paid.sub_type == "Cash in Lieu"
    check(books)
    assert books.split("AAPL", Decimal(2), price=Decimal(1), at=AT, day=DAY) == []


def test_removed_position_leaves_its_cost_as_a_loss() -> None:
    books = ledger()
    trade(books, CALL, "1", "3")
    books.remove(CALL.symbol, price=Decimal(0), at=AT, day=DAY, sub_type="Expiration")
    assert books.remove(CALL.symbol, price=Decimal(0), at=AT, day=DAY, sub_type="Expiration") is None
    assert books.realized == -300
    check(books)
    books.forget_closed()
    assert books.positions == {}


@pytest.mark.parametrize(
    ("amount", "places", "text"),
    [("10", 0, "10"), ("1.500", 2, "1.50"), ("1E+3", 1, "1000.0"), ("0.1", 0, "0.1")],
)
def test_numbers_are_written_plainly(amount: str, places: int, text: str) -> None:
    assert plain(Decimal(amount), places) == text


def test_fees_are_whole_cents_and_never_negative() -> None:
    fees = fees_of("Equity", Decimal("0.00001"), Decimal("0.01"), opens=True, sells=True, index=False)
    assert fees == NO_FEES
    fees = fees_of("Equity Option", Decimal(3), Decimal(2), opens=True, sells=False, index=True)
    assert [fees.commission, fees.proprietary, fees.total] == [3, Decimal("1.95"), Decimal("5.31")]
