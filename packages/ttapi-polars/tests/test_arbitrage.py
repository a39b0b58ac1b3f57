# SPDX-License-Identifier: Apache-2.0
"""Arbitrage in smiles: the known example, each kind, sound smiles, and what cannot be judged."""

import math

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars import butterfly_violations, calendar_violations, svi_density_condition, svi_total_variance
from ttapi_polars.svi import PARAMETERS

Smile = dict[str, float | None]
VOGT: Smile = {"a": -0.0410, "b": 0.1331, "rho": 0.3060, "m": 0.3586, "sigma": 0.4153}
SOUND: Smile = {"a": 0.01, "b": 0.05, "rho": -0.4, "m": 0.0, "sigma": 0.1}


def smiles(**by_expiration: Smile) -> pl.LazyFrame:
    """Smiles, the first a quarter of a year away and each next a quarter later."""
    rows = [
        {"expiration": name, "years": (place + 1) / 4, **smile}
        for place, (name, smile) in enumerate(by_expiration.items())
    ]
    schema = {"expiration": pl.String, "years": pl.Float64} | dict.fromkeys(PARAMETERS, pl.Float64)
    return pl.LazyFrame(rows, schema=schema)


def kinds(found: pl.LazyFrame) -> list[tuple[str, str]]:
    return found.select("expiration", "kind").unique(maintain_order=True).collect().rows()


def test_vogts_smile_has_a_negative_density_right_of_its_bend() -> None:
    found = butterfly_violations(smiles(June=VOGT)).collect()
    g = svi_density_condition(pl.col("log_moneyness"), **VOGT)  # type: ignore[arg-type]
    assert found["kind"].unique().to_list() == ["density"]
    assert 0.64 < found["log_moneyness"].min() < found["log_moneyness"].max() < 1.25
    assert_frame_equal(found.select(size=-g), found.select("size"), rel_tol=1e-12)


def test_sound_smile_has_no_violation() -> None:
    assert kinds(butterfly_violations(smiles(June=SOUND))) == []


@pytest.mark.parametrize("points", [101, 801, 5001])
def test_finer_grid_finds_the_same_range(points: int) -> None:
    found = butterfly_violations(smiles(June=VOGT), points=points).collect()["log_moneyness"]
    # the grid's step there is 20 / points in asinh, so about 1.3 * 20 / points in k
    assert (found.min(), found.max()) == pytest.approx((0.645, 1.245), abs=26 / points * 0.6 + 0.01)


@pytest.mark.parametrize(("rho", "kind"), [(0.9, "right wing"), (-0.9, "left wing")])
def test_wing_steeper_than_two_is_named_with_its_excess(rho: float, kind: str) -> None:
    steep = SOUND | {"b": 1.2, "rho": rho, "a": 1.0}
    found = butterfly_violations(smiles(June=steep)).filter(pl.col("kind").str.ends_with("wing")).collect()
    assert found.select("kind", "log_moneyness").rows() == [(kind, None)]
    assert found["size"].item() == pytest.approx(1.2 * 1.9 - 2)


def test_wing_of_slope_two_is_allowed() -> None:
    assert kinds(butterfly_violations(smiles(June=SOUND | {"a": 1.0, "b": 1.0, "rho": 0.0}))) == []


def test_variance_below_zero_is_named_where_it_is_least() -> None:
    found = (
        butterfly_violations(smiles(June=SOUND | {"a": -0.01})).filter(pl.col("kind") == "variance").collect()
    )
    assert found["size"].item() == pytest.approx(0.01 - 0.05 * 0.1 * math.sqrt(1 - 0.16))
    assert found["log_moneyness"].item() == pytest.approx(0.1 * 0.4 / math.sqrt(1 - 0.16))


@pytest.mark.parametrize(
    "bad", [{"a": None}, {"a": math.nan}, {"b": -0.1}, {"rho": 1.5}, {"sigma": 0.0}, {"m": math.inf}]
)
def test_smile_with_an_unusable_parameter_is_not_judged(bad: Smile) -> None:
    for check in (butterfly_violations, calendar_violations):
        assert kinds(check(smiles(June=SOUND | bad, July=SOUND))) == [("June", "not judged")]


def test_crossing_smiles_are_named_where_they_cross() -> None:
    # the later smile is flatter: above at the money, below in the wings
    later = SOUND | {"a": 0.02, "b": 0.02}
    found = calendar_violations(smiles(June=SOUND, July=later), points=2001).collect()
    k = pl.col("log_moneyness")
    fall = svi_total_variance(k, **SOUND) - svi_total_variance(k, **later)  # type: ignore[arg-type]
    assert found.select("expiration", "expiration_before", "years", "kind").unique().rows() == [
        ("July", "June", 0.5, "calendar")
    ]
    assert_frame_equal(found.select(size=fall), found.select("size"), rel_tol=1e-9)
    assert found["log_moneyness"].is_between(-0.15, 0.3).sum() == 0


@given(st.floats(0.0, 0.1), st.floats(0.0, 0.2))
@settings(max_examples=25)
def test_variance_that_rises_everywhere_has_no_violation(more_level: float, more_slope: float) -> None:
    later = SOUND | {"a": 0.01 + more_level, "b": 0.05 + more_slope}
    assert kinds(calendar_violations(smiles(June=SOUND, July=later))) == []


def test_order_of_rows_makes_no_difference() -> None:
    frame = smiles(June=VOGT, July=SOUND, August=VOGT)
    for check in (butterfly_violations, calendar_violations):
        assert_frame_equal(check(frame.reverse()).collect(), check(frame).collect())
        assert_frame_equal(check(frame).collect(engine="streaming"), check(frame).collect())


def test_smile_not_judged_is_passed_over_and_its_neighbours_compared() -> None:
    frame = smiles(June=SOUND | {"a": 0.05}, July=SOUND | {"a": None}, August=SOUND)
    found = calendar_violations(frame, points=2).collect()
    assert found.select("expiration", "expiration_before", "kind").rows() == [
        ("July", None, "not judged"),
        ("August", "June", "calendar"),
        ("August", "June", "calendar"),
    ]


def test_expirations_at_one_time_are_not_judged() -> None:
    frame = smiles(June=SOUND, July=VOGT).with_columns(years=0.5)
    assert kinds(calendar_violations(frame)) == [("July", "not judged"), ("June", "not judged")]


def test_moneyness_outside_the_range_is_not_looked_at() -> None:
    frame = smiles(June=SOUND, July=SOUND | {"a": 0.02, "b": 0.02})
    assert kinds(calendar_violations(frame, k_min=-0.1, k_max=0.2)) == []


def test_no_smiles_give_no_violations() -> None:
    for check in (butterfly_violations, calendar_violations):
        assert check(smiles()).collect().height == 0


@pytest.mark.parametrize("column", ["expiration", *PARAMETERS])
def test_missing_column_raises_and_names_it(column: str) -> None:
    for check in (butterfly_violations, calendar_violations):
        with pytest.raises(DataError, match=f"'{column}': is missing"):
            check(smiles(June=SOUND).drop(column))


def test_parameters_of_text_raise() -> None:
    with pytest.raises(DataError, match="'a': holds String"):
        butterfly_violations(smiles(June=SOUND).with_columns(a=pl.lit("x")))


def test_bad_grids_raise() -> None:
    frame = smiles(June=SOUND)
    with pytest.raises(ParameterError, match=r"^points is 2"):
        butterfly_violations(frame, points=2)
    with pytest.raises(ParameterError, match=r"^points is 1"):
        calendar_violations(frame, points=1)
    with pytest.raises(ParameterError, match=r"^k_min is 1"):
        calendar_violations(frame, k_min=1.0, k_max=1.0)
    with pytest.raises(ParameterError, match=r"^k_max is nan"):
        calendar_violations(frame, k_max=math.nan)
