# SPDX-License-Identifier: Apache-2.0
"""A user's files as tables: which files of a directory count, and whose rows each of them holds."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final, TypeAlias
from uuid import uuid4

import polars as pl
from polars import selectors as cs

from ttapi_core import ConfigurationError, DataError, DecodeError, StoreUnavailableError, Symbol, TTError
from ttapi_platform.delimited import Malformed, read_delimited
from ttapi_platform.files_mapping import BarMapping, NamedColumns

Stamp: TypeAlias = tuple[int, ...]
"""Size, times of change and inode of a file: another stamp says that it may have changed."""

_SUFFIXES: Final = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    The rows of one symbol in one file.

    Parameters
    ----------
    file_name
        The file, relative to the directory.
    rows
        Its rows; None where the file is no usable table.
    problems
        Lines that could not be read, each as a text.
    cause
        What makes the whole part unusable.
    """

    file_name: str
    rows: NamedColumns | None = None
    problems: tuple[str, ...] = ()
    cause: TTError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """
    What one file held when it was read.

    Parameters
    ----------
    stamp
        By which a change shows without reading; None where the file could not be looked at.
    digest
        The SHA-256 of its bytes.
    parts
        Its rows, by key.
    """

    stamp: Stamp | None
    digest: str
    parts: tuple[tuple[str, Part], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIndex:
    """
    What the files of a directory held when they were last read.

    Parameters
    ----------
    directory, mapping
        Where the files are, and which of them count.
    files
        Each file by its name, relative to the directory.
    parts
        Rows by canonical symbol. What is no symbol keeps its bare text as key, and what is no table its
        file's name, each with the cause.
    folders
        Stamps of the folders that hold them, which change when a file comes or goes.
    reads
        Files read so far, again ones too.
    outdated
        Whether a file has come or gone since.
    """

    directory: Path
    mapping: BarMapping
    files: Mapping[str, ReadFile]
    parts: Mapping[str, list[Part]]
    folders: Mapping[Path, Stamp | None]
    reads: int
    outdated: bool = False

    def looked_over(self) -> FileIndex:
        """Return the index, marked where files have come or gone; looks at folders only, not at files."""
        folders = _stamps(self.folders)
        if self.outdated or folders == self.folders:
            return self
        names = {_name(path, self.directory) for path in list_files(self.directory, self.mapping)}
        return replace(self, folders=folders, outdated=names != self.files.keys())

    def digests(self, key: str) -> dict[str, str]:
        """Return the digests of the files behind a key; one that never recurs for what has changed since."""
        names = {part.file_name for part in self.parts.get(key, [])}
        found = {f"file/{name}": self.files[name].digest for name in sorted(names)}
        changed = {f"file/{name}": _unique() for name in names if self._is_changed(name)}
        return {**found, **changed, **self._coming_and_going()}

    def digest_of_all(self) -> dict[str, str]:
        """Return one digest of all files; one that never recurs if any has changed since."""
        if any(self._is_changed(name) for name in self.files):
            return {"file/*": _unique()}
        every = "".join(f"{name} {file.digest}\n" for name, file in self.files.items())
        return {"file/*": hashlib.sha256(every.encode()).hexdigest(), **self._coming_and_going()}

    def _is_changed(self, name: str) -> bool:
        stamp = self.files[name].stamp
        return stamp is None or stamp != _stamp(self.directory / name)

    def _coming_and_going(self) -> dict[str, str]:
        return {"file/listing": _unique()} if self.outdated else {}


def read_index(directory: Path, mapping: BarMapping, *, before: FileIndex | None = None) -> FileIndex:
    """
    Read every file that counts and sort its rows by symbol.

    Parameters
    ----------
    directory, mapping
        Where the files are, and which of them count.
    before
        What was read earlier: only files that have changed since are read again.

    Raises
    ------
    StoreUnavailableError
        If the directory cannot be listed.
    ConfigurationError
        If the mapping's pattern cannot be used.
    """
    # Folders first: a file that comes while the others are read changes them once more.
    folders = _stamps({directory, *(path.parent for path in list_files(directory, mapping))})
    known = before.files if before is not None else {}
    files = {}
    for path in list_files(directory, mapping):
        name = _name(path, directory)
        stamp, old = _stamp(path), known.get(name)
        same = old is not None and stamp is not None and old.stamp == stamp
        files[name] = old if old is not None and same else _read_file(path, name, mapping, stamp=stamp)
    parts: dict[str, list[Part]] = {}
    for key, part in chain.from_iterable(file.parts for file in files.values()):
        parts.setdefault(key, []).append(part)
    read = sum(file is not known.get(name) for name, file in files.items())
    reads = read + (before.reads if before is not None else 0)
    return FileIndex(
        directory=directory, mapping=mapping, files=files, parts=parts, folders=folders, reads=reads
    )


def list_files(directory: Path, mapping: BarMapping) -> list[Path]:
    """
    Return the regular files that count, sorted by name.

    Raises
    ------
    StoreUnavailableError
        If the directory cannot be listed.
    ConfigurationError
        If the mapping's pattern cannot be used.
    """
    if ".." in Path(mapping.files).parts:
        raise _unusable(mapping.files, "leads out of the directory")
    try:
        if not directory.is_dir():
            raise StoreUnavailableError(directory, "is not a directory")
        return sorted(path for path in directory.glob(mapping.files) if _counts(path))
    except TTError:
        raise
    except (ValueError, NotImplementedError) as exc:
        raise _unusable(mapping.files, str(exc)) from exc
    except OSError as exc:
        raise StoreUnavailableError(directory, exc.strerror or "cannot be listed") from exc


def _unusable(pattern: str, problem: str) -> ConfigurationError:
    accepted = "a pattern below the directory, such as *.csv"
    return ConfigurationError("eod_data.files", f"{pattern!r}: {problem}", accepted=accepted)


def _counts(path: Path) -> bool:
    # A link that leads nowhere counts, so that it is reported; to read a pipe would hang.
    return path.name.lower().endswith(_SUFFIXES) and (path.is_file() or not path.exists())


def _name(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix()


def _stamps(paths: Iterable[Path]) -> dict[Path, Stamp | None]:
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _unique() -> str:
    return f"changed since it was read ({uuid4()})"


def _read_file(path: Path, name: str, mapping: BarMapping, *, stamp: Stamp | None) -> ReadFile:
    try:
        content = path.read_bytes()
    except OSError as exc:
        cause = StoreUnavailableError(name, exc.strerror or "cannot be read")
        return ReadFile(
            stamp=None, digest="", parts=(_keyed(_stem(path), Part(file_name=name, cause=cause)),)
        )
    try:
        parts = tuple(_parts_of(_stem(path), name, content, mapping=mapping))
    except TTError as exc:
        parts = (_keyed(_stem(path), Part(file_name=name, cause=exc)),)
    return ReadFile(stamp=stamp, digest=hashlib.sha256(content).hexdigest(), parts=parts)


def _parts_of(stem: str, name: str, content: bytes, *, mapping: BarMapping) -> list[tuple[str, Part]]:
    named, malformed = _table_of(name, content)
    column = mapping.symbol_column(named.frame.columns, file_name=name)
    if column is None:
        problems = tuple(line.text for line in malformed)
        return [_keyed(stem, Part(file_name=name, rows=named, problems=problems))]
    dtype = named.frame.schema[column]
    if dtype not in (pl.String, pl.Null) and not dtype.is_integer():  # in Tokyo symbols are numbers
        raise DataError(f"{name}: {dtype} holds no symbols", column=column)
    parts = [_keyed(text, Part(file_name=name, rows=rows)) for text, rows in named.by_value(column).items()]
    return [
        *parts,
        *_malformed_parts(named, malformed, column=column, name=name, keys=[key for key, _ in parts]),
    ]


def _malformed_parts(
    named: NamedColumns, malformed: Sequence[Malformed], *, column: str, name: str, keys: Sequence[str]
) -> Iterator[tuple[str, Part]]:
    """
    Give each malformed line to its symbol.

    One whose symbol cannot be told may belong to any symbol of the file: it is given to each, so that who
    asks for one of them by name hears of it, and to a key of the file's own, that fails.
    """
    at = named.frame.columns.index(column)
    lines: dict[str, list[str]] = {key: [] for key in keys}
    unclear: list[str] = []
    for line in malformed:
        key = _symbol_at(at, line)
        (unclear if key is None else lines.setdefault(key, [])).append(line.text)
    for key, own in lines.items():
        if own or unclear:
            yield key, Part(file_name=name, rows=named.without_rows(), problems=(*own, *unclear))
    if unclear:
        cause = DataError(f"{len(unclear)} lines of no known symbol cannot be read: {unclear[0]}")
        yield name, Part(file_name=name, cause=cause)


def _symbol_at(at: int, line: Malformed) -> str | None:
    try:
        return _symbol_of(line.fields[at].strip()) if at < len(line.fields) else None
    except TTError:
        return None


def _stem(path: Path) -> str:
    name = path.name.lower()
    return path.name[: -len(next(suffix for suffix in _SUFFIXES if name.endswith(suffix)))]


def _keyed(text: str, part: Part) -> tuple[str, Part]:
    try:
        return _symbol_of(text), part
    except TTError as exc:
        cause = part.cause or exc
        return text or f"{part.file_name} (rows without a symbol)", Part(
            file_name=part.file_name, problems=part.problems, cause=cause
        )


def _symbol_of(text: str) -> str:
    if "%" in text:
        return Symbol.from_file_name(text).canonical
    root, dash, share_class = text.rpartition("-")
    if dash and root.isalnum() and share_class.isalnum():  # BRK-B, as many vendors write BRK/B
        return Symbol.parse(f"{root}/{share_class}").canonical
    return Symbol.parse(text).canonical


def _table_of(name: str, content: bytes) -> tuple[NamedColumns, tuple[Malformed, ...]]:
    """Read a file's bytes, whole, as named columns with the place of each row."""
    if name.lower().endswith(".parquet"):
        frame = _parquet(name, content)
        return NamedColumns(frame, pl.int_range(frame.height, eager=True), unit="row"), ()
    if name.lower().endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as exc:
            raise DecodeError(f"{name} is no whole gzip file") from exc
    return read_delimited(content, file_name=name)


def _parquet(name: str, content: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(content)).with_columns(
            (cs.categorical() | cs.enum()).cast(pl.String)
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as exc:
        # Polars panics on some damaged files, and its panic is no Exception.
        raise DecodeError(f"{name} is no readable Parquet file") from exc
