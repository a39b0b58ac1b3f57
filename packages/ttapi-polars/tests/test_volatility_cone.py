# SPDX-License-Identifier: Apache-2.0
"""The volatility cone: quartiles against the standard library, gaps, and days that come twice."""

import statistics
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import realized_volatility, volatility_cone

RANDOM = Random(7)


def bars(closes: list[float | None], symbol: str = "A") -> pl.LazyFrame:
    days = [date(2024, 1, 1) + timedelta(days=i) for i in range(len(closes))]
    return pl.LazyFrame({"symbol": symbol, "date": days, "close": pl.Series(closes, dtype=pl.Float64)})


def walk(days: int) -> list[float]:
    prices = [100.0]
    for _ in range(days - 1):
        prices.append(prices[-1] * (1 + RANDOM.gauss(0, 0.02)))
    return prices


def test_quartiles_equal_those_of_the_standard_library() -> None:
    closes = walk(60)
    (row,) = volatility_cone(bars(closes), windows=[10]).collect().rows(named=True)
    expression = realized_volatility(pl.col("close"), window=10, periods_per_year=252)
    estimates = bars(closes).select(expression).collect().to_series().drop_nulls().to_list()
    quartiles = statistics.quantiles(estimates, n=4, method="inclusive")
    assert [row["lower_quartile"], row["median"], row["upper_quartile"]] == pytest.approx(quartiles)
    assert (row["minimum"], row["maximum"]) == (min(estimates), max(estimates))
    assert (row["estimates"], row["latest"]) == (50, estimates[-1])
    assert row["percentile"] == sum(value <= estimates[-1] for value in estimates) / 50


def test_each_symbol_and_window_has_a_row_whatever_the_order_of_rows() -> None:
    frame = (
        pl.concat([bars(walk(30), "B"), bars(walk(30), "A")])
        .collect()
        .sample(fraction=1, shuffle=True, seed=3)
    )
    cone = volatility_cone(frame.lazy(), windows=[5, 20]).collect()
    assert cone.select("symbol", "window").rows() == [("A", 5), ("A", 20), ("B", 5), ("B", 20)]
    alone = volatility_cone(frame.lazy().filter(symbol="B"), windows=[5, 20]).collect()
    assert cone.filter(symbol="B").equals(alone)


def test_a_window_longer_than_the_history_is_null_and_counts_nothing() -> None:
    row = volatility_cone(bars(walk(5)), windows=[20]).collect().row(0, named=True)
    assert row == dict.fromkeys(row) | {"symbol": "A", "window": 20, "estimates": 0}


def test_a_gap_in_the_newest_window_leaves_the_range_and_not_the_latest() -> None:
    row = volatility_cone(bars([*walk(30), None]), windows=[5]).collect().row(0, named=True)
    assert (row["estimates"], row["latest"], row["percentile"]) == (25, None, None)
    assert row["median"] is not None


@pytest.mark.parametrize("day", [date(2024, 1, 1), None])
def test_a_day_twice_or_no_day_makes_the_symbol_null(day: date | None) -> None:
    extra = bars([100.0]).with_columns(pl.lit(day).cast(pl.Date).alias("date"))
    row = volatility_cone(pl.concat([bars(walk(30)), extra]), windows=[5]).collect().row(0, named=True)
    assert (row["estimates"], row["median"], row["latest"]) == (0, None, None)


@pytest.mark.parametrize("windows", [[], [20, 20], [1], [20, True]])
def test_wrong_windows_raise(windows: list[int]) -> None:
    with pytest.raises(ParameterError, match="windows"):
        volatility_cone(bars([]), windows=windows)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="'date'"):
        volatility_cone(bars([]).drop("date"))
