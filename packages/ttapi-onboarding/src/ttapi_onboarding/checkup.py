# SPDX-License-Identifier: Apache-2.0
"""``ttapi doctor``: everything a run needs, one check each, with what to mend."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ttapi_core import (
    AuthenticationError,
    DataRequest,
    Health,
    NotEntitledError,
    Outcome,
    RequestTimeoutError,
)
from ttapi_core.errors import ConfigurationError, CredentialsError, ParameterError, TTError
from ttapi_onboarding.caching import size_text
from ttapi_onboarding.credentials import find_secret, read_credentials
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.listing import missing_credentials
from ttapi_onboarding.screens import show, stdout_is_terminal, table, write_json
from ttapi_onboarding.specs import Connection
from ttapi_platform import Store, dataset_named
from ttapi_platform.catalogue import Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ttapi_core import DataProvider
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.layers import Loaded
    from ttapi_onboarding.settings import Settings
    from ttapi_onboarding.specs import ProviderSpec

FREE_FAIL_BYTES: Final = 100_000_000
FREE_WARN_BYTES: Final = 1_000_000_000
SKEW_WARN_S: Final = 5.0
SKEW_FAIL_S: Final = 60.0
"""Tokens live for minutes: a clock this far off has them refused, or used when they are dead."""
PROVIDER_TIMEOUT_S: Final = 30.0
ENTITLEMENT_TIMEOUT_S: Final = 60.0
_MAY: Final = "may have"
_NOTHING_TO_TRY: Final = "no key to try"
_ANSWERED: Final = frozenset({Outcome.FRESH, Outcome.EMPTY})


class Status(StrEnum):
    """What a check found."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    One thing that was looked at.

    Parameters
    ----------
    name
        What was looked at.
    status
        What was found.
    detail
        The fact.
    mend
        What to do about it; empty when there is nothing to do.
    """

    name: str
    status: Status
    detail: str
    mend: str = ""


def run(invocation: Invocation, *, as_json: bool) -> ExitCode:
    """Make every check, show them, and return 1 if one failed."""
    checks = list(examine(invocation))
    worst = Status.FAIL if any(check.status is Status.FAIL for check in checks) else Status.OK
    if as_json or not stdout_is_terminal():
        document = [
            {"name": check.name, "status": check.status, "detail": check.detail, "mend": check.mend}
            for check in checks
        ]
        write_json({"healthy": worst is Status.OK, "checks": document})
    else:
        _draw(checks)
    return ExitCode.FAILURE if worst is Status.FAIL else ExitCode.COMPLETE


def _draw(checks: list[Check]) -> None:
    from rich.text import Text

    styles = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}
    columns = [("check", "left"), ("", "left"), ("found", "text"), ("what to do", "text")]
    rows = (
        (check.name, Text(check.status, style=styles[check.status]), check.detail, check.mend)
        for check in checks
    )
    show(table("doctor", columns, rows))


def examine(invocation: Invocation) -> Iterator[Check]:
    """Yield every check; without usable settings there is only that one."""
    try:
        loaded = invocation.load()
    except (ConfigurationError, ParameterError) as exc:
        yield Check(
            name="configuration", status=Status.FAIL, detail=exc.message, mend=exc.hint or "mend this setting"
        )
        return
    yield _configuration(loaded)
    data_dir = Path(loaded.settings.data_dir)
    yield check_directory(data_dir)
    yield check_space(data_dir)
    yield check_store(data_dir)
    credentials = _credentials(invocation, loaded.settings)
    yield credentials
    if credentials.status is not Status.FAIL:
        yield from check_provider(invocation, loaded.settings)
    for spec in configured(invocation, loaded.settings):
        yield asyncio.run(check_entitlement(invocation, loaded.settings, spec))


def _configuration(loaded: Loaded) -> Check:
    path, changed = loaded.config_path, sum(origin.layer != "default" for origin in loaded.origins.values())
    if path.exists():
        return Check(name="configuration", status=Status.OK, detail=f"{path}, {changed} settings changed")
    return Check(
        name="configuration",
        status=Status.OK,
        detail=f"defaults, {changed} changed ({path} not written)",
        mend="ttapi init writes one",
    )


def check_directory(data_dir: Path) -> Check:
    """Tell whether the store can be written."""
    existing = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.R_OK | os.W_OK | os.X_OK):
        mend = "give yourself the right to write there, or set TTAPI_DATA_DIR"
        return Check(
            name="data directory", status=Status.FAIL, detail=f"{existing} cannot be written", mend=mend
        )
    state = "" if existing == data_dir else " (made by the first collect)"
    return Check(name="data directory", status=Status.OK, detail=f"{data_dir}{state}")


def check_space(data_dir: Path) -> Check:
    """Tell whether the disk has room."""
    existing = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    status = Status.FAIL if free < FREE_FAIL_BYTES else Status.WARN if free < FREE_WARN_BYTES else Status.OK
    mend = "" if status is Status.OK else "make room, or set TTAPI_DATA_DIR to another disk"
    return Check(name="disk space", status=status, detail=f"{size_text(free)} free", mend=mend)


def check_store(data_dir: Path) -> Check:
    """Read everything that is stored again; damaged entries are quarantined on the way."""
    if not data_dir.exists():
        return Check(name="store", status=Status.OK, detail="nothing stored yet", mend="ttapi collect")
    try:
        with Store(data_dir) as store:
            found, quarantined = store.verify(), store.stats().quarantined
    except TTError as exc:
        return Check(name="store", status=Status.FAIL, detail=exc.message, mend=exc.hint)
    detail = f"{found.entries:,} entries, {size_text(found.size_bytes)}"
    if found.damaged:
        mend = "ttapi collect fetches them again"
        return Check(
            name="store", status=Status.WARN, detail=f"{detail}, {len(found.damaged)} damaged", mend=mend
        )
    past = f", {quarantined} in quarantine" if quarantined else ""
    return Check(name="store", status=Status.OK, detail=f"{detail}, all sound{past}")


def _credentials(invocation: Invocation, settings: Settings) -> Check:
    spec = invocation.spec_of(settings)
    if not spec.needs_credentials:
        return Check(name="credentials", status=Status.OK, detail=f"{spec.name} needs none")
    if spec.variables:
        missing = missing_credentials(spec, invocation.environment)
        if missing:
            mend = f"set {' and '.join(missing)}; {spec.site}"
            return Check(
                name="credentials", status=Status.FAIL, detail=f"{' and '.join(missing)} not set", mend=mend
            )
        return Check(name="credentials", status=Status.OK, detail=" and ".join(spec.variables))
    try:
        origin = read_credentials(invocation.environment).origin
    except CredentialsError as exc:
        return Check(name="credentials", status=Status.FAIL, detail=exc.message, mend=exc.hint)
    return Check(name="credentials", status=Status.OK, detail=f"from {origin}")


def check_provider(invocation: Invocation, settings: Settings) -> Iterator[Check]:
    """Ask the provider something cheap: whether it answers, and what time it says it is."""
    health = asyncio.run(ask(invocation, settings))
    name = f"provider {settings.providers[0]}"
    if not health.reachable:
        cause = health.cause
        detail = cause.message if cause is not None else "does not answer"
        mend = (cause.hint if cause is not None else "") or "check the network and the provider's status"
        yield Check(name=name, status=Status.FAIL, detail=detail, mend=mend)
        return
    took = f" in {health.latency_s * 1000:,.0f} ms" if health.latency_s is not None else ""
    yield Check(name=name, status=Status.OK, detail=f"answers{took}")
    yield check_clock(health)


def configured(invocation: Invocation, settings: Settings) -> list[ProviderSpec]:
    """Return the providers whose entitlement can be tried: those chosen, and those with credentials set."""
    found = []
    for spec in invocation.specs:
        is_set = any(find_secret(name, invocation.environment) for name in spec.variables)
        chosen = spec.name in settings.providers
        if spec.samples and (chosen or is_set) and not missing_credentials(spec, invocation.environment):
            found.append(spec)
    return found


async def check_entitlement(invocation: Invocation, settings: Settings, spec: ProviderSpec) -> Check:
    """Ask a provider for a little of each dataset, and tell which of them these credentials may have."""
    connection = Connection(settings=settings, environment=invocation.environment)
    name = f"entitlement {spec.name}"
    found: dict[str, list[str]] = {}
    try:
        async with asyncio.timeout(ENTITLEMENT_TIMEOUT_S), spec.open(connection) as provider:
            for dataset, key in spec.samples.items():
                found.setdefault(await _try_one(provider, dataset, key), []).append(dataset)
    except TimeoutError:
        found.setdefault(f"not tried within {ENTITLEMENT_TIMEOUT_S:.0f} s", []).append("the rest")
    except TTError as exc:
        return Check(
            name=name, status=Status.FAIL, detail=exc.message, mend=exc.hint or "check its credentials"
        )
    told = "; ".join(f"{word}: {', '.join(datasets)}" for word, datasets in found.items())
    fine = set(found) <= {_MAY, _NOTHING_TO_TRY}
    mend = "" if fine else f"its plans: {spec.site}" if spec.site else "try again later"
    return Check(name=name, status=Status.OK if fine else Status.WARN, detail=told, mend=mend)


async def _try_one(provider: DataProvider, dataset: str, key: str | None) -> str:
    if key is None and dataset_named(dataset).keys in (Keys.UNIVERSE, Keys.SERIES):
        return _NOTHING_TO_TRY
    today = datetime.now(UTC).date()
    request = DataRequest(
        dataset=dataset, keys=(key,) if key is not None else (), since=today - timedelta(days=10), until=today
    )
    try:
        async with aclosing(provider.get_data(request)) as answers:
            async for answer in answers:
                return _MAY if answer.outcome in _ANSWERED else answer.outcome.value.replace("_", " ")
    except (AuthenticationError, CredentialsError):
        raise
    except NotEntitledError:
        return Outcome.NOT_ENTITLED.value.replace("_", " ")
    except TTError as exc:
        return exc.code
    return _MAY  # asked for all there is, and there is nothing just now


async def ask(invocation: Invocation, settings: Settings) -> Health:
    """Open the provider and ask how it is; whatever goes wrong is part of the answer."""
    try:
        async with asyncio.timeout(PROVIDER_TIMEOUT_S), invocation.open(settings) as provider:
            return await provider.health_check()
    except TimeoutError:
        late = RequestTimeoutError(f"no answer within {PROVIDER_TIMEOUT_S:.0f} s")
        return Health(reachable=False, cause=late)
    except TTError as exc:
        return Health(reachable=False, cause=exc)


def check_clock(health: Health) -> Check:
    """Compare the clock of this machine with that of the provider."""
    skew_s = health.clock_skew_s
    if skew_s is None:
        return Check(name="clock", status=Status.OK, detail="the provider does not tell the time")
    size_s = abs(skew_s)
    status = Status.FAIL if size_s > SKEW_FAIL_S else Status.WARN if size_s > SKEW_WARN_S else Status.OK
    mend = "" if status is Status.OK else "set the clock of this machine, best by NTP"
    return Check(name="clock", status=status, detail=f"{size_s:.1f} s off the provider's", mend=mend)
