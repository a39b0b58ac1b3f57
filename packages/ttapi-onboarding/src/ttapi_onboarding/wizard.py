# SPDX-License-Identifier: Apache-2.0
"""``ttapi init``: asks what there is to ask, tries the connection, writes ``config.toml``."""

from __future__ import annotations

import asyncio
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from ttapi_core.errors import ConfigurationError, CredentialsError, MissingExtraError, StoreUnavailableError
from ttapi_onboarding import checkup
from ttapi_onboarding.credentials import NAMES, Credentials, read_credentials, store_credentials
from ttapi_onboarding.exports import write_file
from ttapi_onboarding.layers import default_config_path
from ttapi_onboarding.listing import toml_value
from ttapi_onboarding.screens import note, warn

if TYPE_CHECKING:
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.layers import Loaded

_HEADER: Final = """\
# Settings of ttapi; `ttapi config show` lists them all. Credentials do not belong here.
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """
    What the wizard knows already; None is asked for, or left at its default when nobody is to be asked.

    Parameters
    ----------
    provider, universe, data_dir
        As the settings of these names.
    path
        As the setting ``files.path``.
    """

    provider: str | None = None
    universe: str | None = None
    data_dir: str | None = None
    path: str | None = None


def run(invocation: Invocation, answers: Answers, *, ask: bool, force: bool, test: bool) -> None:
    """
    Set the program up.

    Parameters
    ----------
    answers
        What flags said.
    ask
        Whether a person is there to be asked.
    force
        Whether an existing file may be replaced; it is kept beside the new one.
    test
        Whether the connection must work before anything is written.

    Raises
    ------
    ConfigurationError
        If the file exists and may not be replaced, or an answer cannot be used.
    TTError
        Whatever the provider says to the test; nothing is written then.
    """
    path = invocation.config_path or default_config_path(invocation.environment)
    if path.exists() and not force:
        raise ConfigurationError(
            str(path), "exists already", hint="--force replaces it and keeps the old one"
        )
    # The file about to be replaced may be broken: it must not be in the way of mending it.
    fresh = dataclasses.replace(invocation, config_path=Path(os.devnull))
    complete = _asked(invocation, answers) if ask else answers
    chosen = _chosen(complete)
    loaded = fresh.load(**{name.replace(".", "__"): value for name, value in chosen.items()})
    credentials = _credentials(fresh, loaded, ask=ask)
    tried = dataclasses.replace(fresh, environment=_with(fresh, credentials)) if credentials else fresh
    if test:
        _try_connection(tried, loaded)
    if credentials is not None:
        _keep(credentials)
    _write(path, chosen)
    note(f"wrote {path}; next: ttapi collect")


def _asked(invocation: Invocation, answers: Answers) -> Answers:
    known = invocation.specs.known
    names = ", ".join(spec.name for spec in known)
    for spec in known:
        note(f"  {spec.name:<12} {spec.description}")
    if len(invocation.specs.names) > len(known):
        note(f"  and {len(invocation.specs.names) - len(known)} more: ttapi providers lists them")
    provider = answers.provider or _prompt(f"Provider ({names})", "sandbox")
    path = answers.path or (_prompt("Directory of your files", ".") if provider == "files" else None)
    universe = answers.universe or _prompt("Universe (a name, a file, or empty for all)", "") or None
    return dataclasses.replace(answers, provider=provider, path=path, universe=universe)


def _prompt(question: str, default: str, *, hide: bool = False) -> str:
    shown = bool(default)
    answer: str = typer.prompt(question, default=default, show_default=shown, hide_input=hide, err=True)
    return answer.strip()


def _chosen(answers: Answers) -> dict[str, str]:
    values = {
        "provider": answers.provider,
        "universe": answers.universe,
        "data_dir": answers.data_dir,
        "files.path": str(Path(answers.path).expanduser().absolute()) if answers.path else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _credentials(invocation: Invocation, loaded: Loaded, *, ask: bool) -> Credentials | None:
    """Return credentials that were typed in, or None where there are some already or none are needed."""
    if not invocation.spec_of(loaded.settings).needs_credentials:
        return None
    try:
        note(f"credentials found: {read_credentials(invocation.environment).origin}")
    except CredentialsError:
        if not ask:
            raise
        note(
            "Client secret and refresh token: my.tastytrade.com, Manage, My Profile, API, OAuth Applications"
        )
        client_secret, refresh_token = (_prompt(name.replace("_", " "), "", hide=True) for name in NAMES)
        typed = {"TTAPI_CLIENT_SECRET": client_secret, "TTAPI_REFRESH_TOKEN": refresh_token}
        return read_credentials(typed)
    return None


def _with(invocation: Invocation, credentials: Credentials) -> dict[str, str]:
    typed = {
        "TTAPI_CLIENT_SECRET": credentials.client_secret,
        "TTAPI_REFRESH_TOKEN": credentials.refresh_token,
    }
    return {**invocation.environment, **typed}


def _try_connection(invocation: Invocation, loaded: Loaded) -> None:
    note(f"trying {loaded.settings.provider} ...")
    health = asyncio.run(checkup.ask(invocation, loaded.settings))
    if health.cause is not None:
        raise health.cause
    if not health.reachable:
        raise ConfigurationError(
            "provider", f"{loaded.settings.provider} does not answer", hint="try again later"
        )
    note("it answers")


def _keep(credentials: Credentials) -> None:
    try:
        store_credentials(client_secret=credentials.client_secret, refresh_token=credentials.refresh_token)
    except (MissingExtraError, CredentialsError) as exc:
        warn(f"{exc.message}: set TTAPI_CLIENT_SECRET and TTAPI_REFRESH_TOKEN in your environment")
    else:
        note("credentials are in the keyring")


def _write(path: Path, chosen: dict[str, str]) -> None:
    lines = [f"{name} = {toml_value(value)}\n" for name, value in chosen.items()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            path.replace(path.with_name(f"{path.name}.bak"))
    except OSError as exc:
        raise StoreUnavailableError(path, f"cannot be written: {exc.strerror}") from exc
    write_file("".join([_HEADER, *lines]).encode(), path, mode=0o600)
