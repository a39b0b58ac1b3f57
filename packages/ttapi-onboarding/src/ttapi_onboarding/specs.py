# SPDX-License-Identifier: Apache-2.0
"""What the command line is told of each provider; the program that wires everything together fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import date

    from ttapi_core import DataProvider
    from ttapi_onboarding.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """
    What a provider is opened with.

    Parameters
    ----------
    settings
        All settings, validated.
    environment
        The variables of the process, for credentials.
    """

    settings: Settings
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """
    A provider that can be chosen by name.

    Parameters
    ----------
    name
        Name on the command line and in the store.
    description
        What it is, in one line.
    simulated
        Whether its data is made up.
    needs_credentials
        Whether a client secret and a refresh token are needed.
    datasets
        Names of the datasets that it can answer.
    source
        The provider's name in the store, where settings make it another source of data: another simulated
        market, another environment. None where it is always ``name``.
    opens_late
        Whether it is opened only when it has something to answer. Not for one that tells whether what it has
        read has changed: it must be there to be asked that.
    since_default
        First day asked for where none is set; None for a year ago.
    open
        Opens it; what it started is ended when the context ends. Raises `TTError` only.
    """

    name: str
    description: str
    simulated: bool
    needs_credentials: bool
    datasets: tuple[str, ...]
    open: Callable[[Connection], AbstractAsyncContextManager[DataProvider]]
    source: Callable[[Settings], str] | None = None
    opens_late: bool = True
    since_default: date | None = None

    def source_name(self, settings: Settings) -> str:
        """Return the provider's name in the store under these settings."""
        return self.source(settings) if self.source is not None else self.name


def spec_named(specs: Sequence[ProviderSpec], name: str) -> ProviderSpec:
    """
    Return the provider called ``name``.

    Raises
    ------
    UnknownNameError
        If there is none; the message lists those that exist.
    """
    from ttapi_core.errors import UnknownNameError

    for spec in specs:
        if spec.name == name:
            return spec
    raise UnknownNameError("provider", name, tuple(spec.name for spec in specs))
