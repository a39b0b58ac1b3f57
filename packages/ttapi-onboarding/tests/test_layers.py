# SPDX-License-Identifier: Apache-2.0
"""Settings: which layer wins, and what a wrong one is told."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core import ConfigurationError
from ttapi_onboarding.layers import Loaded, Origin, default_config_path, line_numbers, load_settings


def load(
    tmp_path: Path, text: str = "", *, environment: dict[str, str] | None = None, **flags: object
) -> Loaded:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    given = {name.replace("__", "."): value for name, value in flags.items()}
    return load_settings(given, environment=environment or {}, config_path=path)


def test_load_settings_given_nothing_has_the_defaults() -> None:
    loaded = load_settings(environment={})
    assert loaded.settings.provider == "sandbox"
    assert loaded.settings.ttls().for_dataset("quotes") == timedelta(minutes=5)
    assert loaded.settings.limits().concurrency_max == 100
    assert loaded.settings.retry().attempts_max == 6
    assert set(loaded.origins.values()) == {Origin("default")}


def test_load_settings_lets_the_later_layer_win(tmp_path: Path) -> None:
    text = '[client]\nconcurrency_max = 1\ndeadline_s = 1\nattempts_max = 1\n[ttl]\nquotes = "1m"'
    environment = {"TTAPI_CLIENT__DEADLINE_S": "2.5", "TTAPI_CLIENT__ATTEMPTS_MAX": "2"}
    loaded = load(tmp_path, text, environment=environment, client__attempts_max=3)
    client = loaded.settings.client
    assert (client.concurrency_max, client.deadline_s, client.attempts_max) == (1, 2.5, 3)
    assert [
        loaded.origins[f"client.{name}"].layer for name in ("concurrency_max", "deadline_s", "attempts_max")
    ] == [
        "file",
        "environment",
        "flag",
    ]
    assert loaded.settings.ttls().for_dataset("quotes") == timedelta(minutes=1)


def test_load_settings_says_where_each_value_came_from(tmp_path: Path) -> None:
    text = "# mine\n\nprovider = 'files'\n"
    loaded = load(tmp_path, text, environment={"TTAPI_SINCE_DAYS": "10"}, max_missing=0.5, log__level="info")
    assert str(loaded.origins["provider"]) == f"file {tmp_path / 'config.toml'}, line 3"
    assert str(loaded.origins["since_days"]) == "environment TTAPI_SINCE_DAYS"
    assert str(loaded.origins["max_missing"]) == "flag --max-missing"
    assert str(loaded.origins["log.level"]) == "flag --log-level"
    assert str(loaded.origins["universe"]) == "default"


def test_load_settings_reads_universes_from_file_and_environment(tmp_path: Path) -> None:
    text = '[universes]\nmetals = [\n  "GLD",\n  "SLV",\n]\n'
    loaded = load(tmp_path, text, environment={"TTAPI_UNIVERSES__BIG": "AAPL, MSFT,"})
    assert loaded.settings.universes == {"metals": ("GLD", "SLV"), "big": ("AAPL", "MSFT")}
    assert loaded.values()["universes.metals"] == ("GLD", "SLV")


def test_load_settings_counts_the_first_day_back_from_today(tmp_path: Path) -> None:
    loaded = load(tmp_path, "since_days = 30")
    assert loaded.settings.since(date(2026, 1, 31)) == date(2026, 1, 1)
    assert load(tmp_path).settings.since(date(2026, 1, 31)) is None


def test_load_settings_takes_an_empty_variable_for_none(tmp_path: Path) -> None:
    assert load(tmp_path, environment={"TTAPI_PROVIDER": ""}).settings.provider == "sandbox"


def test_load_settings_makes_the_data_directory_absolute(tmp_path: Path) -> None:
    assert Path(load(tmp_path, 'data_dir = "~/x"').settings.data_dir) == Path.home() / "x"
    assert Path(load(tmp_path, 'data_dir = "x"').settings.data_dir).is_absolute()


@pytest.mark.parametrize(
    ("text", "line", "setting", "accepted"),
    [
        ('provider = "a"\n\n[client]\nconcurrency_max = "many"', 4, "client.concurrency_max", "at least 1"),
        ("[client]\nconcurrency_max = true", 2, "client.concurrency_max", "at least 1"),
        ("client.deadline_s = -1", 1, "client.deadline_s", "above zero"),
        ("client = 5", 1, "client", "client.NAME"),
        ("max_missing = nan", 1, "max_missing", "from 0 to 1"),
        ("max_missing = 1.5", 1, "max_missing", "from 0 to 1"),
        ('[ttl]\nquotes = "soon"', 2, "ttl.quotes", "5m"),
        ("[ttl]\nquotes = 300", 2, "ttl.quotes", "5m"),
        ("universes = 5", 1, "universes", "a table of lists"),
        ('[universes]\nx = "AAPL"', 2, "universes.x", "a list of symbols"),
        ('[universes]\nx = ["A",\n"B",\n3]', 2, "universes.x", "a list of symbols"),
        ('[log]\nlevel = "loud"', 2, "log.level", "debug, info"),
        ("[sandbox]\nas_of = 2026-01-02", 2, "sandbox.as_of", "2026-01-02"),
        ('[tastytrade]\nenvironment = "live"', 2, "tastytrade.environment", "production"),
    ],
)
def test_load_settings_given_a_wrong_value_names_file_line_and_form(
    tmp_path: Path, text: str, line: int, setting: str, accepted: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert caught.value.setting == f"{setting} ({tmp_path / 'config.toml'}, line {line})"
    assert accepted in caught.value.accepted


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("provder = 'x'", 1, "did you mean provider?"),
        ("[client]\nconcurency_max = 3", 2, "did you mean client.concurrency_max?"),
        ("[nonsense]\nx = 1", 1, "config show"),
        ('"client.deadline_s" = 3', 1, "did you mean"),
        ("[client.more]\nx = 1", 1, ""),
    ],
)
def test_load_settings_given_an_unknown_key_names_it_and_the_likely_one(
    tmp_path: Path, text: str, line: int, hint: str
) -> None:
    with pytest.raises(ConfigurationError, match="there is no such setting") as caught:
        load(tmp_path, text)
    assert f"line {line})" in caught.value.setting
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", ["a =", 'x = "unclosed', "[table\n", "a = 1\na = 2\n", "[" * 3000])
def test_load_settings_given_broken_toml_names_file_and_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "config.toml") in caught.value.setting
    assert caught.value.accepted == "TOML"


def test_load_settings_given_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.toml, line 3: Invalid value"):
        load(tmp_path, 'provider = "a"\n\nuniverse = \nmax_missing = 1\n')


def test_load_settings_given_bytes_that_are_no_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_settings(environment={}, config_path=path)


def test_load_settings_given_a_huge_file_refuses_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="too large"):
        load(tmp_path, "#" * (1024 * 1024 + 1))


def test_load_settings_given_a_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(environment={}, config_path=tmp_path)


@pytest.mark.parametrize("by_flag", [True, False])
def test_load_settings_given_a_named_file_that_is_not_there_says_so(tmp_path: Path, by_flag: bool) -> None:
    path = tmp_path / "absent.toml"
    environment = {} if by_flag else {"TTAPI_CONFIG": str(path)}
    with pytest.raises(ConfigurationError, match=r"does not exist.*ttapi init"):
        load_settings(environment=environment, config_path=path if by_flag else None)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TTAPI_MAX_MISSING", "many", "a fraction from 0 to 1"),
        ("TTAPI_MAX_MISSSING", "0.1", "did you mean max_missing"),
        ("TTAPI_CLIENT", "1", "a table is expected"),
        ("TTAPI_TTL__QUOTES", "300", "such as 90s"),
        ("TTAPI_UNIVERSES__A__B", "X", "no such setting"),
    ],
)
def test_load_settings_given_a_wrong_variable_names_it(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        load(tmp_path, environment={variable: value})
    assert variable in caught.value.setting


@pytest.mark.parametrize("key", ["client_secret", "tastytrade.refresh_token", "password", "api_key"])
def test_load_settings_given_a_secret_in_the_file_refuses_it_without_showing_it(
    tmp_path: Path, key: str
) -> None:
    with pytest.raises(ConfigurationError, match="never a file") as caught:
        load(tmp_path, f'{key} = "hunter2"')
    assert "hunter2" not in str(caught.value)


def test_load_settings_given_a_wrong_url_does_not_show_what_may_be_a_password(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, '[tastytrade]\nbase_url = "ftp://me:hunter2@x"')
    assert "hunter2" not in str(caught.value)


def test_default_config_path_is_that_of_the_variable_or_of_the_platform() -> None:
    assert default_config_path({"TTAPI_CONFIG": "/x/y.toml"}) == Path("/x/y.toml")
    assert default_config_path({}).name == "config.toml"


KEYS = st.sampled_from(["a", "b", "c", "d"])


@given(
    st.lists(
        st.tuples(KEYS, st.sampled_from(["1", '"x"', "[\n1,\n2\n]", '"""\nlong\n"""'])),
        unique_by=lambda pair: pair[0],
    ),
    st.sampled_from(["", "\n", "# note\n"]),
    st.booleans(),
)
@settings(max_examples=60)
def test_line_numbers_finds_the_line_that_begins_with_the_key(
    pairs: list[tuple[str, str]], between: str, nested: bool
) -> None:
    text = "[table]\n" * nested + "".join(f"{between}{key} = {value}\n" for key, value in pairs)
    for key, _ in pairs:
        expected = next(i for i, line in enumerate(text.splitlines(), 1) if line.startswith(f"{key} ="))
        assert line_numbers(text)[("table", key) if nested else (key,)] == expected


def test_line_numbers_knows_headings_dotted_keys_and_inline_tables() -> None:
    text = 'a.b = 1\n\n[c.d] # heading\ne = {f = 2}\n[[g]]\nh = 3\n"i.j" = 4\n'
    numbers = line_numbers(text)
    assert numbers == {
        ("a",): 1,
        ("a", "b"): 1,
        ("c",): 3,
        ("c", "d"): 3,
        ("c", "d", "e"): 4,
        ("c", "d", "e", "f"): 4,
        ("g",): 5,
        ("g", "h"): 6,
        ("g", "i.j"): 7,
    }
