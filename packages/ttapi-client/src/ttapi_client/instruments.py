# SPDX-License-Identifier: Apache-2.0
"""Equities and option chains as tastytrade writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from ttapi_client.wire import (
    Row,
    flag_of,
    int_of,
    items_of,
    money_of,
    required_day_of,
    rows_of,
    text_of,
    unreadable,
    word_of,
)
from ttapi_core.errors import AnswerMismatchError, DataError

SHARES_PER_CONTRACT: Final = 100
"""Where a chain does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equity:
    """
    A share, a fund or an index.

    Parameters
    ----------
    symbol, streamer_symbol
        Its names for REST and for the stream.
    description
        As the broker words it.
    instrument_type
        The broker's word, ``Equity`` for indexes too.
    is_etf, is_index, active, is_closing_only
        Flags; an inactive one is not traded any more.
    listed_market
        MIC of its home exchange; None where not told.
    lendability
        ``Easy To Borrow``, ``Locate Required`` or ``Preborrow``; None where not told.
    has_options
        Whether the broker gives tick sizes of its options; None where it says nothing of them.
    """

    symbol: str
    streamer_symbol: str
    description: str = ""
    instrument_type: str = "Equity"
    is_etf: bool = False
    is_index: bool = False
    active: bool = True
    is_closing_only: bool = False
    listed_market: str | None = None
    lendability: str | None = None
    has_options: bool | None = None


def equity_of(row: Row) -> Equity:
    """
    Read an equity.

    Raises
    ------
    DataError
        If its symbol is missing or a field cannot be read.
    """
    symbol = word_of(row, "symbol")
    return Equity(
        symbol=symbol,
        streamer_symbol=text_of(row, "streamer-symbol") or symbol,
        description=text_of(row, "description") or "",
        instrument_type=text_of(row, "instrument-type") or "Equity",
        is_etf=flag_of(row, "is-etf"),
        is_index=flag_of(row, "is-index"),
        active=row.get("active") is None or flag_of(row, "active"),
        is_closing_only=flag_of(row, "is-closing-only"),
        listed_market=text_of(row, "listed-market"),
        lendability=text_of(row, "lendability"),
        has_options=None if (ticks := row.get("option-tick-sizes")) is None else bool(ticks),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainStrike:
    """One strike of an expiration: its call and put by REST and streamer symbol (empty where not told)."""

    strike: Decimal
    call: str
    put: str
    call_streamer: str = ""
    put_streamer: str = ""


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
    """The options of one root of an underlying; an index, or an adjusted deliverable, brings several."""

    underlying: str
    root: str
    option_chain_type: str
    shares_per_contract: int
    expirations: tuple[ChainExpiration, ...] = ()


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
