# SPDX-License-Identifier: Apache-2.0
"""``ttapi providers`` and ``ttapi config``."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import Result

from ttapi_onboarding.layers import LEAVES
from ttapi_onboarding.listing import plain, toml_key, toml_value

Run = Callable[..., Result]


def test_providers_lists_which_is_chosen_and_usable(run: Run) -> None:
    listed = {entry["name"]: entry for entry in json.loads(run("providers").stdout)}
    assert listed["sandbox"]["chosen"] is True
    assert listed["sandbox"]["simulated"] is True
    assert (listed["tastytrade"]["needs_credentials"], listed["tastytrade"]["has_credentials"]) == (
        True,
        False,
    )
    assert "quotes" in listed["sandbox"]["datasets"]


def test_providers_with_credentials_says_they_are_found(run: Run) -> None:
    result = run("providers", "--json", TT_SECRET="s3cret", TT_REFRESH="t0ken")
    assert json.loads(result.stdout)[1]["has_credentials"] is True
    assert "s3cret" not in result.output


def test_config_show_is_a_configuration_file_of_its_own(run: Run, tmp_path: Path) -> None:
    """What it prints can be read back and gives the same settings."""
    first = run("config", "show", TTAPI_UNIVERSES__METALS="GLD,SLV", TTAPI_TTL__QUOTES="90s")
    path = tmp_path / "copy.toml"
    path.write_text(first.stdout)
    again = run("--config", str(path), "config", "show", TTAPI_DATA_DIR="")
    assert tomllib.loads(again.stdout) == tomllib.loads(first.stdout)
    assert tomllib.loads(first.stdout)["ttl"]["quotes"] == "90s"


def test_config_show_names_every_setting(run: Run) -> None:
    stdout = run("config", "show").stdout
    assert [name for name in LEAVES if f"{name} =" not in stdout] == []


def test_config_show_origin_says_which_layer_won(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    config.write_text("\nsince_days = 10\n")
    lines = run(
        "--config", str(config), "--log-level", "info", "config", "show", "--origin", TTAPI_MAX_MISSING="0.1"
    ).stdout
    assert f"since_days = 10  # file {config}, line 2" in lines
    assert "max_missing = 0.1  # environment TTAPI_MAX_MISSING" in lines
    assert 'log.level = "info"  # flag --log-level' in lines
    assert 'provider = "sandbox"  # default' in lines


def test_config_show_as_json_has_values_and_origins(run: Run) -> None:
    document = json.loads(run("config", "show", "--json", TTAPI_SANDBOX__FAULTS="mix=0.1").stdout)
    assert document["settings"]["sandbox.faults"] == {
        "value": ["mix=0.1"],
        "origin": "environment TTAPI_SANDBOX__FAULTS",
    }
    assert document["config_file"].endswith("config.toml")
    assert "not found" in document["credentials"]


def test_config_show_masks_credentials(run: Run) -> None:
    result = run(
        "config",
        "show",
        TTAPI_CLIENT_SECRET="s3cret",
        TTAPI_REFRESH_TOKEN="t0ken",
        TTAPI_TASTYTRADE__BASE_URL="https://me:hunter2@localhost/x",
    )
    assert "credentials: *** from environment TTAPI_CLIENT_SECRET" in result.stdout
    for secret in ("s3cret", "t0ken", "hunter2", "me:"):
        assert secret not in result.output


def test_config_path_prints_where_the_file_would_be(run: Run, tmp_path: Path) -> None:
    assert run("config", "path").stdout.strip() == str(tmp_path / "config" / "ttapi" / "config.toml")
    assert run("config", "path", TTAPI_CONFIG="/x/y.toml").stdout.strip() == "/x/y.toml"
    assert run("--config", "z.toml", "config", "path").stdout.strip() == "z.toml"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_toml_value_and_key_are_read_back_as_they_were(text: str) -> None:
    document = f"{toml_key(f'universes.{text}')} = [{toml_value(text)}]"
    assert tomllib.loads(document) == {"universes": {text: [text]}}


def test_plain_leaves_a_url_without_a_password_alone() -> None:
    assert plain("tastytrade.base_url", "https://x/a@b") == "https://x/a@b"


def test_version_is_that_of_the_distribution(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert result.stdout.startswith("ttapi 0.")


@pytest.mark.parametrize("arguments", [[], ["cache"], ["config"], ["analyze"]])
def test_a_group_without_a_command_shows_its_help(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage" in result.output
