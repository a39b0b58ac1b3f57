# SPDX-License-Identifier: Apache-2.0
"""Sessions that daily bars lack: listed, or filled with rows that say so."""

from __future__ import annotations

from typing import Final, Literal, get_args

import polars as pl

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars.inputs import Kind, positive, require_columns
from ttapi_polars.session_frames import session_days

Filling = Literal["null", "previous_close"]
"""What a filled bar holds: nothing, or the close of the bar before it without volume."""
_FILLINGS: Final = get_args(Filling)
_PRICES: Final = ("open", "high", "low", "close")


def missing_sessions(
    frame: pl.LazyFrame,
    *,
    venue: str | None = None,
    calendar: pl.LazyFrame | None = None,
    symbol: str = "symbol",
    date: str = "date",
) -> pl.LazyFrame:
    """
    List the sessions between the first and the last bar of each symbol that have no bar.

    Parameters
    ----------
    frame
        Daily bars, rows in any order.
    venue
        Market identifier code, such as ``XNYS``; give this or ``calendar``. Days beyond its table are no
        gaps.
    calendar
        Days of trading in a column ``date``, such as `sessions_frame` returns.
    symbol, date
        Names of the columns of instrument names and of days.

    Returns
    -------
    pl.LazyFrame
        ``symbol`` (as given) and ``date`` (Date), one row a missing session, sorted. Rows without a symbol or
        a day are no bars of any.

    Raises
    ------
    ParameterError
        If not exactly one of ``venue`` and ``calendar`` is given.
    UnknownNameError
        If there is no table of that venue.
    DataError
        If a column is missing or the days are no dates; at the call, from the schema.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> bars = pl.LazyFrame({"symbol": ["A", "A"], "date": [date(2024, 11, 27), date(2024, 12, 2)]})
    >>> missing_sessions(bars, venue="XNYS").collect().rows()
    [('A', datetime.date(2024, 11, 29))]
    """
    days = _calendar(venue, calendar)
    _require_days(frame, symbol, date)
    missing = _missing(frame, days, symbol=symbol, date=date)
    return missing.select(pl.col(symbol).alias("symbol"), pl.col(date).alias("date")).sort("symbol", "date")


def fill_gaps(
    frame: pl.LazyFrame,
    *,
    venue: str | None = None,
    calendar: pl.LazyFrame | None = None,
    filling: Filling = "null",
    symbol: str = "symbol",
    date: str = "date",
) -> pl.LazyFrame:
    """
    Add a row for each session between the first and the last bar of each symbol that has none.

    Parameters
    ----------
    frame
        Daily bars, rows in any order.
    venue
        Market identifier code, such as ``XNYS``; give this or ``calendar``. Days beyond its table are no
        gaps.
    calendar
        Days of trading in a column ``date``, such as `sessions_frame` returns.
    filling
        ``null``: a filled row holds nothing but its symbol and day. ``previous_close``: its ``open``,
        ``high``, ``low`` and ``close`` are the close of the bar before the gap (null where that is null, NaN,
        infinite or not positive), its ``volume`` and ``trade_count`` are zero; other columns are null. Such
        prices are no trades: returns of these rows are zero, and volatility is understated.
    symbol, date
        Names of the columns of instrument names and of days.

    Returns
    -------
    pl.LazyFrame
        The bars and the rows added, sorted by symbol and day, with all columns and types of ``frame`` and
        ``filled`` (Boolean). Bars on days without a session stay (`outside_sessions` lists them), and so do
        rows without a symbol or a day; of bars of the same symbol and day, the order is kept.

    Raises
    ------
    ParameterError
        If not exactly one of ``venue`` and ``calendar`` is given, or the filling is none of these.
    UnknownNameError
        If there is no table of that venue.
    DataError
        If a column is missing, the days are no dates, prices or volumes are no numbers where they are to be
        filled, or ``filled`` is there already; at the call, from the schema.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> bars = pl.LazyFrame({
    ...     "symbol": ["A", "A"],
    ...     "date": [date(2024, 11, 27), date(2024, 12, 2)],
    ...     "close": [10.0, 11.0],
    ... })
    >>> fill_gaps(bars, venue="XNYS").select("close", "filled").collect().rows()
    [(10.0, False), (None, True), (11.0, False)]
    """
    if filling not in _FILLINGS:
        raise ParameterError("filling", filling, " or ".join(_FILLINGS))
    days = _calendar(venue, calendar)
    schema = _require_days(frame, symbol, date)
    if "filled" in schema:
        raise DataError("is there already", column="filled", hint="rename it first")
    if filling == "previous_close":
        present = {name for name in (*_PRICES, "volume", "trade_count") if name in schema}
        require_columns(frame, dict.fromkeys({"close"} | present, Kind.NUMBER))
    missing = _missing(frame, days, symbol=symbol, date=date).with_columns(filled=pl.lit(value=True))
    bars = frame.with_columns(filled=pl.lit(value=False))
    filled = pl.concat([bars, missing], how="diagonal").sort(symbol, date, maintain_order=True)
    return filled if filling == "null" else _with_previous_close(filled, schema, symbol)


def _missing(frame: pl.LazyFrame, days: pl.LazyFrame, *, symbol: str, date: str) -> pl.LazyFrame:
    bars = frame.select(symbol, date).drop_nulls().unique()
    spans = bars.group_by(symbol).agg(pl.col(date).min().alias("__first"), pl.col(date).max().alias("__last"))
    span = pl.date_ranges("__first", "__last").alias(date)
    # Day by day, then the sessions among them: a join of ranges would hold all pairs.
    sessions = spans.select(symbol, span).explode(date).join(days, left_on=date, right_on="date", how="semi")
    return sessions.join(bars, on=[symbol, date], how="anti")


def _with_previous_close(filled: pl.LazyFrame, schema: pl.Schema, symbol: str) -> pl.LazyFrame:
    # The position of the last bar is carried on, not its close: a close that is null must not be bridged.
    position = pl.when(~pl.col("filled")).then(pl.int_range(pl.len())).forward_fill()
    carried = positive(pl.col("close")).gather(position).over(symbol)
    zeros = [name for name in ("volume", "trade_count") if name in schema]
    return filled.with_columns(
        *(
            pl.when("filled").then(carried.cast(schema[name])).otherwise(name).alias(name)
            for name in _PRICES
            if name in schema
        ),
        *(pl.when("filled").then(pl.lit(0, schema[name])).otherwise(name).alias(name) for name in zeros),
    )


def _calendar(venue: str | None, calendar: pl.LazyFrame | None) -> pl.LazyFrame:
    if (venue is None) == (calendar is None):
        raise ParameterError("venue", venue, "a venue or a calendar, one of the two")
    if calendar is None:
        assert venue is not None
        return session_days(venue)
    _require_dates(require_columns(calendar, {"date": Kind.TIME}), "date")
    return calendar.select("date")


def _require_days(frame: pl.LazyFrame, symbol: str, date: str) -> pl.Schema:
    schema = require_columns(frame, {symbol: Kind.ANY, date: Kind.TIME})
    _require_dates(schema, date)
    return schema


def _require_dates(schema: pl.Schema, date: str) -> None:
    if schema[date] != pl.Date:
        raise DataError(f"holds {schema[date]}, expected days", column=date, hint="pl.col(...).dt.date()")
