# SPDX-License-Identifier: Apache-2.0
"""Flow of volume and money: with rising prices it counts as in, with falling ones as out."""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_polars.domains import require_count
from ttapi_polars.indicator_terms import from_bars, in_one_list, once, share, sound
from ttapi_polars.inputs import finite, not_negative, positive
from ttapi_polars.oscillators import SUM_ROUNDING, typical_price
from ttapi_polars.window_sums import window_mean

_EXACT_MAX: Final = 2.0**53
"""Below this no sum of whole numbers has been rounded."""


def on_balance_volume(close: pl.Expr, volume: pl.Expr) -> pl.Expr:
    """
    Total of the volume so far, added when the close rises and taken away when it falls.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    volume
        Volume of each bar, not negative. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the volume. Length and order are kept. The first row is its
        volume, as in TA-Lib; only differences mean something. A row whose price or volume is unusable is a
        gap: it is null, and the total starts anew after it. Null from the row on where the total has reached
        2**53, for then whole volumes are no longer exact, up to the next gap. Below that, totals of whole
        volumes are exact.

    Notes
    -----
    Source: J. E. Granville, *Granville's New Key to Stock Market Profits*, 1963.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"close": [10.0, 11.0, 11.0, 9.0], "volume": [5, 3, 7, 2]})
    >>> bars.select(on_balance_volume(pl.col("close"), pl.col("volume")))["close"].to_list()
    [5.0, 8.0, 8.0, 6.0]
    """

    def whole(price: pl.Expr, traded: pl.Expr) -> pl.Expr:
        usable = price.is_not_null() & traded.is_not_null()
        return once(_balance, pl.when(usable).then(price), pl.when(usable).then(traded))

    return in_one_list(
        lambda prices, sizes: once(whole, positive(prices), not_negative(sizes)), close, volume
    )


def _balance(close: pl.Expr, volume: pl.Expr) -> pl.Expr:
    # Nothing is before the first row after a gap, so that its volume is added.
    direction = close.diff().sign().fill_null(1.0)

    def sums(price: pl.Expr, change: pl.Expr) -> pl.Expr:
        # In whole numbers that no column can exceed: differences stay exact, whatever the total has become.
        small = pl.when(change.abs() < _EXACT_MAX).then(change).otherwise(0.0)
        whole, part = small.floor(), small - small.floor()
        return once(_since_gap, price, change, whole.cast(pl.Int128).cum_sum(), part.cum_sum())

    return once(sums, close, direction * volume)


def _since_gap(price: pl.Expr, change: pl.Expr, whole: pl.Expr, part: pl.Expr) -> pl.Expr:
    before = [pl.when(price.is_null()).then(run).forward_fill().fill_null(0) for run in (whole, part)]
    total = (whole - before[0]).cast(pl.Float64) + (part - before[1])
    return once(_while_exact, price, change, total)


def _while_exact(price: pl.Expr, change: pl.Expr, total: pl.Expr) -> pl.Expr:
    row = pl.int_range(price.len(), dtype=pl.Int64)
    is_lost = (total.abs() >= _EXACT_MAX) | (change.abs() >= _EXACT_MAX)
    lost, gap = (
        pl.when(there).then(row).forward_fill().fill_null(-1) for there in (is_lost, price.is_null())
    )
    return pl.when(price.is_not_null() & (lost <= gap)).then(total)


def money_flow_index(
    high: pl.Expr, low: pl.Expr, *, close: pl.Expr, volume: pl.Expr, window: int = 14
) -> pl.Expr:
    """
    Share of the money traded at rising prices in all money traded at rising or falling ones.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    volume
        Volume of each bar, not negative. Any numeric type, shape ``(n,)``.
    window
        Changes of the typical price that are summed, at least 2. The first ``window`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, from 0 to 100. Length and order are kept. Null wherever one of the bars that
        count is unusable: a price that is null, NaN, infinite or not positive, a high below the low, no
        volume known; or where no money was traded at a changed price, for then there is no share (TA-Lib says
        0, and does so for all sums of money below 1).

    Raises
    ------
    ParameterError
        If ``window < 2`` or no whole number; on construction, not on collect.

    Notes
    -----
    Money is typical price times volume, the typical price ``(high + low + close) / 3``; it is in
    where that has risen, out where it has fallen. ``100 * in / (in + out)``. Source: G. Quong and A. Soudack,
    "Volume-weighted RSI: Money Flow", *Stocks & Commodities* 7:3, 1989.

    Examples
    --------
    >>> import polars as pl
    >>> price = pl.col("close")
    >>> bars = pl.DataFrame({"close": [10.0, 11.0, 10.0, 12.0], "volume": [1, 10, 11, 10]})
    >>> index = money_flow_index(price, price, close=price, volume=pl.col("volume"), window=2)
    >>> bars.select(index.round(6))["close"].to_list()
    [None, None, 50.0, 52.173913]
    """
    require_count("window", window, least=2)

    def signed_flow(typical: pl.Expr, quantity: pl.Expr) -> pl.Expr:
        change = typical.diff()
        moved = change.abs() > typical * SUM_ROUNDING
        return sound(typical * quantity * pl.when(moved).then(change.sign()).when(~moved).then(0.0))

    def build(top: pl.Expr, bottom: pl.Expr, last: pl.Expr, sizes: pl.Expr) -> pl.Expr:
        traded = not_negative(sizes)
        known = pl.when(traded.is_not_null()).then(from_bars(typical_price, top, bottom, last))
        flow = once(signed_flow, known, traded)
        return once(lambda signed: _share_of_inflow(signed, window), flow)

    return in_one_list(build, high, low, close, volume)


def _share_of_inflow(flow: pl.Expr, window: int) -> pl.Expr:
    inflow = window_mean(flow.clip(lower_bound=0.0), window)
    outflow = window_mean((-flow).clip(lower_bound=0.0), window)
    index = once(lambda gain, loss: share(gain, finite(gain + loss)) * 100, inflow, outflow)
    # Null where the window is not whole, for then it has no greatest flow.
    return pl.when(flow.abs().rolling_max(window, min_samples=window) > 0).then(index)
