# SPDX-License-Identifier: Apache-2.0
"""One table at a time, as fresh as it has to be: for programs that ask when they need it."""

from __future__ import annotations

from contextlib import aclosing
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from ttapi_core import (
    Clock,
    DataProvider,
    Outcome,
    ParameterError,
    ProtocolError,
    SystemClock,
    TTError,
    TTLPolicy,
)
from ttapi_platform.catalogue import DEFAULT_VENUE, Dataset, Keys, dataset_named
from ttapi_platform.drafts import EntryDraft
from ttapi_platform.freshness import Verdict
from ttapi_platform.intake import DEFAULT_HISTORY, Intake
from ttapi_platform.readthrough import Reading, ReadThrough
from ttapi_platform.store import Store

if TYPE_CHECKING:
    from ttapi_platform.manifests import Record


class DataLibrary:
    """
    Datasets by key: from memory, from the store, or through one fetch for everyone who asks.

    However many tasks and processes miss the same key at once, the provider is asked once. If it fails and
    an older record is there, that is served, marked `Outcome.STALE`, with the cause.

    Parameters
    ----------
    store
        Where records are looked up and kept.
    provider
        Where they come from; opened and closed by the caller, used in the caller's event loop.
    ttls
        How long records are fresh.
    clock
        What time it is.
    venue
        MIC of the venue whose sessions count.

    Examples
    --------
    ::

        library = DataLibrary(Store(path), provider)
        reading = await library.get("eod_data", "AAPL")
        reading.frame              # a Polars frame
        reading.record.fetched_at  # and where it came from
    """

    def __init__(
        self,
        store: Store,
        provider: DataProvider,
        *,
        ttls: TTLPolicy | None = None,
        clock: Clock | None = None,
        venue: str = DEFAULT_VENUE,
    ) -> None:
        self._store = store
        self._provider = provider
        self._ttls = ttls if ttls is not None else TTLPolicy()
        self._clock: Clock = clock if clock is not None else SystemClock()
        self._venue = venue
        self._read_through = ReadThrough(store)

    async def get(self, dataset: str, key: str, *, since: date | None = None) -> Reading:
        """
        Return the rows of one key of a dataset, fresh.

        Parameters
        ----------
        dataset
            Name in the catalogue.
        key
            Canonical symbol, venue or account number.
        since
            First day of datasets over time; None for a year ago.

        Raises
        ------
        UnknownNameError
            If there is no such dataset.
        ParameterError
            If the provider does not know the key.
        TTError
            What made fetching fail, if there is no older record.
        """
        declared = dataset_named(dataset)
        for name in declared.depends_on:
            if name in self._provider.datasets:
                await self._ensure(name, since)
        intake = self._intake(since)
        return await self._read_through.get(
            self._provider.name,
            dataset,
            key,
            is_fresh=partial(_is_fresh, intake, declared),
            fetch=partial(self._fetch, intake, declared, key),
        )

    async def _ensure(self, name: str, since: date | None) -> None:
        try:
            await self.get(name, self._venue, since=since)
        except TTError:  # the shipped table of sessions stands in; the record becomes stale when they come
            return

    def _intake(self, since: date | None) -> Intake:
        now = self._clock.now()
        return Intake(
            store=self._store,
            provider=self._provider,
            ttls=self._ttls,
            clock=self._clock,
            venue=self._venue,
            as_of=now,
            since=since if since is not None else (now - DEFAULT_HISTORY).date(),
        )

    async def _fetch(self, intake: Intake, dataset: Dataset, key: str) -> EntryDraft:
        older = self._store.records(self._provider.name, dataset.name)
        (since,) = intake.by_first_day(dataset, [key], older)
        question = await intake.question(dataset, [key], since=since)
        async with aclosing(self._provider.get_data(question.request)) as answers:
            async for answer in answers:
                if answer.key != key:
                    continue
                (draft,) = intake.drafts(question, [answer])
                if isinstance(draft, TTError):
                    raise draft
                if draft is not None:
                    return EntryDraft(schema_version=dataset.schema.version, run_id="", items=(draft,))
                if answer.cause is not None:
                    raise answer.cause
                raise _no_rows(key, answer.outcome)
        if dataset.keys is Keys.PROVIDER:
            raise _no_rows(key, Outcome.UNKNOWN_SYMBOL)
        raise ProtocolError(f"the provider did not answer for {key}")


def _is_fresh(intake: Intake, dataset: Dataset, record: Record) -> bool:
    return intake.verdict(dataset, record) is Verdict.FRESH


def _no_rows(key: str, outcome: Outcome) -> TTError:
    return ParameterError("key", key, f"one that the provider has ({outcome.value})")
