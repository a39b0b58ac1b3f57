# SPDX-License-Identifier: Apache-2.0
"""``ttapi sql``: a query over the stored datasets, of which only those are read that it names."""

from __future__ import annotations

import logging
import re
import threading
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

_log = logging.getLogger(__name__)
_LOOK_MAX_S: Final = 0.05
_FILES: Final = re.compile(
    r"\b(?:read|scan)_(?:csv|parquet|json|ndjson|ipc|avro|excel|ods|delta|iceberg|lines|database)\b",
    re.IGNORECASE,
)
"""The functions by which SQL reads files. They are looked for in the whole text, its comments and strings
included: a query that only speaks of one is easily put otherwise, and none gets by in a guise."""
_READING: Final = re.compile(r"\s*\(*\s*(select|with|from|explain)\b", re.IGNORECASE)


class QueryError(ParameterError):
    """
    A query that is not answered.

    Parameters
    ----------
    query
        As it was given.
    tables
        Those that there are.
    why
        What is wrong with it; what people read first.
    """

    def __init__(self, query: str, tables: list[str], why: str) -> None:
        there = ", ".join(tables) or "(none: ttapi collect brings them)"
        super().__init__("query", query, f"SQL over the tables {there}")
        self.message = f"{why}: {self.message}"
        self.args = (self.message,)


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
        SQL as Polars has it, reading these tables only.

    Raises
    ------
    ParameterError
        If it is no such query, or reads a file; says why, and which tables there are.
    CorruptEntryError
        If an entry of a dataset that it names is damaged.
    """
    known = [name for name in store.datasets(source) if store.records(source, name)]
    if not _READING.match(query):
        raise QueryError(query, known, "the query begins with none of select, with, from")
    if reader := _FILES.search(query):
        raise QueryError(query, known, f"the query reads a file with {reader[0]}, which it may not")
    named = set(re.findall(r"\w+", query.lower()))
    # Also of a dataset of which nothing is known any more: it may be damaged, and that is then said.
    scans = {name: scan_dataset(store, source, name) for name in store.datasets(source) if name in named}
    tables = {name: scan for name, scan in scans.items() if name in known}
    try:
        return _collected(pl.SQLContext(tables).execute(query))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise QueryError(query, known, str(error).strip().partition("\n")[0]) from error


def _collected(plan: pl.LazyFrame) -> pl.DataFrame:
    """Wait for the answer beside the query, which does not always look up when Ctrl-C is pressed."""
    query = plan.collect(background=True)
    done = _kept(query)
    _log.debug("query_runs")
    pause_s = 0.0005
    try:
        while (frame := query.fetch()) is None:
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LOOK_MAX_S)
    except KeyboardInterrupt:
        query.cancel()
        raise
    except BaseException:
        done.set()
        raise
    done.set()
    return frame


def _kept(query: object) -> threading.Event:
    """
    Hold on to a query until it is done, or else until the process has ended.

    A cancelled one runs on for a moment, and prints a stack trace if nobody is there to take what it then
    hands over. A thread that waits is what the interpreter does not take down on its way out.
    """
    done = threading.Event()

    def wait(_kept: object) -> None:
        done.wait()

    threading.Thread(target=wait, args=(query,), name="query", daemon=True).start()
    return done
