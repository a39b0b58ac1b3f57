# SPDX-License-Identifier: Apache-2.0
"""``ttapi show``: what is in the local store."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ttapi_core import CorruptEntryError, StoreUnavailableError, Symbol, SymbolError
from ttapi_onboarding.exports import chosen_format, drawn, encoded, write_file
from ttapi_onboarding.formats import Format
from ttapi_onboarding.screens import note, show, stdout_is_terminal, warn_if_simulated
from ttapi_platform import Store, dataset_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import polars as pl

    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings
    from ttapi_platform import Record

ROWS_ON_TERMINAL: Final = 50


def run(
    invocation: Invocation,
    settings: Settings,
    dataset: str,
    *,
    symbol: str | None,
    chosen: Format | None,
    output: Path | None,
    limit: int | None,
) -> None:
    """
    Show a dataset, or one symbol of it.

    Raises
    ------
    UnknownNameError
        If there is no such dataset.
    StoreUnavailableError
        If nothing is stored of it.
    """
    name = dataset_named(dataset).name
    target = chosen_format(chosen, output=output, is_terminal=stdout_is_terminal())
    store = Store(Path(settings.data_dir), read_only=True)
    source = invocation.source(settings)
    selection = select(store, source, name, symbol)
    frame = store.read(source, name, selection.keys)
    _say_where_from(invocation, settings, name, selection)
    if target is Format.TABLE:
        draw(frame, name, limit=ROWS_ON_TERMINAL if limit is None else limit)
    else:
        write(frame if limit in (None, 0) else frame.head(limit), target, output)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is stored of what was asked for."""

    keys: tuple[str, ...]
    rows: int
    fetched_first: datetime
    fetched_last: datetime


def _sound_records(store: Store, source: str, dataset: str) -> Mapping[str, Record]:
    """Return the newest records, all of them readable: what is damaged is an error and never just missing."""
    listed = store.records(source, dataset)
    sound = store.records(source, dataset, verify=True)
    damaged = [key for key, record in listed.items() if sound.get(key) != record]
    if damaged:
        what = f"{len(damaged)} keys of {dataset} from {source} are in a damaged entry"
        raise CorruptEntryError(what, hint="ttapi collect fetches them again")
    return sound


def select(store: Store, source: str, dataset: str, symbol: str | None) -> Selection:
    """
    Find what is stored of a symbol, or of all.

    Raises
    ------
    StoreUnavailableError
        If nothing is.
    CorruptEntryError
        If something is damaged.
    """
    records = _sound_records(store, source, dataset)
    if symbol is not None:
        records = {key: records[key] for key in _spellings(symbol) if key in records}
    if not records:
        what = f"{symbol} of {dataset}" if symbol is not None else dataset
        others = [name for name in store.providers() if name != source and store.records(name, dataset)]
        hint = "ttapi collect brings it, ttapi cache ls lists what there is"
        if others:
            hint = f"there is some from {', '.join(others)}: --provider {others[0]}"
        raise StoreUnavailableError(store.root, f"has nothing of {what} from {source}", hint=hint)
    return Selection(
        keys=tuple(records),
        rows=sum(record.rows for record in records.values()),
        fetched_first=min(record.fetched_at for record in records.values()),
        fetched_last=max(record.fetched_at for record in records.values()),
    )


def _spellings(symbol: str) -> tuple[str, ...]:
    """Return the key of a symbol, or of what is no symbol (an account, a venue), as it is."""
    try:
        return (Symbol.parse(symbol).canonical,)
    except SymbolError:
        return (symbol,)


def _say_where_from(invocation: Invocation, settings: Settings, dataset: str, selection: Selection) -> None:
    first, last = selection.fetched_first, selection.fetched_last
    when = f"{first:%Y-%m-%d %H:%M:%SZ}" + ("" if first == last else f" to {last:%Y-%m-%d %H:%M:%SZ}")
    counts = f"{len(selection.keys):,} keys, {selection.rows:,} rows"
    note(f"{dataset} from {invocation.source(settings)}: {counts}, fetched {when}")
    spec = invocation.spec_of(settings)
    warn_if_simulated(spec.name, simulated=spec.simulated)


def draw(frame: pl.DataFrame, name: str, *, limit: int) -> None:
    """Draw the first rows of a table for people, 0 for all, and say what has no place."""
    shown = frame.head(limit) if limit else frame
    picture, hidden = drawn(shown, name)
    show(picture)
    if shown.height < frame.height:
        note(f"{shown.height:,} of {frame.height:,} rows; --limit 0 shows all")
    if hidden:
        note(f"no room for {', '.join(hidden)}; --format csv has them all")


def write(frame: pl.DataFrame, target: Format, output: Path | None) -> None:
    """Write a table for programs, to a file or to standard output."""
    content = encoded(frame, target)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    write_file(content, output)
    note(f"{frame.height:,} rows written to {output}")
