# SPDX-License-Identifier: Apache-2.0
"""Static arbitrage in smiles: of one expiration (butterflies), and between expirations (calendars)."""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.domains import require_count, require_finite
from ttapi_polars.inputs import Kind, finite, not_negative, positive, require_columns
from ttapi_polars.svi import PARAMETERS, svi_density_condition, svi_total_variance

SLOPE_MAX: Final = 2.0
"""Lee's bound of a wing's slope in total variance."""

# What rounding alone can make of a g, a slope or a total variance that should be exactly on its bound.
_ROUNDING: Final = 1e-9
# The grid of k is m + sigma sinh(z), with z from -10 to 10: fine at the bend, and 11000 sigma wide.
_REACH: Final = 10.0


def butterfly_violations(
    frame: pl.LazyFrame, *, expiration: str = "expiration", points: int = 801
) -> pl.LazyFrame:
    """
    Where a raw SVI smile admits butterfly arbitrage: a density below zero, or wings too steep.

    Parameters
    ----------
    frame
        One row a smile, with the columns ``a``, ``b``, ``rho``, ``m`` and ``sigma``; as `fit_svi` returns it.
    expiration
        Name of the column that tells the smiles apart (any type).
    points
        Log-moneynesses at which the density is judged, at least 3: ``m + sigma sinh(z)``, ``z`` evenly from
        -10 to 10, so closest about the bend.

    Returns
    -------
    pl.LazyFrame
        One row a violation, sorted by ``expiration`` (as given), ``kind`` and ``log_moneyness``; empty if
        there is none:

        - ``log_moneyness`` (Float64): where; null for the wings and for what could not be judged;
        - ``kind`` (String): ``density``, Durrleman's g below zero; ``left wing`` and ``right wing``, a slope
          above Lee's bound; ``variance``, a least total variance below zero; ``not judged``, a parameter that
          is unusable: nothing is known of this smile;
        - ``size`` (Float64): by how much the bound is passed, above zero; null where not judged.

        Passing a bound by less than 1e-9 is rounding and is not listed.

    Raises
    ------
    ParameterError
        If ``points < 3``; at the call.
    DataError
        If a column is missing or a parameter holds no numbers; at the call, from the schema alone.

    Notes
    -----
    ``g(k) >= 0`` (see `svi_density_condition`) with ``b (1 + |rho|) <= 2``: R. Lee, "The moment formula for
    implied volatility at extreme strikes", *Mathematical Finance* 14 (3), 2004, for total variance. The bound
    of 4 that is often seen is weaker: g tends to ``1/4 - slope^2 / 16``, which is below zero beyond a slope
    of 2. A dip of g between two points of the grid is not seen.

    Examples
    --------
    >>> import polars as pl
    >>> smile = {"expiration": ["June"], "a": [-0.0410], "b": [0.1331], "rho": [0.3060], "m": [0.3586]}
    >>> found = butterfly_violations(pl.LazyFrame(smile | {"sigma": [0.4153]}))
    >>> found.select(pl.col("log_moneyness").min().round(2).alias("from"),
    ...              pl.col("log_moneyness").max().round(2).alias("to"),
    ...              pl.col("size").max().round(3), pl.col("kind").unique().first()).collect().rows()
    [(0.65, 1.24, 0.033, 'density')]
    """
    require_count("points", points, least=3)
    require_columns(frame, {expiration: Kind.ANY} | dict.fromkeys(PARAMETERS, Kind.NUMBER))
    smiles = frame.select(pl.col(expiration).alias("expiration"), *_usable_parameters())
    judged = smiles.filter(_is_judged())
    kinds = [
        _at(smiles.filter(_is_judged().not_()), "not judged", size=pl.lit(None, pl.Float64)),
        _beyond(judged, "left wing", size=pl.col("b") * (1 - pl.col("rho")) - SLOPE_MAX),
        _beyond(judged, "right wing", size=pl.col("b") * (1 + pl.col("rho")) - SLOPE_MAX),
        _negative_variance(judged),
        _negative_density(judged, points),
    ]
    return pl.concat(kinds).sort("expiration", "kind", "log_moneyness")


def calendar_violations(
    frame: pl.LazyFrame,
    *,
    expiration: str = "expiration",
    years: str = "years",
    k_min: float = -1.0,
    k_max: float = 1.0,
    points: int = 201,
) -> pl.LazyFrame:
    """
    Where total variance falls from one expiration to the next at equal log-moneyness: calendar arbitrage.

    Parameters
    ----------
    frame
        One row an expiration, with the columns ``a``, ``b``, ``rho``, ``m`` and ``sigma``; as `fit_svi`
        returns it.
    expiration, years
        Names of the columns of the expiration (any type) and the time to it in years.
    k_min, k_max
        First and last log-moneyness judged. Where nothing is quoted a fitted wing is a guess, and guesses
        cross.
    points
        Log-moneynesses judged, at least 2, evenly spaced.

    Returns
    -------
    pl.LazyFrame
        One row a violation, sorted by ``years``, ``kind`` and ``log_moneyness``; empty if there is none:

        - ``expiration`` (as given) and ``years`` (Float64): the later of two neighbours in time;
        - ``expiration_before`` (as given): the earlier one;
        - ``log_moneyness`` (Float64);
        - ``kind`` (String): ``calendar``; or ``not judged``: years or parameters that are unusable, total
          variance below zero somewhere, or years shared with another expiration. Such a row is passed over,
          its neighbours are compared with each other, and its other columns are null;
        - ``size`` (Float64): the fall in total variance, above zero. Less than 1e-9 is rounding and not
          listed.

    Raises
    ------
    ParameterError
        If a bound is not finite, ``k_min >= k_max`` or ``points < 2``; at the call.
    DataError
        If a column is missing or a parameter holds no numbers; at the call, from the schema alone.

    Notes
    -----
    Source: J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", *Quantitative Finance* 14
    (1), lemma 2.1, 2014. It holds where dividends are proportional. A crossing between two points is not
    seen.

    Examples
    --------
    >>> import polars as pl
    >>> smiles = pl.LazyFrame({"expiration": ["June", "July"], "years": [0.1, 0.2], "a": [0.02, 0.01],
    ...                        "b": [0.1, 0.2], "rho": 0.0, "m": 0.0, "sigma": 0.05})
    >>> found = calendar_violations(smiles, points=21).collect()
    >>> found.select("expiration", "expiration_before", "log_moneyness", pl.col("size").round(6)).rows()
    [('July', 'June', 0.0, 0.005)]
    """
    require_finite("k_min", k_min)
    require_finite("k_max", k_max)
    if k_min >= k_max:
        raise ParameterError("k_min", k_min, f"a number below k_max, which is {k_max}")
    require_count("points", points, least=2)
    require_columns(frame, {expiration: Kind.ANY} | dict.fromkeys((years, *PARAMETERS), Kind.NUMBER))
    smiles = frame.select(
        pl.col(expiration).alias("expiration"), positive(pl.col(years)).alias("years"), *_usable_parameters()
    ).with_columns(_is_judged_in_time().alias("judged"))
    passed_over = smiles.filter(pl.col("judged").not_()).select(
        "expiration", "years", pl.lit("not judged").alias("kind")
    )
    falls = _falls(smiles.filter("judged"), _evenly(k_min, k_max, points).rename({"at": "k"}))
    return pl.concat([falls, passed_over], how="diagonal").sort(
        "years", "kind", "log_moneyness", "expiration"
    )


def _usable_parameters() -> list[pl.Expr]:
    a, b, rho, m, sigma = (pl.col(name) for name in PARAMETERS)
    tilt = pl.when(rho.is_between(-1, 1)).then(rho.cast(pl.Float64)).alias("rho")
    return [
        finite(a).alias("a"),
        not_negative(b).alias("b"),
        tilt,
        finite(m).alias("m"),
        positive(sigma).alias("sigma"),
    ]


def _is_judged() -> pl.Expr:
    return pl.all_horizontal(pl.col(PARAMETERS).is_not_null())


def _is_judged_in_time() -> pl.Expr:
    years = pl.col("years")
    alone = years.is_not_null() & (pl.len().over("years") == 1)
    return alone & _is_judged() & (_least_variance() >= -_ROUNDING)


def _least_variance() -> pl.Expr:
    return pl.col("a") + pl.col("b") * pl.col("sigma") * (1 - pl.col("rho") ** 2).sqrt()


def _at(
    frame: pl.LazyFrame, kind: str, *, size: pl.Expr, log_moneyness: pl.Expr | None = None
) -> pl.LazyFrame:
    where = pl.lit(None, pl.Float64) if log_moneyness is None else log_moneyness
    return frame.select(
        "expiration", where.alias("log_moneyness"), pl.lit(kind).alias("kind"), size.alias("size")
    )


def _beyond(
    frame: pl.LazyFrame, kind: str, *, size: pl.Expr, log_moneyness: pl.Expr | None = None
) -> pl.LazyFrame:
    return _at(frame, kind, size=size, log_moneyness=log_moneyness).filter(pl.col("size") > _ROUNDING)


def _negative_variance(smiles: pl.LazyFrame) -> pl.LazyFrame:
    # with |rho| = 1 the variance has no least value, but a limit, far out on the flat side
    lean = pl.col("rho") / (1 - pl.col("rho") ** 2).sqrt()
    where = finite(pl.col("m") - pl.col("sigma") * lean)
    return _beyond(smiles, "variance", size=-_least_variance(), log_moneyness=where)


def _negative_density(smiles: pl.LazyFrame, points: int) -> pl.LazyFrame:
    k = pl.col("m") + pl.col("sigma") * pl.col("at").sinh()
    g = svi_density_condition(pl.col("k"), **{name: pl.col(name) for name in PARAMETERS})
    grid = smiles.join(_evenly(-_REACH, _REACH, points), how="cross").with_columns(k.alias("k"))
    return _beyond(grid, "density", size=-g, log_moneyness=pl.col("k"))


def _falls(smiles: pl.LazyFrame, grid: pl.LazyFrame) -> pl.LazyFrame:
    before = pl.struct("expiration", *PARAMETERS).shift(1).alias("before")
    neighbours = smiles.sort("years").with_columns(before).filter(pl.col("before").is_not_null())
    k, earlier = pl.col("k"), pl.col("before").struct
    now = svi_total_variance(k, **{name: pl.col(name) for name in PARAMETERS})
    then = svi_total_variance(k, **{name: earlier.field(name) for name in PARAMETERS})
    return (
        neighbours.join(grid, how="cross")
        .select(
            "expiration",
            "years",
            earlier.field("expiration").alias("expiration_before"),
            k.alias("log_moneyness"),
            pl.lit("calendar").alias("kind"),
            (then - now).alias("size"),
        )
        .filter(pl.col("size") > _ROUNDING)
    )


def _evenly(first: float, last: float, points: int) -> pl.LazyFrame:
    step = (last - first) / (points - 1)
    return pl.LazyFrame({"at": [first + place * step for place in range(points)]}, schema={"at": pl.Float64})
