# SPDX-License-Identifier: Apache-2.0
"""Sensitivities of European options on an asset with a dividend yield."""

from __future__ import annotations

import polars as pl
from polars import field

from ttapi_polars.option_terms import defined, differentiated, priced
from ttapi_polars.options import scholes_terms


def black_scholes_greeks(
    spot: pl.Expr | float,
    strike: pl.Expr | float,
    years: pl.Expr | float,
    *,
    volatility: pl.Expr | float,
    rate: pl.Expr | float = 0.0,
    dividend_yield: pl.Expr | float = 0.0,
    is_call: pl.Expr | bool,
) -> pl.Expr:
    """
    Price a European option on an asset with a continuous dividend yield, with its sensitivities.

    Parameters
    ----------
    spot
        Price of the underlying, strictly positive.
    strike
        Strike price, strictly positive, in the currency of ``spot``.
    years
        Time to expiration in years, zero or more.
    volatility
        Annualised volatility of log returns, zero or more, a fraction (0.2 is 20 %).
    rate
        Risk-free interest rate, continuously compounded, a fraction a year.
    dividend_yield
        Dividend yield, continuously compounded, a fraction a year.
    is_call
        True for a call, False for a put.

    Returns
    -------
    pl.Expr
        Struct named ``greeks``, of Float64, of the length of its longest argument, with the fields

        ============ ==================================================================================
        price        as `black_scholes_price`
        delta        change of the price per 1.0 of spot
        gamma        change of delta per 1.0 of spot
        vega         change of the price per 1.0 of volatility (divide by 100 for a percentage point)
        theta        change of the price per year that passes (divide by 365 for a calendar day)
        rho          change of the price per 1.0 of rate
        rho_dividend change of the price per 1.0 of dividend yield, also called epsilon
        vanna        change of delta per 1.0 of volatility; also of vega per 1.0 of spot
        volga        change of vega per 1.0 of volatility, also called vomma
        ============ ==================================================================================

        All fields are null where an argument is null, NaN, infinite or outside its domain, and one field is
        where it is beyond the range of a Float64. With no time or no volatility left the fields are the
        limits of the formulas: delta is all or nothing, gamma, vega, vanna and volga are zero. At the kink,
        where then the discounted spot equals the discounted strike, only the price is known; the others are
        null.

    Raises
    ------
    ParameterError
        If an argument given as a number is outside its domain; on construction, not on collect.

    Notes
    -----
    With A and B the discounted spot and strike, ``s = volatility * sqrt(T)``, ``d1, d2 = log(A / B) / s +- s
    / 2``, N and n the normal distribution and its density, and w = 1 for a call and -1 for a put:

    - delta ``w exp(-q T) N(w d1)``, gamma ``exp(-q T) n(d1) / (S s)``, vega ``A n(d1) sqrt(T)``
    - theta ``w (q A N(w d1) - r B N(w d2)) - A n(d1) volatility / (2 sqrt(T))``
    - rho ``w T B N(w d2)``, rho_dividend ``-w T A N(w d1)``
    - vanna ``-exp(-q T) n(d1) d2 / volatility``, volga ``vega d1 d2 / volatility``

    Source: E. G. Haug, *The Complete Guide to Option Pricing Formulas*, 2nd edition, chapter 2, 2007.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"strike": [45.0, 50.0, 55.0]})
    >>> greeks = black_scholes_greeks(
    ...     49.0, pl.col("strike"), 20 / 52, volatility=0.2, rate=0.05, is_call=True
    ... )
    >>> frame.select(greeks.struct.field("delta", "gamma", "vega", "theta").round(3)).row(1)
    (0.522, 0.066, 12.105, -4.305)
    """
    terms = scholes_terms(
        spot,
        strike,
        years,
        volatility=volatility,
        rate=rate,
        dividend_yield=dividend_yield,
        is_call=is_call,
    )
    asset, bond, years_left = field("asset_part"), field("bond_part"), field("years")
    greeks = differentiated(priced(terms)).struct.with_fields(
        theta=field("dividend_yield") * asset - field("rate") * bond + field("decay"),
        rho=years_left * bond,
        rho_dividend=-years_left * asset,
    )
    return defined(greeks, "delta", "gamma", "vega", "theta", "rho", "rho_dividend", "vanna", "volga")
