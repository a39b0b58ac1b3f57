# SPDX-License-Identifier: Apache-2.0
"""
The commands: what each takes and what its help says. What it does stands in a module of its own.

That module, and Polars with it, is loaded when the command runs, so that help and completion are quick.
Annotations are evaluated here, for typer reads them.
"""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from ttapi_onboarding import completion
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.formats import Engine, Format
from ttapi_onboarding.invocation import Invocation

ProviderName = Annotated[
    str | None,
    typer.Option(
        "--provider",
        metavar="NAME[,NAME]",
        help="Where data comes from; of several, each is asked for what those before lack.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
Symbols = Annotated[
    list[str] | None,
    typer.Argument(metavar="SYMBOLS", help="Instrument names.", autocompletion=completion.symbols),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to this file; its suffix names the format."),
]
FormatName = Annotated[
    Format | None,
    typer.Option("--format", "-f", help="By default a table on a terminal and CSV in a pipe."),
]
_SETTINGS: Final = {"allow_extra_args": True, "ignore_unknown_options": True}


def init(
    context: typer.Context,
    *,
    provider: ProviderName = None,
    universe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE", help="A name or a file; all by default.", autocompletion=completion.universes
        ),
    ] = None,
    path: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory of your files, for provider files.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; what no flag says keeps its default.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an existing file; it is kept as .bak.")
    ] = False,
    test: Annotated[bool, typer.Option(help="Whether the connection must work first.")] = True,
) -> None:
    """
    Set up: choose a provider, test the connection, write config.toml.

    Credentials go to the keyring or stay in your environment, never in the file.

    Example: [bold]ttapi init --provider sandbox --yes[/]
    """
    from ttapi_onboarding import wizard
    from ttapi_onboarding.screens import stdin_is_terminal

    invocation = invocation_of(context)
    answers = wizard.Answers(
        provider=provider,
        universe=universe,
        data_dir=_text(invocation.flags.get("data_dir")),
        path=str(path) if path is not None else None,
    )
    wizard.run(invocation, answers, ask=not yes and stdin_is_terminal(), force=force, test=test)


def doctor(context: typer.Context, *, as_json: AsJson = False) -> None:
    """
    Check configuration, credentials, clock, disk, store and provider, and say what to mend.

    Exit code 1 if a check fails.

    Example: [bold]ttapi doctor --json[/]
    """
    from ttapi_onboarding import checkup

    end(checkup.run(invocation_of(context), as_json=as_json))


def collect(  # noqa: PLR0913 - one parameter a flag
    context: typer.Context,
    symbols: Symbols = None,
    *,
    universe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A universe of the settings, a file with one symbol a line, or a name the provider knows.",
            autocompletion=completion.universes,
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            "-d",
            metavar="NAME",
            help="Only this; may be repeated.",
            autocompletion=completion.datasets,
        ),
    ] = None,
    provider: ProviderName = None,
    path: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory of your files, with --provider files.")
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML file that names their columns, with --provider files."),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="First day of daily data, such as 2026-01-02."
        ),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Fetch also what is still fresh.")] = False,
    max_missing: Annotated[
        float | None,
        typer.Option(
            metavar="FRACTION", min=0, max=1, help="Share that may be missing before the exit code is 3."
        ),
    ] = None,
    as_json: AsJson = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No bars on standard error.")] = False,
) -> None:
    """
    Bring a universe into the local store, and say exactly what is missing and why.

    Without symbols and settings it is the whole universe of the provider.
    What is fresh is not fetched again; an interrupted run goes on where it was.
    Standard output is the report: a table on a terminal, JSON in a pipe.

    Exit codes: 0 complete or within --max-missing, 2 usage, 3 too much missing,
    4 configuration or credentials, 130 interrupted, 1 anything else.

    Example: [bold]ttapi collect AAPL SPY --dataset eod_data --since 2026-01-02[/]
    """
    from ttapi_onboarding import collecting

    invocation = invocation_of(context)
    loaded = invocation.load(
        provider=provider,
        universe=universe,
        max_missing=max_missing,
        files__path=str(path) if path is not None else None,
        files__mapping=str(mapping) if mapping is not None else None,
    )
    collecting.require_files_provider(loaded.settings, path=path, mapping=mapping)
    collecting.require_one_universe(symbols, universe)
    order = collecting.CollectOrder(
        symbols=symbols or (),
        datasets=dataset or (),
        since=since.date() if since is not None else None,
        refresh=refresh,
    )
    end(collecting.run(invocation, loaded, order, as_json=as_json, progress=not no_progress))


def show(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="What to show.", autocompletion=completion.datasets)],
    symbol: Annotated[
        str | None, typer.Argument(help="Of which symbol; all by default.", autocompletion=completion.symbols)
    ] = None,
    *,
    provider: ProviderName = None,
    chosen: FormatName = None,
    output: Output = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help="Rows at most, 0 for all; 50 in a table, else all by default.")
    ] = None,
) -> None:
    """
    Show what the local store has of a dataset.

    Where it comes from and when it was fetched is said on standard error.
    In CSV, text that a spreadsheet would run gets an apostrophe in front.

    Example: [bold]ttapi show eod_data AAPL --format csv --output aapl.csv[/]
    """
    from ttapi_onboarding import showing

    invocation = invocation_of(context)
    settings = invocation.load(provider=provider).settings
    showing.run(invocation, settings, dataset, symbol=symbol, chosen=chosen, output=output, limit=limit)


def analyze(  # noqa: PLR0913 - one parameter a flag
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which one.", autocompletion=completion.analyses)
    ] = None,
    symbols: Symbols = None,
    *,
    listed: Annotated[bool, typer.Option("--list", "-l", help="List the analyses and end.")] = False,
    more_symbols: Annotated[
        str | None, typer.Option("--symbols", metavar="A,B", help="Instrument names, with commas.")
    ] = None,
    dataset: Annotated[
        str,
        typer.Option("--dataset", "-d", metavar="NAME", help="Of what.", autocompletion=completion.datasets),
    ] = "eod_data",
    provider: ProviderName = None,
    window: Annotated[
        int | None, typer.Option(min=1, help="Bars to look back on; each analysis has its own.")
    ] = None,
    price: Annotated[
        str, typer.Option(help="close, adjusted_close, or auto: adjusted where there is one for every day.")
    ] = "auto",
    benchmark: Annotated[
        str | None,
        typer.Option(
            metavar="SYMBOL", help="What others are measured against.", autocompletion=completion.symbols
        ),
    ] = None,
    periods_per_year: Annotated[float, typer.Option(help="Bars in a year; annualises.")] = 252,
    days_min: Annotated[int, typer.Option(min=3, help="Days that an estimate needs.")] = 20,
    top: Annotated[
        int, typer.Option(min=0, help="Rows at most, or newest bars of each symbol; 0 for all.")
    ] = 0,
    plot: Annotated[bool, typer.Option("--plot", help="A picture in plain text instead.")] = False,
    engine: Annotated[
        Engine, typer.Option(help="Compute in this process, or on a Dask cluster.")
    ] = Engine.LOCAL,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="A running Dask cluster; one is started by default."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes of the cluster; 2 by default.")
    ] = None,
    chosen: FormatName = None,
    output: Output = None,
    as_json: AsJson = False,
) -> None:
    """
    Compute on the bars that are stored: a row a symbol, or a row a bar.

    Bars of a session still open are left out; what cannot be known is left empty.
    Symbols computed each on its own are the same to the last bit on every engine.
    A table for people shows the newest bars; files and pipes get all of them.

    A row a symbol: volatility, performance, volatility-estimators,
    volatility-cone, drawdowns, beta, correlation.

    A row a bar: returns, drawdown, rolling-volatility, ewma-volatility,
    rolling-sharpe, rolling-beta, sma, wma, ema, wilder, rsi, macd, roc, trix,
    bollinger, keltner, donchian, ichimoku, atr, adx, aroon, sar, stochastic,
    williams-r, cci, obv, mfi, vwap.

    Example: [bold]ttapi analyze volatility --top 10[/]
    """
    if name is None and not listed:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(int(ExitCode.USAGE))
    from ttapi_onboarding import analysis
    from ttapi_polars.analysis_terms import AnalysisOptions

    if name is None or listed:
        analysis.run_list(as_json=as_json)
        return
    invocation = invocation_of(context)
    order = analysis.Order(
        name=name,
        symbols=[
            *(symbols or ()),
            *(word.strip() for word in (more_symbols or "").split(",") if word.strip()),
        ],
        dataset=dataset,
        options=AnalysisOptions(
            window=window,
            price=price,
            benchmark=benchmark,
            periods_per_year=periods_per_year,
            days_min=days_min,
        ),
        engine=engine,
        scheduler=scheduler,
        workers=workers,
        top=top,
        chosen=Format.JSON if as_json else chosen,
        output=output,
        plot=plot,
    )
    analysis.run(invocation, invocation.load(provider=provider).settings, order)


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What to select; each dataset is a table.")],
    *,
    provider: ProviderName = None,
    chosen: FormatName = None,
    output: Output = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help="Rows at most, 0 for all; 50 in a table, else all by default.")
    ] = None,
) -> None:
    """
    Ask the local store in SQL.

    Datasets are tables, such as eod_data and quotes; only those named are read,
    and of them only the columns that count. Nothing is ever changed.

    Example: [bold]ttapi sql "SELECT symbol, avg(close) FROM eod_data GROUP BY symbol"[/]
    """
    from ttapi_onboarding import queries

    invocation = invocation_of(context)
    settings = invocation.load(provider=provider).settings
    queries.run(invocation, settings, query, chosen=chosen, output=output, limit=limit)


def cache_ls(context: typer.Context, *, as_json: AsJson = False) -> None:
    """
    List what is stored, one line a dataset.

    Example: [bold]ttapi cache ls[/]
    """
    from ttapi_onboarding import caching

    caching.run_ls(invocation_of(context).load().settings, as_json=as_json)


def cache_stats(context: typer.Context, *, as_json: AsJson = False) -> None:
    """
    Sum up what is stored.

    Example: [bold]ttapi cache stats --json[/]
    """
    from ttapi_onboarding import caching

    caching.run_stats(invocation_of(context).load().settings, as_json=as_json)


def cache_verify(context: typer.Context, *, as_json: AsJson = False) -> None:
    """
    Read everything again and put what is damaged into quarantine.

    Exit code 1 if something is damaged.

    Example: [bold]ttapi cache verify[/]
    """
    from ttapi_onboarding import caching

    end(caching.run_verify(invocation_of(context).load().settings, as_json=as_json))


def cache_clear(
    context: typer.Context,
    *,
    provider: Annotated[str | None, typer.Option(help="Only what came from it.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Only this one.", autocompletion=completion.datasets)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """
    Remove what is stored: all of it, or one provider's or dataset's.

    Example: [bold]ttapi cache clear --dataset quotes --yes[/]
    """
    from ttapi_onboarding import caching

    settings = invocation_of(context).load().settings
    if not yes:
        what = " ".join(part for part in (provider, dataset) if part) or "everything"
        typer.confirm(f"Remove {what} from {settings.data_dir}?", abort=True, err=True)
    caching.run_clear(settings, provider=provider, dataset=dataset, as_json=as_json)


def providers(
    context: typer.Context,
    *,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            "-d",
            metavar="NAME",
            help="Only those that have it.",
            autocompletion=completion.datasets,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    List the providers: datasets, keys, limits, and whether each can be used now.

    With a command, do something with them.

    Example: [bold]ttapi providers --dataset fx_rates[/]
    """
    from ttapi_onboarding import listing

    if context.invoked_subcommand is None:
        invocation = invocation_of(context)
        listing.run_providers(invocation, invocation.load(), dataset=dataset, as_json=as_json)


def providers_verify(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="With recordings: JSON files, at any depth.")
    ],
    *,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only recordings of this provider.")
    ] = None,
    as_json: AsJson = False,
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No counter on standard error.")] = False,
) -> None:
    """
    Replay recorded exchanges through the providers, offline, and check what comes of each.

    Exit code 1 if a check is broken.

    Example: [bold]ttapi providers verify recordings/ --provider tiingo[/]
    """
    from ttapi_onboarding import verifying

    invocation_of(context).load()
    end(verifying.run(directory, provider=provider, as_json=as_json, progress=not no_progress))


def compare(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="What to compare.", autocompletion=completion.datasets)],
    symbol: Annotated[str, typer.Argument(help="Of which symbol.", autocompletion=completion.symbols)],
    *,
    providers: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...", help="Who is asked, in the order of preference; else the settings say."
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="First day, such as 2026-01-02."),
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="Look at what is stored; ask no one.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=0, help="Differences shown at most, 0 for all; 20 by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """
    Hold what several providers say of a symbol against each other, field by field.

    Every difference has a kind: missing, unit, timing, bad_tick, adjustment or unexplained,
    and keeps every candidate.

    Example: [bold]ttapi compare eod_data AAPL --providers yahoo,tiingo[/]
    """
    from ttapi_onboarding import comparing

    invocation = invocation_of(context)
    settings = invocation.load(provider=providers).settings
    order = comparing.CompareOrder(
        dataset=dataset,
        symbol=symbol,
        providers=settings.providers,
        since=since.date() if since is not None else None,
        stored=stored,
    )
    comparing.run(invocation, settings, order, as_json=as_json, limit=limit)


def sandbox(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 0,
    seed: Annotated[int | None, typer.Option(help="What the simulated market depends on.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE[THH:MM]", help="Hold the market at this instant (UTC).")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="What goes wrong, such as mix=0.07; may be repeated."),
    ] = None,
    rate_limit: Annotated[float | None, typer.Option(help="Requests a second that are let through.")] = None,
) -> None:
    """
    Run the sandbox, a simulated tastytrade, until Ctrl-C.

    It prints its address and credentials. Further flags are passed on to it.

    Example: [bold]ttapi sandbox --port 8080 --fault kind=html,rate=0.07[/]
    """
    flags = {"host": host, "port": port, "seed": seed, "as-of": as_of, "rate-limit": rate_limit}
    arguments = [f"--{name}={value}" for name, value in flags.items() if value is not None]
    arguments += [f"--fault={spec}" for spec in fault or ()]
    raise typer.Exit(_in_foreground([*invocation_of(context).sandbox_command, *arguments, *context.args]))


def _in_foreground(command: list[str]) -> int:
    # It ends with its standard input, so that none is left behind, however this process ends.
    command = [*command, "--exit-on-stdin-close"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:  # noqa: S603 - our own program
        while True:
            # Ctrl-C reaches both; the sandbox ends in its own time, and a second one changes nothing.
            with suppress(KeyboardInterrupt):
                return process.wait()


def config_show(
    context: typer.Context,
    *,
    origin: Annotated[bool, typer.Option("--origin", help="Say for each setting which layer won.")] = False,
    as_json: AsJson = False,
) -> None:
    """
    Show every setting, as TOML that could be the configuration file.

    Defaults are overruled by config.toml, that by TTAPI_* variables, those by
    flags. TTAPI_CLIENT__DEADLINE_S is the setting client.deadline_s.

    Example: [bold]ttapi config show --origin[/]
    """
    from ttapi_onboarding import listing

    invocation = invocation_of(context)
    listing.run_config_show(invocation, invocation.load(), origin=origin, as_json=as_json)


def config_path(context: typer.Context) -> None:
    """
    Print where the configuration file is, or would be.

    Example: [bold]$EDITOR "$(ttapi config path)"[/]
    """
    from ttapi_onboarding.layers import default_config_path
    from ttapi_onboarding.screens import write_line

    invocation = invocation_of(context)
    write_line(str(invocation.config_path or default_config_path(invocation.environment)))


def register(app: typer.Typer) -> None:
    """Add every command to ``app``, in the order of its help."""
    app.command()(init)
    app.command()(doctor)
    app.command()(collect)
    app.command()(show)
    app.command()(analyze)
    app.command()(sql)
    stored = {"ls": cache_ls, "stats": cache_stats, "verify": cache_verify, "clear": cache_clear}
    app.add_typer(group("Look at, check and clear the local store.", **stored), name="cache")
    listed = typer.Typer(rich_markup_mode="rich")
    listed.callback(invoke_without_command=True)(providers)
    listed.command("verify")(providers_verify)
    app.add_typer(listed, name="providers")
    app.command()(compare)
    app.command(context_settings=_SETTINGS)(sandbox)
    app.add_typer(
        group("Show the settings and where they come from.", show=config_show, path=config_path),
        name="config",
    )


def group(text: str, **commands: Callable[..., None]) -> typer.Typer:
    """Return commands under one name, with a help of their own."""
    grouped = typer.Typer(help=text, no_args_is_help=True, rich_markup_mode="rich")
    for name, command in commands.items():
        grouped.command(name)(command)
    return grouped


def invocation_of(context: typer.Context) -> Invocation:
    """Return what the program was started with."""
    invocation = context.obj
    assert isinstance(invocation, Invocation)
    return invocation


def end(code: ExitCode) -> None:
    """End the program with an exit code, where that is not zero."""
    if code is not ExitCode.COMPLETE:
        raise typer.Exit(int(code))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
