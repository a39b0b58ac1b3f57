# SPDX-License-Identifier: Apache-2.0
"""
The providers that are installed: whatever a distribution offers in the entry-point group ``ttapi.providers``.

Others ship theirs as a wheel of their own, with one line of metadata; it is found once it is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Final

from ttapi_core import ConfigurationError, UnknownNameError
from ttapi_providers.declaring import Provider

GROUP: Final = "ttapi.providers"


def provider_names() -> tuple[str, ...]:
    """Return the names of all installed providers, sorted; none of them is loaded."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def load_provider(name: str) -> Provider:
    """
    Load one provider.

    Raises
    ------
    UnknownNameError
        If none of that name is installed.
    ConfigurationError
        If two distributions offer it, or what is offered cannot be loaded or is no `Provider` of that name.
    """
    points = list(dict.fromkeys(point for point in entry_points(group=GROUP) if point.name == name))
    if not points:
        raise UnknownNameError("provider", name, provider_names())
    if len({point.value for point in points}) > 1:
        offered = " and ".join(sorted(point.value for point in points))
        raise ConfigurationError(
            f"provider {name}", f"is offered twice: {offered}", hint="uninstall one of them"
        )
    return _loaded(points[0])


def _loaded(point: EntryPoint) -> Provider:
    try:
        provider = point.load()
    except Exception as exc:  # whatever a foreign module raises while it is imported
        raise ConfigurationError(
            f"provider {point.name}", f"cannot be loaded from {point.value}: {type(exc).__name__}: {exc}"
        ) from exc
    if not isinstance(provider, Provider) or provider.name != point.name:
        raise ConfigurationError(
            f"provider {point.name}",
            f"{point.value} is no Provider of that name",
            accepted="a ttapi_providers.Provider",
        )
    return provider


def load_providers() -> Mapping[str, Provider]:
    """
    Load all installed providers, by name.

    Raises
    ------
    ConfigurationError
        If one cannot be loaded.
    """
    return MappingProxyType({name: load_provider(name) for name in provider_names()})
