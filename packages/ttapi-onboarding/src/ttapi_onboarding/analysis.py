# SPDX-License-Identifier: Apache-2.0
"""The first analysis: which symbols move most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from ttapi_core.errors import UnknownNameError
from ttapi_polars import volatility_by_symbol

if TYPE_CHECKING:
    from collections.abc import Collection

    from ttapi_platform import Store

PRICES: Final = ("auto", "close", "adjusted_close")
_COLUMNS: Final = ("symbol", "date", "close", "adjusted_close", "final")


def volatility_table(
    store: Store,
    provider: str,
    *,
    symbols: Collection[str] | None = None,
    price: str = "auto",
    days_min: int = 20,
) -> pl.DataFrame:
    """
    Compute the volatility of each symbol from the stored daily bars, highest first.

    Parameters
    ----------
    store, provider
        Where the bars are.
    symbols
        Those wanted; all by default.
    price
        ``close``, ``adjusted_close``, or ``auto``: adjusted for symbols that have it on every day, else
        ``close``. Splits look like moves in prices that are not adjusted.
    days_min
        Days that an estimate needs; with fewer the volatility is null.

    Returns
    -------
    pl.DataFrame
        The columns of `ttapi_polars.volatility_by_symbol` and ``price``, the column that was used. Bars of a
        session still open are left out.

    Raises
    ------
    UnknownNameError
        If ``price`` is none of these.
    """
    if price not in PRICES:
        raise UnknownNameError("price", price, PRICES)
    bars = (
        store.read(provider, "eod_data", symbols, columns=_COLUMNS)
        if has_bars(store, provider)
        else _no_bars()
    )
    if bars.is_empty():
        bars = _no_bars()
    final = bars.lazy().filter("final")
    adjusted = _is_adjusted(price)
    chosen = final.with_columns(
        pl.when(adjusted).then("adjusted_close").otherwise("close").alias("value"),
        pl.when(adjusted).then(pl.lit("adjusted_close")).otherwise(pl.lit("close")).alias("price"),
    )
    used = chosen.group_by("symbol").agg(pl.col("price").first())
    table = volatility_by_symbol(chosen, price="value", days_min=days_min).join(used, on="symbol", how="left")
    return table.sort(["volatility", "symbol"], descending=[True, False], nulls_last=True).collect()


def has_bars(store: Store, provider: str) -> bool:
    """Tell whether any daily bar is stored."""
    return any(record.rows for record in store.records(provider, "eod_data").values())


def _is_adjusted(price: str) -> pl.Expr:
    if price == "auto":
        return pl.col("adjusted_close").is_not_null().all().over("symbol")
    return pl.lit(price == "adjusted_close")


def _no_bars() -> pl.DataFrame:
    floats = dict.fromkeys(("close", "adjusted_close"), pl.Float64)
    return pl.DataFrame(schema={"symbol": pl.String, "date": pl.Date, **floats, "final": pl.Boolean})
