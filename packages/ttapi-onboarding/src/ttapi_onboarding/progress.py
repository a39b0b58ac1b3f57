# SPDX-License-Identifier: Apache-2.0
"""Progress bars on standard error, one a dataset; nothing where no person watches."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ttapi_onboarding.screens import stderr_console, stderr_is_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from ttapi_platform import Progress


class ProgressBoard:
    """
    The bars of a run.

    Parameters
    ----------
    bars
        Where they are drawn.
    status
        What is shown until the first bar.
    """

    def __init__(self, bars: Bars, status: str) -> None:
        self._bars = bars
        self._waiting: TaskID | None = bars.add_task(status, total=None, note="")
        self._tasks: dict[str, TaskID] = {}

    def update(self, progress: Progress) -> None:
        """Draw how far a dataset is."""
        if self._waiting is not None:
            self._bars.remove_task(self._waiting)
            self._waiting = None
        task = self._tasks.get(progress.dataset)
        if task is None:
            task = self._bars.add_task(progress.dataset, total=progress.total, note="")
            self._tasks[progress.dataset] = task
        self._bars.update(task, completed=progress.done, total=progress.total, note=_note(progress))


def _note(progress: Progress) -> str:
    return " ".join(
        f"{count} {outcome.value.replace('_', ' ')}" for outcome, count in progress.outcomes.items() if count
    )


@contextmanager
def progress_board(status: str, *, wanted: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Yield what is called with each step, or None where no person watches."""
    if not wanted or not stderr_is_terminal():
        yield None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    bars = Progress(
        TextColumn("{task.description:<17}"),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=stderr_console(),
        transient=True,
    )
    with bars:
        yield ProgressBoard(bars, status).update


@contextmanager
def piece_board(what: str) -> Iterator[Callable[[int, int], None] | None]:
    """Yield what is called after each piece of a computation, or None where no person watches."""
    if not stderr_is_terminal():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr_console(), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@contextmanager
def spinner(what: str) -> Iterator[None]:
    """Show on standard error that something is under way; nothing where no person watches."""
    if not stderr_is_terminal():
        yield
        return
    with stderr_console().status(what):
        yield


@contextmanager
def counter(what: str, *, wanted: bool) -> Iterator[Callable[[int], None]]:
    """Yield what is called with a growing count; it shows nothing where no person watches."""
    if not wanted or not stderr_is_terminal():
        yield lambda _count: None
        return
    with stderr_console().status(what) as status:
        yield lambda count: status.update(f"{what} {count:,}")
