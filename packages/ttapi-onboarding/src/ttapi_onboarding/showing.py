# SPDX-License-Identifier: Apache-2.0
"""``ttapi show`` and ``ttapi analyze``: what is in the local store."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ttapi_core import CorruptEntryError, StoreUnavailableError, Symbol, SymbolError
from ttapi_onboarding.analysis import volatility_table
from ttapi_onboarding.exports import chosen_format, drawn, encoded, write_file
from ttapi_onboarding.formats import Format
from ttapi_onboarding.reports import volatility_drawn
from ttapi_onboarding.screens import note, show, stdout_is_terminal, warn_if_simulated
from ttapi_platform import Store, dataset_named

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
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
    selection = _select(store, source, name, symbol)
    frame = store.read(source, name, selection.keys)
    _say_where_from(invocation, settings, name, selection)
    if target is Format.TABLE:
        _draw(frame, name, limit=ROWS_ON_TERMINAL if limit is None else limit)
    else:
        _write(frame if limit in (None, 0) else frame.head(limit), target, output)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
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


def _select(store: Store, source: str, dataset: str, symbol: str | None) -> _Selection:
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
    return _Selection(
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


def _say_where_from(invocation: Invocation, settings: Settings, dataset: str, selection: _Selection) -> None:
    first, last = selection.fetched_first, selection.fetched_last
    when = f"{first:%Y-%m-%d %H:%M:%SZ}" + ("" if first == last else f" to {last:%Y-%m-%d %H:%M:%SZ}")
    counts = f"{len(selection.keys):,} keys, {selection.rows:,} rows"
    note(f"{dataset} from {invocation.source(settings)}: {counts}, fetched {when}")
    spec = invocation.spec(settings.provider)
    warn_if_simulated(spec.name, simulated=spec.simulated)


def _draw(frame: pl.DataFrame, name: str, *, limit: int) -> None:
    shown = frame.head(limit) if limit else frame
    picture, hidden = drawn(shown, name)
    show(picture)
    if shown.height < frame.height:
        note(f"{shown.height:,} of {frame.height:,} rows; --limit 0 shows all")
    if hidden:
        note(f"no room for {', '.join(hidden)}; --format csv has them all")


def _write(frame: pl.DataFrame, target: Format, output: Path | None) -> None:
    content = encoded(frame, target)
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        return
    write_file(content, output)
    note(f"{frame.height:,} rows written to {output}")


def analyze_volatility(
    invocation: Invocation,
    settings: Settings,
    *,
    symbols: Sequence[str],
    price: str,
    days_min: int,
    top: int,
    chosen: Format | None,
) -> None:
    """
    Show the volatility of each symbol, highest first.

    Raises
    ------
    StoreUnavailableError
        If no daily bar is stored.
    """
    store = Store(Path(settings.data_dir), read_only=True)
    source = invocation.source(settings)
    keys = _known_keys(store, source, symbols)
    table = volatility_table(store, source, symbols=keys, price=price, days_min=days_min)
    spec = invocation.spec(settings.provider)
    warn_if_simulated(spec.name, simulated=spec.simulated)
    shown = table.head(top) if top else table
    target = chosen_format(chosen, output=None, is_terminal=stdout_is_terminal())
    if target is not Format.TABLE:
        _write(shown, target, None)
        return
    known = table["volatility"].count()
    title = f"volatility a year ({known:,} of {table.height:,} symbols)"
    show(volatility_drawn(shown, title=title))


def _known_keys(store: Store, provider: str, symbols: Sequence[str]) -> Collection[str] | None:
    if not symbols:
        _select(store, provider, "eod_data", None)
        return None
    return [key for symbol in symbols for key in _select(store, provider, "eod_data", symbol).keys]
