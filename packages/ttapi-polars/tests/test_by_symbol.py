# SPDX-License-Identifier: Apache-2.0
"""Tables of one row a symbol: any order of rows, a known order, and what was claimed and is not so."""

import math
import statistics
from datetime import date, timedelta
from functools import partial
from itertools import pairwise
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import deviation_by_symbol, summarize, volatility, volatility_by_symbol

PRICE = st.floats(min_value=0.01, max_value=1e5)
COLUMNS = ["symbol", "days", "volatility", "last_close", "first_date", "last_date"]


def stdev_of_log_returns(prices: list[float]) -> float:
    return statistics.stdev(math.log(after / before) for before, after in pairwise(prices))


def bars(prices: dict[str, list[float | None]]) -> pl.LazyFrame:
    rows = [
        {"symbol": symbol, "date": date(2024, 1, 1) + timedelta(days=i), "close": close}
        for symbol, closes in prices.items()
        for i, close in enumerate(closes)
    ]
    return pl.LazyFrame(rows, schema={"symbol": pl.String, "date": pl.Date, "close": pl.Float64})


def test_volatility_by_symbol_has_the_promised_columns_and_types() -> None:
    answer = volatility_by_symbol(bars({"A": [10.0, 11.0, 10.0]}), days_min=3)
    assert answer.collect_schema() == pl.Schema(
        dict(
            zip(
                COLUMNS,
                [pl.String, pl.UInt32, pl.Float64, pl.Float64, pl.Date, pl.Date],
                strict=True,
            )
        )
    )


@given(
    st.dictionaries(
        st.sampled_from(["SPY", "AAPL", "BRK/B", "Z"]), st.lists(PRICE, min_size=3, max_size=15), min_size=1
    ),
    st.randoms(),
)
@settings(max_examples=30)
def test_volatility_by_symbol_does_not_depend_on_the_order_of_rows(
    prices: dict[str, list[float]], random: Random
) -> None:
    frame = bars(prices).collect()
    order = list(range(frame.height))
    random.shuffle(order)
    answer = volatility_by_symbol(frame[order].lazy(), days_min=3).collect()
    assert answer["symbol"].to_list() == sorted(prices)
    for row in answer.iter_rows(named=True):
        expected = stdev_of_log_returns(prices[row["symbol"]]) * math.sqrt(252)
        assert row["volatility"] == pytest.approx(expected, rel=1e-10, abs=1e-13)
        assert row["days"] == len(prices[row["symbol"]])
        assert row["last_close"] == prices[row["symbol"]][-1]


def test_volatility_by_symbol_equals_volatility_over_symbol() -> None:
    frame = bars({"A": [10.0, 11.0, 12.0, 11.5], "B": [5.0, 4.0, 4.5, 4.4]})
    over = frame.with_columns(volatility(pl.col("close")).over("symbol")).unique(["symbol"]).sort("symbol")
    by_symbol = volatility_by_symbol(frame, days_min=3).collect()
    assert by_symbol["volatility"].to_list() == over.collect()["close"].to_list()


@pytest.mark.parametrize(("days", "known"), [(19, False), (20, True)])
def test_volatility_by_symbol_given_too_few_days_is_null_not_wrong(days: int, known: bool) -> None:
    answer = volatility_by_symbol(bars({"A": [10.0 + i % 3 for i in range(days)]})).collect()
    assert answer["days"].item() == days
    assert (answer["volatility"].item() is not None) is known


def test_volatility_by_symbol_given_gaps_counts_returns_and_not_only_days() -> None:
    """Each gap takes two returns away; the days that are left are still counted."""
    closes = [10.0, 11.0, None, 12.0, 0.0, 11.0, math.nan, 12.0, 11.0]
    row = volatility_by_symbol(bars({"A": closes}), days_min=3).collect().row(0, named=True)
    assert row["days"] == 6
    assert row["volatility"] == pytest.approx(
        statistics.stdev([math.log(1.1), math.log(11 / 12)]) * math.sqrt(252)
    )
    assert volatility_by_symbol(bars({"A": closes}), days_min=4).collect()["volatility"].item() is None


def test_volatility_by_symbol_given_unusable_ends_reports_the_usable_span() -> None:
    closes = [None, 10.0, 11.0, 12.0, -1.0]
    row = volatility_by_symbol(bars({"A": closes}), days_min=3).collect().row(0, named=True)
    assert (row["first_date"], row["last_date"], row["last_close"]) == (
        date(2024, 1, 2),
        date(2024, 1, 4),
        12.0,
    )


@pytest.mark.parametrize("broken", [date(2024, 1, 1), None])
def test_volatility_by_symbol_given_a_day_twice_or_no_day_is_null(broken: date | None) -> None:
    extra = pl.LazyFrame(
        {"symbol": ["A"], "date": [broken], "close": [10.5]}, schema_overrides={"date": pl.Date}
    )
    frame = pl.concat([bars({"A": [10.0, 11.0, 12.0], "B": [1.0, 2.0, 3.0]}), extra])
    answer = volatility_by_symbol(frame, days_min=3).collect()
    assert answer["volatility"].is_null().to_list() == [True, False]


def test_volatility_by_symbol_given_no_rows_has_no_rows() -> None:
    answer = volatility_by_symbol(bars({})).collect()
    assert (answer.columns, answer.height) == (COLUMNS, 0)


def test_volatility_by_symbol_given_other_column_names_gives_the_same() -> None:
    frame = bars({"A": [10.0, 11.0, 12.0]})
    renamed = frame.rename({"symbol": "ticker", "date": "day", "close": "adjusted"})
    answer = volatility_by_symbol(renamed, days_min=3, symbol="ticker", time="day", price="adjusted")
    assert_frame_equal(answer, volatility_by_symbol(frame, days_min=3))


def test_volatility_by_symbol_given_a_missing_column_names_it_and_those_present() -> None:
    with pytest.raises(DataError, match=r"'close'.*columns present: symbol, date") as caught:
        volatility_by_symbol(bars({}).drop("close"))
    assert caught.value.column == "close"


def test_volatility_by_symbol_given_text_prices_raises() -> None:
    with pytest.raises(DataError, match="expected numbers"):
        volatility_by_symbol(bars({}).cast({"close": pl.String}))


def test_volatility_by_symbol_given_too_few_days_min_raises() -> None:
    with pytest.raises(ParameterError, match="days_min"):
        volatility_by_symbol(bars({}), days_min=2)


@given(
    st.dictionaries(
        st.sampled_from(["SPY", "AAPL", "BRK/B", "Z"]),
        st.lists(st.one_of(PRICE, st.sampled_from([None, 0.0, -1.0, math.nan, math.inf])), max_size=15),
    ),
    st.sampled_from(["in-memory", "streaming"]),
)
@settings(max_examples=40)
def test_volatility_by_symbol_given_a_known_order_is_the_same(
    prices: dict[str, list[float | None]], engine: str
) -> None:
    """But for roundings: the general case takes differences of logarithms, the known order of prices."""
    frame = bars(prices).sort("symbol", "date")
    known = volatility_by_symbol(frame, days_min=3, is_sorted=True).collect(engine=engine)
    general = volatility_by_symbol(frame, days_min=3).collect()
    assert_frame_equal(known, general, rel_tol=1e-11, abs_tol=1e-12)  # of logarithms up to 12, times 16
    assert_frame_equal(known.drop("volatility"), general.drop("volatility"), check_exact=True)


@pytest.mark.parametrize("days", [[1, 3, 2], [1, 2, 2], [1, None, 2]])
def test_volatility_by_symbol_given_days_that_do_not_rise_in_a_known_order_is_null(days: list[int]) -> None:
    frame = pl.LazyFrame({"symbol": "A", "date": pl.Series(days).cast(pl.Date), "close": [10.0, 11.0, 10.0]})
    assert volatility_by_symbol(frame, days_min=3, is_sorted=True).collect()["volatility"].to_list() == [None]


@pytest.mark.parametrize("symbols", [["A", "B", "A"], ["B", "B", "A"], ["A", None, "B"], ["A", "C", "B"]])
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_an_order_claimed_in_vain_is_an_error_that_names_the_symbols(
    symbols: list[str | None], engine: str
) -> None:
    frame = bars({"A": [10.0, 11.0, 12.0]}).with_columns(pl.Series("symbol", symbols))
    plans = (
        volatility_by_symbol(frame, days_min=3, is_sorted=True),
        summarize(frame, pl.len(), is_sorted=True),
        deviation_by_symbol(frame, is_sorted=True),
    )
    for plan in plans:
        with pytest.raises(DataError, match="is not in order") as caught:
            plan.collect(engine=engine)
        assert caught.value.column == "symbol"


@given(st.dictionaries(st.sampled_from("ABCD"), st.lists(PRICE, min_size=1, max_size=9)), st.randoms())
@settings(max_examples=30)
def test_summarize_sees_each_symbol_in_time_order(prices: dict[str, list[float]], random: Random) -> None:
    frame = bars(prices).collect()
    order = list(range(frame.height))
    random.shuffle(order)
    measures = (
        pl.col("close").first().alias("first"),
        pl.col("close").last().alias("last"),
        volatility(pl.col("close")).alias("volatility"),
    )
    answer = summarize(frame[order].lazy(), *measures).collect()
    assert answer["symbol"].to_list() == sorted(prices)
    assert answer.select("first", "last").rows() == [(prices[s][0], prices[s][-1]) for s in sorted(prices)]
    known = summarize(frame.lazy().sort("symbol", "date"), *measures, is_sorted=True).collect()
    assert_frame_equal(answer, known, check_exact=True)


def test_summarize_given_no_measure_raises() -> None:
    with pytest.raises(ParameterError, match="measures"):
        summarize(bars({}))


def test_summarize_given_text_days_names_the_column_and_what_it_expects() -> None:
    with pytest.raises(DataError, match="'date': holds String, expected dates or times"):
        summarize(bars({}).cast({"date": pl.String}), pl.len())


@pytest.mark.parametrize("days", [[1, 3, 2], [1, 2, 2], [1, None, 2]])
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_summarize_given_days_that_do_not_rise_in_a_known_order_is_an_error(
    days: list[int | None], engine: str
) -> None:
    frame = pl.LazyFrame({"symbol": "A", "date": pl.Series(days).cast(pl.Date), "close": [10.0, 11.0, 10.0]})
    with pytest.raises(DataError, match="does not rise within A") as caught:
        summarize(frame, volatility(pl.col("close")), is_sorted=True).select("close").collect(engine=engine)
    assert caught.value.column == "date"


def test_summarize_without_times_takes_the_order_as_it_is() -> None:
    frame = bars({"A": [3.0, 1.0, 2.0], "B": [5.0]}).drop("date")
    answer = summarize(frame, pl.col("close").first(), time=None, is_sorted=True).collect()
    assert answer.rows() == [("A", 3.0), ("B", 5.0)]
    with pytest.raises(ParameterError, match="time"):
        summarize(frame, pl.len(), time=None)


def test_volatility_by_symbol_without_times_has_no_dates_and_takes_the_order_as_it_is() -> None:
    frame = bars({"A": [10.0, 11.0, None, 12.0, 11.0, 10.0], "B": [5.0]})
    timed = volatility_by_symbol(frame, days_min=3, is_sorted=True).collect()
    answer = volatility_by_symbol(frame.drop("date"), days_min=3, time=None, is_sorted=True).collect()
    assert_frame_equal(answer, timed.drop("first_date", "last_date"), check_exact=True)
    with pytest.raises(ParameterError, match="time"):
        volatility_by_symbol(frame, time=None)


@given(
    st.dictionaries(
        st.sampled_from(["SPY", "AAPL", "Z"]),
        st.lists(st.one_of(st.floats(-1e6, 1e6), st.sampled_from([None, math.nan, -math.inf])), max_size=15),
    ),
    st.sampled_from(["in-memory", "streaming"]),
)
@settings(max_examples=40)
def test_deviation_by_symbol_is_the_same_in_any_order_and_in_a_known_one(
    values: dict[str, list[float | None]], engine: str
) -> None:
    frame = bars(values).sort("symbol", "date")
    known = deviation_by_symbol(frame, is_sorted=True).collect(engine=engine)
    assert known.schema == {"symbol": pl.String, "rows": pl.UInt32, "deviation": pl.Float64}
    assert_frame_equal(known, deviation_by_symbol(frame.reverse()).collect(), rel_tol=1e-9, abs_tol=1e-9)
    for row in known.iter_rows(named=True):
        used = [value for value in values[row["symbol"]] if value is not None and math.isfinite(value)]
        assert row["rows"] == len(used)


def test_categorical_symbols_take_the_general_plan_and_give_the_same() -> None:
    frame = bars({"A": [10.0, 11.0, 12.5], "B": [5.0, 4.0, 4.5]})
    told = frame.with_columns(pl.col("symbol").cast(pl.Categorical))
    for measure in (deviation_by_symbol, partial(volatility_by_symbol, days_min=3)):
        general = measure(told, is_sorted=True).with_columns(pl.col("symbol").cast(pl.String))
        assert_frame_equal(measure(frame, is_sorted=True), general, rel_tol=1e-13)


def test_deviation_by_symbol_given_integers_and_no_rows() -> None:
    frame = pl.LazyFrame({"symbol": ["A", "A"], "close": [1, 3]})
    assert deviation_by_symbol(frame, is_sorted=True).collect().rows() == [("A", 2, math.sqrt(2))]
    assert deviation_by_symbol(frame.clear(), is_sorted=True).collect().height == 0


def test_summarize_given_symbols_without_an_order_names_the_column() -> None:
    frame = bars({"A": [1.0]}).with_columns(pl.struct("symbol").alias("symbol"))
    with pytest.raises(DataError, match="expected names that can be put in order"):
        summarize(frame, pl.len())
