# SPDX-License-Identifier: Apache-2.0
"""
Where datasets live on disk: immutable entries of many keys each, and the newest record of a key wins.

::

    <root>/<provider>/<dataset>/<known at>-<digest>/    an entry: data.parquet, data.csv, manifest.json
    <root>/<provider>/<dataset>/.tmp-<writer>-<n>/      an entry on its way in, or on its way out
    <root>/.writers/<writer>                            locked while the writer lives
    <root>/.locks/<provider>.<dataset>                  one byte a key: who fetches it
    <root>/.quarantine/<provider>/<dataset>/<entry>/    damaged, with the reason

No file is ever changed, so there is no state to tear: one run writes a few large entries, the refresh of one
symbol a small one, and a reader sees whole entries only. What a key was before is an older record of it. An
entry goes when none of its records is among the kept generations of its key; many small ones are merged.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import polars as pl

from ttapi_core.clock import Clock, SystemClock
from ttapi_core.errors import (
    CorruptEntryError,
    ParameterError,
    StoreUnavailableError,
    UsageError,
)
from ttapi_platform.assembly import assemble, choose, verify_newest
from ttapi_platform.compaction import ENTRIES_MAX, layers, small_entries
from ttapi_platform.composition import compose, recompose
from ttapi_platform.disk import Disk, attempt, translated
from ttapi_platform.drafts import EntryDraft
from ttapi_platform.index import DatasetIndex, Snapshot
from ttapi_platform.inspection import DamagedEntry, StoreStats, SweepReport, VerifyReport, inspect, measure
from ttapi_platform.locks import KeyLocks
from ttapi_platform.logs import get_logger
from ttapi_platform.manifests import Record, records_of
from ttapi_platform.memory import MemoryLayer
from ttapi_platform.quarantine import Quarantine
from ttapi_platform.scanning import plan
from ttapi_platform.segments import DigestMemo, Segment, VanishedEntryError, write_segment
from ttapi_platform.sweeper import WriterSeat, sweep

GENERATIONS_DEFAULT: Final = 3
"""Generations that each key keeps."""
_ATTEMPTS_MAX: Final = 64
"""Looks at the directory before a read gives up: each is caused by an entry that went meanwhile."""
_COMPACT_INLINE: Final = 4
"""Times `ENTRIES_MAX` at which a write merges at once, for programs that never end a run."""
_COMPACTION_KEY: Final = "\0compaction"
"""No key: those have no control characters."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_RESERVED: Final = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]")
_log = get_logger(__name__)
_T = TypeVar("_T")


class Store:
    """
    The datasets on disk; safe to use from any thread, by any number of processes at once.

    Parameters
    ----------
    root
        Its directory; made when missing, for the owner alone.
    clock
        Says when a record became known.
    generations
        Records that each key keeps, the newest included, at least 1.
    memory
        What keeps frames that were read; one of its own by default.
    read_only
        Never change the disk: nothing is swept, quarantined or written; where nothing is, the store is empty.
    disk
        Operations on the disk.

    Raises
    ------
    StoreUnavailableError
        If the directory cannot be read, or, unless ``read_only``, not be written.
    """

    def __init__(
        self,
        root: Path,
        *,
        clock: Clock | None = None,
        generations: int = GENERATIONS_DEFAULT,
        memory: MemoryLayer | None = None,
        read_only: bool = False,
        disk: Disk | None = None,
    ) -> None:
        if generations < 1:
            raise ParameterError("generations", generations, "a whole number, at least 1")
        self.root: Final = root
        self.clock: Final = clock or SystemClock()
        self.memory: Final = memory or MemoryLayer(clock=self.clock)
        self._generations = generations
        self._disk = disk or Disk()
        self._memo = DigestMemo()
        self._quarantine = Quarantine(root, self._disk)
        self._indexes: dict[tuple[str, str], DatasetIndex] = {}
        self._lock = threading.Lock()
        self._read_only = read_only
        self._seat: WriterSeat | None = None
        self.locks: Final = KeyLocks(root, disk=self._disk)
        """The locks of its keys between processes."""
        with translated(root):
            if not read_only:
                self._disk.ensure_directory(root)
                self._seat = WriterSeat(root, self._disk)
            if root.exists():
                next(root.iterdir(), None)
        if not read_only:
            self.sweep()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give up writing; a second call does nothing. Reading goes on."""
        seat, self._seat = self._seat, None
        if seat is not None:
            seat.close()

    # ------------------------------------------------------------------------------------------ records

    def records(self, provider: str, dataset: str, *, verify: bool = False) -> Mapping[str, Record]:
        """
        Return the newest record of each key.

        Parameters
        ----------
        provider, dataset
            Which; without any record the mapping is empty.
        verify
            Whether to compare the Parquet files behind these records with their digests first (once for each
            file and process), so that every record returned can be read. Costs about 1 ms for 2 MB.

        Raises
        ------
        StoreUnavailableError
            If the directory may not be read.
        """
        index = self._index(provider, dataset)
        if not verify:
            return index.refresh().newest
        return self._persistently(index, lambda index, snapshot: verify_newest(index, snapshot, self._memo))

    def record(self, provider: str, dataset: str, key: str) -> Record | None:
        """Return the newest record of ``key``, or None; raises as `records` does."""
        return self._index(provider, dataset).refresh().newest.get(key)

    def history(self, provider: str, dataset: str, key: str) -> tuple[Record, ...]:
        """Return the kept generations of ``key``, the newest first; raises as `records` does."""
        generations = self._index(provider, dataset).refresh().generations
        return generations.get(key, ())[: self._generations]

    # ------------------------------------------------------------------------------------------ reading

    def read(
        self,
        provider: str,
        dataset: str,
        keys: Collection[str] | None = None,
        *,
        as_of: datetime | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """
        Read the rows of the newest records, sorted by key.

        An entry that turns out to be damaged is quarantined and the older generation, if any, is read
        instead; use `load` to read certain records or nothing.

        Parameters
        ----------
        provider, dataset
            Which; without any record the frame has no column.
        keys
            Keys wanted; those without a record are left out. All by default.
        as_of
            Aware; read what was known then instead, as far back as the generations go.
        columns
            Columns wanted, in this order. All by default.

        Raises
        ------
        UnknownNameError
            If there is no such column.
        DataError
            If the types of a column differ between schema versions and cannot be brought together.
        StoreUnavailableError
            If the directory may not be read.
        """
        _require_aware(as_of)

        def chosen(index: DatasetIndex, snapshot: Snapshot) -> pl.DataFrame:
            return self._load(index, snapshot, records=choose(snapshot, keys, as_of), columns=columns)

        return self._persistently(self._index(provider, dataset), chosen)

    def get(self, provider: str, dataset: str, key: str) -> tuple[Record, pl.DataFrame] | None:
        """Return the newest record of ``key`` and its rows, or None; raises as `read` does."""

        def newest(index: DatasetIndex, snapshot: Snapshot) -> tuple[Record, pl.DataFrame] | None:
            record = snapshot.newest.get(key)
            if record is None:
                return None
            return record, self._load(index, snapshot, records=[record], columns=None)

        return self._persistently(self._index(provider, dataset), newest)

    def load(self, records: Iterable[Record], *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """
        Read the rows of exactly these records of one dataset, sorted by key.

        Raises
        ------
        CorruptEntryError
            If one of them is damaged (its entry is in quarantine now) or no longer in the store.
        ParameterError
            If they are of several datasets.
        """
        wanted = sorted(records, key=attrgetter("key"))
        if not wanted:
            return pl.DataFrame()
        names = {(record.provider, record.dataset) for record in wanted}
        if len(names) > 1:
            raise ParameterError("records", sorted(names), "records of one dataset")
        index = self._index(*names.pop())
        try:
            return self._load(index, index.refresh(), records=wanted, columns=columns)
        except VanishedEntryError as error:
            raise CorruptEntryError(f"{error}: no longer in the store") from error

    def scan(
        self,
        provider: str,
        dataset: str,
        keys: Collection[str] | None = None,
        *,
        as_of: datetime | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.LazyFrame:
        """
        Plan what `read` reads, so that a query decodes what it uses only; see `scan_dataset`.

        Unlike `read` it raises `CorruptEntryError` where an entry is damaged: a plan is the beginning of a
        computation, and that must not go on with an older generation or without some keys.
        """
        _require_aware(as_of)
        index = self._index(provider, dataset)
        for _ in range(_ATTEMPTS_MAX):
            snapshot = index.refresh_sound()
            try:
                records = choose(snapshot, keys, as_of)
                return plan(index, snapshot, records=records, columns=columns, memo=self._memo)
            except VanishedEntryError:
                continue
        raise _restless(index)

    def _persistently(self, index: DatasetIndex, attempt_read: Callable[[DatasetIndex, Snapshot], _T]) -> _T:
        """Read by the present state; if an entry went or was found damaged meanwhile, by the next one."""
        for _ in range(_ATTEMPTS_MAX):
            try:
                return attempt_read(index, index.refresh())
            except (VanishedEntryError, CorruptEntryError):
                continue
        raise _restless(index)

    def _load(
        self,
        index: DatasetIndex,
        snapshot: Snapshot,
        *,
        records: Sequence[Record],
        columns: Sequence[str] | None,
    ) -> pl.DataFrame:
        identity = tuple((record.entry, record.offset, record.rows) for record in records)
        cache_key = (index.directory, identity, None if columns is None else tuple(columns))
        cached = self.memory.get(cache_key)
        if cached is not None:
            return cached
        frame = assemble(index, snapshot, records=records, columns=columns, memo=self._memo)
        self.memory.put(cache_key, frame)
        return frame

    # ------------------------------------------------------------------------------------------ writing

    def write(self, provider: str, dataset: str, entry: EntryDraft) -> list[Record]:
        """
        Write an entry, durably, and return its records sorted by key.

        Either all of it is in the store afterwards or nothing. (After an error of the last step, which makes
        the entry durable, it may be there nevertheless.) Generations beyond those that each key keeps are
        dropped with their entries.

        Raises
        ------
        DataError
            If a column has no form in CSV or Parquet.
        DiskFullError
            If no space is left.
        StoreUnavailableError
            If the directory may not be written.
        UsageError
            If the store is closed or read-only.
        """
        self._require_writable()
        index = self._index(provider, dataset)
        segment = compose(provider, dataset, entry, known_at=self.clock.now(), sequence=index.next_sequence())
        records = self._persist(index, segment)
        if len(index.refresh().manifests) > _COMPACT_INLINE * ENTRIES_MAX:
            self.compact(provider, dataset)
        return records

    def _persist(self, index: DatasetIndex, segment: Segment) -> list[Record]:
        with translated(index.directory):
            self._disk.ensure_directory(index.directory)
            temporary = self._require_writable().temporary(index.directory)
            try:
                path, manifest = write_segment(self._disk, temporary, segment)
            except BaseException:
                attempt(lambda: self._disk.remove_tree(temporary))
                raise
        self._drop(index, index.refresh().obsolete)
        return records_of(manifest, path.name)

    def _drop(self, index: DatasetIndex, names: Iterable[str]) -> int:
        """
        Remove entries and return how many; what cannot be removed is left for the next time.

        First all are renamed out of sight, and that is made durable: after a power cut none may be back in
        its place with some of its files gone.
        """
        removed = []
        for name in names:
            temporary = self._require_writable().temporary(index.directory)
            error = attempt(partial(self._disk.rename, index.directory / name, temporary))
            if error is None:
                removed.append(temporary)
            elif not isinstance(error, FileNotFoundError):
                _log.warning("entry_not_removed", entry=name, problem=str(error))
        if removed and attempt(partial(self._disk.sync_directory, index.directory)) is None:
            for temporary in removed:
                attempt(partial(self._disk.remove_tree, temporary))
        return len(removed)

    def _require_writable(self) -> WriterSeat:
        if self._seat is None:
            raise UsageError(f"store {self.root} is {'read-only' if self._read_only else 'closed'}")
        return self._seat

    def compact(self, provider: str, dataset: str, *, force: bool = False) -> int:
        """
        Merge small entries if there are more than `ENTRIES_MAX` of them; return how many were merged.

        Every kept generation stays what it is: rows, content hash, when it was fetched and became known. If
        another process is merging this dataset, nothing happens.

        Parameters
        ----------
        provider, dataset
            Which.
        force
            Merge two entries already.

        Raises
        ------
        DiskFullError, StoreUnavailableError, UsageError
            As `write` does.
        """
        self._require_writable()
        index = self._index(provider, dataset)
        with self.locks.try_acquire(provider, dataset, [_COMPACTION_KEY]) as lease:
            if lease.busy:
                return 0

            def merged(index: DatasetIndex, snapshot: Snapshot) -> int:
                return self._merge(index, snapshot, entries_max=1 if force else ENTRIES_MAX)

            return self._persistently(index, merged)

    def _merge(self, index: DatasetIndex, snapshot: Snapshot, *, entries_max: int) -> int:
        sources = small_entries(snapshot)
        if len(sources) <= entries_max:
            return 0
        # Of two copies of a generation the one in the entry with the greater name counts: this one.
        latest = max(manifest.created for manifest in snapshot.manifests.values())
        created = max(self.clock.now(), latest + timedelta(microseconds=1))
        for layer in layers(snapshot, sources, generations_max=self._generations):
            frame = assemble(index, snapshot, records=layer, columns=None, memo=self._memo)
            self._persist(index, recompose(layer, frame, created=created))
        self._drop(index, index.refresh().obsolete)
        _log.info("entries_merged", directory=str(index.directory), count=len(sources))
        return len(sources)

    # ------------------------------------------------------------------------------------------ upkeep

    def providers(self) -> tuple[str, ...]:
        """Return the providers that have a directory, sorted."""
        return _names_in(self.root)

    def datasets(self, provider: str) -> tuple[str, ...]:
        """Return the datasets of a provider that have a directory, sorted."""
        return _names_in(self.root / _checked("provider", provider))

    def stats(self) -> StoreStats:
        """Count what the store holds; raises `StoreUnavailableError` if it may not be read."""
        return StoreStats(
            datasets=tuple(
                measure(index.provider, index.dataset, index.refresh()) for index in self._all_indexes()
            ),
            quarantined=len(self._quarantine.entries()),
            memory=self.memory.statistics,
        )

    def verify(self) -> VerifyReport:
        """
        Read every entry again, whatever is remembered of it; what is damaged goes into quarantine.

        Raises
        ------
        StoreUnavailableError
            If an entry may not be read.
        """
        entries, size, damaged = 0, 0, []
        for index in self._all_indexes():
            for name in index.names():
                entries += 1
                try:
                    size += inspect(index.directory / name)
                except VanishedEntryError:
                    entries -= 1
                except CorruptEntryError as error:
                    index.damaged(name, error)
                    damaged.append(
                        DamagedEntry(
                            provider=index.provider, dataset=index.dataset, entry=name, reason=error.message
                        )
                    )
        return VerifyReport(entries=entries, size_bytes=size, damaged=tuple(damaged))

    def sweep(self) -> SweepReport:
        """
        Remove what writers that are no more left behind, and damaged entries beyond those kept for a look.

        Raises
        ------
        StoreUnavailableError
            If something may not be removed.
        UsageError
            If the store is closed or read-only.
        """
        self._require_writable()
        directories = [self.root / provider / dataset for provider, dataset in self._pairs()]
        with translated(self.root):
            orphans, freed = sweep(self.root, directories, self._disk)
            return SweepReport(orphans=orphans, freed_bytes=freed, quarantined=self._quarantine.trim())

    def clear(self, provider: str | None = None, dataset: str | None = None) -> int:
        """
        Remove entries and return how many; without arguments all of them, the quarantine included.

        Raises
        ------
        StoreUnavailableError, UsageError
            As `sweep` does.
        """
        self._require_writable()
        with translated(self.root):
            removed = self._quarantine.clear() if provider is None and dataset is None else 0
            for index in self._all_indexes():
                if provider in (None, index.provider) and dataset in (None, index.dataset):
                    removed += self._drop(index, index.names())
        self.memory.clear()
        return removed

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for provider in self.providers():
            for dataset in self.datasets(provider):
                yield provider, dataset

    def _all_indexes(self) -> list[DatasetIndex]:
        return [self._index(provider, dataset) for provider, dataset in self._pairs()]

    def _index(self, provider: str, dataset: str) -> DatasetIndex:
        with self._lock:
            index = self._indexes.get((provider, dataset))
            if index is None:
                index = DatasetIndex(
                    self.root / _checked("provider", provider) / _checked("dataset", dataset),
                    generations_max=self._generations,
                    on_damage=self._on_damage,
                )
                self._indexes[provider, dataset] = index
            return index

    def _on_damage(self, entry: Path, error: CorruptEntryError) -> None:
        if self._read_only:
            _log.error("entry_damaged", entry=str(entry), reason=error.message)
        else:
            self._quarantine.admit(entry, reason=error.message, now=self.clock.now())


def _restless(index: DatasetIndex) -> StoreUnavailableError:
    return StoreUnavailableError(index.directory, "its entries go faster than they can be read")


def _require_aware(as_of: datetime | None) -> None:
    if as_of is not None and as_of.tzinfo is None:
        raise ParameterError("as_of", as_of, "a datetime with a time zone")


def _checked(parameter: str, name: str) -> str:
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        raise ParameterError(
            parameter, name, "lower-case letters, digits, - and _, a letter first, at most 64"
        )
    return name


def _names_in(directory: Path) -> tuple[str, ...]:
    with translated(directory):
        try:
            children = [child.name for child in directory.iterdir() if child.is_dir()]
        except FileNotFoundError:
            return ()
    return tuple(sorted(name for name in children if _NAME.fullmatch(name) and not _RESERVED.fullmatch(name)))
