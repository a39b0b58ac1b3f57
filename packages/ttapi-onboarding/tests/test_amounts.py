# SPDX-License-Identifier: Apache-2.0
"""Money is exact for programs and readable for people."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import OptionStrike, OrderAction, Symbol
from ttapi_onboarding.amounts import (
    change_text,
    gain_text,
    money_text,
    percent_text,
    plain,
    price_text,
    price_texts,
    quantity_text,
    symbol_text,
    time_text,
)

TODAY = date(2026, 11, 20)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_json_keeps_every_digit_of_a_number(number: Decimal) -> None:
    text = plain(number)
    assert Decimal(text) == number
    assert "e" not in text.lower()


def test_json_of_a_value_has_every_field() -> None:
    strike = OptionStrike(strike=Decimal("600.0"), call=Symbol.parse("SPY   261218C00600000"))
    assert plain(strike) == {"strike": "600.0", "call": "SPY   261218C00600000", "put": None}
    assert plain([OrderAction.BUY, datetime(2026, 1, 2, tzinfo=UTC), TODAY, True, 3]) == [
        "Buy",
        "2026-01-02T00:00:00Z",
        "2026-11-20",
        True,
        3,
    ]


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("612.3", "612.30"),
        ("612.35000", "612.35"),
        ("0.0105", "0.0105"),
        ("6752.18", "6,752.18"),
        ("100", "100.00"),
        ("-37.63", "-37.63"),
        ("1e6", "1,000,000.00"),
    ],
)
def test_prices_have_two_decimals_or_as_many_as_they_need(price: str, text: str) -> None:
    assert price_text(Decimal(price)) == text


def test_prices_of_a_column_stand_below_each_other() -> None:
    assert price_texts([Decimal("5.734"), None, Decimal("10.1")]) == ["5.734", None, "10.100"]


def test_what_is_not_known_stays_unknown() -> None:
    for write in (price_text, money_text, quantity_text, gain_text, change_text, percent_text):
        assert write(None) is None
    assert time_text(None, today=TODAY) is None


def test_gains_have_sign_and_colour() -> None:
    gains = [gain_text(Decimal(amount)) for amount in ("1234.5", "-0.01", "0")]
    assert [(str(gain), gain.style) for gain in gains if gain is not None] == [
        ("+1,234.50", "green"),
        ("-0.01", "red"),
        ("+0.00", ""),
    ]
    assert str(change_text(Decimal("-0.3758"))) == "-0.3758"
    assert str(percent_text(Decimal("0.00183"))) == "+0.18%"


def test_quantities_times_and_options_read_well() -> None:
    assert [quantity_text(Decimal(q)) for q in ("10.00", "1000", "0.50", "-3")] == [
        "10",
        "1,000",
        "0.5",
        "-3",
    ]
    assert time_text(datetime(2026, 11, 20, 9, 5, tzinfo=UTC), today=TODAY) == "09:05:00"
    assert time_text(datetime(2026, 11, 19, 9, 5, tzinfo=UTC), today=TODAY) == "2026-11-19 09:05"
    assert symbol_text(Symbol.parse("SPY   261218C00602500")) == "SPY 2026-12-18 602.5 C"
    assert symbol_text(Symbol.parse("/ESZ6")) == "/ESZ6"
