# SPDX-License-Identifier: Apache-2.0
"""Real daily bars from files: collected, stored, shown, and their volatility equal to an independent one."""

from __future__ import annotations

import csv
import gzip
import json
import math
import statistics
import subprocess
import sys
from datetime import date
from importlib.metadata import distribution
from itertools import pairwise
from pathlib import Path

import pytest

from ttapi_platform import Collector, FilesProvider, Store, resolve_universe
from ttapi_polars import volatility_by_symbol

SAMPLE = Path(str(distribution("bokeh_sampledata").locate_file("bokeh_sampledata/_data/stocks.csv.gz")))
ROWS = {"AAPL": 3270, "FB": 196, "GOOG": 2148, "IBM": 3270, "MSFT": 3270}


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A directory with the bars of five companies, 2000 to 2013, raw and adjusted, one file each."""
    directory = tmp_path / "bars"
    directory.mkdir()
    with gzip.open(SAMPLE, "rt", newline="") as file:
        heading, *rows = csv.reader(file)
    for symbol in ROWS:
        with (directory / f"{symbol}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(heading[1:])
            writer.writerows(row[1:] for row in rows if row[0] == symbol)
    return directory


def independent_volatility(path: Path, column: str) -> float:
    """Annualised sample deviation of log returns, by the standard library alone, exactly summed."""
    with path.open(newline="") as file:
        closes = [float(row[column]) for row in csv.DictReader(file)]
    returns = [math.log(after / before) for before, after in pairwise(closes)]
    mean = math.fsum(returns) / len(returns)
    variance = math.fsum((value - mean) ** 2 for value in returns) / (len(returns) - 1)
    assert math.isclose(math.sqrt(variance), statistics.stdev(returns), rel_tol=1e-12)
    return math.sqrt(variance * 252)


@pytest.mark.parametrize("price", ["close", "adjusted_close"])
async def test_volatility_of_stored_bars_equals_an_independent_one(
    bars: Path, tmp_path: Path, price: str
) -> None:
    store, provider = Store(tmp_path / "data"), FilesProvider(bars)
    universe = await resolve_universe(provider, store=store)
    report = await Collector(store, provider).collect(universe.keys, since=date(2000, 1, 1))
    assert {outcome.key: outcome.rows for outcome in report.outcomes} == ROWS
    table = volatility_by_symbol(store.read("files", "eod_data").lazy(), price=price).collect()
    column = "Close" if price == "close" else "Adj Close"
    expected = {symbol: independent_volatility(bars / f"{symbol}.csv", column) for symbol in ROWS}
    # 1e-12: the logarithms and sums of 3,270 doubles in another order.
    assert dict(table.select("symbol", "volatility").iter_rows()) == pytest.approx(expected, rel=1e-12)


def test_command_line_collects_and_shows_them(bars: Path, tmp_path: Path) -> None:
    def ttapi(*arguments: str) -> str:
        command = [sys.executable, "-m", "ttapi_app", "--data-dir", str(tmp_path / "data"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    report = json.loads(
        ttapi("collect", "--provider", "files", "--path", str(bars), "--since", "2000-01-01", "--json")
    )
    assert report["datasets"]["eod_data"]["rows"] == sum(ROWS.values())
    assert report["missing"] == report["skipped"] == []
    shown = ttapi("show", "eod_data", "AAPL", "--provider", "files", "--format", "ndjson", "--limit", "1")
    assert json.loads(shown)["adjusted_close"] == pytest.approx(4.186662803811, abs=1e-12)
