# SPDX-License-Identifier: Apache-2.0
"""When a stored record may be served as fresh: its age, its schema, what it was made from, the market."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Protocol

from ttapi_core import CalendarRangeError, sessions
from ttapi_platform.catalogue import DEFAULT_VENUE, Ageing, Dataset
from ttapi_platform.manifests import Record


class Fingerprinted(Protocol):
    """A provider that can tell cheaply whether what is behind a key has changed."""

    def fingerprint(self, dataset: str, key: str) -> Mapping[str, str]:
        """Return digests of what the answer for a key is made from, by name."""
        ...


def fingerprint_of(provider: object, dataset: str, key: str) -> Mapping[str, str]:
    """Return what a `Fingerprinted` provider says of a key; nothing for any other."""
    # Not isinstance: against a protocol it takes longer than all the rest of judging a record.
    tell: Callable[[str, str], Mapping[str, str]] | None = getattr(provider, "fingerprint", None)
    return tell(dataset, key) if tell is not None else {}


class Verdict(Enum):
    """Whether a record is fresh, and if not, why."""

    FRESH = "fresh"
    EXPIRED = "older than its time to live"
    FROM_THE_FUTURE = "fetched later than now: a clock was set back"
    OTHER_SCHEMA = "written under another version of the schema"
    UPSTREAM_CHANGED = "what it was made from has changed"
    TOO_SHORT = "begins after the first day that is wanted"
    SESSION_CLOSED = "a session has closed since"


def judge(
    record: Record,
    dataset: Dataset,
    *,
    now: datetime,
    ttl: timedelta,
    upstream: Mapping[str, str],
    since: date | None,
    venue: str = DEFAULT_VENUE,
) -> Verdict:
    """
    Say whether a record is fresh.

    Parameters
    ----------
    record
        The newest record of its key.
    dataset
        Its dataset.
    now
        UTC.
    ttl
        Time to live.
    upstream
        Content hashes of what it would be made from now, by name.
    since
        First day wanted, or None.
    venue
        MIC of the venue whose sessions count.
    """
    age = now - record.fetched_at
    if age < timedelta(0):
        return Verdict.FROM_THE_FUTURE
    if record.schema_version != dataset.schema.version:
        return Verdict.OTHER_SCHEMA
    if dict(record.upstream) != dict(upstream):
        return Verdict.UPSTREAM_CHANGED
    if dataset.over_time and since is not None and (record.since is None or record.since > since):
        return Verdict.TOO_SHORT
    if dataset.ageing is Ageing.BY_SESSION:
        return _judge_by_session(record.fetched_at, now, venue=venue, within_ttl=age < ttl)
    return Verdict.FRESH if age < ttl else Verdict.EXPIRED


def _judge_by_session(fetched_at: datetime, now: datetime, *, venue: str, within_ttl: bool) -> Verdict:
    """Bars are final once their session has closed, and nothing new comes while the exchange is shut."""
    try:
        if sessions.last_close(venue, now) > fetched_at:
            return Verdict.SESSION_CLOSED
        shut = not sessions.is_open(venue, now)
    except CalendarRangeError:  # beyond the table only the time to live is known
        return Verdict.FRESH if within_ttl else Verdict.EXPIRED
    return Verdict.FRESH if within_ttl or shut else Verdict.EXPIRED
