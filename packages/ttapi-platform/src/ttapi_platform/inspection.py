# SPDX-License-Identifier: Apache-2.0
"""What a store holds, and whether all of it is what it was when it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ttapi_platform.index import Snapshot
from ttapi_platform.manifests import PARQUET
from ttapi_platform.memory import MemoryStatistics
from ttapi_platform.segments import DigestMemo, read_manifest, read_rows, verify_file


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetStats:
    """
    What the store holds of one dataset of one provider.

    Parameters
    ----------
    keys, rows
        Keys, and rows of their newest records.
    records
        Records of all generations.
    entries, size_bytes
        Directories, and bytes of their data files.
    fetched_first, fetched_last
        When the oldest and the latest of the newest records were fetched; None without keys.
    """

    provider: str
    dataset: str
    keys: int
    rows: int
    records: int
    entries: int
    size_bytes: int
    fetched_first: datetime | None
    fetched_last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStats:
    """
    What a store holds.

    Parameters
    ----------
    datasets
        One for each dataset of each provider.
    quarantined
        Damaged entries that are kept for a look.
    memory
        The memory layer of this process.
    """

    datasets: tuple[DatasetStats, ...]
    quarantined: int
    memory: MemoryStatistics

    @property
    def size_bytes(self) -> int:
        """Bytes of all data files."""
        return sum(dataset.size_bytes for dataset in self.datasets)


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedEntry:
    """An entry that is not what it was when it was written, and why; it is in quarantine now."""

    provider: str
    dataset: str
    entry: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """How many entries and bytes were read again, and what was found damaged."""

    entries: int
    size_bytes: int
    damaged: tuple[DamagedEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """Orphans of dead writers that were removed, the bytes freed, and old damaged entries removed."""

    orphans: int
    freed_bytes: int
    quarantined: int


def measure(provider: str, dataset: str, snapshot: Snapshot) -> DatasetStats:
    """Count what a dataset holds."""
    fetched = [record.fetched_at for record in snapshot.newest.values()]
    return DatasetStats(
        provider=provider,
        dataset=dataset,
        keys=len(snapshot.newest),
        rows=sum(record.rows for record in snapshot.newest.values()),
        records=sum(map(len, snapshot.generations.values())),
        entries=len(snapshot.manifests),
        size_bytes=sum(facts.size for m in snapshot.manifests.values() for facts in m.files.values()),
        fetched_first=min(fetched, default=None),
        fetched_last=max(fetched, default=None),
    )


def inspect(entry: Path) -> int:
    """
    Read all of an entry and return the bytes of its data files.

    Raises
    ------
    CorruptEntryError
        If it is not what it was when it was written.
    VanishedEntryError
        If it was removed meanwhile.
    """
    manifest = read_manifest(entry)
    if manifest is None:
        return 0
    for name, facts in manifest.files.items():
        verify_file(entry / name, facts)
    read_rows(entry, manifest.files[PARQUET], span=(0, manifest.rows), columns=None, memo=DigestMemo())
    return sum(facts.size for facts in manifest.files.values())
