# SPDX-License-Identifier: Apache-2.0
"""The namespace ``tt`` on frames, lazy and eager: ``bars.tt.volatility_by_symbol()``."""

from __future__ import annotations

import polars as pl

from ttapi_polars import volatilities


@pl.api.register_lazyframe_namespace("tt")
class LazyFrameNamespace:
    """
    Market analytics on a lazy frame of bars.

    Parameters
    ----------
    frame
        Bars, one row a symbol and day.
    """

    def __init__(self, frame: pl.LazyFrame) -> None:
        self._frame = frame

    def volatility_by_symbol(
        self,
        *,
        days_min: int = 20,
        periods_per_year: float = 252,
        price: str = "close",
        symbol: str = "symbol",
        time: str = "date",
    ) -> pl.LazyFrame:
        """Annualised volatility, one row a symbol; see `ttapi_polars.volatility_by_symbol`."""
        return volatilities.volatility_by_symbol(
            self._frame,
            days_min=days_min,
            periods_per_year=periods_per_year,
            price=price,
            symbol=symbol,
            time=time,
        )


@pl.api.register_dataframe_namespace("tt")
class DataFrameNamespace:
    """
    Market analytics on a frame of bars.

    Parameters
    ----------
    frame
        Bars, one row a symbol and day.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def volatility_by_symbol(
        self,
        *,
        days_min: int = 20,
        periods_per_year: float = 252,
        price: str = "close",
        symbol: str = "symbol",
        time: str = "date",
    ) -> pl.DataFrame:
        """Annualised volatility, one row a symbol; see `ttapi_polars.volatility_by_symbol`."""
        return (
            LazyFrameNamespace(self._frame.lazy())
            .volatility_by_symbol(
                days_min=days_min,
                periods_per_year=periods_per_year,
                price=price,
                symbol=symbol,
                time=time,
            )
            .collect()
        )
