# SPDX-License-Identifier: Apache-2.0
"""The workspace as a whole: one version, honest metadata, and files that keep our own rules."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MEMBERS = sorted(path.parent for path in ROOT.glob("*/*/pyproject.toml"))
SOURCES = sorted(
    path
    for folder in ("packages", "apps", "tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)


def project(member: Path) -> dict[str, object]:
    return tomllib.loads((member / "pyproject.toml").read_text())["project"]


def all_requirements(member: Path) -> list[str]:
    table = project(member)
    extras = table.get("optional-dependencies", {})
    return [*table["dependencies"], *(need for needs in extras.values() for need in needs)]


def test_every_member_has_the_same_version() -> None:
    assert len({project(member)["version"] for member in MEMBERS}) == 1


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_member_pins_its_siblings_to_the_shared_version(member: Path) -> None:
    version = project(member)["version"]
    siblings = [need for need in all_requirements(member) if need.startswith("ttapi-")]
    assert [need for need in siblings if not need.endswith(f"=={version}")] == []


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_member_declares_exactly_the_siblings_it_imports(member: Path) -> None:
    own = next((member / "src").iterdir()).name
    imported = {
        name
        for source in (member / "src").rglob("*.py")
        # Imported, or run as a module in a process of its own.
        for name in re.findall(
            r"(?:^\s*(?:from|import) |\"-m\", \")(ttapi_\w+)", source.read_text(), re.MULTILINE
        )
        if name != own
    }
    declared = {re.split(r"[=\[]", need)[0].replace("-", "_") for need in all_requirements(member)}
    assert imported == {name for name in declared if name.startswith("ttapi_")}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_member_is_typed_licensed_and_documented(member: Path) -> None:
    package = next((member / "src").iterdir())
    assert (package / "py.typed").exists()
    assert (member / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert len((member / "README.md").read_text().splitlines()) > 10


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_opens_with_its_licence_and_says_what_it_is(source: Path) -> None:
    lines = source.read_text().splitlines()
    assert lines[0] == "# SPDX-License-Identifier: Apache-2.0"
    assert lines[1].startswith('"""')


@pytest.mark.parametrize(
    "face", sorted(ROOT.glob("*/*/src/*/__init__.py")), ids=lambda path: path.parent.name
)
def test_face_exports_a_sorted_complete_list(face: Path) -> None:
    text = face.read_text()
    names = re.findall(r'"(\w+)"', text.partition("__all__")[2].partition("]")[0])
    assert names == sorted(names, key=lambda name: (name.upper() != name, name[0].islower(), name))
    assert names or face.parent.name == "ttapi_app"  # a program is run, not imported


def test_tracked_files_hold_no_lock_file_and_nothing_large() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert not [path.name for path in paths if path.name == "uv.lock"]
    assert [path.name for path in paths if path.exists() and path.stat().st_size > 1_000_000] == []


def test_documents_never_tell_anyone_to_install_the_bare_name() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/*/README.md")]
    told = [
        path.name
        for path in documents
        if re.search(r"(pip install|uvx|uv add) +ttapi(\s|$|`)", path.read_text())
    ]
    assert told == []


def test_readme_fits_and_names_every_package() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    assert [member.name for member in MEMBERS if str(member.relative_to(ROOT)) not in text] == []
