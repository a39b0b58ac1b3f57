# SPDX-License-Identifier: Apache-2.0
"""Secrets are taken out where a text is made, not where it is shown."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
SECRETS_MAX: Final = 256
"""Secrets remembered; tokens are renewed, and the oldest are forgotten first."""
SECRET_LENGTH_MIN: Final = 4
"""Shorter values are not searched for: they would mask ordinary words."""

_SECRET_NAME: Final = re.compile(
    r"authori[sz]ation|cookie|key|secret|token|passw|credential|signature|session-id|assertion", re.IGNORECASE
)
_NOT_SECRET: Final = frozenset({"idempotency-key", "token_type", "token-type"})
_NAMED_VALUE: Final = re.compile(
    r"""(?P<name>[\w.-]*(?:authori[sz]ation|cookie|key|secret|token|passw|credential|signature)[\w.-]*["']?\s*[=:]\s*)"""
    r"""(?P<value>"[^"]*"|'[^']*'|(?:bearer|basic|token)\s+[^\s"'&,;}<]+|[^\s"'&,;}<]+)""",
    re.IGNORECASE,
)
_SCHEME: Final = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{4,}", re.IGNORECASE)
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]+@")


def is_secret_name(name: str) -> bool:
    """Return whether a header, parameter or field of this name carries a secret."""
    return name.lower() not in _NOT_SECRET and _SECRET_NAME.search(name) is not None


class Redactor:
    """
    Takes secrets out of texts.

    What it knows: values that were registered, and whatever stands behind a name that sounds secret
    (``token=...``, ``"api_key": "..."``, ``Bearer ...``, ``https://user:password@...``).
    """

    def __init__(self) -> None:
        self._secrets: OrderedDict[str, None] = OrderedDict()

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"

    def register(self, secret: str) -> None:
        """Remember a value, and the credential of a ``Bearer``-like value, as secret."""
        for value in {secret, secret.rpartition(" ")[2]}:
            if len(value) < SECRET_LENGTH_MIN:
                continue
            self._secrets[value] = None
            self._secrets.move_to_end(value)
            while len(self._secrets) > SECRETS_MAX:
                self._secrets.popitem(last=False)

    def register_named(self, pairs: Mapping[str, object]) -> None:
        """Remember the values whose names sound secret."""
        for name, value in pairs.items():
            if is_secret_name(name):
                for part in _texts(value):
                    self.register(part)

    def __call__(self, text: str) -> str:
        """Return ``text`` without its secrets."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            for form in (secret, quote(secret, safe=""), quote_plus(secret)):
                text = text.replace(form, MASK)
        text = _USERINFO.sub(f"{MASK}@", text)
        text = _NAMED_VALUE.sub(_masked, text)
        return _SCHEME.sub(rf"\1 {MASK}", text)


def _masked(match: re.Match[str]) -> str:
    name = match["name"].rstrip("=: \t\"'").lower()
    return match[0] if name in _NOT_SECRET else match["name"] + MASK


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple):
        return (part for part in value if isinstance(part, str))
    return ()
