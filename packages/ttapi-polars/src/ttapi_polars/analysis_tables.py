# SPDX-License-Identifier: Apache-2.0
"""Analyses with one row a symbol, or a few: functions from prepared bars and options to a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from ttapi_polars.analysis_terms import AnalysisOptions, in_one_piece
from ttapi_polars.by_symbol import summarize, volatility_by_symbol
from ttapi_polars.drawdowns import drawdown_table, max_drawdown
from ttapi_polars.matrices import correlation_matrix
from ttapi_polars.moments import correlation
from ttapi_polars.performance import calmar_ratio, sortino_ratio
from ttapi_polars.range_volatilities import (
    garman_klass_volatility,
    parkinson_volatility,
    rogers_satchell_volatility,
    yang_zhang_volatility,
)
from ttapi_polars.relative import alpha, beta, information_ratio, tracking_error
from ttapi_polars.returns import annualized_return, log_returns, simple_returns
from ttapi_polars.sharpe_ratios import sharpe_ratio
from ttapi_polars.tail_risk import expected_shortfall, historical_value_at_risk
from ttapi_polars.volatilities import bipower_volatility, volatility
from ttapi_polars.volatility_cone import volatility_cone

_OPEN, _HIGH, _LOW, _CLOSE = pl.col("open"), pl.col("high"), pl.col("low"), pl.col("close")
_RETURN = pl.col("return")


@dataclass(frozen=True, slots=True)
class EachSymbol:
    """
    One row a symbol: the days that count, measures, and the price that was used.

    Parameters
    ----------
    measures
        Options to expressions by name. They see the prepared bars of a symbol, and ``return`` and
        ``benchmark``: simple returns of the symbol and, where one is named, of the benchmark on the same day.
    """

    measures: Callable[[AnalysisOptions], Mapping[str, pl.Expr]]

    def __call__(self, bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
        """Plan it; null where fewer than ``days_min`` closes can be used."""
        days = (_CLOSE.is_finite() & (_CLOSE > 0)).sum().cast(pl.UInt32)
        enough = days >= options.days_min
        values = (
            pl.when(enough).then(measure).alias(name) for name, measure in self.measures(options).items()
        )
        return summarize(
            with_returns(bars, options),
            days.alias("days"),
            *values,
            pl.col("price").first(),
            is_sorted=True,
        )


def with_returns(bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
    """Add simple returns as ``return``, and those of the benchmark on the same day as ``benchmark``."""
    frame = bars.with_columns(simple_returns(_CLOSE).over("symbol").alias("return"))
    if options.benchmark is None:
        return frame
    other = frame.filter(pl.col("symbol") == options.benchmark).select("date", benchmark=_RETURN)
    joined = frame.join(other, on="date", how="left", maintain_order="left")
    return in_one_piece(joined).set_sorted("symbol")


def volatilities(bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
    """Volatility by symbol, with the price that was used."""
    table = volatility_by_symbol(
        bars, days_min=options.days_min, periods_per_year=options.periods_per_year, is_sorted=True
    )
    used = summarize(bars, pl.col("price").first(), is_sorted=True)
    return table.join(used, on="symbol", how="left", maintain_order="left")


def range_volatilities(options: AnalysisOptions) -> dict[str, pl.Expr]:
    """Estimators from closes, and from whole bars."""
    yearly = options.periods_per_year
    return {
        "close_to_close": volatility(_CLOSE, periods_per_year=yearly),
        "bipower": bipower_volatility(_CLOSE, periods_per_year=yearly),
        "parkinson": parkinson_volatility(_HIGH, _LOW, periods_per_year=yearly),
        "garman_klass": garman_klass_volatility(
            _OPEN, _HIGH, low=_LOW, close=_CLOSE, periods_per_year=yearly
        ),
        "rogers_satchell": rogers_satchell_volatility(
            _OPEN, _HIGH, low=_LOW, close=_CLOSE, periods_per_year=yearly
        ),
        "yang_zhang": yang_zhang_volatility(_OPEN, _HIGH, low=_LOW, close=_CLOSE, periods_per_year=yearly),
    }


def performances(options: AnalysisOptions) -> dict[str, pl.Expr]:
    """Return, risk, and the one by the other."""
    yearly = options.periods_per_year
    return {
        "annual_return": annualized_return(_RETURN, periods_per_year=yearly),
        "volatility": volatility(_CLOSE, periods_per_year=yearly),
        "sharpe": sharpe_ratio(_RETURN, periods_per_year=yearly),
        "sortino": sortino_ratio(_RETURN, periods_per_year=yearly),
        "calmar": calmar_ratio(_RETURN, periods_per_year=yearly),
        "max_drawdown": max_drawdown(_CLOSE),
        "value_at_risk": historical_value_at_risk(_RETURN),
        "expected_shortfall": expected_shortfall(_RETURN),
    }


def betas(options: AnalysisOptions) -> dict[str, pl.Expr]:
    """Slope on the benchmark, and what else tells how much a symbol has in common with it."""
    benchmark, yearly = pl.col("benchmark"), options.periods_per_year
    return {
        "beta": beta(_RETURN, benchmark),
        "alpha": alpha(_RETURN, benchmark, periods_per_year=yearly),
        "correlation": correlation(_RETURN, benchmark),
        "tracking_error": tracking_error(_RETURN, benchmark, periods_per_year=yearly),
        "information_ratio": information_ratio(_RETURN, benchmark, periods_per_year=yearly),
    }


def drawdowns(bars: pl.LazyFrame, _options: AnalysisOptions) -> pl.LazyFrame:
    """Every fall from a peak until the price is back."""
    return drawdown_table(bars)


def cones(bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
    """Ranges of the volatility over windows of several lengths."""
    return volatility_cone(bars, periods_per_year=options.periods_per_year)


def correlations(bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
    """Correlations of the log returns of every pair of symbols, each pair once."""
    rows = bars.select("symbol", "date", log_returns(_CLOSE).over("symbol").alias("return"))
    both_ways = correlation_matrix(rows, observations_min=options.days_min - 1)
    return both_ways.filter(pl.col("symbol_a") < pl.col("symbol_b"))
