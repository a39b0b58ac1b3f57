# SPDX-License-Identifier: Apache-2.0
"""Schemas of datasets: a provider's columns become a frame that keeps every promise, or say why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import polars as pl
from ttapi_core import AnswerMismatchError, Columns, DataError

if TYPE_CHECKING:
    from polars._typing import SchemaDict

_REASONS_MAX: Final = 20
"""Reasons kept for the rows left out of one answer; the count is always whole."""

_ROW: Final = "__row"
_REASON: Final = "__reason"


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column of a schema.

    Parameters
    ----------
    dtype
        Polars type.
    null
        Whether null is allowed. NaN becomes null; infinity is refused.
    low
        Least value allowed, inclusive; None for no bound.
    derived
        Whether the platform adds it, so that no provider delivers it.
    """

    dtype: pl.DataType
    null: bool
    low: float | None = None
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """
    A rule that each row must keep.

    Parameters
    ----------
    problem
        What is wrong with a row that breaks it.
    broken
        Boolean expression, true for such a row; null counts as kept.
    """

    problem: str
    broken: pl.Expr


@dataclass(frozen=True, slots=True)
class Conformed:
    """
    What came of an answer.

    Parameters
    ----------
    frame
        The rows that keep the schema, in its order.
    skipped
        Why rows were left out, one text a row, at most `_REASONS_MAX` of them.
    skipped_rows
        How many rows were left out.
    """

    frame: pl.DataFrame
    skipped: tuple[str, ...] = ()
    skipped_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """
    What the rows of a dataset keep.

    Parameters
    ----------
    version
        Raised with every change of columns or meaning; entries of another version are fetched again.
    order
        Columns by which rows are sorted and by which they are unique; the first is the key.
    columns
        Column name to its rules, in the order of the stored file.
    checks
        Rules across columns.
    """

    version: int
    order: tuple[str, ...]
    columns: Mapping[str, Column]
    checks: tuple[Check, ...] = ()

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Column name to Polars type, derived columns included."""
        return {name: column.dtype for name, column in self.columns.items()}

    def empty(self) -> pl.DataFrame:
        """Return a frame of this schema without rows."""
        return pl.DataFrame(schema=cast("SchemaDict", self.dtypes))

    def conform(self, columns: Columns, *, key: str) -> Conformed:
        """
        Turn a provider's columns into a frame of this schema.

        Rows that break a rule are left out and named; what makes the whole answer useless is raised.
        Derived columns are null.

        Raises
        ------
        DataError
            If a column is missing or of the wrong type, or every row breaks a rule.
        AnswerMismatchError
            If a row belongs to another key.
        """
        raw = self._typed(columns)
        strangers = raw.filter(pl.col(self.order[0]).ne_missing(key))
        if strangers.height:
            raise AnswerMismatchError(f"asked for {key!r}, got rows of {strangers[self.order[0]][0]!r}")
        marked = self._marked(raw)
        good = marked.filter(pl.col(_REASON).is_null())
        bad = marked.filter(pl.col(_REASON).is_not_null())
        if bad.height and not good.height:
            raise DataError(f"no usable row: {bad[_REASON][0]}", row=int(bad[_ROW][0]))
        frame = good.select(list(self.columns)).sort(list(self.order))
        return Conformed(frame, self._reasons(bad), bad.height)

    def _typed(self, columns: Columns) -> pl.DataFrame:
        delivered = {name: rule for name, rule in self.columns.items() if not rule.derived}
        if isinstance(columns, Mapping):
            missing = [name for name in delivered if name not in columns]
            if not missing:
                frame = self._frame(columns, delivered)
        else:
            table = pl.DataFrame(columns)
            missing = [name for name in delivered if name not in table.columns]
            if not missing:
                frame = self._cast(table, delivered)
        if missing:
            raise DataError(f"the answer lacks it; it has {', '.join(_names(columns))}", column=missing[0])
        derived = [
            pl.lit(None, dtype=rule.dtype).alias(name) for name, rule in self.columns.items() if rule.derived
        ]
        return frame.with_columns(derived).select(list(self.columns)).with_row_index(_ROW)

    @staticmethod
    def _frame(columns: Mapping[str, object], delivered: Mapping[str, Column]) -> pl.DataFrame:
        series = {}
        for name, rule in delivered.items():
            values = cast("list[object]", columns[name])
            try:
                series[name] = pl.Series(name, values, dtype=rule.dtype, strict=True)
            except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as exc:
                wrong = _first_wrong(values, rule.dtype)
                raise DataError(f"a value is not {rule.dtype}", column=name, row=wrong) from exc
        try:
            return pl.DataFrame(series)
        except pl.exceptions.PolarsError as exc:
            raise DataError("the columns are not of one length") from exc

    @staticmethod
    def _cast(table: pl.DataFrame, delivered: Mapping[str, Column]) -> pl.DataFrame:
        series = []
        for name, rule in delivered.items():
            try:
                series.append(table[name].cast(rule.dtype, strict=True))
            except pl.exceptions.PolarsError as exc:
                raise DataError(f"is {table[name].dtype}, expected {rule.dtype}", column=name) from exc
        return pl.DataFrame(series)

    def _marked(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Add the first reason to leave a row out; null for good rows."""
        floats = [name for name, rule in self.columns.items() if rule.dtype == pl.Float64()]
        clean = raw.with_columns(pl.col(floats).fill_nan(None)) if floats else raw
        reasons = [
            pl.when(broken.fill_null(value=False)).then(pl.lit(problem)) for problem, broken in self._rules(floats)
        ]
        duplicate = pl.when(~pl.struct(self.order).is_last_distinct()).then(pl.lit("a later row has the same key"))
        return clean.with_columns(pl.coalesce([*reasons, duplicate]).alias(_REASON))

    def _rules(self, floats: list[str]) -> list[tuple[str, pl.Expr]]:
        rules: list[tuple[str, pl.Expr]] = []
        for name, rule in self.columns.items():
            if not rule.null:
                rules.append((f"{name} is missing", pl.col(name).is_null()))
            if name in floats:
                rules.append((f"{name} is infinite", pl.col(name).is_infinite()))
            if rule.low is not None:
                rules.append((f"{name} is below {rule.low:g}", pl.col(name) < rule.low))
        return rules + [(check.problem, check.broken) for check in self.checks]

    def _reasons(self, bad: pl.DataFrame) -> tuple[str, ...]:
        shown = bad.head(_REASONS_MAX).select(_ROW, *self.order[1:], _REASON).rows()
        return tuple(
            f"row {row}{''.join(f', {part}' for part in where)}: {reason}" for row, *where, reason in shown
        )


def _first_wrong(values: list[object], dtype: pl.DataType) -> int | None:
    """Row of the first value that cannot be of the type alone; None when only their mixture is wrong."""
    for row, value in enumerate(values):
        try:
            pl.Series([value], dtype=dtype, strict=True)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            return row
    return None


def _names(columns: Columns) -> list[str]:
    return list(columns) if isinstance(columns, Mapping) else pl.DataFrame(columns).columns
