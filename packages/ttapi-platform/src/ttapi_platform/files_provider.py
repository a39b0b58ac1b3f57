# SPDX-License-Identifier: Apache-2.0
"""The `files` provider: daily bars from CSV or Parquet files that the user already has."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
from ttapi_core import (
    ConfigurationError,
    DataAnswer,
    DataError,
    DataRequest,
    DecodeError,
    Event,
    Health,
    Outcome,
    ParameterError,
    RequestCounts,
    StoreUnavailableError,
    Symbol,
    TTError,
    UnknownNameError,
    UsageError,
)

from ttapi_platform.delimited import read_delimited
from ttapi_platform.files_mapping import BarMapping, NamedColumns

MAPPING_FILE: Final = "ttapi-files.toml"
"""Name of the mapping that is read from the directory itself when no other is given."""

_SUFFIXES: Final = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    problem: TTError | None = None


class FilesProvider:
    """
    Daily bars from a directory of CSV or Parquet files, one file a symbol, named after it.

    A file is read when its symbol is asked for; rows that cannot be read are counted and named in the
    answer. Columns are found by their usual names (``Date``, ``Open``, ``Adj Close``, ...) or as a TOML
    mapping says (see `BarMapping`).

    Parameters
    ----------
    path
        The directory. ``BRK-B.csv`` and ``BRK%2FB.csv`` both stand for ``BRK/B``.
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
        self._sources = _list_sources(path, self._mapping)
        self._sent = 0
        self._failed = 0

    @property
    def counts(self) -> RequestCounts:
        """Files read since it was opened."""
        return RequestCounts(sent=self._sent, failed=self._failed)

    async def universe(self, name: str) -> Sequence[str]:
        """
        Return the symbols of the directory; the only universe is ``all``.

        A file whose name is no symbol is listed under its bare name, so that it is asked for and its
        problem is reported.

        Raises
        ------
        UnknownNameError
            If ``name`` is not ``all``.
        """
        if name != "all":
            raise UnknownNameError("universe", name, ("all",))
        return sorted(self._sources)

    async def get_data(self, request: DataRequest) -> AsyncIterator[DataAnswer]:
        """
        Read the file of each key, each answered exactly once.

        Raises
        ------
        UnknownNameError
            If the dataset is not ``eod_data``.
        """
        if request.dataset not in self.datasets:
            raise UnknownNameError("dataset", request.dataset, tuple(sorted(self.datasets)))
        for key in request.keys:
            yield await asyncio.to_thread(self._answer, key, request)

    def _answer(self, key: str, request: DataRequest) -> DataAnswer:
        source = self._sources.get(key)
        if source is None:
            return DataAnswer(
                dataset=request.dataset,
                key=key,
                outcome=Outcome.UNKNOWN_SYMBOL,
                cause=ParameterError("symbol", key, f"one that has a file in {self._path.name}"),
                attempts=0,
            )
        self._sent += 1
        try:
            return self._read(source, key, request)
        except TTError as exc:
            self._failed += 1
            return DataAnswer(dataset=request.dataset, key=key, outcome=Outcome.FAILED, cause=exc)

    def _read(self, source: _Source, key: str, request: DataRequest) -> DataAnswer:
        if source.problem is not None:
            raise source.problem
        named, problems = _table_of(source.path)
        bars, skipped = self._mapping.bars(named, key=key, file_name=source.path.name)
        kept = bars.filter(
            pl.lit(value=True) if request.since is None else pl.col("date") >= request.since,
            pl.lit(value=True) if request.until is None else pl.col("date") <= request.until,
        )
        every = (*problems, *skipped)
        if bars.is_empty() and every:
            raise DataError(f"no usable row in {source.path.name}: {every[0]}")
        return DataAnswer(
            dataset=request.dataset,
            key=key,
            outcome=Outcome.EMPTY if kept.is_empty() else Outcome.FRESH,
            columns=None if kept.is_empty() else kept,
            request_id=source.path.name,
            skipped=every,
        )

    def fingerprint(self, dataset: str, key: str) -> Mapping[str, str]:
        """Return the digest of the file behind a key, so that a changed file is read again."""
        source = self._sources.get(key)
        if source is None or dataset not in self.datasets:
            return {}
        try:
            digest = hashlib.sha256(source.path.read_bytes()).hexdigest()
        except OSError:  # unreadable now: reading it will say why
            digest = "unreadable"
        return {f"file/{source.path.name}": digest, "file/mapping": self._mapping.fingerprint}

    async def subscribe(self, kinds: Sequence[str], symbols: Sequence[str]) -> AsyncIterator[Event]:
        """
        Refuse: files do not move.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError("the files provider has no live data", hint="subscribe to another provider")
        yield  # makes this an asynchronous generator, as the protocol asks

    async def health_check(self) -> Health:
        """Say whether the directory can still be listed and holds a file."""
        try:
            found = _list_sources(self._path, self._mapping)
        except TTError as exc:
            return Health(reachable=False, cause=exc)
        if not found:
            return Health(reachable=False, cause=ParameterError("path", self._path.name, "a directory with files"))
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
        raise ConfigurationError(str(path.name), f"cannot be read: {exc}", accepted="a TOML file") from exc


def _list_sources(directory: Path, mapping: BarMapping) -> dict[str, _Source]:
    try:
        paths = sorted(path for path in directory.glob(mapping.files) if path.suffix.lower() in _SUFFIXES)
        if not directory.is_dir():
            raise StoreUnavailableError(directory, "is not a directory")
    except OSError as exc:
        if isinstance(exc, TTError):
            raise
        raise StoreUnavailableError(directory, exc.strerror or "cannot be listed") from exc
    sources: dict[str, _Source] = {}
    for path in paths:
        key, problem = _key_of(path)
        if key in sources:
            twin = sources[key].path.name
            problem = DataError(f"{path.name} and {twin} both stand for {key}", hint="remove one of them")
        sources[key] = _Source(path, problem)
    return sources


def _key_of(path: Path) -> tuple[str, TTError | None]:
    stem = path.stem
    for read in (Symbol.from_file_name, Symbol.parse):
        try:
            return read(stem).canonical, None
        except TTError as exc:
            problem = exc
    share_class = stem.rsplit("-", 1)
    if len(share_class) == 2 and all(part.isalnum() for part in share_class):
        return Symbol.parse("/".join(share_class)).canonical, None
    return stem, problem


def _table_of(path: Path) -> tuple[NamedColumns, tuple[str, ...]]:
    """Read a file once, whole, as named columns with the line of each row."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise StoreUnavailableError(path.name, exc.strerror or "cannot be read") from exc
    if path.suffix.lower() == ".csv":
        return read_delimited(content, file_name=path.name)
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except Exception as exc:
        raise DecodeError(f"{path.name} is no readable Parquet file") from exc
    except BaseException as exc:
        if isinstance(exc, pl.exceptions.PanicException):  # not an Exception in Polars
            raise DecodeError(f"{path.name} is a damaged Parquet file") from exc
        raise
    return NamedColumns(frame, first_line=0, unit="row"), ()
