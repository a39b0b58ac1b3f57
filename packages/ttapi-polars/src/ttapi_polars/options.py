# SPDX-License-Identifier: Apache-2.0
"""Prices of European options on an asset with a dividend yield."""

from __future__ import annotations

import polars as pl
from polars import field

from ttapi_polars.option_terms import call_sign, finite, not_negative, positive, priced


def black_scholes_price(
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
    Price a European option on an asset with a continuous dividend yield.

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
        Float64, in the currency of ``spot``, of the length of its longest argument; never negative.
        Null where an argument is null, NaN, infinite or outside its domain. With no time or no volatility
        left it is the discounted intrinsic value, the limit of the formula, and it is never below that.

    Raises
    ------
    ParameterError
        If an argument given as a number is outside its domain; on construction, not on collect.

    Notes
    -----
    Source: R. C. Merton, "Theory of Rational Option Pricing", *The Bell Journal of Economics and Management
    Science* 4 (1), section 7, 1973; in textbook form J. C. Hull, *Options, Futures, and Other Derivatives*,
    11th edition, section 17.3, 2021. The price is a difference of two parts, an asset and a bond, each
    weighted with a normal probability that keeps its relative accuracy far in the tail. The error is
    therefore about ``1e-16 * (1 + d1**2)`` times the larger part: a price of 1e-200 still has its leading
    digits.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"strike": [40.0, 40.0], "is_call": [True, False]})
    >>> price = black_scholes_price(
    ...     42.0, pl.col("strike"), 0.5, volatility=0.2, rate=0.1, is_call=pl.col("is_call")
    ... )
    >>> frame.select(price.round(4))["price"].to_list()
    [4.7594, 0.8086]
    """
    return priced(
        scholes_terms(
            spot,
            strike,
            years,
            volatility=volatility,
            rate=rate,
            dividend_yield=dividend_yield,
            is_call=is_call,
        )
    ).struct.field("price")


def scholes_terms(
    spot: pl.Expr | float,
    strike: pl.Expr | float,
    years: pl.Expr | float,
    *,
    volatility: pl.Expr | float,
    rate: pl.Expr | float,
    dividend_yield: pl.Expr | float,
    is_call: pl.Expr | bool,
) -> pl.Expr:
    """Check the arguments of `black_scholes_price` and discount them: a struct for `priced`."""
    return pl.struct(
        underlying=positive("spot", spot),
        strike=positive("strike", strike),
        years=not_negative("years", years),
        volatility=not_negative("volatility", volatility),
        rate=finite("rate", rate),
        dividend_yield=finite("dividend_yield", dividend_yield),
        sign=call_sign(is_call),
    ).struct.with_fields(
        asset=field("underlying") * (-field("dividend_yield") * field("years")).exp(),
        bond=field("strike") * (-field("rate") * field("years")).exp(),
    )
