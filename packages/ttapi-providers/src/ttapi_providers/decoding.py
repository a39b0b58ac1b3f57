# SPDX-License-Identifier: Apache-2.0
"""
From a body to rows: every record of an answer becomes rows or a reason, and the two are counted.

What a vendor's module gets wrong about a body stays here: whatever its readers raise becomes a reason for one
record, or a `DecodeError` for the whole answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ttapi_core import KEY_COLUMNS, DataError, DecodeError, ResponseError, TTError
from ttapi_providers.asking import Asked
from ttapi_providers.declaring import Endpoint, Provider, Skip
from ttapi_providers.reading import Row, Values

REASONS_MAX: Final = 20
"""Reasons that are kept for the records left out of one answer; the count is always whole."""
# OSError: a name of a time zone that no file system takes.
_SLIPS: Final = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,
)
_SYMBOL: Final = "symbol"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """
    What an answer holds.

    Parameters
    ----------
    rows
        Rows of the dataset, in the order of the answer.
    records
        Records in the body; each gave rows or a reason.
    used
        Records that gave rows.
    skipped
        Reasons, one a record that gave no rows, at most `REASONS_MAX`.
    skipped_count
        How many records gave no rows.
    passed_over
        How many of those the vendor's module left out on purpose (`Skip`): what has no price, say.
    """

    rows: list[Values]
    records: int
    used: int
    skipped: tuple[str, ...] = ()
    skipped_count: int = 0
    passed_over: int = 0

    def columns(self) -> dict[str, list[object]]:
        """Return the rows by column; a column that a row lacks is null there."""
        return columns_of(self.rows)


def columns_of(rows: list[Values]) -> dict[str, list[object]]:
    """Return rows by column; a column that a row lacks is null there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def decode(provider: Provider, endpoint: Endpoint, asked: Asked, body: Any) -> Decoded:  # noqa: ANN401 - JSON
    """
    Return what the answer to a request holds.

    Parameters
    ----------
    provider, endpoint
        Whose answer it is.
    asked
        As `recognise` returned it.
    body
        What it holds, parsed.

    Raises
    ------
    ResponseError
        If the answer says no inside.
    DecodeError
        If it is not of the shape that the endpoint gives, or not one of its records can be read.
    """
    error = _told(provider, body, asked)
    if error is not None:
        raise error
    asked = _with_keys(provider, asked)
    records = _records(endpoint, asked, body)
    rows: list[Values] = []
    reasons: list[str] = []
    used = passed_over = 0
    for number, record in enumerate(records):
        try:
            made = endpoint.row(record, asked)
            found = [made] if isinstance(made, dict) else list(made)
            completed = [_completed(provider, endpoint, asked, values) for values in found]
        except DecodeError:
            raise
        except TTError as exc:
            passed_over += isinstance(exc, Skip)
            reasons.append(f"record {number}: {exc.message}")
            continue
        except _SLIPS as exc:
            reasons.append(f"record {number}: {type(exc).__name__}: {exc}"[:200])
            continue
        if not completed:
            reasons.append(f"record {number}: holds nothing for {endpoint.dataset}")
        rows += completed
        used += bool(completed)
    if len(reasons) > passed_over and not rows:
        raise DecodeError(f"none of {len(records)} records can be read: {reasons[0]}")
    return Decoded(
        rows=rows,
        records=len(records),
        used=used,
        skipped=tuple(reasons[:REASONS_MAX]),
        skipped_count=len(reasons),
        passed_over=passed_over,
    )


def _told(provider: Provider, body: Any, asked: Asked) -> TTError | None:  # noqa: ANN401 - JSON
    if provider.told is None:
        return None
    try:
        error = provider.told(body, asked)
    except _SLIPS as exc:
        raise DecodeError(f"the answer has an unknown shape: {type(exc).__name__}: {exc}") from exc
    return provider.refusal(error) if isinstance(error, ResponseError) else error


def _with_keys(provider: Provider, asked: Asked) -> Asked:
    if asked.keys or not asked.names:
        return asked
    return replace(asked, keys=tuple(provider.naming.canonical(name) for name in asked.names))


def _records(endpoint: Endpoint, asked: Asked, body: Any) -> list[Row]:  # noqa: ANN401 - JSON
    try:
        return list(endpoint.items(body, asked))
    except TTError:
        raise
    except _SLIPS as exc:
        raise DecodeError(f"the answer has an unknown shape: {type(exc).__name__}: {exc}") from exc


def _completed(provider: Provider, endpoint: Endpoint, asked: Asked, values: Values) -> Values:
    """Add what the request tells of a row: its key, and what the vendor calls it."""
    row: Values = {**endpoint.constant, **values}
    key_column = KEY_COLUMNS.get(endpoint.dataset, _SYMBOL)
    name = row.get("vendor_symbol")
    if row.get(key_column) is None:
        row[key_column] = _key(provider, endpoint, asked, name if isinstance(name, str) else "")
    if key_column == _SYMBOL and name is None and endpoint.batch:
        row["vendor_symbol"] = asked.name or None
    if row[key_column] is None:
        raise DataError(f"neither it nor the request tells its {key_column}")
    return row


def _key(provider: Provider, endpoint: Endpoint, asked: Asked, name: str) -> str | None:
    if name:
        asked_as: Mapping[str, str] = dict(zip(asked.names, asked.keys, strict=False))
        return asked_as.get(name) or provider.naming.canonical(name)
    # Of all there is, a record without a name may be anything, also where one key was asked for.
    return asked.keys[0] if len(asked.keys) == 1 and endpoint.batch else None
