# SPDX-License-Identifier: Apache-2.0
"""``ttapi sql``: a query over the stored datasets, of which only those are read that it names."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_onboarding.exports import chosen_format
from ttapi_onboarding.formats import Format
from ttapi_onboarding.screens import stdout_is_terminal, warn_if_simulated
from ttapi_onboarding.showing import ROWS_ON_TERMINAL, draw, write
from ttapi_platform import Store, scan_dataset

if TYPE_CHECKING:
    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings

_LOOK_MAX_S: Final = 0.05
_READING: Final = re.compile(r"\s*\(*\s*(select|with|from|explain)\b", re.IGNORECASE)


def run(
    invocation: Invocation,
    settings: Settings,
    query: str,
    *,
    chosen: Format | None,
    output: Path | None,
    limit: int | None,
) -> None:
    """
    Answer a query and show the answer.

    Raises
    ------
    ParameterError
        If it is no query that can be answered; names the tables that there are.
    CorruptEntryError
        If an entry is damaged.
    """
    target = chosen_format(chosen, output=output, is_terminal=stdout_is_terminal())
    store = Store(Path(settings.data_dir), read_only=True)
    frame = answer(store, invocation.source(settings), query)
    spec = invocation.spec_of(settings)
    warn_if_simulated(spec.name, simulated=spec.simulated)
    if target is Format.TABLE:
        draw(frame, "answer", limit=ROWS_ON_TERMINAL if limit is None else limit)
    else:
        write(frame if limit in (None, 0) else frame.head(limit), target, output)


def answer(store: Store, source: str, query: str) -> pl.DataFrame:
    """
    Answer a query over the newest records of every dataset of a provider.

    Parameters
    ----------
    store, source
        Where the datasets are; each is a table of its own name.
    query
        SQL as Polars has it, reading only.

    Raises
    ------
    ParameterError
        If it is no such query.
    CorruptEntryError
        If an entry of a dataset that it names is damaged.
    """
    known = [name for name in store.datasets(source) if store.records(source, name)]
    if not _READING.match(query):
        raise _refused(query, known, "it begins with none of select, with, from")
    named = set(re.findall(r"\w+", query.lower()))
    # Also of a dataset of which nothing is known any more: it may be damaged, and that is then said.
    scans = {name: scan_dataset(store, source, name) for name in store.datasets(source) if name in named}
    tables = {name: scan for name, scan in scans.items() if name in known}
    try:
        return _collected(pl.SQLContext(tables).execute(query))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _refused(query, known, str(error).strip().partition("\n")[0]) from error


def _collected(plan: pl.LazyFrame) -> pl.DataFrame:
    """Wait for the answer beside the query, which does not always look up when Ctrl-C is pressed."""
    query = plan.collect(background=True)
    pause_s = 0.0005
    try:
        while (frame := query.fetch()) is None:
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LOOK_MAX_S)
    except KeyboardInterrupt:
        query.cancel()
        raise
    return frame


def _refused(query: str, known: list[str], why: str) -> ParameterError:
    there = ", ".join(known) or "(none: ttapi collect brings them)"
    return ParameterError("query", query, f"SQL over the tables {there}", hint=why)
