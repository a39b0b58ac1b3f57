# SPDX-License-Identifier: Apache-2.0
"""One call and what became of it so far: the state that its attempts share."""

from __future__ import annotations

import json as json_module
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from ttapi_client.redaction import Redactor
from ttapi_client.retry import kind_of
from ttapi_core import ParameterError, TTError

_HOST: Final = re.compile(r"[\w.:-]+")
QueryParams = Mapping[str, str | int | bool | Sequence[str | int]]
"""Query parameters; a sequence repeats its key."""


@dataclass(slots=True)
class SentOnce:
    """
    What becomes of a request that must not be sent again when the peer may have it.

    Parameters
    ----------
    may_be_there
        Whether the peer may have executed it; an answer that it refused it unread says that it has not.
    """

    may_be_there: bool = False


@dataclass(slots=True, kw_only=True)
class Call:
    """
    A call of a client: the request, fixed, and the progress of its attempts.

    Parameters
    ----------
    method, url, headers, content
        The request, without credentials.
    what
        Method and path without the query, for messages and logs.
    endpoint
        Name of the breaker.
    keyed
        Whether it carries an idempotency key.
    authenticated
        Whether credentials go with it.
    request_id
        The same on every attempt.
    ticket
        Its place in the queue; a new one after a 429.
    weight
        What it costs of every declared window.
    deadline_s
        Seconds from the first permit.
    firm
        Whether the deadline stands also while others pass and this call is refused with 429.
    once
        Where it is not sent again when the peer may have it, whatever its method promises: learns whether.
    """

    method: str
    url: httpx.URL = field(repr=False)
    headers: list[tuple[str, str]] = field(repr=False)
    content: bytes = field(repr=False)
    what: str
    endpoint: str
    keyed: bool
    authenticated: bool
    request_id: str
    ticket: int
    weight: int
    deadline_s: float
    firm: bool
    once: SentOnce | None = None
    expires_at: float | None = None
    attempts: int = 0
    repeated: int = 0
    refusals: int = 0
    opening: int | None = None
    renewed: bool = False
    again_at_once: bool = False
    in_credentials: bool = False
    is_late: bool = False
    last_error: TTError | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """Its row in the table of `ttapi_client.retry`."""
        return "once" if self.once is not None else kind_of(self.method, keyed=self.keyed)

    def remaining_s(self, now: float) -> float:
        """Return the seconds until the deadline: all of them while the call was not let out yet."""
        return self.deadline_s if self.expires_at is None else self.expires_at - now

    def prolong(self, passed_at: float) -> None:
        """Move the deadline of a call that was refused with 429 on: others got through at ``passed_at``."""
        if self.refusals and not self.firm and self.expires_at is not None:
            self.expires_at = max(self.expires_at, passed_at + self.deadline_s)


class Origin:
    """
    The one origin that a client talks to, and the URLs within it.

    Raises
    ------
    ParameterError
        If the base URL is no absolute http or https URL, or carries a user, a query or a fragment.
    """

    def __init__(self, base_url: str, redact: Redactor) -> None:
        self._redact = redact
        self._base = self._parsed("base_url", base_url)
        plain = not (self._base.userinfo or self._base.query or self._base.fragment)
        if self._base.scheme not in {"http", "https"} or not _HOST.fullmatch(self._base.host) or not plain:
            raise ParameterError("base_url", redact(base_url), "http(s)://host[:port][/path], nothing else")
        self._prefix = str(self._base).rstrip("/")

    def __str__(self) -> str:
        return self._prefix

    def _parsed(self, parameter: str, text: str) -> httpx.URL:
        try:
            return httpx.URL(text)
        except (httpx.InvalidURL, TypeError, ValueError):
            raise ParameterError(parameter, self._redact(str(text)), "a URL") from None

    def url(self, path: str, params: QueryParams | None = None) -> httpx.URL:
        """
        Return the URL of ``path`` below the base, or ``path`` itself where it is a URL of this origin.

        Raises
        ------
        ParameterError
            If it is a URL of another origin: credentials stay at home.
        """
        absolute = "://" in path.partition("?")[0]
        url = self._parsed("path", path if absolute else f"{self._prefix}/{path.removeprefix('/')}")
        if _origin(url) != _origin(self._base) or url.userinfo:
            raise ParameterError("path", self._redact(path), f"a path, or a URL of {self._prefix}")
        return url.copy_merge_params(dict(params)) if params else url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def merged(fields: Mapping[str, str], given: Mapping[str, str], *, kept: str) -> list[tuple[str, str]]:
    """Return ``fields`` with those of ``given`` in their place, whatever their case; ``kept`` stays ours."""
    names = {name.lower() for name in given} - {kept.lower()}
    ours = [(name, value) for name, value in fields.items() if name.lower() not in names]
    return ours + [(name, value) for name, value in given.items() if name.lower() != kept.lower()]


def encoded(json: object, content: bytes | None) -> tuple[bytes, str]:
    """
    Return the bytes of a request body and their content type, empty for none.

    Raises
    ------
    ParameterError
        If both are given, or ``json`` cannot be written as JSON (NaN cannot).
    """
    if json is None:
        return content or b"", ""
    if content is not None:
        raise ParameterError("content", content, "None where json is given")
    try:
        return json_module.dumps(json, separators=(",", ":"), allow_nan=False).encode(), "application/json"
    except (TypeError, ValueError, RecursionError):
        raise ParameterError("json", type(json).__name__, "what JSON can hold") from None
