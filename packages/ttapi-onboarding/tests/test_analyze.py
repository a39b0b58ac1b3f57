# SPDX-License-Identifier: Apache-2.0
"""``ttapi analyze``: every analysis by name, in every format, and bad input in one line."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import Result

from ttapi_onboarding import completion
from ttapi_platform import CATALOGUE, Store
from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_platform.testing import ScriptedProvider
from ttapi_polars.analyses import ANALYSES

Run = Callable[..., Result]
ONE_LINE = re.compile(r"\Aerror: [^\n]+\n\Z")


@pytest.fixture
def collected(run: Run) -> Run:
    assert run("collect", "-d", "eod_data").exit_code == 0
    return run


def rows_of(result: Result) -> list[dict[str, str]]:
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_runs_by_its_name(collected: Run, name: str) -> None:
    beside = ["--benchmark", "spy"] if ANALYSES[name].needs_benchmark else []
    rows = rows_of(collected("analyze", name, *beside, "--days-min", "3"))
    keys = ("symbol_a", "symbol_b") if name == "correlation" else ("symbol",)
    assert sorted({row[key] for row in rows for key in keys}) == ["AAPL", "MSFT", "SPY"]
    assert ANALYSES[name].drawn in rows[0]


@pytest.mark.parametrize("name", ANALYSES)
def test_every_analysis_is_drawn_for_people(collected: Run, name: str) -> None:
    beside = ["--benchmark", "spy"] if ANALYSES[name].needs_benchmark else []
    result = collected("analyze", name, *beside, "--days-min", "3", "--format", "table")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(name)
    assert ANALYSES[name].title in " ".join(result.stdout.split())
    drawn = collected("analyze", name, *beside, "--days-min", "3", "--plot")
    assert drawn.exit_code == 0, drawn.output
    assert "AAPL" in drawn.stdout


def test_correlation_has_each_pair_once_the_highest_first(collected: Run) -> None:
    rows = rows_of(collected("analyze", "correlation", "--days-min", "3"))
    assert sorted((row["symbol_a"], row["symbol_b"]) for row in rows) == [
        ("AAPL", "MSFT"),
        ("AAPL", "SPY"),
        ("MSFT", "SPY"),
    ]
    values = [float(row["correlation"]) for row in rows]
    assert values == sorted(values, reverse=True)


def test_list_and_help_and_completion_name_every_analysis(run: Run) -> None:
    listed = json.loads(run("analyze", "--list").stdout)
    assert [entry["name"] for entry in listed] == list(ANALYSES)
    assert all(entry["title"] for entry in listed)
    words = set(re.findall(r"[\w-]+", run("analyze", "--help").stdout))
    assert set(ANALYSES) <= words
    assert completion.analyses("rolling-") == ["rolling-volatility", "rolling-sharpe", "rolling-beta"]


@pytest.mark.parametrize(
    "arguments", [["AAPL", "msft"], ["--symbols", "AAPL, msft"], ["AAPL", "--symbols", "MSFT"]]
)
def test_symbols_are_taken_as_words_or_with_commas(collected: Run, arguments: list[str]) -> None:
    rows = rows_of(collected("analyze", "returns", *arguments))
    assert {row["symbol"] for row in rows} == {"AAPL", "MSFT"}


def test_window_is_that_of_the_analysis_unless_given(collected: Run) -> None:
    def unknown(*arguments: str) -> int:
        rows = rows_of(collected("analyze", "sma", "AAPL", *arguments))
        return sum(row["sma"] == "" for row in rows)

    assert (unknown(), unknown("--window", "3")) == (19, 2)


def test_series_for_people_shows_the_newest_bars_and_says_so(collected: Run) -> None:
    everything = rows_of(collected("analyze", "returns", "AAPL"))
    result = collected("analyze", "returns", "AAPL", "--format", "table", "--top", "2")
    assert f"the newest 2 of {len(everything)} rows" in result.stderr
    shown = [line for line in result.stdout.splitlines() if line.startswith("AAPL")]
    assert [line.split()[1] for line in shown] == [row["date"] for row in everything[-2:]]
    assert result.stdout.count("%") == 6


def test_top_of_a_series_is_for_each_symbol(collected: Run) -> None:
    rows = rows_of(collected("analyze", "returns", "--top", "2"))
    assert [row["symbol"] for row in rows] == ["AAPL", "AAPL", "MSFT", "MSFT", "SPY", "SPY"]


def test_benchmark_itself_is_shown_only_where_it_is_asked_for(collected: Run) -> None:
    rows = rows_of(collected("analyze", "beta", "AAPL", "--benchmark", "SPY"))
    assert [row["symbol"] for row in rows] == ["AAPL"]
    whole = rows_of(collected("analyze", "beta", "--benchmark", "SPY"))
    assert [float(row["beta"]) for row in whole if row["symbol"] == "SPY"] == [pytest.approx(1)]


def test_output_is_written_to_a_file_of_the_format_that_its_suffix_names(
    collected: Run, tmp_path: Path
) -> None:
    target = tmp_path / "rsi.parquet"
    result = collected("analyze", "rsi", "--output", str(target))
    assert (result.exit_code, result.stdout) == (0, "")
    assert pl.read_parquet(target).columns == ["symbol", "date", "close", "rsi"]
    assert "rows written to" in result.stderr


def test_data_that_is_made_up_is_said_to_be(collected: Run) -> None:
    assert "SIMULATED" in collected("analyze", "rsi").stderr


@pytest.mark.parametrize("name", ["volatility", "rsi"])
def test_plot_is_plain_text_within_the_width(collected: Run, name: str) -> None:
    result = collected("analyze", name, "--plot", "--days-min", "3")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:4]] != []
    assert sorted(line.split()[0] for line in lines[1:4]) == ["AAPL", "MSFT", "SPY"]
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["volatilty"], "did you mean volatility"),
        (["beta"], "benchmark is None, expected a symbol"),
        (["rsi", "--benchmark", "SPY"], "rsi compares with nothing"),
        (["volatility", "--window", "5"], "volatility looks at the whole sample"),
        (["sma", "--price", "open"], "one of auto, close, adjusted_close"),
        (["rsi", "--dataset", "quotes"], "rsi is made of daily bars"),
        (["rsi", "--dataset", "qoutes"], "one of accounts, symbols"),
        (["rsi", "--periods-per-year", "0"], "periods_per_year is 0"),
        (["rsi", "--plot", "--json"], "no format and no file beside it"),
        (["rsi", "--scheduler", "tcp://x"], "none without --engine dask"),
        (["rsi", "--workers", "2"], "none without --engine dask"),
        (["rsi", "--engine", "dask", "--scheduler", "tcp://x", "--workers", "2"], "those of the scheduler"),
        (["rsi", "--output", "x.csv", "--format", "table"], "for a file"),
    ],
)
def test_what_does_not_go_together_is_a_line_and_exit_code_2(
    collected: Run, arguments: list[str], said: str
) -> None:
    result = collected("analyze", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert ONE_LINE.match(result.stderr), result.stderr
    assert said in result.stderr


def test_benchmark_that_is_not_stored_is_an_error(collected: Run) -> None:
    result = collected("analyze", "beta", "--benchmark", "ZZZZ")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "has nothing of ZZZZ of eod_data" in result.stderr


def test_scheduler_that_does_not_answer_is_an_error(collected: Run) -> None:
    result = collected("analyze", "rsi", "--engine", "dask", "--scheduler", "nonsense://x")
    assert result.exit_code == 1
    assert "no Dask scheduler answers at nonsense://x" in result.stderr


def test_symbols_that_lack_sessions_are_named(
    collected: Run, home: dict[str, str], provider: ScriptedProvider
) -> None:
    """What is computed from bar to bar spans the gap, and nobody must take it for one day."""
    assert "sessions without a bar" not in collected("analyze", "returns").stderr
    with Store(Path(home["TTAPI_DATA_DIR"])) as store:
        bars = store.read(provider.name, "eod_data", ["AAPL"])
        holed = pl.concat([bars.head(2), bars.slice(3)])
        item = ItemDraft(key="AAPL", frame=holed, fetched_at=datetime.now(UTC))
        version = CATALOGUE["eod_data"].schema.version
        store.write(
            provider.name, "eod_data", EntryDraft(schema_version=version, run_id="holed", items=(item,))
        )
    said = collected("analyze", "returns").stderr
    assert "sessions without a bar: AAPL 1; a change over one spans more than a day" in " ".join(said.split())
