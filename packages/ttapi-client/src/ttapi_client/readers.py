# SPDX-License-Identifier: Apache-2.0
"""
Readers of tastytrade's objects, made from the annotations of the values that they return.

The field ``strike_price`` of a value is read from the member ``strike-price``. A field without a default has
to be there; one with a default takes it where the member is absent or null. What is there and cannot be read
is a `DataError` that names the member with its path. Words that are not known are None where the field
allows it, or ``UNKNOWN`` where the enumeration has that.

A field in ``signed`` is an amount with a sibling ``<name>-effect``: paid becomes negative.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from ttapi_client.wire import (
    Row,
    day_of,
    decimal_of,
    flag_of,
    float_of,
    int_of,
    signed_of,
    text_of,
    time_of,
    unreadable,
)
from ttapi_core.errors import DataError, ParameterError
from ttapi_core.orders import PriceEffect

T = TypeVar("T")
FieldReader = Callable[[Row, str], Any]
"""Reads one member; None where it is absent."""

_made: dict[type, Reader[Any]] = {}


class Reader(Generic[T]):
    """
    Reads objects of one kind.

    Parameters
    ----------
    kind
        A dataclass.
    names
        Members by field, where they are not the field's name in kebab case.
    signed
        Fields of amounts that have an effect beside them.
    fields
        Readers of fields that are read in another way.
    """

    def __init__(
        self,
        kind: type[T],
        *,
        names: Mapping[str, str] | None = None,
        signed: Collection[str] = (),
        fields: Mapping[str, FieldReader] | None = None,
    ) -> None:
        self.kind = kind
        self._names = dict(names or {})
        self._signed = frozenset(signed)
        self._fields = dict(fields or {})
        self._plan: list[tuple[str, str, FieldReader, bool]] | None = None
        _made[kind] = self

    def __call__(self, row: Row) -> T:
        """
        Read one object.

        Raises
        ------
        DataError
            If a member is missing or cannot be read, or the members contradict each other.
        """
        if self._plan is None:
            self._plan = self._planned()
        values: dict[str, Any] = {}
        for field, member, read, required in self._plan:
            value = read(row, member)
            if value is not None:
                values[field] = value
            elif required:
                raise DataError("is missing", column=member)
        return self._built(values)

    def _built(self, values: dict[str, Any]) -> T:
        try:
            return self.kind(**values)
        except ParameterError as exc:
            member = self._names.get(exc.parameter, exc.parameter.replace("_", "-"))
            raise DataError(exc.message, column=member) from exc

    def _planned(self) -> list[tuple[str, str, FieldReader, bool]]:
        hints = typing.get_type_hints(self.kind)
        assert dataclasses.is_dataclass(self.kind)
        return [
            (
                field.name,
                self._member(field.name),
                self._field_reader(field.name, hints[field.name]),
                _required(field),
            )
            for field in dataclasses.fields(self.kind)
            if field.init
        ]

    def _member(self, name: str) -> str:
        return self._names.get(name, name.replace("_", "-"))

    def _field_reader(self, name: str, hint: Any) -> FieldReader:  # noqa: ANN401 - annotations have no common type
        if name in self._fields:
            return self._fields[name]
        return signed_of if name in self._signed else _reader_of(hint)


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _reader_of(hint: Any) -> FieldReader:  # noqa: ANN401 - annotations have no common type
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return _list_reader(arguments[0])
    optional = isinstance(hint, types.UnionType)
    leaf = next(item for item in arguments if item is not types.NoneType) if optional else hint
    if leaf in _LEAVES:
        return _LEAVES[leaf]
    if issubclass(leaf, Enum):
        return _word_reader(leaf, lenient=optional)
    return _object_reader(leaf)


def _flag_or_none(row: Row, member: str) -> bool | None:
    return None if row.get(member) is None else flag_of(row, member)


_LEAVES: Final[dict[Any, FieldReader]] = {
    str: text_of,
    bool: _flag_or_none,
    int: int_of,
    float: float_of,
    Decimal: decimal_of,
    datetime: time_of,
    date: day_of,
}


def _word_reader(kind: type[Enum], *, lenient: bool) -> FieldReader:
    known = {str(item.value): item for item in kind}
    unknown = known.get("Unknown")
    # Which way money goes is never guessed: an effect that is no effect is an error.
    lenient = lenient and kind is not PriceEffect

    def read(row: Row, member: str) -> Enum | None:
        word = text_of(row, member)
        if word is None or (kind is PriceEffect and word == "None"):
            return None
        found = known.get(word, unknown)
        if found is None and not lenient:
            raise unreadable(member, word, f"word such as {next(iter(known))}")
        return found

    return read


def _object_reader(kind: type) -> FieldReader:
    def read(row: Row, member: str) -> Any:  # noqa: ANN401 - of the class
        value = row.get(member)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise unreadable(member, value, "object")
        return _nested(kind, value, member)

    return read


def _nested(kind: type, value: Row, path: str) -> Any:  # noqa: ANN401 - of the class
    reader = _made.get(kind) or Reader(kind)
    try:
        return reader(value)
    except DataError as exc:
        raise DataError(_unplaced(exc), column=f"{path}.{exc.column}" if exc.column else path) from exc


def _unplaced(error: DataError) -> str:
    return error.message.removeprefix(f"column {error.column!r}: ")


def _list_reader(leaf: Any) -> FieldReader:  # noqa: ANN401 - annotations have no common type
    read_leaf = _LEAVES.get(leaf)

    def read(row: Row, member: str) -> tuple[Any, ...] | None:
        value = row.get(member)
        if value is None:
            return None
        if not isinstance(value, list):
            raise unreadable(member, value, "list")
        if read_leaf is not None:
            found = (read_leaf({member: item}, member) for item in value)
            return tuple(item for item in found if item is not None)
        for item in value:
            if not isinstance(item, dict):
                raise unreadable(member, item, "object")
        return tuple(_nested(leaf, item, member) for item in value)

    return read
