# SPDX-License-Identifier: Apache-2.0
"""Delimited text as columns of text: the quick way where a file is regular, line by line where it is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import polars as pl

from ttapi_core import DecodeError
from ttapi_platform.files_mapping import LINE, NamedColumns


def read_delimited(content: bytes, *, file_name: str) -> tuple[NamedColumns, tuple[str, ...]]:
    """
    Read a CSV file with a heading; every value stays text.

    Parameters
    ----------
    content
        The whole file: UTF-8, with or without a byte-order mark; separated by comma, semicolon or tab.
    file_name
        For messages.

    Returns
    -------
    tuple
        The columns, with the line number of each row, and a text for each line that could not be read.

    Raises
    ------
    DecodeError
        If it is not UTF-8 text, or has no heading.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise DecodeError(f"{file_name}, line {line}: not UTF-8 text") from exc
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise DecodeError(f"{file_name}, line {line}: a NUL character; the file is damaged")
    heading = text.split("\n", 1)[0].strip()
    if not heading:
        raise DecodeError(f"{file_name}, line 1: no heading")
    separator = max(",;\t", key=heading.count)
    if '"' not in text and _is_regular(text, separator):
        return _read_regular(text, separator), ()
    return _read_line_by_line(text, separator, file_name)


def _is_regular(text: str, separator: str) -> bool:
    """Whether each line has as many fields as the heading, without blank lines in between."""
    lines = text.rstrip("\r\n").split("\n")
    fields = lines[0].count(separator)
    return all(line.count(separator) == fields and not line.isspace() and line for line in lines)


def _read_regular(text: str, separator: str) -> NamedColumns:
    frame = pl.read_csv(
        text.encode(),
        separator=separator,
        infer_schema=False,
        quote_char=None,
    )
    return NamedColumns(frame, first_line=2)


def _read_line_by_line(text: str, separator: str, file_name: str) -> tuple[NamedColumns, tuple[str, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    problems: list[str] = []
    try:
        heading = [name.strip() for name in next(reader)]
        rows = list(_rows(reader, len(heading), file_name, problems))
    except csv.Error as exc:
        raise DecodeError(f"{file_name}, line {reader.line_num}: {exc}") from exc
    if len(set(heading)) != len(heading):
        raise DecodeError(f"{file_name}, line 1: a column name stands twice")
    columns = {name: [row[1][at] for row in rows] for at, name in enumerate(heading)}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(heading, pl.String))
    lines = pl.Series(LINE, [line for line, _ in rows], dtype=pl.Int64)
    return NamedColumns(frame, lines=lines), tuple(problems)


def _rows(
    reader: Iterable[list[str]], width: int, file_name: str, problems: list[str]
) -> Iterable[tuple[int, list[str]]]:
    for row in reader:
        line = reader.line_num  # type: ignore[attr-defined] # the csv reader has it; its type is private
        if len(row) == width:
            yield line, row
        elif any(field.strip() for field in row):
            problems.append(f"{file_name}, line {line}: {len(row)} fields, expected {width}")
