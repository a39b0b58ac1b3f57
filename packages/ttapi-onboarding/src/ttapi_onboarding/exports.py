# SPDX-License-Identifier: Apache-2.0
"""A frame as a person or a program wants it: table, CSV, JSON, newline-delimited JSON, Parquet, Markdown."""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import polars as pl
import polars.selectors as cs

from ttapi_core.errors import ParameterError, StoreUnavailableError
from ttapi_onboarding.exits import printable
from ttapi_onboarding.formats import Format
from ttapi_onboarding.screens import stdout_console, table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rich.console import RenderableType

_FORMULA: Final = r"^[=+\-@\p{Cc}]"
_DESCRIPTOR: Final = re.compile(r"/dev/(stdout|stderr|fd/\d+)|/proc/self/fd/\d+")
_SUFFIXES: Final = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".md": Format.MARKDOWN,
}


def chosen_format(given: Format | None, *, output: Path | None, is_terminal: bool) -> Format:
    """
    Return the format to write: the one given, that of the file's suffix, a table on a terminal, else CSV.

    Raises
    ------
    ParameterError
        If Parquet would go to a terminal, a table for people to a file, or a suffix names no format.
    """
    if output is not None:
        chosen = given or _of_suffix(output)
        if chosen is Format.TABLE:
            raise ParameterError("format", "table", "another one for a file, such as csv or markdown")
        return chosen
    if given is Format.PARQUET and is_terminal:
        raise ParameterError(
            "format", "parquet", "another one for a terminal", hint="name a file with --output"
        )
    return given or (Format.TABLE if is_terminal else Format.CSV)


def _of_suffix(output: Path) -> Format:
    if not output.suffix:
        return Format.CSV
    if output.suffix.lower() not in _SUFFIXES:
        raise ParameterError("output", str(output), f"one of {', '.join(_SUFFIXES)}", hint="or say --format")
    return _SUFFIXES[output.suffix.lower()]


def encoded(frame: pl.DataFrame, chosen: Format) -> bytes:
    """Return the whole frame in any format but `Format.TABLE`."""
    buffer = BytesIO()
    _WRITERS[chosen](frame, buffer)
    return buffer.getvalue()


def _write_csv(frame: pl.DataFrame, target: BinaryIO) -> None:
    neutral(frame).write_csv(target)


def neutral(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run as a formula; numbers stay as they are."""
    return frame.with_columns(_neutral(name) for name in frame.select(cs.string()).columns)


def _neutral(name: str) -> pl.Expr:
    cell = pl.col(name)
    return (
        pl.when(cell.str.contains(_FORMULA))
        .then(pl.concat_str(pl.lit("'"), cell))
        .otherwise(cell)
        .alias(name)
    )


def _write_json(frame: pl.DataFrame, target: BinaryIO) -> None:
    target.write(f"{frame.write_json()}\n".encode())


def _write_ndjson(frame: pl.DataFrame, target: BinaryIO) -> None:
    frame.write_ndjson(target)


def _write_parquet(frame: pl.DataFrame, target: BinaryIO) -> None:
    frame.write_parquet(target)


def _write_markdown(frame: pl.DataFrame, target: BinaryIO) -> None:
    rows = [
        frame.columns,
        ["---"] * frame.width,
        *([cell_text(cell) for cell in row] for row in frame.iter_rows()),
    ]
    for row in rows:
        cells = (printable(cell).replace("\\", "\\\\").replace("|", "\\|") for cell in row)
        target.write(f"| {' | '.join(cells)} |\n".encode())


_WRITERS: Final[dict[Format, Callable[[pl.DataFrame, BinaryIO], None]]] = {
    Format.CSV: _write_csv,
    Format.JSON: _write_json,
    Format.NDJSON: _write_ndjson,
    Format.PARQUET: _write_parquet,
    Format.MARKDOWN: _write_markdown,
}


def write_file(content: bytes, path: Path, *, mode: int = 0o666) -> None:
    """
    Write a regular file whole or not at all; write into what is none: a FIFO, a device, a descriptor.

    Parameters
    ----------
    content
        All of it.
    path
        Where to; a symbolic link is followed.
    mode
        Permissions of a new file, less the umask. A file that is there keeps its own.

    Raises
    ------
    StoreUnavailableError
        If it cannot be written; what was there before is untouched.
    """
    try:
        if _is_written_into(path):
            _write_into(content, path)
        else:
            _replace(content, Path(os.path.realpath(path)), mode=mode)
    except OSError as exc:
        raise StoreUnavailableError(path, f"cannot be written: {exc.strerror}") from exc


def _is_written_into(path: Path) -> bool:
    # The file behind a descriptor is open already: another one in its place would not be seen there.
    return _DESCRIPTOR.fullmatch(str(path)) is not None or (path.exists() and not path.is_file())


def _write_into(content: bytes, path: Path) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "wb") as file:
        file.write(content)


def _replace(content: bytes, path: Path, *, mode: int) -> None:
    kept_mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    temporary = path.with_name(f".ttapi-{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            if kept_mode is not None:
                temporary.chmod(kept_mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise


def drawn(
    frame: pl.DataFrame, title: str, *, percent: Collection[str] = ()
) -> tuple[RenderableType, tuple[str, ...]]:
    """Return a table as wide as the terminal, and the columns that found no place in it."""
    columns_of_texts = (
        [percent_text(value) for value in column] if column.name in percent else _column_texts(column)
        for column in frame.iter_columns()
    )
    texts = list(zip(*columns_of_texts, strict=True))
    widths = [
        max(len(name), *(len(row[i]) for row in texts), 0) if texts else len(name)
        for i, name in enumerate(frame.columns)
    ]
    shown = _fitting(widths, stdout_console().width)
    numeric = set(frame.select(cs.numeric()).columns)
    columns = [(name, "right" if name in numeric else "left") for name in frame.columns[:shown]]
    return table(title, columns, (row[:shown] for row in texts)), tuple(frame.columns[shown:])


def _fitting(widths: list[int], available: int) -> int:
    used = 1
    for count, width in enumerate(widths):
        used += width + 1
        if used > available:
            return max(count, 1)
    return len(widths)


def percent_text(value: float | None) -> str:
    """Return a fraction for people: in percent, null as a dash."""
    return "-" if value is None else f"{value:,.1%}"


def _column_texts(column: pl.Series) -> list[str]:
    """Return the cells of a column; numbers with as many decimals as one of them needs, at most four."""
    if not column.dtype.is_float():
        return [cell_text(value) for value in column]
    decimals = max((len(cell_text(value).partition(".")[2]) for value in column), default=0)
    return ["-" if value is None else f"{value:,.{decimals}f}" for value in column]


def cell_text(value: object) -> str:
    """Return a cell for people: null as a dash, numbers to four decimals, times to the second in UTC."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)
