# SPDX-License-Identifier: Apache-2.0
"""The SVI smile of each expiration, fitted to its quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from ttapi_polars.arbitrage import butterfly_violations
from ttapi_polars.extras import require_surface
from ttapi_polars.inputs import Kind, finite, positive, require_columns
from ttapi_polars.svi import PARAMETERS, svi_volatility

if TYPE_CHECKING:
    from ttapi_polars.svi_calibration import RawSvi

POINTS_MIN: Final = 5
"""Different strikes that a fit of five parameters needs."""

# What is further from any market than this is a mistake in the data, and would only overflow: a
# log-moneyness, a total variance from and to, and how far apart two strikes are at least.
_MONEYNESS_MAX: Final = 100.0
_VARIANCE_RANGE: Final = (1e-12, 1e4)
_MONEYNESS_STEP: Final = 1e-9

OK: Final = "ok"
TOO_FEW_POINTS: Final = "too few points"
NO_CONVERGENCE: Final = "no convergence"
UNCLEAR_EXPIRATION: Final = "unclear expiration"


def fit_svi(
    frame: pl.LazyFrame,
    *,
    expiration: str = "expiration",
    years: str = "years",
    log_moneyness: str = "log_moneyness",
    volatility: str = "volatility",
    total_variance: str | None = None,
    weight: str | None = None,
) -> pl.LazyFrame:
    """
    Fit the raw SVI smile to the implied volatilities of each expiration.

    Parameters
    ----------
    frame
        One row a quote, in any order.
    expiration, years, log_moneyness, volatility
        Names of the columns of the expiration (any type), the time to it in years (the same in all its rows),
        ``ln(strike / forward)``, and the implied volatility, a fraction per square-root year.
    total_variance
        Name of a column of volatility squared times years; when given it is read and ``volatility`` is not.
    weight
        Name of a column of weights of the squared errors in volatility, above zero; without it all weigh the
        same.

    Returns
    -------
    pl.LazyFrame
        One row an expiration that ``frame`` holds, sorted by it:

        - ``expiration`` (as given) and ``years`` (Float64);
        - ``a``, ``b``, ``rho``, ``m``, ``sigma`` (Float64), see `svi_total_variance`;
        - ``rmse`` (Float64, weighted root mean square error in volatility, a fraction);
        - ``points`` and ``unused`` (UInt32): rows fitted, and rows left out because a value in them is null,
          NaN, infinite, not above zero (the log-moneyness may be), or absurd: a log-moneyness beyond 100
          either way, a total variance not from 1e-12 to 1e4;
        - ``butterfly_arbitrage`` (Boolean): whether `butterfly_violations` finds any;
        - ``status`` (String): ``ok``; ``too few points``, fewer than five log-moneynesses that differ
          by 1e-9;
          ``unclear expiration``, which is null or whose years are unusable or not one number; ``no
          convergence``.

        Unless the status is ``ok``, parameters, error and flag are null. Several quotes at one log-moneyness,
        such as a call and a put, are all fitted.

    Raises
    ------
    MissingExtraError
        If the extra ``surface`` is not installed; at the call.
    DataError
        If a column is missing or holds no numbers; at the call, from the schema alone.

    Notes
    -----
    Minimises the weighted squares of errors in total variance over ``2 volatility years``, which is to first
    order the errors in volatility, subject to total variance nowhere below zero and to wings of slope 2 at
    most. The method is quasi-explicit (S. De Marco and C. Martini, "Quasi-explicit calibration of Gatheral's
    SVI model", Zeliade Systems, 2009), with a last step over all five parameters. A fit may admit butterfly
    arbitrage: it is flagged and not repaired. About 10 ms an expiration, on one core; the same rows in
    another order give the same numbers to the last bit.

    Examples
    --------
    >>> import polars as pl
    >>> from ttapi_polars.svi import svi_volatility
    >>> smile = svi_volatility(pl.col("log_moneyness"), 0.5, a=0.01, b=0.1, rho=-0.5, m=0.0, sigma=0.1)
    >>> quotes = pl.LazyFrame({"log_moneyness": [-0.3, -0.2, -0.1, 0.0, 0.1, 0.2]}).with_columns(
    ...     expiration=pl.lit("June"), years=0.5, volatility=smile
    ... )
    >>> fit_svi(quotes).select(pl.col("a", "b", "rho", "sigma").round(6), "points", "status").collect().rows()
    [(0.01, 0.1, -0.5, 0.1, 6, 'ok')]
    """
    require_surface("fit_svi")
    value = volatility if total_variance is None else total_variance
    kinds = dict.fromkeys((years, log_moneyness, value, *([] if weight is None else [weight])), Kind.NUMBER)
    schema = require_columns(frame, {expiration: Kind.ANY} | kinds)
    time = positive(pl.col(years))
    variance = positive(pl.col(value)) ** 2 * time if total_variance is None else pl.col(total_variance)
    quotes = frame.select(
        pl.col(expiration).alias("expiration"),
        time.alias("years"),
        _within(finite(pl.col(log_moneyness)), -_MONEYNESS_MAX, _MONEYNESS_MAX).alias("k"),
        _within(positive(variance), *_VARIANCE_RANGE).alias("w"),
        (pl.lit(1.0) if weight is None else positive(pl.col(weight))).alias("weight"),
    )
    shape = {"expiration": schema[expiration], **_FITTED}
    return quotes.map_batches(_fitted, schema=shape).sort("expiration")


_FITTED: Final = {
    "years": pl.Float64(),
    **dict.fromkeys((*PARAMETERS, "rmse"), pl.Float64()),
    "points": pl.UInt32(),
    "unused": pl.UInt32(),
    "butterfly_arbitrage": pl.Boolean(),
    "status": pl.String(),
}


def _within(value: pl.Expr, low: float, high: float) -> pl.Expr:
    return pl.when(value.is_between(low, high)).then(value)


def _fitted(quotes: pl.DataFrame) -> pl.DataFrame:
    # Sorted, so that sums do not depend on the order in which quotes came.
    rows = quotes.sort("expiration", "k", "w", "weight")
    groups = rows.partition_by("expiration", maintain_order=True)
    expirations = pl.concat([rows["expiration"].head(0), *(group["expiration"].head(1) for group in groups)])
    fits = pl.DataFrame([_fit_of_group(group) for group in groups], schema=_FITTED)
    return _flagged(fits).insert_column(0, expirations)


def _flagged(fits: pl.DataFrame) -> pl.DataFrame:
    numbered = fits.with_row_index("place")
    found = butterfly_violations(numbered.lazy(), expiration="place").collect()["expiration"].unique()
    fitted = pl.col("status") == OK
    flag = pl.when(fitted).then(pl.col("place").is_in(found.implode()))
    return numbered.with_columns(flag.alias("butterfly_arbitrage")).drop("place")


def _fit_of_group(group: pl.DataFrame) -> dict[str, Any]:
    used = group.drop_nulls()
    facts = {"points": used.height, "unused": group.height - used.height}
    times = group["years"].unique()
    if group["expiration"].null_count() or times.len() != 1 or times.null_count():
        return facts | {"status": UNCLEAR_EXPIRATION}
    facts["years"] = times.item()
    if (used["k"] / _MONEYNESS_STEP).round().n_unique() < POINTS_MIN:
        return facts | {"status": TOO_FEW_POINTS}
    smile = _smile_through(used)
    if smile is None:
        return facts | {"status": NO_CONVERGENCE}
    return facts | smile._asdict() | {"rmse": _error(used, smile), "status": OK}


def _smile_through(used: pl.DataFrame) -> RawSvi | None:
    from ttapi_polars.svi_calibration import Points, calibrated  # noqa: PLC0415 - needs an extra, and is heavy

    columns = used.select(
        "k",
        "w",
        scale=(pl.col("weight") / pl.col("weight").max() / (4 * pl.col("w") * pl.col("years"))).sqrt(),
    )
    return calibrated(Points(*(column.to_numpy() for column in columns)))


def _error(used: pl.DataFrame, smile: RawSvi) -> float:
    fitted = svi_volatility(pl.col("k"), pl.col("years"), **smile._asdict())
    error = fitted - (pl.col("w") / pl.col("years")).sqrt()
    weight = pl.col("weight") / pl.col("weight").max()
    value: float = used.select(((weight * error**2).sum() / weight.sum()).sqrt()).item()
    return value
