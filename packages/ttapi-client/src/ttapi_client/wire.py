# SPDX-License-Identifier: Apache-2.0
"""
Reading the fields of tastytrade's JSON: lenient about what is absent, strict about money.

Absent, ``null`` and (for prices) ``"NaN"`` are all None. Numbers come as numbers or as strings, as the
service pleases. What is there and cannot be read is a `DataError` that names the field.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from ttapi_core.errors import DataError, DecodeError

Row = Mapping[str, Any]
"""One JSON object of an answer."""

T = TypeVar("T")

_NO_VALUE: Final = (None, "", "NaN")
_EFFECTS: Final = (None, "None", "Credit", "Debit")
_SHOWN_MAX: Final = 40
_MILLISECONDS: Final = re.compile(r"[0-9]{12,14}")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DIGITS_MAX: Final = 60


_decode: Callable[[bytes | str], Any]
_decode_exactly: Callable[[bytes | str], Any]
try:
    from msgspec.json import Decoder
    from msgspec.json import decode as _decode

    _decode_exactly = Decoder(float_hook=Decimal).decode
except ModuleNotFoundError:  # pragma: no cover - the extra "stream" is absent: half as fast
    _decode = json.loads
    _decode_exactly = functools.partial(json.loads, parse_float=Decimal)


def decode_json(content: bytes | str) -> Any:  # noqa: ANN401 - JSON is any value
    """
    Decode a JSON document.

    Raises
    ------
    DecodeError
        If it is empty, truncated, nested beyond reason, or no JSON at all.
    """
    return _decoded(_decode, content)


def decode_exactly(content: bytes | str) -> Any:  # noqa: ANN401 - JSON is any value
    """
    Decode a JSON document, its numbers with a point as `Decimal`: every digit of money is kept.

    Raises
    ------
    DecodeError
        If it is empty, truncated, nested beyond reason, or no JSON at all.
    """
    return _decoded(_decode_exactly, content)


def _decoded(decode: Callable[[bytes | str], Any], content: bytes | str) -> Any:  # noqa: ANN401 - JSON is any value
    try:
        return decode(content)
    except (ValueError, RecursionError, InvalidOperation) as exc:  # both decoders' errors are ValueErrors
        # Not shown: a truncated answer may hold the better part of a token.
        raise DecodeError(f"no JSON in {len(content)} characters") from exc


def encode_json(value: object) -> str:
    """Encode a value as JSON without blanks."""
    return json.dumps(value, separators=(",", ":"))


def unreadable(field: str, value: object, expected: str) -> DataError:
    """Return the error for a ``value`` of ``field`` that is there and cannot be read."""
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN_MAX else f"{shown[:_SHOWN_MAX]}…"
    return DataError(f"{shown} is no {expected}", column=field)


def decimal_of(row: Row, field: str) -> Decimal | None:
    """
    Read money or a quantity exactly; None where absent.

    Raises
    ------
    DataError
        If it is no finite decimal number, text and ``"NaN"`` included: money is never guessed.
    """
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise unreadable(field, value, "decimal number")
    text = str(value)
    if len(text) > _DIGITS_MAX:
        raise unreadable(field, text, "decimal number of reasonable length")
    try:
        number = Decimal(text)
    except InvalidOperation as exc:
        raise unreadable(field, value, "decimal number") from exc
    if not number.is_finite():
        raise unreadable(field, value, "finite decimal number")
    if number and abs(number.adjusted()) > _DIGITS_MAX:
        raise unreadable(field, value, "decimal number of reasonable size")
    return number


def money_of(row: Row, field: str) -> Decimal:
    """
    Read money that has to be there.

    Raises
    ------
    DataError
        If it is absent or no finite decimal number.
    """
    number = decimal_of(row, field)
    if number is None:
        raise DataError("is missing", column=field)
    return number


def signed_of(row: Row, field: str) -> Decimal | None:
    """
    Read an amount whose direction stands beside it: negative where ``<field>-effect`` is ``Debit``.

    Raises
    ------
    DataError
        If it is no finite decimal number, its effect is none of ``Debit``, ``Credit`` and ``None``, or a
        negative amount is called a credit.
    """
    amount, effect = decimal_of(row, field), row.get(f"{field}-effect")
    if effect not in _EFFECTS:
        raise unreadable(f"{field}-effect", effect, "effect on cash")
    if amount is None:
        return None
    if effect == "Credit" and amount < 0:
        raise DataError(f"{amount} cannot be a credit", column=field)
    return -abs(amount) if effect == "Debit" else amount


def float_of(row: Row, *fields: str) -> float | None:
    """
    Read a price or size of market data from the first of ``fields`` that has one; None where none has.

    Raises
    ------
    DataError
        If it is text, a boolean or infinite.
    """
    for field in fields:
        value = row.get(field)
        if value in _NO_VALUE:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise unreadable(field, value, "number")
        try:
            number = float(value)
        except (ValueError, OverflowError) as exc:
            raise unreadable(field, value, "number") from exc
        if math.isnan(number):
            continue
        if math.isinf(number):
            raise unreadable(field, value, "finite number")
        return number
    return None


def int_of(row: Row, field: str) -> int | None:
    """
    Read a whole number, also from ``"10"`` and ``10.0``; None where absent.

    Raises
    ------
    DataError
        If it is no whole number.
    """
    value = row.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)  # by way of a float, long ids would lose their last digits
    number = float_of(row, field)
    if number is None:
        return None
    whole = int(number)
    # Compared as it came: as a float, a large number has lost its fraction.
    if (value if isinstance(value, Decimal) else number) != whole:
        raise unreadable(field, value, "whole number")
    return whole


def text_of(row: Row, field: str) -> str | None:
    """
    Read a text; None where absent.

    Raises
    ------
    DataError
        If it is something else.
    """
    value = row.get(field)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(value)
    raise unreadable(field, value, "text")


def id_of(row: Row, field: str) -> str | None:
    """
    Read an id, a whole number or a text, as text; None where absent or empty.

    Raises
    ------
    DataError
        If it is something else.
    """
    value = row.get(field)
    if isinstance(value, float | Decimal):
        whole = int_of(row, field)
        value = None if whole is None else str(whole)
    return text_of({field: value}, field) or None


def word_of(row: Row, field: str) -> str:
    """
    Read a text that has to be there.

    Raises
    ------
    DataError
        If it is absent, empty or something else.
    """
    value = text_of(row, field)
    if not value:
        raise DataError("is missing", column=field)
    return value


def flag_of(row: Row, *fields: str) -> bool:
    """
    Read a boolean from the first of ``fields`` that has one; False where absent.

    Raises
    ------
    DataError
        If it is something else.
    """
    for field in fields:
        value = row.get(field)
        if value is None:
            continue
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in {"true", "false"}:
            return bool(value == "true")
        raise unreadable(field, value, "boolean")
    return False


def _required(value: T | None, field: str) -> T:
    if value is None:
        raise DataError("is missing", column=field)
    return value


def day_of(row: Row, field: str) -> date | None:
    """
    Read a day, ``2026-11-20``; None where absent.

    Raises
    ------
    DataError
        If it is no day.
    """
    return _parsed(row, field, date.fromisoformat, "day such as 2026-11-20")


def required_day_of(row: Row, field: str) -> date:
    """Read a day that has to be there; DataError if it is not, or is no day."""
    return _required(day_of(row, field), field)


def time_of(row: Row, field: str) -> datetime | None:
    """
    Read a time, ISO 8601 with an offset or epoch milliseconds, as UTC; None where absent.

    Raises
    ------
    DataError
        If it is no time, or has no offset.
    """
    value = row.get(field)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _time_of_milliseconds(value, field)
    if isinstance(value, str) and _MILLISECONDS.fullmatch(value):
        return _time_of_milliseconds(int(value), field)
    return _parsed(row, field, _utc, "time such as 2026-11-20T21:00:00.000+00:00")


def required_time_of(row: Row, field: str) -> datetime:
    """Read a time that has to be there; DataError if it is not, or is no time."""
    return _required(time_of(row, field), field)


def _time_of_milliseconds(value: float | Decimal, field: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise unreadable(field, value, "time in epoch milliseconds") from exc


def _parsed(row: Row, field: str, parse: Callable[[str], T], expected: str) -> T | None:
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise unreadable(field, value, expected)
    try:
        return parse(value)
    except (ValueError, OverflowError) as exc:
        raise unreadable(field, value, expected) from exc


def _utc(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError("no offset")
    return when.astimezone(UTC)


def rows_of(value: object) -> list[Row]:
    """Return the objects of a list; anything that is none is left out, an absent list is empty."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def data_of(body: object) -> Row:
    """
    Return the ``data`` object of an answer.

    Raises
    ------
    DecodeError
        If the body has none: an answer cut or emptied on its way.
    """
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise DecodeError("the answer has no 'data' object")
    return data


def items_of(body: object) -> list[Row]:
    """
    Return the ``data.items`` of an answer.

    Raises
    ------
    DecodeError
        If there is no such list, or one of its items is no object.
    """
    items = data_of(body).get("items")
    if not isinstance(items, list):
        raise DecodeError("the answer has no 'data.items' list")
    if not all(isinstance(item, dict) for item in items):
        raise DecodeError("the answer has an item that is no object")
    return items
