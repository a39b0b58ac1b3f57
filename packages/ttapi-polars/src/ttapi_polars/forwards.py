# SPDX-License-Identifier: Apache-2.0
"""The forward and the discount factor that a chain of options implies, by put-call parity."""

from __future__ import annotations

import polars as pl

from ttapi_polars.domains import require_count
from ttapi_polars.inputs import Kind, positive, require_columns


def implied_forward(
    frame: pl.LazyFrame,
    *,
    expiration: str = "expiration",
    strike: str = "strike",
    is_call: str = "is_call",
    bid: str = "bid",
    ask: str = "ask",
    discount: str | None = None,
    pairs_max: int = 10,
) -> pl.LazyFrame:
    """
    Forward price and discount factor of each expiration, from put-call parity.

    Parameters
    ----------
    frame
        Quotes of European options on one underlying, one row a contract, in any order.
    expiration, strike, is_call, bid, ask
        Names of the columns of the expiration (any type), the strike, whether it is a call, and the quote.
    discount
        Name of a column of discount factors known beforehand, the same in all rows of an expiration. Without
        it the factor is the slope of the line.
    pairs_max
        Strikes used per expiration, at least 2: those where call and put differ least, so nearest the money.

    Returns
    -------
    pl.LazyFrame
        One row an expiration that ``frame`` holds, sorted by it: ``expiration`` (as given), ``forward`` and
        ``discount`` (Float64, a price and a factor), ``pairs`` (UInt32, strikes used), ``residual`` (Float64,
        root mean square of call less put about the line, a price).

        ``forward``, ``discount`` and ``residual`` are null where fewer than 2 pairs can be used, where the
        forward or the factor would not be above zero, where a known factor is unusable or not the same in all
        rows, and for a null expiration.

    Raises
    ------
    ParameterError
        If ``pairs_max < 2``; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    A quote is used where bid and ask are above zero and not crossed, at its middle; a contract that stands
    twice in an expiration is not used. Parity, ``call - put = discount (forward - strike)``, is a line in the
    strike. Its slope is the median of the slopes between all pairs of points and its level the median of what
    remains (H. Theil, "A rank-invariant method of linear and polynomial regression analysis", 1950; P. K.
    Sen, "Estimates of the regression coefficient based on Kendall's tau", *Journal of the American
    Statistical Association* 63, 1968): stale quotes at up to 29 % of the strikes do not move it far. Parity:
    H. R. Stoll, "The relationship between put and call option prices", *The Journal of Finance* 24 (5), 1969.
    American options obey it only roughly.

    Examples
    --------
    >>> import polars as pl
    >>> calls = pl.LazyFrame({"strike": [95.0, 100.0, 105.0], "bid": [7.9, 4.9, 2.9], "is_call": True})
    >>> puts = pl.LazyFrame({"strike": [95.0, 100.0, 105.0], "bid": [2.15, 4.05, 6.95], "is_call": False})
    >>> chain = pl.concat([calls, puts]).with_columns(ask=pl.col("bid") + 0.1, expiration=pl.lit("June"))
    >>> line = implied_forward(chain).collect()
    >>> line.select("expiration", pl.col("forward", "discount").round(4), "pairs").rows()
    [('June', 100.8673, 0.98, 3)]
    """
    require_count("pairs_max", pairs_max, least=2)
    kinds = {
        expiration: Kind.ANY,
        strike: Kind.NUMBER,
        is_call: Kind.FLAG,
        bid: Kind.NUMBER,
        ask: Kind.NUMBER,
    }
    require_columns(frame, kinds | ({} if discount is None else {discount: Kind.NUMBER}))
    quotes = frame.select(
        pl.col(expiration).alias("expiration"),
        positive(pl.col(strike)).alias("strike"),
        pl.col(is_call).alias("is_call"),
        quote_mid(pl.col(bid), pl.col(ask)).alias("mid"),
        (pl.lit(None, pl.Float64) if discount is None else positive(pl.col(discount))).alias("known"),
    )
    near = _nearest_pairs(quotes, pairs_max)
    factors = _slopes(near) if discount is None else _known_factors(quotes)
    return (
        quotes.group_by("expiration")
        .agg()
        .join(_lines(near, factors), on="expiration", how="left")
        .with_columns(pl.col("pairs").fill_null(0))
        .sort("expiration")
    )


def quote_mid(bid: pl.Expr, ask: pl.Expr) -> pl.Expr:
    """Middle of a quote, Float64; null unless both sides are above zero and the bid is not above the ask."""
    low, high = positive(bid), positive(ask)
    return pl.when(low <= high).then(low + (high - low) / 2)


def _nearest_pairs(quotes: pl.LazyFrame, pairs_max: int) -> pl.LazyFrame:
    call, put = pl.col("is_call"), pl.col("is_call").not_()
    # a contract quoted twice has two prices, and nothing tells which is right
    alone = (call.sum() == 1) & (put.sum() == 1)
    difference = pl.col("mid").filter(call).first() - pl.col("mid").filter(put).first()
    place = pl.int_range(pl.len()).over("expiration")
    return (
        quotes.filter(pl.col("strike").is_not_null())
        .group_by("expiration", "strike")
        .agg(pl.when(alone).then(difference).alias("difference"))
        .filter(pl.col("difference").is_not_null())
        .sort("expiration", pl.col("difference").abs(), "strike")
        .filter(place < pairs_max)
    )


def _slopes(near: pl.LazyFrame) -> pl.LazyFrame:
    rise = pl.col("difference") - pl.col("difference_other")
    run = pl.col("strike_other") - pl.col("strike")
    return (
        near.join(near, on="expiration", suffix="_other")
        .filter(run > 0)
        .group_by("expiration")
        .agg((rise / run).median().alias("discount"))
    )


def _known_factors(quotes: pl.LazyFrame) -> pl.LazyFrame:
    known = pl.col("known")
    same = known.is_not_null().all() & (known.min() == known.max())
    return quotes.group_by("expiration").agg(pl.when(same).then(known.first()).alias("discount"))


def _lines(near: pl.LazyFrame, factors: pl.LazyFrame) -> pl.LazyFrame:
    discount = positive(pl.col("discount").first())
    remainder = pl.col("difference") + pl.col("discount") * pl.col("strike")
    forward = pl.when(pl.len() >= 2).then(positive(remainder.median() / discount))
    return (
        near.join(factors, on="expiration", how="left")
        .group_by("expiration")
        .agg(
            forward.alias("forward"),
            discount.alias("discount"),
            pl.len().cast(pl.UInt32).alias("pairs"),
            (remainder - remainder.median()).pow(2).mean().sqrt().alias("residual"),
        )
        .with_columns(
            pl.when(pl.col("forward").is_not_null()).then(pl.col("discount", "residual")).name.keep()
        )
    )
