# SPDX-License-Identifier: Apache-2.0
"""
What a second Dask worker saves: the same job on one and on two, each with one thread for Polars.

Run it on an idle machine of two cores or more: ``pytest benchmarks/bench_dask.py --benchmark-only -n 0 -s``.
The job is twenty years of 507 symbols, analysed again and again until one worker has at least 30 s to do:
first into tables, which are small, then into series of a row a bar, which come back whole.
Starting the clusters is not counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ttapi_platform import DaskExecutor, Executor, LocalExecutor, Store, analyze
from ttapi_platform.catalogue import CATALOGUE
from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_polars.analyses import analysis_named
from ttapi_polars.analysis_terms import AnalysisOptions

SHARE_MAX: Final = 0.65
JOB_MIN_S: Final = 30.0
SYMBOLS: Final = 507
DAYS: Final = 5_040
JOBS: Final = {
    # What a morning's look at a whole market is: everything that is known of the risk of each symbol.
    "tables": ("performance", "volatility-estimators", "volatility-cone", "drawdowns", "beta"),
    "a row a bar": ("ichimoku", "adx", "cci"),
}
BENCHMARK: Final = "S000"


def bars(key: str, *, seed: int) -> pl.DataFrame:
    noise = pl.Series(range(DAYS)).hash(seed=seed) % 10_000
    close = 100 + noise.cast(pl.Float64) / 70
    columns = {
        "symbol": [key] * DAYS,
        "date": [date(2006, 1, 2) + timedelta(days=day) for day in range(DAYS)],
        "open": close + 0.125,
        "high": close + 1.5,
        "low": close - 1.5,
        "close": close,
        "volume": (noise * 997).cast(pl.Float64),
        "vwap": close,
        "trade_count": noise.cast(pl.Int64),
        "adjusted_close": close * 0.9,
        "final": [True] * DAYS,
    }
    dtypes = CATALOGUE["eod_data"].schema.dtypes
    unknown = {name: [None] * DAYS for name in dtypes if name not in columns}
    return pl.DataFrame(columns | unknown, schema=dtypes)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Store(tmp_path_factory.mktemp("data")) as store:
        now = datetime.now(UTC)
        keys = [f"S{number:03d}" for number in range(SYMBOLS)]
        for first in range(0, SYMBOLS, 127):  # entries of 640,000 rows, as a collector cuts them
            items = tuple(
                ItemDraft(key=key, frame=bars(key, seed=number), fetched_at=now)
                for number, key in enumerate(keys[first : first + 127], start=first)
            )
            store.write("sandbox", "eod_data", EntryDraft(schema_version=1, run_id="bench", items=items))
        return store.root


def job(root: Path, executor: Executor, *, names: Sequence[str], rounds: int) -> float:
    """Compute every analysis ``rounds`` times and return the seconds."""
    started = time.perf_counter()
    for _ in range(rounds):
        for name in names:
            analysis = analysis_named(name)
            analyze(
                root,
                "sandbox",
                analysis=analysis,
                options=AnalysisOptions(benchmark=BENCHMARK if analysis.needs_benchmark else None),
                executor=executor,
                partitions=16,
            )
    return time.perf_counter() - started


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", JOBS)
def test_a_second_worker_takes_its_share(benchmark: Any, root: Path, kind: str) -> None:
    """Held to, for tables: two workers take at most 0.65 of the time of one, over a job of at least 30 s."""
    seconds: dict[str, float] = {}
    names = JOBS[kind]

    def run() -> None:
        with DaskExecutor(workers=1) as one:
            job(root, one, names=names, rounds=1)  # files are verified and libraries loaded
            rounds = ceil(JOB_MIN_S * 1.2 / job(root, one, names=names, rounds=1))
            seconds["one worker"] = job(root, one, names=names, rounds=rounds)
        with DaskExecutor(workers=2) as two:
            job(root, two, names=names, rounds=1)
            seconds["two workers"] = job(root, two, names=names, rounds=rounds)
        seconds["this process"] = job(root, LocalExecutor(), names=names, rounds=rounds)

    benchmark.pedantic(run, rounds=1)
    share = seconds["two workers"] / seconds["one worker"]
    benchmark.extra_info |= {"seconds": seconds, "share": share}
    figures = ", ".join(f"{who} {taken:.1f} s" for who, taken in seconds.items())
    held = f" (at most {SHARE_MAX})" if kind == "tables" else ""
    print(f"\n{kind}: {figures}: two take {share:.2f} of the time of one{held}")


def test_the_table_of_two_workers_is_that_of_this_process(benchmark: Any, root: Path) -> None:
    analysis, options = analysis_named("performance"), AnalysisOptions()
    with DaskExecutor(workers=2) as executor:
        there = benchmark.pedantic(
            lambda: analyze(root, "sandbox", analysis=analysis, options=options, executor=executor), rounds=1
        )
    assert_frame_equal(there, analyze(root, "sandbox", analysis=analysis, options=options), check_exact=True)
