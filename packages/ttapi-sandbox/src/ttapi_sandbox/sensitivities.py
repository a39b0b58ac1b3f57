# SPDX-License-Identifier: Apache-2.0
"""What options are worth in theory, and how that moves: the values of Greeks and TheoPrice events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ttapi_sandbox.option_chains import Contract, years_left
from ttapi_sandbox.surface import RISK_FREE_RATE, YEARS_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ttapi_sandbox.market import Market, Moment

DAYS_A_YEAR: Final = 365


class Sensitivity(NamedTuple):
    """
    The theory of one option.

    ``theta`` is a calendar day's, ``vega`` and ``rho`` those of one percentage point, as feeds give them.
    """

    contract: Contract
    price: float
    spot: float
    volatility: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float
    dividend_yield: float


def sensitivities(market: Market, contracts: Sequence[Contract], moment: Moment) -> list[Sensitivity]:
    """Return the theory of options, in their order, priced together."""
    if not contracts:
        return []
    # A sandbox that is asked for no options never loads these.
    import polars as pl  # noqa: PLC0415 - see above

    from ttapi_polars import black_scholes_greeks  # noqa: PLC0415 - see above

    rows = _rows(market, contracts, moment)
    frame = pl.DataFrame(
        [*rows, [contract.is_call for contract in contracts]],
        schema=["spot", "strike", "years", "volatility", "dividend_yield", "is_call"],
        orient="col",
    )
    greeks = black_scholes_greeks(
        pl.col("spot"),
        pl.col("strike"),
        pl.col("years"),
        volatility=pl.col("volatility"),
        rate=RISK_FREE_RATE,
        dividend_yield=pl.col("dividend_yield"),
        is_call=pl.col("is_call"),
    )
    columns = (
        frame.select(greeks.alias("greeks"))
        .unnest("greeks")
        .with_columns(pl.col("theta") / DAYS_A_YEAR, pl.col("vega") / 100, pl.col("rho") / 100)
    )
    names = ("price", "delta", "gamma", "theta", "vega", "rho")
    price, delta, gamma, theta, vega, rho = (columns[name].round(6).to_list() for name in names)
    spots, volatilities, yields = rows[0], [round(value, 6) for value in rows[3]], rows[4]
    return list(
        map(
            Sensitivity,
            *(contracts, price, spots, volatilities, delta, gamma, theta, vega, rho, yields),
        )
    )


def _rows(market: Market, contracts: Sequence[Contract], moment: Moment) -> list[list[float]]:
    rows: list[list[float]] = [[], [], [], [], []]
    names: dict[str, tuple[float, float]] = {}
    for contract in contracts:
        listing = contract.listing
        if listing.symbol not in names:
            spot = market.day_bar(listing, moment).close
            names[listing.symbol] = spot, market.series(listing).dividends.annual_yield
        spot, dividend_yield = names[listing.symbol]
        years = max(years_left(contract.expiration, moment.now), YEARS_MIN)
        volatility = market.surface(listing, moment, spot=spot).volatility(contract.strike, years)
        values = (spot, contract.strike, years, volatility, dividend_yield)
        for column, value in zip(rows, values, strict=True):
            column.append(value)
    return rows
