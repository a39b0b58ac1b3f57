# SPDX-License-Identifier: Apache-2.0
"""The volatility surface of a chain of options: from its quotes, and read at any strike and time."""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_polars.extras import require_surface
from ttapi_polars.forwards import implied_forward, quote_mid
from ttapi_polars.inputs import Kind, finite, positive, require_columns
from ttapi_polars.svi import PARAMETERS, svi_total_variance
from ttapi_polars.svi_fits import UNCLEAR_EXPIRATION, fit_svi

NO_FORWARD: Final = "no forward"


def chain_volatilities(
    frame: pl.LazyFrame,
    *,
    expiration: str = "expiration",
    years: str = "years",
    strike: str = "strike",
    is_call: str = "is_call",
    bid: str = "bid",
    ask: str = "ask",
    rate: str | None = "rate",
) -> pl.LazyFrame:
    """
    Implied volatilities of a chain's out-of-the-money quotes, by the forward that the chain implies.

    Parameters
    ----------
    frame
        Quotes of European options on one underlying at one moment, one row a contract, in any order.
    expiration, years, strike, is_call, bid, ask
        Names of the columns of the expiration (any type), the time to it in years, the strike, whether it is
        a call, and the quote.
    rate
        Name of a column of interest rates to the expiration, continuously compounded, a fraction a year. None
        takes the discount factor from put-call parity too; it is then known no better than quotes are.

    Returns
    -------
    pl.LazyFrame
        One row a quote, in the order of ``frame``: ``expiration`` and ``is_call`` (as given), ``years``,
        ``strike``, ``bid``, ``ask``, ``mid``, ``forward``, ``discount``, ``log_moneyness`` (``ln(strike /
        forward)``), all Float64, ``out_of_the_money`` (Boolean: calls from the forward up, puts below it) and
        ``volatility`` (Float64, a fraction per square-root year).

        ``volatility`` is null in the money, where the quote cannot be used (see `implied_forward`; a contract
        that stands twice in an expiration neither), where the expiration has no forward, and where no
        volatility gives the price.

    Raises
    ------
    MissingExtraError
        If the extra ``kernels`` is not installed; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    Each volatility is that of F. Black's formula (1976) at the middle of the quote, see
    `black76_implied_volatility`; the forward is that of `implied_forward`.

    Examples
    --------
    >>> import polars as pl
    >>> from ttapi_polars.options import black_scholes_price
    >>> chain = pl.LazyFrame({"strike": [90.0, 100.0, 110.0]}).join(
    ...     pl.LazyFrame({"is_call": [True, False]}), how="cross"
    ... ).with_columns(expiration=pl.lit("June"), years=0.5, rate=0.02)
    >>> price = black_scholes_price(
    ...     100.0, pl.col("strike"), 0.5, volatility=0.2, rate=0.02, is_call=pl.col("is_call")
    ... )
    >>> found = chain_volatilities(chain.with_columns(bid=price, ask=price)).collect()
    >>> found.select("strike", "is_call", pl.col("forward", "volatility").round(4)).rows()[:2]
    [(90.0, True, 101.005, None), (90.0, False, 101.005, 0.2)]
    """
    from ttapi_polars.implied import black76_implied_volatility  # noqa: PLC0415 - asks for an extra

    quotes = _quotes(
        frame,
        {"expiration": expiration, "years": years, "strike": strike, "is_call": is_call},
        (bid, ask),
        rate,
    )
    k = finite((pl.col("strike") / pl.col("forward")).log())
    is_out = (pl.col("strike") >= pl.col("forward")) == pl.col("is_call")
    implied = black76_implied_volatility(
        pl.col("mid"),
        pl.col("forward"),
        pl.col("strike"),
        pl.col("years"),
        rate=-pl.col("discount").log() / pl.col("years"),
        is_call=pl.col("is_call"),
    )
    alone = pl.len().over("expiration", "strike", "is_call") == 1
    return (
        quotes.join(
            _forwards(quotes, rate).select("expiration", "forward", "discount"),
            on="expiration",
            how="left",
            maintain_order="left",
        )
        .with_columns(k.alias("log_moneyness"), is_out.alias("out_of_the_money"))
        .with_columns(pl.when(pl.col("out_of_the_money") & alone).then(implied).alias("volatility"))
        .drop("known")
    )


def chain_surface(
    frame: pl.LazyFrame,
    *,
    expiration: str = "expiration",
    years: str = "years",
    strike: str = "strike",
    is_call: str = "is_call",
    bid: str = "bid",
    ask: str = "ask",
    rate: str | None = "rate",
) -> pl.LazyFrame:
    """
    Make the volatility surface of a chain of options: a forward and an SVI smile for each expiration.

    Parameters
    ----------
    frame
        Quotes of European options on one underlying at one moment, one row a contract, in any order.
    expiration, years, strike, is_call, bid, ask, rate
        Names of columns, see `chain_volatilities`.

    Returns
    -------
    pl.LazyFrame
        One row an expiration that ``frame`` holds, sorted by it: the columns of `fit_svi`, then ``forward``,
        ``discount``, ``pairs`` and ``residual`` of `implied_forward`. ``points`` and ``unused`` count
        out-of-the-money quotes, or all where there is no forward to tell. ``status`` can also be ``no
        forward``.

    Raises
    ------
    MissingExtraError
        If the extra ``kernels`` or ``surface`` is not installed; at the call.
    DataError
        If a column is missing or holds another kind of content; at the call, from the schema alone.

    Notes
    -----
    `implied_forward`, then `chain_volatilities`, then `fit_svi` with equal weights. For weights of your own,
    such as vega over the width of the quote, call the last two yourself.

    Examples
    --------
    >>> import polars as pl
    >>> from ttapi_polars.options import black_scholes_price
    >>> chain = pl.LazyFrame({"strike": [80.0, 90.0, 100.0, 110.0, 120.0, 130.0]}).join(
    ...     pl.LazyFrame({"is_call": [True, False]}), how="cross"
    ... ).with_columns(expiration=pl.lit("June"), years=0.5, rate=0.02)
    >>> price = black_scholes_price(
    ...     100.0, pl.col("strike"), 0.5, volatility=0.2, rate=0.02, is_call=pl.col("is_call")
    ... )
    >>> surface = chain_surface(chain.with_columns(bid=price, ask=price)).collect()
    >>> surface.select("status", "points", pl.col("forward").round(4), pl.col("a").round(6)).rows()
    [('ok', 6, 101.005, 0.02)]
    """
    require_surface("chain_surface")
    names = {"expiration": expiration, "years": years, "strike": strike, "is_call": is_call}
    volatilities = chain_volatilities(frame, **names, bid=bid, ask=ask, rate=rate)
    lines = _forwards(_quotes(frame, names, (bid, ask), rate), rate)
    smiles = fit_svi(volatilities.filter(pl.col("out_of_the_money").fill_null(value=True)))
    without = pl.col("forward").is_null() & (pl.col("status") != UNCLEAR_EXPIRATION)
    return (
        smiles.join(lines, on="expiration", how="left", nulls_equal=True)
        .with_columns(pl.when(without).then(pl.lit(NO_FORWARD)).otherwise("status").alias("status"))
        .sort("expiration")
    )


def surface_volatility(
    frame: pl.LazyFrame,
    surface: pl.LazyFrame,
    *,
    years: str = "years",
    log_moneyness: str = "log_moneyness",
    name: str = "volatility",
) -> pl.LazyFrame:
    """
    Read a surface: the implied volatility at each row's time and log-moneyness.

    Parameters
    ----------
    frame
        Where to read, one row a place, in any order, with any other columns.
    surface
        One row an expiration, with the columns ``years``, ``a``, ``b``, ``rho``, ``m`` and ``sigma``; as
        `chain_surface` or `fit_svi` returns it. An expiration without parameters is passed over, and so are
        expirations that share their years, for which of them is meant cannot be told.
    years, log_moneyness
        Names of the columns of ``frame`` of the time in years and of ``ln(strike / forward)``.
    name
        Name of the column that is added.

    Returns
    -------
    pl.LazyFrame
        ``frame`` with the column ``name`` (Float64, a fraction per square-root year), replaced if it is
        there. Length and order are kept. Null before the first and after the last expiration of the surface,
        and where an argument is null, NaN, infinite or, for the time, not above zero.

    Raises
    ------
    ParameterError
        If ``name`` is the name of a column that is read; at the call.
    DataError
        If a column is missing or holds no numbers; at the call, from the schema alone.

    Notes
    -----
    Linear in total variance between the two expirations about the time, at equal log-moneyness; at an
    expiration it is its smile. Source: J. Gatheral, *The Volatility Surface*, 2006, chapter 1, for total
    variance as the quantity that must rise with time at equal log-moneyness: between two smiles that do not
    cross, nothing here does. Between expirations butterfly arbitrage is not excluded. Beyond the strikes
    quoted the smile is extrapolated.

    Examples
    --------
    >>> import polars as pl
    >>> flat = pl.LazyFrame({"years": [0.5, 1.0], "a": [0.02, 0.05]})
    >>> surface = flat.with_columns(b=0.0, rho=0.0, m=0.0, sigma=0.1)
    >>> places = pl.LazyFrame({"years": [0.5, 0.75, 2.0], "log_moneyness": 0.0})
    >>> surface_volatility(places, surface).collect()["volatility"].round(6).to_list()
    [0.2, 0.216025, None]
    """
    if name in (years, log_moneyness):
        raise ParameterError("name", name, "a name other than those of the columns that are read")
    columns = require_columns(frame, {years: Kind.NUMBER, log_moneyness: Kind.NUMBER}).names()
    require_columns(surface, dict.fromkeys(("years", *PARAMETERS), Kind.NUMBER))
    smiles = _smiles_in_time(surface)
    # The columns of the frame travel as one struct, so that none can meet a name of ours. A time that cannot
    # be used stands before all smiles.
    places = frame.select(
        pl.struct(pl.all()).alias("row"),
        positive(pl.col(years)).fill_null(-1.0).alias("years"),
        finite(pl.col(log_moneyness)).alias("k"),
    ).with_row_index("place")
    read = (
        places.sort("years")
        .join_asof(smiles.rename({"smile": "before"}), on="years", strategy="backward")
        .join_asof(smiles.rename({"smile": "after"}), on="years", strategy="forward")
        .sort("place")
        .select("row", _between_smiles().alias("read"))
    )
    kept = [pl.col("row").struct.field(column).alias(column) for column in columns if column != name]
    return read.select(*kept, pl.col("read").alias(name))


def _quotes(
    frame: pl.LazyFrame, names: dict[str, str], sides: tuple[str, str], rate: str | None
) -> pl.LazyFrame:
    numbers = (names["years"], names["strike"], *sides, *([] if rate is None else [rate]))
    kinds = {names["expiration"]: Kind.ANY, names["is_call"]: Kind.FLAG}
    require_columns(frame, kinds | dict.fromkeys(numbers, Kind.NUMBER))
    bid, ask = (pl.col(side) for side in sides)
    years = positive(pl.col(names["years"]))
    known = pl.lit(None, pl.Float64) if rate is None else (-finite(pl.col(rate)) * years).exp()
    return frame.select(
        pl.col(names["expiration"]).alias("expiration"),
        years.alias("years"),
        positive(pl.col(names["strike"])).alias("strike"),
        pl.col(names["is_call"]).alias("is_call"),
        positive(bid).alias("bid"),
        positive(ask).alias("ask"),
        quote_mid(bid, ask).alias("mid"),
        known.alias("known"),
    )


def _forwards(quotes: pl.LazyFrame, rate: str | None) -> pl.LazyFrame:
    return implied_forward(quotes, discount=None if rate is None else "known")


def _smiles_in_time(surface: pl.LazyFrame) -> pl.LazyFrame:
    time = positive(pl.col("years"))
    fitted = pl.all_horizontal(pl.col("years", *PARAMETERS).is_not_null())
    return (
        surface.select(time.alias("years"), *(pl.col(name).cast(pl.Float64) for name in PARAMETERS))
        .filter(fitted)
        .filter(pl.len().over("years") == 1)
        .sort("years")
        .select("years", pl.struct("years", *PARAMETERS).alias("smile"))
    )


def _between_smiles() -> pl.Expr:
    first, last = pl.col("before").struct, pl.col("after").struct
    before, after = (
        svi_total_variance(pl.col("k"), **{name: smile.field(name) for name in PARAMETERS})
        for smile in (first, last)
    )
    gone = pl.col("years") - first.field("years")
    span = last.field("years") - first.field("years")
    variance = pl.when(span > 0).then(before + (after - before) * (gone / span)).when(span == 0).then(before)
    return finite((variance / pl.col("years")).sqrt())
