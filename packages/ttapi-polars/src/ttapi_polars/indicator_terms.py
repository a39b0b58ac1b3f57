# SPDX-License-Identifier: Apache-2.0
"""Terms that indicators share: values computed once, quotients, whole bars, smoothing from a seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from operator import and_
from typing import Final

import polars as pl

from ttapi_polars.inputs import finite, positive, require_expression
from ttapi_polars.window_sums import whole_window_mean

_STEP_MAX: Final = 2**24
"""Ticks of the clock between two rows: enough for a half-life that is true to 1e-14, see `smoothed`."""
_JUMP_MAX: Final = 2**62
"""Ticks of a restart, so that a single one cannot overflow; only windows of 2**28 rows come near."""
_HALVINGS_OF_A_RESTART: Final = 1100
"""Half-lives after which nothing is left of a price of 1e300, however small those that follow."""


def once(build: Callable[..., pl.Expr], *values: pl.Expr) -> pl.Expr:
    """
    Let ``build`` use the values as often as it likes, and have each computed once.

    A Polars expression that appears twice is computed twice unless an optimiser finds out, which it does not
    in the eager engine. So the values become fields of a struct, and ``build`` is given the fields. The
    result has the name of the first value. Expressions of several columns, such as ``pl.all()``, have no
    single name: there ``build`` is given the values themselves, for the same result.
    """
    if any(value.meta.has_multiple_outputs() for value in values):
        return build(*values)
    name = values[0].meta.output_name(raise_if_undetermined=False)
    if name is None and values[0].meta.root_names():
        return build(*values)
    labels = [f"value_{i}" for i in range(len(values))]
    bound = pl.struct([value.alias(label) for value, label in zip(values, labels, strict=True)])
    result = build(*[pl.field(label) for label in labels])
    # A field of a binding further out has no name that Polars could tell, and none that matters.
    return bound.struct.with_fields(result.alias("result")).struct.field("result").alias(name or "result")


def in_one_list(build: Callable[..., pl.Expr], *values: pl.Expr) -> pl.Expr:
    """
    Build a measure inside one list of all rows, which is then taken apart again; named as the first value is.

    Every public measure that is made with `once` begins here, and only there: what it is made of is not put
    into a list again. In the open, the streaming engine, the default for lazy frames, refuses the fields of a
    binding below an aggregation (``relative_strength_index(...).last()`` in a `group_by`). The list costs
    20 to 40 ms a million rows of one column and about 100 ms of three. Expressions of several columns take
    part in it where the measure has one value only.
    """
    for value in values:
        require_expression("value", value)
    if len(values) == 1:
        rows, parts = values[0], [pl.element()]
    else:
        name = values[0].meta.output_name(raise_if_undetermined=False)
        if name is None or any(value.meta.has_multiple_outputs() for value in values):
            return build(*values)
        labels = [f"value_{i}" for i in range(len(values))]
        rows = pl.struct([value.alias(label) for value, label in zip(values, labels, strict=True)]).alias(
            name
        )
        parts = [pl.element().struct.field(label) for label in labels]
    return rows.implode().list.eval(build(*parts)).explode(empty_as_null=False)


def sound(value: pl.Expr) -> pl.Expr:
    """Keep what is finite, as `ttapi_polars.inputs.finite` does, and compute the value once for that."""
    return once(finite, value)


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Divide what cannot exceed the whole by it; null where that is zero."""
    return pl.when(whole != 0).then(part / whole)


def ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Divide; null where the denominator is zero or the quotient is no finite number."""
    return sound(share(numerator, denominator))


def from_ranges(build: Callable[[pl.Expr, pl.Expr], pl.Expr], high: pl.Expr, low: pl.Expr) -> pl.Expr:
    """Build from highs and lows; both are null where one is no usable price or the high is below the low."""

    def whole(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
        usable = top >= bottom
        return once(build, pl.when(usable).then(top), pl.when(usable).then(bottom))

    return once(whole, positive(high), positive(low))


def from_bars(
    build: Callable[[pl.Expr, pl.Expr, pl.Expr], pl.Expr], high: pl.Expr, low: pl.Expr, close: pl.Expr
) -> pl.Expr:
    """Build from bars; all prices are null where one is unusable or the high is below the low."""

    def whole(top: pl.Expr, bottom: pl.Expr, last: pl.Expr) -> pl.Expr:
        usable = (top >= bottom) & last.is_not_null()
        return once(build, *[pl.when(usable).then(price) for price in (top, bottom, last)])

    return once(whole, positive(high), positive(low), positive(close))


def smoothed(value: pl.Expr, seed: pl.Expr, *, weight: float) -> pl.Expr:
    """
    Smooth exponentially from a seed, and from a new seed after every gap.

    Parameters
    ----------
    value
        Numbers, null where unusable. Float64, shape ``(n,)``.
    seed
        Null or not finite before the row where smoothing begins and in a gap. The row where it becomes known
        begins with it; its later rows only say that smoothing goes on. Float64, shape ``(n,)``.
    weight
        Of the newest value, above 0 and at most 1.

    Returns
    -------
    pl.Expr
        Float64, shape ``(n,)``: ``s[t] = (1 - weight) * s[t-1] + weight * value[t]``, the seed at the start.

    Notes
    -----
    Polars has no recursion that can begin anew, but it has one that follows a clock: the longer the time
    since the last value, the less that counts. Here a row is one step of the clock, and a seed comes 1100
    half-lives after what was before it, when nothing of that is left. A half-life is a whole number of ticks;
    step and half-life are chosen as the best fraction, so that it is true to 1e-14. The clock has 2**63
    ticks: enough for all rows that Polars can hold, or for 500 million rows of one instrument with a gap in
    every window.
    """
    return smoothed_alike(lambda average: average, [value], [seed], weight=weight)


def smoothed_alike(
    build: Callable[..., pl.Expr], values: Sequence[pl.Expr], seeds: Sequence[pl.Expr], *, weight: float
) -> pl.Expr:
    """
    Build from the averages of values that begin and end together, each as in `smoothed`, with one clock.

    They begin in the row where the seeds of all are known, and end where that of any is not.
    """
    count = len(values)

    def feed(ready: pl.Expr, *known: pl.Expr) -> pl.Expr:
        begins = ready & ~ready.shift(1, fill_value=False)
        fed = [
            pl.when(begins).then(seed).when(ready).then(value)
            for value, seed in zip(known[:count], known[count:], strict=True)
        ]
        step, half_life = _clock(weight)
        jump = _HALVINGS_OF_A_RESTART * half_life
        ticks = pl.when(begins).then(_ticks(jump)).when(ready).then(_ticks(step)).otherwise(_ticks(0))

        def smooth(time: pl.Expr, *numbers: pl.Expr) -> pl.Expr:
            return once(build, *[number.ewm_mean_by(time, half_life=f"{half_life}i") for number in numbers])

        return once(smooth, ticks.cum_sum(), *fed)

    def begin(*known: pl.Expr) -> pl.Expr:
        ready = reduce(and_, [seed.is_finite() for seed in known[count:]]).fill_null(value=False)
        if weight == 1:
            return once(build, *[pl.when(ready).then(value) for value in known[:count]])
        return once(feed, ready, *known)

    return once(begin, *values, *seeds)


def smoothed_from_mean(value: pl.Expr, *, window: int, weight: float) -> pl.Expr:
    """Smooth exponentially, from the mean of the first ``window`` values, in the row of the last of them."""

    def smooth(known: pl.Expr) -> pl.Expr:
        return smoothed(known, whole_window_mean(known, window), weight=weight)

    return once(smooth, value)


def _ticks(count: int) -> pl.Expr:
    return pl.lit(count, dtype=pl.Int64)


def _clock(weight: float) -> tuple[int, int]:
    half_life = math.log(0.5) / math.log1p(-weight)
    longest = math.floor(_JUMP_MAX / _HALVINGS_OF_A_RESTART / half_life)
    best = Fraction(half_life).limit_denominator(max(1, min(_STEP_MAX, longest)))
    return best.denominator, best.numerator
