# SPDX-License-Identifier: Apache-2.0
"""Returns from prices: what one bar brought relative to the bar before it."""

from __future__ import annotations

import polars as pl


def usable(price: pl.Expr) -> pl.Expr:
    """
    Keep the prices that a return can be made of.

    Parameters
    ----------
    price
        Prices of any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``; null where the price is null, NaN, infinite, zero or negative.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [10.0, 0.0, -1.0, float("nan"), None]})
    >>> frame.select(usable(pl.col("close")))["close"].to_list()
    [10.0, None, None, None, None]
    """
    number = price.cast(pl.Float64)
    return pl.when(number.is_finite() & (number > 0)).then(number)


def simple_returns(price: pl.Expr) -> pl.Expr:
    """
    Return the relative change from one bar to the next, ``p[t] / p[t-1] - 1``.

    Parameters
    ----------
    price
        Prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction (0.01 is 1 %). Length and order are kept. The first row is null,
        and so is each row whose own price or the price before it is null, NaN, infinite or not positive:
        a gap is never bridged.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 110.0, None, 99.0, 49.5]})
    >>> frame.select(simple_returns(pl.col("close")).round(6))["close"].to_list()
    [None, 0.1, None, None, -0.5]
    """
    kept = usable(price)
    return _finite((kept - kept.shift(1)) / kept.shift(1))


def log_returns(price: pl.Expr) -> pl.Expr:
    """
    Return the logarithm of the change from one bar to the next, ``ln(p[t] / p[t-1])``.

    Parameters
    ----------
    price
        Prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``. Length and order are kept. Null as in `simple_returns`.
        Log returns of adjoining bars add up.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [100.0, 110.0, 100.0]})
    >>> frame.select(log_returns(pl.col("close")).round(6))["close"].to_list()
    [None, 0.09531, -0.09531]
    """
    kept = usable(price)
    return _finite((kept / kept.shift(1)).log())


def _finite(value: pl.Expr) -> pl.Expr:
    # Two representable prices may have a ratio that is none (1e300 over 1e-300): null, not infinity.
    return pl.when(value.is_finite()).then(value)
