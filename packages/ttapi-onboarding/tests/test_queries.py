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
    cause, _, rest = result.stderr.partition(": query is ")
    assert said in cause
    assert "eod_data, quotes" in rest


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM {}('{}')",
        "FROM {}('{}')",
        "EXPLAIN SELECT * FROM {} ('{}')",
        "SELECT * FROM \"{}\"('{}')",
        "SELECT * FROM {}/**/('{}')",
        "SELECT * FROM quotes JOIN {}('{}') AS f ON true",
        "WITH f AS (SELECT * FROM {}('{}')) SELECT * FROM f",
        "SELECT * FROM quotes WHERE symbol IN (SELECT symbol FROM {}('{}'))",
    ],
)
def test_no_file_is_read_by_a_function(run: Run, tmp_path: Path, query: str) -> None:
    """Though it is there and could be read; and of one that is not, not even that is told."""
    file = tmp_path / "file.csv"
    file.write_text("symbol\nSPY\n")
    for reader in ("read_csv", "read_parquet", "read_json", "read_ipc", "READ_CSV", "scan_csv"):
        for path in (file, tmp_path / "absent"):
            result = run("sql", query.format(reader, path))
            assert (result.exit_code, result.stdout) == (2, "")
            assert result.stderr.startswith(
                f"error: the query reads a file with {reader}, which it may not: "
            )
            assert ONE_LINE.match(result.stderr), result.stderr


@pytest.mark.parametrize("quote", ["'", '"', "`"])
def test_no_file_is_read_as_a_table(collected: Run, tmp_path: Path, quote: str) -> None:
    file = tmp_path / "file.parquet"
    pl.DataFrame({"symbol": ["SPY"]}).write_parquet(file)
    result = collected("sql", f"SELECT * FROM {quote}{file}{quote}")
    assert (result.exit_code, result.stdout) == (2, "")
    assert ONE_LINE.match(result.stderr), result.stderr


def test_query_of_an_empty_store_says_what_to_do_and_makes_no_directory(run: Run, tmp_path: Path) -> None:
    result = run("sql", "SELECT * FROM eod_data")
    assert result.exit_code == 2
    assert "ttapi collect brings them" in result.stderr
    assert not (tmp_path / "data").exists()
