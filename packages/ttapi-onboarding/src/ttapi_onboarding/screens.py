# SPDX-License-Identifier: Apache-2.0
"""Where things are shown: data on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from ttapi_onboarding.exits import drop_stdout, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

WIDTH_MIN: Final = 40


def stdout_console() -> Console:
    """Return the console for data."""
    from rich.console import Console

    return Console(highlight=False)


def stderr_console() -> Console:
    """Return the console for everything else."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def stdout_is_terminal() -> bool:
    """Tell whether a person reads standard output."""
    return sys.stdout.isatty()


def stdin_is_terminal() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin.isatty()


def stderr_is_terminal() -> bool:
    """Tell whether a person reads standard error."""
    return sys.stderr.isatty()


def show(*parts: RenderableType) -> None:
    """Draw on standard output; plain text is never wrapped, so that a path in it stays in one piece."""
    console = stdout_console()
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str), markup=False)
        console.print()


def write_line(text: str) -> None:
    """Write one line of data to standard output, as it is."""
    sys.stdout.write(f"{text}\n")


def stream_line(text: str) -> bool:
    """Write one line of data to standard output at once; return whether somebody still reads there."""
    try:
        write_line(text)
        sys.stdout.flush()
    except BrokenPipeError:
        drop_stdout()
        return False
    return True


def write_json(document: object) -> None:
    """Write one JSON document to standard output."""
    write_line(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Say something on standard error, in one line."""
    sys.stderr.write(f"{printable(text)}\n")


def warn(text: str) -> None:
    """Warn on standard error, in one line."""
    note(f"warning: {text}")


def warn_if_simulated(provider: str, *, simulated: bool) -> None:
    """Say on standard error that data is made up, if it is."""
    if simulated:
        note(f"SIMULATED: provider {provider} makes its data up; nothing here is a market price")


def table(title: str, columns: Iterable[tuple[str, str]], rows: Iterable[Iterable[Any]]) -> RenderableType:
    """
    Return a table.

    Parameters
    ----------
    title
        Stands above it.
    columns
        Heading and kind of each: ``left`` and ``right`` are kept in one line, ``text`` goes on in the next
        where the terminal is too narrow.
    rows
        Cells as text; None is shown as a dash.
    """
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=0)
    for heading, kind in columns:
        drawn.add_column(
            heading,
            justify="right" if kind == "right" else "left",
            overflow="fold" if kind == "text" else "ellipsis",
            no_wrap=kind != "text",
        )
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    # The title is not the table's own, which would be broken at the width of a narrow table.
    return Group(Text(title, style="bold"), drawn)


def _cell(value: object) -> str:
    return "-" if value is None else printable(str(value))
