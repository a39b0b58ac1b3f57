# SPDX-License-Identifier: Apache-2.0
"""Analyses with one row a bar: what they compute beside each symbol's days and closes, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from ttapi_polars.analysis_tables import with_returns
from ttapi_polars.analysis_terms import AnalysisOptions
from ttapi_polars.averages import (
    exponential_moving_average,
    simple_moving_average,
    weighted_moving_average,
    wilder_moving_average,
)
from ttapi_polars.channels import bollinger_bands, donchian_channel, ichimoku_cloud, keltner_channel
from ttapi_polars.drawdowns import drawdown
from ttapi_polars.flow import money_flow_index, on_balance_volume
from ttapi_polars.moments import rolling_beta
from ttapi_polars.momentum import macd, rate_of_change, relative_strength_index, trix
from ttapi_polars.oscillators import commodity_channel_index, stochastic_oscillator, williams_percent_r
from ttapi_polars.returns import cumulative_returns, log_returns, simple_returns
from ttapi_polars.sharpe_ratios import rolling_sharpe_ratio
from ttapi_polars.trend import aroon, average_directional_index, parabolic_sar
from ttapi_polars.true_ranges import average_true_range
from ttapi_polars.volatilities import ewma_volatility, realized_volatility
from ttapi_polars.vwaps import rolling_vwap

Measures = Mapping[str, pl.Expr]
_HIGH, _LOW, _CLOSE, _VOLUME = pl.col("high"), pl.col("low"), pl.col("close"), pl.col("volume")


@dataclass(frozen=True, slots=True)
class EachBar:
    """
    One row a bar: symbol, day, close, and measures of each symbol on its own.

    Parameters
    ----------
    measures
        Options to expressions by name; a struct becomes a column for each field.
    beside
        Whether they see ``return`` and ``benchmark``, as `with_returns` adds them.
    """

    measures: Callable[[AnalysisOptions], Measures]
    beside: bool = False

    def __call__(self, bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
        """Plan it."""
        frame = with_returns(bars, options) if self.beside else bars
        values = (measure.over("symbol").alias(name) for name, measure in self.measures(options).items())
        table = frame.select("symbol", "date", "close", *values)
        structs = [name for name, dtype in table.collect_schema().items() if dtype == pl.Struct]
        return table.unnest(structs) if structs else table


def window_of(options: AnalysisOptions) -> int:
    """Return the window; analyses complete it."""
    assert options.window is not None
    return options.window


def returns(_options: AnalysisOptions) -> Measures:
    """Give the returns of each day, and that of all days so far."""
    simple = simple_returns(_CLOSE)
    return {
        "simple_return": simple,
        "log_return": log_returns(_CLOSE),
        "cumulative_return": cumulative_returns(simple),
    }


def rolling_volatility(options: AnalysisOptions) -> Measures:
    """Volatility over a window."""
    window, yearly = window_of(options), options.periods_per_year
    return {"volatility": realized_volatility(_CLOSE, window=window, periods_per_year=yearly)}


def weighted_volatility(options: AnalysisOptions) -> Measures:
    """Volatility with decaying weights."""
    return {"volatility": ewma_volatility(_CLOSE, periods_per_year=options.periods_per_year)}


def drawdown_so_far(_options: AnalysisOptions) -> Measures:
    """Distance below the highest close so far."""
    return {"drawdown": drawdown(_CLOSE)}


def beta_over_window(options: AnalysisOptions) -> Measures:
    """Slope on the benchmark over a window."""
    return {"beta": rolling_beta(pl.col("return"), pl.col("benchmark"), window=window_of(options))}


def sharpe_over_window(options: AnalysisOptions) -> Measures:
    """Sharpe ratio over a window."""
    window, yearly = window_of(options), options.periods_per_year
    return {"sharpe": rolling_sharpe_ratio(simple_returns(_CLOSE), window=window, periods_per_year=yearly)}


def sma(options: AnalysisOptions) -> Measures:
    """Mean of the last closes."""
    return {"sma": simple_moving_average(_CLOSE, window=window_of(options))}


def wma(options: AnalysisOptions) -> Measures:
    """Weighted moving average."""
    return {"wma": weighted_moving_average(_CLOSE, window=window_of(options))}


def ema(options: AnalysisOptions) -> Measures:
    """Exponential moving average."""
    return {"ema": exponential_moving_average(_CLOSE, window=window_of(options))}


def wilder(options: AnalysisOptions) -> Measures:
    """Wilder's moving average."""
    return {"wilder": wilder_moving_average(_CLOSE, window=window_of(options))}


def rsi(options: AnalysisOptions) -> Measures:
    """Relative strength index."""
    return {"rsi": relative_strength_index(_CLOSE, window=window_of(options))}


def macd_lines(_options: AnalysisOptions) -> Measures:
    """MACD of 12, 26 and 9 bars."""
    return {"macd": macd(_CLOSE)}


def roc(options: AnalysisOptions) -> Measures:
    """Rate of change."""
    return {"roc": rate_of_change(_CLOSE, window=window_of(options))}


def trix_line(options: AnalysisOptions) -> Measures:
    """Change of a triple smoothed close."""
    return {"trix": trix(_CLOSE, window=window_of(options))}


def bollinger(options: AnalysisOptions) -> Measures:
    """Bollinger bands of two deviations."""
    return {"bands": bollinger_bands(_CLOSE, window=window_of(options))}


def keltner(options: AnalysisOptions) -> Measures:
    """Keltner channel."""
    return {"channel": keltner_channel(_HIGH, _LOW, close=_CLOSE, window=window_of(options))}


def donchian(options: AnalysisOptions) -> Measures:
    """Donchian channel."""
    return {"channel": donchian_channel(_HIGH, _LOW, window=window_of(options))}


def ichimoku(_options: AnalysisOptions) -> Measures:
    """Ichimoku lines and cloud of 9, 26 and 52 bars."""
    return {"cloud": ichimoku_cloud(_HIGH, _LOW, close=_CLOSE)}


def atr(options: AnalysisOptions) -> Measures:
    """Average true range."""
    return {"atr": average_true_range(_HIGH, _LOW, close=_CLOSE, window=window_of(options))}


def adx(options: AnalysisOptions) -> Measures:
    """Directional indicators."""
    return {"adx": average_directional_index(_HIGH, _LOW, close=_CLOSE, window=window_of(options))}


def aroon_lines(options: AnalysisOptions) -> Measures:
    """Aroon lines."""
    return {"aroon": aroon(_HIGH, _LOW, window=window_of(options))}


def sar(_options: AnalysisOptions) -> Measures:
    """Wilder's parabolic stop."""
    return {"sar": parabolic_sar(_HIGH, _LOW)}


def stochastic(options: AnalysisOptions) -> Measures:
    """Stochastic oscillator."""
    return {"stochastic": stochastic_oscillator(_HIGH, _LOW, close=_CLOSE, window=window_of(options))}


def williams_r(options: AnalysisOptions) -> Measures:
    """Williams' %R."""
    return {"williams_r": williams_percent_r(_HIGH, _LOW, close=_CLOSE, window=window_of(options))}


def cci(options: AnalysisOptions) -> Measures:
    """Commodity channel index."""
    return {"cci": commodity_channel_index(_HIGH, _LOW, close=_CLOSE, window=window_of(options))}


def obv(_options: AnalysisOptions) -> Measures:
    """On-balance volume."""
    return {"obv": on_balance_volume(_CLOSE, _VOLUME)}


def mfi(options: AnalysisOptions) -> Measures:
    """Money flow index."""
    return {"mfi": money_flow_index(_HIGH, _LOW, close=_CLOSE, volume=_VOLUME, window=window_of(options))}


def vwap_over_window(options: AnalysisOptions) -> Measures:
    """Average close weighted by volume."""
    return {"vwap": rolling_vwap(_CLOSE, _VOLUME, window=window_of(options))}
