# SPDX-License-Identifier: Apache-2.0
"""
What value objects have in common: fields checked by their annotations, and JSON both ways.

A value object is a frozen dataclass whose fields are annotated with a leaf type, ``leaf | None`` or
``tuple[leaf, ...]``. The leaves, and their JSON forms:

==================  =======================================================================
`decimal.Decimal`   a string in plain or exponent notation, every digit kept: ``"612.350"``
`datetime`          ISO 8601 in UTC, ends in ``Z``: ``"2026-11-20T15:30:00.250000Z"``
`datetime.date`     ``"2026-12-18"``
`uuid.UUID`         ``"8c5d0c1e-…"``
`enum.Enum`         its value
`Symbol`            its canonical text; where that does not say all that is known, an object
                    ``{"canonical": "SPX", "kind": "index"}``, with ``contract_year`` and
                    ``exchange`` of a future
str, bool, int      as they are
a value object      an object with the names of its fields
==================  =======================================================================

Fields that are not known are ignored when reading; absent and null are the same.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from ttapi_core.errors import DataError, DecodeError, ParameterError, TTError
from ttapi_core.notation import InstrumentKind
from ttapi_core.symbols import Symbol

T = TypeVar("T")
_Leaf = type[Any] | types.UnionType

_NUMBER: Final = re.compile(r"-?[0-9]{1,60}(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,3})?")
MAGNITUDE_MAX: Final = 30
"""Largest power of ten in a number; beyond it stands a mistake, not money."""
INTEGER_BOUND: Final = 2**63
"""Whole numbers lie from minus this to below this."""
DECIMALS_MAX: Final = 40
"""Most digits after the point; more come from a float that was turned into a Decimal."""


class _Shape(NamedTuple):
    """What a field holds."""

    leaf: _Leaf
    optional: bool
    many: bool
    required: bool


_plans: dict[type, tuple[tuple[str, _Shape], ...]] = {}  # one entry a class of value objects


def _plan(owner: type) -> tuple[tuple[str, _Shape], ...]:
    """Return the fields of a value class with what they hold; worked out once."""
    if owner not in _plans:
        hints = typing.get_type_hints(owner)
        _plans[owner] = tuple(
            (field.name, _shape(hints[field.name], field)) for field in dataclasses.fields(owner)
        )
    return _plans[owner]


def _shape(hint: Any, field: dataclasses.Field[Any]) -> _Shape:  # noqa: ANN401 - annotations have no common type
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return _Shape(arguments[0], optional=False, many=True, required=required)
    if type(None) in arguments:
        leaf = functools.reduce(operator.or_, (item for item in arguments if item is not type(None)))
        return _Shape(leaf, optional=True, many=False, required=required)
    return _Shape(hint, optional=False, many=False, required=required)


def check_fields(value: object) -> None:
    """
    Check each field of a value object being built against its annotation; times are converted to UTC.

    Raises
    ------
    ParameterError
        If a field has another type: a float where a Decimal belongs, a time without zone.
    DataError
        If a number is not finite, or absurdly large or long.
    """
    for name, shape in _plan(type(value)):
        given = getattr(value, name)
        if given is None and shape.optional:
            continue
        if shape.many:
            checked: object = _checked_tuple(name, given, shape.leaf)
        else:
            checked = _checked(name, given, shape.leaf)
        if checked is not given:
            object.__setattr__(value, name, checked)


def _checked_tuple(name: str, given: object, leaf: _Leaf) -> tuple[object, ...]:
    if not isinstance(given, tuple):
        raise ParameterError(name, given, "a tuple")
    return tuple(_checked(name, item, leaf) for item in given)


def _checked(name: str, given: object, leaf: _Leaf) -> object:
    if not isinstance(given, leaf) or (isinstance(given, bool) and leaf is int):
        raise ParameterError(name, given, f"a value of type {getattr(leaf, '__name__', leaf)}")
    if isinstance(given, Decimal):
        _check_number(name, given)
    elif isinstance(given, str):
        _check_text(name, given)
    elif leaf is int and not -INTEGER_BOUND <= given < INTEGER_BOUND:
        raise DataError("a whole number that does not fit into 64 bits", column=name)
    elif isinstance(given, datetime):
        return _in_utc(name, given) if leaf is datetime else _refuse_time(name, given)
    return given


def _check_number(name: str, number: Decimal) -> None:
    if not number.is_finite():
        raise DataError(f"{number} is not a finite number", column=name)
    exponent = number.as_tuple().exponent
    if number.adjusted() > MAGNITUDE_MAX or not isinstance(exponent, int) or exponent < -DECIMALS_MAX:
        raise DataError(
            f"a number of magnitude 1e{number.adjusted()} with {exponent=} is out of bounds",
            column=name,
            hint="make a Decimal from text, not from a float",
        )


def _check_text(name: str, text: str) -> None:
    if not _is_storable(text):
        raise ParameterError(name, text, "a text without lone surrogates, which cannot be stored or sent")


def _is_storable(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _in_utc(name: str, time: datetime) -> datetime:
    if time.tzinfo is UTC:
        return time
    if time.utcoffset() is None:
        raise ParameterError(name, time, "a time with a time zone")
    try:
        return time.astimezone(UTC)
    except OverflowError as error:
        raise ParameterError(name, time, "a time that UTC can express") from error


def _refuse_time(name: str, time: datetime) -> date:
    raise ParameterError(name, time, "a date without a time")


def encode(value: object) -> dict[str, object]:
    """Return a value object as what `json.dumps` takes; fields that are None are left out."""
    encoded: dict[str, object] = {}
    for name, shape in _plan(type(value)):
        item = getattr(value, name)
        if shape.many:
            encoded[name] = [_encoded(one) for one in item]
        elif item is not None:
            encoded[name] = _encoded(item)
    return encoded


def _encoded(item: object) -> object:
    if isinstance(item, str | int):
        return item
    if isinstance(item, Enum):
        return item.value
    for leaf, write in _WRITERS:
        if isinstance(item, leaf):
            return write(item)
    return encode(item)


def _time_text(time: datetime) -> str:
    return f"{time.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _encoded_symbol(symbol: Symbol) -> object:
    facts = {"contract_year": symbol.contract_year, "exchange": symbol.exchange}
    known = {name: fact for name, fact in facts.items() if fact is not None}
    if not known and Symbol.parse(symbol.canonical).kind is symbol.kind:
        return symbol.canonical
    return {"canonical": symbol.canonical, "kind": symbol.kind.value, **known}


_WRITERS: Final[tuple[tuple[type, Callable[[Any], object]], ...]] = (
    (Decimal, str),
    (datetime, _time_text),
    (date, date.isoformat),
    (UUID, str),
    (Symbol, _encoded_symbol),
)


def decode(owner: type[T], raw: object, *, where: str = "") -> T:
    """
    Build a value object from what `json.loads` returned.

    Parameters
    ----------
    owner
        The class to build.
    raw
        A mapping with the names of its fields.
    where
        Path of ``raw`` in the document, for the message of an error.

    Raises
    ------
    DecodeError
        If a field is missing or wrong, or the values contradict each other; the path is named.
    """
    fields = _mapping(raw, where)
    arguments: dict[str, object] = {}
    for name, shape in _plan(owner):
        path = f"{where}.{name}" if where else name
        item = fields.get(name)
        if item is not None:
            arguments[name] = _decoded_field(shape, item, path)
        elif shape.required and not shape.optional:
            raise DecodeError(f"{path} is missing")
        elif shape.required:
            arguments[name] = None
    try:
        return owner(**arguments)
    except TTError as error:
        raise DecodeError(f"{where or owner.__name__}: {error}") from error


def _mapping(raw: object, where: str) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise DecodeError(f"{where or 'document'} is not an object")
    return raw


def _decoded_field(shape: _Shape, raw: object, where: str) -> object:
    if not shape.many:
        return _decoded(shape.leaf, raw, where)
    if not isinstance(raw, list):
        raise DecodeError(f"{where} is not an array")
    return tuple(_decoded(shape.leaf, item, f"{where}[{index}]") for index, item in enumerate(raw))


def _decoded(leaf: _Leaf, raw: object, where: str) -> object:
    assert isinstance(leaf, type), "unions are read by their envelope"
    if leaf is Symbol:
        return _decoded_symbol(raw, where)
    if dataclasses.is_dataclass(leaf):
        return decode(leaf, raw, where=where)
    if leaf in (bool, int):
        if type(raw) is not leaf:
            raise DecodeError(f"{where} is not a value of type {leaf.__name__}")
        return raw
    if not isinstance(raw, str):
        raise DecodeError(f"{where} is not a string")
    try:
        return _READERS.get(leaf, leaf)(raw)
    except (ValueError, OverflowError) as error:
        raise DecodeError(f"{where} cannot be read as {leaf.__name__}") from error


def _decoded_symbol(raw: object, where: str) -> Symbol:
    try:
        if isinstance(raw, str):
            return Symbol.parse(raw)
        fields = _mapping(raw, where)
        return Symbol(
            _text(fields.get("canonical")),
            InstrumentKind(fields.get("kind")),
            contract_year=_optional(int, fields.get("contract_year")),
            exchange=_optional(str, fields.get("exchange")),
        )
    except ValueError as error:
        raise DecodeError(f"{where} cannot be read as a symbol: {error}") from error


def _optional(leaf: type[T], raw: object) -> T | None:
    if raw is None or (isinstance(raw, leaf) and not isinstance(raw, bool)):
        return raw
    raise ValueError(f"{type(raw).__name__} is not {leaf.__name__}")


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not _is_storable(raw):
        raise ValueError("not a string, or one with lone surrogates")
    return raw


def _number(raw: str) -> Decimal:
    if not _NUMBER.fullmatch(raw):
        raise ValueError(raw[:60])
    return Decimal(raw)


def _time(raw: str) -> datetime:
    time = datetime.fromisoformat(raw)
    if time.utcoffset() is None:
        raise ValueError(raw[:60])
    return time.astimezone(UTC)


_READERS: Final[dict[type, Callable[[str], object]]] = {
    str: _text,
    Decimal: _number,
    datetime: _time,
    date: date.fromisoformat,
    UUID: UUID,
}
