# SPDX-License-Identifier: Apache-2.0
"""
The namespace ``tt`` on series; a measure with one value a sample gives a series of one.

Written by tools/write_namespaces.py from the signatures of the measures.
"""

from __future__ import annotations

import polars as pl

from ttapi_polars import (
    american,
    averages,
    black76,
    channels,
    cross_section,
    drawdowns,
    flow,
    greeks,
    implied,
    moments,
    momentum,
    options,
    oscillators,
    performance,
    quote_joins,
    range_volatilities,
    relative,
    returns,
    sharpe_ratios,
    svi,
    tail_risk,
    trend,
    true_ranges,
    volatilities,
    vwaps,
)
from ttapi_polars import returns as returns_measures
from ttapi_polars.series_columns import SeriesColumns


@pl.api.register_series_namespace("tt")
class SeriesNamespace:
    """Market analytics on a series, which is the first argument of each measure."""

    def __init__(self, series: pl.Series) -> None:
        self._series = series

    def american_price(
        self,
        strike: pl.Series | float,
        years: pl.Series | float,
        *,
        volatility: pl.Series | float,
        rate: pl.Series | float = 0.0,
        dividend_yield: pl.Series | float = 0.0,
        is_call: pl.Series | bool,
    ) -> pl.Series:
        """
        Price an American option on an asset with a continuous dividend yield, approximately and from below.

        See `ttapi_polars.american_price`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            american.american_price(
                columns.first,
                columns.add(strike),
                columns.add(years),
                volatility=columns.add(volatility),
                rate=columns.add(rate),
                dividend_yield=columns.add(dividend_yield),
                is_call=columns.add(is_call),
            )
        )

    def exponential_moving_average(self, *, window: int) -> pl.Series:
        """
        Exponentially weighted mean with the weight ``2 / (window + 1)`` for the newest value.

        See `ttapi_polars.exponential_moving_average`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(averages.exponential_moving_average(columns.first, window=window))

    def simple_moving_average(self, *, window: int) -> pl.Series:
        """Mean of the last ``window`` values; see `ttapi_polars.simple_moving_average`."""
        columns = SeriesColumns(self._series)
        return columns.answer(averages.simple_moving_average(columns.first, window=window))

    def weighted_moving_average(self, *, window: int) -> pl.Series:
        """
        Mean of the last ``window`` values with weights that grow by one from bar to bar.

        See `ttapi_polars.weighted_moving_average`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(averages.weighted_moving_average(columns.first, window=window))

    def wilder_moving_average(self, *, window: int) -> pl.Series:
        """
        Exponentially weighted mean with the weight ``1 / window`` for the newest value.

        See `ttapi_polars.wilder_moving_average`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(averages.wilder_moving_average(columns.first, window=window))

    def black76_greeks(
        self,
        strike: pl.Series | float,
        years: pl.Series | float,
        *,
        volatility: pl.Series | float,
        rate: pl.Series | float = 0.0,
        is_call: pl.Series | bool,
    ) -> pl.Series:
        """
        Price a European option on a forward or futures price, with its sensitivities.

        See `ttapi_polars.black76_greeks`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            black76.black76_greeks(
                columns.first,
                columns.add(strike),
                columns.add(years),
                volatility=columns.add(volatility),
                rate=columns.add(rate),
                is_call=columns.add(is_call),
            )
        )

    def black76_price(
        self,
        strike: pl.Series | float,
        years: pl.Series | float,
        *,
        volatility: pl.Series | float,
        rate: pl.Series | float = 0.0,
        is_call: pl.Series | bool,
    ) -> pl.Series:
        """Price a European option on a forward or futures price; see `ttapi_polars.black76_price`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            black76.black76_price(
                columns.first,
                columns.add(strike),
                columns.add(years),
                volatility=columns.add(volatility),
                rate=columns.add(rate),
                is_call=columns.add(is_call),
            )
        )

    def bollinger_bands(self, *, window: int = 20, multiplier: float = 2.0) -> pl.Series:
        """
        Bands of some standard deviations around the simple moving average.

        See `ttapi_polars.bollinger_bands`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(channels.bollinger_bands(columns.first, window=window, multiplier=multiplier))

    def donchian_channel(self, low: pl.Series, *, window: int = 20) -> pl.Series:
        """Highest high and lowest low of the last ``window`` bars; see `ttapi_polars.donchian_channel`."""
        columns = SeriesColumns(self._series)
        return columns.answer(channels.donchian_channel(columns.first, columns.add(low), window=window))

    def ichimoku_cloud(
        self,
        low: pl.Series,
        *,
        close: pl.Series,
        conversion_window: int = 9,
        base_window: int = 26,
        span_window: int = 52,
        displacement: int = 26,
        look_ahead: bool = False,
    ) -> pl.Series:
        """
        Lines half way between the extremes of three windows, and the cloud that two of them draw ahead.

        See `ttapi_polars.ichimoku_cloud`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            channels.ichimoku_cloud(
                columns.first,
                columns.add(low),
                close=columns.add(close),
                conversion_window=conversion_window,
                base_window=base_window,
                span_window=span_window,
                displacement=displacement,
                look_ahead=look_ahead,
            )
        )

    def keltner_channel(
        self,
        low: pl.Series,
        *,
        close: pl.Series,
        window: int = 20,
        range_window: int = 10,
        multiplier: float = 2.0,
    ) -> pl.Series:
        """
        Bands of some average true ranges around the exponential moving average.

        See `ttapi_polars.keltner_channel`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            channels.keltner_channel(
                columns.first,
                columns.add(low),
                close=columns.add(close),
                window=window,
                range_window=range_window,
                multiplier=multiplier,
            )
        )

    def cross_rank(self, *, descending: bool = False) -> pl.Series:
        """Rank within the cross-section, from 0 (lowest) to 1 (highest); see `ttapi_polars.cross_rank`."""
        columns = SeriesColumns(self._series)
        return columns.answer(cross_section.cross_rank(columns.first, descending=descending))

    def neutralize(self, *, by: pl.Series) -> pl.Series:
        """
        Take from each value the mean of its group, such as its sector, within the cross-section.

        See `ttapi_polars.neutralize`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(cross_section.neutralize(columns.first, by=columns.add(by)))

    def neutralize_beta(self, exposure: pl.Series) -> pl.Series:
        """
        Take from each value what its exposure explains: the residual of a line fitted across the section.

        See `ttapi_polars.neutralize_beta`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(cross_section.neutralize_beta(columns.first, columns.add(exposure)))

    def quantile_portfolio(self, *, quantiles: int) -> pl.Series:
        """
        Give each value the number of its portfolio, from 1 (lowest values) to ``quantiles`` (highest).

        See `ttapi_polars.quantile_portfolio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(cross_section.quantile_portfolio(columns.first, quantiles=quantiles))

    def winsorize(self, *, lower: float = 0.01, upper: float = 0.99) -> pl.Series:
        """
        Pull what lies beyond two quantiles of the cross-section back to them.

        See `ttapi_polars.winsorize`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(cross_section.winsorize(columns.first, lower=lower, upper=upper))

    def z_score(self) -> pl.Series:
        """
        Deviation from the mean of the cross-section, in its standard deviations.

        See `ttapi_polars.z_score`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(cross_section.z_score(columns.first))

    def drawdown(self, *, by: pl.Series | None = None) -> pl.Series:
        """
        Return how far each price is below the highest so far, ``p[t] / max(p[0..t]) - 1``.

        See `ttapi_polars.drawdown`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(drawdowns.drawdown(columns.first, by=columns.add(by)))

    def max_drawdown(self) -> pl.Series:
        """
        Return the deepest drawdown of the whole sample, the smallest value of `drawdown`.

        See `ttapi_polars.max_drawdown`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(drawdowns.max_drawdown(columns.first))

    def money_flow_index(
        self, low: pl.Series, *, close: pl.Series, volume: pl.Series, window: int = 14
    ) -> pl.Series:
        """
        Share of the money traded at rising prices in all money traded at rising or falling ones.

        See `ttapi_polars.money_flow_index`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            flow.money_flow_index(
                columns.first,
                columns.add(low),
                close=columns.add(close),
                volume=columns.add(volume),
                window=window,
            )
        )

    def on_balance_volume(self, volume: pl.Series) -> pl.Series:
        """
        Total of the volume so far, added when the close rises and taken away when it falls.

        See `ttapi_polars.on_balance_volume`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(flow.on_balance_volume(columns.first, columns.add(volume)))

    def black_scholes_greeks(
        self,
        strike: pl.Series | float,
        years: pl.Series | float,
        *,
        volatility: pl.Series | float,
        rate: pl.Series | float = 0.0,
        dividend_yield: pl.Series | float = 0.0,
        is_call: pl.Series | bool,
    ) -> pl.Series:
        """
        Price a European option on an asset with a continuous dividend yield, with its sensitivities.

        See `ttapi_polars.black_scholes_greeks`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            greeks.black_scholes_greeks(
                columns.first,
                columns.add(strike),
                columns.add(years),
                volatility=columns.add(volatility),
                rate=columns.add(rate),
                dividend_yield=columns.add(dividend_yield),
                is_call=columns.add(is_call),
            )
        )

    def black76_implied_volatility(
        self,
        forward: pl.Series | float,
        strike: pl.Series | float,
        years: pl.Series | float,
        *,
        rate: pl.Series | float = 0.0,
        is_call: pl.Series | bool,
    ) -> pl.Series:
        """
        Find the volatility at which an option on a forward has its price: the inverse of `black76_price`.

        See `ttapi_polars.black76_implied_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            implied.black76_implied_volatility(
                columns.first,
                columns.add(forward),
                columns.add(strike),
                columns.add(years),
                rate=columns.add(rate),
                is_call=columns.add(is_call),
            )
        )

    def implied_volatility(
        self,
        spot: pl.Series | float,
        strike: pl.Series | float,
        years: pl.Series | float,
        *,
        rate: pl.Series | float = 0.0,
        dividend_yield: pl.Series | float = 0.0,
        is_call: pl.Series | bool,
    ) -> pl.Series:
        """
        Find the volatility at which a European option has its price: the inverse of `black_scholes_price`.

        See `ttapi_polars.implied_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            implied.implied_volatility(
                columns.first,
                columns.add(spot),
                columns.add(strike),
                columns.add(years),
                rate=columns.add(rate),
                dividend_yield=columns.add(dividend_yield),
                is_call=columns.add(is_call),
            )
        )

    def correlation(self, y: pl.Series) -> pl.Series:
        """Pearson's correlation of two series over the whole sample; see `ttapi_polars.correlation`."""
        columns = SeriesColumns(self._series)
        return columns.answer(moments.correlation(columns.first, columns.add(y)))

    def covariance(self, y: pl.Series) -> pl.Series:
        """Sample covariance of two series over the whole sample; see `ttapi_polars.covariance`."""
        columns = SeriesColumns(self._series)
        return columns.answer(moments.covariance(columns.first, columns.add(y)))

    def rolling_beta(
        self, benchmark: pl.Series, *, window: int, by: pl.Series | None = None, of_prices: bool = False
    ) -> pl.Series:
        """Slope of returns on those of a benchmark over a rolling window; see `ttapi_polars.rolling_beta`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            moments.rolling_beta(
                columns.first, columns.add(benchmark), window=window, by=columns.add(by), of_prices=of_prices
            )
        )

    def rolling_correlation(self, y: pl.Series, *, window: int) -> pl.Series:
        """
        Pearson's correlation of two series over a rolling window.

        See `ttapi_polars.rolling_correlation`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(moments.rolling_correlation(columns.first, columns.add(y), window=window))

    def rolling_covariance(self, y: pl.Series, *, window: int) -> pl.Series:
        """Sample covariance of two series over a rolling window; see `ttapi_polars.rolling_covariance`."""
        columns = SeriesColumns(self._series)
        return columns.answer(moments.rolling_covariance(columns.first, columns.add(y), window=window))

    def macd(self, *, fast_window: int = 12, slow_window: int = 26, signal_window: int = 9) -> pl.Series:
        """
        Distance of a fast from a slow exponential average, and its own average (convergence and divergence).

        See `ttapi_polars.macd`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            momentum.macd(
                columns.first, fast_window=fast_window, slow_window=slow_window, signal_window=signal_window
            )
        )

    def rate_of_change(self, *, window: int = 10) -> pl.Series:
        """Relative change over ``window`` bars, in percent; see `ttapi_polars.rate_of_change`."""
        columns = SeriesColumns(self._series)
        return columns.answer(momentum.rate_of_change(columns.first, window=window))

    def relative_strength_index(self, *, window: int = 14) -> pl.Series:
        """
        Share of the gains in all that the price moved, Wilder's averages of both.

        See `ttapi_polars.relative_strength_index`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(momentum.relative_strength_index(columns.first, window=window))

    def trix(self, *, window: int = 15) -> pl.Series:
        """
        Relative change, bar to bar, of a triple exponential average of the price, in percent.

        See `ttapi_polars.trix`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(momentum.trix(columns.first, window=window))

    def black_scholes_price(
        self,
        strike: pl.Series | float,
        years: pl.Series | float,
        *,
        volatility: pl.Series | float,
        rate: pl.Series | float = 0.0,
        dividend_yield: pl.Series | float = 0.0,
        is_call: pl.Series | bool,
    ) -> pl.Series:
        """
        Price a European option on an asset with a continuous dividend yield.

        See `ttapi_polars.black_scholes_price`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            options.black_scholes_price(
                columns.first,
                columns.add(strike),
                columns.add(years),
                volatility=columns.add(volatility),
                rate=columns.add(rate),
                dividend_yield=columns.add(dividend_yield),
                is_call=columns.add(is_call),
            )
        )

    def commodity_channel_index(self, low: pl.Series, *, close: pl.Series, window: int = 20) -> pl.Series:
        """
        Distance of the typical price from its mean, in units of its mean absolute deviation.

        See `ttapi_polars.commodity_channel_index`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            oscillators.commodity_channel_index(
                columns.first, columns.add(low), close=columns.add(close), window=window
            )
        )

    def stochastic_oscillator(
        self,
        low: pl.Series,
        *,
        close: pl.Series,
        window: int = 14,
        k_smoothing: int = 3,
        d_smoothing: int = 3,
    ) -> pl.Series:
        """
        Place of the close between the lowest low and the highest high, smoothed twice.

        See `ttapi_polars.stochastic_oscillator`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            oscillators.stochastic_oscillator(
                columns.first,
                columns.add(low),
                close=columns.add(close),
                window=window,
                k_smoothing=k_smoothing,
                d_smoothing=d_smoothing,
            )
        )

    def williams_percent_r(self, low: pl.Series, *, close: pl.Series, window: int = 14) -> pl.Series:
        """
        Distance of the close below the highest high, as a share of the range of the window.

        See `ttapi_polars.williams_percent_r`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            oscillators.williams_percent_r(
                columns.first, columns.add(low), close=columns.add(close), window=window
            )
        )

    def calmar_ratio(self, *, periods_per_year: float = 252) -> pl.Series:
        """
        Annualised return of the whole sample divided by the depth of its deepest drawdown.

        See `ttapi_polars.calmar_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(performance.calmar_ratio(columns.first, periods_per_year=periods_per_year))

    def omega_ratio(self, *, threshold: pl.Series | float = 0.0) -> pl.Series:
        """
        Sum of the returns' excess over a threshold, divided by the sum of what they fall short of it.

        See `ttapi_polars.omega_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(performance.omega_ratio(columns.first, threshold=columns.add(threshold)))

    def rolling_sortino_ratio(
        self, *, window: int, target: pl.Series | float = 0.0, periods_per_year: float = 252
    ) -> pl.Series:
        """Sortino ratio of the last ``window`` bars, annualised; see `ttapi_polars.rolling_sortino_ratio`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            performance.rolling_sortino_ratio(
                columns.first, window=window, target=columns.add(target), periods_per_year=periods_per_year
            )
        )

    def sortino_ratio(self, *, target: pl.Series | float = 0.0, periods_per_year: float = 252) -> pl.Series:
        """
        Mean return above a target in units of its downside deviation, annualised.

        See `ttapi_polars.sortino_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            performance.sortino_ratio(
                columns.first, target=columns.add(target), periods_per_year=periods_per_year
            )
        )

    def tail_ratio(self, *, tail: float = 0.05) -> pl.Series:
        """
        Size of the gain at the upper end of the returns divided by the size of the loss at the lower end.

        See `ttapi_polars.tail_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(performance.tail_ratio(columns.first, tail=tail))

    def effective_spread(self, bid: pl.Series, ask: pl.Series) -> pl.Series:
        """
        Spread that a trade paid: twice its distance from the middle of the quote, relative to that middle.

        See `ttapi_polars.effective_spread`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(quote_joins.effective_spread(columns.first, columns.add(bid), columns.add(ask)))

    def quoted_spread(self, ask: pl.Series) -> pl.Series:
        """
        Spread of a quote relative to its middle, ``(ask - bid) / mid``.

        See `ttapi_polars.quoted_spread`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(quote_joins.quoted_spread(columns.first, columns.add(ask)))

    def garman_klass_volatility(
        self, high: pl.Series, *, low: pl.Series, close: pl.Series, periods_per_year: float = 252
    ) -> pl.Series:
        """
        Annualised volatility over the whole sample from bars, for prices without drift.

        See `ttapi_polars.garman_klass_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.garman_klass_volatility(
                columns.first,
                columns.add(high),
                low=columns.add(low),
                close=columns.add(close),
                periods_per_year=periods_per_year,
            )
        )

    def parkinson_volatility(self, low: pl.Series, *, periods_per_year: float = 252) -> pl.Series:
        """
        Annualised volatility over the whole sample from highs and lows.

        See `ttapi_polars.parkinson_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.parkinson_volatility(
                columns.first, columns.add(low), periods_per_year=periods_per_year
            )
        )

    def rogers_satchell_volatility(
        self, high: pl.Series, *, low: pl.Series, close: pl.Series, periods_per_year: float = 252
    ) -> pl.Series:
        """
        Annualised volatility over the whole sample from bars, whatever the drift.

        See `ttapi_polars.rogers_satchell_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.rogers_satchell_volatility(
                columns.first,
                columns.add(high),
                low=columns.add(low),
                close=columns.add(close),
                periods_per_year=periods_per_year,
            )
        )

    def rolling_garman_klass_volatility(
        self, high: pl.Series, *, low: pl.Series, close: pl.Series, window: int, periods_per_year: float
    ) -> pl.Series:
        """
        Annualised volatility from bars over a rolling window, for prices without drift.

        See `ttapi_polars.rolling_garman_klass_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.rolling_garman_klass_volatility(
                columns.first,
                columns.add(high),
                low=columns.add(low),
                close=columns.add(close),
                window=window,
                periods_per_year=periods_per_year,
            )
        )

    def rolling_parkinson_volatility(
        self, low: pl.Series, *, window: int, periods_per_year: float
    ) -> pl.Series:
        """
        Annualised volatility from highs and lows over a rolling window.

        See `ttapi_polars.rolling_parkinson_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.rolling_parkinson_volatility(
                columns.first, columns.add(low), window=window, periods_per_year=periods_per_year
            )
        )

    def rolling_rogers_satchell_volatility(
        self, high: pl.Series, *, low: pl.Series, close: pl.Series, window: int, periods_per_year: float
    ) -> pl.Series:
        """
        Annualised volatility from bars over a rolling window, whatever the drift.

        See `ttapi_polars.rolling_rogers_satchell_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.rolling_rogers_satchell_volatility(
                columns.first,
                columns.add(high),
                low=columns.add(low),
                close=columns.add(close),
                window=window,
                periods_per_year=periods_per_year,
            )
        )

    def rolling_yang_zhang_volatility(
        self,
        high: pl.Series,
        *,
        low: pl.Series,
        close: pl.Series,
        window: int,
        periods_per_year: float,
        by: pl.Series | None = None,
    ) -> pl.Series:
        """
        Annualised volatility from bars and the jumps between them over a rolling window, whatever the drift.

        See `ttapi_polars.rolling_yang_zhang_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.rolling_yang_zhang_volatility(
                columns.first,
                columns.add(high),
                low=columns.add(low),
                close=columns.add(close),
                window=window,
                periods_per_year=periods_per_year,
                by=columns.add(by),
            )
        )

    def yang_zhang_volatility(
        self, high: pl.Series, *, low: pl.Series, close: pl.Series, periods_per_year: float = 252
    ) -> pl.Series:
        """
        Annualised volatility over the whole sample from bars and the jumps between them, whatever the drift.

        See `ttapi_polars.yang_zhang_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            range_volatilities.yang_zhang_volatility(
                columns.first,
                columns.add(high),
                low=columns.add(low),
                close=columns.add(close),
                periods_per_year=periods_per_year,
            )
        )

    def alpha(self, benchmark: pl.Series, *, periods_per_year: float, risk_free: float = 0.0) -> pl.Series:
        """Jensen's alpha over the whole sample, annualised by multiplication; see `ttapi_polars.alpha`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            relative.alpha(
                columns.first, columns.add(benchmark), periods_per_year=periods_per_year, risk_free=risk_free
            )
        )

    def beta(self, benchmark: pl.Series) -> pl.Series:
        """Slope of returns on those of a benchmark over the whole sample; see `ttapi_polars.beta`."""
        columns = SeriesColumns(self._series)
        return columns.answer(relative.beta(columns.first, columns.add(benchmark)))

    def capture_ratio(self, benchmark: pl.Series, *, periods_per_year: float = 1.0) -> pl.Series:
        """
        Up capture over down capture: above 1, the instrument took more of the rises than of the falls.

        See `ttapi_polars.capture_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            relative.capture_ratio(columns.first, columns.add(benchmark), periods_per_year=periods_per_year)
        )

    def down_capture(self, benchmark: pl.Series, *, periods_per_year: float = 1.0) -> pl.Series:
        """
        Compound return relative to the benchmark's, over the rows in which the benchmark fell.

        See `ttapi_polars.down_capture`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            relative.down_capture(columns.first, columns.add(benchmark), periods_per_year=periods_per_year)
        )

    def information_ratio(self, benchmark: pl.Series, *, periods_per_year: float) -> pl.Series:
        """
        Annualised return over the benchmark per unit of tracking error, over the whole sample.

        See `ttapi_polars.information_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            relative.information_ratio(
                columns.first, columns.add(benchmark), periods_per_year=periods_per_year
            )
        )

    def rolling_alpha(
        self, benchmark: pl.Series, *, window: int, periods_per_year: float, risk_free: float = 0.0
    ) -> pl.Series:
        """
        Jensen's alpha over a rolling window, annualised by multiplication.

        See `ttapi_polars.rolling_alpha`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            relative.rolling_alpha(
                columns.first,
                columns.add(benchmark),
                window=window,
                periods_per_year=periods_per_year,
                risk_free=risk_free,
            )
        )

    def tracking_error(self, benchmark: pl.Series, *, periods_per_year: float) -> pl.Series:
        """
        Annualised deviation of the return over the benchmark, over the whole sample.

        See `ttapi_polars.tracking_error`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            relative.tracking_error(columns.first, columns.add(benchmark), periods_per_year=periods_per_year)
        )

    def up_capture(self, benchmark: pl.Series, *, periods_per_year: float = 1.0) -> pl.Series:
        """
        Compound return relative to the benchmark's, over the rows in which the benchmark rose.

        See `ttapi_polars.up_capture`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            relative.up_capture(columns.first, columns.add(benchmark), periods_per_year=periods_per_year)
        )

    def annualized_return(self, *, periods_per_year: float) -> pl.Series:
        """
        Compound the returns of the whole sample and state them as a rate per year.

        See `ttapi_polars.annualized_return`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            returns_measures.annualized_return(columns.first, periods_per_year=periods_per_year)
        )

    def cumulative_returns(self) -> pl.Series:
        """
        Return what the bars up to and including each one brought together, compounded.

        See `ttapi_polars.cumulative_returns`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(returns_measures.cumulative_returns(columns.first))

    def excess_returns(self, risk_free: pl.Series | float) -> pl.Series:
        """
        Return what each bar brought above the risk-free rate, ``r[t] - risk_free[t]``.

        See `ttapi_polars.excess_returns`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(returns_measures.excess_returns(columns.first, columns.add(risk_free)))

    def intraday_returns(self, close: pl.Series) -> pl.Series:
        """
        Return what happened while the market was open, ``close[t] / open[t] - 1``.

        See `ttapi_polars.intraday_returns`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(returns.intraday_returns(columns.first, columns.add(close)))

    def log_returns(self, *, periods: int = 1) -> pl.Series:
        """
        Return the change of the logarithm over ``periods`` bars, ``ln p[t] - ln p[t - periods]``.

        See `ttapi_polars.log_returns`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(returns.log_returns(columns.first, periods=periods))

    def log_to_simple(self) -> pl.Series:
        """Turn log returns into simple returns, ``exp(r) - 1``; see `ttapi_polars.log_to_simple`."""
        columns = SeriesColumns(self._series)
        return columns.answer(returns_measures.log_to_simple(columns.first))

    def overnight_returns(self, close: pl.Series) -> pl.Series:
        """
        Return what happened while the market was closed, ``open[t] / close[t-1] - 1``.

        See `ttapi_polars.overnight_returns`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(returns.overnight_returns(columns.first, columns.add(close)))

    def simple_returns(self, *, periods: int = 1, by: pl.Series | None = None) -> pl.Series:
        """
        Return the relative change over ``periods`` bars, ``p[t] / p[t - periods] - 1``.

        See `ttapi_polars.simple_returns`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(returns.simple_returns(columns.first, periods=periods, by=columns.add(by)))

    def simple_to_log(self) -> pl.Series:
        """Turn simple returns into log returns, ``ln(1 + r)``; see `ttapi_polars.simple_to_log`."""
        columns = SeriesColumns(self._series)
        return columns.answer(returns_measures.simple_to_log(columns.first))

    def probabilistic_sharpe_ratio(
        self,
        *,
        benchmark_sharpe: float = 0.0,
        risk_free: pl.Series | float = 0.0,
        periods_per_year: float = 252,
    ) -> pl.Series:
        """
        Probability that the true Sharpe ratio is above a benchmark, given the length and shape of the sample.

        See `ttapi_polars.probabilistic_sharpe_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            sharpe_ratios.probabilistic_sharpe_ratio(
                columns.first,
                benchmark_sharpe=benchmark_sharpe,
                risk_free=columns.add(risk_free),
                periods_per_year=periods_per_year,
            )
        )

    def rolling_sharpe_ratio(
        self, *, window: int, risk_free: pl.Series | float = 0.0, periods_per_year: float = 252
    ) -> pl.Series:
        """Sharpe ratio of the last ``window`` bars, annualised; see `ttapi_polars.rolling_sharpe_ratio`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            sharpe_ratios.rolling_sharpe_ratio(
                columns.first,
                window=window,
                risk_free=columns.add(risk_free),
                periods_per_year=periods_per_year,
            )
        )

    def sharpe_ratio(self, *, risk_free: pl.Series | float = 0.0, periods_per_year: float = 252) -> pl.Series:
        """
        Mean excess return of the whole sample in units of its standard deviation, annualised.

        See `ttapi_polars.sharpe_ratio`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            sharpe_ratios.sharpe_ratio(
                columns.first, risk_free=columns.add(risk_free), periods_per_year=periods_per_year
            )
        )

    def svi_density_condition(
        self,
        *,
        a: pl.Series | float,
        b: pl.Series | float,
        rho: pl.Series | float,
        m: pl.Series | float,
        sigma: pl.Series | float,
    ) -> pl.Series:
        """
        Durrleman's function g of the raw SVI smile: below zero, the smile admits butterfly arbitrage.

        See `ttapi_polars.svi_density_condition`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            svi.svi_density_condition(
                columns.first,
                a=columns.add(a),
                b=columns.add(b),
                rho=columns.add(rho),
                m=columns.add(m),
                sigma=columns.add(sigma),
            )
        )

    def svi_total_variance(
        self,
        *,
        a: pl.Series | float,
        b: pl.Series | float,
        rho: pl.Series | float,
        m: pl.Series | float,
        sigma: pl.Series | float,
    ) -> pl.Series:
        """Total implied variance of the raw SVI smile; see `ttapi_polars.svi_total_variance`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            svi.svi_total_variance(
                columns.first,
                a=columns.add(a),
                b=columns.add(b),
                rho=columns.add(rho),
                m=columns.add(m),
                sigma=columns.add(sigma),
            )
        )

    def svi_volatility(
        self,
        years: pl.Series | float,
        *,
        a: pl.Series | float,
        b: pl.Series | float,
        rho: pl.Series | float,
        m: pl.Series | float,
        sigma: pl.Series | float,
    ) -> pl.Series:
        """Implied volatility of the raw SVI smile; see `ttapi_polars.svi_volatility`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            svi.svi_volatility(
                columns.first,
                columns.add(years),
                a=columns.add(a),
                b=columns.add(b),
                rho=columns.add(rho),
                m=columns.add(m),
                sigma=columns.add(sigma),
            )
        )

    def expected_shortfall(self, *, confidence: float = 0.95) -> pl.Series:
        """
        Mean loss per bar over the worst ``1 - confidence`` of the sample.

        See `ttapi_polars.expected_shortfall`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(tail_risk.expected_shortfall(columns.first, confidence=confidence))

    def historical_value_at_risk(self, *, confidence: float = 0.95) -> pl.Series:
        """
        Loss per bar that the sample exceeded with probability ``1 - confidence``.

        See `ttapi_polars.historical_value_at_risk`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(tail_risk.historical_value_at_risk(columns.first, confidence=confidence))

    def parametric_expected_shortfall(self, *, confidence: float = 0.95) -> pl.Series:
        """
        Mean loss per bar over the worst ``1 - confidence`` of a normal distribution fitted to the sample.

        See `ttapi_polars.parametric_expected_shortfall`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(tail_risk.parametric_expected_shortfall(columns.first, confidence=confidence))

    def parametric_value_at_risk(
        self, *, confidence: float = 0.95, cornish_fisher: bool = False
    ) -> pl.Series:
        """
        Loss per bar exceeded with probability ``1 - confidence`` under a distribution fitted to the sample.

        See `ttapi_polars.parametric_value_at_risk`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            tail_risk.parametric_value_at_risk(
                columns.first, confidence=confidence, cornish_fisher=cornish_fisher
            )
        )

    def rolling_historical_value_at_risk(self, *, window: int, confidence: float = 0.95) -> pl.Series:
        """
        Value at risk of the last ``window`` bars, from the sample itself.

        See `ttapi_polars.rolling_historical_value_at_risk`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            tail_risk.rolling_historical_value_at_risk(columns.first, window=window, confidence=confidence)
        )

    def aroon(self, low: pl.Series, *, window: int = 25) -> pl.Series:
        """Freshness of the highest high and of the lowest low; see `ttapi_polars.aroon`."""
        columns = SeriesColumns(self._series)
        return columns.answer(trend.aroon(columns.first, columns.add(low), window=window))

    def average_directional_index(self, low: pl.Series, *, close: pl.Series, window: int = 14) -> pl.Series:
        """
        Directional indicators of rises and falls, and the average of how much they differ.

        See `ttapi_polars.average_directional_index`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            trend.average_directional_index(
                columns.first, columns.add(low), close=columns.add(close), window=window
            )
        )

    def parabolic_sar(self, low: pl.Series, *, acceleration: float = 0.02, maximum: float = 0.2) -> pl.Series:
        """
        Stop of a trend that follows it ever faster, and changes side when it is touched (Wilder).

        See `ttapi_polars.parabolic_sar`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            trend.parabolic_sar(columns.first, columns.add(low), acceleration=acceleration, maximum=maximum)
        )

    def average_true_range(self, low: pl.Series, *, close: pl.Series, window: int = 14) -> pl.Series:
        """Wilder's average of the true range; see `ttapi_polars.average_true_range`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            true_ranges.average_true_range(
                columns.first, columns.add(low), close=columns.add(close), window=window
            )
        )

    def true_range(self, low: pl.Series, *, close: pl.Series) -> pl.Series:
        """Range of a bar, stretched to the close before it; see `ttapi_polars.true_range`."""
        columns = SeriesColumns(self._series)
        return columns.answer(
            true_ranges.true_range(columns.first, columns.add(low), close=columns.add(close))
        )

    def bipower_volatility(self, *, periods_per_year: float = 252) -> pl.Series:
        """
        Annualised volatility of the whole sample from products of adjoining returns, hardly moved by jumps.

        See `ttapi_polars.bipower_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            volatilities.bipower_volatility(columns.first, periods_per_year=periods_per_year)
        )

    def ewma_volatility(
        self, *, decay: float = 0.94, periods_per_year: float, by: pl.Series | None = None
    ) -> pl.Series:
        """
        Annualised volatility with exponentially decaying weights, as RiskMetrics has it.

        See `ttapi_polars.ewma_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            volatilities.ewma_volatility(
                columns.first, decay=decay, periods_per_year=periods_per_year, by=columns.add(by)
            )
        )

    def realized_volatility(
        self, *, window: int, periods_per_year: float, by: pl.Series | None = None
    ) -> pl.Series:
        """
        Annualised realised volatility of log returns over a rolling window.

        See `ttapi_polars.realized_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            volatilities.realized_volatility(
                columns.first, window=window, periods_per_year=periods_per_year, by=columns.add(by)
            )
        )

    def rolling_bipower_volatility(self, *, window: int, periods_per_year: float) -> pl.Series:
        """
        Annualised bipower volatility over a rolling window of pairs of returns.

        See `ttapi_polars.rolling_bipower_volatility`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(
            volatilities.rolling_bipower_volatility(
                columns.first, window=window, periods_per_year=periods_per_year
            )
        )

    def volatility(self, *, periods_per_year: float = 252) -> pl.Series:
        """Annualised volatility of log returns over the whole sample; see `ttapi_polars.volatility`."""
        columns = SeriesColumns(self._series)
        return columns.answer(volatilities.volatility(columns.first, periods_per_year=periods_per_year))

    def anchored_vwap(self, volume: pl.Series) -> pl.Series:
        """
        Average price weighted by volume, from the first row on to each row.

        See `ttapi_polars.anchored_vwap`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(vwaps.anchored_vwap(columns.first, columns.add(volume)))

    def rolling_vwap(self, volume: pl.Series, *, window: int) -> pl.Series:
        """
        Average price weighted by volume, over a rolling window of rows.

        See `ttapi_polars.rolling_vwap`.
        """
        columns = SeriesColumns(self._series)
        return columns.answer(vwaps.rolling_vwap(columns.first, columns.add(volume), window=window))

    def vwap(self, volume: pl.Series) -> pl.Series:
        """Average price weighted by volume, over the whole sample; see `ttapi_polars.vwap`."""
        columns = SeriesColumns(self._series)
        return columns.answer(vwaps.vwap(columns.first, columns.add(volume)))
