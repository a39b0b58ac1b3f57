# SPDX-License-Identifier: Apache-2.0
"""
Readers of what vendors send: each takes a value as it came and returns it typed, or says why it cannot.

Lenient about dress (``"1,234.50"``, ``"None"``, a number as text), strict about meaning: a text that is no
number is an error, never a null; a time without a zone needs one named; a percent sign is not dropped
unasked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from ttapi_core import DataError

Values = dict[str, object]
"""A row of a dataset: column to value; columns left out are null."""

NULL_WORDS: Final = frozenset(
    {"", "-", "--", ".", "..", "none", "null", "nan", "n/a", "na", "nil", "nd", "n.a.", "#n/a", "-nan"}
)
"""What vendors write for nothing, in lower case."""

NO_TEXTS: Final = frozenset({"", "-", "--", "none", "null", "n/a", "n.a.", "#n/a"})
"""What vendors write for no text, in lower case; NA, NAN and ND are tickers and codes."""

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_UNITS_PER_S: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_S_MAX: Final = 253_402_300_799
_TEXT_MAX: Final = 100_000
_ABSENT: Final = object()
_NUMBERS: Final = (int, float, Decimal)


class Row:
    """
    A record of an answer: an object, a list of positions, or a single value.

    Parameters
    ----------
    value
        As it was decoded.
    name
        Under which name it stood, where it stood in an object.

    Notes
    -----
    Fields are named by member, position, or a path of both (``"quote.0.close"``); of several names the first
    that has a value counts. What is absent, null or a word for nothing is None; what cannot be read raises
    `DataError` with the field's name.
    """

    __slots__ = ("name", "value")

    def __init__(self, value: Any, name: str = "") -> None:  # noqa: ANN401 - JSON
        self.value = value
        self.name = name

    def __repr__(self) -> str:
        return f"Row({type(self.value).__name__})"

    def raw(self, *fields: str | int) -> Any:  # noqa: ANN401 - JSON
        """Return the first field that has a value, as it came; None for none."""
        return next((v for f in fields if (v := _at(self.value, f)) is not None), None)

    def has(self, *fields: str | int) -> bool:
        """Return whether one of the fields is there, be it null."""
        return any(_at(self.value, field, absent=_ABSENT) is not _ABSENT for field in fields)

    def number(self, *fields: str | int, scale: float = 1.0) -> float | None:
        """Return a finite number, times ``scale``: the unit of the column in units of the field."""
        for field in fields:
            number = number_of(_at(self.value, field), str(field))
            if number is not None:
                return number if scale == 1.0 else number * scale
        return None

    def percent(self, *fields: str | int) -> float | None:
        """Return the number before a percent sign, which may be missing."""
        for field in fields:
            value = _at(self.value, field)
            text = value.strip().removesuffix("%").strip() if isinstance(value, str) else value
            number = number_of(text, str(field))
            if number is not None:
                return number
        return None

    def integer(self, *fields: str | int) -> int | None:
        """Return a whole number."""
        for field in fields:
            value = _at(self.value, field)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            number = number_of(value, str(field))
            if number is None:
                continue
            if number != int(number):
                raise _unreadable(field, value, "whole number")
            return int(value) if isinstance(value, str) and value.strip().isdigit() else int(number)
        return None

    def text(self, *fields: str | int) -> str | None:
        """Return a text without blanks around it; numbers are written out."""
        for field in fields:
            value = _at(self.value, field)
            if isinstance(value, _NUMBERS) and not isinstance(value, bool):
                return str(value)
            if value is None or (isinstance(value, str) and value.strip().lower() in NO_TEXTS):
                continue
            if not isinstance(value, str) or len(value) > _TEXT_MAX:
                raise _unreadable(field, value, "text")
            return value.strip()
        return None

    def flag(self, *fields: str | int) -> bool | None:
        """Return a boolean; ``true``, ``yes``, ``y``, 1 and their opposites are read."""
        for field in fields:
            value = _at(self.value, field)
            if value is None or value == "":
                continue
            word = str(value).strip().lower()
            if word in {"true", "yes", "y", "1"}:
                return True
            if word in {"false", "no", "n", "0"}:
                return False
            raise _unreadable(field, value, "yes or no")
        return None

    def day(self, *fields: str | int, form: str = "") -> date | None:
        """
        Return a day: ``2026-11-20``, also as the head of a longer text, ``20261120``, or by ``form``.

        ``form`` is as for `datetime.strptime`.
        """
        for field in fields:
            value = _at(self.value, field)
            day = day_of(value, str(field), form=form)
            if day is not None:
                return day
        return None

    def time(self, *fields: str | int, zone: str = "", form: str = "") -> datetime | None:
        """
        Return a time in UTC, from ISO 8601 or by ``form``.

        A time without an offset is read in ``zone``; without one it is an error.
        """
        for field in fields:
            when = time_of(_at(self.value, field), str(field), zone=zone, form=form)
            if when is not None:
                return when
        return None

    def epoch(self, *fields: str | int, unit: str = "s") -> datetime | None:
        """Return a time in UTC from a count since 1970, in ``s``, ``ms``, ``us`` or ``ns``."""
        for field in fields:
            when = epoch_of(_at(self.value, field), str(field), unit=unit)
            if when is not None:
                return when
        return None

    def row(self, field: str | int) -> Row:
        """Return a record within; an empty one where there is none."""
        value = _at(self.value, field)
        if value is not None and not isinstance(value, dict | list):
            raise _unreadable(field, value, "record")
        return Row(value if value is not None else {}, str(field))

    def rows(self, field: str | int) -> list[Row]:
        """Return the records of a list, or the named ones of an object; none where there is none."""
        value = _at(self.value, field)
        if value is None:
            return []
        return list(rows_of(value, str(field)))


def rows_of(value: Any, where: str) -> Iterator[Row]:  # noqa: ANN401 - JSON
    """
    Yield the records of a list, or the named ones of an object.

    Raises
    ------
    DataError
        If it is neither.
    """
    if isinstance(value, dict):
        yield from (Row(item, str(name)) for name, item in value.items())
    elif isinstance(value, list | tuple):
        yield from (Row(item) for item in value)
    else:
        raise _unreadable(where, value, "list")


def _at(value: Any, field: str | int, *, absent: Any = None) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict) and field in value:  # a member's own name may hold dots
        return value[field]
    steps: Iterable[str | int] = field.split(".") if isinstance(field, str) else (field,)
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, absent) if step in value or isinstance(step, str) else absent
        elif isinstance(value, list | tuple) and (isinstance(step, int) or step.lstrip("-").isdigit()):
            at = int(step)
            value = value[at] if -len(value) <= at < len(value) else absent
        else:
            return absent
        if value is absent:
            return absent
    return value


def _unreadable(field: str | int, value: object, expected: str) -> DataError:
    return DataError(f"{str(value)[:60]!r} is no {expected}", column=str(field))


def number_of(value: object, field: str) -> float | None:
    """
    Read a finite number; None for nothing.

    Raises
    ------
    DataError
        If it is something else.
    """
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise _unreadable(field, value, "number")
    if isinstance(value, str):
        return _number_of_text(value.strip(), field)
    if isinstance(value, _NUMBERS):
        return _finite(value, field)
    raise _unreadable(field, value, "number")


def _number_of_text(text: str, field: str) -> float | None:
    if text.lower() in NULL_WORDS:
        return None
    if _NUMBER.fullmatch(text):
        return _finite(text, field)
    if _GROUPED.fullmatch(text):
        return _finite(text.replace(",", ""), field)
    raise _unreadable(field, text, "number")


def _finite(value: float | str | Decimal, field: str) -> float | None:
    try:
        number = float(value)
    except (ValueError, OverflowError) as exc:
        raise _unreadable(field, value, "number of reasonable size") from exc
    if math.isnan(number):
        return None
    if math.isinf(number):
        raise _unreadable(field, value, "finite number")
    return number


def day_of(value: object, field: str, *, form: str = "") -> date | None:
    """Read a day as `Row.day` does; DataError if it is none."""
    if value is None or (isinstance(value, str) and value.strip().lower() in NULL_WORDS):
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _unreadable(field, value, "day")
    text = value.strip()
    if text.startswith("0000-00-00"):  # what some databases write for nothing
        return None
    try:
        if form:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - only the day is read
        if len(text) > 10 and text[10] in "T ":
            text = text[:10]
        return date.fromisoformat(text)
    except ValueError as exc:
        raise _unreadable(field, value, f"day such as {form or '2026-11-20'}") from exc


def time_of(value: object, field: str, *, zone: str = "", form: str = "") -> datetime | None:
    """Read a time as `Row.time` does; DataError if it is none."""
    if value is None or (isinstance(value, str) and value.strip().lower() in NULL_WORDS):
        return None
    if not isinstance(value, str):
        raise _unreadable(field, value, "time")
    text = value.strip()
    try:
        when = datetime.strptime(text, form) if form else datetime.fromisoformat(_short_fraction(text))  # noqa: DTZ007 - see below
        if when.tzinfo is None:
            if not zone:
                raise _unreadable(field, value, "time with an offset")
            when = when.replace(tzinfo=ZoneInfo(zone))
        return when.astimezone(UTC)
    except (ValueError, OverflowError, LookupError, OSError) as exc:  # the last two: no such zone
        if isinstance(exc, DataError):
            raise
        raise _unreadable(field, value, f"time such as {form or '2026-11-20T21:00:00Z'}") from exc


def _short_fraction(text: str) -> str:
    # Nanoseconds are beyond what a datetime holds; they are cut, not refused.
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def epoch_of(value: object, field: str, *, unit: str = "s") -> datetime | None:
    """Read a count since 1970 as `Row.epoch` does; DataError if it is none."""
    if isinstance(value, str) and value.strip().lower() in NULL_WORDS:
        return None
    per_s = _UNITS_PER_S[unit]
    whole = _whole_of(value)
    if whole is not None:
        seconds, rest = divmod(whole, per_s)
        microseconds = rest * 1_000_000 // per_s
    else:
        number = number_of(value, field)
        if number is None:
            return None
        seconds = math.floor(number / per_s)
        microseconds = round((number / per_s - seconds) * 1_000_000)
    if abs(seconds) > _EPOCH_S_MAX:
        raise _unreadable(field, value, f"time in {unit} since 1970")
    try:
        return _EPOCH + timedelta(seconds=int(seconds), microseconds=microseconds)
    except OverflowError as exc:
        raise _unreadable(field, value, f"time in {unit} since 1970") from exc


def _whole_of(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value.strip()):
        return int(value)
    return None
