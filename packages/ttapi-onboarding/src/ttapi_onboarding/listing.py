# SPDX-License-Identifier: Apache-2.0
"""``ttapi providers`` and ``ttapi config``: what can be chosen, and what is chosen now."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from ttapi_core.errors import CredentialsError
from ttapi_onboarding.credentials import find_secret, read_credentials
from ttapi_onboarding.durations import format_duration
from ttapi_onboarding.screens import show, stdout_is_terminal, write_json, write_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.layers import Loaded
    from ttapi_onboarding.specs import ProviderSpec

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def run_providers(invocation: Invocation, loaded: Loaded, *, dataset: str | None, as_json: bool) -> None:
    """
    List the providers: what each has, whether it can be used now, and how fast it may be asked.

    Raises
    ------
    UnknownNameError
        If there is no such dataset.
    """
    from ttapi_platform import dataset_named

    wanted = dataset_named(dataset).name if dataset is not None else None
    specs = [spec for spec in invocation.specs if wanted is None or wanted in spec.datasets]
    listed = [_listed(invocation, loaded, spec) for spec in specs]
    if as_json or not stdout_is_terminal():
        write_json(listed)
        return
    show(*map(_drawn, listed))


def _drawn(entry: Mapping[str, object]) -> RenderableType:
    """Return a provider as people read it: a line on itself, then what it has."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    head = Text()
    head.append(f"{entry['name']:<18}", style="bold")
    head.append(str(entry["status"]), style="green" if entry["status"] == "ready" else "yellow")
    if entry["chosen"]:
        head.append(" (chosen)")
    told = [str(entry["description"]), str(entry["limits"])]
    datasets = ", ".join(str(name) for name in cast("list[str]", entry["datasets"]))
    body = Text(f"{'; '.join(filter(None, told))}\n")
    body.append(datasets, style="dim")
    return Group(head, Padding(body, (0, 0, 0, 18)))


def _listed(invocation: Invocation, loaded: Loaded, spec: ProviderSpec) -> dict[str, object]:
    missing = missing_credentials(spec, invocation.environment)
    return {
        "name": spec.name,
        "description": spec.description,
        "chosen": spec.name in loaded.settings.providers,
        "simulated": spec.simulated,
        "needs_credentials": spec.needs_credentials,
        "has_credentials": not missing,
        "credentials": [{"variable": name, "required": needed} for name, needed in spec.variables.items()],
        "status": f"set {' and '.join(missing)}" if missing else "ready",
        "datasets": list(spec.datasets),
        "limits": spec.limits,
        "site": spec.site,
    }


def missing_credentials(spec: ProviderSpec, environment: Mapping[str, str]) -> list[str]:
    """Return the variables that a provider needs and that are set nowhere."""
    if not spec.needs_credentials:
        return []
    if spec.variables:
        return [
            name for name, needed in spec.variables.items() if needed and not find_secret(name, environment)
        ]
    try:
        read_credentials(environment)
    except CredentialsError as exc:
        return [exc.setting]
    return []


def run_config_show(invocation: Invocation, loaded: Loaded, *, origin: bool, as_json: bool) -> None:
    """Show every setting, as TOML that could be the configuration file, or as JSON."""
    values = {name: plain(name, value) for name, value in loaded.values().items()}
    credentials = _credentials_origin(invocation)
    if as_json:
        settings = {
            name: {"value": value, "origin": str(loaded.origins[name])} for name, value in values.items()
        }
        write_json({"config_file": str(loaded.config_path), "settings": settings, "credentials": credentials})
        return
    write_line(f"# {loaded.config_path}{'' if loaded.config_path.exists() else ' (not written yet)'}")
    write_line(f"# credentials: {credentials}")
    for name, value in values.items():
        line = f"{toml_key(name)} = {toml_value(value)}" if value is not None else f"# {name} ="
        write_line(f"{line}  # {loaded.origins[name]}" if origin else line)


def _credentials_origin(invocation: Invocation) -> str:
    try:
        return f"*** from {read_credentials(invocation.environment).origin}"
    except CredentialsError as exc:
        return f"{exc.setting} {exc.problem}"


def plain(name: str, value: object) -> object:
    """Return a setting as text, number, list or None; what may be a password is masked."""
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, tuple):
        return list(value)
    if name.endswith("base_url") and isinstance(value, str) and "@" in urlsplit(value).netloc:
        return value.replace(urlsplit(value).netloc.rpartition("@")[0], "***", 1)
    return value


def toml_key(name: str) -> str:
    """Return a dotted name in the notation of TOML; only names of universes can need quotes."""
    table, dot, key = name.partition(".")
    return name if not dot or _BARE_KEY.fullmatch(key) else f"{table}{dot}{toml_value(key)}"


def toml_value(value: object) -> str:
    """Return text, numbers, truth values and lists of text in the notation of TOML."""
    if isinstance(value, list):
        return f"[{', '.join(toml_value(part) for part in value)}]"
    # JSON writes these the same way, but for the one control character that it leaves alone.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
