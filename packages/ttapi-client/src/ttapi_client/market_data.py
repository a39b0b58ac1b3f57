# SPDX-License-Identifier: Apache-2.0
"""Quotes, and the key to the stream of them, as tastytrade writes them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypedDict

from ttapi_client.api import check_symbols
from ttapi_client.instruments import chunks
from ttapi_client.wire import Row, day_of, flag_of, float_of, required_time_of, text_of, time_of, word_of
from ttapi_core import InstrumentKind, InstrumentType, Symbol
from ttapi_core.errors import AnswerMismatchError, DataError, ParameterError

if TYPE_CHECKING:
    from ttapi_client.api import Api, RequestTrace

TYPE_PARAMETERS: Final = {
    InstrumentKind.EQUITY: "equity",
    InstrumentKind.ETF: "equity",
    InstrumentKind.INDEX: "index",
    InstrumentKind.EQUITY_OPTION: "equity-option",
    InstrumentKind.FUTURE: "future",
    InstrumentKind.FUTURE_OPTION: "future-option",
    InstrumentKind.CRYPTO: "cryptocurrency",
}
"""The parameter of the quotes call for each kind of instrument."""

QUOTES_PER_CALL: Final = 100
_TYPES: Final = {item.value: item for item in InstrumentType}
_NEVER: Final = (-1, 0, "-1", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketData:
    """
    The state of one instrument at one time; prices as floats, None where there is none.

    Parameters
    ----------
    symbol
        REST symbol.
    quoted_at
        Time of the state (UTC).
    bid, ask, bid_size, ask_size, mid, mark, last
        The market.
    open, high, low, close
        Of the day; ``close`` once the session has closed.
    prev_close
        Close of the session before.
    volume
        Of the day.
    is_halted
        Whether trading is halted.
    last_mkt, last_ext, last_trade_at
        Last prices in and outside of regular hours, and when (UTC).
    open_interest
        Of an option or a future.
    year_low, year_high, low_limit, high_limit
        Lowest and highest of 52 weeks, and the prices between which trading goes on today.
    beta, dividend_amount, dividend_frequency
        As named; the frequency is payments a year.
    summary_date, prev_close_date
        The days that the figures are of.
    close_price_type, prev_close_price_type
        ``Regular``, ``Indicative``, ``Preliminary``, ``Final`` or ``Unknown``.
    instrument_type
        The broker's word for what it is.
    halted_at, resumed_at
        When trading was halted, and went on (UTC).
    """

    symbol: str
    quoted_at: datetime
    bid: float | None = None
    ask: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None
    mid: float | None = None
    mark: float | None = None
    last: float | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    prev_close: float | None = None
    volume: float | None = None
    is_halted: bool = False
    last_mkt: float | None = None
    last_ext: float | None = None
    last_trade_at: datetime | None = None
    open_interest: float | None = None
    year_low: float | None = None
    year_high: float | None = None
    low_limit: float | None = None
    high_limit: float | None = None
    beta: float | None = None
    dividend_amount: float | None = None
    dividend_frequency: float | None = None
    summary_date: date | None = None
    prev_close_date: date | None = None
    close_price_type: str | None = None
    prev_close_price_type: str | None = None
    instrument_type: InstrumentType | None = None
    halted_at: datetime | None = None
    resumed_at: datetime | None = None


def market_data_of(row: Row) -> MarketData:
    """
    Read a quote.

    Raises
    ------
    DataError
        If its symbol or time is missing, or a field cannot be read.
    """
    return MarketData(
        symbol=word_of(row, "symbol"),
        quoted_at=required_time_of(row, "updated-at"),
        bid=float_of(row, "bid"),
        ask=float_of(row, "ask"),
        bid_size=float_of(row, "bid-size"),
        ask_size=float_of(row, "ask-size"),
        mid=float_of(row, "mid"),
        mark=float_of(row, "mark"),
        last=float_of(row, "last"),
        open=float_of(row, "open", "day-open"),
        high=float_of(row, "day-high-price", "day-high"),
        low=float_of(row, "day-low-price", "day-low"),
        close=float_of(row, "close", "day-close"),
        prev_close=float_of(row, "prev-close", "prev-day-close"),
        volume=float_of(row, "volume"),
        is_halted=flag_of(row, "is-trading-halted", "trading-halted"),
        **_details_of(row),
    )


class _Details(TypedDict):
    last_mkt: float | None
    last_ext: float | None
    last_trade_at: datetime | None
    open_interest: float | None
    year_low: float | None
    year_high: float | None
    low_limit: float | None
    high_limit: float | None
    beta: float | None
    dividend_amount: float | None
    dividend_frequency: float | None
    summary_date: date | None
    prev_close_date: date | None
    close_price_type: str | None
    prev_close_price_type: str | None
    instrument_type: InstrumentType | None
    halted_at: datetime | None
    resumed_at: datetime | None


def _details_of(row: Row) -> _Details:
    word = text_of(row, "instrument-type")
    return {
        "last_mkt": float_of(row, "last-mkt"),
        "last_ext": float_of(row, "last-ext"),
        "last_trade_at": _moment_of(row, "last-trade-time"),
        "open_interest": float_of(row, "open-interest"),
        "year_low": float_of(row, "year-low-price"),
        "year_high": float_of(row, "year-high-price"),
        "low_limit": float_of(row, "low-limit-price"),
        "high_limit": float_of(row, "high-limit-price"),
        "beta": float_of(row, "beta"),
        "dividend_amount": float_of(row, "dividend-amount"),
        "dividend_frequency": float_of(row, "dividend-frequency"),
        "summary_date": day_of(row, "summary-date"),
        "prev_close_date": day_of(row, "prev-close-date"),
        "close_price_type": text_of(row, "close-price-type"),
        "prev_close_price_type": text_of(row, "prev-close-price-type"),
        "instrument_type": _TYPES.get(word, InstrumentType.UNKNOWN) if word else None,
        "halted_at": _moment_of(row, "halt-start-time"),
        "resumed_at": _moment_of(row, "halt-end-time"),
    }


def _moment_of(row: Row, field: str) -> datetime | None:
    # -1 and 0 stand for "never".
    return None if row.get(field) in _NEVER else time_of(row, field)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteToken:
    """What opens a DXLink connection; the token is left out of every representation."""

    token: str
    dxlink_url: str
    level: str = ""
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"QuoteToken({self.dxlink_url!r}, level={self.level!r}, expires_at={self.expires_at!r})"

    def ends_within(self, seconds: float, now: datetime) -> bool:
        """Tell whether it ends less than ``seconds`` after ``now``; False where its end is not known."""
        return self.expires_at is not None and self.expires_at - now < timedelta(seconds=seconds)


def quote_token_of(data: Row) -> QuoteToken:
    """
    Read a quote token.

    Raises
    ------
    DataError
        If the token or the address is missing; the message does not show them.
    """
    for field in ("token", "dxlink-url"):
        if not isinstance(data.get(field), str) or not data[field]:
            raise DataError("is missing", column=field)
    return QuoteToken(
        token=data["token"],
        dxlink_url=data["dxlink-url"],
        level=text_of(data, "level") or "",
        expires_at=time_of(data, "expires-at"),
    )


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

    found: dict[str, MarketData] = dataclasses.field(default_factory=dict)
    refused: dict[str, DataError | AnswerMismatchError] = dataclasses.field(default_factory=dict)


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


class MarketDataCalls:
    """The calls about quotes, and the one for the key to the stream of quotes."""

    _api: Api

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

    async def quote(
        self, symbol: str, *, kind: InstrumentKind | None = None, trace: RequestTrace | None = None
    ) -> MarketData:
        """
        Return the quote of one instrument.

        Parameters
        ----------
        symbol
            REST symbol.
        kind
            What it is; None goes by its form (an index looks like an equity and has to be named).
        trace
            Takes note of the request.

        Raises
        ------
        DataError
            If the quote cannot be read.
        NotFoundError
            If the instrument is unknown.
        """
        word = InstrumentType.of_kind(kind if kind is not None else Symbol.parse(symbol).kind)
        row = await self._api.data(
            "/market-data/{type}/{symbol}",
            segments={"type": word.value, "symbol": symbol},
            check=lambda row: check_symbols((row,), frozenset({symbol})),
            trace=trace,
        )
        return market_data_of(row)

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
