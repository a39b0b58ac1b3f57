# SPDX-License-Identifier: Apache-2.0
"""What a collector hands to the store: the rows of some keys of one dataset, and where they came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from ttapi_core.errors import DataError, ParameterError
from ttapi_core.providers import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDraft:
    """
    What a provider said of one key.

    Parameters
    ----------
    key
        Canonical key: a symbol, an account number, a venue. Any text: it never becomes a file name.
    frame
        The rows in the order in which they are to be read, all columns flat; None or no rows for ``EMPTY``.
    fetched_at
        When the provider was asked, aware.
    outcome
        ``FRESH`` (rows) or ``EMPTY`` (the provider knows the key and has no rows).
    since
        First day covered, for datasets over time.
    upstream
        Content hashes of the records that this one was made from, by ``dataset/key``.
    request_id
        Id of the request that brought the rows.
    skipped
        Malformed rows that were left out, each as a short text.
    skipped_count
        How many rows were left out, where the texts do not name all of them.
    attempts
        Requests that were sent for this key.
    """

    key: str
    frame: pl.DataFrame | None
    fetched_at: datetime
    outcome: Outcome = Outcome.FRESH
    since: date | None = None
    upstream: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    skipped: tuple[str, ...] = ()
    skipped_count: int = 0
    attempts: int = 1

    def __post_init__(self) -> None:
        if not self.key or not self.key.isprintable():
            raise ParameterError("key", self.key, "a text without control characters, not empty")
        if self.fetched_at.tzinfo is None:
            raise ParameterError("fetched_at", self.fetched_at, "a datetime with a time zone")
        expected = Outcome.FRESH if self.rows else Outcome.EMPTY
        if self.outcome is not expected:
            raise ParameterError("outcome", self.outcome, f"{expected} for {self.rows} rows")
        _require_flat(self)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return 0 if self.frame is None else self.frame.height

    @property
    def size_bytes(self) -> int:
        """Bytes that the rows take in memory, about."""
        return 0 if self.frame is None else int(self.frame.estimated_size())


def _require_flat(item: ItemDraft) -> None:
    if item.frame is None:
        return
    for name, dtype in item.frame.schema.items():
        if dtype.is_nested() or dtype in (pl.Object, pl.Binary):
            raise DataError(f"{dtype} of key {item.key!r} has no form in CSV", column=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryDraft:
    """
    Some keys of one dataset, to be written together as one entry.

    Parameters
    ----------
    schema_version
        Version of the dataset's schema.
    run_id
        The run that fetched them.
    items
        At least one, keys distinct, all frames of one schema.
    schema
        Columns and types; by default those of the first frame. Needed only where no item may have rows.

    Raises
    ------
    ParameterError
        If there is no item, or a key comes twice.
    DataError
        If a frame's columns or types differ from the schema.
    """

    schema_version: int
    run_id: str
    items: tuple[ItemDraft, ...]
    schema: pl.Schema | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple(sorted(self.items, key=_key_of)))
        if not self.items:
            raise ParameterError("items", self.items, "at least one item")
        if len({item.key for item in self.items}) != len(self.items):
            raise ParameterError("items", [item.key for item in self.items], "distinct keys")
        schema = self.table_schema
        for item in self.items:
            if item.frame is not None:
                _require_schema(item.key, item.frame.schema, schema)

    @property
    def table_schema(self) -> pl.Schema:
        """Columns and types of the rows; without columns if no item says them."""
        frames = (item.frame.schema for item in self.items if item.frame is not None)
        return self.schema if self.schema is not None else next(frames, pl.Schema())


def _key_of(item: ItemDraft) -> str:
    return item.key


def _require_schema(key: str, found: pl.Schema, expected: pl.Schema) -> None:
    if found == expected:
        return
    columns = list(expected) if list(found) != list(expected) else []
    if columns:
        raise DataError(f"key {key!r} has the columns {list(found)}, expected {columns}")
    name = next(name for name in expected if found[name] != expected[name])
    raise DataError(f"key {key!r} has {found[name]}, expected {expected[name]}", column=name)
