# SPDX-License-Identifier: Apache-2.0
"""Average prices weighted by volume: of a whole sample, over a rolling window, and from an anchor on."""

from __future__ import annotations

import polars as pl

from ttapi_polars.domains import require_count
from ttapi_polars.inputs import not_negative, positive
from ttapi_polars.window_sums import window_mean


def vwap(price: pl.Expr, volume: pl.Expr) -> pl.Expr:
    """
    Average price weighted by volume, over the whole sample.

    Parameters
    ----------
    price
        Prices, strictly positive; of bars, their own average or ``(high + low + close) / 3``. Any numeric
        type, shape ``(n,)``.
    volume
        Shares or contracts at that price, not negative. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, one value, a price. Rows whose price or volume cannot be used are left out; null where no
        volume is left, and where a sum is beyond Float64.

    Notes
    -----
    ``sum(price * volume) / sum(volume)``. Source: S. Berkowitz, D. Logue and E. Noser, *The Total Cost of
    Transactions on the NYSE*, Journal of Finance 43, 1988.

    Examples
    --------
    >>> import polars as pl
    >>> trades = pl.DataFrame({"price": [10.0, 13.0, None], "size": [100, 50, 7]})
    >>> trades.select(vwap(pl.col("price"), pl.col("size"))).item()
    11.0
    """
    value, size, paid = _weighted(price, volume)
    return _within(value.sum(), size.sum(), low=paid.min(), high=paid.max())


def rolling_vwap(price: pl.Expr, volume: pl.Expr, *, window: int) -> pl.Expr:
    """
    Average price weighted by volume, over a rolling window of rows.

    Parameters
    ----------
    price, volume
        As `vwap` takes them, in time order. Use ``.over("symbol")`` on the result when the columns hold
        several instruments.
    window
        Rows in an average, at least 1. The first ``window - 1`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a price. Length and order are kept. Null wherever a row of the window cannot
        be used, and where the window has no volume.

    Raises
    ------
    ParameterError
        If ``window < 1``; on construction, not on collect.

    Notes
    -----
    As `vwap`, over the last ``window`` rows, each window added up anew, so that nothing is left of a value
    that has left it; the cost grows with ``window``. The quotient lies within the window's prices by
    definition and is kept there, so that a rounding never takes it out.

    Examples
    --------
    >>> import polars as pl
    >>> trades = pl.DataFrame({"price": [10.0, 13.0, 12.0], "size": [100, 50, 50]})
    >>> trades.select(rolling_vwap(pl.col("price"), pl.col("size"), window=2))["price"].to_list()
    [None, 11.0, 12.5]
    """
    require_count("window", window, least=1)
    value, size, _ = _weighted(price, volume)
    # Prices of rows without volume widen the range for nothing, but a window needs every row.
    paid = pl.when(size.is_not_null()).then(positive(price))
    traded = size.rolling_max(window, min_samples=window) > 0
    average = _within(
        window_mean(value, window),
        window_mean(size, window),
        low=paid.rolling_min(window, min_samples=window),
        high=paid.rolling_max(window, min_samples=window),
    )
    # Null where the window is not whole, for then it has no greatest volume.
    return pl.when(traded).then(average)


def anchored_vwap(price: pl.Expr, volume: pl.Expr) -> pl.Expr:
    """
    Average price weighted by volume, from the first row on to each row.

    Parameters
    ----------
    price, volume
        As `vwap` takes them, in time order. The anchor is the first row: ``.over("symbol", "session_date")``
        anchors at each opening (see `label_sessions`).

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a price. Length and order are kept. Rows that cannot be used are left out of
        the averages after them and are null themselves; null until there is a volume.

    Notes
    -----
    As `vwap`, over all rows so far.

    Examples
    --------
    >>> import polars as pl
    >>> trades = pl.DataFrame({"day": [1, 1, 2], "price": [10.0, 13.0, 12.0], "size": [100, 50, 50]})
    >>> average = anchored_vwap(pl.col("price"), pl.col("size")).over("day")
    >>> trades.select(average)["price"].to_list()
    [10.0, 11.0, 12.0]
    """
    value, size, paid = _weighted(price, volume)
    low, high = paid.cum_min().forward_fill(), paid.cum_max().forward_fill()
    return _within(value.cum_sum(), size.cum_sum(), low=low, high=high)


def _weighted(price: pl.Expr, volume: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Return the value traded, the volume, and the price where there was volume; null where unusable."""
    paid, size = positive(price), not_negative(volume)
    value = paid * size
    return value, pl.when(value.is_not_null()).then(size), pl.when(size > 0).then(paid)


def _within(value: pl.Expr, size: pl.Expr, *, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    # Infinite sums are null, not the highest price.
    quotient = positive(value / size)
    return pl.when(quotient.is_not_null()).then(pl.min_horizontal(pl.max_horizontal(quotient, low), high))
