# SPDX-License-Identifier: Apache-2.0
"""The whole program over real processes, sockets and files."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ttapi_sandbox import Sandbox, SandboxSettings, parse_as_of

COMMAND = [sys.executable, "-m", "ttapi_app"]
Start = Callable[..., "subprocess.Popen[str]"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
DATASETS = ["accounts", "symbols", "trading_days", "quotes", "eod_data", "expiration_series"]
ONE_LINE = re.compile(r"\Aerror: [^\n]+\n\Z")


def sandboxes(mark: str) -> list[str]:
    """Return the command lines of running sandboxes that carry a mark."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"ttapi_sandbox" in words and mark.encode() in b" ".join(words):
            lines.append(" ".join(word.decode() for word in words))
    return lines


def wait_until(condition: Callable[[], object], *, timeout_s: float = 30.0) -> None:
    limit = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < limit, "it did not come to pass"
        time.sleep(0.02)


def test_collect_on_a_fresh_machine_and_again(run: Run) -> None:
    """The first run brings everything over real sockets; the second one asks for nothing, and starts nothing."""
    first = run("collect")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert list(report["datasets"]) == DATASETS
    # The universe of the sandbox has an index beside its equities.
    assert {name: counts["fresh"] for name, counts in report["datasets"].items()} == {
        name: counts["requested"] for name, counts in report["datasets"].items()
    }
    assert report["datasets"]["quotes"]["requested"] >= 6
    assert report["requests"]["sent"] > 0
    assert report["missing"] == []

    second = run("collect", TTAPI_SANDBOX__FAULTS="no such fault")
    assert second.returncode == 0, "a sandbox that cannot start is not needed"
    assert json.loads(second.stdout)["requests"]["sent"] == 0


def test_collect_leaves_no_sandbox_behind(run: Run) -> None:
    assert run("collect", "AAPL", "-d", "quotes", TTAPI_SANDBOX__SEED="730001").returncode == 0
    assert sandboxes("--seed=730001") == []


def test_each_simulated_market_has_a_place_of_its_own(run: Run, tmp_path: Path) -> None:
    """What one market made up is no answer of another."""
    run("collect", "AAPL", "-d", "quotes")
    other = run("collect", "AAPL", "-d", "quotes", TTAPI_SANDBOX__SEED="2")
    assert json.loads(other.stdout)["datasets"]["quotes"]["fresh"] == 1
    stored = {path.name for path in (tmp_path / "data").iterdir() if not path.name.startswith(".")}
    assert stored == {"sandbox-2026-06-30", "sandbox-seed2-2026-06-30"}


def test_interrupted_while_collecting_it_keeps_what_came_and_goes_on(
    start: Start, run: Run, tmp_path: Path
) -> None:
    slow = "kind=latency,seconds=30,path=/market-data"
    with start("collect", TTAPI_SANDBOX__FAULTS=slow) as process:
        wait_until(lambda: list((tmp_path / "data").glob("sandbox*/symbols/*/manifest.json")))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].startswith("interrupted: what was fetched is kept in ")
    assert "Traceback" not in err
    again = json.loads(run("collect").stdout)
    assert again["datasets"]["symbols"]["cached"] >= 6
    assert again["datasets"]["quotes"]["fresh"] >= 6


def test_interrupted_while_the_sandbox_starts_it_ends_quietly(start: Start) -> None:
    with start("collect", TTAPI_SANDBOX__SEED="730002") as process:
        assert process.stderr is not None
        assert "SIMULATED" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert len(err.splitlines()) == 1
    wait_until(lambda: not sandboxes("--seed=730002"))


def test_two_at_once_both_end_well_and_fetch_each_symbol_once(start: Start) -> None:
    with start("collect", "AAPL", "-d", "symbols") as one, start("collect", "AAPL", "-d", "symbols") as other:
        reports = [json.loads(process.communicate(timeout=60)[0]) for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    counts = [report["datasets"]["symbols"] for report in reports]
    assert sorted(count["fresh"] for count in counts) == [0, 1]
    assert sorted(count["cached"] for count in counts) == [0, 1]


def test_a_misspelt_dataset_is_found_before_anything_is_started(run: Run) -> None:
    done = run("collect", "-d", "qoutes", TTAPI_SANDBOX__FAULTS="kind=nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("error: dataset is 'qoutes', expected one of accounts")


def test_killed_outright_the_sandbox_ends_too(start: Start, tmp_path: Path) -> None:
    with start(
        "collect",
        TTAPI_SANDBOX__SEED="730003",
        TTAPI_SANDBOX__FAULTS="kind=latency,seconds=30,path=/market-data",
    ) as process:
        wait_until(lambda: list((tmp_path / "data").glob("sandbox*/symbols/*/manifest.json")))
        process.kill()
        process.communicate(timeout=30)
    wait_until(lambda: not sandboxes("--seed=730003"))


def on_a_terminal(arguments: list[str], home: dict[str, str]) -> tuple[int, str]:
    """Run the program on a terminal of 80 columns; return its exit code and all that appears there."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=home,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        shown = b""
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            ready, _, _ = select.select([controller], [], [], 1)
            try:
                part = os.read(controller, 65536) if ready else b""
            except OSError:  # the other end is closed
                break
            shown += part
            if not part and process.poll() is not None:
                break
        os.close(controller)
    return process.returncode, shown.decode()


def test_on_a_terminal_collect_shows_bars_tables_and_that_it_is_simulated(home: dict[str, str]) -> None:
    code, shown = on_a_terminal(["collect"], home)
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "SIMULATED: provider sandbox" in plain
    assert "opening sandbox" in plain
    assert re.search(r"eod_data +━+ \d+/\d+", plain)
    assert re.search(r"^eod_data +\d+ +\d+", plain, re.MULTILINE)
    assert "highest volatility a year" in plain
    assert f"stored in {home['TTAPI_DATA_DIR']}" in plain


def test_on_a_terminal_no_color_is_honoured_and_no_progress_too(home: dict[str, str]) -> None:
    code, shown = on_a_terminal(["collect", "--no-progress", "AAPL", "NOSUCH"], {**home, "NO_COLOR": "1"})
    assert code == 3
    assert re.findall(r"\x1b\[[0-9;]*3[0-7]m", shown) == []
    assert "━" not in shown
    assert "does not know it" in shown


def test_show_refuses_parquet_on_a_terminal(collected_home: dict[str, str]) -> None:
    code, shown = on_a_terminal(["show", "quotes", "--format", "parquet"], collected_home)
    assert code == 2
    assert "name a file with --output" in shown


@pytest.mark.parametrize("command", ["show trading_days --format csv", "show eod_data --format ndjson"])
def test_a_reader_that_has_seen_enough_is_no_error(collected_home: dict[str, str], command: str) -> None:
    script = f"{sys.executable} -m ttapi_app {command} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], env=collected_home, capture_output=True, text=True, check=False, timeout=60
    )
    assert len(done.stdout.splitlines()) == 1
    assert done.returncode == 0
    assert "rror" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_standard_output_is_one_line(collected_home: dict[str, str]) -> None:
    script = f"{sys.executable} -m ttapi_app show quotes > /dev/full"
    done = subprocess.run(
        ["bash", "-c", script], env=collected_home, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: cannot write to standard output: No space left on device"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"TTAPI_PROVIDER": "tastytrade"}, 4),
        ({"TTAPI_CONFIG": "/nonexistent/config.toml"}, 4),
        ({"TTAPI_CLIENT__CONCURRENCY_MAX": "0"}, 4),
        ({"TTAPI_PROVIDER": "files"}, 4),
    ],
)
def test_a_wrong_set_up_is_one_line_and_4(run: Run, variables: dict[str, str], code: int) -> None:
    done = run("collect", **variables)
    assert (done.returncode, done.stdout) == (code, "")
    assert ONE_LINE.match(done.stderr)


def test_a_sandbox_that_cannot_start_says_why(run: Run) -> None:
    done = run("collect", TTAPI_SANDBOX__FAULTS="kind=nonsense")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the sandbox did not start" in done.stderr
    assert "nonsense" in done.stderr


@pytest.fixture
async def sandbox() -> Sandbox:
    async with Sandbox(SandboxSettings(symbols=6, as_of=parse_as_of("2026-06-30"))) as sandbox:
        yield sandbox


async def in_a_thread(run: Run, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    import asyncio

    return await asyncio.to_thread(run, *arguments, **variables)


def account_of(sandbox: Sandbox, **more: str) -> dict[str, str]:
    return {
        "TTAPI_PROVIDER": "tastytrade",
        "TTAPI_TASTYTRADE__BASE_URL": sandbox.url,
        "TTAPI_CLIENT_SECRET": sandbox.client_secret,
        "TTAPI_REFRESH_TOKEN": sandbox.refresh_token,
        **more,
    }


async def test_tastytrade_is_collected_with_credentials_of_the_environment(
    run: Run, sandbox: Sandbox
) -> None:
    done = await in_a_thread(run, "collect", "AAPL", "-d", "quotes", **account_of(sandbox))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    port = sandbox.url.rpartition(":")[2]
    assert (report["provider"], report["simulated"]) == (f"tastytrade-127_0_0_1-{port}", False)
    assert "SIMULATED" not in done.stderr


async def test_refused_credentials_are_one_line_and_4_and_never_shown(run: Run, sandbox: Sandbox) -> None:
    wrong = account_of(sandbox, TTAPI_REFRESH_TOKEN="wr0ngt0ken", TTAPI_LOG__LEVEL="debug")
    done = await in_a_thread(run, "collect", "AAPL", "-d", "quotes", **wrong)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "wr0ngt0ken" not in done.stderr
    assert sandbox.client_secret not in done.stderr


async def test_doctor_asks_tastytrade(run: Run, sandbox: Sandbox) -> None:
    done = await in_a_thread(run, "doctor", **account_of(sandbox))
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["provider tastytrade"]["status"] == "ok"


def test_an_unreachable_server_is_said_once_and_soon(run: Run) -> None:
    variables = {
        "TTAPI_PROVIDER": "tastytrade",
        "TTAPI_TASTYTRADE__BASE_URL": "http://127.0.0.1:1",
        "TTAPI_CLIENT_SECRET": "a",
        "TTAPI_REFRESH_TOKEN": "b",
        "TTAPI_CLIENT__ATTEMPTS_MAX": "2",
    }
    done = run("collect", **variables)
    assert (done.returncode, done.stdout) == (1, "")
    assert ONE_LINE.match(done.stderr)
    report = json.loads(run("collect", "AAPL", **variables).stdout)
    assert {entry["outcome"] for entry in report["missing"]} == {"failed"}


def test_files_of_ones_own_are_collected_shown_and_analysed(run: Run, tmp_path: Path) -> None:
    days = [f"2001-01-{day:02}" for day in range(2, 30)]
    lines = [f"{day},10,12,9,{10 + i % 3},1000" for i, day in enumerate(days)]
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "IBM.csv").write_text(
        "Date,Open,High,Low,Close,Volume\n" + "\n".join(lines) + "\nnot a day,1,1,1,1,1\n"
    )
    done = run("collect", "--provider", "files", "--path", str(mine))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["datasets"]["eod_data"]["rows"] == len(days)
    assert "1 malformed rows were left out" in done.stderr
    assert "IBM.csv, line 30: Date not a day is no date" in done.stderr
    assert len(run("show", "eod_data", "IBM", "--provider", "files").stdout.splitlines()) == len(days) + 1
    (row,) = json.loads(run("analyze", "volatility", "--provider", "files", "--json").stdout)
    assert row["days"] == len(days)


def test_a_directory_of_files_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run("collect", "--provider", "files", "--path", str(tmp_path / "absent"))
    assert (done.returncode, done.stdout) == (1, "")
    assert ONE_LINE.match(done.stderr)


def test_a_sandbox_in_the_foreground_ends_however_its_command_ends(start: Start) -> None:
    for number, sent in enumerate((signal.SIGTERM, signal.SIGKILL)):
        seed = f"73001{number}"
        with start("sandbox", "--seed", seed, "--ready", "json") as process:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["simulated"]
            process.send_signal(sent)
            process.wait(timeout=30)
        wait_until(lambda seed=seed: not sandboxes(f"--seed={seed}"))


def test_sandbox_runs_in_the_foreground_until_interrupted(start: Start) -> None:
    with start("sandbox", "--seed", "730004", "--fault", "mix=0.1", "--ready", "json") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["seed"] == 730004
        assert ready["simulated"] is True
        (child,) = sandboxes("--seed=730004")
        assert "--fault=mix=0.1" in child
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            if b"--seed=730004" in path.read_bytes():
                os.kill(int(path.parent.name), signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert sandboxes("--seed=730004") == []


def test_sandbox_given_a_wrong_flag_passes_on_its_exit_code(run: Run) -> None:
    done = run("sandbox", "--fault", "kind=nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stderr


def test_the_command_is_installed_and_tells_its_version() -> None:
    command = Path(sys.executable).with_name("ttapi")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, timeout=60)
    assert re.fullmatch(r"ttapi \d+\.\d+\.\d+\S*\n", done.stdout)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nsys.argv = ['ttapi', '--help']\nfrom ttapi_app.main import main\n"
        "try:\n    main()\nfinally:\n"
        "    print('loaded:', *({'polars', 'httpx', 'pyarrow', 'msgspec', 'ttapi_core', 'ttapi_client'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_analysis_on_a_dask_cluster_is_the_table_of_one_process(collected_home: dict[str, str]) -> None:
    def table(*engine: str) -> str:
        command = [*COMMAND, "analyze", "performance", "--format", "csv", *engine]
        done = subprocess.run(
            command, env=collected_home, capture_output=True, text=True, check=True, timeout=110
        )
        assert len(done.stderr.splitlines()) == 1, done.stderr
        return done.stdout

    assert table("--engine", "dask", "--workers", "1") == table()
