# SPDX-License-Identifier: Apache-2.0
"""The namespace ``tt`` on expressions: ``pl.col("close").tt.log_returns()``."""

from __future__ import annotations

import polars as pl

from ttapi_polars import returns, volatilities


@pl.api.register_expr_namespace("tt")
class ExpressionNamespace:
    """
    Market analytics on an expression of prices.

    Parameters
    ----------
    prices
        Prices in time order, one per bar.
    """

    def __init__(self, prices: pl.Expr) -> None:
        self._prices = prices

    def simple_returns(self) -> pl.Expr:
        """Return the relative change from bar to bar; see `ttapi_polars.simple_returns`."""
        return returns.simple_returns(self._prices)

    def log_returns(self) -> pl.Expr:
        """Return the log change from bar to bar; see `ttapi_polars.log_returns`."""
        return returns.log_returns(self._prices)

    def realized_volatility(self, *, window: int, periods_per_year: float) -> pl.Expr:
        """Annualised volatility over a rolling window; see `ttapi_polars.realized_volatility`."""
        return volatilities.realized_volatility(
            self._prices, window=window, periods_per_year=periods_per_year
        )

    def volatility(self, *, periods_per_year: float = 252) -> pl.Expr:
        """Annualised volatility over the whole sample; see `ttapi_polars.volatility`."""
        return volatilities.volatility(self._prices, periods_per_year=periods_per_year)
