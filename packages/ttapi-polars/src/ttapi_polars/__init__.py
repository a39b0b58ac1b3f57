# SPDX-License-Identifier: Apache-2.0
"""Columnar market analytics as Polars expressions, frames and namespaces."""

from ttapi_polars.adjustments import adjust_bars, adjustment_factors
from ttapi_polars.american import american_price
from ttapi_polars.analyses import ANALYSES, analysis_named
from ttapi_polars.analysis_terms import Analysis, AnalysisOptions
from ttapi_polars.arbitrage import butterfly_violations, calendar_violations
from ttapi_polars.averages import (
    exponential_moving_average,
    simple_moving_average,
    weighted_moving_average,
    wilder_moving_average,
)
from ttapi_polars.bars import excluded_rows, resample_bars
from ttapi_polars.black76 import black76_greeks, black76_price
from ttapi_polars.by_symbol import deviation_by_symbol, summarize, volatility_by_symbol
from ttapi_polars.chain_arbitrage import chain_violations
from ttapi_polars.channels import bollinger_bands, donchian_channel, ichimoku_cloud, keltner_channel
from ttapi_polars.cross_section import (
    cross_rank,
    neutralize,
    neutralize_beta,
    quantile_portfolio,
    quantile_returns,
    winsorize,
    z_score,
)
from ttapi_polars.drawdowns import drawdown, drawdown_table, max_drawdown
from ttapi_polars.expressions import ExpressionNamespace
from ttapi_polars.flow import money_flow_index, on_balance_volume
from ttapi_polars.forwards import implied_forward
from ttapi_polars.frames import DataFrameNamespace, LazyFrameNamespace
from ttapi_polars.gaps import fill_gaps, missing_sessions
from ttapi_polars.greeks import black_scholes_greeks
from ttapi_polars.implied import black76_implied_volatility, implied_volatility
from ttapi_polars.information_bars import dollar_bars, tick_bars, volume_bars
from ttapi_polars.matrices import (
    correlation_matrix,
    covariance_matrix,
    rolling_correlation_matrix,
    rolling_covariance_matrix,
)
from ttapi_polars.moments import (
    correlation,
    covariance,
    rolling_beta,
    rolling_correlation,
    rolling_covariance,
)
from ttapi_polars.momentum import macd, rate_of_change, relative_strength_index, trix
from ttapi_polars.options import black_scholes_price
from ttapi_polars.oscillators import commodity_channel_index, stochastic_oscillator, williams_percent_r
from ttapi_polars.performance import (
    calmar_ratio,
    omega_ratio,
    rolling_sortino_ratio,
    sortino_ratio,
    tail_ratio,
)
from ttapi_polars.quote_joins import effective_spread, quoted_spread, quotes_to_trades
from ttapi_polars.range_volatilities import (
    garman_klass_volatility,
    parkinson_volatility,
    rogers_satchell_volatility,
    rolling_garman_klass_volatility,
    rolling_parkinson_volatility,
    rolling_rogers_satchell_volatility,
    rolling_yang_zhang_volatility,
    yang_zhang_volatility,
)
from ttapi_polars.relative import (
    alpha,
    beta,
    capture_ratio,
    down_capture,
    information_ratio,
    rolling_alpha,
    tracking_error,
    up_capture,
)
from ttapi_polars.returns import (
    annualized_return,
    cumulative_returns,
    excess_returns,
    intraday_returns,
    log_returns,
    log_to_simple,
    overnight_returns,
    simple_returns,
    simple_to_log,
)
from ttapi_polars.series import SeriesNamespace
from ttapi_polars.session_bars import session_bars
from ttapi_polars.session_frames import label_sessions, outside_sessions, sessions_frame
from ttapi_polars.sharpe_ratios import probabilistic_sharpe_ratio, rolling_sharpe_ratio, sharpe_ratio
from ttapi_polars.surface import chain_surface, chain_volatilities, surface_volatility
from ttapi_polars.svi import svi_density_condition, svi_total_variance, svi_volatility
from ttapi_polars.svi_fits import fit_svi
from ttapi_polars.tail_risk import (
    expected_shortfall,
    historical_value_at_risk,
    parametric_expected_shortfall,
    parametric_value_at_risk,
    rolling_historical_value_at_risk,
)
from ttapi_polars.trend import aroon, average_directional_index, parabolic_sar
from ttapi_polars.true_ranges import average_true_range, true_range
from ttapi_polars.volatilities import (
    bipower_volatility,
    ewma_volatility,
    realized_volatility,
    rolling_bipower_volatility,
    volatility,
)
from ttapi_polars.volatility_cone import volatility_cone
from ttapi_polars.vwaps import anchored_vwap, rolling_vwap, vwap

__all__ = [
    "ANALYSES",
    "Analysis",
    "AnalysisOptions",
    "DataFrameNamespace",
    "ExpressionNamespace",
    "LazyFrameNamespace",
    "SeriesNamespace",
    "adjust_bars",
    "adjustment_factors",
    "alpha",
    "american_price",
    "analysis_named",
    "anchored_vwap",
    "annualized_return",
    "aroon",
    "average_directional_index",
    "average_true_range",
    "beta",
    "bipower_volatility",
    "black76_greeks",
    "black76_implied_volatility",
    "black76_price",
    "black_scholes_greeks",
    "black_scholes_price",
    "bollinger_bands",
    "butterfly_violations",
    "calendar_violations",
    "calmar_ratio",
    "capture_ratio",
    "chain_surface",
    "chain_violations",
    "chain_volatilities",
    "commodity_channel_index",
    "correlation",
    "correlation_matrix",
    "covariance",
    "covariance_matrix",
    "cross_rank",
    "cumulative_returns",
    "deviation_by_symbol",
    "dollar_bars",
    "donchian_channel",
    "down_capture",
    "drawdown",
    "drawdown_table",
    "effective_spread",
    "ewma_volatility",
    "excess_returns",
    "excluded_rows",
    "expected_shortfall",
    "exponential_moving_average",
    "fill_gaps",
    "fit_svi",
    "garman_klass_volatility",
    "historical_value_at_risk",
    "ichimoku_cloud",
    "implied_forward",
    "implied_volatility",
    "information_ratio",
    "intraday_returns",
    "keltner_channel",
    "label_sessions",
    "log_returns",
    "log_to_simple",
    "macd",
    "max_drawdown",
    "missing_sessions",
    "money_flow_index",
    "neutralize",
    "neutralize_beta",
    "omega_ratio",
    "on_balance_volume",
    "outside_sessions",
    "overnight_returns",
    "parabolic_sar",
    "parametric_expected_shortfall",
    "parametric_value_at_risk",
    "parkinson_volatility",
    "probabilistic_sharpe_ratio",
    "quantile_portfolio",
    "quantile_returns",
    "quoted_spread",
    "quotes_to_trades",
    "rate_of_change",
    "realized_volatility",
    "relative_strength_index",
    "resample_bars",
    "rogers_satchell_volatility",
    "rolling_alpha",
    "rolling_beta",
    "rolling_bipower_volatility",
    "rolling_correlation",
    "rolling_correlation_matrix",
    "rolling_covariance",
    "rolling_covariance_matrix",
    "rolling_garman_klass_volatility",
    "rolling_historical_value_at_risk",
    "rolling_parkinson_volatility",
    "rolling_rogers_satchell_volatility",
    "rolling_sharpe_ratio",
    "rolling_sortino_ratio",
    "rolling_vwap",
    "rolling_yang_zhang_volatility",
    "session_bars",
    "sessions_frame",
    "sharpe_ratio",
    "simple_moving_average",
    "simple_returns",
    "simple_to_log",
    "sortino_ratio",
    "stochastic_oscillator",
    "summarize",
    "surface_volatility",
    "svi_density_condition",
    "svi_total_variance",
    "svi_volatility",
    "tail_ratio",
    "tick_bars",
    "tracking_error",
    "trix",
    "true_range",
    "up_capture",
    "volatility",
    "volatility_by_symbol",
    "volatility_cone",
    "volume_bars",
    "vwap",
    "weighted_moving_average",
    "wilder_moving_average",
    "williams_percent_r",
    "winsorize",
    "yang_zhang_volatility",
    "z_score",
]
