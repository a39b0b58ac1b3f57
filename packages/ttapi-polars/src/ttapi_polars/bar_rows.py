# SPDX-License-Identifier: Apache-2.0
"""
Trades and bars in one form, and how rows of that form become a bar.

A trade is a bar of one price. Rows that cannot be used keep their place but lose their numbers, so that a bar
can say how many of them fell into it.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from ttapi_core.errors import DataError
from ttapi_polars.inputs import Kind, not_negative, positive, require_columns

PRICES: Final = ("open", "high", "low", "close")
_NUMBERS: Final = (*PRICES, "volume", "turnover", "trade_count")
_OPTIONAL: Final = {
    "vwap": Kind.NUMBER,
    "trade_count": Kind.NUMBER,
    "partial": Kind.FLAG,
    "excluded": Kind.NUMBER,
}
BAR_COLUMNS: Final = (*PRICES, "volume", "vwap", "trade_count", "partial", "excluded")


def is_bars(frame: pl.LazyFrame) -> bool:
    """Tell bars (``open`` to ``close``) from trades (``price``); `DataError` where a frame is both."""
    names = frame.collect_schema().names()
    if "price" in names and set(PRICES) <= set(names):
        raise DataError(
            "has a price and also open, high, low and close", hint="drop what does not describe the rows"
        )
    return "price" not in names and "open" in names


def require_rows(frame: pl.LazyFrame, *, symbol: str, time: str) -> pl.DataType:
    """Raise `DataError` unless the frame holds trades or bars, on days or at aware times; type of these."""
    bars, present = is_bars(frame), frame.collect_schema().names()
    columns = {symbol: Kind.ANY, time: Kind.TIME}
    columns |= dict.fromkeys((*PRICES, "volume") if bars else ("price", "size"), Kind.NUMBER)
    if bars:
        columns |= {name: kind for name, kind in _OPTIONAL.items() if name in present}
    return require_zoned(require_columns(frame, columns), time)


def require_zoned(schema: pl.Schema, time: str) -> pl.DataType:
    """Raise `DataError` if the times have no zone; return the type they have in UTC."""
    dtype = schema[time]
    if not isinstance(dtype, pl.Datetime):
        return dtype
    if dtype.time_zone is None:
        raise DataError(
            "holds times without a time zone",
            column=time,
            hint="say which it is: pl.col(...).dt.replace_time_zone('UTC')",
        )
    return pl.Datetime(dtype.time_unit, "UTC")


def bar_rows(frame: pl.LazyFrame, *, symbol: str, time: str) -> pl.LazyFrame:
    """
    Bring trades or bars into one form: in order of time, ties as given, in UTC.

    Returns
    -------
    pl.LazyFrame
        ``symbol``, ``time``, the prices, ``volume``, ``turnover``, ``trade_count`` (all null where the row
        cannot be used), ``partial``, ``excluded`` (rows that could not be used), ``problem`` (why not).
    """
    numbers = _of_bars(frame) if is_bars(frame) else _of_trades()
    at = pl.col(time)
    if isinstance(frame.collect_schema()[time], pl.Datetime):
        at = at.dt.convert_time_zone("UTC")
    rows = frame.select(pl.col(symbol).alias("symbol"), at.alias("time"), **numbers)
    rows = rows.with_columns(problem=_problem(twice=is_bars(frame)))
    sound = pl.col("problem").is_null()
    return rows.with_columns(
        *(pl.when(sound).then(pl.col(name)).alias(name) for name in _NUMBERS),
        excluded=pl.when(sound).then("excluded").otherwise(pl.max_horizontal("excluded", pl.lit(1))),
    ).sort("time", maintain_order=True)


def _of_trades() -> dict[str, pl.Expr]:
    price, size = positive(pl.col("price")), not_negative(pl.col("size"))
    return dict.fromkeys(PRICES, price) | {
        "volume": size,
        "turnover": price * size,
        "trade_count": pl.lit(1, pl.Int64),
        "partial": pl.lit(value=False),
        "excluded": pl.lit(0, pl.Int64),
        "no_volume": size.is_null(),
    }


def _of_bars(frame: pl.LazyFrame) -> dict[str, pl.Expr]:
    names = frame.collect_schema().names()

    def told(name: str, otherwise: pl.Expr) -> pl.Expr:
        return pl.col(name) if name in names else otherwise

    nothing = pl.lit(None, pl.Float64)
    volume = not_negative(pl.col("volume"))
    vwap, count = positive(told("vwap", nothing)), not_negative(told("trade_count", nothing))
    return {name: positive(pl.col(name)) for name in PRICES} | {
        "volume": volume,
        "turnover": pl.when(volume == 0).then(0.0).otherwise(vwap * volume),
        "trade_count": count.cast(pl.Int64, strict=False),
        "partial": told("partial", pl.lit(value=False)).cast(pl.Boolean).fill_null(value=True),
        "excluded": told("excluded", pl.lit(0)).cast(pl.Int64).fill_null(0),
        # A volume that nobody told is unknown; one that is told and absurd spoils its row.
        "no_volume": volume.is_null() & pl.col("volume").is_not_null(),
    }


def _problem(*, twice: bool) -> pl.Expr:
    open_, high, low, close = (pl.col(name) for name in PRICES)
    no_price = pl.any_horizontal(price.is_null() for price in (open_, high, low, close))
    outside = pl.any_horizontal(~price.is_between(low, high) for price in (open_, close))
    reasons = [
        (pl.col("symbol").is_null(), "no symbol"),
        (pl.col("time").is_null(), "no time"),
        (no_price, "no usable price"),
        (outside, "open or close outside low to high"),
        (pl.col("no_volume"), "no usable size or volume"),
    ]
    if twice:
        reasons.append((pl.len().over("symbol", "time") > 1, "time given twice"))
    return pl.coalesce(pl.when(holds).then(pl.lit(reason)) for holds, reason in reasons)


def aggregated(rows: pl.LazyFrame, keys: list[str], *extra: pl.Expr, of_trades: bool) -> pl.LazyFrame:
    """Make one bar of the rows that share ``keys``: `BAR_COLUMNS` behind keys and ``extra``; unordered."""
    used = pl.col("problem").is_null()

    def total(name: str) -> pl.Expr:
        complete = used.any() & ~(used & pl.col(name).is_null()).any()
        return pl.when(complete).then(pl.col(name).sum()).alias(name)

    bars = rows.group_by(keys).agg(
        *extra,
        pl.col("open").first(ignore_nulls=True),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close").last(ignore_nulls=True),
        *(total(name) for name in ("volume", "turnover", "trade_count")),
        pl.col("partial").any(),
        pl.col("excluded").sum(),
    )
    # NaN and infinity (no volume, sums beyond Float64) become null before anything is compared.
    vwap = positive(pl.col("turnover") / pl.col("volume"))
    if of_trades:  # the true average lies within the prices; only rounding takes it out
        vwap = vwap.clip("low", "high")
    return bars.with_columns(vwap=vwap, volume=not_negative(pl.col("volume")))
