# SPDX-License-Identifier: Apache-2.0
"""Columnar market analytics as Polars expressions, frames and namespaces."""

from ttapi_polars.expressions import ExpressionNamespace
from ttapi_polars.frames import DataFrameNamespace, LazyFrameNamespace
from ttapi_polars.options import black_scholes_price
from ttapi_polars.returns import log_returns, simple_returns
from ttapi_polars.volatilities import realized_volatility, volatility, volatility_by_symbol

__all__ = [
    "DataFrameNamespace",
    "ExpressionNamespace",
    "LazyFrameNamespace",
    "black_scholes_price",
    "log_returns",
    "realized_volatility",
    "simple_returns",
    "volatility",
    "volatility_by_symbol",
]
