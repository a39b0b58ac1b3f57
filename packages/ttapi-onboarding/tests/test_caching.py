# SPDX-License-Identifier: Apache-2.0
"""``ttapi cache``: what is stored, whether it is sound, and how it goes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from ttapi_onboarding import caching
from ttapi_onboarding.caching import size_text
from ttapi_onboarding.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def collected(run: Run) -> Run:
    assert run("collect", "-d", "quotes", "-d", "symbols").exit_code == 0
    return run


def damage_one(data_dir: Path) -> None:
    path = next((data_dir / "scripted" / "quotes").glob("*/data.parquet"))
    path.chmod(0o600)
    path.write_bytes(b"x" + path.read_bytes()[1:])


def test_cache_ls_lists_each_dataset(collected: Run) -> None:
    listed = json.loads(collected("cache", "ls", "--json").stdout)
    by_name = {entry["dataset"]: entry for entry in listed}
    assert {"quotes", "symbols"} <= by_name.keys()
    assert (by_name["quotes"]["provider"], by_name["quotes"]["keys"], by_name["quotes"]["rows"]) == (
        "scripted",
        3,
        3,
    )
    assert by_name["quotes"]["fetched_first"].startswith("20")


def test_cache_stats_sums_up(collected: Run, tmp_path: Path) -> None:
    stats = json.loads(collected("cache", "stats").stdout)
    assert stats["data_dir"] == str(tmp_path / "data")
    assert stats["keys"] >= 6
    assert stats["size_bytes"] > 0
    assert stats["quarantined"] == 0


@pytest.mark.parametrize("command", ["ls", "stats"])
def test_cache_of_nothing_is_no_error(run: Run, tmp_path: Path, command: str) -> None:
    assert run("cache", command).exit_code == 0
    assert not (tmp_path / "data").exists()


def test_cache_verify_of_sound_entries_succeeds(collected: Run) -> None:
    result = collected("cache", "verify")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["damaged"] == []
    assert " 0 damaged" in result.stderr


def test_cache_verify_finds_damage_quarantines_it_and_ends_with_1(collected: Run, tmp_path: Path) -> None:
    damage_one(tmp_path / "data")
    result = collected("cache", "verify", "--json")
    assert result.exit_code == 1
    (damaged,) = json.loads(result.stdout)["damaged"]
    assert (damaged["provider"], damaged["dataset"]) == ("scripted", "quotes")
    assert json.loads(collected("cache", "stats").stdout)["quarantined"] == 1


def test_cache_clear_removes_one_dataset_and_nothing_else(collected: Run) -> None:
    result = collected("cache", "clear", "--dataset", "quotes", "--yes", "--json")
    assert json.loads(result.stdout)["removed"] == 1
    left = {entry["dataset"] for entry in json.loads(collected("cache", "ls").stdout) if entry["keys"]}
    assert "symbols" in left
    assert "quotes" not in left


@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 0), ("n\n", 1, 3), ("", 1, 3)])
def test_cache_clear_asks_first(collected: Run, typed: str, code: int, left: int) -> None:
    result = collected("cache", "clear", "--dataset", "quotes", typed=typed)
    assert result.exit_code == code
    assert "Remove quotes from" in result.stderr
    listed = json.loads(collected("cache", "ls").stdout)
    assert sum(entry["keys"] for entry in listed if entry["dataset"] == "quotes") == left


@pytest.mark.parametrize(
    "flags", [["--provider", "nasdaq"], ["--dataset", "qoutes"], ["--provider", "scripted", "--dataset", "x"]]
)
def test_cache_clear_given_what_is_not_stored_says_what_is(collected: Run, flags: list[str]) -> None:
    result = collected("cache", "clear", "--yes", *flags)
    assert result.exit_code == 2
    assert "expected one of" in result.stderr


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_234_567, "1.2 MB"), (5e9, "5.0 GB"), (7e15, "7000.0 TB")],
)
def test_size_text_is_for_people(size: float, text: str) -> None:
    assert size_text(size) == text


def test_cache_commands_draw_tables_on_a_terminal(
    collected: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output of the test stands for the terminal."""
    damage_one(tmp_path / "data")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    settings = Settings(data_dir=str(tmp_path / "data"))
    caching.run_ls(settings, as_json=False)
    caching.run_stats(settings, as_json=False)
    caching.run_verify(settings, as_json=False)
    caching.run_clear(settings, provider=None, dataset=None, as_json=False)
    out = capsys.readouterr().out
    assert "quotes" in out
    assert "quarantined" in out
    assert "damaged, now in quarantine" in out
