# SPDX-License-Identifier: Apache-2.0
"""
The tastytrade REST API, typed.

Reading is lenient (unknown, missing and null fields are no fault, numbers may be texts) and strict where
money is concerned. An answer about another instrument than the asked one, a truncated one and an empty one
are asked for again by the client before they become an error. Methods take a `RequestTrace` to tell which
requests they made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ttapi_client.accounts import account_of, balance_of, position_of
from ttapi_client.api import Api, RequestTrace, check_symbols, gathered
from ttapi_client.instruments import (
    Equity,
    ExpirationSeries,
    OptionChain,
    chain_of,
    check_chain,
    equity_of,
    expiration_series_of,
)
from ttapi_client.market_data import (
    QUOTES_PER_CALL,
    REGULAR_HOURS,
    SESSIONS_PER_CALL,
    TYPE_PARAMETERS,
    Holidays,
    MarketData,
    MarketState,
    QuoteToken,
    holidays_of,
    market_data_of,
    market_state_of,
    quote_token_of,
    session_of,
)
from ttapi_client.wire import Row, items_of, rows_of, text_of
from ttapi_core import Account, Balance, InstrumentKind, Position, Session, Symbol
from ttapi_core.errors import AnswerMismatchError, DataError, DecodeError, ParameterError

if TYPE_CHECKING:
    from ttapi_client.client import ResilientClient

QUERY_BYTES_MAX: Final = 6000
"""Symbols in the query of one call take no more than this."""
SESSION_COLLECTIONS: Final = ("Equity", "CME", "CFE")


@dataclass(slots=True)
class MarketDataAnswer:
    """
    What one call for quotes brought.

    Parameters
    ----------
    found
        Quotes by symbol. An asked symbol that is neither here nor in ``refused`` is not known to the server.
    refused
        By symbol: why a quote that came cannot be used.
    """

    found: dict[str, MarketData] = field(default_factory=dict)
    refused: dict[str, DataError | AnswerMismatchError] = field(default_factory=dict)


class TastytradeClient:
    """
    The calls of the tastytrade API.

    Parameters
    ----------
    client
        Sends the requests, with limits, retries and credentials; it is not closed here.
    """

    def __init__(self, client: ResilientClient) -> None:
        self._api = Api(client)

    # Accounts

    async def accounts(self, *, trace: RequestTrace | None = None) -> list[Account]:
        """
        Return the customer's accounts, closed ones too.

        Raises
        ------
        DataError
            If one of them cannot be read.
        TTError
            If the call failed.
        """
        items = await self._api.items("/customers/me/accounts", trace=trace)
        return [
            account_of(item["account"] if isinstance(item.get("account"), dict) else item) for item in items
        ]

    async def balances(self, number: str, *, trace: RequestTrace | None = None) -> list[Balance]:
        """
        Return the balances of an account, one a currency.

        Raises
        ------
        DataError
            If an amount is missing or no finite decimal number.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """

        def check(items: list[Row]) -> None:
            _check_account(items, number)
            if not items:
                raise DecodeError(f"account {number} was answered without a balance")

        rows = await self._api.items(
            "/accounts/{number}/balances", segments={"number": number}, check=check, trace=trace
        )
        return [balance_of(row, read_at=datetime.now(UTC)) for row in rows]

    async def positions(self, number: str, *, trace: RequestTrace | None = None) -> list[Position]:
        """
        Return the positions of an account; those closed today are there with quantity zero until the night.

        Raises
        ------
        DataError
            If one cannot be read.
        NotFoundError, NotEntitledError
            If there is no such account, or not for these credentials.
        """
        return [position_of(row) for row in await self.position_rows(number, trace=trace)]

    async def position_rows(self, number: str, *, trace: RequestTrace | None = None) -> list[Row]:
        """Return the positions of an account as they came, for callers that need less than all fields."""
        return await self._api.items(
            "/accounts/{number}/positions",
            segments={"number": number},
            check=lambda items: _check_account(items, number),
            trace=trace,
        )

    # Instruments

    def active_equities(self, *, trace: RequestTrace | None = None) -> AsyncIterator[Equity]:
        """
        Yield every equity, fund and index that is traded, page by page.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        pages = self._api.pages("/instruments/equities/active", check=_check_named, trace=trace)
        return self._equities(pages)

    async def equities(
        self, symbols: Iterable[str], *, trace: RequestTrace | None = None
    ) -> AsyncIterator[Equity]:
        """
        Yield the equities, funds and indexes of these symbols, in as few calls as their length allows.

        Unknown symbols are left out.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        for chunk in chunks_by_length(symbols):
            async for equity in self.equities_of_chunk(chunk, trace=trace):
                yield equity

    def equities_of_chunk(
        self,
        symbols: Sequence[str],
        *,
        refused: dict[str, DataError] | None = None,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[Equity]:
        """
        Yield the equities of the symbols of one call; see `equities` and `chunks_by_length`.

        Parameters
        ----------
        symbols
            As many as a query holds.
        refused
            Takes, by symbol, why one cannot be read; None raises instead.
        trace
            Takes note of the requests.
        """
        asked = frozenset(symbols)
        pages = self._api.pages(
            "/instruments/equities",
            params={"symbol[]": list(symbols)},
            check=lambda items: check_symbols(items, asked),
            trace=trace,
        )
        return self._equities(pages, refused)

    async def _equities(
        self, pages: AsyncIterator[list[Row]], refused: dict[str, DataError] | None = None
    ) -> AsyncIterator[Equity]:
        async for rows in pages:
            for row in rows:
                try:
                    equity = equity_of(row)
                except DataError as exc:
                    if refused is None:
                        raise
                    refused[str(row.get("symbol"))] = exc
                else:
                    yield equity

    async def nested_option_chain(
        self, symbol: str, *, trace: RequestTrace | None = None
    ) -> list[OptionChain]:
        """
        Return the options of an underlying, one chain a root.

        Raises
        ------
        DataError
            If a field is missing or cannot be read.
        NotFoundError
            If the underlying is unknown, or has no options: the server does not tell these apart.
        AnswerMismatchError
            If another underlying's chain was answered, again and again.
        """
        return [chain_of(item) for item in items_of(await self._chain(symbol, trace))]

    async def expiration_series(self, symbol: str, *, trace: RequestTrace | None = None) -> ExpirationSeries:
        """
        Return the expirations of an underlying as columns; much cheaper than `nested_option_chain`.

        Raises
        ------
        NotFoundError
            If the underlying is unknown, or has no options: the server does not tell these apart.
        AnswerMismatchError
            If another underlying's chain was answered, again and again.
        """
        return expiration_series_of(await self._chain(symbol, trace), symbol)

    async def _chain(self, symbol: str, trace: RequestTrace | None) -> Any:  # noqa: ANN401 - JSON is any value
        return await self._api.call(
            "GET",
            "/option-chains/{symbol}/nested",
            segments={"symbol": symbol},
            check=lambda body: check_chain(items_of(body), symbol),
            trace=trace,
        )

    # Market data

    async def market_data(
        self, symbols: Iterable[str], *, kind: InstrumentKind | None = None, trace: RequestTrace | None = None
    ) -> list[MarketData]:
        """
        Return quotes of any number of instruments, 100 a call; unknown symbols are left out.

        Parameters
        ----------
        symbols
            REST symbols.
        kind
            What they are; None goes by the form of each (an index looks like an equity and has to be named).

        Raises
        ------
        DataError
            If a quote cannot be read.
        TTError
            If a call failed.
        """
        quotes: list[MarketData] = []
        for chunk in chunks(symbols, QUOTES_PER_CALL):
            answer = await self.market_data_of_chunk(chunk, kind=kind, trace=trace)
            for refusal in answer.refused.values():
                raise refusal
            quotes += answer.found.values()
        return quotes

    async def market_data_of_chunk(
        self, symbols: Sequence[str], *, kind: InstrumentKind | None = None, trace: RequestTrace | None = None
    ) -> MarketDataAnswer:
        """
        Ask for the quotes of at most 100 instruments in one call; what is wrong with one leaves the others.

        A quote of another instrument is asked for again; if it stays, the other quotes of the answer are
        used, and each asked symbol without a quote is refused.

        Raises
        ------
        ParameterError
            If there are more than 100 symbols, or one is of a kind that has no quotes here.
        TTError
            If the call failed.
        """
        if not 0 < len(symbols) <= QUOTES_PER_CALL:
            raise ParameterError("symbols", symbols, f"1 to {QUOTES_PER_CALL} symbols")
        asked = frozenset(symbols)
        latest: list[Row] = []

        def check(items: list[Row]) -> None:
            latest[:] = items
            check_symbols(items, asked)

        mismatch: AnswerMismatchError | None = None
        try:
            await self._api.items(
                "/market-data/by-type", params=_by_type(symbols, kind), check=check, trace=trace
            )
        except AnswerMismatchError as exc:
            mismatch = exc
        return _market_data_answer(latest, symbols, mismatch)

    # Trading days

    async def _sessions_of_span(
        self, collection: str, span: tuple[date, date], trace: RequestTrace | None
    ) -> list[Row]:
        params = {"from-date": str(span[0]), "to-date": str(span[1]), "instrument-collection": collection}
        return await self._api.items("/market-time/sessions", params=params, trace=trace)

    async def sessions(
        self,
        first: date,
        last: date,
        *,
        collection: str = "Equity",
        skipped: list[str] | None = None,
        trace: RequestTrace | None = None,
    ) -> list[Session]:
        """
        Return the sessions from ``first`` to ``last``, both inclusive, in order of time, nine months a call.

        Parameters
        ----------
        first, last
            Trading days.
        collection
            ``Equity``, ``CME`` or ``CFE``.
        skipped
            Takes one text for each session that cannot be read; None raises instead.
        trace
            Takes note of the requests.

        Raises
        ------
        ParameterError
            If the collection is unknown, or ``first`` is after ``last``.
        DataError
            If a session cannot be read.
        TTError
            If a call failed.
        """
        if collection not in SESSION_COLLECTIONS:
            raise ParameterError("collection", collection, f"one of {', '.join(SESSION_COLLECTIONS)}")
        if first > last:
            raise ParameterError("first", first, f"a day not after {last}")
        by_day: dict[date, Session] = {}
        spans = (self._sessions_of_span(collection, span, trace) for span in _spans(first, last))
        for rows in await gathered(spans):
            for row in rows:
                try:
                    session = session_of(row, regular_hours=REGULAR_HOURS.get(collection))
                except DataError as exc:
                    if skipped is None:
                        raise
                    skipped.append(f"session {row.get('session-date')!r:.40}: {exc}")
                else:
                    by_day[session.date] = session
        return [by_day[day] for day in sorted(by_day) if first <= day <= last]

    async def market_state(self, *, trace: RequestTrace | None = None) -> MarketState:
        """Return where the equity market stands now."""
        return market_state_of(await self._api.data("/market-time/equities/sessions/current", trace=trace))

    async def holidays(self, *, trace: RequestTrace | None = None) -> Holidays:
        """Return the equity market's holidays and half days that the server knows."""
        return holidays_of(await self._api.data("/market-time/equities/holidays", trace=trace))

    # Watchlists, tokens

    async def public_watchlist(self, name: str, *, trace: RequestTrace | None = None) -> list[str]:
        """
        Return the symbols of a public watchlist.

        Raises
        ------
        NotFoundError
            If there is none of that name.
        """
        data = await self._api.data("/public-watchlists/{name}", segments={"name": name}, trace=trace)
        entries = (text_of(entry, "symbol") for entry in rows_of(data.get("watchlist-entries")))
        return [symbol for symbol in entries if symbol]

    async def public_watchlists(self, *, trace: RequestTrace | None = None) -> list[str]:
        """Return the names of the public watchlists."""
        items = await self._api.items("/public-watchlists", params={"counts-only": True}, trace=trace)
        return [name for item in items if (name := text_of(item, "name"))]

    async def quote_token(self, *, trace: RequestTrace | None = None) -> QuoteToken:
        """
        Return a token for DXLink, good for 24 hours.

        Raises
        ------
        DataError
            If the answer has no token or no address.
        TTError
            If the call failed.
        """
        return quote_token_of(await self._api.data("/api-quote-tokens", trace=trace))

    async def validate(self, *, trace: RequestTrace | None = None) -> None:
        """
        Ask whether the credentials are accepted.

        Raises
        ------
        AuthenticationError
            If they are not.
        TTError
            If the call failed.
        """
        await self._api.touch("POST", "/sessions/validate", trace=trace)


def _check_named(items: list[Row]) -> None:
    if not all(isinstance(item.get("symbol"), str) for item in items):
        raise DecodeError("an instrument without a symbol")


def _check_account(items: list[Row], number: str) -> None:
    for item in items:
        answered = item.get("account-number")
        if answered != number:
            raise AnswerMismatchError(f"account {answered!r:.40} was answered where {number} was asked for")


def _by_type(symbols: Sequence[str], kind: InstrumentKind | None) -> dict[str, list[str]]:
    by_type: dict[str, list[str]] = {}
    for symbol in symbols:
        parameter = TYPE_PARAMETERS.get(kind if kind is not None else Symbol.parse(symbol).kind)
        if parameter is None:
            raise ParameterError("symbol", symbol, "an instrument of a kind that is quoted by type")
        by_type.setdefault(parameter, []).append(symbol)
    return by_type


def _market_data_answer(
    rows: Sequence[Row], symbols: Sequence[str], mismatch: AnswerMismatchError | None
) -> MarketDataAnswer:
    answer = MarketDataAnswer()
    named = [(str(row.get("symbol")), row) for row in rows]
    counts = Counter(symbol for symbol, _ in named)
    by_symbol = {symbol: row for symbol, row in named if counts[symbol] == 1}
    for symbol in symbols:
        if symbol in by_symbol:
            try:
                answer.found[symbol] = market_data_of(by_symbol[symbol])
            except DataError as exc:
                answer.refused[symbol] = exc
        elif mismatch is not None:
            answer.refused[symbol] = mismatch
    return answer


def chunks(symbols: Iterable[str], size: int) -> Iterator[list[str]]:
    """Split symbols into lists of at most ``size``."""
    chunk: list[str] = []
    for symbol in symbols:
        chunk.append(symbol)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def chunks_by_length(symbols: Iterable[str]) -> Iterator[list[str]]:
    """Split symbols into lists that fit into the query of one call."""
    chunk: list[str] = []
    length = 0
    for symbol in symbols:
        symbol_length = len("symbol%5B%5D=&") + len(quote(symbol, safe=""))
        if chunk and length + symbol_length > QUERY_BYTES_MAX:
            yield chunk
            chunk, length = [], 0
        chunk.append(symbol)
        length += symbol_length
    if chunk:
        yield chunk


def _spans(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(first + SESSIONS_PER_CALL, last)
        yield first, end
        first = end + timedelta(days=1)
