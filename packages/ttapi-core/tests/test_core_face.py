# SPDX-License-Identifier: Apache-2.0
"""The face of the package: what it exports, what importing it loads, and that its documents run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ttapi_core

README = Path(__file__).parents[1] / "README.md"
MODULES = sorted(module.name for module in pkgutil.iter_modules(ttapi_core.__path__, "ttapi_core."))
# Rules that other modules of this package share; not part of the face.
INSIDE = {"values", "notation", "futures"}


def test_all_is_sorted_and_complete() -> None:
    names = [name for name in vars(ttapi_core) if not name.startswith("_")]
    public = {name for name in names if not inspect.ismodule(vars(ttapi_core)[name])} | {"sessions"}
    assert set(ttapi_core.__all__) == public
    assert len(ttapi_core.__all__) == len(public)
    constants = [name for name in ttapi_core.__all__ if name.isupper()]
    classes = [name for name in ttapi_core.__all__ if name[0].isupper() and not name.isupper()]
    others = [name for name in ttapi_core.__all__ if name[0].islower()]
    assert [*ttapi_core.__all__] == sorted(constants) + sorted(classes) + sorted(others)


@pytest.mark.parametrize(
    "module_name", [name for name in MODULES if name.rpartition(".")[2] not in INSIDE | {"sessions"}]
)
def test_public_classes_of_each_module_are_on_the_face(module_name: str) -> None:
    module = importlib.import_module(module_name)
    own = {
        name
        for name, item in vars(module).items()
        if inspect.isclass(item) and item.__module__ == module_name and not name.startswith("_")
    }
    assert own <= set(ttapi_core.__all__)


def test_import_loads_the_standard_library_only_and_no_table() -> None:
    code = (
        "import sys; before = set(sys.modules); import ttapi_core;"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before} - {'ttapi_core'};"
        "foreign = sorted(loaded - sys.stdlib_module_names);"
        "from ttapi_core.sessions import _shipped_table;"
        "print(foreign, 'asyncio' in sys.modules, _shipped_table.cache_info().currsize)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["[]", "False", "0"]


@pytest.mark.parametrize("module_name", MODULES)
def test_examples_in_docstrings_run(module_name: str) -> None:
    assert doctest.testmod(importlib.import_module(module_name)).failed == 0


def test_example_in_the_readme_runs() -> None:
    outcome = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert outcome.attempted >= 5
    assert outcome.failed == 0


def test_readme_names_every_noun() -> None:
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text))
    assert set(ttapi_core.__all__) - named == set()
