# SPDX-License-Identifier: Apache-2.0
"""
Requests as values: made from what is wanted, and recognised again from what was sent.

A `RequestForm` is written once and read in both directions. Its texts are templates; ``{symbol}`` in a path
or a parameter is what the vendor calls the key, and a request that was sent gives it back. So the decoder of
an answer depends on the request and the answer alone, whether they are a minute or ten years old.

==================  ==========================================================================
in a template       stands for
==================  ==========================================================================
``{symbol}``        what the vendor calls the one key of the request
``{symbols}``       what it calls all of them, parted by ``separator``
``{key}``           the key as it was asked for
``{base}``          what the vendor calls the key, up to a slash; ``{quote}`` is what stands behind it
``{since}``         first day, ``2026-11-20``; also ``{since_s}``, ``{since_ms}``, ``{since_compact}``
``{until}``         last day, inclusive; also ``{until_s}``, ``{until_ms}`` (the end of that day)
``{today}``         the day of asking, in UTC
==================  ==========================================================================

A parameter whose template needs a day that is not asked for is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

_NAME: Final = re.compile(r"\{(\w+)(\*?)\}")
_KEY_NAMES: Final = ("symbol", "symbols")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What is wanted of an endpoint.

    Parameters
    ----------
    keys
        In canonical form; empty for whatever there is.
    names
        What the vendor calls them, in the same order.
    since, until
        First and last day, inclusive; None for what the vendor gives by itself.
    today
        The day of asking, in UTC.
    """

    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    def words(self, separator: str = ",") -> dict[str, str | None]:
        """Return what each word of a template stands for; None for what is not wanted."""
        base, slash, quote = self.names[0].partition("/") if self.names else (None, "", None)
        return {
            "symbol": self.names[0] if self.names else None,
            "symbols": separator.join(self.names) if self.names else None,
            "key": self.keys[0] if self.keys else None,
            "base": base,
            "quote": quote if slash else None,
            **_day_words("since", self.since, ends=False),
            **_day_words("until", self.until, ends=True),
            **_day_words("today", self.today, ends=False),
        }


def _day_words(name: str, day: date | None, *, ends: bool) -> dict[str, str | None]:
    if day is None:
        return dict.fromkeys((name, f"{name}_s", f"{name}_ms", f"{name}_compact", f"{name}_year"))
    start = datetime.combine(day + timedelta(days=ends), time(), UTC)
    seconds = int(start.timestamp()) - ends
    return {
        name: day.isoformat(),
        f"{name}_s": str(seconds),
        f"{name}_ms": str(seconds * 1000 + 999 * ends),
        f"{name}_compact": f"{day:%Y%m%d}",
        f"{name}_year": str(day.year),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A request as it was sent.

    Parameters
    ----------
    method
        In upper case.
    base
        Scheme, host and port.
    path
        Percent-decoded.
    query
        Parameters, without credentials; of a repeated one all values, parted by commas.
    body
        What was posted: the value of a JSON text, or a text; None for nothing.
    variables
        What stands in the path where the form has a name.
    names
        What the vendor calls the keys that were asked for; empty where the request does not tell.
    keys
        The same keys in canonical form, where they are known.
    since, until
        The days that were wanted, the same on every page; None in a recorded request.
    """

    method: str
    base: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    variables: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None

    @classmethod
    def of(
        cls, method: str, url: str, *, query: Mapping[str, Any] | None = None, body: object = None
    ) -> Asked:
        """Return the request of a URL; ``query`` adds what the URL leaves out."""
        parts = urlsplit(url)
        found: dict[str, str] = {}
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            found[name] = f"{found[name]},{value}" if name in found else value
        for name, value in (query or {}).items():
            found.setdefault(name, ",".join(map(str, value)) if isinstance(value, list) else str(value))
        base = f"{parts.scheme}://{parts.netloc}"
        return cls(method=method.upper(), base=base, path=unquote(parts.path), query=found, body=body)

    @property
    def host(self) -> str:
        """Host name in lower case, without a port."""
        return (urlsplit(self.base).hostname or "").lower()

    @property
    def name(self) -> str:
        """What the vendor calls the one key that was asked for; empty where the request does not tell."""
        return self.names[0] if len(self.names) == 1 else ""

    def told(self, *names: str) -> str:
        """Return the first of some path names or parameters that the request has; empty for none."""
        return next((v for n in names if (v := self.variables.get(n) or self.query.get(n))), "")

    def posted(self, *steps: str | int) -> Any:  # noqa: ANN401 - JSON
        """Return what stands at a place of the posted JSON; None where there is nothing."""
        value = self.body
        for step in steps:
            try:
                value = value[step]
            except (LookupError, TypeError):
                return None
        return value


Param = str | int | Callable[[Wanted], str | None]
"""A template, a number, or a function of what is wanted; None leaves the parameter out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestForm:
    """
    How an endpoint is asked.

    Parameters
    ----------
    method
        GET or POST.
    base
        Scheme and host; the first of the provider's where empty.
    path
        Template; ``{name}`` is one segment, ``{name*}`` any number of them.
    params
        Templates by name.
    body
        Makes what is posted, to be written as JSON.
    headers
        Fixed headers besides those of the client.
    separator
        Between the names of ``{symbols}``.
    """

    method: str = "GET"
    base: str = ""
    path: str
    params: Mapping[str, Param] = field(default_factory=dict)
    body: Callable[[Wanted], object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    separator: str = ","

    def ask(self, wanted: Wanted, base: str) -> Asked:
        """Return the request for what is wanted; ``base`` is that of the provider."""
        words = wanted.words(self.separator)
        params = {name: _filled(param, wanted, words) for name, param in self.params.items()}
        return Asked(
            method=self.method,
            base=self.base or base,
            path=_NAME.sub(lambda match: words.get(match[1]) or "", self.path),
            query={name: value for name, value in params.items() if value is not None},
            body=self.body(wanted) if self.body is not None else None,
            names=wanted.names,
            keys=wanted.keys,
            since=wanted.since,
            until=wanted.until,
        )

    def recognise(self, asked: Asked) -> Asked | None:
        """Return the request with what its path and parameters tell; None if it is not of this form."""
        match = _pattern(self.path).fullmatch(asked.path) if asked.method == self.method else None
        if match is None:
            return None
        variables = {name: value for name, value in match.groupdict().items() if value is not None}
        return replace(asked, variables=variables, names=asked.names or self._names(asked, variables))

    def _names(self, asked: Asked, variables: Mapping[str, str]) -> tuple[str, ...]:
        for word in _KEY_NAMES:
            if word in variables:
                return _parts(variables[word], word, self.separator)
            for name, param in self.params.items():
                if isinstance(param, str) and param == f"{{{word}}}" and asked.query.get(name):
                    return _parts(asked.query[name], word, self.separator)
        return ()


def _parts(text: str, word: str, separator: str) -> tuple[str, ...]:
    texts = text.split(separator) if word == "symbols" else [text]
    return tuple(part.strip() for part in texts if part.strip())


def _filled(param: Param, wanted: Wanted, words: Mapping[str, str | None]) -> str | None:
    if callable(param):
        return param(wanted)
    text = str(param)
    if any(words.get(name) is None for name, _ in _NAME.findall(text)):
        return None
    return _NAME.sub(lambda match: words[match[1]] or "", text)


_patterns: dict[str, re.Pattern[str]] = {}


def _pattern(path: str) -> re.Pattern[str]:
    if path not in _patterns:
        parts = re.split(r"(\{\w+\*?\})", path.rstrip("/"))
        written = (
            f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})"
            if (match := _NAME.fullmatch(part))
            else re.escape(part)
            for part in parts
        )
        _patterns[path] = re.compile("".join(written) + "/?")
    return _patterns[path]


def wire_path(path: str) -> str:
    """Return a decoded path as it goes on the wire."""
    return quote(path, safe="/:@!$&'()*+,;=~^-._")


def get(
    path: str,
    params: Mapping[str, Param] | None = None,
    *,
    base: str = "",
    headers: Mapping[str, str] | None = None,
    separator: str = ",",
) -> RequestForm:
    """Return the form of a GET request."""
    return RequestForm(path=path, params=params or {}, base=base, headers=headers or {}, separator=separator)


def post(
    path: str,
    body: Callable[[Wanted], object],
    *,
    params: Mapping[str, Param] | None = None,
    base: str = "",
    headers: Mapping[str, str] | None = None,
) -> RequestForm:
    """Return the form of a POST request with a JSON body."""
    return RequestForm(
        method="POST", path=path, params=params or {}, base=base, body=body, headers=headers or {}
    )
