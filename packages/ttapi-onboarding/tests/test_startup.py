# SPDX-License-Identifier: Apache-2.0
"""Help is quick because it loads little, and complete because every command says how it is used."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import typer

from ttapi_onboarding import ProviderSpec, build_app

HEAVY = [
    "polars",
    "httpx",
    "pyarrow",
    "numpy",
    "pandas",
    "msgspec",
    "structlog",
    "ttapi_core",
    "ttapi_platform",
    "ttapi_polars",
]

HELP = """
import sys
from ttapi_onboarding import build_app
try:
    build_app([], distribution="ttapi-onboarding")({arguments})
finally:
    print("loaded:", *sorted(set(sys.modules) & set({heavy!r})))
"""


def loaded_by(*arguments: str) -> list[str]:
    program = HELP.format(arguments=list(arguments), heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert "Usage" in done.stdout, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize("arguments", [["--help"], ["collect", "--help"], ["analyze", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(*arguments) == []


def commands(specs: list[ProviderSpec]) -> Iterator[tuple[str, object]]:
    def walk(group: object, prefix: str) -> Iterator[tuple[str, object]]:
        for name, command in getattr(group, "commands", {}).items():
            if hasattr(command, "commands"):
                yield from walk(command, f"{prefix}{name} ")
            else:
                yield f"{prefix}{name}", command

    return walk(typer.main.get_command(build_app(specs, distribution="ttapi-onboarding")), "")


def test_every_command_has_an_example_and_help_for_every_flag(specs: list[ProviderSpec]) -> None:
    listed = dict(commands(specs))
    assert set(listed) == {
        "init",
        "doctor",
        "collect",
        "show",
        "analyze",
        "sql",
        "cache ls",
        "cache stats",
        "cache verify",
        "cache clear",
        "providers verify",
        "compare",
        "sandbox",
        "config show",
        "config path",
        "accounts",
        "positions",
        "orders",
        "order submit",
        "order dry-run",
        "order replace",
        "order cancel",
        "chain",
        "quote",
    }
    for name, command in listed.items():
        assert "Example: [bold]" in str(getattr(command, "help", "")), name
        assert [flag.name for flag in command.params if not flag.help] == [], name


def test_names_of_the_face_can_be_had_and_no_others() -> None:
    import ttapi_onboarding  # noqa: PLC0415 - its face is the subject

    assert ttapi_onboarding.__all__ == sorted(ttapi_onboarding.__all__)
    assert all(getattr(ttapi_onboarding, name).__doc__ for name in ttapi_onboarding.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ttapi_onboarding.nonsense
