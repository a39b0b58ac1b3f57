# SPDX-License-Identifier: Apache-2.0
"""Instruments and option contracts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ttapi_core import (
    DataError,
    ExerciseStyle,
    Instrument,
    OptionContract,
    OptionType,
    ParameterError,
    SettlementType,
    Symbol,
    TickSize,
)

QQQ = Symbol.parse("QQQ")
CENT, FINE = TickSize(value=Decimal("0.01")), TickSize(value=Decimal("0.0001"), threshold=Decimal(1))


def contract(text: str) -> OptionContract:
    return OptionContract(
        symbol=Symbol.parse(text),
        underlying=QQQ,
        exercise_style=ExerciseStyle.AMERICAN,
        settlement_type=SettlementType.PM,
    )


@pytest.mark.parametrize(("price", "tick"), [("0.5", "0.0001"), ("1", "0.01"), ("500", "0.01")])
def test_tick_size_depends_on_the_price(price: str, tick: str) -> None:
    instrument = Instrument(symbol=QQQ, tick_sizes=(FINE, CENT))
    assert instrument.tick_size_at(Decimal(price)) == Decimal(tick)


def test_tick_size_beyond_the_last_row_is_none() -> None:
    assert Instrument(symbol=QQQ, tick_sizes=(FINE,)).tick_size_at(Decimal(5)) is None


@pytest.mark.parametrize(
    "ticks",
    [(CENT, FINE), (FINE, FINE), (CENT, CENT), (TickSize(value=Decimal(1), threshold=Decimal(9)), FINE)],
)
def test_tick_sizes_out_of_order_raise(ticks: tuple[TickSize, ...]) -> None:
    with pytest.raises(DataError):
        Instrument(symbol=QQQ, tick_sizes=ticks)


def test_sizes_and_multipliers_are_above_zero() -> None:
    with pytest.raises(DataError):
        TickSize(value=Decimal(0))
    with pytest.raises(DataError):
        Instrument(symbol=QQQ, multiplier=Decimal(0))
    with pytest.raises(DataError):
        OptionContract(symbol=Symbol.parse("QQQ   261218C00510000"), underlying=QQQ, shares_per_contract=0)


def test_contract_reads_its_terms_from_the_symbol() -> None:
    call = contract("QQQ   261218C00510000")
    assert (call.expiration, call.option_type, call.strike) == (
        date(2026, 12, 18),
        OptionType.CALL,
        Decimal(510),
    )
    assert [call.days_to_expiration(date(2026, 12, day)) for day in (1, 18, 20)] == [17, 0, -2]


@pytest.mark.parametrize(
    ("right", "price", "value"), [("C", 520, 10), ("C", 500, 0), ("P", 500, 10), ("P", 520, 0)]
)
def test_intrinsic_value_is_never_below_zero(right: str, price: int, value: int) -> None:
    assert contract(f"QQQ   261218{right}00510000").intrinsic_value(Decimal(price)) == value


def test_contract_of_something_else_than_an_option_raises() -> None:
    with pytest.raises(ParameterError):
        OptionContract(symbol=QQQ, underlying=QQQ)
