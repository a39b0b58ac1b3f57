# SPDX-License-Identifier: Apache-2.0
"""
Frames that were read already, before the disk is asked again.

Entries never change and have unique names, so a cached frame cannot be out of date: what is out of date is
no longer asked for, and ages out.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

import polars as pl
from cachetools import TTLCache

from ttapi_core.clock import Clock, SystemClock

MEMORY_MAX_BYTES: Final = 256 * 1024 * 1024
MEMORY_TTL_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStatistics:
    """
    How the memory layer does.

    Parameters
    ----------
    frames, size_bytes
        What it holds now.
    hits, misses
        Lookups so far.
    refused
        Frames that were larger than the whole layer and not kept.
    """

    frames: int
    size_bytes: int
    hits: int
    misses: int
    refused: int


class MemoryLayer:
    """
    A bounded map from what identifies rows to the frame that holds them; safe to use from any thread.

    At the bound the least recently used frames are dropped; a frame that was not asked for within the time to
    live is dropped too.

    Parameters
    ----------
    max_bytes
        Bound on the estimated size of all frames.
    ttl_s
        Seconds that a frame is kept.
    clock
        What the seconds are measured by.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MEMORY_MAX_BYTES,
        ttl_s: float = MEMORY_TTL_S,
        clock: Clock | None = None,
    ) -> None:
        timer = (clock or SystemClock()).monotonic
        self._frames: TTLCache[Hashable, pl.DataFrame] = TTLCache(max_bytes, ttl_s, timer, _size)
        self._lock = threading.Lock()
        self._hits = self._misses = self._refused = 0

    def get(self, key: Hashable) -> pl.DataFrame | None:
        """Return the frame of ``key``, or None; a change of it in place stays with the caller."""
        with self._lock:
            frame = self._frames.get(key)
            self._hits += frame is not None
            self._misses += frame is None
        return None if frame is None else frame.clone()

    def put(self, key: Hashable, frame: pl.DataFrame) -> None:
        """Keep a frame, unless it alone is larger than the bound."""
        with self._lock:
            if _size(frame) > self._frames.maxsize:
                self._refused += 1
                return
            self._frames[key] = frame.clone()

    def clear(self) -> None:
        """Drop all frames."""
        with self._lock:
            self._frames.clear()

    @property
    def statistics(self) -> MemoryStatistics:
        """Counts so far."""
        with self._lock:
            self._frames.expire()
            return MemoryStatistics(
                frames=len(self._frames),
                size_bytes=int(self._frames.currsize),
                hits=self._hits,
                misses=self._misses,
                refused=self._refused,
            )


def _size(frame: pl.DataFrame) -> int:
    return max(1, int(frame.estimated_size()))
