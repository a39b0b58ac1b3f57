# SPDX-License-Identifier: Apache-2.0
"""
What option formulas share: checked arguments, the price with its parts, and the derivatives.

A formula is laid out as a struct that gains fields step by step (`polars.field` reads those of the step
before). Each quantity is thus computed once. As nested expressions they would be computed once for every use,
because Polars does not look for common parts inside a `when`, and a plan would have thousands of nodes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import polars as pl
from polars import field

from ttapi_core.errors import ParameterError
from ttapi_polars import inputs
from ttapi_polars.domains import require_finite, require_not_negative, require_positive

Number = pl.Expr | float
Flag = pl.Expr | bool


def positive(name: str, value: Number) -> pl.Expr:
    """Take a number that must be above zero: null where a column is not, an error where a number is not."""
    return _checked(name, value, require_positive, inputs.positive)


def not_negative(name: str, value: Number) -> pl.Expr:
    """Take a number that must be zero or more."""
    return _checked(name, value, require_not_negative, inputs.not_negative)


def finite(name: str, value: Number) -> pl.Expr:
    """Take a number of either sign."""
    return _checked(name, value, require_finite, inputs.finite)


def call_sign(is_call: Flag) -> pl.Expr:
    """Return 1 for a call, -1 for a put, null where it is not known."""
    if isinstance(is_call, bool):
        return pl.lit(1.0 if is_call else -1.0)
    if not isinstance(is_call, pl.Expr):
        raise ParameterError("is_call", is_call, "a boolean or an expression of booleans")
    return pl.when(is_call).then(1.0).when(is_call.not_()).then(-1.0)


def _checked(
    name: str,
    value: Number,
    require: Callable[[str, float], None],
    keep: Callable[[pl.Expr], pl.Expr],
) -> pl.Expr:
    if isinstance(value, pl.Expr):
        return keep(value)
    require(name, value)
    return pl.lit(value, dtype=pl.Float64)


def priced(terms: pl.Expr) -> pl.Expr:
    """
    Add the price of a European option to what it depends on.

    Parameters
    ----------
    terms
        Struct with the fields ``asset`` and ``bond``, the present values of what a call receives and pays,
        ``years``, ``volatility``, and ``sign``, 1 for a call and -1 for a put.

    Returns
    -------
    pl.Expr
        The struct with ``deviation``, that of the log price at expiration, ``d1``, ``d2``, and the ``price``:
        at least the ``intrinsic`` value, which it is where no deviation is left; else ``asset_part`` less
        ``bond_part``. The price is null where a term is, and where it is beyond the range of a Float64.
    """
    sign, asset, bond, deviation = (field(name) for name in ("sign", "asset", "bond", "deviation"))
    return (
        terms.struct.with_fields(
            deviation=field("volatility") * field("years").sqrt(),
            moneyness=(asset / bond).log(),
            intrinsic=(sign * (asset - bond)).clip(lower_bound=0),
        )
        .struct.with_fields(d1=field("moneyness") / deviation + deviation / 2)
        .struct.with_fields(d2=field("d1") - deviation)
        .struct.with_fields(
            asset_part=sign * asset * normal_cdf(sign * field("d1")),
            bond_part=sign * bond * normal_cdf(sign * field("d2")),
        )
        .struct.with_fields(price=_where_uncertain(field("asset_part") - field("bond_part")))
        .struct.with_fields(price=field("price").clip(lower_bound=field("intrinsic")))
        .struct.with_fields(price=_representable(field("price")))
    )


def differentiated(terms: pl.Expr) -> pl.Expr:
    """
    Add the derivatives that all models of one lognormal price share.

    Parameters
    ----------
    terms
        What `priced` returns, with the field ``underlying``: the price whose changes count, spot or forward.

    Returns
    -------
    pl.Expr
        The struct with ``delta``, ``gamma``, ``vega``, ``vanna``, ``volga`` and ``decay``, which is theta
        without interest and dividends. Not yet `defined`.
    """
    underlying, volatility, deviation = (field(name) for name in ("underlying", "volatility", "deviation"))
    d1, d2, density = field("d1"), field("d2"), field("density")
    return terms.struct.with_fields(
        density=field("asset") * _normal_pdf(d1), root=field("years").sqrt()
    ).struct.with_fields(
        delta=field("asset_part") / underlying,
        gamma=_where_uncertain(density / underlying / underlying / deviation),
        vega=_where_uncertain(density * field("root")),
        vanna=_where_uncertain(-density * d2 / underlying / volatility),
        volga=_where_uncertain(density * field("root") * d1 * d2 / volatility),
        decay=_where_uncertain(density * volatility / field("root") * -0.5),
    )


def defined(terms: pl.Expr, *names: str) -> pl.Expr:
    """
    Reduce the struct to its price and these derivatives.

    They are null beyond the range of a Float64, and at the kink of an option without deviation.
    """
    has_kink = (field("deviation") == 0) & (field("asset") == field("bond"))
    smooth = terms.struct.with_fields(is_smooth=field("price").is_finite() & has_kink.not_())
    kept = [
        pl.when(field("is_smooth") & field(name).is_finite()).then(field(name)).alias(name) for name in names
    ]
    return smooth.struct.with_fields(greeks=pl.struct(field("price"), *kept)).struct.field("greeks")


def _where_uncertain(value: pl.Expr) -> pl.Expr:
    return pl.when(field("deviation") > 0).then(value).when(field("deviation") == 0).then(0.0)


def _representable(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite()).then(value)


def normal_cdf(x: pl.Expr) -> pl.Expr:
    """Cumulative normal distribution; the complementary error function keeps the lower tail exact."""
    return 0.5 * (x * -math.sqrt(0.5)).erfc()


def _normal_pdf(x: pl.Expr) -> pl.Expr:
    return (x * x * -0.5).exp() * (1 / math.sqrt(2 * math.pi))
