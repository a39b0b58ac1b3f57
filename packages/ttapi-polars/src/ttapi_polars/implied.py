# SPDX-License-Identifier: Apache-2.0
"""Volatilities that prices of European options imply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from ttapi_polars.extras import require_kernels
from ttapi_polars.option_terms import call_sign, finite, not_negative, positive
from ttapi_polars.threads import even_pieces, side_by_side

# Rows a thread takes at a time: about ten milliseconds of work.
_PIECE: Final = 16_384


def implied_volatility(
    price: pl.Expr | float,
    spot: pl.Expr | float,
    strike: pl.Expr | float,
    years: pl.Expr | float,
    *,
    rate: pl.Expr | float = 0.0,
    dividend_yield: pl.Expr | float = 0.0,
    is_call: pl.Expr | bool,
) -> pl.Expr:
    """
    Find the volatility at which a European option has its price: the inverse of `black_scholes_price`.

    Parameters
    ----------
    price
        Price of the option, in the currency of ``spot``.
    spot
        Price of the underlying, strictly positive.
    strike
        Strike price, strictly positive.
    years
        Time to expiration in years, strictly positive.
    rate
        Risk-free interest rate, continuously compounded, a fraction a year.
    dividend_yield
        Dividend yield, continuously compounded, a fraction a year.
    is_call
        True for a call, False for a put.

    Returns
    -------
    pl.Expr
        Float64, a fraction per square-root year (0.2 is 20 %), of the length of its longest argument, above
        zero. Null where an argument is null, NaN, infinite or outside its domain, where the price is not
        below its ceiling (the discounted spot of a call, the discounted strike of a put), and where it is not
        above the discounted intrinsic value: a price without time value tells no volatility.

    Raises
    ------
    MissingExtraError
        If the extra ``kernels`` is not installed.
    ParameterError
        If an argument given as a number is outside its domain; both on construction, not on collect.

    Notes
    -----
    Householder's method of order three on the logarithm of the normalised price out of the money, or of what
    is missing to its ceiling; see `ttapi_polars.option_kernels`. The answer is exact to about 4e-15 of itself
    for the time value that is left after rounding: deep in the money, where the intrinsic value swallows the
    digits of the time value, it is a volatility that gives the price back, no more.

    Source: the normalisation is that of P. Jackel, "Let's Be Rational", *Wilmott* 2015 (75), 2015.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"price": [4.7594, 0.8086, 0.0], "is_call": [True, False, False]})
    >>> found = implied_volatility(pl.col("price"), 42.0, 40.0, 0.5, rate=0.1, is_call=pl.col("is_call"))
    >>> frame.select(found.round(4))["price"].to_list()
    [0.2, 0.2, None]
    """
    require_kernels("an implied volatility")
    t = positive("years", years)
    return _implied(
        not_negative("price", price),
        positive("spot", spot) * (-finite("dividend_yield", dividend_yield) * t).exp(),
        positive("strike", strike) * (-finite("rate", rate) * t).exp(),
        years=t,
        sign=call_sign(is_call),
    )


def black76_implied_volatility(
    price: pl.Expr | float,
    forward: pl.Expr | float,
    strike: pl.Expr | float,
    years: pl.Expr | float,
    *,
    rate: pl.Expr | float = 0.0,
    is_call: pl.Expr | bool,
) -> pl.Expr:
    """
    Find the volatility at which an option on a forward has its price: the inverse of `black76_price`.

    Parameters
    ----------
    price
        Price of the option today, in the currency of ``forward``.
    forward
        Forward or futures price for the expiration, strictly positive.
    strike
        Strike price, strictly positive.
    years
        Time to expiration in years, strictly positive.
    rate
        Risk-free interest rate at which the payoff is discounted, continuously compounded, a fraction a year.
    is_call
        True for a call, False for a put.

    Returns
    -------
    pl.Expr
        Float64, a fraction per square-root year (0.2 is 20 %), of the length of its longest argument, above
        zero. Null as in `implied_volatility`.

    Raises
    ------
    MissingExtraError
        If the extra ``kernels`` is not installed.
    ParameterError
        If an argument given as a number is outside its domain; both on construction, not on collect.

    Notes
    -----
    Method and accuracy are those of `implied_volatility`. Source: F. Black, "The Pricing of Commodity
    Contracts", *Journal of Financial Economics* 3, 1976.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"price": [7.5772, 12.0]})
    >>> found = black76_implied_volatility(pl.col("price"), 100.0, 100.0, 1.0, rate=0.05, is_call=True)
    >>> frame.select(found.round(4))["price"].to_list()
    [0.2, 0.3175]
    """
    require_kernels("an implied volatility")
    t = positive("years", years)
    discount = (-finite("rate", rate) * t).exp()
    return _implied(
        not_negative("price", price),
        positive("forward", forward) * discount,
        positive("strike", strike) * discount,
        years=t,
        sign=call_sign(is_call),
    )


def _implied(price: pl.Expr, asset: pl.Expr, bond: pl.Expr, *, years: pl.Expr, sign: pl.Expr) -> pl.Expr:
    terms = [price, asset, bond, years, sign]
    return pl.map_batches(terms, _volatilities, return_dtype=pl.Float64, is_elementwise=True)


def _volatilities(columns: Sequence[pl.Series]) -> pl.Series:
    import numpy as np  # noqa: PLC0415 - of the extra, whose presence was checked on construction

    from ttapi_polars.option_kernels import implied_volatilities  # noqa: PLC0415 - likewise

    rows = _rows(columns)
    # A null becomes NaN, which no comparison in the kernel lets pass.
    arrays = [np.broadcast_to(column.to_numpy(), rows) for column in columns]
    arrays = [np.ascontiguousarray(array) for array in arrays]
    for array in arrays:
        array.flags.writeable = False  # as Polars' own are: one compiled version serves all
    answer = np.empty(rows)

    def run(start: int, stop: int) -> None:
        price, asset, bond, years, sign = (array[start:stop] for array in arrays)
        implied_volatilities(price, asset, bond, years, sign, answer[start:stop])

    side_by_side(even_pieces(rows, size=_PIECE), run)
    return pl.Series(columns[0].name, answer).fill_nan(None)


# Columns are of one length, scalars of length one; beside an empty column the answer is empty.
def _rows(columns: Sequence[pl.Series]) -> int:
    lengths = {len(column) for column in columns}
    return 0 if 0 in lengths else max(lengths)
