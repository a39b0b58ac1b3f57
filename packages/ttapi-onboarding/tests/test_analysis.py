# SPDX-License-Identifier: Apache-2.0
"""Which price a volatility is made of, and which bars."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from ttapi_core import DataAnswer, DataRequest, Outcome, UnknownNameError
from ttapi_platform import Collector, Store, analyze
from ttapi_platform.testing import ScriptedProvider
from ttapi_polars.analyses import analysis_named
from ttapi_polars.analysis_terms import AnalysisOptions

CLOSES = [100.0, 102.0, 51.0, 52.0, 51.5]
ADJUSTED = [50.0, 51.0, 51.0, 52.0, 51.5]


def bars(closes: list[float], adjusted: list[float | None], final: list[bool]):  # noqa: ANN201 - an answering function
    def answer(request: DataRequest, key: str) -> DataAnswer:
        n = len(closes)
        columns: dict[str, list[object]] = {
            "symbol": [key] * n,
            "date": [date(2026, 11, 2) + timedelta(days=i) for i in range(n)],
            **{name: list(closes) for name in ("open", "high", "low", "close")},
            "volume": [None] * n,
            "vwap": [None] * n,
            "trade_count": [None] * n,
            "adjusted_close": list(adjusted),
            "final": list(final),
        }
        return DataAnswer(dataset=request.dataset, key=key, outcome=Outcome.FRESH, columns=columns)

    return answer


@pytest.fixture
async def store(tmp_path: Path, provider: ScriptedProvider) -> Iterator[Store]:
    final = [True] * 5
    provider.overrides["eod_data", "AAPL"] = bars(CLOSES, list(ADJUSTED), final)
    provider.overrides["eod_data", "MSFT"] = bars(CLOSES, [*ADJUSTED[:4], None], final)
    provider.overrides["eod_data", "SPY"] = bars([*CLOSES[:4], 500.0], list(CLOSES), [*final[:4], False])
    with Store(tmp_path) as store:
        await Collector(store, provider).collect(
            ["AAPL", "MSFT", "SPY"], datasets=["eod_data"], since=date(2026, 11, 1)
        )
        yield store


def volatility_table(store: Store, *, price: str = "auto") -> pl.DataFrame:
    options = AnalysisOptions(price=price, days_min=3)
    return analyze(store.root, "scripted", analysis=analysis_named("volatility"), options=options)


def volatilities(store: Store, price: str) -> dict[str, tuple[str, float]]:
    table = volatility_table(store, price=price)
    return {row["symbol"]: (row["price"], row["volatility"]) for row in table.iter_rows(named=True)}


async def test_volatility_takes_the_adjusted_price_where_every_day_has_one(store: Store) -> None:
    """Half a price after a split is no move."""
    found = volatilities(store, "auto")
    assert [found[symbol][0] for symbol in ("AAPL", "MSFT", "SPY")] == [
        "adjusted_close",
        "close",
        "adjusted_close",
    ]
    assert found["AAPL"][1] < 0.5 < found["MSFT"][1]


@pytest.mark.parametrize("price", ["close", "adjusted_close"])
async def test_volatility_given_a_price_takes_that(store: Store, price: str) -> None:
    assert {used for used, _ in volatilities(store, price).values()} == {price}


async def test_volatility_leaves_out_the_bar_of_an_open_session(store: Store) -> None:
    found = volatility_table(store, price="close")
    assert found.filter(symbol="SPY")["days"].item() == 4
    assert found.filter(symbol="SPY")["last_close"].item() == 52.0


async def test_volatility_given_another_price_names_those_there_are(store: Store) -> None:
    with pytest.raises(UnknownNameError, match="auto, close, adjusted_close"):
        volatility_table(store, price="vwap")


def test_volatility_of_an_empty_store_has_no_rows(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert volatility_table(store).height == 0
