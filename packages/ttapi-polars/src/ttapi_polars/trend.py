# SPDX-License-Identifier: Apache-2.0
"""Trend: its strength by directional movement, its age, and the stop that follows it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.averages import wilder_average
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.extras import require_kernels
from ttapi_polars.indicator_terms import (
    from_bars,
    from_ranges,
    in_one_list,
    once,
    share,
    smoothed_alike,
)
from ttapi_polars.true_ranges import range_of_bars
from ttapi_polars.window_sums import whole_window_mean


def average_directional_index(high: pl.Expr, low: pl.Expr, *, close: pl.Expr, window: int = 14) -> pl.Expr:
    """
    Directional indicators of rises and falls, and the average of how much they differ.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Bars per average, at least 2.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``, each from 0 to 100: ``plus_di`` and ``minus_di``, of which the
        first ``window`` rows are null, and ``adx``, of which the first ``2 * window - 1`` are. Length and
        order are kept. An unusable bar is a gap (see `true_range`): its row is null, and all starts anew
        after it. Where no bar had any range the indicators are null, and where none had a direction ``adx``
        has to wait for ``window`` bars that have one (TA-Lib counts such bars as 0).

    Raises
    ------
    ParameterError
        If ``window < 2`` or no whole number; on construction, not on collect.

    Notes
    -----
    Movement up is the rise of the high, movement down the fall of the low; the greater counts if
    it is above zero. Both and the true range are smoothed with the weight ``1 / window``; an indicator is
    ``100 * movement / range``. ``adx`` is `wilder_moving_average` of ``100 * |plus - minus| / (plus +
    minus)``. The sums start, as in TA-Lib, with the first ``window - 1`` movements. Source: J. W. Wilder,
    *New Concepts in Technical Trading Systems*, section "The Directional Movement System", 1978.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({
    ...     "high": [3.0, 4.0, 5.0, 5.0], "low": [1.0, 2.0, 3.0, 2.0], "close": [2.0, 3.0, 4.0, 3.0]
    ... })
    >>> index = average_directional_index(pl.col("high"), pl.col("low"), close=pl.col("close"), window=2)
    >>> bars.select(index.struct.field("*").round(4)).row(-1, named=True)
    {'plus_di': 16.6667, 'minus_di': 22.2222, 'adx': 57.1429}
    """
    require_count("window", window, least=2)

    def shares(plus: pl.Expr, minus: pl.Expr, spread: pl.Expr) -> pl.Expr:
        return once(directions, share(plus, spread) * 100, share(minus, spread) * 100)

    def directions(plus: pl.Expr, minus: pl.Expr) -> pl.Expr:
        difference = share((plus - minus).abs(), plus + minus) * 100
        adx = wilder_average(difference, window)
        return pl.struct(plus_di=plus, minus_di=minus, adx=adx)

    def averages(*values: pl.Expr) -> pl.Expr:
        seeds = [_wilder_seed(value, window) for value in values]
        return smoothed_alike(shares, values, seeds, weight=1 / window)

    def movements(rise: pl.Expr, fall: pl.Expr, spread: pl.Expr) -> pl.Expr:
        return once(averages, _movement(rise, fall), _movement(fall, rise), spread)

    def build(top: pl.Expr, bottom: pl.Expr, last: pl.Expr) -> pl.Expr:
        return once(movements, top.diff(), -bottom.diff(), range_of_bars(top, bottom, last))

    return in_one_list(lambda *bars: from_bars(build, *bars), high, low, close)


def _movement(counts: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.when((counts > other) & (counts > 0)).then(counts).when(counts.is_not_null()).then(0.0)


def _wilder_seed(value: pl.Expr, window: int) -> pl.Expr:
    # The window-th value is the first that the sum of those before it is smoothed with.
    before = whole_window_mean(value, window - 1).shift(1) * (window - 1)
    return (before * (1 - 1 / window) + value) / window


def aroon(high: pl.Expr, low: pl.Expr, *, window: int = 25) -> pl.Expr:
    """
    Freshness of the highest high and of the lowest low.

    Parameters
    ----------
    high, low
        The ranges of the bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Bars to look back, at least 1; with the current one that is ``window + 1``. The first ``window`` rows
        are null.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``: ``up`` and ``down``, from 0 (the extreme is ``window`` bars old) to
        100 (it is now), and ``oscillator``, up less down, from -100 to 100. Of equal extremes the most recent
        counts. Length and order are kept. Null wherever one of the ranges is unusable (see
        `donchian_channel`).

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    ``100 * (window - bars since the extreme) / window``. Source: T. Chande, "The Time Price
    Oscillator", *Stocks & Commodities* 13:9, 1995.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 5.0, 4.0], "low": [1.0, 2.0, 3.0]})
    >>> bars.select(aroon(pl.col("high"), pl.col("low"), window=2))["high"].to_list()[-1]
    {'up': 50.0, 'down': 0.0, 'oscillator': 50.0}
    """
    require_count("window", window, least=1)

    def lines(since_highest: pl.Expr, since_lowest: pl.Expr) -> pl.Expr:
        # By a constant Polars divides through its reciprocal, which may give 99.99999999999999 for 100.
        up, down = ((window - age) * 100.0 / (age * 0 + window) for age in (since_highest, since_lowest))
        return once(_aroon_lines, up, down)

    def build(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
        return once(lines, _age_of_highest(top, window), _age_of_highest(-bottom, window))

    return in_one_list(lambda *ranges: from_ranges(build, *ranges), high, low)


def _aroon_lines(up: pl.Expr, down: pl.Expr) -> pl.Expr:
    return pl.struct(up=up, down=down, oscillator=up - down)


def _age_of_highest(value: pl.Expr, window: int) -> pl.Expr:
    # Polars has no rolling place of the maximum. Rank and row number in one whole number give it: the greater
    # value wins, and of equal ones the later row. The product stays below 2**63 for the 2**32 rows of Polars.
    rows = value.len().cast(pl.Int64)
    row = pl.int_range(value.len(), dtype=pl.Int64)
    key = (value.rank("dense").cast(pl.Int64) - 1) * rows + row
    return row - key.rolling_max(window + 1, min_samples=window + 1) % rows


def parabolic_sar(
    high: pl.Expr, low: pl.Expr, *, acceleration: float = 0.02, maximum: float = 0.2
) -> pl.Expr:
    """
    Stop of a trend that follows it ever faster, and changes side when it is touched (Wilder).

    Parameters
    ----------
    high, low
        The ranges of the bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
    acceleration
        Share of the way to the extreme price of the trend that the stop moves in a bar, above zero; it grows
        by the same amount with each new extreme.
    maximum
        Greatest such share, not below ``acceleration`` and at most 1.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of the prices: below the bar in a rising trend, above it in a
        falling one. Length and order are kept. The first row is null. A range that is unusable (see
        `donchian_channel`) is a gap: its row is null, and the next row begins as the first.

    Raises
    ------
    ParameterError
        If ``acceleration <= 0``, ``maximum > 1`` or ``acceleration > maximum``; on construction, not on
        collect.
    MissingExtraError
        If the extra ``kernels`` is not installed; on construction.

    Notes
    -----
    Every value depends on all before it in a way that no Polars expression has, so the whole
    column is given to one compiled function; under ``.over("symbol")`` that is called once a symbol. The
    first trend falls if the second low is below the first by more than the second high is above the first,
    else it rises, as in TA-Lib. Source: J. W. Wilder, *New Concepts in Technical Trading Systems*, section
    "The Parabolic Time/Price System", 1978.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 4.0, 5.0, 4.5], "low": [2.0, 3.0, 4.0, 1.5]})
    >>> bars.select(parabolic_sar(pl.col("high"), pl.col("low")).round(6))["high"].to_list()
    [None, 2.0, 2.04, 5.0]
    """
    require_positive("acceleration", acceleration)
    require_positive("maximum", maximum)
    if maximum > 1:
        raise ParameterError("maximum", maximum, "a share, at most 1")
    if acceleration > maximum:
        raise ParameterError("acceleration", acceleration, f"at most maximum, {maximum}")
    require_kernels("parabolic_sar")

    def evaluate(ranges: Sequence[pl.Series]) -> pl.Series:
        from ttapi_polars import trend_kernels  # noqa: PLC0415 - only the extra brings what it imports

        top, bottom = (values.to_numpy() for values in ranges)
        stops = trend_kernels.parabolic_sar(top, bottom, acceleration, maximum)
        return pl.Series(ranges[0].name, stops, nan_to_null=True)

    def build(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
        return pl.map_batches([top, bottom], evaluate, return_dtype=pl.Float64)

    return in_one_list(lambda *ranges: from_ranges(build, *ranges), high, low)
