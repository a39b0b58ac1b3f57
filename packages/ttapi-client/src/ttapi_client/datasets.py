# SPDX-License-Identifier: Apache-2.0
"""
How tastytrade answers each dataset: which calls, and what comes of each key.

Every function here is an asynchronous generator that answers each key of its request exactly once. What an
outcome means stands in `provider`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ttapi_client.api import RequestTrace
from ttapi_client.bars import IsFinal, bars_of, finality_at, finality_of
from ttapi_client.fanning import each
from ttapi_client.instruments import chunks, chunks_by_length
from ttapi_client.logs import get_logger
from ttapi_client.market_data import QUOTES_PER_CALL, TYPE_PARAMETERS, MarketData
from ttapi_client.tastytrade import TastytradeClient
from ttapi_core import Account, Balance, DataAnswer, DataRequest, InstrumentKind, Outcome, Session, Symbol
from ttapi_core.errors import (
    ConfigurationError,
    DataError,
    GrantRefusedError,
    NotEntitledError,
    NotFoundError,
    ParameterError,
    RequestRefusedError,
    StreamInterruptedError,
    TTError,
    UsageError,
)

if TYPE_CHECKING:
    from ttapi_client.candle_history import CandleHistory
    from ttapi_client.candles import CandleSeries
    from ttapi_client.instruments import Equity
    from ttapi_core import Clock

_log = get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R")

_YEAR: Final = timedelta(days=365)
_EQUITIES_KEPT_S: Final = 60.0  # what was listed a moment ago is not asked for again
COLLECTIONS: Final = {"XNYS": "Equity", "XNAS": "Equity", "CMES": "CME"}
"""Instrument collection of each venue whose sessions are served."""

_ENDS_EVERYTHING: Final = (GrantRefusedError, ConfigurationError, UsageError)


@dataclass(slots=True)
class _EquityList:
    """Equities that were read a moment ago, by symbol."""

    rows: dict[str, Equity] = field(default_factory=dict)
    trace: RequestTrace = field(default_factory=RequestTrace)
    read_at_s: float = float("-inf")


class DatasetReader:
    """
    Reads the six datasets.

    Parameters
    ----------
    client
        The API.
    history
        Gives the connection that candle series come by, opened when first needed.
    clock
        Tells the time.
    workers
        Calls that are made at a time; the client has its own limit below.
    """

    def __init__(
        self,
        client: TastytradeClient,
        *,
        history: Callable[[], CandleHistory],
        clock: Clock,
        workers: int,
    ) -> None:
        self._client = client
        self._history = history
        self._clock = clock
        self._workers = workers
        self._recent = _EquityList()
        self.readers: Final[dict[str, Callable[[DataRequest], AsyncGenerator[DataAnswer, None]]]] = {
            "accounts": self._accounts,
            "symbols": self._symbols,
            "trading_days": self._trading_days,
            "quotes": self._quotes,
            "eod_data": self._eod_data,
            "expiration_series": self._expiration_series,
        }

    # Accounts

    async def _accounts(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        trace = RequestTrace()
        try:
            accounts = {account.number: account for account in await self._client.accounts(trace=trace)}
        except TTError as exc:
            if not request.keys:
                raise
            for key in request.keys:
                yield failed(request, key, exc)
            return
        for key in (key for key in request.keys if key not in accounts):
            yield _unknown(request, key, trace)

        async def read(key: str) -> DataAnswer:
            return await self._account(request, accounts[key])

        wanted = [key for key in request.keys or accounts if key in accounts]
        async with aclosing(each(wanted, read, workers=self._workers)) as answers:
            async for answer in answers:
                yield answer

    async def _account(self, request: DataRequest, account: Account) -> DataAnswer:
        trace = RequestTrace()
        try:
            balances = await self._client.balances(account.number, trace=trace)
            positions = await self._client.position_rows(account.number, trace=trace)
        except TTError as exc:
            return failed(request, account.number, exc)
        held = sum(row.get("quantity-direction") != "Zero" for row in positions)
        balance = next((b for b in balances if b.currency == account.currency), balances[0])
        return _fresh(request, account.number, _account_columns(account, balance, held), trace)

    # Symbols

    async def _symbols(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        recent = self._recently_listed()
        for key in (key for key in request.keys if key in recent.rows):
            yield _fresh(request, key, _equity_columns(recent.rows[key]), recent.trace)

        async def read(chunk: list[str]) -> list[DataAnswer]:
            return await self._symbols_of_chunk(request, chunk)

        others = chunks_by_length(key for key in request.keys if key not in recent.rows)
        async with aclosing(each(list(others), read, workers=self._workers)) as batches:
            async for batch in batches:
                for answer in batch:
                    yield answer

    def _recently_listed(self) -> _EquityList:
        if self._clock.monotonic() - self._recent.read_at_s > _EQUITIES_KEPT_S:
            self._recent = _EquityList()
        return self._recent

    async def _symbols_of_chunk(self, request: DataRequest, chunk: list[str]) -> list[DataAnswer]:
        trace = RequestTrace()
        refused: dict[str, DataError] = {}
        try:
            equities = self._client.equities_of_chunk(chunk, refused=refused, trace=trace)
            found = {equity.symbol: equity async for equity in equities}
        except (RequestRefusedError, NotFoundError) as exc:
            return await _halved(request, chunk, exc, lambda half: self._symbols_of_chunk(request, half))
        except TTError as exc:
            return [failed(request, key, exc) for key in chunk]
        columns = {symbol: _equity_columns(equity) for symbol, equity in found.items()}
        return [_answered(request, key, columns, refused, trace) for key in chunk]

    async def active_equities(self) -> list[Equity]:
        """Return every equity that is traded; they are remembered for a minute."""
        trace = RequestTrace()
        equities = [equity async for equity in self._client.active_equities(trace=trace)]
        self._recent = _EquityList({e.symbol: e for e in equities}, trace, self._clock.monotonic())
        return equities

    # Trading days

    async def _trading_days(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        for venue in request.keys:
            yield await self._trading_days_of(request, venue)

    async def _trading_days_of(self, request: DataRequest, venue: str) -> DataAnswer:
        trace = RequestTrace()
        if venue not in COLLECTIONS:
            return _unknown(request, venue, trace)
        until = request.until or max(self._clock.now().date(), request.since or date.min)
        since = request.since or until - _YEAR
        skipped: list[str] = []
        try:
            found = await self._client.sessions(
                since, until, collection=COLLECTIONS[venue], skipped=skipped, trace=trace
            )
        except TTError as exc:
            return failed(request, venue, exc)
        if skipped and not found:
            cause = DataError(f"none of {len(skipped)} sessions can be read: {skipped[0]}")
            answer = failed(request, venue, cause, trace)
            return replace(answer, skipped=tuple(skipped), skipped_count=len(skipped))
        return _fresh(request, venue, _session_columns(venue, found), trace, skipped=tuple(skipped))

    # Quotes

    async def _quotes(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        perhaps_indexes: list[str] = []
        async with aclosing(self._quotes_of(request, request.keys, None)) as answers:
            async for answer in answers:
                if answer.outcome is Outcome.UNKNOWN_SYMBOL and answer.cause is None:
                    perhaps_indexes.append(answer.key)  # an index looks like an equity
                else:
                    yield answer
        async with aclosing(self._quotes_of(request, perhaps_indexes, InstrumentKind.INDEX)) as answers:
            async for answer in answers:
                yield answer

    async def _quotes_of(
        self, request: DataRequest, keys: Iterable[str], kind: InstrumentKind | None
    ) -> AsyncGenerator[DataAnswer, None]:
        quoted = []
        for key in keys:
            refusal = _quotability(key, kind)
            if refusal is None:
                quoted.append(key)
            else:
                yield DataAnswer(
                    dataset=request.dataset,
                    key=key,
                    outcome=Outcome.UNKNOWN_SYMBOL,
                    cause=refusal,
                    attempts=0,
                )

        async def read(chunk: list[str]) -> list[DataAnswer]:
            return await self._quotes_of_chunk(request, chunk, kind)

        batches = each(list(chunks(quoted, QUOTES_PER_CALL)), read, workers=self._workers)
        async with aclosing(batches):
            async for batch in batches:
                for answer in batch:
                    yield answer

    async def _quotes_of_chunk(
        self, request: DataRequest, chunk: list[str], kind: InstrumentKind | None
    ) -> list[DataAnswer]:
        trace = RequestTrace()
        try:
            quotes = await self._client.market_data_of_chunk(chunk, kind=kind, trace=trace)
        except (RequestRefusedError, NotFoundError) as exc:
            return await _halved(request, chunk, exc, lambda half: self._quotes_of_chunk(request, half, kind))
        except TTError as exc:
            return [failed(request, key, exc) for key in chunk]
        columns = {symbol: _quote_columns(quote) for symbol, quote in quotes.found.items()}
        return [_answered(request, key, columns, quotes.refused, trace) for key in chunk]

    # Daily bars

    async def _eod_data(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        streamers: dict[str, list[str]] = {}
        for key in request.keys:
            try:
                streamers.setdefault(self._streamer_symbol(key), []).append(key)
            except TTError as exc:
                yield DataAnswer(
                    dataset=request.dataset, key=key, outcome=Outcome.UNKNOWN_SYMBOL, cause=exc, attempts=0
                )
        if not streamers:
            return
        today, is_final = await self._today_and_finality()
        since = request.since or min(request.until or today, today) - _YEAR
        candles = self._history().candles(streamers, since=since)
        without: list[DataAnswer] = []
        async with aclosing(candles) as results:
            async for streamer, result in results:
                for key in streamers[streamer]:
                    answer = _bars_answer(request, key, result, since, is_final)
                    if answer.outcome is Outcome.EMPTY and Symbol.parse(key).kind is InstrumentKind.EQUITY:
                        without.append(answer)
                    else:
                        yield answer
        async with aclosing(self._known_or_not(request, without)) as answers:
            async for answer in answers:
                yield answer

    def _streamer_symbol(self, key: str) -> str:
        equity = self._recently_listed().rows.get(key)
        return equity.streamer_symbol if equity is not None else Symbol.parse(key).streamer

    async def _today_and_finality(self) -> tuple[date, IsFinal]:
        now = self._clock.now()
        try:
            state = await self._client.market_state()
        except _ENDS_EVERYTHING:
            raise
        except TTError as exc:
            _log.warning("market_state_unknown", cause=exc.code, instead="the shipped calendar and our clock")
            return now.date(), finality_at(now)
        return state.session_date or now.date(), finality_of(state)

    # Expiration series

    async def _expiration_series(self, request: DataRequest) -> AsyncGenerator[DataAnswer, None]:
        without: list[DataAnswer] = []

        async def read(key: str) -> DataAnswer:
            return await self._expirations_of(request, key)

        async with aclosing(each(request.keys, read, workers=self._workers)) as answers:
            async for answer in answers:
                if answer.outcome is Outcome.EMPTY:
                    without.append(answer)
                else:
                    yield answer
        async with aclosing(self._known_or_not(request, without)) as answers:
            async for answer in answers:
                yield answer

    async def _expirations_of(self, request: DataRequest, key: str) -> DataAnswer:
        trace = RequestTrace()
        try:
            series = await self._client.expiration_series(key, trace=trace)
        except NotFoundError as exc:  # perhaps empty; what the server knows of the symbol decides
            return replace(failed(request, key, exc), outcome=Outcome.EMPTY)
        except TTError as exc:
            return failed(request, key, exc)
        if not len(series) and not series.skipped:
            return _empty(request, key, trace)
        if not len(series):
            cause = DataError(f"none of {len(series.skipped)} expirations can be read: {series.skipped[0]}")
            answer = failed(request, key, cause, trace)
            return replace(answer, skipped=series.skipped, skipped_count=len(series.skipped))
        return _fresh(request, key, series.columns, trace, skipped=series.skipped)

    async def _known_or_not(
        self, request: DataRequest, without: list[DataAnswer]
    ) -> AsyncGenerator[DataAnswer, None]:
        """Tell who has no rows from who does not exist: the server says the same of both."""
        by_key = {answer.key: answer for answer in without}
        asked = DataRequest(dataset=request.dataset, keys=tuple(by_key))
        async with aclosing(self._symbols(asked)) as answers:
            async for listed in answers:
                answer = by_key[listed.key]
                if listed.outcome is Outcome.FRESH:
                    yield replace(answer, cause=None)
                elif listed.outcome is Outcome.UNKNOWN_SYMBOL:
                    yield replace(answer, outcome=Outcome.UNKNOWN_SYMBOL)
                else:
                    yield replace(answer, outcome=listed.outcome, cause=listed.cause)


async def _halved(
    request: DataRequest,
    chunk: list[str],
    cause: RequestRefusedError | NotFoundError,
    read: Callable[[list[str]], Awaitable[list[DataAnswer]]],
) -> list[DataAnswer]:
    # One symbol that the server dislikes must not cost the others theirs: it is found by halving.
    if len(chunk) > 1:
        middle = len(chunk) // 2
        return await read(chunk[:middle]) + await read(chunk[middle:])
    answer = failed(request, chunk[0], cause)
    return [replace(answer, outcome=Outcome.UNKNOWN_SYMBOL) if isinstance(cause, NotFoundError) else answer]


def _quotability(key: str, kind: InstrumentKind | None) -> TTError | None:
    if kind is not None:
        return None
    try:
        symbol = Symbol.parse(key)
    except TTError as exc:
        return exc
    if symbol.kind in TYPE_PARAMETERS:
        return None
    return ParameterError("symbol", key, "an instrument of a kind that is quoted")


# Answers


def failed(request: DataRequest, key: str, cause: TTError, trace: RequestTrace | None = None) -> DataAnswer:
    """
    Make the answer for a key of which ``cause`` kept the rows.

    Raises
    ------
    GrantRefusedError, ConfigurationError, UsageError
        The cause itself, if it makes every further answer impossible.
    """
    if isinstance(cause, _ENDS_EVERYTHING):
        raise cause
    return DataAnswer(
        dataset=request.dataset,
        key=key,
        outcome=Outcome.NOT_ENTITLED if isinstance(cause, NotEntitledError) else Outcome.FAILED,
        cause=cause,
        attempts=trace.attempts if trace is not None else max(1, cause.attempts),
        request_id=getattr(cause, "request_id", "") or (trace.request_id if trace is not None else ""),
    )


def _fresh(
    request: DataRequest,
    key: str,
    columns: dict[str, list[Any]],
    trace: RequestTrace,
    *,
    skipped: tuple[str, ...] = (),
) -> DataAnswer:
    return DataAnswer(
        dataset=request.dataset,
        key=key,
        outcome=Outcome.FRESH,
        columns=columns,
        attempts=trace.attempts,
        request_id=trace.request_id,
        skipped=skipped,
        skipped_count=len(skipped),
    )


def _unknown(request: DataRequest, key: str, trace: RequestTrace) -> DataAnswer:
    return _without_rows(request, key, Outcome.UNKNOWN_SYMBOL, trace)


def _empty(request: DataRequest, key: str, trace: RequestTrace) -> DataAnswer:
    return _without_rows(request, key, Outcome.EMPTY, trace)


def _without_rows(request: DataRequest, key: str, outcome: Outcome, trace: RequestTrace) -> DataAnswer:
    return DataAnswer(
        dataset=request.dataset,
        key=key,
        outcome=outcome,
        attempts=trace.attempts,
        request_id=trace.request_id,
    )


def _answered(
    request: DataRequest,
    key: str,
    columns: Mapping[str, dict[str, list[Any]]],
    refused: Mapping[str, TTError],
    trace: RequestTrace,
) -> DataAnswer:
    if key in columns:
        return _fresh(request, key, columns[key], trace)
    if key in refused:
        return failed(request, key, refused[key], trace)
    return _unknown(request, key, trace)


def _bars_answer(
    request: DataRequest, key: str, result: CandleSeries | TTError, since: date, is_final: IsFinal
) -> DataAnswer:
    if isinstance(result, TTError):
        return failed(request, key, result)
    trace = RequestTrace(attempts=result.attempts)
    if result.silent:  # no word of it proves nothing
        silence = StreamInterruptedError(f"no answer for {key}, while others were answered")
        return failed(request, key, silence, trace)
    bars = bars_of(key, result, since=since, until=request.until, is_final=is_final)
    if len(bars):
        answer = _fresh(request, key, bars.columns, trace)
    elif bars.skipped:  # there were some
        answer = failed(request, key, DataError(f"no bar of {key} can be had: {bars.skipped[0]}"), trace)
    else:
        return _empty(request, key, trace)
    return replace(answer, skipped=bars.skipped, skipped_count=bars.skipped_count)


def _account_columns(account: Account, balance: Balance, position_count: int) -> dict[str, list[Any]]:
    row = {
        "account_number": account.number,
        "nickname": account.nickname,
        "account_type": account.account_type,
        "margin_or_cash": account.margin_or_cash,
        "opened_at": account.opened_at,
        "is_closed": account.is_closed,
        "currency": balance.currency,
        "cash_balance": balance.cash_balance,
        "net_liquidating_value": balance.net_liquidating_value,
        "equity_buying_power": balance.equity_buying_power,
        "derivative_buying_power": balance.derivative_buying_power,
        "maintenance_requirement": balance.maintenance_requirement,
        "position_count": position_count,
    }
    return {name: [value] for name, value in row.items()}


_EQUITY_COLUMNS: Final = (
    "symbol",
    "description",
    "instrument_type",
    "is_etf",
    "is_index",
    "active",
    "is_closing_only",
    "listed_market",
    "lendability",
    "streamer_symbol",
)
_QUOTE_COLUMNS: Final = (
    "symbol",
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "mid",
    "mark",
    "last",
    "open",
    "high",
    "low",
    "close",
    "prev_close",
    "volume",
    "is_halted",
    "quoted_at",
)


def _equity_columns(equity: Equity) -> dict[str, list[Any]]:
    return {name: [getattr(equity, name)] for name in _EQUITY_COLUMNS}


def _quote_columns(quote: MarketData) -> dict[str, list[Any]]:
    return {name: [getattr(quote, name)] for name in _QUOTE_COLUMNS}


def _session_columns(venue: str, found: Sequence[Session]) -> dict[str, list[Any]]:
    return {
        "venue": [venue] * len(found),
        "date": [session.date for session in found],
        "open_at": [session.open_at for session in found],
        "close_at": [session.close_at for session in found],
        "early_close": [session.early_close for session in found],
    }
