# SPDX-License-Identifier: Apache-2.0
"""Runs reduced piece by piece: exact beside outliers, and the same wherever rows and memory were cut."""

import math
from fractions import Fraction
from itertools import pairwise
from random import Random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError
from ttapi_polars import deviation_by_symbol, volatility_by_symbol
from ttapi_polars.arrow_views import string_views
from ttapi_polars.run_kernels import changed_views, log_change, log_deviations, squared_deviations

NAMES = [
    "A",
    "AB",
    "ABCDEFGHIJKL",
    "ABCDEFGHIJKLM",
    "ABCDEFGHIJKLN",
    "Zürich, a long name",
    "Zürich, another",
]
NUMBERS = st.one_of(
    st.floats(-1e3, 1e3),
    st.sampled_from([1e12, -1e12, 1e-12, 0.1, 0.0]),
)


def cut(frame: pl.DataFrame, random: Random) -> pl.DataFrame:
    """Cut the rows into chunks at random."""
    places = sorted({0, frame.height, *(random.randint(0, frame.height) for _ in range(3))})
    return pl.concat([frame[start:stop] for start, stop in pairwise(places)] or [frame], rechunk=False)


@st.composite
def columns(draw: st.DrawFn) -> pl.DataFrame:
    """Rows in order of symbol and day, some of them unusable."""
    rows = []
    for symbol in sorted(draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))):
        for day in range(draw(st.integers(1, 9))):
            unusable = draw(st.integers(0, 6)) == 0
            close = draw(
                st.sampled_from([None, 0.0, -1.0, math.nan, math.inf]) if unusable else st.floats(50, 90)
            )
            rows.append((symbol, day, close))
    schema = {"symbol": pl.String, "date": pl.Int32, "close": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(pl.col("date").cast(pl.Date))


@given(columns(), st.randoms(), st.sampled_from(["in-memory", "streaming"]))
@settings(max_examples=60)
def test_cuts_change_no_digit(frame: pl.DataFrame, random: Random, engine: str) -> None:
    """Symbols that lie in several chunks are reduced from all of their rows."""
    for plan in (
        lambda rows: volatility_by_symbol(rows, days_min=3, is_sorted=True),
        lambda rows: volatility_by_symbol(rows, days_min=3, time=None, is_sorted=True),
        lambda rows: deviation_by_symbol(rows, is_sorted=True),
    ):
        whole = plan(frame.rechunk().lazy()).collect(engine="in-memory")
        assert_frame_equal(plan(cut(frame, random).lazy()).collect(engine=engine), whole, check_exact=True)


def test_a_symbol_over_many_pieces_and_many_symbols_in_one() -> None:
    """Enough rows that both engines cut them by themselves."""
    rows, small = 600_000, 3_000
    symbol = ["A"] * rows + [f"S{number:05d}" for number in range(small) for _ in range(3)]
    close = (pl.Series(range(len(symbol))).hash(seed=1) % 1000 + 1).cast(pl.Float64)
    frame = pl.DataFrame({"symbol": symbol, "close": close})
    known = deviation_by_symbol(frame.lazy(), is_sorted=True)
    general = deviation_by_symbol(frame.lazy()).collect()
    assert_frame_equal(known.collect(engine="streaming"), general, rel_tol=1e-12, abs_tol=1e-9)
    assert_frame_equal(known.collect(engine="in-memory"), known.collect(engine="streaming"), check_exact=True)
    assert known.collect().height == small + 1


@pytest.mark.parametrize("days", [[1, 2, 2, 3], [1, 2, None, 3], [None, 1, 2, 3], [1, 3, 2, 4]])
@pytest.mark.parametrize("place", range(5))
def test_days_that_do_not_rise_are_found_wherever_rows_are_cut(days: list[int | None], place: int) -> None:
    frame = pl.DataFrame(
        {"symbol": "A", "date": pl.Series(days).cast(pl.Date), "close": [1.0, 2.0, 3.0, 5.0]}
    )
    chunked = pl.concat([frame[:place], frame[place:]], rechunk=False).lazy()
    row = volatility_by_symbol(chunked, days_min=3, is_sorted=True).collect().row(0, named=True)
    known = [day for day in frame["date"] if day is not None]
    assert (row["volatility"], row["days"]) == (None, 4)
    assert (row["first_date"], row["last_date"]) == (min(known), max(known))


def test_times_keep_their_unit_and_zone() -> None:
    times = pl.Series([1, 2, 3]).cast(pl.Datetime("us", "UTC"))
    frame = pl.LazyFrame({"symbol": "A", "date": times, "close": [0.0, 2.0, 3.0]})
    table = volatility_by_symbol(frame, is_sorted=True).collect()
    assert (table["first_date"].item(), table["last_date"].item()) == (times[1], times[2])
    assert table.schema["first_date"] == times.dtype


def test_a_row_gone_astray_in_a_long_column_is_an_error_where_days_are_read() -> None:
    rows = 5_000
    symbols = ["A"] * rows
    symbols[777] = "B"
    frame = pl.LazyFrame({"symbol": symbols, "date": pl.Series(range(rows)).cast(pl.Date), "close": 1.0})
    with pytest.raises(DataError, match="is not in order"):
        volatility_by_symbol(frame, is_sorted=True).collect()


# ------------------------------------------------------------------------------ kernels against exact answers


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(1, 400)), min_size=1, max_size=9))
@settings(max_examples=60)
def test_views_change_where_strings_do(runs: list[tuple[str, int]]) -> None:
    """At every row; and in a column in order at one look in 256, too."""
    ordered = sorted(dict(runs).items())
    for stride, pieces in ((1, runs), (256, ordered)):
        symbols = [name for name, rows in pieces for _ in range(rows)]
        expected = [row for row in range(1, len(symbols)) if symbols[row] != symbols[row - 1]]
        found = np.empty(len(symbols), np.int64)
        with string_views(pl.Series(symbols)) as words:
            assert words is not None
            count, long = changed_views(words, stride, found)
        if long == 0:
            assert found[:count].tolist() == expected


def test_views_are_lent_of_strings_alone() -> None:
    for other in (pl.Series([1, 2]), pl.Series(["A"]).cast(pl.Categorical), pl.Series([1.0])):
        with string_views(other) as words:
            assert words is None
    with string_views(pl.Series([], dtype=pl.String)) as words:
        assert words is None or words.size == 0


@given(st.lists(NUMBERS, min_size=1, max_size=60))
@settings(max_examples=100)
def test_squared_deviations_are_exact_to_rounding_beside_outliers(values: list[float]) -> None:
    numbers = [Fraction(value) for value in values]
    mean = sum(numbers) / len(numbers)
    exact = sum((number - mean) ** 2 for number in numbers)
    rounding = len(values) * (Fraction(max(map(abs, values))) * Fraction(2) ** -51) ** 2
    answer = Fraction(squared_deviations(np.array(values)))
    assert abs(answer - exact) <= exact * Fraction(1, 10**13) + rounding + Fraction(1e-300)


@pytest.mark.parametrize("value", [0.1, 1e12 / 3, -7.7, 1e300])
def test_equal_values_do_not_deviate_at_all(value: float) -> None:
    assert squared_deviations(np.full(1001, value)) == 0.0


def test_what_is_too_large_is_missing() -> None:
    frame = pl.LazyFrame({"symbol": "A", "close": [1e308, -1e308, 1e308]})
    assert deviation_by_symbol(frame, is_sorted=True).collect().row(0) == ("A", 3, None)
    assert squared_deviations(np.array([1.7e308, 1.7e308])) == 0.0


@given(st.floats(1e-308, 1e308), st.floats(0.5, 2.0))
@settings(max_examples=100)
def test_log_change_is_that_of_the_ratio(before: float, ratio: float) -> None:
    """The ratio is exact as a fraction; log1p of its distance from one keeps every digit."""
    now = before * ratio
    if not 0.0 < now < math.inf:
        return
    exact = math.log1p(float((Fraction(now) - Fraction(before)) / Fraction(before)))
    assert log_change(now, before) == pytest.approx(exact, rel=4e-16 * 8, abs=0.0)


@pytest.mark.parametrize(
    ("now", "before"), [(1e308, 1e-308), (1e-308, 1e308), (1.7e308, 1.6e308), (5e-324, 1.0)]
)
def test_log_change_of_extremes(now: float, before: float) -> None:
    assert log_change(now, before) == pytest.approx(math.log(now) - math.log(before), rel=1e-11)


def test_log_deviations_bridge_no_gap() -> None:
    price = np.array([2.0, 4.0, math.nan, 4.0, 2.0, 0.0, 7.0, 7.0])
    days, counts = np.empty(2, np.int64), np.empty(2, np.int64)
    squares, newest = np.empty(2), np.empty(2)
    log_deviations(price, np.array([0, 6, 8]), days, counts, squares, newest)
    assert (days.tolist(), counts.tolist(), newest.tolist()) == ([4, 2], [2, 1], [2.0, 7.0])
    assert squares.tolist() == pytest.approx([2 * math.log(2) ** 2, 0.0], rel=1e-15)
