# SPDX-License-Identifier: Apache-2.0
"""
What several providers say of one symbol, held against each other, field by field.

Every difference has one kind, the first of these that explains it:

=============  ======================================================================================
kind           of a value that
=============  ======================================================================================
missing        one provider has and another has not: the row, or the field
unit           is a round multiple of the other's (10, 100, 1,000, ... or the inverse)
timing         the other provider has in the row before or after, where this one differs as well
bad_tick       stands alone: the rows around agree, and it is far from them while the other's is not
adjustment     differs by one factor that holds over rows in succession, as after a split or dividend
unexplained    differs otherwise, by more than the tolerance
=============  ======================================================================================

Nothing is thrown away: a difference keeps every candidate. The value that is chosen is the one that most
providers agree on; without a majority that of the first provider, in the order given, whose value is not a
bad tick.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any, Final

import polars as pl

from ttapi_core import ParameterError
from ttapi_platform.catalogue import Dataset

TOLERANCE: Final = 1e-4
"""Share by which two values may differ and still agree: rounding to cents, and to whole shares."""
CENT: Final = 0.00501
"""Amount by which two prices may differ and still agree: rounding of the half cent."""
FAR: Final = 0.2
"""Share by which a bad tick differs from the rows around it, at least."""
STEADY: Final = 5e-4
"""Share by which a factor may wander and still be one factor."""
_DESCRIBING: Final = frozenset({"vendor_symbol", "final", "streamer_symbol"})
_PRICES: Final = frozenset(
    {"open", "high", "low", "close", "bid", "ask", "last", "mark", "mid", "vwap", "prev_close"}
)


class Kind(StrEnum):
    """Why two values differ."""

    MISSING = "missing"
    UNIT = "unit"
    TIMING = "timing"
    BAD_TICK = "bad_tick"
    ADJUSTMENT = "adjustment"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    A field of a row on which providers differ.

    Parameters
    ----------
    at
        Values of the key columns behind the symbol: the day, the time, the strike.
    field
        Name of the column.
    kind
        Why, see the module.
    values
        Each provider's value; None where it has none.
    chosen
        The provider whose value is preferred; empty where no one has a value.
    factor
        The value of the first provider that has one by that of the first that differs; None for texts and
        missing values.
    """

    at: tuple[Any, ...]
    field: str
    kind: Kind
    values: Mapping[str, Any]
    chosen: str
    factor: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    What came of comparing.

    Parameters
    ----------
    dataset, symbol
        What was compared.
    providers
        In the order of preference.
    rows
        Rows of each provider.
    compared
        Values of which at least one provider had one.
    differences
        In the order of the key columns, then of the columns.
    """

    dataset: str
    symbol: str
    providers: tuple[str, ...]
    rows: Mapping[str, int]
    compared: int
    differences: tuple[Difference, ...]

    @property
    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """Differences by field and kind."""
        counts: dict[str, Counter[str]] = {}
        for difference in self.differences:
            counts.setdefault(difference.field, Counter())[difference.kind.value] += 1
        return counts

    @property
    def agreed(self) -> int:
        """Values on which all providers agree."""
        return self.compared - len(self.differences)


def compare(dataset: Dataset, symbol: str, frames: Mapping[str, pl.DataFrame]) -> Comparison:
    """
    Hold the rows of several providers against each other.

    Parameters
    ----------
    dataset
        Whose rows they are.
    symbol
        The key; rows of other keys are left out.
    frames
        Rows by provider, in the order of preference, each in the schema of the dataset.

    Raises
    ------
    ParameterError
        If there are fewer than two providers.
    """
    if len(frames) < 2:
        raise ParameterError("providers", tuple(frames), "at least two providers")
    key, *rest = dataset.schema.order
    at_columns = [name for name in rest if name not in _DESCRIBING]
    tables = {name: _table(frame.filter(pl.col(key) == symbol), at_columns) for name, frame in frames.items()}
    places = sorted({at for table in tables.values() for at in table}, key=_sortable)
    fields = [name for name in dataset.schema.columns if name not in {key, *at_columns} | _DESCRIBING]
    compared, differences = 0, []
    for field in fields:
        columns = {name: [table.get(at, {}).get(field) for at in places] for name, table in tables.items()}
        used = [name for name, values in columns.items() if any(value is not None for value in values)]
        if not used:
            continue
        compared += sum(any(columns[name][n] is not None for name in columns) for n in range(len(places)))
        if len(used) > 1:
            differences += _differences(field, places, columns)
        else:  # a field that one provider alone has at all is no difference of any row
            differences += _missing_rows(field, places, columns, tables)
    order = {at: n for n, at in enumerate(places)}
    differences.sort(key=lambda difference: (order[difference.at], fields.index(difference.field)))
    return Comparison(
        dataset=dataset.name,
        symbol=symbol,
        providers=tuple(frames),
        rows={name: len(table) for name, table in tables.items()},
        compared=compared,
        differences=tuple(differences),
    )


_At = tuple[Any, ...]


def _table(frame: pl.DataFrame, at_columns: Sequence[str]) -> dict[_At, dict[str, Any]]:
    return {tuple(row[name] for name in at_columns): row for row in frame.to_dicts()}


def _sortable(at: _At) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is not None, value if value is not None else 0) for value in at)


def _missing_rows(
    field: str,
    places: Sequence[_At],
    columns: Mapping[str, list[Any]],
    tables: Mapping[str, Mapping[_At, Any]],
) -> list[Difference]:
    """Return the rows that a provider lacks as a whole, where only one has the field."""
    return [
        _difference(field, at, {name: values[n] for name, values in columns.items()}, Kind.MISSING)
        for n, at in enumerate(places)
        if any(values[n] is not None for values in columns.values())
        and any(at not in table for table in tables.values())
    ]


def _differences(field: str, places: Sequence[_At], columns: Mapping[str, list[Any]]) -> list[Difference]:
    found = []
    for n, at in enumerate(places):
        values = {name: column[n] for name, column in columns.items()}
        known = {name: value for name, value in values.items() if value is not None}
        if not known:
            continue
        apart = [(a, b) for a, b in combinations(known, 2) if not agree(field, known[a], known[b])]
        if not apart and len(known) == len(values):
            continue
        if not apart:
            found.append(_difference(field, at, values, Kind.MISSING))
            continue
        kinds = {pair: _kind(field, columns[pair[0]], columns[pair[1]], n) for pair in apart}
        bad = frozenset(pair[which] for pair, (_, which) in kinds.items() if which is not None)
        found.append(_difference(field, at, values, kinds[apart[0]][0], bad=bad, pair=apart[0]))
    return found


def _difference(
    field: str,
    at: _At,
    values: Mapping[str, Any],
    kind: Kind,
    *,
    bad: frozenset[str] = frozenset(),
    pair: tuple[str, str] | None = None,
) -> Difference:
    factor = None
    if pair is not None:
        one, other = values[pair[0]], values[pair[1]]
        if _is_number(one) and _is_number(other) and other:
            factor = one / other
    return Difference(
        at=at, field=field, kind=kind, values=dict(values), chosen=_chosen(field, values, bad), factor=factor
    )


def _chosen(field: str, values: Mapping[str, Any], bad: frozenset[str]) -> str:
    known = {name: value for name, value in values.items() if value is not None}
    good = {name: value for name, value in known.items() if name not in bad} or known
    votes = {name: sum(agree(field, value, other) for other in good.values()) for name, value in good.items()}
    most = max(votes.values(), default=0)
    return next((name for name, count in votes.items() if count == most), "")


def agree(field: str, one: Any, other: Any) -> bool:  # noqa: ANN401 - values of a frame
    """Tell whether two values are the same but for rounding."""
    if not (_is_number(one) and _is_number(other)):
        return bool(one == other)
    if math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=0.0):
        return True
    return field in _PRICES and abs(one - other) <= CENT and max(abs(one), abs(other)) >= 1


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(field: str, one: list[Any], other: list[Any], n: int) -> tuple[Kind, int | None]:
    """Return why two columns differ at a row, and which of the two is wrong (0 or 1) where that shows."""
    a, b = one[n], other[n]
    if not (_is_number(a) and _is_number(b)):
        return Kind.UNEXPLAINED, None
    if _is_round(a, b):
        return Kind.UNIT, None
    if _is_shifted(field, one, other, n):
        return Kind.TIMING, None
    for which, (mine, theirs) in enumerate(((one, other), (other, one))):
        if _stands_alone(field, mine, theirs, n):
            return Kind.BAD_TICK, which
    if _is_steady(one, other, n):
        return Kind.ADJUSTMENT, None
    return Kind.UNEXPLAINED, None


def _is_round(a: float, b: float) -> bool:
    if not a or not b or (a < 0) != (b < 0):
        return False
    power = round(math.log10(a / b))
    return power != 0 and math.isclose(a / b, 10.0**power, rel_tol=1e-3)


def _is_shifted(field: str, one: list[Any], other: list[Any], n: int) -> bool:
    """Whether both have the same values a row apart, here and in a row beside."""
    for step in (1, -1):
        here = _same_at(field, one, n, other, n + step)
        beside = _same_at(field, one, n + step, other, n + 2 * step) or _same_at(
            field, one, n - step, other, n
        )
        if here and beside:
            return True
    return False


def _same_at(field: str, one: list[Any], i: int, other: list[Any], j: int) -> bool:
    if not (0 <= i < len(one) and 0 <= j < len(other)):
        return False
    return one[i] is not None and other[j] is not None and agree(field, one[i], other[j])


def _stands_alone(field: str, mine: list[Any], theirs: list[Any], n: int) -> bool:
    """Whether the rows around agree, and this value is far from them while the other's is not."""
    around = [m for m in (n - 1, n + 1) if 0 <= m < len(mine)]
    if not around or not all(_same_at(field, mine, m, theirs, m) for m in around):
        return False
    level = sum(mine[m] for m in around) / len(around)
    if not level:
        return False
    far, near = abs(mine[n] / level - 1), abs(theirs[n] / level - 1)
    return bool(far > FAR and near < far / 2)


def _is_steady(one: list[Any], other: list[Any], n: int) -> bool:
    """Whether the factor between both is the same in the row before or after."""
    factor = _factor(one, other, n)
    return factor is not None and any(
        beside is not None and math.isclose(beside, factor, rel_tol=STEADY)
        for beside in (_factor(one, other, n - 1), _factor(one, other, n + 1))
    )


def _factor(one: list[Any], other: list[Any], n: int) -> float | None:
    if not 0 <= n < len(one) or not _is_number(one[n]) or not _is_number(other[n]) or not other[n]:
        return None
    return float(one[n] / other[n])
