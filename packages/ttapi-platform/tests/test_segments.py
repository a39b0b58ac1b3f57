# SPDX-License-Identifier: Apache-2.0
"""The files of an entry: one format for all keys at once and each alone, large files by their descriptor."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing.parametric import dataframes

from ttapi_core import CorruptEntryError
from ttapi_platform import segments
from ttapi_platform.segments import DigestMemo, facts_of, format_rows, parquet_bytes, read_rows, scan_rows

CSV_TYPES = [pl.Int64, pl.Float64, pl.Boolean, pl.Date, pl.Datetime("us", "UTC"), pl.String]


@settings(max_examples=60, deadline=None)
@given(
    frame=dataframes(allowed_dtypes=CSV_TYPES, min_cols=1, max_size=12, allow_null=True),
    cut=st.integers(0, 12),
)
def test_lines_of_each_key_are_those_it_has_alone(frame: pl.DataFrame, cut: int) -> None:
    counts = [min(cut, frame.height), 0, frame.height - min(cut, frame.height)]
    header, blocks = format_rows(frame, counts)
    start = 0
    for count, block in zip(counts, blocks, strict=True):
        assert format_rows(frame.slice(start, count), [count]) == (header, [block])
        start += count
    whole = io.BytesIO()
    frame.write_csv(whole)
    assert b"".join([header, *blocks]) == whole.getvalue()


def test_categorical_columns_are_formatted_key_by_key() -> None:
    frame = pl.DataFrame({"a": ["x\ny", "z"]}, schema={"a": pl.Categorical})
    assert format_rows(frame, [1, 1]) == (b"a\n", [b'"x\ny"\n', b"z\n"])


def entry_of(directory: Path, frame: pl.DataFrame) -> tuple[Path, Any]:
    content = parquet_bytes(frame)
    directory.mkdir()
    (directory / "data.parquet").write_bytes(content)
    return directory, facts_of(content)


@pytest.fixture
def large(tmp_path: Path) -> tuple[Path, Any]:
    """An entry that is too large to be copied into memory."""
    rows = segments._IN_MEMORY_MAX // 8 + 100_000
    chance = pl.Series("x", range(rows)).hash(seed=7)
    entry, facts = entry_of(tmp_path / "entry", pl.DataFrame({"x": chance}))
    assert facts.size > segments._IN_MEMORY_MAX
    return entry, facts


def test_large_file_is_hashed_and_read_through_its_descriptor(large: tuple[Path, Any]) -> None:
    entry, facts = large
    memo, span = DigestMemo(), (5_000_000, 5_000_010)
    first = read_rows(entry, facts, span=span, columns=None, memo=memo)
    plan = scan_rows(entry, facts, memo=memo)
    assert first.height == 10
    assert plan.slice(5_000_000, 10).collect().equals(first)
    with (entry / "data.parquet").open("r+b") as file:
        file.seek(facts.size // 2)
        byte = file.read(1)[0]
        file.seek(facts.size // 2)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(CorruptEntryError, match="digest differs"):
        read_rows(entry, facts, span=span, columns=None, memo=DigestMemo())


def test_row_groups_let_one_key_be_read_alone(tmp_path: Path) -> None:
    content = parquet_bytes(pl.DataFrame({"x": range(300_000)}))
    pq = pytest.importorskip("pyarrow.parquet")
    facts = pq.ParquetFile(io.BytesIO(content)).metadata
    assert facts.num_row_groups == 3
    assert facts.row_group(0).column(0).compression == "ZSTD"
    assert facts.row_group(0).column(0).statistics.max == 131_071


def test_times_keep_their_microseconds_and_zone(tmp_path: Path) -> None:
    frame = pl.DataFrame({"at": [datetime(2026, 3, 8, 7, 0, 0, 123456, tzinfo=UTC)]})
    entry, facts = entry_of(tmp_path / "entry", frame)
    assert read_rows(entry, facts, span=(0, 1), columns=None, memo=DigestMemo()).equals(frame)


def test_span_beyond_the_table_is_damage(tmp_path: Path) -> None:
    entry, facts = entry_of(tmp_path / "entry", pl.DataFrame({"x": [1, 2]}))
    with pytest.raises(CorruptEntryError, match="2 rows where the manifest says 3"):
        read_rows(entry, facts, span=(0, 3), columns=None, memo=DigestMemo())


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), asyncio.CancelledError(), SystemExit(), MemoryError()]
)
def test_interrupt_while_a_table_is_parsed_is_not_taken_for_damage(
    tmp_path: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)), segments._damage_named(tmp_path / "data.parquet"):
        raise error


@pytest.mark.parametrize("error", [pl.exceptions.PanicException("index out of bounds"), ValueError("zstd")])
def test_whatever_a_parser_raises_is_damage(tmp_path: Path, error: BaseException) -> None:
    """PanicException is no Exception: unguarded it would end the program."""
    with (
        pytest.raises(CorruptEntryError, match=r"data\.parquet cannot be parsed"),
        segments._damage_named(tmp_path / "data.parquet"),
    ):
        raise error
