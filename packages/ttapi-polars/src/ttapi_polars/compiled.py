# SPDX-License-Identifier: Apache-2.0
"""
How a kernel is compiled. Only modules of kernels import this one, and they are imported where they are used.

A kernel releases the interpreter lock, so that threads of ours run it side by side; it divides by zero as the
processor does instead of raising; and its machine code is kept beside the module, or in the user's cache
directory where that may not be written, so that it is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

_P = ParamSpec("_P")
_R = TypeVar("_R")


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function of numbers and arrays on its first call."""
    made: Callable[_P, _R] = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    return made


def summing_kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """
    Compile a function that adds up in as many lanes as the processor has.

    The order of the summands is the compiler's, and the same for the same number of them. It may take any
    sum apart that the function itself makes: what must stay one, such as the deviation from a mean, is made
    by a `kernel` that it calls.
    """
    made: Callable[_P, _R] = numba.njit(
        nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract"}
    )(function)
    return made
