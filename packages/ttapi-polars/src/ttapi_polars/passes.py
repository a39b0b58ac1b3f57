# SPDX-License-Identifier: Apache-2.0
"""Measures as compiled passes over instruments that adjoin; loaded only where the extra ``kernels`` is."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ttapi_polars import window_kernels as kernels

_KEPT_ROWS_MAX: Final = 1 << 20
"""What a thread keeps between pieces: 8 MB an array."""

if TYPE_CHECKING:
    from ttapi_polars.adjoining import Pass
    from ttapi_polars.window_kernels import Floats, Rows


def rolling_volatility(*, window: int, periods_per_year: float) -> Pass:
    """Turn close prices into the deviation of log returns; see `ttapi_polars.realized_volatility`."""

    def run(columns: Sequence[Floats], starts: Rows, out: Floats) -> None:
        (close,) = columns
        (returns,) = _scratch(close.size, 1)
        kernels.log_returns(close, starts, returns)
        kernels.rolling_variance(returns, starts, window, out)
        _annualize(out, periods_per_year)

    return run


def ewma_volatility(*, decay: float, periods_per_year: float) -> Pass:
    """Turn close prices into the weighted size of log returns; see `ttapi_polars.ewma_volatility`."""

    def run(columns: Sequence[Floats], starts: Rows, out: Floats) -> None:
        (close,) = columns
        (returns,) = _scratch(close.size, 1)
        kernels.log_returns(close, starts, returns)
        kernels.ewma_variance(returns, starts, decay, out)
        _annualize(out, periods_per_year)

    return run


def drawdown(columns: Sequence[Floats], starts: Rows, out: Floats) -> None:
    """Turn prices into their distance from the highest so far; see `ttapi_polars.drawdown`."""
    kernels.drawdown(columns[0], starts, out)


def rolling_beta(*, window: int, of_prices: bool = False) -> Pass:
    """Turn returns, or prices, and returns of a benchmark into the slope; see `ttapi_polars.rolling_beta`."""

    def run(columns: Sequence[Floats], starts: Rows, out: Floats) -> None:
        returns, benchmark = columns
        if of_prices:
            prices = returns
            (returns,) = _scratch(prices.size, 1)
            kernels.simple_returns(prices, starts, 1, returns)
        kernels.rolling_beta(returns, benchmark, starts, window, out)

    return run


def simple_returns(*, periods: int) -> Pass:
    """Turn prices into relative changes; see `ttapi_polars.simple_returns`."""

    def run(columns: Sequence[Floats], starts: Rows, out: Floats) -> None:
        kernels.simple_returns(columns[0], starts, periods, out)

    return run


def rolling_yang_zhang_volatility(*, window: int, weight: float, periods_per_year: float) -> Pass:
    """Turn bars into the estimator of Yang and Zhang; see `ttapi_polars.rolling_yang_zhang_volatility`."""

    def run(columns: Sequence[Floats], starts: Rows, out: Floats) -> None:
        open_, high, low, close = columns
        overnight, intraday, ranges, part = _scratch(out.size, 4)
        kernels.bar_logs(open_, high, low, close, starts, overnight, intraday, ranges)
        kernels.rolling_variance(overnight, starts, window, out)
        kernels.rolling_variance(intraday, starts, window, part)
        out += weight * part
        kernels.rolling_mean(ranges, starts, window, part)
        out += (1 - weight) * part
        _annualize(out, periods_per_year)

    return run


_memory = threading.local()


def _scratch(rows: int, count: int) -> list[Floats]:
    """
    Return arrays for what lies in between, the same ones to each call in a thread.

    Fresh memory would be given back to the system and asked for again with every piece, which costs more than
    what is computed in it.
    """
    arrays: list[Floats] = getattr(_memory, "arrays", [])
    if len(arrays) < count or arrays[0].size < rows:
        arrays = [np.empty(rows) for _ in range(max(count, len(arrays)))]
        _memory.arrays = arrays if rows <= _KEPT_ROWS_MAX else []
    return [array[:rows] for array in arrays[:count]]


def _annualize(variance: Floats, periods_per_year: float) -> None:
    np.sqrt(variance, out=variance)
    variance *= math.sqrt(periods_per_year)
