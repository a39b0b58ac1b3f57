# SPDX-License-Identifier: Apache-2.0
"""
One run over a universe: what is fresh stays, what is not is fetched, and every key ends with an outcome.

The walk of a run, for each dataset once those it depends on are done:

1. every key whose stored record is still fresh is served from the store;
2. the others are claimed, so that no two tasks or processes fetch the same key at once, and judged again;
3. the provider answers; each answer is held against the schema and handed to the background writer;
4. what the provider left unanswered, and what could not be written, is a failure with its cause;
5. where an older record exists, a failure becomes stale: served, and said so.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date
from typing import Final

from structlog.contextvars import bound_contextvars

from ttapi_core import (
    AuthenticationError,
    Clock,
    CredentialsError,
    DataAnswer,
    DataProvider,
    Outcome,
    ParameterError,
    ProtocolError,
    RequestCounts,
    SystemClock,
    TTError,
    TTLPolicy,
    UnknownNameError,
)
from ttapi_platform.catalogue import CATALOGUE, DEFAULT_VENUE, Dataset, Keys, main_datasets, with_dependencies
from ttapi_platform.drafts import ItemDraft
from ttapi_platform.freshness import Verdict
from ttapi_platform.intake import DEFAULT_HISTORY, Intake, Question
from ttapi_platform.locks import KeyLocks
from ttapi_platform.logs import get_logger
from ttapi_platform.manifests import Record
from ttapi_platform.report import CollectReport, KeyOutcome, Progress
from ttapi_platform.store import Store
from ttapi_platform.writer import BackgroundWriter

_WHATEVER_THERE_IS: Final = "*"
"""Stands for all keys of a dataset whose keys only the provider knows."""

_BATCH_ANSWERS: Final = 64
"""Answers that are held against the schema at once: one pass over 64 costs little more than over one."""

_CLAIM_POLL_S: Final = 0.03
_PROGRESS_EVERY: Final = 8

_log = get_logger(__name__)


class Collector:
    """
    Brings datasets of a universe from a provider into a store.

    Parameters
    ----------
    store
        Where they go.
    provider
        Where they come from; opened and closed by the caller.
    ttls
        How long entries are fresh.
    clock
        What time it is.
    venue
        MIC of the venue whose sessions count.
    on_progress
        Called in the event loop now and then and at the end of each dataset; must be quick.
    """

    def __init__(
        self,
        store: Store,
        provider: DataProvider,
        *,
        ttls: TTLPolicy | None = None,
        clock: Clock | None = None,
        venue: str = DEFAULT_VENUE,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.store = store
        self.provider = provider
        self.ttls = ttls if ttls is not None else TTLPolicy()
        self.clock: Clock = clock if clock is not None else SystemClock()
        self.venue = venue
        self.on_progress = on_progress
        self.locks = KeyLocks(store.root)

    async def collect(
        self,
        keys: Sequence[str],
        *,
        datasets: Sequence[str] | None = None,
        since: date | None = None,
        refresh: bool = False,
    ) -> CollectReport:
        """
        Bring the datasets of some symbols up to date.

        What was fetched before an interruption is kept, and the next run goes on from there.

        Parameters
        ----------
        keys
            Canonical symbols, distinct.
        datasets
            Names; None for the main ones of the provider (`main_datasets`). What they depend on is brought up
            to date as well.
        since
            First day of datasets over time; None for a year ago.
        refresh
            Fetch also what is fresh.

        Raises
        ------
        UnknownNameError
            If a dataset does not exist, or the provider does not have it.
        ParameterError
            If keys repeat, or ``since`` lies in the future.
        AuthenticationError, CredentialsError
            If the provider refuses the credentials; what came before is kept.
        StoreError
            If the store cannot be used at all.
        """
        if len(set(keys)) != len(keys):
            raise ParameterError("keys", keys, "distinct keys")
        if since is not None and since > self.clock.now().date():
            raise ParameterError("since", since, "a day that is not in the future")
        run = _Run(self, keys, since=since, refresh=refresh)
        # Every log line from here on carries the run id, also those of the provider and its client.
        with bound_contextvars(run_id=run.id):
            return await run.collect(self._plan(datasets))

    def _plan(self, datasets: Sequence[str] | None) -> tuple[Dataset, ...]:
        offered = self.provider.datasets
        names = list(datasets) if datasets is not None else list(main_datasets(offered))
        for name in names:
            if name in CATALOGUE and name not in offered:
                raise UnknownNameError(
                    f"dataset of provider {self.provider.name}", name, tuple(sorted(offered))
                )
        return tuple(dataset for dataset in with_dependencies(names) if dataset.name in offered)


class _Run:
    """The state of one `Collector.collect`."""

    def __init__(
        self, collector: Collector, keys: Sequence[str], *, since: date | None, refresh: bool
    ) -> None:
        self._collector = collector
        self._store = collector.store
        self._provider = collector.provider
        self._clock = collector.clock
        self._keys = tuple(keys)
        self._refresh = refresh
        self.id = uuid.uuid4().hex
        self._started_at = collector.clock.now()
        self._intake = Intake(
            store=collector.store,
            provider=collector.provider,
            ttls=collector.ttls,
            clock=collector.clock,
            venue=collector.venue,
            as_of=self._started_at,
            since=since if since is not None else (self._started_at - DEFAULT_HISTORY).date(),
        )
        self._done: dict[str, asyncio.Event] = {}
        self._outcomes: dict[str, dict[str, KeyOutcome]] = {}
        self._log = _log.bind(provider=self._provider.name)

    async def collect(self, plan: tuple[Dataset, ...]) -> CollectReport:
        started_s = self._clock.monotonic()
        before = self._provider.counts
        self._done = {dataset.name: asyncio.Event() for dataset in plan}
        self._outcomes = {dataset.name: {} for dataset in plan}
        async with BackgroundWriter(self._store, provider=self._provider.name, run_id=self.id) as writer:
            try:
                async with asyncio.TaskGroup() as tasks:
                    for dataset in plan:
                        tasks.create_task(self._bring_up(dataset, writer), name=f"collect {dataset.name}")
            except BaseExceptionGroup as group:
                raise _first_cause(group) from group
        return CollectReport(
            run_id=self.id,
            provider=self._provider.name,
            simulated=self._provider.simulated,
            started_at=self._started_at,
            elapsed_s=self._clock.monotonic() - started_s,
            requests=_difference(self._provider.counts, before),
            outcomes=tuple(outcome for by_key in self._outcomes.values() for outcome in by_key.values()),
            planned=tuple(dataset.name for dataset in plan),
        )

    async def _bring_up(self, dataset: Dataset, writer: BackgroundWriter) -> None:
        for name in dataset.depends_on:
            if name in self._done:
                await self._done[name].wait()
        # Files are held against their digests here, so that what is damaged is fetched again in this run.
        records = await asyncio.to_thread(self._store.records, self._provider.name, dataset.name, verify=True)
        keys = self._keys_of(dataset)
        pending = [key for key in keys if not self._serve_if_fresh(dataset, key, records.get(key))]
        if dataset.keys is Keys.PROVIDER and (pending or not keys):
            # What it lists may have changed: whatever is old, all is asked for again.
            await self._fetch_claimed(dataset, [_WHATEVER_THERE_IS], writer)
        elif pending:
            await self._fetch_claimed(dataset, pending, writer)
        self._report_progress(dataset, len(keys))
        self._done[dataset.name].set()

    def _keys_of(self, dataset: Dataset) -> tuple[str, ...]:
        if dataset.keys is Keys.UNIVERSE:
            return self._keys
        if dataset.keys is Keys.VENUE:
            return (self._collector.venue,)
        return tuple(self._store.records(self._provider.name, dataset.name))

    # --- what is there already -------------------------------------------------------------------------

    def _serve_if_fresh(self, dataset: Dataset, key: str, record: Record | None) -> bool:
        if record is None or (self._refresh and record.known_at < self._started_at):
            return False
        verdict = self._intake.verdict(dataset, record)
        if verdict is not Verdict.FRESH:
            self._log.debug("record not fresh", dataset=dataset.name, key=key, reason=verdict.value)
            return False
        outcome = Outcome.CACHED if record.outcome is Outcome.FRESH else Outcome.EMPTY
        self._settle(
            KeyOutcome(
                dataset=dataset.name,
                key=key,
                outcome=outcome,
                rows=record.rows,
                skipped_rows=record.skipped_count,
                skipped=record.skipped,
                fetched_at=record.fetched_at,
            )
        )
        return True

    # --- what has to be fetched ------------------------------------------------------------------------

    async def _fetch_claimed(
        self, dataset: Dataset, pending: Sequence[str], writer: BackgroundWriter
    ) -> None:
        """Fetch the pending keys; those that another task or process is fetching, once it has done so."""
        claims, waited = tuple(pending), False
        while claims:
            with self._collector.locks.try_acquire(self._provider.name, dataset.name, claims) as lease:
                # Judged again under the claim: another process may have just brought them.
                records = self._store.records(self._provider.name, dataset.name)
                wanted = self._still_wanted(dataset, lease.keys, records)
                if wanted:
                    await self._fetch(dataset, wanted, writer, records)
            claims = lease.busy
            if claims and not waited:
                waited = True
                self._log.info("waiting for another collector", dataset=dataset.name, keys=len(claims))
            if claims:
                await self._clock.sleep(_CLAIM_POLL_S)

    def _still_wanted(
        self, dataset: Dataset, keys: Sequence[str], records: Mapping[str, Record]
    ) -> list[str]:
        if dataset.keys is Keys.PROVIDER:
            fresh = [self._serve_if_fresh(dataset, key, record) for key, record in records.items()]
            return [] if fresh and all(fresh) else list(keys)
        return [key for key in keys if not self._serve_if_fresh(dataset, key, records.get(key))]

    async def _fetch(
        self, dataset: Dataset, keys: Sequence[str], writer: BackgroundWriter, records: Mapping[str, Record]
    ) -> None:
        for since, group in self._intake.by_first_day(dataset, keys, records).items():
            await self._ask(await self._intake.question(dataset, group, since=since), group, writer)

    async def _ask(self, question: Question, keys: Sequence[str], writer: BackgroundWriter) -> None:
        dataset = question.dataset
        listed_by_provider = dataset.keys is Keys.PROVIDER
        unanswered = dict.fromkeys(self._keys_of(dataset) if listed_by_provider else keys)
        writes: dict[str, asyncio.Future[Record]] = {}
        cause: TTError | None = None
        batch: list[DataAnswer] = []
        seen: set[str] = set()
        try:
            async with aclosing(self._provider.get_data(question.request)) as answers:
                async for answer in answers:
                    asked_for = answer.key in unanswered or (listed_by_provider and answer.key not in seen)
                    if not asked_for:
                        self._log.warning("answer to no question", dataset=dataset.name, key=answer.key)
                        continue
                    unanswered.pop(answer.key, None)
                    seen.add(answer.key)
                    batch.append(answer)
                    if len(batch) >= _BATCH_ANSWERS:
                        await self._take(question, batch, writer, writes=writes)
        except (AuthenticationError, CredentialsError):
            raise
        except TTError as exc:
            cause = exc
        finally:  # also when the run is interrupted: what was fetched is kept
            await self._take(question, batch, writer, writes=writes)
        if listed_by_provider and cause is None:  # what it lists no more is gone, and that is kept
            gone = [DataAnswer(dataset=dataset.name, key=key, outcome=Outcome.EMPTY) for key in unanswered]
            await self._take(question, gone, writer, writes=writes)
            unanswered = {}
        if cause is not None and listed_by_provider and not unanswered:
            unanswered = {_WHATEVER_THERE_IS: None}
        for key in unanswered:
            missing = cause or ProtocolError(f"the provider did not answer for {key}")
            self._settle_failure(
                dataset, DataAnswer(dataset=dataset.name, key=key, outcome=Outcome.FAILED, cause=missing)
            )
        await self._confirm(dataset, writes, writer)

    async def _take(
        self,
        question: Question,
        answers: list[DataAnswer],
        writer: BackgroundWriter,
        *,
        writes: dict[str, asyncio.Future[Record]],
    ) -> None:
        """
        Hold answers against the schema and hand them to the writer, or settle why not.

        Each is removed from the list once it is dealt with, so that an interrupted call can be finished.
        """
        dataset = question.dataset
        for draft in await asyncio.to_thread(self._intake.drafts, question, tuple(answers)):
            answer = answers[0]
            if draft is None:
                self._settle_failure(dataset, answer)
            elif isinstance(draft, TTError):
                self._settle_failure(dataset, replace(answer, outcome=Outcome.FAILED, cause=draft))
            else:
                notice = self._notice(dataset, draft)
                writes[answer.key] = await writer.submit(dataset.name, dataset.schema.version, draft)
                self._settle_draft(dataset, answer, draft, notice)
            answers.pop(0)

    def _notice(self, dataset: Dataset, draft: ItemDraft) -> str:
        """Say so if days that were known are gone: a source that shrank, or one that was cut."""
        older = self._store.record(self._provider.name, dataset.name, draft.key)
        if not dataset.over_time or older is None or older.rows <= draft.rows:
            return ""
        return (
            f"{draft.rows} rows, {older.rows - draft.rows} fewer than on {older.fetched_at:%Y-%m-%d %H:%M}Z"
        )

    def _settle_draft(self, dataset: Dataset, answer: DataAnswer, draft: ItemDraft, notice: str) -> None:
        self._settle(
            KeyOutcome(
                dataset=dataset.name,
                key=answer.key,
                outcome=draft.outcome,
                rows=draft.rows,
                cause=answer.cause,
                attempts=answer.attempts,
                skipped_rows=draft.skipped_count,
                skipped=draft.skipped,
                fetched_at=draft.fetched_at,
                notice=notice,
            )
        )

    async def _confirm(
        self, dataset: Dataset, writes: Mapping[str, asyncio.Future[Record]], writer: BackgroundWriter
    ) -> None:
        """Wait until everything of a dataset is on disk; what is not has failed, however good it was."""
        await writer.flush(dataset.name)
        for key, written in writes.items():
            try:
                await written
            except TTError as exc:
                self._settle_failure(dataset, _failed(dataset, key, exc))

    # --- books -----------------------------------------------------------------------------------------

    def _settle_failure(self, dataset: Dataset, answer: DataAnswer) -> None:
        """Settle a key that brought no rows; those of an older record, if any, are served instead."""
        failed = answer.outcome in (Outcome.FAILED, Outcome.FRESH, Outcome.EMPTY)
        outcome = Outcome.FAILED if failed else answer.outcome
        older = self._store.record(self._provider.name, dataset.name, answer.key) if failed else None
        if older is not None and older.rows and older.schema_version == dataset.schema.version:
            outcome = Outcome.STALE
        served = older if outcome is Outcome.STALE else None
        self._log.info(  # the report names it to people
            "key not brought up to date",
            dataset=dataset.name,
            key=answer.key,
            outcome=outcome.value,
            cause=str(answer.cause) if answer.cause else None,
        )
        self._settle(
            KeyOutcome(
                dataset=dataset.name,
                key=answer.key,
                outcome=outcome,
                rows=served.rows if served else 0,
                cause=answer.cause,
                attempts=answer.attempts,
                fetched_at=served.fetched_at if served else None,
            )
        )

    def _settle(self, outcome: KeyOutcome) -> None:
        by_key = self._outcomes[outcome.dataset]
        by_key[outcome.key] = outcome
        if len(by_key) % _PROGRESS_EVERY == 0:
            self._report_progress(CATALOGUE[outcome.dataset], len(self._keys_of(CATALOGUE[outcome.dataset])))

    def _report_progress(self, dataset: Dataset, total: int) -> None:
        if self._collector.on_progress is None:
            return
        by_key = self._outcomes[dataset.name]
        self._collector.on_progress(
            Progress(
                dataset=dataset.name,
                done=len(by_key),
                total=max(total, len(by_key)),
                outcomes=Counter(outcome.outcome for outcome in by_key.values()),
            )
        )


def _failed(dataset: Dataset, key: str, cause: TTError) -> DataAnswer:
    return DataAnswer(dataset=dataset.name, key=key, outcome=Outcome.FAILED, cause=cause)


def _first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Choose the error to show of several: what is wrong with credentials, else the first one."""
    flat = list(_flatten(group))
    credentials = [error for error in flat if isinstance(error, AuthenticationError | CredentialsError)]
    return (credentials or flat)[0]


def _flatten(group: BaseExceptionGroup[BaseException]) -> Iterable[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _flatten(error)
        else:
            yield error


def _difference(after: RequestCounts, before: RequestCounts) -> RequestCounts:
    return RequestCounts(
        sent=after.sent - before.sent,
        retried=after.retried - before.retried,
        failed=after.failed - before.failed,
    )
