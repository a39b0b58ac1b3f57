# SPDX-License-Identifier: Apache-2.0
"""
One compiled pass over a column that holds many instruments, with their borders found first.

`pl.Expr.over` gathers the rows of each instrument, evaluates the expression a group at a time and scatters
the results. Where the rows of an instrument adjoin, as in every stored table, one pass that begins afresh
at each border gives the same in a fraction of the time. Rows that do not adjoin are brought together first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from ttapi_core.errors import DataError
from ttapi_polars.threads import even_pieces, side_by_side

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Pass: TypeAlias = Callable[[Sequence[Floats], NDArray[np.int64], Floats], None]
    """Takes columns (NaN is missing), the first row of each instrument, the end last, and what to fill in."""

_STRIDE: Final = 1024
"""Rows between two looks at a sorted column."""
_PIECE_ROWS: Final = 65_536
"""What a thread takes at a time: half a megabyte a column stays in the cache."""


def over_adjoining(columns: Sequence[pl.Expr], by: pl.Expr, run: Pass) -> pl.Expr:
    """
    Run a compiled pass over each instrument.

    Parameters
    ----------
    columns
        What the pass takes, of any numeric type.
    by
        What tells the instruments apart; null is one of them.
    run
        The pass.

    Returns
    -------
    pl.Expr
        Float64, of the length and in the order of the columns; null where the pass gives NaN.
    """

    def evaluate(series: Sequence[pl.Series]) -> pl.Series:
        *values, labels = _of_one_length(series)
        numbers = [_numbers(value) for value in values]
        starts = borders(labels)
        if _adjoin(labels, starts):
            return _in_pieces(numbers, starts, run)
        order = labels.to_frame("by").select(pl.arg_sort_by("by", maintain_order=True)).to_series()
        together = [number.gather(order) for number in numbers]
        sorted_labels = labels.gather(order)
        results = _in_pieces(together, borders(sorted_labels), run)
        return results.gather(order.arg_sort())

    return pl.map_batches([*columns, by], evaluate, return_dtype=pl.Float64)


def over(expression: pl.Expr, by: pl.Expr | None) -> pl.Expr:
    """Evaluate for each instrument, or as it is if there is just one."""
    return expression if by is None else expression.over(by)


def _of_one_length(series: Sequence[pl.Series]) -> list[pl.Series]:
    """Repeat what is a single value: a number, a mean, a label that all rows share."""
    lengths = {len(column) for column in series if len(column) != 1} or {1}
    if len(lengths) > 1:
        found = ", ".join(f"{column.name} {len(column)}" for column in series)
        raise DataError(f"columns of different lengths: {found}")
    (rows,) = lengths
    return [column if len(column) == rows else column.new_from_index(0, rows) for column in series]


def _numbers(values: pl.Series) -> pl.Series:
    if not (values.dtype.is_numeric() or values.dtype == pl.Null):
        raise DataError(f"holds {values.dtype}, expected numbers", column=values.name)
    return values.cast(pl.Float64)


def borders(labels: pl.Series) -> NDArray[np.int64]:
    """
    Find where a label differs from the one before.

    Parameters
    ----------
    labels
        Any type, nulls included.

    Returns
    -------
    numpy.ndarray
        Int64: 0, every such row in order, and last the number of rows; just ``[0]`` if there are none.
    """
    import numpy as np  # noqa: PLC0415 - only the extra brings it

    rows = len(labels)
    if rows == 0:
        return np.zeros(1, dtype=np.int64)
    found = _changes_of_sorted(labels) if _is_sorted(labels) else changes(labels, 1, rows)
    return np.concatenate(([0], found, [rows])).astype(np.int64, copy=False)


def _is_sorted(labels: pl.Series) -> bool:
    return labels.flags["SORTED_ASC"] or labels.flags["SORTED_DESC"]


def changes(labels: pl.Series, first: int, end: int) -> NDArray[np.int64]:
    """Compare every row from ``first`` to before ``end`` with the one before it."""
    import numpy as np  # noqa: PLC0415 - only the extra brings it

    def compare(start: int, stop: int) -> NDArray[np.int64]:
        here = labels.slice(first + start, stop - start)
        before = labels.slice(first + start - 1, stop - start)
        return here.ne_missing(before).arg_true().to_numpy().astype(np.int64) + (first + start)

    return np.concatenate(
        side_by_side(even_pieces(end - first, size=1 << 20), compare) or [np.empty(0, np.int64)]
    )


def _changes_of_sorted(labels: pl.Series) -> NDArray[np.int64]:
    """Look at one row in `_STRIDE`: between two equal labels of a sorted column there is no other."""
    import numpy as np  # noqa: PLC0415 - only the extra brings it

    rows = len(labels)
    looks = np.append(np.arange(0, rows - 1, _STRIDE), rows - 1)
    low, high = looks[:-1], looks[1:]
    differs = _differ(labels, low, high)
    if differs.sum() * 4 > low.size:
        return changes(labels, 1, rows)  # short groups: bisecting each costs more than a look at every row
    found = [np.empty(0, np.int64)]
    low, high = low[differs], high[differs]
    while low.size:
        first = _first_change(labels, low, high)
        found.append(first)
        more = _differ(labels, first, high)
        low, high = first[more], high[more]
    return np.sort(np.concatenate(found))


def _first_change(labels: pl.Series, low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bisect all stretches at once: the first row of each whose label is not that of row ``low``."""
    import numpy as np  # noqa: PLC0415 - only the extra brings it

    same, other = low.copy(), high.copy()
    while (open_ := other - same > 1).any():
        middle = (same + other) // 2
        differs = _differ(labels, low, middle)
        other = np.where(open_ & differs, middle, other)
        same = np.where(open_ & ~differs, middle, same)
    return other


def _differ(labels: pl.Series, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    unequal = labels.gather(pl.Series(rows)).ne_missing(labels.gather(pl.Series(others)))
    answer: NDArray[np.bool_] = unequal.to_numpy()
    return answer


def _adjoin(labels: pl.Series, starts: NDArray[np.int64]) -> bool:
    if _is_sorted(labels):
        return True
    firsts = labels.gather(pl.Series(starts[:-1]))
    return firsts.n_unique() == len(firsts)


def _in_pieces(numbers: Sequence[pl.Series], starts: NDArray[np.int64], run: Pass) -> pl.Series:
    import numpy as np  # noqa: PLC0415 - only the extra brings it

    # In one piece, for the system hands out large memory in large pages; every page is a cost of its own.
    answer = np.empty(int(starts[-1]))

    def evaluate(first_group: int, end_group: int) -> None:
        first, end = int(starts[first_group]), int(starts[end_group])
        arrays = [np.ascontiguousarray(number.slice(first, end - first).to_numpy()) for number in numbers]
        run(arrays, starts[first_group : end_group + 1] - first, answer[first:end])

    side_by_side(_whole_groups(starts), evaluate)
    return pl.Series(answer).fill_nan(None)


def _whole_groups(starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Gather instruments until a piece has rows enough for a thread."""
    import numpy as np  # noqa: PLC0415 - only the extra brings it

    goals = np.arange(0, int(starts[-1]), _PIECE_ROWS)
    cuts = np.unique(np.append(np.searchsorted(starts[:-1], goals), starts.size - 1))
    return [(int(cut), int(following)) for cut, following in pairwise(cuts)]
