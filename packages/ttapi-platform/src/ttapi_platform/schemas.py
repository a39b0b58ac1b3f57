# SPDX-License-Identifier: Apache-2.0
"""Schemas of datasets: a provider's columns become a frame that keeps every promise, or say why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Final, cast

import polars as pl

from ttapi_core import AnswerMismatchError, Columns, DataError, TTError

if TYPE_CHECKING:
    from polars._typing import SchemaDict

_REASONS_MAX: Final = 20
"""Reasons kept for the rows left out of one answer; the count is always whole."""

_Table = Mapping[str, Sequence[object]] | pl.DataFrame

_ANSWER: Final = "__answer"
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
        Whether null is allowed; such a column may be left out of an answer. NaN becomes null; infinity is
        refused.
    low, high
        Least and greatest value allowed, inclusive; None for no bound.
    one_of
        The words allowed, of a text; None for any text.
    derived
        Whether the platform adds it, so that no provider delivers it.
    """

    dtype: pl.DataType
    null: bool
    low: float | None = None
    high: float | None = None
    one_of: tuple[str, ...] | None = None
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
        (result,) = self.conform_all([(key, columns)])
        if isinstance(result, TTError):
            raise result
        return result

    def conform_all(
        self,
        answers: Sequence[tuple[str, Columns]],
        *,
        derive: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
    ) -> list[Conformed | TTError]:
        """
        Do as `conform` does for many (key, columns), in one pass over the rows of all of them.

        Parameters
        ----------
        answers
            Keys and their columns.
        derive
            Fills derived columns of good rows, keeping their number and order.

        Returns
        -------
        list
            For each answer its rows, or the error that `conform` would raise.
        """
        results: list[Conformed | TTError | None] = [None] * len(answers)
        rows = self._gather(answers, results)
        marked = self._marked(rows, keys=[key for key, _ in answers])
        good = marked.filter(pl.col(_REASON).is_null())
        frames = self._split(derive(good) if derive else good)
        bad = marked.filter(pl.col(_REASON).is_not_null())
        bad_by_answer = bad.partition_by(_ANSWER, as_dict=True, maintain_order=True) if bad.height else {}
        for at, (key, _) in enumerate(answers):
            known = results[at]
            if known is None:
                results[at] = self._result(key, frames.get(at), bad_by_answer.get((at,)))
        return cast("list[Conformed | TTError]", results)

    def _result(self, key: str, good: pl.DataFrame | None, bad: pl.DataFrame | None) -> Conformed | TTError:
        if bad is None:
            return Conformed(good if good is not None else self.empty())
        strangers = bad.filter(pl.col(self.order[0]).ne_missing(key))
        if strangers.height:
            return AnswerMismatchError(f"asked for {key!r}, got rows of {strangers[self.order[0]][0]!r}")
        if good is None:
            return DataError(f"no usable row: {bad[_REASON][0]}", row=int(bad[_ROW][0]))
        return Conformed(good, self._reasons(bad), bad.height)

    def _split(self, good: pl.DataFrame) -> dict[int, pl.DataFrame]:
        """Cut sorted rows into one frame for each answer; no row is copied."""
        ordered = good.sort([_ANSWER, *self.order])
        numbers, lengths = ordered[_ANSWER].rle().struct.unnest().select("value", "len").get_columns()
        table, offset, frames = ordered.select(list(self.columns)), 0, {}
        for number, length in zip(numbers, lengths, strict=True):
            frames[int(number)] = table.slice(offset, int(length))
            offset += int(length)
        return frames

    def _gather(
        self, answers: Sequence[tuple[str, Columns]], results: list[Conformed | TTError | None]
    ) -> pl.DataFrame:
        """Put the typed rows of all answers under each other; errors of single answers become results."""
        merged = self._merge([columns for _, columns in answers])
        if merged is not None:
            return merged
        frames = []
        for at, (_, columns) in enumerate(answers):
            try:
                frames.append(self._typed(columns).with_columns(pl.lit(at, dtype=pl.UInt32).alias(_ANSWER)))
            except DataError as exc:
                results[at] = exc
        nothing = self._typed(self.empty()).with_columns(pl.lit(0, dtype=pl.UInt32).alias(_ANSWER))
        return pl.concat(frames or [nothing])

    def _merge(self, tables: Sequence[Columns]) -> pl.DataFrame | None:
        """Type the rows of all answers at once; None where that fails and each has to be looked at alone."""
        delivered = [name for name, rule in self.columns.items() if not rule.derived]
        mappings = [table for table in tables if isinstance(table, Mapping)]
        if len(mappings) < len(tables):
            return None
        try:
            lengths = [len(table[self.order[0]]) for table in mappings]
            nulls = {name for name in delivered if self.columns[name].null}
            columns = {
                name: list(
                    chain.from_iterable(
                        [None] * length if name in nulls and name not in table else table[name]
                        for table, length in zip(mappings, lengths, strict=True)
                    )
                )
                for name in delivered
            }
            if any(
                name in table and len(table[name]) != length
                for table, length in zip(mappings, lengths, strict=True)
                for name in delivered
            ):
                return None
            frame = self._typed(columns)
        except (KeyError, TypeError, DataError):
            return None
        numbers = [number for number, length in enumerate(lengths) for _ in range(length)]
        rows = [row for length in lengths for row in range(length)]
        return frame.with_columns(
            pl.Series(_ANSWER, numbers, dtype=pl.UInt32), pl.Series(_ROW, rows, dtype=pl.get_index_type())
        )

    def _typed(self, columns: Columns) -> pl.DataFrame:
        delivered = {name: rule for name, rule in self.columns.items() if not rule.derived}
        table = columns if isinstance(columns, Mapping) else pl.DataFrame(columns)
        present = list(table) if isinstance(table, Mapping) else table.columns
        lacking = [name for name in delivered if name not in present]
        missing = [name for name in lacking if not delivered[name].null]
        if missing:
            raise DataError(f"the answer lacks it; it has {', '.join(present)}", column=missing[0])
        table = self._with_nulls(table, lacking)
        frame = self._frame(table, delivered) if isinstance(table, Mapping) else self._cast(table, delivered)
        derived = [
            pl.lit(None, dtype=rule.dtype).alias(name) for name, rule in self.columns.items() if rule.derived
        ]
        return frame.with_columns(derived).select(list(self.columns)).with_row_index(_ROW)

    def _with_nulls(self, table: _Table, names: Sequence[str]) -> _Table:
        """Add columns that an answer may leave out."""
        if not names:
            return table
        if isinstance(table, pl.DataFrame):
            return table.with_columns(
                pl.lit(None, dtype=self.columns[name].dtype).alias(name) for name in names
            )
        length = len(table[self.order[0]])
        return {**table, **{name: [None] * length for name in names}}

    @staticmethod
    def _frame(columns: Mapping[str, object], delivered: Mapping[str, Column]) -> pl.DataFrame:
        series = {}
        for name, rule in delivered.items():
            values = cast("list[object]", columns[name])
            _refuse_finer(name, values, rule.dtype)
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

    def _marked(self, rows: pl.DataFrame, *, keys: Sequence[str]) -> pl.DataFrame:
        """Add the first reason to leave a row out; null for good rows."""
        floats = [name for name, rule in self.columns.items() if rule.dtype == pl.Float64()]
        clean = rows.with_columns(pl.col(floats).fill_nan(None)) if floats else rows
        expected = pl.Series("key", list(keys), dtype=pl.String).gather(clean[_ANSWER])
        stranger = pl.when(pl.col(self.order[0]).ne_missing(expected)).then(pl.lit("is of another key"))
        reasons = [
            pl.when(broken.fill_null(value=False)).then(pl.lit(problem))
            for problem, broken in self._rules(floats)
        ]
        duplicate = pl.when(~pl.struct(_ANSWER, *self.order).is_last_distinct()).then(
            pl.lit("a later row has the same key")
        )
        return clean.with_columns(pl.coalesce([stranger, *reasons, duplicate]).alias(_REASON))

    def _rules(self, floats: list[str]) -> list[tuple[str, pl.Expr]]:
        rules: list[tuple[str, pl.Expr]] = []
        for name, rule in self.columns.items():
            if not rule.null:
                rules.append((f"{name} is missing", pl.col(name).is_null()))
            if name in floats:
                rules.append((f"{name} is infinite", pl.col(name).is_infinite()))
            if rule.low is not None:
                rules.append((f"{name} is below {rule.low:g}", pl.col(name) < rule.low))
            if rule.high is not None:
                rules.append((f"{name} is above {rule.high:g}", pl.col(name) > rule.high))
            if rule.one_of is not None:
                allowed = pl.col(name).is_in(rule.one_of)
                rules.append((f"{name} is none of {', '.join(rule.one_of)}", ~allowed))
        return rules + [(check.problem, check.broken) for check in self.checks]

    def _reasons(self, bad: pl.DataFrame) -> tuple[str, ...]:
        shown = bad.head(_REASONS_MAX).select(_ROW, *self.order[1:], _REASON).rows()
        return tuple(
            f"row {row}{''.join(f', {part}' for part in where)}: {reason}" for row, *where, reason in shown
        )


def _refuse_finer(name: str, values: Sequence[object], dtype: pl.DataType) -> None:
    """Refuse amounts of more decimals than the column has, which Polars would cut off without a word."""
    if not isinstance(dtype, pl.Decimal):
        return
    unit = Decimal(1).scaleb(-(dtype.scale or 0))
    for row, value in enumerate(values):
        if isinstance(value, Decimal) and value.is_finite() and value % unit:
            raise DataError(f"{value} has more than {dtype.scale} decimals", column=name, row=row)


def _first_wrong(values: list[object], dtype: pl.DataType) -> int | None:
    """Row of the first value that cannot be of the type alone; None when only their mixture is wrong."""
    for row, value in enumerate(values):
        try:
            pl.Series([value], dtype=dtype, strict=True)
        except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
            return row
    return None
