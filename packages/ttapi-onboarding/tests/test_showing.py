# SPDX-License-Identifier: Apache-2.0
"""``ttapi show`` and ``ttapi analyze``: what is stored, in every format."""

import csv
import io
import json
import math
import statistics
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from typer.testing import Result

from ttapi_platform.testing import ScriptedProvider

Run = Callable[..., Result]


@pytest.fixture
def collected(run: Run) -> Run:
    assert run("collect").exit_code == 0
    return run


def test_show_in_a_pipe_prints_csv(collected: Run) -> None:
    result = collected("show", "quotes")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["symbol"] for row in rows] == ["AAPL", "MSFT", "SPY"]


def test_show_says_on_standard_error_where_data_is_from(collected: Run) -> None:
    stderr = collected("show", "quotes").stderr
    assert stderr.startswith("quotes from scripted: 3 keys, 3 rows, fetched 20")
    assert "SIMULATED" in stderr


@pytest.mark.parametrize("command", [["show", "eod_data", "AAPL"], ["analyze", "volatility"]])
def test_damaged_entry_is_an_error_and_never_an_empty_answer(
    collected: Run, tmp_path: Path, command: list[str]
) -> None:
    (parquet,) = (tmp_path / "data").glob("*/eod_data/*/data.parquet")
    content = bytearray(parquet.read_bytes())
    content[len(content) // 2] ^= 1
    parquet.write_bytes(content)
    result = collected(*command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "3 keys of eod_data from scripted are in a damaged entry" in result.stderr
    assert collected("collect").exit_code == 0
    assert collected(*command).exit_code == 0


@pytest.mark.parametrize("symbol", ["AAPL", "aapl"])
def test_show_given_a_symbol_shows_that_alone(collected: Run, symbol: str) -> None:
    rows = json.loads(collected("show", "eod_data", symbol, "--format", "json").stdout)
    assert {row["symbol"] for row in rows} == {"AAPL"}


def test_show_given_what_is_no_symbol_takes_it_as_a_key(collected: Run) -> None:
    assert len(json.loads(collected("show", "trading_days", "XNYS", "-f", "json").stdout)) > 100
    assert len(json.loads(collected("show", "accounts", "5WT00001", "-f", "json").stdout)) == 1


def test_show_as_a_table_shows_fifty_rows_unless_told(collected: Run) -> None:
    result = collected("show", "trading_days", "--format", "table")
    assert "50 of" in result.stderr
    assert len(result.stdout.splitlines()) == 54
    assert (
        len(collected("show", "trading_days", "--format", "table", "--limit", "3").stdout.splitlines()) == 7
    )


def test_show_as_a_table_names_columns_without_room(collected: Run) -> None:
    result = collected("show", "quotes", "--format", "table")
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    assert "no room for" in result.stderr
    assert "quoted_at" in result.stderr


def test_show_as_a_table_with_room_for_all_says_nothing_more(collected: Run) -> None:
    result = collected("show", "quotes", "--format", "table", COLUMNS="300")
    assert "no room" not in result.stderr
    assert "quoted_at" in result.stdout


@pytest.mark.parametrize(("limit", "rows"), [("2", 2), ("0", 3), ("9", 3)])
def test_show_given_a_limit_keeps_to_it(collected: Run, limit: str, rows: int) -> None:
    assert len(collected("show", "quotes", "-f", "ndjson", "--limit", limit).stdout.splitlines()) == rows


def test_show_given_a_file_writes_what_its_suffix_says(collected: Run, tmp_path: Path) -> None:
    target = tmp_path / "bars.parquet"
    result = collected("show", "eod_data", "--output", str(target))
    frame = pl.read_parquet(target)
    assert f"{frame.height} rows written to {target}" in result.stderr
    assert result.stdout == ""
    assert frame["symbol"].unique().sort().to_list() == ["AAPL", "MSFT", "SPY"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "qoutes"], 2, "one of accounts, symbols, trading_days"),
        (["show", "quotes", "ZZZZ"], 1, "has nothing of ZZZZ of quotes from scripted"),
        (["show", "quotes", "--format", "xlsx"], 2, "xlsx"),
        (["show", "quotes", "--format", "table", "--output", "x.txt"], 2, "for a file"),
        (["show", "quotes", "--output", "/nonexistent/x.csv"], 1, "cannot be written"),
        (["show"], 2, "dataset"),
        (["analyze", "volatility", "ZZZZ"], 1, "has nothing of ZZZZ of eod_data"),
        (["analyze", "volatility", "--price", "open"], 2, "one of auto, close, adjusted_close"),
        (["analyze", "volatility", "--days-min", "1"], 2, "--days-min"),
    ],
)
def test_show_given_bad_input_says_so(collected: Run, arguments: list[str], code: int, said: str) -> None:
    result = collected(*arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["show", "quotes"], ["analyze", "volatility"]])
def test_show_before_the_first_collect_says_what_to_do(
    run: Run, tmp_path: Path, arguments: list[str]
) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert "ttapi collect brings it" in result.stderr
    assert not (tmp_path / "data").exists(), "looking makes no directory"


def test_analyze_volatility_equals_an_independent_computation(collected: Run) -> None:
    bars = json.loads(collected("show", "eod_data", "AAPL", "-f", "json").stdout)
    column = "adjusted_close" if all(bar["adjusted_close"] is not None for bar in bars) else "close"
    closes = [bar[column] for bar in bars if bar["final"]]
    expected = statistics.stdev(math.log(b / a) for a, b in pairwise(closes)) * math.sqrt(252)
    (row,) = json.loads(collected("analyze", "volatility", "AAPL", "--json", "--days-min", "3").stdout)
    assert row["volatility"] == pytest.approx(expected, rel=1e-12)
    assert (row["days"], row["price"]) == (len(closes), column)


def test_analyze_volatility_lists_the_highest_first(collected: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(collected("analyze", "volatility", "--days-min", "3").stdout)))
    values = [float(row["volatility"]) for row in rows]
    assert values == sorted(values, reverse=True)
    assert len(values) == 3


def test_analyze_volatility_as_a_table_is_in_percent(collected: Run) -> None:
    result = collected("analyze", "volatility", "--format", "table", "--top", "1", "--days-min", "3")
    assert "(3 of 3 symbols)" in result.stdout
    assert result.stdout.count("%") == 1
    assert "SIMULATED" in result.stderr


def test_analyze_volatility_with_too_few_days_shows_a_dash_not_a_number(collected: Run) -> None:
    result = collected("analyze", "volatility", "--format", "table", "--days-min", "5000")
    assert "(0 of 3 symbols)" in result.stdout
    assert "%" not in result.stdout


def test_show_of_accounts_keeps_money_exact(collected: Run, provider: ScriptedProvider) -> None:
    (row,) = json.loads(collected("show", "accounts", "-f", "json").stdout)
    assert isinstance(row["cash_balance"], str)
