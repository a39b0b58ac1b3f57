# SPDX-License-Identifier: Apache-2.0
"""What the shell offers: names from the local store and the settings, never from the network."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ttapi_onboarding.settings import Settings

_OFFERED_MAX: Final = 200


def symbols(incomplete: str) -> list[str]:
    """Offer symbols of which something is stored."""
    return _matching(_stored_symbols(), incomplete.upper())


def datasets(incomplete: str) -> list[str]:
    """Offer the datasets of the catalogue."""
    from ttapi_core import DEFAULT_TTLS

    return _matching(DEFAULT_TTLS, incomplete)


def analyses(incomplete: str) -> list[str]:
    """Offer the names of analyses."""
    from ttapi_polars.analyses import ANALYSES

    return _matching(ANALYSES, incomplete)


def universes(incomplete: str) -> list[str]:
    """Offer the universes of the settings."""
    settings = _settings()
    return _matching(settings.universes if settings else (), incomplete)


def _stored_symbols() -> list[str]:
    from ttapi_core import TTError
    from ttapi_platform import Store

    settings = _settings()
    if settings is None:
        return []
    try:
        store = Store(Path(settings.data_dir), read_only=True)
        return sorted(
            {
                key
                for dataset in ("symbols", "quotes", "eod_data", "expiration_series")
                for provider in store.providers()
                for key in store.records(provider, dataset)
            }
        )
    except TTError:  # a shell that is completing a line is no place for an error
        return []


def _settings() -> Settings | None:
    from ttapi_core import TTError
    from ttapi_onboarding.layers import load_settings

    try:
        return load_settings(environment=os.environ).settings
    except TTError:
        return None


def _matching(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)][:_OFFERED_MAX]
