# SPDX-License-Identifier: Apache-2.0
"""``ttapi cache``: what the local store holds, whether it is sound, and how it is emptied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ttapi_core.errors import UnknownNameError
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.screens import note, show, stdout_is_terminal, table, write_json
from ttapi_platform import Store

if TYPE_CHECKING:
    from ttapi_onboarding.settings import Settings


def run_ls(settings: Settings, *, as_json: bool) -> None:
    """List what is stored: one line a dataset of a provider."""
    datasets = Store(Path(settings.data_dir), read_only=True).stats().datasets
    if as_json or not stdout_is_terminal():
        write_json(
            [
                {
                    "provider": stats.provider,
                    "dataset": stats.dataset,
                    "keys": stats.keys,
                    "rows": stats.rows,
                    "size_bytes": stats.size_bytes,
                    "fetched_first": stats.fetched_first,
                    "fetched_last": stats.fetched_last,
                }
                for stats in datasets
            ]
        )
        return
    columns = [("provider", "left"), ("dataset", "left"), ("keys", "right"), ("rows", "right")]
    columns += [("size", "right"), ("oldest", "left"), ("newest", "left")]
    rows = (
        (
            stats.provider,
            stats.dataset,
            f"{stats.keys:,}",
            f"{stats.rows:,}",
            size_text(stats.size_bytes),
            f"{stats.fetched_first:%m-%d %H:%M}" if stats.fetched_first else None,
            f"{stats.fetched_last:%m-%d %H:%M}" if stats.fetched_last else None,
        )
        for stats in datasets
    )
    show(table(f"stored in {settings.data_dir} (times in UTC)", columns, rows))


def run_stats(settings: Settings, *, as_json: bool) -> None:
    """Sum up what is stored."""
    stats = Store(Path(settings.data_dir), read_only=True).stats()
    facts = {
        "data_dir": settings.data_dir,
        "datasets": len(stats.datasets),
        "keys": sum(dataset.keys for dataset in stats.datasets),
        "rows": sum(dataset.rows for dataset in stats.datasets),
        "records": sum(dataset.records for dataset in stats.datasets),
        "entries": sum(dataset.entries for dataset in stats.datasets),
        "size_bytes": stats.size_bytes,
        "quarantined": stats.quarantined,
    }
    if as_json or not stdout_is_terminal():
        write_json(facts)
        return
    rows = [
        (name.replace("_", " "), f"{value:,}" if isinstance(value, int) else value)
        for name, value in facts.items()
    ]
    show(table("the local store", [("", "left"), ("", "text")], rows))


def run_verify(settings: Settings, *, as_json: bool) -> ExitCode:
    """Read everything again; what is damaged goes into quarantine and makes the exit code 1."""
    with Store(Path(settings.data_dir)) as store:
        found = store.verify()
    if as_json or not stdout_is_terminal():
        damaged = [
            {
                "provider": entry.provider,
                "dataset": entry.dataset,
                "entry": entry.entry,
                "reason": entry.reason,
            }
            for entry in found.damaged
        ]
        write_json({"entries": found.entries, "size_bytes": found.size_bytes, "damaged": damaged})
    elif found.damaged:
        columns = [("provider", "left"), ("dataset", "left"), ("entry", "text"), ("why", "text")]
        rows = ((entry.provider, entry.dataset, entry.entry, entry.reason) for entry in found.damaged)
        show(table("damaged, now in quarantine; ttapi collect fetches them again", columns, rows))
    note(f"{found.entries:,} entries, {size_text(found.size_bytes)} read, {len(found.damaged)} damaged")
    return ExitCode.FAILURE if found.damaged else ExitCode.COMPLETE


def run_clear(settings: Settings, *, provider: str | None, dataset: str | None, as_json: bool) -> None:
    """
    Remove entries.

    Raises
    ------
    UnknownNameError
        If nothing of that provider or dataset is stored.
    """
    with Store(Path(settings.data_dir)) as store:
        _require_stored(store, provider, dataset)
        removed = store.clear(provider, dataset)
    if as_json or not stdout_is_terminal():
        write_json({"removed": removed})
    note(f"{removed:,} entries removed from {settings.data_dir}")


def _require_stored(store: Store, provider: str | None, dataset: str | None) -> None:
    if provider is not None and provider not in store.providers():
        raise UnknownNameError("provider", provider, store.providers())
    searched = (provider,) if provider is not None else store.providers()
    stored = sorted({name for each in searched for name in store.datasets(each)})
    if dataset is not None and dataset not in stored:
        raise UnknownNameError("dataset", dataset, tuple(stored))


def size_text(size_bytes: float) -> str:
    """Return a size for people: 1,234,567 is ``1.2 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"
