# SPDX-License-Identifier: Apache-2.0
"""Option prices: against an independent computation, parity, and limits."""

import dataclasses
import math
from dataclasses import dataclass
from statistics import NormalDist

import polars as pl
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation has it
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core.errors import ParameterError
from ttapi_polars import black76_price, black_scholes_price

NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True)
class Option:
    spot: float = 100.0
    strike: float = 100.0
    years: float = 1.0
    volatility: float = 0.2
    rate: float = 0.0
    dividend_yield: float = 0.0
    is_call: bool = True

    @property
    def price(self) -> float:
        return pl.select(black_scholes_price(**dataclasses.asdict(self))).item()

    @property
    def asset(self) -> float:
        return self.spot * math.exp(-self.dividend_yield * self.years)

    @property
    def bond(self) -> float:
        return self.strike * math.exp(-self.rate * self.years)

    @property
    def slack(self) -> float:
        return 1e-12 * (self.spot + self.strike)


def textbook_price(option: Option) -> float:
    drift = option.rate - option.dividend_yield + option.volatility**2 / 2
    deviation = option.volatility * math.sqrt(option.years)
    d1 = (math.log(option.spot / option.strike) + drift * option.years) / deviation
    d2 = d1 - deviation
    if option.is_call:
        return option.asset * NORMAL.cdf(d1) - option.bond * NORMAL.cdf(d2)
    return option.bond * NORMAL.cdf(-d2) - option.asset * NORMAL.cdf(-d1)


OPTIONS = st.builds(
    Option,
    spot=st.floats(1.0, 1e4),
    strike=st.floats(1.0, 1e4),
    years=st.floats(0.003, 5.0),
    volatility=st.floats(0.01, 2.0),
    rate=st.floats(-0.05, 0.15),
    dividend_yield=st.floats(0.0, 0.1),
    is_call=st.booleans(),
)


@given(OPTIONS)
@settings(max_examples=80)
def test_price_equals_an_independent_computation(option: Option) -> None:
    assert option.price == pytest.approx(textbook_price(option), abs=option.slack)


@given(OPTIONS)
@settings(max_examples=60)
def test_call_less_put_is_the_forward(option: Option) -> None:
    call, put = (dataclasses.replace(option, is_call=is_call) for is_call in (True, False))
    assert call.price - put.price == pytest.approx(option.asset - option.bond, abs=option.slack)


@given(OPTIONS)
@settings(max_examples=40)
def test_price_lies_between_its_bounds(option: Option) -> None:
    gain, ceiling = (
        (option.asset - option.bond, option.asset)
        if option.is_call
        else (option.bond - option.asset, option.bond)
    )
    assert max(gain, 0) - option.slack <= option.price <= ceiling + option.slack


def test_price_given_hulls_example_rounds_to_the_books_figures() -> None:
    """Hull, example 15.6: 4.76 and 0.81."""
    call = Option(spot=42, strike=40, years=0.5, rate=0.1)
    assert round(call.price, 2) == 4.76
    assert round(dataclasses.replace(call, is_call=False).price, 2) == 0.81


@pytest.mark.parametrize(("years", "volatility"), [(0.0, 0.2), (1.0, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize("strike", [90.0, 100.0, 110.0])
def test_price_given_no_time_or_no_volatility_is_the_discounted_intrinsic_value(
    years: float, volatility: float, strike: float
) -> None:
    option = Option(strike=strike, years=years, volatility=volatility, rate=0.05)
    assert option.price == pytest.approx(max(100.0 - option.bond, 0.0))


@pytest.mark.parametrize("name", ["spot", "strike", "years", "volatility", "rate", "dividend_yield"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_price_given_an_unusable_value_in_a_column_is_null(name: str, value: float | None) -> None:
    assert price_of_a_row(name, value) is None


@pytest.mark.parametrize(
    ("name", "value"), [("spot", 0.0), ("strike", -1.0), ("years", -0.1), ("volatility", -0.2)]
)
def test_price_given_a_column_outside_its_domain_is_null(name: str, value: float) -> None:
    assert price_of_a_row(name, value) is None


def price_of_a_row(name: str, value: float | None) -> float | None:
    terms = dataclasses.asdict(Option())
    frame = pl.DataFrame({name: [value]}, schema={name: pl.Float64})
    return frame.select(black_scholes_price(**terms | {name: pl.col(name)}).alias("price")).item()


def test_price_given_columns_keeps_length_and_order() -> None:
    frame = pl.LazyFrame({"strike": [90, 100, 110], "is_call": [True, None, False]})
    expression = black_scholes_price(100, pl.col("strike"), 1, volatility=0.2, is_call=pl.col("is_call"))
    answer = frame.select(expression.alias("price")).collect()["price"].to_list()
    assert answer[1] is None
    assert answer[::2] == pytest.approx([Option(strike=90).price, Option(strike=110, is_call=False).price])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spot", 0.0),
        ("strike", -1.0),
        ("years", -0.1),
        ("volatility", math.nan),
        ("rate", math.inf),
        ("dividend_yield", "2%"),
        ("is_call", 1),
    ],
)
def test_price_given_a_wrong_number_raises_when_built(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=name):
        black_scholes_price(**dataclasses.asdict(Option()) | {name: value})


@given(OPTIONS)
@settings(max_examples=60)
def test_prices_equal_quantlibs(option: Option) -> None:
    """Black's formula on the forward is the same price, reached through other code."""
    forward = option.asset / math.exp(-option.rate * option.years)
    terms = {"volatility": option.volatility, "rate": option.rate, "is_call": option.is_call}
    ours = pl.select(black76_price(forward, option.strike, option.years, **terms)).item()
    deviation = option.volatility * math.sqrt(option.years)
    kind = ql.Option.Call if option.is_call else ql.Option.Put
    theirs = ql.blackFormula(kind, option.strike, forward, deviation, math.exp(-option.rate * option.years))
    assert ours == pytest.approx(theirs, abs=option.slack)
    assert option.price == pytest.approx(theirs, abs=option.slack)


@given(OPTIONS, st.floats(1.0001, 1.5))
@settings(max_examples=40)
def test_price_never_falls_with_volatility(option: Option, factor: float) -> None:
    more = dataclasses.replace(option, volatility=option.volatility * factor)
    assert more.price >= option.price - option.slack


@pytest.mark.parametrize("name", ["forward", "strike", "years", "volatility", "rate"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_black76_given_an_unusable_value_in_a_column_is_null(name: str, value: float | None) -> None:
    terms = {"forward": 100.0, "strike": 90.0, "years": 1.0, "volatility": 0.2, "rate": 0.01, "is_call": True}
    frame = pl.DataFrame({name: [value]}, schema={name: pl.Float64})
    assert frame.select(black76_price(**terms | {name: pl.col(name)})).item() is None


def test_black76_given_a_wrong_number_raises_when_built() -> None:
    with pytest.raises(ParameterError, match="forward"):
        black76_price(-1.0, 100.0, 1.0, volatility=0.2, is_call=True)


def test_price_beyond_the_range_of_a_float_is_null() -> None:
    assert Option(spot=1e308, strike=1.0, rate=0.0, dividend_yield=-10.0, years=5.0).price is None


ROWS = pl.DataFrame(
    {
        "spot": [100.0, 90.0, None, 120.0, 80.0, 100.0],
        "is_call": [True, False, True, None, False, True],
        "symbol": ["A", "B", "A", "B", "A", "B"],
    }
)
PRICE = black_scholes_price(pl.col("spot"), 100, 1, volatility=0.2, rate=0.01, is_call=pl.col("is_call"))


def test_price_is_the_same_lazy_eager_streaming_and_by_group() -> None:
    eager = ROWS.select(PRICE)
    assert ROWS.lazy().select(PRICE).collect().equals(eager)
    assert ROWS.lazy().select(PRICE).collect(engine="streaming").equals(eager)
    assert ROWS.select(PRICE.over("symbol")).equals(eager)
    grouped = ROWS.group_by("symbol", maintain_order=True).agg(PRICE)
    assert grouped["price"].to_list()[0] == eager["price"].gather([0, 2, 4]).to_list()


def test_price_given_chunks_is_the_same() -> None:
    chunks = pl.concat([ROWS[:1], ROWS[1:4], ROWS[4:]], rechunk=False)
    assert chunks.select(PRICE).equals(ROWS.select(PRICE))


def test_price_given_no_rows_is_empty() -> None:
    empty = ROWS.clear().select(PRICE)
    assert empty.schema == {"price": pl.Float64}
    assert empty.height == 0
