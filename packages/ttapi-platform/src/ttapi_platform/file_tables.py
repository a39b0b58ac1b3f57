# SPDX-License-Identifier: Apache-2.0
"""A user's files as tables: which files of a directory count, and whose rows each of them holds."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from ttapi_core import DataError, DecodeError, StoreUnavailableError, Symbol, TTError
from ttapi_platform.delimited import read_delimited
from ttapi_platform.files_mapping import BarMapping, NamedColumns

_SUFFIXES: Final = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    The rows of one symbol in one file.

    Parameters
    ----------
    file_name, digest
        The file, and the SHA-256 of its bytes.
    rows
        Its rows; None where the file is no usable table.
    problems
        Lines that could not be read, each as a text.
    cause
        What makes the whole part unusable.
    """

    file_name: str
    digest: str = ""
    rows: NamedColumns | None = None
    problems: tuple[str, ...] = ()
    cause: TTError | None = None


def index_directory(directory: Path, mapping: BarMapping) -> dict[str, list[Part]]:
    """
    Read every file that counts and sort its rows by canonical symbol.

    What is no symbol keeps its bare text as key, and what is no table its file's name, each with the cause.

    Raises
    ------
    StoreUnavailableError
        If the directory cannot be listed.
    """
    index: dict[str, list[Part]] = {}
    for path in list_files(directory, mapping):
        for key, part in _parts_of(path, mapping):
            index.setdefault(key, []).append(part)
    return index


def list_files(directory: Path, mapping: BarMapping) -> list[Path]:
    """
    Return the files that count, sorted by name.

    Raises
    ------
    StoreUnavailableError
        If the directory cannot be listed.
    """
    try:
        if not directory.is_dir():
            raise StoreUnavailableError(directory, "is not a directory")
        return sorted(path for path in directory.glob(mapping.files) if path.name.lower().endswith(_SUFFIXES))
    except TTError:
        raise
    except OSError as exc:
        raise StoreUnavailableError(directory, exc.strerror or "cannot be listed") from exc


def _parts_of(path: Path, mapping: BarMapping) -> list[tuple[str, Part]]:
    digest = ""
    try:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        named, problems = _table_of(path.name, content)
        column = mapping.symbol_column(named.frame.columns, file_name=path.name)
    except OSError as exc:
        cause: TTError = StoreUnavailableError(path.name, exc.strerror or "cannot be read")
        return [_keyed(_stem(path), Part(file_name=path.name, cause=cause))]
    except TTError as exc:
        return [_keyed(_stem(path), Part(file_name=path.name, digest=digest, cause=exc))]
    if column is None:
        part = Part(file_name=path.name, digest=digest, rows=named, problems=problems)
        return [_keyed(_stem(path), part)]
    parts = [
        _keyed(text, Part(file_name=path.name, digest=digest, rows=rows))
        for text, rows in named.by_value(column).items()
    ]
    if problems:  # lines that belong to no symbol that could be read
        cause = DataError(f"{len(problems)} lines cannot be read: {problems[0]}")
        parts.append((path.name, Part(file_name=path.name, digest=digest, problems=problems, cause=cause)))
    return parts


def _stem(path: Path) -> str:
    name = path.name.lower()
    return path.name[: -len(next(suffix for suffix in _SUFFIXES if name.endswith(suffix)))]


def _keyed(text: str, part: Part) -> tuple[str, Part]:
    try:
        return _symbol_of(text), part
    except TTError as exc:
        cause = part.cause or exc
        return text or f"{part.file_name} (rows without a symbol)", Part(
            file_name=part.file_name, digest=part.digest, problems=part.problems, cause=cause
        )


def _symbol_of(text: str) -> str:
    if "%" in text:
        return Symbol.from_file_name(text).canonical
    root, dash, share_class = text.rpartition("-")
    if dash and root.isalnum() and share_class.isalnum():  # BRK-B, as many vendors write BRK/B
        return Symbol.parse(f"{root}/{share_class}").canonical
    return Symbol.parse(text).canonical


def _table_of(name: str, content: bytes) -> tuple[NamedColumns, tuple[str, ...]]:
    """Read a file's bytes, whole, as named columns with the place of each row."""
    if name.lower().endswith(".parquet"):
        return NamedColumns(_parquet(name, content), unit="row"), ()
    if name.lower().endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as exc:
            raise DecodeError(f"{name} is no whole gzip file") from exc
    return read_delimited(content, file_name=name)


def _parquet(name: str, content: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as exc:
        # Polars panics on some damaged files, and its panic is no Exception.
        raise DecodeError(f"{name} is no readable Parquet file") from exc
