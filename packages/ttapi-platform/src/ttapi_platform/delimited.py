# SPDX-License-Identifier: Apache-2.0
"""Delimited text as columns of text: the quick way where a file is regular, line by line where it is not."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from ttapi_core import DecodeError
from ttapi_platform.files_mapping import NamedColumns


@dataclass(frozen=True, slots=True)
class Malformed:
    """
    A line that is no row.

    Parameters
    ----------
    text
        Where it stands and what is wrong with it.
    fields
        Its fields; none where it runs over several lines, so that no field can be trusted.
    """

    text: str
    fields: tuple[str, ...]


def read_delimited(content: bytes, *, file_name: str) -> tuple[NamedColumns, tuple[Malformed, ...]]:
    """
    Read a CSV file with a heading; every value stays text.

    Parameters
    ----------
    content
        The whole file: UTF-8, with or without a byte-order mark; separated by comma, semicolon or tab; lines
        end with LF, CR LF or CR.
    file_name
        For messages.

    Returns
    -------
    tuple
        The columns, with the line number of each row, and each line that could not be read.

    Raises
    ------
    DecodeError
        If it is not UTF-8 text, has no heading, or a column name stands twice.
    """
    text = _decode(content, file_name)
    first_line = text.partition("\n")[0]
    if not first_line.strip():
        raise DecodeError(f"{file_name}, line 1: no heading")
    separator = max(",;\t", key=re.sub('"[^"]*"', "", first_line).count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    malformed: list[Malformed] = []
    try:
        heading = _heading(next(reader), file_name)
        if '"' not in text and _is_regular(text, separator):
            return _read_regular(text, separator, heading), ()
        rows = list(_rows(reader, len(heading), file_name=file_name, malformed=malformed))
    except csv.Error as exc:
        raise DecodeError(f"{file_name}, line {reader.line_num}: {exc}") from exc
    columns = {name: [fields[at] for _, fields in rows] for at, name in enumerate(heading)}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(heading, pl.String))
    return NamedColumns(frame, pl.Series([line for line, _ in rows], dtype=pl.Int64)), tuple(malformed)


def _decode(content: bytes, file_name: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise DecodeError(f"{file_name}, line {line}: not UTF-8 text") from exc
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise DecodeError(f"{file_name}, line {line}: a NUL character; the file is damaged")
    return text


def _heading(fields: list[str], file_name: str) -> list[str]:
    names = [name.strip() for name in fields]
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise DecodeError(f"{file_name}, line 1: the column {twice!r} stands twice")
    return names


def _is_regular(text: str, separator: str) -> bool:
    """Whether each line has as many fields as the heading, without blank lines in between."""
    lines = text.rstrip("\n").split("\n")
    fields = lines[0].count(separator)
    return all(line.count(separator) == fields and not line.isspace() and line for line in lines)


def _read_regular(text: str, separator: str, heading: list[str]) -> NamedColumns:
    frame = pl.read_csv(
        text.rstrip("\n").encode(),
        separator=separator,
        infer_schema=False,
        quote_char=None,
    )
    frame.columns = heading
    return NamedColumns(frame.fill_null(""), pl.int_range(2, frame.height + 2, eager=True))


def _rows(
    reader: Iterator[list[str]], width: int, *, file_name: str, malformed: list[Malformed]
) -> Iterator[tuple[int, list[str]]]:
    before = reader.line_num  # type: ignore[attr-defined] # the csv reader has it; its type is private
    for fields in reader:
        first, line = before + 1, reader.line_num  # type: ignore[attr-defined] # as above
        before = line
        if len(fields) == width:
            yield line, fields
        elif any(field.strip() for field in fields):
            where = f"line {line}" if first == line else f"lines {first} to {line}"
            text = f"{file_name}, {where}: {len(fields)} fields, expected {width}"
            malformed.append(Malformed(text, tuple(fields) if first == line else ()))
