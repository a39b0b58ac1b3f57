# SPDX-License-Identifier: Apache-2.0
"""The program as a person starts it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "ttapi_app"]
Start = Callable[..., "subprocess.Popen[str]"]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Variables of a person who has set nothing up."""
    return variables_of(tmp_path)


def variables_of(directory: Path) -> dict[str, str]:
    """The market is small, so that it is there at once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TTAPI_", "TT_"))}
    return {
        **kept,
        "XDG_CONFIG_HOME": str(directory / "config"),
        "TTAPI_DATA_DIR": str(directory / "data"),
        "TTAPI_SANDBOX__SYMBOLS": "6",
        "TTAPI_SANDBOX__AS_OF": "2026-06-30",
        "COLUMNS": "80",
    }


@pytest.fixture(scope="session")
def collected_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables of a person who has collected already; for tests that only look."""
    variables = variables_of(tmp_path_factory.mktemp("collected"))
    subprocess.run([*COMMAND, "collect"], env=variables, capture_output=True, check=True, timeout=60)
    return variables


@pytest.fixture
def start(home: dict[str, str]) -> Start:
    def popen(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env={**home, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return popen


@pytest.fixture
def run(start: Start) -> Run:
    def completed(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        with start(*arguments, **variables) as process:
            out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return completed
