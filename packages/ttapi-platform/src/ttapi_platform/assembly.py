# SPDX-License-Identifier: Apache-2.0
"""Rows of many records put together: each entry is opened once, and neighbours are taken in one piece."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from typing import Literal, NamedTuple

import polars as pl

from ttapi_core.errors import CorruptEntryError, DataError, UnknownNameError
from ttapi_platform.index import DatasetIndex, Snapshot
from ttapi_platform.manifests import PARQUET, Manifest, Record
from ttapi_platform.segments import DigestMemo, VanishedEntryError, read_rows, verify_file


class Stretch(NamedTuple):
    """Rows of an entry, from ``first`` to before ``last``."""

    entry: str
    first: int
    last: int


def choose(snapshot: Snapshot, keys: Collection[str] | None, as_of: datetime | None) -> list[Record]:
    """Return, sorted by key, the newest record of each key, or the newest that was known at a time."""
    wanted: Iterable[str] = snapshot.newest if keys is None else set(keys)
    if as_of is None:
        found = (snapshot.newest.get(key) for key in wanted)
    else:
        found = (_known(snapshot.generations.get(key, ()), as_of) for key in wanted)
    return sorted((record for record in found if record is not None), key=attrgetter("key"))


def _known(generations: Sequence[Record], as_of: datetime) -> Record | None:
    return next((record for record in generations if record.known_at <= as_of), None)


def assemble(
    index: DatasetIndex,
    snapshot: Snapshot,
    *,
    records: Sequence[Record],
    columns: Sequence[str] | None,
    memo: DigestMemo,
) -> pl.DataFrame:
    """
    Read the rows of some records, in the order given.

    Raises
    ------
    CorruptEntryError
        If an entry is damaged; it is out of the index then.
    VanishedEntryError
        If an entry was removed meanwhile.
    UnknownNameError, DataError
        If a column does not exist, or its types cannot be brought together.
    """
    tables: dict[str, tuple[int, pl.DataFrame]] = {}
    for name, (first, last) in _spans(records).items():
        with reported(index, name):
            facts = manifest_of(snapshot, name).files[PARQUET]
            path = index.directory / name
            tables[name] = first, read_rows(path, facts, span=(first, last), columns=columns, memo=memo)
    parts = []
    for name, start, end in stretches_of(records):
        first, table = tables[name]
        parts.append(table.slice(start - first, end - start))
    frame = _joined(parts)
    if columns is None or not frame.width:
        return frame
    missing = next((name for name in columns if name not in frame.columns), None)
    if missing is not None:
        whole = assemble(index, snapshot, records=records[:1], columns=None, memo=memo)
        raise UnknownNameError("column", missing, tuple(whole.columns))
    return frame.select(columns)


def verify_newest(index: DatasetIndex, snapshot: Snapshot, memo: DigestMemo) -> Mapping[str, Record]:
    """Return the newest records once the files behind them are what they were; errors as in `assemble`."""
    for name in {record.entry for record in snapshot.newest.values()}:
        with reported(index, name):
            facts = snapshot.manifests[name].files[PARQUET]
            verify_file(index.directory / name / PARQUET, facts, memo=memo)
    return snapshot.newest


@contextmanager
def reported(index: DatasetIndex, name: str) -> Iterator[None]:
    """Take an entry that turns out to be damaged out of the index."""
    try:
        yield
    except CorruptEntryError as error:
        index.damaged(name, error)
        raise


def manifest_of(snapshot: Snapshot, name: str) -> Manifest:
    """Return the manifest of an entry; `VanishedEntryError` if it is no longer there."""
    if name not in snapshot.manifests:
        raise VanishedEntryError(name)
    return snapshot.manifests[name]


def _spans(records: Iterable[Record]) -> dict[str, tuple[int, int]]:
    """Return, for each entry, the rows from the first to the last that is wanted."""
    spans: dict[str, tuple[int, int]] = {}
    for record in records:
        first, last = spans.get(record.entry, (record.offset, 0))
        spans[record.entry] = min(first, record.offset), max(last, record.offset + record.rows)
    return spans


def stretches_of(records: Iterable[Record]) -> Iterator[Stretch]:
    """Join neighbours: yield each stretch of records in a row."""
    entry, first, last = "", 0, 0
    for record in records:
        if record.entry != entry or record.offset != last:
            if entry:
                yield Stretch(entry, first, last)
            entry, first, last = record.entry, record.offset, record.offset
        last += record.rows
    if entry:
        yield Stretch(entry, first, last)


def _how(parts: Sequence[pl.DataFrame]) -> Literal["vertical", "diagonal_relaxed"]:
    alike = all(part.schema == parts[0].schema for part in parts)
    return "vertical" if alike else "diagonal_relaxed"


def _joined(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put tables one under the other; columns that an older schema did not have are null in its rows."""
    try:
        return pl.concat(parts, how=_how(parts)) if parts else pl.DataFrame()
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"entries of several schema versions do not fit together: {error}", hint="collect with --refresh"
        ) from error
