# SPDX-License-Identifier: Apache-2.0
"""Providers are found through metadata, loaded when they are named, and refused by name where they are broken."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ttapi_core import ConfigurationError, UnknownNameError
from ttapi_providers import load_provider, load_providers, provider_names

MODULE = """
from ttapi_providers import Endpoint, Provider, get

PROVIDER = Provider(
    name={name!r}, title="Acme", site="https://acme.example", bases=("https://api.acme.example",),
    endpoints=(Endpoint(dataset="quotes", request=get("/q/{{symbol}}"), row=lambda row, asked: {{"last": 1.0}}),),
)
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Give a function that puts a distribution with one provider on the path, as an installer would."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(distribution: str, *, point: str, module: str, source: str | None) -> None:
        monkeypatch.delitem(sys.modules, module, raising=False)
        if source is not None:
            (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{distribution}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[ttapi.providers]\n{point} = {module}:PROVIDER\n")
        importlib.invalidate_caches()

    return put


def test_a_provider_of_another_distribution_is_found_by_its_one_line(install: Install) -> None:
    install("acme-data", point="acme_data", module="acme_data", source=MODULE.format(name="acme_data"))
    assert "acme_data" in provider_names()
    assert load_provider("acme_data").datasets == ("quotes",)


def test_every_provider_that_comes_along_loads_and_is_called_as_it_says() -> None:
    loaded = load_providers()
    assert {name: provider.name for name, provider in loaded.items()} == {
        name: name for name in provider_names()
    }
    assert len(loaded) >= 39


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="tiingo"):
        load_provider("tingo")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("PROVIDER = 3", "is no Provider"),
        (MODULE.format(name="another"), "is no Provider of that name"),
        ("raise RuntimeError('broken on purpose')", "RuntimeError: broken on purpose"),
        (None, "ModuleNotFoundError"),
    ],
)
def test_a_provider_that_cannot_be_used_is_named_with_why(
    install: Install, source: str | None, problem: str
) -> None:
    install("broken", point="broken", module="broken_provider", source=source)
    with pytest.raises(ConfigurationError, match=problem) as caught:
        load_provider("broken")
    assert "broken" in str(caught.value)


def test_a_name_that_two_distributions_offer_is_no_ones(install: Install) -> None:
    for distribution, module in (("one", "one_twin"), ("two", "two_twin")):
        install(distribution, point="twin", module=module, source=MODULE.format(name="twin"))
    with pytest.raises(ConfigurationError, match=r"twice: one_twin:PROVIDER and two_twin:PROVIDER"):
        load_provider("twin")
