# SPDX-License-Identifier: Apache-2.0
"""The sandbox as a process: says when it listens, ends when it is told to, is the same every time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ttapi_sandbox.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = [
    "/instruments/equities/active",
    "/option-chains/SPY/nested",
    "/option-chains/BRK%2FB",
    "/market-data/by-type?equity=AAPL,MSFT,F&index=SPX,VIX&equity-option=SPY%20%20%20261218C00650000",
    "/market-metrics?symbols=AAPL,SPY",
    "/accounts/5WT00001/balances",
    "/accounts/5WT00001/positions?include-marks=true",
]


@contextlib.contextmanager
def process(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "ttapi_sandbox", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def ready(running: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert running.stdout is not None
    answer = json.loads(running.stdout.readline())
    assert isinstance(answer, dict)
    return answer


@contextlib.contextmanager
def login(facts: dict[str, Any]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=facts["url"], headers={"user-agent": "test/1"}) as client:
        grant = {"grant_type": "refresh_token"} | {
            name: facts[name] for name in ("client_secret", "refresh_token")
        }
        token = client.post("/oauth/token", json=grant).json()["access_token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def digest() -> tuple[dict[str, Any], str]:
    with process(
        "--ready", "json", "--seed", "3", "--as-of", "2026-11-19", "--exit-on-stdin-close"
    ) as running:
        facts = ready(running)
        with login(facts) as client:
            bodies = [client.get(path).raise_for_status().content for path in PATHS]
        return facts, hashlib.sha256(b"".join(bodies)).hexdigest()


def test_two_processes_of_one_seed_answer_the_same_bytes() -> None:
    (first, one), (second, two) = digest(), digest()
    assert one == two
    assert {**first, "url": ""} == {**second, "url": ""}
    assert (first["seed"], first["as_of"], first["simulated"]) == (3, "2026-11-19T22:00:00+00:00", True)


def test_process_ends_when_its_standard_input_closes() -> None:
    with process("--ready", "json", "--exit-on-stdin-close", "--symbols", "5") as running:
        ready(running)
        assert running.stdin is not None
        running.stdin.close()
        assert running.wait(5) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_ends_cleanly_on_a_signal(number: signal.Signals) -> None:
    with process("--symbols", "5") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        line = running.stdout.readline().decode()
        assert line.startswith("SIMULATED market on http://127.0.0.1:")
        running.send_signal(number)
        assert running.wait(5) == 0
        assert running.stderr.read() == b""


def test_process_is_soon_ready() -> None:
    began = time.perf_counter()
    with process("--ready", "json") as running:
        ready(running)
        # Alone it takes a third of a second; other tests may run beside it.
        assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "host"),
        (["--fault", "kind=nope"], "fault"),
        (["--as-of", "soon"], "as_of"),
        (["--as-of", "1999-01-01"], "as_of"),
        (["--symbols", "0"], "symbols"),
        (["--as-of", "2026-11-19", "--speed", "2"], "as_of"),
        (["--speed", "-1"], "speed"),
        (["--scenario", "no/such/file.toml"], "scenario"),
        (["--state-file", "/dev/null"], "/dev/null"),
    ],
)
def test_setting_that_cannot_be_used_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert words in shown.err


def test_unknown_flag_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--nope"])
    assert caught.value.code == 2
    assert "--nope" in capsys.readouterr().err


def test_flags_reach_the_server() -> None:
    flags = ["--ready", "json", "--symbols", "4", "--rate-limit", "2", "--rate-limit-headers"]
    with process(*flags) as running, login(ready(running)) as client:
        assert len(client.get("/instruments/equities/active").json()["data"]["items"]) == 6
        refused = client.get("/customers/me")
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)


def test_state_is_kept_by_a_process_that_is_killed(tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text('[[step]]\nafter = 0\nfaults = ["kind=html,path=/customers"]\n')
    flags = [
        "--ready",
        "json",
        "--symbols",
        "4",
        "--start",
        "2026-11-19T15:30",
        "--speed",
        "0",
        "--cash",
        "777.5",
    ]
    flags += ["--state-file", str(tmp_path / "state"), "--scenario", str(scenario)]
    leg = {"instrument-type": "Equity", "symbol": "SPY", "quantity": 1, "action": "Buy to Open"}
    body = {"order-type": "Market", "time-in-force": "Day", "legs": [leg]}
    with process(*flags) as running, login(ready(running)) as client:
        assert client.get("/customers/me").status_code == 502
        before = client.get("/accounts/5WT00001/balances/USD").json()["data"]["cash-balance"]
        assert before == "777.5"
        assert client.post("/accounts/5WT00001/orders", json=body).status_code == 201
        running.kill()
    with process(*flags) as running, login(ready(running)) as client:
        (order,) = client.get("/accounts/5WT00001/orders/live").json()["data"]["items"]
        assert order["status"] == "Filled"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_end_by_a_signal_is_clean_while_standard_input_is_watched(sent: signal.Signals) -> None:
    with process("--ready", "json", "--exit-on-stdin-close", "--symbols", "3") as running:
        ready(running)
        running.send_signal(sent)
        assert running.wait(timeout=30) == 0
