# SPDX-License-Identifier: Apache-2.0
"""Averages weighted by volume: against exact rational arithmetic, on awkward volumes and prices."""

import math
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import anchored_vwap, rolling_vwap, vwap

PRICE = st.one_of(st.floats(1e-3, 1e6), st.sampled_from([1e12, None, 0.0, -1.0, math.nan, math.inf]))
VOLUME = st.one_of(st.floats(1e-3, 1e9), st.sampled_from([0.0, 0.0, 1e12, None, -1.0, math.nan, math.inf]))
ROWS = st.lists(st.tuples(PRICE, VOLUME), max_size=30)
P, V = pl.col("price"), pl.col("volume")
Row = tuple[float | None, float | None]


def frame_of(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"price": pl.Float64, "volume": pl.Float64}, orient="row")


def is_usable(row: Row) -> bool:
    price, volume = row
    return (
        price is not None and math.isfinite(price) and price > 0
        and volume is not None and math.isfinite(volume) and volume >= 0
    )  # fmt: skip


def exact(rows: list[Row]) -> float | None:
    used = [(Fraction(price), Fraction(volume)) for price, volume in filter(is_usable, rows)]
    volume = sum(volume for _, volume in used)
    return float(sum(price * size for price, size in used) / volume) if volume else None


def assert_near(answer: list[float | None], expected: list[float | None]) -> None:
    assert [x is None for x in answer] == [x is None for x in expected]
    for x, y in zip(answer, expected, strict=True):
        # All terms are positive, so sums lose nothing but roundings: 30 terms at most.
        assert x == y or math.isclose(x, y, rel_tol=1e-12)


@given(ROWS)
@settings(max_examples=60)
def test_vwap_equals_exact_arithmetic(rows: list[Row]) -> None:
    assert_near(frame_of(rows).select(vwap(P, V))["price"].to_list(), [exact(rows)])


@given(ROWS, st.integers(1, 6))
@settings(max_examples=60)
def test_rolling_vwap_equals_exact_arithmetic_in_every_window(rows: list[Row], window: int) -> None:
    answer = frame_of(rows).select(rolling_vwap(P, V, window=window))["price"].to_list()
    expected = [
        exact(part) if len(part) == window and all(map(is_usable, part)) else None
        for part in (rows[max(0, i + 1 - window) : i + 1] for i in range(len(rows)))
    ]
    assert_near(answer, expected)


@given(ROWS)
@settings(max_examples=60)
def test_anchored_vwap_equals_exact_arithmetic_from_the_first_row_on(rows: list[Row]) -> None:
    answer = frame_of(rows).select(anchored_vwap(P, V))["price"].to_list()
    expected = [exact(rows[: i + 1]) if is_usable(row) else None for i, row in enumerate(rows)]
    assert_near(answer, expected)


@given(ROWS, ROWS)
@settings(max_examples=30)
def test_vwaps_over_groups_and_in_the_streaming_engine_equal_each_group_alone(
    a: list[Row], b: list[Row]
) -> None:
    frame = pl.concat([frame_of(a).with_columns(s=pl.lit("A")), frame_of(b).with_columns(s=pl.lit("B"))])
    for measure in (rolling_vwap(P, V, window=3), anchored_vwap(P, V)):
        alone = pl.concat([frame_of(rows).select(measure) for rows in (a, b)])
        for engine in ("in-memory", "streaming"):
            mixed = frame.lazy().select(measure.over("s")).collect(engine=engine)
            assert_frame_equal(mixed, alone, rel_tol=1e-13, abs_tol=0)


def test_rolling_vwap_given_a_window_without_volume_is_null_after_fractional_volumes() -> None:
    """0.1 + 0.2 + 0.3 leave a rounding behind when they leave a running sum."""
    volumes = [0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 0.7]
    frame = frame_of([(10.0 + i, volume) for i, volume in enumerate(volumes)])
    answer = frame.select(rolling_vwap(P, V, window=3))["price"].to_list()
    assert answer[5] is None
    assert answer[6] == 16.0


def test_vwaps_given_sums_beyond_float_are_null() -> None:
    frame = frame_of([(1e300, 1e10), (1e300, 1e10)])
    assert frame.select(vwap(P, V))["price"].to_list() == [None]
    assert frame.select(rolling_vwap(P, V, window=2))["price"].to_list() == [None, None]
    assert frame.select(anchored_vwap(P, V))["price"].to_list() == [None, None]


def test_vwap_inside_a_group_by_is_one_price_a_group() -> None:
    frame = frame_of([(10.0, 1.0), (20.0, 3.0), (5.0, 0.0)]).with_columns(s=pl.Series(["A", "A", "B"]))
    table = frame.group_by("s").agg(vwap(P, V)).sort("s")
    assert table.rows() == [("A", 17.5), ("B", None)]


def test_rolling_vwap_given_no_window_refuses_at_the_call() -> None:
    with pytest.raises(ParameterError, match="window"):
        rolling_vwap(P, V, window=0)
