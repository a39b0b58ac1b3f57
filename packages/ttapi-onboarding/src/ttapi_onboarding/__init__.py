# SPDX-License-Identifier: Apache-2.0
"""The command line, the set-up wizard and the doctor of the TTAPI market-data platform."""

from typing import TYPE_CHECKING

from ttapi_onboarding.application import build_app
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.specs import Connection, ProviderSpec

if TYPE_CHECKING:
    from ttapi_onboarding.credentials import Credentials, find_secret, read_credentials
    from ttapi_onboarding.layers import Loaded, Origin, default_state_dir, load_settings
    from ttapi_onboarding.settings import SandboxSettings, Settings

__all__ = [
    "Connection",
    "Credentials",
    "ExitCode",
    "Loaded",
    "Origin",
    "ProviderSpec",
    "SandboxSettings",
    "Settings",
    "build_app",
    "default_state_dir",
    "find_secret",
    "load_settings",
    "read_credentials",
]

_LATE = {
    "Credentials": "credentials",
    "Loaded": "layers",
    "Origin": "layers",
    "SandboxSettings": "settings",
    "Settings": "settings",
    "default_state_dir": "layers",
    "find_secret": "credentials",
    "load_settings": "layers",
    "read_credentials": "credentials",
}


def __getattr__(name: str) -> object:
    # What `ttapi --help` does without is imported when it is first asked for.
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(f"ttapi_onboarding.{_LATE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
