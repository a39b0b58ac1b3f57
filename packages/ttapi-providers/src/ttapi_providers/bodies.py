# SPDX-License-Identifier: Apache-2.0
"""The texts that vendors answer with, and what they hold: JSON, CSV, XML."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from enum import Enum
from typing import Any, Final, NoReturn
from xml.etree import ElementTree as ET

from ttapi_core import DecodeError

_DEPTH_MAX: Final = 60
_CODECS: Final = ("utf-8-sig", "cp1252", "latin-1")


class Format(Enum):
    """How a body is written."""

    JSON = "json"
    CSV = "csv"
    """
    The first line names the columns; a body becomes a list of objects, all values texts. Parted by commas, or
    by semicolons where the first line has more of those.
    """
    TSV = "tsv"
    XML = "xml"
    """
    An element becomes an object: attributes and children by local name, repeated children a list, its own
    text under ``#text``; an element that has text alone becomes that text.
    """
    TEXT = "text"
    ANY = "any"
    """JSON, XML or CSV, by what the body begins with: for records that a vendor writes in several ways."""


def parsed(content: bytes, form: Format) -> Any:  # noqa: ANN401 - what a body holds
    """
    Return what a body holds.

    Raises
    ------
    DecodeError
        If it is not of that form: cut off, empty, another format, nested too deep, or with NaN or Infinity.
    """
    try:
        return _PARSERS[form](content)
    except DecodeError:
        raise
    except (ValueError, RecursionError, MemoryError, csv.Error, ET.ParseError, LookupError) as exc:
        raise DecodeError(
            f"the answer is no {form.value.upper()} ({len(content)} bytes, {type(exc).__name__})"
        ) from exc


def _text(content: bytes) -> str:
    for codec in _CODECS:
        try:
            return content.decode(codec)
        except UnicodeDecodeError:
            continue
    raise DecodeError("the answer is no text")


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


_json: Final = json.JSONDecoder(parse_constant=_refuse)


def _parsed_json(content: bytes) -> Any:  # noqa: ANN401 - JSON
    return _json.decode(content.decode("utf-8-sig"))


def _parsed_table(content: bytes, delimiter: str = "") -> list[dict[str, str]]:
    text = _text(content)
    if text.lstrip()[:1] in {"<", "{"}:
        raise DecodeError("the answer is no table: it begins like another format")
    first = text.lstrip().partition("\n")[0]
    delimiter = delimiter or (";" if first.count(";") > first.count(",") else ",")
    lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(line)]
    if not lines:
        return []
    header = [name.strip() for name in lines[0]]
    if len(set(header)) != len(header):
        header = [name if header.index(name) == at else f"{name}.{at}" for at, name in enumerate(header)]
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise DecodeError(f"line {number} has {len(line)} values under {len(header)} names")
    return [dict(zip(header, line, strict=True)) for line in lines[1:]]


def _parsed_xml(content: bytes) -> Any:  # noqa: ANN401 - XML
    if b"<!ENTITY" in content[:100_000]:
        raise DecodeError("the answer declares entities")
    root = ET.fromstring(content)  # noqa: S314 - entities are refused above
    return {_local(root.tag): _element(root, 0)}


def _element(element: ET.Element, depth: int) -> Any:  # noqa: ANN401 - XML
    if depth > _DEPTH_MAX:
        raise DecodeError("the answer is nested too deep")
    found: dict[str, Any] = {_local(name): value for name, value in element.attrib.items()}
    lists: set[str] = set()
    for child in element:
        name, value = _local(child.tag), _element(child, depth + 1)
        if name in lists:
            found[name].append(value)
        elif name in found:
            found[name] = [found[name], value]
            lists.add(name)
        else:
            found[name] = value
    text = (element.text or "").strip()
    if not found:
        return text
    if text:
        found["#text"] = text
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _parsed_any(content: bytes) -> Any:  # noqa: ANN401 - what a body holds
    head = content.lstrip()[:4].removeprefix(b"\xef\xbb\xbf")[:1]
    if head in {b"{", b"["}:
        return _parsed_json(content)
    return _parsed_xml(content) if head == b"<" else _parsed_table(content)


_PARSERS: Final[dict[Format, Callable[[bytes], Any]]] = {
    Format.JSON: _parsed_json,
    Format.CSV: _parsed_table,
    Format.TSV: lambda content: _parsed_table(content, "\t"),
    Format.XML: _parsed_xml,
    Format.TEXT: _text,
    Format.ANY: _parsed_any,
}
