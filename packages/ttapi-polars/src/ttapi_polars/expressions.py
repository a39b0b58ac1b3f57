# SPDX-License-Identifier: Apache-2.0
"""
The namespace ``tt`` on expressions.

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


@pl.api.register_expr_namespace("tt")
class ExpressionNamespace:
    """Market analytics on an expression, which is the first argument of each measure."""

    def __init__(self, expression: pl.Expr) -> None:
        self._expression = expression

    def american_price(
        self,
        strike: pl.Expr | float,
        years: pl.Expr | float,
        *,
        volatility: pl.Expr | float,
        rate: pl.Expr | float = 0.0,
        dividend_yield: pl.Expr | float = 0.0,
        is_call: pl.Expr | bool,
    ) -> pl.Expr:
        """
        Price an American option on an asset with a continuous dividend yield, approximately and from below.

        See `ttapi_polars.american_price`.
        """
        return american.american_price(
            self._expression,
            strike,
            years,
            volatility=volatility,
            rate=rate,
            dividend_yield=dividend_yield,
            is_call=is_call,
        )

    def exponential_moving_average(self, *, window: int) -> pl.Expr:
        """
        Exponentially weighted mean with the weight ``2 / (window + 1)`` for the newest value.

        See `ttapi_polars.exponential_moving_average`.
        """
        return averages.exponential_moving_average(self._expression, window=window)

    def simple_moving_average(self, *, window: int) -> pl.Expr:
        """Mean of the last ``window`` values; see `ttapi_polars.simple_moving_average`."""
        return averages.simple_moving_average(self._expression, window=window)

    def weighted_moving_average(self, *, window: int) -> pl.Expr:
        """
        Mean of the last ``window`` values with weights that grow by one from bar to bar.

        See `ttapi_polars.weighted_moving_average`.
        """
        return averages.weighted_moving_average(self._expression, window=window)

    def wilder_moving_average(self, *, window: int) -> pl.Expr:
        """
        Exponentially weighted mean with the weight ``1 / window`` for the newest value.

        See `ttapi_polars.wilder_moving_average`.
        """
        return averages.wilder_moving_average(self._expression, window=window)

    def black76_greeks(
        self,
        strike: pl.Expr | float,
        years: pl.Expr | float,
        *,
        volatility: pl.Expr | float,
        rate: pl.Expr | float = 0.0,
        is_call: pl.Expr | bool,
    ) -> pl.Expr:
        """
        Price a European option on a forward or futures price, with its sensitivities.

        See `ttapi_polars.black76_greeks`.
        """
        return black76.black76_greeks(
            self._expression, strike, years, volatility=volatility, rate=rate, is_call=is_call
        )

    def black76_price(
        self,
        strike: pl.Expr | float,
        years: pl.Expr | float,
        *,
        volatility: pl.Expr | float,
        rate: pl.Expr | float = 0.0,
        is_call: pl.Expr | bool,
    ) -> pl.Expr:
        """Price a European option on a forward or futures price; see `ttapi_polars.black76_price`."""
        return black76.black76_price(
            self._expression, strike, years, volatility=volatility, rate=rate, is_call=is_call
        )

    def bollinger_bands(self, *, window: int = 20, multiplier: float = 2.0) -> pl.Expr:
        """
        Bands of some standard deviations around the simple moving average.

        See `ttapi_polars.bollinger_bands`.
        """
        return channels.bollinger_bands(self._expression, window=window, multiplier=multiplier)

    def donchian_channel(self, low: pl.Expr, *, window: int = 20) -> pl.Expr:
        """Highest high and lowest low of the last ``window`` bars; see `ttapi_polars.donchian_channel`."""
        return channels.donchian_channel(self._expression, low, window=window)

    def ichimoku_cloud(
        self,
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

        See `ttapi_polars.ichimoku_cloud`.
        """
        return channels.ichimoku_cloud(
            self._expression,
            low,
            close=close,
            conversion_window=conversion_window,
            base_window=base_window,
            span_window=span_window,
            displacement=displacement,
            look_ahead=look_ahead,
        )

    def keltner_channel(
        self,
        low: pl.Expr,
        *,
        close: pl.Expr,
        window: int = 20,
        range_window: int = 10,
        multiplier: float = 2.0,
    ) -> pl.Expr:
        """
        Bands of some average true ranges around the exponential moving average.

        See `ttapi_polars.keltner_channel`.
        """
        return channels.keltner_channel(
            self._expression,
            low,
            close=close,
            window=window,
            range_window=range_window,
            multiplier=multiplier,
        )

    def cross_rank(self, *, descending: bool = False) -> pl.Expr:
        """Rank within the cross-section, from 0 (lowest) to 1 (highest); see `ttapi_polars.cross_rank`."""
        return cross_section.cross_rank(self._expression, descending=descending)

    def neutralize(self, *, by: pl.Expr) -> pl.Expr:
        """
        Take from each value the mean of its group, such as its sector, within the cross-section.

        See `ttapi_polars.neutralize`.
        """
        return cross_section.neutralize(self._expression, by=by)

    def neutralize_beta(self, exposure: pl.Expr) -> pl.Expr:
        """
        Take from each value what its exposure explains: the residual of a line fitted across the section.

        See `ttapi_polars.neutralize_beta`.
        """
        return cross_section.neutralize_beta(self._expression, exposure)

    def quantile_portfolio(self, *, quantiles: int) -> pl.Expr:
        """
        Give each value the number of its portfolio, from 1 (lowest values) to ``quantiles`` (highest).

        See `ttapi_polars.quantile_portfolio`.
        """
        return cross_section.quantile_portfolio(self._expression, quantiles=quantiles)

    def winsorize(self, *, lower: float = 0.01, upper: float = 0.99) -> pl.Expr:
        """
        Pull what lies beyond two quantiles of the cross-section back to them.

        See `ttapi_polars.winsorize`.
        """
        return cross_section.winsorize(self._expression, lower=lower, upper=upper)

    def z_score(self) -> pl.Expr:
        """
        Deviation from the mean of the cross-section, in its standard deviations.

        See `ttapi_polars.z_score`.
        """
        return cross_section.z_score(self._expression)

    def drawdown(self, *, by: pl.Expr | None = None) -> pl.Expr:
        """
        Return how far each price is below the highest so far, ``p[t] / max(p[0..t]) - 1``.

        See `ttapi_polars.drawdown`.
        """
        return drawdowns.drawdown(self._expression, by=by)

    def max_drawdown(self) -> pl.Expr:
        """
        Return the deepest drawdown of the whole sample, the smallest value of `drawdown`.

        See `ttapi_polars.max_drawdown`.
        """
        return drawdowns.max_drawdown(self._expression)

    def money_flow_index(self, low: pl.Expr, *, close: pl.Expr, volume: pl.Expr, window: int = 14) -> pl.Expr:
        """
        Share of the money traded at rising prices in all money traded at rising or falling ones.

        See `ttapi_polars.money_flow_index`.
        """
        return flow.money_flow_index(self._expression, low, close=close, volume=volume, window=window)

    def on_balance_volume(self, volume: pl.Expr) -> pl.Expr:
        """
        Total of the volume so far, added when the close rises and taken away when it falls.

        See `ttapi_polars.on_balance_volume`.
        """
        return flow.on_balance_volume(self._expression, volume)

    def black_scholes_greeks(
        self,
        strike: pl.Expr | float,
        years: pl.Expr | float,
        *,
        volatility: pl.Expr | float,
        rate: pl.Expr | float = 0.0,
        dividend_yield: pl.Expr | float = 0.0,
        is_call: pl.Expr | bool,
    ) -> pl.Expr:
        """
        Price a European option on an asset with a continuous dividend yield, with its sensitivities.

        See `ttapi_polars.black_scholes_greeks`.
        """
        return greeks.black_scholes_greeks(
            self._expression,
            strike,
            years,
            volatility=volatility,
            rate=rate,
            dividend_yield=dividend_yield,
            is_call=is_call,
        )

    def black76_implied_volatility(
        self,
        forward: pl.Expr | float,
        strike: pl.Expr | float,
        years: pl.Expr | float,
        *,
        rate: pl.Expr | float = 0.0,
        is_call: pl.Expr | bool,
    ) -> pl.Expr:
        """
        Find the volatility at which an option on a forward has its price: the inverse of `black76_price`.

        See `ttapi_polars.black76_implied_volatility`.
        """
        return implied.black76_implied_volatility(
            self._expression, forward, strike, years, rate=rate, is_call=is_call
        )

    def implied_volatility(
        self,
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

        See `ttapi_polars.implied_volatility`.
        """
        return implied.implied_volatility(
            self._expression, spot, strike, years, rate=rate, dividend_yield=dividend_yield, is_call=is_call
        )

    def correlation(self, y: pl.Expr) -> pl.Expr:
        """Pearson's correlation of two series over the whole sample; see `ttapi_polars.correlation`."""
        return moments.correlation(self._expression, y)

    def covariance(self, y: pl.Expr) -> pl.Expr:
        """Sample covariance of two series over the whole sample; see `ttapi_polars.covariance`."""
        return moments.covariance(self._expression, y)

    def rolling_beta(
        self, benchmark: pl.Expr, *, window: int, by: pl.Expr | None = None, of_prices: bool = False
    ) -> pl.Expr:
        """Slope of returns on those of a benchmark over a rolling window; see `ttapi_polars.rolling_beta`."""
        return moments.rolling_beta(self._expression, benchmark, window=window, by=by, of_prices=of_prices)

    def rolling_correlation(self, y: pl.Expr, *, window: int) -> pl.Expr:
        """
        Pearson's correlation of two series over a rolling window.

        See `ttapi_polars.rolling_correlation`.
        """
        return moments.rolling_correlation(self._expression, y, window=window)

    def rolling_covariance(self, y: pl.Expr, *, window: int) -> pl.Expr:
        """Sample covariance of two series over a rolling window; see `ttapi_polars.rolling_covariance`."""
        return moments.rolling_covariance(self._expression, y, window=window)

    def macd(self, *, fast_window: int = 12, slow_window: int = 26, signal_window: int = 9) -> pl.Expr:
        """
        Distance of a fast from a slow exponential average, and its own average (convergence and divergence).

        See `ttapi_polars.macd`.
        """
        return momentum.macd(
            self._expression, fast_window=fast_window, slow_window=slow_window, signal_window=signal_window
        )

    def rate_of_change(self, *, window: int = 10) -> pl.Expr:
        """Relative change over ``window`` bars, in percent; see `ttapi_polars.rate_of_change`."""
        return momentum.rate_of_change(self._expression, window=window)

    def relative_strength_index(self, *, window: int = 14) -> pl.Expr:
        """
        Share of the gains in all that the price moved, Wilder's averages of both.

        See `ttapi_polars.relative_strength_index`.
        """
        return momentum.relative_strength_index(self._expression, window=window)

    def trix(self, *, window: int = 15) -> pl.Expr:
        """
        Relative change, bar to bar, of a triple exponential average of the price, in percent.

        See `ttapi_polars.trix`.
        """
        return momentum.trix(self._expression, window=window)

    def black_scholes_price(
        self,
        strike: pl.Expr | float,
        years: pl.Expr | float,
        *,
        volatility: pl.Expr | float,
        rate: pl.Expr | float = 0.0,
        dividend_yield: pl.Expr | float = 0.0,
        is_call: pl.Expr | bool,
    ) -> pl.Expr:
        """
        Price a European option on an asset with a continuous dividend yield.

        See `ttapi_polars.black_scholes_price`.
        """
        return options.black_scholes_price(
            self._expression,
            strike,
            years,
            volatility=volatility,
            rate=rate,
            dividend_yield=dividend_yield,
            is_call=is_call,
        )

    def commodity_channel_index(self, low: pl.Expr, *, close: pl.Expr, window: int = 20) -> pl.Expr:
        """
        Distance of the typical price from its mean, in units of its mean absolute deviation.

        See `ttapi_polars.commodity_channel_index`.
        """
        return oscillators.commodity_channel_index(self._expression, low, close=close, window=window)

    def stochastic_oscillator(
        self, low: pl.Expr, *, close: pl.Expr, window: int = 14, k_smoothing: int = 3, d_smoothing: int = 3
    ) -> pl.Expr:
        """
        Place of the close between the lowest low and the highest high, smoothed twice.

        See `ttapi_polars.stochastic_oscillator`.
        """
        return oscillators.stochastic_oscillator(
            self._expression,
            low,
            close=close,
            window=window,
            k_smoothing=k_smoothing,
            d_smoothing=d_smoothing,
        )

    def williams_percent_r(self, low: pl.Expr, *, close: pl.Expr, window: int = 14) -> pl.Expr:
        """
        Distance of the close below the highest high, as a share of the range of the window.

        See `ttapi_polars.williams_percent_r`.
        """
        return oscillators.williams_percent_r(self._expression, low, close=close, window=window)

    def calmar_ratio(self, *, periods_per_year: float = 252) -> pl.Expr:
        """
        Annualised return of the whole sample divided by the depth of its deepest drawdown.

        See `ttapi_polars.calmar_ratio`.
        """
        return performance.calmar_ratio(self._expression, periods_per_year=periods_per_year)

    def omega_ratio(self, *, threshold: pl.Expr | float = 0.0) -> pl.Expr:
        """
        Sum of the returns' excess over a threshold, divided by the sum of what they fall short of it.

        See `ttapi_polars.omega_ratio`.
        """
        return performance.omega_ratio(self._expression, threshold=threshold)

    def rolling_sortino_ratio(
        self, *, window: int, target: pl.Expr | float = 0.0, periods_per_year: float = 252
    ) -> pl.Expr:
        """Sortino ratio of the last ``window`` bars, annualised; see `ttapi_polars.rolling_sortino_ratio`."""
        return performance.rolling_sortino_ratio(
            self._expression, window=window, target=target, periods_per_year=periods_per_year
        )

    def sortino_ratio(self, *, target: pl.Expr | float = 0.0, periods_per_year: float = 252) -> pl.Expr:
        """
        Mean return above a target in units of its downside deviation, annualised.

        See `ttapi_polars.sortino_ratio`.
        """
        return performance.sortino_ratio(self._expression, target=target, periods_per_year=periods_per_year)

    def tail_ratio(self, *, tail: float = 0.05) -> pl.Expr:
        """
        Size of the gain at the upper end of the returns divided by the size of the loss at the lower end.

        See `ttapi_polars.tail_ratio`.
        """
        return performance.tail_ratio(self._expression, tail=tail)

    def effective_spread(self, bid: pl.Expr, ask: pl.Expr) -> pl.Expr:
        """
        Spread that a trade paid: twice its distance from the middle of the quote, relative to that middle.

        See `ttapi_polars.effective_spread`.
        """
        return quote_joins.effective_spread(self._expression, bid, ask)

    def quoted_spread(self, ask: pl.Expr) -> pl.Expr:
        """
        Spread of a quote relative to its middle, ``(ask - bid) / mid``.

        See `ttapi_polars.quoted_spread`.
        """
        return quote_joins.quoted_spread(self._expression, ask)

    def garman_klass_volatility(
        self, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, periods_per_year: float = 252
    ) -> pl.Expr:
        """
        Annualised volatility over the whole sample from bars, for prices without drift.

        See `ttapi_polars.garman_klass_volatility`.
        """
        return range_volatilities.garman_klass_volatility(
            self._expression, high, low=low, close=close, periods_per_year=periods_per_year
        )

    def parkinson_volatility(self, low: pl.Expr, *, periods_per_year: float = 252) -> pl.Expr:
        """
        Annualised volatility over the whole sample from highs and lows.

        See `ttapi_polars.parkinson_volatility`.
        """
        return range_volatilities.parkinson_volatility(
            self._expression, low, periods_per_year=periods_per_year
        )

    def rogers_satchell_volatility(
        self, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, periods_per_year: float = 252
    ) -> pl.Expr:
        """
        Annualised volatility over the whole sample from bars, whatever the drift.

        See `ttapi_polars.rogers_satchell_volatility`.
        """
        return range_volatilities.rogers_satchell_volatility(
            self._expression, high, low=low, close=close, periods_per_year=periods_per_year
        )

    def rolling_garman_klass_volatility(
        self, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, window: int, periods_per_year: float
    ) -> pl.Expr:
        """
        Annualised volatility from bars over a rolling window, for prices without drift.

        See `ttapi_polars.rolling_garman_klass_volatility`.
        """
        return range_volatilities.rolling_garman_klass_volatility(
            self._expression, high, low=low, close=close, window=window, periods_per_year=periods_per_year
        )

    def rolling_parkinson_volatility(self, low: pl.Expr, *, window: int, periods_per_year: float) -> pl.Expr:
        """
        Annualised volatility from highs and lows over a rolling window.

        See `ttapi_polars.rolling_parkinson_volatility`.
        """
        return range_volatilities.rolling_parkinson_volatility(
            self._expression, low, window=window, periods_per_year=periods_per_year
        )

    def rolling_rogers_satchell_volatility(
        self, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, window: int, periods_per_year: float
    ) -> pl.Expr:
        """
        Annualised volatility from bars over a rolling window, whatever the drift.

        See `ttapi_polars.rolling_rogers_satchell_volatility`.
        """
        return range_volatilities.rolling_rogers_satchell_volatility(
            self._expression, high, low=low, close=close, window=window, periods_per_year=periods_per_year
        )

    def rolling_yang_zhang_volatility(
        self,
        high: pl.Expr,
        *,
        low: pl.Expr,
        close: pl.Expr,
        window: int,
        periods_per_year: float,
        by: pl.Expr | None = None,
    ) -> pl.Expr:
        """
        Annualised volatility from bars and the jumps between them over a rolling window, whatever the drift.

        See `ttapi_polars.rolling_yang_zhang_volatility`.
        """
        return range_volatilities.rolling_yang_zhang_volatility(
            self._expression,
            high,
            low=low,
            close=close,
            window=window,
            periods_per_year=periods_per_year,
            by=by,
        )

    def yang_zhang_volatility(
        self, high: pl.Expr, *, low: pl.Expr, close: pl.Expr, periods_per_year: float = 252
    ) -> pl.Expr:
        """
        Annualised volatility over the whole sample from bars and the jumps between them, whatever the drift.

        See `ttapi_polars.yang_zhang_volatility`.
        """
        return range_volatilities.yang_zhang_volatility(
            self._expression, high, low=low, close=close, periods_per_year=periods_per_year
        )

    def alpha(self, benchmark: pl.Expr, *, periods_per_year: float, risk_free: float = 0.0) -> pl.Expr:
        """Jensen's alpha over the whole sample, annualised by multiplication; see `ttapi_polars.alpha`."""
        return relative.alpha(
            self._expression, benchmark, periods_per_year=periods_per_year, risk_free=risk_free
        )

    def beta(self, benchmark: pl.Expr) -> pl.Expr:
        """Slope of returns on those of a benchmark over the whole sample; see `ttapi_polars.beta`."""
        return relative.beta(self._expression, benchmark)

    def capture_ratio(self, benchmark: pl.Expr, *, periods_per_year: float = 1.0) -> pl.Expr:
        """
        Up capture over down capture: above 1, the instrument took more of the rises than of the falls.

        See `ttapi_polars.capture_ratio`.
        """
        return relative.capture_ratio(self._expression, benchmark, periods_per_year=periods_per_year)

    def down_capture(self, benchmark: pl.Expr, *, periods_per_year: float = 1.0) -> pl.Expr:
        """
        Compound return relative to the benchmark's, over the rows in which the benchmark fell.

        See `ttapi_polars.down_capture`.
        """
        return relative.down_capture(self._expression, benchmark, periods_per_year=periods_per_year)

    def information_ratio(self, benchmark: pl.Expr, *, periods_per_year: float) -> pl.Expr:
        """
        Annualised return over the benchmark per unit of tracking error, over the whole sample.

        See `ttapi_polars.information_ratio`.
        """
        return relative.information_ratio(self._expression, benchmark, periods_per_year=periods_per_year)

    def rolling_alpha(
        self, benchmark: pl.Expr, *, window: int, periods_per_year: float, risk_free: float = 0.0
    ) -> pl.Expr:
        """
        Jensen's alpha over a rolling window, annualised by multiplication.

        See `ttapi_polars.rolling_alpha`.
        """
        return relative.rolling_alpha(
            self._expression, benchmark, window=window, periods_per_year=periods_per_year, risk_free=risk_free
        )

    def tracking_error(self, benchmark: pl.Expr, *, periods_per_year: float) -> pl.Expr:
        """
        Annualised deviation of the return over the benchmark, over the whole sample.

        See `ttapi_polars.tracking_error`.
        """
        return relative.tracking_error(self._expression, benchmark, periods_per_year=periods_per_year)

    def up_capture(self, benchmark: pl.Expr, *, periods_per_year: float = 1.0) -> pl.Expr:
        """
        Compound return relative to the benchmark's, over the rows in which the benchmark rose.

        See `ttapi_polars.up_capture`.
        """
        return relative.up_capture(self._expression, benchmark, periods_per_year=periods_per_year)

    def annualized_return(self, *, periods_per_year: float) -> pl.Expr:
        """
        Compound the returns of the whole sample and state them as a rate per year.

        See `ttapi_polars.annualized_return`.
        """
        return returns_measures.annualized_return(self._expression, periods_per_year=periods_per_year)

    def cumulative_returns(self) -> pl.Expr:
        """
        Return what the bars up to and including each one brought together, compounded.

        See `ttapi_polars.cumulative_returns`.
        """
        return returns_measures.cumulative_returns(self._expression)

    def excess_returns(self, risk_free: pl.Expr | float) -> pl.Expr:
        """
        Return what each bar brought above the risk-free rate, ``r[t] - risk_free[t]``.

        See `ttapi_polars.excess_returns`.
        """
        return returns_measures.excess_returns(self._expression, risk_free)

    def intraday_returns(self, close: pl.Expr) -> pl.Expr:
        """
        Return what happened while the market was open, ``close[t] / open[t] - 1``.

        See `ttapi_polars.intraday_returns`.
        """
        return returns.intraday_returns(self._expression, close)

    def log_returns(self, *, periods: int = 1) -> pl.Expr:
        """
        Return the change of the logarithm over ``periods`` bars, ``ln p[t] - ln p[t - periods]``.

        See `ttapi_polars.log_returns`.
        """
        return returns.log_returns(self._expression, periods=periods)

    def log_to_simple(self) -> pl.Expr:
        """Turn log returns into simple returns, ``exp(r) - 1``; see `ttapi_polars.log_to_simple`."""
        return returns_measures.log_to_simple(self._expression)

    def overnight_returns(self, close: pl.Expr) -> pl.Expr:
        """
        Return what happened while the market was closed, ``open[t] / close[t-1] - 1``.

        See `ttapi_polars.overnight_returns`.
        """
        return returns.overnight_returns(self._expression, close)

    def simple_returns(self, *, periods: int = 1, by: pl.Expr | None = None) -> pl.Expr:
        """
        Return the relative change over ``periods`` bars, ``p[t] / p[t - periods] - 1``.

        See `ttapi_polars.simple_returns`.
        """
        return returns.simple_returns(self._expression, periods=periods, by=by)

    def simple_to_log(self) -> pl.Expr:
        """Turn simple returns into log returns, ``ln(1 + r)``; see `ttapi_polars.simple_to_log`."""
        return returns_measures.simple_to_log(self._expression)

    def probabilistic_sharpe_ratio(
        self,
        *,
        benchmark_sharpe: float = 0.0,
        risk_free: pl.Expr | float = 0.0,
        periods_per_year: float = 252,
    ) -> pl.Expr:
        """
        Probability that the true Sharpe ratio is above a benchmark, given the length and shape of the sample.

        See `ttapi_polars.probabilistic_sharpe_ratio`.
        """
        return sharpe_ratios.probabilistic_sharpe_ratio(
            self._expression,
            benchmark_sharpe=benchmark_sharpe,
            risk_free=risk_free,
            periods_per_year=periods_per_year,
        )

    def rolling_sharpe_ratio(
        self, *, window: int, risk_free: pl.Expr | float = 0.0, periods_per_year: float = 252
    ) -> pl.Expr:
        """Sharpe ratio of the last ``window`` bars, annualised; see `ttapi_polars.rolling_sharpe_ratio`."""
        return sharpe_ratios.rolling_sharpe_ratio(
            self._expression, window=window, risk_free=risk_free, periods_per_year=periods_per_year
        )

    def sharpe_ratio(self, *, risk_free: pl.Expr | float = 0.0, periods_per_year: float = 252) -> pl.Expr:
        """
        Mean excess return of the whole sample in units of its standard deviation, annualised.

        See `ttapi_polars.sharpe_ratio`.
        """
        return sharpe_ratios.sharpe_ratio(
            self._expression, risk_free=risk_free, periods_per_year=periods_per_year
        )

    def svi_density_condition(
        self,
        *,
        a: pl.Expr | float,
        b: pl.Expr | float,
        rho: pl.Expr | float,
        m: pl.Expr | float,
        sigma: pl.Expr | float,
    ) -> pl.Expr:
        """
        Durrleman's function g of the raw SVI smile: below zero, the smile admits butterfly arbitrage.

        See `ttapi_polars.svi_density_condition`.
        """
        return svi.svi_density_condition(self._expression, a=a, b=b, rho=rho, m=m, sigma=sigma)

    def svi_total_variance(
        self,
        *,
        a: pl.Expr | float,
        b: pl.Expr | float,
        rho: pl.Expr | float,
        m: pl.Expr | float,
        sigma: pl.Expr | float,
    ) -> pl.Expr:
        """Total implied variance of the raw SVI smile; see `ttapi_polars.svi_total_variance`."""
        return svi.svi_total_variance(self._expression, a=a, b=b, rho=rho, m=m, sigma=sigma)

    def svi_volatility(
        self,
        years: pl.Expr | float,
        *,
        a: pl.Expr | float,
        b: pl.Expr | float,
        rho: pl.Expr | float,
        m: pl.Expr | float,
        sigma: pl.Expr | float,
    ) -> pl.Expr:
        """Implied volatility of the raw SVI smile; see `ttapi_polars.svi_volatility`."""
        return svi.svi_volatility(self._expression, years, a=a, b=b, rho=rho, m=m, sigma=sigma)

    def expected_shortfall(self, *, confidence: float = 0.95) -> pl.Expr:
        """
        Mean loss per bar over the worst ``1 - confidence`` of the sample.

        See `ttapi_polars.expected_shortfall`.
        """
        return tail_risk.expected_shortfall(self._expression, confidence=confidence)

    def historical_value_at_risk(self, *, confidence: float = 0.95) -> pl.Expr:
        """
        Loss per bar that the sample exceeded with probability ``1 - confidence``.

        See `ttapi_polars.historical_value_at_risk`.
        """
        return tail_risk.historical_value_at_risk(self._expression, confidence=confidence)

    def parametric_expected_shortfall(self, *, confidence: float = 0.95) -> pl.Expr:
        """
        Mean loss per bar over the worst ``1 - confidence`` of a normal distribution fitted to the sample.

        See `ttapi_polars.parametric_expected_shortfall`.
        """
        return tail_risk.parametric_expected_shortfall(self._expression, confidence=confidence)

    def parametric_value_at_risk(self, *, confidence: float = 0.95, cornish_fisher: bool = False) -> pl.Expr:
        """
        Loss per bar exceeded with probability ``1 - confidence`` under a distribution fitted to the sample.

        See `ttapi_polars.parametric_value_at_risk`.
        """
        return tail_risk.parametric_value_at_risk(
            self._expression, confidence=confidence, cornish_fisher=cornish_fisher
        )

    def rolling_historical_value_at_risk(self, *, window: int, confidence: float = 0.95) -> pl.Expr:
        """
        Value at risk of the last ``window`` bars, from the sample itself.

        See `ttapi_polars.rolling_historical_value_at_risk`.
        """
        return tail_risk.rolling_historical_value_at_risk(
            self._expression, window=window, confidence=confidence
        )

    def aroon(self, low: pl.Expr, *, window: int = 25) -> pl.Expr:
        """Freshness of the highest high and of the lowest low; see `ttapi_polars.aroon`."""
        return trend.aroon(self._expression, low, window=window)

    def average_directional_index(self, low: pl.Expr, *, close: pl.Expr, window: int = 14) -> pl.Expr:
        """
        Directional indicators of rises and falls, and the average of how much they differ.

        See `ttapi_polars.average_directional_index`.
        """
        return trend.average_directional_index(self._expression, low, close=close, window=window)

    def parabolic_sar(self, low: pl.Expr, *, acceleration: float = 0.02, maximum: float = 0.2) -> pl.Expr:
        """
        Stop of a trend that follows it ever faster, and changes side when it is touched (Wilder).

        See `ttapi_polars.parabolic_sar`.
        """
        return trend.parabolic_sar(self._expression, low, acceleration=acceleration, maximum=maximum)

    def average_true_range(self, low: pl.Expr, *, close: pl.Expr, window: int = 14) -> pl.Expr:
        """Wilder's average of the true range; see `ttapi_polars.average_true_range`."""
        return true_ranges.average_true_range(self._expression, low, close=close, window=window)

    def true_range(self, low: pl.Expr, *, close: pl.Expr) -> pl.Expr:
        """Range of a bar, stretched to the close before it; see `ttapi_polars.true_range`."""
        return true_ranges.true_range(self._expression, low, close=close)

    def bipower_volatility(self, *, periods_per_year: float = 252) -> pl.Expr:
        """
        Annualised volatility of the whole sample from products of adjoining returns, hardly moved by jumps.

        See `ttapi_polars.bipower_volatility`.
        """
        return volatilities.bipower_volatility(self._expression, periods_per_year=periods_per_year)

    def ewma_volatility(
        self, *, decay: float = 0.94, periods_per_year: float, by: pl.Expr | None = None
    ) -> pl.Expr:
        """
        Annualised volatility with exponentially decaying weights, as RiskMetrics has it.

        See `ttapi_polars.ewma_volatility`.
        """
        return volatilities.ewma_volatility(
            self._expression, decay=decay, periods_per_year=periods_per_year, by=by
        )

    def realized_volatility(
        self, *, window: int, periods_per_year: float, by: pl.Expr | None = None
    ) -> pl.Expr:
        """
        Annualised realised volatility of log returns over a rolling window.

        See `ttapi_polars.realized_volatility`.
        """
        return volatilities.realized_volatility(
            self._expression, window=window, periods_per_year=periods_per_year, by=by
        )

    def rolling_bipower_volatility(self, *, window: int, periods_per_year: float) -> pl.Expr:
        """
        Annualised bipower volatility over a rolling window of pairs of returns.

        See `ttapi_polars.rolling_bipower_volatility`.
        """
        return volatilities.rolling_bipower_volatility(
            self._expression, window=window, periods_per_year=periods_per_year
        )

    def volatility(self, *, periods_per_year: float = 252) -> pl.Expr:
        """Annualised volatility of log returns over the whole sample; see `ttapi_polars.volatility`."""
        return volatilities.volatility(self._expression, periods_per_year=periods_per_year)

    def anchored_vwap(self, volume: pl.Expr) -> pl.Expr:
        """
        Average price weighted by volume, from the first row on to each row.

        See `ttapi_polars.anchored_vwap`.
        """
        return vwaps.anchored_vwap(self._expression, volume)

    def rolling_vwap(self, volume: pl.Expr, *, window: int) -> pl.Expr:
        """
        Average price weighted by volume, over a rolling window of rows.

        See `ttapi_polars.rolling_vwap`.
        """
        return vwaps.rolling_vwap(self._expression, volume, window=window)

    def vwap(self, volume: pl.Expr) -> pl.Expr:
        """Average price weighted by volume, over the whole sample; see `ttapi_polars.vwap`."""
        return vwaps.vwap(self._expression, volume)
