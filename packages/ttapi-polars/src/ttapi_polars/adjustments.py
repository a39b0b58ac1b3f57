# SPDX-License-Identifier: Apache-2.0
"""
Prices adjusted for splits and dividends, beside the raw ones and with the factors shown.

A split of ratio 4.0 gives four new shares for one old share; 0.1 is a reverse split of ten into one. A
dividend is money per share as the share was the day before, in the currency of the prices; where a split
falls on the same day, per share before it. The date of an action is its ex-date: the first day that trades
without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

import polars as pl

from ttapi_core.errors import DataError, ParameterError
from ttapi_polars.inputs import Kind, not_negative, positive, require_columns

Direction = Literal["backward", "forward"]
"""Which end of the series keeps its raw prices: the newest (backward) or the oldest (forward)."""
_DIRECTIONS: Final = get_args(Direction)
# Exchanges rest for ten days at most. After more, the close is not what the dividend was taken off.
_CLOSE_AGE_MAX: Final = timedelta(days=14)
_PRICES: Final = ("open", "high", "low", "close")
_FACTORS: Final = ("split_factor", "dividend_factor", "factor")


def adjustment_factors(
    actions: pl.LazyFrame,
    bars: pl.LazyFrame,
    *,
    as_of: date | None = None,
    symbol: str = "symbol",
    date: str = "date",
) -> pl.LazyFrame:
    """
    Return what each day of corporate actions multiplies the prices before it by, and why it may not.

    Parameters
    ----------
    actions
        The symbol, the ex-date, ``split_ratio`` (new shares per old share) and ``dividend`` (money per share
        before any split of that day), either of which may be missing as a column; null says that there was
        none. Several rows of a symbol and day are taken together: ratios multiply, dividends add up.
    bars
        Daily bars with raw prices: the symbol, the day and ``close``; rows in any order.
    as_of
        Actions with a later ex-date are not known yet and left out. None takes all.
    symbol, date
        Names of the columns, the same in both frames; days are dates.

    Returns
    -------
    pl.LazyFrame
        One row a symbol and ex-date, sorted: ``symbol``, ``date``, ``split_ratio`` and ``dividend`` (of the
        day together), ``previous_close`` (raw, of the last bar before the ex-date, where there is a
        dividend), ``split_factor``, ``dividend_factor``, ``factor`` (their product), all Float64, and
        ``problem`` (String).

        A factor is null rather than wrong, and ``problem`` says why:

        - ``no symbol``, ``no date``: the cell is null;
        - ``given twice``: rows of the same symbol, day, ratio and dividend; once or twice, nobody can tell;
        - ``no usable split ratio``: NaN, infinite, zero or negative;
        - ``no usable dividend``: NaN, infinite or negative;
        - ``no bar before``: there is no price to adjust, and the dividend factor is not needed;
        - ``no usable previous close``: null, NaN, infinite, not positive, or two bars on that day;
        - ``previous close too old``: more than 14 days lie between it and the ex-date of a dividend;
        - ``dividend not below the previous close``.

    Raises
    ------
    ParameterError
        If ``as_of`` is no date.
    DataError
        If a column is missing or of the wrong type, the days are no dates, or actions have neither
        ``split_ratio`` nor ``dividend``; at the call, from the schema.

    Notes
    -----
    ``split_factor = 1 / split_ratio``; ``dividend_factor = 1 - dividend / previous_close``, the fall that the
    dividend alone explains. Source: Center for Research in Security Prices, *CRSP US Stock & Indices Data
    Descriptions Guide*, factor to adjust prices; the same as in Yahoo's adjusted close.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> bars = pl.LazyFrame({
    ...     "symbol": ["A", "A"],
    ...     "date": [date(2024, 6, 6), date(2024, 6, 7)],
    ...     "close": [100.0, 24.0],
    ... })
    >>> actions = pl.LazyFrame({
    ...     "symbol": ["A"], "date": [date(2024, 6, 7)], "split_ratio": [4.0], "dividend": [2.0]
    ... })
    >>> adjustment_factors(actions, bars).select("split_factor", "dividend_factor", "factor").collect().row(0)
    (0.25, 0.98, 0.245)
    """
    _require_inputs(actions, bars, as_of=as_of, symbol=symbol, date=date)
    closes = bars.select(symbol=symbol, date=date, close=positive(pl.col("close")))
    days = _with_factors(
        _action_days(actions, as_of, _counts(splits=True, dividends=True), symbol=symbol, date=date), closes
    )
    return days.drop("bar_date").sort("symbol", "date")


def adjust_bars(
    bars: pl.LazyFrame,
    actions: pl.LazyFrame,
    *,
    direction: Direction = "backward",
    as_of: date | None = None,
    splits: bool = True,
    dividends: bool = True,
    symbol: str = "symbol",
    date: str = "date",
) -> pl.LazyFrame:
    """
    Add adjusted prices and volumes beside the raw ones, with the factors that made them.

    Parameters
    ----------
    bars
        Daily bars with raw prices: the symbol, the day, ``close``, and where there are any ``open``,
        ``high``, ``low``, ``volume``; rows in any order.
    actions
        As `adjustment_factors` takes them; their rows in any order.
    direction
        ``backward``: prices before an action are brought to the level after the last one, so that the newest
        prices are the raw ones. ``forward``: prices from an action on are brought to the level of the first
        bar.
    as_of
        The day on which this is looked at: actions with a later ex-date are not known and change nothing, and
        bars of later days have no adjusted values. None takes all.
    splits, dividends
        Which actions count.
    symbol, date
        Names of the columns, the same in both frames; days are dates.

    Returns
    -------
    pl.LazyFrame
        The bars in the order given, raw columns untouched, with ``split_factor``, ``dividend_factor``,
        ``factor`` (Float64, of this bar: all actions between it and the end that keeps its prices) and, where
        the raw ones are there, ``adjusted_open``, ``adjusted_high``, ``adjusted_low``, ``adjusted_close``
        (raw times ``factor``) and ``adjusted_volume`` (raw divided by ``split_factor``; dividends leave it).

        Null where the raw value cannot be used, where the bar has no symbol or day or is later than
        ``as_of``, and wherever an action between the bar and that end has no factor (`adjustment_factors`
        says why). An action without a date leaves nothing of its symbol.

    Raises
    ------
    ParameterError
        If ``direction`` is none of these, or ``as_of`` is no date.
    DataError
        If a column is missing or of the wrong type, the days are no dates, actions have neither
        ``split_ratio`` nor ``dividend``, or a column to be added is there already; at the call.

    Notes
    -----
    An action on a day without a bar counts from the next bar on; one on or before the first bar changes
    nothing; one after the last bar changes all bars of a backward series, and a dividend long after it makes
    them null (give ``as_of`` where bars end before the actions do). Adjusted in either direction, a series
    has the same returns: the two differ by one constant a symbol, the product of its factors.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> bars = pl.LazyFrame({
    ...     "symbol": ["A", "A"],
    ...     "date": [date(2024, 6, 6), date(2024, 6, 7)],
    ...     "close": [100.0, 24.0],
    ...     "volume": [10, 50],
    ... })
    >>> actions = pl.LazyFrame({"symbol": ["A"], "date": [date(2024, 6, 7)], "split_ratio": [4.0]})
    >>> adjusted = adjust_bars(bars, actions).collect()
    >>> adjusted.select("close", "factor", "adjusted_close", "adjusted_volume").rows()
    [(100.0, 0.25, 25.0, 40.0), (24.0, 1.0, 24.0, 50.0)]
    """
    if direction not in _DIRECTIONS:
        raise ParameterError("direction", direction, " or ".join(_DIRECTIONS))
    _require_inputs(actions, bars, as_of=as_of, symbol=symbol, date=date)
    _require_room(bars)
    closes = bars.select(symbol=symbol, date=date, close=positive(pl.col("close")))
    counts = _counts(splits=splits, dividends=dividends)
    days = _with_factors(_action_days(actions, as_of, counts, symbol=symbol, date=date), closes)
    days = days.filter(counts & pl.col("symbol").is_not_null())
    undated = days.filter(pl.col("date").is_null()).select("symbol", __undated=pl.lit(value=True)).unique()
    rows = bars.with_row_index("__row").with_columns(__symbol=symbol, __date=date)
    rows = _with_chained(rows, _chained(days, direction, splits=splits, dividends=dividends), direction).join(
        undated, left_on="__symbol", right_on="symbol", how="left"
    )
    unknown = pl.any_horizontal(pl.col("__symbol", "__date").is_null(), pl.col("__undated").is_not_null())
    if as_of is not None:
        unknown |= pl.col("__date") > as_of
    factors = [pl.when(~unknown).then(positive(pl.col(f"__{name}"))).alias(name) for name in _FACTORS]
    names = bars.collect_schema().names()
    adjusted = [
        positive(positive(pl.col(name)) * pl.col("factor")).alias(f"adjusted_{name}")
        for name in _PRICES
        if name in names
    ]
    if "volume" in names:
        volume = not_negative(not_negative(pl.col("volume")) / pl.col("split_factor"))
        adjusted.append(volume.alias("adjusted_volume"))
    return rows.sort("__row").with_columns(factors).select(*names, *_FACTORS, *adjusted)


def _counts(*, splits: bool, dividends: bool) -> pl.Expr:
    no = pl.lit(value=False)
    split = pl.col("split_ratio").is_not_null() if splits else no
    dividend = pl.col("dividend").is_not_null() if dividends else no
    return split | dividend


def _action_days(
    actions: pl.LazyFrame, as_of: date | None, counts: pl.Expr, *, symbol: str, date: str
) -> pl.LazyFrame:
    """Take the actions of a symbol and day together; a row ``counts`` where a kind does that is wanted."""
    names = actions.collect_schema().names()

    def told(name: str) -> pl.Expr:
        return (pl.col(name) if name in names else pl.lit(None)).cast(pl.Float64).alias(name)

    rows = actions.select(
        pl.col(symbol).alias("symbol"), pl.col(date).alias("date"), told("split_ratio"), told("dividend")
    )
    if as_of is not None:
        rows = rows.filter((pl.col("date") <= as_of) | pl.col("date").is_null())
    ratio, dividend = pl.col("split_ratio"), pl.col("dividend")
    bad_ratio = (ratio.is_not_null() & positive(ratio).is_null()).any()
    bad_dividend = (dividend.is_not_null() & not_negative(dividend).is_null()).any()
    acting = ratio.is_not_null() | dividend.is_not_null()
    return (
        rows.filter(acting)
        .group_by("symbol", "date")
        .agg(
            pl.when(ratio.count() > 0).then(ratio.product()).alias("split_ratio"),
            pl.when(dividend.count() > 0).then(dividend.sum()).alias("dividend"),
            bad_ratio=bad_ratio,
            bad_dividend=bad_dividend,
            twice=(pl.struct(ratio, dividend).is_duplicated() & counts).any(),
        )
    )


def _with_close_before(days: pl.LazyFrame, closes: pl.LazyFrame) -> pl.LazyFrame:
    """Add the day of the last bar before each day of actions (``bar_date``), and its close."""
    bars = closes.drop_nulls(["symbol", "date"])
    dates = bars.select("symbol", "date", bar_date="date").sort("date")
    found = days.sort("date").join_asof(
        dates, on="date", by="symbol", strategy="backward", allow_exact_matches=False, check_sortedness=False
    )
    # Only the closes asked for are looked at. Two bars on one day: which close counts is not known.
    asked = bars.rename({"date": "bar_date"}).join(found, on=["symbol", "bar_date"], how="semi")
    close = pl.when(pl.len() == 1).then(pl.col("close").first())
    of_day = asked.group_by("symbol", "bar_date").agg(previous_close=close)
    return found.join(of_day, on=["symbol", "bar_date"], how="left")


def _with_factors(days: pl.LazyFrame, closes: pl.LazyFrame) -> pl.LazyFrame:
    """Look up the close before each day of actions, and make the factors of that day of it."""
    found = _with_close_before(days, closes)
    stale = pl.col("date") - pl.col("bar_date") > _CLOSE_AGE_MAX
    close, ratio = pl.when(~stale).then("previous_close"), pl.col("split_ratio")
    dividend = pl.col("dividend").fill_null(0.0)
    has_dividend = dividend != 0
    reasons = [
        (pl.col("symbol").is_null(), "no symbol"),
        (pl.col("date").is_null(), "no date"),
        (pl.col("twice"), "given twice"),
        (pl.col("bad_ratio") | positive(ratio.fill_null(1.0)).is_null(), "no usable split ratio"),
        (pl.col("bad_dividend") | not_negative(dividend).is_null(), "no usable dividend"),
        (pl.col("bar_date").is_null(), "no bar before"),
        (has_dividend & stale, "previous close too old"),
        (has_dividend & close.is_null(), "no usable previous close"),
        (has_dividend & (dividend >= close), "dividend not below the previous close"),
    ]
    problem = pl.coalesce(pl.when(holds).then(pl.lit(reason)) for holds, reason in reasons)
    doubtful = pl.col("twice") | pl.col("date").is_null()
    split = positive(1 / positive(ratio.fill_null(1.0)))
    fall = pl.when(has_dividend).then(positive(1 - dividend / close)).otherwise(1.0)
    return found.with_columns(
        pl.when(has_dividend).then(close).alias("previous_close"),
        split_factor=pl.when(~doubtful & ~pl.col("bad_ratio")).then(split),
        dividend_factor=pl.when(~doubtful & ~pl.col("bad_dividend")).then(fall),
        problem=problem,
    ).select(
        "symbol",
        "date",
        "split_ratio",
        "dividend",
        "previous_close",
        "split_factor",
        "dividend_factor",
        positive(pl.col("split_factor") * pl.col("dividend_factor")).alias("factor"),
        "problem",
        "bar_date",
    )


def _chained(days: pl.LazyFrame, direction: Direction, *, splits: bool, dividends: bool) -> pl.LazyFrame:
    """Multiply the factors of the actions that count: of each day and those between it and the raw end."""
    backward = direction == "backward"

    def chain(name: str, *, counts: bool) -> pl.Expr:
        factor = pl.col(name) if counts else pl.lit(1.0)
        factor = factor if backward else 1 / factor
        # A product passes over nulls, so they are counted: one unknown factor makes all beyond it unknown.
        unknown = factor.is_null().cum_sum(reverse=backward) > 0
        return pl.when(~unknown).then(factor.cum_prod(reverse=backward)).over("symbol", order_by="date")

    known = days.filter(pl.col("date").is_not_null(), pl.col("bar_date").is_not_null())
    return known.select(
        "symbol",
        pl.col("date").alias("__date"),
        chain("split_factor", counts=splits).alias("__split_factor"),
        chain("dividend_factor", counts=dividends).alias("__dividend_factor"),
        pl.lit(value=True).alias("__acted"),
    ).sort("__date")


def _with_chained(rows: pl.LazyFrame, chains: pl.LazyFrame, direction: Direction) -> pl.LazyFrame:
    """Add to each bar the factors of the actions between it and the raw end; 1 where there is none."""
    backward = direction == "backward"
    joined = rows.sort("__date", maintain_order=True).join_asof(
        chains,
        on="__date",
        by_left="__symbol",
        by_right="symbol",
        strategy="forward" if backward else "backward",
        allow_exact_matches=not backward,  # the day of an action already trades at the new level
        check_sortedness=False,
    )
    one = pl.lit(1.0)
    split = pl.when("__acted").then("__split_factor").otherwise(one)
    dividend = pl.when("__acted").then("__dividend_factor").otherwise(one)
    return joined.with_columns(__split_factor=split, __dividend_factor=dividend, __factor=split * dividend)


def _require_inputs(
    actions: pl.LazyFrame, bars: pl.LazyFrame, *, as_of: object, symbol: str, date: str
) -> None:
    _require_day("as_of", as_of)
    told = [name for name in ("split_ratio", "dividend") if name in actions.collect_schema().names()]
    if not told:
        raise DataError("is missing", column="split_ratio", hint="or a column dividend, or both")
    of_actions = _require_numbers(actions, told, symbol=symbol, date=date)
    present = [name for name in (*_PRICES, "volume") if name in bars.collect_schema().names()]
    of_bars = _require_numbers(bars, ["close", *present], symbol=symbol, date=date)
    if of_actions[symbol] != of_bars[symbol]:
        raise DataError(f"holds {of_actions[symbol]} in actions and {of_bars[symbol]} in bars", column=symbol)


def _require_day(parameter: str, value: object) -> None:
    if value is not None and (isinstance(value, datetime) or not isinstance(value, date)):
        raise ParameterError(parameter, value, "a date without a time, or None")


def _require_numbers(frame: pl.LazyFrame, names: Iterable[str], *, symbol: str, date: str) -> pl.Schema:
    numbers = dict.fromkeys(names, Kind.NUMBER)
    schema = require_columns(frame, {symbol: Kind.ANY, date: Kind.TIME} | numbers)
    if schema[date] != pl.Date:
        raise DataError(f"holds {schema[date]}, expected days", column=date, hint="pl.col(...).dt.date()")
    return schema


def _require_room(bars: pl.LazyFrame) -> None:
    """Raise `DataError` if a column that would be added is there: raw and adjusted are never mixed up."""
    added = (*_FACTORS, *(f"adjusted_{name}" for name in (*_PRICES, "volume")))
    for name in bars.collect_schema().names():
        if name in added:
            raise DataError("is there already", column=name, hint="rename or drop it first")
