# SPDX-License-Identifier: Apache-2.0
"""What a person sees of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ttapi_onboarding.screens import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from rich.console import RenderableType
    from rich.text import Text

    from ttapi_platform import CollectReport, KeyOutcome

_MILLION: Final = 1_000_000
MISSING_SHOWN: Final = 20
"""Lines of the list of what is missing."""
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
    from rich.text import Text  # noqa: PLC0415 - only where something is drawn

    style = "dim" if number == 0 else "bold red" if name in _ALARMING else ""
    shown = f"{number:,}" if number < _MILLION else f"{number / _MILLION:.2f} M"
    return Text(shown, style=style)


def _missing_table(report: CollectReport) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415 - only where something is drawn

    columns = [
        ("dataset", "left"),
        ("symbol", "left"),
        ("outcome", "left"),
        ("tries", "right"),
        ("why", "text"),
    ]
    rows = [
        (entry.dataset, entry.key, entry.outcome.value.replace("_", " "), entry.attempts, _why(entry))
        for entry in report.missing[:MISSING_SHOWN]
    ]
    drawn = table(f"missing, empty or stale: {len(report.missing):,}", columns, rows)
    more = len(report.missing) - MISSING_SHOWN
    return Group(drawn, f"and {more:,} more: ttapi collect --json names them all") if more > 0 else drawn


def _why(entry: KeyOutcome) -> str:
    if entry.cause is not None:
        return entry.cause.message
    return _WITHOUT_CAUSE.get(entry.outcome.value, entry.outcome.value)


def _closing_line(report: CollectReport, data_dir: str) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415 - only where something is drawn

    sent, retried, failed = report.requests.sent, report.requests.retried, report.requests.failed
    return Text(
        f"{sent:,} requests sent, {retried:,} retried, {failed:,} failed, in {report.elapsed_s:.1f} s\n"
        f"stored in {data_dir}"
    )


def volatility_drawn(frame: pl.DataFrame, *, title: str) -> RenderableType:
    """Return the table of volatilities for people: in percent a year."""
    columns = [
        ("symbol", "left"),
        ("volatility", "right"),
        ("days", "right"),
        ("last close", "right"),
        ("from", "left"),
        ("to", "left"),
        ("price", "left"),
    ]
    rows = (
        (
            row["symbol"],
            f"{row['volatility']:.1%}" if row["volatility"] is not None else "-",
            row["days"],
            f"{row['last_close']:,.2f}" if row["last_close"] is not None else "-",
            row["first_date"],
            row["last_date"],
            row["price"],
        )
        for row in frame.iter_rows(named=True)
    )
    return table(title, columns, rows)
