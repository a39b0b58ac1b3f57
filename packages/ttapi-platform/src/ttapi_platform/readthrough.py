# SPDX-License-Identifier: Apache-2.0
"""
One key, from the nearest place that has it fresh: memory, disk, another asker's fetch, the provider.

::

    fresh in the store?            -> served (from memory, or one read of the disk)
    somebody here fetches it?      -> wait for the same fetch            (`Flights`)
    another process fetches it?    -> wait for its lock, look into the store again  (`KeyLocks`)
    fetch -> persist -> serve
    fetch failed, an older record? -> served, marked stale
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from ttapi_core.errors import StoreError, TTError
from ttapi_core.providers import Outcome
from ttapi_platform.drafts import EntryDraft
from ttapi_platform.flights import Flights
from ttapi_platform.manifests import Record
from ttapi_platform.store import Store

_POLL_S: Final = 0.03
"""Seconds between two tries for a lock that another process holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """
    The rows of one key, and how fresh they are.

    Parameters
    ----------
    record
        Where they come from; None where they came from the provider and could not be stored.
    frame
        The rows; without any for an ``EMPTY`` record.
    outcome
        ``CACHED``; ``FRESH`` or ``EMPTY`` if they were fetched for this asker; ``STALE`` if fetching failed
        and an older record is served.
    cause
        Why fetching failed, for ``STALE``; why storing failed, where there is no record.
    """

    record: Record | None
    frame: pl.DataFrame
    outcome: Outcome
    cause: TTError | None = None


class ReadThrough:
    """
    Gets one key from the store, or through one fetch for all who ask: tasks, threads, processes.

    Parameters
    ----------
    store
        Where records are looked up and persisted.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._flights = Flights()

    async def get(
        self,
        provider: str,
        dataset: str,
        key: str,
        *,
        is_fresh: Callable[[Record], bool],
        fetch: Callable[[], Awaitable[EntryDraft]],
    ) -> Reading:
        """
        Return the rows of ``key``.

        Parameters
        ----------
        provider, dataset, key
            Which.
        is_fresh
            Tells whether a record may be served without asking the provider.
        fetch
            Asks the provider; the draft has this key among its items. Called at most once for all who ask.

        Raises
        ------
        TTError
            What ``fetch`` raises, or the store, if there is no older record.
        """
        found = await asyncio.to_thread(self._cached, provider, dataset, key, is_fresh)
        if found is not None:
            return found

        async def bring() -> Reading:
            while True:
                with self._store.locks.try_acquire(provider, dataset, [key]) as lease:
                    if lease.keys:
                        found = await asyncio.to_thread(self._cached, provider, dataset, key, is_fresh)
                        if found is not None:
                            return found
                        draft = await fetch()
                        return await asyncio.to_thread(self._keep, provider, dataset, key, draft)
                await self._store.clock.sleep(_POLL_S)

        try:
            return await self._flights.run(f"{provider}/{dataset}/{key}", bring)
        except TTError as error:
            return await asyncio.to_thread(self._stale, provider, dataset, key, error)

    def get_sync(
        self,
        provider: str,
        dataset: str,
        key: str,
        *,
        is_fresh: Callable[[Record], bool],
        fetch: Callable[[], EntryDraft],
    ) -> Reading:
        """Do as `get` does, from a plain thread, which is blocked meanwhile."""
        found = self._cached(provider, dataset, key, is_fresh)
        if found is not None:
            return found

        def bring() -> Reading:
            while True:
                with self._store.locks.try_acquire(provider, dataset, [key]) as lease:
                    if lease.keys:
                        found = self._cached(provider, dataset, key, is_fresh)
                        return found or self._keep(provider, dataset, key, fetch())
                time.sleep(_POLL_S)

        try:
            return self._flights.run_sync(f"{provider}/{dataset}/{key}", bring)
        except TTError as error:
            return self._stale(provider, dataset, key, error)

    def _cached(
        self, provider: str, dataset: str, key: str, is_fresh: Callable[[Record], bool]
    ) -> Reading | None:
        record = self._store.record(provider, dataset, key)
        if record is None or not is_fresh(record):
            return None
        found = self._store.get(provider, dataset, key)
        # The entry may have turned out to be damaged, and an older record taken its place.
        if found is None or not is_fresh(found[0]):
            return None
        return Reading(record=found[0], frame=found[1], outcome=Outcome.CACHED)

    def _keep(self, provider: str, dataset: str, key: str, draft: EntryDraft) -> Reading:
        item = next(item for item in draft.items if item.key == key)
        rows = item.frame if item.frame is not None else pl.DataFrame(schema=draft.table_schema)
        try:
            records = {record.key: record for record in self._store.write(provider, dataset, draft)}
        except StoreError as error:  # what was fetched is not lost on a full disk
            return Reading(record=None, frame=rows, outcome=item.outcome, cause=error)
        return Reading(record=records[key], frame=rows, outcome=item.outcome)

    def _stale(self, provider: str, dataset: str, key: str, error: TTError) -> Reading:
        found = self._store.get(provider, dataset, key)
        if found is None:
            raise error
        return Reading(record=found[0], frame=found[1], outcome=Outcome.STALE, cause=error)
