# SPDX-License-Identifier: Apache-2.0
"""What every command is handed: the providers, the environment, and the way to the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ttapi_onboarding.specs import Connection, ProviderSpec, Specs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from ttapi_core import Broker, DataProvider
    from ttapi_onboarding.layers import Loaded
    from ttapi_onboarding.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """
    One run of the program.

    Parameters
    ----------
    specs
        The providers that can be chosen.
    sandbox_command
        The command that runs the sandbox in the foreground; empty if there is none.
    environment
        The variables of the process.
    config_path
        The configuration file, where a flag names one.
    flags
        Settings given before the command, by dotted name.
    """

    specs: Specs
    sandbox_command: tuple[str, ...]
    environment: Mapping[str, str]
    config_path: Path | None
    flags: Mapping[str, object]

    def load(self, **flags: object) -> Loaded:
        """
        Find the settings; flags are named with ``__`` for the dot. Logging is set up on the way.

        Raises
        ------
        ConfigurationError
            If a setting cannot be used.
        UnknownNameError
            If there is no provider of that name.
        """
        from ttapi_onboarding import layers, logs

        given = {name.replace("__", "."): value for name, value in flags.items()}
        loaded = layers.load_settings(
            {**self.flags, **given}, environment=self.environment, config_path=self.config_path
        )
        for name in loaded.settings.providers:
            self.specs.named(name)
        logs.configure(loaded.settings.log.level)
        return loaded

    def spec(self, name: str) -> ProviderSpec:
        """Return the provider called ``name``; `UnknownNameError` if there is none."""
        return self.specs.named(name)

    def spec_of(self, settings: Settings) -> ProviderSpec:
        """Return the provider of the settings; of several that are asked in turn, the first."""
        return self.spec(settings.providers[0])

    def source(self, settings: Settings) -> str:
        """Return the name that the provider of the settings has in the store."""
        return self.spec_of(settings).source_name(settings)

    def open(self, settings: Settings) -> AbstractAsyncContextManager[DataProvider]:
        """Open the provider of the settings."""
        connection = Connection(settings=settings, environment=self.environment)
        return self.spec_of(settings).open(connection)

    def broker_spec(self, settings: Settings) -> ProviderSpec:
        """
        Return the provider of the settings that has accounts; of several, the first.

        Raises
        ------
        ParameterError
            If none has.
        """
        from ttapi_core.errors import ParameterError

        for name in settings.providers:
            if self.spec(name).open_broker is not None:
                return self.spec(name)
        brokers = ", ".join(spec.name for spec in self.specs.known if spec.open_broker is not None)
        raise ParameterError("provider", settings.provider, f"one with accounts: {brokers or '(none)'}")

    def open_broker(self, settings: Settings, *, trades: bool) -> AbstractAsyncContextManager[Broker]:
        """
        Open the broker of the settings.

        Parameters
        ----------
        settings
            What is set.
        trades
            Whether the account is looked at or traded in.

        Raises
        ------
        ParameterError
            If no provider of the settings has accounts.
        """
        opens = self.broker_spec(settings).open_broker
        assert opens is not None
        return opens(Connection(settings=settings, environment=self.environment, trades=trades))
