# SPDX-License-Identifier: Apache-2.0
"""Trades beside the quotes that stood when they happened."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars.inputs import Kind, finite, positive, require_columns
from ttapi_polars.session_frames import require_times


def quotes_to_trades(
    trades: pl.LazyFrame,
    quotes: pl.LazyFrame,
    *,
    tolerance: timedelta | None = None,
    strictly_before: bool = False,
    symbol: str = "symbol",
    time: str = "time",
) -> pl.LazyFrame:
    """
    Add to each trade the latest quote of its symbol.

    Parameters
    ----------
    trades
        Any columns, among them the symbol and the time; rows in any order.
    quotes
        The symbol, the time, and what a quote says, such as ``bid`` and ``ask``; rows in any order. Of quotes
        of the same symbol and time the last one given counts.
    tolerance
        How old a quote may be, above zero; an older one is as good as none. None sets no limit.
    strictly_before
        Take quotes before the time of the trade only, not at it: for feeds in which a quote of the same time
        may already show what the trade did.
    symbol, time
        Names of the columns, the same in both frames; times have a time zone.

    Returns
    -------
    pl.LazyFrame
        The trades in the order given, none lost and none added, with the columns of the quotes,
        ``quote_time`` (in the zone of the quotes' times) and ``quote_age`` (Duration, trade less quote, not
        negative). All of these are null where there is no such quote, or the trade has no symbol or no time.
        A quote is taken as it stands: a null bid is a null bid, and no earlier one is looked for.

    Raises
    ------
    ParameterError
        If ``tolerance`` is not above zero.
    DataError
        If a column is missing, times have no zone, the symbols differ in type, or a name would be there
        twice; at the call, from the schema.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import datetime, UTC
    >>> at = [datetime(2026, 3, 9, 14, 30, second, tzinfo=UTC) for second in range(4)]
    >>> quotes = pl.LazyFrame({"symbol": ["A", "A"], "time": [at[0], at[2]], "bid": [9.0, 9.5]})
    >>> trades = pl.LazyFrame({"symbol": ["A", "A"], "time": [at[3], at[2]], "price": [9.6, 9.1]})
    >>> quotes_to_trades(trades, quotes).collect()["bid"].to_list()
    [9.5, 9.5]
    >>> quotes_to_trades(trades, quotes, strictly_before=True).collect()["bid"].to_list()
    [9.5, 9.0]
    """
    _require_tolerance(tolerance)
    names = _require_columns(trades, quotes, symbol=symbol, time=time)
    # Nanoseconds hold both sides exactly, whatever they come in.
    instant = pl.col(time).dt.convert_time_zone("UTC").cast(pl.Datetime("ns", "UTC")).alias("__instant")
    right = (
        quotes.with_columns(instant, quote_time=time)
        .filter(pl.col(symbol).is_not_null(), pl.col(time).is_not_null())
        .drop(time)
        .sort("__instant", maintain_order=True)
        .unique([symbol, "__instant"], keep="last", maintain_order=True)
        .with_columns(__quoted="__instant")
    )
    joined = (
        trades.with_row_index("__row")
        .with_columns(instant)
        .sort("__instant", maintain_order=True)
        .join_asof(
            right,
            on="__instant",
            by=symbol,
            strategy="backward",
            tolerance=tolerance,
            allow_exact_matches=not strictly_before,
            check_sortedness=False,  # sorted just above; Polars cannot check within groups
        )
    )
    age = (pl.col("__instant") - pl.col("__quoted")).alias("quote_age")
    return joined.with_columns(age).sort("__row").select(names)


def quoted_spread(bid: pl.Expr, ask: pl.Expr) -> pl.Expr:
    """
    Spread of a quote relative to its middle, ``(ask - bid) / mid``.

    Parameters
    ----------
    bid, ask
        Best prices, strictly positive. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction of the price (0.001 is 10 basis points). Null where a side cannot
        be used, and where the bid is above the ask; a locked quote has 0.

    Notes
    -----
    ``mid = (bid + ask) / 2``. Source: J. Hasbrouck, *Empirical Market Microstructure*, section 2, 2007.

    Examples
    --------
    >>> import polars as pl
    >>> quotes = pl.DataFrame({"bid": [99.0, 102.0], "ask": [101.0, 101.0]})
    >>> quotes.select(quoted_spread(pl.col("bid"), pl.col("ask")))["bid"].to_list()
    [0.02, None]
    """
    low, high = positive(bid), positive(ask)
    return pl.when(low <= high).then((low - high).abs() / _middle(low, high))


def effective_spread(price: pl.Expr, bid: pl.Expr, ask: pl.Expr) -> pl.Expr:
    """
    Spread that a trade paid: twice its distance from the middle of the quote, relative to that middle.

    Parameters
    ----------
    price
        Prices of trades, strictly positive. Any numeric type, shape ``(n,)``.
    bid, ask
        Best prices before the trade, such as `quotes_to_trades` adds. Any numeric type, shape ``(n,)``.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``, a fraction of the price, zero or above. Null where a price cannot be used,
        where the bid is above the ask, and where the quotient is beyond Float64.

    Notes
    -----
    ``2 |price - mid| / mid``. Source: J. Hasbrouck, *Empirical Market Microstructure*, section 2, 2007.

    Examples
    --------
    >>> import polars as pl
    >>> trades = pl.DataFrame({"price": [101.0], "bid": [99.0], "ask": [101.0]})
    >>> trades.select(effective_spread(pl.col("price"), pl.col("bid"), pl.col("ask"))).item()
    0.02
    """
    low, high = positive(bid), positive(ask)
    middle = _middle(low, high)
    return finite(pl.when(low <= high).then((positive(price) - middle).abs() / middle * 2))


def _require_tolerance(tolerance: object) -> None:
    if tolerance is None or (isinstance(tolerance, timedelta) and tolerance > timedelta(0)):
        return
    raise ParameterError("tolerance", tolerance, "a timedelta above zero, or None")


def _middle(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    return low + (high - low) / 2  # the sum of two large prices may be beyond Float64


def _require_columns(trades: pl.LazyFrame, quotes: pl.LazyFrame, *, symbol: str, time: str) -> list[str]:
    """Raise `DataError` unless the frames can be joined; return the names of the columns of the result."""
    for frame in (trades, quotes):
        require_columns(frame, {symbol: Kind.ANY})
        require_times(frame, time)
    left, right = trades.collect_schema(), quotes.collect_schema()
    if left[symbol] != right[symbol]:
        raise DataError(f"holds {left[symbol]} in trades and {right[symbol]} in quotes", column=symbol)
    added = [name for name in right if name not in (symbol, time)]
    names = [*left, *added, "quote_time", "quote_age"]
    for name in names:
        if names.count(name) > 1:
            raise DataError("would be there twice", column=name, hint="rename or drop it in one frame")
    return names
