# SPDX-License-Identifier: Apache-2.0
"""Between a provider and a store: what to ask, whether what is there will do, and what an answer becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ttapi_core import Clock, DataAnswer, DataProvider, DataRequest, Outcome, TTError, TTLPolicy
from ttapi_platform.calendars import TradingCalendar
from ttapi_platform.catalogue import Dataset, Keys
from ttapi_platform.drafts import ItemDraft
from ttapi_platform.freshness import Verdict, fingerprint_of, judge
from ttapi_platform.manifests import Record
from ttapi_platform.schemas import Conformed
from ttapi_platform.store import Store

DEFAULT_HISTORY: Final = timedelta(days=365)
"""How far back datasets over time reach when nothing else is asked for."""

CALENDAR_AHEAD: Final = timedelta(days=3 * 365)
"""How far ahead sessions are asked for: options are listed about three years out."""


_BRINGING: Final = frozenset({Outcome.FRESH, Outcome.EMPTY})
"""Outcomes of an answer that is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """
    The rules by which a provider's answers become records of a store.

    Parameters
    ----------
    store, provider
        The two ends.
    ttls
        How long records are fresh.
    clock
        What time it is.
    venue
        MIC of the venue whose sessions count.
    as_of
        When the run began (UTC).
    since
        First day of datasets over time.
    """

    store: Store
    provider: DataProvider
    ttls: TTLPolicy
    clock: Clock
    venue: str
    as_of: datetime
    since: date

    def verdict(self, dataset: Dataset, record: Record) -> Verdict:
        """Say whether a record may be served without asking."""
        return judge(
            record,
            dataset,
            now=self.clock.now(),
            ttl=self.ttls.for_dataset(dataset.name),
            upstream=self.upstream(dataset, record.key),
            since=self.first_day(dataset),
        )

    def upstream(self, dataset: Dataset, key: str) -> Mapping[str, str]:
        """Return the content hashes of what a record of ``key`` would be made from now, by name."""
        made_from: dict[str, str] = {}
        for name in dataset.depends_on:
            record = self.store.record(self.provider.name, name, self.venue)
            if record is not None:
                made_from[f"{name}/{record.key}"] = record.content_hash
        return {**made_from, **fingerprint_of(self.provider, dataset.name, key)}

    def first_day(self, dataset: Dataset) -> date | None:
        """Return the first day to ask for; None for datasets that are not over time."""
        if not dataset.over_time:
            return None
        # Sessions are asked for by whole years, so that the same answer serves for long.
        return self.since.replace(month=1, day=1) if dataset.keys is Keys.VENUE else self.since

    def request(self, dataset: Dataset, keys: Sequence[str]) -> DataRequest:
        """Return the question for some keys; for datasets whose keys the provider knows it is for all."""
        until = None
        if dataset.keys is Keys.VENUE:
            until = (self.as_of + CALENDAR_AHEAD).date().replace(month=12, day=31)
        asked = () if dataset.keys is Keys.PROVIDER else tuple(keys)
        return DataRequest(dataset=dataset.name, keys=asked, since=self.first_day(dataset), until=until)

    async def calendar(self, dataset: Dataset) -> TradingCalendar | None:
        """Return the calendar by which derived columns are counted, for a dataset that has such columns."""
        if "trading_days" not in dataset.depends_on:
            return None
        frame = await asyncio.to_thread(self.store.read, self.provider.name, "trading_days", [self.venue])
        listed = frame["date"].to_list() if frame.height else []
        return await asyncio.to_thread(TradingCalendar, listed, venue=self.venue)

    def drafts(
        self, dataset: Dataset, answers: Sequence[DataAnswer], *, calendar: TradingCalendar | None
    ) -> list[ItemDraft | TTError | None]:
        """
        Hold answers against the schema, all in one pass.

        Returns
        -------
        list
            For each answer what to store; None where it brings nothing to store; the `DataError` or
            `AnswerMismatchError` for one that breaks the schema.
        """
        with_rows = [
            (at, (answer.key, answer.columns))
            for at, answer in enumerate(answers)
            if answer.columns is not None and answer.outcome in _BRINGING
        ]
        conformed = dataset.schema.conform_all(
            [rows for _, rows in with_rows], derive=calendar.with_trading_days if calendar else None
        )
        by_answer = dict(zip((at for at, _ in with_rows), conformed, strict=True))
        nothing = Conformed(dataset.schema.empty())
        drafts: list[ItemDraft | TTError | None] = []
        for at, answer in enumerate(answers):
            result = by_answer.get(at, nothing)
            if answer.outcome not in _BRINGING or isinstance(result, TTError):
                drafts.append(result if isinstance(result, TTError) else None)
            else:
                drafts.append(self._draft(dataset, answer, result))
        return drafts

    def _draft(self, dataset: Dataset, answer: DataAnswer, rows: Conformed) -> ItemDraft:
        return ItemDraft(
            key=answer.key,
            frame=rows.frame,
            outcome=Outcome.FRESH if rows.frame.height else Outcome.EMPTY,
            fetched_at=self.clock.now(),
            since=self.first_day(dataset),
            upstream=self.upstream(dataset, answer.key),
            request_id=answer.request_id,
            skipped=(*answer.skipped, *rows.skipped),
            skipped_count=len(answer.skipped) + rows.skipped_rows,
            attempts=answer.attempts,
        )
