# SPDX-License-Identifier: Apache-2.0
"""Implied forwards: exact chains recovered, stale quotes borne, bad quotes left out, nothing lost."""

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import black76_price, implied_forward

STRIKES = [float(strike) for strike in range(80, 125, 5)]


def chain(
    forward: float = 101.0, *, discount: float = 0.97, expiration: object = "June", width: float = 0.1
) -> pl.DataFrame:
    """Black's prices at 20 % for half a year, quoted ``width`` wide."""
    contracts = pl.DataFrame({"strike": STRIKES}).join(pl.DataFrame({"is_call": [True, False]}), how="cross")
    rate = -math.log(discount) / 0.5
    price = black76_price(
        forward, pl.col("strike"), 0.5, volatility=0.2, rate=rate, is_call=pl.col("is_call")
    )
    return contracts.with_columns(
        expiration=pl.lit(expiration), discount=discount, bid=price - width / 2, ask=price + width / 2
    )


def line(frame: pl.DataFrame, *, discount: str | None = None, pairs_max: int = 10) -> dict[str, object]:
    return implied_forward(frame.lazy(), discount=discount, pairs_max=pairs_max).collect().row(0, named=True)


def spoiled(frame: pl.DataFrame, strikes: list[float], **columns: pl.Expr) -> pl.DataFrame:
    at = pl.col("strike").is_in(strikes) & pl.col("is_call")
    return frame.with_columns(
        pl.when(at).then(new).otherwise(pl.col(name)).alias(name) for name, new in columns.items()
    )


@given(st.floats(92.0, 110.0), st.floats(0.8, 1.05))
@settings(max_examples=25)
def test_exact_chain_gives_its_forward_and_discount(forward: float, discount: float) -> None:
    found = line(chain(forward, discount=discount, width=0.0))
    # call less put is rounded to 1e-15 of the prices; the slope divides that by 5 between neighbouring strikes
    assert (found["forward"], found["discount"]) == pytest.approx((forward, discount), rel=1e-12)
    assert found["pairs"] == len(STRIKES)
    assert found["residual"] < 1e-12


def test_known_discount_is_used() -> None:
    found = line(chain(), discount="discount")
    assert (found["forward"], found["discount"]) == (pytest.approx(101.0, rel=1e-12), 0.97)


@pytest.mark.parametrize("discount", [None, "discount"])
def test_two_stale_quotes_of_nine_do_not_move_the_line(discount: str | None) -> None:
    stale = spoiled(chain(), [95.0, 110.0], bid=pl.col("bid") + 3, ask=pl.col("ask") + 3)
    found = line(stale, discount=discount)
    assert (found["forward"], found["discount"]) == pytest.approx((101.0, 0.97), rel=1e-12)
    assert found["residual"] == pytest.approx(3 * math.sqrt(2 / 9))


def test_pairs_nearest_the_money_are_used() -> None:
    far_off = spoiled(chain(), [80.0, 85.0, 120.0], bid=pl.col("bid") + 1, ask=pl.col("ask") + 1)
    found = line(far_off, pairs_max=3)
    assert (found["pairs"], found["forward"]) == (3, pytest.approx(101.0, rel=1e-12))


@pytest.mark.parametrize(
    ("bid", "ask"), [(0.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (None, 1.0), (1.0, math.inf), (-1.0, 1.0)]
)
def test_unusable_quote_is_left_out(bid: float | None, ask: float) -> None:
    found = line(spoiled(chain(), [100.0], bid=pl.lit(bid, pl.Float64), ask=pl.lit(ask)))
    assert (found["pairs"], found["forward"]) == (len(STRIKES) - 1, pytest.approx(101.0, rel=1e-12))


def test_contract_quoted_twice_is_left_out() -> None:
    frame = chain()
    again = frame.head(1).with_columns(pl.col("bid", "ask") + 1)
    assert line(pl.concat([frame, again]))["pairs"] == len(STRIKES) - 1


def test_fewer_than_two_pairs_give_null() -> None:
    found = line(chain().filter(pl.col("strike") == 100.0))
    assert (found["pairs"], found["forward"], found["discount"], found["residual"]) == (1, None, None, None)


def test_line_that_rises_with_the_strike_gives_null() -> None:
    swapped = chain().with_columns(is_call=pl.col("is_call").not_())
    assert line(swapped)["forward"] is None


def test_discount_that_differs_within_an_expiration_gives_null() -> None:
    frame = chain().with_columns(discount=pl.when(pl.col("strike") > 100).then(0.96).otherwise(0.97))
    assert line(frame, discount="discount")["forward"] is None


def test_every_expiration_comes_out() -> None:
    nameless = chain(expiration=None).with_columns(pl.col("expiration").cast(pl.String))
    without = chain(expiration="July").with_columns(bid=pl.lit(0.0))
    found = implied_forward(pl.concat([chain(), nameless, without]).lazy()).collect()
    assert found["expiration"].to_list() == [None, "July", "June"]
    assert found["pairs"].to_list() == [0, 0, len(STRIKES)]
    assert found["forward"].is_null().to_list() == [True, True, False]


def test_order_neighbours_and_engine_make_no_difference() -> None:
    both = pl.concat([chain(), chain(120.0, expiration="July")])
    expected = pl.concat(
        [implied_forward(chain(120.0, expiration="July").lazy()), implied_forward(chain().lazy())]
    ).collect()
    for frame in (both, both.reverse(), both.sample(fraction=1.0, shuffle=True, seed=3)):
        assert_frame_equal(implied_forward(frame.lazy()).collect(), expected, rel_tol=1e-14)
    assert_frame_equal(implied_forward(both.lazy()).collect(engine="streaming"), expected, rel_tol=1e-14)


def test_empty_chain_gives_no_rows() -> None:
    found = implied_forward(chain().clear().lazy()).collect()
    assert (found.height, found.columns) == (0, ["expiration", "forward", "discount", "pairs", "residual"])


@pytest.mark.parametrize("column", ["expiration", "strike", "is_call", "bid", "ask"])
def test_missing_column_raises_and_names_it(column: str) -> None:
    with pytest.raises(DataError, match=f"'{column}': is missing"):
        implied_forward(chain().drop(column).lazy())


def test_side_as_text_raises() -> None:
    with pytest.raises(DataError, match="'is_call': holds String"):
        implied_forward(chain().with_columns(is_call=pl.lit("C")).lazy())


@pytest.mark.parametrize("pairs_max", [1, 0, 2.5])
def test_too_small_number_of_pairs_raises(pairs_max: int) -> None:
    with pytest.raises(ParameterError, match=r"^pairs_max is "):
        implied_forward(chain().lazy(), pairs_max=pairs_max)
