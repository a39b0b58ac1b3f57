# SPDX-License-Identifier: Apache-2.0
"""What measures refuse: text, dates and durations as numbers; what is no expression, flag or name."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    bollinger_bands,
    cross_rank,
    cumulative_returns,
    excess_returns,
    ichimoku_cloud,
    log_returns,
    omega_ratio,
    parametric_value_at_risk,
    probabilistic_sharpe_ratio,
    relative_strength_index,
    rolling_sharpe_ratio,
    session_bars,
    sharpe_ratio,
    simple_returns,
    simple_to_log,
    sortino_ratio,
    true_range,
    volatility,
    volatility_cone,
    vwap,
)
from ttapi_polars.analyses import analysis_named
from ttapi_polars.inputs import finite, not_negative, positive

X, Y = pl.col("x"), pl.col("y")
INPUTS = pytest.mark.parametrize("keep", [positive, not_negative, finite])


@INPUTS
@pytest.mark.parametrize(
    "value",
    [date(2026, 1, 5), datetime(2026, 1, 5, tzinfo=UTC), timedelta(days=1), "1.5"],
    ids=lambda v: type(v).__name__,
)
def test_inputs_given_what_is_no_number_are_refused_when_the_plan_is_resolved(
    keep: Callable[[pl.Expr], pl.Expr], value: object
) -> None:
    plan = pl.LazyFrame({"x": [value]}).select(keep(X))
    with pytest.raises(pl.exceptions.PolarsError):
        plan.collect_schema()


@INPUTS
@pytest.mark.parametrize(
    "dtype",
    [pl.Int8, pl.Int64, pl.Int128, pl.UInt8, pl.UInt64, pl.Float32, pl.Float64, pl.Decimal(10, 2), pl.Null],
    ids=str,
)
def test_inputs_of_any_numeric_type_are_float64(
    keep: Callable[[pl.Expr], pl.Expr], dtype: pl.DataType
) -> None:
    values = [None] if dtype == pl.Null else [Decimal(3), None]
    answer = pl.DataFrame({"x": pl.Series(values).cast(dtype)}).lazy().select(keep(X)).collect()["x"]
    assert answer.dtype == pl.Float64
    assert answer.to_list() == [None if value is None else 3.0 for value in values]


@pytest.mark.parametrize("text", [X, Y], ids=["returns", "level"])
@pytest.mark.parametrize(
    "measure",
    [
        excess_returns,
        lambda r, level: sharpe_ratio(r, risk_free=level),
        lambda r, level: rolling_sharpe_ratio(r, window=2, risk_free=level),
        lambda r, level: probabilistic_sharpe_ratio(r, risk_free=level),
        lambda r, level: sortino_ratio(r, target=level),
        lambda r, level: omega_ratio(r, threshold=level),
    ],
    ids=["excess", "sharpe", "rolling_sharpe", "probabilistic_sharpe", "sortino", "omega"],
)
def test_ratios_given_text_do_not_read_numbers_out_of_it(
    measure: Callable[[pl.Expr, pl.Expr], pl.Expr], text: pl.Expr
) -> None:
    frame = pl.LazyFrame({"x": [0.1, -0.2, 0.3], "y": [0.0, 0.0, 0.0]})
    plan = frame.with_columns(text.cast(pl.String)).select(measure(X, Y))
    with pytest.raises(pl.exceptions.PolarsError):
        plan.collect_schema()


@pytest.mark.parametrize("wrong", ["close", 1.5, None, pl.Series([1.0])], ids=lambda v: type(v).__name__)
@pytest.mark.parametrize(
    "measure",
    [
        simple_returns,
        log_returns,
        cumulative_returns,
        simple_to_log,
        volatility,
        sharpe_ratio,
        cross_rank,
        relative_strength_index,
        bollinger_bands,
        lambda value: vwap(value, Y),
        lambda value: vwap(Y, value),
        lambda value: true_range(Y, value, close=Y),
    ],
)
def test_measures_given_what_is_no_expression_raise_when_built(
    measure: Callable[..., pl.Expr], wrong: object
) -> None:
    with pytest.raises(ParameterError, match="expression"):
        measure(wrong)


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: cross_rank(X, descending=1), "descending"),
        (lambda: ichimoku_cloud(X, X, close=X, look_ahead=X), "look_ahead"),
        (lambda: parametric_value_at_risk(X, cornish_fisher=X), "cornish_fisher"),
        (lambda: volatility_cone(pl.LazyFrame({"close": [1.0]}), windows=20), "windows"),
        (lambda: analysis_named(3), "name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_options_of_the_wrong_type_raise_when_built(call: Callable[[], object], parameter: str) -> None:
    with pytest.raises(ParameterError, match=parameter):
        call()


def test_session_bars_given_several_venues_raise_at_the_call() -> None:
    trades = pl.LazyFrame(
        schema={
            "symbol": pl.String,
            "time": pl.Datetime("us", "UTC"),
            "price": pl.Float64,
            "size": pl.Int64,
        }
    )
    with pytest.raises(ParameterError, match="venue"):
        session_bars(trades, venue=["XNYS"])
