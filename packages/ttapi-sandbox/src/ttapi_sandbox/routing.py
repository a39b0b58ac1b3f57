# SPDX-License-Identifier: Apache-2.0
"""Which handler answers a path: templates, matched on the path as sent, so that %2F stays in its part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from ttapi_sandbox.answers import Answer
from ttapi_sandbox.requests import Request

Handler = Callable[[Request], Answer]

_REMEMBERED_MAX: Final = 8192


@dataclass(frozen=True, slots=True)
class Route:
    """
    A method, a template such as ``/option-chains/{symbol}/nested``, and what answers it.

    A last part in braces also takes what follows it, for symbols whose slash was not encoded.
    """

    method: str
    template: str
    handler: Handler
    authenticated: bool = True
    parts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.template.strip("/").split("/")))

    @property
    def endpoint(self) -> str:
        """Method and template, as statistics name it."""
        return f"{self.method} {self.template}"

    def match(self, parts: list[str], *, greedy: bool) -> dict[str, str] | None:
        """Return the named parts of a path if it is of this form."""
        mine = self.parts
        if greedy:
            if len(parts) <= len(mine) or not mine[-1].startswith("{"):
                return None
            parts = [*parts[: len(mine) - 1], "/".join(parts[len(mine) - 1 :])]
        if len(parts) != len(mine):
            return None
        found = {}
        for pattern, part in zip(mine, parts, strict=True):
            if pattern.startswith("{"):
                found[pattern[1:-1]] = unquote(part)
            elif pattern != part:
                return None
        return found


Match = tuple[Route, dict[str, str]]


class Router:
    """All routes; a whole match wins over one with an unencoded slash, fixed parts over named ones."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = sorted(routes, key=lambda route: route.template.count("{"))
        self._remembered: dict[tuple[str, str], Match | None] = {}

    def match(self, method: str, raw_path: str) -> Match | None:
        """Return the route for a path and its named parts, or None."""
        key = (method, raw_path)
        if key not in self._remembered:
            if len(self._remembered) >= _REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[key] = self._find(method, raw_path)
        return self._remembered[key]

    @property
    def remembered(self) -> int:
        """Paths whose routes are remembered; bounded."""
        return len(self._remembered)

    def _find(self, method: str, raw_path: str) -> Match | None:
        parts = raw_path.strip("/").split("/")
        for greedy in (False, True):
            for route in self.routes:
                if route.method == method:
                    found = route.match(parts, greedy=greedy)
                    if found is not None:
                        return route, found
        return None
