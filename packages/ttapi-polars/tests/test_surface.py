# SPDX-License-Identifier: Apache-2.0
"""Surfaces: from QuantLib's prices back to the smiles that made them, and read between expirations."""

import math
import random
import warnings

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import (
    calendar_violations,
    chain_surface,
    chain_volatilities,
    surface_volatility,
    svi_volatility,
)
from ttapi_polars.svi import PARAMETERS

with warnings.catch_warnings():  # its generated types lack __module__, which newer interpreters warn of
    warnings.simplefilter("ignore", DeprecationWarning)
    import QuantLib as ql  # noqa: N813 - the name its documentation uses

SPOT, RATE, YIELD = 100.0, 0.03, 0.01
YEARS = {"1 March": 0.1, "2 June": 0.35, "3 December": 0.85}
STRIKES = [float(strike) for strike in range(50, 171, 3)]


def smile(years: float) -> dict[str, float]:
    """An equity's smile, wider and rising with time."""
    return {
        "a": 0.02 * years,
        "b": 0.08 * math.sqrt(years),
        "rho": -0.6,
        "m": -0.01,
        "sigma": 0.25 * math.sqrt(years),
    }


def forward(years: float) -> float:
    return SPOT * math.exp((RATE - YIELD) * years)


def contract(expiration: str, years: float, strike: float, is_call: bool) -> dict[str, object]:
    parameters = [smile(years)[name] for name in ("a", "b", "sigma", "rho", "m")]
    deviation = math.sqrt(ql.SviSmileSection(years, forward(years), parameters).variance(strike))
    side = ql.Option.Call if is_call else ql.Option.Put
    price = ql.blackFormula(side, strike, forward(years), deviation, math.exp(-RATE * years))
    row = {"expiration": expiration, "years": years, "strike": strike, "is_call": is_call, "rate": RATE}
    return row | {"bid": price, "ask": price}


CHAIN = pl.DataFrame(
    [
        contract(name, years, strike, side)
        for name, years in YEARS.items()
        for strike in STRIKES
        for side in (True, False)
    ]
)
WITHOUT_RATE = CHAIN.drop("rate")


@pytest.mark.parametrize("rate", ["rate", None])
def test_quantlibs_prices_give_back_the_smiles_that_made_them(rate: str | None) -> None:
    found = chain_surface(CHAIN.lazy(), rate=rate).collect()
    assert found["status"].to_list() == ["ok"] * 3
    for row in found.rows(named=True):
        years = row["years"]
        assert (row["forward"], row["discount"]) == pytest.approx(
            (forward(years), math.exp(-RATE * years)), rel=1e-12
        )
        # far wings are worth 1e-12 of the spot and rounded to 1e-16 of it: volatilities to 1e-5 at the outermost
        # strikes, and the parameters with them
        assert {name: row[name] for name in PARAMETERS} == pytest.approx(smile(years), rel=1e-4, abs=1e-6)
        assert row["rmse"] < 1e-5


def test_volatilities_are_those_that_made_the_prices_and_only_out_of_the_money() -> None:
    found = chain_volatilities(CHAIN.lazy()).collect()
    assert_frame_equal(
        found.select("expiration", "strike", "is_call", "bid"),
        CHAIN.select("expiration", "strike", "is_call", "bid"),
    )
    out = found.filter("out_of_the_money")
    assert (
        found.filter(pl.col("out_of_the_money").not_())["volatility"].null_count()
        == found.height - out.height
    )
    years = pl.col("years")
    root = years.sqrt()
    exact = svi_volatility(
        pl.col("log_moneyness"), years, a=0.02 * years, b=0.08 * root, rho=-0.6, m=-0.01, sigma=0.25 * root
    )
    worth_a_cent = out.filter(pl.col("mid") > 0.01)
    # a price of a cent is rounded to 1e-14 of itself in sums of size 100
    assert worth_a_cent.select((exact - pl.col("volatility")).abs().max()).item() < 1e-10
    assert worth_a_cent.height > 60


def test_quotes_of_some_width_give_smiles_within_it() -> None:
    dice = random.Random(11)
    widths = pl.Series([0.02 + 0.03 * dice.random() for _ in range(CHAIN.height)])
    shifts = pl.Series([dice.uniform(-0.4, 0.4) for _ in range(CHAIN.height)]) * widths
    quoted = CHAIN.with_columns(
        bid=pl.col("bid") + shifts - widths / 2, ask=pl.col("ask") + shifts + widths / 2
    )
    surface = chain_surface(quoted.lazy()).collect()
    places = pl.DataFrame({"years": list(YEARS.values())}).join(
        pl.DataFrame({"log_moneyness": [-0.1, -0.05, 0.0, 0.05, 0.1]}), how="cross"
    )
    read = surface_volatility(places.lazy(), surface.lazy()).collect()
    exact = [pl.select(svi_volatility(pl.lit(k), years, **smile(years))).item() for years, k in places.rows()]
    # a tick of 0.02 over a vega of 12 to 36 is some 0.002 of volatility a quote, less in the fit of thirty
    assert read["volatility"].to_list() == pytest.approx(exact, abs=0.004)


def test_other_names_of_columns_are_taken() -> None:
    names = {
        "expiration": "e",
        "years": "t",
        "strike": "K",
        "is_call": "c",
        "bid": "b",
        "ask": "a",
        "rate": "r",
    }
    assert_frame_equal(
        chain_surface(CHAIN.rename(names).lazy(), **names).collect(), chain_surface(CHAIN.lazy()).collect()
    )


def test_order_of_rows_neighbours_and_engine_make_no_difference() -> None:
    expected = chain_surface(CHAIN.lazy()).collect()
    shuffled = CHAIN.sample(fraction=1.0, shuffle=True, seed=2).lazy()
    assert_frame_equal(chain_surface(shuffled).collect(), expected)
    assert_frame_equal(chain_surface(shuffled).collect(engine="streaming"), expected)
    alone = chain_surface(CHAIN.filter(pl.col("expiration") == "2 June").lazy()).collect()
    assert_frame_equal(alone, expected.filter(pl.col("expiration") == "2 June"))


def test_expiration_without_a_forward_comes_out_and_says_so() -> None:
    calls_only = CHAIN.filter(pl.col("is_call") | (pl.col("expiration") != "2 June"))
    found = chain_surface(calls_only.lazy()).collect()
    assert found["status"].to_list() == ["ok", "no forward", "ok"]
    assert found.row(1, named=True)["unused"] == len(STRIKES)


@pytest.mark.parametrize("years", [0.0, -0.1, None, math.nan])
def test_expiration_without_time_comes_out_and_says_so(years: float | None) -> None:
    late = pl.when(pl.col("expiration") == "2 June").then(pl.lit(years, pl.Float64)).otherwise("years")
    found = chain_surface(CHAIN.with_columns(years=late).lazy()).collect()
    assert found["status"].to_list() == ["ok", "unclear expiration", "ok"]


def test_contract_quoted_twice_is_not_used() -> None:
    again = CHAIN.slice(1, 1).with_columns(pl.col("bid", "ask") * 2)
    found = chain_volatilities(pl.concat([CHAIN, again]).lazy()).collect()
    assert (
        found.filter((pl.col("strike") == 50) & (pl.col("expiration") == "1 March"))[
            "volatility"
        ].null_count()
        == 3
    )


def test_empty_chain_gives_an_empty_surface() -> None:
    full = chain_surface(CHAIN.lazy()).collect()
    assert_frame_equal(chain_surface(CHAIN.clear().lazy()).collect(), full.clear())


@pytest.mark.parametrize("column", CHAIN.columns)
def test_missing_column_raises_and_names_it(column: str) -> None:
    for make in (chain_surface, chain_volatilities):
        with pytest.raises(DataError, match=f"'{column}': is missing"):
            make(CHAIN.drop(column).lazy())


def test_column_of_another_kind_raises_and_names_it() -> None:
    with pytest.raises(DataError, match="'strike': holds String"):
        chain_surface(CHAIN.with_columns(pl.col("strike").cast(pl.String)).lazy())
    with pytest.raises(DataError, match="'is_call': holds Int"):
        chain_surface(CHAIN.with_columns(pl.col("is_call").cast(pl.Int8)).lazy())


SURFACE = pl.LazyFrame([{"years": years} | smile(years) for years in YEARS.values()])


def read(years: float | None, k: float | None, surface: pl.LazyFrame = SURFACE) -> float | None:
    frame = pl.LazyFrame(
        {"years": [years], "log_moneyness": [k]}, schema={"years": pl.Float64, "log_moneyness": pl.Float64}
    )
    return surface_volatility(frame, surface).collect()["volatility"].item()


@given(st.floats(0.1, 0.85), st.floats(-0.5, 0.5))
@settings(max_examples=25)
def test_reading_is_linear_in_total_variance(years: float, k: float) -> None:
    first, last = (0.1, 0.35) if years <= 0.35 else (0.35, 0.85)
    before, after = (
        pl.select(svi_volatility(pl.lit(k), at, **smile(at))).item() ** 2 * at for at in (first, last)
    )
    expected = math.sqrt((before + (after - before) * (years - first) / (last - first)) / years)
    assert read(years, k) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("years", YEARS.values())
def test_reading_at_an_expiration_is_its_smile(years: float) -> None:
    assert read(years, 0.07) == pytest.approx(
        pl.select(svi_volatility(pl.lit(0.07), years, **smile(years))).item(), rel=1e-14
    )


@pytest.mark.parametrize(
    ("years", "k"),
    [
        (0.0999, 0.0),
        (0.8501, 0.0),
        (0.0, 0.0),
        (-1.0, 0.0),
        (None, 0.0),
        (math.nan, 0.0),
        (0.3, None),
        (0.3, math.inf),
    ],
)
def test_reading_outside_the_surface_is_null(years: float | None, k: float | None) -> None:
    assert read(years, k) is None


def test_reading_keeps_rows_order_and_columns() -> None:
    places = pl.DataFrame(
        {"row": [1, 2, 3, 4], "years": [0.5, None, 0.1, 9.0], "place": list("abcd"), "k": 0.0, "before": 1}
    )
    found = surface_volatility(places.lazy(), SURFACE, log_moneyness="k", name="read").collect()
    assert_frame_equal(found.drop("read"), places)
    assert found["read"].is_null().to_list() == [False, True, False, True]
    assert_frame_equal(
        surface_volatility(places.lazy(), SURFACE, log_moneyness="k", name="read").collect(
            engine="streaming"
        ),
        found,
    )


def test_column_of_the_name_is_replaced() -> None:
    places = pl.LazyFrame({"volatility": [9.0], "years": [0.1], "log_moneyness": [0.0]})
    found = surface_volatility(places, SURFACE).collect()
    assert found.columns == ["years", "log_moneyness", "volatility"]
    assert found["volatility"].item() < 1


def test_unfitted_and_ambiguous_expirations_are_passed_over() -> None:
    unfitted = pl.LazyFrame([{"years": 0.2} | dict.fromkeys(PARAMETERS)], schema=SURFACE.collect_schema())
    twice = pl.LazyFrame([{"years": 0.3} | smile(0.1)] * 2)
    assert read(0.2, 0.1, pl.concat([SURFACE, unfitted, twice])) == read(0.2, 0.1)


def test_surface_of_one_expiration_is_read_there_alone() -> None:
    one = SURFACE.head(1)
    assert read(0.1, 0.0, one) == read(0.1, 0.0)
    assert read(0.11, 0.0, one) is None
    assert read(0.1, 0.0, one.clear()) is None


def test_reading_between_smiles_that_do_not_cross_does_not_cross() -> None:
    assert calendar_violations(SURFACE.with_columns(expiration=pl.col("years"))).collect().height == 0
    places = pl.LazyFrame({"years": [0.1 + step / 100 for step in range(76)], "log_moneyness": -0.4})
    found = surface_volatility(places, SURFACE).collect()
    variance = found.select(pl.col("volatility") ** 2 * pl.col("years")).to_series()
    assert variance.is_sorted()


def test_name_of_a_column_that_is_read_raises() -> None:
    with pytest.raises(ParameterError, match=r"^name is 'years'"):
        surface_volatility(SURFACE.with_columns(log_moneyness=0.0), SURFACE, name="years")


def test_surface_without_a_parameter_raises_and_names_it() -> None:
    with pytest.raises(DataError, match="'rho': is missing"):
        surface_volatility(SURFACE.with_columns(log_moneyness=0.0), SURFACE.drop("rho"))
