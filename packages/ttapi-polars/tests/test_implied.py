# SPDX-License-Identifier: Apache-2.0
"""Implied volatilities: round trips over a million contracts, limits, and bad prices."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import polars as pl
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation has it
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core.errors import ParameterError
from ttapi_polars import (
    black76_implied_volatility,
    black76_price,
    black_scholes_greeks,
    black_scholes_price,
    implied_volatility,
    option_kernels,
)

EPSILON = 2.0**-52
COLUMNS: dict[str, Any] = {
    name: pl.col(name) for name in ("spot", "strike", "years", "rate", "dividend_yield", "is_call")
}
IMPLIED = implied_volatility(pl.col("price"), **COLUMNS).alias("implied")


@pytest.fixture(scope="module")
def contracts() -> pl.DataFrame:
    """
    Price a million random contracts and imply their volatilities.

    Deviations are from 0.001 to 5; half of the contracts lie up to eight deviations from the forward, the
    others at a log-moneyness with a standard deviation of 0.02, 0.3 or 1.5.
    """
    n, random = 1_000_000, np.random.default_rng(7)
    deviation = np.exp(random.uniform(math.log(1e-3), math.log(5), n))
    years = np.exp(random.uniform(math.log(0.01), math.log(10), n))
    by_deviation = random.uniform(-8, 8, n) * deviation
    by_level = random.normal(size=n) * random.choice([0.02, 0.3, 1.5], n)
    frame = pl.DataFrame(
        {
            "spot": 100 * np.exp(np.where(random.random(n) < 0.5, by_deviation, by_level)),
            "strike": np.full(n, 100.0),
            "years": years,
            "volatility": deviation / np.sqrt(years),
            "rate": random.uniform(-0.02, 0.1, n),
            "dividend_yield": random.uniform(0, 0.06, n),
            "is_call": random.random(n) < 0.5,
        }
    )
    greeks = black_scholes_greeks(**COLUMNS, volatility=pl.col("volatility"))
    again = black_scholes_price(**COLUMNS, volatility=pl.col("implied")).alias("again")
    return frame.with_columns(greeks).unnest("greeks").with_columns(IMPLIED).with_columns(again)


def test_price_to_volatility_to_price_returns_the_price(contracts: pl.DataFrame) -> None:
    found = contracts.filter(pl.col("implied").is_not_null())
    scale = pl.max_horizontal("spot", "strike")
    assert found.height > 800_000  # the rest has no time value left in double precision
    assert found.select(((pl.col("again") - pl.col("price")).abs() / scale).max()).item() < 1e-14


def test_volatility_to_price_to_volatility_returns_the_volatility_where_the_price_tells_it(
    contracts: pl.DataFrame,
) -> None:
    """The price tells it to 1e-8 where its own rounding, over vega, moves the volatility by less."""
    asset, bond = pl.col("delta").abs() * pl.col("spot"), pl.col("rho").abs() / pl.col("years")
    deviation = pl.col("volatility") * pl.col("years").sqrt()
    forward = (pl.col("rate") - pl.col("dividend_yield")) * pl.col("years")
    d1 = ((pl.col("spot") / pl.col("strike")).log() + forward) / deviation + deviation / 2
    rounding = EPSILON * (1 + d1 * d1) * (asset + bond)
    doubt = 1.5 * rounding / (pl.col("vega") * pl.col("volatility"))
    told = contracts.filter((doubt < 1e-8) & (pl.col("price") > 1e-290))
    error = (pl.col("implied") / pl.col("volatility") - 1).abs()
    assert told.height > 650_000
    assert told["implied"].null_count() == 0
    assert told.select(error.max()).item() < 1e-8
    assert told.select((error > doubt + 4e-15).sum()).item() == 0


def test_deviation_of_an_exact_normalised_price_is_exact() -> None:
    """Free of the rounding of prices: the kernel's own value, also at 37 deviations, and its ceiling."""
    random = np.random.default_rng(3)
    for s in np.exp(random.uniform(math.log(1e-4), math.log(12), 5000)):
        m = random.choice([0.0, random.uniform(0, 37) * s, abs(random.normal()) * s])
        y, t = m / s, s / 2
        height = math.exp(-(y * y + t * t) / 2) / math.sqrt(2 * math.pi)
        value = height * option_kernels.mills_difference(y, t)
        room = height * (option_kernels.mills(t - y) + option_kernels.mills(t + y))
        if min(value, room) > 1e-300:
            assert option_kernels.black_deviation(m, value, room) == pytest.approx(s, rel=1e-14)


@given(
    st.floats(20.0, 500.0), st.floats(0.01, 5.0), st.floats(0.02, 2.0), st.floats(-0.05, 0.1), st.booleans()
)
@settings(max_examples=60)
def test_black76_implied_volatility_equals_quantlibs(
    strike: float, years: float, volatility: float, rate: float, is_call: bool
) -> None:
    terms = {"rate": rate, "is_call": is_call}
    price = pl.select(black76_price(100.0, strike, years, volatility=volatility, **terms)).item()
    intrinsic = pl.select(black76_price(100.0, strike, years, volatility=0.0, **terms)).item()
    if price - intrinsic < 1e-9:  # less tells neither of the two a volatility to the tolerance below
        return
    kind = ql.Option.Call if is_call else ql.Option.Put
    theirs = ql.blackFormulaImpliedStdDev(
        kind, strike, 100.0, price, math.exp(-rate * years), 0.0, volatility * math.sqrt(years), 1e-14, 1000
    ) / math.sqrt(years)
    ours = pl.select(black76_implied_volatility(price, 100.0, strike, years, **terms)).item()
    assert ours == pytest.approx(theirs, rel=1e-5)


def implied_of(**changed: Any) -> float | None:
    terms = {
        "price": 10.0,
        "spot": 100.0,
        "strike": 100.0,
        "years": 1.0,
        "rate": 0.0,
        "dividend_yield": 0.0,
        "is_call": True,
    }
    frame = pl.DataFrame({name: [value] for name, value in changed.items()})
    frame = frame.with_columns(pl.col(pl.Null).cast(pl.Float64))
    columns = {name: pl.col(name) for name in changed}
    return frame.select(implied_volatility(**terms | columns).alias("implied")).item()


def test_implied_volatility_of_an_ordinary_price() -> None:
    assert implied_of(price=7.965567455405804) == pytest.approx(0.2, rel=1e-14)


@pytest.mark.parametrize(
    "changed",
    [
        {"price": 9.99, "strike": 90.0},  # below intrinsic
        {"price": 10.0, "strike": 90.0},  # at intrinsic
        {"price": 0.0},
        {"price": -1.0},
        {"price": 100.0},  # at the ceiling of a call
        {"price": 101.0},
        {"price": 110.0, "strike": 110.0, "is_call": False},  # at the ceiling of a put
        {"years": 0.0},
        {"years": -1.0},
    ],
)
def test_implied_volatility_of_a_price_out_of_range_is_null(changed: dict[str, Any]) -> None:
    assert implied_of(**changed) is None


@pytest.mark.parametrize("name", ["price", "spot", "strike", "years", "rate", "dividend_yield"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_implied_volatility_given_an_unusable_value_is_null(name: str, value: float | None) -> None:
    assert implied_of(**{name: value}) is None


@given(st.floats(0, 1e300), st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.floats(1e-300, 1e300))
@settings(max_examples=60)
def test_implied_volatility_is_finite_and_above_zero_or_null(
    price: float, spot: float, strike: float, years: float
) -> None:
    found = implied_of(price=price, spot=spot, strike=strike, years=years)
    assert found is None or 0 < found < math.inf


def test_implied_volatility_rises_with_the_price() -> None:
    frame = pl.DataFrame({"price": np.linspace(0.001, 99.999, 5000)})
    found = frame.select(implied_volatility(pl.col("price"), 100.0, 100.0, 1.0, is_call=True))
    assert found.null_count().item() == 0
    assert (found["price"].diff().drop_nulls() > 0).all()


def test_implied_volatility_is_the_same_lazy_eager_streaming_chunked_and_by_group(
    contracts: pl.DataFrame,
) -> None:
    rows = contracts.head(40_000).with_columns(symbol=pl.int_range(40_000) % 3)
    eager = rows["implied"]
    assert rows.lazy().select(IMPLIED).collect()["implied"].equals(eager)
    assert rows.lazy().select(IMPLIED).collect(engine="streaming")["implied"].equals(eager)
    chunks = pl.concat([rows[:7], rows[7:20_000], rows[20_000:]], rechunk=False)
    assert chunks.select(IMPLIED)["implied"].equals(eager)
    assert rows.select(IMPLIED.over("symbol"))["implied"].equals(eager)


def test_implied_volatility_given_no_rows_or_numbers_alone_has_their_length() -> None:
    empty = pl.DataFrame(schema={"price": pl.Float64})
    assert empty.select(implied_volatility(pl.col("price"), 1, 1, 1, is_call=True)).height == 0
    assert pl.select(implied_volatility(8, 100, 100, 1, is_call=False)).height == 1


def test_implied_volatility_given_a_wrong_number_raises_when_built() -> None:
    with pytest.raises(ParameterError, match="years"):
        implied_volatility(pl.col("price"), 100, 100, 0, is_call=True)
    with pytest.raises(ParameterError, match="forward"):
        black76_implied_volatility(pl.col("price"), -1, 100, 1, is_call=True)


def test_implied_volatility_without_the_extra_says_what_to_install() -> None:
    """A fresh interpreter that finds no numba."""
    program = (
        "import sys, importlib.machinery as m; find = m.PathFinder.find_spec\n"
        "m.PathFinder.find_spec = lambda name, *rest: None if name == 'numba' else find(name, *rest)\n"
        "from ttapi_core.errors import MissingExtraError\n"
        "from ttapi_polars.implied import implied_volatility\n"
        "try: implied_volatility(1, 1, 1, 1, is_call=True)\n"
        "except MissingExtraError as error: print(error.extra)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "kernels"
