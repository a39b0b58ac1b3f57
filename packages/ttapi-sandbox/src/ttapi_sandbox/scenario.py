# SPDX-License-Identifier: Apache-2.0
"""
Scenarios: what happens when, written down in a TOML file.

::

    name = "a bad afternoon"

    [[step]]
    after = 10                            # seconds of the wall since the start
    faults = ["kind=503,path=/accounts"]  # from then on these rules are in force, and no others

    [[step]]
    after = 20
    faults = []
    expire_tokens = true

    [[step]]
    at = "2026-11-20T15:00:00Z"           # or: when the market's time has come
    speed = 60                            # the market's time runs so fast from then on; 0 stands still

    [[step]]
    after = 30
    move = 3600                           # turn the market's time forward by so many seconds
    # move_to = "2026-11-20T21:00:00Z"    # or up to an instant

Steps of the same trigger happen in the order of the file.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ttapi_core import ConfigurationError
from ttapi_sandbox.faults import FaultSpec, fault_of, parse_fault
from ttapi_sandbox.timeline import SPEED_MAX

_MEMBERS: Final = frozenset({"after", "at", "faults", "speed", "move", "move_to", "expire_tokens"})
MOVE_S_MAX: Final = 400 * 86_400.0
"""Seconds that one step turns the time forward, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at one point; the head of the module says what its members mean."""

    after: float | None = None
    at: datetime | None = None
    faults: tuple[FaultSpec, ...] | None = None
    speed: float | None = None
    move: float | None = None
    move_to: datetime | None = None
    expire_tokens: bool = False

    def is_due(self, elapsed_s: float, now: datetime) -> bool:
        """Return whether its time has come, by the wall or by the market."""
        if self.at is not None:
            return now >= self.at
        return elapsed_s >= (self.after or 0)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name and its steps, in the order of the file."""

    name: str
    steps: tuple[Step, ...]


def read_scenario(path: Path) -> Scenario:
    """
    Read a scenario from a file.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is no TOML, or a step makes no sense; names the step.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError("scenario", f"{path} cannot be read: {exc}") from exc
    return parse_scenario(text)


def parse_scenario(text: str) -> Scenario:
    """
    Read a scenario from its text.

    Raises
    ------
    ConfigurationError
        If it is no TOML, or a step makes no sense; names the step.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigurationError("scenario", f"is no TOML: {exc}") from exc
    unknown = document.keys() - {"name", "step"}
    steps = document.get("step", [])
    if unknown or not isinstance(steps, list):
        raise ConfigurationError("scenario", f"does not know {sorted(unknown)}", accepted="name and [[step]]")
    return Scenario(str(document.get("name", "")), tuple(_step(step, n) for n, step in enumerate(steps, 1)))


def _step(given: Any, number: int) -> Step:  # noqa: ANN401 - a value of a TOML document
    name = f"scenario.step[{number}]"
    if not isinstance(given, dict) or not given.keys() <= _MEMBERS:
        raise ConfigurationError(name, "has members that are not known", accepted=", ".join(sorted(_MEMBERS)))
    if ("after" in given) == ("at" in given):
        raise ConfigurationError(name, "needs either after or at", accepted="after = SECONDS or at = TIME")
    if not given.keys() - {"after", "at"}:
        raise ConfigurationError(name, "does nothing", accepted=", ".join(sorted(_MEMBERS - {"after", "at"})))
    faults = given.get("faults")
    return Step(
        after=_number(given, "after", name, most=1e9),
        at=_time(given, "at", name),
        faults=None if faults is None else _faults(faults, name),
        speed=_number(given, "speed", name, most=SPEED_MAX),
        move=_number(given, "move", name, most=MOVE_S_MAX),
        move_to=_time(given, "move_to", name),
        expire_tokens=bool(given.get("expire_tokens", False)),
    )


def _faults(given: Any, name: str) -> tuple[FaultSpec, ...]:  # noqa: ANN401 - a value of a TOML document
    if not isinstance(given, list):
        raise ConfigurationError(f"{name}.faults", "is not a list", accepted="texts or tables")
    return tuple(fault_of(one) if isinstance(one, dict) else parse_fault(str(one)) for one in given)


def _number(given: dict[str, Any], member: str, name: str, *, most: float) -> float | None:
    value = given.get(member)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ConfigurationError(f"{name}.{member}", f"{value!r}", accepted=f"a number from 0 to {most:g}")
    return float(value)


def _time(given: dict[str, Any], member: str, name: str) -> datetime | None:
    value = given.get(member)
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if not isinstance(value, datetime):
        raise ConfigurationError(f"{name}.{member}", "is no time", accepted="2026-11-20T15:00:00Z")
    return value.astimezone(UTC) if value.tzinfo is not None else value.replace(tzinfo=UTC)
