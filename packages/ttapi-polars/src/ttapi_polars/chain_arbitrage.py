# SPDX-License-Identifier: Apache-2.0
"""Static arbitrage in quoted chains of options: what could be traded at the quotes for a certain profit."""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_polars.inputs import Kind, not_negative, positive, require_columns

# A profit below this fraction of the strikes involved is rounding of the prices' last bits.
_ROUNDING: Final = 1e-12


def chain_violations(
    frame: pl.LazyFrame,
    *,
    expiration: str = "expiration",
    strike: str = "strike",
    is_call: str = "is_call",
    bid: str = "bid",
    ask: str = "ask",
    discount: str | None = None,
) -> pl.LazyFrame:
    """
    Quotes of one expiration that cannot stand together: prices not monotone or not convex in the strike.

    Parameters
    ----------
    frame
        Quotes of European options on one underlying, one row a contract, in any order.
    expiration, strike, is_call
        Names of the columns of the expiration (any type), the strike, and whether it is a call.
    bid, ask
        Names of the columns of the quote. Name one column for both to judge middles or model prices; middles
        break the rules more often than anything that could be traded does.
    discount
        Name of a column of discount factors. Without it the greatest worth of a spread is not judged.

    Returns
    -------
    pl.LazyFrame
        One row a violation, sorted by ``expiration`` (as given), ``is_call``, ``strike`` and ``kind``; empty
        if there is none. ``strike`` is the lower of two or the middle of three. ``size`` (Float64, a price)
        is the profit of the trade, before costs; null where there is none. ``kind`` (String) is:

        - ``monotonicity``: the option that is worth less is bid above the ask of its neighbour;
        - ``spread``: a spread of neighbours is bid above its greatest discounted pay-off;
        - ``convexity``: the middle of three neighbours is bid above what the outer two together ask;
        - ``crossed``: a bid above its own ask;
        - ``duplicate``: a contract that stands more than once, a row for each;
        - ``not judged``: expiration or side null; strike, bid, ask or discount factor null, NaN, infinite or
          negative; or a strike or factor of zero.

        Contracts of the last three kinds take no part in the others: neighbours are the sound ones.

    Raises
    ------
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    A bid of zero is a quote that none can sell at, and thus sound. Source: P. Carr and D. B. Madan, "A note
    on sufficient conditions for no arbitrage", *Finance Research Letters* 2 (3), 2005; with both sides of the
    quote, L. Cousot, "Conditions on option prices for absence of arbitrage and exact calibration", *Journal
    of Banking & Finance* 31 (11), 2007. Only neighbours are judged, which suffices for middles; with bids and
    asks a trade across wide quotes can pay where no trade of neighbours does, and is not seen.

    Examples
    --------
    >>> import polars as pl
    >>> chain = pl.LazyFrame({"expiration": "June", "strike": [90.0, 100.0, 110.0], "is_call": True,
    ...                       "bid": [10.9, 7.9, 3.9], "ask": [11.1, 8.1, 4.1]})
    >>> found = chain_violations(chain).collect()
    >>> found.select("expiration", "strike", "kind", pl.col("size").round(6)).rows()
    [('June', 100.0, 'convexity', 0.3)]
    """
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
        pl.col(is_call).alias("is_call"),
        positive(pl.col(strike)).alias("strike"),
        not_negative(pl.col(bid)).alias("bid"),
        not_negative(pl.col(ask)).alias("ask"),
        (pl.lit(None, pl.Float64) if discount is None else positive(pl.col(discount))).alias("discount"),
    ).with_columns(_unsound(*([] if discount is None else ["discount"])).alias("unsound"))
    sound = quotes.filter(pl.col("unsound").is_null())
    found = [_unsound_quotes(quotes), _vertical(sound), _convex(sound)]
    return pl.concat(found).sort("expiration", "is_call", "strike", "kind")


def _unsound(*also_needed: str) -> pl.Expr:
    contract = ("expiration", "is_call", "strike")
    needed = pl.col(*contract, "bid", "ask", *also_needed)
    return (
        pl.when(pl.any_horizontal(needed.is_null()))
        .then(pl.lit("not judged"))
        .when(pl.len().over(contract) > 1)
        .then(pl.lit("duplicate"))
        .when(pl.col("bid") > pl.col("ask"))
        .then(pl.lit("crossed"))
    )


def _unsound_quotes(quotes: pl.LazyFrame) -> pl.LazyFrame:
    profit = pl.when(pl.col("unsound") == "crossed").then(pl.col("bid") - pl.col("ask"))
    return quotes.filter(pl.col("unsound").is_not_null()).select(
        "expiration", "is_call", "strike", pl.col("unsound").alias("kind"), profit.alias("size")
    )


def _vertical(sound: pl.LazyFrame) -> pl.LazyFrame:
    low, high = _neighbour(0), _neighbour(1)
    # a call is worth less at the higher strike, a put at the lower
    lesser_bid = pl.when("is_call").then(high["bid"]).otherwise(low["bid"])
    greater_ask = pl.when("is_call").then(low["ask"]).otherwise(high["ask"])
    lesser_ask = pl.when("is_call").then(high["ask"]).otherwise(low["ask"])
    greater_bid = pl.when("is_call").then(low["bid"]).otherwise(high["bid"])
    pay_off = pl.col("discount") * (high["strike"] - low["strike"])
    sizes = {
        "monotonicity": lesser_bid - greater_ask,
        "spread": greater_bid - lesser_ask - pay_off,
    }
    return _found(sound, sizes, at=low["strike"], reach=high["strike"])


def _convex(sound: pl.LazyFrame) -> pl.LazyFrame:
    low, middle, high = (_neighbour(place) for place in (-1, 0, 1))
    share = (high["strike"] - middle["strike"]) / (high["strike"] - low["strike"])
    wings = share * low["ask"] + (1 - share) * high["ask"]
    return _found(sound, {"convexity": middle["bid"] - wings}, at=middle["strike"], reach=high["strike"])


def _neighbour(places: int) -> dict[str, pl.Expr]:
    return {
        name: pl.col(name).shift(-places).over("expiration", "is_call", order_by="strike")
        for name in ("strike", "bid", "ask")
    }


def _found(sound: pl.LazyFrame, sizes: dict[str, pl.Expr], *, at: pl.Expr, reach: pl.Expr) -> pl.LazyFrame:
    rounding = (_ROUNDING * reach).alias("rounding")
    kinds = [
        sound.select(
            "expiration",
            "is_call",
            at.alias("strike"),
            pl.lit(kind).alias("kind"),
            size.alias("size"),
            rounding,
        )
        for kind, size in sizes.items()
    ]
    return pl.concat(kinds).filter(pl.col("size") > pl.col("rounding")).drop("rounding")
