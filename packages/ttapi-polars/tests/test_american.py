# SPDX-License-Identifier: Apache-2.0
"""The American approximation: against QuantLib's, against exact prices, and its edges."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest
import QuantLib as ql  # noqa: N813 - as its own documentation has it
from hypothesis import given, settings
from hypothesis import strategies as st

from ttapi_core.errors import ParameterError
from ttapi_polars import american_price, black_scholes_price

TODAY = ql.Date(15, 1, 2024)
DAYS = ql.Actual365Fixed()


@dataclass(frozen=True, kw_only=True)
class Option:
    spot: float = 100.0
    strike: float = 100.0
    days: int = 365
    volatility: float = 0.2
    rate: float = 0.05
    dividend_yield: float = 0.05
    is_call: bool = True

    @property
    def terms(self) -> dict[str, Any]:
        terms = dataclasses.asdict(self)
        return terms | {"years": terms.pop("days") / 365}

    @property
    def price(self) -> float:
        return pl.select(american_price(**self.terms)).item()

    @property
    def gain(self) -> float:
        return (self.spot - self.strike) * (1 if self.is_call else -1)


OPTIONS = st.lists(
    st.builds(
        Option,
        spot=st.floats(50.0, 200.0),
        strike=st.floats(50.0, 200.0),
        days=st.integers(5, 1000),
        volatility=st.floats(0.08, 0.8),
        rate=st.floats(0.0, 0.12),
        dividend_yield=st.floats(0.0, 0.12),
        is_call=st.booleans(),
    ),
    min_size=5,
    max_size=20,
)


COLUMNS: dict[str, Any] = {name: pl.col(name) for name in Option().terms}


def prices(options: list[Option]) -> list[float]:
    return (
        pl.DataFrame([option.terms for option in options])
        .select(american_price(**COLUMNS))["price"]
        .to_list()
    )


def europeans(options: list[Option]) -> list[float]:
    frame = pl.DataFrame([option.terms for option in options])
    return frame.select(black_scholes_price(**COLUMNS))["price"].to_list()


def curve(rate: float) -> ql.YieldTermStructureHandle:
    return ql.YieldTermStructureHandle(ql.FlatForward(TODAY, rate, DAYS))


def quantlib_price(option: Option, *, exact: bool) -> float:
    """QuantLib's engine of the same approximation, or its spectral one, exact to 1e-9."""
    ql.Settings.instance().evaluationDate = TODAY
    level = ql.BlackConstantVol(TODAY, ql.NullCalendar(), option.volatility, DAYS)
    process = ql.BlackScholesMertonProcess(
        ql.QuoteHandle(ql.SimpleQuote(option.spot)),
        curve(option.dividend_yield),
        curve(option.rate),
        ql.BlackVolTermStructureHandle(level),
    )
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if option.is_call else ql.Option.Put, option.strike)
    made = ql.VanillaOption(payoff, ql.AmericanExercise(TODAY, TODAY + option.days))
    scheme = ql.QdFpAmericanEngine.accurateScheme()
    made.setPricingEngine(
        ql.QdFpAmericanEngine(process, scheme) if exact else ql.BjerksundStenslandApproximationEngine(process)
    )
    return made.NPV()


@given(OPTIONS)
@settings(max_examples=6)
def test_price_equals_quantlibs_approximation(options: list[Option]) -> None:
    """But where the published level falls below its value at expiration, which ours does not."""
    for option, price in zip(options, prices(options), strict=True):
        years = option.days / 365
        carry = (option.rate - option.dividend_yield) * years * (1 if option.is_call else -1)
        if carry > -2 * option.volatility * math.sqrt(years):
            assert price == pytest.approx(quantlib_price(option, exact=False), rel=1e-8, abs=1e-8)


def random_options(count: int) -> list[Option]:
    random = np.random.default_rng(11)
    return [
        Option(
            spot=100 * math.exp(random.normal() * 0.2),
            days=int(random.integers(10, 730)),
            volatility=random.uniform(0.1, 0.5),
            rate=random.uniform(0, 0.08),
            dividend_yield=random.uniform(0, 0.08),
            is_call=bool(random.random() < 0.5),
        )
        for _ in range(count)
    ]


def test_price_is_a_lower_bound_within_half_a_percent_of_the_strike() -> None:
    options = random_options(150)
    exact = np.array([quantlib_price(option, exact=True) for option in options])
    misses = np.array(prices(options)) - exact
    assert misses.max() < 1e-6
    assert misses.min() > -0.6
    assert math.sqrt((misses**2).mean()) < 0.1


def test_price_agrees_with_a_fine_binomial_tree() -> None:
    """A put near the money, where early exercise is worth seven percent, of which five are found."""
    option = Option(rate=0.06, dividend_yield=0.0, days=182, is_call=False)
    steps, years = 2000, 182 / 365
    up = math.exp(option.volatility * math.sqrt(years / steps))
    discount = math.exp(-option.rate * years / steps)
    chance = (1 / discount - 1 / up) / (up - 1 / up)
    levels = 100 * up ** np.arange(-steps, steps + 1.0)
    values = np.maximum(100 - levels[::2], 0)
    for step in range(steps - 1, -1, -1):
        held = discount * (chance * values[1:] + (1 - chance) * values[:-1])
        values = np.maximum(held, 100 - levels[steps - step : steps + step + 1 : 2])
    assert option.price == pytest.approx(values[0], rel=0.02)
    assert option.price > 1.02 * europeans([option])[0]


@given(OPTIONS)
@settings(max_examples=6)
def test_price_is_at_least_the_european_and_the_gain_and_at_most_the_ceiling(options: list[Option]) -> None:
    for option, price, european in zip(options, prices(options), europeans(options), strict=True):
        ceiling = option.spot if option.is_call else option.strike
        # The swapped terms round the distance from the strike otherwise, which counts far out of the money.
        assert max(european * (1 - 1e-10), option.gain) <= price <= ceiling * (1 + 1e-14)


@given(OPTIONS)
@settings(max_examples=6)
def test_price_of_a_put_is_that_of_a_call_on_swapped_terms(options: list[Option]) -> None:
    swapped = [
        dataclasses.replace(
            option,
            spot=option.strike,
            strike=option.spot,
            rate=option.dividend_yield,
            dividend_yield=option.rate,
            is_call=not option.is_call,
        )
        for option in options
    ]
    assert prices(swapped) == prices(options)


@pytest.mark.parametrize(("rate", "dividend_yield", "is_call"), [(0.05, 0.0, True), (0.0, 0.05, False)])
def test_price_of_an_option_never_exercised_early_is_european(
    rate: float, dividend_yield: float, is_call: bool
) -> None:
    option = Option(rate=rate, dividend_yield=dividend_yield, is_call=is_call)
    assert option.price == pytest.approx(europeans([option])[0], rel=1e-14)


@pytest.mark.parametrize("volatility", [1e-3, 0.01, 0.03])
@pytest.mark.parametrize(
    ("rate", "dividend_yield"), [(0.05, 0.02), (0.02, 0.05), (0.03, 0.03), (-0.01, 0.02)]
)
def test_price_given_a_low_volatility_does_not_overflow(
    volatility: float, rate: float, dividend_yield: float
) -> None:
    """Powers of prices would: here the exponents reach 100 000."""
    option = Option(spot=98.0, volatility=volatility, rate=rate, dividend_yield=dividend_yield)
    assert europeans([option])[0] <= option.price < 5


def test_price_of_an_expired_option_is_its_gain() -> None:
    assert Option(spot=110.0, days=0).price == 10.0
    assert Option(spot=110.0, days=0, is_call=False).price == 0.0


@pytest.mark.parametrize(
    "option",
    [
        Option(volatility=0.0),
        Option(rate=-0.01, dividend_yield=0.0),
        Option(rate=0.0, dividend_yield=-0.01, is_call=False),
    ],
)
def test_price_of_what_the_approximation_does_not_cover_is_null(option: Option) -> None:
    assert option.price is None


@pytest.mark.parametrize("name", ["spot", "strike", "years", "volatility", "rate", "dividend_yield"])
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_price_given_an_unusable_value_is_null(name: str, value: float | None) -> None:
    frame = pl.DataFrame({name: [value]}, schema={name: pl.Float64})
    assert frame.select(american_price(**Option().terms | {name: pl.col(name)})).item() is None


def test_price_given_a_wrong_number_raises_when_built() -> None:
    with pytest.raises(ParameterError, match="spot"):
        american_price(0.0, 100, 1, volatility=0.2, is_call=True)


def test_price_is_the_same_lazy_eager_streaming_chunked_and_by_group() -> None:
    rows = pl.DataFrame(
        {
            "spot": [90.0, None, 110.0, 100.0],
            "is_call": [True, True, False, None],
            "symbol": ["A", "B", "A", "B"],
        }
    )
    price = american_price(
        pl.col("spot"), 100, 1, volatility=0.2, rate=0.03, dividend_yield=0.04, is_call=pl.col("is_call")
    )
    eager = rows.select(price)
    assert eager["price"].is_null().to_list() == [False, True, False, True]
    assert rows.lazy().select(price).collect(engine="streaming").equals(eager)
    assert pl.concat([rows[:1], rows[1:]], rechunk=False).select(price).equals(eager)
    assert rows.select(price.over("symbol")).equals(eager)
