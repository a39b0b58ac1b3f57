# SPDX-License-Identifier: Apache-2.0
"""The documentation is true: its examples run, every public measure is documented, namespaces are complete."""

from __future__ import annotations

import inspect
import re
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

import ttapi_polars

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*sorted((ROOT / "docs" / "analytics").glob("*.md")), ROOT / "docs" / "providers.md"]
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(
        re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
]
MEASURES = {
    name: value
    for name in ttapi_polars.__all__
    if inspect.isfunction(value := getattr(ttapi_polars, name))
    and str(next(iter(inspect.signature(value).parameters.values())).annotation).startswith("pl.")
}
PROSE = "\n".join(page.read_text("utf-8") for page in PAGES)


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_of_the_documentation_runs(block: str) -> None:
    exec(compile(block, "example", "exec"), {"__name__": "__example__"})


@pytest.mark.parametrize("name", MEASURES)
def test_a_public_measure_is_on_a_page_of_the_documentation(name: str) -> None:
    assert re.search(rf"\b{name}\b", PROSE)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_a_public_measure_says_what_it_takes_gives_and_shows_it(measure: Callable[..., object]) -> None:
    text = inspect.getdoc(measure) or ""
    for heading in ("Parameters", "Returns", "Examples"):
        assert f"{heading}\n{'-' * len(heading)}" in text
    for parameter in inspect.signature(measure).parameters:
        assert re.search(rf"(^|, |\*){parameter}(,|$)", text.split("Returns\n---")[0], re.MULTILINE), (
            parameter
        )


def test_the_namespaces_are_what_their_tool_writes() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "write_namespaces.py"))
    for name, text in tool["sources"]().items():
        assert (tool["PACKAGE"] / name).read_text("utf-8") == text, "run tools/write_namespaces.py"


def test_tables_of_providers_and_columns_say_what_the_code_declares() -> None:
    """Run ``python tools/write_provider_tables.py`` after changing a provider or a schema."""
    pages = runpy.run_path(str(ROOT / "tools" / "write_provider_tables.py"))["pages"]()
    assert [path.name for path, text in pages.items() if path.read_text("utf-8") != text] == []
