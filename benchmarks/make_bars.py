# SPDX-License-Identifier: Apache-2.0
"""
Make the bars that the analytics are measured on: 29.2 million rows in one file, as the store writes it.

``uv run python benchmarks/make_bars.py FILE [--symbols 5000] [--days 5840]``

5,000 symbols of 5,840 days each, sorted by symbol and date: random walks in cents, with a market that all
follow and whose return stands in a column of its own. The same seed makes the same file.
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from ttapi_platform.segments import parquet_bytes

SYMBOLS, DAYS, SEED = 5_000, 5_840, 20


def bars(symbols: int = SYMBOLS, days: int = DAYS) -> pl.DataFrame:
    """Return daily bars, sorted by symbol and date."""
    random = np.random.default_rng(SEED)
    market = random.normal(0, 0.01, days)
    betas = random.uniform(0.3, 1.7, symbols)[:, None]
    moves = betas * market + random.normal(0, 0.015, (symbols, days))
    moves -= moves.mean(axis=1, keepdims=True)  # no symbol wanders off to where a cent is no step
    close = np.round(100 * np.exp(np.cumsum(moves, axis=1)) + 1, 2)
    open_ = np.round(close * np.exp(random.normal(0, 0.005, close.shape)), 2)
    high = np.round(np.maximum(open_, close) * (1 + np.abs(random.normal(0, 0.004, close.shape))), 2)
    low = np.round(np.minimum(open_, close) * (1 - np.abs(random.normal(0, 0.004, close.shape))), 2)
    names = pl.Series("symbol", [f"S{number:04d}" for number in range(symbols)])
    dates = pl.Series("date", [date(2003, 1, 1) + timedelta(days=day) for day in range(days)])
    prices = {"open": open_, "high": high, "low": low, "close": close}
    return pl.DataFrame(
        [
            names.repeat_by(days).explode(),
            pl.concat([dates] * symbols),
            *(pl.Series(name, values.ravel()) for name, values in prices.items()),
            pl.Series("market_return", np.tile(np.expm1(market), symbols)),
        ]
    )


def make(path: Path, *, symbols: int = SYMBOLS, days: int = DAYS) -> None:
    """Write the file, unless it is there."""
    if not path.exists():
        temporary = path.with_suffix(".tmp")
        temporary.write_bytes(parquet_bytes(bars(symbols, days)))
        temporary.rename(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--symbols", type=int, default=SYMBOLS)
    parser.add_argument("--days", type=int, default=DAYS)
    arguments = parser.parse_args()
    make(arguments.file, symbols=arguments.symbols, days=arguments.days)
