# SPDX-License-Identifier: Apache-2.0
"""Universes: which symbols a run is about, from the command line, a file, the settings or the provider."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ttapi_core import (
    Clock,
    DataProvider,
    ParameterError,
    Symbol,
    SymbolError,
    SystemClock,
    TTLPolicy,
    UnknownNameError,
)
from ttapi_platform.catalogue import UNIVERSES
from ttapi_platform.drafts import EntryDraft, ItemDraft
from ttapi_platform.freshness import Verdict, fingerprint_of, judge
from ttapi_platform.store import Store

_FILE_SIZE_MAX: Final = 16 * 1024 * 1024
_HEADERS: Final = frozenset({"SYMBOL", "TICKER"})


Canonical = Callable[[str], str]
"""Reads what a person wrote as a key; raises `SymbolError` for what is none."""


def _instrument(text: str) -> str:
    return Symbol.parse(text).canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """
    The symbols of a run.

    Parameters
    ----------
    name
        Where they come from: a name, a file's name, or ``symbols``.
    keys
        Canonical symbols, distinct, in the order given.
    duplicates
        How many repetitions were dropped.
    """

    name: str
    keys: tuple[str, ...]
    duplicates: int = 0


async def resolve_universe(  # noqa: PLR0913 - where symbols can come from, each with its default
    provider: DataProvider,
    symbols: Sequence[str] = (),
    *,
    universe: str | None = None,
    named: Mapping[str, Sequence[str]] | None = None,
    store: Store | None = None,
    ttls: TTLPolicy | None = None,
    clock: Clock | None = None,
    refresh: bool = False,
    canonical: Canonical | None = None,
) -> Universe:
    """
    Find the symbols of a run.

    Symbols given one by one win; then ``universe`` as a name of the settings, an existing file, or a name
    that the provider knows; without either, all that the provider offers.

    Parameters
    ----------
    provider
        Asked for its own universes.
    symbols
        Instrument names in any accepted form.
    universe
        A name, or the path of a text or CSV file (see `read_universe_file`).
    named
        Universes of the settings.
    store
        Where universes of the provider are kept for a day, by ``ttls`` and ``clock``; None asks each time.
    refresh
        Ask the provider also where the store has a fresh one.
    canonical
        Reads what a person wrote as a key; None for names of instruments. For a provider of other keys, such
        as series of a statistical office, its own.

    Raises
    ------
    SymbolError
        If a text is no instrument name; a file's line is named.
    UnknownNameError
        If there is no such universe.
    ParameterError
        If symbols and a universe are both given, or the universe is empty.
    """
    reads = canonical or _instrument
    if symbols and universe is not None:
        raise ParameterError("universe", universe, "either symbols or a universe, not both")
    if symbols:
        return _distinct("symbols", map(reads, symbols))
    if universe is not None and universe in (named or {}):
        listed = (named or {})[universe]
        return _distinct(universe, map(reads, listed))
    if universe is not None and _looks_like_file(universe):
        return read_universe_file(Path(universe), canonical=canonical)
    name = universe or "all"
    if store is None:
        return await _of_provider(provider, name, tuple(named or ()))
    shelf = _Shelf(store, provider, ttls=ttls or TTLPolicy(), clock=clock or SystemClock())
    kept = None if refresh else await asyncio.to_thread(shelf.fresh, name)
    if kept is not None:
        return kept
    resolved = await _of_provider(provider, name, tuple(named or ()))
    await asyncio.to_thread(shelf.keep, resolved)
    return resolved


class _Shelf:
    """Universes of a provider in a store."""

    def __init__(self, store: Store, provider: DataProvider, *, ttls: TTLPolicy, clock: Clock) -> None:
        self._store = store
        self._provider = provider
        self._ttl = ttls.for_dataset(UNIVERSES.name)
        self._clock = clock

    def fresh(self, name: str) -> Universe | None:
        record = self._store.record(self._provider.name, UNIVERSES.name, name)
        if record is None:
            return None
        verdict = judge(
            record, UNIVERSES, now=self._clock.now(), ttl=self._ttl, upstream=self._upstream(), since=None
        )
        if verdict is not Verdict.FRESH:
            return None
        frame = self._store.read(self._provider.name, UNIVERSES.name, [name])
        return _distinct(name, frame["symbol"].to_list()) if frame.height else None

    def keep(self, universe: Universe) -> None:
        rows = {"universe": [universe.name] * len(universe.keys), "symbol": list(universe.keys)}
        item = ItemDraft(
            key=universe.name,
            frame=UNIVERSES.schema.conform(rows, key=universe.name).frame,
            fetched_at=self._clock.now(),
            upstream=self._upstream(),
        )
        draft = EntryDraft(schema_version=UNIVERSES.schema.version, run_id=uuid.uuid4().hex, items=(item,))
        self._store.write(self._provider.name, UNIVERSES.name, draft)

    def _upstream(self) -> Mapping[str, str]:
        return fingerprint_of(self._provider, UNIVERSES.name, "*")


def _looks_like_file(text: str) -> bool:
    try:
        return Path(text).is_file() or any(mark in text for mark in ("/", "\\", ".txt", ".csv"))
    except (OSError, ValueError):  # too long or with a NUL: no path at all
        return False


async def _of_provider(provider: DataProvider, name: str, settings_names: tuple[str, ...]) -> Universe:
    try:
        keys = await provider.universe(name)
    except UnknownNameError as exc:
        raise UnknownNameError("universe", name, (*settings_names, *exc.known), hint=exc.hint) from exc
    return _distinct(name, keys)


def read_universe_file(path: Path, *, canonical: Canonical | None = None) -> Universe:
    """
    Read a universe from a text file: one symbol a line.

    Blank lines and what follows a ``#`` are passed over; of a line with commas the first field counts, so
    a CSV with the symbol first will do; a heading ``symbol`` or ``ticker`` is passed over.

    Raises
    ------
    SymbolError
        If a line holds no instrument name; the file and the line are named.
    ParameterError
        If the file cannot be read as UTF-8 text, is too large, or holds no symbol.
    """
    return _distinct(path.name, _parsed_lines(path, _text(path).splitlines(), canonical or _instrument))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _FILE_SIZE_MAX:
            raise ParameterError("universe", str(path), f"a file of at most {_FILE_SIZE_MAX} bytes")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as exc:
        if isinstance(exc, ParameterError):
            raise
        reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8 text"
        raise ParameterError("universe", str(path), f"a readable text file ({reason})") from exc


def _parsed_lines(path: Path, lines: Sequence[str], canonical: Canonical) -> Iterable[str]:
    first = True
    for number, line in enumerate(lines, start=1):
        text = line.split("#", 1)[0].split(",", 1)[0].strip().strip('"')
        if not text or (first and text.upper() in _HEADERS):
            continue
        first = False
        try:
            yield canonical(text)
        except SymbolError as exc:
            raise SymbolError(
                text, f"an instrument name in {path.name}, line {number}", hint=exc.hint
            ) from exc


def _distinct(name: str, keys: Iterable[str]) -> Universe:
    listed = list(keys)
    distinct = tuple(dict.fromkeys(listed))
    if not distinct:
        raise ParameterError("universe", name, "at least one symbol")
    return Universe(name=name, keys=distinct, duplicates=len(listed) - len(distinct))
