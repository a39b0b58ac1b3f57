# SPDX-License-Identifier: Apache-2.0
"""Arbitrage in quoted chains: each kind by one small chain, and none in prices that are sound."""

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError
from ttapi_polars import black76_price, chain_violations


def calls(*quotes: tuple[float | None, float | None, float | None]) -> pl.DataFrame:
    """Rows of strike, bid, ask."""
    frame = pl.DataFrame(
        quotes, schema={"strike": pl.Float64, "bid": pl.Float64, "ask": pl.Float64}, orient="row"
    )
    return frame.with_columns(expiration=pl.lit("June"), is_call=True, discount=0.5)


def mirrored(frame: pl.DataFrame) -> pl.DataFrame:
    """Puts at the strikes mirrored about 100, which must obey what the calls obey."""
    return frame.with_columns(strike=200 - pl.col("strike"), is_call=False)


def violations(frame: pl.DataFrame, *, discount: str | None = "discount") -> list[tuple[object, ...]]:
    found = chain_violations(frame.lazy(), discount=discount).collect()
    return found.select("strike", "kind", pl.col("size").round(9)).rows()


SOUND = calls((90, 11.0, 11.2), (100, 7.0, 7.2), (110, 4.0, 4.2))


@given(
    st.floats(0.05, 1.0),
    st.floats(0.05, 2.0),
    st.floats(-0.02, 0.08),
    st.lists(st.integers(40, 250), min_size=3, unique=True),
)
@settings(max_examples=40)
def test_blacks_prices_are_sound(volatility: float, years: float, rate: float, strikes: list[int]) -> None:
    contracts = pl.DataFrame({"strike": strikes}).join(pl.DataFrame({"is_call": [True, False]}), how="cross")
    price = black76_price(
        100.0, pl.col("strike"), years, volatility=volatility, rate=rate, is_call=pl.col("is_call")
    )
    chain = contracts.with_columns(expiration=1, bid=price, ask=price, discount=math.exp(-rate * years))
    assert violations(chain) == []


def test_sound_quotes_give_no_violation() -> None:
    assert violations(SOUND) == []
    assert violations(mirrored(SOUND)) == []


def test_call_bid_above_the_ask_at_a_lower_strike() -> None:
    frame = calls((90, 11.0, 11.2), (100, 11.5, 11.7))
    assert violations(frame) == [(90.0, "monotonicity", 0.3)]
    assert violations(mirrored(frame)) == [(100.0, "monotonicity", 0.3)]


def test_spread_bid_above_its_greatest_pay_off() -> None:
    frame = calls((90, 11.0, 11.2), (100, 5.0, 5.2))
    assert violations(frame) == [(90.0, "spread", 0.8)]
    assert violations(mirrored(frame)) == [(100.0, "spread", 0.8)]
    assert violations(frame, discount=None) == []


def test_middle_bid_above_its_wings_at_uneven_strikes() -> None:
    frame = calls((90, 8.0, 8.0), (100, 7.0, 7.0), (130, 2.0, 2.0))
    # the wings cost 3/4 of 8 and 1/4 of 2
    assert violations(frame) == [(100.0, "convexity", 0.5)]
    assert violations(mirrored(frame)) == [(100.0, "convexity", 0.5)]


def test_wide_quotes_hide_what_middles_show() -> None:
    wide = calls((90, 10.0, 12.0), (100, 7.6, 9.6), (110, 4.0, 6.0))
    middle = wide.with_columns(pl.mean_horizontal("bid", "ask").alias("bid")).with_columns(ask=pl.col("bid"))
    assert violations(wide) == []
    assert violations(middle) == [(100.0, "convexity", 0.6)]


def test_crossed_quote_is_named_and_takes_no_part() -> None:
    frame = pl.concat([SOUND, calls((105, 30.0, 29.0))])
    assert violations(frame) == [(105.0, "crossed", 1.0)]


def test_contract_quoted_twice_is_named_twice() -> None:
    frame = pl.concat([SOUND, calls((105, 5.4, 5.6), (105, 5.4, 5.6))])
    assert violations(frame) == [(105.0, "duplicate", None)] * 2


@pytest.mark.parametrize(
    "bad", [(None, 1.0, 2.0), (0.0, 1.0, 2.0), (105.0, math.nan, 2.0), (105.0, 1.0, None), (105.0, -1.0, 2.0)]
)
def test_unusable_quote_is_not_judged(bad: tuple[float | None, float | None, float | None]) -> None:
    found = violations(pl.concat([SOUND, calls(bad)]))
    assert [(kind, size) for _, kind, size in found] == [("not judged", None)]


@pytest.mark.parametrize("column", ["expiration", "is_call", "discount"])
def test_quote_without_what_places_it_is_not_judged(column: str) -> None:
    lost = SOUND.with_columns(pl.when(pl.col("strike") != 100).then(pl.col(column)).alias(column))
    assert [kind for _, kind, _ in violations(lost)] == ["not judged"]


def test_bid_of_zero_is_sound() -> None:
    assert violations(pl.concat([SOUND, calls((150, 0.0, 0.1))])) == []


def test_expirations_and_sides_are_judged_apart() -> None:
    later = SOUND.with_columns(pl.col("bid", "ask") + 5, expiration=pl.lit("July"))
    frame = pl.concat([SOUND, later, mirrored(SOUND)])
    assert violations(frame.sample(fraction=1.0, shuffle=True, seed=5)) == []


def test_rows_are_sorted_and_engines_agree() -> None:
    frame = pl.concat(
        [calls((90, 11.0, 11.2), (100, 11.5, 11.7)), mirrored(calls((90, 11.0, 11.2), (100, 11.5, 11.7)))]
    )
    expected = chain_violations(frame.lazy()).collect()
    assert expected["is_call"].to_list() == [False, True]
    assert_frame_equal(chain_violations(frame.reverse().lazy()).collect(engine="streaming"), expected)


@pytest.mark.parametrize("column", ["expiration", "strike", "is_call", "bid", "ask"])
def test_missing_column_raises_and_names_it(column: str) -> None:
    with pytest.raises(DataError, match=f"'{column}': is missing"):
        chain_violations(SOUND.drop(column).lazy())


def test_discount_of_text_raises() -> None:
    with pytest.raises(DataError, match="'discount': holds String"):
        chain_violations(SOUND.with_columns(discount=pl.lit("x")).lazy(), discount="discount")
