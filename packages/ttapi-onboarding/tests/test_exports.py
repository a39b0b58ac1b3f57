# SPDX-License-Identifier: Apache-2.0
"""Formats: what is written is what there was, and nothing in it runs."""

import csv
import io
import json
import os
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core import ParameterError, StoreUnavailableError
from ttapi_onboarding.exports import cell_text, chosen_format, drawn, encoded, neutral, write_file
from ttapi_onboarding.formats import Format

FRAME = pl.DataFrame(
    {
        "symbol": ["AAPL", "BRK/B"],
        "date": [date(2026, 1, 2), None],
        "close": [1234.5, -0.25],
        "money": [Decimal("10.10"), None],
        "final": [True, False],
        "at": [datetime(2026, 1, 2, 21, tzinfo=UTC), None],
    }
)


@pytest.mark.parametrize(
    ("given_format", "output", "is_terminal", "expected"),
    [
        (None, None, True, Format.TABLE),
        (None, None, False, Format.CSV),
        (Format.JSON, None, True, Format.JSON),
        (Format.TABLE, None, False, Format.TABLE),
        (Format.PARQUET, None, False, Format.PARQUET),
        (None, "x.parquet", True, Format.PARQUET),
        (None, "x.JSONL", True, Format.NDJSON),
        (None, "x", True, Format.CSV),
        (Format.CSV, "x.dat", True, Format.CSV),
        (Format.MARKDOWN, "x.csv", True, Format.MARKDOWN),
    ],
)
def test_chosen_format_follows_flag_file_and_terminal(
    given_format: Format | None, output: str | None, is_terminal: bool, expected: Format
) -> None:
    path = Path(output) if output is not None else None
    assert chosen_format(given_format, output=path, is_terminal=is_terminal) is expected


def test_chosen_format_refuses_parquet_on_a_terminal() -> None:
    with pytest.raises(ParameterError, match="--output"):
        chosen_format(Format.PARQUET, output=None, is_terminal=True)


def test_chosen_format_refuses_a_suffix_that_names_none() -> None:
    """A spreadsheet's name on CSV text opens nowhere."""
    with pytest.raises(ParameterError, match=r"x\.xlsx.*\.csv"):
        chosen_format(None, output=Path("x.xlsx"), is_terminal=True)


def test_chosen_format_refuses_a_table_in_a_file() -> None:
    with pytest.raises(ParameterError, match="for a file"):
        chosen_format(Format.TABLE, output=Path("x.txt"), is_terminal=True)


def test_parquet_holds_the_frame_as_it_was() -> None:
    assert_frame_equal(pl.read_parquet(io.BytesIO(encoded(FRAME, Format.PARQUET))), FRAME)


def test_json_is_one_document_with_decimals_and_dates_as_text() -> None:
    rows = json.loads(encoded(FRAME, Format.JSON))
    assert rows[0] == {
        "symbol": "AAPL",
        "date": "2026-01-02",
        "close": 1234.5,
        "money": "10.10",
        "final": True,
        "at": "2026-01-02T21:00:00+00:00",
    }
    assert rows[1]["money"] is None


def test_ndjson_is_the_same_line_by_line() -> None:
    lines = encoded(FRAME, Format.NDJSON).decode().splitlines()
    assert [json.loads(line) for line in lines] == json.loads(encoded(FRAME, Format.JSON))


def test_markdown_escapes_what_would_end_a_cell() -> None:
    frame = pl.DataFrame({"a": ["x|y", "two\nlines"], "b": [1, None]})
    assert (
        encoded(frame, Format.MARKDOWN).decode()
        == "| a | b |\n| --- | --- |\n| x\\|y | 1 |\n| two\\\\nlines | - |\n"
    )


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "\x1f+1", "\x7f@x", "\x85=1"]
)
def test_csv_neutralises_text_that_a_spreadsheet_would_run(text: str) -> None:
    frame = pl.DataFrame(
        {"note": [text, "plain", None], "change": [-1.5, 2.0, None], "more": ["x", text, "y"]}
    )
    rows = list(csv.reader(io.StringIO(encoded(frame, Format.CSV).decode(), newline="")))
    assert rows[1:] == [[f"'{text}", "-1.5", "x"], ["plain", "2.0", f"'{text}"], ["", "", "y"]]


@given(
    st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=5)), max_size=8)
)
@settings(max_examples=60)
def test_neutral_changes_only_cells_that_begin_like_a_formula(cells: list[str | None]) -> None:
    answer = neutral(pl.DataFrame({"a": cells}, schema={"a": pl.String}))["a"].to_list()
    for before, after in zip(cells, answer, strict=True):
        dangerous = (
            before is not None
            and before != ""
            and (before[0] in "=+-@" or unicodedata.category(before[0]) == "Cc")
        )
        assert after == (f"'{before}" if dangerous else before)


def test_write_file_replaces_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old")
    write_file(b"new", target)
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("mode", [0o600, 0o664])
def test_write_file_keeps_the_mode_of_a_file_that_is_there(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old")
    target.chmod(mode)
    write_file(b"new", target)
    assert target.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(("umask", "expected"), [(0o077, 0o600), (0o022, 0o644)])
def test_write_file_given_a_new_file_honours_the_umask(tmp_path: Path, umask: int, expected: int) -> None:
    before = os.umask(umask)
    try:
        write_file(b"new", tmp_path / "x.csv")
    finally:
        os.umask(before)
    assert (tmp_path / "x.csv").stat().st_mode & 0o777 == expected


def test_write_file_given_a_mode_makes_a_new_file_so(tmp_path: Path) -> None:
    write_file(b"new", tmp_path / "x.toml", mode=0o600)
    assert (tmp_path / "x.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("exists", [True, False])
def test_write_file_follows_a_symbolic_link(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "real.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    if exists:
        target.write_text("old")
    write_file(b"new", link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_write_file_given_a_fifo_writes_into_it(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(b"new", fifo)
        assert os.read(reader, 100) == b"new"
    finally:
        os.close(reader)
    assert fifo.is_fifo()


def test_write_file_given_a_device_leaves_it_one() -> None:
    write_file(b"new", Path(os.devnull))
    assert Path(os.devnull).is_char_device()


def test_write_file_given_an_open_descriptor_writes_behind_what_is_there(tmp_path: Path) -> None:
    """As ``--output /dev/stdout`` where the shell has led standard output to a file."""
    target = tmp_path / "x.csv"
    with target.open("wb", buffering=0) as file:
        file.write(b"before ")
        write_file(b"new", Path(f"/dev/fd/{file.fileno()}"))
        assert os.fstat(file.fileno()).st_size == len(b"before new")
    assert target.read_bytes() == b"before new"


def test_write_file_given_no_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be written: No such file"):
        write_file(b"x", tmp_path / "absent" / "x.csv")


def test_write_file_given_a_directory_in_its_place_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "x.csv" / "inside").mkdir(parents=True)
    with pytest.raises(StoreUnavailableError, match="cannot be written"):
        write_file(b"x", tmp_path / "x.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (1234.50, "1,234.5"),
        (0.00004, "0"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "2026-01-02 03:04:05"),
        (Decimal("1.10"), "1.10"),
    ],
)
def test_cell_text_is_for_people(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_drawn_names_the_columns_that_find_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    frame = pl.DataFrame({"symbol": ["AAPL"], "description": ["A" * 18], "close": [1.5], "open": [2.0]})
    _, hidden = drawn(frame, "x")
    assert hidden == ("close", "open")


def test_drawn_always_shows_the_first_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    _, hidden = drawn(pl.DataFrame({"a": ["x" * 50], "b": [1]}), "x")
    assert hidden == ("b",)
