# SPDX-License-Identifier: Apache-2.0
"""``ttapi analyze``: a named analysis of the stored bars, computed here or on a cluster, and shown."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from ttapi_core.errors import ParameterError
from ttapi_onboarding.exports import chosen_format, drawn
from ttapi_onboarding.formats import Engine, Format
from ttapi_onboarding.pictures import picture, symbols_in
from ttapi_onboarding.progress import piece_board
from ttapi_onboarding.screens import (
    note,
    show,
    stdout_is_terminal,
    table,
    warn_if_simulated,
    write_json,
)
from ttapi_onboarding.showing import select, write
from ttapi_platform import (
    DEFAULT_VENUE,
    DaskExecutor,
    LocalExecutor,
    Store,
    analyze,
    dataset_named,
    scan_dataset,
)
from ttapi_polars import missing_sessions
from ttapi_polars.analyses import ANALYSES, analysis_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ttapi_onboarding.invocation import Invocation
    from ttapi_onboarding.settings import Settings
    from ttapi_platform import Executor
    from ttapi_polars.analysis_terms import Analysis, AnalysisOptions

_GAPS_NAMED: Final = 5
BARS_ON_TERMINAL: Final = 50
"""Rows of a table for people, where no number is asked for."""
SHARES: Final = frozenset(
    {
        "volatility",
        "close_to_close",
        "bipower",
        "parkinson",
        "garman_klass",
        "rogers_satchell",
        "yang_zhang",
        "minimum",
        "lower_quartile",
        "median",
        "upper_quartile",
        "maximum",
        "latest",
        "annual_return",
        "alpha",
        "tracking_error",
        "max_drawdown",
        "value_at_risk",
        "expected_shortfall",
        "depth",
        "drawdown",
        "simple_return",
        "log_return",
        "cumulative_return",
    }
)
"""Columns of fractions that people read in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    What was asked for.

    Parameters
    ----------
    name, symbols, dataset
        Which analysis, of which symbols (all if none), of which dataset.
    options
        What to compute with; the benchmark as it was typed.
    engine, scheduler, workers
        Where to compute.
    top
        Rows of a table, or newest bars of each symbol; 0 for all.
    chosen, output, plot
        How to show it.
    """

    name: str
    symbols: Sequence[str]
    dataset: str
    options: AnalysisOptions
    engine: Engine
    scheduler: str | None
    workers: int | None
    top: int
    chosen: Format | None
    output: Path | None
    plot: bool


def run_list(*, as_json: bool) -> None:
    """List the analyses."""
    if as_json or not stdout_is_terminal():
        write_json(
            [
                {"name": a.name, "kind": a.kind, "window": a.window, "title": a.title}
                for a in ANALYSES.values()
            ]
        )
        return
    columns = [("name", "left"), ("window", "right"), ("what it tells", "text")]
    show(table("analyses", columns, [(a.name, a.window, a.title) for a in ANALYSES.values()]))


def run(invocation: Invocation, settings: Settings, order: Order) -> None:
    """
    Compute an analysis and show it.

    Raises
    ------
    UnknownNameError
        If there is no such analysis, dataset or price.
    ParameterError
        If what was asked for does not go together.
    StoreUnavailableError
        If nothing is stored of what it needs.
    CorruptEntryError
        If an entry is damaged.
    """
    analysis = analysis_named(order.name)
    _require_columns(analysis, order.dataset)
    target = _target(order)
    store = Store(Path(settings.data_dir), read_only=True)
    source = invocation.source(settings)
    keys = _keys(store, source, order)
    options = _with_known_benchmark(store, source, order)
    analysis.options(options)
    with _executor(order) as executor:
        frame = analyze(
            store.root,
            source,
            dataset=order.dataset,
            analysis=analysis,
            options=options,
            keys=keys,
            executor=executor,
        )
    spec = invocation.spec_of(settings)
    warn_if_simulated(spec.name, simulated=spec.simulated)
    _say_gaps(store, source, order.dataset, keys)
    _show(in_order(analysis, frame), analysis, order, target=target)


def _say_gaps(store: Store, source: str, dataset: str, keys: list[str] | None) -> None:
    """Name the symbols that lack sessions of New York: a change over a gap spans more than a day."""
    bars = scan_dataset(store, source, dataset, keys=keys, columns=("symbol", "date"))
    if not bars.collect_schema():
        return
    missing = missing_sessions(bars, venue=DEFAULT_VENUE).group_by("symbol").len().sort("symbol").collect()
    if missing.height:
        named = ", ".join(f"{symbol} {count}" for symbol, count in missing.head(_GAPS_NAMED).rows())
        more = ", ..." if missing.height > _GAPS_NAMED else ""
        note(f"sessions without a bar: {named}{more}; a change over one spans more than a day")


def in_order(analysis: Analysis, frame: pl.DataFrame) -> pl.DataFrame:
    """Bring a table into the order in which it is shown."""
    by = analysis.highest_first
    if by is None:
        return frame
    names = symbols_in(frame)
    falling = [True, *(False for _ in names)]
    return frame.sort([by, *names], descending=falling, nulls_last=True, maintain_order=True)


def _require_columns(analysis: Analysis, dataset: str) -> None:
    present = dataset_named(dataset).schema.columns
    missing = [name for name in analysis.columns if name not in present]
    if missing:
        raise ParameterError(
            "dataset", dataset, f"one with {', '.join(missing)}: {analysis.name} is made of daily bars"
        )


def _target(order: Order) -> Format:
    if order.plot and (order.output is not None or order.chosen not in (None, Format.TABLE)):
        raise ParameterError("plot", order.plot, "no format and no file beside it")
    if order.plot:
        return Format.TABLE
    return chosen_format(order.chosen, output=order.output, is_terminal=stdout_is_terminal())


def _keys(store: Store, source: str, order: Order) -> list[str] | None:
    if not order.symbols:
        select(store, source, order.dataset, None)
        return None
    return [key for symbol in order.symbols for key in select(store, source, order.dataset, symbol).keys]


def _with_known_benchmark(store: Store, source: str, order: Order) -> AnalysisOptions:
    if order.options.benchmark is None:
        return order.options
    (key,) = select(store, source, order.dataset, order.options.benchmark).keys
    return replace(order.options, benchmark=key)


@contextmanager
def _executor(order: Order) -> Iterator[Executor]:
    if order.engine is Engine.LOCAL and (order.scheduler is not None or order.workers is not None):
        given = "scheduler" if order.scheduler is not None else "workers"
        raise ParameterError(given, getattr(order, given), "none without --engine dask")
    with piece_board(order.name) as advance, _opened(order, advance) as executor:
        yield executor


def _opened(order: Order, advance: Callable[[int, int], None] | None) -> LocalExecutor | DaskExecutor:
    if order.engine is Engine.LOCAL:
        return LocalExecutor(progress=advance)
    if order.scheduler is not None and order.workers is not None:
        raise ParameterError("workers", order.workers, "none: those of the scheduler are used")
    workers = order.workers if order.workers is not None else 2
    return DaskExecutor(order.scheduler, workers=workers, progress=advance)


def _show(frame: pl.DataFrame, analysis: Analysis, order: Order, *, target: Format) -> None:
    if order.plot:
        show(picture(_top(frame, analysis, order.top), analysis))
    elif target is not Format.TABLE:
        write(_top(frame, analysis, order.top), target, order.output)
    else:
        _draw(frame, analysis, order.top)


def _top(frame: pl.DataFrame, analysis: Analysis, top: int) -> pl.DataFrame:
    """Return the first rows of a table, or the newest bars of each symbol."""
    if not top:
        return frame
    return (
        frame.head(top)
        if analysis.kind == "table"
        else frame.group_by("symbol", maintain_order=True).tail(top)
    )


def _draw(frame: pl.DataFrame, analysis: Analysis, top: int) -> None:
    shown = _top(frame, analysis, top)
    if analysis.kind == "series" and not top:
        # The end is what people look for; of many symbols at least the newest bar of each.
        symbols = frame["symbol"].n_unique()
        shown = _top(frame, analysis, max(BARS_ON_TERMINAL // max(symbols, 1), 1))
    picture_of_rows, hidden = drawn(shown, _title(frame, analysis), percent=SHARES)
    show(picture_of_rows)
    if shown.height < frame.height:
        which = "newest" if analysis.kind == "series" else "first"
        rest = "without --top" if top else "--format csv"
        note(f"the {which} {shown.height:,} of {frame.height:,} rows; {rest} there are all")
    if hidden:
        note(f"no room for {', '.join(hidden)}; --format csv has them all")


def _title(frame: pl.DataFrame, analysis: Analysis) -> str:
    if analysis.kind == "series":
        return f"{analysis.name}: {analysis.title}"
    names = symbols_in(frame)
    known = frame.filter(pl.col(analysis.drawn).is_not_null()).select(names).n_unique()
    what = "symbols" if len(names) == 1 else "pairs"
    return f"{analysis.name} ({known:,} of {frame.select(names).n_unique():,} {what}): {analysis.title}"
