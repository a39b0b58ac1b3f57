# SPDX-License-Identifier: Apache-2.0
"""``ttapi sql``: what is stored, by query; never anything else."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import Result

Run = Callable[..., Result]
ONE_LINE = re.compile(r"\Aerror: [^\n]+\n\Z")


@pytest.fixture
def collected(run: Run) -> Run:
    assert run("collect", "-d", "eod_data", "-d", "quotes").exit_code == 0
    return run


def test_answer_equals_what_show_has(collected: Run) -> None:
    result = collected("sql", "SELECT symbol, count(*) AS days FROM eod_data GROUP BY symbol ORDER BY symbol")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    bars = json.loads(collected("show", "eod_data", "-f", "json").stdout)
    assert {row["symbol"]: int(row["days"]) for row in rows} == {
        symbol: sum(bar["symbol"] == symbol for bar in bars) for symbol in ("AAPL", "MSFT", "SPY")
    }
    assert "SIMULATED" in result.stderr


def test_datasets_can_be_joined(collected: Run) -> None:
    query = (
        "WITH days AS (SELECT symbol, max(date) AS day FROM eod_data GROUP BY symbol) "
        "SELECT q.symbol, d.day FROM quotes q JOIN days d ON q.symbol = d.symbol ORDER BY q.symbol"
    )
    rows = json.loads(collected("sql", query, "--format", "json").stdout)
    assert [row["symbol"] for row in rows] == ["AAPL", "MSFT", "SPY"]


def test_only_datasets_that_are_named_are_read(collected: Run, tmp_path: Path) -> None:
    (quotes,) = (tmp_path / "data").glob("*/quotes/*/data.parquet")
    quotes.write_bytes(b"damaged")
    assert collected("sql", "SELECT count(*) FROM eod_data").exit_code == 0
    result = collected("sql", "SELECT count(*) FROM quotes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "ttapi collect fetches its keys again" in result.stderr


@pytest.mark.parametrize("limit", ["2", "0"])
def test_limit_keeps_to_it(collected: Run, limit: str) -> None:
    rows = collected("sql", "SELECT symbol FROM quotes", "--limit", limit, "-f", "ndjson").stdout.splitlines()
    assert len(rows) == (2 if limit == "2" else 3)


def test_table_for_people_is_cut_and_says_so(collected: Run) -> None:
    result = collected("sql", "SELECT date, close FROM eod_data", "--format", "table")
    assert "50 of" in result.stderr


def test_output_is_a_file(collected: Run, tmp_path: Path) -> None:
    target = tmp_path / "x.parquet"
    assert collected("sql", "SELECT symbol FROM quotes ORDER BY symbol", "-o", str(target)).exit_code == 0
    assert pl.read_parquet(target)["symbol"].to_list() == ["AAPL", "MSFT", "SPY"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", "none of select, with, from"),
        ("", "none of select, with, from"),
        ("DROP TABLE eod_data", "none of select, with, from"),
        ("SELECT close FROM", "sql parser error"),
        ("SELECT * FROM nope", "'nope' was not found"),
        ("SELECT nope FROM eod_data", 'unable to find column "nope"'),
        ("SELECT 1; SELECT 2", "only one"),
    ],
)
def test_what_is_no_query_is_a_line_that_names_the_tables(collected: Run, query: str, said: str) -> None:
    result = collected("sql", query)
    assert (result.exit_code, result.stdout) == (2, "")
    assert ONE_LINE.match(result.stderr), result.stderr
    assert said in result.stderr
    assert "eod_data, quotes" in result.stderr


def test_query_of_an_empty_store_says_what_to_do_and_makes_no_directory(run: Run, tmp_path: Path) -> None:
    result = run("sql", "SELECT * FROM eod_data")
    assert result.exit_code == 2
    assert "ttapi collect brings them" in result.stderr
    assert not (tmp_path / "data").exists()
