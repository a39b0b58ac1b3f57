# SPDX-License-Identifier: Apache-2.0
"""
Compiled passes that reduce runs of rows: where they begin, and the moments and days of each.

Every function that takes ``starts``, the first row of each run and, last, the number of rows, reads nothing
outside of it. What a run gives depends on its own values alone, to the last bit, wherever it stands.

The mean is taken first, and then the deviations from it, whose own sum takes the rounding of the mean out
again (T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for Computing the Sample Variance", The American
Statistician 37, 1983, equation 1.7). Runs without a gap, which are nearly all, take loops without a branch,
for such are what compilers make vector instructions of; the others are found by their sums and taken row by
row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from ttapi_polars.compiled import kernel, summing_kernel
from ttapi_polars.window_kernels import price_or_nan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Rows: TypeAlias = NDArray[np.int64]
    Words: TypeAlias = NDArray[np.uint64]

_BLOCK: Final = 256
"""Rows that are compared before anyone asks which of them differ."""
_LENGTH: Final = np.uint64(0xFFFF_FFFF)
"""The part of the first word of a view that is the length of the string."""
_SHORT_MAX: Final = np.uint64(12)
"""Bytes of a string that its view holds."""
_NEAR: Final = 0.0025
"""The greatest square of ``(a - b) / (a + b)`` for which seven terms of the series are exact to rounding."""
_HUGE: Final = 1e300
"""Above it the sum of two prices may be too large for a double."""
NO_TIME: Final = np.iinfo(np.int64).min
"""Stands for a time that is missing, and for the last of none."""
NO_TIME_FIRST: Final = np.iinfo(np.int64).max
"""Stands for the first time of none."""


@kernel
def changed_views(words: Words, stride: int, found: Rows) -> tuple[int, int]:
    """
    Fill in the rows whose view, two words each, is not that of the row before.

    Parameters
    ----------
    words
        The views of a column.
    stride
        1 looks at every row. More looks at one row in ``stride``, and between two that differ for the place
        where the first ends, by halves: all changes of a column in order are found so.
    found
        What to fill in.

    Returns
    -------
    tuple
        How many there are, of which the first are filled in where room is short; and of how many the views
        do not tell, for both strings are longer than a view.
    """
    views = words.reshape(-1, 2)
    count, long = 0, 0
    row, end = np.uint64(0), np.uint64(len(views) - 1)  # no sign, and so no look at what it may be
    clean = row  # no view changes before it
    while row < end:
        if stride == 1 and row == clean:
            clean = min(row + np.uint64(_BLOCK), end)
            if _unchanged(words[2 * row : 2 * clean], words[2 * row + 2 : 2 * clean + 2]):
                row = clean
                continue
        look = min(row + np.uint64(stride), end)
        while views[row, 0] != views[look, 0] or views[row, 1] != views[look, 1]:
            same, other = row, look
            while other - same > np.uint64(1):
                middle = (same + other) // np.uint64(2)
                if views[row, 0] == views[middle, 0] and views[row, 1] == views[middle, 1]:
                    same = middle
                else:
                    other = middle
            shorter = min(views[same, 0] & _LENGTH, views[other, 0] & _LENGTH)
            long += shorter > _SHORT_MAX
            if count < found.size:
                found[count] = other
            count += 1
            row = other
        row = look
    return count, long


@kernel
def _unchanged(words: Words, later: Words) -> bool:
    differs = np.uint64(0)
    for place in range(words.size):
        differs |= words[place] ^ later[place]
    return bool(differs == 0)


@summing_kernel
def total(values: Floats) -> float:
    """Add up."""
    result = 0.0
    for place in range(values.size):
        result += values[place]
    return result


@kernel
def apart(value: float, centre: float) -> float:
    """Return the difference, which a `summing_kernel` must not take apart."""
    return value - centre


@summing_kernel
def moments_about(values: Floats, centre: float) -> tuple[float, float]:
    """Return the sum of the deviations from a centre, and that of their squares."""
    deviation, squares = 0.0, 0.0
    for place in range(values.size):
        off = apart(values[place], centre)
        deviation += off
        squares += off * off
    return deviation, squares


@kernel
def squared_deviations(values: Floats) -> float:
    """
    Return the sum of squared deviations of values from their mean; exactly 0 of equal ones.

    NaN where a value is not finite, or the result is too large for a double.
    """
    count = values.size
    mean = total(values) / count
    if np.isinf(mean):  # perhaps the sum alone is too large
        mean = total(values * 2.0**-64) / count * 2.0**64
    deviation, squares = moments_about(values, mean)
    result = squares - deviation * deviation / count
    little = not result > count * (mean * 2.0**-50) ** 2
    if little and np.isfinite(values[0]) and (values == values[0]).all():
        return 0.0  # the mean of equal values is not theirs to the last bit
    return max(result, 0.0) if np.isfinite(result) else np.nan


@kernel
def log_change(now: float, before: float) -> float:
    """
    Return ``ln(now / before)`` of two prices that can be used.

    Near each other it is ``2 artanh((now - before) / (now + before))``: the difference is exact, and no digit
    is lost as by the difference of two logarithms.
    """
    scale = 0.25 if now >= _HUGE else 1.0
    part = (now * scale - before * scale) / (now * scale + before * scale)
    square = part * part
    if square <= _NEAR:
        return _twice_artanh(part, square)
    ratio = now / before
    if 1e-300 < ratio < _HUGE:
        return float(np.log(ratio))
    return float(np.log(now) - np.log(before))


@kernel
def _twice_artanh(part: float, square: float) -> float:
    tail = 1 / 7 + square * (1 / 9 + square * (1 / 11 + square * (1 / 13)))
    return 2.0 * (part + part * square * (1 / 3 + square * (1 / 5 + square * tail)))


@kernel
def near_log_changes(price: Floats, out: Floats) -> tuple[int, int]:
    """
    Fill in the changes of a run, one fewer than prices, as if all prices were usable and near each other.

    Returns
    -------
    tuple
        How many prices are not usable, and how many changes have to be made anew by `log_change`.
    """
    unusable, far = 0, 0
    for row in range(price.size):
        unusable += not (0.0 < price[row] < _HUGE)
    now, before = price[1:], price[:-1]
    for row in range(now.size):
        part = (now[row] - before[row]) / (now[row] + before[row])
        square = part * part
        far += not square <= _NEAR
        out[row] = _twice_artanh(part, square)
    return unusable, far


@kernel
def log_changes(price: Floats, out: Floats) -> tuple[int, int]:
    """
    Fill in the log returns of a run, those that there are, one after the other.

    Returns
    -------
    tuple
        How many prices are usable, and how many returns there are: a gap is not bridged.
    """
    unusable, far = near_log_changes(price, out)
    if unusable == 0:
        if far > 0:
            for row in range(price.size - 1):
                out[row] = log_change(price[row + 1], price[row])
        return price.size, price.size - 1
    days, count, before = 0, 0, np.nan
    for row in range(price.size):
        now = price_or_nan(price[row])
        if not np.isnan(now):
            days += 1
            if not np.isnan(before):
                out[count] = log_change(now, before)
                count += 1
        before = now
    return days, count


@kernel
def finite_values(values: Floats, out: Floats) -> int:
    """Fill in those that are finite, one after the other, and return how many."""
    count = 0
    for row in range(values.size):
        if np.isfinite(values[row]):
            out[count] = values[row]
            count += 1
    return count


@kernel
def deviations(values: Floats, starts: Rows, counts: Rows, squares: Floats) -> None:
    """Fill in, for each run, how many values are finite and the sum of squared deviations of these."""
    for run in range(starts.size - 1):
        own = values[starts[run] : starts[run + 1]]
        counts[run], squares[run] = own.size, squared_deviations(own)
        if np.isnan(squares[run]):
            kept = np.empty(own.size)
            counts[run] = finite_values(own, kept)
            squares[run] = squared_deviations(kept[: counts[run]]) if counts[run] else 0.0


@kernel
def log_deviations(
    price: Floats, starts: Rows, days: Rows, counts: Rows, squares: Floats, newest: Floats
) -> None:
    """
    Fill in, for each run, its usable prices, its log returns, and their sum of squared deviations.

    And the newest usable price, NaN where there is none.
    """
    longest = 1
    for run in range(starts.size - 1):
        longest = max(longest, starts[run + 1] - starts[run])
    changes = np.empty(longest)
    for run in range(starts.size - 1):
        own = price[starts[run] : starts[run + 1]]
        days[run], counts[run] = log_changes(own, changes)
        squares[run] = squared_deviations(changes[: counts[run]]) if counts[run] else 0.0
        newest[run] = np.nan
        for row in range(own.size - 1, -1, -1):
            if not np.isnan(price_or_nan(own[row])):
                newest[run] = own[row]
                break


@kernel
def found_runs(words: Words, stride: int, starts: Rows, names: Words) -> int:
    """
    Fill in where the runs of a column begin, where the last ends, and the views of their names.

    Returns
    -------
    int
        How many runs there are; 0 where the views do not tell, or room is short.
    """
    changed, long = changed_views(words, stride, starts[1:-1])
    runs = changed + 1
    if long or runs >= starts.size:
        return 0
    starts[0], starts[runs] = 0, words.size // 2
    for run in range(runs):
        names[2 * run], names[2 * run + 1] = words[2 * starts[run]], words[2 * starts[run] + 1]
        if (names[2 * run] & _LENGTH) > _SHORT_MAX:
            return 0
    return runs


@kernel
def found_deviations(
    words: Words, values: Floats, stride: int, starts: Rows, names: Words, facts: Floats
) -> int:
    """Do as `found_runs`, and fill in two rows of `deviations` of all runs but the outermost."""
    runs = found_runs(words, stride, starts, names)
    if runs > 2:
        own = facts[:, 1 : runs - 1]
        deviations(values, starts[1:runs], own[0].view(np.int64), own[1])
    return runs


@kernel
def found_log_deviations(
    words: Words, price: Floats, stride: int, starts: Rows, names: Words, facts: Floats
) -> int:
    """Do as `found_runs`, and fill in four rows of `log_deviations` of all runs but the outermost."""
    runs = found_runs(words, stride, starts, names)
    if runs > 2:
        own = facts[:, 1 : runs - 1]
        days, counts = own[0].view(np.int64), own[1].view(np.int64)
        log_deviations(price, starts[1:runs], days, counts, own[2], own[3])
    return runs


@kernel
def spans(time: Rows, price: Floats, starts: Rows, out: Rows) -> None:
    """
    Fill in five rows of numbers of each run.

    They are whether its times rise, the first and the last of those with a usable price, and the first and
    the last of all. Where no price is usable, the first is the greatest number there is and the last the
    least, so that runs can be put together.
    """
    rises, first, last, begin, end = out[0], out[1], out[2], out[3], out[4]
    for run in range(starts.size - 1):
        own, used = time[starts[run] : starts[run + 1]], price[starts[run] : starts[run + 1]]
        begin[run], end[run] = own[0], own[-1]
        falls = np.int64(own[0] == NO_TIME)
        later, sooner = own[1:], own[:-1]
        for row in range(later.size):
            falls += later[row] <= sooner[row]
        rises[run] = falls == 0
        first[run], last[run] = NO_TIME_FIRST, NO_TIME
        if falls == 0:  # then only the outermost usable prices matter
            low, high = 0, own.size - 1
            while low < own.size and np.isnan(price_or_nan(used[low])):
                low += 1
            while high > low and np.isnan(price_or_nan(used[high])):
                high -= 1
            if low < own.size:
                first[run], last[run] = own[low], own[high]
            continue
        for row in range(own.size):
            if own[row] != NO_TIME and not np.isnan(price_or_nan(used[row])):
                first[run], last[run] = min(first[run], own[row]), max(last[run], own[row])
