# SPDX-License-Identifier: Apache-2.0
"""Errors become one line and an exit code."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ttapi_core import (
    AuthenticationError,
    ConfigurationError,
    ConnectError,
    CredentialsError,
    DiskFullError,
    GrantRefusedError,
    SymbolError,
    UnknownNameError,
    UsageError,
)
from ttapi_onboarding.exits import CommandGroup, printable


def ended_by(error: BaseException, *arguments: str) -> Result:
    app = typer.Typer(cls=CommandGroup, pretty_exceptions_enable=False)

    @app.callback()
    def options(debug: bool = False) -> None: ...

    @app.command()
    def fail() -> None:
        raise error

    return CliRunner().invoke(app, [*arguments, "fail"])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("a", "b"), 4),
        (CredentialsError("a", "b"), 4),
        (AuthenticationError("no"), 4),
        (GrantRefusedError("no"), 4),
        (SymbolError("../../etc", "an instrument name"), 2),
        (UnknownNameError("dataset", "x", ("a",)), 2),
        (ConnectError("nobody listens", hint="start it"), 1),
        (DiskFullError("/x", "no space"), 1),
        (UsageError("closed"), 1),
        (ValueError("boom"), 1),
        (KeyboardInterrupt(), 130),
        (KeyboardInterrupt("kept in /x"), 130),
    ],
)
def test_an_error_ends_as_one_line_and_its_code(error: BaseException, code: int) -> None:
    result = ended_by(error)
    assert result.exit_code == code
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_an_error_says_what_and_what_to_do() -> None:
    assert (
        ended_by(ConnectError("nobody listens", hint="start it")).stderr
        == "error: nobody listens (start it)\n"
    )


def test_an_error_in_a_group_of_one_is_that_error() -> None:
    group = ExceptionGroup("tasks", [ExceptionGroup("more", [SymbolError("?", "a name")])])
    assert ended_by(group).exit_code == 2


def test_an_interruption_says_what_became_of_the_work() -> None:
    assert ended_by(KeyboardInterrupt("kept in /x")).stderr == "interrupted: kept in /x\n"


def test_an_unexpected_error_names_its_place_and_keeps_its_words_to_itself() -> None:
    """The text of a foreign error may hold anything, a secret too."""
    stderr = ended_by(KeyError("s3cret")).stderr
    assert "internal error, KeyError at test_exits.py:" in stderr
    assert "--debug" in stderr
    assert "s3cret" not in stderr


def test_an_error_with_debug_shows_the_traceback_before_the_line() -> None:
    stderr = ended_by(SymbolError("?", "a name"), "--debug").stderr
    assert "Traceback" in stderr
    assert stderr.splitlines()[-1].startswith("error: symbol is '?'")


def test_a_message_cannot_steer_the_terminal_or_forge_a_second_line() -> None:
    result = ended_by(ConnectError("a\x1b[31m\nerror: forged\u202e"))
    assert result.stderr == "error: a\\x1b[31m\\nerror: forged\\u202e\n"


def test_printable_leaves_words_of_any_language_alone() -> None:
    assert printable("Zürich · 東京 — 5 €") == "Zürich · 東京 — 5 €"


def test_a_full_disk_behind_standard_output_is_said_so(tmp_path: Path) -> None:
    error = OSError(28, "No space left on device")
    assert ended_by(error).stderr == "error: cannot write to standard output: No space left on device\n"
