# SPDX-License-Identifier: Apache-2.0
"""The namespace ``tt`` forwards to the free functions, and the face is complete."""

import doctest
import importlib
import pkgutil
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import ttapi_polars

CLOSE = pl.col("close")
BARS = pl.LazyFrame(
    {
        "symbol": ["A", "B"] * 4,
        "date": [date(2024, 1, day) for day in (2, 2, 3, 3, 4, 4, 5, 5)],
        "close": [100.0, 7.0, 101.0, 7.5, 99.0, 7.2, 103.0, 7.7],
    }
)


@pytest.mark.parametrize(
    ("through_namespace", "direct"),
    [
        (CLOSE.tt.simple_returns(), ttapi_polars.simple_returns(CLOSE)),
        (CLOSE.tt.log_returns(), ttapi_polars.log_returns(CLOSE)),
        (CLOSE.tt.volatility(periods_per_year=12), ttapi_polars.volatility(CLOSE, periods_per_year=12)),
        (
            CLOSE.tt.realized_volatility(window=2, periods_per_year=252),
            ttapi_polars.realized_volatility(CLOSE, window=2, periods_per_year=252),
        ),
    ],
)
def test_expression_namespace_gives_what_the_function_gives_lazy_and_eager(
    through_namespace: pl.Expr, direct: pl.Expr
) -> None:
    lazy = BARS.select("symbol", through_namespace.over("symbol")).collect()
    eager = BARS.collect().select("symbol", direct.over("symbol"))
    assert_frame_equal(lazy, eager)


def test_frame_namespaces_give_what_the_function_gives() -> None:
    options = {"days_min": 3, "periods_per_year": 12, "price": "close", "symbol": "symbol", "time": "date"}
    expected = ttapi_polars.volatility_by_symbol(BARS, **options)
    assert_frame_equal(BARS.tt.volatility_by_symbol(**options), expected)
    assert_frame_equal(BARS.collect().tt.volatility_by_symbol(**options), expected.collect())


@pytest.mark.parametrize("name", sorted(m.name for m in pkgutil.iter_modules(ttapi_polars.__path__)))
def test_examples_in_docstrings_run(name: str) -> None:
    module = importlib.import_module(f"ttapi_polars.{name}")
    assert doctest.testmod(module).failed == 0


def test_face_is_sorted_complete_and_documented() -> None:
    face = ttapi_polars.__all__
    assert face == sorted(face)
    assert all(getattr(ttapi_polars, name).__doc__ for name in face)
