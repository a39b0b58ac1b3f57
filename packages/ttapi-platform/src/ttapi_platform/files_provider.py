# SPDX-License-Identifier: Apache-2.0
"""The `files` provider: daily bars from CSV or Parquet files that the user already has."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Final

import polars as pl

from ttapi_core import (
    ConfigurationError,
    DataAnswer,
    DataError,
    DataRequest,
    Event,
    Health,
    Outcome,
    ParameterError,
    RequestCounts,
    TTError,
    UnknownNameError,
    UsageError,
)
from ttapi_platform.file_tables import FileIndex, Part, list_files, read_index
from ttapi_platform.files_mapping import BarMapping

MAPPING_FILE: Final = "ttapi-files.toml"
"""Name of the mapping that is read from the directory itself when no other is given."""


class FilesProvider:
    """
    Daily bars from a directory of CSV (also gzipped) or Parquet files.

    A file holds one symbol, whose name it carries (``AAPL.csv``; ``BRK-B.csv`` and ``BRK%2FB.csv`` both stand
    for ``BRK/B``), or many, told apart by a column ``Symbol`` or ``Ticker``. Rows that cannot be read are
    counted and named in the answer. Columns are found by their usual names (``Date``, ``Open``,
    ``Adj Close``, ...) or as a TOML mapping says (see `BarMapping`). Files are read whole into memory.

    Parameters
    ----------
    path
        The directory.
    mapping
        A TOML file; None for ``ttapi-files.toml`` in the directory if there is one, else the usual names.

    Raises
    ------
    StoreUnavailableError
        If the directory cannot be read.
    ConfigurationError
        If the mapping cannot be read or names unknown columns.
    """

    name: Final = "files"
    simulated: Final = False
    datasets: Final = frozenset({"eod_data"})

    def __init__(self, path: Path, *, mapping: Path | None = None) -> None:
        self._path = path
        self._mapping = _load_mapping(path, mapping)
        list_files(path, self._mapping)  # what cannot be listed is refused at once
        self._lock = Lock()
        self._index: FileIndex | None = None
        self._failed = 0

    @property
    def counts(self) -> RequestCounts:
        """Files read since it was opened, again ones too, and keys that failed."""
        index = self._index
        return RequestCounts(sent=index.reads if index is not None else 0, failed=self._failed)

    async def universe(self, name: str) -> Sequence[str]:
        """
        Return the symbols of the directory; the only universe is ``all``.

        What is no symbol is listed under its bare text, so that it is asked for and its problem reported.

        Raises
        ------
        UnknownNameError
            If ``name`` is not ``all``.
        """
        if name != "all":
            raise UnknownNameError("universe", name, ("all",))
        return sorted((await asyncio.to_thread(self._refresh)).parts)

    async def get_data(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        """
        Answer each key once, from every file that holds rows of it.

        Files that have changed since they were last read are read again first.

        Raises
        ------
        UnknownNameError
            If the dataset is not ``eod_data``.
        """
        if request.dataset not in self.datasets:
            raise UnknownNameError("dataset", request.dataset, tuple(sorted(self.datasets)))
        index = await asyncio.to_thread(self._refresh)
        for key in request.keys:
            yield await asyncio.to_thread(self._answer, index.parts.get(key), key, request)

    def _refresh(self) -> FileIndex:
        with self._lock:
            self._index = read_index(self._path, self._mapping, before=self._index)
            return self._index

    def _answer(self, parts: Sequence[Part] | None, key: str, request: DataRequest) -> DataAnswer:
        if parts is None:
            cause = ParameterError("symbol", key, f"one that has rows in {self._path.name}")
            return DataAnswer(
                dataset=request.dataset, key=key, outcome=Outcome.UNKNOWN_SYMBOL, cause=cause, attempts=0
            )
        try:
            return self._read(parts, key, request)
        except TTError as exc:
            self._failed += 1
            return DataAnswer(dataset=request.dataset, key=key, outcome=Outcome.FAILED, cause=exc, attempts=0)

    def _read(self, parts: Sequence[Part], key: str, request: DataRequest) -> DataAnswer:
        frames, skipped = [], []
        for part in parts:
            bars, unread = self._bars(part, key)
            frames.append(bars)
            skipped += [*part.problems, *unread]
        first, last = request.since or date.min, request.until or date.max
        kept = pl.concat(frames).filter(pl.col("date").is_between(first, last))
        if kept.is_empty() and skipped:  # the rows that were asked for may be those that cannot be read
            raise DataError(f"no usable row of {key}, {len(skipped)} that cannot be read: {skipped[0]}")
        return DataAnswer(
            dataset=request.dataset,
            key=key,
            outcome=Outcome.EMPTY if kept.is_empty() else Outcome.FRESH,
            columns=None if kept.is_empty() else kept,
            request_id=", ".join(list(dict.fromkeys(part.file_name for part in parts))[:3]),
            skipped=tuple(skipped),
        )

    def _bars(self, part: Part, key: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
        if part.rows is None:
            raise part.cause or DataError(f"{part.file_name} holds no usable row of {key}")
        try:
            return self._mapping.bars(part.rows, key=key, file_name=part.file_name)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as exc:
            # A safety net: a type or value that polars cannot handle fails this key, never the run.
            raise DataError(f"{part.file_name} cannot be read as daily bars: {exc}") from exc

    def fingerprint(self, dataset: str, key: str) -> Mapping[str, str]:
        """
        Return the digests of the files behind a key and of the mapping: a changed file is read again.

        For a dataset that is not its own, such as its universes, every file counts. What has changed since it
        was read has a digest that never recurs, until an answer has read it: a record is never taken for made
        from what came after its rows were read.
        """
        with self._lock:
            if self._index is None:
                self._index = read_index(self._path, self._mapping)
            self._index = index = self._index.looked_over()
        digests = index.digests(key) if dataset in self.datasets else index.digest_of_all()
        return {**digests, "file/mapping": self._mapping.fingerprint}

    async def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncGenerator[Event, None]:
        """
        Refuse: files do not move.

        Raises
        ------
        UsageError
            Always.
        """
        asked = f"{', '.join(kinds)} of {len(symbols)} symbols"
        raise UsageError(f"files do not move: no live {asked}", hint="subscribe to another provider")
        yield  # makes this an asynchronous generator, as the protocol asks

    async def health_check(self) -> Health:
        """Say whether the directory can still be listed and holds a file."""
        try:
            found = list_files(self._path, self._mapping)
        except TTError as exc:
            return Health(reachable=False, cause=exc)
        if not found:
            cause = ParameterError("path", self._path.name, "a directory with .csv or .parquet files")
            return Health(reachable=False, cause=cause)
        return Health(reachable=True, latency_s=0.0)

    async def aclose(self) -> None:
        """Do nothing: no file stays open."""


def _load_mapping(directory: Path, given: Path | None) -> BarMapping:
    path = given if given is not None else directory / MAPPING_FILE
    if given is None and not path.exists():
        return BarMapping()
    try:
        text = path.read_text(encoding="utf-8")
        return BarMapping.from_document(tomllib.loads(text), file_name=path.name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigurationError(path.name, f"cannot be read: {exc}", accepted="a TOML file") from exc
