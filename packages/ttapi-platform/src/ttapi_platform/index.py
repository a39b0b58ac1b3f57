# SPDX-License-Identifier: Apache-2.0
"""
Which records a dataset has: the manifests of its entries, each loaded once, kept in step with the directory.

A snapshot never changes, so a reader works on it without a lock while another thread makes the next.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ttapi_core.errors import CorruptEntryError
from ttapi_platform.disk import store_error
from ttapi_platform.logs import get_logger
from ttapi_platform.manifests import Manifest, Record, is_entry_name, records_of
from ttapi_platform.segments import VanishedEntryError, read_manifest

_TICK_NS: Final = 100_000_000
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    The state of a dataset at one moment.

    Parameters
    ----------
    manifests
        Manifest by entry name.
    generations
        Records by key, newest first; at least those that are kept.
    newest
        Newest record by key.
    obsolete
        Entries of which no record is among the kept generations of its key.
    sequence
        Greatest sequence number.
    """

    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    generations: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    newest: Mapping[str, Record] = field(default_factory=lambda: MappingProxyType({}))
    obsolete: frozenset[str] = frozenset()
    sequence: int = 0


class DatasetIndex:
    """
    The records of one dataset of one provider.

    Parameters
    ----------
    directory
        Where its entries are; it may not exist yet.
    generations_max
        Generations that each key keeps.
    on_damage
        Called with an entry's path and what is wrong with it; removes it from the directory if it can.
    """

    def __init__(
        self, directory: Path, *, generations_max: int, on_damage: Callable[[Path, CorruptEntryError], None]
    ) -> None:
        self.directory = directory
        self._generations_max = generations_max
        self._on_damage = on_damage
        self._lock = threading.RLock()
        self._snapshot = Snapshot()
        self._listed: frozenset[str] | None = None
        self._settled: tuple[int, int] | None = None
        self._ignored: set[str] = set()
        self._damage: dict[str, CorruptEntryError] = {}
        self._used: Counter[str] = Counter()
        self._issued = 0

    def refresh(self) -> Snapshot:
        """
        Return the present state; costs one look at the directory's time when nothing has changed.

        Raises
        ------
        StoreUnavailableError
            If the directory or an entry may not be read.
        """
        with self._lock:
            stamp = self._stamp()
            if stamp is not None and stamp == self._settled:
                return self._snapshot
            names = self._listing()
            if names != self._listed:
                loaded = self._load(names - self._snapshot.manifests.keys())
                gone = self._snapshot.manifests.keys() - names
                if loaded or gone:
                    self._snapshot = self._advance(loaded, gone)
                self._listed = names
            self._settled = stamp
            return self._snapshot

    def refresh_sound(self) -> Snapshot:
        """
        Return the present state as `refresh` does, or raise: never a part of it without a word.

        Raises
        ------
        CorruptEntryError
            If an entry is found damaged here, or was before and still stands in the directory.
        """
        with self._lock:
            # What was put into quarantine since is no longer listed by `records` either, and fetched again.
            standing = [name for name in self._damage if os.path.lexists(self.directory / name)]
            self._damage = {name: self._damage[name] for name in standing}
            snapshot = self.refresh()
            for error in self._damage.values():
                raise CorruptEntryError(error.message, hint="ttapi collect fetches its keys again")
            return snapshot

    @property
    def provider(self) -> str:
        """Name of the provider."""
        return self.directory.parent.name

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.directory.name

    def names(self) -> list[str]:
        """Return the entries in the directory, sorted, whether whole or not."""
        with self._lock:
            return sorted(self._listing())

    def next_sequence(self) -> int:
        """Return a sequence number above all that are known, never the same twice in this process."""
        with self._lock:
            self._issued = max(self.refresh().sequence, self._issued) + 1
            return self._issued

    def damaged(self, name: str, error: CorruptEntryError) -> None:
        """Take an entry out of the index, for good, and hand it to ``on_damage``."""
        with self._lock:
            self._ignored.add(name)
            self._damage[name] = error
            self._listed = self._settled = None
            self._on_damage(self.directory / name, error)

    def _stamp(self) -> tuple[int, int] | None:
        """
        Return what changes whenever the directory does, or None if that cannot be told.

        Modified just now, a directory may be modified again within the same tick of the file system's clock,
        and its time would not show it: until it has settled it is listed each time.
        """
        try:
            found = os.stat(self.directory)  # noqa: PTH116 - the hottest path: Path.stat takes three times as long
        except OSError:
            return None
        settled = time.time_ns() - found.st_mtime_ns > _TICK_NS
        return (found.st_ino, found.st_mtime_ns) if settled else None

    def _listing(self) -> frozenset[str]:
        try:
            names = os.listdir(self.directory)  # noqa: PTH208 - a Path for each name would cost ten times as much
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise store_error(error, self.directory) from error
        entries = frozenset(filter(is_entry_name, names))
        self._ignored &= entries
        return entries - self._ignored

    def _load(self, names: Iterable[str]) -> dict[str, Manifest]:
        loaded = {}
        for name in sorted(names):
            try:
                manifest = read_manifest(self.directory / name)
            except VanishedEntryError:
                continue
            except CorruptEntryError as error:
                self.damaged(name, error)
                continue
            if manifest is None:
                self._ignored.add(name)
                _log.warning("entry_of_newer_release", entry=name, directory=str(self.directory))
                continue
            loaded[name] = manifest
        return loaded

    def _advance(self, loaded: Mapping[str, Manifest], gone: Iterable[str]) -> Snapshot:
        """Rebuild what the entries that came or went touch, and copy the rest."""
        before = self._snapshot
        removed = frozenset(gone)
        touched: dict[str, list[Record]] = {}
        for name in removed:
            for facts in before.manifests[name].records:
                touched.setdefault(facts.key, [])
        for name, manifest in loaded.items():
            for record in records_of(manifest, name):
                touched.setdefault(record.key, []).append(record)
        generations = dict(before.generations)
        newest = dict(before.newest)
        for key, added in touched.items():
            old = generations.pop(key, ())
            records = _in_order([*(record for record in old if record.entry not in removed), *added])
            self._used.subtract(record.entry for record in old[: self._generations_max])
            self._used.update(record.entry for record in records[: self._generations_max])
            newest.pop(key, None)
            if records:
                generations[key] = records
                newest[key] = records[0]
        for name in removed:
            del self._used[name]
        manifests = {n: m for n, m in before.manifests.items() if n not in removed} | dict(loaded)
        added_sequence = max((r.sequence for m in loaded.values() for r in m.records), default=0)
        return Snapshot(
            manifests=manifests,
            generations=generations,
            newest=MappingProxyType(newest),
            obsolete=frozenset(name for name in manifests if self._used[name] <= 0),
            sequence=max(before.sequence, added_sequence),
        )


def _in_order(records: list[Record]) -> tuple[Record, ...]:
    """
    Sort newest first, each generation once.

    While entries are merged, a generation stands in two of them, and every process must agree which one
    counts: the greater name.
    """
    if len(records) == 1:
        return (records[0],)
    records.sort(key=_newness, reverse=True)
    unique: dict[tuple[int, object, str], Record] = {}
    for record in records:
        unique.setdefault((record.sequence, record.known_at, record.content_hash), record)
    return tuple(unique.values())


def _newness(record: Record) -> tuple[int, object, str, str]:
    return record.sequence, record.known_at, record.content_hash, record.entry
