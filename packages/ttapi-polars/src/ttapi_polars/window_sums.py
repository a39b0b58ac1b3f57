# SPDX-License-Identifier: Apache-2.0
"""Means over rolling windows that no longer know what has left the window."""

from __future__ import annotations

import polars as pl


def window_mean(value: pl.Expr, window: int) -> pl.Expr:
    """
    Return the mean of the last ``window`` values, each window added up anew.

    Parameters
    ----------
    value
        Float64, shape ``(n,)``; a null counts as zero, so the caller makes windows with nulls null.
    window
        Values per mean, at least 1.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``. The first ``window - 1`` rows are null. Right to a few 1e-16 of the largest
        value in the window. The cost grows with ``window``: for 20 it is that of a rolling deviation, for 250
        some ten times as much.

    Notes
    -----
    The rolling mean and sum of Polars 2.1 carry one running sum along. Two values of 1e12 with opposite signs
    that pass through a window leave an error of 6e-4 of what comes after them, for good. Weights, here of
    one, make Polars add up each window by itself.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"x": [1e12, -1e12, -0.0904, 0.0, 0.0]})
    >>> frame.select(window_mean(pl.col("x"), 3) * 3)["x"].to_list()[-1]
    -0.0904
    """
    total = value.fill_null(0.0).rolling_sum(window, weights=[1.0] * window, min_samples=window)
    return total / window


def whole_window_mean(value: pl.Expr, window: int) -> pl.Expr:
    """Return `window_mean`, null where a value of the window is null; ``value`` stands in it twice."""
    # A rolling sum is null where a value is missing, whatever it has lost in digits elsewhere.
    is_whole = value.rolling_sum(window, min_samples=window).is_not_null()
    return pl.when(is_whole).then(window_mean(value, window))
