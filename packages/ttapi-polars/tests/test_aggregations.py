# SPDX-License-Identifier: Apache-2.0
"""Every measure can be aggregated by symbol, and every engine gives the same."""

import inspect
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import ttapi_polars

ROWS = 130
STEPS = [row * row % 29 + (7 * row) % 13 for row in range(2 * ROWS)]
FRAME = pl.DataFrame(
    {
        "symbol": [symbol for symbol in ("A", "B") for _ in range(ROWS)],
        **{name: [more + step for step in STEPS] for name, more in (("low", 80.0), ("close", 100.0))},
        "high": [120.0 + step for step in STEPS],
        "volume": [1000 + step for step in STEPS],
        "return": [(step - 20) / 1000 for step in STEPS],
        "other": [(step % 7 - 3) / 100 for step in STEPS],
        "years": [0.5 + step / 100 for step in STEPS],
        "flag": [step % 2 == 0 for step in STEPS],
        "premium": [30.0 + step % 5 for step in STEPS],
        "group": [step % 3 for step in STEPS],
    }
)
COLUMN_OF = {
    "open_": "close",
    "value": "close",
    "price": "close",
    "spot": "close",
    "forward": "close",
    "bid": "low",
    "ask": "high",
    "strike": "high",
    "returns": "return",
    "benchmark": "other",
    "risk_free": "other",
    "x": "return",
    "y": "other",
    "exposure": "other",
    "k": "return",
    "is_call": "flag",
}
NUMBERS = {
    **dict.fromkeys(("volatility", "sigma"), 0.2),
    **dict.fromkeys(("a", "b"), 0.1),
    **dict.fromkeys(("rho", "m"), 0.0),
    "window": 5,
    "quantiles": 3,
    "periods_per_year": 252,
}
MEASURES = [
    value
    for name in ttapi_polars.__all__
    if inspect.isfunction(value := getattr(ttapi_polars, name))
    and str(next(iter(inspect.signature(value).parameters.values())).annotation).startswith("pl.Expr")
]


def expression_of(measure: Callable[..., Any]) -> pl.Expr:
    """Every parameter without a default is given, columns where there can be columns."""
    positional, named = [], {}
    parameters = inspect.signature(measure).parameters
    columns = COLUMN_OF | ({"price": "premium"} if "strike" in parameters else {})
    for parameter in parameters.values():
        if parameter.default is not parameter.empty:
            continue
        name = parameter.name
        value: Any = NUMBERS.get(name)
        if value is None:
            value = pl.col("group" if name == "by" else columns.get(name, name))
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = value
        else:
            positional.append(value)
    result: pl.Expr = measure(*positional, **named)
    return result


def numbers_of(expression: pl.Expr) -> list[pl.Expr]:
    """A struct as its fields, for it has no mean."""
    dtype = FRAME.lazy().select(expression.alias("it")).collect_schema()["it"]
    if isinstance(dtype, pl.Struct):
        return [expression.struct.field(field.name) for field in dtype.fields]
    return [expression.alias("it")]


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_measure_aggregated_by_symbol_is_the_same_in_every_engine(measure: Callable[..., Any]) -> None:
    """Lazy frames use the streaming engine unless told otherwise; eager ones are grouped in memory."""
    numbers = numbers_of(expression_of(measure))
    ends = [number.last().name.suffix("_last") for number in numbers]
    means = [number.mean().name.suffix("_mean") for number in numbers]
    expected = FRAME.group_by("symbol", maintain_order=True).agg(*ends, *means)
    assert all(count == 0 for count in expected.null_count().row(0))
    plan = FRAME.lazy().group_by("symbol").agg(*ends, *means)
    for result in (plan.collect(), plan.collect(engine="streaming")):
        assert_frame_equal(result.sort("symbol"), expected, rel_tol=1e-12, abs_tol=1e-14)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
def test_measure_aggregated_over_symbols_is_the_same_in_every_engine(measure: Callable[..., Any]) -> None:
    means = [number.mean().over("symbol") for number in numbers_of(expression_of(measure))]
    expected = FRAME.select("symbol", *means)
    result = FRAME.lazy().with_columns(means).select(expected.columns).collect(engine="streaming")
    assert_frame_equal(result, expected, rel_tol=1e-12, abs_tol=1e-14)
