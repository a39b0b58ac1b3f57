# SPDX-License-Identifier: Apache-2.0
"""``ttapi quote``: markets once, or as they move."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_core.errors import ParameterError
from ttapi_onboarding.amounts import plain
from ttapi_onboarding.brokerage import broker_session
from ttapi_onboarding.columns import show_fitted
from ttapi_onboarding.exits import ExitCode
from ttapi_onboarding.quote_board import QuoteBoard, quote_columns
from ttapi_onboarding.screens import note, stdout_console, stdout_is_terminal, stream_line, warn, write_json
from ttapi_onboarding.written import instrument

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from ttapi_core import Broker, FeedGap, MarketSnapshot, MarketWatch, Symbol
    from ttapi_onboarding.brokerage import BrokerSession
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings

DRAWS_PER_S: Final = 4
FRACTION_STEP: Final = Decimal("0.000001")
"""A fraction of two prices has no end; it is rounded to this."""


def run(invocation: Invocation, settings: Settings, texts: Sequence[str], *, as_json: bool) -> ExitCode:
    """Show markets once; `ExitCode.MISSING` if the broker does not know one of several."""
    symbols = _symbols(texts)
    with broker_session(invocation, settings, trades=False) as session:
        found = session.ask(session.broker.snapshots(symbols))
        label = session.label
    unknown = _unknown(symbols, found)
    if as_json or not stdout_is_terminal():
        write_json([snapshot_document(market) for market in found])
    else:
        show_fitted(f"quotes · times in UTC · {label}", quote_columns(found))
    if unknown:
        warn(f"not known to the broker: {', '.join(map(str, unknown))}")
    return ExitCode.MISSING if unknown else ExitCode.COMPLETE


def _symbols(texts: Sequence[str]) -> list[Symbol]:
    return list(dict.fromkeys(map(instrument, texts)))


def _unknown(symbols: Sequence[Symbol], found: Sequence[MarketSnapshot]) -> list[Symbol]:
    known = {market.symbol for market in found}
    unknown = [symbol for symbol in symbols if symbol not in known]
    if len(unknown) == len(symbols):
        names = ", ".join(map(str, unknown))
        raise ParameterError("symbol", names, "an instrument that the broker knows")
    return unknown


def snapshot_document(market: MarketSnapshot) -> dict[str, Any]:
    """Return a market as JSON has it: every field, and the change."""
    fraction = market.change_fraction
    return {
        **plain(market),
        "change": plain(market.change),
        "change_fraction": plain(fraction.quantize(FRACTION_STEP) if fraction is not None else None),
    }


def run_follow(
    invocation: Invocation,
    settings: Settings,
    texts: Sequence[str],
    *,
    until: timedelta | None,
    as_json: bool,
) -> ExitCode:
    """
    Show markets as they move, until Ctrl-C or for a time.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C, with what was seen.
    """
    symbols = _symbols(texts)
    with broker_session(invocation, settings, trades=False) as session:
        board = QuoteBoard(label=session.label)
        limit_s = until.total_seconds() if until is not None else None
        try:
            session.ask(_follow(session, symbols, board, limit_s=limit_s, as_json=as_json))
        except KeyboardInterrupt:
            raise KeyboardInterrupt(board.summary) from None
    note(board.summary)
    return ExitCode.COMPLETE


async def _follow(
    session: BrokerSession,
    symbols: Sequence[Symbol],
    board: QuoteBoard,
    *,
    limit_s: float | None,
    as_json: bool,
) -> None:
    for_programs = as_json or not stdout_is_terminal()
    first = await session.broker.snapshots(symbols)
    for symbol in _unknown(symbols, first):
        warn(f"not known to the broker: {symbol}")
    for market in first:
        board.put(market, is_update=False)
        if for_programs:
            stream_line(json.dumps(snapshot_document(market)))
    known = [market.symbol for market in first]
    limit = asyncio.timeout(limit_s)
    try:
        async with limit:
            if for_programs:
                await _write_lines(session.broker, known, board)
            else:
                await _draw(session.broker, known, board)
    except TimeoutError:
        # A request that took too long is such an error as well.
        if not limit.expired():
            raise


async def _write_lines(broker: Broker, symbols: Sequence[Symbol], board: QuoteBoard) -> None:
    async with broker.watch(symbols) as watch, aclosing(watch.updates()) as updates:
        async for update in updates:
            if not stream_line(json.dumps(_taken(board, watch, update))):
                return  # the reader has seen enough: ttapi quote SPY --follow | head


def _taken(board: QuoteBoard, watch: MarketWatch, update: MarketSnapshot | FeedGap) -> dict[str, Any]:
    from ttapi_core import FeedGap

    board.look_at(watch)
    if isinstance(update, FeedGap):
        board.put_gap(update)
        return {"gap": plain(update)}
    board.put(update)
    return snapshot_document(update)


async def _draw(broker: Broker, symbols: Sequence[Symbol], board: QuoteBoard) -> None:
    from rich.live import Live

    console = stdout_console()
    with Live(board.drawn(console.width), console=console, auto_refresh=False, transient=False) as live:
        async with broker.watch(symbols) as watch:
            reader = asyncio.create_task(_read(watch, board), name="quote-board")
            try:
                while not reader.done():
                    board.look_at(watch)
                    live.update(board.drawn(console.width), refresh=True)
                    await asyncio.wait([reader], timeout=1 / DRAWS_PER_S)
                reader.result()
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
                board.end()
                live.update(board.drawn(console.width), refresh=True)


async def _read(watch: MarketWatch, board: QuoteBoard) -> None:
    async with aclosing(watch.updates()) as updates:
        async for update in updates:
            _taken(board, watch, update)
