# SPDX-License-Identifier: Apache-2.0
"""Measures as compiled passes over instruments that adjoin; loaded only where the extra ``kernels`` is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ttapi_polars import window_kernels as kernels

if TYPE_CHECKING:
    from ttapi_polars.adjoining import Pass
    from ttapi_polars.window_kernels import Floats, Rows


def rolling_volatility(*, window: int, periods_per_year: float) -> Pass:
    """Turn close prices into the deviation of log returns; see `ttapi_polars.realized_volatility`."""

    def run(columns: Sequence[Floats], starts: Rows) -> Floats:
        (close,) = columns
        returns, variance = _like(close, 2)
        kernels.log_returns(close, starts, returns)
        kernels.rolling_variance(returns, starts, window, variance)
        return _deviation(variance, periods_per_year)

    return run


def ewma_volatility(*, decay: float, periods_per_year: float) -> Pass:
    """Turn close prices into the weighted size of log returns; see `ttapi_polars.ewma_volatility`."""

    def run(columns: Sequence[Floats], starts: Rows) -> Floats:
        (close,) = columns
        returns, variance = _like(close, 2)
        kernels.log_returns(close, starts, returns)
        kernels.ewma_variance(returns, starts, decay, variance)
        return _deviation(variance, periods_per_year)

    return run


def drawdown(columns: Sequence[Floats], starts: Rows) -> Floats:
    """Turn prices into their distance from the highest so far; see `ttapi_polars.drawdown`."""
    (price,) = columns
    (out,) = _like(price, 1)
    kernels.drawdown(price, starts, out)
    return out


def rolling_beta(*, window: int) -> Pass:
    """Turn returns and those of a benchmark into the slope; see `ttapi_polars.rolling_beta`."""

    def run(columns: Sequence[Floats], starts: Rows) -> Floats:
        returns, benchmark = columns
        (out,) = _like(returns, 1)
        kernels.rolling_beta(returns, benchmark, starts, window, out)
        return out

    return run


def simple_returns(*, periods: int) -> Pass:
    """Turn prices into relative changes; see `ttapi_polars.simple_returns`."""

    def run(columns: Sequence[Floats], starts: Rows) -> Floats:
        (price,) = columns
        (out,) = _like(price, 1)
        kernels.simple_returns(price, starts, periods, out)
        return out

    return run


def rolling_yang_zhang_volatility(*, window: int, weight: float, periods_per_year: float) -> Pass:
    """Turn bars into the estimator of Yang and Zhang; see `ttapi_polars.rolling_yang_zhang_volatility`."""

    def run(columns: Sequence[Floats], starts: Rows) -> Floats:
        open_, high, low, close = columns
        overnight, intraday, ranges, variance, part = _like(open_, 5)
        kernels.bar_logs(open_, high, low, close, starts, overnight, intraday, ranges)
        kernels.rolling_variance(overnight, starts, window, variance)
        kernels.rolling_variance(intraday, starts, window, part)
        variance += weight * part
        kernels.rolling_mean(ranges, starts, window, part)
        variance += (1 - weight) * part
        return _deviation(variance, periods_per_year)

    return run


def _like(column: Floats, count: int) -> list[Floats]:
    return [np.empty_like(column) for _ in range(count)]


def _deviation(variance: Floats, periods_per_year: float) -> Floats:
    np.sqrt(variance, out=variance)
    variance *= math.sqrt(periods_per_year)
    return variance
