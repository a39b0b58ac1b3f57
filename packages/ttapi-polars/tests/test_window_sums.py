# SPDX-License-Identifier: Apache-2.0
"""Means over windows: each equal to the exact one, whatever went before."""

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_polars.window_sums import window_mean

VALUE = st.floats(min_value=-1, max_value=1) | st.sampled_from([1e12, -1e12, 1e300, -1e300, 1e6, 0.0, None])


@given(st.lists(VALUE, max_size=30), st.integers(min_value=1, max_value=7))
@settings(max_examples=60)
def test_window_mean_equals_the_exact_mean_and_takes_a_null_for_zero(
    values: list[float | None], window: int
) -> None:
    frame = pl.DataFrame({"x": values}, schema={"x": pl.Float64})
    answer = frame.select(window_mean(pl.col("x"), window))["x"].to_list()
    assert answer[: window - 1] == [None] * min(window - 1, len(values))
    for i in range(window - 1, len(values)):
        inside = [Fraction(x or 0) for x in values[i + 1 - window : i + 1]]
        # One rounding an addition, relative to the largest value inside.
        error = window * 2.0**-52 * float(max(map(abs, inside))) + 5e-324
        assert answer[i] == pytest.approx(float(sum(inside) / window), rel=2.0**-52, abs=error)


@given(st.lists(st.tuples(st.sampled_from("AB"), VALUE), max_size=25), st.integers(0, 25))
@settings(max_examples=25)
def test_window_mean_is_the_same_by_group_by_chunk_and_by_engine(
    rows: list[tuple[str, float | None]], cut: int
) -> None:
    frame = pl.DataFrame(rows, schema={"symbol": pl.String, "x": pl.Float64}, orient="row")
    over = window_mean(pl.col("x"), 3).over("symbol").alias("answer")
    whole = frame.with_columns(over)
    for symbol in frame["symbol"].unique():
        alone = frame.filter(symbol=symbol).with_columns(window_mean(pl.col("x"), 3).alias("answer"))
        assert_frame_equal(whole.filter(symbol=symbol), alone)
    chunks = pl.concat([frame[:cut], frame[cut:]], rechunk=False).lazy()
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(chunks.with_columns(over).collect(engine=engine), whole)
