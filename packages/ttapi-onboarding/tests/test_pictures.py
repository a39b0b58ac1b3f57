# SPDX-License-Identifier: Apache-2.0
"""Pictures in plain text: proportions, gaps, and what an output cannot carry."""

import io
import sys

import polars as pl
import pytest

from ttapi_onboarding.pictures import ROWS_MAX, picture
from ttapi_polars.analyses import analysis_named

TABLE, SERIES = analysis_named("volatility"), analysis_named("rsi")


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


def test_bars_are_as_long_as_the_values_are_large() -> None:
    frame = pl.DataFrame({"symbol": ["A", "BB", "C", "D"], "volatility": [0.5, 0.25, None, -0.5]})
    title, *lines = picture(frame, TABLE).splitlines()
    assert title == "volatility: volatility"
    assert [line.count("█") for line in lines] == [32, 16, 0, 0]
    assert lines[3].count("░") == 32
    assert lines[2].split() == ["C", "-"]


def test_series_goes_from_the_lowest_column_to_the_highest() -> None:
    frame = pl.DataFrame({"symbol": ["A"] * 4, "rsi": [None, 10.0, 20.0, 30.0]})
    assert picture(frame, SERIES).splitlines()[1] == "A  ▁▅█ 10 to 30, last 30"


def test_series_longer_than_the_line_is_drawn_by_means() -> None:
    frame = pl.DataFrame({"symbol": ["A"] * 500, "rsi": [float(n) for n in range(500)]})
    line = picture(frame, SERIES).splitlines()[1]
    assert len(line) <= 40
    assert "▁" in line.split()[1][:3]
    assert line.split()[1].endswith("█")


@pytest.mark.parametrize(
    ("values", "expected"), [([None, None], "A no value"), ([5.0, 5.0], "A ▁▁ 5 to 5, last 5")]
)
def test_series_without_values_or_without_moves(values: list[float | None], expected: str) -> None:
    frame = pl.DataFrame(
        {"symbol": ["A"] * 2, "rsi": values}, schema={"symbol": pl.String, "rsi": pl.Float64}
    )
    assert picture(frame, SERIES).splitlines()[1] == expected


def test_rows_beyond_the_bound_are_counted() -> None:
    frame = pl.DataFrame(
        {"symbol": [f"S{n}" for n in range(ROWS_MAX + 3)], "volatility": [1.0] * (ROWS_MAX + 3)}
    )
    assert picture(frame, TABLE).splitlines()[-1] == "and 3 more"


def test_output_that_carries_ascii_alone_gets_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    frame = pl.DataFrame({"symbol": ["A", "B"], "volatility": [0.5, -0.5]})
    assert picture(frame, TABLE).isascii()
    assert picture(pl.DataFrame({"symbol": ["A"] * 2, "rsi": [1.0, 2.0]}), SERIES).isascii()
