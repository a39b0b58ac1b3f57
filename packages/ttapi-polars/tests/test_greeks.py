# SPDX-License-Identifier: Apache-2.0
"""Sensitivities: against QuantLib, finite differences, parity, and limits."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation has it
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core.errors import ParameterError
from ttapi_polars import black76_greeks, black76_price, black_scholes_greeks, black_scholes_price

TODAY = ql.Date(15, 1, 2024)
DAYS = ql.Actual365Fixed()
FIELDS = ("price", "delta", "gamma", "vega", "theta", "rho", "rho_dividend", "vanna", "volga")


@dataclass(frozen=True, kw_only=True)
class Option:
    spot: float = 100.0
    strike: float = 100.0
    days: int = 365
    volatility: float = 0.2
    rate: float = 0.03
    dividend_yield: float = 0.01
    is_call: bool = True

    @property
    def terms(self) -> dict[str, Any]:
        terms = dataclasses.asdict(self)
        return terms | {"years": terms.pop("days") / 365}

    @property
    def greeks(self) -> dict[str, float]:
        return pl.select(black_scholes_greeks(**self.terms)).item()


OPTIONS = st.builds(
    Option,
    spot=st.floats(50.0, 200.0),
    strike=st.floats(50.0, 200.0),
    days=st.integers(5, 2000),
    volatility=st.floats(0.05, 1.0),
    rate=st.floats(-0.05, 0.15),
    dividend_yield=st.floats(0.0, 0.1),
    is_call=st.booleans(),
)


def curve(rate: float) -> ql.YieldTermStructureHandle:
    return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, DAYS))


def quantlib_option(option: Option) -> ql.VanillaOption:
    ql.Settings.instance().evaluationDate = TODAY
    level = ql.BlackConstantVol(TODAY, ql.NullCalendar(), option.volatility, DAYS)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(option.spot)),
        curve(option.dividend_yield),
        curve(option.rate),
        ql.BlackVolTermStructureHandle(level),
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if option.is_call else ql.Option.Put, option.strike)
    made = ql.VanillaOption(payoff, ql.EuropeanExercise(TODAY + option.days))
    made.setPricingEngine(ql.AnalyticEuropeanEngine(process))
    return made


@given(OPTIONS)
@settings(max_examples=60)
def test_greeks_equal_quantlibs(option: Option) -> None:
    theirs, ours = quantlib_option(option), option.greeks
    answers = {
        "price": theirs.NPV(),
        "delta": theirs.delta(),
        "gamma": theirs.gamma(),
        "vega": theirs.vega(),
        "theta": theirs.theta(),
        "rho": theirs.rho(),
        "rho_dividend": theirs.dividendRho(),
    }
    assert {name: ours[name] for name in answers} == pytest.approx(answers, rel=1e-9, abs=1e-10)


def bumped(option: Option, name: str, change: float) -> dict[str, float]:
    terms = option.terms
    return pl.select(black_scholes_greeks(**terms | {name: terms[name] + change})).item()


def slope(option: Option, name: str, of: str, *, step: float) -> float:
    """Central difference of fourth order."""
    (b, a), (d, c) = (
        tuple(bumped(option, name, sign * width)[of] for sign in (-1, 1)) for width in (step, 2 * step)
    )
    return (8 * (a - b) - (c - d)) / (12 * step)


@pytest.mark.parametrize(
    ("greek", "of", "name", "step"),
    [
        ("delta", "price", "spot", 0.05),
        ("gamma", "delta", "spot", 0.05),
        ("vega", "price", "volatility", 1e-3),
        ("rho", "price", "rate", 1e-3),
        ("rho_dividend", "price", "dividend_yield", 1e-3),
        ("vanna", "delta", "volatility", 1e-3),
        ("vanna", "vega", "spot", 0.05),
        ("volga", "vega", "volatility", 1e-3),
    ],
)
@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("strike", [80.0, 100.0, 130.0])
def test_greek_is_the_slope_of_what_it_derives(
    greek: str, of: str, name: str, step: float, is_call: bool, strike: float
) -> None:
    option = Option(strike=strike, is_call=is_call)
    # The fourth power of the step, and the rounding of the price over the step.
    assert option.greeks[greek] == pytest.approx(slope(option, name, of, step=step), rel=1e-7, abs=1e-7)


def test_theta_is_less_the_slope_in_time() -> None:
    option = Option(strike=110.0, days=200)
    assert option.greeks["theta"] == pytest.approx(-slope(option, "years", "price", step=1e-3), rel=1e-8)


@given(OPTIONS)
@settings(max_examples=40)
def test_greeks_of_call_less_put_are_those_of_the_forward(option: Option) -> None:
    call, put = (dataclasses.replace(option, is_call=is_call).greeks for is_call in (True, False))
    years = option.days / 365
    asset_share = math.exp(-option.dividend_yield * years)
    asset, bond = option.spot * asset_share, option.strike * math.exp(-option.rate * years)
    forward = {
        "price": asset - bond,
        "delta": asset_share,
        "theta": option.dividend_yield * asset - option.rate * bond,
        "rho": years * bond,
        "rho_dividend": -years * asset,
    }
    difference = {name: call[name] - put[name] for name in FIELDS}
    assert difference == pytest.approx(dict.fromkeys(FIELDS, 0.0) | forward, abs=1e-9)


@given(OPTIONS)
@settings(max_examples=40)
def test_greeks_satisfy_the_equation_of_black_and_scholes(option: Option) -> None:
    """Theta, convexity, carry and interest balance."""
    g, spot = option.greeks, option.spot
    convexity = 0.5 * (option.volatility * spot) ** 2 * g["gamma"]
    carry = (option.rate - option.dividend_yield) * spot * g["delta"]
    assert g["theta"] + convexity + carry == pytest.approx(option.rate * g["price"], abs=1e-9)


@given(OPTIONS)
@settings(max_examples=40)
def test_black76_greeks_equal_those_of_an_asset_that_yields_the_rate(option: Option) -> None:
    """On an asset with a dividend yield of the rate, the forward is the spot; rho then moves both rates."""
    same = dataclasses.replace(option, dividend_yield=option.rate)
    terms = same.terms
    del terms["dividend_yield"]
    ours = pl.select(black76_greeks(terms.pop("spot"), **terms)).item()
    theirs = same.greeks
    theirs["rho"] += theirs.pop("rho_dividend")
    assert ours == pytest.approx(theirs, rel=1e-11, abs=1e-11)


def test_price_of_the_struct_is_the_price_to_the_last_bit() -> None:
    option = Option(strike=117.0)
    assert option.greeks["price"] == pl.select(black_scholes_price(**option.terms)).item()
    terms = {"volatility": 0.3, "rate": 0.02, "is_call": False}
    both = pl.select(
        black76_greeks(90.0, 100.0, 0.5, **terms).struct.field("price"),
        black76_price(90.0, 100.0, 0.5, **terms).alias("alone"),
    )
    assert both["price"].item() == both["alone"].item()


@pytest.mark.parametrize(("days", "volatility"), [(0, 0.2), (365, 0.0)])
@pytest.mark.parametrize(("strike", "in_the_money"), [(80.0, True), (120.0, False)])
def test_greeks_given_no_time_or_no_volatility_are_the_limits(
    days: int, volatility: float, strike: float, in_the_money: bool
) -> None:
    option = Option(strike=strike, days=days, volatility=volatility)
    almost = dataclasses.replace(option, days=max(days, 1), volatility=max(volatility, 1e-3))
    limit, near = option.greeks, almost.greeks
    assert limit["delta"] == pytest.approx(near["delta"] if in_the_money else 0.0, abs=1e-4)
    assert [limit[name] for name in ("gamma", "vega", "vanna", "volga")] == [0.0] * 4
    assert limit["theta"] == pytest.approx(near["theta"], abs=1e-3)


def test_greeks_at_the_kink_of_an_expired_option_are_null() -> None:
    expired = Option(days=0).greeks
    assert expired.pop("price") == 0.0
    assert set(expired.values()) == {None}


@pytest.mark.parametrize("name", ["spot", "strike", "years", "volatility", "rate", "dividend_yield"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_greeks_given_an_unusable_value_in_a_column_are_null(name: str, value: float | None) -> None:
    frame = pl.DataFrame({name: [value]}, schema={name: pl.Float64})
    greeks = frame.select(black_scholes_greeks(**Option().terms | {name: pl.col(name)})).item()
    assert greeks == dict.fromkeys(FIELDS)


@given(
    st.floats(1e-300, 1e300),
    st.floats(1e-300, 1e300),
    st.floats(0, 1e300),
    st.floats(0, 1e300),
    st.floats(-1e3, 1e3),
)
@settings(max_examples=60)
def test_greeks_are_never_nan_or_infinite(
    spot: float, strike: float, years: float, volatility: float, rate: float
) -> None:
    frame = pl.select(
        black_scholes_greeks(spot, strike, years, volatility=volatility, rate=rate, is_call=True)
    )
    assert frame.unnest("greeks").select(pl.all().is_finite().all()).row(0) == (True,) * len(FIELDS)


def test_greeks_given_a_wrong_number_raise_when_built() -> None:
    with pytest.raises(ParameterError, match="volatility"):
        black_scholes_greeks(100, 100, 1, volatility=-0.2, is_call=True)
    with pytest.raises(ParameterError, match="rate"):
        black76_greeks(100, 100, 1, volatility=0.2, rate=math.nan, is_call=True)


def test_greeks_are_the_same_lazy_eager_streaming_chunked_and_by_group() -> None:
    rows = pl.DataFrame({"spot": [90.0, None, 110.0, 100.0], "symbol": ["A", "B", "A", "B"]})
    greeks = black_scholes_greeks(pl.col("spot"), 100, 1, volatility=0.2, is_call=True)
    eager = rows.select(greeks)
    assert rows.lazy().select(greeks).collect().equals(eager)
    assert rows.lazy().select(greeks).collect(engine="streaming").equals(eager)
    assert pl.concat([rows[:1], rows[1:]], rechunk=False).select(greeks).equals(eager)
    assert rows.select(greeks.over("symbol")).equals(eager)
