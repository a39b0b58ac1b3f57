# SPDX-License-Identifier: Apache-2.0
"""The wheels as a user gets them: each installed alone, outside the workspace, weighed and imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.xdist_group("wheels"), pytest.mark.timeout(600), pytest.mark.slow]

DISTRIBUTIONS = (
    "ttapi-core",
    "ttapi-client",
    "ttapi-polars",
    "ttapi-providers",
    "ttapi-platform",
    "ttapi-onboarding",
    "ttapi-sandbox",
    "ttapi-app",
)


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command of uv or of an environment; its output is shown when it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE", "COV_"))}
    clean.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False, env=clean
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def uv() -> str:
    found = shutil.which("uv")
    if found is None:
        pytest.skip("uv is not on the path; it builds the wheels")
    return found


@pytest.fixture(scope="session")
def wheels(uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every wheel of the workspace, built from the tree as it is."""
    folder = tmp_path_factory.mktemp("wheels")
    run(uv, "build", "--quiet", "--all-packages", "--wheel", "--out-dir", folder, cwd=ROOT)
    return folder


def install(uv: str, wheels: Path, home: Path, distribution: str) -> Path:
    """Install one distribution into an empty environment outside the workspace; return its Python."""
    environment = home / "venv"
    run(uv, "venv", "--quiet", environment, cwd=home)
    python = environment / "bin" / "python"
    settings = ROOT.joinpath("pyproject.toml").read_text().split('exclude-newer = "')[1].split('"')[0]
    wheel = next(wheels.glob(f"{distribution.replace('-', '_')}-*.whl"))
    options = ("--quiet", "--python", python, "--find-links", wheels, "--exclude-newer", settings)
    run(uv, "pip", "install", *options, wheel, cwd=home)
    return python


def installed(uv: str, python: Path, home: Path) -> list[str]:
    return [
        row["name"]
        for row in json.loads(run(uv, "pip", "list", "--format", "json", "--python", python, cwd=home))
    ]


def modules_after(python: Path, home: Path, package: str) -> list[str]:
    return run(python, "-c", f"import sys, {package}; print('\\n'.join(sys.modules))", cwd=home).split()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_wheel_installs_alone_and_imports(uv: str, wheels: Path, tmp_path: Path, distribution: str) -> None:
    python = install(uv, wheels, tmp_path, distribution)
    package = distribution.replace("-", "_")
    where = run(python, "-c", f"import {package}; print({package}.__file__)", cwd=tmp_path)
    assert str(tmp_path) in where
    names = installed(uv, python, tmp_path)
    assert "pandas" not in names
    if distribution == "ttapi-core":
        assert names == ["ttapi-core"]
    if distribution == "ttapi-client":
        assert len(names) <= 12
        assert len(modules_after(python, tmp_path, package)) <= 300
    if distribution in {"ttapi-core", "ttapi-client", "ttapi-polars"}:
        assert "numpy" not in names
    if distribution == "ttapi-app":
        size = sum(path.stat().st_size for path in (tmp_path / "venv").rglob("*") if path.is_file())
        assert len(names) < 45
        assert size < 450_000_000
        assert "Usage" in run(tmp_path / "venv" / "bin" / "ttapi", "--help", cwd=tmp_path)


ACME = {
    "pyproject.toml": """
[project]
name = "ttapi-acme"
version = "1.0"
dependencies = ["ttapi-providers"]

[project.entry-points."ttapi.providers"]
acme = "ttapi_acme:PROVIDER"

[build-system]
requires = ["uv_build>=0.9,<0.14"]
build-backend = "uv_build"
""",
    "src/ttapi_acme/__init__.py": """
from ttapi_providers import Endpoint, Provider, get

PROVIDER = Provider(
    name="acme", title="Acme", site="https://acme.example/docs", bases=("https://api.acme.example",),
    endpoints=(
        Endpoint(
            dataset="quotes",
            request=get("/quotes/{symbol}"),
            row=lambda row, _asked: {"last": row.number("price")},
        ),
    ),
)
""",
}


def test_a_provider_in_a_wheel_of_its_own_is_found_once_it_is_installed(
    uv: str, wheels: Path, tmp_path: Path
) -> None:
    for name, text in ACME.items():
        path = tmp_path / "acme" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run(uv, "build", "--quiet", "--wheel", "--out-dir", tmp_path, tmp_path / "acme", cwd=tmp_path)
    python = install(uv, wheels, tmp_path, "ttapi-providers")
    listing = (
        "from ttapi_providers import *; print(*provider_names()); print(*load_provider('acme').datasets)"
    )
    assert "acme" not in run(
        python, "-c", "import ttapi_providers as p; print(*p.provider_names())", cwd=tmp_path
    )
    wheel = next(tmp_path.glob("ttapi_acme-*.whl"))
    run(uv, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel, cwd=tmp_path)
    names, datasets = run(python, "-c", listing, cwd=tmp_path).splitlines()
    assert "acme" in names.split()
    assert datasets == "quotes"
