# SPDX-License-Identifier: Apache-2.0
"""
Where settings come from: defaults, then ``config.toml``, then the environment, then flags; the later wins.

Each layer is checked on its own, value by value, so that an error names the file and line, the variable or
the flag that said it. Nothing unknown is passed over: a misspelt name is an error, not a default.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, get_args, get_origin

import msgspec
from msgspec import Meta

from ttapi_core.errors import ConfigurationError
from ttapi_onboarding.durations import parse_duration
from ttapi_onboarding.settings import DURATION, Settings

PREFIX: Final = "TTAPI_"
CONFIG_VARIABLE: Final = "TTAPI_CONFIG"
_CONFIG_SIZE_MAX: Final = 1024 * 1024
_OPEN_TABLE: Final = "universes"
_NOT_SETTINGS: Final = frozenset({CONFIG_VARIABLE, "TTAPI_CLIENT_SECRET", "TTAPI_REFRESH_TOKEN"})
_CREDENTIAL: Final = re.compile(r"TTAPI_[A-Z0-9_]+_(KEY|KEY_ID|SECRET|TOKEN|USER|PASSWORD|CONTACT|APP_ID)")
"""Variables of the credentials of providers; each provider says which are its own."""
_HOLDS_COMMAS: Final = frozenset({"sandbox.faults"})  # lists in variables are parted by semicolons then
_UNSHOWN: Final = frozenset({"tastytrade.base_url"})  # may carry a password
_SECRET_LIKE: Final = re.compile(r"secret|token|password|credential|api_?key", re.IGNORECASE)
_AT_LINE: Final = re.compile(r"\s*\(at line (\d+), column \d+\)$")


@dataclass(frozen=True, slots=True)
class Origin:
    """
    Which layer won for a setting.

    Parameters
    ----------
    layer
        ``default``, ``file``, ``environment`` or ``flag``.
    where
        File and line, name of the variable, or name of the flag; empty for a default.
    """

    layer: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.layer} {self.where}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """
    The settings of a run and where they came from.

    Parameters
    ----------
    settings
        The values.
    origins
        The winning layer by dotted name; every setting has one.
    config_path
        The configuration file, whether it exists or not.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    config_path: Path

    def values(self) -> dict[str, object]:
        """Return every value by dotted name, in the order of the table."""
        return {name: _value_at(self.settings, name) for name in self.origins}


def default_config_path(environment: Mapping[str, str]) -> Path:
    """Return the path of the configuration file: ``TTAPI_CONFIG``, or that of the platform."""
    if named := environment.get(CONFIG_VARIABLE):
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("ttapi", appauthor=False)) / "config.toml"


def default_data_dir() -> Path:
    """Return the directory of the store where none is set."""
    import platformdirs

    return Path(platformdirs.user_data_dir("ttapi", appauthor=False))


def default_state_dir() -> Path:
    """Return the directory of what the program remembers from run to run, such as rate budgets."""
    import platformdirs

    return Path(platformdirs.user_state_dir("ttapi", appauthor=False))


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    environment: Mapping[str, str],
    config_path: Path | None = None,
) -> Loaded:
    """
    Find the value of every setting.

    Parameters
    ----------
    flags
        Values of the command line by dotted name; None means that the flag was not given.
    environment
        The variables of the process.
    config_path
        The configuration file, where a flag names one.

    Raises
    ------
    ConfigurationError
        If a layer cannot be read, names an unknown setting, or has a value that cannot be used.
    """
    path = config_path or default_config_path(environment)
    is_named = config_path is not None or bool(environment.get(CONFIG_VARIABLE))
    values: dict[str, object] = {"data_dir": str(default_data_dir())}
    origins: dict[str, Origin] = {}
    for layer in (
        _file_layer(path, must_exist=is_named),
        _environment_layer(environment),
        _flag_layer(flags or {}),
    ):
        for name, value, origin in layer:
            values[name] = value
            origins[name] = origin
    values["data_dir"] = str(Path(str(values["data_dir"])).expanduser().absolute())
    names = [*LEAVES, *sorted(name for name in origins if name not in LEAVES)]
    return Loaded(
        settings=_build(values),
        origins=MappingProxyType({name: origins.get(name, Origin("default")) for name in names}),
        config_path=path,
    )


Layer = Iterator[tuple[str, object, Origin]]
Keys = tuple[str, ...]
_StructType = type[msgspec.Struct]


def _file_layer(path: Path, *, must_exist: bool) -> Layer:
    text = _text_of(path, must_exist=must_exist)
    document = _parse(path, text)
    lines = line_numbers(text)
    for keys, raw in _flatten(document, Settings, ()):
        # A quoted key may hold a dot; it is not the nested setting that it looks like.
        name = ".".join(f'"{key}"' if "." in key else key for key in keys)
        origin = Origin("file", f"{path}, line {lines[keys]}")
        yield name, _converted(name, raw, origin, is_text=False), origin


def _environment_layer(environment: Mapping[str, str]) -> Layer:
    for variable, text in sorted(environment.items()):
        # An empty variable counts as unset, as containers and service managers expect.
        if text and variable.startswith(PREFIX) and not _is_credential(variable):
            name = variable.removeprefix(PREFIX).lower().replace("__", ".")
            origin = Origin("environment", variable)
            yield name, _converted(name, text, origin, is_text=True), origin


def _is_credential(variable: str) -> bool:
    return variable in _NOT_SETTINGS or _CREDENTIAL.fullmatch(variable) is not None


def _flag_layer(flags: Mapping[str, object]) -> Layer:
    for name, value in flags.items():
        if value is not None:
            origin = Origin("flag", _flag_name(name))
            yield name, _converted(name, value, origin, is_text=isinstance(value, str)), origin


def _flag_name(name: str) -> str:
    """Return the flag of a setting: ``--max-missing``, ``--path`` of files, but ``--log-level``."""
    return "--log-level" if name == "log.level" else f"--{name.rpartition('.')[2].replace('_', '-')}"


def _text_of(path: Path, *, must_exist: bool) -> str:
    try:
        if path.stat().st_size > _CONFIG_SIZE_MAX:
            raise ConfigurationError(str(path), "the file is too large", accepted=f"{_CONFIG_SIZE_MAX} bytes")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as exc:
        if not must_exist:
            return ""
        raise ConfigurationError(str(path), "the file does not exist", hint="ttapi init writes one") from exc
    except OSError as exc:
        raise ConfigurationError(str(path), f"the file cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigurationError(str(path), "the file is not UTF-8 text", accepted="TOML in UTF-8") from exc


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        message = str(exc)
        found = _AT_LINE.search(message)
        line = int(found[1]) if found else len(text.splitlines()) or 1
        problem = _AT_LINE.sub("", message)
        raise ConfigurationError(f"{path}, line {line}", problem, accepted="TOML") from exc
    except RecursionError as exc:
        raise ConfigurationError(str(path), "tables are nested too deeply", accepted="TOML") from exc


def _flatten(table: Mapping[str, Any], struct: _StructType | None, above: Keys) -> Iterator[tuple[Keys, Any]]:
    """Yield each value of a table by the keys that lead to it; ``struct`` is None in the open table."""
    fields = msgspec.structs.fields(struct) if struct is not None else ()
    kinds = {field.name: field.type for field in fields}
    for key, value in table.items():
        kind, keys = kinds.get(key), (*above, key)
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from _flatten(value, kind, keys)
        elif isinstance(value, dict) and keys == (_OPEN_TABLE,):
            yield from _flatten(value, None, keys)
        else:
            yield keys, value


def line_numbers(text: str) -> Mapping[Keys, int]:
    """Return for each table and value of ``text``, valid TOML, the line on which it is first named."""
    # Statement by statement: lines are gathered until they parse, so a long value is one statement.
    # A heading parses as its empty table, which says to what table the statements below it belong.
    numbers: dict[Keys, int] = {}
    table: Keys = ()
    gathered, start = "", 1
    for number, line in enumerate(text.split("\n"), start=1):
        gathered += f"{line}\n"
        try:
            statement = tomllib.loads(gathered)
        except tomllib.TOMLDecodeError:
            continue
        paths = list(_paths(statement))
        if gathered.lstrip().startswith("["):
            table = paths[-1]
            paths = [table[:depth] for depth in range(1, len(table) + 1)]
        else:
            paths = [(*table, *path) for path in paths]
        for path in paths:
            numbers.setdefault(path, start)
        gathered, start = "", number + 1
    return numbers


def _paths(value: object) -> Iterator[Keys]:
    """Yield the way to every table and value below a table, the outer before the inner."""
    if isinstance(value, list) and value:
        value = value[0]  # a heading in double brackets
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (key,)
            yield from ((key, *path) for path in _paths(inner))


def _converted(name: str, raw: object, origin: Origin, *, is_text: bool) -> object:
    kind = _kind_of(name, origin)
    where = f"{name} ({origin.where})"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        raise ConfigurationError(where, "a table is expected here", accepted=f"{name}.NAME = VALUE")
    if _bare(kind) is timedelta:
        duration = parse_duration(raw) if isinstance(raw, str) else None
        if duration is None:
            raise ConfigurationError(where, _complaint(name, raw), accepted=DURATION)
        return duration
    if is_text and get_origin(_bare(kind)) is tuple:
        separator = ";" if name in _HOLDS_COMMAS else ","
        raw = [part.strip() for part in str(raw).split(separator) if part.strip()]
    try:
        value: object = msgspec.convert(raw, kind, strict=not is_text)
    except msgspec.ValidationError as exc:
        raise ConfigurationError(where, _complaint(name, raw), accepted=_accepted(kind)) from exc
    if value != value:  # noqa: PLR0124 - NaN, which passes every bound
        raise ConfigurationError(where, _complaint(name, raw), accepted=_accepted(kind))
    return value


def _kind_of(name: str, origin: Origin) -> Any:  # noqa: ANN401 - a type expression
    if name in LEAVES:
        return LEAVES[name]
    if name.startswith(f"{_OPEN_TABLE}.") and name.count(".") == 1:
        return tuple[str, ...]
    if name in _TABLES:
        return _TABLES[name]
    raise _unknown(name, origin)


def _unknown(name: str, origin: Origin) -> ConfigurationError:
    where = f"{name} ({origin.where})"
    if _SECRET_LIKE.search(name):
        hint = (
            "credentials come from TTAPI_CLIENT_SECRET and TTAPI_REFRESH_TOKEN or the keyring, never a file"
        )
        return ConfigurationError(where, "there is no such setting", hint=hint)
    close = difflib.get_close_matches(name, LEAVES, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]}?" if close else "ttapi config show lists them all"
    return ConfigurationError(where, "there is no such setting", hint=hint)


def _complaint(name: str, raw: object) -> str:
    if name in _UNSHOWN:
        return "the value cannot be used"
    shown = repr(raw)
    return f"{shown if len(shown) <= 60 else shown[:60] + '…'} cannot be used"


def _leaves(struct: _StructType, prefix: str) -> Iterator[tuple[str, Any]]:
    for field in msgspec.structs.fields(struct):
        name = f"{prefix}{field.name}"
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _leaves(field.type, f"{name}.")
        elif name != _OPEN_TABLE:
            yield name, field.type


def _bare(kind: Any) -> Any:  # noqa: ANN401 - a type expression
    """Take the annotations and the None off a type."""
    is_wrapped = hasattr(kind, "__metadata__") or type(None) in get_args(kind)
    return _bare(next(arm for arm in get_args(kind) if arm is not type(None))) if is_wrapped else kind


def _accepted(kind: Any) -> str:  # noqa: ANN401 - a type expression
    for part in (kind, *get_args(kind)):
        for note in reversed(getattr(part, "__metadata__", ())):
            if isinstance(note, Meta) and note.description:
                return note.description
    return "a list of symbols"


def _build(values: Mapping[str, object]) -> Settings:
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *tables, key = name.split(".", 1)
        target = nested.setdefault(tables[0], {}) if tables else nested
        target[key] = value
    return msgspec.convert(nested, Settings)


def _value_at(settings: Settings, name: str) -> object:
    table, _, key = name.partition(".")
    owner = getattr(settings, table)
    if not key:
        return owner
    return owner[key] if isinstance(owner, dict) else getattr(owner, key)


LEAVES: Final[Mapping[str, Any]] = MappingProxyType(dict(_leaves(Settings, "")))
"""Every setting by dotted name, with its type; the entries of `universes` are named by the user."""
_TABLES: Final[Mapping[str, Any]] = MappingProxyType(
    {field.name: field.type for field in msgspec.structs.fields(Settings) if field.name not in LEAVES}
)
