# SPDX-License-Identifier: Apache-2.0
"""
Analyses by name: from the daily bars of many symbols to a table for people and programs.

An analysis is a function from bars to a table and what its callers must know: the columns it needs, whether
each symbol is computed on its own (so that symbols can be spread over processes and machines), and how its
rows are best shown. It holds no state and collects nothing.

The bars come sorted by ``symbol``, then ``date``, each symbol and day once, as a scan of the store has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from ttapi_core.errors import ParameterError, UnknownNameError
from ttapi_polars import analysis_series as series
from ttapi_polars import analysis_tables as tables
from ttapi_polars.analysis_series import EachBar, Measures
from ttapi_polars.analysis_tables import EachSymbol
from ttapi_polars.analysis_terms import BARS, Analysis, AnalysisOptions

_HLC: Final = tuple(name for name in BARS if name not in ("open", "volume"))
_VOLUMES: Final = tuple(name for name in BARS if name not in ("open", "high", "low"))


def _each_bar(
    name: str,
    title: str,
    measures: Callable[[AnalysisOptions], Measures],
    *,
    drawn: str,
    window: int | None = None,
    columns: tuple[str, ...] | None = None,
) -> Analysis:
    function = EachBar(measures)
    if columns is None:
        return Analysis(name=name, title=title, function=function, kind="series", window=window, drawn=drawn)
    return Analysis(
        name=name, title=title, columns=columns, function=function, kind="series", window=window, drawn=drawn
    )


def _named(*analyses: Analysis) -> Mapping[str, Analysis]:
    return MappingProxyType({analysis.name: analysis for analysis in analyses})


# fmt: off
ANALYSES: Final = _named(
    Analysis(name="volatility", title="how much each symbol moves in a year",
             function=tables.volatilities, kind="table", highest_first="volatility", drawn="volatility"),
    Analysis(name="performance", title="return, risk, and ratios of the two",
             function=EachSymbol(tables.performances), kind="table", highest_first="sharpe", drawn="sharpe"),
    Analysis(name="volatility-estimators", title="volatility a year from closes and from whole bars",
             columns=BARS, function=EachSymbol(tables.range_volatilities), kind="table",
             highest_first="yang_zhang", drawn="yang_zhang"),
    Analysis(name="volatility-cone", title="range of the volatility over windows of several lengths",
             function=tables.cones, kind="table", drawn="latest"),
    Analysis(name="drawdowns", title="every fall from a peak until the price was back, deepest first",
             function=tables.drawdowns, kind="table", highest_first="depth", drawn="depth"),
    Analysis(name="beta", title="what each symbol has in common with a benchmark",
             function=EachSymbol(tables.betas), kind="table", needs_benchmark=True, highest_first="beta",
             drawn="beta"),
    Analysis(name="correlation", title="correlation of the daily returns of every pair of symbols",
             function=tables.correlations, kind="table", per_symbol=False, drawn="correlation",
             highest_first="correlation"),
    _each_bar("returns", "what each day brought", series.returns, drawn="simple_return"),
    _each_bar("drawdown", "how far the price is below its highest so far", series.drawdown_so_far,
              drawn="drawdown"),
    _each_bar("rolling-volatility", "volatility a year of the last days", series.rolling_volatility,
              drawn="volatility", window=20),
    _each_bar("ewma-volatility", "volatility a year with decaying weights", series.weighted_volatility,
              drawn="volatility"),
    _each_bar("rolling-sharpe", "Sharpe ratio of the last days", series.sharpe_over_window, drawn="sharpe",
              window=60),
    Analysis(name="rolling-beta", title="slope on a benchmark over the last days",
             function=EachBar(series.beta_over_window, beside=True), kind="series", window=60,
             needs_benchmark=True, drawn="beta"),
    _each_bar("sma", "simple moving average", series.sma, drawn="sma", window=20),
    _each_bar("wma", "linearly weighted moving average", series.wma, drawn="wma", window=20),
    _each_bar("ema", "exponential moving average", series.ema, drawn="ema", window=20),
    _each_bar("wilder", "Wilder's moving average", series.wilder, drawn="wilder", window=14),
    _each_bar("rsi", "relative strength index, 0 to 100", series.rsi, drawn="rsi", window=14),
    _each_bar("macd", "moving averages' convergence and divergence (12, 26, 9)", series.macd_lines,
              drawn="histogram"),
    _each_bar("roc", "rate of change", series.roc, drawn="roc", window=10),
    _each_bar("trix", "rate of change of a triple smoothed close", series.trix_line, drawn="trix", window=15),
    _each_bar("bollinger", "Bollinger bands", series.bollinger, drawn="percent_b", window=20),
    _each_bar("keltner", "Keltner channel", series.keltner, drawn="middle", window=20, columns=_HLC),
    _each_bar("donchian", "Donchian channel", series.donchian, drawn="middle", window=20, columns=_HLC),
    _each_bar("ichimoku", "Ichimoku cloud (9, 26, 52)", series.ichimoku, drawn="base", columns=_HLC),
    _each_bar("atr", "average true range", series.atr, drawn="atr", window=14, columns=_HLC),
    _each_bar("adx", "average directional index", series.adx, drawn="adx", window=14, columns=_HLC),
    _each_bar("aroon", "Aroon lines", series.aroon_lines, drawn="oscillator", window=25, columns=_HLC),
    _each_bar("sar", "Wilder's parabolic stop", series.sar, drawn="sar", columns=_HLC),
    _each_bar("stochastic", "stochastic oscillator", series.stochastic, drawn="k", window=14, columns=_HLC),
    _each_bar("williams-r", "Williams' %R", series.williams_r, drawn="williams_r", window=14, columns=_HLC),
    _each_bar("cci", "commodity channel index", series.cci, drawn="cci", window=20, columns=_HLC),
    _each_bar("obv", "on-balance volume", series.obv, drawn="obv", columns=_VOLUMES),
    _each_bar("mfi", "money flow index, 0 to 100", series.mfi, drawn="mfi", window=14,
              columns=(*_HLC, "volume")),
    _each_bar("vwap", "close weighted by volume over the last days", series.vwap_over_window, drawn="vwap",
              window=20, columns=_VOLUMES),
)
# fmt: on
"""Every analysis by name."""


def analysis_named(name: str) -> Analysis:
    """
    Return the analysis called ``name``.

    Raises
    ------
    UnknownNameError
        If there is none; the hint names those that are spelt nearly so.
    ParameterError
        If ``name`` is no text.
    """
    if not isinstance(name, str):
        raise ParameterError("name", name, "the name of an analysis")
    found = ANALYSES.get(name)
    if found is None:
        near = get_close_matches(name, ANALYSES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else ""
        raise UnknownNameError("analysis", name, tuple(ANALYSES), hint=hint)
    return found
