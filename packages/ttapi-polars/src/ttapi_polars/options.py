# SPDX-License-Identifier: Apache-2.0
"""Prices of European options."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.domains import require_finite, require_not_negative, require_positive

if TYPE_CHECKING:
    from collections.abc import Callable


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
        left it is the discounted intrinsic value, the limit of the formula.

    Raises
    ------
    ParameterError
        If an argument given as a number is outside its domain; on construction, not on collect.

    Notes
    -----
    Source: R. C. Merton, "Theory of Rational Option Pricing", *The Bell Journal of Economics and Management
    Science* 4 (1), section 7, 1973; in textbook form J. C. Hull, *Options, Futures, and Other Derivatives*,
    11th edition, section 17.3, 2021. The error is that of the normal distribution function, about 1e-16 times
    ``spot + strike``; a price below that is not significant.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"strike": [40.0, 40.0], "is_call": [True, False]})
    >>> price = black_scholes_price(
    ...     42.0, pl.col("strike"), 0.5, volatility=0.2, rate=0.1, is_call=pl.col("is_call")
    ... )
    >>> frame.select(price.round(4).alias("price"))["price"].to_list()
    [4.7594, 0.8086]
    """
    s = _number("spot", spot, require_positive)
    k = _number("strike", strike, require_positive)
    t = _number("years", years, require_not_negative)
    sigma = _number("volatility", volatility, require_not_negative)
    r = _number("rate", rate, require_finite)
    q = _number("dividend_yield", dividend_yield, require_finite)
    sign = _sign(is_call)

    spot_discounted, strike_discounted = s * (-q * t).exp(), k * (-r * t).exp()
    deviation = sigma * t.sqrt()
    d1 = (spot_discounted / strike_discounted).log() / deviation + deviation / 2
    d2 = d1 - deviation
    price = sign * (spot_discounted * _normal_cdf(sign * d1) - strike_discounted * _normal_cdf(sign * d2))
    intrinsic = sign * (spot_discounted - strike_discounted)
    value = pl.when(deviation > 0).then(price).otherwise(intrinsic).clip(lower_bound=0)
    in_domain = (s > 0) & (k > 0) & (t >= 0) & (sigma >= 0)
    finite = pl.all_horizontal(x.is_finite() for x in (s, k, t, sigma, r, q, value))
    return pl.when(in_domain & finite).then(value)


def _number(name: str, value: pl.Expr | float, require: Callable[[str, float], None]) -> pl.Expr:
    if isinstance(value, pl.Expr):
        return value.cast(pl.Float64)
    require(name, value)
    return pl.lit(value, dtype=pl.Float64)


def _sign(is_call: pl.Expr | bool) -> pl.Expr:  # noqa: FBT001 - private, one argument
    if isinstance(is_call, bool):
        return pl.lit(1.0 if is_call else -1.0)
    if not isinstance(is_call, pl.Expr):
        raise ParameterError("is_call", is_call, "a boolean or an expression of booleans")
    return pl.when(is_call).then(1.0).when(is_call.not_()).then(-1.0)


def _normal_cdf(x: pl.Expr) -> pl.Expr:
    return 0.5 * (1 + (x / math.sqrt(2)).erf())
