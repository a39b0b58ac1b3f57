# SPDX-License-Identifier: Apache-2.0
"""
What an entry says of itself: `manifest.json`, and the records that the store serves from it.

The manifest names the digest of each data file; the first 16 hexadecimal digits of the manifest's own digest
are part of the entry's name. So nothing of an entry can change without being noticed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import msgspec

from ttapi_core.errors import CorruptEntryError, DataError, ParameterError
from ttapi_core.providers import Outcome

FORMAT_VERSION: Final = 1
"""Version of the layout of an entry; an entry of a newer one is left alone and not served."""
MANIFEST: Final = "manifest.json"
PARQUET: Final = "data.parquet"
CSV: Final = "data.csv"
SKIPPED_MAX: Final = 100
"""Texts about skipped rows that a record keeps; all of them are counted."""

_NAME: Final = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{16}")
_DIGEST: Final = "^[0-9a-f]{64}$"

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Digest = Annotated[str, msgspec.Meta(pattern=_DIGEST)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Size in bytes and SHA-256 of a data file."""

    size: Count
    sha256: Digest


class RecordFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a manifest says of one key; `Record` explains the fields."""

    key: str
    rows: Count
    offset: Count
    sequence: Count
    content_hash: Digest
    fetched_at: Instant
    known_at: Instant
    outcome: Outcome = Outcome.FRESH
    run_id: str
    request_id: str = ""
    since: date | None = None
    upstream: dict[str, str] = msgspec.field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    skipped_count: Count = 0
    attempts: Count = 1


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that an entry says of itself."""

    format_version: int
    provider: str
    dataset: str
    schema_version: int
    run_id: str
    created: Instant
    writer: str
    files: dict[str, FileFacts]
    rows: Count
    records: tuple[RecordFacts, ...]


class _Format(msgspec.Struct):
    format_version: int


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """
    One generation of one key of a dataset: what was fetched, when, and in which entry its rows are.

    Parameters
    ----------
    provider, dataset, key
        Which it is.
    schema_version
        Version of the dataset's schema that the rows follow.
    rows
        Number of rows; zero for ``EMPTY``.
    outcome
        ``Outcome.FRESH`` or ``Outcome.EMPTY``: what the provider said.
    fetched_at
        When the provider was asked (UTC).
    known_at
        When the rows were stored, and so known here (UTC).
    sequence
        Counts the writes of a dataset: the greater is the newer, whatever the clock said.
    content_hash
        SHA-256 of the rows as CSV and of the schema version: equal rows have equal hashes.
    run_id, request_id
        The run and the request that brought the rows.
    since
        First day covered, or None.
    upstream
        Content hashes of the records that this one was made from, by ``dataset/key``.
    skipped, skipped_count
        Malformed rows that were left out: the first of them as texts, and how many.
    attempts
        Requests that were sent for this key.
    entry, offset
        Name of the entry, and the position of the first row in its table.
    """

    provider: str
    dataset: str
    key: str
    schema_version: int
    rows: int
    outcome: Outcome
    fetched_at: datetime
    known_at: datetime
    sequence: int
    content_hash: str
    run_id: str
    request_id: str
    since: date | None
    upstream: Mapping[str, str]
    skipped: tuple[str, ...]
    skipped_count: int
    attempts: int
    entry: str
    offset: int

    def age(self, now: datetime) -> timedelta:
        """
        Return how long ago the provider was asked; negative if the clock was set back since.

        Raises
        ------
        ParameterError
            If ``now`` has no time zone.
        """
        if now.tzinfo is None:
            raise ParameterError("now", now, "a datetime with a time zone")
        # Of one zone, datetimes are subtracted as wall times, blind to daylight saving: hence UTC first.
        return now.astimezone(UTC) - self.fetched_at.astimezone(UTC)

    def is_fresh(self, now: datetime, ttl: timedelta) -> bool:
        """
        Tell whether it was fetched less than ``ttl`` before ``now``; a negative age counts as expired.

        Raises
        ------
        ParameterError
            If ``now`` has no time zone.
        """
        return timedelta(0) <= self.age(now) < ttl


def is_entry_name(name: str) -> bool:
    """Tell whether a directory of this name is an entry."""
    return _NAME.fullmatch(name) is not None


def entry_name(known_at: datetime, manifest: bytes) -> str:
    """Return the name of an entry: when it became known, and the digest of its manifest."""
    return f"{known_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{_short_digest(manifest)}"


def _short_digest(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()[:16]


def encode_manifest(manifest: Manifest) -> bytes:
    """
    Return the manifest as JSON, indented, keys sorted.

    Raises
    ------
    DataError
        If a text in it is no Unicode.
    """
    try:
        return msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1) + b"\n"
    except UnicodeEncodeError as error:
        raise DataError(f"a text of the manifest is no Unicode: {error}") from error


def decode_manifest(content: bytes, name: str) -> Manifest | None:
    """
    Return the manifest of the entry ``name``, or None if a newer release wrote it in a layout unknown here.

    Raises
    ------
    CorruptEntryError
        If the content is not what the entry's name promises, or breaks the layout.
    """
    if _short_digest(content) != name.rpartition("-")[2]:
        raise CorruptEntryError(f"{name}: the digest of {MANIFEST} differs from the entry's name")
    try:
        if msgspec.json.decode(content, type=_Format).format_version > FORMAT_VERSION:
            return None
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CorruptEntryError(f"{name}: {MANIFEST} cannot be read: {error}") from error
    _require_consistent(manifest, name)
    return manifest


def _require_consistent(manifest: Manifest, name: str) -> None:
    position = 0
    for record in manifest.records:
        if record.offset != position or (record.rows == 0) != (record.outcome is Outcome.EMPTY):
            raise CorruptEntryError(f"{name}: the record of {record.key!r} contradicts its neighbours")
        position += record.rows
    if position != manifest.rows or manifest.files.keys() != {PARQUET, CSV}:
        raise CorruptEntryError(f"{name}: {MANIFEST} contradicts itself")


def records_of(manifest: Manifest, name: str) -> list[Record]:
    """Return the records of the entry ``name``, in the order of its table."""
    return [
        Record(
            provider=manifest.provider,
            dataset=manifest.dataset,
            schema_version=manifest.schema_version,
            entry=name,
            key=facts.key,
            rows=facts.rows,
            outcome=facts.outcome,
            fetched_at=facts.fetched_at,
            known_at=facts.known_at,
            sequence=facts.sequence,
            content_hash=facts.content_hash,
            run_id=facts.run_id,
            request_id=facts.request_id,
            since=facts.since,
            upstream=facts.upstream,
            skipped=facts.skipped,
            skipped_count=facts.skipped_count,
            attempts=facts.attempts,
            offset=facts.offset,
        )
        for facts in manifest.records
    ]


def facts_of_record(record: Record, offset: int) -> RecordFacts:
    """Return what the manifest of another entry says of a record whose rows begin at ``offset`` there."""
    facts = {name: getattr(record, name) for name in RecordFacts.__struct_fields__}
    return RecordFacts(**(facts | {"offset": offset, "upstream": dict(record.upstream)}))
