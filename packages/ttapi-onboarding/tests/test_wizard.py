# SPDX-License-Identifier: Apache-2.0
"""``ttapi init``: what it asks, tries and writes."""

import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ttapi_core import ConnectError, DataProvider
from ttapi_onboarding import Connection, ProviderSpec, build_app, wizard
from ttapi_onboarding.invocation import Invocation
from ttapi_onboarding.specs import Specs
from ttapi_onboarding.wizard import Answers

Run = Callable[..., Result]
SECRETS = {"TTAPI_CLIENT_SECRET": "s3cret", "TTAPI_REFRESH_TOKEN": "t0ken"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "ttapi" / "config.toml"


def test_init_writes_what_flags_say_for_the_owner_alone(run: Run, config: Path) -> None:
    result = run("init", "--provider", "sandbox", "--universe", "all", "--yes")
    assert result.exit_code == 0
    assert tomllib.loads(config.read_text()) == {"provider": "sandbox", "universe": "all"}
    assert config.stat().st_mode & 0o777 == 0o600
    assert config.parent.stat().st_mode & 0o077 == 0
    assert "it answers" in result.stderr


def test_init_writes_what_the_next_command_reads(run: Run, config: Path, tmp_path: Path) -> None:
    odd = tmp_path / 'quo"te\\ü'
    assert run("--data-dir", str(odd), "init", "--yes").exit_code == 0
    shown = tomllib.loads(run("config", "show", TTAPI_DATA_DIR="").stdout)
    assert shown["data_dir"] == str(odd)


def test_init_given_an_existing_file_leaves_it_alone(run: Run, config: Path) -> None:
    run("init", "--yes")
    before = config.read_bytes()
    result = run("init", "--provider", "tastytrade", "--yes")
    assert result.exit_code == 4
    assert "--force" in result.stderr
    assert config.read_bytes() == before


def test_init_with_force_keeps_the_old_one_even_if_it_is_broken(run: Run, config: Path) -> None:
    config.parent.mkdir(parents=True)
    config.write_text("provider = ")
    assert run("init", "--provider", "sandbox", "--yes", "--force").exit_code == 0
    assert tomllib.loads(config.read_text()) == {"provider": "sandbox"}
    assert config.with_name("config.toml.bak").read_text() == "provider = "


def test_init_given_a_named_file_writes_there(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    assert run("--config", str(target), "init", "--yes").exit_code == 0
    assert target.exists()


def test_init_without_credentials_and_nobody_to_ask_ends_with_4(run: Run, config: Path) -> None:
    result = run("init", "--provider", "tastytrade", "--yes")
    assert result.exit_code == 4
    assert "TTAPI_CLIENT_SECRET" in result.stderr
    assert not config.exists()


def test_init_with_credentials_in_the_environment_keeps_them_out_of_the_file(run: Run, config: Path) -> None:
    result = run("init", "--provider", "tastytrade", "--yes", **SECRETS)
    assert result.exit_code == 0
    for text in (config.read_text(), result.output):
        assert "s3cret" not in text
        assert "t0ken" not in text


@pytest.mark.parametrize(("flags", "code"), [(["--provider", "nasdaq"], 2), (["--provider", ""], 4)])
def test_init_given_a_wrong_answer_writes_nothing(
    run: Run, config: Path, flags: list[str], code: int
) -> None:
    assert run("init", "--yes", *flags).exit_code == code
    assert not config.exists()


def test_init_where_the_file_cannot_be_written_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("init", "--yes", XDG_CONFIG_HOME=str(tmp_path / "file"))
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr


@pytest.fixture
def unreachable(specs: list[ProviderSpec]) -> list[ProviderSpec]:
    @asynccontextmanager
    async def opened(_connection: Connection) -> AsyncIterator[DataProvider]:
        raise ConnectError("nobody listens")
        yield

    return [replace(specs[0], open=opened)]


@pytest.mark.parametrize(("flags", "code", "written"), [([], 1, False), (["--no-test"], 0, True)])
def test_init_writes_only_what_works_unless_told(
    unreachable: list[ProviderSpec],
    home: dict[str, str],
    config: Path,
    flags: list[str],
    code: int,
    written: bool,
) -> None:
    app = build_app(unreachable, distribution="ttapi-onboarding")
    result = CliRunner().invoke(app, ["init", "--yes", *flags], env=home)
    assert result.exit_code == code
    assert config.exists() is written


def asked(
    specs: list[ProviderSpec], home: dict[str, str], typed: str, answers: Answers | None = None
) -> Result:
    """Run the wizard as if a person sat there."""
    import typer  # noqa: PLC0415 - a program of one command, for typing into it

    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def ask() -> None:
        invocation = Invocation(
            specs=Specs(specs), sandbox_command=(), environment=home, config_path=None, flags={}
        )
        wizard.run(invocation, answers or Answers(), ask=True, force=False, test=True)

    return CliRunner().invoke(app, [], input=typed, env=home)


def test_init_asks_for_provider_and_universe(
    specs: list[ProviderSpec], home: dict[str, str], config: Path
) -> None:
    result = asked(specs, home, "\nmine.txt\n")
    assert result.exit_code == 0, result.output
    assert tomllib.loads(config.read_text()) == {"provider": "sandbox", "universe": "mine.txt"}
    assert "the tastytrade of a test" in result.stderr


def test_init_asks_for_credentials_unseen_and_says_where_they_can_be_kept(
    specs: list[ProviderSpec], home: dict[str, str], config: Path
) -> None:
    result = asked(specs, home, "tastytrade\n\ns3cret\nt0ken\n")
    assert result.exit_code == 0, result.output
    assert "set TTAPI_CLIENT_SECRET and TTAPI_REFRESH_TOKEN" in result.stderr
    for text in (config.read_text(), result.output):
        assert "s3cret" not in text


def test_init_asks_for_the_directory_of_files(
    specs: list[ProviderSpec], home: dict[str, str], config: Path, tmp_path: Path
) -> None:
    files = replace(specs[0], name="files")
    result = asked([files], home, f"files\n{tmp_path}\n\n")
    assert result.exit_code == 0, result.output
    assert tomllib.loads(config.read_text()) == {"provider": "files", "files": {"path": str(tmp_path)}}
