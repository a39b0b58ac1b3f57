# SPDX-License-Identifier: Apache-2.0
"""``ttapi providers verify``: recorded exchanges, held against the contract of adapters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ttapi_core import ParameterError
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.progress import counter
from ttapi_onboarding.screens import note, show, stdout_is_terminal, table, warn, write_json
from ttapi_platform import Verification, verify

if TYPE_CHECKING:
    from ttapi_platform import Verdict

_SAMPLE: Final = "sample"
"""The fidelity of answers that were shortened by hand or taken from documentation: they count apart."""
_TOLD_MAX: Final = 20
"""Failures that are named on the terminal."""


def run(directory: Path, *, provider: str | None, as_json: bool, progress: bool) -> ExitCode:
    """Replay a directory, show what came of it, and return 1 if a check is broken or nothing was there."""
    found = asyncio.run(_verified(directory, provider or "", progress=progress))
    if not found.verdicts:
        what = f"of {provider} " if provider else ""
        raise ParameterError("directory", str(directory), f"a directory with recordings {what}(JSON files)")
    if as_json or not stdout_is_terminal():
        write_json(found.as_json())
    else:
        _draw(found)
    return ExitCode.FAILURE if found.failed else ExitCode.COMPLETE


async def _verified(directory: Path, provider: str, *, progress: bool) -> Verification:
    verdicts: list[Verdict] = []
    with counter("replaying", wanted=progress) as count:
        async for verdict in verify(directory, recorded=provider):
            verdicts.append(verdict)
            count(len(verdicts))
    return Verification(tuple(verdicts))


def _draw(found: Verification) -> None:
    names = sorted({verdict.exchange.provider for verdict in found.verdicts})
    columns = [
        ("recorded as", "left"),
        *((name, "right") for name in ("decoded", "refused", "failed", "unclaimed")),
    ]
    rows = []
    for name in names:
        counts = found.counts(provider=name)
        if sum(counts.values()) > counts["unclaimed"]:
            rows.append((name, *(counts[result] or None for result, _ in columns[1:])))
    show(table("verified", columns, rows))
    note(f"{len(found.verdicts):,} interactions, {found.lost:,} silent losses")
    fidelities = {verdict.exchange.fidelity for verdict in found.verdicts}
    real = _share(found, fidelities - {_SAMPLE})
    told = f"; samples: {_share(found, {_SAMPLE})}" if _SAMPLE in fidelities else ""
    note(f"real answers: {real}{told}")
    for verdict in found.failed[:_TOLD_MAX]:
        broken = {name: why for claim in verdict.claims for name, why in claim.broken.items()}
        warn(
            f"{verdict.exchange.file}[{verdict.exchange.number}] "
            + "; ".join(f"{n}: {w}" for n, w in broken.items())
        )
    if len(found.failed) > _TOLD_MAX:
        note(f"and {len(found.failed) - _TOLD_MAX:,} more: --json has all of them")


def _share(found: Verification, fidelities: set[str]) -> str:
    counts = found.counts(fidelity=fidelities)
    claimed = counts.total() - counts["unclaimed"]
    good = counts["decoded"] + counts["refused"]
    return f"{claimed:,} claimed, {good:,} with all checks" + (f" ({good / claimed:.1%})" if claimed else "")
