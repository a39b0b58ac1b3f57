# SPDX-License-Identifier: Apache-2.0
"""
The files of an entry: written once into a temporary sibling, read from one descriptor, digest first.

How Parquet is written was chosen by measuring (the figures are in docs/store.md): zstd, whose files are the
smallest, and a scan waits for the disk before it waits for zstd; groups of 131,072 rows, in which prices of
cents repeat so often that a dictionary of them halves the time of reading; and that dictionary given up early
where prices do not repeat, for then it only costs.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl
from cachetools import LRUCache

from ttapi_core.errors import CorruptEntryError, DataError, StoreError
from ttapi_platform.disk import Disk, store_error
from ttapi_platform.manifests import (
    CSV,
    FORMAT_VERSION,
    MANIFEST,
    PARQUET,
    FileFacts,
    Manifest,
    RecordFacts,
    decode_manifest,
    encode_manifest,
    entry_name,
)

_ROW_GROUP_ROWS: Final = 131_072
_DICTIONARY_BYTES_MAX: Final = 256 * 1024
"""A column with more distinct values than fit (32,768 numbers a row group) is written plain from there on."""
_CSV_ROWS: Final = 16_384
_COMPRESSION_LEVEL: Final = 3
_IN_MEMORY_MAX: Final = 64 * 1024 * 1024
"""A larger file is hashed and parsed through its descriptor instead of being copied into memory."""
_DIGESTS_MAX: Final = 16_384
_DAMAGE: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.EIO, errno.EINVAL}
)
"""The file is missing, is no file, or lies on a bad sector; other errors concern the store, not the entry."""
_LINE_TYPES: Final = (pl.Boolean, pl.Date, pl.Datetime, pl.Decimal, pl.Time, pl.Duration)


class VanishedEntryError(Exception):
    """An entry was removed between the listing and the opening; never leaves the store."""


class DigestMemo:
    """The files whose digest was verified by this process, by what identifies an unchanged file."""

    def __init__(self) -> None:
        self._digests: LRUCache[tuple[int, int, int, int], str] = LRUCache(_DIGESTS_MAX)
        self._lock = threading.Lock()

    def knows(self, facts: os.stat_result, sha256: str) -> bool:
        """Tell whether this file was seen to have that digest."""
        with self._lock:
            return self._digests.get(_identity(facts)) == sha256

    def remember(self, facts: os.stat_result, sha256: str) -> None:
        """Note that this file has that digest."""
        with self._lock:
            self._digests[_identity(facts)] = sha256


def _identity(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


# ---------------------------------------------------------------------------------------------- writing


def format_rows(frame: pl.DataFrame, counts: Sequence[int]) -> tuple[bytes, list[bytes]]:
    """
    Format a table as CSV.

    Parameters
    ----------
    frame
        The rows of all keys, one key after the other.
    counts
        Rows of each key.

    Returns
    -------
    tuple
        The header line, and the lines of each key, all with a final line break.

    Raises
    ------
    DataError
        If a column has no form in CSV.
    """
    try:
        header, blocks, start = _csv(frame.clear(), header=True), [], 0
        for group in _groups(counts):
            blocks += _blocks(frame.slice(start, sum(group)), group)
            start += sum(group)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"cannot be written as CSV: {error}") from error
    return header, blocks


def _groups(counts: Sequence[int]) -> Iterator[list[int]]:
    """Gather keys up to some thousand rows: a text of 100 MB in one piece would stop all other threads."""
    group: list[int] = []
    rows = 0
    for count in counts:
        group.append(count)
        rows += count
        if rows >= _CSV_ROWS:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _blocks(frame: pl.DataFrame, counts: Sequence[int]) -> list[bytes]:
    if len(counts) <= 1 or not _rows_are_lines(frame):
        return [_csv(part) for part in _parts(frame, counts)]
    lines = iter(_csv(frame).splitlines(keepends=True))
    return [b"".join(islice(lines, count)) for count in counts]


def _rows_are_lines(frame: pl.DataFrame) -> bool:
    """Whether no cell can hold a line break: then many keys are formatted in one call, three times faster."""
    if not all(d.is_numeric() or d in _LINE_TYPES or d == pl.String for d in frame.schema.values()):
        return False
    return not frame.select(pl.any_horizontal(pl.col(pl.String).str.contains(r"[\r\n]").any(), False)).item()


def _parts(frame: pl.DataFrame, counts: Sequence[int]) -> Iterator[pl.DataFrame]:
    start = 0
    for count in counts:
        yield frame.slice(start, count)
        start += count


def _csv(frame: pl.DataFrame, *, header: bool = False) -> bytes:
    buffer = io.BytesIO()
    if frame.width:
        frame.write_csv(buffer, include_header=header)
    return buffer.getvalue()


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """
    Return a table as a Parquet file.

    Raises
    ------
    DataError
        If a column has no form in Parquet.
    """
    import pyarrow as pa  # noqa: PLC0415 - who only reads does without; it takes 0.1 s to load
    import pyarrow.parquet as pq  # noqa: PLC0415 - likewise

    buffer = io.BytesIO()
    try:
        # Of the two writers at hand pyarrow's files are read in two thirds of the time, and are 5 % smaller.
        pq.write_table(
            frame.to_arrow(),
            buffer,
            compression="zstd",
            compression_level=_COMPRESSION_LEVEL,
            row_group_size=_ROW_GROUP_ROWS,
            dictionary_pagesize_limit=_DICTIONARY_BYTES_MAX,
        )
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise DataError(f"cannot be written as Parquet: {error}") from error
    return buffer.getvalue()


def facts_of(data: bytes) -> FileFacts:
    """Return size and digest of a file's content."""
    return FileFacts(size=len(data), sha256=hashlib.sha256(data).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """
    An entry before it is written.

    Parameters
    ----------
    frame, csv
        The rows of all records, one after the other, as a table and as text with a header.
    records
        One for each key, in the order of the rows.
    created
        When it becomes known; the first part of its name.
    """

    provider: str
    dataset: str
    schema_version: int
    run_id: str
    created: datetime
    frame: pl.DataFrame
    csv: bytes
    records: tuple[RecordFacts, ...]


def write_segment(disk: Disk, temporary: Path, segment: Segment) -> tuple[Path, Manifest]:
    """
    Write an entry under a temporary name and give it its own; return its path and manifest.

    A reader sees all of it or nothing: files and directory are durable before the entry has its name.
    """
    parquet = parquet_bytes(segment.frame)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        provider=segment.provider,
        dataset=segment.dataset,
        schema_version=segment.schema_version,
        run_id=segment.run_id,
        created=segment.created,
        writer=temporary.name.removeprefix(".tmp-"),
        files={PARQUET: facts_of(parquet), CSV: facts_of(segment.csv)},
        rows=segment.frame.height,
        records=segment.records,
    )
    content = encode_manifest(manifest)
    final = temporary.with_name(entry_name(segment.created, content))
    disk.make_directory(temporary)
    disk.write(temporary / PARQUET, parquet)
    disk.write(temporary / CSV, segment.csv)
    disk.write(temporary / MANIFEST, content)
    disk.sync_directory(temporary)
    disk.rename(temporary, final)
    disk.sync_directory(final.parent)
    return final, manifest


# ---------------------------------------------------------------------------------------------- reading


def read_manifest(entry: Path) -> Manifest | None:
    """
    Read the manifest of an entry and compare the sizes of its data files; None if it is of a newer layout.

    Raises
    ------
    CorruptEntryError
        If the entry is not whole.
    VanishedEntryError
        If it was removed meanwhile.
    StoreUnavailableError
        If it may not be read.
    """
    with _opened(entry / MANIFEST) as file:
        manifest = decode_manifest(file.read(), entry.name)
    if manifest is None:
        return None
    if (manifest.provider, manifest.dataset) != (entry.parent.parent.name, entry.parent.name):
        raise CorruptEntryError(f"{entry.name}: belongs to {manifest.provider}/{manifest.dataset}")
    for name, facts in manifest.files.items():
        with _opened(entry / name) as file, _damage_named(entry / name):
            _require_size(file, facts)
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """Open a file of an entry; its absence means damage, unless the whole entry is gone."""
    with _translated_reading(path):
        # Without blocking, so that a planted FIFO cannot hang the reader; links are not followed.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            file = open(descriptor, "rb", closefd=False)  # noqa: SIM115 - closed with its descriptor below
            yield file
        finally:
            os.close(descriptor)


@contextmanager
def _translated_reading(path: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        if error.errno not in _DAMAGE:
            raise store_error(error, path) from error
        if not os.path.lexists(path.parent):
            raise VanishedEntryError(path.parent.name) from error
        raise CorruptEntryError(f"{path.parent.name}: {path.name}: {error.strerror}") from error


def _require_size(file: io.BufferedReader, facts: FileFacts) -> os.stat_result:
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode) or found.st_size != facts.size:
        raise CorruptEntryError(f"a file of {found.st_size} bytes where the manifest says {facts.size}")
    return found


def verify_file(path: Path, facts: FileFacts, *, memo: DigestMemo | None = None) -> None:
    """
    Compare a data file with what the manifest says; a memo spares the second look at an unchanged file.

    Raises
    ------
    CorruptEntryError
        If size or digest differ.
    """
    with _opened(path) as file, _damage_named(path):
        _verified(file, facts, memo or DigestMemo())


def _verified(file: io.BufferedReader, facts: FileFacts, memo: DigestMemo) -> bytes | io.BufferedReader:
    """Return what to parse: the very bytes that were hashed, or the descriptor of a large or known file."""
    found = _require_size(file, facts)
    if memo.knows(found, facts.sha256):
        return file
    small = facts.size <= _IN_MEMORY_MAX
    content = file.read() if small else b""
    digest = hashlib.sha256(content) if small else hashlib.file_digest(file, "sha256")
    if digest.hexdigest() != facts.sha256:
        raise CorruptEntryError("the digest differs from the one in the manifest")
    memo.remember(found, facts.sha256)
    file.seek(0)
    return content if small else file


def read_rows(
    entry: Path,
    facts: FileFacts,
    *,
    span: tuple[int, int],
    columns: Sequence[str] | None,
    memo: DigestMemo,
) -> pl.DataFrame:
    """
    Read the rows from the first of ``span`` to before the last.

    Columns that the entry does not have are left out.

    Raises
    ------
    CorruptEntryError
        If the file is not what the manifest says, or cannot be parsed.
    VanishedEntryError
        If the entry was removed meanwhile.
    StoreUnavailableError
        If it may not be read.
    """
    first, last = span
    with _opened(entry / PARQUET) as file, _damage_named(entry / PARQUET):
        table = _scan(_verified(file, facts, memo))
        if columns is not None:
            present = table.collect_schema().names()
            table = table.select([name for name in columns if name in present])
        frame = table.slice(first, last - first).collect()
        if frame.width and frame.height != last - first:
            raise CorruptEntryError(f"{frame.height} rows where the manifest says {last - first}")
        return frame


def scan_rows(entry: Path, facts: FileFacts, *, memo: DigestMemo) -> pl.LazyFrame:
    """
    Plan the reading of an entry.

    The plan holds the content or a descriptor of its own, so it outlives the entry; errors as in `read_rows`.
    """
    with _opened(entry / PARQUET) as file, _damage_named(entry / PARQUET):
        table = _scan(_verified(file, facts, memo))
        table.collect_schema()  # a file that cannot be parsed is damage found here, not by the query
        return table


def _scan(source: bytes | io.BufferedReader) -> pl.LazyFrame:
    return pl.scan_parquet(source, glob=False, hive_partitioning=False)


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """
    Turn whatever a parser raises into a `CorruptEntryError` that names the entry and the file.

    Polars' PanicException is no Exception, and is named for that; interrupts and cancellation pass through.
    """
    try:
        yield
    except CorruptEntryError as error:
        raise CorruptEntryError(f"{path.parent.name}: {path.name}: {error.message}") from error
    except (OSError, VanishedEntryError, MemoryError, pl.exceptions.ColumnNotFoundError):
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        raise CorruptEntryError(f"{path.parent.name}: {path.name} cannot be parsed: {error}") from error
