# SPDX-License-Identifier: Apache-2.0
"""``ttapi chain``: the expirations of an underlying, and the calls and puts of one."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_core.errors import NotFoundError, ParameterError
from ttapi_onboarding.amounts import plain, price_text, price_texts, quantity_text
from ttapi_onboarding.brokerage import broker_session
from ttapi_onboarding.columns import Column, show_fitted
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.screens import note, stdout_is_terminal, write_json
from ttapi_onboarding.written import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ttapi_core import Broker, MarketSnapshot, OptionExpiration, OptionStrike, Symbol
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings

STRIKES_SHOWN: Final = 12
"""Strikes of an expiration that a terminal shows, if none are asked for."""
_NEAR: Final = 3


def run(
    invocation: Invocation,
    settings: Settings,
    text: str,
    *,
    expiration: date | None,
    root: str | None,
    strikes: int | None,
    as_json: bool,
) -> ExitCode:
    """List the expirations of an underlying, or show the options of one with their markets."""
    symbol = instrument(text)
    for_programs = as_json or not stdout_is_terminal()
    shown = strikes if strikes is not None else 0 if for_programs else STRIKES_SHOWN
    with broker_session(invocation, settings, trades=False) as session:
        try:
            expirations = session.ask(session.broker.option_expirations(symbol))
        except NotFoundError as exc:
            raise ParameterError("symbol", symbol.canonical, "an instrument with options on it") from exc
        if root is not None:
            expirations = [row for row in expirations if row.root == root.upper()]
        found = _of_day(expirations, expiration)
        underlying, chosen, markets = session.ask(_markets(session.broker, symbol, found, shown))
    if for_programs:
        write_json(_document(symbol, underlying, expirations, chosen, markets))
    elif expiration is None:
        _show_expirations(symbol, underlying, expirations, label=session.label)
    else:
        for row in chosen:
            _show(row, underlying, markets, label=session.label)
    return ExitCode.COMPLETE


def _of_day(expirations: Sequence[OptionExpiration], day: date | None) -> list[OptionExpiration]:
    if day is None:
        return []
    found = [row for row in expirations if row.expiration == day]
    if found:
        return found
    days = sorted({row.expiration for row in expirations}, key=lambda other: abs((other - day).days))
    near = ", ".join(str(other) for other in sorted(days[:_NEAR]))
    raise ParameterError("--expiration", day, f"a day on which options end, such as {near or '(none)'}")


async def _markets(
    broker: Broker, symbol: Symbol, expirations: Sequence[OptionExpiration], shown: int
) -> tuple[MarketSnapshot | None, list[OptionExpiration], dict[Symbol, MarketSnapshot]]:
    """Return the underlying, the expirations with the strikes that are shown, and the markets of those."""
    told = await broker.snapshots([symbol])
    underlying = told[0] if told else None
    chosen = [around_the_money(row, underlying, shown) for row in expirations]
    options = [
        option for row in chosen for strike in row.strikes for option in (strike.call, strike.put) if option
    ]
    markets = await broker.snapshots(options) if options else ()
    return underlying, chosen, {market.symbol: market for market in markets}


def around_the_money(
    row: OptionExpiration, underlying: MarketSnapshot | None, count: int
) -> OptionExpiration:
    """Return an expiration with the ``count`` strikes nearest to the underlying's price; 0 keeps all."""
    from dataclasses import replace

    if not 0 < count < len(row.strikes):
        return row
    price = None if underlying is None else middle(underlying)
    if price is None:
        price = row.strikes[len(row.strikes) // 2].strike
    nearest = sorted(row.strikes, key=lambda strike: (abs(strike.strike - price), strike.strike))[:count]
    return replace(row, strikes=tuple(sorted(nearest, key=lambda strike: strike.strike)))


def middle(market: MarketSnapshot) -> Decimal | None:
    """Return the last price, or the middle of bid and ask, or None."""
    if market.last is not None:
        return market.last
    if market.bid is None or market.ask is None:
        return None
    return (market.bid + market.ask) / 2


def _document(
    symbol: Symbol,
    underlying: MarketSnapshot | None,
    expirations: Sequence[OptionExpiration],
    chosen: Sequence[OptionExpiration],
    markets: Mapping[Symbol, MarketSnapshot],
) -> dict[str, Any]:
    def option(name: Symbol | None) -> dict[str, Any] | None:
        if name is None:
            return None
        market = markets.get(name)
        names = ("bid", "ask", "bid_size", "ask_size", "last", "volume", "open_interest", "time")
        return {
            "symbol": name.canonical,
            "streamer_symbol": None if name.canonical.startswith("./") else name.streamer,
            **{field: plain(getattr(market, field, None)) for field in names},
        }

    def described(row: OptionExpiration) -> dict[str, Any]:
        return {name: value for name, value in plain(row).items() if name != "strikes"}

    return {
        "symbol": symbol.canonical,
        "underlying": plain(underlying),
        "expirations": [
            {
                **described(row),
                "strike_count": len(row.strikes),
                "strike_min": plain(row.strikes[0].strike) if row.strikes else None,
                "strike_max": plain(row.strikes[-1].strike) if row.strikes else None,
            }
            for row in expirations
        ],
        "chains": [
            {
                **described(row),
                "strikes": [
                    {
                        "strike": plain(strike.strike),
                        "call": option(strike.call),
                        "put": option(strike.put),
                    }
                    for strike in row.strikes
                ],
            }
            for row in chosen
        ],
    }


def _show_expirations(
    symbol: Symbol,
    underlying: MarketSnapshot | None,
    rows: Sequence[OptionExpiration],
    *,
    label: str,
) -> None:
    show_fitted(
        f"options on {symbol}{_at(underlying)} · {label}",
        [
            Column(heading="expiration", cells=[str(row.expiration) for row in rows], is_left=True),
            Column(heading="days", cells=[f"{row.days_to_expiration:,}" for row in rows]),
            Column(heading="root", cells=[row.root for row in rows], is_left=True),
            Column(heading="type", cells=[row.expiration_type for row in rows], is_left=True),
            Column(heading="settles", cells=[row.settlement_type for row in rows], rank=2, is_left=True),
            Column(heading="strikes", cells=[f"{len(row.strikes):,}" for row in rows]),
            Column(heading="lowest", cells=[_end(row, 0) for row in rows], rank=1),
            Column(heading="highest", cells=[_end(row, -1) for row in rows], rank=1),
        ],
    )
    if rows:
        note(f"--expiration {rows[0].expiration} shows its calls and puts")


def _end(row: OptionExpiration, index: int) -> str | None:
    return price_text(row.strikes[index].strike) if row.strikes else None


def _at(underlying: MarketSnapshot | None) -> str:
    price = None if underlying is None else price_text(middle(underlying))
    return f" at {price}" if price is not None else ""


def _show(
    row: OptionExpiration,
    underlying: MarketSnapshot | None,
    markets: Mapping[Symbol, MarketSnapshot],
    *,
    label: str,
) -> None:
    days = f"{row.days_to_expiration:,} days"
    kind = " ".join(word for word in (row.expiration_type, row.settlement_type) if word)
    price_known = f"underlying{_at(underlying) or ' not quoted'}"
    title = f"{row.root} {row.expiration} · {days}, {kind} · {price_known} · {label}"
    price = None if underlying is None else middle(underlying)
    calls = [markets.get(strike.call) if strike.call else None for strike in row.strikes]
    puts = [markets.get(strike.put) if strike.put else None for strike in row.strikes]
    # What is out of the money is dim: the price of the underlying is where that changes sides.
    in_money_calls = [price is not None and strike.strike < price for strike in row.strikes]
    in_money_puts = [price is not None and strike.strike > price for strike in row.strikes]
    show_fitted(
        title,
        [
            _numbers("call vol", calls, "volume", rank=2),
            _numbers("call oi", calls, "open_interest", rank=3),
            _prices("call bid", calls, "bid", in_money_calls),
            _prices("call ask", calls, "ask", in_money_calls),
            _prices("last", calls, "last", in_money_calls, rank=1),
            Column(heading="strike", cells=[_strike_text(strike) for strike in row.strikes]),
            _prices("put bid", puts, "bid", in_money_puts),
            _prices("put ask", puts, "ask", in_money_puts),
            _prices("last", puts, "last", in_money_puts, rank=1),
            _numbers("put vol", puts, "volume", rank=2),
            _numbers("put oi", puts, "open_interest", rank=3),
        ],
    )


def _strike_text(strike: OptionStrike) -> Any:  # noqa: ANN401 - text with a style
    from rich.text import Text

    return Text(price_text(strike.strike) or "-", style="bold cyan")


def _prices(
    heading: str,
    markets: Sequence[MarketSnapshot | None],
    name: str,
    in_money: Sequence[bool],
    *,
    rank: int = 0,
) -> Column:
    from rich.text import Text

    texts = price_texts(getattr(market, name, None) for market in markets)
    cells = [
        Text(text or "-", style="" if is_in else "dim") for text, is_in in zip(texts, in_money, strict=True)
    ]
    return Column(heading=heading, cells=cells, rank=rank)


def _numbers(heading: str, markets: Sequence[MarketSnapshot | None], name: str, *, rank: int) -> Column:
    cells = [quantity_text(getattr(market, name, None)) for market in markets]
    return Column(heading=heading, cells=cells, rank=rank)
