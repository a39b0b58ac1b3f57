# SPDX-License-Identifier: Apache-2.0
"""
Persisting beside the fetching: a thread that gathers items into large entries and writes them.

The event loop never waits for the disk. The queue is bounded in items and bytes; at the bound `submit` waits,
and so does, in the end, the provider. Every submitted item ends persisted or failed with its error, also when
the program is interrupted: closing drains, and so does the end of the interpreter.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self, TypeVar

import polars as pl

from ttapi_core.errors import DataError, QueueFullError, StoreUnavailableError, TTError, UsageError
from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_platform.logs import get_logger
from ttapi_platform.manifests import Record
from ttapi_platform.store import Store

CAPACITY_ITEMS: Final = 4096
CAPACITY_BYTES: Final = 256 * 1024 * 1024
BATCH_BYTES: Final = 64 * 1024 * 1024
"""Bytes in memory at which the items of a dataset become an entry without being asked."""
LINGER_S: Final = 5.0
"""Seconds after which they do so in any case: what a killed process loses at most."""
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFailure:
    """An item that is not in the store, and why."""

    dataset: str
    key: str
    error: TTError


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterStatistics:
    """
    What a writer did.

    Parameters
    ----------
    submitted, persisted, failed
        Items so far; the first is the sum of the others and of those under way.
    entries
        Entries written.
    queued_items, queued_bytes
        Accepted and not yet on disk.
    queued_bytes_peak
        The most that was queued at a time.
    """

    submitted: int
    persisted: int
    failed: int
    entries: int
    queued_items: int
    queued_bytes: int
    queued_bytes_peak: int


_T = TypeVar("_T")


def _promise() -> Future[_T]:
    """Return a future that nobody can cancel: what it stands for happens anyway."""
    future: Future[_T] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass(eq=False, slots=True)
class _Batch:
    """Items of one dataset, version and schema that become one entry."""

    dataset: str
    schema_version: int
    since_s: float
    items: dict[str, ItemDraft] = field(default_factory=dict)
    written: dict[str, Future[Record]] = field(default_factory=dict)
    size_bytes: int = 0
    done: Future[None] = field(default_factory=_promise)

    def settle(self, results: Mapping[str, Record | TTError]) -> None:
        """Tell everybody who waits what came of it, and let go of the rows."""
        self.items.clear()
        for key, result in results.items():
            if isinstance(result, TTError):
                self.written[key].set_exception(result)
            else:
                self.written[key].set_result(result)
        self.done.set_result(None)


class BackgroundWriter:
    """
    A thread that persists the items of one run.

    Parameters
    ----------
    store
        Where they go.
    provider, run_id
        Where they come from.
    capacity_items, capacity_bytes
        Bounds of the queue, what is being written included; a single larger item is taken when it is empty.
    batch_bytes
        Bytes in memory at which the gathered items of a dataset are written.
    linger_s
        Seconds after which they are written in any case.

    Examples
    --------
    ::

        async with BackgroundWriter(store, provider="sandbox", run_id=run_id) as writer:
            written = await writer.submit("quotes", 1, item)  # waits only while the queue is full
            await writer.flush("quotes")  # everything of quotes is on disk, or has failed
            record = await written  # raises what prevented it
    """

    def __init__(
        self,
        store: Store,
        *,
        provider: str,
        run_id: str,
        capacity_items: int = CAPACITY_ITEMS,
        capacity_bytes: int = CAPACITY_BYTES,
        batch_bytes: int = BATCH_BYTES,
        linger_s: float = LINGER_S,
    ) -> None:
        self._store = store
        self._provider = provider
        self._run_id = run_id
        self._capacity_items, self._capacity_bytes = capacity_items, capacity_bytes
        self._batch_bytes, self._linger_s = batch_bytes, linger_s
        self._changed = threading.Condition()
        self._open: dict[Hashable, _Batch] = {}
        self._ready: deque[_Batch] = deque()
        self._unfinished: list[_Batch] = []
        self._waiting: list[Future[None]] = []
        self._failures: list[WriteFailure] = []
        self._submitted = self._persisted = self._entries = 0
        self._queued_items = self._queued_bytes = self._queued_bytes_peak = 0
        self._closing = False
        self._ended: Future[None] = _promise()
        self._thread = threading.Thread(target=self._work, name=f"writer {run_id}", daemon=True)
        self._at_exit = _close_at_exit(self)
        self._thread.start()

    # --- what callers do -------------------------------------------------------------------------------

    async def submit(self, dataset: str, schema_version: int, item: ItemDraft) -> asyncio.Future[Record]:
        """
        Hand over an item; waits, without blocking the loop, while the queue is full.

        Returns
        -------
        asyncio.Future
            Its record once it is on disk, or the `TTError` that prevented it.

        Raises
        ------
        UsageError
            If the writer is closed.
        """
        while True:
            with self._changed:
                if self._has_room(item):
                    return asyncio.wrap_future(self._accept(dataset, schema_version, item))
                room: Future[None] = _promise()
                self._waiting.append(room)
                self._changed.notify()
            await asyncio.wrap_future(room)

    def submit_nowait(self, dataset: str, schema_version: int, item: ItemDraft) -> Future[Record]:
        """
        Hand over an item, from any thread; the twin of `submit` that never waits.

        Raises
        ------
        QueueFullError
            If the queue is full.
        UsageError
            If the writer is closed.
        """
        with self._changed:
            if not self._has_room(item):
                raise QueueFullError("the queue of the background writer is full", limit=self._capacity_items)
            return self._accept(dataset, schema_version, item)

    async def flush(self, dataset: str | None = None) -> None:
        """Return once everything accepted so far, of one dataset or of all, is on disk or has failed."""
        with self._changed:
            self._seal(dataset)
            done = [batch.done for batch in self._unfinished if dataset in (None, batch.dataset)]
        for finished in done:
            await asyncio.wrap_future(finished)

    async def drain(self) -> tuple[WriteFailure, ...]:
        """Write everything accepted so far and return all that failed since the beginning."""
        await self.flush()
        return self.failures

    async def aclose(self) -> None:
        """
        Write what was accepted, merge small entries if there are many, end; a second call does nothing.

        A cancellation meanwhile is obeyed once the queue is drained, with the loop blocked until then.
        """
        self._begin_closing()
        try:
            await asyncio.wrap_future(self._ended)
        finally:
            self.close()

    def close(self) -> None:
        """Do as `aclose` does, and block meanwhile."""
        self._begin_closing()
        self._thread.join()
        atexit.unregister(self._at_exit)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def failures(self) -> tuple[WriteFailure, ...]:
        """All items that could not be persisted so far."""
        with self._changed:
            return tuple(self._failures)

    @property
    def statistics(self) -> WriterStatistics:
        """Counts so far."""
        with self._changed:
            return WriterStatistics(
                submitted=self._submitted,
                persisted=self._persisted,
                failed=len(self._failures),
                entries=self._entries,
                queued_items=self._queued_items,
                queued_bytes=self._queued_bytes,
                queued_bytes_peak=self._queued_bytes_peak,
            )

    # --- the queue, under the lock ---------------------------------------------------------------------

    def _has_room(self, item: ItemDraft) -> bool:
        if self._closing:
            raise UsageError("the background writer is closed")
        fits = self._queued_bytes + item.size_bytes <= self._capacity_bytes
        return not self._queued_items or (fits and self._queued_items < self._capacity_items)

    def _accept(self, dataset: str, schema_version: int, item: ItemDraft) -> Future[Record]:
        schema = None if item.frame is None else tuple(item.frame.schema.items())
        kind = (dataset, schema_version, schema)
        if item.key in self._open.get(kind, _NO_BATCH).items:  # an entry holds a key once
            self._ready.append(self._open.pop(kind))
        if kind not in self._open:
            self._open[kind] = _Batch(dataset, schema_version, time.monotonic())
            self._unfinished.append(self._open[kind])
        batch = self._open[kind]
        batch.items[item.key] = item
        written: Future[Record] = _promise()
        batch.written[item.key] = written
        batch.size_bytes += item.size_bytes
        self._submitted += 1
        self._queued_items += 1
        self._queued_bytes += item.size_bytes
        self._queued_bytes_peak = max(self._queued_bytes_peak, self._queued_bytes)
        if batch.size_bytes >= self._batch_bytes:
            self._ready.append(self._open.pop(kind))
        self._changed.notify()
        return written

    def _seal(self, dataset: str | None) -> None:
        """Gather no longer: what is open becomes ready."""
        for kind, batch in list(self._open.items()):
            if dataset in (None, batch.dataset):
                self._ready.append(self._open.pop(kind))
        self._changed.notify()

    def _begin_closing(self) -> None:
        with self._changed:
            self._closing = True
            self._seal(None)
            self._release_waiting()

    def _release_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for room in waiting:
            room.set_result(None)

    # --- the thread ------------------------------------------------------------------------------------

    def _work(self) -> None:
        touched = set()
        while (batch := self._next()) is not None:
            touched.add(batch.dataset)
            results = self._write(batch)
            with self._changed:
                self._unfinished.remove(batch)
                self._queued_items -= len(batch.items)
                self._queued_bytes -= batch.size_bytes
                self._release_waiting()
            batch.settle(results)
        for dataset in sorted(touched):
            self._compact(dataset)
        self._ended.set_result(None)

    def _next(self) -> _Batch | None:
        """
        Wait for a batch to write; None at the end.

        Three causes make an open batch ready beside its size: it lingered, its dataset is flushed, somebody
        waits for room.
        """
        with self._changed:
            while not self._ready:
                oldest = min(self._open.values(), key=lambda batch: batch.since_s, default=None)
                if oldest is None and self._closing:
                    return None
                wait_s = None if oldest is None else oldest.since_s + self._linger_s - time.monotonic()
                if self._waiting or (wait_s is not None and wait_s <= 0):
                    self._seal(None if oldest is None or self._waiting else oldest.dataset)
                else:
                    self._changed.wait(wait_s)
            return self._ready.popleft()

    def _write(self, batch: _Batch) -> Mapping[str, Record | TTError]:
        """Persist a batch; return, for each key, its record or what prevented it."""
        items = tuple(batch.items.values())
        results = self._persist(batch, items)
        if len(items) > 1 and any(isinstance(result, DataError) for result in results.values()):
            # One item that cannot be written must not take the others with it.
            results = {key: result for item in items for key, result in self._persist(batch, (item,)).items()}
        failed = {key: result for key, result in results.items() if isinstance(result, TTError)}
        for problem, count in Counter(map(str, failed.values())).items():
            _log.error(
                "items_not_persisted",
                run_id=self._run_id,
                provider=self._provider,
                dataset=batch.dataset,
                items=count,
                problem=problem,
            )
        with self._changed:
            self._persisted += len(results) - len(failed)
            self._failures += [
                WriteFailure(dataset=batch.dataset, key=key, error=error) for key, error in failed.items()
            ]
        return results

    def _persist(self, batch: _Batch, items: tuple[ItemDraft, ...]) -> Mapping[str, Record | TTError]:
        try:
            draft = EntryDraft(schema_version=batch.schema_version, run_id=self._run_id, items=items)
            records = self._store.write(self._provider, batch.dataset, draft)
        except TTError as error:
            return dict.fromkeys((item.key for item in items), error)
        except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - the end of a task
            unexpected = StoreUnavailableError(
                self._store.root, f"unexpected {type(error).__name__}: {error}"
            )
            unexpected.__cause__ = error
            return dict.fromkeys((item.key for item in items), unexpected)
        with self._changed:
            self._entries += 1
        return {record.key: record for record in records}

    def _compact(self, dataset: str) -> None:
        try:
            self._store.compact(self._provider, dataset)
        except TTError as error:  # what was to be merged is still there
            _log.warning("entries_not_merged", provider=self._provider, dataset=dataset, problem=str(error))


_NO_BATCH: Final = _Batch("", 0, 0.0)


def _close_at_exit(writer: BackgroundWriter) -> Callable[[], None]:
    """Have a forgotten writer drained at the end of the interpreter, without keeping it alive until then."""
    reference = weakref.ref(writer)

    def close() -> None:
        forgotten = reference()
        if forgotten is not None:
            _log.warning("background_writer_not_closed")
            forgotten.close()

    atexit.register(close)
    return close
