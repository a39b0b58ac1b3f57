# SPDX-License-Identifier: Apache-2.0
"""Durations as people write them: ``5m``, ``24h``, ``7d``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST: Final = timedelta(days=36_500)
"""A hundred years: nothing that is compared with it runs out of the calendar."""
_FORM: Final = re.compile(r"([0-9]{1,10})\s*([smhd])", re.ASCII)


def parse_duration(text: str) -> timedelta | None:
    """Return the duration that ``text`` says, or None if it says none, zero, or more than `LONGEST`."""
    match = _FORM.fullmatch(text.strip().lower())
    if match is None or int(match[1]) == 0:
        return None
    duration = timedelta(seconds=int(match[1]) * _UNITS_S[match[2]])
    return duration if duration <= LONGEST else None


def format_duration(duration: timedelta) -> str:
    """Return the shortest form that `parse_duration` reads back: whole units, seconds at the finest."""
    seconds = round(duration.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS_S[unit] == 0:
            return f"{seconds // _UNITS_S[unit]}{unit}"
    return f"{seconds}s"


def age_text(age: timedelta) -> str:
    """Return about how long ago something was: whole days, else hours, minutes or seconds."""
    seconds = max(0, int(age.total_seconds()))
    unit = next((unit for unit in ("d", "h", "m") if seconds >= _UNITS_S[unit]), "s")
    return f"{seconds // _UNITS_S[unit]}{unit}"
