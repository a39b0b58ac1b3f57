# SPDX-License-Identifier: Apache-2.0
"""
Credentials: from the environment, else from the keyring of the operating system, never from a file.

Their values are in no `repr`, no log line and no error.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, cast

from ttapi_core.errors import CredentialsError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT_SECRET: Final = "client_secret"  # noqa: S105 - a name, no secret
REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - a name, no secret
NAMES: Final = (CLIENT_SECRET, REFRESH_TOKEN)
_SERVICE: Final = "ttapi"
_VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    CLIENT_SECRET: ("TTAPI_CLIENT_SECRET", "TT_SECRET"),
    REFRESH_TOKEN: ("TTAPI_REFRESH_TOKEN", "TT_REFRESH"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """
    What tastytrade wants to see.

    Parameters
    ----------
    client_secret, refresh_token
        The values; not part of `repr`.
    origin
        Where they were found, such as ``environment TTAPI_CLIENT_SECRET``, for people to read.
    """

    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    origin: str


class _Keyring(Protocol):
    """What is used of the keyring library."""

    def get_password(self, service_name: str, username: str) -> str | None: ...
    def set_password(self, service_name: str, username: str, password: str) -> None: ...


def read_credentials(environment: Mapping[str, str]) -> Credentials:
    """
    Find both credentials.

    Raises
    ------
    CredentialsError
        If one is missing or holds white space or control characters; the hint says what to do.
    """
    found = {name: _find(name, environment) for name in NAMES}
    missing = [name for name, (value, _) in found.items() if not value]
    if missing:
        variables = " and ".join(_VARIABLES[name][0] for name in missing)
        raise CredentialsError(
            " and ".join(missing), "not found", hint=f"set {variables}, or store them with ttapi init"
        )
    for name, (value, origin) in found.items():
        if not value.isascii() or not value.isprintable() or " " in value:
            raise CredentialsError(f"{name} ({origin})", "has characters that no credential has")
    origins = dict.fromkeys(origin for _, origin in found.values())
    return Credentials(
        client_secret=found[CLIENT_SECRET][0],
        refresh_token=found[REFRESH_TOKEN][0],
        origin=" and ".join(origins),
    )


def find_secret(variable: str, environment: Mapping[str, str]) -> str:
    """
    Return the secret of a variable, from the environment or else from the keyring under its name.

    Raises
    ------
    CredentialsError
        If the keyring cannot be read, or the secret has characters that no secret has.
    """
    value = environment.get(variable, "").strip() or (_ask_keyring(variable) or "").strip()
    if not value.isascii() or not value.isprintable():
        raise CredentialsError(variable, "has characters that no credential has")
    return value


def _find(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    for variable in _VARIABLES[name]:
        if value := environment.get(variable, "").strip():
            return value, f"environment {variable}"
    return (_ask_keyring(name) or "").strip(), "keyring"


def _ask_keyring(name: str) -> str | None:
    try:
        return _keyring().get_password(_SERVICE, name)
    except MissingExtraError:
        return None
    except Exception as exc:
        # The border to the keyring: each backend of each system raises errors of its own.
        if _is_without_backend(exc):
            return None
        problem = f"the keyring cannot be read ({type(exc).__name__})"
        raise CredentialsError(name, problem, hint="unlock it, or use the environment") from exc


def store_credentials(*, client_secret: str, refresh_token: str) -> None:
    """
    Keep both credentials in the keyring.

    Raises
    ------
    MissingExtraError
        If the keyring library is not installed.
    CredentialsError
        If the keyring takes nothing.
    """
    keyring = _keyring()
    for name, value in ((CLIENT_SECRET, client_secret), (REFRESH_TOKEN, refresh_token)):
        try:
            keyring.set_password(_SERVICE, name, value)
        except Exception as exc:
            problem = f"the keyring cannot be written ({type(exc).__name__})"
            raise CredentialsError(name, problem, hint="use the environment instead") from exc


def _keyring() -> _Keyring:
    try:
        return cast("_Keyring", importlib.import_module("keyring"))
    except ImportError as exc:
        raise MissingExtraError("ttapi-onboarding", "keyring", "keeping credentials in the keyring") from exc


def _is_without_backend(error: Exception) -> bool:
    return type(error).__name__ == "NoKeyringError"
