# SPDX-License-Identifier: Apache-2.0
"""The program: its name, the flags that every command shares, and the commands."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from ttapi_onboarding import broker_commands, commands
from ttapi_onboarding.exits import CommandGroup
from ttapi_onboarding.invocation import Invocation
from ttapi_onboarding.specs import MoreSpecs, ProviderSpec, Specs

_HELP = """
Collect, show and analyse market data that you own, and trade.

[bold]ttapi collect[/] brings a universe into a local store and says exactly what is missing.
With no configuration it asks a simulated market. Then: [bold]ttapi show quotes[/]

[bold]ttapi quote SPY --follow[/] watches markets, [bold]ttapi order submit[/] trades.
"""


def build_app(
    specs: Sequence[ProviderSpec],
    *,
    distribution: str,
    sandbox_command: Sequence[str] = (),
    more: MoreSpecs | None = None,
) -> typer.Typer:
    """
    Build the command line.

    Parameters
    ----------
    specs
        The providers that can be chosen; names are distinct.
    distribution
        The installed distribution whose version ``--version`` prints.
    sandbox_command
        The command that runs the sandbox in the foreground.
    more
        Providers that are installed besides; None for none.

    Returns
    -------
    typer.Typer
        Errors of its commands end as one line on standard error and an exit code (see `exits`).
    """
    app = typer.Typer(
        name="ttapi",
        cls=CommandGroup,
        help=_HELP,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )

    def print_version(*, wanted: bool) -> None:
        if wanted:
            typer.echo(f"ttapi {version(distribution)}")
            raise typer.Exit

    @app.callback()
    def prepare(
        context: typer.Context,
        *,
        config: Annotated[Path | None, typer.Option(help="Read this configuration file.")] = None,
        # As text: an empty path would look like the current directory.
        data_dir: Annotated[
            str | None, typer.Option(path_type=str, help="Keep the store in this directory.")
        ] = None,
        log_level: Annotated[str | None, typer.Option(help="Log debug, info, warning or error.")] = None,
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,  # noqa: ARG001 - read by `exits`
        version: Annotated[  # noqa: ARG001 - answered by its callback
            bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=print_version)
        ] = False,
    ) -> None:
        context.obj = Invocation(
            specs=Specs(specs, more),
            sandbox_command=tuple(sandbox_command),
            environment=dict(os.environ),
            config_path=config,
            flags={"data_dir": data_dir, "log.level": log_level},
        )

    commands.register(app)
    broker_commands.register(app)
    return app
