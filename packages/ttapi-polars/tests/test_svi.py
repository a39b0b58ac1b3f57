# SPDX-License-Identifier: Apache-2.0
"""The SVI smile: against QuantLib, against the density it stands for, and outside its domain."""

import math
import warnings
from collections.abc import Callable
from statistics import NormalDist

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import ParameterError
from ttapi_polars import svi_density_condition, svi_total_variance, svi_volatility

with warnings.catch_warnings():  # its generated types lack __module__, which newer interpreters warn of
    warnings.simplefilter("ignore", DeprecationWarning)
    import QuantLib as ql  # noqa: N813 - the name its documentation uses

Smile = dict[str, float]
NORMAL = NormalDist()
PLAIN: Smile = {"a": 0.01, "b": 0.1, "rho": -0.5, "m": 0.02, "sigma": 0.1}
VOGT: Smile = {"a": -0.0410, "b": 0.1331, "rho": 0.3060, "m": 0.3586, "sigma": 0.4153}
FUNCTIONS = [svi_total_variance, svi_density_condition]


@st.composite
def smiles(draw: st.DrawFn) -> Smile:
    """Smiles whose least total variance is above zero."""
    b, rho, sigma = draw(st.floats(1e-3, 0.9)), draw(st.floats(-0.95, 0.95)), draw(st.floats(0.01, 1.0))
    least = draw(st.floats(1e-3, 0.5))
    a = least - b * sigma * math.sqrt(1 - rho * rho)
    return {"a": a, "b": b, "rho": rho, "m": draw(st.floats(-0.5, 0.5)), "sigma": sigma}


def value(expression: pl.Expr, **columns: object) -> float | None:
    return pl.DataFrame({name: [column] for name, column in columns.items()}).select(expression).item()


def call_on_unit_forward(strike: float, smile: Smile) -> float:
    k = math.log(strike)
    x = k - smile["m"]
    w = smile["a"] + smile["b"] * (smile["rho"] * x + math.hypot(x, smile["sigma"]))
    d = -k / math.sqrt(w) + math.sqrt(w) / 2
    return NORMAL.cdf(d) - strike * NORMAL.cdf(d - math.sqrt(w))


def density_condition_from_prices(k: float, smile: Smile) -> float:
    """Divide the second difference of call prices by the lognormal density that g multiplies."""
    strike, step = math.exp(k), 1e-3 * math.exp(k)
    at = [call_on_unit_forward(strike + place * step, smile) for place in (-2, -1, 0, 1, 2)]
    density = (-at[0] + 16 * at[1] - 30 * at[2] + 16 * at[3] - at[4]) / (12 * step * step)
    x = k - smile["m"]
    w = smile["a"] + smile["b"] * (smile["rho"] * x + math.hypot(x, smile["sigma"]))
    d = -k / math.sqrt(w) - math.sqrt(w) / 2
    return strike * density * math.sqrt(w) / NORMAL.pdf(d)


@given(smiles(), st.floats(0.01, 3.0), st.floats(-1.0, 1.0))
@settings(max_examples=60)
def test_volatility_equals_that_of_quantlib(smile: Smile, years: float, k: float) -> None:
    section = ql.SviSmileSection(years, 1.0, [smile[name] for name in ("a", "b", "sigma", "rho", "m")])
    ours = value(svi_volatility(pl.col("k"), pl.col("years"), **smile), k=k, years=years)
    # rounding of a sum whose terms can be some hundred times its value
    assert ours == pytest.approx(section.volatility(math.exp(k)), rel=1e-12)


@pytest.mark.parametrize("smile", [PLAIN, VOGT], ids=["plain", "vogt"])
@pytest.mark.parametrize("k", [-0.4, 0.0, 0.3, 0.8, 1.1])
def test_density_condition_is_that_of_the_prices(smile: Smile, k: float) -> None:
    ours = value(svi_density_condition(pl.col("k"), **smile), k=k)
    # the differences of prices are good to 1e-16 / step^2 beside a truncation of step^4
    assert ours == pytest.approx(density_condition_from_prices(k, smile), abs=2e-6)


def test_density_condition_of_vogts_smile_is_negative_beyond_its_bend() -> None:
    g = svi_density_condition(pl.col("k"), **VOGT)
    signs = pl.DataFrame({"k": [0.0, 0.6, 0.7, 1.2, 1.3]}).select(g < 0)["k"].to_list()
    assert signs == [False, False, True, True, False]


def test_flat_smile_has_one_volatility_and_a_density_condition_of_one() -> None:
    flat: Smile = {"a": 0.04, "b": 0.0, "rho": 0.0, "m": 0.0, "sigma": 0.1}
    frame = pl.DataFrame({"k": [-1.0, 0.0, 2.0]})
    assert frame.select(svi_volatility(pl.col("k"), 1.0, **flat))["k"].to_list() == [0.2, 0.2, 0.2]
    assert frame.select(svi_density_condition(pl.col("k"), **flat))["k"].to_list() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("name", "bad"),
    [("k", math.nan), ("k", math.inf), ("k", None), ("b", -0.1), ("rho", 1.1), ("sigma", 0.0), ("m", None)],
)
def test_column_outside_its_domain_gives_null(
    function: Callable[..., pl.Expr], name: str, bad: float | None
) -> None:
    row = PLAIN | {"k": 0.1, name: bad}
    columns = {parameter: pl.col(parameter) for parameter in PLAIN}
    assert value(function(pl.col("k"), **columns), **row) is None


@pytest.mark.parametrize("years", [0.0, -1.0, math.nan, math.inf, None])
def test_volatility_without_time_is_null(years: float | None) -> None:
    frame = pl.DataFrame({"k": [0.0], "years": [years]}, schema={"k": pl.Float64, "years": pl.Float64})
    assert frame.select(svi_volatility(pl.col("k"), pl.col("years"), **PLAIN)).item() is None


def test_negative_variance_is_null() -> None:
    below = PLAIN | {"a": -0.01}
    assert value(svi_total_variance(pl.col("k"), **below), k=0.07) is None
    assert value(svi_volatility(pl.col("k"), 1.0, **below), k=0.07) is None
    assert value(svi_density_condition(pl.col("k"), **below), k=0.07) is None


@pytest.mark.parametrize("k", [1e200, -1e200, 1e-300])
def test_extreme_moneyness_is_null_or_finite(k: float) -> None:
    for function in FUNCTIONS:
        found = value(function(pl.col("k"), **PLAIN), k=k)
        assert found is None or math.isfinite(found)


@pytest.mark.parametrize(
    ("name", "bad"),
    [("a", math.nan), ("b", -0.1), ("rho", 1.01), ("rho", math.nan), ("m", math.inf), ("sigma", 0.0)],
)
def test_number_outside_its_domain_raises_and_names_it(name: str, bad: float) -> None:
    for function in FUNCTIONS:
        with pytest.raises(ParameterError, match=rf"^{name} is "):
            function(pl.col("k"), **(PLAIN | {name: bad}))


def test_other_bad_arguments_raise() -> None:
    with pytest.raises(ParameterError, match=r"^years is "):
        svi_volatility(pl.col("k"), 0.0, **PLAIN)
    with pytest.raises(ParameterError, match=r"^k is "):
        svi_total_variance(0.1, **PLAIN)  # type: ignore[arg-type]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_over_groups_and_streaming_equal_plain_evaluation(function: Callable[..., pl.Expr]) -> None:
    frame = pl.LazyFrame({"k": [-0.3, 0.1, 0.4, 0.0], "expiration": ["A", "B", "A", "B"]})
    plain = function(pl.col("k"), **PLAIN)
    expected = frame.select(plain).collect()
    assert_frame_equal(frame.select(plain.over("expiration")).collect(), expected, check_exact=True)
    assert_frame_equal(frame.select(plain).collect(engine="streaming"), expected, check_exact=True)


def test_result_bears_the_name_of_the_moneyness() -> None:
    frame = pl.DataFrame({"k": [0.1]})
    for function in FUNCTIONS:
        assert frame.select(function(pl.col("k"), **PLAIN)).columns == ["k"]
