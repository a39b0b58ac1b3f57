# SPDX-License-Identifier: Apache-2.0
"""
Covariance, correlation and beta: over a rolling window and over a whole sample, without cancellation.

A running sum that drops what leaves the window never recovers from an outlier: the outlier took digits
with it. Here nothing is ever subtracted from a sum. The means and the centred sums of products of a window
are merged from those of two shorter windows that adjoin (`_merged`), one of them being the other, shifted:
1, 2, 4, 8, ... rows, and one more row where the window is no power of two. A window of ``n`` rows takes at
most ``2 * log2(n)`` merges, whatever the number of rows, and reads its own ``n`` rows only.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_polars.adjoining import over, over_adjoining
from ttapi_polars.domains import require_count
from ttapi_polars.extras import has_kernels
from ttapi_polars.inputs import finite, require_flag
from ttapi_polars.returns import simple_returns

# The factors of each sum of products that a window may carry.
_FACTORS: Final = {"xx": ("x", "x"), "xy": ("x", "y"), "yy": ("y", "y")}

# A sum of squares at or below it counts as zero: smaller ones have lost digits to underflow.
SQUARES_LEAST: Final = 1e-290


def rolling_covariance(x: pl.Expr, y: pl.Expr, *, window: int) -> pl.Expr:
    """
    Sample covariance of two series over a rolling window.

    Parameters
    ----------
    x, y
        Returns, or any finite numbers, in time order, one per bar, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Rows per estimate, at least 2. The first ``window - 1`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, the unit of ``x`` times the unit of ``y``. Length and order are kept.
        Null wherever the window holds a row in which one of the two is null, NaN or infinite, and where
        the result is too large for a double.

    Raises
    ------
    ParameterError
        If ``window < 2``; on construction, not on collect.

    Notes
    -----
    ``sum((x - mean(x)) * (y - mean(y))) / (window - 1)``. A row depends on nothing outside its window, to the
    last bit. Merging: T. F. Chan, G. H. Golub, R. J. LeVeque, *Updating Formulae and a Pairwise Algorithm for
    Computing Sample Variances*, 1979, equation 2.1; for two variables: P. Pébay, *Formulas for Robust,
    One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical Moments*, 2008.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"x": [1e12, 1.0, 2.0, 4.0], "y": [0.0, 3.0, 5.0, 9.0]})
    >>> frame.select(rolling_covariance(pl.col("x"), pl.col("y"), window=2))["x"].to_list()[2:]
    [1.0, 4.0]
    """
    require_count("window", window, least=2)
    return over_windows(x, y, window=window, sums=("xy",), measure=finite(pl.field("xy") / (window - 1)))


def rolling_correlation(x: pl.Expr, y: pl.Expr, *, window: int) -> pl.Expr:
    """
    Pearson's correlation of two series over a rolling window.

    Parameters
    ----------
    x, y
        Returns, or any finite numbers, in time order, one per bar, shape ``(n,)``.
        Use ``.over("symbol")`` on the result when the columns hold several instruments.
    window
        Rows per estimate, at least 2. The first ``window - 1`` rows are null.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, from -1 to 1. Length and order are kept. Null as in `rolling_covariance`,
        and wherever one of the two is constant over the window.

    Raises
    ------
    ParameterError
        If ``window < 2``; on construction, not on collect.

    Notes
    -----
    The covariance over the root of the product of the variances; what rounding puts beyond -1 or 1 is put
    back. "Constant" means equal to the last bit, or squares that add up to 1e-290 at most. Null as
    well where the variances differ by more than 1e308 times. Computed as in `rolling_covariance`.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"x": [1.0, 2.0, 3.0, 2.0, 2.0, 2.0], "y": [2.0, 4.0, 6.0, 4.0, 3.0, 1.0]})
    >>> frame.select(rolling_correlation(pl.col("x"), pl.col("y"), window=3).round(6))["x"].to_list()
    [None, None, 1.0, 1.0, 0.944911, None]
    """
    require_count("window", window, least=2)
    measure = pearson(pl.field("xx"), pl.field("xy"), pl.field("yy"))
    return over_windows(x, y, window=window, sums=("xx", "xy", "yy"), measure=measure)


def rolling_beta(
    returns: pl.Expr,
    benchmark: pl.Expr,
    *,
    window: int,
    by: pl.Expr | None = None,
    of_prices: bool = False,
) -> pl.Expr:
    """
    Slope of returns on those of a benchmark over a rolling window.

    Parameters
    ----------
    returns, benchmark
        Returns of the instrument and of the benchmark, fractions, in time order, one per bar, shape ``(n,)``.
    window
        Rows per estimate, at least 2. The first ``window - 1`` rows are null.
    by
        What tells the instruments apart when the column holds several. The result is that of
        ``.over(by)``; with the extra ``kernels`` it takes one compiled pass, quickest where the rows of an
        instrument adjoin, and the last digits may differ.
    of_prices
        Whether ``returns`` are prices of the instrument, whose `simple_returns` are to be taken first, within
        each instrument: the same as to pass those, in one pass rather than two.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, without unit. Length and order are kept. Null as in `rolling_covariance`,
        and wherever the benchmark is constant over the window.

    Raises
    ------
    ParameterError
        If ``window < 2``; on construction, not on collect.

    Notes
    -----
    ``cov(returns, benchmark) / var(benchmark)``: the slope of an ordinary least squares line with intercept.
    Source: M. C. Jensen, *The Performance of Mutual Funds in the Period 1945-1964*, Journal of Finance 23,
    1968, equation 8. "Constant" as in `rolling_correlation`; computed as in `rolling_covariance`.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"fund": [0.02, -0.02, 0.04, 0.01], "index": [0.01, -0.01, 0.02, 0.02]})
    >>> beta = rolling_beta(pl.col("fund"), pl.col("index"), window=2)
    >>> frame.select(beta.round(6))["fund"].to_list()
    [None, 2.0, 2.0, None]
    """
    require_count("window", window, least=2)
    require_flag("of_prices", of_prices)
    if by is not None and has_kernels():
        from ttapi_polars import passes  # noqa: PLC0415 - an extra

        run = passes.rolling_beta(window=window, of_prices=of_prices)
        return over_adjoining([returns, benchmark], by, run)
    x = simple_returns(returns) if of_prices else returns
    measure = slope(pl.field("xy"), pl.field("yy"))
    return over(over_windows(x, benchmark, window=window, sums=("xy", "yy"), measure=measure), by)


def covariance(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """
    Sample covariance of two series over the whole sample.

    Parameters
    ----------
    x, y
        Returns, or any finite numbers, shape ``(n,)``; their order makes no difference.

    Returns
    -------
    pl.Expr
        Float64, one value, the unit of ``x`` times the unit of ``y``. Rows in which one of the two is null,
        NaN or infinite are left out; null where fewer than two are left, or the result is too large.

    Notes
    -----
    ``sum((x - mean(x)) * (y - mean(y))) / (pairs - 1)``, the means taken first and their own rounding taken
    out again. Source: T. F. Chan, G. H. Golub, R. J. LeVeque, *Algorithms for Computing the Sample Variance*,
    The American Statistician 37, 1983, equation 1.7.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"x": [1.0, 2.0, None, 4.0], "y": [3.0, 5.0, 7.0, 10.0]})
    >>> frame.select(covariance(pl.col("x"), pl.col("y"))).item()
    5.5
    """
    pairs = pl.field("x").count()
    products = (pl.field("d_x") * pl.field("d_y")).sum()
    measure = finite(pl.when(pairs >= 2).then(products / (pairs - 1)))
    return of_sample(centred(paired(), "x", "y"), measure, x, y)


def correlation(x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """
    Pearson's correlation of two series over the whole sample.

    Parameters
    ----------
    x, y
        Returns, or any finite numbers, shape ``(n,)``; their order makes no difference.

    Returns
    -------
    pl.Expr
        Float64, one value, from -1 to 1. Rows in which one of the two is null, NaN or infinite are left out;
        null where fewer than two are left or one of the two is constant.

    Notes
    -----
    The covariance over the root of the product of the variances, computed as in `covariance`; see
    `rolling_correlation` for what constant means.

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"x": [1.0, 2.0, None, 3.0], "y": [9.0, 5.0, 7.0, 1.0]})
    >>> frame.select(correlation(pl.col("x"), pl.col("y")).round(6)).item()
    -1.0
    """
    dx, dy = pl.field("d_x"), pl.field("d_y")
    sums = centred(paired(), "x", "y").struct.with_fields(
        xx=(dx * dx).sum(), xy=(dx * dy).sum(), yy=(dy * dy).sum()
    )
    return of_sample(sums, pearson(pl.field("xx"), pl.field("xy"), pl.field("yy")), x, y)


def over_windows(x: pl.Expr, y: pl.Expr, *, window: int, sums: tuple[str, ...], measure: pl.Expr) -> pl.Expr:
    """
    Give a measure of each window of rows, null where the window is not whole; named as ``x`` is.

    The measure is made of the fields ``mean_x``, ``mean_y`` and those of ``sums`` ("xx", "xy", "yy": centred
    sums of products), at least one of them, for only these know of both ``x`` and ``y``.
    """
    # A row on its own: its values are its means, and it deviates from them by nothing.
    nothing = pl.when(pl.field("x").is_not_null() & pl.field("y").is_not_null()).then(0.0)
    state = paired().struct.with_fields(
        mean_x=pl.field("x"), mean_y=pl.field("y"), **dict.fromkeys(sums, nothing)
    )
    rows = 1
    for more in f"{window:b}"[1:]:
        state, rows = _merged(state, rows, older=rows, sums=sums), rows * 2
        if more == "1":
            state, rows = _merged(state, rows, older=1, sums=sums), rows + 1
    return of_rows(state, measure, x, y)


def _merged(state: pl.Expr, rows: int, *, older: int, sums: tuple[str, ...]) -> pl.Expr:
    """
    Merge each window of ``rows`` rows with the window of ``older`` rows just before it.

    `struct.with_fields` computes ``state`` once. As plain expressions its uses would multiply with every
    merge: measured, 60 rows take fifteen times as long, and 252 rows do not end.
    """
    one = older == 1
    step = {
        side: pl.field(side if one else f"mean_{side}").shift(rows) - pl.field(f"mean_{side}")
        for side in "xy"
    }
    share = older / (rows + older)
    means = {f"mean_{side}": pl.field(f"mean_{side}") + step[side] * share for side in "xy"}
    products = {}
    for name in sums:
        between = step[_FACTORS[name][0]] * step[_FACTORS[name][1]] * (rows * share)
        inside = pl.field(name) if one else pl.field(name) + pl.field(name).shift(rows)
        products[name] = inside + between
    return state.struct.with_fields(**means, **products)


def paired() -> pl.Expr:
    """
    Begin a state: ``x`` and ``y`` in the rows in which both are finite; the others are null in both.

    What is computed is added to the state, field by field: each step reads the one before once. As plain
    expressions the uses would multiply, and a plan of one line would take seconds to prepare.
    """
    numbers = pl.element().struct.with_fields(x=finite(pl.field("x")), y=finite(pl.field("y")))
    return numbers.struct.with_fields(
        x=pl.when(pl.field("y").is_not_null()).then(pl.field("x")),
        y=pl.when(pl.field("x").is_not_null()).then(pl.field("y")),
    )


def centred(state: pl.Expr, *names: str) -> pl.Expr:
    """
    Add the deviations from the mean, as ``d_x`` for ``x``; what is constant deviates by exactly nothing.

    The mean of ``n`` times 0.1 need not be 0.1, hence the comparison; and the mean is rounded, hence the
    second mean, of what the first has left.
    """
    rough = {f"d_{name}": pl.field(name) - pl.field(name).mean() for name in names}
    fine = {
        f"d_{name}": pl.when(pl.field(name).min() < pl.field(name).max())
        .then(pl.field(f"d_{name}") - pl.field(f"d_{name}").mean())
        .otherwise(pl.field(name) * 0.0)
        for name in names
    }
    return state.struct.with_fields(**rough).struct.with_fields(**fine)


def of_rows(state: pl.Expr, measure: pl.Expr, x: pl.Expr, y: pl.Expr | None = None) -> pl.Expr:
    """
    Give a measure of the fields that ``state`` computes from ``x`` and ``y``: one a row, named as ``x`` is.

    All of it happens inside one list of all rows, which is then taken apart again. In the open, the streaming
    engine, the default for lazy frames, would take it to pieces: it refuses fields below an aggregation
    (``rolling_beta(...).last()`` in a `group_by`), and it cuts each shift at other rows than the one before.
    Measured for windows of 2,000 rows over a million rows: 8 s and a result in 19,712 chunks, here 1 s.
    """
    sides = [x.alias("x")] if y is None else [x.alias("x"), y.alias("y")]
    result = state.struct.with_fields(measure=measure).struct.field("measure")
    # The name that the result would have, did no list stand between; Polars knows it but of selectors.
    name = x.meta.output_name(raise_if_undetermined=False) or "measure"
    return pl.struct(sides).implode().list.eval(result).explode(empty_as_null=False).alias(name)


def of_sample(state: pl.Expr, measure: pl.Expr, x: pl.Expr, y: pl.Expr) -> pl.Expr:
    """Give a measure as `of_rows` does, one value in all, null of no rows."""
    return of_rows(state, measure, x, y).first()


def slope(products: pl.Expr, squares: pl.Expr) -> pl.Expr:
    """Divide by a sum of squares; null where that is zero, or so small that it has lost digits."""
    return finite(pl.when(squares > SQUARES_LEAST).then(products / squares))


def pearson(xx: pl.Expr, xy: pl.Expr, yy: pl.Expr) -> pl.Expr:
    """Give the correlation that centred sums of products make; null where a side does not vary."""
    vary = (xx > SQUARES_LEAST) & (yy > SQUARES_LEAST)
    # Not over the root of a product, which may be beyond a double. Of a series with itself this is exactly 1,
    # and neither of the two series goes first.
    large, small = pl.max_horizontal(xx, yy), pl.min_horizontal(xx, yy)
    return finite(pl.when(vary).then(xy / large * (large / small).sqrt())).clip(-1.0, 1.0)
