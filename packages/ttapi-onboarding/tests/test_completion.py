# SPDX-License-Identifier: Apache-2.0
"""What the shell offers comes from this machine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from ttapi_onboarding import completion
from ttapi_platform.testing import ScriptedProvider

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def at_home(home: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in home.items():
        monkeypatch.setenv(name, value)
    return


def test_symbols_are_those_that_are_stored(run: Run, provider: ScriptedProvider) -> None:
    run("collect", "-d", "quotes")
    provider.requests.clear()
    assert completion.symbols("") == ["AAPL", "MSFT", "SPY"]
    assert completion.symbols("ms") == ["MSFT"]
    assert provider.requests == []


def test_symbols_of_an_empty_store_are_none_and_make_no_directory(tmp_path: Path) -> None:
    assert completion.symbols("") == []
    assert not (tmp_path / "data").exists()


def test_symbols_given_a_store_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no directory")
    assert completion.symbols("") == []


def test_names_given_a_broken_setting_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTAPI_MAX_MISSING", "many")
    assert completion.symbols("") == []
    assert completion.universes("") == []


def test_datasets_are_those_of_the_catalogue() -> None:
    assert completion.datasets("eo") == ["eod_data"]
    assert completion.datasets("ex") == ["expiration_series"]


def test_universes_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTAPI_UNIVERSES__METALS", "GLD")
    assert completion.universes("m") == ["metals"]


def test_the_shell_is_offered_datasets_by_the_program_itself(run: Run) -> None:
    variables = {"_TTAPI_COMPLETE": "complete_bash", "COMP_WORDS": "ttapi show ex", "COMP_CWORD": "2"}
    assert run(**variables).stdout.split() == ["expiration_series"]
