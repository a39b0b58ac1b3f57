# SPDX-License-Identifier: Apache-2.0
"""A table is the same however its keys are cut, and accounts for every key."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core import CorruptEntryError, ManualClock, ParameterError, StoreUnavailableError, UnknownNameError
from ttapi_platform import LocalExecutor, Store, analyze
from ttapi_platform.catalogue import CATALOGUE
from ttapi_platform.execution import partition
from ttapi_polars.analyses import ANALYSES, analysis_named
from ttapi_polars.analysis_terms import Analysis, AnalysisOptions

KEYS = ["AAPL", "BRK", "IBM", "MSFT", "QQQ", "SPY", "XOM"]
OPTIONS = AnalysisOptions(days_min=3)
AGAINST_SPY = replace(OPTIONS, benchmark="SPY")


def bars(key: str, days: int) -> pl.DataFrame:
    noise = pl.Series(range(days)).hash(seed=sum(key.encode())) % 1000 / 37.0
    close = 100 + noise
    columns = {
        "symbol": [key] * days,
        "date": [date(2026, 1, 1) + timedelta(days=day) for day in range(days)],
        "open": close + 0.5,
        "high": close + 2,
        "low": close - 2,
        "close": close,
        "volume": noise * 1000,
        "vwap": close,
        "trade_count": [1] * days,
        "adjusted_close": close / 2 if key < "M" else [None] * days,
        "final": [True] * (days - 1) + [False],
    }
    dtypes = CATALOGUE["eod_data"].schema.dtypes
    unknown = {name: [None] * days for name in dtypes if name not in columns}
    return pl.DataFrame(columns | unknown, schema=dtypes)


@pytest.fixture
def root(store: Store, sample: Any, clock: ManualClock) -> Path:
    """A store of symbols of several lengths, some of them refreshed."""
    items = [sample.item(key, frame=bars(key, 90 + 40 * number)) for number, key in enumerate(KEYS)]
    store.write("files", "eod_data", sample.entry(*items))
    clock.advance(60)
    store.write("files", "eod_data", sample.entry(sample.item("IBM", frame=bars("IBM", 300))))
    return store.root


@pytest.mark.parametrize("name", ANALYSES)
def test_table_is_the_same_to_the_last_bit_for_any_number_of_pieces(root: Path, name: str) -> None:
    analysis = ANALYSES[name]
    options = AGAINST_SPY if analysis.needs_benchmark else OPTIONS
    whole = analyze(root, "files", analysis=analysis, options=options, partitions=1)
    assert whole.height > 0
    for count in (2, 3, len(KEYS)):
        cut = analyze(root, "files", analysis=analysis, options=options, partitions=count)
        # Pairs are joined in any order, and a sum over a pair's days ends on another bit.
        assert_frame_equal(cut, whole, check_exact=analysis.per_symbol, rel_tol=1e-12, abs_tol=1e-12)


def test_table_of_one_symbol_is_its_part_of_the_whole(root: Path) -> None:
    analysis = analysis_named("returns")
    whole = analyze(root, "files", analysis=analysis, options=OPTIONS)
    one = analyze(root, "files", analysis=analysis, options=OPTIONS, keys=["IBM"])
    assert_frame_equal(one, whole.filter(symbol="IBM"), check_exact=True)


def test_bars_of_an_open_session_are_left_out(root: Path) -> None:
    table = analyze(root, "files", analysis=analysis_named("returns"), options=OPTIONS, keys=["IBM"])
    assert table.height == 299


def beside(frame: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
    return frame.group_by("symbol").len().with_columns(other=pl.lit(options.benchmark)).sort("symbol")


COUNTS = Analysis(name="counts", title="rows", function=beside, kind="table", needs_benchmark=True)


def test_benchmark_is_at_hand_in_every_piece_and_in_none_of_the_results(root: Path) -> None:
    def seen(frame: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
        return frame.with_columns(benchmark=pl.col("symbol").eq(options.benchmark).sum())

    analysis = replace(COUNTS, function=seen)
    table = analyze(root, "files", analysis=analysis, options=AGAINST_SPY, keys=KEYS[:3], partitions=3)
    assert table["symbol"].unique().sort().to_list() == KEYS[:3]
    assert table["benchmark"].unique().to_list() == [90 + 40 * 5 - 1]


def test_analysis_over_all_symbols_is_one_piece_whatever_is_asked(root: Path) -> None:
    analysis = replace(COUNTS, per_symbol=False)
    calls: list[tuple[int, int]] = []
    executor = LocalExecutor(progress=lambda done, total: calls.append((done, total)))
    analyze(root, "files", analysis=analysis, options=AGAINST_SPY, executor=executor, partitions=5)
    assert calls == [(1, 1)]


def test_unknown_key_and_unknown_benchmark_are_refused(root: Path) -> None:
    for keys, benchmark in [(["ZZZ"], "SPY"), (["IBM"], "ZZZ")]:
        with pytest.raises(ParameterError, match="'ZZZ', expected symbols that are in the store"):
            analyze(root, "files", analysis=COUNTS, options=replace(OPTIONS, benchmark=benchmark), keys=keys)


def test_no_piece_at_all_is_refused(root: Path) -> None:
    with pytest.raises(ParameterError, match="partitions is 0"):
        analyze(root, "files", analysis=COUNTS, options=AGAINST_SPY, partitions=0)


def test_empty_store_and_symbols_without_rows_are_a_table_without_rows(store: Store, sample: Any) -> None:
    analysis = analysis_named("volatility")
    assert analyze(store.root, "files", analysis=analysis, options=OPTIONS).height == 0
    store.write(
        "files",
        "eod_data",
        sample.entry(sample.item("NONE", rows=0, frame=None), sample.item("SPY", frame=None, rows=0)),
    )
    assert analyze(store.root, "files", analysis=analysis, options=OPTIONS).height == 0


def test_damaged_entry_is_an_error(root: Path) -> None:
    for path in root.glob("*/*/*/data.parquet"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(CorruptEntryError):
        analyze(root, "files", analysis=analysis_named("returns"), options=OPTIONS)


class Refreshing(LocalExecutor):
    """An executor in whose time the store goes on."""

    def __init__(self, refresh: Any) -> None:
        super().__init__()
        self.refresh = refresh

    def map(self, function: Any, pieces: Any) -> list[Any]:
        self.refresh()
        return super().map(function, pieces)


@pytest.mark.parametrize("times", [1, 4])
def test_refresh_meanwhile_changes_nothing_or_is_an_error(
    root: Path, store: Store, sample: Any, clock: ManualClock, times: int
) -> None:
    def refresh() -> None:
        for _ in range(times):
            clock.advance(60)
            store.write("files", "eod_data", sample.entry(sample.item("SPY", frame=bars("SPY", 30))))

    analysis = analysis_named("returns")
    before = analyze(root, "files", analysis=analysis, options=OPTIONS)
    if times < 3:
        after = analyze(root, "files", analysis=analysis, options=OPTIONS, executor=Refreshing(refresh))
        assert_frame_equal(after, before, check_exact=True)
    else:
        with pytest.raises(StoreUnavailableError, match="SPY of eod_data is no longer what it was"):
            analyze(root, "files", analysis=analysis, options=OPTIONS, executor=Refreshing(refresh))


def test_progress_is_told_after_each_piece() -> None:
    calls: list[tuple[int, int]] = []
    with LocalExecutor(progress=lambda done, total: calls.append((done, total))) as executor:
        assert executor.map(abs, [-1, -2]) == [1, 2]
    assert calls == [(1, 2), (2, 2)]


def test_cancelled_run_ends_after_the_piece_under_way() -> None:
    executor, started, go_on = LocalExecutor(), threading.Event(), threading.Event()
    computed: list[int] = []

    def piece(number: int) -> None:
        started.set()
        go_on.wait(30)
        computed.append(number)

    def cancel() -> None:
        started.wait(30)
        executor.cancel()
        go_on.set()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(CancelledError):
        executor.map(piece, [1, 2, 3])
    canceller.join()
    assert computed == [1]


def test_error_of_a_piece_reaches_the_caller_as_it_is() -> None:
    def fail(_: int) -> None:
        raise UnknownNameError("price", "vwap", ("close",))

    with pytest.raises(UnknownNameError, match="vwap"):
        LocalExecutor().map(fail, [1])


@given(st.lists(st.integers(0, 1000), max_size=40), st.integers(1, 50))
def test_partition_keeps_every_key_in_order_and_the_pieces_even(weights: list[int], count: int) -> None:
    keys = [f"{number:03d}" for number in range(len(weights))]
    runs = list(partition(keys, weights, count=count))
    assert [key for run in runs for key in run] == keys
    assert 1 <= len(runs) <= count
    share = sum(weights) / count
    for run in runs:
        assert sum(weights[int(key)] for key in run) <= share + max(weights, default=0) + 1e-6
