# SPDX-License-Identifier: Apache-2.0
"""
The commands of a broker: what each takes and what its help says. What it does stands in a module of its own.

Annotations are evaluated here, for typer reads them.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from ttapi_onboarding import completion
from ttapi_onboarding.commands import AsJson, ProviderName, end, group, invocation_of

AccountName = Annotated[
    str | None,
    typer.Option("--account", "-a", metavar="NUMBER", help="Its number, the end of it, or its nickname."),
]
Symbol = Annotated[
    str, typer.Argument(metavar="SYMBOL", help="The underlying.", autocompletion=completion.symbols)
]
OrderId = Annotated[str, typer.Argument(metavar="ID", help="The broker's id, as ttapi orders shows it.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, even for real money.")]
Wait = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, max=3600, help="Look until it has ended, so long at most.")
]
OptionalSymbol = Annotated[
    str | None,
    typer.Argument(
        metavar="SYMBOL",
        help="What: SPY, 'SPY   261218C00600000', .SPY261218C600, /ESZ6.",
        autocompletion=completion.symbols,
    ),
]
Quantity = Annotated[str | None, typer.Argument(metavar="QUANTITY", help="How many, above zero.")]
Side = Annotated[bool | None, typer.Option("--buy/--sell", help="Which side.")]
Opening = Annotated[
    bool | None,
    typer.Option("--open/--close", help="Found out from what is held; only a short sale has to say --open."),
]
Legs = Annotated[
    list[str] | None,
    typer.Option("--leg", metavar="LEG", help="'ACTION QUANTITY SYMBOL', once for each of several options."),
]
Limit = Annotated[str | None, typer.Option("--limit", metavar="PRICE", help="At this price or a better one.")]
Stop = Annotated[
    str | None,
    typer.Option("--stop", metavar="PRICE", help="Begin at this price; with --limit a stop limit."),
]
AtMarket = Annotated[bool, typer.Option("--market", help="At whatever price there is.")]
Value = Annotated[
    str | None, typer.Option("--value", metavar="DOLLARS", help="For so much money, instead of QUANTITY.")
]
Effect = Annotated[
    bool | None, typer.Option("--debit/--credit", help="Whether several legs are paid for, or bring money.")
]
Tif = Annotated[
    str | None,
    typer.Option("--tif", metavar="WORD", help="day (default), gtc, gtd, ext, gtc-ext, ioc and so on."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], metavar="DATE", help="Good till this day, inclusive."),
]
OrderFile = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="A JSON file instead; dry-run --json prints one: request."),
]
ExternalId = Annotated[
    str | None,
    typer.Option(
        "--external-id", metavar="UUID", help="Of an earlier try: it is sent only if it is not there."
    ),
]


def accounts(context: typer.Context, *, provider: ProviderName = None, as_json: AsJson = False) -> None:
    """
    List your accounts with their money.

    Of accounts for real money only the end of the number is shown: screens are
    shared. --json has the whole number. Exit code 3 if a balance cannot be read.

    Example: [bold]ttapi accounts[/]
    """
    from ttapi_onboarding import holdings

    invocation = invocation_of(context)
    end(holdings.run_accounts(invocation, invocation.load(provider=provider).settings, as_json=as_json))


def positions(
    context: typer.Context,
    *,
    account: AccountName = None,
    provider: ProviderName = None,
    as_json: AsJson = False,
) -> None:
    """
    Show what an account holds, and what it gained since opening and today.

    Exit code 3 if a position cannot be read; it is named.

    Example: [bold]ttapi positions --json | jq '.[].symbol'[/]
    """
    from ttapi_onboarding import holdings

    invocation = invocation_of(context)
    settings = invocation.load(provider=provider).settings
    end(holdings.run_positions(invocation, settings, account=account, as_json=as_json))


def orders(
    context: typer.Context,
    *,
    live: Annotated[bool, typer.Option("--live", help="Only those that have not ended.")] = False,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="From this day on; today's by default."),
    ] = None,
    account: AccountName = None,
    provider: ProviderName = None,
    as_json: AsJson = False,
) -> None:
    """
    List orders, the newest first: those of today, or from a day on.

    Example: [bold]ttapi orders --live[/]
    """
    from ttapi_onboarding import order_screens

    invocation = invocation_of(context)
    settings = invocation.load(provider=provider).settings
    first = since.date() if since is not None else None
    end(
        order_screens.run_orders(
            invocation, settings, account=account, since=first, only_live=live, as_json=as_json
        )
    )


def order_submit(  # noqa: PLR0913 - one parameter a flag
    context: typer.Context,
    symbol: OptionalSymbol = None,
    quantity: Quantity = None,
    *,
    buy: Side = None,
    opens: Opening = None,
    limit: Limit = None,
    stop: Stop = None,
    market: AtMarket = False,
    value: Value = None,
    tif: Tif = None,
    until: Until = None,
    leg: Legs = None,
    debit: Effect = None,
    file: OrderFile = None,
    external_id: ExternalId = None,
    account: AccountName = None,
    provider: ProviderName = None,
    wait: Wait = 0.0,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """
    Place an order, once: if the answer is lost it is looked for, and not sent twice.

    With real money it is tried out and you are asked first; --yes skips that.
    Prices are checked against the price steps of the instrument before anything
    is sent. An order needs --limit, --stop or --market.

    Exit codes: 0 placed, 1 refused, rejected or declined (nothing was placed),
    2 a flag is wrong, 5 it may have been placed: look with ttapi orders.

    Example: [bold]ttapi order submit SPY 10 --buy --limit 612.35[/]

    Example: [bold]ttapi order submit --leg "sto 1 SPY 261218C00700000"
    --leg "bto 1 SPY 261218C00710000" --limit 1.25 --credit --tif gtc[/]
    """
    from ttapi_onboarding import ordering
    from ttapi_onboarding.tickets import Ticket

    invocation = invocation_of(context)
    ticket = Ticket(
        symbol=symbol,
        quantity=quantity,
        buys=buy,
        opens=opens,
        legs=tuple(leg or ()),
        limit=limit,
        stop=stop,
        market=market,
        value=value,
        is_debit=debit,
        tif=tif,
        until=_day(until),
        file=file,
        external_id=external_id,
    )
    manner = ordering.Manner(account=account, yes=yes, as_json=as_json, wait_s=wait)
    end(ordering.run_submit(invocation, invocation.load(provider=provider).settings, ticket, manner))


def order_dry_run(  # noqa: PLR0913 - one parameter a flag
    context: typer.Context,
    symbol: OptionalSymbol = None,
    quantity: Quantity = None,
    *,
    buy: Side = None,
    opens: Opening = None,
    limit: Limit = None,
    stop: Stop = None,
    market: AtMarket = False,
    value: Value = None,
    tif: Tif = None,
    until: Until = None,
    leg: Legs = None,
    debit: Effect = None,
    file: OrderFile = None,
    account: AccountName = None,
    provider: ProviderName = None,
    as_json: AsJson = False,
) -> None:
    """
    Ask what an order would do: buying power, fees, warnings. Nothing is placed.

    Example: [bold]ttapi order dry-run AAPL 100 --sell --open --limit 310[/]

    Example: [bold]ttapi order dry-run SPY 1 --buy --market --json | jq .request[/]
    """
    from ttapi_onboarding import ordering
    from ttapi_onboarding.tickets import Ticket

    invocation = invocation_of(context)
    ticket = Ticket(
        symbol=symbol,
        quantity=quantity,
        buys=buy,
        opens=opens,
        legs=tuple(leg or ()),
        limit=limit,
        stop=stop,
        market=market,
        value=value,
        is_debit=debit,
        tif=tif,
        until=_day(until),
        file=file,
    )
    manner = ordering.Manner(account=account, as_json=as_json)
    end(ordering.run_dry_run(invocation, invocation.load(provider=provider).settings, ticket, manner))


def order_replace(  # noqa: PLR0913 - one parameter a flag
    context: typer.Context,
    order_id: OrderId,
    *,
    limit: Limit = None,
    stop: Stop = None,
    market: AtMarket = False,
    debit: Effect = None,
    tif: Tif = None,
    until: Until = None,
    account: AccountName = None,
    provider: ProviderName = None,
    wait: Wait = 0.0,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """
    Change price or time of an order. The broker ends it and makes another, with a new id.

    What no flag says stays as it was. With real money you are asked first.
    Exit codes as of ttapi order submit.

    Example: [bold]ttapi order replace 430001 --limit 612.10[/]
    """
    from ttapi_onboarding import ordering
    from ttapi_onboarding.tickets import Ticket

    invocation = invocation_of(context)
    ticket = Ticket(limit=limit, stop=stop, market=market, is_debit=debit, tif=tif, until=_day(until))
    manner = ordering.Manner(account=account, yes=yes, as_json=as_json, wait_s=wait)
    settings = invocation.load(provider=provider).settings
    end(ordering.run_replace(invocation, settings, order_id, ticket, manner))


def order_cancel(
    context: typer.Context,
    order_id: OrderId,
    *,
    account: AccountName = None,
    provider: ProviderName = None,
    wait: Wait = 0.0,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """
    Ask for an order's end. It may be filled before that: --wait tells.

    With real money you are asked first.

    Example: [bold]ttapi order cancel 430001 --wait 5[/]
    """
    from ttapi_onboarding import ordering

    invocation = invocation_of(context)
    manner = ordering.Manner(account=account, yes=yes, as_json=as_json, wait_s=wait)
    end(ordering.run_cancel(invocation, invocation.load(provider=provider).settings, order_id, manner))


def chain(
    context: typer.Context,
    symbol: Symbol,
    *,
    expiration: Annotated[
        datetime | None,
        typer.Option("--expiration", "-e", formats=["%Y-%m-%d"], metavar="DATE", help="Which; else a list."),
    ] = None,
    strikes: Annotated[
        int | None,
        typer.Option("--strikes", "-n", min=0, help="So many around the money, 0 for all; 12 in a table."),
    ] = None,
    root: Annotated[
        str | None, typer.Option(metavar="ROOT", help="Only this root, such as SPXW of SPX.")
    ] = None,
    provider: ProviderName = None,
    as_json: AsJson = False,
) -> None:
    """
    List the expirations of options on an equity, an index or a future, or show one.

    Example: [bold]ttapi chain SPY --expiration 2026-12-18 --strikes 20[/]
    """
    from ttapi_onboarding import chains

    invocation = invocation_of(context)
    end(
        chains.run(
            invocation,
            invocation.load(provider=provider).settings,
            symbol,
            expiration=_day(expiration),
            root=root,
            strikes=strikes,
            as_json=as_json,
        )
    )


def quote(
    context: typer.Context,
    symbols: Annotated[
        list[str],
        typer.Argument(metavar="SYMBOLS", help="Instruments of any kind.", autocompletion=completion.symbols),
    ],
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="As they move, until Ctrl-C.")] = False,
    lasting: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="With --follow: for so long, such as 30s or 5m."),
    ] = None,
    provider: ProviderName = None,
    as_json: AsJson = False,
) -> None:
    """
    Show bid, ask, last, change and volume, once or as they move.

    --follow draws a live table on a terminal; with --json, or in a pipe, it
    writes one JSON object a line. Gaps of the stream are shown and counted.

    Exit codes: 0, 3 if one of several symbols is not known, 2 if none is,
    130 after Ctrl-C.

    Example: [bold]ttapi quote SPY AAPL --follow[/]
    """
    from ttapi_core.errors import ParameterError
    from ttapi_onboarding import quoting
    from ttapi_onboarding.durations import parse_duration

    until = None if lasting is None else parse_duration(lasting)
    if lasting is not None and (until is None or not follow):
        raise ParameterError("--for", lasting, "a time such as 30s or 5m, with --follow")
    invocation = invocation_of(context)
    settings = invocation.load(provider=provider).settings
    if follow:
        end(quoting.run_follow(invocation, settings, symbols, until=until, as_json=as_json))
        return
    end(quoting.run(invocation, settings, symbols, as_json=as_json))


def register(app: typer.Typer) -> None:
    """Add every command of a broker to ``app``, in the order of its help."""
    app.command()(accounts)
    app.command()(positions)
    app.command()(orders)
    order: dict[str, Callable[..., None]] = {
        "submit": order_submit,
        "dry-run": order_dry_run,
        "replace": order_replace,
        "cancel": order_cancel,
    }
    app.add_typer(group("Try out, place, replace and cancel orders.", **order), name="order")
    app.command()(chain)
    app.command()(quote)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment is not None else None
