# SPDX-License-Identifier: Apache-2.0
"""Channels around prices: Bollinger, Keltner, Donchian, and Ichimoku's cloud."""

from __future__ import annotations

import polars as pl

from ttapi_polars.averages import exponential_average, wilder_average
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.indicator_terms import from_bars, from_ranges, in_one_list, once, ratio, sound
from ttapi_polars.inputs import finite, positive, require_flag
from ttapi_polars.true_ranges import range_of_bars
from ttapi_polars.window_sums import whole_window_mean


def bollinger_bands(close: pl.Expr, *, window: int = 20, multiplier: float = 2.0) -> pl.Expr:
    """
    Bands of some standard deviations around the simple moving average.

    Parameters
    ----------
    close
        Close prices in time order, one per bar, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Bars per mean and deviation, the current one included, at least 2. The first ``window - 1`` rows are
        null.
    multiplier
        Standard deviations from the middle to each band, above zero.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``: ``lower``, ``middle`` and ``upper`` in the unit of the prices;
        ``percent_b``, the place of the close between the bands as a fraction (0 at the lower, 1 at the upper
        one); ``bandwidth``, upper less lower as a fraction of the middle. Length and order are kept. Null
        wherever one of the ``window`` prices is null, NaN, infinite or not positive. Where all prices are the
        same, the bands are the middle and ``percent_b`` is null.

    Raises
    ------
    ParameterError
        If ``window < 2`` or ``multiplier <= 0``; on construction, not on collect.

    Notes
    -----
    Population standard deviation, ddof = 0. Source: J. Bollinger, *Bollinger on Bollinger Bands*, chapters 7
    and 8, 2001.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [1.0, 3.0, 5.0]})
    >>> frame.select(bollinger_bands(pl.col("close"), window=2))["close"].to_list()[-1]
    {'lower': 2.0, 'middle': 4.0, 'upper': 6.0, 'percent_b': 0.75, 'bandwidth': 1.0}
    """
    require_count("window", window, least=2)
    require_positive("multiplier", multiplier)

    def bands(price: pl.Expr, middle: pl.Expr, reach: pl.Expr) -> pl.Expr:
        lower, upper = middle - reach, middle + reach
        return pl.struct(
            lower=finite(lower),
            middle=middle,
            upper=finite(upper),
            percent_b=ratio(price - lower, upper - lower),
            bandwidth=ratio(reach * 2, middle),
        )

    def build(price: pl.Expr) -> pl.Expr:
        middle = sound(whole_window_mean(price, window))
        return once(bands, price, middle, sound(_deviation(price, window) * multiplier))

    return in_one_list(lambda prices: once(build, positive(prices)), close)


def _deviation(price: pl.Expr, window: int) -> pl.Expr:
    # The deviation of equal prices may come out as a last digit, whose quotients would look like results.
    changes = (price != price.shift(1)).cast(pl.Float64).rolling_sum(window - 1, min_samples=window - 1)
    deviation = price.rolling_std(window, min_samples=window, ddof=0)
    return pl.when(changes == 0).then(0.0).otherwise(deviation)


def keltner_channel(
    high: pl.Expr,
    low: pl.Expr,
    *,
    close: pl.Expr,
    window: int = 20,
    range_window: int = 10,
    multiplier: float = 2.0,
) -> pl.Expr:
    """
    Bands of some average true ranges around the exponential moving average.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Window of the exponential average of the close, at least 1.
    range_window
        Window of the average true range, at least 1.
    multiplier
        Average true ranges from the middle to each band, above zero.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``, in the unit of the prices: ``lower``, ``middle``, ``upper``. Length
        and order are kept. The fields start together: the first ``max(window - 1, range_window)`` rows are
        null. An unusable bar is a gap (see `true_range`): its row is null, and both averages start anew after
        it.

    Raises
    ------
    ParameterError
        If a window is below 1 or ``multiplier <= 0``; on construction, not on collect.

    Notes
    -----
    `exponential_moving_average` plus and less ``multiplier`` times `average_true_range`: the form that L. B.
    Raschke gave it. C. W. Keltner, *How to Make Money in Commodities*, 1960, had simple averages.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 4.0, 5.0], "low": [1.0, 2.0, 3.0], "close": [2.0, 3.0, 4.0]})
    >>> channel = keltner_channel(
    ...     pl.col("high"), pl.col("low"), close=pl.col("close"), window=2, range_window=2, multiplier=1
    ... )
    >>> bars.select(channel.struct.field("*").round(6)).row(-1, named=True)
    {'lower': 1.5, 'middle': 3.5, 'upper': 5.5}
    """
    require_count("window", window, least=1)
    require_count("range_window", range_window, least=1)
    require_positive("multiplier", multiplier)

    def bands(middle: pl.Expr, reach: pl.Expr) -> pl.Expr:
        lower, upper = finite(middle - reach), finite(middle + reach)
        return pl.struct(lower=lower, middle=pl.when(upper.is_not_null()).then(middle), upper=upper)

    def build(top: pl.Expr, bottom: pl.Expr, last: pl.Expr) -> pl.Expr:
        reach = wilder_average(range_of_bars(top, bottom, last), range_window) * multiplier
        return once(bands, exponential_average(last, window), reach)

    return in_one_list(lambda *bars: from_bars(build, *bars), high, low, close)


def donchian_channel(high: pl.Expr, low: pl.Expr, *, window: int = 20) -> pl.Expr:
    """
    Highest high and lowest low of the last ``window`` bars.

    Parameters
    ----------
    high, low
        The ranges of the bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Bars per channel, the current one included, at least 1. The first ``window - 1`` rows are null. For a
        breakout, compare with the channel of the bar before: ``.shift(1)``.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``, in the unit of the prices: ``lower``, ``middle`` (half way),
        ``upper``. Length and order are kept. Null wherever one of the ``window`` ranges is unusable: a price
        that is null, NaN, infinite or not positive, or a high below the low. Where nothing moved the three
        are the same.

    Raises
    ------
    ParameterError
        If ``window < 1`` or no whole number; on construction, not on collect.

    Notes
    -----
    Source: R. D. Donchian, "High Finance in Copper", *Financial Analysts Journal* 16:6, 1960.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 4.0, 3.5], "low": [1.0, 2.0, 3.0]})
    >>> bars.select(donchian_channel(pl.col("high"), pl.col("low"), window=2))["high"].to_list()[-1]
    {'lower': 2.0, 'middle': 3.0, 'upper': 4.0}
    """
    require_count("window", window, least=1)

    def bands(upper: pl.Expr, lower: pl.Expr) -> pl.Expr:
        return pl.struct(lower=lower, middle=_half_way(upper, lower), upper=upper)

    def build(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
        upper = top.rolling_max(window, min_samples=window)
        lower = bottom.rolling_min(window, min_samples=window)
        return once(bands, upper, lower)

    return in_one_list(lambda *ranges: from_ranges(build, *ranges), high, low)


def ichimoku_cloud(
    high: pl.Expr,
    low: pl.Expr,
    *,
    close: pl.Expr,
    conversion_window: int = 9,
    base_window: int = 26,
    span_window: int = 52,
    displacement: int = 26,
    look_ahead: bool = False,
) -> pl.Expr:
    """
    Lines half way between the extremes of three windows, and the cloud that two of them draw ahead.

    Parameters
    ----------
    high, low, close
        The bars in time order, strictly positive. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    conversion_window, base_window, span_window
        Bars per line, the current one included, each at least 1.
    displacement
        Rows by which a chart draws the spans ahead and the close back, at least 0. (Some charts count the
        current bar and shift by one less.)
    look_ahead
        False keeps every field to what is known in its row. True puts the close of ``displacement`` bars
        later into ``lagging``, where a chart draws it: for drawing only, never for a test of a rule.

    Returns
    -------
    pl.Expr
        Struct of Float64, shape ``(n,)``, in the unit of the prices. ``conversion`` and ``base``: the lines
        of their windows. ``span_a`` and ``span_b``: the cloud over this bar, so what was computed
        ``displacement`` bars before it: half way between conversion and base, and the line of
        ``span_window``. ``lagging``: the close; its rule is read as this close against the bar
        ``displacement`` rows back. Length and order are kept. Each field starts where it is known: the first
        ``window - 1`` rows of a line are null, those of a span ``displacement`` more. Null wherever a bar
        that counts is unusable: a price that is null, NaN, infinite or not positive, or a high below the low.

    Raises
    ------
    ParameterError
        If a window is below 1, ``displacement`` is below 0, or ``look_ahead`` is neither True nor False; on
        construction, not on collect.

    Notes
    -----
    Source: G. Hosoda (Ichimoku Sanjin), *Ichimoku Kinko Hyo*, 1969; in English N. Elliott,
    *Ichimoku Charts*, 2007.

    Examples
    --------
    >>> import polars as pl
    >>> bars = pl.DataFrame({"high": [3.0, 4.0, 6.0], "low": [1.0, 2.0, 4.0], "close": [2.0, 3.0, 5.0]})
    >>> cloud = ichimoku_cloud(
    ...     pl.col("high"), pl.col("low"), close=pl.col("close"),
    ...     conversion_window=1, base_window=2, span_window=2, displacement=1,
    ... )
    >>> bars.select(cloud)["high"].to_list()[-1]
    {'conversion': 5.0, 'base': 4.0, 'span_a': 2.75, 'span_b': 2.5, 'lagging': 5.0}
    """
    require_count("conversion_window", conversion_window, least=1)
    require_count("base_window", base_window, least=1)
    require_count("span_window", span_window, least=1)
    require_count("displacement", displacement, least=0)
    require_flag("look_ahead", look_ahead)

    def lines(last: pl.Expr, conversion: pl.Expr, base: pl.Expr, span: pl.Expr) -> pl.Expr:
        return pl.struct(
            conversion=conversion,
            base=base,
            span_a=_half_way(conversion, base).shift(displacement),
            span_b=span.shift(displacement),
            lagging=last.shift(-displacement) if look_ahead else last,
        )

    def build(top: pl.Expr, bottom: pl.Expr, last: pl.Expr) -> pl.Expr:
        windows = (conversion_window, base_window, span_window)
        return once(lines, last, *[_middle_line(top, bottom, window) for window in windows])

    return in_one_list(lambda *bars: from_bars(build, *bars), high, low, close)


def _middle_line(high: pl.Expr, low: pl.Expr, window: int) -> pl.Expr:
    return _half_way(
        high.rolling_max(window, min_samples=window), low.rolling_min(window, min_samples=window)
    )


def _half_way(upper: pl.Expr, lower: pl.Expr) -> pl.Expr:
    # Halves first: the sum of two prices may be beyond Float64. Halving is exact.
    return upper / 2 + lower / 2
