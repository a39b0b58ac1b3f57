# SPDX-License-Identifier: Apache-2.0
"""What the server is asked: a path taken apart, and parameters in every form that clients send."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import msgspec

from ttapi_sandbox.answers import RefusalError, invalid, problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ttapi_sandbox.asgi import Scope

_NO_HEADERS: Mapping[bytes, bytes] = {}


@dataclass(frozen=True)
class Request:
    """
    One request, its body read.

    ``raw_path`` is the path as sent, still encoded; ``parameters`` are the parts of the path that the route
    names, decoded.
    """

    method: str
    raw_path: str
    raw_query: bytes = b""
    headers: Mapping[bytes, bytes] = field(default_factory=lambda: _NO_HEADERS)
    body: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_scope(cls, scope: Scope) -> Request:
        """Read a request off an ASGI scope; the first header of a name wins."""
        headers = dict(reversed(scope["headers"]))
        return cls(scope["method"], scope["raw_path"].decode("ascii"), scope["query_string"], headers)

    def with_body(self, body: bytes) -> Request:
        """Return the same request with its body."""
        return replace(self, body=body)

    @cached_property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.raw_path)

    @cached_property
    def query(self) -> dict[str, list[str]]:
        """Parameters of the query: names without brackets, values of repeated names in order."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.raw_query.decode("latin-1"), keep_blank_values=True):
            found.setdefault(name.removesuffix("[]"), []).append(value)
        return found

    def text(self, name: str) -> str | None:
        """Return a single parameter, or None."""
        values = self.query.get(name)
        return values[-1] if values else None

    def required(self, name: str) -> str:
        """Return a single parameter that has to be there."""
        value = self.text(name)
        if not value:
            raise invalid(name, "is required")
        return value

    def items(self, name: str) -> list[str]:
        """Return a list parameter, sent as repeated names, with brackets or not, or as a comma list."""
        values = (part.strip() for value in self.query.get(name, ()) for part in value.split(","))
        return [value for value in values if value]

    def flag(self, name: str) -> bool | None:
        """Return a boolean parameter, or None when it is absent."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in {"true", "false"}:
            raise invalid(name, "is not a boolean")
        return value.lower() == "true"

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number within bounds; one beyond them is refused, not clamped."""
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise invalid(name, f"must be a whole number from {least} to {most}")
        return int(text)

    def day(self, name: str, default: date | None = None) -> date:
        """Return a date parameter; without a default it is required."""
        text = self.text(name) if default is not None else self.required(name)
        if text is None and default is not None:
            return default
        try:
            return date.fromisoformat((text or "")[:10])
        except ValueError:
            raise invalid(name, "is not a date of the form YYYY-MM-DD") from None

    def fields(self) -> dict[str, Any]:
        """Return the members of the body, which is JSON or a form."""
        form = self.headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded")
        # curl -d says form, whatever is sent.
        if form and not self.body.lstrip().startswith(b"{"):
            return dict(parse_qsl(self.body.decode("latin-1"), keep_blank_values=True))
        try:
            decoded = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            raise RefusalError(problem(400, "validation_error", "The body is not JSON")) from None
        if not isinstance(decoded, dict):
            raise RefusalError(problem(400, "validation_error", "The body is not a JSON object"))
        return decoded
