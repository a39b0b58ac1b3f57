# SPDX-License-Identifier: Apache-2.0
"""
Pictures of an analysis in plain text: a bar a row, or a line of small columns a symbol.

They have no colour and need no terminal; where the output cannot carry block elements, ASCII stands in.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import polars as pl

from ttapi_onboarding.exits import printable
from ttapi_onboarding.screens import stdout_console

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ttapi_polars.analysis_terms import Analysis

ROWS_MAX: Final = 40
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_ASCII: Final = ".:-=+*%#"
_GAP: Final = " "


def picture(frame: pl.DataFrame, analysis: Analysis) -> str:
    """
    Draw the column of an analysis that tells most.

    Parameters
    ----------
    frame
        Its result, in the order in which it is drawn.
    analysis
        A ``table`` becomes a bar a row, dotted where the value is negative; a ``series`` a line a symbol,
        from the oldest bar to the newest.

    Returns
    -------
    str
        Lines as wide as the terminal, at most `ROWS_MAX` of them and one that says what was left out.
    """
    draw = _bars if analysis.kind == "table" else _lines
    lines = list(draw(frame, analysis.drawn))
    left_out = len(lines) - ROWS_MAX
    more = [f"and {left_out:,} more"] if left_out > 0 else []
    return "\n".join([f"{analysis.name}: {analysis.drawn}", *lines[:ROWS_MAX], *more])


def symbols_in(frame: pl.DataFrame) -> list[str]:
    """Return the columns that say of which symbol a row is, or of which two."""
    return [name for name in ("symbol", "symbol_a", "symbol_b") if name in frame.columns]


def _bars(frame: pl.DataFrame, name: str) -> Iterator[str]:
    values = frame[name].cast(pl.Float64).to_list()
    labels = [printable(" ".join(names)) for names in frame.select(symbols_in(frame)).rows()]
    numbers = [_number(value) for value in values]
    wide, deep = max(map(len, labels), default=0), max(map(len, numbers), default=0)
    most = max((abs(value) for value in values if value is not None), default=0.0)
    room = max(stdout_console().width - wide - deep - 2, 8)
    for label, number, value in zip(labels, numbers, values, strict=True):
        length = round(abs(value or 0.0) / most * room) if most else 0
        yield f"{label:<{wide}} {number:>{deep}} {_bar(value) * length}".rstrip()


def _bar(value: float | None) -> str:
    levels = _levels()
    negative = "░" if levels is _BLOCKS else "-"
    return negative if value is not None and value < 0 else levels[-1]


def _lines(frame: pl.DataFrame, name: str) -> Iterator[str]:
    groups = frame.group_by("symbol", maintain_order=True).agg(pl.col(name).cast(pl.Float64))
    labels = [printable(label) for label in groups["symbol"].to_list()]
    wide = max(map(len, labels), default=0)
    for label, values in zip(labels, groups[name].to_list(), strict=True):
        known = [value for value in values if value is not None]
        if not known:
            yield f"{label:<{wide}} no value"
            continue
        facts = f"{_number(min(known))} to {_number(max(known))}, last {_number(values[-1])}"
        room = max(stdout_console().width - wide - len(facts) - 3, 8)
        yield f"{label:<{wide}} {_columns(values, room)} {facts}"


def _columns(values: Sequence[float | None], room: int) -> str:
    """Draw values as columns; where there are more than fit, each column is the mean of its share."""
    count = min(len(values), room)
    means = [
        _mean(values[len(values) * number // count : len(values) * (number + 1) // count])
        for number in range(count)
    ]
    known = [value for value in means if value is not None]
    low, span = min(known), max(known) - min(known)
    levels = _levels()
    return "".join(
        _GAP if value is None else levels[round((value - low) / span * (len(levels) - 1)) if span else 0]
        for value in means
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}"


def _levels() -> str:
    try:
        f"{_BLOCKS}░".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return _ASCII
    return _BLOCKS
