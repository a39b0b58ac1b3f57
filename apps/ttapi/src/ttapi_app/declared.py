# SPDX-License-Identifier: Apache-2.0
"""The providers that are installed as declarations: loaded when they are named, opened when needed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from ttapi_onboarding import Connection, ProviderSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ttapi_client import Budget
    from ttapi_core import DataProvider, RateWindow
    from ttapi_providers import Provider

_PERIODS: Final = {1: "a second", 60: "a minute", 3600: "an hour", 86_400: "a day"}
_DAY_S: Final = 86_400


class DeclaredSpecs:
    """What the command line is told of them."""

    def names(self) -> tuple[str, ...]:
        """Return their names, sorted; none of them is loaded."""
        from ttapi_providers import provider_names

        return provider_names()

    def load(self, name: str) -> ProviderSpec:
        """Load one of them; `ConfigurationError` if it cannot be."""
        return _spec(name)


@cache
def _spec(name: str) -> ProviderSpec:
    from ttapi_providers import DeclaredProvider, load_provider

    declaration = load_provider(name)
    needed = [credential for credential in declaration.credentials if not credential.optional]
    return ProviderSpec(
        name=name,
        description=declaration.title,
        simulated=False,
        needs_credentials=bool(needed),
        datasets=declaration.datasets,
        open=partial(_open, declaration),
        variables={c.variable: not c.optional for c in declaration.credentials},
        limits=", ".join(_words(window) for window in declaration.limits),
        site=declaration.site,
        samples={name: declaration.sample(name) for name in declaration.datasets},
        canonical=DeclaredProvider.canonical,
    )


def _words(window: RateWindow) -> str:
    period = _PERIODS.get(int(window.seconds))
    if period is None:
        days, rest = divmod(window.seconds, _DAY_S)
        period = f"in {days:g} days" if not rest else f"in {window.seconds:g} s"
    return f"{window.requests:,} {period}"


@asynccontextmanager
async def _open(declaration: Provider, connection: Connection) -> AsyncIterator[DataProvider]:
    from ttapi_client import SharedBudget
    from ttapi_onboarding import default_state_dir, find_secret
    from ttapi_providers import DeclaredProvider

    settings = connection.settings
    credentials = {
        c.variable: find_secret(c.variable, connection.environment) for c in declaration.credentials
    }
    secret = next((value for value in credentials.values() if value), None)

    def budget() -> Budget:
        # All processes of this machine share what the vendor allows this credential.
        return SharedBudget.open(
            default_state_dir() / "budgets", provider=declaration.name, credential=secret
        )

    async with DeclaredProvider(
        declaration, credentials=credentials, limits=settings.limits(), retry=settings.retry(), budget=budget
    ) as provider:
        yield provider
