# SPDX-License-Identifier: Apache-2.0
"""What a person sees of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ttapi_onboarding.screens import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.text import Text

    from ttapi_platform import CollectReport, KeyOutcome

_MILLION: Final = 1_000_000
MISSING_SHOWN: Final = 20
"""Lines of the list of what is missing; symbols that miss for the same reason share one."""
NAMES_SHOWN: Final = 5
"""Symbols named in such a line."""
_COUNTS: Final = {
    "requested": "asked",
    "fresh": "fresh",
    "cached": "cached",
    "stale": "stale",
    "empty": "empty",
    "unknown": "unknown",
    "not_entitled": "not en-\ntitled",
    "failed": "failed",
    "rows": "rows",
}
_WITHOUT_CAUSE: Final = {
    "empty": "the provider has no rows of it",
    "unknown": "the provider does not know it",
    "not_entitled": "not for these credentials",
}
_ALARMING: Final = frozenset({"stale", "unknown", "not_entitled", "failed"})


def report_parts(report: CollectReport, *, data_dir: str) -> Iterator[RenderableType]:
    """Yield what is drawn of a report, top to bottom."""
    yield _datasets_table(report)
    if report.missing:
        yield _missing_table(report)
    yield _closing_line(report, data_dir)


def _datasets_table(report: CollectReport) -> RenderableType:
    title = f"{'SIMULATED · ' if report.simulated else ''}collected from {report.provider}"
    columns = [("dataset", "left"), *((heading, "right") for heading in _COUNTS.values())]
    rows = (
        [name, *(_count(key, counts[key]) for key in _COUNTS)] for name, counts in report.datasets.items()
    )
    return table(title, columns, rows)


def _count(name: str, number: int) -> Text:
    from rich.text import Text

    style = "dim" if number == 0 else "bold red" if name in _ALARMING else ""
    shown = f"{number:,}" if number < _MILLION else f"{number / _MILLION:.2f} M"
    return Text(shown, style=style)


def _missing_table(report: CollectReport) -> RenderableType:
    from rich.console import Group

    groups: dict[tuple[str, str, str], list[KeyOutcome]] = {}
    for entry in report.missing:
        reason = entry.dataset, entry.outcome.value.replace("_", " "), _why(entry)
        groups.setdefault(reason, []).append(entry)
    columns = [
        ("dataset", "left"),
        ("outcome", "left"),
        ("tries", "right"),
        ("symbols", "text"),
        ("why", "text"),
    ]
    rows = [
        (dataset, outcome, max(entry.attempts for entry in entries), _names(entries), why)
        for (dataset, outcome, why), entries in list(groups.items())[:MISSING_SHOWN]
    ]
    drawn = table(f"missing, empty or stale: {len(report.missing):,}", columns, rows)
    more = sum(len(entries) for entries in list(groups.values())[MISSING_SHOWN:])
    return Group(drawn, f"and {more:,} more: ttapi collect --json names them all") if more else drawn


def _names(entries: list[KeyOutcome]) -> str:
    shown = ", ".join(entry.key for entry in entries[:NAMES_SHOWN])
    more = len(entries) - NAMES_SHOWN
    return f"{shown} and {more:,} more (--json)" if more > 0 else shown


def _why(entry: KeyOutcome) -> str:
    if entry.cause is not None:
        return entry.cause.message
    return _WITHOUT_CAUSE.get(entry.outcome.value, entry.outcome.value)


def _closing_line(report: CollectReport, data_dir: str) -> str:
    sent, retried, failed = report.requests.sent, report.requests.retried, report.requests.failed
    counts = f"{sent:,} requests sent, {retried:,} retried, {failed:,} failed"
    return f"{counts}, in {report.elapsed_s:.1f} s\nstored in {data_dir}"
