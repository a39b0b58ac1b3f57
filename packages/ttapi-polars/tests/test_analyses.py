# SPDX-License-Identifier: Apache-2.0
"""Analyses by name: each does what its measure does, symbol by symbol, from the bars as they are stored."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ttapi_core.errors import ParameterError, UnknownNameError
from ttapi_polars import (
    ANALYSES,
    Analysis,
    AnalysisOptions,
    analysis_named,
    beta,
    log_returns,
    relative_strength_index,
    sharpe_ratio,
    simple_returns,
)
from ttapi_polars.analysis_terms import BARS, CLOSES

DAYS = 120
SYMBOLS = ("AAPL", "MSFT", "SPY")


def bars_of(symbol: str, *, adjusted: float | None = None) -> pl.DataFrame:
    noise = pl.Series(range(DAYS)).hash(seed=sum(symbol.encode())) % 1000 / 37.0
    close = 100 + noise
    columns = {
        "symbol": [symbol] * DAYS,
        "date": [date(2026, 1, 1) + timedelta(days=day) for day in range(DAYS)],
        "open": close + 0.5,
        "high": close + 2,
        "low": close - 2,
        "close": close,
        "volume": noise * 1000 + 1,
        "adjusted_close": [None] * DAYS if adjusted is None else close * adjusted,
        "final": [True] * DAYS,
    }
    return pl.DataFrame(columns, schema_overrides={"adjusted_close": pl.Float64})


BARS_OF_ALL = pl.concat([bars_of(symbol) for symbol in SYMBOLS], rechunk=True)


def options_for(analysis: Analysis, **changes: object) -> AnalysisOptions:
    chosen = AnalysisOptions(benchmark="SPY" if analysis.needs_benchmark else None, days_min=3)
    return replace(chosen, **changes)


def result(name: str, bars: pl.DataFrame = BARS_OF_ALL, **changes: object) -> pl.DataFrame:
    analysis = analysis_named(name)
    plan = analysis.apply(bars.lazy().select(analysis.columns), options_for(analysis, **changes))
    return plan.collect(engine="in-memory")


@pytest.mark.parametrize("name", ANALYSES)
def test_symbol_alone_is_its_part_of_all_symbols(name: str) -> None:
    """So that symbols can be spread over processes; correlations say that they cannot."""
    analysis = ANALYSES[name]
    if not analysis.per_symbol:
        assert name == "correlation"
        return
    kept = ["AAPL", "SPY"] if analysis.needs_benchmark else ["AAPL"]
    alone = result(name, BARS_OF_ALL.filter(pl.col("symbol").is_in(kept))).filter(symbol="AAPL")
    assert alone.height > 0
    assert_frame_equal(alone, result(name).filter(symbol="AAPL"), check_exact=True)


@pytest.mark.parametrize("name", ANALYSES)
def test_chunks_of_the_bars_make_no_difference(name: str) -> None:
    """A sum over a symbol that lies in two pieces of memory would differ in the last bit."""
    pieces = pl.concat(
        [BARS_OF_ALL.slice(0, 31), BARS_OF_ALL.slice(31, 150), BARS_OF_ALL.slice(181)], rechunk=False
    )
    assert pieces.n_chunks() == 3
    # Pairs are joined in any order, and a sum over a pair's days ends on another bit.
    exact = ANALYSES[name].per_symbol
    assert_frame_equal(result(name, pieces), result(name), check_exact=exact, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize("name", ANALYSES)
def test_analysis_says_of_itself_what_is_true(name: str) -> None:
    analysis = ANALYSES[name]
    table = result(name)
    assert analysis.drawn in table.columns
    assert analysis.highest_first is None or analysis.highest_first in table.columns
    assert set(analysis.columns) <= set(BARS)
    assert set(CLOSES) <= set(analysis.columns)
    assert analysis.title
    if analysis.kind == "series":
        assert table.select("symbol", "date").equals(BARS_OF_ALL.select("symbol", "date"))


@pytest.mark.parametrize("name", ANALYSES)
def test_analysis_can_be_sent_to_another_process(name: str) -> None:
    assert pickle.loads(pickle.dumps(ANALYSES[name])) == ANALYSES[name]


def test_series_is_the_measure_of_each_symbol() -> None:
    expected = [
        bars_of(symbol).select(relative_strength_index(pl.col("close"), window=5)).to_series()
        for symbol in SYMBOLS
    ]
    assert result("rsi", window=5)["rsi"].to_list() == pl.concat(expected).to_list()


def test_performance_is_the_measure_of_simple_returns() -> None:
    one = bars_of("MSFT").select(sharpe_ratio(simple_returns(pl.col("close")))).item()
    assert result("performance").filter(symbol="MSFT")["sharpe"].item() == one


def test_beta_is_measured_on_days_that_both_have() -> None:
    gap = pl.concat([bars_of("MSFT").filter(pl.col("date").dt.day() != 7), bars_of("SPY")])
    both = (
        bars_of("MSFT").filter(pl.col("date").dt.day() != 7).with_columns(r=simple_returns(pl.col("close")))
    )
    other = bars_of("SPY").select("date", b=simple_returns(pl.col("close")))
    expected = both.join(other, on="date").select(beta(pl.col("r"), pl.col("b"))).item()
    table = result("beta", gap)
    assert table.filter(symbol="MSFT")["beta"].item() == pytest.approx(expected, rel=1e-12)


def test_too_few_days_leave_the_estimates_empty() -> None:
    table = result("performance", days_min=DAYS + 1)
    assert table["days"].to_list() == [DAYS] * 3
    assert table.select(pl.exclude("symbol", "days", "price")).null_count().row(0) == (3,) * 8


def test_auto_takes_the_adjusted_close_where_every_day_has_one() -> None:
    mixed = pl.concat([bars_of("AAPL", adjusted=0.5), bars_of("MSFT")])
    table = result("volatility", mixed)
    assert dict(table.select("symbol", "price").rows()) == {"AAPL": "adjusted_close", "MSFT": "close"}
    assert dict(table.select("symbol", "last_close").rows())["AAPL"] == bars_of("AAPL")["close"][-1] * 0.5


def test_adjusted_bars_keep_their_shape() -> None:
    """Open, high and low are scaled with the close, so the range of the bars is half as wide."""
    plain = result("atr", bars_of("AAPL"))["atr"].drop_nulls()
    halved = result("atr", bars_of("AAPL", adjusted=0.5))["atr"].drop_nulls()
    assert halved.to_list() == pytest.approx((plain / 2).to_list(), rel=1e-12)


def test_bar_of_an_open_session_is_left_out() -> None:
    open_session = bars_of("AAPL").with_columns(final=pl.col("date") < pl.col("date").max())
    assert result("returns", open_session).height == DAYS - 1


def test_correlation_is_that_of_log_returns() -> None:
    table = result("correlation")
    wide = {symbol: bars_of(symbol).select(log_returns(pl.col("close"))).to_series() for symbol in SYMBOLS}
    expected = pl.DataFrame(wide).select(pl.corr("AAPL", "SPY")).item()
    pair = table.filter((pl.col("symbol_a") == "AAPL") & (pl.col("symbol_b") == "SPY"))
    assert pair["correlation"].item() == pytest.approx(expected, rel=1e-12)


def test_unknown_name_is_an_error_with_the_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="did you mean volatility") as caught:
        analysis_named("volatilty")
    assert caught.value.known == tuple(ANALYSES)
    with pytest.raises(UnknownNameError):
        analysis_named("zzzz")


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("beta", {"benchmark": None}, "beta compares with one"),
        ("rsi", {"benchmark": "SPY"}, "rsi compares with nothing"),
        ("volatility", {"window": 5}, "looks at the whole sample"),
        ("rolling-volatility", {"window": 1}, "window is 1"),
    ],
)
def test_options_that_do_not_fit_are_refused(name: str, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        result(name, **changes)


@pytest.mark.parametrize(
    "wrong", [{"window": 0}, {"periods_per_year": 0}, {"days_min": 2}, {"price": "open"}]
)
def test_options_outside_their_domain_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        AnalysisOptions(**wrong)
