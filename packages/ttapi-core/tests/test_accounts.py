# SPDX-License-Identifier: Apache-2.0
"""Accounts, balances, positions, risk."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ttapi_core import (
    Account,
    Balance,
    DataError,
    ParameterError,
    Position,
    QuantityDirection,
    RiskMetrics,
    Symbol,
)

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
LONG, SHORT, ZERO = QuantityDirection.LONG, QuantityDirection.SHORT, QuantityDirection.ZERO


def position(
    quantity: str, direction: QuantityDirection, *, mark: str | None = "12.50", multiplier: int = 100
) -> Position:
    return Position(
        account_number="5WT00001",
        symbol=Symbol.parse("SPY   261218C00600000"),
        time=NOW,
        quantity=Decimal(quantity),
        direction=direction,
        average_open_price=Decimal("12.10"),
        multiplier=Decimal(multiplier),
        mark=None if mark is None else Decimal(mark),
    )


def risk(**changes: object) -> RiskMetrics:
    values: dict[str, object] = {
        "account_number": "5WT00001",
        "time": NOW,
        "net_liquidating_value": Decimal(30_000),
        "maintenance_requirement": Decimal(2_000),
        "gross_exposure": Decimal(45_000),
        "net_exposure": Decimal(-15_000),
    }
    return RiskMetrics(**(values | changes))  # type: ignore[arg-type]  # the cases put wrong things in


@pytest.mark.parametrize(
    ("quantity", "direction", "signed", "value", "gain"),
    [("2", LONG, "2", "2500", "80"), ("2", SHORT, "-2", "-2500", "-80"), ("0", ZERO, "0", "0", "0")],
)
def test_position_value_and_gain_bear_the_sign(
    quantity: str, direction: QuantityDirection, signed: str, value: str, gain: str
) -> None:
    held = position(quantity, direction)
    assert (held.signed_quantity, held.market_value, held.open_gain) == (
        Decimal(signed),
        Decimal(value),
        Decimal(gain),
    )


def test_position_without_mark_has_no_value() -> None:
    held = position("2", LONG, mark=None)
    assert (held.market_value, held.open_gain) == (None, None)


@pytest.mark.parametrize(("quantity", "direction"), [("-1", LONG), ("0", LONG), ("0", SHORT), ("1", ZERO)])
def test_position_whose_quantity_and_direction_disagree_raises(
    quantity: str, direction: QuantityDirection
) -> None:
    with pytest.raises(ParameterError):
        position(quantity, direction)


def test_position_with_a_multiplier_of_nothing_raises() -> None:
    with pytest.raises(ParameterError):
        position("1", LONG, multiplier=0)


@pytest.mark.parametrize("money", [25000.0, 25000, "25000.0"])
def test_balance_takes_decimals_only(money: object) -> None:
    with pytest.raises(ParameterError):
        Balance(
            account_number="5WT00001",
            time=NOW,
            cash_balance=money,  # type: ignore[arg-type]  # the point of the test
            net_liquidating_value=Decimal(1),
            equity_buying_power=Decimal(1),
            derivative_buying_power=Decimal(1),
            maintenance_requirement=Decimal(1),
        )


def test_account_needs_a_number() -> None:
    with pytest.raises(ParameterError):
        Account(number=" ", account_type="Individual", margin_or_cash="Margin")


def test_risk_tells_excess_and_leverage() -> None:
    assert (risk().excess_liquidity, risk().leverage) == (Decimal(28_000), Decimal("1.5"))
    assert risk(net_liquidating_value=Decimal(0)).leverage is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"gross_exposure": Decimal(14_999)},
        {"confidence": Decimal(0)},
        {"confidence": Decimal(1)},
        {"value_at_risk": Decimal(-1)},
        {"delta": 0.5},
    ],
)
def test_risk_that_contradicts_itself_raises(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        risk(**wrong)


def test_risk_with_a_greek_that_is_no_number_raises() -> None:
    with pytest.raises(DataError) as caught:
        risk(vega=Decimal("NaN"))
    assert caught.value.column == "vega"
