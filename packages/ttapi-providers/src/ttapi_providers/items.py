# SPDX-License-Identifier: Apache-2.0
"""
Where the records of an answer stand: each function makes a finder that takes a body and yields its records.

A place is a path such as ``"chart.result.0.timestamp"``; empty is the body itself. What is not there is a
`DecodeError`, so that an answer of another shape is never taken for an empty one; null is no records. A path
that ends in ``?`` may be absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ttapi_core import DecodeError
from ttapi_providers.asking import Asked
from ttapi_providers.reading import Row

Finder = Callable[[Any, Asked], Iterable[Row]]
"""Finds the records of a body."""

_ABSENT: Final = object()


def place(body: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    """
    Return what stands at a path; None for null, and where a path that ends in ``?`` is absent.

    Raises
    ------
    DecodeError
        If there is no such place.
    """
    optional = path.endswith("?")
    value = body
    for step in filter(None, path.removesuffix("?").split(".")):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif optional:
            return None
        else:
            raise DecodeError(f"the answer has no {path.removesuffix('?')!r}{_shape(body)}")
    return value


def _shape(body: object) -> str:
    if isinstance(body, dict):
        return f"; it has {', '.join(str(name)[:40] for name in list(body)[:8])}"
    return f"; it is a {type(body).__name__}"


def listed(path: str = "") -> Finder:
    """Find the records of a list; a single object there is one record."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        value = place(body, path)
        if value is None or value == "":
            return []
        if isinstance(value, list):
            return [Row(item) for item in value]
        if isinstance(value, dict) and path:
            return [Row(value)]
        raise DecodeError(f"{path or 'the answer'} is no list{_shape(body)}")

    return find


def one(path: str = "") -> Finder:
    """Find the single object at a place."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        value = place(body, path)
        if value is None:
            return []
        if not isinstance(value, dict):
            raise DecodeError(f"{path or 'the answer'} is no object{_shape(body)}")
        return [Row(value)]

    return find


def by_name(path: str = "") -> Finder:
    """Find the members of an object; each record has the member's name as ``row.name``."""

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        value = place(body, path)
        if value is None:
            return []
        if not isinstance(value, dict):
            raise DecodeError(f"{path or 'the answer'} is no object{_shape(body)}")
        return [Row(item, str(name)) for name, item in value.items()]

    return find


def parallel(columns: Mapping[str, str]) -> Finder:
    """
    Find records written as lists side by side.

    Parameters
    ----------
    columns
        Field to the path of its list. The first gives the number of records; another of another length is
        a `DecodeError`; one that is absent under a path with ``?`` leaves its field out.
    """

    def find(body: Any, _asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        found = {field: place(body, path) for field, path in columns.items()}
        lists = {field: value for field, value in found.items() if value is not None}
        first = next(iter(columns))
        if first not in lists:
            return []
        for field, value in lists.items():
            if not isinstance(value, list):
                raise DecodeError(f"{columns[field]} is no list")
            if len(value) != len(lists[first]):
                raise DecodeError(
                    f"{columns[field]} has {len(value)} values beside {len(lists[first])} of {columns[first]}"
                )
        return [Row(dict(zip(lists, values, strict=True))) for values in zip(*lists.values(), strict=True)]

    return find


def with_parent(outer: str, inner: str) -> Finder:
    """
    Find records nested in records: fields of the inner one win, those of the outer one are there as well.

    Parameters
    ----------
    outer
        Path of the list of outer records, or of a single one.
    inner
        Path of the list within each.
    """

    def find(body: Any, asked: Asked) -> list[Row]:  # noqa: ANN401 - JSON
        rows: list[Row] = []
        for parent in listed(outer)(body, asked) if outer else [Row(body)]:
            if not isinstance(parent.value, dict):
                raise DecodeError(f"a record of {outer or 'the answer'} is no object")
            rest = {name: value for name, value in parent.value.items() if name != inner}
            children = [child.value for child in listed(inner)(parent.value, asked)]
            rows += [Row({**rest, **child} if isinstance(child, dict) else child) for child in children]
        return rows

    return find
