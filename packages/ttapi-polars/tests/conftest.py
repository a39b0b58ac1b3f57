# SPDX-License-Identifier: Apache-2.0
"""Properties are tried without a time limit a case: the first case of a kernel compiles it; and published prices."""

from importlib.metadata import distribution

import polars as pl
import pytest
from hypothesis import settings

settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")

APPLE_FROM_2019 = "AAPL from 2019"


def published(package: str, file: str) -> pl.DataFrame:
    path = distribution(package).locate_file(f"{package}/_data/{file}")
    bars = pl.read_csv(str(path), try_parse_dates=True)
    ours = {"Ticker": "symbol", "Adj Close": "adjusted_close", "adj_close": "adjusted_close"}
    return bars.rename(ours, strict=False).rename(str.lower)


@pytest.fixture(scope="session")
def published_bars() -> pl.DataFrame:
    """Daily bars of five companies, 2000 to 2013, raw and adjusted, by symbol and date."""
    return published("bokeh_sampledata", "stocks.csv.gz").sort("symbol", "date")


@pytest.fixture(scope="session")
def apple_bars() -> pl.DataFrame:
    """Daily bars of Apple, 2019 to 2024."""
    return published("hvsampledata", "apple_stocks.csv").with_columns(symbol=pl.lit("AAPL")).sort("date")


@pytest.fixture(scope="session", params=["AAPL", APPLE_FROM_2019, "FB", "GOOG", "IBM", "MSFT"])
def stock(
    request: pytest.FixtureRequest, published_bars: pl.DataFrame, apple_bars: pl.DataFrame
) -> pl.DataFrame:
    """Bars of one company after another, in whole cents, so that sums are exact in any order."""
    bars = apple_bars if request.param == APPLE_FROM_2019 else published_bars.filter(symbol=request.param)
    return bars.select((pl.col("high", "low", "close") * 100).round(), pl.col("volume").cast(pl.Float64))
