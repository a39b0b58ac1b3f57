# SPDX-License-Identifier: Apache-2.0
"""
Faults on demand: what can go wrong with an answer or a stream, and when.

A fault is written as a comma list, ``kind=html,rate=0.07,path=/option-chains,seed=3,times=5``:

=========== =========================================================================================
``kind``    one of `KINDS`; several joined by ``+`` take turns at random
``mix``     a rate shared evenly by the eight kinds of `MIX`; stands for ``kind`` and ``rate``
``rate``    share of the matching requests that are hit, 0 to 1; 1 unless told
``path``    only paths that begin so; with ``*`` at the front: paths that contain it
``method``  only this method
``seed``    makes another choice of requests
``after``   the first so many matching requests are spared; for a stream fault: so many messages
``times``   at most so many hits
``seconds`` for latency and drip: how long; for 429: what Retry-After says
``headers`` for 429: whether Retry-After is sent
=========== =========================================================================================

Whether a request is hit depends on the seed and on the number of the request, and on nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final

from ttapi_core import ConfigurationError
from ttapi_sandbox.randomness import generator

REFUSING: Final = ("429", "500", "502", "503", "html", "expired")
"""Kinds that answer in place of the handler, which does not run."""

DAMAGING: Final = (
    "latency",
    "reset",
    "drop",
    "mute",
    "truncated",
    "cut",
    "empty",
    "wrong-symbol",
    "extra",
    "missing",
    "drip",
)
"""Kinds that damage the answer of a handler that has run."""

STREAMING: Final = (
    "stream-drop",
    "stream-reset",
    "stream-mute",
    "stream-error",
    "stream-restart",
    "stream-empty",
    "stream-full",
    "stream-garbled",
    "stream-expired",
)
"""Kinds that happen to the streams."""

KINDS: Final = REFUSING + DAMAGING + STREAMING
MIX: Final = ("latency", "429", "503", "html", "reset", "truncated", "empty", "wrong-symbol")
STREAM_PATH: Final = "/realtime"
"""Where market data is streamed."""

ACCOUNT_STREAM_PATH: Final = "/account-stream"
"""What rules call the stream of notices of accounts, whose own path is empty."""

STREAM_PATHS: Final = frozenset({STREAM_PATH, ACCOUNT_STREAM_PATH})
_ACCEPTED: Final = "kind=KIND or mix=RATE, then rate, path, method, seed, after, times, seconds, headers"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """
    One rule of what goes wrong; the head of the module says what its members mean.

    Raises
    ------
    ConfigurationError
        If a kind is unknown or a number is outside its domain.
    """

    kinds: tuple[str, ...]
    rate: float = 1.0
    path: str = ""
    method: str = ""
    seed: int = 0
    after: int = 0
    times: int | None = None
    seconds: float | None = None
    headers: bool = False

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            raise ConfigurationError("fault", f"kind {unknown} is not known", accepted=", ".join(KINDS))
        if len({kind in STREAMING for kind in self.kinds}) > 1:
            raise ConfigurationError("fault", "kinds of requests and of streams", accepted="one or the other")
        if not 0 <= self.rate <= 1:
            raise ConfigurationError("fault", f"rate {self.rate}", accepted="a number from 0 to 1")
        if self.after < 0 or (self.times is not None and self.times < 1):
            raise ConfigurationError("fault", "after or times", accepted="whole numbers, times at least 1")
        if self.seconds is not None and not 0 <= self.seconds <= 3600:
            raise ConfigurationError("fault", f"seconds {self.seconds}", accepted="a number from 0 to 3600")

    @property
    def streaming(self) -> bool:
        """Whether it happens to the stream and not to requests."""
        return self.kinds[0] in STREAMING

    def concerns(self, method: str, path: str) -> bool:
        """Return whether a request is one of those that it may hit."""
        if self.method and self.method != method:
            return False
        if self.streaming != (path in STREAM_PATHS):
            return False
        return self.path[1:] in path if self.path.startswith("*") else path.startswith(self.path)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that fires: its kind, the rule behind it, and the number of the request that it hits."""

    kind: str
    spec: FaultSpec
    number: int

    def seconds(self, default: float) -> float:
        """Return the seconds that the rule names, or ``default``."""
        return default if self.spec.seconds is None else self.spec.seconds


@dataclass(slots=True)
class FaultPlan:
    """The rules in force, in order; the first that hits a request fires. Rules can be changed at any time."""

    specs: tuple[FaultSpec, ...] = ()
    _seen: list[int] = field(default_factory=list)
    _fired: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.replace(self.specs)

    def replace(self, specs: tuple[FaultSpec, ...]) -> None:
        """Put other rules in force; their counts begin at zero."""
        self.specs = specs
        self._seen = [0] * len(specs)
        self._fired = [0] * len(specs)

    def draw(self, number: int, method: str, path: str) -> Fault | None:
        """Return the fault that hits request ``number``, if any."""
        for index, spec in enumerate(self.specs):
            if not spec.concerns(method, path):
                continue
            self._seen[index] += 1
            spared = 0 if spec.streaming else spec.after
            if self._seen[index] <= spared or self._fired[index] == spec.times:
                continue
            chance = generator(spec.seed, index, number)
            if chance.random() < spec.rate:
                self._fired[index] += 1
                return Fault(chance.choice(spec.kinds), spec, number)
        return None


def parse_fault(text: str) -> FaultSpec:
    """
    Read a fault as the head of the module describes it.

    Raises
    ------
    ConfigurationError
        If a member is unknown, missing, or not of its form.
    """
    members: dict[str, str] = {}
    for part in text.split(","):
        name, separator, value = part.partition("=")
        if not separator or name.strip() in members:
            raise ConfigurationError("fault", f"{part!r} is not NAME=VALUE", accepted=_ACCEPTED)
        members[name.strip()] = value.strip()
    return fault_of(members)


def fault_of(members: dict[str, Any]) -> FaultSpec:
    """
    Build a fault from its members, given as text or as JSON values.

    Raises
    ------
    ConfigurationError
        If a member is unknown, missing, or not of its form.
    """
    found = dict(members)
    if "mix" in found:
        found |= {"kind": "+".join(MIX), "rate": found.pop("mix")}
    kinds = found.pop("kind", None)
    known = {member.name for member in fields(FaultSpec)} - {"kinds"}
    if kinds is None or not found.keys() <= known:
        names = ", ".join(sorted(found.keys() - known)) or "no kind"
        raise ConfigurationError("fault", names, accepted=_ACCEPTED)
    try:
        values = {name: _READERS[name](value) for name, value in found.items()}
    except (TypeError, ValueError) as exc:
        raise ConfigurationError("fault", str(exc), accepted=_ACCEPTED) from exc
    return FaultSpec(kinds=tuple(str(kinds).split("+")), **values)


def _boolean(value: object) -> bool:
    if str(value).lower() not in {"true", "false", "1", "0"}:
        raise ValueError(f"headers={value!r} is not true or false")
    return str(value).lower() in {"true", "1"}


_READERS: Final[dict[str, Any]] = {
    "rate": float,
    "path": str,
    "method": str.upper,
    "seed": int,
    "after": int,
    "times": int,
    "seconds": float,
    "headers": _boolean,
}
