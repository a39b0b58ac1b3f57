# SPDX-License-Identifier: Apache-2.0
"""What is quoted at a moment: for listings from their bars, for options from the volatility surface."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from ttapi_sandbox.bars import Bar, rounded
from ttapi_sandbox.option_chains import Contract, years_left
from ttapi_sandbox.randomness import generator
from ttapi_sandbox.surface import RISK_FREE_RATE, YEARS_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttapi_sandbox.market import Market, Moment
    from ttapi_sandbox.universe import Listing


class Quotation(NamedTuple):
    """Best bid and ask with their sizes, in shares or contracts."""

    bid: float
    ask: float
    bid_size: int
    ask_size: int

    @property
    def mid(self) -> float:
        """The price in the middle."""
        return round((self.bid + self.ask) / 2, 4)


class ListingQuote(NamedTuple):
    """A listing as it is quoted; an index has no quotation."""

    listing: Listing
    bar: Bar
    previous_close: float
    quotation: Quotation | None


class OptionQuote(NamedTuple):
    """An option as it is quoted."""

    contract: Contract
    mark: float
    quotation: Quotation
    volatility: float
    open_interest: int
    volume: int
    previous_mark: float


def listing_quote(market: Market, listing: Listing, moment: Moment) -> ListingQuote:
    """Return what is quoted for a listing."""
    bar = market.day_bar(listing, moment)
    quotation = None
    if not listing.is_index:
        quotation = _quotation(bar.close, _spread(bar.close, listing), market.seed, listing.symbol, moment)
    return ListingQuote(listing, bar, market.previous_close(listing, moment), quotation)


def _spread(price: float, listing: Listing) -> float:
    relative = 0.00003 if listing.is_etf else 0.0001 + 0.0004 * listing.volatility
    return relative * price


def _quotation(price: float, spread: float, seed: int, symbol: str, moment: Moment) -> Quotation:
    # On ticks: the bid at or below the price, the ask at least one tick above the bid.
    scale = 100 if price >= 1 else 10_000
    ticks = max(1, round(spread * scale))
    bid = max(0, math.floor(round(price * scale, 6)) - ticks // 2)
    chance = generator(seed, symbol, "size", moment.number, int(moment.minute))
    return Quotation(
        bid / scale, (bid + ticks) / scale, 100 * chance.randint(1, 40), 100 * chance.randint(1, 40)
    )


def option_quotes(market: Market, contracts: Sequence[Contract], moment: Moment) -> list[OptionQuote]:
    """Return what is quoted for options, priced together."""
    if not contracts:
        return []
    marks, volatilities = _marks(market, contracts, moment, previous=False)
    previous, _ = _marks(market, contracts, moment, previous=True)
    return [
        _option_quote(market, contract, moment, mark=mark, volatility=volatility, previous_mark=before)
        for contract, mark, volatility, before in zip(contracts, marks, volatilities, previous, strict=True)
    ]


def _marks(
    market: Market, contracts: Sequence[Contract], moment: Moment, *, previous: bool
) -> tuple[list[float], list[float]]:
    # A sandbox that quotes no options never loads these.
    import polars as pl  # noqa: PLC0415 - see above

    from ttapi_polars import black_scholes_price  # noqa: PLC0415 - see above

    rows: dict[str, list[float]] = {
        name: [] for name in ("spot", "strike", "years", "volatility", "dividend_yield")
    }
    for contract in contracts:
        listing = contract.listing
        spot = market.previous_close(listing, moment) if previous else market.day_bar(listing, moment).close
        years = years_left(contract.expiration, moment.now) + (1 / 365.25 if previous else 0.0)
        surface = market.surface(listing, moment, spot=spot)
        values = (
            spot,
            contract.strike,
            max(years, YEARS_MIN),
            surface.volatility(contract.strike, years),
            market.series(listing).dividends.annual_yield,
        )
        for column, value in zip(rows.values(), values, strict=True):
            column.append(value)
    frame = pl.DataFrame({**rows, "is_call": [contract.is_call for contract in contracts]})
    price = black_scholes_price(
        pl.col("spot"),
        pl.col("strike"),
        pl.col("years"),
        volatility=pl.col("volatility"),
        rate=RISK_FREE_RATE,
        dividend_yield=pl.col("dividend_yield"),
        is_call=pl.col("is_call"),
    )
    european = frame.select(price.alias("price"))["price"].to_list()
    marks = [
        max(value, _intrinsic(contract, spot))
        for value, contract, spot in zip(european, contracts, rows["spot"], strict=True)
    ]
    return marks, rows["volatility"]


def _intrinsic(contract: Contract, spot: float) -> float:
    # Options on stocks can be exercised at any time, and are never worth less than that.
    if contract.listing.is_index:
        return 0.0
    return max(0.0, spot - contract.strike if contract.is_call else contract.strike - spot)


def _option_quote(
    market: Market,
    contract: Contract,
    moment: Moment,
    *,
    mark: float,
    volatility: float,
    previous_mark: float,
) -> OptionQuote:
    chance = generator(market.seed, contract.symbol, "interest", moment.number)
    spread = max(0.01, 0.015 * mark) if contract.listing.is_etf else max(0.02, 0.03 * mark)
    half = spread / 2
    bid = max(0.0, math.floor(100 * (mark - half) + 1e-9) / 100)
    ask = max(bid + 0.01, math.ceil(100 * (mark + half) - 1e-9) / 100)
    return OptionQuote(
        contract,
        round(mark, 4),
        Quotation(round(bid, 2), round(ask, 2), chance.randint(1, 400), chance.randint(1, 400)),
        volatility,
        chance.randint(0, 20_000),
        chance.randint(0, 5_000),
        rounded(max(previous_mark, 0.01)),
    )
