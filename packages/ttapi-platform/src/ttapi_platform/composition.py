# SPDX-License-Identifier: Apache-2.0
"""What is to be written put together: rows of many keys as one table, one text and one record a key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate

import polars as pl

from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_platform.manifests import SKIPPED_MAX, Record, RecordFacts, facts_of_record
from ttapi_platform.segments import Segment, format_rows


def compose(provider: str, dataset: str, entry: EntryDraft, *, known_at: datetime, sequence: int) -> Segment:
    """
    Put together what a collector handed over.

    Raises
    ------
    DataError
        If a column has no form in CSV.
    """
    frames = [item.frame for item in entry.items if item.frame is not None]
    frame = pl.concat(frames) if frames else pl.DataFrame(schema=entry.table_schema)
    header, blocks = format_rows(frame, [item.rows for item in entry.items])
    salt = hashlib.sha256(b"%d\n%b" % (entry.schema_version, header))
    offsets = accumulate((item.rows for item in entry.items), initial=0)

    def facts(item: ItemDraft, offset: int, block: bytes) -> RecordFacts:
        content = salt.copy()
        content.update(block)
        return RecordFacts(
            key=item.key,
            rows=item.rows,
            offset=offset,
            sequence=sequence,
            content_hash=content.hexdigest(),
            fetched_at=item.fetched_at.astimezone(UTC),
            known_at=known_at,
            outcome=item.outcome,
            run_id=entry.run_id,
            request_id=item.request_id,
            since=item.since,
            upstream=dict(item.upstream),
            skipped=item.skipped[:SKIPPED_MAX],
            skipped_count=max(item.skipped_count, len(item.skipped)),
            attempts=item.attempts,
        )

    return Segment(
        provider=provider,
        dataset=dataset,
        schema_version=entry.schema_version,
        run_id=entry.run_id,
        created=known_at,
        frame=frame,
        csv=b"".join([header, *blocks]),
        records=tuple(map(facts, entry.items, offsets, blocks)),
    )


def recompose(records: Sequence[Record], frame: pl.DataFrame, *, created: datetime) -> Segment:
    """Put records that are in the store together again, each as it is, with their rows in this order."""
    header, blocks = format_rows(frame, [record.rows for record in records])
    offsets = accumulate((record.rows for record in records), initial=0)
    return Segment(
        provider=records[0].provider,
        dataset=records[0].dataset,
        schema_version=records[0].schema_version,
        run_id="compaction",
        created=created,
        frame=frame,
        csv=b"".join([header, *blocks]),
        records=tuple(map(facts_of_record, records, offsets)),
    )
