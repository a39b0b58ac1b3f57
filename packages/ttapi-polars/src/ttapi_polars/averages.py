# SPDX-License-Identifier: Apache-2.0
"""Moving averages: simple, linearly weighted, exponential, and Wilder's."""

from __future__ import annotations

import polars as pl

from ttapi_polars.domains import require_count
from ttapi_polars.indicator_terms import in_one_list, once, smoothed_from_mean, sound
from ttapi_polars.window_sums import window_mean


def simple_moving_average(value: pl.Expr, *, window: int) -> pl.Expr:
    """
    Mean of the last ``window`` values.

    Parameters
    ----------
    value
        Prices or any other numbers in time order, one per bar. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Bars per mean, the current one included, at least 1. The first ``window - 1`` rows are null.
        The cost of the call grows with it: each window is added up anew, so that nothing is left of a value
        that has left it.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the values. Length and order are kept. Null wherever one of the
        ``window`` values is null, NaN or infinite.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``sum(value[t-window+1 .. t]) / window``. Source: J. J. Murphy, *Technical Analysis of the Financial
    Markets*, chapter 9, 1999.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [1.0, 2.0, 6.0, 4.0]})
    >>> frame.select(simple_moving_average(pl.col("close"), window=3).round(6))["close"].to_list()
    [None, None, 3.0, 4.0]
    """
    require_count("window", window, least=1)
    return in_one_list(lambda numbers: simple_average(numbers, window), value)


def simple_average(value: pl.Expr, window: int) -> pl.Expr:
    """Give `simple_moving_average` within another measure."""

    def build(known: pl.Expr) -> pl.Expr:
        return _where_whole(sound(window_mean(known, window)), known, window)

    return once(build, sound(value))


def weighted_moving_average(value: pl.Expr, *, window: int) -> pl.Expr:
    """
    Mean of the last ``window`` values with weights that grow by one from bar to bar.

    Parameters
    ----------
    value
        Prices or any other numbers in time order, one per bar. Any numeric type, shape ``(n,)``.
    window
        Bars per mean, the current one included, at least 1. The first ``window - 1`` rows are null.
        The cost of the call grows with it.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the values. Length and order are kept. Null wherever one of the
        ``window`` values is null, NaN or infinite.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``sum((window - i) * value[t-i]) / (window * (window + 1) / 2)`` for i = 0 .. window - 1. Source:
    J. J. Murphy, *Technical Analysis of the Financial Markets*, chapter 9, 1999.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [1.0, 2.0, 6.0, 4.0]})
    >>> frame.select(weighted_moving_average(pl.col("close"), window=2).round(6))["close"].to_list()
    [None, 1.666667, 4.666667, 4.666667]
    """
    require_count("window", window, least=1)
    weights = [float(i) for i in range(1, window + 1)]

    def build(known: pl.Expr) -> pl.Expr:
        # Polars weighs only columns without nulls: zeros take their place, and their windows are left out.
        mean = known.fill_null(0.0).rolling_mean(window, weights=weights, min_samples=window)
        return _where_whole(sound(mean), known, window)

    return in_one_list(lambda numbers: once(build, sound(numbers)), value)


def _where_whole(mean: pl.Expr, known: pl.Expr, window: int) -> pl.Expr:
    # A rolling sum is null where a value is missing, whatever it has lost in digits elsewhere.
    return pl.when(known.rolling_sum(window, min_samples=window).is_not_null()).then(mean)


def exponential_moving_average(value: pl.Expr, *, window: int) -> pl.Expr:
    """
    Exponentially weighted mean with the weight ``2 / (window + 1)`` for the newest value.

    Parameters
    ----------
    value
        Prices or any other numbers in time order, one per bar. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Bars whose plain mean is the seed, at least 1. The first ``window - 1`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the values. Length and order are kept. A null, NaN or infinite
        value is a gap: its row is null, nothing is carried across, and the average starts anew with the mean
        of the first ``window`` values after it.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``s[t] = s[t-1] + 2 / (window + 1) * (value[t] - s[t-1])``; the first s is the mean of the
    first ``window`` values. Source: J. J. Murphy, *Technical Analysis of the Financial Markets*, chapter 9,
    1999; seed as in TA-Lib.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [1.0, 2.0, 6.0, 4.0]})
    >>> frame.select(exponential_moving_average(pl.col("close"), window=3).round(6))["close"].to_list()
    [None, None, 3.0, 3.5]
    """
    require_count("window", window, least=1)
    return in_one_list(lambda numbers: exponential_average(numbers, window), value)


def exponential_average(value: pl.Expr, window: int) -> pl.Expr:
    """Give `exponential_moving_average` within another measure."""
    return smoothed_from_mean(sound(value), window=window, weight=2 / (window + 1))


def wilder_moving_average(value: pl.Expr, *, window: int) -> pl.Expr:
    """
    Exponentially weighted mean with the weight ``1 / window`` for the newest value.

    Parameters
    ----------
    value
        Numbers in time order, one per bar. Any numeric type, shape ``(n,)``.
    window
        Bars whose plain mean is the seed, at least 1. The first ``window - 1`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the values. Length and order are kept. Gaps as in
        `exponential_moving_average`.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``s[t] = s[t-1] + (value[t] - s[t-1]) / window``. Source: J. W. Wilder, *New Concepts in Technical Trading
    Systems*, section "The Directional Movement System", 1978.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"range": [1.0, 2.0, 6.0, 6.0]})
    >>> frame.select(wilder_moving_average(pl.col("range"), window=3).round(6))["range"].to_list()
    [None, None, 3.0, 4.0]
    """
    require_count("window", window, least=1)
    return in_one_list(lambda numbers: wilder_average(numbers, window), value)


def wilder_average(value: pl.Expr, window: int) -> pl.Expr:
    """Give `wilder_moving_average` within another measure."""
    return smoothed_from_mean(sound(value), window=window, weight=1 / window)
