# SPDX-License-Identifier: Apache-2.0
"""Drawdowns: against exact loops, real prices and empyrical, and null rather than wrong."""

import math
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from importlib import import_module
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import drawdown, drawdown_table, max_drawdown

CLOSE = pl.col("close")
COLUMNS = {
    "symbol": pl.String,
    "start": pl.Date,
    "trough": pl.Date,
    "end": pl.Date,
    "peak": pl.Float64,
    "depth": pl.Float64,
    "bars_to_trough": pl.UInt32,
    "bars": pl.UInt32,
}
UNUSABLE = [None, math.nan, math.inf, -math.inf, 0.0, -1.0]
PRICE = st.integers(min_value=1, max_value=6).map(float) | st.floats(min_value=1e-9, max_value=1e12)
PRICES = st.lists(PRICE | st.sampled_from(UNUSABLE), max_size=30)


def is_usable(price: float | None) -> bool:
    return price is not None and math.isfinite(price) and price > 0


def column(prices: list[float | None], expression: pl.Expr) -> list[float | None]:
    return pl.DataFrame({"close": prices}, schema={"close": pl.Float64}).select(expression)["close"].to_list()


def bars(prices: dict[str, list[float | None]]) -> pl.LazyFrame:
    rows = [
        {"symbol": symbol, "date": day(i), "close": close}
        for symbol, closes in prices.items()
        for i, close in enumerate(closes)
    ]
    return pl.LazyFrame(rows, schema={"symbol": pl.String, "date": pl.Date, "close": pl.Float64})


def day(i: int) -> date:
    return date(2024, 1, 1) + timedelta(days=i)


def table_of(prices: list[float | None], *, depth_min: float = 0.0) -> list[tuple[object, ...]]:
    table = drawdown_table(bars({"A": prices}), depth_min=depth_min).collect()
    return table.drop("symbol", "peak").rows()


def naive_table(
    prices: list[float | None], day: Callable[[int], date | None] = day
) -> list[tuple[object, ...]]:
    """The episodes of one symbol by walking from bar to bar, in exact fractions."""
    known = [(day(i), Fraction(p)) for i, p in enumerate(prices) if is_usable(p)]
    rows, i = [], 0
    while i < len(known):
        start, peak = known[i]
        below = []
        while i + 1 + len(below) < len(known) and known[i + 1 + len(below)][1] < peak:
            below.append(known[i + 1 + len(below)])
        i += 1 + len(below)
        if below:
            lowest = min(price for _, price in below)
            trough = next(j for j, (_, price) in enumerate(below) if price == lowest)
            end = known[i][0] if i < len(known) else None
            bars_ = len(below) + (end is not None)
            rows.append((start, below[trough][0], end, 1 - lowest / peak, trough + 1, bars_))
    return rows


@given(PRICES)
@settings(max_examples=60)
def test_drawdown_equals_an_exact_loop(prices: list[float | None]) -> None:
    answer = column(prices, drawdown(CLOSE))
    peak = Fraction(0)
    for ours, price in zip(answer, prices, strict=True):
        if not is_usable(price):
            assert ours is None
            continue
        peak = max(peak, Fraction(price))
        assert -1 <= ours <= 0
        # One rounding in the difference and one in the quotient, each half of 2**-52 of the result.
        assert abs(Fraction(ours) - (Fraction(price) / peak - 1)) <= Fraction(2.0**-52) * abs(Fraction(ours))


@given(PRICES)
@settings(max_examples=40)
def test_max_drawdown_is_the_deepest_and_null_without_prices(prices: list[float | None]) -> None:
    depths = [x for x in column(prices, drawdown(CLOSE)) if x is not None]
    assert column(prices, max_drawdown(CLOSE)) == [min(depths, default=None)]


@pytest.mark.parametrize(
    ("prices", "expected"),
    [([], None), (UNUSABLE, None), ([5.0], 0.0), ([1.0, 2.0, 2.0], 0.0), ([1e300, 1e-300], -1.0)],
)
def test_max_drawdown_at_the_edges(prices: list[float | None], expected: float | None) -> None:
    assert column(prices, max_drawdown(CLOSE)) == [expected]


@given(PRICES, st.integers(min_value=-20, max_value=20))
@settings(max_examples=30)
def test_drawdown_does_not_depend_on_the_unit_of_prices(prices: list[float | None], power: int) -> None:
    """A factor that is a power of two changes no digit."""
    scaled = [None if price is None else price * 2.0**power for price in prices]
    assert column(scaled, drawdown(CLOSE)) == column(prices, drawdown(CLOSE))


@given(PRICES)
@settings(max_examples=60)
def test_drawdown_table_equals_an_exact_walk(prices: list[float | None]) -> None:
    answer, expected = table_of(prices), naive_table(prices)
    if not any(map(is_usable, prices)):
        assert answer == ([(None,) * 6] if prices else [])
        return
    assert [row[:3] + row[4:] for row in answer] == [row[:3] + row[4:] for row in expected]
    for row, exact in zip(answer, expected, strict=True):
        assert row[3] == pytest.approx(float(exact[3]), rel=4e-16)


@given(PRICES)
@settings(max_examples=30)
def test_drawdown_table_agrees_with_max_drawdown(prices: list[float | None]) -> None:
    depths = [row[3] for row in table_of(prices) if row[3] is not None]
    deepest = column(prices, max_drawdown(CLOSE))[0]
    assert max(depths, default=0.0) == -(deepest or 0.0)


def test_drawdown_table_has_the_promised_columns_and_types() -> None:
    assert drawdown_table(bars({})).collect_schema() == pl.Schema(COLUMNS)
    assert drawdown_table(bars({})).collect().shape == (0, 8)
    assert drawdown_table(bars({"A": [2.0, 1.0]})).collect().schema == pl.Schema(COLUMNS)


def test_drawdown_table_starts_at_the_last_bar_of_a_level_peak_and_ends_at_the_level() -> None:
    """The trough is the first of two equal lowest bars; to be back at the peak is to have recovered."""
    assert table_of([4.0, 4.0, 2.0, 2.0, 4.0, 4.0]) == [(day(1), day(2), day(4), 0.5, 1, 3)]


def test_drawdown_table_given_no_recovery_has_no_end() -> None:
    assert table_of([4.0, 3.0, 1.0, 2.0]) == [(day(0), day(2), None, 0.75, 2, 3)]


def test_drawdown_table_given_unusable_bars_neither_counts_nor_uses_them() -> None:
    assert table_of([4.0, None, 2.0, math.nan, 0.0, 4.0]) == [(day(0), day(2), day(5), 0.5, 1, 2)]


def test_drawdown_table_lists_from_the_least_depth_on() -> None:
    prices = [4.0, 3.0, 4.0, 1.0, 4.0, 2.0, 5.0]
    assert [row[3] for row in table_of(prices, depth_min=0.5)] == [0.75, 0.5]
    assert table_of(prices, depth_min=1) == []


@given(st.dictionaries(st.sampled_from("ABCD"), PRICES, min_size=1), st.randoms())
@settings(max_examples=30)
def test_drawdown_table_depends_on_no_order_no_other_symbol_and_no_engine(
    prices: dict[str, list[float | None]], random: Random
) -> None:
    frame = bars(prices).collect()
    order = list(range(frame.height))
    random.shuffle(order)
    cut = len(order) // 2
    shuffled = pl.concat([frame[order[:cut]], frame[order[cut:]]], rechunk=False).lazy()
    alone = [drawdown_table(bars({symbol: prices[symbol]})).collect() for symbol in sorted(prices)]
    assert_frame_equal(drawdown_table(shuffled).collect(), pl.concat(alone))
    assert_frame_equal(drawdown_table(shuffled).collect(engine="streaming"), pl.concat(alone))


@pytest.mark.parametrize("broken", [day(1), None])
def test_drawdown_table_given_a_time_twice_or_none_says_so_of_that_symbol_alone(broken: date | None) -> None:
    extra = pl.LazyFrame(
        {"symbol": ["A"], "date": [broken], "close": [1.0]}, schema_overrides={"date": pl.Date}
    )
    frame = pl.concat([bars({"A": [3.0, 2.0, 4.0], "B": [4.0, 2.0, 4.0]}), extra])
    table = drawdown_table(frame, depth_min=0.1).collect()
    assert table["symbol"].to_list() == ["A", "B"]
    assert table["depth"].to_list() == [None, 0.5]
    assert set(table.drop("symbol").row(0)) == {None}


def test_drawdown_table_given_other_names_and_times_gives_the_same() -> None:
    frame = bars({"A": [4.0, 2.0, 3.0]})
    renamed = frame.rename({"symbol": "time", "date": "price", "close": "symbol"})
    table = drawdown_table(renamed, symbol="time", time="price", price="symbol")
    assert_frame_equal(table, drawdown_table(frame))
    timed = drawdown_table(frame.with_columns(pl.col("date").cast(pl.Datetime("us", "UTC")))).collect()
    assert timed["trough"].dt.replace_time_zone(None).to_list() == [datetime(2024, 1, 2)]  # noqa: DTZ001


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float32, pl.Null])
def test_drawdown_table_takes_any_type_of_number(dtype: pl.DataType) -> None:
    frame = pl.LazyFrame({"symbol": "A", "date": [day(0), day(1)], "close": [4, 3]})
    if dtype == pl.Null:
        assert drawdown_table(frame.with_columns(close=None)).collect()["depth"].to_list() == [None]
    else:
        assert drawdown_table(frame.cast({"close": dtype})).collect()["depth"].to_list() == [0.25]


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan, math.inf, "0.1", True])
def test_drawdown_table_given_a_wrong_depth_raises(wrong: object) -> None:
    with pytest.raises(ParameterError, match="depth_min"):
        drawdown_table(bars({}), depth_min=wrong)


@pytest.mark.parametrize(("name", "kind"), [("close", "numbers"), ("date", "dates or times")])
def test_drawdown_table_given_a_wrong_column_names_it(name: str, kind: str) -> None:
    with pytest.raises(DataError, match=rf"'{name}'.*columns present: ") as caught:
        drawdown_table(bars({}).drop(name))
    assert caught.value.column == name
    with pytest.raises(DataError, match=f"expected {kind}"):
        drawdown_table(bars({}).cast({name: pl.String}))


@pytest.mark.parametrize("function", [drawdown, max_drawdown])
@given(st.lists(st.tuples(st.sampled_from("AB"), PRICE | st.none()), max_size=25), st.integers(0, 25))
@settings(max_examples=25)
def test_drawdown_is_the_same_by_group_by_chunk_and_by_engine(
    function: Callable[[pl.Expr], pl.Expr], rows: list[tuple[str, float | None]], cut: int
) -> None:
    frame = pl.DataFrame(rows, schema={"symbol": pl.String, "close": pl.Float64}, orient="row")
    over = function(CLOSE).over("symbol").alias("answer")
    whole = frame.with_columns(over)
    for symbol in frame["symbol"].unique():
        alone = frame.filter(symbol=symbol).with_columns(function(CLOSE).alias("answer"))
        assert_series_equal(whole.filter(symbol=symbol)["answer"], alone["answer"])
    chunks = pl.concat([frame[:cut], frame[cut:]], rechunk=False).lazy()
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(chunks.with_columns(over).collect(engine=engine), whole)


def test_drawdowns_of_real_prices_equal_those_of_empyrical(published_bars: pl.DataFrame) -> None:
    """empyrical compounds returns to wealth from 1, which is the ratio of each price to the first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        empyrical = import_module("empyrical")
    prices = published_bars.select("symbol", close="adjusted_close")
    for _, group in prices.group_by("symbol"):
        returns = group["close"].to_numpy()[1:] / group["close"].to_numpy()[:-1] - 1
        ours = group.select(a=drawdown(CLOSE), b=max_drawdown(CLOSE))
        assert ours["b"][0] == pytest.approx(empyrical.max_drawdown(returns), rel=1e-12)
        theirs = empyrical.stats.drawdown_series(returns).tolist()
        assert ours["a"].to_list()[1:] == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_drawdown_table_of_real_prices_equals_an_exact_walk(published_bars: pl.DataFrame) -> None:
    """Five companies, 13 years. Apple's fall of March 2000 took until 2003, and until 2005 to be made good."""
    frame = published_bars.lazy().select(Ticker="symbol", Date="date", Adjusted="adjusted_close")
    names = {"price": "Adjusted", "symbol": "Ticker", "time": "Date"}
    table = drawdown_table(frame, **names).collect()
    for (symbol,), group in frame.collect().group_by("Ticker", maintain_order=True):
        rows = table.filter(symbol=symbol).drop("symbol", "peak").rows()
        days = dict(enumerate(group["Date"].to_list()))
        expected = naive_table(group["Adjusted"].to_list(), day=days.get)
        assert [(*row[:3], *row[4:]) for row in rows] == [(*row[:3], *row[4:]) for row in expected]
        assert [row[3] for row in rows] == pytest.approx([float(row[3]) for row in expected], rel=4e-16)
    apple = drawdown_table(frame, **names, depth_min=0.5).filter(symbol="AAPL").collect().row(0, named=True)
    assert (apple["start"], apple["trough"]) == (date(2000, 3, 22), date(2003, 4, 17))
    assert apple["end"] == date(2005, 1, 26)
