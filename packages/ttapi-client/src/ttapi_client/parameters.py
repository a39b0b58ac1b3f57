# SPDX-License-Identifier: Apache-2.0
"""Parameters of queries: what is not given is left out, times and days are written as the API wants them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from ttapi_core.errors import ParameterError


def chosen(params: Mapping[str, object]) -> dict[str, Any]:
    """
    Return the parameters that are given, as texts; lists that are empty count as not given.

    Raises
    ------
    ParameterError
        If a day is a time, or the first of a range is after its last.
    """
    _check_range(params, "start-date", "end-date")
    _check_range(params, "start-at", "end-at")
    return {
        name: _text(value) for name, value in params.items() if value is not None and value not in ((), [])
    }


def _check_range(params: Mapping[str, object], first: str, last: str) -> None:
    start, end = params.get(first), params.get(last)
    for name, value in ((first, start), (last, end)):
        if name.endswith("-date") and isinstance(value, datetime):
            raise ParameterError(name.replace("-", "_"), value, "a day without a time")
    if start is not None and end is not None and str(start) > str(end):
        raise ParameterError(first.replace("-", "_"), start, f"one not after {end}")


def _text(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_text(item) for item in value]
    return value if isinstance(value, str | int) else str(value)


def time_text(parameter: str, time: datetime | None) -> str | None:
    """
    Return a time as the API wants it, ``2026-11-20T21:00:00Z``; None for None.

    Raises
    ------
    ParameterError
        If it has no zone.
    """
    if time is None:
        return None
    if time.utcoffset() is None:
        raise ParameterError(parameter, time, "a time with a time zone")
    return f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
