# SPDX-License-Identifier: Apache-2.0
"""The SVI smile of one expiration: total variance, volatility, and the condition on its density."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.domains import require_finite, require_not_negative, require_positive
from ttapi_polars.inputs import finite, not_negative, positive, require_expression

if TYPE_CHECKING:
    from collections.abc import Callable

PARAMETERS = ("a", "b", "rho", "m", "sigma")
"""Names of the five parameters of raw SVI, as columns and as arguments."""


def svi_total_variance(
    k: pl.Expr,
    *,
    a: pl.Expr | float,
    b: pl.Expr | float,
    rho: pl.Expr | float,
    m: pl.Expr | float,
    sigma: pl.Expr | float,
) -> pl.Expr:
    """
    Total implied variance of the raw SVI smile.

    Parameters
    ----------
    k
        Log-moneyness ``ln(strike / forward)``. Any numeric type, shape ``(n,)``.
    a
        Level of variance.
    b
        Half the sum of the slopes of both wings, zero or more.
    rho
        Tilt, from -1 to 1: the slope is ``b (1 + rho)`` on the right and ``b (1 - rho)`` on the left.
    m
        Log-moneyness about which the smile bends.
    sigma
        Width of the bend in log-moneyness, above zero.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``: volatility squared times years. Length and order are kept. Null where an
        argument is null, NaN, infinite or outside its domain, and where the variance would be negative.

    Raises
    ------
    ParameterError
        If ``k`` is no expression, or a parameter given as a number is outside its domain; on construction.

    Notes
    -----
    ``w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2))``. Source: J. Gatheral, "A parsimonious
    arbitrage-free implied volatility parameterization with application to the valuation of volatility
    derivatives", Global Derivatives & Risk Management, Madrid, 2004.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"k": [-0.2, 0.0, 0.2]})
    >>> variance = svi_total_variance(pl.col("k"), a=0.01, b=0.1, rho=-0.5, m=0.0, sigma=0.1)
    >>> frame.select(variance.round(6))["k"].to_list()
    [0.042361, 0.02, 0.022361]
    """
    return not_negative(_Smile.of(k, a=a, b=b, rho=rho, m=m, sigma=sigma).variance)


def svi_volatility(
    k: pl.Expr,
    years: pl.Expr | float,
    *,
    a: pl.Expr | float,
    b: pl.Expr | float,
    rho: pl.Expr | float,
    m: pl.Expr | float,
    sigma: pl.Expr | float,
) -> pl.Expr:
    """
    Implied volatility of the raw SVI smile.

    Parameters
    ----------
    k
        Log-moneyness ``ln(strike / forward)``. Any numeric type, shape ``(n,)``.
    years
        Time to expiration in years, above zero.
    a, b, rho, m, sigma
        The parameters, see `svi_total_variance`.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per square-root year (0.2 is 20 %). Length and order are kept.
        Null where the total variance is null (see `svi_total_variance`) or ``years`` is not above zero.

    Raises
    ------
    ParameterError
        If ``k`` is no expression, or an argument given as a number is outside its domain; on construction.

    Notes
    -----
    ``sqrt(w(k) / years)``. Source: see `svi_total_variance`.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"k": [-0.2, 0.0, 0.2]})
    >>> smile = svi_volatility(pl.col("k"), 0.5, a=0.01, b=0.1, rho=-0.5, m=0.0, sigma=0.1)
    >>> frame.select(smile.round(6))["k"].to_list()
    [0.291069, 0.2, 0.211474]
    """
    time = _number("years", years, require_positive)
    variance = svi_total_variance(k, a=a, b=b, rho=rho, m=m, sigma=sigma)
    return finite((variance / positive(time)).sqrt())


def svi_density_condition(
    k: pl.Expr,
    *,
    a: pl.Expr | float,
    b: pl.Expr | float,
    rho: pl.Expr | float,
    m: pl.Expr | float,
    sigma: pl.Expr | float,
) -> pl.Expr:
    """
    Durrleman's function g of the raw SVI smile: below zero, the smile admits butterfly arbitrage.

    Parameters
    ----------
    k
        Log-moneyness ``ln(strike / forward)``. Any numeric type, shape ``(n,)``.
    a, b, rho, m, sigma
        The parameters, see `svi_total_variance`.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a pure number of the sign of the risk-neutral density; 1 on a flat smile.
        Length and order are kept. Null where an argument is null, NaN, infinite or outside its domain, and
        where the total variance is not above zero.

    Raises
    ------
    ParameterError
        If ``k`` is no expression, or a parameter given as a number is outside its domain; on construction.

    Notes
    -----
    ``g = (1 - k w' / (2 w))^2 - (w'^2 / 4) (1 / w + 1 / 4) + w'' / 2`` with the derivatives of ``w`` in
    ``k``. Source: J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", *Quantitative
    Finance* 14 (1), section 2.2, 2014; named as by C. Martini and A. Mingone, "No arbitrage SVI", 2021.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"k": [0.0, 0.8, 2.0]})
    >>> g = svi_density_condition(pl.col("k"), a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
    >>> frame.select(g.round(4))["k"].to_list()
    [1.0386, -0.0298, 0.077]
    """
    smile = _Smile.of(k, a=a, b=b, rho=rho, m=m, sigma=sigma)
    w, slope = positive(smile.variance), smile.slope
    straight = (smile.k * slope / (2 * w) - 1) ** 2
    return finite(straight - slope**2 / 4 * (1 / w + 0.25) + smile.curvature / 2)


class _Smile(NamedTuple):
    k: pl.Expr
    variance: pl.Expr
    slope: pl.Expr
    curvature: pl.Expr

    @classmethod
    def of(
        cls,
        k: pl.Expr,
        *,
        a: pl.Expr | float,
        b: pl.Expr | float,
        rho: pl.Expr | float,
        m: pl.Expr | float,
        sigma: pl.Expr | float,
    ) -> _Smile:
        require_expression("k", k)
        level = finite(_number("a", a, require_finite))
        wings = not_negative(_number("b", b, require_not_negative))
        tilt = _tilt(_number("rho", rho, _require_tilt))
        width = positive(_number("sigma", sigma, require_positive))
        x = finite(k) - finite(_number("m", m, require_finite))
        root = (x**2 + width**2).sqrt()
        # k stands first in each, so that the result bears its name
        return cls(
            k=finite(k),
            variance=(x * tilt + root) * wings + level,
            slope=(x / root + tilt) * wings,
            # not sigma^2 / root^3: its numerator and denominator both underflow on a sharp bend
            curvature=wings * (width / root) ** 2 / root,
        )


def _number(name: str, value: pl.Expr | float, require: Callable[[str, float], None]) -> pl.Expr:
    if isinstance(value, pl.Expr):
        return value
    require(name, value)
    return pl.lit(value, dtype=pl.Float64)


def _tilt(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_between(-1, 1)).then(value.cast(pl.Float64))


def _require_tilt(parameter: str, value: float) -> None:
    require_finite(parameter, value)
    if abs(value) > 1:
        raise ParameterError(parameter, value, "a number from -1 to 1")
