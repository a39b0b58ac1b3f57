# SPDX-License-Identifier: Apache-2.0
"""The series that a measure takes, gathered as the columns of a frame."""

from __future__ import annotations

from typing import TypeVar, overload

import polars as pl

from ttapi_core.errors import DataError

_T = TypeVar("_T")


class SeriesColumns:
    """
    Series of one length, on which a measure of expressions is evaluated.

    Parameters
    ----------
    first
        The series that the answer is named after.
    """

    def __init__(self, first: pl.Series) -> None:
        self._name = first.name
        self._columns: list[pl.Series] = []
        self.first: pl.Expr = self._added(first)

    @overload
    def add(self, value: pl.Series) -> pl.Expr: ...
    @overload
    def add(self, value: _T) -> _T: ...
    def add(self, value: object) -> object:
        """
        Take in a series, which becomes an expression; anything else stays what it is.

        Raises
        ------
        DataError
            If it is not as long as the first.
        """
        return self._added(value) if isinstance(value, pl.Series) else value

    def answer(self, measure: pl.Expr) -> pl.Series:
        """Evaluate a measure of what was added."""
        return pl.DataFrame(self._columns).select(measure.alias(self._name)).to_series()

    def _added(self, series: pl.Series) -> pl.Expr:
        if self._columns and len(series) != len(self._columns[0]):
            raise DataError(f"has {len(series)} values beside {len(self._columns[0])}", column=series.name)
        name = str(len(self._columns))
        self._columns.append(series.alias(name))
        return pl.col(name)
