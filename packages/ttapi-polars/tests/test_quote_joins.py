# SPDX-License-Identifier: Apache-2.0
"""Trades beside quotes: against a loop in plain Python; ties, ages, bad input; and spreads."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import effective_spread, quoted_spread, quotes_to_trades

START = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)
SYMBOL = st.sampled_from(["A", "B", None])
TIME = st.one_of(st.none(), st.integers(0, 12).map(lambda second: START + timedelta(seconds=second)))
TRADES = st.lists(st.tuples(SYMBOL, TIME, st.integers(1, 99)), max_size=15)
QUOTES = st.lists(st.tuples(SYMBOL, TIME, st.one_of(st.none(), st.integers(1, 999))), max_size=20)
TIMES = {"symbol": pl.String, "time": pl.Datetime("us", "UTC")}


def trades_of(rows: list[Any]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=TIMES | {"price": pl.Int64}, orient="row")


def quotes_of(rows: list[Any]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=TIMES | {"bid": pl.Int64}, orient="row")


def naive_join(
    trades: list[Any], quotes: list[Any], tolerance: timedelta | None, strictly_before: bool
) -> list[Any]:
    """Look at every quote for every trade; of equally late ones the last given stays."""
    answer = []
    for symbol, time, price in trades:
        best = None
        for quoted_symbol, quoted, bid in quotes:
            if None in (symbol, time, quoted_symbol, quoted) or symbol != quoted_symbol:
                continue
            early_enough = quoted < time or (quoted == time and not strictly_before)
            if early_enough and (best is None or quoted >= best[1]):
                best = (bid, quoted)
        if best is None or (tolerance is not None and time - best[1] > tolerance):
            answer.append((symbol, time, price, None, None, None))
        else:
            answer.append((symbol, time, price, best[0], best[1], time - best[1]))
    return answer


@given(TRADES, QUOTES, st.sampled_from([None, timedelta(seconds=1), timedelta(seconds=4)]), st.booleans())
@settings(max_examples=60)
def test_quotes_to_trades_equals_a_loop_over_all_pairs(
    trades: list[Any], quotes: list[Any], tolerance: timedelta | None, strictly_before: bool
) -> None:
    query = quotes_to_trades(
        trades_of(trades), quotes_of(quotes), tolerance=tolerance, strictly_before=strictly_before
    )
    expected = naive_join(trades, quotes, tolerance, strictly_before)
    for engine in ("in-memory", "streaming"):
        found = query.collect(engine=engine)
        assert found.with_columns(pl.col("quote_age").cast(pl.Duration("us"))).rows() == expected


def test_quotes_to_trades_given_two_quotes_at_a_time_takes_the_last() -> None:
    quotes = [("A", START, 10), ("A", START, 12), ("A", START, None), ("A", START, 11)]
    joined = quotes_to_trades(trades_of([("A", START, 1)]), quotes_of(quotes)).collect()
    assert joined["bid"].to_list() == [11]


def test_quotes_to_trades_given_units_and_zones_that_differ_compares_instants() -> None:
    quotes = quotes_of([("A", START, 10)]).with_columns(
        (pl.col("time").dt.convert_time_zone("Asia/Tokyo") + timedelta(microseconds=1)).dt.cast_time_unit(
            "ns"
        )
    )
    trades = trades_of([("A", START, 1), ("A", START + timedelta(milliseconds=1), 2)])
    trades = trades.with_columns(pl.col("time").dt.cast_time_unit("ms"))
    joined = quotes_to_trades(trades, quotes).collect()
    assert joined["bid"].to_list() == [None, 10]
    assert joined["quote_age"].to_list() == [None, timedelta(microseconds=999)]
    assert joined.schema["quote_time"] == pl.Datetime("ns", "Asia/Tokyo")


def test_quotes_to_trades_given_nothing_has_its_schema() -> None:
    joined = quotes_to_trades(trades_of([]), quotes_of([])).collect()
    assert joined.columns == ["symbol", "time", "price", "bid", "quote_time", "quote_age"]


@pytest.mark.parametrize("tolerance", [timedelta(0), timedelta(seconds=-1), "1s", 5])
def test_quotes_to_trades_given_no_tolerance_refuses_at_the_call(tolerance: Any) -> None:
    with pytest.raises(ParameterError, match="tolerance"):
        quotes_to_trades(trades_of([]), quotes_of([]), tolerance=tolerance)


@pytest.mark.parametrize(
    ("quotes", "column"),
    [
        (quotes_of([]).drop("time"), "time"),
        (quotes_of([]).with_columns(pl.col("time").dt.replace_time_zone(None)), "time"),
        (quotes_of([]).with_columns(pl.col("time").dt.date()), "time"),
        (quotes_of([]).cast({"symbol": pl.Categorical}), "symbol"),
        (quotes_of([]).with_columns(price=1), "price"),
        (quotes_of([]).with_columns(quote_age=1), "quote_age"),
    ],
)
def test_quotes_to_trades_given_frames_that_do_not_fit_names_the_column(
    quotes: pl.LazyFrame, column: str
) -> None:
    with pytest.raises(DataError) as caught:
        quotes_to_trades(trades_of([]), quotes)
    assert caught.value.column == column


BAD = [None, 0.0, -1.0, math.nan, math.inf]


@pytest.mark.parametrize("bad", BAD)
def test_spreads_given_an_unusable_side_are_null(bad: float | None) -> None:
    frame = pl.DataFrame({"p": [10.0], "x": [bad]}, schema={"p": pl.Float64, "x": pl.Float64})
    p, x = pl.col("p"), pl.col("x")
    for spread in (
        quoted_spread(p, x),
        quoted_spread(x, p),
        effective_spread(x, p, p),
        effective_spread(p, x, p),
    ):
        assert frame.select(spread).item() is None


def test_spreads_given_quotes_are_fractions_of_the_middle() -> None:
    frame = pl.DataFrame({"p": [10.5, 10.0, 9.0], "bid": [9.5, 10.0, 10.2], "ask": [10.5, 10.0, 10.0]})
    bid, ask = pl.col("bid"), pl.col("ask")
    assert frame.select(quoted_spread(bid, ask))["bid"].to_list() == [0.1, 0.0, None]
    assert frame.select(effective_spread(pl.col("p"), bid, ask))["p"].to_list() == [0.1, 0.0, None]


def test_spreads_given_prices_near_the_end_of_float_stay_finite() -> None:
    frame = pl.DataFrame({"p": [1.7e308], "bid": [1.5e308], "ask": [1.7e308]})
    assert frame.select(quoted_spread(pl.col("bid"), pl.col("ask"))).item() == pytest.approx(0.125)
    assert frame.select(effective_spread(pl.col("p"), pl.col("bid"), pl.col("ask"))).item() == pytest.approx(
        0.125
    )


def test_quotes_to_trades_given_many_rows_is_the_same_in_the_streaming_engine() -> None:
    def column(n: int, step: int, name: str) -> pl.LazyFrame:
        i = pl.int_range(n)
        return pl.select(
            symbol=pl.concat_str(pl.lit("S"), i % 5),
            time=pl.lit(START) + pl.duration(milliseconds=(i * step) % 90_001),
            **{name: i},
        ).lazy()

    query = quotes_to_trades(column(50_000, 7919, "price"), column(80_000, 104_729, "bid"))
    assert_frame_equal(query.collect(engine="streaming"), query.collect())


def test_effective_spread_beyond_float_is_null() -> None:
    frame = pl.DataFrame({"price": [1e12, 2.0], "bid": [1e-300, 1.0], "ask": [1e-300, 1.0]})
    answer = frame.select(effective_spread(pl.col("price"), pl.col("bid"), pl.col("ask"))).to_series()
    assert answer.to_list() == [None, 2.0]
