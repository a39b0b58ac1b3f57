# SPDX-License-Identifier: Apache-2.0
"""Prices and kernels far in the tails: against decimal arithmetic of many digits."""

import math
import random
from collections.abc import Iterator
from decimal import Decimal, getcontext, localcontext

import numpy as np
import polars as pl
import pytest
import scipy.special

from ttapi_polars import black76_price, option_kernels

# The tail at 37 is 1e-300, and it is one half less a sum: so many digits are needed to keep 30 of it.
DIGITS = 350
EPSILON = 2.0**-52


@pytest.fixture(autouse=True)
def many_digits() -> Iterator[None]:
    with localcontext() as context:
        context.prec = DIGITS
        yield


def arctangent_of_one_over(n: int) -> Decimal:
    total, term, k = Decimal(0), Decimal(1) / n, 1
    while abs(term) > Decimal(10) ** -getcontext().prec:
        total += term / k if k % 4 == 1 else -term / k
        term, k = term / (n * n), k + 2
    return total


def root_two_pi() -> Decimal:
    pi = 4 * (4 * arctangent_of_one_over(5) - arctangent_of_one_over(239))  # Machin, 1706
    return (2 * pi).sqrt()


def normal_cdf(x: Decimal) -> Decimal:
    """One half plus n(x) (x + x**3 / 3 + x**5 / 15 + ...)."""
    total, term, k = Decimal(0), x, 1
    while abs(term) > Decimal(10) ** -getcontext().prec:
        total += term
        k += 2
        term *= x * x / k
    return Decimal("0.5") + total * (-x * x / 2).exp() / root_two_pi()


def mills(a: Decimal) -> Decimal:
    return normal_cdf(-a) * (a * a / 2).exp() * root_two_pi()


def exact_price(strike: float, volatility: float) -> tuple[Decimal, Decimal, Decimal]:
    """Return the price of a call on a forward of 100 for a year, its larger part, and d1."""
    f, k, s = Decimal(100), Decimal(strike), Decimal(volatility)
    d1 = (f / k).ln() / s + s / 2
    asset, bond = f * normal_cdf(d1), k * normal_cdf(d1 - s)
    return asset - bond, max(asset, bond), d1


# The one at 600 is worth 5e-282.
@pytest.mark.parametrize(
    ("strike", "volatility"),
    [(100.0, 1e-3), (101.0, 0.01), (150.0, 0.1), (200.0, 0.05), (400.0, 0.05), (600.0, 0.05), (60.0, 0.2)],
)
def test_price_far_out_of_the_money_keeps_its_leading_digits(strike: float, volatility: float) -> None:
    price = pl.select(black76_price(100.0, strike, 1.0, volatility=volatility, is_call=True)).item()
    exact, part, d1 = exact_price(strike, volatility)
    # The rounding of d1 moves the normal tail by d1**2 of itself, and the two parts cancel.
    allowed = Decimal(2 * EPSILON) * (1 + d1 * d1) * part
    assert abs(Decimal(price) - exact) <= allowed
    assert abs(Decimal(price) / exact - 1) < Decimal("1e-8")


def test_mills_ratio_equals_the_scaled_error_function() -> None:
    a = np.concatenate([np.linspace(0, 10, 2001), np.logspace(1, 25, 500), np.linspace(-30, 0, 500)])
    ours = np.array([option_kernels.mills(value) for value in a])
    theirs = scipy.special.erfcx(a / math.sqrt(2)) * math.sqrt(math.pi / 2)
    # Below zero the exponential of a rounded square adds its exponent's rounding.
    assert (np.abs(ours / theirs - 1) <= 1e-15 * (2 + np.where(a < 0, a * a, 0))).all()


@pytest.mark.parametrize("a", [0.0, 0.3, 1.0, 2.7, 5.0, 12.5, 30.0])
def test_mills_ratio_equals_exact_arithmetic(a: float) -> None:
    assert option_kernels.mills(a) == pytest.approx(float(mills(Decimal(a))), rel=1e-15)


def test_mills_difference_equals_exact_arithmetic_on_both_sides_of_every_seam() -> None:
    chance = random.Random(5)
    seams = [(y, share) for y in (0.0, 0.9, 2.99, 3.01, 4.99, 5.01, 20.0) for share in (0.199, 0.201)]
    pairs = [(y, share * max(1.0, y)) for y, share in seams]
    pairs += [(chance.uniform(0, 35), 10 ** chance.uniform(-8, 0.3)) for _ in range(15)]
    for y, t in pairs:
        exact = mills(Decimal(y) - Decimal(t)) - mills(Decimal(y) + Decimal(t))
        # Three orders finer than what an implied volatility needs; the series loses 1e-14 near y = 3.
        assert option_kernels.mills_difference(y, t) == pytest.approx(float(exact), rel=2e-14)
