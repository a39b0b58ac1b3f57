# SPDX-License-Identifier: Apache-2.0
"""What an analysis is: its options, what its callers must know of it, and the bars as it sees them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import polars as pl

from ttapi_core.errors import ParameterError, UnknownNameError
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.inputs import positive

PRICES: Final = ("auto", "close", "adjusted_close")
"""Which close is used; see `AnalysisOptions.price`."""
CLOSES: Final = ("symbol", "date", "close", "adjusted_close", "final")
BARS: Final = ("symbol", "date", "open", "high", "low", "close", "volume", "adjusted_close", "final")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisOptions:
    """
    What an analysis is computed with.

    Parameters
    ----------
    window
        Bars that a rolling value looks back on; None for the analysis' own.
    periods_per_year
        Bars in a year; annualises (252 for daily bars of US equities).
    price
        ``close``, ``adjusted_close``, or ``auto``: adjusted for symbols that have it on every day, else
        ``close``. Splits look like moves in prices that are not adjusted. With the adjusted close, open,
        high and low are scaled by its ratio to the close.
    benchmark
        The symbol that others are measured against, for analyses that need one.
    days_min
        Days that an estimate over the whole sample needs.

    Raises
    ------
    ParameterError
        If a number is outside its domain.
    UnknownNameError
        If ``price`` is none of these.
    """

    window: int | None = None
    periods_per_year: float = 252
    price: str = "auto"
    benchmark: str | None = None
    days_min: int = 20

    def __post_init__(self) -> None:
        if self.window is not None:
            require_count("window", self.window, least=1)
        require_positive("periods_per_year", self.periods_per_year)
        require_count("days_min", self.days_min, least=3)
        if self.price not in PRICES:
            raise UnknownNameError("price", self.price, PRICES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """
    A named analysis.

    Parameters
    ----------
    name
        What it is called on the command line.
    title
        What it tells, in one line.
    columns
        Columns of the bars that it needs.
    function
        Prepared bars and options to the result; see `apply`. A function of a module, so that it can be sent
        to another process.
    kind
        ``table``: one row a symbol, or a few. ``series``: one row a bar.
    per_symbol
        Whether the rows of a symbol depend on its own bars (and the benchmark's) only. If not, it is computed
        in one piece.
    window
        Window where none is asked for; None if it has no window.
    needs_benchmark
        Whether `AnalysisOptions.benchmark` must be given.
    highest_first
        Column by which its rows are shown, the highest value first; None for the order of the symbols.
    drawn
        The column that a picture shows.
    """

    name: str
    title: str
    columns: tuple[str, ...] = CLOSES
    function: Callable[[pl.LazyFrame, AnalysisOptions], pl.LazyFrame]
    kind: Literal["table", "series"]
    per_symbol: bool = True
    window: int | None = None
    needs_benchmark: bool = False
    highest_first: str | None = None
    drawn: str = ""

    def options(self, given: AnalysisOptions) -> AnalysisOptions:
        """
        Return the options that are used: those given, completed with this analysis' window.

        Raises
        ------
        ParameterError
            If it needs a benchmark and none is given, or has no use for the benchmark or window given.
        """
        if self.needs_benchmark and given.benchmark is None:
            raise ParameterError("benchmark", None, f"a symbol: {self.name} compares with one")
        if given.benchmark is not None and not self.needs_benchmark:
            raise ParameterError("benchmark", given.benchmark, f"none: {self.name} compares with nothing")
        if given.window is not None and self.window is None:
            raise ParameterError("window", given.window, f"none: {self.name} looks at the whole sample")
        return given if given.window is not None else replace(given, window=self.window)

    def apply(self, bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
        """
        Plan the analysis.

        Parameters
        ----------
        bars
            At least `columns`, sorted by ``symbol``, then ``date``. Bars of a session still open (``final``
            is false) are left out.
        options
            What to compute with.

        Returns
        -------
        pl.LazyFrame
            Sorted by symbol, then date. Collected with ``engine="in-memory"``, the values of a symbol are the
            same to the last bit whatever other symbols are there; the streaming engine adds up in pieces.

        Raises
        ------
        ParameterError
            As `options` does, and where a measure refuses an argument.
        """
        chosen = self.options(options)
        return self.function(prepared(bars, chosen), chosen)


def in_one_piece(frame: pl.LazyFrame) -> pl.LazyFrame:
    """
    Let each column be one piece of memory.

    Where it is in several, a sum over the rows of a symbol adds up the sums of the pieces, and the last bit
    depends on where they meet: on the files that the rows are from, and on how many threads there are.
    """
    return frame.map_batches(pl.DataFrame.rechunk)


def prepared(bars: pl.LazyFrame, options: AnalysisOptions) -> pl.LazyFrame:
    """Leave out bars that are not final, and let ``close`` be the price wanted; ``price`` names it."""
    names = bars.collect_schema().names()
    scaled = [name for name in ("open", "high", "low") if name in names]
    ratio = positive(pl.col("adjusted_close")) / positive(pl.col("close"))
    adjusted = _is_adjusted(options.price)
    rows = (
        bars.filter("final")
        .with_columns(adjusted.alias("_adjusted"))
        .with_columns(
            *(pl.when("_adjusted").then(pl.col(name) * ratio).otherwise(name).alias(name) for name in scaled),
            pl.when("_adjusted").then("adjusted_close").otherwise("close").alias("close"),
            pl.when("_adjusted").then(pl.lit("adjusted_close")).otherwise(pl.lit("close")).alias("price"),
        )
        .drop("_adjusted", "adjusted_close", "final")
    )
    return in_one_piece(rows).set_sorted("symbol")


def _is_adjusted(price: str) -> pl.Expr:
    if price == "auto":
        return pl.col("adjusted_close").is_not_null().all().over("symbol")
    return pl.lit(price == "adjusted_close")
