# SPDX-License-Identifier: Apache-2.0
"""Between a provider and a store: what to ask, whether what is there will do, and what an answer becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from ttapi_core import (
    AnswerMismatchError,
    Clock,
    DataAnswer,
    DataProvider,
    DataRequest,
    Outcome,
    TTError,
    TTLPolicy,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    What a provider is asked, and what its answers are made from besides.

    Parameters
    ----------
    dataset
        What is asked for.
    request
        As it goes to the provider.
    asked_at
        When, in UTC: ages count from here, not from when the answer came.
    calendar
        Counts derived columns, for a dataset that has such columns.
    made_from
        Content hashes of the records that the calendar stands for, by name.
    """

    dataset: Dataset
    request: DataRequest
    asked_at: datetime
    calendar: TradingCalendar | None = None
    made_from: Mapping[str, str] = field(default_factory=dict)


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
            venue=self.venue,
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
        """Return the first day that is wanted; None for datasets that are not over time."""
        if not dataset.over_time:
            return None
        # Sessions are asked for by whole years, so that the same answer serves for long.
        return self.since.replace(month=1, day=1) if dataset.keys is Keys.VENUE else self.since

    def by_first_day(
        self, dataset: Dataset, keys: Sequence[str], records: Mapping[str, Record]
    ) -> dict[date | None, list[str]]:
        """
        Return the keys by the first day to ask for.

        A record is replaced whole, so days that it covers beyond those wanted are asked for again: a later
        first day never throws history away.
        """
        wanted = self.first_day(dataset)
        groups: dict[date | None, list[str]] = {}
        for key in keys:
            record = records.get(key)
            covered = record.since if record is not None else None
            since = min(wanted, covered) if wanted is not None and covered is not None else wanted
            groups.setdefault(since, []).append(key)
        return groups

    async def question(self, dataset: Dataset, keys: Sequence[str], *, since: date | None) -> Question:
        """
        Return what to ask for some keys, and what the answers will be made from besides.

        For datasets whose keys the provider knows, the question is for all.
        """
        until = None
        if dataset.keys is Keys.VENUE:
            until = (self.as_of + CALENDAR_AHEAD).date().replace(month=12, day=31)
        asked = () if dataset.keys is Keys.PROVIDER else tuple(keys)
        calendar, made_from = await asyncio.to_thread(self._calendar, dataset)
        return Question(
            dataset=dataset,
            request=DataRequest(dataset=dataset.name, keys=asked, since=since, until=until),
            asked_at=self.clock.now(),
            calendar=calendar,
            made_from=made_from,
        )

    def _calendar(self, dataset: Dataset) -> tuple[TradingCalendar | None, Mapping[str, str]]:
        """Read the calendar for derived columns, and its hash, from one and the same record."""
        if "trading_days" not in dataset.depends_on:
            return None, {}
        found = self.store.get(self.provider.name, "trading_days", self.venue)
        if found is None:
            return TradingCalendar(venue=self.venue), {}
        record, frame = found
        listed = frame["date"].to_list() if frame.height else []
        return TradingCalendar(listed, venue=self.venue), {f"trading_days/{record.key}": record.content_hash}

    def drafts(self, question: Question, answers: Sequence[DataAnswer]) -> list[ItemDraft | TTError | None]:
        """
        Hold answers against the schema, all in one pass.

        Returns
        -------
        list
            For each answer what to store; None where it brings nothing to store; the `DataError` or
            `AnswerMismatchError` for one that breaks the schema.
        """
        schema = question.dataset.schema
        with_rows = [
            (at, (answer.key, answer.columns))
            for at, answer in enumerate(answers)
            if answer.columns is not None and _brings(answer)
        ]
        conformed = schema.conform_all(
            [rows for _, rows in with_rows],
            derive=question.calendar.with_trading_days if question.calendar else None,
        )
        by_answer = dict(zip((at for at, _ in with_rows), conformed, strict=True))
        nothing = Conformed(schema.empty())
        return [
            self._draft(question, answer, by_answer.get(at, nothing)) for at, answer in enumerate(answers)
        ]

    def _draft(
        self, question: Question, answer: DataAnswer, rows: Conformed | TTError
    ) -> ItemDraft | TTError | None:
        if answer.dataset != question.dataset.name:
            return AnswerMismatchError(f"asked for {question.dataset.name}, got {answer.dataset!r}")
        if isinstance(rows, TTError) or not _brings(answer):
            return rows if isinstance(rows, TTError) else None
        try:
            return ItemDraft(
                key=answer.key,
                frame=rows.frame,
                outcome=Outcome.FRESH if rows.frame.height else Outcome.EMPTY,
                fetched_at=question.asked_at,
                since=question.request.since,
                upstream={
                    **question.made_from,
                    **fingerprint_of(self.provider, question.dataset.name, answer.key),
                },
                request_id=answer.request_id,
                skipped=(*answer.skipped, *rows.skipped),
                skipped_count=max(answer.skipped_count, len(answer.skipped)) + rows.skipped_rows,
                attempts=answer.attempts,
            )
        except TTError as exc:
            return exc


def _brings(answer: DataAnswer) -> bool:
    """Whether an answer is kept; "empty" on account of a fault that may pass is none."""
    if answer.outcome is Outcome.EMPTY:
        return answer.cause is None or not answer.cause.retryable
    return answer.outcome is Outcome.FRESH
