# SPDX-License-Identifier: Apache-2.0
"""The domains of arguments: checked when an expression is built, not when it is collected."""

from __future__ import annotations

import math
from typing import Final

from ttapi_core.errors import ParameterError

_COUNT_MAX: Final = 10_000_000
"""Rows of the longest window: some kernels keep one, and more is a slip of the hand."""


def require_count(parameter: str, value: int, *, least: int) -> None:
    """Raise `ParameterError` unless ``value`` is a whole number from ``least`` to ten million."""
    if not _is_whole(value) or value < least:
        raise ParameterError(parameter, value, f"a whole number, at least {least}")
    if value > _COUNT_MAX:
        raise ParameterError(parameter, value, f"a whole number, at most {_COUNT_MAX:,}")


def require_positive(parameter: str, value: float) -> None:
    """Raise `ParameterError` unless ``value`` is finite and above zero."""
    if not _is_finite(value) or value <= 0:
        raise ParameterError(parameter, value, "a finite number above zero")


def require_not_negative(parameter: str, value: float) -> None:
    """Raise `ParameterError` unless ``value`` is finite and not below zero."""
    if not _is_finite(value) or value < 0:
        raise ParameterError(parameter, value, "a finite number, zero or above")


def require_finite(parameter: str, value: float) -> None:
    """Raise `ParameterError` unless ``value`` is a finite number."""
    if not _is_finite(value):
        raise ParameterError(parameter, value, "a finite number")


def require_fraction(parameter: str, value: float) -> None:
    """Raise `ParameterError` unless ``value`` is above zero and below one."""
    if not _is_finite(value) or not 0 < value < 1:
        raise ParameterError(parameter, value, "a number above zero and below one")


# Callers without a type checker may pass anything, hence `object`; a bool is no number here.
def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_finite(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False
