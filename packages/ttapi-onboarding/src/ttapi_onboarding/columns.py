# SPDX-License-Identifier: Apache-2.0
"""Tables whose less important columns give way where the terminal is narrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ttapi_onboarding.screens import note, show, stdout_console, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    One column of a table.

    Parameters
    ----------
    heading
        Stands above it.
    cells
        Text, `rich.text.Text`, or None for a dash, one a row; a line break begins another line of the row.
    rank
        0 is always there; the highest rank gives way first, all its columns together.
    is_left
        Whether it stands at the left, as words do.
    folds
        Whether it goes on in another line where even the columns of rank 0 do not fit.
    """

    heading: str
    cells: Sequence[Any]
    rank: int = 0
    is_left: bool = False
    folds: bool = False

    @property
    def width(self) -> int:
        """Characters that it needs."""
        lines = (line for cell in self.cells for line in _text(cell).split("\n"))
        return max(len(self.heading), *(len(line) for line in lines), 1)


def _text(cell: object) -> str:
    return "-" if cell is None else str(cell)


def fitted(title: str, columns: Sequence[Column], *, width: int) -> tuple[RenderableType, tuple[str, ...]]:
    """Return a table of the columns that fit into ``width``, and the headings of those that do not."""
    kept = list(columns)
    while sum(column.width + 1 for column in kept) > width and any(column.rank for column in kept):
        worst = max(column.rank for column in kept)
        kept = [column for column in kept if column.rank < worst]
    hidden = tuple(column.heading for column in columns if column.rank not in {one.rank for one in kept})
    headings = [(column.heading, _kind(column)) for column in kept]
    rows = zip(*(column.cells for column in kept), strict=True)
    return table(title, headings, (list(map(_cell, row)) for row in rows)), hidden


def _kind(column: Column) -> str:
    if column.folds:
        return "text"
    return "left" if column.is_left else "right"


def _cell(cell: object) -> object:
    from rich.text import Text

    from ttapi_onboarding.exits import printable

    # Line breaks of ours stay; anything else that could steer a terminal does not.
    if isinstance(cell, str) and "\n" in cell:
        return Text("\n".join(map(printable, cell.split("\n"))))
    return cell


def show_fitted(title: str, columns: Sequence[Column]) -> None:
    """Draw a table on standard output, and say what found no place in it."""
    drawn, hidden = fitted(title, columns, width=stdout_console().width)
    show(drawn)
    if hidden:
        note(f"no room for {', '.join(hidden)}; --json has them all")
