# SPDX-License-Identifier: Apache-2.0
"""Option chains in their three forms, as tastytrade writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ttapi_client.instruments import SHARES_PER_CONTRACT, EquityOption, equity_option_of, tick_sizes_of
from ttapi_client.readers import Reader
from ttapi_client.wire import (
    Row,
    id_of,
    int_of,
    items_of,
    money_of,
    required_day_of,
    rows_of,
    text_of,
    unreadable,
    word_of,
)
from ttapi_core import InstrumentType, TickSize
from ttapi_core.errors import AnswerMismatchError, DataError

if TYPE_CHECKING:
    from ttapi_client.api import Api, RequestTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStrike:
    """One strike of an expiration: its call and put by REST and streamer symbol (empty where not told)."""

    strike: Decimal
    call: str
    put: str
    call_streamer: str = ""
    put_streamer: str = ""


Reader(
    ChainStrike,
    names={
        "strike": "strike-price",
        "call_streamer": "call-streamer-symbol",
        "put_streamer": "put-streamer-symbol",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """What one contract delivers: an amount of shares, or cash."""

    root_symbol: str | None = None
    deliverable_type: str | None = None
    description: str | None = None
    amount: Decimal | None = None
    percent: Decimal | None = None
    symbol: str | None = None
    instrument_type: InstrumentType | None = None
    id: str | None = None


_deliverable: Final = Reader(Deliverable, fields={"id": id_of})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainExpiration:
    """
    One expiration of a chain.

    Parameters
    ----------
    expiration_date
        Day of expiration.
    expiration_type
        ``Regular``, ``Weekly``, ``Quarterly`` and what may come.
    settlement_type
        ``AM`` or ``PM``.
    days_to_expiration
        Calendar days from the broker's date.
    strikes
        Ascending.
    """

    expiration_date: date
    expiration_type: str
    settlement_type: str
    days_to_expiration: int
    strikes: tuple[ChainStrike, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionChain:
    """
    The options of one root of an underlying; an index, or an adjusted deliverable, brings several.

    Parameters
    ----------
    underlying, root, option_chain_type, shares_per_contract
        What it is.
    expirations
        With their strikes.
    tick_sizes
        Price steps, by rising threshold.
    deliverables
        What one contract delivers.
    """

    underlying: str
    root: str
    option_chain_type: str
    shares_per_contract: int
    expirations: tuple[ChainExpiration, ...] = ()
    tick_sizes: tuple[TickSize, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactOptionChain:
    """
    The options of one root, expiration type and settlement by their symbols alone.

    Parameters
    ----------
    underlying_symbol, root_symbol, option_chain_type, shares_per_contract, expiration_type, settlement_type
        What it is.
    symbols, streamer_symbols
        In the same order.
    deliverables
        What one contract delivers.
    """

    underlying_symbol: str
    root_symbol: str
    option_chain_type: str = "Standard"
    shares_per_contract: int = SHARES_PER_CONTRACT
    expiration_type: str | None = None
    settlement_type: str | None = None
    symbols: tuple[str, ...] = ()
    streamer_symbols: tuple[str, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()


_compact: Final = Reader(CompactOptionChain)


def compact_chain_of(row: Row) -> CompactOptionChain:
    """
    Read a compact chain.

    Raises
    ------
    DataError
        If a field cannot be read, or the two lists of symbols are not of the same length.
    """
    chain = _compact(row)
    if chain.streamer_symbols and len(chain.symbols) != len(chain.streamer_symbols):
        raise DataError(
            f"{len(chain.streamer_symbols)} names of {len(chain.symbols)} options", column="streamer-symbols"
        )
    return chain


def check_chain(items: list[Row], symbol: str) -> None:
    """
    Check that a nested chain is that of ``symbol``.

    Raises
    ------
    AnswerMismatchError
        If it is another's.
    """
    for item in items:
        underlying = item.get("underlying-symbol")
        if underlying != symbol:
            raise AnswerMismatchError(f"the chain of {underlying!r:.60} was answered for {symbol}")


def chain_of(item: Row) -> OptionChain:
    """
    Read one root of a nested chain with all its strikes.

    Raises
    ------
    DataError
        If a field is missing or cannot be read.
    """
    return OptionChain(
        underlying=word_of(item, "underlying-symbol"),
        root=word_of(item, "root-symbol"),
        option_chain_type=text_of(item, "option-chain-type") or "Standard",
        shares_per_contract=_shares_of(item),
        expirations=tuple(_expiration_of(row) for row in rows_of(item.get("expirations"))),
        tick_sizes=tick_sizes_of(item, "tick-sizes"),
        deliverables=tuple(_deliverable(row) for row in rows_of(item.get("deliverables"))),
    )


def _shares_of(item: Row) -> int:
    shares = int_of(item, "shares-per-contract")
    return SHARES_PER_CONTRACT if shares is None else shares


def _expiration_of(row: Row) -> ChainExpiration:
    strikes = sorted((_strike_of(strike) for strike in rows_of(row.get("strikes"))), key=lambda s: s.strike)
    return ChainExpiration(
        expiration_date=required_day_of(row, "expiration-date"),
        expiration_type=text_of(row, "expiration-type") or "",
        settlement_type=text_of(row, "settlement-type") or "",
        days_to_expiration=_days_of(row),
        strikes=tuple(strikes),
    )


def _days_of(row: Row) -> int:
    days = int_of(row, "days-to-expiration")
    if days is None:
        raise DataError("is missing", column="days-to-expiration")
    return days


def _strike_of(row: Row) -> ChainStrike:
    return ChainStrike(
        strike=money_of(row, "strike-price"),
        call=word_of(row, "call"),
        put=word_of(row, "put"),
        call_streamer=text_of(row, "call-streamer-symbol") or "",
        put_streamer=text_of(row, "put-streamer-symbol") or "",
    )


EXPIRATION_COLUMNS: Final = (
    "symbol",
    "root_symbol",
    "option_chain_type",
    "shares_per_contract",
    "expiration_date",
    "expiration_type",
    "settlement_type",
    "days_to_expiration",
    "strike_count",
    "strike_min",
    "strike_max",
)
"""The columns of an expiration series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpirationSeries:
    """
    The expirations of one underlying, columnar, one row an expiration and root.

    Parameters
    ----------
    columns
        The columns of `EXPIRATION_COLUMNS`, by name.
    skipped
        One text a malformed expiration that was left out.
    """

    columns: dict[str, list[Any]]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns["symbol"])


def expiration_series_of(body: object, symbol: str) -> ExpirationSeries:
    """
    Read the expirations of a nested chain without making an object of each strike.

    An expiration that cannot be read is left out and named in ``skipped``.

    Raises
    ------
    DecodeError
        If the body has no items.
    """
    rows: list[tuple[Any, ...]] = []
    skipped: list[str] = []
    for item in items_of(body):
        try:
            head = (
                symbol,
                word_of(item, "root-symbol"),
                text_of(item, "option-chain-type") or "Standard",
                _shares_of(item),
            )
        except DataError as exc:
            skipped.append(f"{symbol}: a chain: {exc}")
            continue
        for expiration in rows_of(item.get("expirations")):
            try:
                rows.append((*head, *_expiration_row(expiration)))
            except DataError as exc:
                day = expiration.get("expiration-date")
                skipped.append(f"{symbol}: root {head[1]}, expiration {day!r:.40}: {exc}")
    rows.sort(key=lambda row: (row[4], row[1], row[6]))
    columns: dict[str, list[Any]] = {name: [] for name in EXPIRATION_COLUMNS}
    for name, values in zip(EXPIRATION_COLUMNS, zip(*rows, strict=True), strict=False):
        columns[name] = list(values)
    return ExpirationSeries(columns=columns, skipped=tuple(skipped))


def _expiration_row(row: Row) -> tuple[Any, ...]:
    strikes = _strike_prices(row)
    return (
        required_day_of(row, "expiration-date"),
        text_of(row, "expiration-type") or "",
        text_of(row, "settlement-type") or "",
        _days_of(row),
        len(strikes),
        min(strikes, default=None),
        max(strikes, default=None),
    )


def _strike_prices(row: Row) -> list[float]:
    strikes = row.get("strikes")
    if not isinstance(strikes, list):
        raise DataError("is missing", column="strikes")
    try:
        prices = [float(strike["strike-price"]) for strike in strikes]
    except (KeyError, TypeError, ValueError) as exc:
        raise unreadable("strike-price", repr(exc), "strike") from exc
    if not all(map(math.isfinite, prices)):
        raise DataError("is not finite", column="strike-price")
    return prices


class OptionChainCalls:
    """The calls about option chains."""

    _api: Api

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

    async def option_chain(self, symbol: str, *, trace: RequestTrace | None = None) -> list[EquityOption]:
        """
        Return the options of an underlying, each with all its facts.

        Raises
        ------
        DataError
            If one cannot be read.
        NotFoundError
            If the underlying is unknown, or has no options: the server does not tell these apart.
        AnswerMismatchError
            If another underlying's chain was answered, again and again.
        """
        rows = await self._api.items(
            "/option-chains/{symbol}",
            segments={"symbol": symbol},
            check=lambda items: check_chain(items, symbol),
            trace=trace,
        )
        return [equity_option_of(row) for row in rows]

    async def compact_option_chain(
        self, symbol: str, *, trace: RequestTrace | None = None
    ) -> list[CompactOptionChain]:
        """
        Return the options of an underlying by their symbols alone.

        Raises
        ------
        DataError
            If a field cannot be read.
        NotFoundError
            If the underlying is unknown, or has no options: the server does not tell these apart.
        AnswerMismatchError
            If another underlying's chain was answered, again and again.
        """
        rows = await self._api.items(
            "/option-chains/{symbol}/compact",
            segments={"symbol": symbol},
            check=lambda items: check_chain(items, symbol),
            trace=trace,
        )
        return [compact_chain_of(row) for row in rows]
