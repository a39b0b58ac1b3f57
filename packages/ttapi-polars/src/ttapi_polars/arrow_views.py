# SPDX-License-Identifier: Apache-2.0
"""
The views that a column of strings is made of, as numbers, without a copy.

A view is sixteen bytes: the length and, of a string of up to twelve bytes, the string itself; of a longer one
its first four bytes and where the rest is. Rows with equal views are equal; rows with different ones differ,
if they are short. They are had through the Arrow C stream interface, which Polars offers every consumer.
Sources: Apache Arrow, "The Arrow C data interface", "The Arrow C stream interface", and "Arrow Columnar
Format, Variable-size Binary View Layout".
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VIEWS: Final = b"vu"
"""What the interface calls a column of UTF-8 views."""
_NAME: Final = b"arrow_array_stream"
_LENGTH: Final = np.uint64(0xFFFF_FFFF)
"""The part of the first word of a view that is the length of the string."""
_Memory: Final = ctypes.c_char * (1 << 62)
"""Stands for memory from an address on: to make a type for each length takes longer than all the rest."""


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


# Called with the interpreter lock kept: they take microseconds, and to wait for the lock again takes more.
_Release: Final = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)
_Fill: Final = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_void_p),
    ("metadata", ctypes.c_void_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", _Release),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", _Release),
    ("private_data", ctypes.c_void_p),
]
_Stream._fields_ = [
    ("get_schema", _Fill),
    ("get_next", _Fill),
    ("get_last_error", ctypes.c_void_p),
    ("release", _Release),
    ("private_data", ctypes.c_void_p),
]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


@contextmanager
def string_views(strings: pl.Series) -> Iterator[NDArray[np.uint64] | None]:
    """
    Lend the views of a column, two words a row.

    Parameters
    ----------
    strings
        In one chunk, without nulls: those are not told by the views.

    Yields
    ------
    numpy.ndarray
        UInt64, valid within the block only; None if Polars keeps the column in another form.
    """
    if strings.dtype != pl.String or not _are_views():
        yield None
        return
    array = _Array()
    capsule = strings.__arrow_c_stream__(None)  # its destructor releases the stream
    address = _pointer(capsule, _NAME)
    lent = _Stream.from_address(address).get_next(address, ctypes.addressof(array))
    try:
        yield _words(array) if lent == 0 and array.length == len(strings) else None
    finally:
        if release := array.release:
            release(ctypes.addressof(array))


@cache
def _are_views() -> bool:
    """Ask once what Polars makes of a column of strings: to ask for each takes as long as to lend it."""
    schema = _Schema()
    capsule = pl.Series([""]).__arrow_c_stream__(None)
    address = _pointer(capsule, _NAME)
    told = _Stream.from_address(address).get_schema(address, ctypes.addressof(schema))
    answer = told == 0 and schema.format == _VIEWS
    if release := schema.release:
        release(ctypes.addressof(schema))
    return bool(answer)


def short_strings(words: NDArray[np.uint64]) -> pl.Series:
    """Make strings of their views, all of which hold the whole string."""
    memory, lengths = words.tobytes(), (words[::2] & _LENGTH).tolist()
    texts = [memory[16 * row + 4 : 16 * row + 4 + length] for row, length in enumerate(lengths)]
    return pl.Series(texts, dtype=pl.Binary).cast(pl.String)


def _words(array: _Array) -> NDArray[np.uint64]:
    count = 2 * array.length
    if count == 0:
        return np.empty(0, np.uint64)
    memory: Any = _Memory.from_address(array.buffers[1] + 16 * array.offset)
    words: NDArray[np.uint64] = np.frombuffer(memory, np.uint64, count)
    return words
