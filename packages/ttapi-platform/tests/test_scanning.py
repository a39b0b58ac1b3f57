# SPDX-License-Identifier: Apache-2.0
"""A scan is the read that it stands for, and decodes no more than the query needs."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core import CorruptEntryError, DataError, ManualClock, ParameterError, UnknownNameError
from ttapi_platform import Store, scan_dataset
from ttapi_platform.assembly import Stretch
from ttapi_platform.scanning import GAP_ROWS_MAX, PIECES_MAX, SLICES_MAX, pieces_of

SANDBOX = ("sandbox", "eod_data")
KEYS = [f"S{number:02d}" for number in range(40)]
Writes = list[dict[str, int]]


def written(store: Store, sample: Any, writes: Writes, clock: ManualClock) -> None:
    """Write entries, each of some keys with so many rows; the n-th holds closes from 1000 n on."""
    for number, rows_by_key in enumerate(writes):
        clock.advance(60)
        items = [sample.item(key, 1000 * number, rows) for key, rows in rows_by_key.items()]
        store.write(*SANDBOX, sample.entry(*items))


writes = st.lists(
    st.dictionaries(st.sampled_from(KEYS), st.integers(0, 4), min_size=1), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=writes,
    keys=st.none() | st.sets(st.sampled_from([*KEYS, "unheard of"])),
    columns=st.none() | st.permutations(["symbol", "date", "close"]).map(lambda names: names[:2]),
    minutes=st.none() | st.integers(0, 7),
)
def test_scan_equals_read_for_any_history_keys_columns_and_time(
    history: Writes,
    keys: set[str] | None,
    columns: list[str] | None,
    minutes: int | None,
    tmp_path_factory: pytest.TempPathFactory,
    sample: Any,
) -> None:
    as_of = None if minutes is None else sample.START + timedelta(minutes=minutes)
    clock = ManualClock(sample.START)
    with Store(tmp_path_factory.mktemp("data"), clock=clock, disk=sample.disk()) as store:
        written(store, sample, history, clock)
        expected = store.read(*SANDBOX, keys, columns=columns, as_of=as_of)
        plan = scan_dataset(store, *SANDBOX, keys=keys, columns=columns, as_of=as_of)
        assert_frame_equal(plan.collect(), expected)
        assert_frame_equal(plan.collect(engine="streaming"), expected)
        if expected.width == 3:
            query = pl.col("close").sum(), pl.len()
            answer = plan.group_by("symbol", maintain_order=True).agg(query).collect()
            assert_frame_equal(answer, expected.group_by("symbol", maintain_order=True).agg(query))
            assert_frame_equal(
                plan.filter(pl.col("close") > 1001).tail(3).collect(),
                expected.filter(pl.col("close") > 1001).tail(3),
            )


def scans_of(plan: pl.LazyFrame) -> list[str]:
    """Return how each Parquet file is scanned, by the optimised plan."""
    return re.findall(r"Parquet SCAN.*\n\s*PROJECT (\S+) COLUMNS", plan.explain())


def test_scan_decodes_only_the_columns_of_the_query(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(*(sample.item(key) for key in KEYS)))
    assert scans_of(store.scan(*SANDBOX).select("close")) == ["1/3"]
    assert scans_of(store.scan(*SANDBOX, columns=["close", "symbol"])) == ["2/3"]


def test_scan_opens_only_entries_that_hold_a_wanted_record(store: Store, sample: Any) -> None:
    for key in ("AAPL", "MSFT", "SPY"):
        store.write(*SANDBOX, sample.entry(sample.item(key)))
    assert store.scan(*SANDBOX, ["MSFT"]).explain().count("Parquet SCAN") == 1


def test_scan_takes_the_rows_of_one_key_as_a_slice(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(*(sample.item(key) for key in KEYS)))
    assert "SLICE: Positive { offset: 21, len: 3 }" in store.scan(*SANDBOX, [KEYS[7]]).explain()


def test_scan_of_refreshed_keys_keeps_the_number_of_slices_down(
    store: Store, sample: Any, clock: ManualClock
) -> None:
    """Keys in turn from seven entries are seven slices brought into order, not one a key."""
    history = [dict.fromkeys(KEYS, 3), *(dict.fromkeys(KEYS[first::7], 2) for first in range(1, 7))]
    written(store, sample, history, clock)
    plan = store.scan(*SANDBOX)
    assert plan.explain().count("Parquet SCAN") == len(history)
    assert_frame_equal(plan.collect(), store.read(*SANDBOX))


def test_scan_leaves_out_wide_gaps_and_reads_over_narrow_ones(store: Store, sample: Any) -> None:
    rows = {key: GAP_ROWS_MAX + 1 if number == 20 else 3 for number, key in enumerate(KEYS)}
    store.write(*SANDBOX, sample.entry(*(sample.item(key, rows=count) for key, count in rows.items())))
    wanted = KEYS[::2][: SLICES_MAX // 2 + 1] + KEYS[21::2]
    plan = store.scan(*SANDBOX, wanted)
    assert plan.explain().count("Parquet SCAN") == 2
    assert_frame_equal(plan.collect(), store.read(*SANDBOX, wanted))


def test_pieces_of_scattered_keys_are_few_and_hold_every_row() -> None:
    """Each is a file held open."""
    step = 2 * GAP_ROWS_MAX
    stretches = [Stretch(f"entry {n % 3}", n * step, n * step + 3) for n in range(5 * PIECES_MAX)]
    pieces = list(pieces_of(stretches))
    assert len(pieces) <= PIECES_MAX
    for entry, first, last in stretches:
        assert any(piece.entry == entry and piece.first <= first and last <= piece.last for piece in pieces)


def test_scan_tells_polars_that_symbols_come_in_order(store: Store, sample: Any) -> None:
    for dataset, is_known in [("eod_data", True), ("unheard_of", False)]:
        store.write("sandbox", dataset, sample.entry(sample.item("SPY"), sample.item("AAPL")))
        frame = store.scan("sandbox", dataset).collect()
        assert frame["symbol"].flags["SORTED_ASC"] is is_known


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("file", ["data.parquet", "manifest.json"])
@pytest.mark.parametrize("cut", [True, False])
def test_scan_of_a_damaged_entry_is_an_error_not_fewer_rows(
    store: Store, sample: Any, read_only: bool, file: str, cut: bool
) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    store.write(*SANDBOX, sample.entry(sample.item("QQQ")))
    path = next(store.root.glob(f"*/*/*/{file}"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content[:-1] if cut else content)
    with (
        Store(store.root, read_only=read_only) as other,
        pytest.raises(CorruptEntryError, match=path.parent.name),
    ):
        other.scan(*SANDBOX)


def test_scan_raises_as_long_as_a_damaged_entry_stands(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    next(store.root.glob("*/*/*/manifest.json")).write_text("{}")
    other = Store(store.root, read_only=True)
    for _ in range(2):
        with pytest.raises(CorruptEntryError, match="ttapi collect fetches its keys again"):
            other.scan(*SANDBOX)
    assert store.verify().damaged != ()
    assert other.scan(*SANDBOX).collect().is_empty()


def test_scan_of_an_unknown_column_names_those_that_exist(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("SPY")))
    with pytest.raises(UnknownNameError, match="one of symbol, date, close"):
        store.scan(*SANDBOX, columns=["delta"])


def test_scan_as_of_without_time_zone_is_refused(store: Store, sample: Any) -> None:
    with pytest.raises(ParameterError, match="time zone"):
        store.scan(*SANDBOX, as_of=sample.START.replace(tzinfo=None))


def test_scan_across_schema_versions_reads_null_where_a_column_was_not(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("OLD")))
    newer = sample.frame("NEW").with_columns(vwap=pl.lit(1.5))
    store.write(*SANDBOX, sample.entry(sample.item("NEW", frame=newer), schema_version=2))
    assert_frame_equal(store.scan(*SANDBOX).collect(), store.read(*SANDBOX))


def test_scan_of_schemas_that_do_not_fit_together_is_a_data_error(store: Store, sample: Any) -> None:
    store.write(*SANDBOX, sample.entry(sample.item("OLD")))
    other = sample.frame("NEW").with_columns(date=pl.lit("x").cast(pl.Categorical))
    store.write(*SANDBOX, sample.entry(sample.item("NEW", frame=other), schema_version=2))
    with pytest.raises(DataError, match="schema versions"):
        store.scan(*SANDBOX)


def test_scan_from_memory_and_from_a_descriptor_are_the_same(tmp_path: Path, sample: Any) -> None:
    """The first look hashes the content and keeps it, later ones trust the unchanged file."""
    with Store(tmp_path / "data", disk=sample.disk()) as store:
        store.write(*SANDBOX, sample.entry(*(sample.item(key) for key in KEYS)))
    other = Store(tmp_path / "data", read_only=True)
    assert_frame_equal(other.scan(*SANDBOX).collect(), other.scan(*SANDBOX).collect())
