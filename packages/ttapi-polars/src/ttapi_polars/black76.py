# SPDX-License-Identifier: Apache-2.0
"""Options on a forward or futures price: Black's formula and its sensitivities."""

from __future__ import annotations

import polars as pl
from polars import field

from ttapi_polars.option_terms import (
    call_sign,
    defined,
    differentiated,
    finite,
    not_negative,
    positive,
    priced,
)


def black76_price(
    forward: pl.Expr | float,
    strike: pl.Expr | float,
    years: pl.Expr | float,
    *,
    volatility: pl.Expr | float,
    rate: pl.Expr | float = 0.0,
    is_call: pl.Expr | bool,
) -> pl.Expr:
    """
    Price a European option on a forward or futures price.

    Parameters
    ----------
    forward
        Forward or futures price for the expiration, strictly positive.
    strike
        Strike price, strictly positive.
    years
        Time to expiration in years, zero or more.
    volatility
        Annualised volatility of log changes of the forward, zero or more, a fraction (0.2 is 20 %).
    rate
        Risk-free interest rate at which the payoff is discounted, continuously compounded, a fraction a year.
    is_call
        True for a call, False for a put.

    Returns
    -------
    pl.Expr
        Float64, today's price in the currency of ``forward``, of the length of its longest argument; never
        below its discounted intrinsic value, which it is with no time or no volatility left. Null where an
        argument is null, NaN, infinite or outside its domain.

    Raises
    ------
    ParameterError
        If an argument given as a number is outside its domain; on construction, not on collect.

    Notes
    -----
    ``exp(-rate * years) * (F N(d1) - K N(d2))`` for a call, with ``d1, d2 = log(F / K) / s +- s / 2`` and
    ``s = volatility * sqrt(years)``; accuracy as in `black_scholes_price`. Source: F. Black, "The Pricing of
    Commodity Contracts", *Journal of Financial Economics* 3, equation 16, 1976.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"strike": [90.0, 100.0, 110.0]})
    >>> price = black76_price(100.0, pl.col("strike"), 1.0, volatility=0.2, rate=0.05, is_call=True)
    >>> frame.select(price.round(4))["price"].to_list()
    [12.9264, 7.5771, 4.0827]
    """
    terms = _terms(forward, strike, years, volatility=volatility, rate=rate, is_call=is_call)
    return priced(terms).struct.field("price")


def black76_greeks(
    forward: pl.Expr | float,
    strike: pl.Expr | float,
    years: pl.Expr | float,
    *,
    volatility: pl.Expr | float,
    rate: pl.Expr | float = 0.0,
    is_call: pl.Expr | bool,
) -> pl.Expr:
    """
    Price a European option on a forward or futures price, with its sensitivities.

    Parameters
    ----------
    forward
        Forward or futures price for the expiration, strictly positive.
    strike
        Strike price, strictly positive.
    years
        Time to expiration in years, zero or more.
    volatility
        Annualised volatility of log changes of the forward, zero or more, a fraction (0.2 is 20 %).
    rate
        Risk-free interest rate at which the payoff is discounted, continuously compounded, a fraction a year.
    is_call
        True for a call, False for a put.

    Returns
    -------
    pl.Expr
        Struct named ``greeks``, of Float64, of the length of its longest argument, with the fields

        ======= ==================================================================================
        price   as `black76_price`
        delta   change of the price per 1.0 of forward
        gamma   change of delta per 1.0 of forward
        vega    change of the price per 1.0 of volatility (divide by 100 for a percentage point)
        theta   change of the price per year that passes (divide by 365 for a calendar day)
        rho     change of the price per 1.0 of rate, the forward held
        vanna   change of delta per 1.0 of volatility; also of vega per 1.0 of forward
        volga   change of vega per 1.0 of volatility
        ======= ==================================================================================

        Fields are null, and limits are taken, as in `black_scholes_greeks`.

    Raises
    ------
    ParameterError
        If an argument given as a number is outside its domain; on construction, not on collect.

    Notes
    -----
    With ``D = exp(-rate * years)`` and w = 1 for a call and -1 for a put: delta ``w D N(w d1)``, gamma ``D
    n(d1) / (F s)``, vega ``F D n(d1) sqrt(T)``, theta ``rate * price - F D n(d1) volatility / (2 sqrt(T))``,
    rho ``-T * price``, vanna ``-D n(d1) d2 / volatility``, volga ``vega d1 d2 / volatility``. Source: the
    formula of F. Black, "The Pricing of Commodity Contracts", *Journal of Financial Economics* 3, 1976,
    differentiated; E. G. Haug, *The Complete Guide to Option Pricing Formulas*, 2nd edition, chapter 2, 2007.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"strike": [100.0, 110.0]})
    >>> greeks = black76_greeks(100.0, pl.col("strike"), 1.0, volatility=0.2, is_call=True)
    >>> frame.select(greeks.struct.field("delta", "vega").round(4)).rows()
    [(0.5398, 39.6953), (0.3533, 37.1638)]
    """
    terms = _terms(forward, strike, years, volatility=volatility, rate=rate, is_call=is_call)
    greeks = differentiated(priced(terms)).struct.with_fields(
        theta=field("rate") * field("price") + field("decay"), rho=-field("years") * field("price")
    )
    return defined(greeks, "delta", "gamma", "vega", "theta", "rho", "vanna", "volga")


def _terms(
    forward: pl.Expr | float,
    strike: pl.Expr | float,
    years: pl.Expr | float,
    *,
    volatility: pl.Expr | float,
    rate: pl.Expr | float,
    is_call: pl.Expr | bool,
) -> pl.Expr:
    return (
        pl.struct(
            underlying=positive("forward", forward),
            strike=positive("strike", strike),
            years=not_negative("years", years),
            volatility=not_negative("volatility", volatility),
            rate=finite("rate", rate),
            sign=call_sign(is_call),
        )
        .struct.with_fields(discount=(-field("rate") * field("years")).exp())
        .struct.with_fields(
            asset=field("underlying") * field("discount"), bond=field("strike") * field("discount")
        )
    )
