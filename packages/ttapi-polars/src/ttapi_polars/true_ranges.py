# SPDX-License-Identifier: Apache-2.0
"""The true range of a bar and its average: how far prices travel, gaps between bars included."""

from __future__ import annotations

import polars as pl

from ttapi_polars.averages import wilder_average
from ttapi_polars.domains import require_count
from ttapi_polars.indicator_terms import from_bars, in_one_list


def true_range(high: pl.Expr, low: pl.Expr, *, close: pl.Expr) -> pl.Expr:
    """
    Range of a bar, stretched to the close before it.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the prices, not negative. Length and order are kept. The first
        row is null, and so is each row whose own bar or the bar before it is unusable: a price that is null,
        NaN, infinite or not positive, or a high below the low.

    Notes
    -----
    ``max(high, close before) - min(low, close before)``. Source: J. W. Wilder, *New Concepts in Technical
    Trading Systems*, section "The Volatility Index", 1978.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [10.0, 12.0, 9.0], "low": [9.0, 11.0, 8.0], "close": [9.5, 11.0, 9.0]})
    >>> bars.select(true_range(pl.col("high"), pl.col("low"), close=pl.col("close")))["high"].to_list()
    [None, 2.5, 3.0]
    """
    return in_one_list(lambda *bars: from_bars(range_of_bars, *bars), high, low, close)


def range_of_bars(high: pl.Expr, low: pl.Expr, close: pl.Expr) -> pl.Expr:
    """Give the true range of bars that are whole or null."""
    before = close.shift(1)
    # The horizontal extremes leave nulls out, hence the condition.
    spread = pl.max_horizontal(high, before) - pl.min_horizontal(low, before)
    return pl.when(high.is_not_null() & before.is_not_null()).then(spread)


def average_true_range(high: pl.Expr, low: pl.Expr, *, close: pl.Expr, window: int = 14) -> pl.Expr:
    """
    Wilder's average of the true range.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        True ranges whose mean is the seed, at least 1. The first ``window`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the prices. Length and order are kept. An unusable bar (see
        `true_range`) is a gap: its row is null, and the average starts anew after it.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    `wilder_moving_average` of `true_range`. Source: J. W. Wilder, *New Concepts in Technical
    Trading Systems*, section "The Volatility Index", 1978.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [10.0, 12.0, 9.0], "low": [9.0, 11.0, 8.0], "close": [9.5, 11.0, 9.0]})
    >>> average = average_true_range(pl.col("high"), pl.col("low"), close=pl.col("close"), window=2)
    >>> bars.select(average)["high"].to_list()
    [None, None, 2.75]
    """
    require_count("window", window, least=1)

    def build(*bars: pl.Expr) -> pl.Expr:
        return wilder_average(from_bars(range_of_bars, *bars), window)

    return in_one_list(build, high, low, close)
