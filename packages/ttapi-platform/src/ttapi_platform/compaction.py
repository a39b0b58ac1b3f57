# SPDX-License-Identifier: Apache-2.0
"""
Which records to write together again when a dataset has many small entries.

The refresh of one symbol writes an entry of its own; a thousand of them would make a thousand files to open.
Only small entries are merged, so that a large one is not rewritten for the sake of its neighbours, and a
merge is bounded. The newest records go into one entry, the generation before into a second, and so on: the
CSV of an entry never holds two generations of a key.
"""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from typing import Final

from ttapi_platform.index import Snapshot
from ttapi_platform.manifests import PARQUET, Record

ENTRIES_MAX: Final = 32
"""Small entries of a dataset above which the end of a run merges them."""
_SMALL_BYTES: Final = 64 * 1024 * 1024
_MERGED_BYTES_MAX: Final = 256 * 1024 * 1024


def small_entries(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what may be merged: small entries of one schema version, in all within the bound of a merge."""
    sizes = {name: manifest.files[PARQUET].size for name, manifest in snapshot.manifests.items()}
    small = sorted((name for name in sizes if sizes[name] < _SMALL_BYTES), key=sizes.__getitem__)
    versions = Counter(snapshot.manifests[name].schema_version for name in small)
    version = max(versions, key=versions.__getitem__, default=None)
    chosen, total = [], 0
    for name in small:
        if snapshot.manifests[name].schema_version == version and total + sizes[name] <= _MERGED_BYTES_MAX:
            chosen.append(name)
            total += sizes[name]
    return tuple(chosen)


def layers(snapshot: Snapshot, entries: tuple[str, ...], *, generations_max: int) -> list[tuple[Record, ...]]:
    """Return the kept records of some entries, a generation each, the newest first, sorted by key."""
    merged = frozenset(entries)
    found: list[list[Record]] = [[] for _ in range(generations_max)]
    for records in snapshot.generations.values():
        for generation, record in enumerate(records[:generations_max]):
            if record.entry in merged:
                found[generation].append(record)
    return [tuple(sorted(layer, key=attrgetter("key"))) for layer in found if layer]
