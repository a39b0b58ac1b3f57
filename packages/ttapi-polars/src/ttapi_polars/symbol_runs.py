# SPDX-License-Identifier: Apache-2.0
"""
Rows in order of symbol, reduced piece by piece as they are read: no piece waits for the one before.

A piece of a column is cut where the symbol changes, and each symbol that lies within it is reduced at once.
The first and the last may go on in the pieces beside: their values are handed on as they are, and reduced
when all pieces are there. So a symbol is always reduced from its whole column, and the table is the same to
the last bit wherever the rows were cut. Loaded only where the extra ``kernels`` is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
import polars as pl

from ttapi_polars import run_kernels as kernels
from ttapi_polars.adjoining import changes
from ttapi_polars.arrow_views import short_strings, string_views
from ttapi_polars.threads import even_pieces, side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ttapi_polars.run_kernels import Floats, Rows, Words

    Times: TypeAlias = tuple[Rows, ...]

_PIECE_ROWS: Final = 1 << 18
"""Rows of a piece at most, where a column is whole in memory."""
_STRIDE: Final = 256
"""Rows between two looks at the symbols, where no times are read that would tell of rows gone astray."""
_SHORT_ROWS: Final = 1 << 15
"""Rows of a piece up to which comparing all of them costs next to nothing."""
_CHANGES_FEW: Final = 4096
"""Changes of the symbol in a piece that are expected at most."""
_STATE: Final = {"state": pl.Object()}
"""One row a piece: to make columns of its numbers would take longer than to compute them."""
_RUNS_FEW: Final = 512
"""Runs that a piece is expected to have at most; those of more are found in steps."""
_CUT_TOGETHER: Final = 32
"""Symbols cut between pieces that are put together in one go."""
_TIMES: Final = 5


class Reduction(NamedTuple):
    """
    What a run of values is reduced to: named numbers, and the function that fills them in.

    And one that finds the runs as well, in one call: between two calls the interpreter lock may be lost.
    """

    names: tuple[str, ...]
    dtypes: tuple[type[pl.DataType], ...]
    fill: Callable[[Floats, Rows, Floats], None]
    find: Callable[[Words, Floats, int, Rows, Words, Floats], int]


def _fill_deviations(values: Floats, starts: Rows, facts: Floats) -> None:
    kernels.deviations(values, starts, facts[0].view(np.int64), facts[1])


def _fill_log_deviations(values: Floats, starts: Rows, facts: Floats) -> None:
    days, counts, squares, newest = facts
    kernels.log_deviations(values, starts, days.view(np.int64), counts.view(np.int64), squares, newest)


DEVIATION: Final = Reduction(
    ("count", "squares"), (pl.Int64, pl.Float64), _fill_deviations, kernels.found_deviations
)
"""How many values are finite, and the sum of their squared deviations from the mean."""
LOG_DEVIATION: Final = Reduction(
    ("days", "count", "squares", "newest"),
    (pl.Int64, pl.Int64, pl.Float64, pl.Float64),
    _fill_log_deviations,
    kernels.found_log_deviations,
)
"""Usable prices, their log returns, the squared deviations of these, and the newest price, or NaN."""


def reduced(
    frame: pl.LazyFrame, reduction: Reduction, *, symbol: str, value: str, time: str | None = None
) -> pl.LazyFrame:
    """
    Reduce the values of each symbol.

    Parameters
    ----------
    frame
        Rows in order of symbol. The order of the symbols is not checked here.
    reduction
        `DEVIATION` or `LOG_DEVIATION`.
    symbol, value, time
        Names of the columns: any type that can be compared, numbers, and dates or times.

    Returns
    -------
    pl.LazyFrame
        A row for each run of equal symbols: ``symbol`` and the columns of the reduction; with ``time`` also
        ``rises``, whether the times do, and ``first`` and ``last``, those of the outermost usable prices.
    """
    schema = frame.collect_schema()
    number = pl.col(value) if schema[value] == pl.Float64 else pl.col(value).cast(pl.Float64)
    columns = [pl.col(symbol).alias("symbol"), number.alias("value")]
    numbers = zip(reduction.names, reduction.dtypes, strict=True)
    table = pl.Schema([("symbol", pl.String()), *((name, dtype()) for name, dtype in numbers)])
    if time is not None:
        columns.append(pl.col(time).alias("time"))
        table.update({"rises": pl.Boolean(), "first": schema[time], "last": schema[time]})
    whole = {"predicate_pushdown": False, "projection_pushdown": False, "slice_pushdown": False}
    parts = frame.select(columns).map_batches(
        partial(_reduced_piece, reduction=reduction),
        **whole,
        streamable=True,
        schema=_STATE,
    )
    return parts.map_batches(partial(_put_together, reduction=reduction, schema=table), **whole, schema=table)


# ------------------------------------------------------------------------------------------------- a piece


def _reduced_piece(rows: pl.DataFrame, *, reduction: Reduction) -> pl.DataFrame:
    """Reduce the runs of rows that are at hand; their numbers stand in ``state`` of the first."""
    piece = _found_at_once(rows, reduction) if 0 < rows.height <= _PIECE_ROWS else None
    if piece is not None:
        return _in_state([piece])
    pieces = side_by_side(
        _cuts(rows), lambda start, stop: _reduced_chunk(rows.slice(start, stop - start), reduction)
    )
    return _in_state(pieces)


def _in_state(pieces: list[_Piece]) -> pl.DataFrame:
    return pl.Series("state", pieces, pl.Object).to_frame()


def _cuts(rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Cut where a column is cut in memory already, and where a piece would be long."""
    cuts = set(range(0, rows.height, _PIECE_ROWS)) | {0, rows.height}
    for column in rows:
        lengths = column.chunk_lengths()
        cuts.update(np.cumsum(lengths).tolist())
    return [*pairwise(sorted(cuts))]


class _Piece(NamedTuple):
    """The runs of a piece: their names and numbers, and the values of the first and of the last."""

    names: pl.Series | Words
    facts: Floats
    first: Floats
    last: Floats
    times: Rows | None


def _reduced_chunk(rows: pl.DataFrame, reduction: Reduction) -> _Piece:
    piece = _found_at_once(rows, reduction)
    if piece is not None:
        return piece
    symbols, column, *time = rows.get_columns()
    values = column.to_numpy()
    starts = _run_starts(symbols, _stride(values.size, timed=bool(time)))
    runs = starts.size - 1
    facts = np.zeros((len(reduction.names), runs))
    if runs > 2:
        reduction.fill(values, starts[1:-1], facts[:, 1:-1])
    return _piece(time, symbols[pl.Series(starts[:-1].astype(np.uint32))], facts, values, starts)


def _found_at_once(rows: pl.DataFrame, reduction: Reduction) -> _Piece | None:
    """Do it in one compiled call, which nearly every piece allows; None where it does not."""
    symbols, column, *time = rows.get_columns()
    if symbols.null_count() or symbols.n_chunks() != 1:
        return None
    values = column.to_numpy()
    starts, names = np.empty(_RUNS_FEW + 1, np.int64), np.empty(2 * _RUNS_FEW, np.uint64)
    facts = np.zeros((len(reduction.names), _RUNS_FEW))
    with string_views(symbols) as words:
        stride = _stride(values.size, timed=bool(time))
        runs = 0 if words is None else reduction.find(words, values, stride, starts, names, facts)
    if runs == 0:
        return None
    return _piece(time, names[: 2 * runs].copy(), facts[:, :runs].copy(), values, starts[: runs + 1])


def _stride(rows: int, *, timed: bool) -> int:
    """Look at every row of short pieces, and of long ones where times are read."""
    return 1 if timed or rows <= _SHORT_ROWS else _STRIDE


def _piece(
    time: Sequence[pl.Series], names: pl.Series | Words, facts: Floats, values: Floats, starts: Rows
) -> _Piece:
    second = int(starts[1])
    last = int(starts[-2]) if starts.size > 2 else values.size
    times = None
    if time:
        times = np.empty((_TIMES, starts.size - 1), np.int64)
        kernels.spans(_ticks(time[0]), values, starts, times)
    # Copies, for of a view all of the piece would be kept.
    return _Piece(names, facts, values[:second].copy(), values[last:].copy(), times)


def _ticks(time: pl.Series) -> Rows:
    numbers = time.to_physical()
    if numbers.null_count():
        numbers = numbers.cast(pl.Int64).fill_null(kernels.NO_TIME)
    return numbers.to_numpy()


def _run_starts(symbols: pl.Series, stride: int) -> Rows:
    """Find the first row of each run and, last, the number of rows."""
    found = None
    if symbols.null_count() == 0 and symbols.n_chunks() == 1:
        with string_views(symbols) as words:
            found = None if words is None else _changed(words, stride)
    if found is None:
        found = changes(symbols, 1, len(symbols))
    starts = np.zeros(found.size + 2, np.int64)
    starts[1:-1], starts[-1] = found, len(symbols)
    return starts


def _changed(words: NDArray[np.uint64], stride: int) -> Rows | None:
    """Compare views, which takes a fifth of comparing strings; None where that does not tell."""
    # Little room at first: large memory is asked of the system each time, which takes longest.
    room = np.empty(_CHANGES_FEW, np.int64)
    count, long = kernels.changed_views(words, stride, room)
    if long:
        return None
    if count > room.size:
        room = np.empty(count, np.int64)
        kernels.changed_views(words, stride, room)
    return room[:count]


# -------------------------------------------------------------------------------------------- all together


def _put_together(table: pl.DataFrame, *, reduction: Reduction, schema: pl.Schema) -> pl.DataFrame:
    """Reduce what was cut between pieces, and make columns of the numbers."""
    if table.is_empty():
        return pl.DataFrame(schema=schema)
    pieces: list[_Piece] = table["state"].to_list()
    symbols = _names(pieces)
    starts = np.concatenate(([0], changes(symbols, 1, len(symbols)), [len(symbols)]))
    facts = np.concatenate([piece.facts for piece in pieces], axis=1)[:, starts[:-1]]
    _fill_in_cut(facts, starts, pieces, reduction)
    columns = [symbols.gather(pl.Series(starts[:-1])).alias("symbol")]
    for name, dtype, fact in zip(reduction.names, reduction.dtypes, facts, strict=True):
        columns.append(pl.Series(name, fact.view(np.int64) if dtype == pl.Int64 else fact))
    times = [piece.times for piece in pieces if piece.times is not None]
    if times:
        columns += _time_columns(np.concatenate(times, axis=1), starts, schema["first"])
    return pl.DataFrame(columns)


def _names(pieces: Sequence[_Piece]) -> pl.Series:
    views = [piece.names for piece in pieces if not isinstance(piece.names, pl.Series)]
    if len(views) == len(pieces):
        return short_strings(np.concatenate(views))
    return pl.concat(
        [
            piece.names if isinstance(piece.names, pl.Series) else short_strings(piece.names)
            for piece in pieces
        ]
    )


def _fill_in_cut(facts: Floats, starts: Rows, pieces: Sequence[_Piece], reduction: Reduction) -> None:
    """Reduce the symbols that may lie in several pieces, each from all of its values."""
    runs, values = [], []
    counts = [piece.facts.shape[1] for piece in pieces]
    for piece, count, end in zip(pieces, counts, accumulate(counts), strict=True):
        runs += [end - count, end - 1][:count]
        values += [piece.first, piece.last][:count]
    cut, firsts = np.unique(np.searchsorted(starts, runs, side="right") - 1, return_index=True)
    bounds = np.append(firsts, len(values))

    def fill(start: int, stop: int) -> None:
        own = values[bounds[start] : bounds[stop]]
        rows = np.concatenate(([0], np.cumsum([part.size for part in own])))
        answer = np.zeros((len(facts), stop - start))
        reduction.fill(np.concatenate(own), rows[bounds[start : stop + 1] - bounds[start]], answer)
        facts[:, cut[start:stop]] = answer

    side_by_side(even_pieces(cut.size, size=_CUT_TOGETHER), fill)


def _time_columns(times: Rows, starts: Rows, dtype: pl.DataType) -> list[pl.Series]:
    rises, first, last, begin, end = times
    sound = rises.astype(np.bool_)
    sound[1:] &= (begin[1:] > end[:-1]) | _begins(starts, rises.size)[1:]
    groups = starts[:-1]
    no_time = (kernels.NO_TIME_FIRST, kernels.NO_TIME)
    outer = (np.minimum.reduceat(first, groups), np.maximum.reduceat(last, groups))
    return [
        pl.Series("rises", np.logical_and.reduceat(sound, groups)),
        *(
            _as_time(pl.Series(name, found), none, dtype)
            for name, found, none in zip(("first", "last"), outer, no_time, strict=True)
        ),
    ]


def _begins(starts: Rows, runs: int) -> NDArray[np.bool_]:
    marks = np.zeros(runs, np.bool_)
    marks[starts[:-1]] = True
    return marks


def _as_time(numbers: pl.Series, none: int, dtype: pl.DataType) -> pl.Series:
    known = numbers.set(numbers == none, None)
    return (known.cast(pl.Int32) if dtype == pl.Date else known).cast(dtype)
