# SPDX-License-Identifier: Apache-2.0
"""Rows in pieces, side by side: how kernels use every core."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import polars as pl

_R = TypeVar("_R")


def side_by_side(pieces: Iterable[tuple[int, int]], run: Callable[[int, int], _R]) -> list[_R]:
    """
    Call ``run(start, stop)`` for every piece, on as many threads as Polars has.

    Parameters
    ----------
    pieces
        First row and the row after the last, of each piece.
    run
        Releases the interpreter lock while it computes, or nothing is gained. What it raises is raised here.

    Returns
    -------
    list
        What the calls returned, in the order of the pieces.
    """
    todo = list(pieces)
    threads = min(pl.thread_pool_size(), len(todo))
    if threads <= 1:
        return [run(start, stop) for start, stop in todo]
    with ThreadPoolExecutor(threads, "ttapi-kernel") as pool:
        return list(pool.map(lambda piece: run(*piece), todo))


def even_pieces(rows: int, *, size: int) -> list[tuple[int, int]]:
    """Cut ``rows`` rows into pieces of at most ``size``."""
    return [(start, min(start + size, rows)) for start in range(0, rows, size)]
