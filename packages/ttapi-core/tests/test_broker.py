# SPDX-License-Identifier: Apache-2.0
"""Markets and chains as a broker tells them: checked values, and changes that are known or not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from ttapi_core import (
    DataError,
    FeedGap,
    MarketSnapshot,
    OptionExpiration,
    OptionStrike,
    ParameterError,
    Symbol,
)

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def market(**more: Any) -> MarketSnapshot:
    return MarketSnapshot(symbol=Symbol.parse("SPY"), time=NOW, **more)


def test_change_is_exact_and_against_the_close_before() -> None:
    told = market(last=Decimal("612.35"), previous_close=Decimal("600.10"))
    assert told.change == Decimal("12.25")
    assert told.change_fraction == Decimal("12.25") / Decimal("600.10")


@pytest.mark.parametrize(
    "prices",
    [{}, {"last": Decimal(1)}, {"previous_close": Decimal(1)}],
)
def test_change_is_none_where_a_price_is_not_told(prices: dict[str, Decimal]) -> None:
    assert market(**prices).change is None
    assert market(**prices).change_fraction is None


def test_change_from_nothing_has_no_fraction() -> None:
    told = market(last=Decimal(1), previous_close=Decimal(0))
    assert (told.change, told.change_fraction) == (Decimal(1), None)


def test_a_float_or_an_infinite_price_is_refused() -> None:
    with pytest.raises(ParameterError):
        market(bid=1.5)
    with pytest.raises(DataError):
        market(bid=Decimal("Infinity"))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ParameterError):
        FeedGap(number=1, cause="cut", start=datetime(2026, 1, 1))  # noqa: DTZ001 - the point of it


def test_an_expiration_takes_strikes_only() -> None:
    terms: dict[str, Any] = {
        "root": "SPY",
        "expiration": date(2026, 12, 18),
        "expiration_type": "Regular",
        "settlement_type": "PM",
        "days_to_expiration": 28,
    }
    strike = OptionStrike(strike=Decimal(600))
    assert OptionExpiration(**terms, strikes=(strike,)).strikes == (strike,)
    with pytest.raises(ParameterError):
        OptionExpiration(**terms, strikes=(Decimal(600),))
