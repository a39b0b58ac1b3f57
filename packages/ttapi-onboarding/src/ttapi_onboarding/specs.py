# SPDX-License-Identifier: Apache-2.0
"""What the command line is told of each provider; the program that wires everything together fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import date

    from ttapi_core import Broker, DataProvider
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
    trades
        Of a broker: whether the account is looked at or traded in, so that a simulated one has to remember
        what was done before; else only markets are looked at.
    """

    settings: Settings
    environment: Mapping[str, str]
    trades: bool = False


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
    variables
        Environment variables of its credentials, where it has variables of its own: name to whether it must
        be set.
    limits
        How fast it may be asked, in words; empty where it does not say.
    site
        Where its API is documented; empty for a part of this program.
    samples
        A key that is surely there, by dataset, with which entitlement is tried; None where all there is is
        asked for.
    canonical
        Returns a key in canonical form from what a person wrote; None for names of instruments alone.
    open_broker
        Opens it as a broker, as ``open`` does; None for one that has no accounts.
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
    variables: Mapping[str, bool] = field(default_factory=dict)
    limits: str = ""
    site: str = ""
    canonical: Callable[[str], str] | None = None
    samples: Mapping[str, str | None] = field(default_factory=dict)
    open_broker: Callable[[Connection], AbstractAsyncContextManager[Broker]] | None = None

    def source_name(self, settings: Settings) -> str:
        """Return the provider's name in the store under these settings."""
        return self.source(settings) if self.source is not None else self.name


class MoreSpecs(Protocol):
    """Providers that are installed besides, and loaded one by one when they are named."""

    def names(self) -> tuple[str, ...]:
        """Return their names, sorted; none of them is loaded."""
        ...

    def load(self, name: str) -> ProviderSpec:
        """Load one of them; `ConfigurationError` if it cannot be."""
        ...


class Specs:
    """
    The providers that can be chosen.

    Parameters
    ----------
    known
        Those that are always there, in the order in which they are listed.
    more
        Those that are installed besides; None for none.
    """

    def __init__(self, known: Sequence[ProviderSpec], more: MoreSpecs | None = None) -> None:
        self._known = {spec.name: spec for spec in known}
        self._more = more

    def __iter__(self) -> Iterator[ProviderSpec]:
        """Load all of them, in order."""
        return (self.named(name) for name in self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """All names; nothing is loaded for them."""
        more = self._more.names() if self._more is not None else ()
        return (*self._known, *(name for name in more if name not in self._known))

    @property
    def known(self) -> tuple[ProviderSpec, ...]:
        """Those that are always there."""
        return tuple(self._known.values())

    def named(self, name: str) -> ProviderSpec:
        """
        Return the provider called ``name``.

        Raises
        ------
        UnknownNameError
            If there is none; the message lists those that exist.
        ConfigurationError
            If it is installed and cannot be loaded.
        """
        from ttapi_core.errors import UnknownNameError

        if name in self._known:
            return self._known[name]
        if self._more is not None and name in self._more.names():
            return self._more.load(name)
        raise UnknownNameError("provider", name, self.names)
