# SPDX-License-Identifier: Apache-2.0
"""Fitted smiles: known parameters recovered, noise borne, and every row and expiration accounted for."""

import math
import random
import subprocess
import sys

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError
from ttapi_polars import fit_svi, svi_volatility
from ttapi_polars.svi import PARAMETERS

Smile = dict[str, float]
VOGT: Smile = {"a": -0.0410, "b": 0.1331, "rho": 0.3060, "m": 0.3586, "sigma": 0.4153}
EQUITY: Smile = {"a": 0.008, "b": 0.06, "rho": -0.7, "m": -0.01, "sigma": 0.12}
STATUSES = {"ok", "too few points", "no convergence", "unclear expiration"}


def quotes(
    smile: Smile, *, years: float = 0.5, points: int = 40, expiration: object = "June"
) -> pl.DataFrame:
    """Noise-free volatilities from three bends left to three bends right of the bend."""
    reach = 3 * smile["sigma"]
    k = [smile["m"] - reach + 2 * reach * place / (points - 1) for place in range(points)]
    frame = pl.DataFrame({"expiration": expiration, "years": years, "log_moneyness": k})
    return frame.with_columns(volatility=svi_volatility(pl.col("log_moneyness"), years, **smile))


def fit(frame: pl.DataFrame, **options: str) -> pl.DataFrame:
    return fit_svi(frame.lazy(), **options).collect()


def noisy(frame: pl.DataFrame, deviation: float) -> pl.DataFrame:
    dice = random.Random(7)
    noise = pl.Series([dice.gauss(0, deviation) for _ in range(frame.height)])
    return frame.with_columns(volatility=pl.col("volatility") + noise)


@st.composite
def smiles(draw: st.DrawFn) -> Smile:
    """Smiles of 10 to 80 % volatility, bent within what `quotes` covers."""
    sigma, rho = draw(st.floats(0.02, 0.5)), draw(st.floats(-0.9, 0.9))
    least = draw(st.floats(0.005, 0.3))
    b = draw(st.floats(0.2, 2.0)) * min(least / sigma, 0.4)
    return {
        "a": least - b * sigma * math.sqrt(1 - rho * rho),
        "b": b,
        "rho": rho,
        "m": draw(st.floats(-0.3, 0.3)),
        "sigma": sigma,
    }


@given(smiles(), st.floats(0.02, 2.0))
@settings(max_examples=15)
def test_parameters_of_exact_volatilities_are_recovered(smile: Smile, years: float) -> None:
    row = fit(quotes(smile, years=years)).row(0, named=True)
    assert (row["status"], row["points"], row["unused"], row["years"]) == ("ok", 40, 0, years)
    # volatilities are rounded to 1e-16 of themselves, which the five-parameter problem magnifies some 1e4 times
    assert {name: row[name] for name in PARAMETERS} == pytest.approx(smile, rel=1e-9, abs=1e-10)
    assert row["rmse"] < 1e-12


def test_vogts_smile_is_recovered_and_flagged() -> None:
    row = fit(quotes(VOGT, years=1.0)).row(0, named=True)
    assert {name: row[name] for name in PARAMETERS} == pytest.approx(VOGT, rel=1e-9)
    assert row["butterfly_arbitrage"] is True


def test_sound_smile_is_not_flagged() -> None:
    assert fit(quotes(EQUITY))["butterfly_arbitrage"].to_list() == [False]


@pytest.mark.parametrize("deviation", [1e-4, 1e-3, 5e-3])
def test_noise_leaves_an_error_no_larger_than_itself(deviation: float) -> None:
    exact = quotes(EQUITY, points=200)
    blurred = noisy(exact, deviation)
    row = fit(blurred).row(0, named=True)
    noise = math.sqrt(((blurred["volatility"] - exact["volatility"]) ** 2).mean())
    assert row["status"] == "ok"
    # least squares is at least as near as the true smile; its errors are those of volatility to first order only
    assert row["rmse"] <= noise * 1.02


def test_noise_moves_the_smile_by_a_fraction_of_itself() -> None:
    exact = quotes(EQUITY, points=200)
    fitted = fit(noisy(exact, 2e-3)).select(PARAMETERS).row(0, named=True)
    error = exact.select(svi_volatility(pl.col("log_moneyness"), 0.5, **fitted) - pl.col("volatility"))
    # five parameters from 200 points: the expected error is the noise times sqrt(5 / 200)
    assert math.sqrt((error.to_series() ** 2).mean()) < 2 * 2e-3 * math.sqrt(5 / 200)


@pytest.mark.parametrize("shift", [-0.4, 0.1, 0.3])
def test_moneyness_shifted_shifts_the_bend_alone(shift: float) -> None:
    moved = quotes(EQUITY).with_columns(log_moneyness=pl.col("log_moneyness") + shift)
    found = fit(moved).select(PARAMETERS).row(0, named=True)
    assert found == pytest.approx(EQUITY | {"m": EQUITY["m"] + shift}, rel=1e-9)


@given(st.randoms(use_true_random=False))
@settings(max_examples=4)
def test_order_of_rows_makes_no_difference(dice: random.Random) -> None:
    frame = noisy(pl.concat([quotes(EQUITY), quotes(VOGT, expiration="July")]), 1e-3)
    order = list(range(frame.height))
    dice.shuffle(order)
    assert_frame_equal(fit(frame[order]), fit(frame), check_exact=True)


def test_other_expirations_and_engines_make_no_difference() -> None:
    june, july = noisy(quotes(EQUITY), 1e-3), noisy(quotes(VOGT, expiration="July"), 1e-3)
    both = pl.concat([june, july])
    apart = pl.concat([fit(july), fit(june)])
    assert_frame_equal(fit(both), apart, check_exact=True)
    assert_frame_equal(fit_svi(both.lazy()).collect(engine="streaming"), apart, check_exact=True)


def test_slice_and_filter_after_the_fit_do_not_reach_its_input() -> None:
    both = pl.concat([quotes(EQUITY), quotes(VOGT, expiration="July")])
    assert fit_svi(both.lazy()).head(1).collect()["points"].to_list() == [40]
    assert fit_svi(both.lazy()).filter(pl.col("expiration") == "June").collect()["points"].to_list() == [40]


def test_total_variance_equals_volatility_as_input() -> None:
    frame = quotes(EQUITY).with_columns(w=pl.col("volatility") ** 2 * pl.col("years"))
    assert_frame_equal(fit(frame.drop("volatility"), total_variance="w"), fit(frame), rel_tol=1e-9)


def test_weight_of_two_is_a_quote_given_twice() -> None:
    frame = noisy(quotes(EQUITY), 1e-3).with_row_index("place").with_columns(weight=pl.col("place") % 2 + 1.0)
    weighted = fit(frame, weight="weight")
    twice = fit(pl.concat([frame, frame.filter(pl.col("weight") == 2.0)]))
    compared = [*PARAMETERS, "rmse"]
    assert_frame_equal(weighted.select(compared), twice.select(compared), rel_tol=1e-6)


@pytest.mark.parametrize(
    ("column", "bad"),
    [
        ("log_moneyness", math.nan),
        ("log_moneyness", None),
        ("volatility", 0.0),
        ("volatility", -0.2),
        ("volatility", math.inf),
    ],
)
def test_unusable_row_is_left_out_and_counted(column: str, bad: float | None) -> None:
    frame = quotes(EQUITY)
    spoiled = pl.concat([frame, frame.head(1).with_columns(pl.lit(bad, pl.Float64).alias(column))])
    expected = fit(frame).with_columns(unused=pl.lit(1, pl.UInt32))
    assert_frame_equal(fit(spoiled), expected, check_exact=True)


def test_four_strikes_are_too_few_however_often_quoted() -> None:
    frame = quotes(EQUITY, points=4)
    row = fit(pl.concat([frame, frame])).row(0, named=True)
    assert (row["status"], row["points"], row["a"], row["rmse"], row["butterfly_arbitrage"]) == (
        "too few points",
        8,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("years", [0.0, -0.5, math.nan, None])
def test_unusable_years_are_an_unclear_expiration(years: float | None) -> None:
    frame = quotes(EQUITY).with_columns(years=pl.lit(years, pl.Float64))
    row = fit(frame).row(0, named=True)
    assert (row["status"], row["years"], row["unused"], row["a"]) == ("unclear expiration", None, 40, None)


def test_expiration_with_two_times_or_without_name_is_unclear() -> None:
    two_times = pl.concat([quotes(EQUITY), quotes(EQUITY, years=0.6)])
    nameless = quotes(EQUITY).with_columns(expiration=pl.lit(None, pl.String))
    found = fit(pl.concat([two_times, nameless]))
    assert found.select("expiration", "status").rows() == [
        (None, "unclear expiration"),
        ("June", "unclear expiration"),
    ]


def test_empty_frame_gives_no_rows_in_the_same_columns() -> None:
    full = fit(quotes(EQUITY))
    assert_frame_equal(fit(quotes(EQUITY).clear()), full.clear())


def test_flat_smile_has_no_slope() -> None:
    row = fit(quotes(EQUITY | {"a": 0.02, "b": 0.0})).row(0, named=True)
    assert row["status"] == "ok"
    assert row["b"] < 1e-6
    assert row["rmse"] < 1e-9


def test_wings_stay_within_lees_bound() -> None:
    steep = pl.DataFrame(
        {"expiration": "June", "years": 1.0, "log_moneyness": [x / 10 for x in range(-10, 11)]}
    )
    steep = steep.with_columns(volatility=(0.01 + 3 * pl.col("log_moneyness").abs()).sqrt())
    row = fit(steep).row(0, named=True)
    assert row["b"] * (1 + abs(row["rho"])) <= 2 * (1 + 1e-12)


WILD = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(-1, 1))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", None]),
            st.sampled_from([0.5, 0.5, 0.5, 1e-300, None]),
            WILD,
            WILD,
            WILD,
        ),
        max_size=40,
    )
)
@settings(max_examples=25)
def test_any_input_is_accounted_for(rows: list[tuple[object, ...]]) -> None:
    schema = {
        "expiration": pl.String,
        "years": pl.Float64,
        "log_moneyness": pl.Float64,
        "volatility": pl.Float64,
        "weight": pl.Float64,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    found = fit(frame, weight="weight")
    assert found["expiration"].to_list() == frame["expiration"].unique().sort().to_list()
    assert found["points"].sum() + found["unused"].sum() == frame.height
    assert set(found["status"]) <= STATUSES
    numbers = found.select(pl.col(pl.Float64)).fill_null(0.0)
    assert numbers.select(pl.all_horizontal(pl.all().is_finite())).to_series().all()


@given(
    st.lists(
        st.tuples(st.floats(-1e2, 1e2), st.floats(1e-6, 1e2)),
        min_size=5,
        max_size=12,
        unique_by=lambda row: row[0],
    )
)
@settings(max_examples=12, phases=[Phase.generate])
def test_absurd_numbers_do_not_crash(rows: list[tuple[float, float]]) -> None:
    frame = pl.DataFrame(rows, schema=["log_moneyness", "volatility"], orient="row")
    found = fit(frame.with_columns(expiration=1, years=0.5))
    assert found["status"].item() in STATUSES


@pytest.mark.parametrize("column", ["expiration", "years", "log_moneyness", "volatility"])
def test_missing_column_raises_and_names_it(column: str) -> None:
    with pytest.raises(DataError, match=f"'{column}': is missing"):
        fit_svi(quotes(EQUITY).drop(column).lazy())


@pytest.mark.parametrize("column", ["years", "log_moneyness", "volatility"])
def test_column_of_text_raises_and_names_it(column: str) -> None:
    with pytest.raises(DataError, match=f"'{column}': holds String"):
        fit_svi(quotes(EQUITY).with_columns(pl.col(column).cast(pl.String)).lazy())


def test_without_scipy_the_call_says_which_extra_is_missing() -> None:
    program = (
        "import sys; sys.modules['scipy'] = None\n"
        "import polars as pl\n"
        "from ttapi_core.errors import MissingExtraError\n"
        "from ttapi_polars import fit_svi\n"
        "try:\n    fit_svi(pl.LazyFrame())\n"
        "except MissingExtraError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "ttapi-polars[surface]" in done.stdout
