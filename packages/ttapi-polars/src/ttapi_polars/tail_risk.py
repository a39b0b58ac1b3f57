# SPDX-License-Identifier: Apache-2.0
"""Value at risk and expected shortfall: from the sample itself, or from a distribution fitted to it."""

from __future__ import annotations

import math
from fractions import Fraction
from statistics import NormalDist
from typing import Final

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.domains import require_count, require_positive
from ttapi_polars.inputs import finite, require_flag
from ttapi_polars.returns import ROUNDING

_INFINITY: Final = math.inf
_NORMAL: Final = NormalDist()


def historical_value_at_risk(returns: pl.Expr, *, confidence: float = 0.95) -> pl.Expr:
    """
    Loss per bar that the sample exceeded with probability ``1 - confidence``.

    Parameters
    ----------
    returns
        Returns, one per bar. Any numeric type, shape ``(n,)``.
    confidence
        Probability of losing less, above 0 and below 1.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per bar. Positive is a loss (0.02 is a loss of 2 %); negative where
        even that bar was a gain. Returns that are null, NaN or infinite are left out; null where none is
        left.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1; on construction, not on collect.

    Notes
    -----
    ``-q(1 - confidence)``, the quantile interpolated linearly between order statistics, at position
    ``(n - 1) * (1 - confidence)`` counted from zero (type 7 of R. J. Hyndman, Y. Fan, "Sample Quantiles in
    Statistical Packages", *The American Statistician* 50(4), 1996). Source: P. Jorion, *Value at Risk*, 3rd
    edition, chapter 5, 2006.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01, 0.03, -0.02, 0.0]})
    >>> frame.select(historical_value_at_risk(pl.col("r"), confidence=0.75).round(6)).item()
    0.01
    """
    return _halved(returns).quantile(_tail(confidence), interpolation="linear") * -2


def rolling_historical_value_at_risk(returns: pl.Expr, *, window: int, confidence: float = 0.95) -> pl.Expr:
    """
    Value at risk of the last ``window`` bars, from the sample itself.

    Parameters
    ----------
    returns
        Returns in time order, one per bar. Any numeric type, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the column holds several instruments.
    window
        Returns per value, at least 1.
    confidence
        Probability of losing less, above 0 and below 1.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction per bar, positive for a loss. Length and order are kept. The first
        ``window - 1`` rows are null, and so is each row whose window holds a null, NaN or infinite return.

    Raises
    ------
    ParameterError
        If ``window < 1`` or ``confidence`` is not between 0 and 1; on construction, not on collect.

    Notes
    -----
    Quantile and source as in `historical_value_at_risk`.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [None, 0.02, -0.01, -0.03]})
    >>> value = rolling_historical_value_at_risk(pl.col("r"), window=2, confidence=0.75)
    >>> frame.select(value.round(6))["r"].to_list()
    [None, None, 0.0025, 0.025]
    """
    require_count("window", window, least=1)
    quantile = _halved(returns).rolling_quantile(
        _tail(confidence), interpolation="linear", window_size=window, min_samples=window
    )
    return quantile * -2


def expected_shortfall(returns: pl.Expr, *, confidence: float = 0.95) -> pl.Expr:
    """
    Mean loss per bar over the worst ``1 - confidence`` of the sample.

    Parameters
    ----------
    returns
        Returns, one per bar. Any numeric type, shape ``(n,)``.
    confidence
        Probability that is not in the tail, above 0 and below 1.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per bar, positive for a loss; never below `historical_value_at_risk`
        but for rounding. Returns that are null, NaN or infinite are left out; null where none is left.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1; on construction, not on collect.

    Notes
    -----
    The tail holds ``n * (1 - confidence)`` returns, a number that need not be whole: the worst ones count
    fully and the last of them with the part that is left, so that the measure is coherent and does not jump
    with ``confidence``. Where the tail is less than one return it is the worst return. Source: C. Acerbi, D.
    Tasche, "Expected Shortfall: A Natural Coherent Alternative to Value at Risk", *Economic Notes* 31(2),
    2002.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [0.02, -0.01, 0.03, -0.02, 0.0]})
    >>> frame.select(expected_shortfall(pl.col("r"), confidence=0.7).round(6)).item()
    0.016667
    """
    kept = finite(returns)
    size = kept.count() * _tail(confidence)
    # Equal returns are told apart by their order, which changes no sum.
    worse = kept.rank("ordinal").cast(pl.Float64) - 1
    weight = (size - worse).clip(0, 1)
    return finite(-(kept * weight).sum() / size)


def parametric_value_at_risk(
    returns: pl.Expr, *, confidence: float = 0.95, cornish_fisher: bool = False
) -> pl.Expr:
    """
    Loss per bar exceeded with probability ``1 - confidence`` under a distribution fitted to the sample.

    Parameters
    ----------
    returns
        Returns, one per bar. Any numeric type, shape ``(n,)``.
    confidence
        Probability of losing less, above 0 and below 1.
    cornish_fisher
        Correct the normal quantile for the skew and kurtosis of the sample.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per bar. Positive is a loss, negative a gain. Returns that are null,
        NaN or infinite are left out; null where fewer than two are left. With ``cornish_fisher`` null also
        where the returns do not vary by more than rounding, and where the correction is outside its domain:
        there a higher confidence would give a smaller loss.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1; on construction, not on collect.

    Notes
    -----
    ``-(mean + z * std)`` with ddof = 1 and ``z`` the normal quantile of ``1 - confidence``. The correction
    puts ``z + (z**2 - 1) * S / 6 + (z**3 - 3 * z) * K / 24 - (2 * z**3 - 5 * z) * S**2 / 36`` in place of
    ``z``, S and K being skew and excess kurtosis of the sample (divisor n). Sources: P. Jorion, *Value at
    Risk*, 3rd edition, chapter 5, 2006; L. Favre, J.-A. Galeano, "Mean-Modified Value-at-Risk Optimization
    with Hedge Funds", *Journal of Alternative Investments* 5(2), 2002; for the domain D. Maillard, "A User's
    Guide to the Cornish Fisher Expansion", 2012.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [0.02, -0.01, 0.03, -0.02, 0.0]})
    >>> frame.select(
    ...     parametric_value_at_risk(pl.col("r")).round(6).alias("normal"),
    ...     parametric_value_at_risk(pl.col("r"), cornish_fisher=True).round(6).alias("corrected"),
    ... ).row(0)
    (0.030108, 0.029791)
    """
    require_flag("cornish_fisher", cornish_fisher)
    kept = finite(returns)
    z = _NORMAL.inv_cdf(_tail(confidence))
    if not cornish_fisher:
        return finite(-(kept.mean() + kept.std(ddof=1) * z))
    quantile, is_known = _cornish_fisher(kept, z)
    is_varied = kept.max() - kept.min() > ROUNDING * (1 + kept.abs().max())
    return finite(-(kept.mean() + kept.std(ddof=1) * pl.when(is_varied & is_known).then(quantile)))


def parametric_expected_shortfall(returns: pl.Expr, *, confidence: float = 0.95) -> pl.Expr:
    """
    Mean loss per bar over the worst ``1 - confidence`` of a normal distribution fitted to the sample.

    Parameters
    ----------
    returns
        Returns, one per bar. Any numeric type, shape ``(n,)``.
    confidence
        Probability that is not in the tail, above 0 and below 1.

    Returns
    -------
    pl.Expr
        Float64, one value, a fraction per bar, positive for a loss. Returns that are null, NaN or infinite
        are left out; null where fewer than two are left.

    Raises
    ------
    ParameterError
        If ``confidence`` is not between 0 and 1; on construction, not on collect.

    Notes
    -----
    ``-mean + std * density(z) / (1 - confidence)`` with ddof = 1, ``z`` the normal quantile of
    ``1 - confidence``. Source: A. J. McNeil, R. Frey, P. Embrechts, *Quantitative Risk Management*, revised
    edition, section 2.3, 2015.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"r": [0.02, -0.01, 0.03, -0.02, 0.0]})
    >>> frame.select(parametric_expected_shortfall(pl.col("r")).round(6)).item()
    0.038773
    """
    kept = finite(returns)
    tail = _tail(confidence)
    deviations = _NORMAL.pdf(_NORMAL.inv_cdf(tail)) / tail
    return finite(kept.std(ddof=1) * deviations - kept.mean())


# Two returns near the ends of float are further apart than float reaches, and half of each is not.
def _halved(returns: pl.Expr) -> pl.Expr:
    return finite(returns) / 2


# The corrected quantile, and whether it still rises with z at this z.
def _cornish_fisher(kept: pl.Expr, z: float) -> tuple[pl.Expr, pl.Expr]:
    skew, kurtosis = kept.skew(), kept.kurtosis()
    quantile = (
        skew * ((z**2 - 1) / 6)
        + kurtosis * ((z**3 - 3 * z) / 24)
        - skew.pow(2) * ((2 * z**3 - 5 * z) / 36)
        + z
    )
    slope = skew * (z / 3) + kurtosis * ((z**2 - 1) / 8) - skew.pow(2) * ((6 * z**2 - 5) / 36) + 1
    return quantile, slope > 0


# One less the confidence as it was written: in binary 1 - 0.95 is a little more than 0.05.
def _tail(confidence: float) -> float:
    require_positive("confidence", confidence)
    if confidence >= 1:
        raise ParameterError("confidence", confidence, "a probability above 0 and below 1")
    return float(1 - Fraction(str(confidence)))
