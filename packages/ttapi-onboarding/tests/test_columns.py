# SPDX-License-Identifier: Apache-2.0
"""Columns give way in the order of their rank, and never tear."""

from rich.console import Console

from ttapi_onboarding.columns import Column, fitted

COLUMNS = [
    Column(heading="name", cells=["one", "two\nlines"], is_left=True),
    Column(heading="low", cells=["1.00", None], rank=2),
    Column(heading="high", cells=["2.00", "3.00"], rank=2),
    Column(heading="note", cells=["x" * 12, "y"], rank=1),
]


def drawn(width: int) -> tuple[list[str], tuple[str, ...]]:
    table, hidden = fitted("title", COLUMNS, width=width)
    console = Console(width=width, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()], hidden


def test_all_columns_are_there_where_they_fit() -> None:
    lines, hidden = drawn(40)
    assert hidden == ()
    assert lines[1].split() == ["name", "low", "high", "note"]
    assert [line.split()[0] for line in lines[3:]] == ["one", "two", "lines"]


def test_columns_of_one_rank_go_together_the_highest_first() -> None:
    assert drawn(25)[1] == ("low", "high")
    assert drawn(10)[1] == ("low", "high", "note")


def test_a_column_that_folds_gives_way_before_another_is_cut() -> None:
    columns = [
        Column(heading="order", cells=["430001"], is_left=True),
        Column(heading="what", cells=["buy to open 10 SPY"], folds=True),
        Column(heading="price", cells=["612.35"]),
    ]
    table, hidden = fitted("t", columns, width=26)
    console = Console(width=26)
    with console.capture() as capture:
        console.print(table)
    assert hidden == ()
    assert "…" not in capture.get()
    assert "430001" in capture.get()
    assert "612.35" in capture.get()


def test_a_cell_cannot_steer_the_terminal() -> None:
    table, _ = fitted("t", [Column(heading="h", cells=["a\x1b[2Jb", "c\n\x1b]0;x"])], width=40)
    console = Console(width=40)
    with console.capture() as capture:
        console.print(table)
    assert "\x1b" not in capture.get()
