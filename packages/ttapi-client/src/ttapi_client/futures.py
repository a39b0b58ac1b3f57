# SPDX-License-Identifier: Apache-2.0
"""Futures, their products, and the options on them, as tastytrade writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ttapi_client.api import check_asked
from ttapi_client.instruments import check_one, instrument_row, tick_sizes_of
from ttapi_client.option_chains import ChainStrike
from ttapi_client.parameters import chosen
from ttapi_client.readers import Reader
from ttapi_client.wire import id_of
from ttapi_core import OptionType, TickSize
from ttapi_core.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from ttapi_client.api import Api, RequestTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """When a product rolls from one future to the next."""

    name: str = ""
    active_count: int | None = None
    business_days_offset: int | None = None
    cash_settled: bool = False
    first_notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureProduct:
    """
    A product of which there are futures.

    Parameters
    ----------
    code, root_symbol
        ``ES`` and ``/ES``.
    description, exchange, product_type, product_subtype, market_sector, security_group
        In the broker's words; empty or None where not told.
    streamer_exchange_code
        Such as ``XCME``.
    listed_months, active_months
        Letters of months.
    notional_multiplier, tick_size, display_factor, base_tick, sub_tick
        Numbers of its prices; None where not told.
    cash_settled, first_notice, small_notional, back_month_first_calendar_symbol
        Flags.
    roll
        When it rolls; None where not told.
    """

    code: str
    root_symbol: str
    description: str = ""
    exchange: str = ""
    product_type: str = ""
    product_subtype: str | None = None
    market_sector: str = ""
    security_group: str | None = None
    streamer_exchange_code: str = ""
    clearing_code: str = ""
    clearing_exchange_code: str = ""
    listed_months: tuple[str, ...] = ()
    active_months: tuple[str, ...] = ()
    notional_multiplier: Decimal | None = None
    tick_size: Decimal | None = None
    display_factor: Decimal | None = None
    base_tick: int | None = None
    sub_tick: int | None = None
    contract_limit: int | None = None
    cash_settled: bool = False
    first_notice: bool = False
    small_notional: bool = False
    back_month_first_calendar_symbol: bool = False
    roll: Roll | None = None


future_product_of: Final = Reader(FutureProduct)
"""Read a product; `DataError` if its names are missing or a field cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EtfEquivalent:
    """How many shares of a fund are worth as much as one contract."""

    symbol: str
    share_quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadTickSize:
    """The price step of a spread against another future."""

    value: Decimal
    symbol: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """
    A future.

    Parameters
    ----------
    symbol, streamer_symbol
        Its names for REST and for the stream.
    product_code
        Such as ``ES``.
    active, active_month, next_active_month, is_tradeable, is_closing_only, back_month_first_calendar_symbol
        Flags.
    tick_size, notional_multiplier, display_factor, contract_size, main_fraction, sub_fraction
        Numbers of its prices; None where not told.
    expiration_date, last_trade_date, first_notice_date, closing_only_date
        Days; None where not told.
    expires_at, stops_trading_at
        Times (UTC); None where not told.
    exchange, product_group, exchange_symbol, security_id, streamer_exchange_code, roll_target_symbol
        In the broker's words; None where not told.
    tick_sizes, option_tick_sizes, spread_tick_sizes
        Price steps of the future, of options on it, and of spreads.
    future_product, future_etf_equivalent
        What it is of, and what it is worth in shares; None where not told.
    """

    symbol: str
    product_code: str
    streamer_symbol: str | None = None
    active: bool = True
    active_month: bool = False
    next_active_month: bool = False
    is_tradeable: bool = True
    is_closing_only: bool = False
    back_month_first_calendar_symbol: bool = False
    tick_size: Decimal | None = None
    notional_multiplier: Decimal | None = None
    display_factor: Decimal | None = None
    contract_size: Decimal | None = None
    main_fraction: Decimal | None = None
    sub_fraction: Decimal | None = None
    expiration_date: date | None = None
    last_trade_date: date | None = None
    first_notice_date: date | None = None
    closing_only_date: date | None = None
    expires_at: datetime | None = None
    stops_trading_at: datetime | None = None
    exchange: str | None = None
    product_group: str | None = None
    exchange_symbol: str | None = None
    security_id: str | None = None
    streamer_exchange_code: str | None = None
    roll_target_symbol: str | None = None
    tick_sizes: tuple[TickSize, ...] = ()
    option_tick_sizes: tuple[TickSize, ...] = ()
    spread_tick_sizes: tuple[SpreadTickSize, ...] = ()
    future_product: FutureProduct | None = None
    future_etf_equivalent: EtfEquivalent | None = None


future_of: Final = Reader(
    Future, fields={"tick_sizes": tick_sizes_of, "option_tick_sizes": tick_sizes_of, "security_id": id_of}
)
"""Read a future; `DataError` if its symbol is missing or a field cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOptionProduct:
    """A product of which there are options on futures; ``future_product`` is what they are written on."""

    root_symbol: str
    code: str = ""
    exchange: str = ""
    product_type: str = ""
    product_subtype: str | None = None
    expiration_type: str = ""
    market_sector: str = ""
    clearing_code: str = ""
    clearing_exchange_code: str = ""
    display_factor: Decimal | None = None
    clearing_price_multiplier: Decimal | None = None
    settlement_delay_days: int | None = None
    cash_settled: bool = False
    is_rollover: bool = False
    future_product: FutureProduct | None = None


future_option_product_of: Final = Reader(FutureOptionProduct)
"""Read a product of options; `DataError` if its root is missing or a field cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOption:
    """
    An option on a future.

    Parameters
    ----------
    symbol, streamer_symbol
        Its names for REST and for the stream.
    underlying_symbol
        The future.
    expiration_date, option_type, strike_price
        Which one.
    product_code, root_symbol, option_root_symbol, exchange, exercise_style, settlement_type, exchange_symbol
        In the broker's words; None where not told.
    multiplier, notional_value, display_factor, strike_factor, future_price_ratio, underlying_count
        Numbers of its prices; None where not told.
    days_to_expiration, maturity_date, expires_at, stops_trading_at
        When it ends; None where not told.
    active, is_closing_only, is_vanilla, is_primary_deliverable, is_confirmed, is_exercisable_weekly
        Flags.
    future_option_product
        What it is of; None where not told.
    """

    symbol: str
    underlying_symbol: str
    expiration_date: date
    option_type: OptionType
    strike_price: Decimal
    streamer_symbol: str | None = None
    product_code: str | None = None
    root_symbol: str | None = None
    option_root_symbol: str | None = None
    exchange: str | None = None
    exercise_style: str | None = None
    settlement_type: str | None = None
    exchange_symbol: str | None = None
    multiplier: Decimal | None = None
    notional_value: Decimal | None = None
    display_factor: Decimal | None = None
    strike_factor: Decimal | None = None
    future_price_ratio: Decimal | None = None
    underlying_count: Decimal | None = None
    days_to_expiration: int | None = None
    maturity_date: date | None = None
    expires_at: datetime | None = None
    stops_trading_at: datetime | None = None
    active: bool = True
    is_closing_only: bool = False
    is_vanilla: bool = False
    is_primary_deliverable: bool = False
    is_confirmed: bool = False
    is_exercisable_weekly: bool = False
    future_option_product: FutureOptionProduct | None = None


future_option_of: Final = Reader(FutureOption)
"""Read an option on a future; `DataError` if a field is missing or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFuture:
    """A future on which a chain has options."""

    symbol: str
    root_symbol: str | None = None
    expiration_date: date | None = None
    maturity_date: date | None = None
    days_to_expiration: int | None = None
    active_month: bool = False
    next_active_month: bool = False
    expires_at: datetime | None = None
    stops_trading_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureChainExpiration:
    """
    One expiration of the options on a future.

    Parameters
    ----------
    underlying_symbol
        The future.
    option_root_symbol, option_contract_symbol, root_symbol, asset, expiration_type, settlement_type
        In the broker's words; None where not told.
    expiration_date, days_to_expiration, expires_at, stops_trading_at
        When it ends.
    notional_value, strike_factor, display_factor
        Numbers of its prices; None where not told.
    tick_sizes
        Price steps.
    strikes
        As the broker lists them.
    """

    underlying_symbol: str
    expiration_date: date
    option_root_symbol: str | None = None
    option_contract_symbol: str | None = None
    root_symbol: str | None = None
    asset: str | None = None
    expiration_type: str | None = None
    settlement_type: str | None = None
    days_to_expiration: int | None = None
    expires_at: datetime | None = None
    stops_trading_at: datetime | None = None
    notional_value: Decimal | None = None
    strike_factor: Decimal | None = None
    display_factor: Decimal | None = None
    tick_sizes: tuple[TickSize, ...] = ()
    strikes: tuple[ChainStrike, ...] = ()


Reader(FutureChainExpiration, fields={"tick_sizes": tick_sizes_of})


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureSubchain:
    """The options of one root in a chain on futures."""

    root_symbol: str
    underlying_symbol: str | None = None
    exercise_style: str | None = None
    expirations: tuple[FutureChainExpiration, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureOptionChain:
    """The options on the futures of a product: the futures, and the options root by root."""

    futures: tuple[ChainFuture, ...] = ()
    option_chains: tuple[FutureSubchain, ...] = ()


future_option_chain_of: Final = Reader(FutureOptionChain)
"""Read a nested chain on futures; `DataError` if a field is missing or cannot be read."""


class FutureCalls:
    """The calls about futures and options on them."""

    _api: Api

    async def futures(
        self,
        symbols: Sequence[str] = (),
        *,
        product_codes: Sequence[str] = (),
        exchange: str | None = None,
        only_active: bool = True,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[Future]:
        """
        Yield futures, page by page.

        Parameters
        ----------
        symbols
            Only these; unknown ones are left out.
        product_codes, exchange
            Only those of these.
        only_active
            Whether those that are not traded any more are left out.
        trace
            Takes note of the requests.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        params = chosen(
            {
                "symbol[]": tuple(symbols),
                "product-code[]": tuple(product_codes),
                "exchange": exchange,
                "only-active-futures": only_active,
            }
        )
        async for row in self._api.rows(
            "/instruments/futures",
            params=params,
            key="symbol",
            check=check_asked(symbols),
            trace=trace,
        ):
            yield future_of(row)

    async def future(self, symbol: str, *, trace: RequestTrace | None = None) -> Future:
        """
        Return one future.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return future_of(await instrument_row(self._api, "futures", symbol, trace))

    async def future_products(self, *, trace: RequestTrace | None = None) -> list[FutureProduct]:
        """
        Return the products of which there are futures.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        rows = self._api.rows("/instruments/future-products", trace=trace)
        return [future_product_of(row) async for row in rows]

    async def future_product(
        self, exchange: str, code: str, *, trace: RequestTrace | None = None
    ) -> FutureProduct:
        """
        Return one product of an exchange.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return future_product_of(
            await self._api.data(
                "/instruments/future-products/{exchange}/{code}",
                segments={"exchange": exchange, "code": code},
                check=check_one(code, "code"),
                trace=trace,
            )
        )

    async def future_option_products(self, *, trace: RequestTrace | None = None) -> list[FutureOptionProduct]:
        """
        Return the products of which there are options on futures.

        Raises
        ------
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        rows = self._api.rows("/instruments/future-option-products", trace=trace)
        return [future_option_product_of(row) async for row in rows]

    async def future_option_product(
        self, exchange: str, root: str, *, trace: RequestTrace | None = None
    ) -> FutureOptionProduct:
        """
        Return one product of options on futures.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return future_option_product_of(
            await self._api.data(
                "/instruments/future-option-products/{exchange}/{root}",
                segments={"exchange": exchange, "root": root},
                check=check_one(root, "root-symbol"),
                trace=trace,
            )
        )

    async def future_option_chain(
        self, product_code: str, *, trace: RequestTrace | None = None
    ) -> list[FutureOption]:
        """
        Return the options on the futures of a product, each with all its facts.

        Raises
        ------
        DataError
            If one cannot be read.
        NotFoundError
            If the product is unknown, or has no options.
        """
        rows = await self._api.items(
            "/futures-option-chains/{code}",
            segments={"code": product_code.removeprefix("/")},
            trace=trace,
        )
        return [future_option_of(row) for row in rows]

    async def nested_future_option_chain(
        self, product_code: str, *, trace: RequestTrace | None = None
    ) -> FutureOptionChain:
        """
        Return the options on the futures of a product, root by root.

        Raises
        ------
        DataError
            If a field is missing or cannot be read.
        NotFoundError
            If the product is unknown, or has no options.
        """
        return future_option_chain_of(
            await self._api.data(
                "/futures-option-chains/{code}/nested",
                segments={"code": product_code.removeprefix("/")},
                trace=trace,
            )
        )

    async def future_options(
        self,
        symbols: Sequence[str] = (),
        *,
        root: str | None = None,
        expiration: date | None = None,
        option_type: OptionType | None = None,
        strike: Decimal | None = None,
        trace: RequestTrace | None = None,
    ) -> AsyncIterator[FutureOption]:
        """
        Yield options on futures, by their symbols, or by root, expiration, type and strike together.

        Raises
        ------
        ParameterError
            If neither, or only a part of the four, is given.
        DataError
            If one cannot be read.
        TTError
            If a call failed.
        """
        facts = (root, expiration, option_type, strike)
        if (not symbols) != all(fact is not None for fact in facts) or (symbols and any(facts)):
            raise ParameterError("symbols", list(symbols), "symbols, or root, expiration, type and strike")
        params = chosen(
            {
                "symbol[]": tuple(symbols),
                "option-root-symbol": root,
                "expiration-date": expiration,
                "option-type": option_type,
                "strike-price": strike,
            }
        )
        async for row in self._api.rows(
            "/instruments/future-options",
            params=params,
            key="symbol",
            check=check_asked(symbols),
            trace=trace,
        ):
            yield future_option_of(row)

    async def future_option(self, symbol: str, *, trace: RequestTrace | None = None) -> FutureOption:
        """
        Return one option on a future.

        Raises
        ------
        DataError
            If it cannot be read.
        NotFoundError
            If it is unknown.
        """
        return future_option_of(await instrument_row(self._api, "future-options", symbol, trace))
