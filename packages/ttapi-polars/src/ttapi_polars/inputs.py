# SPDX-License-Identifier: Apache-2.0
"""What measures take in: numbers that can be used, else null; columns that must be there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Final

import polars as pl

from ttapi_core.errors import DataError, ParameterError

_INFINITY: Final = math.inf


class Kind(Enum):
    """What a column of a frame must hold."""

    ANY = "any type"
    NUMBER = "numbers"
    TIME = "dates or times"
    FLAG = "booleans"


def positive(value: pl.Expr) -> pl.Expr:
    """
    Keep what is finite and above zero, such as a price.

    Parameters
    ----------
    value
        Any numeric type, shape ``(n,)``. Text, dates, times and durations are refused by Polars when the
        plan is resolved; booleans are taken for 0 and 1.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``; null where the value is null, NaN, infinite, zero or negative.

    Raises
    ------
    ParameterError
        If ``value`` is no expression.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"close": [10.0, 0.0, -1.0, float("nan"), None]})
    >>> frame.select(positive(pl.col("close")))["close"].to_list()
    [10.0, None, None, None, None]
    """
    require_expression("value", value)
    return pl.when(value.is_between(0, _INFINITY, closed="none")).then(_as_number(value))


def not_negative(value: pl.Expr) -> pl.Expr:
    """
    Keep what is finite and not below zero, such as a volume; Float64, else null.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"volume": [10.0, 0.0, -1.0, float("inf"), None]})
    >>> frame.select(not_negative(pl.col("volume")))["volume"].to_list()
    [10.0, 0.0, None, None, None]
    """
    require_expression("value", value)
    return pl.when(value.is_between(0, _INFINITY, closed="left")).then(_as_number(value))


def finite(value: pl.Expr) -> pl.Expr:
    """
    Keep what is finite, such as a return; Float64, else null.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"change": [0.1, -2.0, float("nan"), float("-inf"), None]})
    >>> frame.select(finite(pl.col("change")))["change"].to_list()
    [0.1, -2.0, None, None, None]
    """
    require_expression("value", value)
    return pl.when(value.is_between(-_INFINITY, _INFINITY, closed="none")).then(_as_number(value))


def _as_number(value: pl.Expr) -> pl.Expr:
    # Polars compares a date with a number, and makes one of it; only arithmetic does it refuse.
    return (value - 0).cast(pl.Float64)


def require_columns(frame: pl.LazyFrame, columns: Mapping[str, Kind]) -> pl.Schema:
    """
    Raise `DataError` unless the frame has these columns with these kinds of content; return its schema.

    Nothing is computed: the schema alone is resolved.
    """
    schema = frame.collect_schema()
    for name, kind in columns.items():
        if name not in schema:
            present = ", ".join(schema.names()) or "(none)"
            raise DataError("is missing", column=name, hint=f"columns present: {present}")
        if not _holds(schema[name], kind):
            raise DataError(f"holds {schema[name]}, expected {kind.value}", column=name)
    return schema


def require_expression(parameter: str, value: object) -> None:
    """Raise `ParameterError` unless ``value`` is a Polars expression."""
    if not isinstance(value, pl.Expr):
        raise ParameterError(parameter, value, "a Polars expression, such as pl.col('close')")


def require_flag(parameter: str, value: object) -> None:
    """Raise `ParameterError` unless ``value`` is True or False: an expression has no truth to branch on."""
    if not isinstance(value, bool):
        raise ParameterError(parameter, value, "True or False")


def _holds(dtype: pl.DataType, kind: Kind) -> bool:
    if kind is Kind.NUMBER:
        return dtype.is_numeric() or dtype == pl.Null
    if kind is Kind.TIME:
        return dtype == pl.Date or isinstance(dtype, pl.Datetime)
    if kind is Kind.FLAG:
        return dtype == pl.Boolean
    return True
