# SPDX-License-Identifier: Apache-2.0
"""True ranges: against TA-Lib."""

from importlib.metadata import distribution

import numpy as np
import polars as pl
import pytest
import talib

from ttapi_polars.true_ranges import average_true_range, true_range

HIGH, LOW, CLOSE, VOLUME = (pl.col(name) for name in ("high", "low", "close", "volume"))


def stock(symbol: str) -> pl.DataFrame:
    """Daily bars of 2000 to 2013, and of 2019 to 2024; in whole cents, so that sums are exact in both."""
    distribution_name, file = ("bokeh_sampledata", "stocks.csv.gz")
    if symbol == "AAPL from 2019":
        distribution_name, file = ("hvsampledata", "apple_stocks.csv")
    path = distribution(distribution_name).locate_file(f"{distribution_name}/_data/{file}")
    table = pl.read_csv(str(path)).rename(str.lower)
    if "ticker" in table.columns:
        table = table.filter(pl.col("ticker") == symbol)
    return table.select((pl.col("high", "low", "close") * 100).round(), pl.col("volume").cast(pl.Float64))


SYMBOLS = ["AAPL", "AAPL from 2019", "FB", "GOOG", "IBM", "MSFT"]
STOCKS = {symbol: stock(symbol) for symbol in SYMBOLS}
ON_STOCKS = pytest.mark.parametrize("symbol", SYMBOLS)
ON_WINDOWS = pytest.mark.parametrize("window", [2, 5, 14, 50])


def arrays(symbol: str, *columns: str) -> list[np.ndarray]:
    return [STOCKS[symbol][column].to_numpy() for column in columns]


def assert_same(answer: pl.Series, expected: np.ndarray, *, tolerance: float = 1e-12) -> None:
    """Every row, nulls included; a fraction of the greatest value is what sums in another order may differ by."""
    expected_nulls = np.isnan(expected)
    assert answer.is_null().to_list() == expected_nulls.tolist()
    found, known = answer.drop_nulls().to_numpy(), expected[~expected_nulls]
    assert known.size > 0
    assert np.abs(found - known).max() <= tolerance * np.abs(known).max()


@ON_STOCKS
def test_true_range_equals_talib_to_the_last_digit(symbol: str) -> None:
    answer = STOCKS[symbol].select(true_range(HIGH, LOW, close=CLOSE)).to_series()
    assert_same(answer, talib.TRANGE(*arrays(symbol, "high", "low", "close")), tolerance=0)


@ON_STOCKS
@pytest.mark.parametrize("window", [1, 2, 5, 14, 50])
def test_average_true_range_equals_talib(symbol: str, window: int) -> None:
    answer = STOCKS[symbol].select(average_true_range(HIGH, LOW, close=CLOSE, window=window)).to_series()
    assert_same(answer, talib.ATR(*arrays(symbol, "high", "low", "close"), window))


def test_true_range_given_a_bar_without_close_takes_its_row_and_the_next() -> None:
    bars = pl.DataFrame(
        {"high": [3.0, 4.0, 5.0, 6.0], "low": [1.0, 2.0, 3.0, 4.0], "close": [2.0, None, 4.0, 5.0]}
    )
    answer = bars.select(true_range(HIGH, LOW, close=CLOSE)).to_series()
    assert answer.to_list() == [None, None, None, 2.0]
