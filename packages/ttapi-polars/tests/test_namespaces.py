# SPDX-License-Identifier: Apache-2.0
"""The namespace ``tt`` forwards every public measure, and the face is complete."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import ttapi_polars
from ttapi_core import TTError
from ttapi_core.errors import DataError

ROWS = 24
NUMBERS = [100.0 + (7 * row) % 11 - (3 * row) % 5 for row in range(ROWS)]
COLUMNS = pl.DataFrame(
    {
        **{name: [number + shift for number in NUMBERS] for name, shift in (("low", -20.0), ("high", 20.0))},
        "number": NUMBERS,
        "flag": [row % 2 == 0 for row in range(ROWS)],
        "group": [f"G{row // 8}" for row in range(ROWS)],
    }
)
BARS = pl.LazyFrame(
    {
        "symbol": ["A"] * (ROWS // 2) + ["B"] * (ROWS // 2),
        "date": [date(2026, 1, 5) + timedelta(days=row % (ROWS // 2)) for row in range(ROWS)],
        "open": NUMBERS,
        "high": COLUMNS["high"],
        "low": COLUMNS["low"],
        "close": NUMBERS,
        "volume": NUMBERS,
        "return": [number / 1e4 for number in NUMBERS],
    }
)
GIVEN = {
    "fast_window": 2,
    "slow_window": 4,
    "signal_window": 2,
    "middle": 3,
    "slow": 4,
    "quantiles": 3,
    "threshold": 0.0,
}
MEASURES = [
    value for name in ttapi_polars.__all__ if inspect.isfunction(value := getattr(ttapi_polars, name))
]


def first_of(measure: Callable[..., Any]) -> str:
    return str(next(iter(inspect.signature(measure).parameters.values())).annotation)


BY_EXPRESSION = [measure for measure in MEASURES if first_of(measure).startswith("pl.Expr")]
BY_FRAME = [measure for measure in MEASURES if first_of(measure) == "pl.LazyFrame"]


def argument(parameter: inspect.Parameter) -> Any:
    """Something of the right kind; numbers that have a default keep it."""
    annotation = str(parameter.annotation)
    if annotation.startswith("pl.Expr"):
        column = {"is_call": "flag", "by": "group", "low": "low", "high": "high"}.get(
            parameter.name, "number"
        )
        return pl.col(column)
    if parameter.name in GIVEN or parameter.default is inspect.Parameter.empty:
        return GIVEN.get(parameter.name, {"int": 3, "float": 0.5}.get(annotation, 3))
    return parameter.default


def arguments_of(measure: Callable[..., Any]) -> tuple[list[Any], dict[str, Any]]:
    parameters = list(inspect.signature(measure).parameters.values())[1:]
    positional = [argument(p) for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    return positional, {p.name: argument(p) for p in parameters if p.kind is p.KEYWORD_ONLY}


def as_series(value: Any) -> Any:
    return COLUMNS.select(value).to_series() if isinstance(value, pl.Expr) else value


@pytest.mark.parametrize("measure", BY_EXPRESSION, ids=lambda measure: measure.__name__)
def test_expressions_and_series_forward_to_the_measure(measure: Callable[..., pl.Expr]) -> None:
    first = argument(next(iter(inspect.signature(measure).parameters.values())))
    positional, named = arguments_of(measure)
    expected = COLUMNS.select(measure(first, *positional, **named).alias("value"))
    through = getattr(first.tt, measure.__name__)(*positional, **named)
    assert_frame_equal(COLUMNS.select(through.alias("value")), expected)
    series = getattr(as_series(first).tt, measure.__name__)
    answer = series(*map(as_series, positional), **{name: as_series(value) for name, value in named.items()})
    assert_frame_equal(answer.alias("value").to_frame(), expected)


def outcome(call: Callable[[], pl.DataFrame | pl.LazyFrame]) -> pl.DataFrame | str:
    """A table, or what was wrong with the bars."""
    try:
        return call().lazy().collect()
    except (TTError, pl.exceptions.PolarsError) as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("measure", BY_FRAME, ids=lambda measure: measure.__name__)
def test_frames_lazy_and_eager_forward_to_the_measure(measure: Callable[..., pl.LazyFrame]) -> None:
    """Not all can do with bars; those say so in the same words."""
    parameters = list(inspect.signature(measure).parameters.values())[1:]
    lazy: list[Any] = [BARS for p in parameters if p.annotation == "pl.LazyFrame"]
    lazy += [pl.len().alias("rows") for p in parameters if p.kind is p.VAR_POSITIONAL]
    eager = [value.collect() if isinstance(value, pl.LazyFrame) else value for value in lazy]
    required = {
        p.name: {"venue": "XNYS", "every": "1w"}.get(p.name, 3)
        for p in parameters
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty
    }
    expected = outcome(lambda: measure(BARS, *lazy, **required))
    for subject, others in ((BARS, lazy), (BARS.collect(), eager)):
        answer = outcome(lambda: getattr(subject.tt, measure.__name__)(*others, **required))  # noqa: B023
        if isinstance(expected, pl.DataFrame):
            assert isinstance(answer, pl.DataFrame)
            assert_frame_equal(answer, expected, check_row_order=False)
        else:
            assert answer == expected


def test_series_of_different_lengths_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="'index': has 2 values beside 3"):
        pl.Series("fund", [0.1, 0.2, 0.1]).tt.beta(pl.Series("index", [0.1, 0.2]))


@pytest.mark.parametrize("name", sorted(m.name for m in pkgutil.iter_modules(ttapi_polars.__path__)))
def test_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(f"ttapi_polars.{name}")
    assert doctest.testmod(module).failed == 0


def test_face_is_sorted_and_complete() -> None:
    face = ttapi_polars.__all__
    assert face == sorted(face)
    assert all(hasattr(ttapi_polars, name) for name in face)
