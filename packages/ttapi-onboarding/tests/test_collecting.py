# SPDX-License-Identifier: Apache-2.0
"""``ttapi collect`` over a provider in memory."""

import asyncio
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TextColumn
from typer.testing import Result

from ttapi_core import (
    AuthenticationError,
    ConnectError,
    ManualClock,
    NotEntitledError,
    Outcome,
    RequestCounts,
    ServerFaultError,
)
from ttapi_onboarding.collecting import verdict
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.progress import ProgressBoard, progress_board
from ttapi_onboarding.reports import MISSING_SHOWN, report_parts
from ttapi_platform import Collector, CollectReport, KeyOutcome, Progress, Store
from ttapi_platform.testing import NOW, ScriptedProvider

Run = Callable[..., Result]
DATASETS = ["accounts", "symbols", "trading_days", "quotes", "eod_data", "expiration_series"]


def report_of(*outcomes: KeyOutcome, simulated: bool = False) -> CollectReport:
    return CollectReport(
        run_id="r1",
        provider="scripted",
        simulated=simulated,
        started_at=NOW,
        elapsed_s=1.25,
        requests=RequestCounts(sent=1234, retried=5, failed=2),
        outcomes=outcomes,
    )


def drawn(report: CollectReport, *, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(*report_parts(report, data_dir="/data"), sep="\n")
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_collect_in_a_pipe_prints_one_json_document(run: Run) -> None:
    result = run("collect")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert list(document)[:8] == [
        "run_id",
        "provider",
        "simulated",
        "started_at",
        "elapsed_s",
        "requests",
        "datasets",
        "missing",
    ]
    assert list(document["datasets"]) == DATASETS
    assert document["datasets"]["quotes"]["fresh"] == 3
    assert document["simulated"] is True


def test_collect_says_on_standard_error_that_data_is_simulated(run: Run) -> None:
    assert "SIMULATED" in run("collect", "--json").stderr
    assert "SIMULATED" not in run("collect", "--json", "--provider", "tastytrade").stderr


def test_collect_a_second_time_asks_for_nothing(run: Run, provider: ScriptedProvider) -> None:
    run("collect", "AAPL", "--dataset", "symbols")
    provider.requests.clear()
    document = json.loads(run("collect", "AAPL", "--dataset", "symbols").stdout)
    assert document["datasets"]["symbols"]["cached"] == 1
    assert provider.requests == []


def test_collect_with_refresh_asks_again(run: Run, provider: ScriptedProvider) -> None:
    run("collect", "AAPL", "-d", "quotes")
    run("collect", "AAPL", "-d", "quotes", "--refresh")
    assert provider.asked("quotes") == ["AAPL", "AAPL"]


def test_collect_given_symbols_and_datasets_asks_for_those_alone(
    run: Run, provider: ScriptedProvider
) -> None:
    run("collect", "aapl", "SPY", "--dataset", "quotes", "--dataset", "symbols")
    assert {request.dataset for request in provider.requests} == {"quotes", "symbols"}
    assert provider.asked("quotes") == ["AAPL", "SPY"]


def test_collect_passes_on_the_first_day(run: Run, provider: ScriptedProvider) -> None:
    run("collect", "AAPL", "-d", "eod_data", "--since", "2026-01-05")
    assert [request.since for request in provider.requests if request.dataset == "eod_data"] == [
        date(2026, 1, 5)
    ]


def test_collect_given_a_universe_file_counts_what_repeats(
    run: Run, provider: ScriptedProvider, tmp_path: Path
) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("# mine\nAAPL\n\nSPY # the index\naapl\n")
    result = run("collect", "--universe", str(path), "-d", "quotes")
    assert provider.asked("quotes") == ["AAPL", "SPY"]
    assert "universe mine.txt: 1 repeated symbols" in result.stderr


def test_collect_given_a_universe_of_the_settings_takes_it(run: Run, provider: ScriptedProvider) -> None:
    run("collect", "-d", "quotes", TTAPI_UNIVERSES__FEW="MSFT", TTAPI_UNIVERSE="few")
    assert provider.asked("quotes") == ["MSFT"]


def test_collect_given_symbols_ignores_the_universe_of_the_settings(
    run: Run, provider: ScriptedProvider
) -> None:
    run("collect", "SPY", "-d", "quotes", TTAPI_UNIVERSES__FEW="MSFT", TTAPI_UNIVERSE="few")
    assert provider.asked("quotes") == ["SPY"]


def test_collect_with_little_missing_warns_and_succeeds(run: Run, provider: ScriptedProvider) -> None:
    provider.fail("quotes", "SPY", cause=ServerFaultError("down"))
    result = run("collect", "-d", "quotes", "--max-missing", "0.5")
    assert result.exit_code == 0
    assert "warning: 33.3% is missing, within --max-missing 0.5" in result.stderr
    (missing,) = json.loads(result.stdout)["missing"]
    assert (missing["symbol"], missing["outcome"], missing["cause"]) == ("SPY", "failed", "down")


def test_collect_with_too_much_missing_ends_with_3(run: Run, provider: ScriptedProvider) -> None:
    provider.fail("quotes", "SPY", cause=NotEntitledError("no"), outcome=Outcome.NOT_ENTITLED)
    result = run("collect", "-d", "quotes", TTAPI_MAX_MISSING="0.3")
    assert result.exit_code == 3
    assert "more than --max-missing 0.3" in result.stderr
    assert json.loads(result.stdout)["datasets"]["quotes"]["not_entitled"] == 1


def test_collect_of_stale_data_warns_and_says_how_old_it_is(
    run: Run, provider: ScriptedProvider, tmp_path: Path
) -> None:
    """All failed, and what was fetched a month ago serves: no success to pass over."""
    clock = ManualClock(datetime.now(UTC) - timedelta(days=30, hours=1))
    with Store(tmp_path / "data") as store:
        collector = Collector(store, provider, clock=clock)
        asyncio.run(collector.collect(["AAPL", "SPY"], datasets=["quotes"]))
    for key in ("AAPL", "SPY"):
        provider.fail("quotes", key, cause=ServerFaultError("down"))
    result = run("collect", "AAPL", "SPY", "-d", "quotes")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["datasets"]["quotes"]["stale"] == 2
    assert "warning: 2 of 2 are stale, up to 30d old: the provider failed, older data serves" in result.stderr


def test_collect_of_fresh_data_says_nothing_of_stale(run: Run) -> None:
    assert "stale" not in run("collect", "AAPL", "-d", "quotes").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["collect", "../../etc"], 2, "symbol is '../../etc'"),
        (["collect", "A" * 10_000], 2, "characters)"),
        (["collect", "A\x07B"], 2, "A\\x07B"),
        (["collect", "--dataset", "qoutes"], 2, "one of accounts, symbols"),
        (["collect", "--provider", "nasdaq"], 2, "one of sandbox, tastytrade"),
        (["collect", "--universe", "nope"], 2, "universe is 'nope'"),
        (["collect", "--universe", "absent.txt"], 2, "absent.txt"),
        (["collect", "AAPL", "--universe", "all"], 2, "not both"),
        (["collect", "--path", "."], 2, "only with --provider files"),
        (["collect", "--mapping", "m.toml"], 2, "only with --provider files"),
        (["collect", "--since", "yesterday"], 2, "--since"),
        (["collect", "--max-missing", "2"], 2, "--max-missing"),
        (["collect", "--nonsense"], 2, "--nonsense"),
        (["colect"], 2, "colect"),
    ],
)
def test_collect_given_bad_input_says_so_and_starts_nothing(
    run: Run, provider: ScriptedProvider, arguments: list[str], code: int, said: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert result.stdout == ""
    assert provider.requests == []


def test_collect_given_refused_credentials_ends_with_4(run: Run, provider: ScriptedProvider) -> None:
    provider.raises["quotes"] = AuthenticationError("who are you", status=401)
    result = run("collect", "-d", "quotes")
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr.splitlines()[-1] == "error: who are you"


def test_collect_given_a_broken_setting_ends_with_4(run: Run) -> None:
    result = run("collect", TTAPI_CLIENT__DEADLINE_S="soon")
    assert result.exit_code == 4
    assert "client.deadline_s (TTAPI_CLIENT__DEADLINE_S)" in result.stderr


@pytest.mark.parametrize("blank", ["", "  "])
def test_collect_given_a_blank_data_directory_does_not_take_the_current_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("--data-dir", blank, "collect", "AAPL", "-d", "quotes")
    assert result.exit_code == 4
    assert "data_dir (--data-dir)" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_collect_given_a_blank_variable_for_the_data_directory_ends_with_4(run: Run) -> None:
    result = run("collect", "AAPL", "-d", "quotes", TTAPI_DATA_DIR="  ")
    assert result.exit_code == 4
    assert "data_dir (TTAPI_DATA_DIR)" in result.stderr


def test_collect_given_a_data_directory_that_cannot_be_ends_with_1(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("collect", TTAPI_DATA_DIR=str(tmp_path / "file" / "data"))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 2
    assert result.stderr.splitlines()[-1].startswith(f"error: {tmp_path / 'file'}")


def test_collect_interrupted_keeps_what_came_and_says_where(run: Run, provider: ScriptedProvider) -> None:
    def interrupt(_request: object, _key: str) -> None:
        raise KeyboardInterrupt

    provider.overrides["quotes", "SPY"] = interrupt
    result = run("collect", "-d", "symbols", "-d", "quotes")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1].startswith("interrupted: what was fetched is kept in ")
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("missing", "limit", "code"),
    [
        (0, 0.0, ExitCode.COMPLETE),
        (1, 0.5, ExitCode.COMPLETE),
        (1, 0.49, ExitCode.MISSING),
        (2, 1.0, ExitCode.COMPLETE),
    ],
)
def test_verdict_compares_what_is_missing_with_the_limit(missing: int, limit: float, code: ExitCode) -> None:
    outcomes = [
        KeyOutcome(dataset="quotes", key=str(i), outcome=Outcome.FAILED if i < missing else Outcome.FRESH)
        for i in range(2)
    ]
    assert verdict(report_of(*outcomes), limit) is code


def test_report_shows_every_count_and_where_data_lies() -> None:
    text = drawn(report_of(KeyOutcome(dataset="eod_data", key="A", outcome=Outcome.FRESH, rows=1_234_567)))
    assert "eod_data" in text
    assert "1.23 M" in text
    assert "1,234 requests sent, 5 retried, 2 failed, in 1.2 s" in text
    assert "stored in /data" in text
    assert "SIMULATED" not in text


def test_report_of_simulated_data_says_so_in_its_title() -> None:
    assert "SIMULATED" in drawn(report_of(simulated=True)).splitlines()[0]


def test_report_names_what_is_missing_with_its_cause_up_to_a_limit() -> None:
    outcomes = [
        KeyOutcome(
            dataset="quotes",
            key=f"S{i}",
            outcome=Outcome.FAILED,
            cause=ConnectError(f"cause {i}"),
            attempts=3,
        )
        for i in range(MISSING_SHOWN + 5)
    ]
    text = drawn(report_of(*outcomes))
    assert f"cause {MISSING_SHOWN - 1}" in text
    assert f"cause {MISSING_SHOWN}" not in text
    assert "and 5 more: ttapi collect --json" in text


def test_report_gives_symbols_with_one_reason_one_line() -> None:
    cause = ConnectError("nobody listens")
    outcomes = [
        KeyOutcome(dataset="quotes", key=f"S{i}", outcome=Outcome.FAILED, cause=cause, attempts=i)
        for i in range(8)
    ]
    text = drawn(report_of(*outcomes), width=120)
    assert text.count("nobody listens") == 1
    assert "S0, S1, S2, S3, S4 and 3 more (--json)" in text
    assert "missing, empty or stale: 8" in text


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (Outcome.UNKNOWN_SYMBOL, "does not know it"),
        (Outcome.EMPTY, "no rows of it"),
        (Outcome.NOT_ENTITLED, "credentials"),
        (Outcome.STALE, "stale"),
    ],
)
def test_report_says_why_without_a_cause(outcome: Outcome, why: str) -> None:
    assert why in drawn(report_of(KeyOutcome(dataset="quotes", key="A", outcome=outcome)))


def test_report_fits_80_columns() -> None:
    full = [
        KeyOutcome(dataset="expiration_series", key=f"S{i}", outcome=outcome, rows=100_000)
        for outcome in Outcome
        for i in range(999)
    ]
    assert max(len(line) for line in drawn(report_of(*full)).splitlines()) <= 80


def test_progress_board_draws_a_bar_for_each_dataset() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, no_color=True)
    with Bars(
        TextColumn("{task.description} {task.completed}/{task.total} {task.fields[note]}"), console=console
    ) as bars:
        board = ProgressBoard(bars, "opening")
        board.update(Progress(dataset="quotes", done=0, total=3))
        board.update(
            Progress(dataset="quotes", done=3, total=3, outcomes={Outcome.FRESH: 2, Outcome.FAILED: 1})
        )
        board.update(Progress(dataset="symbols", done=1, total=3, outcomes={Outcome.NOT_ENTITLED: 1}))
        descriptions = [task.description for task in bars.tasks]
    assert descriptions == ["quotes", "symbols"]
    assert isinstance(console.file, io.StringIO)
    assert "quotes 3/3 2 fresh 1 failed" in console.file.getvalue()
    assert "1 not entitled" in console.file.getvalue()


def test_progress_board_without_a_terminal_is_none() -> None:
    with progress_board("opening", wanted=True) as update:
        assert update is None


def test_collect_names_what_is_stored_and_no_longer_among_what_the_provider_has(
    run: Run, provider: ScriptedProvider
) -> None:
    assert "not among what it has now" not in run("collect").stderr
    provider.symbols.remove("MSFT")
    assert (
        "from scripted, not among what it has now, and not asked for: MSFT"
        in run("collect", "--refresh").stderr
    )
    assert "not among" not in run("collect", "AAPL").stderr
