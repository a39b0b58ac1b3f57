# SPDX-License-Identifier: Apache-2.0
"""The plugin for authors of providers: run by a pytest of its own, over recordings that were made up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROVIDER = """
from ttapi_providers import Endpoint, Provider, get

PROVIDER = Provider(
    name="acme", title="Acme", site="https://acme.example", bases=("https://api.acme.example",),
    endpoints=(
        Endpoint(
            dataset="quotes", request=get("/q/{symbol}"),
            items=lambda body, _asked: [Row(body)], row=lambda row, _asked: {"last": row.number("p")},
        ),
    ),
)
"""
SETTINGS = """
[pytest]
addopts = -p ttapi_platform.pytest_recordings -p no:cacheprovider
ttapi_recordings = recordings
ttapi_provider = acme
"""
TEST = """
import acme
from ttapi_platform.pytest_recordings import hold

def test_made_up(ttapi_verify):
    verdict = ttapi_verify(acme.PROVIDER, "https://api.acme.example/q/MSFT", {"p": 3.5})
    hold(verdict)
    assert verdict.claims[0].rows == 1
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of another author, with one provider and its metadata."""
    (tmp_path / "acme.py").write_text("from ttapi_providers import Row\n" + PROVIDER)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ttapi.providers]\nacme = acme:PROVIDER\n")
    (tmp_path / "recordings").mkdir()
    return tmp_path


def record(project: Path, name: str, *answers: tuple[str, int, object]) -> None:
    interactions = [
        {"request": {"method": "GET", "url": url}, "response": {"status": status, "body": body}}
        for url, status, body in answers
    ]
    recording = {"provider": "acme", "dataset": name, "interactions": interactions}
    (project / "recordings" / f"{name}.json").write_text(json.dumps(recording))


def ran(project: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:randomly", "."],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_each_interaction_is_a_test_and_a_broken_check_is_named(project: Path) -> None:
    record(
        project,
        "quotes",
        ("https://api.acme.example/q/AAPL", 200, {"p": 1.5}),
        ("https://api.acme.example/q/GONE", 404, {"error": "no such symbol"}),
        ("https://api.acme.example/q/BAD", 200, {"p": "no number"}),
        ("https://api.acme.example/other", 200, {}),
    )
    (project / "test_acme.py").write_text(TEST)  # and an answer that a test makes up
    output = ran(project)
    assert "2 failed, 3 passed" in output
    assert "acme quotes: decoded: " in output
    assert "no provider claims GET https://api.acme.example/other" in output


def test_a_file_that_is_no_recording_is_an_error_that_names_it(project: Path) -> None:
    (project / "recordings" / "odd.json").write_text("{}")
    assert "odd.json is no recording" in ran(project)
