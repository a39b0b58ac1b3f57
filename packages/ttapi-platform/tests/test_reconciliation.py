# SPDX-License-Identifier: Apache-2.0
"""Several providers say different things of one symbol: each difference has its kind, and nothing is thrown away."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttapi_core import ParameterError
from ttapi_platform.catalogue import CATALOGUE
from ttapi_platform.reconciliation import Comparison, Kind, compare

EOD = CATALOGUE["eod_data"]
CLOSES = [100.0, 101.5, 99.75, 102.0, 103.25, 101.0, 104.5, 105.0]


def bars(closes: list[float | None], *, first: date = date(2026, 1, 5), **columns: object) -> pl.DataFrame:
    days = [first + timedelta(days=n) for n in range(len(closes))]
    kept = [(day, close) for day, close in zip(days, closes, strict=True) if close is not None]
    table = {
        "symbol": ["AAA"] * len(kept),
        "date": [day for day, _ in kept],
        **{name: [close for _, close in kept] for name in ("open", "high", "low", "close")},
        **{name: [value] * len(kept) for name, value in columns.items()},
    }
    return EOD.schema.conform(table, key="AAA").frame


def of_close(comparison: Comparison) -> list[tuple[int, Kind, str]]:
    return [
        ((d.at[0] - date(2026, 1, 5)).days, d.kind, d.chosen)
        for d in comparison.differences
        if d.field == "close"
    ]


def test_equal_rows_have_no_differences_and_every_value_is_counted() -> None:
    comparison = compare(EOD, "AAA", {"a": bars(CLOSES), "b": bars(CLOSES)})
    assert comparison.differences == ()
    assert comparison.agreed == comparison.compared == 4 * len(CLOSES)


def test_half_a_cent_of_rounding_is_no_difference() -> None:
    assert compare(EOD, "AAA", {"a": bars(CLOSES), "b": bars([c + 0.005 for c in CLOSES])}).differences == ()


def test_a_day_that_one_lacks_is_missing_and_the_other_is_chosen() -> None:
    comparison = compare(EOD, "AAA", {"a": bars([*CLOSES[:3], None, *CLOSES[4:]]), "b": bars(CLOSES)})
    assert of_close(comparison) == [(3, Kind.MISSING, "b")]
    assert comparison.rows == {"a": 7, "b": 8}


def test_pence_beside_pounds_is_a_unit() -> None:
    comparison = compare(EOD, "AAA", {"a": bars([c * 100 for c in CLOSES]), "b": bars(CLOSES)})
    assert {kind for _, kind, _ in of_close(comparison)} == {Kind.UNIT}
    assert comparison.differences[0].factor == pytest.approx(100)


def test_a_factor_before_a_split_is_an_adjustment() -> None:
    comparison = compare(EOD, "AAA", {"a": bars([c / 4 for c in CLOSES[:4]] + CLOSES[4:]), "b": bars(CLOSES)})
    assert of_close(comparison) == [(n, Kind.ADJUSTMENT, "a") for n in range(4)]


def test_a_value_far_from_its_neighbours_is_a_bad_tick_and_is_not_chosen() -> None:
    comparison = compare(EOD, "AAA", {"a": bars([*CLOSES[:3], 12.0, *CLOSES[4:]]), "b": bars(CLOSES)})
    assert of_close(comparison) == [(3, Kind.BAD_TICK, "b")]


def test_rows_a_day_apart_are_a_matter_of_timing() -> None:
    comparison = compare(EOD, "AAA", {"a": bars(CLOSES), "b": bars(CLOSES, first=date(2026, 1, 6))})
    kinds = dict.fromkeys(kind for n, kind, _ in of_close(comparison) if 1 <= n <= 6)
    assert list(kinds) == [Kind.TIMING]


def test_what_nothing_explains_says_so_and_the_first_provider_is_chosen() -> None:
    comparison = compare(EOD, "AAA", {"a": bars([*CLOSES[:3], 102.9, *CLOSES[4:]]), "b": bars(CLOSES)})
    assert of_close(comparison) == [(3, Kind.UNEXPLAINED, "a")]


def test_a_majority_outvotes_the_order_of_preference() -> None:
    frames = {"a": bars([*CLOSES[:3], 102.9, *CLOSES[4:]]), "b": bars(CLOSES), "c": bars(CLOSES)}
    comparison = compare(EOD, "AAA", frames)
    assert of_close(comparison) == [(3, Kind.UNEXPLAINED, "b")]
    assert comparison.differences[0].values == {"a": 102.9, "b": 102.0, "c": 102.0}


def test_a_column_that_one_provider_alone_has_is_no_difference() -> None:
    assert compare(EOD, "AAA", {"a": bars(CLOSES, volume=10.0), "b": bars(CLOSES)}).differences == ()


def test_other_currencies_differ_in_words() -> None:
    comparison = compare(EOD, "AAA", {"a": bars(CLOSES, currency="USD"), "b": bars(CLOSES, currency="CAD")})
    assert comparison.counts == {"currency": {"unexplained": len(CLOSES)}}


def test_one_provider_alone_cannot_be_compared() -> None:
    with pytest.raises(ParameterError, match="at least two"):
        compare(EOD, "AAA", {"a": bars(CLOSES)})


@given(
    st.lists(st.floats(1, 1e4), min_size=1, max_size=12),
    st.lists(st.floats(1, 1e4), min_size=1, max_size=12),
)
def test_every_value_is_agreed_or_differs_with_all_candidates_kept(
    one: list[float], other: list[float]
) -> None:
    comparison = compare(EOD, "AAA", {"a": bars(list(one)), "b": bars(list(other))})
    assert comparison.compared == 4 * max(len(one), len(other))
    assert all(set(d.values) == {"a", "b"} and d.chosen in {"a", "b"} for d in comparison.differences)
    assert comparison.agreed >= 0
